/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIOSK_H
#define KIOSK_H

/* A convenience store's terminal (コンビニ交付): it reads the phone's applet as it reads a card, over its
 * contactless reader. The PIN opens the user-verification certificate and its key, which signs the terminal's
 * challenge; path and status are checked; and then there would be a paper. */

#include "jpki_card.h"

#include <mitome/trust.h>

enum { KIOSK_SERIAL_MAX = 20, KIOSK_NAME_MAX = 32 };

struct kiosk {
        const struct mitome_trust
                *trust; /* JPKI anchors, and lists or answers: without one nobody is served */
        struct mitome_random random;
        int64_t now;
};

/* Whom it served. */
struct kiosk_holder {
        enum jpki_kind token; /* what it says to be */
        bool phone;           /* what the certificate says that it was issued into */
        uint8_t serial[KIOSK_SERIAL_MAX];
        size_t serial_size;
        char common_name[KIOSK_NAME_MAX + 1]; /* opaque */
};

/* kiosk_serve serves whoever is at the reader, by his PIN. NO_JPKI; KIOSK_EVIDENCE, before a PIN goes out:
 * the element gave a statement, by which its phone could be followed, without contact; SECRET_LOCKED,
 * SECRET_WRONG (*ret_tries is what is left; -1 when nothing was tried), SECRET_FORM; KIOSK_CERTIFICATE: a
 * card's certificate in a phone, or the other way round; CARD_SIGNATURE; and as trust_verify_jpki: JPKI_*,
 * CERTIFICATE_*, CRL_*, OCSP_*. */
MITOME_CHECKED mitome_status kiosk_serve(const struct kiosk *kiosk, const struct mitome_link *link, slice pin,
        struct kiosk_holder *ret, int *ret_tries, mitome_error *error);

#endif
