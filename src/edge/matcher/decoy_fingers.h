/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DECOY_FINGERS_H
#define DECOY_FINGERS_H

/* Fingers that belong to nobody, grown from seeds that nothing else uses, as the minutiae that libfprint
 * finds in one impression of each. What matches one of them matches too much: as a template it would open for
 * others, as a sample it is a key for many locks. Such a one is refused. */

#include <fprint.h>
#include <stdbool.h>
#include <stdint.h>

#define DECOY_SEED UINT64_C(0x4465636F79000000) /* of the first; the others follow */

enum { DECOYS = 12 };

/* decoy_fingers_append appends a print of each; false where libfprint does not take them. `prints` has
 * g_object_unref as its free function. */
bool decoy_fingers_append(GPtrArray *prints);

#endif
