/* SPDX-License-Identifier: Apache-2.0 */

/* Revocation lists (RFC 5280 5), full and of one place. */

#include "ca_internal.h"
#include "ca_profile.h"

#include <openssl/conf.h>
#include <openssl/x509v3.h>

enum { SERIAL_MAX = 20 };

static mitome_status crl_failed(mitome_error *error)
{
        return fail(error, MITOME_E_CRYPTO_FAILED, "CRL", NULL);
}

void ca_list_free(struct ca_list *list)
{
        OPENSSL_free(list->bytes);
        *list = (struct ca_list){ 0 };
}

slice ca_list_view(const struct ca_list *list)
{
        return slice_of(list->bytes, list->size);
}

/* ---- entries ---- */

static bool set_reason(X509_REVOKED *revoked, long value)
{
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        bool set = reason && ASN1_ENUMERATED_set(reason, value) == 1 &&
                   X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0) == 1;
        ASN1_ENUMERATED_free(reason);
        return set;
}

static bool fill_entry(X509_REVOKED *revoked, const struct ca_entry *entry)
{
        BIGNUM *number = BN_bin2bn(entry->serial.data, (int)entry->serial.size, NULL);
        ASN1_INTEGER *serial = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
        ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)entry->at);
        /* RFC 5280 5.3.1: a reason that says nothing is left out. */
        bool filled = serial && time && X509_REVOKED_set_serialNumber(revoked, serial) == 1 &&
                      X509_REVOKED_set_revocationDate(revoked, time) == 1 &&
                      (entry->reason == CRL_REASON_UNSPECIFIED || set_reason(revoked, entry->reason));
        ASN1_TIME_free(time);
        ASN1_INTEGER_free(serial);
        BN_free(number);
        return filled;
}

static bool is_reason(int reason)
{
        return reason >= CRL_REASON_UNSPECIFIED && reason <= CRL_REASON_AA_COMPROMISE && reason != 7 &&
               reason != CRL_REASON_REMOVE_FROM_CRL;
}

static mitome_status add_entry(void *context, const struct ca_entry *entry, mitome_error *error)
{
        X509_CRL *crl = context;
        if (entry->serial.size == 0 || entry->serial.size > SERIAL_MAX || !is_reason(entry->reason))
                return fail(error, MITOME_E_VALUE, "entry of a CRL", "RFC 5280 5.3");
        X509_REVOKED *revoked = X509_REVOKED_new();
        if (!revoked || !fill_entry(revoked, entry) || X509_CRL_add0_revoked(crl, revoked) != 1) {
                X509_REVOKED_free(revoked);
                return crl_failed(error);
        }
        return ok();
}

/* ---- the list ---- */

static bool set_times(X509_CRL *crl, int64_t now, int64_t until)
{
        ASN1_TIME *issued = ASN1_TIME_set(NULL, (time_t)now), *next = ASN1_TIME_set(NULL, (time_t)until);
        bool set = issued && next && X509_CRL_set1_lastUpdate(crl, issued) == 1 &&
                   X509_CRL_set1_nextUpdate(crl, next) == 1;
        ASN1_TIME_free(next);
        ASN1_TIME_free(issued);
        return set;
}

static bool set_number(X509_CRL *crl, uint64_t value)
{
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        bool set = number && ASN1_INTEGER_set_uint64(number, value) == 1 &&
                   X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
        ASN1_INTEGER_free(number);
        return set;
}

/* 5.2.1: by which key it was signed; generations of a CA share one name. */
static bool set_key_identifier(X509_CRL *crl, const X509 *issuer)
{
        AUTHORITY_KEYID *identifier = AUTHORITY_KEYID_new();
        ASN1_OCTET_STRING *own = X509_get_ext_d2i(issuer, NID_subject_key_identifier, NULL, NULL);
        bool set = false;
        if (identifier && own) {
                identifier->keyid = own;
                own = NULL;
                set = X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, identifier, 0, 0) == 1;
        }
        ASN1_OCTET_STRING_free(own);
        AUTHORITY_KEYID_free(identifier);
        return set;
}

static bool add_extensions(X509_CRL *crl, const char *extensions)
{
        CONF *conf = NCONF_new(NULL);
        BIO *text = BIO_new_mem_buf(extensions, -1);
        X509V3_CTX context;
        X509V3_set_ctx(&context, NULL, NULL, NULL, crl, 0);
        bool done = false;
        if (conf && text && NCONF_load_bio(conf, text, NULL) == 1) {
                X509V3_set_nconf(&context, conf);
                done = X509V3_EXT_CRL_add_nconf(conf, &context, "list", crl) == 1;
        }
        BIO_free(text);
        NCONF_free(conf);
        return done;
}

static mitome_status begin(const struct ca *ca, X509_CRL *crl, const struct ca_place *place, uint64_t number,
        mitome_error *error)
{
        char extensions[CA_EXTENSIONS_MAX];
        if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
                X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)) != 1 ||
                !set_key_identifier(crl, ca->certificate) || !set_number(crl, number))
                return crl_failed(error);
        if (!place)
                return ok();
        MITOME_TRY(ca_list_extensions(place, extensions, error));
        return add_extensions(crl, extensions) ? ok() : crl_failed(error);
}

static mitome_status encode(X509_CRL *crl, struct ca_list *ret, mitome_error *error)
{
        unsigned char *der = NULL;
        int size = i2d_X509_CRL(crl, &der);
        if (size <= 0)
                return crl_failed(error);
        *ret = (struct ca_list){ .bytes = der, .size = (size_t)size };
        return ok();
}

static mitome_status fill(const struct ca *ca, const struct ca_source *source, const struct ca_place *place,
        X509_CRL *crl, mitome_error *error)
{
        uint64_t number;
        const struct ca_visitor visitor = { .context = crl, .visit = add_entry };
        MITOME_TRY(source->revoked(source->context, ca->kind, place, &visitor, error));
        MITOME_TRY(source->next_number(source->context, ca->kind, &number, error));
        return begin(ca, crl, place, number, error);
}

mitome_status ca_crl(const struct ca *ca, const struct ca_source *source, const struct ca_place *place,
        int64_t now, int64_t next, struct ca_list *ret, mitome_error *error)
{
        if (next <= now || (place && ca->kind != AUTHORITY_SIGNING))
                return fail(error, MITOME_E_ARGUMENT, "CRL", NULL);
        X509_CRL *crl = X509_CRL_new();
        if (!crl)
                return fail(error, MITOME_E_NO_MEMORY, "CRL", NULL);
        mitome_status status = fill(ca, source, place, crl, error);
        if (!failed(status))
                status = set_times(crl, now, next) && X509_CRL_sort(crl) == 1 &&
                                         X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0
                                 ? encode(crl, ret, error)
                                 : crl_failed(error);
        X509_CRL_free(crl);
        return status;
}
