/* SPDX-License-Identifier: Apache-2.0 */

/* OpenID Connect over HTTP: who is logged in by his cookie, what is asked, and the answers. All decisions are
 * made by oidc_authorize.h, oidc_exchange.h and oidc_leave.h. */

#include "oidc_authorize.h"
#include "oidc_exchange.h"
#include "oidc_internal.h"
#include "oidc_leave.h"
#include "portal_limits.h"
#include "session.h"
#include "web.h"

enum { FORM_MAX = 8192 };

/* ---- who is here ---- */

struct visitor {
        bool is_person;
        struct session session;
        struct oidc_login login; /* of a person */
        uint8_t methods[OIDC_AMR_MAX];
};

static void name_methods(unsigned bits, writer *w)
{
        for (unsigned i = 0; i < SESSION_AMR_METHODS; i++) {
                if (!(bits & 1U << i))
                        continue;
                if (w->used)
                        write_u8(w, ' ');
                oidc_write_text(w, session_amr_name(i));
        }
}

/* A cookie that is nobody's (any more) is no failure: nobody is logged in. */
static mitome_status find_visitor(
        struct oidc *oidc, const struct web_request *request, struct visitor *ret, mitome_error *error)
{
        const slice cookie = web_cookie(request, "session");
        ret->is_person = false;
        if (cookie.size == 0)
                return ok();
        const mitome_status status = session_find(oidc->portal, cookie, &ret->session, error);
        if (failed(status))
                return portal_is_store_failure(status.code) ? status : ok();
        ret->is_person = ret->session.account != 0;
        writer w = WRITER(ret->methods);
        name_methods(ret->session.amr, &w);
        ret->login = (struct oidc_login){
                .account = ret->session.account,
                .session = ret->session.row,
                .authenticated = ret->session.authenticated,
                .level = slice_text(ret->session.level),
                .acr = slice_text(ret->session.acr),
                .amr = writer_view(&w),
        };
        return ok();
}

static const struct oidc_login *login_of(const struct visitor *visitor)
{
        return visitor->is_person ? &visitor->login : NULL;
}

/* The page "problem", not a redirect: a request that is refused here does not say who may be told. */
static void say_problem(struct web_answer *answer, const struct web_request *request, mitome_status status,
        const mitome_error *error)
{
        const bool broken = portal_is_store_failure(status.code);
        if (broken)
                web_undo(answer);
        const unsigned refused = status.code == MITOME_E_CSRF           ? 403
                                 : status.code == MITOME_E_RATE_LIMITED ? 429
                                                                        : 400;
        web_problem(answer, request, broken ? 503 : refused, status.code, error->field);
}

/* A form that another page sent here is sent again as a navigation, which brings the cookie along. */
static void post_as_get(const char *path, const struct web_request *request, struct web_answer *answer)
{
        char location[OIDC_LOCATION_MAX];
        writer w = writer_over((uint8_t *)location, sizeof location);
        const char *text;
        oidc_write_text(&w, path);
        write_u8(&w, '?');
        for (size_t i = 0; i < request->body.size; i++) {
                const uint8_t c = request->body.data[i];
                if (c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '<' && c != '>' && c != '\\')
                        write_u8(&w, c);
                else
                        w.overflowed = true; /* no form that was encoded has it */
        }
        if (failed(oidc_terminate(&w, "form", &text, NULL)))
                web_problem(answer, request, 400, MITOME_E_WEB_FORM, "form");
        else
                web_redirect(answer, text);
}

/* ---- what never changes ---- */

static void get_discovery(void *context, const struct web_request *request, struct web_answer *answer)
{
        (void)request;
        web_text(answer, "application/json", oidc_discovery(context));
}

static void get_keys(void *context, const struct web_request *request, struct web_answer *answer)
{
        (void)request;
        web_text(answer, "application/jwk-set+json", oidc_key_set(context));
}

/* ---- authorization ---- */

static void get_authorize(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct oidc *oidc = context;
        struct visitor visitor = { 0 };
        char location[OIDC_LOCATION_MAX];
        mitome_error error = { 0 };
        mitome_status status = find_visitor(oidc, request, &visitor, &error);
        if (!failed(status))
                status = oidc_authorize(oidc, request->query, login_of(&visitor), location, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
        else
                web_redirect(answer, location);
}

static void post_authorize(void *context, const struct web_request *request, struct web_answer *answer)
{
        (void)context;
        post_as_get("/oidc/authorize", request, answer);
}

/* ---- pages that ask ---- */

/* What both pages show: who asks, and the form that brings the answer. */
static json_t *page_of(const struct web_request *request, const struct visitor *visitor,
        const struct oidc_client *client, slice next)
{
        uint8_t buffer[OIDC_LOCATION_MAX];
        writer w = WRITER(buffer);
        oidc_write_escaped(&w, next);
        const slice query = writer_view(&w);
        const slice name =
                client ? client->name[request->language == WEB_JA ? OIDC_JA : OIDC_EN] : (slice){ 0 };
        return json_pack("{s:b, s:s%, s:s%, s:s%, s:s, s:s, s:b}", "logged_in", 1, "client",
                name.data ? (const char *)name.data : "", name.size, "next", (const char *)next.data,
                next.size, "next_query", (const char *)query.data, query.size, "csrf", visitor->session.csrf,
                "level", visitor->session.level, "cross_device", (int)visitor->session.cross_device);
}

static mitome_status read_next(slice form, writer *w, slice *ret, mitome_error *error)
{
        MITOME_TRY(web_field(form, "next", w, ret, error));
        return oidc_check_local(*ret, error);
}

static mitome_status show_consent(
        struct oidc *oidc, const struct web_request *request, struct web_answer *answer, mitome_error *error)
{
        uint8_t buffer[OIDC_QUERY_MAX];
        char origin[OIDC_URI_MAX + 1], location[OIDC_LOCATION_MAX];
        writer w = WRITER(buffer), to = writer_over((uint8_t *)origin, sizeof origin);
        struct visitor visitor = { 0 };
        struct oidc_request wish;
        slice next;
        const char *text;
        MITOME_TRY(find_visitor(oidc, request, &visitor, error));
        MITOME_TRY(read_next(request->query, &w, &next, error));
        MITOME_TRY(oidc_consent_read(oidc, next, &wish, error));
        if (!visitor.is_person) {
                MITOME_TRY(oidc_write_next("/login", next, location, error));
                web_redirect(answer, location);
                return ok();
        }
        write_slice(&to, oidc_uri_origin(wish.said[OIDC_REDIRECT_URI]));
        MITOME_TRY(oidc_terminate(&to, "redirect_uri", &text, error));
        json_t *page = page_of(request, &visitor, wish.client, next);
        if (page)
                json_object_set_new(page, "origin", json_string(text));
        web_form_action(answer, text);
        web_page(answer, oidc->pages, request, "consent", page);
        return ok();
}

static void get_consent(void *context, const struct web_request *request, struct web_answer *answer)
{
        mitome_error error = { 0 };
        const mitome_status status = show_consent(context, request, answer, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
}

/* A form of our own pages, sent by who was shown it: the token says so, and the browser does. (Some browsers
 * write "null" for a form's origin when no referrer is to be told.) */
static mitome_status check_form(const struct oidc *oidc, const struct web_request *request,
        const struct visitor *visitor, writer *w, mitome_error *error)
{
        slice token;
        const slice origin = request->origin;
        const bool ours = origin.size == 0 || slice_is(origin, oidc->issuer) || slice_is(origin, "null");
        MITOME_TRY(web_field(request->body, "csrf", w, &token, error));
        if (!visitor->is_person || !request->fetch_same_origin || !ours)
                return fail(error, MITOME_E_CSRF, "form", NULL);
        return session_check_csrf(&visitor->session, token, error);
}

static mitome_status take_consent(struct oidc *oidc, const struct web_request *request,
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error)
{
        uint8_t buffer[FORM_MAX];
        writer w = WRITER(buffer);
        struct visitor visitor = { 0 };
        struct oidc_request wish;
        slice next, answer;
        MITOME_TRY(find_visitor(oidc, request, &visitor, error));
        MITOME_TRY(check_form(oidc, request, &visitor, &w, error));
        MITOME_TRY(
                limits_take(oidc->portal, LIMITS_LOGIN, request->peer, error)); /* the journal grows by it */
        MITOME_TRY(read_next(request->body, &w, &next, error));
        MITOME_TRY(web_field(request->body, "answer", &w, &answer, error));
        MITOME_TRY(oidc_consent_read(oidc, next, &wish, error));
        return oidc_consent_answer(oidc, &wish, &visitor.login, slice_is(answer, "yes"), ret_location, error);
}

static void post_consent(void *context, const struct web_request *request, struct web_answer *answer)
{
        char location[OIDC_LOCATION_MAX];
        mitome_error error = { 0 };
        const mitome_status status = take_consent(context, request, location, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
        else
                web_redirect(answer, location);
}

/* ---- logging out ---- */

static mitome_status log_out(struct oidc *oidc, const struct web_request *request,
        const struct visitor *visitor, const struct oidc_leaving *leaving, struct web_answer *answer,
        mitome_error *error)
{
        static const struct web_cookie_rule gone = { .name = "session", .seconds = -1 };
        if (visitor->is_person) {
                MITOME_TRY(oidc_end_session(oidc_store(oidc), visitor->session.row, error));
                MITOME_TRY(session_end(oidc->portal, &visitor->session, error));
                web_set_cookie(answer, request, &gone, (slice){ 0 });
        }
        web_redirect(answer, leaving->location);
        return ok();
}

static mitome_status leave(
        struct oidc *oidc, const struct web_request *request, struct web_answer *answer, mitome_error *error)
{
        struct visitor visitor = { 0 };
        struct oidc_leaving leaving = { 0 };
        uint8_t path[OIDC_LOCATION_MAX];
        char location[OIDC_LOCATION_MAX];
        writer w = WRITER(path);
        MITOME_TRY(find_visitor(oidc, request, &visitor, error));
        MITOME_TRY(oidc_leave(oidc, request->query, login_of(&visitor), &leaving, error));
        if (leaving.sure || !visitor.is_person)
                return log_out(oidc, request, &visitor, &leaving, answer, error);
        oidc_write_text(&w, "/oidc/logout");
        if (request->query.size)
                write_u8(&w, '?');
        write_slice(&w, request->query);
        MITOME_TRY(oidc_write_next("/oidc/leave", writer_view(&w), location, error));
        web_redirect(answer, location);
        return ok();
}

static void get_logout(void *context, const struct web_request *request, struct web_answer *answer)
{
        mitome_error error = { 0 };
        const mitome_status status = leave(context, request, answer, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
}

static void post_logout(void *context, const struct web_request *request, struct web_answer *answer)
{
        (void)context;
        post_as_get("/oidc/logout", request, answer);
}

static mitome_status show_leave(
        struct oidc *oidc, const struct web_request *request, struct web_answer *answer, mitome_error *error)
{
        uint8_t buffer[OIDC_QUERY_MAX];
        writer w = WRITER(buffer);
        struct visitor visitor = { 0 };
        struct oidc_leaving leaving = { 0 };
        slice next;
        MITOME_TRY(find_visitor(oidc, request, &visitor, error));
        MITOME_TRY(read_next(request->query, &w, &next, error));
        MITOME_TRY(oidc_leave_read(oidc, next, login_of(&visitor), &leaving, error));
        if (!visitor.is_person) {
                web_redirect(answer, leaving.location);
                return ok();
        }
        if (leaving.location[0] != '/') {
                char origin[OIDC_URI_MAX + 1];
                const char *text;
                writer to = writer_over((uint8_t *)origin, sizeof origin);
                write_slice(&to, oidc_uri_origin(slice_text(leaving.location)));
                MITOME_TRY(oidc_terminate(&to, "post_logout_redirect_uri", &text, error));
                web_form_action(answer, text);
        }
        web_page(answer, oidc->pages, request, "leave", page_of(request, &visitor, leaving.client, next));
        return ok();
}

static void get_leave(void *context, const struct web_request *request, struct web_answer *answer)
{
        mitome_error error = { 0 };
        const mitome_status status = show_leave(context, request, answer, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
}

static mitome_status take_leave(
        struct oidc *oidc, const struct web_request *request, struct web_answer *answer, mitome_error *error)
{
        uint8_t buffer[FORM_MAX];
        writer w = WRITER(buffer);
        struct visitor visitor = { 0 };
        struct oidc_leaving leaving = { 0 };
        slice next;
        MITOME_TRY(find_visitor(oidc, request, &visitor, error));
        MITOME_TRY(check_form(oidc, request, &visitor, &w, error));
        MITOME_TRY(read_next(request->body, &w, &next, error));
        MITOME_TRY(oidc_leave_read(oidc, next, login_of(&visitor), &leaving, error));
        return log_out(oidc, request, &visitor, &leaving, answer, error);
}

static void post_leave(void *context, const struct web_request *request, struct web_answer *answer)
{
        mitome_error error = { 0 };
        const mitome_status status = take_leave(context, request, answer, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
}

/* ---- what clients ask ---- */

static void send_reply(struct web_answer *answer, const struct oidc_reply *reply)
{
        web_status(answer, reply->status);
        web_text(answer, "application/json", reply->body);
        web_set_header(answer, "cache-control", "no-store"); /* RFC 6749 5.1 */
        web_set_header(answer, "pragma", "no-cache");
        if (reply->authenticate)
                web_set_header(answer, "www-authenticate", reply->authenticate);
}

static void post_token(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct oidc *oidc = context;
        struct oidc_reply reply = { 0 };
        mitome_error error = { 0 };
        mitome_status status = limits_take(oidc->portal, LIMITS_TOKEN, request->peer, &error);
        if (!failed(status))
                status = oidc_exchange(
                        oidc, web_header(request, "authorization"), request->body, &reply, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
        else
                send_reply(answer, &reply);
}

static void userinfo(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct oidc_reply reply = { 0 };
        mitome_error error = { 0 };
        const mitome_status status =
                oidc_userinfo(context, web_header(request, "authorization"), &reply, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
        else
                send_reply(answer, &reply);
}

/* ---- what nginx asks ---- */

static void get_check(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct visitor visitor = { 0 };
        struct oidc_presence presence = { 0 };
        mitome_error error = { 0 };
        mitome_status status = find_visitor(context, request, &visitor, &error);
        if (!failed(status))
                status = oidc_check(context, request->query, login_of(&visitor), &presence, &error);
        if (failed(status)) {
                say_problem(answer, request, status, &error);
                return;
        }
        web_status(answer, presence.status);
        web_set_header(answer, "cache-control", "no-store");
        if (presence.status != 200)
                return;
        web_set_header(answer, "x-mitome-subject", presence.subject);
        web_set_header(answer, "x-mitome-level", presence.level[0] ? presence.level : "none");
        web_set_header(answer, "x-mitome-acr", presence.acr);
}

static void get_return(void *context, const struct web_request *request, struct web_answer *answer)
{
        struct visitor visitor = { 0 };
        char location[OIDC_LOCATION_MAX];
        mitome_error error = { 0 };
        mitome_status status = find_visitor(context, request, &visitor, &error);
        if (!failed(status))
                status = oidc_return(request->query, login_of(&visitor), location, &error);
        if (failed(status))
                say_problem(answer, request, status, &error);
        else
                web_redirect(answer, location);
}

/* ---- routes ---- */

static const char form_type[] = "application/x-www-form-urlencoded";

static const struct web_route routes[] = {
        { WEB_GET, "/.well-known/openid-configuration", WEB_HERE, get_discovery, NULL, 0 },
        { WEB_GET, "/oidc/jwks", WEB_HERE, get_keys, NULL, 0 },
        { WEB_GET, "/oidc/authorize", WEB_STORE, get_authorize, NULL, 0 },
        { WEB_POST, "/oidc/authorize", WEB_HERE, post_authorize, form_type, FORM_MAX },
        { WEB_GET, "/oidc/consent", WEB_STORE, get_consent, NULL, 0 },
        { WEB_POST, "/oidc/consent", WEB_STORE, post_consent, form_type, FORM_MAX },
        { WEB_POST, "/oidc/token", WEB_STORE, post_token, form_type, FORM_MAX },
        { WEB_GET, "/oidc/userinfo", WEB_STORE, userinfo, NULL, 0 },
        { WEB_POST, "/oidc/userinfo", WEB_STORE, userinfo, NULL, 0 },
        { WEB_GET, "/oidc/logout", WEB_STORE, get_logout, NULL, 0 },
        { WEB_POST, "/oidc/logout", WEB_HERE, post_logout, form_type, FORM_MAX },
        { WEB_GET, "/oidc/leave", WEB_STORE, get_leave, NULL, 0 },
        { WEB_POST, "/oidc/leave", WEB_STORE, post_leave, form_type, FORM_MAX },
        { WEB_GET, "/auth/check", WEB_STORE, get_check, NULL, 0 },
        { WEB_GET, "/auth/return", WEB_STORE, get_return, NULL, 0 },
};

void oidc_routes(struct oidc *oidc, struct web_route_set *ret)
{
        *ret = (struct web_route_set){
                .routes = routes, .count = sizeof routes / sizeof routes[0], .context = oidc
        };
}
