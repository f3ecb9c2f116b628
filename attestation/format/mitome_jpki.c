/* SPDX-License-Identifier: Apache-2.0 */
/* This project's own format; MITOME-JPKI.md beside this file is its definition. */
#include "leaf_certificate.h"
#include "signed_statement.h"

static const char clause[] = "mitome-jpki 3";

enum { MODULUS_SIZE = 256, MEMBERS = STATEMENT_ALG | STATEMENT_SIG | STATEMENT_X5C | STATEMENT_DEVICE };

/* Steps 2 to 4: the person. */
static mitome_status verify_person(const struct attestation_input *input,
        const struct signed_statement *statement, const X509 *leaf, mitome_error *error)
{
        static const char field[] = "attStmt.x5c[0] public key";
        struct cose_key key;
        /* "3. Verify that the public key in certificate is an RSA key with a modulus of 2048 bits." */
        MITOME_TRY(leaf_read_key(input->verifier, leaf, COSE_RS256, field, clause, &key, error));
        if (key.n.size != MODULUS_SIZE)
                return fail(error, MITOME_E_KEY_TYPE, field, clause);
        /* "4. Verify that sig is a valid signature over the concatenation of authenticatorData and
         * clientDataHash using the public key in certificate." */
        return signed_statement_verify(statement, input, &key, clause, error);
}

/* Step 5: the device. */
static mitome_status verify_device(const struct attestation_input *input, struct cbor_reader statement,
        struct attestation_result *found, mitome_error *error)
{
        struct attestation_input device = *input;
        device.statement = statement;
        /* "5. Evaluate the verification procedure of the packed format with device, authenticatorData and
         * clientDataHash." */
        MITOME_TRY(attestation_packed.verify(&device, found, error));
        /* "Verify that device carries x5c: self attestation says nothing of a device." */
        if (found->parts[found->count - 1].type != ATTESTATION_X5C)
                return fail(error, MITOME_E_DEVICE_SELF, "attStmt.device", clause);
        return ok();
}

static mitome_status mitome_jpki_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct attestation_result found = *result;
        struct signed_statement statement;
        X509 *leaf;
        r.bytes.clause = clause;
        /* "1. Verify that attStmt is valid CBOR conforming to the syntax." */
        MITOME_TRY(signed_statement_read(&r, MEMBERS, 0, &statement));
        /* "2. Verify that alg is -257." */
        if (statement.algorithm != COSE_RS256)
                return fail(error, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", clause);
        MITOME_TRY(leaf_read(input, statement.chain.certificates[0], "attStmt.x5c[0]", clause, &leaf, error));
        mitome_status status = verify_person(input, &statement, leaf, error);
        X509_free(leaf);
        MITOME_TRY(status);
        /* "6. Verify that no other statement of this format stands beside it": one credential, one person. */
        for (size_t i = 0; i < found.count; i++)
                if (found.parts[i].type == ATTESTATION_JPKI)
                        return fail(error, MITOME_E_SECOND_PERSON, "attStmt", clause);
        const struct attestation_part person = {
                .format = "mitome-jpki",
                .type = ATTESTATION_JPKI,
                .algorithm = statement.algorithm,
                .chain = statement.chain,
        };
        MITOME_TRY(attestation_add(&found, &person, error));
        MITOME_TRY(verify_device(input, statement.device, &found, error));
        *result = found;
        return ok();
}

const struct attestation_format attestation_mitome_jpki = {
        .name = "mitome-jpki",
        .clause = clause,
        .verify = mitome_jpki_verify,
};
