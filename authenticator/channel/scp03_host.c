/* SPDX-License-Identifier: Apache-2.0 */
#include "scp03_internal.h"

enum { ANSWER_I_MIN = 0x70 };

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
        slice challenge, cryptogram, sequence;
};

static mitome_status read_answer(slice bytes, struct answer *ret, mitome_error *error)
{
        reader r = reader_over(bytes, "GPC_SPE_014 7.1.1.6", error);
        slice diversification;
        uint8_t version, protocol, options;
        MITOME_TRY(read_bytes(&r, "key diversification data", 10, &diversification));
        MITOME_TRY(read_u8(&r, "key version", &version));
        MITOME_TRY(read_u8(&r, "SCP", &protocol));
        MITOME_TRY(read_u8(&r, "i", &options));
        if (protocol != 0x03 || options != ANSWER_I_MIN)
                return fail(error, MITOME_E_CHANNEL_LEVEL, "i", "GPC_SPE_014 5.1");
        MITOME_TRY(read_bytes(&r, "card challenge", SCP03_CHALLENGE_SIZE, &ret->challenge));
        MITOME_TRY(read_bytes(&r, "card cryptogram", SCP03_CRYPTOGRAM_SIZE, &ret->cryptogram));
        MITOME_TRY(read_bytes(&r, "sequence counter", 3, &ret->sequence));
        return read_end(&r, "INITIALIZE UPDATE answer");
}

/* 6.2.2.1: with i = 70 the card's challenge can be recomputed by whoever knows the keys. */
static mitome_status check_challenge(
        const struct scp03_keys *keys, slice aid, const struct answer *answer, mitome_error *error)
{
        uint8_t seed[3 + 16], expected[SCP03_CHALLENGE_SIZE];
        slice context;
        writer w = WRITER(seed);
        write_slice(&w, answer->sequence);
        write_slice(&w, aid);
        MITOME_TRY(writer_finish(&w, "AID", &context, error));
        MITOME_TRY(scp03_kdf(keys->enc, SCP03_CARD_CHALLENGE, context, expected, sizeof expected));
        return secret_equal(SLICE(expected), answer->challenge)
                       ? ok()
                       : fail(error, MITOME_E_CHANNEL_CRYPTOGRAM, "card challenge", "GPC_SPE_014 6.2.2.1");
}

static mitome_status authenticate(struct scp03_session *session, const struct scp03_keys *keys, slice aid,
        slice host_challenge, slice card_answer, writer *command, mitome_error *error)
{
        struct answer answer;
        uint8_t context[SCP03_CONTEXT_SIZE], cryptogram[SCP03_CRYPTOGRAM_SIZE], body[2 * SCP03_MAC_SIZE];
        MITOME_TRY(read_answer(card_answer, &answer, error));
        if (aid.size)
                MITOME_TRY(check_challenge(keys, aid, &answer, error));
        writer w = WRITER(context);
        write_slice(&w, host_challenge);
        write_slice(&w, answer.challenge);
        MITOME_TRY(scp03_derive_session(session, keys, SLICE(context)));
        MITOME_TRY(scp03_kdf(
                session->s_mac, SCP03_CARD_CRYPTOGRAM, SLICE(context), cryptogram, sizeof cryptogram));
        if (!secret_equal(SLICE(cryptogram), answer.cryptogram))
                return fail(error, MITOME_E_CHANNEL_CRYPTOGRAM, "card cryptogram", "GPC_SPE_014 6.2.2");
        MITOME_TRY(scp03_kdf(
                session->s_mac, SCP03_HOST_CRYPTOGRAM, SLICE(context), cryptogram, sizeof cryptogram));
        struct apdu_command authenticate = { .cla = 0x84, .ins = 0x82, .p1 = SCP03_LEVEL };
        MITOME_TRY(scp03_command_mac(session, &authenticate, SLICE(cryptogram)));
        writer data = WRITER(body);
        write_slice(&data, SLICE(cryptogram));
        write_slice(&data, slice_of(session->chain, SCP03_MAC_SIZE));
        authenticate.data = SLICE(body);
        apdu_write_command(command, &authenticate);
        session->open = true;
        return ok();
}

mitome_status scp03_host_authenticate(struct scp03_session *session, const struct scp03_keys *keys, slice aid,
        slice host_challenge, slice card_answer, writer *command, mitome_error *error)
{
        scp03_close(session);
        mitome_status status = authenticate(session, keys, aid, host_challenge, card_answer, command, error);
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
        session->counter++;
        if (plain->data.size)
                MITOME_TRY(scp03_encrypt(session, SCP03_COMMAND, plain->data, &w));
        struct apdu_command wrapped = *plain;
        wrapped.cla = (plain->cla & 0xF0) | 0x04;
        wrapped.extended = plain->extended || w.used + SCP03_MAC_SIZE > 255 || plain->expected > 256;
        MITOME_TRY(scp03_command_mac(session, &wrapped, writer_view(&w)));
        write_slice(&w, slice_of(session->chain, SCP03_MAC_SIZE));
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

static mitome_status unwrap(struct scp03_session *session, slice response, uint8_t *buffer, size_t capacity,
        slice *ret_data, uint16_t *ret_sw, mitome_error *error)
{
        slice data, body, mac, plain = { 0 };
        uint16_t sw;
        uint8_t expected[SCP03_BLOCK];
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "response", NULL);
        MITOME_TRY(apdu_read_response(response, &data, &sw, error));
        if (scp03_carries_mac(sw)) {
                reader r = reader_over(data, "GPC_SPE_014 6.2.5", error);
                if (data.size < SCP03_MAC_SIZE)
                        return fail(error, MITOME_E_CHANNEL_MAC, "response", "GPC_SPE_014 6.2.5");
                MITOME_TRY(read_bytes(&r, "data", data.size - SCP03_MAC_SIZE, &body));
                MITOME_TRY(read_bytes(&r, "R-MAC", SCP03_MAC_SIZE, &mac));
                MITOME_TRY(scp03_response_mac(session, body, sw, expected));
                if (!secret_equal(slice_of(expected, SCP03_MAC_SIZE), mac))
                        return fail(error, MITOME_E_CHANNEL_MAC, "response", "GPC_SPE_014 6.2.5");
                if (body.size)
                        MITOME_TRY(scp03_decrypt(
                                session, SCP03_RESPONSE, body, buffer, capacity, &plain, error));
        } else if (data.size) {
                return fail(error, MITOME_E_CHANNEL_MAC, "response", "GPC_SPE_014 6.2.5");
        }
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
