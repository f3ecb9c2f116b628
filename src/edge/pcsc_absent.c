/* SPDX-License-Identifier: Apache-2.0 */
/* What pcsc.h is where the program was built without libpcsclite. */
#include "pcsc.h"

static mitome_status absent(mitome_error *error)
{
        return fail(error, MITOME_E_PCSC_ABSENT, NULL, NULL);
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        (void)context;
        (void)command;
        (void)response;
        (void)capacity;
        (void)ret_size;
        return absent(error);
}

mitome_status pcsc_list(struct pcsc_readers *ret, mitome_error *error)
{
        (void)ret;
        return absent(error);
}

mitome_status pcsc_open(const char *name, struct pcsc_card **ret, mitome_error *error)
{
        (void)name;
        (void)ret;
        return absent(error);
}

const char *pcsc_reader_name(const struct pcsc_card *card)
{
        (void)card;
        return "";
}

slice pcsc_atr(const struct pcsc_card *card)
{
        (void)card;
        return (slice){ 0 };
}

mitome_status pcsc_reset(struct pcsc_card *card, mitome_error *error)
{
        (void)card;
        return absent(error);
}

struct mitome_link pcsc_link(struct pcsc_card *card)
{
        return (struct mitome_link){ .context = card, .transmit = transmit };
}

void pcsc_close(struct pcsc_card *card)
{
        (void)card;
}
