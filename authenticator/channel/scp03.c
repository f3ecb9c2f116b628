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

/* ---- what can be offered ---- */

/* 5.1: the levels, and what i must have for each. R-ENCRYPTION comes with R-MAC only. */
static const struct {
        uint8_t level, needs;
} levels[] = {
        { SCP03_C_MAC, 0 },
        { SCP03_C_MAC | SCP03_C_DEC, 0 },
        { SCP03_C_MAC | SCP03_R_MAC, SCP03_I_R_MAC },
        { SCP03_C_MAC | SCP03_C_DEC | SCP03_R_MAC, SCP03_I_R_MAC },
        { SCP03_LEVEL_ALL, SCP03_I_R_MAC_R_ENC },
};

size_t scp03_size(uint8_t i)
{
        return i & SCP03_I_S16 ? SCP03_S16 : SCP03_S8;
}

bool scp03_knows(uint8_t i)
{
        uint8_t response = i & SCP03_I_R_MAC_R_ENC;
        return !(i & ~(SCP03_I_S16 | SCP03_I_PSEUDO_RANDOM | SCP03_I_R_MAC_R_ENC)) &&
               (response == 0 || response & SCP03_I_R_MAC);
}

bool scp03_offers(uint8_t i, uint8_t level)
{
        for (size_t at = 0; at < sizeof levels / sizeof *levels; at++)
                if (levels[at].level == level)
                        return (i & levels[at].needs) == levels[at].needs;
        return false;
}

/* ---- AES ---- */

static const struct aes {
        uint8_t key_size;
        char name[12];
        const EVP_CIPHER *(*cbc)(void);
} sizes[] = {
        { 16, "AES-128-CBC", EVP_aes_128_cbc },
        { 24, "AES-192-CBC", EVP_aes_192_cbc },
        { 32, "AES-256-CBC", EVP_aes_256_cbc },
};

static const struct aes *aes_of(size_t key_size)
{
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
                if (sizes[i].key_size == key_size)
                        return &sizes[i];
        return NULL;
}

bool scp03_keys_fit(const struct scp03_keys *keys)
{
        return aes_of(keys->size) != NULL;
}

mitome_status scp03_cmac(slice key, const slice *parts, size_t count, uint8_t ret[SCP03_BLOCK])
{
        const struct aes *found = aes_of(key.size);
        if (!found)
                return crypto_failed();
        struct aes aes = *found; /* OpenSSL takes the name as one that it might change */
        const OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, aes.name, 0),
                OSSL_PARAM_construct_end(),
        };
        EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
        EVP_MAC_CTX *context = cmac ? EVP_MAC_CTX_new(cmac) : NULL;
        bool good = context && EVP_MAC_init(context, key.data, key.size, parameters) == 1;
        for (size_t i = 0; good && i < count; i++)
                good = EVP_MAC_update(context, parts[i].data, parts[i].size) == 1;
        size_t size = 0;
        good = good && EVP_MAC_final(context, ret, &size, SCP03_BLOCK) == 1 && size == SCP03_BLOCK;
        EVP_MAC_CTX_free(context);
        EVP_MAC_free(cmac);
        return good ? ok() : crypto_failed();
}

/* One pass of AES-CBC without OpenSSL's padding. */
static bool aes_cbc(slice key, const uint8_t iv[SCP03_BLOCK], bool encrypt, slice in, uint8_t *out)
{
        int size = 0;
        const struct aes *aes = aes_of(key.size);
        EVP_CIPHER_CTX *context = aes ? EVP_CIPHER_CTX_new() : NULL;
        bool good = context && EVP_CipherInit_ex(context, aes->cbc(), NULL, key.data, iv, encrypt) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                    EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
                    (size_t)size == in.size;
        EVP_CIPHER_CTX_free(context);
        return good;
}

/* ---- derivation ---- */

/* One block of the key derivation function: its fields are in SCP03's own order. */
static mitome_status kdf_block(
        slice key, uint8_t constant, slice context, size_t size, uint8_t number, uint8_t ret[SCP03_BLOCK])
{
        uint8_t label[SCP03_BLOCK];
        writer w = WRITER(label);
        for (int i = 0; i < 11; i++)
                write_u8(&w, 0);
        write_u8(&w, constant);
        write_u8(&w, 0);
        write_u16(&w, (uint16_t)(size * 8));
        write_u8(&w, number);
        const slice parts[] = { SLICE(label), context };
        return scp03_cmac(key, parts, 2, ret);
}

mitome_status scp03_kdf(slice key, uint8_t constant, slice context, uint8_t *ret, size_t size)
{
        uint8_t blocks[SCP03_KEY_MAX];
        mitome_status status =
                size <= sizeof blocks ? ok() : fail(NULL, MITOME_E_ARGUMENT, "size", "GPC_SPE_014 4.1.5");
        for (uint8_t i = 0; !failed(status) && (size_t)i * SCP03_BLOCK < size; i++)
                status = kdf_block(
                        key, constant, context, size, (uint8_t)(i + 1), &blocks[(size_t)i * SCP03_BLOCK]);
        if (!failed(status))
                status = slice_copy(slice_of(blocks, size), "key", ret, size, NULL);
        bytes_wipe(blocks, sizeof blocks);
        return status;
}

mitome_status scp03_join(slice host_challenge, slice card_challenge, struct scp03_context *ret)
{
        writer w = WRITER(ret->bytes);
        write_slice(&w, host_challenge);
        write_slice(&w, card_challenge);
        return writer_finish(&w, "challenges", &ret->view, NULL);
}

mitome_status scp03_derive_session(
        struct scp03_session *session, const struct scp03_keys *keys, const struct scp03_context *context)
{
        const slice enc = slice_of(keys->enc, keys->size), mac = slice_of(keys->mac, keys->size);
        session->key_size = keys->size;
        MITOME_TRY(scp03_kdf(enc, SCP03_S_ENC, context->view, session->s_enc, keys->size));
        MITOME_TRY(scp03_kdf(mac, SCP03_S_MAC, context->view, session->s_mac, keys->size));
        return scp03_kdf(mac, SCP03_S_RMAC, context->view, session->s_rmac, keys->size);
}

mitome_status scp03_cryptogram(const struct scp03_session *session, enum scp03_constant whose,
        const struct scp03_context *context, uint8_t ret[SCP03_MAC_MAX])
{
        return scp03_kdf(slice_of(session->s_mac, session->key_size), (uint8_t)whose, context->view, ret,
                scp03_size(session->i));
}

mitome_status scp03_card_challenge(
        const struct scp03_keys *keys, slice sequence, slice aid, uint8_t ret[SCP03_S16], size_t size)
{
        uint8_t seed[SCP03_SEQUENCE_SIZE + 16];
        slice context;
        writer w = WRITER(seed);
        write_slice(&w, sequence);
        write_slice(&w, aid);
        MITOME_TRY(writer_finish(&w, "AID", &context, NULL));
        return scp03_kdf(slice_of(keys->enc, keys->size), SCP03_CARD_CHALLENGE, context, ret, size);
}

/* ---- MACs ---- */

mitome_status scp03_command_mac(struct scp03_session *session, const struct apdu_command *command, slice data)
{
        enum { CLA_CHANNEL = 0x03 }; /* "the logical channel number shall be set to zero" */
        uint8_t head[7];
        size_t size = data.size + scp03_size(session->i);
        writer w = WRITER(head);
        write_u8(&w, (uint8_t)(command->cla & ~CLA_CHANNEL));
        write_u8(&w, command->ins);
        write_u8(&w, command->p1);
        write_u8(&w, command->p2);
        if (command->extended) {
                write_u8(&w, 0);
                write_u16(&w, (uint16_t)size);
        } else {
                write_u8(&w, (uint8_t)size);
        }
        const slice parts[] = { SLICE(session->chain), writer_view(&w), data };
        uint8_t next[SCP03_BLOCK];
        MITOME_TRY(scp03_cmac(slice_of(session->s_mac, session->key_size), parts, 3, next));
        return slice_copy(SLICE(next), "chain", session->chain, sizeof session->chain, NULL);
}

slice scp03_command_mac_view(const struct scp03_session *session)
{
        return slice_of(session->chain, scp03_size(session->i));
}

mitome_status scp03_response_mac(
        const struct scp03_session *session, slice data, uint16_t sw, uint8_t ret[SCP03_BLOCK])
{
        const uint8_t status[] = { (uint8_t)(sw >> 8), (uint8_t)sw };
        const slice parts[] = { SLICE(session->chain), data, SLICE(status) };
        return scp03_cmac(slice_of(session->s_rmac, session->key_size), parts, 3, ret);
}

mitome_status scp03_part_mac(
        const struct scp03_session *session, slice data, slice *ret_body, slice *ret_mac, mitome_error *error)
{
        size_t size = scp03_size(session->i);
        reader r = reader_over(data, "GPC_SPE_014 6.2.4", error);
        slice body;
        if (data.size < size)
                return fail(error, MITOME_E_CHANNEL_MAC, "data", "GPC_SPE_014 6.2.4");
        MITOME_TRY(read_bytes(&r, "data", data.size - size, &body));
        MITOME_TRY(read_bytes(&r, "MAC", size, ret_mac));
        *ret_body = body;
        return ok();
}

bool scp03_carries_mac(uint16_t sw)
{
        return sw == SW_OK || sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

/* ---- encryption ---- */

mitome_status scp03_count(struct scp03_session *session, mitome_error *error)
{
        if (session->counter == UINT64_MAX)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "counter", "GPC_SPE_014 6.2.6");
        session->counter++;
        return ok();
}

/* The initial chaining value: the encrypted counter, whose first byte tells the direction. */
static bool initial_vector(
        const struct scp03_session *session, enum scp03_direction direction, uint8_t ret[SCP03_BLOCK])
{
        static const uint8_t zeros[SCP03_BLOCK];
        uint8_t block[SCP03_BLOCK];
        writer w = WRITER(block);
        write_u64(&w, direction == SCP03_RESPONSE ? UINT64_C(0x8000000000000000) : 0);
        write_u64(&w, session->counter);
        return aes_cbc(slice_of(session->s_enc, session->key_size), zeros, true, SLICE(block), ret);
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
        bool good = initial_vector(session, direction, iv) &&
                    aes_cbc(slice_of(session->s_enc, session->key_size), iv, true,
                            slice_of(start, out->used - before), start);
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
                !aes_cbc(slice_of(session->s_enc, session->key_size), iv, false, cipher, buffer))
                return fail(error, MITOME_E_CRYPTO_FAILED, "data", NULL);
        size_t size = cipher.size;
        while (size && buffer[size - 1] == 0)
                size--;
        if (size == 0 || buffer[size - 1] != 0x80 || cipher.size - size >= SCP03_BLOCK)
                return fail(error, MITOME_E_CHANNEL_PADDING, "data", "GPC_SPE_014 6.2.6");
        *ret = slice_of(buffer, size - 1);
        return ok();
}
