/* SPDX-License-Identifier: Apache-2.0 */
/* Registering a new credential, WebAuthn L3 7.1, step by step. Steps 1 and 2 (making the options, calling the
 * browser) come before there is a response. */
#include "assess_attestation.h"
#include "ceremony.h"
#include "context.h"

#include <mitome/record.h>

#define STEP(number) "WebAuthn L3 7.1 #" number

enum { FORMAT_NAME_MAX = 32 }; /* WebAuthn L3 8.1 */

/* Steps 4 to 12: what the browser says. */
static mitome_status check_client_data(struct ceremony *c)
{
        struct client_data data;

        c->verdict->credential_id = c->response.credential_id;
        c->verdict->attestation_object = c->response.attestation_object;

        /* #4: the client extension results. */
        TAKE_STEP(c, STEP("4"), ceremony_read_extension_results(c));

        /* #5: decode clientDataJSON as UTF-8, which never fails. #6: parse it; what #5 would have to replace
         * is refused here. */
        ceremony_note(c, STEP("5"), MITOME_STEP_PASSED);
        TAKE_STEP(c, STEP("6"),
                client_data_read(c->response.client_data, STEP("6"), &c->arena, &data, c->error));

        /* #7: the type is webauthn.create. */
        TAKE_STEP(c, STEP("7"), ceremony_check_type(c, &data, "webauthn.create", STEP("7")));

        /* #8: the challenge is the one that was given out. */
        TAKE_STEP(c, STEP("8"), ceremony_check_challenge(c, &data, STEP("8")));

        /* #9: the origin is one that is expected. */
        TAKE_STEP(c, STEP("9"), ceremony_check_origin(c, &data, STEP("9")));

        /* #10: crossOrigin is true only where the relying party expects to be framed by others. */
        TAKE_STEP(c, STEP("10"), ceremony_check_cross_origin(c, &data, STEP("10")));

        /* #11: topOrigin stands only there, and names a page that is expected around. */
        TAKE_STEP(c, STEP("11"), ceremony_check_top_origin(c, &data, STEP("11")));

        /* #12: hash clientDataJSON. */
        ceremony_hash_client_data(c);
        ceremony_note(c, STEP("12"), MITOME_STEP_PASSED);
        return ok();
}

/* ---- the attestation object, WebAuthn L3 6.5.4 ---- */

struct attestation_object {
        slice format;
        struct cbor_reader statement;
        slice auth_data;
};

static mitome_status read_object_member(
        struct cbor_reader *r, const struct cbor_key *key, struct attestation_object *object)
{
        if (key->is_text && slice_is(key->text, "fmt"))
                return cbor_read_text(r, "fmt", FORMAT_NAME_MAX, &object->format);
        if (key->is_text && slice_is(key->text, "authData"))
                return cbor_read_bytes(r, "authData", RESPONSE_AUTH_DATA_MAX, &object->auth_data);
        if (!key->is_text || !slice_is(key->text, "attStmt"))
                return reader_fail(&r->bytes, MITOME_E_VALUE, "attestationObject");
        slice statement;
        MITOME_TRY(cbor_read_item(r, "attStmt", &statement));
        object->statement = cbor_within(r, statement);
        return ok();
}

/* The platform puts the object together, and some (Windows, early Firefox) do not sort its keys or those of
 * attStmt; nothing of that is signed. What the authenticator encodes, authData, is read strictly. */
static mitome_status read_attestation_object(const struct ceremony *c, struct attestation_object *ret)
{
        struct cbor_reader r = cbor_over(c->response.attestation_object, STEP("13"), c->error);
        struct attestation_object object = { 0 };
        struct cbor_members map;
        struct cbor_key key;
        r.any_order = true;
        r.deeper = ATTESTATION_DEEPER;
        MITOME_TRY(cbor_open_map(&r, "attestationObject", 3, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_object_member(&r, &key, &object));
        }
        MITOME_TRY(cbor_end(&r, "attestationObject"));
        if (!object.format.data || !object.statement.bytes.rest.data || !object.auth_data.data)
                return reader_fail(&r.bytes, MITOME_E_MISSING,
                        !object.format.data                 ? "fmt"
                        : !object.statement.bytes.rest.data ? "attStmt"
                                                            : "authData");
        *ret = object;
        return ok();
}

/* What WebAuthn asks of the registration response beside the numbered steps: there is a new credential, and
 * the outer ID is the one that the authenticator gave it. */
static mitome_status take_credential(struct ceremony *c)
{
        if (!(c->data.flags & AUTHDATA_AT))
                return fail(c->error, MITOME_E_NO_CREDENTIAL_DATA, "authData", STEP("13"));
        c->verdict->aaguid = c->data.aaguid;
        c->verdict->public_key = c->data.public_key_bytes;
        c->verdict->algorithm = c->data.public_key.algorithm;
        if (!slice_equal(c->data.credential_id, c->response.credential_id))
                return fail(c->error, MITOME_E_CREDENTIAL_ID_MISMATCH, "rawId", "WebAuthn L3 5.1");
        c->verdict->credential_id = c->data.credential_id;
        return ok();
}

/* #13: decode the attestation object. */
static mitome_status decode(struct ceremony *c, struct attestation_object *ret)
{
        MITOME_TRY(read_attestation_object(c, ret));
        MITOME_TRY(ceremony_read_auth_data(c, ret->auth_data));
        return take_credential(c);
}

/* Steps 13 to 20: what the authenticator says. */
static mitome_status check_auth_data(struct ceremony *c, struct attestation_object *object)
{
        TAKE_STEP(c, STEP("13"), decode(c, object));

        /* #14: rpIdHash is the hash of the RP ID that is expected. */
        TAKE_STEP(c, STEP("14"), ceremony_check_rp_id(c, c->expected->rp_id, STEP("14")));

        /* #15: UP is set, unless mediation was "conditional". */
        if (c->expected->conditional_mediation)
                ceremony_note(c, STEP("15"), MITOME_STEP_NOT_ASKED);
        else
                TAKE_STEP(c, STEP("15"), ceremony_check_user_present(c, STEP("15")));

        /* #16: UV is set, if the relying party requires it. */
        if (c->policy->require_user_verification)
                TAKE_STEP(c, STEP("16"), ceremony_check_user_verified(c, STEP("16")));
        else
                ceremony_note(c, STEP("16"), MITOME_STEP_NOT_ASKED);

        /* #17: BS only with BE: authdata_read has refused anything else. #18, #19: BE and BS, for the relying
         * party to judge: in the verdict's flags. */
        ceremony_note(c, STEP("17"), MITOME_STEP_PASSED);
        ceremony_note(c, STEP("18"), MITOME_STEP_NOT_ASKED);
        ceremony_note(c, STEP("19"), MITOME_STEP_NOT_ASKED);

        /* #20: the key's alg is one of pubKeyCredParams; RS1 is one of old TPMs only. */
        TAKE_STEP(c, STEP("20"),
                ceremony_check_algorithm(c, c->data.public_key.algorithm, slice_is(object->format, "tpm"),
                        "authData.credentialPublicKey", STEP("20")));
        return ok();
}

/* Step 22: attStmt is a correct statement, by the format's own procedure. */
static mitome_status verify_statement(struct ceremony *c, const struct attestation_object *object,
        const struct attestation_format *format, struct attestation_result *ret)
{
        const struct attestation_input input = {
                .statement = object->statement,
                .auth_data = object->auth_data,
                .data = &c->data,
                .client_data_hash = SLICE(c->verdict->client_data_hash),
                .verifier = c->verifier,
                .leaves = c->leaves,
                .switches = c->policy->switches,
        };
        mitome_status status = format->verify(&input, ret, c->error);
        ceremony_note(c, format->clause, failed(status) ? MITOME_STEP_FAILED : MITOME_STEP_PASSED);
        return status;
}

/* Steps 21 to 24. */
static mitome_status check_attestation(struct ceremony *c, const struct attestation_object *object)
{
        const struct attestation_format *format;
        struct attestation_result result = { 0 };

        /* #21: find the format by a case-sensitive match. */
        TAKE_STEP(c, STEP("21"),
                attestation_format_find(object->format, STEP("21"), &c->verdict->format, &format, c->error));
        /* A format that the policy does not accept is not worth its verification: #24 ahead of its turn. */
        mitome_status accepted = assess_format(c, format->name);
        if (failed(accepted)) {
                ceremony_note(c, STEP("24"), MITOME_STEP_FAILED);
                return accepted;
        }

        TAKE_STEP(c, STEP("22"), verify_statement(c, object, format, &result));

        /* #23: the anchors are those of the snapshot. #24: assess the trustworthiness. */
        ceremony_note(c, STEP("23"), c->trust ? MITOME_STEP_PASSED : MITOME_STEP_NOT_ASKED);
        TAKE_STEP(c, STEP("24"), assess_attestation(c, &result));
        return ok();
}

/* Steps 13 to 25: what the attestation object says, and who stands behind it. */
static mitome_status check_object(struct ceremony *c)
{
        struct attestation_object object;
        MITOME_TRY(check_auth_data(c, &object));
        MITOME_TRY(check_attestation(c, &object));

        /* #25: the credential ID has at most 1023 bytes: authdata_read has seen to it. */
        ceremony_note(c, STEP("25"), MITOME_STEP_PASSED);
        return ok();
}

static mitome_status run(struct ceremony *c)
{
        MITOME_TRY(check_client_data(c));
        MITOME_TRY(check_object(c));

        /* #26 (no user has this ID yet), #27 and #29 (keep the record) are for who keeps records. */
        ceremony_note(c, STEP("26"), MITOME_STEP_NOT_ASKED);
        ceremony_note(c, STEP("27"), MITOME_STEP_NOT_ASKED);

        /* #28: what was asked of extensions; outputs that were not asked for are ignored. */
        TAKE_STEP(c, STEP("28"), assess_extensions(c));
        ceremony_note(c, STEP("29"), MITOME_STEP_NOT_ASKED);
        return ok();
}

mitome_status mitome_verify_registration(struct mitome_context *context, const struct mitome_policy *policy,
        const struct mitome_expectation *expectation, mitome_slice response_json,
        const struct mitome_trust *trust, int64_t now, uint8_t *buffer, size_t capacity,
        struct mitome_verdict *ret, mitome_error *error)
{
        struct ceremony c = { context_verifier(context), context_leaves(context), policy, expectation, trust,
                now, writer_over(buffer, capacity) };
        MITOME_TRY(ceremony_begin(&c, ret, error));
        /* #3: the response is an AuthenticatorAttestationResponse. */
        TAKE_STEP(&c, STEP("3"), response_read_registration(response_json, &c.arena, &c.response, error));
        return run(&c);
}

mitome_status mitome_verify_registration_bytes(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_expectation *expectation,
        const struct mitome_response *response, const struct mitome_trust *trust, int64_t now,
        uint8_t *buffer, size_t capacity, struct mitome_verdict *ret, mitome_error *error)
{
        struct ceremony c = { context_verifier(context), context_leaves(context), policy, expectation, trust,
                now, writer_over(buffer, capacity) };
        MITOME_TRY(ceremony_begin(&c, ret, error));
        TAKE_STEP(&c, STEP("3"), response_check_registration(response, error));
        c.response = *response;
        return run(&c);
}

/* What a record says beside its attestation is what is attested: lists are judged by it. */
static mitome_status check_members(
        const struct mitome_record *record, const struct mitome_verdict *verdict, mitome_error *error)
{
        const char *field = NULL;
        if (!slice_equal(verdict->public_key, record->public_key))
                field = "record.public_key_b64url";
        else if (record->aaguid.size && !slice_equal(verdict->aaguid, record->aaguid))
                field = "record.aaguid_b64url";
        else if (record->format.size && !slice_is(record->format, verdict->format))
                field = "record.format";
        return field ? fail(error, MITOME_E_RECORD_CONTRADICTION, field, NULL) : ok();
}

/* What was said in the ceremony (steps 3 to 12) is gone, and was judged then; what the authenticator said and
 * who vouches for it can be judged again. */
mitome_status mitome_verify_record(struct mitome_context *context, const struct mitome_policy *policy,
        const struct mitome_record *record, const struct mitome_trust *trust, int64_t now, uint8_t *buffer,
        size_t capacity, struct mitome_verdict *ret, mitome_error *error)
{
        /* a challenge and origins are asked for by ceremony_begin, and by nothing that is done here */
        const struct mitome_expectation expected = {
                .rp_id = record->rp_id,
                .origins = &record->rp_id,
                .origin_count = 1,
                .challenge = record->client_data_hash,
                .conditional_mediation = true, /* presence was the ceremony's question */
        };
        *ret = (struct mitome_verdict){ 0 };
        if (record->attestation_object.size == 0)
                return fail(error, MITOME_E_MISSING, "record.attestation_object_b64url", NULL);
        if (record->client_data_hash.size != sizeof ret->client_data_hash)
                return fail(error, record->client_data_hash.size ? MITOME_E_VALUE : MITOME_E_MISSING,
                        "record.client_data_hash_b64url", NULL);
        struct ceremony c = { context_verifier(context), context_leaves(context), policy, &expected, trust,
                now, writer_over(buffer, capacity) };
        MITOME_TRY(ceremony_begin(&c, ret, error));
        MITOME_TRY(slice_copy(record->client_data_hash, "record.client_data_hash_b64url",
                ret->client_data_hash, sizeof ret->client_data_hash, error));
        c.response.credential_id = record->credential_id;
        c.response.attestation_object = record->attestation_object;
        ret->attestation_object = record->attestation_object;
        MITOME_TRY(check_object(&c));
        return check_members(record, ret, error);
}
