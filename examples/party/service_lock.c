/* SPDX-License-Identifier: Apache-2.0 */
#include "service_lock.h"

mitome_status service_lock_init(struct service_lock *lock, struct post inner, mitome_error *error)
{
        lock->inner = inner;
        return pthread_mutex_init(&lock->mutex, NULL) == 0 ? ok()
                                                           : fail(error, MITOME_E_NO_MEMORY, "lock", NULL);
}

void service_lock_end(struct service_lock *lock)
{
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

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct service_lock *lock = context;
        service_lock_leave(lock);
        mitome_status status =
                lock->inner.deliver(lock->inner.context, to, letter, answer, capacity, ret_size, error);
        service_lock_take(lock);
        return status;
}

struct post service_lock_post(struct service_lock *lock)
{
        return (struct post){ .context = lock, .deliver = deliver };
}
