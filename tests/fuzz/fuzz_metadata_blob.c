/* SPDX-License-Identifier: Apache-2.0 */

/* A metadata BLOB of anybody's is never believed; a payload of anybody's, were it signed, gives out what lies
 * in its own block, and every model that it lists is found again. */

#include "metadata_signature.h"
#include "metadata_snapshot.h"

#include <stdlib.h>

enum { NOW = 1800000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
        if (!condition)
                abort();
}

static void feed_payload(slice payload)
{
        struct mitome_metadata *metadata = NULL;
        uint8_t *space = malloc(payload.size + 1), sum = 0;
        writer scratch = writer_over(space, payload.size);
        mitome_status status =
                metadata_snapshot_read(payload, slice_text("signer"), NOW, &scratch, &metadata, NULL);
        free(space); /* nothing of it may be viewed */
        if (failed(status))
                return;
        size_t count = mitome_metadata_describe(metadata).entry_count;
        for (size_t i = 0; i < count; i++) {
                const struct mitome_metadata_entry *entry = mitome_metadata_at(metadata, i);
                must(entry->aaguid.size == 0 || mitome_metadata_find(metadata, entry->aaguid) == entry);
                must(slice_is_utf8(entry->description));
                must(entry->certification_level <= 6);
                for (size_t j = 0; j < entry->root_count; j++) {
                        must(entry->roots[j].size != 0);
                        sum ^= entry->roots[j].data[entry->roots[j].size - 1];
                }
        }
        for (size_t i = 0; i < metadata->key_count; i++) {
                const struct mitome_metadata_entry *found =
                        mitome_metadata_find_key(metadata, SLICE(metadata->keys[i].identifier));
                must(found && (found->compromised || !metadata->keys[i].entry->compromised));
        }
        must(!mitome_metadata_at(metadata, count));
        volatile uint8_t seen = sum;
        (void)seen;
        mitome_metadata_free(metadata);
}

static void feed_blob(slice blob, const struct mitome_trust *trust)
{
        struct mitome_metadata *metadata = NULL;
        mitome_error error = { 0 };
        must(mitome_metadata_read(blob, trust, NOW, 0, true, &metadata, &error).code != MITOME_OK);
        must(!metadata && (error.at == MITOME_NOWHERE || error.at <= blob.size));
}

/* A header before it is encoded. */
static void feed_header(slice json, const struct mitome_trust *trust)
{
        uint8_t *space = malloc(4 * json.size + 64), *scratch_space = malloc(json.size + 1);
        size_t size = 4 * json.size / 3 + 8;
        uint8_t *encoded = malloc(size);
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        writer out = writer_over(encoded, size), w = writer_over(space, 4 * json.size + 64),
               scratch = writer_over(scratch_space, json.size);
        for (size_t at = 0; at < json.size; at += 3) {
                uint32_t group = 0;
                size_t count = json.size - at < 3 ? json.size - at : 3;
                for (size_t i = 0; i < 3; i++)
                        group = group << 8 | (i < count ? json.data[at + i] : 0);
                for (size_t i = 0; i <= count; i++)
                        write_u8(&out, (uint8_t)digits[group >> (18 - 6 * i) & 63]);
        }
        const struct metadata_jws jws = { .header = writer_view(&out),
                .payload = slice_text("e30"),
                .signature = slice_text("AAAA"),
                .signed_text = slice_text("x.e30") };
        slice signer;
        must(failed(metadata_jws_verify(&jws, trust, NOW, &w, &scratch, &signer, NULL)));
        free(encoded);
        free(scratch_space);
        free(space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct mitome_trust *trust;
        must(mitome_trust_new(&trust, NULL).code == MITOME_OK);
        const slice input = slice_of(data, size);
        feed_payload(input);
        feed_blob(input, trust);
        feed_header(input, trust);
        mitome_trust_free(trust);
        return 0;
}
