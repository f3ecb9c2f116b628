/* SPDX-License-Identifier: Apache-2.0 */

/* Registering, logging in, and the sessions of it; and everybody who would like to have somebody else's. */

#include "json.h"
#include "portal_rig.h"

#include <mitome/record.h>

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what is to happen ---- */

static void a_person_registers_and_logs_in(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_registered registered;
        struct ceremony_logged_in logged_in;
        struct credential_list list;
        struct credential_account account;
        portal_rig_visit(rig, &browser);
        assert_int_equal(browser.session.account, 0);
        assert_int_equal(portal_rig_register(rig, &browser, 0, PORTAL_RIG_CERTIFIED, &registered), MITOME_OK);
        assert_true(registered.opened && registered.certificate);
        assert_int_equal(registered.trust, MITOME_TRUST_VERIFIED);
        rig->now += 100;
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        assert_int_equal(logged_in.session.account, registered.account);
        assert_int_equal(logged_in.session.credential, registered.credential);
        assert_string_equal(logged_in.session.level, "AAL3");
        assert_string_equal(logged_in.session.acr, "urn:mitome:nist-800-63b-4:AAL3");
        assert_int_equal(logged_in.session.amr,
                SESSION_AMR_POP | SESSION_AMR_HWK | SESSION_AMR_USER | SESSION_AMR_MFA);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_not_equal(browser.session.row, 0);
        assert_memory_equal(browser.session.hash, logged_in.session.hash, SESSION_HASH_SIZE);
        assert_int_equal(browser.session.authenticated, rig->now);
        assert_string_equal(browser.session.acr, logged_in.session.acr);
        assert_string_equal(browser.session.csrf, logged_in.session.csrf);

        assert_int_equal(credential_list_read(rig->portal, registered.account, &list, NULL).code, MITOME_OK);
        assert_int_equal(list.count, 1);
        assert_string_equal(list.credentials[0].name, "telephone");
        assert_string_equal(list.credentials[0].format, "packed");
        assert_memory_equal(list.credentials[0].aaguid, "mitome batch 001", 16);
        assert_int_equal(list.credentials[0].transports, MITOME_TRANSPORT_INTERNAL | MITOME_TRANSPORT_HYBRID);
        assert_int_equal(list.credentials[0].created, rig->now - 100);
        assert_int_equal(list.credentials[0].last_used, rig->now);
        assert_true(list.credentials[0].certificate && !list.credentials[0].ended);
        assert_int_equal(
                credential_account_read(rig->portal, registered.account, &account, NULL).code, MITOME_OK);
        assert_string_equal(account.display, "見本 花子");
        assert_int_equal(strlen(account.number), strlen("1234-1234-1234"));
        assert_true(account.certificate);
        assert_int_equal(account.certificate_status, MITOME_OK);
}

/* The level is judged again at each login, and the session says what keeps it from more. */
static void without_a_certificate_the_level_is_the_authenticators(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct level_judgement judgement;
        portal_rig_settle(rig, &browser, 1, PORTAL_RIG_BARE);
        session_judge(rig->portal, &browser.session, 0, &judgement);
        for (size_t i = 0; i < portal_policy(rig->portal, 0)->requirement_count; i++)
                if (slice_is(portal_policy(rig->portal, 0)->requirements[i].id, "REVOKE"))
                        assert_int_equal(judgement.findings[i].outcome, LEVEL_SATISFIED); /* none is bound */
        assert_string_equal(browser.session.level, "AAL3");
        assert_string_equal(browser.session.acr, "urn:mitome:nist-800-63b-4:AAL3");
        /* The plan asks whose it is. */
        session_judge(rig->portal, &browser.session, 1, &judgement);
        assert_false(judgement.reached);
        assert_null(portal_policy(rig->portal, 2));
}

static void a_person_adds_a_passkey_and_removes_the_first(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 }, other = { 0 };
        struct ceremony_registered added;
        struct ceremony_logged_in logged_in;
        struct credential_list list;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const int64_t account = browser.session.account;
        assert_int_equal(portal_rig_register(rig, &browser, 1, PORTAL_RIG_BARE, &added), MITOME_OK);
        assert_false(added.opened);
        assert_int_equal(added.account, account);
        assert_memory_equal(rig->handles[1], rig->handles[0], ACCOUNT_HANDLE_SIZE);
        portal_rig_visit(rig, &other);
        assert_int_equal(portal_rig_log_in(rig, &other, 1, &logged_in), MITOME_OK);
        assert_int_equal(logged_in.session.account, account);
        assert_int_equal(credential_list_read(rig->portal, account, &list, NULL).code, MITOME_OK);
        assert_int_equal(list.count, 2);

        const int64_t first = list.credentials[0].row;
        assert_int_equal(credential_remove(rig->portal, account, first, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_return(rig, &other), MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM account_record"), 1);
        assert_int_equal(
                credential_remove(rig->portal, account, first, NULL).code, MITOME_E_CREDENTIAL_UNKNOWN);
        assert_int_equal(credential_remove(rig->portal, account, list.credentials[1].row, NULL).code,
                MITOME_E_CREDENTIAL_LAST);
        assert_int_equal(portal_rig_log_in(rig, &other, 1, &logged_in), MITOME_OK);
}

static void attack_waiting_for_the_number_of_what_was_removed(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 }, old = { 0 };
        struct ceremony_registered added;
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        const int64_t account = browser.session.account;
        assert_int_equal(portal_rig_register(rig, &browser, 1, PORTAL_RIG_BARE, &added), MITOME_OK);
        portal_rig_visit(rig, &old);
        assert_int_equal(portal_rig_log_in(rig, &old, 1, &logged_in), MITOME_OK);
        assert_int_equal(credential_remove(rig->portal, account, added.credential, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_register(rig, &browser, 2, PORTAL_RIG_BARE, &added), MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &old), MITOME_E_SESSION_OVER);
        const int64_t row = old.session.row;
        portal_rig_visit(rig, &old);
        assert_int_equal(portal_rig_log_in(rig, &old, 2, &logged_in), MITOME_OK);
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_E_SESSION_OVER);
}

static void passkeys_are_renamed_by_their_account_alone(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser one = { 0 }, two = { 0 };
        struct credential_list list;
        portal_rig_settle(rig, &one, 0, PORTAL_RIG_BARE);
        portal_rig_settle(rig, &two, 1, PORTAL_RIG_BARE);
        const int64_t mine = one.session.credential, account = one.session.account;
        const slice name = slice_text("別の名前");
        assert_int_equal(credential_rename(rig->portal, account, mine, name, NULL).code, MITOME_OK);
        assert_int_equal(credential_list_read(rig->portal, account, &list, NULL).code, MITOME_OK);
        assert_string_equal(list.credentials[0].name, "別の名前");
        assert_int_equal(credential_rename(rig->portal, two.session.account, mine, name, NULL).code,
                MITOME_E_CREDENTIAL_UNKNOWN);
        assert_int_equal(credential_remove(rig->portal, two.session.account, mine, NULL).code,
                MITOME_E_CREDENTIAL_UNKNOWN);
        assert_int_equal(
                credential_rename(rig->portal, account, mine, slice_of("", 0), NULL).code, MITOME_E_VALUE);
        assert_int_equal(
                credential_rename(rig->portal, account, mine, slice_text("a\nb"), NULL).code, MITOME_E_VALUE);
        assert_int_equal(
                credential_rename(rig->portal, account, mine, slice_text("\xff"), NULL).code, MITOME_E_VALUE);
        char wide[CREDENTIAL_NAME_MAX + 2];
        memset(wide, 'a', sizeof wide);
        assert_int_equal(
                credential_rename(rig->portal, account, mine, slice_of(wide, sizeof wide - 1), NULL).code,
                MITOME_E_TOO_LONG);
}

static void an_account_has_so_many_passkeys_and_no_more(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_registered added;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        const uint8_t key[] = { 0xA0 };
        for (uint8_t i = 1; i < ACCOUNT_CREDENTIALS; i++) {
                const uint8_t id[] = { 'n', i };
                const struct account_proof proof = { .credential_id = SLICE(id), .public_key = SLICE(key) };
                int64_t row;
                assert_int_equal(
                        account_add(rig->party, browser.session.account, &proof, &row, NULL).code, MITOME_OK);
        }
        assert_int_equal(
                portal_rig_register(rig, &browser, 1, PORTAL_RIG_BARE, &added), MITOME_E_CREDENTIAL_LIMIT);
}

static void a_passkey_is_given_a_name_that_can_be_shown(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        const uint8_t id[] = { 'n' }, key[] = { 0xA0 };
        const char *const wrong[] = { "a\nb", "\x1b[31m", "\xff" };
        int64_t row;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                const struct account_proof proof = {
                        .credential_id = SLICE(id), .public_key = SLICE(key), .name = slice_text(wrong[i])
                };
                assert_int_equal(account_add(rig->party, browser.session.account, &proof, &row, NULL).code,
                        MITOME_E_VALUE);
        }
}

/* ---- levels and their limits ---- */

static void the_limits_are_those_of_the_level(void **state)
{
        (void)state;
        static const struct {
                const char *level;
                int64_t idle, absolute;
        } expected[] = {
                { "AAL1", 86400, 30 * 86400 },
                { "AAL2", 3600, 86400 },
                { "AAL3", 900, 12 * 3600 },
                { "", 900, 12 * 3600 },
                { "AAL4", 900, 12 * 3600 },
        };
        for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
                const struct session_limits limits = session_limits_of(expected[i].level);
                assert_int_equal(limits.idle, expected[i].idle);
                assert_int_equal(limits.absolute, expected[i].absolute);
        }
}

static void attack_using_a_session_after_its_idle_limit(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        rig->now += 899;
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        rig->now += 899; /* it was used meanwhile */
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        rig->now += 900;
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
        rig->now -= 900; /* nor does it come back */
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_equal(browser.session.account, 0);
}

static void attack_using_a_session_for_ever(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const int64_t opened = rig->now, row = browser.session.row, account = browser.session.account;
        while (rig->now + 800 < opened + 12 * 3600) {
                rig->now += 800;
                assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        }
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_OK);
        rig->now = opened + 12 * 3600;
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
}

static void attack_setting_the_clock_back_under_a_session(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        rig->now -= 60; /* another portal's clock may be that much behind */
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_not_equal(browser.session.account, 0);
        rig->now -= 1;
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
}

/* ---- the certificate's end is the session's ---- */

static void hold(struct portal_rig *rig)
{
        assert_int_equal(
                authority_hold(rig->authority, AUTHORITY_USER_VERIFICATION, &rig->certificate, rig->now, NULL)
                        .code,
                MITOME_OK);
        portal_rig_list(rig);
}

static void release(struct portal_rig *rig)
{
        assert_int_equal(
                authority_release(rig->authority, AUTHORITY_USER_VERIFICATION, &rig->certificate, NULL).code,
                MITOME_OK);
        portal_rig_list(rig);
}

/* With the next request after the list has come; a release brings back no session, only logins. */
static void attack_using_a_session_when_its_certificate_is_held(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 }, bare = { 0 };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_settle(rig, &bare, 1, PORTAL_RIG_BARE);
        hold(rig);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_return(rig, &bare), MITOME_OK); /* behind which there is none */
        assert_int_not_equal(bare.session.account, 0);
        release(rig);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_equal(browser.session.account, 0);
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_not_equal(browser.session.account, 0);
}

/* The same for what a client of OpenID Connect has of it: codes and access tokens. */
static void attack_using_a_token_when_the_certificate_is_revoked(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const int64_t row = browser.session.row, account = browser.session.account;
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_OK);
        hold(rig);
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_E_SESSION_OVER);
        release(rig);
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_E_SESSION_OVER);
        portal_rig_visit(rig, &browser);
        struct ceremony_logged_in logged_in;
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        assert_int_equal(authority_revoke(rig->authority, AUTHORITY_USER_VERIFICATION, &rig->certificate,
                                 rig->now, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK); /* the list has not come yet */
        portal_rig_list(rig);
        assert_int_equal(
                session_lives(rig->portal, browser.session.row, account, NULL).code, MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 0);
}

/* That a list is late is no word on anybody: who is in stays in as long as his level lets him. */
static void a_stale_list_ends_no_session(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        const struct portal_trust_parts nothing = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        assert_int_equal(portal_trust_replace(rig->trust, &nothing, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_not_equal(browser.session.account, 0);
        struct portal_browser other = { 0 };
        portal_rig_visit(rig, &other);
        assert_int_not_equal(portal_rig_log_in(rig, &other, 0, &logged_in), MITOME_OK);
}

/* Who has somebody's session keeps still until the phone is found again. */
static void attack_sitting_out_a_hold(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser thief = { 0 }, bare = { 0 };
        portal_rig_settle(rig, &thief, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_settle(rig, &bare, 1, PORTAL_RIG_BARE);
        assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 2);
        hold(rig);
        rig->now += 10;
        assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        release(rig);
        assert_int_equal(portal_rig_return(rig, &thief), MITOME_OK);
        assert_int_equal(thief.session.account, 0);
        assert_int_equal(portal_rig_return(rig, &bare), MITOME_OK); /* behind which there is none */
        assert_int_not_equal(bare.session.account, 0);
}

static void attack_outliving_a_certificate_while_the_list_is_late(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        const struct portal_trust_parts nothing = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const int64_t row = browser.session.row, account = browser.session.account;
        const int64_t end = portal_rig_count(rig, "SELECT not_after FROM account_certificate");
        assert_int_equal(portal_trust_replace(rig->trust, &nothing, NULL).code, MITOME_OK);
        assert_int_equal(sql_do(party_store(rig->party), "UPDATE account_certificate SET not_after = ?",
                                 SQL_VALUES(SQL_INT(rig->now + 60)), NULL, NULL)
                                 .code,
                MITOME_OK);
        assert_true(end > rig->now + 60);
        rig->now += 59;
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_not_equal(browser.session.account, 0);
        rig->now += 1;
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
        assert_int_equal(session_lives(rig->portal, row, account, NULL).code, MITOME_E_SESSION_OVER);
}

/* ---- rotation, fixation, ending ---- */

static void attack_fixing_the_cookie_that_somebody_logs_in_with(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser victim = { 0 }, attacker = { 0 };
        struct ceremony_registered registered;
        struct ceremony_logged_in logged_in;
        portal_rig_visit(rig, &attacker);
        victim = attacker; /* planted */
        assert_int_equal(portal_rig_register(rig, &victim, 0, PORTAL_RIG_BARE, &registered), MITOME_OK);
        assert_int_equal(portal_rig_log_in(rig, &victim, 0, &logged_in), MITOME_OK);
        assert_string_not_equal(victim.cookie, attacker.cookie);
        assert_int_equal(portal_rig_return(rig, &attacker), MITOME_OK);
        assert_int_equal(attacker.session.account, 0);
        assert_string_not_equal(attacker.session.csrf, victim.session.csrf);
}

static void a_new_login_ends_the_session_before_it(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser before = { 0 }, after;
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &before, 0, PORTAL_RIG_CERTIFIED);
        after = before;
        assert_int_equal(portal_rig_log_in(rig, &after, 0, &logged_in), MITOME_OK);
        assert_int_equal(session_lives(rig->portal, before.session.row, before.session.account, NULL).code,
                MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_return(rig, &before), MITOME_OK);
        assert_int_equal(before.session.account, 0);
        assert_int_equal(portal_rig_return(rig, &after), MITOME_OK);
        assert_int_not_equal(after.session.account, 0);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 1);
}

static void logging_out_ends_the_session_and_no_other(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser here = { 0 }, there = { 0 };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &here, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, &there);
        assert_int_equal(portal_rig_log_in(rig, &there, 0, &logged_in), MITOME_OK);
        assert_int_equal(session_end(rig->portal, &here.session, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &here), MITOME_OK);
        assert_int_equal(here.session.account, 0);
        assert_int_equal(portal_rig_return(rig, &there), MITOME_OK);
        assert_int_not_equal(there.session.account, 0);
}

static void logging_out_everywhere_ends_every_session_of_the_account(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser here = { 0 }, there = { 0 }, stranger = { 0 };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &here, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_settle(rig, &stranger, 1, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &there);
        assert_int_equal(portal_rig_log_in(rig, &there, 0, &logged_in), MITOME_OK);
        assert_int_equal(session_end_all(rig->portal, here.session.account, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &here), MITOME_E_SESSION_OVER);
        assert_int_equal(session_lives(rig->portal, there.session.row, there.session.account, NULL).code,
                MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_return(rig, &there), MITOME_E_SESSION_OVER);
        assert_int_equal(portal_rig_return(rig, &stranger), MITOME_OK);
        assert_int_not_equal(stranger.session.account, 0);
        assert_int_equal(session_end_all(rig->portal, 4711, NULL).code, MITOME_E_ACCOUNT_UNKNOWN);
}

static void a_closed_account_lets_nobody_in(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        uint8_t subject[ACCOUNT_SUBJECT_SIZE];
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const int64_t account = browser.session.account;
        const struct session_login login = { .account = account, .credential = browser.session.credential };
        assert_int_equal(account_close(rig->party, account, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_E_SESSION_OVER);
        portal_rig_visit(rig, &browser);
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_E_ACCOUNT_CLOSED);
        assert_int_equal(session_log_in(rig->portal, &browser.session, &login, &logged_in.session,
                                 logged_in.cookie, NULL)
                                 .code,
                MITOME_E_ACCOUNT_CLOSED);
        assert_int_equal(
                account_subject_of(rig->party, account, slice_text("shop.example"), subject, NULL).code,
                MITOME_E_ACCOUNT_CLOSED);
        assert_int_equal(account_close(rig->party, 4711, NULL).code, MITOME_E_ACCOUNT_UNKNOWN);
}

static void what_is_over_is_forgotten(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_spent"), 2);
        assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_spent"), 2);
        rig->now += 12 * 3600 - 1;
        assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_spent"), 0);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 1);
        rig->now += 10;
        assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 0);
}

/* Sessions of a low level last a month; those of a high one end behind them every day. */
static void attack_a_table_filled_behind_sessions_that_last(void **state)
{
        enum { LASTING = 2000 };
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_visit(rig, &browser);
        assert_int_equal(sql_begin(party_store(rig->party), NULL).code, MITOME_OK);
        for (int64_t i = 0; i < LASTING; i++) {
                uint8_t hash[8];
                assert_int_equal(
                        sql_do(party_store(rig->party),
                                "INSERT INTO portal_session (hash, account, credential, epoch, opened, "
                                "authenticated, seen, ends, level, amr, evidence, crossed) VALUES (?, 1, 1, "
                                "1, 0, 0, ?, ?, 'AAL1', 0, 0, 0)",
                                SQL_VALUES(SQL_BYTES(portal_number(i, hash)), SQL_INT(rig->now + 86400),
                                        SQL_INT(rig->now + 30 * 86400)),
                                NULL, NULL)
                                .code,
                        MITOME_OK);
        }
        assert_int_equal(sql_commit(party_store(rig->party), NULL).code, MITOME_OK);
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        rig->now += 24 * 3600;
        for (int piece = 0; piece < 3; piece++, rig->now += 10) /* to the end, and from the beginning again */
                assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), LASTING);
        rig->now += 30 * 86400;
        for (int piece = 0; piece < 2; piece++, rig->now += 10)
                assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 0);
}

/* A browser that never comes back leaves nothing of its login behind, however long its level would last. */
static void a_session_that_nobody_uses_is_not_kept(void **state)
{
        struct portal_rig *rig = *state;
        const int64_t idle = session_limits_of("AAL1").idle, now = rig->now;
        for (int64_t i = 0; i < 2; i++) { /* one was used a second later than the other */
                uint8_t hash[8];
                assert_int_equal(
                        sql_do(party_store(rig->party),
                                "INSERT INTO portal_session (hash, account, credential, epoch, opened, "
                                "authenticated, seen, ends, level, amr, evidence, crossed) VALUES (?, 1, "
                                "1, 1, 0, 0, ?, ?, 'AAL1', 0, 0, 0)",
                                SQL_VALUES(SQL_BYTES(portal_number(i, hash)), SQL_INT(now + i),
                                        SQL_INT(now + 30 * 86400)),
                                NULL, NULL)
                                .code,
                        MITOME_OK);
        }
        for (int64_t i = 0; i < 2; i++) {
                rig->now = now + idle + 10 * i;
                assert_int_equal(portal_tick(rig->portal, NULL).code, MITOME_OK);
                assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_session"), 1 - i);
        }
}

/* What needs the cookie alone (a challenge is bound to it) has the same names without the store. */
static void a_cookie_names_its_session_without_the_store(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct session named = { 0 };
        portal_rig_settle(rig, &browser, 1, PORTAL_RIG_BARE);
        assert_int_equal(session_name(rig->portal, slice_text(browser.cookie), &named, NULL).code, MITOME_OK);
        assert_memory_equal(named.hash, browser.session.hash, sizeof named.hash);
        assert_int_equal(named.key, browser.session.key);
        assert_string_equal(named.csrf, browser.session.csrf);
        assert_int_equal(named.account, 0); /* whose it is, only the store says */
        assert_int_equal(named.row, 0);
        named = (struct session){ 0 };
        assert_int_equal(
                session_name(rig->portal, slice_text("no cookie"), &named, NULL).code, MITOME_E_SESSION_NONE);
        assert_string_equal(named.csrf, "");
}

/* ---- cookies and forms ---- */

static void attack_guessing_cookies_by_their_form(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct session found;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        char longer[SESSION_COOKIE_SIZE + 1];
        snprintf(longer, sizeof longer, "%sA", browser.cookie);
        const slice wrong[] = { slice_of(NULL, 0), slice_text("session"), slice_text(longer),
                slice_of(browser.cookie, SESSION_COOKIE_SIZE - 2),
                slice_text("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!") };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                assert_int_equal(
                        session_find(rig->portal, wrong[i], &found, NULL).code, MITOME_E_SESSION_NONE);
        for (size_t i = 0; i < SESSION_COOKIE_SIZE - 1; i++) {
                struct portal_browser guess = browser;
                guess.cookie[i] = guess.cookie[i] == 'A' ? 'B' : 'A';
                assert_int_equal(portal_rig_return(rig, &guess), MITOME_OK);
                assert_int_equal(guess.session.account, 0);
        }
}

/* `from`, its place that of `place`. */
static struct portal_browser moved(const struct portal_browser *from, const struct portal_browser *place)
{
        enum { PLACE = 4, SIZE = 36 };
        uint8_t bytes[SIZE], others[SIZE];
        slice view;
        struct portal_browser made = *from;
        assert_int_equal(base64url_decode(slice_text(from->cookie), "cookie", bytes, SIZE, &view, NULL).code,
                MITOME_OK);
        assert_int_equal(
                base64url_decode(slice_text(place->cookie), "cookie", others, SIZE, &view, NULL).code,
                MITOME_OK);
        assert_memory_not_equal(bytes, others, PLACE);
        for (size_t i = 0; i < PLACE; i++)
                bytes[i] = others[i];
        (void)sodium_bin2base64(
                made.cookie, sizeof made.cookie, bytes, SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        return made;
}

/* The first bytes of a cookie say when it was made, and none is a visitor's: whoever writes others there has
 * another cookie, and a session is in no place but its own. */
static void attack_moving_a_cookie_to_another_place(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser mine = { 0 }, visitor = { 0 };
        portal_rig_settle(rig, &mine, 0, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &visitor);
        struct portal_browser as_person = moved(&visitor, &mine), as_visitor = moved(&mine, &visitor);
        assert_int_equal(portal_rig_return(rig, &as_person), MITOME_OK);
        assert_int_equal(as_person.session.account, 0);
        assert_int_not_equal(as_person.session.key, visitor.session.key);
        assert_int_equal(portal_rig_return(rig, &as_visitor), MITOME_OK);
        assert_int_equal(as_visitor.session.account, 0);
        assert_string_not_equal(as_visitor.session.csrf, mine.session.csrf);
        assert_int_equal(portal_rig_return(rig, &mine), MITOME_OK);
        assert_int_not_equal(mine.session.account, 0);
}

/* The store is read by somebody: nothing in it is a cookie. */
static void attack_reading_cookies_in_the_store(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        struct sql_query query = { 0 };
        assert_int_equal(
                sql_ask(party_store(rig->party), "SELECT hash FROM portal_session", NULL, 0, &query, NULL)
                        .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        char text[SESSION_COOKIE_SIZE];
        const slice hash = sql_bytes(&query, 0);
        assert_int_equal(hash.size, SESSION_HASH_SIZE);
        writer w = writer_over((uint8_t *)text, sizeof text);
        write_slice(&w, hash);
        assert_false(slice_equal(slice_of(browser.cookie, hash.size), hash));
        struct session found;
        assert_int_equal(session_find(rig->portal, hash, &found, NULL).code, MITOME_E_SESSION_NONE);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

static void attack_posting_a_form_of_another_session(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser mine = { 0 }, yours = { 0 };
        portal_rig_settle(rig, &mine, 0, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &yours);
        assert_int_equal(
                session_check_csrf(&mine.session, slice_text(mine.session.csrf), NULL).code, MITOME_OK);
        assert_int_equal(
                session_check_csrf(&mine.session, slice_text(yours.session.csrf), NULL).code, MITOME_E_CSRF);
        assert_int_equal(session_check_csrf(&mine.session, slice_of(NULL, 0), NULL).code, MITOME_E_CSRF);
        assert_int_equal(
                session_check_csrf(&mine.session, slice_of(mine.session.csrf, 42), NULL).code, MITOME_E_CSRF);
        assert_int_equal(session_check_person(&mine.session, NULL).code, MITOME_OK);
        assert_int_equal(session_check_person(&yours.session, NULL).code, MITOME_E_SESSION_NONE);
}

static void attack_adding_a_passkey_with_an_old_login(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        rig->now += SESSION_FRESH_SECONDS;
        assert_int_equal(session_check_fresh(rig->portal, &browser.session, SESSION_FRESH_SECONDS, NULL).code,
                MITOME_OK);
        rig->now++;
        assert_int_equal(session_check_fresh(rig->portal, &browser.session, SESSION_FRESH_SECONDS, NULL).code,
                MITOME_E_STEP_UP);
        assert_int_equal(ceremony_creation_options(rig->portal, &browser.session, slice_of(NULL, 0), buffer,
                                 sizeof buffer, &json, NULL)
                                 .code,
                MITOME_E_STEP_UP);
}

/* ---- by another device ---- */

static void attack_a_grant_of_the_old_phone_after_the_account_has_moved(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser phone = { 0 }, browser = { 0 };
        portal_rig_settle(rig, &phone, 0, PORTAL_RIG_CERTIFIED);
        const struct cross_device_grant grant = { .account = phone.session.account,
                .credential = phone.session.credential,
                .authenticated = rig->now };
        struct session_login carried;
        session_granted(&grant, &carried);
        portal_rig_visit(rig, &browser);
        assert_int_equal(sql_do(party_store(rig->party), "UPDATE account_certificate SET ended_at = 1", NULL,
                                 0, NULL, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(session_log_in(rig->portal, &browser.session, &carried, &browser.session,
                                 browser.cookie, NULL)
                                 .code,
                MITOME_E_ACCOUNT_CLOSED);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_int_equal(browser.session.account, 0);
}

/* What a maker declares is kept with the session, as far as any policy asks, and goes with a grant. */
static void declared_limits_are_kept_with_the_session(void **state)
{
        struct portal_rig *rig = *state;
        static const struct {
                uint32_t tries, wait;
                bool said, barred;
        } rows[] = {
                { 0, 0, false, false },
                { 0, 0, true, true }, /* without end */
                { 3, 61, true, false },
                { 10, 3600, true, false },
                { 11, 30, true, true },
                { 126, UINT32_MAX, true, true },
                { UINT32_MAX, 1, true, true },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                const struct mitome_level_evidence shown = { .user_present = true,
                        .user_verified = true,
                        .challenge_bits = 128,
                        .origin_bound = true,
                        .attestation_trusted = true,
                        .certificate_alive = true,
                        .model_known = true,
                        .every_path_verifies = true,
                        .key_protection = MITOME_KEY_PROTECTION_SECURE_ELEMENT,
                        .matcher_protection = MITOME_MATCHER_ON_CHIP,
                        .key_restricted = true,
                        .limits = { .pin_offered = true,
                                .biometric_offered = true,
                                .modality = MITOME_MODALITY_VOICE,
                                .pin_tries_said = rows[i].said,
                                .pin_tries = rows[i].tries,
                                .wait_said = rows[i].said,
                                .wait_seconds = rows[i].wait } };
                const struct session_login login = { .account = 1,
                        .amr = SESSION_AMR_POP | SESSION_AMR_IRIS,
                        .evidence = session_pack_evidence(&shown) };
                struct session session = { .evidence = login.evidence };
                struct session_login carried;
                struct cross_device_grant grant;
                struct level_judgement judgement;
                bool by_tries = false, by_voice = false;
                session_judge(rig->portal, &session, 0, &judgement);
                for (size_t j = 0; j < judgement.blocker_count; j++) {
                        const enum level_fact_id fact = judgement.findings[judgement.blockers[j]].fact;
                        by_tries = by_tries || fact == LEVEL_PIN_TRIES;
                        by_voice = by_voice || fact == LEVEL_UV_MODALITY || fact == LEVEL_UV_OFFERED;
                }
                assert_int_equal(by_tries, rows[i].barred);
                assert_true(by_voice);
                session_grant(rig->portal, &login, &grant);
                assert_true(grant.amr > 0);
                session_granted(&grant, &carried);
                assert_int_equal(carried.amr, login.amr);
                assert_true(carried.evidence == (login.evidence & ~(uint64_t)SESSION_ORIGIN_BOUND));
        }
}

static void a_login_by_another_device_says_so(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser phone = { 0 }, browser = { 0 };
        struct cross_device_grant grant;
        struct session_login login, carried;
        char cookie[SESSION_COOKIE_SIZE];
        portal_rig_settle(rig, &phone, 0, PORTAL_RIG_CERTIFIED);
        login = (struct session_login){ .account = phone.session.account,
                .credential = phone.session.credential,
                .authenticated = rig->now,
                .amr = phone.session.amr,
                .evidence = phone.session.evidence };
        session_grant(rig->portal, &login, &grant);
        assert_string_equal(grant.level, "AAL2");
        rig->now += 30;
        session_granted(&grant, &carried);
        portal_rig_visit(rig, &browser);
        assert_int_equal(
                session_log_in(rig->portal, &browser.session, &carried, &browser.session, cookie, NULL).code,
                MITOME_OK);
        assert_true(browser.session.cross_device);
        assert_string_equal(browser.session.acr, "urn:mitome:nist-800-63b-4:AAL2:cross-device");
        assert_int_equal(browser.session.amr, phone.session.amr);
        assert_int_equal(browser.session.authenticated, rig->now - 30);
        snprintf(browser.cookie, sizeof browser.cookie, "%s", cookie);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK);
        assert_string_equal(browser.session.acr, "urn:mitome:nist-800-63b-4:AAL2:cross-device");
        assert_int_equal(session_check_fresh(rig->portal, &browser.session, SESSION_FRESH_SECONDS, NULL).code,
                MITOME_E_STEP_UP);
}

static void the_names_of_methods_are_those_of_the_registry(void **state)
{
        (void)state;
        assert_string_equal(session_amr_name(0), "pop");
        assert_string_equal(session_amr_name(6), "fpt");
        assert_null(session_amr_name(SESSION_AMR_METHODS));
}

static void without_randomness_nobody_gets_a_cookie(void **state)
{
        struct portal_rig *rig = *state;
        struct session session;
        char cookie[SESSION_COOKIE_SIZE];
        rig->no_randomness = true;
        assert_int_equal(session_begin(rig->portal, &session, cookie, NULL).code, MITOME_E_NO_RANDOMNESS);
        rig->no_randomness = false;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, portal_rig_set_up, portal_rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_person_registers_and_logs_in),
                TEST(without_a_certificate_the_level_is_the_authenticators),
                TEST(a_person_adds_a_passkey_and_removes_the_first),
                TEST(attack_waiting_for_the_number_of_what_was_removed),
                TEST(passkeys_are_renamed_by_their_account_alone),
                TEST(a_passkey_is_given_a_name_that_can_be_shown),
                TEST(an_account_has_so_many_passkeys_and_no_more),
                cmocka_unit_test(the_limits_are_those_of_the_level),
                TEST(attack_using_a_session_after_its_idle_limit),
                TEST(attack_using_a_session_for_ever),
                TEST(attack_setting_the_clock_back_under_a_session),
                TEST(attack_using_a_session_when_its_certificate_is_held),
                TEST(attack_using_a_token_when_the_certificate_is_revoked),
                TEST(a_stale_list_ends_no_session),
                TEST(attack_sitting_out_a_hold),
                TEST(attack_outliving_a_certificate_while_the_list_is_late),
                TEST(attack_fixing_the_cookie_that_somebody_logs_in_with),
                TEST(a_new_login_ends_the_session_before_it),
                TEST(logging_out_ends_the_session_and_no_other),
                TEST(logging_out_everywhere_ends_every_session_of_the_account),
                TEST(a_closed_account_lets_nobody_in),
                TEST(what_is_over_is_forgotten),
                TEST(attack_a_table_filled_behind_sessions_that_last),
                TEST(a_session_that_nobody_uses_is_not_kept),
                TEST(a_cookie_names_its_session_without_the_store),
                TEST(attack_guessing_cookies_by_their_form),
                TEST(attack_moving_a_cookie_to_another_place),
                TEST(attack_reading_cookies_in_the_store),
                TEST(attack_posting_a_form_of_another_session),
                TEST(attack_adding_a_passkey_with_an_old_login),
                TEST(declared_limits_are_kept_with_the_session),
                TEST(a_login_by_another_device_says_so),
                TEST(attack_a_grant_of_the_old_phone_after_the_account_has_moved),
                cmocka_unit_test(the_names_of_methods_are_those_of_the_registry),
                TEST(without_randomness_nobody_gets_a_cookie),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
