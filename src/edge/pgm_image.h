/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PGM_IMAGE_H
#define PGM_IMAGE_H

#include "virtual_finger.h"

enum { PGM_IMAGE_SIDE_MAX = 1000, PGM_IMAGE_FILE_MAX = PGM_IMAGE_SIDE_MAX * PGM_IMAGE_SIDE_MAX + 1024 };

/* pgm_image_read reads a binary PGM (P5) with one byte a pixel, 255 for white, and nothing behind the last
 * one; *ret views `file`. Fails with IMAGE_FILE. */
MITOME_CHECKED mitome_status pgm_image_read(
        slice file, struct virtual_finger_image *ret, mitome_error *error);

#endif
