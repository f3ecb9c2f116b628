/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_FOLDER_H
#define PORTAL_FOLDER_H

/* The files of a portal's trust folder, in memory; portal_trust.h says what they are. */

#include "digest.h"
#include "portal_trust.h"

enum { PORTAL_FOLDER_KINDS = 7 };

struct portal_folder {
        slice files[PORTAL_FOLDER_KINDS][PORTAL_TRUST_FILES];
        uint8_t *memory[PORTAL_FOLDER_KINDS][PORTAL_TRUST_FILES]; /* what they view */
        size_t counts[PORTAL_FOLDER_KINDS];
};

/* portal_folder_look digests what a listing says of the files: names, sizes, times, inodes. */
MITOME_CHECKED mitome_status portal_folder_look(
        const char *path, uint8_t ret[SHA256_SIZE], mitome_error *error);

/* portal_folder_read reads all of them, each kind in the order of the names. */
MITOME_CHECKED mitome_status portal_folder_read(
        const char *path, struct portal_folder *ret, mitome_error *error);
void portal_folder_free(struct portal_folder *folder);

/* portal_folder_parts views it. */
struct portal_trust_parts portal_folder_parts(const struct portal_folder *folder);

#endif
