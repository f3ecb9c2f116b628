/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_MEDIUM_H
#define BENCH_MEDIUM_H

/* A storage in memory that does no more than it must: the rig's own copies all that is stored at each write.
 */

#include "element_rig.h"

struct bench_medium {
        uint8_t *bytes; /* the caller's to free, when the element is closed */
        size_t size, capacity;
};

/* bench_medium_move has the rig's element, which is on, go on on this medium, with the FIDO applet selected.
 */
void bench_medium_move(struct bench_medium *medium, struct element_rig *rig);

#endif
