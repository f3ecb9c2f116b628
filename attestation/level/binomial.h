/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BINOMIAL_H
#define BINOMIAL_H

/* What so many errors in so many trials say about the rate of errors: exact bounds (Clopper and Pearson),
 * one-sided. They hold for trials that are independent of each other. */

#include <stdbool.h>
#include <stdint.h>

/* binomial_upper is the rate above which `errors` or fewer errors in `trials` would have been seen with less
 * than 1 - `confidence`. Without a trial it is 1. */
double binomial_upper(uint64_t errors, uint64_t trials, double confidence);

/* binomial_lower is the rate below which `errors` or more would have been seen with less than 1 -
 * `confidence`. */
double binomial_lower(uint64_t errors, uint64_t trials, double confidence);

/* binomial_upper_is_below and binomial_lower_is_above tell on which side of a limit a bound is, without
 * looking for the bound: for each login. `confidence` is a half at least, so that at most one of the two has
 * to look at all: the bound is never on the other side of what was seen. */
bool binomial_upper_is_below(uint64_t errors, uint64_t trials, double limit, double confidence);
bool binomial_lower_is_above(uint64_t errors, uint64_t trials, double limit, double confidence);

/* binomial_trials is how many trials with `errors` errors it takes to bring the upper bound under `rate`;
 * `rate` is between 0 and 1. */
uint64_t binomial_trials(uint64_t errors, double rate, double confidence);

#endif
