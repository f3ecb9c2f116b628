/* SPDX-License-Identifier: Apache-2.0 */
#include "scp03_internal.h"

enum { SCP03_ID = 0x03, SCP03_I = 0x70, DIVERSIFICATION_SIZE = 10, SEQUENCE_SIZE = 3 };

static void write_sequence(writer *w, uint32_t sequence)
{
        write_u8(w, (uint8_t)(sequence >> 16));
        write_u16(w, (uint16_t)sequence);
}

/* The pseudo-random card challenge, 6.2.2.1: from the sequence counter and the AID of the security domain. */
static mitome_status card_challenge(
        const struct scp03_keys *keys, slice aid, uint32_t sequence, uint8_t ret[SCP03_CHALLENGE_SIZE])
{
        uint8_t seed[SEQUENCE_SIZE + 16];
        slice context;
        writer w = WRITER(seed);
        write_sequence(&w, sequence);
        write_slice(&w, aid);
        MITOME_TRY(writer_finish(&w, "AID", &context, NULL));
        return scp03_kdf(keys->enc, SCP03_CARD_CHALLENGE, context, ret, SCP03_CHALLENGE_SIZE);
}

static mitome_status initialize(struct scp03_session *session, const struct scp03_keys *keys,
        uint8_t key_version, slice aid, uint32_t sequence, slice host_challenge, writer *response)
{
        static const uint8_t diversification[DIVERSIFICATION_SIZE];
        uint8_t challenge[SCP03_CHALLENGE_SIZE], context[SCP03_CONTEXT_SIZE],
                cryptogram[SCP03_CRYPTOGRAM_SIZE];
        MITOME_TRY(card_challenge(keys, aid, sequence, challenge));
        writer w = WRITER(context);
        write_slice(&w, host_challenge);
        write_slice(&w, SLICE(challenge));
        MITOME_TRY(scp03_derive_session(session, keys, SLICE(context)));
        MITOME_TRY(scp03_kdf(
                session->s_mac, SCP03_CARD_CRYPTOGRAM, SLICE(context), cryptogram, SCP03_CRYPTOGRAM_SIZE));
        MITOME_TRY(scp03_kdf(session->s_mac, SCP03_HOST_CRYPTOGRAM, SLICE(context), session->host_cryptogram,
                SCP03_CRYPTOGRAM_SIZE));
        write_slice(response, SLICE(diversification));
        write_u8(response, key_version);
        write_u8(response, SCP03_ID);
        write_u8(response, SCP03_I);
        write_slice(response, SLICE(challenge));
        write_slice(response, SLICE(cryptogram));
        write_sequence(response, sequence);
        return ok();
}

mitome_status scp03_card_initialize(struct scp03_session *session, const struct scp03_keys *keys,
        uint8_t key_version, slice aid, uint32_t sequence, slice host_challenge, writer *response,
        mitome_error *error)
{
        scp03_close(session);
        if (host_challenge.size != SCP03_CHALLENGE_SIZE)
                return fail(error, MITOME_E_VALUE, "host challenge", "GPC_SPE_014 7.1.1");
        mitome_status status =
                initialize(session, keys, key_version, aid, sequence, host_challenge, response);
        if (failed(status)) {
                scp03_close(session);
                return fail(error, status.code, "INITIALIZE UPDATE", NULL);
        }
        session->began = true;
        return ok();
}

/* Parts the data of a protected command into its body and its MAC. */
static mitome_status part_mac(
        const struct apdu_command *command, slice *ret_body, slice *ret_mac, mitome_error *error)
{
        reader r = reader_over(command->data, "GPC_SPE_014 6.2.4", error);
        slice body;
        if (command->data.size < SCP03_MAC_SIZE)
                return fail(error, MITOME_E_CHANNEL_MAC, "command", "GPC_SPE_014 6.2.4");
        MITOME_TRY(read_bytes(&r, "data", command->data.size - SCP03_MAC_SIZE, &body));
        MITOME_TRY(read_bytes(&r, "MAC", SCP03_MAC_SIZE, ret_mac));
        *ret_body = body;
        return ok();
}

static mitome_status check_mac(struct scp03_session *session, const struct apdu_command *command, slice body,
        slice mac, mitome_error *error)
{
        MITOME_TRY(scp03_command_mac(session, command, body));
        if (!secret_equal(slice_of(session->chain, SCP03_MAC_SIZE), mac))
                return fail(error, MITOME_E_CHANNEL_MAC, "command", "GPC_SPE_014 6.2.4");
        return ok();
}

static mitome_status authenticate(
        struct scp03_session *session, const struct apdu_command *command, mitome_error *error)
{
        slice body, mac;
        if (!session->began)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "EXTERNAL AUTHENTICATE", "GPC_SPE_014 7.1.2");
        if (command->p1 != SCP03_LEVEL || command->p2 != 0)
                return fail(error, MITOME_E_CHANNEL_LEVEL, "P1", "GPC_SPE_014 7.1.2");
        MITOME_TRY(part_mac(command, &body, &mac, error));
        /* Before the MAC: a host with other keys fails in both, and is told what is wrong with it. */
        if (!secret_equal(body, SLICE(session->host_cryptogram)))
                return fail(error, MITOME_E_CHANNEL_CRYPTOGRAM, "host cryptogram", "GPC_SPE_014 7.1.2");
        return check_mac(session, command, body, mac, error);
}

mitome_status scp03_card_authenticate(
        struct scp03_session *session, const struct apdu_command *command, mitome_error *error)
{
        mitome_status status = authenticate(session, command, error);
        if (failed(status)) {
                scp03_close(session);
                return fail(error, status.code, "EXTERNAL AUTHENTICATE", NULL);
        }
        session->began = false;
        session->open = true;
        return ok();
}

static mitome_status unwrap(struct scp03_session *session, const struct apdu_command *command,
        uint8_t *buffer, size_t capacity, struct apdu_command *ret, mitome_error *error)
{
        slice body, mac, plain = { 0 };
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "command", NULL);
        MITOME_TRY(part_mac(command, &body, &mac, error));
        MITOME_TRY(check_mac(session, command, body, mac, error));
        session->counter++; /* every command counts, also one without data (6.2.6) */
        if (body.size)
                MITOME_TRY(scp03_decrypt(session, SCP03_COMMAND, body, buffer, capacity, &plain, error));
        *ret = *command;
        ret->data = plain;
        return ok();
}

mitome_status scp03_card_unwrap(struct scp03_session *session, const struct apdu_command *command,
        uint8_t *buffer, size_t capacity, struct apdu_command *ret, mitome_error *error)
{
        mitome_status status = unwrap(session, command, buffer, capacity, ret, error);
        if (failed(status)) {
                bytes_wipe(buffer, capacity);
                scp03_close(session);
                return fail(error, status.code, "command", NULL);
        }
        return ok();
}

static mitome_status wrap(
        const struct scp03_session *session, slice data, uint16_t sw, writer *response, mitome_error *error)
{
        uint8_t mac[SCP03_BLOCK];
        size_t before = response->used;
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "response", NULL);
        if (scp03_carries_mac(sw)) {
                if (data.size)
                        MITOME_TRY(scp03_encrypt(session, SCP03_RESPONSE, data, response));
                slice body = slice_of(response->data + before, response->used - before);
                MITOME_TRY(scp03_response_mac(session, body, sw, mac));
                write_slice(response, slice_of(mac, SCP03_MAC_SIZE));
        }
        write_u16(response, sw);
        return response->overflowed ? fail(error, MITOME_E_BUFFER_FULL, "response", NULL) : ok();
}

mitome_status scp03_card_wrap(
        struct scp03_session *session, slice data, uint16_t sw, writer *response, mitome_error *error)
{
        mitome_status status = wrap(session, data, sw, response, error);
        if (failed(status)) {
                scp03_close(session);
                return fail(error, status.code, "response", NULL);
        }
        return ok();
}
