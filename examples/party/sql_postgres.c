/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL behind sql_store.h. */
#include "sql_back_end.h"
#include "sql_words.h"

#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
        KEPT = 512,
        KEPT_NEAR = 8,
        VALUES_MAX = 32,
        STATEMENT_MAX = 65536, /* in PostgreSQL's words */
        PENDING_MAX = 512,
        XACT_MAX = 24,
        ASKS_MAX = 50, /* what became of a commit: so often, */
        ASKS_PAUSE_MS = 200,
        INTEGER_SIZE = 8,
};

/* Types as PostgreSQL numbers them (pg_type.h, which libpq does not give). */
enum { TYPE_BOOL = 16, TYPE_BYTES = 17, TYPE_INT8 = 20, TYPE_INT2 = 21, TYPE_INT4 = 23, TYPE_TEXT = 25 };

/* A statement that the server has prepared: its text here, its name and the types of its values there. */
struct kept_statement {
        char *sql;
        uint32_t hash;
        unsigned name;
        size_t count;
        Oid types[VALUES_MAX]; /* 0: only NULL was put there so far */
};

struct postgres_store {
        struct sql_store all;
        char *address;
        PGconn *connection;
        int64_t version; /* of the schema that this program knows */
        unsigned names;  /* statements named since the connection was made */
        char xact[XACT_MAX];
        char pending[PENDING_MAX]; /* savepoints that the server is told of with what follows */
        struct kept_statement kept[KEPT];
};

static struct postgres_store *own(struct sql_store *store)
{
        return (struct postgres_store *)store;
}

static const struct postgres_store *own_const(const struct sql_store *store)
{
        return (const struct postgres_store *)store;
}

/* ---- failures ---- */

/* By the beginning of SQLSTATE (PostgreSQL, appendix A); the first that fits. */
static mitome_status sql_failure(const PGresult *result, mitome_error *error)
{
        static const struct {
                const char *state;
                mitome_code code;
                const char *field;
        } causes[] = {
                { "23", MITOME_E_SQL_CONSTRAINT, "constraint" },
                { "40", MITOME_E_SQL_AGAIN, "another transaction" },
                { "55P03", MITOME_E_SQL_AGAIN, "a lock that somebody holds for long" },
                { "08", MITOME_E_SQL_FAILED, "the connection to PostgreSQL" },
                { "57P", MITOME_E_SQL_FAILED, "PostgreSQL is shutting down" },
                { "25P03", MITOME_E_SQL_FAILED, "a transaction that took too long" },
                { "25", MITOME_E_SQL_FAILED, "a transaction that has failed" },
                { "53", MITOME_E_SQL_FAILED, "PostgreSQL has no room" },
                { "42501", MITOME_E_SQL_FAILED, "PostgreSQL's rights" },
                { "42", MITOME_E_SQL_FAILED, "statement" },
                { "22", MITOME_E_SQL_FAILED, "value" },
        };
        const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
        if (!state)
                return fail(error, MITOME_E_SQL_FAILED, "the connection to PostgreSQL", NULL);
        for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
                if (slice_begins_with(slice_text(state), slice_text(causes[i].state)))
                        return fail(error, causes[i].code, causes[i].field, NULL);
        return fail(error, MITOME_E_SQL_FAILED, "PostgreSQL", NULL);
}

static bool is_good(const PGresult *result)
{
        const ExecStatusType status = PQresultStatus(result);
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* run_text runs statements that carry no values; *ret_result (may be NULL) is the last one's, to be cleared.
 */
static mitome_status run_text(
        struct postgres_store *store, const char *sql, PGresult **ret_result, mitome_error *error)
{
        PGresult *result = PQexec(store->connection, sql);
        mitome_status status = is_good(result) ? ok() : sql_failure(result, error);
        if (failed(status) || !ret_result)
                PQclear(result);
        else
                *ret_result = result;
        return status;
}

/* ---- the connection ---- */

static void forget_statements(struct postgres_store *store)
{
        for (size_t i = 0; i < KEPT; i++) {
                free(store->kept[i].sql);
                store->kept[i] = (struct kept_statement){ 0 };
        }
        store->names = 0;
        store->pending[0] = '\0';
}

static void hear_nothing(void *context, const char *message)
{
        (void)context;
        (void)message;
}

/* A commit waits for the server's disk, whatever the server's own setting. A program that hangs inside of a
 * transaction keeps the others waiting no longer than this. */
static mitome_status connect_anew(struct postgres_store *store, mitome_error *error)
{
        static const char settings[] =
                "SELECT set_config('synchronous_commit', 'on', false) WHERE "
                "current_setting('synchronous_commit') = 'off';"
                "SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on;"
                "SET idle_in_transaction_session_timeout = '20s'; SET lock_timeout = '30s'";
        const char *const names[] = { "connect_timeout", "keepalives_idle", "tcp_user_timeout",
                "fallback_application_name", "dbname", "client_encoding", NULL };
        const char *const values[] = { "5", "10", "10000", "mitome", store->address, "UTF8", NULL };
        PQfinish(store->connection);
        forget_statements(store);
        store->connection = PQconnectdbParams(names, values, 1);
        if (!store->connection)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        (void)PQsetNoticeProcessor(store->connection, hear_nothing, NULL);
        if (PQstatus(store->connection) != CONNECTION_OK)
                return fail(error, MITOME_E_SQL_FAILED, "the connection to PostgreSQL", NULL);
        return run_text(store, settings, NULL, error);
}

static bool is_connected(const struct postgres_store *store)
{
        return PQstatus(store->connection) == CONNECTION_OK;
}

static bool is_lost(const struct sql_store *store)
{
        return PQtransactionStatus(own_const(store)->connection) == PQTRANS_IDLE ||
               !is_connected(own_const(store));
}

/* ---- savepoints, told with what follows ---- */

static mitome_status tell_pending(struct postgres_store *store, mitome_error *error)
{
        if (!store->pending[0])
                return ok();
        mitome_status status = run_text(store, store->pending, NULL, error);
        store->pending[0] = '\0';
        return status;
}

static mitome_status add_pending(struct postgres_store *store, const char *line, mitome_error *error)
{
        const size_t used = strlen(store->pending);
        if (used + strlen(line) + 1 > sizeof store->pending) {
                MITOME_TRY(tell_pending(store, error));
                return add_pending(store, line, error);
        }
        writer w = writer_over((uint8_t *)store->pending, sizeof store->pending);
        (void)write_space(&w, used);
        write_slice(&w, slice_text(line));
        write_u8(&w, '\0');
        return ok();
}

/* A savepoint in which nothing was done need not be told. */
static bool drop_pending(struct postgres_store *store, const char *line)
{
        const size_t used = strlen(store->pending), size = strlen(line);
        if (used < size || strcmp(&store->pending[used - size], line) != 0)
                return false;
        store->pending[used - size] = '\0';
        return true;
}

/* ---- statements ---- */

static Oid type_of(const struct sql_value *value)
{
        static const Oid types[] = {
                [SQL_NULL] = 0, [SQL_INTEGER] = TYPE_INT8, [SQL_TEXT] = TYPE_TEXT, [SQL_BLOB] = TYPE_BYTES
        };
        return types[value->type];
}

/* A NULL goes where any type was. */
static bool fits(const struct kept_statement *kept, const struct sql_value *values, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (values[i].type != SQL_NULL && kept->types[i] != type_of(&values[i]))
                        return false;
        return kept->count == count;
}

static struct kept_statement *kept_place(struct postgres_store *store, const char *sql, uint32_t hash)
{
        for (uint32_t i = 0; i < KEPT_NEAR; i++) {
                struct kept_statement *kept = &store->kept[(hash + i) % KEPT];
                if (!kept->sql || (kept->hash == hash && strcmp(kept->sql, sql) == 0))
                        return kept;
        }
        return &store->kept[hash % KEPT];
}

static mitome_status make_room(struct postgres_store *store, struct kept_statement *kept, mitome_error *error)
{
        char line[32];
        if (!kept->sql)
                return ok();
        snprintf(line, sizeof line, "DEALLOCATE s%u;", kept->name);
        free(kept->sql);
        *kept = (struct kept_statement){ 0 };
        return add_pending(store, line, error);
}

static mitome_status prepare_words(struct postgres_store *store, const char *sql, uint8_t *words,
        struct kept_statement *made, mitome_error *error)
{
        writer w = writer_over(words, STATEMENT_MAX);
        char name[16];
        size_t count = 0;
        MITOME_TRY(sql_words_postgres(slice_text(sql), false, &w, &count, error));
        if (count != made->count)
                return fail(error, MITOME_E_SQL_FAILED, "value", NULL);
        MITOME_TRY(tell_pending(store, error));
        made->name = ++store->names;
        snprintf(name, sizeof name, "s%u", made->name);
        PGresult *result = PQprepare(store->connection, name, (const char *)words, (int)count, made->types);
        mitome_status status = is_good(result) ? ok() : sql_failure(result, error);
        PQclear(result);
        return status;
}

static mitome_status prepare_new(
        struct postgres_store *store, const char *sql, struct kept_statement *made, mitome_error *error)
{
        uint8_t *words = malloc(STATEMENT_MAX);
        char *copy = strdup(sql);
        mitome_status status = words && copy ? prepare_words(store, sql, words, made, error)
                                             : fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        free(words);
        if (failed(status))
                free(copy);
        else
                made->sql = copy;
        return status;
}

static mitome_status prepare(struct postgres_store *store, const char *sql, const struct sql_value *values,
        size_t count, const struct kept_statement **ret, mitome_error *error)
{
        const uint32_t hash = sql_hash(sql);
        struct kept_statement *kept = kept_place(store, sql, hash);
        struct kept_statement made = { .hash = hash, .count = count };
        const bool same = kept->sql && kept->hash == hash && strcmp(kept->sql, sql) == 0;
        if (same && fits(kept, values, count)) {
                *ret = kept;
                return ok();
        }
        if (count > VALUES_MAX)
                return fail(error, MITOME_E_ARGUMENT, "value", NULL);
        for (size_t i = 0; i < count; i++) {
                made.types[i] = type_of(&values[i]);
                if (made.types[i] == 0 && same && kept->count == count)
                        made.types[i] = kept->types[i];
        }
        MITOME_TRY(prepare_new(store, sql, &made, error));
        mitome_status status = make_room(store, kept, error);
        *kept = made;
        *ret = kept;
        return status;
}

/* What the server is given: bytes as they are, integers big-endian. */
struct given {
        const char *values[VALUES_MAX];
        int sizes[VALUES_MAX], formats[VALUES_MAX];
        uint8_t integers[VALUES_MAX][INTEGER_SIZE];
};

static mitome_status give(
        struct given *given, size_t place, const struct sql_value *value, mitome_error *error)
{
        given->formats[place] = 1;
        if (value->type == SQL_NULL) {
                given->values[place] = NULL;
                given->sizes[place] = 0;
                return ok();
        }
        if (value->type == SQL_INTEGER) {
                writer w = WRITER(given->integers[place]);
                write_u64(&w, (uint64_t)value->integer);
                given->values[place] = (const char *)given->integers[place];
                given->sizes[place] = INTEGER_SIZE;
                return ok();
        }
        if (value->bytes.size > INT_MAX)
                return fail(error, MITOME_E_TOO_LONG, "value", NULL);
        given->values[place] = value->bytes.size ? (const char *)value->bytes.data : "";
        given->sizes[place] = (int)value->bytes.size;
        return ok();
}

static mitome_status execute(struct postgres_store *store, const char *sql, const struct sql_value *values,
        size_t count, PGresult **ret, mitome_error *error)
{
        const struct kept_statement *kept = NULL;
        struct given given;
        char name[16];
        MITOME_TRY(prepare(store, sql, values, count, &kept, error));
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(give(&given, i, &values[i], error));
        MITOME_TRY(tell_pending(store, error));
        snprintf(name, sizeof name, "s%u", kept->name);
        PGresult *result = PQexecPrepared(
                store->connection, name, (int)count, given.values, given.sizes, given.formats, 1);
        if (!is_good(result)) {
                mitome_status status = sql_failure(result, error);
                PQclear(result);
                return status;
        }
        *ret = result;
        return ok();
}

/* ---- transactions ---- */

/* The lock makes one after the other of what programs side by side do: what is read in a transaction is still
 * so when it writes, as in SQLite. The transaction's number tells later what became of it; the version,
 * whether a newer program has changed the tables since. */
static mitome_status begin_once(struct postgres_store *store, mitome_error *error)
{
        static const char text[] = "BEGIN; LOCK TABLE mitome_store IN EXCLUSIVE MODE;"
                                   "SELECT pg_current_xact_id()::text, version FROM mitome_store";
        PGresult *result = NULL;
        MITOME_TRY(run_text(store, text, &result, error));
        bool same = false;
        if (PQntuples(result) == 1) {
                snprintf(store->xact, sizeof store->xact, "%s", PQgetvalue(result, 0, 0));
                same = strtoll(PQgetvalue(result, 0, 1), NULL, 10) == store->version;
        }
        PQclear(result);
        return same ? ok() : fail(error, MITOME_E_SQL_NEWER, "store", NULL);
}

/* Nothing is lost by a second try with a new connection: nothing was done yet. */
static mitome_status begin(struct postgres_store *store, mitome_error *error)
{
        mitome_status status = { MITOME_E_SQL_FAILED };
        if (is_connected(store))
                status = begin_once(store, NULL);
        if (failed(status) && !is_connected(store)) {
                MITOME_TRY(connect_anew(store, error));
                status = begin_once(store, NULL);
        }
        if (!failed(status))
                return ok();
        if (is_connected(store))
                (void)failed(run_text(store, "ROLLBACK", NULL, NULL));
        return fail(error, status.code,
                status.code == MITOME_E_SQL_NEWER ? "store" : "the beginning of a transaction", NULL);
}

/* ask_fate asks the server that is back what became of a transaction: '\0' while it cannot be asked, or the
 * transaction is still on its way. */
static char ask_fate(struct postgres_store *store)
{
        char sql[64 + XACT_MAX];
        PGresult *result = NULL;
        char fate = '\0';
        snprintf(sql, sizeof sql, "SELECT pg_xact_status('%s'::xid8)", store->xact);
        if ((!is_connected(store) && failed(connect_anew(store, NULL))) ||
                failed(run_text(store, sql, &result, NULL)))
                return '\0';
        if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
                fate = PQgetvalue(result, 0, 0)[0];
        PQclear(result);
        return fate == 'i' ? '\0' : fate;
}

/* The connection was lost while the server committed: it may have done so, or not. */
static mitome_status settle_fate(struct postgres_store *store, mitome_error *error)
{
        const struct timespec pause = { .tv_nsec = ASKS_PAUSE_MS * 1000000L };
        for (int i = 0; i < ASKS_MAX; i++) {
                const char fate = ask_fate(store);
                if (fate == 'c')
                        return ok();
                if (fate == 'a')
                        return fail(error, MITOME_E_SQL_FAILED, "the connection to PostgreSQL", NULL);
                (void)nanosleep(&pause, NULL);
        }
        return fail(error, MITOME_E_SQL_UNKNOWN, "PostgreSQL", NULL);
}

/* A transaction that has failed is committed by rolling it back, which the server calls by its name. */
static mitome_status commit(struct postgres_store *store, mitome_error *error)
{
        PGresult *result = NULL;
        mitome_status status = add_pending(store, "COMMIT", error);
        if (!failed(status))
                status = run_text(store, store->pending, &result, NULL);
        store->pending[0] = '\0';
        if (failed(status))
                return is_connected(store) ? fail(error, status.code, "commit", NULL)
                                           : settle_fate(store, error);
        const bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
        PQclear(result);
        return committed ? ok() : fail(error, MITOME_E_SQL_FAILED, "a transaction that has failed", NULL);
}

static mitome_status rollback(struct postgres_store *store, mitome_error *error)
{
        store->pending[0] = '\0';
        return run_text(store, "ROLLBACK", NULL, error);
}

static mitome_status begin_part(struct postgres_store *store, mitome_error *error)
{
        char line[32];
        if (PQtransactionStatus(store->connection) == PQTRANS_INERROR)
                return fail(error, MITOME_E_SQL_FAILED, "a transaction that has failed", NULL);
        snprintf(line, sizeof line, "SAVEPOINT level_%u;", store->all.depth);
        return add_pending(store, line, error);
}

static mitome_status commit_part(struct postgres_store *store, mitome_error *error)
{
        char line[32];
        if (PQtransactionStatus(store->connection) == PQTRANS_INERROR)
                return fail(error, MITOME_E_SQL_FAILED, "a transaction that has failed", NULL);
        snprintf(line, sizeof line, "SAVEPOINT level_%u;", store->all.depth);
        if (drop_pending(store, line))
                return ok();
        snprintf(line, sizeof line, "RELEASE level_%u;", store->all.depth);
        return add_pending(store, line, error);
}

static mitome_status rollback_part(struct postgres_store *store, mitome_error *error)
{
        char line[64];
        snprintf(line, sizeof line, "SAVEPOINT level_%u;", store->all.depth);
        if (drop_pending(store, line))
                return ok();
        MITOME_TRY(tell_pending(store, error));
        snprintf(line, sizeof line, "ROLLBACK TO level_%u; RELEASE level_%u", store->all.depth,
                store->all.depth);
        return run_text(store, line, NULL, error);
}

static mitome_status control(struct sql_store *store, enum sql_control what, mitome_error *error)
{
        static mitome_status (*const controls[][2])(struct postgres_store *, mitome_error *) = {
                [SQL_BEGINS] = { begin, begin_part },
                [SQL_COMMITS] = { commit, commit_part },
                [SQL_ROLLS_BACK] = { rollback, rollback_part },
        };
        return controls[what][store->depth > 0](own(store), error);
}

/* ---- doing and asking ---- */

static mitome_status run_within(struct postgres_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error)
{
        PGresult *result = NULL;
        MITOME_TRY(execute(store, sql, values, count, &result, error));
        const bool rows = PQresultStatus(result) == PGRES_TUPLES_OK;
        const int64_t changed = strtoll(PQcmdTuples(result), NULL, 10);
        PQclear(result);
        if (rows)
                return fail(error, MITOME_E_ARGUMENT, "statement", NULL);
        *ret_changed = changed;
        return ok();
}

/* A statement alone takes its turn like a transaction. */
static mitome_status run_one(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error)
{
        if (store->depth > 0)
                return run_within(own(store), sql, values, count, ret_changed, error);
        MITOME_TRY(begin(own(store), error));
        mitome_status status = run_within(own(store), sql, values, count, ret_changed, error);
        if (!failed(status))
                return commit(own(store), error);
        (void)failed(rollback(own(store), NULL));
        return status;
}

static bool is_readable(const PGresult *result)
{
        static const Oid types[] = { TYPE_BOOL, TYPE_BYTES, TYPE_INT8, TYPE_INT2, TYPE_INT4, TYPE_TEXT };
        for (int column = 0; column < PQnfields(result); column++) {
                size_t i = 0;
                while (i < sizeof types / sizeof *types && types[i] != PQftype(result, column))
                        i++;
                if (i == sizeof types / sizeof *types)
                        return false;
        }
        return true;
}

/* Outside of a transaction, a connection that was lost since is made anew: nothing was done yet, or nothing
 * that could not be asked again. */
static mitome_status ask(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, struct sql_query *ret, mitome_error *error)
{
        PGresult *result = NULL;
        if (store->depth == 0 && !is_connected(own(store)))
                MITOME_TRY(connect_anew(own(store), error));
        MITOME_TRY(execute(own(store), sql, values, count, &result, error));
        if (!is_readable(result)) {
                PQclear(result);
                return fail(error, MITOME_E_SQL_FAILED, "a column's type", NULL);
        }
        ret->statement = result;
        ret->row = -1;
        ret->rows = PQntuples(result);
        return ok();
}

static bool next(struct sql_query *query)
{
        if (query->row + 1 >= query->rows)
                return false;
        query->row++;
        return true;
}

static slice bytes(const struct sql_query *query, int column)
{
        return PQgetisnull(query->statement, query->row, column)
                       ? slice_of(NULL, 0)
                       : slice_of(PQgetvalue(query->statement, query->row, column),
                                 (size_t)PQgetlength(query->statement, query->row, column));
}

/* Two's complement of as many bytes as the type has. */
static int64_t integer(const struct sql_query *query, int column)
{
        const Oid type = PQftype(query->statement, column);
        const slice view = bytes(query, column);
        uint64_t value = view.size && view.data[0] & 0x80 ? UINT64_MAX : 0;
        if (type == TYPE_BYTES || type == TYPE_TEXT)
                return 0;
        for (size_t i = 0; i < view.size; i++)
                value = value << 8 | view.data[i];
        return (int64_t)value;
}

static bool is_null(const struct sql_query *query, int column)
{
        return PQgetisnull(query->statement, query->row, column);
}

static void end(struct sql_query *query)
{
        PQclear(query->statement);
}

static int64_t last_row(struct sql_store *store)
{
        PGresult *result = NULL;
        if (failed(tell_pending(own(store), NULL)) ||
                failed(run_text(own(store), "SELECT lastval()", &result, NULL)))
                return 0;
        const int64_t row = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
        return row;
}

/* The server has written a commit to its disk, and those of others with it, before it answers. */
static mitome_status ease(struct sql_store *store, mitome_error *error)
{
        (void)store;
        (void)error;
        return ok();
}

static mitome_status harden(const struct sql_store *store, mitome_error *error)
{
        (void)store;
        (void)error;
        return ok();
}

/* ---- opening ---- */

static mitome_status ask_number(
        struct postgres_store *store, const char *sql, int64_t *ret, mitome_error *error)
{
        PGresult *result = NULL;
        MITOME_TRY(run_text(store, sql, &result, error));
        const int64_t number = PQntuples(result) == 1 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
        PQclear(result);
        *ret = number;
        return ok();
}

/* 0: there is nothing at all. */
static mitome_status ask_version(struct postgres_store *store, int64_t *ret, mitome_error *error)
{
        int64_t made = 0, others = 0;
        MITOME_TRY(ask_number(store, "SELECT count(to_regclass('mitome_store'))", &made, error));
        if (made)
                return ask_number(store, "SELECT version FROM mitome_store", ret, error);
        MITOME_TRY(ask_number(store,
                "SELECT count(*) FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace",
                &others, error));
        if (others)
                return fail(error, MITOME_E_STORE_FOREIGN, "store", NULL);
        *ret = 0;
        return ok();
}

static mitome_status run_step(struct postgres_store *store, const struct sql_step *step, mitome_error *error)
{
        uint8_t *words = malloc(STATEMENT_MAX);
        char line[64];
        size_t count = 0;
        if (!words)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        writer w = writer_over(words, STATEMENT_MAX);
        mitome_status status = sql_words_postgres(slice_text(step->sql), true, &w, &count, error);
        if (!failed(status))
                status = run_text(store, (const char *)words, NULL, error);
        free(words);
        MITOME_TRY(status);
        snprintf(line, sizeof line, "UPDATE mitome_store SET version = %d", step->version);
        return run_text(store, line, NULL, error);
}

/* One step, if there is one to take: programs that are started side by side take turns. */
static mitome_status take_step(
        struct postgres_store *store, const struct sql_step *steps, bool *ret_more, mitome_error *error)
{
        static const char make[] = "CREATE TABLE mitome_store (one BIGINT PRIMARY KEY CHECK (one = 1),"
                                   " version BIGINT NOT NULL); INSERT INTO mitome_store VALUES (1, 0)";
        int64_t kept = 0;
        MITOME_TRY(ask_version(store, &kept, error));
        MITOME_TRY(sql_next_step(kept, steps, &steps, error));
        *ret_more = steps->sql != NULL;
        if (!*ret_more)
                return ok();
        if (kept == 0)
                MITOME_TRY(run_text(store, make, NULL, error));
        return run_step(store, steps, error);
}

static mitome_status bring_forward(
        struct postgres_store *store, const struct sql_step *steps, mitome_error *error)
{
        static const char begins[] = "BEGIN; SELECT pg_advisory_xact_lock(1298756719)"; /* "Mito" */
        bool more = true;
        for (const struct sql_step *step = steps; step->sql; step++)
                store->version = step->version;
        while (more) {
                MITOME_TRY(run_text(store, begins, NULL, error));
                MITOME_TRY(take_step(store, steps, &more, error));
                MITOME_TRY(run_text(store, "COMMIT", NULL, error));
        }
        return ok();
}

static void close_all(struct sql_store *store)
{
        struct postgres_store *closing = own(store);
        forget_statements(closing);
        PQfinish(closing->connection);
        if (closing->address)
                bytes_wipe(closing->address, strlen(closing->address));
        free(closing->address);
        free(closing);
}

static const struct sql_back_end postgres_back_end = {
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
        .ease_no_more = ease,
        .harden = harden,
        .close = close_all,
};

mitome_status sql_postgres_open(
        const char *address, const struct sql_step *steps, struct sql_store **ret, mitome_error *error)
{
        struct postgres_store *store = calloc(1, sizeof *store);
        if (!store)
                return fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        store->all.does = &postgres_back_end;
        store->address = strdup(address);
        mitome_status status =
                store->address ? connect_anew(store, error) : fail(error, MITOME_E_NO_MEMORY, "store", NULL);
        if (!failed(status))
                status = bring_forward(store, steps, error);
        if (failed(status)) {
                close_all(&store->all);
                return status;
        }
        *ret = &store->all;
        return ok();
}
