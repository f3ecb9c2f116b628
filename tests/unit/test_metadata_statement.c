/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define AAGUID "\"aaguid\":\"6d69746f-6d65-4001-8000-736f66740001\""
#define DETAILS                                                                                                                 \
        "\"userVerificationDetails\":[[{\"userVerificationMethod\":\"fingerprint_internal\",\"baDesc\":{\"maxTemplates\":1}}]," \
        "[{\"userVerificationMethod\":\"passcode_external\"},{\"userVerificationMethod\":\"presence_internal\"}]]"
#define PROTECTION "\"keyProtection\":[\"hardware\",\"secure_element\"]"
#define ROOTS "\"attestationRootCertificates\":[\"MAA=\",\"AQID\"]"
static const char whole[] =
        "{\"legalHeader\":\"x\",\"description\":\"A \\\"model\\\"\"," AAGUID "," DETAILS "," PROTECTION
        ",\"matcherProtection\":[\"on_chip\"]," ROOTS ",\"upv\":[{\"major\":1}]}";

static mitome_code read(const char *json, struct metadata_statement *statement)
{
        static uint8_t buffer[64];
        mitome_error error = { 0 };
        mitome_status status =
                metadata_statement_read(slice_text(json), buffer, sizeof buffer, statement, &error);
        assert_int_equal(error.code, status.code);
        return status.code;
}

static void a_statement_is_read(void **state)
{
        (void)state;
        static const uint8_t aaguid[] = { 0x6d, 0x69, 0x74, 0x6f, 0x6d, 0x65, 0x40, 0x01, 0x80, 0x00, 0x73,
                0x6f, 0x66, 0x74, 0x00, 0x01 };
        struct metadata_statement statement;
        assert_int_equal(read(whole, &statement), MITOME_OK);
        assert_memory_equal(statement.aaguid, aaguid, sizeof aaguid);
        assert_int_equal(statement.root_count, 2);
        assert_true(slice_equal(statement.roots[0], slice_of("\x30\x00", 2)));
        assert_true(slice_equal(statement.roots[1], slice_of("\x01\x02\x03", 3)));
        assert_int_equal(statement.key_protection, METADATA_HARDWARE | METADATA_SECURE_ELEMENT);
        assert_int_equal(statement.matcher_protection, METADATA_ON_CHIP);
        assert_int_equal(statement.weakest_path, METADATA_PATH_PASSCODE);
        assert_true(slice_is(statement.description, "A \\\"model\\\""));
}

/* Outer OR, inner AND: the weakest alternative counts, each as strong as its strongest method. */
static void the_weakest_path_counts(void **state)
{
        (void)state;
        static const struct {
                const char *details;
                enum metadata_path weakest;
        } cases[] = {
                { "[]", METADATA_PATH_NONE },
                { "[[]]", METADATA_PATH_NONE },
                { "[[{\"userVerificationMethod\":\"fingerprint_internal\"}]]", METADATA_PATH_BIOMETRIC },
                { "[[{\"userVerificationMethod\":\"fingerprint_internal\"}],[{\"userVerificationMethod\":\"presence_internal\"}]]",
                        METADATA_PATH_PRESENCE },
                { "[[{\"userVerificationMethod\":\"passcode_internal\"},{\"userVerificationMethod\":\"eyeprint_internal\"}]]",
                        METADATA_PATH_BIOMETRIC },
                { "[[{\"userVerificationMethod\":\"none\"}]]", METADATA_PATH_NONE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char json[512];
                struct metadata_statement statement;
                snprintf(json, sizeof json, "{" AAGUID "," PROTECTION ",\"userVerificationDetails\":%s}",
                        cases[i].details);
                assert_int_equal(read(json, &statement), MITOME_OK);
                assert_int_equal(statement.weakest_path, cases[i].weakest);
        }
}

static void a_wrong_statement_is_refused(void **state)
{
        (void)state;
        static const struct {
                const char *json;
                mitome_code code;
        } cases[] = {
                { "{" DETAILS "," PROTECTION "}", MITOME_E_MISSING },
                { "{" AAGUID "," PROTECTION "}", MITOME_E_MISSING },
                { "{" AAGUID "," DETAILS "}", MITOME_E_MISSING },
                { "{\"aaguid\":\"6d69746f6d6540018000736f66740001\"," DETAILS "," PROTECTION "}",
                        MITOME_E_VALUE },
                { "{\"aaguid\":\"6d69746f-6d65-4001-8000-736f6674000g\"," DETAILS "," PROTECTION "}",
                        MITOME_E_VALUE },
                { "{" AAGUID "," DETAILS ",\"keyProtection\":[]}", MITOME_E_MISSING },
                { "{" AAGUID "," DETAILS ",\"keyProtection\":[\"magic\"]}", MITOME_E_VALUE },
                { "{" AAGUID "," PROTECTION ",\"userVerificationDetails\":[[{}]]}", MITOME_E_MISSING },
                { "{" AAGUID "," PROTECTION
                  ",\"userVerificationDetails\":[[{\"userVerificationMethod\":\"telepathy\"}]]}",
                        MITOME_E_VALUE },
                { "{" AAGUID "," DETAILS "," PROTECTION ",\"attestationRootCertificates\":[\"MAA\"]}",
                        MITOME_E_VALUE },
                { "{" AAGUID "," DETAILS "," PROTECTION ",\"attestationRootCertificates\":[\"AQI\xC3\xA9\"]}",
                        MITOME_E_VALUE },
                { "{" AAGUID "," DETAILS "," PROTECTION ",\"attestationRootCertificates\":[\"\"]}",
                        MITOME_E_VALUE },
                { "{" AAGUID "," AAGUID "," DETAILS "," PROTECTION "}", MITOME_E_JSON_DUPLICATE_NAME },
                { "{" AAGUID "," DETAILS "," PROTECTION "}x", MITOME_E_TRAILING_BYTES },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct metadata_statement statement = { .root_count = 77 };
                assert_int_equal(read(cases[i].json, &statement), cases[i].code);
                assert_int_equal(statement.root_count, 77);
        }
        for (size_t size = 0; size < sizeof whole - 1; size++) {
                uint8_t buffer[64];
                struct metadata_statement statement;
                assert_int_not_equal(metadata_statement_read(
                                             slice_of(whole, size), buffer, sizeof buffer, &statement, NULL)
                                             .code,
                        MITOME_OK);
        }
}

static void certificates_must_fit_the_buffer(void **state)
{
        (void)state;
        uint8_t buffer[4];
        struct metadata_statement statement;
        assert_int_equal(
                metadata_statement_read(slice_text(whole), buffer, sizeof buffer, &statement, NULL).code,
                MITOME_E_VALUE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_statement_is_read),
                cmocka_unit_test(the_weakest_path_counts),
                cmocka_unit_test(a_wrong_statement_is_refused),
                cmocka_unit_test(certificates_must_fit_the_buffer),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
