/* SPDX-License-Identifier: Apache-2.0 */
#include "fact_text.h"

#include "binomial.h"
#include "rate_text.h"

bool fact_is_known(const struct level_fact *fact)
{
        return fact->obtained != LEVEL_UNKNOWN && fact->obtained != LEVEL_UNUSABLE;
}

static void say_rate(struct report_text *out, const struct level_fact *fact, unsigned confidence, bool ja)
{
        char errors[COUNT_TEXT_SIZE], trials[COUNT_TEXT_SIZE], upper[RATE_TEXT_SIZE];
        count_text(fact->rate.errors, errors);
        count_text(fact->rate.trials, trials);
        rate_text(binomial_upper(fact->rate.errors, fact->rate.trials, confidence / 100.0), upper);
        if (ja)
                report_text_printf(
                        out, "%s回中%s回の誤り(信頼上限%u %%で高々%s)", trials, errors, confidence, upper);
        else
                report_text_printf(out, "%s errors in %s trials (at most %s at %u %%)", errors, trials, upper,
                        confidence);
}

static void say_count(struct report_text *out, uint64_t count)
{
        char text[COUNT_TEXT_SIZE];
        count_text(count, text);
        report_text_add(out, text);
}

void fact_text_value(struct report_text *out, enum level_fact_id id, const struct level_fact *fact,
        unsigned confidence, bool ja)
{
        if (!fact_is_known(fact)) {
                report_text_add(out, ja ? "不明" : "not known");
                return;
        }
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                report_text_add(out, fact->yes ? (ja ? "はい" : "yes") : (ja ? "いいえ" : "no"));
                break;
        case LEVEL_COUNT:
                say_count(out, fact->count);
                break;
        case LEVEL_WORD:
                report_text_add_slice(out, fact->word);
                break;
        case LEVEL_RATE:
                say_rate(out, fact, confidence, ja);
                break;
        }
}

const char *fact_type_name(enum level_type type)
{
        static const char *const names[] = {
                [LEVEL_BOOL] = "bool", [LEVEL_COUNT] = "count", [LEVEL_WORD] = "word", [LEVEL_RATE] = "rate"
        };
        return names[type];
}

json_t *fact_json_value(enum level_fact_id id, const struct level_fact *fact)
{
        enum { SHOWN_AT = 95 };
        char upper[RATE_TEXT_SIZE];
        if (!fact_is_known(fact))
                return json_null();
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                return json_boolean(fact->yes);
        case LEVEL_COUNT:
                return json_integer((json_int_t)fact->count);
        case LEVEL_WORD:
                return json_stringn((const char *)fact->word.data, fact->word.size);
        case LEVEL_RATE:
                break;
        }
        rate_text(binomial_upper(fact->rate.errors, fact->rate.trials, SHOWN_AT / 100.0), upper);
        return json_pack("{s:I, s:I, s:s}", "errors", (json_int_t)fact->rate.errors, "trials",
                (json_int_t)fact->rate.trials, "upper_95", upper);
}

json_t *fact_text_string(struct report_text *out)
{
        slice text;
        if (failed(report_text_finish(out, &text, NULL)))
                return NULL;
        return json_stringn((const char *)text.data, text.size);
}
