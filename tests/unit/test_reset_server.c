/* SPDX-License-Identifier: Apache-2.0 */

/* The maker's reset server: a phone that proves itself is set back, and nobody sets back another's. */

#include "batch_store.h"
#include "sei_rig.h"
#include "sp_tsm.h"
#include "statement_nonce.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sei_rig rig;
static const uint8_t app[32] = { 0xA1 };
static uint8_t said[PHONE_ANSWER_MAX], wire[TSM_WIRE_MAX];

static int open_rig(void **state)
{
        (void)state;
        rig.folder = NULL;
        sei_rig_open(&rig);
        sei_rig_phone(&rig, SEI_RIG_PHONE);
        return 0;
}

static int close_rig(void **state)
{
        (void)state;
        sei_rig_close(&rig);
        return 0;
}

/* ---- what a phone says ---- */

static mitome_code say(const char *kind, slice body, slice *ret)
{
        const struct phone_desks desks = { rig.server, reset_server_phone_desks,
                reset_server_phone_desk_count };
        writer answer = WRITER(said);
        mitome_status status = phone_desks_answer(&desks, slice_text(kind), body, &answer, NULL);
        *ret = writer_view(&answer);
        return status.code;
}

struct session {
        uint8_t id[RESET_SESSION_SIZE], nonce[RESET_NONCE_SIZE];
};

/* A2 01 50 session 02 50 nonce */
static struct session begin(const char *identity)
{
        uint8_t bytes[80];
        slice answer, part;
        struct session session;
        assert_int_equal(say("begin-reset", sei_rig_identity(identity, bytes), &answer), MITOME_OK);
        reader r = reader_over(answer, NULL, NULL);
        assert_int_equal(answer.size, 1 + 2 * 18);
        assert_int_equal(read_bytes(&r, "head", 3, &part).code, MITOME_OK);
        assert_int_equal(read_into(&r, "session", session.id, sizeof session.id).code, MITOME_OK);
        assert_int_equal(read_bytes(&r, "head", 2, &part).code, MITOME_OK);
        assert_int_equal(read_into(&r, "nonce", session.nonce, sizeof session.nonce).code, MITOME_OK);
        return session;
}

static slice with_session(const struct session *session, slice evidence, uint8_t *buffer, size_t capacity)
{
        writer w = writer_over(buffer, capacity);
        cbor_write_map(&w, evidence.size ? 2 : 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(session->id));
        if (evidence.size) {
                cbor_write_uint(&w, 2);
                cbor_write_bytes(&w, evidence);
        }
        return writer_view(&w);
}

static mitome_code ask_reset(const struct session *session, slice statement)
{
        static uint8_t body[8192];
        slice answer;
        return say("factory-reset", with_session(session, statement, body, sizeof body), &answer);
}

static slice state_to(slice nonce)
{
        uint8_t fields[64];
        writer w = WRITER(fields);
        slice data, statement;
        tlv_write(&w, 0x80, nonce);
        tlv_write_u8(&w, 0x85, 0x02);
        assert_int_equal(
                sei_rig_plain(&rig, TSM_FIDO,
                        &(struct apdu_command){
                                .cla = 0x80, .ins = 0x44, .data = writer_view(&w), .expected = 65536 },
                        wire, &data),
                SW_OK);
        assert_int_equal(tlv_find(data, 0x80, "statement", &statement, NULL).code, MITOME_OK);
        return statement;
}

static slice make_statement(slice nonce)
{
        uint8_t to_sign[STATEMENT_NONCE_SIZE];
        reset_nonce(nonce, to_sign);
        return state_to(SLICE(to_sign));
}

static int64_t count(struct party *party, const char *sql)
{
        struct sql_query row;
        assert_int_equal(sql_ask(party_store(party), sql, NULL, 0, &row, NULL).code, MITOME_OK);
        assert_true(sql_next(&row));
        const int64_t number = sql_integer(&row, 0);
        assert_int_equal(sql_end(&row).code, MITOME_OK);
        return number;
}

static void prepared(void)
{
        assert_int_equal(sei_rig_prepare(&rig, 1, SLICE(app)), MITOME_OK);
        assert_int_equal(sei_rig_serve(&rig, NULL).code, MITOME_OK);
        sei_rig_settle(&rig);
}

/* ---- a phone that is set back ---- */

static void a_phone_that_proves_itself_is_set_back(void **state)
{
        (void)state;
        slice data, answer;
        uint8_t body[64];
        prepared();
        const struct session session = begin(SEI_RIG_PHONE);
        assert_int_equal(say("reset-state", with_session(&session, (slice){ 0 }, body, sizeof body), &answer),
                MITOME_E_RESET_SESSION);
        assert_int_equal(ask_reset(&session, make_statement(SLICE(session.nonce))), MITOME_OK);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ASKED);
        assert_int_equal(sei_rig_serve(&rig, NULL).code, MITOME_OK);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
        assert_false(sei_rig_look(&rig, TSM_JPKI).exists);
        assert_true(sei_rig_look(&rig, TSM_FIDO).exists);
        assert_int_equal(sei_rig_plain(&rig, TSM_STAND_IN,
                                 &(struct apdu_command){ .ins = 0xB0, .expected = 256 }, wire, &data),
                SW_OK);
        assert_true(slice_is(data, "FeliCa stand-in: 1,000 yen"));
        /* asked, and not more than that, until a receipt was taken */
        assert_int_equal(say("reset-state", with_session(&session, (slice){ 0 }, body, sizeof body), &answer),
                MITOME_OK);
        assert_true(slice_equal(answer, slice_of("\xA1\x01\x01", 3)));
}

static void what_is_said_twice_is_asked_once(void **state)
{
        (void)state;
        const struct session session = begin(SEI_RIG_PHONE);
        const slice statement = make_statement(SLICE(session.nonce));
        assert_int_equal(ask_reset(&session, statement), MITOME_OK);
        assert_int_equal(ask_reset(&session, statement), MITOME_OK);
        assert_int_equal(count(rig.sei_party, "SELECT count(*) FROM sei_order"), 1);
}

/* ---- attacks ---- */

/* He has a phone of the same maker, and knows the identity of another. */
static void nobody_sets_back_a_phone_that_he_does_not_hold(void **state)
{
        (void)state;
        prepared();
        sei_rig_end_phone(&rig);
        sei_rig_phone(&rig, "MT-1-0666");
        const struct session session = begin(SEI_RIG_PHONE);
        assert_int_equal(ask_reset(&session, make_statement(SLICE(session.nonce))), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_INSTALLED);
}

/* The bare nonce, as a counter's clerk would pass it on, is signed by no phone; nor is another desk's use of
 * it the maker's. */
static void attack_a_statement_that_was_made_for_something_else(void **state)
{
        (void)state;
        uint8_t nonce[STATEMENT_NONCE_SIZE];
        const struct session session = begin(SEI_RIG_PHONE);
        assert_int_equal(ask_reset(&session, state_to(SLICE(session.nonce))), MITOME_E_EVIDENCE_NONCE);
        counter_nonce(SLICE(session.nonce), nonce);
        assert_int_equal(ask_reset(&session, state_to(SLICE(nonce))), MITOME_E_EVIDENCE_NONCE);
        revocation_nonce(SLICE(session.nonce), nonce);
        assert_int_equal(ask_reset(&session, state_to(SLICE(nonce))), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(ask_reset(&session, make_statement(SLICE(session.nonce))), MITOME_OK);
}

static void a_statement_of_one_session_serves_no_other(void **state)
{
        (void)state;
        const struct session first = begin(SEI_RIG_PHONE), second = begin(SEI_RIG_PHONE);
        assert_int_equal(ask_reset(&second, make_statement(SLICE(first.nonce))), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

static void a_session_ends_with_its_quarter_of_an_hour(void **state)
{
        (void)state;
        const struct session session = begin(SEI_RIG_PHONE);
        const slice statement = make_statement(SLICE(session.nonce));
        rig.now += RESET_SESSION_S + 1;
        assert_int_equal(ask_reset(&session, statement), MITOME_E_RESET_SESSION);
        rig.now -= RESET_SESSION_S + 2; /* and does not begin before it began */
        assert_int_equal(ask_reset(&session, statement), MITOME_E_RESET_SESSION);
        rig.now += 1;
        assert_int_equal(ask_reset(&session, statement), MITOME_OK);
}

static void a_session_that_was_made_up_has_no_nonce(void **state)
{
        (void)state;
        struct session session = begin(SEI_RIG_PHONE);
        session.id[RESET_SESSION_SIZE - 1] ^= 1;
        assert_int_equal(ask_reset(&session, make_statement(SLICE(session.nonce))), MITOME_E_EVIDENCE_NONCE);
}

static void a_statement_with_a_bit_changed_proves_nothing(void **state)
{
        (void)state;
        const struct session session = begin(SEI_RIG_PHONE);
        const slice statement = make_statement(SLICE(session.nonce));
        wire[(size_t)(statement.data - wire) + statement.size - 1] ^= 1;
        assert_int_equal(ask_reset(&session, statement), MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

/* Who has no phone's key does not learn which names there are. */
static void attack_asking_which_phones_there_are(void **state)
{
        (void)state;
        const struct session known = begin(SEI_RIG_PHONE), unknown = begin("XX-9");
        const slice statement = make_statement(SLICE(unknown.nonce));
        assert_memory_not_equal(known.nonce, unknown.nonce, sizeof known.nonce);
        assert_int_equal(ask_reset(&unknown, statement), MITOME_E_EVIDENCE_NONCE);
        assert_int_equal(sei_rig_state(&rig), SEI_TSM_ABSENT);
}

static mitome_status forge(void *context, slice identity, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        (void)identity;
        return maker_device_ca_certify(
                context, slice_text(MAKER_MODEL), &rig.random, rig.now, point, ret, error);
}

/* An element that a counterfeiter certified himself, with a right identity. */
static void a_device_certificate_of_a_counterfeiter_is_not_believed(void **state)
{
        (void)state;
        static struct phone_factory factory;
        static struct maker_ca forger;
        assert_int_equal(maker_device_ca_new(&rig.random, rig.now, &forger, NULL).code, MITOME_OK);
        factory = (struct phone_factory){ .random = rig.random, .context = &forger, .certify = forge };
        assert_int_equal(maker_make_batch(&rig.random, rig.now, &factory.batch, NULL).code, MITOME_OK);
        sei_rig_end_phone(&rig);
        assert_int_equal(factory_element_make(&rig.phone, &rig.random, NULL, NULL).code, MITOME_OK);
        assert_int_equal(
                phone_factory_equip(&factory, &rig.phone.link, &rig.phone.issuer, SEI_RIG_PHONE, NULL).code,
                MITOME_OK);
        const struct session session = begin(SEI_RIG_PHONE);
        const mitome_code code = ask_reset(&session, make_statement(SLICE(session.nonce)));
        assert_int_equal(code, MITOME_E_CERTIFICATE_ISSUER);
}

/* By somebody who has a phone, and a session of it: what its maker's phones have not signed grows no store
 * and asks nobody. */
static void attack_garbage_for_receipts_of_a_true_reset(void **state)
{
        (void)state;
        uint8_t body[8192];
        slice answer;
        prepared();
        const struct session session = begin(SEI_RIG_PHONE);
        const slice statement = make_statement(SLICE(session.nonce));
        assert_int_equal(ask_reset(&session, statement), MITOME_OK);
        const mitome_code refused = say(
                "reset-receipt", with_session(&session, slice_text("a receipt"), body, sizeof body), &answer);
        assert_true(refused != MITOME_OK && refused != MITOME_E_UNREACHABLE);
        /* a statement is no receipt, though its phone has signed it */
        assert_int_equal(say("reset-receipt", with_session(&session, statement, body, sizeof body), &answer),
                MITOME_E_EVIDENCE_KIND);
        assert_int_equal(count(rig.maker, "SELECT COUNT(*) FROM reset_receipt"), 0);
}

static void a_receipt_in_a_session_that_proved_nothing_is_not_passed_on(void **state)
{
        (void)state;
        uint8_t body[128];
        slice answer;
        const struct session session = begin(SEI_RIG_PHONE);
        const unsigned letters = rig.network.letters;
        assert_int_equal(say("reset-receipt",
                                 with_session(&session, slice_text("a receipt"), body, sizeof body), &answer),
                MITOME_E_RESET_SESSION);
        assert_int_equal(rig.network.letters, letters);
}

/* ---- the maker's books ---- */

static void an_identity_belongs_to_one_key_and_a_key_to_one_identity(void **state)
{
        (void)state;
        uint8_t point[MAKER_POINT_SIZE] = { 4 };
        struct authority_der first, again;
        struct factory_element other;
        struct tsm_channel channel;
        assert_int_equal(factory_element_make(&other, &rig.random, NULL, NULL).code, MITOME_OK);
        assert_int_equal(tsm_open_set(&channel, &other.link, &other.issuer, TSM_FIDO, &rig.random, NULL).code,
                MITOME_OK);
        assert_int_equal(tsm_make_device_key(&channel, point, NULL).code, MITOME_OK);
        tsm_close(&channel);
        factory_element_end(&other);
        assert_int_equal(reset_server_certify(rig.server, slice_text(SEI_RIG_PHONE), slice_text(MAKER_MODEL),
                                 point, &first, NULL)
                                 .code,
                MITOME_E_DEVICE_KNOWN);
        assert_int_equal(reset_server_certify(rig.server, slice_text("MT-1-0002"), slice_text(MAKER_MODEL),
                                 point, &first, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(reset_server_certify(rig.server, slice_text("MT-1-0002"), slice_text(MAKER_MODEL),
                                 point, &again, NULL)
                                 .code,
                MITOME_OK);
        assert_true(slice_equal(slice_of(first.bytes, first.size), slice_of(again.bytes, again.size)));
        assert_int_equal(reset_server_certify(rig.server, slice_text("MT-1-0003"), slice_text(MAKER_MODEL),
                                 point, &again, NULL)
                                 .code,
                MITOME_E_DEVICE_KNOWN);
        assert_int_equal(reset_server_certify(
                                 rig.server, slice_text("MT 1"), slice_text(MAKER_MODEL), point, &again, NULL)
                                 .code,
                MITOME_E_VALUE);
        point[1] ^= 1;
        assert_int_equal(reset_server_certify(rig.server, slice_text("MT-1-0004"), slice_text(MAKER_MODEL),
                                 point, &again, NULL)
                                 .code,
                MITOME_E_VALUE);
}

static void sessions_end_with_the_server_and_its_ca_does_not(void **state)
{
        (void)state;
        uint8_t bytes[AUTHORITY_DER_MAX];
        writer w = WRITER(bytes);
        const struct session session = begin(SEI_RIG_PHONE);
        const slice statement = make_statement(SLICE(session.nonce));
        write_slice(&w, reset_server_ca(rig.server));
        reset_server_close(rig.server);
        assert_int_equal(reset_server_open(rig.maker, &rig.server, NULL).code, MITOME_OK);
        assert_true(slice_equal(writer_view(&w), reset_server_ca(rig.server)));
        assert_int_equal(ask_reset(&session, statement), MITOME_E_EVIDENCE_NONCE);
}

static void what_is_no_word_is_refused(void **state)
{
        (void)state;
        static const char *const kinds[] = { "begin-reset", "factory-reset", "reset-state", "reset-receipt" };
        static const struct {
                const char *bytes;
                size_t size;
        } bodies[] = { { "", 0 }, { "\xA0", 1 }, { "\xA1\x01\x01", 3 }, { "\xA1\x02\x61\x41", 4 },
                { "\xA1\x01\x41\x41", 4 }, { "\xA1\x01\x61\x41\x00", 5 }, { "\x80", 1 }, { "\xFF", 1 } };
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
                for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
                        slice answer;
                        assert_int_not_equal(
                                say(kinds[k], slice_of(bodies[i].bytes, bodies[i].size), &answer), MITOME_OK);
                }
}

static void the_model_has_one_batch(void **state)
{
        static struct maker_batch first, again;
        (void)state;
        assert_int_equal(batch_store_take(rig.maker, &first, NULL).code, MITOME_OK);
        assert_int_equal(batch_store_take(rig.maker, &again, NULL).code, MITOME_OK);
        assert_memory_equal(first.key, again.key, sizeof first.key);
        assert_true(slice_equal(slice_of(first.certificate.bytes, first.certificate.size),
                slice_of(again.certificate.bytes, again.certificate.size)));
        assert_true(slice_equal(
                slice_of(first.ca.bytes, first.ca.size), slice_of(again.ca.bytes, again.ca.size)));
        assert_int_equal(
                sql_do(party_store(rig.maker), "UPDATE batch SET key = x'01'", NULL, 0, NULL, NULL).code,
                MITOME_OK);
        assert_int_equal(batch_store_take(rig.maker, &again, NULL).code, MITOME_E_VALUE);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_RIG(a_phone_that_proves_itself_is_set_back),
                WITH_RIG(what_is_said_twice_is_asked_once),
                WITH_RIG(nobody_sets_back_a_phone_that_he_does_not_hold),
                WITH_RIG(attack_a_statement_that_was_made_for_something_else),
                WITH_RIG(a_statement_of_one_session_serves_no_other),
                WITH_RIG(a_session_ends_with_its_quarter_of_an_hour),
                WITH_RIG(a_session_that_was_made_up_has_no_nonce),
                WITH_RIG(a_statement_with_a_bit_changed_proves_nothing),
                WITH_RIG(attack_asking_which_phones_there_are),
                WITH_RIG(a_device_certificate_of_a_counterfeiter_is_not_believed),
                WITH_RIG(a_receipt_in_a_session_that_proved_nothing_is_not_passed_on),
                WITH_RIG(attack_garbage_for_receipts_of_a_true_reset),
                WITH_RIG(an_identity_belongs_to_one_key_and_a_key_to_one_identity),
                WITH_RIG(sessions_end_with_the_server_and_its_ca_does_not),
                WITH_RIG(what_is_no_word_is_refused),
                WITH_RIG(the_model_has_one_batch),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
