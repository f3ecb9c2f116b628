/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CUT_MEDIUM_H
#define CUT_MEDIUM_H

/* An element's medium with its anchor, in one file that two processes map: the element, which stores there,
 * and whoever evaluates it, who copies what is stored, puts it back, and cuts the power at any write. What
 * struct mitome_storage and struct mitome_anchor promise is all it keeps: after a cut it holds the old state
 * or the new one, or a part of a record.
 *
 * Nothing of it is for daily use: it is not durable against a crash of the machine, and it is no safer than
 * the file. */

#include "bytes.h"

#include <mitome/element.h>

enum cut_moment {
        CUT_BEFORE, /* the old state stays */
        CUT_TORN,   /* a part of the record is there; a replacement is atomic: the old state stays */
        CUT_AFTER,  /* the new state is kept, but nobody is told */
};

struct cut_medium;

/* cut_medium_open maps the file, and makes it (mode 0600) where there is none. Fails with FILE_WRITE, or
 * STORE_FOREIGN for a file of something else. */
MITOME_CHECKED mitome_status cut_medium_open(const char *path, struct cut_medium **ret, mitome_error *error);
void cut_medium_close(struct cut_medium *medium); /* NULL is fine; the file stays */

/* cut_medium_set_bare: an element without an anchor, from its making on; cut_medium_anchor is then none. */
void cut_medium_set_bare(struct cut_medium *medium);

/* Both live as long as `medium`. While the power is off every call fails: FILE_READ, FILE_WRITE. Raising the
 * anchor is a write, too. */
struct mitome_storage cut_medium_storage(struct cut_medium *medium);
struct mitome_anchor cut_medium_anchor(struct cut_medium *medium);

/* cut_medium_arm cuts the power at the n-th write from now on (1: the next). 0: never. cut_medium_is_off
 * tells whether that has happened; cut_medium_on gives the power back. cut_medium_writes counts the writes
 * that were asked for while there was power. */
void cut_medium_arm(struct cut_medium *medium, unsigned n, enum cut_moment moment);
bool cut_medium_is_off(const struct cut_medium *medium);
void cut_medium_on(struct cut_medium *medium);
unsigned cut_medium_writes(const struct cut_medium *medium);

/* cut_medium_image views what is stored now, cut_medium_put puts other bytes in its place (TOO_LONG): as
 * somebody does who has the storage in his hand, and not the anchor. Neither is a write. */
slice cut_medium_image(const struct cut_medium *medium);
MITOME_CHECKED mitome_status cut_medium_put(struct cut_medium *medium, slice image, mitome_error *error);

/* The anchor as its maker sees it: who evaluates puts a specimen back to its beginning, anchor and all. */
uint64_t cut_medium_count(const struct cut_medium *medium);
void cut_medium_set_count(struct cut_medium *medium, uint64_t count);

#endif
