/* SPDX-License-Identifier: Apache-2.0 */

/* What the matcher keeps: the first byte says whether the rest is the state under its seal, the entry
 * policy's record or the maker's certificate. What is taken is written again, and read as the same. */

#include "certified_class.h"
#include "entry_book.h"
#include "matcher_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN_MAX = 1 << 16, HEAD_SIZE = 16 + 24, IMAGE_MAX = HEAD_SIZE + PLAIN_MAX + 16 };

static const uint8_t key[32] = { 0x5A };

struct medium {
        uint8_t *bytes;
        size_t size;
};

static void must(bool right)
{
        if (!right)
                abort();
}

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        const struct medium *medium = context;
        uint8_t *copy = malloc(medium->size);
        (void)error;
        must(copy != NULL);
        must(!failed(slice_copy(slice_of(medium->bytes, medium->size), "image", copy, medium->size, NULL)));
        *ret_image = copy;
        *ret_size = medium->size;
        return ok();
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        struct medium *medium = context;
        (void)error;
        must(image.size <= IMAGE_MAX);
        must(!failed(slice_copy(image, "image", medium->bytes, IMAGE_MAX, NULL)));
        medium->size = image.size;
        return ok();
}

static void seal(struct medium *medium, slice plain)
{
        static const char magic[] = "mitome matcher 1";
        unsigned long long size = 0;
        writer w = writer_over(medium->bytes, IMAGE_MAX);
        write_slice(&w, slice_text(magic));
        uint8_t *nonce = write_space(&w, 24), *sealed = write_space(&w, plain.size + 16);
        must(nonce && sealed);
        sodium_memzero(nonce, 24);
        crypto_aead_xchacha20poly1305_ietf_encrypt(
                sealed, &size, plain.data, plain.size, (const uint8_t *)magic, 16, NULL, nonce, key);
        medium->size = HEAD_SIZE + (size_t)size;
}

static void try_state(slice plain)
{
        struct medium medium = { .bytes = malloc(IMAGE_MAX) };
        const struct mitome_storage storage = { .context = &medium, .load = load, .replace = replace };
        struct matcher_state *state = NULL, *again = NULL;
        const uint8_t survey[MATCHER_SURVEY_SIZE] = { 0x51 };
        must(medium.bytes != NULL);
        seal(&medium, plain);
        if (!failed(matcher_state_open(&storage, SLICE(key), &state, NULL))) {
                must(!failed(matcher_state_compare(state, SLICE(survey), NULL)));
                must(!failed(matcher_state_open(&storage, SLICE(key), &again, NULL)));
                must(again->finger_count == state->finger_count && again->paired == state->paired);
                must(slice_equal(SLICE(again->set), SLICE(state->set)));
                must(again->certificate_size == state->certificate_size);
                must(memcmp(again->sensor, state->sensor, sizeof state->sensor) == 0);
        }
        matcher_state_free(state);
        matcher_state_free(again);
        free(medium.bytes);
}

static void try_record(slice bytes)
{
        uint8_t written[ENTRY_RECORD_SIZE];
        struct entry_record record;
        writer w = WRITER(written);
        if (failed(entry_record_read(bytes, &record, NULL)))
                return;
        entry_record_write(&w, &record);
        must(slice_equal(writer_view(&w), bytes));
}

/* It lowers a class, and raises none. */
static void try_certificate(slice certificate)
{
        for (uint8_t own = MATCHER_SCRIPTED; own <= MATCHER_STRONG; own++)
                must(certified_class(certificate, own) <= own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        uint8_t which;
        if (size > PLAIN_MAX / 2 || failed(read_u8(&r, "which", &which)) || sodium_init() < 0)
                return 0;
        if (which % 3 == 1)
                try_record(read_rest(&r));
        else if (which % 3 == 2)
                try_certificate(read_rest(&r));
        else
                try_state(read_rest(&r));
        return 0;
}
