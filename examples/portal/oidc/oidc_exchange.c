/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_exchange.h"

#include "hex_text.h"
#include "json.h"
#include "oidc_internal.h"
#include "session.h"
#include "web.h"

#include <sodium.h>

enum { FORM_MAX = 4096, SECRET_TEXT_MAX = 128, CREDENTIALS_MAX = 1024, CLAIMS_MAX = 1024 };

/* ---- answers ---- */

static void reply_json(struct oidc_reply *reply, unsigned status, const writer *w)
{
        reply->status = status;
        reply->body = writer_view(w);
}

/* RFC 6749 5.2 */
static void reply_error(struct oidc_reply *reply, unsigned status, const char *name, mitome_code code)
{
        writer w = WRITER(reply->buffer);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "error", name);
        json_write_close_object(&json);
        reply->code = code;
        reply_json(reply, status, &w);
}

/* Why a request is refused, and what the client hears of it. */
static const struct {
        mitome_code code;
        unsigned status;
        const char *name;
} refusals[] = {
        { MITOME_E_WEB_FORM, 400, "invalid_request" },
        { MITOME_E_OIDC_REQUEST, 400, "invalid_request" },
        { MITOME_E_OIDC_GRANT, 400, "unsupported_grant_type" },
        { MITOME_E_OIDC_CLIENT, 401, "invalid_client" },
        { MITOME_E_OIDC_CODE, 400, "invalid_grant" },
        { MITOME_E_OIDC_REDIRECT, 400, "invalid_grant" },
        { MITOME_E_OIDC_VERIFIER, 400, "invalid_grant" },
        { MITOME_E_SESSION_OVER, 400, "invalid_grant" },
        { MITOME_E_OIDC_TOKEN, 401, "invalid_token" },
};

/* settle makes the refusals answers; what is none of them is the machine's failure, and stays one. */
static mitome_status settle(struct oidc_reply *reply, mitome_status status)
{
        for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
                if (refusals[i].code == status.code) {
                        reply_error(reply, refusals[i].status, refusals[i].name, status.code);
                        return ok();
                }
        return status;
}

/* ---- who asks ---- */

struct form {
        slice grant_type, code, redirect_uri, code_verifier, client_id, client_secret;
        uint8_t text[FORM_MAX];
};

static mitome_status read_form(slice body, struct form *ret, mitome_error *error)
{
        const struct {
                const char *name;
                slice *value;
        } fields[] = {
                { "grant_type", &ret->grant_type },
                { "code", &ret->code },
                { "redirect_uri", &ret->redirect_uri },
                { "code_verifier", &ret->code_verifier },
                { "client_id", &ret->client_id },
                { "client_secret", &ret->client_secret },
        };
        writer w = WRITER(ret->text);
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
                if (failed(web_field(body, fields[i].name, &w, fields[i].value, NULL)))
                        return fail(error, MITOME_E_OIDC_REQUEST, fields[i].name, "RFC 6749 3.2");
        return ok();
}

/* RFC 6749 2.3.1: id and secret are each written as in a form before they are joined. */
static mitome_status decode_part(slice text, writer *w, slice *ret, mitome_error *error)
{
        reader r = reader_over(text, NULL, NULL);
        const size_t begin = w->used;
        while (r.rest.size) {
                uint8_t c = 0, high = 0, low = 0;
                MITOME_TRY(read_u8(&r, "credentials", &c));
                if (c == '%') {
                        if (failed(read_u8(&r, "credentials", &high)) ||
                                failed(read_u8(&r, "credentials", &low)) || hex_text_value(high) < 0 ||
                                hex_text_value(low) < 0)
                                return fail(error, MITOME_E_OIDC_CLIENT, "Authorization", "RFC 6749 2.3.1");
                        c = (uint8_t)(hex_text_value(high) << 4 | hex_text_value(low));
                } else if (c == '+') {
                        c = ' ';
                }
                write_u8(w, c);
        }
        const slice all = writer_view(w);
        reader parts = reader_over(all, NULL, NULL);
        slice before;
        MITOME_TRY(read_bytes(&parts, "credentials", begin, &before));
        *ret = read_rest(&parts);
        return w->overflowed ? fail(error, MITOME_E_OIDC_CLIENT, "Authorization", NULL) : ok();
}

struct credentials {
        slice id, secret;
        uint8_t text[CREDENTIALS_MAX];
        uint8_t plain[CREDENTIALS_MAX];
};

static bool is_scheme(reader *header, const char *scheme)
{
        const slice name = slice_text(scheme);
        slice taken;
        if (failed(read_bytes(header, "scheme", name.size, &taken)))
                return false;
        for (size_t i = 0; i < name.size; i++)
                if ((taken.data[i] | 0x20) != (name.data[i] | 0x20))
                        return false;
        return header->rest.size > 0 && header->rest.data[0] == ' ' &&
               !failed(read_bytes(header, "blank", 1, &taken));
}

static mitome_status read_basic(slice authorization, struct credentials *ret, mitome_error *error)
{
        reader header = reader_over(authorization, NULL, NULL);
        size_t size = 0, colon = 0;
        slice id, mark, secret;
        if (!is_scheme(&header, "Basic") ||
                sodium_base642bin(ret->text, sizeof ret->text, (const char *)header.rest.data,
                        header.rest.size, NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
                return fail(error, MITOME_E_OIDC_CLIENT, "Authorization", "RFC 7617 2");
        reader r = reader_over(slice_of(ret->text, size), NULL, NULL);
        while (colon < size && ret->text[colon] != ':')
                colon++;
        if (failed(read_bytes(&r, "id", colon, &id)) || failed(read_bytes(&r, "colon", 1, &mark)))
                return fail(error, MITOME_E_OIDC_CLIENT, "Authorization", "RFC 7617 2");
        secret = read_rest(&r);
        writer w = WRITER(ret->plain);
        MITOME_TRY(decode_part(id, &w, &ret->id, error));
        return decode_part(secret, &w, &ret->secret, error);
}

/* The same work, and the same answer, for a client that does not exist. */
static mitome_status check_secret(const struct oidc_client *client, slice secret, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE] = { 0 };
        const uint8_t nobody[SHA256_SIZE] = { 0 };
        sha256(&secret, 1, digest);
        const bool right = secret_equal(SLICE(digest), client ? SLICE(client->secret) : SLICE(nobody));
        bytes_wipe(digest, sizeof digest);
        return client && client->has_secret && right
                       ? ok()
                       : fail(error, MITOME_E_OIDC_CLIENT, "client_secret", NULL);
}

static mitome_status check_basic(const struct oidc *oidc, slice authorization, const struct form *form,
        const struct oidc_client **ret, mitome_error *error)
{
        struct credentials said = { 0 };
        mitome_status status = read_basic(authorization, &said, error);
        const struct oidc_client *client = failed(status) ? NULL : oidc_client_find(&oidc->clients, said.id);
        if (!failed(status))
                status = check_secret(client, said.secret, error);
        /* RFC 6749 2.3: one way, and one client. */
        if (!failed(status) && form->client_id.data && !slice_equal(form->client_id, client->id))
                status = fail(error, MITOME_E_OIDC_CLIENT, "client_id", "RFC 6749 2.3");
        bytes_wipe(&said, sizeof said);
        if (!failed(status))
                *ret = client;
        return status;
}

/* Who has a secret shows it: its id alone, which everybody knows, is nobody. */
static mitome_status check_public(
        const struct oidc *oidc, const struct form *form, const struct oidc_client **ret, mitome_error *error)
{
        const struct oidc_client *client = oidc_client_find(&oidc->clients, form->client_id);
        if (!client || client->has_secret)
                return fail(error, MITOME_E_OIDC_CLIENT, "client_id", "RFC 6749 3.2.1");
        *ret = client;
        return ok();
}

static mitome_status find_asker(const struct oidc *oidc, slice authorization, const struct form *form,
        const struct oidc_client **ret, mitome_error *error)
{
        if (form->client_secret.data)
                return fail(error, MITOME_E_OIDC_CLIENT, "client_secret", "RFC 9700 4.3");
        return authorization.size ? check_basic(oidc, authorization, form, ret, error)
                                  : check_public(oidc, form, ret, error);
}

/* ---- what the code was given for ---- */

static bool is_verifier(slice text)
{
        bool is = text.size >= 43 && text.size <= 128;
        for (size_t i = 0; i < text.size && is; i++) {
                const uint8_t c = text.data[i], letter = c | 0x20;
                is = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                     c == '_' || c == '~';
        }
        return is;
}

/* RFC 7636 4.6 */
static mitome_status check_verifier(slice verifier, const struct oidc_grant *grant, mitome_error *error)
{
        uint8_t digest[SHA256_SIZE];
        sha256(&verifier, 1, digest);
        return is_verifier(verifier) && secret_equal(SLICE(digest), SLICE(grant->challenge))
                       ? ok()
                       : fail(error, MITOME_E_OIDC_VERIFIER, "code_verifier", "RFC 7636 4.6");
}

static mitome_status check_grant(const struct oidc *oidc, const struct oidc_grant *grant,
        const struct oidc_client *client, const struct form *form, mitome_error *error)
{
        if (!slice_equal(grant->client, client->id))
                return fail(error, MITOME_E_OIDC_CODE, "client_id", "RFC 6749 4.1.3");
        if (!slice_equal(grant->redirect_uri, form->redirect_uri))
                return fail(error, MITOME_E_OIDC_REDIRECT, "redirect_uri", "RFC 6749 4.1.3");
        MITOME_TRY(check_verifier(form->code_verifier, grant, error));
        return session_lives(oidc->portal, grant->login.session, grant->login.account, error);
}

/* ---- tokens ---- */

static void write_methods(struct json_writer *json, slice methods)
{
        reader r = reader_over(methods, NULL, NULL);
        json_write_open_array(json, "amr");
        for (slice word = oidc_next_word(&r); word.size; word = oidc_next_word(&r))
                json_write_text(json, NULL, word);
        json_write_close_array(json);
}

static void write_who(struct json_writer *json, const struct oidc_grant *grant)
{
        json_write_base64url(json, "sub", SLICE(grant->subject));
        json_write_int(json, "auth_time", grant->login.authenticated);
        json_write_text(json, "acr", grant->login.acr);
        write_methods(json, grant->login.amr);
}

/* OpenID Connect Core 2, 3.1.3.6 */
static mitome_status write_id_token(const struct oidc *oidc, const struct oidc_grant *grant,
        slice access_token, writer *w, mitome_error *error)
{
        uint8_t buffer[CLAIMS_MAX], digest[SHA256_SIZE];
        writer out = WRITER(buffer);
        struct json_writer json = json_into(&out);
        const int64_t now = portal_now(oidc->portal);
        slice claims;
        sha256(&access_token, 1, digest);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "iss", oidc->issuer);
        json_write_text(&json, "aud", grant->client);
        json_write_int(&json, "iat", now);
        json_write_int(&json, "exp", now + OIDC_ID_TOKEN_S);
        write_who(&json, grant);
        if (grant->nonce.data)
                json_write_text(&json, "nonce", grant->nonce);
        json_write_base64url(&json, "at_hash", slice_of(digest, SHA256_SIZE / 2));
        json_write_close_object(&json);
        MITOME_TRY(writer_finish(&out, "ID token", &claims, error));
        return oidc_keys_sign(oidc->keys, claims, w, error);
}

static mitome_status give_tokens(struct oidc *oidc, slice code, const struct oidc_grant *grant,
        struct oidc_reply *reply, mitome_error *error)
{
        char access_token[OIDC_TOKEN_TEXT + 1];
        uint8_t buffer[OIDC_JWS_MAX];
        writer id_token = WRITER(buffer), w = WRITER(reply->buffer);
        struct json_writer json = json_into(&w);
        slice jws;
        MITOME_TRY(oidc_draw(oidc, access_token, error));
        const slice token = slice_text(access_token);
        MITOME_TRY(write_id_token(oidc, grant, token, &id_token, error));
        MITOME_TRY(writer_finish(&id_token, "ID token", &jws, error));
        MITOME_TRY(oidc_keep_token(oidc_store(oidc), token, code, grant, portal_now(oidc->portal), error));
        json_write_open_object(&json, NULL);
        json_write_text(&json, "access_token", token);
        json_write_string(&json, "token_type", "Bearer");
        json_write_int(&json, "expires_in", OIDC_ACCESS_S);
        json_write_string(&json, "scope", "openid");
        json_write_text(&json, "id_token", jws);
        json_write_close_object(&json);
        bytes_wipe(access_token, sizeof access_token);
        reply_json(reply, 200, &w);
        return ok();
}

static mitome_status exchange(
        struct oidc *oidc, slice authorization, slice body, struct oidc_reply *reply, mitome_error *error)
{
        struct form form = { 0 };
        struct oidc_granted granted = { 0 };
        const struct oidc_client *client = NULL;
        MITOME_TRY(read_form(body, &form, error));
        MITOME_TRY(find_asker(oidc, authorization, &form, &client, error));
        if (!form.grant_type.size)
                return fail(error, MITOME_E_OIDC_REQUEST, "grant_type", "RFC 6749 4.1.3");
        if (!slice_is(form.grant_type, "authorization_code"))
                return fail(error, MITOME_E_OIDC_GRANT, "grant_type", "RFC 6749 5.2");
        if (!form.code.size)
                return fail(error, MITOME_E_OIDC_REQUEST, "code", "RFC 6749 4.1.3");
        MITOME_TRY(oidc_spend_code(oidc_store(oidc), form.code, portal_now(oidc->portal), &granted, error));
        MITOME_TRY(check_grant(oidc, &granted.grant, client, &form, error));
        return give_tokens(oidc, form.code, &granted.grant, reply, error);
}

mitome_status oidc_exchange(
        struct oidc *oidc, slice authorization, slice form, struct oidc_reply *ret, mitome_error *error)
{
        ret->code = MITOME_OK;
        ret->authenticate = NULL;
        MITOME_TRY(settle(ret, exchange(oidc, authorization, form, ret, error)));
        if (ret->status == 401)
                ret->authenticate = "Basic realm=\"token\"";
        return ok();
}

/* ---- userinfo ---- */

static mitome_status read_userinfo(
        struct oidc *oidc, slice authorization, struct oidc_reply *reply, mitome_error *error)
{
        struct oidc_granted granted = { 0 };
        reader header = reader_over(authorization, NULL, NULL);
        writer w = WRITER(reply->buffer);
        struct json_writer json = json_into(&w);
        if (!is_scheme(&header, "Bearer"))
                return fail(error, MITOME_E_OIDC_TOKEN, "Authorization", "RFC 6750 2.1");
        MITOME_TRY(oidc_find_token(oidc_store(oidc), header.rest, portal_now(oidc->portal), &granted, error));
        const mitome_status lives =
                session_lives(oidc->portal, granted.grant.login.session, granted.grant.login.account, NULL);
        if (lives.code == MITOME_E_SESSION_OVER)
                return fail(error, MITOME_E_OIDC_TOKEN, "access token", NULL);
        MITOME_TRY(lives);
        json_write_open_object(&json, NULL);
        write_who(&json, &granted.grant);
        json_write_close_object(&json);
        reply_json(reply, 200, &w);
        return ok();
}

mitome_status oidc_userinfo(
        struct oidc *oidc, slice authorization, struct oidc_reply *ret, mitome_error *error)
{
        ret->code = MITOME_OK;
        ret->authenticate = NULL;
        MITOME_TRY(settle(ret, read_userinfo(oidc, authorization, ret, error)));
        /* RFC 6750 3.1: who shows no token is told no more than that one is needed. */
        if (ret->status == 401)
                ret->authenticate = authorization.size ? "Bearer error=\"invalid_token\"" : "Bearer";
        return ok();
}
