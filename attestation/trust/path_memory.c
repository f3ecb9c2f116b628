/* SPDX-License-Identifier: Apache-2.0 */
#include "path_memory.h"

#include <stdatomic.h>
#include <stdlib.h>

struct remembered {
        uint8_t *bytes; /* the certificates, one after the other; NULL: an empty place */
        size_t sizes[TRUST_CHAIN_MAX];
        size_t count, total;
        STACK_OF(X509) * certificates;
        STACK_OF(X509) * above;
};

struct shelf {
        struct remembered *places;
        size_t capacity;
        size_t next; /* the place that is filled next */
};

struct path_memory {
        struct quick_context *quick;
        atomic_flag busy;
        struct shelf shelves[SHELVES];
};

struct path_memory *path_memory_new(void)
{
        static const size_t capacities[SHELVES] = { LEAVES_MAX, ISSUERS_MAX, ANCHORS_MAX, LEAVES_MAX };
        struct path_memory *memory = calloc(1, sizeof *memory);
        if (!memory)
                return NULL;
        atomic_flag_clear(&memory->busy);
        memory->quick = quick_context_new();
        for (size_t i = 0; i < SHELVES; i++) {
                struct shelf *shelf = &memory->shelves[i];
                shelf->places = calloc(capacities[i], sizeof shelf->places[0]);
                shelf->capacity = shelf->places ? capacities[i] : 0;
        }
        return memory;
}

static void forget(struct remembered *place)
{
        free(place->bytes);
        sk_X509_pop_free(place->certificates, X509_free);
        sk_X509_pop_free(place->above, X509_free);
        *place = (struct remembered){ 0 };
}

void path_memory_free(struct path_memory *memory)
{
        if (!memory)
                return;
        for (size_t i = 0; i < SHELVES; i++) {
                for (size_t j = 0; j < memory->shelves[i].capacity; j++)
                        forget(&memory->shelves[i].places[j]);
                free(memory->shelves[i].places);
        }
        quick_context_free(memory->quick);
        free(memory);
}

struct quick_context *path_memory_quick(const struct path_memory *memory)
{
        return memory ? memory->quick : NULL;
}

/* Who cannot enter goes on without. */
static bool enter(struct path_memory *memory)
{
        return memory && !atomic_flag_test_and_set_explicit(&memory->busy, memory_order_acquire);
}

static void leave(struct path_memory *memory)
{
        atomic_flag_clear_explicit(&memory->busy, memory_order_release);
}

static bool is_of(const struct remembered *place, const slice *der, size_t count)
{
        bool same = place->bytes && place->count == count;
        for (size_t i = 0; same && i < count; i++)
                same = place->sizes[i] == der[i].size;
        reader r = reader_over(slice_of(place->bytes, place->total), NULL, NULL);
        for (size_t i = 0; same && i < count; i++) {
                slice part;
                same = !failed(read_bytes(&r, NULL, place->sizes[i], &part)) && slice_equal(part, der[i]);
        }
        return same;
}

static struct remembered *find(const struct shelf *shelf, const slice *der, size_t count)
{
        for (size_t i = 0; i < shelf->capacity; i++)
                if (is_of(&shelf->places[i], der, count))
                        return &shelf->places[i];
        return NULL;
}

static bool hand_out(
        const struct remembered *place, STACK_OF(X509) * *ret_certificates, STACK_OF(X509) * *ret_above)
{
        STACK_OF(X509) *certificates = X509_chain_up_ref(place->certificates);
        STACK_OF(X509) *above = ret_above && place->above ? X509_chain_up_ref(place->above) : NULL;
        if (!certificates) {
                sk_X509_pop_free(above, X509_free);
                return false;
        }
        *ret_certificates = certificates;
        if (ret_above)
                *ret_above = above;
        return true;
}

bool path_memory_recall(struct path_memory *memory, enum path_shelf shelf, const slice *der, size_t count,
        STACK_OF(X509) * *ret_certificates, STACK_OF(X509) * *ret_above)
{
        if (!enter(memory))
                return false;
        const struct remembered *place = find(&memory->shelves[shelf], der, count);
        bool found = place && hand_out(place, ret_certificates, ret_above);
        leave(memory);
        return found;
}

/* ---- keeping ---- */

static bool fill(struct remembered *place, const slice *der, size_t count, STACK_OF(X509) * certificates,
        STACK_OF(X509) * above)
{
        place->bytes = malloc(place->total);
        if (!place->bytes)
                return false;
        writer w = writer_over(place->bytes, place->total);
        for (size_t i = 0; i < count; i++)
                write_slice(&w, der[i]);
        place->certificates = X509_chain_up_ref(certificates);
        place->above = above ? X509_chain_up_ref(above) : NULL;
        return !w.overflowed && place->certificates && (!above || place->above);
}

static bool measure(struct remembered *place, const slice *der, size_t count)
{
        if (count == 0 || count > TRUST_CHAIN_MAX)
                return false;
        place->count = count;
        for (size_t i = 0; i < count; i++) {
                if (der[i].size > REMEMBERED_MAX - place->total)
                        return false;
                place->sizes[i] = der[i].size;
                place->total += der[i].size;
        }
        return place->total > 0;
}

static void put(struct shelf *shelf, const struct remembered *place)
{
        forget(&shelf->places[shelf->next]);
        shelf->places[shelf->next] = *place;
        shelf->next = (shelf->next + 1) % shelf->capacity;
}

void path_memory_keep(struct path_memory *memory, enum path_shelf shelf, const slice *der, size_t count,
        STACK_OF(X509) * certificates, STACK_OF(X509) * above)
{
        struct remembered place = { 0 };
        if (!memory || !measure(&place, der, count))
                return;
        if (fill(&place, der, count, certificates, above) && enter(memory)) {
                struct shelf *kept = &memory->shelves[shelf];
                if (kept->places && !find(kept, der, count)) {
                        put(kept, &place);
                        place = (struct remembered){ 0 }; /* handed over */
                }
                leave(memory);
        }
        forget(&place);
}
