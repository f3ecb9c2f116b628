/* SPDX-License-Identifier: Apache-2.0 */

/* Apart from sha256, so that who hashes does not link who authenticates (tests/unit/law.sh). */

#include "digest.h"

#include <sodium.h>

void hmac_sha256(slice key, const slice *parts, size_t count, uint8_t ret_mac[SHA256_SIZE])
{
        crypto_auth_hmacsha256_state state;
        crypto_auth_hmacsha256_init(&state, key.data, key.size);
        for (size_t i = 0; i < count; i++)
                crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].size);
        crypto_auth_hmacsha256_final(&state, ret_mac);
        bytes_wipe(&state, sizeof state);
}

void hkdf_sha256(slice salt, slice input, slice info, struct secret *ret_key)
{
        static const uint8_t zeros[SHA256_SIZE];
        static const uint8_t first_block = 1;
        SECRET(extracted);
        extracted.size = SHA256_SIZE;
        hmac_sha256(salt.size ? salt : SLICE(zeros), &input, 1, extracted.data);
        const slice expand[] = { info, slice_of(&first_block, 1) };
        hmac_sha256(secret_view(&extracted), expand, 2, ret_key->data);
        ret_key->size = SHA256_SIZE;
}
