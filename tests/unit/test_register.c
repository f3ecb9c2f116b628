/* SPDX-License-Identifier: Apache-2.0 */

/* The authority's register: people, cards, what is issued into phones and ends with what. */

#include "register_rig.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 86400, BOTH = 1 << REGISTER_SIGNING | 1 << REGISTER_USER_VERIFICATION };

static int set_up(void **state)
{
        struct register_rig *rig = calloc(1, sizeof *rig);
        register_rig_begin(rig);
        register_rig_open(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        register_rig_end(*state);
        free(*state);
        return 0;
}

#define SIGNING_OF(card) register_rig_der(&(card).certificates[REGISTER_SIGNING])
#define LOGIN_OF(card) register_rig_der(&(card).certificates[REGISTER_USER_VERIFICATION])

static uint64_t status_of(struct register_rig *rig, enum register_kind kind, slice der)
{
        return register_rig_status(rig, kind, der).status;
}

/* A person, a card, and both certificates in a phone. */
struct holder {
        struct register_rig_card card;
        struct authority_der signing, login;
};

static struct holder hold_all(struct register_rig *rig, const struct register_rig_facts *facts)
{
        struct holder all;
        register_rig_holder(rig, facts, &all.card);
        register_rig_phone(rig, &all.card, "MT-1 0001", "a1", REGISTER_SIGNING, &all.signing);
        register_rig_phone(rig, &all.card, "MT-1 0001", "a2", REGISTER_USER_VERIFICATION, &all.login);
        return all;
}

#define SIGNING_IN(holder) register_rig_der(&(holder).signing)
#define LOGIN_IN(holder) register_rig_der(&(holder).login)

/* ---- people ---- */

static void test_a_person_told_of_twice_is_one(void **state)
{
        struct register_rig *rig = *state;
        uint8_t first[REGISTER_PERSON_SIZE], again[REGISTER_PERSON_SIZE], other[REGISTER_PERSON_SIZE];
        register_rig_person(rig, &register_rig_hanako, first);
        register_rig_person(rig, &register_rig_hanako, again);
        register_rig_person(rig, &register_rig_taro, other);
        assert_memory_equal(first, again, sizeof first);
        assert_memory_not_equal(first, other, sizeof first);
        assert_int_equal(register_rig_count(rig, "SELECT count(*) FROM person"), 2);
}

static mitome_code tell(
        struct register_rig *rig, enum register_rig_party who, const struct register_rig_facts *facts)
{
        uint8_t bytes[2048];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 7);
        register_rig_write_facts(&w, 1, facts);
        return register_rig_ask(rig, who, "register-person", &w, NULL);
}

static void test_who_cannot_be_certified_is_not_taken(void **state)
{
        struct register_rig *rig = *state;
        const struct register_rig_facts good = register_rig_hanako;
        struct register_rig_facts facts = good;
        facts.name = "見本\n花子";
        assert_int_equal(tell(rig, RIG_MUNICIPALITY, &facts), MITOME_E_VALUE);
        facts = good;
        facts.month = 13;
        assert_int_equal(tell(rig, RIG_MUNICIPALITY, &facts), MITOME_E_VALUE);
        facts = good;
        facts.city = "";
        assert_int_equal(tell(rig, RIG_MUNICIPALITY, &facts), MITOME_E_VALUE);
        assert_int_equal(tell(rig, RIG_MUNICIPALITY, &good), MITOME_OK);
        assert_int_equal(register_rig_count(rig, "SELECT count(*) FROM person"), 1);
}

/* Nobody but municipalities tells of people. */
static void test_a_stranger_registers_nobody(void **state)
{
        struct register_rig *rig = *state;
        for (int who = 0; who < RIG_ASKERS; who++)
                if (who != RIG_MUNICIPALITY)
                        assert_int_not_equal(
                                tell(rig, (enum register_rig_party)who, &register_rig_hanako), MITOME_OK);
        assert_int_equal(register_rig_count(rig, "SELECT count(*) FROM person"), 0);
}

static mitome_code change(struct register_rig *rig, const uint8_t person[REGISTER_PERSON_SIZE],
        const struct register_rig_facts *facts)
{
        uint8_t bytes[2048];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 8);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, slice_of(person, REGISTER_PERSON_SIZE));
        register_rig_write_facts(&w, 2, facts);
        return register_rig_ask(rig, RIG_MUNICIPALITY, "change-facts", &w, NULL);
}

/* "A change of name or address revokes the signing certificate, not the user-verification one": the phone's
 * with the card's (row 8). */
static void test_new_facts_end_the_signing_certificates_alone(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        struct register_rig_facts moved = register_rig_hanako;
        moved.address = "東京都見本区見本町九丁目9番9号";
        assert_int_equal(change(rig, all.card.person, &register_rig_hanako), MITOME_OK);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_OF(all.card)), REGISTER_GOOD);
        assert_int_equal(change(rig, all.card.person, &moved), MITOME_OK);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_OF(all.card)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_IN(all)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_OF(all.card)), REGISTER_GOOD);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_IN(all)), REGISTER_GOOD);
        assert_int_equal(register_rig_status(rig, REGISTER_SIGNING, SIGNING_IN(all)).reason, 3);
        uint8_t nobody[REGISTER_PERSON_SIZE] = { 0 };
        assert_int_equal(change(rig, nobody, &moved), MITOME_E_AUTHORITY_UNKNOWN);
}

/* ---- cards ---- */

static int64_t end_of(slice der)
{
        const unsigned char *at = der.data;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        struct tm tm;
        assert_non_null(x509);
        assert_int_equal(ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm), 1);
        X509_free(x509);
        return timegm(&tm);
}

/* "From issue to the fifth birthday, .. and never past the card's expiry." A phone's ends no later than the
 * card's. */
static void test_nothing_outlives_birthday_and_card(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card = { 0 };
        struct authority_der phone;
        register_rig_person(rig, &register_rig_hanako, card.person);
        register_rig_card(rig, BOTH, 0, &card);
        assert_int_equal(end_of(SIGNING_OF(card)), 1932821999); /* 2031-04-01 14:59:59Z */
        register_rig_card(rig, BOTH, rig->now + 100 * DAY, &card);
        assert_int_equal(end_of(SIGNING_OF(card)), rig->now + 100 * DAY);
        register_rig_phone(rig, &card, "MT-1 0001", "n", REGISTER_SIGNING, &phone);
        assert_int_equal(end_of(register_rig_der(&phone)), rig->now + 100 * DAY);
        assert_int_equal(register_rig_try_card(rig, BOTH, rig->now, &card), MITOME_E_VALUE);
}

/* "Under 15: no signing certificate." */
static void test_a_child_has_no_signing_certificate(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_facts child = register_rig_hanako;
        struct register_rig_card card = { 0 };
        child.year = 2015;
        register_rig_person(rig, &child, card.person);
        assert_int_equal(register_rig_try_card(rig, BOTH, 0, &card), MITOME_E_VALUE);
        assert_int_equal(register_rig_count(rig, "SELECT count(*) FROM certificate"), 0);
        register_rig_card(rig, 1 << REGISTER_USER_VERIFICATION, 0, &card);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_OF(card)), REGISTER_GOOD);
}

/* Row 34: a phone's certificate is renewed after the card's, which ends it. */
static void test_a_new_card_ends_the_old_one_and_what_hangs_from_it(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        struct register_rig_card next = all.card;
        register_rig_card(rig, BOTH, 0, &next);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_OF(all.card)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_OF(all.card)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_IN(all)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_IN(all)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_OF(next)), REGISTER_GOOD);
        register_rig_flush(rig);
        assert_int_equal(rig->told, 1); /* both phone certificates in one letter */
}

/* ---- linked revocation ---- */

/* register_links, row by row, and what stays. */
static void test_what_hangs_from_what(void **state)
{
        static const struct {
                enum register_kind card;
                uint64_t signing, login;
                size_t ended;
        } rows[] = {
                { REGISTER_SIGNING, REGISTER_REVOKED, REGISTER_GOOD, 2 },
                { REGISTER_USER_VERIFICATION, REGISTER_REVOKED, REGISTER_REVOKED, 3 },
        };
        struct register_rig *rig = *state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                size_t ended;
                struct holder all = hold_all(rig, i ? &register_rig_taro : &register_rig_hanako);
                slice card = register_rig_der(&all.card.certificates[rows[i].card]);
                assert_int_equal(
                        register_rig_revoke(rig, RIG_MUNICIPALITY, rows[i].card, card, 5, &ended), MITOME_OK);
                assert_int_equal(ended, rows[i].ended);
                assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_IN(all)), rows[i].signing);
                assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_IN(all)), rows[i].login);
                register_rig_flush(rig);
                assert_int_equal(rig->told, i + 1);
                /* twice is once, and nobody is told twice */
                assert_int_equal(
                        register_rig_revoke(rig, RIG_MUNICIPALITY, rows[i].card, card, 1, &ended), MITOME_OK);
                assert_int_equal(ended, 0);
                assert_int_equal(register_rig_status(rig, rows[i].card, card).reason, 5);
                register_rig_flush(rig);
                assert_int_equal(rig->told, i + 1);
        }
}

/* Nobody else's phone is touched by it. */
static void test_a_card_takes_no_other_persons_phone_along(void **state)
{
        struct register_rig *rig = *state;
        struct holder hanako = hold_all(rig, &register_rig_hanako), taro = hold_all(rig, &register_rig_taro);
        assert_int_equal(register_rig_revoke(rig, RIG_MUNICIPALITY, REGISTER_USER_VERIFICATION,
                                 LOGIN_OF(hanako.card), 5, NULL),
                MITOME_OK);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_IN(taro)), REGISTER_GOOD);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_IN(taro)), REGISTER_GOOD);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_OF(taro.card)), REGISTER_GOOD);
}

/* A phone's certificate takes nothing along: neither the other kind nor the card's. */
static void test_a_phone_takes_nothing_of_the_card_along(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        assert_int_equal(
                register_rig_revoke(rig, RIG_CALL_CENTRE, REGISTER_SIGNING, SIGNING_IN(all), 1, NULL),
                MITOME_OK);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_IN(all)), REGISTER_GOOD);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_OF(all.card)), REGISTER_GOOD);
}

static void test_what_may_not_be_revoked_is_not(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        /* the TSM speaks for phones only */
        assert_int_equal(
                register_rig_revoke(rig, RIG_SP_TSM, REGISTER_SIGNING, SIGNING_OF(all.card), 5, NULL),
                MITOME_E_AUTHORITY_SENDER);
        /* of the other kind there is no such number */
        assert_int_equal(
                register_rig_revoke(rig, RIG_SP_TSM, REGISTER_USER_VERIFICATION, SIGNING_IN(all), 5, NULL),
                MITOME_E_AUTHORITY_UNKNOWN);
        /* certificateHold, removeFromCRL, and what is none */
        assert_int_equal(register_rig_revoke(rig, RIG_SP_TSM, REGISTER_SIGNING, SIGNING_IN(all), 6, NULL),
                MITOME_E_VALUE);
        assert_int_equal(register_rig_revoke(rig, RIG_SP_TSM, REGISTER_SIGNING, SIGNING_IN(all), 8, NULL),
                MITOME_E_VALUE);
        assert_int_not_equal(
                register_rig_revoke(rig, RIG_SHOP, REGISTER_SIGNING, SIGNING_IN(all), 5, NULL), MITOME_OK);
        assert_int_not_equal(
                register_rig_revoke(rig, RIG_PORTAL, REGISTER_SIGNING, SIGNING_IN(all), 5, NULL), MITOME_OK);
        assert_int_equal(register_rig_count(rig, "SELECT count(*) FROM certificate WHERE status > 0"), 0);
}

/* ---- one of each ---- */

/* Row 4: the store itself refuses a second live one. */
static void test_the_store_refuses_a_second_live_certificate(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        (void)all;
        mitome_status status = sql_do(party_store(rig->authority),
                "INSERT INTO certificate (kind, serial, person, place, device, key, digest, town, not_after) SELECT "
                "kind, x'01', person, place, device, randomblob(32), digest, town, not_after FROM certificate WHERE "
                "place = 2",
                NULL, 0, NULL, NULL);
        assert_int_equal(status.code, MITOME_E_SQL_CONSTRAINT);
}

/* Two orders of one person, each letter of the one between those of the other: the later application wins,
 * and there is never more than one. */
static void test_two_orders_of_one_person_at_once(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t buffer[8192], first_digest[32], second_digest[32];
        const struct register_rig_application first = { .device = "MT-1 0001", .nonce = "first" },
                                              second = { .device = "MT-1 0002", .nonce = "second" };
        struct authority_der a, b;
        register_rig_holder(rig, &register_rig_hanako, &card);
        slice cms = register_rig_sign(rig, &card, &first, buffer);
        assert_int_equal(register_rig_check(rig, cms, &first, first_digest), MITOME_OK);
        cms = register_rig_sign(rig, &card, &second, buffer);
        assert_int_equal(register_rig_check(rig, cms, &second, second_digest), MITOME_OK);
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        assert_int_equal(register_rig_issue(rig, card.person, kind, register_rig_key(rig), "MT-1 0001",
                                 first_digest, &a),
                MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, kind, register_rig_key(rig), "MT-1 0002",
                                 second_digest, &b),
                MITOME_OK);
        assert_int_equal(status_of(rig, kind, register_rig_der(&a)), REGISTER_REVOKED);
        assert_int_equal(register_rig_status(rig, kind, register_rig_der(&a)).reason, 4);
        assert_int_equal(status_of(rig, kind, register_rig_der(&b)), REGISTER_GOOD);
        /* the first one comes again, with a new key: what came of it was ended */
        assert_int_equal(register_rig_issue(rig, card.person, kind, register_rig_key(rig), "MT-1 0001",
                                 first_digest, NULL),
                MITOME_E_AUTHORITY_SPENT);
        /* its other kind was not served yet: the second takes it over */
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0002", second_digest, NULL),
                MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", first_digest, NULL),
                MITOME_E_AUTHORITY_OUTDATED);
        assert_int_equal(
                register_rig_count(rig, "SELECT count(*) FROM certificate WHERE place = 2 AND status < 2"),
                2);
}

/* ---- issuing into a phone ---- */

static void check_new(struct register_rig *rig, const struct register_rig_card *card,
        const struct register_rig_application *application, uint8_t digest[32])
{
        uint8_t buffer[8192];
        slice cms = register_rig_sign(rig, card, application, buffer);
        assert_int_equal(register_rig_check(rig, cms, application, digest), MITOME_OK);
}

/* The answer was lost, or the element has made another key meanwhile. */
static void test_a_lost_answer_is_given_again(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t digest[32];
        struct authority_der first, again, other;
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        const struct register_rig_key *key = register_rig_key(rig);
        assert_int_equal(
                register_rig_issue(rig, card.person, kind, key, "MT-1 0001", digest, &first), MITOME_OK);
        assert_int_equal(
                register_rig_issue(rig, card.person, kind, key, "MT-1 0001", digest, &again), MITOME_OK);
        assert_true(slice_equal(register_rig_der(&first), register_rig_der(&again)));
        assert_int_equal(register_rig_issue(
                                 rig, card.person, kind, register_rig_key(rig), "MT-1 0001", digest, &other),
                MITOME_OK);
        assert_int_equal(status_of(rig, kind, register_rig_der(&first)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, kind, register_rig_der(&other)), REGISTER_GOOD);
}

/* Row 31: a new pair of keys each time; not even under another name. */
static void test_a_key_is_certified_once(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card, taro;
        uint8_t digest[32], later[32];
        register_rig_holder(rig, &register_rig_hanako, &card);
        register_rig_holder(rig, &register_rig_taro, &taro);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        const struct register_rig_key *key = register_rig_key(rig);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_USER_VERIFICATION, key, "MT-1 0001",
                                 digest, NULL),
                MITOME_E_AUTHORITY_KEY_USED);
        check_new(rig, &card, &(struct register_rig_application){ .nonce = "later", .purpose = "renew" },
                later);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", later, NULL),
                MITOME_E_AUTHORITY_KEY_USED);
        check_new(rig, &taro, &(struct register_rig_application){ .nonce = "his" }, later);
        assert_int_equal(
                register_rig_issue(rig, taro.person, REGISTER_SIGNING, key, "MT-1 0001", later, NULL),
                MITOME_E_AUTHORITY_KEY_USED);
        /* nor the card's own */
        assert_int_equal(register_rig_issue(rig, taro.person, REGISTER_SIGNING, card.keys[REGISTER_SIGNING],
                                 "MT-1 0001", later, NULL),
                MITOME_E_AUTHORITY_KEY_USED);
}

static void test_a_swapped_device_gets_nothing(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t digest[32];
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ .device = "MT-1 0001" }, digest);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0002", digest, NULL),
                MITOME_E_AUTHORITY_APPLICATION);
}

static void test_another_persons_application_gets_nothing(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card, thief;
        uint8_t digest[32], unknown[32] = { 0 };
        register_rig_holder(rig, &register_rig_hanako, &card);
        register_rig_holder(rig, &register_rig_taro, &thief);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        assert_int_equal(register_rig_issue(rig, thief.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_APPLICATION);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", unknown, NULL),
                MITOME_E_AUTHORITY_UNKNOWN);
}

static void test_an_application_is_for_its_kinds_and_purpose(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t digest[32];
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ .kind = "user-verification" }, digest);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_APPLICATION);
        check_new(rig, &card,
                &(struct register_rig_application){ .purpose = "reset-pin", .nonce = "for-the-PIN" }, digest);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_APPLICATION);
}

/* Brought again it is no younger. */
static void test_an_application_is_good_for_a_day(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t digest[32], buffer[8192];
        const struct register_rig_application application = { 0 };
        register_rig_holder(rig, &register_rig_hanako, &card);
        struct register_rig_application dated = { .at = rig->now };
        slice cms = register_rig_sign(rig, &card, &application, buffer);
        assert_int_equal(register_rig_check(rig, cms, &dated, digest), MITOME_OK);
        rig->now += DAY;
        assert_int_equal(register_rig_check(rig, cms, &dated, digest), MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_USER_VERIFICATION,
                                 register_rig_key(rig), "MT-1 0001", digest, NULL),
                MITOME_OK);
        rig->now++;
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_TIME);
}

/* Row 5, at the moment of issuing. */
static void test_without_a_card_nothing_is_issued(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t digest[32];
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        const struct register_rig_key *key = register_rig_key(rig);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", REGISTER_SIGNING, SIGNING_OF(card)),
                MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, kind, key, "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_CARD);
        assert_int_equal(
                register_rig_hold(rig, RIG_CALL_CENTRE, "release", REGISTER_SIGNING, SIGNING_OF(card)),
                MITOME_OK);
        assert_int_equal(
                register_rig_revoke(rig, RIG_MUNICIPALITY, kind, LOGIN_OF(card), 5, NULL), MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, kind, key, "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_CARD);
        /* nor what would have ended with it a moment ago */
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_CARD);
}

/* A card that was reported lost, and of which only one certificate is on hold, signs for nothing. */
static void test_a_card_half_on_hold_brings_nothing_into_a_phone(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        uint8_t digest[32];
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        const struct register_rig_key *key = register_rig_key(rig);
        assert_int_equal(
                register_rig_hold(rig, RIG_CALL_CENTRE, "hold", REGISTER_USER_VERIFICATION, LOGIN_OF(card)),
                MITOME_OK);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_CARD);
        assert_int_equal(register_rig_count(rig, "SELECT count(*) FROM certificate WHERE place = 2"), 0);
        assert_int_equal(register_rig_hold(
                                 rig, RIG_CALL_CENTRE, "release", REGISTER_USER_VERIFICATION, LOGIN_OF(card)),
                MITOME_OK);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_OK);
}

/* Its link would find it only when somebody revokes; an end comes by itself. */
static void test_a_phones_certificate_does_not_outlive_any_that_it_hangs_from(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card = { 0 };
        struct authority_der der;
        const int64_t year = 365 * 86400LL;
        char sql[96];
        register_rig_person(rig, &register_rig_hanako, card.person);
        register_rig_card(rig, 1u << REGISTER_USER_VERIFICATION, rig->now + year, &card);
        register_rig_card(rig, 1u << REGISTER_SIGNING, rig->now + 2 * year, &card);
        register_rig_phone(rig, &card, "MT-1 0001", "a1", REGISTER_SIGNING, &der);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM certificate WHERE place = 2 AND not_after = %lld",
                (long long)(rig->now + year));
        assert_int_equal(register_rig_count(rig, sql), 1);
}

/* Whoever found the phone and finishes the order gets nothing after the loss was reported. */
static void test_an_application_is_spent_by_a_hold(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct authority_der der;
        uint8_t digest[32];
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        const struct register_rig_key *key = register_rig_key(rig);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, &der),
                MITOME_OK);
        assert_int_equal(
                register_rig_hold(rig, RIG_CALL_CENTRE, "hold", REGISTER_SIGNING, register_rig_der(&der)),
                MITOME_OK);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_SPENT);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_SIGNING, register_rig_key(rig),
                                 "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_SPENT);
}

/* Who reports a loss can name only what there is: an order half done does not go on behind that. */
static void test_a_hold_on_the_first_certificate_stops_the_second_of_an_application(void **state)
{
        struct register_rig *rig = *state;
        struct register_rig_card card;
        struct authority_der der;
        uint8_t digest[32];
        register_rig_holder(rig, &register_rig_hanako, &card);
        check_new(rig, &card, &(struct register_rig_application){ 0 }, digest);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_USER_VERIFICATION,
                                 register_rig_key(rig), "MT-1 0001", digest, &der),
                MITOME_OK);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", REGISTER_USER_VERIFICATION,
                                 register_rig_der(&der)),
                MITOME_OK);
        const struct register_rig_key *key = register_rig_key(rig);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_E_AUTHORITY_SPENT);
        /* the card's holder applies again, and gets both */
        check_new(rig, &card, &(struct register_rig_application){ .nonce = "nonce-2" }, digest);
        assert_int_equal(
                register_rig_issue(rig, card.person, REGISTER_SIGNING, key, "MT-1 0001", digest, NULL),
                MITOME_OK);
        assert_int_equal(register_rig_issue(rig, card.person, REGISTER_USER_VERIFICATION,
                                 register_rig_key(rig), "MT-1 0001", digest, NULL),
                MITOME_OK);
}

/* ---- hold and release ---- */

static void test_a_phones_hold_ends_in_a_new_certificate(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        struct authority_der next;
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", kind, LOGIN_IN(all)), MITOME_OK);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", kind, LOGIN_IN(all)), MITOME_OK);
        assert_int_equal(status_of(rig, kind, LOGIN_IN(all)), REGISTER_HOLD);
        assert_int_equal(status_of(rig, kind, LOGIN_OF(all.card)), REGISTER_GOOD);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "release", kind, LOGIN_IN(all)),
                MITOME_E_AUTHORITY_REISSUE);
        register_rig_phone(rig, &all.card, "MT-1 0001", "anew", kind, &next);
        assert_int_equal(status_of(rig, kind, LOGIN_IN(all)), REGISTER_REVOKED);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "release", kind, LOGIN_IN(all)),
                MITOME_E_AUTHORITY_REVOKED);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", kind, LOGIN_IN(all)),
                MITOME_E_AUTHORITY_REVOKED);
}

static void test_a_hold_is_released_where_the_setting_says_so(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        rig->config.phone_release = REGISTER_RELEASE;
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "hold", kind, LOGIN_IN(all)), MITOME_OK);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "release", kind, LOGIN_IN(all)), MITOME_OK);
        assert_int_equal(register_rig_hold(rig, RIG_CALL_CENTRE, "release", kind, LOGIN_IN(all)), MITOME_OK);
        assert_int_equal(status_of(rig, kind, LOGIN_IN(all)), REGISTER_GOOD);
        assert_int_not_equal(register_rig_hold(rig, RIG_SHOP, "hold", kind, LOGIN_IN(all)), MITOME_OK);
        assert_int_not_equal(register_rig_hold(rig, RIG_SP_TSM, "release", kind, LOGIN_IN(all)), MITOME_OK);
}

/* ---- successors ---- */

static mitome_code ask_successor(struct register_rig *rig, enum register_rig_party who,
        enum register_kind kind, slice issuer, slice old, slice new, bool *ret)
{
        uint8_t bytes[256], serial[REGISTER_SERIAL_MAX];
        writer w = WRITER(bytes);
        slice answer;
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, issuer);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, register_rig_serial(old, serial));
        cbor_write_uint(&w, 4);
        cbor_write_bytes(&w, register_rig_serial(new, serial));
        mitome_code code = register_rig_ask(rig, who, "successor", &w, &answer);
        *ret = code == MITOME_OK && answer.size == 3 && answer.data[2] == 0xF5;
        return code;
}

static slice issuer_of(slice der, uint8_t digest[32])
{
        const unsigned char *at = der.data;
        unsigned size;
        X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
        assert_int_equal(X509_NAME_digest(X509_get_issuer_name(x509), EVP_sha256(), digest, &size), 1);
        X509_free(x509);
        return slice_of(digest, size);
}

static void test_a_successor_is_told_to_verifiers_and_one_way(void **state)
{
        struct register_rig *rig = *state;
        struct holder hanako = hold_all(rig, &register_rig_hanako), taro = hold_all(rig, &register_rig_taro);
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        struct authority_der next;
        uint8_t digest[32];
        bool yes;
        register_rig_phone(rig, &hanako.card, "MT-1 0002", "new-phone", kind, &next);
        slice new = register_rig_der(&next), old = LOGIN_IN(hanako), issuer = issuer_of(new, digest);
        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, old, new, &yes), MITOME_OK);
        assert_true(yes);
        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, new, old, &yes), MITOME_OK);
        assert_false(yes); /* reversed */
        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, new, new, &yes), MITOME_OK);
        assert_false(yes); /* itself */
        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, old, LOGIN_IN(taro), &yes), MITOME_OK);
        assert_false(yes); /* somebody else's */
        assert_int_equal(
                ask_successor(rig, RIG_PORTAL, kind, issuer, LOGIN_OF(hanako.card), new, &yes), MITOME_OK);
        assert_false(yes); /* the card's is another thing */
        digest[0] ^= 1;
        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, old, new, &yes), MITOME_OK);
        assert_false(yes); /* another CA's */
        assert_int_equal(ask_successor(rig, RIG_PORTAL, REGISTER_SIGNING, issuer, old, new, &yes),
                MITOME_E_AUTHORITY_SENDER);
        assert_int_not_equal(ask_successor(rig, RIG_SHOP, kind, issuer, old, new, &yes), MITOME_OK);
        rig->config.verifiers = NULL;
        assert_int_equal(
                ask_successor(rig, RIG_PORTAL, kind, issuer, old, new, &yes), MITOME_E_AUTHORITY_SENDER);
}

/* A relying party asks the responder, as everybody may; the SP-TSM keeps the receipts that it brings. */
static void test_nobody_asks_what_he_has_no_need_of(void **state)
{
        uint8_t bytes[8];
        const writer body = WRITER(bytes);
        assert_int_equal(register_rig_ask(*state, RIG_PORTAL, "status", &body, NULL), MITOME_E_LETTER_SENDER);
        assert_int_equal(
                register_rig_ask(*state, RIG_SP_TSM, "receipt-known", &body, NULL), MITOME_E_LETTER_SENDER);
        assert_int_not_equal(
                register_rig_ask(*state, RIG_SHOP, "status", &body, NULL), MITOME_E_LETTER_SENDER);
}

/* A portal that slept through one phone still learns of the next; and the register says it because it wrote
 * down which took whose place, also where the former had ended before. */
static void test_a_chain_of_three_is_one_line(void **state)
{
        struct register_rig *rig = *state;
        struct holder hanako = hold_all(rig, &register_rig_hanako);
        const enum register_kind kind = REGISTER_USER_VERIFICATION;
        struct authority_der second, third;
        uint8_t digest[32];
        bool yes;
        register_rig_phone(rig, &hanako.card, "MT-1 0002", "second", kind, &second);
        assert_int_equal(register_rig_revoke(rig, RIG_CALL_CENTRE, kind, register_rig_der(&second), 1, NULL),
                MITOME_OK);
        register_rig_phone(rig, &hanako.card, "MT-1 0003", "third", kind, &third);
        const slice line[] = { LOGIN_IN(hanako), register_rig_der(&second), register_rig_der(&third) };
        const slice issuer = issuer_of(line[0], digest);
        for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++) {
                        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, line[i], line[j], &yes),
                                MITOME_OK);
                        assert_int_equal(yes, i < j && j == 2); /* and the second is no more */
                }
        /* Nobody's place is taken twice, and without the link nobody follows. */
        assert_int_equal(sql_do(party_store(rig->authority),
                                 "UPDATE certificate SET replaces = (SELECT min(number) FROM certificate "
                                 "WHERE place = 2 AND kind = 2) WHERE place = 2 AND kind = 2 AND status = 0",
                                 NULL, 0, NULL, NULL)
                                 .code,
                MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(
                sql_do(party_store(rig->authority), "UPDATE certificate SET replaces = NULL WHERE status = 0",
                        NULL, 0, NULL, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(ask_successor(rig, RIG_PORTAL, kind, issuer, line[0], line[2], &yes), MITOME_OK);
        assert_false(yes);
}

/* ---- revoking upon an application ---- */

static mitome_code revoke_upon(
        struct register_rig *rig, enum register_kind kind, slice der, const uint8_t digest[32])
{
        uint8_t bytes[128], serial[REGISTER_SERIAL_MAX];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, register_rig_serial(der, serial));
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, 5);
        cbor_write_uint(&w, 4);
        cbor_write_bytes(&w, slice_of(digest, 32));
        return register_rig_ask(rig, RIG_SP_TSM, "revoke", &w, NULL);
}

/* Rows 32 and 40: from another phone, by the card; but not by somebody else's, nor by what was said for
 * another purpose or long ago. */
static void test_a_card_revokes_its_holders_phone_from_another(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        struct register_rig_card thief;
        uint8_t digest[32], unknown[32] = { 0 };
        register_rig_holder(rig, &register_rig_taro, &thief);
        assert_int_equal(
                revoke_upon(rig, REGISTER_SIGNING, SIGNING_IN(all), unknown), MITOME_E_AUTHORITY_UNKNOWN);
        check_new(rig, &thief, &(struct register_rig_application){ .purpose = "revoke", .nonce = "r0" },
                digest);
        assert_int_equal(
                revoke_upon(rig, REGISTER_SIGNING, SIGNING_IN(all), digest), MITOME_E_AUTHORITY_APPLICATION);
        check_new(rig, &all.card, &(struct register_rig_application){ .purpose = "reset-pin", .nonce = "r1" },
                digest);
        assert_int_equal(
                revoke_upon(rig, REGISTER_SIGNING, SIGNING_IN(all), digest), MITOME_E_AUTHORITY_APPLICATION);
        check_new(rig, &all.card,
                &(struct register_rig_application){
                        .purpose = "revoke", .nonce = "r2", .device = "MT-1 0002" },
                digest);
        rig->now += DAY + 1;
        assert_int_equal(
                revoke_upon(rig, REGISTER_SIGNING, SIGNING_IN(all), digest), MITOME_E_AUTHORITY_TIME);
        rig->now--;
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_IN(all)), REGISTER_GOOD);
        assert_int_equal(revoke_upon(rig, REGISTER_SIGNING, SIGNING_IN(all), digest), MITOME_OK);
        assert_int_equal(status_of(rig, REGISTER_SIGNING, SIGNING_IN(all)), REGISTER_REVOKED);
        assert_int_equal(status_of(rig, REGISTER_USER_VERIFICATION, LOGIN_IN(all)), REGISTER_GOOD);
}

/* ---- finding, and what nobody has ---- */

static mitome_code find(struct register_rig *rig, const struct register_rig_facts *facts)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, facts->name);
        cbor_write_uint(&w, 2);
        cbor_write_array(&w, 3);
        cbor_write_uint(&w, (uint64_t)facts->year);
        cbor_write_uint(&w, (uint64_t)facts->month);
        cbor_write_uint(&w, (uint64_t)facts->day);
        cbor_write_uint(&w, 3);
        cbor_write_string(&w, facts->address);
        return register_rig_ask(rig, RIG_CALL_CENTRE, "find", &w, NULL);
}

/* Two people of whom a caller could be either: neither is touched. */
static void test_a_description_of_two_people_finds_none(void **state)
{
        struct register_rig *rig = *state;
        uint8_t person[REGISTER_PERSON_SIZE];
        struct register_rig_facts twin = register_rig_hanako;
        twin.city = "Mihon-shi"; /* as the other municipality writes it */
        register_rig_person(rig, &register_rig_hanako, person);
        assert_int_equal(find(rig, &register_rig_hanako), MITOME_OK);
        register_rig_person(rig, &twin, person);
        assert_int_equal(find(rig, &register_rig_hanako), MITOME_E_AUTHORITY_AMBIGUOUS);
        assert_int_equal(find(rig, &register_rig_taro), MITOME_E_AUTHORITY_UNKNOWN);
}

/* ---- what the CAs publish from ---- */

static mitome_status count_entry(void *context, const struct ca_entry *entry, mitome_error *error)
{
        size_t *count = context;
        (void)error;
        assert_true(entry->serial.size > 0 && entry->at > 0);
        (*count)++;
        return ok();
}

static size_t listed(struct register_rig *rig, const struct ca_place *place)
{
        size_t count = 0;
        const struct ca_source source = register_source(rig->book);
        const struct ca_visitor visitor = { &count, count_entry };
        assert_int_equal(
                source.revoked(source.context, AUTHORITY_SIGNING, place, &visitor, NULL).code, MITOME_OK);
        return count;
}

static void test_lists_are_in_full_and_of_a_municipality(void **state)
{
        struct register_rig *rig = *state;
        struct holder hanako = hold_all(rig, &register_rig_hanako), taro = hold_all(rig, &register_rig_taro);
        const struct ca_place here = { "Tokyo-to", "Mihon-ku" }, there = { "Osaka-fu", "Mihon-shi" },
                              nowhere = { "Tokyo-to", "Mihon-shi" };
        const struct ca_source source = register_source(rig->book);
        struct ca_status status;
        uint8_t serial[REGISTER_SERIAL_MAX];
        uint64_t first, second, other;
        assert_int_equal(listed(rig, NULL), 0);
        assert_int_equal(register_rig_revoke(rig, RIG_SP_TSM, REGISTER_SIGNING, SIGNING_IN(hanako), 5, NULL),
                MITOME_OK);
        assert_int_equal(
                register_rig_hold(rig, RIG_CALL_CENTRE, "hold", REGISTER_SIGNING, SIGNING_OF(taro.card)),
                MITOME_OK);
        assert_int_equal(listed(rig, NULL), 2);
        assert_int_equal(listed(rig, &here), 1);
        assert_int_equal(listed(rig, &there), 1);
        size_t count = 0;
        const struct ca_visitor visitor = { &count, count_entry };
        assert_int_equal(source.revoked(source.context, AUTHORITY_SIGNING, &nowhere, &visitor, NULL).code,
                MITOME_E_VALUE); /* where nobody was ever certified */
        assert_int_equal(source.status(source.context, AUTHORITY_SIGNING,
                                       register_rig_serial(SIGNING_OF(taro.card), serial), &status, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(status.state, CA_HOLD);
        assert_int_equal(status.reason, 6);
        /* of the other CA there is no such number */
        assert_int_equal(source.status(source.context, AUTHORITY_USER_VERIFICATION,
                                       register_rig_serial(SIGNING_OF(taro.card), serial), &status, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(status.state, CA_UNKNOWN);
        assert_int_equal(source.next_number(source.context, AUTHORITY_SIGNING, &first, NULL).code, MITOME_OK);
        assert_int_equal(
                source.next_number(source.context, AUTHORITY_SIGNING, &second, NULL).code, MITOME_OK);
        assert_int_equal(source.next_number(source.context, AUTHORITY_USER_VERIFICATION, &other, NULL).code,
                MITOME_OK);
        assert_true(second > first);
        assert_int_equal(other, 1);
        rig->now += 11LL * 365 * DAY; /* all have ended */
        assert_int_equal(listed(rig, NULL), 0);
}

/* ---- the journal ---- */

/* Neither name nor address, in whatever form it is kept. */
static void test_the_journal_holds_no_personal_data(void **state)
{
        struct register_rig *rig = *state;
        struct holder all = hold_all(rig, &register_rig_hanako);
        struct sql_query query;
        size_t entries = 0;
        const char *const facts[] = { register_rig_hanako.name, register_rig_hanako.address, "Mihon-ku",
                "19900401", "131016" };
        (void)all;
        assert_int_equal(
                sql_ask(party_store(rig->authority), "SELECT * FROM journal", NULL, 0, &query, NULL).code,
                MITOME_OK);
        while (sql_next(&query)) {
                entries++;
                for (int column = 0; column < 6; column++) {
                        slice bytes = sql_bytes(&query, column);
                        for (size_t i = 0; bytes.size && i < sizeof facts / sizeof facts[0]; i++)
                                assert_null(memmem(bytes.data, bytes.size, facts[i], strlen(facts[i])));
                }
        }
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        assert_true(entries >= 7); /* a person, two on the card, two applications, two in the phone */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
                TEST(test_a_person_told_of_twice_is_one),
                TEST(test_who_cannot_be_certified_is_not_taken),
                TEST(test_a_stranger_registers_nobody),
                TEST(test_new_facts_end_the_signing_certificates_alone),
                TEST(test_nothing_outlives_birthday_and_card),
                TEST(test_a_child_has_no_signing_certificate),
                TEST(test_a_new_card_ends_the_old_one_and_what_hangs_from_it),
                TEST(test_what_hangs_from_what),
                TEST(test_a_card_takes_no_other_persons_phone_along),
                TEST(test_a_phone_takes_nothing_of_the_card_along),
                TEST(test_what_may_not_be_revoked_is_not),
                TEST(test_the_store_refuses_a_second_live_certificate),
                TEST(test_two_orders_of_one_person_at_once),
                TEST(test_a_lost_answer_is_given_again),
                TEST(test_a_key_is_certified_once),
                TEST(test_a_swapped_device_gets_nothing),
                TEST(test_another_persons_application_gets_nothing),
                TEST(test_an_application_is_for_its_kinds_and_purpose),
                TEST(test_an_application_is_good_for_a_day),
                TEST(test_without_a_card_nothing_is_issued),
                TEST(test_a_card_half_on_hold_brings_nothing_into_a_phone),
                TEST(test_a_phones_certificate_does_not_outlive_any_that_it_hangs_from),
                TEST(test_an_application_is_spent_by_a_hold),
                TEST(test_a_hold_on_the_first_certificate_stops_the_second_of_an_application),
                TEST(test_a_phones_hold_ends_in_a_new_certificate),
                TEST(test_a_hold_is_released_where_the_setting_says_so),
                TEST(test_a_successor_is_told_to_verifiers_and_one_way),
                TEST(test_nobody_asks_what_he_has_no_need_of),
                TEST(test_a_chain_of_three_is_one_line),
                TEST(test_a_card_revokes_its_holders_phone_from_another),
                TEST(test_a_description_of_two_people_finds_none),
                TEST(test_lists_are_in_full_and_of_a_municipality),
                TEST(test_the_journal_holds_no_personal_data),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
