/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Probes of the biometric gate, with the real matcher behind a virtual sensor. */

static struct probe_rig rig;

static void changed_evidence_opens_nothing(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P02"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_UV_INJECTION_REFUSED));
        assert_false(probe_rig_partial(&rig, LEVEL_UV_INJECTION_REFUSED));
}

static void no_finger_opens_the_signing_key(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P03"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_SIGN_FINGER_REFUSED));
        assert_false(probe_rig_partial(&rig, LEVEL_SIGN_FINGER_REFUSED));
}

static void strange_fingers_come_to_an_end(void **state)
{
        (void)state;
        probe_rig_try(&rig, probe_rig_find("P06"));
        if (rig.target.abilities & TARGET_CLOCK)
                assert_in_range(probe_rig_count(&rig, LEVEL_UV_TRIES), 1, 5);
        assert_true(probe_rig_bool(&rig, LEVEL_UV_TRIES_HOLD));
        assert_int_not_equal(probe_run_result(rig.run), PROBE_BROKEN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(changed_evidence_opens_nothing),
                cmocka_unit_test(no_finger_opens_the_signing_key),
                cmocka_unit_test(strange_fingers_come_to_an_end),
        };
        if (!probe_rig_open(&rig, TARGET_FINGER))
                return 77;
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
