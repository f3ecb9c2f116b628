/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIMEN_HAND_H
#define SPECIMEN_HAND_H

/* The gate to a specimen's matcher, with a hand before its virtual sensor whose finger is chosen by a probe,
 * and an ear on the evidence that comes out. */

#include "grow_finger.h"
#include "target.h"

struct specimen_hand {
        /* Has the matcher's gate ready, for a request. */
        mitome_status (*ready)(void *context, const struct mitome_gate **ret, mitome_error *error);
        void *context;
        const char *sensor;
        const struct mitome_gate *gate;
        enum target_finger whose;
        bool runs, awaited;
        unsigned laid; /* times that one was laid for this request */
        uint64_t touch, stranger, near;
        struct finger *holder, *other; /* grown when first needed; `other` is the stranger of `grown` */
        struct finger *second;         /* one certain finger of somebody else */
        uint64_t grown;
        bool has_sample;
        uint8_t sample[FINGER_SIZE];  /* that was presented last */
        uint8_t altered[FINGER_SIZE]; /* what is made of it */
        void (*change)(void *of, uint8_t *evidence, size_t size);
        void *of;
};

/* specimen_hand_gate is the gate for an authenticator; it lives as long as `hand`, which does not move. */
struct mitome_gate specimen_hand_gate(struct specimen_hand *hand);

/* specimen_hand_waits: the sensor waits for a finger, and none will be laid. */
bool specimen_hand_waits(const struct specimen_hand *hand);

void specimen_hand_drop(struct specimen_hand *hand);

#endif
