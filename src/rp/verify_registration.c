/* SPDX-License-Identifier: Apache-2.0 */
/* Registering a new credential, WebAuthn L3 7.1, step by step. Steps 1 and 2 (making the options, calling the
 * browser) come before there is a response. */
#include "attestation_format.h"
#include "ceremony.h"
#include "context.h"

#define STEP(number) "WebAuthn L3 7.1 #" number

enum { FORMAT_NAME_MAX = 32 }; /* WebAuthn L3 8.1 */

/* Steps 3 to 12: the response, and what the browser says in it. */
static mitome_status check_client_data(struct ceremony *c, slice response_json)
{
        struct client_data data;

        /* #3: the response is an AuthenticatorAttestationResponse. #4: its client extension results. */
        MITOME_TRY(response_read_registration(response_json, &c->arena, &c->response, c->error));
        c->verdict->credential_id = c->response.credential_id;
        c->verdict->attestation_object = c->response.attestation_object;

        /* #5: decode clientDataJSON as UTF-8. #6: parse it. */
        MITOME_TRY(client_data_read(c->response.client_data, STEP("6"), &c->arena, &data, c->error));

        /* #7: the type is webauthn.create. */
        MITOME_TRY(ceremony_check_type(c, &data, "webauthn.create", STEP("7")));

        /* #8: the challenge is the one that was given out. */
        MITOME_TRY(ceremony_check_challenge(c, &data, STEP("8")));

        /* #9: the origin is one that is expected. */
        MITOME_TRY(ceremony_check_origin(c, &data, STEP("9")));

        /* #10: crossOrigin is true only where the relying party expects to be framed by others. */
        MITOME_TRY(ceremony_check_cross_origin(c, &data, STEP("10")));

        /* #11: topOrigin stands only there, and names a page that is expected around. */
        MITOME_TRY(ceremony_check_top_origin(c, &data, STEP("11")));

        /* #12: hash clientDataJSON. */
        ceremony_hash_client_data(c);
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

/* Steps 13 to 20: what the authenticator says. */
static mitome_status check_auth_data(struct ceremony *c, struct attestation_object *object)
{
        /* #13: decode the attestation object. */
        MITOME_TRY(read_attestation_object(c, object));
        MITOME_TRY(ceremony_read_auth_data(c, object->auth_data));
        MITOME_TRY(take_credential(c));

        /* #14: rpIdHash is the hash of the RP ID that is expected. */
        MITOME_TRY(ceremony_check_rp_id(c, STEP("14")));

        /* #15: UP is set, unless mediation was "conditional". */
        if (!c->expected->conditional_mediation)
                MITOME_TRY(ceremony_check_user_present(c, STEP("15")));

        /* #16: UV is set, if the relying party requires it. */
        MITOME_TRY(ceremony_check_user_verified(c, STEP("16")));

        /* #17: BS only with BE: authdata_read has refused anything else. */

        /* #18, #19: BE and BS, for the relying party to judge: in the verdict's flags. */

        /* #20: the key's alg is one of pubKeyCredParams. */
        return ceremony_check_algorithm(
                c, c->data.public_key.algorithm, "authData.credentialPublicKey", STEP("20"));
}

/* ---- the attestation ---- */

/* A person's certificate is of no maker's: it must be alive, and of the JPKI profile, wherever there is an
 * anchor to judge it by. */
static mitome_status assess_person(struct ceremony *c, slice certificate, enum mitome_trust_result *ret)
{
        struct jpki_certificate jpki;
        if (!c->trust || !trust_knows_jpki(c->trust)) {
                *ret = MITOME_TRUST_UNVERIFIED;
                return ok();
        }
        MITOME_TRY(trust_verify_jpki(c->trust, certificate, c->now, &jpki, c->error));
        c->verdict->certificate = (struct mitome_binding){
                .serial = jpki.serial,
                .issuer = jpki.issuer,
                .subject_common_name = jpki.subject_common_name,
                .not_after = jpki.not_after,
                .phone = jpki.phone,
        };
        *ret = MITOME_TRUST_VERIFIED;
        return ok();
}

/* The weakest part counts: what a compound statement shows is no better than the least of its statements. */
static mitome_status assess_part(
        struct ceremony *c, const struct attestation_part *part, enum mitome_trust_result *ret)
{
        bool anchored = false;
        if (part->type == ATTESTATION_NONE || part->type == ATTESTATION_SELF) {
                *ret = part->type == ATTESTATION_SELF ? MITOME_TRUST_SELF : MITOME_TRUST_NONE;
                return ok();
        }
        if (part->type == ATTESTATION_JPKI)
                return assess_person(c, part->chain.certificates[0], ret);
        if (c->trust)
                MITOME_TRY(trust_verify_attestation(
                        c->trust, part->chain.certificates, part->chain.count, c->now, &anchored, c->error));
        *ret = anchored ? MITOME_TRUST_VERIFIED : MITOME_TRUST_UNVERIFIED;
        return ok();
}

/* #23: the anchors are those of the snapshot. #24: assess the trustworthiness. */
static mitome_status assess_trust(struct ceremony *c, const struct attestation_result *attestation)
{
        enum mitome_trust_result least = MITOME_TRUST_VERIFIED, found = MITOME_TRUST_NONE;
        const char *field = "fmt";
        for (size_t i = 0; i < attestation->count; i++) {
                MITOME_TRY(assess_part(c, &attestation->parts[i], &found));
                least = found < least ? found : least;
                if (attestation->parts[i].chain.count)
                        field = "attStmt.x5c";
        }
        c->verdict->trust = attestation->count ? least : MITOME_TRUST_NONE;
        if (c->policy->require_trust && c->verdict->trust != MITOME_TRUST_VERIFIED)
                return fail(c->error, MITOME_E_ATTESTATION_UNTRUSTED, field, STEP("24"));
        return ok();
}

/* Steps 21 to 24. */
static mitome_status check_attestation(struct ceremony *c, const struct attestation_object *object)
{
        const struct attestation_format *format;
        struct attestation_result result = { 0 };
        const struct attestation_input input = {
                .statement = object->statement,
                .auth_data = object->auth_data,
                .data = &c->data,
                .client_data_hash = SLICE(c->verdict->client_data_hash),
                .verifier = c->verifier,
        };

        /* #21: find the format by a case-sensitive match. */
        MITOME_TRY(
                attestation_format_find(object->format, STEP("21"), &c->verdict->format, &format, c->error));

        /* #22: attStmt is a correct statement, by the format's own procedure. */
        MITOME_TRY(format->verify(&input, &result, c->error));

        return assess_trust(c, &result);
}

static mitome_status run(struct ceremony *c, slice response_json)
{
        struct attestation_object object;
        MITOME_TRY(ceremony_check_expectation(c));
        MITOME_TRY(check_client_data(c, response_json));
        MITOME_TRY(check_auth_data(c, &object));
        return check_attestation(c, &object);

        /* #25: the credential ID has at most 1023 bytes: authdata_read has seen to it.
         * #26 (no user has this ID yet), #27 and #29 (keep the record) are for who keeps records.
         * #28: extension outputs that were not asked for are ignored. */
}

mitome_status mitome_verify_registration(struct mitome_context *context, const struct mitome_policy *policy,
        const struct mitome_expectation *expectation, mitome_slice response_json,
        const struct mitome_trust *trust, int64_t now, uint8_t *buffer, size_t capacity,
        struct mitome_verdict *ret, mitome_error *error)
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
        return run(&c, response_json);
}
