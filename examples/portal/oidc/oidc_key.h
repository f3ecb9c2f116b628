/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_KEY_H
#define OIDC_KEY_H

/* The keys that ID tokens are signed by (ES256), and JSON Web Signatures by them.
 *
 * Three files in the portal's folder, 0600, 32 bytes each: "oidc.key" signs; "oidc-next.key" is published
 * already, so that clients know it before it signs; "oidc-last.key", when there is one, signs no more and is
 * still believed. Rotation is two renames and a restart (docs/oidc.md). The first two are made when they are
 * missing. Several portals side by side have the same files. */

#include "bytes.h"

enum {
        OIDC_KEYS = 3,
        OIDC_KEY_ID = 43, /* characters: the SHA-256 thumbprint of the key (RFC 7638) */
        OIDC_JWS_MAX = 2048,
};

struct oidc_keys;

/* oidc_keys_open: FILE_MODE, FILE_READ, FILE_WRITE, VALUE, NO_RANDOMNESS, CRYPTO, NO_MEMORY. */
MITOME_CHECKED mitome_status oidc_keys_open(
        const char *folder, const struct mitome_random *random, struct oidc_keys **ret, mitome_error *error);
void oidc_keys_close(struct oidc_keys *keys);

/* oidc_keys_publish writes the JWK set (RFC 7517): public parts alone. */
void oidc_keys_publish(const struct oidc_keys *keys, writer *w);

/* oidc_keys_sign writes a JWS in compact serialisation over the claims, by the key that signs. */
MITOME_CHECKED mitome_status oidc_keys_sign(
        const struct oidc_keys *keys, slice claims, writer *w, mitome_error *error);

/* oidc_keys_verify gives the claims of a JWS that one of these keys signed, in `buffer`: OIDC_HINT when none
 * did, when its header says anything but ES256 and the id of one of them, or when it is no JWS. */
MITOME_CHECKED mitome_status oidc_keys_verify(const struct oidc_keys *keys, slice jws, uint8_t *buffer,
        size_t capacity, slice *ret_claims, mitome_error *error);

#endif
