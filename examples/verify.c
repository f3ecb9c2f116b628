/* SPDX-License-Identifier: Apache-2.0 */
/* How a relying party starts: verify RP-ID ORIGIN CHALLENGE [RECORD] <RESPONSE
 * CHALLENGE is a file with the bytes that were given out, RESPONSE the JSON that came back. Without RECORD it
 * is a registration, with RECORD a login; what is printed is the record to be kept. Exit status: 0 accepted,
 * 1 refused. docs/first-login.md goes on from here. */
#include <mitome/record.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint8_t challenge[1024], sent[65536], stored[MITOME_RECORD_MAX], space[MITOME_RECORD_MAX];
static uint8_t buffer[MITOME_RP_BUFFER_MAX], written[MITOME_RECORD_MAX];
static struct mitome_verdict verdict;

static mitome_slice read_file(FILE *file, uint8_t *bytes, size_t capacity)
{
        return (mitome_slice){ bytes, file ? fread(bytes, 1, capacity, file) : 0 };
}

static mitome_status verify(
        const struct mitome_expectation *expected, FILE *old_record, mitome_slice *ret, mitome_error *error)
{
        const struct mitome_policy policy = { .require_user_verification = true };
        const mitome_slice response = read_file(stdin, sent, sizeof sent);
        const int64_t now = time(NULL);
        struct mitome_record record;
        mitome_status status;
        if (old_record) {
                mitome_slice json = read_file(old_record, stored, sizeof stored);
                status = mitome_record_read_json(json, space, sizeof space, &record, error);
                if (status.code != MITOME_OK)
                        return status;
                const struct mitome_credential credential = mitome_record_credential(&record);
                status = mitome_verify_authentication(NULL, &policy, expected, response, &credential, NULL,
                        now, buffer, sizeof buffer, &verdict, error);
                if (status.code == MITOME_OK)
                        status = mitome_record_after_login(&record, &verdict, MITOME_UV_KEEP, now, error);
        } else {
                status = mitome_verify_registration(
                        NULL, &policy, expected, response, NULL, now, buffer, sizeof buffer, &verdict, error);
                if (status.code == MITOME_OK)
                        status = mitome_record_from_registration(
                                &verdict, expected, NULL, now, &record, error);
        }
        return status.code ? status : mitome_record_write_json(&record, written, sizeof written, ret, error);
}

int main(int argc, char **argv)
{
        char message[512];
        mitome_slice json;
        mitome_error error = { 0 };
        FILE *given_out = argc == 4 || argc == 5 ? fopen(argv[3], "rb") : NULL;
        FILE *record = argc == 5 ? fopen(argv[4], "rb") : NULL;
        if (!given_out || (argc == 5 && !record))
                return fputs("usage: verify RP-ID ORIGIN CHALLENGE [RECORD] <RESPONSE\n", stderr), 2;
        const mitome_slice origin = { (const uint8_t *)argv[2], strlen(argv[2]) };
        const struct mitome_expectation expected = { .rp_id = { (const uint8_t *)argv[1], strlen(argv[1]) },
                .origins = &origin,
                .origin_count = 1,
                .challenge = read_file(given_out, challenge, sizeof challenge) };
        mitome_status status = verify(&expected, record, &json, &error);
        mitome_explain(&error, message, sizeof message);
        if (status.code != MITOME_OK)
                return fprintf(stderr, "verify: %s\n", message), 1;
        printf("%.*s\n", (int)json.size, (const char *)json.data);
        return 0;
}
