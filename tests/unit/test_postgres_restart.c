/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL killed and started anew while a line works: errors, then recovery, and what was told is so.
 * Under postgres_rig.sh --restarts. */
#include "party_rig.h"
#include "store_rig.h"
#include "work_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

enum { THREADS = 8, KILLS = 3, EACH_MAX = 200000, WANTED = 200 };

/* What a thread was told of each of its pieces. */
enum fate { NEVER, IS_THERE, IS_NOT, IS_UNKNOWN };

struct client {
        pthread_t thread;
        struct stage *stage;
        struct work work;
        int64_t number; /* of the piece that is under way: base + count */
        int64_t base;
        size_t count;
        pthread_mutex_t mutex;
        pthread_cond_t change;
        bool done;
        mitome_status status;
        uint8_t fates[EACH_MAX];
};

struct stage {
        struct party_rig rig;
        struct service_lock lock;
        struct work_line *line;
        _Atomic bool stopping;
        _Atomic unsigned good, bad;
        struct client clients[THREADS];
};

/* One decision: a row, and its line of the journal. */
static mitome_status run_piece(void *context, mitome_error *error)
{
        struct client *client = context;
        struct party *party = client->stage->rig.parties[RIG_ASKER];
        const struct journal_decision decision = { .what = "add-paper",
                .outcome = "done",
                .subject = slice_text("serial:0a1b"),
                .evidence = { { "letter", { 1 } } },
                .evidence_count = 1 };
        MITOME_TRY(sql_do(party_store(party), "INSERT INTO paper (number) VALUES (?)",
                SQL_VALUES(SQL_INT(client->number)), NULL, error));
        return party_decide(party, &decision, error);
}

static void end_piece(void *context, mitome_status status)
{
        struct client *client = context;
        pthread_mutex_lock(&client->mutex);
        client->status = status;
        client->done = true;
        pthread_cond_signal(&client->change);
        pthread_mutex_unlock(&client->mutex);
}

static mitome_code do_piece(struct client *client)
{
        client->number = client->base + (int64_t)client->count;
        client->done = false;
        client->work = (struct work){ .run = run_piece, .done = end_piece, .context = client };
        work_line_put(client->stage->line, &client->work, false);
        pthread_mutex_lock(&client->mutex);
        while (!client->done)
                pthread_cond_wait(&client->change, &client->mutex);
        pthread_mutex_unlock(&client->mutex);
        return client->status.code;
}

static void *run_client(void *context)
{
        struct client *client = context;
        const struct timespec pause = { .tv_nsec = 2000000 };
        while (!client->stage->stopping && client->count < EACH_MAX) {
                const mitome_code code = do_piece(client);
                client->fates[client->count++] = code == MITOME_OK              ? IS_THERE
                                                 : code == MITOME_E_SQL_UNKNOWN ? IS_UNKNOWN
                                                                                : IS_NOT;
                atomic_fetch_add(code == MITOME_OK ? &client->stage->good : &client->stage->bad, 1);
                if (code != MITOME_OK)
                        nanosleep(&pause, NULL);
        }
        return NULL;
}

static void wait_for(const _Atomic unsigned *what, unsigned more)
{
        const struct timespec pause = { .tv_nsec = 5000000 };
        const unsigned until = *what + more;
        while (*what < until)
                nanosleep(&pause, NULL);
}

static bool is_there(struct stage *stage, int64_t number)
{
        struct sql_query query;
        assert_int_equal(
                sql_ask(party_store(stage->rig.parties[RIG_ASKER]), "SELECT 1 FROM paper WHERE number = ?",
                        SQL_VALUES(SQL_INT(number)), &query, NULL)
                        .code,
                MITOME_OK);
        const bool found = sql_next(&query);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return found;
}

static void check_fates(struct stage *stage)
{
        int64_t there = 0;
        for (size_t i = 0; i < THREADS; i++) {
                const struct client *client = &stage->clients[i];
                for (size_t j = 0; j < client->count; j++) {
                        const bool found = is_there(stage, client->base + (int64_t)j);
                        there += found;
                        if (client->fates[j] != IS_UNKNOWN)
                                assert_int_equal(found, client->fates[j] == IS_THERE);
                }
        }
        /* Each with its line of the journal, whose numbers have no gap. */
        struct party *party = stage->rig.parties[RIG_ASKER];
        assert_int_equal(party_rig_count(party, "SELECT count(*) FROM paper"), there);
        assert_int_equal(party_rig_count(party, "SELECT count(*) FROM journal"), there);
        assert_int_equal(party_rig_count(party, "SELECT max(number) FROM journal"), there);
}

static void tell_server(const char *what)
{
        char line[256];
        const char *server = getenv("MITOME_POSTGRES");
        assert_non_null(server);
        snprintf(line, sizeof line, "%s %s", server, what);
        assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c): the rig's own */
}

static void test_nothing_that_was_told_is_lost_when_the_server_is_killed_under_load(void **state)
{
        struct stage *stage = *state;
        for (int64_t i = 0; i < THREADS; i++) {
                stage->clients[i].base = 1 + i * EACH_MAX;
                assert_int_equal(
                        pthread_create(&stage->clients[i].thread, NULL, run_client, &stage->clients[i]), 0);
        }
        for (int i = 0; i < KILLS; i++) {
                wait_for(&stage->good, WANTED);
                tell_server("kill");
                wait_for(&stage->bad, 1);
                tell_server("start");
                wait_for(&stage->good, WANTED);
        }
        stage->stopping = true;
        for (size_t i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(stage->clients[i].thread, NULL), 0);
        work_line_close(stage->line);
        stage->line = NULL;
        print_message("%u done, %u failed\n", stage->good, stage->bad);
        check_fates(stage);
}

static int set_up(void **state)
{
        struct stage *stage = calloc(1, sizeof *stage);
        if (!stage || failed(service_lock_init(&stage->lock, post_local(&stage->rig.network), NULL)))
                return -1;
        for (size_t i = 0; i < THREADS; i++) {
                stage->clients[i].stage = stage;
                pthread_mutex_init(&stage->clients[i].mutex, NULL);
                pthread_cond_init(&stage->clients[i].change, NULL);
        }
        stage->rig.post = service_lock_post(&stage->lock);
        party_rig_begin(&stage->rig);
        struct party *party = stage->rig.parties[RIG_ASKER];
        *state = stage;
        if (failed(sql_do(party_store(party), "CREATE TABLE paper (number INTEGER PRIMARY KEY)", NULL, 0,
                    NULL, NULL)))
                return -1;
        return failed(work_line_open(party, &stage->lock, &stage->line, NULL)) ? -1 : 0;
}

static int tear_down(void **state)
{
        struct stage *stage = *state;
        work_line_close(stage->line);
        party_rig_end(&stage->rig);
        service_lock_end(&stage->lock);
        free(stage);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        test_nothing_that_was_told_is_lost_when_the_server_is_killed_under_load, set_up,
                        tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
