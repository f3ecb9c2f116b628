/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_site.h"

#include "hex_text.h"
#include "portal_ceremony.h"

static const struct web_cookie_rule session_cookie = { .name = "session" };

/* ---- what is told of a failure ---- */

unsigned visit_status(mitome_code code)
{
        static const struct {
                mitome_code code;
                unsigned status;
        } table[] = {
                { MITOME_E_SESSION_NONE, 401 },
                { MITOME_E_SESSION_OVER, 401 },
                { MITOME_E_LOGIN_DENIED, 401 },
                { MITOME_E_CSRF, 403 },
                { MITOME_E_STEP_UP, 403 },
                { MITOME_E_ACCOUNT_CLOSED, 403 },
                { MITOME_E_ACCOUNT_ENDED, 403 },
                { MITOME_E_ACCOUNT_NOT_SUCCESSOR, 403 },
                { MITOME_E_CERTIFICATE_REVOKED, 403 },
                { MITOME_E_CERTIFICATE_ON_HOLD, 403 },
                { MITOME_E_CERTIFICATE_EXPIRED, 403 },
                { MITOME_E_CRL_MISSING, 403 },
                { MITOME_E_CRL_STALE, 403 },
                { MITOME_E_DOCUMENT_PERSON, 403 },
                { MITOME_E_CREDENTIAL_UNKNOWN, 404 },
                { MITOME_E_DOCUMENT_UNKNOWN, 404 },
                { MITOME_E_PHONE_CODE, 404 },
                { MITOME_E_PHONE_REQUEST, 404 },
                { MITOME_E_WEB_NOT_FOUND, 404 },
                { MITOME_E_ACCOUNT_EXISTS, 409 },
                { MITOME_E_ACCOUNT_CHANGED, 409 },
                { MITOME_E_CREDENTIAL_LAST, 409 },
                { MITOME_E_CREDENTIAL_LIMIT, 409 },
                { MITOME_E_PHONE_ANSWERED, 409 },
                { MITOME_E_DOCUMENT_OVER, 410 },
                { MITOME_E_LOGIN_LOCKED, 429 },
                { MITOME_E_RATE_LIMITED, 429 },
                { MITOME_E_PHONE_CODE_TRIES, 429 },
                { MITOME_E_ACCOUNT_TRIES_SPENT, 429 },
                { MITOME_E_UNREACHABLE, 503 },
                { MITOME_E_REFUSED, 503 },
        };
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                if (table[i].code == code)
                        return table[i].status;
        return portal_is_store_failure(code) ? 503 : 400;
}

/* Whoever must log in for a page is shown where, and comes back. */
static void send_to_login(const struct visit *visit)
{
        uint8_t text[WEB_TARGET_MAX];
        writer w = WRITER(text);
        write_slice(&w, slice_text("/login"));
        if (site_where_to(visit->request->path)) {
                write_slice(&w, slice_text("?next="));
                write_slice(&w, visit->request->path);
        }
        write_u8(&w, 0);
        web_redirect(visit->answer, w.overflowed ? "/login" : (const char *)text);
}

static bool wants_login(mitome_code code)
{
        return code == MITOME_E_SESSION_NONE || code == MITOME_E_SESSION_OVER || code == MITOME_E_STEP_UP;
}

static void tell_failure(
        const struct visit *visit, unsigned needs, mitome_status status, const mitome_error *error)
{
        if (portal_is_store_failure(status.code))
                web_undo(visit->answer);
        if ((needs & VISIT_PAGE) && wants_login(status.code))
                send_to_login(visit);
        else
                web_problem(
                        visit->answer, visit->request, visit_status(status.code), status.code, error->field);
}

/* ---- sessions ---- */

void visit_set_session(struct visit *visit, const char *cookie)
{
        web_set_cookie(visit->answer, visit->request, &session_cookie, slice_text(cookie));
}

static mitome_status find_session(struct visit *visit, unsigned needs, mitome_error *error)
{
        char cookie[SESSION_COOKIE_SIZE];
        mitome_error cause = { 0 };
        const slice told = web_cookie(visit->request, "session");
        const mitome_status found = needs & VISIT_COOKIE
                                            ? session_name(visit->portal, told, &visit->session, &cause)
                                            : session_find(visit->portal, told, &visit->session, &cause);
        if (found.code != MITOME_E_SESSION_NONE && found.code != MITOME_E_SESSION_OVER)
                return failed(found) ? fail(error, found.code, cause.field, cause.clause) : ok();
        MITOME_TRY(session_begin(visit->portal, &visit->session, cookie, error));
        visit_set_session(visit, cookie);
        bytes_wipe(cookie, sizeof cookie);
        return ok();
}

/* A page of ours sent it: the browser says where it comes from (RFC 6454 7, Fetch Metadata), and the page
 * knows the session's token, which no other page can read. */
static mitome_status check_sender(const struct visit *visit, mitome_error *error)
{
        const struct portal_config *config = portal_configuration(visit->portal);
        bool ours = false;
        for (size_t i = 0; i < config->origin_count; i++)
                ours = ours || slice_is(visit->request->origin, config->origins[i]);
        if (!ours || !visit->request->fetch_same_origin)
                return fail(error, MITOME_E_CSRF, "origin", NULL);
        return session_check_csrf(&visit->session, web_header(visit->request, "X-CSRF"), error);
}

static mitome_status prepare(struct visit *visit, unsigned needs, mitome_error *error)
{
        if (needs & (VISIT_SESSION | VISIT_PERSON | VISIT_CHANGE))
                MITOME_TRY(find_session(visit, needs, error));
        if (needs & VISIT_CHANGE)
                MITOME_TRY(check_sender(visit, error));
        return needs & VISIT_PERSON ? session_check_person(&visit->session, error) : ok();
}

void visit_run(void *site, const struct web_request *request, struct web_answer *answer, unsigned needs,
        visit_step *step)
{
        const struct portal_site *here = site;
        mitome_error error = { 0 };
        struct visit visit = { .site = here, .portal = here->portal, .request = request, .answer = answer };
        mitome_status status = prepare(&visit, needs, &error);
        if (!failed(status))
                status = step(&visit, &error);
        if (failed(status))
                tell_failure(&visit, needs, status, &error);
        bytes_wipe(&visit.session, sizeof visit.session);
}

/* ---- parts of a path ---- */

int64_t visit_number(slice text)
{
        int64_t number = 0;
        if (text.size == 0 || text.size > 18 || text.data[0] == '0')
                return 0;
        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return 0;
                number = number * 10 + (text.data[i] - '0');
        }
        return number;
}

mitome_status visit_id(slice text, mitome_code otherwise, uint8_t ret_id[VISIT_ID_SIZE], mitome_error *error)
{
        slice id;
        if (text.size != 2 * VISIT_ID_SIZE ||
                failed(hex_text_decode(text, "id", ret_id, VISIT_ID_SIZE, &id, NULL)) ||
                id.size != VISIT_ID_SIZE)
                return fail(error, otherwise, "id", NULL);
        return ok();
}

void visit_id_text(const uint8_t id[VISIT_ID_SIZE], char ret[VISIT_ID_TEXT])
{
        writer w = writer_over((uint8_t *)ret, VISIT_ID_TEXT);
        hex_text_write(&w, slice_of(id, VISIT_ID_SIZE));
        write_u8(&w, 0);
}

/* ---- pages ---- */

/* A path that begins with "//", or with "/\", is another host's to a browser. */
bool site_where_to(slice path)
{
        static const char *const places[] = { "/account", "/document", "/admin" };
        static const char *const rooms[] = { "/oidc/", "/auth/" };
        bool known = false;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
                known = known || slice_is(path, places[i]);
        for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
                known = known || slice_begins_with(path, slice_text(rooms[i]));
        for (size_t i = 0; i < path.size; i++)
                if (path.data[i] <= ' ' || path.data[i] >= 0x7f || path.data[i] == '\\')
                        return false;
        return known;
}

static bool is_plain(uint8_t c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_' || c == '~' || c == '/';
}

/* RFC 3986 2.1, for a value in a query. */
static void write_escaped(writer *w, slice text)
{
        static const char digits[] = "0123456789ABCDEF";
        for (size_t i = 0; i < text.size; i++) {
                const uint8_t c = text.data[i];
                if (is_plain(c)) {
                        write_u8(w, c);
                        continue;
                }
                write_u8(w, '%');
                write_u8(w, (uint8_t)digits[c >> 4]);
                write_u8(w, (uint8_t)digits[c & 15]);
        }
}

static json_t *text_of(slice text)
{
        return json_stringn((const char *)text.data, text.size);
}

/* Where the page goes when it is done: what "next" says, if that may be. */
static void put_next(const struct visit *visit, json_t *data)
{
        uint8_t text[WEB_TARGET_MAX], escaped[3 * WEB_TARGET_MAX];
        writer w = WRITER(text), e = WRITER(escaped);
        slice next = { 0 };
        if (failed(web_field(visit->request->query, "next", &w, &next, NULL)) || !next.data ||
                !site_where_to(next))
                return;
        write_escaped(&e, next);
        (void)json_object_set_new(data, "next", text_of(next));
        (void)json_object_set_new(data, "next_query", text_of(writer_view(&e)));
}

json_t *page_data(const struct visit *visit)
{
        json_t *data = json_object();
        (void)json_object_set_new(data, "logged_in", json_boolean(visit->session.account != 0));
        put_next(visit, data);
        return data;
}

void visit_show(struct visit *visit, const char *page, const char *at, json_t *data)
{
        if (at)
                (void)json_object_set_new(data, at, json_true());
        web_page(visit->answer, visit->site->pages, visit->request, page, data);
}
