/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "store_image.h"

#include <stdlib.h>

struct store {
        struct mitome_element_config config;
        struct store_objects objects; /* as committed */
        struct store_objects changes; /* of the open transaction */
        struct store_journal journal;
        uint64_t anchored; /* the anchor's value as of the last commit */
        bool fresh;        /* nothing is on the medium yet */
        bool broken;
};

static bool has_anchor(const struct store *store)
{
        return store->config.anchor.read;
}

/* ---- writing: what failed here has perhaps been written ---- */

static mitome_status advance(struct store *store, mitome_error *error)
{
        if (!has_anchor(store))
                return ok();
        const struct mitome_anchor *anchor = &store->config.anchor;
        MITOME_TRY(anchor->advance(anchor->context, store->anchored + 1, error));
        store->anchored++;
        return ok();
}

/* The medium may hold either state after a failure: nothing may be decided on until it is read again. */
static mitome_status settle(
        struct store *store, mitome_status written, const struct store_journal *next, mitome_error *error)
{
        if (!failed(written))
                written = advance(store, error);
        store->broken = failed(written);
        if (!failed(written)) {
                store->journal = *next;
                store->fresh = false;
        }
        return written;
}

static mitome_status write_image(
        struct store *store, const struct store_outcome *outcome, mitome_error *error)
{
        size_t list_size = STORE_LIST_HEAD + outcome->list_size;
        size_t size = STORE_IMAGE_HEAD + list_size + STORE_TAG;
        uint8_t *image = malloc(size);
        if (!image)
                return fail(error, MITOME_E_NO_MEMORY, "state", NULL);
        const struct mitome_storage *storage = &store->config.storage;
        struct store_journal next = { 0 };
        writer w = writer_over(image + STORE_IMAGE_HEAD, list_size);
        store_objects_write(&w, &store->objects, &store->changes, outcome);
        mitome_status status = store_image_seal(
                &store->config, has_anchor(store) ? store->anchored + 1 : 0, image, size, &next, error);
        if (!failed(status))
                status = settle(store, storage->replace(storage->context, slice_of(image, size), error),
                        &next, error);
        bytes_wipe(&next, sizeof next);
        bytes_wipe(image, size);
        free(image);
        return status;
}

static size_t record_size(const struct store *store)
{
        return STORE_RECORD_HEAD + STORE_LIST_HEAD + store->changes.list_size + STORE_TAG;
}

static mitome_status append_record(struct store *store, uint8_t *record, size_t size, mitome_error *error)
{
        static const struct store_objects nothing;
        const struct mitome_storage *storage = &store->config.storage;
        struct store_journal next = { 0 };
        struct store_outcome outcome = store_objects_outcome(&nothing, &store->changes);
        writer w = writer_over(record + STORE_RECORD_HEAD, size - STORE_RECORD_HEAD - STORE_TAG);
        store_objects_write(&w, &nothing, &store->changes, &outcome);
        mitome_status status = store_record_seal(&store->config, &store->journal, record, size, &next, error);
        if (!failed(status))
                status = settle(store,
                        storage->append(storage->context, store->journal.size, slice_of(record, size), error),
                        &next, error);
        bytes_wipe(&next, sizeof next);
        bytes_wipe(record, size);
        return status;
}

/* Most records are of a counter or a credential: those take nothing from the heap. */
static mitome_status write_record(struct store *store, mitome_error *error)
{
        enum { SMALL_MAX = 1536 };
        uint8_t small[SMALL_MAX];
        size_t size = record_size(store);
        if (size <= sizeof small)
                return append_record(store, small, size, error);
        uint8_t *record = malloc(size);
        if (!record)
                return fail(error, MITOME_E_NO_MEMORY, "state", NULL);
        mitome_status status = append_record(store, record, size, error);
        free(record);
        return status;
}

/* ---- the anchor ---- */

/* The value that belongs to what was read; 0: it was written without an anchor. */
static uint64_t anchor_of(const struct store_journal *journal)
{
        return journal->anchor ? journal->anchor + journal->records : 0;
}

/* A commit writes the state, then raises the anchor: the state may be one ahead of it, and then what it has
 * ahead was not answered yet. An anchor that was never raised takes a state that has none. */
static mitome_status check_anchor(struct store *store, mitome_error *error)
{
        uint64_t state = anchor_of(&store->journal);
        if (!has_anchor(store))
                return state ? fail(error, MITOME_E_STORE_ANCHOR, "anchor", NULL) : ok();
        const struct mitome_anchor *anchor = &store->config.anchor;
        MITOME_TRY(anchor->read(anchor->context, &store->anchored, error));
        if (state < store->anchored)
                return fail(error, MITOME_E_STORE_ROLLED_BACK, "state", NULL);
        if (state - store->anchored > 1)
                return fail(error, MITOME_E_STORE_ANCHOR, "anchor", NULL);
        return state > store->anchored ? advance(store, error) : ok();
}

/* ---- opening ---- */

static mitome_status store_new(
        const struct mitome_element_config *config, struct store **ret, mitome_error *error)
{
        struct store *store = calloc(1, sizeof *store);
        if (!store)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        store->config = *config;
        *ret = store;
        return ok();
}

static mitome_status read_state(struct store *store, mitome_error *error)
{
        const struct mitome_storage *storage = &store->config.storage;
        uint8_t *image = NULL;
        size_t size = 0;
        MITOME_TRY(storage->load(storage->context, &image, &size, error));
        if (!image)
                return fail(error, MITOME_E_STORE_MISSING, "state", NULL);
        mitome_status status =
                store_image_open(&store->config, image, size, &store->journal, &store->objects, error);
        bytes_wipe(image, size);
        free(image);
        return status;
}

/* A version 1 image is written anew before anything is done with it. A torn record can wait for the next
 * commit.
 *
 * With an anchor every opening is a commit of its own. Else two lives could begin at the same value and both
 * write the next one: the first of them, cut off before it raised the anchor, would stand as high as the
 * second, which did and was answered, and could be put in its place. As it is, whatever such a life has
 * written is below the first answer of the life after it. */
static mitome_status bring_up(struct store *store, mitome_error *error)
{
        struct store_outcome outcome = store_objects_outcome(&store->objects, &store->changes);
        return write_image(store, &outcome, error);
}

static mitome_status open_state(struct store *store, mitome_error *error)
{
        MITOME_TRY(read_state(store, error));
        MITOME_TRY(check_anchor(store, error));
        return store->journal.former || has_anchor(store) ? bring_up(store, error) : ok();
}

mitome_status store_open(const struct mitome_element_config *config, struct store **ret, mitome_error *error)
{
        struct store *store;
        MITOME_TRY(store_new(config, &store, error));
        mitome_status status = open_state(store, error);
        if (failed(status))
                store_close(store);
        else
                *ret = store;
        return status;
}

static mitome_status expect_empty(const struct mitome_storage *storage, mitome_error *error)
{
        uint8_t *image = NULL;
        size_t size;
        MITOME_TRY(storage->load(storage->context, &image, &size, error));
        bool empty = !image;
        free(image);
        return empty ? ok() : fail(error, MITOME_E_STORE_EXISTS, "state", NULL);
}

mitome_status store_create(
        const struct mitome_element_config *config, struct store **ret, mitome_error *error)
{
        struct store *store;
        MITOME_TRY(expect_empty(&config->storage, error));
        MITOME_TRY(store_new(config, &store, error));
        const struct mitome_anchor *anchor = &config->anchor;
        mitome_status status = ok();
        if (has_anchor(store))
                status = anchor->read(anchor->context, &store->anchored, error);
        store->fresh = true;
        if (failed(status))
                store_close(store);
        else
                *ret = store;
        return status;
}

/* ---- reading ---- */

slice store_get(const struct store *store, uint32_t id, bool *ret_found)
{
        const struct store_object *object = store_objects_find(&store->objects, id);
        *ret_found = object;
        return object ? slice_of(object->bytes, object->size) : slice_of(NULL, 0);
}

bool store_next(const struct store *store, uint32_t from, uint32_t to, uint32_t *ret_id)
{
        size_t at = store_objects_at(&store->objects, from);
        if (at == store->objects.count || store->objects.list[at]->id > to)
                return false;
        *ret_id = store->objects.list[at]->id;
        return true;
}

/* ---- transactions ---- */

void store_rollback(struct store *store)
{
        store_objects_clear(&store->changes);
}

static mitome_status stage(struct store *store, uint32_t id, const slice *bytes, mitome_error *error)
{
        struct store_object *change;
        MITOME_TRY(store_objects_reserve(&store->changes, 1, error));
        MITOME_TRY(store_object_new(id, bytes, &change, error));
        store_objects_take(&store->changes, change);
        return ok();
}

mitome_status store_put(struct store *store, uint32_t id, slice bytes, mitome_error *error)
{
        return stage(store, id, &bytes, error);
}

mitome_status store_delete(struct store *store, uint32_t id, mitome_error *error)
{
        return stage(store, id, NULL, error);
}

/* Room was made before: what the medium holds now, memory will hold too. */
static void apply_changes(struct store *store)
{
        for (size_t i = 0; i < store->changes.count; i++) {
                struct store_object *change = store->changes.list[i];
                if (change->deleted) {
                        store_objects_remove(&store->objects, change->id);
                } else {
                        store_objects_take(&store->objects, change);
                        store->changes.list[i] = NULL; /* transferred */
                }
        }
}

static mitome_status write_changes(struct store *store, mitome_error *error)
{
        if (store->broken)
                return fail(error, MITOME_E_STORE_BROKEN, "state", NULL);
        struct store_outcome outcome = store_objects_outcome(&store->objects, &store->changes);
        if (!outcome.changes && !store->fresh)
                return ok();
        if (!store_objects_fit(&outcome))
                return fail(error, MITOME_E_FULL, "stored objects", NULL);
        MITOME_TRY(store_objects_reserve(&store->objects, store->changes.count, error));
        bool appends = !store->fresh && !outcome.destroys && store->config.storage.append &&
                       store_journal_takes(&store->journal, record_size(store));
        return appends ? write_record(store, error) : write_image(store, &outcome, error);
}

mitome_status store_commit(struct store *store, mitome_error *error)
{
        mitome_status status = write_changes(store, error);
        if (!failed(status))
                apply_changes(store);
        store_rollback(store);
        return status;
}

bool store_is_broken(const struct store *store)
{
        return store->broken;
}

void store_close(struct store *store)
{
        if (!store)
                return;
        store_objects_free(&store->changes);
        store_objects_free(&store->objects);
        bytes_wipe(store, sizeof *store);
        free(store);
}
