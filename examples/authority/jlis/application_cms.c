/* SPDX-License-Identifier: Apache-2.0 */
#include "application_cms.h"

#include "digest.h"

#include <openssl/cms.h>
#include <openssl/cmserr.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

static mitome_status not_so(mitome_error *error, const char *field)
{
        return fail(error, MITOME_E_AUTHORITY_CMS, field, "RFC 5652");
}

/* ---- form ---- */

static CMS_ContentInfo *parse_cms(slice bytes)
{
        const unsigned char *at = bytes.data;
        CMS_ContentInfo *cms = bytes.size && bytes.size <= APPLICATION_CMS_MAX
                                       ? d2i_CMS_ContentInfo(NULL, &at, (long)bytes.size)
                                       : NULL;
        if (cms && at != bytes.data + bytes.size) {
                CMS_ContentInfo_free(cms);
                return NULL;
        }
        return cms;
}

static mitome_status check_algorithms(CMS_SignerInfo *signer, mitome_error *error)
{
        X509_ALGOR *digest = NULL, *signature = NULL;
        CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, &signature);
        int how = OBJ_obj2nid(signature->algorithm);
        if (OBJ_obj2nid(digest->algorithm) != NID_sha256)
                return not_so(error, "digestAlgorithm");
        return how == NID_rsaEncryption || how == NID_sha256WithRSAEncryption
                       ? ok()
                       : not_so(error, "signatureAlgorithm");
}

static mitome_status check_form(CMS_ContentInfo *cms, mitome_error *error)
{
        if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
                return not_so(error, "contentType");
        if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
                return not_so(error, "eContentType");
        ASN1_OCTET_STRING **content = CMS_get0_content(cms);
        if (!content || !*content || ASN1_STRING_length(*content) > APPLICATION_CONTENT_MAX)
                return not_so(error, "eContent");
        STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
        if (sk_CMS_SignerInfo_num(signers) != 1)
                return not_so(error, "signerInfos");
        if (CMS_signed_get_attr_count(sk_CMS_SignerInfo_value(signers, 0)) <= 0)
                return not_so(error, "signedAttrs");
        return check_algorithms(sk_CMS_SignerInfo_value(signers, 0), error);
}

/* Takes the one certificate; lists are not looked at elsewhere, and so not taken. */
static mitome_status take_certificate(CMS_ContentInfo *cms, X509 **ret, mitome_error *error)
{
        STACK_OF(X509) *certificates = CMS_get1_certs(cms);
        STACK_OF(X509_CRL) *lists = CMS_get1_crls(cms);
        X509 *one = sk_X509_num(certificates) == 1 && sk_X509_CRL_num(lists) <= 0
                            ? sk_X509_value(certificates, 0)
                            : NULL;
        bool taken = one && X509_up_ref(one) == 1;
        sk_X509_pop_free(certificates, X509_free);
        sk_X509_CRL_pop_free(lists, X509_CRL_free);
        if (!taken)
                return not_so(error, "certificates");
        *ret = one;
        return ok();
}

/* ---- signature and path ---- */

static X509_STORE *believe(slice ca, int64_t now)
{
        const unsigned char *at = ca.data;
        X509 *anchor = d2i_X509(NULL, &at, (long)ca.size);
        X509_STORE *store = X509_STORE_new();
        bool good = anchor && store && X509_STORE_add_cert(store, anchor) == 1;
        X509_free(anchor);
        if (!good) {
                X509_STORE_free(store);
                return NULL;
        }
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)now);
        return store;
}

static mitome_status verify(CMS_ContentInfo *cms, slice ca, int64_t now, mitome_error *error)
{
        X509_STORE *store = believe(ca, now);
        BIO *out = BIO_new(BIO_s_null());
        ERR_clear_error();
        bool good = store && out && CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY | CMS_CADES) == 1;
        bool path = ERR_GET_REASON(ERR_peek_last_error()) == CMS_R_CERTIFICATE_VERIFY_ERROR;
        ERR_clear_error();
        BIO_free(out);
        X509_STORE_free(store);
        if (good)
                return ok();
        return path ? fail(error, MITOME_E_AUTHORITY_SIGNER, "the signer", "RFC 5280 6")
                    : fail(error, MITOME_E_SIGNATURE_INVALID, "the application", "RFC 5652 5.6");
}

/* ---- who ---- */

static mitome_status digest_certificate(X509 *certificate, uint8_t ret[32], mitome_error *error)
{
        unsigned char *der = NULL;
        int size = i2d_X509(certificate, &der);
        if (size <= 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "the signer", NULL);
        const slice whole = slice_of(der, (size_t)size);
        sha256(&whole, 1, ret);
        OPENSSL_free(der);
        return ok();
}

static mitome_status describe_signer(X509 *certificate, struct application_cms *ret, mitome_error *error)
{
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
        size_t size = (size_t)ASN1_STRING_length(serial);
        if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || size > sizeof ret->serial ||
                !(X509_get_key_usage(certificate) & KU_NON_REPUDIATION))
                return fail(error, MITOME_E_AUTHORITY_SIGNER, "the signer", "JPKI certificate profile");
        MITOME_TRY(slice_copy(slice_of(ASN1_STRING_get0_data(serial), size), "serial", ret->serial,
                sizeof ret->serial, error));
        ret->serial_size = size;
        return digest_certificate(certificate, ret->certificate, error);
}

/* X509_get_key_usage says "all" of a certificate without the extension. */
static mitome_status describe(CMS_ContentInfo *cms, struct application_cms *ret, mitome_error *error)
{
        X509 *certificate;
        MITOME_TRY(take_certificate(cms, &certificate, error));
        mitome_status status = X509_get_ext_by_NID(certificate, NID_key_usage, -1) >= 0
                                       ? describe_signer(certificate, ret, error)
                                       : fail(error, MITOME_E_AUTHORITY_SIGNER, "the signer", NULL);
        X509_free(certificate);
        return status;
}

static mitome_status open_parsed(
        CMS_ContentInfo *cms, slice ca, int64_t now, struct application_cms *ret, mitome_error *error)
{
        MITOME_TRY(check_form(cms, error));
        MITOME_TRY(describe(cms, ret, error));
        MITOME_TRY(verify(cms, ca, now, error));
        const ASN1_OCTET_STRING *content = *CMS_get0_content(cms);
        ret->content_size = (size_t)ASN1_STRING_length(content);
        return slice_copy(slice_of(ASN1_STRING_get0_data(content), ret->content_size), "eContent",
                ret->content, sizeof ret->content, error);
}

mitome_status application_open(
        slice cms, slice ca, int64_t now, struct application_cms *ret, mitome_error *error)
{
        CMS_ContentInfo *parsed = parse_cms(cms);
        if (!parsed)
                return not_so(error, "the bytes");
        mitome_status status = open_parsed(parsed, ca, now, ret, error);
        CMS_ContentInfo_free(parsed);
        ERR_clear_error();
        return status;
}
