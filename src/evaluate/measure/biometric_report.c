/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_report.h"

#include "binomial.h"
#include "json.h"

#include <math.h>
#include <stdio.h>

enum { WORST = 5 };

static const double confidences[] = { 0.80, 0.90, 0.95 };
static const unsigned thresholds[] = { 40, 50, 60, 70, 80, 90 };

/* What is asked of a rate of false matches, and by whom. */
static const struct limit {
        const char *name, *asked_by;
        double rate;
} limits[] = {
        { "1/1000", "NIST SP 800-63B, revision 3", 1.0 / 1000 },
        { "1/10000", "NIST SP 800-63B, revision 4; FIDO biometric requirements", 1.0 / 10000 },
        { "1/50000", "Android CDD 7.3.10", 1.0 / 50000 },
};

static const unsigned tries[] = { 1, 3, 5 };

/* A finder's chance to be let in by one of so many comparisons. */
static double chance_in(double rate, unsigned comparisons)
{
        return -expm1(comparisons * log1p(-rate));
}

static bool is_complete(const struct biometric_tally *tally)
{
        return tally->steps == biometric_plan_steps(&tally->plan);
}

/* ---- what has to be said beside the numbers ---- */

static const char *const caveats[] = {
        "The comparisons are not independent of each other: each finger takes part in many of them. The bounds "
        "hold for independent trials and are too narrow by an amount that nobody knows.",
        "An attempt is made as if the PIN had been given just before: the delays and limits after misses are not "
        "part of what is measured.",
        "Only strangers who do not try were measured: no copies of fingers, no replays.",
};

static const char synthetic_caveat[] =
        "The fingers were grown by a program and belong to nobody. They stand for people's fingers only as far as "
        "the program grows and presses them alike: these are figures of the matcher, not of a population.";

/* ---- worst fingers ---- */

struct worst {
        unsigned finger, score, errors;
};

struct worst_list {
        size_t count;
        struct worst fingers[WORST];
};

static struct worst goat_of(const struct biometric_finger *finger)
{
        return (struct worst){ .score = finger->lowest_genuine, .errors = finger->missed };
}

static struct worst lamb_of(const struct biometric_finger *finger)
{
        return (struct worst){ .score = finger->highest_as_lamb, .errors = finger->imitated };
}

static struct worst wolf_of(const struct biometric_finger *finger)
{
        return (struct worst){ .score = finger->highest_as_wolf, .errors = finger->imitates };
}

static const struct flock {
        const char *name, *what;
        struct worst (*of)(const struct biometric_finger *finger);
        bool lowest; /* the lowest score is the worst */
} flocks[] = {
        { "goats", "seldom recognised (lowest score with itself)", goat_of, true },
        { "lambs", "easily imitated (highest score of another's impression)", lamb_of, false },
        { "wolves", "easily taken for others (highest score with another's template)", wolf_of, false },
};

static bool is_worse(const struct flock *flock, const struct worst *a, const struct worst *b)
{
        if (a->score != b->score)
                return flock->lowest ? a->score < b->score : a->score > b->score;
        return a->errors > b->errors;
}

/* Kept in order, the worst first. */
static void insert(const struct flock *flock, struct worst_list *list, struct worst one)
{
        for (size_t i = 0; i < list->count; i++)
                if (is_worse(flock, &one, &list->fingers[i])) {
                        struct worst moved = list->fingers[i];
                        list->fingers[i] = one;
                        one = moved;
                }
        if (list->count < WORST)
                list->fingers[list->count++] = one;
}

static struct worst_list find_worst(const struct biometric_tally *tally, const struct flock *flock)
{
        struct worst_list list = { 0 };
        for (unsigned i = 0; i < tally->plan.fingers; i++) {
                const struct biometric_finger *finger = &tally->fingers[i];
                struct worst one = flock->of(finger);
                one.finger = i;
                if (flock->lowest ? finger->has_genuine : one.score > 0)
                        insert(flock, &list, one);
        }
        return list;
}

/* ---- JSON ---- */

static void write_decimal(struct json_writer *w, const char *name, double value)
{
        char text[40];
        (void)snprintf(text, sizeof text, "%.6g", value);
        json_write_raw(w, name, slice_text(text));
}

static void write_rate(struct json_writer *w, const char *name, struct biometric_rate rate)
{
        json_write_open_object(w, name);
        json_write_int(w, "trials", (int64_t)rate.trials);
        json_write_int(w, "errors", (int64_t)rate.errors);
        if (rate.trials)
                write_decimal(w, "rate", (double)rate.errors / (double)rate.trials);
        write_decimal(w, "lower_95", binomial_lower(rate.errors, rate.trials, 0.95));
        write_decimal(w, "upper_80", binomial_upper(rate.errors, rate.trials, 0.80));
        write_decimal(w, "upper_90", binomial_upper(rate.errors, rate.trials, 0.90));
        write_decimal(w, "upper_95", binomial_upper(rate.errors, rate.trials, 0.95));
        json_write_close_object(w);
}

static void write_thresholds(struct json_writer *w, const struct biometric_tally *tally)
{
        json_write_open_array(w, "thresholds");
        for (size_t i = 0; tally->has_scores && i < sizeof thresholds / sizeof *thresholds; i++) {
                json_write_open_object(w, NULL);
                json_write_int(w, "threshold", thresholds[i]);
                write_rate(w, "fmr", biometric_tally_fmr(tally, thresholds[i]));
                write_rate(w, "fnmr", biometric_tally_fnmr(tally, thresholds[i]));
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void write_limits(struct json_writer *w, const struct biometric_tally *tally)
{
        static const char *const trials[] = { "trials_80", "trials_90", "trials_95" };
        static const char *const met[] = { "met_80", "met_90", "met_95" };
        const struct biometric_rate fmr = tally->impostor;
        json_write_open_array(w, "limits");
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
                json_write_open_object(w, NULL);
                json_write_string(w, "limit", limits[i].name);
                json_write_string(w, "asked_by", limits[i].asked_by);
                for (size_t c = 0; c < 3; c++) {
                        json_write_int(w, trials[c],
                                (int64_t)binomial_trials(fmr.errors, limits[i].rate, confidences[c]));
                        json_write_bool(w, met[c],
                                binomial_upper(fmr.errors, fmr.trials, confidences[c]) < limits[i].rate);
                }
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void write_budget(struct json_writer *w, const struct biometric_tally *tally)
{
        static const char *const names[] = { "tries_1", "tries_3", "tries_5" };
        static const unsigned enrolled[] = { 1, 2, 10 };
        const double upper = binomial_upper(tally->impostor.errors, tally->impostor.trials, 0.95);
        json_write_open_array(w, "guess_budget");
        for (size_t i = 0; i < sizeof enrolled / sizeof *enrolled; i++) {
                json_write_open_object(w, NULL);
                json_write_int(w, "fingers_enrolled", enrolled[i]);
                for (size_t t = 0; t < sizeof tries / sizeof *tries; t++)
                        write_decimal(w, names[t], chance_in(upper, tries[t] * enrolled[i]));
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

static void write_worst(struct json_writer *w, const struct biometric_tally *tally)
{
        json_write_open_object(w, "worst");
        for (size_t f = 0; f < sizeof flocks / sizeof *flocks; f++) {
                const struct worst_list list = find_worst(tally, &flocks[f]);
                json_write_open_array(w, flocks[f].name);
                for (size_t i = 0; i < list.count; i++) {
                        json_write_open_object(w, NULL);
                        json_write_int(w, "finger", list.fingers[i].finger);
                        json_write_int(w, "score", list.fingers[i].score);
                        json_write_int(w, "errors", list.fingers[i].errors);
                        json_write_close_object(w);
                }
                json_write_close_array(w);
        }
        json_write_close_object(w);
}

/* [score, how many], where there are any. */
static void write_scores(struct json_writer *w, const char *name, const uint64_t scores[BIOMETRIC_SCORES])
{
        json_write_open_array(w, name);
        for (unsigned score = 0; score < BIOMETRIC_SCORES; score++) {
                if (!scores[score])
                        continue;
                json_write_open_array(w, NULL);
                json_write_int(w, NULL, score);
                json_write_int(w, NULL, (int64_t)scores[score]);
                json_write_close_array(w);
        }
        json_write_close_array(w);
}

static void write_caveats(struct json_writer *w, const struct biometric_origin *origin)
{
        json_write_open_array(w, "caveats");
        if (origin->synthetic)
                json_write_string(w, NULL, synthetic_caveat);
        for (size_t i = 0; i < sizeof caveats / sizeof *caveats; i++)
                json_write_string(w, NULL, caveats[i]);
        json_write_close_array(w);
}

static void write_head(
        struct json_writer *w, const struct biometric_tally *tally, const struct biometric_origin *origin)
{
        json_write_string(w, "source", origin->source);
        json_write_bool(w, "synthetic", origin->synthetic);
        json_write_string(w, "command", origin->command);
        json_write_int(w, "fingers", tally->plan.fingers);
        json_write_int(w, "pairs", (int64_t)biometric_plan_pairs(&tally->plan));
        json_write_int(w, "attempts_per_finger", tally->plan.attempts);
        json_write_int(w, "set_size", tally->plan.set_size);
        json_write_int(w, "threshold", tally->threshold);
        json_write_bool(w, "scores_seen", tally->has_scores);
        json_write_int(w, "steps", (int64_t)tally->steps);
        json_write_bool(w, "complete", is_complete(tally));
}

void biometric_report_json(
        const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out)
{
        struct json_writer w = json_into(out);
        json_write_open_object(&w, NULL);
        write_head(&w, tally, origin);
        write_rate(&w, "fmr", tally->impostor);
        write_rate(&w, "fnmr", tally->genuine);
        json_write_open_object(&w, "attempt");
        write_rate(&w, "fmr", tally->impostor_attempts);
        write_rate(&w, "fmr_full_set", tally->full_set_attempts);
        write_rate(&w, "fnmr", tally->genuine_attempts);
        json_write_close_object(&w);
        write_rate(&w, "fte", tally->enrolments);
        write_rate(&w, "fta", tally->captures);
        write_rate(&w, "enrolment_samples_again", tally->samples);
        write_rate(&w, "others_on_the_way", tally->again);
        json_write_int(&w, "taken_for_replays", (int64_t)tally->same);
        write_rate(&w, "enrolment_samples_known", tally->known);
        json_write_int(&w, "unexplained_matches", (int64_t)tally->unexplained);
        json_write_int(&w, "withheld_matches", (int64_t)tally->withheld);
        write_thresholds(&w, tally);
        write_limits(&w, tally);
        write_budget(&w, tally);
        write_worst(&w, tally);
        write_scores(&w, "impostor_scores", tally->impostor_scores);
        write_scores(&w, "genuine_scores", tally->genuine_scores);
        write_caveats(&w, origin);
        json_write_close_object(&w);
        write_u8(out, '\n');
}

/* ---- text ---- */

/* SAY(out, format, ..) writes a line. */
#define SAY(out, ...)                                             \
        do {                                                      \
                char line_[512];                                  \
                (void)snprintf(line_, sizeof line_, __VA_ARGS__); \
                write_slice(out, slice_text(line_));              \
                write_u8(out, '\n');                              \
        } while (0)

static void say_rate(writer *out, const char *name, struct biometric_rate rate)
{
        if (rate.trials == 0) {
                SAY(out, "  %-34s none", name);
                return;
        }
        SAY(out, "  %-34s %llu / %llu = %.4f %%, at most %.4f %% (95 %%), %.4f %% (90 %%), %.4f %% (80 %%)",
                name, (unsigned long long)rate.errors, (unsigned long long)rate.trials,
                100 * (double)rate.errors / (double)rate.trials,
                100 * binomial_upper(rate.errors, rate.trials, 0.95),
                100 * binomial_upper(rate.errors, rate.trials, 0.90),
                100 * binomial_upper(rate.errors, rate.trials, 0.80));
}

static void say_rates(writer *out, const struct biometric_tally *tally)
{
        SAY(out, "One impression against one finger:");
        say_rate(out, "false matches (FMR)", tally->impostor);
        say_rate(out, "false non-matches (FNMR)", tally->genuine);
        SAY(out, "One attempt against the enrolled set:");
        say_rate(out, "strangers let in", tally->impostor_attempts);
        say_rate(out, "  of these, against a full set", tally->full_set_attempts);
        say_rate(out, "holders kept out", tally->genuine_attempts);
        SAY(out, "Before anything is compared:");
        say_rate(out, "fingers not enrolled (FTE)", tally->enrolments);
        say_rate(out, "impressions of no use (FTA)", tally->captures);
        say_rate(out, "enrolment samples given again", tally->samples);
        say_rate(out, "  taken for a finger of the set", tally->known);
        SAY(out, "  fresh impressions taken for ones seen before: %llu", (unsigned long long)tally->same);
        SAY(out, "  matches withheld although the score was high enough: %llu",
                (unsigned long long)tally->withheld);
        if (tally->unexplained)
                SAY(out, "  ATTENTION: %llu matches that no score explains",
                        (unsigned long long)tally->unexplained);
}

static void say_thresholds(writer *out, const struct biometric_tally *tally)
{
        if (!tally->has_scores)
                return;
        SAY(out, "By threshold:");
        for (size_t i = 0; i < sizeof thresholds / sizeof *thresholds; i++) {
                const struct biometric_rate fmr = biometric_tally_fmr(tally, thresholds[i]);
                const struct biometric_rate fnmr = biometric_tally_fnmr(tally, thresholds[i]);
                SAY(out, "  %u  FMR %llu / %llu, at most %.4f %%   FNMR %llu / %llu, at most %.4f %%",
                        thresholds[i], (unsigned long long)fmr.errors, (unsigned long long)fmr.trials,
                        100 * binomial_upper(fmr.errors, fmr.trials, 0.95), (unsigned long long)fnmr.errors,
                        (unsigned long long)fnmr.trials,
                        100 * binomial_upper(fnmr.errors, fnmr.trials, 0.95));
        }
}

static void say_limits(writer *out, const struct biometric_tally *tally)
{
        const struct biometric_rate fmr = tally->impostor;
        SAY(out, "What a limit needs in comparisons, with %llu false %s (80 / 90 / 95 %%):",
                (unsigned long long)fmr.errors, fmr.errors == 1 ? "match" : "matches");
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
                SAY(out, "  %-8s %llu / %llu / %llu: %s at 95 %% (%s)", limits[i].name,
                        (unsigned long long)binomial_trials(fmr.errors, limits[i].rate, 0.80),
                        (unsigned long long)binomial_trials(fmr.errors, limits[i].rate, 0.90),
                        (unsigned long long)binomial_trials(fmr.errors, limits[i].rate, 0.95),
                        binomial_upper(fmr.errors, fmr.trials, 0.95) < limits[i].rate ? "shown" : "not shown",
                        limits[i].asked_by);
}

static void say_budget(writer *out, const struct biometric_tally *tally)
{
        static const unsigned enrolled[] = { 1, 2, 10 };
        const double upper = binomial_upper(tally->impostor.errors, tally->impostor.trials, 0.95);
        SAY(out,
                "A finder's chance, at the 95 %% bound (for comparison: 3 tries at a 4-digit PIN, 0.0300 %%):");
        for (size_t i = 0; i < sizeof enrolled / sizeof *enrolled; i++)
                SAY(out, "  %2u enrolled: 1 try %.4f %%, 3 tries %.4f %%, 5 tries %.4f %%", enrolled[i],
                        100 * chance_in(upper, enrolled[i]), 100 * chance_in(upper, 3 * enrolled[i]),
                        100 * chance_in(upper, 5 * enrolled[i]));
}

static void say_worst(writer *out, const struct biometric_tally *tally)
{
        for (size_t f = 0; tally->has_scores && f < sizeof flocks / sizeof *flocks; f++) {
                const struct worst_list list = find_worst(tally, &flocks[f]);
                SAY(out, "%s, %s:", flocks[f].name, flocks[f].what);
                for (size_t i = 0; i < list.count; i++)
                        SAY(out, "  finger %u: %u%s", list.fingers[i].finger, list.fingers[i].score,
                                list.fingers[i].errors ? ", an error" : "");
        }
}

void biometric_report_text(
        const struct biometric_tally *tally, const struct biometric_origin *origin, writer *out)
{
        SAY(out, "%u fingers (%s), sets of %u, threshold %u%s", tally->plan.fingers, origin->source,
                tally->plan.set_size, tally->threshold,
                is_complete(tally) ? "" : "; NOT COMPLETE: go on with --resume");
        say_rates(out, tally);
        say_thresholds(out, tally);
        say_limits(out, tally);
        say_budget(out, tally);
        say_worst(out, tally);
        if (origin->synthetic)
                SAY(out, "%s", synthetic_caveat);
        for (size_t i = 0; i < sizeof caveats / sizeof *caveats; i++)
                SAY(out, "%s", caveats[i]);
}
