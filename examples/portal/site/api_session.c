/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_api.h"

#include "json.h"

enum { SESSION_JSON_MAX = 1024 };

static void write_methods(struct json_writer *w, unsigned amr)
{
        json_write_open_array(w, "amr");
        for (unsigned i = 0; i < SESSION_AMR_METHODS; i++)
                if (amr & 1u << i)
                        json_write_string(w, NULL, session_amr_name(i));
        json_write_close_array(w);
}

static void write_person(struct json_writer *w, const struct portal *portal, const struct session *session)
{
        struct level_judgement judged;
        session_judge(portal, session, 0, &judged);
        if (session->level[0])
                json_write_string(w, "level", session->level);
        else
                json_write_null(w, "level");
        json_write_bool(w, "unconfirmed", judged.unconfirmed);
        json_write_string(w, "acr", session->acr);
        write_methods(w, session->amr);
        json_write_int(w, "authenticated", session->authenticated);
        json_write_int(w, "ends", session->ends);
        json_write_bool(w, "cross_device", session->cross_device);
}

static void write_session(const struct portal *portal, const struct session *session, writer *out)
{
        struct json_writer w = json_into(out);
        json_write_open_object(&w, NULL);
        json_write_bool(&w, "person", session->account != 0);
        json_write_string(&w, "csrf", session->csrf);
        if (session->account)
                write_person(&w, portal, session);
        json_write_close_object(&w);
}

json_t *api_session_of(const struct visit *visit)
{
        uint8_t text[SESSION_JSON_MAX];
        writer w = WRITER(text);
        write_session(visit->portal, &visit->session, &w);
        json_t *body = w.overflowed ? NULL : json_loadb((const char *)text, w.used, 0, NULL);
        bytes_wipe(text, sizeof text);
        return body;
}

mitome_status api_tell_session(struct visit *visit, const struct session *session, mitome_error *error)
{
        uint8_t text[SESSION_JSON_MAX];
        slice json;
        writer w = WRITER(text);
        write_session(visit->portal, session, &w);
        MITOME_TRY(writer_finish(&w, "session", &json, error));
        api_tell(visit, json);
        bytes_wipe(text, sizeof text);
        return ok();
}

static mitome_status tell(struct visit *visit, mitome_error *error)
{
        return api_tell_session(visit, &visit->session, error);
}

/* The browser goes on as a visitor, with a new cookie. */
static mitome_status begin_anew(struct visit *visit, mitome_error *error)
{
        char cookie[SESSION_COOKIE_SIZE];
        struct session fresh = { 0 };
        MITOME_TRY(session_begin(visit->portal, &fresh, cookie, error));
        visit_set_session(visit, cookie);
        bytes_wipe(cookie, sizeof cookie);
        return api_tell_session(visit, &fresh, error);
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
