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

/* What is known of real authenticators and is neither right nor wrong for everybody: each is a bit of
 * mitome_policy.switches, off by default. docs/switches.md says who needs which. */
enum mitome_switch {
        MITOME_SWITCH_U2F_ZERO_AAGUID = 0x01,     /* stricter: fido-u2f only with an AAGUID of zeros */
        MITOME_SWITCH_TPM_MANUFACTURER = 0x02,    /* stricter: tpm only of a manufacturer in TCG's registry */
        MITOME_SWITCH_ANDROID_TEE = 0x04,         /* stricter: android-key only as the TEE enforces it */
        MITOME_SWITCH_ORIGIN_SLASH = 0x08,        /* laxer: an origin may end in one slash too many */
        MITOME_SWITCH_AUTH_DATA_LEFT_OVER = 0x10, /* laxer: bytes behind the end of authData are ignored */
        MITOME_SWITCH_LEAF_UNUSED_BITS = 0x40, /* laxer: x5c[0] may count bits of its signature as unused */
        MITOME_SWITCH_AUTH_DATA_ANY_ORDER = 0x20, /* laxer: keys of CBOR in authData come in any order */
};

/* What is asked of attestation certificates that tell one device from another (WebAuthn L3 8.2.2), and of
 * format mitome-jpki, which tells the person: attestation "enterprise" of the options. REQUIRED implies
 * require_trust: anybody can make a certificate with a serial in it. */
enum mitome_enterprise { MITOME_ENTERPRISE_ANY, MITOME_ENTERPRISE_REQUIRED, MITOME_ENTERPRISE_REFUSED };

/* mitome_switch_find gives the bit of a switch by its name, "u2f-zero-aaguid", or 0. */
unsigned mitome_switch_find(mitome_slice name);

/* What a relying party demands always. Zeroed ({0}) it is the default policy: user verification not required,
 * cross-origin refused, any supported algorithm and format, trust reported and not required; with metadata,
 * models of which a compromise is known are refused. Nothing in it is written to: threads may share it. */
struct mitome_policy {
        bool require_user_verification;
        bool require_discoverable; /* registration: credProps must say that the credential is discoverable */
        bool allow_cross_origin;
        bool require_attestation; /* refuse a registration with format none or with self attestation */
        bool require_trust;       /* refuse a registration whose attestation does not end in an anchor */
        /* Refuse a model that the snapshot's metadata does not know. It implies require_trust, and so does
         * minimum_certification: without a path to the model's own roots, or to an anchor, an AAGUID is
         * anybody's to claim. An anchor vouches for every model that its certificates do not contradict. */
        bool require_metadata;
        /* Accept a model whose metadata says that it was compromised or revoked. Without it both the model
         * that authData claims and the one that the attestation key belongs to are refused when they are; a
         * device that is not attested may still claim another model, or none. */
        bool allow_compromised;
        enum mitome_enterprise enterprise;
        bool ignore_metadata_roots; /* metadata tells how a model stands; only the snapshot's anchors vouch */
        unsigned minimum_certification; /* certification_level of <mitome/metadata.h>; 0: none is asked */
        unsigned minimum_cred_protect;  /* registration: credProtect must be at least this; 0: not asked */
        const int64_t *algorithms;      /* COSE identifiers that are accepted; NULL: all that are supported */
        size_t algorithm_count;
        const char *const *formats; /* attestation formats that are accepted, those within a compound one,
                                       too; NULL: all that are supported */
        size_t format_count;
        const mitome_slice *aaguids; /* registration: models that are accepted, 16 bytes each; NULL: all.
                                        Without require_trust an AAGUID is only the authenticator's word. A
                                        fido-u2f statement signs none: it counts as zeros */
        size_t aaguid_count;
        const mitome_slice *denied_aaguids; /* models that are not */
        size_t denied_aaguid_count;
        const mitome_slice
                *top_origins; /* pages that may frame the relying party, "https://.."; a topOrigin is
                                 accepted only with allow_cross_origin and only from this list */
        size_t top_origin_count;
        bool allow_short_challenge; /* for recorded ceremonies: a challenge under 16 bytes is no error */
        unsigned switches;          /* enum mitome_switch */
};

/* What is expected of this one ceremony. */
struct mitome_expectation {
        mitome_slice rp_id;
        const mitome_slice *origins; /* accepted origins, each "https://.." exactly as the browser writes it;
                                        <mitome/related_origins.h> reads those of other sites */
        size_t origin_count;
        mitome_slice challenge;     /* bytes, at least 16 */
        bool conditional_mediation; /* registration: mediation was "conditional", user presence may be missing
                                     */
        const mitome_slice
                *allowed_credentials; /* authentication: IDs that were asked for; NULL: none named */
        size_t allowed_credential_count;
        bool user_unidentified; /* authentication: who logs in was not known before, so that the response must
                                   carry the user handle */
        mitome_slice app_id;    /* authentication: the appid extension was asked for with this AppID; empty:
                                   it was not */
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

/* What the extension "mitome-jpki" tells of the user's verification. */
enum mitome_verified_by {
        MITOME_VERIFIED_UNTOLD, /* the extension is absent, or says something else */
        MITOME_VERIFIED_BY_NOTHING,
        MITOME_VERIFIED_BY_PIN,
        MITOME_VERIFIED_BY_FINGER,
        MITOME_VERIFIED_BY_FACE,
        MITOME_VERIFIED_BY_IRIS,
};

/* What extensions brought. The authenticator's outputs are signed; the client's are the browser's word. An
 * output of another type than its extension has counts as absent. */
struct mitome_extensions {
        /* signed */
        enum mitome_verified_by verified_by;
        unsigned cred_protect;           /* registration: 1 to 3; 0: absent */
        bool cred_blob_stored;           /* registration */
        mitome_slice cred_blob;          /* authentication */
        bool has_min_pin_length;         /* registration */
        uint32_t min_pin_length;         /* code points */
        bool hmac_secret;                /* registration: the credential has one */
        mitome_slice hmac_secret_output; /* authentication: encrypted, for the platform */
        /* of the client */
        bool has_app_id, app_id; /* authentication: the AppID was used */
        bool has_app_id_exclude, app_id_exclude;
        bool has_discoverable, discoverable; /* credProps.rk */
        bool has_prf, prf_enabled;           /* registration */
        mitome_slice prf_first, prf_second;  /* 32 bytes each; empty: absent. Secrets of the user */
        bool has_large_blob, large_blob_supported, large_blob_written;
        mitome_slice large_blob;
};

/* One step of the ceremony's clause in the Recommendation. */
enum mitome_outcome { MITOME_STEP_PASSED, MITOME_STEP_FAILED, MITOME_STEP_NOT_ASKED };
struct mitome_step {
        const char *clause; /* "WebAuthn L3 7.1 #9"; static */
        enum mitome_outcome outcome;
};
enum { MITOME_STEPS_MAX = 40 };

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
        /* Registration: format "fido-u2f", alone or by itself within "compound", signs no flags: UV and BE
         * are the word of whoever handed the statement on. */
        bool flags_unsigned;
        bool clone_suspected; /* authentication: the signature counter did not grow; a finding, not a refusal
                               */
        mitome_slice user_handle;
        mitome_slice auth_data; /* what was signed */
        mitome_slice attestation_object;
        mitome_slice attestation_leaf; /* registration: the attestation certificate, DER; empty: none */
        mitome_slice
                device_serial; /* registration: of its id-fido-gen-ce-sernum; empty: it tells no device */
        const struct mitome_metadata_entry
                *metadata; /* registration: of the snapshot; or NULL. It is what the authenticator is
                              only when trust is VERIFIED, else what it claims to be */
        struct mitome_binding certificate; /* registration with format "mitome-jpki", when the snapshot has
                                              JPKI anchors: whose certificate stands behind it; else empty */
        struct mitome_extensions extensions;
        uint8_t client_data_hash[32];
        struct mitome_step steps[MITOME_STEPS_MAX]; /* in the order they were taken; those behind the one that
                                                       failed are not there */
        size_t step_count;
};

enum { MITOME_RP_BUFFER_MAX = 98304 }; /* no ceremony needs a larger buffer */

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

/* A response whose members were decoded by somebody else: what a native app sends. */
struct mitome_response {
        mitome_slice credential_id;
        mitome_slice client_data;        /* clientDataJSON, bytes */
        mitome_slice attestation_object; /* registration */
        mitome_slice auth_data;          /* authentication */
        mitome_slice signature;          /* authentication */
        bool has_user_handle;            /* authentication */
        mitome_slice user_handle;
        mitome_slice extension_results; /* clientExtensionResults as JSON; empty: none */
};

/* mitome_verify_registration_bytes and mitome_verify_authentication_bytes are the same ceremonies from bytes;
 * views of the verdict point into these or into `buffer`. */
MITOME_CHECKED mitome_status mitome_verify_registration_bytes(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_expectation *expectation,
        const struct mitome_response *response, const struct mitome_trust *trust, int64_t now,
        uint8_t *buffer, size_t capacity, struct mitome_verdict *ret, mitome_error *error);
MITOME_CHECKED mitome_status mitome_verify_authentication_bytes(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_expectation *expectation,
        const struct mitome_response *response, const struct mitome_credential *credential,
        const struct mitome_trust *trust, int64_t now, uint8_t *buffer, size_t capacity,
        struct mitome_verdict *ret, mitome_error *error);

/* ---- binding a person's certificate to a credential ---- */

/* mitome_verify_binding checks that the holder of a JPKI user-verification certificate stands behind a
 * registration: the certificate is of the profile, ends in a JPKI anchor, is neither expired nor on the CRL
 * (a fresh one is required), and `signature` is its key's PKCS#1 v1.5 SHA-256 signature over
 *   MITOME_BINDING_PREFIX || authData || clientDataHash
 * of the registration: 33 bytes that say what the signature is for. There is no other form, with a phone or
 * with a card: over authData || clientDataHash alone the key's signature is a login's or an attestation's,
 * and with another byte at the prefix's end it was given for something else. Views of *ret point into
 * `certificate`. */
#define MITOME_BINDING_PREFIX "mitome JPKI user verification v1\x01"
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
