/* SPDX-License-Identifier: Apache-2.0 */
#include "push_registry.h"

#include "digest.h"

static mitome_status check_identity(slice identity, mitome_error *error)
{
        if (identity.size > PUSH_IDENTITY_MAX)
                return fail(error, MITOME_E_TOO_LONG, "device identity", NULL);
        if (identity.size == 0 || !slice_is_ascii(identity))
                return fail(error, MITOME_E_VALUE, "device identity", NULL);
        return ok();
}

/* ---- tokens ---- */

/* Reads the plan of a phone's wake; *ret_exists is false when there is none. */
static mitome_status read_wake(struct sql_store *store, slice identity, struct push_wake *ret,
        uint8_t ret_id[PUSH_ID_SIZE], mitome_error *error)
{
        struct sql_query query = { 0 };
        struct push_wake wake = { 0 };
        MITOME_TRY(sql_ask(store,
                "SELECT phase, outcome, repeats, attempts, next_at, since, asked_at, id FROM push_wake "
                "WHERE identity = ?",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        mitome_status status = ok();
        if (sql_next(&query)) {
                wake = (struct push_wake){
                        .exists = true,
                        .plan = { .phase = (enum push_phase)sql_integer(&query, 0),
                                .last = (enum push_outcome)sql_integer(&query, 1),
                                .row = (uint32_t)sql_integer(&query, 2),
                                .attempts = (uint32_t)sql_integer(&query, 3),
                                .next_at = sql_integer(&query, 4) },
                        .since = sql_integer(&query, 5),
                        .asked_at = sql_integer(&query, 6),
                };
                status = slice_copy(sql_bytes(&query, 7), "push_wake.id", ret_id, PUSH_ID_SIZE, error);
        }
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        *ret = wake;
        return ok();
}

static mitome_status write_plan(struct sql_store *store, slice identity, const struct push_plan *plan,
        int64_t asked_at, mitome_error *error)
{
        return sql_do(store,
                "UPDATE push_wake SET phase = ?, outcome = ?, repeats = ?, attempts = ?, next_at = ?, "
                "asked_at = coalesce(asked_at, ?) WHERE identity = ?",
                SQL_VALUES(SQL_INT(plan->phase), SQL_INT(plan->last), SQL_INT(plan->row),
                        SQL_INT(plan->attempts), SQL_INT(plan->next_at),
                        asked_at ? SQL_INT(asked_at) : SQL_NONE, SQL_TEXT_OF(identity)),
                NULL, error);
}

/* A wake that waits is due at once, now that there is a token. */
static mitome_status hasten(struct sql_store *store, slice identity, int64_t now, mitome_error *error)
{
        struct push_wake wake = { 0 };
        uint8_t id[PUSH_ID_SIZE];
        MITOME_TRY(read_wake(store, identity, &wake, id, error));
        if (!wake.exists)
                return ok();
        const struct push_plan plan = push_plan_token(&wake.plan, now);
        return write_plan(store, identity, &plan, 0, error);
}

static mitome_status put_token(
        struct sql_store *store, slice identity, slice token, int64_t now, mitome_error *error)
{
        MITOME_TRY(sql_do(store,
                "INSERT INTO push_token (identity, token, named_at, gone_at) VALUES (?, ?, ?, NULL) "
                "ON CONFLICT (identity) DO UPDATE SET token = excluded.token, "
                "named_at = excluded.named_at, gone_at = NULL",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_TEXT_OF(token), SQL_INT(now)), NULL, error));
        return hasten(store, identity, now, error);
}

mitome_status push_registry_name(
        struct sql_store *store, slice identity, slice token, int64_t now, mitome_error *error)
{
        MITOME_TRY(check_identity(identity, error));
        MITOME_TRY(push_token_check(token, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, put_token(store, identity, token, now, error), error);
}

static mitome_status drop_all(struct sql_store *store, slice identity, mitome_error *error)
{
        static const char *const drops[] = {
                "DELETE FROM push_token WHERE identity = ?",
                "DELETE FROM push_wake WHERE identity = ?",
        };
        for (size_t i = 0; i < sizeof drops / sizeof drops[0]; i++)
                MITOME_TRY(sql_do(store, drops[i], SQL_VALUES(SQL_TEXT_OF(identity)), NULL, error));
        return ok();
}

mitome_status push_registry_forget(struct sql_store *store, slice identity, mitome_error *error)
{
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, drop_all(store, identity, error), error);
}

/* ---- wakes ---- */

static mitome_status has_token(struct sql_store *store, slice identity, bool *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, "SELECT 1 FROM push_token WHERE identity = ? AND gone_at IS NULL",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        const bool found = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        *ret = found;
        return ok();
}

static mitome_status add_wake(struct sql_store *store, slice identity, int64_t now,
        const struct mitome_random *random, mitome_error *error)
{
        uint8_t id[PUSH_ID_SIZE];
        bool token = false;
        if (random->fill(random->context, id, sizeof id) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        MITOME_TRY(has_token(store, identity, &token, error));
        const struct push_plan plan = push_plan_begin(token, now);
        return sql_do(store,
                "INSERT INTO push_wake (identity, id, phase, outcome, repeats, attempts, next_at, since) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_BYTES(SLICE(id)), SQL_INT(plan.phase),
                        SQL_INT(plan.last), SQL_INT(plan.row), SQL_INT(plan.attempts), SQL_INT(plan.next_at),
                        SQL_INT(now)),
                NULL, error);
}

static mitome_status wake_again(struct sql_store *store, slice identity, const struct push_wake *wake,
        int64_t now, mitome_error *error)
{
        struct push_plan plan = wake->plan;
        plan.next_at = now;
        return write_plan(store, identity, &plan, 0, error);
}

static mitome_status wake_or_hasten(struct sql_store *store, slice identity, int64_t now,
        const struct mitome_random *random, mitome_error *error)
{
        struct push_wake wake = { 0 };
        uint8_t id[PUSH_ID_SIZE];
        MITOME_TRY(read_wake(store, identity, &wake, id, error));
        return wake.exists ? wake_again(store, identity, &wake, now, error)
                           : add_wake(store, identity, now, random, error);
}

mitome_status push_registry_wake(struct sql_store *store, slice identity, int64_t now,
        const struct mitome_random *random, mitome_error *error)
{
        MITOME_TRY(check_identity(identity, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, wake_or_hasten(store, identity, now, random, error), error);
}

mitome_status push_registry_end(struct sql_store *store, slice identity, mitome_error *error)
{
        return sql_do(store, "DELETE FROM push_wake WHERE identity = ?", SQL_VALUES(SQL_TEXT_OF(identity)),
                NULL, error);
}

mitome_status push_registry_look(
        struct sql_store *store, slice identity, struct push_wake *ret, mitome_error *error)
{
        uint8_t id[PUSH_ID_SIZE];
        return read_wake(store, identity, ret, id, error);
}

/* ---- a round ---- */

enum { ROUND_MOST = 32 }; /* rows that are picked at once */

/* One attempt. Which token it goes to is kept, so that its outcome is not laid to another one. */
struct attempt {
        uint8_t identity[PUSH_IDENTITY_MAX], token[PUSH_TOKEN_MAX], id[PUSH_ID_SIZE];
        slice identity_view, token_view;
};

static mitome_status copy_view(
        slice from, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        MITOME_TRY(slice_copy(from, field, buffer, capacity, error));
        *ret = slice_of(buffer, from.size);
        return ok();
}

static mitome_status read_attempt(const struct sql_query *query, struct attempt *ret, mitome_error *error)
{
        MITOME_TRY(copy_view(sql_bytes(query, 0), "push_wake.identity", ret->identity, sizeof ret->identity,
                &ret->identity_view, error));
        MITOME_TRY(copy_view(sql_bytes(query, 1), "push_token.token", ret->token, sizeof ret->token,
                &ret->token_view, error));
        return slice_copy(sql_bytes(query, 2), "push_wake.id", ret->id, sizeof ret->id, error);
}

/* The one that has been due the longest. A time further ahead than any wait is none (push_plan_due). */
static mitome_status next_attempt(
        struct sql_store *store, int64_t now, struct attempt *ret, bool *ret_any, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        bool any = false;
        MITOME_TRY(sql_ask(store,
                "SELECT w.identity, t.token, w.id FROM push_wake w JOIN push_token t USING (identity) "
                "WHERE w.phase <> 2 AND t.gone_at IS NULL AND (w.next_at <= ? OR w.next_at > ?) "
                "ORDER BY w.next_at LIMIT 1",
                SQL_VALUES(SQL_INT(now), SQL_INT(now + PUSH_RETRY_AFTER_MOST_S / 4 * 5)), &query, error));
        if (sql_next(&query)) {
                any = true;
                status = read_attempt(&query, ret, error);
        }
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(status);
        *ret_any = any;
        return ok();
}

/* Whether the phone still has the token that the attempt went to. */
static mitome_status is_current(
        struct sql_store *store, const struct attempt *attempt, bool *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, "SELECT 1 FROM push_token WHERE identity = ? AND token = ?",
                SQL_VALUES(SQL_TEXT_OF(attempt->identity_view), SQL_TEXT_OF(attempt->token_view)), &query,
                error));
        const bool found = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        *ret = found;
        return ok();
}

static mitome_status mark_gone(
        struct sql_store *store, const struct attempt *attempt, int64_t now, mitome_error *error)
{
        return sql_do(store, "UPDATE push_token SET gone_at = ? WHERE identity = ? AND token = ?",
                SQL_VALUES(
                        SQL_INT(now), SQL_TEXT_OF(attempt->identity_view), SQL_TEXT_OF(attempt->token_view)),
                NULL, error);
}

struct result {
        enum push_outcome outcome;
        int64_t retry_after;
        int64_t now;
        uint32_t chance;
};

/* What came of a wake that was ended meanwhile, or of a token that the phone has replaced, says nothing. */
static mitome_status note_result(struct sql_store *store, const struct attempt *attempt,
        const struct result *result, mitome_error *error)
{
        struct push_wake wake = { 0 };
        uint8_t id[PUSH_ID_SIZE];
        bool current = false;
        MITOME_TRY(is_current(store, attempt, &current, error));
        if (!current)
                return ok();
        if (result->outcome == PUSH_TOKEN_GONE)
                MITOME_TRY(mark_gone(store, attempt, result->now, error));
        MITOME_TRY(read_wake(store, attempt->identity_view, &wake, id, error));
        if (!wake.exists || !slice_equal(SLICE(id), SLICE(attempt->id)))
                return ok();
        const struct push_plan plan =
                push_plan_note(&wake.plan, result->outcome, result->retry_after, result->now, result->chance);
        return write_plan(store, attempt->identity_view, &plan,
                result->outcome == PUSH_ACCEPTED ? result->now : 0, error);
}

static mitome_status draw_chance(const struct mitome_random *random, uint32_t *ret, mitome_error *error)
{
        uint8_t bytes[sizeof *ret];
        if (random->fill(random->context, bytes, sizeof bytes) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        reader r = reader_over(SLICE(bytes), NULL, error);
        return read_u32(&r, "chance", ret);
}

static mitome_status try_one(struct sql_store *store, const struct push *push, const struct attempt *attempt,
        int64_t now, const struct mitome_random *random, mitome_error *error)
{
        struct result result = { .outcome = PUSH_LATER, .now = now };
        struct push_message message = { .kind = PUSH_WAKE };
        MITOME_TRY(slice_copy(SLICE(attempt->id), "push_wake.id", message.id, sizeof message.id, error));
        MITOME_TRY(draw_chance(random, &result.chance, error));
        MITOME_TRY(push->send(
                push->context, attempt->token_view, &message, &result.outcome, &result.retry_after, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, note_result(store, attempt, &result, error), error);
}

mitome_status push_registry_round(struct sql_store *store, const struct push *push, int64_t now,
        const struct mitome_random *random, size_t most, size_t *ret_sent, mitome_error *error)
{
        size_t sent = 0;
        for (bool any = true; any && sent < most;) {
                struct attempt attempt = { 0 };
                MITOME_TRY(next_attempt(store, now, &attempt, &any, error));
                if (!any)
                        break;
                MITOME_TRY(try_one(store, push, &attempt, now, random, error));
                sent++;
        }
        if (ret_sent)
                *ret_sent = sent;
        return ok();
}
