/* SPDX-License-Identifier: Apache-2.0 */
/* The core: the input is a script of events, fitting or not; core_model.h says what must never come of it. */
#include "core_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIT = 0x80 }; /* the event that the last action waits for, when there is one */

struct run {
        struct core *core;
        struct core_model model;
        struct core_action action;
        reader script;
};

static slice read_part(struct run *run)
{
        uint16_t size;
        slice bytes;
        if (failed(read_u16(&run->script, "size", &size)))
                return (slice){ 0 };
        size = (uint16_t)(size % (CORE_MESSAGE_MAX + 2));
        size_t most = run->script.rest.size < size ? run->script.rest.size : size;
        return failed(read_bytes(&run->script, "bytes", most, &bytes)) ? (slice){ 0 } : bytes;
}

/* The data of an answer; with it every command may succeed: a state, a challenge, a credential. */
static void write_plausible(writer *w, uint8_t flags)
{
        static const uint8_t state[] = { 0x80, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
        static const uint8_t rest[] = { 0x82, 1, 3, 0x83, 1, 5, 0x84, 1, 4, 0x85, 2, 0, 9 };
        write_slice(w, SLICE(state));
        write_u8(w, 0x81);
        write_u8(w, 1);
        write_u8(w, flags);
        write_slice(w, SLICE(rest));
}

static void write_challenge(writer *w)
{
        write_u8(w, 0x80);
        write_u8(w, 32);
        for (uint8_t i = 0; i < 32; i++)
                write_u8(w, i);
}

static void write_signed(writer *w)
{
        static const uint8_t answer[] = { 0x80, 2, 1, 2, 0x81, 1, 3, 0x82, 1, 4 };
        write_slice(w, SLICE(answer));
}

static void step(struct run *run, const struct core_event *event)
{
        core_model_event(&run->model, event);
        core_step(run->core, event, &run->action);
        core_model_action(&run->model, &run->action);
}

static void respond(struct run *run, uint8_t how)
{
        static uint8_t bytes[CORE_MESSAGE_MAX + 64];
        uint16_t sw = SW_OK;
        writer w = WRITER(bytes);
        switch (how & 7) {
        case 0:
                write_slice(&w, read_part(run));
                (void)read_u16(&run->script, "sw", &sw).code;
                break;
        case 1:
                write_challenge(&w);
                break;
        case 2:
                write_signed(&w);
                break;
        case 3:
                (void)read_u16(&run->script, "sw", &sw).code;
                break;
        default:
                write_plausible(&w, how);
        }
        write_u16(&w, sw);
        step(run, &(struct core_event){ .kind = CORE_RESPONSE, .bytes = writer_view(&w) });
}

static void tell_gate(struct run *run, uint8_t how)
{
        struct mitome_gate_event event = {
                .kind = (enum mitome_gate_event_kind)(how & 15),
                .has_evidence = how & 16,
                .remaining = how >> 5,
                .hint = (enum mitome_gate_hint)(how >> 5),
        };
        step(run, &(struct core_event){ .kind = CORE_GATE, .gate = how == 15 ? NULL : &event });
}

static enum core_event_kind fitting(const struct run *run)
{
        static const enum core_event_kind kinds[] = {
                [CORE_REPLY] = CORE_REQUEST,
                [CORE_TRANSMIT] = CORE_RESPONSE,
                [CORE_GATE_START] = CORE_GATE,
                [CORE_GATE_POLL] = CORE_GATE,
                [CORE_GATE_CANCEL] = CORE_GATE,
                [CORE_TOUCH] = CORE_TOUCHED,
        };
        return kinds[run->action.kind];
}

static void play(struct run *run, uint8_t verb)
{
        uint8_t how = 0;
        enum core_event_kind kind = verb & FIT ? fitting(run) : (enum core_event_kind)(verb % 8);
        struct core_event event = { .kind = kind };
        switch (kind) {
        case CORE_REQUEST:
                event.bytes = read_part(run);
                step(run, &event);
                break;
        case CORE_RESPONSE:
                (void)read_u8(&run->script, "how", &how).code;
                respond(run, how);
                break;
        case CORE_GATE:
                (void)read_u8(&run->script, "how", &how).code;
                tell_gate(run, how);
                break;
        default:
                step(run, &event);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct run run = { .script = reader_over(slice_of(data, size), NULL, NULL) };
        uint8_t verb;
        if (failed(core_new(&(struct core_config){ .blobs = true }, &run.core, NULL)))
                return 0;
        while (!failed(read_u8(&run.script, "verb", &verb)))
                play(&run, verb);
        core_free(run.core);
        return 0;
}
