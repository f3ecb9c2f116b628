/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

#include <stdlib.h>

/* CTAP 2.1, 6: the commands that are understood. */
static const struct {
        enum core_command code;
        core_next *begin;
} commands[] = {
        { COMMAND_MAKE_CREDENTIAL, core_make_credential },
        { COMMAND_GET_ASSERTION, core_get_assertion },
        { COMMAND_GET_INFO, core_get_info },
        { COMMAND_CLIENT_PIN, core_client_pin },
        { COMMAND_RESET, core_reset },
        { COMMAND_GET_NEXT_ASSERTION, core_get_next_assertion },
        { COMMAND_BIO_ENROLLMENT, core_bio_enrollment },
        { COMMAND_SELECTION, core_selection },
        { COMMAND_LARGE_BLOBS, core_large_blobs },
        { COMMAND_CONFIG, core_configure },
        { COMMAND_BIO_ENROLLMENT_PREVIEW, core_bio_enrollment },
        { COMMAND_CREDENTIAL_MANAGEMENT, core_credential_management },
        { COMMAND_CREDENTIAL_MANAGEMENT_PREVIEW, core_credential_management },
        { COMMAND_VENDOR, core_vendor },
};

mitome_status core_new(const struct core_config *config, struct core **ret, mitome_error *error)
{
        struct core *core = calloc(1, sizeof *core);
        if (!core)
                return fail(error, MITOME_E_NO_MEMORY, "core", NULL);
        core->config = *config;
        core->power_on_ms = config->now_ms;
        *ret = core;
        return ok();
}

void core_free(struct core *core)
{
        if (core)
                bytes_wipe(core, sizeof *core);
        free(core);
}

struct cbor_reader core_cbor(const struct core *core, const char *clause)
{
        return cbor_over(slice_of(core->request + 1, core->request_size - 1), clause, NULL);
}

/* ---- actions ---- */

static void act(struct core *core, enum core_action_kind kind, slice bytes, enum core_awaits awaits)
{
        core->action->kind = kind;
        core->action->bytes = bytes;
        core->awaits = awaits;
}

/* A U2F request is answered with a status word alone: what the raw message specification has no word for is
 * 6F00. */
static uint16_t sw_of_status(enum ctap_status status)
{
        static const struct {
                enum ctap_status status;
                uint16_t sw;
        } words[] = {
                { CTAP2_OK, SW_OK },
                { CTAP1_ERR_INVALID_COMMAND, SW_WRONG_INS },
                { CTAP1_ERR_INVALID_LENGTH, SW_WRONG_LENGTH },
                { CTAP2_ERR_REQUEST_TOO_LARGE, SW_WRONG_LENGTH },
        };
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
                if (words[i].status == status)
                        return words[i].sw;
        }
        return SW_UNKNOWN;
}

void core_answer(struct core *core, enum ctap_status status)
{
        writer w = WRITER(core->output);
        core->erasing = false;
        if (core->u2f)
                write_u16(&w, sw_of_status(status));
        else
                write_u8(&w, (uint8_t)status);
        act(core, CORE_REPLY, writer_view(&w), AWAITS_REQUEST);
}

writer core_body(struct core *core)
{
        writer w = WRITER(core->output);
        write_u8(&w, CTAP2_OK);
        return w;
}

static void send_message(struct core *core, const writer *w)
{
        slice message;
        if (failed(writer_finish(w, "answer", &message, NULL)))
                core_close(core, CTAP1_ERR_OTHER);
        else
                act(core, CORE_REPLY, message, AWAITS_REQUEST);
}

void core_send(struct core *core, const writer *body)
{
        send_message(core, body);
}

void core_send_apdu(struct core *core, slice data, uint16_t sw)
{
        writer w = WRITER(core->output);
        write_slice(&w, data);
        write_u16(&w, sw);
        send_message(core, &w);
}

writer *core_data(struct core *core)
{
        core->data_writer = WRITER(core->data);
        return &core->data_writer;
}

enum { CLA_APPLET = 0x80, SHORT_ANSWER = 256, LONG_ANSWER = 65536 };

static size_t expected_answer(enum core_ins ins)
{
        static const enum core_ins with_short_answers[] = { INS_GET_STATE, INS_KEY_AGREEMENT,
                INS_GET_PIN_TOKEN, INS_GET_UV_TOKEN, INS_RESET, INS_FORGET_TOKEN, INS_CHANGE_PIN,
                INS_CONFIGURE, INS_BEGIN, INS_AUTHORISE, INS_CONFIRM_ENROLMENT, INS_CHECK, INS_ABANDON };
        for (size_t i = 0; i < sizeof with_short_answers / sizeof *with_short_answers; i++) {
                if (with_short_answers[i] == ins)
                        return SHORT_ANSWER;
        }
        return LONG_ANSWER; /* certificates, keys, names */
}

/* Whether the command carries a pinUvAuthParam: a 9000 to it is the token's use. */
static bool carries_param(const struct core *core, enum core_ins ins)
{
        static const enum core_ins with_param[] = { INS_BEGIN, INS_AUTHORISE, INS_CHECK, INS_CONFIGURE,
                INS_MANAGE_CREDENTIALS };
        slice param;
        for (size_t i = 0; i < sizeof with_param / sizeof *with_param; i++) {
                if (with_param[i] == ins)
                        return !failed(tlv_find_optional(
                                       writer_view(&core->data_writer), 0x84, "param", &param, NULL)) &&
                               param.data != NULL;
        }
        return false; /* there is none, or 84 is something else there */
}

void core_transmit_p1(struct core *core, enum core_ins ins, uint8_t p1, core_on_answer *on_answer)
{
        struct apdu_command command = {
                .cla = CLA_APPLET,
                .ins = (uint8_t)ins,
                .p1 = p1,
                .data = writer_view(&core->data_writer),
                .expected = expected_answer(ins),
        };
        writer w = WRITER(core->output);
        slice apdu;
        apdu_write_command(&w, &command);
        if (core->data_writer.overflowed || failed(writer_finish(&w, "command APDU", &apdu, NULL))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        core->on_answer = on_answer;
        core->pending_param = carries_param(core, ins);
        act(core, CORE_TRANSMIT, apdu, AWAITS_ANSWER);
}

void core_transmit(struct core *core, enum core_ins ins, core_on_answer *on_answer)
{
        core_transmit_p1(core, ins, 0, on_answer);
}

void core_start_gate(struct core *core, const struct mitome_gate_request *request, core_on_gate *on_gate)
{
        core->gate_runs = true;
        core->on_gate = on_gate;
        core->action->request = *request;
        act(core, CORE_GATE_START, (slice){ 0 }, AWAITS_GATE);
}

enum ctap_status core_status_of_absence(const struct mitome_gate_event *event)
{
        return event->kind == MITOME_GATE_DISMISSED ? CTAP2_ERR_OPERATION_DENIED
                                                    : CTAP2_ERR_USER_ACTION_TIMEOUT;
}

void core_tell(struct core *core, enum mitome_guidance state, unsigned number)
{
        core->action->guidance = (struct core_guidance){ .state = state, .number = number };
}

void core_tell_mismatch(struct core *core)
{
        const struct core_state *state = &core->state;
        if (state->pin_set && state->pin_tries == 0)
                core_tell(core, MITOME_GUIDANCE_PIN_LOCKED, 0);
        else
                core_tell(core, MITOME_GUIDANCE_NOT_RECOGNISED, state->uv_tries);
}

void core_poll_gate(struct core *core, core_on_gate *on_gate)
{
        core->on_gate = on_gate;
        act(core, CORE_GATE_POLL, (slice){ 0 }, AWAITS_GATE);
}

void core_ask_touch(
        struct core *core, enum core_prompt why, slice rp_id, slice user_name, core_on_touch *on_touch)
{
        core->on_touch = on_touch;
        core->action->touch = (struct core_touch){
                .why = why, .rp_id = rp_id, .user_name = user_name, .timeout_ms = CORE_TOUCH_TIMEOUT_MS
        };
        act(core, CORE_TOUCH, (slice){ 0 }, AWAITS_TOUCH);
}

void core_ask_touch_for(struct core *core, enum core_prompt why, uint32_t timeout_ms, core_on_touch *on_touch)
{
        core_ask_touch(core, why, (slice){ 0 }, (slice){ 0 }, on_touch);
        core->action->touch.timeout_ms = timeout_ms;
}

void core_load_blobs(struct core *core, core_on_blobs *on_blobs)
{
        core->on_blobs = on_blobs;
        act(core, CORE_LOAD_BLOBS, (slice){ 0 }, AWAITS_BLOBS);
}

void core_save_blobs(struct core *core, slice array, core_on_blobs *on_blobs)
{
        core->on_blobs = on_blobs;
        act(core, CORE_SAVE_BLOBS, array, AWAITS_BLOBS);
}

/* ---- winding down: gate first, then the element's operation, then whatever comes after ---- */

static void wound_down(struct core *core)
{
        core->winding = false;
        core->after(core);
}

static void operation_ended(struct core *core, slice data, uint16_t sw)
{
        (void)data;
        (void)sw; /* whatever the element says of it: the operation is over */
        wound_down(core);
}

static void end_operation(struct core *core, slice evidence)
{
        if (!core->begun) {
                wound_down(core);
                return;
        }
        core->begun = false;
        writer *data = core_data(core);
        if (evidence.size)
                tlv_write(data, 0x80, evidence);
        core_transmit(core, INS_ABANDON, operation_ended);
}

void core_wind_down(struct core *core, slice evidence, core_next *after)
{
        core->winding = true;
        core->after = after;
        if (core->gate_runs)
                act(core, CORE_GATE_CANCEL, (slice){ 0 }, AWAITS_GATE);
        else
                end_operation(core, evidence);
}

static void send_answer(struct core *core)
{
        core_answer(core, core->answer);
}

void core_close_with(struct core *core, enum ctap_status status, slice evidence)
{
        core->answer = status;
        core_wind_down(core, evidence, send_answer);
}

void core_close(struct core *core, enum ctap_status status)
{
        core_close_with(core, status, (slice){ 0 });
}

/* ---- the machine ---- */

static core_next *find_command(uint8_t code)
{
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
                if (commands[i].code == code)
                        return commands[i].begin;
        }
        return NULL;
}

static void begin_request(struct core *core)
{
        /* [8.1] a command that there is not: INVALID_COMMAND */
        core_next *begin = core->u2f ? core_u2f : find_command(core->request[0]);
        if (begin)
                begin(core);
        else
                core_answer(core, CTAP1_ERR_INVALID_COMMAND);
}

static void take_request(struct core *core, const struct core_event *event)
{
        core->u2f = event->kind == CORE_U2F;
        core->caller = event->caller;
        core->channel = event->channel;
        core->contactless = event->contactless;
        core_pass_sequence(core);
        if (event->bytes.size == 0) {
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
                return;
        }
        if (failed(slice_copy(event->bytes, "request", core->request, sizeof core->request, NULL))) {
                core_answer(core, CTAP2_ERR_REQUEST_TOO_LARGE); /* [8.2 0x39] longer than maxMsgSize:
                                                                   REQUEST_TOO_LARGE */
                return;
        }
        core->request_size = event->bytes.size;
        core_pass_time(core, begin_request);
}

/* What the element holds is unknown and it does not say: its next BEGIN forgets it. */
static void give_up_element(struct core *core)
{
        core->begun = false;
        if (core->winding)
                wound_down(core);
        else
                core_close(core, CTAP1_ERR_OTHER);
}

static void take_answer(struct core *core, const struct core_event *event)
{
        slice data;
        uint16_t sw;
        if (failed(apdu_read_response(event->bytes, &data, &sw, NULL))) {
                give_up_element(core);
                return;
        }
        core_token_answered(core, sw);
        if (sw == SW_TOKEN_SET) /* whoever changed the fingers: only the PIN makes them count again */
                core_tell(core, MITOME_GUIDANCE_NEW_FINGER, 0);
        core->on_answer(core, data, sw);
}

static void take_silence(struct core *core, const struct core_event *event)
{
        (void)event;
        give_up_element(core);
}

static void note_gate(struct core *core, const struct core_event *event)
{
        if (event->kind == CORE_GATE && event->gate && MITOME_GATE_IS_FINAL(event->gate->kind))
                core->gate_runs = false;
}

static void take_gate(struct core *core, const struct core_event *event)
{
        const struct mitome_gate_event *gate = event->gate;
        if (!gate) {
                act(core, CORE_GATE_POLL, (slice){ 0 }, AWAITS_GATE);
                return;
        }
        note_gate(core, event);
        if (!core->winding) {
                core->on_gate(core, gate);
                return;
        }
        if (core->gate_runs) {
                act(core, CORE_GATE_POLL, (slice){ 0 }, AWAITS_GATE);
                return;
        }
        /* Only "nothing was presented" is told; a match that comes after the end is not used. */
        bool absent = gate->kind == MITOME_GATE_ABSENT || gate->kind == MITOME_GATE_DISMISSED ||
                      gate->kind == MITOME_GATE_REFUSED;
        end_operation(core, absent && gate->has_evidence ? SLICE(gate->evidence) : (slice){ 0 });
}

static void take_touch(struct core *core, const struct core_event *event)
{
        core->on_touch(core, event->kind == CORE_TOUCHED       ? PRESENCE_GIVEN
                             : event->kind == CORE_NOT_TOUCHED ? PRESENCE_DECLINED
                                                               : PRESENCE_TIMEOUT);
}

static void take_blobs(struct core *core, const struct core_event *event)
{
        core_keep_blobs(core, event);
        core->on_blobs(core, event->kind != CORE_BLOBS_FAILED);
}

/* The element has forgotten what it was doing, and so must we; a gate that runs is ended first. */
static void take_power_on(struct core *core, const struct core_event *event)
{
        core->begun = false;
        core->power_on_ms = event->now_ms;
        core_forget_time(core);
        core_forget_blobs(core);
        core_close(core, CTAP1_ERR_OTHER);
}

/* [11.2.9.1.5 status] what was being done ends with KEEPALIVE_CANCEL */
static void take_cancel(struct core *core, const struct core_event *event)
{
        (void)event;
        core_close(core, CTAP2_ERR_KEEPALIVE_CANCEL);
}

/* What is left to do of a reset is done, or somebody's fingers could stay behind. */
static void take_cancel_of_gate(struct core *core, const struct core_event *event)
{
        if (core->erasing)
                act(core, CORE_GATE_POLL, (slice){ 0 }, AWAITS_GATE);
        else
                take_cancel(core, event);
}

static void cancel_nothing(struct core *core, const struct core_event *event)
{
        (void)event;
        core_answer(core, CTAP2_ERR_KEEPALIVE_CANCEL);
}

/* Whether the array was saved by then, nobody says: it is asked for again. */
static void take_cancel_of_blobs(struct core *core, const struct core_event *event)
{
        if (core->erasing) {
                core_erase_blobs(core, core->on_blobs);
                return;
        }
        core_forget_blobs(core);
        take_cancel(core, event);
}

static void take_misfit(struct core *core, const struct core_event *event)
{
        bool request = event->kind == CORE_REQUEST || event->kind == CORE_U2F;
        note_gate(core, event);
        if (core->awaits == AWAITS_BLOBS)
                core_forget_blobs(core); /* who knows what is saved now */
        if (request)
                core->u2f = event->kind == CORE_U2F; /* that is who is answered */
        core_close(core, request ? CTAP1_ERR_CHANNEL_BUSY : CTAP1_ERR_INVALID_COMMAND);
}

typedef void take_event(struct core *core, const struct core_event *event);

/* What fits what is awaited; everything else is a misfit. */
static take_event *const takers[AWAITS_COUNT][CORE_EVENT_KINDS] = {
        [AWAITS_REQUEST] = { [CORE_REQUEST] = take_request,
                [CORE_U2F] = take_request,
                [CORE_CANCEL] = cancel_nothing,
                [CORE_POWER_ON] = take_power_on },
        [AWAITS_ANSWER] = { [CORE_RESPONSE] = take_answer,
                [CORE_LINK_BROKEN] = take_silence,
                [CORE_CANCEL] = take_cancel,
                [CORE_POWER_ON] = take_power_on },
        [AWAITS_GATE] = { [CORE_GATE] = take_gate,
                [CORE_CANCEL] = take_cancel_of_gate,
                [CORE_POWER_ON] = take_power_on },
        [AWAITS_TOUCH] = { [CORE_TOUCHED] = take_touch,
                [CORE_NOT_TOUCHED] = take_touch,
                [CORE_TOUCH_TIMEOUT] = take_touch,
                [CORE_CANCEL] = take_cancel,
                [CORE_POWER_ON] = take_power_on },
        [AWAITS_BLOBS] = { [CORE_BLOBS] = take_blobs,
                [CORE_BLOBS_SAVED] = take_blobs,
                [CORE_BLOBS_FAILED] = take_blobs,
                [CORE_CANCEL] = take_cancel_of_blobs,
                [CORE_POWER_ON] = take_power_on },
};

void core_step(struct core *core, const struct core_event *event, struct core_action *ret_action)
{
        *ret_action = (struct core_action){ 0 };
        core->action = ret_action;
        core->now_ms = event->now_ms;
        take_event *take = (size_t)event->kind < CORE_EVENT_KINDS ? takers[core->awaits][event->kind] : NULL;
        (take ? take : take_misfit)(core, event);
        core->action = NULL;
}
