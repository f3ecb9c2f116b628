/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include "status.h"

#include <mitome/bytes.h>

/* whole_file_write writes a file of mode 0644 that readers see as it was or as it is, never in part.
 * FILE_WRITE, TOO_LONG. */
MITOME_CHECKED mitome_status whole_file_write(const char *path, mitome_slice content, mitome_error *error);

#endif
