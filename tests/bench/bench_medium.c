/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_medium.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                   \
        do {                                                                              \
                if (!(condition)) {                                                       \
                        fprintf(stderr, "bench_medium.c:%d: %s\n", __LINE__, #condition); \
                        exit(2);                                                          \
                }                                                                         \
        } while (0)

static mitome_status medium_load(void *context, uint8_t **ret_image, size_t *ret_size, mitome_error *error)
{
        const struct bench_medium *medium = context;
        (void)error;
        *ret_image = malloc(medium->size);
        MUST(*ret_image);
        memcpy(*ret_image, medium->bytes, medium->size);
        *ret_size = medium->size;
        return ok();
}

static mitome_status medium_append(void *context, size_t at, mitome_slice record, mitome_error *error)
{
        struct bench_medium *medium = context;
        (void)error;
        MUST(at == medium->size);
        if (medium->capacity - medium->size < record.size) {
                medium->capacity = 2 * (medium->size + record.size);
                medium->bytes = realloc(medium->bytes, medium->capacity);
                MUST(medium->bytes);
        }
        memcpy(medium->bytes + medium->size, record.data, record.size);
        medium->size += record.size;
        return ok();
}

static mitome_status medium_replace(void *context, mitome_slice image, mitome_error *error)
{
        struct bench_medium *medium = context;
        medium->size = 0;
        return medium_append(medium, 0, image, error);
}

void bench_medium_move(struct bench_medium *medium, struct element_rig *rig)
{
        element_rig_off(rig);
        MUST(!failed(medium_replace(medium, slice_of(rig->medium.image, rig->medium.size), NULL)));
        rig->config.storage = (struct mitome_storage){
                .context = medium, .load = medium_load, .append = medium_append, .replace = medium_replace
        };
        MUST(!failed(mitome_element_open(&rig->config, &rig->element, NULL)));
        MUST(element_rig_select(rig, element_rig_fido) == SW_OK);
}
