/* SPDX-License-Identifier: Apache-2.0 */
#include "binomial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const double confidences[] = { 0.80, 0.90, 0.95 };

/* How many trials without an error each limit takes. */
static void a_limit_takes_so_many_trials_without_error(void **state)
{
        static const struct {
                double rate;
                uint64_t trials[3];
        } table[] = {
                { 1.0 / 1000, { 1609, 2302, 2995 } },
                { 1.0 / 10000, { 16094, 23025, 29956 } },
                { 1.0 / 50000, { 80472, 115129, 149786 } },
                { 0.07, { 23, 32, 42 } },
                { 0.05, { 32, 45, 59 } },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                for (size_t c = 0; c < 3; c++)
                        assert_int_equal(
                                binomial_trials(0, table[i].rate, confidences[c]), table[i].trials[c]);
}

/* One in 10,000 at 95 %, with errors: a coarse search had found these, to within 2 %. */
static void errors_take_more_trials(void **state)
{
        static const struct {
                uint64_t errors, trials;
        } table[] = { { 1, 47835 }, { 2, 63700 }, { 3, 78456 }, { 5, 106573 }, { 10, 170074 } };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                uint64_t trials = binomial_trials(table[i].errors, 1e-4, 0.95);
                assert_in_range(trials, table[i].trials * 98 / 100, table[i].trials * 102 / 100);
                /* It is the smallest number that does. */
                assert_true(binomial_upper(table[i].errors, trials, 0.95) < 1e-4);
                assert_true(binomial_upper(table[i].errors, trials - 1, 0.95) >= 1e-4);
        }
}

/* The sum that the bound is defined by, term by term. */
static double chance_of_at_most(uint64_t errors, uint64_t trials, double rate)
{
        double term = 1, sum = 0;
        for (uint64_t i = 0; i < trials; i++)
                term *= 1 - rate;
        for (uint64_t k = 0; k <= errors; k++) {
                sum += term;
                term *= (double)(trials - k) / (double)(k + 1) * rate / (1 - rate);
        }
        return sum;
}

static void is_near(double value, double expected)
{
        double off = value > expected ? value - expected : expected - value;
        assert_true(off < 1e-9);
}

static void bounds_are_where_the_sums_say(void **state)
{
        static const uint64_t trials[] = { 1, 2, 7, 60, 120, 700 };
        (void)state;
        for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
                for (uint64_t errors = 0; errors < trials[i] && errors < 40; errors++)
                        for (size_t c = 0; c < 3; c++) {
                                double upper = binomial_upper(errors, trials[i], confidences[c]);
                                is_near(chance_of_at_most(errors, trials[i], upper), 1 - confidences[c]);
                                if (errors == 0)
                                        continue;
                                double lower = binomial_lower(errors, trials[i], confidences[c]);
                                is_near(1 - chance_of_at_most(errors - 1, trials[i], lower),
                                        1 - confidences[c]);
                        }
}

static void the_ends_are_bounds_too(void **state)
{
        (void)state;
        assert_true(binomial_upper(0, 0, 0.95) == 1);
        assert_true(binomial_upper(5, 5, 0.95) == 1);
        assert_true(binomial_lower(0, 5, 0.95) == 0);
        assert_true(binomial_lower(0, 0, 0.95) == 0);
        is_near(binomial_lower(1, 1, 0.95), 0.05);
        /* 82 in 7,080 and 0 in 7,080, as DESIGN's facts have them. */
        assert_true(binomial_upper(0, 7080, 0.95) < 0.000424);
        assert_true(binomial_upper(0, 7080, 0.95) > 0.000422);
        assert_true(binomial_upper(82, 7080, 0.95) > 82.0 / 7080);
}

/* What each login asks is what the bounds answer: between, at and beyond them. */
static void a_side_is_told_as_by_the_bound(void **state)
{
        static const uint64_t trials[] = { 1, 2, 7, 60, 700, 30135, 4000000 };
        static const double steps[] = { 0.5, 0.97, 0.999999, 1.000001, 1.03, 2 };
        static const double levels[] = { 0.80, 0.90, 0.95, 0.99 };
        (void)state;
        for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
                for (uint64_t errors = 0; errors <= trials[i] && errors < 12; errors++)
                        for (size_t c = 0; c < 4; c++) {
                                const double upper = binomial_upper(errors, trials[i], levels[c]);
                                const double lower = binomial_lower(errors, trials[i], levels[c]);
                                for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
                                        const double above = upper * steps[s] < 1 ? upper * steps[s] : 1;
                                        const double below = lower * steps[s] < 1 ? lower * steps[s] : 1;
                                        assert_int_equal(
                                                binomial_upper_is_below(errors, trials[i], above, levels[c]),
                                                upper < above);
                                        assert_int_equal(
                                                binomial_lower_is_above(errors, trials[i], below, levels[c]),
                                                lower > below);
                                }
                                assert_false(binomial_upper_is_below(
                                        errors, trials[i], (double)errors / (double)trials[i], levels[c]));
                                assert_false(binomial_lower_is_above(
                                        errors, trials[i], (double)errors / (double)trials[i], levels[c]));
                        }
        assert_false(binomial_upper_is_below(0, 0, 1, 0.95));
        assert_false(binomial_lower_is_above(0, 0, 0, 0.95));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_limit_takes_so_many_trials_without_error),
                cmocka_unit_test(errors_take_more_trials),
                cmocka_unit_test(bounds_are_where_the_sums_say),
                cmocka_unit_test(the_ends_are_bounds_too),
                cmocka_unit_test(a_side_is_told_as_by_the_bound),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
