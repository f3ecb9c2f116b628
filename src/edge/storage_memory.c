/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_memory.h"

#include <stdlib.h>

static mitome_status copy_image(slice image, uint8_t **ret, mitome_error *error)
{
        uint8_t *copy = malloc(image.size + 1);
        if (!copy)
                return fail(error, MITOME_E_NO_MEMORY, "state", NULL);
        mitome_status status = slice_copy(image, "state", copy, image.size, error);
        if (failed(status))
                free(copy);
        else
                *ret = copy;
        return status;
}

static mitome_status load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        const struct storage_memory *memory = context;
        *ret_image = NULL;
        *ret_size = memory->size;
        return memory->image ? copy_image(slice_of(memory->image, memory->size), ret_image, error) : ok();
}

static mitome_status replace(void *context, mitome_slice image, mitome_error *error)
{
        struct storage_memory *memory = context;
        struct storage_memory next = { .size = image.size };
        MITOME_TRY(copy_image(image, &next.image, error));
        storage_memory_drop(memory);
        *memory = next;
        return ok();
}

struct mitome_storage storage_memory(struct storage_memory *memory)
{
        return (struct mitome_storage){ .context = memory, .load = load, .replace = replace };
}

void storage_memory_drop(struct storage_memory *memory)
{
        if (memory->image)
                bytes_wipe(memory->image, memory->size);
        free(memory->image);
        *memory = (struct storage_memory){ 0 };
}
