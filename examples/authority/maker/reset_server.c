/* SPDX-License-Identifier: Apache-2.0 */
#include "reset_server.h"

#include "batch_store.h"
#include "digest.h"
#include "statement_nonce.h"
#include "verify_evidence.h"

#include <stdlib.h>

enum { KEY_SIZE = 32, CODE_SIZE = RESET_NONCE_SIZE, RECEIPT_MAX = 8192 };

const char reset_server_schema[] =
        "CREATE TABLE maker_ca (one INTEGER PRIMARY KEY CHECK (one = 1), certificate BLOB NOT NULL,"
        " key BLOB NOT NULL);"
        "CREATE TABLE device (identity TEXT PRIMARY KEY, point BLOB NOT NULL UNIQUE, certificate BLOB NOT NULL,"
        " made_at INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE reset (session BLOB PRIMARY KEY, identity TEXT NOT NULL REFERENCES device,"
        " state INTEGER NOT NULL, asked_at INTEGER NOT NULL, behind INTEGER NOT NULL, to_go INTEGER NOT NULL)"
        " WITHOUT ROWID;"
        "CREATE TABLE reset_receipt (digest BLOB PRIMARY KEY, session BLOB NOT NULL REFERENCES reset,"
        " letter BLOB NOT NULL) WITHOUT ROWID;" BATCH_STORE_SCHEMA;

struct reset_server {
        struct party *party;
        struct maker_ca ca;
        struct mitome_trust *devices;
        uint8_t key[KEY_SIZE]; /* of the sessions */
};

static slice ca_view(const struct reset_server *server)
{
        return slice_of(server->ca.certificate.bytes, server->ca.certificate.size);
}

slice reset_server_ca(const struct reset_server *server)
{
        return ca_view(server);
}

/* ---- the maker's CA ---- */

static mitome_status take_ca(const struct sql_query *row, struct maker_ca *ret, mitome_error *error)
{
        const slice certificate = sql_bytes(row, 0), key = sql_bytes(row, 1);
        ret->certificate.size = certificate.size;
        ret->key_size = key.size;
        MITOME_TRY(slice_copy(
                certificate, "the CA", ret->certificate.bytes, sizeof ret->certificate.bytes, error));
        return slice_copy(key, "the CA's key", ret->key, sizeof ret->key, error);
}

static mitome_status load_ca(struct reset_server *server, bool *ret_found, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(
                party_store(server->party), "SELECT certificate, key FROM maker_ca", NULL, 0, &row, error));
        *ret_found = sql_next(&row);
        if (*ret_found)
                status = take_ca(&row, &server->ca, error);
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

static mitome_status find_ca(struct reset_server *server, mitome_error *error)
{
        bool found;
        MITOME_TRY(load_ca(server, &found, error));
        if (found)
                return ok();
        MITOME_TRY(maker_device_ca_new(
                party_random(server->party), party_now(server->party), &server->ca, error));
        return sql_do(party_store(server->party),
                "INSERT INTO maker_ca (one, certificate, key) VALUES (1, ?, ?)",
                SQL_VALUES(
                        SQL_BYTES(ca_view(server)), SQL_BYTES(slice_of(server->ca.key, server->ca.key_size))),
                NULL, error);
}

static mitome_status furnish(struct reset_server *server, mitome_error *error)
{
        const struct mitome_random *random = party_random(server->party);
        if (random->fill(random->context, server->key, sizeof server->key) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        MITOME_TRY(find_ca(server, error));
        MITOME_TRY(mitome_trust_new(&server->devices, error));
        return mitome_trust_add_anchor(server->devices, ca_view(server), error);
}

mitome_status reset_server_open(struct party *party, struct reset_server **ret, mitome_error *error)
{
        struct reset_server *server = calloc(1, sizeof *server);
        if (!server)
                return fail(error, MITOME_E_NO_MEMORY, "the reset server", NULL);
        server->party = party;
        mitome_status status = furnish(server, error);
        if (failed(status))
                reset_server_close(server);
        else
                *ret = server;
        return status;
}

void reset_server_close(struct reset_server *server)
{
        if (!server)
                return;
        mitome_trust_free(server->devices);
        maker_ca_wipe(&server->ca);
        bytes_wipe(server->key, sizeof server->key);
        free(server);
}

mitome_status reset_server_tick(struct reset_server *server, mitome_error *error)
{
        size_t left;
        return party_flush(server->party, &left, error);
}

/* ---- decisions ---- */

static mitome_status decide(struct reset_server *server, slice identity, const char *what,
        const char *outcome, const struct journal_evidence *evidence, mitome_error *error)
{
        char subject[JOURNAL_SUBJECT_BUFFER];
        struct journal_decision decision = {
                .what = what, .outcome = outcome, .subject = journal_subject_text(subject, "device", identity)
        };
        if (evidence)
                decision.evidence[decision.evidence_count++] = *evidence;
        return party_decide(server->party, &decision, error);
}

static void digest_of(slice bytes, const char *kind, struct journal_evidence *ret)
{
        ret->kind = kind;
        sha256(&bytes, 1, ret->digest);
}

/* ---- phones that were made ---- */

static mitome_status find_device(struct reset_server *server, slice identity, uint8_t point[MAKER_POINT_SIZE],
        struct authority_der *ret, bool *ret_found, mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party_store(server->party),
                "SELECT point, certificate FROM device WHERE identity = ?", SQL_VALUES(SQL_TEXT_OF(identity)),
                &row, error));
        *ret_found = sql_next(&row);
        if (*ret_found) {
                status = slice_copy(sql_bytes(&row, 0), "point", point, MAKER_POINT_SIZE, error);
                ret->size = sql_bytes(&row, 1).size;
                if (!failed(status))
                        status = slice_copy(
                                sql_bytes(&row, 1), "certificate", ret->bytes, sizeof ret->bytes, error);
        }
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

static mitome_status put_device(struct reset_server *server, slice identity, slice point,
        const struct authority_der *certificate, mitome_error *error)
{
        struct sql_store *store = party_store(server->party);
        mitome_error cause = { 0 };
        mitome_status status = sql_do(store,
                "INSERT INTO device (identity, point, certificate, made_at) VALUES (?, ?, ?, ?)",
                SQL_VALUES(SQL_TEXT_OF(identity), SQL_BYTES(point),
                        SQL_BYTES(slice_of(certificate->bytes, certificate->size)),
                        SQL_INT(party_now(server->party))),
                NULL, &cause);
        if (status.code == MITOME_E_SQL_CONSTRAINT)
                return fail(error, MITOME_E_DEVICE_KNOWN, "the identity", NULL);
        if (failed(status))
                return fail(error, status.code, cause.field, cause.clause);
        return decide(server, identity, "make-phone", "done", NULL, error);
}

mitome_status reset_server_certify(struct reset_server *server, slice identity, slice model,
        const uint8_t point[MAKER_POINT_SIZE], struct authority_der *ret, mitome_error *error)
{
        struct sql_store *store = party_store(server->party);
        uint8_t former[MAKER_POINT_SIZE];
        struct authority_der made;
        bool found;
        const slice wanted = slice_of(point, MAKER_POINT_SIZE);
        if (!phone_identity_is_plain(identity))
                return fail(error, MITOME_E_VALUE, "the identity", NULL);
        MITOME_TRY(find_device(server, identity, former, &made, &found, error));
        if (found && !slice_equal(SLICE(former), wanted))
                return fail(error, MITOME_E_DEVICE_KNOWN, "the identity", NULL);
        if (!found) {
                MITOME_TRY(maker_device_ca_certify(&server->ca, model, party_random(server->party),
                        party_now(server->party), point, &made, error));
                MITOME_TRY(sql_begin(store, error));
                MITOME_TRY(sql_settle(store, put_device(server, identity, wanted, &made, error), error));
        }
        *ret = made;
        return ok();
}

static void write_identity(writer *w, size_t members, slice identity)
{
        cbor_write_map(w, members);
        cbor_write_uint(w, 1);
        cbor_write_text(w, identity);
}

static mitome_status send_keys(struct reset_server *server, slice identity, slice body, mitome_error *error)
{
        MITOME_TRY(party_send(server->party, PARTY_SEI_TSM, "register-element", body, error));
        return decide(server, identity, "hand-keys", "asked", NULL, error);
}

mitome_status reset_server_hand_keys(
        struct reset_server *server, slice identity, uint8_t version, slice keys, mitome_error *error)
{
        struct sql_store *store = party_store(server->party);
        const struct directory_entry *sei =
                directory_find(party_directory(server->party), slice_text(PARTY_SEI_TSM));
        uint8_t sealed_bytes[256], bytes[512];
        writer sealed = WRITER(sealed_bytes), w = WRITER(bytes);
        slice body;
        if (!sei)
                return fail(error, MITOME_E_UNREACHABLE, PARTY_SEI_TSM, NULL);
        MITOME_TRY(party_seal(sei->key, keys, &sealed, error));
        write_identity(&w, 3, identity);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, version);
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, writer_view(&sealed));
        MITOME_TRY(writer_finish(&w, "the keys", &body, error));
        MITOME_TRY(sql_begin(store, error));
        MITOME_TRY(sql_settle(store, send_keys(server, identity, body, error), error));
        return reset_server_tick(server, error);
}

/* ---- sessions: 8 bytes of time, 8 that are drawn; the nonce is a MAC over them ---- */

static void nonce_of(
        const struct reset_server *server, slice session, slice identity, uint8_t ret_nonce[RESET_NONCE_SIZE])
{
        uint8_t mac[SHA256_SIZE];
        const slice parts[] = { session, identity };
        writer w = writer_over(ret_nonce, RESET_NONCE_SIZE);
        hmac_sha256(SLICE(server->key), parts, 2, mac);
        write_slice(&w, slice_of(mac, CODE_SIZE));
        bytes_wipe(mac, sizeof mac);
}

static mitome_status make_session(
        struct reset_server *server, uint8_t ret[RESET_SESSION_SIZE], mitome_error *error)
{
        const struct mitome_random *random = party_random(server->party);
        uint8_t drawn[RESET_SESSION_SIZE / 2];
        writer w = writer_over(ret, RESET_SESSION_SIZE);
        if (random->fill(random->context, drawn, sizeof drawn) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        write_u64(&w, (uint64_t)party_now(server->party));
        write_slice(&w, SLICE(drawn));
        return ok();
}

static mitome_status check_age(const struct reset_server *server, slice session, mitome_error *error)
{
        reader r = reader_over(session, NULL, error);
        uint64_t began;
        MITOME_TRY(read_u64(&r, "the session", &began));
        const uint64_t now = (uint64_t)party_now(server->party);
        return began <= now && now - began <= RESET_SESSION_S
                       ? ok()
                       : fail(error, MITOME_E_RESET_SESSION, "the session", NULL);
}

/* ---- what a phone says: {1, ? 2} ---- */

static mitome_status next_is(
        struct cbor_reader *r, struct cbor_members *map, int64_t number, mitome_error *error)
{
        struct cbor_key key = { 0 };
        bool more;
        MITOME_TRY(cbor_next_key(r, map, &key, &more));
        return more == (number > 0) && (!more || (!key.is_text && key.number == number))
                       ? ok()
                       : fail(error, MITOME_E_VALUE, "what the phone says", NULL);
}

static mitome_status read_identity(slice body, slice *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, NULL, error);
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(&r, "what the phone says", 1, &map));
        MITOME_TRY(next_is(&r, &map, 1, error));
        MITOME_TRY(cbor_read_text(&r, "the identity", PHONE_IDENTITY_MAX, ret));
        MITOME_TRY(next_is(&r, &map, 0, error));
        return cbor_end(&r, "what the phone says");
}

/* `ret_cose` NULL: there is none. */
static mitome_status read_session(slice body, slice *ret_session, slice *ret_cose, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, NULL, error);
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(&r, "what the phone says", 2, &map));
        MITOME_TRY(next_is(&r, &map, 1, error));
        MITOME_TRY(cbor_read_fixed(&r, "the session", RESET_SESSION_SIZE, ret_session));
        if (ret_cose) {
                MITOME_TRY(next_is(&r, &map, 2, error));
                MITOME_TRY(cbor_read_bytes(&r, "the evidence", RECEIPT_MAX, ret_cose));
        }
        MITOME_TRY(next_is(&r, &map, 0, error));
        return cbor_end(&r, "what the phone says");
}

static mitome_status begin_reset(void *context, slice body, writer *answer, mitome_error *error)
{
        struct reset_server *server = context;
        uint8_t session[RESET_SESSION_SIZE], nonce[RESET_NONCE_SIZE];
        slice identity;
        MITOME_TRY(read_identity(body, &identity, error));
        MITOME_TRY(make_session(server, session, error));
        nonce_of(server, SLICE(session), identity, nonce);
        cbor_write_map(answer, 2);
        cbor_write_uint(answer, 1);
        cbor_write_bytes(answer, SLICE(session));
        cbor_write_uint(answer, 2);
        cbor_write_bytes(answer, SLICE(nonce));
        return ok();
}

/* ---- setting back ---- */

/* What a statement says of its phone, believed by its own device key, for this session's nonce. */
static mitome_status believe(struct reset_server *server, slice session, slice statement,
        struct evidence *ret, mitome_error *error)
{
        struct evidence said;
        uint8_t asked[RESET_NONCE_SIZE], nonce[STATEMENT_NONCE_SIZE];
        MITOME_TRY(check_age(server, session, error));
        MITOME_TRY(evidence_read(statement, &said, error));
        nonce_of(server, session, said.identity, asked);
        reset_nonce(SLICE(asked), nonce);
        const struct evidence_expected expected = {
                .kind = EVIDENCE_STATEMENT, .nonce = SLICE(nonce), .identity = said.identity
        };
        return evidence_verify(
                statement, &expected, server->devices, party_now(server->party), NULL, ret, error);
}

/* A device certificate names no phone: the point is held against the one that was made with this identity. */
static mitome_status check_device(
        struct reset_server *server, const struct evidence *said, mitome_error *error)
{
        uint8_t point[MAKER_POINT_SIZE];
        struct authority_der certificate;
        bool found;
        MITOME_TRY(find_device(server, said->identity, point, &certificate, &found, error));
        if (!found || said->sign1.chain_count == 0 ||
                !slice_equal(said->sign1.chain[0], slice_of(certificate.bytes, certificate.size)))
                return fail(error, MITOME_E_EVIDENCE_IDENTITY, "the statement", NULL);
        return ok();
}

/* What receipts of this reset have to name: what the phone says that it holds, as 1 << kind, and credentials.
 * An element that holds nothing records nothing. */
enum { OF_FIDO = 1 };

static unsigned held(const struct evidence *evidence)
{
        unsigned kinds = 0;
        for (size_t i = 0; i < evidence->person_count; i++)
                kinds |= 1U << evidence->persons[i].kind;
        return kinds;
}

static unsigned to_go(const struct evidence *said)
{
        const bool credentials =
                said->numbers[EVIDENCE_AT_DERIVED] || said->numbers[EVIDENCE_AT_CERTIFICATE_CREDENTIALS];
        return held(said) | (credentials ? OF_FIDO : 0);
}

static unsigned taken_away(const struct evidence *receipt)
{
        static const bool resets[] = { [1] = true, [2] = true, [7] = true }; /* EVIDENCE.md, reasons */
        const uint32_t reason = receipt->numbers[EVIDENCE_AT_REASON];
        return held(receipt) | (reason < sizeof resets && resets[reason] ? OF_FIDO : 0);
}

/* Only receipts behind the statement's last one are of this reset. */
static mitome_status note_asked(struct reset_server *server, slice session, const struct evidence *said,
        slice statement, mitome_error *error)
{
        const slice identity = said->identity;
        uint8_t bytes[PHONE_IDENTITY_MAX + 16];
        writer w = WRITER(bytes);
        struct journal_evidence evidence;
        slice letter;
        int64_t changed;
        MITOME_TRY(sql_do(party_store(server->party),
                "INSERT INTO reset (session, identity, state, asked_at, behind, to_go)"
                " VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT (session) DO NOTHING",
                SQL_VALUES(SQL_BYTES(session), SQL_TEXT_OF(identity), SQL_INT(party_now(server->party)),
                        SQL_INT(said->numbers[EVIDENCE_AT_SEQUENCE]), SQL_INT(to_go(said))),
                &changed, error));
        if (changed == 0)
                return ok(); /* said twice */
        write_identity(&w, 1, identity);
        MITOME_TRY(writer_finish(&w, "the identity", &letter, error));
        MITOME_TRY(party_send(server->party, PARTY_SEI_TSM, "reset", letter, error));
        digest_of(statement, "statement", &evidence);
        return decide(server, identity, "factory-reset", "asked", &evidence, error);
}

static mitome_status load_reset(struct reset_server *server, slice session, uint64_t *ret_state,
        char identity[PHONE_IDENTITY_MAX + 1], mitome_error *error)
{
        struct sql_query row;
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party_store(server->party), "SELECT state, identity FROM reset WHERE session = ?",
                SQL_VALUES(SQL_BYTES(session)), &row, error));
        bool found = sql_next(&row);
        if (found) {
                slice text = sql_bytes(&row, 1);
                *ret_state = (uint64_t)sql_integer(&row, 0);
                status = slice_copy(text, "the identity", (uint8_t *)identity, PHONE_IDENTITY_MAX, error);
                identity[failed(status) ? 0 : text.size] = '\0';
        }
        mitome_status ended = sql_end(&row);
        MITOME_TRY(status);
        MITOME_TRY(ended);
        return found ? ok() : fail(error, MITOME_E_RESET_SESSION, "the session", NULL);
}

static mitome_status tell_state(
        struct reset_server *server, slice session, writer *answer, mitome_error *error)
{
        char identity[PHONE_IDENTITY_MAX + 1];
        uint64_t state;
        MITOME_TRY(load_reset(server, session, &state, identity, error));
        cbor_write_map(answer, 1);
        cbor_write_uint(answer, 1);
        cbor_write_uint(answer, state);
        return ok();
}

static mitome_status factory_reset(void *context, slice body, writer *answer, mitome_error *error)
{
        struct reset_server *server = context;
        struct sql_store *store = party_store(server->party);
        slice session, statement;
        struct evidence said;
        MITOME_TRY(read_session(body, &session, &statement, error));
        MITOME_TRY(believe(server, session, statement, &said, error));
        MITOME_TRY(check_device(server, &said, error));
        MITOME_TRY(sql_begin(store, error));
        MITOME_TRY(sql_settle(store, note_asked(server, session, &said, statement, error), error));
        MITOME_TRY(reset_server_tick(server, error)); /* at once: the phone relays next */
        return tell_state(server, session, answer, error);
}

static mitome_status reset_state(void *context, slice body, writer *answer, mitome_error *error)
{
        slice session;
        MITOME_TRY(read_session(body, &session, NULL, error));
        return tell_state(context, session, answer, error);
}

/* ---- receipts ---- */

/* The id of the letter is remembered before it is sent: a receipt is handed in once, however often a phone
 * brings it. */
static mitome_status letter_for(struct reset_server *server, slice session, const uint8_t digest[SHA256_SIZE],
        uint8_t ret_id[LETTER_ID_SIZE], mitome_error *error)
{
        struct sql_store *store = party_store(server->party);
        struct sql_query row;
        uint8_t id[LETTER_ID_SIZE];
        const slice key = slice_of(digest, SHA256_SIZE);
        MITOME_TRY(party_make_id(server->party, id, error));
        MITOME_TRY(sql_do(store,
                "INSERT INTO reset_receipt (digest, session, letter) VALUES (?, ?, ?)"
                " ON CONFLICT (digest) DO NOTHING",
                SQL_VALUES(SQL_BYTES(key), SQL_BYTES(session), SQL_BYTES(SLICE(id))), NULL, error));
        MITOME_TRY(sql_ask(store, "SELECT letter FROM reset_receipt WHERE digest = ?",
                SQL_VALUES(SQL_BYTES(key)), &row, error));
        mitome_status status =
                sql_next(&row) ? slice_copy(sql_bytes(&row, 0), "letter", ret_id, LETTER_ID_SIZE, error)
                               : ok();
        mitome_status ended = sql_end(&row);
        return failed(status) ? status : ended;
}

/* {1 identity, 2 number, 3 digest, 4 [revoked]} */
static mitome_status read_taken(
        slice answer, slice *ret_identity, uint64_t *ret_number, slice *ret_digest, mitome_error *error)
{
        struct cbor_reader r = cbor_over(answer, NULL, error);
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(&r, "the authority's answer", 4, &map));
        MITOME_TRY(next_is(&r, &map, 1, error));
        MITOME_TRY(cbor_read_text(&r, "the identity", PHONE_IDENTITY_MAX, ret_identity));
        MITOME_TRY(next_is(&r, &map, 2, error));
        MITOME_TRY(cbor_read_uint(&r, "the number", UINT32_MAX, ret_number));
        MITOME_TRY(next_is(&r, &map, 3, error));
        MITOME_TRY(cbor_read_fixed(&r, "the digest", SHA256_SIZE, ret_digest));
        MITOME_TRY(next_is(&r, &map, 4, error));
        MITOME_TRY(cbor_skip(&r, "what was revoked"));
        MITOME_TRY(next_is(&r, &map, 0, error));
        return cbor_end(&r, "the authority's answer");
}

static mitome_status ask_authority(struct reset_server *server, const uint8_t id[LETTER_ID_SIZE],
        slice receipt, uint8_t buffer[LETTER_MAX], slice *ret, mitome_error *error)
{
        uint8_t bytes[RECEIPT_MAX + 16];
        writer w = WRITER(bytes);
        mitome_code refusal = MITOME_OK;
        mitome_error cause = { 0 };
        slice body;
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, receipt);
        MITOME_TRY(writer_finish(&w, "the receipt", &body, error));
        mitome_status status = party_call(
                server->party, PARTY_AUTHORITY, "receipt", id, body, buffer, ret, &refusal, &cause);
        if (status.code == MITOME_E_REFUSED)
                return fail(error, refusal == MITOME_OK ? MITOME_E_REFUSED : refusal, "the receipt", NULL);
        return failed(status) ? fail(error, status.code, cause.field, cause.clause) : ok();
}

/* An old receipt of this phone proves nothing of this reset, and one of half of it not the other half. */
static mitome_status note_confirmed(
        struct reset_server *server, slice session, slice identity, slice receipt, mitome_error *error)
{
        struct sql_store *store = party_store(server->party);
        struct journal_evidence evidence;
        struct evidence read;
        int64_t changed;
        MITOME_TRY(evidence_read(receipt, &read, error));
        const struct sql_value number = SQL_INT(read.numbers[EVIDENCE_AT_SEQUENCE]);
        MITOME_TRY(sql_do(store, "UPDATE reset SET to_go = to_go & ~? WHERE session = ? AND behind < ?",
                SQL_VALUES(SQL_INT(taken_away(&read)), SQL_BYTES(session), number), NULL, error));
        MITOME_TRY(sql_do(store,
                "UPDATE reset SET state = 2 WHERE session = ? AND state = 1 AND to_go = 0 AND behind < ?",
                SQL_VALUES(SQL_BYTES(session), number), &changed, error));
        if (changed == 0)
                return ok();
        digest_of(receipt, "receipt", &evidence);
        return decide(server, identity, "factory-reset", "confirmed", &evidence, error);
}

/* What no phone of this maker's has signed goes no further: to no letter, and into no journal and no store.
 */
static mitome_status check_receipt(struct reset_server *server, slice receipt, mitome_error *error)
{
        struct evidence evidence;
        MITOME_TRY(evidence_read(receipt, &evidence, error));
        const struct evidence_expected expected = { .kind = EVIDENCE_RECEIPT, .identity = evidence.identity };
        return evidence_verify(
                receipt, &expected, server->devices, party_now(server->party), NULL, &evidence, error);
}

static mitome_status hand_in(struct reset_server *server, slice session, slice receipt,
        uint8_t buffer[LETTER_MAX], writer *answer, mitome_error *error)
{
        struct sql_store *store = party_store(server->party);
        char text[PHONE_IDENTITY_MAX + 1];
        uint8_t id[LETTER_ID_SIZE], key[SHA256_SIZE];
        slice told, identity, digest;
        uint64_t state, number;
        MITOME_TRY(load_reset(server, session, &state, text, error));
        MITOME_TRY(check_receipt(server, receipt, error));
        sha256(&receipt, 1, key);
        MITOME_TRY(letter_for(server, session, key, id, error));
        MITOME_TRY(ask_authority(server, id, receipt, buffer, &told, error));
        MITOME_TRY(read_taken(told, &identity, &number, &digest, error));
        if (!slice_is(identity,
                    text)) /* taken, and worth something there; but it ends no session of this phone */
                return fail(error, MITOME_E_EVIDENCE_IDENTITY, "the receipt", NULL);
        MITOME_TRY(sql_begin(store, error));
        MITOME_TRY(sql_settle(store, note_confirmed(server, session, identity, receipt, error), error));
        cbor_write_map(answer, 2);
        cbor_write_uint(answer, 1);
        cbor_write_uint(answer, number);
        cbor_write_uint(answer, 2);
        cbor_write_bytes(answer, digest);
        return ok();
}

static mitome_status reset_receipt(void *context, slice body, writer *answer, mitome_error *error)
{
        slice session, receipt;
        MITOME_TRY(read_session(body, &session, &receipt, error));
        uint8_t *buffer = malloc(LETTER_MAX);
        if (!buffer)
                return fail(error, MITOME_E_NO_MEMORY, "the answer", NULL);
        mitome_status status = hand_in(context, session, receipt, buffer, answer, error);
        free(buffer);
        return status;
}

const struct phone_desk reset_server_phone_desks[] = {
        { "begin-reset", begin_reset },
        { "factory-reset", factory_reset },
        { "reset-state", reset_state },
        { "reset-receipt", reset_receipt },
};
const size_t reset_server_phone_desk_count =
        sizeof reset_server_phone_desks / sizeof reset_server_phone_desks[0];
