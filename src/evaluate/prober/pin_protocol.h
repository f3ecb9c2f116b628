/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PIN_PROTOCOL_H
#define PIN_PROTOCOL_H

/* The platform's side of PIN/UV auth protocols 1 and 2 (CTAP 2.1, 6.5.6, 6.5.7). */

#include "digest.h"
#include "p256.h"

enum {
        PIN_PROTOCOL_IV = 16,
        PIN_PROTOCOL_HASH = 16,   /* what is sent of a PIN's digest */
        PIN_PROTOCOL_PADDED = 64, /* a new PIN with the zeros behind it */
};

/* One agreement: our point, and what both sides derive. */
struct pin_protocol {
        uint8_t version; /* 1 or 2 */
        uint8_t point[P256_POINT_SIZE];
        struct secret aes, hmac;
};

/* pin_protocol_agree does the platform's part with the authenticator's point (04, x, y). */
MITOME_CHECKED mitome_status pin_protocol_agree(const struct mitome_random *random, uint8_t version,
        slice point, struct pin_protocol *ret, mitome_error *error);

/* pin_protocol_encrypt writes whole blocks, with the IV before them where the version has one. */
MITOME_CHECKED mitome_status pin_protocol_encrypt(const struct pin_protocol *protocol,
        const struct mitome_random *random, slice plain, writer *w, mitome_error *error);
MITOME_CHECKED mitome_status pin_protocol_decrypt(
        const struct pin_protocol *protocol, slice sealed, struct secret *ret_plain, mitome_error *error);

/* pin_protocol_param authenticates a message as the version has it: 16 bytes, or 32; views `buffer`. */
slice pin_protocol_param(
        uint8_t version, const struct secret *key, slice message, uint8_t buffer[SHA256_SIZE]);

/* pin_protocol_hash is what stands for a PIN: the left half of its SHA-256. */
void pin_protocol_hash(slice pin, uint8_t ret[PIN_PROTOCOL_HASH]);

#endif
