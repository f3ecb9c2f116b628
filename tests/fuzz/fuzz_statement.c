/* SPDX-License-Identifier: Apache-2.0 */

/* An attestation statement of any format (the first byte tells which) over one registration. What a format
 * finds lies in the input; what it refuses leaves nothing behind. */

#include "attestation_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "none", "packed", "fido-u2f", "tpm", "android-key", "apple", "compound",
        "mitome-jpki", "android-safetynet" };

/* A registration with the base point of P-256 for a key: whose private key, 1, is everybody's. */
static slice make_auth_data(uint8_t *buffer, size_t capacity, struct authdata *ret)
{
        static const uint8_t zeros[32];
        static const uint8_t x[] = { 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5,
                0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39,
                0x45, 0xD8, 0x98, 0xC2, 0x96 };
        static const uint8_t y[] = { 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
                0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40,
                0x68, 0x37, 0xBF, 0x51, 0xF5 };
        const struct authdata data = {
                .rp_id_hash = SLICE(zeros),
                .flags = AUTHDATA_UP | AUTHDATA_AT,
                .aaguid = slice_of(zeros, AUTHDATA_AAGUID_SIZE),
                .credential_id = slice_of(zeros, 16),
                .public_key = { .algorithm = COSE_ES256, .x = SLICE(x), .y = SLICE(y) },
        };
        writer w = writer_over(buffer, capacity);
        authdata_write(&w, &data);
        if (w.overflowed || failed(authdata_read(writer_view(&w), ret, NULL)))
                abort();
        return writer_view(&w);
}

static void check(slice input, const struct attestation_result *result)
{
        for (size_t i = 0; i < result->count; i++) {
                const struct attestation_part *part = &result->parts[i];
                bool has_chain = part->type == ATTESTATION_X5C || part->type == ATTESTATION_JPKI;
                if (!part->format || has_chain != (part->chain.count != 0))
                        abort();
                for (size_t j = 0; j < part->chain.count; j++)
                        if (!slice_contains(input, part->chain.certificates[j]))
                                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint8_t hash[32];
        uint8_t buffer[512];
        const struct attestation_format *format;
        const char *name;
        struct authdata auth_data;
        struct attestation_result result = { 0 };
        mitome_error error = { 0 };
        reader r = reader_over(slice_of(data, size), NULL, NULL);
        uint8_t which;
        if (failed(read_u8(&r, NULL, &which)) ||
                failed(attestation_format_find(slice_text(names[which % (sizeof names / sizeof names[0])]),
                        NULL, &name, &format, NULL)))
                return 0;
        const slice statement = read_rest(&r);
        struct attestation_input input = {
                .statement = cbor_over(statement, NULL, &error),
                .auth_data = make_auth_data(buffer, sizeof buffer, &auth_data),
                .data = &auth_data,
                .client_data_hash = SLICE(hash),
        };
        input.statement.depth = 1;
        input.statement.deeper = ATTESTATION_DEEPER;
        if (failed(format->verify(&input, &result, &error))) {
                if (result.count || !error.field || !error.clause)
                        abort();
                return 0;
        }
        if (result.count == 0)
                abort();
        check(statement, &result);
        return 0;
}
