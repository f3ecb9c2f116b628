/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite behind sql_store.h. */
#include "sql_back_end.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x4D69746F, KEPT = 512, KEPT_NEAR = 8, ADDRESSES = 256, CACHE_KIB = 32768 };

/* A statement that was prepared once, kept under its text. */
struct kept_statement {
        sqlite3_stmt *statement;
        uint32_t hash;
        bool busy;
};

struct sqlite_store {
        struct sql_store all;
        sqlite3 *db;
        int wal; /* the file that commits are written to, when they are eased; else -1 */
        unsigned points[SQL_DEPTH_MAX +
                        1]; /* by depth: the savepoint it goes back to; 0: none is needed yet */
        unsigned point_count;
        struct kept_statement kept[KEPT];
        struct kept_statement *by_address[ADDRESSES]; /* where a text was found last: most are literals */
};

static struct sqlite_store *own(struct sql_store *store)
{
        return (struct sqlite_store *)store;
}

static const struct sqlite_store *own_const(const struct sql_store *store)
{
        return (const struct sqlite_store *)store;
}

/* SQLite's own words for a code are static strings. */
static mitome_status sql_failure(int result, mitome_error *error)
{
        int code = result & 0xFF;
        if (code == SQLITE_NOMEM)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        return fail(error, code == SQLITE_CONSTRAINT ? MITOME_E_SQL_CONSTRAINT : MITOME_E_SQL_FAILED,
                sqlite3_errstr(result), NULL);
}

static mitome_status run(struct sqlite_store *store, const char *sql, mitome_error *error)
{
        int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
        return result == SQLITE_OK ? ok() : sql_failure(result, error);
}

/* After some failures (a full disk) SQLite has rolled back the whole transaction by itself. */
static bool is_lost(const struct sql_store *store)
{
        return sqlite3_get_autocommit(own_const(store)->db);
}

/* ---- statements ---- */

/* Where a statement is kept, or may be: one of the places near to where its text falls, or wherever there is
 * room when all of these are busy; NULL when all of all are. */
static struct kept_statement *kept_place(struct sqlite_store *store, const char *sql, uint32_t hash)
{
        struct kept_statement *room = NULL;
        for (uint32_t i = 0; i < KEPT && (i < KEPT_NEAR || !room); i++) {
                struct kept_statement *kept = &store->kept[(hash + i) % KEPT];
                if (kept->busy)
                        continue;
                if (!kept->statement)
                        return kept;
                if (kept->hash == hash && strcmp(sqlite3_sql(kept->statement), sql) == 0)
                        return kept;
                if (!room)
                        room = kept;
        }
        return room;
}

static bool is_of(const struct kept_statement *kept, const char *sql)
{
        return kept && kept->statement && !kept->busy && strcmp(sqlite3_sql(kept->statement), sql) == 0;
}

/* Who stood there before makes room. */
static mitome_status prepare_new(struct sqlite_store *store, const char *sql, struct kept_statement *place,
        uint32_t hash, mitome_error *error)
{
        const char *tail = NULL;
        struct kept_statement made = { .hash = hash };
        int result =
                sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &made.statement, &tail);
        if (result != SQLITE_OK)
                return sql_failure(result, error);
        if (!made.statement || *tail) {
                sqlite3_finalize(made.statement);
                return fail(error, MITOME_E_ARGUMENT, "statement", NULL);
        }
        sqlite3_finalize(place->statement);
        *place = made;
        return ok();
}

static mitome_status prepare(
        struct sqlite_store *store, const char *sql, struct kept_statement **ret, mitome_error *error)
{
        struct kept_statement **known = &store->by_address[((uintptr_t)sql >> 3) % ADDRESSES], *kept = *known;
        if (!is_of(kept, sql)) {
                const uint32_t hash = sql_hash(sql);
                kept = kept_place(store, sql, hash);
                if (!kept)
                        return fail(error, MITOME_E_ARGUMENT, "too many questions at once", NULL);
                if (!is_of(kept, sql))
                        MITOME_TRY(prepare_new(store, sql, kept, hash, error));
                *known = kept;
        }
        kept->busy = true;
        *ret = kept;
        return ok();
}

static void put_back(struct kept_statement *kept)
{
        sqlite3_reset(kept->statement);
        sqlite3_clear_bindings(kept->statement);
        kept->busy = false;
}

static int bind_one(
        sqlite3_stmt *statement, int place, const struct sql_value *value, sqlite3_destructor_type how)
{
        const char *text = value->bytes.size ? (const char *)value->bytes.data : "";
        switch (value->type) {
        case SQL_INTEGER:
                return sqlite3_bind_int64(statement, place, value->integer);
        case SQL_TEXT:
                return sqlite3_bind_text64(statement, place, text, value->bytes.size, how, SQLITE_UTF8);
        case SQL_BLOB: /* text: a blob at NULL would be NULL */
                return sqlite3_bind_blob64(statement, place, text, value->bytes.size, how);
        case SQL_NULL:
        default:
                return sqlite3_bind_null(statement, place);
        }
}

/* What is done at once does not copy its values. */
static mitome_status prepare_bound(struct sqlite_store *store, const char *sql,
        const struct sql_value *values, size_t count, sqlite3_destructor_type how,
        struct kept_statement **ret, mitome_error *error)
{
        struct kept_statement *kept = NULL;
        MITOME_TRY(prepare(store, sql, &kept, error));
        int result = SQLITE_OK;
        if (count != (size_t)sqlite3_bind_parameter_count(kept->statement))
                result = SQLITE_RANGE;
        for (size_t i = 0; i < count && result == SQLITE_OK; i++)
                result = bind_one(kept->statement, (int)i + 1, &values[i], how);
        if (result != SQLITE_OK) {
                put_back(kept);
                return sql_failure(result, error);
        }
        *ret = kept;
        return ok();
}

/* ---- savepoints ---- */

/* Of each level, from the first. */
#define AT_LEVELS(text)                                                                            \
        {                                                                                          \
                "", text "1", text "2", text "3", text "4", text "5", text "6", text "7", text "8" \
        }

static mitome_status run_kept(struct sqlite_store *store, const char *sql, mitome_error *error)
{
        struct kept_statement *kept = NULL;
        MITOME_TRY(prepare(store, sql, &kept, error));
        int result = sqlite3_step(kept->statement);
        put_back(kept);
        return result == SQLITE_DONE ? ok() : sql_failure(result, error);
}

/* A savepoint is made when something is written for the first time since, and one is enough for all levels
 * that have begun since: most work writes at one level, and some at none. */
static mitome_status make_point(struct sqlite_store *store, mitome_error *error)
{
        static const char *const lines[] = AT_LEVELS("SAVEPOINT level_");
        unsigned depth = store->all.depth;
        if (depth < 2 || store->points[depth - 1])
                return ok();
        MITOME_TRY(run_kept(store, lines[store->point_count + 1], error));
        store->point_count++;
        for (; depth > 1 && !store->points[depth - 1]; depth--)
                store->points[depth - 1] = store->point_count;
        return ok();
}

/* The level at all.depth ends; its savepoint, when it is not also that of the level around it. */
static mitome_status end_point(struct sqlite_store *store, bool back, mitome_error *error)
{
        static const char *const goes_back[] = AT_LEVELS("ROLLBACK TO level_"), *const releases[] = AT_LEVELS(
                                                                                        "RELEASE level_");
        const unsigned depth = store->all.depth, point = store->points[depth];
        store->points[depth] = 0;
        if (!point)
                return ok();
        if (back)
                MITOME_TRY(run_kept(store, goes_back[point], error));
        if (depth > 1 && store->points[depth - 1] == point)
                return ok();
        store->point_count--;
        return run_kept(store, releases[point], error);
}

/* ---- doing and asking ---- */

/* A question that writes (RETURNING) needs its savepoint, too. */
static mitome_status make_ready(struct sqlite_store *store, struct kept_statement *kept, mitome_error *error)
{
        if (sqlite3_stmt_readonly(kept->statement))
                return ok();
        mitome_status status = make_point(store, error);
        if (failed(status))
                put_back(kept);
        return status;
}

static mitome_status run_one(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error)
{
        struct kept_statement *kept = NULL;
        MITOME_TRY(prepare_bound(own(store), sql, values, count, SQLITE_STATIC, &kept, error));
        MITOME_TRY(make_ready(own(store), kept, error));
        int result = sqlite3_step(kept->statement);
        int64_t changed = sqlite3_changes64(own(store)->db);
        put_back(kept);
        if (result == SQLITE_ROW)
                return fail(error, MITOME_E_ARGUMENT, "statement", NULL);
        if (result != SQLITE_DONE)
                return sql_failure(result, error);
        *ret_changed = changed;
        return ok();
}

static mitome_status ask(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, struct sql_query *ret, mitome_error *error)
{
        struct kept_statement *kept = NULL;
        MITOME_TRY(prepare_bound(own(store), sql, values, count, SQLITE_TRANSIENT, &kept, error));
        MITOME_TRY(make_ready(own(store), kept, error));
        ret->statement = kept;
        return ok();
}

static sqlite3_stmt *statement_of(const struct sql_query *query)
{
        const struct kept_statement *kept = query->statement;
        return kept->statement;
}

static bool next(struct sql_query *query)
{
        int result = sqlite3_step(statement_of(query));
        if (result != SQLITE_ROW && result != SQLITE_DONE)
                query->status = sql_failure(result, query->error);
        return result == SQLITE_ROW;
}

static int64_t integer(const struct sql_query *query, int column)
{
        return sqlite3_column_int64(statement_of(query), column);
}

static slice bytes(const struct sql_query *query, int column)
{
        const void *view = sqlite3_column_blob(statement_of(query), column);
        return slice_of(view, view ? (size_t)sqlite3_column_bytes(statement_of(query), column) : 0);
}

static bool is_null(const struct sql_query *query, int column)
{
        return sqlite3_column_type(statement_of(query), column) == SQLITE_NULL;
}

static void end(struct sql_query *query)
{
        put_back(query->statement);
}

static int64_t last_row(struct sql_store *store)
{
        return sqlite3_last_insert_rowid(own(store)->db);
}

/* ---- transactions ---- */

static mitome_status control(struct sql_store *store, enum sql_control what, mitome_error *error)
{
        static const char *const words[] = {
                [SQL_BEGINS] = "BEGIN IMMEDIATE", [SQL_COMMITS] = "COMMIT", [SQL_ROLLS_BACK] = "ROLLBACK"
        };
        if (store->depth > 0)
                return what == SQL_BEGINS ? ok() : end_point(own(store), what == SQL_ROLLS_BACK, error);
        for (size_t i = 0; i <= SQL_DEPTH_MAX; i++)
                own(store)->points[i] = 0;
        own(store)->point_count = 0;
        return run_kept(own(store), words[what], error);
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
static mitome_status ease(struct sql_store *store, mitome_error *error)
{
        const char *name = sqlite3_db_filename(own(store)->db, "main");
        char path[PATH_MAX];
        if (!name || !*name)
                return ok();
        if (own(store)->wal >= 0)
                return run(own(store), "PRAGMA synchronous = NORMAL", error);
        int length = snprintf(path, sizeof path, "%s-wal", name);
        if (length < 0 || length >= PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "store", NULL);
        own(store)->wal = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (own(store)->wal < 0)
                return fail(error, MITOME_E_FILE_READ, "store", NULL);
        if (!settle_name(path))
                return fail(error, MITOME_E_FILE_WRITE, "store", NULL);
        return run(own(store), "PRAGMA synchronous = NORMAL", error);
}

static mitome_status harden(const struct sql_store *store, mitome_error *error)
{
        return own_const(store)->wal < 0 || fdatasync(own_const(store)->wal) == 0
                       ? ok()
                       : fail(error, MITOME_E_SQL_FAILED, "the disk", NULL);
}

static mitome_status ease_no_more(struct sql_store *store, mitome_error *error)
{
        if (own(store)->wal < 0)
                return ok();
        MITOME_TRY(run(own(store), "PRAGMA synchronous = FULL", error));
        return harden(store, error);
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

static mitome_status ask_number(
        struct sqlite_store *store, const char *sql, int64_t *ret, mitome_error *error)
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
static mitome_status set_up(struct sqlite_store *store, mitome_error *error)
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

static mitome_status take_step(struct sqlite_store *store, const struct sql_step *step, mitome_error *error)
{
        char numbers[96];
        snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                APPLICATION_ID, step->version);
        MITOME_TRY(sql_begin(&store->all, error));
        mitome_status status = run(store, step->sql, error);
        if (!failed(status))
                status = run(store, numbers, error);
        return sql_settle(&store->all, status, error);
}

static mitome_status bring_forward(
        struct sqlite_store *store, const struct sql_step *steps, mitome_error *error)
{
        int64_t application = 0, kept = 0, tables = 0;
        MITOME_TRY(ask_number(store, "PRAGMA application_id", &application, error));
        MITOME_TRY(ask_number(store, "PRAGMA user_version", &kept, error));
        MITOME_TRY(ask_number(store, "SELECT count(*) FROM sqlite_master", &tables, error));
        const bool made = application != 0 || kept != 0 || tables != 0;
        if (made && (application != APPLICATION_ID || kept <= 0))
                return fail(error, MITOME_E_STORE_FOREIGN, "store", NULL);
        MITOME_TRY(sql_next_step(kept, steps, &steps, error));
        for (; steps->sql; steps++)
                MITOME_TRY(take_step(store, steps, error));
        return ok();
}

static mitome_status open_and_check(
        struct sqlite_store *store, const char *path, const struct sql_step *steps, mitome_error *error)
{
        int result = sqlite3_open_v2(path ? path : ":memory:", &store->db,
                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
        if (result != SQLITE_OK)
                return opening_failure(result, error);
        MITOME_TRY(set_up(store, error));
        return bring_forward(store, steps, error);
}

static void close_all(struct sql_store *store)
{
        struct sqlite_store *closing = own(store);
        for (size_t i = 0; i < KEPT; i++)
                sqlite3_finalize(closing->kept[i].statement);
        sqlite3_close_v2(closing->db);
        if (closing->wal >= 0)
                (void)close(closing->wal);
        free(closing);
}

static const struct sql_back_end sqlite_back_end = {
        .control = control,
        .is_lost = is_lost,
        .run = run_one,
        .ask = ask,
        .next = next,
        .integer = integer,
        .bytes = bytes,
        .is_null = is_null,
        .end = end,
        .last_row = last_row,
        .ease = ease,
        .ease_no_more = ease_no_more,
        .harden = harden,
        .close = close_all,
};

mitome_status sql_sqlite_open(
        const char *path, const struct sql_step *steps, struct sql_store **ret, mitome_error *error)
{
        if (path)
                MITOME_TRY(make_own_file(path, error));
        struct sqlite_store *store = calloc(1, sizeof *store);
        if (!store)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        store->all.does = &sqlite_back_end;
        store->wal = -1;
        mitome_status status = open_and_check(store, path, steps, error);
        if (failed(status)) {
                close_all(&store->all);
                return status;
        }
        *ret = &store->all;
        return ok();
}
