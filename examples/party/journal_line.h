/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOURNAL_LINE_H
#define JOURNAL_LINE_H

/* A party's journal while its program runs: the program that has the folder gives it to whoever may open the
 * folder (and is of the same user), at a socket in it. On the line: the journal's size (8 bytes), and the
 * journal as journal_export writes it. */

#include "service_lock.h"

struct journal_line;

/* journal_line_open listens in the folder. */
MITOME_CHECKED mitome_status journal_line_open(
        const char *folder, struct journal_line **ret, mitome_error *error);
void journal_line_close(struct journal_line *line);

/* journal_line_descriptor is readable when somebody asks; journal_line_give then answers one. Whoever asks
 * and does not listen is given up after some seconds; the lock is held only while the journal is read. */
int journal_line_descriptor(const struct journal_line *line);
MITOME_CHECKED mitome_status journal_line_give(
        struct journal_line *line, struct party *party, struct service_lock *lock, mitome_error *error);

/* journal_line_fetch asks the program that has the folder, and writes the journal to `path`, whole or not at
 * all. LINK when there is none. */
MITOME_CHECKED mitome_status journal_line_fetch(const char *folder, const char *path, mitome_error *error);

#endif
