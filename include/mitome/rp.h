/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_RP_H
#define MITOME_RP_H

/* The relying party's half: a browser's JSON in, a verdict out.
 *
 * Verification is a pure function of (policy, expectation, response, trust snapshot, now). It opens no file,
 * asks no network and reads no clock. */

#include <mitome/bytes.h>
#include <mitome/error.h>
#include <mitome/trust.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- policy and expectation ---- */

/* What a relying party demands always. Zeroed ({0}) it is the default policy: user verification not required,
 * cross-origin refused, any supported algorithm, trust reported and not required. */
struct mitome_policy {
        bool require_user_verification;
        bool allow_cross_origin;
        bool require_trust;        /* refuse a registration whose attestation does not end in an anchor */
        const int64_t *algorithms; /* COSE identifiers that are accepted; NULL: all that are supported */
        size_t algorithm_count;
        const mitome_slice
                *top_origins; /* pages that may frame the relying party, "https://.."; a topOrigin is
                                 accepted only with allow_cross_origin and only from this list */
        size_t top_origin_count;
        bool allow_short_challenge; /* for recorded ceremonies: a challenge under 16 bytes is no error */
};

/* What is expected of this one ceremony. */
struct mitome_expectation {
        mitome_slice rp_id;
        const mitome_slice
                *origins; /* accepted origins, each "https://.." exactly as the browser writes it */
        size_t origin_count;
        mitome_slice challenge;     /* bytes, at least 16 */
        bool conditional_mediation; /* registration: mediation was "conditional", user presence may be missing
                                     */
        const mitome_slice
                *allowed_credentials; /* authentication: IDs that were asked for; NULL: none named */
        size_t allowed_credential_count;
};

/* A credential as the relying party keeps it. Views point where the caller says. */
struct mitome_credential {
        mitome_slice id;
        mitome_slice public_key; /* COSE_Key */
        uint32_t sign_count;
        bool backup_eligible;
        bool backup_eligible_unknown;    /* a record from before BE was kept: not compared */
        mitome_slice user_handle;        /* empty: unknown */
        mitome_slice certificate_serial; /* of the person's user-verification certificate, big-endian; empty:
                                            none bound */
        mitome_slice certificate_issuer; /* its issuer's name, DER; empty: none bound */
        int64_t certificate_not_after;   /* when it ends, in seconds since 1970, UTC */
};

enum mitome_trust_result {
        MITOME_TRUST_NONE,       /* format "none": nothing is said about the authenticator */
        MITOME_TRUST_SELF,       /* self attestation */
        MITOME_TRUST_UNVERIFIED, /* certificates that end in no anchor of the snapshot */
        MITOME_TRUST_VERIFIED,
};

/* A person's JPKI user-verification certificate that stands behind a credential. */
struct mitome_binding {
        mitome_slice serial; /* big-endian, as in the certificate */
        mitome_slice issuer; /* DER name */
        mitome_slice subject_common_name;
        int64_t not_after; /* when it ends, in seconds since 1970, UTC */
        bool phone; /* carries the marker of certificates issued into a phone (this project's own OID) */
};

/* What a ceremony found. On a refusal it holds what was known by then. Views point into the caller's buffer
 * (see below). */
struct mitome_verdict {
        uint8_t flags;
        uint32_t sign_count;
        mitome_slice aaguid; /* registration: 16 bytes */
        mitome_slice credential_id;
        mitome_slice public_key; /* registration: COSE_Key */
        int64_t algorithm;
        const char *format; /* registration: "packed"; static */
        enum mitome_trust_result trust;
        bool clone_suspected; /* authentication: the signature counter did not grow; a finding, not a refusal
                               */
        mitome_slice user_handle;
        mitome_slice auth_data; /* what was signed */
        mitome_slice attestation_object;
        struct mitome_binding certificate; /* registration with format "mitome-jpki", when the snapshot has
                                              JPKI anchors: whose certificate stands behind it; else empty */
        uint8_t client_data_hash[32];
};

enum { MITOME_RP_BUFFER_MAX = 65536 }; /* no ceremony needs a larger buffer */

/* A context keeps what would be made anew for each ceremony: OpenSSL's groups, digests, and the RSA keys used
 * last. One for each thread; it changes how long an answer takes, never what it is. */
struct mitome_context;
MITOME_CHECKED mitome_status mitome_context_new(struct mitome_context **ret, mitome_error *error);
void mitome_context_free(struct mitome_context *context);

/* mitome_verify_registration verifies a RegistrationResponseJSON, WebAuthn L3 7.1. `context` may be NULL.
 * `now` is in seconds since 1970, UTC. `trust` may be NULL: nobody is believed, and certificates are not
 * looked at beyond the statement they come in. `buffer` receives what the verdict views; it must outlive the
 * verdict. A refusal is told by the status; `error` says field and clause. */
MITOME_CHECKED mitome_status mitome_verify_registration(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_expectation *expectation,
        mitome_slice response_json, const struct mitome_trust *trust, int64_t now, uint8_t *buffer,
        size_t capacity, struct mitome_verdict *ret, mitome_error *error);

/* mitome_verify_authentication verifies an AuthenticationResponseJSON against a stored credential, WebAuthn
 * L3 7.2. When the credential carries a certificate's serial, its status is looked up in the snapshot's CRLs:
 * revoked or on hold is refused (CERTIFICATE_REVOKED), a CRL that is missing, stale or not its issuer's is
 * refused too (CRL_*), and so is a certificate whose end has come (CERTIFICATE_EXPIRED). */
MITOME_CHECKED mitome_status mitome_verify_authentication(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_expectation *expectation,
        mitome_slice response_json, const struct mitome_credential *credential,
        const struct mitome_trust *trust, int64_t now, uint8_t *buffer, size_t capacity,
        struct mitome_verdict *ret, mitome_error *error);

/* ---- binding a person's certificate to a credential ---- */

/* mitome_verify_binding checks that the holder of a JPKI user-verification certificate stands behind a
 * registration: the certificate is of the profile, ends in a JPKI anchor, is neither expired nor on the CRL
 * (a fresh one is required), and `signature` is its key's PKCS#1 v1.5 SHA-256 signature over the
 * registration's authData || clientDataHash. Views of *ret point into `certificate`. */
MITOME_CHECKED mitome_status mitome_verify_binding(const struct mitome_verdict *registration,
        mitome_slice certificate, mitome_slice signature, const struct mitome_trust *trust, int64_t now,
        struct mitome_binding *ret, mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
