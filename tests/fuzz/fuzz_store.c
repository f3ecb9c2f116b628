/* SPDX-License-Identifier: Apache-2.0 */
/* The store's object list, behind its seal: whatever passes is sorted, within its limits and read to its end.
 */
#include "store_image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct store_objects objects = { 0 };
        mitome_error error = { 0 };
        if (failed(store_objects_read(slice_of(data, size), &objects, &error))) {
                must(error.code != MITOME_OK && !objects.list);
                return 0;
        }
        must(objects.count <= STORE_OBJECTS_MAX);
        size_t used = 4;
        for (size_t i = 0; i < objects.count; i++) {
                must(objects.list[i].size <= STORE_OBJECT_MAX);
                must(i == 0 || objects.list[i - 1].id < objects.list[i].id);
                must(slice_equal(slice_of(objects.list[i].bytes, objects.list[i].size),
                        slice_of(data + used + 8, objects.list[i].size)));
                used += 8 + objects.list[i].size;
        }
        must(used == size);
        store_objects_free(&objects);
        return 0;
}
