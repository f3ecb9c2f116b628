/* SPDX-License-Identifier: Apache-2.0 */
#include "sql_store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x4D69746F, KEPT = 128, CACHE_KIB = 32768 };

/* A statement that was prepared once, kept under its text. */
struct kept_statement {
        sqlite3_stmt *statement;
        bool busy;
};

struct sql_store {
        sqlite3 *db;
        unsigned depth;     /* transactions that are open, one in another */
        bool commit_failed; /* and has ended its transaction: the rollback that follows is none */
        int wal;            /* the file that commits are written to, when they are eased; else -1 */
        _Atomic uint64_t commits;
        struct kept_statement kept[KEPT];
};

/* SQLite's own words for a code are static strings. */
static mitome_status sql_failure(int result, mitome_error *error)
{
        int code = result & 0xFF;
        if (code == SQLITE_NOMEM)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        return fail(error, code == SQLITE_CONSTRAINT ? MITOME_E_SQL_CONSTRAINT : MITOME_E_SQL_FAILED,
                sqlite3_errstr(result), NULL);
}

static mitome_status run(struct sql_store *store, const char *sql, mitome_error *error)
{
        int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
        return result == SQLITE_OK ? ok() : sql_failure(result, error);
}

/* After some failures (a full disk) SQLite has rolled back the whole transaction by itself. What would follow
 * must not be written as if there had never been one. */
static bool is_lost(const struct sql_store *store)
{
        return store->depth > 0 && sqlite3_get_autocommit(store->db);
}

/* ---- statements ---- */

static struct kept_statement *kept_place(struct sql_store *store, const char *sql)
{
        uint32_t hash = 2166136261u; /* FNV-1a */
        for (const char *c = sql; *c; c++)
                hash = (hash ^ (uint8_t)*c) * 16777619u;
        return &store->kept[hash % KEPT];
}

static mitome_status prepare(
        struct sql_store *store, const char *sql, sqlite3_stmt **ret, mitome_error *error)
{
        struct kept_statement *kept = kept_place(store, sql);
        if (kept->statement && !kept->busy && strcmp(sqlite3_sql(kept->statement), sql) == 0) {
                kept->busy = true;
                *ret = kept->statement;
                return ok();
        }
        const char *tail = NULL;
        sqlite3_stmt *statement = NULL;
        int result = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, &tail);
        if (result != SQLITE_OK)
                return sql_failure(result, error);
        if (!statement || (tail && *tail)) {
                sqlite3_finalize(statement);
                return fail(error, MITOME_E_ARGUMENT, "statement", NULL);
        }
        if (!kept->busy) { /* who stood here before makes room */
                sqlite3_finalize(kept->statement);
                *kept = (struct kept_statement){ statement, true };
        }
        *ret = statement;
        return ok();
}

static void put_back(struct sql_store *store, sqlite3_stmt *statement)
{
        struct kept_statement *kept = kept_place(store, sqlite3_sql(statement));
        if (kept->statement != statement) {
                sqlite3_finalize(statement);
                return;
        }
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        kept->busy = false;
}

struct sql_value sql_bytes_or_none(slice view)
{
        return view.size ? SQL_BYTES(view) : SQL_NONE;
}

static int bind_one(sqlite3_stmt *statement, int place, const struct sql_value *value)
{
        const char *text = value->bytes.size ? (const char *)value->bytes.data : "";
        switch (value->type) {
        case SQL_INTEGER:
                return sqlite3_bind_int64(statement, place, value->integer);
        case SQL_TEXT:
                return sqlite3_bind_text64(
                        statement, place, text, value->bytes.size, SQLITE_TRANSIENT, SQLITE_UTF8);
        case SQL_BLOB: /* text: a blob at NULL would be NULL */
                return sqlite3_bind_blob64(statement, place, text, value->bytes.size, SQLITE_TRANSIENT);
        case SQL_NULL:
        default:
                return sqlite3_bind_null(statement, place);
        }
}

static mitome_status prepare_bound(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, sqlite3_stmt **ret, mitome_error *error)
{
        sqlite3_stmt *statement = NULL;
        store->commit_failed = false;
        if (is_lost(store))
                return fail(error, MITOME_E_SQL_FAILED, "a transaction that is lost", NULL);
        MITOME_TRY(prepare(store, sql, &statement, error));
        int result = SQLITE_OK;
        if (count != (size_t)sqlite3_bind_parameter_count(statement))
                result = SQLITE_RANGE;
        for (size_t i = 0; i < count && result == SQLITE_OK; i++)
                result = bind_one(statement, (int)i + 1, &values[i]);
        if (result != SQLITE_OK) {
                put_back(store, statement);
                return sql_failure(result, error);
        }
        *ret = statement;
        return ok();
}

mitome_status sql_do(struct sql_store *store, const char *sql, const struct sql_value *values, size_t count,
        int64_t *ret_changed, mitome_error *error)
{
        sqlite3_stmt *statement = NULL;
        MITOME_TRY(prepare_bound(store, sql, values, count, &statement, error));
        int result = sqlite3_step(statement);
        int64_t changed = sqlite3_changes64(store->db);
        put_back(store, statement);
        if (result == SQLITE_ROW)
                return fail(error, MITOME_E_ARGUMENT, "statement", NULL);
        if (result != SQLITE_DONE)
                return sql_failure(result, error);
        if (store->depth == 0)
                atomic_fetch_add(&store->commits, 1);
        if (ret_changed)
                *ret_changed = changed;
        return ok();
}

mitome_status sql_ask(struct sql_store *store, const char *sql, const struct sql_value *values, size_t count,
        struct sql_query *ret, mitome_error *error)
{
        sqlite3_stmt *statement = NULL;
        MITOME_TRY(prepare_bound(store, sql, values, count, &statement, error));
        *ret = (struct sql_query){ store, statement, ok(), error };
        return ok();
}

bool sql_next(struct sql_query *query)
{
        if (failed(query->status) || !query->statement)
                return false;
        int result = sqlite3_step(query->statement);
        if (result != SQLITE_ROW && result != SQLITE_DONE)
                query->status = sql_failure(result, query->error);
        return result == SQLITE_ROW;
}

int64_t sql_integer(const struct sql_query *query, int column)
{
        return sqlite3_column_int64(query->statement, column);
}

slice sql_bytes(const struct sql_query *query, int column)
{
        const void *bytes = sqlite3_column_blob(query->statement, column);
        return slice_of(bytes, bytes ? (size_t)sqlite3_column_bytes(query->statement, column) : 0);
}

bool sql_is_null(const struct sql_query *query, int column)
{
        return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

mitome_status sql_end(struct sql_query *query)
{
        if (query->statement)
                put_back(query->store, query->statement);
        query->statement = NULL;
        return query->status;
}

/* ---- transactions ---- */

static mitome_status run_at_depth(
        struct sql_store *store, const char *outermost, const char *inner, mitome_error *error)
{
        enum { DEPTH_MAX = 8, LINE_SIZE = 64 };
        char line[LINE_SIZE];
        if (store->depth >= DEPTH_MAX)
                return fail(error, MITOME_E_ARGUMENT, "transaction", NULL);
        if (store->depth == 0)
                return run(store, outermost, error);
        snprintf(line, sizeof line, inner, store->depth, store->depth);
        return run(store, line, error);
}

mitome_status sql_begin(struct sql_store *store, mitome_error *error)
{
        store->commit_failed = false;
        if (is_lost(store))
                return fail(error, MITOME_E_SQL_FAILED, "a transaction that is lost", NULL);
        MITOME_TRY(run_at_depth(store, "BEGIN IMMEDIATE", "SAVEPOINT level_%u", error));
        store->depth++;
        return ok();
}

mitome_status sql_commit(struct sql_store *store, mitome_error *error)
{
        if (store->depth == 0)
                return fail(error, MITOME_E_ARGUMENT, "transaction", NULL);
        bool lost = is_lost(store);
        store->depth--;
        mitome_status status = lost ? fail(error, MITOME_E_SQL_FAILED, "a transaction that is lost", NULL)
                                    : run_at_depth(store, "COMMIT", "RELEASE level_%u", error);
        if (failed(status)) {
                store->depth++;
                sql_rollback(store);
                store->commit_failed = true;
        } else if (store->depth == 0) {
                atomic_fetch_add(&store->commits, 1);
        }
        return status;
}

void sql_rollback(struct sql_store *store)
{
        if (store->commit_failed || store->depth == 0) {
                store->commit_failed = false;
                return;
        }
        bool lost = is_lost(store);
        store->depth--;
        mitome_status status =
                lost ? ok() : run_at_depth(store, "ROLLBACK", "ROLLBACK TO level_%u; RELEASE level_%u", NULL);
        /* A savepoint that cannot be rolled back takes all with it: nothing of it may be committed later. */
        if (failed(status))
                (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

mitome_status sql_settle(struct sql_store *store, mitome_status so_far, mitome_error *error)
{
        if (!failed(so_far))
                return sql_commit(store, error);
        sql_rollback(store);
        return so_far;
}

bool sql_is_open(const struct sql_store *store)
{
        return store->depth > 0;
}

int64_t sql_last_row(const struct sql_store *store)
{
        return sqlite3_last_insert_rowid(store->db);
}

/* ---- durability for several at once ---- */

/* The log's name lasts through a power cut only when the folder is written, too, which SQLite puts off until
 * it syncs the log itself. */
static bool settle_name(const char *path)
{
        char copy[PATH_MAX];
        snprintf(copy, sizeof copy, "%s", path);
        const int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const bool done = folder >= 0 && fsync(folder) == 0;
        if (folder >= 0)
                close(folder);
        return done;
}

/* SQLite goes on syncing the log and the database around a checkpoint (synchronous=NORMAL), so that what is
 * left to do is the log itself. It is the same file as long as the store is open, and has no locks that
 * closing it would end. */
mitome_status sql_ease(struct sql_store *store, mitome_error *error)
{
        const char *name = sqlite3_db_filename(store->db, "main");
        char path[PATH_MAX];
        if (!name || !*name)
                return ok();
        if (store->wal >= 0)
                return run(store, "PRAGMA synchronous = NORMAL", error);
        int length = snprintf(path, sizeof path, "%s-wal", name);
        if (length < 0 || length >= PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "store", NULL);
        store->wal = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (store->wal < 0)
                return fail(error, MITOME_E_FILE_READ, "store", NULL);
        if (!settle_name(path))
                return fail(error, MITOME_E_FILE_WRITE, "store", NULL);
        return run(store, "PRAGMA synchronous = NORMAL", error);
}

mitome_status sql_ease_no_more(struct sql_store *store, mitome_error *error)
{
        if (store->wal < 0)
                return ok();
        MITOME_TRY(run(store, "PRAGMA synchronous = FULL", error));
        return sql_harden(store, error);
}

uint64_t sql_commits(const struct sql_store *store)
{
        return atomic_load(&store->commits);
}

mitome_status sql_harden(const struct sql_store *store, mitome_error *error)
{
        return store->wal < 0 || fdatasync(store->wal) == 0
                       ? ok()
                       : fail(error, MITOME_E_SQL_FAILED, "the disk", NULL);
}

/* ---- opening ---- */

/* SQLite would make the file, and those beside it, as the umask has it; these take their mode from it. A file
 * that is there is only looked at: closing a second descriptor would end SQLite's locks. */
static mitome_status make_own_file(const char *path, mitome_error *error)
{
        int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file >= 0)
                return close(file) == 0 ? ok() : fail(error, MITOME_E_FILE_WRITE, "store", NULL);
        struct stat status;
        if (errno != EEXIST)
                return fail(error, MITOME_E_FILE_WRITE, "store", NULL);
        if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
                return fail(error, MITOME_E_FILE_READ, "store", NULL);
        return status.st_mode & 077 ? fail(error, MITOME_E_FILE_MODE, "store", NULL) : ok();
}

static mitome_status opening_failure(int result, mitome_error *error)
{
        static const struct {
                int result;
                mitome_code code;
        } causes[] = {
                { SQLITE_BUSY, MITOME_E_FILE_LOCKED },
                { SQLITE_LOCKED, MITOME_E_FILE_LOCKED },
                { SQLITE_CANTOPEN, MITOME_E_FILE_READ },
                { SQLITE_NOTADB, MITOME_E_STORE_FOREIGN },
        };
        for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
                if ((result & 0xFF) == causes[i].result)
                        return fail(error, causes[i].code, "store", NULL);
        return sql_failure(result, error);
}

static mitome_status ask_number(struct sql_store *store, const char *sql, int64_t *ret, mitome_error *error)
{
        sqlite3_stmt *statement = NULL;
        int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return result == SQLITE_ROW ? ok() : opening_failure(result, error);
}

/* The lock is taken once and kept: one process a store, and no file of shared memory beside it. */
static mitome_status set_up(struct sql_store *store, mitome_error *error)
{
        static const char pragmas[] =
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF;"
                "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
                "PRAGMA secure_delete = FAST; PRAGMA temp_store = MEMORY; PRAGMA recursive_triggers = ON;"
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
        char cache[48];
        snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d", CACHE_KIB);
        (void)sqlite3_extended_result_codes(store->db, 1);
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        int result = sqlite3_exec(store->db, pragmas, NULL, NULL, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_exec(store->db, cache, NULL, NULL, NULL);
        return result == SQLITE_OK ? ok() : opening_failure(result, error);
}

static mitome_status make_schema(
        struct sql_store *store, const char *schema, int version, mitome_error *error)
{
        char numbers[96];
        snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                APPLICATION_ID, version);
        MITOME_TRY(sql_begin(store, error));
        mitome_status status = run(store, schema, error);
        if (!failed(status))
                status = run(store, numbers, error);
        return sql_settle(store, status, error);
}

static mitome_status check_schema(
        struct sql_store *store, const char *schema, int version, mitome_error *error)
{
        int64_t application = 0, kept = 0, tables = 0;
        MITOME_TRY(ask_number(store, "PRAGMA application_id", &application, error));
        MITOME_TRY(ask_number(store, "PRAGMA user_version", &kept, error));
        MITOME_TRY(ask_number(store, "SELECT count(*) FROM sqlite_master", &tables, error));
        if (application == 0 && kept == 0 && tables == 0)
                return make_schema(store, schema, version, error);
        return application == APPLICATION_ID && kept == version
                       ? ok()
                       : fail(error, MITOME_E_STORE_FOREIGN, "store", NULL);
}

static mitome_status open_and_check(
        struct sql_store *store, const char *path, const char *schema, int version, mitome_error *error)
{
        int result = sqlite3_open_v2(path ? path : ":memory:", &store->db,
                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
        if (result != SQLITE_OK)
                return opening_failure(result, error);
        MITOME_TRY(set_up(store, error));
        return check_schema(store, schema, version, error);
}

mitome_status sql_open(
        const char *path, const char *schema, int version, struct sql_store **ret, mitome_error *error)
{
        if (version <= 0)
                return fail(error, MITOME_E_ARGUMENT, "version", NULL);
        if (path)
                MITOME_TRY(make_own_file(path, error));
        struct sql_store *store = calloc(1, sizeof *store);
        if (!store)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        store->wal = -1;
        mitome_status status = open_and_check(store, path, schema, version, error);
        if (failed(status)) {
                sql_close(store);
                return status;
        }
        *ret = store;
        return ok();
}

void sql_close(struct sql_store *store)
{
        if (!store)
                return;
        for (size_t i = 0; i < KEPT; i++)
                sqlite3_finalize(store->kept[i].statement);
        sqlite3_close_v2(store->db);
        if (store->wal >= 0)
                (void)close(store->wal);
        free(store);
}
