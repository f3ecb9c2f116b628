/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Probes of what an element stores: with its storage in our hands, with an anchor, and without one. */

static struct probe_rig rig;

static void no_try_comes_back(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_HOLDS);
        assert_null(strstr(probe_run_why(rig.run), " 0 power cuts"));
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_TRIES), 3);
        assert_true(probe_rig_bool(&rig, LEVEL_PIN_TRIES_HOLD));
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_LENGTH_LEAST), 4);
        assert_true(probe_rig_bool(&rig, LEVEL_PIN_DIGITS_ONLY));
        assert_false(probe_rig_bool(&rig, LEVEL_PIN_BLOCKLIST));
}

static void it_is_as_new_after_the_guessing(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P00"), PROBE_HOLDS);
}

static void a_copy_signs_nothing(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P15"), PROBE_HOLDS);
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_CLONE_WORKS));
        assert_false(probe_rig_partial(&rig, LEVEL_KEY_CLONE_WORKS));
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_true(probe_rig_partial(&rig, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_false(probe_rig_bool(&rig, LEVEL_KEY_EXPORTABLE));
}

static void without_an_anchor_a_copy_signs(void **state)
{
        struct probe_rig bare;
        (void)state;
        probe_rig_open_with(&bare, "self:no-anchor", NULL, NULL);
        probe_rig_expect(&bare, probe_rig_find("P15"), PROBE_BROKEN);
        assert_true(probe_rig_bool(&bare, LEVEL_KEY_CLONE_WORKS));
        assert_true(probe_rig_bool(&bare, LEVEL_KEY_COUNTER_ROLLS_BACK));
        assert_non_null(strstr(probe_run_why(bare.run), "notices it by the counter"));
        probe_rig_close(&bare);
}

static void without_an_anchor_an_old_copy_gives_tries_back(void **state)
{
        struct probe_rig bare;
        (void)state;
        probe_rig_open_with(&bare, "self:no-anchor", NULL, NULL);
        probe_rig_expect(&bare, probe_rig_find("P07"), PROBE_BROKEN);
        assert_false(probe_rig_bool(&bare, LEVEL_PIN_TRIES_HOLD));
        probe_rig_close(&bare);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_try_comes_back),
                cmocka_unit_test(it_is_as_new_after_the_guessing),
                cmocka_unit_test(a_copy_signs_nothing),
                cmocka_unit_test(without_an_anchor_a_copy_signs),
                cmocka_unit_test(without_an_anchor_an_old_copy_gives_tries_back),
        };
        probe_rig_open(&rig, 0);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
