/* SPDX-License-Identifier: Apache-2.0 */
/* Work of many in one transaction: each piece whole or not at all, and nothing told before it lies on the
 * disk. */
#include "party_rig.h"
#include "store_rig.h"
#include "work_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

enum { PIECES = 40, THREADS = 4 };

/* ---- a disk that fails when it is told to ---- */

static _Atomic bool disk_fails;

int __real_fdatasync(int file);
int __wrap_fdatasync(int file);
int __wrap_fdatasync(int file)
{
        if (!disk_fails)
                return __real_fdatasync(file);
        errno = EIO;
        return -1;
}

/* ---- a way to the others that can be held up ---- */

struct gate {
        pthread_mutex_t mutex;
        pthread_cond_t change;
        bool held, somebody;
        struct post way;
};

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct gate *gate = context;
        pthread_mutex_lock(&gate->mutex);
        gate->somebody = true;
        pthread_cond_broadcast(&gate->change);
        while (gate->held)
                pthread_cond_wait(&gate->change, &gate->mutex);
        pthread_mutex_unlock(&gate->mutex);
        return gate->way.deliver(gate->way.context, to, letter, answer, capacity, ret_size, error);
}

static void hold(struct gate *gate, bool held)
{
        pthread_mutex_lock(&gate->mutex);
        gate->held = held;
        pthread_cond_broadcast(&gate->change);
        pthread_mutex_unlock(&gate->mutex);
}

static void wait_for_somebody(struct gate *gate)
{
        pthread_mutex_lock(&gate->mutex);
        while (!gate->somebody)
                pthread_cond_wait(&gate->change, &gate->mutex);
        pthread_mutex_unlock(&gate->mutex);
}

/* ---- the stage ---- */

struct stage {
        struct party_rig rig;
        struct gate gate;
        struct service_lock lock;
        struct work_line *line;
        char folder[64];
        pthread_mutex_t mutex; /* of what follows */
        pthread_cond_t change;
        size_t done;
};

/* A piece of work: adds a row, after what `first` does. */
struct piece {
        struct work work;
        struct stage *stage;
        int64_t number;
        mitome_status (*first)(struct piece *piece, mitome_error *error);
        unsigned runs, dones;
        unsigned again_until; /* how many runs say SQL_AGAIN */
        mitome_status status;
};

static struct sql_store *store_of(const struct stage *stage)
{
        return party_store(stage->rig.parties[RIG_ASKER]);
}

static mitome_status run_piece(void *context, mitome_error *error)
{
        struct piece *piece = context;
        piece->runs++;
        MITOME_TRY(sql_do(store_of(piece->stage), "INSERT INTO paper (number) VALUES (?)",
                SQL_VALUES(SQL_INT(piece->number)), NULL, error));
        return piece->first ? piece->first(piece, error) : ok();
}

static void end_piece(void *context, mitome_status status)
{
        struct piece *piece = context;
        struct stage *stage = piece->stage;
        pthread_mutex_lock(&stage->mutex);
        piece->dones++;
        piece->status = status;
        stage->done++;
        pthread_cond_broadcast(&stage->change);
        pthread_mutex_unlock(&stage->mutex);
}

static struct piece piece_of(struct stage *stage, int64_t number)
{
        return (struct piece){ .stage = stage, .number = number };
}

static void put(struct piece *piece, bool errand)
{
        piece->work = (struct work){ .run = run_piece, .done = end_piece, .context = piece };
        work_line_put(piece->stage->line, &piece->work, errand);
}

static void wait_until_done(struct stage *stage, size_t count)
{
        pthread_mutex_lock(&stage->mutex);
        while (stage->done < count)
                pthread_cond_wait(&stage->change, &stage->mutex);
        pthread_mutex_unlock(&stage->mutex);
}

static int64_t papers(struct stage *stage)
{
        service_lock_take(&stage->lock);
        const int64_t count = party_rig_count(stage->rig.parties[RIG_ASKER], "SELECT count(*) FROM paper");
        service_lock_leave(&stage->lock);
        return count;
}

static int set_up(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        if (!stage)
                return -1;
        disk_fails = false;
        snprintf(stage->folder, sizeof stage->folder, "/tmp/test_work_line.XXXXXX");
        pthread_mutex_init(&stage->gate.mutex, NULL);
        pthread_cond_init(&stage->gate.change, NULL);
        pthread_mutex_init(&stage->mutex, NULL);
        pthread_cond_init(&stage->change, NULL);
        stage->gate.way = post_local(&stage->rig.network);
        const struct post inner = { &stage->gate, deliver };
        if (!mkdtemp(stage->folder) || failed(service_lock_init(&stage->lock, inner, NULL)))
                return -1;
        stage->rig.folders[RIG_ASKER] = stage->folder;
        stage->rig.post = service_lock_post(&stage->lock);
        party_rig_begin(&stage->rig);
        *state = stage;
        return failed(sql_do(store_of(stage), "CREATE TABLE paper (number INTEGER PRIMARY KEY)", NULL, 0,
                       NULL, NULL)) ||
                               failed(work_line_open(
                                       stage->rig.parties[RIG_ASKER], &stage->lock, &stage->line, NULL))
                       ? -1
                       : 0;
}

static int tear_down(void **state)
{
        static const char *const names[] = { "party.db", "party.db-wal", "party.db-shm", "party.key" };
        struct stage *stage = *state;
        work_line_close(stage->line);
        party_rig_end(&stage->rig);
        service_lock_end(&stage->lock);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                char path[128];
                snprintf(path, sizeof path, "%s/%s", stage->folder, names[i]);
                unlink(path);
        }
        int result = rmdir(stage->folder);
        free(stage);
        return result;
}

/* ---- work ---- */

static void test_what_waits_goes_into_one_transaction(void **state)
{
        struct stage *stage = *state;
        struct piece pieces[PIECES];
        service_lock_take(&stage->lock);
        const uint64_t before = sql_commits(store_of(stage));
        for (int i = 0; i < PIECES; i++) {
                pieces[i] = piece_of(stage, i);
                put(&pieces[i], false);
        }
        service_lock_leave(&stage->lock);
        wait_until_done(stage, PIECES);
        assert_int_equal(sql_commits(store_of(stage)), before + 1);
        for (int i = 0; i < PIECES; i++) {
                assert_int_equal(pieces[i].status.code, MITOME_OK);
                assert_int_equal(pieces[i].runs, 1);
                assert_int_equal(pieces[i].dones, 1);
        }
        assert_int_equal(papers(stage), PIECES);
        assert_int_equal(work_line_waiting(stage->line), 0);
}

static mitome_status refuse_odd(struct piece *piece, mitome_error *error)
{
        return piece->number % 2 ? fail(error, MITOME_E_VALUE, "odd", NULL) : ok();
}

static void test_a_piece_that_fails_takes_nobody_elses_with_it(void **state)
{
        struct stage *stage = *state;
        struct piece pieces[PIECES];
        service_lock_take(&stage->lock);
        for (int i = 0; i < PIECES; i++) {
                pieces[i] = piece_of(stage, i);
                pieces[i].first = refuse_odd;
                put(&pieces[i], false);
        }
        /* One more of a number that is there already. */
        struct piece twice = piece_of(stage, 4);
        put(&twice, false);
        service_lock_leave(&stage->lock);
        wait_until_done(stage, PIECES + 1);
        for (int i = 0; i < PIECES; i++)
                assert_int_equal(pieces[i].status.code, i % 2 ? MITOME_E_VALUE : MITOME_OK);
        assert_int_equal(twice.status.code, MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(papers(stage), PIECES / 2);
}

static mitome_status say_again(struct piece *piece, mitome_error *error)
{
        return piece->runs <= piece->again_until ? fail(error, MITOME_E_SQL_AGAIN, "test", NULL) : ok();
}

static void test_what_stood_in_anothers_way_is_run_again(void **state)
{
        struct stage *stage = *state;
        struct piece pieces[PIECES];
        service_lock_take(&stage->lock);
        for (int i = 0; i < PIECES; i++) {
                pieces[i] = piece_of(stage, i);
                pieces[i].first = say_again;
        }
        pieces[7].again_until = 3;
        pieces[9].again_until = 1000; /* never */
        for (int i = 0; i < PIECES; i++)
                put(&pieces[i], false);
        service_lock_leave(&stage->lock);
        wait_until_done(stage, PIECES);
        for (int i = 0; i < PIECES; i++) {
                assert_int_equal(pieces[i].status.code, i == 9 ? MITOME_E_SQL_AGAIN : MITOME_OK);
                assert_int_equal(pieces[i].dones, 1);
        }
        assert_int_equal(pieces[7].runs, 4);
        assert_int_equal(pieces[0].runs, 2);
        assert_int_equal(papers(stage), PIECES - 1);
}

/* ---- many threads ---- */

struct putter {
        pthread_t thread;
        struct stage *stage;
        struct piece pieces[PIECES * 4];
        int first;
        bool errands;
};

static void *put_many(void *context)
{
        struct putter *putter = context;
        for (int i = 0; i < PIECES * 4; i++) {
                putter->pieces[i] = piece_of(putter->stage, putter->first + i);
                put(&putter->pieces[i], putter->errands && i % 2);
        }
        return NULL;
}

static void test_many_threads_put_work_and_errands(void **state)
{
        struct stage *stage = *state;
        struct putter *putters = calloc(THREADS, sizeof *putters);
        assert_non_null(putters);
        for (int i = 0; i < THREADS; i++) {
                putters[i].stage = stage;
                putters[i].first = i * PIECES * 4;
                putters[i].errands = i % 2;
                assert_int_equal(pthread_create(&putters[i].thread, NULL, put_many, &putters[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(putters[i].thread, NULL), 0);
        work_line_close(stage->line); /* does what is still there */
        stage->line = NULL;
        for (int i = 0; i < THREADS; i++)
                for (int j = 0; j < PIECES * 4; j++) {
                        assert_int_equal(putters[i].pieces[j].dones, 1);
                        assert_int_equal(putters[i].pieces[j].status.code, MITOME_OK);
                }
        assert_int_equal(papers(stage), THREADS * PIECES * 4);
        free(putters);
}

/* ---- errands ---- */

static mitome_status call_other(struct piece *piece, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE] = { 9 }, body[16], buffer[LETTER_MAX];
        slice answer;
        if (sql_is_open(store_of(piece->stage)))
                return fail(error, MITOME_E_ARGUMENT, "a transaction", NULL);
        return party_call(piece->stage->rig.parties[RIG_ASKER], PARTY_AUTHORITY, "add", id,
                party_rig_add(body, 5), buffer, &answer, NULL, error);
}

/* While the letter is held up, work goes on. */
static void test_an_errand_lets_others_work_while_its_letter_is_under_way(void **state)
{
        struct stage *stage = *state;
        struct piece errand = piece_of(stage, 1), other = piece_of(stage, 2);
        errand.first = call_other;
        hold(&stage->gate, true);
        put(&errand, true);
        wait_for_somebody(&stage->gate);
        put(&other, false);
        wait_until_done(stage, 1);
        assert_int_equal(other.dones, 1);
        assert_int_equal(other.status.code, MITOME_OK);
        hold(&stage->gate, false);
        wait_until_done(stage, 2);
        assert_int_equal(errand.status.code, MITOME_OK);
        assert_int_equal(party_rig_sum(stage->rig.parties[RIG_ASKED]), 5);
        assert_int_equal(papers(stage), 2);
}

static mitome_status send_other(struct piece *piece, mitome_error *error)
{
        uint8_t body[16];
        return party_send(
                piece->stage->rig.parties[RIG_ASKER], PARTY_AUTHORITY, "add", party_rig_add(body, 3), error);
}

static void test_letters_of_a_transaction_are_sent_by_the_line(void **state)
{
        struct stage *stage = *state;
        struct piece piece = piece_of(stage, 1);
        piece.first = send_other;
        put(&piece, false);
        wait_for_somebody(&stage->gate);
        work_line_close(stage->line);
        stage->line = NULL;
        assert_int_equal(piece.status.code, MITOME_OK);
        assert_int_equal(party_rig_sum(stage->rig.parties[RIG_ASKED]), 3);
}

/* ---- the disk ---- */

static void test_nothing_is_told_when_the_disk_has_failed(void **state)
{
        struct stage *stage = *state;
        struct piece piece = piece_of(stage, 1), errand = piece_of(stage, 2), later = piece_of(stage, 3);
        if (stage->rig.stores[RIG_ASKER])
                skip(); /* the disk is the server's */
        disk_fails = true;
        put(&piece, false);
        put(&errand, true);
        wait_until_done(stage, 2);
        disk_fails = false;
        assert_int_equal(piece.status.code, MITOME_E_SQL_FAILED);
        assert_int_equal(errand.status.code, MITOME_E_SQL_FAILED);
        put(&later, false); /* what the system still holds is not known any more */
        wait_until_done(stage, 3);
        assert_int_equal(later.status.code, MITOME_E_SQL_FAILED);
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_STAGE(test_what_waits_goes_into_one_transaction),
                ON_STAGE(test_a_piece_that_fails_takes_nobody_elses_with_it),
                ON_STAGE(test_what_stood_in_anothers_way_is_run_again),
                ON_STAGE(test_many_threads_put_work_and_errands),
                ON_STAGE(test_an_errand_lets_others_work_while_its_letter_is_under_way),
                ON_STAGE(test_letters_of_a_transaction_are_sent_by_the_line),
                ON_STAGE(test_nothing_is_told_when_the_disk_has_failed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
