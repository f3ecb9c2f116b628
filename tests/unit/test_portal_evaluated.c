/* SPDX-License-Identifier: Apache-2.0 */
/* A portal that demands an evaluation of the model that logs in: with one a level is reached, and by no other
 * way. */
#include "evaluator_rig.h"
#include "portal_evaluation.h"
#include "portal_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char ours[] = "6d69746f6d6520626174636820303031", other[] = "00112233445566778899aabbccddeeff";

/* What the device does is not for a login to show. */
static const char policy_json[] =
        "{\"id\":\"p\",\"levels\":[\"low\",\"high\",\"known\"],\"requirements\":["
        "{\"id\":\"UP\",\"level\":\"low\",\"source\":\"s\",\"section\":\"1\",\"scope\":[\"login\"],"
        "\"predicate\":\"login.user_present\"},"
        "{\"id\":\"TRIES\",\"level\":\"high\",\"source\":\"s\",\"section\":\"2\",\"scope\":[\"device\"],"
        "\"predicate\":\"pin.tries = 3\"},"
        "{\"id\":\"PW\",\"level\":\"known\",\"source\":\"s\",\"section\":\"3\",\"scope\":[\"login\"],"
        "\"predicate\":\"login.verified_by = password\"}]}";

/* The sample report, about a model and of a day, signed for 90 days. The rig's clock says 2030-01-01. */
static slice statement_about(const struct evaluator *evaluator, const char *aaguid, const char *day,
        uint8_t buffer[MITOME_EVALUATION_MAX])
{
        char *report = evaluator_sample();
        char *at = strstr(report, "2026-11-22"), *model = strstr(report, other);
        slice statement;
        assert_true(at && model);
        memcpy(at, day, 10);
        memcpy(model, aaguid, 32);
        const struct evaluation_order order = evaluator_order(evaluator, slice_text(report));
        assert_int_equal(evaluation_sign(&order, buffer, &statement, NULL).code, MITOME_OK);
        free(report);
        return statement;
}

static void believe(struct portal_rig *rig, const struct evaluator *evaluator, slice statement)
{
        rig->evaluator = evaluator ? evaluator->certificate_der : slice_of(NULL, 0);
        rig->evaluation = statement;
        portal_rig_list(rig);
}

static void demand_by(struct portal_rig *rig, bool accept_simulated)
{
        assert_int_equal(
                level_policy_read(slice_text(policy_json), &rig->portal->policies[0], NULL).code, MITOME_OK);
        rig->portal->config.demand_evaluated = true;
        rig->portal->config.accept_simulated = accept_simulated;
}

static void expect_level(struct portal_rig *rig, const char *level)
{
        struct portal_browser browser = { 0 };
        struct ceremony_logged_in logged_in;
        struct level_judgement judgement;
        portal_rig_visit(rig, &browser);
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        assert_string_equal(logged_in.session.level, level);
        session_judge(rig->portal, &logged_in.session, 0, &judgement); /* and what the page says */
        assert_true(judgement.reached);
        assert_true(slice_is(rig->portal->policies[0].levels[judgement.level], level));
        assert_int_equal(judgement.scopes, rig->portal->config.demand_evaluated
                                                   ? LEVEL_SCOPE_LOGIN | LEVEL_SCOPE_DEVICE
                                                   : LEVEL_SCOPE_LOGIN);
}

static void a_level_wants_an_evaluation_where_it_is_demanded(void **state)
{
        static uint8_t buffer[MITOME_EVALUATION_MAX];
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct evaluator evaluator, stranger;
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &evaluator);
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &stranger);
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        const struct {
                const char *aaguid, *day;
                const struct evaluator *believed;
                bool accept_simulated;
                mitome_code code;
        } rows[] = {
                { ours, "2029-12-31", &evaluator, true, MITOME_OK },
                { ours, "2029-12-31", &evaluator, false, MITOME_E_EVALUATION_OTHER },
                { other, "2029-12-31", &evaluator, true, MITOME_E_MISSING },
                { ours, "2029-09-01", &evaluator, true, MITOME_E_EVALUATION_EXPIRED },
                { ours, "2030-02-01", &evaluator, true, MITOME_E_EVALUATION_STATEMENT },
                { ours, "2029-12-31", &stranger, true, MITOME_E_EVALUATION_SIGNATURE },
                { ours, "2029-12-31", NULL, true, MITOME_E_EVALUATION_SIGNATURE },
        };
        demand_by(rig, true);
        rig->portal->config.demand_evaluated = false;
        expect_level(rig, "high"); /* nobody looked, and nobody asked */
        rig->portal->config.demand_evaluated = true;
        expect_level(rig, "low"); /* there is none */
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                uint8_t aaguid[16];
                struct mitome_evaluation found;
                believe(rig, rows[i].believed,
                        statement_about(&evaluator, rows[i].aaguid, rows[i].day, buffer));
                rig->portal->config.accept_simulated = rows[i].accept_simulated;
                expect_level(rig, rows[i].code == MITOME_OK ? "high" : "low");
                for (size_t byte = 0; byte < sizeof aaguid; byte++)
                        assert_int_equal(sscanf(ours + 2 * byte, "%2hhx", &aaguid[byte]), 1);
                const struct portal_snapshot *belief = portal_believe(rig->portal);
                assert_int_equal(portal_evaluation_find(belief, SLICE(aaguid), rig->now,
                                         rows[i].accept_simulated, &found, NULL)
                                         .code,
                        rows[i].code);
                portal_believe_no_more(rig->portal, belief);
        }
        evaluator_drop(&evaluator);
        evaluator_drop(&stranger);
}

/* A statement that was believed at the login is not believed for ever. */
static void a_session_is_judged_by_the_evaluation_of_now(void **state)
{
        static uint8_t buffer[MITOME_EVALUATION_MAX];
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct evaluator evaluator;
        struct level_judgement judgement;
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &evaluator);
        demand_by(rig, true);
        believe(rig, &evaluator, statement_about(&evaluator, ours, "2029-12-31", buffer));
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        session_judge(rig->portal, &browser.session, 0, &judgement);
        assert_int_equal(judgement.level, 1);
        /* Had an app chosen the AAGUID, nothing were known of the model. */
        assert_int_equal(sql_do(party_store(rig->party),
                                 "UPDATE account_credential SET format = 'android-key'", NULL, 0, NULL, NULL)
                                 .code,
                MITOME_OK);
        session_judge(rig->portal, &browser.session, 0, &judgement);
        assert_int_equal(judgement.level, 0);
        assert_int_equal(sql_do(party_store(rig->party),
                                 "UPDATE account_credential SET format = 'mitome-jpki'", NULL, 0, NULL, NULL)
                                 .code,
                MITOME_OK);
        session_judge(rig->portal, &browser.session, 0, &judgement);
        assert_int_equal(judgement.level, 1);
        assert_int_equal(session_step_up(rig->portal, &browser.session, 0, slice_text("known")),
                MITOME_FACTOR_PASSWORD);
        assert_int_equal(session_step_up(rig->portal, &browser.session, 0, slice_text("high")),
                MITOME_FACTOR_UNTOLD); /* it has */
        rig->now += 91 * 86400;
        session_judge(rig->portal, &browser.session, 0, &judgement);
        assert_int_equal(judgement.level, 0);
        assert_int_equal(session_step_up(rig->portal, &browser.session, 0, slice_text("known")),
                MITOME_FACTOR_UNTOLD); /* no factor stands for an evaluation */
        evaluator_drop(&evaluator);
}

/* What a maker declares of a model counts where the attestation key has signed the AAGUID: an app would
 * choose the model that it is taken for. */
static void a_model_counts_where_its_key_has_named_it(void **state)
{
        static const char model_policy[] =
                "{\"id\":\"p\",\"levels\":[\"low\",\"high\"],\"requirements\":["
                "{\"id\":\"UP\",\"level\":\"low\",\"source\":\"s\",\"section\":\"1\",\"scope\":[\"login\"],"
                "\"predicate\":\"login.user_present\"},"
                "{\"id\":\"KEY\",\"level\":\"high\",\"source\":\"s\",\"section\":\"2\",\"scope\":[\"login\"],"
                "\"predicate\":\"model.key_protection = secure_element\"}]}";
        static const struct {
                const char *format, *level;
        } rows[] = {
                { "mitome-jpki", "high" },
                { "packed", "high" },
                { "android-key", "low" },
                { "tpm", "low" },
                { "fido-u2f", "low" },
        };
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        portal_rig_settle(rig, &browser, 0, PORTAL_RIG_CERTIFIED);
        assert_int_equal(
                level_policy_read(slice_text(model_policy), &rig->portal->policies[0], NULL).code, MITOME_OK);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                assert_int_equal(sql_do(party_store(rig->party), "UPDATE account_credential SET format = ?",
                                         SQL_VALUES(SQL_TEXT_OF(slice_text(rows[i].format))), NULL, NULL)
                                         .code,
                        MITOME_OK);
                expect_level(rig, rows[i].level);
        }
}

/* What was found since counts, wherever its file stands. */
static void of_two_evaluations_the_newer_counts(void **state)
{
        static uint8_t buffers[2][MITOME_EVALUATION_MAX];
        struct portal_rig *rig = *state;
        struct evaluator evaluator;
        struct mitome_evaluation found;
        uint8_t aaguid[16];
        evaluator_make(&(struct evaluator_plan){ .kind = "P-256" }, &evaluator);
        const slice older = statement_about(&evaluator, ours, "2029-12-01", buffers[0]),
                    newer = statement_about(&evaluator, ours, "2029-12-31", buffers[1]);
        for (size_t byte = 0; byte < sizeof aaguid; byte++)
                assert_int_equal(sscanf(ours + 2 * byte, "%2hhx", &aaguid[byte]), 1);
        for (int first = 0; first < 2; first++) {
                const slice statements[] = { first ? newer : older, first ? older : newer };
                const struct portal_trust_parts parts = { .evaluators = &evaluator.certificate_der,
                        .evaluator_count = 1,
                        .evaluations = statements,
                        .evaluation_count = 2 };
                assert_int_equal(portal_trust_replace(rig->trust, &parts, NULL).code, MITOME_OK);
                const struct portal_snapshot *belief = portal_believe(rig->portal);
                assert_int_equal(
                        portal_evaluation_find(belief, SLICE(aaguid), rig->now, true, &found, NULL).code,
                        MITOME_OK);
                assert_in_range(found.at, rig->now - 2 * 86400, rig->now);
                portal_believe_no_more(rig->portal, belief);
        }
        evaluator_drop(&evaluator);
}

static void what_is_no_statement_is_no_folder_of_them(void **state)
{
        struct portal_rig *rig = *state;
        static const uint8_t junk[] = { 0x84, 0x40, 0xa0, 0x40, 0x40 };
        const slice file = SLICE(junk);
        const struct portal_trust_parts parts = { .evaluations = &file, .evaluation_count = 1 },
                                        many = { .evaluations = &file,
                                                .evaluation_count = PORTAL_TRUST_FILES + 1 },
                                        evaluator = { .evaluators = &file, .evaluator_count = 1 };
        mitome_error error = { 0 };
        assert_int_equal(portal_trust_replace(rig->trust, &parts, &error).code, MITOME_E_VALUE);
        assert_string_equal(error.field, "evaluations");
        assert_int_equal(portal_trust_replace(rig->trust, &many, NULL).code, MITOME_E_TOO_MANY);
        error = (mitome_error){ 0 };
        assert_int_not_equal(portal_trust_replace(rig->trust, &evaluator, &error).code, MITOME_OK);
        assert_string_equal(error.field, "evaluators");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_model_counts_where_its_key_has_named_it, portal_rig_set_up, portal_rig_tear_down),
                cmocka_unit_test_setup_teardown(
                        of_two_evaluations_the_newer_counts, portal_rig_set_up, portal_rig_tear_down),
                cmocka_unit_test_setup_teardown(a_level_wants_an_evaluation_where_it_is_demanded,
                        portal_rig_set_up, portal_rig_tear_down),
                cmocka_unit_test_setup_teardown(a_session_is_judged_by_the_evaluation_of_now,
                        portal_rig_set_up, portal_rig_tear_down),
                cmocka_unit_test_setup_teardown(
                        what_is_no_statement_is_no_folder_of_them, portal_rig_set_up, portal_rig_tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
