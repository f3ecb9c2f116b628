/* SPDX-License-Identifier: Apache-2.0 */
/* How a relying party starts: verify RP-ID ORIGIN CHALLENGE [RECORD] <RESPONSE
 * CHALLENGE is a file with the bytes that were given out, RESPONSE the JSON that came back; without RECORD a
 * registration. Prints the record to be kept. docs/first-login.md goes on from here. */
#include <mitome/record.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint8_t given[1024], sent[65536], stored[MITOME_RECORD_MAX], space[MITOME_RECORD_MAX];
static uint8_t buffer[MITOME_RP_BUFFER_MAX], written[MITOME_RECORD_MAX];
static struct mitome_verdict verdict;

int main(int argc, char **argv)
{
        FILE *challenge = argc > 3 ? fopen(argv[3], "rb") : NULL,
             *old = argc > 4 ? fopen(argv[4], "rb") : stdin;
        if (!challenge || !old)
                return fputs("usage: verify RP-ID ORIGIN CHALLENGE [RECORD] <RESPONSE\n", stderr), 2;
        const mitome_slice origin = { (const uint8_t *)argv[2], strlen(argv[2]) };
        const struct mitome_expectation expected = { .rp_id = { (const uint8_t *)argv[1], strlen(argv[1]) },
                .origins = &origin,
                .origin_count = 1,
                .challenge = { given, fread(given, 1, sizeof given, challenge) } };
        const struct mitome_policy policy = { .require_user_verification = true };
        const mitome_slice response = { sent, fread(sent, 1, sizeof sent, stdin) };
        struct mitome_record record = { 0 };
        mitome_slice json = { stored, old == stdin ? 0 : fread(stored, 1, sizeof stored, old) };
        mitome_error error = { 0 };
        mitome_status status;
        if (old == stdin) {
                status = mitome_verify_registration(NULL, &policy, &expected, response, NULL, time(NULL),
                        buffer, sizeof buffer, &verdict, &error);
                if (status.code == MITOME_OK)
                        status = mitome_record_from_registration(
                                &verdict, &expected, NULL, time(NULL), &record, &error);
        } else {
                status = mitome_record_read_json(json, space, sizeof space, &record, &error);
                const struct mitome_credential key = mitome_record_credential(&record);
                if (status.code == MITOME_OK)
                        status = mitome_verify_authentication(NULL, &policy, &expected, response, &key, NULL,
                                time(NULL), buffer, sizeof buffer, &verdict, &error);
                if (status.code == MITOME_OK)
                        status = mitome_record_after_login(
                                &record, &verdict, MITOME_UV_KEEP, time(NULL), &error);
        }
        if (status.code == MITOME_OK)
                status = mitome_record_write_json(&record, written, sizeof written, &json, &error);
        char message[512];
        mitome_explain(&error, message, sizeof message);
        return status.code == MITOME_OK ? printf("%.*s\n", (int)json.size, (const char *)json.data) < 0
                                        : (fprintf(stderr, "verify: %s\n", message), 1);
}
