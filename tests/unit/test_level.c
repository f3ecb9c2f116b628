/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_level.h"

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
static const struct level_evidence best = {
        .user_present = true,
        .user_verified = true,
        .challenge_fresh = true,
        .origin_bound = true,
        .attestation_trusted = true,
        .certificate_alive = true,
        .metadata_known = true,
        .declared_every_path_verifies = true,
        .declared_hardware_key = true,
};

static const char *level_of(
        const struct level_policy *policy, const struct level_evidence *evidence, char text[32])
{
        struct level_judgement judgement;
        level_judge(policy, evidence, &judgement);
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
        level_judge(&nist.policy, &best, &judgement);
        assert_false(judgement.barred);
}

/* What is missing keeps from the level that asks for it, and is named. */
static void each_missing_fact_costs_its_level(void **state)
{
        (void)state;
        static struct loaded nist;
        load(&nist, "nist-800-63b-4");
        struct level_evidence lacking[10];
        for (int i = 0; i < 10; i++)
                lacking[i] = best;
        lacking[0].challenge_fresh = false;
        lacking[1].certificate_alive = false;
        lacking[2].user_verified = false;
        lacking[3].declared_every_path_verifies = false;
        lacking[4].metadata_known = false;
        lacking[5].origin_bound = false;
        lacking[6].user_present = false;
        lacking[7].backup_eligible = true;
        lacking[8].attestation_trusted = false;
        lacking[9].declared_hardware_key = false;
        static const char *const levels[] = { "none", "none", "AAL1", "AAL1", "AAL1", "AAL2", "AAL2", "AAL2",
                "AAL2", "AAL2" };
        static const char *const bars[] = { "NONCE", "EXPIRE", "UVFLAG", "TYPE2", "TYPE2", "PHISH", "INTENT",
                "SYNC", "SENSOR", "NOEXPORT" };
        for (int i = 0; i < 10; i++) {
                char text[32];
                struct level_judgement judgement;
                assert_string_equal(level_of(&nist.policy, &lacking[i], text), levels[i]);
                level_judge(&nist.policy, &lacking[i], &judgement);
                assert_true(judgement.barred);
                slice id = nist.policy.requirements[judgement.bar].id;
                assert_true(slice_is(id, bars[i]));
        }
}

static void what_is_declared_is_not_called_satisfied(void **state)
{
        (void)state;
        static struct loaded nist;
        struct level_judgement judgement;
        struct level_evidence unknown = best;
        unknown.metadata_known = false;
        load(&nist, "nist-800-63b-4");
        for (size_t i = 0; i < nist.policy.requirement_count; i++) {
                bool from_maker = slice_is(nist.policy.requirements[i].id, "TYPE2") ||
                                  slice_is(nist.policy.requirements[i].id, "NOEXPORT");
                level_judge(&nist.policy, &best, &judgement);
                assert_int_equal(judgement.outcomes[i], from_maker ? LEVEL_DECLARED : LEVEL_SATISFIED);
                level_judge(&nist.policy, &unknown, &judgement);
                assert_int_equal(judgement.outcomes[i], from_maker ? LEVEL_NOT_TESTABLE : LEVEL_SATISFIED);
        }
        assert_string_equal(level_outcome_name(LEVEL_DECLARED), "declared only");
}

/* The plan asks for a chip: the software element does not reach it; a SHOULD alone keeps nobody out. */
static void the_plan_asks_for_a_chip(void **state)
{
        (void)state;
        static struct loaded plan;
        char text[32];
        struct level_evidence software = best, silent = best;
        software.declared_hardware_key = false;
        silent.declared_every_path_verifies = false;
        load(&plan, "first-summary");
        assert_string_equal(level_of(&plan.policy, &best, text), "login");
        assert_string_equal(level_of(&plan.policy, &software, text), "none");
        assert_string_equal(level_of(&plan.policy, &silent, text), "login");
}

#define BEFORE "{\"id\":\"p\",\"levels\":[\"one\",\"two\"],\"requirements\":["
#define AFTER "]}"
#define GOOD \
        "{\"id\":\"A\",\"level\":\"one\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"user_present\"}"

static void a_wrong_policy_is_refused_with_its_place(void **state)
{
        (void)state;
        static const struct {
                const char *json;
                mitome_code code;
        } cases[] = {
                { BEFORE GOOD AFTER, MITOME_OK },
                { BEFORE AFTER, MITOME_E_MISSING },
                { BEFORE GOOD "," GOOD AFTER, MITOME_E_POLICY_ID_TWICE },
                { BEFORE
                        "{\"id\":\"A\",\"level\":\"one\",\"section\":\"1\",\"predicate\":\"user_present\"}" AFTER,
                        MITOME_E_MISSING },
                { BEFORE
                        "{\"id\":\"A\",\"level\":\"one\",\"source\":\"s\",\"predicate\":\"user_present\"}" AFTER,
                        MITOME_E_MISSING },
                { BEFORE
                        "{\"level\":\"one\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"user_present\"}" AFTER,
                        MITOME_E_MISSING },
                { BEFORE
                        "{\"id\":\"A\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"user_present\"}" AFTER,
                        MITOME_E_MISSING },
                { BEFORE "{\"id\":\"A\",\"level\":\"one\",\"source\":\"s\",\"section\":\"1\"}" AFTER,
                        MITOME_E_MISSING },
                { BEFORE
                        "{\"id\":\"A\",\"level\":\"one\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"is_nice\"}" AFTER,
                        MITOME_E_POLICY_PREDICATE },
                { BEFORE
                        "{\"id\":\"A\",\"level\":\"six\",\"source\":\"s\",\"section\":\"1\",\"predicate\":\"user_present\"}" AFTER,
                        MITOME_E_POLICY_LEVEL },
                { BEFORE "{\"id\":\"A\",\"weight\":\"5\"}" AFTER, MITOME_E_POLICY_MEMBER },
                { BEFORE "{\"id\":\"A\",\"keyword\":\"MAY\"}" AFTER, MITOME_E_VALUE },
                { BEFORE "{\"id\":\"A\",\"id\":\"B\"}" AFTER, MITOME_E_JSON_DUPLICATE_NAME },
                { "{\"id\":\"p\",\"score\":1}", MITOME_E_POLICY_MEMBER },
                { BEFORE GOOD AFTER "x", MITOME_E_TRAILING_BYTES },
                { "[]", MITOME_E_JSON_TYPE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                static struct level_policy policy;
                mitome_error error = { 0 };
                assert_int_equal(
                        level_policy_read(slice_text(cases[i].json), &policy, &error).code, cases[i].code);
                assert_int_equal(error.code, cases[i].code);
        }
        for (size_t size = 0; size < sizeof BEFORE GOOD AFTER - 1; size++) {
                static struct level_policy policy;
                assert_int_not_equal(
                        level_policy_read(slice_of(BEFORE GOOD AFTER, size), &policy, NULL).code, MITOME_OK);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_best_login_reaches_the_highest_level),
                cmocka_unit_test(each_missing_fact_costs_its_level),
                cmocka_unit_test(what_is_declared_is_not_called_satisfied),
                cmocka_unit_test(the_plan_asks_for_a_chip),
                cmocka_unit_test(a_wrong_policy_is_refused_with_its_place),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
