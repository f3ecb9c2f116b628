/* SPDX-License-Identifier: Apache-2.0 */
#include "aik_certificate.h"
#include "leaf_certificate.h"
#include "signed_statement.h"
#include "tpm_structures.h"

static const char clause[] = "WebAuthn L3 8.3";

enum {
        MEMBERS = STATEMENT_ALG | STATEMENT_SIG | STATEMENT_VER | STATEMENT_X5C | STATEMENT_PUB_AREA |
                  STATEMENT_CERT_INFO,
};

/* ---- pubArea ---- */

static slice without_leading_zeros(slice number)
{
        reader r = reader_over(number, NULL, NULL);
        uint8_t zero;
        while (r.rest.size && r.rest.data[0] == 0 && !failed(read_u8(&r, NULL, &zero)))
                ;
        return read_rest(&r);
}

static bool is_number(slice a, slice b)
{
        return slice_equal(without_leading_zeros(a), without_leading_zeros(b));
}

static bool is_rsa_key(const struct tpm_public *public, const struct cose_key *key)
{
        uint8_t buffer[4];
        writer exponent = WRITER(buffer);
        write_u32(&exponent, public->exponent);
        return is_number(public->modulus, key->n) && is_number(writer_view(&exponent), key->e);
}

/* The keys of both worlds. */
static const struct {
        enum cose_form form;
        uint16_t type, curve;
} key_types[] = {
        { COSE_FORM_RSA, TPM_ALG_RSA, 0 },
        { COSE_FORM_P256, TPM_ALG_ECC, TPM_ECC_NIST_P256 },
        { COSE_FORM_P384, TPM_ALG_ECC, TPM_ECC_NIST_P384 },
        { COSE_FORM_P521, TPM_ALG_ECC, TPM_ECC_NIST_P521 },
};

static bool is_credential_key(const struct tpm_public *public, const struct cose_key *key)
{
        enum cose_form form;
        if (!cose_algorithm_form(key->algorithm, &form))
                return false;
        for (size_t i = 0; i < sizeof key_types / sizeof key_types[0]; i++)
                if (key_types[i].form == form && key_types[i].type == public->type &&
                        key_types[i].curve == public->curve)
                        return form == COSE_FORM_RSA
                                       ? is_rsa_key(public, key)
                                       : is_number(public->x, key->x) && is_number(public->y, key->y);
        return false;
}

/* ---- certInfo ---- */

/* "extraData is set to the hash of attToBeSigned using the hash algorithm employed in "alg"" */
static mitome_status check_extra_data(const struct attestation_input *input, int64_t algorithm,
        const struct tpm_attest *attest, mitome_error *error)
{
        const slice to_be_signed[] = { input->auth_data, input->client_data_hash };
        uint8_t digest[COSE_HASH_MAX];
        size_t size = cose_hash(input->verifier, algorithm, to_be_signed, 2, digest);
        if (!size)
                return fail(error, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", clause);
        if (!slice_equal(attest->extra_data, slice_of(digest, size)))
                return fail(error, MITOME_E_NONCE_MISMATCH, "certInfo.extraData", clause);
        return ok();
}

/* A COSE algorithm that hashes as nameAlg does. */
static int64_t hashing_like(uint16_t name_algorithm)
{
        static const struct {
                uint16_t name_algorithm;
                int64_t algorithm;
        } hashes[] = {
                { TPM_ALG_SHA1, COSE_RS1 },
                { TPM_ALG_SHA256, COSE_RS256 },
                { TPM_ALG_SHA384, COSE_RS384 },
                { TPM_ALG_SHA512, COSE_RS512 },
        };
        for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
                if (hashes[i].name_algorithm == name_algorithm)
                        return hashes[i].algorithm;
        return 0;
}

/* "whose name field contains a valid Name for pubArea, as computed using the procedure specified in
 * [TPMv2-Part1] section 16 using the nameAlg in the pubArea": nameAlg || H(pubArea). */
static mitome_status check_name(const struct attestation_input *input, const struct tpm_public *public,
        const struct tpm_attest *attest, mitome_error *error)
{
        uint8_t digest[COSE_HASH_MAX], buffer[2 + COSE_HASH_MAX];
        size_t size =
                cose_hash(input->verifier, hashing_like(public->name_algorithm), &public->whole, 1, digest);
        writer name = WRITER(buffer);
        write_u16(&name, public->name_algorithm);
        write_slice(&name, slice_of(digest, size));
        if (!size)
                return fail(error, MITOME_E_CRYPTO_FAILED, "pubArea.nameAlg", clause);
        if (!slice_equal(attest->name, writer_view(&name)))
                return fail(error, MITOME_E_TPM_NAME, "certInfo.attested.name", clause);
        return ok();
}

/* ---- the statement ---- */

static mitome_status verify_aik(const struct attestation_input *input,
        const struct signed_statement *statement, const X509 *aik, mitome_error *error)
{
        struct cose_key key;
        /* "Verify the sig is a valid signature over certInfo using the attestation public key in aikCert with
         * the algorithm specified in alg." */
        MITOME_TRY(leaf_read_key(input->verifier, aik, statement->algorithm, "attStmt.x5c[0] public key",
                clause, &key, error));
        MITOME_TRY(cose_verify(input->verifier, &key, &statement->cert_info.rest, 1, statement->signature,
                "attStmt.sig", clause, error));
        /* "Verify that aikCert meets the requirements in 8.3.1" */
        MITOME_TRY(aik_certificate_check(aik, input->switches, error));
        /* "If aikCert contains an extension with OID 1.3.6.1.4.1.45724.1.1.4 (id-fido-gen-ce-aaguid) verify
         * that the value of this extension matches the aaguid in authenticatorData." */
        return leaf_check_aaguid(aik, input->data->aaguid, clause, error);
}

/* What the TPM says: the steps before the certificate's. */
static mitome_status check_structures(
        const struct attestation_input *input, const struct signed_statement *statement, mitome_error *error)
{
        reader pub_area = statement->pub_area, cert_info = statement->cert_info;
        struct tpm_public public;
        struct tpm_attest attest;
        /* "Verify that the public key specified by the parameters and unique fields of pubArea is identical
         * to the credentialPublicKey in the attestedCredentialData in authenticatorData." */
        MITOME_TRY(tpm_public_read(&pub_area, &public));
        if (!is_credential_key(&public, &input->data->public_key))
                return fail(error, MITOME_E_KEY_MISMATCH, "attStmt.pubArea", clause);
        /* "Validate that certInfo is valid": magic and type are tpm_attest_read's to check. */
        MITOME_TRY(tpm_attest_read(&cert_info, &attest));
        MITOME_TRY(check_extra_data(input, statement->algorithm, &attest, error));
        return check_name(input, &public, &attest, error);
}

static mitome_status tpm_verify(
        const struct attestation_input *input, struct attestation_result *result, mitome_error *error)
{
        struct cbor_reader r = input->statement;
        struct signed_statement statement;
        X509 *aik;
        r.bytes.clause = clause;
        /* "Verify that attStmt is valid CBOR conforming to the syntax defined above" */
        MITOME_TRY(signed_statement_read(&r, MEMBERS, 0, &statement));
        MITOME_TRY(check_structures(input, &statement, error));
        MITOME_TRY(leaf_read(input, statement.chain.certificates[0], "attStmt.x5c[0]", clause, &aik, error));
        mitome_status status = verify_aik(input, &statement, aik, error);
        X509_free(aik);
        MITOME_TRY(status);
        const struct attestation_part part = {
                .format = "tpm",
                .type = ATTESTATION_X5C,
                .algorithm = statement.algorithm,
                .chain = statement.chain,
        };
        return attestation_add(result, &part, error);
}

const struct attestation_format attestation_tpm = { .name = "tpm", .clause = clause, .verify = tpm_verify };
