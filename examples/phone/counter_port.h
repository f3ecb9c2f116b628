/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTER_PORT_H
#define COUNTER_PORT_H

/* The phone's end of a shop's counter: the app asks its holder for a touch, once a line, and passes the
 * element's evidence on. Only over a cable or a socket: the element gives none contactless. */

#include "bytes.h"

#include <mitome/enforcer.h>

struct counter_port {
        struct mitome_enforcer *enforcer; /* the app's; the port selects the FIDO applet by it */
        void *context;
        bool (*touch)(void *context); /* asks the holder, and waits; false: he does not want it */
        bool touched, declined;       /* on this line; zero them for the next */

        /* keeps a receipt durably until the app itself has brought it to the authority (kept_receipts.h):
         * before the counter's word that the authority has it lets the element forget it. NULL: the element
         * forgets none for a counter. */
        mitome_status (*keep)(void *context, uint32_t number, slice receipt, mitome_error *error);
};

/* counter_port_answer answers one question. It always writes an answer, unless the question is none (CBOR_*,
 * VALUE, ..). */
MITOME_CHECKED mitome_status counter_port_answer(
        struct counter_port *port, slice question, writer *answer, mitome_error *error);

/* counter_port_serve answers all that comes over a stream socket until the counter hangs up (LINK) or asks
 * what is no question. */
MITOME_CHECKED mitome_status counter_port_serve(struct counter_port *port, int fd, mitome_error *error);

#endif
