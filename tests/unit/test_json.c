/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON (RFC 8259), read and written, and held against another reader. */
#include "transcribe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <sodium.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { TEXT_MAX = 8192 };

/* Takes the whole input as one value. */
static mitome_code judge(slice input, mitome_error *error)
{
        struct json_reader r = json_over(input, "RFC 8259", error);
        mitome_status status = json_skip(&r, "value");
        if (!failed(status))
                status = json_end(&r, "value");
        if (!failed(status))
                assert_int_equal(r.depth, 0);
        return status.code;
}

struct verdict {
        const char *text;
        mitome_code code;
        size_t at;
};

static void check(const struct verdict *verdicts, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                mitome_error error = { 0 };
                slice input = exact_copy(slice_text(verdicts[i].text));
                mitome_code code = judge(input, &error);
                if (code != verdicts[i].code || (code && error.at != verdicts[i].at))
                        print_error("%s: %d at %zu\n", verdicts[i].text, code, error.at);
                assert_int_equal(code, verdicts[i].code);
                assert_int_equal(error.code, code);
                if (code) {
                        assert_int_equal(error.at, verdicts[i].at);
                        assert_string_equal(error.clause, "RFC 8259");
                }
                exact_free(input);
        }
}

static void judges_the_grammar(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "{}", MITOME_OK },
                { " \t\r\n{ \"a\" : [ 1 , 2 ] } \n", MITOME_OK },
                { "[null,true,false,\"\",0,-0,{},[]]", MITOME_OK },
                { "0.5e+10", MITOME_OK },
                { "-1E-9", MITOME_OK },
                { "", MITOME_E_INPUT_ENDS, 0 },
                { "  ", MITOME_E_INPUT_ENDS, 2 },
                { "[", MITOME_E_INPUT_ENDS, 1 },
                { "[1", MITOME_E_INPUT_ENDS, 2 },
                { "{\"a\"", MITOME_E_INPUT_ENDS, 4 },
                { "[1,]", MITOME_E_JSON_SYNTAX, 3 },
                { "[1, ]", MITOME_E_JSON_SYNTAX, 4 },
                { "[,1]", MITOME_E_JSON_SYNTAX, 1 },
                { "[1 2]", MITOME_E_JSON_SYNTAX, 3 },
                { "[1}", MITOME_E_JSON_SYNTAX, 2 },
                { "{\"a\":1,}", MITOME_E_JSON_SYNTAX, 7 },
                { "{,}", MITOME_E_JSON_SYNTAX, 1 },
                { "{a:1}", MITOME_E_JSON_SYNTAX, 1 },
                { "{1:1}", MITOME_E_JSON_SYNTAX, 1 },
                { "{\"a\" 1}", MITOME_E_JSON_SYNTAX, 5 },
                { "{\"a\":}", MITOME_E_JSON_SYNTAX, 5 },
                { "{\"a\":1]", MITOME_E_JSON_SYNTAX, 6 },
                { "01", MITOME_E_JSON_SYNTAX, 0 },
                { "-01", MITOME_E_JSON_SYNTAX, 1 },
                { "+1", MITOME_E_JSON_SYNTAX, 0 },
                { ".5", MITOME_E_JSON_SYNTAX, 0 },
                { "1.", MITOME_E_INPUT_ENDS, 2 },
                { "1.x", MITOME_E_JSON_SYNTAX, 2 },
                { "1e", MITOME_E_INPUT_ENDS, 2 },
                { "[1e]", MITOME_E_JSON_SYNTAX, 3 },
                { "-", MITOME_E_INPUT_ENDS, 1 },
                { "-x", MITOME_E_JSON_SYNTAX, 1 },
                { "tru", MITOME_E_INPUT_ENDS, 3 },
                { "trux", MITOME_E_JSON_SYNTAX, 3 },
                { "True", MITOME_E_JSON_SYNTAX, 0 },
                { "nul!", MITOME_E_JSON_SYNTAX, 3 },
                { "NaN", MITOME_E_JSON_SYNTAX, 0 },
                { "'a'", MITOME_E_JSON_SYNTAX, 0 },
                { "/**/1", MITOME_E_JSON_SYNTAX, 0 },
                { "\xEF\xBB\xBF{}", MITOME_E_JSON_SYNTAX, 0 }, /* 8.1: no byte order mark */
                { "\f1", MITOME_E_JSON_SYNTAX, 0 },
                { "1 1", MITOME_E_TRAILING_BYTES, 2 },
                { "{}}", MITOME_E_TRAILING_BYTES, 2 },
                { "truefalse", MITOME_E_TRAILING_BYTES, 4 },
        };
        check(verdicts, COUNT(verdicts));
        static const char nul[] = "{}\0";
        assert_int_equal(judge(slice_of(nul, 3), NULL), MITOME_E_TRAILING_BYTES);
        assert_int_equal(judge(slice_of(nul + 2, 1), NULL), MITOME_E_JSON_SYNTAX);
        assert_int_equal(judge(slice_of("\"\0\"", 3), NULL), MITOME_E_JSON_SYNTAX);
}

/* RFC 8259, 7 and 8.2; of lone surrogates it says that "the behavior of software that receives JSON texts
 * containing such values is unpredictable". */
static void judges_strings(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", MITOME_OK },
                { "\"\\uD834\\uDD1E\"", MITOME_OK },
                { "\"\x7F\"", MITOME_OK },
                { "\"\\u0000\"", MITOME_OK },
                { "\"abc", MITOME_E_INPUT_ENDS, 4 },
                { "\"\\", MITOME_E_INPUT_ENDS, 2 },
                { "\"\\u12", MITOME_E_INPUT_ENDS, 5 },
                { "\"a\nb\"", MITOME_E_JSON_SYNTAX, 2 },
                { "\"\x1F\"", MITOME_E_JSON_SYNTAX, 1 },
                { "\"\\a\"", MITOME_E_JSON_SYNTAX, 2 },
                { "\"\\U0041\"", MITOME_E_JSON_SYNTAX, 2 },
                { "\"\\u00g0\"", MITOME_E_JSON_SYNTAX, 5 },
                { "\"\\uDC00\"", MITOME_E_JSON_SURROGATE, 7 },
                { "\"\\uD800\"", MITOME_E_JSON_SURROGATE, 7 },
                { "\"\\uD800x\"", MITOME_E_JSON_SURROGATE, 7 },
                { "\"\\uD800\\n\"", MITOME_E_JSON_SURROGATE, 8 },
                { "\"\\uD800\\u0041\"", MITOME_E_JSON_SURROGATE, 13 },
                { "\"\\uD800\\uD800\"", MITOME_E_JSON_SURROGATE, 13 },
                { "\"\xFF\"", MITOME_E_UTF8, 1 },
                { "\"\xC0\x80\"", MITOME_E_UTF8, 1 },
                { "\"a\xED\xA0\x80\"", MITOME_E_UTF8, 1 },
                { "\"\xC3\"", MITOME_E_UTF8, 1 },
                { "{\"\xFF\":1}", MITOME_E_UTF8, 2 },
        };
        check(verdicts, COUNT(verdicts));
}

static void names_are_unique_however_they_are_escaped(void **state)
{
        (void)state;
        static const struct verdict verdicts[] = {
                { "{\"a\":1,\"b\":2}", MITOME_OK },
                { "{\"a\":1,\"A\":2}", MITOME_OK },
                { "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", MITOME_OK },
                { "{\"\":1,\"\\u0000\":2}", MITOME_OK },
                { "{\"a\":1,\"a\":1}", MITOME_E_JSON_DUPLICATE_NAME, 7 },
                { "{\"\":1,\"\":1}", MITOME_E_JSON_DUPLICATE_NAME, 6 },
                { "{\"a\":1,\"\\u0061\":1}", MITOME_E_JSON_DUPLICATE_NAME, 7 },
                { "{\"\\/\":1,\"/\":1}", MITOME_E_JSON_DUPLICATE_NAME, 8 },
                { "{\"\\n\":1,\"\\u000A\":1}", MITOME_E_JSON_DUPLICATE_NAME, 8 },
                { "{\"\xC3\xA9\":1,\"\\u00e9\":1}", MITOME_E_JSON_DUPLICATE_NAME, 8 },
                { "{\"\\uD834\\uDD1E\":1,\"\xF0\x9D\x84\x9E\":1}", MITOME_E_JSON_DUPLICATE_NAME, 18 },
                { "[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]", MITOME_E_JSON_DUPLICATE_NAME, 19 },
        };
        check(verdicts, COUNT(verdicts));
        assert_true(json_name_is(slice_text("\\u0061\\u00e9\\\"b"), "a\xC3\xA9\"b"));
        assert_false(json_name_is(slice_text("a"), "ab"));
        assert_false(json_name_is(slice_text("ab"), "a"));
        assert_false(json_name_is(slice_text("\\u0000"), ""));
}

static void depth_and_members_have_their_limits(void **state)
{
        (void)state;
        char text[TEXT_MAX];
        for (size_t depth = JSON_DEPTH; depth <= JSON_DEPTH + 1; depth++) {
                memset(text, '[', depth);
                memset(text + depth, ']', depth);
                mitome_error error = { 0 };
                assert_int_equal(judge(slice_of(text, 2 * depth), &error),
                        depth > JSON_DEPTH ? MITOME_E_DEPTH : MITOME_OK);
                if (depth > JSON_DEPTH)
                        assert_int_equal(error.at, JSON_DEPTH);
        }
        for (int count = JSON_NAMES; count <= JSON_NAMES + 1; count++) {
                size_t used = 0;
                for (int i = 0; i < count; i++)
                        used += (size_t)snprintf(
                                text + used, sizeof text - used, "%c\"n%d\":0", i ? ',' : '{', i);
                text[used++] = '}';
                assert_int_equal(judge(slice_of(text, used), NULL),
                        count > JSON_NAMES ? MITOME_E_TOO_MANY : MITOME_OK);
        }
}

static void integers_have_53_bits(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                mitome_code code;
                int64_t value;
        } numbers[] = {
                { "0", MITOME_OK, 0 },
                { "-0", MITOME_OK, 0 },
                { "-257", MITOME_OK, -257 },
                { "9007199254740991", MITOME_OK, INT64_C(9007199254740991) },
                { "-9007199254740991", MITOME_OK, INT64_C(-9007199254740991) },
                { "9007199254740992", MITOME_E_JSON_NUMBER, 0 },
                { "-9007199254740992", MITOME_E_JSON_NUMBER, 0 },
                { "9007199254740999", MITOME_E_JSON_NUMBER, 0 },
                { "18446744073709551617", MITOME_E_JSON_NUMBER, 0 },
                { "1.0", MITOME_E_JSON_NUMBER, 0 },
                { "1e2", MITOME_E_JSON_NUMBER, 0 },
                { "00", MITOME_E_JSON_SYNTAX, 0 },
                { "\"1\"", MITOME_E_JSON_TYPE, 0 },
                { "true", MITOME_E_JSON_TYPE, 0 },
        };
        for (size_t i = 0; i < COUNT(numbers); i++) {
                int64_t value = 0;
                struct json_reader r = json_over(slice_text(numbers[i].text), NULL, NULL);
                assert_int_equal(json_read_int(&r, "it", &value).code, numbers[i].code);
                assert_true(value == numbers[i].value);
        }
}

static void each_call_refuses_the_other_types(void **state)
{
        (void)state;
        static const char *const values[] = { "{}", "[]", "\"\"", "1", "true", "null" };
        for (size_t i = 0; i < COUNT(values); i++) {
                slice input = slice_text(values[i]), view;
                struct json_members members;
                uint8_t buffer[8];
                int64_t number;
                bool flag;
                enum json_kind kind;
                struct json_reader start = json_over(input, NULL, NULL), r = start;
                assert_int_equal(json_peek(&r, "it", &kind).code, MITOME_OK);
                assert_int_equal(kind, i);
                struct json_reader each[] = { start, start, start, start, start };
                const mitome_code codes[] = {
                        json_open_object(&each[0], "it", &members).code,
                        json_open_array(&each[1], "it", &members).code,
                        json_read_string(&each[2], "it", buffer, sizeof buffer, &view).code,
                        json_read_int(&each[3], "it", &number).code,
                        json_read_bool(&each[4], "it", &flag).code,
                };
                for (size_t c = 0; c < COUNT(codes); c++)
                        assert_int_equal(codes[c], c == i ? MITOME_OK : MITOME_E_JSON_TYPE);
                r = start;
                assert_int_equal(json_read_raw(&r, "it", &view).code,
                        kind == JSON_KIND_STRING ? MITOME_OK : MITOME_E_JSON_TYPE);
                r = start;
                assert_int_equal(json_read_base64url(&r, "it", buffer, sizeof buffer, &view).code,
                        kind == JSON_KIND_STRING ? MITOME_OK : MITOME_E_JSON_TYPE);
        }
}

static void strings_are_unescaped_into_the_callers_buffer(void **state)
{
        (void)state;
        static const char text[] =
                "  \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20ac\\uD834\\uDD1E\xC3\xA9\"";
        static const char plain[] = "\"\\/\b\f\n\r\t\0\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E\xC3\xA9";
        uint8_t buffer[sizeof plain];
        for (size_t capacity = 0; capacity <= sizeof plain; capacity++) {
                mitome_error error = { 0 };
                slice string;
                struct json_reader r = json_over(slice_text(text), NULL, &error);
                mitome_code code = json_read_string(&r, "it", buffer, capacity, &string).code;
                bool fits = capacity >= sizeof plain - 1;
                assert_int_equal(code, fits ? MITOME_OK : MITOME_E_TOO_LONG);
                if (fits)
                        assert_true(slice_equal(string, slice_of(plain, sizeof plain - 1)));
                else
                        assert_int_equal(error.at, 2);
        }
}

/* RFC 4648, 5 and 3.5: no padding, no line feeds, no characters beside, no bits left over. */
static void base64url_is_strict(void **state)
{
        (void)state;
        static const struct {
                const char *text, *hex;
                mitome_code code;
        } cases[] = {
                { "\"\"", "", MITOME_OK },
                { "\"AA\"", "00", MITOME_OK },
                { "\"_-8\"", "ffef", MITOME_OK },
                { "\"Zm9v\"", "666f6f", MITOME_OK },
                { "\"A\"", NULL, MITOME_E_BASE64URL },
                { "\"Zm9vA\"", NULL, MITOME_E_BASE64URL },
                { "\"AB\"", NULL, MITOME_E_BASE64URL }, /* trailing bits */
                { "\"AAB\"", NULL, MITOME_E_BASE64URL },
                { "\"AA==\"", NULL, MITOME_E_BASE64URL },
                { "\"AA=\"", NULL, MITOME_E_BASE64URL },
                { "\"+/8\"", NULL, MITOME_E_BASE64URL },
                { "\"Zm 9\"", NULL, MITOME_E_BASE64URL },
                { "\"AA \"", NULL, MITOME_E_BASE64URL },
                { "\"A\xC3\xBF_\"", NULL, MITOME_E_BASE64URL }, /* UTF-8, but no digit */
                { "\"\\u0041A\"", NULL, MITOME_E_BASE64URL },   /* what would be "AA" */
                { "\"Zm9vZm9vZm9v\"", NULL, MITOME_E_TOO_LONG },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                uint8_t buffer[8], expected[8];
                slice bytes;
                mitome_error error = { 0 };
                struct json_reader r = json_over(slice_text(cases[i].text), NULL, &error);
                mitome_code code = json_read_base64url(&r, "it", buffer, sizeof buffer, &bytes).code;
                if (code != cases[i].code)
                        print_error("%s\n", cases[i].text);
                assert_int_equal(code, cases[i].code);
                assert_int_equal(error.code, code);
                if (!code)
                        assert_true(slice_equal(bytes, hex_decode(cases[i].hex, expected, sizeof expected)));
        }
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (unsigned value = 0; value <= 0xFF; value++) {
                const uint8_t text[] = { 'A', (uint8_t)value, 'A', 'A' };
                uint8_t buffer[3];
                slice bytes;
                bool known = value && strchr(alphabet, (int)value);
                assert_int_equal(base64url_decode(SLICE(text), "it", buffer, 3, &bytes, NULL).code,
                        known ? MITOME_OK : MITOME_E_BASE64URL);
        }
}

static void base64url_of_every_size_comes_back(void **state)
{
        (void)state;
        uint8_t bytes[70], text[120], again[70];
        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(i * 37 + 11);
        for (size_t size = 0; size <= sizeof bytes; size++) {
                writer w = WRITER(text);
                struct json_writer j = json_into(&w);
                json_write_base64url(&j, NULL, slice_of(bytes, size));
                assert_false(w.overflowed);
                struct json_reader r = json_over(writer_view(&w), NULL, NULL);
                slice read;
                assert_int_equal(json_read_base64url(&r, "it", again, size, &read).code, MITOME_OK);
                assert_true(slice_equal(read, slice_of(bytes, size)));
                assert_int_equal(json_end(&r, "it").code, MITOME_OK);
        }
}

static void what_is_written_is_read_again(void **state)
{
        (void)state;
        uint8_t buffer[512];
        writer w = WRITER(buffer);
        struct json_writer j = json_into(&w);
        json_write_open_object(&j, NULL);
        json_write_text(&j, "te\"xt", slice_of("\x01\"\\\n\xC3\xA9\xFF\x7F/", 9));
        json_write_int(&j, "least", INT64_MIN);
        json_write_int(&j, "zero", 0);
        json_write_open_array(&j, "list");
        json_write_bool(&j, NULL, true);
        json_write_bool(&j, NULL, false);
        json_write_null(&j, NULL);
        json_write_open_object(&j, NULL);
        json_write_close_object(&j);
        json_write_raw(&j, NULL, slice_text("[1]"));
        json_write_close_array(&j);
        json_write_string(&j, "last", "");
        json_write_close_object(&j);
        assert_int_equal(judge(writer_view(&w), NULL), MITOME_OK);
        assert_true(slice_is(writer_view(&w),
                "{\"te\\\"xt\":\"\\u0001\\\"\\\\\\u000a\xC3\xA9\xEF\xBF\xBD\\u007f/\","
                "\"least\":-9223372036854775808,\"zero\":0,\"list\":[true,false,null,{},[1]],\"last\":\"\"}"));
        for (size_t capacity = 0; capacity <= 9; capacity++) {
                w = writer_over(buffer, capacity);
                j = json_into(&w);
                json_write_string(&j, "a", "bcd"); /* "a":"bcd" */
                assert_int_equal(w.overflowed, capacity < 9);
        }
}

/* ---- against jansson ---- */

static const char *const seeds[] = {
        ("{\"type\":\"webauthn.create\",\"challenge\":\"AAECAwQFBgcICQ\",\"origin\":\"https://example.com\","
         "\"crossOrigin\":false}"),
        "[0,-1,12.5e+3,\"\\u00e9\\uD834\\uDD1E\\n\\\\\",{\"a\":null,\"b\":[true,false]},{}]",
        " { \"a\" : 1 , \"\\u0062\" : [ ] , \"c\" : { \"a\" : \"\xC3\xA9\xF0\x9D\x84\x9E\" } } ",
};

/* The whole of what jansson takes is meant to be a superset of ours: it has the same grammar, but its depth
 * is greater, and it refuses two things that RFC 8259 leaves to each: numbers that its types do not hold, and
 * (without JSON_ALLOW_NUL) the character U+0000. */
static bool jansson_takes(slice input, bool *ret_excused)
{
        json_error_t why;
        json_t *value = json_loadb((const char *)input.data, input.size,
                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
        enum json_error_code code = value ? json_error_unknown : json_error_code(&why);
        *ret_excused = !value && (code == json_error_numeric_overflow || code == json_error_null_byte_in_key);
        json_decref(value);
        return value != NULL;
}

static uint32_t next_random(uint32_t *seed)
{
        *seed = *seed * 1664525u + 1013904223u;
        return *seed >> 8;
}

/* One to three changes: a byte set, dropped, doubled or taken from what JSON is made of. */
static size_t mutate(uint8_t *text, size_t size, uint32_t *random)
{
        static const char telling[] = "{}[]\",:\\/u0019-+.eEabtn \n\x01\x7F\xC3\xA9\xED\xFF";
        for (uint32_t changes = 1 + next_random(random) % 3; changes && size > 1; changes--) {
                size_t at = next_random(random) % size;
                switch (next_random(random) % 4) {
                case 0:
                        text[at] = (uint8_t)next_random(random);
                        break;
                case 1:
                        text[at] = (uint8_t)telling[next_random(random) % (sizeof telling - 1)];
                        break;
                case 2:
                        memmove(text + at, text + at + 1, --size - at);
                        break;
                default:
                        memmove(text + at + 1, text + at, size++ - at);
                        break;
                }
        }
        return size;
}

static void never_takes_what_jansson_refuses(void **state)
{
        (void)state;
        uint32_t random = 1;
        size_t both = 0, neither = 0, stricter = 0;
        for (size_t round = 0; round < 20001; round++) {
                uint8_t text[512], written[4096];
                bool excused;
                slice seed = slice_text(seeds[round % COUNT(seeds)]);
                memcpy(text, seed.data, seed.size);
                slice input = slice_of(text, mutate(text, seed.size, &random));
                mitome_error error = { 0 };
                mitome_code code = judge(input, &error);
                bool taken = jansson_takes(input, &excused);
                assert_int_equal(error.code, code);
                if (code == MITOME_OK && !taken && !excused)
                        fail_msg("taken, and jansson does not: %.*s", (int)input.size, (const char *)text);
                if (code != MITOME_OK && taken)
                        print_message("stricter (%d): %.*s\n", code, (int)input.size, (const char *)text);
                code != MITOME_OK ? taken ? stricter++ : neither++ : both++;
                if (code != MITOME_OK)
                        continue;
                writer w = WRITER(written);
                struct json_writer j = json_into(&w);
                struct json_reader r = json_over(input, NULL, NULL);
                assert_int_equal(json_transcribe(&r, &j).code, MITOME_OK);
                assert_false(w.overflowed);
                assert_int_equal(judge(writer_view(&w), NULL), MITOME_OK);
        }
        assert_true(both > 1000 && neither > 1000);
        assert_int_equal(stricter, 0);
}

static void every_truncation_is_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(seeds); i++) {
                size_t whole = strlen(seeds[i]);
                while (seeds[i][whole - 1] == ' ')
                        whole--;
                assert_int_equal(judge(slice_of(seeds[i], whole), NULL), MITOME_OK);
                for (size_t size = 0; size < whole; size++) {
                        slice cut = exact_copy(slice_of(seeds[i], size));
                        mitome_error error = { 0 };
                        assert_int_equal(judge(cut, &error), MITOME_E_INPUT_ENDS);
                        assert_int_equal(error.at, size);
                        exact_free(cut);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(judges_the_grammar),
                cmocka_unit_test(judges_strings),
                cmocka_unit_test(names_are_unique_however_they_are_escaped),
                cmocka_unit_test(depth_and_members_have_their_limits),
                cmocka_unit_test(integers_have_53_bits),
                cmocka_unit_test(each_call_refuses_the_other_types),
                cmocka_unit_test(strings_are_unescaped_into_the_callers_buffer),
                cmocka_unit_test(base64url_is_strict),
                cmocka_unit_test(base64url_of_every_size_comes_back),
                cmocka_unit_test(what_is_written_is_read_again),
                cmocka_unit_test(never_takes_what_jansson_refuses),
                cmocka_unit_test(every_truncation_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
