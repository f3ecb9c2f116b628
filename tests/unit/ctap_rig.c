/* SPDX-License-Identifier: Apache-2.0 */
#include "ctap_rig.h"

#include "cbor.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                               \
        do {                                                                          \
                if (!(condition)) {                                                   \
                        fprintf(stderr, "ctap_rig.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                      \
                }                                                                     \
        } while (0)

#define DONE(status) MUST(!failed(status))

void ctap_rig_open(struct ctap_rig *rig)
{
        const struct core_config config = { .now_ms = rig->now_ms, .transports = CORE_OVER_USB };
        MUST(element_rig_select(&rig->element, element_rig_fido) == SW_OK);
        DONE(core_new(&config, &rig->core, NULL));
        rig->user = CORE_TOUCHED;
}

void ctap_rig_close(struct ctap_rig *rig)
{
        core_free(rig->core);
        element_rig_close(&rig->element);
        *rig = (struct ctap_rig){ 0 };
}

static void step(struct ctap_rig *rig, struct core_event *event, struct core_action *action)
{
        event->now_ms = rig->now_ms;
        event->caller = rig->caller;
        core_model_event(&rig->model, event);
        core_step(rig->core, event, action);
        core_model_action(&rig->model, action);
}

static void answer_apdu(struct ctap_rig *rig, const struct core_action *action, struct core_event *event)
{
        rig->element_commands++;
        element_rig_transmit(&rig->element, action->bytes);
        *event = (struct core_event){ .kind = CORE_RESPONSE,
                .bytes = slice_of(rig->element.response, rig->element.data.size + 2) };
}

/* Runs a request to its end and keeps the reply. */
static slice run(struct ctap_rig *rig, enum core_event_kind kind, slice request)
{
        struct core_event event = { .kind = kind, .bytes = request };
        struct core_action action;
        rig->touches = rig->element_commands = 0;
        step(rig, &event, &action);
        while (action.kind != CORE_REPLY) {
                if (action.kind == CORE_TRANSMIT) {
                        answer_apdu(rig, &action, &event);
                } else {
                        MUST(action.kind == CORE_TOUCH); /* neither gate nor blobs here */
                        rig->touches++;
                        rig->touch = action.touch;
                        event = (struct core_event){ .kind = rig->user };
                }
                step(rig, &event, &action);
        }
        DONE(slice_copy(action.bytes, "reply", rig->reply, sizeof rig->reply, NULL));
        return slice_of(rig->reply, action.bytes.size);
}

uint8_t ctap_rig_request(struct ctap_rig *rig, slice request)
{
        uint8_t status;
        reader r = reader_over(run(rig, CORE_REQUEST, request), NULL, NULL);
        DONE(read_u8(&r, "status", &status));
        rig->body = r.rest;
        return status;
}

uint8_t ctap_rig_command(struct ctap_rig *rig, uint8_t command, slice cbor)
{
        uint8_t bytes[CORE_MESSAGE_MAX];
        writer w = WRITER(bytes);
        write_u8(&w, command);
        write_slice(&w, cbor);
        MUST(!w.overflowed);
        return ctap_rig_request(rig, writer_view(&w));
}

uint16_t ctap_rig_u2f(struct ctap_rig *rig, slice apdu)
{
        uint16_t sw;
        DONE(apdu_read_response(run(rig, CORE_U2F, apdu), &rig->body, &sw, NULL));
        return sw;
}

slice ctap_rig_member(const struct ctap_rig *rig, uint64_t key)
{
        enum { MEMBERS_MAX = 64 };
        struct cbor_reader r = cbor_over(rig->body, "answer", NULL);
        struct cbor_members map;
        slice found = { 0 };
        DONE(cbor_open_map(&r, "answer", MEMBERS_MAX, &map));
        for (;;) {
                struct cbor_key next;
                slice value;
                bool more;
                DONE(cbor_next_key(&r, &map, &next, &more));
                if (!more)
                        break;
                DONE(cbor_read_item(&r, "value", &value));
                if (!next.is_text && next.number == (int64_t)key)
                        found = value;
        }
        DONE(cbor_end(&r, "answer"));
        return found;
}

uint64_t ctap_rig_uint(const struct ctap_rig *rig, uint64_t key)
{
        uint64_t value;
        struct cbor_reader r = cbor_over(ctap_rig_member(rig, key), "value", NULL);
        DONE(cbor_read_uint(&r, "value", UINT32_MAX, &value));
        return value;
}

slice ctap_rig_bytes(const struct ctap_rig *rig, uint64_t key)
{
        slice value;
        struct cbor_reader r = cbor_over(ctap_rig_member(rig, key), "value", NULL);
        DONE(cbor_read_bytes(&r, "value", CORE_MESSAGE_MAX, &value));
        return value;
}
