/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEVEL_FILE_H
#define LEVEL_FILE_H

/* Authentication-level policies from files. */

#include "judge_level.h"

#include <stdio.h>

/* A place in a text, for people: both from 1, columns are characters. */
struct level_file_spot {
        unsigned line, column;
};

/* level_file_spot tells where a byte of a text is. */
struct level_file_spot level_file_spot(slice text, size_t at);

/* level_file_read reads a policy: `name` is a file, if there is a slash in it or ".json" at its end, else the
 * name of one that comes with the program ("nist-800-63b-4"). FILE_READ with errno set; what is wrong with a
 * policy as level_policy_read says it, and where in *ret_spot ({0} elsewhere). *ret_json (NULL: not asked
 * for) is the whole of it; it and the policy view *ret_bytes, which the caller frees after them. */
MITOME_CHECKED mitome_status level_file_read(const char *name, struct level_policy *ret, uint8_t **ret_bytes,
        slice *ret_json, struct level_file_spot *ret_spot, mitome_error *error);

/* level_file_print_names writes the names of the policies that come with the program, with commas between. */
void level_file_print_names(FILE *out);

#endif
