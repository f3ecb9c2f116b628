/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POWER_CUT_H
#define POWER_CUT_H

/* A storage in memory whose power can be cut at any replacement. What struct mitome_storage promises is all
 * it keeps: after a cut it holds the old image or the new one, whichever the test asked for. */

#include <mitome/element.h>

#include <stdbool.h>

enum power_cut_moment {
        POWER_CUT_BEFORE, /* the old image stays */
        POWER_CUT_TORN,   /* a part of the write is there; of a replacement, which is atomic, nothing */
        POWER_CUT_AFTER,  /* the new image is kept, but nobody is told */
};

/* Zeroed ({0}) it is an empty medium under power that is never cut. */
struct power_cut {
        uint8_t *image; /* NULL: nothing stored yet; owned */
        size_t size;
        unsigned writes; /* that were asked for while there was power, the cut one among them */
        unsigned loads;
        bool off; /* every call fails: FILE_READ, FILE_WRITE */
        unsigned cut_at;
        enum power_cut_moment moment;
};

/* power_cut_storage is the storage; it lives as long as `medium`. */
struct mitome_storage power_cut_storage(struct power_cut *medium);

/* power_cut_arm cuts the power at the n-th replacement from now on (1: the next). 0: never. */
void power_cut_arm(struct power_cut *medium, unsigned n, enum power_cut_moment moment);

/* power_cut_on gives the power back, and counts from 0 again. */
void power_cut_on(struct power_cut *medium);

void power_cut_free(struct power_cut *medium);

#endif
