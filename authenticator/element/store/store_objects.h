/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_OBJECTS_H
#define STORE_OBJECTS_H

/* Numbered objects in memory, by rising id, and the list that they are written as: u32 count, then for each
 * u32 id, u32 size, bytes. The store keeps two: what is committed, and what a transaction changes. */

#include "bytes.h"

enum {
        STORE_OBJECT_MAX = 4096,           /* bytes of one object */
        STORE_OBJECTS_MAX = 65536,         /* objects of one store */
        STORE_SIZE_MAX = 16 * 1024 * 1024, /* bytes of their list */
        STORE_LIST_HEAD = 4,
        STORE_OBJECT_HEAD = 8,
};

struct store_object {
        uint32_t id;
        uint16_t size;
        bool deleted; /* in a transaction */
        uint8_t bytes[];
};

/* Zeroed it is empty. */
struct store_objects {
        struct store_object **list;
        size_t count, capacity;
        size_t list_size; /* written, without STORE_LIST_HEAD; deleted ones are not counted */
};

void store_objects_free(struct store_objects *objects);

/* store_objects_clear forgets the objects and keeps the room. */
void store_objects_clear(struct store_objects *objects);

/* store_objects_reserve makes room for `more` objects, so that as many takings cannot fail. */
MITOME_CHECKED mitome_status store_objects_reserve(
        struct store_objects *objects, size_t more, mitome_error *error);

/* store_object_new copies an object; `bytes` NULL makes a deletion. */
MITOME_CHECKED mitome_status store_object_new(
        uint32_t id, const slice *bytes, struct store_object **ret, mitome_error *error);
void store_object_free(struct store_object *object);

/* store_objects_at is the place of the first object whose id is at least `id`; store_objects_find gives the
 * one of that id or NULL. Both are O(log n), and O(1) behind the last. */
size_t store_objects_at(const struct store_objects *objects, uint32_t id);
const struct store_object *store_objects_find(const struct store_objects *objects, uint32_t id);

/* store_objects_take puts `object`, which it owns then, into its place, for which there must be room; the
 * former one is wiped. store_objects_remove wipes one, if there is one. */
void store_objects_take(struct store_objects *objects, struct store_object *object);
void store_objects_remove(struct store_objects *objects, uint32_t id);

/* store_objects_outcome counts what `kept` becomes by `changes`, without changing either. */
struct store_outcome {
        size_t count, list_size;
        bool changes;  /* at all */
        bool destroys; /* something is deleted, or more than a counter is replaced: what was there has to go
                        */
};

struct store_outcome store_objects_outcome(
        const struct store_objects *kept, const struct store_objects *changes);

/* store_objects_write writes the list that `kept` becomes by `changes`: either may be empty. */
void store_objects_write(writer *w, const struct store_objects *kept, const struct store_objects *changes,
        const struct store_outcome *outcome);

/* store_objects_read takes a whole list, whose ids rise, into an empty `ret`. It is strict; errors:
 * INPUT_ENDS, TRAILING_BYTES, TOO_MANY, TOO_LONG, VALUE, NO_MEMORY. */
MITOME_CHECKED mitome_status store_objects_read(slice list, struct store_objects *ret, mitome_error *error);

/* store_objects_fit tells whether an outcome is within the limits of a store. */
bool store_objects_fit(const struct store_outcome *outcome);

#endif
