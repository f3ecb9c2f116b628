/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

/* The list of objects inside the sealed image, apart from its seal, so that its parser can be fuzzed. */

#include "store.h"

struct store_object {
        uint32_t id;
        size_t size;
        uint8_t *bytes;
};

struct store_objects {
        struct store_object *list; /* by rising id */
        size_t count;
};

/* store_objects_read takes a whole list: u32 count, then for each u32 id, u32 size, bytes; ids rise. Free the
 * answer with store_objects_free. */
MITOME_CHECKED mitome_status store_objects_read(slice plain, struct store_objects *ret, mitome_error *error);
void store_objects_free(struct store_objects *objects);

#endif
