/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_api.h"

#include "portal_body.h"
#include "portal_ceremony.h"
#include "portal_limits.h"

/* The browser's own mark, which an account's login gives it (portal_limits.h). */
static const struct web_cookie_rule device_cookie = {
        .name = "device", .seconds = 365 * 86400, .strict = true
};

void api_tell(struct visit *visit, slice json)
{
        web_text(visit->answer, "application/json", json);
}

static mitome_status ask(struct visit *visit, mitome_error *error)
{
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        MITOME_TRY(body_read(visit->request->body, NULL, 0, error));
        MITOME_TRY(limits_take(visit->portal, LIMITS_OPTIONS, visit->request->peer, error));
        MITOME_TRY(ceremony_request_options(
                visit->portal, &visit->session, buffer, sizeof buffer, &json, error));
        api_tell(visit, json);
        return ok();
}

static mitome_status log_in(struct visit *visit, mitome_error *error)
{
        struct ceremony_logged_in in = { 0 };
        const struct ceremony_attempt attempt = { .json = visit->request->body,
                .device = web_cookie(visit->request, "device"),
                .network = visit->request->peer };
        MITOME_TRY(ceremony_login(visit->portal, &visit->session, &attempt, &in, error));
        visit_set_session(visit, in.cookie);
        web_set_cookie(visit->answer, visit->request, &device_cookie, slice_text(in.device));
        const mitome_status status = api_tell_session(visit, &in.session, error);
        bytes_wipe(&in, sizeof in);
        return status;
}

mitome_status api_enter(struct visit *visit, const struct session_login *login, mitome_error *error)
{
        char cookie[SESSION_COOKIE_SIZE];
        struct session entered = { 0 };
        MITOME_TRY(session_log_in(visit->portal, &visit->session, login, &entered, cookie, error));
        visit_set_session(visit, cookie);
        bytes_wipe(cookie, sizeof cookie);
        visit->session = entered;
        return ok();
}

/* A challenge is bound to the cookie; whose that is, is asked when the answer comes. */
VISIT_HANDLER(api_login_options, VISIT_COOKIE | VISIT_CHANGE, ask)
VISIT_HANDLER(api_login, VISIT_CHANGE, log_in)
