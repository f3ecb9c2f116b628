/* SPDX-License-Identifier: Apache-2.0 */

/* Her certificates are renewed: new keys, new serial numbers, and one certificate of a kind at any time. */

#include "tale.h"

#include <string.h>

static bool same(const struct tale_serial *a, const struct tale_serial *b)
{
        return slice_equal(slice_of(a->bytes, a->size), slice_of(b->bytes, b->size));
}

static mitome_status move_account(
        struct tale *tale, struct tale_phone *phone, const char *what, mitome_error *error)
{
        struct tale_login login;
        MITOME_TRY(tale_register(tale, phone, tale->people[0].account, TALE_MOVE_ACCOUNT, &login, error));
        stage_sent(&tale->stage, PORTAL, AUTHORITY, "letter: did this serial follow that one?");
        stage_check(&tale->stage, PORTAL, login.code == MITOME_OK, what, "%s",
                login.code == MITOME_OK ? "the authority says that one followed the other" : login.reason);
        return ok();
}

mitome_status act_renewal(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0], before = *phone;
        struct life_state state;
        stage_step(&tale->stage, "Her certificates are renewed");
        MITOME_TRY(tale_apply(tale, phone, &tale->people[0], LIFE_RENEW, LIFE_BOTH, &state, error));
        MITOME_TRY(tale_learn_serials(tale, phone, &tale->people[0], error));
        bool new = !same(&phone->serials[1], &before.serials[1]) &&
                   !same(&phone->serials[2], &before.serials[2]);
        stage_check(&tale->stage, AUTHORITY, new &&state.order == LIFE_ORDER_DONE,
                "A renewal makes new keys and certificates",
                new ? "two new serial numbers, and no other of hers in this phone is alive"
                    : "the serial numbers from before");
        MITOME_TRY(tale_offer_login(tale, phone, "The certificate before opens nothing any more",
                MITOME_E_CERTIFICATE_REVOKED, error));
        MITOME_TRY(move_account(tale, phone, "Her account follows to the new certificate", error));
        return tale_offer_login(tale, phone, "The renewed certificate opens it", MITOME_OK, error);
}
