/* SPDX-License-Identifier: Apache-2.0 */
#include "guess_budget.h"

#include "binomial.h"
#include "rate_text.h"
#include "report_text.h"

#include <math.h>
#include <stdio.h>

/* ---- probabilities ---- */

double guess_chance(double each, uint64_t tries)
{
        if (tries == 0 || each <= 0)
                return 0;
        return each >= 1 ? 1 : -expm1((double)tries * log1p(-each));
}

double guess_drawn(uint64_t digits, uint64_t tries)
{
        double chance = (double)tries * pow(10, -(double)digits);
        return chance > 1 ? 1 : chance;
}

double guess_either(double one, double other)
{
        if (one >= 1 || other >= 1)
                return 1;
        return -expm1(log1p(-one) + log1p(-other));
}

/* ---- paths ---- */

static bool is_known(const struct level_facts *facts, enum level_fact_id id)
{
        enum level_obtained obtained = facts->facts[id].obtained;
        return obtained != LEVEL_UNKNOWN && obtained != LEVEL_UNUSABLE;
}

static bool is_known_as(const struct level_facts *facts, enum level_fact_id id, bool yes)
{
        return is_known(facts, id) && facts->facts[id].yes == yes;
}

static bool want(struct guess_path *path, const struct level_facts *facts, enum level_fact_id id)
{
        if (is_known(facts, id))
                return true;
        path->trouble = GUESS_MISSING;
        path->missing[path->missing_count++] = id;
        return false;
}

/* Takes how often one may try: a fact that is not known, or without an end, is the path's trouble. Tries that
 * somebody may give himself back are no bound: whether they hold has to be known. */
static void want_tries(struct guess_path *path, const struct level_facts *facts, enum level_fact_id tries,
        enum level_fact_id hold)
{
        const bool whole = path->trouble == GUESS_KNOWN && is_known(facts, tries);
        if (want(path, facts, tries))
                path->tries = facts->facts[tries].count;
        if (whole && path->tries == 0)
                path->trouble = GUESS_ENDLESS;
        else if (!want(path, facts, hold))
                path->if_held = whole;
        else if (whole && !facts->facts[hold].yes)
                path->trouble = GUESS_GIVEN_BACK;
}

/* What it comes to, or would if no try came back. */
static bool has_chance(const struct guess_path *path)
{
        return path->trouble == GUESS_KNOWN || path->if_held;
}

static const struct modality {
        const char *word, *name_ja;
        const char *until_wait, *until_wait_ja;
} modalities[] = {
        { "finger", "指", "finger, until it waits", "指(待機又はPIN要求まで)" },
        { "face", "顔", "face, until it waits", "顔(待機又はPIN要求まで)" },
        { "iris", "虹彩", "iris, until it waits", "虹彩(待機又はPIN要求まで)" },
        { "voice", "声", "voice, until it waits", "声(待機又はPIN要求まで)" },
        { "biometric", "生体", "biometric, until it waits", "生体(待機又はPIN要求まで)" },
};

enum { MODALITIES = sizeof modalities / sizeof modalities[0] };

static const struct modality *modality_of(const struct level_facts *facts)
{
        for (size_t i = 0; is_known(facts, LEVEL_UV_MODALITY) && i < MODALITIES; i++)
                if (slice_is(facts->facts[LEVEL_UV_MODALITY].word, modalities[i].word))
                        return &modalities[i];
        return &modalities[MODALITIES - 1];
}

static struct guess_path finger_path(
        const struct level_facts *facts, enum level_fact_id tries, unsigned confidence)
{
        struct guess_path path = { .finger = true, .each = -1 };
        if (want(&path, facts, LEVEL_UV_FMR)) {
                const struct level_fact *fmr = &facts->facts[LEVEL_UV_FMR];
                path.each = binomial_upper(fmr->rate.errors, fmr->rate.trials, confidence / 100.0);
        }
        want_tries(&path, facts, tries, LEVEL_UV_TRIES_HOLD);
        if (has_chance(&path))
                path.total = guess_chance(path.each, path.tries);
        return path;
}

static struct guess_path pin_path(const struct level_facts *facts)
{
        struct guess_path path = { .name = "PIN", .name_ja = "PIN", .counted = true, .each = -1 };
        uint64_t digits = 0;
        if (want(&path, facts, LEVEL_PIN_LENGTH_LEAST)) {
                digits = facts->facts[LEVEL_PIN_LENGTH_LEAST].count;
                path.each = guess_drawn(digits, 1);
        }
        want_tries(&path, facts, LEVEL_PIN_TRIES, LEVEL_PIN_TRIES_HOLD);
        if (has_chance(&path))
                path.total = guess_drawn(digits, path.tries);
        return path;
}

/* Nobody says whether there is such a path, and nothing of it is known: not even what it is called. */
static void add_path(struct guess_budget *budget, const struct level_facts *facts, enum level_fact_id offered,
        struct guess_path path)
{
        if (is_known_as(facts, offered, false))
                return;
        if (!is_known(facts, offered) && path.missing_count == GUESS_MISSING_MAX) {
                path.missing[0] = offered;
                path.missing_count = 1;
        }
        budget->paths[budget->count++] = path;
}

static void add_until_wait(struct guess_budget *budget, const struct level_facts *facts, unsigned confidence)
{
        struct guess_path path = finger_path(facts, LEVEL_UV_TRIES, confidence);
        path.name = modality_of(facts)->until_wait;
        path.name_ja = modality_of(facts)->until_wait_ja;
        bool same = is_known(facts, LEVEL_UV_TRIES_TOTAL) &&
                    facts->facts[LEVEL_UV_TRIES_TOTAL].count == path.tries;
        if (is_known(facts, LEVEL_UV_TRIES) && !same)
                add_path(budget, facts, LEVEL_UV_OFFERED, path);
}

struct guess_budget guess_budget_of(const struct level_facts *facts, unsigned confidence)
{
        struct guess_budget budget = { .confidence = confidence };
        struct guess_path finger = finger_path(facts, LEVEL_UV_TRIES_TOTAL, confidence);
        finger.counted = true;
        finger.name = modality_of(facts)->word;
        finger.name_ja = modality_of(facts)->name_ja;
        add_path(&budget, facts, LEVEL_UV_OFFERED, finger);
        add_until_wait(&budget, facts, confidence);
        add_path(&budget, facts, LEVEL_PIN_OFFERED, pin_path(facts));
        budget.known = budget.if_held = budget.count > 0;
        if (is_known(facts, LEVEL_UV_FMR) && !is_known_as(facts, LEVEL_UV_OFFERED, false)) {
                budget.errors = facts->facts[LEVEL_UV_FMR].rate.errors;
                budget.trials = facts->facts[LEVEL_UV_FMR].rate.trials;
        }
        for (size_t i = 0; i < budget.count; i++) {
                const struct guess_path *path = &budget.paths[i];
                if (!path->counted)
                        continue;
                budget.known = budget.known && path->trouble == GUESS_KNOWN;
                budget.if_held = budget.if_held && has_chance(path);
                budget.total = guess_either(budget.total, path->total);
        }
        return budget;
}

/* ---- in words ---- */

/* What others ask for, held against the PIN of the card: tries at a limit, and whose limit it is. */
static const struct comparison {
        double rate;
        unsigned tries;
        const char *text, *text_ja;
} comparisons[] = {
        { 1.0 / 10000, 5, "5 tries at 1/10,000 (NIST SP 800-63B-4)", "1/10,000で5回(NIST SP 800-63B-4)" },
        { 1.0 / 50000, 5, "5 tries at 1/50,000 (Android CDD)", "1/50,000で5回(Android CDD)" },
};

static void say_comparisons(struct report_text *out, bool ja)
{
        enum { CARD_DIGITS = 4, CARD_TRIES = 3 };
        const double card = guess_drawn(CARD_DIGITS, CARD_TRIES);
        char chance[RATE_TEXT_SIZE], pin[RATE_TEXT_SIZE];
        rate_text(card, pin);
        for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
                const struct comparison *c = &comparisons[i];
                const double total = guess_chance(c->rate, c->tries);
                rate_text(total, chance);
                if (ja)
                        report_text_printf(out, "%s%sは%sで、4桁PIN3回(%s)より%s。",
                                i ? "" : "比較: ", c->text_ja, chance, pin, total > card ? "弱い" : "強い");
                else
                        report_text_printf(out, "%s%s come to %s, %s than 3 tries at a PIN of 4 digits (%s).",
                                i ? " " : " For comparison: ", c->text, chance,
                                total > card ? "weaker" : "stronger", pin);
        }
}

static void say_trouble(struct report_text *out, const struct guess_path *path, bool ja)
{
        const char *name = ja ? path->name_ja : path->name;
        char chance[RATE_TEXT_SIZE];
        rate_text(path->total, chance);
        if (path->trouble == GUESS_MISSING) {
                report_text_printf(out, ja ? "%s: 不明なファクト: " : "%s: not known: ", name);
                for (size_t i = 0; i < path->missing_count; i++)
                        report_text_printf(
                                out, "%s%s", i ? ", " : "", level_fact_kind(path->missing[i])->name);
                if (path->if_held)
                        report_text_printf(out,
                                ja ? "(試行回数が戻らなければ%s)" : " (%s if no try comes back)", chance);
        } else if (path->trouble == GUESS_ENDLESS) {
                report_text_printf(
                        out, ja ? "%s: 試行回数の上限が見られない" : "%s: no end of tries was seen", name);
        } else {
                report_text_printf(out,
                        ja ? "%s: 試行回数が戻るため上限がない"
                           : "%s: tries can be given back, so there is no end",
                        name);
        }
        report_text_add(out, ja ? "。" : ". ");
}

static void say_total(struct report_text *out, const struct guess_budget *budget, bool ja)
{
        const double hardly = 0.1; /* over it "1 in 3" says nothing */
        char total[RATE_TEXT_SIZE], one_in[ONE_IN_TEXT_SIZE];
        rate_text(budget->total, total);
        report_text_printf(out,
                ja ? "拾得者が全経路で認証鍵を使える確率は高々%s"
                   : "A finder who tries every path opens the login key with a probability of at most %s",
                total);
        if (budget->total > 1e-18 && budget->total < hardly) {
                one_in_text(budget->total, one_in);
                report_text_printf(out, ja ? "(約%s分の1)" : " (about 1 in %s)", one_in);
        }
        report_text_add(out, ja ? "。" : ". ");
}

/* Said under its condition, and never as the total. */
static void say_unknown(struct report_text *out, const struct guess_budget *budget, bool ja)
{
        char total[RATE_TEXT_SIZE];
        rate_text(budget->total, total);
        report_text_add(out, ja ? "全体の確率は分からない。" : "The whole is not known. ");
        if (budget->if_held)
                report_text_printf(out,
                        ja ? "試行回数が戻らないと仮定すれば高々%s(これを確かめた者はいない)。"
                           : "If no try came back, which nobody showed, it would be at most %s. ",
                        total);
}

/* What the finger's bound rests on: few trials give a wide one, whatever the device. */
static void say_trials(struct report_text *out, const struct guess_budget *budget, bool ja)
{
        char errors[COUNT_TEXT_SIZE], trials[COUNT_TEXT_SIZE], bound[RATE_TEXT_SIZE];
        if (budget->trials == 0)
                return;
        count_text(budget->errors, errors);
        count_text(budget->trials, trials);
        report_text_printf(out,
                ja ? "生体の値は試行%s回中%s回の誤りから得た上限で、試行が増えれば下がりうる。"
                   : "The biometric part is a bound from %s trials with %s errors: more trials may bring it down. ",
                trials, errors);
        /* Even without an error they could not have shown what the mildest policy asks for. */
        const double least = binomial_upper(0, budget->trials, budget->confidence / 100.0);
        if (least <= comparisons[0].rate)
                return;
        rate_text(least, bound);
        report_text_printf(out,
                ja ? "試行が少なすぎて、これ以上は言えない(誤りが0件でも一回あたり%sより低いとは示せない)。"
                   : "These are too few trials to say more: even with no error they show no less than %s a try. ",
                bound);
}

static json_t *budget_text(const struct guess_budget *budget, bool ja)
{
        REPORT_TEXT(out);
        slice text;
        if (budget->known)
                say_total(&out, budget, ja);
        else
                say_unknown(&out, budget, ja);
        for (size_t i = 0; i < budget->count; i++)
                if (budget->paths[i].trouble != GUESS_KNOWN)
                        say_trouble(&out, &budget->paths[i], ja);
        say_trials(&out, budget, ja);
        report_text_add(&out,
                ja ? "登録が一本、PINが無作為の場合の値で、指を多く登録すれば増え、人が選ぶPINは当てられやすい。"
                   : "This is for one enrolled finger or face and a PIN drawn at random: each further "
                     "finger adds its own chance, and PINs that people choose are guessed more easily.");
        say_comparisons(&out, ja);
        if (failed(report_text_finish(&out, &text, NULL)))
                return NULL;
        return json_stringn((const char *)text.data, text.size);
}

/* ---- JSON ---- */

static json_t *rate_or_null(bool known, double rate)
{
        char text[RATE_TEXT_SIZE];
        rate_text(rate, text);
        return known ? json_string(text) : json_null();
}

static json_t *missing_json(const struct guess_path *path)
{
        json_t *missing = json_array();
        for (size_t i = 0; i < path->missing_count; i++)
                json_array_append_new(missing, json_string(level_fact_kind(path->missing[i])->name));
        return missing;
}

static json_t *path_json(const struct guess_path *path, unsigned confidence)
{
        char basis[64] = "drawn at random", basis_ja[64] = "無作為";
        if (path->finger) {
                (void)snprintf(basis, sizeof basis, "upper bound, %u %%", confidence);
                (void)snprintf(basis_ja, sizeof basis_ja, "信頼上限 %u %%", confidence);
        }
        return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:s, s:s}", "name", path->name, "name_ja",
                path->name_ja, "counted", path->counted, "missing", missing_json(path), "each",
                rate_or_null(path->each >= 0, path->each), "tries",
                path->tries ? json_integer((json_int_t)path->tries) : json_null(), "total",
                rate_or_null(path->trouble == GUESS_KNOWN, path->total), "basis", basis, "basis_ja",
                basis_ja);
}

json_t *guess_budget_json(const struct guess_budget *budget)
{
        json_t *paths = json_array();
        for (size_t i = 0; i < budget->count; i++)
                json_array_append_new(paths, path_json(&budget->paths[i], budget->confidence));
        return json_pack("{s:o, s:o, s:o, s:o}", "paths", paths, "total",
                rate_or_null(budget->known, budget->total), "text", budget_text(budget, false), "text_ja",
                budget_text(budget, true));
}
