/* SPDX-License-Identifier: Apache-2.0 */

/* Limits, lock-out, what strangers can find out, and what is counted. */

#include "portal_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A login with passkey `number` whose signature is wrong. */
static mitome_code fail_to_log_in(struct portal_rig *rig, struct portal_browser *browser, unsigned number)
{
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        plan.sign_count = ++rig->sign_count;
        plan.spoil_signature = true;
        portal_rig_begin_login(rig, browser, number, &plan);
        return portal_rig_answer(rig, browser, &logged_in);
}

/* ---- lock-out ---- */

static void attack_trying_on_and_on_from_one_network(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 }, stranger = { .address = "198.51.100.20" };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &stranger);
        for (unsigned i = 0; i < LOCKOUT_FAILURES; i++)
                assert_int_equal(fail_to_log_in(rig, &stranger, 0), MITOME_E_LOGIN_DENIED);
        /* Now not even a right one is let in from there, and he is told no more than before. */
        assert_int_equal(portal_rig_log_in(rig, &stranger, 0, &logged_in), MITOME_E_LOGIN_DENIED);
        struct portal_browser neighbour = { .address = "198.51.100.77" };
        portal_rig_visit(rig, &neighbour);
        assert_int_equal(portal_rig_log_in(rig, &neighbour, 0, &logged_in), MITOME_E_LOGIN_DENIED);
        rig->now += LOCKOUT_SECONDS;
        assert_int_equal(portal_rig_log_in(rig, &stranger, 0, &logged_in), MITOME_OK);
}

static void attack_locking_somebody_out(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 }, stranger = { .address = "192.0.2.66" };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE); /* in the same network as the stranger */
        portal_rig_visit(rig, &stranger);
        for (unsigned i = 0; i < 2 * LOCKOUT_FAILURES; i++)
                assert_int_equal(fail_to_log_in(rig, &stranger, 0), MITOME_E_LOGIN_DENIED);
        assert_int_equal(portal_rig_log_in(rig, &owner, 0, &logged_in), MITOME_OK);
        /* Elsewhere he needs no browser that is known. */
        struct portal_browser elsewhere = { .address = "203.0.113.5" };
        portal_rig_visit(rig, &elsewhere);
        assert_int_equal(portal_rig_log_in(rig, &elsewhere, 0, &logged_in), MITOME_OK);
}

/* Accounts are numbered from 1 on: a credential that is not there, but is called like the number of one. */
static void attack_locking_out_everybody_by_number(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 }, stranger = { .address = "192.0.2.66" };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE); /* in the same network as the stranger */
        assert_int_equal(owner.session.account, 1);
        portal_rig_visit(rig, &stranger);
        for (unsigned i = 0; i < LOCKOUT_FAILURES; i++) {
                struct rig_plan plan = rig_authentication_plan();
                plan.credential_id_size = 8;
                portal_rig_begin_login(rig, &stranger, 0, &plan);
                const slice json = rig_json(&rig->response);
                char *text = strndup((const char *)json.data, json.size), *at = text;
                assert_non_null(text);
                unsigned named = 0;
                for (; (at = strstr(at, "wMHCw8TFxsc")); named++) /* as "id" and as "rawId" */
                        memcpy(at, "AAAAAAAAAAE", 11);
                assert_int_equal(named, 2);
                const struct ceremony_attempt attempt = { .json = slice_text(text),
                        .network = slice_text(stranger.address) };
                assert_int_equal(
                        ceremony_login(rig->portal, &stranger.session, &attempt, &logged_in, NULL).code,
                        MITOME_E_LOGIN_DENIED);
                free(text);
        }
        struct portal_browser another = { 0 }; /* of the owner's, which has no device cookie yet */
        portal_rig_visit(rig, &another);
        assert_int_equal(portal_rig_log_in(rig, &another, 0, &logged_in), MITOME_OK);
}

static void attack_a_device_cookie_of_another_account(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 }, attacker = { .address = "198.51.100.20" };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        portal_rig_settle(rig, &attacker, 1, PORTAL_RIG_BARE); /* has a device cookie of his own */
        assert_int_not_equal(attacker.device[0], '\0');
        for (unsigned i = 0; i < LOCKOUT_FAILURES; i++)
                assert_int_equal(fail_to_log_in(rig, &attacker, 0), MITOME_E_LOGIN_DENIED);
        attacker.device[0] = '\0'; /* he counted as his network all the time */
        assert_int_equal(portal_rig_log_in(rig, &attacker, 0, &logged_in), MITOME_E_LOGIN_DENIED);
        attacker.device[0] = 'A';
        assert_int_equal(portal_rig_log_in(rig, &attacker, 0, &logged_in), MITOME_E_LOGIN_DENIED);
}

static void a_browser_keeps_its_device_cookie(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 };
        struct ceremony_logged_in logged_in;
        char device[CEREMONY_DEVICE_SIZE];
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        snprintf(device, sizeof device, "%s", owner.device);
        assert_int_equal(portal_rig_log_in(rig, &owner, 0, &logged_in), MITOME_OK);
        assert_string_equal(logged_in.device, device);
        owner.device[3] ^= 1; /* spoilt: a new one */
        assert_int_equal(portal_rig_log_in(rig, &owner, 0, &logged_in), MITOME_OK);
        assert_string_not_equal(logged_in.device, device);
}

/* A browser that is known locks itself, and nobody else. */
static void attack_trying_on_and_on_with_a_stolen_device_cookie(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 }, thief = { .address = "198.51.100.20" };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &thief);
        snprintf(thief.device, sizeof thief.device, "%s", owner.device);
        for (unsigned i = 0; i < LOCKOUT_FAILURES; i++)
                assert_int_equal(fail_to_log_in(rig, &thief, 0), MITOME_E_LOGIN_DENIED);
        assert_int_equal(portal_rig_log_in(rig, &thief, 0, &logged_in), MITOME_E_LOGIN_DENIED);
        struct portal_browser elsewhere = { .address = "203.0.113.5" };
        portal_rig_visit(rig, &elsewhere);
        assert_int_equal(portal_rig_log_in(rig, &elsewhere, 0, &logged_in), MITOME_OK);
}

static void what_locked_is_forgotten(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 };
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        assert_int_equal(fail_to_log_in(rig, &owner, 0), MITOME_E_LOGIN_DENIED);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_lock"), 1);
        rig->now += LOCKOUT_SECONDS;
        assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_lock"), 0);
}

static void a_lock_has_a_name_for_the_journal(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 };
        struct tally_figures figures;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        const uint8_t account[] = { 1 };
        const struct lockout lockout =
                lockout_of(rig->portal, SLICE(account), slice_of(NULL, 0), slice_text("192.0.2.1"));
        for (unsigned i = 0; i < LOCKOUT_FAILURES; i++) {
                assert_int_equal(lockout_check(rig->portal, &lockout, NULL).code, MITOME_OK);
                assert_int_equal(lockout_count(rig->portal, &lockout, NULL).code, MITOME_OK);
        }
        assert_int_equal(lockout_check(rig->portal, &lockout, NULL).code, MITOME_E_LOGIN_LOCKED);
        for (unsigned i = 0; i <= LOCKOUT_FAILURES; i++)
                assert_int_equal(fail_to_log_in(rig, &owner, 0), MITOME_E_LOGIN_DENIED);
        assert_int_equal(tally_read(rig->portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.refused_count, 2);
        assert_int_equal(figures.refused[0].code, MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(figures.refused[0].count, LOCKOUT_FAILURES);
        assert_int_equal(figures.refused[1].code, MITOME_E_LOGIN_LOCKED);
        assert_int_equal(figures.refused[1].count, 1);
}

/* ---- token buckets ---- */

static unsigned take_all(struct portal_rig *rig, enum limits_purpose purpose, const char *address)
{
        unsigned taken = 0;
        while (taken < 10000 &&
                limits_take(rig->portal, purpose, slice_text(address), NULL).code == MITOME_OK)
                taken++;
        return taken;
}

static void each_network_has_a_bucket_for_each_purpose(void **state)
{
        struct portal_rig *rig = *state;
        const slice here = slice_text("192.0.2.1");
        mitome_error error = { 0 };
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.2.1"), 5);
        assert_int_equal(limits_take(rig->portal, LIMITS_ADMIN, here, &error).code, MITOME_E_RATE_LIMITED);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.2.255"), 0); /* the same /24 */
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "::ffff:192.0.2.9"), 0);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.3.1"), 5);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "2001:db8:0:1200::1"), 5);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "2001:db8:0:12ff::1"), 0); /* the same /56 */
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "2001:db8:0:1300::1"), 5);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "no address"), 5);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "no other"), 5);
        assert_int_equal(take_all(rig, LIMITS_REGISTER, "192.0.2.1"), 30);
        rig->now += 24; /* five a minute */
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.2.1"), 2);
        rig->now += 3600;
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.2.1"), 5);
        rig->now -= 7200; /* a clock that was set back stops nobody */
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.2.1"), 5);
}

static void attack_more_logins_than_people_need(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser stranger = { 0 };
        struct tally_figures figures;
        unsigned tries = 0;
        mitome_code code = MITOME_OK;
        portal_rig_visit(rig, &stranger);
        while (tries < 1000 && code != MITOME_E_RATE_LIMITED) {
                code = fail_to_log_in(rig, &stranger, 3);
                tries++;
        }
        assert_int_equal(tries, 121);
        const int64_t entries = portal_rig_count(rig, "SELECT count(*) FROM journal");
        assert_int_equal(fail_to_log_in(rig, &stranger, 3), MITOME_E_RATE_LIMITED);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM journal"), entries);
        assert_int_equal(tally_read(rig->portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.refused_count, 3); /* unknown, locked, too many */
}

static void attack_more_registrations_than_people_need(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser stranger = { 0 };
        const struct ceremony_answer answer = { .json = slice_text("{}"),
                .network = slice_text("192.0.2.7") };
        struct ceremony_registered registered;
        portal_rig_visit(rig, &stranger);
        for (unsigned i = 0; i < 30; i++)
                assert_int_equal(
                        ceremony_register(rig->portal, &stranger.session, &answer, &registered, NULL).code,
                        MITOME_E_MISSING);
        assert_int_equal(ceremony_register(rig->portal, &stranger.session, &answer, &registered, NULL).code,
                MITOME_E_RATE_LIMITED);
        assert_int_equal(ceremony_move(rig->portal, &stranger.session, slice_text("1234-1234-1234"), &answer,
                                 &registered, NULL)
                                 .code,
                MITOME_E_RATE_LIMITED);
}

static void measurements_have_no_limits(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_config config = *portal_configuration(rig->portal);
        config.unlimited = true;
        portal_core_close(rig->portal);
        assert_int_equal(portal_core_open(&config, &rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(take_all(rig, LIMITS_ADMIN, "192.0.2.1"), 10000);
}

/* ---- what a stranger can find out ---- */

struct answered {
        mitome_code code;
        mitome_error error;
        int64_t journal, locks, spent;
};

static struct answered ask(struct portal_rig *rig, unsigned number, struct rig_plan plan)
{
        struct portal_browser stranger = { .address = "203.0.113.99" };
        struct ceremony_logged_in logged_in;
        struct answered answered = { 0 };
        const int64_t journal = portal_rig_count(rig, "SELECT count(*) FROM journal"),
                      locks = portal_rig_count(rig, "SELECT count(*) FROM portal_lock"),
                      spent = portal_rig_count(rig, "SELECT count(*) FROM portal_spent");
        portal_rig_visit(rig, &stranger);
        portal_rig_begin_login(rig, &stranger, number, &plan);
        const struct ceremony_attempt attempt = { .json = rig_json(&rig->response),
                .network = slice_text(stranger.address) };
        answered.code =
                ceremony_login(rig->portal, &stranger.session, &attempt, &logged_in, &answered.error).code;
        answered.journal = portal_rig_count(rig, "SELECT count(*) FROM journal") - journal;
        answered.locks = portal_rig_count(rig, "SELECT count(*) FROM portal_lock") - locks;
        answered.spent = portal_rig_count(rig, "SELECT count(*) FROM portal_spent") - spent;
        return answered;
}

/* Whatever is wrong with a login, it is refused in the same words, with the same work, when the credential is
 * known (passkey 0) as when it is not (passkey 5). */
static void attack_asking_which_credentials_there_are(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 };
        struct rig_plan plans[7];
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        for (size_t i = 0; i < 7; i++)
                plans[i] = rig_authentication_plan();
        plans[0].spoil_signature = true;
        plans[1].foreign_signer = true;
        plans[2].origin = "https://attacker.example";
        plans[3].flags &= ~AUTHDATA_UV;
        plans[4].flags |= AUTHDATA_BE;
        plans[4].spoil_signature = true;
        plans[5].user_handle = "null";
        plans[5].origin = "https://attacker.example";
        plans[6].user_handle = "\"AAAA\"";
        plans[6].spoil_signature = true;
        for (size_t i = 0; i < 7; i++) {
                const struct answered known = ask(rig, 0, plans[i]), unknown = ask(rig, 5, plans[i]);
                assert_int_not_equal(known.code, MITOME_OK);
                assert_int_equal(known.code, unknown.code);
                assert_int_equal(known.error.code, unknown.error.code);
                assert_int_equal(known.error.at, unknown.error.at);
                assert_ptr_equal(known.error.field, unknown.error.field);
                assert_ptr_equal(known.error.clause, unknown.error.clause);
                assert_int_equal(known.journal, unknown.journal);
                assert_int_equal(known.spent, unknown.spent);
        }
}

/* The decoy's key is known to everybody: it opens nothing. */
static void attack_signing_with_the_key_of_the_decoy(void **state)
{
        struct portal_rig *rig = *state;
        struct rig_plan plan = rig_authentication_plan();
        EVP_PKEY *decoy = portal_rig_decoy();
        EVP_PKEY *before = rig->passkeys.credential[RIG_ES256];
        rig->passkeys.credential[RIG_ES256] = decoy;
        const struct answered answered = ask(rig, 5, plan);
        rig->passkeys.credential[RIG_ES256] = before;
        EVP_PKEY_free(decoy);
        assert_int_equal(answered.code, MITOME_E_LOGIN_DENIED);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 0);
}

/* ---- figures ---- */

static void what_was_done_and_refused_is_counted(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 };
        struct ceremony_logged_in logged_in;
        struct tally_figures figures;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        assert_int_equal(portal_rig_log_in(rig, &owner, 0, &logged_in), MITOME_OK);
        assert_int_equal(fail_to_log_in(rig, &owner, 0), MITOME_E_LOGIN_DENIED);
        tally_done(rig->portal, TALLY_DOCUMENT);
        assert_int_equal(tally_read(rig->portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.done[TALLY_REGISTRATION], 1);
        assert_int_equal(figures.done[TALLY_LOGIN], 2);
        assert_int_equal(figures.done[TALLY_DOCUMENT], 1);
        assert_int_equal(figures.done[TALLY_PHONE_LOGIN], 0);
        assert_int_equal(figures.refused_count, 1);
        assert_int_equal(figures.refused[0].what, TALLY_LOGIN);
        assert_int_equal(figures.refused[0].code, MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(figures.accounts, 1);
        assert_int_equal(figures.credentials, 1);
        assert_int_equal(figures.sessions, 1);
        assert_int_equal(figures.last_minute[TALLY_LOGIN], 2);
        assert_string_equal(tally_name(TALLY_LOGIN), "login");
        rig->now += 59;
        assert_int_equal(tally_read(rig->portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.last_minute[TALLY_LOGIN], 2);
        rig->now += 1;
        assert_int_equal(tally_read(rig->portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.last_minute[TALLY_LOGIN], 0);
        assert_int_equal(figures.done[TALLY_LOGIN], 2);
        rig->now += 86400;
        assert_int_equal(tally_read(rig->portal, &figures, NULL).code, MITOME_OK);
        assert_int_equal(figures.sessions, 0);
}

/* Refusals are in the journal, by reason, and say of nobody who he is. */
static void refusals_are_in_the_journal_without_persons(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 };
        struct sql_query query = { 0 };
        bool named = false;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_BARE);
        assert_int_equal(fail_to_log_in(rig, &owner, 0), MITOME_E_LOGIN_DENIED);
        assert_int_equal(
                sql_ask(party_store(rig->party), "SELECT entry FROM journal", NULL, 0, &query, NULL).code,
                MITOME_OK);
        while (sql_next(&query)) {
                const slice entry = sql_bytes(&query, 0);
                named = named || memmem(entry.data, entry.size, "SIGNATURE_INVALID", 17);
                assert_null(memmem(entry.data, entry.size, "花子", strlen("花子")));
                assert_null(memmem(entry.data, entry.size, "192.0.2", 7));
                assert_null(memmem(entry.data, entry.size, rig->passkeys.credential_id, 32));
        }
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        assert_true(named);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, portal_rig_set_up, portal_rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(attack_trying_on_and_on_from_one_network),
                TEST(attack_locking_somebody_out),
                TEST(attack_locking_out_everybody_by_number),
                TEST(attack_a_device_cookie_of_another_account),
                TEST(a_browser_keeps_its_device_cookie),
                TEST(attack_trying_on_and_on_with_a_stolen_device_cookie),
                TEST(what_locked_is_forgotten),
                TEST(a_lock_has_a_name_for_the_journal),
                TEST(each_network_has_a_bucket_for_each_purpose),
                TEST(attack_more_logins_than_people_need),
                TEST(attack_more_registrations_than_people_need),
                TEST(measurements_have_no_limits),
                TEST(attack_asking_which_credentials_there_are),
                TEST(attack_signing_with_the_key_of_the_decoy),
                TEST(what_was_done_and_refused_is_counted),
                TEST(refusals_are_in_the_journal_without_persons),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
