/* SPDX-License-Identifier: Apache-2.0 */

/* She has forgotten her PIN: three tries, and nothing opens; her card has it replaced. */

#include "tale.h"

#include "jpki_message.h"

enum { TRIES = 3 };

static mitome_status guess(struct tale *tale, struct tale_phone *phone, mitome_error *error)
{
        static struct tale_proof proof;
        const slice question = slice_text(JPKI_MESSAGE_PREFIX "\x02"
                                                              "who is there?");
        const char *right = phone->pin;
        mitome_error cause = { 0 };
        MITOME_TRY(tale_sign(tale, phone, question, &proof, error)); /* else a refusal later says nothing */
        phone->pin = "0000";
        for (unsigned i = 0; i < TRIES; i++)
                if (!failed(tale_sign(tale, phone, question, &proof, &cause)))
                        return fail(error, MITOME_E_VALUE, "wrong PIN", NULL);
        phone->pin = right;
        mitome_status status = tale_sign(tale, phone, question, &proof, &cause);
        stage_check(&tale->stage, ELEMENT, failed(status) && cause.code == MITOME_E_APDU_STATUS,
                "A PIN that was wrong three times opens nothing", "the right one is %s",
                failed(status) ? "refused as well" : "taken");
        return ok();
}

mitome_status act_forgotten(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        struct life_state state;
        stage_step(&tale->stage, "She has forgotten her PIN, and has it replaced by her card");
        MITOME_TRY(guess(tale, phone, error));
        phone->pin = "1357";
        MITOME_TRY(tale_apply(
                tale, phone, &tale->people[0], LIFE_RESET_PIN, LIFE_USER_VERIFICATION, &state, error));
        stage_sent(&tale->stage, SP_TSM, ELEMENT, "a temporary PIN, which she replaces in the same session");
        tale_check_order(tale, "A forgotten PIN is replaced, and the certificates stay", &state, LIFE_BOTH);
        return tale_offer_login(tale, phone, "The new PIN opens the same account", MITOME_OK, error);
}
