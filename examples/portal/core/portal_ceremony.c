/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_ceremony.h"

#include "authdata.h"
#include "client_data.h"
#include "portal_internal.h"
#include "response_json.h"

#include <mitome/options.h>
#include <mitome/record.h>

#include <stdio.h>
#include <string.h>

enum { CONTEXT_SIZE = SESSION_HASH_SIZE + 8, RECORD_SIZE = 8192, MILLISECONDS = 1000 };

/* ---- challenges ---- */

/* A registration's challenge is bound to the account that it adds to, too. */
static slice registration_context(const struct session *session, uint8_t buffer[CONTEXT_SIZE])
{
        uint8_t account[8];
        writer w = writer_over(buffer, CONTEXT_SIZE);
        write_slice(&w, SLICE(session->hash));
        write_slice(&w, portal_number(session->account, account));
        return writer_view(&w);
}

/* Challenges say in milliseconds when they end, up to one second early: those that are spent are ordered by
 * it, so that those of one moment lie together. */
static int64_t end_of(const struct portal *portal, int64_t seconds)
{
        return (portal_now(portal) + seconds) * MILLISECONDS - (MILLISECONDS - 1) +
               portal_milliseconds() % MILLISECONDS;
}

static mitome_status seal(struct portal *portal, enum mitome_challenge_purpose purpose, slice context,
        int64_t seconds, uint8_t ret[MITOME_CHALLENGE_SIZE], mitome_error *error)
{
        const struct mitome_challenge_scope scope = {
                .rp_id = portal->rp_id, .purpose = purpose, .context = context
        };
        return mitome_challenge_seal(portal->challenge_keys, portal->config.masters.count, &scope,
                end_of(portal, seconds), party_random(portal->config.party), ret, error);
}

static int spend(void *context, const uint8_t id[MITOME_CHALLENGE_ID_SIZE], int64_t expires)
{
        struct portal *portal = context;
        int64_t changed = 0;
        mitome_status status = sql_do(party_store(portal->config.party),
                "INSERT INTO portal_spent (expires, id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                SQL_VALUES(SQL_INT(expires), SQL_BYTES(slice_of(id, MITOME_CHALLENGE_ID_SIZE))), &changed,
                NULL);
        return failed(status) ? -1 : changed ? 0 : 1;
}

/* Spent, before anything else is looked at: an answer that is refused has used it up. */
static mitome_status open_challenge(struct portal *portal, enum mitome_challenge_purpose purpose,
        slice context, slice challenge, mitome_error *error)
{
        const struct mitome_challenge_scope scope = {
                .rp_id = portal->rp_id, .purpose = purpose, .context = context
        };
        const struct mitome_once once = { portal, spend };
        struct mitome_challenge opened;
        return mitome_challenge_open(portal->challenge_keys, portal->config.masters.count, &scope, challenge,
                portal_now(portal) * MILLISECONDS, &once, &opened, error);
}

/* What is spent and over is refused for being over. */
mitome_status ceremony_sweep(struct portal *portal, mitome_error *error)
{
        enum { CLOCKS = 60 };
        return sql_do(party_store(portal->config.party), "DELETE FROM portal_spent WHERE expires < ?",
                SQL_VALUES(SQL_INT((portal_now(portal) - CLOCKS) * MILLISECONDS)), NULL, error);
}

/* ---- what both ceremonies ask ---- */

static struct mitome_expectation expectation(const struct portal *portal, slice challenge)
{
        return (struct mitome_expectation){ .rp_id = portal->rp_id,
                .origins = portal->origins,
                .origin_count = portal->config.origin_count,
                .challenge = challenge };
}

static const struct mitome_trust *trust_of(const struct portal_snapshot *belief)
{
        return belief ? belief->trust : NULL;
}

/* What is known when a ceremony has been verified: beside the verdict, of the registration. */
struct shown {
        const struct mitome_verdict *verdict;
        enum mitome_trust_result trust;
        slice aaguid, format;
        bool certificate;
};

static struct mitome_level_evidence evidence_of(
        const struct portal_snapshot *belief, const struct shown *shown)
{
        const struct mitome_level_context known = { .challenge_bits = MITOME_CHALLENGE_ID_SIZE * 8,
                .trust = shown->trust,
                .aaguid = shown->aaguid,
                .format = shown->format,
                .certificate_bound = shown->certificate };
        const struct portal_model *held = belief ? portal_model_find(belief, shown->aaguid) : NULL;
        const struct mitome_metadata_entry model = { .aaguid = shown->aaguid,
                .statement = held ? &held->statement : NULL };
        struct mitome_level_evidence evidence;
        mitome_level_evidence_of(shown->verdict, &known, &evidence);
        evidence.certificate_bound = evidence.certificate_alive = shown->certificate;
        login_level_take_model(&evidence, &model, shown->format, shown->aaguid);
        return evidence;
}

/* RFC 8176: what is not known is not said. */
static unsigned amr_of(const struct mitome_level_evidence *evidence)
{
        static const unsigned methods[] = { [MITOME_FACTOR_PIN] = SESSION_AMR_PIN,
                [MITOME_FACTOR_FINGER] = SESSION_AMR_FPT,
                [MITOME_FACTOR_FACE] = SESSION_AMR_FACE,
                [MITOME_FACTOR_IRIS] = SESSION_AMR_IRIS,
                [MITOME_FACTOR_PASSWORD] = 0 };
        unsigned amr = SESSION_AMR_POP;
        if (evidence->user_present)
                amr |= SESSION_AMR_USER;
        if (evidence->user_verified)
                amr |= SESSION_AMR_MFA;
        if (evidence->model_known)
                amr |= evidence->key_protection > MITOME_KEY_PROTECTION_SOFTWARE ? SESSION_AMR_HWK
                                                                                 : SESSION_AMR_SWK;
        return amr | methods[evidence->verified_by];
}

static void show(const struct portal *portal, const struct portal_snapshot *belief, const struct shown *shown,
        struct session_login *ret)
{
        const struct mitome_level_evidence evidence = evidence_of(belief, shown);
        ret->authenticated = portal_now(portal);
        ret->evidence = session_pack_evidence(&evidence);
        ret->amr = amr_of(&evidence);
}

/* ---- registration: the options ---- */

struct creation {
        uint8_t challenge[MITOME_CHALLENGE_SIZE], handle[ACCOUNT_HANDLE_SIZE];
        char name[ACCOUNT_NAME_MAX + 1], display[ACCOUNT_NAME_MAX + 1];
        struct mitome_descriptor exclude[ACCOUNT_CREDENTIALS];
        size_t exclude_count;
};

/* The handle of an account that is not there yet follows from the challenge: nothing has to be kept. */
static void new_handle(const struct portal *portal, slice challenge, uint8_t ret[ACCOUNT_HANDLE_SIZE])
{
        portal_mac(&portal->handle_key, &challenge, 1, ret);
}

static mitome_status read_person(const struct sql_query *query, struct creation *ret, mitome_error *error)
{
        slice name = sql_bytes(query, 1), display = sql_bytes(query, 2);
        MITOME_TRY(slice_copy(sql_bytes(query, 0), "handle", ret->handle, sizeof ret->handle, error));
        MITOME_TRY(slice_copy(name, "name", (uint8_t *)ret->name, ACCOUNT_NAME_MAX, error));
        return slice_copy(display, "display", (uint8_t *)ret->display, ACCOUNT_NAME_MAX, error);
}

static mitome_status find_person(
        struct portal *portal, int64_t account, struct creation *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT handle, name, display FROM account WHERE id = ? AND closed = 0",
                SQL_VALUES(SQL_INT(account)), &query, error));
        const bool there = sql_next(&query);
        mitome_status status = there ? read_person(&query, ret, error) : ok();
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        return there ? ok() : fail(error, MITOME_E_ACCOUNT_CLOSED, "account", NULL);
}

/* So that no authenticator gets two passkeys of one account. Their IDs are copied into `ids`. */
static mitome_status find_excluded(
        struct portal *portal, int64_t account, writer *ids, struct creation *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal->config.party),
                "SELECT id, transports FROM account_credential WHERE account = ? ORDER BY number",
                SQL_VALUES(SQL_INT(account)), &query, error));
        while (ret->exclude_count < ACCOUNT_CREDENTIALS && sql_next(&query)) {
                const slice id = sql_bytes(&query, 0);
                const uint8_t *place = ids->data + ids->used;
                write_slice(ids, id);
                ret->exclude[ret->exclude_count++] = (struct mitome_descriptor){ slice_of(place, id.size),
                        (uint32_t)sql_integer(&query, 1) };
        }
        MITOME_TRY(sql_end(&query));
        return ids->overflowed ? fail(error, MITOME_E_BUFFER_FULL, "passkeys", NULL) : ok();
}

static mitome_status make_creation(struct portal *portal, const struct session *session, slice display,
        writer *ids, struct creation *ret, mitome_error *error)
{
        uint8_t bytes[CONTEXT_SIZE];
        MITOME_TRY(seal(portal, MITOME_CHALLENGE_REGISTRATION, registration_context(session, bytes),
                PORTAL_CEREMONY_SECONDS, ret->challenge, error));
        if (session->account) {
                MITOME_TRY(session_check_fresh(portal, session, SESSION_FRESH_SECONDS, error));
                MITOME_TRY(find_person(portal, session->account, ret, error));
                return find_excluded(portal, session->account, ids, ret, error);
        }
        if (display.size > ACCOUNT_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, "name", NULL);
        new_handle(portal, SLICE(ret->challenge), ret->handle);
        snprintf(ret->name, sizeof ret->name, "%.*s", (int)display.size, (const char *)display.data);
        snprintf(ret->display, sizeof ret->display, "%s", ret->name);
        return ok();
}

mitome_status ceremony_creation_options(struct portal *portal, const struct session *session, slice display,
        uint8_t *buffer, size_t capacity, slice *ret_json, mitome_error *error)
{
        struct creation creation = { 0 };
        writer ids = WRITER(portal->buffer);
        MITOME_TRY(make_creation(portal, session, display, &ids, &creation, error));
        const struct mitome_creation_options options = { .rp_id = portal->rp_id,
                .rp_name = portal->rp_name,
                .user_id = SLICE(creation.handle),
                .user_name = creation.name[0] ? slice_text(creation.name) : portal->rp_id,
                .user_display_name = slice_text(creation.display),
                .challenge = SLICE(creation.challenge),
                .timeout_ms = PORTAL_CEREMONY_SECONDS * 1000,
                .exclude = creation.exclude,
                .exclude_count = creation.exclude_count,
                .resident_key = MITOME_RESIDENT_KEY_REQUIRED,
                .user_verification = MITOME_USER_VERIFICATION_REQUIRED,
                .attestation = MITOME_CONVEYANCE_ENTERPRISE,
                .extensions = { .cred_props = true } };
        return mitome_write_creation_options(&options, buffer, capacity, ret_json, error);
}

/* ---- registration: the answer ---- */

struct registration {
        const struct session *session;
        const struct ceremony_answer *answer;
        uint8_t challenge[MITOME_CHALLENGE_SIZE], handle[ACCOUNT_HANDLE_SIZE], record_bytes[RECORD_SIZE];
        struct mitome_verdict verdict;
        struct mitome_binding binding;
        struct account_proof proof;
        struct session_login login;
};

static const struct mitome_policy registration_policies[] = {
        [PORTAL_ATTESTED] = { .require_user_verification = true,
                .require_attestation = true,
                .require_trust = true },
        [PORTAL_UNATTESTED] = { .require_user_verification = true },
};

/* The person's certificate: within the statement (mitome-jpki), or beside it. */
static mitome_status find_binding(struct portal *portal, const struct portal_snapshot *belief,
        struct registration *r, mitome_error *error)
{
        if (r->verdict.certificate.serial.size) {
                r->binding = r->verdict.certificate;
                return ok();
        }
        if (r->answer->certificate.size == 0)
                return ok();
        return mitome_verify_binding(&r->verdict, r->answer->certificate, r->answer->signature,
                trust_of(belief), portal_now(portal), &r->binding, error);
}

static mitome_status make_record(struct portal *portal, const struct mitome_expectation *expected,
        struct registration *r, mitome_error *error)
{
        const struct mitome_record_facts facts = { .user_handle = SLICE(r->handle),
                .response_json = r->answer->json,
                .binding = r->binding.serial.size ? &r->binding : NULL };
        struct mitome_record record;
        slice written;
        MITOME_TRY(mitome_record_from_registration(
                &r->verdict, expected, &facts, portal_now(portal), &record, error));
        MITOME_TRY(
                mitome_record_write_cbor(&record, r->record_bytes, sizeof r->record_bytes, &written, error));
        r->proof = account_proof_of(&r->verdict, facts.binding);
        r->proof.record = written;
        r->proof.transports = record.transports;
        r->proof.name = r->answer->name;
        return ok();
}

static mitome_status verify_with(struct portal *portal, const struct portal_snapshot *belief,
        struct registration *r, mitome_error *error)
{
        const struct mitome_expectation expected = expectation(portal, SLICE(r->challenge));
        MITOME_TRY(mitome_verify_registration(portal->context,
                &registration_policies[portal->config.attestation], &expected, r->answer->json,
                trust_of(belief), portal_now(portal), portal->buffer, sizeof portal->buffer, &r->verdict,
                error));
        MITOME_TRY(find_binding(portal, belief, r, error));
        MITOME_TRY(make_record(portal, &expected, r, error));
        const struct shown shown = { &r->verdict, r->verdict.trust, r->verdict.aaguid,
                slice_text(r->verdict.format), r->binding.serial.size > 0 };
        show(portal, belief, &shown, &r->login);
        return ok();
}

static mitome_status spend_and_verify(struct portal *portal, struct registration *r, mitome_error *error)
{
        uint8_t bytes[CONTEXT_SIZE];
        MITOME_TRY(mitome_challenge_from_response(
                r->answer->json, portal->buffer, sizeof portal->buffer, r->challenge, error));
        MITOME_TRY(open_challenge(portal, MITOME_CHALLENGE_REGISTRATION,
                registration_context(r->session, bytes), SLICE(r->challenge), error));
        new_handle(portal, SLICE(r->challenge), r->handle);
        const struct portal_snapshot *belief = portal_believe(portal);
        mitome_status status = verify_with(portal, belief, r, error);
        portal_believe_no_more(portal, belief);
        return status;
}

static mitome_status register_passkey(
        struct portal *portal, struct registration *r, struct ceremony_registered *ret, mitome_error *error)
{
        struct account_opened opened = { .account = r->session->account };
        if (r->session->account)
                MITOME_TRY(session_check_fresh(
                        portal, r->session, PORTAL_CEREMONY_SECONDS + SESSION_FRESH_SECONDS, error));
        MITOME_TRY(spend_and_verify(portal, r, error));
        if (r->session->account)
                MITOME_TRY(account_add(
                        portal->config.party, r->session->account, &r->proof, &opened.credential, error));
        else
                MITOME_TRY(account_open(portal->config.party, SLICE(r->handle), r->answer->display, &r->proof,
                        &opened, error));
        r->login.account = opened.account;
        r->login.credential = opened.credential;
        *ret = (struct ceremony_registered){ .account = opened.account,
                .credential = opened.credential,
                .opened = !r->session->account,
                .certificate = r->binding.serial.size > 0,
                .trust = r->verdict.trust,
                .login = r->login };
        return ok();
}

/* What comes too often is counted, and that is all that is done about it. */
static mitome_status take_token(struct portal *portal, enum limits_purpose purpose, enum tally_what what,
        slice network, mitome_error *error)
{
        mitome_status status = limits_take(portal, purpose, network, error);
        if (failed(status))
                MITOME_TRY(tally_refuse(portal, what, status.code, error));
        return status;
}

mitome_status ceremony_register(struct portal *portal, const struct session *session,
        const struct ceremony_answer *answer, struct ceremony_registered *ret, mitome_error *error)
{
        struct registration r = { .session = session, .answer = answer };
        MITOME_TRY(take_token(portal, LIMITS_REGISTER, TALLY_REGISTRATION, answer->network, error));
        MITOME_TRY(sql_begin(party_store(portal->config.party), error));
        MITOME_TRY(
                portal_settle(portal, TALLY_REGISTRATION, register_passkey(portal, &r, ret, error), error));
        tally_done(portal, TALLY_REGISTRATION);
        return ok();
}

/* ---- a new phone ---- */

static mitome_status spend_for_move(struct portal *portal, struct registration *r, mitome_error *error)
{
        MITOME_TRY(spend_and_verify(portal, r, error));
        return r->binding.serial.size ? ok() : fail(error, MITOME_E_MISSING, "certificate", NULL);
}

static mitome_status finish_move(struct portal *portal, slice account, struct registration *r,
        struct ceremony_registered *ret, mitome_error *error)
{
        struct account_login moved;
        MITOME_TRY(account_move(portal->config.party, account, &r->proof, error));
        MITOME_TRY(account_find(portal->config.party, r->proof.credential_id, &moved, error));
        r->login.account = moved.account;
        r->login.credential = moved.number;
        *ret = (struct ceremony_registered){ .account = moved.account,
                .credential = moved.number,
                .certificate = true,
                .trust = r->verdict.trust,
                .login = r->login };
        return ok();
}

/* account_move writes by itself, before and after the authority was asked. What the proof views is in the
 * portal's buffer, which nobody else may use meanwhile: it is copied. */
struct moving {
        struct registration registration;
        uint8_t issuer[ACCOUNT_ISSUER_MAX], serial[ACCOUNT_SERIAL_MAX], id[ACCOUNT_CREDENTIAL_MAX],
                key[ACCOUNT_KEY_MAX], aaguid[ACCOUNT_AAGUID_SIZE];
};

static mitome_status keep_proof(struct moving *moving, mitome_error *error)
{
        struct account_proof *proof = &moving->registration.proof;
        const struct {
                slice *view;
                uint8_t *bytes;
                size_t capacity;
        } parts[] = {
                { &proof->issuer, moving->issuer, sizeof moving->issuer },
                { &proof->serial, moving->serial, sizeof moving->serial },
                { &proof->credential_id, moving->id, sizeof moving->id },
                { &proof->public_key, moving->key, sizeof moving->key },
                { &proof->aaguid, moving->aaguid, sizeof moving->aaguid },
        };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
                const size_t size = parts[i].view->size;
                MITOME_TRY(slice_copy(*parts[i].view, "proof", parts[i].bytes, parts[i].capacity, error));
                *parts[i].view = slice_of(parts[i].bytes, size);
        }
        return ok();
}

static mitome_status move(struct portal *portal, slice account, struct moving *moving,
        struct ceremony_registered *ret, mitome_error *error)
{
        struct registration *r = &moving->registration;
        MITOME_TRY(sql_begin(party_store(portal->config.party), error));
        MITOME_TRY(portal_settle(portal, TALLY_MOVE, spend_for_move(portal, r, error), error));
        MITOME_TRY(keep_proof(moving, error));
        r->proof.handle = SLICE(r->handle); /* the browser did not know whose passkey it would be */
        mitome_status status = finish_move(portal, account, r, ret, error);
        if (failed(status) && !portal_is_store_failure(status.code)) {
                MITOME_TRY(sql_begin(party_store(portal->config.party), error));
                return portal_settle(portal, TALLY_MOVE, status, error);
        }
        return status;
}

mitome_status ceremony_move(struct portal *portal, const struct session *session, slice account,
        const struct ceremony_answer *answer, struct ceremony_registered *ret, mitome_error *error)
{
        struct moving moving = { .registration = { .session = session, .answer = answer } };
        MITOME_TRY(take_token(portal, LIMITS_REGISTER, TALLY_MOVE, answer->network, error));
        MITOME_TRY(move(portal, account, &moving, ret, error));
        tally_done(portal, TALLY_MOVE);
        return ok();
}

/* ---- login ---- */

mitome_status ceremony_ask(struct portal *portal, slice context, int64_t seconds, uint8_t *buffer,
        size_t capacity, slice *ret_json, mitome_error *error)
{
        uint8_t challenge[MITOME_CHALLENGE_SIZE];
        MITOME_TRY(seal(portal, MITOME_CHALLENGE_AUTHENTICATION, context, seconds, challenge, error));
        const struct mitome_request_options options = { .rp_id = portal->rp_id,
                .challenge = SLICE(challenge),
                .timeout_ms = (uint32_t)seconds * 1000,
                .user_verification = MITOME_USER_VERIFICATION_REQUIRED };
        return mitome_write_request_options(&options, buffer, capacity, ret_json, error);
}

mitome_status ceremony_request_options(struct portal *portal, const struct session *session, uint8_t *buffer,
        size_t capacity, slice *ret_json, mitome_error *error)
{
        return ceremony_ask(
                portal, SLICE(session->hash), PORTAL_CEREMONY_SECONDS, buffer, capacity, ret_json, error);
}

struct login {
        const struct ceremony_attempt *attempt;
        struct mitome_response response;
        slice challenge;
        struct account_login account;
        mitome_status found; /* OK, ACCOUNT_UNKNOWN, ACCOUNT_ENDED */
        struct lockout lockout;
        struct mitome_verdict verdict;
        bool hidden; /* the reason is not told */
};

/* The JSON is read once: what the library verifies are its parts. */
static mitome_status read_answer(struct portal *portal, struct login *l, mitome_error *error)
{
        writer arena = WRITER(portal->arena);
        struct client_data data;
        MITOME_TRY(response_read_authentication(l->attempt->json, &arena, &l->response, error));
        MITOME_TRY(client_data_read(l->response.client_data, "WebAuthn L3 5.8.1", &arena, &data, error));
        l->challenge = data.challenge;
        return ok();
}

/* Of a credential that is not known the digest of its ID is locked: who chooses an ID must not choose the
 * number of somebody's account. */
static mitome_status find_account(struct portal *portal, struct login *l, mitome_error *error)
{
        mitome_error unknown = { 0 };
        uint8_t number[8], digest[SHA256_SIZE];
        l->found = account_find(portal->config.party, l->response.credential_id, &l->account, &unknown);
        if (failed(l->found) && l->found.code != MITOME_E_ACCOUNT_UNKNOWN &&
                l->found.code != MITOME_E_ACCOUNT_ENDED)
                return fail(error, l->found.code, unknown.field, unknown.clause);
        sha256(&l->response.credential_id, 1, digest);
        const slice claimed = l->account.account ? portal_number(l->account.account, number) : SLICE(digest);
        l->lockout = lockout_of(portal, claimed, l->attempt->device, l->attempt->network);
        return ok();
}

/* The base point of P-256: a key that anybody can sign with, and that opens nothing. A credential that is not
 * known is verified against it, so that it takes the same time to refuse. */
static const uint8_t decoy_key[] = { 0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58,
        0x20, /* kty EC2, alg ES256, crv P-256, x */
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77,
        0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, /* y */
        0x22, 0x58, 0x20, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F,
        0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51,
        0xF5 };

static struct mitome_credential credential_of(const struct login *l)
{
        if (l->account.account)
                return l->account.credential;
        return (struct mitome_credential){ .id = l->response.credential_id,
                .public_key = SLICE(decoy_key),
                .backup_eligible_unknown = true };
}

static bool is_clause(const struct mitome_step *step, const char *clause)
{
        return strcmp(step->clause, clause) == 0;
}

/* Steps 19 and 21 depend on whether the credential is known; the others are about the request alone. After
 * step 21 whoever asks has the key, and is told everything. */
static bool tells_of_credential(const struct mitome_verdict *verdict)
{
        if (verdict->step_count == 0)
                return false;
        const struct mitome_step *last = &verdict->steps[verdict->step_count - 1];
        return last->outcome == MITOME_STEP_FAILED &&
               (is_clause(last, "WebAuthn L3 7.2 #5") || is_clause(last, "WebAuthn L3 7.2 #6") ||
                       is_clause(last, "WebAuthn L3 7.2 #19") || is_clause(last, "WebAuthn L3 7.2 #21"));
}

static mitome_status verify_answer(
        struct portal *portal, const struct portal_snapshot *belief, struct login *l, mitome_error *error)
{
        static const struct mitome_policy policy = { .require_user_verification = true };
        const struct mitome_expectation expected = expectation(portal, l->challenge);
        const struct mitome_credential credential = credential_of(l);
        mitome_status status = mitome_verify_authentication_bytes(portal->context, &policy, &expected,
                &l->response, &credential, trust_of(belief), portal_now(portal), portal->buffer,
                sizeof portal->buffer, &l->verdict, error);
        l->hidden = failed(status) && tells_of_credential(&l->verdict);
        return status;
}

/* Step 6 of WebAuthn L3 7.2 for who was not known before, and what else is between a right signature and a
 * session. Later than the clause has it: before the signature it would tell which credentials there are. */
static mitome_status check_account(struct login *l, mitome_error *error)
{
        if (l->found.code == MITOME_E_ACCOUNT_UNKNOWN) { /* signed with the decoy's key */
                l->hidden = true;
                return fail(error, MITOME_E_ACCOUNT_UNKNOWN, "credential", NULL);
        }
        if (failed(l->found))
                return fail(error, l->found.code, "certificate", NULL);
        if (!l->response.has_user_handle)
                return fail(error, MITOME_E_MISSING, "response.userHandle", "WebAuthn L3 7.2 #6");
        if (!slice_equal(l->response.user_handle, SLICE(l->account.handle)))
                return fail(
                        error, MITOME_E_USER_HANDLE_MISMATCH, "response.userHandle", "WebAuthn L3 7.2 #6");
        if (l->account.closed)
                return fail(error, MITOME_E_ACCOUNT_CLOSED, "account", NULL);
        if (l->verdict.clone_suspected)
                return fail(error, MITOME_E_CREDENTIAL_COPY, "authData.signCount", "WebAuthn L3 7.2 #22");
        return ok();
}

static mitome_status verify_login(
        struct portal *portal, struct login *l, struct session_login *ret, mitome_error *error)
{
        const struct portal_snapshot *belief = portal_believe(portal);
        mitome_status status = verify_answer(portal, belief, l, error);
        if (!failed(status))
                status = check_account(l, error);
        if (!failed(status)) {
                const struct shown shown = { &l->verdict, l->account.trust, SLICE(l->account.aaguid),
                        l->account.format, l->account.credential.certificate_serial.size > 0 };
                show(portal, belief, &shown, ret);
        }
        portal_believe_no_more(portal, belief);
        return status;
}

/* A known credential and an unknown one take the same statements, whatever becomes of them. */
static mitome_status assert_login(
        struct portal *portal, slice context, struct login *l, struct session_login *ret, mitome_error *error)
{
        struct session_login login = { 0 };
        MITOME_TRY(read_answer(portal, l, error));
        MITOME_TRY(open_challenge(portal, MITOME_CHALLENGE_AUTHENTICATION, context, l->challenge, error));
        MITOME_TRY(find_account(portal, l, error));
        mitome_status status = lockout_check(portal, &l->lockout, error);
        l->hidden = status.code == MITOME_E_LOGIN_LOCKED;
        MITOME_TRY(status);
        status = verify_login(portal, l, &login, error);
        if (l->hidden)
                MITOME_TRY(lockout_count(portal, &l->lockout, error));
        MITOME_TRY(status);
        MITOME_TRY(account_used(portal->config.party, &l->account, l->verdict.sign_count,
                l->verdict.flags & AUTHDATA_BS, error));
        login.account = l->account.account;
        login.credential = l->account.number;
        login.epoch = l->account.epoch;
        *ret = login;
        return ok();
}

/* What the journal knows by name is one refusal to whoever asked. */
static mitome_status hide(const struct login *l, mitome_status status, mitome_error *error)
{
        if (!failed(status) || !l->hidden || portal_is_store_failure(status.code))
                return status;
        if (error)
                *error = (mitome_error){ 0 };
        return fail(error, MITOME_E_LOGIN_DENIED, NULL, NULL);
}

mitome_status ceremony_assert(struct portal *portal, slice context, const struct ceremony_attempt *attempt,
        struct session_login *ret, mitome_error *error)
{
        const enum tally_what what = attempt->by_phone ? TALLY_PHONE_LOGIN : TALLY_LOGIN;
        struct login l = { .attempt = attempt };
        MITOME_TRY(take_token(portal, LIMITS_LOGIN, what, attempt->network, error));
        MITOME_TRY(sql_begin(party_store(portal->config.party), error));
        mitome_status status = assert_login(portal, context, &l, ret, error);
        MITOME_TRY(hide(&l, portal_settle(portal, what, status, error), error));
        tally_done(portal, what);
        return ok();
}

static mitome_status log_in(struct portal *portal, const struct session *session, struct login *l,
        struct ceremony_logged_in *ret, mitome_error *error)
{
        struct session_login login;
        uint8_t number[8], device[DEVICE_SIZE];
        MITOME_TRY(assert_login(portal, SLICE(session->hash), l, &login, error));
        MITOME_TRY(session_open(portal, session, &login, &ret->session, ret->cookie, error));
        const slice account = portal_number(login.account, number);
        if (device_of(portal, account, l->attempt->device, device).size == 0)
                return device_make(portal, account, ret->device, error);
        return slice_copy(
                l->attempt->device, "device", (uint8_t *)ret->device, sizeof ret->device - 1, error);
}

mitome_status ceremony_login(struct portal *portal, const struct session *session,
        const struct ceremony_attempt *attempt, struct ceremony_logged_in *ret, mitome_error *error)
{
        struct login l = { .attempt = attempt };
        struct ceremony_logged_in done = { 0 };
        MITOME_TRY(take_token(portal, LIMITS_LOGIN, TALLY_LOGIN, attempt->network, error));
        MITOME_TRY(sql_begin(party_store(portal->config.party), error));
        mitome_status status = log_in(portal, session, &l, &done, error);
        MITOME_TRY(hide(&l, portal_settle(portal, TALLY_LOGIN, status, error), error));
        *ret = done;
        tally_done(portal, TALLY_LOGIN);
        return ok();
}
