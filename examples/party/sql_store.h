/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQL_STORE_H
#define SQL_STORE_H

/* A party's memory: one SQLite database, written durably (WAL, synchronous=FULL), by one caller at a time.
 * Whatever belongs to one decision (rows, the answer to a letter, letters to send, lines of the journal) is
 * written in one transaction. */

#include "bytes.h"

struct sql_store;

/* sql_open opens the database at `path`, or makes it; NULL: one in memory. `schema` is run when it is new
 * (CREATE TABLE ..; several statements), and its `version` kept as user_version: another version is
 * STORE_FOREIGN. A file that others may read is FILE_MODE, one that another process has open FILE_LOCKED. */
MITOME_CHECKED mitome_status sql_open(
        const char *path, const char *schema, int version, struct sql_store **ret, mitome_error *error);
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
 * constraint that it would break (unique, check) is SQL_CONSTRAINT, any other failure SQL_FAILED; a failure
 * inside a transaction leaves it to be rolled back. */
MITOME_CHECKED mitome_status sql_do(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret_changed, mitome_error *error);

/* sql_ask begins a question; sql_next goes to the next row (false: no more, or a failure, which `error` of
 * sql_ask then holds). A query is ended by sql_end, which says whether it failed; columns count from 0 and
 * view memory of the row until the next call. */
struct sql_query {
        struct sql_store *store;
        void *statement;
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
 * nothing. sql_settle commits when all has gone well so far, else rolls back, and answers what is to be
 * returned. */
MITOME_CHECKED mitome_status sql_begin(struct sql_store *store, mitome_error *error);
MITOME_CHECKED mitome_status sql_commit(struct sql_store *store, mitome_error *error);
void sql_rollback(struct sql_store *store);
MITOME_CHECKED mitome_status sql_settle(struct sql_store *store, mitome_status so_far, mitome_error *error);
/* sql_is_open tells whether a transaction is open. */
bool sql_is_open(const struct sql_store *store);
int64_t sql_last_row(const struct sql_store *store); /* rowid of the last INSERT */

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
