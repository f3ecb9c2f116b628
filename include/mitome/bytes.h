/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MITOME_BYTES_H
#define MITOME_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* mitome_slice is a view of bytes that somebody else owns. {NULL, 0} is the empty view. It is passed by value
 * and never freed; it lives as long as the buffer it points into. */
typedef struct mitome_slice {
        const uint8_t *data;
        size_t size;
} mitome_slice;

/* mitome_random is where a room below the edge takes random bytes from. `fill` writes `size` unpredictable
 * bytes or returns a failure; a caller never goes on with a buffer whose filling failed. */
struct mitome_random {
        void *context;
        int (*fill)(void *context, uint8_t *bytes, size_t size); /* 0, or -1 when there is no randomness */
};

#endif
