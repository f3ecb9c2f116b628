/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_TRUST_H
#define MITOME_TRUST_H

/* A trust snapshot: whom a relying party believes. It is built, then read only, so that threads may share it
 * (certificates that it has met on good paths are remembered inside; no thread waits for another, and no
 * answer depends on it). Nothing here reads a clock or asks a network: lists and answers come as bytes, the
 * time comes with each question. */

#include <mitome/bytes.h>
#include <mitome/error.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

struct mitome_trust;
struct mitome_metadata;

MITOME_CHECKED mitome_status mitome_trust_new(struct mitome_trust **ret, mitome_error *error);
void mitome_trust_free(struct mitome_trust *trust);

/* mitome_trust_add_anchor believes a certificate (DER) as the end of attestation paths: a root, an
 * intermediate, or an attestation certificate itself. One that is no CA vouches for nothing but itself. An
 * anchor, too, is believed only within its validity. */
MITOME_CHECKED mitome_status mitome_trust_add_anchor(
        struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* mitome_trust_add_jpki_anchor believes a CA certificate (DER) as an issuer of JPKI user-verification
 * certificates; ANCHOR_NO_CA for another. */
MITOME_CHECKED mitome_status mitome_trust_add_jpki_anchor(
        struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* mitome_trust_add_crl adds a certificate revocation list (DER). It counts for certificates whose issuer's
 * key has signed it, on attestation paths and of JPKI alike. */
MITOME_CHECKED mitome_status mitome_trust_add_crl(
        struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* mitome_trust_add_ocsp adds an OCSPResponse (DER, RFC 6960), as the responder sent it: OCSP_STATUS when it
 * holds no answer, OCSP_FORM when it is not a basic one. It counts for the certificates it names, when their
 * issuer has signed it or has issued the signer's certificate for that purpose. */
MITOME_CHECKED mitome_status mitome_trust_add_ocsp(
        struct mitome_trust *trust, mitome_slice der, mitome_error *error);

/* mitome_trust_require_revocation refuses attestation paths to an anchor (CRL_MISSING) on which there is a
 * certificate that neither a fresh list nor a fresh response calls good. Without it a certificate of which
 * the snapshot knows nothing passes. JPKI certificates always need an answer. */
void mitome_trust_require_revocation(struct mitome_trust *trust);

/* mitome_trust_set_metadata keeps the metadata beside the snapshot, for ceremonies to look authenticators up
 * in; NULL takes it out again. It stays the caller's and must outlive the snapshot. */
void mitome_trust_set_metadata(struct mitome_trust *trust, const struct mitome_metadata *metadata);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
