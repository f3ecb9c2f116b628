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
        { COMMAND_BIO_ENROLLMENT, core_bio_enrollment },
        { COMMAND_BIO_ENROLLMENT_PREVIEW, core_bio_enrollment },
};

mitome_status core_new(struct core **ret, mitome_error *error)
{
        struct core *core = calloc(1, sizeof *core);
        if (!core)
                return fail(error, MITOME_E_NO_MEMORY, "core", NULL);
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

void core_answer(struct core *core, enum ctap_status status)
{
        writer w = WRITER(core->output);
        write_u8(&w, (uint8_t)status);
        act(core, CORE_REPLY, writer_view(&w), AWAITS_REQUEST);
}

writer core_body(struct core *core)
{
        writer w = WRITER(core->output);
        write_u8(&w, CTAP2_OK);
        return w;
}

void core_send(struct core *core, const writer *body)
{
        slice message;
        if (failed(writer_finish(body, "answer", &message, NULL)))
                core_close(core, CTAP1_ERR_OTHER);
        else
                act(core, CORE_REPLY, message, AWAITS_REQUEST);
}

writer *core_data(struct core *core)
{
        core->data_writer = WRITER(core->data);
        return &core->data_writer;
}

enum { CLA_APPLET = 0x80, SHORT_ANSWER = 256, LONG_ANSWER = 65536 };

void core_transmit(struct core *core, enum core_ins ins, core_on_answer *on_answer)
{
        bool certificates = ins == INS_MAKE_CREDENTIAL || ins == INS_GET_ASSERTION;
        struct apdu_command command = {
                .cla = CLA_APPLET,
                .ins = (uint8_t)ins,
                .data = writer_view(&core->data_writer),
                .expected = certificates ? LONG_ANSWER : SHORT_ANSWER,
        };
        writer w = WRITER(core->output);
        slice apdu;
        apdu_write_command(&w, &command);
        if (core->data_writer.overflowed || failed(writer_finish(&w, "command APDU", &apdu, NULL))) {
                core_close(core, CTAP1_ERR_OTHER);
                return;
        }
        core->on_answer = on_answer;
        act(core, CORE_TRANSMIT, apdu, AWAITS_ANSWER);
}

void core_start_gate(struct core *core, const struct mitome_gate_request *request, core_on_gate *on_gate)
{
        core->gate_runs = true;
        core->on_gate = on_gate;
        core->action->request = *request;
        act(core, CORE_GATE_START, (slice){ 0 }, AWAITS_GATE);
}

void core_poll_gate(struct core *core, core_on_gate *on_gate)
{
        core->on_gate = on_gate;
        act(core, CORE_GATE_POLL, (slice){ 0 }, AWAITS_GATE);
}

void core_ask_touch(struct core *core, slice rp_id, core_on_touch *on_touch)
{
        core->on_touch = on_touch;
        core->action->request.rp_id = rp_id;
        act(core, CORE_TOUCH, (slice){ 0 }, AWAITS_TOUCH);
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

/* ---- GET STATE ---- */

enum {
        STATE_PIN_SET = 0x02,
        STATE_PAIRED = 0x04,
        STATE_FINGER_OPEN = 0x08,
        STATE_ENTERPRISE = 0x20,
        STATE_CERTIFICATE = 0x40
};

static mitome_status read_state(slice data, struct core_state *ret)
{
        struct core_state state = { 0 };
        slice aaguid, flags, pin_tries, uv_tries, min_pin_length, room;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "AAGUID", sizeof state.aaguid, &aaguid, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x81, "flags", 1, &flags, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x82, "PIN tries", 1, &pin_tries, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x83, "UV tries", 1, &uv_tries, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x84, "minimum PIN length", 1, &min_pin_length, NULL));
        MITOME_TRY(tlv_find_fixed(data, 0x85, "room", 2, &room, NULL));
        MITOME_TRY(slice_copy(aaguid, "AAGUID", state.aaguid, sizeof state.aaguid, NULL));
        reader r = reader_over(room, NULL, NULL);
        MITOME_TRY(read_u16(&r, "room", &state.room));
        state.pin_set = flags.data[0] & STATE_PIN_SET;
        state.paired = flags.data[0] & STATE_PAIRED;
        state.finger_open = flags.data[0] & STATE_FINGER_OPEN;
        state.enterprise = flags.data[0] & STATE_ENTERPRISE;
        state.certificate = flags.data[0] & STATE_CERTIFICATE;
        state.pin_tries = pin_tries.data[0];
        state.uv_tries = uv_tries.data[0];
        state.min_pin_length = min_pin_length.data[0];
        *ret = state;
        return ok();
}

static void take_state(struct core *core, slice data, uint16_t sw)
{
        if (sw != SW_OK || failed(read_state(data, &core->state)))
                core_close(core, CTAP1_ERR_OTHER);
        else
                core->on_state(core);
}

void core_fetch_state(struct core *core, core_next *on_state)
{
        core->on_state = on_state;
        (void)core_data(core); /* no data */
        core_transmit(core, INS_GET_STATE, take_state);
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

static void take_request(struct core *core, const struct core_event *event)
{
        if (event->bytes.size == 0) {
                core_answer(core, CTAP1_ERR_INVALID_LENGTH);
                return;
        }
        if (failed(slice_copy(event->bytes, "request", core->request, sizeof core->request, NULL))) {
                core_answer(core, CTAP2_ERR_REQUEST_TOO_LARGE);
                return;
        }
        core->request_size = event->bytes.size;
        core_next *begin = find_command(core->request[0]);
        if (begin)
                begin(core);
        else
                core_answer(core, CTAP1_ERR_INVALID_COMMAND);
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
        if (failed(apdu_read_response(event->bytes, &data, &sw, NULL)))
                give_up_element(core);
        else
                core->on_answer(core, data, sw);
}

static void take_silence(struct core *core, const struct core_event *event)
{
        (void)event;
        give_up_element(core);
}

static bool is_last(enum mitome_gate_event_kind kind)
{
        return kind == MITOME_GATE_EVIDENCE || kind == MITOME_GATE_NO_MATCH || kind == MITOME_GATE_ABSENT ||
               kind == MITOME_GATE_BROKEN;
}

static void note_gate(struct core *core, const struct core_event *event)
{
        if (event->kind == CORE_GATE && event->gate && is_last(event->gate->kind))
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
        bool absent = gate->kind == MITOME_GATE_ABSENT && gate->has_evidence;
        end_operation(core, absent ? SLICE(gate->evidence) : (slice){ 0 });
}

static void take_touch(struct core *core, const struct core_event *event)
{
        core->on_touch(core, event->kind == CORE_TOUCHED);
}

/* CTAP 2.1 11.2.9.1.5: what was being done ends with KEEPALIVE_CANCEL. */
static void take_cancel(struct core *core, const struct core_event *event)
{
        (void)event;
        core_close(core, CTAP2_ERR_KEEPALIVE_CANCEL);
}

static void cancel_nothing(struct core *core, const struct core_event *event)
{
        (void)event;
        core_answer(core, CTAP2_ERR_KEEPALIVE_CANCEL);
}

static void take_misfit(struct core *core, const struct core_event *event)
{
        note_gate(core, event);
        core_close(core, event->kind == CORE_REQUEST ? CTAP1_ERR_CHANNEL_BUSY : CTAP1_ERR_INVALID_COMMAND);
}

typedef void take_event(struct core *core, const struct core_event *event);

enum { EVENT_KINDS = CORE_NOT_TOUCHED + 1 };

/* What fits what is awaited; everything else is a misfit. */
static take_event *const takers[AWAITS_COUNT][EVENT_KINDS] = {
        [AWAITS_REQUEST] = { [CORE_REQUEST] = take_request, [CORE_CANCEL] = cancel_nothing },
        [AWAITS_ANSWER] = { [CORE_RESPONSE] = take_answer,
                [CORE_LINK_BROKEN] = take_silence,
                [CORE_CANCEL] = take_cancel },
        [AWAITS_GATE] = { [CORE_GATE] = take_gate, [CORE_CANCEL] = take_cancel },
        [AWAITS_TOUCH] = { [CORE_TOUCHED] = take_touch,
                [CORE_NOT_TOUCHED] = take_touch,
                [CORE_CANCEL] = take_cancel },
};

void core_step(struct core *core, const struct core_event *event, struct core_action *ret_action)
{
        *ret_action = (struct core_action){ 0 };
        core->action = ret_action;
        take_event *take = (size_t)event->kind < EVENT_KINDS ? takers[core->awaits][event->kind] : NULL;
        (take ? take : take_misfit)(core, event);
        core->action = NULL;
}
