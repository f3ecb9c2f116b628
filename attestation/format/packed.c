/* SPDX-License-Identifier: Apache-2.0 */
#include "attestation_format.h"
#include "leaf_certificate.h"

static const char clause[] = "WebAuthn L3 8.2";

enum { SIGNATURE_MAX = 1024 };

struct statement {
        int64_t algorithm;
        slice signature;
        struct attestation_chain chain; /* count 0: no x5c */
};

static mitome_status read_member(
        struct cbor_reader *r, const struct cbor_key *key, struct statement *statement)
{
        if (key->is_text && slice_is(key->text, "alg"))
                return cbor_read_int(r, "attStmt.alg", &statement->algorithm);
        if (key->is_text && slice_is(key->text, "sig"))
                return cbor_read_bytes(r, "attStmt.sig", SIGNATURE_MAX, &statement->signature);
        if (key->is_text && slice_is(key->text, "x5c"))
                return attestation_read_chain(r, "attStmt.x5c", &statement->chain);
        return reader_fail(&r->bytes, MITOME_E_VALUE, "attStmt");
}

/* "Verify that attStmt is valid CBOR conforming to the syntax": alg and sig, perhaps x5c, nothing else. */
static mitome_status read_statement(struct cbor_reader *r, struct statement *ret)
{
        struct statement statement = { 0 }; /* 0 is no algorithm */
        struct cbor_members map;
        struct cbor_key key;
        MITOME_TRY(cbor_open_map(r, "attStmt", CBOR_MEMBERS, &map));
        for (bool more;;) {
                MITOME_TRY(cbor_next_key(r, &map, &key, &more));
                if (!more)
                        break;
                MITOME_TRY(read_member(r, &key, &statement));
        }
        MITOME_TRY(cbor_end(r, "attStmt"));
        if (!statement.algorithm)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "attStmt.alg");
        if (!statement.signature.data)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "attStmt.sig");
        *ret = statement;
        return ok();
}

static mitome_status check_signature(const struct attestation_input *input, const struct statement *statement,
        const struct cose_key *key, mitome_error *error)
{
        const slice parts[] = { input->auth_data, input->client_data_hash };
        return cose_verify(
                input->verifier, key, parts, 2, statement->signature, "attStmt.sig", clause, error);
}

/* "If x5c is not present, self attestation is in use." */
static mitome_status verify_self(
        const struct attestation_input *input, const struct statement *statement, mitome_error *error)
{
        /* "Validate that alg matches the algorithm of the credentialPublicKey" */
        if (statement->algorithm != input->data->public_key.algorithm)
                return fail(error, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", clause);
        /* "Verify that sig is a valid signature ... using the credential public key with alg." */
        return check_signature(input, statement, &input->data->public_key, error);
}

static mitome_status verify_leaf(const struct attestation_input *input, const struct statement *statement,
        const X509 *leaf, mitome_error *error)
{
        /* "Verify that sig is a valid signature ... using the attestation public key in attestnCert with the
         * algorithm specified in alg." */
        struct cose_key key;
        MITOME_TRY(leaf_read_key(input->verifier, leaf, statement->algorithm, "attStmt.x5c[0] public key",
                clause, &key, error));
        MITOME_TRY(check_signature(input, statement, &key, error));
        /* "Verify that attestnCert meets the requirements"; the AAGUID extension matches, if there is one */
        return leaf_check_packed(leaf, input->data->aaguid, error);
}

/* "If x5c is present" */
static mitome_status verify_x5c(
        const struct attestation_input *input, const struct statement *statement, mitome_error *error)
{
        if (!cose_algorithm_name(statement->algorithm) || cose_algorithm_is_broken(statement->algorithm))
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", clause);
        X509 *leaf;
        MITOME_TRY(
                leaf_read(input, statement->chain.certificates[0], "attStmt.x5c[0]", clause, &leaf, error));
        mitome_status status = verify_leaf(input, statement, leaf, error);
        X509_free(leaf);
        return status;
}

static mitome_status packed_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct statement statement = { 0 };
        r.bytes.clause = clause;
        MITOME_TRY(read_statement(&r, &statement));
        MITOME_TRY(statement.chain.count ? verify_x5c(input, &statement, error)
                                         : verify_self(input, &statement, error));
        const struct attestation_part part = {
                .format = "packed",
                .type = statement.chain.count ? ATTESTATION_X5C : ATTESTATION_SELF,
                .algorithm = statement.algorithm,
                .chain = statement.chain,
        };
        return attestation_add(result, &part, error);
}

const struct attestation_format attestation_packed = {
        .name = "packed", .clause = clause, .verify = packed_verify
};
