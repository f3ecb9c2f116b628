/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRUST_H
#define TRUST_H

/* Whom the relying party believes: attestation paths, JPKI certificates and their status. <mitome/trust.h>
 * builds a snapshot; these read it. `now` is in seconds since 1970, UTC. */

#include "bytes.h"

#include <mitome/rp.h>
#include <mitome/trust.h>

enum { TRUST_CHAIN_MAX = 8 };

/* trust_verify_attestation checks a chain of certificates (DER, the leaf first): each parses (DER,
 * TRAILING_BYTES), is valid now (CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID), has no critical extension
 * that is not understood (CERTIFICATE_CRITICAL) and was issued by the next (CERTIFICATE_PATH). Whether it
 * ends in an anchor, or is one, is an answer, not an error; so is a path of which RFC 5280 or the security
 * level (RSA under 2048 bits, SHA-1) does not let the anchor vouch. What lists and responses of the snapshot
 * say of a certificate is refused: CERTIFICATE_REVOKED, CERTIFICATE_ON_HOLD, CERTIFICATE_UNKNOWN; and so is
 * what they say when it cannot be relied on: CRL_STALE, CRL_SIGNATURE, CRL_FORM, OCSP_STALE, OCSP_SIGNATURE,
 * CRL_MISSING (only with mitome_trust_require_revocation). */
MITOME_CHECKED mitome_status trust_verify_attestation(const struct mitome_trust *trust, const slice *chain,
        size_t count, int64_t now, bool *ret_anchored, mitome_error *error);

/* trust_verify_attestation_to asks for a path to other anchors than the snapshot's (DER, for example those of
 * a metadata entry; one that does not parse vouches for nothing). `trust` knows who has been revoked; it may
 * be NULL. */
MITOME_CHECKED mitome_status trust_verify_attestation_to(const struct mitome_trust *trust,
        const slice *anchors, size_t anchor_count, const slice *chain, size_t count, int64_t now,
        bool *ret_anchored, mitome_error *error);

/* trust_verify_attestation_any asks for a path to an anchor of the snapshot (if there is one) or to one of
 * these, in one go: no signature is verified twice. */
MITOME_CHECKED mitome_status trust_verify_attestation_any(const struct mitome_trust *trust,
        const slice *anchors, size_t anchor_count, const slice *chain, size_t count, int64_t now,
        bool *ret_anchored, mitome_error *error);

/* trust_metadata is what mitome_trust_set_metadata was given, or NULL. */
const struct mitome_metadata *trust_metadata(const struct mitome_trust *trust);

/* trust_check_serial looks a certificate up in the CRLs and OCSP responses of its issuer. CA generations of
 * JPKI share one name, and a record knows only the name: for every JPKI anchor of that name there must be a
 * CRL that it signed and that is valid now, or such a response about the serial, and none may list it. Of
 * several generations some may answer that they do not know the serial; CERTIFICATE_UNKNOWN when all do.
 * CERTIFICATE_REVOKED, CERTIFICATE_ON_HOLD, CRL_MISSING, CRL_STALE, CRL_SIGNATURE, CRL_FORM, OCSP_STALE,
 * OCSP_SIGNATURE. */
MITOME_CHECKED mitome_status trust_check_serial(const struct mitome_trust *trust, slice issuer_name_der,
        slice serial, int64_t now, mitome_error *error);

/* trust_check_listed looks an attestation certificate up, of which a record knows the issuer's name and the
 * serial: in the lists and responses of every attestation anchor of that name. Nothing said is no failure,
 * unless the snapshot requires an answer (CRL_MISSING). CERTIFICATE_REVOKED, CERTIFICATE_ON_HOLD,
 * CERTIFICATE_UNKNOWN, CRL_STALE, CRL_FORM, OCSP_STALE, OCSP_SIGNATURE; CRL_SIGNATURE when only a list that
 * no anchor has signed names the certificate. */
MITOME_CHECKED mitome_status trust_check_listed(const struct mitome_trust *trust, slice issuer_name_der,
        slice serial, int64_t now, mitome_error *error);

/* A user-verification certificate, as views into its DER. */
struct jpki_certificate {
        slice serial;              /* magnitude, big-endian */
        slice issuer;              /* Name, DER */
        slice subject_common_name; /* opaque, 23 characters */
        slice modulus, exponent;   /* RSA-2048, 65537 */
        int64_t not_after;         /* seconds since 1970, UTC */
        bool phone;                /* carries the marker of certificates issued into a phone */
};

/* trust_knows_jpki tells whether the snapshot has an anchor for user-verification certificates. */
bool trust_knows_jpki(const struct mitome_trust *trust);

/* trust_verify_jpki checks that the certificate is of the profile of JPKI user-verification certificates
 * (JPKI_PROFILE), was issued by a JPKI anchor (CERTIFICATE_ISSUER), is valid now and on no CRL. */
MITOME_CHECKED mitome_status trust_verify_jpki(const struct mitome_trust *trust, slice certificate_der,
        int64_t now, struct jpki_certificate *ret, mitome_error *error);

#endif
