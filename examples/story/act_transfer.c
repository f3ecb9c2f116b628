/* SPDX-License-Identifier: Apache-2.0 */

/* Somebody else buys the phone, and makes it his. */

#include "tale.h"

/* His card, held to her phone for a moment: an application that nobody at the phone has touched for. */
static mitome_status refuse_card_alone(
        struct tale *tale, const struct tale_person *person, mitome_error *error)
{
        struct tale_phone *hers = &tale->phones[1];
        const struct life_application application = { .purpose = LIFE_ISSUE,
                .kinds = LIFE_BOTH,
                .card = &person->card.link,
                .card_password = slice_text(TALE_CARD_PASSWORD) };
        mitome_error cause = { 0 };
        char text[STAGE_TEXT_MAX];
        MITOME_TRY(tale_phone_on(tale, hers, error));
        mitome_status status = life_cycle_apply(hers->app, &application, &cause);
        const mitome_error refused = {
                .code = phone_refusal(&cause), .at = MITOME_NOWHERE, .field = "phone"
        };
        tale_reason(status, status.code == MITOME_E_REFUSED ? &refused : &cause, text);
        stage_check(&tale->stage, SP_TSM,
                status.code == MITOME_E_REFUSED && refused.code == MITOME_E_ORDER_PRESENCE,
                "A card alone does not take over another's phone", "%s", failed(status) ? text : "taken");
        return tale_offer_login(tale, hers, "Her new phone still opens her account", MITOME_OK, error);
}

mitome_status act_transfer(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        const struct tale_person *person = &tale->people[1];
        struct life_state state;
        struct tale_login login;
        stage_step(&tale->stage, "The shop sells it; he applies with his own card, and logs in");
        phone->pin = "8642";
        phone->password = "TARO5678";
        MITOME_TRY(tale_apply(tale, phone, person, LIFE_ISSUE, LIFE_BOTH, &state, error));
        MITOME_TRY(tale_learn_serials(tale, phone, person, error));
        tale_check_order(tale, "The phone is its new owner's", &state, LIFE_BOTH);
        MITOME_TRY(tale_register(tale, phone, tale->people[0].account, TALE_MOVE_ACCOUNT, &login, error));
        stage_check(&tale->stage, PORTAL, login.code == MITOME_E_ACCOUNT_NOT_SUCCESSOR,
                "Her account does not follow the phone to him", "%s", login.reason);
        MITOME_TRY(tale_register(tale, phone, person->account, TALE_OPEN_ACCOUNT, &login, error));
        MITOME_TRY(tale_offer_login(tale, phone, "He has an account of his own", MITOME_OK, error));
        return refuse_card_alone(tale, person, error);
}
