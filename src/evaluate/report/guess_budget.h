/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUESS_BUDGET_H
#define GUESS_BUDGET_H

/* The probability that a finder opens the login key over all paths: what each path gives him before it
 * closes, and all of them together. A path of which a fact is missing has none, and says which. */

#include "level_fact.h"

#include <jansson.h>

enum { GUESS_PATHS_MAX = 3, GUESS_MISSING_MAX = 3 };

/* What keeps a path from having a probability. */
enum guess_trouble {
        GUESS_KNOWN,
        GUESS_MISSING,   /* facts that nobody gave */
        GUESS_ENDLESS,   /* no end of tries was seen */
        GUESS_GIVEN_BACK /* tries come back, by power cuts, copies or clocks */
};

struct guess_path {
        const char *name, *name_ja; /* static */
        bool finger;                /* else the PIN */
        bool counted;               /* a part of the whole; else told for comparison */
        enum guess_trouble trouble;
        enum level_fact_id missing[GUESS_MISSING_MAX];
        size_t missing_count;
        bool if_held;       /* nothing is missing but whether tries hold: `total` is as if they did */
        double each, total; /* `each` < 0: not known */
        uint64_t tries;     /* 0: not known, or no end */
};

struct guess_budget {
        struct guess_path paths[GUESS_PATHS_MAX];
        size_t count;
        bool known;              /* there are paths, and each that counts has a probability */
        bool if_held;            /* it would have, if tries held */
        double total;            /* when it is known, or as if tries held */
        uint64_t errors, trials; /* that the finger's bound rests on; no trials: there is none */
        unsigned confidence;     /* of the upper bound, in percent */
};

/* guess_chance is the probability that one of so many independent tries succeeds; right for tiny ones. */
double guess_chance(double each, uint64_t tries);

/* guess_drawn is that of different guesses at one of 10^digits PINs, each as likely. */
double guess_drawn(uint64_t digits, uint64_t tries);

/* guess_either is the probability that one or the other happens, which are independent. */
double guess_either(double one, double other);

/* guess_budget_of takes the false match rate by its upper bound at `confidence` percent. */
struct guess_budget guess_budget_of(const struct level_facts *facts, unsigned confidence);

/* guess_budget_json is the member of REPORT.md; NULL: there is no memory. */
json_t *guess_budget_json(const struct guess_budget *budget);

#endif
