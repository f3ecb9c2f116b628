/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LETTER_H
#define LETTER_H

/* What one party says to another: a COSE_Sign1 (RFC 9052 4.2) by the sender's Ed25519 key, so that who said
 * what stays provable.
 *
 *   protected { 1: -8, 3: "application/x.mitome.letter+cbor", 4: bytes, the sender's name }, external_aad
 * "mitome letter 1", payload { 1: 1 version, 2: from, 3: to, 4: id (16 bytes), 5: at (seconds since 1970), 6:
 * kind, 7: body (bytes, CBOR), 8: head of the sender's journal { 1: number, 2: SHA-256 }, ? 9: SHA-256 of the
 * letter that this answers }
 *
 * Canonical CBOR, no other members. */

#include "cbor.h"

enum {
        LETTER_MAX = 16384,
        LETTER_BODY_MAX = 12288,
        LETTER_ID_SIZE = 16,
        LETTER_DIGEST_SIZE = 32,
        LETTER_NAME_MAX = 32, /* a party's name: lower-case letters, digits, '-' */
        LETTER_KIND_MAX = 48,
        LETTER_KEY_SIZE = 32,
        LETTER_SECRET_SIZE = 64,
        LETTER_SKEW = 2 * 86400, /* how far a sender's clock may be off, either way */
};

/* Where a party's journal stood when it wrote: what it cannot take back afterwards. */
struct letter_head {
        uint64_t number; /* 0: empty */
        uint8_t digest[LETTER_DIGEST_SIZE];
};

struct letter {
        slice from, to, kind, body; /* views */
        uint8_t id[LETTER_ID_SIZE];
        int64_t at;
        struct letter_head head;
        bool is_answer;
        uint8_t answers[LETTER_DIGEST_SIZE]; /* of an answer: digest of the letter it answers */
        uint8_t digest[LETTER_DIGEST_SIZE];  /* set by letter_open: SHA-256 of the whole */
};

/* letter_seal writes the signed letter; `secret` is the sender's Ed25519 key as libsodium has it. */
MITOME_CHECKED mitome_status letter_seal(const struct letter *letter,
        const uint8_t secret[LETTER_SECRET_SIZE], writer *out, mitome_error *error);

/* letter_peek reads the name of who says to have written it, which nothing proves yet. */
MITOME_CHECKED mitome_status letter_peek(slice bytes, slice *ret_from, mitome_error *error);

/* letter_open reads and verifies one: LETTER_FORM or CBOR_*, SIGNATURE_INVALID. To whom, when, and what it
 * answers is the caller's to judge. Views point into `bytes`. */
MITOME_CHECKED mitome_status letter_open(
        slice bytes, const uint8_t key[LETTER_KEY_SIZE], struct letter *ret, mitome_error *error);

#endif
