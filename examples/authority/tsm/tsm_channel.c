/* SPDX-License-Identifier: Apache-2.0 */
#include "tsm_channel.h"

#include <openssl/evp.h>

static const uint8_t fido_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t jpki_aid[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };
static const uint8_t ara_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x41, 0x43, 0x4C, 0x00 };

static const uint8_t card_manager_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };
static const uint8_t stand_in_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x02 };
static const uint8_t provider_aid[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x10 };

slice tsm_aid(enum tsm_applet applet)
{
        const slice aids[] = { [TSM_FIDO] = SLICE(fido_aid),
                [TSM_JPKI] = SLICE(jpki_aid),
                [TSM_ARA] = SLICE(ara_aid),
                [TSM_CARD_MANAGER] = SLICE(card_manager_aid),
                [TSM_PROVIDER] = SLICE(provider_aid),
                [TSM_STAND_IN] = SLICE(stand_in_aid) };
        return aids[applet];
}

static mitome_status status_error(uint16_t sw, mitome_error *error)
{
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

/* Sends a command on the logical channel, which its MAC does not cover (GPC_SPE_014 6.2.4). */
static mitome_status transmit(const struct tsm_channel *channel, slice command,
        uint8_t response[TSM_WIRE_MAX], size_t *ret_size, mitome_error *error)
{
        uint8_t bytes[TSM_WIRE_MAX], cla;
        reader r = reader_over(command, NULL, error);
        writer w = WRITER(bytes);
        slice numbered;
        MITOME_TRY(read_u8(&r, "command", &cla));
        write_u8(&w, cla | channel->number);
        write_slice(&w, read_rest(&r));
        MITOME_TRY(writer_finish(&w, "command", &numbered, error));
        const struct mitome_link *link = channel->link;
        return link->transmit(link->context, numbered, response, TSM_WIRE_MAX, ret_size, error);
}

/* One exchange outside the secure channel; *ret_data views `response`. */
static mitome_status exchange_plain(struct tsm_channel *channel, slice command,
        uint8_t response[TSM_WIRE_MAX], slice *ret_data, mitome_error *error)
{
        size_t size;
        MITOME_TRY(transmit(channel, command, response, &size, error));
        MITOME_TRY(apdu_read_response(slice_of(response, size), ret_data, &channel->sw, error));
        return status_error(channel->sw, error);
}

static mitome_status open_logical_channel(struct tsm_channel *channel, mitome_error *error)
{
        static const uint8_t open[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
        uint8_t response[TSM_WIRE_MAX];
        slice data;
        MITOME_TRY(exchange_plain(channel, SLICE(open), response, &data, error));
        if (data.size != 1 || data.data[0] == 0 || data.data[0] > 3)
                return fail(error, MITOME_E_VALUE, "MANAGE CHANNEL", NULL);
        channel->number = data.data[0];
        return ok();
}

static mitome_status select_applet(struct tsm_channel *channel, slice aid, mitome_error *error)
{
        uint8_t bytes[32], response[TSM_WIRE_MAX];
        writer w = WRITER(bytes);
        slice data;
        apdu_write_command(&w, &(struct apdu_command){ .ins = 0xA4, .p1 = 0x04, .p2 = 0x0C, .data = aid });
        return exchange_plain(channel, writer_view(&w), response, &data, error);
}

static mitome_status open_session(struct tsm_channel *channel, const struct tsm_key_set *set, slice aid,
        const struct mitome_random *random, mitome_error *error)
{
        uint8_t bytes[64], challenge[SCP03_S8], response[TSM_WIRE_MAX];
        slice answer;
        if (random->fill(random->context, challenge, sizeof challenge) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        MITOME_TRY(open_logical_channel(channel, error));
        MITOME_TRY(select_applet(channel, aid, error));
        writer w = WRITER(bytes);
        scp03_host_initialize(set->version, SLICE(challenge), &w);
        MITOME_TRY(exchange_plain(channel, writer_view(&w), response, &answer, error));
        w = WRITER(bytes);
        MITOME_TRY(scp03_host_authenticate(
                &channel->session, &set->keys, SCP03_LEVEL_ALL, aid, SLICE(challenge), answer, &w, error));
        MITOME_TRY(exchange_plain(channel, writer_view(&w), response, &answer, error));
        return secret_set(&channel->dek, slice_of(set->keys.dek, set->keys.size), error);
}

mitome_status tsm_open_plain(struct tsm_channel *channel, const struct mitome_link *link,
        enum tsm_applet applet, mitome_error *error)
{
        *channel = (struct tsm_channel){ .link = link };
        mitome_status status = open_logical_channel(channel, error);
        if (!failed(status))
                status = select_applet(channel, tsm_aid(applet), error);
        if (failed(status))
                tsm_close(channel);
        return status;
}

mitome_status tsm_ask_plain(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t response[TSM_WIRE_MAX], slice *ret_data, mitome_error *error)
{
        uint8_t bytes[512];
        writer w = WRITER(bytes);
        slice request;
        size_t size;
        apdu_write_command(&w, command);
        MITOME_TRY(writer_finish(&w, "command", &request, error));
        MITOME_TRY(transmit(channel, request, response, &size, error));
        return apdu_read_response(slice_of(response, size), ret_data, &channel->sw, error);
}

mitome_status tsm_open_set(struct tsm_channel *channel, const struct mitome_link *link,
        const struct tsm_key_set *set, enum tsm_applet applet, const struct mitome_random *random,
        mitome_error *error)
{
        *channel = (struct tsm_channel){ .link = link };
        mitome_status status = open_session(channel, set, tsm_aid(applet), random, error);
        if (failed(status))
                tsm_close(channel);
        return status;
}

mitome_status tsm_open(struct tsm_channel *channel, const struct mitome_link *link,
        const struct scp03_keys *keys, enum tsm_applet applet, const struct mitome_random *random,
        mitome_error *error)
{
        struct tsm_key_set set = { .version = TSM_KEYS_LOWEST, .keys = *keys };
        mitome_status status = tsm_open_set(channel, link, &set, applet, random, error);
        bytes_wipe(&set, sizeof set);
        return status;
}

void tsm_close(struct tsm_channel *channel)
{
        const uint8_t close[] = { 0x00, 0x70, 0x80, channel->number };
        uint8_t response[TSM_WIRE_MAX];
        size_t size;
        scp03_close(&channel->session);
        secret_wipe(&channel->dek);
        if (channel->number) /* nobody is left to be told of a failure */
                (void)failed(transmit(channel, SLICE(close), response, &size, NULL));
        channel->number = 0;
}

/* One exchange inside the channel, whatever the answer. */
static mitome_status exchange_any(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t plain[TSM_WIRE_MAX], slice *ret_data, mitome_error *error)
{
        uint8_t bytes[TSM_WIRE_MAX], response[TSM_WIRE_MAX];
        size_t size;
        slice wrapped;
        writer w = WRITER(bytes);
        MITOME_TRY(scp03_host_wrap(&channel->session, command, &w, error));
        MITOME_TRY(writer_finish(&w, "command", &wrapped, error));
        MITOME_TRY(transmit(channel, wrapped, response, &size, error));
        return scp03_host_unwrap(&channel->session, slice_of(response, size), plain, TSM_WIRE_MAX, ret_data,
                &channel->sw, error);
}

mitome_status tsm_exchange(struct tsm_channel *channel, const struct apdu_command *command,
        uint8_t plain[TSM_WIRE_MAX], slice *ret_data, mitome_error *error)
{
        MITOME_TRY(exchange_any(channel, command, plain, ret_data, error));
        return status_error(channel->sw, error);
}

mitome_status tsm_order(struct tsm_channel *channel, const struct apdu_command *command, mitome_error *error)
{
        uint8_t plain[TSM_WIRE_MAX];
        slice data;
        return tsm_exchange(channel, command, plain, &data, error);
}

/* ---- key sets ---- */

enum { KEY_TYPE_AES = 0x88, CHECK_SIZE = 3, BLOCK = 16, KEY_DATA_MAX = 160 };

/* AES-CBC with a zero IV and no padding (Amendment D 6.2.8); `in` has whole blocks. */
static bool cbc(slice key, slice in, uint8_t *out)
{
        static const uint8_t zeros[BLOCK];
        const EVP_CIPHER *cipher = key.size == 16   ? EVP_aes_128_cbc()
                                   : key.size == 24 ? EVP_aes_192_cbc()
                                                    : EVP_aes_256_cbc();
        int size = 0;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        bool done = context && EVP_EncryptInit_ex(context, cipher, NULL, key.data, zeros) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                    EVP_EncryptUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
                    (size_t)size == in.size;
        EVP_CIPHER_CTX_free(context);
        return done;
}

/* Type, length and key under the DEK, check value: the key's first bytes over a block of 01 (Table 11-68). */
static mitome_status write_key(writer *w, slice key, slice dek, mitome_error *error)
{
        static const uint8_t ones[BLOCK] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
        uint8_t sealed[SCP03_KEY_MAX], check[BLOCK];
        SECRET(padded);
        MITOME_TRY(slice_copy(key, "key", padded.data, SCP03_KEY_MAX, error));
        size_t size = (key.size + BLOCK - 1) / BLOCK * BLOCK;
        if (!cbc(dek, slice_of(padded.data, size), sealed) || !cbc(key, SLICE(ones), check))
                return fail(error, MITOME_E_CRYPTO_FAILED, "key", NULL);
        write_u8(w, KEY_TYPE_AES);
        write_u8(w, (uint8_t)(size + 1));
        write_u8(w, (uint8_t)key.size);
        write_slice(w, slice_of(sealed, size));
        write_u8(w, CHECK_SIZE);
        write_slice(w, slice_of(check, CHECK_SIZE));
        return ok();
}

mitome_status tsm_put_keys(
        struct tsm_channel *channel, uint8_t replaced, const struct tsm_key_set *set, mitome_error *error)
{
        uint8_t bytes[KEY_DATA_MAX];
        const struct scp03_keys *keys = &set->keys;
        const slice dek = secret_view(&channel->dek);
        writer w = WRITER(bytes);
        slice data;
        if (!scp03_keys_fit(keys))
                return fail(error, MITOME_E_ARGUMENT, "key set", NULL);
        if (!dek.size)
                return fail(error, MITOME_E_CHANNEL_CLOSED, NULL, NULL);
        write_u8(&w, set->version);
        MITOME_TRY(write_key(&w, slice_of(keys->enc, keys->size), dek, error));
        MITOME_TRY(write_key(&w, slice_of(keys->mac, keys->size), dek, error));
        MITOME_TRY(write_key(&w, slice_of(keys->dek, keys->size), dek, error));
        MITOME_TRY(writer_finish(&w, "key set", &data, error));
        return tsm_order(channel,
                &(struct apdu_command){
                        .cla = 0x80, .ins = 0xD8, .p1 = replaced, .p2 = 0x81, .data = data, .expected = 256 },
                error);
}

mitome_status tsm_make_keys(
        struct tsm_key_set *ret, uint8_t version, const struct mitome_random *random, mitome_error *error)
{
        struct scp03_keys keys = { .size = SCP03_KEY_MAX };
        if (random->fill(random->context, keys.enc, sizeof keys.enc) != 0 ||
                random->fill(random->context, keys.mac, sizeof keys.mac) != 0 ||
                random->fill(random->context, keys.dek, sizeof keys.dek) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        *ret = (struct tsm_key_set){ .version = version, .keys = keys };
        bytes_wipe(&keys, sizeof keys);
        return ok();
}
