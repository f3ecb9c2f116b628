/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPECIMEN_FILES_H
#define SPECIMEN_FILES_H

/* The files of a small folder, kept in memory and put back; and folders that come and go. */

#include "bytes.h"

enum { SPECIMEN_FILES_MAX = 16, SPECIMEN_NAME_MAX = 64, SPECIMEN_FILE_MAX = 1 << 20 };

struct specimen_files {
        size_t count;
        struct specimen_file {
                char name[SPECIMEN_NAME_MAX];
                uint8_t *bytes;
                size_t size;
        } list[SPECIMEN_FILES_MAX];
};

/* specimen_files_keep reads the regular files of a folder and of the folders in it; none are there where
 * there is no folder. Fails with FILE_READ, TOO_LONG or NO_MEMORY. specimen_files_drop frees them. */
MITOME_CHECKED mitome_status specimen_files_keep(
        const char *folder, struct specimen_files *ret, mitome_error *error);
void specimen_files_drop(struct specimen_files *files);

/* specimen_files_put makes the files what was kept: others are removed, folders stay. FILE_WRITE. */
MITOME_CHECKED mitome_status specimen_files_put(
        const char *folder, const struct specimen_files *files, mitome_error *error);

/* specimen_files_remove removes a folder with all that is in it. */
void specimen_files_remove(const char *folder);

/* specimen_files_find looks for `pattern` in the files of a folder and of those within; the name of the first
 * that has it goes into `ret_name`. */
bool specimen_files_find(const char *folder, slice pattern, char *ret_name, size_t size);

/* specimen_memory_find looks for it in what a process can write to, and specimen_memory_open tells whether
 * that can be read at all. */
bool specimen_memory_find(long process, slice pattern);
bool specimen_memory_open(long process);

#endif
