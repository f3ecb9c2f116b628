/* SPDX-License-Identifier: Apache-2.0 */
#include "store_objects.h"

#include <stdlib.h>

/* What is replaced within this size is taken for a counter, which may be read for a while after it was
 * replaced; what is larger may be a secret. */
enum { COUNTER_MAX = 8, CAPACITY_FIRST = 16 };

/* ---- objects ---- */

mitome_status store_object_new(
        uint32_t id, const slice *bytes, struct store_object **ret, mitome_error *error)
{
        size_t size = bytes ? bytes->size : 0;
        if (size > STORE_OBJECT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "stored object", NULL);
        struct store_object *object = malloc(sizeof *object + size);
        if (!object)
                return fail(error, MITOME_E_NO_MEMORY, "stored object", NULL);
        *object = (struct store_object){ .id = id, .size = (uint16_t)size, .deleted = !bytes };
        *ret = object;
        return bytes ? slice_copy(*bytes, "stored object", object->bytes, size, error) : ok();
}

void store_object_free(struct store_object *object)
{
        if (object)
                bytes_wipe(object->bytes, object->size);
        free(object);
}

static size_t written_size(const struct store_object *object)
{
        return object && !object->deleted ? STORE_OBJECT_HEAD + (size_t)object->size : 0;
}

/* ---- their list in memory ---- */

void store_objects_clear(struct store_objects *objects)
{
        for (size_t i = 0; i < objects->count; i++)
                store_object_free(objects->list[i]);
        objects->count = 0;
        objects->list_size = 0;
}

void store_objects_free(struct store_objects *objects)
{
        store_objects_clear(objects);
        free(objects->list);
        *objects = (struct store_objects){ 0 };
}

mitome_status store_objects_reserve(struct store_objects *objects, size_t more, mitome_error *error)
{
        size_t needed = objects->count + more;
        if (needed <= objects->capacity)
                return ok();
        size_t capacity = needed + needed / 4; /* a quarter more: growing by one stays cheap */
        if (capacity < CAPACITY_FIRST)
                capacity = CAPACITY_FIRST;
        struct store_object **list = realloc(objects->list, capacity * sizeof(struct store_object *));
        if (!list)
                return fail(error, MITOME_E_NO_MEMORY, "stored objects", NULL);
        objects->list = list;
        objects->capacity = capacity;
        return ok();
}

size_t store_objects_at(const struct store_objects *objects, uint32_t id)
{
        size_t low = 0, high = objects->count;
        if (high && objects->list[high - 1]->id < id)
                return high;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (objects->list[middle]->id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const struct store_object *store_objects_find(const struct store_objects *objects, uint32_t id)
{
        size_t at = store_objects_at(objects, id);
        return at < objects->count && objects->list[at]->id == id ? objects->list[at] : NULL;
}

void store_objects_take(struct store_objects *objects, struct store_object *object)
{
        size_t at = store_objects_at(objects, object->id);
        objects->list_size += written_size(object);
        if (at < objects->count && objects->list[at]->id == object->id) {
                objects->list_size -= written_size(objects->list[at]);
                store_object_free(objects->list[at]);
        } else {
                for (size_t i = objects->count++; i > at; i--)
                        objects->list[i] = objects->list[i - 1];
        }
        objects->list[at] = object;
}

void store_objects_remove(struct store_objects *objects, uint32_t id)
{
        size_t at = store_objects_at(objects, id);
        if (at == objects->count || objects->list[at]->id != id)
                return;
        objects->list_size -= written_size(objects->list[at]);
        store_object_free(objects->list[at]);
        objects->count--;
        for (size_t i = at; i < objects->count; i++)
                objects->list[i] = objects->list[i + 1];
}

/* ---- changes ---- */

struct store_outcome store_objects_outcome(
        const struct store_objects *kept, const struct store_objects *changes)
{
        struct store_outcome outcome = { .count = kept->count, .list_size = kept->list_size };
        for (size_t i = 0; i < changes->count; i++) {
                const struct store_object *change = changes->list[i];
                const struct store_object *former = store_objects_find(kept, change->id);
                if (!former && change->deleted)
                        continue;
                outcome.changes = true;
                outcome.destroys |= former && (change->deleted || former->size > COUNTER_MAX);
                outcome.count = outcome.count + !former - change->deleted;
                outcome.list_size += written_size(change) - written_size(former);
        }
        return outcome;
}

bool store_objects_fit(const struct store_outcome *outcome)
{
        return outcome->count <= STORE_OBJECTS_MAX && STORE_LIST_HEAD + outcome->list_size <= STORE_SIZE_MAX;
}

static void write_object(writer *w, const struct store_object *object)
{
        if (object->deleted)
                return;
        write_u32(w, object->id);
        write_u32(w, object->size);
        write_slice(w, slice_of(object->bytes, object->size));
}

void store_objects_write(writer *w, const struct store_objects *kept, const struct store_objects *changes,
        const struct store_outcome *outcome)
{
        size_t k = 0, c = 0;
        write_u32(w, (uint32_t)outcome->count);
        while (k < kept->count || c < changes->count) {
                bool has_new = c < changes->count;
                if (k < kept->count && (!has_new || kept->list[k]->id < changes->list[c]->id)) {
                        write_object(w, kept->list[k++]);
                } else {
                        k += k < kept->count && kept->list[k]->id == changes->list[c]->id;
                        write_object(w, changes->list[c++]);
                }
        }
}

/* ---- reading ---- */

static mitome_status read_object(reader *r, int64_t last, struct store_object **ret)
{
        uint32_t id, size;
        slice bytes;
        MITOME_TRY(read_u32(r, "state.id", &id));
        if (id <= last)
                return reader_fail(r, MITOME_E_VALUE, "state.id");
        MITOME_TRY(read_u32(r, "state.size", &size));
        if (size > STORE_OBJECT_MAX)
                return reader_fail(r, MITOME_E_TOO_LONG, "state.size");
        MITOME_TRY(read_bytes(r, "state.object", size, &bytes));
        return store_object_new(id, &bytes, ret, r->error);
}

static mitome_status read_objects(slice list, struct store_objects *objects, mitome_error *error)
{
        reader r = reader_over(list, NULL, error);
        uint32_t count;
        int64_t last = -1;
        MITOME_TRY(read_u32(&r, "state.count", &count));
        if (count > STORE_OBJECTS_MAX)
                return reader_fail(&r, MITOME_E_TOO_MANY, "state.count");
        if (list.size > STORE_SIZE_MAX)
                return reader_fail(&r, MITOME_E_TOO_LONG, "state");
        /* A count without its objects reserves nothing. */
        if (count > r.rest.size / STORE_OBJECT_HEAD)
                return reader_fail(&r, MITOME_E_INPUT_ENDS, "state.count");
        MITOME_TRY(store_objects_reserve(objects, count, error));
        for (uint32_t i = 0; i < count; i++) {
                struct store_object *object;
                MITOME_TRY(read_object(&r, last, &object));
                last = object->id;
                store_objects_take(objects, object);
        }
        return read_end(&r, "state");
}

mitome_status store_objects_read(slice list, struct store_objects *ret, mitome_error *error)
{
        struct store_objects objects = { 0 };
        mitome_status status = read_objects(list, &objects, error);
        if (failed(status))
                store_objects_free(&objects);
        else
                *ret = objects;
        return status;
}
