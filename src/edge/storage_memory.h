/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORAGE_MEMORY_H
#define STORAGE_MEMORY_H

/* An element's state in memory: for one that is made before it is kept, and for one that is kept by nobody.
 */

#include "bytes.h"

#include <mitome/element.h>

struct storage_memory {
        uint8_t *image; /* NULL: nothing yet */
        size_t size;
};

/* storage_memory is the storage for a struct mitome_element_config; `memory` begins zeroed, and must stay
 * where it is. Its functions fail with NO_MEMORY. */
struct mitome_storage storage_memory(struct storage_memory *memory);

/* storage_memory_drop wipes and frees what it holds. */
void storage_memory_drop(struct storage_memory *memory);

#endif
