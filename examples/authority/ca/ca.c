/* SPDX-License-Identifier: Apache-2.0 */
#include "ca.h"

#include "ca_internal.h"
#include "ca_profile.h"
#include "x509_build.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <time.h>

enum { DAY = 86400, CA_YEARS = 10, MODULUS_SIZE = 256 };

static mitome_status crypto_failed(const char *field, mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, field, NULL);
}

static mitome_status draw(
        const struct mitome_random *random, uint8_t *bytes, size_t size, mitome_error *error)
{
        return random->fill(random->context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
}

mitome_status ca_draw_serial(
        const struct mitome_random *random, uint8_t ret[AUTHORITY_SERIAL_SIZE], mitome_error *error)
{
        uint8_t serial[AUTHORITY_SERIAL_SIZE];
        MITOME_TRY(draw(random, serial, sizeof serial, error));
        serial[0] = (uint8_t)((serial[0] & 0x7F) | 0x40);
        return slice_copy(SLICE(serial), "serial", ret, AUTHORITY_SERIAL_SIZE, error);
}

/* ---- a CA ---- */

static bool is_of_kind(const X509 *certificate, enum authority_kind kind)
{
        X509_NAME *name = ca_own_name(kind);
        bool same = name && X509_NAME_cmp(name, X509_get_subject_name(certificate)) == 0;
        X509_NAME_free(name);
        return same;
}

static mitome_status end_of(const X509 *certificate, int64_t *ret, mitome_error *error)
{
        struct tm tm;
        if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
                return crypto_failed("CA", error);
        *ret = timegm(&tm);
        return ok();
}

static mitome_status fill(struct ca *ca, mitome_error *error)
{
        if (X509_check_private_key(ca->certificate, ca->key) != 1 || !is_of_kind(ca->certificate, ca->kind))
                return fail(error, MITOME_E_STORE_FOREIGN, "CA", NULL);
        MITOME_TRY(end_of(ca->certificate, &ca->not_after, error));
        return x509_der(ca->certificate, &ca->der, error);
}

mitome_status ca_adopt(
        enum authority_kind kind, EVP_PKEY *key, X509 *certificate, struct ca **ret, mitome_error *error)
{
        struct ca *ca = calloc(1, sizeof *ca);
        if (!ca) {
                EVP_PKEY_free(key);
                X509_free(certificate);
                return fail(error, MITOME_E_NO_MEMORY, "CA", NULL);
        }
        *ca = (struct ca){ .kind = kind, .key = key, .certificate = certificate };
        mitome_status status = fill(ca, error);
        if (failed(status))
                ca_close(ca);
        else
                *ret = ca;
        return status;
}

/* A CA ends with a day of Japan, too. */
static int64_t end_of_ca(int64_t now)
{
        struct japan_date date = japan_date_of(now);
        date.year += CA_YEARS;
        return japan_date_end(date);
}

static mitome_status certify_itself(enum authority_kind kind, EVP_PKEY *key,
        const struct mitome_random *random, int64_t now, X509 **ret, mitome_error *error)
{
        uint8_t serial[AUTHORITY_SERIAL_SIZE];
        char extensions[CA_EXTENSIONS_MAX];
        MITOME_TRY(ca_draw_serial(random, serial, error));
        MITOME_TRY(ca_own_extensions(kind, extensions, error));
        X509_NAME *name = ca_own_name(kind);
        if (!name)
                return fail(error, MITOME_E_NO_MEMORY, "CA", NULL);
        const struct x509_plan plan = {
                .subject = name,
                .key = key,
                .issuer_key = key,
                .serial = SLICE(serial),
                .not_before = now - DAY,
                .not_after = end_of_ca(now),
                .extensions = extensions,
        };
        mitome_status status = x509_build(&plan, ret, error);
        X509_NAME_free(name);
        return status;
}

mitome_status ca_make(enum authority_kind kind, const struct mitome_random *random, int64_t now,
        struct ca **ret, mitome_error *error)
{
        X509 *certificate = NULL;
        EVP_PKEY *key = EVP_RSA_gen(2048);
        if (!key)
                return crypto_failed("CA", error);
        mitome_status status = certify_itself(kind, key, random, now, &certificate, error);
        if (!failed(status))
                return ca_adopt(kind, key, certificate, ret, error);
        EVP_PKEY_free(key);
        return status;
}

void ca_close(struct ca *ca)
{
        if (!ca)
                return;
        EVP_PKEY_free(ca->key);
        X509_free(ca->certificate);
        free(ca);
}

enum authority_kind ca_kind(const struct ca *ca)
{
        return ca->kind;
}

slice ca_certificate(const struct ca *ca)
{
        return slice_of(ca->der.bytes, ca->der.size);
}

int64_t ca_not_after(const struct ca *ca)
{
        return ca->not_after;
}

/* ---- issuing ---- */

static EVP_PKEY *public_key(slice modulus)
{
        EVP_PKEY *key = NULL;
        BIGNUM *n = BN_bin2bn(modulus.data, (int)modulus.size, NULL), *e = BN_new();
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
        OSSL_PARAM *parameters = NULL;
        if (n && e && BN_set_word(e, RSA_F4) == 1 && build &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
                parameters = OSSL_PARAM_BLD_to_param(build);
        if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        OSSL_PARAM_free(parameters);
        EVP_PKEY_CTX_free(context);
        OSSL_PARAM_BLD_free(build);
        BN_free(e);
        BN_free(n);
        return key;
}

/* The opaque common name: 23 characters that mean nothing. */
static mitome_status opaque_name(
        const struct mitome_random *random, char name[CA_COMMON_NAME_SIZE + 1], mitome_error *error)
{
        static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
        uint8_t bytes[CA_COMMON_NAME_SIZE];
        MITOME_TRY(draw(random, bytes, sizeof bytes, error));
        for (int i = 0; i < CA_COMMON_NAME_SIZE; i++)
                name[i] = letters[bytes[i] % 32];
        name[CA_COMMON_NAME_SIZE] = '\0';
        return ok();
}

static mitome_status build(const struct ca *ca, const struct ca_order *order, const char *common_name,
        EVP_PKEY *key, struct authority_der *ret, mitome_error *error)
{
        char extensions[CA_EXTENSIONS_MAX];
        MITOME_TRY(ca_person_extensions(ca->kind, order->person, extensions, error));
        X509_NAME *subject = ca_subject(ca->kind, order->person, common_name);
        if (!subject)
                return fail(error, MITOME_E_NO_MEMORY, "subject", NULL);
        const struct x509_plan plan = {
                .subject = subject,
                .key = key,
                .issuer = ca->certificate,
                .issuer_key = ca->key,
                .serial = order->serial,
                .not_before = order->not_before,
                .not_after = order->not_after,
                .extensions = extensions,
        };
        X509 *certificate;
        mitome_status status = x509_build(&plan, &certificate, error);
        X509_NAME_free(subject);
        MITOME_TRY(status);
        status = x509_der(certificate, ret, error);
        X509_free(certificate);
        return status;
}

/* An even number is no product of two large primes; whether another one is, its holder's element answers
 * for. */
static mitome_status check_order(const struct ca *ca, const struct ca_order *order, mitome_error *error)
{
        const slice modulus = order->modulus;
        if (modulus.size != MODULUS_SIZE || !(modulus.data[0] & 0x80) ||
                !(modulus.data[MODULUS_SIZE - 1] & 1))
                return fail(error, MITOME_E_KEY_WEAK, "public key", "JPKI certificate profile");
        if (order->serial.size != AUTHORITY_SERIAL_SIZE || order->serial.data[0] & 0x80)
                return fail(error, MITOME_E_VALUE, "serial", "RFC 5280 4.1.2.2");
        if (order->not_after <= order->not_before || order->not_after > ca->not_after)
                return fail(error, MITOME_E_VALUE, "not after", "RFC 5280 4.1.2.5");
        return ca_check_person(ca->kind, order->person, order->not_before, error);
}

mitome_status ca_issue(const struct ca *ca, const struct ca_order *order, const struct mitome_random *random,
        struct authority_der *ret, mitome_error *error)
{
        char common_name[CA_COMMON_NAME_SIZE + 1];
        MITOME_TRY(check_order(ca, order, error));
        MITOME_TRY(opaque_name(random, common_name, error));
        EVP_PKEY *key = public_key(order->modulus);
        if (!key)
                return crypto_failed("public key", error);
        mitome_status status = build(ca, order, common_name, key, ret, error);
        EVP_PKEY_free(key);
        return status;
}
