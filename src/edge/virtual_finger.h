/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VIRTUAL_FINGER_H
#define VIRTUAL_FINGER_H

/* The hand for the virtual sensor: it lays an image on the socket of a matcher that was started with
 * FP_VIRTUAL_IMAGE (width and height as 32-bit numbers of this machine, then the grey bytes, as libfprint's
 * virtual image driver takes them; the matcher answers one byte). */

#include "bytes.h"

enum virtual_finger_answer {
        VIRTUAL_FINGER_TAKEN = 1,
        VIRTUAL_FINGER_REFUSED = 2, /* it is no image of a sensor's size */
        VIRTUAL_FINGER_NOT_NOW = 3,
        VIRTUAL_FINGER_SEEN = 4, /* it is equal or almost equal to one seen before */
};

struct virtual_finger_image {
        int32_t width, height;
        slice grey; /* width * height bytes, rows from the top; any other size is sent as it is */
};

/* virtual_finger_present presents one image and waits until the sensor has it, up to `timeout_ms`. Present it
 * when the gate says AWAITS. Fails with SOCKET (nobody listens), GATE_IMAGE (the image was refused),
 * GATE_SAME (it was seen before), GATE_IDLE (no finger is wanted) or GATE_BROKEN (no answer in time). */
MITOME_CHECKED mitome_status virtual_finger_present(const char *socket_path,
        const struct virtual_finger_image *image, unsigned timeout_ms, mitome_error *error);

#endif
