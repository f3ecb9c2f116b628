/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACT_CLAIMS_H
#define FACT_CLAIMS_H

/* What several sources say of one fact, and which of them counts: what was observed before what was measured,
 * attested and declared; of equals the worse one for the device, but of two measurements of a rate that agree
 * the longer one. What is worse and surer of nothing is not hidden: it counts before a better one that is
 * itself only said, or was seen in part; and before anything that was seen where a single case shows it (a
 * yes or no, a species of artefact). Where a declaration and an observation differ, the device does not do
 * what it says. */

#include "level_fact.h"

enum { FACT_WORD_MAX = 32, FACT_FROM_MAX = 256, FACT_WHY_MAX = 256, FACT_CLAIMS_MAX = 4096 };

#define FACT_NO_EVIDENCE ((size_t)-1)

struct fact_claim {
        enum level_fact_id fact;
        struct level_fact value;  /* a word is in `word` */
        char word[FACT_WORD_MAX]; /* ended by a NUL */
        char from[FACT_FROM_MAX]; /* "P07", "getInfo", a document's name */
        char why[FACT_WHY_MAX];   /* of LEVEL_UNUSABLE */
        char why_ja[FACT_WHY_MAX];
        size_t evidence; /* index in the list of evidence, or FACT_NO_EVIDENCE */
};

struct fact_claims {
        struct fact_claim *claims;
        size_t count, capacity;
        mitome_code code; /* MITOME_OK, or what adding failed with first */
};

/* fact_claims_add keeps a copy, of what one source says twice one. It fails once and for good, with NO_MEMORY
 * or TOO_MANY: look at `code`. */
void fact_claims_add(struct fact_claims *claims, const struct fact_claim *claim);
void fact_claims_clear(struct fact_claims *claims);

/* fact_claims_sort brings them into an order that does not depend on how they came: by fact, the one that
 * counts first. */
void fact_claims_sort(struct fact_claims *claims);

/* fact_claims_drop_disputed makes unusable what is said in two ways of which neither is the worse one (how
 * the user was verified). Before they are sorted. */
void fact_claims_drop_disputed(struct fact_claims *claims);

/* fact_claims_settle takes what counts, of claims that were sorted; words view the claims. ret_chosen: the
 * claim behind each fact, or NULL. */
void fact_claims_settle(const struct fact_claims *claims, struct level_facts *ret,
        const struct fact_claim *ret_chosen[LEVEL_FACTS]);

/* fact_claims_seen_whole tells whether somebody observed or measured it, and not only in part. */
bool fact_claims_seen_whole(const struct fact_claim *claim);

/* fact_claims_agree tells whether two claims about one fact can both be true. */
bool fact_claims_agree(const struct fact_claim *one, const struct fact_claim *other);

/* fact_claims_better tells whether one claim is better than another for whoever relies on the device. */
bool fact_claims_better(const struct fact_claim *one, const struct fact_claim *other);

/* fact_claims_contradict tells whether somebody declared (or attested) what was observed (or measured)
 * otherwise. */
bool fact_claims_contradict(const struct fact_claim *seen, const struct fact_claim *said);

#endif
