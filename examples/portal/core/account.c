/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include "account_tables.h"
#include "authdata.h"
#include "cbor.h"
#include "digest.h"

#include <mitome/record.h>

#include <sodium.h>
#include <stdio.h>

enum { USER_VERIFICATION = 2 }; /* attestation/evidence/EVIDENCE.md */
enum { ACCOUNT_EVIDENCE = 2 }; /* the question to the authority, and its answer; behind them the credential */

const char account_schema[] = ACCOUNT_TABLES;

/* ---- what is said to us ---- */

struct account_proof account_proof_of(
        const struct mitome_verdict *registration, const struct mitome_binding *binding)
{
        const unsigned flags = registration->flags;
        struct account_proof proof = {
                .credential_id = registration->credential_id,
                .public_key = registration->public_key,
                .sign_count = registration->sign_count,
                .aaguid = registration->aaguid,
                .format = registration->format ? slice_text(registration->format) : slice_of(NULL, 0),
                .trust = registration->trust,
                .flags = (flags & AUTHDATA_BE ? ACCOUNT_BACKUP_ELIGIBLE : 0u) |
                         (flags & AUTHDATA_BS ? ACCOUNT_BACKED_UP : 0u),
        };
        if (binding) {
                proof.issuer = binding->issuer;
                proof.serial = binding->serial;
                proof.not_after = binding->not_after;
        }
        return proof;
}

static bool is_certified(const struct account_proof *proof)
{
        return proof->serial.size > 0;
}

static mitome_status check_name(slice name, mitome_error *error)
{
        if (name.size > ACCOUNT_NAME_MAX)
                return fail(error, MITOME_E_TOO_LONG, "name", NULL);
        if (name.size == 0 || !slice_is_utf8(name))
                return fail(error, MITOME_E_VALUE, "name", NULL);
        for (size_t i = 0; i < name.size; i++)
                if (name.data[i] < ' ')
                        return fail(error, MITOME_E_VALUE, "name", NULL);
        return ok();
}

static mitome_status check_passkey(const struct account_proof *proof, mitome_error *error)
{
        const struct {
                const char *field;
                slice view;
                size_t least, most;
        } parts[] = {
                { "credential", proof->credential_id, 1, ACCOUNT_CREDENTIAL_MAX },
                { "public key", proof->public_key, 1, ACCOUNT_KEY_MAX },
                { "issuer", proof->issuer, is_certified(proof), ACCOUNT_ISSUER_MAX },
                { "serial", proof->serial, proof->issuer.size > 0, ACCOUNT_SERIAL_MAX },
                { "aaguid", proof->aaguid, 0, ACCOUNT_AAGUID_SIZE },
                { "format", proof->format, 0, ACCOUNT_FORMAT_MAX },
                { "passkey's name", proof->name, 0, ACCOUNT_NAME_MAX },
                { "record", proof->record, 0, MITOME_RECORD_MAX },
                { "user handle", proof->handle, 0, ACCOUNT_HANDLE_SIZE },
        };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
                if (parts[i].view.size < parts[i].least)
                        return fail(error, MITOME_E_VALUE, parts[i].field, NULL);
                if (parts[i].view.size > parts[i].most)
                        return fail(error, MITOME_E_TOO_LONG, parts[i].field, NULL);
        }
        return proof->name.size ? check_name(proof->name, error) : ok();
}

/* What an account can be moved by, or opened under a name: a person's certificate. */
static mitome_status check_proof(const struct account_proof *proof, mitome_error *error)
{
        if (proof->issuer.size == 0)
                return fail(error, MITOME_E_VALUE, "issuer", NULL);
        return check_passkey(proof, error);
}

/* ---- what is kept ---- */

/* A certificate that opens an account, or did, can open no other, and not again. */
static mitome_status check_unknown(
        struct sql_store *store, const struct account_proof *proof, mitome_error *error)
{
        struct sql_query query = { 0 };
        bool ended = false;
        MITOME_TRY(sql_ask(store, "SELECT ended_at FROM account_certificate WHERE issuer = ? AND serial = ?",
                SQL_VALUES(SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial)), &query, error));
        const bool known = sql_next(&query);
        if (known)
                ended = !sql_is_null(&query, 0);
        MITOME_TRY(sql_end(&query));
        if (!known)
                return ok();
        return fail(error, ended ? MITOME_E_ACCOUNT_ENDED : MITOME_E_ACCOUNT_EXISTS, "certificate", NULL);
}

/* How many passkeys an account has: with what it may have none is added. */
static mitome_status check_room(struct sql_store *store, int64_t account, mitome_error *error)
{
        struct sql_query query = { 0 };
        int64_t count = 0;
        MITOME_TRY(sql_ask(store, "SELECT count(*) FROM account_credential WHERE account = ?",
                SQL_VALUES(SQL_INT(account)), &query, error));
        if (sql_next(&query))
                count = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        return count < ACCOUNT_CREDENTIALS ? ok() : fail(error, MITOME_E_CREDENTIAL_LIMIT, "passkeys", NULL);
}

/* A row that was put in by a question that names its number, or none (*ret 0), where there was one already.
 */
static mitome_status insert_row(struct sql_store *store, const char *sql, const struct sql_value *values,
        size_t count, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, sql, values, count, &query, error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

static mitome_status keep_record(
        struct sql_store *store, int64_t credential, slice record, mitome_error *error)
{
        return record.size ? sql_do(store, "INSERT INTO account_record (credential, record) VALUES (?, ?)",
                                     SQL_VALUES(SQL_INT(credential), SQL_BYTES(record)), NULL, error)
                           : ok();
}

/* WebAuthn L3 7.1 #26: a credential is registered once, for one account. `certificate` 0: none. */
static mitome_status add_credential(struct party *portal, int64_t account, int64_t certificate,
        const struct account_proof *proof, int64_t *ret, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        int64_t number = 0;
        MITOME_TRY(check_room(store, account, error));
        MITOME_TRY(insert_row(store,
                "INSERT INTO account_credential (id, account, certificate, public_key, handle, sign_count, flags, "
                "trust, transports, aaguid, format, name, created, last_used) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) "
                "ON CONFLICT (id) DO NOTHING RETURNING number",
                SQL_VALUES(SQL_BYTES(proof->credential_id), SQL_INT(account),
                        certificate ? SQL_INT(certificate) : SQL_NONE, SQL_BYTES(proof->public_key),
                        sql_bytes_or_none(proof->handle), SQL_INT(proof->sign_count), SQL_INT(proof->flags),
                        SQL_INT(proof->trust), SQL_INT(proof->transports), SQL_BYTES(proof->aaguid),
                        SQL_TEXT_OF(proof->format), SQL_TEXT_OF(proof->name), SQL_INT(party_now(portal))),
                &number, error));
        if (!number)
                return fail(error, MITOME_E_ACCOUNT_EXISTS, "credential", "WebAuthn L3 7.1 #26");
        MITOME_TRY(keep_record(store, number, proof->record, error));
        *ret = number;
        return ok();
}

static mitome_status add_certificate(struct party *portal, int64_t account, const struct account_proof *proof,
        int64_t *ret_credential, mitome_error *error)
{
        int64_t number = 0;
        MITOME_TRY(insert_row(party_store(portal),
                "INSERT INTO account_certificate (issuer, serial, account, not_after, since) VALUES (?, ?, ?, "
                "?, ?) ON CONFLICT DO NOTHING RETURNING number",
                SQL_VALUES(SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial), SQL_INT(account),
                        SQL_INT(proof->not_after), SQL_INT(party_now(portal))),
                &number, error));
        return number ? add_credential(portal, account, number, proof, ret_credential, error)
                      : fail(error, MITOME_E_ACCOUNT_EXISTS, "certificate", NULL);
}

/* What the account is opened by: the credential, and the certificate that it is bound to, as they are kept.
 */
static mitome_status cite_credential(
        struct journal_evidence *ret, const struct account_proof *proof, mitome_error *error)
{
        uint8_t bytes[ACCOUNT_ISSUER_MAX + ACCOUNT_SERIAL_MAX + ACCOUNT_CREDENTIAL_MAX + ACCOUNT_KEY_MAX +
                      16];
        writer w = WRITER(bytes);
        slice written;
        cbor_write_array(&w, 4);
        cbor_write_bytes(&w, proof->issuer);
        cbor_write_bytes(&w, proof->serial);
        cbor_write_bytes(&w, proof->credential_id);
        cbor_write_bytes(&w, proof->public_key);
        MITOME_TRY(writer_finish(&w, "credential", &written, error));
        ret->kind = "credential";
        sha256(&written, 1, ret->digest);
        return ok();
}

static mitome_status decide(struct party *portal, const char *what, const char *outcome,
        const struct account_proof *proof, const struct journal_evidence *evidence, const char *reason,
        mitome_error *error)
{
        char subject[JOURNAL_SUBJECT_BUFFER];
        struct journal_decision decision = { .what = what, .outcome = outcome, .reason = reason };
        if (is_certified(proof))
                decision.subject = journal_subject_hex(subject, "serial", proof->serial);
        for (size_t i = 0; evidence && i < ACCOUNT_EVIDENCE; i++)
                decision.evidence[decision.evidence_count++] = evidence[i];
        MITOME_TRY(cite_credential(&decision.evidence[decision.evidence_count++], proof, error));
        return party_decide(portal, &decision, error);
}

/* ---- opening ---- */

static mitome_status insert_account(
        struct party *portal, slice handle, slice name, slice display, int64_t *ret, mitome_error *error)
{
        return insert_row(party_store(portal),
                "INSERT INTO account (handle, name, display, closed, epoch, opened_at) VALUES (?, ?, ?, 0, 1, ?) "
                "ON CONFLICT DO NOTHING RETURNING id",
                SQL_VALUES(SQL_BYTES(handle), SQL_TEXT_OF(name), SQL_TEXT_OF(display),
                        SQL_INT(party_now(portal))),
                ret, error);
}

static mitome_status draw(struct party *portal, uint8_t *bytes, size_t size, mitome_error *error)
{
        const struct mitome_random *random = party_random(portal);
        return random->fill(random->context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, "account", NULL);
}

static mitome_status create(struct party *portal, int64_t account, const struct account_proof *proof,
        struct account_opened *ret, mitome_error *error)
{
        struct account_opened opened = { .account = account };
        if (is_certified(proof)) {
                MITOME_TRY(check_unknown(party_store(portal), proof, error));
                MITOME_TRY(add_certificate(portal, account, proof, &opened.credential, error));
        } else {
                MITOME_TRY(add_credential(portal, account, 0, proof, &opened.credential, error));
        }
        MITOME_TRY(decide(portal, "open-account", "done", proof, NULL, NULL, error));
        *ret = opened;
        return ok();
}

static mitome_status create_named(struct party *portal, slice name, const struct account_proof *proof,
        struct account_opened *ret, mitome_error *error)
{
        uint8_t handle[ACCOUNT_HANDLE_SIZE];
        int64_t account = 0;
        MITOME_TRY(check_unknown(party_store(portal), proof, error));
        MITOME_TRY(draw(portal, handle, sizeof handle, error));
        MITOME_TRY(insert_account(portal, SLICE(handle), name, name, &account, error));
        return account ? create(portal, account, proof, ret, error)
                       : fail(error, MITOME_E_ACCOUNT_EXISTS, "name", NULL);
}

mitome_status account_create(
        struct party *portal, slice name, const struct account_proof *proof, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        struct account_opened opened;
        MITOME_TRY(check_name(name, error));
        MITOME_TRY(check_proof(proof, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, create_named(portal, name, proof, &opened, error), error);
}

/* Twelve digits: nobody guesses the name of an account, and nobody finds out which there are by choosing one.
 */
static mitome_status draw_name(struct party *portal, char ret[16], mitome_error *error)
{
        uint8_t bytes[8];
        uint64_t number = 0;
        MITOME_TRY(draw(portal, bytes, sizeof bytes, error));
        reader r = reader_over(SLICE(bytes), NULL, error);
        MITOME_TRY(read_u64(&r, "account", &number));
        number %= 1000000000000u;
        snprintf(ret, 16, "%04u-%04u-%04u", (unsigned)(number / 100000000u),
                (unsigned)(number / 10000u % 10000u), (unsigned)(number % 10000u));
        return ok();
}

static mitome_status open_account(struct party *portal, slice handle, slice display,
        const struct account_proof *proof, struct account_opened *ret, mitome_error *error)
{
        enum { DRAWS = 8 };
        int64_t account = 0;
        for (unsigned i = 0; i < DRAWS && !account; i++) {
                char name[16];
                MITOME_TRY(draw_name(portal, name, error));
                MITOME_TRY(insert_account(portal, handle, slice_text(name), display, &account, error));
        }
        return account ? create(portal, account, proof, ret, error)
                       : fail(error, MITOME_E_ACCOUNT_EXISTS, "user handle", NULL);
}

mitome_status account_open(struct party *portal, slice handle, slice display,
        const struct account_proof *proof, struct account_opened *ret, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        if (handle.size != ACCOUNT_HANDLE_SIZE)
                return fail(error, MITOME_E_ARGUMENT, "user handle", NULL);
        if (display.size)
                MITOME_TRY(check_name(display, error));
        MITOME_TRY(check_passkey(proof, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, open_account(portal, handle, display, proof, ret, error), error);
}

/* ---- one more passkey ---- */

static mitome_status check_open(struct sql_store *store, int64_t account, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, "SELECT closed FROM account WHERE id = ?", SQL_VALUES(SQL_INT(account)),
                &query, error));
        const bool there = sql_next(&query), closed = there && sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        if (!there)
                return fail(error, MITOME_E_ACCOUNT_UNKNOWN, "account", NULL);
        return closed ? fail(error, MITOME_E_ACCOUNT_CLOSED, "account", NULL) : ok();
}

/* *ret is the account's own live certificate when the proof is of it, else 0. */
static mitome_status find_own_certificate(struct sql_store *store, int64_t account,
        const struct account_proof *proof, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store,
                "SELECT number FROM account_certificate WHERE issuer = ? AND serial = ? AND account = ? AND "
                "ended_at IS NULL",
                SQL_VALUES(SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial), SQL_INT(account)), &query,
                error));
        *ret = sql_next(&query) ? sql_integer(&query, 0) : 0;
        return sql_end(&query);
}

static mitome_status add(struct party *portal, int64_t account, const struct account_proof *proof,
        int64_t *ret_credential, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        int64_t certificate = 0, number = 0;
        MITOME_TRY(check_open(store, account, error));
        if (is_certified(proof))
                MITOME_TRY(find_own_certificate(store, account, proof, &certificate, error));
        if (is_certified(proof) && !certificate) {
                MITOME_TRY(check_unknown(store, proof, error));
                MITOME_TRY(add_certificate(portal, account, proof, &number, error));
        } else {
                MITOME_TRY(add_credential(portal, account, certificate, proof, &number, error));
        }
        MITOME_TRY(decide(portal, "add-credential", "done", proof, NULL, NULL, error));
        *ret_credential = number;
        return ok();
}

mitome_status account_add(struct party *portal, int64_t account, const struct account_proof *proof,
        int64_t *ret_credential, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        MITOME_TRY(check_passkey(proof, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, add(portal, account, proof, ret_credential, error), error);
}

mitome_status account_close(struct party *portal, int64_t account, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(
                sql_do(party_store(portal), "UPDATE account SET closed = 1, epoch = epoch + 1 WHERE id = ?",
                        SQL_VALUES(SQL_INT(account)), &changed, error));
        return changed ? ok() : fail(error, MITOME_E_ACCOUNT_UNKNOWN, "account", NULL);
}

/* ---- logging in ---- */

static mitome_status copy_view(
        slice from, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        MITOME_TRY(slice_copy(from, field, buffer, capacity, error));
        *ret = slice_of(buffer, from.size);
        return ok();
}

static mitome_status read_names(
        const struct sql_query *query, slice credential_id, struct account_login *login, mitome_error *error)
{
        slice name;
        struct mitome_credential *credential = &login->credential;
        MITOME_TRY(copy_view(
                sql_bytes(query, 0), "account.name", (uint8_t *)login->name, ACCOUNT_NAME_MAX, &name, error));
        login->name[name.size] = '\0';
        MITOME_TRY(copy_view(credential_id, "credential", login->credential_id, sizeof login->credential_id,
                &credential->id, error));
        MITOME_TRY(copy_view(sql_bytes(query, 1), "public key", login->public_key, sizeof login->public_key,
                &credential->public_key, error));
        MITOME_TRY(copy_view(sql_bytes(query, 3), "issuer", login->issuer, sizeof login->issuer,
                &credential->certificate_issuer, error));
        MITOME_TRY(copy_view(sql_bytes(query, 4), "serial", login->serial, sizeof login->serial,
                &credential->certificate_serial, error));
        MITOME_TRY(
                slice_copy(sql_bytes(query, 11), "user handle", login->handle, sizeof login->handle, error));
        MITOME_TRY(copy_view(sql_bytes(query, 15), "format", login->format_name, sizeof login->format_name,
                &login->format, error));
        return slice_copy(sql_bytes(query, 12), "aaguid", login->aaguid, sizeof login->aaguid, error);
}

static mitome_status read_login(
        const struct sql_query *query, slice credential_id, struct account_login *login, mitome_error *error)
{
        struct mitome_credential *credential = &login->credential;
        MITOME_TRY(read_names(query, credential_id, login, error));
        credential->sign_count = (uint32_t)sql_integer(query, 2);
        credential->certificate_not_after = sql_integer(query, 5);
        login->account = sql_integer(query, 7);
        login->number = sql_integer(query, 8);
        login->epoch = sql_integer(query, 9);
        login->closed = sql_integer(query, 10) != 0;
        login->flags = (unsigned)sql_integer(query, 13);
        login->trust = (enum mitome_trust_result)sql_integer(query, 14);
        credential->backup_eligible = login->flags & ACCOUNT_BACKUP_ELIGIBLE;
        return sql_is_null(query, 6) ? ok() : fail(error, MITOME_E_ACCOUNT_ENDED, "certificate", NULL);
}

mitome_status account_find(
        struct party *portal, slice credential_id, struct account_login *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal),
                "SELECT a.name, c.public_key, c.sign_count, k.issuer, k.serial, k.not_after, k.ended_at, a.id, "
                "c.number, a.epoch, a.closed, COALESCE(c.handle, a.handle), c.aaguid, c.flags, c.trust, "
                "c.format "
                "FROM account_credential c JOIN account a ON a.id = c.account "
                "LEFT JOIN account_certificate k ON k.number = c.certificate WHERE c.id = ?",
                SQL_VALUES(SQL_BYTES(credential_id)), &query, error));
        *ret = (struct account_login){ 0 };
        mitome_status status = sql_next(&query) ? read_login(&query, credential_id, ret, error)
                               : failed(query.status)
                                       ? ok()
                                       : fail(error, MITOME_E_ACCOUNT_UNKNOWN, "credential", NULL);
        MITOME_TRY(sql_end(&query));
        return status;
}

static mitome_status note_login(struct party *portal, const struct account_login *login, uint32_t sign_count,
        int64_t flags, int64_t now, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(party_store(portal),
                "UPDATE account_credential SET sign_count = CASE WHEN sign_count < ? THEN ? ELSE sign_count END, "
                "flags = ?, last_used = ? WHERE number = ? AND sign_count = ? AND (certificate IS NULL OR EXISTS "
                "(SELECT 1 FROM account_certificate k WHERE k.number = account_credential.certificate "
                "AND k.ended_at IS NULL))",
                SQL_VALUES(SQL_INT(sign_count), SQL_INT(sign_count), SQL_INT(flags), SQL_INT(now),
                        SQL_INT(login->number), SQL_INT(login->credential.sign_count)),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_ACCOUNT_CHANGED, "account", NULL);
}

mitome_status account_used(struct party *portal, const struct account_login *login, uint32_t sign_count,
        bool backed_up, mitome_error *error)
{
        const unsigned kept = login->flags & ~(unsigned)ACCOUNT_BACKED_UP;
        return note_login(portal, login, sign_count, kept | (backed_up ? ACCOUNT_BACKED_UP : 0u),
                party_now(portal), error);
}

mitome_status account_logged_in(
        struct party *portal, const struct account_login *login, uint32_t sign_count, mitome_error *error)
{
        return note_login(portal, login, sign_count, login->flags, party_now(portal), error);
}

/* ---- a new phone ---- */

/* The account as it was before the authority was asked. */
struct before {
        int64_t account; /* 0: none that this certificate could have followed */
        uint8_t serial[ACCOUNT_SERIAL_MAX];
        slice serial_view;
};

/* Of what is not there, or has a certificate of another issuer, the authority is asked whether this
 * certificate followed itself: who tries account numbers hears the same, after the same time, whether there
 * is one. */
static mitome_status read_before(struct sql_store *store, slice name, const struct account_proof *proof,
        struct before *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store,
                "SELECT a.id, k.serial FROM account a JOIN account_certificate k ON k.account = a.id "
                "WHERE a.name = ? AND k.issuer = ? AND k.ended_at IS NULL",
                SQL_VALUES(SQL_TEXT_OF(name), SQL_BYTES(proof->issuer)), &query, error));
        mitome_status status;
        if (sql_next(&query)) {
                ret->account = sql_integer(&query, 0);
                status = copy_view(sql_bytes(&query, 1), "serial", ret->serial, sizeof ret->serial,
                        &ret->serial_view, error);
        } else {
                status = copy_view(
                        proof->serial, "serial", ret->serial, sizeof ret->serial, &ret->serial_view, error);
        }
        MITOME_TRY(sql_end(&query));
        return status;
}

/* One more try of this certificate: written before anything is asked. A window that lies ahead is of a clock
 * that was set back. */
static mitome_status count_try(
        struct sql_store *store, const struct account_proof *proof, int64_t now, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(store, "DELETE FROM account_try WHERE since <= ? OR since > ?",
                SQL_VALUES(SQL_INT(now - ACCOUNT_TRIES_S), SQL_INT(now)), NULL, error));
        MITOME_TRY(sql_do(store,
                "INSERT INTO account_try (issuer, serial, since, count) VALUES (?, ?, ?, 1) "
                "ON CONFLICT (issuer, serial) DO UPDATE SET count = account_try.count + 1 WHERE account_try.count < ?",
                SQL_VALUES(SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial), SQL_INT(now),
                        SQL_INT(ACCOUNT_TRIES)),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_ACCOUNT_TRIES_SPENT, "certificate", NULL);
}

/* A question that nobody heard costs nothing. */
static mitome_status uncount_try(
        struct sql_store *store, const struct account_proof *proof, mitome_error *error)
{
        return sql_do(store, "UPDATE account_try SET count = count - 1 WHERE issuer = ? AND serial = ?",
                SQL_VALUES(SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial)), NULL, error);
}

static mitome_status read_yes(slice body, bool *ret, mitome_error *error)
{
        struct cbor_reader r = cbor_over(body, "answer to successor", error);
        struct cbor_members map;
        struct cbor_key key = { 0 };
        bool more = false, yes = false;
        MITOME_TRY(cbor_open_map(&r, "successor", 1, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        if (!more || key.is_text || key.number != 1)
                return fail(error, MITOME_E_MISSING, "successor.1", NULL);
        MITOME_TRY(cbor_read_bool(&r, "successor.1", &yes));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_end(&r, "successor"));
        *ret = yes;
        return ok();
}

static void write_question(const struct before *before, const struct account_proof *proof, writer *out)
{
        uint8_t issuer[SHA256_SIZE];
        sha256(&proof->issuer, 1, issuer);
        cbor_write_map(out, 4);
        cbor_write_uint(out, 1);
        cbor_write_uint(out, USER_VERIFICATION);
        cbor_write_uint(out, 2);
        cbor_write_bytes(out, SLICE(issuer));
        cbor_write_uint(out, 3);
        cbor_write_bytes(out, before->serial_view);
        cbor_write_uint(out, 4);
        cbor_write_bytes(out, proof->serial);
}

static mitome_status ask_authority(struct party *portal, const struct before *before,
        const struct account_proof *proof, bool *ret, struct journal_evidence ret_evidence[ACCOUNT_EVIDENCE],
        mitome_error *error)
{
        uint8_t body[256], buffer[LETTER_MAX], id[LETTER_ID_SIZE];
        writer out = WRITER(body);
        slice question, said;
        write_question(before, proof, &out);
        MITOME_TRY(writer_finish(&out, "successor", &question, error));
        MITOME_TRY(party_make_id(portal, id, error));
        MITOME_TRY(
                party_call(portal, PARTY_AUTHORITY, "successor", id, question, buffer, &said, NULL, error));
        party_call_evidence(portal, ret_evidence);
        return read_yes(said, ret, error);
}

/* Ends the old certificate, if it still is the account's, and puts the new one in its place. */
static mitome_status replace(struct party *portal, const struct before *before,
        const struct account_proof *proof, const struct journal_evidence *evidence, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        const int64_t now = party_now(portal);
        int64_t changed = 0, credential = 0;
        MITOME_TRY(check_unknown(store, proof, error));
        MITOME_TRY(sql_do(store,
                "UPDATE account_certificate SET ended_at = ? WHERE issuer = ? AND serial = ? AND account = ? "
                "AND ended_at IS NULL",
                SQL_VALUES(SQL_INT(now), SQL_BYTES(proof->issuer), SQL_BYTES(before->serial_view),
                        SQL_INT(before->account)),
                &changed, error));
        if (!changed)
                return fail(error, MITOME_E_ACCOUNT_CHANGED, "account", NULL);
        MITOME_TRY(add_certificate(portal, before->account, proof, &credential, error));
        MITOME_TRY(sql_do(store, "UPDATE account SET epoch = epoch + 1 WHERE id = ?",
                SQL_VALUES(SQL_INT(before->account)), NULL, error)); /* sessions of the old phone are over */
        return decide(portal, "move-account", "done", proof, evidence, NULL, error);
}

static mitome_status refuse(struct party *portal, const struct account_proof *proof,
        const struct journal_evidence *evidence, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        MITOME_TRY(sql_begin(store, error));
        MITOME_TRY(sql_settle(store,
                decide(portal, "move-account", "refused", proof, evidence, "1274 ACCOUNT_NOT_SUCCESSOR",
                        error),
                error));
        return fail(error, MITOME_E_ACCOUNT_NOT_SUCCESSOR, "certificate", NULL);
}

mitome_status account_move(
        struct party *portal, slice name, const struct account_proof *proof, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        struct journal_evidence evidence[ACCOUNT_EVIDENCE] = { 0 };
        struct before before = { 0 };
        bool yes = false;
        MITOME_TRY(check_name(name, error));
        MITOME_TRY(check_proof(proof, error));
        MITOME_TRY(check_unknown(store, proof, error));
        MITOME_TRY(count_try(store, proof, party_now(portal), error));
        MITOME_TRY(read_before(store, name, proof, &before, error));
        mitome_status status = ask_authority(portal, &before, proof, &yes, evidence, error);
        if (status.code == MITOME_E_UNREACHABLE)
                MITOME_TRY(uncount_try(store, proof, error));
        MITOME_TRY(status);
        if (!yes || !before.account)
                return refuse(portal, proof, evidence, error);
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, replace(portal, &before, proof, evidence, error), error);
}

/* ---- private IDs ---- */

static mitome_status name_subject(struct party *portal, int64_t account, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        uint8_t drawn[ACCOUNT_SUBJECT_SIZE];
        struct sql_query query = { 0 };
        MITOME_TRY(draw(portal, drawn, sizeof drawn, error));
        MITOME_TRY(sql_do(store,
                "INSERT INTO account_subject (account, client, subject) VALUES (?, ?, ?) "
                "ON CONFLICT (account, client) DO NOTHING",
                SQL_VALUES(SQL_INT(account), SQL_TEXT_OF(client), SQL_BYTES(SLICE(drawn))), NULL, error));
        MITOME_TRY(sql_ask(store, "SELECT subject FROM account_subject WHERE account = ? AND client = ?",
                SQL_VALUES(SQL_INT(account), SQL_TEXT_OF(client)), &query, error));
        mitome_status status = sql_next(&query) ? slice_copy(sql_bytes(&query, 0), "subject", ret,
                                                          ACCOUNT_SUBJECT_SIZE, error)
                                                : fail(error, MITOME_E_SQL_FAILED, "subject", NULL);
        mitome_status ended = sql_end(&query);
        return failed(status) ? status : ended;
}

/* Of the account that the login's credential opens now, not the one that it opened when it was looked up. */
static mitome_status name_subject_of_login(struct party *portal, slice credential_id, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        struct account_login now;
        MITOME_TRY(account_find(portal, credential_id, &now, error));
        return name_subject(portal, now.account, client, ret, error);
}

static mitome_status check_client(slice client, mitome_error *error)
{
        if (client.size == 0 || client.size > ACCOUNT_CLIENT_MAX || !slice_is_utf8(client))
                return fail(error, MITOME_E_VALUE, "client", NULL);
        return ok();
}

mitome_status account_subject(struct party *portal, const struct account_login *login, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        MITOME_TRY(check_client(client, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(
                store, name_subject_of_login(portal, login->credential.id, client, ret, error), error);
}

static mitome_status name_subject_of(struct party *portal, int64_t account, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        MITOME_TRY(check_open(party_store(portal), account, error));
        return name_subject(portal, account, client, ret, error);
}

mitome_status account_subject_of(struct party *portal, int64_t account, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        MITOME_TRY(check_client(client, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, name_subject_of(portal, account, client, ret, error), error);
}
