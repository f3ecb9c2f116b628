/* SPDX-License-Identifier: Apache-2.0 */
#include "document_proof.h"

#include "trust.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <time.h>

static const char clause[] = "JPKI signing certificate profile";

/* 署名用電子証明書, and of its other names those of the person's name and day of birth. */
static const char policy_oid[] = "1.2.392.200149.8.5.1.1.20";
static const char name_oid[] = "1.2.392.200149.8.5.5.1";
static const char birth_oid[] = "1.2.392.200149.8.5.5.4";

enum { KEY_BITS = 2048, SIGNATURE_SIZE = 256, NAME_DER_MAX = 1024 };

static mitome_status no_proof(mitome_error *error, const char *field)
{
        return fail(error, MITOME_E_DOCUMENT_PROOF, field, "RFC 5652");
}

static X509 *parse(slice der)
{
        const unsigned char *at = der.data;
        X509 *certificate =
                der.size && der.size <= DOCUMENT_PROOF_MAX ? d2i_X509(NULL, &at, (long)der.size) : NULL;
        if (certificate && at != der.data + der.size) {
                X509_free(certificate);
                return NULL;
        }
        return certificate;
}

/* ---- profile ---- */

static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
        char text[64];
        const int size = OBJ_obj2txt(text, sizeof text, object, 1);
        return size > 0 && (size_t)size < sizeof text && slice_is(slice_text(text), oid);
}

static bool has_policy(const X509 *certificate)
{
        CERTIFICATEPOLICIES *policies = X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);
        bool found = false;
        for (int i = 0; policies && i < sk_POLICYINFO_num(policies); i++)
                found = found || is_oid(sk_POLICYINFO_value(policies, i)->policyid, policy_oid);
        CERTIFICATEPOLICIES_free(policies);
        return found;
}

/* A certificate for user verification must sign no document, and X509_get_key_usage says "all" of one
 * without the extension. */
static mitome_status check_profile(X509 *certificate, mitome_error *error)
{
        const uint32_t flags = X509_get_extension_flags(certificate), usage = X509_get_key_usage(certificate);
        const EVP_PKEY *key = X509_get0_pubkey(certificate);
        const struct {
                bool holds;
                const char *field;
        } rules[] = {
                { X509_get_version(certificate) == X509_VERSION_3, "version" },
                { X509_get_signature_nid(certificate) == NID_sha256WithRSAEncryption, "signatureAlgorithm" },
                { key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) == KEY_BITS,
                        "subjectPublicKeyInfo" },
                { !(flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)), "extensions" },
                { !(flags & EXFLAG_CA), "basicConstraints" },
                { flags & EXFLAG_KUSAGE && usage & KU_NON_REPUDIATION, "keyUsage" },
                { has_policy(certificate), "certificatePolicies" },
        };
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                if (!rules[i].holds)
                        return fail(error, MITOME_E_DOCUMENT_CERTIFICATE, rules[i].field, clause);
        return ok();
}

/* ---- path and status ---- */

static mitome_status check_time(const X509 *certificate, int64_t now, const char *field, mitome_error *error)
{
        time_t at = (time_t)now;
        const int begins = X509_cmp_time(X509_get0_notBefore(certificate), &at);
        const int ends = X509_cmp_time(X509_get0_notAfter(certificate), &at);
        if (begins == 0 || ends == 0)
                return fail(error, MITOME_E_DER, field, "RFC 5280 4.1.2.5");
        if (begins > 0)
                return fail(error, MITOME_E_CERTIFICATE_NOT_YET_VALID, field, "RFC 5280 6.1.3");
        return ends < 0 ? fail(error, MITOME_E_CERTIFICATE_EXPIRED, field, "RFC 5280 6.1.3") : ok();
}

static bool issued(slice anchor_der, X509 *certificate, int64_t now)
{
        X509 *anchor = parse(anchor_der);
        const bool is = anchor && X509_check_issued(anchor, certificate) == X509_V_OK &&
                        X509_verify(certificate, X509_get0_pubkey(anchor)) == 1 &&
                        !failed(check_time(anchor, now, "issuer", NULL));
        X509_free(anchor);
        return is;
}

static mitome_status check_issuer(
        const struct portal_snapshot *snapshot, X509 *certificate, int64_t now, mitome_error *error)
{
        for (size_t i = 0; i < snapshot->signing_count; i++)
                if (issued(snapshot->signing_anchors[i], certificate, now))
                        return ok();
        return fail(error, MITOME_E_CERTIFICATE_ISSUER, "certificate", "RFC 5280 6.1.3");
}

static mitome_status check_status(const struct portal_snapshot *snapshot, const X509 *certificate,
        slice serial, int64_t now, mitome_error *error)
{
        uint8_t issuer[NAME_DER_MAX];
        unsigned char *to = issuer;
        const X509_NAME *name = X509_get_issuer_name(certificate);
        const int size = i2d_X509_NAME(name, NULL);
        if (size <= 0 || (size_t)size > sizeof issuer)
                return fail(error, MITOME_E_DER, "issuer", clause);
        (void)i2d_X509_NAME(name, &to);
        return trust_check_serial(snapshot->signing, slice_of(issuer, (size_t)size), serial, now, error);
}

/* ---- the person ---- */

static mitome_status copy_text(slice text, char *to, size_t capacity, mitome_error *error)
{
        if (text.size == 0 || text.size >= capacity || !slice_is_utf8(text))
                return fail(error, MITOME_E_DOCUMENT_CERTIFICATE, "subjectAltName", clause);
        to[text.size] = '\0';
        return slice_copy(text, "subjectAltName", (uint8_t *)to, capacity, error);
}

static mitome_status read_fact(const GENERAL_NAME *name, struct document_signed_by *ret, mitome_error *error)
{
        if (name->type != GEN_OTHERNAME || name->d.otherName->value->type != V_ASN1_UTF8STRING)
                return ok();
        const ASN1_STRING *value = name->d.otherName->value->value.utf8string;
        const slice text = slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
        if (is_oid(name->d.otherName->type_id, name_oid))
                return copy_text(text, ret->name, sizeof ret->name, error);
        if (is_oid(name->d.otherName->type_id, birth_oid))
                return copy_text(text, ret->birth, sizeof ret->birth, error);
        return ok();
}

static mitome_status read_facts(
        const GENERAL_NAMES *names, struct document_signed_by *ret, mitome_error *error)
{
        for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++)
                MITOME_TRY(read_fact(sk_GENERAL_NAME_value(names, i), ret, error));
        return ret->name[0] && ret->birth[0]
                       ? ok()
                       : fail(error, MITOME_E_DOCUMENT_CERTIFICATE, "subjectAltName", clause);
}

static mitome_status read_person(const X509 *certificate, struct document_signed_by *ret, mitome_error *error)
{
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
        const slice magnitude = slice_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
        if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || magnitude.size == 0 ||
                magnitude.size > sizeof ret->serial)
                return fail(error, MITOME_E_DOCUMENT_CERTIFICATE, "serialNumber", clause);
        MITOME_TRY(slice_copy(magnitude, "serialNumber", ret->serial, sizeof ret->serial, error));
        ret->serial_size = magnitude.size;
        GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
        mitome_status status = read_facts(names, ret, error);
        GENERAL_NAMES_free(names);
        return status;
}

mitome_status document_proof_person(slice certificate, struct document_signed_by *ret, mitome_error *error)
{
        struct document_signed_by person = { 0 };
        X509 *parsed = parse(certificate);
        if (!parsed)
                return no_proof(error, "certificate");
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        mitome_status status = read_person(parsed, &person, error);
        (void)ERR_pop_to_mark();
        X509_free(parsed);
        MITOME_TRY(status);
        *ret = person;
        return ok();
}

/* ---- signature alone ---- */

static mitome_status check_signature(X509 *certificate, slice signature, slice form, mitome_error *error)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const bool good =
                context && signature.size == SIGNATURE_SIZE &&
                EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(certificate)) == 1 &&
                EVP_DigestVerify(context, signature.data, signature.size, form.data, form.size) == 1;
        EVP_MD_CTX_free(context);
        return good ? ok() : fail(error, MITOME_E_SIGNATURE_INVALID, "signature", "RFC 8017 8.2.2");
}

/* ---- CMS ---- */

static CMS_ContentInfo *parse_cms(slice bytes)
{
        const unsigned char *at = bytes.data;
        CMS_ContentInfo *cms = bytes.size && bytes.size <= DOCUMENT_PROOF_MAX
                                       ? d2i_CMS_ContentInfo(NULL, &at, (long)bytes.size)
                                       : NULL;
        if (cms && at != bytes.data + bytes.size) {
                CMS_ContentInfo_free(cms);
                return NULL;
        }
        return cms;
}

/* The one certificate that is inside, or NULL. */
static X509 *cms_certificate(CMS_ContentInfo *cms)
{
        STACK_OF(X509) *all = CMS_get1_certs(cms);
        X509 *one = sk_X509_num(all) == 1 ? sk_X509_value(all, 0) : NULL;
        if (one && X509_up_ref(one) != 1)
                one = NULL;
        sk_X509_pop_free(all, X509_free);
        return one;
}

static mitome_status check_cms_form(CMS_ContentInfo *cms, slice form, mitome_error *error)
{
        if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
                OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
                return no_proof(error, "contentType");
        STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
        if (sk_CMS_SignerInfo_num(signers) != 1)
                return no_proof(error, "signerInfos");
        X509_ALGOR *digest = NULL, *how = NULL;
        CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(signers, 0), NULL, NULL, &digest, &how);
        const int signature = OBJ_obj2nid(how->algorithm);
        if (OBJ_obj2nid(digest->algorithm) != NID_sha256 ||
                (signature != NID_rsaEncryption && signature != NID_sha256WithRSAEncryption))
                return no_proof(error, "signatureAlgorithm");
        ASN1_OCTET_STRING **content = CMS_get0_content(cms);
        if (!content || !*content)
                return no_proof(error, "eContent");
        const slice inside = slice_of(ASN1_STRING_get0_data(*content), (size_t)ASN1_STRING_length(*content));
        /* Another text than the one that was asked for. */
        return slice_equal(inside, form)
                       ? ok()
                       : fail(error, MITOME_E_SIGNATURE_INVALID, "eContent", "RFC 5652 5.4");
}

static mitome_status check_cms(CMS_ContentInfo *cms, slice form, mitome_error *error)
{
        MITOME_TRY(check_cms_form(cms, form, error));
        BIO *out = BIO_new(BIO_s_null());
        /* Path and status are asked of the snapshot, as for a bare signature. */
        const bool good =
                out && CMS_verify(cms, NULL, NULL, NULL, out, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
        BIO_free(out);
        return good ? ok() : fail(error, MITOME_E_SIGNATURE_INVALID, "signature", "RFC 5652 5.6");
}

/* ---- together ---- */

static mitome_status check_person(const struct portal_snapshot *snapshot, X509 *certificate, int64_t now,
        struct document_signed_by *ret, mitome_error *error)
{
        MITOME_TRY(check_profile(certificate, error));
        MITOME_TRY(check_issuer(snapshot, certificate, now, error));
        MITOME_TRY(check_time(certificate, now, "certificate", error));
        MITOME_TRY(read_person(certificate, ret, error));
        return check_status(snapshot, certificate, slice_of(ret->serial, ret->serial_size), now, error);
}

static mitome_status verify_bare(const struct portal_snapshot *snapshot, const struct document_proof *proof,
        slice form, int64_t now, struct document_signed_by *ret, mitome_error *error)
{
        X509 *certificate = parse(proof->certificate);
        if (!certificate)
                return no_proof(error, "certificate");
        mitome_status status = check_person(snapshot, certificate, now, ret, error);
        if (!failed(status))
                status = check_signature(certificate, proof->signature, form, error);
        X509_free(certificate);
        return status;
}

static mitome_status verify_cms(const struct portal_snapshot *snapshot, slice bytes, slice form, int64_t now,
        struct document_signed_by *ret, mitome_error *error)
{
        CMS_ContentInfo *cms = parse_cms(bytes);
        X509 *certificate =
                cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed ? cms_certificate(cms) : NULL;
        mitome_status status = certificate ? check_person(snapshot, certificate, now, ret, error)
                                           : no_proof(error, "certificates");
        if (!failed(status))
                status = check_cms(cms, form, error);
        X509_free(certificate);
        CMS_ContentInfo_free(cms);
        return status;
}

mitome_status document_proof_verify(const struct portal_snapshot *snapshot,
        const struct document_proof *proof, slice form, int64_t now, struct document_signed_by *ret,
        mitome_error *error)
{
        struct document_signed_by signer = { 0 };
        if ((proof->cms.size != 0) == (proof->certificate.size != 0))
                return no_proof(error, "proof");
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        mitome_status status = proof->cms.size ? verify_cms(snapshot, proof->cms, form, now, &signer, error)
                                               : verify_bare(snapshot, proof, form, now, &signer, error);
        (void)ERR_pop_to_mark();
        MITOME_TRY(status);
        *ret = signer;
        return ok();
}

static mitome_status write_certificate(
        X509 *certificate, uint8_t buffer[DOCUMENT_PROOF_MAX], slice *ret, mitome_error *error)
{
        unsigned char *to = buffer;
        const int size = certificate ? i2d_X509(certificate, NULL) : 0;
        if (size <= 0 || size > DOCUMENT_PROOF_MAX)
                return no_proof(error, "certificates");
        (void)i2d_X509(certificate, &to);
        *ret = slice_of(buffer, (size_t)size);
        return ok();
}

mitome_status document_proof_certificate(const struct document_proof *proof,
        uint8_t buffer[DOCUMENT_PROOF_MAX], slice *ret, mitome_error *error)
{
        if (proof->certificate.size) {
                MITOME_TRY(slice_copy(proof->certificate, "certificate", buffer, DOCUMENT_PROOF_MAX, error));
                *ret = slice_of(buffer, proof->certificate.size);
                return ok();
        }
        CMS_ContentInfo *cms = parse_cms(proof->cms);
        X509 *certificate = cms ? cms_certificate(cms) : NULL;
        mitome_status status = write_certificate(certificate, buffer, ret, error);
        X509_free(certificate);
        CMS_ContentInfo_free(cms);
        return status;
}
