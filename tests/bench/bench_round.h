/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ROUND_H
#define BENCH_ROUND_H

/* Timing on a machine that does other things too: all contenders take turns in short rounds, each round gives
 * a figure, and what is reported are medians: of the times, and of the ratios within the rounds. Time is the
 * thread's own processor time, so that waiting for a processor does not count. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One operation; false: it did not come out as it must, and there is nothing to measure. */
typedef bool bench_operation(void *state);

struct bench_contender {
        const char *group; /* "ES256" */
        const char *name;
        bench_operation *run;
        void *state;
        const char *missing; /* why it is not measured; NULL: it is */
        bool left_out;       /* missing because nobody asked for it: not even mentioned */
        uint64_t batch;      /* operations a round */
        double *rounds;      /* nanoseconds an operation, by round */
};

/* bench_measure tries each contender once, then runs rounds until about `seconds` are over. Returns the
 * number of rounds, or 0 and the contender that failed. The contenders' rounds are the caller's to free. */
size_t bench_measure(struct bench_contender *contenders, size_t count, double seconds,
        const struct bench_contender **ret_failed);

/* bench_median is the median over the rounds of a contender's time, in nanoseconds, or of its ratio to
 * another's in the same round. */
double bench_median(const struct bench_contender *contender, size_t rounds);
double bench_median_ratio(
        const struct bench_contender *contender, const struct bench_contender *base, size_t rounds);

/* bench_middle sorts `values` and gives the one in the middle. */
double bench_middle(double *values, size_t count);

/* bench_now is the wall's time in seconds from some beginning. */
double bench_now(void);

#endif
