/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIGEST_H
#define DIGEST_H

/* SHA-256 and what is built on it. */

#include "bytes.h"

enum { SHA256_SIZE = 32 };

/* sha256 hashes the `count` parts one after the other. */
void sha256(const slice *parts, size_t count, uint8_t ret_digest[SHA256_SIZE]);

/* hmac_sha256 authenticates the parts one after the other; the key may have any size. */
void hmac_sha256(slice key, const slice *parts, size_t count, uint8_t ret_mac[SHA256_SIZE]);

/* hkdf_sha256 derives one block of 32 bytes (RFC 5869, L = 32) from `input`; `salt` may be empty (32 zeros).
 */
void hkdf_sha256(slice salt, slice input, slice info, struct secret *ret_key);

#endif
