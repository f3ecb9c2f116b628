/* SPDX-License-Identifier: Apache-2.0 */
#include "register_internal.h"

#include "der.h"
#include "digest.h"

#include <stdlib.h>

/* One live certificate a person, kind and place is a rule of the store: certificate_live. A key is certified
 * once in its life: certificate_key. What is asked often stands in rows of its own size; the certificates
 * themselves lie apart. */
const char register_schema[] =
        "CREATE TABLE person (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE CHECK (length(id) = 16), "
        "name TEXT NOT NULL, address TEXT NOT NULL, prefecture TEXT NOT NULL, city TEXT NOT NULL, "
        "gender TEXT NOT NULL, born INTEGER NOT NULL, municipality TEXT NOT NULL) STRICT;"
        "CREATE INDEX person_name ON person (name, born);"
        "CREATE TABLE town (number INTEGER PRIMARY KEY, prefecture TEXT NOT NULL, city TEXT NOT NULL, "
        "UNIQUE (prefecture, city)) STRICT;"
        "CREATE TABLE certificate (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL CHECK (kind IN (1, 2)), "
        "serial BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20), "
        "person INTEGER NOT NULL REFERENCES person (number), "
        "place INTEGER NOT NULL CHECK (place IN (1, 2)), device TEXT CHECK ((place = 2) = (device IS NOT NULL)), "
        "application BLOB, key BLOB NOT NULL CHECK (length(key) = 32), "
        "digest BLOB NOT NULL CHECK (length(digest) = 32), town INTEGER NOT NULL REFERENCES town (number), "
        "not_after INTEGER NOT NULL, replaces INTEGER REFERENCES certificate (number) CHECK (replaces < number), "
        "status INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2)), "
        "reason INTEGER CHECK ((status = 0) = (reason IS NULL)), at INTEGER CHECK ((status = 0) = (at IS NULL))) "
        "STRICT;"
        "CREATE UNIQUE INDEX certificate_serial ON certificate (kind, serial);"
        "CREATE UNIQUE INDEX certificate_key ON certificate (key);"
        "CREATE UNIQUE INDEX certificate_live ON certificate (person, kind, place) WHERE status < 2;"
        "CREATE UNIQUE INDEX certificate_replaces ON certificate (replaces) WHERE replaces IS NOT NULL;"
        "CREATE INDEX certificate_person ON certificate (person, kind, place, number);"
        "CREATE INDEX certificate_application ON certificate (application, kind, number) WHERE application IS NOT "
        "NULL;"
        "CREATE INDEX certificate_listed ON certificate (kind, town) WHERE status > 0;"
        "CREATE TABLE document (certificate INTEGER PRIMARY KEY REFERENCES certificate (number), der BLOB NOT "
        "NULL) STRICT;"
        "CREATE TABLE link (card INTEGER NOT NULL REFERENCES certificate (number), "
        "phone INTEGER NOT NULL REFERENCES certificate (number), PRIMARY KEY (card, phone)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE application (number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE CHECK (length(digest) "
        "= 32), person INTEGER NOT NULL REFERENCES person (number), "
        "card INTEGER NOT NULL REFERENCES certificate (number), purpose TEXT NOT NULL, device TEXT NOT NULL, "
        "kinds INTEGER NOT NULL, checked_at INTEGER NOT NULL) STRICT;"
        "CREATE TABLE device (identity TEXT PRIMARY KEY, key BLOB NOT NULL CHECK (length(key) = 32), "
        "highest INTEGER NOT NULL) WITHOUT ROWID, STRICT;"
        "CREATE TABLE receipt (identity TEXT NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL CHECK "
        "(length(digest) = 32), at INTEGER NOT NULL, PRIMARY KEY (identity, number)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE list_number (kind INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;";

const struct register_link register_links[REGISTER_KINDS] = {
        { REGISTER_SIGNING, 1u << REGISTER_SIGNING },
        { REGISTER_USER_VERIFICATION, 1u << REGISTER_SIGNING | 1u << REGISTER_USER_VERIFICATION },
};

/* ---- who may ask for what ---- */

static const char *const municipality[] = { PARTY_MUNICIPALITY, NULL };
static const char *const sp_tsm[] = { PARTY_SP_TSM, NULL };
static const char *const counters[] = { PARTY_CALL_CENTRE, PARTY_MUNICIPALITY, NULL };
static const char *const revokers[] = { PARTY_SP_TSM, PARTY_MUNICIPALITY, PARTY_CALL_CENTRE, NULL };
static const char *const call_centre[] = { PARTY_CALL_CENTRE, NULL };
static const char *const askers[] = { PARTY_SP_TSM, PARTY_SHOP, NULL };
static const char *const bringers[] = { PARTY_SP_TSM, PARTY_SHOP, PARTY_MAKER, NULL };
static const char *const shop[] = { PARTY_SHOP, NULL };
static const char *const portal[] = { PARTY_PORTAL, NULL };

const struct party_desk register_desks[] = {
        { "register-person", municipality, register_person_desk },
        { "change-facts", municipality, register_change_desk },
        { "issue-card", municipality, register_card_desk },
        { "check-application", sp_tsm, register_application_desk },
        { "issue", sp_tsm, register_issue_desk },
        { "revoke", revokers, register_revoke_desk },
        { "hold", counters, register_hold_desk },
        { "release", counters, register_release_desk },
        { "find", call_centre, register_find_desk },
        { "status", askers, register_status_desk },
        { "receipt", bringers, register_receipt_desk },
        { "receipt-known", shop, register_known_desk },
        { "successor", portal, register_successor_desk },
};
const size_t register_desk_count = sizeof register_desks / sizeof register_desks[0];

/* ---- opening ---- */

const struct ca *register_ca(const struct authority_register *book, enum register_kind kind)
{
        return kind == REGISTER_SIGNING ? book->config->signing : book->config->user_verification;
}

/* The subject of the CA, which is the issuer of what it certifies. */
static mitome_status read_issuer(slice certificate, uint8_t ret[LETTER_DIGEST_SIZE], mitome_error *error)
{
        reader r = reader_over(certificate, "RFC 5280 4.1", error);
        slice content, whole;
        MITOME_TRY(der_read(&r, "certificate", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, "tbsCertificate", DER_SEQUENCE, &content, NULL));
        r = reader_within(&r, content);
        MITOME_TRY(der_read(&r, "version", DER_CONTEXT_0, &content, NULL));
        MITOME_TRY(der_read(&r, "serialNumber", DER_INTEGER, &content, NULL));
        MITOME_TRY(der_read(&r, "signature", DER_SEQUENCE, &content, NULL));
        MITOME_TRY(der_read(&r, "issuer", DER_SEQUENCE, &content, &whole));
        sha256(&whole, 1, ret);
        return ok();
}

mitome_status register_open(struct party *party, const struct register_config *config,
        struct authority_register **ret, mitome_error *error)
{
        struct authority_register *book = calloc(1, sizeof *book);
        if (!book)
                return fail(error, MITOME_E_NO_MEMORY, "register", NULL);
        book->party = party;
        book->store = party_store(party);
        book->config = config;
        for (int kind = 1; kind <= REGISTER_KINDS; kind++) {
                mitome_status status =
                        read_issuer(ca_certificate(register_ca(book, (enum register_kind)kind)),
                                book->issuer[kind], error);
                if (failed(status)) {
                        free(book);
                        return status;
                }
        }
        *ret = book;
        return ok();
}

void register_close(struct authority_register *book)
{
        free(book);
}

/* ---- certificates ---- */

slice register_serial(const struct register_certificate *certificate)
{
        return slice_of(certificate->serial, certificate->serial_size);
}

#define CERTIFICATE_COLUMNS                                                                                \
        "SELECT number, person, kind, place, status, reason, at, not_after, serial, device, application, " \
        "key, digest FROM certificate "

static mitome_status read_digest(
        const struct sql_query *query, int column, uint8_t ret[LETTER_DIGEST_SIZE], mitome_error *error)
{
        return slice_copy(sql_bytes(query, column), "digest", ret, LETTER_DIGEST_SIZE, error);
}

static mitome_status read_certificate(
        const struct sql_query *query, struct register_certificate *ret, mitome_error *error)
{
        *ret = (struct register_certificate){
                .number = sql_integer(query, 0),
                .person = sql_integer(query, 1),
                .kind = (enum register_kind)sql_integer(query, 2),
                .place = (enum register_place)sql_integer(query, 3),
                .status = (enum register_status)sql_integer(query, 4),
                .reason = (int)sql_integer(query, 5),
                .at = sql_integer(query, 6),
                .not_after = sql_integer(query, 7),
                .serial_size = sql_bytes(query, 8).size,
                .by_application = !sql_is_null(query, 10),
        };
        MITOME_TRY(slice_copy(sql_bytes(query, 8), "serial", ret->serial, sizeof ret->serial, error));
        MITOME_TRY(slice_copy(
                sql_bytes(query, 9), "device", (uint8_t *)ret->device, sizeof ret->device - 1, error));
        MITOME_TRY(read_digest(query, 10, ret->application, error));
        MITOME_TRY(read_digest(query, 11, ret->key, error));
        return read_digest(query, 12, ret->digest, error);
}

static mitome_status load_certificate(struct authority_register *book, const char *sql,
        const struct sql_value *values, size_t count, struct register_certificate *ret, bool *ret_found,
        mitome_error *error)
{
        struct sql_query query = { 0 };
        mitome_status status = ok();
        MITOME_TRY(sql_ask(book->store, sql, values, count, &query, error));
        bool found = sql_next(&query);
        if (found)
                status = read_certificate(&query, ret, error);
        mitome_status end = sql_end(&query);
        MITOME_TRY(end);
        MITOME_TRY(status);
        *ret_found = found;
        return ok();
}

static mitome_status require(bool found, mitome_error *error)
{
        return found ? ok() : fail(error, MITOME_E_AUTHORITY_UNKNOWN, "certificate", NULL);
}

mitome_status register_load_number(struct authority_register *book, int64_t number,
        struct register_certificate *ret, mitome_error *error)
{
        bool found = false;
        MITOME_TRY(load_certificate(book, CERTIFICATE_COLUMNS "WHERE number = ?", SQL_VALUES(SQL_INT(number)),
                ret, &found, error));
        return require(found, error);
}

mitome_status register_load(struct authority_register *book, enum register_kind kind, slice serial,
        struct register_certificate *ret, mitome_error *error)
{
        bool found = false;
        MITOME_TRY(load_certificate(book, CERTIFICATE_COLUMNS "WHERE kind = ? AND serial = ?",
                SQL_VALUES(SQL_INT(kind), SQL_BYTES(serial)), ret, &found, error));
        return require(found, error);
}

mitome_status register_load_live(struct authority_register *book, int64_t person, enum register_kind kind,
        enum register_place place, struct register_certificate *ret, bool *ret_found, mitome_error *error)
{
        return load_certificate(book,
                CERTIFICATE_COLUMNS "WHERE person = ? AND kind = ? AND place = ? AND status < 2",
                SQL_VALUES(SQL_INT(person), SQL_INT(kind), SQL_INT(place)), ret, ret_found, error);
}

mitome_status register_require_good(const struct authority_register *book,
        const struct register_certificate *certificate, const char *field, mitome_error *error)
{
        return certificate->status == REGISTER_GOOD && certificate->not_after >= party_now(book->party)
                       ? ok()
                       : fail(error, MITOME_E_AUTHORITY_CARD, field, NULL);
}

/* ---- the journal ---- */

struct register_grounds register_grounds(const struct party_request *request)
{
        struct register_grounds grounds = { 0 };
        register_add_ground(&grounds, "letter", SLICE(request->digest));
        return grounds;
}

void register_add_ground(struct register_grounds *grounds, const char *kind, slice digest)
{
        struct journal_evidence *evidence = &grounds->evidence[grounds->count];
        evidence->kind = kind;
        grounds->count +=
                !failed(slice_copy(digest, "evidence", evidence->digest, sizeof evidence->digest, NULL));
}

/* What is said of one person's certificates is joined by the digest of his opaque number, which tells nothing
 * to who does not know it: so a journal can be read as his time line. */
static mitome_status add_person(struct authority_register *book, int64_t person,
        struct register_grounds *grounds, mitome_error *error)
{
        struct sql_query query = { 0 };
        uint8_t digest[LETTER_DIGEST_SIZE];
        MITOME_TRY(sql_ask(book->store, "SELECT id FROM person WHERE number = ?", SQL_VALUES(SQL_INT(person)),
                &query, error));
        if (sql_next(&query) && grounds->count < JOURNAL_EVIDENCE_MAX) {
                const slice id = sql_bytes(&query, 0);
                sha256(&id, 1, digest);
                register_add_ground(grounds, "person", SLICE(digest));
        }
        return sql_end(&query);
}

mitome_status register_note(struct authority_register *book, const char *what, const char *outcome,
        struct register_subject subject, const struct register_grounds *grounds, const char *reason,
        mitome_error *error)
{
        char buffer[JOURNAL_SUBJECT_BUFFER];
        struct register_grounds all = *grounds;
        struct journal_decision decision = {
                .what = what,
                .outcome = outcome,
                .subject = subject.hex ? journal_subject_hex(buffer, subject.kind, subject.bytes)
                                       : journal_subject_text(buffer, subject.kind, subject.bytes),
                .reason = reason,
        };
        if (subject.person)
                MITOME_TRY(add_person(book, subject.person, &all, error));
        decision.evidence_count = all.count;
        for (size_t i = 0; i < all.count; i++)
                decision.evidence[i] = all.evidence[i];
        return party_decide(book->party, &decision, error);
}

struct register_subject register_about(const struct register_certificate *certificate)
{
        return (struct register_subject){ "serial", register_serial(certificate), true, certificate->person };
}

/* ---- what the CAs publish from ---- */

static enum register_kind kind_of(enum authority_kind kind)
{
        return kind == AUTHORITY_SIGNING ? REGISTER_SIGNING : REGISTER_USER_VERIFICATION;
}

static mitome_status tell_status(
        void *context, enum authority_kind kind, slice serial, struct ca_status *ret, mitome_error *error)
{
        static const enum ca_state states[] = { CA_GOOD, CA_HOLD, CA_REVOKED };
        struct authority_register *book = context;
        struct sql_query query = { 0 };
        struct ca_status found = { .state = CA_UNKNOWN };
        MITOME_TRY(sql_ask(book->store,
                "SELECT status, reason, at FROM certificate WHERE kind = ? AND serial = ?",
                SQL_VALUES(SQL_INT(kind_of(kind)), SQL_BYTES(serial)), &query, error));
        if (sql_next(&query))
                found = (struct ca_status){ states[sql_integer(&query, 0)], (int)sql_integer(&query, 1),
                        sql_integer(&query, 2) };
        MITOME_TRY(sql_end(&query));
        *ret = found;
        return ok();
}

static mitome_status show_listed(
        struct sql_query *query, const struct ca_visitor *visitor, mitome_error *error)
{
        mitome_status status = ok();
        while (!failed(status) && sql_next(query)) {
                const struct ca_entry entry = { sql_bytes(query, 0), (int)sql_integer(query, 1),
                        sql_integer(query, 2) };
                status = visitor->visit(visitor->context, &entry, error);
        }
        mitome_status end = sql_end(query);
        MITOME_TRY(status);
        return end;
}

/* A place where nobody was ever certified has no list: whoever asks for any name would have one signed. */
static mitome_status check_town(
        struct authority_register *book, const struct ca_place *place, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(book->store, "SELECT 1 FROM town WHERE prefecture = ? AND city = ?",
                SQL_VALUES(SQL_STR(place->prefecture), SQL_STR(place->city)), &query, error));
        bool known = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        return known ? ok() : fail(error, MITOME_E_VALUE, "path", NULL);
}

/* What has ended is left out a day later: who asks of it on its last day still finds it. */
static mitome_status tell_revoked(void *context, enum authority_kind kind, const struct ca_place *place,
        const struct ca_visitor *visitor, mitome_error *error)
{
#define LISTED "SELECT serial, reason, at FROM certificate WHERE kind = ? AND status > 0 AND not_after > ?"
        struct authority_register *book = context;
        struct sql_query query = { 0 };
        int64_t since = party_now(book->party) - 86400;
        if (place)
                MITOME_TRY(check_town(book, place, error));
        if (!place)
                MITOME_TRY(sql_ask(book->store, LISTED, SQL_VALUES(SQL_INT(kind_of(kind)), SQL_INT(since)),
                        &query, error));
        else
                MITOME_TRY(sql_ask(book->store,
                        LISTED " AND town = (SELECT number FROM town WHERE prefecture = ? AND city = ?)",
                        SQL_VALUES(SQL_INT(kind_of(kind)), SQL_INT(since), SQL_STR(place->prefecture),
                                SQL_STR(place->city)),
                        &query, error));
        return show_listed(&query, visitor, error);
#undef LISTED
}

static mitome_status draw_number(
        struct authority_register *book, enum authority_kind kind, uint64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_do(book->store,
                "INSERT INTO list_number (kind, last) VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET last = last "
                "+ 1",
                SQL_VALUES(SQL_INT(kind_of(kind))), NULL, error));
        MITOME_TRY(sql_ask(book->store, "SELECT last FROM list_number WHERE kind = ?",
                SQL_VALUES(SQL_INT(kind_of(kind))), &query, error));
        uint64_t last = sql_next(&query) ? (uint64_t)sql_integer(&query, 0) : 0;
        MITOME_TRY(sql_end(&query));
        *ret = last;
        return ok();
}

static mitome_status next_number(void *context, enum authority_kind kind, uint64_t *ret, mitome_error *error)
{
        struct authority_register *book = context;
        uint64_t number;
        MITOME_TRY(sql_begin(book->store, error));
        mitome_status status = draw_number(book, kind, &number, error);
        if (!failed(status))
                status = sql_commit(book->store, error);
        if (failed(status)) {
                sql_rollback(book->store);
                return status;
        }
        *ret = number;
        return ok();
}

struct ca_source register_source(struct authority_register *book)
{
        return (struct ca_source){ book, tell_status, tell_revoked, next_number };
}
