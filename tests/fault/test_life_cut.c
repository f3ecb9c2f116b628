/* SPDX-License-Identifier: Apache-2.0 */

/* The SEI-TSM cut at every write of its store while a phone is prepared, and the app at every write of its
 * own: opened again, both go on, and what was handed over opens what was made. */

#include "life_rig.h"
#include "sei_rig.h"
#include "sql_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t app[32] = { 0xA1 };

static void make_folder(char folder[64])
{
        snprintf(folder, 64, "/tmp/mitome-cut-XXXXXX");
        assert_non_null(mkdtemp(folder));
}

static void remove_folder(const char *folder)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.db-shm", "party.db-journal",
                "party.key", "app.db", "app.db-wal", "app.db-shm", "app.db-journal" };
        char path[96];
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                snprintf(path, sizeof path, "%s/%s", folder, names[i]);
                (void)unlink(path);
        }
        snprintf(path, sizeof path, "%s.vault", folder);
        (void)unlink(path);
        assert_int_equal(rmdir(folder), 0);
}

static struct sei_rig sei;

static void open_by_first_keys(enum tsm_applet applet)
{
        struct tsm_channel channel;
        assert_int_equal(sei_rig_own(&sei, applet, &channel).code, MITOME_OK);
        tsm_close(&channel);
}

/* No domain of a phone has keys that nobody has, wherever the manager's disk fails. */
static void a_manager_whose_disk_fails_loses_no_domain(enum sql_cut_how how)
{
        bool cut = true;
        unsigned n = 1;
        for (; cut; n++) {
                char folder[64], path[96];
                make_folder(folder);
                snprintf(path, sizeof path, "%s/party.db", folder);
                sei.folder = folder;
                sei_rig_open(&sei);
                sei_rig_phone(&sei, SEI_RIG_PHONE);
                sql_cut_arm(path, n, how);
                (void)sei_rig_prepare(&sei, 1, SLICE(app));
                (void)failed(sei_rig_serve(&sei, NULL));
                cut = sql_cut_on();
                sei_rig_stop(&sei);
                mitome_element_reset(sei.phone.element);
                assert_int_equal(sei_rig_start(&sei, NULL).code, MITOME_OK);
                sei.now += 1;
                assert_int_equal(sei_rig_prepare(&sei, 1, SLICE(app)), MITOME_OK);
                assert_int_equal(sei_rig_serve(&sei, NULL).code, MITOME_OK);
                sei_rig_settle(&sei);
                assert_int_equal(sei_rig_state(&sei), SEI_TSM_INSTALLED);
                assert_int_equal(sei.handed, 1);
                open_by_first_keys(TSM_PROVIDER);
                open_by_first_keys(TSM_JPKI);
                open_by_first_keys(TSM_FIDO);
                sei_rig_close(&sei);
                remove_folder(folder);
        }
        assert_true(n > 10);
}

static void the_managers_disk_is_full_at_every_write(void **state)
{
        (void)state;
        a_manager_whose_disk_fails_loses_no_domain(SQL_CUT_FAILS);
}

static void the_managers_writes_are_torn(void **state)
{
        (void)state;
        a_manager_whose_disk_fails_loses_no_domain(SQL_CUT_TORN);
}

/* ---- the app ---- */

static struct life_rig life;

static bool go_on(void)
{
        struct life_state state;
        if (failed(life_cycle_look(life.app, &state, NULL)))
                return false;
        if ((state.order == LIFE_ORDER_NONE || state.order == LIFE_ORDER_GIVEN_UP) &&
                failed(life_rig_apply(&life, LIFE_ISSUE, LIFE_USER_VERIFICATION, NULL)))
                return false;
        if (failed(life_cycle_run(life.app, &state, NULL)))
                return false;
        if (state.to_choose &&
                failed(life_cycle_choose(life.app, LIFE_USER_VERIFICATION, slice_text("4649"), NULL)))
                return false;
        return !failed(life_cycle_run(life.app, &state, NULL)) && state.order == LIFE_ORDER_DONE;
}

static void an_app_whose_disk_fails_goes_on_where_things_stand(void **state)
{
        (void)state;
        bool cut = true;
        unsigned n = 2; /* opening makes the first ones */
        for (; cut; n += 2) {
                char folder[64], path[96];
                make_folder(folder);
                snprintf(path, sizeof path, "%s/app.db", folder);
                life.folder = folder;
                life_rig_open(&life);
                sql_cut_arm(path, n, SQL_CUT_FAILS);
                bool done = go_on();
                cut = sql_cut_on();
                for (int i = 0; i < 4 && !done; i++) {
                        life_rig_kill(&life);
                        life_rig_flush(&life);
                        assert_int_equal(life_rig_start(&life, NULL).code, MITOME_OK);
                        done = go_on();
                }
                assert_true(done);
                assert_true(life_rig_opens(&life, LIFE_USER_VERIFICATION, "4649"));
                life_rig_flush(&life);
                assert_int_equal(tsm_rig_live(&life.tsm, 0, SP_USER_VERIFICATION), 1);
                life_rig_close(&life);
                remove_folder(folder);
        }
        assert_true(n > 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_managers_disk_is_full_at_every_write),
                cmocka_unit_test(the_managers_writes_are_torn),
                cmocka_unit_test(an_app_whose_disk_fails_goes_on_where_things_stand),
        };
        sql_cut_begin();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
