/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MANY_KEYS_H
#define MANY_KEYS_H

/* Hundreds of keys of one kind, quickly: RSA keys from every two of a few primes, which is good for nothing
 * but filling caches. */

#include "ceremony_rig.h"

enum { MANY_KEYS = 276 }; /* 24 primes, two at a time */

struct many_keys;
struct many_keys *many_keys_new(enum rig_key kind);
void many_keys_free(struct many_keys *keys);

/* many_keys_get borrows out. */
EVP_PKEY *many_keys_get(const struct many_keys *keys, size_t index);

#endif
