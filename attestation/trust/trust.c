/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

mitome_status mitome_trust_new(struct mitome_trust **ret, mitome_error *error)
{
        struct mitome_trust *trust = calloc(1, sizeof *trust);
        if (!trust)
                return fail(error, MITOME_E_NO_MEMORY, "trust", NULL);
        trust->anchors = sk_X509_new_null();
        trust->jpki_anchors = sk_X509_new_null();
        trust->memory = path_memory_new();
        if (!trust->anchors || !trust->jpki_anchors || !trust->memory) {
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
        path_memory_free(trust->memory);
        revocation_free(trust);
        ocsp_free(trust);
        sk_X509_pop_free(trust->anchors, X509_free);
        sk_X509_pop_free(trust->jpki_anchors, X509_free);
        free(trust->places);
        free(trust);
}

static mitome_status keep_anchor(
        struct mitome_trust *trust, STACK_OF(X509) * anchors, X509 *certificate, mitome_error *error)
{
        MITOME_TRY(revocation_note_anchor(trust, certificate, error));
        if (sk_X509_push(anchors, certificate) <= 0)
                return fail(error, MITOME_E_NO_MEMORY, "anchor", NULL);
        return ok();
}

/* X509_check_ca reads the extensions: now, and not under the eyes of threads. OpenSSL's error queue is the
 * caller's. */
static int read_extensions(X509 *certificate)
{
        (void)ERR_set_mark();
        int kind = X509_check_ca(certificate);
        (void)ERR_pop_to_mark();
        return kind;
}

/* "The attestation certificate itself may be an anchor" (WebAuthn L3 7.1 #24): one that is no CA vouches for
 * itself, and OpenSSL lets it issue nothing. */
mitome_status mitome_trust_add_anchor(struct mitome_trust *trust, mitome_slice der, mitome_error *error)
{
        X509 *certificate;
        MITOME_TRY(certificate_parse(der, "anchor", &certificate, error));
        (void)read_extensions(certificate);
        mitome_status status = anchor_index_add(trust, certificate, error);
        if (!failed(status))
                status = keep_anchor(trust, trust->anchors, certificate, error);
        if (failed(status)) {
                anchor_index_drop(trust, certificate);
                X509_free(certificate);
        }
        return status;
}

/* Who signs with an end entity's key must not be believed as an issuer. */
mitome_status mitome_trust_add_jpki_anchor(struct mitome_trust *trust, mitome_slice der, mitome_error *error)
{
        X509 *certificate;
        MITOME_TRY(certificate_parse(der, "anchor", &certificate, error));
        mitome_status status = read_extensions(certificate) == 1
                                       ? keep_anchor(trust, trust->jpki_anchors, certificate, error)
                                       : fail(error, MITOME_E_ANCHOR_NO_CA, "anchor", "RFC 5280 4.2.1.9");
        if (failed(status))
                X509_free(certificate);
        return status;
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
        (void)ERR_set_mark();
        X509_CRL *crl = d2i_X509_CRL(NULL, &end, (long)der.size);
        (void)ERR_pop_to_mark();
        mitome_status status;
        if (!crl)
                status = fail(error, MITOME_E_DER, "CRL", "RFC 5280 5.1");
        else if ((size_t)(end - der.data) != der.size)
                status = fail(error, MITOME_E_TRAILING_BYTES, "CRL", "RFC 5280 5.1");
        else
                status = revocation_add_list(trust, crl, error);
        if (failed(status))
                X509_CRL_free(crl);
        return status;
}

void mitome_trust_require_revocation(struct mitome_trust *trust)
{
        trust->require_revocation = true;
}

void mitome_trust_set_metadata(struct mitome_trust *trust, const struct mitome_metadata *metadata)
{
        trust->metadata = metadata;
}

const struct mitome_metadata *trust_metadata(const struct mitome_trust *trust)
{
        return trust->metadata;
}
