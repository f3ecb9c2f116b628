/* SPDX-License-Identifier: Apache-2.0 */
#include "login_level.h"

#include <stdlib.h>

/* A policy, and the text that it views. */
struct mitome_level_policy {
        struct level_policy policy;
        size_t size;
        uint8_t json[];
};

mitome_status mitome_level_policy_read(
        mitome_slice json, struct mitome_level_policy **ret, mitome_error *error)
{
        struct mitome_level_policy *policy = malloc(sizeof *policy + json.size);
        if (!policy)
                return fail(error, MITOME_E_NO_MEMORY, "policy", NULL);
        policy->size = json.size;
        mitome_status status = slice_copy(json, "policy", policy->json, json.size, error);
        if (!failed(status))
                status = level_policy_read(slice_of(policy->json, policy->size), &policy->policy, error);
        if (failed(status)) {
                free(policy);
                return status;
        }
        *ret = policy;
        return ok();
}

void mitome_level_policy_free(struct mitome_level_policy *policy)
{
        free(policy);
}

struct mitome_level_description mitome_level_describe(const struct mitome_level_policy *policy)
{
        const struct level_policy *p = &policy->policy;
        return (struct mitome_level_description){ .id = p->id,
                .title = p->title,
                .title_ja = p->title_ja,
                .note = p->note,
                .note_ja = p->note_ja,
                .provisional = p->provisional,
                .confidence = p->confidence,
                .level_count = p->level_count,
                .requirement_count = p->requirement_count };
}

mitome_slice mitome_level_name(const struct mitome_level_policy *policy, size_t level)
{
        static const mitome_slice none;
        return level < policy->policy.level_count ? policy->policy.levels[level] : none;
}

bool mitome_level_requirement_at(
        const struct mitome_level_policy *policy, size_t index, struct mitome_level_requirement *ret)
{
        if (index >= policy->policy.requirement_count)
                return false;
        const struct level_requirement *r = &policy->policy.requirements[index];
        *ret = (struct mitome_level_requirement){ .id = r->id,
                .topic = r->topic,
                .source = r->source,
                .section = r->section,
                .text = r->text,
                .text_ja = r->text_ja,
                .predicate = r->predicate,
                .responsible = r->responsible,
                .remedy = r->remedy,
                .remedy_ja = r->remedy_ja,
                .level = r->level,
                .until = r->until,
                .scopes = r->scopes,
                .shall = r->shall,
                .verified = r->verified };
        return true;
}

/* ---- judging ---- */

/* The outcomes of the room are those of the library. */
_Static_assert((int)MITOME_LEVEL_NOT_TESTABLE == (int)LEVEL_NOT_TESTABLE &&
                       (int)MITOME_LEVEL_REQUIREMENTS_MAX == (int)LEVEL_REQUIREMENTS_MAX &&
                       (int)MITOME_LEVELS_MAX == (int)LEVEL_LEVELS_MAX &&
                       (int)MITOME_LEVEL_SCOPE_LOGIN == (int)LEVEL_SCOPE_LOGIN &&
                       (int)MITOME_LEVEL_SCOPE_DEVICE == (int)LEVEL_SCOPE_DEVICE &&
                       (int)MITOME_LEVEL_SCOPE_SERVICE == (int)LEVEL_SCOPE_SERVICE,
        "level.h and judge_level.h differ");

const char *mitome_level_outcome_name(enum mitome_level_outcome outcome)
{
        return level_outcome_name((enum level_outcome)outcome);
}

static void publish(const struct level_policy *policy, const struct login_judgement *judgement,
        struct mitome_level_judgement *ret)
{
        const struct level_judgement *judged = &judgement->judged;
        *ret = (struct mitome_level_judgement){ .scopes = judged->scopes,
                .reached = judged->reached,
                .level = judged->level,
                .has_next = judged->has_next,
                .next = judged->next,
                .unconfirmed = judged->unconfirmed,
                .blocker_count = judged->blocker_count,
                .untested_count = judged->untested_count,
                .step_up = judgement->step_up,
                .reason_count = policy->requirement_count };
        for (size_t i = 0; i < judged->blocker_count; i++)
                ret->blockers[i] = judged->blockers[i];
        for (size_t i = 0; i < judged->untested_count; i++)
                ret->untested[i] = judged->untested[i];
        for (size_t i = 0; i < policy->requirement_count; i++)
                ret->reasons[i] = (struct mitome_level_reason){
                        .outcome = (enum mitome_level_outcome)judged->findings[i].outcome,
                        .fact = level_fact_kind(judged->findings[i].fact)->name,
                };
}

void mitome_level_judge(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, struct mitome_level_judgement *ret)
{
        struct login_judgement judgement = { 0 };
        login_level_judge(&policy->policy, evidence, &judgement.judged);
        publish(&policy->policy, &judgement, ret);
}

void mitome_level_judge_evaluated(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        struct mitome_level_judgement *ret)
{
        struct login_judgement judgement = { 0 };
        const mitome_status status = login_level_judge_evaluated(
                &policy->policy, evidence, evaluation, now, &judgement.judged, NULL);
        (void)status; /* a statement that does not count is as none: the judgement is the answer */
        publish(&policy->policy, &judgement, ret);
}

mitome_status mitome_level_demand(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const char *level, struct mitome_level_judgement *ret,
        mitome_error *error)
{
        const struct login_demand demanded = { slice_text(level), "level" };
        struct login_judgement judgement;
        mitome_status status = login_level_demand(&policy->policy, evidence, &demanded, &judgement, error);
        publish(&policy->policy, &judgement, ret);
        return status;
}

mitome_status mitome_level_demand_evaluated(const struct mitome_level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        const char *level, struct mitome_level_judgement *ret, mitome_error *error)
{
        const struct login_demand demanded = { slice_text(level), "level" };
        struct login_judgement judgement;
        mitome_status status = login_level_demand_evaluated(
                &policy->policy, evidence, evaluation, now, &demanded, &judgement, error);
        publish(&policy->policy, &judgement, ret);
        return status;
}
