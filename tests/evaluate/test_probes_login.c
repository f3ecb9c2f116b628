/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Probes of one login: what they find at the sound authenticator, and what they say of one that lacks what
 * they need. */

static struct probe_rig rig;

static void an_ordinary_login_is_accepted(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P00"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_LOGIN_USER_PRESENT));
        assert_true(probe_rig_bool(&rig, LEVEL_LOGIN_USER_VERIFIED));
        assert_true(probe_rig_bool(&rig, LEVEL_LOGIN_VERIFICATION_TOLD));
        assert_int_equal(probe_rig_count(&rig, LEVEL_LOGIN_CHALLENGE_BITS), 256);
        assert_int_equal(probe_rig_count(&rig, LEVEL_KEY_STRENGTH_BITS), 128);
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_SYNCABLE));
        assert_true(probe_rig_bool(&rig, LEVEL_PIN_OFFERED));
}

static void nothing_recorded_is_taken_again(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P01"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_EVIDENCE_ONCE));
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_REPLAY_REFUSED));
}

static void one_verification_is_one_signature(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P04"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_FRESH_VERIFICATION));
        assert_true(probe_rig_bool(&rig, LEVEL_OP_BOUND_TO_DATA));
}

static void an_unlocked_phone_is_no_factor(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P05"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_UNLOCK_IS_NO_FACTOR));
        assert_true(probe_rig_bool(&rig, LEVEL_OP_INTENT));
}

static void the_time_of_a_wrong_pin_tells_nothing(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P08"), PROBE_PARTLY);
        assert_false(probe_rig_bool(&rig, LEVEL_PIN_TIMING_TELLS));
}

static void a_relayed_assertion_is_refused(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P13"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_BINDS_NAME));
        assert_false(probe_rig_partial(&rig, LEVEL_VERIFIER_BINDS_NAME));
}

/* It came before the relying party, whether or not the authenticator makes one. */
static void expect_weak_key_shown(void)
{
        char *steps = json_dumps(probe_run_steps(rig.run), 0);
        assert_non_null(steps);
        assert_non_null(strstr(steps, "a key that signs with SHA-1: E403"));
        free(steps);
}

static void less_than_was_asked_for_is_refused(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P14"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_CHECKS_VERIFICATION));
        assert_false(probe_rig_partial(&rig, LEVEL_VERIFIER_CHECKS_VERIFICATION));
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_CHECKS_FLAGS));
        assert_false(probe_rig_partial(&rig, LEVEL_VERIFIER_CHECKS_FLAGS));
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_false(probe_rig_partial(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_SYNCABLE));
        expect_weak_key_shown();
}

static void probes_leave_nothing_behind(void **state)
{
        static const char *const ids[] = { "P00", "P01", "P04", "P05", "P13", "P14" };
        (void)state;
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                probe_rig_try(&rig, probe_rig_find(ids[i]));
                char *steps = json_dumps(probe_run_steps(rig.run), 0);
                assert_non_null(steps);
                assert_null(strstr(steps, "it is left"));
                free(steps);
        }
}

/* Our side of each key agreement that a run noted: the COSE key's x of {-1: 1, -2: x, -3: y}. */
static size_t note_points(char points[][65], size_t most)
{
        const json_t *steps = probe_run_steps(rig.run);
        size_t count = 0;
        for (size_t i = 0; i < json_array_size(steps); i++) {
                const char *sent = json_string_value(json_object_get(json_array_get(steps, i), "sent"));
                const char *at = sent && strncmp(sent, "06", 2) == 0 ? strstr(sent, "2001215820") : NULL;
                if (at && count < most)
                        snprintf(points[count++], sizeof points[0], "%s", at + strlen("2001215820"));
        }
        return count;
}

/* Who has the report must not have the PIN: with our side of the key agreement foretold, the encrypted PIN
 * hash that stands in the trace would open. */
static void no_key_agreement_is_foretold(void **state)
{
        enum { MOST = 32 };
        static char first[MOST][65], second[MOST][65];
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P04"), PROBE_HOLDS);
        size_t count = note_points(first, MOST);
        probe_rig_expect(&rig, probe_rig_find("P04"), PROBE_HOLDS);
        assert_int_equal(note_points(second, MOST), count);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < count; j++) {
                        assert_string_not_equal(first[i], second[j]);
                        if (i != j)
                                assert_string_not_equal(first[i], first[j]);
                }
}

/* ISO 7816-4 VERIFY brings the PIN as it is: it stands in no trace. */
static void no_trace_has_the_pin(void **state)
{
        static const char *const ids[] = { "P03", "P13" };
        (void)state;
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
                bool verified = false;
                (void)probe_rig_try(&rig, probe_rig_find(ids[i]));
                const json_t *steps = probe_run_steps(rig.run);
                for (size_t at = 0; at < json_array_size(steps); at++) {
                        const char *sent =
                                json_string_value(json_object_get(json_array_get(steps, at), "sent"));
                        if (!sent)
                                continue;
                        verified = verified || strncmp(sent, "0020", 4) == 0;
                        assert_null(strstr(sent, "31323334"));
                }
                assert_true(verified);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_ordinary_login_is_accepted),
                cmocka_unit_test(nothing_recorded_is_taken_again),
                cmocka_unit_test(one_verification_is_one_signature),
                cmocka_unit_test(an_unlocked_phone_is_no_factor),
                cmocka_unit_test(the_time_of_a_wrong_pin_tells_nothing),
                cmocka_unit_test(a_relayed_assertion_is_refused),
                cmocka_unit_test(less_than_was_asked_for_is_refused),
                cmocka_unit_test(probes_leave_nothing_behind),
                cmocka_unit_test(no_key_agreement_is_foretold),
                cmocka_unit_test(no_trace_has_the_pin),
        };
        probe_rig_open(&rig, 0);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
