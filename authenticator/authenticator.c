/* SPDX-License-Identifier: Apache-2.0 */
#include "core.h"
#include "ctaphid.h"

#include <mitome/authenticator.h>
#include <mitome/element.h>
#include <stdlib.h>

_Static_assert((int)MITOME_REPORT_SIZE == (int)CTAPHID_REPORT_SIZE, "two sizes of a report");

enum {
        POLL_MAX_MS = 50, /* of one wait for the user: keepalives are due every 100 ms */
        TOUCH_TIMEOUT_MS = 30000,
};

/* What the core's last action waits for. */
enum waiting {
        WAITS_FOR_REQUEST,
        WAITS_FOR_GATE,
        WAITS_FOR_TOUCH,
};

struct mitome_authenticator {
        struct mitome_authenticator_config config;
        struct mitome_enforcer *enforcer; /* between the core and the element */
        struct ctaphid *hid;
        struct core *core;
        struct core_action action;
        enum waiting waiting;
        bool busy;          /* the core works on a request */
        bool discard;       /* its host has given up: nobody waits for the answer */
        bool request_waits; /* another came meanwhile */
        bool touch_told;    /* the host has been told that a touch is awaited */
        bool asked;         /* presence.ask is not yet ended */
        uint64_t now_ms;
        uint64_t deadline_ms; /* of the touch that is awaited */
        bool gate_runs;
        uint8_t response[MITOME_APDU_MAX];
};

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

static mitome_status start_enforcer(struct mitome_authenticator *a, mitome_error *error)
{
        const struct mitome_link link = { .context = a, .transmit = watched_transmit };
        MITOME_TRY(mitome_enforcer_new(&link, &a->config.app, &a->enforcer, error));
        a->config.app.package = NULL; /* the enforcer has copied it */
        return ok();
}

static mitome_status select_applet(struct mitome_authenticator *a, mitome_error *error)
{
        const struct apdu_command get_state = { .cla = 0x80, .ins = 0x10, .expected = 256 };
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        slice response, data;
        uint16_t sw;
        mitome_error cause = { 0 };
        mitome_status status = mitome_enforcer_select(a->enforcer, SLICE(fido_applet), &cause);
        if (status.code == MITOME_E_APDU_STATUS) /* allowed, and not there: a My Number Card, say */
                return fail(error, MITOME_E_NOT_AUTHENTICATOR, NULL, NULL);
        if (failed(status))
                return fail(error, status.code, cause.field, cause.clause);
        apdu_write_command(&w, &get_state);
        MITOME_TRY(transmit(a, writer_view(&w), &response, error));
        MITOME_TRY(apdu_read_response(response, &data, &sw, error));
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, "GET STATE", NULL);
}

/* ---- the core's actions ---- */

static void end_prompt(struct mitome_authenticator *a)
{
        const struct mitome_presence *presence = &a->config.presence;
        if (a->asked && presence->end)
                presence->end(presence->context);
        a->asked = false;
}

/* Whatever happens to a prompt's request ends the prompt. */
static void step(struct mitome_authenticator *a, const struct core_event *event)
{
        end_prompt(a);
        struct core_event timed = *event;
        timed.now_ms = a->now_ms;
        core_step(a->core, &timed, &a->action);
}

static void step_gate(struct mitome_authenticator *a, const struct mitome_gate_event *gate)
{
        step(a, &(struct core_event){ .kind = CORE_GATE, .gate = gate });
}

static void start_request(struct mitome_authenticator *a)
{
        const struct mitome_trace *trace = &a->config.trace;
        slice request = ctaphid_request(a->hid);
        if (trace->ctap)
                trace->ctap(trace->context, true, request);
        a->busy = true;
        step(a, &(struct core_event){ .kind = CORE_REQUEST, .bytes = request });
}

/* Each returns true when the core has been given the next event, false when it must wait. */
typedef bool carry_out(struct mitome_authenticator *a);

static bool reply(struct mitome_authenticator *a)
{
        const struct mitome_trace *trace = &a->config.trace;
        if (a->busy && !a->discard) {
                if (trace->ctap)
                        trace->ctap(trace->context, false, a->action.bytes);
                ctaphid_reply(a->hid, a->action.bytes);
        }
        a->busy = a->discard = false;
        a->waiting = WAITS_FOR_REQUEST;
        if (!a->request_waits)
                return false;
        a->request_waits = false;
        start_request(a);
        return true;
}

static bool carry_apdu(struct mitome_authenticator *a)
{
        struct core_event event = { .kind = CORE_RESPONSE };
        if (failed(transmit(a, a->action.bytes, &event.bytes, NULL)))
                event.kind = CORE_LINK_BROKEN;
        step(a, &event);
        return true;
}

static bool gate_is_there(const struct mitome_authenticator *a)
{
        return a->config.gate.version == MITOME_GATE_VERSION;
}

static bool start_gate(struct mitome_authenticator *a)
{
        const struct mitome_gate *gate = &a->config.gate;
        if (gate_is_there(a) && !failed(gate->start(gate->context, &a->action.request, NULL))) {
                a->gate_runs = true;
                a->waiting = WAITS_FOR_GATE;
                return false;
        }
        step_gate(a, &(struct mitome_gate_event){ .kind = MITOME_GATE_BROKEN });
        return true;
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
        a->waiting = WAITS_FOR_GATE;
        return false;
}

static bool await_touch(struct mitome_authenticator *a)
{
        const struct mitome_presence *presence = &a->config.presence;
        const struct mitome_prompt prompt = {
                .why = MITOME_PROMPT_LOGIN, .rp_id = a->action.touch.rp_id, .timeout_ms = TOUCH_TIMEOUT_MS
        };
        a->waiting = WAITS_FOR_TOUCH;
        a->touch_told = false;
        a->deadline_ms = a->now_ms + TOUCH_TIMEOUT_MS;
        a->asked = true;
        if (presence->ask)
                presence->ask(presence->context, &prompt);
        return false;
}

/* There is no place for the large-blob array yet. */
static bool refuse_blobs(struct mitome_authenticator *a)
{
        step(a, &(struct core_event){ .kind = CORE_BLOBS_FAILED });
        return true;
}

/* Goes on until the core must wait for somebody. */
static void run(struct mitome_authenticator *a)
{
        static carry_out *const carriers[] = {
                [CORE_REPLY] = reply,
                [CORE_TRANSMIT] = carry_apdu,
                [CORE_GATE_START] = start_gate,
                [CORE_GATE_POLL] = await_gate,
                [CORE_GATE_CANCEL] = cancel_gate,
                [CORE_TOUCH] = await_touch,
                [CORE_LOAD_BLOBS] = refuse_blobs,
                [CORE_SAVE_BLOBS] = refuse_blobs,
        };
        while (carriers[a->action.kind](a))
                continue;
}

/* ---- what is waited for ---- */

static void poll_gate(struct mitome_authenticator *a, int wait_ms)
{
        const struct mitome_gate *gate = &a->config.gate;
        struct mitome_gate_event event = { .kind = MITOME_GATE_BROKEN };
        int wait = wait_ms >= 0 && wait_ms < POLL_MAX_MS ? wait_ms : POLL_MAX_MS;
        if (!a->gate_runs || failed(gate->poll(gate->context, wait, &event, NULL)))
                event = (struct mitome_gate_event){ .kind = MITOME_GATE_BROKEN };
        if (event.kind == MITOME_GATE_NOTHING)
                return;
        if (event.kind >= MITOME_GATE_EVIDENCE)
                a->gate_runs = false;
        step_gate(a, &event);
        run(a);
        bytes_wipe(&event, sizeof event);
}

static void poll_touch(struct mitome_authenticator *a, int wait_ms)
{
        const struct mitome_presence *presence = &a->config.presence;
        int wait = wait_ms >= 0 && wait_ms < POLL_MAX_MS ? wait_ms : POLL_MAX_MS;
        enum mitome_presence_answer answer =
                presence->poll ? presence->poll(presence->context, wait) : MITOME_PRESENCE_NOTHING;
        if (answer == MITOME_PRESENCE_NOTHING && a->now_ms < a->deadline_ms)
                return;
        step(a, &(struct core_event){ .kind = answer == MITOME_PRESENCE_TOUCHED    ? CORE_TOUCHED
                                              : answer == MITOME_PRESENCE_DECLINED ? CORE_NOT_TOUCHED
                                                                                   : CORE_TOUCH_TIMEOUT });
        run(a);
}

/* The host is told that its user is wanted before the user is asked, since asking may take long. */
static void wait_for_user(struct mitome_authenticator *a, int wait_ms, uint64_t now_ms)
{
        bool told = a->touch_told;
        /* Whoever waits behind an aborted request is not the one whose user is wanted. */
        ctaphid_keepalive(a->hid, a->discard ? CTAPHID_PROCESSING : CTAPHID_UP_NEEDED, now_ms);
        a->touch_told = true;
        if (a->waiting == WAITS_FOR_GATE)
                poll_gate(a, wait_ms);
        else if (told) /* a touch that is there at once must not come before the word that one is wanted */
                poll_touch(a, wait_ms);
}

/* ---- the public face ---- */

static mitome_status build(struct mitome_authenticator *a, mitome_error *error)
{
        MITOME_TRY(ctaphid_new(&a->config.random, &a->hid, error));
        const struct core_config config = { .transports = CORE_OVER_USB };
        MITOME_TRY(core_new(&config, &a->core, error));
        MITOME_TRY(start_enforcer(a, error));
        return select_applet(a, error);
}

mitome_status mitome_authenticator_new(const struct mitome_authenticator_config *config,
        struct mitome_authenticator **ret, mitome_error *error)
{
        if (!config->element.transmit || !config->random.fill)
                return fail(error, MITOME_E_ARGUMENT, "config", NULL);
        struct mitome_authenticator *a = calloc(1, sizeof *a);
        if (!a)
                return fail(error, MITOME_E_NO_MEMORY, "authenticator", NULL);
        a->config = *config;
        mitome_status status = build(a, error);
        if (failed(status)) {
                mitome_authenticator_free(a);
                return status;
        }
        *ret = a;
        return ok();
}

/* The host gave up: what runs is wound down, and nobody hears of it. */
static void abort_request(struct mitome_authenticator *a)
{
        if (a->request_waits) { /* it was not begun: what runs is discarded already */
                a->request_waits = false;
                return;
        }
        a->discard = true;
        step(a, &(struct core_event){ .kind = CORE_CANCEL });
        run(a);
}

static void cancel_request(struct mitome_authenticator *a)
{
        enum { KEEPALIVE_CANCEL = 0x2D };
        if (!a->request_waits) {
                step(a, &(struct core_event){ .kind = CORE_CANCEL });
                run(a);
                return;
        }
        const uint8_t cancelled = KEEPALIVE_CANCEL;
        a->request_waits = false;
        ctaphid_reply(a->hid, slice_of(&cancelled, 1));
}

static void take_request(struct mitome_authenticator *a)
{
        if (a->busy) { /* the former one's host gave up, and its finger is still being waited for */
                a->request_waits = true;
                return;
        }
        start_request(a);
        run(a);
}

void mitome_authenticator_receive(
        struct mitome_authenticator *authenticator, const uint8_t report[MITOME_REPORT_SIZE], uint64_t now_ms)
{
        static void (*const takers[])(struct mitome_authenticator * a) = {
                [CTAPHID_NONE] = NULL,
                [CTAPHID_REQUEST] = take_request,
                [CTAPHID_CANCELS] = cancel_request,
                [CTAPHID_ABORTED] = abort_request,
        };
        authenticator->now_ms = now_ms;
        enum ctaphid_outcome outcome = ctaphid_receive(authenticator->hid, report, now_ms);
        if (takers[outcome])
                takers[outcome](authenticator);
}

bool mitome_authenticator_send(struct mitome_authenticator *authenticator, int wait_ms, uint64_t now_ms,
        uint8_t ret_report[MITOME_REPORT_SIZE])
{
        authenticator->now_ms = now_ms;
        ctaphid_tick(authenticator->hid, now_ms);
        if (ctaphid_send(authenticator->hid, ret_report))
                return true;
        if (authenticator->waiting != WAITS_FOR_REQUEST)
                wait_for_user(authenticator, wait_ms, now_ms);
        return ctaphid_send(authenticator->hid, ret_report);
}

bool mitome_authenticator_busy(const struct mitome_authenticator *authenticator)
{
        return authenticator->busy || ctaphid_busy(authenticator->hid);
}

bool mitome_authenticator_working(
        struct mitome_authenticator *authenticator, uint64_t now_ms, uint8_t ret_report[MITOME_REPORT_SIZE])
{
        ctaphid_keepalive(authenticator->hid, CTAPHID_PROCESSING, now_ms);
        return ctaphid_send_keepalive(authenticator->hid, ret_report);
}

/* Nobody hears of what was being done: his channel is gone. */
static mitome_status power_cycle(struct mitome_authenticator *a, mitome_error *error)
{
        const struct mitome_link *link = &a->config.element;
        mitome_enforcer_close(a->enforcer); /* before the reset ends its channel */
        if (link->reset)
                MITOME_TRY(link->reset(link->context, error));
        return select_applet(a, error);
}

mitome_status mitome_authenticator_power_cycle(
        struct mitome_authenticator *authenticator, uint64_t now_ms, mitome_error *error)
{
        authenticator->now_ms = now_ms;
        if (authenticator->busy)
                abort_request(authenticator);
        ctaphid_reset(authenticator->hid);
        return power_cycle(authenticator, error);
}

void mitome_authenticator_free(struct mitome_authenticator *authenticator)
{
        if (!authenticator)
                return;
        const struct mitome_gate *gate = &authenticator->config.gate;
        if (authenticator->gate_runs)
                gate->cancel(gate->context);
        end_prompt(authenticator);
        mitome_enforcer_free(authenticator->enforcer);
        core_free(authenticator->core);
        ctaphid_free(authenticator->hid);
        bytes_wipe(authenticator, sizeof *authenticator);
        free(authenticator);
}
