/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying an authentication assertion, WebAuthn L3 7.2, step by step. Steps 1 and 2 (making the options,
 * calling the browser) come before there is a response. */
#include "ceremony.h"
#include "context.h"

#define STEP(number) "WebAuthn L3 7.2 #" number

/* Step 5. */
static mitome_status check_allowed(const struct ceremony *c)
{
        bool found = !c->expected->allowed_credentials;
        for (size_t i = 0; c->expected->allowed_credentials && i < c->expected->allowed_credential_count; i++)
                found = found || slice_equal(c->response.credential_id, c->expected->allowed_credentials[i]);
        return found ? ok() : fail(c->error, MITOME_E_CREDENTIAL_NOT_ALLOWED, "rawId", STEP("5"));
}

/* Step 6. */
static mitome_status check_record(const struct ceremony *c, const struct mitome_credential *credential)
{
        if (credential->id.size == 0 || !slice_equal(c->response.credential_id, credential->id))
                return fail(c->error, MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId", STEP("6"));
        if (c->response.has_user_handle && credential->user_handle.size &&
                !slice_equal(c->response.user_handle, credential->user_handle))
                return fail(c->error, MITOME_E_USER_HANDLE_MISMATCH, "response.userHandle", STEP("6"));
        return ok();
}

/* Steps 3 to 7: the response, and whose it is. */
static mitome_status check_response(
        struct ceremony *c, slice response_json, const struct mitome_credential *credential)
{
        /* #3: the response is an AuthenticatorAssertionResponse. #4: its client extension results.
         * #7: take cData, authData and sig out of it. */
        MITOME_TRY(response_read_authentication(response_json, &c->arena, &c->response, c->error));
        c->verdict->credential_id = c->response.credential_id;
        c->verdict->user_handle = c->response.user_handle;

        /* #5: it is one of the credentials that were asked for. */
        MITOME_TRY(check_allowed(c));

        /* #6: the record is this credential's; the user handle, if there is one, is the account's. */
        return check_record(c, credential);
}

/* Steps 8 to 14: what the browser says. */
static mitome_status check_client_data(struct ceremony *c)
{
        struct client_data data;

        /* #8: decode clientDataJSON as UTF-8. #9: parse it. */
        MITOME_TRY(client_data_read(c->response.client_data, STEP("9"), &c->arena, &data, c->error));

        /* #10: the type is webauthn.get. */
        MITOME_TRY(ceremony_check_type(c, &data, "webauthn.get", STEP("10")));

        /* #11: the challenge is the one that was given out. */
        MITOME_TRY(ceremony_check_challenge(c, &data, STEP("11")));

        /* #12: the origin is one that is expected. */
        MITOME_TRY(ceremony_check_origin(c, &data, STEP("12")));

        /* #13: crossOrigin is true only where the relying party expects to be framed by others. */
        MITOME_TRY(ceremony_check_cross_origin(c, &data, STEP("13")));

        /* #14: topOrigin stands only there, and names a page that is expected around. */
        return ceremony_check_top_origin(c, &data, STEP("14"));
}

/* Step 19. */
static mitome_status check_backup_eligibility(
        const struct ceremony *c, const struct mitome_credential *credential)
{
        bool eligible = c->data.flags & AUTHDATA_BE;
        if (!credential->backup_eligible_unknown && eligible != credential->backup_eligible)
                return fail(c->error, MITOME_E_BACKUP_ELIGIBILITY, "authData.flags.BE", STEP("19"));
        return ok();
}

/* Steps 15 to 19: what the authenticator says. Attested credential data in an assertion is read and ignored:
 * the record's key is the one that counts. */
static mitome_status check_auth_data(struct ceremony *c, const struct mitome_credential *credential)
{
        MITOME_TRY(ceremony_read_auth_data(c, c->response.auth_data));

        /* #15: rpIdHash is the hash of the RP ID that is expected. */
        MITOME_TRY(ceremony_check_rp_id(c, STEP("15")));

        /* #16: UP is set. */
        MITOME_TRY(ceremony_check_user_present(c, STEP("16")));

        /* #17: UV is set, if the relying party requires it. */
        MITOME_TRY(ceremony_check_user_verified(c, STEP("17")));

        /* #18: BS only with BE: authdata_read has refused anything else. */

        /* #19: BE is what it was at registration. */
        return check_backup_eligibility(c, credential);
}

/* Steps 20 and 21. */
static mitome_status check_signature(struct ceremony *c, const struct mitome_credential *credential)
{
        struct cose_key key;
        struct cbor_reader r = cbor_over(credential->public_key, STEP("21"), c->error);
        MITOME_TRY(cose_key_parse(&r, "credential.public_key", &key));
        MITOME_TRY(cbor_end(&r, "credential.public_key"));
        c->verdict->algorithm = key.algorithm;
        MITOME_TRY(ceremony_check_algorithm(c, key.algorithm, "credential.public_key", STEP("21")));

        /* #20: hash clientDataJSON. */
        ceremony_hash_client_data(c);

        /* #21: the signature over authData and that hash is of the record's key. */
        const slice parts[] = { c->response.auth_data, SLICE(c->verdict->client_data_hash) };
        return cose_verify(c->verifier, &key, parts, 2, c->response.signature, "response.signature",
                STEP("21"), c->error);
}

/* Not WebAuthn's: the person's certificate, if one is bound to the credential, is alive. */
static mitome_status check_certificate(const struct ceremony *c, const struct mitome_credential *credential)
{
        if (credential->certificate_serial.size == 0 && credential->certificate_issuer.size == 0)
                return ok();
        if (!c->trust)
                return fail(c->error, MITOME_E_CRL_MISSING, "credential.certificate_serial", NULL);
        MITOME_TRY(trust_check_serial(
                c->trust, credential->certificate_issuer, credential->certificate_serial, c->now, c->error));
        /* Expired certificates leave the lists (RFC 5280 3.3): the record must know the end itself. */
        if (credential->certificate_not_after <= c->now)
                return fail(c->error, MITOME_E_CERTIFICATE_EXPIRED, "credential.certificate_not_after",
                        "RFC 5280 4.1.2.5");
        return ok();
}

static mitome_status run(struct ceremony *c, slice response_json, const struct mitome_credential *credential)
{
        MITOME_TRY(ceremony_check_expectation(c));
        MITOME_TRY(check_response(c, response_json, credential));
        MITOME_TRY(check_client_data(c));
        MITOME_TRY(check_auth_data(c, credential));
        MITOME_TRY(check_signature(c, credential));

        /* #22: a counter that is in use and has not grown is a sign of a copy, not a proof. */
        c->verdict->clone_suspected = (c->data.sign_count || credential->sign_count) &&
                                      c->data.sign_count <= credential->sign_count;

        return check_certificate(c, credential);

        /* #23: extension outputs that were not asked for are ignored.
         * #24 and #25 (update the record, go on) are for who keeps records. */
}

mitome_status mitome_verify_authentication(struct mitome_context *context, const struct mitome_policy *policy,
        const struct mitome_expectation *expectation, mitome_slice response_json,
        const struct mitome_credential *credential, const struct mitome_trust *trust, int64_t now,
        uint8_t *buffer, size_t capacity, struct mitome_verdict *ret, mitome_error *error)
{
        struct ceremony c = {
                .verifier = context_verifier(context),
                .policy = policy,
                .expected = expectation,
                .trust = trust,
                .now = now,
                .arena = writer_over(buffer, capacity),
                .verdict = ret,
                .error = error,
        };
        *ret = (struct mitome_verdict){ 0 };
        return run(&c, response_json, credential);
}
