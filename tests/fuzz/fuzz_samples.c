/* SPDX-License-Identifier: Apache-2.0 */

/* What the matcher asks of a sample: the first byte says whether the rest is an image (its width follows), or
 * the prints that were seen, under their seal. */

#include "seen_samples.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN_MAX = 1 << 17, IMAGE_MAX = 16 + 4 + 24 + PLAIN_MAX + 16 };

static const uint8_t key[32] = { 0x5A };

struct medium {
        uint8_t *bytes;
        size_t size;
        uint64_t counter;
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
        must(!failed(slice_copy(image, "image", medium->bytes, IMAGE_MAX, NULL)));
        medium->size = image.size;
        return ok();
}

static mitome_status append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        struct medium *medium = context;
        writer w = writer_over(medium->bytes, IMAGE_MAX);
        (void)error;
        must(at == medium->size && write_space(&w, at));
        write_slice(&w, record);
        must(!w.overflowed);
        medium->size = w.used;
        return ok();
}

static mitome_status read_counter(void *context, uint64_t *ret_value, mitome_error *error)
{
        const struct medium *medium = context;
        (void)error;
        *ret_value = medium->counter;
        return ok();
}

static mitome_status advance(void *context, uint64_t value, mitome_error *error)
{
        struct medium *medium = context;
        (void)error;
        must(value == medium->counter + 1);
        medium->counter = value;
        return ok();
}

static void seal(struct medium *medium, slice plain)
{
        unsigned long long size = 0;
        writer w = writer_over(medium->bytes, IMAGE_MAX);
        write_slice(&w, slice_text("mitome samples 1"));
        write_u32(&w, (uint32_t)plain.size + 16);
        const slice head = writer_view(&w);
        uint8_t *nonce = write_space(&w, 24), *sealed = write_space(&w, plain.size + 16);
        must(nonce && sealed);
        sodium_memzero(nonce, 24);
        crypto_aead_xchacha20poly1305_ietf_encrypt(
                sealed, &size, plain.data, plain.size, head.data, head.size, NULL, nonce, key);
        medium->size = w.used;
}

/* Where the counter fits; what was taken takes one more, and is read again. */
static void open_seen(slice plain)
{
        struct medium medium = { .bytes = malloc(IMAGE_MAX) };
        const struct seen_config config = {
                .storage = { .context = &medium, .load = load, .append = append, .replace = replace },
                .anchor = { .context = &medium, .read = read_counter, .advance = advance },
                .key = SLICE(key),
        };
        const struct sample_sketch sketch = { .ridge = { 1 }, .known = { 3 } };
        struct seen_samples *seen = NULL, *again = NULL;
        reader r = reader_over(plain, NULL, NULL);
        slice before;
        must(medium.bytes != NULL);
        if (!failed(read_bytes(&r, "before", 49, &before)) &&
                !failed(read_u64(&r, "changes", &medium.counter)) && medium.counter < UINT64_MAX / 2) {
                seal(&medium, plain);
                if (!failed(seen_samples_open(&config, &seen, NULL))) {
                        must(!failed(seen_samples_add(seen, &sketch, NULL)));
                        must(!failed(seen_samples_open(&config, &again, NULL)));
                }
        }
        seen_samples_free(seen);
        seen_samples_free(again);
        free(medium.bytes);
}

static void look(slice grey, size_t width)
{
        static struct sample_checker *checker; /* it is large, and nothing in it lasts */
        struct sample_sketch sketch = { 0 };
        if (!checker)
                must(!failed(sample_checker_new(&checker, NULL)));
        const struct sample_image image = { width, width ? grey.size / width : 0, grey };
        if (sample_look(checker, &image, &sketch) == SAMPLE_GOOD)
                must(sample_likeness(checker, &sketch) > 900); /* it is like itself */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        uint8_t what = 0;
        uint16_t width = 0;
        if (failed(read_u8(&r, "what", &what)))
                return 0;
        if (what & 1 && !failed(read_u16(&r, "width", &width)))
                look(r.rest, width % (SAMPLE_SIDE_MAX + 2));
        else if (!(what & 1) && r.rest.size <= PLAIN_MAX)
                open_seen(r.rest);
        return 0;
}
