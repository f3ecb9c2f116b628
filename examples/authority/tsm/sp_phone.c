/* SPDX-License-Identifier: Apache-2.0 */

/* What phones say. Nobody has signed it: it is believed for what it proves, a card's signature over the
 * session's nonce (the authority verifies it), a statement or receipt by the device key. */

#include "digest.h"
#include "sp_map.h"
#include "sp_within.h"

enum { CMS_MAX = 8192 };

/* ---- sessions ---- */

struct session {
        uint8_t id[SP_ID_SIZE];
        char nonce[SP_NONCE_SIZE + 1], identity[SP_IDENTITY_MAX + 1];
        enum sp_purpose purpose;
        unsigned kinds;
        int64_t began_at;
        bool spent; /* an order was made in it */
        uint8_t order[SP_ID_SIZE], digest[SP_DIGEST_SIZE];
};

static mitome_status read_session(const struct sql_query *query, struct session *ret, mitome_error *error)
{
        struct session session = {
                .purpose = (enum sp_purpose)sql_integer(query, 3),
                .kinds = (unsigned)sql_integer(query, 4),
                .began_at = sql_integer(query, 5),
                .spent = !sql_is_null(query, 6),
        };
        MITOME_TRY(slice_copy(sql_bytes(query, 0), "session", session.id, sizeof session.id, error));
        MITOME_TRY(slice_copy(sql_bytes(query, 1), "nonce", (uint8_t *)session.nonce, SP_NONCE_SIZE, error));
        MITOME_TRY(slice_copy(
                sql_bytes(query, 2), "identity", (uint8_t *)session.identity, SP_IDENTITY_MAX, error));
        MITOME_TRY(slice_copy(sql_bytes(query, 6), "order", session.order, sizeof session.order, error));
        MITOME_TRY(slice_copy(sql_bytes(query, 7), "digest", session.digest, sizeof session.digest, error));
        *ret = session;
        return ok();
}

/* A session that stands: known, and not over. */
static mitome_status find_session(
        struct sp_tsm *tsm, const char *sql, struct sql_value value, struct session *ret, mitome_error *error)
{
        struct sql_query query;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(tsm->store, sql, &value, 1, &query, error));
        bool there = sql_next(&query);
        if (there)
                status = read_session(&query, ret, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        const int64_t age = there ? party_now(tsm->party) - ret->began_at : 0;
        if (!there || age < 0 || age >= SP_SESSION_S)
                return fail(error, MITOME_E_SESSION_UNKNOWN, "session", NULL);
        return ok();
}

#define SESSION_COLUMNS \
        "SELECT id, nonce, identity, purpose, kinds, began_at, order_id, digest FROM session WHERE "

static mitome_status session_by_id(struct sp_tsm *tsm, slice id, struct session *ret, mitome_error *error)
{
        return find_session(tsm, SESSION_COLUMNS "id = ?", SQL_BYTES(id), ret, error);
}

/* ---- begin ---- */

static mitome_status purpose_of(slice text, enum sp_purpose *ret, mitome_error *error)
{
        for (enum sp_purpose purpose = SP_ISSUE; purpose <= SP_REVOKE; purpose++)
                if (slice_is(text, sp_purposes[purpose])) {
                        *ret = purpose;
                        return ok();
                }
        return fail(error, MITOME_E_VALUE, "purpose", NULL);
}

/* A PIN is of the one kind, a password of the other. */
static bool kinds_fit(enum sp_purpose purpose, unsigned kinds)
{
        if (purpose == SP_RESET_PIN)
                return kinds == 1U << SP_USER_VERIFICATION;
        return purpose != SP_RESET_PASSWORD || kinds == 1U << SP_SIGNING;
}

static mitome_status read_begin(slice body, struct session *ret, slice *ret_model, mitome_error *error)
{
        struct sp_map map;
        slice identity, purpose;
        struct session session = { 0 };
        MITOME_TRY(sp_map_begin(body, &map, error));
        MITOME_TRY(sp_map_text(&map, 1, "identity", SP_IDENTITY_MAX, &identity));
        MITOME_TRY(sp_map_text(&map, 2, "purpose", 32, &purpose));
        MITOME_TRY(sp_map_kinds(&map, 3, &session.kinds));
        MITOME_TRY(sp_map_text(&map, 4, "model", DEVICE_LIST_MODEL_MAX, ret_model));
        MITOME_TRY(sp_map_end(&map));
        MITOME_TRY(purpose_of(purpose, &session.purpose, error));
        if (!identity.size || !phone_identity_is_plain(identity))
                return fail(error, MITOME_E_VALUE, "identity", NULL);
        if (!kinds_fit(session.purpose, session.kinds))
                return fail(error, MITOME_E_ORDER_KINDS, "kinds", NULL);
        MITOME_TRY(slice_copy(identity, "identity", (uint8_t *)session.identity, SP_IDENTITY_MAX, error));
        *ret = session;
        return ok();
}

static mitome_status draw_session(struct sp_tsm *tsm, struct session *session, mitome_error *error)
{
        static const char digits[] = "0123456789abcdef";
        uint8_t bytes[SP_NONCE_SIZE / 2];
        const struct mitome_random *random = party_random(tsm->party);
        if (random->fill(random->context, bytes, sizeof bytes) != 0 ||
                random->fill(random->context, session->id, sizeof session->id) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        for (size_t i = 0; i < sizeof bytes; i++) {
                session->nonce[2 * i] = digits[bytes[i] >> 4];
                session->nonce[2 * i + 1] = digits[bytes[i] & 15];
        }
        return ok();
}

mitome_status sp_forget_sessions(struct sp_tsm *tsm, mitome_error *error)
{
        return sql_do(tsm->store, "DELETE FROM session WHERE began_at <= ?",
                SQL_VALUES(SQL_INT(party_now(tsm->party) - SP_SESSION_S)), NULL, error);
}

/* Anybody may begin one, and as many as he likes: what is over goes, and when there are too many, the oldest
 * one that nobody has applied in. Whoever floods shortens sessions, and locks nobody out. */
static mitome_status make_room(struct sp_tsm *tsm, mitome_error *error)
{
        struct sql_query query;
        bool room;
        MITOME_TRY(sp_forget_sessions(tsm, error));
        MITOME_TRY(sql_ask(tsm->store, "SELECT COUNT(*) FROM session", NULL, 0, &query, error));
        room = sql_next(&query) && sql_integer(&query, 0) < SP_SESSIONS_MAX;
        MITOME_TRY(sql_end(&query));
        if (!room)
                MITOME_TRY(sp_change(tsm->store,
                        "DELETE FROM session WHERE id = (SELECT id FROM session WHERE order_id IS NULL "
                        "ORDER BY began_at LIMIT 1)",
                        NULL, 0, &room, error));
        return room ? ok() : fail(error, MITOME_E_ORDER_BUSY, "TSM", NULL);
}

static mitome_status store_session(struct sp_tsm *tsm, const struct session *session, mitome_error *error)
{
        MITOME_TRY(make_room(tsm, error));
        return sql_do(tsm->store,
                "INSERT INTO session (id, nonce, identity, purpose, kinds, began_at) VALUES (?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_BYTES(SLICE(session->id)), SQL_STR(session->nonce), SQL_STR(session->identity),
                        SQL_INT(session->purpose), SQL_INT(session->kinds), SQL_INT(party_now(tsm->party))),
                NULL, error);
}

mitome_status sp_phone_begin(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct session session;
        slice model;
        MITOME_TRY(read_begin(body, &session, &model, error));
        MITOME_TRY(sp_check_model(tsm, session.purpose, model, error));
        MITOME_TRY(draw_session(tsm, &session, error));
        MITOME_TRY(sql_begin(tsm->store, error));
        MITOME_TRY(sp_finish(tsm->store, store_session(tsm, &session, error), error));
        cbor_write_map(answer, 2);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, SLICE(session.id));
        cbor_write_uint(answer, 2);
        cbor_write_string(answer, session.nonce);
        return ok();
}

/* ---- apply ---- */

struct application {
        uint8_t session_id[SP_ID_SIZE];
        slice cms, token, statement; /* the last two may be empty */
        struct sp_presence presence; /* but for a revocation */
        uint8_t digest[SP_DIGEST_SIZE];
        struct session session;
        struct sp_checked checked;
};

static mitome_status read_apply(slice body, struct application *ret, mitome_error *error)
{
        struct sp_map map;
        struct application application = { 0 };
        bool here;
        MITOME_TRY(sp_map_begin(body, &map, error));
        MITOME_TRY(sp_map_fixed(&map, 1, "session", SP_ID_SIZE, application.session_id));
        MITOME_TRY(sp_map_bytes(&map, 2, "application", CMS_MAX, &application.cms));
        MITOME_TRY(sp_map_has(&map, 3, &here));
        if (here)
                MITOME_TRY(cbor_read_text(&map.r, "push token", PUSH_TOKEN_MAX, &application.token));
        MITOME_TRY(sp_map_has(&map, 4, &here));
        if (here)
                MITOME_TRY(cbor_read_bytes(&map.r, "statement", EVIDENCE_MAX, &application.statement));
        MITOME_TRY(sp_map_end(&map));
        sha256(&application.cms, 1, application.digest);
        *ret = application;
        return ok();
}

static void write_order(writer *answer, const uint8_t id[SP_ID_SIZE])
{
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, slice_of(id, SP_ID_SIZE));
}

/* Who comes with a card of his own and no phone gets nothing done in any; what he revokes, he may from
 * anywhere. Before anybody is asked, and before anything is written: strangers fill no journal. */
static mitome_status check_presence(struct sp_tsm *tsm, struct application *application, mitome_error *error)
{
        const struct session *session = &application->session;
        if (session->purpose != SP_REVOKE) {
                MITOME_TRY(sp_see_applicant(tsm, application->statement, slice_text(session->identity),
                        slice_text(session->nonce), application->cms, &application->presence, error));
                return sp_check_device(tsm, session->purpose, &application->presence.statement, error);
        }
        return application->statement.size || application->token.size
                       ? fail(error, MITOME_E_VALUE, "revocation", NULL)
                       : ok();
}

/* A PIN or password is reset for whose certificate it opens. */
static mitome_status check_reset(
        struct sp_tsm *tsm, const struct application *application, mitome_error *error)
{
        const struct session *session = &application->session;
        struct sp_held held;
        if (session->purpose != SP_RESET_PIN && session->purpose != SP_RESET_PASSWORD)
                return ok();
        MITOME_TRY(sp_held_load(tsm->store, slice_text(session->identity),
                session->purpose == SP_RESET_PIN ? SP_USER_VERIFICATION : SP_SIGNING, &held, error));
        if (!held.there || !held.lives)
                return fail(error, MITOME_E_ORDER_HELD, "phone", NULL);
        return slice_equal(SLICE(held.person), SLICE(application->checked.person))
                       ? ok()
                       : fail(error, MITOME_E_ORDER_PERSON, "certificate in the phone", NULL);
}

/* The applet is there, and this person's, or is to be made clean. */
static mitome_status prepared_for(
        struct sp_tsm *tsm, const struct application *application, int *ret, mitome_error *error)
{
        struct sql_query query;
        MITOME_TRY(sql_ask(tsm->store, "SELECT COUNT(*), TOTAL(person <> ?2) FROM held WHERE identity = ?1",
                SQL_VALUES(SQL_STR(application->session.identity),
                        SQL_BYTES(SLICE(application->checked.person))),
                &query, error));
        const bool own = sql_next(&query) && sql_integer(&query, 0) > 0 && sql_integer(&query, 1) == 0;
        *ret = own ? SP_PREPARE_ASKED : SP_NOT_PREPARED;
        return sql_end(&query);
}

/* A later application takes the place of one that is under way in the same phone. */
static mitome_status supersede(struct sp_tsm *tsm, slice identity, mitome_error *error)
{
        struct sql_query query;
        struct sp_order order;
        uint8_t id[SP_ID_SIZE];
        mitome_status status = ok();
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT id FROM order_ WHERE identity = ? AND state IN (1, 2) AND purpose <= 4",
                SQL_VALUES(SQL_TEXT_OF(identity)), &query, error));
        const bool there = sql_next(&query);
        if (there)
                status = slice_copy(sql_bytes(&query, 0), "order", id, sizeof id, error);
        mitome_status ended = sql_end(&query);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        if (!there)
                return ok();
        MITOME_TRY(sp_order_load(tsm->store, SLICE(id), &order, error));
        return sp_give_up(tsm, &order, MITOME_E_ORDER_SUPERSEDED, error);
}

/* What the person's phone holds of the kinds that he wants revoked. */
static mitome_status note_wanted(struct sp_tsm *tsm, const struct application *application,
        const uint8_t id[SP_ID_SIZE], mitome_error *error)
{
        const struct sp_checked *checked = &application->checked;
        for (size_t i = 0; i < checked->live_count && application->session.purpose == SP_REVOKE; i++)
                if (checked->kinds & 1U << checked->live[i].kind)
                        MITOME_TRY(sql_do(tsm->store,
                                "INSERT OR IGNORE INTO part (order_id, kind, step, serial) VALUES (?, ?, 0, "
                                "?)",
                                SQL_VALUES(SQL_BYTES(slice_of(id, SP_ID_SIZE)),
                                        SQL_INT(checked->live[i].kind),
                                        SQL_BYTES(slice_of(
                                                checked->live[i].serial, checked->live[i].serial_size))),
                                NULL, error));
        return ok();
}

static mitome_status spend_session(struct sp_tsm *tsm, const struct session *session, slice digest,
        const uint8_t id[SP_ID_SIZE], mitome_error *error)
{
        bool spent;
        MITOME_TRY(sp_change(tsm->store,
                "UPDATE session SET verified_at = ?, order_id = ?, digest = ? WHERE id = ? AND order_id IS NULL",
                SQL_VALUES(SQL_INT(party_now(tsm->party)), SQL_BYTES(slice_of(id, SP_ID_SIZE)),
                        SQL_BYTES(digest), SQL_BYTES(SLICE(session->id))),
                &spent, error));
        return spent ? ok() : fail(error, MITOME_E_SESSION_UNKNOWN, "session", NULL);
}

static mitome_status accept(struct sp_tsm *tsm, const struct application *application,
        uint8_t ret_id[SP_ID_SIZE], mitome_error *error)
{
        const struct session *session = &application->session;
        const slice identity = slice_text(session->identity);
        struct sp_new_order order = { .purpose = session->purpose,
                .identity = identity,
                .kinds = session->kinds,
                .person = SLICE(application->checked.person),
                .application = SLICE(application->checked.digest),
                .session = SLICE(session->id) };
        if (session->purpose != SP_REVOKE)
                MITOME_TRY(sp_pin_device(tsm, identity, &application->presence, error));
        MITOME_TRY(check_reset(tsm, application, error));
        MITOME_TRY(prepared_for(tsm, application, &order.prepared, error));
        if (session->purpose != SP_REVOKE)
                MITOME_TRY(supersede(tsm, identity, error));
        MITOME_TRY(sp_order_make(tsm, &order, ret_id, error));
        MITOME_TRY(note_wanted(tsm, application, ret_id, error));
        MITOME_TRY(spend_session(tsm, session, SLICE(application->digest), ret_id, error));
        if (application->token.size)
                MITOME_TRY(push_registry_name(
                        tsm->store, identity, application->token, party_now(tsm->party), error));
        const struct sp_evidence why = { "application", SLICE(application->checked.digest), true };
        return sp_journal_device(
                tsm, "accept-application", "done", identity, &why, sp_purposes[session->purpose], error);
}

/* A refusal is a decision, too. */
static mitome_status note_refusal(
        struct sp_tsm *tsm, const struct application *application, mitome_code code, mitome_error *error)
{
        const struct sp_evidence why = { "cms", SLICE(application->digest), false };
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store,
                sp_journal_device(tsm, "accept-application", "refused",
                        slice_text(application->session.identity), &why, party_code_name(code), error),
                error);
}

static mitome_status verify_and_accept(
        struct sp_tsm *tsm, struct application *application, uint8_t ret_id[SP_ID_SIZE], mitome_error *error)
{
        struct session *session = &application->session;
        MITOME_TRY(sp_ask_check(tsm, application->cms, slice_text(session->nonce),
                sp_purposes[session->purpose], slice_text(session->identity), &application->checked, error));
        if (application->checked.kinds != session->kinds)
                return fail(error, MITOME_E_ORDER_KINDS, "kinds", NULL);
        /* it may have come to its end while the authority was asked */
        MITOME_TRY(session_by_id(tsm, SLICE(application->session_id), session, error));
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store, accept(tsm, application, ret_id, error), error);
}

/* What can be begun without the phone is begun; that somebody does not answer now is no failure of the
 * application's. */
static void begin_order(struct sp_tsm *tsm, const uint8_t id[SP_ID_SIZE])
{
        struct sp_order order;
        mitome_status status = sp_order_load(tsm->store, slice_of(id, SP_ID_SIZE), &order, NULL);
        bool prepared;
        if (failed(status))
                return;
        if (order.purpose == SP_REVOKE)
                status = sp_do_revoke(tsm, &order, NULL);
        else if (order.purpose == SP_ISSUE || order.purpose == SP_RENEW)
                status = sp_ask_prepared(tsm, &order, &prepared, NULL);
        (void)status;
}

mitome_status sp_phone_apply(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct application application;
        uint8_t id[SP_ID_SIZE];
        mitome_error cause = { 0 };
        MITOME_TRY(read_apply(body, &application, error));
        struct session *session = &application.session;
        MITOME_TRY(session_by_id(tsm, SLICE(application.session_id), session, error));
        if (session->spent) {
                if (!slice_equal(SLICE(session->digest), SLICE(application.digest)))
                        return fail(error, MITOME_E_SESSION_UNKNOWN, "session", NULL);
                write_order(answer, session->order); /* said again: the answer was lost */
                return ok();
        }
        MITOME_TRY(check_presence(tsm, &application, error));
        mitome_status status = verify_and_accept(tsm, &application, id, &cause);
        if (failed(status)) {
                if (status.code != MITOME_E_UNREACHABLE && status.code != MITOME_E_SQL_FAILED)
                        MITOME_TRY(note_refusal(tsm, &application, status.code, error));
                return sp_again(status, &cause, error);
        }
        begin_order(tsm, id);
        write_order(answer, id);
        return ok();
}

/* ---- secret ---- */

static mitome_status unseal_secret(struct sp_tsm *tsm, const uint8_t order[SP_ID_SIZE], unsigned kind,
        struct secret *ret, mitome_error *error)
{
        uint8_t name[SP_ID_SIZE + 16];
        writer n = WRITER(name);
        struct sql_query query;
        mitome_status status;
        const slice id = slice_of(order, SP_ID_SIZE);
        MITOME_TRY(sql_ask(tsm->store,
                "SELECT secret FROM part JOIN order_ ON order_.id = order_id WHERE order_id = ? AND kind = ? "
                "AND part.step = 5 AND state = 2 AND until > ? AND secret IS NOT NULL",
                SQL_VALUES(SQL_BYTES(id), SQL_INT(kind), SQL_INT(party_now(tsm->party))), &query, error));
        if (sql_next(&query))
                status = sp_unseal(tsm, sp_secret_name(&n, id, kind), sql_bytes(&query, 0), ret->data,
                        sizeof ret->data, &ret->size, error);
        else
                status = fail(error, MITOME_E_ORDER_SECRET, "temporary secret", NULL);
        mitome_status ended = sql_end(&query);
        return failed(status) ? status : ended;
}

mitome_status sp_phone_secret(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct sp_map map;
        struct session session;
        uint8_t id[SP_ID_SIZE];
        uint64_t which; /* 1 password, 2 PIN: as the kinds that they open */
        SECRET(secret);
        MITOME_TRY(sp_map_begin(body, &map, error));
        MITOME_TRY(sp_map_fixed(&map, 1, "session", SP_ID_SIZE, id));
        MITOME_TRY(sp_map_uint(&map, 2, "which", SP_LAST_KIND, &which));
        MITOME_TRY(sp_map_end(&map));
        MITOME_TRY(session_by_id(tsm, SLICE(id), &session, error));
        if (!session.spent)
                return fail(error, MITOME_E_ORDER_SECRET, "temporary secret", NULL);
        MITOME_TRY(unseal_secret(tsm, session.order, (unsigned)which, &secret, error));
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, secret_view(&secret));
        return ok();
}

/* ---- state ---- */

mitome_status sp_phone_state(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct sp_map map;
        struct sql_query query;
        uint8_t id[SP_ID_SIZE];
        uint64_t state = 0, code = 0;
        MITOME_TRY(sp_map_begin(body, &map, error));
        MITOME_TRY(sp_map_fixed(&map, 1, "order", SP_ID_SIZE, id));
        MITOME_TRY(sp_map_end(&map));
        MITOME_TRY(sql_ask(tsm->store, "SELECT state, code FROM order_ WHERE id = ?",
                SQL_VALUES(SQL_BYTES(SLICE(id))), &query, error));
        if (sql_next(&query)) {
                state = (uint64_t)sql_integer(&query, 0);
                code = (uint64_t)sql_integer(&query, 1);
        }
        MITOME_TRY(sql_end(&query));
        if (!state)
                return fail(error, MITOME_E_ORDER_UNKNOWN, "order", NULL);
        cbor_write_map(answer, code ? 2 : 1);
        cbor_write_uint(answer, 1);
        cbor_write_uint(answer, state);
        if (code) {
                cbor_write_uint(answer, 2);
                cbor_write_uint(answer, code);
        }
        return ok();
}

/* ---- receipt ---- */

/* Anybody may bring one: what no maker's phone has signed goes no further, to no letter and into no journal.
 */
mitome_status sp_phone_receipt(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct sp_map map;
        struct sp_taken taken;
        struct evidence evidence;
        slice cose;
        MITOME_TRY(sp_map_begin(body, &map, error));
        MITOME_TRY(sp_map_bytes(&map, 1, "receipt", EVIDENCE_MAX, &cose));
        MITOME_TRY(sp_map_end(&map));
        MITOME_TRY(evidence_read(cose, &evidence, error));
        const struct evidence_expected expected = { .kind = EVIDENCE_RECEIPT, .identity = evidence.identity };
        MITOME_TRY(evidence_verify(
                cose, &expected, tsm->config.makers, party_now(tsm->party), NULL, &evidence, error));
        MITOME_TRY(sp_check_speaker(tsm, &evidence, error));
        MITOME_TRY(sp_receipt_show(tsm, cose, &taken, error));
        cbor_write_map(answer, 2);
        cbor_write_uint(answer, 1);
        cbor_write_uint(answer, (uint64_t)taken.number);
        cbor_write_uint(answer, 2);
        cbor_write_bytes(answer, SLICE(taken.digest));
        return ok();
}

/* ---- revoke-here ---- */

/* Only what the element says that it holds, and only of the kinds that were named (row 32: without the card).
 */
static mitome_status revoke_stated(struct sp_tsm *tsm, const struct session *session,
        const struct sp_presence *presence, slice digest, uint8_t ret_id[SP_ID_SIZE], mitome_error *error)
{
        const slice identity = slice_text(session->identity);
        const struct evidence *evidence = &presence->statement;
        size_t count = 0;
        MITOME_TRY(sp_pin_device(tsm, identity, presence, error));
        MITOME_TRY(sp_order_make(tsm,
                &(struct sp_new_order){ .purpose = SP_REVOKE, .identity = identity, .kinds = session->kinds },
                ret_id, error));
        for (size_t i = 0; i < evidence->person_count; i++) {
                const struct evidence_person *person = &evidence->persons[i];
                if (!(session->kinds & 1U << person->kind) || !person->serial.size)
                        continue;
                MITOME_TRY(sql_do(tsm->store,
                        "INSERT INTO part (order_id, kind, step, serial) VALUES (?, ?, 0, ?)",
                        SQL_VALUES(SQL_BYTES(slice_of(ret_id, SP_ID_SIZE)), SQL_INT(person->kind),
                                SQL_BYTES(person->serial)),
                        NULL, error));
                count++;
        }
        if (!count)
                return fail(error, MITOME_E_ORDER_HELD, "phone", NULL);
        MITOME_TRY(spend_session(tsm, session, digest, ret_id, error));
        const struct sp_evidence why = { "statement", digest, false };
        return sp_journal_device(tsm, "revoke-here", "asked", identity, &why, NULL, error);
}

struct own_revocation {
        uint8_t session_id[SP_ID_SIZE], digest[SP_DIGEST_SIZE];
        slice identity, statement;
        struct session session;
        struct sp_presence presence;
};

static mitome_status read_revoke_here(slice body, struct own_revocation *ret, mitome_error *error)
{
        struct sp_map map;
        MITOME_TRY(sp_map_begin(body, &map, error));
        MITOME_TRY(sp_map_text(&map, 1, "identity", SP_IDENTITY_MAX, &ret->identity));
        MITOME_TRY(sp_map_bytes(&map, 2, "statement", EVIDENCE_MAX, &ret->statement));
        MITOME_TRY(sp_map_fixed(&map, 3, "session", SP_ID_SIZE, ret->session_id));
        MITOME_TRY(sp_map_end(&map));
        sha256(&ret->statement, 1, ret->digest);
        return ok();
}

static mitome_status accept_revocation(
        struct sp_tsm *tsm, struct own_revocation *wish, uint8_t ret_id[SP_ID_SIZE], mitome_error *error)
{
        const struct session *session = &wish->session;
        MITOME_TRY(session_by_id(tsm, SLICE(wish->session_id), &wish->session, error));
        if (!slice_is(wish->identity, session->identity) || session->purpose != SP_REVOKE)
                return fail(error, MITOME_E_SESSION_UNKNOWN, "session", NULL);
        if (session->spent && !slice_equal(SLICE(session->digest), SLICE(wish->digest)))
                return fail(error, MITOME_E_SESSION_UNKNOWN, "session", NULL);
        MITOME_TRY(sp_see_revoker(
                tsm, wish->statement, wish->identity, slice_text(session->nonce), &wish->presence, error));
        if (session->spent)
                return slice_copy(SLICE(session->order), "order", ret_id, SP_ID_SIZE, error);
        MITOME_TRY(sql_begin(tsm->store, error));
        return sp_finish(tsm->store,
                revoke_stated(tsm, session, &wish->presence, SLICE(wish->digest), ret_id, error), error);
}

mitome_status sp_phone_revoke_here(void *context, slice body, writer *answer, mitome_error *error)
{
        struct sp_tsm *tsm = context;
        struct own_revocation wish = { 0 };
        uint8_t id[SP_ID_SIZE];
        MITOME_TRY(read_revoke_here(body, &wish, error));
        MITOME_TRY(accept_revocation(tsm, &wish, id, error));
        begin_order(tsm, id);
        write_order(answer, id);
        return ok();
}
