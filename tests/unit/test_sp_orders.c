/* SPDX-License-Identifier: Apache-2.0 */

/* The SP-TSM's orders, among real parties and with real elements: the authority's register, the SEI-TSM, and
 * phones in memory. */

#include "tsm_rig.h"

#include "sp_tsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        SIGNING = 1U << SP_SIGNING,
        USER = 1U << SP_USER_VERIFICATION,
        BOTH = SIGNING | USER,
        EVERYTHING = TSM_USER_KEY | TSM_USER_CERTIFICATE | TSM_SIGNING_KEY | TSM_SIGNING_CERTIFICATE |
                     TSM_PIN_SET | TSM_PASSWORD_SET,
        HANAKO = 0,
        TARO = 1,
};

static int set_up(void **state)
{
        static struct tsm_rig rig;
        memset(&rig, 0, sizeof rig);
        tsm_rig_open(&rig);
        *state = &rig;
        return 0;
}

static int tear_down(void **state)
{
        tsm_rig_close(*state);
        return 0;
}

static void assert_state(
        struct tsm_rig *rig, const uint8_t order[SP_ID_SIZE], unsigned state, mitome_code code)
{
        struct tsm_rig_state now = tsm_rig_state(rig, order);
        assert_int_equal(now.state, state);
        assert_int_equal(now.code, code);
}

/* Whatever happened: at most one certificate of a kind, and no key in a phone that no certificate or order
 * stands for. */
static void assert_law(struct tsm_rig *rig)
{
        for (unsigned person = 0; person < TSM_RIG_PEOPLE; person++)
                for (unsigned kind = 1; kind <= 2; kind++)
                        assert_true(tsm_rig_live(rig, person, kind) <= 1);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP,
                                 "SELECT COUNT(*) FROM order_ WHERE purpose = 6 AND state = 4 AND EXISTS "
                                 "(SELECT 1 FROM part WHERE order_id = id AND step <> 22)"),
                0);
}

/* ---- issue ---- */

static void certificates_are_issued_into_a_phone(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", BOTH, &session, order), MITOME_OK);
        assert_state(rig, order, SP_ORDER_OPEN, MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING | TSM_PIN_TEMPORARY | TSM_PASSWORD_TEMPORARY);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_SIGNING, "PASSWORD1"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 1);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
        assert_int_equal(
                tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM part WHERE secret IS NOT NULL"), 0);
        assert_law(rig);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(certificates_are_issued_into_a_phone, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
