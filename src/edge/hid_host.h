/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HID_HOST_H
#define HID_HOST_H

/* The host's end of CTAPHID (CTAP 2.1, 11.2): what a platform does before an authenticator at a device file,
 * a terminal or a socket of this machine. */

#include "bytes.h"

struct hid_host;

/* hid_host_open opens a channel at hid:PATH or pty:PATH (a device file, or a terminal that stands for one),
 * unix:PATH (SOCK_SEQPACKET) or udp:PORT (127.0.0.1). Fails with HID_TARGET for another text, SOCKET where
 * nobody is there, and as hid_host_exchange does. */
MITOME_CHECKED mitome_status hid_host_open(
        const char *target, const struct mitome_random *random, struct hid_host **ret, mitome_error *error);

/* hid_host_exchange sends one CTAP message and waits for its answer, however long keepalives say that the
 * user is awaited. Fails with HID_HOST: nothing is heard any more, or what is heard is no CTAPHID. */
MITOME_CHECKED mitome_status hid_host_exchange(struct hid_host *host, slice request, uint8_t *response,
        size_t capacity, size_t *ret_size, mitome_error *error);

void hid_host_close(struct hid_host *host); /* NULL is fine */

#endif
