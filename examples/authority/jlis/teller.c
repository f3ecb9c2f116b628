/* SPDX-License-Identifier: Apache-2.0 */
#include "teller.h"

#include "digest.h"
#include "register_body.h"

const char teller_schema[] =
        "CREATE TABLE wish (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE CHECK (length(id) = 16), "
        "kind TEXT NOT NULL, body BLOB, about TEXT, subject BLOB, asked TEXT NOT NULL, at INTEGER NOT NULL, "
        "state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)), code INTEGER, "
        "CHECK ((state = 0) = (body IS NOT NULL))) STRICT;"
        "CREATE INDEX wish_open ON wish (number) WHERE state = 0;";

/* ---- the journal ---- */

struct wish {
        int64_t number;
        uint8_t id[LETTER_ID_SIZE];
        char kind[LETTER_KIND_MAX + 1], about[17];
        uint8_t body[LETTER_BODY_MAX];
        size_t body_size;
        uint8_t subject[TELLER_SERIAL_MAX];
        size_t subject_size;
};

static mitome_status decide(struct party *party, const char *kind, const char *outcome, const char *about,
        slice subject, const struct journal_evidence *evidence, size_t count, mitome_error *error)
{
        char buffer[JOURNAL_SUBJECT_BUFFER];
        struct journal_decision decision = { .what = kind, .outcome = outcome, .evidence_count = count };
        if (about && *about)
                decision.subject = journal_subject_hex(buffer, about, subject);
        for (size_t i = 0; i < count; i++)
                decision.evidence[i] = evidence[i];
        return party_decide(party, &decision, error);
}

/* ---- remembering ---- */

/* The evidence of a wish is that somebody came or called: its number in the counter's own book. */
static struct journal_evidence evidence_of(const struct teller_order *order, const uint8_t id[LETTER_ID_SIZE])
{
        struct journal_evidence evidence = { .kind = order->asked };
        const slice whole = slice_of(id, LETTER_ID_SIZE);
        sha256(&whole, 1, evidence.digest);
        return evidence;
}

static mitome_status write_wish(
        struct party *party, const struct teller_order *order, struct wish *wish, mitome_error *error)
{
        const struct journal_evidence evidence = evidence_of(order, wish->id);
        MITOME_TRY(sql_do(party_store(party),
                "INSERT INTO wish (id, kind, body, about, subject, asked, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_BYTES(SLICE(wish->id)), SQL_STR(order->kind), SQL_BYTES(order->body),
                        SQL_STR(order->about ? order->about : ""), SQL_BYTES(order->subject),
                        SQL_STR(order->asked), SQL_INT(party_now(party))),
                NULL, error));
        wish->number = sql_last_row(party_store(party));
        return decide(party, order->kind, "asked", order->about, order->subject, &evidence, 1, error);
}

static mitome_status remember(
        struct party *party, const struct teller_order *order, struct wish *wish, mitome_error *error)
{
        MITOME_TRY(party_make_id(party, wish->id, error));
        MITOME_TRY(sql_begin(party_store(party), error));
        return sql_settle(party_store(party), write_wish(party, order, wish, error), error);
}

static mitome_status copy_wish(const struct sql_query *query, struct wish *ret, mitome_error *error)
{
        const struct {
                int column;
                uint8_t *to;
                size_t capacity;
        } parts[] = {
                { 1, ret->id, sizeof ret->id },
                { 2, (uint8_t *)ret->kind, sizeof ret->kind - 1 },
                { 3, ret->body, sizeof ret->body },
                { 4, (uint8_t *)ret->about, sizeof ret->about - 1 },
                { 5, ret->subject, sizeof ret->subject },
        };
        ret->number = sql_integer(query, 0);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
                MITOME_TRY(slice_copy(
                        sql_bytes(query, parts[i].column), "wish", parts[i].to, parts[i].capacity, error));
        ret->body_size = sql_bytes(query, 3).size;
        ret->subject_size = sql_bytes(query, 5).size;
        return ok();
}

/* The order in which things were asked for is part of what was asked: a hold that was taken back and asked
 * for again is a hold. So nothing overtakes what still waits about the same certificate, or person. */
#define OPEN_WISH "FROM wish WHERE state = 0 AND "
#define AN_EARLIER_WAITS                                                                                  \
        "EXISTS (SELECT 1 FROM wish AS earlier WHERE earlier.state = 0 AND earlier.number < wish.number " \
        "AND earlier.about <> '' AND earlier.about = wish.about AND earlier.subject = wish.subject)"

static mitome_status next_wish(struct party *party, int64_t after, int64_t before, struct wish *ret,
        bool *ret_found, mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(party_store(party),
                "SELECT number, id, kind, body, about, subject " OPEN_WISH
                "number > ? AND number < ? AND NOT " AN_EARLIER_WAITS " ORDER BY number LIMIT 1",
                SQL_VALUES(SQL_INT(after), SQL_INT(before)), &query, error));
        bool found = sql_next(&query);
        if (found)
                status = copy_wish(&query, ret, error);
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        *ret_found = found;
        return ok();
}

/* ---- saying ---- */

static mitome_status write_end(struct party *party, const struct wish *wish, enum teller_state state,
        mitome_code code, mitome_error *error)
{
        struct journal_evidence evidence[2];
        party_call_evidence(party, evidence);
        MITOME_TRY(sql_do(party_store(party),
                "UPDATE wish SET state = ?, code = ?, body = NULL WHERE number = ?",
                SQL_VALUES(SQL_INT(state), SQL_INT(code), SQL_INT(wish->number)), NULL, error));
        return decide(party, wish->kind, state == TELLER_DONE ? "confirmed" : "refused", wish->about,
                slice_of(wish->subject, wish->subject_size), evidence, 2, error);
}

/* Whoever asked is told what became of it, and so is the book. */
static mitome_status say(struct party *party, const struct wish *wish, slice body, uint8_t buffer[LETTER_MAX],
        slice *ret_answer, mitome_code *ret_refusal, mitome_error *error)
{
        mitome_code refusal = MITOME_OK;
        mitome_status asked = party_call(
                party, PARTY_AUTHORITY, wish->kind, wish->id, body, buffer, ret_answer, &refusal, error);
        if (failed(asked) && asked.code != MITOME_E_REFUSED)
                return asked;
        bool refused = failed(asked);
        MITOME_TRY(sql_begin(party_store(party), NULL));
        MITOME_TRY(sql_settle(party_store(party),
                write_end(party, wish, refused ? TELLER_REFUSED : TELLER_DONE, refusal, NULL), NULL));
        if (ret_refusal)
                *ret_refusal = refusal;
        return asked;
}

static mitome_status say_again(struct party *party, const struct wish *wish)
{
        uint8_t buffer[LETTER_MAX];
        slice answer;
        mitome_status status =
                say(party, wish, slice_of(wish->body, wish->body_size), buffer, &answer, NULL, NULL);
        return status.code == MITOME_E_SQL_FAILED || status.code == MITOME_E_NO_MEMORY ? status : ok();
}

static mitome_status say_all(struct party *party, int64_t before, mitome_error *error)
{
        struct wish wish = { 0 };
        for (int64_t after = 0;; after = wish.number) {
                bool found;
                wish = (struct wish){ 0 };
                MITOME_TRY(next_wish(party, after, before, &wish, &found, error));
                if (!found)
                        return ok();
                mitome_status status = say_again(party, &wish);
                if (failed(status))
                        return fail(error, status.code, "wish", NULL);
        }
}

static mitome_status count_open(
        struct party *party, const char *sql, int64_t number, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(party), sql, SQL_VALUES(SQL_INT(number)), &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

static mitome_status let_earlier_go_first(struct party *party, const struct wish *wish, mitome_error *error)
{
        static const char sql[] = "SELECT count(*) " OPEN_WISH "number = ? AND " AN_EARLIER_WAITS;
        int64_t waits;
        MITOME_TRY(count_open(party, sql, wish->number, &waits, error));
        if (!waits)
                return ok();
        MITOME_TRY(say_all(party, wish->number, error));
        MITOME_TRY(count_open(party, sql, wish->number, &waits, error));
        return waits ? fail(error, MITOME_E_UNREACHABLE, PARTY_AUTHORITY, NULL) : ok();
}

mitome_status teller_place(struct party *party, const struct teller_order *order, uint8_t buffer[LETTER_MAX],
        slice *ret_answer, mitome_code *ret_refusal, mitome_error *error)
{
        struct wish wish = { 0 };
        MITOME_TRY(slice_copy(
                slice_text(order->kind), "kind", (uint8_t *)wish.kind, sizeof wish.kind - 1, error));
        MITOME_TRY(slice_copy(slice_text(order->about ? order->about : ""), "subject", (uint8_t *)wish.about,
                sizeof wish.about - 1, error));
        MITOME_TRY(slice_copy(order->subject, "subject", wish.subject, sizeof wish.subject, error));
        wish.subject_size = order->subject.size;
        MITOME_TRY(remember(party, order, &wish, error));
        MITOME_TRY(let_earlier_go_first(party, &wish, error));
        return say(party, &wish, order->body, buffer, ret_answer, ret_refusal, error);
}

mitome_status teller_flush(struct party *party, size_t *ret_left, mitome_error *error)
{
        int64_t left;
        MITOME_TRY(say_all(party, INT64_MAX, error));
        MITOME_TRY(count_open(party, "SELECT count(*) " OPEN_WISH "number >= ?", 0, &left, error));
        *ret_left = (size_t)left;
        return ok();
}

/* ---- bodies ---- */

static void write_date(writer *w, const int date[3])
{
        cbor_write_array(w, 3);
        for (int i = 0; i < 3; i++)
                cbor_write_uint(w, (uint64_t)date[i]);
}

static void write_facts(writer *w, uint64_t first, const struct teller_facts *facts)
{
        const char *const texts[] = { facts->name, facts->address, facts->prefecture, facts->city,
                facts->gender };
        for (uint64_t i = 0; i < 5; i++) {
                cbor_write_uint(w, first + i);
                cbor_write_string(w, texts[i]);
        }
        cbor_write_uint(w, first + 5);
        write_date(w, facts->birth);
        cbor_write_uint(w, first + 6);
        cbor_write_string(w, facts->municipality);
}

/* ---- find ---- */

static mitome_status read_certificate(slice item, struct teller_certificate *ret, mitome_error *error)
{
        uint64_t kind, place, status;
        slice serial, device = { 0 };
        struct body_field fields[] = {
                BODY_FIELD_NUMBER(1, "kind", 2, &kind),
                BODY_FIELD_BYTES(2, "serial", 1, TELLER_SERIAL_MAX, &serial),
                BODY_FIELD_NUMBER(3, "place", 2, &place),
                BODY_FIELD_NUMBER(4, "status", 3, &status),
                BODY_FIELD_TEXT(5, "device", sizeof ret->device - 1, &device),
        };
        fields[4].optional = true;
        MITOME_TRY(body_read(item, fields, 5, error));
        *ret = (struct teller_certificate){
                .kind = (int)kind, .place = (int)place, .status = (int)status, .serial_size = serial.size
        };
        MITOME_TRY(slice_copy(serial, "serial", ret->serial, sizeof ret->serial, error));
        return slice_copy(device, "device", (uint8_t *)ret->device, sizeof ret->device - 1, error);
}

static mitome_status read_found(slice answer, struct teller_found *ret, mitome_error *error)
{
        slice person, list;
        struct cbor_members array;
        const struct body_field fields[] = {
                BODY_FIELD_BYTES(1, "person", 16, 16, &person),
                BODY_FIELD_ITEM(2, "certificates", &list),
        };
        MITOME_TRY(body_read(answer, fields, 2, error));
        MITOME_TRY(slice_copy(person, "person", ret->person, sizeof ret->person, error));
        struct cbor_reader r = cbor_over(list, "letter", error);
        MITOME_TRY(cbor_open_array(&r, "certificates", TELLER_CERTIFICATES_MAX, &array));
        while (cbor_next_element(&r, &array)) {
                slice item;
                MITOME_TRY(cbor_read_item(&r, "certificates", &item));
                MITOME_TRY(read_certificate(item, &ret->certificates[ret->count++], error));
        }
        return cbor_end(&r, "certificates");
}

mitome_status teller_find(struct party *party, const char *name, const int birth[3], const char *address,
        struct teller_found *ret, mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t id[LETTER_ID_SIZE], bytes[1024], buffer[LETTER_MAX];
        struct teller_found found = { 0 };
        writer w = WRITER(bytes);
        slice body, answer;
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, name);
        cbor_write_uint(&w, 2);
        write_date(&w, birth);
        cbor_write_uint(&w, 3);
        cbor_write_string(&w, address);
        MITOME_TRY(writer_finish(&w, "find", &body, error));
        MITOME_TRY(party_make_id(party, id, error));
        mitome_status status =
                party_call(party, PARTY_AUTHORITY, "find", id, body, buffer, &answer, ret_refusal, error);
        bytes_wipe(bytes, sizeof bytes);
        MITOME_TRY(status);
        MITOME_TRY(read_found(answer, &found, error));
        *ret = found;
        return ok();
}

/* ---- orders ---- */

mitome_status teller_change(struct party *party, const char *what, const char *asked, int kind, slice serial,
        int reason, mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t bytes[64], buffer[LETTER_MAX];
        bool revoke = slice_is(slice_text(what), "revoke");
        writer w = WRITER(bytes);
        slice answer;
        cbor_write_map(&w, revoke ? 3 : 2);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, (uint64_t)kind);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, serial);
        if (revoke) {
                cbor_write_uint(&w, 3);
                cbor_write_uint(&w, (uint64_t)reason);
        }
        struct teller_order order = { .kind = what, .asked = asked, .about = "serial", .subject = serial };
        MITOME_TRY(writer_finish(&w, "serial", &order.body, error));
        return teller_place(party, &order, buffer, &answer, ret_refusal, error);
}

mitome_status teller_register(struct party *party, const struct teller_facts *facts, uint8_t ret_person[16],
        mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t bytes[2048], buffer[LETTER_MAX];
        writer w = WRITER(bytes);
        slice answer, person;
        struct teller_order order = { .kind = "register-person", .asked = "counter" };
        const struct body_field fields[] = { BODY_FIELD_BYTES(1, "person", 16, 16, &person) };
        cbor_write_map(&w, 7);
        write_facts(&w, 1, facts);
        MITOME_TRY(writer_finish(&w, "facts", &order.body, error));
        mitome_status status = teller_place(party, &order, buffer, &answer, ret_refusal, error);
        bytes_wipe(bytes, sizeof bytes);
        MITOME_TRY(status);
        MITOME_TRY(body_read(answer, fields, 1, error));
        return slice_copy(person, "person", ret_person, 16, error);
}

mitome_status teller_move(struct party *party, const uint8_t person[16], const struct teller_facts *facts,
        mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t bytes[2048], buffer[LETTER_MAX];
        writer w = WRITER(bytes);
        slice answer;
        struct teller_order order = {
                .kind = "change-facts", .asked = "counter", .about = "person", .subject = slice_of(person, 16)
        };
        cbor_write_map(&w, 8);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, order.subject);
        write_facts(&w, 2, facts);
        MITOME_TRY(writer_finish(&w, "facts", &order.body, error));
        mitome_status status = teller_place(party, &order, buffer, &answer, ret_refusal, error);
        bytes_wipe(bytes, sizeof bytes);
        return status;
}

/* {kind: DER} */
static mitome_status read_ders(slice item, slice ret[3], mitome_error *error)
{
        struct cbor_reader r = cbor_over(item, "letter", error);
        struct cbor_members map;
        MITOME_TRY(cbor_open_map(&r, "certificates", 2, &map));
        for (;;) {
                struct cbor_key key;
                bool more;
                MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
                if (!more)
                        return cbor_end(&r, "certificates");
                if (key.is_text || key.number < 1 || key.number > 2)
                        return fail(error, MITOME_E_VALUE, "kind", "letter");
                MITOME_TRY(cbor_read_bytes(&r, "certificate", LETTER_BODY_MAX, &ret[key.number]));
        }
}

/* For each key that was given there is a certificate, and its CA's; and for no other. */
static mitome_status check_issued(
        const slice moduli[3], const slice certificates[3], const slice cas[3], mitome_error *error)
{
        for (int kind = 1; kind <= 2; kind++) {
                const bool asked = moduli[kind].size > 0;
                if (asked != (certificates[kind].size > 0) || asked != (cas[kind].size > 0))
                        return fail(
                                error, asked ? MITOME_E_MISSING : MITOME_E_VALUE, "certificates", "letter");
        }
        return ok();
}

mitome_status teller_card(struct party *party, const uint8_t person[16], int64_t expiry,
        const slice moduli[3], uint8_t buffer[LETTER_MAX], slice ret_certificates[3], slice ret_cas[3],
        mitome_code *ret_refusal, mitome_error *error)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        slice answer, certificates, cas;
        struct teller_order order = {
                .kind = "issue-card", .asked = "counter", .about = "person", .subject = slice_of(person, 16)
        };
        const struct body_field fields[] = {
                BODY_FIELD_ITEM(1, "certificates", &certificates),
                BODY_FIELD_ITEM(2, "CAs", &cas),
        };
        cbor_write_map(&w, 3);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, order.subject);
        cbor_write_uint(&w, 2);
        cbor_write_int(&w, expiry);
        cbor_write_uint(&w, 3);
        cbor_write_map(&w, (moduli[1].size > 0) + (moduli[2].size > 0));
        for (uint64_t kind = 1; kind <= 2; kind++)
                if (moduli[kind].size) {
                        cbor_write_uint(&w, kind);
                        cbor_write_bytes(&w, moduli[kind]);
                }
        MITOME_TRY(writer_finish(&w, "moduli", &order.body, error));
        MITOME_TRY(teller_place(party, &order, buffer, &answer, ret_refusal, error));
        MITOME_TRY(body_read(answer, fields, 2, error));
        MITOME_TRY(read_ders(certificates, ret_certificates, error));
        MITOME_TRY(read_ders(cas, ret_cas, error));
        return check_issued(moduli, ret_certificates, ret_cas, error);
}
