/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_internal.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

mitome_status mitome_trust_new(struct mitome_trust **ret, mitome_error *error)
{
        struct mitome_trust *trust = calloc(1, sizeof *trust);
        if (!trust)
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        trust->anchors = sk_X509_new_null();
        trust->jpki_anchors = sk_X509_new_null();
        trust->crls = sk_X509_CRL_new_null();
        if (!trust->anchors || !trust->jpki_anchors || !trust->crls) {
                mitome_trust_free(trust);
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        }
        *ret = trust;
        return ok();
}

void mitome_trust_free(struct mitome_trust *trust)
{
        if (!trust)
                return;
        sk_X509_pop_free(trust->anchors, X509_free);
        sk_X509_pop_free(trust->jpki_anchors, X509_free);
        sk_X509_CRL_pop_free(trust->crls, X509_CRL_free);
        free(trust);
}

/* An anchor is a CA certificate: who signs with an end entity's key must not be believed as an issuer. */
static mitome_status add_anchor(STACK_OF(X509) * anchors, slice der, mitome_error *error)
{
        X509 *certificate;
        MITOME_TRY(certificate_parse(der, "anchor", &certificate, error));
        mitome_status status = ok();
        if (X509_check_ca(certificate) != 1)
                status = fail(error, MITOME_E_ANCHOR_NO_CA, "anchor", "RFC 5280 4.2.1.9");
        else if (sk_X509_push(anchors, certificate) <= 0)
                status = fail(error, MITOME_E_NO_MEMORY, "anchor", NULL);
        if (failed(status))
                X509_free(certificate);
        return status;
}

mitome_status mitome_trust_add_anchor(struct mitome_trust *trust, mitome_slice der, mitome_error *error)
{
        return add_anchor(trust->anchors, der, error);
}

mitome_status mitome_trust_add_jpki_anchor(struct mitome_trust *trust, mitome_slice der, mitome_error *error)
{
        return add_anchor(trust->jpki_anchors, der, error);
}

bool trust_knows_jpki(const struct mitome_trust *trust)
{
        return sk_X509_num(trust->jpki_anchors) > 0;
}

mitome_status mitome_trust_add_crl(struct mitome_trust *trust, mitome_slice der, mitome_error *error)
{
        if (der.size == 0 || der.size > INT32_MAX)
                return fail(error, MITOME_E_DER, "CRL", "RFC 5280 5.1");
        const unsigned char *end = der.data;
        X509_CRL *crl = d2i_X509_CRL(NULL, &end, (long)der.size);
        mitome_status status = ok();
        if (!crl)
                status = fail(error, MITOME_E_DER, "CRL", "RFC 5280 5.1");
        else if ((size_t)(end - der.data) != der.size)
                status = fail(error, MITOME_E_TRAILING_BYTES, "CRL", "RFC 5280 5.1");
        else if (sk_X509_CRL_push(trust->crls, crl) <= 0)
                status = fail(error, MITOME_E_NO_MEMORY, "CRL", NULL);
        if (failed(status))
                X509_CRL_free(crl);
        else /* once and here: a lookup would sort it, under the eyes of threads that share the snapshot */
                sk_X509_REVOKED_sort(X509_CRL_get_REVOKED(crl));
        return status;
}

void mitome_trust_set_metadata(struct mitome_trust *trust, const struct mitome_metadata *metadata)
{
        trust->metadata = metadata;
}

const struct mitome_metadata *trust_metadata(const struct mitome_trust *trust)
{
        return trust->metadata;
}
