/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ISO7816_H
#define ISO7816_H

/* CTAP and U2F as command APDUs (CTAP 2.1, 11.3), sans-IO: one command in, one response out, as a reader
 * gives and takes them. A message may come in parts (command chaining) and an answer may go in parts (GET
 * RESPONSE).
 *
 * After a command either its response is there at once, or somebody has to work on a message: then the
 * response is there after iso7816_reply, or, where the host understands keepalives, after iso7816_keepalive.
 */

#include "bytes.h"

enum { ISO7816_MESSAGE_MAX = 7609 };

enum iso7816_outcome {
        ISO7816_NONE,     /* settled inside: the response is there */
        ISO7816_SELECTED, /* the FIDO application was selected: iso7816_selected has to follow */
        ISO7816_REQUEST,  /* a message is whole: see iso7816_request. What was being worked on is not wanted
                             any more, nor is it when iso7816_working has become false */
        ISO7816_WAITS,    /* the host asks how far it is */
        ISO7816_CANCELS,  /* the same, and it cancels what is being worked on */
};

enum iso7816_status { ISO7816_PROCESSING = 1, ISO7816_UP_NEEDED = 2 };

struct iso7816;

MITOME_CHECKED mitome_status iso7816_new(struct iso7816 **ret, mitome_error *error);
void iso7816_free(struct iso7816 *iso);

/* iso7816_reset is the reader's: nothing is selected, nothing begun. */
void iso7816_reset(struct iso7816 *iso);

/* iso7816_receive takes one command APDU. */
enum iso7816_outcome iso7816_receive(struct iso7816 *iso, slice apdu);

/* iso7816_selected answers SELECT: `u2f` where U2F requests are taken as well. */
void iso7816_selected(struct iso7816 *iso, bool u2f);

/* iso7816_refuse answers the message with a status word alone. */
void iso7816_refuse(struct iso7816 *iso, uint16_t sw);

/* iso7816_working: a message is being worked on; iso7816_request is that message, iso7816_request_is_u2f
 * tells that it is a U2F request APDU and not CTAP. */
bool iso7816_working(const struct iso7816 *iso);
slice iso7816_request(const struct iso7816 *iso);
bool iso7816_request_is_u2f(const struct iso7816 *iso);

/* iso7816_reply answers the message: with a CTAP answer, or with a U2F response APDU. */
void iso7816_reply(struct iso7816 *iso, slice message);

/* iso7816_keepalive answers the command that waits with "not yet", if the host has said that it understands
 * this and a command waits. */
void iso7816_keepalive(struct iso7816 *iso, enum iso7816_status status);

/* iso7816_send writes the response, if there is one now, into `response`, which holds `capacity`, at least
 * 258, bytes; 0: there is none yet. */
size_t iso7816_send(struct iso7816 *iso, uint8_t *response, size_t capacity);

#endif
