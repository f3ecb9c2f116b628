/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_RIG_H
#define SENSOR_RIG_H

/* One sensor on a main loop of its own, and what it says. */

#include "sensor.h"

#include <glib.h>

enum sensor_event { EVENT_NOTHING, EVENT_READY, EVENT_SAMPLE, EVENT_RETRY };

struct sensor_rig {
        char folder[64];
        GMainLoop *loop;
        struct sensor sensor;
        struct sensor_finger fingers[2];
        struct sensor_set set;
        uint8_t ids[2][GATE_FINGER_ID_SIZE];
        enum sensor_event cancel_at;
        void (*on_ready)(struct sensor_rig *rig); /* what the test does then */
        void *test;
        bool lists_at_end; /* the matcher does, as it keeps a new finger */
        mitome_code listed;
        /* what was said of the last operation */
        unsigned ready, samples, retries, remaining, ended;
        enum mitome_gate_hint hint;
        enum sensor_outcome outcome;
        uint8_t kept[SENSOR_KEPT_MAX];
        size_t kept_size;
};

/* sensor_rig_open makes a folder, and a set of one finger (id 0x71 ..) for which nothing is kept. */
void sensor_rig_open(struct sensor_rig *rig);
void sensor_rig_close(struct sensor_rig *rig);

/* sensor_rig_write writes a file of the rig's folder, and gives its path. */
char *sensor_rig_write(const struct sensor_rig *rig, const char *name, const char *text, int mode);

/* These run one operation to its end; patience ends them after `ms` (then `ended` is 0). */
void sensor_rig_verify(struct sensor_rig *rig, unsigned ms);
void sensor_rig_enrol(struct sensor_rig *rig, unsigned ms);

/* sensor_rig_wait lets the loop run so long. */
void sensor_rig_wait(struct sensor_rig *rig, unsigned ms);

/* sensor_rig_keep lays what was kept last into the set's finger `at`. */
void sensor_rig_keep(struct sensor_rig *rig, size_t at, uint8_t *storage);

#endif
