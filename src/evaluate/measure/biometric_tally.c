/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_tally.h"

#include <stdlib.h>

mitome_status biometric_tally_new(const struct biometric_plan *plan, unsigned threshold,
        struct biometric_tally **ret, mitome_error *error)
{
        struct biometric_tally *tally = calloc(1, sizeof *tally);
        struct biometric_finger *fingers = calloc(plan->fingers, sizeof *fingers);
        if (!tally || !fingers) {
                free(tally);
                free(fingers);
                return fail(error, MITOME_E_NO_MEMORY, "measurement", NULL);
        }
        tally->plan = *plan;
        tally->threshold = threshold;
        tally->has_scores = true;
        tally->fingers = fingers;
        *ret = tally;
        return ok();
}

void biometric_tally_free(struct biometric_tally *tally)
{
        if (tally)
                free(tally->fingers);
        free(tally);
}

static void count(struct biometric_rate *rate, bool error)
{
        rate->trials++;
        rate->errors += error;
}

static unsigned bin_of(unsigned score)
{
        return score < BIOMETRIC_SCORES ? score : BIOMETRIC_SCORES - 1;
}

static void raise_to(unsigned *highest, unsigned score)
{
        if (score > *highest)
                *highest = score;
}

/* ---- comparisons ---- */

static void take_genuine(struct biometric_tally *tally, const struct biometric_score *own)
{
        struct biometric_finger *finger = &tally->fingers[own->finger];
        const bool missed = own->score < tally->threshold;
        tally->genuine_scores[bin_of(own->score)]++;
        count(&tally->genuine, missed);
        finger->missed += missed;
        if (!finger->has_genuine || own->score < finger->lowest_genuine)
                finger->lowest_genuine = own->score;
        finger->has_genuine = true;
}

static void take_impostor(
        struct biometric_tally *tally, unsigned stranger, const struct biometric_score *score)
{
        struct biometric_finger *lamb = &tally->fingers[score->finger], *wolf = &tally->fingers[stranger];
        const bool error = score->score >= tally->threshold;
        tally->impostor_scores[bin_of(score->score)]++;
        count(&tally->impostor, error);
        raise_to(&lamb->highest_as_lamb, score->score);
        raise_to(&wolf->highest_as_wolf, score->score);
        lamb->imitated += error;
        wolf->imitates += error;
}

static void take_scores(struct biometric_tally *tally, const struct biometric_record *record)
{
        bool reached = false;
        for (size_t i = 0; i < record->score_count; i++) {
                const struct biometric_score *score = &record->scores[i];
                const bool own = score->finger == record->finger;
                if (own)
                        take_genuine(tally, score);
                else if (record->kind == BIOMETRIC_IMPOSTOR)
                        take_impostor(tally, record->finger, score);
                else
                        count(&tally->again, score->score >= tally->threshold);
                reached = reached || score->score >= tally->threshold;
        }
        tally->unexplained += !reached && record->outcome == BIOMETRIC_MATCH;
        tally->withheld += reached && record->outcome == BIOMETRIC_NO_MATCH;
}

/* Without scores the answer tells something of each comparison: no match means none of them, and a match at
 * least one. */
static void take_answer(struct biometric_tally *tally, const struct biometric_record *record)
{
        const bool matched = record->outcome == BIOMETRIC_MATCH;
        tally->has_scores = false;
        if (record->kind == BIOMETRIC_GENUINE) {
                count(&tally->genuine, !matched);
                return;
        }
        tally->impostor.trials += record->enrolled;
        tally->impostor.errors += matched;
        tally->fingers[record->finger].imitates += matched;
}

/* ---- steps ---- */

static bool was_compared(const struct biometric_record *record)
{
        return record->outcome == BIOMETRIC_MATCH || record->outcome == BIOMETRIC_NO_MATCH;
}

static void take_attempt(struct biometric_tally *tally, const struct biometric_record *record)
{
        const bool matched = record->outcome == BIOMETRIC_MATCH;
        if (record->outcome == BIOMETRIC_NOT_ACQUIRED)
                return;
        if (record->kind == BIOMETRIC_GENUINE) {
                count(&tally->genuine_attempts, !matched);
        } else {
                count(&tally->impostor_attempts, matched);
                if (record->enrolled == tally->plan.set_size)
                        count(&tally->full_set_attempts, matched);
        }
        if (!was_compared(record))
                return;
        if (record->score_count)
                take_scores(tally, record);
        else
                take_answer(tally, record);
}

/* A sample that one finger of the set is taken for has been compared with all of them. */
static void take_enrolment(struct biometric_tally *tally, const struct biometric_record *record)
{
        count(&tally->enrolments, record->outcome != BIOMETRIC_ENROLLED);
        tally->known.trials += (uint64_t)record->laid * record->enrolled;
        tally->known.errors += record->known;
}

void biometric_tally_take(struct biometric_tally *tally, const struct biometric_record *record)
{
        tally->steps++;
        struct biometric_rate *laid = record->kind == BIOMETRIC_ENROL ? &tally->samples : &tally->captures;
        laid->trials += record->laid;
        laid->errors += record->unusable;
        tally->same += record->same;
        if (record->kind == BIOMETRIC_ENROL)
                take_enrolment(tally, record);
        else
                take_attempt(tally, record);
}

/* ---- other thresholds ---- */

static struct biometric_rate rate_of(const uint64_t scores[BIOMETRIC_SCORES], unsigned threshold, bool above)
{
        struct biometric_rate rate = { 0 };
        for (unsigned score = 0; score < BIOMETRIC_SCORES; score++) {
                rate.trials += scores[score];
                if ((score >= threshold) == above)
                        rate.errors += scores[score];
        }
        return rate;
}

struct biometric_rate biometric_tally_fmr(const struct biometric_tally *tally, unsigned threshold)
{
        return threshold == tally->threshold ? tally->impostor
                                             : rate_of(tally->impostor_scores, threshold, true);
}

struct biometric_rate biometric_tally_fnmr(const struct biometric_tally *tally, unsigned threshold)
{
        return threshold == tally->threshold ? tally->genuine
                                             : rate_of(tally->genuine_scores, threshold, false);
}
