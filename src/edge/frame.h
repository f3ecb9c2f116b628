/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FRAME_H
#define FRAME_H

/* vpcd's wire: a length of two bytes, big-endian, and that many bytes. A payload of one byte is a control, a
 * longer one an APDU. */

#include "bytes.h"

#include <mitome/element.h>

enum frame_control { FRAME_POWER_OFF = 0, FRAME_POWER_ON = 1, FRAME_RESET = 2, FRAME_ATR = 4 };

enum { FRAME_MAX = 8192 }; /* of a card that says more at once than the element does */

/* frame_send sends one payload of 1..FRAME_MAX bytes; frame_receive receives one of up to MITOME_APDU_MAX
 * into `buffer`. Both fail with LINK when the other side is gone, with TOO_LONG over the limit, and when
 * the whole payload has not gone within `timeout_ms`, or not come within that of its first byte, for which
 * frame_receive waits as long (-1: for ever, and 10 s for the rest). */
MITOME_CHECKED mitome_status frame_send(int fd, slice payload, int timeout_ms, mitome_error *error);
MITOME_CHECKED mitome_status frame_receive(
        int fd, uint8_t buffer[MITOME_APDU_MAX], int timeout_ms, slice *ret, mitome_error *error);

/* frame_receive_long takes payloads of up to `capacity` bytes, for a reader whose commands are not the
 * element's. */
MITOME_CHECKED mitome_status frame_receive_long(
        int fd, uint8_t *buffer, size_t capacity, int timeout_ms, slice *ret, mitome_error *error);

#endif
