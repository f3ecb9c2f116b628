/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_SCRIPTED_H
#define SENSOR_SCRIPTED_H

/* A sensor for tests of everything around a sensor: it reads nothing and compares nothing, and does what a
 * file says, a line a touch. It calls itself scripted wherever it is named, and its class is the lowest.
 *
 *   MATCH           an enrolled finger          MISS            a finger that is not enrolled
 *   SAME            a replayed sample           RETRY HINT      not usable (short, centre, lift, general,
 * same, ABSENT          nobody: until cancelled                     known, poor) BROKEN          the sensor
 * fails            OVERHEAT        .. and goes on failing in this process HANG            nothing more, not
 * even on cancel            DIE             the process ends
 *
 * Between touches: WAIT MS; GROW MIB (memory is taken and kept); SURVEY N (what the device keeps is another
 * set: list gives N, 0 at first). Once, anywhere: MODALITY finger|face|iris.
 *
 * These lines are for verifications. ENROL in front of a line makes it one for enrolments, which know SAMPLE
 * (a usable touch) and neither MATCH, MISS, SAME nor SURVEY. Both begin again at their end; without lines
 * each verification matches and each sample is usable. A hash sign begins a comment. After DIE, HANG and
 * OVERHEAT the next process goes on behind that line. */

#include "sensor.h"

/* sensor_scripted_open reads the script of config->argument; NULL and "" is the empty one. Fails with
 * FILE_READ, or SENSOR_SCRIPT at the line that is none. */
MITOME_CHECKED mitome_status sensor_scripted_open(
        const struct sensor_config *config, struct sensor *ret, mitome_error *error);

#endif
