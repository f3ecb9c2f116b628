/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_channels.h"

#include "bytes.h"
#include "status.h"

/* ISO 7816-4 11.1.2, MANAGE CHANNEL: P1 00 opens, P1 80 closes; P2 is the channel, 00: the element chooses.
 */
enum { MANAGE_CHANNEL = 0x70, OPENS = 0x00, CLOSES = 0x80, PROPRIETARY = 0x80, HEADER = 4, CHANNELS = 20 };

static bool is_done(slice response)
{
        return response.size >= 2 && response.data[response.size - 2] == 0x90 &&
               response.data[response.size - 1] == 0x00;
}

static void note(struct phone_channels *channels, slice command, slice response)
{
        if (command.size < HEADER || (command.data[0] & PROPRIETARY) || command.data[1] != MANAGE_CHANNEL ||
                !is_done(response))
                return;
        const uint8_t p1 = command.data[2], p2 = command.data[3];
        const uint8_t number = p1 == OPENS && p2 == 0 && response.size == 3 ? response.data[0] : p2;
        if (number == 0 || number >= CHANNELS)
                return;
        if (p1 == OPENS)
                channels->open |= 1U << number;
        else if (p1 == CLOSES)
                channels->open &= ~(1U << number);
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct phone_channels *channels = context;
        const struct mitome_link *below = channels->below;
        MITOME_TRY(below->transmit(below->context, command, response, capacity, ret_size, error));
        note(channels, command, slice_of(response, *ret_size));
        return ok();
}

struct mitome_link phone_channels_link(struct phone_channels *channels)
{
        return (struct mitome_link){ .context = channels, .transmit = transmit };
}

void phone_channels_close(struct phone_channels *channels)
{
        for (unsigned number = 1; number < CHANNELS; number++) {
                const uint8_t close[] = { 0x00, MANAGE_CHANNEL, CLOSES, (uint8_t)number };
                uint8_t response[16];
                size_t size;
                if (channels->open & 1U << number)
                        (void)failed(channels->below->transmit(channels->below->context, SLICE(close),
                                response, sizeof response, &size, NULL));
        }
        channels->open = 0;
}
