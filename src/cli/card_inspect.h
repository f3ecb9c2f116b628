/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_INSPECT_H
#define CARD_INSPECT_H

/* What a card is and holds, told to a person or a program; no try is spent and nothing secret is read. */

#include "jpki_card.h"

#include <stdio.h>

struct card_inspect {
        const char *reader;
        slice atr;
        int64_t now; /* seconds since 1970, for the validity of certificates */
        bool json;
};

MITOME_CHECKED mitome_status card_inspect(
        const struct mitome_link *link, const struct card_inspect *request, FILE *out, mitome_error *error);

#endif
