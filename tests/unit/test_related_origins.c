/* SPDX-License-Identifier: Apache-2.0 */
/* The document of related origins, WebAuthn L3 5.11. */
#include "bytes.h"

#include <mitome/related_origins.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char clause[] = "WebAuthn L3 5.11";

#define ONE(origin) "{\"origins\":[\"" origin "\"]}"
#define LIST(origins) "{\"origins\":[" origins "]}"

static uint8_t space[MITOME_RELATED_DOCUMENT_MAX];
static mitome_slice origins[MITOME_RELATED_ORIGINS_MAX];

static mitome_status read_text(const char *document, size_t *ret_count, mitome_error *error)
{
        *error = (mitome_error){ 0 };
        return mitome_related_origins_read(slice_text(document), space, sizeof space, origins,
                MITOME_RELATED_ORIGINS_MAX, ret_count, error);
}

static void reads_the_list_in_order(void **state)
{
        (void)state;
        static const char *const documents[] = {
                LIST("\"https://example.co.jp\",\"https://example.jp:8443\",\"https://xn--r8jz45g.jp\""),
                " { \"x\" : [ 1, { } ] ,\n \"origins\" : [ \"https://example.co.jp\" , "
                "\"https://example.jp:8443\" ,\t\"https://xn--r8jz45g.jp\" ] } \n",
                LIST("\"https:\\/\\/example.co.jp\",\"https:\\/\\/example.jp:8443\",\"\\u0068ttps://"
                     "xn--r8jz45g.jp\""),
        };
        for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
                size_t count = 0;
                mitome_error error;
                assert_int_equal(read_text(documents[i], &count, &error).code, MITOME_OK);
                assert_int_equal(count, 3);
                assert_true(slice_is(origins[0], "https://example.co.jp"));
                assert_true(slice_is(origins[1], "https://example.jp:8443"));
                assert_true(slice_is(origins[2], "https://xn--r8jz45g.jp"));
                for (size_t n = 0; n < 3; n++)
                        assert_true(slice_contains(SLICE(space), origins[n]));
        }
}

static void allows_what_is_listed_alone(void **state)
{
        (void)state;
        static const char document[] = LIST("\"https:\\/\\/example.co.jp\",\"https://example.jp:8443\"");
        static const struct {
                const char *origin;
                bool allowed;
        } cases[] = {
                { "https://example.co.jp", true },
                { "https://example.jp:8443", true },
                { "https://example.jp", false },
                { "https://example.co.jp:8443", false },
                { "https://example.co.jp/", false },
                { "https://example.co.j", false },
                { "https://example.co.jpx", false },
                { "https://EXAMPLE.co.jp", false },
                { "http://example.co.jp", false },
                { "https://login.example.co.jp", false },
                { "", false },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                bool allowed = !cases[i].allowed;
                mitome_error error = { 0 };
                assert_int_equal(mitome_related_origins_allow(
                                         slice_text(document), slice_text(cases[i].origin), &allowed, &error)
                                         .code,
                        MITOME_OK);
                assert_true(allowed == cases[i].allowed);
        }
}

/* 5.11: the resource is a JSON object whose member "origins" is "an array of one or more strings containing
 * web origins". */
static void refuses_what_is_no_document(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                mitome_code code;
                const char *field;
        } cases[] = {
                { "", MITOME_E_INPUT_ENDS, "document" },
                { "[]", MITOME_E_JSON_TYPE, "document" },
                { "\"https://example.jp\"", MITOME_E_JSON_TYPE, "document" },
                { "{}", MITOME_E_MISSING, "origins" },
                { "{\"Origins\":[\"https://example.jp\"]}", MITOME_E_MISSING, "origins" },
                { "{\"origins\":{}}", MITOME_E_JSON_TYPE, "origins" },
                { "{\"origins\":\"https://example.jp\"}", MITOME_E_JSON_TYPE, "origins" },
                { "{\"origins\":null}", MITOME_E_JSON_TYPE, "origins" },
                { LIST(""), MITOME_E_MISSING, "origins[]" },
                { LIST("1"), MITOME_E_JSON_TYPE, "origins[]" },
                { LIST("\"https://example.jp\",null"), MITOME_E_JSON_TYPE, "origins[]" },
                { LIST("[\"https://example.jp\"]"), MITOME_E_JSON_TYPE, "origins[]" },
                { LIST("\"https://example.jp\","), MITOME_E_JSON_SYNTAX, "origins" },
                { LIST("\"https://example.jp\" \"https://example.jp\""), MITOME_E_JSON_SYNTAX, "origins" },
                { ONE("https://example.jp") "x", MITOME_E_TRAILING_BYTES, "document" },
                { "\xEF\xBB\xBF" ONE("https://example.jp"), MITOME_E_JSON_SYNTAX, "document" },
                { "{\"origins\":[\"https://example.jp\"],\"origins\":[\"https://example.jp\"]}",
                        MITOME_E_JSON_DUPLICATE_NAME, "document" },
                { ONE("https://example.jp\xFF"), MITOME_E_UTF8, "origins[]" },
                { ONE("https://example.jp\\ud800"), MITOME_E_JSON_SURROGATE, "origins[]" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                size_t count = 99;
                bool allowed = true;
                mitome_error error;
                mitome_status status = read_text(cases[i].text, &count, &error);
                if (status.code != cases[i].code || strcmp(error.field, cases[i].field) != 0)
                        print_error("%s: %d %s\n", cases[i].text, status.code, error.field);
                assert_int_equal(status.code, cases[i].code);
                assert_string_equal(error.field, cases[i].field);
                assert_string_equal(error.clause, clause);
                assert_int_equal(count, 99);
                /* wherever the origin that is looked for stands */
                error = (mitome_error){ 0 };
                assert_int_equal(mitome_related_origins_allow(slice_text(cases[i].text),
                                         slice_text("https://example.jp"), &allowed, &error)
                                         .code,
                        cases[i].code);
                assert_true(allowed);
        }
}

/* HTML, "serialization of an origin": scheme, "://", host, and the port if it is not the scheme's own; 5.1.3:
 * the effective domain must be a valid domain. */
static void refuses_what_is_no_origin(void **state)
{
        (void)state;
        static const char *const texts[] = { ONE(""), ONE("https://"), ONE("example.jp"), ONE("//example.jp"),
                ONE("http://example.jp"), ONE("HTTPS://example.jp"), ONE("wss://example.jp"),
                ONE("https:example.jp"), ONE("https:/example.jp"), ONE("https:///example.jp"),
                ONE("https://example.jp/"), ONE("https://example.jp/path"), ONE("https://example.jp?"),
                ONE("https://example.jp#"), ONE("https://example.jp."), ONE("https://.example.jp"),
                ONE("https://example..jp"), ONE("https://Example.jp"), ONE("https://*.example.jp"),
                ONE("https://user@example.jp"), ONE("https://user:pw@example.jp"), ONE("https://example.jp:"),
                ONE("https://example.jp:0"), ONE("https://example.jp:443"), ONE("https://example.jp:0444"),
                ONE("https://example.jp:65536"), ONE("https://example.jp:100000"),
                ONE("https://example.jp:-1"), ONE("https://example.jp:8443/"),
                ONE("https://example.jp:84:43"), ONE("https://example.jp:x"), ONE(" https://example.jp"),
                ONE("https://example.jp "), ONE("https://exa mple.jp"), ONE("https://exam_ple.jp"),
                ONE("https://-example.jp"), ONE("https://example-.jp"), ONE("https://\xE4\xBE\x8B.jp"),
                ONE("https://127.0.0.1"), ONE("https://example.0x7f"), ONE("https://example.0x"),
                ONE("https://example.7"), ONE("https://[::1]"), ONE("https://example%2ejp"),
                ONE("https://example.jp\\u0000"), ONE("android:apk-key-hash:AA"), ONE("null") };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                size_t count = 99;
                mitome_error error;
                mitome_status status = read_text(texts[i], &count, &error);
                if (status.code != MITOME_E_ORIGIN_FORM)
                        print_error("%s: %d\n", texts[i], status.code);
                assert_int_equal(status.code, MITOME_E_ORIGIN_FORM);
                assert_string_equal(error.field, "origins[]");
                assert_string_equal(error.clause, clause);
                assert_int_equal(error.at, 12); /* where the text begins */
                assert_int_equal(count, 99);
        }
}

static void takes_names_at_their_limits(void **state)
{
        (void)state;
        static const char *const texts[] = { ONE("https://localhost"), ONE("https://example.jp:1"),
                ONE("https://example.jp:65535"), ONE("https://1.2.3.4a"), ONE("https://7.jp"),
                ONE("https://a--b.jp"), ONE("https://0x7g"), ONE("https://x") };
        char label[64], name[400];
        size_t count;
        mitome_error error;
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                assert_int_equal(read_text(texts[i], &count, &error).code, MITOME_OK);
        memset(label, 'a', 63);
        label[63] = 0;
        /* RFC 1035, 2.3.4: labels have 63 octets or less, names 255 or less (253 of text) */
        snprintf(name, sizeof name, ONE("https://%s.%s.%s.%.61s:65535"), label, label, label, label);
        assert_int_equal(read_text(name, &count, &error).code, MITOME_OK);
        assert_int_equal(origins[0].size, 8 + 253 + 6);
        snprintf(name, sizeof name, ONE("https://%s.%s.%s.%.62s"), label, label, label, label);
        assert_int_equal(read_text(name, &count, &error).code, MITOME_E_ORIGIN_FORM);
        snprintf(name, sizeof name, ONE("https://a%s.jp"), label);
        assert_int_equal(read_text(name, &count, &error).code, MITOME_E_ORIGIN_FORM);
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        static const char document[] =
                "{\"x\":[{}],\"origins\":[\"https:\\/\\/example.co.jp\",\"https://example.jp:8443\"],\"y\":0}";
        for (size_t size = 0; size < sizeof document - 1; size++) {
                uint8_t *exact = malloc(size ? size : 1);
                size_t count = 99;
                mitome_error error = { 0 };
                memcpy(exact, document, size);
                assert_int_equal(mitome_related_origins_read(slice_of(exact, size), space, sizeof space,
                                         origins, MITOME_RELATED_ORIGINS_MAX, &count, &error)
                                         .code,
                        MITOME_E_INPUT_ENDS);
                assert_int_equal(error.at, size);
                free(exact);
        }
}

static void write_many(writer *w, size_t count, const char *last)
{
        write_slice(w, slice_text("{\"origins\":["));
        for (size_t i = 0; i < count; i++) {
                char text[64];
                snprintf(text, sizeof text, "%s\"https://a%zu.example\"", i ? "," : "", i);
                write_slice(w, slice_text(text));
        }
        write_slice(w, slice_text(last));
}

static void keeps_to_its_limits(void **state)
{
        (void)state;
        static uint8_t text[MITOME_RELATED_DOCUMENT_MAX + 1];
        static char long_name[MITOME_RELATED_DOCUMENT_MAX];
        size_t count;
        mitome_error error = { 0 };
        writer w = WRITER(text);
        write_many(&w, MITOME_RELATED_ORIGINS_MAX, "]}");
        assert_int_equal(mitome_related_origins_read(writer_view(&w), space, sizeof space, origins,
                                 MITOME_RELATED_ORIGINS_MAX, &count, &error)
                                 .code,
                MITOME_OK);
        assert_int_equal(count, MITOME_RELATED_ORIGINS_MAX);
        assert_int_equal(mitome_related_origins_read(writer_view(&w), space, sizeof space, origins,
                                 MITOME_RELATED_ORIGINS_MAX - 1, &count, &error)
                                 .code,
                MITOME_E_TOO_MANY);
        w = WRITER(text);
        write_many(&w, MITOME_RELATED_ORIGINS_MAX + 1, "]}");
        bool allowed;
        assert_int_equal(mitome_related_origins_allow(
                                 writer_view(&w), slice_text("https://a0.example"), &allowed, NULL)
                                 .code,
                MITOME_E_TOO_MANY);
        memset(text, ' ', sizeof text);
        assert_int_equal(mitome_related_origins_allow(SLICE(text), (slice){ 0 }, &allowed, NULL).code,
                MITOME_E_TOO_LONG);
        w = writer_over(text, sizeof text);
        write_many(&w, 1, "]}");
        assert_int_equal(mitome_related_origins_allow(slice_of(text, sizeof text - 1),
                                 slice_text("https://a0.example"), &allowed, NULL)
                                 .code,
                MITOME_OK);
        assert_true(allowed);
        snprintf(long_name, sizeof long_name, ONE("https://%0*d.jp"), 40000, 0);
        assert_int_equal(read_text(long_name, &count, &error).code, MITOME_E_TOO_LONG);
}

/* The caller's space may have any size: too small is told, and nothing is written behind it. */
static void keeps_to_its_space(void **state)
{
        (void)state;
        static const char document[] = LIST("\"https://example.co.jp\",\"https://example.jp\"");
        for (size_t size = 0; size <= 40; size++) {
                uint8_t small[41];
                size_t count = 99;
                memset(small, 0xEE, sizeof small);
                mitome_status status = mitome_related_origins_read(
                        slice_text(document), small, size, origins, 2, &count, NULL);
                assert_int_equal(status.code, size < 39 ? MITOME_E_BUFFER_FULL : MITOME_OK);
                for (size_t i = size; i < sizeof small; i++)
                        assert_int_equal(small[i], 0xEE);
        }
}

/* ---- labels ---- */

/* A public suffix list of three: jp, co.jp and org. */
static size_t find(void *context, mitome_slice host)
{
        static const char *const suffixes[] = { ".co.jp", ".jp", ".org" };
        (*(int *)context)++;
        if (slice_is(host, "co.jp"))
                return 0;
        for (size_t i = 0; i < 3; i++) {
                size_t suffix = strlen(suffixes[i]);
                if (host.size <= suffix || memcmp(host.data + host.size - suffix, suffixes[i], suffix) != 0)
                        continue;
                size_t label = 0;
                while (label < host.size - suffix && host.data[host.size - suffix - label - 1] != '.')
                        label++;
                return suffix + label;
        }
        return 0;
}

/* 5.11.1: "Let label be the first domain label of domain [the registrable domain]"; an origin without one is
 * passed over. */
static void counts_labels_as_clients_do(void **state)
{
        (void)state;
        static const struct {
                const char *document;
                size_t labels;
        } cases[] = {
                { LIST("\"https://example.org\""), 1 },
                { LIST("\"https://example.org\",\"https://example.co.jp\",\"https://login.example.jp\","
                       "\"https://example.jp:8443\""),
                        1 },
                { LIST("\"https://a.org\",\"https://b.org\",\"https://c.jp\",\"https://d.co.jp\",\"https://"
                       "e.jp\",\"https://www.f.jp\",\"https://a.jp\""),
                        6 },
                { LIST("\"https://co.jp\",\"https://localhost\",\"https://example.test\""), 0 },
                { LIST("\"https://ab.org\",\"https://a.b.org\""), 2 },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                int calls = 0;
                const struct mitome_registrable registrable = { &calls, find };
                size_t count = 0, labels = 99;
                mitome_error error;
                assert_int_equal(read_text(cases[i].document, &count, &error).code, MITOME_OK);
                assert_int_equal(
                        mitome_related_origins_labels(origins, count, &registrable, &labels, &error).code,
                        MITOME_OK);
                assert_int_equal(labels, cases[i].labels);
                assert_int_equal(calls, count);
        }
}

static size_t answer(void *context, mitome_slice host)
{
        (void)host;
        return *(size_t *)context;
}

static void distrusts_its_hook(void **state)
{
        (void)state;
        static const struct {
                size_t size;
                mitome_code code;
        } cases[] = { { 14, MITOME_OK }, { 10, MITOME_OK }, { 2, MITOME_OK }, { 15, MITOME_E_ARGUMENT },
                { SIZE_MAX, MITOME_E_ARGUMENT }, { 11, MITOME_E_ARGUMENT }, { 9, MITOME_E_ARGUMENT },
                { 3, MITOME_E_ARGUMENT }, { 1, MITOME_E_ARGUMENT } };
        /* of "www.example.jp", the last 14, 10 and 2 bytes are whole labels */
        const mitome_slice one = slice_text("https://www.example.jp");
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                size_t size = cases[i].size, labels = 99;
                const struct mitome_registrable registrable = { &size, answer };
                mitome_error error = { 0 };
                mitome_status status = mitome_related_origins_labels(&one, 1, &registrable, &labels, &error);
                assert_int_equal(status.code, cases[i].code);
                assert_int_equal(labels, failed(status) ? 99 : 1);
        }
}

static void counts_labels_of_origins_alone(void **state)
{
        (void)state;
        int calls = 0;
        const struct mitome_registrable registrable = { &calls, find };
        const mitome_slice bad[] = { slice_text("https://example.jp"), slice_text("example.jp") };
        size_t labels = 99;
        mitome_error error = { 0 };
        assert_int_equal(mitome_related_origins_labels(bad, 2, &registrable, &labels, &error).code,
                MITOME_E_ORIGIN_FORM);
        assert_string_equal(error.clause, clause);
        assert_int_equal(mitome_related_origins_labels(
                                 bad, MITOME_RELATED_ORIGINS_MAX + 1, &registrable, &labels, NULL)
                                 .code,
                MITOME_E_TOO_MANY);
        assert_int_equal(labels, 99);
        assert_int_equal(mitome_related_origins_labels(NULL, 0, &registrable, &labels, NULL).code, MITOME_OK);
        assert_int_equal(labels, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_the_list_in_order),
                cmocka_unit_test(allows_what_is_listed_alone),
                cmocka_unit_test(refuses_what_is_no_document),
                cmocka_unit_test(refuses_what_is_no_origin),
                cmocka_unit_test(takes_names_at_their_limits),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(keeps_to_its_limits),
                cmocka_unit_test(keeps_to_its_space),
                cmocka_unit_test(counts_labels_as_clients_do),
                cmocka_unit_test(distrusts_its_hook),
                cmocka_unit_test(counts_labels_of_origins_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
