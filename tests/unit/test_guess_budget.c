/* SPDX-License-Identifier: Apache-2.0 */
/* The probability that a finder opens the key. */
#include "guess_budget.h"

#include "rate_text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_close(double value, double expected)
{
        if (fabs(value - expected) > 1e-9 * expected)
                fail_msg("%.12g is not %.12g", value, expected);
}

/* ---- numbers ---- */

static void rates_are_written_without_an_exponent(void **state)
{
        static const struct {
                double rate;
                const char *text;
        } table[] = { { 0, "0" }, { 1, "1" }, { 0.07, "0.07" }, { 4.99875e-4, "0.000499875" },
                { 9.94055e-5, "0.0000994055" }, { 1.0 / 3, "0.333333" }, { 2.0 / 3, "0.666667" },
                { 0.9999999, "1" }, { 1e-12, "0.000000000001" }, { 12.5, "12.5" }, { 250000, "250000" },
                { -1, "0" }, { (double)NAN, "0" } };
        char text[RATE_TEXT_SIZE];
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                rate_text(table[i].rate, text);
                assert_string_equal(text, table[i].text);
        }
        rate_text(1e-300, text);
        assert_int_equal(strlen(text), 302);
}

static void counts_have_commas(void **state)
{
        static const struct {
                uint64_t count;
                const char *text;
        } table[] = { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 29956, "29,956" },
                { UINT64_MAX, "18,446,744,073,709,551,615" } };
        char text[COUNT_TEXT_SIZE];
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                count_text(table[i].count, text);
                assert_string_equal(text, table[i].text);
        }
}

/* The figures of the reference, and ones that a plain 1 - (1 - p)^n gets wrong. */
static void chances_are_right_where_they_are_tiny(void **state)
{
        (void)state;
        assert_close(guess_chance(1e-4, 5), 4.9990001e-4);
        assert_close(guess_chance(1e-4, 50), 4.98776957699e-3);
        assert_close(guess_chance(2e-5, 5), 9.99960001e-5);
        assert_close(guess_chance(1e-18, 5), 5e-18);
        assert_close(guess_chance(1e-300, 1), 1e-300);
        assert_true(guess_chance(0, 100) == 0 && guess_chance(0.5, 0) == 0 && guess_chance(1, 1) == 1);
        assert_close(guess_drawn(4, 3), 3e-4);
        assert_close(guess_drawn(6, 10), 1e-5);
        assert_true(guess_drawn(0, 1) == 1 && guess_drawn(1, 11) == 1);
        assert_close(guess_either(5e-4, 3e-4), 5e-4 + 3e-4 - 15e-8);
        assert_close(guess_either(1e-18, 2e-18), 3e-18);
        assert_true(guess_either(1, 0.5) == 1 && guess_either(0, 1) == 1 && guess_either(0, 0) == 0);
}

/* Five tries at 1/10,000 are weaker than the card's three at four digits; at 1/50,000 they are stronger. */
static void the_limits_of_others_are_told_apart_from_the_card(void **state)
{
        (void)state;
        assert_true(guess_chance(1e-4, 5) > guess_drawn(4, 3));
        assert_true(guess_chance(2e-5, 5) < guess_drawn(4, 3));
        const struct level_facts nothing = { 0 };
        struct guess_budget budget = guess_budget_of(&nothing, 95);
        json_t *json = guess_budget_json(&budget);
        const char *text = json_string_value(json_object_get(json, "text"));
        assert_non_null(strstr(text, "5 tries at 1/10,000 (NIST SP 800-63B-4) come to 0.0004999, weaker"));
        assert_non_null(strstr(text, "5 tries at 1/50,000 (Android CDD) come to 0.000099996, stronger"));
        json_decref(json);
}

/* ---- budgets ---- */

static struct level_facts sound(void)
{
        struct level_facts facts = { 0 };
        const struct {
                enum level_fact_id id;
                uint64_t count;
        } counts[] = { { LEVEL_PIN_LENGTH_LEAST, 4 }, { LEVEL_PIN_TRIES, 3 }, { LEVEL_UV_TRIES, 3 },
                { LEVEL_UV_TRIES_TOTAL, 5 } };
        for (size_t i = 0; i < 4; i++)
                facts.facts[counts[i].id] =
                        (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = counts[i].count };
        facts.facts[LEVEL_UV_OFFERED] = (struct level_fact){ .obtained = LEVEL_DECLARED, .yes = true };
        facts.facts[LEVEL_PIN_OFFERED] = facts.facts[LEVEL_UV_OFFERED];
        facts.facts[LEVEL_PIN_TRIES_HOLD] = facts.facts[LEVEL_UV_OFFERED];
        facts.facts[LEVEL_UV_TRIES_HOLD] = facts.facts[LEVEL_UV_OFFERED];
        facts.facts[LEVEL_UV_FMR] = (struct level_fact){ .obtained = LEVEL_MEASURED, .rate = { 0, 30135 } };
        facts.facts[LEVEL_UV_MODALITY] =
                (struct level_fact){ .obtained = LEVEL_DECLARED, .word = slice_text("finger") };
        return facts;
}

static void all_paths_are_added_up_once(void **state)
{
        const struct level_facts facts = sound();
        const struct guess_budget budget = guess_budget_of(&facts, 95);
        const double each = -expm1(log(0.05) / 30135);
        (void)state;
        assert_true(budget.known);
        assert_int_equal(budget.count, 3);
        assert_string_equal(budget.paths[0].name, "finger");
        assert_close(budget.paths[0].each, each);
        assert_int_equal(budget.paths[0].tries, 5);
        assert_close(budget.paths[0].total, -expm1(5 * log1p(-each)));
        assert_false(budget.paths[1].counted);
        assert_int_equal(budget.paths[1].tries, 3);
        assert_string_equal(budget.paths[2].name, "PIN");
        assert_close(budget.paths[2].total, 3e-4);
        assert_close(budget.total, guess_either(budget.paths[0].total, 3e-4));
        json_t *json = guess_budget_json(&budget);
        assert_string_equal(json_string_value(json_object_get(json, "total")), "0.000796779");
        assert_non_null(strstr(
                json_string_value(json_object_get(json, "text")), "at most 0.000796779 (about 1 in 1,260)"));
        assert_non_null(strstr(json_string_value(json_object_get(json, "text_ja")), "0.000796779"));
        assert_non_null(strstr(json_string_value(json_object_get(json, "text")),
                "a bound from 30,135 trials with 0 errors"));
        json_decref(json);
}

/* Few trials give a wide bound, whatever the device: that stands beside it. 29,956 without an error are the
 * fewest that could show 1 in 10,000. */
static void too_few_trials_are_said_to_be(void **state)
{
        static const struct {
                uint64_t trials;
                bool few;
        } rows[] = { { 10, true }, { 29955, true }, { 29956, false }, { 30135, false } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct level_facts facts = sound();
                facts.facts[LEVEL_UV_FMR].rate.trials = rows[i].trials;
                const struct guess_budget budget = guess_budget_of(&facts, 95);
                json_t *json = guess_budget_json(&budget);
                const char *text = json_string_value(json_object_get(json, "text"));
                const char *text_ja = json_string_value(json_object_get(json, "text_ja"));
                assert_int_equal(strstr(text, "too few trials to say more") != NULL, rows[i].few);
                assert_int_equal(strstr(text_ja, "試行が少なすぎて") != NULL, rows[i].few);
                if (rows[i].trials == 10)
                        assert_non_null(strstr(text, "no less than 0.258866 a try"));
                json_decref(json);
        }
}

/* Each fact by itself: without it there is no total, and it is named. */
static void without_a_fact_there_is_no_total_and_it_is_named(void **state)
{
        static const enum level_fact_id needed[] = { LEVEL_UV_FMR, LEVEL_UV_TRIES_TOTAL, LEVEL_PIN_TRIES,
                LEVEL_PIN_LENGTH_LEAST, LEVEL_PIN_TRIES_HOLD, LEVEL_UV_TRIES_HOLD };
        static const enum level_obtained lost[] = { LEVEL_UNKNOWN, LEVEL_UNUSABLE };
        (void)state;
        for (size_t i = 0; i < 2 * sizeof needed / sizeof needed[0]; i++) {
                struct level_facts facts = sound();
                facts.facts[needed[i / 2]].obtained = lost[i % 2];
                const struct guess_budget budget = guess_budget_of(&facts, 95);
                assert_false(budget.known);
                json_t *json = guess_budget_json(&budget);
                assert_true(json_is_null(json_object_get(json, "total")));
                assert_non_null(strstr(json_string_value(json_object_get(json, "text")),
                        level_fact_kind(needed[i / 2])->name));
                size_t j, named = 0;
                const json_t *path;
                json_array_foreach(json_object_get(json, "paths"), j, path) named +=
                        json_array_size(json_object_get(path, "missing"));
                assert_true(named >= 1);
                json_decref(json);
        }
        /* Where nothing is known, not even whether there is such a path, that is what is asked for. */
        const struct level_facts nothing = { 0 };
        const struct guess_budget budget = guess_budget_of(&nothing, 95);
        assert_int_equal(budget.count, 2);
        assert_int_equal(budget.paths[0].missing_count, 1);
        assert_int_equal(budget.paths[0].missing[0], LEVEL_UV_OFFERED);
        assert_int_equal(budget.paths[1].missing[0], LEVEL_PIN_OFFERED);
}

/* A counter that can be reset is no bound: as long as nobody showed that it cannot, the figure is told under
 * that condition alone. */
static void tries_of_which_nobody_knows_whether_they_hold_have_no_total(void **state)
{
        (void)state;
        struct level_facts facts = sound();
        facts.facts[LEVEL_PIN_TRIES_HOLD].obtained = LEVEL_UNKNOWN;
        struct guess_budget budget = guess_budget_of(&facts, 95);
        assert_false(budget.known);
        assert_true(budget.if_held);
        assert_int_equal(budget.paths[2].trouble, GUESS_MISSING);
        json_t *json = guess_budget_json(&budget);
        const json_t *pin = json_array_get(json_object_get(json, "paths"), 2);
        assert_true(
                json_is_null(json_object_get(json, "total")) && json_is_null(json_object_get(pin, "total")));
        assert_string_equal(
                json_string_value(json_array_get(json_object_get(pin, "missing"), 0)), "pin.tries_hold");
        const char *text = json_string_value(json_object_get(json, "text"));
        assert_non_null(
                strstr(text, "If no try came back, which nobody showed, it would be at most 0.000796779."));
        assert_non_null(strstr(text, "PIN: not known: pin.tries_hold (0.0003 if no try comes back)."));
        assert_non_null(strstr(json_string_value(json_object_get(json, "text_ja")), "0.000796779"));
        json_decref(json);
        /* With more missing there is no figure under any condition; without an end, neither. */
        facts.facts[LEVEL_PIN_LENGTH_LEAST].obtained = LEVEL_UNKNOWN;
        budget = guess_budget_of(&facts, 95);
        assert_false(budget.if_held || budget.paths[2].if_held);
        facts = sound();
        facts.facts[LEVEL_PIN_TRIES_HOLD].obtained = LEVEL_UNKNOWN;
        facts.facts[LEVEL_PIN_TRIES].count = 0;
        budget = guess_budget_of(&facts, 95);
        assert_int_equal(budget.paths[2].trouble, GUESS_ENDLESS);
        assert_false(budget.if_held || budget.paths[2].if_held);
}

static void tries_without_an_end_have_no_total(void **state)
{
        (void)state;
        struct level_facts facts = sound();
        facts.facts[LEVEL_PIN_TRIES].count = 0;
        struct guess_budget budget = guess_budget_of(&facts, 95);
        assert_false(budget.known);
        assert_int_equal(budget.paths[2].trouble, GUESS_ENDLESS);
        facts = sound();
        facts.facts[LEVEL_UV_TRIES_HOLD] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = false };
        budget = guess_budget_of(&facts, 95);
        assert_false(budget.known);
        assert_int_equal(budget.paths[0].trouble, GUESS_GIVEN_BACK);
        json_t *json = guess_budget_json(&budget);
        assert_non_null(strstr(json_string_value(json_object_get(json, "text")), "given back"));
        json_decref(json);
        facts.facts[LEVEL_UV_TRIES_HOLD].yes = true;
        budget = guess_budget_of(&facts, 95);
        assert_true(budget.known);
}

static void a_path_that_is_not_there_counts_for_nothing(void **state)
{
        (void)state;
        struct level_facts facts = sound();
        facts.facts[LEVEL_UV_OFFERED].yes = false;
        struct guess_budget budget = guess_budget_of(&facts, 95);
        assert_int_equal(budget.count, 1);
        assert_true(budget.known);
        assert_close(budget.total, 3e-4);
        facts.facts[LEVEL_PIN_OFFERED].yes = false;
        budget = guess_budget_of(&facts, 95);
        assert_int_equal(budget.count, 0);
        assert_false(budget.known);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rates_are_written_without_an_exponent),
                cmocka_unit_test(counts_have_commas),
                cmocka_unit_test(chances_are_right_where_they_are_tiny),
                cmocka_unit_test(the_limits_of_others_are_told_apart_from_the_card),
                cmocka_unit_test(all_paths_are_added_up_once),
                cmocka_unit_test(too_few_trials_are_said_to_be),
                cmocka_unit_test(without_a_fact_there_is_no_total_and_it_is_named),
                cmocka_unit_test(tries_of_which_nobody_knows_whether_they_hold_have_no_total),
                cmocka_unit_test(tries_without_an_end_have_no_total),
                cmocka_unit_test(a_path_that_is_not_there_counts_for_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
