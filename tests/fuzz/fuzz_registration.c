/* SPDX-License-Identifier: Apache-2.0 */
/* RegistrationResponseJSON from anywhere. Nobody can know the challenge, so what is let in is what the input
 * itself says was the challenge: the fuzzer gets behind the early steps and nothing may crash there. */
#include "client_data.h"
#include "response_json.h"

#include <mitome/rp.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint8_t first[MITOME_RP_BUFFER_MAX], second[MITOME_RP_BUFFER_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        const slice json = slice_of(bytes, size), origin = slice_text("https://example.org");
        struct mitome_response response;
        struct client_data data = { .challenge = origin };
        writer arena = WRITER(first);
        if (!failed(response_read_registration(json, &arena, &response, NULL)) &&
                failed(client_data_read(response.client_data, NULL, &arena, &data, NULL)))
                return 0;
        const struct mitome_policy policy = { .allow_short_challenge = true };
        const struct mitome_expectation expected = {
                .rp_id = slice_text("example.org"),
                .origins = data.origin.size ? &data.origin : &origin,
                .origin_count = 1,
                .challenge = data.challenge.size ? data.challenge : origin,
        };
        struct mitome_verdict verdict;
        mitome_error error = { 0 };
        mitome_status status = mitome_verify_registration(
                NULL, &policy, &expected, json, NULL, 0, second, sizeof second, &verdict, &error);
        if (failed(status) != (error.code != MITOME_OK))
                abort();
        if (!failed(status) && (!verdict.format || !slice_contains(SLICE(second), verdict.public_key) ||
                                       !slice_contains(SLICE(second), verdict.credential_id)))
                abort();
        return 0;
}
