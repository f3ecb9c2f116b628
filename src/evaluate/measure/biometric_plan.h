/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_PLAN_H
#define BIOMETRIC_PLAN_H

/* What a measurement does, in which order. Fingers are enrolled in sets, as an authenticator holds them, and
 * an attempt compares one impression with a whole set. Every pair of fingers meets once, and no finger meets
 * itself as another's: a set's fingers are presented to those of the set that are enrolled before them, and
 * every finger of a later set to the whole set. Then each finger of the set is presented to it as itself. */

#include <stdbool.h>
#include <stddef.h>

enum { BIOMETRIC_SET_MAX = 10, BIOMETRIC_FINGERS_MAX = 10000, BIOMETRIC_ATTEMPTS_MAX = 100 };

struct biometric_plan {
        unsigned fingers;  /* 2..BIOMETRIC_FINGERS_MAX */
        unsigned attempts; /* of each finger as itself, 1..BIOMETRIC_ATTEMPTS_MAX */
        unsigned set_size; /* 1..BIOMETRIC_SET_MAX */
};

enum biometric_kind { BIOMETRIC_ENROL, BIOMETRIC_IMPOSTOR, BIOMETRIC_GENUINE };

struct biometric_step {
        enum biometric_kind kind;
        unsigned finger;  /* that is laid, from 0 */
        unsigned attempt; /* GENUINE: which of this finger's, from 0 */
};

/* biometric_plan_sets is how many sets there are; the last may be smaller. */
unsigned biometric_plan_sets(const struct biometric_plan *plan);

/* biometric_plan_first is the first finger of a set, biometric_plan_size how many it has. */
unsigned biometric_plan_first(const struct biometric_plan *plan, unsigned set);
unsigned biometric_plan_size(const struct biometric_plan *plan, unsigned set);

/* biometric_plan_step is step `index` of a set; false behind the last. */
bool biometric_plan_step(
        const struct biometric_plan *plan, unsigned set, size_t index, struct biometric_step *ret);

/* biometric_plan_steps is how many steps there are, of all sets. */
size_t biometric_plan_steps(const struct biometric_plan *plan);

/* biometric_plan_pairs is how many distinct pairs of fingers there are. */
size_t biometric_plan_pairs(const struct biometric_plan *plan);

#endif
