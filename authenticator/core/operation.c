/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* What makeCredential (CTAP 2.1, 6.1.2) and getAssertion (6.2.2) have in common. Step numbers are given as
 * makeCredential's / getAssertion's. */

/* ---- 1 / 1: which device does the user mean? ---- */

static void device_selected(struct core *core, enum core_presence presence)
{
        /* 1.2: declined, or not in time: OPERATION_DENIED. */
        /* 1.3: else PIN_NOT_SET, or PIN_INVALID when a PIN is set. */
        if (presence != PRESENCE_GIVEN)
                core_answer(core, CTAP2_ERR_OPERATION_DENIED);
        else
                core_answer(core, core->state.pin_set ? CTAP2_ERR_PIN_INVALID : CTAP2_ERR_PIN_NOT_SET);
}

void core_select_device(struct core *core)
{
        /* 1.1: ask for evidence of user interaction. */
        core_ask_touch(core, CORE_PROMPT_SELECT, core->operation.rp_id, (slice){ 0 }, device_selected);
}

/* ---- 2 / 2: pinUvAuthProtocol ---- */

enum ctap_status core_check_protocol(const struct core_operation *operation)
{
        if (!operation->has_pin_uv_param)
                return CTAP2_OK;
        /* 2.2: absent: MISSING_PARAMETER. */
        if (!operation->has_protocol)
                return CTAP2_ERR_MISSING_PARAMETER;
        /* 2.1: a value that is not supported: INVALID_PARAMETER. */
        return operation->protocol == CORE_PROTOCOL_TWO ? CTAP2_OK : CTAP1_ERR_INVALID_PARAMETER;
}

/* ---- 5.1 to 5.3 / 4.1 to 4.3: the option "uv" ---- */

bool core_wants_built_in_uv(const struct core_operation *operation)
{
        /* 5.1 / 4.1: absent counts as false. 5.2 / 4.2: with a pinUvAuthParam it counts as false too. */
        return operation->uv == OPTION_TRUE && !operation->has_pin_uv_param;
}

/* Why the finger path is closed. */
static enum ctap_status finger_refusal(const struct core_state *state)
{
        if (state->pin_set && state->pin_tries == 0)
                return CTAP2_ERR_PIN_BLOCKED;
        if (state->uv_tries == 0)
                return CTAP2_ERR_UV_BLOCKED;
        return CTAP2_ERR_UV_INVALID;
}

enum ctap_status core_check_built_in_uv(const struct core *core)
{
        if (!core_wants_built_in_uv(&core->operation) || core->state.finger_open)
                return CTAP2_OK;
        /* 5.3.1 / 4.3.1: not supported, 5.3.2 / 4.3.2: not yet enabled: INVALID_OPTION. A path that is closed
         * because tries ran out was enabled: it says so instead. */
        enum ctap_status why = finger_refusal(&core->state);
        return core->state.paired && why != CTAP2_ERR_UV_INVALID ? why : CTAP2_ERR_INVALID_OPTION;
}

/* ---- 11.2 / 6.2: built-in user verification ---- */

static void mismatch_counted(struct core *core)
{
        core_answer(core, finger_refusal(&core->state));
}

/* The try is spent; the element says how many are left. */
static void count_mismatch(struct core *core)
{
        core_fetch_state(core, mismatch_counted);
}

static void keep_evidence(struct core *core, const struct mitome_gate_event *event)
{
        struct core_operation *operation = &core->operation;
        if (!event->has_evidence || failed(slice_copy(SLICE(event->evidence), "unlock token",
                                            operation->evidence, sizeof operation->evidence, NULL))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        operation->verified = true;
        operation->perform(core);
}

static void take_capture(struct core *core, const struct mitome_gate_event *event)
{
        switch (event->kind) {
        case MITOME_GATE_EVIDENCE:
                keep_evidence(core, event);
                break;
        case MITOME_GATE_NO_MATCH:
                core_wind_down(core, (slice){ 0 }, count_mismatch);
                break;
        case MITOME_GATE_ABSENT:
                /* 11.2.3.1 / 6.2.3.1: the user did nothing in time: USER_ACTION_TIMEOUT, and no try is lost.
                 */
                core_close_with(core, CTAP2_ERR_USER_ACTION_TIMEOUT,
                        event->has_evidence ? SLICE(event->evidence) : (slice){ 0 });
                break;
        case MITOME_GATE_BROKEN:
                core_close(core, CTAP1_ERR_OTHER);
                break;
        case MITOME_GATE_NOTHING:
        case MITOME_GATE_AWAITS:
        case MITOME_GATE_SAMPLE:
        case MITOME_GATE_RETRY:
                core_poll_gate(core, take_capture);
                break;
        default: /* nothing that this version of the gate says */
                core_close(core, CTAP1_ERR_OTHER);
                break;
        }
}

static void verify_user(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        struct mitome_gate_request request = {
                .purpose = MITOME_GATE_VERIFY,
                .command = (uint8_t)operation->command,
                .rp_id = operation->rp_id,
                .client_data_hash = operation->client_data_hash,
                .challenge = SLICE(core->challenge),
                .timeout_ms = CORE_UV_TIMEOUT_MS,
        };
        core_start_gate(core, &request, take_capture);
}

/* ---- 14 / 9: user presence ---- */

static void presence_answered(struct core *core, enum core_presence presence)
{
        /* 14.1 / 9.1: declined, or not in time: OPERATION_DENIED. */
        if (presence != PRESENCE_GIVEN) {
                core_close(core, CTAP2_ERR_OPERATION_DENIED);
                return;
        }
        core->operation.present = true;
        core->operation.perform(core);
}

/* ---- announcing the operation ---- */

static mitome_status keep_challenge(struct core *core, slice data)
{
        slice challenge;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "challenge", sizeof core->challenge, &challenge, NULL));
        return slice_copy(challenge, "challenge", core->challenge, sizeof core->challenge, NULL);
}

static void take_begun(struct core *core, slice data, uint16_t sw)
{
        struct core_operation *operation = &core->operation;
        if (sw != SW_OK) {
                /* 11.1.1 / 6.1.1: among others, a pinUvAuthParam that does not verify: PIN_AUTH_INVALID. */
                core_answer(core, ctap_status_of_sw(INS_BEGIN, sw));
                return;
        }
        core->begun = true;
        if (core_wants_built_in_uv(operation)) {
                if (failed(keep_challenge(core, data)))
                        core_close(core, CTAP1_ERR_OTHER);
                else
                        verify_user(core);
        } else if (operation->up != OPTION_FALSE) {
                core_ask_touch(core,
                        operation->command == COMMAND_MAKE_CREDENTIAL ? CORE_PROMPT_REGISTER
                                                                      : CORE_PROMPT_LOGIN,
                        operation->rp_id, operation->user_name, presence_answered);
        } else {
                operation->perform(core);
        }
}

static void announce(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        uint8_t rp_id_hash[SHA256_SIZE];
        sha256(&operation->rp_id, 1, rp_id_hash);
        uint8_t options = (uint8_t)((operation->up != OPTION_FALSE ? BEGIN_PRESENCE : 0) |
                                    (core_wants_built_in_uv(operation) ? BEGIN_BUILT_IN_UV : 0));
        writer *data = core_data(core);
        tlv_write_u8(data, 0x80, (uint8_t)operation->command);
        tlv_write(data, 0x81, SLICE(rp_id_hash));
        tlv_write(data, 0x82, operation->client_data_hash);
        tlv_write_u8(data, 0x83, options);
        if (operation->has_pin_uv_param)
                tlv_write(data, 0x84, operation->pin_uv_param);
        core_transmit(core, INS_BEGIN, take_begun);
}

void core_authorise(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* 11.1.1 / 6.1.1: HMAC-SHA-256 has 32 bytes; anything else cannot verify. */
        if (operation->has_pin_uv_param && operation->pin_uv_param.size != 32)
                core_close(core, CTAP2_ERR_PIN_AUTH_INVALID);
        else
                core_wind_down(core, (slice){ 0 }, announce); /* an enrolment ends here */
}

void core_write_token(writer *data, const struct core_operation *operation)
{
        if (operation->verified)
                tlv_write(data, 0x80, SLICE(operation->evidence));
}

void core_write_ids(writer *data, const struct core_operation *operation)
{
        for (size_t i = 0; i < operation->id_count; i++)
                tlv_write(data, 0x87, operation->ids[i]);
}
