/* SPDX-License-Identifier: Apache-2.0 */
#include "maker.h"

#include "json.h"
#include "x509_build.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>

enum { YEAR = 365 * 86400 };

const uint8_t maker_aaguid[MAKER_AAGUID_SIZE] = { 0x6d, 0x69, 0x74, 0x6f, 0x6d, 0x65, 0x40, 0x01, 0x80, 0x00,
        0x73, 0x6f, 0x66, 0x74, 0x00, 0x01 };

/* Whose certificate it is, and what it says. */
struct leaf {
        const char *unit, *common_name;
        const char *extensions;
};

struct keys {
        EVP_PKEY *ca, *batch;
        X509_NAME *ca_name, *batch_name;
        X509 *ca_certificate, *batch_certificate;
};

static void keys_free(struct keys *keys)
{
        X509_free(keys->batch_certificate);
        X509_free(keys->ca_certificate);
        X509_NAME_free(keys->batch_name);
        X509_NAME_free(keys->ca_name);
        EVP_PKEY_free(keys->batch);
        EVP_PKEY_free(keys->ca);
}

/* The CA, and one certificate under it: of `keys->batch`. */
static mitome_status certify(struct keys *keys, const struct leaf *leaf, const struct mitome_random *random,
        int64_t now, mitome_error *error)
{
        static const char *const ca_pairs[] = { "C", "JP", "O", "Mitome example maker", "CN",
                "Attestation CA 1", NULL };
        const char *const batch_pairs[] = { "C", "JP", "O", "Mitome example maker", "OU", leaf->unit, "CN",
                leaf->common_name, NULL };
        uint8_t serials[2][8];
        if (random->fill(random->context, serials[0], sizeof serials) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        serials[0][0] = serials[1][0] = 0x4d;
        keys->ca = EVP_EC_gen("P-256");
        keys->ca_name = x509_name(ca_pairs);
        keys->batch_name = x509_name(batch_pairs);
        if (!keys->ca || !keys->batch || !keys->ca_name || !keys->batch_name)
                return fail(error, MITOME_E_CRYPTO_FAILED, "maker's keys", NULL);
        struct x509_plan plan = { .subject = keys->ca_name,
                .key = keys->ca,
                .issuer_key = keys->ca,
                .serial = SLICE(serials[0]),
                .not_before = now - 86400,
                .not_after = now + 20LL * YEAR,
                .extensions = MAKER_CA_EXTENSIONS };
        MITOME_TRY(x509_build(&plan, &keys->ca_certificate, error));
        plan.subject = keys->batch_name;
        plan.key = keys->batch;
        plan.issuer = keys->ca_certificate;
        plan.serial = SLICE(serials[1]);
        plan.extensions = leaf->extensions;
        return x509_build(&plan, &keys->batch_certificate, error);
}

static mitome_status export_key(const EVP_PKEY *key, uint8_t ret[MAKER_KEY_SIZE], mitome_error *error)
{
        BIGNUM *scalar = NULL;
        bool done = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                    BN_bn2binpad(scalar, ret, MAKER_KEY_SIZE) == MAKER_KEY_SIZE;
        BN_clear_free(scalar);
        return done ? ok() : fail(error, MITOME_E_CRYPTO_FAILED, "batch key", NULL);
}

mitome_status maker_make_batch(
        const struct mitome_random *random, int64_t now, struct maker_batch *ret, mitome_error *error)
{
        static const struct leaf leaf = { "Authenticator Attestation", "Software model 1, batch 1",
                MAKER_LEAF_EXTENSIONS };
        struct keys keys = { .batch = EVP_EC_gen("P-256") };
        mitome_status status = certify(&keys, &leaf, random, now, error);
        if (!failed(status))
                status = x509_der(keys.ca_certificate, &ret->ca, error);
        if (!failed(status))
                status = x509_der(keys.batch_certificate, &ret->certificate, error);
        if (!failed(status))
                status = export_key(keys.batch, ret->key, error);
        keys_free(&keys);
        return status;
}

static EVP_PKEY *key_of(const uint8_t point[MAKER_POINT_SIZE])
{
        static char curve[] = "P-256";
        uint8_t copy[MAKER_POINT_SIZE];
        EVP_PKEY *key = NULL;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        bool done = !failed(slice_copy(slice_of(point, MAKER_POINT_SIZE), "point", copy, sizeof copy, NULL));
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy),
                OSSL_PARAM_construct_end(),
        };
        if (done && context && EVP_PKEY_fromdata_init(context) == 1 &&
                EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        EVP_PKEY_CTX_free(context);
        return key;
}

static mitome_status certify_point(const struct leaf *leaf, const uint8_t point[MAKER_POINT_SIZE],
        const struct mitome_random *random, int64_t now, struct authority_der *ret_ca,
        struct authority_der *ret_certificate, mitome_error *error)
{
        struct keys keys = { .batch = key_of(point) };
        mitome_status status = certify(&keys, leaf, random, now, error);
        if (!failed(status))
                status = x509_der(keys.ca_certificate, ret_ca, error);
        if (!failed(status))
                status = x509_der(keys.batch_certificate, ret_certificate, error);
        keys_free(&keys);
        return status;
}

mitome_status maker_certify_device(const struct mitome_random *random, int64_t now,
        const uint8_t point[MAKER_POINT_SIZE], struct maker_device *ret, mitome_error *error)
{
        static const struct leaf leaf = { "Authenticator Attestation", "Software model 1, device",
                MAKER_LEAF_EXTENSIONS };
        return certify_point(&leaf, point, random, now, &ret->ca, &ret->certificate, error);
}

mitome_status maker_certify_matcher(const struct mitome_random *random, int64_t now,
        const struct tsm_matcher *matcher, struct maker_matcher *ret, mitome_error *error)
{
        char extensions[512];
        const struct leaf leaf = { "Matcher", "Software model 1, matcher", extensions };
        if (!matcher_certificate_fits(matcher->class, matcher->modality))
                return fail(error, MITOME_E_VALUE, "the matcher's class", NULL);
        snprintf(extensions, sizeof extensions,
                "[certificate]\n"
                "basicConstraints = critical, CA:FALSE\n"
                "keyUsage = critical, keyAgreement\n" MATCHER_CERTIFICATE_OID " = DER:30060201%02x0201%02x\n"
                "authorityKeyIdentifier = keyid\n"
                "subjectKeyIdentifier = hash\n",
                matcher->class, matcher->modality);
        return certify_point(&leaf, matcher->point, random, now, &ret->ca, &ret->certificate, error);
}

/* A list of one word. */
static void write_only(struct json_writer *json, const char *name, const char *word)
{
        json_write_open_array(json, name);
        json_write_string(json, NULL, word);
        json_write_close_array(json);
}

/* Either path verifies the user: the finger, or the PIN that the client takes. */
static void write_details(struct json_writer *json)
{
        static const char *const paths[] = { "fingerprint_internal", "passcode_external" };
        json_write_open_array(json, "userVerificationDetails");
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
                json_write_open_array(json, NULL);
                json_write_open_object(json, NULL);
                json_write_string(json, "userVerificationMethod", paths[i]);
                json_write_close_object(json);
                json_write_close_array(json);
        }
        json_write_close_array(json);
}

mitome_status maker_write_statement(const struct maker_batch *batch, writer *out, mitome_error *error)
{
        char root[sodium_base64_ENCODED_LEN(AUTHORITY_DER_MAX, sodium_base64_VARIANT_ORIGINAL)];
        sodium_bin2base64(root, sizeof root, batch->ca.bytes, batch->ca.size, sodium_base64_VARIANT_ORIGINAL);
        struct json_writer json = json_into(out);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "description", "Mitome example model: element and matcher in software");
        json_write_string(&json, "aaguid", "6d69746f-6d65-4001-8000-736f66740001");
        write_details(&json);
        write_only(&json, "keyProtection", "software");
        write_only(&json, "matcherProtection", "software");
        write_only(&json, "attestationRootCertificates", root);
        json_write_close_object(&json);
        slice written;
        return writer_finish(out, "metadata statement", &written, error);
}
