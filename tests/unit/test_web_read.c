/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: what is taken, and what is refused before anybody looks at it. */
#include "web_find.h"
#include "web_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- how heads are written here: "Name: value" lines ---- */

static void fill(struct web_head *head, const char *method, const char *target, const char *lines)
{
        *head = (struct web_head){
                .method = slice_text(method), .target = slice_text(target), .peer = slice_text("192.0.2.1")
        };
        while (*lines) {
                const char *end = strchr(lines, '\n'), *colon = strchr(lines, ':');
                assert_non_null(end);
                assert_non_null(colon);
                head->headers[head->header_count++] =
                        (struct web_pair){ slice_of(lines, (size_t)(colon - lines)),
                                slice_of(colon + 1, (size_t)(end - colon - 1)) };
                lines = end + 1;
        }
}

struct read_head {
        struct web_head head;
        struct web_request request;
        uint8_t store[WEB_STORE_SIZE];
        uint64_t length;
        unsigned status;
        mitome_error error;
};

static const struct web_rules loopback = { .loopback = true };

static mitome_code read_with(struct read_head *r, const struct web_rules *rules, const char *method,
        const char *target, const char *lines)
{
        writer store = WRITER(r->store);
        fill(&r->head, method, target, lines);
        r->status = 0;
        r->length = 0;
        r->error = (mitome_error){ 0 };
        return web_read_head(&r->head, rules, &store, &r->request, &r->length, &r->status, &r->error).code;
}

static void takes(struct read_head *r, const char *method, const char *target, const char *lines)
{
        assert_int_equal(read_with(r, &loopback, method, target, lines), MITOME_OK);
}

static void refuses(unsigned status, const char *method, const char *target, const char *lines)
{
        static struct read_head r;
        mitome_code code = read_with(&r, &loopback, method, target, lines);
        if (code == MITOME_OK || r.status != status || r.error.code != code)
                fail_msg("%s %s\n%s: code %d, status %u instead of %u", method, target, lines, code, r.status,
                        status);
}

#define LOCAL "Host: localhost\n"

static void what_a_browser_sends_is_read(void **state)
{
        static struct read_head r;
        (void)state;
        takes(&r, "POST", "/api/a%20b?x=1&y=%E8%A6%8B",
                "Host: localhost:8080\nOrigin: http://localhost:8080\nContent-Type: Application/JSON; charset=UTF-8\n"
                "Content-Length: 17\nSec-Fetch-Site: same-origin\nCookie: a=1; b=2\nAccept: */*\n");
        assert_int_equal(r.request.method, WEB_POST);
        assert_true(slice_is(r.request.path, "/api/a b"));
        assert_true(slice_is(r.request.query, "x=1&y=%E8%A6%8B"));
        assert_true(slice_is(r.request.body_type, "application/json"));
        assert_true(slice_is(r.request.origin, "http://localhost:8080"));
        assert_true(slice_is(r.request.host, "localhost:8080"));
        assert_true(slice_is(r.request.peer, "192.0.2.1"));
        assert_true(slice_is(web_cookie(&r.request, "b"), "2"));
        assert_true(r.request.fetch_same_origin);
        assert_false(r.request.navigation);
        assert_false(r.request.secure);
        assert_int_equal(r.length, 17);
        takes(&r, "HEAD", "/", LOCAL "Accept: text/html,application/xhtml+xml;q=0.9\n");
        assert_int_equal(r.request.method, WEB_GET);
        assert_true(r.request.navigation);
}

static void a_method_nobody_knows_is_left_to_the_router(void **state)
{
        static struct read_head r;
        (void)state;
        takes(&r, "DELETE", "/", LOCAL);
        assert_int_equal(r.request.method, 0);
        refuses(400, "GE T", "/", LOCAL);
        refuses(400, "", "/", LOCAL);
}

static void request_smuggling_by_two_lengths_is_refused(void **state)
{
        (void)state;
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nContent-Length: 5\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nContent-Length: 6\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 5, 5\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: +5\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 0x5\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 5 5\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: -1\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 99999999999999999999\n");
        refuses(400, "POST", "/", LOCAL "Content-Length:\n");
}

static void request_smuggling_by_chunks_and_a_length_is_refused(void **state)
{
        (void)state;
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nTransfer-Encoding: chunked\n");
        refuses(411, "POST", "/", LOCAL "Transfer-Encoding: chunked\n");
        refuses(411, "POST", "/", LOCAL "Transfer-Encoding: identity\n");
        refuses(411, "GET", "/", LOCAL "transfer-encoding: xchunked\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nTransfer-Encoding : chunked\n");
        refuses(411, "POST", "/", LOCAL);
}

static void request_smuggling_by_a_folded_framing_is_refused(void **state)
{
        static struct read_head r;
        (void)state;
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nTransfer-Encodingchunked:\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nTRANSFER-ENCODINGchunked: x\n");
        refuses(400, "POST", "/", LOCAL "Content-Length: 5\nContent-Length0:\n");
        refuses(400, "GET", "/", LOCAL "Content-Length5:\n");
        takes(&r, "GET", "/", LOCAL "Transfer: 5\nContent-Lengt: 5\n");
}

static void request_smuggling_by_a_body_of_a_get_is_refused(void **state)
{
        static struct read_head r;
        (void)state;
        refuses(400, "GET", "/", LOCAL "Content-Length: 5\n");
        refuses(400, "HEAD", "/", LOCAL "Content-Length: 5\n");
        refuses(400, "DELETE", "/", LOCAL "Content-Length: 5\n");
        takes(&r, "GET", "/", LOCAL "Content-Length: 0\n");
}

static void header_names_with_blanks_and_values_with_controls_are_refused(void **state)
{
        (void)state;
        refuses(400, "GET", "/", LOCAL "X-A : 1\n");
        refuses(400, "GET", "/", LOCAL " X-A: 1\n");
        refuses(400, "GET", "/", LOCAL ": 1\n");
        refuses(400, "GET", "/", LOCAL "X-A: a\rb\n");
        refuses(400, "GET", "/", LOCAL "X-A: a\x01\n");
        refuses(400, "GET", "/", LOCAL "X-A: a\x7f\n");
        refuses(400, "GET", "/", LOCAL "X-A: a\xe9\n");
        refuses(400, "GET", "/", LOCAL "Cookie: a=1\nCookie: b=2\n");
        refuses(400, "GET", "/", LOCAL "Origin: http://a\nOrigin: http://b\n");
}

static void a_page_of_elsewhere_whose_name_was_made_to_mean_this_machine_is_refused(void **state)
{
        static struct read_head r;
        const struct web_rules public = { .authority = slice_text("login.example:8443") };
        (void)state;
        refuses(421, "GET", "/", "Host: rebound.example\n");
        refuses(421, "GET", "/", "Host: localhost.rebound.example\n");
        refuses(421, "GET", "/", "Host: localhost:80x\n");
        refuses(421, "GET", "/", "Host: localhost:\n");
        refuses(421, "GET", "/", "Host: 127.0.0.1.example\n");
        refuses(421, "GET", "/", "Host: user@localhost\n");
        refuses(400, "GET", "/", "Host:\n");
        refuses(400, "GET", "/", "");
        refuses(400, "GET", "/", LOCAL LOCAL);
        takes(&r, "GET", "/", "Host: LOCALHOST:1234\n");
        takes(&r, "GET", "/", "Host: [::1]:1234\n");
        assert_int_equal(read_with(&r, &public, "GET", "/", "Host: Login.Example:8443\n"), MITOME_OK);
        assert_int_equal(read_with(&r, &public, "GET", "/", "Host: login.example\n"), MITOME_E_WEB_REQUEST);
        assert_int_equal(r.status, 421);
        assert_int_equal(read_with(&r, &public, "GET", "/", LOCAL), MITOME_E_WEB_REQUEST);
}

static void a_path_that_two_readers_understand_in_two_ways_is_refused(void **state)
{
        static const char *const paths[] = { "", "x", "*", "//", "//evil.example/", "/a//b", "/a/./b",
                "/a/../b", "/..", "/a/%2e%2e/b", "/%2E", "/a%2fb", "/a%2Fb", "/a%5cb", "/a%5Cb", "/a\\b",
                "/a%", "/a%4", "/a%4g", "/%00", "/%0a", "/%7f", "/%c3", "/%c0%af", "/%ed%a0%80", "/a b",
                "/a#b", "/a<b", "/a\"b", "/a{b", "http://localhost/", "/\xe3\x81\x82" };
        (void)state;
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
                refuses(400, "GET", paths[i], LOCAL);
}

static void a_path_is_decoded_once(void **state)
{
        static struct read_head r;
        (void)state;
        takes(&r, "GET", "/%2541", LOCAL);
        assert_true(slice_is(r.request.path, "/%41"));
        takes(&r, "GET", "/%e8%a6%8b%E6%9C%AC", LOCAL);
        assert_true(slice_is(r.request.path, "/見本"));
}

static void too_long_a_target_and_too_many_headers_are_refused(void **state)
{
        static struct read_head r;
        static char target[WEB_TARGET_MAX + 2];
        (void)state;
        memset(target, 'a', WEB_TARGET_MAX + 1);
        target[0] = '/';
        refuses(414, "GET", target, LOCAL);
        target[WEB_TARGET_MAX] = '\0';
        takes(&r, "GET", target, LOCAL);
        writer store = WRITER(r.store);
        r.head.too_many = true;
        assert_int_equal(
                web_read_head(&r.head, &loopback, &store, &r.request, &r.length, &r.status, NULL).code,
                MITOME_E_TOO_LONG);
        assert_int_equal(r.status, 431);
}

static void other_media_types_and_expectations_are_refused(void **state)
{
        (void)state;
        refuses(415, "POST", "/", LOCAL "Content-Length: 1\nContent-Type: text/plain; charset=shift_jis\n");
        refuses(415, "POST", "/", LOCAL "Content-Length: 1\nContent-Type: multipart/form-data; boundary=x\n");
        refuses(415, "POST", "/", LOCAL "Content-Length: 1\nContent-Type: ;\n");
        refuses(417, "POST", "/", LOCAL "Content-Length: 1\nExpect: 200-maybe\n");
}

static void only_the_trusted_proxy_says_who_asks(void **state)
{
        static struct read_head r;
        const struct web_rules proxied = { .loopback = true, .trusted_proxy = slice_text("192.0.2.1") },
                               other = { .loopback = true, .trusted_proxy = slice_text("192.0.2.2") };
        (void)state;
        const char *lines = LOCAL "X-Forwarded-For: 203.0.113.9, 198.51.100.7\n";
        assert_int_equal(read_with(&r, &proxied, "GET", "/", lines), MITOME_OK);
        assert_true(slice_is(r.request.peer, "198.51.100.7"));
        assert_int_equal(read_with(&r, &proxied, "GET", "/",
                                 LOCAL "X-Forwarded-For: 1.1.1.1\nX-Forwarded-For: 2.2.2.2\n"),
                MITOME_OK);
        assert_true(slice_is(r.request.peer, "2.2.2.2"));
        assert_int_equal(
                read_with(&r, &proxied, "GET", "/", LOCAL "X-Forwarded-For: 2.2.2.2, unknown\n"), MITOME_OK);
        assert_true(slice_is(r.request.peer, "192.0.2.1"));
        assert_int_equal(read_with(&r, &other, "GET", "/", lines), MITOME_OK);
        assert_true(slice_is(r.request.peer, "192.0.2.1"));
        assert_int_equal(read_with(&r, &loopback, "GET", "/", lines), MITOME_OK);
        assert_true(slice_is(r.request.peer, "192.0.2.1"));
}

static void the_language_is_asked_for_kept_or_the_browsers(void **state)
{
        static struct read_head r;
        static const struct {
                const char *target, *lines;
                enum web_language language;
                bool asked;
        } table[] = {
                { "/", LOCAL, WEB_EN, false },
                { "/", LOCAL "Accept-Language: ja\n", WEB_JA, false },
                { "/", LOCAL "Accept-Language: ja-JP,en;q=0.8\n", WEB_JA, false },
                { "/", LOCAL "Accept-Language: en-US,en;q=0.9,ja;q=0.8\n", WEB_EN, false },
                { "/", LOCAL "Accept-Language: en;q=0.1, ja;q=0.2\n", WEB_JA, false },
                { "/", LOCAL "Accept-Language: fr, ja;q=0\n", WEB_EN, false },
                { "/", LOCAL "Accept-Language: ja;q=x, en;q=0.001\n", WEB_EN, false },
                { "/", LOCAL "Accept-Language: ja\nCookie: language=en\n", WEB_EN, false },
                { "/", LOCAL "Cookie: language=xx\n", WEB_EN, false },
                { "/?language=ja", LOCAL "Cookie: language=en\n", WEB_JA, true },
                { "/?language=xx", LOCAL "Cookie: language=ja\n", WEB_JA, false },
                { "/?language=ja&language=en", LOCAL, WEB_EN, false },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                takes(&r, "GET", table[i].target, table[i].lines);
                assert_int_equal(r.request.language, table[i].language);
                assert_int_equal(r.request.language_asked, table[i].asked);
        }
}

static void another_sites_request_is_seen_as_such(void **state)
{
        static struct read_head r;
        (void)state;
        takes(&r, "GET", "/", LOCAL "Sec-Fetch-Site: cross-site\n");
        assert_false(r.request.fetch_same_origin);
        takes(&r, "GET", "/", LOCAL "Sec-Fetch-Site: same-site\n");
        assert_false(r.request.fetch_same_origin);
        takes(&r, "GET", "/", LOCAL "Sec-Fetch-Site: none\n");
        assert_true(r.request.fetch_same_origin);
        takes(&r, "GET", "/", LOCAL "Accept: text/html\nSec-Fetch-Mode: cors\n");
        assert_false(r.request.navigation);
}

static void cookies_over_https_have_a_prefix_that_no_other_host_can_set(void **state)
{
        static struct read_head r;
        (void)state;
        const struct web_rules secure = { .loopback = true, .secure = true };
        const char *lines = LOCAL "Cookie: session=planted; __Host-session=ours; __Secure-session=planted\n";
        assert_int_equal(read_with(&r, &secure, "GET", "/", lines), MITOME_OK);
        assert_true(r.request.secure);
        assert_true(slice_is(web_cookie(&r.request, "session"), "ours"));
        assert_int_equal(read_with(&r, &secure, "GET", "/", LOCAL "Cookie: session=planted\n"), MITOME_OK);
        assert_int_equal(web_cookie(&r.request, "session").size, 0);
        takes(&r, "GET", "/", LOCAL "Cookie: session=one; session=two; other=x\n");
        assert_int_equal(web_cookie(&r.request, "session").size, 0);
        assert_true(slice_is(web_cookie(&r.request, "other"), "x"));
        assert_int_equal(web_cookie(&r.request, "none").size, 0);
}

/* Another host of the same domain can set it, over https, for all of them. */
static void attack_a_session_planted_by_a_neighbouring_host(void **state)
{
        static struct read_head r;
        (void)state;
        const struct web_rules secure = { .loopback = true, .secure = true };
        const char *lines = LOCAL "Cookie: __Secure-session=planted\n";
        assert_int_equal(read_with(&r, &secure, "GET", "/", lines), MITOME_OK);
        assert_int_equal(web_cookie(&r.request, "session").size, 0);
}

static void headers_are_found_by_name(void **state)
{
        static struct read_head r;
        (void)state;
        takes(&r, "GET", "/", LOCAL "X-CSRF:  token \nX-Two: 1\nx-two: 2\n");
        assert_true(slice_is(web_header(&r.request, "x-csrf"), "token"));
        assert_int_equal(web_header(&r.request, "x-two").size, 0);
        assert_int_equal(web_header(&r.request, "x-none").size, 0);
}

/* ---- forms ---- */

static mitome_code field(const char *form, const char *name, slice *ret)
{
        static uint8_t bytes[64];
        writer w = WRITER(bytes);
        mitome_error error = { 0 };
        mitome_status status = web_field(slice_text(form), name, &w, ret, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static void fields_of_a_form_are_decoded(void **state)
{
        slice value;
        (void)state;
        assert_int_equal(field("a=1&name=%E8%A6%8B%E6%9C%AC+x%2b%26&b=", "name", &value), MITOME_OK);
        assert_true(slice_is(value, "見本 x+&"));
        assert_int_equal(field("a=1&b=", "b", &value), MITOME_OK);
        assert_non_null(value.data);
        assert_int_equal(value.size, 0);
        assert_int_equal(field("a=1", "c", &value), MITOME_OK);
        assert_null(value.data);
        assert_int_equal(field("", "c", &value), MITOME_OK);
        assert_null(value.data);
        assert_int_equal(field("a=b=c&d=%0d%0a", "a", &value), MITOME_OK);
        assert_true(slice_is(value, "b=c"));
}

static void forms_that_are_not_exactly_one_are_refused(void **state)
{
        static const char *const forms[] = { "a", "a=1&", "&a=1", "a=1&&b=2", "=1", "a=1&a=2", "b=1&b=1&a=2",
                "a=%", "a=%4", "a=%zz", "a=%00", "a=%1b", "a=%7F", "a=b c", "a=\x01", "a=\xe3\x81\x82",
                "a b=1", "%61=1", "a[]=1" };
        slice value;
        (void)state;
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
                if (field(forms[i], "a", &value) != MITOME_E_WEB_FORM)
                        fail_msg("\"%s\" was taken", forms[i]);
        assert_int_equal(field("a=%c3", "a", &value), MITOME_E_UTF8);
        assert_int_equal(field("a=0123456789012345678901234567890123456789012345678901234567890123456789",
                                 "a", &value),
                MITOME_E_BUFFER_FULL);
        char many[65 * 5 + 1] = "";
        for (unsigned i = 0; i < 65; i++)
                snprintf(many + strlen(many), sizeof many - strlen(many), "%sa%u=", i ? "&" : "", i);
        assert_int_equal(field(many, "a1", &value), MITOME_E_WEB_FORM);
}

/* ---- the router ---- */

static void nothing(void *context, const struct web_request *request, struct web_answer *answer)
{
        (void)context;
        (void)request;
        (void)answer;
}

static const struct web_route first[] = { { WEB_GET, "/", WEB_HERE, nothing, NULL, 0 },
        { WEB_GET, "/a/:x", WEB_HERE, nothing, NULL, 0 },
        { WEB_POST, "/a/:x/b/:y", WEB_HERE, nothing, "text/plain", 10 } },
                              second[] = { { WEB_GET, "/a/fixed", WEB_HERE, nothing, NULL, 0 },
                                      { WEB_POST, "/a/:x", WEB_HERE, nothing, NULL, 0 } };

static void routes_are_found_fixed_ones_first(void **state)
{
        int one = 1, two = 2;
        const struct web_route_set sets[] = { { first, 3, &one }, { second, 2, &two } };
        static const struct {
                enum web_method method;
                const char *path;
                const struct web_route *route;
                const char *part;
                unsigned methods;
        } table[] = {
                { WEB_GET, "/", &first[0], NULL, WEB_GET },
                { WEB_GET, "/a/fixed", &second[0], NULL, WEB_GET | WEB_POST },
                { WEB_GET, "/a/other", &first[1], "other", WEB_GET | WEB_POST },
                { WEB_POST, "/a/fixed", &second[1], "fixed", WEB_GET | WEB_POST },
                { WEB_POST, "/a/1/b/2", &first[2], "1", WEB_POST },
                { WEB_GET, "/a/1/b/2", NULL, NULL, WEB_POST },
                { 0, "/a/1/b/2", NULL, NULL, WEB_POST },
                { WEB_GET, "/a", NULL, NULL, 0 },
                { WEB_GET, "/a/1/b", NULL, NULL, 0 },
                { WEB_GET, "/a/", NULL, NULL, 0 },
                { WEB_GET, "/a/x/", NULL, NULL, 0 },
                { WEB_GET, "/b", NULL, NULL, 0 },
        };
        const struct web_config config = { .sets = sets, .set_count = 2 };
        static struct web_table all;
        (void)state;
        assert_int_equal(web_table_make(&config, &all, NULL).code, MITOME_OK);
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                struct web_request request = { .method = table[i].method, .path = slice_text(table[i].path) };
                unsigned methods = 0;
                const struct web_entry *found = web_find(&all, &request, &methods);
                assert_ptr_equal(found ? found->route : NULL, table[i].route);
                assert_int_equal(methods, table[i].methods);
                if (found)
                        assert_ptr_equal(found->context,
                                found->route >= second && found->route < second + 2 ? &two : &one);
                if (table[i].part)
                        assert_true(slice_is(request.parts[0], table[i].part));
        }
}

static void routes_that_cannot_be_are_refused(void **state)
{
        static struct web_table table;
        static const struct web_route bad[] = {
                { WEB_GET, "a", WEB_HERE, nothing, NULL, 0 },
                { WEB_GET, "/a", WEB_HERE, NULL, NULL, 0 },
                { WEB_GET, "/:a/:b/:c/:d/:e", WEB_HERE, nothing, NULL, 0 },
                { WEB_GET, "/a", WEB_HERE, nothing, "text/plain", 10 },
                { WEB_POST, "/a", WEB_HERE, nothing, NULL, 10 },
                { WEB_POST, "/a", WEB_HERE, nothing, "text/plain", (1 << 20) + 1 },
                { WEB_POST, "/a", WEB_STORE, nothing, "text/plain", 10 },
                { WEB_GET, "/a", WEB_ERRAND, nothing, NULL, 0 },
                { 0, "/a", WEB_HERE, nothing, NULL, 0 },
        };
        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                const struct web_route_set set = { &bad[i], 1, NULL };
                const struct web_config config = { .sets = &set, .set_count = 1 };
                assert_int_equal(web_table_make(&config, &table, NULL).code, MITOME_E_ARGUMENT);
        }
        static struct web_route many[WEB_ROUTES + 1];
        for (size_t i = 0; i < WEB_ROUTES + 1; i++)
                many[i] = first[0];
        const struct web_route_set set = { many, WEB_ROUTES + 1, NULL };
        const struct web_config config = { .sets = &set, .set_count = 1 };
        assert_int_equal(web_table_make(&config, &table, NULL).code, MITOME_E_ARGUMENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_a_browser_sends_is_read),
                cmocka_unit_test(a_method_nobody_knows_is_left_to_the_router),
                cmocka_unit_test(request_smuggling_by_two_lengths_is_refused),
                cmocka_unit_test(request_smuggling_by_chunks_and_a_length_is_refused),
                cmocka_unit_test(request_smuggling_by_a_folded_framing_is_refused),
                cmocka_unit_test(request_smuggling_by_a_body_of_a_get_is_refused),
                cmocka_unit_test(header_names_with_blanks_and_values_with_controls_are_refused),
                cmocka_unit_test(a_page_of_elsewhere_whose_name_was_made_to_mean_this_machine_is_refused),
                cmocka_unit_test(a_path_that_two_readers_understand_in_two_ways_is_refused),
                cmocka_unit_test(a_path_is_decoded_once),
                cmocka_unit_test(too_long_a_target_and_too_many_headers_are_refused),
                cmocka_unit_test(other_media_types_and_expectations_are_refused),
                cmocka_unit_test(only_the_trusted_proxy_says_who_asks),
                cmocka_unit_test(the_language_is_asked_for_kept_or_the_browsers),
                cmocka_unit_test(another_sites_request_is_seen_as_such),
                cmocka_unit_test(cookies_over_https_have_a_prefix_that_no_other_host_can_set),
                cmocka_unit_test(attack_a_session_planted_by_a_neighbouring_host),
                cmocka_unit_test(headers_are_found_by_name),
                cmocka_unit_test(fields_of_a_form_are_decoded),
                cmocka_unit_test(forms_that_are_not_exactly_one_are_refused),
                cmocka_unit_test(routes_are_found_fixed_ones_first),
                cmocka_unit_test(routes_that_cannot_be_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
