/* SPDX-License-Identifier: Apache-2.0 */
#include "seen_samples.h"

#include <sodium.h>
#include <stdlib.h>

/* The image: 16 bytes that name it, u32 size of what is sealed, 24 bytes of nonce, then sealed
 *
 *   version u8 · epoch 16 bytes · identity 32 bytes · changes u64 · last u16, sketches
 *
 * followed by records of one size each: nonce, then a sealed sketch. A record is bound to the image's epoch
 * and to its own number, so that none can be left out, doubled or moved. `changes` counts all that was ever
 * written; the image's count and its records together are what the counter must say, or one more: the power
 * went before the counter was raised. */
enum {
        VERSION = 1,
        MAGIC_SIZE = 16,
        NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
        EPOCH_SIZE = 16,
        PLAIN_MAX = 1 + EPOCH_SIZE + SEEN_IDENTITY_SIZE + 8 + 2 + SEEN_LAST * SAMPLE_SKETCH_SIZE,
        NAME_SIZE = MAGIC_SIZE + 4,
        HEAD_SIZE = NAME_SIZE + NONCE_SIZE,
        RECORD_SIZE = NONCE_SIZE + SAMPLE_SKETCH_SIZE + TAG_SIZE,
        RECORDS_MAX = 128, /* then the image is written anew */
        IMAGE_MAX = HEAD_SIZE + PLAIN_MAX + TAG_SIZE,
        BOUND_SIZE = EPOCH_SIZE + 8,
};

static const char magic[] = "mitome samples 1"; /* without its terminator */

/* All that is remembered; small enough to be copied for a change that may fail. */
struct memory {
        uint8_t epoch[EPOCH_SIZE];
        uint8_t identity[SEEN_IDENTITY_SIZE];
        uint64_t changes;
        size_t last_count, next; /* where the next one goes: the oldest, once all places are taken */
        struct sample_sketch last[SEEN_LAST];
};

struct seen_samples {
        struct mitome_storage storage;
        struct mitome_anchor anchor;
        struct secret key;
        bool broken; /* a write failed: what the medium holds is not known */
        size_t size; /* of what the medium holds */
        size_t records;
        struct memory memory;
};

/* ---- memory ---- */

static void remember(struct memory *memory, const struct sample_sketch *sketch)
{
        memory->last[memory->next] = *sketch;
        memory->next = (memory->next + 1) % SEEN_LAST;
        if (memory->last_count < SEEN_LAST)
                memory->last_count++;
}

/* ---- sealing ---- */

static void seal(const struct seen_samples *seen, slice plain, slice bound, writer *w)
{
        unsigned long long sealed_size = 0;
        uint8_t *nonce = write_space(w, NONCE_SIZE), *sealed = write_space(w, plain.size + TAG_SIZE);
        if (!nonce || !sealed)
                return;
        randombytes_buf(nonce, NONCE_SIZE);
        crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_size, plain.data, plain.size, bound.data,
                bound.size, NULL, nonce, seen->key.data);
}

/* `plain` has room for sealed.size - TAG_SIZE bytes. */
static mitome_status unseal(const struct seen_samples *seen, slice nonce, slice sealed, slice bound,
        uint8_t *plain, mitome_error *error)
{
        unsigned long long size = 0;
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, sealed.data, sealed.size,
                    bound.data, bound.size, nonce.data, seen->key.data) != 0)
                return fail(error, MITOME_E_STORE_SEAL, "the samples", NULL);
        return ok();
}

static void write_bound(writer *w, const struct memory *memory, size_t record)
{
        write_slice(w, SLICE(memory->epoch));
        write_u64(w, record);
}

/* ---- the image ---- */

static void write_memory(writer *w, const struct memory *memory)
{
        write_u8(w, VERSION);
        write_slice(w, SLICE(memory->epoch));
        write_slice(w, SLICE(memory->identity));
        write_u64(w, memory->changes);
        write_u16(w, (uint16_t)memory->last_count);
        size_t oldest = memory->last_count < SEEN_LAST ? 0 : memory->next;
        for (size_t i = 0; i < memory->last_count; i++)
                sample_sketch_write(w, &memory->last[(oldest + i) % SEEN_LAST]);
}

/* `memory` is all zeros. */
static mitome_status read_memory(slice plain, struct memory *memory, mitome_error *error)
{
        reader r = reader_over(plain, NULL, error);
        struct sample_sketch sketch;
        uint8_t version;
        uint16_t last;
        MITOME_TRY(read_u8(&r, "version", &version));
        MITOME_TRY(read_into(&r, "epoch", memory->epoch, sizeof memory->epoch));
        MITOME_TRY(read_into(&r, "identity", memory->identity, sizeof memory->identity));
        MITOME_TRY(read_u64(&r, "changes", &memory->changes));
        MITOME_TRY(read_u16(&r, "last", &last));
        if (version != VERSION || last > SEEN_LAST)
                return reader_fail(&r, MITOME_E_STORE_FOREIGN, "the samples");
        for (; last; last--) {
                MITOME_TRY(sample_sketch_read(&r, &sketch));
                remember(memory, &sketch);
        }
        return read_end(&r, "the samples");
}

static mitome_status write_image(struct seen_samples *seen, const struct memory *memory, uint8_t *plain,
        uint8_t *image, mitome_error *error)
{
        writer w = writer_over(plain, PLAIN_MAX), sealed = writer_over(image, IMAGE_MAX);
        slice view;
        write_memory(&w, memory);
        MITOME_TRY(writer_finish(&w, "the samples", &view, error));
        write_slice(&sealed, slice_text(magic));
        write_u32(&sealed, (uint32_t)(view.size + TAG_SIZE));
        seal(seen, view, writer_view(&sealed), &sealed);
        MITOME_TRY(writer_finish(&sealed, "the samples", &view, error));
        MITOME_TRY(seen->storage.replace(seen->storage.context, view, error));
        seen->size = view.size;
        seen->records = 0;
        return ok();
}

/* Under a new epoch: records of before do not fit behind it. */
static mitome_status replace_image(struct seen_samples *seen, struct memory *memory, mitome_error *error)
{
        uint8_t *plain = malloc(PLAIN_MAX), *image = malloc(IMAGE_MAX);
        randombytes_buf(memory->epoch, sizeof memory->epoch);
        mitome_status status = plain && image ? write_image(seen, memory, plain, image, error)
                                              : fail(error, MITOME_E_NO_MEMORY, "the samples", NULL);
        if (plain)
                bytes_wipe(plain, PLAIN_MAX);
        free(plain);
        free(image);
        return status;
}

/* ---- records ---- */

static mitome_status append_record(
        struct seen_samples *seen, const struct sample_sketch *sketch, mitome_error *error)
{
        uint8_t plain[SAMPLE_SKETCH_SIZE], bound[BOUND_SIZE], record[RECORD_SIZE];
        writer w = WRITER(plain), about = WRITER(bound), sealed = WRITER(record);
        slice view;
        sample_sketch_write(&w, sketch);
        write_bound(&about, &seen->memory, seen->records);
        seal(seen, writer_view(&w), writer_view(&about), &sealed);
        bytes_wipe(plain, sizeof plain);
        MITOME_TRY(writer_finish(&sealed, "the samples", &view, error));
        MITOME_TRY(seen->storage.append(seen->storage.context, seen->size, view, error));
        seen->size += view.size;
        seen->records++;
        return ok();
}

static mitome_status take_record(struct seen_samples *seen, slice record)
{
        uint8_t plain[SAMPLE_SKETCH_SIZE], bound[BOUND_SIZE];
        writer about = WRITER(bound);
        reader r = reader_over(record, NULL, NULL), inside = reader_over(SLICE(plain), NULL, NULL);
        struct sample_sketch sketch;
        slice nonce;
        write_bound(&about, &seen->memory, seen->records);
        MITOME_TRY(read_bytes(&r, "nonce", NONCE_SIZE, &nonce));
        MITOME_TRY(unseal(seen, nonce, read_rest(&r), writer_view(&about), plain, NULL));
        MITOME_TRY(sample_sketch_read(&inside, &sketch));
        bytes_wipe(plain, sizeof plain);
        remember(&seen->memory, &sketch);
        bytes_wipe(&sketch, sizeof sketch);
        seen->memory.changes++;
        seen->size += record.size;
        seen->records++;
        return ok();
}

/* Up to the first that is not whole: whether one is missing, the counter tells. */
static void take_records(struct seen_samples *seen, reader *r)
{
        slice record;
        while (seen->records < RECORDS_MAX && !failed(read_bytes(r, "record", RECORD_SIZE, &record)))
                if (failed(take_record(seen, record)))
                        return;
}

/* ---- reading ---- */

static mitome_status open_image(
        struct seen_samples *seen, slice nonce, slice sealed, slice name, mitome_error *error)
{
        size_t size = sealed.size - TAG_SIZE;
        uint8_t *plain = malloc(size + 1);
        if (!plain)
                return fail(error, MITOME_E_NO_MEMORY, "the samples", NULL);
        mitome_status status = unseal(seen, nonce, sealed, name, plain, error);
        if (!failed(status))
                status = read_memory(slice_of(plain, size), &seen->memory, error);
        bytes_wipe(plain, size);
        free(plain);
        return status;
}

static mitome_status read_image(struct seen_samples *seen, slice image, mitome_error *error)
{
        reader r = reader_over(image, NULL, NULL);
        slice name, nonce, sealed;
        uint32_t size = 0;
        if (failed(read_bytes(&r, "name", MAGIC_SIZE, &name)) || !slice_is(name, magic))
                return fail(error, MITOME_E_STORE_FOREIGN, "the samples", NULL);
        if (failed(read_u32(&r, "size", &size)) || size < TAG_SIZE || size > PLAIN_MAX + TAG_SIZE ||
                failed(read_bytes(&r, "nonce", NONCE_SIZE, &nonce)) ||
                failed(read_bytes(&r, "samples", size, &sealed)))
                return fail(error, MITOME_E_STORE_SEAL, "the samples", NULL);
        MITOME_TRY(open_image(seen, nonce, sealed, slice_of(image.data, NAME_SIZE), error));
        seen->size = HEAD_SIZE + size;
        take_records(seen, &r);
        return ok();
}

/* ---- changing ---- */

static mitome_status write_failed(struct seen_samples *seen, mitome_status status)
{
        seen->broken = true;
        return status;
}

/* The counter follows what is durable. */
static mitome_status count_change(struct seen_samples *seen, mitome_error *error)
{
        mitome_status status = seen->anchor.advance(seen->anchor.context, seen->memory.changes, error);
        return failed(status) ? write_failed(seen, status) : ok();
}

/* Writes `next`, and takes it for what is remembered. */
static mitome_status adopt(struct seen_samples *seen, struct memory *next, mitome_error *error)
{
        if (seen->broken)
                return fail(error, MITOME_E_FILE_WRITE, "the samples", NULL);
        next->changes++;
        mitome_status status = replace_image(seen, next, error);
        if (failed(status))
                return write_failed(seen, status);
        seen->memory = *next;
        return count_change(seen, error);
}

/* With one sample more, or with none. */
static mitome_status adopt_with(
        struct seen_samples *seen, const struct sample_sketch *sketch, mitome_error *error)
{
        struct memory *next = malloc(sizeof *next);
        if (!next)
                return fail(error, MITOME_E_NO_MEMORY, "the samples", NULL);
        *next = seen->memory;
        if (sketch)
                remember(next, sketch);
        mitome_status status = adopt(seen, next, error);
        bytes_wipe(next, sizeof *next);
        free(next);
        return status;
}

/* ---- opening ---- */

/* Nothing was ever written where the counter was never raised. */
static mitome_status settle(struct seen_samples *seen, size_t found, mitome_error *error)
{
        uint64_t counted = 0;
        MITOME_TRY(seen->anchor.read(seen->anchor.context, &counted, error));
        uint64_t changes = seen->memory.changes;
        if (changes < counted)
                return fail(error, found ? MITOME_E_STORE_ROLLED_BACK : MITOME_E_STORE_MISSING, "the samples",
                        NULL);
        if (changes > counted + 1)
                return fail(error, MITOME_E_STORE_ANCHOR, "the samples", NULL);
        if (changes == counted + 1)
                MITOME_TRY(count_change(seen, error));
        return found && found == seen->size ? ok() : adopt_with(seen, NULL, error);
}

static mitome_status load(struct seen_samples *seen, mitome_error *error)
{
        uint8_t *image = NULL;
        size_t size = 0;
        MITOME_TRY(seen->storage.load(seen->storage.context, &image, &size, error));
        if (!image)
                randombytes_buf(seen->memory.identity, sizeof seen->memory.identity);
        mitome_status status = image ? read_image(seen, slice_of(image, size), error) : ok();
        free(image);
        return failed(status) ? status : settle(seen, size, error);
}

/* Whatever there was. */
static mitome_status begin_anew(struct seen_samples *seen, mitome_error *error)
{
        MITOME_TRY(seen->anchor.read(seen->anchor.context, &seen->memory.changes, error));
        randombytes_buf(seen->memory.identity, sizeof seen->memory.identity);
        return adopt_with(seen, NULL, error);
}

static mitome_status open_by(mitome_status (*begin)(struct seen_samples *seen, mitome_error *error),
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error)
{
        struct seen_samples *seen = calloc(1, sizeof *seen);
        if (!seen)
                return fail(error, MITOME_E_NO_MEMORY, "the samples", NULL);
        seen->storage = config->storage;
        seen->anchor = config->anchor;
        mitome_status status = config->key.size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES
                                       ? secret_set(&seen->key, config->key, error)
                                       : fail(error, MITOME_E_ARGUMENT, "storage key", NULL);
        if (!failed(status))
                status = begin(seen, error);
        if (failed(status)) {
                seen_samples_free(seen);
                return status;
        }
        *ret = seen;
        return ok();
}

mitome_status seen_samples_open(
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error)
{
        return open_by(load, config, ret, error);
}

mitome_status seen_samples_renew(
        const struct seen_config *config, struct seen_samples **ret, mitome_error *error)
{
        return open_by(begin_anew, config, ret, error);
}

void seen_samples_free(struct seen_samples *seen)
{
        if (!seen)
                return;
        bytes_wipe(seen, sizeof *seen);
        free(seen);
}

/* ---- what it is for ---- */

bool seen_samples_holds(const struct seen_samples *seen, struct sample_checker *checker)
{
        const struct memory *memory = &seen->memory;
        for (size_t i = 0; i < memory->last_count; i++)
                if (sample_is_copy(checker, &memory->last[i]))
                        return true;
        return false;
}

mitome_status seen_samples_add(
        struct seen_samples *seen, const struct sample_sketch *sketch, mitome_error *error)
{
        if (seen->records == RECORDS_MAX)
                return adopt_with(seen, sketch, error);
        if (seen->broken)
                return fail(error, MITOME_E_FILE_WRITE, "the samples", NULL);
        mitome_status status = append_record(seen, sketch, error);
        if (failed(status))
                return write_failed(seen, status);
        remember(&seen->memory, sketch);
        seen->memory.changes++;
        return count_change(seen, error);
}

void seen_samples_identity(const struct seen_samples *seen, uint8_t ret[SEEN_IDENTITY_SIZE])
{
        writer w = writer_over(ret, SEEN_IDENTITY_SIZE);
        write_slice(&w, SLICE(seen->memory.identity));
}
