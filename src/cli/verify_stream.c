/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_stream.h"

#include "line_input.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A batch ends early when its lines are long, and room for a long one is given back: memory does not depend
 * on what was read before. */
enum { BATCH_LINES = 64, BATCH_BYTES = 16 << 20, ROOM_KEPT = 16384, PROGRESS_EVERY = 16384 };

struct room {
        uint8_t *bytes;
        size_t capacity, size;
};

/* A line and, later, its verdict. */
struct slot {
        struct room line, verdict;
        bool accepted, failed;
};

struct stream {
        const struct verify_rules *rules;
        struct slot slots[BATCH_LINES * VERIFY_JOBS_MAX];
        size_t count; /* lines of this batch */
        atomic_size_t next;
        bool over;
        pthread_mutex_t gate;         /* held until it is known how many threads there are */
        pthread_barrier_t begin, end; /* of a batch */
};

static bool room_fill(struct room *room, slice bytes)
{
        if (bytes.size > room->capacity) {
                uint8_t *grown = realloc(room->bytes, bytes.size);
                room->bytes = grown ? grown : room->bytes;
                room->capacity = grown ? bytes.size : room->capacity;
        }
        room->size = bytes.size <= room->capacity ? bytes.size : 0;
        return !failed(slice_copy(bytes, NULL, room->bytes, room->capacity, NULL));
}

/* One long line must not leave its memory to every place it could stand in. */
static void room_shrink(struct room *room)
{
        uint8_t *less = room->capacity > ROOM_KEPT ? realloc(room->bytes, ROOM_KEPT) : NULL;
        if (less)
                *room = (struct room){ .bytes = less, .capacity = ROOM_KEPT };
}

/* Takes lines of the batch until there are none. */
static void work(struct stream *s, struct verify_worker *worker)
{
        for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->count;) {
                slice verdict;
                struct slot *slot = &s->slots[i];
                slot->accepted = verify_line(worker, slice_of(slot->line.bytes, slot->line.size), &verdict);
                slot->failed = !room_fill(&slot->verdict, verdict);
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
        pthread_mutex_lock(&thread->stream->gate);
        bool over = thread->stream->over;
        pthread_mutex_unlock(&thread->stream->gate);
        while (!over) {
                pthread_barrier_wait(&thread->stream->begin);
                if (thread->stream->over)
                        return NULL;
                work(thread->stream, thread->worker);
                pthread_barrier_wait(&thread->stream->end);
        }
        return NULL;
}

/* ---- batches ---- */

static mitome_status read_batch(struct stream *s, struct line_input *input, size_t most, mitome_error *error)
{
        slice line;
        s->count = 0;
        for (size_t size = 0; s->count < most && size < BATCH_BYTES && line_input_next(input, &line);) {
                if (line_is_blank(line))
                        continue;
                if (!room_fill(&s->slots[s->count].line, line))
                        return fail(error, MITOME_E_NO_MEMORY, "case", NULL);
                size += line.size;
                s->count++;
        }
        return ok();
}

static mitome_status write_batch(
        struct stream *s, FILE *output, struct verify_counts *counts, mitome_error *error)
{
        for (size_t i = 0; i < s->count; i++) {
                struct slot *slot = &s->slots[i];
                if (slot->failed)
                        return fail(error, MITOME_E_NO_MEMORY, "verdict", NULL);
                fwrite(slot->verdict.bytes, 1, slot->verdict.size, output);
                putc('\n', output);
                room_shrink(&slot->line);
                room_shrink(&slot->verdict);
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

static mitome_status run_batches(struct stream *s, struct line_input *input, FILE *output, unsigned jobs,
        bool progress, struct verify_worker *own, struct verify_counts *counts, mitome_error *error)
{
        uint64_t told = 0;
        /* A person at a terminal sees each verdict when its line was typed; a file goes in batches. */
        for (errno = 0;;) {
                MITOME_TRY(read_batch(s, input, jobs == 1 ? 1 : (size_t)BATCH_LINES * jobs, error));
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
        if (input->broken)
                return fail(error, MITOME_E_FILE_READ, "the cases", NULL);
        return fflush(output) == 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, "standard output", NULL);
}

/* ---- threads ---- */

/* All of them, or none: barriers count them. Those that did start wait at the gate, not at a barrier, which
 * nothing could call them back from. */
static bool start_threads(struct stream *s, struct thread *threads, size_t count)
{
        size_t started = 0;
        pthread_mutex_lock(&s->gate);
        while (started < count &&
                pthread_create(&threads[started].id, NULL, run_thread, &threads[started]) == 0)
                started++;
        s->over = started < count;
        pthread_mutex_unlock(&s->gate);
        for (size_t i = 0; s->over && i < started; i++)
                pthread_join(threads[i].id, NULL);
        return !s->over;
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
        struct line_input lines = line_input_over(input, VERIFY_LINE_MAX);
        mitome_status status =
                run_batches(s, &lines, output, jobs, progress, threads[0].worker, &counts, error);
        line_input_free(&lines);
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
                free(s->slots[i].line.bytes);
                free(s->slots[i].verdict.bytes);
        }
        pthread_barrier_destroy(&s->begin);
        pthread_barrier_destroy(&s->end);
        pthread_mutex_destroy(&s->gate);
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
        pthread_mutex_init(&s->gate, NULL);
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
