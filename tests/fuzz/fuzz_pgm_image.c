/* SPDX-License-Identifier: Apache-2.0 */
#include "pgm_image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken lies whole in the input, and is as large as it says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const slice input = slice_of(data, size);
        struct virtual_finger_image image;
        if (failed(pgm_image_read(input, &image, NULL)))
                return 0;
        if (image.width < 1 || image.height < 1 || !slice_contains(input, image.grey) ||
                image.grey.size != (size_t)image.width * (size_t)image.height)
                abort();
        return 0;
}
