/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_FPRINT_H
#define SENSOR_FPRINT_H

/* Fingerprints: a camera gives images (camera.h: a reader, or the virtual sensor), each passes the same
 * checks, and a comparator says scores (comparator.h).
 *
 * libfprint says yes from a score of 40 on, which lets too many others pass. Here a finger matches when one
 * impression of it has FINGER_THRESHOLD (finger_threshold.h) or more; a score that was not seen is none. What
 * is kept of a finger is the minutiae of its impressions, as libfprint writes them. */

#include "sensor.h"

/* sensor_fprint_open: no argument is the first reader of this machine that gives images; PATH is the virtual
 * sensor, fed on that socket; reader:PATH is the code for readers with libfprint's virtual image device at
 * PATH in the place of one. A reader that is missing shows when it is needed (GATE_NO_SENSOR).
 *
 * With a descriptor for scores (the virtual sensor only), the whole gallery is compared, and each
 * verification writes a line "comparison PLACE SCORE" for each finger of the set, in its order from 0, with
 * the highest score of its impressions (0: none was said), where there was a comparison, and then "attempt",
 * all before `ended`. Fails with ARGUMENT (scores of a reader), SOCKET or GATE_NO_SENSOR. */
MITOME_CHECKED mitome_status sensor_fprint_open(
        const struct sensor_config *config, struct sensor *ret, mitome_error *error);

#endif
