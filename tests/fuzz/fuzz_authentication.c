/* SPDX-License-Identifier: Apache-2.0 */
/* AuthenticationResponseJSON from anywhere, against a key that nobody has: it must never be accepted. As in
 * fuzz_registration, the input says itself what the challenge, the origin and the credential are. */
#include "client_data.h"
#include "response_json.h"

#include <mitome/rp.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint8_t first[MITOME_RP_BUFFER_MAX], second[MITOME_RP_BUFFER_MAX];

/* The base point of P-256: its private key is 1, but no fuzzer signs. */
static const uint8_t public_key[] = { 0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20, 0x6B, 0x17,
        0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D,
        0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x22, 0x58, 0x20, 0x4F,
        0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE,
        0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        const slice json = slice_of(bytes, size);
        struct mitome_response response;
        struct client_data data;
        writer arena = WRITER(first);
        if (failed(response_read_authentication(json, &arena, &response, NULL)) ||
                failed(client_data_read(response.client_data, NULL, &arena, &data, NULL)) ||
                data.challenge.size == 0)
                return 0;
        const struct mitome_policy policy = { .allow_short_challenge = true };
        const struct mitome_expectation expected = {
                .rp_id = slice_text("example.org"),
                .origins = &data.origin,
                .origin_count = 1,
                .challenge = data.challenge,
        };
        const struct mitome_credential credential = {
                .id = response.credential_id,
                .public_key = SLICE(public_key),
                .backup_eligible_unknown = true,
        };
        struct mitome_verdict verdict;
        mitome_error error = { 0 };
        mitome_status status = mitome_verify_authentication(NULL, &policy, &expected, json, &credential, NULL,
                0, second, sizeof second, &verdict, &error);
        if (!failed(status) || error.code == MITOME_OK)
                abort();
        return 0;
}
