/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc_authorize.h"

#include "account.h"
#include "digest.h"
#include "json.h"
#include "oidc_internal.h"

static const char request_path[] = "/oidc/authorize?";

/* ---- where to ---- */

mitome_status oidc_check_local(slice path, mitome_error *error)
{
        bool local = path.size > 0 && path.data[0] == '/';
        if (path.size > 1 && path.data[1] == '/')
                local = false;
        /* Browsers read '\' as '/', and drop tabs and line ends (WHATWG URL 4.4). */
        for (size_t i = 0; i < path.size && local; i++)
                local = path.data[i] > ' ' && path.data[i] < 0x7f && path.data[i] != '\\';
        return local ? ok() : fail(error, MITOME_E_OIDC_RETURN, "next", NULL);
}

mitome_status oidc_write_next(
        const char *page, slice path, char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        writer w = writer_over((uint8_t *)ret_location, OIDC_LOCATION_MAX);
        const char *text;
        oidc_write_text(&w, page);
        oidc_write_parameter(&w, "next", path);
        if (failed(oidc_terminate(&w, "next", &text, NULL)))
                return fail(error, MITOME_E_OIDC_REQUEST, "query", NULL);
        return ok();
}

/* All that the client gets goes through here: the answer to this request, by this issuer (RFC 9207: a client
 * of several providers is not led to mix them up). */
static mitome_status answer_client(const struct oidc *oidc, const struct oidc_request *request,
        const char *name, const char *value, char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        writer w = writer_over((uint8_t *)ret_location, OIDC_LOCATION_MAX);
        const char *text;
        write_slice(&w, request->said[OIDC_REDIRECT_URI]);
        oidc_write_parameter(&w, name, slice_text(value));
        if (request->said[OIDC_STATE].data)
                oidc_write_parameter(&w, "state", request->said[OIDC_STATE]);
        oidc_write_parameter(&w, "iss", slice_text(oidc->issuer));
        return oidc_terminate(&w, "redirect_uri", &text, error);
}

static mitome_status refuse_client(const struct oidc *oidc, const struct oidc_request *request,
        const char *refusal, char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        return answer_client(oidc, request, "error", refusal, ret_location, error);
}

/* The first of the languages that the client asks for, of those that there are; NULL: none. */
static const char *language_of(const struct oidc_request *request)
{
        static const char *const languages[] = { "en", "ja" };
        reader r = reader_over(request->said[OIDC_UI_LOCALES], NULL, NULL);
        for (slice word = oidc_next_word(&r); word.size; word = oidc_next_word(&r))
                for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
                        if (slice_is(word, languages[i]) ||
                                (slice_begins_with(word, slice_text(languages[i])) && word.data[2] == '-'))
                                return languages[i];
        return NULL;
}

/* send_on sends the browser to a page of the portal that comes back with the request. */
static mitome_status send_on(const char *page, const struct oidc_request *request, unsigned prompt,
        int64_t after, char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        uint8_t path[OIDC_LOCATION_MAX];
        writer w = WRITER(path), out = writer_over((uint8_t *)ret_location, OIDC_LOCATION_MAX);
        const char *language = language_of(request), *text;
        oidc_request_write(request, prompt, after, &w);
        oidc_write_text(&out, page);
        oidc_write_parameter(&out, "next", writer_view(&w));
        if (language)
                oidc_write_parameter(&out, "language", slice_text(language));
        out.overflowed = out.overflowed || w.overflowed;
        if (failed(oidc_terminate(&out, "next", &text, NULL)))
                return fail(error, MITOME_E_OIDC_REQUEST, "query", NULL);
        return ok();
}

/* ---- is this login enough ---- */

/* An "after" that lies long ago or ahead asks for nothing: else it would make any login look new. */
static bool is_new(const struct oidc_request *request, const struct oidc_login *login, int64_t now)
{
        return request->after >= 0 && request->after <= now && now - request->after <= OIDC_AFTER_S &&
               login->authenticated >= request->after;
}

/* What may be asked for again, once: somebody who has just logged in is not asked a second time. */
static bool is_enough(const struct oidc_request *request, const struct oidc_login *login, int64_t now)
{
        const slice levels = request->said[OIDC_ACR_VALUES];
        if (is_new(request, login, now))
                return true;
        if (request->prompt & OIDC_PROMPT_LOGIN || request->after >= 0)
                return false;
        if (request->max_age >= 0 && now - login->authenticated > request->max_age)
                return false;
        /* Voluntary (5.5.1.1): who may not be asked is let in with what was reached, and acr says so. */
        return request->prompt & OIDC_PROMPT_NONE || levels.size == 0 || oidc_has_word(levels, login->acr) ||
               oidc_has_word(levels, login->level);
}

/* Who asks for levels is not given a login that can be phished, unless he has named one that is. This is not
 * voluntary. But who phishes sits before the browser, and takes the levels out of the request: a client that
 * does not look at acr is kept from such logins by the clients file alone. */
static bool is_other_way(const struct oidc_request *request, const struct oidc_login *login)
{
        reader r = reader_over(request->said[OIDC_ACR_VALUES], NULL, NULL);
        bool asked = false, named = false;
        for (slice word = oidc_next_word(&r); word.size; word = oidc_next_word(&r)) {
                asked = true;
                named = named || oidc_is_cross_device(word);
        }
        return oidc_is_cross_device(login->acr) && (request->client->no_cross_device || (asked && !named));
}

/* Whoever is not here yet logs in once; that is then new enough, and all that there is. */
static bool must_be_new(const struct oidc_request *request)
{
        return request->prompt & OIDC_PROMPT_LOGIN || request->max_age >= 0 || request->after >= 0 ||
               request->said[OIDC_ACR_VALUES].size > 0;
}

static mitome_status read_hint_subject(slice claims, uint8_t ret[OIDC_SUBJECT_SIZE], mitome_error *error)
{
        struct json_reader r = json_over(claims, "OpenID Connect Core 2", error);
        struct json_members object;
        slice name, value;
        bool found = false;
        MITOME_TRY(json_open_object(&r, "claims", &object));
        for (bool more;;) {
                MITOME_TRY(json_next_member(&r, &object, &name, &more));
                if (!more)
                        break;
                if (!json_name_is(name, "sub")) {
                        MITOME_TRY(json_skip(&r, "claims"));
                        continue;
                }
                MITOME_TRY(json_read_base64url(&r, "sub", ret, OIDC_SUBJECT_SIZE, &value));
                found = value.size == OIDC_SUBJECT_SIZE;
        }
        return found ? ok() : fail(error, MITOME_E_OIDC_HINT, "sub", NULL);
}

/* The person whom the client means is the one who is here. */
static mitome_status check_hint(const struct oidc *oidc, const struct oidc_request *request,
        const uint8_t subject[OIDC_SUBJECT_SIZE], bool *ret_same, mitome_error *error)
{
        uint8_t buffer[OIDC_JWS_MAX], meant[OIDC_SUBJECT_SIZE] = { 0 };
        slice claims;
        *ret_same = true;
        if (!request->said[OIDC_ID_TOKEN_HINT].data)
                return ok();
        MITOME_TRY(oidc_keys_verify(
                oidc->keys, request->said[OIDC_ID_TOKEN_HINT], buffer, sizeof buffer, &claims, error));
        MITOME_TRY(read_hint_subject(claims, meant, error));
        *ret_same = slice_equal(SLICE(meant), slice_of(subject, OIDC_SUBJECT_SIZE));
        return ok();
}

/* ---- a code ---- */

static mitome_status give_code(struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, const uint8_t subject[OIDC_SUBJECT_SIZE],
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        char code[OIDC_TOKEN_TEXT + 1];
        struct oidc_grant grant = {
                .client = request->client->id,
                .redirect_uri = request->said[OIDC_REDIRECT_URI],
                .nonce = request->said[OIDC_NONCE],
                .login = *login,
        };
        MITOME_TRY(slice_copy(
                SLICE(request->challenge), "code_challenge", grant.challenge, sizeof grant.challenge, error));
        MITOME_TRY(slice_copy(
                slice_of(subject, OIDC_SUBJECT_SIZE), "sub", grant.subject, sizeof grant.subject, error));
        MITOME_TRY(oidc_draw(oidc, code, error));
        MITOME_TRY(
                oidc_keep_code(oidc_store(oidc), slice_text(code), &grant, portal_now(oidc->portal), error));
        return answer_client(oidc, request, "code", code, ret_location, error);
}

static mitome_status ask_consent(const struct oidc *oidc, const struct oidc_request *request,
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        if (request->prompt & OIDC_PROMPT_NONE)
                return refuse_client(oidc, request, "consent_required", ret_location, error);
        return send_on("/oidc/consent", request, 0, request->after, ret_location, error);
}

static mitome_status ask_login(const struct oidc *oidc, const struct oidc_request *request, bool anew,
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        if (request->prompt & OIDC_PROMPT_NONE)
                return refuse_client(oidc, request, "login_required", ret_location, error);
        return send_on("/login", request, request->prompt & OIDC_PROMPT_CONSENT,
                anew ? portal_now(oidc->portal) : request->after, ret_location, error);
}

/* Asked for once more, in this browser; whoever comes back from another device again is refused. The error is
 * that of OpenID Connect Core Error Code unmet_authentication_requirements 1.0. */
static mitome_status ask_this_way(const struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        return is_new(request, login, portal_now(oidc->portal))
                       ? refuse_client(
                                 oidc, request, "unmet_authentication_requirements", ret_location, error)
                       : ask_login(oidc, request, true, ret_location, error);
}

static mitome_status decide(struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        uint8_t subject[OIDC_SUBJECT_SIZE];
        bool same = false, agreed = false;
        if (!login)
                return ask_login(oidc, request, must_be_new(request), ret_location, error);
        if (is_other_way(request, login))
                return ask_this_way(oidc, request, login, ret_location, error);
        const int64_t now = portal_now(oidc->portal);
        if (!is_enough(request, login, now))
                return ask_login(oidc, request, true, ret_location, error);
        MITOME_TRY(account_subject_of(
                portal_party(oidc->portal), login->account, request->client->sector, subject, error));
        if (failed(check_hint(oidc, request, subject, &same, NULL)))
                return refuse_client(oidc, request, "invalid_request", ret_location, error);
        if (!same && (request->prompt & OIDC_PROMPT_NONE || is_new(request, login, now)))
                return refuse_client(oidc, request, "login_required", ret_location, error);
        if (!same)
                return ask_login(oidc, request, true, ret_location, error);
        MITOME_TRY(oidc_has_consent(oidc_store(oidc), login->account, request->client->id, &agreed, error));
        if (!agreed || request->prompt & OIDC_PROMPT_CONSENT)
                return ask_consent(oidc, request, ret_location, error);
        return give_code(oidc, request, login, subject, ret_location, error);
}

mitome_status oidc_authorize(struct oidc *oidc, slice query, const struct oidc_login *login,
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        struct oidc_request request;
        const char *refusal = NULL;
        MITOME_TRY(oidc_request_begin(&oidc->clients, query, &request, error));
        if (failed(oidc_request_read(query, &request, &refusal, NULL)))
                return refuse_client(oidc, &request, refusal, ret_location, error);
        return decide(oidc, &request, login, ret_location, error);
}

/* ---- consent ---- */

mitome_status oidc_consent_read(struct oidc *oidc, slice next, struct oidc_request *ret, mitome_error *error)
{
        const char *refusal;
        slice path;
        reader r = reader_over(next, NULL, NULL);
        if (!slice_begins_with(next, slice_text(request_path)) ||
                failed(read_bytes(&r, "next", sizeof request_path - 1, &path)))
                return fail(error, MITOME_E_OIDC_RETURN, "next", NULL);
        MITOME_TRY(oidc_request_begin(&oidc->clients, r.rest, ret, error));
        return oidc_request_read(r.rest, ret, &refusal, error);
}

/* Which client is told of a person is the portal's decision on the person's word. The journal names the
 * client, and the person by a digest of what the client knows him by, which was drawn at random. */
static mitome_status note_consent(struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, const char *outcome, mitome_error *error)
{
        uint8_t pseudonym[OIDC_SUBJECT_SIZE];
        char subject[JOURNAL_SUBJECT_BUFFER];
        const slice view = SLICE(pseudonym);
        struct journal_decision decision = {
                .what = "tell-client",
                .outcome = outcome,
                .subject = journal_subject_text(subject, "client", request->client->id),
                .evidence = { { .kind = "pseudonym" } },
                .evidence_count = 1,
        };
        MITOME_TRY(account_subject_of(
                portal_party(oidc->portal), login->account, request->client->sector, pseudonym, error));
        sha256(&view, 1, decision.evidence[0].digest);
        return party_decide(portal_party(oidc->portal), &decision, error);
}

/* What he has agreed to before is no new decision. */
static mitome_status keep_answer(struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, bool agreed, mitome_error *error)
{
        struct sql_store *store = oidc_store(oidc);
        const slice client = request->client->id;
        bool before = false;
        if (!agreed)
                return note_consent(oidc, request, login, "refused", error);
        MITOME_TRY(oidc_has_consent(store, login->account, client, &before, error));
        MITOME_TRY(oidc_keep_consent(store, login->account, client, portal_now(oidc->portal), error));
        return before ? ok() : note_consent(oidc, request, login, "done", error);
}

mitome_status oidc_consent_answer(struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, bool agreed, char ret_location[OIDC_LOCATION_MAX],
        mitome_error *error)
{
        writer w = writer_over((uint8_t *)ret_location, OIDC_LOCATION_MAX);
        const char *text;
        struct sql_store *store = oidc_store(oidc);
        const bool counts = !agreed || !is_other_way(request, login);
        if (counts) {
                MITOME_TRY(sql_begin(store, error));
                MITOME_TRY(sql_settle(store, keep_answer(oidc, request, login, agreed, error), error));
        }
        if (!agreed)
                return refuse_client(oidc, request, "access_denied", ret_location, error);
        const unsigned asks = counts ? (unsigned)OIDC_PROMPT_CONSENT : 0;
        oidc_request_write(request, request->prompt & ~asks, request->after, &w);
        return oidc_terminate(&w, "next", &text, error);
}
