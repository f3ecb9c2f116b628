/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARGET_HID_H
#define TARGET_HID_H

/* Anybody's authenticator over CTAPHID, by whatever way hid_host.h knows: hid:PATH, pty:PATH, unix:PATH,
 * udp:PORT. It may hang, lie, flood and die: each message has its time limit, and after a trouble the next
 * one goes over a new channel, so that a late answer is nobody's.
 *
 * Whether a simulator behind udp: takes the word for a power cycle is tried: its key of the key agreement
 * changes with one, and only then (CTAP 2.1, 6.5.5.1). */

#include "target.h"

/* target_hid_open fails as hid_host_open does. A person who can be told to touch (config.tell) makes
 * TARGET_TOUCH. */
MITOME_CHECKED mitome_status target_hid_open(
        const struct target_config *config, struct target *ret, mitome_error *error);

#endif
