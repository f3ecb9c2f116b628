/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEVEL_FILE_H
#define LEVEL_FILE_H

/* Authentication-level policies from files. */

#include "judge_level.h"

/* level_file_read reads a policy: `name` is a file, or the name of one that comes with the program
 * ("nist-800-63b-4"). FILE_READ with errno set; what is wrong with a policy as level_policy_read says it. The
 * policy views *ret_bytes, which the caller frees after it. */
MITOME_CHECKED mitome_status level_file_read(
        const char *name, struct level_policy *ret, uint8_t **ret_bytes, mitome_error *error);

#endif
