/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_H
#define SENSOR_H

/* A fingerprint reader and the comparison of minutiae, by libfprint. Everything happens on the main loop.
 *
 * libfprint says yes from a score of 40 on and keeps the score to its debug output. 40 lets too many others
 * pass, so the score is read from there and SENSOR_THRESHOLD is demanded: a yes whose score was not seen is a
 * no. libfprint stops at the first impression that reaches 40, so a score is a lower bound, and the higher
 * threshold errs on the side of refusing. */

#include "gate_message.h"

enum { SENSOR_THRESHOLD = 60 };

/* The scores that were seen since the comparison began. The log writer of the process fills it (libfprint
 * compares on the main loop's thread). */
struct sensor_scores {
        bool verbose; /* pass libfprint's messages on to standard error */
        unsigned count;
        int last;
};

/* sensor_listen sets the process's log writer; once, before any other call of libfprint. */
void sensor_listen(struct sensor_scores *scores);

enum sensor_outcome {
        SENSOR_MATCH,
        SENSOR_NO_MATCH,
        SENSOR_ENROLLED,
        SENSOR_CANCELLED, /* and nothing was compared */
        SENSOR_BROKEN,
};

/* Who is told. `ended` comes once, when the sensor is closed again; it may free the sensor. */
struct sensor_watcher {
        void *context;
        void (*ready)(void *context); /* the sensor waits for a finger */
        void (*sample)(void *context, unsigned remaining);
        void (*retry)(void *context, enum mitome_gate_hint hint);
        void (*ended)(void *context, enum sensor_outcome outcome);
};

struct sensor;

/* sensor_find takes the first reader that gives images (it may be the virtual one). Fails with GATE_NO_SENSOR
 * or NO_MEMORY. */
MITOME_CHECKED mitome_status sensor_find(const struct sensor_watcher *watcher, struct sensor_scores *scores,
        struct sensor **ret, mitome_error *error);

/* sensor_identify compares one capture with all `count` templates. An unusable capture does not count: the
 * finger is asked for again. Fails with VALUE for a template that libfprint does not read. */
MITOME_CHECKED mitome_status sensor_identify(
        struct sensor *sensor, const slice *templates, size_t count, mitome_error *error);

/* sensor_enrol takes the impressions of one finger. */
void sensor_enrol(struct sensor *sensor);

/* sensor_template is what was enrolled, serialised; it is the sensor's. */
slice sensor_template(const struct sensor *sensor);

/* sensor_stages is how many impressions an enrolment takes. */
unsigned sensor_stages(const struct sensor *sensor);

/* sensor_cancel asks what runs to end; `ended` still comes. */
void sensor_cancel(struct sensor *sensor);

/* sensor_free releases a sensor that runs nothing; NULL is fine. */
void sensor_free(struct sensor *sensor);

#endif
