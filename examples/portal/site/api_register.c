/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_api.h"

#include "credential.h"
#include "portal_body.h"
#include "portal_ceremony.h"
#include "portal_limits.h"

enum { CERTIFICATE_MAX = 4096, SIGNATURE_MAX = 512 };

/* Buffers of what was sent with a new passkey; the views of `answer` and `account` go there. */
struct sent {
        uint8_t display[ACCOUNT_NAME_MAX], name[CREDENTIAL_NAME_MAX], account[ACCOUNT_NAME_MAX];
        uint8_t certificate[CERTIFICATE_MAX], signature[SIGNATURE_MAX];
        slice number;
        struct ceremony_answer answer;
};

static mitome_status ask(struct visit *visit, mitome_error *error)
{
        uint8_t buffer[CEREMONY_OPTIONS_MAX], text[ACCOUNT_NAME_MAX];
        slice json, name = { 0 };
        const struct body_field fields[] = { { "name", BODY_TEXT, false, text, sizeof text, &name } };
        MITOME_TRY(body_read(visit->request->body, fields, 1, error));
        MITOME_TRY(limits_take(visit->portal, LIMITS_OPTIONS, visit->request->peer, error));
        MITOME_TRY(ceremony_creation_options(
                visit->portal, &visit->session, name, buffer, sizeof buffer, &json, error));
        api_tell(visit, json);
        return ok();
}

static mitome_status read_sent(
        const struct web_request *request, bool to_account, struct sent *sent, mitome_error *error)
{
        struct ceremony_answer *answer = &sent->answer;
        const struct body_field fields[] = {
                { "credential", BODY_OBJECT, true, NULL, 0, &answer->json },
                { "name", BODY_TEXT, false, sent->display, sizeof sent->display, &answer->display },
                { "label", BODY_TEXT, false, sent->name, sizeof sent->name, &answer->name },
                { "certificate", BODY_BYTES, false, sent->certificate, sizeof sent->certificate,
                        &answer->certificate },
                { "signature", BODY_BYTES, false, sent->signature, sizeof sent->signature,
                        &answer->signature },
                { "account", BODY_TEXT, true, sent->account, sizeof sent->account, &sent->number },
        };
        answer->network = request->peer;
        return body_read(request->body, fields, to_account ? 6 : 5, error);
}

/* What was registered. Whoever opens an account, or takes his over, is logged in by that. */
static mitome_status finish(
        struct visit *visit, const struct ceremony_registered *made, bool enter, mitome_error *error)
{
        static const char *const trust[] = { "none", "self", "unverified", "verified" };
        if (enter)
                MITOME_TRY(api_enter(visit, &made->login, error));
        json_t *body = json_pack("{s:I, s:b, s:b, s:s}", "credential", (json_int_t)made->credential, "opened",
                made->opened, "certificate", made->certificate, "trust", trust[made->trust]);
        (void)json_object_set_new(body, "session", api_session_of(visit));
        web_json(visit->answer, 200, body);
        return ok();
}

static mitome_status take(struct visit *visit, mitome_error *error)
{
        struct sent sent = { 0 };
        struct ceremony_registered made = { 0 };
        MITOME_TRY(read_sent(visit->request, false, &sent, error));
        MITOME_TRY(ceremony_register(visit->portal, &visit->session, &sent.answer, &made, error));
        return finish(visit, &made, visit->session.account == 0, error);
}

static mitome_status move(struct visit *visit, mitome_error *error)
{
        struct sent sent = { 0 };
        struct ceremony_registered made = { 0 };
        MITOME_TRY(read_sent(visit->request, true, &sent, error));
        MITOME_TRY(ceremony_move(visit->portal, &visit->session, sent.number, &sent.answer, &made, error));
        return finish(visit, &made, true, error);
}

VISIT_HANDLER(api_register_options, VISIT_CHANGE, ask)
VISIT_HANDLER(api_register, VISIT_CHANGE, take)
VISIT_HANDLER(api_move, VISIT_CHANGE, move)
