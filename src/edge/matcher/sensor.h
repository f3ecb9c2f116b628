/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENSOR_H
#define SENSOR_H

/* What the matcher sees of a sensor: six functions. Whoever writes a sensor fills in a struct sensor and adds
 * a line to sensor_kinds.c. Everything happens on the main loop; no function waits. No image and no template
 * leaves the process: what a finger is compared with is the sensor's own (`kept`), and the matcher keeps it
 * sealed without looking into it. */

#include "gate_message.h"

enum {
        SENSOR_VERSION = 1,
        SENSOR_NAME_MAX = GATE_SENSOR_NAME_MAX,
        SENSOR_KEPT_MAX = 65536,
        SENSOR_SURVEY_SIZE = 32,
};

enum sensor_outcome {
        SENSOR_MATCH,
        SENSOR_NO_MATCH,
        SENSOR_SAME, /* refused, because it is as good as a sample seen before: counts as no match */
        SENSOR_ENROLLED,
        SENSOR_CANCELLED, /* and nothing was compared */
        SENSOR_DISMISSED, /* the user said no at the sensor, and nothing was compared */
        SENSOR_BROKEN,
};

/* Who is told. A sensor keeps a copy. */
struct sensor_watcher {
        void *context;
        void (*ready)(void *context);                             /* it waits for a finger */
        void (*sample)(void *context, unsigned remaining);        /* one sample of an enrolment was taken */
        void (*retry)(void *context, enum mitome_gate_hint hint); /* this one does not count: once more */
        /* Once, and last: the next request may come from within. ENROLLED: `kept` is what the matcher keeps
         * of this finger for the sensor: a template, a handle, nothing; it is copied. */
        void (*ended)(void *context, enum sensor_outcome outcome, slice kept);
};

struct sensor_finger {
        slice id; /* 16 bytes */
        slice kept;
};

struct sensor_set {
        const struct sensor_finger *fingers;
        size_t count;
};

struct sensor {
        unsigned version; /* SENSOR_VERSION */
        const char *name; /* for people; at most SENSOR_NAME_MAX bytes */
        uint8_t modality; /* enum unlock_modality */
        uint8_t class;    /* enum matcher_class, as far as it knows: nothing that the element relies on */
        uint8_t samples;  /* of one enrolment, at most GATE_SAMPLES_MAX */
        void *context;

        /* enrol takes the samples of one finger, which will be known by `id`; verify compares one sample with
         * the set. Views are good for the call alone. Both end at once, or fail, without a call of the
         * watcher (then nothing runs: GATE_NO_SENSOR ..), or they begin, and `ended` comes. One runs at a
         * time. A sample that cannot be used does not count: it is asked for again. */
        mitome_status (*enrol)(void *context, const struct sensor_set *set, slice id,
                const struct sensor_watcher *watcher, mitome_error *error);
        mitome_status (*verify)(void *context, const struct sensor_set *set,
                const struct sensor_watcher *watcher, mitome_error *error);

        /* cancel asks what runs to end; `ended` still comes. Nothing runs: nothing happens. */
        void (*cancel)(void *context);

        /* list is a digest of what the device itself keeps enrolled; zeros: it keeps nothing. Another one
         * than after the matcher's own last change: somebody else changed the set, and it gets a new id. May
         * be NULL: a device that keeps nothing. */
        mitome_status (*list)(void *context, const struct sensor_set *set,
                uint8_t ret_survey[SENSOR_SURVEY_SIZE], mitome_error *error);

        /* remove forgets what the device itself keeps of a finger. May be NULL. */
        mitome_status (*remove)(void *context, const struct sensor_finger *finger, mitome_error *error);

        /* close releases the sensor; nothing runs any more, or it is ended without a word. */
        void (*close)(void *context);
};

/* What a sensor is opened with. The strings outlive it. */
struct sensor_config {
        const char *argument; /* what stands behind KIND: of --sensor, or NULL */
        const char *folder;   /* the matcher's, private */
        slice key;            /* 32 bytes: files that it keeps there are sealed with it */
        bool verbose;
        int scores; /* a file descriptor for scores, where the sensor has any; -1: none */
};

#endif
