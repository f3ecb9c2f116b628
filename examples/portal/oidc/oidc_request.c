/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_request.h"

#include "json.h"
#include "web.h"

#define CORE "OpenID Connect Core 3.1.2.1"

static const struct {
        const char *name;
        size_t most;
} fields[OIDC_FIELDS] = {
        [OIDC_CLIENT_ID] = { "client_id", OIDC_ID_MAX },
        [OIDC_REDIRECT_URI] = { "redirect_uri", OIDC_URI_MAX },
        [OIDC_STATE] = { "state", 512 },
        [OIDC_RESPONSE_TYPE] = { "response_type", 64 },
        [OIDC_SCOPE] = { "scope", 256 },
        [OIDC_NONCE] = { "nonce", OIDC_NONCE_MAX },
        [OIDC_CODE_CHALLENGE] = { "code_challenge", OIDC_TOKEN_TEXT },
        [OIDC_CODE_CHALLENGE_METHOD] = { "code_challenge_method", 16 },
        [OIDC_ACR_VALUES] = { "acr_values", 512 },
        [OIDC_ID_TOKEN_HINT] = { "id_token_hint", 1536 },
        [OIDC_MAX_AGE] = { "max_age", 12 },
        [OIDC_PROMPT] = { "prompt", 64 },
        [OIDC_UI_LOCALES] = { "ui_locales", 128 },
        [OIDC_AFTER] = { "after", 12 },
        [OIDC_RESPONSE_MODE] = { "response_mode", 16 },
        [OIDC_REQUEST_OBJECT] = { "request", OIDC_QUERY_MAX },
        [OIDC_REQUEST_URI] = { "request_uri", OIDC_QUERY_MAX },
        [OIDC_REGISTRATION] = { "registration", OIDC_QUERY_MAX },
};

static mitome_status take_field(
        slice query, enum oidc_field field, struct oidc_request *request, mitome_error *error)
{
        writer w = WRITER(request->text);
        w.used = request->used;
        MITOME_TRY(web_field(query, fields[field].name, &w, &request->said[field], error));
        request->used = w.used;
        if (request->said[field].size <= fields[field].most)
                return ok();
        request->said[field] = (slice){ 0 };
        return fail(error, MITOME_E_OIDC_REQUEST, fields[field].name, CORE);
}

mitome_status oidc_request_begin(
        const struct oidc_clients *clients, slice query, struct oidc_request *ret, mitome_error *error)
{
        ret->client = NULL;
        ret->used = 0;
        ret->prompt = 0;
        ret->max_age = ret->after = -1;
        for (size_t i = 0; i < OIDC_FIELDS; i++)
                ret->said[i] = (slice){ 0 };
        MITOME_TRY(take_field(query, OIDC_CLIENT_ID, ret, error));
        const struct oidc_client *client = oidc_client_find(clients, ret->said[OIDC_CLIENT_ID]);
        if (!client)
                return fail(error, MITOME_E_OIDC_CLIENT, "client_id", CORE);
        MITOME_TRY(take_field(query, OIDC_REDIRECT_URI, ret, error));
        if (!oidc_uri_listed(&client->redirects, ret->said[OIDC_REDIRECT_URI]))
                return fail(error, MITOME_E_OIDC_REDIRECT, "redirect_uri", "RFC 9700 2.1");
        ret->client = client;
        return ok();
}

/* ---- what is asked ---- */

static mitome_status refuse(enum oidc_field field, const char *clause, mitome_error *error)
{
        return fail(error, MITOME_E_OIDC_REQUEST, fields[field].name, clause);
}

static mitome_status check_absent(
        enum oidc_field field, const struct oidc_request *request, mitome_error *error)
{
        return request->said[field].data ? refuse(field, "OpenID Connect Core 6", error) : ok();
}

static mitome_status check_request_object(struct oidc_request *request, mitome_error *error)
{
        return check_absent(OIDC_REQUEST_OBJECT, request, error);
}

static mitome_status check_request_uri(struct oidc_request *request, mitome_error *error)
{
        return check_absent(OIDC_REQUEST_URI, request, error);
}

static mitome_status check_registration(struct oidc_request *request, mitome_error *error)
{
        return check_absent(OIDC_REGISTRATION, request, error);
}

static mitome_status check_response_type_said(struct oidc_request *request, mitome_error *error)
{
        return request->said[OIDC_RESPONSE_TYPE].size ? ok() : refuse(OIDC_RESPONSE_TYPE, CORE, error);
}

static mitome_status check_response_type(struct oidc_request *request, mitome_error *error)
{
        return slice_is(request->said[OIDC_RESPONSE_TYPE], "code") ? ok()
                                                                   : refuse(OIDC_RESPONSE_TYPE, CORE, error);
}

static mitome_status check_response_mode(struct oidc_request *request, mitome_error *error)
{
        const slice mode = request->said[OIDC_RESPONSE_MODE];
        return !mode.data || slice_is(mode, "query") ? ok() : refuse(OIDC_RESPONSE_MODE, CORE, error);
}

static mitome_status check_scope(struct oidc_request *request, mitome_error *error)
{
        return oidc_has_word(request->said[OIDC_SCOPE], slice_text("openid"))
                       ? ok()
                       : refuse(OIDC_SCOPE, CORE, error);
}

/* RFC 7636 4.3, 4.4.1; RFC 9700 2.1.1: no code without a challenge, and "plain" is none. */
static mitome_status check_challenge(struct oidc_request *request, mitome_error *error)
{
        const slice challenge = request->said[OIDC_CODE_CHALLENGE];
        if (!slice_is(request->said[OIDC_CODE_CHALLENGE_METHOD], "S256"))
                return refuse(OIDC_CODE_CHALLENGE_METHOD, "RFC 9700 2.1.1", error);
        if (failed(oidc_read_token(challenge, "code_challenge", request->challenge, NULL)))
                return refuse(OIDC_CODE_CHALLENGE, "RFC 7636 4.2", error);
        return ok();
}

static mitome_status check_prompt(struct oidc_request *request, mitome_error *error)
{
        static const struct {
                const char *word;
                enum oidc_prompt prompt;
        } words[] = {
                { "none", OIDC_PROMPT_NONE }, { "login", OIDC_PROMPT_LOGIN },
                { "consent", OIDC_PROMPT_CONSENT },
                { "select_account", OIDC_PROMPT_LOGIN }, /* whose passkey is used is whose account it is */
        };
        enum { WORDS = sizeof words / sizeof words[0] };
        reader r = reader_over(request->said[OIDC_PROMPT], NULL, NULL);
        for (slice word = oidc_next_word(&r); word.size; word = oidc_next_word(&r)) {
                size_t i = 0;
                while (i < WORDS && !slice_is(word, words[i].word))
                        i++;
                if (i == WORDS)
                        return refuse(OIDC_PROMPT, CORE, error);
                request->prompt |= words[i].prompt;
        }
        if ((request->prompt & OIDC_PROMPT_NONE) && request->prompt != OIDC_PROMPT_NONE)
                return refuse(OIDC_PROMPT, CORE, error);
        return ok();
}

static mitome_status check_number(
        struct oidc_request *request, enum oidc_field field, int64_t *ret, mitome_error *error)
{
        const slice text = request->said[field];
        if (text.data && failed(oidc_read_number(text, fields[field].name, ret, NULL)))
                return refuse(field, CORE, error);
        return ok();
}

static mitome_status check_max_age(struct oidc_request *request, mitome_error *error)
{
        return check_number(request, OIDC_MAX_AGE, &request->max_age, error);
}

static mitome_status check_after(struct oidc_request *request, mitome_error *error)
{
        return check_number(request, OIDC_AFTER, &request->after, error);
}

/* In this order; the first that fails is what the client hears. */
static const struct {
        mitome_status (*check)(struct oidc_request *request, mitome_error *error);
        const char *refusal;
} checks[] = {
        { check_request_object, "request_not_supported" },
        { check_request_uri, "request_uri_not_supported" },
        { check_registration, "registration_not_supported" },
        { check_response_type_said, "invalid_request" },
        { check_response_type, "unsupported_response_type" },
        { check_response_mode, "invalid_request" },
        { check_scope, "invalid_scope" },
        { check_challenge, "invalid_request" },
        { check_prompt, "invalid_request" },
        { check_max_age, "invalid_request" },
        { check_after, "invalid_request" },
};

mitome_status oidc_request_read(
        slice query, struct oidc_request *request, const char **ret_refusal, mitome_error *error)
{
        for (size_t i = OIDC_STATE; i < OIDC_FIELDS; i++) {
                *ret_refusal = "invalid_request";
                MITOME_TRY(take_field(query, (enum oidc_field)i, request, error));
        }
        for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
                *ret_refusal = checks[i].refusal;
                MITOME_TRY(checks[i].check(request, error));
        }
        *ret_refusal = NULL;
        return ok();
}

/* ---- writing it again ---- */

static void write_prompt(unsigned prompt, writer *w)
{
        if (prompt & OIDC_PROMPT_NONE)
                oidc_write_parameter(w, "prompt", slice_text("none"));
        else if (prompt == (OIDC_PROMPT_LOGIN | OIDC_PROMPT_CONSENT))
                oidc_write_parameter(w, "prompt", slice_text("login consent"));
        else if (prompt)
                oidc_write_parameter(
                        w, "prompt", slice_text(prompt == OIDC_PROMPT_LOGIN ? "login" : "consent"));
}

void oidc_request_write(const struct oidc_request *request, unsigned prompt, int64_t after, writer *w)
{
        oidc_write_text(w, "/oidc/authorize");
        for (size_t i = 0; i < OIDC_FIELDS; i++)
                if (i != OIDC_PROMPT && i != OIDC_AFTER && request->said[i].data)
                        oidc_write_parameter(w, fields[i].name, request->said[i]);
        write_prompt(prompt, w);
        if (after < 0)
                return;
        uint8_t digits[20];
        writer number = WRITER(digits);
        oidc_write_number(&number, after);
        oidc_write_parameter(w, "after", writer_view(&number));
}
