/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCORE_LINES_H
#define SCORE_LINES_H

/* What `mitome-matcher --scores FD` writes: "comparison PLACE SCORE" for each template that an attempt was
 * compared with, "libfprint WALL CPU" (the microseconds that those took), then "attempt". */

#include "status.h"

struct score_line {
        unsigned place, score;
};

struct score_lines;

/* score_lines_open reads from `fd`, which is its own from then on. */
MITOME_CHECKED mitome_status score_lines_open(int fd, struct score_lines **ret, mitome_error *error);

/* score_lines_attempt gives the comparisons of the attempt that has ended, no more than `capacity`; fails
 * with MEASURE_SCORES when they do not come, or are none. */
MITOME_CHECKED mitome_status score_lines_attempt(struct score_lines *lines, struct score_line *ret,
        size_t capacity, size_t *ret_count, mitome_error *error);

/* score_lines_drop drops what may have been written for an attempt that compared nothing. */
MITOME_CHECKED mitome_status score_lines_drop(struct score_lines *lines, mitome_error *error);

/* score_lines_close takes NULL as well. */
void score_lines_close(struct score_lines *lines);

#endif
