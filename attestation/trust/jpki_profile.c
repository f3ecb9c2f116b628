/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"
#include "trust_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

static const char clause[] = "JPKI user-verification certificate profile";

enum { COMMON_NAME_SIZE = 23, MODULUS_SIZE = 256, SERIAL_MAX = 20 };

/* 利用者証明用電子証明書 */
static const char policy_oid[] = "1.2.392.200149.8.5.1.3.30";

/* This project's own marker of certificates that were issued into a phone; the real profile is not public. */
static const char phone_oid[] = "1.3.6.1.4.1.99999.1.1";

/* ---- where the parts stand ---- */

/* Takes SubjectPublicKeyInfo and finds the two numbers of its RSAPublicKey (RFC 8017 A.1.1). */
static mitome_status locate_key(reader *r, struct jpki_certificate *certificate)
{
        slice info, algorithm, bits, key;
        uint8_t unused;
        MITOME_TRY(der_read(r, "subjectPublicKeyInfo", DER_SEQUENCE, &info, NULL));
        reader in_info = reader_within(r, info);
        MITOME_TRY(der_read(&in_info, "subjectPublicKeyInfo.algorithm", DER_SEQUENCE, &algorithm, NULL));
        MITOME_TRY(der_read(&in_info, "subjectPublicKey", DER_BIT_STRING, &bits, NULL));
        MITOME_TRY(read_end(&in_info, "subjectPublicKeyInfo"));
        reader in_bits = reader_within(&in_info, bits);
        MITOME_TRY(read_u8(&in_bits, "subjectPublicKey", &unused));
        if (unused != 0)
                return reader_fail(&in_bits, MITOME_E_DER, "subjectPublicKey");
        MITOME_TRY(der_read(&in_bits, "RSAPublicKey", DER_SEQUENCE, &key, NULL));
        MITOME_TRY(read_end(&in_bits, "subjectPublicKey"));
        reader in_key = reader_within(&in_bits, key);
        MITOME_TRY(der_read_positive(&in_key, "modulus", &certificate->modulus));
        MITOME_TRY(der_read_positive(&in_key, "publicExponent", &certificate->exponent));
        return read_end(&in_key, "RSAPublicKey");
}

/* Takes one RelativeDistinguishedName of one attribute and views its value, whatever string type it has. */
static mitome_status read_attribute(reader *r, slice *ret_type, slice *ret_value)
{
        slice set, attribute, value;
        uint8_t tag, length;
        MITOME_TRY(der_read(r, "subject", DER_SET, &set, NULL));
        reader in_set = reader_within(r, set);
        MITOME_TRY(der_read(&in_set, "subject", DER_SEQUENCE, &attribute, NULL));
        MITOME_TRY(read_end(&in_set, "subject"));
        reader in_attribute = reader_within(&in_set, attribute);
        MITOME_TRY(der_read(&in_attribute, "subject", 0x06, ret_type, NULL));
        MITOME_TRY(read_u8(&in_attribute, "subject", &tag));
        MITOME_TRY(read_u8(&in_attribute, "subject", &length));
        MITOME_TRY(read_bytes(&in_attribute, "subject", length, &value));
        MITOME_TRY(read_end(&in_attribute, "subject"));
        *ret_value = value;
        return ok();
}

/* "C=JP,CN=<opaque, 23 characters> and no personal data": these two attributes, and no others. */
static mitome_status read_subject(reader *r, slice subject, struct jpki_certificate *certificate)
{
        static const uint8_t country[] = { 0x55, 0x04, 0x06 }, common_name[] = { 0x55, 0x04, 0x03 };
        slice type, value;
        reader in_subject = reader_within(r, subject);
        MITOME_TRY(read_attribute(&in_subject, &type, &value));
        if (!slice_equal(type, SLICE(country)) || !slice_is(value, "JP"))
                return reader_fail(&in_subject, MITOME_E_JPKI_PROFILE, "subject.C");
        MITOME_TRY(read_attribute(&in_subject, &type, &value));
        if (!slice_equal(type, SLICE(common_name)) || value.size != COMMON_NAME_SIZE)
                return reader_fail(&in_subject, MITOME_E_JPKI_PROFILE, "subject.CN");
        certificate->subject_common_name = value;
        return read_end(&in_subject, "subject");
}

/* Walks TBSCertificate (RFC 5280 4.1.2) as far as the key. */
static mitome_status locate(slice der, struct jpki_certificate *certificate, mitome_error *error)
{
        slice whole, tbs, version, algorithm, issuer, validity, subject;
        reader r = reader_over(der, clause, error);
        MITOME_TRY(der_read(&r, "certificate", DER_SEQUENCE, &whole, NULL));
        MITOME_TRY(read_end(&r, "certificate"));
        reader in_whole = reader_within(&r, whole);
        MITOME_TRY(der_read(&in_whole, "tbsCertificate", DER_SEQUENCE, &tbs, NULL));
        reader in_tbs = reader_within(&in_whole, tbs);
        MITOME_TRY(der_read(&in_tbs, "version", DER_CONTEXT_0, &version, NULL));
        MITOME_TRY(der_read_positive(&in_tbs, "serialNumber", &certificate->serial));
        if (certificate->serial.size > SERIAL_MAX)
                return reader_fail(&in_tbs, MITOME_E_JPKI_PROFILE, "serialNumber");
        MITOME_TRY(der_read(&in_tbs, "signature", DER_SEQUENCE, &algorithm, NULL));
        MITOME_TRY(der_read(&in_tbs, "issuer", DER_SEQUENCE, &issuer, &certificate->issuer));
        MITOME_TRY(der_read(&in_tbs, "validity", DER_SEQUENCE, &validity, NULL));
        MITOME_TRY(der_read(&in_tbs, "subject", DER_SEQUENCE, &subject, NULL));
        MITOME_TRY(read_subject(&in_tbs, subject, certificate));
        return locate_key(&in_tbs, certificate);
}

/* ---- the rules ---- */

static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
        char text[64];
        int size = OBJ_obj2txt(text, sizeof text, object, 1);
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

static bool has_phone_marker(const X509 *certificate)
{
        for (int i = 0; i < X509_get_ext_count(certificate); i++)
                if (is_oid(X509_EXTENSION_get_object(X509_get_ext(certificate, i)), phone_oid))
                        return true;
        return false;
}

static bool is_rsa_2048(const struct jpki_certificate *certificate)
{
        static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
        return certificate->modulus.size == MODULUS_SIZE && certificate->modulus.data[0] & 0x80 &&
               slice_equal(certificate->exponent, SLICE(exponent));
}

static mitome_status check_profile(
        X509 *x509, const struct jpki_certificate *certificate, mitome_error *error)
{
        uint32_t flags = X509_get_extension_flags(x509), usage = X509_get_key_usage(x509);
        const struct {
                bool holds;
                const char *field;
        } rules[] = {
                { X509_get_version(x509) == X509_VERSION_3, "version" },
                { X509_get_signature_nid(x509) == NID_sha256WithRSAEncryption, "signatureAlgorithm" },
                { EVP_PKEY_is_a(X509_get0_pubkey(x509), "RSA") && is_rsa_2048(certificate),
                        "subjectPublicKeyInfo" },
                { !(flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)), "extensions" },
                { !(flags & EXFLAG_CA), "basicConstraints" },
                { flags & EXFLAG_KUSAGE && usage & KU_DIGITAL_SIGNATURE && !(usage & KU_NON_REPUDIATION),
                        "keyUsage" },
                { has_policy(x509), "certificatePolicies" },
        };
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                if (!rules[i].holds)
                        return fail(error, MITOME_E_JPKI_PROFILE, rules[i].field, clause);
        return ok();
}

/* Generations of the CA share one name: the issuer is the anchor whose key signed. A certificate that was
 * renewed for the same key may stand beside the one that it replaces: one of them in its time is enough. */
static mitome_status check_issuer(
        const struct mitome_trust *trust, X509 *certificate, int64_t now, mitome_error *error)
{
        mitome_error untimely = { 0 }; /* the first anchor that signed and is out of its time */
        for (int i = 0; i < sk_X509_num(trust->jpki_anchors); i++) {
                X509 *anchor = sk_X509_value(trust->jpki_anchors, i);
                if (!certificate_issued(anchor, certificate))
                        continue;
                if (!failed(certificate_check_time(anchor, now, "issuer certificate", &untimely)))
                        return ok();
        }
        if (untimely.code != MITOME_OK)
                return fail(error, untimely.code, untimely.field, untimely.clause);
        return fail(error, MITOME_E_CERTIFICATE_ISSUER, "certificate", "RFC 5280 6.1.3");
}

static mitome_status read_end_of_validity(const X509 *x509, int64_t *ret, mitome_error *error)
{
        struct tm end;
        if (ASN1_TIME_to_tm(X509_get0_notAfter(x509), &end) != 1)
                return fail(error, MITOME_E_DER, "validity", "RFC 5280 4.1.2.5");
        *ret = timegm(&end);
        return ok();
}

static mitome_status verify(const struct mitome_trust *trust, X509 *x509, slice der, int64_t now,
        struct jpki_certificate *ret, mitome_error *error)
{
        struct jpki_certificate certificate = { 0 };
        MITOME_TRY(locate(der, &certificate, error));
        MITOME_TRY(check_profile(x509, &certificate, error));
        MITOME_TRY(check_issuer(trust, x509, now, error));
        MITOME_TRY(certificate_check_time(x509, now, "certificate", error));
        MITOME_TRY(trust_check_serial(trust, certificate.issuer, certificate.serial, now, error));
        MITOME_TRY(read_end_of_validity(x509, &certificate.not_after, error));
        certificate.phone = has_phone_marker(x509);
        *ret = certificate;
        return ok();
}

mitome_status trust_verify_jpki(const struct mitome_trust *trust, slice certificate_der, int64_t now,
        struct jpki_certificate *ret, mitome_error *error)
{
        X509 *x509;
        MITOME_TRY(certificate_parse(certificate_der, "certificate", &x509, error));
        (void)ERR_set_mark(); /* OpenSSL's error queue is the caller's */
        mitome_status status = verify(trust, x509, certificate_der, now, ret, error);
        (void)ERR_pop_to_mark();
        X509_free(x509);
        return status;
}
