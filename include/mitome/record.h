/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_RECORD_H
#define MITOME_RECORD_H

/* A credential record: what a relying party keeps of a verified registration, so that it can verify logins,
 * and judge the credential again when policy, metadata or revocation lists change. docs/record.md defines its
 * JSON and CBOR forms.
 *
 * Nothing here allocates: a record is views into buffers of the caller's. */

#include <mitome/metadata.h>
#include <mitome/rp.h>
#include <mitome/transport.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum {
        MITOME_RECORD_VERSION = 1, /* other versions are refused (RECORD_VERSION) */
        MITOME_RECORD_MINOR = 0,   /* members of a higher minor version are passed over */
        MITOME_RECORD_MAX = 65536, /* bytes that hold any record, in either form */
        MITOME_RECORD_KEY_ID_SIZE = 20,
};

/* What may not have been said. Records that were kept before a member was known are not wrong for that. */
enum mitome_answer { MITOME_ANSWER_UNKNOWN, MITOME_ANSWER_NO, MITOME_ANSWER_YES };

enum mitome_standing_kind {
        MITOME_STANDING_NOT_JUDGED,
        MITOME_STANDING_GOOD,
        MITOME_STANDING_ATTENTION, /* a person should look, or the means to judge are missing */
        MITOME_STANDING_REVOKED,   /* do not accept this credential, as long as this is its standing */
};

/* Times are in seconds since 1970, UTC; 0 where there is none. */
struct mitome_record {
        /* The credential record of WebAuthn L3 4. */
        mitome_slice credential_id; /* 1 to 1023 bytes */
        mitome_slice public_key;    /* COSE_Key */
        mitome_slice rp_id;         /* UTF-8 */
        mitome_slice user_handle;   /* empty: not kept here */
        uint32_t sign_count;
        enum mitome_answer backup_eligible;
        bool backed_up;                  /* when last seen */
        bool uv_initialized;             /* the user was verified once */
        uint32_t transports;             /* enum mitome_transport, or'ed; 0: not known */
        enum mitome_answer discoverable; /* credProps.rk */
        uint32_t cred_protect;           /* level 1 to 3; 0: not said */

        /* The attestation. */
        mitome_slice aaguid;             /* 16 bytes; empty: not known */
        mitome_slice format;             /* "packed"; empty: not known */
        enum mitome_trust_result trust;  /* at registration */
        mitome_slice attestation_object; /* with the next, the attestation can be verified again; or empty */
        mitome_slice client_data_hash;   /* 32 bytes; or empty */
        uint8_t attestation_key_id[MITOME_RECORD_KEY_ID_SIZE]; /* of the attestation certificate's key (RFC
                                                                  5280 4.2.1.2 (1)); all zero: none */
        mitome_slice attestation_serial; /* of that certificate, big-endian without leading zero; or empty */
        mitome_slice attestation_issuer; /* its issuer's name, DER; or empty */
        mitome_slice model_status; /* "FIDO_CERTIFIED_L1": what metadata said last; empty: the model was in
                                      none */

        /* The person's certificate that is bound to the credential: all three, or none. */
        mitome_slice certificate_serial; /* big-endian without leading zero */
        mitome_slice certificate_issuer; /* DER name */
        int64_t certificate_not_after;

        /* Its life. */
        int64_t created;
        int64_t last_used;                  /* 0: never */
        enum mitome_standing_kind standing; /* when last judged */
        uint32_t standing_code;             /* the reason, an error's number; 0: none */
        int64_t judged;                     /* 0 with MITOME_STANDING_NOT_JUDGED */
};

/* What a relying party knows beside the verdict. Zeroed ({0}) it knows nothing more. */
struct mitome_record_facts {
        mitome_slice user_handle;   /* user.id of the creation options */
        mitome_slice response_json; /* the RegistrationResponseJSON that was verified: transports and
                                       credProps are read from it */
        const struct mitome_binding *binding; /* the person's certificate, or NULL */
        bool keep_attestation; /* keep attestation object and client data hash: some hundred to some thousand
                                  bytes a record */
};

/* mitome_record_from_registration makes the record of a registration that was accepted, at `now`. `facts` may
 * be NULL. Views of *ret point into what the verdict views, into the verdict itself, the facts and the
 * expectation: write the record before they go. Transports that are not known here are left out, as WebAuthn
 * allows. ARGUMENT when the verdict is not of a registration, or of one that was refused. */
MITOME_CHECKED mitome_status mitome_record_from_registration(const struct mitome_verdict *verdict,
        const struct mitome_expectation *expectation, const struct mitome_record_facts *facts, int64_t now,
        struct mitome_record *ret, mitome_error *error);

/* Whether a login may make a credential one that verifies its user. WebAuthn L3 7.2 #24: that change SHOULD
 * require authorization by an additional authentication factor. */
enum mitome_uv_upgrade { MITOME_UV_KEEP, MITOME_UV_AUTHORIZED };

/* mitome_record_after_login updates the record by a login that was accepted, WebAuthn L3 7.2 #24: signature
 * counter, backup state, uvInitialized (when it is authorized), and when it was used. A counter that did not
 * grow leaves the greater one: a copy must not lead the way. Where the record did not know whether the
 * credential is eligible for backup, it learns it here. ARGUMENT, and no change, when the verdict is of
 * another credential, or of a login that was refused. */
MITOME_CHECKED mitome_status mitome_record_after_login(struct mitome_record *record,
        const struct mitome_verdict *verdict, enum mitome_uv_upgrade upgrade, int64_t now,
        mitome_error *error);

/* mitome_record_credential gives what mitome_verify_authentication asks for. Its views are the record's. */
struct mitome_credential mitome_record_credential(const struct mitome_record *record);

/* mitome_verify_record verifies the attestation that a record keeps (attestation_object and client_data_hash;
 * MISSING without them) again, by another policy, other anchors, newer lists or at another time: steps 13 to
 * 25 of WebAuthn L3 7.1. Errors are those of mitome_verify_registration, and RECORD_CONTRADICTION for a
 * record whose key, AAGUID or format is not the attested one. */
MITOME_CHECKED mitome_status mitome_verify_record(struct mitome_context *context,
        const struct mitome_policy *policy, const struct mitome_record *record,
        const struct mitome_trust *trust, int64_t now, uint8_t *buffer, size_t capacity,
        struct mitome_verdict *ret, mitome_error *error);

/* ---- the forms in which a record is kept (docs/record.md) ---- */

/* mitome_record_write_json and _write_cbor write a record into `buffer`; MITOME_RECORD_MAX bytes are enough
 * for any (BUFFER_FULL). The CBOR is canonical; the JSON is one line without line end. A record that would
 * not be read again is not written: VALUE, MISSING, TOO_LONG, UTF8, or RECORD_CONTRADICTION for members that
 * do not agree. */
MITOME_CHECKED mitome_status mitome_record_write_json(const struct mitome_record *record, uint8_t *buffer,
        size_t capacity, mitome_slice *ret, mitome_error *error);
MITOME_CHECKED mitome_status mitome_record_write_cbor(const struct mitome_record *record, uint8_t *buffer,
        size_t capacity, mitome_slice *ret, mitome_error *error);

/* mitome_record_read_json reads a record, exactly. *ret views `json`, and `buffer` for what had to be
 * decoded: as many bytes as the input has are enough. Refused: what is no record (JSON_*, MISSING, VALUE,
 * TOO_LONG, BASE64URL), another version (RECORD_VERSION), members that version 1.0 does not have in a record
 * that says 1.0 (RECORD_MEMBER; in one of a higher minor version they are passed over, and are lost when the
 * record is written again), and RECORD_CONTRADICTION. */
MITOME_CHECKED mitome_status mitome_record_read_json(
        mitome_slice json, uint8_t *buffer, size_t capacity, struct mitome_record *ret, mitome_error *error);

/* mitome_record_read_cbor reads a record, exactly, by the same rules; *ret views `cbor`. */
MITOME_CHECKED mitome_status mitome_record_read_cbor(
        mitome_slice cbor, struct mitome_record *ret, mitome_error *error);

/* ---- judging again ---- */

/* What a relying party asks of models beyond not being compromised. Zeroed ({0}): nothing. What is asked, a
 * record whose attestation was not verified (trust) does not answer: it may claim any model. */
struct mitome_record_rules {
        unsigned least_certification_level; /* as in struct mitome_metadata_entry: 1 for L1 .. 6 for L3plus */
        bool require_model;                 /* metadata must know the model */
};

/* How a credential stands, and why. The strings are static. */
struct mitome_standing {
        enum mitome_standing_kind kind;
        mitome_error reason;    /* code, field of the record, clause; MITOME_OK when good */
        const char *what_to_do; /* "" when good */
        bool changed;           /* kind or reason is not what the record keeps; a record that was never judged
                                   counts as good */
        const struct mitome_metadata_entry *model; /* what metadata says; or NULL */
};

/* mitome_record_judge judges a credential from its record alone: no signature, no network, nothing is
 * allocated that stays. In this order, the first that is REVOKED, else the first that needs ATTENTION:
 *
 *  - the model, by AAGUID, or by attestation key where it has none (and for format fido-u2f, which signs
 *    none), in `metadata` (NULL: in the trust snapshot's, if it has one): compromised is REVOKED
 *    (MODEL_COMPROMISED), whichever of the two says so; below the least level is ATTENTION (MODEL_LEVEL); so
 *    is one that is not there when the rules ask for it, or when it was there at registration
 *    (MODEL_UNKNOWN), and one that only claims to be what they ask for (ATTESTATION_UNTRUSTED);
 *  - the bound certificate: one that has ended (CERTIFICATE_EXPIRED), is on a list (CERTIFICATE_REVOKED) or
 *    on hold (CERTIFICATE_ON_HOLD) is REVOKED; a list that is missing or cannot be relied on (CRL_*, OCSP_*,
 *    CERTIFICATE_ISSUER, CERTIFICATE_UNKNOWN) is ATTENTION, if the snapshot has JPKI anchors at all;
 *  - the attestation certificate: one that a list of its issuer names is REVOKED (ATTESTATION_REVOKED); a
 *    list that cannot be relied on is ATTENTION, a missing one only with mitome_trust_require_revocation.
 *
 * `rules` may be NULL, `trust` too: then no certificate is looked up. Its look-ups are binary searches in
 * lists that were sorted and verified when they were added. Threads may share trust and metadata. */
void mitome_record_judge(const struct mitome_record *record, const struct mitome_record_rules *rules,
        const struct mitome_trust *trust, const struct mitome_metadata *metadata, int64_t now,
        struct mitome_standing *ret);

/* mitome_record_keep_standing writes a judgement, and the status of the model, into the record, for the next
 * one to be held against. */
void mitome_record_keep_standing(
        struct mitome_record *record, const struct mitome_standing *standing, int64_t now);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
