/* SPDX-License-Identifier: Apache-2.0 */

/* What people are told at a sensor: there for each state, in both languages, and fitting. */

#include "bytes.h"

#include <mitome/guidance.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[MITOME_GUIDANCE_MAX];

static const char *say(enum mitome_guidance state, enum mitome_language language, unsigned number)
{
        assert_int_equal(
                mitome_guidance_write(state, language, number, text, sizeof text, NULL).code, MITOME_OK);
        return text;
}

static void each_state_has_words_in_each_language(void **state)
{
        (void)state;
        for (int i = 1; i < MITOME_GUIDANCE_COUNT; i++) {
                enum mitome_guidance guidance = (enum mitome_guidance)i;
                char english[MITOME_GUIDANCE_MAX];
                assert_non_null(mitome_guidance_name(guidance));
                assert_true(snprintf(english, sizeof english, "%s",
                                    say(guidance, MITOME_ENGLISH, UINT32_MAX)) > 0);
                assert_true(slice_is_ascii(slice_text(english)));
                say(guidance, MITOME_JAPANESE, UINT32_MAX);
                assert_true(slice_is_utf8(slice_text(text)));
                assert_string_not_equal(english, text);
                assert_null(strchr(text, '{')); /* every place of a number was filled */
                assert_null(strchr(english, '{'));
                assert_null(strchr(text, '\n'));
        }
}

static void names_are_words_and_each_is_there_once(void **state)
{
        (void)state;
        for (int i = 1; i < MITOME_GUIDANCE_COUNT; i++) {
                const char *name = mitome_guidance_name((enum mitome_guidance)i);
                assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
                for (int other = 1; other < i; other++)
                        assert_string_not_equal(name, mitome_guidance_name((enum mitome_guidance)other));
        }
}

static void numbers_are_filled_in(void **state)
{
        (void)state;
        assert_non_null(strstr(say(MITOME_GUIDANCE_NOT_RECOGNISED, MITOME_ENGLISH, 4), " 4 tries are left"));
        assert_non_null(strstr(say(MITOME_GUIDANCE_NOT_RECOGNISED, MITOME_ENGLISH, 1), " 1 try is left"));
        assert_non_null(strstr(say(MITOME_GUIDANCE_NOT_RECOGNISED, MITOME_JAPANESE, 1), "あと1回"));
        assert_non_null(strstr(say(MITOME_GUIDANCE_WAIT, MITOME_ENGLISH, 30), " 30 seconds"));
        assert_non_null(strstr(say(MITOME_GUIDANCE_WAIT, MITOME_JAPANESE, 4294967295U), "4294967295秒"));
        assert_non_null(strstr(say(MITOME_GUIDANCE_MORE, MITOME_ENGLISH, 1), " 1 more time."));
        assert_non_null(strstr(say(MITOME_GUIDANCE_MORE, MITOME_ENGLISH, 2), " 2 more times."));
}

static void no_try_left_is_said_as_closed(void **state)
{
        char closed[MITOME_GUIDANCE_MAX];
        (void)state;
        snprintf(closed, sizeof closed, "%s", say(MITOME_GUIDANCE_CLOSED, MITOME_ENGLISH, 0));
        assert_string_equal(say(MITOME_GUIDANCE_NOT_RECOGNISED, MITOME_ENGLISH, 0), closed);
        assert_non_null(strstr(closed, "PIN"));
}

/* Into every size: the whole text and its end, or nothing and a reason. */
static void what_does_not_fit_is_not_begun(void **state)
{
        (void)state;
        size_t needed = strlen(say(MITOME_GUIDANCE_WAIT, MITOME_JAPANESE, 30)) + 1;
        for (size_t size = 0; size <= needed; size++) {
                char small[MITOME_GUIDANCE_MAX];
                mitome_error error = { 0 };
                memset(small, '#', sizeof small);
                mitome_code code =
                        mitome_guidance_write(MITOME_GUIDANCE_WAIT, MITOME_JAPANESE, 30, small, size, &error)
                                .code;
                assert_int_equal(code, size < needed ? MITOME_E_BUFFER_FULL : MITOME_OK);
                assert_int_equal(small[size < needed ? 0 : needed], '#');
                assert_int_equal(error.code, code);
        }
}

static void states_and_languages_that_are_none_are_refused(void **state)
{
        static const int none[] = { -1, MITOME_GUIDANCE_NONE, MITOME_GUIDANCE_COUNT, 1 << 20 };
        (void)state;
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
                snprintf(text, sizeof text, "as it was");
                assert_int_equal(mitome_guidance_write((enum mitome_guidance)none[i], MITOME_ENGLISH, 1, text,
                                         sizeof text, NULL)
                                         .code,
                        MITOME_E_VALUE);
                assert_string_equal(text, "as it was");
                assert_null(mitome_guidance_name((enum mitome_guidance)none[i]));
        }
        assert_int_equal(
                mitome_guidance_write(MITOME_GUIDANCE_TOUCH, MITOME_LANGUAGES, 1, text, sizeof text, NULL)
                        .code,
                MITOME_E_VALUE);
}

static void languages_are_told_by_locale_and_tag(void **state)
{
        static const char *const japanese[] = { "ja", "ja_JP.UTF-8", "ja-JP", "ja.UTF-8" };
        static const char *const other[] = { "", "C", "en_GB", "jav", "j", "JA", "de_DE.UTF-8" };
        (void)state;
        for (size_t i = 0; i < sizeof japanese / sizeof *japanese; i++)
                assert_int_equal(mitome_guidance_language(japanese[i]), MITOME_JAPANESE);
        for (size_t i = 0; i < sizeof other / sizeof *other; i++)
                assert_int_equal(mitome_guidance_language(other[i]), MITOME_ENGLISH);
        assert_int_equal(mitome_guidance_language(NULL), MITOME_ENGLISH);
}

/* ---- of events ---- */

static enum mitome_guidance of(struct mitome_gate_event event)
{
        unsigned number = 99;
        enum mitome_guidance guidance = mitome_guidance_of_event(&event, &number);
        assert_int_equal(number, event.remaining);
        return guidance;
}

#define OF(...) of((struct mitome_gate_event){ __VA_ARGS__ })

static void events_of_the_gate_have_their_words(void **state)
{
        (void)state;
        assert_int_equal(OF(.kind = MITOME_GATE_NOTHING), MITOME_GUIDANCE_NONE);
        assert_int_equal(OF(.kind = MITOME_GATE_AWAITS, .remaining = 5), MITOME_GUIDANCE_TOUCH);
        assert_int_equal(OF(.kind = MITOME_GATE_SAMPLE, .remaining = 4), MITOME_GUIDANCE_MORE);
        assert_int_equal(OF(.kind = MITOME_GATE_SAMPLE), MITOME_GUIDANCE_NONE);
        assert_int_equal(OF(.kind = MITOME_GATE_EVIDENCE), MITOME_GUIDANCE_NONE);
        assert_int_equal(OF(.kind = MITOME_GATE_NO_MATCH), MITOME_GUIDANCE_NOT_RECOGNISED);
        assert_int_equal(OF(.kind = MITOME_GATE_ABSENT), MITOME_GUIDANCE_ABSENT);
        assert_int_equal(OF(.kind = MITOME_GATE_DISMISSED), MITOME_GUIDANCE_DECLINED);
        assert_int_equal(
                OF(.kind = MITOME_GATE_NO_MATCH, .hint = MITOME_GATE_HINT_SAME), MITOME_GUIDANCE_SAME);
        assert_int_equal(OF(.kind = MITOME_GATE_BROKEN), MITOME_GUIDANCE_BROKEN);
        assert_int_equal(OF(.kind = MITOME_GATE_DONE), MITOME_GUIDANCE_NONE);
}

static void hints_have_their_words(void **state)
{
        static const struct {
                enum mitome_gate_hint hint;
                enum mitome_guidance guidance;
        } pairs[] = {
                { MITOME_GATE_HINT_NONE, MITOME_GUIDANCE_UNCLEAR },
                { MITOME_GATE_HINT_TOO_SHORT, MITOME_GUIDANCE_AGAIN },
                { MITOME_GATE_HINT_CENTRE, MITOME_GUIDANCE_CENTRE },
                { MITOME_GATE_HINT_LIFT, MITOME_GUIDANCE_LIFT },
                { MITOME_GATE_HINT_GENERAL, MITOME_GUIDANCE_UNCLEAR },
                { MITOME_GATE_HINT_SAME, MITOME_GUIDANCE_SAME },
                { MITOME_GATE_HINT_KNOWN, MITOME_GUIDANCE_KNOWN },
                { MITOME_GATE_HINT_POOR, MITOME_GUIDANCE_POOR },
                { (enum mitome_gate_hint)200, MITOME_GUIDANCE_UNCLEAR },
        };
        (void)state;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
                assert_int_equal(OF(.kind = MITOME_GATE_RETRY, .hint = pairs[i].hint), pairs[i].guidance);
}

static void refusals_have_their_words(void **state)
{
        const struct mitome_gate_event wait = { .kind = MITOME_GATE_REFUSED, .code = MITOME_E_GATE_WAIT };
        unsigned seconds = 0;
        (void)state;
        assert_int_equal(mitome_guidance_of_event(&wait, &seconds), MITOME_GUIDANCE_WAIT);
        assert_int_equal(seconds, 30);
        assert_int_equal(
                OF(.kind = MITOME_GATE_REFUSED, .code = MITOME_E_GATE_PIN_DUE), MITOME_GUIDANCE_PIN_DUE);
        assert_int_equal(OF(.kind = MITOME_GATE_REFUSED, .code = MITOME_E_GATE_NO_FINGER),
                MITOME_GUIDANCE_NONE_ENROLLED);
        assert_int_equal(OF(.kind = MITOME_GATE_REFUSED, .code = MITOME_E_GATE_FULL), MITOME_GUIDANCE_FULL);
        assert_int_equal(
                OF(.kind = MITOME_GATE_REFUSED, .code = MITOME_E_GATE_NO_SENSOR), MITOME_GUIDANCE_NO_SENSOR);
        assert_int_equal(
                OF(.kind = MITOME_GATE_REFUSED, .code = MITOME_E_GATE_BROKEN), MITOME_GUIDANCE_BROKEN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_state_has_words_in_each_language),
                cmocka_unit_test(names_are_words_and_each_is_there_once),
                cmocka_unit_test(numbers_are_filled_in),
                cmocka_unit_test(no_try_left_is_said_as_closed),
                cmocka_unit_test(what_does_not_fit_is_not_begun),
                cmocka_unit_test(states_and_languages_that_are_none_are_refused),
                cmocka_unit_test(languages_are_told_by_locale_and_tag),
                cmocka_unit_test(events_of_the_gate_have_their_words),
                cmocka_unit_test(hints_have_their_words),
                cmocka_unit_test(refusals_have_their_words),
        };
        return cmocka_run_group_tests_name("guidance", tests, NULL, NULL);
}
