/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include "cbor.h"
#include "digest.h"

#include <sodium.h>
#include <stdio.h>

enum { USER_VERIFICATION = 2 }; /* attestation/evidence/EVIDENCE.md */
enum { ACCOUNT_EVIDENCE = 2 }; /* the question to the authority, and its answer; behind them the credential */

const char account_schema[] =
        "CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, opened_at INTEGER NOT NULL);"
        /* Each certificate that ever opened an account: at most one, and one of an account at a time. */
        "CREATE TABLE account_certificate (issuer BLOB NOT NULL, serial BLOB NOT NULL, account INTEGER NOT "
        "NULL REFERENCES account (id), not_after INTEGER NOT NULL, since INTEGER NOT NULL, ended_at INTEGER, "
        "PRIMARY KEY (issuer, serial)) WITHOUT ROWID;"
        "CREATE UNIQUE INDEX account_certificate_live ON account_certificate (account) WHERE ended_at IS NULL;"
        "CREATE TABLE account_credential (id BLOB PRIMARY KEY, public_key BLOB NOT NULL, sign_count INTEGER "
        "NOT NULL, issuer BLOB NOT NULL, serial BLOB NOT NULL, FOREIGN KEY (issuer, serial) REFERENCES "
        "account_certificate (issuer, serial)) WITHOUT ROWID;"
        "CREATE TABLE account_try (issuer BLOB NOT NULL, serial BLOB NOT NULL, since INTEGER NOT NULL, count "
        "INTEGER NOT NULL, PRIMARY KEY (issuer, serial)) WITHOUT ROWID;"
        "CREATE TABLE account_subject (account INTEGER NOT NULL REFERENCES account (id), client TEXT NOT NULL, "
        "subject BLOB NOT NULL UNIQUE, PRIMARY KEY (account, client)) WITHOUT ROWID;";

/* ---- what is said to us ---- */

struct account_proof account_proof_of(
        const struct mitome_verdict *registration, const struct mitome_binding *binding)
{
        return (struct account_proof){
                .issuer = binding->issuer,
                .serial = binding->serial,
                .not_after = binding->not_after,
                .credential_id = registration->credential_id,
                .public_key = registration->public_key,
                .sign_count = registration->sign_count,
        };
}

static mitome_status check_proof(const struct account_proof *proof, mitome_error *error)
{
        const struct {
                const char *field;
                slice view;
                size_t most;
        } parts[] = {
                { "issuer", proof->issuer, ACCOUNT_ISSUER_MAX },
                { "serial", proof->serial, ACCOUNT_SERIAL_MAX },
                { "credential", proof->credential_id, ACCOUNT_CREDENTIAL_MAX },
                { "public key", proof->public_key, ACCOUNT_KEY_MAX },
        };
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
                if (parts[i].view.size == 0)
                        return fail(error, MITOME_E_VALUE, parts[i].field, NULL);
                if (parts[i].view.size > parts[i].most)
                        return fail(error, MITOME_E_TOO_LONG, parts[i].field, NULL);
        }
        return ok();
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

/* WebAuthn L3 7.1 #26: a credential is registered once, for one account. */
static mitome_status add_credential(
        struct sql_store *store, const struct account_proof *proof, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(store,
                "INSERT INTO account_credential (id, public_key, sign_count, issuer, serial) VALUES (?, ?, ?, "
                "?, ?) ON CONFLICT (id) DO NOTHING",
                SQL_VALUES(SQL_BYTES(proof->credential_id), SQL_BYTES(proof->public_key),
                        SQL_INT(proof->sign_count), SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial)),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_ACCOUNT_EXISTS, "credential", "WebAuthn L3 7.1 #26");
}

static mitome_status add_certificate(struct sql_store *store, int64_t account,
        const struct account_proof *proof, int64_t now, mitome_error *error)
{
        MITOME_TRY(sql_do(store,
                "INSERT INTO account_certificate (issuer, serial, account, not_after, since) VALUES (?, ?, ?, "
                "?, ?)",
                SQL_VALUES(SQL_BYTES(proof->issuer), SQL_BYTES(proof->serial), SQL_INT(account),
                        SQL_INT(proof->not_after), SQL_INT(now)),
                NULL, error));
        return add_credential(store, proof, error);
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
        char subject[8 + 2 * ACCOUNT_SERIAL_MAX + 1] = "serial:";
        sodium_bin2hex(subject + 7, sizeof subject - 7, proof->serial.data, proof->serial.size);
        struct journal_decision decision = {
                .what = what, .outcome = outcome, .subject = slice_text(subject), .reason = reason
        };
        for (size_t i = 0; evidence && i < ACCOUNT_EVIDENCE; i++)
                decision.evidence[decision.evidence_count++] = evidence[i];
        MITOME_TRY(cite_credential(&decision.evidence[decision.evidence_count++], proof, error));
        return party_decide(portal, &decision, error);
}

/* ---- opening ---- */

static mitome_status insert_account(
        struct sql_store *store, slice name, int64_t now, int64_t *ret, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(store, "INSERT INTO account (name, opened_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                SQL_VALUES(SQL_TEXT_OF(name), SQL_INT(now)), &changed, error));
        if (!changed)
                return fail(error, MITOME_E_ACCOUNT_EXISTS, "name", NULL);
        *ret = sql_last_row(store);
        return ok();
}

static mitome_status create(
        struct party *portal, slice name, const struct account_proof *proof, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        const int64_t now = party_now(portal);
        int64_t account = 0;
        MITOME_TRY(check_unknown(store, proof, error));
        MITOME_TRY(insert_account(store, name, now, &account, error));
        MITOME_TRY(add_certificate(store, account, proof, now, error));
        return decide(portal, "open-account", "done", proof, NULL, NULL, error);
}

mitome_status account_create(
        struct party *portal, slice name, const struct account_proof *proof, mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        MITOME_TRY(check_name(name, error));
        MITOME_TRY(check_proof(proof, error));
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, create(portal, name, proof, error), error);
}

/* ---- logging in ---- */

static mitome_status copy_view(
        slice from, const char *field, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        MITOME_TRY(slice_copy(from, field, buffer, capacity, error));
        *ret = slice_of(buffer, from.size);
        return ok();
}

static mitome_status read_login(
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
        credential->sign_count = (uint32_t)sql_integer(query, 2);
        credential->certificate_not_after = sql_integer(query, 5);
        return sql_is_null(query, 6) ? ok() : fail(error, MITOME_E_ACCOUNT_ENDED, "certificate", NULL);
}

mitome_status account_find(
        struct party *portal, slice credential_id, struct account_login *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(party_store(portal),
                "SELECT a.name, c.public_key, c.sign_count, c.issuer, c.serial, k.not_after, k.ended_at "
                "FROM account_credential c JOIN account_certificate k USING (issuer, serial) "
                "JOIN account a ON a.id = k.account WHERE c.id = ?",
                SQL_VALUES(SQL_BYTES(credential_id)), &query, error));
        *ret = (struct account_login){ 0 };
        mitome_status status = sql_next(&query) ? read_login(&query, credential_id, ret, error)
                                                : fail(error, MITOME_E_ACCOUNT_UNKNOWN, "credential", NULL);
        MITOME_TRY(sql_end(&query));
        return status;
}

mitome_status account_logged_in(
        struct party *portal, const struct account_login *login, uint32_t sign_count, mitome_error *error)
{
        int64_t changed = 0;
        MITOME_TRY(sql_do(party_store(portal),
                "UPDATE account_credential SET sign_count = max(sign_count, ?) WHERE id = ? AND sign_count = ? AND EXISTS "
                "(SELECT 1 FROM account_certificate k WHERE k.issuer = account_credential.issuer "
                "AND k.serial = account_credential.serial AND k.ended_at IS NULL)",
                SQL_VALUES(SQL_INT(sign_count), SQL_BYTES(login->credential.id),
                        SQL_INT(login->credential.sign_count)),
                &changed, error));
        return changed ? ok() : fail(error, MITOME_E_ACCOUNT_CHANGED, "account", NULL);
}

/* ---- a new phone ---- */

/* The account as it was before the authority was asked. */
struct before {
        int64_t account;
        uint8_t serial[ACCOUNT_SERIAL_MAX];
        slice serial_view;
};

/* Also says "not yours" of what is not there, or of a certificate of another issuer: none of them can have
 * been followed by this one. */
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
                status = fail(error, MITOME_E_ACCOUNT_NOT_SUCCESSOR, "certificate", NULL);
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
                "ON CONFLICT (issuer, serial) DO UPDATE SET count = count + 1 WHERE count < ?",
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
        int64_t changed = 0;
        MITOME_TRY(check_unknown(store, proof, error));
        MITOME_TRY(sql_do(store,
                "UPDATE account_certificate SET ended_at = ? WHERE issuer = ? AND serial = ? AND account = ? "
                "AND ended_at IS NULL",
                SQL_VALUES(SQL_INT(now), SQL_BYTES(proof->issuer), SQL_BYTES(before->serial_view),
                        SQL_INT(before->account)),
                &changed, error));
        if (!changed)
                return fail(error, MITOME_E_ACCOUNT_CHANGED, "account", NULL);
        MITOME_TRY(add_certificate(store, before->account, proof, now, error));
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
        if (!yes)
                return refuse(portal, proof, evidence, error);
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, replace(portal, &before, proof, evidence, error), error);
}

/* ---- private IDs ---- */

/* The account that the login's credential opens now, not the one that it opened when it was looked up. */
static mitome_status find_account(
        struct sql_store *store, slice credential_id, int64_t *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store,
                "SELECT k.account, k.ended_at FROM account_credential c JOIN account_certificate k "
                "USING (issuer, serial) WHERE c.id = ?",
                SQL_VALUES(SQL_BYTES(credential_id)), &query, error));
        const bool there = sql_next(&query), ended = there && !sql_is_null(&query, 1);
        if (there)
                *ret = sql_integer(&query, 0);
        MITOME_TRY(sql_end(&query));
        if (!there)
                return fail(error, MITOME_E_ACCOUNT_UNKNOWN, "credential", NULL);
        return ended ? fail(error, MITOME_E_ACCOUNT_ENDED, "certificate", NULL) : ok();
}

static mitome_status name_subject(struct party *portal, slice credential_id, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        const struct mitome_random *random = party_random(portal);
        uint8_t drawn[ACCOUNT_SUBJECT_SIZE];
        struct sql_query query = { 0 };
        int64_t account = 0;
        MITOME_TRY(find_account(store, credential_id, &account, error));
        if (random->fill(random->context, drawn, sizeof drawn) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "subject", NULL);
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

mitome_status account_subject(struct party *portal, const struct account_login *login, slice client,
        uint8_t ret[ACCOUNT_SUBJECT_SIZE], mitome_error *error)
{
        struct sql_store *store = party_store(portal);
        if (client.size == 0 || client.size > ACCOUNT_CLIENT_MAX || !slice_is_utf8(client))
                return fail(error, MITOME_E_VALUE, "client", NULL);
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, name_subject(portal, login->credential.id, client, ret, error), error);
}
