/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_FOLDER_H
#define EVIDENCE_FOLDER_H

/* An evidence file from where it lies, with its documents beside it. */

#include "evidence_file.h"

/* evidence_folder_read is evidence_file_read for a file; FILE_READ when it cannot be read. Documents are
 * named from the folder of the file. */
MITOME_CHECKED mitome_status evidence_folder_read(
        const char *path, struct evaluation_record *record, mitome_error *error);

/* evidence_folder_check tells what is wrong with a file before anything is attacked for its sake. Line and
 * column are where it is wrong, and then `error` has no offset; 0 where it has no place. */
MITOME_CHECKED mitome_status evidence_folder_check(
        const char *path, unsigned *ret_line, unsigned *ret_column, mitome_error *error);

#endif
