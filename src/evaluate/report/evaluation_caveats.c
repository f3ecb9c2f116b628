/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_caveats.h"

#include "fact_text.h"

#include <stdlib.h>
#include <string.h>

enum { CONFIDENCE = 95 };

/* Both texts at once; what could not be written down is noted in the record. */
static void say(
        struct evaluation_record *record, const char *id, struct report_text *en, struct report_text *ja)
{
        slice text, text_ja;
        if (failed(report_text_finish(en, &text, NULL)) || failed(report_text_finish(ja, &text_ja, NULL))) {
                record->failed = true;
                return;
        }
        evaluation_record_caveat(record, id, (const char *)text.data, (const char *)text_ja.data);
}

/* ---- what sources say ---- */

static void say_value(struct report_text *out, const struct fact_claim *claim, bool ja)
{
        static const char *const words_ja[] = { [LEVEL_UNKNOWN] = "不明",
                [LEVEL_DECLARED] = "申告",
                [LEVEL_ATTESTED] = "証明",
                [LEVEL_MEASURED] = "測定",
                [LEVEL_OBSERVED] = "観測",
                [LEVEL_UNUSABLE] = "使用不能" };
        struct level_fact value = claim->value;
        if (level_fact_kind(claim->fact)->type == LEVEL_WORD)
                value.word = slice_text(claim->word);
        report_text_printf(out, "%s%s ", ja ? words_ja[value.obtained] : level_obtained_name(value.obtained),
                !value.partial ? ""
                : ja           ? "・一部"
                               : " in part");
        fact_text_value(out, claim->fact, &value, CONFIDENCE, ja);
        report_text_printf(out, ja ? "(%s)" : " (%s)", claim->from);
}

static void say_two(struct evaluation_record *record, const char *id, const struct fact_claim *seen,
        const struct fact_claim *said, const char *end, const char *end_ja)
{
        REPORT_TEXT(en);
        REPORT_TEXT(ja);
        const char *name = level_fact_kind(seen->fact)->name;
        report_text_printf(&en, "%s: ", name);
        say_value(&en, said, false);
        report_text_add(&en, ", ");
        say_value(&en, seen, false);
        report_text_add(&en, end);
        report_text_printf(&ja, "%s: ", name);
        say_value(&ja, said, true);
        report_text_add(&ja, "、");
        say_value(&ja, seen, true);
        report_text_add(&ja, end_ja);
        say(record, id, &en, &ja);
}

static void say_unusable(struct evaluation_record *record, const struct fact_claim *claim)
{
        REPORT_TEXT(en);
        REPORT_TEXT(ja);
        const char *name = level_fact_kind(claim->fact)->name;
        report_text_printf(&en, "%s: what %s says cannot be used: %s.", name, claim->from, claim->why);
        report_text_printf(&ja, "%s: %sの値は使えない: %s。", name, claim->from, claim->why_ja);
        say(record, "unusable", &en, &ja);
}

/* What counts, and another source that says otherwise. */
static void compare_claims(
        struct evaluation_record *record, const struct fact_claim *chosen, const struct fact_claim *other)
{
        const bool better = fact_claims_better(chosen, other);
        if (chosen->value.obtained == LEVEL_UNUSABLE || fact_claims_agree(chosen, other))
                return;
        if (fact_claims_contradict(chosen, other))
                say_two(record, "contradiction", chosen, other,
                        better ? ": the device does not do what it says; by this value it is better."
                               : ": the device does not do what it says.",
                        better ? ": 機器は申告どおりに動作していない(この値は申告より良い)。"
                               : ": 機器は申告どおりに動作していない。");
        else if (fact_claims_contradict(other, chosen))
                say_two(record, "contradiction", other, chosen,
                        ": what was seen is better than what is said; the worse one counts.",
                        ": 確認された値は申告より良いが、悪い方を採用した。");
        else
                say_two(record, "sources_differ", chosen, other,
                        better ? ": the surer one counts." : ": the worse one counts.",
                        better ? ": より確かな方を採用した。" : ": 悪い方を採用した。");
}

static void note_claims(struct evaluation_record *record, const struct evaluation_findings *findings)
{
        for (size_t i = 0; i < record->claims.count; i++) {
                const struct fact_claim *claim = &record->claims.claims[i];
                const struct fact_claim *chosen = findings->chosen[claim->fact];
                if (claim->value.obtained == LEVEL_UNUSABLE)
                        say_unusable(record, claim);
                else if (claim != chosen)
                        compare_claims(record, chosen, claim);
        }
}

/* ---- what the facts rest on ---- */

static void note_declared(struct evaluation_record *record, const struct evaluation_findings *findings)
{
        REPORT_TEXT(en);
        REPORT_TEXT(ja);
        size_t count = 0;
        report_text_add(&en, "Nobody saw this; somebody says so: ");
        report_text_add(&ja, "次は申告のみで、確認されていない: ");
        for (size_t id = 0; id < LEVEL_FACTS; id++) {
                if (findings->facts.facts[id].obtained != LEVEL_DECLARED)
                        continue;
                const char *name = level_fact_kind((enum level_fact_id)id)->name;
                report_text_printf(&en, "%s%s", count ? ", " : "", name);
                report_text_printf(&ja, "%s%s", count++ ? "、" : "", name);
        }
        report_text_add(&en, ".");
        report_text_add(&ja, "。");
        if (count)
                say(record, "declared", &en, &ja);
}

/* An AAGUID that no attestation has shown is the device's own word, and another's may be told as well. */
static void note_model(struct evaluation_record *record, const struct evaluation_findings *findings)
{
        const struct level_fact *trusted = &findings->facts.facts[LEVEL_LOGIN_ATTESTATION_TRUSTED];
        bool declared = false;
        for (size_t id = LEVEL_MODEL_EVERY_PATH_VERIFIES; id <= LEVEL_MODEL_SENSOR_KNOWN; id++)
                declared = declared || findings->facts.facts[id].obtained == LEVEL_DECLARED;
        if (declared && !(trusted->obtained == LEVEL_OBSERVED && trusted->yes))
                evaluation_record_caveat(record, "model_unproven",
                        "Which model this device is, it says itself: no attestation of it was verified. What is declared "
                        "of the model (model.*) is true of this device only if it is one.",
                        "この機器がどのモデルかは機器自身の申告であり、アテステーションは検証していない。モデルについての申告"
                        "(model.*)は、本当にそのモデルである場合にのみ当てはまる。");
}

static void note_rates(struct evaluation_record *record, const struct evaluation_findings *findings)
{
        for (size_t id = 0; id < LEVEL_FACTS; id++)
                if (level_fact_kind((enum level_fact_id)id)->type == LEVEL_RATE &&
                        fact_is_known(&findings->facts.facts[id]))
                        evaluation_record_caveat(record, "independence",
                                "Bounds of rates are exact for trials that are independent of each other. Where one "
                                "finger takes part in many comparisons they are not, and the bounds are too narrow by "
                                "an amount that nobody knows.",
                                "率の信頼限界は試行が互いに独立な場合に正確である。一本の指が多くの照合に加わる場合は独立"
                                "ではなく、限界は未知の量だけ狭すぎる。");
}

/* An attack that succeeded: how often it may is for policies to say, so that its probe is not broken by it.
 */
static void note_artefacts(struct evaluation_record *record, const struct evaluation_findings *findings)
{
        REPORT_TEXT(en);
        REPORT_TEXT(ja);
        const struct level_fact *iapar = &findings->facts.facts[LEVEL_UV_IAPAR];
        if (!fact_is_known(iapar) || iapar->rate.errors == 0)
                return;
        report_text_printf(&en, "Artefacts (copies of a finger) opened it: %ju of %ju, of the worst species.",
                (uintmax_t)iapar->rate.errors, (uintmax_t)iapar->rate.trials);
        report_text_printf(&ja, "人工物(指の複製)が受け入れられた: 最悪の種別で%ju回(%ju回中)。",
                (uintmax_t)iapar->rate.errors, (uintmax_t)iapar->rate.trials);
        say(record, "artefacts", &en, &ja);
}

/* ---- what probes could not do ---- */

enum not_run { NOT_RUN_DESTRUCTIVE, NOT_TESTABLE, TARGET_BROKE, NOT_RUNS };

static const struct {
        const char *id, *text, *text_ja;
} not_run_texts[NOT_RUNS] = {
        [NOT_RUN_DESTRUCTIVE] = { "not_run",
                "Not run, for they could lock or reset the device (--destructive): ",
                "機器をロック又は初期化しうるため実行していない(--destructive): " },
        [NOT_TESTABLE] = { "not_testable", "Not testable on this target: ", "この対象では試験できない: " },
        [TARGET_BROKE] = { "target_failed", "The device hung, died or broke the protocol under: ",
                "機器が停止又はプロトコルに違反した試験: " },
};

static enum not_run kind_of(const json_t *probe)
{
        const char *result = json_string_value(json_object_get(probe, "result"));
        const char *why = json_string_value(json_object_get(probe, "why"));
        if (strcmp(result, "target failed") == 0)
                return TARGET_BROKE;
        if (strcmp(result, "not testable here") != 0)
                return NOT_RUNS;
        /* A destructive one may want an ability, too, that the target has not. */
        return why && strstr(why, "--destructive") ? NOT_RUN_DESTRUCTIVE : NOT_TESTABLE;
}

static void note_probes(struct evaluation_record *record, const json_t *probes, enum not_run kind)
{
        REPORT_TEXT(en);
        REPORT_TEXT(ja);
        size_t i, count = 0;
        const json_t *probe;
        report_text_add(&en, not_run_texts[kind].text);
        report_text_add(&ja, not_run_texts[kind].text_ja);
        json_array_foreach(probes, i, probe)
        {
                if (kind_of(probe) != kind)
                        continue;
                const char *id = json_string_value(json_object_get(probe, "id"));
                report_text_printf(&en, "%s%s", count ? ", " : "", id);
                report_text_printf(&ja, "%s%s", count++ ? "、" : "", id);
        }
        report_text_add(&en, ".");
        report_text_add(&ja, "。");
        if (count)
                say(record, not_run_texts[kind].id, &en, &ja);
}

void evaluation_caveats_add(struct evaluation_record *record, const struct evaluation_findings *findings,
        const json_t *target, const json_t *probes)
{
        if (json_is_true(json_object_get(target, "simulated")))
                evaluation_record_caveat(record, "simulated",
                        "The secure element is simulated: a program, which protects keys from nobody who holds the "
                        "machine. What is said of its physical protection holds for no hardware.",
                        "セキュアエレメントは模擬(プログラム)であり、機器を持つ者から鍵を守らない。物理的保護についての"
                        "記述はどのハードウェアにも当てはまらない。");
        note_claims(record, findings);
        note_declared(record, findings);
        note_model(record, findings);
        note_rates(record, findings);
        note_artefacts(record, findings);
        for (int kind = 0; kind < NOT_RUNS; kind++)
                note_probes(record, probes, (enum not_run)kind);
}

/* ---- order ---- */

/* The gravest first; those that are not here come last. */
static const char *const order[] = { "simulated", "contradiction", "target_failed", "artefacts",
        "get_info_unreadable", "evidence_unused", "unusable", "evidence_declared", "model_unproven",
        "sources_differ", "independence", "synthetic", "measurement_incomplete", "not_run", "not_testable",
        "declared" };

static size_t rank_of(const json_t *caveat)
{
        const char *id = json_string_value(json_object_get(caveat, "id"));
        size_t rank = 0;
        while (rank < sizeof order / sizeof order[0] && strcmp(order[rank], id) != 0)
                rank++;
        return rank;
}

static int compare_caveats(const void *left, const void *right)
{
        json_t *const *one = left, *const *other = right;
        if (rank_of(*one) != rank_of(*other))
                return rank_of(*one) < rank_of(*other) ? -1 : 1;
        return strcmp(json_string_value(json_object_get(*one, "text")),
                json_string_value(json_object_get(*other, "text")));
}

void evaluation_caveats_sort(struct evaluation_record *record)
{
        const size_t count = json_array_size(record->caveats);
        json_t **sorted = calloc(count + 1, sizeof(json_t *));
        json_t *ordered = json_array();
        if (!sorted || !ordered) {
                record->failed = true;
                free(sorted);
                json_decref(ordered);
                return;
        }
        for (size_t i = 0; i < count; i++)
                sorted[i] = json_array_get(record->caveats, i);
        qsort(sorted, count, sizeof(json_t *), compare_caveats);
        for (size_t i = 0; i < count; i++)
                json_array_append(ordered, sorted[i]);
        free(sorted);
        json_decref(record->caveats);
        record->caveats = ordered;
}
