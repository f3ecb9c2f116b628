/* SPDX-License-Identifier: Apache-2.0 */

/* He sets the phone back (端末初期化): the phone's own software asks the maker, who has the SEI-TSM erase. */

#include "tale.h"

#include "phone_way_http.h"

static mitome_status set_back(
        struct tale *tale, struct tale_phone *phone, bool *ret_confirmed, mitome_error *error)
{
        enum { TURN_MS = 300 };
        const struct life_reset reset = { .identity = phone->identity,
                .platform = phone->link,
                .software = tale->software,
                .maker = phone_way_http(tale->maker_way),
                .sei_tsm = phone_way_http(tale->sei_way) };
        *ret_confirmed = false;
        for (unsigned waited = 0; waited < TALE_WAIT_S * 1000 && !*ret_confirmed; waited += TURN_MS) {
                MITOME_TRY(life_cycle_reset(&reset, ret_confirmed, error));
                tale_pause(*ret_confirmed ? 0 : TURN_MS);
        }
        return ok();
}

mitome_status act_set_back(struct tale *tale, mitome_error *error)
{
        struct tale_phone *phone = &tale->phones[0];
        bool confirmed;
        stage_step(&tale->stage, "He sets the phone back, to sell it in turn");
        MITOME_TRY(set_back(tale, phone, &confirmed, error));
        stage_sent(&tale->stage, MAKER, SEI_TSM,
                "letter: %s is being set back, and has proved that it asks itself", phone->identity);
        stage_sent(&tale->stage, SEI_TSM, ELEMENT,
                "erase, by the phone's relay; the receipt goes to the authority");
        stage_check(&tale->stage, MAKER, confirmed, "A phone that is set back is erased, with a receipt",
                confirmed ? "nothing is left, and the authority has every receipt" : "not confirmed");
        return tale_ask_counter(
                tale, phone, "And a counter sees it", "ERASED, RECEIPT VERIFIED", true, error);
}
