/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticator_internal.h"

#include "tlv.h"

/* ---- the element ---- */

static const uint8_t fido_applet[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };

/* What lies behind the enforcer, watched: the app's commands that it lets pass, and its own. */
static mitome_status watched_transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        struct mitome_authenticator *a = context;
        const struct mitome_trace *trace = &a->config.trace;
        const struct mitome_link *link = &a->config.element;
        size_t size = 0;
        a->element_commands++;
        if (trace->apdu)
                trace->apdu(trace->context, true, command);
        MITOME_TRY(link->transmit(link->context, command, response, capacity, &size, error));
        if (size < 2 || size > capacity)
                return fail(error, MITOME_E_LINK, "response", NULL);
        if (trace->apdu)
                trace->apdu(trace->context, false, slice_of(response, size));
        *ret_size = size;
        return ok();
}

static mitome_status transmit(
        struct mitome_authenticator *a, slice command, slice *ret_response, mitome_error *error)
{
        size_t size;
        MITOME_TRY(mitome_enforcer_transmit(
                a->enforcer, command, a->response, sizeof a->response, &size, error));
        *ret_response = slice_of(a->response, size);
        return ok();
}

mitome_status run_start_enforcer(struct mitome_authenticator *a, mitome_error *error)
{
        const struct mitome_link link = { .context = a, .transmit = watched_transmit };
        MITOME_TRY(mitome_enforcer_new(&link, &a->config.app, &a->enforcer, error));
        a->config.app.package = NULL; /* the enforcer has copied it */
        return ok();
}

static mitome_status get_state(struct mitome_authenticator *a, slice *ret_data, mitome_error *error)
{
        const struct apdu_command command = { .cla = 0x80, .ins = 0x10, .expected = 256 };
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        slice response;
        uint16_t sw;
        apdu_write_command(&w, &command);
        MITOME_TRY(transmit(a, writer_view(&w), &response, error));
        MITOME_TRY(apdu_read_response(response, ret_data, &sw, error));
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, "GET STATE", NULL);
}

mitome_status run_attach(struct mitome_authenticator *a, mitome_error *error)
{
        slice state;
        mitome_error cause = { 0 };
        mitome_status status = mitome_enforcer_select(a->enforcer, SLICE(fido_applet), &cause);
        if (status.code == MITOME_E_APDU_STATUS) /* allowed, and not there: a My Number Card, say */
                return fail(error, MITOME_E_NOT_AUTHENTICATOR, NULL, NULL);
        if (failed(status))
                return fail(error, status.code, cause.field, cause.clause);
        return get_state(a, &state, error);
}

mitome_status run_takes_u2f(struct mitome_authenticator *a, bool *ret, mitome_error *error)
{
        enum { FLAGS2_ALWAYS_UV = 0x01 };
        slice state, flags;
        MITOME_TRY(get_state(a, &state, error));
        MITOME_TRY(tlv_find_optional(state, 0x86, "flags", &flags, error));
        *ret = flags.size != 1 || !(flags.data[0] & FLAGS2_ALWAYS_UV);
        return ok();
}

/* ---- the user ---- */

static void end_prompt(struct mitome_authenticator *a)
{
        const struct mitome_presence *presence = &a->config.presence;
        if (a->prompted && presence->end)
                presence->end(presence->context);
        a->prompted = false;
}

static void prompt(struct mitome_authenticator *a, const struct mitome_prompt *what)
{
        const struct mitome_presence *presence = &a->config.presence;
        end_prompt(a);
        a->prompted = true;
        if (presence->ask)
                presence->ask(presence->context, what);
}

static void tell(struct mitome_authenticator *a, enum mitome_guidance state, unsigned number)
{
        const struct mitome_presence *presence = &a->config.presence;
        if (state != MITOME_GUIDANCE_NONE && presence->tell)
                presence->tell(presence->context, state, number);
}

/* That the sensor waits is what the prompt has said; what a mismatch costs, the core knows. */
static void tell_event(struct mitome_authenticator *a, const struct mitome_gate_event *event)
{
        unsigned number;
        const enum mitome_guidance state = mitome_guidance_of_event(event, &number);
        bool elsewhere = state == MITOME_GUIDANCE_TOUCH || state == MITOME_GUIDANCE_NOT_RECOGNISED;
        if (!elsewhere && a->finger_wanted)
                tell(a, state, number);
}

/* What the sensor is wanted for, by the CTAP command that will be done. */
static enum mitome_prompt_reason reason_of_command(uint8_t command)
{
        static const struct {
                uint8_t command;
                enum mitome_prompt_reason why;
        } reasons[] = { { 0x01, MITOME_PROMPT_REGISTER }, { 0x02, MITOME_PROMPT_LOGIN },
                { 0x06, MITOME_PROMPT_PIN }, { 0x09, MITOME_PROMPT_ENROL } };
        for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
                if (reasons[i].command == command)
                        return reasons[i].why;
        }
        return MITOME_PROMPT_VENDOR;
}

static void prompt_finger(struct mitome_authenticator *a)
{
        const struct mitome_gate_request *request = &a->action.request;
        const struct mitome_prompt what = { .why = reason_of_command(request->command),
                .finger = true,
                .contactless = a->working == MOUTH_CARD && a->contactless,
                .rp_id = request->rp_id,
                .timeout_ms = request->timeout_ms };
        prompt(a, &what);
}

static void prompt_touch(struct mitome_authenticator *a)
{
        static const enum mitome_prompt_reason reasons[] = {
                [CORE_PROMPT_REGISTER] = MITOME_PROMPT_REGISTER,
                [CORE_PROMPT_LOGIN] = MITOME_PROMPT_LOGIN,
                [CORE_PROMPT_SELECT] = MITOME_PROMPT_SELECT,
                [CORE_PROMPT_RESET] = MITOME_PROMPT_RESET,
                [CORE_PROMPT_U2F_REGISTER] = MITOME_PROMPT_U2F_REGISTER,
                [CORE_PROMPT_U2F_LOGIN] = MITOME_PROMPT_U2F_LOGIN,
                [CORE_PROMPT_VENDOR] = MITOME_PROMPT_VENDOR,
        };
        const struct core_touch *touch = &a->action.touch;
        const struct mitome_prompt what = { .why = reasons[touch->why],
                .contactless = a->working == MOUTH_CARD && a->contactless,
                .rp_id = touch->rp_id,
                .user_name = touch->user_name,
                .timeout_ms = touch->timeout_ms };
        prompt(a, &what);
}

/* ---- the core's actions ---- */

static void step(struct mitome_authenticator *a, const struct core_event *event)
{
        struct core_event dated = *event;
        dated.now_ms = a->now_ms;
        if (a->waiting == WAITS_FOR_TOUCH) /* whatever happens now, it is not asked for any more */
                end_prompt(a);
        core_step(a->core, &dated, &a->action);
        tell(a, a->action.guidance.state, a->action.guidance.number);
}

static void step_gate(struct mitome_authenticator *a, const struct mitome_gate_event *gate)
{
        step(a, &(struct core_event){ .kind = CORE_GATE, .gate = gate });
}

static void trace_message(struct mitome_authenticator *a, bool request, bool u2f, slice message)
{
        const struct mitome_trace *trace = &a->config.trace;
        if (u2f && trace->u2f)
                trace->u2f(trace->context, request, message);
        else if (!u2f && trace->ctap)
                trace->ctap(trace->context, request, message);
}

static void start_request(struct mitome_authenticator *a, enum mouth mouth)
{
        enum { U2F_COMMAND = 0x03 };
        static const enum core_caller callers[MOUTHS] = {
                [MOUTH_HID] = CORE_CALLER_HID, [MOUTH_CARD] = CORE_CALLER_NFC, [MOUTH_APP] = CORE_CALLER_APP
        };
        bool u2f;
        slice request = authenticator_request(a, mouth, &u2f);
        a->working = mouth;
        a->discard = false;
        a->command = u2f ? U2F_COMMAND : request.size ? request.data[0] : 0;
        a->element_commands = 0;
        trace_message(a, true, u2f, request);
        step(a, &(struct core_event){ .kind = u2f ? CORE_U2F : CORE_REQUEST,
                        .caller = callers[mouth],
                        .channel = authenticator_channel(a, mouth),
                        .contactless = mouth == MOUTH_CARD && a->contactless,
                        .bytes = request });
}

/* Each returns true when the core has been given the next event, false when it must wait. */
typedef bool carry_out(struct mitome_authenticator *a);

static bool start_next(struct mitome_authenticator *a)
{
        enum mouth next = a->next;
        a->next = MOUTH_NONE;
        if (next == MOUTH_NONE)
                return false;
        start_request(a, next);
        return true;
}

static bool reply(struct mitome_authenticator *a)
{
        const struct mitome_trace *trace = &a->config.trace;
        enum mouth mouth = a->working;
        bool u2f;
        a->waiting = WAITS_FOR_REQUEST;
        a->working = MOUTH_NONE;
        if (mouth != MOUTH_NONE && !a->discard) {
                (void)authenticator_request(a, mouth, &u2f);
                trace_message(a, false, u2f, a->action.bytes);
                authenticator_reply(a, mouth, a->action.bytes);
        }
        bytes_wipe(a->response, sizeof a->response); /* keys of large blobs go by there */
        if (mouth != MOUTH_NONE && trace->cost)
                trace->cost(trace->context, a->command, a->element_commands);
        return start_next(a);
}

static bool carry_apdu(struct mitome_authenticator *a)
{
        struct core_event event = { .kind = CORE_RESPONSE };
        if (failed(transmit(a, a->action.bytes, &event.bytes, NULL)))
                event.kind = CORE_LINK_BROKEN;
        step(a, &event);
        return true;
}

/* Some of what a gate is asked for needs nobody. */
static bool wants_finger(const struct mitome_gate_request *request)
{
        return request->purpose == MITOME_GATE_VERIFY || request->purpose == MITOME_GATE_ENROL;
}

static bool refuse_gate(struct mitome_authenticator *a, mitome_code why)
{
        step_gate(a, &(struct mitome_gate_event){ .kind = MITOME_GATE_REFUSED, .code = why });
        return true;
}

static bool start_gate(struct mitome_authenticator *a)
{
        const struct mitome_gate *gate = &a->config.gate;
        if (gate->version != MITOME_GATE_VERSION)
                return refuse_gate(a, MITOME_E_GATE_BROKEN);
        mitome_status status = gate->start(gate->context, &a->action.request, NULL);
        if (failed(status))
                return refuse_gate(a, status.code);
        a->gate_runs = true;
        a->waiting = WAITS_FOR_GATE;
        a->finger_wanted = wants_finger(&a->action.request);
        if (a->finger_wanted)
                prompt_finger(a);
        return false;
}

static bool await_gate(struct mitome_authenticator *a)
{
        a->waiting = WAITS_FOR_GATE;
        return false;
}

static bool cancel_gate(struct mitome_authenticator *a)
{
        const struct mitome_gate *gate = &a->config.gate;
        if (a->gate_runs)
                gate->cancel(gate->context);
        a->finger_wanted = false;
        end_prompt(a);
        return await_gate(a);
}

static bool await_touch(struct mitome_authenticator *a)
{
        a->waiting = WAITS_FOR_TOUCH;
        a->told = false;
        a->deadline_ms = a->now_ms + a->action.touch.timeout_ms;
        prompt_touch(a);
        return false;
}

static bool load_blobs(struct mitome_authenticator *a)
{
        const struct mitome_blobs *blobs = &a->config.blobs;
        struct core_event event = { .kind = CORE_BLOBS_FAILED };
        size_t size = 0;
        if (blobs->load && !failed(blobs->load(blobs->context, a->blobs, sizeof a->blobs, &size, NULL)) &&
                size <= sizeof a->blobs)
                event = (struct core_event){ .kind = CORE_BLOBS, .bytes = slice_of(a->blobs, size) };
        step(a, &event);
        return true;
}

static bool save_blobs(struct mitome_authenticator *a)
{
        const struct mitome_blobs *blobs = &a->config.blobs;
        bool saved = blobs->save && !failed(blobs->save(blobs->context, a->action.bytes, NULL));
        step(a, &(struct core_event){ .kind = saved ? CORE_BLOBS_SAVED : CORE_BLOBS_FAILED });
        return true;
}

/* Goes on until the core must wait for somebody. */
static void run(struct mitome_authenticator *a)
{
        static carry_out *const carriers[CORE_ACTION_KINDS] = {
                [CORE_REPLY] = reply,
                [CORE_TRANSMIT] = carry_apdu,
                [CORE_GATE_START] = start_gate,
                [CORE_GATE_POLL] = await_gate,
                [CORE_GATE_CANCEL] = cancel_gate,
                [CORE_TOUCH] = await_touch,
                [CORE_LOAD_BLOBS] = load_blobs,
                [CORE_SAVE_BLOBS] = save_blobs,
        };
        while (carriers[a->action.kind](a))
                continue;
}

/* ---- what is waited for ---- */

/* "Nothing" is told as well: the core keeps CTAP's time limits by it. */
static void poll_gate(struct mitome_authenticator *a, int wait_ms)
{
        const struct mitome_gate *gate = &a->config.gate;
        struct mitome_gate_event event = { .kind = MITOME_GATE_BROKEN };
        if (!a->gate_runs || failed(gate->poll(gate->context, wait_ms, &event, NULL)))
                event = (struct mitome_gate_event){ .kind = MITOME_GATE_BROKEN };
        if (MITOME_GATE_IS_FINAL(event.kind)) {
                a->gate_runs = false;
                end_prompt(a);
        }
        tell_event(a, &event);
        step_gate(a, &event);
        run(a);
        bytes_wipe(&event, sizeof event);
}

static enum core_event_kind judge_touch(
        const struct mitome_authenticator *a, enum mitome_presence_answer answer)
{
        if (answer == MITOME_PRESENCE_TOUCHED)
                return CORE_TOUCHED;
        if (answer == MITOME_PRESENCE_DECLINED)
                return CORE_NOT_TOUCHED;
        return a->now_ms >= a->deadline_ms ? CORE_TOUCH_TIMEOUT : CORE_EVENT_KINDS;
}

static void poll_touch(struct mitome_authenticator *a, int wait_ms)
{
        const struct mitome_presence *presence = &a->config.presence;
        enum core_event_kind kind = judge_touch(
                a, presence->poll ? presence->poll(presence->context, wait_ms) : MITOME_PRESENCE_NOTHING);
        if (kind == CORE_EVENT_KINDS)
                return;
        step(a, &(struct core_event){ .kind = kind });
        run(a);
}

void run_poll(struct mitome_authenticator *a, int wait_ms)
{
        if (a->waiting == WAITS_FOR_GATE)
                poll_gate(a, wait_ms);
        else if (a->waiting == WAITS_FOR_TOUCH)
                poll_touch(a, wait_ms);
}

bool run_wants_user(const struct mitome_authenticator *a)
{
        bool wanted = a->waiting == WAITS_FOR_TOUCH || (a->waiting == WAITS_FOR_GATE && a->finger_wanted);
        return wanted && !a->discard;
}

/* ---- requests ---- */

bool run_has(const struct mitome_authenticator *a, enum mouth mouth)
{
        return a->next == mouth || (a->working == mouth && !a->discard);
}

bool run_is_free(const struct mitome_authenticator *a, enum mouth mouth)
{
        return a->working == MOUTH_NONE ||
               (a->discard && (a->next == MOUTH_NONE || a->next == mouth) && mouth != MOUTH_APP);
}

void run_take(struct mitome_authenticator *a, enum mouth mouth)
{
        if (a->working != MOUTH_NONE) { /* the former one's host gave up, and its sensor is being stopped */
                a->next = mouth;
                return;
        }
        start_request(a, mouth);
        run(a);
}

void run_abort(struct mitome_authenticator *a, enum mouth mouth)
{
        if (a->next == mouth)
                a->next = MOUTH_NONE;
        if (a->working != mouth || a->discard)
                return;
        a->discard = true;
        step(a, &(struct core_event){ .kind = CORE_CANCEL });
        run(a);
}

void run_cancel(struct mitome_authenticator *a, enum mouth mouth)
{
        static const uint8_t keepalive_cancel = 0x2D;
        if (a->next == mouth) { /* it was not begun */
                a->next = MOUTH_NONE;
                authenticator_reply(a, mouth, slice_of(&keepalive_cancel, 1));
        } else if (a->working == mouth && !a->discard) {
                step(a, &(struct core_event){ .kind = CORE_CANCEL });
                run(a);
        }
}

void run_power_on(struct mitome_authenticator *a)
{
        a->dated = true;
        step(a, &(struct core_event){ .kind = CORE_POWER_ON });
        run(a);
}

void run_end(struct mitome_authenticator *a)
{
        const struct mitome_gate *gate = &a->config.gate;
        if (a->gate_runs)
                gate->cancel(gate->context);
        a->gate_runs = false;
        end_prompt(a);
}
