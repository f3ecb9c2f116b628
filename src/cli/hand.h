/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HAND_H
#define HAND_H

/* The hand before a virtual sensor: it lays an image on it each time that the matcher waits for a finger, and
 * the user, where he is asked, agrees. For demonstrations and tests: it opens what a finger opens. */

#include "prompt.h"

struct hand;

struct hand_config {
        struct mitome_gate gate; /* to the matcher */
        const char *sensor;      /* the virtual sensor's socket */
        struct prompter *prompter;
        const char *const *images; /* each a PGM file, or grown:SEED: a finger that belongs to nobody */
        size_t image_count;
};

enum { HAND_IMAGES_MAX = 32 };

/* hand_open reads and grows the images. Fails with FILE_READ, IMAGE_FILE or NO_MEMORY. The strings are not
 * kept; gate, prompter and the sensor's path must outlive the hand. */
MITOME_CHECKED mitome_status hand_open(
        const struct hand_config *config, struct hand **ret, mitome_error *error);

/* hand_gate is the gate of the config with the hand before it. One image after the other is laid, the first
 * after the last; a grown finger is laid otherwise each time, also after a new start, and where it is
 * enrolled already (MITOME_GATE_HINT_KNOWN) the hand lays its next finger for the rest of the request. A file
 * that is laid twice is refused by a matcher that has seen it. */
struct mitome_gate hand_gate(struct hand *hand);

void hand_close(struct hand *hand);

#endif
