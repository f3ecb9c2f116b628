/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_LOCK_H
#define SERVICE_LOCK_H

/* The lock around a party that a service's threads share: held by whoever does something with the party, let
 * go while a letter to another party is under way, or a relay waits for the phone. */

#include "party.h"

#include <pthread.h>

struct service_lock {
        pthread_mutex_t mutex;
        struct post inner;
        const struct sql_store *store; /* that is eased; NULL: each commit waits for the disk by itself */
        pthread_mutex_t disk;          /* what follows is its */
        pthread_cond_t turn;
        uint64_t hardened; /* commits that are on the disk */
        bool hardening, broken;
};

/* service_lock_init; `inner` is the real way to the others. */
MITOME_CHECKED mitome_status service_lock_init(
        struct service_lock *lock, struct post inner, mitome_error *error);
void service_lock_end(struct service_lock *lock);

/* service_lock_post is the way that the party is opened with: it lets the lock go while the inner one works.
 * Whoever calls or flushes must hold the lock. */
struct post service_lock_post(struct service_lock *lock);

void service_lock_take(struct service_lock *lock);
void service_lock_leave(struct service_lock *lock);

/* service_lock_ease has the party's commits wait for the disk together: many threads that have written wait
 * for one write-out. Then nothing that was done under the lock may be told to anybody before
 * service_lock_tell, which leaves the lock and comes back when all that was written until then is on the
 * disk. It fails (SQL_FAILED) when the disk does, and from then on always: what was done is not told, and the
 * program must be started anew. */
MITOME_CHECKED mitome_status service_lock_ease(
        struct service_lock *lock, struct party *party, mitome_error *error);
void service_lock_ease_no_more(struct service_lock *lock, struct party *party);
MITOME_CHECKED mitome_status service_lock_tell(struct service_lock *lock, mitome_error *error);

#endif
