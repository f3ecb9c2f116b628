/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNING_KEY_H
#define SIGNING_KEY_H

/* Keys of credentials, and the batch key: made and used in the element only. A private key is the scalar of
 * P-256 (32 bytes) or P-384 (48), or the seed of Ed25519 (32). */

#include "cose.h"

enum signing_algorithm {
        SIGNING_ES256 = 0x07,
        SIGNING_EDDSA = 0x08,
        SIGNING_RS256 = 0x09,
        SIGNING_ES384 = 0x0A,
};

enum { SIGNING_KEY_SIZE = 32, SIGNING_KEY_MAX = 48, SIGNATURE_MAX = 256, PUBLIC_KEY_MAX = 260 };

struct public_key {
        uint8_t bytes[PUBLIC_KEY_MAX]; /* an uncompressed point, an Ed25519 key, modulus and exponent */
        struct cose_key cose;          /* views into bytes: do not copy the structure */
};

bool signing_algorithm_known(uint8_t algorithm);

MITOME_CHECKED mitome_status signing_key_generate(const struct mitome_random *random,
        enum signing_algorithm algorithm, struct secret *ret_private, struct public_key *ret_public,
        mitome_error *error);

/* A key as it stands ready to sign: making one ready costs up to as much as a signature, so that the last one
 * is kept. Zeroed ({0}) it is none. */
struct signing_ready {
        enum signing_algorithm algorithm;
        struct secret key;                 /* the private key that it is; size 0: none */
        struct evp_pkey_ctx_st *operation; /* ES256, ES384 */
        uint8_t expanded[SECRET_MAX];      /* EdDSA: libsodium's form of it */
};

/* signing_ready_forget wipes it. */
void signing_ready_forget(struct signing_ready *ready);

/* signing_key_sign signs the parts one after the other: ES256 and ES384 as DER, EdDSA as 64 bytes. `ready`
 * becomes this key, if it is another; NULL: it is made ready for this once. RS256 is the JPKI applet's
 * (jpki_user_verification_sign). */
MITOME_CHECKED mitome_status signing_key_sign(struct signing_ready *ready, enum signing_algorithm algorithm,
        slice private_key, const slice *parts, size_t count, writer *signature, mitome_error *error);

/* signing_key_public gives the public half of a credential's private key (public_key.c). */
MITOME_CHECKED mitome_status signing_key_public(
        enum signing_algorithm algorithm, slice private_key, struct public_key *ret, mitome_error *error);

/* signing_key_is_of tells whether the P-256 key is the one that the certificate (DER) names. */
bool signing_key_is_of(slice private_key, slice certificate);

#endif
