/* SPDX-License-Identifier: Apache-2.0 */
#include "maker_ca.h"

#include "x509_build.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define CA_EXTENSIONS                                       \
        "[certificate]\n"                                   \
        "basicConstraints = critical, CA:TRUE, pathlen:0\n" \
        "keyUsage = critical, keyCertSign, cRLSign\n"       \
        "subjectKeyIdentifier = hash\n"

enum { DAY = 86400, YEAR = 365 * DAY, SERIAL_SIZE = 8 };

void maker_ca_wipe(struct maker_ca *ca)
{
        bytes_wipe(ca, sizeof *ca);
}

static mitome_status draw_serial(
        const struct mitome_random *random, uint8_t serial[SERIAL_SIZE], mitome_error *error)
{
        if (random->fill(random->context, serial, SERIAL_SIZE) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        serial[0] = 0x4d;
        return ok();
}

/* ---- the CA ---- */

static mitome_status write_key(EVP_PKEY *key, struct maker_ca *ret, mitome_error *error)
{
        PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
        unsigned char *der = NULL;
        int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
        PKCS8_PRIV_KEY_INFO_free(info);
        if (size < 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "the maker's CA", NULL);
        mitome_status status =
                slice_copy(slice_of(der, (size_t)size), "the CA's key", ret->key, sizeof ret->key, error);
        ret->key_size = (size_t)size;
        OPENSSL_clear_free(der, (size_t)size);
        return status;
}

static mitome_status make_certificate(EVP_PKEY *key, X509_NAME *name, const struct mitome_random *random,
        int64_t now, struct authority_der *ret, mitome_error *error)
{
        uint8_t serial[SERIAL_SIZE];
        X509 *x509 = NULL;
        MITOME_TRY(draw_serial(random, serial, error));
        const struct x509_plan plan = { .subject = name,
                .key = key,
                .issuer_key = key,
                .serial = SLICE(serial),
                .not_before = now - DAY,
                .not_after = now + 20LL * YEAR,
                .extensions = CA_EXTENSIONS };
        mitome_status status = x509_build(&plan, &x509, error);
        if (!failed(status))
                status = x509_der(x509, ret, error);
        X509_free(x509);
        return status;
}

mitome_status maker_ca_new(const char *common_name, const struct mitome_random *random, int64_t now,
        struct maker_ca *ret, mitome_error *error)
{
        const char *const pairs[] = { "C", "JP", "O", "Mitome example maker", "CN", common_name, NULL };
        struct maker_ca made = { 0 };
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509_NAME *name = x509_name(pairs);
        mitome_status status = key && name
                                       ? make_certificate(key, name, random, now, &made.certificate, error)
                                       : fail(error, MITOME_E_CRYPTO_FAILED, "the maker's CA", NULL);
        if (!failed(status))
                status = write_key(key, &made, error);
        X509_NAME_free(name);
        EVP_PKEY_free(key);
        if (!failed(status))
                *ret = made;
        bytes_wipe(&made, sizeof made);
        return status;
}

/* ---- what it certifies ---- */

static EVP_PKEY *key_of(const uint8_t point[MAKER_POINT_SIZE])
{
        static char curve[] = "P-256";
        uint8_t copy[MAKER_POINT_SIZE];
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        bool copied =
                !failed(slice_copy(slice_of(point, MAKER_POINT_SIZE), "point", copy, sizeof copy, NULL));
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy),
                OSSL_PARAM_construct_end(),
        };
        if (copied && context && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        EVP_PKEY_CTX_free(context);
        return key;
}

/* What is taken apart to certify one. */
struct desk {
        EVP_PKEY *ca_key, *leaf_key;
        X509 *ca, *certificate;
        X509_NAME *name;
};

static void desk_free(struct desk *desk)
{
        X509_NAME_free(desk->name);
        X509_free(desk->certificate);
        X509_free(desk->ca);
        EVP_PKEY_free(desk->leaf_key);
        EVP_PKEY_free(desk->ca_key);
}

static mitome_status certify(struct desk *desk, const char *extensions, const struct mitome_random *random,
        int64_t now, struct authority_der *ret, mitome_error *error)
{
        uint8_t serial[SERIAL_SIZE];
        if (!desk->ca_key || !desk->ca || !desk->name)
                return fail(error, MITOME_E_CRYPTO_FAILED, "the maker's CA", NULL);
        if (!desk->leaf_key)
                return fail(error, MITOME_E_VALUE, "the device's point", NULL);
        MITOME_TRY(draw_serial(random, serial, error));
        const struct x509_plan plan = { .subject = desk->name,
                .key = desk->leaf_key,
                .issuer = desk->ca,
                .issuer_key = desk->ca_key,
                .serial = SLICE(serial),
                .not_before = now - DAY,
                .not_after = now + 20LL * YEAR - DAY,
                .extensions = extensions };
        MITOME_TRY(x509_build(&plan, &desk->certificate, error));
        return x509_der(desk->certificate, ret, error);
}

mitome_status maker_ca_certify(const struct maker_ca *ca, const struct maker_leaf *leaf,
        const struct mitome_random *random, int64_t now, const uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, mitome_error *error)
{
        const char *const pairs[] = { "C", "JP", "O", "Mitome example maker", "OU", leaf->unit, "CN",
                leaf->common_name, NULL };
        const unsigned char *key = ca->key, *der = ca->certificate.bytes;
        struct desk desk = { .ca_key = d2i_AutoPrivateKey(NULL, &key, (long)ca->key_size),
                .leaf_key = key_of(point),
                .ca = d2i_X509(NULL, &der, (long)ca->certificate.size),
                .name = x509_name(pairs) };
        mitome_status status = certify(&desk, leaf->extensions, random, now, ret, error);
        desk_free(&desk);
        return status;
}
