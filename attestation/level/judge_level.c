/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_level.h"

#include "json.h"

static const char clause[] = "attestation/level/policies/FORMAT.md";

/* ---- reading a policy ---- */

/* refuse records `code` at the first character of the string that was just read. */
static mitome_status refuse(const struct json_reader *r, slice read, mitome_code code, const char *field)
{
        return fail_at(r->bytes.error, code, r->bytes.offset - read.size - 1, field, clause);
}

/* refuse_member records a member that is not known at the first character of its name. */
static mitome_status refuse_member(const struct json_reader *r, slice name, const char *field)
{
        const reader at = reader_within(&r->bytes, name);
        return reader_fail(&at, MITOME_E_POLICY_MEMBER, field);
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

/* One of a list of words. */
static mitome_status read_word(
        struct json_reader *r, const char *field, const char *const *words, size_t count, size_t *ret)
{
        slice word;
        MITOME_TRY(json_read_raw(r, field, &word));
        for (size_t i = 0; i < count; i++)
                if (slice_is(word, words[i])) {
                        *ret = i;
                        return ok();
                }
        return refuse(r, word, MITOME_E_VALUE, field);
}

static mitome_status read_level_name(
        struct json_reader *r, const struct level_policy *policy, const char *field, size_t *ret)
{
        slice name;
        MITOME_TRY(json_read_raw(r, field, &name));
        const size_t level = level_find(policy, name);
        if (level == policy->level_count)
                return refuse(r, name, MITOME_E_POLICY_LEVEL, field);
        *ret = level;
        return ok();
}

static mitome_status read_keyword(struct json_reader *r, bool *ret_shall)
{
        static const char *const words[] = { "SHOULD", "SHALL" };
        size_t word;
        MITOME_TRY(read_word(r, "keyword", words, 2, &word));
        *ret_shall = word;
        return ok();
}

static const char *const scopes[LEVEL_SCOPES] = { "login", "device", "service" };

const char *level_scope_name(unsigned number)
{
        return number < LEVEL_SCOPES ? scopes[number] : NULL;
}

static mitome_status read_scopes(struct json_reader *r, unsigned *ret)
{
        struct json_members array;
        unsigned found = 0;
        MITOME_TRY(json_open_array(r, "scope", &array));
        for (bool more;;) {
                struct json_reader start = *r;
                size_t scope;
                MITOME_TRY(json_next_element(r, &array, &more));
                if (!more && !found)
                        return reader_fail(&start.bytes, MITOME_E_VALUE, "scope");
                if (!more)
                        break;
                MITOME_TRY(read_word(r, "scope", scopes, LEVEL_SCOPES, &scope));
                found |= 1u << scope;
        }
        *ret = found;
        return ok();
}

/* The text of a predicate is read again as one; where a word stands in it is where it stands in the policy.
 * (No word of it has an escape.) */
static mitome_status read_predicate(struct json_reader *r, struct level_requirement *requirement)
{
        MITOME_TRY(json_read_raw(r, "predicate", &requirement->predicate));
        const slice raw = requirement->predicate;
        reader text = reader_over(raw, clause, r->bytes.error);
        text.offset = r->bytes.offset - raw.size - 1;
        return level_expression_read(text, &requirement->expression);
}

static mitome_status read_responsible(struct json_reader *r, slice *ret)
{
        static const char *const words[] = { "element", "matcher", "app", "platform", "relying party", "TSM",
                "CA", "shop", "maker" };
        size_t word;
        MITOME_TRY(read_word(r, "responsible", words, sizeof words / sizeof words[0], &word));
        *ret = slice_text(words[word]);
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
                { "text_ja", &requirement->text_ja },
                { "remedy", &requirement->remedy },
                { "remedy_ja", &requirement->remedy_ja },
        };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
                if (json_name_is(name, texts[i].name))
                        return texts[i].value;
        return NULL;
}

/* What has been seen of the members that have no value of their own for "not there". */
struct seen {
        bool level, until;
        size_t until_at; /* where it stands */
};

static mitome_status read_requirement_member(struct json_reader *r, const struct level_policy *policy,
        slice name, struct level_requirement *requirement, struct seen *seen)
{
        slice *text = text_member(requirement, name);
        if (text)
                return json_read_raw(r, "requirement", text);
        if (json_name_is(name, "id"))
                return read_name(r, "id", &requirement->id);
        if (json_name_is(name, "topic"))
                return read_name(r, "topic", &requirement->topic);
        if (json_name_is(name, "keyword"))
                return read_keyword(r, &requirement->shall);
        if (json_name_is(name, "verified"))
                return json_read_bool(r, "verified", &requirement->verified);
        if (json_name_is(name, "scope"))
                return read_scopes(r, &requirement->scopes);
        if (json_name_is(name, "responsible"))
                return read_responsible(r, &requirement->responsible);
        if (json_name_is(name, "predicate"))
                return read_predicate(r, requirement);
        if (json_name_is(name, "level")) {
                seen->level = true;
                return read_level_name(r, policy, "level", &requirement->level);
        }
        if (json_name_is(name, "until")) {
                MITOME_TRY(read_level_name(r, policy, "until", &requirement->until));
                seen->until = true;
                seen->until_at = r->bytes.offset - policy->levels[requirement->until].size - 1;
                return ok();
        }
        return refuse_member(r, name, "requirement");
}

static mitome_status check_requirement(const struct json_reader *r, const struct level_policy *policy,
        const struct level_requirement *requirement, const struct seen *seen)
{
        if (requirement->id.size == 0 || requirement->expression.count == 0 || !seen->level)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "id, level or predicate of a requirement");
        if (requirement->source.size == 0 || requirement->section.size == 0)
                return reader_fail(&r->bytes, MITOME_E_MISSING, "source or section of a requirement");
        for (size_t i = 0; i < policy->requirement_count; i++)
                if (slice_equal(policy->requirements[i].id, requirement->id))
                        return reader_fail(&r->bytes, MITOME_E_POLICY_ID_TWICE, "id");
        return seen->until && requirement->until < requirement->level
                       ? fail_at(r->bytes.error, MITOME_E_POLICY_LEVEL, seen->until_at, "until", clause)
                       : ok();
}

static mitome_status read_requirement(struct json_reader *r, struct level_policy *policy)
{
        struct level_requirement requirement = { .shall = true, .scopes = LEVEL_SCOPE_ALL };
        struct seen seen = { 0 };
        struct json_members object;
        struct json_reader start = *r;
        slice name;
        if (policy->requirement_count == LEVEL_REQUIREMENTS_MAX)
                return reader_fail(&r->bytes, MITOME_E_TOO_MANY, "requirements");
        MITOME_TRY(json_open_object(r, "requirement", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(r, &object, &name, &more));
                if (!more)
                        break;
                MITOME_TRY(read_requirement_member(r, policy, name, &requirement, &seen));
        }
        MITOME_TRY(check_requirement(&start, policy, &requirement, &seen));
        if (!seen.until)
                requirement.until = policy->level_count - 1;
        if (requirement.topic.size == 0)
                requirement.topic = requirement.id;
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

/* In percent. */
static mitome_status read_confidence(struct json_reader *r, unsigned *ret)
{
        enum json_kind kind;
        int64_t value = 0;
        MITOME_TRY(json_peek(r, "confidence", &kind)); /* goes to where it begins */
        const struct json_reader start = *r;
        MITOME_TRY(json_read_int(r, "confidence", &value));
        if (value != 80 && value != 90 && value != 95 && value != 99)
                return reader_fail(&start.bytes, MITOME_E_VALUE, "confidence");
        *ret = (unsigned)value;
        return ok();
}

static mitome_status read_policy_member(struct json_reader *r, slice name, struct level_policy *policy)
{
        if (json_name_is(name, "id"))
                return read_name(r, "id", &policy->id);
        if (json_name_is(name, "title"))
                return json_read_raw(r, "title", &policy->title);
        if (json_name_is(name, "title_ja"))
                return json_read_raw(r, "title_ja", &policy->title_ja);
        if (json_name_is(name, "note"))
                return json_read_raw(r, "note", &policy->note);
        if (json_name_is(name, "note_ja"))
                return json_read_raw(r, "note_ja", &policy->note_ja);
        if (json_name_is(name, "provisional"))
                return json_read_bool(r, "provisional", &policy->provisional);
        if (json_name_is(name, "confidence"))
                return read_confidence(r, &policy->confidence);
        if (json_name_is(name, "levels"))
                return read_levels(r, policy);
        if (json_name_is(name, "requirements"))
                return read_requirements(r, policy);
        return refuse_member(r, name, "policy");
}

mitome_status level_policy_read(slice json, struct level_policy *ret, mitome_error *error)
{
        struct level_policy policy = { .confidence = 95 };
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

size_t level_find(const struct level_policy *policy, slice name)
{
        size_t level = 0;
        while (level < policy->level_count && !slice_equal(policy->levels[level], name))
                level++;
        return level;
}

static bool counts_for(const struct level_requirement *requirement, size_t level)
{
        return requirement->shall && requirement->level <= level && level <= requirement->until;
}

/* What is known to fail bars everywhere; what is not known, where it ought to be. */
bool level_is_barred(const struct level_requirement *requirement, enum level_outcome outcome, size_t level,
        unsigned judged)
{
        return counts_for(requirement, level) &&
               (outcome == LEVEL_NOT_SATISFIED ||
                       (outcome == LEVEL_NOT_TESTABLE && requirement->scopes & judged));
}

/* What keeps from a level. */
static size_t find_blockers(const struct level_policy *policy, const struct level_judgement *judgement,
        size_t level, uint8_t blockers[LEVEL_REQUIREMENTS_MAX])
{
        size_t count = 0;
        for (size_t i = 0; i < policy->requirement_count; i++)
                if (level_is_barred(&policy->requirements[i], judgement->findings[i].outcome, level,
                            judgement->scopes))
                        blockers[count++] = (uint8_t)i;
        return count;
}

/* What a level demands and nobody here could test. It bars nothing, or the level would not be reached. */
static size_t find_untested(const struct level_policy *policy, const struct level_judgement *judgement,
        size_t level, uint8_t untested[LEVEL_REQUIREMENTS_MAX])
{
        size_t count = 0;
        for (size_t i = 0; i < policy->requirement_count; i++)
                if (counts_for(&policy->requirements[i], level) &&
                        judgement->findings[i].outcome == LEVEL_NOT_TESTABLE)
                        untested[count++] = (uint8_t)i;
        return count;
}

/* A level that was reached is one of the source's own by a SHALL that was confirmed. */
static bool has_confirmed(const struct level_policy *policy, size_t level)
{
        for (size_t i = 0; i < policy->requirement_count; i++) {
                const struct level_requirement *asked = &policy->requirements[i];
                if (asked->shall && asked->verified && asked->level == level)
                        return true;
        }
        return false;
}

static bool is_unconfirmed(const struct level_policy *policy, const struct level_judgement *judgement)
{
        if (judgement->reached && !has_confirmed(policy, judgement->level))
                return true;
        for (size_t i = 0; i < judgement->blocker_count; i++)
                if (policy->requirements[judgement->blockers[i]].verified)
                        return false;
        return judgement->has_next;
}

void level_judge(const struct level_policy *policy, const struct level_facts *facts, unsigned judged,
        struct level_judgement *ret)
{
        uint8_t blockers[LEVEL_REQUIREMENTS_MAX];
        *ret = (struct level_judgement){ .scopes = judged };
        for (size_t i = 0; i < policy->requirement_count; i++)
                ret->findings[i] = level_expression_judge(
                        &policy->requirements[i].expression, facts, policy->confidence);
        for (size_t level = 0; level < policy->level_count; level++)
                if (find_blockers(policy, ret, level, blockers) == 0) {
                        ret->reached = true;
                        ret->level = level;
                }
        ret->next = ret->reached ? ret->level + 1 : 0;
        ret->has_next = ret->next < policy->level_count;
        if (ret->has_next)
                ret->blocker_count = find_blockers(policy, ret, ret->next, ret->blockers);
        if (ret->reached)
                ret->untested_count = find_untested(policy, ret, ret->level, ret->untested);
        ret->unconfirmed = is_unconfirmed(policy, ret);
}

static bool is_kept_from(
        const struct level_policy *policy, const struct level_facts *facts, unsigned judged, size_t level)
{
        for (size_t i = 0; i < policy->requirement_count; i++) {
                const struct level_requirement *requirement = &policy->requirements[i];
                if (!counts_for(requirement, level))
                        continue;
                const struct level_finding finding =
                        level_expression_judge(&requirement->expression, facts, policy->confidence);
                if (level_is_barred(requirement, finding.outcome, level, judged))
                        return true;
        }
        return false;
}

bool level_reaches(
        const struct level_policy *policy, const struct level_facts *facts, unsigned judged, size_t level)
{
        while (level < policy->level_count && is_kept_from(policy, facts, judged, level))
                level++;
        return level < policy->level_count;
}
