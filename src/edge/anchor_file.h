/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHOR_FILE_H
#define ANCHOR_FILE_H

/* A counter in a file: the anchor of a state that is kept somewhere else. It is worth as much as it is hard
 * to put back along with the state: on another disk, on a share of another machine, in another's account. In
 * the same folder, or the same backup, it is worth nothing.
 *
 * The file is made when there is none; it is readable by its owner alone and one process's at a time. It
 * holds the last two values in places of their own: a torn write leaves the one before. */

#include "bytes.h"

#include <mitome/element.h>

struct anchor_file;

/* anchor_file_open takes hold of the file. Fails with FILE_WRITE, FILE_READ (no file, or none of ours),
 * FILE_MODE, FILE_LOCKED while it is held elsewhere, or NO_MEMORY. The folder must exist. */
MITOME_CHECKED mitome_status anchor_file_open(
        const char *path, struct anchor_file **ret, mitome_error *error);

/* anchor_file is the anchor for a struct mitome_element_config; it lives as long as `file`. Its advance fails
 * with FILE_WRITE, or ARGUMENT for any value but the next. */
struct mitome_anchor anchor_file(struct anchor_file *file);

/* anchor_file_close lets the file go; NULL is fine. */
void anchor_file_close(struct anchor_file *file);

#endif
