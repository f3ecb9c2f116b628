/* SPDX-License-Identifier: Apache-2.0 */

/* The applet goes when nothing is left in it (row 33): what the element says of itself afterwards, and what
 * happens when somebody does not answer, or the phone does not come again. */

#include "life_rig.h"
#include "sei_tsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct life_rig rig;

static int open_rig(void **state)
{
        (void)state;
        rig.folder = NULL;
        life_rig_open(&rig);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        life_rig_close(&rig);
        return 0;
}

/* ---- what is done ---- */

static struct life_state run(void)
{
        struct life_state state = { 0 };
        rig.tsm.now++;
        assert_int_equal(life_cycle_run(rig.app, &state, NULL).code, MITOME_OK);
        return state;
}

static void apply(enum life_purpose purpose, unsigned kinds)
{
        rig.tsm.now++;
        assert_int_equal(life_rig_apply(&rig, purpose, kinds, NULL).code, MITOME_OK);
}

static void issue(void)
{
        apply(LIFE_ISSUE, LIFE_BOTH);
        assert_int_equal(run().order, LIFE_ORDER_HOLDER);
        assert_int_equal(
                life_cycle_choose(rig.app, LIFE_SIGNING, slice_text("Hanako7"), NULL).code, MITOME_OK);
        assert_int_equal(
                life_cycle_choose(rig.app, LIFE_USER_VERIFICATION, slice_text("4649"), NULL).code, MITOME_OK);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
}

static void tick(int64_t seconds)
{
        rig.tsm.now += seconds;
        assert_int_equal(sp_tsm_tick(rig.tsm.sp, NULL).code, MITOME_OK);
}

/* The phone comes to the SP-TSM and not to the SEI-TSM: it erases, and is gone. */
static void visit_sp(void)
{
        rig.tsm.now++;
        assert_int_equal(
                sp_tsm_serve(rig.tsm.sp, slice_text(LIFE_RIG_PHONE), &rig.phone.link, NULL).code, MITOME_OK);
}

static void end_sei(void)
{
        post_local_leave(&rig.tsm.network, PARTY_SEI_TSM);
}

static void begin_sei(void)
{
        assert_int_equal(post_local_join(&rig.tsm.network, rig.tsm.parties[TSM_RIG_SEI],
                                 &rig.tsm.desks[TSM_RIG_SEI], NULL)
                                 .code,
                MITOME_OK);
}

/* ---- what is there ---- */

/* GET STATUS, by the issuer's keys. */
static bool has(enum tsm_applet applet)
{
        struct tsm_channel channel;
        struct tsm_entry entry = { 0 };
        assert_int_equal(tsm_open_set(&channel, &rig.phone.link, &rig.phone.issuer, TSM_CARD_MANAGER,
                                 &rig.tsm.random, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(tsm_look_up(&channel, applet, &entry, NULL).code, MITOME_OK);
        tsm_close(&channel);
        return entry.exists;
}

static int64_t sp_number(const char *sql)
{
        return tsm_rig_number(&rig.tsm, TSM_RIG_SP, sql);
}

static enum sei_tsm_state sei_state(void)
{
        enum sei_tsm_state state;
        assert_int_equal(sei_tsm_look(rig.tsm.sei, slice_text(LIFE_RIG_PHONE), &state, NULL).code, MITOME_OK);
        return state;
}

static void all_is_gone(void)
{
        assert_false(has(TSM_JPKI));
        assert_true(has(TSM_FIDO)); /* which is its holder's: receipts are fetched there */
        assert_int_equal(sei_state(), SEI_TSM_ABSENT);
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 0);
        assert_int_equal(sp_number("SELECT count(*) FROM push_token"), 0);
        assert_int_equal(sp_number("SELECT count(*) FROM push_wake"), 0);
        assert_int_equal(sp_number("SELECT count(*) FROM order_ WHERE state <= 3"), 0);
}

static void it_is_still_there(enum sei_tsm_state state)
{
        assert_true(has(TSM_JPKI));
        assert_int_equal(sei_state(), state);
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 1);
        assert_int_equal(sp_number("SELECT count(*) FROM push_token"), 1);
        assert_int_equal(sp_number("SELECT count(*) FROM push_wake"), 1);
}

/* ---- the applet goes ---- */

static void an_erased_phone_has_no_applet_left(void **state)
{
        (void)state;
        issue();
        assert_true(has(TSM_JPKI));
        assert_int_equal(sp_number("SELECT count(*) FROM push_token"), 1);
        apply(LIFE_REVOKE, LIFE_BOTH);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        all_is_gone();
        issue(); /* its next owner */
        assert_true(has(TSM_JPKI));
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 0);
}

static void with_one_kind_alive_the_applet_stays(void **state)
{
        (void)state;
        issue();
        apply(LIFE_REVOKE, LIFE_USER_VERIFICATION);
        const struct life_state end = run();
        assert_int_equal(end.order, LIFE_ORDER_DONE);
        assert_int_equal(end.present, LIFE_SIGNING);
        assert_true(has(TSM_JPKI));
        assert_int_equal(sei_state(), SEI_TSM_INSTALLED);
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 0);
        assert_int_equal(sp_number("SELECT count(*) FROM push_token"), 1);
        assert_int_equal(sp_number("SELECT count(*) FROM push_wake"), 0);
        apply(LIFE_REVOKE, LIFE_SIGNING);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        all_is_gone();
}

static void a_phone_that_was_set_back_is_forgotten(void **state)
{
        (void)state;
        bool confirmed = false;
        const struct life_reset reset = { .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .software = rig.software,
                .maker = phone_way_local(&rig.maker_way),
                .sei_tsm = phone_way_local(&rig.sei_way) };
        issue();
        assert_int_equal(life_cycle_reset(&reset, &confirmed, NULL).code, MITOME_OK);
        assert_true(confirmed);
        life_rig_flush(&rig); /* the authority tells of the receipt */
        tick(1);
        all_is_gone(); /* though the phone has not come to the SP-TSM again */
}

/* ---- where something fails ---- */

static void a_phone_that_goes_after_the_erasure_is_woken_until_its_applet_is_gone(void **state)
{
        (void)state;
        bool woken;
        issue();
        apply(LIFE_REVOKE, LIFE_BOTH);
        visit_sp();
        it_is_still_there(SEI_TSM_ASKED);
        visit_sp(); /* and that once more says nothing else */
        it_is_still_there(SEI_TSM_ASKED);
        tick(86400);
        assert_int_equal(life_cycle_poll(rig.app, &woken, NULL).code, MITOME_OK);
        assert_true(woken);
        all_is_gone();
}

static void an_sei_tsm_that_does_not_answer_is_asked_again(void **state)
{
        (void)state;
        issue();
        apply(LIFE_REVOKE, LIFE_BOTH);
        end_sei();
        visit_sp(); /* what can be done is done */
        it_is_still_there(SEI_TSM_INSTALLED);
        assert_int_equal(sp_number("SELECT count(*) FROM order_ WHERE state <= 3"), 0);
        tick(120);
        it_is_still_there(SEI_TSM_INSTALLED);
        begin_sei();
        tick(1); /* not every second */
        it_is_still_there(SEI_TSM_INSTALLED);
        tick(60);
        it_is_still_there(SEI_TSM_ASKED);
        (void)run();
        all_is_gone();
}

/* Applied for again between the erasure and the deletion: that is not taken from under it. */
static void an_applet_that_is_wanted_again_stays(void **state)
{
        (void)state;
        issue();
        apply(LIFE_REVOKE, LIFE_BOTH);
        visit_sp();
        it_is_still_there(SEI_TSM_ASKED);
        issue();
        assert_true(has(TSM_JPKI));
        assert_int_equal(sei_state(), SEI_TSM_INSTALLED);
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 0);
        tick(86400);
        assert_true(has(TSM_JPKI));
        assert_int_equal(sp_number("SELECT count(*) FROM push_token"), 1);
}

/* Within one second the SEI-TSM takes the deletion for the older wish; it is asked for once more. */
static void a_deletion_that_was_taken_for_outdated_is_asked_for_anew(void **state)
{
        (void)state;
        apply(LIFE_ISSUE, LIFE_BOTH);
        const int64_t then = rig.tsm.now;
        assert_int_equal(run().order, LIFE_ORDER_HOLDER);
        rig.tsm.now = then;
        assert_int_equal(life_rig_apply(&rig, LIFE_REVOKE, LIFE_BOTH, NULL).code, MITOME_OK);
        assert_int_equal(
                sp_tsm_serve(rig.tsm.sp, slice_text(LIFE_RIG_PHONE), &rig.phone.link, NULL).code, MITOME_OK);
        it_is_still_there(SEI_TSM_INSTALLED);
        (void)run();
        all_is_gone();
}

static void an_application_that_ran_out_leaves_no_empty_applet(void **state)
{
        (void)state;
        apply(LIFE_ISSUE, LIFE_BOTH);
        rig.tsm.now++;
        assert_int_equal(sei_tsm_serve(rig.tsm.sei, slice_text(LIFE_RIG_PHONE), &rig.phone.link, NULL).code,
                MITOME_OK);
        assert_true(has(TSM_JPKI));
        tick(SP_SESSION_S);
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 1);
        (void)run();
        assert_false(has(TSM_JPKI));
        assert_int_equal(sp_number("SELECT count(*) FROM leaving"), 0);
}

/* ---- keys that stand ---- */

/* Whoever has the SEI-TSM's name gives no phone that is under way other keys. */
static void attack_first_keys_for_a_domain_that_has_been_taken_over(void **state)
{
        (void)state;
        static const uint8_t keys[48] = { 0x42 };
        uint8_t key[LETTER_KEY_SIZE], sealed[sizeof keys + PARTY_SEAL_EXTRA], body[256];
        writer s = WRITER(sealed), w = WRITER(body);
        issue();
        party_key(rig.tsm.parties[TSM_RIG_SP], key);
        assert_int_equal(party_seal(key, SLICE(keys), &s, NULL).code, MITOME_OK);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, LIFE_RIG_PHONE);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 0x10);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, writer_view(&s));
        assert_int_equal(tsm_rig_ask(&rig.tsm, TSM_RIG_SEI, PARTY_SP_TSM, "hand-over", writer_view(&w)),
                MITOME_E_SEI_KNOWN);
        apply(LIFE_REVOKE, LIFE_BOTH);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        all_is_gone();
}

int main(void)
{
#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)
        const struct CMUnitTest tests[] = {
                WITH_RIG(an_erased_phone_has_no_applet_left),
                WITH_RIG(with_one_kind_alive_the_applet_stays),
                WITH_RIG(a_phone_that_was_set_back_is_forgotten),
                WITH_RIG(a_phone_that_goes_after_the_erasure_is_woken_until_its_applet_is_gone),
                WITH_RIG(an_sei_tsm_that_does_not_answer_is_asked_again),
                WITH_RIG(an_applet_that_is_wanted_again_stays),
                WITH_RIG(a_deletion_that_was_taken_for_outdated_is_asked_for_anew),
                WITH_RIG(an_application_that_ran_out_leaves_no_empty_applet),
                WITH_RIG(attack_first_keys_for_a_domain_that_has_been_taken_over),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
