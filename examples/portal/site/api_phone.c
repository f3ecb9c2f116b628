/* SPDX-License-Identifier: Apache-2.0 */
/* A login with the phone (cross_device.h): the browser's side has a session, the phone's has but the code. */
#include "portal_api.h"

#include "portal_body.h"
#include "portal_ceremony.h"
#include "portal_limits.h"
#include "qr_svg.h"

#include <stdio.h>

enum { ADDRESS_MAX = DOCUMENT_ORIGIN_MAX + 64 };

json_t *api_qr(slice text)
{
        uint8_t path[QR_SVG_PATH_MAX];
        writer w = WRITER(path);
        unsigned size = 0;
        if (!qr_svg_is_there() || failed(qr_svg_path(text, &w, &size, NULL)))
                return json_null();
        const slice drawn = writer_view(&w);
        return json_pack("{s:i, s:s%}", "size", (int)size, "path", drawn.data, drawn.size);
}

/* ---- the browser ---- */

static mitome_status begin(struct visit *visit, mitome_error *error)
{
        struct cross_device_request made = { 0 };
        char id[VISIT_ID_TEXT], address[ADDRESS_MAX];
        MITOME_TRY(body_read(visit->request->body, NULL, 0, error));
        MITOME_TRY(limits_take(visit->portal, LIMITS_PHONE, visit->request->peer, error));
        MITOME_TRY(cross_device_begin(portal_party(visit->portal), visit->session.key, &made, error));
        visit_id_text(made.id, id);
        (void)snprintf(address, sizeof address, "%s/phone/%s", visit->site->desk->origin, made.code);
        json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:I}", "id", id, "code", made.code, "number",
                made.number, "url", address, "expires", (json_int_t)made.expires);
        (void)json_object_set_new(body, "qr", api_qr(slice_text(address)));
        web_json(visit->answer, 200, body);
        return ok();
}

static mitome_status tell_state(struct visit *visit, mitome_error *error)
{
        static const char *const names[] = { [CROSS_DEVICE_WAITS] = "waiting",
                [CROSS_DEVICE_SEEN] = "seen",
                [CROSS_DEVICE_READY] = "ready",
                [CROSS_DEVICE_OVER] = "over" };
        uint8_t id[VISIT_ID_SIZE];
        enum cross_device_state state;
        MITOME_TRY(visit_id(visit->request->parts[0], MITOME_E_PHONE_REQUEST, id, error));
        MITOME_TRY(
                cross_device_poll(portal_party(visit->portal), visit->session.key, SLICE(id), &state, error));
        web_json(visit->answer, 200, json_pack("{s:s}", "state", names[state]));
        return ok();
}

static mitome_status take(struct visit *visit, mitome_error *error)
{
        uint8_t id[VISIT_ID_SIZE];
        struct cross_device_grant grant = { 0 };
        struct session_login login = { 0 };
        MITOME_TRY(body_read(visit->request->body, NULL, 0, error));
        MITOME_TRY(visit_id(visit->request->parts[0], MITOME_E_PHONE_REQUEST, id, error));
        MITOME_TRY(
                cross_device_take(portal_party(visit->portal), visit->session.key, SLICE(id), &grant, error));
        session_granted(&grant, &login);
        MITOME_TRY(api_enter(visit, &login, error));
        return api_tell_session(visit, &visit->session, error);
}

/* ---- the phone ---- */

static mitome_status read_code(struct visit *visit, char ret[CROSS_DEVICE_CODE_SIZE + 1], mitome_error *error)
{
        MITOME_TRY(limits_take(visit->portal, LIMITS_CODE, visit->request->peer, error));
        return cross_device_read_code(visit->request->parts[0], ret, error);
}

static mitome_status look(struct visit *visit, mitome_error *error)
{
        struct cross_device_sight sight = { 0 };
        char code[CROSS_DEVICE_CODE_SIZE + 1];
        uint8_t buffer[CEREMONY_OPTIONS_MAX];
        slice json;
        MITOME_TRY(read_code(visit, code, error));
        MITOME_TRY(cross_device_look(
                portal_party(visit->portal), slice_text(code), visit->request->peer, &sight, error));
        MITOME_TRY(ceremony_ask(visit->portal, SLICE(sight.context), CROSS_DEVICE_SECONDS, buffer,
                sizeof buffer, &json, error));
        json_t *body = json_pack("{s:s, s:s, s:I}", "origin", visit->site->desk->origin, "number",
                sight.number, "expires", (json_int_t)sight.expires);
        (void)json_object_set_new(body, "options",
                json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, NULL));
        web_json(visit->answer, 200, body);
        return ok();
}

static mitome_status answer(struct visit *visit, mitome_error *error)
{
        struct party *party = portal_party(visit->portal);
        struct cross_device_sight sight = { 0 };
        struct cross_device_grant grant = { 0 };
        struct session_login login = { 0 };
        char code[CROSS_DEVICE_CODE_SIZE + 1];
        uint8_t id[CROSS_DEVICE_ID_SIZE];
        const struct ceremony_attempt attempt = {
                .json = visit->request->body, .network = visit->request->peer, .by_phone = true
        };
        MITOME_TRY(read_code(visit, code, error));
        MITOME_TRY(cross_device_claim(party, slice_text(code), visit->request->peer, &sight, id, error));
        MITOME_TRY(ceremony_assert(visit->portal, SLICE(sight.context), &attempt, &login, error));
        session_grant(visit->portal, &login, &grant);
        MITOME_TRY(cross_device_grant(party, id, &grant, error));
        web_json(visit->answer, 200, json_pack("{s:s}", "number", sight.number));
        return ok();
}

VISIT_HANDLER(api_phone_begin, VISIT_CHANGE, begin)
VISIT_HANDLER(api_phone_state, VISIT_SESSION, tell_state)
VISIT_HANDLER(api_phone_take, VISIT_CHANGE, take)
VISIT_HANDLER(api_phone_look, 0, look)
VISIT_HANDLER(api_phone_answer, 0, answer)
