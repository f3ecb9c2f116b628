/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQL_CUT_H
#define SQL_CUT_H

/* Cuts what a store writes, at any of its writes: SQLite's way to the disk (VFS) counts the writes, syncs,
 * truncations and deletions of the files under `part`, and at the n-th
 *
 *   SQL_CUT_FAILS   that one fails, and each later one: a disk that is full or gone. In this process, so that
 *                   the other parties of a test live on; close the party, sql_cut_on, and open it again.
 *   SQL_CUT_TORN    the same, but half of what was to be written stands in the file.
 *   SQL_CUT_KILLS   the process ends at once (_exit): for sql_cut_run, which forks.
 *
 *      sql_cut_begin();                                    once, before a store is opened
 *      for (unsigned n = 1;; n++) {
 *              .. a new folder, parties opened ..
 *              sql_cut_arm("authority/party.db", n, SQL_CUT_FAILS);
 *              .. the flow, whose failures are expected ..
 *              bool was_cut = sql_cut_on();
 *              .. the cut party closed and opened, the flow again, what must hold ..
 *              if (!was_cut)
 *                      break;                              every write has had its turn
 *      }
 */

#include <stdbool.h>

enum sql_cut_how { SQL_CUT_FAILS, SQL_CUT_TORN, SQL_CUT_KILLS };

/* sql_cut_begin puts itself before SQLite's own way to the disk, for every store opened from then on. */
void sql_cut_begin(void);

/* sql_cut_arm counts from now on, in files whose path contains `part` (NULL: all). */
void sql_cut_arm(const char *part, unsigned n, enum sql_cut_how how);

/* sql_cut_on ends it, and tells whether the n-th came. */
bool sql_cut_on(void);

/* sql_cut_count is how many there were since sql_cut_arm. */
unsigned sql_cut_count(void);

/* sql_cut_run runs `flow` in a child process, armed to be killed at the n-th; true: it was killed there,
 * false: it came to its end (returned true). A child that ends otherwise ends the test (abort). */
bool sql_cut_run(const char *part, unsigned n, bool (*flow)(void *context), void *context);

#endif
