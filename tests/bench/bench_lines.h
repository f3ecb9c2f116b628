/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

/* A report of one line an operation: what it costs, beside what, and what is asked of it. */

#include "bench_round.h"

struct bench_line {
        const char *name;
        bench_operation *run;
        void *state;
        int base;      /* index of another line, or -1 */
        double target; /* ratio to the base; without one nanoseconds; 0: nothing is asked */
};

enum { BENCH_LINES_MAX = 32 };

/* bench_lines measures for about `seconds` and prints the report. 1: an operation did not come out as it
 * must, which is said. */
int bench_lines(const struct bench_line *lines, size_t count, double seconds);

/* bench_print_load says what else the machine does. */
void bench_print_load(void);

#endif
