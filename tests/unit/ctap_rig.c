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
        const struct core_config config = {
                .now_ms = rig->now_ms, .transports = MITOME_TRANSPORT_USB, .blobs = true
        };
        MUST(element_rig_select(&rig->element, element_rig_fido) == SW_OK);
        DONE(core_new(&config, &rig->core, NULL));
        rig->user = CORE_TOUCHED;
        rig->finger = MITOME_GATE_EVIDENCE;
        rig->model.power_on_ms = rig->now_ms;
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
        event->channel = rig->channel;
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

/* What the matcher makes of the finger that is there: it seals what the element is to know. */
static void seal(const struct ctap_rig *rig, struct mitome_gate_event *event)
{
        uint8_t hash[SHA256_SIZE] = { 0 };
        struct unlock_token token = { .modality = UNLOCK_FINGER,
                .purpose = event->kind == MITOME_GATE_EVIDENCE ? UNLOCK_VERIFIED : UNLOCK_ABSENT };
        if (rig->rp_id_size)
                sha256(&(slice){ .data = rig->rp_id, .size = rig->rp_id_size }, 1, hash);
        unlock_digest(rig->gate_command, SLICE(hash), SLICE(rig->client_data_hash), token.digest);
        DONE(slice_copy(SLICE(rig->challenge), "challenge", token.challenge, sizeof token.challenge, NULL));
        DONE(slice_copy(SLICE(rig->element.set), "set", token.set, sizeof token.set, NULL));
        unlock_token_seal(&token, secret_view(&rig->element.pairing_key), event->evidence);
        event->has_evidence = true;
}

static void start_gate(struct ctap_rig *rig, const struct mitome_gate_request *request)
{
        rig->gate_purpose = request->purpose;
        if (request->purpose == MITOME_GATE_FORGET)
                return;
        MUST(request->purpose == MITOME_GATE_VERIFY);
        rig->gate_command = request->command;
        rig->rp_id_size = request->rp_id.size;
        DONE(slice_copy(request->rp_id, "RP ID", rig->rp_id, sizeof rig->rp_id, NULL));
        DONE(slice_copy(request->client_data_hash, "hash", rig->client_data_hash,
                sizeof rig->client_data_hash, NULL));
        DONE(slice_copy(request->challenge, "challenge", rig->challenge, sizeof rig->challenge, NULL));
        struct unlock_entry said = { 0 };
        DONE(unlock_entry_open(request->entry, UNLOCK_VERIFIED, request->challenge,
                secret_view(&rig->element.pairing_key), &said, NULL));
        rig->pin_entries = said.entered;
}

static void answer_gate(struct ctap_rig *rig, struct core_event *event)
{
        bool forgets = rig->gate_purpose == MITOME_GATE_FORGET;
        rig->gate_event = (struct mitome_gate_event){ .kind = forgets ? MITOME_GATE_DONE : rig->finger,
                .code = forgets ? MITOME_OK : rig->finger_code };
        if (forgets)
                rig->fingers_forgotten = true;
        else if (rig->finger == MITOME_GATE_EVIDENCE || rig->finger == MITOME_GATE_ABSENT)
                seal(rig, &rig->gate_event);
        *event = (struct core_event){ .kind = CORE_GATE, .gate = &rig->gate_event };
}

static void answer_touch(struct ctap_rig *rig, const struct core_action *action, struct core_event *event)
{
        rig->touches++;
        rig->touch = action->touch;
        *event = (struct core_event){ .kind = rig->user };
}

static void load_blobs(struct ctap_rig *rig, struct core_event *event)
{
        *event = (struct core_event){ .kind = rig->blobs_fail ? CORE_BLOBS_FAILED : CORE_BLOBS,
                .bytes = slice_of(rig->blobs, rig->blobs_size) };
}

static void save_blobs(struct ctap_rig *rig, const struct core_action *action, struct core_event *event)
{
        *event = (struct core_event){ .kind = rig->blobs_fail ? CORE_BLOBS_FAILED : CORE_BLOBS_SAVED };
        if (rig->blobs_fail)
                return;
        DONE(slice_copy(action->bytes, "blobs", rig->blobs, sizeof rig->blobs, NULL));
        rig->blobs_size = action->bytes.size;
}

static void carry_out(struct ctap_rig *rig, const struct core_action *action, struct core_event *event)
{
        switch (action->kind) {
        case CORE_TRANSMIT:
                answer_apdu(rig, action, event);
                break;
        case CORE_GATE_START:
                start_gate(rig, &action->request);
                answer_gate(rig, event);
                break;
        case CORE_GATE_POLL:
        case CORE_GATE_CANCEL:
                answer_gate(rig, event);
                break;
        case CORE_LOAD_BLOBS:
                load_blobs(rig, event);
                break;
        case CORE_SAVE_BLOBS:
                save_blobs(rig, action, event);
                break;
        case CORE_TOUCH:
        default:
                MUST(action->kind == CORE_TOUCH);
                answer_touch(rig, action, event);
        }
}

/* Runs a request to its end and keeps the reply. */
static slice run(struct ctap_rig *rig, enum core_event_kind kind, slice request)
{
        struct core_event event = { .kind = kind, .bytes = request };
        struct core_action action;
        rig->touches = rig->element_commands = 0;
        step(rig, &event, &action);
        while (action.kind != CORE_REPLY) {
                carry_out(rig, &action, &event);
                step(rig, &event, &action);
        }
        DONE(slice_copy(action.bytes, "reply", rig->reply, sizeof rig->reply, NULL));
        return slice_of(rig->reply, action.bytes.size);
}

void ctap_rig_power_cycle(struct ctap_rig *rig)
{
        element_rig_cycle(&rig->element);
        MUST(element_rig_select(&rig->element, element_rig_fido) == SW_OK);
        (void)run(rig, CORE_POWER_ON, (slice){ 0 });
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
