/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INSPECT_RIG_H
#define INSPECT_RIG_H

/* A right structure of every kind that `mitome inspect` knows, made for the test. A failure of the rig
 * aborts.
 */

#include "bytes.h"

enum { INSPECT_SAMPLES_MAX = 48, INSPECT_PARTS_MAX = 12 };

struct inspect_sample {
        const char *kind; /* as --as names it */
        slice bytes;
        const char *parts[INSPECT_PARTS_MAX]; /* what must be printed of it; up to NULL */
};

struct inspect_rig {
        struct inspect_sample samples[INSPECT_SAMPLES_MAX];
        size_t count;
};

void inspect_rig_open(struct inspect_rig *rig);
void inspect_rig_close(struct inspect_rig *rig);

/* inspect_rig_find is the first sample of a kind that shows `part`; NULL: any. */
const struct inspect_sample *inspect_rig_find(
        const struct inspect_rig *rig, const char *kind, const char *part);

#endif
