/* SPDX-License-Identifier: Apache-2.0 */
#include "core_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct core_rig *core_rig_new(const struct core_config *config)
{
        struct core_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        assert_int_equal(core_new(config, &rig->core, NULL).code, MITOME_OK);
        rig->now_ms = rig->model.power_on_ms = config->now_ms;
        rig->state = (struct core_rig_state){ .pin_tries = 3, .uv_tries = 5, .min_pin_length = 4 };
        return rig;
}

void core_rig_free(struct core_rig *rig)
{
        core_free(rig->core);
        free(rig);
}

static void step(struct core_rig *rig, struct core_event event)
{
        event.now_ms = rig->now_ms;
        event.caller = rig->caller;
        event.channel = rig->channel;
        event.contactless = rig->contactless;
        core_model_event(&rig->model, &event);
        core_step(rig->core, &event, &rig->action);
        core_model_action(&rig->model, &rig->action);
        if (rig->action.kind != CORE_REPLY)
                return;
        assert_int_equal(
                slice_copy(rig->action.bytes, "reply", rig->reply, sizeof rig->reply, NULL).code, MITOME_OK);
        rig->answer = slice_of(rig->reply, rig->action.bytes.size);
}

void core_rig_event(struct core_rig *rig, enum core_event_kind kind)
{
        step(rig, (struct core_event){ .kind = kind });
}

/* Bytes in memory of their own size, so that a sanitizer sees a read beyond them. */
void core_rig_bytes(struct core_rig *rig, enum core_event_kind kind, slice bytes)
{
        uint8_t *copy = malloc(bytes.size + (bytes.size == 0));
        assert_int_equal(slice_copy(bytes, "bytes", copy, bytes.size, NULL).code, MITOME_OK);
        step(rig, (struct core_event){ .kind = kind, .bytes = slice_of(copy, bytes.size) });
        free(copy);
}

void core_rig_respond(struct core_rig *rig, slice data, uint16_t sw)
{
        uint8_t bytes[5000];
        writer w = WRITER(bytes);
        write_slice(&w, data);
        write_u16(&w, sw);
        assert_false(w.overflowed);
        core_rig_bytes(rig, CORE_RESPONSE, writer_view(&w));
}

void core_rig_gate(struct core_rig *rig, enum mitome_gate_event_kind kind, bool evidence)
{
        struct mitome_gate_event event = { .kind = kind, .has_evidence = evidence };
        memset(event.evidence, 0x70 + (int)kind, sizeof event.evidence);
        step(rig, (struct core_event){ .kind = CORE_GATE, .gate = &event });
}

writer *core_rig_begin(struct core_rig *rig, uint8_t command, size_t pairs)
{
        rig->w = WRITER(rig->request);
        write_u8(&rig->w, command);
        cbor_write_map(&rig->w, pairs);
        return &rig->w;
}

void core_rig_go(struct core_rig *rig)
{
        assert_false(rig->w.overflowed);
        core_rig_bytes(rig, CORE_REQUEST, writer_view(&rig->w));
}

void core_rig_command(struct core_rig *rig, uint8_t command)
{
        core_rig_bytes(rig, CORE_REQUEST, slice_of(&command, 1));
}

void core_rig_expect(const struct core_rig *rig, enum core_action_kind kind)
{
        assert_int_equal(rig->action.kind, kind);
}

void core_rig_expect_status(const struct core_rig *rig, enum ctap_status status)
{
        core_rig_expect(rig, CORE_REPLY);
        assert_int_equal(rig->action.bytes.data[0], status);
}

slice core_rig_expect_apdu(const struct core_rig *rig, enum core_rig_ins ins)
{
        struct apdu_command command;
        core_rig_expect(rig, CORE_TRANSMIT);
        assert_int_equal(apdu_read_command(rig->action.bytes, &command, NULL).code, MITOME_OK);
        assert_int_equal(command.ins, ins);
        return command.data;
}

static void write_state(const struct core_rig *rig, writer *w)
{
        static const uint8_t aaguid[16] = { 0xAA, 0x01 }, room[2] = { 0x01, 0x02 }, count[2] = { 0, 3 };
        static const uint8_t sealed[32] = { 0x5E, 0xA1 }, other[32] = { 0x5E, 0xA2 };
        const struct core_rig_state *state = &rig->state;
        tlv_write(w, 0x80, SLICE(aaguid));
        tlv_write_u8(w, 0x81, state->flags);
        tlv_write_u8(w, 0x82, state->pin_tries);
        tlv_write_u8(w, 0x83, state->uv_tries);
        tlv_write_u8(w, 0x84, state->min_pin_length);
        tlv_write(w, 0x85, SLICE(room));
        tlv_write_u8(w, 0x86, state->flags2);
        tlv_write(w, 0x87, SLICE(count));
        tlv_write_head(w, 0x8A, 4);
        write_u32(w, state->uv_count);
        if (state->modality) {
                tlv_write_head(w, 0x8D, 2);
                write_u8(w, 3); /* strong */
                write_u8(w, state->modality);
        }
        if (state->persistent && rig->action.bytes.data[2] == 1) { /* P1 */
                tlv_write(w, 0x8B, SLICE(sealed));
                tlv_write(w, 0x8C, SLICE(other));
        }
}

void core_rig_answer_state(struct core_rig *rig)
{
        uint8_t bytes[200];
        writer w = WRITER(bytes);
        assert_int_equal(core_rig_expect_apdu(rig, RIG_GET_STATE).size, 0);
        write_state(rig, &w);
        core_rig_respond(rig, writer_view(&w), SW_OK);
}

void core_rig_expect_idle(struct core_rig *rig)
{
        core_rig_command(rig, 0x04);
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_OK);
        assert_false(rig->model.begun || rig->model.gate_runs);
}

slice core_rig_tag(slice data, uint32_t tag)
{
        slice value;
        assert_int_equal(tlv_find_optional(data, tag, "tag", &value, NULL).code, MITOME_OK);
        return value;
}

void core_rig_same(slice value, const void *bytes, size_t size)
{
        assert_int_equal(value.size, size);
        if (size)
                assert_memory_equal(value.data, bytes, size);
}

bool core_rig_member(const struct core_rig *rig, int64_t key, struct cbor_reader *ret)
{
        core_rig_expect_status(rig, CTAP2_OK);
        struct cbor_reader r = cbor_over(slice_of(rig->answer.data + 1, rig->answer.size - 1), NULL, NULL);
        struct cbor_members map;
        struct cbor_key found;
        bool more, there = false;
        assert_int_equal(cbor_open_map(&r, "answer", 64, &map).code, MITOME_OK);
        for (;;) {
                assert_int_equal(cbor_next_key(&r, &map, &found, &more).code, MITOME_OK);
                if (!more)
                        break;
                slice item;
                assert_int_equal(cbor_read_item(&r, "member", &item).code, MITOME_OK);
                if (found.is_text || found.number != key)
                        continue;
                there = true;
                *ret = cbor_within(&r, item);
        }
        assert_int_equal(cbor_end(&r, "answer").code, MITOME_OK);
        return there;
}

slice core_rig_bytes_of(const struct core_rig *rig, int64_t key)
{
        struct cbor_reader r;
        slice bytes;
        assert_true(core_rig_member(rig, key, &r));
        assert_int_equal(cbor_read_bytes(&r, "member", 8192, &bytes).code, MITOME_OK);
        return bytes;
}

uint64_t core_rig_number_of(const struct core_rig *rig, int64_t key)
{
        struct cbor_reader r;
        uint64_t number;
        assert_true(core_rig_member(rig, key, &r));
        assert_int_equal(cbor_read_uint(&r, "member", UINT64_MAX, &number).code, MITOME_OK);
        return number;
}
