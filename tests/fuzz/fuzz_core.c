/* SPDX-License-Identifier: Apache-2.0 */
/* The core with a scripted host, user, element, gate and clock: the input is a script of events, fitting or
 * not, core_model.h says what must never come of it. Requests are bytes of the script, or whole ones of which
 * the script changes a byte, so that it need not find CBOR by itself. */
#include "cbor.h"
#include "core_model.h"
#include "digest.h"
#include "tlv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIT = 0x80 /* the event that the last action waits for */, WHOLE = 0x40 /* a request made here */ };

struct run {
        struct core *core;
        struct core_model model;
        struct core_action action;
        reader script;
        uint64_t now_ms;
};

static uint8_t script_u8(struct run *run)
{
        uint8_t byte = 0;
        return failed(read_u8(&run->script, "script", &byte)) ? 0 : byte;
}

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

static void step(struct run *run, struct core_event event)
{
        event.now_ms = run->now_ms;
        core_model_event(&run->model, &event);
        core_step(run->core, &event, &run->action);
        core_model_action(&run->model, &run->action);
}

/* ---- requests that are right ---- */

static const uint8_t some[128] = { 0xC0, 0xDE };

static void pair_bytes(writer *w, unsigned key, size_t size)
{
        cbor_write_uint(w, key);
        cbor_write_bytes(w, slice_of(some, size));
}

static void pair_uint(writer *w, unsigned key, uint64_t value)
{
        cbor_write_uint(w, key);
        cbor_write_uint(w, value);
}

/* All there are, for either command; those that want a map want the platform's key in it. */
static void write_extensions(writer *w, bool gets)
{
        static const char *const wishes[] = { "mitome-jpki", "minPinLength", "thirdPartyPayment",
                "pinComplexityPolicy" };
        cbor_write_map(w, 6);
        cbor_write_string(w, "credBlob");
        if (gets)
                cbor_write_bool(w, true);
        else
                cbor_write_bytes(w, slice_of(some, 20));
        cbor_write_string(w, "credProtect");
        cbor_write_uint(w, 2);
        for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
                cbor_write_string(w, wishes[i]);
                cbor_write_bool(w, true);
        }
}

static void write_make(writer *w, uint8_t how)
{
        write_u8(w, 0x01);
        cbor_write_map(w, 4 + (how & 1 ? 2 : 0) + (how & 4 ? 1 : 0));
        pair_bytes(w, 1, 32);
        cbor_write_uint(w, 2);
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_string(w, "example.com");
        cbor_write_uint(w, 3);
        cbor_write_map(w, 1);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, slice_of(some, 8));
        cbor_write_uint(w, 4);
        cbor_write_array(w, 1);
        cbor_write_map(w, 2);
        cbor_write_string(w, "alg");
        cbor_write_int(w, -7);
        cbor_write_string(w, "type");
        cbor_write_string(w, "public-key");
        if (how & 4) {
                cbor_write_uint(w, 6);
                write_extensions(w, how & 8);
        }
        if (how & 1) {
                pair_bytes(w, 8, how & 2 ? 16 : 32);
                pair_uint(w, 9, how & 2 ? 1 : 2);
        }
}

static void write_key(writer *w)
{
        static const uint8_t head[] = { 0x03, 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21 };
        write_slice(w, SLICE(head));
        cbor_write_bytes(w, slice_of(some, 32));
        write_u8(w, 0x22);
        cbor_write_bytes(w, slice_of(some, 32));
}

static void write_hmac_secret(writer *w, size_t salts)
{
        static const uint8_t key_member[] = { 0x01 };
        uint8_t bytes[128];
        writer key = WRITER(bytes);
        reader r;
        slice label, value;
        write_key(&key); /* behind the label of clientPIN's member, which is another one here */
        r = reader_over(writer_view(&key), NULL, NULL);
        cbor_write_map(w, 1);
        cbor_write_string(w, "hmac-secret");
        cbor_write_map(w, 4);
        write_slice(w, SLICE(key_member));
        if (failed(read_bytes(&r, "label", 1, &label)))
                return;
        value = read_rest(&r);
        write_slice(w, value);
        pair_bytes(w, 2, 16 + salts);
        pair_bytes(w, 3, 32);
        pair_uint(w, 4, 2);
}

static void write_get(writer *w, uint8_t how)
{
        write_u8(w, 0x02);
        cbor_write_map(w, 2 + (how & 1 ? 1 : 0) + (how & 8 ? 1 : 0));
        cbor_write_uint(w, 1);
        cbor_write_string(w, "example.com");
        pair_bytes(w, 2, 32);
        if (how & 8) {
                cbor_write_uint(w, 4);
                write_hmac_secret(w, how & 16 ? 32 : 64);
        }
        if (how & 1) {
                cbor_write_uint(w, 5);
                cbor_write_map(w, 2);
                cbor_write_string(w, "up");
                cbor_write_bool(w, how & 2);
                cbor_write_string(w, "uv");
                cbor_write_bool(w, how & 4);
        }
}

/* Members for every subcommand; those that it does not want do not disturb. */
static void write_pin(writer *w, uint8_t how)
{
        static const uint8_t subcommands[] = { 1, 2, 3, 4, 5, 6, 7, 9 };
        uint8_t subcommand = subcommands[how & 7];
        size_t iv = how & 8 ? 0 : 16;
        bool permissions = subcommand == 6 || subcommand == 9;
        write_u8(w, 0x06);
        cbor_write_map(w, permissions ? 8 : 6);
        pair_uint(w, 1, how & 8 ? 1 : 2);
        pair_uint(w, 2, subcommand);
        write_key(w);
        pair_bytes(w, 4, how & 8 ? 16 : 32);
        pair_bytes(w, 5, iv + 64);
        pair_bytes(w, 6, iv + 16);
        if (permissions) {
                pair_uint(w, 9, how & 16 ? 0x40 : how >> 4 | 1);
                cbor_write_uint(w, 10);
                cbor_write_string(w, "example.com");
        }
}

static void write_config(writer *w, uint8_t how)
{
        write_u8(w, 0x0D);
        cbor_write_map(w, 3);
        pair_uint(w, 1, 1 + how % 3);
        pair_uint(w, 3, 2);
        pair_bytes(w, 4, 32);
}

/* A whole array of 17 bytes, or the first or second half of one of 34. */
static void write_blobs(writer *w, uint8_t how)
{
        static const uint8_t empty[] = { 0x80, 0x76, 0xBE, 0x8B, 0x52, 0x8D, 0x00, 0x75, 0xF7, 0xAA, 0xE9,
                0x8D, 0x6F, 0xA5, 0x7A, 0x6D, 0x3C };
        write_u8(w, 0x0C);
        cbor_write_map(w, how & 1 ? 2 : how & 2 ? 4 : 5);
        if (how & 1) {
                pair_uint(w, 1, how);
                pair_uint(w, 3, how & 4 ? 5 : 0);
                return;
        }
        cbor_write_uint(w, 2);
        cbor_write_bytes(w, SLICE(empty));
        pair_uint(w, 3, how & 2 ? 17 : 0);
        if (!(how & 2))
                pair_uint(w, 4, how & 4 ? 34 : 17);
        pair_bytes(w, 5, 32);
        pair_uint(w, 6, 2);
}

static void write_bio(writer *w, uint8_t how)
{
        write_u8(w, how & 8 ? 0x40 : 0x09);
        cbor_write_map(w, 4);
        pair_uint(w, 1, 1);
        pair_uint(w, 2, how & 7);
        pair_uint(w, 4, 2);
        pair_bytes(w, 5, 32);
}

static void write_management(writer *w, uint8_t how)
{
        write_u8(w, how & 8 ? 0x41 : 0x0A);
        cbor_write_map(w, 3);
        pair_uint(w, 1, how & 7);
        pair_uint(w, 3, 2);
        pair_bytes(w, 4, 32);
}

static void write_bare(writer *w, uint8_t how)
{
        static const uint8_t commands[] = { 0x04, 0x07, 0x08, 0x0B };
        write_u8(w, commands[how & 3]);
}

/* The command of this project; members for every subcommand cannot be, so each has its own. */
static void write_vendor(writer *w, uint8_t how)
{
        const uint8_t subcommand = 1 + how % 5;
        write_u8(w, 0x4D);
        switch (subcommand) {
        case 1:
                cbor_write_map(w, 3);
                pair_uint(w, 1, subcommand);
                pair_uint(w, 7, how & 16 ? 2 : 10);
                pair_uint(w, 8, how);
                break;
        case 2:
                cbor_write_map(w, 6);
                pair_uint(w, 1, subcommand);
                pair_uint(w, 2, 2);
                write_key(w);
                pair_bytes(w, 4, 80);
                pair_bytes(w, 5, 32);
                pair_bytes(w, 6, 32);
                break;
        case 4:
                cbor_write_map(w, 3);
                pair_uint(w, 1, subcommand);
                pair_uint(w, 10, 1);
                pair_bytes(w, 11, 32);
                break;
        default:
                cbor_write_map(w, 2);
                pair_uint(w, 1, subcommand);
                pair_bytes(w, 9, 16);
        }
}

/* REGISTER, AUTHENTICATE of each kind, VERSION. */
static void write_u2f(writer *w, uint8_t how)
{
        enum { TWO = 64, HANDLE = 32 };
        const uint8_t ins = 1 + how % 3;
        static const uint8_t controls[] = { 0x03, 0x07, 0x08, 0x00 };
        const size_t size = ins == 1 ? TWO : ins == 2 ? TWO + 1 + HANDLE : 0;
        write_u8(w, 0);
        write_u8(w, ins);
        write_u8(w, ins == 2 ? controls[how >> 2 & 3] : 0);
        write_u8(w, 0);
        write_u8(w, 0);
        write_u16(w, (uint16_t)size);
        if (size)
                write_slice(w, slice_of(some, TWO));
        if (ins == 2) {
                write_u8(w, HANDLE);
                write_slice(w, slice_of(some, HANDLE));
        }
        if (size)
                write_u16(w, 0);
}

typedef void write_request(writer *w, uint8_t how);

static write_request *const requests[] = { write_make, write_get, write_pin, write_config, write_blobs,
        write_bio, write_management, write_bare, write_vendor, write_u2f };

enum { CALLERS = 3 };
enum { REQUESTS = sizeof requests / sizeof *requests, U2F = REQUESTS - 1 };

static void ask_whole(struct run *run)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        uint8_t kind = script_u8(run), how = script_u8(run), at = script_u8(run), flip = script_u8(run);
        const size_t which = (size_t)kind % REQUESTS;
        requests[which](&w, how);
        if (flip && at < w.used)
                bytes[at] ^= flip;
        step(run, (struct core_event){ .kind = which == U2F ? CORE_U2F : CORE_REQUEST,
                          .bytes = writer_view(&w),
                          .caller = (kind >> 4) % CALLERS,
                          .channel = kind >> 7,
                          .contactless = how >> 7 });
}

/* ---- answers with which every command may succeed ---- */

static void write_state(writer *w, uint8_t flags)
{
        static const uint8_t state[] = { 0x80, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
        static const uint8_t rest[] = { 0x82, 1, 3, 0x83, 1, 5, 0x84, 1, 4, 0x85, 2, 0, 9 };
        static const uint8_t newer[] = { 0x87, 2, 0, 1, 0x8A, 4, 0, 0, 0, 7, 0x8D, 2, 3, 1 };
        write_slice(w, SLICE(state));
        write_u8(w, 0x81);
        write_u8(w, 1);
        write_u8(w, flags);
        write_slice(w, SLICE(rest));
        write_u8(w, 0x86);
        write_u8(w, 1);
        write_u8(w, flags >> 3);
        write_slice(w, SLICE(newer));
}

static void write_sized(writer *w, uint8_t size)
{
        write_u8(w, 0x80);
        write_u8(w, size);
        write_slice(w, slice_of(some, size));
}

static void write_signed(writer *w, uint8_t how)
{
        static const uint8_t answer[] = { 0x80, 2, 1, 2, 0x81, 1, 3, 0x82, 1, 4 };
        static const uint8_t of_several[] = { 0x83, 1, 5, 0x86, 2, 0, 3 };
        write_slice(w, SLICE(answer));
        if (how & 8)
                write_slice(w, SLICE(of_several));
}

static void respond(struct run *run)
{
        static uint8_t bytes[CORE_MESSAGE_MAX + 64];
        static const uint8_t sizes[] = { 32, 48 };
        uint8_t how = script_u8(run);
        uint16_t sw = SW_OK;
        writer w = WRITER(bytes);
        switch (how & 7) {
        case 0:
                write_slice(&w, read_part(run));
                (void)read_u16(&run->script, "sw", &sw).code;
                break;
        case 1:
                write_sized(&w, sizes[how >> 3 & 1]); /* a challenge, a token */
                if (how & 16) /* and the element's word beside a challenge, or half of it */
                        tlv_write(&w, 0x81, slice_of(some + (how >> 6), how & 32 ? 36 : 18));
                break;
        case 2:
                write_signed(&w, how);
                break;
        case 3:
                (void)read_u16(&run->script, "sw", &sw).code;
                break;
        case 4:
                break;
        default:
                write_state(&w, how);
        }
        write_u16(&w, sw);
        step(run, (struct core_event){ .kind = CORE_RESPONSE, .bytes = writer_view(&w) });
}

static void tell_gate(struct run *run)
{
        uint8_t how = script_u8(run);
        struct mitome_gate_event event = {
                .kind = (enum mitome_gate_event_kind)(how & 15),
                .has_evidence = how & 16,
                .remaining = how >> 5,
                .hint = (enum mitome_gate_hint)(how >> 5),
                .code = how & 16 ? MITOME_E_GATE_FULL : MITOME_E_GATE_UNKNOWN_FINGER,
                .finger_count = how >> 4, /* more than there can be, too */
        };
        event.fingers[0].name_size = how >> 2; /* no longer than a name may be: a gate keeps to that */
        step(run, (struct core_event){ .kind = CORE_GATE, .gate = how == 15 ? NULL : &event });
}

/* ---- the script ---- */

static enum core_event_kind fitting(const struct run *run)
{
        static const enum core_event_kind kinds[CORE_ACTION_KINDS] = {
                [CORE_REPLY] = CORE_REQUEST,
                [CORE_TRANSMIT] = CORE_RESPONSE,
                [CORE_GATE_START] = CORE_GATE,
                [CORE_GATE_POLL] = CORE_GATE,
                [CORE_GATE_CANCEL] = CORE_GATE,
                [CORE_TOUCH] = CORE_TOUCHED,
                [CORE_LOAD_BLOBS] = CORE_BLOBS,
                [CORE_SAVE_BLOBS] = CORE_BLOBS_SAVED,
        };
        return kinds[run->action.kind];
}

static void play(struct run *run, uint8_t verb)
{
        enum core_event_kind kind =
                verb & FIT ? fitting(run) : (enum core_event_kind)(verb % (CORE_EVENT_KINDS + 1));
        switch (kind) {
        case CORE_REQUEST:
                if (verb & WHOLE) {
                        ask_whole(run);
                        break;
                }
                step(run, (struct core_event){ .kind = kind, .bytes = read_part(run) });
                break;
        case CORE_U2F:
        case CORE_BLOBS:
                step(run, (struct core_event){ .kind = kind, .bytes = read_part(run) });
                break;
        case CORE_RESPONSE:
                respond(run);
                break;
        case CORE_GATE:
                tell_gate(run);
                break;
        case CORE_EVENT_KINDS: /* time passes: up to some minutes */
                run->now_ms += UINT64_C(1000) * script_u8(run) * (verb & WHOLE ? 10 : 1);
                break;
        default:
                step(run, (struct core_event){ .kind = kind });
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct core_config config = { .transports = MITOME_TRANSPORT_USB, .blobs = true };
        struct run run = { .script = reader_over(slice_of(data, size), NULL, NULL) };
        uint8_t verb;
        if (failed(core_new(&config, &run.core, NULL)))
                return 0;
        while (!failed(read_u8(&run.script, "verb", &verb)))
                play(&run, verb);
        core_free(run.core);
        return 0;
}
