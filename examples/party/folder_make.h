/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLDER_MAKE_H
#define FOLDER_MAKE_H

/* The folder of an option (--folder), made when there is none. */

#include "bytes.h"

#include <sys/types.h>

/* folder_make: FILE_READ in the name of `above` when the folder that it is to lie in is missing, and
 * FILE_WRITE in the name of `field` when there is one that this user cannot write, or none can be made. */
MITOME_CHECKED mitome_status folder_make(
        const char *path, mode_t mode, const char *field, const char *above, mitome_error *error);

#endif
