/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Probes of the biometric path, on this project's own authenticator, whose matcher is the shipped one. */

static struct probe_rig rig;

static void no_finger_is_added_without_the_pin(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P09"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_UV_ENROL_NEEDS_PIN));
        assert_true(probe_rig_bool(&rig, LEVEL_UV_CHANGE_CLOSES));
}

static void an_empty_set_opens_nothing(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P10"), PROBE_HOLDS);
}

/* There is nothing in this matcher that would tell an artefact (docs/gate-attacks.md). */
static void copies_are_refused_and_artefacts_are_counted(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P11"), PROBE_PARTLY);
        assert_true(probe_rig_bool(&rig, LEVEL_UV_REPLAY_REFUSED));
        assert_int_equal(
                json_integer_value(json_object_get(probe_run_found(rig.run, LEVEL_UV_IAPAR), "trials")), 4);
        assert_true(
                json_integer_value(json_object_get(probe_run_found(rig.run, LEVEL_UV_IAPAR), "errors")) > 0);
}

static void no_stranger_is_taken_in_a_few_trials(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P12"), PROBE_PARTLY);
        assert_int_equal(
                json_integer_value(json_object_get(probe_run_found(rig.run, LEVEL_UV_FMR), "errors")), 0);
        assert_int_equal(
                json_integer_value(json_object_get(probe_run_found(rig.run, LEVEL_UV_FMR), "trials")), 10);
        assert_int_equal(
                json_integer_value(json_object_get(probe_run_found(rig.run, LEVEL_UV_FNMR), "trials")), 10);
}

static void time_asks_for_the_pin_and_ends_sessions(void **state)
{
        (void)state;
        if (!(rig.target.abilities & TARGET_LIFE))
                skip();
        probe_rig_try(&rig, probe_rig_find("P23"));
        assert_true(probe_rig_count(&rig, LEVEL_UV_PIN_HOURS) > 0);
        assert_int_equal(probe_rig_count(&rig, LEVEL_VERIFIER_SESSION_MINUTES), 12 * 60);
        assert_int_equal(probe_rig_count(&rig, LEVEL_VERIFIER_IDLE_MINUTES), 15);
}

static void nothing_is_left_behind(void **state)
{
        (void)state;
        if (!(rig.target.abilities & TARGET_PEEK))
                skip();
        probe_rig_expect(&rig, probe_rig_find("P22"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_SECRETS_WIPED));
        assert_true(probe_rig_bool(&rig, LEVEL_UV_LOCAL));
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_KEEPS_NO_SECRET));
        assert_true(probe_rig_bool(&rig, LEVEL_VERIFIER_REPLAY_REFUSED));
}

static void paths_do_not_add(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_HOLDS);
}

static int open_one(void **state)
{
        (void)state;
        return probe_rig_open(&rig, TARGET_FINGER) ? 0 : -1;
}

static int close_one(void **state)
{
        (void)state;
        probe_rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_finger_is_added_without_the_pin),
                cmocka_unit_test(an_empty_set_opens_nothing),
                cmocka_unit_test(copies_are_refused_and_artefacts_are_counted),
                cmocka_unit_test(no_stranger_is_taken_in_a_few_trials),
                cmocka_unit_test(time_asks_for_the_pin_and_ends_sessions),
                cmocka_unit_test(nothing_is_left_behind),
                cmocka_unit_test(paths_do_not_add),
        };
        return cmocka_run_group_tests(tests, open_one, close_one);
}
