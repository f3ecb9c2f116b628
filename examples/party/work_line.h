/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORK_LINE_H
#define WORK_LINE_H

/* The line before a store: many threads put work into it, one does it, and all that waits goes into one
 * transaction, a savepoint each, and is written to the disk at once (group commit). */

#include "service_lock.h"

struct work_line;

/* One piece of work, the caller's memory until `done` was called.
 *
 * run: in the line's thread, in the batch's transaction; or, an errand, in a thread of its own without a
 * transaction. The lock is held, but while an errand's letter to another party is under way. A failure rolls
 * its savepoint back, and nobody else's. When the store says SQL_AGAIN, all of the batch is run again, each
 * in a transaction of its own, a few times: run begins anew each time and changes nothing but the store and
 * what is its own.
 *
 * done: called once, when all is on the disk, without the lock; in one of the line's threads: it must not
 * wait. `status` is run's, or the commit's when that failed: then nothing of it is there (but SQL_UNKNOWN,
 * sql_store.h). */
struct work {
        struct work *next; /* the line's */
        mitome_status (*run)(void *context, mitome_error *error);
        void (*done)(void *context, mitome_status status);
        void *context;
};

/* work_line_open begins the threads; the lock is the one that `party` was opened with (service_lock_post).
 * The party's letters are sent by it, too (party_flush, every second). work_line_put puts work at the end;
 * any thread may. work_line_close does what is still in the line, and ends the threads; nobody may put by
 * then. */
MITOME_CHECKED mitome_status work_line_open(
        struct party *party, struct service_lock *lock, struct work_line **ret, mitome_error *error);
void work_line_put(struct work_line *line, struct work *work, bool errand);
size_t work_line_waiting(struct work_line *line); /* pieces that nobody has begun yet */
void work_line_close(struct work_line *line);

#endif
