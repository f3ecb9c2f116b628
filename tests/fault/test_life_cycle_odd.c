/* SPDX-License-Identifier: Apache-2.0 */

/* Clocks that are off, letters by the wrong key, and serial numbers that are not the ones meant. */

#include "cut_flows.h"
#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 86400 };

static struct cut_world world;

static int64_t live(void)
{
        return cut_world_number(
                &world, WORLD_AUTHORITY, "SELECT count(*) FROM certificate WHERE place = 2 AND status = 0");
}

static void clocks_three_days_apart_issue_nothing_and_set_right_they_go_on(void **state)
{
        (void)state;
        world.skew = 3 * DAY;
        cut_flow_issue.drive(&world);
        assert_int_equal(live(), 0);
        world.skew = -3 * DAY;
        cut_flow_issue.drive(&world);
        assert_int_equal(live(), 0);
        world.skew = 0;
        assert_true(cut_world_is_sound(&world, false));
        cut_world_settle_in(&world);
        assert_int_equal(live(), 2);
}

static void a_day_off_either_way_changes_nothing(void **state)
{
        (void)state;
        for (int64_t skew = -DAY; skew <= DAY; skew += 2 * (int64_t)DAY) {
                world.skew = skew;
                cut_flows[CUT_FLOW_HOLD_AND_RELEASE]->drive(&world);
                assert_true(cut_flows[CUT_FLOW_HOLD_AND_RELEASE]->reached(&world));
                world.held = false;
                memset(world.told_hold, 0, sizeof world.told_hold);
                memset(world.told_release, 0, sizeof world.told_release);
        }
        cut_flows[CUT_FLOW_RENEW]->drive(&world);
        assert_true(cut_flows[CUT_FLOW_RENEW]->reached(&world));
        world.skew = 0;
        assert_true(cut_world_is_sound(&world, true));
}

static int64_t tell_time(void *context)
{
        (void)context;
        return world.play.world.now;
}

/* The certificate of signing is the one of the beginning: renewed was the other. */
static slice signing(void)
{
        return play_serial(&world.play, REGISTER_SIGNING);
}

static bool is_good(void)
{
        struct ca_status status;
        return !failed(world_status(&world.play.world, REGISTER_SIGNING, signing(), &status, NULL)) &&
               status.state == CA_GOOD;
}

static void a_call_centre_by_another_key_holds_nothing(void **state)
{
        struct world *all = &world.play.world;
        struct party *impostor, *real = all->parties[WORLD_CALL_CENTRE];
        const struct party_config config = { .name = PARTY_CALL_CENTRE,
                .schema = "",
                .schema_version = 1,
                .directory = &all->network.directory,
                .post = post_local(&all->network),
                .clock = { .now = tell_time },
                .random = random_system() };
        (void)state;
        assert_int_equal(party_open(&config, &impostor, NULL).code, MITOME_OK);
        all->parties[WORLD_CALL_CENTRE] = impostor;
        mitome_status status =
                world_tell_authority(all, WORLD_CALL_CENTRE, "hold", REGISTER_SIGNING, signing(), NULL);
        all->parties[WORLD_CALL_CENTRE] = real;
        party_close(impostor);
        assert_int_equal(status.code, MITOME_E_UNREACHABLE);
        assert_true(is_good());
        assert_true(cut_world_is_sound(&world, true));
}

static void a_serial_of_the_other_kind_or_of_nobody_holds_nothing(void **state)
{
        static const uint8_t nobody[] = { 0x11, 0x22, 0x33 };
        struct world *all = &world.play.world;
        (void)state;
        assert_int_equal(world_tell_authority(
                                 all, WORLD_CALL_CENTRE, "hold", REGISTER_USER_VERIFICATION, signing(), NULL)
                                 .code,
                MITOME_E_REFUSED);
        assert_int_equal(
                world_tell_authority(all, WORLD_CALL_CENTRE, "hold", REGISTER_SIGNING, SLICE(nobody), NULL)
                        .code,
                MITOME_E_REFUSED);
        assert_true(is_good());
        assert_int_equal(live(), 2);
        assert_true(cut_world_is_sound(&world, true));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(clocks_three_days_apart_issue_nothing_and_set_right_they_go_on),
                cmocka_unit_test(a_day_off_either_way_changes_nothing),
                cmocka_unit_test(a_call_centre_by_another_key_holds_nothing),
                cmocka_unit_test(a_serial_of_the_other_kind_or_of_nobody_holds_nothing),
        };
        cut_world_open(&world);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        cut_world_close(&world);
        return failures;
}
