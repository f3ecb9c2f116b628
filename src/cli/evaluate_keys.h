/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_KEYS_H
#define EVALUATE_KEYS_H

/* `mitome evaluate hid:`, without a path. */

#include "key_list.h"

#include <stdbool.h>
#include <stdio.h>

/* evaluate_keys_print writes a line a key: the name of the target, and what the device says of itself. */
void evaluate_keys_print(FILE *out, const struct plugged_key *keys, size_t count, bool japanese);

#endif
