/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_GUARD_H
#define IMAGE_GUARD_H

/* The socket of the virtual sensor. libfprint's own driver believes any header: images of a few pixels crash
 * it, and a large one keeps it waiting for ever. So the hand speaks to this guard, which takes only whole
 * images of a size that a sensor has, from its own user, and only while a finger is asked for; libfprint's
 * socket lies in the matcher's private folder. */

#include "gate_message.h"

enum { IMAGE_SIDE_MIN = 48, IMAGE_SIDE_MAX = 1000, IMAGE_PATIENCE_S = 10 };

struct image_guard_watcher {
        void *context;
        void (*refused)(void *context); /* an image came that is none, while a finger was asked for */
};

struct image_guard;

/* image_guard_open listens on `path`; a socket that a former matcher left there is replaced. Images go to
 * the socket at `sensor_path`. Fails with SOCKET. */
MITOME_CHECKED mitome_status image_guard_open(const char *path, const char *sensor_path,
        const struct image_guard_watcher *watcher, struct image_guard **ret, mitome_error *error);

/* image_guard_expect opens the guard for an operation's images, image_guard_shut ends that.
 * image_guard_pass lets one image through: the sensor waits for it. */
void image_guard_expect(struct image_guard *guard);
void image_guard_pass(struct image_guard *guard);
void image_guard_shut(struct image_guard *guard);

/* image_guard_free stops listening; NULL is fine. */
void image_guard_free(struct image_guard *guard);

#endif
