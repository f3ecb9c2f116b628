/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf_memory.h"

#include <stdlib.h>

struct leaf_memory {
        size_t next; /* the place that is filled next */
        struct {
                X509 *leaf; /* NULL: an empty place */
                size_t size;
                uint8_t der[LEAF_MEMORY_MAX];
        } places[LEAF_MEMORY_PLACES];
};

struct leaf_memory *leaf_memory_new(void)
{
        return calloc(1, sizeof(struct leaf_memory));
}

void leaf_memory_free(struct leaf_memory *memory)
{
        for (size_t i = 0; memory && i < LEAF_MEMORY_PLACES; i++)
                X509_free(memory->places[i].leaf);
        free(memory);
}

X509 *leaf_memory_recall(struct leaf_memory *memory, slice der)
{
        for (size_t i = 0; memory && i < LEAF_MEMORY_PLACES; i++)
                if (memory->places[i].leaf &&
                        slice_equal(slice_of(memory->places[i].der, memory->places[i].size), der) &&
                        X509_up_ref(memory->places[i].leaf) == 1)
                        return memory->places[i].leaf;
        return NULL;
}

void leaf_memory_keep(struct leaf_memory *memory, slice der, X509 *leaf)
{
        if (!memory || der.size > LEAF_MEMORY_MAX || X509_up_ref(leaf) != 1)
                return;
        X509_free(memory->places[memory->next].leaf);
        memory->places[memory->next].leaf = NULL;
        if (failed(slice_copy(der, NULL, memory->places[memory->next].der, LEAF_MEMORY_MAX, NULL))) {
                X509_free(leaf); /* the reference that was to be kept */
                return;
        }
        memory->places[memory->next].size = der.size;
        memory->places[memory->next].leaf = leaf;
        memory->next = (memory->next + 1) % LEAF_MEMORY_PLACES;
}
