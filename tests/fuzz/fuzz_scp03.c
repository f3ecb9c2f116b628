/* SPDX-License-Identifier: Apache-2.0 */
/* The card's end of SCP03. The first byte says what the rest is: an EXTERNAL AUTHENTICATE; a wrapped command
 * as it comes; or a body to which a right MAC is added, so that what lies behind the MAC is reached too. */
#include "scp03_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4096 };

static const struct scp03_keys keys = { .size = 16, .enc = { 1 }, .mac = { 2 }, .dek = { 3 } };

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void begin(struct scp03_session *card)
{
        static const uint8_t challenge[SCP03_S8];
        uint8_t answer[32];
        writer w = WRITER(answer);
        must(!failed(scp03_card_initialize(card, &keys,
                &(struct scp03_offer){ 1, 0x70, slice_text("AID"), 1, { 0 } }, SLICE(challenge), &w, NULL)));
}

static void authenticate(slice apdu)
{
        struct scp03_session card;
        struct apdu_command command;
        begin(&card);
        if (failed(apdu_read_command(apdu, &command, NULL)))
                return;
        bool refused = failed(scp03_card_authenticate(&card, &command, NULL));
        must(card.open == !refused && !card.began);
}

static void unwrap(struct scp03_session *card, const struct apdu_command *command, bool right_mac)
{
        static uint8_t buffer[ROOM];
        struct apdu_command plain;
        mitome_error error = { 0 };
        mitome_status status = scp03_card_unwrap(card, command, buffer, sizeof buffer, &plain, &error);
        if (failed(status)) {
                must(!card->open && error.code == status.code);
                must(!right_mac || status.code != MITOME_E_CHANNEL_MAC);
                return;
        }
        must(plain.data.size < command->data.size || plain.data.size == 0);
        must(plain.data.size == 0 || slice_contains(SLICE(buffer), plain.data));
        uint8_t response[64];
        writer w = WRITER(response);
        must(!failed(scp03_card_wrap(card, slice_text("answer"), SW_OK, &w, NULL)));
}

static void unwrap_as_it_comes(slice apdu)
{
        struct scp03_session card;
        struct apdu_command command;
        begin(&card);
        card.open = true;
        card.level = SCP03_LEVEL_ALL;
        if (!failed(apdu_read_command(apdu, &command, NULL)))
                unwrap(&card, &command, false);
}

static void unwrap_with_mac(slice body)
{
        uint8_t data[ROOM];
        struct scp03_session card;
        struct apdu_command command = { .cla = 0x84, .ins = 0x30, .extended = true };
        if (body.size > ROOM - SCP03_S8)
                return;
        begin(&card);
        card.open = true;
        card.level = SCP03_LEVEL_ALL;
        struct scp03_session host = card;
        writer w = WRITER(data);
        must(!failed(scp03_command_mac(&host, &command, body)));
        write_slice(&w, body);
        write_slice(&w, slice_of(host.chain, SCP03_S8));
        command.data = writer_view(&w);
        unwrap(&card, &command, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static void (*const ways[])(slice rest) = { authenticate, unwrap_as_it_comes, unwrap_with_mac };
        if (size)
                ways[data[0] % 3](slice_of(data + 1, size - 1));
        return 0;
}
