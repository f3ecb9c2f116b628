/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTER_LINE_H
#define COUNTER_LINE_H

/* The counter's end of a line to the phone: a stream socket, frames of vpcd's form (src/edge/frame.h) with a
 * message each. */

#include "counter.h"

enum { COUNTER_TOUCH_MS = 60000 /* how long the holder may take to touch */ };

struct counter_line {
        int fd; /* the caller's */
};

/* counter_line_phone is the phone at the other end. */
struct counter_phone counter_line_phone(struct counter_line *line);

#endif
