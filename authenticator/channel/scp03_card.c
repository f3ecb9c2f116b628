/* SPDX-License-Identifier: Apache-2.0 */
#include "scp03_internal.h"

enum { DIVERSIFICATION_SIZE = 10 };

/* The card's challenge, 6.2.2.1: the caller's random one, or the pseudo-random one. */
static mitome_status card_challenge(const struct scp03_keys *keys, const struct scp03_offer *offer,
        slice sequence, uint8_t ret[SCP03_S16])
{
        size_t size = scp03_size(offer->i);
        if (offer->i & SCP03_I_PSEUDO_RANDOM)
                return scp03_card_challenge(keys, sequence, offer->aid, ret, size);
        return offer->challenge.size == size
                       ? slice_copy(offer->challenge, "card challenge", ret, size, NULL)
                       : fail(NULL, MITOME_E_ARGUMENT, "card challenge", "GPC_SPE_014 6.2.2.1");
}

/* 7.1.1.6 */
static void write_answer(
        writer *response, const struct scp03_offer *offer, slice challenge, slice cryptogram, slice sequence)
{
        static const uint8_t diversification[DIVERSIFICATION_SIZE];
        write_slice(response, SLICE(diversification));
        write_u8(response, offer->key_version);
        write_u8(response, SCP03_ID);
        write_u8(response, offer->i);
        write_slice(response, challenge);
        write_slice(response, cryptogram);
        if (offer->i & SCP03_I_PSEUDO_RANDOM)
                write_slice(response, sequence);
}

static mitome_status initialize(struct scp03_session *session, const struct scp03_keys *keys,
        const struct scp03_offer *offer, slice host_challenge, writer *response)
{
        const uint8_t sequence[] = { (uint8_t)(offer->sequence >> 16), (uint8_t)(offer->sequence >> 8),
                (uint8_t)offer->sequence };
        uint8_t challenge[SCP03_S16], cryptogram[SCP03_MAC_MAX];
        size_t size = scp03_size(offer->i);
        struct scp03_context context;
        MITOME_TRY(card_challenge(keys, offer, SLICE(sequence), challenge));
        MITOME_TRY(scp03_join(host_challenge, slice_of(challenge, size), &context));
        session->i = offer->i;
        MITOME_TRY(scp03_derive_session(session, keys, &context));
        MITOME_TRY(scp03_cryptogram(session, SCP03_CARD_CRYPTOGRAM, &context, cryptogram));
        MITOME_TRY(scp03_cryptogram(session, SCP03_HOST_CRYPTOGRAM, &context, session->host_cryptogram));
        write_answer(response, offer, slice_of(challenge, size), slice_of(cryptogram, size), SLICE(sequence));
        return ok();
}

mitome_status scp03_card_initialize(struct scp03_session *session, const struct scp03_keys *keys,
        const struct scp03_offer *offer, slice host_challenge, writer *response, mitome_error *error)
{
        scp03_close(session);
        if (!scp03_keys_fit(keys) || !scp03_knows(offer->i) || offer->sequence > 0xFFFFFF)
                return fail(error, MITOME_E_ARGUMENT, "SCP03 offer", "GPC_SPE_014 5.1");
        if (host_challenge.size != scp03_size(offer->i))
                return fail(error, MITOME_E_VALUE, "host challenge", "GPC_SPE_014 7.1.1");
        mitome_status status = initialize(session, keys, offer, host_challenge, response);
        if (failed(status)) {
                scp03_close(session);
                return fail(error, status.code, "INITIALIZE UPDATE", NULL);
        }
        session->began = true;
        return ok();
}

static mitome_status check_mac(struct scp03_session *session, const struct apdu_command *command, slice body,
        slice mac, mitome_error *error)
{
        MITOME_TRY(scp03_command_mac(session, command, body));
        if (!secret_equal(scp03_command_mac_view(session), mac))
                return fail(error, MITOME_E_CHANNEL_MAC, "command", "GPC_SPE_014 6.2.4");
        return ok();
}

static mitome_status authenticate(
        struct scp03_session *session, const struct apdu_command *command, mitome_error *error)
{
        slice body, mac;
        if (!session->began)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "EXTERNAL AUTHENTICATE", "GPC_SPE_014 7.1.2");
        if (!scp03_offers(session->i, command->p1) || command->p2 != 0)
                return fail(error, MITOME_E_CHANNEL_LEVEL, "P1", "GPC_SPE_014 7.1.2");
        MITOME_TRY(scp03_part_mac(session, command->data, &body, &mac, error));
        /* Before the MAC: a host with other keys fails in both, and is told what is wrong with it. */
        if (!secret_equal(body, slice_of(session->host_cryptogram, scp03_size(session->i))))
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
        bytes_wipe(session->host_cryptogram, sizeof session->host_cryptogram);
        session->began = false;
        session->level = command->p1;
        session->open = true;
        return ok();
}

static mitome_status unwrap(struct scp03_session *session, const struct apdu_command *command,
        uint8_t *buffer, size_t capacity, struct apdu_command *ret, mitome_error *error)
{
        slice body, mac;
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "command", NULL);
        MITOME_TRY(scp03_part_mac(session, command->data, &body, &mac, error));
        MITOME_TRY(check_mac(session, command, body, mac, error));
        MITOME_TRY(scp03_count(session, error));
        slice plain = body;
        if (body.size && session->level & SCP03_C_DEC)
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

/* R-MAC, and R-ENCRYPTION where there is data, 6.2.5 and 6.2.7. */
static mitome_status protect(const struct scp03_session *session, slice data, uint16_t sw, writer *response)
{
        uint8_t mac[SCP03_BLOCK];
        size_t before = response->used;
        if (!scp03_carries_mac(sw))
                return ok();
        if (data.size && session->level & SCP03_R_ENC)
                MITOME_TRY(scp03_encrypt(session, SCP03_RESPONSE, data, response));
        else
                write_slice(response, data);
        if (response->overflowed)
                return ok(); /* the caller says so */
        slice body = slice_of(response->data + before, response->used - before);
        MITOME_TRY(scp03_response_mac(session, body, sw, mac));
        write_slice(response, slice_of(mac, scp03_size(session->i)));
        return ok();
}

static mitome_status wrap(
        const struct scp03_session *session, slice data, uint16_t sw, writer *response, mitome_error *error)
{
        if (!session->open)
                return fail(error, MITOME_E_CHANNEL_CLOSED, "response", NULL);
        if (session->level & SCP03_R_MAC)
                MITOME_TRY(protect(session, data, sw, response));
        else
                write_slice(response, data);
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
