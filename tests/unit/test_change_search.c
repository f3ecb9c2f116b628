/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest set of changes, held against one that tries everything. */
#include "change_search.h"

#include "seeded_draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 1000000 };

static struct change_problem problem;

static unsigned draw(uint64_t *seed, unsigned below)
{
        return (unsigned)(draw_number(seed) % below);
}

/* ---- random problems ---- */

static void draw_rule(uint64_t *seed, struct change_rule *rule)
{
        const size_t leaves = 1 + draw(seed, 4);
        rule->must_hold = draw(seed, 4) != 0;
        for (size_t i = 0; i < leaves; i++)
                rule->steps[rule->count++] = (struct change_step){ .operator= CHANGE_IS,
                        .variable = (uint8_t)draw(seed, (unsigned)problem.variable_count),
                        .truth = draw_number(seed) };
        /* Each is taken by the next joint; now and then one is turned round on the way. */
        uint8_t whole = 0;
        for (size_t i = 1; i < leaves; i++) {
                rule->steps[rule->count] = (struct change_step){
                        .operator= draw(seed, 2) ? CHANGE_AND : CHANGE_OR, .left = whole, .right = (uint8_t)i
                };
                whole = (uint8_t)rule->count++;
                if (draw(seed, 3) == 0) {
                        rule->steps[rule->count] =
                                (struct change_step){ .operator= CHANGE_NOT, .left = whole };
                        whole = (uint8_t)rule->count++;
                }
        }
}

static void draw_problem(uint64_t seed)
{
        memset(&problem, 0, sizeof problem);
        problem.variable_count = 1 + draw(&seed, 6);
        for (size_t v = 0; v < problem.variable_count; v++) {
                const unsigned classes = 1 + draw(&seed, 3);
                problem.variables[v] = (struct change_variable){ .classes = classes,
                        .now = (int)draw(&seed, classes + 1) - 1,
                        .weight = draw(&seed, 4),
                        .fixed = draw(&seed, 8) == 0 };
        }
        problem.rule_count = 1 + draw(&seed, 6);
        for (size_t r = 0; r < problem.rule_count; r++)
                draw_rule(&seed, &problem.rules[r]);
}

/* ---- the oracle ---- */

static bool all_met(const int *values)
{
        for (size_t r = 0; r < problem.rule_count; r++)
                if (change_rule_value(&problem.rules[r], values) < (problem.rules[r].must_hold ? 2 : 1))
                        return false;
        return true;
}

static unsigned cost_of(const int *values)
{
        unsigned cost = 0;
        for (size_t v = 0; v < problem.variable_count; v++)
                if (values[v] != problem.variables[v].now)
                        cost += CHANGE_COST + problem.variables[v].weight;
        return cost;
}

/* The next assignment, each variable through its classes, and as it is now. */
static bool count_on(int *values)
{
        for (size_t v = 0; v < problem.variable_count; v++) {
                if (problem.variables[v].fixed)
                        continue;
                if (++values[v] < (int)problem.variables[v].classes)
                        return true;
                values[v] = problem.variables[v].now == CHANGE_UNKNOWN ? CHANGE_UNKNOWN : 0;
        }
        return false;
}

static unsigned cheapest(void)
{
        int values[CHANGE_VARIABLES_MAX];
        unsigned best = UINT32_MAX;
        for (size_t v = 0; v < problem.variable_count; v++)
                values[v] = problem.variables[v].fixed                   ? problem.variables[v].now
                            : problem.variables[v].now == CHANGE_UNKNOWN ? CHANGE_UNKNOWN
                                                                         : 0;
        do {
                if (all_met(values) && cost_of(values) < best)
                        best = cost_of(values);
        } while (count_on(values));
        return best;
}

static void nothing_is_cheaper_than_what_is_found(void **state)
{
        enum { PROBLEMS = 20000 };
        size_t found = 0, hopeless = 0, larger = 0;
        (void)state;
        for (uint64_t seed = 1; seed <= PROBLEMS; seed++) {
                struct change_answer answer;
                draw_problem(seed);
                change_search(&problem, LIMIT, &answer);
                const unsigned best = cheapest();
                assert_true(answer.least);
                assert_int_equal(answer.found, best != UINT32_MAX);
                hopeless += !answer.found;
                if (!answer.found)
                        continue;
                found++;
                larger += answer.count > 1;
                assert_true(all_met(answer.value));
                assert_int_equal(cost_of(answer.value), best);
                assert_int_equal(answer.count, best / CHANGE_COST);
        }
        /* Problems of each sort came. */
        assert_in_range(found, PROBLEMS / 4, PROBLEMS);
        assert_in_range(hopeless, PROBLEMS / 50, PROBLEMS);
        assert_in_range(larger, PROBLEMS / 50, PROBLEMS);
}

static void what_is_accepted_would_do_as_well(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 2000; seed++) {
                struct change_answer answer;
                draw_problem(seed);
                change_search(&problem, LIMIT, &answer);
                for (size_t v = 0; answer.found && v < problem.variable_count; v++) {
                        const int taken = answer.value[v];
                        if (!answer.changed[v]) {
                                assert_int_equal(taken, problem.variables[v].now);
                                assert_int_equal(answer.accepted[v], 0);
                                continue;
                        }
                        assert_true(answer.accepted[v] >> taken & 1);
                        for (unsigned class = 0; class < problem.variables[v].classes; class ++) {
                                answer.value[v] = (int)class;
                                assert_int_equal(answer.accepted[v] >> class & 1, all_met(answer.value));
                        }
                        answer.value[v] = taken;
                }
        }
}

/* ---- by hand ---- */

static struct change_rule is(uint8_t variable, uint64_t truth)
{
        struct change_rule rule = { .count = 1, .must_hold = true };
        rule.steps[0] = (struct change_step){ .operator= CHANGE_IS, .variable = variable, .truth = truth };
        return rule;
}

static struct change_rule either(uint8_t one, uint64_t one_truth, uint8_t other, uint64_t other_truth)
{
        struct change_rule rule = { .count = 3, .must_hold = true };
        rule.steps[0] = (struct change_step){ .operator= CHANGE_IS, .variable = one, .truth = one_truth };
        rule.steps[1] = (struct change_step){ .operator= CHANGE_IS, .variable = other, .truth = other_truth };
        rule.steps[2] = (struct change_step){ .operator= CHANGE_OR, .left = 0, .right = 1 };
        return rule;
}

static void a_fact_that_serves_two_rules_is_changed_once(void **state)
{
        struct change_answer answer;
        (void)state;
        problem = (struct change_problem){ .variable_count = 3, .rule_count = 2 };
        for (size_t v = 0; v < 3; v++)
                problem.variables[v] = (struct change_variable){ .classes = 2 };
        problem.rules[0] = either(0, 2, 1, 2);
        problem.rules[1] = either(2, 2, 1, 2);
        change_search(&problem, LIMIT, &answer);
        assert_true(answer.found && answer.least);
        assert_int_equal(answer.count, 1);
        assert_true(answer.changed[1]);
}

static void rules_that_contradict_each_other_have_no_answer(void **state)
{
        struct change_answer answer;
        (void)state;
        problem = (struct change_problem){ .variable_count = 1, .rule_count = 2 };
        problem.variables[0] = (struct change_variable){ .classes = 3, .now = 1 };
        problem.rules[0] = is(0, 1);
        problem.rules[1] = is(0, 4);
        change_search(&problem, LIMIT, &answer);
        assert_false(answer.found);
        assert_true(answer.least);
}

static void what_is_not_judged_may_stay_unknown_but_must_not_fail(void **state)
{
        struct change_answer answer;
        (void)state;
        problem = (struct change_problem){ .variable_count = 2, .rule_count = 2 };
        problem.variables[0] = (struct change_variable){ .classes = 2, .now = CHANGE_UNKNOWN };
        problem.variables[1] = (struct change_variable){ .classes = 2, .now = 0 };
        problem.rules[0] = is(0, 2);
        problem.rules[1] = is(1, 2);
        problem.rules[0].must_hold = problem.rules[1].must_hold = false;
        change_search(&problem, LIMIT, &answer);
        assert_true(answer.found);
        assert_int_equal(answer.count, 1);
        assert_true(answer.changed[1]);
        assert_int_equal(answer.value[0], CHANGE_UNKNOWN);
}

/* Each rule of its own: the search does not multiply what is independent. */
static void many_rules_that_share_nothing_take_few_steps(void **state)
{
        struct change_answer answer;
        (void)state;
        problem = (struct change_problem){ .variable_count = 60, .rule_count = 60 };
        for (uint8_t v = 0; v < 60; v++) {
                problem.variables[v] = (struct change_variable){ .classes = 4 };
                problem.rules[v] = is(v, 8);
        }
        change_search(&problem, 10, &answer);
        assert_true(answer.found && answer.least);
        assert_int_equal(answer.count, 60);
}

/* A chain of alternatives is one group. Cut short, it says that it was. */
static void a_search_that_was_cut_short_says_so(void **state)
{
        struct change_answer answer;
        (void)state;
        problem = (struct change_problem){ .variable_count = 41, .rule_count = 40 };
        for (uint8_t v = 0; v < 41; v++)
                problem.variables[v] = (struct change_variable){ .classes = 2 };
        for (uint8_t r = 0; r < 40; r++)
                problem.rules[r] = either(r, 2, (uint8_t)(r + 1), 2);
        change_search(&problem, 50, &answer);
        assert_false(answer.least);
        assert_true(answer.found);
        assert_in_range(answer.count, 20, 40);
        change_search(&problem, LIMIT, &answer);
        assert_true(answer.least);
        assert_int_equal(answer.count, 20); /* every other one */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_cheaper_than_what_is_found),
                cmocka_unit_test(what_is_accepted_would_do_as_well),
                cmocka_unit_test(a_fact_that_serves_two_rules_is_changed_once),
                cmocka_unit_test(rules_that_contradict_each_other_have_no_answer),
                cmocka_unit_test(what_is_not_judged_may_stay_unknown_but_must_not_fail),
                cmocka_unit_test(many_rules_that_share_nothing_take_few_steps),
                cmocka_unit_test(a_search_that_was_cut_short_says_so),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
