/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_COMMAND_H
#define SENSOR_COMMAND_H

/* A sensor that is a program of somebody else's: a face, an iris, a reader that libfprint does not know. It
 * is told lines and says lines (docs/sensors.md). What it says of its class is its own word: more than
 * convenience is not believed. */

#include "sensor.h"

/* sensor_command_open starts the program of config->argument: an absolute path, and its arguments, separated
 * by blanks; no shell reads them. Fails with ARGUMENT, SENSOR_PROGRAM, SENSOR_SILENT where it does not say in
 * time what it is, or SENSOR_LINE. A program that dies or says nonsense later is started anew; the request
 * goes on with the new one if the program had not said `ready` yet, else it ends BROKEN. */
MITOME_CHECKED mitome_status sensor_command_open(
        const struct sensor_config *config, struct sensor *ret, mitome_error *error);

#endif
