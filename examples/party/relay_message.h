/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RELAY_MESSAGE_H
#define RELAY_MESSAGE_H

/* One step of a relay, as the remote administration of GlobalPlatform's Amendment B does it over HTTP: the
 * phone POSTs what the element has answered and is given the next command.
 *
 *   the phone      {}                                          begins one
 *                  { 1: session, 2: number, 3: response APDU } what the element answered to that command
 *                  { 1: session, 2: number, 4: code }          the element did not answer: it ends
 *   the TSM        { 1: session, 2: number, 3: command APDU }  the next command; numbers count from 1
 *                  { 1: session, 2: number, 4: code }          nothing more; 0, or what failed
 *
 * A step that the phone says twice (the answer was lost) is answered as before: a command reaches the element
 * once. Session: 16 random bytes. Canonical CBOR, no other members. */

#include "cbor.h"

#include <mitome/element.h>

enum { RELAY_SESSION_SIZE = 16, RELAY_MESSAGE_MAX = MITOME_APDU_MAX + 64, RELAY_NUMBER_MAX = 1 << 20 };

struct relay_message {
        bool begins; /* then nothing else is set */
        uint8_t session[RELAY_SESSION_SIZE];
        uint32_t number;
        bool ends; /* else `apdu` is set */
        mitome_code code;
        slice apdu; /* a view */
};

void relay_message_write(writer *w, const struct relay_message *message);

/* relay_message_read fails with CBOR_*, MISSING or VALUE. */
MITOME_CHECKED mitome_status relay_message_read(slice bytes, struct relay_message *ret, mitome_error *error);

#endif
