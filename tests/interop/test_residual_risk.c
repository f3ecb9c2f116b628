/* SPDX-License-Identifier: Apache-2.0 */

/* The plan's residual issues, with and without its measures: what whoever has the phone can do who has
 * guessed PIN and password. docs/life-cycle.md has the figures. */

#include "residual_risk.h"

#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct residual_outcome play(unsigned measures, bool reachable)
{
        const struct mitome_random random = random_system();
        struct residual_outcome outcome = { 0 };
        mitome_error error = { 0 };
        if (failed(residual_play(measures, reachable, &random, &outcome, &error)))
                fail_msg("E%d %s", error.code, error.field ? error.field : "");
        return outcome;
}

/* 課題1: the PIN is the only barrier. */
static void a_phone_given_away_as_it_is_logs_in_and_signs(void **state)
{
        struct residual_outcome outcome = play(0, true);
        (void)state;
        assert_int_equal(outcome.keys, 2);
        assert_int_equal(outcome.live, 2);
        assert_true(outcome.login);
        assert_true(outcome.list_login);
        assert_false(outcome.expired_login);
        assert_true(outcome.facts);
        assert_int_equal(outcome.signatures, 100); /* the lease, and no more */
        assert_int_equal(outcome.verdict, COUNTER_LIVE);
}

/* 課題2: nothing but a key that nobody believes, if he asks. */
static void a_revoked_phone_that_is_not_erased_fools_who_does_not_ask(void **state)
{
        static const unsigned measures[] = { RESIDUAL_OLD_REVOKE, RESIDUAL_NEW_PHONE };
        (void)state;
        for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
                struct residual_outcome outcome = play(measures[i], true);
                assert_int_equal(outcome.keys, 2);
                assert_int_equal(outcome.live, 0);
                assert_false(outcome.login);
                assert_true(outcome.stale_login);
                assert_false(outcome.list_login);
                assert_false(outcome.expired_login);
                assert_true(outcome.facts);
                assert_int_equal(outcome.signatures, 100);
                assert_int_equal(outcome.verdict, COUNTER_UNDELETED);
        }
}

static void each_way_to_erase_leaves_nothing(void **state)
{
        static const unsigned measures[] = { RESIDUAL_OLD_REVOKE | RESIDUAL_OLD_ERASE, RESIDUAL_RESET,
                RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE, RESIDUAL_COUNTER };
        (void)state;
        for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
                struct residual_outcome outcome = play(measures[i], true);
                assert_int_equal(outcome.keys, 0);
                assert_int_equal(outcome.live, 0);
                assert_false(outcome.stale_login);
                assert_false(outcome.list_login);
                assert_false(outcome.facts);
                assert_int_equal(outcome.signatures, 0);
                assert_int_equal(outcome.verdict, COUNTER_ERASED);
        }
}

static void a_phone_that_cannot_be_reached_is_caught_at_the_counter(void **state)
{
        enum { AFAR = RESIDUAL_NEW_PHONE | RESIDUAL_REMOTE_ERASE };
        struct residual_outcome unreached = play(AFAR, false),
                                caught = play((unsigned)AFAR | RESIDUAL_COUNTER, false);
        (void)state;
        assert_int_equal(unreached.verdict, COUNTER_UNDELETED);
        assert_true(unreached.stale_login);
        assert_int_equal(caught.verdict, COUNTER_ERASED);
        assert_false(caught.stale_login);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_phone_given_away_as_it_is_logs_in_and_signs),
                cmocka_unit_test(a_revoked_phone_that_is_not_erased_fools_who_does_not_ask),
                cmocka_unit_test(each_way_to_erase_leaves_nothing),
                cmocka_unit_test(a_phone_that_cannot_be_reached_is_caught_at_the_counter),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
