/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluator_rig.h"

#include <assert.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY *make_key(const char *kind)
{
        if (strcmp(kind, "ED25519") == 0)
                return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        if (strcmp(kind, "RSA") == 0)
                return EVP_RSA_gen(2048);
        return EVP_EC_gen(kind);
}

static void keep_pem(BIO *bio, char *text, size_t capacity)
{
        char *data;
        long size = BIO_get_mem_data(bio, &data);
        assert(size > 0 && (size_t)size < capacity);
        snprintf(text, capacity, "%.*s", (int)size, data);
        BIO_free(bio);
}

static void add_constraints(X509 *x509, bool is_ca)
{
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(
                NULL, NULL, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
        assert(extension && X509_add_ext(x509, extension, -1) == 1);
        X509_EXTENSION_free(extension);
}

static void add_use(X509 *x509, int nid, const char *value)
{
        X509_EXTENSION *extension = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
        assert(!value || extension);
        if (extension)
                X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
}

void evaluator_make(const struct evaluator_plan *plan, struct evaluator *ret)
{
        static long serial;
        enum { YEAR = 365 * 86400 };
        *ret = (struct evaluator){ .key = make_key(plan->kind), .certificate = X509_new() };
        const struct evaluator *issuer = plan->issuer ? plan->issuer : ret;
        X509 *x509 = ret->certificate;
        char name[32];
        assert(ret->key && x509);
        snprintf(name, sizeof name, "Evaluator %ld", ++serial);
        X509_set_version(x509, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
        ASN1_TIME_set(X509_getm_notBefore(x509), plan->not_before ? plan->not_before : EVALUATOR_AT - YEAR);
        ASN1_TIME_set(X509_getm_notAfter(x509), plan->not_after ? plan->not_after : EVALUATOR_AT + 9 * YEAR);
        X509_NAME_add_entry_by_txt(
                X509_get_subject_name(x509), "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
        X509_set_issuer_name(x509, X509_get_subject_name(issuer->certificate));
        X509_set_pubkey(x509, ret->key);
        add_constraints(x509, plan->is_ca);
        add_use(x509, NID_key_usage, plan->key_usage);
        add_use(x509, NID_ext_key_usage, plan->extended_key_usage);
        const EVP_MD *digest = EVP_PKEY_is_a(issuer->key, "ED25519") ? NULL : EVP_sha256();
        int signature = X509_sign(x509, issuer->key, digest);
        assert(signature > 0);
        (void)signature;

        uint8_t *end = ret->der;
        int size = i2d_X509(x509, NULL);
        assert(size > 0 && (size_t)size <= sizeof ret->der);
        i2d_X509(x509, &end);
        ret->certificate_der = slice_of(ret->der, (size_t)size);
        BIO *bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey(bio, ret->key, NULL, NULL, 0, NULL, NULL);
        keep_pem(bio, ret->key_pem, sizeof ret->key_pem);
        bio = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(bio, x509);
        if (plan->issuer && plan->issuer->certificate)
                PEM_write_bio_X509(bio, plan->issuer->certificate);
        keep_pem(bio, ret->certificate_pem, sizeof ret->certificate_pem);
}

void evaluator_drop(struct evaluator *evaluator)
{
        EVP_PKEY_free(evaluator->key);
        X509_free(evaluator->certificate);
}

slice evaluator_list(const struct evaluator *issuer, const struct evaluator *revoked, int64_t at,
        uint8_t der[EVALUATOR_LIST_MAX])
{
        enum { DAY = 86400 };
        X509_CRL *crl = X509_CRL_new();
        X509_REVOKED *entry = X509_REVOKED_new();
        ASN1_TIME *time = ASN1_TIME_set(NULL, at - DAY);
        assert(crl && entry && time);
        X509_CRL_set_version(crl, X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate));
        X509_CRL_set1_lastUpdate(crl, time);
        X509_REVOKED_set_revocationDate(entry, time);
        ASN1_TIME_set(time, at + 7 * DAY);
        X509_CRL_set1_nextUpdate(crl, time);
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->certificate));
        X509_CRL_add0_revoked(crl, entry);
        int signature = X509_CRL_sign(crl, issuer->key, EVP_sha256());
        uint8_t *end = der;
        const int size = i2d_X509_CRL(crl, NULL);
        assert(signature > 0 && size > 0 && size <= EVALUATOR_LIST_MAX);
        (void)signature;
        i2d_X509_CRL(crl, &end);
        ASN1_TIME_free(time);
        X509_CRL_free(crl);
        return slice_of(der, (size_t)size);
}

struct evaluation_order evaluator_order(const struct evaluator *evaluator, slice report)
{
        return (struct evaluation_order){
                .report = report,
                .build = "mitome 0.1.0, element in software",
                .key = slice_text(evaluator->key_pem),
                .certificates = slice_text(evaluator->certificate_pem),
                .valid_days = 90,
        };
}

char *evaluator_sample(void)
{
        enum { SAMPLE_MAX = 1 << 20 };
        FILE *file = fopen(getenv("MITOME_EVALUATION_SAMPLE"), "rb");
        char *text = calloc(1, SAMPLE_MAX);
        assert(file && text);
        size_t size = fread(text, 1, SAMPLE_MAX - 1, file);
        assert(size > 0 && size < SAMPLE_MAX - 1);
        (void)size;
        fclose(file);
        return text;
}
