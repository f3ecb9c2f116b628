/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_WAY_H
#define PHONE_WAY_H

/* How a phone speaks with a service manager (TSM). What the phone's app says is unsigned CBOR, believed only
 * for what it proves (a card's signature over a nonce, the device key's evidence); what the TSM says to the
 * element goes through the phone sealed (SCP03), which relays it and sees nothing.
 *
 * phone_way_local.h and phone_way_http.h are two ways. */

#include "bytes.h"

#include <mitome/link.h>

enum {
        PHONE_BODY_MAX = 12288,   /* of what a phone says at once */
        PHONE_ANSWER_MAX = 12288, /* and of what it is told */
        PHONE_KIND_MAX = 32,      /* lower-case letters, digits, '-' */
        PHONE_IDENTITY_MAX = 64,  /* of a device: letters, digits, '-', '_', '.' */
};

/* ---- the TSM's side ---- */

/* One thing that a phone may say. The handler opens its own transactions; `answer` is sent when it succeeds,
 * and a failure's code otherwise. It may call other parties. */
struct phone_desk {
        const char *kind;
        mitome_status (*handle)(void *context, slice body, writer *answer, mitome_error *error);
};
struct phone_desks {
        void *context;
        const struct phone_desk *desks;
        size_t count;
};

/* What a TSM does with a phone that has opened a relay: all that is open for it, through `link`. A link that
 * fails (LINK) fails for good: the phone has gone. */
struct phone_relay {
        void *context;
        mitome_status (*serve)(
                void *context, slice identity, const struct mitome_link *link, mitome_error *error);
};

/* phone_desks_answer finds the desk and has it answer: LETTER_KIND when there is none. For the ways. */
MITOME_CHECKED mitome_status phone_desks_answer(
        const struct phone_desks *desks, slice kind, slice body, writer *answer, mitome_error *error);

/* phone_identity_is_plain tells whether an identity may stand in an address. */
bool phone_identity_is_plain(slice identity);

/* ---- the phone's side ---- */

struct phone_way {
        void *context;
        /* call says `body` and waits for the answer, which views `buffer`. REFUSED: the TSM refused;
         * phone_refusal(error) is its code. UNREACHABLE: no answer came; whether it was heard is not known.
         */
        mitome_status (*call)(void *context, const char *kind, slice body, uint8_t *buffer, size_t capacity,
                slice *ret_answer, mitome_error *error);
        /* relay carries APDUs between the TSM and `link` until the TSM has nothing more to say. REFUSED with
         * the code when what the TSM did has failed at its end, UNREACHABLE when the way broke; a link that
         * fails (LINK) ends it, too. */
        mitome_status (*relay)(
                void *context, slice identity, const struct mitome_link *link, mitome_error *error);
};

/* phone_refuse is the failure of a call that was refused with `code`; phone_refusal reads that out of the
 * error that it was given (which must have been empty before the call). */
MITOME_CHECKED mitome_status phone_refuse(mitome_code code, const char *field, mitome_error *error);
mitome_code phone_refusal(const mitome_error *error);

#endif
