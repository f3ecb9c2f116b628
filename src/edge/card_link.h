/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARD_LINK_H
#define CARD_LINK_H

/* The way to an element that runs as a process of its own (`mitome element --unix PATH`, `--socket FD`). */

#include "bytes.h"

#include <mitome/authenticator.h>

struct card_link;

/* card_link_open connects, waits up to `timeout_ms` for the socket to appear, and powers the element on.
 * Fails with LINK, SOCKET or NO_MEMORY. */
MITOME_CHECKED mitome_status card_link_open(
        const char *path, int timeout_ms, struct card_link **ret, mitome_error *error);

/* card_link_adopt does so on a connected stream socket, which is the link's from then on, also when the call
 * fails. */
MITOME_CHECKED mitome_status card_link_adopt(int fd, struct card_link **ret, mitome_error *error);

/* card_link_reset resets the element, as a reader does. */
MITOME_CHECKED mitome_status card_link_reset(struct card_link *link, mitome_error *error);

/* card_link is the link for a struct mitome_authenticator_config; it lives as long as `link`. An element that
 * does not answer for a minute, or answers nonsense, is gone: LINK, now and for every later command, since a
 * late answer would be taken for another command's. A command that is no APDU (under 2 or over
 * MITOME_APDU_MAX bytes) is refused with APDU_LENGTH and nothing is sent. */
struct mitome_link card_link(struct card_link *link);

/* card_link_on_wait has `waits` called about every 50 ms while an answer is awaited: an authenticator's hosts
 * want to hear meanwhile that it works (mitome_authenticator_working). NULL: nobody is told. */
void card_link_on_wait(struct card_link *link, void (*waits)(void *context), void *context);

/* card_link_is_gone: the element's process has ended, or was too slow once: nothing is answered any more. */
bool card_link_is_gone(const struct card_link *link);

void card_link_close(struct card_link *link);

#endif
