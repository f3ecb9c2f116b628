/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HID_HOST_H
#define HID_HOST_H

/* The host's end of CTAPHID (CTAP 2.1, 11.2): what a platform does before an authenticator at a device file,
 * a terminal or a socket of this machine. */

#include "bytes.h"

struct hid_host;

/* What the last exchange came to. */
enum hid_host_end {
        HID_HOST_ANSWERED,
        HID_HOST_SILENT,  /* nothing was heard any more, or no answer within the limit */
        HID_HOST_GONE,    /* the device, or who stands for it, went away */
        HID_HOST_GARBLED, /* what was heard is no CTAPHID, or an error where a CBOR answer is due */
        HID_HOST_FLOODED, /* more was heard than any answer with its keepalives has */
};

/* hid_host_open opens a channel at hid:PATH or pty:PATH (a device file, or a terminal that stands for one),
 * unix:PATH (SOCK_SEQPACKET) or udp:PORT (127.0.0.1). Fails with HID_TARGET for another text, SOCKET where
 * nobody is there, and as hid_host_exchange does. */
MITOME_CHECKED mitome_status hid_host_open(
        const char *target, const struct mitome_random *random, struct hid_host **ret, mitome_error *error);

/* hid_host_exchange sends one CTAP message and waits for its answer, however long keepalives say that the
 * user is awaited. Fails with HID_HOST: nothing is heard any more, or what is heard is no CTAPHID. */
MITOME_CHECKED mitome_status hid_host_exchange(struct hid_host *host, slice request, uint8_t *response,
        size_t capacity, size_t *ret_size, mitome_error *error);

/* hid_host_open_within and hid_host_exchange_within wait no longer than `limit_ms`, whatever comes meanwhile:
 * for who speaks with something that may lie. *ret_end is set in any case. An answer that comes later is for
 * a channel that nobody has any more: close the host after a failure, and open it anew. */
MITOME_CHECKED mitome_status hid_host_open_within(const char *target, const struct mitome_random *random,
        unsigned limit_ms, struct hid_host **ret, enum hid_host_end *ret_end, mitome_error *error);
MITOME_CHECKED mitome_status hid_host_exchange_within(struct hid_host *host, slice request, unsigned limit_ms,
        uint8_t *response, size_t capacity, size_t *ret_size, enum hid_host_end *ret_end,
        mitome_error *error);

/* hid_host_heed: an exchange within a limit that waits for its user from now on asks `stopped` whether
 * somebody has had enough. It then cancels, and waits no longer than for the answer to that. NULL: nobody is
 * asked. */
void hid_host_heed(struct hid_host *host, bool (*stopped)(void *context), void *context);

/* hid_host_cancel tells the device that nobody waits any more (CTAPHID_CANCEL). */
void hid_host_cancel(struct hid_host *host);

/* hid_host_power_cycle asks a simulator behind udp: for a power cycle; false: this way has none. */
bool hid_host_power_cycle(struct hid_host *host);

void hid_host_close(struct hid_host *host); /* NULL is fine */

#endif
