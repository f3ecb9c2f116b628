/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEVEL_FACT_H
#define LEVEL_FACT_H

/* Facts: what is known of a login or of an authenticator, and how it became known. A fact that nobody gave is
 * unknown, and zeroed evidence knows nothing. */

#include "bytes.h"

enum level_fact_id {
#define LEVEL_FACT(symbol, name, type, en, ja) LEVEL_##symbol,
#include "level_facts.def"
#undef LEVEL_FACT
        LEVEL_FACTS,
};

enum level_type {
        LEVEL_BOOL,
        LEVEL_COUNT, /* an integer from 0 */
        LEVEL_WORD,  /* one of the words that the fact's text names */
        LEVEL_RATE,  /* errors in trials: judged by its exact upper bound at the policy's confidence */
};

enum level_obtained {
        LEVEL_UNKNOWN,  /* nobody gave it */
        LEVEL_DECLARED, /* somebody says so: maker, certificate, document */
        LEVEL_ATTESTED, /* signed by a key that a trusted path vouches for */
        LEVEL_MEASURED, /* counted in trials */
        LEVEL_OBSERVED, /* seen to happen */
        LEVEL_UNUSABLE, /* it was given in another type than it has, or out of bounds: `why` says what */
};

struct level_fact {
        enum level_obtained obtained;
        bool partial; /* only a part of it was seen: 2 of 3 tries, one path of several */
        union {
                bool yes;
                uint64_t count;
                slice word;
                struct {
                        uint64_t errors, trials;
                } rate;
        };
};

struct level_facts {
        struct level_fact facts[LEVEL_FACTS];
};

struct level_fact_kind {
        const char *name;
        enum level_type type;
        const char *text, *text_ja;
};

/* level_fact_kind tells what a fact is; static. level_fact_find gives LEVEL_FACTS for a name that there is
 * not. */
const struct level_fact_kind *level_fact_kind(enum level_fact_id id);
enum level_fact_id level_fact_find(slice name);

/* level_fact_takes tells whether a WORD fact may be that word. */
bool level_fact_takes(enum level_fact_id id, slice word);

/* level_fact_worth tells how good a value is for whoever relies on the device: of two for one fact the lesser
 * is the worse. Of a rate it is the upper bound at 95 %. */
double level_fact_worth(enum level_fact_id id, const struct level_fact *fact);

const char *level_obtained_name(enum level_obtained obtained); /* "observed" .. */

#endif
