/* SPDX-License-Identifier: Apache-2.0 */
/* Advice in words. */
#include "advisor.h"

#include "binomial.h"
#include "fact_text.h"
#include "rate_text.h"

enum { ONE_ERROR = 1 };

/* ---- what it has to be ---- */

static void say_count_goal(struct report_text *out, const struct advisor_change *change, bool ja)
{
        char least[COUNT_TEXT_SIZE], most[COUNT_TEXT_SIZE];
        count_text(change->least, least);
        count_text(change->most, most);
        if (change->least == change->most)
                report_text_add(out, least);
        else if (change->most == UINT64_MAX)
                report_text_printf(out, ja ? "%s以上" : "%s or more", least);
        else if (change->least == 0)
                report_text_printf(out, ja ? "%s以下" : "%s or fewer", most);
        else
                report_text_printf(out, ja ? "%sから%s" : "%s to %s", least, most);
}

static void say_word_goal(struct report_text *out, const struct advisor_change *change, bool ja)
{
        for (size_t i = 0; i < change->word_count; i++) {
                const bool last = i + 1 == change->word_count && !change->other_word;
                report_text_add(out, i == 0 ? "" : ja ? "、" : last ? " or " : ", ");
                report_text_add_slice(out, change->words[i]);
        }
        if (change->other_word && change->word_count)
                report_text_add(out, ja ? "、ほか" : " or another");
        else if (change->other_word)
                report_text_add(out, ja ? "ほかの語" : "another word");
}

static void say_rate_goal(struct report_text *out, const struct advisor_change *change, bool ja)
{
        char under[RATE_TEXT_SIZE], from[RATE_TEXT_SIZE];
        rate_text(change->rate, under);
        rate_text(change->rate_from, from);
        if (change->rate <= 1)
                report_text_printf(out, ja ? "%s未満" : "under %s", under);
        else
                report_text_printf(out, ja ? "%s以上" : "%s or more", from);
}

static void say_goal(struct report_text *out, const struct advisor_change *change, bool ja)
{
        switch (level_fact_kind(change->fact)->type) {
        case LEVEL_BOOL:
                report_text_add(out, change->yes ? (ja ? "はい" : "yes") : (ja ? "いいえ" : "no"));
                break;
        case LEVEL_COUNT:
                say_count_goal(out, change, ja);
                break;
        case LEVEL_WORD:
                say_word_goal(out, change, ja);
                break;
        case LEVEL_RATE:
                say_rate_goal(out, change, ja);
                break;
        }
}

/* ---- what to do ---- */

/* How many trials show it: without an error, and with one more than were seen (at least one). */
static void say_trials(struct report_text *out, const struct advisor_change *change,
        const struct level_fact *fact, unsigned confidence, bool ja)
{
        char clean[COUNT_TEXT_SIZE], some[COUNT_TEXT_SIZE], errors[COUNT_TEXT_SIZE];
        const uint64_t seen = fact_is_known(fact) && fact->rate.errors ? fact->rate.errors : ONE_ERROR;
        count_text(binomial_trials(0, change->rate, confidence / 100.0), clean);
        count_text(binomial_trials(seen, change->rate, confidence / 100.0), some);
        count_text(seen, errors);
        if (ja)
                report_text_printf(out, "誤りなしなら%s回、誤り%s回なら%s回の試行(%u %%)", clean, errors,
                        some, confidence);
        else
                report_text_printf(out, "with %s trials without an error, or %s with %s (%u %%)", clean, some,
                        errors, confidence);
}

static void say_rate_change(struct report_text *out, const struct advisor_change *change,
        const struct level_fact *fact, unsigned confidence, bool ja)
{
        const char *name = level_fact_kind(change->fact)->name;
        if (ja)
                report_text_printf(out, change->show ? "%sを測定し、" : "%sを改善し、", name);
        else
                report_text_printf(out, change->show ? "measure %s, " : "bring down %s, ", name);
        say_rate_goal(out, change, ja);
        report_text_add(out, ja ? "であることを示す: " : ": ");
        say_trials(out, change, fact, confidence, ja);
}

static json_t *change_text(
        const struct advisor_change *change, const struct level_fact *fact, unsigned confidence, bool ja)
{
        REPORT_TEXT(out);
        const struct level_fact_kind *kind = level_fact_kind(change->fact);
        if (kind->type == LEVEL_RATE && change->rate <= 1) {
                say_rate_change(&out, change, fact, confidence, ja);
        } else if (change->show) {
                report_text_printf(&out, ja ? "%sを示す: " : "show %s: ", kind->name);
                say_goal(&out, change, ja);
        } else {
                report_text_printf(&out, "%s: ", kind->name);
                fact_text_value(&out, change->fact, fact, confidence, ja);
                report_text_add(&out, ja ? " → " : " -> ");
                say_goal(&out, change, ja);
        }
        report_text_printf(&out, ja ? "(%s)" : " (%s)", ja ? kind->text_ja : kind->text);
        return fact_text_string(&out);
}

static json_t *goal_string(const struct advisor_change *change)
{
        REPORT_TEXT(out);
        say_goal(&out, change, false);
        return fact_text_string(&out);
}

static json_t *value_string(
        const struct advisor_change *change, const struct level_fact *fact, unsigned confidence)
{
        REPORT_TEXT(out);
        if (!fact_is_known(fact))
                return json_null();
        fact_text_value(&out, change->fact, fact, confidence, false);
        return fact_text_string(&out);
}

json_t *advisor_json(const struct advice *advice, const struct level_facts *facts, unsigned confidence)
{
        json_t *changes = json_array();
        for (size_t i = 0; changes && i < advice->count; i++) {
                const struct advisor_change *change = &advice->changes[i];
                const struct level_fact *fact = &facts->facts[change->fact];
                json_t *one = json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "kind",
                        change->show ? "show" : "change", "fact", level_fact_kind(change->fact)->name, "from",
                        value_string(change, fact, confidence), "to", goal_string(change), "responsible",
                        change->responsible, "text", change_text(change, fact, confidence, false), "text_ja",
                        change_text(change, fact, confidence, true));
                if (json_array_append_new(changes, one) != 0) {
                        json_decref(changes);
                        return NULL;
                }
        }
        return changes;
}
