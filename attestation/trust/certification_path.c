/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_internal.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static const char clause[] = "WebAuthn L3 7.1 #24";

mitome_status certificate_parse(slice der, const char *field, X509 **ret, mitome_error *error)
{
        if (der.size == 0 || der.size > INT32_MAX)
                return fail(error, MITOME_E_DER, field, "RFC 5280 4.1");
        const unsigned char *end = der.data;
        X509 *certificate = d2i_X509(NULL, &end, (long)der.size);
        if (!certificate)
                return fail(error, MITOME_E_DER, field, "RFC 5280 4.1");
        if ((size_t)(end - der.data) != der.size) {
                X509_free(certificate);
                return fail(error, MITOME_E_TRAILING_BYTES, field, "RFC 5280 4.1");
        }
        *ret = certificate;
        return ok();
}

mitome_status certificate_check_time(
        const X509 *certificate, int64_t now, const char *field, mitome_error *error)
{
        time_t at = (time_t)now;
        /* X509_cmp_time answers 0 for a time that it cannot read: that is refused, too. */
        if (X509_cmp_time(X509_get0_notBefore(certificate), &at) >= 0)
                return fail(error, MITOME_E_CERTIFICATE_NOT_YET_VALID, field, "RFC 5280 4.1.2.5");
        if (X509_cmp_time(X509_get0_notAfter(certificate), &at) <= 0)
                return fail(error, MITOME_E_CERTIFICATE_EXPIRED, field, "RFC 5280 4.1.2.5");
        return ok();
}

bool certificate_issued(X509 *issuer, X509 *subject)
{
        EVP_PKEY *key = X509_get0_pubkey(issuer);
        return key && X509_check_ca(issuer) == 1 && X509_check_issued(issuer, subject) == X509_V_OK &&
               X509_verify(subject, key) == 1;
}

static mitome_status parse_chain(const slice *chain, size_t count, STACK_OF(X509) * ret, mitome_error *error)
{
        for (size_t i = 0; i < count; i++) {
                X509 *certificate;
                MITOME_TRY(certificate_parse(chain[i], "x5c", &certificate, error));
                if (sk_X509_push(ret, certificate) <= 0) {
                        X509_free(certificate);
                        return fail(error, MITOME_E_NO_MEMORY, "x5c", NULL);
                }
        }
        return ok();
}

/* Each certificate valid now and issued by the next: whatever anchors there are, a chain that contradicts
 * itself is refused. */
static mitome_status check_links(STACK_OF(X509) * chain, int64_t now, mitome_error *error)
{
        int count = sk_X509_num(chain);
        for (int i = 0; i < count; i++) {
                X509 *certificate = sk_X509_value(chain, i);
                MITOME_TRY(certificate_check_time(certificate, now, "x5c", error));
                if (i + 1 < count && !certificate_issued(sk_X509_value(chain, i + 1), certificate))
                        return fail(error, MITOME_E_CERTIFICATE_PATH, "x5c", clause);
        }
        return ok();
}

static bool path_verifies(X509_STORE *store, STACK_OF(X509) * chain, int64_t now)
{
        X509_STORE_CTX *context = X509_STORE_CTX_new();
        bool anchored = false;
        if (context && X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) == 1) {
                X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
                X509_VERIFY_PARAM_set_time(parameters, (time_t)now);
                X509_VERIFY_PARAM_set_auth_level(parameters, 2); /* 112 bits */
                /* An anchor need not be self-signed: a metadata statement may name an intermediate. */
                X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
                anchored = X509_verify_cert(context) == 1;
        }
        X509_STORE_CTX_free(context);
        return anchored;
}

/* One anchor, one store: among several of one name OpenSSL would look at the first only. */
static bool ends_in(X509 *anchor, STACK_OF(X509) * chain, int64_t now)
{
        X509_STORE *store = X509_STORE_new();
        bool anchored = store && X509_STORE_add_cert(store, anchor) == 1 && path_verifies(store, chain, now);
        X509_STORE_free(store);
        return anchored;
}

static mitome_status verify_chain(STACK_OF(X509) * anchors, const slice *chain, size_t count, int64_t now,
        STACK_OF(X509) * certificates, bool *ret_anchored, mitome_error *error)
{
        MITOME_TRY(parse_chain(chain, count, certificates, error));
        MITOME_TRY(check_links(certificates, now, error));
        bool anchored = false;
        for (int i = 0; !anchored && i < sk_X509_num(anchors); i++)
                anchored = ends_in(sk_X509_value(anchors, i), certificates, now);
        *ret_anchored = anchored;
        return ok();
}

static mitome_status verify_to(STACK_OF(X509) * anchors, const slice *chain, size_t count, int64_t now,
        bool *ret_anchored, mitome_error *error)
{
        if (count == 0 || count > TRUST_CHAIN_MAX)
                return fail(error, MITOME_E_TOO_MANY, "x5c", clause);
        STACK_OF(X509) *certificates = sk_X509_new_null();
        if (!certificates)
                return fail(error, MITOME_E_NO_MEMORY, "x5c", NULL);
        mitome_status status = verify_chain(anchors, chain, count, now, certificates, ret_anchored, error);
        sk_X509_pop_free(certificates, X509_free);
        return status;
}

mitome_status trust_verify_attestation(const struct mitome_trust *trust, const slice *chain, size_t count,
        int64_t now, bool *ret_anchored, mitome_error *error)
{
        return verify_to(trust->anchors, chain, count, now, ret_anchored, error);
}

mitome_status trust_verify_attestation_to(const struct mitome_trust *trust, const slice *anchors,
        size_t anchor_count, const slice *chain, size_t count, int64_t now, bool *ret_anchored,
        mitome_error *error)
{
        (void)trust;
        STACK_OF(X509) *parsed = sk_X509_new_null();
        mitome_status status = parsed ? ok() : fail(error, MITOME_E_NO_MEMORY, "anchor", NULL);
        for (size_t i = 0; !failed(status) && i < anchor_count; i++) {
                X509 *anchor;
                if (!failed(certificate_parse(anchors[i], "anchor", &anchor, NULL)) &&
                        sk_X509_push(parsed, anchor) <= 0) {
                        X509_free(anchor);
                        status = fail(error, MITOME_E_NO_MEMORY, "anchor", NULL);
                }
        }
        if (!failed(status))
                status = verify_to(parsed, chain, count, now, ret_anchored, error);
        sk_X509_pop_free(parsed, X509_free);
        return status;
}
