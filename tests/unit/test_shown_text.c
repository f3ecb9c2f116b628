/* SPDX-License-Identifier: Apache-2.0 */

/* What may stand in a text that is signed: what the person sees of it is all that there is. */

#include "shown_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static mitome_code check(const char *bytes)
{
        return shown_text_check(slice_text(bytes), "text", NULL).code;
}

static void what_people_write_may_be_written(void **state)
{
        (void)state;
        static const char *const good[] = {
                "", "I apply.\n\tToday.", "住民票の写しを申請します。",
                "\xE8\x91\x9B\xF3\xA0\x84\x80", /* U+845B with variation selector 17, as in names */
                "\xF0\x9F\x99\x82",             /* an emoji */
                "\xE2\x9C\x94\xEF\xB8\x8F",     /* .. with selector 16 */
                "1\xEF\xB8\x8F\xE2\x83\xA3",    /* a key's cap */
                "\xE7\xA5\x9E\xEF\xB8\x80",     /* U+795E with selector 1: its older form */
                "\xE3\x80\x80\xC2\xA0",         /* blanks that take room */
                "\xD7\xA9\xD7\x9C",             /* letters that are written leftwards by themselves */
        };
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
                assert_int_equal(check(good[i]), MITOME_OK);
}

static void attack_characters_that_nobody_sees(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "1\x08", "\x0B", "a\r\n", "\x1B[8m", "\x7F", "\xC2\x80", "\xC2\x9F", /* controls */
                "\xC2\xAD",                                                          /* U+00AD soft hyphen */
                "\xCD\x8F",                                                          /* U+034F */
                "\xD8\x9C",                                                          /* U+061C */
                "\xE1\x85\x9F", "\xE1\x85\xA0",                                      /* U+115F, U+1160 */
                "\xE1\x9E\xB4",                                                      /* U+17B4 */
                "\xE1\xA0\x8E",                                                      /* U+180E */
                "1\xE2\x80\x8B.000",                                                 /* U+200B */
                "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xAE:yap I", /* U+200F, U+2028, U+202E */
                "\xE2\x81\xA0", "\xE2\x81\xA7",                       /* U+2060, U+2067 */
                "\xE3\x85\xA4",                                       /* U+3164 */
                "\xEF\xBB\xBF", "\xEF\xBE\xA0",                       /* U+FEFF, U+FFA0 */
                "\xEF\xBF\xB9",                                       /* U+FFF9 */
                "\xF0\x9B\xB2\xA0",                                   /* U+1BCA0 */
                "\xF0\x9D\x85\xB3",                                   /* U+1D173 */
                "\xF3\xA0\x81\x81", "\xF3\xA0\x87\xB0",               /* U+E0041, U+E01F0 */
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(check(bad[i]), MITOME_E_VALUE);
        static const uint8_t zero[] = { '1', 0, '2' };
        assert_int_equal(shown_text_check(SLICE(zero), "text", NULL).code, MITOME_E_VALUE);
}

/* U+845B and behind it, in selectors, whatever one likes: the screen shows one character. */
static void attack_a_letter_in_variation_selectors(void **state)
{
        (void)state;
        static const char *const bad[] = {
                "\xE8\x91\x9B\xF3\xA0\x84\x80\xF3\xA0\x84\x81", /* two of them */
                "\xE2\x9C\x94\xEF\xB8\x8F\xEF\xB8\x8E", "\xE2\x9C\x94\xEF\xB8\x8F\xF3\xA0\x84\x80",
                "\xE8\x91\x9B\xF3\xA0\x84\x80\xEF\xB8\x80", "\xF3\xA0\x84\x80",  /* behind nothing */
                "\xEF\xB8\x8F", "100\xF3\xA0\x85\x80 yen",                       /* what has no such forms */
                "a \xEF\xB8\x80", "a\n\xEF\xB8\x80", "\xE3\x80\x80\xEF\xB8\x80", /* blanks */
                "a\xEF\xB8\x83", "a\xEF\xB8\x8D",                                /* U+FE03, U+FE0D */
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(check(bad[i]), MITOME_E_VALUE);
}

static void what_is_no_text_is_none(void **state)
{
        (void)state;
        static const char *const bad[] = { "\xFF", "a\xE2\x80", "\xC0\x80", "\xED\xA0\x80",
                "\xF4\x90\x80\x80" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(check(bad[i]), MITOME_E_UTF8);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_people_write_may_be_written),
                cmocka_unit_test(attack_characters_that_nobody_sees),
                cmocka_unit_test(attack_a_letter_in_variation_selectors),
                cmocka_unit_test(what_is_no_text_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
