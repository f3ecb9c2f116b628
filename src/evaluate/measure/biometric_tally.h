/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_TALLY_H
#define BIOMETRIC_TALLY_H

/* What came of the steps of a measurement, added up. A comparison is of one impression with one template; an
 * attempt is of one impression with a whole set, and its answer is what the element would have got. */

#include "biometric_plan.h"
#include "status.h"

#include <stdint.h>

enum { BIOMETRIC_SCORES = 1000 /* higher ones count as the highest */ };

enum biometric_outcome {
        BIOMETRIC_MATCH,        /* the attempt gave evidence */
        BIOMETRIC_NO_MATCH,     /* compared, and not recognised */
        BIOMETRIC_REPLAY,       /* refused as a sample that was seen before: not recognised either */
        BIOMETRIC_NOT_ACQUIRED, /* no impression of it was good enough to be compared */
        BIOMETRIC_ENROLLED,
        BIOMETRIC_NOT_ENROLLED,
};

struct biometric_score {
        unsigned finger; /* whose template */
        unsigned score;
};

/* One step, done. */
struct biometric_record {
        unsigned set;
        size_t step;
        enum biometric_kind kind;
        unsigned finger;
        enum biometric_outcome outcome;
        unsigned enrolled; /* templates that it was compared with */
        unsigned laid;     /* impressions that were laid on the sensor */
        unsigned unusable; /* of these: asked for again, for their quality */
        unsigned same;     /* of these: asked for again or refused, for their likeness to one seen before */
        unsigned known;    /* of these, enrolling: refused for their likeness to another finger of the set */
        size_t score_count;
        struct biometric_score scores[BIOMETRIC_SET_MAX];
};

struct biometric_rate {
        uint64_t trials, errors;
};

/* What one finger was seen to do. */
struct biometric_finger {
        bool has_genuine;
        unsigned lowest_genuine;  /* a goat is seldom recognised */
        unsigned highest_as_lamb; /* a lamb is easily taken for: its template, others' impressions */
        unsigned highest_as_wolf; /* a wolf is easily taken: its impressions, others' templates */
        unsigned missed, imitated, imitates;
};

struct biometric_tally {
        struct biometric_plan plan;
        unsigned threshold;
        bool has_scores; /* of every comparison */
        uint64_t steps;
        uint64_t impostor_scores[BIOMETRIC_SCORES], genuine_scores[BIOMETRIC_SCORES];
        struct biometric_rate impostor, genuine;                   /* comparisons, as decided */
        struct biometric_rate impostor_attempts, genuine_attempts; /* attempts, as decided */
        struct biometric_rate full_set_attempts;                   /* impostor attempts against a whole set */
        struct biometric_rate again; /* other fingers' templates that a genuine attempt met on its way */
        struct biometric_rate enrolments,
                captures;              /* failures to enrol; impressions of no use to an attempt */
        struct biometric_rate samples; /* impressions that an enrolment had given again */
        struct biometric_rate known;   /* comparisons of enrolment samples with the fingers before them */
        uint64_t same;                 /* fresh impressions that were taken for ones seen before */
        uint64_t unexplained; /* matches without a score that reaches the threshold: there must be none */
        uint64_t withheld;    /* scores that reach it, and no match: refused for another reason */
        struct biometric_finger *fingers;
};

/* biometric_tally_new begins an empty tally; NO_MEMORY. biometric_tally_free takes NULL as well. */
MITOME_CHECKED mitome_status biometric_tally_new(const struct biometric_plan *plan, unsigned threshold,
        struct biometric_tally **ret, mitome_error *error);
void biometric_tally_free(struct biometric_tally *tally);

/* biometric_tally_take adds one record. */
void biometric_tally_take(struct biometric_tally *tally, const struct biometric_record *record);

/* biometric_tally_fmr and _fnmr are the comparisons that another threshold would have decided wrongly. For
 * the tally's own threshold they are what was decided, also without scores. */
struct biometric_rate biometric_tally_fmr(const struct biometric_tally *tally, unsigned threshold);
struct biometric_rate biometric_tally_fnmr(const struct biometric_tally *tally, unsigned threshold);

#endif
