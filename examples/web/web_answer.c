/* SPDX-License-Identifier: Apache-2.0 */
#include "web_answer.h"

#include "web_cut.h"
#include "web_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text_type[] = "text/plain; charset=utf-8", plain_json[] = "application/json",
                  problem_type[] = "application/problem+json", html_type[] = "text/html; charset=utf-8";

/* ---- its life ---- */

static void drop_body(struct web_answer *answer)
{
        if (answer->bytes)
                bytes_wipe(answer->bytes, answer->size);
        free(answer->bytes);
        json_decref(answer->data);
        answer->bytes = NULL;
        answer->size = 0;
        answer->data = NULL;
        answer->kind = WEB_NOTHING;
}

void web_answer_start(struct web_answer *answer, const struct web_page_set *problems)
{
        answer->bytes = NULL;
        answer->data = NULL;
        answer->size = 0;
        answer->kind = WEB_NOTHING;
        answer->status = 200;
        answer->media_type = text_type;
        answer->pages = NULL;
        answer->page = 0;
        answer->problems = problems;
        answer->code = MITOME_OK;
        answer->header_count = 0;
        answer->form_action = NULL;
        answer->undone = false;
        answer->broken = false;
        answer->text = writer_over((uint8_t *)answer->store, sizeof answer->store);
}

void web_answer_end(struct web_answer *answer)
{
        drop_body(answer);
        bytes_wipe(answer->store, answer->text.used); /* cookies are among them */
        web_answer_start(answer, answer->problems);
}

/* Nothing of it may be told any more. */
static void break_answer(struct web_answer *answer)
{
        drop_body(answer);
        answer->header_count = 0;
        answer->broken = true;
        answer->status = 500;
}

/* ---- texts ---- */

static const char *keep(struct web_answer *answer, slice text)
{
        uint8_t *room = write_space(&answer->text, text.size + 1);
        if (!room || failed(slice_copy(text, "text", room, text.size, NULL))) {
                break_answer(answer);
                return NULL;
        }
        room[text.size] = '\0';
        return (const char *)room;
}

static bool is_header_text(slice text)
{
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] < 0x20 || text.data[i] > 0x7e)
                        return false;
        return true;
}

static void put_header(struct web_answer *answer, size_t at, const char *name, const char *value)
{
        if (answer->broken)
                return;
        if (at == WEB_ANSWER_HEADERS || !web_is_token(slice_text(name)) ||
                !is_header_text(slice_text(value))) {
                break_answer(answer);
                return;
        }
        const char *kept_name = keep(answer, slice_text(name)), *kept_value = keep(answer, slice_text(value));
        if (!kept_name || !kept_value)
                return;
        answer->headers[at].name = kept_name;
        answer->headers[at].value = kept_value;
        if (at == answer->header_count)
                answer->header_count++;
}

static size_t find_header(const struct web_answer *answer, const char *name)
{
        size_t i = 0;
        while (i < answer->header_count && !web_same(slice_text(answer->headers[i].name), name))
                i++;
        return i;
}

const char *web_answer_header(const struct web_answer *answer, const char *name)
{
        size_t at = find_header(answer, name);
        return at < answer->header_count ? answer->headers[at].value : NULL;
}

void web_set_header(struct web_answer *answer, const char *name, const char *value)
{
        put_header(answer, find_header(answer, name), name, value);
}

void web_status(struct web_answer *answer, unsigned status)
{
        if (!answer->broken)
                answer->status = status;
}

void web_form_action(struct web_answer *answer, const char *origin)
{
        if (!is_header_text(slice_text(origin)) || strpbrk(origin, " ;,"))
                break_answer(answer);
        else
                answer->form_action = keep(answer, slice_text(origin));
}

void web_undo(struct web_answer *answer)
{
        answer->undone = true;
}

/* ---- bodies ---- */

void web_text(struct web_answer *answer, const char *media_type, slice body)
{
        if (answer->broken)
                return;
        drop_body(answer);
        answer->media_type = keep(answer, slice_text(media_type));
        uint8_t *copy = malloc(body.size ? body.size : 1);
        if (!answer->media_type || !copy || failed(slice_copy(body, "body", copy, body.size, NULL))) {
                free(copy);
                break_answer(answer);
                return;
        }
        answer->kind = WEB_BYTES;
        answer->bytes = copy;
        answer->size = body.size;
}

static void put_json(struct web_answer *answer, unsigned status, const char *media_type, json_t *stolen)
{
        if (answer->broken || !stolen) {
                json_decref(stolen);
                break_answer(answer);
                return;
        }
        drop_body(answer);
        answer->status = status;
        answer->media_type = media_type;
        answer->kind = WEB_JSON;
        answer->data = stolen;
}

void web_json(struct web_answer *answer, unsigned status, json_t *stolen)
{
        put_json(answer, status, plain_json, stolen);
}

void web_redirect(struct web_answer *answer, const char *location)
{
        drop_body(answer);
        web_status(answer, 303);
        web_set_header(answer, "Location", location);
}

/* ---- cookies ---- */

/* RFC 6265, 4.1.1: cookie-octet. */
static bool is_cookie_value(slice value)
{
        for (size_t i = 0; i < value.size; i++)
                if (value.data[i] <= 0x20 || value.data[i] > 0x7e || strchr("\",;\\", value.data[i]))
                        return false;
        return true;
}

static bool sets_cookie(const char *header, slice beginning)
{
        return slice_begins_with(slice_text(header), beginning);
}

/* Where a cookie of that name stands already, or at the end. */
static size_t cookie_place(const struct web_answer *answer, slice beginning)
{
        size_t i = 0;
        while (i < answer->header_count && !(web_same(slice_text(answer->headers[i].name), "Set-Cookie") &&
                                                   sets_cookie(answer->headers[i].value, beginning)))
                i++;
        return i;
}

void web_set_cookie(struct web_answer *answer, const struct web_request *request,
        const struct web_cookie_rule *rule, slice value)
{
        char line[4096], name[128], age[40] = "";
        int named = snprintf(name, sizeof name, "%s%s=", request->secure ? "__Host-" : "", rule->name);
        if (rule->seconds)
                snprintf(age, sizeof age, "; Max-Age=%" PRId64, rule->seconds < 0 ? 0 : rule->seconds);
        int size = snprintf(line, sizeof line, "%s%.*s; Path=/%s; HttpOnly%s; SameSite=%s", name,
                (int)value.size, value.size ? (const char *)value.data : "", age,
                request->secure ? "; Secure" : "", rule->strict ? "Strict" : "Lax");
        if (!is_cookie_value(value) || named < 0 || (size_t)named >= sizeof name || size < 0 ||
                (size_t)size >= sizeof line)
                break_answer(answer);
        else
                put_header(answer, cookie_place(answer, slice_text(name)), "Set-Cookie", line);
        bytes_wipe(line, sizeof line);
}

/* ---- problems ---- */

static const char *title_of(unsigned status)
{
        static const struct {
                unsigned status;
                const char *title;
        } titles[] = { { 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" },
                { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 409, "Conflict" },
                { 411, "Length Required" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
                { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
                { 421, "Misdirected Request" }, { 422, "Unprocessable Content" },
                { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
                { 500, "Internal Server Error" }, { 503, "Service Unavailable" } };
        for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
                if (titles[i].status == status)
                        return titles[i].title;
        return "Problem";
}

static const char *kind_of(unsigned status)
{
        return status == 404                    ? "not_found"
               : status == 429 || status == 503 ? "busy"
               : status >= 500                  ? "broken"
                                                : "refused";
}

/* What a person is told of it, without the code in front and the remedy behind: they stand by themselves. */
static json_t *problem_data(unsigned status, mitome_code code, const char *where)
{
        char number[16], detail[512];
        const mitome_error error = { .code = code, .at = MITOME_NOWHERE, .field = where };
        snprintf(number, sizeof number, "E%d", (int)code);
        (void)mitome_explain(&error, detail, sizeof detail);
        json_t *data = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title",
                title_of(status), "status", (int)status, "code", number, "detail", detail);
        if (data && where && json_object_set_new(data, "where", json_string(where)) != 0) {
                json_decref(data);
                return NULL;
        }
        return data;
}

void web_problem(struct web_answer *answer, const struct web_request *request, unsigned status,
        mitome_code code, const char *where)
{
        json_t *data = problem_data(status, code, where);
        answer->code = code;
        if (answer->problems && request->method == WEB_GET && request->navigation) {
                if (data)
                        (void)json_object_set_new(data, kind_of(status), json_true());
                web_status(answer, status);
                web_page(answer, answer->problems, request, "problem", data);
                return;
        }
        put_json(answer, status, problem_type, data);
}

/* ---- sending ---- */

static bool write_json(const struct web_answer *answer, uint8_t **ret_bytes, size_t *ret_size)
{
        char *text = json_dumps(answer->data, JSON_COMPACT);
        if (!text)
                return false;
        *ret_bytes = (uint8_t *)text;
        *ret_size = strlen(text);
        return true;
}

void web_answer_write(
        struct web_answer *answer, const struct web_request *request, uint8_t **ret_bytes, size_t *ret_size)
{
        *ret_bytes = NULL;
        *ret_size = 0;
        if (answer->kind == WEB_BYTES) {
                *ret_bytes = answer->bytes;
                *ret_size = answer->size;
                answer->bytes = NULL;
        } else if ((answer->kind == WEB_JSON && !write_json(answer, ret_bytes, ret_size)) ||
                   (answer->kind == WEB_PAGE && !web_page_write(answer->pages, answer->page, request,
                                                        answer->data, ret_bytes, ret_size))) {
                break_answer(answer);
        }
        if (answer->kind == WEB_PAGE)
                answer->media_type = html_type;
        if (answer->kind == WEB_NOTHING)
                answer->media_type = NULL;
}

/* ---- what all answers have ---- */

static const struct {
        const char *name, *value;
} guards[] = {
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "same-origin" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Permissions-Policy",
                "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), "
                "geolocation=(), payment=(), usb=(), hid=(), serial=()" },
        { "Cache-Control", "no-store" },
};

static const char policy_name[] = "Content-Security-Policy";

#define POLICY_BEFORE \
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'"
#define POLICY_AFTER "; base-uri 'none'; frame-ancestors 'none'"

static void add_policy(const struct web_answer *answer,
        void (*add)(void *context, const char *name, const char *value), void *context)
{
        char policy[2048];
        if (answer->header_count && web_answer_header(answer, policy_name))
                return;
        if (!answer->form_action) {
                add(context, policy_name, POLICY_BEFORE POLICY_AFTER);
                return;
        }
        int size = snprintf(policy, sizeof policy, POLICY_BEFORE " %s" POLICY_AFTER, answer->form_action);
        add(context, policy_name, size > 0 && (size_t)size < sizeof policy ? policy : "default-src 'none'");
}

void web_guard_headers(const struct web_answer *answer, bool strict_transport,
        void (*add)(void *context, const char *name, const char *value), void *context)
{
        for (size_t i = 0; i < sizeof guards / sizeof *guards; i++)
                if (answer->header_count == 0 || !web_answer_header(answer, guards[i].name))
                        add(context, guards[i].name, guards[i].value);
        add_policy(answer, add, context);
        if (strict_transport)
                add(context, "Strict-Transport-Security", "max-age=31536000");
}
