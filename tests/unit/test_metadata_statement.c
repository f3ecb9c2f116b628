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
                { "[[{\"userVerificationMethod\":\"location_internal\"}]]", METADATA_PATH_PRESENCE },
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

/* Of several methods of a kind the worst counts; what is not in its form says nothing, and costs nothing. */
static void limits_are_those_of_the_worst_method(void **state)
{
        (void)state;
#define CODE(members) "{\"userVerificationMethod\":\"passcode_external\",\"caDesc\":{" members "}}"
#define FINGER(members) "{\"baDesc\":{" members "},\"userVerificationMethod\":\"fingerprint_internal\"}"
#define OTHER(name) "{\"userVerificationMethod\":\"" name "_internal\"}"
        static const struct {
                const char *details;
                bool digits_only;
                enum metadata_modality modality;
                int length, code_tries, biometric_tries, wait; /* -1: not said */
        } cases[] = {
                { CODE("\"base\":10,\"minLength\":4,\"maxRetries\":3"), true, METADATA_MODALITY_UNKNOWN, 4, 3,
                        -1, -1 },
                { CODE("\"base\":64,\"minLength\":8"), false, METADATA_MODALITY_UNKNOWN, 8, -1, -1, -1 },
                { CODE("\"minLength\":6,\"maxRetries\":8") "],[" CODE("\"minLength\":4,\"maxRetries\":3"),
                        false, METADATA_MODALITY_UNKNOWN, 4, 8, -1, -1 },
                { CODE("\"maxRetries\":0") "],[" CODE("\"maxRetries\":3"), false, METADATA_MODALITY_UNKNOWN,
                        -1, 0, -1, -1 },
                { CODE("\"maxRetries\":3") "],[" CODE("\"maxRetries\":0"), false, METADATA_MODALITY_UNKNOWN,
                        -1, 0, -1, -1 },
                { FINGER("\"maxRetries\":5,\"blockSlowdown\":30"), false, METADATA_FINGER, -1, -1, 5, 30 },
                { FINGER("\"maxRetries\":5,\"blockSlowdown\":30") "],[" FINGER(
                          "\"maxRetries\":10,\"blockSlowdown\":0"),
                        false, METADATA_FINGER, -1, -1, 10, 0 },
                { FINGER("") ",{\"userVerificationMethod\":\"voiceprint_internal\"}", false, METADATA_VOICE,
                        -1, -1, -1, -1 },
                { FINGER("") "],[" OTHER("faceprint"), false, METADATA_FACE, -1, -1, -1, -1 },
                { OTHER("faceprint") "],[" FINGER(""), false, METADATA_FACE, -1, -1, -1, -1 },
                { OTHER("eyeprint") "],[" FINGER(""), false, METADATA_FINGER, -1, -1, -1, -1 },
                { OTHER("handprint"), false, METADATA_MODALITY_UNKNOWN, -1, -1, -1, -1 },
                { OTHER("handprint") "],[" FINGER(""), false, METADATA_MODALITY_UNKNOWN, -1, -1, -1, -1 },
                { OTHER("handprint") "],[" OTHER("voiceprint"), false, METADATA_VOICE, -1, -1, -1, -1 },
                { CODE("\"minLength\":\"4\",\"maxRetries\":3.5,\"base\":-10"), false,
                        METADATA_MODALITY_UNKNOWN, -1, -1, -1, -1 },
                { CODE("\"minLength\":4294967296"), false, METADATA_MODALITY_UNKNOWN, -1, -1, -1, -1 },
                { "{\"userVerificationMethod\":\"passcode_external\",\"caDesc\":[4]}", false,
                        METADATA_MODALITY_UNKNOWN, -1, -1, -1, -1 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char json[1024];
                struct metadata_statement statement;
                snprintf(json, sizeof json,
                        "{" AAGUID "," PROTECTION
                        ",\"isKeyRestricted\":%s,\"userVerificationDetails\":[[%s]]}",
                        i ? "true" : "\"true\"", cases[i].details);
                assert_int_equal(read(json, &statement), MITOME_OK);
                const struct metadata_methods *m = &statement.methods;
                const struct metadata_number numbers[] = { m->length_least, m->code_tries, m->biometric_tries,
                        m->wait_seconds };
                const int expected[] = { cases[i].length, cases[i].code_tries, cases[i].biometric_tries,
                        cases[i].wait };
                for (size_t j = 0; j < 4; j++)
                        assert_int_equal(numbers[j].said ? (int)numbers[j].value : -1, expected[j]);
                assert_int_equal(m->digits_only, cases[i].digits_only);
                assert_int_equal(m->modality, cases[i].modality);
                assert_int_equal(m->passcode, strstr(cases[i].details, "passcode") != NULL);
                assert_int_equal(m->biometric, strstr(cases[i].details, "print_internal") != NULL);
                assert_int_equal(statement.key_restricted, i != 0);
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
                { "{" AAGUID "," DETAILS "," PROTECTION ",\"attestationRootCertificates\":[\"====\"]}",
                        MITOME_E_VALUE },
                { "{" AAGUID "," DETAILS "," PROTECTION ",\"attestationRootCertificates\":[\"MAB=\"]}",
                        MITOME_E_VALUE }, /* bits that are not zero under the padding */
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

/* FIDO registry 3.2, 3.3: what protects keys and what protects matchers have names of their own. */
static void protections_are_those_of_their_registry(void **state)
{
        (void)state;
        static const struct {
                const char *key, *matcher;
                mitome_code code;
                unsigned key_bits, matcher_bits;
        } cases[] = {
                { "[\"hardware\",\"secure_element\",\"remote_handle\"]", "[\"on_chip\"]", MITOME_OK,
                        METADATA_HARDWARE | METADATA_SECURE_ELEMENT | METADATA_REMOTE_HANDLE,
                        METADATA_ON_CHIP },
                { "[\"software\"]", "[\"software\",\"tee\"]", MITOME_OK, METADATA_SOFTWARE,
                        METADATA_SOFTWARE | METADATA_TEE },
                { "[\"on_chip\"]", "[\"tee\"]", MITOME_E_VALUE, 0, 0 },
                { "[\"tee\"]", "[\"hardware\"]", MITOME_E_VALUE, 0, 0 },
                { "[\"tee\"]", "[\"secure_element\"]", MITOME_E_VALUE, 0, 0 },
                { "[\"tee\"]", "[\"remote_handle\"]", MITOME_E_VALUE, 0, 0 },
                { "[\"tee\"]", "[]", MITOME_E_MISSING, 0, 0 },
                { "\"tee\"", "[\"tee\"]", MITOME_E_JSON_TYPE, 0, 0 },
                { "[\"tee\",\"tee\",\"tee\",\"tee\",\"tee\",\"tee\",\"tee\",\"tee\",\"tee\"]", "[\"tee\"]",
                        MITOME_E_TOO_MANY, 0, 0 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char json[768];
                struct metadata_statement statement = { 0 };
                snprintf(json, sizeof json,
                        "{" AAGUID "," DETAILS ",\"keyProtection\":%s,\"matcherProtection\":%s}",
                        cases[i].key, cases[i].matcher);
                assert_int_equal(read(json, &statement), cases[i].code);
                assert_int_equal(statement.key_protection, cases[i].key_bits);
                assert_int_equal(statement.matcher_protection, cases[i].matcher_bits);
        }
}

/* The last that fits, and the first that does not. */
static void lists_are_bounded(void **state)
{
        (void)state;
        static const struct {
                const char *name, *open, *element, *close;
                int most;
        } lists[] = {
                { "attestationRootCertificates", "[", "\"AQ==\"", "]", METADATA_ROOTS_MAX },
                { "userVerificationDetails", "[", "[]", "]", 16 },
                { "userVerificationDetails", "[[", "{\"userVerificationMethod\":\"none\"}", "]]", 8 },
        };
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
                for (int over = 0; over < 2; over++) {
                        char json[1024];
                        struct metadata_statement statement;
                        int used = snprintf(json, sizeof json, "{" AAGUID "," PROTECTION ",%s\"%s\":%s%s",
                                i == 0 ? DETAILS "," : "", lists[i].name, lists[i].open, lists[i].element);
                        for (int j = 1; j < lists[i].most + over; j++)
                                used += snprintf(
                                        json + used, sizeof json - (size_t)used, ",%s", lists[i].element);
                        snprintf(json + used, sizeof json - (size_t)used, "%s}", lists[i].close);
                        assert_int_equal(read(json, &statement), over ? MITOME_E_TOO_MANY : MITOME_OK);
                }
}

static void certificates_must_fit_the_buffer(void **state)
{
        (void)state;
        uint8_t buffer[5]; /* exactly what the two of `whole` have */
        struct metadata_statement statement;
        for (size_t size = 0; size < sizeof buffer; size++)
                assert_int_equal(
                        metadata_statement_read(slice_text(whole), buffer, size, &statement, NULL).code,
                        MITOME_E_BUFFER_FULL);
        assert_int_equal(
                metadata_statement_read(slice_text(whole), buffer, sizeof buffer, &statement, NULL).code,
                MITOME_OK);
        assert_true(slice_contains(SLICE(buffer), statement.roots[1]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_statement_is_read),
                cmocka_unit_test(the_weakest_path_counts),
                cmocka_unit_test(limits_are_those_of_the_worst_method),
                cmocka_unit_test(a_wrong_statement_is_refused),
                cmocka_unit_test(protections_are_those_of_their_registry),
                cmocka_unit_test(lists_are_bounded),
                cmocka_unit_test(certificates_must_fit_the_buffer),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
