/* SPDX-License-Identifier: Apache-2.0 */
#include "sp_within.h"

/* ---- statements ---- */

mitome_status sp_change(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, bool *ret, mitome_error *error)
{
        int64_t changed;
        MITOME_TRY(sql_do(store, sql, values, count, &changed, error));
        *ret = changed == 1;
        return ok();
}

mitome_status sp_finish(struct sql_store *store, mitome_status status, mitome_error *error)
{
        if (!failed(status))
                status = sql_commit(store, error);
        if (failed(status))
                sql_rollback(store);
        return status;
}

/* A column of a fixed size, or of at most that. */
static mitome_status take_bytes(
        const struct sql_query *query, int column, uint8_t *ret, size_t size, mitome_error *error)
{
        slice bytes = sql_bytes(query, column);
        if (bytes.size != size)
                return fail(error, MITOME_E_SQL_FAILED, "a column's size", NULL);
        return slice_copy(bytes, "column", ret, size, error);
}

/* ---- orders ---- */

#define ORDER_COLUMNS                                                                                     \
        "SELECT id, identity, purpose, kinds, person, application, session, prepared, state, until, row " \
        "+ CASE purpose WHEN 6 THEN 0 ELSE 1099511627776 END AS place FROM order_ "

static mitome_status read_order(const struct sql_query *query, struct sp_order *ret, mitome_error *error)
{
        struct sp_order order = {
                .purpose = (enum sp_purpose)sql_integer(query, 2),
                .kinds = (unsigned)sql_integer(query, 3),
                .from_holder = !sql_is_null(query, 6),
                .prepared = (int)sql_integer(query, 7),
                .state = (enum sp_order_state)sql_integer(query, 8),
                .until = sql_integer(query, 9),
        };
        MITOME_TRY(take_bytes(query, 0, order.id, sizeof order.id, error));
        MITOME_TRY(slice_copy(
                sql_bytes(query, 1), "identity", (uint8_t *)order.identity, SP_IDENTITY_MAX, error));
        if (order.from_holder) {
                MITOME_TRY(take_bytes(query, 4, order.person, sizeof order.person, error));
                MITOME_TRY(take_bytes(query, 5, order.application, sizeof order.application, error));
                MITOME_TRY(take_bytes(query, 6, order.session, sizeof order.session, error));
        }
        *ret = order;
        return ok();
}

/* Reads the first row, if there is one, and ends the query. */
static mitome_status first_order(struct sql_query *query, int64_t *ret_place, struct sp_order *ret,
        bool *ret_there, mitome_error *error)
{
        mitome_status status = ok();
        bool there = sql_next(query);
        if (there) {
                status = read_order(query, ret, error);
                *ret_place = sql_integer(query, 10);
        }
        mitome_status ended = sql_end(query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret_there = there;
        return ok();
}

mitome_status sp_order_load(struct sql_store *store, slice id, struct sp_order *ret, mitome_error *error)
{
        struct sql_query query;
        int64_t place;
        bool there;
        MITOME_TRY(sql_ask(store, ORDER_COLUMNS "WHERE id = ?", SQL_VALUES(SQL_BYTES(id)), &query, error));
        MITOME_TRY(first_order(&query, &place, ret, &there, error));
        return there ? ok() : fail(error, MITOME_E_ORDER_UNKNOWN, "order", NULL);
}

mitome_status sp_order_next(struct sql_store *store, slice identity, int64_t *place, struct sp_order *ret,
        bool *ret_there, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(store,
                ORDER_COLUMNS "WHERE identity = ? AND state <= 3 AND purpose <> 5 AND place > ? ORDER BY "
                              "place LIMIT 1",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(*place)), &query, error));
        return first_order(&query, place, ret, ret_there, error);
}

/* ---- parts ---- */

static mitome_status read_part(const struct sql_query *query, struct sp_part *ret, mitome_error *error)
{
        slice serial = sql_bytes(query, 4), key = sql_bytes(query, 5);
        ret->step = (enum sp_step)sql_integer(query, 0);
        ret->tries = sql_integer(query, 1);
        if (!sql_is_null(query, 2))
                MITOME_TRY(take_bytes(query, 2, ret->modulus, sizeof ret->modulus, error));
        if (!sql_is_null(query, 3))
                MITOME_TRY(take_bytes(query, 3, ret->call_id, sizeof ret->call_id, error));
        MITOME_TRY(slice_copy(serial, "serial", ret->serial_bytes, sizeof ret->serial_bytes, error));
        ret->serial = slice_of(ret->serial_bytes, serial.size);
        MITOME_TRY(slice_copy(key, "key", ret->key_bytes, sizeof ret->key_bytes, error));
        ret->key = slice_of(ret->key_bytes, key.size);
        return ok();
}

mitome_status sp_part_load(struct sql_store *store, const struct sp_order *order, unsigned kind,
        struct sp_part *ret, bool *ret_there, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(store,
                "SELECT step, tries, modulus, call_id, serial, key FROM part WHERE order_id = ? AND kind = ?",
                SQL_VALUES(SQL_BYTES(SLICE(order->id)), SQL_INT(kind)), &query, error));
        *ret = (struct sp_part){ .kind = kind };
        bool there = sql_next(&query);
        if (there)
                status = read_part(&query, ret, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret_there = there;
        return ok();
}

mitome_status sp_part_step(struct sql_store *store, const struct sp_order *order, unsigned kind,
        enum sp_step from, enum sp_step to, mitome_error *error)
{
        bool moved;
        MITOME_TRY(sp_change(store,
                "UPDATE part SET step = ? WHERE order_id = ? AND kind = ? AND step = ? AND EXISTS (SELECT 1 "
                "FROM order_ WHERE id = order_id AND state <= 3)",
                SQL_VALUES(SQL_INT(to), SQL_BYTES(SLICE(order->id)), SQL_INT(kind), SQL_INT(from)), &moved,
                error));
        return moved ? ok() : fail(error, MITOME_E_ORDER_UNKNOWN, "order", NULL);
}

static mitome_status ask_bool(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, bool *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(store, sql, values, count, &query, error));
        bool answer = sql_next(&query) && sql_integer(&query, 0) != 0;
        MITOME_TRY(sql_end(&query));
        *ret = answer;
        return ok();
}

mitome_status sp_all_at(struct sql_store *store, const struct sp_order *order, enum sp_step step, bool *ret,
        mitome_error *error)
{
        return ask_bool(store, "SELECT NOT EXISTS (SELECT 1 FROM part WHERE order_id = ? AND step <> ?)",
                SQL_VALUES(SQL_BYTES(SLICE(order->id)), SQL_INT(step)), ret, error);
}

/* ---- what phones hold ---- */

mitome_status sp_held_load(
        struct sql_store *store, slice identity, unsigned kind, struct sp_held *ret, mitome_error *error)
{
        struct sql_query query;
        struct sp_held held = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(store, "SELECT lives, person, serial FROM held WHERE identity = ? AND kind = ?",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(kind)), &query, error));
        held.there = sql_next(&query);
        if (held.there) {
                slice serial = sql_bytes(&query, 2);
                held.lives = sql_integer(&query, 0) != 0;
                held.serial_size = serial.size;
                status = take_bytes(&query, 1, held.person, sizeof held.person, error);
                if (!failed(status))
                        status = slice_copy(
                                serial, "serial", held.serial_bytes, sizeof held.serial_bytes, error);
        }
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret = held;
        return ok();
}

slice sp_held_serial(const struct sp_held *held)
{
        return slice_of(held->serial_bytes, held->serial_size);
}

/* ---- the journal ---- */

static mitome_status cite(
        struct journal_decision *decision, const struct sp_evidence *evidence, mitome_error *error)
{
        struct journal_evidence *to = &decision->evidence[decision->evidence_count++];
        to->kind = evidence->kind;
        return slice_copy(evidence->digest, "digest", to->digest, LETTER_DIGEST_SIZE, error);
}

static mitome_status decide(struct sp_tsm *tsm, struct journal_decision *decision, const char *kind,
        slice name, bool hex, const struct sp_evidence *evidence, mitome_error *error)
{
        char subject[JOURNAL_SUBJECT_BUFFER];
        decision->subject =
                hex ? journal_subject_hex(subject, kind, name) : journal_subject_text(subject, kind, name);
        if (evidence && evidence->call) {
                party_call_evidence(tsm->party, decision->evidence);
                decision->evidence_count = 2;
        }
        if (evidence && evidence->kind)
                MITOME_TRY(cite(decision, evidence, error));
        return party_decide(tsm->party, decision, error);
}

mitome_status sp_journal_device(struct sp_tsm *tsm, const char *what, const char *outcome, slice identity,
        const struct sp_evidence *evidence, const char *reason, mitome_error *error)
{
        struct journal_decision decision = { .what = what, .outcome = outcome, .reason = reason };
        return decide(tsm, &decision, "device", identity, false, evidence, error);
}

mitome_status sp_journal_serial(struct sp_tsm *tsm, const char *what, const char *outcome, slice serial,
        const struct sp_evidence *evidence, const char *reason, mitome_error *error)
{
        struct journal_decision decision = { .what = what, .outcome = outcome, .reason = reason };
        return decide(tsm, &decision, "serial", serial, true, evidence, error);
}

mitome_status sp_journal_order(struct sp_tsm *tsm, const char *what, const char *outcome,
        const struct sp_order *order, const char *reason, mitome_error *error)
{
        struct journal_decision decision = { .what = what, .outcome = outcome, .reason = reason };
        const struct sp_evidence why = { "application", SLICE(order->application), false };
        return decide(
                tsm, &decision, "order", SLICE(order->id), true, order->from_holder ? &why : NULL, error);
}
