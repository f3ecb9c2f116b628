/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying an authentication assertion, WebAuthn L3 7.2, step by step. Steps 1 and 2 (making the options,
 * calling the browser) come before there is a response. */
#include "ceremony.h"
#include "context.h"

#define STEP(number) "WebAuthn L3 7.2 #" number

/* Step 5. */
static mitome_status check_allowed(const struct ceremony *c)
{
        bool found = false;
        for (size_t i = 0; i < c->expected->allowed_credential_count; i++)
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
        if (c->expected->user_unidentified &&
                (!c->response.has_user_handle || credential->user_handle.size == 0))
                return fail(c->error, MITOME_E_MISSING, "response.userHandle", STEP("6"));
        return ok();
}

/* Steps 4 to 6: whose response it is. */
static mitome_status check_response(struct ceremony *c, const struct mitome_credential *credential)
{
        c->verdict->credential_id = c->response.credential_id;
        c->verdict->user_handle = c->response.user_handle;

        /* #4: the client extension results. */
        TAKE_STEP(c, STEP("4"), ceremony_read_extension_results(c));

        /* #5: it is one of the credentials that were asked for. */
        if (c->expected->allowed_credentials)
                TAKE_STEP(c, STEP("5"), check_allowed(c));
        else
                ceremony_note(c, STEP("5"), MITOME_STEP_NOT_ASKED);

        /* #6: the record is this credential's; the user handle, if there is one, is the account's. */
        TAKE_STEP(c, STEP("6"), check_record(c, credential));

        /* #7: cData, authData and sig are the response's. */
        ceremony_note(c, STEP("7"), MITOME_STEP_PASSED);
        return ok();
}

/* Steps 8 to 14: what the browser says. */
static mitome_status check_client_data(struct ceremony *c)
{
        struct client_data data;

        /* #8: decode clientDataJSON as UTF-8, which never fails. #9: parse it; what #8 would have to replace
         * is refused here. */
        ceremony_note(c, STEP("8"), MITOME_STEP_PASSED);
        TAKE_STEP(c, STEP("9"),
                client_data_read(c->response.client_data, STEP("9"), &c->arena, &data, c->error));

        /* #10: the type is webauthn.get. */
        TAKE_STEP(c, STEP("10"), ceremony_check_type(c, &data, "webauthn.get", STEP("10")));

        /* #11: the challenge is the one that was given out. */
        TAKE_STEP(c, STEP("11"), ceremony_check_challenge(c, &data, STEP("11")));

        /* #12: the origin is one that is expected. */
        TAKE_STEP(c, STEP("12"), ceremony_check_origin(c, &data, STEP("12")));

        /* #13: crossOrigin is true only where the relying party expects to be framed by others. */
        TAKE_STEP(c, STEP("13"), ceremony_check_cross_origin(c, &data, STEP("13")));

        /* #14: topOrigin stands only there, and names a page that is expected around. */
        TAKE_STEP(c, STEP("14"), ceremony_check_top_origin(c, &data, STEP("14")));
        return ok();
}

/* Step 15; with the appid extension 10.1.1: "If true, the AppID was used", so rpIdHash is the hash of the
 * AppID. (Some browsers say true and use the RP ID all the same, which is as good.) */
static mitome_status check_rp_id(struct ceremony *c)
{
        mitome_error ignored = { 0 };
        MITOME_TRY(ceremony_read_auth_data(c, c->response.auth_data));
        if (c->expected->app_id.size && c->verdict->extensions.app_id) {
                struct ceremony quiet = *c;
                quiet.error = &ignored;
                if (!failed(ceremony_check_rp_id(&quiet, c->expected->app_id, STEP("15"))))
                        return ok();
        }
        return ceremony_check_rp_id(c, c->expected->rp_id, STEP("15"));
}

/* Step 19. */
static mitome_status check_backup_eligibility(
        const struct ceremony *c, const struct mitome_credential *credential)
{
        bool eligible = c->data.flags & AUTHDATA_BE;
        if (eligible != credential->backup_eligible)
                return fail(c->error, MITOME_E_BACKUP_ELIGIBILITY, "authData.flags.BE", STEP("19"));
        return ok();
}

/* Steps 15 to 19: what the authenticator says. Attested credential data in an assertion is read and ignored:
 * the record's key is the one that counts. */
static mitome_status check_auth_data(struct ceremony *c, const struct mitome_credential *credential)
{
        /* #15: rpIdHash is the hash of the RP ID that is expected; what cannot be read has none. */
        TAKE_STEP(c, STEP("15"), check_rp_id(c));

        /* #16: UP is set. */
        TAKE_STEP(c, STEP("16"), ceremony_check_user_present(c, STEP("16")));

        /* #17: UV is set, if the relying party requires it. */
        if (c->policy->require_user_verification)
                TAKE_STEP(c, STEP("17"), ceremony_check_user_verified(c, STEP("17")));
        else
                ceremony_note(c, STEP("17"), MITOME_STEP_NOT_ASKED);

        /* #18: BS only with BE: authdata_read has refused anything else. */
        ceremony_note(c, STEP("18"), MITOME_STEP_PASSED);

        /* #19: BE is what it was at registration. */
        if (credential->backup_eligible_unknown)
                ceremony_note(c, STEP("19"), MITOME_STEP_NOT_ASKED);
        else
                TAKE_STEP(c, STEP("19"), check_backup_eligibility(c, credential));
        return ok();
}

/* Step 21. */
static mitome_status check_signature(struct ceremony *c, const struct mitome_credential *credential)
{
        struct cose_key key;
        struct cbor_reader r = cbor_over(credential->public_key, STEP("21"), c->error);
        MITOME_TRY(cose_key_parse(&r, "credential.public_key", &key));
        MITOME_TRY(cbor_end(&r, "credential.public_key"));
        c->verdict->algorithm = key.algorithm;
        MITOME_TRY(ceremony_check_algorithm(c, key.algorithm, false, "credential.public_key", STEP("21")));

        /* the signature over authData and that hash is of the record's key */
        const slice parts[] = { c->response.auth_data, SLICE(c->verdict->client_data_hash) };
        return cose_verify(c->verifier, &key, parts, 2, c->response.signature, "response.signature",
                STEP("21"), c->error);
}

/* The person's certificate is alive. */
static mitome_status check_certificate(const struct ceremony *c, const struct mitome_credential *credential)
{
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

static mitome_status run(struct ceremony *c, const struct mitome_credential *credential)
{
        MITOME_TRY(check_response(c, credential));
        MITOME_TRY(check_client_data(c));
        MITOME_TRY(check_auth_data(c, credential));

        /* #20: hash clientDataJSON. */
        ceremony_hash_client_data(c);
        ceremony_note(c, STEP("20"), MITOME_STEP_PASSED);

        /* #21: the signature is right. */
        TAKE_STEP(c, STEP("21"), check_signature(c, credential));

        /* #22: a counter that is in use and has not grown is a sign of a copy, not a proof. */
        c->verdict->clone_suspected = (c->data.sign_count || credential->sign_count) &&
                                      c->data.sign_count <= credential->sign_count;
        ceremony_note(c, STEP("22"), MITOME_STEP_PASSED);

        /* #23: extension outputs that were not asked for are ignored. */
        ceremony_note(c, STEP("23"), MITOME_STEP_PASSED);

        /* Not WebAuthn's: a person's certificate, if one is bound to the credential. */
        if (credential->certificate_serial.size || credential->certificate_issuer.size)
                TAKE_STEP(c, "RFC 5280 6.3", check_certificate(c, credential));

        /* #24 and #25 (update the record, go on) are for who keeps records. */
        ceremony_note(c, STEP("24"), MITOME_STEP_NOT_ASKED);
        ceremony_note(c, STEP("25"), MITOME_STEP_NOT_ASKED);
        return ok();
}

mitome_status mitome_verify_authentication(struct mitome_context *context, const struct mitome_policy *policy,
        const struct mitome_expectation *expectation, mitome_slice response_json,
        const struct mitome_credential *credential, const struct mitome_trust *trust, int64_t now,
        uint8_t *buffer, size_t capacity, struct mitome_verdict *ret, mitome_error *error)
{
        struct ceremony c = { context_verifier(context), context_leaves(context), policy, expectation, trust,
                now, writer_over(buffer, capacity) };
        MITOME_TRY(ceremony_begin(&c, ret, error));
        /* #3: the response is an AuthenticatorAssertionResponse. */
        TAKE_STEP(&c, STEP("3"), response_read_authentication(response_json, &c.arena, &c.response, error));
        return run(&c, credential);
}

mitome_status mitome_verify_authentication_bytes(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_expectation *expectation,
        const struct mitome_response *response, const struct mitome_credential *credential,
        const struct mitome_trust *trust, int64_t now, uint8_t *buffer, size_t capacity,
        struct mitome_verdict *ret, mitome_error *error)
{
        struct ceremony c = { context_verifier(context), context_leaves(context), policy, expectation, trust,
                now, writer_over(buffer, capacity) };
        MITOME_TRY(ceremony_begin(&c, ret, error));
        TAKE_STEP(&c, STEP("3"), response_check_authentication(response, error));
        c.response = *response;
        /* 5.4.3: a user handle has 1 byte at least; none is what some decoders make of null. */
        c.response.has_user_handle = response->has_user_handle && response->user_handle.size;
        return run(&c, credential);
}
