/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_play.h"
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What becomes of a story in a world of its own that ends before its end: where what is good was not taken,
 * refusals say nothing; where the world came to a halt, that is said. */

static struct probe_rig rig = { .target = { .name = "self", .abilities = TARGET_LIFE } };

static mitome_status refuse_the_good(struct probe_run *run, struct play *play, mitome_error *error)
{
        (void)run;
        (void)play;
        return probe_play_control("a card that is good", error);
}

static mitome_status stop(struct probe_run *run, struct play *play, mitome_error *error)
{
        (void)run;
        (void)play;
        return (fail)(error, MITOME_E_VALUE, "a wheel", NULL); /* not the macro of cmocka */
}

static void attempt_refusing(struct probe_run *run, struct target *target)
{
        (void)target;
        probe_play(run, REGISTER_RELEASE, refuse_the_good);
}

static void attempt_stopping(struct probe_run *run, struct target *target)
{
        (void)target;
        probe_play(run, REGISTER_RELEASE, stop);
}

static void where_the_good_is_refused_nothing_can_be_tested(void **state)
{
        static const struct probe probe = { .id = "P18", .needs = TARGET_LIFE, .attempt = attempt_refusing };
        (void)state;
        probe_rig_expect(&rig, &probe, PROBE_NOT_TESTABLE);
        assert_non_null(strstr(probe_run_why(rig.run), "a card that is good"));
}

static void a_world_that_stops_is_told_apart_from_it(void **state)
{
        static const struct probe probe = { .id = "P18", .needs = TARGET_LIFE, .attempt = attempt_stopping };
        (void)state;
        probe_rig_expect(&rig, &probe, PROBE_TARGET_FAILED);
        assert_non_null(strstr(probe_run_why(rig.run), "a wheel"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(where_the_good_is_refused_nothing_can_be_tested),
                cmocka_unit_test(a_world_that_stops_is_told_apart_from_it),
        };
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
