/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* What makeCredential (CTAP 2.1, 6.1.2) and getAssertion (6.2.2) have in common. */

static bool is_make(const struct core_operation *operation)
{
        return operation->command == COMMAND_MAKE_CREDENTIAL;
}

/* ---- [6.1.2 1] [6.2.2 1] which device does the user mean? ---- */

static void device_selected(struct core *core, enum core_presence presence)
{
        /* [6.1.2 1.2] [6.2.2 1.2] declined, or not in time: OPERATION_DENIED */
        /* [6.1.2 1.3] [6.2.2 1.3] else PIN_NOT_SET, or PIN_INVALID when a PIN is set */
        if (presence != PRESENCE_GIVEN)
                core_answer(core, CTAP2_ERR_OPERATION_DENIED);
        else
                core_answer(core, core->state.pin_set ? CTAP2_ERR_PIN_INVALID : CTAP2_ERR_PIN_NOT_SET);
}

static void with_state(struct core *core)
{
        struct core_operation *operation = &core->operation;
        /* [6.1.2 1.1] [6.2.2 1.1] a zero-length pinUvAuthParam asks for evidence of user interaction, and for
         * nothing else */
        if (operation->has_pin_uv_param && operation->pin_uv_param.size == 0)
                core_ask_touch(core, CORE_PROMPT_SELECT, operation->rp_id, (slice){ 0 }, device_selected);
        else
                operation->check(core);
}

void core_begin_operation(struct core *core, core_next *check, core_next *perform)
{
        core->operation.check = check;
        core->operation.perform = perform;
        core_fetch_state(core, with_state);
}

/* ---- [6.1.2 2] [6.2.2 2] pinUvAuthProtocol ---- */

enum ctap_status core_check_protocol(const struct core_operation *operation)
{
        if (!operation->has_pin_uv_param)
                return CTAP2_OK;
        /* [6.1.2 2.2] [6.2.2 2.2] absent: MISSING_PARAMETER */
        if (!operation->has_protocol)
                return CTAP2_ERR_MISSING_PARAMETER;
        /* [6.1.2 2.1] [6.2.2 2.1] a value that is not supported: INVALID_PARAMETER */
        return core_knows_protocol(operation->protocol) ? CTAP2_OK : CTAP1_ERR_INVALID_PARAMETER;
}

/* ---- [6.1.2 5] [6.2.2 4] options, of which unknown ones were passed over: "uv" ---- */

bool core_wants_built_in_uv(const struct core_operation *operation)
{
        /* [6.1.2 5.1] [6.2.2 4.1] "uv" absent counts as false */
        /* [6.1.2 5.2] [6.2.2 4.2] with a pinUvAuthParam "uv" counts as false too */
        return operation->uv == OPTION_TRUE && !operation->has_pin_uv_param;
}

/* [6.1.2 11.2.3] [6.2.2 6.2.3] what is said when built-in verification fails: [6.1.2 11.2.3.2]
 * [6.2.2 6.2.3.2] PUAT_REQUIRED where a PIN can do it instead, [6.1.2 11.2.3.3] [6.2.2 6.2.3.3] PIN_BLOCKED
 * where no try is left, [6.1.2 11.2.3.4] [6.2.2 6.2.3.4] else OPERATION_DENIED. */
static enum ctap_status finger_refusal(const struct core_state *state)
{
        if (state->pin_set && state->pin_tries > 0)
                return CTAP2_ERR_PUAT_REQUIRED;
        return state->uv_tries == 0 || state->pin_set ? CTAP2_ERR_PIN_BLOCKED : CTAP2_ERR_OPERATION_DENIED;
}

enum ctap_status core_check_built_in_uv(const struct core *core)
{
        const struct core_state *state = &core->state;
        if (!core_wants_built_in_uv(&core->operation) || state->finger_open)
                return CTAP2_OK;
        /* A path that is closed because tries ran out, or the set was changed, was enabled: it fails as it
         * would. */
        if (state->paired &&
                (state->enrolled || state->uv_tries == 0 || (state->pin_set && state->pin_tries == 0)))
                return finger_refusal(state);
        /* [6.1.2 5.3.1] [6.2.2 4.3.1] not supported: INVALID_OPTION */
        /* [6.1.2 5.3.2] [6.2.2 4.3.2] not yet enabled: INVALID_OPTION */
        return CTAP2_ERR_INVALID_OPTION;
}

/* ---- [6.1.2 6] [6.2.2 5] alwaysUv, and who has to be verified ---- */

bool core_is_protected(const struct core *core)
{
        return core->state.pin_set || core->state.finger_open;
}

enum ctap_status core_require_uv(struct core *core)
{
        struct core_operation *operation = &core->operation;
        /* [6.1.2 6.2] [6.2.2 5.1] not protected by any user verification: PUAT_REQUIRED, as clientPin is
         * supported */
        if (!core_is_protected(core))
                return CTAP2_ERR_PUAT_REQUIRED;
        /* [6.2.2 5.2] with a pinUvAuthParam the user will be verified, [6.2.2 5.3] and so with "uv" true */
        if (operation->has_pin_uv_param || core_wants_built_in_uv(operation))
                return CTAP2_OK;
        /* [6.1.2 6.4] [6.2.2 5.5] nor by a finger: PUAT_REQUIRED */
        if (!core->state.finger_open)
                return CTAP2_ERR_PUAT_REQUIRED;
        /* [6.1.2 6.3] [6.2.2 5.4] "uv" counts as true */
        operation->uv = OPTION_TRUE;
        return CTAP2_OK;
}

/* ---- [6.1.2 11.2] [6.2.2 6.2] built-in user verification, when "uv" is true ---- */

static core_next announce;

/* [6.1.2 11.2.1] [6.2.2 6.2.1] internalRetry is true: the user may try again before the platform hears of it.
 * [6.5.3.1 maxUvAttemptsForInternalRetries] three captures for one request, each a BEGIN of its own: a try
 * that is written down first, and a new challenge; none once no try is left. */
static void mismatch_counted(struct core *core)
{
        core_tell_mismatch(core);
        if (++core->operation.mismatches < CORE_UV_ATTEMPTS && core->state.finger_open)
                announce(core);
        else
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
        /* [6.1.2 11.2.4] [6.2.2 6.2.4] the element sets "uv", by the evidence; [6.1.2 13] [6.2.2 8] a finger
         * is evidence of user interaction: the element sets "up" with it, and no touch is asked */
        operation->verified = true;
        operation->perform(core);
}

/* Nothing was compared: with the matcher's word for it no try is lost. */
static void give_back(struct core *core, enum ctap_status status, const struct mitome_gate_event *event)
{
        core_close_with(core, status, event->has_evidence ? SLICE(event->evidence) : (slice){ 0 });
}

/* Without a finger to compare with, or while the matcher's time for it is over, the PIN is what is left. */
static bool leaves_pin(const struct mitome_gate_event *event)
{
        return event->code == MITOME_E_GATE_NO_FINGER || core_is_pin_due(event);
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
        case MITOME_GATE_DISMISSED:
                /* [6.1.2 11.2.3.1] [6.2.2 6.2.3.1] the user did nothing in time: USER_ACTION_TIMEOUT; who
                 * said that he would not did something: OPERATION_DENIED */
                give_back(core, core_status_of_absence(event), event);
                break;
        case MITOME_GATE_REFUSED:
                give_back(core, leaves_pin(event) ? finger_refusal(&core->state) : CTAP1_ERR_OTHER, event);
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

/* [6.1.2 11.2.2] [6.2.2 6.2.2] performBuiltInUv: a capture, for which the element has taken a try already */
static void verify_user(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        struct mitome_gate_request request = {
                .purpose = MITOME_GATE_VERIFY,
                .command = (uint8_t)operation->command,
                .rp_id = operation->rp_id,
                .client_data_hash = operation->client_data_hash,
                .challenge = SLICE(core->challenge),
                .entry = core_entry(core),
                .timeout_ms = CORE_UV_TIMEOUT_MS,
        };
        core_start_gate(core, &request, take_capture);
}

/* ---- [6.1.2 14] [6.2.2 9] user presence, where it is asked for ---- */

static void presence_answered(struct core *core, enum core_presence presence)
{
        struct core_operation *operation = &core->operation;
        if (presence == PRESENCE_GIVEN) {
                /* [6.1.2 14.3] [6.2.2 9.3] the element is told to set "up" */
                operation->present = true;
                operation->perform(core);
        } else if (is_make(operation) && operation->id_count > 0) {
                /* [6.1.2 12.1.4] whether one of the list is here is told regardless of the touch */
                operation->refused = true;
                operation->perform(core);
        } else {
                /* [6.1.2 14.2.1] [6.2.2 9.2.1] declined, or not in time: OPERATION_DENIED */
                core_close(core, CTAP2_ERR_OPERATION_DENIED);
        }
}

static void test_presence(struct core *core)
{
        struct core_operation *operation = &core->operation;
        /* [6.1.2 14.1] [6.2.2 9.1] the user was there when the token was made: no other touch is asked */
        if (operation->has_pin_uv_param && core_token_present(core))
                presence_answered(core, PRESENCE_GIVEN);
        else /* [6.1.2 14.2] [6.2.2 9.2] nobody has been there yet: the user is asked */
                core_ask_touch(core, is_make(operation) ? CORE_PROMPT_REGISTER : CORE_PROMPT_LOGIN,
                        operation->rp_id, operation->user_name, presence_answered);
}

void core_operation_done(struct core *core)
{
        const struct core_operation *operation = &core->operation;
        /* [6.1.2 14.4] [6.2.2 9.4] the token's flags and permissions end; the element has ended those that it
         * keeps */
        if (operation->has_pin_uv_param && operation->up != OPTION_FALSE)
                core_token_spent(core);
}

/* ---- announcing the operation ---- */

mitome_status core_keep_challenge(struct core *core, slice data)
{
        slice challenge, entry;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "challenge", sizeof core->challenge, &challenge, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x81, "entry", &entry, NULL));
        core->has_entry = entry.data;
        if (entry.data && entry.size != sizeof core->entry)
                return fail(NULL, MITOME_E_VALUE, "entry", NULL);
        if (entry.data)
                MITOME_TRY(slice_copy(entry, "entry", core->entry, sizeof core->entry, NULL));
        return slice_copy(challenge, "challenge", core->challenge, sizeof core->challenge, NULL);
}

bool core_is_pin_due(const struct mitome_gate_event *event)
{
        return event->code == MITOME_E_GATE_PIN_DUE || event->code == MITOME_E_GATE_WAIT;
}

slice core_entry(const struct core *core)
{
        return core->has_entry ? SLICE(core->entry) : (slice){ 0 };
}

static void take_begun(struct core *core, slice data, uint16_t sw)
{
        struct core_operation *operation = &core->operation;
        if (sw != SW_OK) {
                /* [6.1.2 11.1] [6.2.2 6.1] a pinUvAuthParam that does not verify, a token without the
                 * permission or for another RP ID: PIN_AUTH_INVALID. One that is for none yet is bound. */
                core_answer(core, ctap_status_of_sw(INS_BEGIN, sw));
                return;
        }
        core->begun = true;
        if (core_wants_built_in_uv(operation)) {
                if (failed(core_keep_challenge(core, data)))
                        core_close(core, CTAP1_ERR_OTHER);
                else
                        verify_user(core);
        } else if (operation->up != OPTION_FALSE) {
                test_presence(core);
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
        /* [6.2.2 6] an authenticator that is protected verifies whoever asks for it; [6.1.2 11.1.1]
         * [6.2.2 6.1.1] what has another size than its protocol gives cannot verify */
        enum ctap_status refusal = operation->has_pin_uv_param ? core_check_param(true, operation->protocol,
                                                                         operation->pin_uv_param)
                                                               : CTAP2_OK;
        if (refusal != CTAP2_OK)
                core_close(core, refusal);
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
