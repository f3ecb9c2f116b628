/* SPDX-License-Identifier: Apache-2.0 */
/* What a login and a registration cost the element when it holds few credentials and when it holds many, and
 * the memory of it: figures, never a verdict on a build. */
#include "element_rig.h"
#include "fido_applet.h"
#include "store.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, EACH = 64, FEW = 8, ID_AT = 4, RP_AT = 36 };

static const char rp_id[] = "login.example.go.jp";
static const slice nothing = { 0 };

static void must(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench_credentials: %s\n", what);
        exit(1);
}

static double now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- a medium in memory that costs next to nothing: what is measured is the element ---- */

struct memory {
        uint8_t *bytes;
        size_t size, capacity;
};

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        const struct memory *memory = context;
        *ret_image = memory->bytes ? malloc(memory->size) : NULL;
        *ret_size = memory->size;
        return *ret_image ? slice_copy(slice_of(memory->bytes, memory->size), "image", *ret_image,
                                    memory->size, error)
                          : ok();
}

static mitome_status extend(void *context, size_t at, slice record, mitome_error *error)
{
        struct memory *memory = context;
        if (at + record.size > memory->capacity) {
                memory->capacity = 2 * (at + record.size);
                memory->bytes = realloc(memory->bytes, memory->capacity);
                must(memory->bytes, "memory");
        }
        writer w = writer_over(memory->bytes + at, memory->capacity - at);
        write_slice(&w, record);
        memory->size = at + record.size;
        return writer_finish(&w, "record", &record, error);
}

static mitome_status replace(void *context, slice image, mitome_error *error)
{
        return extend(context, 0, image, error);
}

static void open_rig(struct element_rig *rig, struct memory *memory)
{
        element_rig_configure(rig);
        rig->config.storage = (struct mitome_storage){
                .context = memory, .load = load, .append = extend, .replace = replace
        };
        if (!memory->bytes)
                must(!failed(mitome_element_create(&rig->config, &element_rig_keys, NULL)), "create");
        must(!failed(mitome_element_open(&rig->config, &rig->element, NULL)), "open");
}

/* `count` credentials of as many relying parties, or of the one that is asked for. */
static void fill(struct element_rig *rig, struct memory *memory, uint32_t count, bool same_rp)
{
        struct store *store;
        uint8_t record[512];
        slice stored = element_rig_stored(rig, 0x01000000, record, sizeof record);
        must(stored.size > RP_AT + 32, "a first record");
        element_rig_off(rig);
        must(!failed(store_open(&rig->config, &store, NULL)), "store_open");
        for (uint32_t i = 1; i < count; i++) {
                writer id = writer_over(record + ID_AT, 4), rp = writer_over(record + RP_AT, 4);
                write_u32(&id, i * 2654435761u);
                if (!same_rp)
                        write_u32(&rp, i * 2246822519u);
                must(!failed(store_put(store, 0x01000000 + i, slice_of(record, stored.size), NULL)), "put");
                if (i % 500 == 0)
                        must(!failed(store_commit(store, NULL)), "commit");
        }
        must(!failed(store_commit(store, NULL)), "commit");
        store_close(store);
        open_rig(rig, memory);
        must(element_rig_select(rig, element_rig_fido) == SW_OK, "SELECT");
}

static void register_one(struct element_rig *rig, slice user)
{
        struct element_rig_operation operation = { .command = 1, .rp_id = rp_id, .options = 1 };
        must(element_rig_begin(rig, &operation) == SW_OK, "BEGIN");
        must(element_rig_make(rig, &operation, nothing, 0x03, 0x07, user, nothing) == SW_OK,
                "MAKE CREDENTIAL");
}

static void log_in(struct element_rig *rig, slice id)
{
        struct element_rig_operation operation = { .command = 2, .rp_id = rp_id, .options = 1 };
        must(element_rig_begin(rig, &operation) == SW_OK, "BEGIN");
        must(element_rig_get(rig, nothing, 0x02, id) == SW_OK, "GET ASSERTION");
}

struct cost {
        double named, found, made, replaced; /* us */
        double heap;                         /* KiB */
};

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return x < y ? -1 : x > y;
}

static double median(double *values)
{
        qsort(values, ROUNDS, sizeof *values, compare);
        return values[ROUNDS / 2];
}

/* Another one at each call. */
static slice user(uint32_t *count)
{
        static uint8_t bytes[4];
        writer w = WRITER(bytes);
        write_u32(&w, ++*count);
        return SLICE(bytes);
}

static struct cost measure(uint32_t count, bool same_rp)
{
        static struct element_rig rig;
        double named[ROUNDS], found[ROUNDS], made[ROUNDS], replaced[ROUNDS];
        uint8_t id[ELEMENT_RIG_ID_SIZE], buffer[512];
        uint32_t made_count = 0;
        rig = (struct element_rig){ 0 };
        struct mallinfo2 before = mallinfo2();
        struct memory memory = { 0 };
        open_rig(&rig, &memory);
        element_rig_store_batch_key(&rig);
        must(element_rig_select(&rig, element_rig_fido) == SW_OK, "SELECT");
        register_one(&rig, slice_text("user-0"));
        fill(&rig, &memory, count, same_rp);
        register_one(&rig, slice_text("newest"));
        slice record = element_rig_stored(&rig, 0x01000000 + count, buffer, sizeof buffer);
        must(!failed(slice_copy(slice_of(record.data + ID_AT, sizeof id), "id", id, sizeof id, NULL)), "id");
        log_in(&rig, nothing); /* the index is made */
        for (int round = 0; round < ROUNDS; round++) {
                double start = now_us();
                for (int i = 0; i < EACH; i++)
                        log_in(&rig, SLICE(id));
                named[round] = (now_us() - start) / EACH;
                start = now_us();
                for (int i = 0; i < EACH; i++)
                        log_in(&rig, nothing);
                found[round] = (now_us() - start) / EACH;
                start = now_us();
                for (int i = 0; i < FEW; i++)
                        register_one(&rig, user(&made_count));
                made[round] = (now_us() - start) / FEW;
        }
        for (int round = 0; round < ROUNDS; round++) {
                double start = now_us();
                for (int i = 0; i < FEW; i++)
                        register_one(&rig, slice_text("newest"));
                replaced[round] = (now_us() - start) / FEW;
        }
        struct cost cost = { median(named), median(found), median(made), median(replaced),
                (double)(mallinfo2().uordblks + mallinfo2().hblkhd - before.uordblks - before.hblkhd -
                         memory.capacity) /
                        1024 };
        element_rig_off(&rig);
        free(memory.bytes);
        return cost;
}

int main(void)
{
        static const uint32_t counts[] = { 10, 100, 1000, 9000 };
        printf("us an operation, median of %d; heap without the medium\n", ROUNDS);
        printf("%-32s %10s %10s %10s %10s %10s\n", "credentials", "named", "newest", "registered", "replaced",
                "heap KiB");
        for (int same = 0; same < 2; same++)
                for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
                        struct cost cost = measure(counts[i], same);
                        printf("%6u %-25s %10.1f %10.1f %10.1f %10.1f %10.0f\n", counts[i],
                                same ? "of one relying party" : "of as many relying parties", cost.named,
                                cost.found, cost.made, cost.replaced, cost.heap);
                }
        return 0;
}
