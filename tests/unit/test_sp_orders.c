/* SPDX-License-Identifier: Apache-2.0 */

/* The SP-TSM's orders, among real parties and with real elements: the authority's register, the SEI-TSM, and
 * phones in memory. */

#include "tsm_rig.h"

#include "sei_tsm.h"
#include "sp_tsm.h"
#include "statement_nonce.h"
#include "tlv.h"

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

static const slice nothing = { 0 };

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

static int64_t open_erasures(struct tsm_rig *rig)
{
        return tsm_rig_number(
                rig, TSM_RIG_SP, "SELECT COUNT(*) FROM order_ WHERE purpose = 6 AND state <= 3");
}

static mitome_code revoke_here(struct tsm_rig *rig, unsigned phone, const struct tsm_rig_session *session,
        slice statement, uint8_t ret_order[SP_ID_SIZE])
{
        struct tsm_rig_answer answer;
        uint8_t body[4096];
        writer w = WRITER(body);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rig->phones[phone].identity);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, statement);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, SLICE(session->id));
        mitome_code code = tsm_rig_say(rig, "revoke-here", writer_view(&w), &answer);
        if (code == MITOME_OK)
                memcpy(ret_order, answer.view.data + answer.view.size - SP_ID_SIZE, SP_ID_SIZE);
        return code;
}

/* A relay that answers an instruction by itself. */
struct forger {
        const struct mitome_link *way;
        uint8_t instruction;
        uint16_t word;
};

static mitome_status forge(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        const struct forger *forger = context;
        if (command.data[1] != forger->instruction)
                return forger->way->transmit(
                        forger->way->context, command, response, capacity, ret_size, error);
        response[0] = (uint8_t)(forger->word >> 8);
        response[1] = (uint8_t)forger->word;
        *ret_size = 2;
        return ok();
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
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP,
                                 "SELECT COUNT(*) FROM part WHERE certificate IS NOT NULL OR ca IS NOT NULL"),
                0); /* a signing certificate says who its holder is */
        assert_law(rig);
}

static void a_temporary_secret_is_told_in_its_session_only(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session, other;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_E_ORDER_SECRET);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &other), MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &other, SP_USER_VERIFICATION, "1234"), MITOME_E_ORDER_SECRET);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_SIGNING, "PASSWORD1"), MITOME_E_ORDER_SECRET);
        rig->now += SP_SESSION_S - 1;
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_E_ORDER_SECRET);
}

/* Row 26: what was not finished in the session is revoked, and the key erased, with a receipt. */
static void a_session_that_ran_out_leaves_neither_certificate_nor_key(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        rig->now += SP_SESSION_S;
        assert_int_equal(
                tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_E_SESSION_UNKNOWN);
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_state(rig, order, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_OUT_OF_TIME);
        tsm_rig_flush(rig);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 0);
        assert_int_equal(open_erasures(rig), 1);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(open_erasures(rig), 0);
        assert_int_equal(tsm_rig_there(rig, 0) & (TSM_USER_KEY | TSM_USER_CERTIFICATE), 0);
        assert_law(rig);
}

static void an_application_is_good_for_one_session(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms_bytes[2][TSM_RIG_DER_MAX * 2], bytes[4096];
        struct tsm_rig_session first, second;
        uint8_t order[SP_ID_SIZE], again[SP_ID_SIZE];
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &first), MITOME_OK);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &second), MITOME_OK);
        slice cms = tsm_rig_sign(rig, HANAKO, &first, cms_bytes[0]);
        slice statement = tsm_rig_statement(rig, &first, cms, bytes);
        assert_int_equal(tsm_rig_apply(rig, &first, cms, statement, order), MITOME_OK);
        /* said again, because the answer was lost */
        assert_int_equal(tsm_rig_apply(rig, &first, cms, statement, again), MITOME_OK);
        assert_memory_equal(order, again, SP_ID_SIZE);
        /* replayed in another session, with its statement and with one of today; and another one in a spent
         * session */
        assert_int_equal(tsm_rig_apply(rig, &second, cms, statement, again), MITOME_E_EVIDENCE_NONCE);
        statement = tsm_rig_statement(rig, &second, cms, bytes);
        assert_int_equal(tsm_rig_apply(rig, &second, cms, statement, again), MITOME_E_AUTHORITY_APPLICATION);
        cms = tsm_rig_sign(rig, HANAKO, &second, cms_bytes[1]);
        statement = tsm_rig_statement(rig, &second, cms, bytes);
        assert_int_equal(tsm_rig_apply(rig, &first, cms, statement, again), MITOME_E_SESSION_UNKNOWN);
        rig->now += SP_SESSION_S;
        assert_int_equal(tsm_rig_apply(rig, &second, cms, statement, again), MITOME_E_SESSION_UNKNOWN);
}

/* ---- sessions, which anybody may begin ---- */

#define ALL_SESSIONS "SELECT COUNT(*) FROM session"

static void flood(struct tsm_rig *rig, int64_t count)
{
        assert_int_equal(
                sql_do(party_store(rig->parties[TSM_RIG_SP]),
                        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT "
                        "INTO session (id, nonce, identity, purpose, kinds, began_at) "
                        "SELECT randomblob(16), hex(randomblob(16)), 'stranger', 5, 2, ?2 FROM n",
                        SQL_VALUES(SQL_INT(count), SQL_INT(rig->now)), NULL, NULL)
                        .code,
                MITOME_OK);
}

/* As many as fit into the store: the sessions of strangers make room for one another, and what somebody has
 * applied in stays. */
static void attack_sessions_begun_until_there_is_no_room(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session, next;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        rig->now++;
        flood(rig, SP_SESSIONS_MAX - 1);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, ALL_SESSIONS), SP_SESSIONS_MAX);
        rig->now++;
        assert_int_equal(tsm_rig_order(rig, 1, TARO, "issue", USER, &next, order), MITOME_OK);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, ALL_SESSIONS), SP_SESSIONS_MAX);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, ALL_SESSIONS " WHERE order_id IS NOT NULL"), 2);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
}

static void nothing_is_left_of_a_session_that_is_over(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_begin(rig, 1, "issue", USER, &session), MITOME_OK);
        rig->now += SP_SESSION_S - 1;
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, ALL_SESSIONS), 2);
        rig->now++;
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, ALL_SESSIONS), 0);
}

static void an_application_for_another_phone_is_refused(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms[TSM_RIG_DER_MAX * 2], statement[4096];
        struct tsm_rig_session session, swapped;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &session), MITOME_OK);
        swapped = session;
        swapped.phone = 1;
        slice application = tsm_rig_sign(rig, HANAKO, &swapped, cms);
        assert_int_equal(tsm_rig_apply(rig, &session, application,
                                 tsm_rig_statement(rig, &session, application, statement), order),
                MITOME_E_AUTHORITY_APPLICATION);
        swapped = session;
        swapped.purpose = "revoke";
        application = tsm_rig_sign(rig, HANAKO, &swapped, cms);
        assert_int_equal(tsm_rig_apply(rig, &session, application,
                                 tsm_rig_statement(rig, &session, application, statement), order),
                MITOME_E_AUTHORITY_APPLICATION);
        swapped = session;
        swapped.kinds = BOTH;
        application = tsm_rig_sign(rig, HANAKO, &swapped, cms);
        assert_int_equal(tsm_rig_apply(rig, &session, application,
                                 tsm_rig_statement(rig, &session, application, statement), order),
                MITOME_E_ORDER_KINDS);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM order_"), 0);
}

/* ---- whose phone it is ---- */

static int64_t entries(struct tsm_rig *rig)
{
        return tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM journal");
}

static const struct {
        const char *purpose;
        unsigned kinds;
} acting[] = { { "issue", BOTH }, { "renew", USER }, { "reset-pin", USER }, { "reset-password", SIGNING } };

/* Whoever applies: a stranger with his card, or she who sold the phone and left her certificates in it. It
 * stands in no journal either: who has no phone fills none. */
static void try_by_card_alone(struct tsm_rig *rig, unsigned person)
{
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        const int64_t before = entries(rig);
        for (size_t i = 0; i < sizeof acting / sizeof *acting; i++)
                assert_int_equal(tsm_rig_order_by_card_alone(
                                         rig, 0, person, acting[i].purpose, acting[i].kinds, &session, order),
                        MITOME_E_ORDER_PRESENCE);
        assert_int_equal(entries(rig), before);
}

static void attack_a_card_alone_takes_over_a_phone_that_is_elsewhere(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        try_by_card_alone(rig, TARO);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 1);
}

/* Nobody's certificate is in it: its owner finds it as it was, and applies himself. */
static void attack_a_card_alone_applies_for_a_phone_without_certificates(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE];
        try_by_card_alone(rig, TARO);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM order_"), 0);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SEI, "SELECT COUNT(*) FROM sei_order"), 0);
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_live(rig, TARO, SP_USER_VERIFICATION), 0);
}

/* Her card and her certificates; but he has the phone. Revoking she may, from anywhere. */
static void attack_a_card_alone_acts_in_a_phone_by_its_seller(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        try_by_card_alone(rig, HANAKO);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING); /* no PIN is temporary */
        assert_int_equal(
                tsm_rig_order_by_card_alone(rig, 0, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 0);
}

/* The phone's holder touched it for one thing; his app, or who listens, hands it in with another. */
static void attack_a_statement_with_another_application(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms[2][TSM_RIG_DER_MAX * 2], bytes[4096];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &session), MITOME_OK);
        const slice his = tsm_rig_sign(rig, HANAKO, &session, cms[0]),
                    other = tsm_rig_sign(rig, TARO, &session, cms[1]);
        const slice statement = tsm_rig_statement(rig, &session, his, bytes);
        assert_int_equal(tsm_rig_apply(rig, &session, other, statement, order), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(tsm_rig_apply(rig, &session, his, statement, order), MITOME_OK);
}

/* What was signed to revoke, for a counter, or for the bare nonce, is no application's; nor the other way. */
static void attack_a_statement_of_a_revocation_with_an_application(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms_bytes[TSM_RIG_DER_MAX * 2], bytes[4096];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE], nonce[STATEMENT_NONCE_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &session), MITOME_OK);
        const slice cms = tsm_rig_sign(rig, HANAKO, &session, cms_bytes);
        slice statement = tsm_rig_revocation(rig, &session, bytes);
        assert_int_equal(tsm_rig_apply(rig, &session, cms, statement, order), MITOME_E_EVIDENCE_NONCE);
        counter_nonce(slice_text(session.nonce), nonce);
        statement = tsm_rig_state_to(rig, 0, SLICE(nonce), bytes);
        assert_int_equal(tsm_rig_apply(rig, &session, cms, statement, order), MITOME_E_EVIDENCE_NONCE);
        statement = tsm_rig_state_to(rig, 0, slice_text(session.nonce), bytes);
        assert_int_equal(tsm_rig_apply(rig, &session, cms, statement, order), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(tsm_rig_begin(rig, 0, "revoke", USER, &session), MITOME_OK);
        statement = tsm_rig_statement(rig, &session, cms, bytes);
        assert_int_equal(revoke_here(rig, 0, &session, statement, order), MITOME_E_EVIDENCE_NONCE);
        reset_nonce(slice_text(session.nonce), nonce);
        statement = tsm_rig_state_to(rig, 0, SLICE(nonce), bytes);
        assert_int_equal(revoke_here(rig, 0, &session, statement, order), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
}

/* Another maker's phone, which says the identity of hers: each maker vouches for his keys, and none for which
 * phone they are in. */
static void attack_another_device_key_under_a_known_identity(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms_bytes[TSM_RIG_DER_MAX * 2], bytes[4096], nonce[STATEMENT_NONCE_SIZE];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        tsm_rig_impostor(rig, 1, 0);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", USER, &session), MITOME_OK);
        const slice cms = tsm_rig_sign(rig, TARO, &session, cms_bytes);
        application_nonce(slice_text(session.nonce), cms, nonce);
        slice statement = tsm_rig_state_to(rig, 1, SLICE(nonce), bytes);
        assert_int_equal(tsm_rig_apply(rig, &session, cms, statement, order), MITOME_E_ORDER_DEVICE);
        assert_int_equal(tsm_rig_begin(rig, 0, "revoke", USER, &session), MITOME_OK);
        revocation_nonce(slice_text(session.nonce), nonce);
        statement = tsm_rig_state_to(rig, 1, SLICE(nonce), bytes);
        assert_int_equal(revoke_here(rig, 0, &session, statement, order), MITOME_E_ORDER_DEVICE);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
}

static void set_known_key(struct tsm_rig *rig, const char *sql)
{
        assert_int_equal(
                sql_do(party_store(rig->parties[TSM_RIG_SP]), sql, NULL, 0, NULL, NULL).code, MITOME_OK);
}

/* A receipt by another device key than the one that this identity is known by: the authority keeps the key of
 * the first one that it takes, and would believe none of the true phone's afterwards. */
static void attack_the_receipt_of_another_device_key_under_a_known_identity(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t body[4096];
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        struct element_rig *element = &rig->phones[0].element;
        struct tsm_rig_answer answer;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_reset_fido(&rig->phones[0].link, NULL).code, MITOME_OK);
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_command(element, 0x80400000, SLICE(touched)), SW_OK);
        writer w = WRITER(body);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, element_rig_value(element, 0x80));
        set_known_key(rig, "CREATE TABLE kept AS SELECT * FROM pinned");
        set_known_key(rig, "UPDATE pinned SET device_key = zeroblob(32)");
        const unsigned letters = rig->network.letters;
        assert_int_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_E_ORDER_DEVICE);
        assert_int_equal(rig->network.letters, letters);
        set_known_key(rig, "UPDATE pinned SET device_key = (SELECT device_key FROM kept)");
        assert_int_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_OK);
}

/* Orders that were accepted before the next visit name no token any more: only the phone's own word does. */
static void attack_naming_a_token_for_a_new_phone(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms_bytes[TSM_RIG_DER_MAX * 2], bytes[4096];
        struct tsm_rig_session session;
        struct tsm_rig_answer answer;
        uint8_t order[SP_ID_SIZE];
        rig->token = "token-of-a-thief"; /* by his card, before she has applied, and with what he overheard */
        assert_int_equal(tsm_rig_order_by_card_alone(rig, 0, TARO, "issue", USER, &session, order),
                MITOME_E_ORDER_PRESENCE);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", BOTH, &session), MITOME_OK);
        const slice cms = tsm_rig_sign(rig, HANAKO, &session, cms_bytes);
        const slice statement = tsm_rig_statement(rig, &session, cms, bytes);
        rig->token = "token-of-the-owner";
        assert_int_equal(tsm_rig_apply(rig, &session, cms, statement, order), MITOME_OK);
        rig->token = "token-of-a-thief";
        assert_int_equal(tsm_rig_apply(rig, &session, cms, statement, order), MITOME_OK); /* the same order */
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM push_token"), 1);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP,
                                 "SELECT COUNT(*) FROM push_token WHERE token = 'token-of-the-owner'"),
                1);
        /* one that goes with a revocation is not taken, nor a statement */
        uint8_t body[2 * TSM_RIG_DER_MAX];
        assert_int_equal(tsm_rig_begin(rig, 0, "revoke", BOTH, &session), MITOME_OK);
        writer w = WRITER(body);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(session.id));
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, tsm_rig_sign(rig, HANAKO, &session, cms_bytes));
        cbor_write_uint(&w, 3);
        cbor_write_string(&w, rig->token);
        assert_int_equal(tsm_rig_say(rig, "apply", writer_view(&w), &answer), MITOME_E_VALUE);
        assert_int_equal(tsm_rig_apply(rig, &session, tsm_rig_sign(rig, HANAKO, &session, cms_bytes),
                                 tsm_rig_revocation(rig, &session, bytes), order),
                MITOME_E_VALUE);
}

/* The SEI-TSM hears how long a wish stands: as long as the applicant has time, and no longer. */
static void a_wish_for_the_applet_runs_out_with_its_order(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        static const char open_wishes[] = "SELECT COUNT(*) FROM sei_order WHERE place = 0 AND wanted = 1";
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SEI, open_wishes), 1);
        assert_int_equal(
                tsm_rig_number(rig, TSM_RIG_SEI, "SELECT until FROM sei_order"), rig->now + SP_SESSION_S);
        post_local_leave(&rig->network, PARTY_SEI_TSM);
        assert_int_equal(tsm_rig_order(rig, 1, TARO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(
                post_local_join(&rig->network, rig->parties[TSM_RIG_SEI], &rig->desks[TSM_RIG_SEI], NULL)
                        .code,
                MITOME_OK);
        rig->now += SP_SESSION_S;
        assert_int_equal(tsm_rig_relay(rig, 1), MITOME_OK);
        assert_state(rig, order, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_OUT_OF_TIME);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SEI, "SELECT COUNT(*) FROM sei_order"), 1);
        /* and what was asked for cleans nothing */
        assert_int_equal(
                sei_tsm_serve(rig->sei, slice_text(rig->phones[0].identity), &rig->phones[0].link, NULL).code,
                MITOME_OK);
        assert_int_equal(
                tsm_rig_number(rig, TSM_RIG_SEI, "SELECT COUNT(*) FROM sei_order WHERE place = 1"), 0);
}

/* Row 23, 42: what the former owner left is deleted, and its receipt revokes what was still alive. */
static void a_new_owner_with_the_phone_in_his_hand_starts_clean(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms[TSM_RIG_DER_MAX * 2], statement[4096], foreign[4096];
        struct tsm_rig_session session, other;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", BOTH, &session), MITOME_OK);
        other = session;
        other.phone = 1;
        slice application = tsm_rig_sign(rig, TARO, &session, cms);
        assert_int_equal(tsm_rig_apply(rig, &session, application,
                                 tsm_rig_statement(rig, &other, application, foreign), order),
                MITOME_E_EVIDENCE_IDENTITY);
        assert_int_equal(tsm_rig_apply(rig, &session, application,
                                 tsm_rig_statement(rig, &session, application, statement), order),
                MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 0);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 0);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_SIGNING, "PASSWORD2"), MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "4321"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_live(rig, TARO, SP_SIGNING), 1);
        assert_law(rig);
}

/* ---- resets ---- */

static void a_pin_is_reset_by_card_signature(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        assert_int_equal(
                tsm_rig_order(rig, 0, HANAKO, "reset-pin", USER, &session, order), MITOME_E_ORDER_HELD);
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_begin(rig, 0, "reset-pin", SIGNING, &session), MITOME_E_ORDER_KINDS);
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "reset-pin", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING | TSM_PIN_TEMPORARY);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "8642"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING);
        /* one that nobody finishes costs no certificate */
        assert_int_equal(
                tsm_rig_order(rig, 0, HANAKO, "reset-password", SIGNING, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        rig->now += SP_SESSION_S;
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_OUT_OF_TIME);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING | TSM_PASSWORD_TEMPORARY);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 1);
}

/* With the phone in his hand he is still not its certificate's owner. */
static void a_pin_is_not_reset_for_another_person(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t cms[TSM_RIG_DER_MAX * 2], statement[4096];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_begin(rig, 0, "reset-pin", USER, &session), MITOME_OK);
        const slice application = tsm_rig_sign(rig, TARO, &session, cms);
        assert_int_equal(tsm_rig_apply(rig, &session, application,
                                 tsm_rig_statement(rig, &session, application, statement), order),
                MITOME_E_ORDER_PERSON);
}

/* ---- renewal and change of phones ---- */

static void a_renewal_first_sees_the_former_certificate_revoked(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "renew", SIGNING, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_SIGNING, "PASSWORD2"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 1);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
        assert_int_equal(open_erasures(rig), 0); /* the new key is not erased for the old one's revocation */
        assert_law(rig);
}

static void a_new_phone_ends_the_old_one(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        tsm_rig_issue(rig, 1, HANAKO, order);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 1);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING); /* it has not come yet */
        assert_int_equal(open_erasures(rig), 1);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0) & EVERYTHING & ~TSM_PIN_SET, 0);
        assert_int_equal(tsm_rig_there(rig, 1), EVERYTHING);
        assert_int_equal(open_erasures(rig), 0);
        assert_law(rig);
}

/* ---- revocation and erasure ---- */

static void a_revocation_is_done_when_the_receipt_is_there_and_not_before(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        /* from another device, which has no relation to the phone */
        assert_int_equal(tsm_rig_order(rig, 1, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        tsm_rig_flush(rig);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_SIGNING), 0);
        assert_state(rig, order, SP_ORDER_RECEIPT, MITOME_OK);
        rig->now += 30 * 86400;
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_state(rig, order, SP_ORDER_RECEIPT, MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0) & EVERYTHING & ~TSM_PIN_SET, 0);
        assert_law(rig);
}

static void a_phone_revokes_its_own_certificates_without_the_card(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t bytes[4096], foreign[4096];
        struct tsm_rig_session session, other;
        uint8_t order[SP_ID_SIZE], again[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_begin(rig, 0, "revoke", BOTH, &session), MITOME_OK);
        slice statement = tsm_rig_revocation(rig, &session, bytes);
        other = session;
        other.phone = 1;
        assert_int_equal(revoke_here(rig, 0, &session, tsm_rig_revocation(rig, &other, foreign), again),
                MITOME_E_EVIDENCE_IDENTITY);
        assert_int_equal(revoke_here(rig, 1, &session, statement, again), MITOME_E_SESSION_UNKNOWN);
        bytes[statement.size - 1] ^= 1;
        assert_int_equal(revoke_here(rig, 0, &session, statement, again), MITOME_E_SIGNATURE_INVALID);
        bytes[statement.size - 1] ^= 1;
        assert_int_equal(revoke_here(rig, 0, &session, statement, order), MITOME_OK);
        assert_int_equal(revoke_here(rig, 0, &session, statement, again), MITOME_OK);
        assert_memory_equal(order, again, SP_ID_SIZE);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 0);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        /* the statement is of that session alone */
        assert_int_equal(tsm_rig_begin(rig, 0, "revoke", BOTH, &session), MITOME_OK);
        assert_int_equal(revoke_here(rig, 0, &session, statement, again), MITOME_E_EVIDENCE_NONCE);
        statement = tsm_rig_revocation(rig, &session, bytes);
        rig->now += SP_SESSION_S;
        assert_int_equal(revoke_here(rig, 0, &session, statement, again), MITOME_E_SESSION_UNKNOWN);
}

/* Amendment D lets refusals cross bare: whoever relays can invent them. */
static void a_relay_that_forges_refusals_ends_no_erasure(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_order(rig, 1, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        tsm_rig_flush(rig);
        static const uint16_t words[] = { SW_NO_REFERENCE, SW_CONDITIONS, SW_NOT_FOUND, SW_OK };
        static const uint8_t instructions[] = { 0x0E, 0x40, 0xA4, 0xCA, 0x42 };
        for (size_t i = 0; i < sizeof instructions; i++)
                for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
                        struct forger forger = { &rig->phones[0].link, instructions[i], words[j] };
                        const struct mitome_link link = { .context = &forger, .transmit = forge };
                        /* whatever becomes of the visit */
                        mitome_status visit =
                                sp_tsm_serve(rig->sp, slice_text(rig->phones[0].identity), &link, NULL);
                        (void)visit;
                        element_rig_cycle(&rig->phones[0].element);
                        if (tsm_rig_there(rig, 0) & TSM_SIGNING_KEY)
                                assert_int_not_equal(tsm_rig_state(rig, order).state, SP_ORDER_DONE);
                        if (instructions[i] == 0x40)
                                assert_int_not_equal(tsm_rig_state(rig, order).state, SP_ORDER_DONE);
                }
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
}

static void a_forged_receipt_confirms_nothing(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t bytes[4096];
        struct tsm_rig_session session;
        struct tsm_rig_answer answer;
        uint8_t order[SP_ID_SIZE], body[4096];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_order(rig, 1, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        tsm_rig_flush(rig);
        /* a statement is no receipt; nor is anything else */
        session.phone = 0;
        slice statement = tsm_rig_revocation(rig, &session, bytes);
        writer w = WRITER(body);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, statement);
        assert_int_not_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_OK);
        assert_state(rig, order, SP_ORDER_RECEIPT, MITOME_OK);
}

/* ---- the lease ---- */

static unsigned lease_of(struct tsm_rig *rig, unsigned phone)
{
        struct element_rig *element = &rig->phones[phone].element;
        assert_int_equal(element_rig_select(element, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_command(element, 0x804C0000, nothing), SW_OK);
        slice left = element_rig_value(element, 0x81);
        unsigned count = (unsigned)left.data[0] << 8 | left.data[1];
        element_rig_cycle(element);
        return count;
}

static void the_lease_follows_the_certificates_status(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE], body[64];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(lease_of(rig, 0), 8);
        writer w = WRITER(body);
        tsm_rig_body_of_serial(rig, 0, SP_SIGNING, -1, &w);
        assert_int_equal(tsm_rig_letter(rig, TSM_RIG_CALL_CENTRE, "hold", writer_view(&w)), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(lease_of(rig, 0), 0);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING); /* a hold erases nothing */
        assert_int_equal(open_erasures(rig), 0);
        rig->register_config.phone_release = REGISTER_RELEASE;
        assert_int_equal(tsm_rig_letter(rig, TSM_RIG_CALL_CENTRE, "release", writer_view(&w)), MITOME_OK);
        assert_int_equal(lease_of(rig, 0), 0);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(lease_of(rig, 0), 8);
}

static void no_lease_is_renewed_while_the_authority_is_silent(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "renew", SIGNING, &session, order), MITOME_OK);
        post_local_leave(&rig->network, PARTY_AUTHORITY);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_E_UNREACHABLE);
        assert_int_equal(lease_of(rig, 0), 8);
        assert_int_equal(post_local_join(&rig->network, rig->parties[TSM_RIG_AUTHORITY],
                                 &rig->desks[TSM_RIG_AUTHORITY], NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
}

/* ---- the authority's word, whoever caused it ---- */

static void what_the_call_centre_revokes_is_erased(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE], body[64];
        tsm_rig_issue(rig, 0, HANAKO, order);
        writer w = WRITER(body);
        tsm_rig_body_of_serial(rig, 0, SP_SIGNING, 1, &w);
        assert_int_equal(tsm_rig_letter(rig, TSM_RIG_CALL_CENTRE, "revoke", writer_view(&w)), MITOME_OK);
        tsm_rig_flush(rig);
        assert_int_equal(open_erasures(rig), 1);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(open_erasures(rig), 0);
        /* the other kind is alive, and stays with its PIN (row 33) */
        assert_int_equal(tsm_rig_there(rig, 0), TSM_USER_KEY | TSM_USER_CERTIFICATE | TSM_PIN_SET);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
}

static void a_certificate_that_is_revoked_while_it_is_issued_is_erased(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE], body[64];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        writer w = WRITER(body);
        tsm_rig_body_of_serial(rig, 0, SP_USER_VERIFICATION, 1, &w);
        assert_int_equal(tsm_rig_letter(rig, TSM_RIG_CALL_CENTRE, "revoke", writer_view(&w)), MITOME_OK);
        tsm_rig_flush(rig);
        assert_state(rig, order, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_REVOKED);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_E_ORDER_SECRET);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0) & (TSM_USER_KEY | TSM_USER_CERTIFICATE), 0);
        assert_int_equal(open_erasures(rig), 0);
}

/* A later application takes the place of the first: both keys of it go, and one certificate lives. */
static void a_second_application_supersedes_the_first(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session first, second;
        uint8_t one[SP_ID_SIZE], two[SP_ID_SIZE];
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &first, one), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        rig->now += 5;
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &second, two), MITOME_OK);
        assert_state(rig, one, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_SUPERSEDED);
        assert_int_equal(tsm_rig_choose(rig, &first, SP_USER_VERIFICATION, "1234"), MITOME_E_ORDER_SECRET);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, two, SP_ORDER_HOLDER, MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &second, SP_USER_VERIFICATION, "1234"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, two, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
        assert_law(rig);
}

/* ---- keys at rest ---- */

static void phones_keys_do_not_open_under_another_wrapping_key(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        sp_tsm_close(rig->sp);
        rig->sp_config.wrapping_key[0] ^= 1;
        assert_int_equal(
                sp_tsm_open(rig->parties[TSM_RIG_SP], &rig->sp_config, &rig->sp, NULL).code, MITOME_OK);
        assert_int_equal(
                sp_tsm_serve(rig->sp, slice_text(rig->phones[0].identity), &rig->phones[0].link, NULL).code,
                MITOME_E_WRAPPING);
        assert_int_equal(sp_tsm_serve(rig->sp, slice_text("MT-9-9999"), &rig->phones[0].link, NULL).code,
                MITOME_E_DEVICE_UNKNOWN);
}

/* A row that was put into another phone's place is of no use there. */
static void phones_keys_cannot_be_exchanged_in_the_store(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        tsm_rig_issue(rig, 1, TARO, order);
        assert_int_equal(
                sql_do(party_store(rig->parties[TSM_RIG_SP]),
                        "UPDATE device SET own = (SELECT own FROM device d WHERE d.identity <> device.identity)",
                        NULL, 0, NULL, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_E_WRAPPING);
}

/* ---- handing over ---- */

static void write_hand_over(writer *w, const char *identity, unsigned version, struct party *to, size_t size)
{
        uint8_t key[LETTER_KEY_SIZE], sealed[256];
        static const uint8_t keys[96] = { 7 };
        writer s = WRITER(sealed);
        party_key(to, key);
        assert_int_equal(party_seal(key, slice_of(keys, size), &s, NULL).code, MITOME_OK);
        cbor_write_map(w, 3);
        cbor_write_uint(w, 1);
        cbor_write_string(w, identity);
        cbor_write_uint(w, 2);
        cbor_write_uint(w, version);
        cbor_write_uint(w, 3);
        cbor_write_bytes(w, writer_view(&s));
}

static void first_keys_are_taken_from_the_sei_tsm_alone_and_sealed(void **state)
{
        struct tsm_rig *rig = *state;
        static const struct {
                const char *identity;
                unsigned version;
                int to;
                size_t size;
                mitome_code code;
        } cases[] = {
                { "MT-1-0009", 0x10, TSM_RIG_SP, 48, MITOME_OK },
                { "MT-1-0009", 0x10, TSM_RIG_SEI, 48, MITOME_E_SIGNATURE_INVALID },
                { "MT-1-0009", 0x00, TSM_RIG_SP, 48, MITOME_E_VALUE },
                { "MT-1-0009", 0x10, TSM_RIG_SP, 51, MITOME_E_VALUE },
                { "MT 1/0009", 0x10, TSM_RIG_SP, 48, MITOME_E_VALUE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                uint8_t body[512];
                writer w = WRITER(body);
                write_hand_over(
                        &w, cases[i].identity, cases[i].version, rig->parties[cases[i].to], cases[i].size);
                assert_int_equal(tsm_rig_ask(rig, TSM_RIG_SEI, PARTY_SP_TSM, "hand-over", writer_view(&w)),
                        cases[i].code);
                assert_int_not_equal(
                        tsm_rig_ask(rig, TSM_RIG_CALL_CENTRE, PARTY_SP_TSM, "hand-over", writer_view(&w)),
                        MITOME_OK);
        }
}

static void nobody_but_the_authority_tells_of_revocations(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE], entry[64], body[80];
        tsm_rig_issue(rig, 0, HANAKO, order);
        writer e = WRITER(entry), w = WRITER(body);
        tsm_rig_body_of_serial(rig, 0, SP_SIGNING, -1, &e);
        entry[0] = 0xA3; /* and a reason */
        cbor_write_uint(&e, 4);
        cbor_write_uint(&e, 1);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_array(&w, 1);
        write_slice(&w, writer_view(&e));
        assert_int_not_equal(
                tsm_rig_ask(rig, TSM_RIG_CALL_CENTRE, PARTY_SP_TSM, "revoked", writer_view(&w)), MITOME_OK);
        assert_int_equal(open_erasures(rig), 0);
        assert_int_equal(
                tsm_rig_ask(rig, TSM_RIG_AUTHORITY, PARTY_SP_TSM, "revoked", writer_view(&w)), MITOME_OK);
        assert_int_equal(open_erasures(rig), 1);
}

/* ---- what is unknown, or busy ---- */

struct nested {
        struct tsm_rig *rig;
        mitome_code seen;
};

static mitome_status serve_within(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct nested *nested = context;
        struct tsm_rig_phone *phone = &nested->rig->phones[0];
        if (nested->seen == MITOME_OK)
                nested->seen =
                        sp_tsm_serve(nested->rig->sp, slice_text(phone->identity), &phone->link, NULL).code;
        return phone->link.transmit(phone->link.context, command, response, capacity, ret_size, error);
}

static void a_phone_is_served_once_at_a_time(void **state)
{
        struct tsm_rig *rig = *state;
        uint8_t order[SP_ID_SIZE];
        struct nested nested = { .rig = rig };
        const struct mitome_link link = { .context = &nested, .transmit = serve_within };
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(
                sp_tsm_serve(rig->sp, slice_text(rig->phones[0].identity), &link, NULL).code, MITOME_OK);
        assert_int_equal(nested.seen, MITOME_E_ORDER_BUSY);
        assert_int_equal(sp_tsm_serve(rig->sp, slice_text("a b"), &link, NULL).code, MITOME_E_VALUE);
}

static void an_order_that_nobody_made_has_no_state(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_answer answer;
        uint8_t body[32] = { 0xA1, 0x01, 0x50 };
        assert_int_equal(
                tsm_rig_say(rig, "state", slice_of(body, 3 + SP_ID_SIZE), &answer), MITOME_E_ORDER_UNKNOWN);
}

static void words_that_are_not_as_they_must_be_are_refused(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_answer answer;
        struct tsm_rig_session session;
        static const uint8_t trailing[] = { 0xA0, 0x00 }, other_key[] = { 0xA1, 0x09, 0x00 },
                             text_key[] = { 0xA1, 0x61, 0x61, 0x00 }, no_map[] = { 0x80 };
        const slice bodies[] = { nothing, SLICE(trailing), SLICE(other_key), SLICE(text_key), SLICE(no_map) };
        static const char *const kinds[] = { "begin", "apply", "secret", "state", "receipt", "revoke-here" };
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
                for (size_t j = 0; j < sizeof bodies / sizeof *bodies; j++)
                        assert_int_not_equal(tsm_rig_say(rig, kinds[i], bodies[j], &answer), MITOME_OK);
        assert_int_equal(tsm_rig_say(rig, "push-register", nothing, &answer), MITOME_E_LETTER_KIND);
        assert_int_equal(tsm_rig_begin(rig, 0, "erase", BOTH, &session), MITOME_E_VALUE);
        assert_int_equal(tsm_rig_begin(rig, 0, "issue", 0, &session), MITOME_E_MISSING);
}

/* ---- a phone whose keys go ---- */

/* A relay that breaks when a new key's certificate is to be written. */
struct gate {
        const struct mitome_link *way;
        bool has_made;
};

static mitome_status pass(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct gate *gate = context;
        if (command.data[1] == 0xD6 && gate->has_made)
                return (mitome_status){ MITOME_E_LINK };
        gate->has_made |= command.data[1] == 0x46;
        return gate->way->transmit(gate->way->context, command, response, capacity, ret_size, error);
}

/* An app that keeps receipts to itself, and has the element forget them. */
static void lose_receipts(struct element_rig *element)
{
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
        while (element_rig_command(element, 0x80400000, SLICE(touched)) == SW_OK) {
                uint8_t fields[64];
                writer w = WRITER(fields);
                tlv_write(&w, 0x81, element_rig_value(element, 0x81));
                tlv_write(&w, 0x82, element_rig_value(element, 0x82));
                assert_int_equal(element_rig_command(element, 0x80420000, writer_view(&w)), SW_OK);
        }
        assert_int_equal(element->sw, SW_NO_REFERENCE);
        element_rig_cycle(element);
}

/* The applet is made anew: its keys are gone. */
static void clean_again(struct tsm_rig *rig)
{
        uint8_t body[96];
        writer w = WRITER(body);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rig->phones[0].identity);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, 0);
        cbor_write_uint(&w, 4);
        cbor_write_uint(&w, SP_SESSION_S);
        assert_int_equal(tsm_rig_ask(rig, TSM_RIG_SP, PARTY_SEI_TSM, "prepare", writer_view(&w)), MITOME_OK);
        element_rig_cycle(&rig->phones[0].element);
        assert_int_equal(
                sei_tsm_serve(rig->sei, slice_text(rig->phones[0].identity), &rig->phones[0].link, NULL).code,
                MITOME_OK);
        lose_receipts(&rig->phones[0].element);
}

/* The certificate's key is not there when it comes to be written: another key, another certificate; not for
 * ever. */
static void an_issue_whose_key_goes_again_and_again_is_given_up(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        rig->now += 5;
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        for (unsigned i = 0; i < 4; i++) {
                struct gate gate = { .way = &rig->phones[0].link };
                const struct mitome_link link = { .context = &gate, .transmit = pass };
                mitome_code code =
                        sp_tsm_serve(rig->sp, slice_text(rig->phones[0].identity), &link, NULL).code;
                assert_int_equal(code, i < 3 ? MITOME_E_LINK : MITOME_OK);
                assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
                if (i < 3)
                        clean_again(rig);
        }
        assert_state(rig, order, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_TRIES);
        tsm_rig_flush(rig);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 0);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0) & (TSM_USER_KEY | TSM_USER_CERTIFICATE), 0);
}

/* The applet goes while its holder still has to choose: it is asked for anew, and all of it again. */
static void an_issue_survives_the_deletion_of_its_applet(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE], body[96];
        writer w = WRITER(body);
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
        rig->now += 5;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rig->phones[0].identity);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 0);
        cbor_write_uint(&w, 3);
        cbor_write_array(&w, 0);
        assert_int_equal(tsm_rig_ask(rig, TSM_RIG_SP, PARTY_SEI_TSM, "prepare", writer_view(&w)), MITOME_OK);
        assert_int_equal(
                sei_tsm_serve(rig->sei, slice_text(rig->phones[0].identity), &rig->phones[0].link, NULL).code,
                MITOME_OK);
        lose_receipts(&rig->phones[0].element);
        for (unsigned i = 0; i < 3; i++) { /* it is missed, asked for, and there */
                rig->now += 5;
                assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
                assert_state(rig, order, i < 2 ? SP_ORDER_OPEN : SP_ORDER_HOLDER, MITOME_OK);
        }
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
        assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0), TSM_USER_KEY | TSM_USER_CERTIFICATE | TSM_PIN_SET);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
}

/* ---- a receipt that does not come ---- */

/* Its receipt is withheld: gone, and not confirmed; the app brings it later. */
static void an_erasure_whose_receipt_is_withheld_is_not_confirmed(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t body[4096];
        struct element_rig *element = &rig->phones[0].element;
        struct tsm_rig_session session;
        struct tsm_rig_answer answer;
        uint8_t order[SP_ID_SIZE];
        struct forger forger = { &rig->phones[0].link, 0x40, SW_NO_REFERENCE };
        const struct mitome_link link = { .context = &forger, .transmit = forge };
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_rig_order(rig, 1, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        tsm_rig_flush(rig);
        assert_int_equal(
                sp_tsm_serve(rig->sp, slice_text(rig->phones[0].identity), &link, NULL).code, MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0) & TSM_SIGNING_KEY, 0);
        assert_state(rig, order, SP_ORDER_RECEIPT, MITOME_OK);
        assert_int_equal(
                tsm_rig_number(rig, TSM_RIG_SP, "SELECT code FROM order_ WHERE purpose = 6 AND state = 3"),
                MITOME_E_ORDER_UNCONFIRMED);
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_command(element, 0x80400000, SLICE(touched)), SW_OK);
        writer w = WRITER(body);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, element_rig_value(element, 0x80));
        element_rig_cycle(element);
        body[w.used - 1] ^= 1;
        const unsigned letters = rig->network.letters;
        const int64_t entries = tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM journal");
        assert_int_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_E_SIGNATURE_INVALID);
        assert_state(rig, order, SP_ORDER_RECEIPT, MITOME_OK);
        /* nobody's journal grows by what strangers bring */
        assert_int_equal(rig->network.letters, letters);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM journal"), entries);
        body[w.used - 1] ^= 1;
        assert_int_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_OK); /* twice */
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK); /* and the element may forget it */
}

/* ---- a receipt that comes again ---- */

/* A relay that hides receipts, and loses the answer to GENERATE: there is a key that nobody knows. */
static mitome_status hide(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        const struct mitome_link *way = context;
        struct forger forger = { way, 0x40, SW_NO_REFERENCE };
        MITOME_TRY(forge(&forger, command, response, capacity, ret_size, error));
        return (mitome_status){ command.data[1] == 0x46 ? MITOME_E_LINK : MITOME_OK };
}

static int64_t erasures_done(struct tsm_rig *rig)
{
        return tsm_rig_number(rig, TSM_RIG_SP, "SELECT COUNT(*) FROM order_ WHERE purpose = 6 AND state = 4");
}

/* The receipt of a former erasure is kept back, and shown when another key is to be erased. */
static void an_older_receipt_kept_back_confirms_no_later_erasure(void **state)
{
        struct tsm_rig *rig = *state;
        static uint8_t body[4096];
        static const uint8_t touched[] = { 0x85, 0x01, 0x02 };
        struct element_rig *element = &rig->phones[0].element;
        struct tsm_rig_session session;
        struct tsm_rig_answer answer;
        uint8_t order[SP_ID_SIZE];
        writer w = WRITER(body);
        const struct mitome_link link = { .context = &rig->phones[0].link, .transmit = hide };
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(tsm_reset_fido(&rig->phones[0].link, NULL).code, MITOME_OK); /* by its holder */
        assert_int_equal(element_rig_select(element, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_command(element, 0x80400000, SLICE(touched)), SW_OK);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, element_rig_value(element, 0x80));
        element_rig_cycle(element);
        rig->now += 5;
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
        assert_int_equal(
                sp_tsm_serve(rig->sp, slice_text(rig->phones[0].identity), &link, NULL).code, MITOME_E_LINK);
        rig->now += SP_SESSION_S;
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_state(rig, order, SP_ORDER_GIVEN_UP, MITOME_E_ORDER_OUT_OF_TIME);
        assert_int_equal(tsm_rig_say(rig, "receipt", writer_view(&w), &answer), MITOME_OK);
        tsm_rig_flush(rig);
        assert_int_equal(tsm_rig_there(rig, 0) & TSM_USER_KEY, TSM_USER_KEY);
        assert_int_equal(erasures_done(rig), 0);
        assert_int_equal(open_erasures(rig), 1);
        element_rig_cycle(element);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(tsm_rig_there(rig, 0) & TSM_USER_KEY, 0);
        assert_int_equal(open_erasures(rig), 0);
        assert_law(rig);
}

/* ---- waking ---- */

struct recorder {
        unsigned sent;
        char token[64];
        enum push_outcome outcome;
};

static mitome_status record(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        struct recorder *recorder = context;
        assert_string_equal(message->kind, PUSH_WAKE);
        assert_true(token.size < sizeof recorder->token);
        memset(recorder->token, 0, sizeof recorder->token);
        memcpy(recorder->token, token.data, token.size);
        recorder->sent++;
        *ret = recorder->outcome;
        *ret_retry_after = 0;
        (void)error;
        return ok();
}

/* The old phone is woken by the token that it named itself when its element had proved itself; that the
 * service took the push says nothing. */
static void the_phone_that_is_to_be_erased_is_woken_until_its_receipt_comes(void **state)
{
        struct tsm_rig *rig = *state;
        static struct recorder recorder;
        const struct push push = { .context = &recorder, .send = record };
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        sp_tsm_close(rig->sp);
        rig->sp_config.push = &push;
        assert_int_equal(
                sp_tsm_open(rig->parties[TSM_RIG_SP], &rig->sp_config, &rig->sp, NULL).code, MITOME_OK);
        rig->desks[TSM_RIG_SP].context = rig->sp;
        rig->token = "token-of-the-first";
        tsm_rig_issue(rig, 0, HANAKO, order);
        rig->token = "token-of-a-thief"; /* by his own card, for her phone */
        assert_int_equal(tsm_rig_order_by_card_alone(rig, 0, TARO, "issue", USER, &session, order),
                MITOME_E_ORDER_PRESENCE);
        rig->token = NULL;
        assert_int_equal(tsm_rig_order(rig, 1, HANAKO, "revoke", BOTH, &session, order), MITOME_OK);
        tsm_rig_flush(rig);
        for (unsigned i = 1; i <= 3; i++) {
                assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
                assert_int_equal(recorder.sent, i);
                assert_string_equal(recorder.token, "token-of-the-first");
                assert_state(rig, order, SP_ORDER_RECEIPT, MITOME_OK);
                rig->now += 86400;
        }
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT count(*) FROM push_token"), 1);
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_int_equal(recorder.sent, 4); /* there is an empty applet still */
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        rig->now += 86400;
        assert_int_equal(sp_tsm_tick(rig->sp, NULL).code, MITOME_OK);
        assert_int_equal(recorder.sent, 4);
        assert_int_equal(tsm_rig_number(rig, TSM_RIG_SP, "SELECT count(*) FROM push_token"), 0);
}

/* ---- what key 0017 signs ---- */

static uint8_t flags_of(struct tsm_rig *rig, unsigned phone)
{
        struct element_rig *element = &rig->phones[phone].element;
        element_rig_cycle(element);
        assert_int_equal(element_rig_select(element, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_command(element, 0x80CA0001, nothing), SW_OK);
        const uint8_t flags = element_rig_value(element, 0x81).data[0];
        element_rig_cycle(element);
        return flags;
}

/* As whoever personalised it before flag 01 was known left it. */
static void loosen(struct tsm_rig *rig, unsigned phone)
{
        static const uint8_t as_phone[] = { 0x00, 0x00 };
        struct element_rig *element = &rig->phones[phone].element;
        element_rig_off(element);
        element_rig_store(element, 0x0201, SLICE(as_phone)); /* OBJECT_JPKI_SETTINGS: personality, flags */
        element_rig_open(element);
        assert_int_equal(flags_of(rig, phone), 0x00);
}

static uint16_t sign_host_hash(struct tsm_rig *rig, unsigned phone)
{
        static const uint8_t pin_file[] = { 0x00, 0x18 }, hash[32] = { 1 };
        struct element_rig *element = &rig->phones[phone].element;
        element_rig_cycle(element);
        assert_int_equal(element_rig_select(element, element_rig_jpki), SW_OK);
        assert_int_equal(element_rig_command(element, 0x00A4020C, SLICE(pin_file)), SW_OK);
        assert_int_equal(element_rig_command(element, 0x00200080, slice_text("1234")), SW_OK);
        const uint16_t sw = element_rig_command(element, 0x802A0297, SLICE(hash));
        element_rig_cycle(element);
        return sw;
}

/* Once it has come, the holder's PIN opens key 0017 of a phone for no hash of a host's any more, whichever
 * order it came for, or none. */
static void a_phone_from_before_is_tightened_when_it_comes(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        assert_int_equal(flags_of(rig, 0), 0x01);
        assert_int_equal(sign_host_hash(rig, 0), SW_CONDITIONS);
        loosen(rig, 0);
        assert_int_equal(sign_host_hash(rig, 0), SW_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK); /* for nothing at all */
        assert_int_equal(flags_of(rig, 0), 0x01);
        assert_int_equal(sign_host_hash(rig, 0), SW_CONDITIONS);
        assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING);

        loosen(rig, 0);
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "renew", SIGNING, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
        assert_int_equal(flags_of(rig, 0), 0x01);
}

/* It refuses to be another thing than it is: what is loose there does not come to more, and its lease goes on
 * to end. */
static void a_phone_that_cannot_be_tightened_gets_no_new_key(void **state)
{
        static const uint8_t numbered[] = { 0x00, 0x00, 'N', '1' };
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        struct element_rig *element = &rig->phones[0].element;
        uint8_t order[SP_ID_SIZE];
        tsm_rig_issue(rig, 0, HANAKO, order);
        element_rig_off(element);
        element_rig_store(element, 0x0201, SLICE(numbered));
        element_rig_open(element);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
        assert_int_equal(lease_of(rig, 0), 8);
        assert_int_equal(flags_of(rig, 0), 0x00);
        assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "renew", USER, &session, order), MITOME_OK);
        assert_int_equal(tsm_rig_relay(rig, 0), MITOME_E_APDU_STATUS);
        assert_state(rig, order, SP_ORDER_OPEN, MITOME_OK);
        assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
}

/* ---- cuts of the relay ---- */

/* The way to the phone breaks at each command of an issue, before it arrives or behind it; the same order
 * then goes on. */
static void an_issue_survives_a_cut_at_each_command(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        bool was_cut = true;
        tsm_rig_issue(rig, 0, HANAKO, order); /* the domain is taken over */
        for (unsigned n = 1; was_cut; n += 5) {
                struct tsm_rig_phone *phone = &rig->phones[0];
                rig->now += 10;
                assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
                phone->commands = 0;
                phone->cut = n;
                phone->lost = n / 5 % 2;
                mitome_code code = tsm_rig_relay(rig, 0);
                was_cut = phone->commands >= n;
                phone->cut = 0;
                /* that a channel could not be closed any more is nobody's failure */
                assert_true(code == MITOME_E_LINK || code == MITOME_OK);
                element_rig_cycle(&phone->element);
                assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
                assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
                assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
                assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
                assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
                assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
                assert_int_equal(tsm_rig_there(rig, 0), EVERYTHING);
                assert_law(rig);
        }
}

/* Each letter of a whole issue is lost on its way, or its answer is, or it comes twice. */
struct letter_plan {
        unsigned at;
        enum post_fate fate;
};

static enum post_fate fate_of(void *context, const struct directory_entry *to, slice letter, unsigned number)
{
        const struct letter_plan *plan = context;
        (void)to;
        (void)letter;
        return number == plan->at ? plan->fate : POST_PASS;
}

static void an_issue_survives_each_letters_loss_and_doubling(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        struct letter_plan plan = { 0 };
        static const enum post_fate fates[] = { POST_DROP, POST_LOSE_ANSWER, POST_TWICE };
        bool reached = true;
        tsm_rig_issue(rig, 0, HANAKO, order);
        rig->network.fate = fate_of;
        rig->network.fate_context = &plan;
        for (unsigned n = 1; reached; n++) {
                rig->now += 4000; /* whatever waits in an outbox is due */
                rig->network.letters = 0;
                plan.at = n;
                plan.fate = fates[n % 3];
                mitome_code code = tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order);
                if (code != MITOME_OK) {
                        assert_int_equal(code, MITOME_E_UNREACHABLE);
                        code = tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order);
                }
                assert_int_equal(code, MITOME_OK);
                for (int i = 0; i < 3 && tsm_rig_state(rig, order).state == SP_ORDER_OPEN; i++) {
                        rig->now += 60;
                        code = tsm_rig_relay(rig, 0);
                        element_rig_cycle(&rig->phones[0].element);
                }
                assert_state(rig, order, SP_ORDER_HOLDER, MITOME_OK);
                assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
                code = tsm_rig_relay(rig, 0);
                if (code != MITOME_OK)
                        code = tsm_rig_relay(rig, 0);
                assert_int_equal(code, MITOME_OK);
                assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
                assert_int_equal(tsm_rig_live(rig, HANAKO, SP_USER_VERIFICATION), 1);
                assert_law(rig);
                reached = rig->network.letters >= n;
        }
        rig->network.fate = NULL;
        rig->network.fate_context = NULL;
}

/* An erasure, cut at each command: done only with its receipt. */
static void an_erasure_survives_a_cut_at_each_command(void **state)
{
        struct tsm_rig *rig = *state;
        struct tsm_rig_phone *phone = &rig->phones[0];
        struct tsm_rig_session session;
        uint8_t order[SP_ID_SIZE];
        bool was_cut = true;
        for (unsigned n = 1; was_cut; n += 7) {
                tsm_rig_number(rig, TSM_RIG_SP, "SELECT 1");
                rig->now += 10;
                assert_int_equal(tsm_rig_order(rig, 0, HANAKO, "issue", USER, &session, order), MITOME_OK);
                assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
                assert_int_equal(tsm_rig_choose(rig, &session, SP_USER_VERIFICATION, "1234"), MITOME_OK);
                assert_int_equal(tsm_rig_relay(rig, 0), MITOME_OK);
                assert_int_equal(tsm_rig_order(rig, 1, HANAKO, "revoke", USER, &session, order), MITOME_OK);
                tsm_rig_flush(rig);
                phone->commands = 0;
                phone->cut = n;
                phone->lost = n / 7 % 2;
                mitome_code code =
                        sp_tsm_serve(rig->sp, slice_text(phone->identity), &phone->link, NULL).code;
                was_cut = phone->commands >= n;
                phone->cut = 0;
                /* that a channel could not be closed any more is nobody's failure */
                assert_true(code == MITOME_E_LINK || code == MITOME_OK);
                element_rig_cycle(&phone->element);
                if (tsm_rig_state(rig, order).state == SP_ORDER_DONE)
                        assert_int_equal(tsm_rig_there(rig, 0) & TSM_USER_KEY, 0);
                assert_int_equal(sp_tsm_serve(rig->sp, slice_text(phone->identity), &phone->link, NULL).code,
                        MITOME_OK);
                assert_state(rig, order, SP_ORDER_DONE, MITOME_OK);
                assert_int_equal(open_erasures(rig), 0);
                assert_int_equal(tsm_rig_there(rig, 0) & TSM_USER_KEY, 0);
                tsm_rig_flush(rig);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(certificates_are_issued_into_a_phone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_temporary_secret_is_told_in_its_session_only, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_session_that_ran_out_leaves_neither_certificate_nor_key, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_application_is_good_for_one_session, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_sessions_begun_until_there_is_no_room, set_up, tear_down),
                cmocka_unit_test_setup_teardown(nothing_is_left_of_a_session_that_is_over, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_application_for_another_phone_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_a_card_alone_takes_over_a_phone_that_is_elsewhere, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_a_card_alone_applies_for_a_phone_without_certificates, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_a_card_alone_acts_in_a_phone_by_its_seller, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_a_statement_with_another_application, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_a_statement_of_a_revocation_with_an_application, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_another_device_key_under_a_known_identity, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        attack_the_receipt_of_another_device_key_under_a_known_identity, set_up, tear_down),
                cmocka_unit_test_setup_teardown(attack_naming_a_token_for_a_new_phone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_wish_for_the_applet_runs_out_with_its_order, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_new_owner_with_the_phone_in_his_hand_starts_clean, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_pin_is_reset_by_card_signature, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_pin_is_not_reset_for_another_person, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_renewal_first_sees_the_former_certificate_revoked, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_new_phone_ends_the_old_one, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_revocation_is_done_when_the_receipt_is_there_and_not_before, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_phone_revokes_its_own_certificates_without_the_card, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_relay_that_forges_refusals_ends_no_erasure, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_forged_receipt_confirms_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_older_receipt_kept_back_confirms_no_later_erasure, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_lease_follows_the_certificates_status, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        no_lease_is_renewed_while_the_authority_is_silent, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_the_call_centre_revokes_is_erased, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_certificate_that_is_revoked_while_it_is_issued_is_erased, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_second_application_supersedes_the_first, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        phones_keys_do_not_open_under_another_wrapping_key, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        phones_keys_cannot_be_exchanged_in_the_store, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        first_keys_are_taken_from_the_sei_tsm_alone_and_sealed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        nobody_but_the_authority_tells_of_revocations, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_phone_is_served_once_at_a_time, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_order_that_nobody_made_has_no_state, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        words_that_are_not_as_they_must_be_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_issue_whose_key_goes_again_and_again_is_given_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_issue_survives_the_deletion_of_its_applet, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_erasure_whose_receipt_is_withheld_is_not_confirmed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        the_phone_that_is_to_be_erased_is_woken_until_its_receipt_comes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_phone_from_before_is_tightened_when_it_comes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_phone_that_cannot_be_tightened_gets_no_new_key, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_issue_survives_a_cut_at_each_command, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_issue_survives_each_letters_loss_and_doubling, set_up, tear_down),
                cmocka_unit_test_setup_teardown(an_erasure_survives_a_cut_at_each_command, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
