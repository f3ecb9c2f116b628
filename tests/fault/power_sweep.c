/* SPDX-License-Identifier: Apache-2.0 */
#include "power_sweep.h"

#include "apdu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                  \
        do {                                                                             \
                if (!(condition)) {                                                      \
                        fprintf(stderr, "power_sweep.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                         \
                }                                                                        \
        } while (0)

static void expect_stopped(struct element_rig *rig)
{
        MUST(rig->medium.off);
        MUST(element_rig_select(rig, element_rig_manager) == SW_MEMORY_FAILURE);
}

/* Gives the number of writes that were asked for. */
static unsigned run(
        const struct element_rig *before, const struct power_sweep *sweep, const struct power_sweep_cut *cut)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        void *known = calloc(1, sweep->known_size + 1);
        MUST(rig && known);
        if (sweep->known_size)
                memcpy(known, sweep->known, sweep->known_size);
        element_rig_clone(before, rig);
        power_cut_on(&rig->medium); /* counts from 0 */
        power_cut_arm(&rig->medium, cut->at, cut->moment);
        sweep->operate(rig, known);
        unsigned writes = rig->medium.writes;
        if (cut->at)
                expect_stopped(rig);
        element_rig_off(rig);
        power_cut_on(&rig->medium);
        element_rig_open(rig); /* or aborts */
        sweep->check(rig, cut, known);
        element_rig_close(rig);
        free(rig);
        free(known);
        return writes;
}

unsigned power_sweep(const struct element_rig *before, const struct power_sweep *sweep)
{
        unsigned writes = run(before, sweep, &(struct power_sweep_cut){ 0 });
        MUST(writes > 0);
        for (unsigned at = 1; at <= writes; at++)
                for (int moment = POWER_CUT_BEFORE; moment <= POWER_CUT_AFTER; moment++) {
                        const struct power_sweep_cut cut = { at, (enum power_cut_moment)moment };
                        MUST(run(before, sweep, &cut) == at);
                }
        return writes;
}
