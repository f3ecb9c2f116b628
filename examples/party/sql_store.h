/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQL_STORE_H
#define SQL_STORE_H

/* A party's memory: one database, written durably, by one caller at a time. Whatever belongs to one decision
 * (rows, the answer to a letter, letters to send, lines of the journal) is written in one transaction.
 *
 * SQLite (WAL, synchronous=FULL; one process a file) or, for several programs side by side, PostgreSQL. A
 * transaction in PostgreSQL waits for the others of the same database, as it would in one process: what is
 * right in SQLite is right there. A connection that is lost fails what is under way (SQL_FAILED); the next
 * transaction connects anew.
 *
 * Both are spoken to in SQLite's words, of those that both know (sql_words.h). Beyond that, PostgreSQL is
 * strict about types: what is compared or put in has the column's type, a sum is to be CAST (.. AS INTEGER);
 * NULLs sort first in one and last in the other; no rowid but a declared INTEGER PRIMARY KEY, which is either
 * always given or never; user, order, end, limit, offset, window, desc are no names. */

#include "bytes.h"

struct sql_store;

/* One step of a schema: what brings a store from the version before (the first: from nothing) to `version`.
 * Lists end with { 0 }; versions rise. */
struct sql_step {
        int version;
        const char *sql; /* CREATE TABLE ..; several statements */
};
/* SQL_SCHEMA(1, text) is a list of the one step. */
#define SQL_SCHEMA(number, text)                        \
        (const struct sql_step[])                       \
        {                                               \
                { .version = (number), .sql = (text) }, \
                {                                       \
                        0                               \
                }                                       \
        }

/* sql_open opens the database at `address`: a path; NULL: one in memory; "postgres://.." (libpq's URI): a
 * database of a PostgreSQL server (SQL_ABSENT when this program was built without; it needs no rights but to
 * create tables; keep a password in ~/.pgpass, not in the address; beyond this machine, end it with
 * ?sslmode=verify-full). It is made when it is new, and brought
 * from the version that it has to the last of `steps`, a transaction each. One of a later version than the
 * last is SQL_NEWER, of one that is not in the list, or not of this kind at all, STORE_FOREIGN. A file that
 * others may read is FILE_MODE, one that another process has open FILE_LOCKED. */
MITOME_CHECKED mitome_status sql_open(
        const char *address, const struct sql_step *steps, struct sql_store **ret, mitome_error *error);
void sql_close(struct sql_store *store);

/* What is put into a statement's question marks, in order. */
struct sql_value {
        enum { SQL_NULL, SQL_INTEGER, SQL_TEXT, SQL_BLOB } type;
        int64_t integer;
        slice bytes;
};
#define SQL_INT(n) ((struct sql_value){ .type = SQL_INTEGER, .integer = (n) })
#define SQL_TEXT_OF(view) ((struct sql_value){ .type = SQL_TEXT, .bytes = (view) })
#define SQL_STR(text) SQL_TEXT_OF(slice_text(text))
#define SQL_BYTES(view) ((struct sql_value){ .type = SQL_BLOB, .bytes = (view) })
#define SQL_NONE ((struct sql_value){ .type = SQL_NULL })
/* A BLOB; nothing at all for an empty view. */
struct sql_value sql_bytes_or_none(slice view);
/* SQL_VALUES(SQL_INT(1), ..) is the two arguments `values, count`. */
#define SQL_VALUES(...)                            \
        (const struct sql_value[]){ __VA_ARGS__ }, \
                sizeof((const struct sql_value[]){ __VA_ARGS__ }) / sizeof(struct sql_value)

/* sql_do runs one statement that answers no rows; *ret_changed (may be NULL) is how many rows it changed. A
 * constraint that it would break (unique, check) is SQL_CONSTRAINT, a transaction that stood in another one's
 * way SQL_AGAIN (PostgreSQL: roll all of it back and run it once more; work_line.h does), any other failure
 * SQL_FAILED; a failure inside a transaction leaves it to be rolled back. Statements are prepared once and
 * kept under their text: put what changes into values. */
MITOME_CHECKED mitome_status sql_do(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error);

/* sql_ask begins a question; sql_next goes to the next row (false: no more, or a failure, which `error` of
 * sql_ask then holds). A query is ended by sql_end, which says whether it failed; columns count from 0 and
 * view memory of the row until the next call. PostgreSQL answers all rows at once: ask for a part of what may
 * be many. */
struct sql_query {
        struct sql_store *store;
        void *statement; /* the back end's */
        int row, rows;   /* the back end's */
        mitome_status status;
        mitome_error *error;
};
MITOME_CHECKED mitome_status sql_ask(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, struct sql_query *ret, mitome_error *error);
bool sql_next(struct sql_query *query);
int64_t sql_integer(const struct sql_query *query, int column);
slice sql_bytes(const struct sql_query *query, int column); /* TEXT or BLOB; empty for NULL */
bool sql_is_null(const struct sql_query *query, int column);
MITOME_CHECKED mitome_status sql_end(struct sql_query *query);

/* Transactions. sql_begin inside another one is a savepoint, which sql_commit and sql_rollback end first.
 * sql_commit ends it either way: when it fails, nothing was written, and a rollback that follows does
 * nothing. (SQL_UNKNOWN alone: PostgreSQL's connection was lost while it committed, and it could not be asked
 * since what had become of it.) sql_settle commits when all has gone well so far, else rolls back, and
 * answers what is to be returned. */
MITOME_CHECKED mitome_status sql_begin(struct sql_store *store, mitome_error *error);
MITOME_CHECKED mitome_status sql_commit(struct sql_store *store, mitome_error *error);
void sql_rollback(struct sql_store *store);
MITOME_CHECKED mitome_status sql_settle(struct sql_store *store, mitome_status so_far, mitome_error *error);
/* sql_is_open tells whether a transaction is open. */
bool sql_is_open(const struct sql_store *store);
/* sql_last_row: the INTEGER PRIMARY KEY that the last INSERT has given, if it changed a row. */
int64_t sql_last_row(struct sql_store *store);

/* Durability for several at once (group commit). In a store that is eased, a commit is written but does not
 * wait for the disk: it outlives the process, and not yet the machine. Whoever eases a store tells nobody
 * what is in it before sql_harden has come back for the commits until then (service_lock.h). sql_ease does
 * nothing to a store in memory. sql_commits counts what was written; it and sql_harden, which waits for the
 * disk, may be called by another thread meanwhile: what was counted before sql_harden began is on the disk
 * when it succeeds. When it has failed once, what the system still holds is not known any more: it must not
 * be asked again. */
MITOME_CHECKED mitome_status sql_ease(struct sql_store *store, mitome_error *error);
MITOME_CHECKED mitome_status sql_ease_no_more(struct sql_store *store, mitome_error *error);
uint64_t sql_commits(const struct sql_store *store);
MITOME_CHECKED mitome_status sql_harden(const struct sql_store *store, mitome_error *error);

#endif
