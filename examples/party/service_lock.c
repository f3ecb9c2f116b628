/* SPDX-License-Identifier: Apache-2.0 */
#include "service_lock.h"

mitome_status service_lock_init(struct service_lock *lock, struct post inner, mitome_error *error)
{
        *lock = (struct service_lock){ .inner = inner };
        bool made = pthread_mutex_init(&lock->mutex, NULL) == 0 &&
                    pthread_mutex_init(&lock->disk, NULL) == 0 && pthread_cond_init(&lock->turn, NULL) == 0;
        return made ? ok() : fail(error, MITOME_E_NO_MEMORY, "lock", NULL);
}

void service_lock_end(struct service_lock *lock)
{
        pthread_cond_destroy(&lock->turn);
        pthread_mutex_destroy(&lock->disk);
        pthread_mutex_destroy(&lock->mutex);
}

void service_lock_take(struct service_lock *lock)
{
        pthread_mutex_lock(&lock->mutex);
}

void service_lock_leave(struct service_lock *lock)
{
        pthread_mutex_unlock(&lock->mutex);
}

/* ---- the disk ---- */

mitome_status service_lock_ease(struct service_lock *lock, struct party *party, mitome_error *error)
{
        MITOME_TRY(sql_ease(party_store(party), error));
        lock->store = party_store(party);
        lock->hardened = 0;
        lock->broken = false;
        return ok();
}

void service_lock_ease_no_more(struct service_lock *lock, struct party *party)
{
        service_lock_take(lock);
        lock->store = NULL;
        (void)failed(sql_ease_no_more(party_store(party), NULL));
        service_lock_leave(lock);
}

/* One thread waits for the disk, for all that have written until it begins; the others wait for it. */
static void harden(struct service_lock *lock)
{
        lock->hardening = true;
        pthread_mutex_unlock(&lock->disk);
        const uint64_t reach = sql_commits(lock->store);
        const bool good = !failed(sql_harden(lock->store, NULL));
        pthread_mutex_lock(&lock->disk);
        lock->hardening = false;
        lock->broken = lock->broken || !good;
        if (good && reach > lock->hardened)
                lock->hardened = reach;
        pthread_cond_broadcast(&lock->turn);
}

mitome_status service_lock_tell(struct service_lock *lock, mitome_error *error)
{
        const uint64_t written = lock->store ? sql_commits(lock->store) : 0;
        service_lock_leave(lock);
        pthread_mutex_lock(&lock->disk);
        while (!lock->broken && lock->hardened < written) {
                if (lock->hardening)
                        pthread_cond_wait(&lock->turn, &lock->disk);
                else
                        harden(lock);
        }
        const bool broken = lock->broken;
        pthread_mutex_unlock(&lock->disk);
        return broken ? fail(error, MITOME_E_SQL_FAILED, "the disk", NULL) : ok();
}

/* ---- the way to the others ---- */

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct service_lock *lock = context;
        mitome_status status = service_lock_tell(lock, error);
        if (!failed(status))
                status = lock->inner.deliver(
                        lock->inner.context, to, letter, answer, capacity, ret_size, error);
        service_lock_take(lock);
        return status;
}

struct post service_lock_post(struct service_lock *lock)
{
        return (struct post){ .context = lock, .deliver = deliver };
}
