/* SPDX-License-Identifier: Apache-2.0 */

/* The SP-TSM's store fails, whole or torn, at its writes: during an issue, a revocation and an erasure.
 * Opened again it goes on: one certificate, no key without an owner, nothing called done that is not. */

#include "sp_tsm.h"
#include "sql_cut.h"
#include "tsm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { USER = 1U << SP_USER_VERIFICATION, STRIDE = 5, CUTS_MAX = 2000 };

static char folder[64], sp_folder[96];

static void remove_folder(void)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.db-shm", "party.db-journal",
                "party.key" };
        char path[160];
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                snprintf(path, sizeof path, "%s/%s", sp_folder, names[i]);
                (void)unlink(path);
        }
        (void)rmdir(sp_folder);
        (void)rmdir(folder);
}

/* What can fail, fails: it is looked at afterwards. */
static void run_flow(struct tsm_rig *rig)
{
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        if (tsm_rig_order(rig, 0, 0, "issue", USER, &session, order) != MITOME_OK)
                return;
        if (tsm_rig_relay(rig, 0) != MITOME_OK)
                return;
        if (tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234") != MITOME_OK)
                return;
        if (tsm_rig_relay(rig, 0) != MITOME_OK)
                return;
        if (tsm_rig_order(rig, 1, 0, "revoke", USER, &session, order) != MITOME_OK)
                return;
        tsm_rig_flush(rig);
        (void)tsm_rig_relay(rig, 0);
}

/* Everybody does what is his to do: the phone relays, letters arrive, sessions end. */
static void settle(struct tsm_rig *rig)
{
        for (int round = 0; round < 4; round++) {
                rig->now += SP_SESSION_S;
                assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
                tsm_rig_flush(rig);
                element_rig_cycle(&rig->phones[0].element);
                mitome_code code = tsm_rig_relay(rig, 0);
                assert_true(code == MITOME_OK || code == MITOME_E_DEVICE_UNKNOWN);
        }
}

static void assert_sound(struct tsm_rig *rig)
{
        const bool key = tsm_rig_there(rig, 0) & (TSM_USER_KEY | TSM_USER_CERTIFICATE);
        const int64_t live = tsm_rig_live(rig, 0, SP_USER_VERIFICATION);
        assert_true(live <= 1);
        /* a certificate and its key, or neither */
        assert_int_equal(live, key);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM held WHERE lives = 1"), live);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP,
                                 "SELECT COUNT(*) FROM order_ WHERE state <= 3 AND purpose <> 6"),
                0);
        /* of each certificate and key that is called erased, a receipt that was taken names it */
        assert_int_equal(
                tsm_rig_number(rig, TSM_RIG_SP,
                        "SELECT COUNT(*) FROM order_ o JOIN part p ON p.order_id = o.id WHERE o.purpose = 6 "
                        "AND o.state = 4 AND NOT EXISTS (SELECT 1 FROM erased x JOIN receipt r USING "
                        "(identity, number) WHERE x.identity = o.identity AND x.kind = p.kind AND r.taken_at "
                        "IS NOT NULL AND (x.serial = p.serial OR x.key = p.key OR (x.number > p.tries AND "
                        "(x.serial IS NULL OR p.serial IS NULL))))"),
                0);
}

static void orders_survive_a_failing_store(void **state)
{
        static struct tsm_rig rig;
        (void)state;
        snprintf(folder, sizeof folder, "/tmp/mitome-sp-cut-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(sp_folder, sizeof sp_folder, "%s/sp-tsm", folder);
        sql_cut_begin();
        rig.sp_folder = sp_folder;
        tsm_rig_open(&rig);
        for (unsigned n = 1;; n += STRIDE) {
                assert_true(n < CUTS_MAX);
                sql_cut_arm("sp-tsm", n, n / STRIDE % 2 ? SQL_CUT_TORN : SQL_CUT_FAILS);
                run_flow(&rig);
                const bool was_cut = sql_cut_on();
                tsm_rig_restart_sp(&rig);
                element_rig_cycle(&rig.phones[0].element);
                settle(&rig);
                assert_sound(&rig);
                if (!was_cut)
                        break;
        }
        tsm_rig_close(&rig);
        remove_folder();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(orders_survive_a_failing_store),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
