/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARGET_PCSC_H
#define TARGET_PCSC_H

/* Anybody's authenticator in a card reader: pcsc:READER, or pcsc: for the first card that is found. CTAP goes
 * as CTAP 2.1, 11.3 has it: the FIDO applet is selected, long messages are chained, answers are fetched by
 * GET RESPONSE. Its element is spoken to with APDUs of any kind, and a power cycle is the card's reset, as
 * far as PC/SC has one. PC/SC knows no time limit: a card that is silent for long is the reader's to end. */

#include "target.h"

#include <mitome/link.h>

/* target_pcsc_open fails as pcsc_open does (PCSC_SERVICE, NO_READER, NO_CARD, PCSC_ABSENT ..). A card without
 * a FIDO applet has TARGET_ELEMENT and TARGET_POWER alone. */
MITOME_CHECKED mitome_status target_pcsc_open(
        const struct target_config *config, struct target *ret, mitome_error *error);

/* target_card is the same over any link, which must have a reset: for tests. It outlives the target. */
MITOME_CHECKED mitome_status target_card_open(const struct target_config *config,
        const struct mitome_link *link, struct target *ret, mitome_error *error);

#endif
