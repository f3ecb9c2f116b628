/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"
#include "leaf_certificate.h"
#include "signed_statement.h"

#include <mitome/rp.h>

static const char clause[] = "WebAuthn L3 8.6";

static bool is_zero(slice bytes)
{
        bool zero = true;
        for (size_t i = 0; i < bytes.size; i++)
                zero = zero && bytes.data[i] == 0;
        return zero;
}

/* "Convert the COSE_KEY formatted credentialPublicKey to Raw ANSI X9.62 public key format": its x and y, of
 * 32 bytes each, behind 04. "If size differs or "-2" key is not found, terminate this algorithm and return an
 * appropriate error." */
static mitome_status raw_key(const struct cose_key *key, writer *w, mitome_error *error)
{
        enum cose_form form;
        if (!cose_algorithm_form(key->algorithm, &form) || form != COSE_FORM_P256)
                return fail(error, MITOME_E_KEY_TYPE, "credentialPublicKey", clause);
        write_u8(w, 0x04);
        write_slice(w, key->x);
        write_slice(w, key->y);
        return ok();
}

static mitome_status verify_leaf(const struct attestation_input *input,
        const struct signed_statement *statement, const X509 *leaf, mitome_error *error)
{
        const struct authdata *data = input->data;
        uint8_t before[1 + SHA256_SIZE], raw[1 + 2 * 32];
        writer start = WRITER(before), public_key = WRITER(raw);
        struct cose_key key;
        /* "If certificate public key is not an Elliptic Curve (EC) public key over the P-256 curve, terminate
         * this algorithm and return an appropriate error." */
        MITOME_TRY(leaf_read_key(
                input->verifier, leaf, COSE_ES256, "attStmt.x5c[0] public key", clause, &key, error));
        MITOME_TRY(raw_key(&data->public_key, &public_key, error));
        /* "Let verificationData be the concatenation of (0x00 || rpIdHash || clientDataHash || credentialId
         * || publicKeyU2F)" */
        write_u8(&start, 0x00);
        write_slice(&start, data->rp_id_hash);
        const slice parts[] = { writer_view(&start), input->client_data_hash, data->credential_id,
                writer_view(&public_key) };
        /* "Verify the sig using verificationData and the certificate public key per section 4.1.4 of [SEC1]
         * with SHA-256 as the hash function used in step two." */
        return cose_verify(input->verifier, &key, parts, sizeof parts / sizeof parts[0], statement->signature,
                "attStmt.sig", clause, error);
}

static mitome_status fido_u2f_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct signed_statement statement;
        X509 *leaf;
        r.bytes.clause = clause;
        /* "Verify that attStmt is valid CBOR conforming to the syntax defined above" */
        MITOME_TRY(signed_statement_read(&r, STATEMENT_SIG | STATEMENT_X5C, 0, &statement));
        /* "Check that x5c has exactly one element and let attCert be that element." */
        if (statement.chain.count != 1)
                return fail(error, MITOME_E_CHAIN_NOT_ONE, "attStmt.x5c", clause);
        /* U2F knows no AAGUID. FIDO's server tests want zeros; 8.6 does not ask, and the Recommendation's own
         * test vector has another. */
        if ((input->switches & MITOME_SWITCH_U2F_ZERO_AAGUID) && !is_zero(input->data->aaguid))
                return fail(error, MITOME_E_U2F_AAGUID, "aaguid", clause);
        MITOME_TRY(leaf_read(input, statement.chain.certificates[0], "attStmt.x5c[0]", clause, &leaf, error));
        mitome_status status = verify_leaf(input, &statement, leaf, error);
        X509_free(leaf);
        MITOME_TRY(status);
        const struct attestation_part part = {
                .format = "fido-u2f",
                .type = ATTESTATION_X5C,
                .algorithm = COSE_ES256,
                .chain = statement.chain,
        };
        return attestation_add(result, &part, error);
}

const struct attestation_format attestation_fido_u2f = {
        .name = "fido-u2f", .clause = clause, .verify = fido_u2f_verify
};
