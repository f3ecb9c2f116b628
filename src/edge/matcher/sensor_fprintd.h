/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_FPRINTD_H
#define SENSOR_FPRINTD_H

/* The reader that the desktop's service fprintd owns, over the system's bus.
 *
 * Its fingers are its own: it keeps their templates and compares, and it says yes or no. It tells the names
 * of a user's enrolled fingers and nothing else, so that a finger that is enrolled anew under its old name
 * goes unseen, and whatever threshold it has is its own. Readers that compare inside, which libfprint's
 * images do not reach, come to us by this way only. All this is another's word: its class is convenience, and
 * no certificate makes it more. What the matcher keeps of a finger is its name at fprintd. */

#include "sensor.h"

/* sensor_fprintd_open finds fprintd's default reader. Fails with SENSOR_SERVICE or GATE_NO_SENSOR. `enrol`
 * and `verify` fail with them too, with GATE_FULL where fprintd has all ten fingers of the user,
 * GATE_NO_FINGER where it has none of the set's any more, and SENSOR_OTHERS where it would have to compare
 * with fingers that were not enrolled here. */
MITOME_CHECKED mitome_status sensor_fprintd_open(
        const struct sensor_config *config, struct sensor *ret, mitome_error *error);

#endif
