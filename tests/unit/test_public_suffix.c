/* SPDX-License-Identifier: Apache-2.0 */
/* The real public suffix list behind the WebAuthn client: a page among strangers, who share a public suffix
 * with it, does not get a passkey for all of them. */
#include "public_suffix.h"
#include "web_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct asked_case {
        const char *origin, *rp_id;
        bool may;
} cases[] = {
        /* Whoever may register a name there would stand for everybody who has one. */
        { "https://evil.github.io", "github.io", false },
        { "https://evil.co.jp", "co.jp", false },
        { "https://a.evil.co.jp", "co.jp", false },
        { "https://evil.go.jp", "go.jp", false },
        { "https://evil.com", "com", false },
        { "https://evil.xn--55qx5d.cn", "xn--55qx5d.cn", false },
        /* Every ward of Kawasaki is a suffix (*.kawasaki.jp), the city itself is not (!city.kawasaki.jp). */
        { "https://evil.ward.kawasaki.jp", "ward.kawasaki.jp", false },
        { "https://ward.kawasaki.jp", "kawasaki.jp", false },
        { "https://login.city.kawasaki.jp", "city.kawasaki.jp", true },
        { "https://login.city.kawasaki.jp", "kawasaki.jp", false },
        /* The registrable domain, and what is below it. */
        { "https://me.github.io", "me.github.io", true },
        { "https://a.me.github.io", "me.github.io", true },
        { "https://www.nta.go.jp", "nta.go.jp", true },
        { "https://login.sub.example.co.jp", "sub.example.co.jp", true },
        { "https://login.sub.example.co.jp", "example.co.jp", true },
        { "https://login.xn--wgv71a119e.jp", "xn--wgv71a119e.jp", true },
        { "https://a.evil.xn--55qx5d.cn", "evil.xn--55qx5d.cn", true },
        /* A host may always ask for itself, also where it stands on the list. */
        { "https://github.io", "github.io", true },
        { "https://intranet", "intranet", true },
        { "http://localhost:8080", "localhost", true },
        { "http://portal.localhost", "portal.localhost", true },
        { "http://portal.localhost", "localhost", false },
        /* What is not on the list ends in a suffix of one label. */
        { "https://login.host.intranet", "host.intranet", true },
        { "https://host.intranet", "intranet", false },
        /* Forms that no browser writes, and addresses. */
        { "https://login.example.co.jp.", "example.co.jp.", false },
        { "https://login.example.co.jp", "example.co.jp.", false },
        { "https://login.example.co.jp", ".example.co.jp", false },
        { "https://login.example.co.jp", "EXAMPLE.CO.JP", false },
        { "https://LOGIN.example.co.jp", "example.co.jp", false },
        { "https://login.\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.jp", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.jp",
                false },
        { "https://192.0.2.1", "192.0.2.1", false },
        { "https://192.0.2.1", "2.1", false },
        { "https://[2001:db8::1]", "[2001:db8::1]", false },
};

static void test_pages_and_relying_parties(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                slice rp_id;
                mitome_status status = web_client_may_ask(slice_text(cases[i].origin),
                        slice_text(cases[i].rp_id), &public_suffix_list, &rp_id, NULL);
                if (failed(status) == cases[i].may)
                        fail_msg("%s for %s: %d", cases[i].origin, cases[i].rp_id, status.code);
        }
}

/* Longer than any domain name is, and none at all. */
static void test_no_name(void **state)
{
        (void)state;
        char name[300];
        memset(name, 'a', sizeof name);
        memcpy(name + sizeof name - 3, ".jp", 3);
        const slice longer = slice_of((const uint8_t *)name, sizeof name);
        const slice longest = slice_of((const uint8_t *)name + sizeof name - 253, 253);
        assert_int_equal(public_suffix_list.find(NULL, longer), 0);
        assert_int_equal(public_suffix_list.find(NULL, longest), 253);
        assert_int_equal(public_suffix_list.find(NULL, (slice){ 0 }), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pages_and_relying_parties),
                cmocka_unit_test(test_no_name),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
