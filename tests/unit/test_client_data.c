/* SPDX-License-Identifier: Apache-2.0 */
/* CollectedClientData as browsers write it and as nobody may, WebAuthn L3 5.8.1. */
#include "client_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char clause[] = "WebAuthn L3 7.1 #6";

static uint8_t space[4096];

static mitome_status read_bytes_of(slice json, struct client_data *ret, mitome_error *error)
{
        writer arena = WRITER(space);
        *error = (mitome_error){ 0 };
        return client_data_read(json, clause, &arena, ret, error);
}

static mitome_status read_text(const char *json, struct client_data *ret, mitome_error *error)
{
        return read_bytes_of(slice_text(json), ret, error);
}

#define TEXT(start, challenge, origin, rest) \
        start "{\"type\":\"webauthn.get\",\"challenge\":\"" challenge "\",\"origin\":\"" origin "\"" rest "}"
#define VALID TEXT("", "AAECAw", "https://example.org", ",\"crossOrigin\":true,\"topOrigin\":\"https://t\"")

static void reads_every_member(void **state)
{
        (void)state;
        static const uint8_t challenge[] = { 0, 1, 2, 3 };
        struct client_data data;
        mitome_error error;
        assert_int_equal(read_text(VALID, &data, &error).code, MITOME_OK);
        assert_true(slice_is(data.type, "webauthn.get"));
        assert_true(slice_equal(data.challenge, SLICE(challenge)));
        assert_true(slice_is(data.origin, "https://example.org"));
        assert_true(data.cross_origin);
        assert_true(data.has_top_origin);
        assert_true(slice_is(data.top_origin, "https://t"));
}

/* What stands in real data: members of later versions, white space, escapes, a byte order mark. */
static void takes_what_browsers_write(void **state)
{
        (void)state;
        static const char *const texts[] = {
                TEXT("", "AAECAw", "https://example.org", ""),
                TEXT("\xEF\xBB\xBF", "AAECAw", "https://example.org", ""),
                TEXT("", "AAECAw", "https:\\/\\/example\\u002eorg", ""),
                TEXT("", "AAECAw", "https://example.org", ",\"androidPackageName\":\"org.x\",\"y\":[1,{}]"),
                TEXT("\r\n ", "AAECAw", "https://example.org", "\r\n\t"),
                "{\r\n  \"origin\" : \"https://example.org\",\r\n  \"challenge\" : \"AAECAw\",\r\n  \"type\" : "
                "\"webauthn.get\"\r\n}\r\n",
                TEXT("", "AAECAw", "https://example.org", ",\"crossOrigin\":false"),
        };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                struct client_data data;
                mitome_error error;
                assert_int_equal(read_text(texts[i], &data, &error).code, MITOME_OK);
                assert_true(slice_is(data.origin, "https://example.org"));
                assert_false(data.cross_origin);
                assert_false(data.has_top_origin);
        }
}

static void refuses_what_is_no_client_data(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                mitome_code code;
                const char *field;
        } cases[] = {
                { "", MITOME_E_INPUT_ENDS, "clientDataJSON" },
                { "[]", MITOME_E_JSON_TYPE, "clientDataJSON" },
                { "{}", MITOME_E_MISSING, "clientDataJSON.type" },
                { "\xEF\xBB\xBF\xEF\xBB\xBF{}", MITOME_E_JSON_SYNTAX, "clientDataJSON" },
                { "\xEF\xBB{}", MITOME_E_JSON_SYNTAX, "clientDataJSON" },
                { VALID "x", MITOME_E_TRAILING_BYTES, "clientDataJSON" },
                { VALID VALID, MITOME_E_TRAILING_BYTES, "clientDataJSON" },
                { TEXT("", "AAECAw", "o", ",\"type\":\"webauthn.get\""), MITOME_E_JSON_DUPLICATE_NAME,
                        "clientDataJSON" },
                { TEXT("", "AAECAw", "o", ",\"\\u006frigin\":\"p\""), MITOME_E_JSON_DUPLICATE_NAME,
                        "clientDataJSON" },
                { TEXT("", "AAECAw", "o", ",\"x\":1,\"x\":1"), MITOME_E_JSON_DUPLICATE_NAME,
                        "clientDataJSON" },
                { TEXT("", "AAECAw", "o", ",\"x\":\"\xFF\""), MITOME_E_UTF8, "clientDataJSON" },
                { TEXT("", "AAECAw", "\xC0\xAF", ""), MITOME_E_UTF8, "clientDataJSON.origin" },
                { TEXT("", "AAECAw", "\\ud800", ""), MITOME_E_JSON_SURROGATE, "clientDataJSON.origin" },
                { TEXT("", "AAECAw==", "o", ""), MITOME_E_BASE64URL, "clientDataJSON.challenge" },
                { TEXT("", "AAECAx", "o", ""), MITOME_E_BASE64URL, "clientDataJSON.challenge" },
                { TEXT("", "AAEC+/", "o", ""), MITOME_E_BASE64URL, "clientDataJSON.challenge" },
                { TEXT("", "AAEC Aw", "o", ""), MITOME_E_BASE64URL, "clientDataJSON.challenge" },
                { TEXT("", "AAECA", "o", ""), MITOME_E_BASE64URL, "clientDataJSON.challenge" },
                { TEXT("", "AAECAw", "o", ",\"crossOrigin\":\"true\""), MITOME_E_JSON_TYPE,
                        "clientDataJSON.crossOrigin" },
                { TEXT("", "AAECAw", "o", ",\"crossOrigin\":null"), MITOME_E_JSON_TYPE,
                        "clientDataJSON.crossOrigin" },
                { TEXT("", "AAECAw", "o", ",\"topOrigin\":null"), MITOME_E_JSON_TYPE,
                        "clientDataJSON.topOrigin" },
                { TEXT("", "AAECAw", "o", ",\"topOrigin\":[]"), MITOME_E_JSON_TYPE,
                        "clientDataJSON.topOrigin" },
                { "{\"type\":1}", MITOME_E_JSON_TYPE, "clientDataJSON.type" },
                { "{\"type\":\"t\",\"challenge\":\"AA\"}", MITOME_E_MISSING, "clientDataJSON.origin" },
                { "{\"type\":\"t\",\"origin\":\"o\"}", MITOME_E_MISSING, "clientDataJSON.challenge" },
                { "{\"type\":\"t\",}", MITOME_E_JSON_SYNTAX, "clientDataJSON" },
                { "{\"type\":\"t\" \"challenge\":\"AA\"}", MITOME_E_JSON_SYNTAX, "clientDataJSON" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct client_data data = { .cross_origin = true };
                mitome_error error;
                mitome_status status = read_text(cases[i].text, &data, &error);
                if (status.code != cases[i].code || strcmp(error.field, cases[i].field) != 0)
                        print_error("%s: %d %s\n", cases[i].text, status.code, error.field);
                assert_int_equal(status.code, cases[i].code);
                assert_int_equal(error.code, cases[i].code);
                assert_string_equal(error.field, cases[i].field);
                assert_string_equal(error.clause, clause);
                assert_true(data.cross_origin); /* left alone */
                assert_null(data.type.data);
        }
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        for (size_t size = 0; size < sizeof VALID - 1; size++) {
                struct client_data data;
                mitome_error error;
                mitome_status status = read_bytes_of(slice_of(VALID, size), &data, &error);
                assert_int_equal(status.code, MITOME_E_INPUT_ENDS);
                assert_int_equal(error.at, size);
        }
}

/* The caller's buffer may have any size: too small is told, and nothing is written behind it. */
static void keeps_to_its_buffer(void **state)
{
        (void)state;
        size_t refused = 0;
        for (size_t capacity = 0; capacity < 128; capacity++) {
                uint8_t buffer[129];
                memset(buffer, 0xEE, sizeof buffer);
                writer arena = writer_over(buffer, capacity);
                struct client_data data;
                mitome_error error = { 0 };
                mitome_status status = client_data_read(slice_text(VALID), clause, &arena, &data, &error);
                if (failed(status)) {
                        assert_int_equal(status.code, MITOME_E_BUFFER_FULL);
                        refused++;
                }
                for (size_t i = capacity; i < sizeof buffer; i++)
                        assert_int_equal(buffer[i], 0xEE);
        }
        assert_in_range(refused, 1, 127);
}

static void refuses_more_than_the_limits(void **state)
{
        (void)state;
        static char text[40100], big[40000];
        static uint8_t room[80000];
        memset(big, 'A', CLIENT_DATA_MAX + 1);
        snprintf(text, sizeof text, "{\"type\":\"t\",\"challenge\":\"AA\",\"origin\":\"%s\"}", big);
        writer arena = WRITER(room);
        struct client_data data;
        mitome_error error = { 0 };
        assert_int_equal(
                client_data_read(slice_text(text), clause, &arena, &data, &error).code, MITOME_E_TOO_LONG);
        assert_string_equal(error.field, "clientDataJSON.origin");
        char deep[200] = "{\"x\":";
        memset(deep + 5, '[', 100);
        assert_int_equal(read_text(deep, &data, &error).code, MITOME_E_DEPTH);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_every_member),
                cmocka_unit_test(takes_what_browsers_write),
                cmocka_unit_test(refuses_what_is_no_client_data),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(keeps_to_its_buffer),
                cmocka_unit_test(refuses_more_than_the_limits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
