/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_H
#define REPLAY_H

/* What somebody does to an image of a print who has it and wants it to pass for another touch. Pure functions
 * of their arguments. */

#include "bytes.h"

enum replay_way {
        REPLAY_EXACT,
        REPLAY_NOISE,    /* of deviation 10 */
        REPLAY_FLIPS,    /* a bit of every other pixel */
        REPLAY_CONTRAST, /* and brightness */
        REPLAY_SHIFT,    /* by up to 8 pixels */
        REPLAY_TURN,     /* by up to 3 degrees */
        REPLAY_CROP,     /* to nine tenths of width and height */
        REPLAY_BLANK,    /* a tenth of the image */
        REPLAY_SMOOTH,
        REPLAY_BLOCKS, /* of 2 by 2 pixels and 16 levels of grey */
        REPLAY_NEGATIVE,
        REPLAY_ALL, /* shifted, turned, fainter, with noise and a blank */
        REPLAY_WAYS,
};

/* replay_name is for people. */
const char *replay_name(enum replay_way way);

struct replay_image {
        size_t width, height;
        uint8_t *grey; /* width * height */
};

/* replay_make writes what becomes of `image` into ret->grey, which has room for it; the same seed gives the
 * same. */
void replay_make(
        enum replay_way way, uint64_t seed, const struct replay_image *image, struct replay_image *ret);

#endif
