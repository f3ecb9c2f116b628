/* SPDX-License-Identifier: Apache-2.0 */
#include "disagreements.h"

#include "fact_text.h"

#include <string.h>

struct side {
        const struct evaluation_policy *policy;
        size_t index;
        const struct level_requirement *requirement;
        enum level_outcome outcome;
};

struct topic {
        slice name;
        struct side sides[LEVEL_REQUIREMENTS_MAX];
        bool taken[LEVEL_REQUIREMENTS_MAX];
        size_t count;
};

/* That one was only declared and the other observed is no disagreement of the policies. */
static int kind_of(enum level_outcome outcome)
{
        return outcome == LEVEL_NOT_SATISFIED ? 0 : outcome == LEVEL_NOT_TESTABLE ? 1 : 2;
}

static bool share_a_fact(const struct side *one, const struct side *other)
{
        enum level_fact_id facts[LEVEL_NODES_MAX], others[LEVEL_NODES_MAX];
        size_t count = evaluation_facts_of(&one->requirement->expression, facts);
        size_t other_count = evaluation_facts_of(&other->requirement->expression, others);
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < other_count; j++)
                        if (facts[i] == others[j])
                                return true;
        return false;
}

static bool differ(const struct side *one, const struct side *other)
{
        return one->policy != other->policy && kind_of(one->outcome) != kind_of(other->outcome) &&
               share_a_fact(one, other);
}

/* Only those that differ from another policy's stay. */
static size_t keep_sides(struct topic *topic)
{
        size_t kept = 0;
        for (size_t i = 0; i < topic->count; i++)
                for (size_t j = 0; j < topic->count; j++)
                        topic->taken[i] = topic->taken[i] || differ(&topic->sides[i], &topic->sides[j]);
        for (size_t i = 0; i < topic->count; i++)
                if (topic->taken[i])
                        topic->sides[kept++] = topic->sides[i];
        return topic->count = kept;
}

/* ---- in words ---- */

static const char *outcome_ja(enum level_outcome outcome)
{
        static const char *const words[] = { [LEVEL_SATISFIED] = "満たす",
                [LEVEL_PARTLY_OBSERVED] = "一部のみ確認",
                [LEVEL_DECLARED_ONLY] = "申告のみ",
                [LEVEL_NOT_SATISFIED] = "満たさない",
                [LEVEL_NOT_TESTABLE] = "ここでは確認不能" };
        return words[outcome];
}

static const char *predicate_of(const struct side *side)
{
        return evaluation_policy_text(side->policy, side->index, "predicate");
}

static void say_facts(struct report_text *out, const struct topic *topic,
        const struct evaluation_findings *findings, bool ja)
{
        bool said[LEVEL_FACTS] = { false };
        const char *between = ja ? "ここでは" : "Here ";
        for (size_t i = 0; i < topic->count; i++) {
                enum level_fact_id facts[LEVEL_NODES_MAX];
                const struct side *side = &topic->sides[i];
                size_t count = evaluation_facts_of(&side->requirement->expression, facts);
                for (size_t j = 0; j < count; j++) {
                        if (said[facts[j]])
                                continue;
                        said[facts[j]] = true;
                        report_text_printf(
                                out, ja ? "%s%sは" : "%s%s is ", between, level_fact_kind(facts[j])->name);
                        fact_text_value(out, facts[j], &findings->facts.facts[facts[j]],
                                side->policy->policy.confidence, ja);
                        between = ja ? "、" : ", ";
                }
        }
        report_text_add(out, ja ? "。" : ".");
}

/* Where the same words come to different ends, it is the confidence at which rates are judged. */
static void say_confidence(struct report_text *out, const struct topic *topic, bool ja)
{
        for (size_t i = 1; i < topic->count; i++) {
                const unsigned one = topic->sides[0].policy->policy.confidence;
                const unsigned other = topic->sides[i].policy->policy.confidence;
                if (one == other)
                        continue;
                report_text_printf(out,
                        ja ? "率は%u %%と%u %%の信頼度で判定される。"
                           : " Rates are judged at %u %% by one and at %u %% by another.",
                        one, other);
                return;
        }
}

/* A policy that asks for the same at two levels is quoted once. */
static bool was_said(const struct topic *topic, size_t index)
{
        for (size_t i = 0; i < index; i++)
                if (topic->sides[i].policy == topic->sides[index].policy &&
                        strcmp(predicate_of(&topic->sides[i]), predicate_of(&topic->sides[index])) == 0)
                        return true;
        return false;
}

static json_t *topic_text(const struct topic *topic, const struct evaluation_findings *findings, bool ja)
{
        REPORT_TEXT(out);
        report_text_add_slice(&out, topic->name);
        report_text_add(&out, ": ");
        for (size_t i = 0; i < topic->count; i++) {
                const struct side *side = &topic->sides[i];
                const char *id = evaluation_policy_id(side->policy), *predicate = predicate_of(side);
                const bool shall = side->requirement->shall;
                if (was_said(topic, i))
                        continue;
                report_text_add(&out, i == 0 ? "" : ja ? "、" : ", ");
                if (ja)
                        report_text_printf(&out, "%sは%s(%s): %s", id, predicate, shall ? "必須" : "推奨",
                                outcome_ja(side->outcome));
                else
                        report_text_printf(&out, "%s %s %s: %s", id, shall ? "demands" : "recommends",
                                predicate, level_outcome_name(side->outcome));
        }
        report_text_add(&out, ja ? "。" : ". ");
        say_facts(&out, topic, findings, ja);
        say_confidence(&out, topic, ja);
        return fact_text_string(&out);
}

/* ---- JSON ---- */

static json_t *side_json(const struct side *side)
{
        return json_pack("{s:s, s:s%, s:s, s:s, s:s}", "policy", evaluation_policy_id(side->policy),
                "requirement", (const char *)side->requirement->id.data, side->requirement->id.size,
                "keyword", side->requirement->shall ? "SHALL" : "SHOULD", "predicate", predicate_of(side),
                "outcome", level_outcome_name(side->outcome));
}

static json_t *topic_json(const struct topic *topic, const struct evaluation_findings *findings)
{
        json_t *sides = json_array();
        for (size_t i = 0; i < topic->count; i++)
                json_array_append_new(sides, side_json(&topic->sides[i]));
        return json_pack("{s:s%, s:o, s:o, s:o}", "topic", (const char *)topic->name.data, topic->name.size,
                "sides", sides, "text", topic_text(topic, findings, false), "text_ja",
                topic_text(topic, findings, true));
}

/* ---- topics ---- */

static int compare_names(slice one, slice other)
{
        int order = memcmp(one.data, other.data, one.size < other.size ? one.size : other.size);
        return order ? order : one.size < other.size ? -1 : one.size > other.size;
}

/* The first topic behind `after` in the order of their names. */
static bool next_topic(
        struct evaluation_policy *const *policies, size_t count, const slice *after, slice *ret)
{
        bool found = false;
        for (size_t p = 0; p < count; p++)
                for (size_t i = 0; i < policies[p]->policy.requirement_count; i++) {
                        slice name = policies[p]->policy.requirements[i].topic;
                        if ((after && compare_names(name, *after) <= 0) ||
                                (found && compare_names(name, *ret) >= 0))
                                continue;
                        *ret = name;
                        found = true;
                }
        return found;
}

static void gather(struct topic *topic, struct evaluation_policy *const *policies, size_t count)
{
        for (size_t p = 0; p < count; p++)
                for (size_t i = 0; i < policies[p]->policy.requirement_count; i++) {
                        const struct level_requirement *requirement = &policies[p]->policy.requirements[i];
                        if (topic->count < LEVEL_REQUIREMENTS_MAX &&
                                slice_equal(requirement->topic, topic->name))
                                topic->sides[topic->count++] = (struct side){ .policy = policies[p],
                                        .index = i,
                                        .requirement = requirement,
                                        .outcome = policies[p]->judgement.findings[i].outcome };
                }
}

json_t *disagreements_find(
        struct evaluation_policy *const *policies, size_t count, const struct evaluation_findings *findings)
{
        json_t *found = json_array();
        slice name = { 0 }, last = { 0 };
        for (bool first = true; next_topic(policies, count, first ? NULL : &last, &name); first = false) {
                last = name;
                struct topic topic = { .name = name };
                gather(&topic, policies, count);
                if (keep_sides(&topic) == 0)
                        continue;
                if (json_array_append_new(found, topic_json(&topic, findings)) != 0) {
                        json_decref(found);
                        return NULL;
                }
        }
        return found;
}
