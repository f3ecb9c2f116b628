/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STEADY_CLOCK_H
#define STEADY_CLOCK_H

#include <stdint.h>

/* steady_clock_ms counts milliseconds from some moment on, and only goes forward. */
uint64_t steady_clock_ms(void);

#endif
