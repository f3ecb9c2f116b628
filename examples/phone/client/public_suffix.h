/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLIC_SUFFIX_H
#define PUBLIC_SUFFIX_H

/* The public suffix list, by libpsl: its private part, too ("github.io"), as browsers have it. A suffix that
 * is not listed is one label, as the list itself says. */

#include <mitome/related_origins.h>

extern const struct mitome_registrable public_suffix_list;

#endif
