/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMALL_FILE_H
#define SMALL_FILE_H

/* A whole file into a buffer: a directory, a certificate. */

#include "bytes.h"

/* small_file_read: FILE_READ, or TOO_LONG for one that does not fit; `field` says what it should have been.
 */
MITOME_CHECKED mitome_status small_file_read(const char *path, const char *field, uint8_t *buffer,
        size_t capacity, slice *ret, mitome_error *error);

#endif
