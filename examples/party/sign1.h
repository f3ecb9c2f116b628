/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGN1_H
#define SIGN1_H

/* What a party signs: an untagged COSE_Sign1 (RFC 9052 4.2) by its Ed25519 key, with its name as the key's
 * (kid) in the protected header, and an empty unprotected one. Letters and entries of the journal are two
 * kinds; header and aad both tell them apart. */

#include "letter.h"

struct sign1_kind {
        const char *content_type, *aad;
        const char *clause; /* where the form stands */
        mitome_code form;   /* what is not one fails with this, or as CBOR */
        size_t payload_max; /* at most SIGN1_PAYLOAD_MAX */
};

enum { SIGN1_PAYLOAD_MAX = 14336 };

struct sign1 {
        slice name, payload, signature; /* views */
};

/* sign1_is_name tells whether `text` has 1 to `max` lower-case letters, digits and '-', and no other. */
bool sign1_is_name(slice text, size_t max);

/* sign1_seal signs and writes one. */
MITOME_CHECKED mitome_status sign1_seal(const struct sign1_kind *kind, slice name, slice payload,
        const uint8_t secret[LETTER_SECRET_SIZE], writer *out, mitome_error *error);

/* sign1_read takes one apart, all of `r`'s next item; nothing is proved by that. */
MITOME_CHECKED mitome_status sign1_read(
        const struct sign1_kind *kind, struct cbor_reader *r, struct sign1 *ret);

/* sign1_verify fails with SIGNATURE_INVALID when it was not signed by `key`. */
MITOME_CHECKED mitome_status sign1_verify(const struct sign1_kind *kind, const struct sign1 *note,
        const uint8_t key[LETTER_KEY_SIZE], mitome_error *error);

#endif
