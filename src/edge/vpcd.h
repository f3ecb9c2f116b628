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

/* vpcd_connect goes to the reader; *ret_fd is -1 when nobody listens there now. `stop` as below. Fails with
 * SOCKET when the host has no address. */
MITOME_CHECKED mitome_status vpcd_connect(
        const struct vpcd_address *address, int stop, int *ret_fd, mitome_error *error);

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

/* The same for a program that has a loop of its own and another card than an element: a slot. */
struct vpcd_slot;

enum { VPCD_COMMAND_MAX = 8192, VPCD_RETRY_MS = 200 };

enum vpcd_slot_event {
        VPCD_SLOT_NOTHING,
        VPCD_SLOT_COMMAND, /* answer it with vpcd_slot_answer before the next receive */
        VPCD_SLOT_POWER_ON,
        VPCD_SLOT_RESET, /* or power off, or the reader is gone: what it began is over */
};

MITOME_CHECKED mitome_status vpcd_slot_open(const struct vpcd_address *address,
        const struct vpcd_watch *watch, struct vpcd_slot **ret, mitome_error *error);

/* vpcd_slot_watch says what to poll; -1 while there is no reader: call receive again after VPCD_RETRY_MS, it
 * looks for one. */
int vpcd_slot_watch(const struct vpcd_slot *slot);

/* vpcd_slot_receive takes what the reader wants now. A request for the ATR is answered by itself. */
enum vpcd_slot_event vpcd_slot_receive(
        struct vpcd_slot *slot, uint8_t buffer[VPCD_COMMAND_MAX], slice *ret_command);
void vpcd_slot_answer(struct vpcd_slot *slot, slice response);

void vpcd_slot_close(struct vpcd_slot *slot);

#endif
