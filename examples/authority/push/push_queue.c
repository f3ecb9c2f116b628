/* SPDX-License-Identifier: Apache-2.0 */
#include "push_queue.h"

#include "cbor.h"

#include <sodium.h>

static int64_t now_of(const struct push_queue *queue)
{
        return queue->clock.now(queue->clock.context);
}

static mitome_status ask_number(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret, bool *ret_any, mitome_error *error)
{
        struct sql_query query = { 0 };
        int64_t number = 0;
        MITOME_TRY(sql_ask(store, sql, values, count, &query, error));
        const bool any = sql_next(&query);
        if (any)
                number = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        *ret = number;
        *ret_any = any;
        return ok();
}

/* How many messages wait in a box; no box: *ret_exists is false. */
static mitome_status count_items(
        struct sql_store *store, slice token, int64_t *ret, bool *ret_exists, mitome_error *error)
{
        return ask_number(store,
                "SELECT (SELECT count(*) FROM push_item WHERE push_item.token = push_box.token) "
                "FROM push_box WHERE token = ?",
                SQL_VALUES(SQL_TEXT_OF(token)), ret, ret_exists, error);
}

/* ---- the service's side ---- */

static mitome_status put_item(
        struct push_queue *queue, slice token, const struct push_message *message, mitome_error *error)
{
        return sql_do(queue->store,
                "INSERT INTO push_item (token, id, kind, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                SQL_VALUES(SQL_TEXT_OF(token), SQL_BYTES(SLICE(message->id)), SQL_STR(message->kind),
                        SQL_INT(now_of(queue))),
                NULL, error);
}

static mitome_status queue_send(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        struct push_queue *queue = context;
        int64_t items = 0;
        bool exists = false;
        MITOME_TRY(push_token_check(token, error));
        MITOME_TRY(push_message_check(message, error));
        MITOME_TRY(count_items(queue->store, token, &items, &exists, error));
        const bool room = items < PUSH_BOX_ITEMS;
        if (exists && room)
                MITOME_TRY(put_item(queue, token, message, error));
        *ret = !exists ? PUSH_TOKEN_GONE : room ? PUSH_ACCEPTED : PUSH_LATER;
        *ret_retry_after = 0;
        return ok();
}

struct push push_queue(struct push_queue *queue)
{
        return (struct push){ .context = queue, .send = queue_send };
}

/* ---- boxes ---- */

mitome_status push_queue_sweep(struct push_queue *queue, mitome_error *error)
{
        static const char *const drops[] = {
                "DELETE FROM push_item WHERE token IN (SELECT token FROM push_box WHERE "
                "coalesce(seen_at, made_at + ?) < ?)",
                "DELETE FROM push_box WHERE coalesce(seen_at, made_at + ?) < ?",
        };
        /* One that was never asked for counts as if it had been seen so much earlier. */
        const int64_t silent = now_of(queue) - PUSH_BOX_SILENT_S,
                      earlier = PUSH_BOX_UNUSED_S - PUSH_BOX_SILENT_S;
        for (size_t i = 0; i < sizeof drops / sizeof drops[0]; i++)
                MITOME_TRY(sql_do(
                        queue->store, drops[i], SQL_VALUES(SQL_INT(earlier), SQL_INT(silent)), NULL, error));
        return ok();
}

static mitome_status check_room(struct push_queue *queue, mitome_error *error)
{
        const int64_t most = queue->boxes_most ? (int64_t)queue->boxes_most : PUSH_BOXES_MOST;
        int64_t boxes = 0;
        bool any = false;
        MITOME_TRY(ask_number(queue->store, "SELECT count(*) FROM push_box", NULL, 0, &boxes, &any, error));
        return boxes < most ? ok() : fail(error, MITOME_E_FULL, "another push box", NULL);
}

static mitome_status draw_token(
        struct push_queue *queue, char text[PUSH_BOX_TOKEN_SIZE + 1], mitome_error *error)
{
        uint8_t bytes[32];
        if (queue->random.fill(queue->random.context, bytes, sizeof bytes) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        sodium_bin2base64(
                text, PUSH_BOX_TOKEN_SIZE + 1, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        return ok();
}

static mitome_status read_nothing(slice body, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        bool more = false;
        MITOME_TRY(cbor_open_map(&r, "push-register", 0, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        return cbor_end(&r, "push-register");
}

mitome_status push_queue_register(void *context, slice body, writer *answer, mitome_error *error)
{
        struct push_queue *queue = context;
        char token[PUSH_BOX_TOKEN_SIZE + 1];
        MITOME_TRY(read_nothing(body, error));
        MITOME_TRY(push_queue_sweep(queue, error));
        MITOME_TRY(check_room(queue, error));
        MITOME_TRY(draw_token(queue, token, error));
        MITOME_TRY(sql_do(queue->store, "INSERT INTO push_box (token, made_at) VALUES (?, ?)",
                SQL_VALUES(SQL_STR(token), SQL_INT(now_of(queue))), NULL, error));
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_string(answer, token);
        return ok();
}

/* ---- the app asks ---- */

struct poll {
        slice token;
        size_t seen_count;
        slice seen[PUSH_BOX_ITEMS];
};

static mitome_status read_seen(struct cbor_reader *r, struct poll *poll)
{
        struct cbor_members array;
        MITOME_TRY(cbor_open_array(r, "push-poll.2", PUSH_BOX_ITEMS, &array));
        while (cbor_next_element(r, &array))
                MITOME_TRY(
                        cbor_read_fixed(r, "push-poll.2[]", PUSH_ID_SIZE, &poll->seen[poll->seen_count++]));
        return ok();
}

static mitome_status read_poll(slice body, struct poll *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, NULL, error);
        struct cbor_members map;
        struct cbor_key key;
        struct poll poll = { 0 };
        if (body.size > PUSH_POLL_MAX)
                return fail(error, MITOME_E_TOO_LONG, "push-poll", NULL);
        MITOME_TRY(cbor_open_map(&r, "push-poll", 2, &map));
        for (bool more = true; more;) {
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        break;
                if (!key.is_text && key.number == 1)
                        MITOME_TRY(cbor_read_text(&r, "push-poll.1", PUSH_TOKEN_MAX, &poll.token));
                else if (!key.is_text && key.number == 2)
                        MITOME_TRY(read_seen(&r, &poll));
                else
                        return fail(error, MITOME_E_VALUE, "push-poll", NULL);
        }
        MITOME_TRY(cbor_end(&r, "push-poll"));
        if (!poll.token.data)
                return fail(error, MITOME_E_MISSING, "push-poll.1", NULL);
        *ret = poll;
        return ok();
}

/* Also what says whether there is such a box. */
static mitome_status mark_polled(struct push_queue *queue, slice token, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(queue->store, "UPDATE push_box SET seen_at = ? WHERE token = ?",
                SQL_VALUES(SQL_INT(now_of(queue)), SQL_TEXT_OF(token)), &changed, error));
        return changed ? ok() : fail(error, MITOME_E_PUSH_BOX_UNKNOWN, "token", NULL);
}

static mitome_status drop_seen(struct push_queue *queue, const struct poll *poll, mitome_error *error)
{
        for (size_t i = 0; i < poll->seen_count; i++)
                MITOME_TRY(sql_do(queue->store, "DELETE FROM push_item WHERE token = ? AND id = ?",
                        SQL_VALUES(SQL_TEXT_OF(poll->token), SQL_BYTES(poll->seen[i])), NULL, error));
        return ok();
}

static void write_item(const struct sql_query *query, writer *out)
{
        cbor_write_map(out, 2);
        cbor_write_uint(out, 1);
        cbor_write_text(out, sql_bytes(query, 0));
        cbor_write_uint(out, 2);
        cbor_write_bytes(out, sql_bytes(query, 1));
}

static mitome_status write_items(
        struct sql_store *store, slice token, int64_t count, writer *answer, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, "SELECT kind, id FROM push_item WHERE token = ? ORDER BY at, id LIMIT ?",
                SQL_VALUES(SQL_TEXT_OF(token), SQL_INT(count)), &query, error));
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_array(answer, (size_t)count);
        while (sql_next(&query))
                write_item(&query, answer);
        return sql_end(&query);
}

static mitome_status poll_box(
        struct push_queue *queue, const struct poll *poll, writer *answer, mitome_error *error)
{
        int64_t count = 0;
        bool exists = false;
        MITOME_TRY(mark_polled(queue, poll->token, error));
        MITOME_TRY(drop_seen(queue, poll, error));
        MITOME_TRY(count_items(queue->store, poll->token, &count, &exists, error));
        return write_items(queue->store, poll->token, count, answer, error);
}

mitome_status push_queue_poll(void *context, slice body, writer *answer, mitome_error *error)
{
        struct push_queue *queue = context;
        struct poll poll = { 0 };
        MITOME_TRY(read_poll(body, &poll, error));
        MITOME_TRY(sql_begin(queue->store, error));
        return sql_settle(queue->store, poll_box(queue, &poll, answer, error), error);
}

const struct phone_desk push_queue_desks[PUSH_QUEUE_DESKS] = {
        { .kind = "push-register", .handle = push_queue_register },
        { .kind = "push-poll", .handle = push_queue_poll },
};
