/* SPDX-License-Identifier: Apache-2.0 */

/* Letters to the authority that would change something, were they true: issue, successor, revoke, receipt.
 * By another's key, by a party that may not, days off, about another serial number, person, key or device,
 * they change nothing; by those who may send them they do. */

#include "cut_flows.h"
#include "cut_steps.h"

#include "account.h"
#include "digest.h"
#include "evidence_app.h"
#include "random_system.h"
#include "register_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = 86400, DIGEST = 32, BODY = 1024 };

static struct cut_world world;

/* ---- the register, as one number ---- */

static int64_t fingerprint(void)
{
        return cut_world_number(&world, WORLD_AUTHORITY,
                "SELECT TOTAL(number * (7 + 13 * status)) + 1000 * (SELECT count(*) FROM receipt) + 100000 * "
                "count(*) FROM certificate");
}

/* ---- sending ---- */

static int64_t tell_time(void *context)
{
        (void)context;
        return world.play.world.now;
}

/* What became of it: OK, the refusal's code, or UNREACHABLE when the authority gave no answer at all. */
static mitome_code say(struct party *by, const char *kind, slice body, slice *ret_answer)
{
        static uint8_t buffer[LETTER_MAX];
        uint8_t id[LETTER_ID_SIZE];
        slice answer;
        mitome_code refusal = MITOME_OK;
        assert_int_equal(party_make_id(by, id, NULL).code, MITOME_OK);
        mitome_status status =
                party_call(by, PARTY_AUTHORITY, kind, id, body, buffer, &answer, &refusal, NULL);
        if (!failed(status) && ret_answer)
                *ret_answer = answer;
        return status.code == MITOME_E_REFUSED ? refusal : status.code;
}

static mitome_code say_as(enum world_party who, const char *kind, slice body)
{
        return say(world.play.world.parties[who], kind, body, NULL);
}

/* A party of the same name, with a key of its own. */
static mitome_code say_as_impostor(enum world_party who, const char *kind, slice body)
{
        struct party *impostor;
        const struct party_config config = { .name = party_name(world.play.world.parties[who]),
                .schema = "",
                .schema_version = 1,
                .directory = &world.play.world.network.directory,
                .post = post_local(&world.play.world.network),
                .clock = { .now = tell_time },
                .random = random_system() };
        assert_int_equal(party_open(&config, &impostor, NULL).code, MITOME_OK);
        mitome_code code = say(impostor, kind, body, NULL);
        party_close(impostor);
        return code;
}

/* In a process of its own, so that nothing is changed here. */
static bool would_change(enum world_party who, const char *kind, slice body)
{
        int status;
        (void)fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
                const int64_t before = fingerprint();
                const bool taken = say_as(who, kind, body) == MITOME_OK;
                _exit(taken && fingerprint() != before ? 0 : 1);
        }
        return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* `entitled`: a bit for each who may send this kind of letter. */
static void only_the_entitled_are_heard(const char *kind, slice body, unsigned entitled)
{
        const int64_t before = fingerprint();
        for (unsigned who = 0; who < WORLD_PARTIES; who++) {
                if (who == WORLD_AUTHORITY)
                        continue;
                assert_int_equal(say_as_impostor((enum world_party)who, kind, body), MITOME_E_UNREACHABLE);
                if (entitled & 1U << who)
                        assert_true(would_change((enum world_party)who, kind, body));
                else
                        assert_int_equal(say_as((enum world_party)who, kind, body), MITOME_E_LETTER_SENDER);
                assert_int_equal(fingerprint(), before);
        }
}

static void three_days_off_nobody_is_heard(enum world_party who, const char *kind, slice body)
{
        const int64_t before = fingerprint();
        for (int side = -1; side <= 1; side += 2) {
                world.skew = side * 3 * (int64_t)DAY;
                assert_int_equal(say_as(who, kind, body), MITOME_E_UNREACHABLE);
                assert_int_equal(fingerprint(), before);
        }
        world.skew = 0;
}

/* ---- issue ---- */

/* What the SP-TSM might say of the application that the certificate in the phone came of: with another key,
 * which the authority would certify, and end the one before. */
struct claim {
        uint8_t person[REGISTER_PERSON_SIZE], modulus[REGISTER_MODULUS_SIZE], application[DIGEST];
        const char *device;
        unsigned kind;
};

static void load_claim(struct claim *ret)
{
        struct sql_query query = { 0 };
        *ret = (struct claim){ .device = world.play.old->identity, .kind = REGISTER_USER_VERIFICATION };
        memset(ret->modulus, 0xA5, sizeof ret->modulus);
        assert_int_equal(sql_ask(party_store(world.play.world.parties[WORLD_AUTHORITY]),
                                 "SELECT p.id, c.application FROM certificate c JOIN person p ON p.number = "
                                 "c.person WHERE c.place = 2 AND c.kind = 2 AND c.status = 0",
                                 NULL, 0, &query, NULL)
                                 .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        assert_int_equal(
                slice_copy(sql_bytes(&query, 0), "", ret->person, sizeof ret->person, NULL).code, MITOME_OK);
        assert_int_equal(
                slice_copy(sql_bytes(&query, 1), "", ret->application, sizeof ret->application, NULL).code,
                MITOME_OK);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

static slice write_claim(const struct claim *claim, writer *w)
{
        cbor_write_map(w, 5);
        cbor_write_uint(w, 1);
        cbor_write_bytes(w, SLICE(claim->person));
        cbor_write_uint(w, 2);
        cbor_write_uint(w, claim->kind);
        cbor_write_uint(w, 3);
        cbor_write_bytes(w, SLICE(claim->modulus));
        cbor_write_uint(w, 4);
        cbor_write_string(w, claim->device);
        cbor_write_uint(w, 5);
        cbor_write_bytes(w, SLICE(claim->application));
        return writer_view(w);
}

static mitome_code claim_it(const struct claim *claim)
{
        uint8_t body[BODY];
        writer w = WRITER(body);
        return say_as(WORLD_SP_TSM, "issue", write_claim(claim, &w));
}

static void nobody_else_has_a_key_certified(void **state)
{
        uint8_t body[BODY];
        writer w = WRITER(body);
        struct claim claim;
        (void)state;
        load_claim(&claim);
        const slice whole = write_claim(&claim, &w);
        only_the_entitled_are_heard("issue", whole, 1U << WORLD_SP_TSM);
        three_days_off_nobody_is_heard(WORLD_SP_TSM, "issue", whole);
}

/* Other things than the card has signed; and the same, when the day of the application is over. */
static void the_service_manager_has_no_other_key_certified(void **state)
{
        struct claim claim, other;
        const int64_t before = fingerprint();
        (void)state;
        load_claim(&claim);
        other = claim;
        other.person[0] ^= 1;
        assert_int_equal(claim_it(&other), MITOME_E_AUTHORITY_UNKNOWN);
        other = claim;
        other.application[0] ^= 1;
        assert_int_equal(claim_it(&other), MITOME_E_AUTHORITY_UNKNOWN);
        other = claim;
        other.device = world.play.another->identity;
        assert_int_equal(claim_it(&other), MITOME_E_AUTHORITY_APPLICATION);
        other = claim;
        other.kind = 0;
        assert_int_equal(claim_it(&other), MITOME_E_VALUE);
        world.play.world.now += DAY + 60;
        assert_int_equal(claim_it(&claim), MITOME_E_AUTHORITY_TIME);
        world.play.world.now -= DAY + 60;
        assert_int_equal(fingerprint(), before);
}

/* ---- revoke ---- */

static slice write_revocation(unsigned kind, slice serial, writer *w)
{
        enum { CESSATION = 5 };
        cbor_write_map(w, 3);
        cbor_write_uint(w, 1);
        cbor_write_uint(w, kind);
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, serial);
        cbor_write_uint(w, 3);
        cbor_write_uint(w, CESSATION);
        return writer_view(w);
}

static mitome_code revoke_it(enum world_party who, unsigned kind, slice serial)
{
        uint8_t body[BODY];
        writer w = WRITER(body);
        return say_as(who, "revoke", write_revocation(kind, serial, &w));
}

static void nobody_else_revokes(void **state)
{
        static const uint8_t nobodys[] = { 0x11, 0x22, 0x33 };
        uint8_t body[BODY];
        writer w = WRITER(body);
        const int64_t before = fingerprint();
        const slice user = play_serial(&world.play, REGISTER_USER_VERIFICATION);
        (void)state;
        const slice whole = write_revocation(REGISTER_USER_VERIFICATION, user, &w);
        only_the_entitled_are_heard(
                "revoke", whole, 1U << WORLD_SP_TSM | 1U << WORLD_MUNICIPALITY | 1U << WORLD_CALL_CENTRE);
        three_days_off_nobody_is_heard(WORLD_SP_TSM, "revoke", whole);
        three_days_off_nobody_is_heard(WORLD_MUNICIPALITY, "revoke", whole);
        assert_int_equal(revoke_it(WORLD_SP_TSM, REGISTER_SIGNING, user), MITOME_E_AUTHORITY_UNKNOWN);
        assert_int_equal(revoke_it(WORLD_MUNICIPALITY, REGISTER_SIGNING, user), MITOME_E_AUTHORITY_UNKNOWN);
        assert_int_equal(revoke_it(WORLD_SP_TSM, REGISTER_USER_VERIFICATION, SLICE(nobodys)),
                MITOME_E_AUTHORITY_UNKNOWN);
        assert_int_equal(
                revoke_it(WORLD_SP_TSM, REGISTER_USER_VERIFICATION, slice_of(user.data, user.size - 1)),
                MITOME_E_AUTHORITY_UNKNOWN);
        assert_int_equal(fingerprint(), before);
}

/* What is on a card is not the service manager's. */
static void the_service_manager_revokes_no_card(void **state)
{
        struct sql_query query = { 0 };
        const int64_t before = fingerprint();
        (void)state;
        assert_int_equal(
                sql_ask(party_store(world.play.world.parties[WORLD_AUTHORITY]),
                        "SELECT serial FROM certificate WHERE place = 1 AND kind = 2", NULL, 0, &query, NULL)
                        .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        assert_int_equal(revoke_it(WORLD_SP_TSM, REGISTER_USER_VERIFICATION, sql_bytes(&query, 0)),
                MITOME_E_AUTHORITY_SENDER);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        assert_int_equal(fingerprint(), before);
}

/* ---- successor ---- */

struct question {
        unsigned kind;
        slice issuer, old, new;
};

static mitome_code ask_successor(enum world_party who, const struct question *question, bool *ret_yes)
{
        uint8_t body[BODY], digest[DIGEST];
        writer w = WRITER(body);
        slice answer, yes;
        const struct body_field fields[] = { BODY_FIELD_ITEM(1, "successor", &yes) };
        sha256(&question->issuer, 1, digest);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, question->kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(digest));
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, question->old);
        cbor_write_uint(&w, 4);
        cbor_write_bytes(&w, question->new);
        mitome_code code = say(world.play.world.parties[who], "successor", writer_view(&w), &answer);
        if (code != MITOME_OK)
                return code;
        assert_int_equal(body_read(answer, fields, 1, NULL).code, MITOME_OK);
        *ret_yes = yes.size == 1 && yes.data[0] == 0xF5;
        return MITOME_OK;
}

static bool is_yes(const struct question *question)
{
        bool yes = false;
        assert_int_equal(ask_successor(WORLD_PORTAL, question, &yes), MITOME_OK);
        return yes;
}

/* After a renewal. */
static void the_authority_names_no_other_successor(void **state)
{
        static const uint8_t nobodys[] = { 0x11, 0x22, 0x33 };
        uint8_t issuer[ACCOUNT_ISSUER_MAX];
        struct cut_content content;
        bool yes = false;
        (void)state;
        cut_flows[CUT_FLOW_RENEW]->drive(&world);
        assert_true(cut_flows[CUT_FLOW_RENEW]->reached(&world));
        assert_true(cut_world_content(&world, world.play.old, &content));
        const slice old = play_serial(&world.play, REGISTER_USER_VERIFICATION),
                    new = slice_of(content.at[REGISTER_USER_VERIFICATION].serial,
                            content.at[REGISTER_USER_VERIFICATION].size);
        const struct question right = { REGISTER_USER_VERIFICATION,
                slice_of(issuer, cut_issuer(&world, issuer)), old, new };
        assert_true(is_yes(&right));
        struct question other = right;
        other.old = new;
        other.new = old;
        assert_false(is_yes(&other));
        other = right;
        other.old = new;
        assert_false(is_yes(&other));
        other = right;
        other.old = SLICE(nobodys);
        assert_false(is_yes(&other));
        other = right;
        other.new = SLICE(nobodys);
        assert_false(is_yes(&other));
        other = right;
        other.issuer = slice_text("another CA");
        assert_false(is_yes(&other));
        other = right;
        other.new = play_serial(&world.play, REGISTER_SIGNING);
        assert_false(is_yes(&other));
        other = right;
        other.kind = REGISTER_SIGNING;
        assert_int_equal(ask_successor(WORLD_PORTAL, &other, &yes), MITOME_E_AUTHORITY_SENDER);
        assert_int_equal(ask_successor(WORLD_SHOP, &right, &yes), MITOME_E_LETTER_SENDER);
        world.skew = 3 * DAY;
        assert_int_equal(ask_successor(WORLD_PORTAL, &right, &yes), MITOME_E_UNREACHABLE);
        world.skew = -DAY;
        assert_int_equal(ask_successor(WORLD_PORTAL, &right, &yes), MITOME_OK);
        world.skew = 0;
        assert_true(yes);
        assert_true(cut_world_is_sound(&world, true));
}

/* ---- receipt ---- */

static slice write_receipt(slice cose, writer *w)
{
        cbor_write_map(w, 1);
        cbor_write_uint(w, 1);
        cbor_write_bytes(w, cose);
        return writer_view(w);
}

/* The receipt of an erasure that nobody has heard of: the element gives it out as often as it is asked. */
static void fetch_receipt(struct evidence_answer *ret)
{
        static const uint8_t fido[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
        struct mitome_enforcer *enforcer;
        uint16_t sw;
        assert_int_equal(mitome_enforcer_new(
                                 &world.play.old->element.link, &world.play.world.platform, &enforcer, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(mitome_enforcer_select(enforcer, SLICE(fido), NULL).code, MITOME_OK);
        assert_int_equal(
                evidence_fetch(enforcer, EVIDENCE_RECEIPT, (slice){ 0 }, ret, &sw, NULL).code, MITOME_OK);
        mitome_enforcer_free(enforcer);
}

static void no_other_receipt_ends_anything(void **state)
{
        static struct evidence_answer receipt;
        static uint8_t body[EVIDENCE_ANSWER_MAX + 16];
        (void)state;
        assert_true(cut_flows[CUT_FLOW_COUNTER]->prepare(&world)); /* erased, and unheard */
        assert_int_equal(cut_live(&world), 2);
        fetch_receipt(&receipt);
        const int64_t before = fingerprint();
        writer w = WRITER(body);
        const slice whole = write_receipt(receipt.evidence, &w);
        only_the_entitled_are_heard(
                "receipt", whole, 1U << WORLD_SP_TSM | 1U << WORLD_SHOP | 1U << WORLD_MAKER);
        three_days_off_nobody_is_heard(WORLD_SHOP, "receipt", whole);
        /* one bit another, everywhere in turn: who erased, what, when, by whose key */
        for (size_t at = whole.size - receipt.evidence.size; at < whole.size; at += 7) {
                body[at] ^= 1;
                assert_int_not_equal(say_as(WORLD_SHOP, "receipt", whole), MITOME_OK);
                body[at] ^= 1;
        }
        assert_int_equal(fingerprint(), before);
        /* the true one, from a shop whose clock is a day off */
        world.skew = DAY;
        assert_int_equal(say_as(WORLD_SHOP, "receipt", whole), MITOME_OK);
        world.skew = 0;
        assert_int_equal(cut_live(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nobody_else_has_a_key_certified),
                cmocka_unit_test(the_service_manager_has_no_other_key_certified),
                cmocka_unit_test(nobody_else_revokes),
                cmocka_unit_test(the_service_manager_revokes_no_card),
                cmocka_unit_test(the_authority_names_no_other_successor),
                cmocka_unit_test(no_other_receipt_ends_anything),
        };
        cut_world_open(&world);
        cut_world_settle_in(&world);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        cut_world_close(&world);
        return failures;
}
