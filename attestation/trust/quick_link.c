/* SPDX-License-Identifier: Apache-2.0 */
#include "quick_link.h"

#include "der.h"
#include "trust_internal.h"

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { SECURITY_BITS = 112, MODULUS_LEAST = 256 };

struct quick_context {
        OSSL_LIB_CTX *library;
        OSSL_PROVIDER *nothing; /* keeps the default provider out */
};

struct quick_context *quick_context_new(void)
{
        struct quick_context *context = calloc(1, sizeof *context);
        if (!context)
                return NULL;
        context->library = OSSL_LIB_CTX_new();
        context->nothing = context->library ? OSSL_PROVIDER_load(context->library, "null") : NULL;
        if (!context->nothing) {
                quick_context_free(context);
                return NULL;
        }
        return context;
}

void quick_context_free(struct quick_context *context)
{
        if (!context)
                return;
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

/* An RSAPublicKey (RFC 8017 A.1.1) of 2048 bits or more. */
static bool is_strong_rsa(slice key)
{
        slice numbers, modulus;
        reader r = reader_over(key, NULL, NULL);
        if (failed(der_read(&r, NULL, DER_SEQUENCE, &numbers, NULL)))
                return false;
        reader in_key = reader_within(&r, numbers);
        return !failed(der_read_positive(&in_key, NULL, &modulus)) &&
               (modulus.size > MODULUS_LEAST || (modulus.size == MODULUS_LEAST && modulus.data[0] & 0x80));
}

static bool is_strong_curve(const X509_ALGOR *algorithm)
{
        const void *curve = NULL;
        int type;
        X509_ALGOR_get0(NULL, &type, &curve, algorithm);
        int nid = type == V_ASN1_OBJECT ? OBJ_obj2nid(curve) : NID_undef;
        return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1 ||
               nid == NID_secp256k1;
}

/* What OpenSSL asks of a leaf's key at its security level, as far as it can be told without decoding it. */
static bool has_strong_key(const X509 *leaf)
{
        ASN1_OBJECT *type = NULL;
        const unsigned char *bits = NULL;
        int size = 0;
        X509_ALGOR *algorithm = NULL;
        if (X509_PUBKEY_get0_param(&type, &bits, &size, &algorithm, X509_get_X509_PUBKEY(leaf)) != 1 ||
                size <= 0)
                return false;
        int nid = OBJ_obj2nid(type);
        return nid == NID_ED25519 || nid == NID_ED448 ||
               (nid == NID_X9_62_id_ecPublicKey && is_strong_curve(algorithm)) ||
               (nid == NID_rsaEncryption && is_strong_rsa(slice_of(bits, (size_t)size)));
}

/* RFC 3779: what these hold must be held by all above, which only OpenSSL looks at. */
static bool holds_resources(const X509 *leaf)
{
        return X509_get_ext_by_NID(leaf, NID_sbgp_ipAddrBlock, -1) >= 0 ||
               X509_get_ext_by_NID(leaf, NID_sbgp_autonomousSysNum, -1) >= 0;
}

/* An end entity's certificate, understood and in its time. */
static bool is_plain_leaf(X509 *leaf, int64_t now)
{
        uint32_t flags = X509_get_extension_flags(leaf);
        return X509_check_ca(leaf) == 0 &&
               !(flags & (EXFLAG_CRITICAL | EXFLAG_INVALID | EXFLAG_SI | EXFLAG_SS | EXFLAG_PROXY)) &&
               !holds_resources(leaf) && has_strong_key(leaf) &&
               !failed(certificate_check_time(leaf, now, NULL, NULL));
}

static bool is_plain_issuer(X509 *issuer, int64_t now)
{
        uint32_t flags = X509_get_extension_flags(issuer);
        return X509_check_ca(issuer) == 1 && !(flags & (EXFLAG_CRITICAL | EXFLAG_INVALID)) &&
               X509_get_ext_by_NID(issuer, NID_name_constraints, -1) < 0 &&
               !failed(certificate_check_time(issuer, now, NULL, NULL));
}

bool quick_link_holds(X509 *leaf, slice der, X509 *issuer, int64_t now)
{
        EVP_PKEY *key = X509_get0_pubkey(issuer);
        return key && is_plain_issuer(issuer, now) && is_plain_leaf(leaf, now) &&
               X509_check_issued(issuer, leaf) == X509_V_OK && is_signed_by(leaf, der, key);
}
