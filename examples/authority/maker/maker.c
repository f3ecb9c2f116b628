/* SPDX-License-Identifier: Apache-2.0 */
#include "maker.h"

#include "device_model.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>

/* WebAuthn L3 8.2.1: the AAGUID is an OCTET STRING inside the extension's own. */
static const char attestation_extensions[] =
        "[certificate]\n"
        "basicConstraints = critical, CA:FALSE\n"
        "keyUsage = critical, digitalSignature\n"
        "1.3.6.1.4.1.45724.1.1.4 = DER:04106d69746f6d6540018000736f66740001\n"
        "authorityKeyIdentifier = keyid\n"
        "subjectKeyIdentifier = hash\n";

mitome_status maker_device_leaf(
        slice model, char extensions[MAKER_EXTENSIONS_MAX], struct maker_leaf *ret, mitome_error *error)
{
        writer w = writer_over((uint8_t *)extensions, MAKER_EXTENSIONS_MAX - 1);
        write_slice(&w, slice_text(attestation_extensions));
        MITOME_TRY(device_model_write(model, &w, error));
        extensions[w.used] = '\0';
        *ret = (struct maker_leaf){ "Authenticator Attestation", "Software model 1, device", extensions };
        return ok();
}

/* A CA for one certificate: its key is forgotten. */
static mitome_status certify_once(const struct maker_leaf *leaf, const uint8_t point[MAKER_POINT_SIZE],
        const struct mitome_random *random, int64_t now, struct authority_der *ret_ca,
        struct authority_der *ret_certificate, mitome_error *error)
{
        struct maker_ca ca;
        MITOME_TRY(maker_ca_new("Attestation CA 1", random, now, &ca, error));
        mitome_status status = maker_ca_certify(&ca, leaf, random, now, point, ret_certificate, error);
        *ret_ca = ca.certificate;
        maker_ca_wipe(&ca);
        return status;
}

/* ---- a batch ---- */

static mitome_status export_key(const EVP_PKEY *key, uint8_t ret[MAKER_KEY_SIZE], mitome_error *error)
{
        BIGNUM *scalar = NULL;
        bool done = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                    BN_bn2binpad(scalar, ret, MAKER_KEY_SIZE) == MAKER_KEY_SIZE;
        BN_clear_free(scalar);
        return done ? ok() : fail(error, MITOME_E_CRYPTO_FAILED, "batch key", NULL);
}

static mitome_status export_point(const EVP_PKEY *key, uint8_t ret[MAKER_POINT_SIZE], mitome_error *error)
{
        size_t size = 0;
        return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, ret, MAKER_POINT_SIZE, &size) ==
                                       1 &&
                               size == MAKER_POINT_SIZE
                       ? ok()
                       : fail(error, MITOME_E_CRYPTO_FAILED, "batch key", NULL);
}

mitome_status maker_make_batch(
        const struct mitome_random *random, int64_t now, struct maker_batch *ret, mitome_error *error)
{
        static const struct maker_leaf leaf = { "Authenticator Attestation", "Software model 1, batch 1",
                attestation_extensions };
        uint8_t point[MAKER_POINT_SIZE];
        EVP_PKEY *key = EVP_EC_gen("P-256");
        mitome_status status =
                key ? export_point(key, point, error) : fail(error, MITOME_E_NO_MEMORY, "batch key", NULL);
        if (!failed(status))
                status = certify_once(&leaf, point, random, now, &ret->ca, &ret->certificate, error);
        if (!failed(status))
                status = export_key(key, ret->key, error);
        EVP_PKEY_free(key);
        return status;
}

/* ---- one device, one matcher ---- */

mitome_status maker_certify_device(const struct mitome_random *random, int64_t now,
        const uint8_t point[MAKER_POINT_SIZE], struct maker_device *ret, mitome_error *error)
{
        char extensions[MAKER_EXTENSIONS_MAX];
        struct maker_leaf leaf;
        MITOME_TRY(maker_device_leaf(slice_text(MAKER_MODEL), extensions, &leaf, error));
        return certify_once(&leaf, point, random, now, &ret->ca, &ret->certificate, error);
}

mitome_status maker_certify_matcher(const struct mitome_random *random, int64_t now,
        const struct tsm_matcher *matcher, struct maker_matcher *ret, mitome_error *error)
{
        char extensions[512];
        const struct maker_leaf leaf = { "Matcher", "Software model 1, matcher", extensions };
        if (!matcher_certificate_fits(matcher->class, matcher->modality))
                return fail(error, MITOME_E_VALUE, "the matcher's class", NULL);
        snprintf(extensions, sizeof extensions,
                "[certificate]\n"
                "basicConstraints = critical, CA:FALSE\n"
                "keyUsage = critical, keyAgreement\n" MATCHER_CERTIFICATE_OID " = DER:30060201%02x0201%02x\n"
                "authorityKeyIdentifier = keyid\n"
                "subjectKeyIdentifier = hash\n",
                matcher->class, matcher->modality);
        return certify_once(&leaf, matcher->point, random, now, &ret->ca, &ret->certificate, error);
}
