/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORAGE_FILE_H
#define STORAGE_FILE_H

/* A folder that keeps an element's state: `state` (the sealed image and its records), `key` (what seals it)
 * and `lock`. All three are readable by their owner alone. The folder is one process's at a time. `state.new`
 * and `state.old` are there while a state is replaced; what a power cut leaves of them is destroyed at the
 * next load. What is replaced is written over before its blocks are given back: storage_file.c says which
 * media make that an end of it. */

#include "bytes.h"

#include <mitome/element.h>

enum { STORAGE_FILE_MAX = 24 * 1024 * 1024 }; /* bytes of a state: an image of 16 MiB and its journal */

struct storage_file;

/* storage_file_open takes hold of the folder, and makes it (mode 0700) if there is none; folders above it
 * must exist. Fails with FILE_WRITE, FOLDER_MODE where it is somebody else's or others may write to it,
 * FILE_LOCKED while another process holds it, or NO_MEMORY. */
MITOME_CHECKED mitome_status storage_file_open(
        const char *folder, struct storage_file **ret, mitome_error *error);

/* storage_file_key reads the key. A folder without a state and without a key is given a new one, from the
 * system's random source; a state without its key is refused (FILE_READ), and so is a key of another size
 * (VALUE) or one that others may read (FILE_MODE). */
MITOME_CHECKED mitome_status storage_file_key(
        struct storage_file *file, uint8_t ret_key[MITOME_STORAGE_KEY_SIZE], mitome_error *error);

/* storage_file is the storage for a struct mitome_element_config; it lives as long as `file`. Its load fails
 * with FILE_READ, FILE_MODE, TOO_LONG or FILE_WRITE, the others with FILE_WRITE or TOO_LONG, append with
 * STORE_APPEND and FILE_MODE, too. */
struct mitome_storage storage_file(struct storage_file *file);

/* storage_file_close lets the folder go; NULL is fine. */
void storage_file_close(struct storage_file *file);

#endif
