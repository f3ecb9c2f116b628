/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher_certificate.h"

#include "der.h"
#include "matcher_class.h"
#include "unlock_token.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

bool matcher_certificate_fits(uint8_t class, uint8_t modality)
{
        return class <= MATCHER_STRONG && modality >= UNLOCK_FINGER && modality <= UNLOCK_IRIS;
}

/* ---- the path ---- */

/* One certificate, and nothing behind it. */
static X509 *certificate_of(slice der)
{
        const unsigned char *at = der.data;
        X509 *x509 =
                der.size && der.size <= MATCHER_CERTIFICATE_MAX ? d2i_X509(NULL, &at, (long)der.size) : NULL;
        if (x509 && at != der.data + der.size) {
                X509_free(x509);
                return NULL;
        }
        return x509;
}

static bool verify_at(X509_STORE_CTX *context, X509_STORE *store, X509 *certificate, int64_t now)
{
        if (X509_STORE_CTX_init(context, store, certificate, NULL) != 1)
                return false;
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
        X509_VERIFY_PARAM_set_time(param, (time_t)now);
        return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_USE_CHECK_TIME) ==
                       1 &&
               X509_verify_cert(context) == 1;
}

static bool is_issued_by(X509 *ca, X509 *certificate, int64_t now)
{
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        bool good = store && context && ca && X509_STORE_add_cert(store, ca) == 1 &&
                    verify_at(context, store, certificate, now) && X509_check_ca(certificate) == 0;
        X509_STORE_CTX_free(context);
        X509_STORE_free(store);
        return good;
}

/* ---- whose it is ---- */

static bool is_of_point(X509 *certificate, slice point)
{
        unsigned char *bytes = NULL;
        const EVP_PKEY *key = X509_get0_pubkey(certificate);
        char group[32] = { 0 };
        size_t length = 0;
        if (!key || EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1)
                return false;
        size_t size = EVP_PKEY_get1_encoded_public_key((EVP_PKEY *)(uintptr_t)key, &bytes);
        bool same = slice_equal(slice_text(group), slice_text("prime256v1")) &&
                    slice_equal(slice_of(bytes, size), point);
        OPENSSL_free(bytes);
        return same;
}

/* ---- what it says ---- */

/* The extension's value; empty when it is not there exactly once. */
static slice find_extension(const X509 *certificate)
{
        ASN1_OBJECT *name = OBJ_txt2obj(MATCHER_CERTIFICATE_OID, 1);
        int at = name ? X509_get_ext_by_OBJ(certificate, name, -1) : -1;
        bool once = at >= 0 && X509_get_ext_by_OBJ(certificate, name, at) < 0;
        ASN1_OBJECT_free(name);
        if (!once)
                return (slice){ 0 };
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
        return slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
}

static mitome_status read_extension(slice der, struct tsm_matcher *ret)
{
        slice body;
        uint32_t class, modality;
        reader r = reader_over(der, NULL, NULL);
        MITOME_TRY(der_read(&r, "matcher", DER_SEQUENCE, &body, NULL));
        MITOME_TRY(read_end(&r, "matcher"));
        reader fields = reader_over(body, NULL, NULL);
        MITOME_TRY(der_read_number(&fields, "matcher.class", DER_INTEGER, UINT8_MAX, &class));
        MITOME_TRY(der_read_number(&fields, "matcher.modality", DER_INTEGER, UINT8_MAX, &modality));
        MITOME_TRY(read_end(&fields, "matcher"));
        if (!matcher_certificate_fits((uint8_t) class, (uint8_t)modality))
                return fail(NULL, MITOME_E_VALUE, "matcher", NULL);
        ret->class = (uint8_t) class;
        ret->modality = (uint8_t)modality;
        return ok();
}

/* ---- all of it ---- */

static mitome_status check(
        X509 *ca, X509 *certificate, slice point, int64_t now, struct tsm_matcher *ret, mitome_error *error)
{
        static const char field[] = "the matcher's certificate";
        if (!certificate || !is_issued_by(ca, certificate, now))
                return fail(error, MITOME_E_MATCHER_ISSUER, field, NULL);
        if (!is_of_point(certificate, point))
                return fail(error, MITOME_E_MATCHER_POINT, field, NULL);
        if (failed(read_extension(find_extension(certificate), ret)))
                return fail(error, MITOME_E_MATCHER_CLASS, field, NULL);
        return slice_copy(point, field, ret->point, sizeof ret->point, error);
}

mitome_status tsm_check_matcher(slice maker_ca, slice certificate, slice point, int64_t now,
        struct tsm_matcher *ret, mitome_error *error)
{
        struct tsm_matcher matcher = { 0 };
        if (!certificate.size)
                return fail(error, MITOME_E_MATCHER_UNCERTIFIED, "the matcher", NULL);
        X509 *ca = certificate_of(maker_ca), *leaf = certificate_of(certificate);
        mitome_status status = check(ca, leaf, point, now, &matcher, error);
        X509_free(leaf);
        X509_free(ca);
        MITOME_TRY(status);
        *ret = matcher;
        return ok();
}
