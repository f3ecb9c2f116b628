/* SPDX-License-Identifier: Apache-2.0 */
#include "seeded_draw.h"

uint64_t draw_number(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        return z ^ z >> 31;
}

double draw_between(uint64_t *state, double low, double high)
{
        return low + (high - low) * (double)(draw_number(state) >> 11) * 0x1p-53;
}

double draw_normal(uint64_t *state)
{
        double sum = -6;
        for (int i = 0; i < 12; i++)
                sum += draw_between(state, 0, 1);
        return sum;
}
