/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include "finger_client.h"
#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Whose finger lies on the sensor of this project's own authenticator, and what time it is there. */

/* Each begins anew, so that the same touches come again: a grown finger is not known every time, either. */
enum { DAY = 86400 };

static struct probe_rig rig;

static mitome_status exchange(void *context, slice request, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { PATIENCE_MS = 60000 };
        (void)context;
        (void)error;
        assert_int_equal(
                rig.target.exchange(rig.target.context, request, PATIENCE_MS, response, capacity, ret_size),
                TARGET_ANSWERED);
        return ok();
}

static enum mitome_guidance try_finger(enum target_finger whose, struct finger_state *ret)
{
        const struct finger_wire wire = { .exchange = exchange };
        const struct mitome_random random = random_system();
        struct finger_client client = { 0 };
        enum mitome_guidance said = 0;
        mitome_error error = { 0 };
        rig.target.finger(rig.target.context, whose);
        finger_client_begin(&client, &wire);
        mitome_status status = finger_client_verify(&client, &random, &said, ret, &error);
        finger_client_close(&client);
        rig.target.finger(rig.target.context, TARGET_FINGER_HOLDER);
        if (failed(status)) {
                char text[256];
                mitome_explain(&error, text, sizeof text);
                fail_msg("%s", text);
        }
        return said;
}

static void the_holder_is_known_and_nobody_else(void **state)
{
        struct finger_state now;
        (void)state;
        assert_int_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
        assert_int_not_equal(try_finger(TARGET_FINGER_SAME, &now), MITOME_GUIDANCE_RECOGNISED);
        assert_int_not_equal(try_finger(TARGET_FINGER_STRANGER, &now), MITOME_GUIDANCE_RECOGNISED);
        assert_true(rig.target.restart(rig.target.context));
        assert_int_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
}

static void nobody_is_waited_for_no_longer_than_it_takes(void **state)
{
        struct finger_state now;
        (void)state;
        assert_true(rig.target.restart(rig.target.context));
        assert_int_not_equal(try_finger(TARGET_FINGER_NONE, &now), MITOME_GUIDANCE_RECOGNISED);
        assert_int_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
}

static void the_matcher_sees_the_days_go_by(void **state)
{
        struct finger_state now;
        (void)state;
        assert_true(rig.target.restart(rig.target.context));
        assert_int_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
        if (!rig.target.pass(rig.target.context, DAY, false))
                skip(); /* it takes a privilege */
        assert_int_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
        assert_true(rig.target.pass(rig.target.context, 3 * DAY, false));
        assert_int_not_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
        assert_true(rig.target.restart(rig.target.context));
}

static void after_another_boot_the_pin_is_due(void **state)
{
        struct finger_state now;
        (void)state;
        assert_true(rig.target.restart(rig.target.context));
        if (!rig.target.pass(rig.target.context, 1, true))
                skip();
        assert_int_not_equal(try_finger(TARGET_FINGER_HOLDER, &now), MITOME_GUIDANCE_RECOGNISED);
}

static unsigned heard;

static void flip(void *of, uint8_t *evidence, size_t size)
{
        (void)of;
        heard++;
        evidence[size - 1] ^= 1;
}

static void evidence_is_changed_on_its_way(void **state)
{
        struct finger_state now;
        (void)state;
        assert_true(rig.target.restart(rig.target.context));
        heard = 0;
        rig.target.tamper(rig.target.context, flip, NULL);
        const struct finger_wire wire = { .exchange = exchange };
        const struct mitome_random random = random_system();
        struct finger_client client = { 0 };
        enum mitome_guidance said = 0;
        finger_client_begin(&client, &wire);
        mitome_status status = finger_client_verify(&client, &random, &said, &now, NULL);
        finger_client_close(&client);
        rig.target.tamper(rig.target.context, NULL, NULL);
        assert_true(failed(status) || said != MITOME_GUIDANCE_RECOGNISED);
        assert_true(heard >= 1);
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
                cmocka_unit_test(the_holder_is_known_and_nobody_else),
                cmocka_unit_test(nobody_is_waited_for_no_longer_than_it_takes),
                cmocka_unit_test(the_matcher_sees_the_days_go_by),
                cmocka_unit_test(after_another_boot_the_pin_is_due),
                cmocka_unit_test(evidence_is_changed_on_its_way),
        };
        return cmocka_run_group_tests(tests, open_one, close_one);
}
