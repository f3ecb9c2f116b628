/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_PRINT_H
#define JOURNAL_PRINT_H

/* What `mitome journal` says of a merge: for a person, or one JSON object a line. */

#include "journal_merge.h"

#include <stdio.h>

struct journal_print {
        const struct journal_merge *merge;
        const uint8_t *relations; /* of each place to the subject; NULL: all places belong */
        bool json, keys_known;
        FILE *out;
};

/* Each party with its number of entries and its head. */
void journal_print_parties(const struct journal_print *print);
void journal_print_findings(const struct journal_print *print);
void journal_print_verdict(const struct journal_print *print);

/* The time line, and for each entry of the subject who let it happen and on what. */
void journal_print_line(const struct journal_print *print);
void journal_print_causes(const struct journal_print *print);

#endif
