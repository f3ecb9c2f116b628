/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_KINDS_H
#define SENSOR_KINDS_H

/* The sensors that there are. A new one needs a line in sensor_kinds.c. */

#include "sensor.h"

/* sensor_open opens the sensor of a choice KIND[:ARGUMENT]; NULL: fingerprint. The argument in `config` is
 * the fingerprint sensor's, if the choice has none. Fails with GATE_SENSOR_KIND for a kind that is not known,
 * GATE_BROKEN for a sensor of another version or without what a sensor must have, or as the sensor does. */
MITOME_CHECKED mitome_status sensor_open(
        const char *choice, const struct sensor_config *config, struct sensor *ret, mitome_error *error);

/* sensor_identity names the sensor of a choice as a state is bound to it: the kind, and of a plug-in what it
 * calls itself. At most SENSOR_IDENTITY_MAX bytes and a terminator; GATE_SENSOR_KIND for an unknown one. */
enum { SENSOR_IDENTITY_MAX = SENSOR_NAME_MAX + 16 };
MITOME_CHECKED mitome_status sensor_identity(const char *choice, const struct sensor *sensor,
        char ret_identity[SENSOR_IDENTITY_MAX + 1], mitome_error *error);

/* sensor_kind_name gives the name of the kind of that number, or NULL behind the last one. */
const char *sensor_kind_name(size_t number);

#endif
