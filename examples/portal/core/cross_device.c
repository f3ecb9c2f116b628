/* SPDX-License-Identifier: Apache-2.0 */
#include "cross_device.h"

#include "digest.h"

/* The numbers are in the store: never give one a second meaning. */
enum { WAITS = 0, SEEN = 1, READY = 2, OVER = 3 };

/* How long what was granted in the last second may still be taken, and what is over is kept. */
enum { TAKE_SECONDS = 30, KEEP_SECONDS = 600 };

const char cross_device_schema[] =
        "CREATE TABLE cross_device (id BLOB PRIMARY KEY, code BLOB NOT NULL UNIQUE, session INTEGER NOT NULL, "
        "number INTEGER NOT NULL, begun INTEGER NOT NULL, expires INTEGER NOT NULL, state INTEGER NOT NULL, "
        "tries INTEGER NOT NULL, account INTEGER, credential INTEGER, authenticated INTEGER, amr INTEGER, "
        "level TEXT);"
        "CREATE INDEX cross_device_session ON cross_device (session);"
        "CREATE INDEX cross_device_expires ON cross_device (expires);"
        "CREATE TABLE cross_device_miss (network BLOB PRIMARY KEY, since INTEGER NOT NULL, count INTEGER NOT "
        "NULL);";

/* ---- codes ---- */

static const char alphabet[] = CROSS_DEVICE_ALPHABET;
enum { LETTERS = sizeof alphabet - 1, FAIR = 256 / LETTERS * LETTERS, NUMBERS = 100, DRAWS = 8 };

/* Bytes that would favour some letters are passed over. */
static size_t take_letters(slice bytes, char *code, size_t have)
{
        for (size_t i = 0; i < bytes.size && have < CROSS_DEVICE_CODE_SIZE; i++)
                if (bytes.data[i] < FAIR)
                        code[have++] = alphabet[bytes.data[i] % LETTERS];
        return have;
}

static mitome_status draw(struct party *portal, uint8_t *bytes, size_t size, mitome_error *error)
{
        const struct mitome_random *random = party_random(portal);
        return random->fill(random->context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, "code", NULL);
}

static mitome_status draw_code(
        struct party *portal, char ret[CROSS_DEVICE_CODE_SIZE + 1], mitome_error *error)
{
        uint8_t bytes[4 * CROSS_DEVICE_CODE_SIZE];
        size_t have = 0;
        for (size_t i = 0; i < DRAWS && have < CROSS_DEVICE_CODE_SIZE; i++) {
                MITOME_TRY(draw(portal, bytes, sizeof bytes, error));
                have = take_letters(SLICE(bytes), ret, have);
        }
        ret[have] = '\0';
        return have == CROSS_DEVICE_CODE_SIZE ? ok() : fail(error, MITOME_E_NO_RANDOMNESS, "code", NULL);
}

static bool is_letter(uint8_t c)
{
        for (size_t i = 0; i < LETTERS; i++)
                if (alphabet[i] == (char)c)
                        return true;
        return false;
}

mitome_status cross_device_read_code(slice text, char ret[CROSS_DEVICE_CODE_SIZE + 1], mitome_error *error)
{
        char code[CROSS_DEVICE_CODE_SIZE + 1] = { 0 };
        size_t have = 0;
        for (size_t i = 0; i < text.size; i++) {
                uint8_t c = text.data[i];
                if (c == ' ' || c == '-')
                        continue;
                if (c >= 'a' && c <= 'z')
                        c = (uint8_t)(c - 'a' + 'A');
                if (!is_letter(c) || have == CROSS_DEVICE_CODE_SIZE)
                        return fail(error, MITOME_E_PHONE_CODE, "code", NULL);
                code[have++] = (char)c;
        }
        if (have != CROSS_DEVICE_CODE_SIZE)
                return fail(error, MITOME_E_PHONE_CODE, "code", NULL);
        return slice_copy(slice_of(code, sizeof code), "code", (uint8_t *)ret, sizeof code, error);
}

static void hash(const char *label, slice secret, uint8_t ret[SHA256_SIZE])
{
        const slice parts[] = { slice_text(label), secret };
        sha256(parts, 2, ret);
}

static void hash_code(const char *code, uint8_t ret[SHA256_SIZE])
{
        hash("portal cross-device code ", slice_of(code, CROSS_DEVICE_CODE_SIZE), ret);
}

/* Nobody can turn it back into the browser's id. */
static void context_of(slice id, uint8_t ret[CROSS_DEVICE_CONTEXT_SIZE])
{
        hash("portal cross-device challenge ", id, ret);
}

/* ---- the browser begins ---- */

/* A page that is loaded again and again leaves no heap of open codes. */
static mitome_status end_oldest(struct sql_store *store, int64_t session, mitome_error *error)
{
        return sql_do(store,
                "DELETE FROM cross_device WHERE session = ? AND id NOT IN (SELECT id FROM cross_device WHERE "
                "session = ? ORDER BY begun DESC, id LIMIT ?)",
                SQL_VALUES(SQL_INT(session), SQL_INT(session), SQL_INT(CROSS_DEVICE_OPEN - 1)), NULL, error);
}

/* *ret_taken: the code is open elsewhere. */
static mitome_status insert(struct party *portal, int64_t session, unsigned number,
        const struct cross_device_request *request, bool *ret_taken, mitome_error *error)
{
        uint8_t code[SHA256_SIZE];
        int64_t changed = 0;
        hash_code(request->code, code);
        MITOME_TRY(sql_do(party_store(portal),
                "INSERT INTO cross_device (id, code, session, number, begun, expires, state, tries) VALUES "
                "(?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (code) DO NOTHING",
                SQL_VALUES(SQL_BYTES(SLICE(request->id)), SQL_BYTES(SLICE(code)), SQL_INT(session),
                        SQL_INT(number), SQL_INT(party_now(portal)), SQL_INT(request->expires)),
                &changed, error));
        *ret_taken = changed == 0;
        return ok();
}

static void write_number(unsigned number, char ret[3])
{
        ret[0] = (char)('0' + number / 10 % 10);
        ret[1] = (char)('0' + number % 10);
        ret[2] = '\0';
}

static mitome_status draw_number(struct party *portal, unsigned *ret, mitome_error *error)
{
        uint8_t byte = 0;
        for (size_t i = 0; i < DRAWS; i++) {
                MITOME_TRY(draw(portal, &byte, 1, error));
                if (byte < 256 / NUMBERS * NUMBERS)
                        break;
        }
        *ret = byte % NUMBERS;
        return ok();
}

mitome_status cross_device_begin(
        struct party *portal, int64_t session, struct cross_device_request *ret, mitome_error *error)
{
        struct cross_device_request request = { .expires = party_now(portal) + CROSS_DEVICE_SECONDS };
        unsigned number = 0;
        bool taken = true;
        if (session == 0)
                return fail(error, MITOME_E_ARGUMENT, "session", NULL);
        MITOME_TRY(end_oldest(party_store(portal), session, error));
        MITOME_TRY(draw(portal, request.id, sizeof request.id, error));
        MITOME_TRY(draw_number(portal, &number, error));
        write_number(number, request.number);
        for (size_t i = 0; i < DRAWS && taken; i++) {
                MITOME_TRY(draw_code(portal, request.code, error));
                MITOME_TRY(insert(portal, session, number, &request, &taken, error));
        }
        if (taken)
                return fail(error, MITOME_E_NO_RANDOMNESS, "code", NULL);
        *ret = request;
        return ok();
}

/* ---- the phone looks, and answers ---- */

/* Counted before the code is looked for; a right one takes it back. A time that lies ahead is of a clock that
 * was set back. */
static mitome_status count_miss(struct party *portal, slice network, mitome_error *error)
{
        const int64_t now = party_now(portal);
        struct sql_store *store = party_store(portal);
        int64_t changed = 0;
        if (network.size == 0)
                return fail(error, MITOME_E_ARGUMENT, "network", NULL);
        MITOME_TRY(
                sql_do(store, "DELETE FROM cross_device_miss WHERE network = ? AND (since <= ? OR since > ?)",
                        SQL_VALUES(SQL_BYTES(network), SQL_INT(now - CROSS_DEVICE_SECONDS), SQL_INT(now)),
                        NULL, error));
        MITOME_TRY(sql_do(store,
                "INSERT INTO cross_device_miss (network, since, count) VALUES (?, ?, 1) ON CONFLICT (network) "
                "DO UPDATE SET count = cross_device_miss.count + 1 WHERE cross_device_miss.count < ?",
                SQL_VALUES(SQL_BYTES(network), SQL_INT(now), SQL_INT(CROSS_DEVICE_MISSES)), &changed, error));
        return changed ? ok() : fail(error, MITOME_E_PHONE_CODE_TRIES, "this network", NULL);
}

static mitome_status uncount_miss(struct party *portal, slice network, mitome_error *error)
{
        return sql_do(party_store(portal), "UPDATE cross_device_miss SET count = count - 1 WHERE network = ?",
                SQL_VALUES(SQL_BYTES(network)), NULL, error);
}

/* One that is open: PHONE_CODE for any other, whyever. */
static mitome_status find_open(struct party *portal, const char *code, struct cross_device_sight *ret,
        uint8_t ret_id[CROSS_DEVICE_ID_SIZE], mitome_error *error)
{
        uint8_t hashed[SHA256_SIZE];
        struct sql_query query = { 0 };
        hash_code(code, hashed);
        MITOME_TRY(sql_ask(party_store(portal),
                "SELECT id, number, expires FROM cross_device WHERE code = ? AND state IN (0, 1) AND expires "
                "> ? AND tries < ?",
                SQL_VALUES(SQL_BYTES(SLICE(hashed)), SQL_INT(party_now(portal)), SQL_INT(CROSS_DEVICE_TRIES)),
                &query, error));
        const bool found = sql_next(&query);
        mitome_status copied = ok();
        if (found) {
                copied = slice_copy(sql_bytes(&query, 0), "id", ret_id, CROSS_DEVICE_ID_SIZE, error);
                write_number((unsigned)sql_integer(&query, 1), ret->number);
                ret->expires = sql_integer(&query, 2);
        }
        MITOME_TRY(sql_end(&query));
        MITOME_TRY(copied);
        if (!found)
                return fail(error, MITOME_E_PHONE_CODE, "code", NULL);
        context_of(slice_of(ret_id, CROSS_DEVICE_ID_SIZE), ret->context);
        return ok();
}

static mitome_status look(struct party *portal, slice text, slice network, struct cross_device_sight *ret,
        uint8_t ret_id[CROSS_DEVICE_ID_SIZE], mitome_error *error)
{
        char code[CROSS_DEVICE_CODE_SIZE + 1];
        MITOME_TRY(count_miss(portal, network, error));
        MITOME_TRY(cross_device_read_code(text, code, error));
        MITOME_TRY(find_open(portal, code, ret, ret_id, error));
        return uncount_miss(portal, network, error);
}

mitome_status cross_device_look(
        struct party *portal, slice code, slice network, struct cross_device_sight *ret, mitome_error *error)
{
        struct cross_device_sight sight = { 0 };
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        MITOME_TRY(look(portal, code, network, &sight, id, error));
        MITOME_TRY(sql_do(party_store(portal), "UPDATE cross_device SET state = 1 WHERE id = ? AND state = 0",
                SQL_VALUES(SQL_BYTES(SLICE(id))), NULL, error));
        *ret = sight;
        return ok();
}

mitome_status cross_device_claim(struct party *portal, slice code, slice network,
        struct cross_device_sight *ret, uint8_t ret_id[CROSS_DEVICE_ID_SIZE], mitome_error *error)
{
        struct cross_device_sight sight = { 0 };
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        int64_t changed = 0;
        MITOME_TRY(look(portal, code, network, &sight, id, error));
        MITOME_TRY(sql_do(party_store(portal),
                "UPDATE cross_device SET tries = tries + 1 WHERE id = ? AND tries < ? AND state IN (0, 1)",
                SQL_VALUES(SQL_BYTES(SLICE(id)), SQL_INT(CROSS_DEVICE_TRIES)), &changed, error));
        if (!changed)
                return fail(error, MITOME_E_PHONE_CODE, "code", NULL);
        MITOME_TRY(slice_copy(SLICE(id), "id", ret_id, CROSS_DEVICE_ID_SIZE, error));
        *ret = sight;
        return ok();
}

mitome_status cross_device_grant(struct party *portal, const uint8_t id[CROSS_DEVICE_ID_SIZE],
        const struct cross_device_grant *grant, mitome_error *error)
{
        int64_t changed = 0;
        const slice level = slice_text(grant->level);
        if (level.size >= CROSS_DEVICE_LEVEL_MAX)
                return fail(error, MITOME_E_TOO_LONG, "level", NULL);
        MITOME_TRY(sql_do(party_store(portal),
                "UPDATE cross_device SET state = 2, account = ?, credential = ?, authenticated = ?, amr = ?, "
                "level = ? WHERE id = ? AND state IN (0, 1) AND expires > ?",
                SQL_VALUES(SQL_INT(grant->account), SQL_INT(grant->credential), SQL_INT(grant->authenticated),
                        SQL_INT(grant->amr), SQL_TEXT_OF(level),
                        SQL_BYTES(slice_of(id, CROSS_DEVICE_ID_SIZE)), SQL_INT(party_now(portal))),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_PHONE_ANSWERED, "request", NULL);
}

/* ---- the browser waits, and takes ---- */

static enum cross_device_state state_of(int64_t state, bool spent, int64_t expires, int64_t now)
{
        if (state == READY)
                return expires + TAKE_SECONDS > now ? CROSS_DEVICE_READY : CROSS_DEVICE_OVER;
        if (state == OVER || spent || expires <= now)
                return CROSS_DEVICE_OVER;
        return state == SEEN ? CROSS_DEVICE_SEEN : CROSS_DEVICE_WAITS;
}

mitome_status cross_device_poll(
        struct party *portal, int64_t session, slice id, enum cross_device_state *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        enum cross_device_state state = CROSS_DEVICE_OVER;
        MITOME_TRY(sql_ask(party_store(portal),
                "SELECT state, tries, expires FROM cross_device WHERE id = ? AND session = ?",
                SQL_VALUES(SQL_BYTES(id), SQL_INT(session)), &query, error));
        const bool found = sql_next(&query);
        if (found)
                state = state_of(sql_integer(&query, 0), sql_integer(&query, 1) >= CROSS_DEVICE_TRIES,
                        sql_integer(&query, 2), party_now(portal));
        MITOME_TRY(sql_end(&query));
        if (!found)
                return fail(error, MITOME_E_PHONE_REQUEST, "request", NULL);
        *ret = state;
        return ok();
}

static mitome_status read_grant(
        struct party *portal, slice id, struct cross_device_grant *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal),
                "SELECT account, credential, authenticated, amr, level FROM cross_device WHERE id = ?",
                SQL_VALUES(SQL_BYTES(id)), &query, error));
        mitome_status copied = fail(NULL, MITOME_E_SQL_FAILED, "request", NULL);
        if (sql_next(&query)) {
                *ret = (struct cross_device_grant){
                        .account = sql_integer(&query, 0),
                        .credential = sql_integer(&query, 1),
                        .authenticated = sql_integer(&query, 2),
                        .amr = sql_integer(&query, 3),
                };
                copied = slice_copy(
                        sql_bytes(&query, 4), "level", (uint8_t *)ret->level, sizeof ret->level - 1, error);
        }
        MITOME_TRY(sql_end(&query));
        return failed(copied) ? fail(error, copied.code, "request", NULL) : ok();
}

mitome_status cross_device_take(
        struct party *portal, int64_t session, slice id, struct cross_device_grant *ret, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(party_store(portal),
                "UPDATE cross_device SET state = 3 WHERE id = ? AND session = ? AND state = 2 AND expires > ?",
                SQL_VALUES(SQL_BYTES(id), SQL_INT(session), SQL_INT(party_now(portal) - TAKE_SECONDS)),
                &changed, error));
        if (!changed)
                return fail(error, MITOME_E_PHONE_REQUEST, "request", NULL);
        struct cross_device_grant grant = { 0 };
        MITOME_TRY(read_grant(portal, id, &grant, error));
        *ret = grant;
        return ok();
}

mitome_status cross_device_withdraw(struct party *portal, int64_t account, mitome_error *error)
{
        return sql_do(party_store(portal),
                "UPDATE cross_device SET state = 3 WHERE account = ? AND state = 2",
                SQL_VALUES(SQL_INT(account)), NULL, error);
}

mitome_status cross_device_sweep(struct party *portal, mitome_error *error)
{
        const int64_t now = party_now(portal);
        struct sql_store *store = party_store(portal);
        MITOME_TRY(sql_do(store, "DELETE FROM cross_device WHERE expires <= ?",
                SQL_VALUES(SQL_INT(now - KEEP_SECONDS)), NULL, error));
        return sql_do(store, "DELETE FROM cross_device_miss WHERE since <= ?",
                SQL_VALUES(SQL_INT(now - CROSS_DEVICE_SECONDS)), NULL, error);
}
