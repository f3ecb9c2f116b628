/* SPDX-License-Identifier: Apache-2.0 */
#include "store_image.h"

#include <sodium.h>

enum {
        VERSION_SEALED = 1, /* the first form, still read */
        VERSION = 2,
        NAME_SIZE = 10,   /* magic, version */
        FIELDS_SIZE = 22, /* what the sealed key is bound to */
        SEALED_KEY_SIZE = STORE_KEY + STORE_TAG,
        BOUND_SIZE = FIELDS_SIZE + STORE_NONCE + SEALED_KEY_SIZE, /* what the list is bound to */
        CHAIN_SIZE = 8 + STORE_TAG + STORE_MARK + 4,
};

_Static_assert(STORE_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(STORE_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(STORE_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert((int)STORE_KEY == (int)MITOME_STORAGE_KEY_SIZE, "storage key");
_Static_assert(STORE_MARK == crypto_generichash_BYTES_MIN, "mark");

static const char magic[] = "MITOMESE";

/* ---- seals, in place ---- */

static void seal(uint8_t *bytes, size_t size, slice bound, const uint8_t *nonce, const uint8_t *key)
{
        crypto_aead_xchacha20poly1305_ietf_encrypt(
                bytes, NULL, bytes, size, bound.data, bound.size, NULL, nonce, key);
}

/* `size` is the sealed size. What does not open is zeros afterwards. */
static bool unseal(uint8_t *bytes, size_t size, slice bound, const uint8_t *nonce, const uint8_t *key)
{
        return size >= STORE_TAG && crypto_aead_xchacha20poly1305_ietf_decrypt(bytes, NULL, NULL, bytes, size,
                                            bound.data, bound.size, nonce, key) == 0;
}

/* Leaves the bytes alone. */
static bool is_sealed(
        const uint8_t *bytes, size_t size, slice bound, const uint8_t *nonce, const uint8_t *key)
{
        return size >= STORE_TAG && crypto_aead_xchacha20poly1305_ietf_decrypt(NULL, NULL, NULL, bytes, size,
                                            bound.data, bound.size, nonce, key) == 0;
}

static mitome_status draw(
        const struct mitome_element_config *config, uint8_t *bytes, size_t size, mitome_error *error)
{
        return config->random.fill(config->random.context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, "state", NULL);
}

/* The journal of an image that has no record yet. */
static mitome_status journal_begin(
        const uint8_t *key, uint64_t anchor, slice image, struct store_journal *ret, mitome_error *error)
{
        static const char purpose[] = "mark of a record";
        struct store_journal journal = { .anchor = anchor, .image_size = image.size, .size = image.size };
        MITOME_TRY(slice_copy(slice_of(key, STORE_KEY), "key", journal.key, STORE_KEY, error));
        MITOME_TRY(slice_copy(slice_of(image.data + image.size - STORE_TAG, STORE_TAG), "tag", journal.last,
                STORE_TAG, error));
        crypto_generichash(journal.mark, STORE_MARK, (const uint8_t *)purpose, sizeof purpose - 1,
                journal.key, STORE_KEY);
        *ret = journal;
        bytes_wipe(&journal, sizeof journal);
        return ok();
}

mitome_status store_image_seal(const struct mitome_element_config *config, uint64_t anchor, uint8_t *image,
        size_t size, struct store_journal *ret, mitome_error *error)
{
        SECRET(key);
        key.size = STORE_KEY;
        MITOME_TRY(draw(config, key.data, STORE_KEY, error));
        writer w = writer_over(image, STORE_IMAGE_HEAD);
        write_slice(&w, slice_text(magic));
        write_u16(&w, VERSION);
        write_u64(&w, anchor);
        write_u32(&w, (uint32_t)(size - STORE_IMAGE_HEAD));
        uint8_t *key_nonce = write_space(&w, STORE_NONCE);
        uint8_t *sealed_key = write_space(&w, SEALED_KEY_SIZE);
        uint8_t *nonce = write_space(&w, STORE_NONCE);
        MITOME_TRY(draw(config, key_nonce, STORE_NONCE, error));
        MITOME_TRY(draw(config, nonce, STORE_NONCE, error));
        MITOME_TRY(slice_copy(secret_view(&key), "key", sealed_key, STORE_KEY, error));
        seal(sealed_key, STORE_KEY, slice_of(image, FIELDS_SIZE), key_nonce, config->storage_key);
        seal(image + STORE_IMAGE_HEAD, size - STORE_IMAGE_HEAD - STORE_TAG, slice_of(image, BOUND_SIZE),
                nonce, key.data);
        return journal_begin(key.data, anchor, slice_of(image, size), ret, error);
}

/* ---- records ---- */

/* What a record is bound to. `head` is its mark and its size. */
static slice chain(const struct store_journal *journal, const uint8_t *head, uint8_t buffer[CHAIN_SIZE])
{
        writer w = writer_over(buffer, CHAIN_SIZE);
        write_u64(&w, journal->records + 1);
        write_slice(&w, SLICE(journal->last));
        write_slice(&w, slice_of(head, STORE_MARK + 4));
        return writer_view(&w);
}

static mitome_status journal_append(struct store_journal *journal, slice record, mitome_error *error)
{
        journal->records++;
        journal->size += record.size;
        return slice_copy(slice_of(record.data + record.size - STORE_TAG, STORE_TAG), "tag", journal->last,
                STORE_TAG, error);
}

mitome_status store_record_seal(const struct mitome_element_config *config,
        const struct store_journal *journal, uint8_t *record, size_t size, struct store_journal *ret,
        mitome_error *error)
{
        uint8_t buffer[CHAIN_SIZE];
        writer w = writer_over(record, STORE_RECORD_HEAD);
        write_slice(&w, SLICE(journal->mark));
        write_u32(&w, (uint32_t)(size - STORE_RECORD_HEAD));
        uint8_t *nonce = write_space(&w, STORE_NONCE);
        MITOME_TRY(draw(config, nonce, STORE_NONCE, error));
        seal(record + STORE_RECORD_HEAD, size - STORE_RECORD_HEAD - STORE_TAG, chain(journal, record, buffer),
                nonce, journal->key);
        *ret = *journal;
        return journal_append(ret, slice_of(record, size), error);
}

bool store_journal_takes(const struct store_journal *journal, size_t record_size)
{
        size_t limit = journal->image_size;
        if (limit < STORE_JOURNAL_LEAST)
                limit = STORE_JOURNAL_LEAST;
        if (limit > STORE_JOURNAL_MOST)
                limit = STORE_JOURNAL_MOST;
        return !journal->closed && record_size <= STORE_RECORD_MAX &&
               journal->size - journal->image_size + record_size <= limit;
}

/* Gives the whole size of the record at the beginning of `rest`, or 0: there is none that can be read, and
 * `rest` is as it was. */
static size_t open_record(const struct store_journal *journal, uint8_t *bytes, slice rest)
{
        uint8_t buffer[CHAIN_SIZE];
        reader r = reader_over(rest, NULL, NULL);
        slice mark, nonce;
        uint32_t size;
        if (failed(read_bytes(&r, "mark", STORE_MARK, &mark)) || failed(read_u32(&r, "size", &size)) ||
                failed(read_bytes(&r, "nonce", STORE_NONCE, &nonce)) ||
                !secret_equal(mark, SLICE(journal->mark)) || size > r.rest.size ||
                size > STORE_RECORD_MAX - STORE_RECORD_HEAD)
                return 0;
        slice bound = chain(journal, bytes, buffer);
        return is_sealed(r.rest.data, size, bound, nonce.data, journal->key) &&
                               unseal(bytes + STORE_RECORD_HEAD, size, bound, nonce.data, journal->key)
                       ? STORE_RECORD_HEAD + (size_t)size
                       : 0;
}

/* A record was appended only when the one before it had reached the medium: behind what a power cut tore
 * there is no mark. */
static bool is_torn(const struct store_journal *journal, slice rest)
{
        if (rest.size > STORE_RECORD_MAX)
                return false;
        for (size_t at = 1; at + STORE_MARK <= rest.size; at++)
                if (slice_equal(slice_of(rest.data + at, STORE_MARK), SLICE(journal->mark)))
                        return false;
        return true;
}

/* Only what store_commit appends may stand in a record. */
static mitome_status replay(slice list, struct store_objects *objects, mitome_error *error)
{
        struct store_objects changes = { 0 };
        MITOME_TRY(store_objects_read(list, &changes, error));
        struct store_outcome outcome = store_objects_outcome(objects, &changes);
        mitome_status status = store_objects_reserve(objects, changes.count, error);
        if (!failed(status) && (outcome.destroys || !outcome.changes))
                status = fail(error, MITOME_E_VALUE, "record", NULL);
        if (!failed(status) && !store_objects_fit(&outcome))
                status = fail(error, MITOME_E_TOO_MANY, "record", NULL);
        for (size_t i = 0; !failed(status) && i < changes.count; i++) {
                store_objects_take(objects, changes.list[i]);
                changes.list[i] = NULL; /* transferred */
        }
        store_objects_free(&changes);
        return status;
}

static mitome_status open_journal(uint8_t *image, size_t size, struct store_journal *journal,
        struct store_objects *objects, mitome_error *error)
{
        while (journal->size < size) {
                uint8_t *bytes = image + journal->size;
                slice rest = slice_of(bytes, size - journal->size);
                size_t whole = open_record(journal, bytes, rest);
                if (!whole) {
                        journal->closed = true;
                        return is_torn(journal, rest) ? ok()
                                                      : fail(error, MITOME_E_STORE_SEAL, "state", NULL);
                }
                MITOME_TRY(replay(slice_of(bytes + STORE_RECORD_HEAD, whole - STORE_RECORD_HEAD - STORE_TAG),
                        objects, error));
                MITOME_TRY(journal_append(journal, slice_of(bytes, whole), error));
        }
        return ok();
}

/* ---- images ---- */

static mitome_status open_image(const struct mitome_element_config *config, uint8_t *image, size_t size,
        struct store_journal *journal, struct store_objects *objects, mitome_error *error)
{
        reader r = reader_over(slice_of(image, size), NULL, NULL);
        slice name, key_nonce, sealed_key, nonce;
        uint64_t anchor;
        uint32_t list_size;
        if (failed(read_bytes(&r, "name", NAME_SIZE, &name)) || failed(read_u64(&r, "anchor", &anchor)) ||
                failed(read_u32(&r, "size", &list_size)) ||
                failed(read_bytes(&r, "nonce", STORE_NONCE, &key_nonce)) ||
                failed(read_bytes(&r, "key", SEALED_KEY_SIZE, &sealed_key)) ||
                failed(read_bytes(&r, "nonce", STORE_NONCE, &nonce)) || list_size > r.rest.size)
                return fail(error, MITOME_E_STORE_SEAL, "state", NULL);
        uint8_t *list = image + STORE_IMAGE_HEAD;
        SECRET(key);
        MITOME_TRY(secret_set(&key, sealed_key, error));
        if (!unseal(key.data, SEALED_KEY_SIZE, slice_of(image, FIELDS_SIZE), key_nonce.data,
                    config->storage_key) ||
                !unseal(list, list_size, slice_of(image, BOUND_SIZE), nonce.data, key.data))
                return fail(error, MITOME_E_STORE_SEAL, "state", NULL);
        MITOME_TRY(store_objects_read(slice_of(list, list_size - STORE_TAG), objects, error));
        MITOME_TRY(journal_begin(
                key.data, anchor, slice_of(image, STORE_IMAGE_HEAD + (size_t)list_size), journal, error));
        return open_journal(image, size, journal, objects, error);
}

/* The first form. Nothing can be appended to it: the next commit writes the present one in its place. */
static mitome_status open_sealed(const struct mitome_element_config *config, uint8_t *image, size_t size,
        struct store_journal *journal, struct store_objects *objects, mitome_error *error)
{
        enum { HEAD = NAME_SIZE + STORE_NONCE };
        uint8_t *list = image + HEAD;
        if (size < HEAD + STORE_TAG || !unseal(list, size - HEAD, slice_of(image, NAME_SIZE),
                                               image + NAME_SIZE, config->storage_key))
                return fail(error, MITOME_E_STORE_SEAL, "state", NULL);
        *journal = (struct store_journal){ .size = size, .image_size = size, .closed = true, .former = true };
        return store_objects_read(slice_of(list, size - HEAD - STORE_TAG), objects, error);
}

mitome_status store_image_open(const struct mitome_element_config *config, uint8_t *image, size_t size,
        struct store_journal *ret_journal, struct store_objects *ret_objects, mitome_error *error)
{
        reader r = reader_over(slice_of(image, size), NULL, NULL);
        slice name;
        uint16_t version;
        if (failed(read_bytes(&r, "state", sizeof magic - 1, &name)) || !slice_is(name, magic) ||
                failed(read_u16(&r, "state", &version)) || version < VERSION_SEALED || version > VERSION)
                return fail(error, MITOME_E_STORE_FOREIGN, "state", NULL);
        struct store_journal journal = { 0 };
        struct store_objects objects = { 0 };
        mitome_status status = version == VERSION
                                       ? open_image(config, image, size, &journal, &objects, error)
                                       : open_sealed(config, image, size, &journal, &objects, error);
        if (failed(status)) {
                store_objects_free(&objects);
        } else {
                *ret_journal = journal;
                *ret_objects = objects;
        }
        bytes_wipe(&journal, sizeof journal);
        return status;
}
