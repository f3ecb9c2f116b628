/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

/* The lines that a sensor's program says and is told: docs/sensors.md. Printable ASCII, words with one blank
 * between them, nothing else. */

#include "sensor.h"

enum {
        COMMAND_VERSION = 1,
        COMMAND_LINE_MAX = 2 * SENSOR_KEPT_MAX + 64,
        COMMAND_NAME_MAX = SENSOR_NAME_MAX,
};

enum command_word {
        COMMAND_SENSOR, /* mitome-sensor 1 NAME MODALITY CLASS SAMPLES */
        COMMAND_READY,
        COMMAND_SAMPLE, /* sample REMAINING */
        COMMAND_RETRY,  /* retry HINT */
        COMMAND_MATCH,  /* match ID */
        COMMAND_NO_MATCH,
        COMMAND_SAME,
        COMMAND_ENROLLED, /* enrolled HEX, or - */
        COMMAND_CANCELLED,
        COMMAND_DISMISSED,
        COMMAND_BROKEN,
        COMMAND_SURVEY, /* survey HEX, or - */
        COMMAND_REMOVED,
        COMMAND_WORDS,
};

struct command_line {
        enum command_word word;
        unsigned number; /* SAMPLE: how many more; SENSOR: how many in all */
        enum mitome_gate_hint hint;
        uint8_t modality, class;
        slice name;                         /* of the sensor */
        uint8_t id[GATE_FINGER_ID_SIZE];    /* MATCH */
        uint8_t survey[SENSOR_SURVEY_SIZE]; /* SURVEY; zeros for - */
        slice hex;                          /* ENROLLED, still in digits; empty for - */
};

/* command_line_read reads one line without its end. Fails with SENSOR_LINE. Views point into `line`. */
MITOME_CHECKED mitome_status command_line_read(slice line, struct command_line *ret, mitome_error *error);

/* command_hex_read turns small hexadecimal digits into bytes, which are `size`. Fails with SENSOR_LINE. */
MITOME_CHECKED mitome_status command_hex_read(slice hex, uint8_t *ret, size_t size, mitome_error *error);

/* command_hex_write writes bytes as digits; - stands for none. */
void command_hex_write(writer *w, slice bytes);

#endif
