/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_plan.h"

unsigned biometric_plan_sets(const struct biometric_plan *plan)
{
        return (plan->fingers + plan->set_size - 1) / plan->set_size;
}

unsigned biometric_plan_first(const struct biometric_plan *plan, unsigned set)
{
        return set * plan->set_size;
}

unsigned biometric_plan_size(const struct biometric_plan *plan, unsigned set)
{
        unsigned left = plan->fingers - biometric_plan_first(plan, set);
        return left < plan->set_size ? left : plan->set_size;
}

/* The first finger is enrolled; each other one is first presented as a stranger, and then enrolled. */
static struct biometric_step filling_step(unsigned first, size_t index)
{
        unsigned place = (unsigned)(index + 1) / 2;
        return (struct biometric_step){
                .kind = index % 2 ? BIOMETRIC_IMPOSTOR : BIOMETRIC_ENROL,
                .finger = first + place,
        };
}

bool biometric_plan_step(
        const struct biometric_plan *plan, unsigned set, size_t index, struct biometric_step *ret)
{
        if (set >= biometric_plan_sets(plan))
                return false;
        const unsigned first = biometric_plan_first(plan, set), size = biometric_plan_size(plan, set);
        const size_t filling = 2 * (size_t)size - 1, genuine = (size_t)size * plan->attempts;
        const size_t strangers = plan->fingers - first - size;
        if (index < filling)
                *ret = filling_step(first, index);
        else if (index - filling < genuine)
                *ret = (struct biometric_step){
                        .kind = BIOMETRIC_GENUINE,
                        .finger = first + (unsigned)((index - filling) % size),
                        .attempt = (unsigned)((index - filling) / size),
                };
        else if (index - filling - genuine < strangers)
                *ret = (struct biometric_step){
                        .kind = BIOMETRIC_IMPOSTOR,
                        .finger = first + size + (unsigned)(index - filling - genuine),
                };
        else
                return false;
        return true;
}

static size_t steps_of(const struct biometric_plan *plan, unsigned set)
{
        const unsigned size = biometric_plan_size(plan, set);
        return 2 * (size_t)size - 1 + (size_t)size * plan->attempts +
               (plan->fingers - biometric_plan_first(plan, set) - size);
}

size_t biometric_plan_steps(const struct biometric_plan *plan)
{
        size_t steps = 0;
        for (unsigned set = 0; set < biometric_plan_sets(plan); set++)
                steps += steps_of(plan, set);
        return steps;
}

size_t biometric_plan_pairs(const struct biometric_plan *plan)
{
        return (size_t)plan->fingers * (plan->fingers - 1) / 2;
}
