/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEAL_BOX_H
#define SEAL_BOX_H

/* What a manager of elements keeps sealed in its store (XChaCha20-Poly1305): nonce || sealed bytes, bound to
 * a name that is not among them. */

#include "bytes.h"

enum { SEAL_BOX_KEY_SIZE = 32, SEAL_BOX_EXTRA = 24 + 16 /* nonce, tag */ };

/* seal_box_close: NO_RANDOMNESS, BUFFER_FULL. */
MITOME_CHECKED mitome_status seal_box_close(const uint8_t key[SEAL_BOX_KEY_SIZE],
        const struct mitome_random *random, slice name, slice plain, writer *out, mitome_error *error);

/* seal_box_open tells whether it is what was sealed under this name and by this key, and fits. Wipe it. */
bool seal_box_open(const uint8_t key[SEAL_BOX_KEY_SIZE], slice name, slice sealed, uint8_t *buffer,
        size_t capacity, size_t *ret_size);

#endif
