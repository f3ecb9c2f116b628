/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"
#include "digest.h"
#include "leaf_certificate.h"
#include "signed_statement.h"

static const char clause[] = "WebAuthn L3 8.8";

/* The extension's content: SEQUENCE { [1] EXPLICIT OCTET STRING }. */
static bool read_nonce(slice extension, slice *ret)
{
        slice sequence, explicit;
        reader r = reader_over(extension, NULL, NULL);
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &sequence, NULL)) || r.rest.size)
                return false;
        reader in_sequence = reader_within(&r, sequence);
        if (failed(der_read(&in_sequence, NULL, DER_CONTEXT_1, &explicit, NULL)) || in_sequence.rest.size)
                return false;
        reader in_explicit = reader_within(&in_sequence, explicit);
        return !failed(der_read(&in_explicit, NULL, DER_OCTET_STRING, ret, NULL)) && !in_explicit.rest.size;
}

static mitome_status verify_leaf(const struct attestation_input *input, const X509 *leaf, mitome_error *error)
{
        static const char field[] = "attStmt.x5c[0] nonce";
        const slice nonce_to_hash[] = { input->auth_data, input->client_data_hash };
        uint8_t nonce[SHA256_SIZE];
        struct leaf_extension extension;
        slice found;
        /* "Concatenate authenticatorData and clientDataHash to form nonceToHash. Perform SHA-256 hash of
         * nonceToHash to produce nonce." */
        sha256(nonce_to_hash, 2, nonce);
        /* "Verify that nonce equals the value of the extension with OID 1.2.840.113635.100.8.2 in credCert."
         */
        MITOME_TRY(leaf_find_extension(leaf, "1.2.840.113635.100.8.2", field, clause, &extension, error));
        if (!extension.present)
                return fail(error, MITOME_E_LEAF_EXTENSION_MISSING, field, clause);
        if (!read_nonce(extension.value, &found))
                return fail(error, MITOME_E_DER, field, clause);
        if (!slice_equal(found, SLICE(nonce)))
                return fail(error, MITOME_E_NONCE_MISMATCH, field, clause);
        /* "Verify that the credential public key equals the Subject Public Key of credCert." */
        return leaf_check_key(leaf, &input->data->public_key, "attStmt.x5c[0] public key", clause, error);
}

static mitome_status apple_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct signed_statement statement;
        X509 *leaf;
        r.bytes.clause = clause;
        /* "Verify that attStmt is valid CBOR conforming to the syntax defined above": x5c alone. The drafts
         * had an alg beside it, and phones of that time still send it: it signs nothing here, but it must be
         * true. */
        MITOME_TRY(signed_statement_read(&r, STATEMENT_X5C, STATEMENT_ALG, &statement));
        if ((statement.members & STATEMENT_ALG) && statement.algorithm != input->data->public_key.algorithm)
                return fail(error, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", clause);
        MITOME_TRY(leaf_read(input, statement.chain.certificates[0], "attStmt.x5c[0]", clause, &leaf, error));
        mitome_status status = verify_leaf(input, leaf, error);
        X509_free(leaf);
        MITOME_TRY(status);
        const struct attestation_part part = {
                .format = "apple",
                .type = ATTESTATION_X5C,
                .chain = statement.chain,
        };
        return attestation_add(result, &part, error);
}

const struct attestation_format attestation_apple = {
        .name = "apple", .clause = clause, .verify = apple_verify
};
