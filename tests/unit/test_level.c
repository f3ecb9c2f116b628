/* SPDX-License-Identifier: Apache-2.0 */
#include "login_level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POLICY_MAX = 65536 };

struct loaded {
        char text[POLICY_MAX];
        struct level_policy policy;
};

static void load(struct loaded *loaded, const char *name)
{
        char path[1024];
        const char *folder = getenv("MITOME_POLICIES");
        assert_non_null(folder);
        snprintf(path, sizeof path, "%s/%s.json", folder, name);
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        size_t size = fread(loaded->text, 1, sizeof loaded->text, file);
        fclose(file);
        mitome_error error = { 0 };
        assert_int_equal(
                level_policy_read(slice_of(loaded->text, size), &loaded->policy, &error).code, MITOME_OK);
}

/* A login by finger with a chip behind it. */
static const struct mitome_level_evidence best = {
        .user_present = true,
        .user_verified = true,
        .challenge_bits = 128,
        .origin_bound = true,
        .attestation_trusted = true,
        .certificate_bound = true,
        .certificate_alive = true,
        .key_bits = 128,
        .model_known = true,
        .every_path_verifies = true,
        .key_protection = MITOME_KEY_PROTECTION_SECURE_ELEMENT,
        .matcher_protection = MITOME_MATCHER_ON_CHIP,
};

static const char *level_of(
        const struct level_policy *policy, const struct mitome_level_evidence *evidence, char text[32])
{
        struct level_judgement judgement;
        login_level_judge(policy, evidence, &judgement);
        if (!judgement.reached)
                return "none";
        snprintf(text, 32, "%.*s", (int)policy->levels[judgement.level].size,
                (const char *)policy->levels[judgement.level].data);
        return text;
}

static void the_best_login_reaches_the_highest_level(void **state)
{
        (void)state;
        static struct loaded nist;
        char text[32];
        struct level_judgement judgement;
        load(&nist, "nist-800-63b-4");
        assert_string_equal(level_of(&nist.policy, &best, text), "AAL3");
        login_level_judge(&nist.policy, &best, &judgement);
        assert_false(judgement.has_next);
        assert_int_equal(judgement.blocker_count, 0);
}

static bool names(const struct level_policy *policy, const uint8_t *which, size_t count, const char *id)
{
        for (size_t i = 0; i < count; i++)
                if (slice_is(policy->requirements[which[i]].id, id))
                        return true;
        return false;
}

/* What is missing keeps from the level that asks for it, and is named. */
static void each_missing_fact_costs_its_level(void **state)
{
        (void)state;
        static struct loaded nist;
        load(&nist, "nist-800-63b-4");
        struct mitome_level_evidence lacking[10];
        for (int i = 0; i < 10; i++)
                lacking[i] = best;
        lacking[0].challenge_bits = 0;
        lacking[1].certificate_alive = false;
        lacking[2].user_verified = false;
        lacking[3].every_path_verifies = false;
        lacking[4].model_known = false;
        lacking[5].origin_bound = false;
        lacking[6].user_present = false;
        lacking[7].backup_eligible = true;
        lacking[8].attestation_trusted = false;
        lacking[9].key_protection = MITOME_KEY_PROTECTION_SOFTWARE;
        static const char *const levels[] = { "none", "none", "AAL1", "AAL1", "AAL1", "AAL2", "AAL2", "AAL2",
                "AAL1", "AAL2" };
        static const char *const bars[] = { "NONCE", "REVOKE", "UVFLAG", "TYPE2", "TYPE2", "PHISH", "INTENT",
                "SYNC", "TYPE2", "NOEXPORT" };
        for (int i = 0; i < 10; i++) {
                char text[32];
                struct level_judgement judgement;
                assert_string_equal(level_of(&nist.policy, &lacking[i], text), levels[i]);
                login_level_judge(&nist.policy, &lacking[i], &judgement);
                assert_true(names(&nist.policy, judgement.blockers, judgement.blocker_count, bars[i]));
        }
}

/* Told how this very user was verified, nobody asks for the weakest path; the flag must be set all the
 * same. */
static void a_told_verification_stands_for_the_weakest_path(void **state)
{
        (void)state;
        static struct loaded nist;
        char text[32];
        struct mitome_level_evidence weak = best, unverified = best;
        load(&nist, "nist-800-63b-4");
        weak.every_path_verifies = false;
        assert_string_equal(level_of(&nist.policy, &weak, text), "AAL1");
        weak.verified_by = unverified.verified_by = MITOME_FACTOR_FINGER;
        assert_string_equal(level_of(&nist.policy, &weak, text), "AAL3");
        unverified.user_verified = false;
        assert_string_equal(level_of(&nist.policy, &unverified, text), "AAL1");
}

static size_t place_of_id(const struct level_policy *policy, const char *id)
{
        size_t found = 0;
        while (found < policy->requirement_count && !slice_is(policy->requirements[found].id, id))
                found++;
        assert_int_not_equal(found, policy->requirement_count);
        return found;
}

static void what_is_declared_is_not_called_satisfied(void **state)
{
        (void)state;
        static struct loaded nist;
        struct level_judgement judgement;
        struct mitome_level_evidence unknown = best;
        unknown.model_known = false;
        load(&nist, "nist-800-63b-4");
        const size_t key = place_of_id(&nist.policy, "NOEXPORT");
        const size_t verified = place_of_id(&nist.policy, "UVFLAG");
        login_level_judge(&nist.policy, &best, &judgement);
        assert_int_equal(judgement.findings[key].outcome, LEVEL_DECLARED_ONLY);
        assert_int_equal(judgement.findings[verified].outcome, LEVEL_SATISFIED);
        login_level_judge(&nist.policy, &unknown, &judgement);
        assert_int_equal(judgement.findings[key].outcome, LEVEL_NOT_TESTABLE);
        assert_int_equal(judgement.findings[key].fact, LEVEL_MODEL_KEY_PROTECTION);
        assert_int_equal(judgement.findings[verified].outcome, LEVEL_SATISFIED);
        assert_string_equal(level_outcome_name(LEVEL_DECLARED_ONLY), "declared only");
}

/* The plan asks for a chip: the software element does not reach it; a SHOULD alone keeps nobody out. */
static void the_plan_asks_for_a_chip(void **state)
{
        (void)state;
        static struct loaded plan;
        char text[32];
        struct mitome_level_evidence software = best, silent = best;
        software.key_protection = MITOME_KEY_PROTECTION_SOFTWARE;
        silent.every_path_verifies = false;
        load(&plan, "first-summary");
        assert_string_equal(level_of(&plan.policy, &best, text), "plan");
        assert_string_equal(level_of(&plan.policy, &software, text), "none");
        assert_string_equal(level_of(&plan.policy, &silent, text), "plan");
}

/* The rows of the plan that a login shows; what the plan only names as a way of thinking keeps nobody out and
 * is not shown as confirmed. */
static void the_plan_has_its_rows(void **state)
{
        (void)state;
        static struct loaded plan;
        static const struct {
                const char *id;
                bool shall, verified;
        } rows[] = {
                { "row-2", true, true },
                { "row-60", true, true },
                { "row-61", true, true },
                { "row-63", false, false },
        };
        load(&plan, "first-summary");
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                size_t found = plan.policy.requirement_count;
                for (size_t j = 0; j < plan.policy.requirement_count; j++)
                        if (slice_is(plan.policy.requirements[j].id, rows[i].id))
                                found = j;
                assert_int_not_equal(found, plan.policy.requirement_count);
                assert_int_equal(plan.policy.requirements[found].shall, rows[i].shall);
                assert_int_equal(plan.policy.requirements[found].verified, rows[i].verified);
        }
}

#define BEFORE "{\"id\":\"p\",\"levels\":[\"one\",\"two\"],\"requirements\":["
#define AFTER "]}"
#define ID "\"id\":\"A\","
#define LEVEL "\"level\":\"one\","
#define SOURCE "\"source\":\"s\","
#define SECTION "\"section\":\"1\","
#define PREDICATE "\"predicate\":\"login.user_present\""
#define GOOD "{" ID LEVEL SOURCE SECTION PREDICATE "}"

/* `at`: the refusal's byte offset is that of its first occurrence (of its last, with `last`). */
static const struct wrong {
        const char *json;
        mitome_code code;
        const char *at;
        bool last;
} wrongs[] = {
        { BEFORE AFTER, MITOME_E_MISSING, "{", false },
        { BEFORE GOOD "," GOOD AFTER, MITOME_E_POLICY_ID_TWICE, "{", true },
        { BEFORE GOOD ",{\"id\":\"\\u0041\"," LEVEL SOURCE SECTION PREDICATE "}" AFTER, MITOME_E_VALUE, "\\",
                false },
        { BEFORE "{" ID LEVEL SECTION PREDICATE "}" AFTER, MITOME_E_MISSING, "{\"id\":\"A\"", false },
        { BEFORE "{" ID LEVEL "\"source\":\"\"," SECTION PREDICATE "}" AFTER, MITOME_E_MISSING,
                "{\"id\":\"A\"", false },
        { BEFORE "{" ID LEVEL SOURCE PREDICATE "}" AFTER, MITOME_E_MISSING, "{\"id\":\"A\"", false },
        { BEFORE "{" LEVEL SOURCE SECTION PREDICATE "}" AFTER, MITOME_E_MISSING, "{\"level\":", false },
        { BEFORE "{" ID SOURCE SECTION PREDICATE "}" AFTER, MITOME_E_MISSING, "{\"id\":\"A\"", false },
        { BEFORE "{" ID LEVEL SOURCE "\"section\":\"1\"}" AFTER, MITOME_E_MISSING, "{\"id\":\"A\"", false },
        { BEFORE "{" ID LEVEL SOURCE SECTION "\"predicate\":\"is_nice\"}" AFTER, MITOME_E_POLICY_PREDICATE,
                "is_nice", false },
        { BEFORE "{" ID LEVEL SOURCE SECTION "\"predicate\" :  \"is_nice\" }" AFTER,
                MITOME_E_POLICY_PREDICATE, "is_nice", false },
        { BEFORE "{" ID "\"level\":\"six\"," SOURCE SECTION PREDICATE "}" AFTER, MITOME_E_POLICY_LEVEL, "six",
                false },
        { BEFORE "{" ID "\"weight\":\"5\"}" AFTER, MITOME_E_POLICY_MEMBER, "weight", false },
        { BEFORE "{" ID "\"keyword\":\"MAY\"}" AFTER, MITOME_E_VALUE, "MAY", false },
        { BEFORE "{" ID "\"id\":\"B\"}" AFTER, MITOME_E_JSON_DUPLICATE_NAME, NULL, false },
        { "{\"id\":\"p\", \"score\" :  1}", MITOME_E_POLICY_MEMBER, "score", false },
        { BEFORE "{" ID LEVEL SOURCE SECTION "\"predicate\":\"login.user_present and\"}" AFTER,
                MITOME_E_POLICY_EXPRESSION, "\"}]}", false },
        { BEFORE "{" ID LEVEL SOURCE SECTION "\"predicate\":\"login.user_present >= 2\"}" AFTER,
                MITOME_E_POLICY_TYPE, ">=", false },
        { BEFORE "{" ID LEVEL SOURCE SECTION "\"predicate\":\"login.user\\u005fpresent\"}" AFTER,
                MITOME_E_POLICY_PREDICATE, "login.user", false },
        { BEFORE "{" ID LEVEL SOURCE SECTION "\"predicate\":\"\"}" AFTER, MITOME_E_POLICY_EXPRESSION, "\"}]}",
                false },
        { BEFORE "{" ID LEVEL "\"predicate\":7}" AFTER, MITOME_E_JSON_TYPE, "7", false },
        { BEFORE "{" ID "\"topic\":\"\"}" AFTER, MITOME_E_VALUE, "\"}]}", false },
        { BEFORE "{" ID "\"topic\":\"\\n\"}" AFTER, MITOME_E_VALUE, "\\n", false },
        { BEFORE "{" ID LEVEL "\"until\":\"nine\"}" AFTER, MITOME_E_POLICY_LEVEL, "nine", false },
        { BEFORE "{" ID "\"until\":\"one\",\"level\":\"two\"," SOURCE SECTION PREDICATE "}" AFTER,
                MITOME_E_POLICY_LEVEL, "one\",\"level", false },
        { BEFORE "{" ID "\"scope\":[]}" AFTER, MITOME_E_VALUE, "]}]}", false },
        { BEFORE "{" ID "\"scope\":[\"login\",\"world\"]}" AFTER, MITOME_E_VALUE, "world", false },
        { BEFORE "{" ID "\"scope\":\"login\"}" AFTER, MITOME_E_JSON_TYPE, "\"login\"", false },
        { BEFORE "{" ID "\"responsible\":\"nobody\"}" AFTER, MITOME_E_VALUE, "nobody", false },
        { BEFORE "{" ID "\"verified\":\"yes\"}" AFTER, MITOME_E_JSON_TYPE, "\"yes\"", false },
        { "{\"id\":\"p\",\"confidence\": 94}", MITOME_E_VALUE, "94", false },
        { "{\"id\":\"p\",\"confidence\":95.0}", MITOME_E_JSON_NUMBER, "95.0", false },
        { "{\"id\":\"p\",\"provisional\":1}", MITOME_E_JSON_TYPE, "1", false },
        { "{\"id\":\"\"}", MITOME_E_VALUE, "\"}", false },
        { "{\"id\":\"p\",\"levels\":[\"one\",\"one\"]}", MITOME_E_VALUE, "one", true },
        { "{\"id\":\"p\",\"levels\":[\"o\\u006ee\"]}", MITOME_E_VALUE, "o\\", false },
        { "{\"id\":\"p\",\"requirements\":[" GOOD "]}", MITOME_E_POLICY_LEVEL, "one", false },
        { BEFORE GOOD AFTER "x", MITOME_E_TRAILING_BYTES, NULL, false },
        { "[]", MITOME_E_JSON_TYPE, NULL, false },
};

static size_t place_of(const struct wrong *wrong)
{
        const char *found = strstr(wrong->json, wrong->at);
        assert_non_null(found);
        for (const char *next = found; wrong->last && next; next = strstr(next + 1, wrong->at))
                found = next;
        return (size_t)(found - wrong->json);
}

static void a_wrong_policy_is_refused_with_its_place(void **state)
{
        (void)state;
        static struct level_policy policy;
        assert_int_equal(level_policy_read(slice_text(BEFORE GOOD AFTER), &policy, NULL).code, MITOME_OK);
        policy.level_count = 77;
        for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
                mitome_error error = { 0 };
                assert_int_equal(
                        level_policy_read(slice_text(wrongs[i].json), &policy, &error).code, wrongs[i].code);
                assert_int_equal(error.code, wrongs[i].code);
                assert_int_not_equal(error.at, MITOME_NOWHERE);
                if (wrongs[i].at)
                        assert_int_equal(error.at, place_of(&wrongs[i]));
                assert_int_equal(policy.level_count, 77);
        }
        for (size_t size = 0; size < sizeof BEFORE GOOD AFTER - 1; size++)
                assert_int_not_equal(
                        level_policy_read(slice_of(BEFORE GOOD AFTER, size), &policy, NULL).code, MITOME_OK);
}

/* One member over its limit, and none under it. */
static void levels_and_requirements_are_bounded(void **state)
{
        (void)state;
        static char json[32768];
        static struct level_policy policy;
        for (int over = 0; over < 2; over++) {
                int used = snprintf(json, sizeof json, "{\"id\":\"p\",\"levels\":[\"one\"");
                for (int i = 1; i < LEVEL_LEVELS_MAX + over; i++)
                        used += snprintf(json + used, sizeof json - (size_t)used, ",\"l%d\"", i);
                snprintf(json + used, sizeof json - (size_t)used, "],\"requirements\":[" GOOD "]}");
                assert_int_equal(level_policy_read(slice_text(json), &policy, NULL).code,
                        over ? MITOME_E_TOO_MANY : MITOME_OK);

                used = snprintf(json, sizeof json, BEFORE GOOD);
                for (int i = 1; i < LEVEL_REQUIREMENTS_MAX + over; i++)
                        used += snprintf(json + used, sizeof json - (size_t)used,
                                ",{\"id\":\"A%d\"," LEVEL SOURCE SECTION PREDICATE "}", i);
                snprintf(json + used, sizeof json - (size_t)used, AFTER);
                assert_int_equal(level_policy_read(slice_text(json), &policy, NULL).code,
                        over ? MITOME_E_TOO_MANY : MITOME_OK);
        }
}

/* A requirement counts from its level on, or until another replaces it. */
static void a_requirement_counts_until_it_is_replaced(void **state)
{
        (void)state;
        static struct level_policy policy;
        static const char json[] =
                "{\"id\":\"p\",\"levels\":[\"one\",\"two\",\"three\"],\"requirements\":["
                "{\"id\":\"HOUR\",\"level\":\"two\",\"until\":\"two\",\"source\":\"s\",\"section\":\"1\","
                "\"predicate\":\"verifier.idle_minutes <= 60\"},"
                "{\"id\":\"QUARTER\",\"level\":\"three\",\"source\":\"s\",\"section\":\"2\","
                "\"predicate\":\"verifier.idle_minutes <= 15\"},"
                "{\"id\":\"NEVER\",\"level\":\"two\",\"until\":\"two\",\"source\":\"s\",\"section\":\"3\","
                "\"predicate\":\"not verifier.session_minutes = 0\"}]}";
        assert_int_equal(level_policy_read(slice_text(json), &policy, NULL).code, MITOME_OK);
        assert_int_equal(policy.requirements[0].until, 1);
        assert_int_equal(policy.requirements[1].until, 2);
        static const struct {
                uint64_t idle, session;
                size_t level, blockers;
        } rows[] = {
                { 90, 600, 0, 1 },
                { 60, 600, 1, 1 },
                { 16, 600, 1, 1 },
                { 15, 600, 2, 0 },
                { 15, 0, 2, 0 }, /* what keeps from the second does not keep from the third */
                { 60, 0, 0, 1 },
                { 90, 0, 0, 2 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct level_facts facts = { 0 };
                struct level_judgement judgement;
                facts.facts[LEVEL_VERIFIER_IDLE_MINUTES] =
                        (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = rows[i].idle };
                facts.facts[LEVEL_VERIFIER_SESSION_MINUTES] =
                        (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = rows[i].session };
                level_judge(&policy, &facts, LEVEL_SCOPE_ALL, &judgement);
                assert_true(judgement.reached);
                assert_int_equal(judgement.level, rows[i].level);
                assert_int_equal(judgement.blocker_count, rows[i].blockers);
        }
}

/* What is known to fail bars in whichever scope; what is not known, where it is judged. */
static void a_scope_says_where_it_must_be_known(void **state)
{
        (void)state;
        static struct level_policy policy;
        static const char json[] =
                "{\"id\":\"p\",\"levels\":[\"one\"],\"requirements\":["
                "{\"id\":\"D\",\"level\":\"one\",\"scope\":[\"device\"],\"source\":\"s\",\"section\":\"1\","
                "\"predicate\":\"pin.tries <= 10\"},"
                "{\"id\":\"S\",\"level\":\"one\",\"scope\":[\"service\",\"device\"],\"source\":\"s\","
                "\"section\":\"2\",\"predicate\":\"life.linked\"},"
                "{\"id\":\"L\",\"level\":\"one\",\"scope\":[\"login\"],\"keyword\":\"SHOULD\","
                "\"source\":\"s\",\"section\":\"3\",\"predicate\":\"login.user_present\"}]}";
        assert_int_equal(level_policy_read(slice_text(json), &policy, NULL).code, MITOME_OK);
        assert_int_equal(policy.requirements[0].scopes, LEVEL_SCOPE_DEVICE);
        assert_int_equal(policy.requirements[1].scopes, LEVEL_SCOPE_SERVICE | LEVEL_SCOPE_DEVICE);
        static const struct {
                unsigned tries; /* 0: not known */
                unsigned scopes;
                bool reached;
                size_t blockers, untested;
        } rows[] = {
                { 0, LEVEL_SCOPE_LOGIN, true, 0, 2 },
                { 0, 0, true, 0, 2 },
                { 0, LEVEL_SCOPE_DEVICE, false, 2, 0 },
                { 0, LEVEL_SCOPE_SERVICE, false, 1, 0 },
                { 0, LEVEL_SCOPE_ALL, false, 2, 0 },
                { 10, LEVEL_SCOPE_LOGIN, true, 0, 1 },
                { 10, LEVEL_SCOPE_DEVICE, false, 1, 0 },
                { 11, LEVEL_SCOPE_LOGIN, false, 1, 0 },
                { 11, 0, false, 1, 0 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct level_facts facts = { 0 };
                struct level_judgement judgement;
                if (rows[i].tries)
                        facts.facts[LEVEL_PIN_TRIES] =
                                (struct level_fact){ .obtained = LEVEL_DECLARED, .count = rows[i].tries };
                level_judge(&policy, &facts, rows[i].scopes, &judgement);
                assert_int_equal(judgement.reached, rows[i].reached);
                assert_int_equal(judgement.blocker_count, rows[i].blockers);
                assert_int_equal(judgement.untested_count, rows[i].untested);
        }
        static const char *const names[] = { "login", "device", "service" };
        for (unsigned i = 0; i < LEVEL_SCOPES; i++)
                assert_string_equal(level_scope_name(i), names[i]);
        assert_null(level_scope_name(LEVEL_SCOPES));
}

/* A level that nothing confirmed makes, and one that nothing confirmed keeps from the next, are not shown as
 * the source's own. */
static void a_verdict_by_unconfirmed_wording_says_so(void **state)
{
        (void)state;
        static struct level_policy policy;
        static const char json[] =
                "{\"id\":\"p\",\"levels\":[\"one\",\"two\",\"three\"],\"requirements\":["
                "{\"id\":\"A\",\"level\":\"one\",\"source\":\"s\",\"section\":\"1\",\"verified\":true,"
                "\"predicate\":\"login.user_present\"},"
                "{\"id\":\"B\",\"level\":\"two\",\"source\":\"s\",\"section\":\"2\",\"verified\":true,"
                "\"predicate\":\"login.user_verified\"},"
                "{\"id\":\"C\",\"level\":\"two\",\"source\":\"s\",\"section\":\"3\","
                "\"predicate\":\"uv.enrol_needs_pin\"},"
                "{\"id\":\"D\",\"level\":\"three\",\"source\":\"s\",\"section\":\"4\","
                "\"predicate\":\"uv.change_closes\"},"
                "{\"id\":\"E\",\"level\":\"three\",\"keyword\":\"SHOULD\",\"source\":\"s\","
                "\"section\":\"5\",\"verified\":true,\"predicate\":\"uv.local\"}]}";
        assert_int_equal(level_policy_read(slice_text(json), &policy, NULL).code, MITOME_OK);
        static const struct {
                bool present, verified, enrol, change;
                size_t levels; /* reached */
                bool unconfirmed;
        } rows[] = {
                { false, false, false, false, 0, false },
                { true, false, false, false, 1, false }, /* B, too, keeps from two */
                { true, false, true, false, 1, false },
                { true, true, false, false, 1, true }, /* C alone does */
                { true, true, true, false, 2, true },  /* D alone keeps from three */
                { true, true, true, true, 3, true },   /* and nothing confirmed makes three */
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct level_facts facts = { 0 };
                struct level_judgement judgement;
                const bool values[] = { rows[i].present, rows[i].verified, rows[i].enrol, rows[i].change };
                static const enum level_fact_id ids[] = { LEVEL_LOGIN_USER_PRESENT, LEVEL_LOGIN_USER_VERIFIED,
                        LEVEL_UV_ENROL_NEEDS_PIN, LEVEL_UV_CHANGE_CLOSES };
                for (size_t j = 0; j < 4; j++)
                        facts.facts[ids[j]] =
                                (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = values[j] };
                level_judge(&policy, &facts, LEVEL_SCOPE_ALL, &judgement);
                assert_int_equal(judgement.reached ? judgement.level + 1 : 0, rows[i].levels);
                assert_int_equal(judgement.unconfirmed, rows[i].unconfirmed);
        }
        policy.requirements[3].verified = true;
        struct level_facts facts = { 0 };
        struct level_judgement judgement;
        for (unsigned i = 0; i < LEVEL_FACTS; i++)
                if (level_fact_kind((enum level_fact_id)i)->type == LEVEL_BOOL)
                        facts.facts[i] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = true };
        level_judge(&policy, &facts, LEVEL_SCOPE_ALL, &judgement);
        assert_true(judgement.reached && judgement.level == 2 && !judgement.unconfirmed);
        policy.requirements[0].verified = false; /* not even the lowest level is kept from by the source */
        level_judge(&policy, &(struct level_facts){ 0 }, LEVEL_SCOPE_ALL, &judgement);
        assert_true(!judgement.reached && judgement.unconfirmed);
}

/* What a policy says of itself is what is read; the confidence is what rates are judged by. */
static void each_member_is_read(void **state)
{
        (void)state;
        static struct level_policy policy;
        static const char json[] =
                "{\"id\":\"p\",\"title\":\"T\",\"title_ja\":\"J\",\"provisional\":true,\"note\":\"N\","
                "\"note_ja\":\"M\",\"confidence\":80,\"levels\":[\"one\"],\"requirements\":[{\"id\":\"A\","
                "\"topic\":\"FMR\",\"level\":\"one\",\"source\":\"s\",\"section\":\"1\",\"text\":\"t\","
                "\"text_ja\":\"u\",\"responsible\":\"matcher\",\"remedy\":\"r\",\"remedy_ja\":\"q\","
                "\"verified\":true,\"predicate\":\"uv.fmr < 1/10000\"}]}";
        assert_int_equal(level_policy_read(slice_text(json), &policy, NULL).code, MITOME_OK);
        const struct level_requirement *r = &policy.requirements[0];
        assert_true(slice_is(policy.title, "T") && slice_is(policy.title_ja, "J") && policy.provisional &&
                    slice_is(policy.note, "N") && slice_is(policy.note_ja, "M"));
        assert_true(slice_is(r->topic, "FMR") && slice_is(r->text, "t") && slice_is(r->text_ja, "u") &&
                    slice_is(r->responsible, "matcher") && slice_is(r->remedy, "r") &&
                    slice_is(r->remedy_ja, "q") && slice_is(r->predicate, "uv.fmr < 1/10000"));
        assert_true(r->verified && r->shall);
        assert_int_equal(r->scopes, LEVEL_SCOPE_ALL);
        struct level_facts facts = { 0 };
        struct level_judgement judgement;
        for (unsigned less = 0; less < 2; less++) {
                facts.facts[LEVEL_UV_FMR] = (struct level_fact){ .obtained = LEVEL_MEASURED,
                        .rate = { .errors = 0, .trials = 16094 - less } };
                level_judge(&policy, &facts, LEVEL_SCOPE_ALL, &judgement);
                assert_int_equal(judgement.reached, !less);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_best_login_reaches_the_highest_level),
                cmocka_unit_test(each_missing_fact_costs_its_level),
                cmocka_unit_test(a_told_verification_stands_for_the_weakest_path),
                cmocka_unit_test(what_is_declared_is_not_called_satisfied),
                cmocka_unit_test(the_plan_asks_for_a_chip),
                cmocka_unit_test(the_plan_has_its_rows),
                cmocka_unit_test(a_wrong_policy_is_refused_with_its_place),
                cmocka_unit_test(levels_and_requirements_are_bounded),
                cmocka_unit_test(a_requirement_counts_until_it_is_replaced),
                cmocka_unit_test(a_scope_says_where_it_must_be_known),
                cmocka_unit_test(a_verdict_by_unconfirmed_wording_says_so),
                cmocka_unit_test(each_member_is_read),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
