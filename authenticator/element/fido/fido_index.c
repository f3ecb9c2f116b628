/* SPDX-License-Identifier: Apache-2.0 */
#include "fido_index.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 16 };

uint32_t fido_index_tag(slice bytes)
{
        uint32_t tag = 0;
        reader r = reader_over(bytes, NULL, NULL);
        return failed(read_u32(&r, "tag", &tag)) ? 0 : tag;
}

uint64_t fido_index_party(slice rp_id_hash)
{
        uint64_t tag = 0;
        reader r = reader_over(rp_id_hash, NULL, NULL);
        return failed(read_u64(&r, "tag", &tag)) ? 0 : tag;
}

mitome_status fido_index_reserve(struct fido_index *index, mitome_error *error)
{
        if (index->count < index->capacity)
                return ok();
        size_t capacity = index->capacity ? index->capacity * 2 : FIRST_CAPACITY;
        struct fido_index_entry *entries = realloc(index->entries, capacity * sizeof *entries);
        if (!entries)
                return fail(error, MITOME_E_NO_MEMORY, "index of credentials", NULL);
        index->entries = entries;
        index->capacity = capacity;
        return ok();
}

static int compare(const struct fido_index_entry *a, const struct fido_index_entry *b)
{
        if (a->rp != b->rp)
                return a->rp < b->rp ? -1 : 1;
        return a->place < b->place ? -1 : a->place > b->place;
}

static int compare_entries(const void *a, const void *b)
{
        return compare(a, b);
}

static void note_place(struct fido_index *index, uint32_t place)
{
        if (place >= index->next_place)
                index->next_place = place + 1;
}

static size_t is_discoverable(const struct fido_index_entry *entry)
{
        return entry->flags & INDEX_DISCOVERABLE ? 1 : 0;
}

void fido_index_append(struct fido_index *index, const struct fido_index_entry *entry)
{
        if (index->count == index->capacity)
                return; /* never: it was reserved */
        index->entries[index->count++] = *entry;
        index->discoverable += is_discoverable(entry);
        note_place(index, entry->place);
}

void fido_index_sort(struct fido_index *index)
{
        if (index->count)
                qsort(index->entries, index->count, sizeof *index->entries, compare_entries);
}

/* How many stand before `key`. */
static size_t count_before(const struct fido_index *index, const struct fido_index_entry *key)
{
        size_t first = 0, end = index->count;
        while (first < end) {
                size_t middle = first + (end - first) / 2;
                if (compare(&index->entries[middle], key) < 0)
                        first = middle + 1;
                else
                        end = middle;
        }
        return first;
}

static void insert(struct fido_index *index, const struct fido_index_entry *entry)
{
        size_t at = count_before(index, entry);
        fido_index_append(index, entry);
        for (size_t i = index->count - 1; i > at; i--)
                index->entries[i] = index->entries[i - 1];
        index->entries[at] = *entry;
}

static void drop_doomed(struct fido_index *index)
{
        size_t kept = 0;
        for (size_t i = 0; i < index->count; i++)
                if (!(index->entries[i].flags & INDEX_DOOMED))
                        index->entries[kept++] = index->entries[i];
                else
                        index->discoverable -= is_discoverable(&index->entries[i]);
        index->count = kept;
}

static void spare_doomed(struct fido_index *index)
{
        for (size_t i = 0; i < index->count; i++)
                index->entries[i].flags &= (uint8_t)~INDEX_DOOMED;
}

void fido_index_settle(struct fido_index *index, bool committed)
{
        if (committed)
                drop_doomed(index);
        else
                spare_doomed(index);
        if (committed && index->has_added)
                insert(index, &index->added);
        index->has_added = false;
}

void fido_index_range(const struct fido_index *index, uint64_t rp, size_t *ret_first, size_t *ret_end)
{
        const struct fido_index_entry from = { .rp = rp }, to = { .rp = rp, .place = UINT32_MAX };
        *ret_first = count_before(index, &from);
        *ret_end = count_before(index, &to);
}

struct fido_index_entry *fido_index_at(const struct fido_index *index, uint64_t rp, uint32_t place)
{
        const struct fido_index_entry key = { .rp = rp, .place = place };
        size_t at = count_before(index, &key);
        bool found = at < index->count && compare(&index->entries[at], &key) == 0;
        return found ? &index->entries[at] : NULL;
}

void fido_index_forget(struct fido_index *index)
{
        free(index->entries);
        *index = (struct fido_index){ 0 };
}
