/* SPDX-License-Identifier: Apache-2.0 */

/* A person applies with her card, and has both certificates in her phone. */

#include "tale.h"

static mitome_status tell_serials(struct tale *tale, const struct tale_phone *phone, mitome_error *error)
{
        char text[2 * TALE_SERIAL_MAX + 1];
        (void)error;
        tale_hex(&phone->serials[1], text);
        stage_sent(&tale->stage, AUTHORITY, SP_TSM, "signing certificate %.16s..", text);
        tale_hex(&phone->serials[2], text);
        stage_sent(&tale->stage, AUTHORITY, SP_TSM, "user-verification certificate %.16s..", text);
        return ok();
}

mitome_status act_application(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        const struct tale_person *person = &tale->people[0];
        struct life_state state;
        stage_step(
                &tale->stage, "She applies: her card signs, her phone relays, she chooses PIN and password");
        MITOME_TRY(tale_apply(tale, phone, person, LIFE_ISSUE, LIFE_BOTH, &state, error));
        stage_sent(&tale->stage, SEI_TSM, ELEMENT, "applet clean and ready, by the phone's relay");
        stage_sent(&tale->stage, SP_TSM, ELEMENT,
                "keys made inside, certificates, a temporary PIN and password");
        stage_sent(
                &tale->stage, "she", ELEMENT, "PIN and password of her own, in the place of the temporary");
        MITOME_TRY(tale_learn_serials(tale, phone, person, error));
        tale->first = phone->serials[2];
        MITOME_TRY(tell_serials(tale, phone, error));
        tale_check_order(tale, "An application by card ends with both certificates", &state, LIFE_BOTH);
        return ok();
}
