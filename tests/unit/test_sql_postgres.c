/* SPDX-License-Identifier: Apache-2.0 */
/* What only PostgreSQL can do wrong, and what programs side by side do to each other in it. Under
 * postgres_rig.sh. */
#include "postgres_relay.h"
#include "sql_store.h"
#include "status.h"
#include "store_rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

static const struct sql_step steps[] = {
        { 1, "CREATE TABLE spent (challenge BLOB PRIMARY KEY, by_whom INTEGER NOT NULL);"
             "CREATE TABLE counter (one INTEGER PRIMARY KEY, value INTEGER NOT NULL);"
             "INSERT INTO counter (one, value) VALUES (1, 0)" },
        { 0 },
};

struct rig {
        const char *address;
        struct sql_store *store;
};

static int set_up(void **state)
{
        static struct rig rig;
        rig = (struct rig){ .address = store_rig_fresh() };
        *state = &rig;
        return sql_open(rig.address, steps, &rig.store, NULL).code == MITOME_OK ? 0 : -1;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        sql_close(rig->store);
        return 0;
}

static mitome_code spend(struct sql_store *store, int64_t challenge)
{
        char name[32];
        snprintf(name, sizeof name, "%lld", (long long)challenge);
        return sql_do(store, "INSERT INTO spent (challenge, by_whom) VALUES (?, 1)",
                SQL_VALUES(SQL_BYTES(slice_text(name))), NULL, NULL)
                .code;
}

static int64_t ask_one(struct sql_store *store, const char *sql)
{
        struct sql_query query;
        assert_int_equal(sql_ask(store, sql, NULL, 0, &query, NULL).code, MITOME_OK);
        assert_true(sql_next(&query));
        const int64_t number = sql_integer(&query, 0);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return number;
}

static int64_t spent(struct sql_store *store)
{
        return ask_one(store, "SELECT count(*) FROM spent");
}

/* ---- opening ---- */

static void test_a_server_that_is_not_there_is_a_failure(void **state)
{
        struct sql_store *other;
        (void)state;
        assert_int_equal(sql_open("postgres://postgres@/postgres?host=/nowhere", steps, &other, NULL).code,
                MITOME_E_SQL_FAILED);
        assert_int_equal(sql_open("postgres://%zz", steps, &other, NULL).code, MITOME_E_SQL_FAILED);
}

static void test_a_database_with_somebody_elses_tables_is_left_alone(void **state)
{
        struct rig *rig = *state;
        struct sql_store *other;
        const char *address = store_rig_fresh();
        store_rig_run(address, "CREATE TABLE diary (day date)");
        assert_int_equal(sql_open(address, steps, &other, NULL).code, MITOME_E_STORE_FOREIGN);
        assert_int_equal(spent(rig->store), 0);
}

struct opener {
        pthread_t thread;
        const char *address;
        struct sql_store *store;
        mitome_code code;
};

static void *open_one(void *context)
{
        struct opener *opener = context;
        opener->code = sql_open(opener->address, steps, &opener->store, NULL).code;
        return NULL;
}

static void test_programs_that_are_started_at_once_make_one_store(void **state)
{
        struct opener openers[6];
        const char *address = store_rig_fresh();
        (void)state;
        for (size_t i = 0; i < 6; i++) {
                openers[i] = (struct opener){ .address = address };
                assert_int_equal(pthread_create(&openers[i].thread, NULL, open_one, &openers[i]), 0);
        }
        for (size_t i = 0; i < 6; i++) {
                assert_int_equal(pthread_join(openers[i].thread, NULL), 0);
                assert_int_equal(openers[i].code, MITOME_OK);
        }
        assert_int_equal(ask_one(openers[0].store, "SELECT count(*) FROM counter"), 1);
        for (size_t i = 0; i < 6; i++)
                sql_close(openers[i].store);
}

/* It would write what the newer one does not expect. */
static void test_a_program_stops_writing_when_a_newer_one_has_changed_the_tables(void **state)
{
        struct rig *rig = *state;
        const struct sql_step newer[] = { steps[0], { 2, "ALTER TABLE spent ADD COLUMN at INTEGER" }, { 0 } };
        struct sql_store *other;
        assert_int_equal(spend(rig->store, 1), MITOME_OK);
        assert_int_equal(sql_open(rig->address, newer, &other, NULL).code, MITOME_OK);
        assert_int_equal(spend(rig->store, 2), MITOME_E_SQL_NEWER);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_E_SQL_NEWER);
        assert_false(sql_is_open(rig->store));
        assert_int_equal(spend(other, 3), MITOME_OK);
        assert_int_equal(spent(other), 2);
        sql_close(other);
}

/* ---- side by side ---- */

enum { ROUNDS = 40, PROGRAMS = 4 };

struct program {
        pthread_t thread;
        struct sql_store *store;
        int64_t number;
        unsigned won, failures;
};

static mitome_status count_on(struct program *program)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(program->store, "SELECT value FROM counter", NULL, 0, &query, NULL));
        const int64_t value = sql_next(&query) ? sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        return sql_do(
                program->store, "UPDATE counter SET value = ?", SQL_VALUES(SQL_INT(value + 1)), NULL, NULL);
}

/* Reads and then writes; and spends what all the others spend. */
static void *run_program(void *context)
{
        struct program *program = context;
        for (int64_t i = 0; i < ROUNDS; i++) {
                int64_t changed = 0;
                char name[32];
                snprintf(name, sizeof name, "round %d", (int)i);
                if (failed(sql_begin(program->store, NULL)) ||
                        failed(sql_settle(program->store, count_on(program), NULL)) ||
                        failed(sql_do(program->store,
                                "INSERT INTO spent (challenge, by_whom) VALUES (?, ?) ON CONFLICT DO NOTHING",
                                SQL_VALUES(SQL_BYTES(slice_text(name)), SQL_INT(program->number)), &changed,
                                NULL)))
                        program->failures++;
                program->won += changed == 1;
        }
        return NULL;
}

static void test_programs_side_by_side_lose_no_write_and_spend_nothing_twice(void **state)
{
        struct rig *rig = *state;
        struct program programs[PROGRAMS] = { 0 };
        unsigned won = 0;
        for (int i = 0; i < PROGRAMS; i++) {
                programs[i].number = i;
                assert_int_equal(sql_open(rig->address, steps, &programs[i].store, NULL).code, MITOME_OK);
                assert_int_equal(pthread_create(&programs[i].thread, NULL, run_program, &programs[i]), 0);
        }
        for (int i = 0; i < PROGRAMS; i++) {
                assert_int_equal(pthread_join(programs[i].thread, NULL), 0);
                assert_int_equal(programs[i].failures, 0);
                won += programs[i].won;
                sql_close(programs[i].store);
        }
        assert_int_equal(won, ROUNDS);
        assert_int_equal(spent(rig->store), ROUNDS);
        assert_int_equal(ask_one(rig->store, "SELECT value FROM counter"), ROUNDS * PROGRAMS);
}

static void test_what_stands_in_anothers_way_is_told_from_failures(void **state)
{
        struct rig *rig = *state;
        mitome_error error = { 0 };
        store_rig_run(rig->address,
                "CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION USING "
                "ERRCODE = '40001'; END$$; CREATE TRIGGER stand BEFORE UPDATE ON counter FOR EACH ROW EXECUTE "
                "FUNCTION stand()");
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(sql_do(rig->store, "UPDATE counter SET value = 7", NULL, 0, NULL, &error).code,
                MITOME_E_SQL_AGAIN);
        assert_int_equal(error.code, MITOME_E_SQL_AGAIN);
        /* What has failed is not committed, whoever asks. */
        assert_int_equal(spend(rig->store, 1), MITOME_E_SQL_FAILED);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_E_SQL_FAILED);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_E_SQL_FAILED);
        assert_int_equal(spent(rig->store), 0);
}

static void test_a_column_of_a_type_that_is_not_read_is_a_failure(void **state)
{
        struct rig *rig = *state;
        struct sql_query query;
        assert_int_equal(sql_ask(rig->store, "SELECT sum(value) FROM counter", NULL, 0, &query, NULL).code,
                MITOME_E_SQL_FAILED);
        assert_int_equal(ask_one(rig->store, "SELECT CAST (sum(value) AS INTEGER) FROM counter"), 0);
}

/* ---- connections that are lost ---- */

static void end_connections(const struct rig *rig)
{
        store_rig_run(rig->address, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                                    " WHERE application_name = 'mitome'");
}

static void test_a_connection_that_was_lost_meanwhile_is_made_anew(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(spend(rig->store, 1), MITOME_OK);
        end_connections(rig);
        assert_int_equal(spend(rig->store, 2), MITOME_OK);
        end_connections(rig);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(spend(rig->store, 3), MITOME_OK);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(spent(rig->store), 3);
}

static void test_a_server_that_ends_a_transaction_while_it_commits_has_written_nothing(void **state)
{
        struct rig *rig = *state;
        store_rig_run(rig->address,
                "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM "
                "pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END$$;"
                "CREATE CONSTRAINT TRIGGER leave AFTER INSERT ON spent DEFERRABLE INITIALLY DEFERRED FOR EACH "
                "ROW EXECUTE FUNCTION leave()");
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(spend(rig->store, 1), MITOME_OK);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_E_SQL_FAILED);
        sql_rollback(rig->store);
        assert_int_equal(spent(rig->store), 0);
}

/* The rig's address, by way of a relay. */
static const char *through(const struct postgres_relay *relay, const char *address)
{
        static char other[512];
        const char *rest = strstr(address, "&options=");
        assert_non_null(rest);
        snprintf(other, sizeof other, "postgres://postgres@/postgres?host=%s%s", postgres_relay_folder(relay),
                rest);
        return other;
}

static struct postgres_relay *before_server(const char *address)
{
        char folder[128];
        const char *host = strstr(address, "host=") + 5;
        snprintf(folder, sizeof folder, "%.*s", (int)strcspn(host, "&"), host);
        return postgres_relay_open(folder);
}

static void test_a_commit_whose_answer_is_lost_is_asked_after(void **state)
{
        struct rig *rig = *state;
        struct sql_store *store;
        struct postgres_relay *relay = before_server(rig->address);
        assert_int_equal(sql_open(through(relay, rig->address), steps, &store, NULL).code, MITOME_OK);
        assert_int_equal(sql_begin(store, NULL).code, MITOME_OK);
        assert_int_equal(spend(store, 1), MITOME_OK);
        postgres_relay_lose(relay, "COMMIT", false);
        assert_int_equal(sql_commit(store, NULL).code, MITOME_OK);
        assert_int_equal(spent(rig->store), 1);
        /* A statement alone, too; and life goes on. */
        postgres_relay_lose(relay, "COMMIT", false);
        assert_int_equal(spend(store, 2), MITOME_OK);
        assert_int_equal(spend(store, 3), MITOME_OK);
        assert_int_equal(spent(rig->store), 3);
        sql_close(store);
        postgres_relay_close(relay);
}

static void test_a_commit_that_nobody_can_ask_after_is_told_as_unknown(void **state)
{
        struct rig *rig = *state;
        struct sql_store *store;
        struct postgres_relay *relay = before_server(rig->address);
        assert_int_equal(sql_open(through(relay, rig->address), steps, &store, NULL).code, MITOME_OK);
        assert_int_equal(sql_begin(store, NULL).code, MITOME_OK);
        assert_int_equal(spend(store, 1), MITOME_OK);
        postgres_relay_lose(relay, "COMMIT", true);
        assert_int_equal(sql_commit(store, NULL).code, MITOME_E_SQL_UNKNOWN);
        assert_int_equal(sql_begin(store, NULL).code, MITOME_E_SQL_FAILED);
        assert_int_equal(spent(rig->store), 1); /* as it happens */
        sql_close(store);
        postgres_relay_close(relay);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_STORE(test_a_server_that_is_not_there_is_a_failure),
                WITH_STORE(test_a_database_with_somebody_elses_tables_is_left_alone),
                WITH_STORE(test_programs_that_are_started_at_once_make_one_store),
                WITH_STORE(test_a_program_stops_writing_when_a_newer_one_has_changed_the_tables),
                WITH_STORE(test_programs_side_by_side_lose_no_write_and_spend_nothing_twice),
                WITH_STORE(test_what_stands_in_anothers_way_is_told_from_failures),
                WITH_STORE(test_a_column_of_a_type_that_is_not_read_is_a_failure),
                WITH_STORE(test_a_connection_that_was_lost_meanwhile_is_made_anew),
                WITH_STORE(test_a_server_that_ends_a_transaction_while_it_commits_has_written_nothing),
                WITH_STORE(test_a_commit_whose_answer_is_lost_is_asked_after),
                WITH_STORE(test_a_commit_that_nobody_can_ask_after_is_told_as_unknown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
