/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_store.h"

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
        *state = &rig;
        return sql_open(rig.path, schema, 1, &rig.store, &rig.error).code == MITOME_OK ? 0 : -1;
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
        for (int rolls_back = 0; rolls_back < 2; rolls_back++) {
                assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
                assert_int_equal(
                        sql_do(rig->store, "PRAGMA defer_foreign_keys = ON", NULL, 0, NULL, NULL).code,
                        MITOME_OK);
                insert(rig, "dropped", MITOME_OK);
                assert_int_equal(
                        sql_do(rig->store, "INSERT INTO part (thing) VALUES (77)", NULL, 0, NULL, NULL).code,
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

/* RAISE(ROLLBACK) does what SQLite does by itself on a full disk: the transaction is gone. What the caller,
 * who does not know it yet, goes on to write must not stand alone. */
static void test_nothing_is_written_after_a_transaction_is_lost(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(sql_do(rig->store,
                                 "CREATE TRIGGER full_disk BEFORE INSERT ON part BEGIN"
                                 " SELECT RAISE(ROLLBACK, 'full'); END",
                                 NULL, 0, NULL, NULL)
                                 .code,
                MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        assert_int_equal(sql_begin(rig->store, NULL).code, MITOME_OK);
        insert(rig, "first half", MITOME_OK);
        assert_int_equal(sql_do(rig->store, "INSERT INTO part (thing) VALUES (1)", NULL, 0, NULL, NULL).code,
                MITOME_E_SQL_CONSTRAINT);
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
        assert_int_equal(sql_open(rig->path, schema, 1, &rig->store, NULL).code, MITOME_OK);
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
                if (failed(sql_open(rig->path, schema, 1, &store, NULL)) ||
                        failed(sql_do(store, "INSERT INTO thing (size) VALUES (1)", NULL, 0, NULL, NULL)) ||
                        failed(sql_begin(store, NULL)) ||
                        failed(sql_do(store, "INSERT INTO thing (size) VALUES (2)", NULL, 0, NULL, NULL)))
                        _exit(1);
                _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(sql_open(rig->path, schema, 1, &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

static void test_a_store_is_opened_once(void **state)
{
        struct rig *rig = *state;
        struct sql_store *second;
        assert_int_equal(sql_open(rig->path, schema, 1, &second, NULL).code, MITOME_E_FILE_LOCKED);
        insert(rig, "still mine", MITOME_OK);
}

static void test_a_store_of_another_version_or_program_is_left_alone(void **state)
{
        struct rig *rig = *state;
        struct sql_store *other;
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(sql_open(rig->path, schema, 2, &other, NULL).code, MITOME_E_STORE_FOREIGN);
        assert_int_equal(sql_open(rig->path, schema, 0, &other, NULL).code, MITOME_E_ARGUMENT);
        static const char text[] = "this is the diary of somebody else, and certainly no database at all";
        int file = open(rig->path, O_WRONLY | O_TRUNC);
        assert_int_equal(write(file, text, sizeof text), sizeof text);
        close(file);
        assert_int_equal(sql_open(rig->path, schema, 1, &other, NULL).code, MITOME_E_STORE_FOREIGN);
}

static void test_a_store_that_others_may_read_is_refused(void **state)
{
        struct rig *rig = *state;
        struct sql_store *other;
        struct stat status;
        assert_int_equal(stat(rig->path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(chmod(rig->path, 0640), 0);
        assert_int_equal(sql_open(rig->path, schema, 1, &other, NULL).code, MITOME_E_FILE_MODE);
        assert_int_equal(sql_open(rig->folder, schema, 1, &other, NULL).code, MITOME_E_FILE_READ);
        assert_int_equal(
                sql_open("/nowhere/at/all/party.db", schema, 1, &other, NULL).code, MITOME_E_FILE_WRITE);
}

/* A schema that fails leaves no half of one behind. */
static void test_a_schema_is_made_whole_or_not_at_all(void **state)
{
        struct rig *rig = *state;
        struct sql_store *store;
        sql_close(rig->store);
        rig->store = NULL;
        assert_int_equal(unlink(rig->path), 0);
        assert_int_equal(sql_open(rig->path, "CREATE TABLE a (x); CREATE NONSENSE", 1, &store, NULL).code,
                MITOME_E_SQL_FAILED);
        assert_int_equal(sql_open(rig->path, schema, 1, &rig->store, NULL).code, MITOME_OK);
        assert_int_equal(count_of(rig), 0);
}

static void test_a_store_in_memory(void **state)
{
        struct rig *rig = *state;
        sql_close(rig->store);
        assert_int_equal(sql_open(NULL, schema, 1, &rig->store, NULL).code, MITOME_OK);
        insert(rig, "one", MITOME_OK);
        assert_int_equal(count_of(rig), 1);
}

/* More statements than places to keep them in. */
static void test_many_statements(void **state)
{
        struct rig *rig = *state;
        for (int i = 0; i < 600; i++) {
                char sql[64];
                struct sql_query query;
                snprintf(sql, sizeof sql, "SELECT %d + ?", i % 300);
                assert_int_equal(
                        sql_ask(rig->store, sql, SQL_VALUES(SQL_INT(i)), &query, NULL).code, MITOME_OK);
                assert_true(sql_next(&query));
                assert_int_equal(sql_integer(&query, 0), i % 300 + i);
                assert_int_equal(sql_end(&query).code, MITOME_OK);
        }
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
                WITH_STORE(test_many_statements),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
