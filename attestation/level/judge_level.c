/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_level.h"

#include "json.h"

static const char clause[] = "attestation/level/policies/FORMAT.md";

struct level_predicate {
        const char *name;
        enum level_outcome (*judge)(const struct level_evidence *evidence);
};

/* ---- predicates ---- */

static enum level_outcome observed(bool holds)
{
        return holds ? LEVEL_SATISFIED : LEVEL_NOT_SATISFIED;
}

static enum level_outcome declared(const struct level_evidence *evidence, bool holds)
{
        if (!evidence->metadata_known)
                return LEVEL_NOT_TESTABLE;
        return holds ? LEVEL_DECLARED : LEVEL_NOT_SATISFIED;
}

static enum level_outcome user_present(const struct level_evidence *evidence)
{
        return observed(evidence->user_present);
}

static enum level_outcome user_verified(const struct level_evidence *evidence)
{
        return observed(evidence->user_verified);
}

static enum level_outcome challenge_fresh(const struct level_evidence *evidence)
{
        return observed(evidence->challenge_fresh);
}

static enum level_outcome origin_bound(const struct level_evidence *evidence)
{
        return observed(evidence->origin_bound);
}

static enum level_outcome attestation_trusted(const struct level_evidence *evidence)
{
        return observed(evidence->attestation_trusted);
}

static enum level_outcome certificate_alive(const struct level_evidence *evidence)
{
        return observed(evidence->certificate_alive);
}

static enum level_outcome not_syncable(const struct level_evidence *evidence)
{
        return observed(!evidence->backup_eligible);
}

/* A key and, on every path, something the person knows or is. The flag alone is the authenticator's word: it
 * counts with the maker's declaration of what stands behind it. Whoever is told how this user was verified
 * need not look at the weakest path. */
static enum level_outcome multi_factor(const struct level_evidence *evidence)
{
        if (!evidence->user_verified)
                return LEVEL_NOT_SATISFIED;
        return declared(evidence, evidence->declared_every_path_verifies || evidence->verification_told);
}

static enum level_outcome key_in_hardware(const struct level_evidence *evidence)
{
        return declared(evidence, evidence->declared_hardware_key);
}

static const struct level_predicate predicates[] = {
        { "user_present", user_present },
        { "user_verified", user_verified },
        { "multi_factor", multi_factor },
        { "challenge_fresh", challenge_fresh },
        { "origin_bound", origin_bound },
        { "attestation_trusted", attestation_trusted },
        { "certificate_alive", certificate_alive },
        { "not_syncable", not_syncable },
        { "key_in_hardware", key_in_hardware },
};

/* ---- reading a policy ---- */

/* refuse records `code` at the first character of the string that was just read. */
static mitome_status refuse(const struct json_reader *r, slice read, mitome_code code, const char *field)
{
        return fail_at(r->bytes.error, code, r->bytes.offset - read.size - 1, field, clause);
}

/* A name that others are compared with. Names are compared as they stand, so an escape, which could write one
 * name in two ways, is no part of them. */
static mitome_status read_name(struct json_reader *r, const char *field, slice *ret)
{
        slice name;
        MITOME_TRY(json_read_raw(r, field, &name));
        bool plain = name.size > 0;
        for (size_t i = 0; i < name.size; i++)
                plain = plain && name.data[i] != '\\';
        if (!plain)
                return refuse(r, name, MITOME_E_VALUE, field);
        *ret = name;
        return ok();
}

static mitome_status find_predicate(
        const struct json_reader *r, slice name, const struct level_predicate **ret)
{
        for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++)
                if (json_name_is(name, predicates[i].name)) {
                        *ret = &predicates[i];
                        return ok();
                }
        return refuse(r, name, MITOME_E_POLICY_PREDICATE, "predicate");
}

static mitome_status find_level(
        const struct json_reader *r, const struct level_policy *policy, slice name, size_t *ret)
{
        for (size_t i = 0; i < policy->level_count; i++)
                if (slice_equal(policy->levels[i], name)) {
                        *ret = i;
                        return ok();
                }
        return refuse(r, name, MITOME_E_POLICY_LEVEL, "level");
}

static mitome_status read_keyword(struct json_reader *r, bool *ret_shall)
{
        slice word;
        MITOME_TRY(json_read_raw(r, "keyword", &word));
        if (!slice_is(word, "SHALL") && !slice_is(word, "SHOULD"))
                return refuse(r, word, MITOME_E_VALUE, "keyword");
        *ret_shall = slice_is(word, "SHALL");
        return ok();
}

/* The members of a requirement that are plain text. */
static slice *text_member(struct level_requirement *requirement, slice name)
{
        const struct {
                const char *name;
                slice *value;
        } texts[] = {
                { "source", &requirement->source },
                { "section", &requirement->section },
                { "text", &requirement->text },
                { "remedy", &requirement->remedy },
        };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (json_name_is(name, texts[i].name))
                        return texts[i].value;
        return NULL;
}

static mitome_status read_requirement_member(struct json_reader *r, const struct level_policy *policy,
        slice name, struct level_requirement *requirement, bool *ret_has_level)
{
        slice value;
        slice *text = text_member(requirement, name);
        if (json_name_is(name, "id"))
                return read_name(r, "id", &requirement->id);
        if (text)
                return json_read_raw(r, "requirement", text);
        if (json_name_is(name, "keyword"))
                return read_keyword(r, &requirement->shall);
        if (json_name_is(name, "verified"))
                return json_read_bool(r, "verified", &requirement->verified);
        bool is_level = json_name_is(name, "level");
        if (!is_level && !json_name_is(name, "predicate"))
                return reader_fail(&r->bytes, MITOME_E_POLICY_MEMBER, "requirement");
        MITOME_TRY(json_read_raw(r, "requirement", &value));
        if (!is_level)
                return find_predicate(r, value, &requirement->predicate);
        *ret_has_level = true;
        return find_level(r, policy, value, &requirement->level);
}

static mitome_status check_requirement(const struct json_reader *r, const struct level_policy *policy,
        const struct level_requirement *requirement, bool has_level)
{
        if (requirement->id.size == 0 || !requirement->predicate || !has_level)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "id, level or predicate of a requirement");
        if (requirement->source.size == 0 || requirement->section.size == 0)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "source or section of a requirement");
        for (size_t i = 0; i < policy->requirement_count; i++)
                if (slice_equal(policy->requirements[i].id, requirement->id))
                        return reader_fail(&r->bytes, MITOME_E_POLICY_ID_TWICE, "id");
        return ok();
}

static mitome_status read_requirement(struct json_reader *r, struct level_policy *policy)
{
        struct level_requirement requirement = { .shall = true };
        struct json_members object;
        struct json_reader start = *r;
        slice name;
        bool has_level = false;
        if (policy->requirement_count == LEVEL_REQUIREMENTS_MAX)
                return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "requirements");
        MITOME_TRY(json_open_object(r, "requirement", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_requirement_member(r, policy, name, &requirement, &has_level));
        }
        MITOME_TRY(check_requirement(&start, policy, &requirement, has_level));
        policy->requirements[policy->requirement_count++] = requirement;
        return ok();
}

static mitome_status read_requirements(struct json_reader *r, struct level_policy *policy)
{
        struct json_members array;
        MITOME_TRY(json_open_array(r, "requirements", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(read_requirement(r, policy));
        }
}

static mitome_status read_level(struct json_reader *r, struct level_policy *policy)
{
        slice name;
        if (policy->level_count == LEVEL_LEVELS_MAX)
                return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "levels");
        MITOME_TRY(read_name(r, "levels", &name));
        for (size_t i = 0; i < policy->level_count; i++)
                if (slice_equal(policy->levels[i], name))
                        return refuse(r, name, MITOME_E_VALUE, "levels");
        policy->levels[policy->level_count++] = name;
        return ok();
}

static mitome_status read_levels(struct json_reader *r, struct level_policy *policy)
{
        struct json_members array;
        MITOME_TRY(json_open_array(r, "levels", &array));
        for (bool more;;) {
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more)
                        return ok();
                MITOME_TRY(read_level(r, policy));
        }
}

static mitome_status read_policy_member(struct json_reader *r, slice name, struct level_policy *policy)
{
        if (json_name_is(name, "id"))
                return read_name(r, "id", &policy->id);
        if (json_name_is(name, "title"))
                return json_read_raw(r, "title", &policy->title);
        if (json_name_is(name, "levels"))
                return read_levels(r, policy);
        if (json_name_is(name, "requirements"))
                return read_requirements(r, policy);
        return reader_fail(&r->bytes, MITOME_E_POLICY_MEMBER, "policy");
}

mitome_status level_policy_read(slice json, struct level_policy *ret, mitome_error *error)
{
        struct level_policy policy = { 0 };
        struct json_reader r = json_over(json, clause, error);
        struct json_members object;
        slice name;
        MITOME_TRY(json_open_object(&r, "policy", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_policy_member(&r, name, &policy));
        }
        MITOME_TRY(json_end(&r, "policy"));
        if (policy.id.size == 0 || policy.level_count == 0 || policy.requirement_count == 0)
                return fail_at(error, MITOME_E_MISSING, 0, "id, levels or requirements", clause);
        *ret = policy;
        return ok();
}

/* ---- judging ---- */

static bool holds(enum level_outcome outcome)
{
        return outcome == LEVEL_SATISFIED || outcome == LEVEL_DECLARED;
}

/* The first requirement that keeps from a level: one of this level or of a lower one. */
static bool is_barred(
        const struct level_policy *policy, const enum level_outcome *outcomes, size_t level, size_t *ret_bar)
{
        for (size_t i = 0; i < policy->requirement_count; i++) {
                const struct level_requirement *requirement = &policy->requirements[i];
                if (requirement->shall && requirement->level <= level && !holds(outcomes[i])) {
                        *ret_bar = i;
                        return true;
                }
        }
        return false;
}

void level_judge(
        const struct level_policy *policy, const struct level_evidence *evidence, struct level_judgement *ret)
{
        *ret = (struct level_judgement){ 0 };
        for (size_t i = 0; i < policy->requirement_count; i++)
                ret->outcomes[i] = policy->requirements[i].predicate->judge(evidence);
        for (size_t level = 0; level < policy->level_count && !ret->barred; level++) {
                ret->barred = is_barred(policy, ret->outcomes, level, &ret->bar);
                if (!ret->barred) {
                        ret->reached = true;
                        ret->level = level;
                }
        }
}

const char *level_outcome_name(enum level_outcome outcome)
{
        static const char *const names[] = { "satisfied", "declared only", "not satisfied",
                "not testable here" };
        return names[outcome];
}
