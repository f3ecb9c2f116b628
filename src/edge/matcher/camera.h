/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAMERA_H
#define CAMERA_H

/* Where images of fingers come from: a reader, or the virtual sensor's socket. What is made of an image is
 * the same for both (sensor_fprint.c). */

#include "gate_message.h"
#include "virtual_finger.h"

enum { CAMERA_SIDE_MIN = 48, CAMERA_SIDE_MAX = 1000 };

/* Who is told, always from the main loop. */
struct camera_watcher {
        void *context;
        void (*ready)(void *context); /* it waits for a finger */
        /* The image that was awaited; a view, good for the call. Answers what a virtual hand is told
         * (virtual_finger.h). No function of the camera is called from within. */
        uint8_t (*image)(void *context, const struct virtual_finger_image *image);
        void (*retry)(void *context, enum mitome_gate_hint hint); /* there is none: it still waits */
        void (*broken)(void *context);                            /* nor will there be one */
};

struct camera {
        void *context;
        /* An operation begins. Fails with GATE_NO_SENSOR. */
        mitome_status (*begin)(void *context, mitome_error *error);
        void (*await)(void *context); /* one image */
        void (*rest)(void *context);  /* the operation is over: nothing more is told */
        void (*free)(void *context);
};

/* camera_size_fits tells whether an image has sides that a sensor has, and all its bytes. Images of a few
 * pixels crash libfprint. */
bool camera_size_fits(const struct virtual_finger_image *image);

/* camera_socket is the virtual sensor: it listens on `path` for virtual hands (virtual_finger.h) of its own
 * user, one at a time, and takes whole images of a sensor's size while an operation runs. A socket that a
 * former matcher left there is replaced. Fails with SOCKET. */
MITOME_CHECKED mitome_status camera_socket(
        const char *path, const struct camera_watcher *watcher, struct camera *ret, mitome_error *error);

/* camera_reader is the first reader of this machine that gives images. One that is removed, that overheats or
 * that fails is looked for anew a few times, then it is broken. */
struct camera camera_reader(const struct camera_watcher *watcher);

/* camera_reader_virtual is the same with libfprint's virtual image device at `path` in the place of the
 * reader: for tests of the code for real readers. */
struct camera camera_reader_virtual(const char *path, const struct camera_watcher *watcher);

#endif
