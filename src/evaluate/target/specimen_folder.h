/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIMEN_FOLDER_H
#define SPECIMEN_FOLDER_H

/* The folder of a specimen holds keys of its own. It is locked as long as its maker lives, so that whoever
 * comes next can tell one whose maker was killed, and takes it away. */

#include "status.h"

#include <stddef.h>

/* specimen_folder_make makes one in `above` and locks it: *ret_lock is a descriptor, to be closed when it has
 * been removed. FILE_WRITE. */
MITOME_CHECKED mitome_status specimen_folder_make(
        const char *above, char *ret_path, size_t capacity, int *ret_lock, mitome_error *error);

/* specimen_folder_sweep removes those of this user whose makers are dead. */
void specimen_folder_sweep(const char *above);

#endif
