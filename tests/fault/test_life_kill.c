/* SPDX-License-Identifier: Apache-2.0 */

/* The phone's app and its element, killed at each word to the parties and in mid relay, switched on again,
 * and led on by a holder who only looks and goes on. */

#include "life_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PIN "4649"

static struct life_rig rig;

static void live(unsigned signing, unsigned user)
{
        life_rig_flush(&rig);
        assert_int_equal(tsm_rig_live(&rig.tsm, 0, SP_SIGNING), signing);
        assert_int_equal(tsm_rig_live(&rig.tsm, 0, SP_USER_VERIFICATION), user);
}

/* What a holder does who finds his phone switched off in the middle: he looks, and goes on. */
static bool go_on(unsigned *applied)
{
        struct life_state state;
        if (failed(life_cycle_look(rig.app, &state, NULL)))
                return false;
        if (state.order == LIFE_ORDER_NONE || state.order == LIFE_ORDER_GIVEN_UP) {
                (*applied)++;
                if (failed(life_rig_apply(&rig, LIFE_ISSUE, LIFE_USER_VERIFICATION, NULL)))
                        return false;
        }
        if (failed(life_cycle_run(rig.app, &state, NULL)))
                return false;
        if (state.to_choose &&
                failed(life_cycle_choose(rig.app, LIFE_USER_VERIFICATION, slice_text(PIN), NULL)))
                return false;
        return !failed(life_cycle_run(rig.app, &state, NULL)) && state.order == LIFE_ORDER_DONE;
}

static void the_phone_is_in_use(void)
{
        struct life_state state;
        assert_int_equal(life_cycle_look(rig.app, &state, NULL).code, MITOME_OK);
        assert_int_equal(state.phase, LIFE_USE);
        assert_int_equal(state.present, LIFE_USER_VERIFICATION);
        assert_int_equal(state.to_choose, 0);
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, PIN));
        live(0, 1);
}

static void kill_and_go_on(unsigned *applied)
{
        enum { VISITS = 6 };
        for (int i = 0; i < VISITS; i++) {
                life_rig_kill(&rig);
                life_rig_flush(&rig);
                assert_int_equal(life_rig_start(&rig, NULL).code, MITOME_OK);
                if (go_on(applied))
                        return;
        }
        fail();
}

static void make_folder(char folder[64])
{
        snprintf(folder, 64, "/tmp/mitome-app-XXXXXX");
        assert_non_null(mkdtemp(folder));
}

static void remove_folder(const char *folder)
{
        static const char *const names[] = { "app.db", "app.db-wal", "app.db-shm", "app.db-journal" };
        char path[96];
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, names[i]);
                (void)unlink(path);
        }
        assert_int_equal(rmdir(folder), 0);
}

/* At each `step`-th message from the `from`-th on: the app dies with it, and so does the element's power. */
static void kill_everywhere(enum phone_way_fate fate, bool calls_only, unsigned step)
{
        unsigned at = 1;
        for (bool cut = true; cut; at += step) {
                char folder[64];
                unsigned applied = 0;
                make_folder(folder);
                rig.folder = folder;
                life_rig_open(&rig);
                life_rig_cut(&rig, fate, at, calls_only);
                const bool done = go_on(&applied);
                cut = rig.was_cut;
                rig.at = 0;
                if (!done)
                        kill_and_go_on(&applied);
                the_phone_is_in_use();
                assert_true(applied <= 2);
                life_rig_close(&rig);
                remove_folder(folder);
        }
        assert_true(at > 5);
}

static void an_app_that_is_killed_before_any_word_arrives_goes_on(void **state)
{
        (void)state;
        kill_everywhere(PHONE_WAY_DROP, true, 2);
}

static void an_app_that_is_killed_before_any_answer_arrives_goes_on(void **state)
{
        (void)state;
        kill_everywhere(PHONE_WAY_LOSE_ANSWER, true, 1);
}

static void an_app_that_is_killed_in_mid_relay_goes_on(void **state)
{
        (void)state;
        kill_everywhere(PHONE_WAY_LOSE_ANSWER, false, 23);
}

static void words_that_arrive_twice_do_no_harm(void **state)
{
        (void)state;
        for (unsigned at = 1; at < 8; at += 2) {
                unsigned applied = 0;
                rig.folder = NULL;
                life_rig_open(&rig);
                life_rig_cut(&rig, PHONE_WAY_TWICE, at, true);
                if (!go_on(&applied))
                        kill_and_go_on(&applied);
                the_phone_is_in_use();
                life_rig_close(&rig);
        }
}

/* ---- setting back ---- */

static struct life_reset reset_order(void)
{
        return (struct life_reset){ .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .software = rig.software,
                .maker = phone_way_local(&rig.maker_way),
                .sei_tsm = phone_way_local(&rig.sei_way) };
}

static void setting_back_is_never_confirmed_before_the_receipt_was_taken(void **state)
{
        (void)state;
        for (unsigned at = 1;; at++) {
                bool confirmed = false;
                unsigned applied = 0;
                rig.folder = NULL;
                life_rig_open(&rig);
                const struct life_reset reset = reset_order();
                assert_true(go_on(&applied));
                life_rig_cut(&rig, PHONE_WAY_LOSE_ANSWER, at, true);
                const bool failed_once = failed(life_cycle_reset(&reset, &confirmed, NULL));
                const bool cut = rig.was_cut;
                rig.at = 0;
                assert_int_equal(failed_once, cut);
                assert_int_equal(confirmed, !cut);
                if (cut) {
                        life_rig_kill(&rig);
                        assert_int_equal(life_rig_start(&rig, NULL).code, MITOME_OK);
                        assert_int_equal(life_cycle_reset(&reset, &confirmed, NULL).code, MITOME_OK);
                }
                assert_true(confirmed);
                live(0, 0);
                life_rig_close(&rig);
                if (!cut)
                        break;
                assert_true(at < 20);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_app_that_is_killed_before_any_word_arrives_goes_on),
                cmocka_unit_test(an_app_that_is_killed_before_any_answer_arrives_goes_on),
                cmocka_unit_test(an_app_that_is_killed_in_mid_relay_goes_on),
                cmocka_unit_test(words_that_arrive_twice_do_no_harm),
                cmocka_unit_test(setting_back_is_never_confirmed_before_the_receipt_was_taken),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
