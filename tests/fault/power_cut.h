/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POWER_CUT_H
#define POWER_CUT_H

/* A storage in memory, with an anchor, whose power can be cut at any write. What struct mitome_storage and
 * struct mitome_anchor promise is all it keeps: after a cut it holds the old state or the new one, or a part
 * of a record, whichever the test asked for. */

#include <mitome/element.h>

#include <stdbool.h>

enum power_cut_moment {
        POWER_CUT_BEFORE, /* the old state stays */
        POWER_CUT_TORN,   /* a part of the record is there; a replacement is atomic: the old state stays */
        POWER_CUT_AFTER,  /* the new state is kept, but nobody is told */
};

/* Zeroed ({0}) it is an empty medium under power that is never cut. */
struct power_cut {
        uint8_t *image; /* and its records. NULL: nothing stored yet; owned */
        size_t size;
        uint64_t anchor;
        unsigned writes;   /* that were asked for while there was power, the cut one among them */
        unsigned replaces; /* that were carried out */
        unsigned loads;
        bool off; /* every call fails: FILE_READ, FILE_WRITE */
        unsigned cut_at;
        enum power_cut_moment moment;
};

/* power_cut_storage is the storage; it lives as long as `medium`. */
struct mitome_storage power_cut_storage(struct power_cut *medium);

/* power_cut_anchor is an anchor beside it, under the same power: raising it is a write. */
struct mitome_anchor power_cut_anchor(struct power_cut *medium);

/* power_cut_arm cuts the power at the n-th write from now on (1: the next). 0: never. */
void power_cut_arm(struct power_cut *medium, unsigned n, enum power_cut_moment moment);

/* power_cut_on gives the power back, and counts from 0 again. */
void power_cut_on(struct power_cut *medium);

void power_cut_free(struct power_cut *medium);

#endif
