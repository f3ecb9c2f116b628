/* SPDX-License-Identifier: Apache-2.0 */
#include "push_aside.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum job_state { JOB_FREE, JOB_WAITS, JOB_RUNS, JOB_ENDED };

struct job {
        enum job_state state;
        uint64_t number; /* in the order of handing over */
        uint8_t token[PUSH_TOKEN_MAX], id[PUSH_ID_SIZE];
        slice token_view;
        char kind[PUSH_KIND_MAX + 1];
        /* when it has ended */
        mitome_status status;
        enum push_outcome outcome;
        int64_t retry_after;
};

struct push_aside {
        struct push inner;
        pthread_t thread;
        pthread_mutex_t mutex; /* around all that follows */
        pthread_cond_t changed;
        bool stopping;
        uint64_t handed;
        struct job jobs[PUSH_ASIDE_JOBS];
};

/* ---- the thread ---- */

static struct job *oldest(struct push_aside *aside, enum job_state state)
{
        struct job *found = NULL;
        for (size_t i = 0; i < PUSH_ASIDE_JOBS; i++) {
                struct job *job = &aside->jobs[i];
                if (job->state == state && (!found || job->number < found->number))
                        found = job;
        }
        return found;
}

/* Nobody touches a job that runs, so that it is sent from without the lock. */
static void run(struct push_aside *aside, struct job *job)
{
        struct push_message message = { .kind = job->kind };
        enum push_outcome outcome = PUSH_LATER;
        int64_t retry_after = 0;
        job->state = JOB_RUNS;
        pthread_mutex_unlock(&aside->mutex);
        mitome_status status = slice_copy(SLICE(job->id), "id", message.id, sizeof message.id, NULL);
        if (!failed(status))
                status = aside->inner.send(
                        aside->inner.context, job->token_view, &message, &outcome, &retry_after, NULL);
        pthread_mutex_lock(&aside->mutex);
        job->status = status;
        job->outcome = outcome;
        job->retry_after = retry_after;
        job->state = JOB_ENDED;
}

static void *work(void *context)
{
        struct push_aside *aside = context;
        pthread_mutex_lock(&aside->mutex);
        while (!aside->stopping) {
                struct job *job = oldest(aside, JOB_WAITS);
                if (job)
                        run(aside, job);
                else
                        pthread_cond_wait(&aside->changed, &aside->mutex);
        }
        pthread_mutex_unlock(&aside->mutex);
        return NULL;
}

/* ---- the party's side ---- */

static struct job *find(struct push_aside *aside, slice token, const struct push_message *message)
{
        for (size_t i = 0; i < PUSH_ASIDE_JOBS; i++) {
                struct job *job = &aside->jobs[i];
                if (job->state != JOB_FREE && slice_equal(job->token_view, token) &&
                        slice_equal(SLICE(job->id), SLICE(message->id)) &&
                        slice_is(slice_text(message->kind), job->kind))
                        return job;
        }
        return NULL;
}

/* A free one, or one whose end nobody has asked for: its wake was ended meanwhile. */
static struct job *room(struct push_aside *aside)
{
        struct job *job = oldest(aside, JOB_FREE);
        return job ? job : oldest(aside, JOB_ENDED);
}

static mitome_status hand_over(struct push_aside *aside, struct job *job, slice token,
        const struct push_message *message, mitome_error *error)
{
        const slice kind = slice_text(message->kind);
        *job = (struct job){ .state = JOB_FREE };
        MITOME_TRY(slice_copy(token, "push token", job->token, sizeof job->token, error));
        MITOME_TRY(slice_copy(SLICE(message->id), "id", job->id, sizeof job->id, error));
        MITOME_TRY(slice_copy(kind, "kind of push", (uint8_t *)job->kind, PUSH_KIND_MAX, error));
        job->token_view = slice_of(job->token, token.size);
        job->number = ++aside->handed;
        job->state = JOB_WAITS;
        pthread_cond_signal(&aside->changed);
        return ok();
}

static mitome_status fetch(
        struct job *job, enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        job->state = JOB_FREE;
        if (failed(job->status))
                return fail(error, job->status.code, "push service", NULL);
        *ret = job->outcome;
        *ret_retry_after = job->retry_after;
        return ok();
}

static mitome_status send_locked(struct push_aside *aside, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        struct job *job = find(aside, token, message);
        if (job && job->state == JOB_ENDED)
                return fetch(job, ret, ret_retry_after, error);
        struct job *free_one = job ? NULL : room(aside);
        if (free_one)
                MITOME_TRY(hand_over(aside, free_one, token, message, error));
        *ret = PUSH_LATER;
        *ret_retry_after = 0;
        return ok();
}

static mitome_status aside_send(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        struct push_aside *aside = context;
        MITOME_TRY(push_token_check(token, error));
        MITOME_TRY(push_message_check(message, error));
        pthread_mutex_lock(&aside->mutex);
        mitome_status status = send_locked(aside, token, message, ret, ret_retry_after, error);
        pthread_mutex_unlock(&aside->mutex);
        return status;
}

struct push push_aside(struct push_aside *aside)
{
        return (struct push){ .context = aside, .send = aside_send };
}

/* The process's signals are not this thread's. */
static bool start(struct push_aside *aside)
{
        sigset_t all, before;
        (void)sigfillset(&all);
        if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
                return false;
        const bool started = pthread_create(&aside->thread, NULL, work, aside) == 0;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return started;
}

mitome_status push_aside_open(struct push inner, struct push_aside **ret, mitome_error *error)
{
        struct push_aside *aside = calloc(1, sizeof *aside);
        if (!aside)
                return fail(error, MITOME_E_NO_MEMORY, "push service", NULL);
        aside->inner = inner;
        (void)pthread_mutex_init(&aside->mutex, NULL);
        (void)pthread_cond_init(&aside->changed, NULL);
        if (!start(aside)) {
                pthread_cond_destroy(&aside->changed);
                pthread_mutex_destroy(&aside->mutex);
                free(aside);
                return fail(error, MITOME_E_NO_MEMORY, "thread", NULL);
        }
        *ret = aside;
        return ok();
}

void push_aside_close(struct push_aside *aside)
{
        if (!aside)
                return;
        pthread_mutex_lock(&aside->mutex);
        aside->stopping = true;
        pthread_cond_signal(&aside->changed);
        pthread_mutex_unlock(&aside->mutex);
        (void)pthread_join(aside->thread, NULL);
        pthread_cond_destroy(&aside->changed);
        pthread_mutex_destroy(&aside->mutex);
        free(aside);
}
