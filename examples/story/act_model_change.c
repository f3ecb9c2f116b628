/* SPDX-License-Identifier: Apache-2.0 */

/* A new phone: the old one's certificates end with the new ones' issue, and it is to be erased; but it is
 * silent. */

#include "tale.h"

/* What somebody does who still has the old phone, without letting it speak with anybody but the portal. */
static mitome_status try_old(struct tale *tale, const char *what, mitome_code expected, mitome_error *error)
{
        struct tale_phone *old = &tale->phones[0];
        MITOME_TRY(tale_phone_on(tale, old, error));
        mitome_status status = tale_offer_login(tale, old, what, expected, error);
        tale_phone_off(old);
        return status;
}

static mitome_status take_account_along(struct tale *tale, struct tale_phone *phone, mitome_error *error)
{
        struct tale_login login;
        MITOME_TRY(tale_register(tale, phone, tale->people[0].account, TALE_MOVE_ACCOUNT, &login, error));
        stage_check(&tale->stage, PORTAL, login.code == MITOME_OK, "Her account comes along to the new phone",
                "%s",
                login.code == MITOME_OK ? "the authority says that one followed the other" : login.reason);
        return tale_offer_login(tale, phone, "She logs in with the new phone", MITOME_OK, error);
}

mitome_status act_model_change(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[1];
        struct life_state state;
        stage_step(&tale->stage, "She buys another phone, and applies with it; the lost one is silent");
        MITOME_TRY(tale_apply(tale, phone, &tale->people[0], LIFE_ISSUE, LIFE_BOTH, &state, error));
        MITOME_TRY(tale_learn_serials(tale, phone, &tale->people[0], error));
        stage_sent(&tale->stage, AUTHORITY, SP_TSM, "letter: what was in %s is revoked: have it erased",
                tale->phones[0].identity);
        tale_check_order(tale, "A new phone has both certificates", &state, LIFE_BOTH);
        MITOME_TRY(try_old(tale, "The old phone's certificate is revoked, not only held",
                MITOME_E_CERTIFICATE_REVOKED, error));
        MITOME_TRY(take_account_along(tale, phone, error));
        return try_old(tale, "The old phone opens no account any more", MITOME_E_ACCOUNT_ENDED, error);
}
