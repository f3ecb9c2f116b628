/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MEMORY_FILES_H
#define MEMORY_FILES_H

/* SQLite's files in this process' memory, so that a process that is forked has its own copy of every store,
 * as it stands in the middle of a write: and a writer that can be made to fail. A store that was closed is
 * found again under its path. Nothing is kept after the process. */

#include <stdbool.h>

enum memory_write { MEMORY_WRITE_DONE, MEMORY_WRITE_FAILS, MEMORY_WRITE_TORN /* half of it */ };

/* memory_files_begin takes the place of SQLite's own way to the disk, for every store opened from then on.
 * `write` is asked before each write, truncation and deletion of a file. */
void memory_files_begin(enum memory_write (*write)(void *context, const char *path), void *context);

#endif
