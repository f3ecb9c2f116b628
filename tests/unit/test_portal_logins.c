/* SPDX-License-Identifier: Apache-2.0 */

/* The two ceremonies of the portal, and everything that is refused in them. */

#include "portal_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Somebody with an account, and the answer to his next login: in rig->response, not sent yet. */
static void begin_next_login(struct portal_rig *rig, struct portal_browser *browser, struct rig_plan *plan)
{
        portal_rig_settle(rig, browser, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, browser);
        plan->sign_count = 99;
        portal_rig_begin_login(rig, browser, 0, plan);
}

static int64_t accounts(struct portal_rig *rig)
{
        return portal_rig_count(rig, "SELECT count(*) FROM account");
}

static int64_t sessions(struct portal_rig *rig)
{
        return portal_rig_count(rig, "SELECT count(*) FROM portal_session");
}

/* ---- options ---- */

static bool holds(slice json, const char *text)
{
        return memmem(json.data, json.size, text, strlen(text)) != NULL;
}

static void the_options_ask_for_what_the_policy_demands(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        portal_rig_visit(rig, &browser);
        assert_int_equal(ceremony_creation_options(rig->portal, &browser.session, slice_text("花子"), buffer,
                                 sizeof buffer, &json, NULL)
                                 .code,
                MITOME_OK);
        assert_true(holds(json, "\"attestation\":\"enterprise\""));
        assert_true(holds(json, "\"userVerification\":\"required\""));
        assert_true(holds(json, "\"residentKey\":\"required\""));
        assert_true(holds(json, "\"displayName\":\"花子\""));
        assert_int_equal(
                ceremony_request_options(rig->portal, &browser.session, buffer, sizeof buffer, &json, NULL)
                        .code,
                MITOME_OK);
        assert_true(holds(json, "\"userVerification\":\"required\""));
        assert_false(holds(json, "allowCredentials\":[{")); /* nobody is named */
        char wide[ACCOUNT_NAME_MAX + 2];
        memset(wide, 'a', sizeof wide);
        assert_int_equal(ceremony_creation_options(rig->portal, &browser.session,
                                 slice_of(wide, sizeof wide - 1), buffer, sizeof buffer, &json, NULL)
                                 .code,
                MITOME_E_TOO_LONG);
}

static void a_person_is_asked_for_another_authenticator(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        assert_int_equal(ceremony_creation_options(rig->portal, &browser.session, slice_of(NULL, 0), buffer,
                                 sizeof buffer, &json, NULL)
                                 .code,
                MITOME_OK);
        assert_true(holds(json, "\"excludeCredentials\":[{"));
        assert_true(holds(json, "\"transports\":[\"hybrid\",\"internal\"]"));
}

/* ---- registrations that are refused ---- */

static mitome_code post_registration(
        struct portal_rig *rig, struct portal_browser *browser, slice certificate, slice signature)
{
        const struct ceremony_answer answer = { .json = rig_json(&rig->response),
                .certificate = certificate,
                .signature = signature,
                .network = slice_text(browser->address) };
        struct ceremony_registered registered;
        mitome_error error = { 0 };
        const mitome_code code =
                ceremony_register(rig->portal, &browser->session, &answer, &registered, &error).code;
        assert_int_equal(error.code, code);
        return code;
}

static mitome_code register_with(
        struct portal_rig *rig, struct portal_browser *browser, struct rig_plan *plan)
{
        portal_rig_begin_registration(rig, browser, 0, plan);
        return post_registration(rig, browser, slice_of(NULL, 0), slice_of(NULL, 0));
}

static void what_is_wrong_with_a_registration_is_told(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct rig_plan plan;
        portal_rig_visit(rig, &browser);
        plan = rig_registration_plan();
        plan.origin = "https://example.org.attacker.example";
        assert_int_equal(register_with(rig, &browser, &plan), MITOME_E_ORIGIN_UNEXPECTED);
        plan = rig_registration_plan();
        plan.flags &= ~AUTHDATA_UV;
        assert_int_equal(register_with(rig, &browser, &plan), MITOME_E_USER_NOT_VERIFIED);
        plan = rig_registration_plan();
        plan.spoil_signature = true;
        assert_int_not_equal(register_with(rig, &browser, &plan), MITOME_OK);
        plan = rig_registration_plan();
        plan.attestation = RIG_NO_STATEMENT;
        plan.format = "none";
        assert_int_not_equal(register_with(rig, &browser, &plan), MITOME_OK);
        plan = rig_registration_plan();
        plan.attestation = RIG_SELF;
        assert_int_not_equal(register_with(rig, &browser, &plan), MITOME_OK);
        assert_int_equal(accounts(rig), 0);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM portal_spent"), 5);
}

static void where_it_is_configured_unattested_passkeys_reach_less(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_registration_plan();
        struct level_judgement judgement;
        portal_rig_visit(rig, &browser);
        plan.attestation = RIG_NO_STATEMENT;
        plan.format = "none";
        memset(plan.aaguid, 0, sizeof plan.aaguid);
        assert_int_equal(register_with(rig, &browser, &plan), MITOME_OK);
        rig->sign_count = 10;
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        assert_int_equal(logged_in.session.amr, SESSION_AMR_POP | SESSION_AMR_USER | SESSION_AMR_MFA);
        session_judge(rig->portal, &logged_in.session, 0, &judgement);
        assert_true(judgement.reached);
        assert_string_equal(logged_in.session.level, "AAL1");
}

static void attack_claiming_a_known_model_without_its_attestation(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_registration_plan();
        portal_rig_visit(rig, &browser);
        plan.attestation = RIG_SELF; /* with the AAGUID of the model that the portal knows */
        assert_int_equal(register_with(rig, &browser, &plan), MITOME_OK);
        rig->sign_count = 10;
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        assert_int_equal(logged_in.session.amr & (SESSION_AMR_HWK | SESSION_AMR_SWK), 0);
}

/* ---- certificates ---- */

static void attack_registering_with_a_certificate_of_somebody_else(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct rig_plan plan = rig_registration_plan();
        uint8_t signature[512];
        const slice certificate = slice_of(rig->certificate.der.bytes, rig->certificate.der.size);
        portal_rig_visit(rig, &browser);
        portal_rig_begin_registration(rig, &browser, 0, &plan);
        slice made = portal_rig_sign_binding(rig, signature);
        signature[17] ^= 1;
        assert_int_equal(post_registration(rig, &browser, certificate, made), MITOME_E_SIGNATURE_INVALID);
        /* A signature that was given for another registration. */
        portal_rig_begin_registration(rig, &browser, 0, &plan);
        made = portal_rig_sign_binding(rig, signature);
        portal_rig_begin_registration(rig, &browser, 0, &plan);
        assert_int_equal(post_registration(rig, &browser, certificate, made), MITOME_E_SIGNATURE_INVALID);
        assert_int_equal(accounts(rig), 0);
}

static void attack_opening_a_second_account_with_the_certificate(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 }, again = { 0 };
        struct ceremony_registered registered;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, &again);
        assert_int_equal(portal_rig_register(rig, &again, 1, PORTAL_RIG_CERTIFIED, &registered),
                MITOME_E_ACCOUNT_EXISTS);
        assert_int_equal(accounts(rig), 1);
        assert_int_equal(portal_rig_count(rig, "SELECT count(*) FROM account_credential"), 1);
}

static void attack_registering_a_passkey_that_is_anothers(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 }, again = { 0 };
        struct ceremony_registered registered;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &again);
        assert_int_equal(
                portal_rig_register(rig, &again, 0, PORTAL_RIG_BARE, &registered), MITOME_E_ACCOUNT_EXISTS);
        assert_int_equal(accounts(rig), 1);
}

/* What the certificate opens is the account of its holder: a session of another account does not take it. */
static void attack_joining_a_certificate_to_another_account(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser owner = { 0 }, other = { 0 };
        struct ceremony_registered registered;
        portal_rig_settle(rig, &owner, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_settle(rig, &other, 1, PORTAL_RIG_BARE);
        assert_int_equal(portal_rig_register(rig, &other, 2, PORTAL_RIG_CERTIFIED, &registered),
                MITOME_E_ACCOUNT_EXISTS);
        /* The holder himself adds as many as he likes with it. */
        assert_int_equal(portal_rig_register(rig, &owner, 3, PORTAL_RIG_CERTIFIED, &registered), MITOME_OK);
        assert_true(registered.certificate);
}

static void an_account_without_a_certificate_can_be_given_one(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_registered registered;
        struct credential_account account;
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        assert_int_equal(credential_account_read(rig->portal, browser.session.account, &account, NULL).code,
                MITOME_OK);
        assert_false(account.certificate);
        assert_int_equal(portal_rig_register(rig, &browser, 1, PORTAL_RIG_CERTIFIED, &registered), MITOME_OK);
        assert_int_equal(
                credential_account_read(rig->portal, registered.account, &account, NULL).code, MITOME_OK);
        assert_true(account.certificate);
        assert_int_equal(portal_rig_log_in(rig, &browser, 1, &logged_in), MITOME_OK);
        const struct mitome_level_evidence alive = { .certificate_alive = true };
        assert_true(logged_in.session.evidence & session_pack_evidence(&alive));
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        /* That passkey is still nobody's in particular. */
        assert_false(logged_in.session.evidence & session_pack_evidence(&alive));
}

static void a_revoked_certificate_lets_nobody_in(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct credential_account account;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const int64_t row = browser.session.account;
        assert_int_equal(authority_revoke(rig->authority, AUTHORITY_USER_VERIFICATION, &rig->certificate,
                                 rig->now, NULL)
                                 .code,
                MITOME_OK);
        portal_rig_list(rig);
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_E_CERTIFICATE_REVOKED);
        assert_int_equal(credential_account_read(rig->portal, row, &account, NULL).code, MITOME_OK);
        assert_int_equal(account.certificate_status, MITOME_E_CERTIFICATE_REVOKED);
}

static void a_list_that_nobody_renews_lets_nobody_in(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        rig->now += 5 * 86400;
        portal_rig_visit(rig, &browser);
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_E_CRL_STALE);
        portal_rig_list(rig);
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
}

static void the_account_of_nobody_is_not_shown(void **state)
{
        struct portal_rig *rig = *state;
        struct credential_account account;
        assert_int_equal(
                credential_account_read(rig->portal, 4711, &account, NULL).code, MITOME_E_ACCOUNT_UNKNOWN);
}

/* ---- challenges ---- */

static void attack_sending_a_login_again(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        begin_next_login(rig, &browser, &plan);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_OK);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_SPENT);
        assert_int_equal(sessions(rig), 2);
}

/* A wrong answer has used the challenge up: nobody tries on. */
static void attack_trying_again_with_the_same_challenge(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        begin_next_login(rig, &browser, &plan);
        const struct rig_response right = rig->response;
        rig->response.signature[10] ^= 1;
        rig_wrap(&rig->passkeys, &plan, &rig->response);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_LOGIN_DENIED);
        rig->response = right;
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_SPENT);
}

static void attack_answering_the_challenge_of_another_browser(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser victim = { 0 }, attacker = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        portal_rig_settle(rig, &victim, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, &attacker);
        plan.sign_count = 99;
        portal_rig_begin_login(rig, &victim, 0, &plan);
        assert_int_equal(portal_rig_answer(rig, &attacker, &logged_in), MITOME_E_CHALLENGE_FOREIGN);
        assert_int_equal(portal_rig_answer(rig, &victim, &logged_in), MITOME_OK); /* nor was it spent */
}

static void attack_answering_late(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        begin_next_login(rig, &browser, &plan);
        rig->now += PORTAL_CEREMONY_SECONDS;
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_EXPIRED);
        portal_rig_begin_login(rig, &browser, 0, &plan);
        rig->now += PORTAL_CEREMONY_SECONDS - 1; /* not late */
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_OK);
}

static void attack_making_ones_own_challenge(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, &browser);
        rig_build(&rig->passkeys, &plan, &rig->response); /* 32 bytes of the rig's */
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_FOREIGN);
        char sealed[MITOME_CHALLENGE_SIZE * 4 / 3 + 2];
        memset(sealed, 'A', sizeof sealed - 1);
        sealed[76] = '\0';
        plan.challenge = sealed;
        rig_build(&rig->passkeys, &plan, &rig->response);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_FOREIGN);
}

static void attack_a_registration_s_challenge_in_a_login(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        uint8_t handle[ACCOUNT_HANDLE_SIZE];
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_BARE);
        portal_rig_visit(rig, &browser);
        memcpy(handle, rig->handles[0], sizeof handle);
        portal_rig_begin_registration(rig, &browser, 0, &plan);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_FOREIGN);
}

/* A registration begun by a visitor does not end in an account that was logged in to meanwhile. */
static void attack_slipping_a_passkey_into_an_account(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser victim = { 0 }, attacker = { 0 };
        struct rig_plan plan = rig_registration_plan();
        portal_rig_settle(rig, &victim, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, &attacker);
        portal_rig_begin_registration(rig, &attacker, 1, &plan);
        assert_int_equal(post_registration(rig, &victim, slice_of(NULL, 0), slice_of(NULL, 0)),
                MITOME_E_CHALLENGE_FOREIGN);
        struct session mixed = attacker.session;
        mixed.account = victim.session.account;
        mixed.authenticated = rig->now;
        attacker.session = mixed;
        assert_int_equal(post_registration(rig, &attacker, slice_of(NULL, 0), slice_of(NULL, 0)),
                MITOME_E_CHALLENGE_FOREIGN);
}

/* Old and new key are both taken, while a key is changed; a third is not. */
static void challenges_outlive_a_change_of_keys(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        struct portal_config config = *portal_configuration(rig->portal);
        begin_next_login(rig, &browser, &plan);
        config.masters = (struct portal_masters){ .bytes = { { 9 }, { 1, 2, 3 } }, .count = 2 };
        portal_core_close(rig->portal);
        assert_int_equal(portal_core_open(&config, &rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_OK);
        portal_rig_begin_login(rig, &browser, 0, &plan);
        config.masters = (struct portal_masters){ .bytes = { { 8 } }, .count = 1 };
        portal_core_close(rig->portal);
        assert_int_equal(portal_core_open(&config, &rig->portal, NULL).code, MITOME_OK);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_FOREIGN);
}

/* ---- logins that are refused ---- */

static mitome_code log_in_with(struct portal_rig *rig, struct portal_browser *browser, struct rig_plan *plan)
{
        struct ceremony_logged_in logged_in;
        portal_rig_begin_login(rig, browser, 0, plan);
        return portal_rig_answer(rig, browser, &logged_in);
}

static void what_is_wrong_with_the_request_is_told(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct rig_plan plan;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        plan = rig_authentication_plan();
        plan.origin = "https://example.org.attacker.example";
        assert_int_equal(log_in_with(rig, &browser, &plan), MITOME_E_ORIGIN_UNEXPECTED);
        plan = rig_authentication_plan();
        plan.rp_id = "attacker.example";
        assert_int_equal(log_in_with(rig, &browser, &plan), MITOME_E_RP_ID_HASH);
        plan = rig_authentication_plan();
        plan.flags &= ~AUTHDATA_UV;
        assert_int_equal(log_in_with(rig, &browser, &plan), MITOME_E_USER_NOT_VERIFIED);
        plan = rig_authentication_plan();
        plan.flags &= ~AUTHDATA_UP;
        assert_int_equal(log_in_with(rig, &browser, &plan), MITOME_E_USER_NOT_PRESENT);
        rig->response.json_size = 0;
        struct ceremony_logged_in logged_in;
        assert_int_not_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_OK);
        assert_int_equal(sessions(rig), 1);
}

static void attack_a_copy_of_a_passkey(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct rig_plan plan = rig_authentication_plan();
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        plan.sign_count = rig->sign_count; /* the copy has not seen the last login */
        assert_int_equal(log_in_with(rig, &browser, &plan), MITOME_E_CREDENTIAL_COPY);
        assert_int_equal(sessions(rig), 1);
}

static void attack_naming_another_account(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser one = { 0 }, two = { 0 };
        struct rig_plan plan = rig_authentication_plan();
        portal_rig_settle(rig, &one, 0, PORTAL_RIG_BARE);
        portal_rig_settle(rig, &two, 1, PORTAL_RIG_BARE);
        plan.sign_count = 99;
        plan.user_handle = "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";
        assert_int_equal(log_in_with(rig, &one, &plan), MITOME_E_USER_HANDLE_MISMATCH);
        plan = rig_authentication_plan();
        plan.sign_count = 99;
        plan.user_handle = "null";
        assert_int_equal(log_in_with(rig, &one, &plan), MITOME_E_MISSING);
}

/* ---- two at once ---- */

/* Two portals beside one another have the same store: what one has spent the other does not take. */
static void attack_answering_two_portals_with_one_challenge(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        struct portal *second = NULL;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        portal_rig_visit(rig, &browser);
        assert_int_equal(portal_core_open(portal_configuration(rig->portal), &second, NULL).code, MITOME_OK);
        plan.sign_count = 99;
        portal_rig_begin_login(rig, &browser, 0, &plan);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_OK);
        struct portal *first = rig->portal;
        rig->portal = second;
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_CHALLENGE_SPENT);
        browser.session = logged_in.session;
        snprintf(browser.cookie, sizeof browser.cookie, "%s", logged_in.cookie);
        rig->portal = first;
        portal_core_close(second);
}

/* Of two logins that read the same counter, the second finds that it is another's. */
static void attack_two_logins_on_one_counter(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct account_login one, two;
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const slice id = SLICE(rig->passkeys.credential_id);
        assert_int_equal(account_find(rig->party, id, &one, NULL).code, MITOME_OK);
        assert_int_equal(account_find(rig->party, id, &two, NULL).code, MITOME_OK);
        assert_int_equal(account_used(rig->party, &one, 50, false, NULL).code, MITOME_OK);
        assert_int_equal(account_used(rig->party, &two, 51, false, NULL).code, MITOME_E_ACCOUNT_CHANGED);
}

/* A store that fails in the middle leaves neither a session nor a challenge that is half spent. */
static void without_randomness_a_login_leaves_nothing(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct rig_plan plan = rig_authentication_plan();
        begin_next_login(rig, &browser, &plan);
        rig->no_randomness = true;
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_E_NO_RANDOMNESS);
        rig->no_randomness = false;
        assert_int_equal(sessions(rig), 1);
        assert_int_equal(portal_rig_answer(rig, &browser, &logged_in), MITOME_OK);
}

/* ---- by phone ---- */

static void a_phone_logs_another_browser_in(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser phone = { 0 }, browser = { 0 };
        struct cross_device_grant grant;
        struct session_login login = { 0 };
        static const uint8_t context[SESSION_HASH_SIZE] = "the request of the other browser";
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        portal_rig_settle(rig, &phone, 0, PORTAL_RIG_CERTIFIED);
        assert_int_equal(
                ceremony_ask(rig->portal, SLICE(context), 180, buffer, sizeof buffer, &json, NULL).code,
                MITOME_OK);
        struct portal_browser asked = phone;
        memcpy(asked.session.hash, context, sizeof context);
        struct rig_plan plan = rig_authentication_plan();
        plan.sign_count = 99;
        portal_rig_begin_login(rig, &asked, 0, &plan);
        struct ceremony_attempt attempt = {
                .json = rig_json(&rig->response), .network = slice_text("192.0.2.9"), .by_phone = true
        };
        assert_int_equal(ceremony_assert(rig->portal, SLICE(phone.session.hash), &attempt, &login, NULL).code,
                MITOME_E_CHALLENGE_FOREIGN);
        assert_int_equal(
                ceremony_assert(rig->portal, SLICE(context), &attempt, &login, NULL).code, MITOME_OK);
        assert_int_equal(login.account, phone.session.account);
        session_grant(rig->portal, &login, &grant);
        session_granted(&grant, &login);
        portal_rig_visit(rig, &browser);
        assert_int_equal(
                session_log_in(rig->portal, &browser.session, &login, &browser.session, browser.cookie, NULL)
                        .code,
                MITOME_OK);
        assert_true(browser.session.cross_device);
}

/* ---- configuration ---- */

static void a_portal_that_is_none_is_not_opened(void **state)
{
        struct portal_rig *rig = *state;
        struct portal *portal = NULL;
        struct portal_config config = *portal_configuration(rig->portal);
        config.rp_id = "";
        assert_int_equal(portal_core_open(&config, &portal, NULL).code, MITOME_E_ARGUMENT);
        config = *portal_configuration(rig->portal);
        config.origin_count = 0;
        assert_int_equal(portal_core_open(&config, &portal, NULL).code, MITOME_E_ARGUMENT);
        config = *portal_configuration(rig->portal);
        config.masters.count = 0;
        assert_int_equal(portal_core_open(&config, &portal, NULL).code, MITOME_E_ARGUMENT);
        config = *portal_configuration(rig->portal);
        config.policy_count = 0;
        assert_int_equal(portal_core_open(&config, &portal, NULL).code, MITOME_E_ARGUMENT);
        config = *portal_configuration(rig->portal);
        config.policies[0] = slice_text("{}");
        assert_int_not_equal(portal_core_open(&config, &portal, NULL).code, MITOME_OK);
        assert_null(portal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, portal_rig_set_up, portal_rig_tear_down)
#define UNATTESTED(name) \
        cmocka_unit_test_setup_teardown(name, portal_rig_set_up_unattested, portal_rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_options_ask_for_what_the_policy_demands),
                TEST(a_person_is_asked_for_another_authenticator),
                TEST(what_is_wrong_with_a_registration_is_told),
                UNATTESTED(where_it_is_configured_unattested_passkeys_reach_less),
                UNATTESTED(attack_claiming_a_known_model_without_its_attestation),
                TEST(attack_registering_with_a_certificate_of_somebody_else),
                TEST(attack_opening_a_second_account_with_the_certificate),
                TEST(attack_registering_a_passkey_that_is_anothers),
                TEST(attack_joining_a_certificate_to_another_account),
                TEST(an_account_without_a_certificate_can_be_given_one),
                TEST(a_revoked_certificate_lets_nobody_in),
                TEST(a_list_that_nobody_renews_lets_nobody_in),
                TEST(the_account_of_nobody_is_not_shown),
                TEST(attack_sending_a_login_again),
                TEST(attack_trying_again_with_the_same_challenge),
                TEST(attack_answering_the_challenge_of_another_browser),
                TEST(attack_answering_late),
                TEST(attack_making_ones_own_challenge),
                TEST(attack_a_registration_s_challenge_in_a_login),
                TEST(attack_slipping_a_passkey_into_an_account),
                TEST(challenges_outlive_a_change_of_keys),
                TEST(what_is_wrong_with_the_request_is_told),
                TEST(attack_a_copy_of_a_passkey),
                TEST(attack_naming_another_account),
                TEST(attack_answering_two_portals_with_one_challenge),
                TEST(attack_two_logins_on_one_counter),
                TEST(without_randomness_a_login_leaves_nothing),
                TEST(a_phone_logs_another_browser_in),
                TEST(a_portal_that_is_none_is_not_opened),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
