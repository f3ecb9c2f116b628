/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Probes of a certificate's life: what they find where all is as it must be, and what they say of a target
 * that does not come with the parties. */

/* It takes nothing of the authenticator itself. */
static struct probe_rig rig = { .target = { .name = "self", .abilities = TARGET_LIFE } };

static void nobody_logs_in_with_a_certificate_that_has_ended(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P18"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_EXPIRED_REFUSED));
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_REVOKED_REFUSED));
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_BAD_STATUS_REFUSED));
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_LINKED));
        assert_int_equal(probe_rig_count(&rig, LEVEL_LIFE_HOLD_SECONDS), 0);
}

static void a_revoked_signing_key_stops(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P19"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_SIGN_REVOKED_STOPS));
        assert_non_null(strstr(probe_run_why(rig.run), "after 99 more signatures"));
}

static void who_buys_a_phone_has_nothing_of_its_seller(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P20"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_NEW_OWNER_CLEAN));
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_ERASURE_PROVED));
        assert_null(strstr(probe_run_why(rig.run), "cut at 0 of"));
        assert_false(probe_rig_partial(&rig, LEVEL_LIFE_ERASURE_PROVED));
}

static void only_a_live_card_resets_and_issues(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P21"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_RESET_NEEDS_CARD));
        assert_true(probe_rig_bool(&rig, LEVEL_LIFE_BINDING_NEEDS_CARD));
}

static void a_foreign_authenticator_has_no_such_life(void **state)
{
        struct probe_rig foreign = { .target = { .name = "hid:0", .abilities = TARGET_CTAP } };
        static const char *const ids[] = { "P18", "P19", "P20", "P21" };
        (void)state;
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                probe_rig_expect(&foreign, probe_rig_find(ids[i]), PROBE_NOT_TESTABLE);
                assert_non_null(strstr(probe_run_why(foreign.run), "certificate's life"));
        }
        probe_rig_close(&foreign);
}

static void the_same_attempt_leaves_the_same_trace(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P18"), PROBE_HOLDS);
        json_t *first = json_deep_copy(probe_run_steps(rig.run));
        probe_rig_expect(&rig, probe_rig_find("P18"), PROBE_HOLDS);
        assert_true(json_equal(first, probe_run_steps(rig.run)));
        json_decref(first);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nobody_logs_in_with_a_certificate_that_has_ended),
                cmocka_unit_test(a_revoked_signing_key_stops),
                cmocka_unit_test(who_buys_a_phone_has_nothing_of_its_seller),
                cmocka_unit_test(only_a_live_card_resets_and_issues),
                cmocka_unit_test(a_foreign_authenticator_has_no_such_life),
                cmocka_unit_test(the_same_attempt_leaves_the_same_trace),
        };
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
