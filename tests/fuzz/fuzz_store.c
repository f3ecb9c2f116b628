/* SPDX-License-Identifier: Apache-2.0 */
/* The store's medium. The first byte chooses how much of it the fuzzer has in hand: the list of objects
 * behind the seals; the bytes of the medium as they are; or lists that are sealed as an image and its records
 * with the right keys, and bytes behind them. Whatever opens is within its limits, and goes on: it takes a
 * commit and opens again with all that it had. */
#include "power_cut.h"
#include "store.h"
#include "store_image.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* ---- lists ---- */

static void fuzz_list(slice list)
{
        struct store_objects objects = { 0 };
        mitome_error error = { 0 };
        if (failed(store_objects_read(list, &objects, &error))) {
                must(error.code != MITOME_OK && !objects.list);
                return;
        }
        must(objects.count <= STORE_OBJECTS_MAX);
        size_t used = STORE_LIST_HEAD;
        for (size_t i = 0; i < objects.count; i++) {
                const struct store_object *object = objects.list[i];
                must(object->size <= STORE_OBJECT_MAX);
                must(i == 0 || objects.list[i - 1]->id < object->id);
                must(slice_equal(slice_of(object->bytes, object->size),
                        slice_of(list.data + used + STORE_OBJECT_HEAD, object->size)));
                used += STORE_OBJECT_HEAD + (size_t)object->size;
        }
        must(used == list.size && objects.list_size == list.size - STORE_LIST_HEAD);
        /* It is written as it was read. */
        static const struct store_objects nothing;
        struct store_outcome outcome = store_objects_outcome(&objects, &nothing);
        uint8_t *copy = malloc(list.size);
        writer w = writer_over(copy, list.size);
        store_objects_write(&w, &objects, &nothing, &outcome);
        must(!w.overflowed && slice_equal(writer_view(&w), list));
        free(copy);
        store_objects_free(&objects);
}

/* ---- media ---- */

/* The same bytes each time: a seed must mean the same in every run. */
static int fill(void *context, uint8_t *bytes, size_t size)
{
        uint64_t *drawn = context;
        uint8_t seed[randombytes_SEEDBYTES] = { 0 };
        ++*drawn;
        memcpy(seed, drawn, sizeof *drawn);
        randombytes_buf_deterministic(bytes, size, seed);
        return 0;
}

static size_t count(const struct store *store, uint32_t *ret_last)
{
        size_t found = 0;
        for (uint64_t from = 0; from <= UINT32_MAX && store_next(store, (uint32_t)from, UINT32_MAX, ret_last);
                from = (uint64_t)*ret_last + 1)
                found++;
        return found;
}

static void go_on(const struct mitome_element_config *config, struct store *store)
{
        uint32_t last = 0;
        bool found;
        size_t before = count(store, &last);
        (void)store_get(store, 5, &found);
        must(!failed(store_put(store, 5, slice_text("x"), NULL)));
        must(!failed(store_commit(store, NULL)));
        store_close(store);
        must(!failed(store_open(config, &store, NULL)));
        must(count(store, &last) == before + !found);
        must(slice_is(store_get(store, 5, &found), "x"));
        store_close(store);
}

static void fuzz_medium(struct power_cut *medium, uint64_t *drawn)
{
        struct store *store = NULL;
        mitome_error error = { 0 };
        struct mitome_element_config config = { .storage = power_cut_storage(medium),
                .random = { drawn, fill } };
        size_t size = medium->size;
        if (!failed(store_open(&config, &store, &error))) {
                go_on(&config, store);
        } else {
                must(error.code != MITOME_OK && !store);
                must(medium->writes == 0 && medium->size == size); /* left as it is */
        }
        power_cut_free(medium);
}

static uint8_t *grow(struct power_cut *medium, size_t more)
{
        medium->image = realloc(medium->image, medium->size + more + 1);
        must(medium->image);
        medium->size += more;
        return medium->image + medium->size - more;
}

static void fuzz_bytes(slice bytes)
{
        struct power_cut medium = { 0 };
        uint64_t drawn = 0;
        memcpy(grow(&medium, bytes.size), bytes.data, bytes.size);
        fuzz_medium(&medium, &drawn);
}

/* u16 size and list, for the image and each record; what is left stands behind the last as it is. */
static void fuzz_sealed(slice bytes)
{
        struct power_cut medium = { 0 };
        struct store_journal journal;
        uint64_t drawn = 0;
        const struct mitome_element_config config = { .random = { &drawn, fill } };
        reader r = reader_over(bytes, NULL, NULL);
        uint16_t size;
        slice list;
        bool image = true;
        while (!failed(read_u16(&r, "size", &size)) && !failed(read_bytes(&r, "list", size, &list))) {
                size_t head = image ? STORE_IMAGE_HEAD : STORE_RECORD_HEAD, whole = head + size + STORE_TAG;
                uint8_t *space = grow(&medium, whole);
                memcpy(space + head, list.data, size);
                must(!failed(image ? store_image_seal(&config, 0, space, whole, &journal, NULL)
                                   : store_record_seal(&config, &journal, space, whole, &journal, NULL)));
                image = false;
        }
        slice rest = read_rest(&r);
        memcpy(grow(&medium, rest.size), rest.data, rest.size);
        fuzz_medium(&medium, &drawn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size == 0 || sodium_init() < 0)
                return 0;
        slice rest = slice_of(data + 1, size - 1);
        if (data[0] % 3 == 0)
                fuzz_list(rest);
        else if (data[0] % 3 == 1)
                fuzz_bytes(rest);
        else
                fuzz_sealed(rest);
        return 0;
}
