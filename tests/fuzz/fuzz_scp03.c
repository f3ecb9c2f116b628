/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of SCP03, in every mode. The first byte says what the rest is (an EXTERNAL AUTHENTICATE, the
 * card's answer to INITIALIZE UPDATE, a command or response as it comes, or a body to which a right MAC is
 * added, so that what lies behind the MAC is reached too), the second which mode the session has. */
#include "scp03_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4096, MODES_OF_I = 12, MODES_OF_LEVEL = 5 };

static const uint8_t all_i[MODES_OF_I] = { 0x00, 0x10, 0x20, 0x30, 0x60, 0x70, 0x01, 0x11, 0x21, 0x31, 0x61,
        0x71 };
static const uint8_t all_levels[MODES_OF_LEVEL] = { 0x01, 0x03, 0x11, 0x13, 0x33 };
static const uint8_t challenge[SCP03_S16] = { 7 };

struct mode {
        struct scp03_keys keys;
        uint8_t i, level;
};

static void must(bool holds)
{
        if (!holds)
                abort();
}

/* Every byte is a mode; one whose level its i does not offer has the lowest level. */
static struct mode mode_of(uint8_t byte)
{
        struct mode mode = {
                .keys = { .size = (uint8_t)(16 + 8 * (byte / (MODES_OF_I * MODES_OF_LEVEL) % 3)),
                        .enc = { 1 },
                        .mac = { 2 },
                        .dek = { 3 } },
                .i = all_i[byte % MODES_OF_I],
                .level = all_levels[byte / MODES_OF_I % MODES_OF_LEVEL],
        };
        if (!scp03_offers(mode.i, mode.level))
                mode.level = SCP03_C_MAC;
        return mode;
}

static slice challenge_of(const struct mode *mode)
{
        return slice_of(challenge, scp03_size(mode->i));
}

static void begin(struct scp03_session *card, const struct mode *mode)
{
        uint8_t answer[SCP03_ANSWER_MAX];
        const struct scp03_offer offer = { .key_version = 1,
                .i = mode->i,
                .aid = slice_text("AID"),
                .sequence = 1,
                .challenge = challenge_of(mode) };
        writer w = WRITER(answer);
        must(!failed(scp03_card_initialize(card, &mode->keys, &offer, challenge_of(mode), &w, NULL)));
}

/* The session as both ends have it once it is open. */
static struct scp03_session opened(const struct mode *mode)
{
        struct scp03_session session;
        begin(&session, mode);
        session.began = false;
        session.open = true;
        session.level = mode->level;
        return session;
}

static void card_authenticate(const struct mode *mode, slice apdu)
{
        struct scp03_session card;
        struct apdu_command command;
        begin(&card, mode);
        if (failed(apdu_read_command(apdu, &command, NULL)))
                return;
        bool refused = failed(scp03_card_authenticate(&card, &command, NULL));
        must(card.open == !refused && !card.began);
        must(refused || scp03_offers(mode->i, card.level));
}

static void host_authenticate(const struct mode *mode, slice answer)
{
        struct scp03_session host;
        uint8_t command[64];
        writer w = WRITER(command);
        mitome_error error = { 0 };
        mitome_status status = scp03_host_authenticate(
                &host, &mode->keys, mode->level, slice_text("AID"), challenge_of(mode), answer, &w, &error);
        must(host.open == !failed(status) && error.code == status.code);
        must(host.open || w.used == 0);
        must(!host.open || host.level == mode->level);
}

static void card_unwrap(const struct mode *mode, struct scp03_session *card,
        const struct apdu_command *command, bool right_mac)
{
        static uint8_t buffer[ROOM], response[ROOM], received[ROOM];
        struct apdu_command plain;
        mitome_error error = { 0 };
        struct scp03_session host = *card;
        mitome_status status = scp03_card_unwrap(card, command, buffer, sizeof buffer, &plain, &error);
        if (failed(status)) {
                must(!card->open && error.code == status.code);
                must(!right_mac || status.code != MITOME_E_CHANNEL_MAC);
                return;
        }
        must(plain.data.size < command->data.size || plain.data.size == 0);
        must(plain.data.size == 0 || slice_contains(SLICE(buffer), plain.data) ||
                (!(mode->level & SCP03_C_DEC) && slice_contains(command->data, plain.data)));
        writer w = WRITER(response);
        slice data;
        uint16_t sw;
        must(!failed(scp03_card_wrap(card, slice_text("answer"), SW_OK, &w, NULL)));
        must(!failed(slice_copy(SLICE(card->chain), "chain", host.chain, sizeof host.chain, NULL)));
        host.counter = card->counter;
        must(!failed(scp03_host_unwrap(&host, writer_view(&w), received, sizeof received, &data, &sw, NULL)));
        must(slice_is(data, "answer") && sw == SW_OK);
}

static void command_as_it_comes(const struct mode *mode, slice apdu)
{
        struct scp03_session card = opened(mode);
        struct apdu_command command;
        if (!failed(apdu_read_command(apdu, &command, NULL)))
                card_unwrap(mode, &card, &command, false);
}

static void command_with_mac(const struct mode *mode, slice body)
{
        uint8_t data[ROOM];
        struct scp03_session card = opened(mode), host = card;
        struct apdu_command command = { .cla = 0x84, .ins = 0x30, .extended = true };
        if (body.size > ROOM - SCP03_MAC_MAX)
                return;
        writer w = WRITER(data);
        must(!failed(scp03_command_mac(&host, &command, body)));
        write_slice(&w, body);
        write_slice(&w, scp03_command_mac_view(&host));
        command.data = writer_view(&w);
        card_unwrap(mode, &card, &command, true);
}

static void host_unwrap(struct scp03_session *host, slice response, bool right_mac)
{
        static uint8_t buffer[ROOM];
        slice data;
        uint16_t sw;
        mitome_error error = { 0 };
        mitome_status status = scp03_host_unwrap(host, response, buffer, sizeof buffer, &data, &sw, &error);
        must(host->open == !failed(status) && error.code == status.code);
        must(!right_mac || status.code != MITOME_E_CHANNEL_MAC);
        must(failed(status) || data.size == 0 || slice_contains(SLICE(buffer), data) ||
                slice_contains(response, data));
}

static void response_as_it_comes(const struct mode *mode, slice response)
{
        struct scp03_session host = opened(mode);
        host_unwrap(&host, response, false);
}

static void response_with_mac(const struct mode *mode, slice body)
{
        uint8_t response[ROOM], mac[SCP03_BLOCK];
        struct scp03_session host = opened(mode);
        if (body.size > ROOM - SCP03_MAC_MAX - 2 || !(mode->level & SCP03_R_MAC))
                return;
        writer w = WRITER(response);
        must(!failed(scp03_response_mac(&host, body, SW_OK, mac)));
        write_slice(&w, body);
        write_slice(&w, slice_of(mac, scp03_size(mode->i)));
        write_u16(&w, SW_OK);
        host_unwrap(&host, writer_view(&w), true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static void (*const ways[])(const struct mode *mode, slice rest) = { card_authenticate,
                host_authenticate, command_as_it_comes, command_with_mac, response_as_it_comes,
                response_with_mac };
        if (size < 2)
                return 0;
        const struct mode mode = mode_of(data[1]);
        ways[data[0] % (sizeof ways / sizeof *ways)](&mode, slice_of(data + 2, size - 2));
        return 0;
}
