/* SPDX-License-Identifier: Apache-2.0 */

/* She opens an account at a relying party, and logs in. */

#include "tale.h"

mitome_status act_visit(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        struct tale_login login;
        stage_step(&tale->stage, "She registers at a relying party, and logs in");
        MITOME_TRY(tale_register(tale, phone, tale->people[0].account, TALE_OPEN_ACCOUNT, &login, error));
        stage_check(&tale->stage, PORTAL, login.code == MITOME_OK,
                "A passkey with a good certificate opens an account", "%s",
                login.code == MITOME_OK ? "account opened" : login.reason);
        return tale_offer_login(
                tale, phone, "A login is verified, and the certificate looked up", MITOME_OK, error);
}
