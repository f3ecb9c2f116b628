/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEEDED_DRAW_H
#define SEEDED_DRAW_H

/* Numbers out of a seed, the same on every machine: a 64-bit counter and its scrambling (SplitMix64). For
 * pictures that can be made again; nothing here is secret. */

#include <stdint.h>

/* draw_number is the next one; `state` begins as the seed. */
uint64_t draw_number(uint64_t *state);

/* draw_between is evenly spread from `low` to `high`. */
double draw_between(uint64_t *state, double low, double high);

/* draw_normal is near enough to a normal distribution of deviation 1: the sum of twelve. */
double draw_normal(uint64_t *state);

#endif
