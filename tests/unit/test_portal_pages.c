/* SPDX-License-Identifier: Apache-2.0 */
/* The portal's own pages, as they are shipped: read whole, every word there in both languages and used. */
#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_pages_and_their_words_are_whole(void **state)
{
        (void)state;
        const char *folder = getenv("MITOME_PORTAL_PAGES");
        struct web_page_set *set = NULL;
        struct web_place place = { 0 };
        mitome_error error = { 0 };
        assert_non_null(folder);
        const mitome_status status = web_pages_open(folder, &set, &place, &error);
        if (failed(status))
                print_message("%s:%u: %s (E%d)\n", place.file, place.line, place.name, (int)status.code);
        assert_int_equal(status.code, MITOME_OK);
        assert_string_equal(web_word(set, WEB_EN, "portal"), "Mitome Portal");
        assert_string_equal(web_word(set, WEB_JA, "portal"), "みとめポータル");
        web_pages_free(set);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(the_pages_and_their_words_are_whole) };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
