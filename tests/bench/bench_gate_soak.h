/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_GATE_SOAK_H
#define BENCH_GATE_SOAK_H

#include <stdbool.h>

/* gate_soak logs in `times` times by a scripted finger, in folder, through matchers that are replaced every
 * few requests, and prints what has grown in this process. False: something has, a login did not come out as
 * it must, no matcher was replaced, or what is to last over a replacement did not. Without `counted`
 * (bench_memory_start) growth is not looked at. */
bool gate_soak(const char *matcher, const char *folder, unsigned long times, bool counted);

#endif
