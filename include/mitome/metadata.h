/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_METADATA_H
#define MITOME_METADATA_H

/* FIDO Metadata Service 3: what is known about models of authenticators, read from the signed BLOB that the
 * FIDO Alliance publishes.
 *
 * Fetching is the caller's: bytes in, a verified, immutable snapshot out. Keep the BLOB's bytes and its
 * number: when a new one is refused, the old one is read again, with allow_stale if that is the policy. */

#include <mitome/trust.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum {
        MITOME_METADATA_BLOB_MAX = 32 * 1024 * 1024,
        MITOME_METADATA_ENTRIES_MAX = 4096,
};

/* An immutable snapshot of one verified BLOB. Threads may share it; what it gives out lives as long as it. */
struct mitome_metadata;

/* mitome_metadata_read reads a BLOB (JWS compact serialisation, exactly: no white space around it) and
 * verifies it; FIDO Metadata Service 3.2.
 *
 * `signers` holds the anchors that BLOB signers' certificates must lead to, and the lists
 * and responses about them: what it knows of revoked certificates is refused. A public web CA certifies
 * others, too: where the anchor is one, ask mitome_metadata_signed_for as well. `now` is in seconds since
 * 1970, UTC: certificates must be valid then, and status reports that begin later do not count yet; read the
 * BLOB again when they shall. `least_number` is the number of the newest BLOB that was ever accepted, or 0.
 * `allow_stale` takes a BLOB whose nextUpdate has passed (it names a day, which must be over, UTC).
 *
 * Refused: no JWS (METADATA_FORM), alg none (METADATA_UNSIGNED), HMAC (METADATA_SHARED_KEY), other algorithms
 * than ES256/384/512, RS256/384/512 and PS256/384/512 (ALGORITHM_UNSUPPORTED), a key of x5c[0] that is not of
 * the algorithm (KEY_TYPE), x5u (METADATA_X5U), critical header members and a typ other than JWT
 * (VALUE), a signature that is not x5c[0]'s (SIGNATURE_INVALID, SIGNATURE_FORM), a path that is none or leads
 * to nobody believed (CERTIFICATE_*, METADATA_SIGNER), a revoked signer (CERTIFICATE_REVOKED,
 * CERTIFICATE_ON_HOLD; CRL_* and OCSP_* for what cannot be relied on), a number under `least_number`
 * (METADATA_ROLLBACK), a BLOB whose nextUpdate has passed (METADATA_STALE), two entries of one AAGUID
 * (METADATA_TWICE), and a payload that is not understood where it matters: identifiers, certificates, dates,
 * status reports. A status that is not known is kept as MITOME_STATUS_UNKNOWN; a statement with values that
 * are not known costs its entry the statement only. */
MITOME_CHECKED mitome_status mitome_metadata_read(mitome_slice blob, const struct mitome_trust *signers,
        int64_t now, uint64_t least_number, bool allow_stale, struct mitome_metadata **ret,
        mitome_error *error);
void mitome_metadata_free(struct mitome_metadata *metadata);

struct mitome_metadata_info {
        uint64_t number;     /* of the BLOB; it grows with each */
        int64_t next_update; /* the day by which the next one is due: its start in seconds since 1970, UTC */
        size_t entry_count;
};

struct mitome_metadata_info mitome_metadata_describe(const struct mitome_metadata *metadata);

/* mitome_metadata_signed_for tells whether the signer's certificate was issued for a host,
 * "mds.fidoalliance.org" (RFC 6125: subjectAltName; the subject's common name where there is none). */
bool mitome_metadata_signed_for(const struct mitome_metadata *metadata, const char *host);

/* FIDO Metadata Service 3.1.4. */
enum mitome_authenticator_status {
        MITOME_STATUS_UNKNOWN, /* a status that this version does not know, or no report in force */
        MITOME_STATUS_NOT_FIDO_CERTIFIED,
        MITOME_STATUS_SELF_ASSERTION_SUBMITTED,
        MITOME_STATUS_FIDO_CERTIFIED, /* functional certification only: no level */
        MITOME_STATUS_FIDO_CERTIFIED_L1,
        MITOME_STATUS_FIDO_CERTIFIED_L1PLUS,
        MITOME_STATUS_FIDO_CERTIFIED_L2,
        MITOME_STATUS_FIDO_CERTIFIED_L2PLUS,
        MITOME_STATUS_FIDO_CERTIFIED_L3,
        MITOME_STATUS_FIDO_CERTIFIED_L3PLUS,
        MITOME_STATUS_FIPS140_CERTIFIED_L1,
        MITOME_STATUS_FIPS140_CERTIFIED_L2,
        MITOME_STATUS_FIPS140_CERTIFIED_L3,
        MITOME_STATUS_FIPS140_CERTIFIED_L4,
        MITOME_STATUS_UPDATE_AVAILABLE,
        MITOME_STATUS_RETIRED,
        /* From here on: compromised, the worst last. */
        MITOME_STATUS_USER_KEY_PHYSICAL_COMPROMISE,
        MITOME_STATUS_USER_VERIFICATION_BYPASS,
        MITOME_STATUS_ATTESTATION_KEY_COMPROMISE,
        MITOME_STATUS_USER_KEY_REMOTE_COMPROMISE,
        MITOME_STATUS_REVOKED,
};

/* mitome_metadata_status_name is "FIDO_CERTIFIED_L1plus" and so on, as the BLOB writes it; "UNKNOWN". */
const char *mitome_metadata_status_name(enum mitome_authenticator_status status);

/* What the BLOB says of one model. */
struct mitome_metadata_entry {
        mitome_slice aaguid;      /* 16 bytes; empty for models that have none (U2F, UAF) */
        mitome_slice description; /* UTF-8, escapes undone, without terminator: the name for a user interface;
                                     may be empty */
        /* A report in force says REVOKED, USER_VERIFICATION_BYPASS or one of the COMPROMISEs. Neither a later
         * certification nor UPDATE_AVAILABLE takes that back: nobody can tell whether the one at hand was
         * updated. A report without date is in force. */
        bool compromised;
        enum mitome_authenticator_status status; /* the worst in force when compromised, else the latest */
        /* 0 none, 1 L1, 2 L1plus, 3 L2, 4 L2plus, 5 L3, 6 L3plus: the highest in force. NOT_FIDO_CERTIFIED
         * ends what was certified before it. */
        unsigned certification_level;
        const mitome_slice *roots; /* attestationRootCertificates, DER; they may be leaf certificates */
        size_t root_count;
        const struct metadata_statement *statement; /* opaque; NULL when there is none that is understood */
};

/* mitome_metadata_find finds a model by its AAGUID (16 bytes), or answers NULL. The AAGUID of all zeros is no
 * model's. */
const struct mitome_metadata_entry *mitome_metadata_find(
        const struct mitome_metadata *metadata, mitome_slice aaguid);

/* mitome_metadata_find_key finds a U2F model by the identifier of a key of its attestation certificates (RFC
 * 5280 4.2.1.2 (1): 20 bytes), or answers NULL. Of several models that share a key it answers with a
 * compromised one, if there is any, else with the first. */
const struct mitome_metadata_entry *mitome_metadata_find_key(
        const struct mitome_metadata *metadata, mitome_slice key_identifier);

/* mitome_metadata_at is the entry at a place in the BLOB, counted from 0, or NULL beyond the last. */
const struct mitome_metadata_entry *mitome_metadata_at(const struct mitome_metadata *metadata, size_t index);

/* ---- the current snapshot of a program with threads ---- */

/* A slot holds the current snapshot. Threads acquire it while another replaces it; a snapshot is freed when
 * it is no longer current and its last reader has released it. */
struct mitome_metadata_slot;

MITOME_CHECKED mitome_status mitome_metadata_slot_new(struct mitome_metadata_slot **ret, mitome_error *error);

/* mitome_metadata_slot_free frees the slot and its current snapshot; every reader must have released before.
 */
void mitome_metadata_slot_free(struct mitome_metadata_slot *slot);

/* mitome_metadata_slot_acquire gives the current snapshot, or NULL when there is none yet; release it to the
 * slot that it was acquired from. */
const struct mitome_metadata *mitome_metadata_slot_acquire(struct mitome_metadata_slot *slot);
void mitome_metadata_slot_release(struct mitome_metadata_slot *slot, const struct mitome_metadata *metadata);

/* mitome_metadata_slot_replace makes `metadata` current and owns it from then on. A lower number than the
 * current one's is refused (METADATA_ROLLBACK), and `metadata` stays the caller's; an equal one is taken: the
 * same BLOB, read at a later time. */
MITOME_CHECKED mitome_status mitome_metadata_slot_replace(
        struct mitome_metadata_slot *slot, struct mitome_metadata *metadata, mitome_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
