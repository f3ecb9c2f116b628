/* SPDX-License-Identifier: Apache-2.0 */
#include "scp03_internal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

static mitome_status crypto_failed(void)
{
        return fail(NULL, MITOME_E_CRYPTO_FAILED, "SCP03", NULL);
}

void scp03_close(struct scp03_session *session)
{
        bytes_wipe(session, sizeof *session);
}

mitome_status scp03_cmac(
        const uint8_t key[SCP03_KEY_SIZE], const slice *parts, size_t count, uint8_t ret[SCP03_BLOCK])
{
        char cipher[] = "AES-128-CBC";
        const OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                OSSL_PARAM_construct_end(),
        };
        EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
        EVP_MAC_CTX *context = cmac ? EVP_MAC_CTX_new(cmac) : NULL;
        bool good = context && EVP_MAC_init(context, key, SCP03_KEY_SIZE, parameters) == 1;
        for (size_t i = 0; good && i < count; i++)
                good = EVP_MAC_update(context, parts[i].data, parts[i].size) == 1;
        size_t size = 0;
        good = good && EVP_MAC_final(context, ret, &size, SCP03_BLOCK) == 1 && size == SCP03_BLOCK;
        EVP_MAC_CTX_free(context);
        EVP_MAC_free(cmac);
        return good ? ok() : crypto_failed();
}

mitome_status scp03_kdf(
        const uint8_t key[SCP03_KEY_SIZE], uint8_t constant, slice context, uint8_t *ret, size_t size)
{
        uint8_t label[SCP03_BLOCK], block[SCP03_BLOCK];
        writer w = WRITER(label);
        for (int i = 0; i < 11; i++)
                write_u8(&w, 0);
        write_u8(&w, constant);
        write_u8(&w, 0);
        write_u16(&w, (uint16_t)(size * 8));
        write_u8(&w, 1); /* one block is enough for AES-128 */
        const slice parts[] = { SLICE(label), context };
        mitome_status status = scp03_cmac(key, parts, 2, block);
        if (!failed(status))
                status = slice_copy(
                        slice_of(block, size < sizeof block ? size : sizeof block), "key", ret, size, NULL);
        bytes_wipe(block, sizeof block);
        return status;
}

mitome_status scp03_derive_session(
        struct scp03_session *session, const struct scp03_keys *keys, slice context)
{
        MITOME_TRY(scp03_kdf(keys->enc, SCP03_S_ENC, context, session->s_enc, SCP03_KEY_SIZE));
        MITOME_TRY(scp03_kdf(keys->mac, SCP03_S_MAC, context, session->s_mac, SCP03_KEY_SIZE));
        return scp03_kdf(keys->mac, SCP03_S_RMAC, context, session->s_rmac, SCP03_KEY_SIZE);
}

mitome_status scp03_command_mac(struct scp03_session *session, const struct apdu_command *command, slice data)
{
        uint8_t head[7];
        writer w = WRITER(head);
        write_u8(&w, command->cla);
        write_u8(&w, command->ins);
        write_u8(&w, command->p1);
        write_u8(&w, command->p2);
        if (command->extended) {
                write_u8(&w, 0);
                write_u16(&w, (uint16_t)(data.size + SCP03_MAC_SIZE));
        } else {
                write_u8(&w, (uint8_t)(data.size + SCP03_MAC_SIZE));
        }
        const slice parts[] = { SLICE(session->chain), writer_view(&w), data };
        uint8_t next[SCP03_BLOCK];
        MITOME_TRY(scp03_cmac(session->s_mac, parts, 3, next));
        return slice_copy(SLICE(next), "chain", session->chain, sizeof session->chain, NULL);
}

mitome_status scp03_response_mac(
        const struct scp03_session *session, slice data, uint16_t sw, uint8_t ret[SCP03_BLOCK])
{
        const uint8_t status[] = { (uint8_t)(sw >> 8), (uint8_t)sw };
        const slice parts[] = { SLICE(session->chain), data, SLICE(status) };
        return scp03_cmac(session->s_rmac, parts, 3, ret);
}

bool scp03_carries_mac(uint16_t sw)
{
        return sw == SW_OK || sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

/* One pass of AES-128 without OpenSSL's padding. */
static bool aes(
        const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, bool encrypt, slice in, uint8_t *out)
{
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        bool good = context && EVP_CipherInit_ex(context, cipher, NULL, key, iv, encrypt) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                    EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
                    (size_t)size == in.size;
        EVP_CIPHER_CTX_free(context);
        return good;
}

/* The initial chaining value: the encrypted counter, whose first byte tells the direction. */
static bool initial_vector(
        const struct scp03_session *session, enum scp03_direction direction, uint8_t ret[SCP03_BLOCK])
{
        uint8_t block[SCP03_BLOCK];
        writer w = WRITER(block);
        write_u64(&w, direction == SCP03_RESPONSE ? UINT64_C(0x8000000000000000) : 0);
        write_u64(&w, session->counter);
        return aes(EVP_aes_128_ecb(), session->s_enc, NULL, true, SLICE(block), ret);
}

mitome_status scp03_encrypt(
        const struct scp03_session *session, enum scp03_direction direction, slice plain, writer *out)
{
        uint8_t iv[SCP03_BLOCK];
        uint8_t *start = out->data + out->used;
        size_t before = out->used;
        write_slice(out, plain);
        write_u8(out, 0x80);
        while ((out->used - before) % SCP03_BLOCK && !out->overflowed)
                write_u8(out, 0);
        if (out->overflowed)
                return ok(); /* the writer says so at its end */
        bool good =
                initial_vector(session, direction, iv) &&
                aes(EVP_aes_128_cbc(), session->s_enc, iv, true, slice_of(start, out->used - before), start);
        return good ? ok() : crypto_failed();
}

mitome_status scp03_decrypt(const struct scp03_session *session, enum scp03_direction direction, slice cipher,
        uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        uint8_t iv[SCP03_BLOCK];
        if (cipher.size == 0 || cipher.size % SCP03_BLOCK)
                return fail(error, MITOME_E_CHANNEL_PADDING, "data", "GPC_SPE_014 6.2.6");
        if (cipher.size > capacity)
                return fail(error, MITOME_E_BUFFER_FULL, "data", NULL);
        if (!initial_vector(session, direction, iv) ||
                !aes(EVP_aes_128_cbc(), session->s_enc, iv, false, cipher, buffer))
                return fail(error, MITOME_E_CRYPTO_FAILED, "data", NULL);
        size_t size = cipher.size;
        while (size && buffer[size - 1] == 0)
                size--;
        if (size == 0 || buffer[size - 1] != 0x80 || cipher.size - size >= SCP03_BLOCK)
                return fail(error, MITOME_E_CHANNEL_PADDING, "data", "GPC_SPE_014 6.2.6");
        *ret = slice_of(buffer, size - 1);
        return ok();
}
