/* SPDX-License-Identifier: Apache-2.0 */
#include "fact_claims.h"

#include "binomial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_same_value(const struct fact_claim *one, const struct fact_claim *other)
{
        const struct level_fact *value = &one->value, *known = &other->value;
        switch (level_fact_kind(one->fact)->type) {
        case LEVEL_BOOL:
                return value->yes == known->yes;
        case LEVEL_COUNT:
                return value->count == known->count;
        case LEVEL_RATE:
                return value->rate.errors == known->rate.errors && value->rate.trials == known->rate.trials;
        case LEVEL_WORD:
                break;
        }
        return strcmp(one->word, other->word) == 0;
}

/* The same, by the same: a hundred logins of one file say one thing. */
static bool is_known(const struct fact_claims *claims, const struct fact_claim *claim)
{
        for (size_t i = claims->count; i-- > 0;) {
                const struct fact_claim *known = &claims->claims[i];
                if (known->fact == claim->fact && known->evidence == claim->evidence &&
                        known->value.obtained == claim->value.obtained &&
                        known->value.partial == claim->value.partial && is_same_value(known, claim) &&
                        strcmp(known->from, claim->from) == 0 && strcmp(known->why, claim->why) == 0)
                        return true;
        }
        return false;
}

void fact_claims_add(struct fact_claims *claims, const struct fact_claim *claim)
{
        if (claims->code != MITOME_OK || is_known(claims, claim))
                return;
        if (claims->count == claims->capacity) {
                enum { FIRST = 64 };
                size_t capacity = claims->capacity ? 2 * claims->capacity : FIRST;
                struct fact_claim *grown =
                        capacity > FACT_CLAIMS_MAX ? NULL : realloc(claims->claims, capacity * sizeof *grown);
                if (!grown) {
                        claims->code = capacity > FACT_CLAIMS_MAX ? MITOME_E_TOO_MANY : MITOME_E_NO_MEMORY;
                        return;
                }
                claims->claims = grown;
                claims->capacity = capacity;
        }
        claims->claims[claims->count++] = *claim;
}

void fact_claims_clear(struct fact_claims *claims)
{
        free(claims->claims);
        *claims = (struct fact_claims){ 0 };
}

/* ---- which of two counts ---- */

/* LEVEL_UNUSABLE stands behind everything but nothing. */
static int strength(const struct fact_claim *claim)
{
        static const int strengths[] = { [LEVEL_UNKNOWN] = 0,
                [LEVEL_UNUSABLE] = 1,
                [LEVEL_DECLARED] = 2,
                [LEVEL_ATTESTED] = 3,
                [LEVEL_MEASURED] = 4,
                [LEVEL_OBSERVED] = 5 };
        return strengths[claim->value.obtained];
}

static bool is_usable(const struct fact_claim *claim)
{
        return claim->value.obtained != LEVEL_UNUSABLE && claim->value.obtained != LEVEL_UNKNOWN;
}

static double upper_bound(const struct level_fact *value)
{
        enum { CONFIDENCE = 95 };
        return binomial_upper(value->rate.errors, value->rate.trials, CONFIDENCE / 100.0);
}

/* How good a value is; comparable for one fact. Of rates that were measured twice, the longer measurement
 * knows more; but each species of artefact is another rate, so of these the worst bound counts. */
static double goodness(const struct fact_claim *claim)
{
        struct level_fact value = claim->value;
        const enum level_type type = level_fact_kind(claim->fact)->type;
        if (type == LEVEL_RATE && claim->fact != LEVEL_UV_IAPAR)
                return -(double)value.rate.trials;
        if (type == LEVEL_WORD)
                value.word = slice_text(claim->word);
        return level_fact_worth(claim->fact, &value);
}

static int compare_numbers(double one, double other)
{
        return one < other ? -1 : one > other;
}

/* A last order, for claims that say the same. */
static int compare_origins(const struct fact_claim *one, const struct fact_claim *other)
{
        int texts[] = { strcmp(one->word, other->word), strcmp(one->from, other->from),
                strcmp(one->why, other->why) };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (texts[i])
                        return texts[i];
        return one->evidence < other->evidence ? -1 : one->evidence > other->evidence;
}

static int compare_claims(const void *left, const void *right)
{
        const struct fact_claim *one = left, *other = right;
        if (one->fact != other->fact)
                return one->fact < other->fact ? -1 : 1;
        if (strength(one) != strength(other))
                return strength(other) - strength(one);
        if (is_usable(one)) {
                int better = compare_numbers(goodness(one), goodness(other));
                if (better)
                        return better;
                if (one->value.partial != other->value.partial)
                        return one->value.partial - other->value.partial;
        }
        return compare_origins(one, other);
}

void fact_claims_sort(struct fact_claims *claims)
{
        if (claims->count)
                qsort(claims->claims, claims->count, sizeof *claims->claims, compare_claims);
}

/* ---- whether two agree ---- */

/* Two measurements agree when their bounds overlap. */
static bool rates_agree(const struct level_fact *one, const struct level_fact *other)
{
        enum { CONFIDENCE = 95 };
        const double confidence = CONFIDENCE / 100.0;
        return binomial_lower(one->rate.errors, one->rate.trials, confidence) <=
                       binomial_upper(other->rate.errors, other->rate.trials, confidence) &&
               binomial_lower(other->rate.errors, other->rate.trials, confidence) <=
                       binomial_upper(one->rate.errors, one->rate.trials, confidence);
}

bool fact_claims_agree(const struct fact_claim *one, const struct fact_claim *other)
{
        switch (level_fact_kind(one->fact)->type) {
        case LEVEL_BOOL:
                return one->value.yes == other->value.yes;
        case LEVEL_COUNT:
                return one->value.count == other->value.count;
        case LEVEL_WORD:
                return strcmp(one->word, other->word) == 0;
        case LEVEL_RATE:
                break;
        }
        return rates_agree(&one->value, &other->value);
}

bool fact_claims_better(const struct fact_claim *one, const struct fact_claim *other)
{
        if (level_fact_kind(one->fact)->type == LEVEL_RATE)
                return upper_bound(&one->value) < upper_bound(&other->value);
        return goodness(one) > goodness(other);
}

bool fact_claims_contradict(const struct fact_claim *seen, const struct fact_claim *said)
{
        bool is_seen = seen->value.obtained == LEVEL_OBSERVED || seen->value.obtained == LEVEL_MEASURED;
        bool is_said = said->value.obtained == LEVEL_DECLARED || said->value.obtained == LEVEL_ATTESTED;
        return seen->fact == said->fact && is_seen && is_said && !fact_claims_agree(seen, said);
}

/* ---- settling ---- */

/* One policy asks for a finger, the next for a PIN: neither is the worse word. */
static const enum level_fact_id without_order[] = { LEVEL_LOGIN_VERIFIED_BY };

static bool are_disputed(const struct fact_claims *claims, enum level_fact_id id)
{
        const struct fact_claim *first = NULL;
        for (size_t i = 0; i < claims->count; i++) {
                const struct fact_claim *claim = &claims->claims[i];
                if (claim->fact != id || !is_usable(claim))
                        continue;
                if (first && !fact_claims_agree(first, claim))
                        return true;
                first = claim;
        }
        return false;
}

static void drop_disputed(struct fact_claim *claim)
{
        claim->value = (struct level_fact){ .obtained = LEVEL_UNUSABLE };
        claim->word[0] = '\0';
        (void)snprintf(claim->why, sizeof claim->why,
                "sources differ, and which of two is the worse one depends on what is asked");
        (void)snprintf(
                claim->why_ja, sizeof claim->why_ja, "情報源が食い違い、どちらが不利かは求めるものによる");
}

void fact_claims_drop_disputed(struct fact_claims *claims)
{
        for (size_t i = 0; i < sizeof without_order / sizeof without_order[0]; i++) {
                if (!are_disputed(claims, without_order[i]))
                        continue;
                for (size_t j = 0; j < claims->count; j++)
                        if (claims->claims[j].fact == without_order[i] && is_usable(&claims->claims[j]))
                                drop_disputed(&claims->claims[j]);
        }
}

/* Tries that found nothing do not show that there is no way: who says that there is one is believed. Whether
 * there is a path at all is looked at, and no attack. */
static bool is_shown_by_one_case(enum level_fact_id id)
{
        return id == LEVEL_UV_IAPAR ||
               (level_fact_kind(id)->type == LEVEL_BOOL && id != LEVEL_PIN_OFFERED && id != LEVEL_UV_OFFERED);
}

bool fact_claims_seen_whole(const struct fact_claim *claim)
{
        return (claim->value.obtained == LEVEL_OBSERVED || claim->value.obtained == LEVEL_MEASURED) &&
               !claim->value.partial;
}

/* Nothing worse is outvoted by what is only said, or was seen in part, nor a short measurement by a longer
 * one that it does not agree with. */
static bool gives_way(const struct fact_claim *chosen, const struct fact_claim *claim)
{
        return is_usable(claim) && is_usable(chosen) && !fact_claims_agree(claim, chosen) &&
               fact_claims_better(chosen, claim) &&
               (!fact_claims_seen_whole(chosen) || is_shown_by_one_case(claim->fact) ||
                       claim->value.obtained == chosen->value.obtained);
}

void fact_claims_settle(const struct fact_claims *claims, struct level_facts *ret,
        const struct fact_claim *ret_chosen[LEVEL_FACTS])
{
        *ret = (struct level_facts){ 0 };
        for (size_t id = 0; id < LEVEL_FACTS; id++)
                ret_chosen[id] = NULL;
        for (size_t i = 0; i < claims->count; i++) {
                const struct fact_claim *claim = &claims->claims[i], *chosen = ret_chosen[claim->fact];
                if (chosen && !gives_way(chosen, claim))
                        continue;
                ret_chosen[claim->fact] = claim;
                ret->facts[claim->fact] = claim->value;
                if (level_fact_kind(claim->fact)->type == LEVEL_WORD)
                        ret->facts[claim->fact].word = slice_text(claim->word);
        }
}
