/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GROW_FINGER_H
#define GROW_FINGER_H

/* Fingers that belong to nobody. A seed grows a finger: an orientation field with the singularities of a
 * fingerprint class, and ridges that an oriented filter grows in it out of noise, so that endings and
 * bifurcations stand where the ridges happen to meet. The finger is then pressed on a sensor as often as
 * wanted. Both are pure functions of their arguments; 500 dpi, 0 black to 255 white, rows from the top. */

#include "bytes.h"

enum {
        FINGER_WIDTH = 256, /* of an impression */
        FINGER_HEIGHT = 360,
        FINGER_SIZE = FINGER_WIDTH * FINGER_HEIGHT,
        FINGER_SKIN_WIDTH = 320, /* of the skin it is taken from */
        FINGER_SKIN_HEIGHT = 420,
        FINGER_SKIN_SIZE = FINGER_SKIN_WIDTH * FINGER_SKIN_HEIGHT,
};

/* The classes of Henry's system, in the order of how often they are drawn. */
enum finger_class {
        FINGER_LEFT_LOOP,
        FINGER_RIGHT_LOOP,
        FINGER_WHORL,
        FINGER_ARCH,
        FINGER_TENTED_ARCH,
};

struct finger {
        enum finger_class class;
        uint8_t skin[FINGER_SKIN_SIZE];
};

/* How a finger lay on the sensor. Two touches of a real finger are never the same picture turned and shifted:
 * skin is soft, held by the glass in the middle and drawn along around it, wider ridges under more pressure,
 * another part of the pad down each time. */
struct finger_touch {
        uint64_t seed;           /* of the noise, of where the blank spots are and how the skin is drawn */
        double rotation;         /* degrees, clockwise */
        double shift_x, shift_y; /* pixels, to the right and down */
        double noise;            /* standard deviation in grey levels */
        double blank;            /* share of the image that left no print, 0..0.5 */
        double pull;             /* pixels by which the skin is drawn out of place, root mean square, 0..8 */
        double pressure;         /* -1 light: thin ridges, a small oval .. 1 firm: thick ridges, all of it */
        double roll;             /* pixels by which the part that lies flat has moved over the pad, 0..30 */
};

/* finger_grow grows the finger of `seed`. Fails with NO_MEMORY. */
MITOME_CHECKED mitome_status finger_grow(uint64_t seed, struct finger *ret, mitome_error *error);

/* finger_usual_touch is a touch as people give it: turned by up to 12 degrees, shifted by up to 14 pixels,
 * with some noise and a dry spot, its skin drawn by 1.5 to 4 pixels, more or less firm, rolled a little. */
struct finger_touch finger_usual_touch(uint64_t seed);

/* finger_press writes the image that the sensor sees. */
void finger_press(
        const struct finger *finger, const struct finger_touch *touch, uint8_t ret_image[FINGER_SIZE]);

#endif
