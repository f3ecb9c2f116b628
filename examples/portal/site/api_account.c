/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_api.h"

#include "credential.h"
#include "portal_body.h"
#include "portal_trust.h"

#include <time.h>

json_t *api_time(int64_t at)
{
        char text[32];
        struct tm parts;
        const time_t seconds = (time_t)at;
        if (at == 0 || !gmtime_r(&seconds, &parts) ||
                strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
                return json_null();
        return json_string(text);
}

static json_t *text_of(slice text)
{
        return json_stringn((const char *)text.data, text.size);
}

/* ---- the level, and why ---- */

/* A text of a policy is a JSON string as it stands there. */
static json_t *policy_text(slice raw)
{
        uint8_t buffer[2048];
        writer w = WRITER(buffer);
        write_u8(&w, '"');
        write_slice(&w, raw);
        write_u8(&w, '"');
        return w.overflowed ? json_string("")
                            : json_loadb((const char *)buffer, w.used, JSON_DECODE_ANY, NULL);
}

static json_t *reason_of(const struct level_policy *policy, const struct level_judgement *judged, size_t i)
{
        static const char *const names[] = { "satisfied", "partly_observed", "declared", "not_satisfied",
                "not_testable" };
        const struct level_requirement *asked = &policy->requirements[i];
        json_t *reason = json_object();
        (void)json_object_set_new(reason, "id", text_of(asked->id));
        (void)json_object_set_new(reason, "level", text_of(policy->levels[asked->level]));
        (void)json_object_set_new(reason, "shall", json_boolean(asked->shall));
        (void)json_object_set_new(reason, "unconfirmed", json_boolean(!asked->verified));
        (void)json_object_set_new(reason, "source", policy_text(asked->source));
        (void)json_object_set_new(reason, "section", policy_text(asked->section));
        (void)json_object_set_new(reason, "text", policy_text(asked->text));
        (void)json_object_set_new(reason, "outcome", json_string(names[judged->findings[i].outcome]));
        return reason;
}

/* What a login must show, and what else is known to be wrong: the policy's other requirements are of devices
 * and services, and nobody looked. */
static bool concerns_login(const struct level_requirement *asked, enum level_outcome outcome, unsigned scopes)
{
        return asked->scopes & scopes || outcome == LEVEL_NOT_SATISFIED;
}

static json_t *reasons_of(const struct visit *visit)
{
        const struct level_policy *policy = portal_policy(visit->portal, 0);
        struct level_judgement judged = { 0 };
        json_t *list = json_array();
        if (!policy)
                return list;
        session_judge(visit->portal, &visit->session, 0, &judged);
        for (size_t i = 0; i < policy->requirement_count; i++)
                if (concerns_login(&policy->requirements[i], judged.findings[i].outcome, judged.scopes))
                        (void)json_array_append_new(list, reason_of(policy, &judged, i));
        return list;
}

/* Whether a further factor would reach the next level: {"level": "AAL3", "factor": "pin"}, or null. */
static json_t *step_up_of(const struct visit *visit)
{
        static const char *const factors[] = {
                [MITOME_FACTOR_PIN] = "pin", [MITOME_FACTOR_PASSWORD] = "password"
        };
        const struct level_policy *policy = portal_policy(visit->portal, 0);
        struct level_judgement judged = { 0 };
        if (policy)
                session_judge(visit->portal, &visit->session, 0, &judged);
        if (!judged.has_next)
                return json_null();
        const slice next = policy->levels[judged.next];
        const enum mitome_level_factor factor = session_step_up(visit->portal, &visit->session, 0, next);
        return factor == MITOME_FACTOR_UNTOLD
                       ? json_null()
                       : json_pack("{s:o, s:s}", "level", text_of(next), "factor", factors[factor]);
}

/* ---- certificate and passkeys ---- */

static const char *certificate_state(mitome_code status)
{
        static const struct {
                mitome_code code;
                const char *state;
        } table[] = {
                { MITOME_OK, "valid" },
                { MITOME_E_CERTIFICATE_REVOKED, "revoked" },
                { MITOME_E_CERTIFICATE_ON_HOLD, "revoked" },
                { MITOME_E_CERTIFICATE_EXPIRED, "expired" },
        };
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                if (table[i].code == status)
                        return table[i].state;
        return "unknown";
}

static json_t *certificate_of(const struct credential_account *account)
{
        if (!account->certificate)
                return json_null();
        json_t *body = json_object();
        (void)json_object_set_new(body, "state", json_string(certificate_state(account->certificate_status)));
        (void)json_object_set_new(body, "not_after", api_time(account->certificate_not_after));
        return body;
}

static void put_model(json_t *body, const struct portal_model *model)
{
        const bool icon = model && model->icon.size;
        (void)json_object_set_new(body, "model", model ? text_of(model->description) : json_null());
        (void)json_object_set_new(body, "icon", icon ? text_of(model->icon) : json_null());
}

static json_t *passkey_of(const struct credential *one, const struct portal_model *model, int64_t current)
{
        static const char *const trust[] = { "none", "self", "unverified", "verified" };
        json_t *body = json_pack("{s:I, s:s, s:b, s:b, s:b, s:b, s:b, s:s}", "id", (json_int_t)one->row,
                "name", one->name, "current", one->row == current, "backup_eligible", one->backup_eligible,
                "backed_up", one->backed_up, "certificate", one->certificate, "ended", one->ended, "trust",
                trust[one->trust]);
        (void)json_object_set_new(body, "created", api_time(one->created));
        (void)json_object_set_new(body, "last_used", api_time(one->last_used));
        put_model(body, model);
        return body;
}

static json_t *passkeys_of(const struct visit *visit, const struct credential_list *list)
{
        const struct portal_snapshot *snapshot = portal_believe(visit->portal);
        json_t *body = json_array();
        for (size_t i = 0; i < list->count; i++) {
                const struct credential *one = &list->credentials[i];
                const struct portal_model *model =
                        snapshot ? portal_model_find(snapshot, SLICE(one->aaguid)) : NULL;
                (void)json_array_append_new(body, passkey_of(one, model, visit->session.credential));
        }
        if (snapshot)
                portal_believe_no_more(visit->portal, snapshot);
        return body;
}

mitome_status api_account_of(struct visit *visit, json_t **ret, mitome_error *error)
{
        struct credential_account account = { 0 };
        struct credential_list list = { 0 };
        MITOME_TRY(credential_account_read(visit->portal, visit->session.account, &account, error));
        MITOME_TRY(credential_list_read(visit->portal, visit->session.account, &list, error));
        json_t *body = json_pack("{s:s, s:s}", "number", account.number, "name", account.display);
        (void)json_object_set_new(body, "opened", api_time(account.opened));
        (void)json_object_set_new(body, "certificate", certificate_of(&account));
        (void)json_object_set_new(body, "credentials", passkeys_of(visit, &list));
        (void)json_object_set_new(body, "session", api_session_of(visit));
        (void)json_object_set_new(body, "reasons", reasons_of(visit));
        (void)json_object_set_new(body, "step_up", step_up_of(visit));
        if (!body)
                return fail(error, MITOME_E_NO_MEMORY, "account", NULL);
        *ret = body;
        return ok();
}

static mitome_status tell(struct visit *visit, mitome_error *error)
{
        json_t *body = NULL;
        MITOME_TRY(api_account_of(visit, &body, error));
        web_json(visit->answer, 200, body);
        return ok();
}

static mitome_status rename_one(struct visit *visit, mitome_error *error)
{
        uint8_t text[CREDENTIAL_NAME_MAX];
        slice name;
        const struct body_field fields[] = { { "name", BODY_TEXT, true, text, sizeof text, &name } };
        MITOME_TRY(body_read(visit->request->body, fields, 1, error));
        MITOME_TRY(credential_rename(
                visit->portal, visit->session.account, visit_number(visit->request->parts[0]), name, error));
        web_json(visit->answer, 200, json_object());
        return ok();
}

static mitome_status remove_one(struct visit *visit, mitome_error *error)
{
        MITOME_TRY(body_read(visit->request->body, NULL, 0, error));
        MITOME_TRY(session_check_fresh(visit->portal, &visit->session, SESSION_FRESH_SECONDS, error));
        MITOME_TRY(credential_remove(
                visit->portal, visit->session.account, visit_number(visit->request->parts[0]), error));
        web_json(visit->answer, 200, json_object());
        return ok();
}

VISIT_HANDLER(api_account, VISIT_PERSON, tell)
VISIT_HANDLER(api_rename, VISIT_PERSON | VISIT_CHANGE, rename_one)
VISIT_HANDLER(api_remove, VISIT_PERSON | VISIT_CHANGE, remove_one)
