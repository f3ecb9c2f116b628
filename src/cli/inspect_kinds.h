/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INSPECT_KINDS_H
#define INSPECT_KINDS_H

/* The kinds of structures that `mitome inspect` knows: how each begins, and who prints it. */

#include "print_place.h"

struct inspect_kind {
        const char *name; /* for --as */
        const char *title;
        bool (*may_be)(slice bytes);
        print_printer *print;
        bool certain;     /* what begins so is nothing else */
        const char *note; /* said at the end; or NULL */
};

/* inspect_kind_at is the kind at a place in the order in which they are tried, or NULL behind the last. */
const struct inspect_kind *inspect_kind_at(size_t index);

/* inspect_kind_named finds a kind, or answers NULL. */
const struct inspect_kind *inspect_kind_named(const char *name);

#endif
