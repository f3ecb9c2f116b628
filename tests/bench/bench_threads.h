/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include "bench_round.h"

/* The same operation with two states, one a thread. */
struct bench_pair {
        bench_operation *run;
        void *states[2];
        double alone, both; /* operations a second in the best round */
};

/* bench_two_threads runs each pair's first state alone, then both states at a time, the pairs in turns, for
 * about `seconds`. By the wall's time, and the best round of either: other work on the machine only ever
 * slows. False: there are no threads, or an operation failed. */
bool bench_two_threads(struct bench_pair *pairs, size_t count, double seconds);

#endif
