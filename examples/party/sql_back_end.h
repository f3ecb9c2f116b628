/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SQL_BACK_END_H
#define SQL_BACK_END_H

/* What sql_store.c and the databases behind it share. */

#include "sql_store.h"

#include <stdatomic.h>

enum sql_control { SQL_BEGINS, SQL_COMMITS, SQL_ROLLS_BACK };

/* What a database can do. Those of a query are called with one that `ask` has begun. */
struct sql_back_end {
        /* control ends or begins what stands at store->depth: 0 the transaction, else a savepoint. */
        mitome_status (*control)(struct sql_store *store, enum sql_control what, mitome_error *error);
        /* is_lost: a transaction is open, and the database has it no more. */
        bool (*is_lost)(const struct sql_store *store);
        mitome_status (*run)(struct sql_store *store, const char *sql, const struct sql_value *values,
                size_t count, int64_t *ret_changed, mitome_error *error);
        mitome_status (*ask)(struct sql_store *store, const char *sql, const struct sql_value *values,
                size_t count, struct sql_query *ret, mitome_error *error);
        bool (*next)(struct sql_query *query);
        int64_t (*integer)(const struct sql_query *query, int column);
        slice (*bytes)(const struct sql_query *query, int column);
        bool (*is_null)(const struct sql_query *query, int column);
        void (*end)(struct sql_query *query);
        int64_t (*last_row)(struct sql_store *store);
        mitome_status (*ease)(struct sql_store *store, mitome_error *error);
        mitome_status (*ease_no_more)(struct sql_store *store, mitome_error *error);
        mitome_status (*harden)(const struct sql_store *store, mitome_error *error);
        void (*close)(struct sql_store *store);
};

/* The first member of each database's own. */
struct sql_store {
        const struct sql_back_end *does;
        unsigned depth;     /* transactions that are open, one in another */
        bool commit_failed; /* and has ended its transaction: the rollback that follows is none */
        _Atomic uint64_t commits;
};

enum { SQL_DEPTH_MAX = 8 };

/* sql_next_step finds the step after version `kept`; 0 is a new store. */
MITOME_CHECKED mitome_status sql_next_step(
        int64_t kept, const struct sql_step *steps, const struct sql_step **ret, mitome_error *error);

/* sql_hash mixes a statement's text (FNV-1a), to keep it by. */
uint32_t sql_hash(const char *sql);

MITOME_CHECKED mitome_status sql_sqlite_open(
        const char *path, const struct sql_step *steps, struct sql_store **ret, mitome_error *error);
MITOME_CHECKED mitome_status sql_postgres_open(
        const char *address, const struct sql_step *steps, struct sql_store **ret, mitome_error *error);

#endif
