/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_store.h"

const char oidc_schema_step[] =
        "CREATE TABLE oidc_code (digest BLOB PRIMARY KEY, client TEXT NOT NULL, subject BLOB NOT NULL, "
        "session INTEGER NOT NULL, authenticated INTEGER NOT NULL, level TEXT NOT NULL, acr TEXT NOT NULL, "
        "amr TEXT NOT NULL, account INTEGER NOT NULL, expires INTEGER NOT NULL, redirect_uri TEXT NOT NULL, "
        "nonce TEXT, challenge BLOB NOT NULL, spent INTEGER NOT NULL);"
        "CREATE INDEX oidc_code_expires ON oidc_code (expires);"
        "CREATE INDEX oidc_code_session ON oidc_code (session);"
        "CREATE TABLE oidc_token (digest BLOB PRIMARY KEY, code BLOB NOT NULL UNIQUE, client TEXT NOT NULL, "
        "subject BLOB NOT NULL, session INTEGER NOT NULL, authenticated INTEGER NOT NULL, level TEXT NOT NULL, "
        "acr TEXT NOT NULL, amr TEXT NOT NULL, account INTEGER NOT NULL, expires INTEGER NOT NULL);"
        "CREATE INDEX oidc_token_expires ON oidc_token (expires);"
        "CREATE INDEX oidc_token_session ON oidc_token (session);"
        "CREATE TABLE oidc_consent (account INTEGER NOT NULL, client TEXT NOT NULL, agreed INTEGER NOT NULL, "
        "PRIMARY KEY (account, client));";

/* A code is remembered as long as the token that it can give: so long may somebody bring it again. */
enum { CODE_REMEMBERED_S = OIDC_CODE_S + OIDC_ACCESS_S };

static void digest_of(slice secret, uint8_t ret_digest[SHA256_SIZE])
{
        sha256(&secret, 1, ret_digest);
}

static struct sql_value text_or_none(slice text)
{
        return text.data ? SQL_TEXT_OF(text) : SQL_NONE;
}

mitome_status oidc_keep_code(
        struct sql_store *store, slice code, const struct oidc_grant *grant, int64_t now, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        const struct oidc_login *login = &grant->login;
        digest_of(code, digest);
        MITOME_TRY(sql_do(store, "DELETE FROM oidc_code WHERE expires <= ?",
                SQL_VALUES(SQL_INT(now - CODE_REMEMBERED_S)), NULL, error));
        return sql_do(store,
                "INSERT INTO oidc_code (digest, client, subject, session, authenticated, level, acr, amr, account, "
                "expires, redirect_uri, nonce, challenge, spent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                SQL_VALUES(SQL_BYTES(SLICE(digest)), SQL_TEXT_OF(grant->client),
                        SQL_BYTES(SLICE(grant->subject)), SQL_INT(login->session),
                        SQL_INT(login->authenticated), SQL_TEXT_OF(login->level), SQL_TEXT_OF(login->acr),
                        SQL_TEXT_OF(login->amr), SQL_INT(login->account), SQL_INT(now + OIDC_CODE_S),
                        SQL_TEXT_OF(grant->redirect_uri), text_or_none(grant->nonce),
                        SQL_BYTES(SLICE(grant->challenge))),
                NULL, error);
}

/* ---- out of the store ---- */

static mitome_status keep_view(writer *w, slice from, slice *ret, mitome_error *error)
{
        uint8_t *place = write_space(w, from.size);
        if (!place)
                return fail(error, MITOME_E_BUFFER_FULL, "grant", NULL);
        MITOME_TRY(slice_copy(from, "grant", place, from.size, error));
        *ret = slice_of(place, from.size);
        return ok();
}

/* Both tables have these columns first. */
#define GRANT_COLUMNS "client, subject, session, authenticated, level, acr, amr, account, expires"
enum { COLUMN_EXPIRES = 8, COLUMN_REDIRECT, COLUMN_NONCE, COLUMN_CHALLENGE };

static mitome_status read_grant(
        const struct sql_query *query, struct oidc_granted *ret, writer *w, mitome_error *error)
{
        struct oidc_grant *grant = &ret->grant;
        *grant = (struct oidc_grant){ 0 };
        MITOME_TRY(keep_view(w, sql_bytes(query, 0), &grant->client, error));
        MITOME_TRY(slice_copy(sql_bytes(query, 1), "subject", grant->subject, OIDC_SUBJECT_SIZE, error));
        grant->login.session = sql_integer(query, 2);
        grant->login.authenticated = sql_integer(query, 3);
        MITOME_TRY(keep_view(w, sql_bytes(query, 4), &grant->login.level, error));
        MITOME_TRY(keep_view(w, sql_bytes(query, 5), &grant->login.acr, error));
        MITOME_TRY(keep_view(w, sql_bytes(query, 6), &grant->login.amr, error));
        grant->login.account = sql_integer(query, 7);
        return ok();
}

static mitome_status read_code(
        const struct sql_query *query, int64_t now, struct oidc_granted *ret, mitome_error *error)
{
        writer w = WRITER(ret->text);
        MITOME_TRY(read_grant(query, ret, &w, error));
        MITOME_TRY(keep_view(&w, sql_bytes(query, COLUMN_REDIRECT), &ret->grant.redirect_uri, error));
        if (!sql_is_null(query, COLUMN_NONCE))
                MITOME_TRY(keep_view(&w, sql_bytes(query, COLUMN_NONCE), &ret->grant.nonce, error));
        MITOME_TRY(slice_copy(sql_bytes(query, COLUMN_CHALLENGE), "code_challenge", ret->grant.challenge,
                OIDC_CHALLENGE_SIZE, error));
        return sql_integer(query, COLUMN_EXPIRES) > now ? ok()
                                                        : fail(error, MITOME_E_OIDC_CODE, "code", NULL);
}

/* RFC 6749 4.1.2: whoever brings a code a second time has it from somewhere: what it gave ends. */
static mitome_status end_given(struct sql_store *store, slice digest, mitome_error *error)
{
        MITOME_TRY(sql_do(
                store, "DELETE FROM oidc_token WHERE code = ?", SQL_VALUES(SQL_BYTES(digest)), NULL, error));
        return fail(error, MITOME_E_OIDC_CODE, "code", "RFC 6749 4.1.2");
}

mitome_status oidc_spend_code(
        struct sql_store *store, slice code, int64_t now, struct oidc_granted *ret, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        struct sql_query query = { 0 };
        int64_t changed = 0;
        digest_of(code, digest);
        MITOME_TRY(sql_do(store, "UPDATE oidc_code SET spent = 1 WHERE digest = ? AND spent = 0",
                SQL_VALUES(SQL_BYTES(SLICE(digest))), &changed, error));
        if (!changed)
                return end_given(store, SLICE(digest), error);
        MITOME_TRY(sql_ask(store,
                "SELECT " GRANT_COLUMNS ", redirect_uri, nonce, challenge FROM oidc_code WHERE digest = ?",
                SQL_VALUES(SQL_BYTES(SLICE(digest))), &query, error));
        const mitome_status status = sql_next(&query) ? read_code(&query, now, ret, error)
                                                      : fail(error, MITOME_E_OIDC_CODE, "code", NULL);
        MITOME_TRY(sql_end(&query));
        return status;
}

/* ---- access tokens ---- */

mitome_status oidc_keep_token(struct sql_store *store, slice token, slice code,
        const struct oidc_grant *grant, int64_t now, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE], given[SHA256_SIZE];
        const struct oidc_login *login = &grant->login;
        digest_of(token, digest);
        digest_of(code, given);
        MITOME_TRY(sql_do(
                store, "DELETE FROM oidc_token WHERE expires <= ?", SQL_VALUES(SQL_INT(now)), NULL, error));
        return sql_do(store,
                "INSERT INTO oidc_token (digest, code, client, subject, session, authenticated, level, acr, amr, "
                "account, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                SQL_VALUES(SQL_BYTES(SLICE(digest)), SQL_BYTES(SLICE(given)), SQL_TEXT_OF(grant->client),
                        SQL_BYTES(SLICE(grant->subject)), SQL_INT(login->session),
                        SQL_INT(login->authenticated), SQL_TEXT_OF(login->level), SQL_TEXT_OF(login->acr),
                        SQL_TEXT_OF(login->amr), SQL_INT(login->account), SQL_INT(now + OIDC_ACCESS_S)),
                NULL, error);
}

static mitome_status read_token(
        const struct sql_query *query, int64_t now, struct oidc_granted *ret, mitome_error *error)
{
        writer w = WRITER(ret->text);
        MITOME_TRY(read_grant(query, ret, &w, error));
        return sql_integer(query, COLUMN_EXPIRES) > now
                       ? ok()
                       : fail(error, MITOME_E_OIDC_TOKEN, "access token", NULL);
}

mitome_status oidc_find_token(
        struct sql_store *store, slice token, int64_t now, struct oidc_granted *ret, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        struct sql_query query = { 0 };
        digest_of(token, digest);
        MITOME_TRY(sql_ask(store, "SELECT " GRANT_COLUMNS " FROM oidc_token WHERE digest = ?",
                SQL_VALUES(SQL_BYTES(SLICE(digest))), &query, error));
        const mitome_status status = sql_next(&query)
                                             ? read_token(&query, now, ret, error)
                                             : fail(error, MITOME_E_OIDC_TOKEN, "access token", NULL);
        MITOME_TRY(sql_end(&query));
        return status;
}

mitome_status oidc_end_session(struct sql_store *store, int64_t session, mitome_error *error)
{
        MITOME_TRY(sql_do(store, "DELETE FROM oidc_token WHERE session = ?", SQL_VALUES(SQL_INT(session)),
                NULL, error));
        return sql_do(
                store, "DELETE FROM oidc_code WHERE session = ?", SQL_VALUES(SQL_INT(session)), NULL, error);
}

/* ---- consent ---- */

mitome_status oidc_has_consent(
        struct sql_store *store, int64_t account, slice client, bool *ret, mitome_error *error)
{
        struct sql_query query = { 0 };
        MITOME_TRY(sql_ask(store, "SELECT agreed FROM oidc_consent WHERE account = ? AND client = ?",
                SQL_VALUES(SQL_INT(account), SQL_TEXT_OF(client)), &query, error));
        const bool has = sql_next(&query);
        MITOME_TRY(sql_end(&query));
        *ret = has;
        return ok();
}

mitome_status oidc_keep_consent(
        struct sql_store *store, int64_t account, slice client, int64_t now, mitome_error *error)
{
        return sql_do(store,
                "INSERT INTO oidc_consent (account, client, agreed) VALUES (?, ?, ?) ON CONFLICT (account, client) "
                "DO UPDATE SET agreed = excluded.agreed",
                SQL_VALUES(SQL_INT(account), SQL_TEXT_OF(client), SQL_INT(now)), NULL, error);
}
