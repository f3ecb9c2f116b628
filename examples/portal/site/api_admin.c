/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_api.h"

#include "portal_body.h"
#include "portal_limits.h"
#include "tally.h"

#include <stdio.h>

static const struct web_cookie_rule admin_cookie = { .name = "admin", .strict = true };

static mitome_status check_admin(struct visit *visit, mitome_error *error)
{
        if (!visit->site->admin)
                return fail(error, MITOME_E_WEB_NOT_FOUND, "administrator", NULL);
        return admin_check(
                visit->site->admin, web_cookie(visit->request, "admin"), portal_now(visit->portal), error);
}

static mitome_status enter(struct visit *visit, mitome_error *error)
{
        uint8_t text[ADMIN_TOKEN_SIZE];
        char cookie[ADMIN_TOKEN_SIZE];
        slice token;
        const struct body_field fields[] = { { "token", BODY_TEXT, true, text, sizeof text, &token } };
        MITOME_TRY(body_read(visit->request->body, fields, 1, error));
        if (!visit->site->admin)
                return fail(error, MITOME_E_WEB_NOT_FOUND, "administrator", NULL);
        MITOME_TRY(limits_take(visit->portal, LIMITS_ADMIN, visit->request->peer, error));
        MITOME_TRY(admin_log_in(visit->site->admin, token, portal_now(visit->portal), cookie, error));
        web_set_cookie(visit->answer, visit->request, &admin_cookie, slice_text(cookie));
        bytes_wipe(cookie, sizeof cookie);
        web_json(visit->answer, 200, json_object());
        return ok();
}

/* What is said of a code in general: no field, no remedy, no person. */
static json_t *reason_of(const struct tally_reason *reason)
{
        char code[16];
        (void)snprintf(code, sizeof code, "E%d", (int)reason->code);
        return json_pack("{s:s, s:s, s:s, s:I}", "what", tally_name(reason->what), "code", code, "reason",
                party_code_name(reason->code), "count", (json_int_t)reason->count);
}

static json_t *counts_of(const int64_t counts[TALLY_WHATS])
{
        json_t *body = json_object();
        for (int i = 0; i < TALLY_WHATS; i++)
                (void)json_object_set_new(
                        body, tally_name((enum tally_what)i), json_integer((json_int_t)counts[i]));
        return body;
}

static mitome_status tell(struct visit *visit, mitome_error *error)
{
        struct tally_figures figures = { 0 };
        MITOME_TRY(check_admin(visit, error));
        MITOME_TRY(tally_read(visit->portal, &figures, error));
        json_t *reasons = json_array();
        for (size_t i = 0; i < figures.refused_count; i++)
                (void)json_array_append_new(reasons, reason_of(&figures.refused[i]));
        json_t *body = json_pack("{s:I, s:I, s:I, s:o}", "accounts", (json_int_t)figures.accounts,
                "credentials", (json_int_t)figures.credentials, "sessions", (json_int_t)figures.sessions,
                "refused", reasons);
        (void)json_object_set_new(body, "done", counts_of(figures.done));
        (void)json_object_set_new(body, "last_minute", counts_of(figures.last_minute));
        web_json(visit->answer, 200, body);
        return ok();
}

static mitome_status show(struct visit *visit, mitome_error *error)
{
        if (!visit->site->admin)
                return fail(error, MITOME_E_WEB_NOT_FOUND, "administrator", NULL);
        json_t *data = page_data(visit);
        (void)json_object_set_new(data, "admin", json_boolean(!failed(check_admin(visit, NULL))));
        visit_show(visit, "admin", NULL, data);
        return ok();
}

VISIT_HANDLER(api_admin_login, VISIT_CHANGE, enter)
VISIT_HANDLER(api_admin_figures, 0, tell)
VISIT_HANDLER(page_admin, VISIT_SESSION | VISIT_PAGE, show)
