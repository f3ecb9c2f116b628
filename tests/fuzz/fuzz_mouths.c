/* SPDX-License-Identifier: Apache-2.0 */
/* The whole authenticator with its three mouths: the input is a script of what hosts, readers and the app
 * say, of what the user, the sensor and the element do, and of time. Whatever they do: who asks is answered
 * once, who was prompted is let go, and in the end the device is free. */
#include "bytes.h"

#include <mitome/authenticator.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
        REPORT,
        REQUEST,
        SEND,
        COMMAND,
        MESSAGE,
        AGAIN,
        CALL,
        WAIT,
        CANCEL_CALL,
        TIME,
        POWER,
        READER_RESET,
        VERBS
};

enum { HID_CHANNELS = 3, PATIENCE = 100000 };

struct run {
        struct mitome_authenticator *authenticator;
        reader script;
        uint64_t now;
        uint8_t numbers;
        bool prompted, finger, gate_runs, deaf; /* the script is at its end: nobody does anything any more */
        unsigned hid_requests, hid_answers, calls, call_answers;
        uint32_t channels[HID_CHANNELS]; /* as they were given out */
        unsigned opened;
};

static void must(bool right)
{
        if (!right)
                abort();
}

/* The script's next byte, 0 at its end. */
static uint8_t next(struct run *run)
{
        uint8_t byte = 0;
        if (failed(read_u8(&run->script, "script", &byte)))
                run->deaf = true;
        return byte;
}

static slice read_part(struct run *run, size_t most)
{
        size_t size = next(run);
        slice bytes;
        size = size > most ? most : size;
        size = size > run->script.rest.size ? run->script.rest.size : size;
        return failed(read_bytes(&run->script, "bytes", size, &bytes)) ? (slice){ 0 } : bytes;
}

/* ---- the element: its rules let the app in; the rest is plausible, or the script's ---- */

static void write_rules(writer *w, uint8_t p1)
{
        static const uint8_t refresh[] = { 0xDF, 0x20, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
        static const uint8_t list[] = { 0xFF, 0x40, 0x35, 0xE2, 0x33, 0xE1, 0x2C, 0x4F, 8, 0xF0, 0x4D, 0x49,
                0x54, 0x4F, 0x4D, 0x45, 0x01, 0xC1, 32, 0x5A };
        static const uint8_t zeros[31], end[] = { 0xE3, 3, 0xD0, 1, 1 };
        if (p1 == 0xDF) {
                write_slice(w, SLICE(refresh));
                return;
        }
        write_slice(w, SLICE(list));
        write_slice(w, SLICE(zeros));
        write_slice(w, SLICE(end));
}

static void write_state(struct run *run, writer *w)
{
        static const uint8_t head[] = { 0x80, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x82,
                1, 3, 0x83, 1, 5, 0x84, 1, 4, 0x85, 2, 0, 9, 0x87, 2, 0, 1, 0x8A, 4, 0, 0, 0, 0, 0x81, 1 };
        write_slice(w, SLICE(head));
        write_u8(w, run->deaf ? 0 : next(run));
        write_u8(w, 0x86);
        write_u8(w, 1);
        write_u8(w, run->deaf ? 0 : next(run));
}

static void write_challenge(writer *w)
{
        static const uint8_t challenge[32];
        write_u8(w, 0x80);
        write_u8(w, sizeof challenge);
        write_slice(w, SLICE(challenge));
}

static void write_signed(writer *w)
{
        static const uint8_t answer[] = { 0x80, 2, 1, 2, 0x81, 1, 3, 0x82, 1, 4 };
        write_slice(w, SLICE(answer));
}

static void write_answer(struct run *run, writer *w, uint8_t how)
{
        uint16_t sw = 0x9000;
        if (how & 0x80)
                write_slice(w, read_part(run, 255));
        else if (how & 0x40)
                write_challenge(w);
        else
                write_signed(w);
        if (how & 0x20)
                sw = (uint16_t)(0x6000 | next(run) << 4 | (how & 0x0F));
        write_u16(w, sw);
}

static mitome_status transmit(void *context, mitome_slice command, uint8_t *response, size_t capacity,
        size_t *ret_size, mitome_error *error)
{
        enum { GET_STATE = 0x10, BEGIN = 0x20, MANAGE_CHANNEL = 0x70, INS_SELECT = 0xA4, GET_DATA = 0xCA };
        struct run *run = context;
        writer w = writer_over(response, capacity);
        must(command.size >= 4);
        uint8_t ins = command.data[1], how = run->deaf || !run->authenticator ? 0 : next(run);
        if (how == 0xFF)
                return fail(error, MITOME_E_LINK, "element", NULL);
        if (ins == MANAGE_CHANNEL) {
                write_u16(&w, 0x6D00);
        } else if (ins == INS_SELECT || ins == GET_DATA || ins == GET_STATE ||
                   (ins == BEGIN && !(how & 0x80))) {
                if (ins == GET_DATA)
                        write_rules(&w, command.data[2]);
                if (ins == GET_STATE)
                        write_state(run, &w);
                if (ins == BEGIN)
                        write_challenge(&w);
                write_u16(&w, 0x9000);
        } else {
                write_answer(run, &w, how);
        }
        *ret_size = w.used;
        return ok();
}

static mitome_status reset(void *context, mitome_error *error)
{
        struct run *run = context;
        return next(run) & 0x80 ? fail(error, MITOME_E_LINK, "element", NULL) : ok();
}

/* ---- user and sensor ---- */

static void ask(void *context, const struct mitome_prompt *prompt)
{
        struct run *run = context;
        must(!run->prompted);
        must(prompt->why >= MITOME_PROMPT_REGISTER && prompt->why <= MITOME_PROMPT_ENROL);
        run->prompted = true;
        run->finger = prompt->finger;
}

static enum mitome_presence_answer poll(void *context, int wait_ms)
{
        struct run *run = context;
        must(run->prompted && !run->finger && wait_ms <= 500);
        return run->deaf ? MITOME_PRESENCE_NOTHING : (enum mitome_presence_answer)(next(run) % 3);
}

static void end(void *context)
{
        struct run *run = context;
        must(run->prompted);
        run->prompted = false;
}

static mitome_status gate_start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct run *run = context;
        must(request->purpose >= MITOME_GATE_VERIFY && request->purpose <= MITOME_GATE_FORGET);
        must(!run->gate_runs); /* one at a time */
        if (next(run) & 0x80)
                return fail(error, MITOME_E_GATE_BROKEN, NULL, NULL);
        run->gate_runs = true;
        return ok();
}

static mitome_status gate_poll(void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct run *run = context;
        must(run->gate_runs && wait_ms <= 500);
        uint8_t how = next(run);
        *ret = (struct mitome_gate_event){ .kind = (enum mitome_gate_event_kind)((how & 15) % 11),
                .remaining = how >> 4,
                .has_evidence = how & 0x40,
                .code = MITOME_E_GATE_BROKEN,
                .finger_count = how >> 6 };
        if (run->deaf)
                ret->kind = MITOME_GATE_ABSENT;
        bool breaks = how == 0xFF;
        if (breaks || MITOME_GATE_IS_FINAL(ret->kind))
                run->gate_runs = false;
        return breaks ? fail(error, MITOME_E_GATE_BROKEN, NULL, NULL) : ok();
}

static void gate_cancel(void *context)
{
        struct run *run = context;
        must(run->gate_runs);
}

/* ---- blobs, randomness ---- */

static mitome_status load(
        void *context, uint8_t *blobs, size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct run *run = context;
        writer w = writer_over(blobs, capacity);
        write_slice(&w, read_part(run, 255));
        *ret_size = w.used;
        return next(run) & 0x80 ? fail(error, MITOME_E_SOCKET, NULL, NULL) : ok();
}

static mitome_status save(void *context, mitome_slice blobs, mitome_error *error)
{
        struct run *run = context;
        must(blobs.size <= MITOME_BLOBS_MAX);
        return next(run) & 0x80 ? fail(error, MITOME_E_SOCKET, NULL, NULL) : ok();
}

static int fill(void *context, uint8_t *bytes, size_t size)
{
        struct run *run = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = ++run->numbers;
        return 0;
}

/* ---- hosts ---- */

static void note_report(struct run *run, const uint8_t report[MITOME_REPORT_SIZE])
{
        enum { CBOR = 0x90, MSG = 0x83, INIT = 0x86 };
        reader r = reader_over(slice_of(report + 15, 4), NULL, NULL);
        uint32_t channel;
        if (report[4] == CBOR || report[4] == MSG)
                must(++run->hid_answers <= run->hid_requests);
        if (report[4] == INIT && !failed(read_u32(&r, "channel", &channel)))
                run->channels[run->opened++ % HID_CHANNELS] = channel;
}

static void send_all(struct run *run)
{
        uint8_t report[MITOME_REPORT_SIZE];
        for (unsigned i = 0; i < PATIENCE; i++) {
                if (!mitome_authenticator_send(run->authenticator, 0, run->now, report))
                        return;
                note_report(run, report);
        }
        abort(); /* it never ends */
}

static void put(struct run *run, uint8_t channel, uint8_t command, slice payload)
{
        uint8_t report[MITOME_REPORT_SIZE] = { 0 };
        writer w = WRITER(report);
        write_u32(&w, channel & 0x80 ? UINT32_MAX : run->channels[channel % HID_CHANNELS]);
        write_u8(&w, command);
        write_slice(&w, payload);
        run->hid_requests++; /* at most */
        mitome_authenticator_receive(run->authenticator, report, run->now);
}

/* A request that one packet holds. */
static void request(struct run *run)
{
        static const uint8_t commands[] = { 0x90, 0x83, 0x91, 0x86, 0x84, 0x88, 0x81, 0x90 };
        uint8_t bytes[MITOME_REPORT_SIZE - 5];
        writer w = WRITER(bytes);
        uint8_t where = next(run), what = next(run);
        slice part = read_part(run, MITOME_REPORT_SIZE - 7);
        write_u16(&w, (uint16_t)part.size);
        write_slice(&w, part);
        put(run, where, commands[what % sizeof commands], writer_view(&w));
}

static void exchange(struct run *run, slice apdu)
{
        static uint8_t response[MITOME_MESSAGE_MAX];
        size_t size = 0;
        bool there = mitome_authenticator_exchange(
                run->authenticator, apdu, next(run) & 1, 0, run->now, response, sizeof response, &size);
        must(!there || (size >= 2 && size <= sizeof response));
}

static void exchange_message(struct run *run)
{
        uint8_t bytes[300];
        writer w = WRITER(bytes);
        uint8_t p1 = next(run);
        slice part = read_part(run, 255);
        write_u16(&w, 0x8010);
        write_u8(&w, p1 & 0x80);
        write_u8(&w, 0);
        if (part.size)
                write_u8(&w, (uint8_t)part.size);
        write_slice(&w, part);
        exchange(run, writer_view(&w));
}

static void call(struct run *run, slice message)
{
        static uint8_t response[MITOME_MESSAGE_MAX];
        size_t size = 0;
        bool there = mitome_authenticator_call(
                run->authenticator, message, 0, run->now, response, sizeof response, &size);
        must(!there || (size >= 1 && size <= sizeof response));
}

static void act(struct run *run, uint8_t verb)
{
        uint8_t where, what;
        switch (verb % VERBS) {
        case REPORT:
                where = next(run);
                what = next(run);
                put(run, where, what, read_part(run, MITOME_REPORT_SIZE - 5));
                break;
        case REQUEST:
                request(run);
                break;
        case SEND:
                send_all(run);
                break;
        case COMMAND:
                exchange(run, read_part(run, 255));
                break;
        case MESSAGE:
                exchange_message(run);
                break;
        case AGAIN:
                exchange(run, (slice){ 0 });
                break;
        case CALL:
                call(run, read_part(run, 255));
                break;
        case WAIT:
                call(run, (slice){ 0 });
                break;
        case CANCEL_CALL:
                mitome_authenticator_call_cancel(run->authenticator, run->now);
                break;
        case TIME:
                run->now += next(run) * 50u;
                break;
        case POWER:
                (void)mitome_authenticator_power_cycle(run->authenticator, run->now, NULL).code;
                break;
        default:
                mitome_authenticator_exchange_reset(run->authenticator, run->now);
        }
}

static bool start(struct run *run)
{
        const struct mitome_authenticator_config config = {
                .element = { .context = run, .transmit = transmit, .reset = reset },
                .app = { .sha256 = { 0x5A } },
                .gate = { MITOME_GATE_VERSION, run, gate_start, gate_poll, gate_cancel },
                .random = { .context = run, .fill = fill },
                .presence = { .context = run, .ask = ask, .poll = poll, .end = end },
                .blobs = { .context = run, .load = load, .save = save },
        };
        static const uint8_t nonce[] = { 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
        static const uint8_t select[] = { 0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1 };
        if (failed(mitome_authenticator_new(&config, &run->authenticator, NULL)))
                return false;
        for (unsigned i = 0; i < HID_CHANNELS; i++)
                put(run, 0x80, 0x86, SLICE(nonce));
        send_all(run);
        exchange(run, SLICE(select));
        return true;
}

/* Nobody touches, says or hears anything any more: what is begun ends by time. */
static void wind_up(struct run *run)
{
        enum { STEP_MS = 1000, LONGEST_MS = 600000 };
        run->deaf = true;
        for (unsigned passed = 0; passed < LONGEST_MS; passed += STEP_MS) {
                run->now += STEP_MS;
                send_all(run);
        }
        must(!mitome_authenticator_busy(run->authenticator));
        must(!run->prompted || run->gate_runs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t verb;
        struct run run = { .script = reader_over(slice_of(data, size), NULL, NULL), .now = 1000 };
        if (!start(&run))
                return 0;
        while (!failed(read_u8(&run.script, "verb", &verb)))
                act(&run, verb);
        wind_up(&run);
        mitome_authenticator_free(run.authenticator);
        must(!run.prompted);
        return 0;
}
