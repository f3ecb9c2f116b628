/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same whichever database is behind. */
#include "sql_back_end.h"

struct sql_value sql_bytes_or_none(slice view)
{
        return view.size ? SQL_BYTES(view) : SQL_NONE;
}

uint32_t sql_hash(const char *sql)
{
        uint32_t hash = 2166136261u;
        for (const char *c = sql; *c; c++)
                hash = (hash ^ (uint8_t)*c) * 16777619u;
        return hash;
}

/* After some failures (a full disk, a connection that is lost) the whole transaction is gone. What would
 * follow must not be written as if there had never been one. */
static mitome_status still_there(struct sql_store *store, mitome_error *error)
{
        store->commit_failed = false;
        return store->depth > 0 && store->does->is_lost(store)
                       ? fail(error, MITOME_E_SQL_FAILED, "a transaction that is lost", NULL)
                       : ok();
}

/* ---- statements ---- */

mitome_status sql_do(struct sql_store *store, const char *sql, const struct sql_value *values, size_t count,
        int64_t *ret_changed, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(still_there(store, error));
        MITOME_TRY(store->does->run(store, sql, values, count, &changed, error));
        if (store->depth == 0)
                atomic_fetch_add(&store->commits, 1);
        if (ret_changed)
                *ret_changed = changed;
        return ok();
}

mitome_status sql_ask(struct sql_store *store, const char *sql, const struct sql_value *values, size_t count,
        struct sql_query *ret, mitome_error *error)
{
        struct sql_query query = { .store = store, .error = error };
        MITOME_TRY(still_there(store, error));
        MITOME_TRY(store->does->ask(store, sql, values, count, &query, error));
        *ret = query;
        return ok();
}

bool sql_next(struct sql_query *query)
{
        return !failed(query->status) && query->statement && query->store->does->next(query);
}

int64_t sql_integer(const struct sql_query *query, int column)
{
        return query->store->does->integer(query, column);
}

slice sql_bytes(const struct sql_query *query, int column)
{
        return query->store->does->bytes(query, column);
}

bool sql_is_null(const struct sql_query *query, int column)
{
        return query->store->does->is_null(query, column);
}

mitome_status sql_end(struct sql_query *query)
{
        if (query->statement)
                query->store->does->end(query);
        query->statement = NULL;
        return query->status;
}

int64_t sql_last_row(struct sql_store *store)
{
        return store->does->last_row(store);
}

/* ---- transactions ---- */

mitome_status sql_begin(struct sql_store *store, mitome_error *error)
{
        MITOME_TRY(still_there(store, error));
        if (store->depth >= SQL_DEPTH_MAX)
                return fail(error, MITOME_E_ARGUMENT, "transaction", NULL);
        MITOME_TRY(store->does->control(store, SQL_BEGINS, error));
        store->depth++;
        return ok();
}

mitome_status sql_commit(struct sql_store *store, mitome_error *error)
{
        if (store->depth == 0)
                return fail(error, MITOME_E_ARGUMENT, "transaction", NULL);
        mitome_status status = still_there(store, error);
        store->depth--;
        if (!failed(status))
                status = store->does->control(store, SQL_COMMITS, error);
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
        const bool lost = store->does->is_lost(store);
        store->depth--;
        if (lost || !failed(store->does->control(store, SQL_ROLLS_BACK, NULL)))
                return;
        /* A savepoint that cannot be rolled back takes all with it: nothing of it may be committed later. */
        const unsigned depth = store->depth;
        store->depth = 0;
        (void)failed(store->does->control(store, SQL_ROLLS_BACK, NULL));
        store->depth = depth;
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

/* ---- durability for several at once ---- */

mitome_status sql_ease(struct sql_store *store, mitome_error *error)
{
        return store->does->ease(store, error);
}

mitome_status sql_ease_no_more(struct sql_store *store, mitome_error *error)
{
        return store->does->ease_no_more(store, error);
}

uint64_t sql_commits(const struct sql_store *store)
{
        return atomic_load(&store->commits);
}

mitome_status sql_harden(const struct sql_store *store, mitome_error *error)
{
        return store->does->harden(store, error);
}

/* ---- opening ---- */

mitome_status sql_next_step(
        int64_t kept, const struct sql_step *steps, const struct sql_step **ret, mitome_error *error)
{
        const struct sql_step *next = kept == 0 ? steps : NULL;
        int64_t last = 0;
        for (; steps->sql; steps++) {
                last = steps->version;
                if (kept == last)
                        next = steps + 1;
        }
        if (kept > last)
                return fail(error, MITOME_E_SQL_NEWER, "store", NULL);
        if (!next)
                return fail(error, MITOME_E_STORE_FOREIGN, "store", NULL);
        *ret = next;
        return ok();
}

static mitome_status check_steps(const struct sql_step *steps, mitome_error *error)
{
        int before = 0;
        for (; steps->sql; before = steps++->version)
                if (steps->version <= before)
                        return fail(error, MITOME_E_ARGUMENT, "version", NULL);
        return before > 0 ? ok() : fail(error, MITOME_E_ARGUMENT, "version", NULL);
}

static bool is_postgres(const char *address)
{
        const slice view = slice_text(address);
        return slice_begins_with(view, slice_text("postgres://")) ||
               slice_begins_with(view, slice_text("postgresql://"));
}

mitome_status sql_open(
        const char *address, const struct sql_step *steps, struct sql_store **ret, mitome_error *error)
{
        MITOME_TRY(check_steps(steps, error));
        if (!address || !is_postgres(address))
                return sql_sqlite_open(address, steps, ret, error);
#ifdef MITOME_POSTGRES
        return sql_postgres_open(address, steps, ret, error);
#else
        return fail(error, MITOME_E_SQL_ABSENT, "PostgreSQL", NULL);
#endif
}

void sql_close(struct sql_store *store)
{
        if (store)
                store->does->close(store);
}
