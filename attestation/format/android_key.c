/* SPDX-License-Identifier: Apache-2.0 */
#include "key_description.h"
#include "leaf_certificate.h"
#include "signed_statement.h"

#include <mitome/rp.h>

static const char clause[] = "WebAuthn L3 8.4";

#define KEY_SIGNS (UINT32_C(1) << KEY_PURPOSE_SIGN)
#define KEY_VERIFIES (UINT32_C(1) << KEY_PURPOSE_VERIFY)

/* Where the key came from and what it does, by one list or by both. */
static mitome_status check_use(bool has_origin, uint32_t purposes, mitome_error *error)
{
        if (!has_origin)
                return fail(error, MITOME_E_KEY_ORIGIN, "AuthorizationList.origin", clause);
        /* "The value in the AuthorizationList.purpose field is equal to KM_PURPOSE_SIGN." To verify beside it
         * is what anybody can do with the public key. */
        if ((purposes & ~KEY_VERIFIES) != KEY_SIGNS)
                return fail(error, MITOME_E_KEY_PURPOSE, "AuthorizationList.purpose", clause);
        return ok();
}

/* "For the following, use only the teeEnforced authorization list if the RP wants to accept only keys from a
 * trusted execution environment, otherwise use the union of teeEnforced and softwareEnforced." A value counts
 * wherever it stands, and one wrong value spoils it; with the switch it must stand in teeEnforced.
 *
 * A certificate whose two lists are empty says neither where the key came from nor what it does; the
 * Recommendation's own test vector (16.1.14) is one, so it is let through. A list that says anything must say
 * these two. */
static mitome_status check_authorizations(
        const struct key_description *key, unsigned switches, mitome_error *error)
{
        const struct key_authorizations *lists[] = { &key->software, &key->hardware };
        uint32_t purposes = 0;
        bool has_origin = false;
        for (size_t i = 0; i < 2; i++) {
                /* "The AuthorizationList.allApplications field is not present on either authorization list"
                 */
                if (lists[i]->all_applications)
                        return fail(error, MITOME_E_KEY_ALL_APPLICATIONS, "AuthorizationList.allApplications",
                                clause);
                /* "The value in the AuthorizationList.origin field is equal to KM_ORIGIN_GENERATED." */
                if (lists[i]->has_origin && lists[i]->origin != KEY_ORIGIN_GENERATED)
                        return fail(error, MITOME_E_KEY_ORIGIN, "AuthorizationList.origin", clause);
                has_origin = has_origin || lists[i]->has_origin;
                purposes |= lists[i]->purposes;
        }
        if (switches & MITOME_SWITCH_ANDROID_TEE)
                MITOME_TRY(check_use(key->hardware.has_origin, key->hardware.purposes, error));
        else if (key->software.empty && key->hardware.empty)
                return ok();
        return check_use(has_origin, purposes, error);
}

static mitome_status check_description(
        const struct attestation_input *input, const X509 *leaf, mitome_error *error)
{
        static const char field[] = "attStmt.x5c[0] KeyDescription";
        struct leaf_extension extension;
        struct key_description key;
        mitome_error cause = { 0 };
        /* "8.4.1: ... extension data ... OID 1.3.6.1.4.1.11129.2.1.17" */
        MITOME_TRY(leaf_find_extension(leaf, key_description_oid, field, clause, &extension, error));
        if (!extension.present)
                return fail(error, MITOME_E_LEAF_EXTENSION_MISSING, field, clause);
        /* An offset within the extension would be taken for one in the attestation object. */
        if (failed(key_description_read(extension.value, &key, &cause)))
                return fail(error, cause.code, cause.field, cause.clause);
        /* "Verify that the attestationChallenge field in the attestation certificate extension data is
         * identical to clientDataHash." */
        if (!slice_equal(key.challenge, input->client_data_hash))
                return fail(error, MITOME_E_KEY_CHALLENGE, "attestationChallenge", clause);
        /* "Verify the following using the appropriate authorization list" */
        return check_authorizations(&key, input->switches, error);
}

static mitome_status verify_leaf(const struct attestation_input *input,
        const struct signed_statement *statement, const X509 *leaf, mitome_error *error)
{
        static const char field[] = "attStmt.x5c[0] public key";
        struct cose_key key;
        /* "Verify that sig is a valid signature over the concatenation of authenticatorData and
         * clientDataHash using the public key in the first certificate in x5c with the algorithm specified in
         * alg." */
        MITOME_TRY(leaf_read_key(input->verifier, leaf, statement->algorithm, field, clause, &key, error));
        MITOME_TRY(signed_statement_verify(statement, input, &key, clause, error));
        /* "Verify that the public key in the first certificate in x5c matches the credentialPublicKey in the
         * attestedCredentialData in authenticatorData." */
        MITOME_TRY(leaf_check_key(leaf, &input->data->public_key, field, clause, error));
        return check_description(input, leaf, error);
}

static mitome_status android_key_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct signed_statement statement;
        X509 *leaf;
        r.bytes.clause = clause;
        /* "Verify that attStmt is valid CBOR conforming to the syntax defined above" */
        MITOME_TRY(signed_statement_read(&r, STATEMENT_ALG | STATEMENT_SIG | STATEMENT_X5C, 0, &statement));
        /* SHA-1 is for old TPMs: no keystore signs with it. */
        if (cose_algorithm_is_broken(statement.algorithm))
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", clause);
        MITOME_TRY(leaf_read(input, statement.chain.certificates[0], "attStmt.x5c[0]", clause, &leaf, error));
        mitome_status status = verify_leaf(input, &statement, leaf, error);
        X509_free(leaf);
        MITOME_TRY(status);
        const struct attestation_part part = {
                .format = "android-key",
                .type = ATTESTATION_X5C,
                .algorithm = statement.algorithm,
                .chain = statement.chain,
        };
        return attestation_add(result, &part, error);
}

const struct attestation_format attestation_android_key = {
        .name = "android-key",
        .clause = clause,
        .verify = android_key_verify,
};
