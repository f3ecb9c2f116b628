/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ADVISOR_H
#define ADVISOR_H

/* What lifts a device to the next level of a policy: the smallest set of facts that have to become others, or
 * to be shown. A fact that several requirements speak of is one change, to a value that suits them all. */

#include "level_expression.h"

#include <jansson.h>

enum { ADVISOR_WORDS_MAX = 8, ADVISOR_STATES_MAX = 50000 };

struct advisor_rule {
        const struct level_expression *predicate;
        const char *responsible; /* who must mend it; static or the policy's */
        bool must_be_known; /* of a scope that is judged; else it is enough that it is not known to fail */
};

struct advisor_change {
        enum level_fact_id fact;
        bool show;               /* nobody has shown it; else it is known to be otherwise */
        const char *responsible; /* of the first requirement that wants it */
        /* what it has to be, by its type: */
        bool yes;
        uint64_t least, most; /* COUNT; UINT64_MAX is no bound */
        slice words[ADVISOR_WORDS_MAX];
        size_t word_count;
        bool other_word;  /* or any that the policy does not name */
        double rate;      /* RATE: the upper bound under this; 2 is no bound */
        double rate_from; /* .. and at or over this: 0 but for policies that ask for bad figures */
};

struct advice {
        bool found; /* there is a set, perhaps empty */
        bool least; /* no smaller one does; with !found: there is none at all */
        struct advisor_change changes[LEVEL_FACTS];
        size_t count;
};

/* advisor_find fails with NO_MEMORY, and with TOO_MANY for more rules or more figures about one fact than it
 * can hold (a policy that level_policy_read takes has fewer rules). */
MITOME_CHECKED mitome_status advisor_find(const struct advisor_rule *rules, size_t count,
        const struct level_facts *facts, unsigned confidence, struct advice *ret, mitome_error *error);

/* advisor_json is `changes` of REPORT.md, for advice that was found; NULL: there is no memory. */
json_t *advisor_json(const struct advice *advice, const struct level_facts *facts, unsigned confidence);

#endif
