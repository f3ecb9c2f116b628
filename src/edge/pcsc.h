/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PCSC_H
#define PCSC_H

/* A card in a reader of this machine, by PC/SC. Built without libpcsclite, every call fails with PCSC_ABSENT.
 */

#include "bytes.h"

#include <mitome/authenticator.h>
#include <mitome/element.h>

enum { PCSC_READERS_MAX = 16, PCSC_NAME_MAX = 128, PCSC_ATR_MAX = 33 };

struct pcsc_reader {
        char name[PCSC_NAME_MAX];
        bool has_card;
};

struct pcsc_readers {
        size_t count;
        struct pcsc_reader list[PCSC_READERS_MAX];
};

/* pcsc_list tells which readers there are, perhaps none. Fails with PCSC_SERVICE when no service answers. */
MITOME_CHECKED mitome_status pcsc_list(struct pcsc_readers *ret, mitome_error *error);

struct pcsc_card;

/* pcsc_open takes hold of the card in the reader of that name, or of the first card that is found (NULL).
 * Other programs wait until it is let go, and none of them finds a PIN verified in it. Fails with
 * PCSC_SERVICE, NO_READER, NO_CARD, CARD_REFUSED (mute, or without T=1) or NO_MEMORY. */
MITOME_CHECKED mitome_status pcsc_open(const char *name, struct pcsc_card **ret, mitome_error *error);

const char *pcsc_reader_name(const struct pcsc_card *card);

/* pcsc_atr is the card's answer to reset. */
slice pcsc_atr(const struct pcsc_card *card);

/* pcsc_reset resets the card: selections and verified PINs are gone. */
MITOME_CHECKED mitome_status pcsc_reset(struct pcsc_card *card, mitome_error *error);

/* pcsc_link is the link for a struct mitome_authenticator_config; it lives as long as `card`. A card that was
 * taken away is gone for good: LINK, now and for every later command. A command that is no APDU (under 4 or
 * over MITOME_APDU_MAX bytes) is refused with APDU_LENGTH and nothing is sent. */
struct mitome_link pcsc_link(struct pcsc_card *card);

/* pcsc_close resets the card and lets it go; NULL is fine. */
void pcsc_close(struct pcsc_card *card);

#endif
