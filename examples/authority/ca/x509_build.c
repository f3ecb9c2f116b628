/* SPDX-License-Identifier: Apache-2.0 */
#include "x509_build.h"

#include <openssl/conf.h>
#include <openssl/x509v3.h>

static mitome_status crypto_failed(const char *field, mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, field, NULL);
}

X509_NAME *x509_name(const char *const *pairs)
{
        X509_NAME *name = X509_NAME_new();
        for (; name && pairs[0]; pairs += 2) {
                const unsigned char *value = (const unsigned char *)pairs[1];
                if (X509_NAME_add_entry_by_txt(name, pairs[0], MBSTRING_UTF8, value, -1, -1, 0) != 1) {
                        X509_NAME_free(name);
                        return NULL;
                }
        }
        return name;
}

mitome_status x509_der(X509 *certificate, struct authority_der *ret, mitome_error *error)
{
        unsigned char *der = NULL;
        int size = i2d_X509(certificate, &der);
        if (size <= 0)
                return crypto_failed("certificate", error);
        mitome_status status =
                slice_copy(slice_of(der, (size_t)size), "certificate", ret->bytes, sizeof ret->bytes, error);
        ret->size = (size_t)size;
        OPENSSL_free(der);
        return status;
}

static bool set_serial(X509 *certificate, slice serial)
{
        BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
        bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
        BN_free(number);
        return done;
}

static bool set_basics(X509 *certificate, const struct x509_plan *plan)
{
        const X509_NAME *issuer = plan->issuer ? X509_get_subject_name(plan->issuer) : plan->subject;
        return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate, plan->serial) &&
               ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)plan->not_before) &&
               ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)plan->not_after) &&
               X509_set_subject_name(certificate, plan->subject) == 1 &&
               X509_set_issuer_name(certificate, issuer) == 1 && X509_set_pubkey(certificate, plan->key) == 1;
}

static bool add_extensions(X509 *certificate, const struct x509_plan *plan)
{
        CONF *conf = NCONF_new(NULL);
        BIO *text = BIO_new_mem_buf(plan->extensions, -1);
        X509V3_CTX context;
        X509V3_set_ctx(&context, plan->issuer ? plan->issuer : certificate, certificate, NULL, NULL, 0);
        bool done = false;
        if (conf && text && NCONF_load_bio(conf, text, NULL) == 1) {
                X509V3_set_nconf(&context, conf);
                static char section[] = "certificate";
                done = X509V3_EXT_add_nconf(conf, &context, section, certificate) == 1;
        }
        BIO_free(text);
        NCONF_free(conf);
        return done;
}

mitome_status x509_build(const struct x509_plan *plan, X509 **ret, mitome_error *error)
{
        X509 *certificate = X509_new();
        if (!certificate)
                return fail(error, MITOME_E_NO_MEMORY, "certificate", NULL);
        if (!set_basics(certificate, plan) || !add_extensions(certificate, plan) ||
                X509_sign(certificate, plan->issuer_key, EVP_sha256()) <= 0) {
                X509_free(certificate);
                return crypto_failed("certificate", error);
        }
        *ret = certificate;
        return ok();
}
