/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_KINDS_H
#define SENSOR_KINDS_H

/* The sensors that there are. A new one needs a line in sensor_kinds.c. */

#include "sensor.h"

/* sensor_open opens the sensor of a choice KIND[:ARGUMENT]; the argument in `config` is what stands behind
 * the colon, or the one that `config` has. NULL: fingerprint. Fails with GATE_SENSOR_KIND for a
 * kind that is not known, GATE_BROKEN for a sensor of another version or without what a sensor must have, or
 * as the sensor does. */
MITOME_CHECKED mitome_status sensor_open(
        const char *choice, const struct sensor_config *config, struct sensor *ret, mitome_error *error);

/* sensor_kind_name gives the name of the kind of that number, or NULL behind the last one. */
const char *sensor_kind_name(size_t number);

#endif
