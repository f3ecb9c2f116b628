/* SPDX-License-Identifier: Apache-2.0 */
#include "seal_box.h"

#include <sodium.h>

enum {
        NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};
_Static_assert(SEAL_BOX_EXTRA == NONCE + TAG, "");
_Static_assert(SEAL_BOX_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "");

mitome_status seal_box_close(const uint8_t key[SEAL_BOX_KEY_SIZE], const struct mitome_random *random,
        slice name, slice plain, writer *out, mitome_error *error)
{
        uint8_t nonce[NONCE];
        if (random->fill(random->context, nonce, sizeof nonce) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        write_slice(out, SLICE(nonce));
        uint8_t *place = write_space(out, plain.size + TAG);
        if (!place)
                return fail(error, MITOME_E_BUFFER_FULL, "sealed", NULL);
        crypto_aead_xchacha20poly1305_ietf_encrypt(
                place, NULL, plain.data, plain.size, name.data, name.size, NULL, nonce, key);
        return ok();
}

bool seal_box_open(const uint8_t key[SEAL_BOX_KEY_SIZE], slice name, slice sealed, uint8_t *buffer,
        size_t capacity, size_t *ret_size)
{
        reader r = reader_over(sealed, NULL, NULL);
        slice nonce;
        unsigned long long size;
        if (sealed.size < SEAL_BOX_EXTRA || sealed.size - SEAL_BOX_EXTRA > capacity ||
                failed(read_bytes(&r, "nonce", NONCE, &nonce)))
                return false;
        const slice rest = read_rest(&r);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(
                    buffer, &size, NULL, rest.data, rest.size, name.data, name.size, nonce.data, key) != 0)
                return false;
        *ret_size = (size_t)size;
        return true;
}
