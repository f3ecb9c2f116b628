/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_FPRINT_H
#define SENSOR_FPRINT_H

/* A fingerprint reader and the comparison of minutiae, by libfprint.
 *
 * libfprint says yes from a score of 40 on and keeps the score to its debug output. 40 lets too many others
 * pass, so the score is read from there and SENSOR_THRESHOLD is demanded: a yes whose score was not seen is a
 * no. libfprint stops at the first impression that reaches 40, so a score is a lower bound, and the higher
 * threshold errs on the side of refusing. */

#include "sensor.h"

enum { SENSOR_THRESHOLD = 60 };

/* sensor_fprint_open opens the first reader that gives images; an argument is the path of a socket: the
 * virtual sensor, fed there (virtual_finger.h). What it keeps of a finger is its template. A reader that is
 * missing shows when it is needed (GATE_NO_SENSOR). Fails with SOCKET. */
MITOME_CHECKED mitome_status sensor_fprint_open(
        const struct sensor_config *config, struct sensor *ret, mitome_error *error);

#endif
