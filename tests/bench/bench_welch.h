/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_WELCH_H
#define BENCH_WELCH_H

/* Does the time that an operation takes tell anything of its input? After Reparaz, Balasch and Verbauwhede,
 * "Dude, is my code constant time?" (2017): two classes of inputs, one fixed and one random, take turns by
 * lot; Welch's t-test asks whether their times could have the same mean, once of all times and then of those
 * below a number of percentiles, because what the machine does beside makes single ones long. A large |t|
 * shows a leak; a small one shows only that this many measurements found none. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WELCH_INPUT_MAX = 160 };

struct welch_subject {
        const char *name;
        bool control;    /* it must be found to leak, or the test does not see */
        unsigned shares; /* of the time there is; the slow want more */
        size_t input_size;
        /* Writes one input of the class: fixed is the same each time. `random` are as many random bytes. */
        void (*prepare)(void *state, bool fixed, const uint8_t *random, uint8_t *ret_input);
        void (*settle)(void *state); /* before each run, not measured; may be NULL */
        void (*run)(void *state, const uint8_t *input);
        void *state;
};

struct welch_verdict {
        uint64_t measurements;
        double t;          /* the largest |t| of all crops */
        double difference; /* of the means, in ticks, of what gave it */
};

/* |t| above these: something is suspected; and is taken as shown. */
extern const double welch_suspected, welch_shown;

/* welch_measure measures for about `seconds`. `seed` draws the lots and the random inputs. */
struct welch_verdict welch_measure(const struct welch_subject *subject, double seconds, uint64_t seed);

#endif
