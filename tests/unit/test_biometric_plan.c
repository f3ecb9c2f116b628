/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { FINGERS_MAX = 250 };

/* Walks a plan as a measurement does, and counts who meets whom. */
struct walk {
        uint8_t met[FINGERS_MAX][FINGERS_MAX]; /* stranger, enrolled */
        unsigned genuine[FINGERS_MAX], enrolled[FINGERS_MAX];
        size_t steps;
};

static void walk_set(const struct biometric_plan *plan, unsigned set, struct walk *walk)
{
        struct biometric_step step;
        unsigned there[BIOMETRIC_SET_MAX], count = 0;
        for (size_t i = 0; biometric_plan_step(plan, set, i, &step); i++, walk->steps++) {
                assert_true(step.finger < plan->fingers);
                if (step.kind == BIOMETRIC_ENROL) {
                        assert_true(count < plan->set_size);
                        there[count++] = step.finger;
                        walk->enrolled[step.finger]++;
                } else if (step.kind == BIOMETRIC_GENUINE) {
                        assert_int_equal(step.attempt, walk->genuine[step.finger]);
                        assert_int_equal(count, biometric_plan_size(plan, set));
                        walk->genuine[step.finger]++;
                } else {
                        assert_true(count > 0);
                        for (unsigned k = 0; k < count; k++) {
                                assert_int_not_equal(there[k], step.finger);
                                walk->met[step.finger][there[k]]++;
                        }
                }
        }
        for (unsigned k = 0; k < count; k++)
                assert_int_equal(there[k], biometric_plan_first(plan, set) + k);
}

static void walk_plan(const struct biometric_plan *plan)
{
        static struct walk walk;
        size_t pairs = 0;
        memset(&walk, 0, sizeof walk);
        for (unsigned set = 0; set < biometric_plan_sets(plan); set++)
                walk_set(plan, set, &walk);
        for (unsigned i = 0; i < plan->fingers; i++) {
                assert_int_equal(walk.enrolled[i], 1);
                assert_int_equal(walk.genuine[i], plan->attempts);
                for (unsigned j = 0; j < i; j++) {
                        assert_int_equal(walk.met[i][j] + walk.met[j][i], 1);
                        pairs++;
                }
        }
        assert_int_equal(pairs, biometric_plan_pairs(plan));
        assert_int_equal(walk.steps, biometric_plan_steps(plan));
}

static void every_pair_meets_once(void **state)
{
        (void)state;
        for (unsigned fingers = 2; fingers <= 33; fingers++)
                for (unsigned set_size = 1; set_size <= BIOMETRIC_SET_MAX; set_size++)
                        walk_plan(&(struct biometric_plan){ fingers, 1 + fingers % 3, set_size });
}

static void so_many_fingers_have_30135_pairs(void **state)
{
        const struct biometric_plan plan = { .fingers = 246, .attempts = 4, .set_size = 10 };
        (void)state;
        walk_plan(&plan);
        assert_int_equal(biometric_plan_pairs(&plan), 30135);
        assert_int_equal(biometric_plan_sets(&plan), 25);
        assert_int_equal(biometric_plan_size(&plan, 24), 6);
}

static void behind_the_last_set_is_nothing(void **state)
{
        const struct biometric_plan plan = { .fingers = 20, .attempts = 1, .set_size = 10 };
        struct biometric_step step;
        (void)state;
        assert_false(biometric_plan_step(&plan, 2, 0, &step));
        assert_false(biometric_plan_step(&plan, 1, SIZE_MAX, &step));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_pair_meets_once),
                cmocka_unit_test(so_many_fingers_have_30135_pairs),
                cmocka_unit_test(behind_the_last_set_is_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
