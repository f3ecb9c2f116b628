/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BLOB_FILE_H
#define BLOB_FILE_H

/* The large-blob array in a file of mode 0600, replaced whole. */

#include "bytes.h"

#include <mitome/authenticator.h>

struct blob_file;

/* blob_file_open names the file; it need not exist. Fails with NO_MEMORY. */
MITOME_CHECKED mitome_status blob_file_open(const char *path, struct blob_file **ret, mitome_error *error);

/* blob_file is for a struct mitome_authenticator_config; it lives as long as `file`. load fails with
 * FILE_READ or TOO_LONG, save with FILE_WRITE. */
struct mitome_blobs blob_file(struct blob_file *file);

void blob_file_close(struct blob_file *file);

#endif
