/* SPDX-License-Identifier: Apache-2.0 */
#include "quick_link.h"

#include "der.h"
#include "trust_internal.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { SECURITY_BITS = 112, RSA_SIZE_MIN = 256 };

/* Curves on which a leaf's key is looked for here. */
static const int curves[] = { NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1, NID_secp256k1 };
enum { CURVES = sizeof curves / sizeof curves[0] };

struct quick_context {
        OSSL_LIB_CTX *library;
        OSSL_PROVIDER *nothing; /* keeps the default provider out */
        EC_GROUP *groups[CURVES];
};

struct quick_context *quick_context_new(void)
{
        struct quick_context *context = calloc(1, sizeof *context);
        if (!context)
                return NULL;
        context->library = OSSL_LIB_CTX_new();
        context->nothing = context->library ? OSSL_PROVIDER_load(context->library, "null") : NULL;
        bool made = context->nothing;
        for (size_t i = 0; i < CURVES; i++) {
                context->groups[i] = EC_GROUP_new_by_curve_name(curves[i]);
                made = made && context->groups[i];
        }
        if (!made) {
                quick_context_free(context);
                return NULL;
        }
        return context;
}

void quick_context_free(struct quick_context *context)
{
        if (!context)
                return;
        for (size_t i = 0; i < CURVES; i++)
                EC_GROUP_free(context->groups[i]);
        if (context->nothing)
                OSSL_PROVIDER_unload(context->nothing);
        OSSL_LIB_CTX_free(context->library);
        free(context);
}

X509 *quick_link_decode(struct quick_context *context, slice der)
{
        const unsigned char *end = der.data;
        X509 *leaf =
                context && der.size && der.size <= INT32_MAX ? X509_new_ex(context->library, NULL) : NULL;
        if (!leaf || !d2i_X509(&leaf, &end, (long)der.size)) /* which frees it */
                return NULL;
        if ((size_t)(end - der.data) == der.size)
                return leaf;
        X509_free(leaf);
        return NULL;
}

/* TBSCertificate as it stands in the certificate: what was signed, and not what OpenSSL would write. */
static bool find_signed(slice der, slice *ret)
{
        slice whole, content;
        reader r = reader_over(der, NULL, NULL);
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &whole, NULL)))
                return false;
        reader in_whole = reader_within(&r, whole);
        return !failed(der_read(&in_whole, NULL, DER_SEQUENCE, &content, ret));
}

/* RFC 5280 4.1.1.2: "This field MUST contain the same algorithm identifier as the signature field in the
 * sequence tbsCertificate"; an ECDSA or PKCS#1 v1.5 signature of the issuer's kind of key, strong enough. */
static bool has_plain_signature(X509 *leaf, const EVP_PKEY *key, int *ret_digest)
{
        const ASN1_BIT_STRING *signature;
        const X509_ALGOR *algorithm;
        int kind = NID_undef, bits = 0;
        uint32_t flags = 0;
        X509_get0_signature(&signature, &algorithm, leaf);
        if (X509_ALGOR_cmp(X509_get0_tbs_sigalg(leaf), algorithm) != 0 || (signature->flags & 7) != 0 ||
                X509_get_signature_info(leaf, ret_digest, &kind, &bits, &flags) != 1 ||
                bits < SECURITY_BITS || *ret_digest == NID_undef ||
                EVP_PKEY_get_security_bits(key) < SECURITY_BITS)
                return false;
        return (kind == NID_X9_62_id_ecPublicKey && EVP_PKEY_is_a(key, "EC")) ||
               (kind == NID_rsaEncryption && EVP_PKEY_is_a(key, "RSA"));
}

static bool is_signed_by(X509 *leaf, slice der, EVP_PKEY *key)
{
        const ASN1_BIT_STRING *signature;
        int digest = NID_undef;
        slice tbs;
        if (!has_plain_signature(leaf, key, &digest) || !find_signed(der, &tbs))
                return false;
        X509_get0_signature(&signature, NULL, leaf);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool valid = context &&
                     EVP_DigestVerifyInit(context, NULL, EVP_get_digestbynid(digest), NULL, key) == 1 &&
                     EVP_DigestVerify(context, ASN1_STRING_get0_data(signature),
                             (size_t)ASN1_STRING_length(signature), tbs.data, tbs.size) == 1;
        EVP_MD_CTX_free(context);
        return valid;
}

/* ---- the leaf's key, which its path does not use but which must be as strong ---- */

static bool is_on_curve(const struct quick_context *context, const ASN1_OBJECT *curve, slice point)
{
        for (size_t i = 0; i < CURVES; i++) {
                if (OBJ_obj2nid(curve) != curves[i])
                        continue;
                EC_POINT *read = EC_POINT_new(context->groups[i]);
                bool on_it = read && point.data[0] == 0x04 &&
                             EC_POINT_oct2point(context->groups[i], read, point.data, point.size, NULL) == 1;
                EC_POINT_free(read);
                return on_it;
        }
        return false;
}

/* RSAPublicKey, RFC 8017 A.1.1. */
static bool is_strong_rsa(slice encoded)
{
        reader r = reader_over(encoded, NULL, NULL);
        slice numbers, n, e;
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &numbers, NULL)) || r.rest.size)
                return false;
        reader in_key = reader_over(numbers, NULL, NULL);
        return !failed(der_read_positive(&in_key, NULL, &n)) &&
               !failed(der_read_positive(&in_key, NULL, &e)) && in_key.rest.size == 0 &&
               (n.size > RSA_SIZE_MIN || (n.size == RSA_SIZE_MIN && n.data[0] >= 0x80));
}

/* OpenSSL reads the keys of all certificates of a path, and holds them to the security level. What it would
 * read and find strong enough, in its usual form: RFC 3279 2.3.1, RFC 5480 2.1 and 2.2, RFC 8410 3 and 4. */
static bool has_strong_key(const struct quick_context *context, const X509 *leaf)
{
        enum { ED25519_SIZE = 32, ED448_SIZE = 57 };
        const ASN1_BIT_STRING *string = X509_get0_pubkey_bitstr(leaf);
        ASN1_OBJECT *type;
        const unsigned char *bits;
        X509_ALGOR *algorithm;
        const void *value;
        int size, parameters;
        if (X509_PUBKEY_get0_param(&type, &bits, &size, &algorithm, X509_get_X509_PUBKEY(leaf)) != 1 ||
                size <= 0 || (string->flags & 7) != 0)
                return false;
        X509_ALGOR_get0(NULL, &parameters, &value, algorithm);
        const slice key = slice_of(bits, (size_t)size);
        switch (OBJ_obj2nid(type)) {
        case NID_X9_62_id_ecPublicKey:
                return parameters == V_ASN1_OBJECT && is_on_curve(context, value, key);
        case NID_rsaEncryption:
                return parameters == V_ASN1_NULL && is_strong_rsa(key);
        case NID_ED25519:
                return parameters == V_ASN1_UNDEF && key.size == ED25519_SIZE;
        case NID_ED448:
                return parameters == V_ASN1_UNDEF && key.size == ED448_SIZE;
        default:
                return false;
        }
}

/* ---- both ends of the link ---- */

static bool has_extension(const X509 *certificate, int nid)
{
        return X509_get_ext_by_NID(certificate, nid, -1) >= 0;
}

bool certificate_has_resources(const X509 *certificate)
{
        return has_extension(certificate, NID_sbgp_ipAddrBlock) ||
               has_extension(certificate, NID_sbgp_autonomousSysNum);
}

/* An end entity's certificate, understood and in its time. OpenSSL understands proxy certificates (RFC 3820)
 * and believes none, and looks for resources (RFC 3779) in all that is above who has some. */
static bool is_plain_leaf(X509 *leaf, int64_t now)
{
        uint32_t flags = X509_get_extension_flags(leaf);
        return X509_check_ca(leaf) == 0 &&
               !(flags & (EXFLAG_CRITICAL | EXFLAG_INVALID | EXFLAG_SI | EXFLAG_SS | EXFLAG_PROXY)) &&
               !certificate_has_resources(leaf) && !failed(certificate_check_time(leaf, now, NULL, NULL));
}

/* RFC 5480 2.1.1: specifiedCurve "MUST NOT be used"; OpenSSL lets no path have one. */
static bool has_named_curve(const EVP_PKEY *key)
{
        int explicitly = 0;
        return !EVP_PKEY_is_a(key, "EC") ||
               (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicitly) ==
                               1 &&
                       !explicitly);
}

static bool is_plain_issuer(X509 *issuer, int64_t now)
{
        uint32_t flags = X509_get_extension_flags(issuer);
        return X509_check_ca(issuer) == 1 && !(flags & (EXFLAG_CRITICAL | EXFLAG_INVALID | EXFLAG_PROXY)) &&
               !has_extension(issuer, NID_name_constraints) &&
               !failed(certificate_check_time(issuer, now, NULL, NULL));
}

bool quick_link_holds(const struct quick_context *context, X509 *leaf, slice der, X509 *issuer, int64_t now)
{
        EVP_PKEY *key = X509_get0_pubkey(issuer);
        return context && key && is_plain_issuer(issuer, now) && has_named_curve(key) &&
               is_plain_leaf(leaf, now) && X509_check_issued(issuer, leaf) == X509_V_OK &&
               has_strong_key(context, leaf) && is_signed_by(leaf, der, key);
}
