/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POWER_SWEEP_H
#define POWER_SWEEP_H

/* An operation of an element under power cuts: it is run once whole, then again and again on fresh clones
 * with the power cut before, during and after each of its writes. After each run the element is powered on
 * (it must open) and the caller looks at it. A test of a command reads like this:
 *
 *      struct known { bool changed; };   // what the answers have promised; each run begins with a fresh copy
 *
 *      static void change_pin(struct element_rig *rig, void *context)
 *      {
 *              struct known *known = context;
 *              if (element_rig_select(rig, element_rig_jpki) == SW_OK && ...)
 *                      known->changed = element_rig_command(rig, 0x00240080, ...) == SW_OK;
 *      }
 *
 *      static void check_pin(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
 *      {
 *              const struct known *known = context;   // known->changed: the new PIN must be the one
 *              ...                                     // else either the old or the new one, never none
 *      }
 *
 *      element_rig_personalise(&rig);
 *      const struct known known = { 0 };
 *      unsigned writes = power_sweep(&rig, &(struct power_sweep){ change_pin, check_pin, &known, sizeof known
 * }); assert_int_equal(writes, 3);
 *
 * A clone is an element that was just powered on: `operate` selects, opens channels and verifies by itself,
 * and what it writes thereby is cut too. It must not assert that commands succeed, since after the cut all of
 * them answer 6581; a 9000 is a promise that holds whatever the power does. Link with power_sweep_dep. */

#include "element_rig.h"

struct power_sweep_cut {
        unsigned at; /* the write, from 1; 0: the run that nothing cut, whose operation must have done all */
        enum power_cut_moment moment;
};

struct power_sweep {
        void (*operate)(struct element_rig *rig, void *known);
        void (*check)(struct element_rig *rig, const struct power_sweep_cut *cut, void *known);
        const void *known; /* may be NULL */
        size_t known_size;
};

/* power_sweep gives the number of writes of the operation. `before` stays as it is; it may be on or off. */
unsigned power_sweep(const struct element_rig *before, const struct power_sweep *sweep);

#endif
