/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

#include <getopt.h>

enum { WORDS = 12, WORD = 64 };

/* The words of a line, as a program is given them; getopt begins anew. */
static bool read_line(const char *line, struct portal_options *ret, const char **ret_fault)
{
        static char text[WORDS][WORD];
        char *words[WORDS + 1] = { 0 };
        int count = 0;
        for (const char *at = line; *at && count < WORDS; count++) {
                const size_t length = strcspn(at, " ");
                (void)snprintf(text[count], WORD, "%.*s", (int)length, at);
                words[count] = text[count];
                at += length + (at[length] == ' ');
        }
        optind = 0;
        opterr = 0;
        return portal_options_read(count, words, ret, ret_fault);
}

static struct portal_options right(const char *line)
{
        struct portal_options options = { 0 };
        const char *fault = NULL;
        assert_true(read_line(line, &options, &fault));
        assert_null(fault);
        return options;
}

static void the_origin_and_the_rp_id_follow_from_the_rest(void **state)
{
        (void)state;
        struct portal_options options = right("portal --folder x");
        assert_string_equal(options.origin_text, "http://localhost:8080");
        assert_string_equal(options.rp_id_text, "localhost");
        assert_string_equal(options.host, "127.0.0.1");
        options = right("portal --folder x --tls --listen [::1]:8443");
        assert_string_equal(options.origin_text, "https://localhost:8443");
        assert_string_equal(options.host, "::1");
        options = right("portal --folder x --origin https://login.example:444 --rp-id example");
        assert_string_equal(options.rp_id_text, "example");
        options = right("portal --folder x --origin https://login.example");
        assert_string_equal(options.rp_id_text, "login.example");
        assert_int_equal(options.port, 8080);
}

static void port_0_is_a_port_that_is_free(void **state)
{
        (void)state;
        char origin[PORTAL_URL_MAX];
        const struct portal_options options = right("portal --folder x --listen 127.0.0.1:0");
        assert_true(options.port != 0);
        (void)snprintf(origin, sizeof origin, "http://localhost:%u", (unsigned)options.port);
        assert_string_equal(options.origin_text, origin);
}

static void wrong_words_are_named(void **state)
{
        static const struct {
                const char *line, *says; /* NULL: getopt has said it */
        } cases[] = {
                { "portal", "--folder" },
                { "portal --folder x y", "options only" },
                { "portal --folder x --rp-id example", "--rp-id" },
                { "portal --folder x --origin https://login.example --rp-id in.example", "--rp-id" },
                { "portal --folder x --origin https://login.example --rp-id a.login.example", "--rp-id" },
                { "portal --folder x --nothing", NULL },
                { "portal --folder x --listen 8080", "--listen" },
                { "portal --folder x --listen 127.0.0.1:", "--listen" },
                { "portal --folder x --listen 127.0.0.1:80x", "--listen" },
                { "portal --folder x --listen 127.0.0.1:-1", "--listen" },
                { "portal --folder x --listen 127.0.0.1:65536", "--listen" },
                { "portal --folder x --origin login.example", "--origin" },
                { "portal --folder x --origin https://login.example/", "--origin" },
                { "portal --folder x --origin https://user@login.example", "--origin" },
                { "portal --folder x --origin https://", "--origin" },
                { "portal --folder x --certificate c.pem", "--key" },
                { "portal --folder x --key k.pem", "--key" },
                { "portal --folder x --tls --certificate c.pem --key k.pem", "--tls" },
                { "portal --folder x --store portal.db", "postgres://" },
                { "portal --folder x --attested --unattested", "--attested" },
                { "portal --folder x --unlimited --listen 0.0.0.0:8080", "--unlimited" },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                struct portal_options options = { .port = 7 };
                const char *fault = NULL;
                assert_false(read_line(cases[i].line, &options, &fault));
                assert_int_equal(fault == NULL, cases[i].says == NULL);
                if (fault)
                        assert_non_null(strstr(fault, cases[i].says));
                assert_int_equal(options.port, 7);
        }
        assert_true(right("portal --help").help);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_origin_and_the_rp_id_follow_from_the_rest),
                cmocka_unit_test(port_0_is_a_port_that_is_free),
                cmocka_unit_test(wrong_words_are_named),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
