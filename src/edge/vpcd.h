/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VPCD_H
#define VPCD_H

/* An element in a virtual card reader: vpcd, a driver of pcscd, listens on a TCP port for its card. */

#include "bytes.h"

#include <mitome/element.h>

enum { VPCD_HOST_MAX = 254, VPCD_PORT_MAX = 6 };

struct vpcd_address {
        char host[VPCD_HOST_MAX], port[VPCD_PORT_MAX];
};

/* vpcd_parse reads HOST:PORT, or [HOST]:PORT where the host is an IPv6 address. VALUE for anything else. */
MITOME_CHECKED mitome_status vpcd_parse(const char *text, struct vpcd_address *ret, mitome_error *error);

enum vpcd_event {
        VPCD_WAITS, /* nobody listens there yet, or no more */
        VPCD_INSERTED,
        VPCD_REMOVED, /* the reader closed the connection, or spoke nonsense */
};

/* Who wants to hear what happens; tell may be NULL. */
struct vpcd_watch {
        const void *context;
        void (*tell)(const void *context, enum vpcd_event event);
};

/* vpcd_serve puts the element into the reader and answers it. While there is no reader, and when it has gone,
 * it tries again several times a second, until the descriptor `stop` (-1: none) has something to read; then
 * the call succeeds. Fails with SOCKET when the host has no address, and with STORE_BROKEN as
 * card_server_serve does. */
MITOME_CHECKED mitome_status vpcd_serve(struct mitome_element *element, const struct vpcd_address *address,
        int stop, const struct vpcd_watch *watch, mitome_error *error);

#endif
