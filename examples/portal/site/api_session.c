/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_api.h"

static json_t *methods_of(unsigned amr)
{
        json_t *list = json_array();
        for (unsigned i = 0; i < SESSION_AMR_METHODS; i++)
                if (amr & 1u << i)
                        (void)json_array_append_new(list, json_string(session_amr_name(i)));
        return list;
}

json_t *api_session_of(const struct session *session)
{
        json_t *body = json_pack("{s:b, s:s}", "person", session->account != 0, "csrf", session->csrf);
        if (!session->account)
                return body;
        (void)json_object_set_new(
                body, "level", session->level[0] ? json_string(session->level) : json_null());
        (void)json_object_set_new(body, "acr", json_string(session->acr));
        (void)json_object_set_new(body, "amr", methods_of(session->amr));
        (void)json_object_set_new(body, "authenticated", json_integer(session->authenticated));
        (void)json_object_set_new(body, "ends", json_integer(session->ends));
        (void)json_object_set_new(body, "cross_device", json_boolean(session->cross_device));
        return body;
}

static mitome_status tell(struct visit *visit, mitome_error *error)
{
        (void)error;
        web_json(visit->answer, 200, api_session_of(&visit->session));
        return ok();
}

/* The browser goes on as a visitor, with a new cookie. */
static mitome_status begin_anew(struct visit *visit, mitome_error *error)
{
        char cookie[SESSION_COOKIE_SIZE];
        struct session fresh = { 0 };
        MITOME_TRY(session_begin(visit->portal, &fresh, cookie, error));
        visit_set_session(visit, cookie);
        bytes_wipe(cookie, sizeof cookie);
        web_json(visit->answer, 200, api_session_of(&fresh));
        return ok();
}

static mitome_status leave(struct visit *visit, mitome_error *error)
{
        MITOME_TRY(session_end(visit->portal, &visit->session, error));
        return begin_anew(visit, error);
}

static mitome_status leave_everywhere(struct visit *visit, mitome_error *error)
{
        const int64_t account = visit->session.account;
        MITOME_TRY(session_end_all(visit->portal, account, error));
        MITOME_TRY(cross_device_withdraw(portal_party(visit->portal), account, error));
        return begin_anew(visit, error);
}

VISIT_HANDLER(api_session, VISIT_SESSION, tell)
VISIT_HANDLER(api_logout, VISIT_PERSON | VISIT_CHANGE, leave)
VISIT_HANDLER(api_logout_everywhere, VISIT_PERSON | VISIT_CHANGE, leave_everywhere)
