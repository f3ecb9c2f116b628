/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNLOCK_TOKEN_H
#define UNLOCK_TOKEN_H

/* The gate's evidence: what the matcher signs and the element checks.
 *
 *   offset  size  field
 *        0     1  version, 1
 *        1     1  purpose: 1 verified, 2 enrolled, 3 nothing was presented, 4 removed
 *        2     1  modality: 1 finger, 2 face, 3 iris
 *        3     1  reserved, 0
 *        4    32  challenge, the element's
 *       36    32  digest of the operation (unlock_digest)
 *       68    16  id of the enrolment set, as it is now; zeros: no finger is left
 *       84    32  HMAC-SHA-256 under the pairing key over bytes 0..83
 */

#include "digest.h"

#include <mitome/gate.h>

enum {
        UNLOCK_VERSION = 1,
        UNLOCK_CHALLENGE_SIZE = 32,
        UNLOCK_SET_SIZE = 16,
        UNLOCK_TOKEN_SIZE = MITOME_GATE_EVIDENCE_SIZE,
        UNLOCK_ENTRY_SIZE = 40,
        PAIRING_POINT_SIZE = 65, /* an uncompressed P-256 point */
};

enum unlock_purpose { UNLOCK_VERIFIED = 1, UNLOCK_ENROLLED = 2, UNLOCK_ABSENT = 3, UNLOCK_REMOVED = 4 };
enum unlock_modality { UNLOCK_FINGER = 1, UNLOCK_FACE = 2, UNLOCK_IRIS = 3 };

struct unlock_token {
        uint8_t purpose;
        uint8_t modality;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        uint8_t digest[SHA256_SIZE];
        uint8_t set[UNLOCK_SET_SIZE];
};

/* unlock_digest is SHA-256("mitome operation 1" || command || rpIdHash || clientDataHash); for a command that
 * has none of the two hashes (enrolment) both are 32 zeros. */
void unlock_digest(
        uint8_t command, slice rp_id_hash, slice client_data_hash, uint8_t ret_digest[SHA256_SIZE]);

/* unlock_permissions is what stands in the place of clientDataHash for a pinUvAuthToken by finger (command
 * 06): 31 zeros and the permissions; rpIdHash is that of the token's RP ID, or zeros. */
void unlock_permissions(uint8_t permissions, uint8_t ret[SHA256_SIZE]);

/* unlock_removal is what stands in the place of clientDataHash when a finger is taken out of the set (command
 * 09; rpIdHash is zeros): SHA-256("mitome removal 1" || id of the finger). What was authorised to remove one
 * finger adds none, and removes no other. */
void unlock_removal(slice finger_id, uint8_t ret[SHA256_SIZE]);

/* unlock_token_seal is the matcher's: it writes the token with its MAC. */
void unlock_token_seal(
        const struct unlock_token *token, slice pairing_key, uint8_t ret_bytes[UNLOCK_TOKEN_SIZE]);

/* unlock_token_open is the element's: MAC first, in constant time (TOKEN_MAC), then form (TOKEN_FORM).
 * Whether challenge, digest and set are the ones that stand is the caller's to compare. */
MITOME_CHECKED mitome_status unlock_token_open(
        slice bytes, slice pairing_key, struct unlock_token *ret, mitome_error *error);

/* What the element says to the matcher beside its challenge: how often its PIN was entered, so that a PIN
 * entered clears what the matcher's policy holds against its fingers; what the challenge is for; and which
 * one it is of all that it ever gave. The element pays for each challenge with a try, so that the matcher
 * takes each one once, and none that is older than the last: else one try would be as many as one likes. */
struct unlock_entry {
        uint32_t entered; /* only rises */
        uint32_t number;  /* of the challenge: only rises while the pairing lasts */
};

/*   entered, 4 bytes, big-endian || number, 4 bytes || HMAC-SHA-256 under the pairing key over
 *   "mitome pin entered 2" || purpose, as of the token that is wanted || challenge || entered || number
 *
 * unlock_entry_seal is the element's, unlock_entry_open the matcher's: it fails with GATE_ENTRY. */
void unlock_entry_seal(const struct unlock_entry *entry, enum unlock_purpose purpose, slice challenge,
        slice pairing_key, uint8_t ret_bytes[UNLOCK_ENTRY_SIZE]);
MITOME_CHECKED mitome_status unlock_entry_open(slice bytes, enum unlock_purpose purpose, slice challenge,
        slice pairing_key, struct unlock_entry *ret, mitome_error *error);

/* pairing_derive makes the pairing key from the two P-256 keys: HKDF-SHA-256 over the shared x coordinate, no
 * salt, info "mitome pairing 1" || element's point || matcher's point. `own_key` is a big-endian scalar of 32
 * bytes. A point off the curve: KEY_POINT. */
MITOME_CHECKED mitome_status pairing_derive(slice own_key, slice other_point, slice element_point,
        slice matcher_point, struct secret *ret_key, mitome_error *error);

/* pairing_confirmation is the MAC by which one end shows the other that it holds the same key: HMAC-SHA-256
 * under the pairing key over "mitome pairing confirmed 1" || end (1) || element's point || matcher's point.
 */
enum pairing_end { PAIRING_ELEMENT = 1, PAIRING_MATCHER = 2 };
void pairing_confirmation(slice pairing_key, enum pairing_end end, slice element_point, slice matcher_point,
        uint8_t ret[SHA256_SIZE]);

#endif
