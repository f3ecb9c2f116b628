/* SPDX-License-Identifier: Apache-2.0 */
/* CTAP over command APDUs: the input is a script of commands, of what the layer above does with them, and of
 * readers that take responses of different sizes. */
#include "iso7816.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COMMAND, SELECT, MESSAGE, REPLY, KEEPALIVE, SEND, REFUSE, RESET, VERBS };

struct run {
        struct iso7816 *iso;
        reader script;
        unsigned commands, responses;
};

static slice read_part(struct run *run)
{
        uint8_t size;
        slice bytes;
        if (failed(read_u8(&run->script, "size", &size)))
                return (slice){ 0 };
        size_t most = run->script.rest.size < size ? run->script.rest.size : size;
        return failed(read_bytes(&run->script, "bytes", most, &bytes)) ? (slice){ 0 } : bytes;
}

static void judge(struct run *run, enum iso7816_outcome outcome)
{
        slice request = iso7816_request(run->iso);
        run->commands++;
        if (request.size > ISO7816_MESSAGE_MAX + 9)
                abort();
        if (!iso7816_working(run->iso) && (request.size || outcome == ISO7816_REQUEST ||
                                                  outcome == ISO7816_WAITS || outcome == ISO7816_CANCELS))
                abort();
        if (iso7816_working(run->iso) && iso7816_request_is_u2f(run->iso) && request.size < 7)
                abort();
        if (outcome == ISO7816_SELECTED)
                iso7816_selected(run->iso, run->commands & 1);
}

/* One response a command, and never more than the reader takes. */
static void fetch(struct run *run, uint8_t verb)
{
        static uint8_t response[ISO7816_MESSAGE_MAX + 2];
        size_t capacity = verb & 0x80 ? sizeof response : 258u + verb;
        size_t size = iso7816_send(run->iso, response, capacity);
        if (size == 0)
                return;
        if (size < 2 || size > capacity || ++run->responses > run->commands)
                abort();
        if (iso7816_send(run->iso, response, capacity))
                abort();
}

static void send_message(struct run *run, uint8_t verb)
{
        static const uint8_t head[] = { 0x80, 0x10 };
        uint8_t apdu[300];
        slice part = read_part(run);
        writer w = WRITER(apdu);
        write_u8(&w, (uint8_t)(head[0] | (verb & 0x10)));
        write_u8(&w, head[1]);
        write_u8(&w, verb & 0x80);
        write_u8(&w, 0);
        if (part.size)
                write_u8(&w, (uint8_t)part.size);
        write_slice(&w, part);
        judge(run, iso7816_receive(run->iso, writer_view(&w)));
}

static void act(struct run *run, uint8_t verb)
{
        static const uint8_t message[2 * ISO7816_MESSAGE_MAX];
        static const uint8_t select[] = { 0, 0xA4, 4, 0, 8, 0xA0, 0, 0, 6, 0x47, 0x2F, 0, 1 };
        uint16_t size = 0;
        switch (verb % VERBS) {
        case COMMAND:
                judge(run, iso7816_receive(run->iso, read_part(run)));
                break;
        case SELECT:
                judge(run, iso7816_receive(run->iso, SLICE(select)));
                break;
        case MESSAGE:
                send_message(run, verb);
                break;
        case REPLY:
                (void)read_u16(&run->script, "size", &size).code;
                iso7816_reply(run->iso, slice_of(message, size % sizeof message));
                if (iso7816_working(run->iso))
                        abort();
                break;
        case KEEPALIVE:
                iso7816_keepalive(run->iso, verb & 0x80 ? ISO7816_UP_NEEDED : ISO7816_PROCESSING);
                break;
        case SEND:
                fetch(run, verb);
                break;
        case REFUSE:
                if (iso7816_working(run->iso))
                        iso7816_refuse(run->iso, 0x6985);
                break;
        default:
                iso7816_reset(run->iso);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t verb;
        struct run run = { .script = reader_over(slice_of(data, size), NULL, NULL) };
        if (failed(iso7816_new(&run.iso, NULL)))
                return 0;
        while (!failed(read_u8(&run.script, "verb", &verb)))
                act(&run, verb);
        fetch(&run, 0x80);
        iso7816_free(run.iso);
        return 0;
}
