/* SPDX-License-Identifier: Apache-2.0 */
#include "work_line.h"

#include <stdlib.h>
#include <time.h>

enum { BATCH_MAX = 64, RUNS_MAX = 5, ERRANDS = 4 };

/* A queue, and the condition that says that it has grown. */
struct queue {
        struct work *first, **last;
        size_t count;
        pthread_cond_t grown;
};

struct work_line {
        struct party *party;
        struct service_lock *lock;
        pthread_mutex_t mutex; /* what follows is its */
        struct queue work, errands;
        pthread_cond_t closed;
        bool closing, eased;
        pthread_t threads[ERRANDS + 2];
        size_t thread_count;
};

/* ---- the queues ---- */

static void put(struct queue *queue, struct work *work)
{
        work->next = NULL;
        *queue->last = work;
        queue->last = &work->next;
        queue->count++;
        pthread_cond_signal(&queue->grown);
}

static struct work *take(struct queue *queue)
{
        struct work *work = queue->first;
        if (!work)
                return NULL;
        queue->first = work->next;
        if (!queue->first)
                queue->last = &queue->first;
        queue->count--;
        return work;
}

/* NULL: the line is closed, and nothing is left. */
static struct work *wait_for(struct work_line *line, struct queue *queue)
{
        pthread_mutex_lock(&line->mutex);
        while (!queue->first && !line->closing)
                pthread_cond_wait(&queue->grown, &line->mutex);
        struct work *work = take(queue);
        pthread_mutex_unlock(&line->mutex);
        return work;
}

static struct work *take_another(struct work_line *line)
{
        pthread_mutex_lock(&line->mutex);
        struct work *work = take(&line->work);
        pthread_mutex_unlock(&line->mutex);
        return work;
}

void work_line_put(struct work_line *line, struct work *work, bool errand)
{
        pthread_mutex_lock(&line->mutex);
        put(errand ? &line->errands : &line->work, work);
        pthread_mutex_unlock(&line->mutex);
}

size_t work_line_waiting(struct work_line *line)
{
        pthread_mutex_lock(&line->mutex);
        const size_t count = line->work.count + line->errands.count;
        pthread_mutex_unlock(&line->mutex);
        return count;
}

/* ---- batches ---- */

struct batch {
        size_t count;
        struct work *works[BATCH_MAX];
        mitome_status states[BATCH_MAX];
};

static mitome_status run_within(struct sql_store *store, const struct work *work)
{
        MITOME_TRY(sql_begin(store, NULL));
        return sql_settle(store, work->run(work->context, NULL), NULL);
}

/* What comes in meanwhile is taken along. AGAIN, of any of them, ends it. */
static mitome_status run_all(struct work_line *line, struct batch *batch)
{
        struct sql_store *store = party_store(line->party);
        for (size_t i = 0; i < BATCH_MAX; i++) {
                if (i == batch->count) {
                        struct work *another = take_another(line);
                        if (!another)
                                return ok();
                        batch->works[batch->count++] = another;
                }
                batch->states[i] = run_within(store, batch->works[i]);
                if (batch->states[i].code == MITOME_E_SQL_AGAIN)
                        return batch->states[i];
        }
        return ok();
}

static mitome_status run_together(struct work_line *line, struct batch *batch)
{
        struct sql_store *store = party_store(line->party);
        MITOME_TRY(sql_begin(store, NULL));
        return sql_settle(store, run_all(line, batch), NULL);
}

static mitome_status run_alone(struct work_line *line, const struct work *work)
{
        mitome_status status = { MITOME_E_SQL_AGAIN };
        for (int i = 0; i < RUNS_MAX && status.code == MITOME_E_SQL_AGAIN; i++)
                status = run_within(party_store(line->party), work);
        return status;
}

/* Where all together stood in somebody's way, each tries alone, so that none can hold up the others. */
static void run_batch(struct work_line *line, struct work *first)
{
        struct batch batch = { .count = 1, .works = { first } };
        service_lock_take(line->lock);
        mitome_status status = run_together(line, &batch);
        const bool alone = status.code == MITOME_E_SQL_AGAIN;
        for (size_t i = 0; alone && i < batch.count; i++)
                batch.states[i] = run_alone(line, batch.works[i]);
        const mitome_status told = service_lock_tell(line->lock, NULL);
        if (alone || !failed(status))
                status = told;
        for (size_t i = 0; i < batch.count; i++)
                batch.works[i]->done(batch.works[i]->context,
                        failed(batch.states[i]) || !failed(status) ? batch.states[i] : status);
}

static void *run_line(void *context)
{
        struct work_line *line = context;
        for (struct work *work; (work = wait_for(line, &line->work));)
                run_batch(line, work);
        return NULL;
}

/* ---- errands ---- */

static void *run_errands(void *context)
{
        struct work_line *line = context;
        for (struct work *work; (work = wait_for(line, &line->errands));) {
                service_lock_take(line->lock);
                mitome_status status = work->run(work->context, NULL);
                const mitome_status told = service_lock_tell(line->lock, NULL);
                work->done(work->context, failed(status) ? status : told);
        }
        return NULL;
}

static void flush(struct work_line *line)
{
        size_t left;
        service_lock_take(line->lock);
        (void)failed(party_flush(line->party, &left, NULL)); /* what failed is tried again */
        (void)failed(service_lock_tell(line->lock, NULL));   /* whoever asks next is told so */
}

static void *run_flusher(void *context)
{
        struct work_line *line = context;
        struct timespec next;
        clock_gettime(CLOCK_MONOTONIC, &next);
        pthread_mutex_lock(&line->mutex);
        while (!line->closing) {
                next.tv_sec++;
                if (pthread_cond_timedwait(&line->closed, &line->mutex, &next) == 0)
                        continue;
                pthread_mutex_unlock(&line->mutex);
                flush(line);
                clock_gettime(CLOCK_MONOTONIC, &next);
                pthread_mutex_lock(&line->mutex);
        }
        pthread_mutex_unlock(&line->mutex);
        return NULL;
}

/* ---- opening ---- */

static void make_conditions(struct work_line *line)
{
        pthread_condattr_t monotonic_clock;
        pthread_condattr_init(&monotonic_clock);
        pthread_condattr_setclock(&monotonic_clock, CLOCK_MONOTONIC);
        pthread_mutex_init(&line->mutex, NULL);
        pthread_cond_init(&line->work.grown, NULL);
        pthread_cond_init(&line->errands.grown, NULL);
        pthread_cond_init(&line->closed, &monotonic_clock);
        pthread_condattr_destroy(&monotonic_clock);
}

static mitome_status begin_threads(struct work_line *line, mitome_error *error)
{
        for (size_t i = 0; i < ERRANDS + 2; i++) {
                void *(*const runs)(void *) = i == 0 ? run_line : i == 1 ? run_flusher : run_errands;
                if (pthread_create(&line->threads[i], NULL, runs, line) != 0)
                        return fail(error, MITOME_E_NO_MEMORY, "a thread", NULL);
                line->thread_count++;
        }
        return ok();
}

mitome_status work_line_open(
        struct party *party, struct service_lock *lock, struct work_line **ret, mitome_error *error)
{
        struct work_line *line = calloc(1, sizeof *line);
        if (!line)
                return fail(error, MITOME_E_NO_MEMORY, "work line", NULL);
        line->party = party;
        line->lock = lock;
        line->work.last = &line->work.first;
        line->errands.last = &line->errands.first;
        make_conditions(line);
        mitome_status status = ok();
        if (!lock->store) { /* a service of the same party has not eased it already */
                status = service_lock_ease(lock, party, error);
                line->eased = !failed(status);
        }
        if (!failed(status))
                status = begin_threads(line, error);
        if (failed(status))
                work_line_close(line);
        else
                *ret = line;
        return status;
}

void work_line_close(struct work_line *line)
{
        if (!line)
                return;
        pthread_mutex_lock(&line->mutex);
        line->closing = true;
        pthread_cond_broadcast(&line->work.grown);
        pthread_cond_broadcast(&line->errands.grown);
        pthread_cond_broadcast(&line->closed);
        pthread_mutex_unlock(&line->mutex);
        for (size_t i = 0; i < line->thread_count; i++)
                pthread_join(line->threads[i], NULL);
        if (line->eased)
                service_lock_ease_no_more(line->lock, line->party);
        pthread_cond_destroy(&line->closed);
        pthread_cond_destroy(&line->errands.grown);
        pthread_cond_destroy(&line->work.grown);
        pthread_mutex_destroy(&line->mutex);
        free(line);
}
