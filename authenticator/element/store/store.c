/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "store_image.h"

#include <sodium.h>
#include <stdlib.h>

/* The image: magic, version, nonce, then XChaCha20-Poly1305 over the list of objects with magic and version
 * as associated data. */
enum {
        IMAGE_VERSION = 1,
        HEADER_SIZE = 10,
        NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

static const char magic[] = "MITOMESE";

/* One change of the open transaction; the newest for an id counts. */
struct change {
        struct change *older;
        struct store_object object; /* bytes NULL: deleted */
        bool deleted;
};

struct store {
        struct mitome_element_config config;
        struct store_objects objects;
        struct change *changes;
        bool broken;
};

/* ---- objects in memory ---- */

static void object_wipe(struct store_object *object)
{
        if (object->bytes)
                bytes_wipe(object->bytes, object->size);
        free(object->bytes);
        *object = (struct store_object){ 0 };
}

void store_objects_free(struct store_objects *objects)
{
        for (size_t i = 0; i < objects->count; i++)
                object_wipe(&objects->list[i]);
        free(objects->list);
        *objects = (struct store_objects){ 0 };
}

static mitome_status object_copy(uint32_t id, slice bytes, struct store_object *ret, mitome_error *error)
{
        uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
        if (!copy)
                return fail(error, MITOME_E_NO_MEMORY, "stored object", NULL);
        *ret = (struct store_object){ .id = id, .size = bytes.size, .bytes = copy };
        return slice_copy(bytes, "stored object", copy, bytes.size, error);
}

static mitome_status objects_append(
        struct store_objects *objects, uint32_t id, slice bytes, mitome_error *error)
{
        MITOME_TRY(object_copy(id, bytes, &objects->list[objects->count], error));
        objects->count++;
        return ok();
}

static mitome_status objects_reserve(struct store_objects *objects, size_t count, mitome_error *error)
{
        *objects = (struct store_objects){ .list = calloc(count ? count : 1, sizeof *objects->list) };
        return objects->list ? ok() : fail(error, MITOME_E_NO_MEMORY, "stored objects", NULL);
}

static mitome_status read_objects(slice plain, struct store_objects *objects, mitome_error *error)
{
        reader r = reader_over(plain, NULL, error);
        uint32_t count, last = 0;
        MITOME_TRY(read_u32(&r, "state.count", &count));
        if (count > STORE_OBJECTS_MAX)
                return reader_fail(&r, MITOME_E_TOO_MANY, "state.count");
        MITOME_TRY(objects_reserve(objects, count, error));
        for (uint32_t i = 0; i < count; i++) {
                uint32_t id, size;
                slice bytes;
                MITOME_TRY(read_u32(&r, "state.id", &id));
                if (i && id <= last)
                        return reader_fail(&r, MITOME_E_VALUE, "state.id");
                MITOME_TRY(read_u32(&r, "state.size", &size));
                if (size > STORE_OBJECT_MAX)
                        return reader_fail(&r, MITOME_E_TOO_LONG, "state.size");
                MITOME_TRY(read_bytes(&r, "state.object", size, &bytes));
                MITOME_TRY(objects_append(objects, id, bytes, error));
                last = id;
        }
        return read_end(&r, "state");
}

mitome_status store_objects_read(slice plain, struct store_objects *ret, mitome_error *error)
{
        struct store_objects objects = { 0 };
        mitome_status status = read_objects(plain, &objects, error);
        if (failed(status))
                store_objects_free(&objects);
        else
                *ret = objects;
        return status;
}

/* ---- the sealed image ---- */

static size_t plain_size(const struct store_objects *objects)
{
        size_t size = 4;
        for (size_t i = 0; i < objects->count; i++)
                size += 8 + objects->list[i].size;
        return size;
}

static void write_objects(writer *w, const struct store_objects *objects)
{
        write_u32(w, (uint32_t)objects->count);
        for (size_t i = 0; i < objects->count; i++) {
                const struct store_object *object = &objects->list[i];
                write_u32(w, object->id);
                write_u32(w, (uint32_t)object->size);
                write_slice(w, slice_of(object->bytes, object->size));
        }
}

/* Writes the objects behind the header and encrypts them where they stand. */
static mitome_status seal_into(const struct mitome_element_config *config,
        const struct store_objects *objects, uint8_t *image, size_t size, mitome_error *error)
{
        writer w = writer_over(image, size - TAG_SIZE);
        write_slice(&w, slice_text(magic));
        write_u16(&w, IMAGE_VERSION);
        uint8_t *nonce = write_space(&w, NONCE_SIZE);
        uint8_t *plain = image + w.used;
        write_objects(&w, objects);
        if (w.overflowed || config->random.fill(config->random.context, nonce, NONCE_SIZE) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "state", NULL);
        crypto_aead_xchacha20poly1305_ietf_encrypt(plain, NULL, plain, plain_size(objects), image,
                HEADER_SIZE, NULL, nonce, config->storage_key);
        return ok();
}

static mitome_status write_image(
        const struct mitome_element_config *config, const struct store_objects *objects, mitome_error *error)
{
        size_t size = HEADER_SIZE + NONCE_SIZE + plain_size(objects) + TAG_SIZE;
        uint8_t *image = malloc(size);
        if (!image)
                return fail(error, MITOME_E_NO_MEMORY, "state", NULL);
        mitome_status status = seal_into(config, objects, image, size, error);
        if (!failed(status))
                status = config->storage.replace(config->storage.context, slice_of(image, size), error);
        bytes_wipe(image, size);
        free(image);
        return status;
}

static mitome_status read_header(reader *r, slice *ret_header, mitome_error *error)
{
        slice head;
        uint16_t version;
        reader start = *r;
        if (failed(read_bytes(r, "state", sizeof magic - 1, &head)) || !slice_is(head, magic) ||
                failed(read_u16(r, "state", &version)) || version != IMAGE_VERSION)
                return fail(error, MITOME_E_STORE_FOREIGN, "state", NULL);
        return read_bytes(&start, "state", HEADER_SIZE, ret_header);
}

static mitome_status open_image(const struct mitome_element_config *config, slice image, uint8_t *plain,
        struct store_objects *ret, mitome_error *error)
{
        reader r = reader_over(image, NULL, NULL);
        slice header, nonce;
        MITOME_TRY(read_header(&r, &header, error));
        if (failed(read_bytes(&r, "nonce", NONCE_SIZE, &nonce)) || r.rest.size < TAG_SIZE)
                return fail(error, MITOME_E_STORE_SEAL, "state", NULL);
        unsigned long long size;
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, r.rest.data, r.rest.size,
                    header.data, header.size, nonce.data, config->storage_key) != 0)
                return fail(error, MITOME_E_STORE_SEAL, "state", NULL);
        return store_objects_read(slice_of(plain, (size_t)size), ret, error);
}

static mitome_status read_image(
        const struct mitome_element_config *config, struct store_objects *ret, mitome_error *error)
{
        uint8_t *image = NULL;
        size_t size = 0;
        MITOME_TRY(config->storage.load(config->storage.context, &image, &size, error));
        if (!image)
                return fail(error, MITOME_E_STORE_MISSING, "state", NULL);
        uint8_t *plain = malloc(size ? size : 1);
        mitome_status status = plain ? open_image(config, slice_of(image, size), plain, ret, error)
                                     : fail(error, MITOME_E_NO_MEMORY, "state", NULL);
        if (plain)
                bytes_wipe(plain, size);
        free(plain);
        free(image);
        return status;
}

mitome_status store_create(const struct mitome_element_config *config, mitome_error *error)
{
        uint8_t *image = NULL;
        size_t size;
        /* What cannot be read is something too, and stays what it is. */
        bool empty = !failed(config->storage.load(config->storage.context, &image, &size, NULL)) && !image;
        free(image);
        if (!empty)
                return fail(error, MITOME_E_STORE_EXISTS, "state", NULL);
        return write_image(config, &(struct store_objects){ 0 }, error);
}

mitome_status store_open(const struct mitome_element_config *config, struct store **ret, mitome_error *error)
{
        struct store *store = calloc(1, sizeof *store);
        if (!store)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        store->config = *config;
        mitome_status status = read_image(config, &store->objects, error);
        if (failed(status))
                store_close(store);
        else
                *ret = store;
        return status;
}

/* ---- reading ---- */

/* The place of the first object whose id is at least `id`. */
static size_t lower_bound(const struct store *store, uint32_t id)
{
        size_t low = 0, high = store->objects.count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (store->objects.list[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

slice store_get(const struct store *store, uint32_t id, bool *ret_found)
{
        size_t at = lower_bound(store, id);
        bool found = at < store->objects.count && store->objects.list[at].id == id;
        *ret_found = found;
        return found ? slice_of(store->objects.list[at].bytes, store->objects.list[at].size)
                     : slice_of(NULL, 0);
}

bool store_next(const struct store *store, uint32_t from, uint32_t to, uint32_t *ret_id)
{
        size_t at = lower_bound(store, from);
        if (at == store->objects.count || store->objects.list[at].id > to)
                return false;
        *ret_id = store->objects.list[at].id;
        return true;
}

/* ---- transactions ---- */

void store_rollback(struct store *store)
{
        while (store->changes) {
                struct change *change = store->changes;
                store->changes = change->older;
                object_wipe(&change->object);
                free(change);
        }
}

static mitome_status stage(struct store *store, uint32_t id, const slice *bytes, mitome_error *error)
{
        struct change *change = calloc(1, sizeof *change);
        if (!change)
                return fail(error, MITOME_E_NO_MEMORY, "stored object", NULL);
        change->object.id = id;
        change->deleted = !bytes;
        mitome_status status = bytes ? object_copy(id, *bytes, &change->object, error) : ok();
        if (failed(status)) {
                free(change);
                return status;
        }
        change->older = store->changes;
        store->changes = change;
        return ok();
}

mitome_status store_put(struct store *store, uint32_t id, slice bytes, mitome_error *error)
{
        if (bytes.size > STORE_OBJECT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "stored object", NULL);
        return stage(store, id, &bytes, error);
}

mitome_status store_delete(struct store *store, uint32_t id, mitome_error *error)
{
        return stage(store, id, NULL, error);
}

/* What the transaction says about an id, or NULL when it says nothing. */
static const struct change *newest_change(const struct store *store, uint32_t id)
{
        for (const struct change *change = store->changes; change; change = change->older)
                if (change->object.id == id)
                        return change;
        return NULL;
}

/* The lowest changed id that is at least `from`. */
static bool next_change(const struct store *store, uint64_t from, uint32_t *ret_id)
{
        bool found = false;
        for (const struct change *change = store->changes; change; change = change->older)
                if (change->object.id >= from && (!found || change->object.id < *ret_id)) {
                        *ret_id = change->object.id;
                        found = true;
                }
        return found;
}

/* Merges the objects and the changes, both walked by rising id. */
static mitome_status merge(const struct store *store, struct store_objects *ret, mitome_error *error)
{
        size_t room = store->objects.count;
        for (const struct change *change = store->changes; change; change = change->older)
                room++;
        MITOME_TRY(objects_reserve(ret, room, error));
        for (uint64_t from = 0; from <= UINT32_MAX;) {
                uint32_t kept = 0, changed = 0, id;
                bool has_kept = store_next(store, (uint32_t)from, UINT32_MAX, &kept);
                bool has_changed = next_change(store, from, &changed);
                if (!has_kept && !has_changed)
                        break;
                id = !has_changed || (has_kept && kept < changed) ? kept : changed;
                const struct change *change = newest_change(store, id);
                bool found;
                if (!change)
                        MITOME_TRY(objects_append(ret, id, store_get(store, id, &found), error));
                else if (!change->deleted)
                        MITOME_TRY(objects_append(
                                ret, id, slice_of(change->object.bytes, change->object.size), error));
                from = (uint64_t)id + 1;
        }
        bool fits = ret->count <= STORE_OBJECTS_MAX && plain_size(ret) <= STORE_SIZE_MAX;
        return fits ? ok() : fail(error, MITOME_E_FULL, "stored objects", NULL);
}

mitome_status store_commit(struct store *store, mitome_error *error)
{
        if (store->broken) {
                store_rollback(store);
                return fail(error, MITOME_E_STORE_BROKEN, "state", NULL);
        }
        struct store_objects merged = { 0 };
        mitome_status status = merge(store, &merged, error);
        if (!failed(status)) {
                status = write_image(&store->config, &merged, error);
                /* The medium may hold either image now: nothing may be decided on until it is read again. */
                store->broken = failed(status);
        }
        store_rollback(store);
        if (failed(status)) {
                store_objects_free(&merged);
                return status;
        }
        store_objects_free(&store->objects);
        store->objects = merged;
        return ok();
}

void store_close(struct store *store)
{
        if (!store)
                return;
        store_rollback(store);
        store_objects_free(&store->objects);
        bytes_wipe(store, sizeof *store);
        free(store);
}
