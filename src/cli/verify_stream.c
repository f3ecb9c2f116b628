/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_LINES = 64, PROGRESS_EVERY = 16384 };

/* A line and, later, its verdict. */
struct slot {
        char *line;
        size_t capacity, size;
        uint8_t *verdict;
        size_t verdict_capacity, verdict_size;
        bool accepted, failed;
};

struct stream {
        const struct verify_rules *rules;
        struct slot slots[BATCH_LINES * VERIFY_JOBS_MAX];
        size_t count; /* lines of this batch */
        atomic_size_t next;
        bool over;
        pthread_barrier_t begin, end; /* of a batch */
};

static bool is_blank(slice line)
{
        for (size_t i = 0; i < line.size; i++)
                if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r' &&
                        line.data[i] != '\n')
                        return false;
        return true;
}

static bool keep_verdict(struct slot *slot, slice verdict)
{
        if (verdict.size > slot->verdict_capacity) {
                uint8_t *grown = realloc(slot->verdict, verdict.size);
                if (!grown)
                        return false;
                slot->verdict = grown;
                slot->verdict_capacity = verdict.size;
        }
        slot->verdict_size = verdict.size;
        return !failed(slice_copy(verdict, NULL, slot->verdict, slot->verdict_capacity, NULL));
}

/* Takes lines of the batch until there are none. */
static void work(struct stream *s, struct verify_worker *worker)
{
        for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->count;) {
                slice verdict;
                struct slot *slot = &s->slots[i];
                slot->accepted = verify_line(worker, slice_of(slot->line, slot->size), &verdict);
                slot->failed = !keep_verdict(slot, verdict);
        }
}

struct thread {
        pthread_t id;
        struct stream *stream;
        struct verify_worker *worker;
};

static void *run_thread(void *argument)
{
        struct thread *thread = argument;
        for (;;) {
                pthread_barrier_wait(&thread->stream->begin);
                if (thread->stream->over)
                        return NULL;
                work(thread->stream, thread->worker);
                pthread_barrier_wait(&thread->stream->end);
        }
}

/* ---- batches ---- */

static void read_batch(struct stream *s, FILE *input, size_t most)
{
        s->count = 0;
        while (s->count < most) {
                struct slot *slot = &s->slots[s->count];
                ssize_t size = getline(&slot->line, &slot->capacity, input);
                if (size < 0)
                        return;
                slot->size = (size_t)size;
                s->count += !is_blank(slice_of(slot->line, slot->size));
        }
}

static mitome_status write_batch(
        struct stream *s, FILE *output, struct verify_counts *counts, mitome_error *error)
{
        for (size_t i = 0; i < s->count; i++) {
                const struct slot *slot = &s->slots[i];
                if (slot->failed)
                        return fail(error, MITOME_E_NO_MEMORY, "verdict", NULL);
                fwrite(slot->verdict, 1, slot->verdict_size, output);
                putc('\n', output);
                counts->accepted += slot->accepted;
                counts->refused += !slot->accepted;
        }
        return ferror(output) ? fail(error, MITOME_E_FILE_WRITE, "standard output", NULL) : ok();
}

static void tell_progress(const struct verify_counts *counts, uint64_t *told)
{
        uint64_t lines = counts->accepted + counts->refused;
        if (lines - *told < PROGRESS_EVERY)
                return;
        *told = lines;
        fprintf(stderr, "\r%ju lines, %ju refused", (uintmax_t)lines, (uintmax_t)counts->refused);
}

static mitome_status run_batches(struct stream *s, FILE *input, FILE *output, unsigned jobs, bool progress,
        struct verify_worker *own, struct verify_counts *counts, mitome_error *error)
{
        uint64_t told = 0;
        /* A person at a terminal sees each verdict when its line was typed; a file goes in batches. */
        for (errno = 0;;) {
                read_batch(s, input, jobs == 1 ? 1 : (size_t)BATCH_LINES * jobs);
                if (s->count == 0)
                        break;
                atomic_store(&s->next, 0);
                if (jobs > 1)
                        pthread_barrier_wait(&s->begin);
                work(s, own);
                if (jobs > 1)
                        pthread_barrier_wait(&s->end);
                MITOME_TRY(write_batch(s, output, counts, error));
                if (progress)
                        tell_progress(counts, &told);
        }
        if (told)
                fputs("\r\033[K", stderr);
        if (ferror(input))
                return fail(error, MITOME_E_FILE_READ, "the cases", NULL);
        return fflush(output) == 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, "standard output", NULL);
}

/* ---- threads ---- */

/* All of them, or none: barriers count them. */
static bool start_threads(struct stream *s, struct thread *threads, size_t count)
{
        size_t started = 0;
        for (; started < count; started++)
                if (pthread_create(&threads[started].id, NULL, run_thread, &threads[started]) != 0)
                        break;
        if (started == count)
                return true;
        for (size_t i = 0; i < started; i++) {
                pthread_cancel(threads[i].id);
                pthread_join(threads[i].id, NULL);
        }
        (void)s;
        return false;
}

static void end_threads(struct stream *s, struct thread *threads, size_t count)
{
        s->over = true;
        if (count)
                pthread_barrier_wait(&s->begin);
        for (size_t i = 0; i < count; i++)
                pthread_join(threads[i].id, NULL);
}

static mitome_status run_jobs(struct stream *s, FILE *input, FILE *output, unsigned jobs, bool progress,
        struct thread *threads, struct verify_counts *ret, mitome_error *error)
{
        struct verify_counts counts = { 0 };
        if (!start_threads(s, threads + 1, jobs - 1))
                return fail(error, MITOME_E_PROCESS, "a thread", NULL);
        mitome_status status =
                run_batches(s, input, output, jobs, progress, threads[0].worker, &counts, error);
        end_threads(s, threads + 1, jobs - 1);
        *ret = counts;
        return status;
}

static bool make_workers(struct stream *s, struct thread *threads, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                threads[i].stream = s;
                threads[i].worker = verify_worker_new(s->rules);
                if (!threads[i].worker)
                        return false;
        }
        return true;
}

static void free_stream(struct stream *s)
{
        for (size_t i = 0; i < sizeof s->slots / sizeof s->slots[0]; i++) {
                free(s->slots[i].line);
                free(s->slots[i].verdict);
        }
        pthread_barrier_destroy(&s->begin);
        pthread_barrier_destroy(&s->end);
        free(s);
}

mitome_status verify_stream(const struct verify_rules *rules, FILE *input, FILE *output, unsigned jobs,
        bool progress, struct verify_counts *ret, mitome_error *error)
{
        struct thread threads[VERIFY_JOBS_MAX] = { 0 };
        struct stream *s = calloc(1, sizeof *s);
        if (jobs == 0 || jobs > VERIFY_JOBS_MAX || !s) {
                free(s);
                return fail(error, s ? MITOME_E_ARGUMENT : MITOME_E_NO_MEMORY, "jobs", NULL);
        }
        s->rules = rules;
        pthread_barrier_init(&s->begin, NULL, jobs);
        pthread_barrier_init(&s->end, NULL, jobs);
        mitome_status status = make_workers(s, threads, jobs)
                                       ? run_jobs(s, input, output, jobs, progress, threads, ret, error)
                                       : fail(error, MITOME_E_NO_MEMORY, "jobs", NULL);
        for (unsigned i = 0; i < jobs; i++)
                verify_worker_free(threads[i].worker);
        free_stream(s);
        return status;
}
