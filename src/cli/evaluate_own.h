/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_OWN_H
#define EVALUATE_OWN_H

/* What this project declares of its own authenticator, as evidence of an evaluation of it: nobody need fetch
 * it.
 */

#include "bytes.h"

#include <jansson.h>

enum { EVALUATE_OWN_PATH = 4096 };

/* evaluate_own_write writes the metadata statement of the target's model and an evidence file around it into
 * `folder`, and gives that file's path. `target` is the target object of a probing, with its get_info. Of a
 * model that is none of ours nothing is written: *ret_path is empty. FILE_WRITE. */
MITOME_CHECKED mitome_status evaluate_own_write(
        const char *folder, const json_t *target, char ret_path[EVALUATE_OWN_PATH], mitome_error *error);

#endif
