/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_SOURCE_H
#define BIOMETRIC_SOURCE_H

/* Where the impressions of a measurement come from: fingers that are grown, or a folder of images. No
 * impression is laid twice before the same set: the matcher would take it for a replay. */

#include "biometric_plan.h"
#include "digest.h"
#include "virtual_finger.h"

/* Which impression is wanted. */
struct biometric_touch {
        unsigned set;
        size_t index;               /* of the step, in the set */
        struct biometric_step step; /* what it is for */
        unsigned presentation;      /* which one of this step, from 0 */
        unsigned round;             /* the step was begun anew so often, for a sensor that broke */
};

struct biometric_source;

/* biometric_source_grown grows fingers out of the seeds `first`, `first` + 1 .. */
MITOME_CHECKED mitome_status biometric_source_grown(
        unsigned fingers, uint64_t first, struct biometric_source **ret, mitome_error *error);

/* biometric_source_images takes FINGER_NUMBER.pgm of a folder: `attempts` images of each finger to be
 * compared with itself, the last one to be compared with others, the rest, five or more, to enrol it. Fails
 * with FILE_READ, MEASURE_IMAGES or NO_MEMORY. */
MITOME_CHECKED mitome_status biometric_source_images(
        const char *folder, unsigned attempts, struct biometric_source **ret, mitome_error *error);

/* biometric_source_fingers is how many fingers there are. */
unsigned biometric_source_fingers(const struct biometric_source *source);

/* biometric_source_name is what tells this source from others: "grown:1", "images:" and a digest of the
 * files' names. */
const char *biometric_source_name(const struct biometric_source *source);

/* biometric_source_lay gives the impression; *ret is valid until the next call. *ret_there is false when the
 * source has no further one for this step. Fails with FILE_READ, IMAGE_FILE or NO_MEMORY. */
MITOME_CHECKED mitome_status biometric_source_lay(struct biometric_source *source,
        const struct biometric_touch *touch, struct virtual_finger_image *ret, bool *ret_there,
        mitome_error *error);

void biometric_source_free(struct biometric_source *source);

#endif
