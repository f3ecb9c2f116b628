/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorSelection (CTAP 2.1, 6.9): is it this device that the user means? */

static void take_touch(struct core *core, enum core_presence presence)
{
        static const enum ctap_status answers[] = {
                [PRESENCE_GIVEN] = CTAP2_OK, /* [6.9] the user touched: this one is meant */
                [PRESENCE_DECLINED] = CTAP2_ERR_OPERATION_DENIED,   /* [6.9 declined] the user said no */
                [PRESENCE_TIMEOUT] = CTAP2_ERR_USER_ACTION_TIMEOUT, /* [6.9 timeout] nobody said anything */
        };
        core_close(core, answers[presence]);
}

void core_selection(struct core *core)
{
        /* [6.9 input] the command takes no parameters */
        if (core->request_size != 1)
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
        else
                core_ask_touch(core, CORE_PROMPT_SELECT, (slice){ 0 }, (slice){ 0 }, take_touch);
}
