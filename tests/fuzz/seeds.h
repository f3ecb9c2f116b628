/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEEDS_H
#define SEEDS_H

/* What make_seeds is made of. */

#include "bytes.h"
#include "format_rig.h"

/* write_seed writes FOLDER/fuzz_<target>/seed-<name>: `first`, if it is not negative, and the bytes. */
void write_seed(const char *folder, const char *target, const char *name, int first, slice bytes);

void write_client_seeds(const char *folder, const struct format_rig *formats);
void write_portal_seeds(const char *folder, const struct format_rig *formats);

#endif
