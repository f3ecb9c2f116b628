/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_store.h"
#include "store_rig.h"

#include <fcntl.h>
#include <mitome/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char schema[] = "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE, bytes BLOB,"
                             " size INTEGER CHECK (size >= 0));"
                             "CREATE TABLE part (thing INTEGER NOT NULL REFERENCES thing (id))";

struct rig {
        char folder[64], path[96];
        const char *address; /* path, or another database's */
        struct sql_store *store;
        mitome_error error;
};

static int set_up(void **state)
{
        static struct rig rig;
        rig = (struct rig){ .folder = "/tmp/test_sql_store.XXXXXX" };
        if (!mkdtemp(rig.folder))
                return -1;
        snprintf(rig.path, sizeof rig.path, "%s/party.db", rig.folder);
        rig.address = store_rig_fresh();
        if (!rig.address)
                rig.address = rig.path;
        *state = &rig;
        return sql_open(rig.address, SQL_SCHEMA(1, schema), &rig.store, &rig.error).code == MITOME_OK ? 0
                                                                                                      : -1;
}

static int tear_down(void **state)
{
        static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
        struct rig *rig = *state;
        sql_close(rig->store);
        for (size_t i = 0; i < 4; i++) {
                char path[128];
                snprintf(path, sizeof path, "%s%s", rig->path, suffixes[i]);
                unlink(path);
        }
        return rmdir(rig->folder);
}

static void insert(struct rig *rig, const char *name, mitome_code expected)
{
        assert_int_equal(sql_do(rig->store, "INSERT INTO thing (name, size) VALUES (?, 1)",
                                 SQL_VALUES(SQL_STR(name)), NULL, NULL)
                                 .code,
                expected);
}

static int64_t count_of(struct rig *rig)
{
        struct sql_query query;
        assert_int_equal(
                sql_ask(rig->store, "SELECT count(*) FROM thing", NULL, 0, &query, NULL).code, MITOME_OK);
        assert_true(sql_next(&query));
        int64_t count = sql_integer(&query, 0);
        assert_false(sql_next(&query));
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return count;
}

static void test_what_is_put_in_comes_out(void **state)
{
        struct rig *rig = *state;
        static const uint8_t bytes[] = { 0, 1, 0, 255 };
        struct sql_query query;
        int64_t changed = 0;
        const char sql[] = "INSERT INTO thing (name, bytes, size) VALUES (?, ?, ?)";
        assert_int_equal(sql_do(rig->store, sql,
                                 SQL_VALUES(SQL_STR("花子"), SQL_BYTES(SLICE(bytes)), SQL_INT(INT64_MAX)),
                                 &changed, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(changed, 1);
        assert_int_equal(sql_last_row(rig->store), 1);
        assert_int_equal(sql_do(rig->store, sql,
                                 SQL_VALUES(SQL_STR(""), SQL_BYTES(slice_of(NULL, 0)), SQL_NONE), NULL, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(
                sql_ask(rig->store, "SELECT name, bytes, size FROM thing ORDER BY id", NULL, 0, &query, NULL)
                        .code,
                MITOME_OK);
        assert_true(sql_next(&query));
        assert_true(slice_is(sql_bytes(&query, 0), "花子"));
        assert_true(slice_equal(sql_bytes(&query, 1), SLICE(bytes)));
        assert_int_equal(sql_integer(&query, 2), INT64_MAX);
        assert_true(sql_next(&query));
        /* An empty one is not none. */
        assert_false(sql_is_null(&query, 0));
        assert_false(sql_is_null(&query, 1));
        assert_true(sql_is_null(&query, 2));
        assert_int_equal(sql_bytes(&query, 1).size, 0);
        assert_false(sql_next(&query));
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

static void test_a_value_is_never_read_as_sql(void **state)
{
        struct rig *rig = *state;
        insert(rig, "x'); DROP TABLE thing; --", MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

static void test_constraints_are_told_from_failures(void **state)
{
        struct rig *rig = *state;
        insert(rig, "one", MITOME_OK);
        insert(rig, "one", MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(sql_do(rig->store, "INSERT INTO thing (size) VALUES (-1)", NULL, 0, NULL, NULL).code,
                MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(sql_do(rig->store, "INSERT INTO part (thing) VALUES (77)", NULL, 0, NULL, NULL).code,
                MITOME_E_SQL_CONSTRAINT);
        assert_int_equal(
                sql_do(rig->store, "INSERT INTO nothing VALUES (1)", NULL, 0, NULL, &rig->error).code,
                MITOME_E_SQL_FAILED);
        assert_int_equal(rig->error.code, MITOME_E_SQL_FAILED);
        assert_int_equal(count_of(rig), 1);
}

static void test_a_statement_that_is_not_what_the_call_takes_is_refused(void **state)
{
        struct rig *rig = *state;
        struct sql_query query;
        assert_int_equal(sql_do(rig->store, "SELECT 1", NULL, 0, NULL, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(sql_do(rig->store, "DELETE FROM thing; DELETE FROM part", NULL, 0, NULL, NULL).code,
                MITOME_E_ARGUMENT);
        assert_int_equal(sql_ask(rig->store, "SELECT ?", NULL, 0, &query, NULL).code, MITOME_E_SQL_FAILED);
        assert_int_equal(sql_ask(rig->store, "SELECT 1", SQL_VALUES(SQL_INT(1)), &query, NULL).code,
                MITOME_E_SQL_FAILED);
}

static void test_a_question_within_the_same_question(void **state)
{
        struct rig *rig = *state;
        static const char sql[] = "SELECT id FROM thing ORDER BY id";
        struct sql_query outer, inner;
        int seen = 0;
        insert(rig, "one", MITOME_OK);
        insert(rig, "two", MITOME_OK);
        for (int again = 0; again < 2; again++) { /* the second time, the statement is kept already */
                assert_int_equal(sql_ask(rig->store, sql, NULL, 0, &outer, NULL).code, MITOME_OK);
                while (sql_next(&outer)) {
                        assert_int_equal(sql_ask(rig->store, sql, NULL, 0, &inner, NULL).code, MITOME_OK);
                        while (sql_next(&inner))
                                seen++;
                        assert_int_equal(sql_end(&inner).code, MITOME_OK);
                }
                assert_int_equal(sql_end(&outer).code, MITOME_OK);
        }
        assert_int_equal(seen, 8);
}

static void test_transactions_within_transactions(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "kept", MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "dropped", MITOME_OK);
        sql_rollback(rig->store);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "kept too", MITOME_OK);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 2);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "never", MITOME_OK);
        assert_int_equal(
                sql_settle(rig->store, (mitome_status){ MITOME_E_VALUE }, NULL).code, MITOME_E_VALUE);
        assert_int_equal(count_of(rig), 2);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(sql_settle(rig->store, ok(), NULL).code, MITOME_OK);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_E_ARGUMENT);
        sql_rollback(rig->store); /* of none: nothing happens */
}

/* A deferred constraint fails the commit itself: nothing was written, whether the caller rolls back or not.
 */
static void test_a_commit_that_fails_has_written_nothing(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(sql_do(rig->store,
                                 "CREATE TABLE late (thing INTEGER NOT NULL REFERENCES thing (id) DEFERRABLE "
                                 "INITIALLY DEFERRED)",
                                 NULL, 0, NULL, NULL)
                                 .code,
                MITOME_OK);
        for (int rolls_back = 0; rolls_back < 2; rolls_back++) {
                assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
                insert(rig, "dropped", MITOME_OK);
                assert_int_equal(
                        sql_do(rig->store, "INSERT INTO late (thing) VALUES (77)", NULL, 0, NULL, NULL).code,
                        MITOME_OK);
                assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_E_SQL_CONSTRAINT);
                if (rolls_back)
                        sql_rollback(rig->store);
                assert_int_equal(count_of(rig), 0);
        }
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "kept", MITOME_OK);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

/* What only a store in a file can do wrong. */
static void only_in_a_file(const struct rig *rig)
{
        if (rig->address != rig->path)
                skip();
}

/* RAISE(ROLLBACK) does what SQLite does by itself on a full disk: the transaction is gone. PostgreSQL's is
 * gone with the connection. */
static void make_losing(struct rig *rig)
{
        if (rig->address == rig->path)
                assert_int_equal(sql_do(rig->store,
                                         "CREATE TRIGGER full_disk BEFORE INSERT ON part BEGIN"
                                         " SELECT RAISE(ROLLBACK, 'full'); END",
                                         NULL, 0, NULL, NULL)
                                         .code,
                        MITOME_OK);
}

static void lose(struct rig *rig)
{
        const bool is_file = rig->address == rig->path;
        if (!is_file)
                store_rig_run(rig->address, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                                            " WHERE application_name = 'mitome'");
        assert_int_equal(sql_do(rig->store, "INSERT INTO part (thing) VALUES (1)", NULL, 0, NULL, NULL).code,
                is_file ? MITOME_E_SQL_CONSTRAINT : MITOME_E_SQL_FAILED);
}

/* What the caller, who does not know it yet, goes on to write must not stand alone. */
static void test_nothing_is_written_after_a_transaction_is_lost(void **state)
{
        struct rig *rig = *state;
        make_losing(rig);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "first half", MITOME_OK);
        lose(rig);
        insert(rig, "second half", MITOME_E_SQL_FAILED);
        sql_rollback(rig->store);
        insert(rig, "second half", MITOME_E_SQL_FAILED);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_E_SQL_FAILED);
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_E_SQL_FAILED);
        assert_int_equal(count_of(rig), 0);
        insert(rig, "afterwards", MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

static void test_what_was_committed_is_there_after_opening_again(void **state)
{
        struct rig *rig = *state;
        insert(rig, "kept", MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "not committed", MITOME_OK);
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(sql_open(rig->address, SQL_SCHEMA(1, schema), &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

/* _exit closes nothing: what is in the log is all there is. */
static void test_what_was_committed_is_there_after_a_kill(void **state)
{
        struct rig *rig = *state;
        sql_close(rig->store);
        rig->store = NULL;
        pid_t child = fork();
        if (child == 0) {
                struct sql_store *store;
                if (failed(sql_open(rig->address, SQL_SCHEMA(1, schema), &store, NULL)) ||
                        failed(sql_do(store, "INSERT INTO thing (size) VALUES (1)", NULL, 0, NULL, NULL)) ||
                        failed(sql_begin(store, NULL)) ||
                        failed(sql_do(store, "INSERT INTO thing (size) VALUES (2)", NULL, 0, NULL, NULL)))
                        _exit(1);
                _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(sql_open(rig->address, SQL_SCHEMA(1, schema), &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

static void test_a_store_is_opened_once(void **state)
{
        struct rig *rig = *state;
        struct sql_store *second;
        only_in_a_file(rig);
        assert_int_equal(
                sql_open(rig->address, SQL_SCHEMA(1, schema), &second, NULL).code, MITOME_E_FILE_LOCKED);
        insert(rig, "still mine", MITOME_OK);
}

static void test_a_store_of_another_version_or_program_is_left_alone(void **state)
{
        struct rig *rig = *state;
        struct sql_store *other;
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(
                sql_open(rig->address, SQL_SCHEMA(2, schema), &other, NULL).code, MITOME_E_STORE_FOREIGN);
        assert_int_equal(sql_open(rig->address, SQL_SCHEMA(0, schema), &other, NULL).code, MITOME_E_ARGUMENT);
        only_in_a_file(rig);
        static const char text[] = "this is the diary of somebody else, and certainly no database at all";
        int file = open(rig->path, O_WRONLY | O_TRUNC);
        assert_int_equal(write(file, text, sizeof text), sizeof text);
        close(file);
        assert_int_equal(
                sql_open(rig->address, SQL_SCHEMA(1, schema), &other, NULL).code, MITOME_E_STORE_FOREIGN);
}

static void test_a_store_that_others_may_read_is_refused(void **state)
{
        struct rig *rig = *state;
        struct sql_store *other;
        struct stat status;
        only_in_a_file(rig);
        assert_int_equal(stat(rig->path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(chmod(rig->path, 0640), 0);
        assert_int_equal(
                sql_open(rig->address, SQL_SCHEMA(1, schema), &other, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(sql_open(rig->folder, SQL_SCHEMA(1, schema), &other, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(sql_open("/nowhere/at/all/party.db", SQL_SCHEMA(1, schema), &other, NULL).code,
                MITOME_E_FILE_WRITE);
}

/* A schema that fails leaves no half of one behind. */
static void test_a_schema_is_made_whole_or_not_at_all(void **state)
{
        struct rig *rig = *state;
        struct sql_store *store;
        sql_close(rig->store);
        rig->store = NULL;
        if (rig->address == rig->path)
                assert_int_equal(unlink(rig->path), 0);
        else
                rig->address = store_rig_fresh();
        assert_int_equal(sql_open(rig->address, SQL_SCHEMA(1, "CREATE TABLE a (x INTEGER); CREATE NONSENSE"),
                                 &store, NULL)
                                 .code,
                MITOME_E_SQL_FAILED);
        assert_int_equal(sql_open(rig->address, SQL_SCHEMA(1, schema), &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 0);
}

static void test_a_store_in_memory(void **state)
{
        struct rig *rig = *state;
        only_in_a_file(rig);
        sql_close(rig->store);
        assert_int_equal(sql_open(NULL, SQL_SCHEMA(1, schema), &rig->store, NULL).code, MITOME_OK);
        insert(rig, "one", MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

/* As many questions that are not ended as there are places for statements. */
static void test_many_questions_at_once(void **state)
{
        enum { PLACES = 512 };
        struct rig *rig = *state;
        static struct sql_query queries[PLACES];
        struct sql_query over;
        only_in_a_file(rig);
        for (int i = 0; i < PLACES; i++)
                assert_int_equal(
                        sql_ask(rig->store, i % 2 ? "SELECT 1" : "SELECT ?",
                                (const struct sql_value[]){ SQL_INT(i) }, i % 2 ? 0 : 1, &queries[i], NULL)
                                .code,
                        MITOME_OK);
        assert_int_equal(sql_ask(rig->store, "SELECT 1", NULL, 0, &over, NULL).code, MITOME_E_ARGUMENT);
        for (int i = 0; i < PLACES; i++) {
                assert_true(sql_next(&queries[i]));
                assert_int_equal(sql_integer(&queries[i], 0), i % 2 ? 1 : i);
                assert_int_equal(sql_end(&queries[i]).code, MITOME_OK);
        }
        insert(rig, "and then", MITOME_OK);
}

/* More statements than places to keep them in. */
static void test_many_statements(void **state)
{
        struct rig *rig = *state;
        for (int i = 0; i < 3000; i++) {
                char sql[64];
                struct sql_query query;
                snprintf(sql, sizeof sql, "SELECT %d + ?", i % 1500);
                assert_int_equal(
                        sql_ask(rig->store, sql, SQL_VALUES(SQL_INT(i)), &query, NULL).code, MITOME_OK);
                assert_true(sql_next(&query));
                assert_int_equal(sql_integer(&query, 0), i % 1500 + i);
                assert_int_equal(sql_end(&query).code, MITOME_OK);
        }
}

/* ---- steps ---- */

/* What a store has gone through since its first version. */
#define FIRST_STEP                                                                  \
        {                                                                           \
                1, "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT NOT NULL);" \
                   "INSERT INTO pet (name) VALUES ('shiro')"                        \
        }
#define SECOND_STEP                                                             \
        {                                                                       \
                2, "ALTER TABLE pet ADD COLUMN legs INTEGER NOT NULL DEFAULT 4" \
        }
static const struct sql_step history[] = {
        FIRST_STEP,
        SECOND_STEP,
        { 4, "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
             "INSERT INTO owner (name) SELECT name || ' no nushi' FROM pet;"
             "CREATE INDEX pet_legs ON pet (legs) WHERE legs <> 4" },
        { 5, "UPDATE pet SET legs = legs + 1; CREATE TABLE toy (pet INTEGER NOT NULL REFERENCES pet (id),"
             " PRIMARY KEY (pet)) WITHOUT ROWID, STRICT;" },
        { 0 },
};
enum { STEPS = sizeof history / sizeof *history - 1 };

static void history_until(size_t count, struct sql_step ret[STEPS + 1])
{
        for (size_t i = 0; i <= STEPS; i++)
                ret[i] = i < count ? history[i] : (struct sql_step){ 0 };
}

/* An empty store instead of the one that set_up has made. */
static void begin_anew(struct rig *rig)
{
        sql_close(rig->store);
        rig->store = NULL;
        if (rig->address == rig->path)
                assert_int_equal(unlink(rig->path), 0);
        else
                rig->address = store_rig_fresh();
}

static void open_until(struct rig *rig, size_t count, mitome_code expected)
{
        struct sql_step steps[STEPS + 1];
        history_until(count, steps);
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(sql_open(rig->address, steps, &rig->store, NULL).code, expected);
}

static int64_t ask_one(struct rig *rig, const char *sql)
{
        struct sql_query query;
        assert_int_equal(sql_ask(rig->store, sql, NULL, 0, &query, NULL).code, MITOME_OK);
        assert_true(sql_next(&query));
        int64_t number = sql_integer(&query, 0);
        assert_int_equal(sql_end(&query).code, MITOME_OK);
        return number;
}

static void test_a_store_of_every_older_version_is_brought_forward(void **state)
{
        struct rig *rig = *state;
        for (size_t from = 0; from <= STEPS; from++) {
                begin_anew(rig);
                if (from > 0)
                        open_until(rig, from, MITOME_OK);
                open_until(rig, STEPS, MITOME_OK);
                assert_int_equal(ask_one(rig, "SELECT legs FROM pet WHERE name = 'shiro'"), 5);
                assert_int_equal(ask_one(rig, "SELECT count(*) FROM owner WHERE name = 'shiro no nushi'"), 1);
                assert_int_equal(ask_one(rig, "SELECT count(*) FROM toy"), 0);
                open_until(rig, STEPS, MITOME_OK); /* once more: nothing is left to do */
                assert_int_equal(ask_one(rig, "SELECT legs FROM pet"), 5);
        }
}

static void test_a_store_of_a_newer_program_is_left_alone(void **state)
{
        struct rig *rig = *state;
        begin_anew(rig);
        open_until(rig, STEPS, MITOME_OK);
        open_until(rig, STEPS - 1, MITOME_E_SQL_NEWER);
        open_until(rig, 1, MITOME_E_SQL_NEWER);
        open_until(rig, STEPS, MITOME_OK);
        assert_int_equal(ask_one(rig, "SELECT legs FROM pet"), 5);
}

/* Whose list has no such version took another way. */
static void test_a_store_of_another_history_is_left_alone(void **state)
{
        struct rig *rig = *state;
        static const struct sql_step other[] = { FIRST_STEP, { 3, "CREATE TABLE tree (id INTEGER)" },
                { 4, "DROP TABLE pet" }, { 0 } };
        begin_anew(rig);
        open_until(rig, 2, MITOME_OK);
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(sql_open(rig->address, other, &rig->store, NULL).code, MITOME_E_STORE_FOREIGN);
        open_until(rig, 2, MITOME_OK);
        assert_int_equal(ask_one(rig, "SELECT legs FROM pet"), 4);
}

/* The step before it was done, and stays. */
static void test_a_step_that_fails_is_not_there_at_all(void **state)
{
        struct rig *rig = *state;
        static const struct sql_step broken[] = { FIRST_STEP, SECOND_STEP,
                { 4, "CREATE TABLE owner (id INTEGER PRIMARY KEY); DROP TABLE nothing" }, { 0 } };
        begin_anew(rig);
        assert_int_equal(sql_open(rig->address, broken, &rig->store, NULL).code, MITOME_E_SQL_FAILED);
        open_until(rig, 2, MITOME_OK);
        assert_int_equal(ask_one(rig, "SELECT legs FROM pet"), 4);
        open_until(rig, STEPS, MITOME_OK);
        assert_int_equal(ask_one(rig, "SELECT legs FROM pet"), 5);
}

static void test_steps_that_do_not_rise_are_refused(void **state)
{
        struct rig *rig = *state;
        static const struct sql_step twice[] = { { 2, "" }, { 2, "" }, { 0 } }, none[] = { { 0 } };
        struct sql_store *other;
        assert_int_equal(sql_open(rig->address, twice, &other, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(sql_open(rig->address, none, &other, NULL).code, MITOME_E_ARGUMENT);
}

/* ---- words that both databases know ---- */

static void do_ok(struct rig *rig, const char *sql, int64_t expected_changed)
{
        int64_t changed = -1;
        assert_int_equal(sql_do(rig->store, sql, NULL, 0, &changed, NULL).code, MITOME_OK);
        assert_int_equal(changed, expected_changed);
}

static void test_what_is_there_already_is_passed_over(void **state)
{
        struct rig *rig = *state;
        do_ok(rig, "INSERT OR IGNORE INTO thing (name) VALUES ('or ignore?')", 1);
        do_ok(rig, "INSERT OR IGNORE INTO thing (name) VALUES ('or ignore?')", 0);
        do_ok(rig, "INSERT INTO thing (name) VALUES ('or ignore?') ON CONFLICT (name) DO NOTHING", 0);
        do_ok(rig,
                "INSERT INTO thing (name, size) VALUES ('or ignore?', 3) ON CONFLICT (name) DO UPDATE SET "
                "size = excluded.size",
                1);
        assert_int_equal(ask_one(rig, "SELECT size FROM thing"), 3);
        assert_int_equal(ask_one(rig, "INSERT INTO thing (size) VALUES (8) RETURNING size * 2"), 16);
        assert_int_equal(ask_one(rig, "SELECT CAST (sum(size) AS INTEGER) FROM thing"), 11);
        assert_int_equal(ask_one(rig, "SELECT EXISTS (SELECT 1 FROM thing WHERE size = 8)"), 1);
        assert_int_equal(ask_one(rig, "SELECT -5"), -5);
        assert_int_equal(ask_one(rig, "SELECT count(*) FROM thing WHERE bytes IS NULL OR bytes <> x''"), 2);
}

static void test_a_value_where_none_was_before(void **state)
{
        struct rig *rig = *state;
        static const char put[] = "INSERT INTO thing (name, bytes, size) VALUES (?, ?, ?)",
                          find[] = "SELECT count(*) FROM thing WHERE bytes = ? AND size = ?";
        const struct sql_value rows[][3] = {
                { SQL_NONE, SQL_NONE, SQL_NONE },
                { SQL_NONE, SQL_BYTES(slice_text("b")), SQL_NONE },
                { SQL_STR("n"), SQL_NONE, SQL_INT(4) },
                { SQL_STR("m"), SQL_BYTES(slice_text("b")), SQL_INT(4) },
                { SQL_NONE, SQL_NONE, SQL_NONE },
        };
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                assert_int_equal(sql_do(rig->store, put, rows[i], 3, NULL, NULL).code, MITOME_OK);
        for (int i = 0; i < 2; i++) {
                struct sql_query query;
                assert_int_equal(sql_ask(rig->store, find,
                                         SQL_VALUES(i ? SQL_BYTES(slice_text("b")) : SQL_NONE, SQL_INT(4)),
                                         &query, NULL)
                                         .code,
                        MITOME_OK);
                assert_true(sql_next(&query));
                assert_int_equal(sql_integer(&query, 0), i);
                assert_int_equal(sql_end(&query).code, MITOME_OK);
        }
        assert_int_equal(count_of(rig), 5);
}

static void test_text_is_sorted_by_its_bytes(void **state)
{
        struct rig *rig = *state;
        static const char *const names[] = { "b", "a", "B", "花", "_", "A" };
        static const char *const sorted[] = { "A", "B", "_", "a", "b", "花" };
        struct sql_query query;
        for (size_t i = 0; i < 6; i++)
                insert(rig, names[i], MITOME_OK);
        assert_int_equal(
                sql_ask(rig->store, "SELECT name FROM thing ORDER BY name", NULL, 0, &query, NULL).code,
                MITOME_OK);
        for (size_t i = 0; i < 6; i++) {
                assert_true(sql_next(&query));
                assert_true(slice_is(sql_bytes(&query, 0), sorted[i]));
        }
        assert_int_equal(sql_end(&query).code, MITOME_OK);
}

/* A savepoint ends alone, whatever was done in it, or nothing. */
static void test_savepoints_in_every_order(void **state)
{
        enum { LEVELS = 3, INSERTS = 8, FAILS = 16, ALL = 32 };
        struct rig *rig = *state;
        int64_t kept = 0;
        insert(rig, "first", MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        for (int i = 0; i < ALL; i++) { /* bit n: level n is rolled back */
                char name[16];
                snprintf(name, sizeof name, "row %d", i);
                for (int level = 0; level < LEVELS; level++)
                        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
                if (i & INSERTS)
                        insert(rig, name, MITOME_OK);
                if (i & FAILS)
                        insert(rig, "first", MITOME_E_SQL_CONSTRAINT);
                for (int level = LEVELS; level-- > 0;)
                        if (i & 1 << level || (i & FAILS && level == LEVELS - 1))
                                sql_rollback(rig->store);
                        else
                                assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
                kept += i == INSERTS;
                assert_int_equal(count_of(rig), 1 + kept);
        }
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 2);
}

/* Each level may write as soon as it has begun, and once more when the one within has ended. */
static void test_what_each_level_writes_goes_with_it_alone(void **state)
{
        enum { LEVELS = 3, WRITES = LEVELS, WRITES_AGAIN = 2 * LEVELS, ALL = 1 << 3 * LEVELS };
        struct rig *rig = *state;
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        for (int i = 0; i < ALL; i++) { /* bits: which are rolled back, write, write again */
                int expected = 0;
                assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
                for (int level = 0; level < LEVELS; level++) {
                        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
                        if (i >> (WRITES + level) & 1)
                                do_ok(rig, "INSERT INTO thing (size) VALUES (1)", 1);
                }
                for (int level = LEVELS; level-- > 0;) {
                        if (i >> (WRITES_AGAIN + level) & 1)
                                do_ok(rig, "INSERT INTO thing (size) VALUES (2)", 1);
                        if (i >> level & 1)
                                sql_rollback(rig->store);
                        else
                                assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
                }
                for (int level = 0; level < LEVELS && !(i >> level & 1); level++)
                        expected += (i >> (WRITES + level) & 1) + (i >> (WRITES_AGAIN + level) & 1);
                assert_int_equal(count_of(rig), expected);
                sql_rollback(rig->store);
                assert_int_equal(count_of(rig), 0);
        }
        assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
}

static void test_too_many_transactions_within_transactions_are_refused(void **state)
{
        struct rig *rig = *state;
        for (int i = 0; i < 8; i++)
                assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_E_ARGUMENT);
        insert(rig, "deep", MITOME_OK);
        for (int i = 0; i < 8; i++)
                assert_int_equal(sql_commit(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_STORE(test_what_is_put_in_comes_out),
                WITH_STORE(test_a_value_is_never_read_as_sql),
                WITH_STORE(test_constraints_are_told_from_failures),
                WITH_STORE(test_a_statement_that_is_not_what_the_call_takes_is_refused),
                WITH_STORE(test_a_question_within_the_same_question),
                WITH_STORE(test_transactions_within_transactions),
                WITH_STORE(test_a_commit_that_fails_has_written_nothing),
                WITH_STORE(test_nothing_is_written_after_a_transaction_is_lost),
                WITH_STORE(test_what_was_committed_is_there_after_opening_again),
                WITH_STORE(test_what_was_committed_is_there_after_a_kill),
                WITH_STORE(test_a_store_is_opened_once),
                WITH_STORE(test_a_store_of_another_version_or_program_is_left_alone),
                WITH_STORE(test_a_store_that_others_may_read_is_refused),
                WITH_STORE(test_a_schema_is_made_whole_or_not_at_all),
                WITH_STORE(test_a_store_in_memory),
                WITH_STORE(test_many_questions_at_once),
                WITH_STORE(test_many_statements),
                WITH_STORE(test_a_store_of_every_older_version_is_brought_forward),
                WITH_STORE(test_a_store_of_a_newer_program_is_left_alone),
                WITH_STORE(test_a_store_of_another_history_is_left_alone),
                WITH_STORE(test_a_step_that_fails_is_not_there_at_all),
                WITH_STORE(test_steps_that_do_not_rise_are_refused),
                WITH_STORE(test_what_is_there_already_is_passed_over),
                WITH_STORE(test_a_value_where_none_was_before),
                WITH_STORE(test_text_is_sorted_by_its_bytes),
                WITH_STORE(test_savepoints_in_every_order),
                WITH_STORE(test_what_each_level_writes_goes_with_it_alone),
                WITH_STORE(test_too_many_transactions_within_transactions_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
