/* SPDX-License-Identifier: Apache-2.0 */

/* How orders come to be, end, and follow from one another. Everything here is inside the caller's
 * transaction. */

#include "sp_within.h"

const char *const sp_purposes[] = {
        [SP_ISSUE] = "issue",
        [SP_RENEW] = "renew",
        [SP_RESET_PIN] = "reset-pin",
        [SP_RESET_PASSWORD] = "reset-password",
        [SP_REVOKE] = "revoke",
        [SP_ERASE] = "erase",
};

enum { CESSATION = 5 }; /* CRLReason cessationOfOperation */

/* ---- beginning ---- */

static enum sp_step first_step(enum sp_purpose purpose)
{
        return purpose == SP_RESET_PIN || purpose == SP_RESET_PASSWORD ? SP_STEP_WRITTEN : SP_STEP_NOTHING;
}

static mitome_status make_part(struct sp_tsm *tsm, const uint8_t id[SP_ID_SIZE], unsigned kind,
        enum sp_step step, mitome_error *error)
{
        return sql_do(tsm->store, "INSERT INTO part (order_id, kind, step) VALUES (?, ?, ?)",
                SQL_VALUES(SQL_BYTES(slice_of(id, SP_ID_SIZE)), SQL_INT(kind), SQL_INT(step)), NULL, error);
}

mitome_status sp_order_make(
        struct sp_tsm *tsm, const struct sp_new_order *order, uint8_t ret_id[SP_ID_SIZE], mitome_error *error)
{
        int64_t now = party_now(tsm->party);
        MITOME_TRY(party_make_id(tsm->party, ret_id, error));
        MITOME_TRY(sql_do(tsm->store,
                "INSERT INTO order_ (id, identity, purpose, kinds, person, application, session, prepared, "
                "state, made_at, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                SQL_VALUES(SQL_BYTES(slice_of(ret_id, SP_ID_SIZE)), SQL_TEXT_OF(order->identity),
                        SQL_INT(order->purpose), SQL_INT(order->kinds), sql_bytes_or_none(order->person),
                        sql_bytes_or_none(order->application), sql_bytes_or_none(order->session),
                        SQL_INT(order->prepared), SQL_INT(now), SQL_INT(now + SP_SESSION_S)),
                NULL, error));
        for (unsigned kind = SP_FIRST_KIND; kind <= SP_LAST_KIND; kind++)
                if (order->kinds & 1U << kind && order->purpose != SP_REVOKE && order->purpose != SP_ERASE)
                        MITOME_TRY(make_part(tsm, ret_id, kind, first_step(order->purpose), error));
        return ok();
}

/* ---- moving ---- */

static mitome_status set_state(struct sp_tsm *tsm, const struct sp_order *order, enum sp_order_state state,
        mitome_code code, bool *ret_changed, mitome_error *error)
{
        return sp_change(tsm->store,
                "UPDATE order_ SET state = ?, code = ? WHERE id = ? AND state <= 3 AND state <> ?",
                SQL_VALUES(SQL_INT(state), SQL_INT(code), SQL_BYTES(SLICE(order->id)), SQL_INT(state)),
                ret_changed, error);
}

/* What only the holder was to know is not kept, nor who he is: a signing certificate says his four facts. */
static mitome_status forget_holder(struct sp_tsm *tsm, const struct sp_order *order, mitome_error *error)
{
        return sql_do(tsm->store,
                "UPDATE part SET secret = NULL, certificate = NULL, ca = NULL WHERE order_id = ?",
                SQL_VALUES(SQL_BYTES(SLICE(order->id))), NULL, error);
}

mitome_status sp_order_move(
        struct sp_tsm *tsm, const struct sp_order *order, enum sp_order_state state, mitome_error *error)
{
        static const char *const outcomes[] = {
                [SP_ORDER_OPEN] = "asked",
                [SP_ORDER_HOLDER] = "asked",
                [SP_ORDER_RECEIPT] = "asked",
                [SP_ORDER_DONE] = "done",
                [SP_ORDER_GIVEN_UP] = "refused",
        };
        bool changed;
        MITOME_TRY(set_state(tsm, order, state, MITOME_OK, &changed, error));
        if (!changed)
                return ok();
        if (state == SP_ORDER_DONE)
                MITOME_TRY(forget_holder(tsm, order, error));
        return sp_journal_order(tsm, sp_purposes[order->purpose],
                order->purpose == SP_ERASE && state == SP_ORDER_DONE ? "confirmed" : outcomes[state], order,
                NULL, error);
}

/* ---- giving up ---- */

static bool makes_keys(const struct sp_order *order)
{
        return order->purpose == SP_ISSUE || order->purpose == SP_RENEW;
}

static mitome_status send_revoke(
        struct sp_tsm *tsm, unsigned kind, slice serial, unsigned reason, mitome_error *error)
{
        uint8_t body[128];
        writer w = WRITER(body);
        slice view;
        MITOME_TRY(sp_write_revoke(&w, kind, serial, reason, (slice){ 0 }));
        MITOME_TRY(writer_finish(&w, "revoke", &view, error));
        return party_send(tsm->party, PARTY_AUTHORITY, "revoke", view, error);
}

/* What the order may have put there, or was to take the place of, goes. */
static mitome_status undo_part(
        struct sp_tsm *tsm, const struct sp_order *order, unsigned kind, mitome_error *error)
{
        struct sp_part part;
        struct sp_held held;
        bool there;
        MITOME_TRY(sp_part_load(tsm->store, order, kind, &part, &there, error));
        MITOME_TRY(sp_held_load(tsm->store, sp_identity(order), kind, &held, error));
        if (!there)
                return ok();
        if (part.serial.size) {
                MITOME_TRY(send_revoke(tsm, kind, part.serial, CESSATION, error));
                MITOME_TRY(sql_do(tsm->store, "UPDATE held SET lives = 0 WHERE kind = ? AND serial = ?",
                        SQL_VALUES(SQL_INT(kind), SQL_BYTES(part.serial)), NULL, error));
        }
        if (part.step != SP_STEP_NOTHING)
                return sp_erase_later(tsm, sp_identity(order), kind, part.serial,
                        part.step >= SP_STEP_KEY ? part.key : (slice){ 0 }, error);
        if (held.there && !held.lives)
                return sp_erase_later(
                        tsm, sp_identity(order), kind, sp_held_serial(&held), (slice){ 0 }, error);
        return ok();
}

mitome_status sp_give_up(
        struct sp_tsm *tsm, const struct sp_order *order, mitome_code code, mitome_error *error)
{
        bool changed;
        MITOME_TRY(set_state(tsm, order, SP_ORDER_GIVEN_UP, code, &changed, error));
        if (!changed)
                return ok();
        MITOME_TRY(forget_holder(tsm, order, error));
        for (unsigned kind = SP_FIRST_KIND; kind <= SP_LAST_KIND && makes_keys(order); kind++)
                MITOME_TRY(undo_part(tsm, order, kind, error));
        if (makes_keys(order) && code != MITOME_E_ORDER_SUPERSEDED)
                MITOME_TRY(sp_leave(tsm, sp_identity(order), error));
        return sp_journal_order(tsm, "give-up", "done", order, party_code_name(code), error);
}

/* ---- erasing ---- */

/* An erasure that has not been sent yet takes another kind along. */
static mitome_status open_erasure(
        struct sp_tsm *tsm, slice identity, uint8_t ret_id[SP_ID_SIZE], bool *ret, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(
                sql_ask(tsm->store, "SELECT id FROM order_ WHERE identity = ? AND purpose = 6 AND state = 1",
                        SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        bool there = sql_next(&query);
        if (there)
                status = slice_copy(sql_bytes(&query, 0), "order", ret_id, SP_ID_SIZE, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret = there;
        return ok();
}

static mitome_status is_being_erased(
        struct sp_tsm *tsm, slice identity, unsigned kind, slice serial, bool *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT 1 FROM part JOIN order_ ON order_.id = order_id WHERE identity = ? AND purpose = 6 "
                "AND state <= 3 AND kind = ? AND serial IS ? AND (serial IS NOT NULL OR state = 1)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(kind), sql_bytes_or_none(serial)), &query, error));
        *ret = sql_next(&query);
        return sql_end(&query);
}

static mitome_status last_receipt(struct sp_tsm *tsm, slice identity, int64_t *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(tsm->store, "SELECT COALESCE(MAX(number), 0) FROM receipt WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

static mitome_status add_erasure(struct sp_tsm *tsm, slice identity, const uint8_t id[SP_ID_SIZE],
        unsigned kind, slice serial, slice key, mitome_error *error)
{
        int64_t last;
        const slice order = slice_of(id, SP_ID_SIZE);
        MITOME_TRY(last_receipt(tsm, identity, &last, error));
        MITOME_TRY(sql_do(tsm->store,
                "INSERT INTO part (order_id, kind, step, tries, serial, key) VALUES (?, ?, 0, ?, ?, ?) ON "
                "CONFLICT DO UPDATE SET serial = COALESCE(excluded.serial, serial), key = "
                "COALESCE(excluded.key, key)",
                SQL_VALUES(SQL_BYTES(order), SQL_INT(kind), SQL_INT(last), sql_bytes_or_none(serial),
                        sql_bytes_or_none(key)),
                NULL, error));
        return sql_do(tsm->store, "UPDATE order_ SET kinds = kinds | ? WHERE id = ?",
                SQL_VALUES(SQL_INT(1U << kind), SQL_BYTES(order)), NULL, error);
}

mitome_status sp_erase_later(
        struct sp_tsm *tsm, slice identity, unsigned kind, slice serial, slice key, mitome_error *error)
{
        uint8_t id[SP_ID_SIZE];
        bool stands;
        MITOME_TRY(is_being_erased(tsm, identity, kind, serial, &stands, error));
        if (stands)
                return ok();
        MITOME_TRY(open_erasure(tsm, identity, id, &stands, error));
        if (!stands)
                MITOME_TRY(sp_order_make(tsm,
                        &(struct sp_new_order){
                                .purpose = SP_ERASE, .identity = identity, .kinds = 1U << kind },
                        id, error));
        MITOME_TRY(add_erasure(tsm, identity, id, kind, serial, key, error));
        MITOME_TRY(sp_journal_device(tsm, "erase", "asked", identity, NULL, NULL, error));
        return push_registry_wake(
                tsm->store, identity, party_now(tsm->party), party_random(tsm->party), error);
}

/* ---- what a revocation brings ---- */

static mitome_status find_active(struct sp_tsm *tsm, const char *sql, const struct sql_value *values,
        size_t count, struct sp_order *ret, bool *ret_there, mitome_error *error)
{
        struct sql_query query;
        uint8_t id[SP_ID_SIZE];
        mitome_status status = ok();
        MITOME_TRY(sql_ask(tsm->store, sql, values, count, &query, error));
        bool there = sql_next(&query);
        if (there)
                status = slice_copy(sql_bytes(&query, 0), "order", id, sizeof id, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        if (there)
                MITOME_TRY(sp_order_load(tsm->store, SLICE(id), ret, error));
        *ret_there = there;
        return ok();
}

/* Revoked before the order that has it written came to its end: there is no point in it any more. */
static mitome_status end_issue_of(struct sp_tsm *tsm, const struct sp_revoked *revoked, mitome_error *error)
{
        struct sp_order order;
        bool there;
        MITOME_TRY(find_active(tsm,
                "SELECT order_.id FROM part JOIN order_ ON order_.id = order_id WHERE kind = ? AND serial = ? "
                "AND purpose IN (1, 2) AND state IN (1, 2)",
                SQL_VALUES(SQL_INT(revoked->kind), SQL_BYTES(revoked->serial)), &order, &there, error));
        return there ? sp_give_up(tsm, &order, MITOME_E_ORDER_REVOKED, error) : ok();
}

/* Is the key about to be replaced? Then no erasure is asked for: giving that order up would ask for it. */
static mitome_status is_being_replaced(
        struct sp_tsm *tsm, slice identity, unsigned kind, bool *ret, mitome_error *error)
{
        struct sp_order order;
        return find_active(tsm,
                "SELECT order_.id FROM part JOIN order_ ON order_.id = order_id WHERE identity = ? AND kind = "
                "? AND purpose IN (1, 2) AND state IN (1, 2)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_INT(kind)), &order, ret, error);
}

static mitome_status holder_of(struct sp_tsm *tsm, const struct sp_revoked *revoked,
        uint8_t ret_identity[SP_IDENTITY_MAX], slice *ret, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        size_t size = 0;
        MITOME_TRY(sql_ask(tsm->store, "SELECT identity FROM held WHERE kind = ? AND serial = ?",
                SQL_VALUES(SQL_INT(revoked->kind), SQL_BYTES(revoked->serial)), &query, error));
        if (sql_next(&query)) {
                size = sql_bytes(&query, 0).size;
                status = slice_copy(sql_bytes(&query, 0), "identity", ret_identity, SP_IDENTITY_MAX, error);
        }
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        *ret = slice_of(ret_identity, size);
        return ok();
}

static mitome_status take_one_revoked(struct sp_tsm *tsm, const struct sp_revoked *revoked,
        const struct sp_evidence *why, mitome_error *error)
{
        uint8_t bytes[SP_IDENTITY_MAX];
        slice identity;
        bool changed;
        MITOME_TRY(end_issue_of(tsm, revoked, error));
        MITOME_TRY(holder_of(tsm, revoked, bytes, &identity, error));
        if (!identity.size)
                return ok(); /* another certificate has taken its place, or it is erased */
        MITOME_TRY(
                sp_change(tsm->store, "UPDATE held SET lives = 0 WHERE kind = ? AND serial = ? AND lives = 1",
                        SQL_VALUES(SQL_INT(revoked->kind), SQL_BYTES(revoked->serial)), &changed, error));
        if (changed)
                MITOME_TRY(
                        sp_journal_serial(tsm, "note-revocation", "done", revoked->serial, why, NULL, error));
        MITOME_TRY(is_being_replaced(tsm, identity, revoked->kind, &changed, error));
        return changed ? ok()
                       : sp_erase_later(tsm, identity, revoked->kind, revoked->serial, (slice){ 0 }, error);
}

mitome_status sp_take_revoked(struct sp_tsm *tsm, const struct sp_revoked *revoked, size_t count,
        const struct sp_evidence *why, mitome_error *error)
{
        for (size_t i = 0; i < count; i++)
                MITOME_TRY(take_one_revoked(tsm, &revoked[i], why, error));
        return ok();
}

/* ---- orders of revocation ---- */

/* Every certificate that it revoked is erased, with a receipt, or was in no phone; or an erasure has ended
 * without one. */
mitome_status sp_settle_revocation(struct sp_tsm *tsm, const struct sp_order *order, mitome_error *error)
{
        struct sql_query query;
        int64_t open = 0, unconfirmed = 0;
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT TOTAL(e.state <= 3), TOTAL(e.state = 5) FROM part r JOIN part p ON p.kind = r.kind "
                "AND p.serial = r.serial JOIN order_ e ON e.id = p.order_id AND e.purpose = 6 WHERE "
                "r.order_id = ?",
                SQL_VALUES(SQL_BYTES(SLICE(order->id))), &query, error));
        if (sql_next(&query)) {
                open = sql_integer(&query, 0);
                unconfirmed = sql_integer(&query, 1);
        }
        MITOME_TRY(sql_end(&query));
        if (open)
                return ok();
        return unconfirmed ? sp_give_up(tsm, order, MITOME_E_ORDER_UNCONFIRMED, error)
                           : sp_order_move(tsm, order, SP_ORDER_DONE, error);
}

mitome_status sp_settle_revocations(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        enum { AT_ONCE = 64 };
        uint8_t ids[AT_ONCE][SP_ID_SIZE];
        size_t count = 0;
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT DISTINCT o.id FROM order_ e JOIN part p ON p.order_id = e.id JOIN part r ON r.kind = "
                "p.kind AND r.serial = p.serial JOIN order_ o ON o.id = r.order_id WHERE e.identity = ? AND "
                "e.purpose = 6 AND o.purpose = 5 AND o.state = 3 LIMIT 64",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        while (!failed(status) && count < AT_ONCE && sql_next(&query))
                status = slice_copy(sql_bytes(&query, 0), "order", ids[count++], SP_ID_SIZE, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        for (size_t i = 0; i < count; i++) {
                struct sp_order order;
                MITOME_TRY(sp_order_load(tsm->store, SLICE(ids[i]), &order, error));
                MITOME_TRY(sp_settle_revocation(tsm, &order, error));
        }
        return ok();
}
