/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_policy.h"

#include "advisor.h"
#include "digest.h"
#include "fact_text.h"
#include "hex_text.h"

#include <stdlib.h>

/* ---- opening ---- */

static mitome_status read_policy(struct evaluation_policy *policy, slice json, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        writer w = writer_over((uint8_t *)policy->sha256, sizeof policy->sha256 - 1);
        MITOME_TRY(level_policy_read(json, &policy->policy, error));
        sha256(&json, 1, digest);
        hex_text_write(&w, SLICE(digest));
        policy->json = json;
        policy->texts = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL);
        return policy->texts ? ok() : fail(error, MITOME_E_NO_MEMORY, "policy", NULL);
}

mitome_status evaluation_policy_open(slice json, const struct evaluation_findings *findings,
        struct evaluation_policy **ret, mitome_error *error)
{
        struct evaluation_policy *policy = calloc(1, sizeof *policy);
        if (!policy)
                return fail(error, MITOME_E_NO_MEMORY, "policy", NULL);
        mitome_status status = read_policy(policy, json, error);
        if (failed(status)) {
                evaluation_policy_close(policy);
                return status;
        }
        level_judge(&policy->policy, &findings->facts, findings->scopes, &policy->judgement);
        *ret = policy;
        return ok();
}

void evaluation_policy_close(struct evaluation_policy *policy)
{
        if (!policy)
                return;
        json_decref(policy->texts);
        free(policy);
}

/* ---- texts ---- */

static const char *text_or_empty(const json_t *of, const char *name)
{
        const char *text = json_string_value(json_object_get(of, name));
        return text ? text : "";
}

const char *evaluation_policy_id(const struct evaluation_policy *policy)
{
        return text_or_empty(policy->texts, "id");
}

const char *evaluation_policy_text(
        const struct evaluation_policy *policy, size_t requirement, const char *name)
{
        return text_or_empty(
                json_array_get(json_object_get(policy->texts, "requirements"), requirement), name);
}

/* Where the Japanese is not given, the English stands. */
static const char *text_ja(
        const struct evaluation_policy *policy, size_t requirement, const char *name_ja, const char *name)
{
        const char *text = evaluation_policy_text(policy, requirement, name_ja);
        return *text ? text : evaluation_policy_text(policy, requirement, name);
}

static json_t *level_name(const struct evaluation_policy *policy, bool known, size_t level)
{
        const json_t *name = json_array_get(json_object_get(policy->texts, "levels"), level);
        return known && name ? json_string(json_string_value(name)) : json_null();
}

size_t evaluation_facts_of(const struct level_expression *expression, enum level_fact_id ret[LEVEL_NODES_MAX])
{
        size_t count = 0;
        for (size_t i = 0; i < expression->count; i++) {
                const struct level_node *node = &expression->nodes[i];
                bool joins =
                        node->operator== LEVEL_AND || node->operator== LEVEL_OR || node->operator== LEVEL_NOT;
                size_t known = 0;
                while (!joins && known < count && ret[known] != node->fact)
                        known++;
                if (!joins && known == count)
                        ret[count++] = node->fact;
        }
        return count;
}

/* ---- why ---- */

static const char *obtained_word(enum level_obtained obtained, bool ja)
{
        static const char *const words_ja[] = { [LEVEL_UNKNOWN] = "不明",
                [LEVEL_DECLARED] = "申告",
                [LEVEL_ATTESTED] = "証明",
                [LEVEL_MEASURED] = "測定",
                [LEVEL_OBSERVED] = "観測",
                [LEVEL_UNUSABLE] = "使用不能" };
        return ja ? words_ja[obtained] : level_obtained_name(obtained);
}

/* "pin.length_least is 4 (observed, P07)" */
static void say_fact(struct report_text *out, const struct evaluation_findings *findings,
        enum level_fact_id id, unsigned confidence, bool ja)
{
        const struct level_fact *fact = &findings->facts.facts[id];
        const struct fact_claim *claim = findings->chosen[id];
        const char *name = level_fact_kind(id)->name;
        if (fact->obtained == LEVEL_UNUSABLE && claim) {
                report_text_printf(out, ja ? "%s: 使用不能。%s(%s)" : "%s cannot be used: %s (%s)", name,
                        ja ? claim->why_ja : claim->why, claim->from);
                return;
        }
        report_text_printf(out, ja ? "%s: " : "%s is ", name);
        fact_text_value(out, id, fact, confidence, ja);
        if (!claim)
                return;
        report_text_printf(out, ja ? "(%s%s、%s)" : " (%s%s, %s)", obtained_word(fact->obtained, ja),
                fact->partial ? (ja ? "・一部" : " in part") : "", claim->from);
}

/* The fact that decided comes first. */
static json_t *why(const struct evaluation_policy *policy, const struct evaluation_findings *findings,
        size_t requirement, bool ja)
{
        REPORT_TEXT(out);
        enum level_fact_id facts[LEVEL_NODES_MAX];
        const enum level_fact_id first = policy->judgement.findings[requirement].fact;
        size_t count = evaluation_facts_of(&policy->policy.requirements[requirement].expression, facts);
        say_fact(&out, findings, first, policy->policy.confidence, ja);
        for (size_t i = 0; i < count; i++) {
                if (facts[i] == first)
                        continue;
                report_text_add(&out, ja ? "。" : "; ");
                say_fact(&out, findings, facts[i], policy->policy.confidence, ja);
        }
        return fact_text_string(&out);
}

/* ---- requirements ---- */

static json_t *facts_json(const struct level_expression *expression)
{
        enum level_fact_id facts[LEVEL_NODES_MAX];
        size_t count = evaluation_facts_of(expression, facts);
        json_t *names = json_array();
        for (size_t i = 0; i < count; i++)
                json_array_append_new(names, json_string(level_fact_kind(facts[i])->name));
        return names;
}

static json_t *scopes_json(unsigned scopes)
{
        json_t *names = json_array();
        for (unsigned i = 0; i < LEVEL_SCOPES; i++)
                if (scopes & 1U << i)
                        json_array_append_new(names, json_string(level_scope_name(i)));
        return names;
}

static json_t *slice_json(slice text)
{
        return json_stringn((const char *)text.data, text.size);
}

static json_t *requirement_json(
        const struct evaluation_policy *policy, const struct evaluation_findings *findings, size_t i)
{
        const struct level_requirement *requirement = &policy->policy.requirements[i];
        const bool ends = requirement->until + 1 < policy->policy.level_count;
        return json_pack(
                "{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, "
                "s:s, s:s}",
                "id", slice_json(requirement->id), "topic", slice_json(requirement->topic), "level",
                level_name(policy, true, requirement->level), "until",
                level_name(policy, ends, requirement->until), "scope", scopes_json(requirement->scopes),
                "keyword", requirement->shall ? "SHALL" : "SHOULD", "source",
                evaluation_policy_text(policy, i, "source"), "section",
                evaluation_policy_text(policy, i, "section"), "verified", requirement->verified, "text",
                evaluation_policy_text(policy, i, "text"), "text_ja", text_ja(policy, i, "text_ja", "text"),
                "predicate", evaluation_policy_text(policy, i, "predicate"), "outcome",
                level_outcome_name(policy->judgement.findings[i].outcome), "why",
                why(policy, findings, i, false), "why_ja", why(policy, findings, i, true), "facts",
                facts_json(&requirement->expression), "responsible",
                evaluation_policy_text(policy, i, "responsible"), "remedy",
                evaluation_policy_text(policy, i, "remedy"), "remedy_ja",
                text_ja(policy, i, "remedy_ja", "remedy"));
}

static json_t *requirements_json(
        const struct evaluation_policy *policy, const struct evaluation_findings *findings)
{
        json_t *requirements = json_array();
        for (size_t i = 0; i < policy->policy.requirement_count; i++)
                if (json_array_append_new(requirements, requirement_json(policy, findings, i)) != 0) {
                        json_decref(requirements);
                        return NULL;
                }
        return requirements;
}

/* ---- the policy ---- */

/* What lifts it to the next level: of all that counts there, for whoever judges these scopes. */
static mitome_status changes_json(const struct evaluation_policy *policy,
        const struct evaluation_findings *findings, json_t **ret, bool *ret_least, mitome_error *error)
{
        const struct level_policy *p = &policy->policy;
        const struct level_judgement *judgement = &policy->judgement;
        struct advisor_rule rules[LEVEL_REQUIREMENTS_MAX];
        struct advice advice;
        size_t count = 0;
        *ret_least = true;
        *ret = json_null();
        if (!judgement->has_next || judgement->blocker_count == 0)
                return ok();
        for (size_t i = 0; i < p->requirement_count; i++)
                if (level_is_barred(
                            &p->requirements[i], LEVEL_NOT_SATISFIED, judgement->next, judgement->scopes))
                        rules[count++] = (struct advisor_rule){ .predicate = &p->requirements[i].expression,
                                .responsible = evaluation_policy_text(policy, i, "responsible"),
                                .must_be_known = p->requirements[i].scopes & judgement->scopes };
        mitome_status status = advisor_find(rules, count, &findings->facts, p->confidence, &advice, NULL);
        *ret_least = !failed(status) && advice.least;
        if (status.code ==
                MITOME_E_TOO_MANY) /* a policy with more figures than can be searched has no advice */
                return ok();
        if (failed(status))
                return fail(error, status.code, "changes", NULL);
        if (advice.found)
                *ret = advisor_json(&advice, &findings->facts, p->confidence);
        return *ret ? ok() : fail(error, MITOME_E_NO_MEMORY, "changes", NULL);
}

static json_t *ids_json(const struct evaluation_policy *policy, const uint8_t *which, size_t count)
{
        json_t *ids = json_array();
        for (size_t i = 0; i < count; i++)
                json_array_append_new(ids, slice_json(policy->policy.requirements[which[i]].id));
        return ids;
}

/* What the level reached demands and what came out so: what the level rests on stands beside it. */
static json_t *resting_json(const struct evaluation_policy *policy, enum level_outcome outcome)
{
        const struct level_judgement *judgement = &policy->judgement;
        uint8_t which[LEVEL_REQUIREMENTS_MAX];
        size_t count = 0;
        for (size_t i = 0; judgement->reached && i < policy->policy.requirement_count; i++)
                if (judgement->findings[i].outcome == outcome &&
                        level_is_barred(&policy->policy.requirements[i], LEVEL_NOT_SATISFIED,
                                judgement->level, judgement->scopes))
                        which[count++] = (uint8_t)i;
        return ids_json(policy, which, count);
}

static const char *sentence_ja(const struct evaluation_policy *policy, const char *name_ja, const char *name)
{
        const char *text = text_or_empty(policy->texts, name_ja);
        return *text ? text : text_or_empty(policy->texts, name);
}

mitome_status evaluation_policy_json(const struct evaluation_policy *policy,
        const struct evaluation_findings *findings, json_t **ret, mitome_error *error)
{
        const struct level_judgement *judgement = &policy->judgement;
        json_t *changes = NULL;
        bool least;
        MITOME_TRY(changes_json(policy, findings, &changes, &least, error));
        *ret = json_pack(
                "{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:i, s:o, s:O, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:b, s:o, "
                "s:o}",
                "id", evaluation_policy_id(policy), "title", text_or_empty(policy->texts, "title"),
                "title_ja", sentence_ja(policy, "title_ja", "title"), "sha256", policy->sha256, "provisional",
                policy->policy.provisional, "note", text_or_empty(policy->texts, "note"), "note_ja",
                sentence_ja(policy, "note_ja", "note"), "confidence", (int)policy->policy.confidence,
                "scopes", scopes_json(judgement->scopes), "levels", json_object_get(policy->texts, "levels"),
                "level", level_name(policy, judgement->reached, judgement->level), "next",
                level_name(policy, judgement->has_next, judgement->next), "unconfirmed",
                judgement->unconfirmed, "blockers",
                ids_json(policy, judgement->blockers, judgement->blocker_count), "untested",
                ids_json(policy, judgement->untested, judgement->untested_count), "declared",
                resting_json(policy, LEVEL_DECLARED_ONLY), "partial",
                resting_json(policy, LEVEL_PARTLY_OBSERVED), "changes_least", least, "changes", changes,
                "requirements", requirements_json(policy, findings));
        return *ret ? ok() : fail(error, MITOME_E_NO_MEMORY, "policy", NULL);
}
