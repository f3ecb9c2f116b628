/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* authenticatorReset (CTAP 2.1, 6.6). The element erases its own in one transaction and leaves the receipt;
 * the large-blob array, which is the core's, goes after it: what it held is sealed by keys that are gone by
 * then. The gate is told last to forget its fingers: without the element's pairing they open nothing, so that
 * a gate that does not answer, or none, leaves the reset as good. */

enum { RESET_TOUCHED = 0x02 };

static void fingers_forgotten(struct core *core, const struct mitome_gate_event *event)
{
        if (MITOME_GATE_IS_FINAL(event->kind))
                core_close(core, CTAP2_OK);
        else
                core_poll_gate(core, fingers_forgotten);
}

static void forget_fingers(struct core *core)
{
        core_start_gate(core,
                &(struct mitome_gate_request){ .purpose = MITOME_GATE_FORGET, .command = COMMAND_RESET },
                fingers_forgotten);
}

static void take_erased(struct core *core, bool done)
{
        if (done)
                forget_fingers(core);
        else
                core_close(core, CTAP1_ERR_OTHER);
}

static void take_reset(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        if (sw != SW_OK) {
                core_close(core, ctap_status_of_sw(INS_RESET, sw));
                return;
        }
        core->erasing = true;
        core_forget_time(core); /* its token is none of this authenticator's any more */
        if (core->config.blobs)
                core_erase_blobs(core, take_erased); /* [6.6 largeBlobs] the array becomes the initial one */
        else
                forget_fingers(core);
}

/* [6.6] all credentials, PIN, fingers, settings and tokens go; the element does it in one transaction */
static void erase(struct core *core)
{
        tlv_write_u8(core_data(core), 0x85, RESET_TOUCHED);
        core_transmit(core, INS_RESET, take_reset);
}

static void take_touch(struct core *core, enum core_presence presence)
{
        /* [6.6 declined] the user declines: OPERATION_DENIED; [6.6 timeout] does nothing in time:
         * USER_ACTION_TIMEOUT */
        if (presence == PRESENCE_GIVEN)
                core_wind_down(core, (slice){ 0 }, erase);
        else
                core_close(core, presence == PRESENCE_DECLINED ? CTAP2_ERR_OPERATION_DENIED
                                                               : CTAP2_ERR_USER_ACTION_TIMEOUT);
}

void core_reset(struct core *core)
{
        /* [6.6 input] the command takes no parameters */
        if (core->request_size != 1)
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
        /* [6.6 window] without a display, only within 10 s of power-up: else NOT_ALLOWED */
        /* [2.2 6.4 0x1A] nor over what transportsForReset does not name: a reader that somebody walks past */
        else if (core->contactless || core->now_ms - core->power_on_ms > CORE_RESET_WINDOW_MS)
                core_answer(core, CTAP2_ERR_NOT_ALLOWED);
        /* [6.6 presence] the user has to touch */
        else
                core_ask_touch(core, CORE_PROMPT_RESET, (slice){ 0 }, (slice){ 0 }, take_touch);
}
