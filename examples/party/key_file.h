/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_FILE_H
#define KEY_FILE_H

/* A secret in a file that its owner alone can read (mode 0600). No HSM: who has the account has the key. */

#include "bytes.h"

/* key_file_keep reads `size` bytes of key from `path`, or draws them and writes the file, durably, when there
 * is none. FILE_MODE when others may read it, FILE_READ, VALUE when it has another size, FILE_WRITE,
 * NO_RANDOMNESS. Wipe it. */
MITOME_CHECKED mitome_status key_file_keep(const char *path, size_t size, const struct mitome_random *random,
        uint8_t *ret_key, mitome_error *error);

#endif
