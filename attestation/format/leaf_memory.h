/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEAF_MEMORY_H
#define LEAF_MEMORY_H

/* The attestation certificates that were decoded last. A batch of authenticators sends one and the same, and
 * decoding it costs a fifth of verifying with it. What is remembered is what the bytes were read as; every
 * check is made each time. One thread at a time. */

#include "bytes.h"

#include <openssl/x509.h>

enum { LEAF_MEMORY_PLACES = 8, LEAF_MEMORY_MAX = 4096 };

struct leaf_memory;

struct leaf_memory *leaf_memory_new(void); /* NULL: no memory */
void leaf_memory_free(struct leaf_memory *memory);

/* leaf_memory_recall gives a reference of the caller's own to what exactly these bytes were decoded as, or
 * NULL. `memory` may be NULL. */
X509 *leaf_memory_recall(struct leaf_memory *memory, slice der);

/* leaf_memory_keep remembers `leaf`, which stays the caller's, in the place of the oldest. */
void leaf_memory_keep(struct leaf_memory *memory, slice der, X509 *leaf);

#endif
