/* SPDX-License-Identifier: Apache-2.0 */

/* The phone's app from application to erasure, among real parties, with a real element and a real card.
 * tests/fault/test_life_kill.c kills it wherever it can be. */

#include "life_rig.h"
#include "sei_tsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PIN "4649"
#define PASSWORD "Hanako7"

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

static struct life_state look(void)
{
        struct life_state state = { 0 };
        assert_int_equal(life_cycle_look(rig.app, &state, NULL).code, MITOME_OK);
        return state;
}

static struct life_state run(void)
{
        struct life_state state = { 0 };
        mitome_error error = { 0 };
        mitome_status status = life_cycle_run(rig.app, &state, &error);
        if (failed(status))
                print_message("%d %s\n", (int)status.code, error.field ? error.field : "");
        assert_int_equal(status.code, MITOME_OK);
        return state;
}

static mitome_code choose(unsigned kind, const char *secret)
{
        return life_cycle_choose(rig.app, kind, slice_text(secret), NULL).code;
}

static void issue(unsigned kinds)
{
        assert_int_equal(life_rig_apply(&rig, LIFE_ISSUE, kinds, NULL).code, MITOME_OK);
        assert_int_equal(run().order, LIFE_ORDER_HOLDER);
        if (kinds & LIFE_SIGNING)
                assert_int_equal(choose(LIFE_SIGNING, PASSWORD), MITOME_OK);
        if (kinds & LIFE_USER_VERIFICATION)
                assert_int_equal(choose(LIFE_USER_VERIFICATION, PIN), MITOME_OK);
        const struct life_state state = run();
        assert_int_equal(state.order, LIFE_ORDER_DONE);
        assert_int_equal(state.phase, LIFE_USE);
        assert_int_equal(state.present, kinds);
}

static void live(unsigned signing, unsigned user)
{
        life_rig_flush(&rig);
        assert_int_equal(tsm_rig_live(&rig.tsm, 0, SP_SIGNING), signing);
        assert_int_equal(tsm_rig_live(&rig.tsm, 0, SP_USER_VERIFICATION), user);
}

/* ---- the four phases ---- */

static void an_app_leads_its_holder_from_application_to_use(void **state)
{
        (void)state;
        struct life_state now = look();
        assert_int_equal(now.phase, LIFE_APP);
        assert_int_equal(now.order, LIFE_ORDER_NONE);
        assert_int_equal(life_rig_apply(&rig, LIFE_ISSUE, LIFE_BOTH, NULL).code, MITOME_OK);
        now = look();
        assert_int_equal(now.phase, LIFE_APPLET);
        assert_int_equal(now.purpose, LIFE_ISSUE);
        now = run();
        assert_int_equal(now.phase, LIFE_INITIAL);
        assert_int_equal(now.order, LIFE_ORDER_HOLDER);
        assert_int_equal(now.present, LIFE_BOTH);
        assert_int_equal(now.to_choose, LIFE_BOTH);
        assert_int_equal(choose(LIFE_SIGNING, PASSWORD), MITOME_OK);
        assert_int_equal(look().to_choose, LIFE_USER_VERIFICATION);
        assert_int_equal(choose(LIFE_USER_VERIFICATION, PIN), MITOME_OK);
        now = run();
        assert_int_equal(now.phase, LIFE_USE);
        assert_int_equal(now.order, LIFE_ORDER_DONE);
        assert_true(life_rig_opens(&rig, LIFE_SIGNING, "HANAKO7"));
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, PIN));
        live(1, 1);
}

static void either_kind_is_issued_alone(void **state)
{
        (void)state;
        issue(LIFE_USER_VERIFICATION);
        live(0, 1);
}

/* ---- secrets ---- */

static void what_cannot_be_a_secret_is_refused_before_anybody_is_asked(void **state)
{
        (void)state;
        static const char *const pins[] = { "", "123", "12345", "12a4", "１２" };
        static const char *const passwords[] = { "", "ABC12", "ABCDEF", "123456", "ABCDEFGH123456789",
                "AB C12", "ABC-12" };
        assert_int_equal(life_rig_apply(&rig, LIFE_ISSUE, LIFE_BOTH, NULL).code, MITOME_OK);
        run();
        life_rig_cut(&rig, PHONE_WAY_PASS, 0, false);
        for (size_t i = 0; i < sizeof pins / sizeof pins[0]; i++)
                assert_int_equal(choose(LIFE_USER_VERIFICATION, pins[i]), MITOME_E_SECRET_FORM);
        for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++)
                assert_int_equal(choose(LIFE_SIGNING, passwords[i]), MITOME_E_SECRET_FORM);
        assert_int_equal(choose(LIFE_BOTH, PIN), MITOME_E_VALUE);
        assert_int_equal(rig.messages, 0);
}

/* The element would refuse it too; here the holder learns why. The rig draws sevens. */
static void the_temporary_secret_is_no_choice_of_the_holder(void **state)
{
        (void)state;
        assert_int_equal(life_rig_apply(&rig, LIFE_ISSUE, LIFE_BOTH, NULL).code, MITOME_OK);
        run();
        for (size_t i = 0; i < 5; i++) { /* more often than there are tries */
                assert_int_equal(choose(LIFE_USER_VERIFICATION, "7777"), MITOME_E_SECRET_SAME);
                assert_int_equal(choose(LIFE_SIGNING, "h7hhhhhhhhhh"), MITOME_E_SECRET_SAME);
        }
        assert_int_equal(choose(LIFE_USER_VERIFICATION, PIN), MITOME_OK);
        assert_int_equal(choose(LIFE_SIGNING, PASSWORD), MITOME_OK);
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, PIN));
}

static void a_secret_that_was_chosen_is_not_chosen_again(void **state)
{
        (void)state;
        assert_int_equal(life_rig_apply(&rig, LIFE_ISSUE, LIFE_USER_VERIFICATION, NULL).code, MITOME_OK);
        run();
        assert_int_equal(choose(LIFE_USER_VERIFICATION, PIN), MITOME_OK);
        assert_int_equal(
                choose(LIFE_USER_VERIFICATION, "1111"), MITOME_OK); /* nothing is done, no try spent */
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, PIN));
}

/* Row 26: "one session". What was not finished is given up, revoked and erased. */
static void a_holder_who_waits_too_long_applies_again(void **state)
{
        (void)state;
        assert_int_equal(life_rig_apply(&rig, LIFE_ISSUE, LIFE_USER_VERIFICATION, NULL).code, MITOME_OK);
        run();
        rig.tsm.now += SP_SESSION_S + 1;
        assert_int_equal(choose(LIFE_USER_VERIFICATION, PIN), MITOME_E_LIFE_SESSION);
        assert_int_equal(sp_tsm_tick(rig.tsm.sp, NULL).code, MITOME_OK);
        live(0, 0);
        assert_int_equal(run().order, LIFE_ORDER_GIVEN_UP);
        assert_int_equal(look().present, 0);
        issue(LIFE_USER_VERIFICATION);
        live(0, 1);
}

static void a_holder_changes_a_secret_that_he_knows(void **state)
{
        (void)state;
        issue(LIFE_USER_VERIFICATION);
        assert_int_equal(life_cycle_change(rig.app, LIFE_USER_VERIFICATION, slice_text("0000"),
                                 slice_text("2580"), NULL)
                                 .code,
                MITOME_E_SECRET_WRONG);
        assert_int_equal(
                life_cycle_change(rig.app, LIFE_USER_VERIFICATION, slice_text(PIN), slice_text("2580"), NULL)
                        .code,
                MITOME_OK);
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, "2580"));
}

/* Row 27: locked, and opened again by the card's signature, over SCP03. */
static void a_locked_pin_is_reset_by_the_card(void **state)
{
        (void)state;
        issue(LIFE_USER_VERIFICATION);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(life_cycle_change(rig.app, LIFE_USER_VERIFICATION, slice_text("0000"),
                                         slice_text("2580"), NULL)
                                         .code,
                        MITOME_E_SECRET_WRONG);
                life_rig_kill(&rig);
                assert_int_equal(life_rig_start(&rig, NULL).code, MITOME_OK);
        }
        rig.folder = NULL;
        assert_int_equal(life_cycle_change(rig.app, LIFE_USER_VERIFICATION, slice_text("0000"),
                                 slice_text("2580"), NULL)
                                 .code,
                MITOME_E_SECRET_LOCKED);
        assert_int_equal(life_rig_apply(&rig, LIFE_RESET_PIN, LIFE_USER_VERIFICATION, NULL).code, MITOME_OK);
        const struct life_state now = run();
        assert_int_equal(now.order, LIFE_ORDER_HOLDER);
        assert_int_equal(now.to_choose, LIFE_USER_VERIFICATION);
        assert_int_equal(choose(LIFE_USER_VERIFICATION, "2580"), MITOME_OK);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, "2580"));
        live(0, 1);
}

/* ---- the card ---- */

static void a_wrong_card_password_hands_in_nothing(void **state)
{
        (void)state;
        const struct life_application wrong = { .purpose = LIFE_ISSUE,
                .kinds = LIFE_BOTH,
                .card = &rig.card.link,
                .card_password = slice_text("WRONG123"),
                .touched = true };
        assert_int_equal(life_cycle_apply(rig.app, &wrong, NULL).code, MITOME_E_SECRET_WRONG);
        assert_int_equal(look().order, LIFE_ORDER_NONE);
        assert_int_equal(tsm_rig_number(&rig.tsm, TSM_RIG_SP, "SELECT count(*) FROM order_"), 0);
        issue(LIFE_USER_VERIFICATION);
}

/* A phone's own signing certificate does not beget another phone's. */
static void a_phone_is_no_card(void **state)
{
        (void)state;
        issue(LIFE_BOTH);
        const struct life_application application = { .purpose = LIFE_ISSUE,
                .kinds = LIFE_BOTH,
                .card = &rig.phone.link,
                .card_password = slice_text(PASSWORD),
                .touched = true };
        assert_int_equal(life_cycle_apply(rig.app, &application, NULL).code, MITOME_E_NOT_MY_NUMBER_CARD);
}

/* Row 34: the holder has a new card, or his certificate nears its end: the one before ends, and only then is
 * the new one made. */
static void a_certificate_is_renewed_by_the_card(void **state)
{
        (void)state;
        issue(LIFE_BOTH);
        const int64_t before = tsm_rig_number(
                &rig.tsm, TSM_RIG_AUTHORITY, "SELECT count(*) FROM certificate WHERE place = 2");
        rig.tsm.now += 3600;
        assert_int_equal(life_rig_apply(&rig, LIFE_RENEW, LIFE_USER_VERIFICATION, NULL).code, MITOME_OK);
        struct life_state now = run();
        if (now.to_choose)
                assert_int_equal(choose(LIFE_USER_VERIFICATION, PIN), MITOME_OK);
        now = run();
        assert_int_equal(now.order, LIFE_ORDER_DONE);
        assert_int_equal(now.present, LIFE_BOTH); /* the other one stays */
        live(1, 1);
        assert_int_equal(tsm_rig_number(&rig.tsm, TSM_RIG_AUTHORITY,
                                 "SELECT count(*) FROM certificate WHERE place = 2"),
                before + 1);
}

static void a_password_is_reset_by_the_card(void **state)
{
        (void)state;
        issue(LIFE_BOTH);
        assert_int_equal(life_rig_apply(&rig, LIFE_RESET_PASSWORD, LIFE_SIGNING, NULL).code, MITOME_OK);
        assert_int_equal(run().to_choose, LIFE_SIGNING);
        assert_int_equal(choose(LIFE_SIGNING, "NEWPASS8"), MITOME_OK);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        assert_true(life_rig_opens(&rig, LIFE_SIGNING, "NEWPASS8"));
        assert_true(life_rig_opens(&rig, LIFE_USER_VERIFICATION, PIN));
        live(1, 1);
}

static void a_holder_revokes_by_his_card(void **state)
{
        (void)state;
        issue(LIFE_BOTH);
        assert_int_equal(life_rig_apply(&rig, LIFE_REVOKE, LIFE_BOTH, NULL).code, MITOME_OK);
        live(0, 0); /* at once; the erasure follows */
        const struct life_state now = run();
        assert_int_equal(now.order, LIFE_ORDER_DONE);
        assert_int_equal(now.present, 0);
}

/* ---- who may ---- */

/* An app whose holder does not touch the phone has nothing to show for it; by the card alone he revokes. */
static void an_application_without_a_touch_is_refused_but_for_a_revocation(void **state)
{
        (void)state;
        mitome_error error = { 0 };
        struct life_application application = { .purpose = LIFE_ISSUE,
                .kinds = LIFE_BOTH,
                .card = &rig.card.link,
                .card_password = slice_text(LIFE_RIG_CARD_PASSWORD) };
        assert_int_equal(life_cycle_apply(rig.app, &application, &error).code, MITOME_E_REFUSED);
        assert_int_equal(phone_refusal(&error), MITOME_E_ORDER_PRESENCE);
        assert_int_equal(look().order, LIFE_ORDER_NONE);
        issue(LIFE_USER_VERIFICATION);
        application.purpose = LIFE_REVOKE;
        assert_int_equal(life_cycle_apply(rig.app, &application, NULL).code, MITOME_OK);
        assert_int_equal(run().order, LIFE_ORDER_DONE);
        live(0, 0);
}

/* The SEI-TSM takes away what it gave a former owner's app: were that the phone's own software, no next owner
 * could show that he holds the phone. */
static void an_app_is_not_the_phones_own_software(void **state)
{
        (void)state;
        struct life_app *app;
        const struct life_config config = { .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .app = rig.jpki_app,
                .software = rig.jpki_app,
                .sei_tsm = phone_way_local(&rig.sei_way),
                .sp_tsm = phone_way_local(&rig.sp_way),
                .clock = rig.queue.clock,
                .random = rig.tsm.random };
        assert_int_equal(life_cycle_open(&config, &app, NULL).code, MITOME_E_ARGUMENT);
}

static void another_app_sees_nothing_and_changes_nothing(void **state)
{
        (void)state;
        struct life_app *other;
        struct life_state seen;
        struct life_config config = { .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .sei_tsm = phone_way_local(&rig.sei_way),
                .sp_tsm = phone_way_local(&rig.sp_way),
                .clock = rig.queue.clock,
                .random = rig.tsm.random };
        unsigned count;
        issue(LIFE_USER_VERIFICATION);
        memset(config.app.sha256, 0xEE, sizeof config.app.sha256);
        memset(config.software.sha256, 0xEF, sizeof config.software.sha256);
        assert_int_equal(life_cycle_open(&config, &other, NULL).code, MITOME_OK);
        assert_int_equal(life_cycle_look(other, &seen, NULL).code, MITOME_OK);
        assert_int_equal(seen.present, 0);
        assert_int_equal(
                life_cycle_change(other, LIFE_USER_VERIFICATION, slice_text(PIN), slice_text("0000"), NULL)
                        .code,
                MITOME_E_ACCESS_DENIED);
        assert_int_equal(life_cycle_revoke_here(other, NULL).code, MITOME_E_ACCESS_DENIED);
        assert_int_equal(life_cycle_deliver(other, &count, NULL).code, MITOME_E_ACCESS_DENIED);
        life_cycle_close(other);
}

/* ---- the end ---- */

/* Row 32: from the phone alone. Revoked at once; erased, and done with its receipt. */
static void a_holder_revokes_from_his_phone_without_the_card(void **state)
{
        (void)state;
        issue(LIFE_BOTH);
        assert_int_equal(life_cycle_revoke_here(rig.app, NULL).code, MITOME_OK);
        const struct life_state now = run();
        live(0, 0);
        assert_int_equal(now.order, LIFE_ORDER_DONE);
        assert_int_equal(now.present, 0);
        assert_int_equal(tsm_rig_number(&rig.tsm, TSM_RIG_AUTHORITY, "SELECT count(*) FROM receipt") > 0, 1);
        issue(LIFE_BOTH); /* and from the beginning */
        live(1, 1);
}

/* {1 kind, 2 serial, 3 reason}: the municipality ends what stands on this phone. */
static void revoke_by_authority(void)
{
        struct sql_query row;
        uint8_t body[64], id[LETTER_ID_SIZE], buffer[LETTER_MAX], serial[32];
        writer w = WRITER(body), copy = WRITER(serial);
        slice answer;
        struct party *municipality = rig.tsm.parties[TSM_RIG_MUNICIPALITY];
        assert_int_equal(sql_ask(party_store(rig.tsm.parties[TSM_RIG_SP]),
                                 "SELECT serial FROM held WHERE identity = '" LIFE_RIG_PHONE "' AND kind = 2",
                                 NULL, 0, &row, NULL)
                                 .code,
                MITOME_OK);
        assert_true(sql_next(&row));
        write_slice(&copy, sql_bytes(&row, 0));
        assert_int_equal(sql_end(&row).code, MITOME_OK);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, writer_view(&copy));
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, 1);
        assert_int_equal(party_make_id(municipality, id, NULL).code, MITOME_OK);
        assert_int_equal(party_call(municipality, PARTY_AUTHORITY, "revoke", id, writer_view(&w), buffer,
                                 &answer, NULL, NULL)
                                 .code,
                MITOME_OK);
}

/* Rows 46 and 49: revoked elsewhere, the phone is woken, and erases itself. */
static void a_wake_brings_the_erasure_that_somebody_else_asked_for(void **state)
{
        (void)state;
        bool woken = true;
        issue(LIFE_USER_VERIFICATION);
        assert_int_equal(life_cycle_poll(rig.app, &woken, NULL).code, MITOME_OK);
        assert_false(woken);
        revoke_by_authority();
        life_rig_flush(&rig);
        assert_int_equal(look().present, LIFE_USER_VERIFICATION); /* asked, and that is all */
        for (int i = 0; i < 3; i++) {
                rig.tsm.now += 5;
                assert_int_equal(sp_tsm_tick(rig.tsm.sp, NULL).code, MITOME_OK);
        }
        assert_int_equal(life_cycle_poll(rig.app, &woken, NULL).code, MITOME_OK);
        assert_true(woken);
        assert_int_equal(look().present, 0);
        assert_int_equal(life_cycle_poll(rig.app, &woken, NULL).code, MITOME_OK);
        assert_false(woken);
}

/* ---- receipts ---- */

/* The holder's own reset (authenticatorReset) leaves a receipt that nobody was told of. */
static void reset_by_the_holder(void)
{
        assert_int_equal(tsm_reset_fido(&rig.phone.link, NULL).code, MITOME_OK);
        assert_int_equal(look().present, 0);
}

static void a_receipt_is_brought_home_and_revokes(void **state)
{
        (void)state;
        unsigned count;
        issue(LIFE_BOTH);
        live(1, 1);
        reset_by_the_holder();
        live(1, 1); /* nobody knows yet */
        assert_int_equal(life_cycle_deliver(rig.app, &count, NULL).code, MITOME_OK);
        assert_int_equal(count, 1);
        live(0, 0);
        assert_int_equal(life_cycle_deliver(rig.app, &count, NULL).code, MITOME_OK);
        assert_int_equal(count, 0);
}

static mitome_status take_otherwise(void *context, const char *kind, slice body, uint8_t *buffer,
        size_t capacity, slice *ret_answer, mitome_error *error)
{
        struct life_rig *self = context;
        const struct phone_way way = phone_way_local(&self->sp_way);
        MITOME_TRY(way.call(way.context, kind, body, buffer, capacity, ret_answer, error));
        if (strcmp(kind, "receipt") == 0)
                buffer[ret_answer->size - 1] ^= 1;
        return ok();
}

/* Somebody says that he took a receipt, and took another one: the element keeps it. */
static void a_receipt_that_was_taken_down_wrongly_is_not_forgotten(void **state)
{
        (void)state;
        unsigned count;
        struct life_app *app;
        struct life_config config = { .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .app = rig.jpki_app,
                .software = rig.software,
                .sei_tsm = phone_way_local(&rig.sei_way),
                .sp_tsm = { .context = &rig, .call = take_otherwise },
                .clock = rig.queue.clock,
                .random = rig.tsm.random };
        issue(LIFE_USER_VERIFICATION);
        reset_by_the_holder();
        assert_int_equal(life_cycle_open(&config, &app, NULL).code, MITOME_OK);
        assert_int_equal(life_cycle_deliver(app, &count, NULL).code, MITOME_E_LIFE_EVIDENCE);
        assert_int_equal(count, 0);
        life_cycle_close(app);
        assert_int_equal(life_cycle_deliver(rig.app, &count, NULL).code, MITOME_OK);
        assert_int_equal(count, 1); /* it was still there */
}

/* ---- setting the phone back ---- */

static struct life_reset reset_order(void)
{
        return (struct life_reset){ .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .software = rig.software,
                .maker = phone_way_local(&rig.maker_way),
                .sei_tsm = phone_way_local(&rig.sei_way) };
}

static void a_phone_that_is_set_back_is_erased_and_revoked(void **state)
{
        (void)state;
        bool confirmed = false;
        const struct life_reset reset = reset_order();
        issue(LIFE_BOTH);
        assert_int_equal(life_cycle_reset(&reset, &confirmed, NULL).code, MITOME_OK);
        assert_true(confirmed);
        live(0, 0);
        assert_int_equal(look().present, 0);
        assert_int_equal(tsm_rig_number(&rig.tsm, TSM_RIG_AUTHORITY, "SELECT count(*) FROM receipt") > 0, 1);
        issue(LIFE_USER_VERIFICATION); /* its next owner */
        live(0, 1);
}

/* ---- an app that lies ---- */

static struct {
        uint8_t receipt[EVIDENCE_MAX], session[RESET_SESSION_SIZE];
        size_t receipt_size;
} overheard;

/* A1 01 59 size receipt; A2 01 50 session .. */
static mitome_status overhear(void *context, const char *kind, slice body, uint8_t *buffer, size_t capacity,
        slice *ret_answer, mitome_error *error)
{
        struct phone_way_local *way = context;
        const struct phone_way honest = phone_way_local(way);
        reader r = reader_over(body, NULL, NULL);
        slice head, rest;
        if (strcmp(kind, "receipt") == 0) {
                assert_int_equal(read_bytes(&r, "head", 5, &head).code, MITOME_OK);
                rest = read_rest(&r);
                overheard.receipt_size = rest.size;
                assert_int_equal(
                        slice_copy(rest, "receipt", overheard.receipt, EVIDENCE_MAX, NULL).code, MITOME_OK);
        } else if (strcmp(kind, "factory-reset") == 0) {
                assert_int_equal(read_bytes(&r, "head", 3, &head).code, MITOME_OK);
                assert_int_equal(
                        read_into(&r, "session", overheard.session, RESET_SESSION_SIZE).code, MITOME_OK);
        }
        return honest.call(honest.context, kind, body, buffer, capacity, ret_answer, error);
}

static mitome_status relay_nothing(
        void *context, slice identity, const struct mitome_link *link, mitome_error *error)
{
        (void)context;
        (void)identity;
        (void)link;
        (void)error;
        return ok();
}

static slice tell_maker(const char *kind, bool receipt)
{
        static uint8_t body[PHONE_BODY_MAX], answer[PHONE_ANSWER_MAX];
        writer w = WRITER(body);
        slice ret = { 0 };
        const struct phone_way maker = phone_way_local(&rig.maker_way);
        cbor_write_map(&w, receipt ? 2 : 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(overheard.session));
        if (receipt) {
                cbor_write_uint(&w, 2);
                cbor_write_bytes(&w, slice_of(overheard.receipt, overheard.receipt_size));
        }
        assert_int_equal(
                maker.call(maker.context, kind, writer_view(&w), answer, sizeof answer, &ret, NULL).code,
                MITOME_OK);
        return ret;
}

/* Who sells a phone shows the receipt of its former setting back in place of this one's. */
static void the_receipt_of_a_former_reset_confirms_no_later_one(void **state)
{
        (void)state;
        unsigned count;
        bool confirmed = true;
        struct life_reset reset = reset_order();
        struct life_app *app;
        const struct life_config config = { .identity = LIFE_RIG_PHONE,
                .platform = rig.phone.link,
                .app = rig.jpki_app,
                .software = rig.software,
                .sei_tsm = phone_way_local(&rig.sei_way),
                .sp_tsm = { .context = &rig.sp_way, .call = overhear },
                .clock = rig.queue.clock,
                .random = rig.tsm.random };
        issue(LIFE_BOTH);
        reset_by_the_holder();
        assert_int_equal(life_cycle_open(&config, &app, NULL).code, MITOME_OK);
        assert_int_equal(life_cycle_deliver(app, &count, NULL).code, MITOME_OK);
        life_cycle_close(app);
        assert_int_equal(count, 1);
        issue(LIFE_BOTH);
        reset.maker = (struct phone_way){ .context = &rig.maker_way, .call = overhear };
        reset.sei_tsm.relay = relay_nothing;
        assert_int_equal(life_cycle_reset(&reset, &confirmed, NULL).code, MITOME_OK);
        assert_false(confirmed);
        (void)tell_maker("reset-receipt", true);
        assert_true(slice_equal(tell_maker("reset-state", false), slice_of("\xA1\x01\x01", 3)));
        live(1, 1);
        /* the honest one's is confirmed */
        reset.sei_tsm = phone_way_local(&rig.sei_way);
        assert_int_equal(life_cycle_reset(&reset, &confirmed, NULL).code, MITOME_OK);
        assert_true(confirmed);
        assert_true(slice_equal(tell_maker("reset-state", false), slice_of("\xA1\x01\x02", 3)));
        live(0, 0);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_RIG(an_app_leads_its_holder_from_application_to_use),
                WITH_RIG(the_receipt_of_a_former_reset_confirms_no_later_one),
                WITH_RIG(either_kind_is_issued_alone),
                WITH_RIG(what_cannot_be_a_secret_is_refused_before_anybody_is_asked),
                WITH_RIG(the_temporary_secret_is_no_choice_of_the_holder),
                WITH_RIG(a_secret_that_was_chosen_is_not_chosen_again),
                WITH_RIG(a_holder_who_waits_too_long_applies_again),
                WITH_RIG(a_holder_changes_a_secret_that_he_knows),
                WITH_RIG(a_locked_pin_is_reset_by_the_card),
                WITH_RIG(a_wrong_card_password_hands_in_nothing),
                WITH_RIG(a_phone_is_no_card),
                WITH_RIG(a_certificate_is_renewed_by_the_card),
                WITH_RIG(a_password_is_reset_by_the_card),
                WITH_RIG(a_holder_revokes_by_his_card),
                WITH_RIG(an_application_without_a_touch_is_refused_but_for_a_revocation),
                WITH_RIG(an_app_is_not_the_phones_own_software),
                WITH_RIG(another_app_sees_nothing_and_changes_nothing),
                WITH_RIG(a_holder_revokes_from_his_phone_without_the_card),
                WITH_RIG(a_wake_brings_the_erasure_that_somebody_else_asked_for),
                WITH_RIG(a_receipt_is_brought_home_and_revokes),
                WITH_RIG(a_receipt_that_was_taken_down_wrongly_is_not_forgotten),
                WITH_RIG(a_phone_that_is_set_back_is_erased_and_revoked),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
