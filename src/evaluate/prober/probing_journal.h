/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBING_JOURNAL_H
#define PROBING_JOURNAL_H

/* The journal of a run: a header, then one probe's object a line, with "pin_known" beside (true, false, or
 * "refused" from where on it was); of a probe that does harm first {"id", "result": "begun"}. The last line
 * of a probe counts. {"id": "PIN" or "element PIN", "result": "refused"} is of no probe. A last line without
 * its end was being written when somebody was killed, and is cut off.
 */

#include "status.h"

#include <jansson.h>
#include <stdbool.h>

struct probing_journal {
        int fd; /* -1: none is kept */
        json_t *header;
        json_t *probes; /* by id: what is in it already */
};

/* probing_journal_open begins one with `header` (stolen), or goes on with the one that is there, whose header
 * must be the same but for "at", which is taken from it. Fails with FILE_WRITE, FILE_READ or
 * EVALUATE_JOURNAL.
 */
MITOME_CHECKED mitome_status probing_journal_open(
        const char *folder, json_t *header, bool resume, struct probing_journal *ret, mitome_error *error);

/* probing_journal_add writes one line and waits until it lies on the disk. */
MITOME_CHECKED mitome_status probing_journal_add(
        struct probing_journal *journal, const json_t *probe, mitome_error *error);

void probing_journal_close(struct probing_journal *journal);

/* probing_journal_read reads a folder's journal, which must have that header but for "at", and to which
 * nothing is added. Fails as above. */
MITOME_CHECKED mitome_status probing_journal_read(
        const char *folder, const json_t *header, struct probing_journal *ret, mitome_error *error);

#endif
