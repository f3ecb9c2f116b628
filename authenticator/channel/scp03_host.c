/* SPDX-License-Identifier: Apache-2.0 */
#include "scp03_internal.h"

void scp03_host_initialize(uint8_t key_version, slice host_challenge, writer *command)
{
        apdu_write_command(command, &(struct apdu_command){ .cla = 0x80,
                                            .ins = 0x50,
                                            .p1 = key_version,
                                            .data = host_challenge,
                                            .expected = 256 });
}

/* The card's answer to INITIALIZE UPDATE, 7.1.1.6. */
struct answer {
        uint8_t i;
        slice challenge, cryptogram, sequence;
};

/* `size` is the mode's that the host asked for by its challenge: a card of the other one is refused before
 * anything of it is believed. */
static mitome_status read_answer(
        slice bytes, size_t size, uint8_t level, struct answer *ret, mitome_error *error)
{
        reader r = reader_over(bytes, "GPC_SPE_014 7.1.1.6", error);
        slice diversification;
        uint8_t version, protocol;
        MITOME_TRY(read_bytes(&r, "key diversification data", 10, &diversification));
        MITOME_TRY(read_u8(&r, "key version", &version));
        MITOME_TRY(read_u8(&r, "SCP", &protocol));
        MITOME_TRY(read_u8(&r, "i", &ret->i));
        if (protocol != SCP03_ID || !scp03_knows(ret->i) || scp03_size(ret->i) != size ||
                !scp03_offers(ret->i, level))
                return fail(error, MITOME_E_CHANNEL_LEVEL, "i", "GPC_SPE_014 5.1");
        MITOME_TRY(read_bytes(&r, "card challenge", size, &ret->challenge));
        MITOME_TRY(read_bytes(&r, "card cryptogram", size, &ret->cryptogram));
        if (ret->i & SCP03_I_PSEUDO_RANDOM)
                MITOME_TRY(read_bytes(&r, "sequence counter", SCP03_SEQUENCE_SIZE, &ret->sequence));
        return read_end(&r, "INITIALIZE UPDATE answer");
}

/* 6.2.2.1: a pseudo-random challenge can be recomputed by whoever knows the keys. */
static mitome_status check_challenge(
        const struct scp03_keys *keys, slice aid, const struct answer *answer, mitome_error *error)
{
        uint8_t expected[SCP03_S16];
        size_t size = answer->challenge.size;
        if (!(answer->i & SCP03_I_PSEUDO_RANDOM) || aid.size == 0)
                return ok();
        MITOME_TRY(scp03_card_challenge(keys, answer->sequence, aid, expected, size));
        return secret_equal(slice_of(expected, size), answer->challenge)
                       ? ok()
                       : fail(error, MITOME_E_CHANNEL_CRYPTOGRAM, "card challenge", "GPC_SPE_014 6.2.2.1");
}

static mitome_status check_cryptogram(const struct scp03_session *session,
        const struct scp03_context *context, slice cryptogram, mitome_error *error)
{
        uint8_t expected[SCP03_MAC_MAX];
        MITOME_TRY(scp03_cryptogram(session, SCP03_CARD_CRYPTOGRAM, context, expected));
        return secret_equal(slice_of(expected, scp03_size(session->i)), cryptogram)
                       ? ok()
                       : fail(error, MITOME_E_CHANNEL_CRYPTOGRAM, "card cryptogram", "GPC_SPE_014 6.2.2");
}

/* 7.1.2: MACed, never encrypted. */
static mitome_status write_authenticate(
        struct scp03_session *session, uint8_t level, const struct scp03_context *context, writer *command)
{
        uint8_t cryptogram[SCP03_MAC_MAX], body[2 * SCP03_MAC_MAX];
        slice host = slice_of(cryptogram, scp03_size(session->i));
        struct apdu_command authenticate = { .cla = 0x84, .ins = 0x82, .p1 = level };
        MITOME_TRY(scp03_cryptogram(session, SCP03_HOST_CRYPTOGRAM, context, cryptogram));
        MITOME_TRY(scp03_command_mac(session, &authenticate, host));
        writer data = WRITER(body);
        write_slice(&data, host);
        write_slice(&data, scp03_command_mac_view(session));
        authenticate.data = writer_view(&data);
        apdu_write_command(command, &authenticate);
        return ok();
}

static mitome_status authenticate(struct scp03_session *session, const struct scp03_keys *keys, uint8_t level,
        slice aid, slice host_challenge, slice card_answer, writer *command, mitome_error *error)
{
        struct answer answer = { 0 };
        struct scp03_context context;
        if (!scp03_keys_fit(keys))
                return fail(error, MITOME_E_ARGUMENT, "keys", "GPC_SPE_014 6.1");
        MITOME_TRY(read_answer(card_answer, host_challenge.size, level, &answer, error));
        MITOME_TRY(check_challenge(keys, aid, &answer, error));
        MITOME_TRY(scp03_join(host_challenge, answer.challenge, &context));
        session->i = answer.i;
        MITOME_TRY(scp03_derive_session(session, keys, &context));
        MITOME_TRY(check_cryptogram(session, &context, answer.cryptogram, error));
        MITOME_TRY(write_authenticate(session, level, &context, command));
        session->level = level;
        session->open = true;
        return ok();
}

mitome_status scp03_host_authenticate(struct scp03_session *session, const struct scp03_keys *keys,
        uint8_t level, slice aid, slice host_challenge, slice card_answer, writer *command,
        mitome_error *error)
{
        scp03_close(session);
        mitome_status status =
                authenticate(session, keys, level, aid, host_challenge, card_answer, command, error);
        if (failed(status)) {
                scp03_close(session);
                return fail(error, status.code, "EXTERNAL AUTHENTICATE", NULL);
        }
        return ok();
}

enum { WRAPPED_MAX = 4096 };

static mitome_status wrap(
        struct scp03_session *session, const struct apdu_command *plain, writer *command, mitome_error *error)
{
        uint8_t body[WRAPPED_MAX];
        writer w = WRITER(body);
        slice whole;
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "command", NULL);
        MITOME_TRY(scp03_count(session, error));
        if (plain->data.size && session->level & SCP03_C_DEC)
                MITOME_TRY(scp03_encrypt(session, SCP03_COMMAND, plain->data, &w));
        else
                write_slice(&w, plain->data);
        struct apdu_command wrapped = *plain;
        wrapped.cla = (plain->cla & 0xF0) | 0x04;
        wrapped.extended = plain->extended || w.used + scp03_size(session->i) > 255 || plain->expected > 256;
        MITOME_TRY(scp03_command_mac(session, &wrapped, writer_view(&w)));
        write_slice(&w, scp03_command_mac_view(session));
        MITOME_TRY(writer_finish(&w, "wrapped command", &whole, error));
        wrapped.data = whole;
        apdu_write_command(command, &wrapped);
        return command->overflowed ? fail(error, MITOME_E_BUFFER_FULL, "wrapped command", NULL) : ok();
}

mitome_status scp03_host_wrap(
        struct scp03_session *session, const struct apdu_command *plain, writer *command, mitome_error *error)
{
        mitome_status status = plain->data.size > WRAPPED_MAX - SCP03_OVERHEAD
                                       ? fail(error, MITOME_E_TOO_LONG, "command", NULL)
                                       : wrap(session, plain, command, error);
        if (failed(status)) {
                scp03_close(session);
                return fail(error, status.code, "command", NULL);
        }
        return ok();
}

/* 6.2.5 and 6.2.7: an error comes bare, and then without data. */
static mitome_status unprotect(const struct scp03_session *session, slice data, uint16_t sw, uint8_t *buffer,
        size_t capacity, slice *ret, mitome_error *error)
{
        slice body = { 0 }, mac;
        uint8_t expected[SCP03_BLOCK];
        if (!scp03_carries_mac(sw)) {
                *ret = body;
                return data.size ? fail(error, MITOME_E_CHANNEL_MAC, "response", "GPC_SPE_014 6.2.5") : ok();
        }
        MITOME_TRY(scp03_part_mac(session, data, &body, &mac, error));
        MITOME_TRY(scp03_response_mac(session, body, sw, expected));
        if (!secret_equal(slice_of(expected, scp03_size(session->i)), mac))
                return fail(error, MITOME_E_CHANNEL_MAC, "response", "GPC_SPE_014 6.2.5");
        if (body.size && session->level & SCP03_R_ENC)
                return scp03_decrypt(session, SCP03_RESPONSE, body, buffer, capacity, ret, error);
        *ret = body;
        return ok();
}

static mitome_status unwrap(struct scp03_session *session, slice response, uint8_t *buffer, size_t capacity,
        slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        slice data, plain;
        uint16_t sw;
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "response", NULL);
        MITOME_TRY(apdu_read_response(response, &data, &sw, error));
        plain = data;
        if (session->level & SCP03_R_MAC)
                MITOME_TRY(unprotect(session, data, sw, buffer, capacity, &plain, error));
        *ret_data = plain;
        *ret_sw = sw;
        return ok();
}

mitome_status scp03_host_unwrap(struct scp03_session *session, slice response, uint8_t *buffer,
        size_t capacity, slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        mitome_status status = unwrap(session, response, buffer, capacity, ret_data, ret_sw, error);
        if (failed(status)) {
                bytes_wipe(buffer, capacity);
                scp03_close(session);
                return fail(error, status.code, "response", NULL);
        }
        return ok();
}
