/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a person who has logged in. They are given what the API gives, and booleans beside it, because
 * a page compares nothing. */
#include "portal_api.h"

#include <string.h>

/* Sets the boolean that is named like the text of a member: {"state": "valid"} -> "valid": true. */
static void name_by_text(json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));
        if (text)
                (void)json_object_set_new(object, text, json_true());
}

/* Requirements of the shipped policy have words of the page's language; others are shown as their policy says
 * them. */
static void name_reason(json_t *reason)
{
        static const struct {
                const char *id, *word;
        } words[] = {
                { "NONCE", "reason_nonce" },
                { "REVOKE", "reason_revoke" },
                { "EXPIRE", "reason_expire" },
                { "UVFLAG", "reason_uvflag" },
                { "TYPE2", "reason_type2" },
                { "REPLAY", "reason_replay" },
                { "PHISH", "reason_phish" },
                { "INTENT", "reason_intent" },
                { "SYNC", "reason_sync" },
                { "SENSOR", "reason_sensor" },
                { "NOEXPORT", "reason_noexport" },
        };
        const char *id = json_string_value(json_object_get(reason, "id"));
        name_by_text(reason, "outcome");
        for (size_t i = 0; id && i < sizeof words / sizeof *words; i++)
                if (strcmp(id, words[i].id) == 0)
                        (void)json_object_set_new(reason, "word", json_string(words[i].word));
}

static void name_passkeys(json_t *account)
{
        size_t i;
        json_t *one, *list = json_object_get(account, "credentials");
        size_t open = 0;
        json_array_foreach(list, i, one) open += json_is_false(json_object_get(one, "ended"));
        json_array_foreach(list, i, one)(void) json_object_set_new(
                one, "removable", json_boolean(open > 1 || json_is_true(json_object_get(one, "ended"))));
}

static mitome_status show_account(struct visit *visit, mitome_error *error)
{
        json_t *account = NULL, *data = page_data(visit), *reason;
        size_t i;
        const mitome_status status = api_account_of(visit, &account, error);
        if (failed(status)) {
                json_decref(data);
                return status;
        }
        name_by_text(json_object_get(account, "certificate"), "state");
        json_array_foreach(json_object_get(account, "reasons"), i, reason) name_reason(reason);
        name_by_text(json_object_get(account, "step_up"), "factor");
        name_passkeys(account);
        json_object_set_new(account, "authenticated", api_time(visit->session.authenticated));
        (void)json_object_set_new(data, "account", account);
        visit_show(visit, "account", "at_account", data);
        return ok();
}

static mitome_status show_document(struct visit *visit, mitome_error *error)
{
        (void)error;
        visit_show(visit, "document", "at_document", page_data(visit));
        return ok();
}

VISIT_HANDLER(page_account, VISIT_PERSON | VISIT_PAGE, show_account)
VISIT_HANDLER(page_document, VISIT_PERSON | VISIT_PAGE, show_document)
