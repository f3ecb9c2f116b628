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

#endif
