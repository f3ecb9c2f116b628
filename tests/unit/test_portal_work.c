/* SPDX-License-Identifier: Apache-2.0 */

/* What a login asks of the store: few statements, and the same for whom the portal knows and whom it does
 * not. Linked so that each statement passes here. */

#include "portal_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned done, asked;

mitome_status __real_sql_do(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error);
mitome_status __wrap_sql_do(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error);
mitome_status __wrap_sql_do(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error)
{
        done++;
        return __real_sql_do(store, sql, values, count, ret_changed, error);
}

mitome_status __real_sql_ask(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, struct sql_query *ret, mitome_error *error);
mitome_status __wrap_sql_ask(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, struct sql_query *ret, mitome_error *error);
mitome_status __wrap_sql_ask(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, struct sql_query *ret, mitome_error *error)
{
        asked++;
        return __real_sql_ask(store, sql, values, count, ret, error);
}

static void register_first(struct portal_rig *rig, struct portal_browser *browser)
{
        struct ceremony_registered registered;
        portal_rig_visit(rig, browser);
        assert_int_equal(portal_rig_register(rig, browser, 0, PORTAL_RIG_CERTIFIED, &registered), MITOME_OK);
}

static mitome_code count_login(struct portal_rig *rig, unsigned number, struct rig_plan plan)
{
        struct portal_browser browser = { .address = "203.0.113.9" };
        struct ceremony_logged_in logged_in;
        portal_rig_visit(rig, &browser);
        portal_rig_begin_login(rig, &browser, number, &plan);
        done = asked = 0;
        return portal_rig_answer(rig, &browser, &logged_in);
}

/* Challenge, credential and account, lock, counter, session. */
static void a_login_takes_five_statements(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        struct rig_plan plan = rig_authentication_plan();
        register_first(rig, &browser);
        plan.sign_count = 99;
        assert_int_equal(count_login(rig, 0, plan), MITOME_OK);
        assert_int_equal(done + asked, 5);
}

static void asking_for_options_takes_none(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        portal_rig_visit(rig, &browser);
        done = asked = 0;
        assert_int_equal(
                ceremony_request_options(rig->portal, &browser.session, buffer, sizeof buffer, &json, NULL)
                        .code,
                MITOME_OK);
        assert_int_equal(done + asked, 0);
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK); /* a visitor's cookie says so itself */
        assert_int_equal(done + asked, 0);
        register_first(rig, &browser);
        struct ceremony_logged_in logged_in;
        assert_int_equal(portal_rig_log_in(rig, &browser, 0, &logged_in), MITOME_OK);
        done = asked = 0;
        assert_int_equal(portal_rig_return(rig, &browser), MITOME_OK); /* a person's is looked for */
        assert_int_equal(done + asked, 1);
}

static void attack_counting_the_statements_of_a_refusal(void **state)
{
        struct portal_rig *rig = *state;
        struct portal_browser browser = { 0 };
        register_first(rig, &browser);
        for (unsigned i = 0; i < 3; i++) {
                struct rig_plan plan = rig_authentication_plan();
                plan.sign_count = 99;
                plan.spoil_signature = i == 0;
                plan.foreign_signer = i == 1;
                plan.origin = i == 2 ? "https://attacker.example" : plan.origin;
                const mitome_code known = count_login(rig, 0, plan);
                const unsigned known_done = done, known_asked = asked;
                assert_int_equal(count_login(rig, 5, plan), known);
                assert_int_equal(done, known_done);
                assert_int_equal(asked, known_asked);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, portal_rig_set_up, portal_rig_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_login_takes_five_statements),
                TEST(asking_for_options_takes_none),
                TEST(attack_counting_the_statements_of_a_refusal),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
