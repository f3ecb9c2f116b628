/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include "bench_round.h"

/* bench_two_threads runs `first` alone, then `first` and `second` at a time, in turns for about `seconds`,
 * and is how many times as many operations two threads did. By the wall's time, and the best round of either:
 * other work on the machine only ever slows. 0: there are no threads, or an operation failed. */
double bench_two_threads(bench_operation *run, void *first, void *second, double seconds);

#endif
