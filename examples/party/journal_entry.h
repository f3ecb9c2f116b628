/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_ENTRY_H
#define JOURNAL_ENTRY_H

/* One entry of a journal, as bytes:
 *
 *   COSE_Sign1 with protected { 1: -8, 3: "application/x.mitome.journal+cbor", 4: bytes, the party's name },
 * external_aad "mitome journal 1", payload { 1: 1 version, 2: number (1, 2 ..), 3: SHA-256 of the entry
 * before (zeros before the first), 4: at (seconds since 1970), 5: what, 6: outcome, 7: subject, 8: evidence
 * [[kind, SHA-256] ..], ? 9: reason, ? 10: witness [party, { 1: number, 2: SHA-256 }] }
 *
 * Canonical CBOR, no other members. */

#include "journal.h"
#include "sign1.h"

struct journal_proof {
        slice kind;
        slice digest;
};

struct journal_entry {
        slice party; /* views, as all slices here */
        uint64_t number;
        slice previous;
        int64_t at;
        slice what, outcome, subject, reason;
        struct journal_proof evidence[JOURNAL_EVIDENCE_MAX];
        size_t evidence_count;
        bool has_witness;
        struct journal_witness witness;
        struct sign1 note;                  /* set by reading */
        uint8_t digest[LETTER_DIGEST_SIZE]; /* set by reading: SHA-256 of the whole */
};

/* journal_entry_seal writes the signed entry. */
MITOME_CHECKED mitome_status journal_entry_seal(const struct journal_entry *entry,
        const uint8_t secret[LETTER_SECRET_SIZE], writer *out, mitome_error *error);

/* journal_entry_read takes the entry that `bytes` begin with, and tells how many bytes it has; nothing is
 * proved by that. */
MITOME_CHECKED mitome_status journal_entry_read(
        slice bytes, struct journal_entry *ret, size_t *ret_size, mitome_error *error);

/* journal_entry_verify: SIGNATURE_INVALID when `key` did not sign it. */
MITOME_CHECKED mitome_status journal_entry_verify(
        const struct journal_entry *entry, const uint8_t key[LETTER_KEY_SIZE], mitome_error *error);

#endif
