/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <sodium.h>

void sha256(const slice *parts, size_t count, uint8_t ret_digest[SHA256_SIZE])
{
        crypto_hash_sha256_state state;
        crypto_hash_sha256_init(&state);
        for (size_t i = 0; i < count; i++)
                crypto_hash_sha256_update(&state, parts[i].data, parts[i].size);
        crypto_hash_sha256_final(&state, ret_digest);
        bytes_wipe(&state, sizeof state);
}
