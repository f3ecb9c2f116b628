/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_evidence.h"

#include "leaf_certificate.h"
#include "raw_signature.h"

static const char clause[] = "EVIDENCE.md 4";

static mitome_status verify_signature(const struct evidence *evidence, const X509 *leaf,
        struct cose_verifier *verifier, mitome_error *error)
{
        static const char field[] = "x5chain[0] public key";
        uint8_t to_sign[EVIDENCE_PAYLOAD_MAX + 128], der[RAW_SIGNATURE_DER_MAX];
        writer w = WRITER(to_sign), signature = WRITER(der);
        struct cose_key key;
        slice part;
        MITOME_TRY(leaf_read_key(verifier, leaf, COSE_ES256, field, clause, &key, error));
        cose_sign1_write_to_sign(&w, &evidence_kinds[evidence->kind], (slice){ 0 }, evidence->sign1.payload);
        MITOME_TRY(writer_finish(&w, "payload", &part, error));
        raw_signature_write_der(&signature, evidence->sign1.signature);
        return cose_verify(verifier, &key, &part, 1, writer_view(&signature), "signature", clause, error);
}

static mitome_status verify_device(const struct evidence *evidence, const struct mitome_trust *trust,
        int64_t now, struct cose_verifier *verifier, mitome_error *error)
{
        const struct attestation_input input = { .verifier = verifier };
        X509 *leaf;
        bool anchored;
        MITOME_TRY(leaf_read(&input, evidence->sign1.chain[0], "x5chain[0]", clause, &leaf, error));
        mitome_status status = leaf_check_not_ca(leaf, clause, error);
        if (!failed(status))
                status = verify_signature(evidence, leaf, verifier, error);
        X509_free(leaf);
        MITOME_TRY(status);
        MITOME_TRY(trust_verify_attestation(
                trust, evidence->sign1.chain, evidence->sign1.chain_count, now, &anchored, error));
        return anchored ? ok() : fail(error, MITOME_E_CERTIFICATE_ISSUER, "x5chain[0]", clause);
}

static mitome_status check_expected(
        const struct evidence *evidence, const struct evidence_expected *expected, mitome_error *error)
{
        bool asked = expected->nonce.size || expected->kind == EVIDENCE_STATEMENT;
        if (evidence->kind != expected->kind)
                return fail(error, MITOME_E_EVIDENCE_KIND, "protected", clause);
        if (asked && !slice_equal(evidence->nonce, expected->nonce))
                return fail(error, MITOME_E_EVIDENCE_NONCE, "payload.nonce", clause);
        if (expected->identity.size && !slice_equal(evidence->identity, expected->identity))
                return fail(error, MITOME_E_EVIDENCE_IDENTITY, "payload.identity", clause);
        return ok();
}

mitome_status evidence_verify(slice cose, const struct evidence_expected *expected,
        const struct mitome_trust *trust, int64_t now, struct cose_verifier *verifier, struct evidence *ret,
        mitome_error *error)
{
        struct evidence evidence;
        MITOME_TRY(evidence_read(cose, &evidence, error));
        MITOME_TRY(check_expected(&evidence, expected, error));
        MITOME_TRY(verify_device(&evidence, trust, now, verifier, error));
        *ret = evidence;
        return ok();
}

mitome_status evidence_device_key(
        const struct evidence *evidence, uint8_t ret[SHA256_SIZE], mitome_error *error)
{
        const unsigned char *at = evidence->sign1.chain[0].data;
        unsigned char *der = NULL;
        X509 *x509 = d2i_X509(NULL, &at, (long)evidence->sign1.chain[0].size);
        int size = x509 ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der) : -1;
        if (size > 0) {
                const slice key = slice_of(der, (size_t)size);
                sha256(&key, 1, ret);
        }
        OPENSSL_free(der);
        X509_free(x509);
        return size > 0 ? ok() : fail(error, MITOME_E_DER, "x5chain[0]", clause);
}
