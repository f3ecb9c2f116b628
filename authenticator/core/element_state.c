/* SPDX-License-Identifier: Apache-2.0 */
#include "core_internal.h"

/* GET STATE of the element. */

enum state_flag {
        STATE_PIN_SET = 0x02,
        STATE_PAIRED = 0x04,
        STATE_FINGER_OPEN = 0x08,
        STATE_PERSONALISED = 0x10,
        STATE_ENTERPRISE = 0x20,
        STATE_CERTIFICATE = 0x40,
};

enum state_flag2 {
        STATE_ALWAYS_UV = 0x01,
        STATE_FORCE_PIN_CHANGE = 0x02,
        STATE_ENTERPRISE_LIST = 0x04,
        STATE_ENROLLED = 0x08,
        STATE_POWER_CYCLE_OWED = 0x20,
        STATE_PIN_COMPLEXITY = 0x40,
};

enum { P1_WITH_IDENTITY = 0x01 };

/* The fields, by tag behind 80. They are all read in one pass: this answer comes with every command. */
enum state_field {
        AAGUID,
        FLAGS,
        PIN_TRIES,
        UV_TRIES,
        MIN_PIN_LENGTH,
        ROOM,
        LAST_REQUIRED = ROOM,
        FLAGS2,
        DISCOVERABLE,
        UV_COUNT = 0x0A,
        IDENTIFIER,
        STORE_STATE,
        MATCHER,
        FIELDS
};

static mitome_status read_fields(slice data, slice ret_fields[FIELDS])
{
        static const uint8_t sizes[FIELDS] = { [AAGUID] = 16,
                [FLAGS] = 1,
                [PIN_TRIES] = 1,
                [UV_TRIES] = 1,
                [MIN_PIN_LENGTH] = 1,
                [ROOM] = 2,
                [FLAGS2] = 1,
                [DISCOVERABLE] = 2,
                [UV_COUNT] = 4,
                [IDENTIFIER] = 32,
                [STORE_STATE] = 32,
                [MATCHER] = 2 };
        reader r = reader_over(data, NULL, NULL);
        while (r.rest.size) {
                struct tlv item;
                MITOME_TRY(tlv_read(&r, "state", &item));
                uint32_t at = item.tag - 0x80;
                if (at >= FIELDS || sizes[at] == 0)
                        continue; /* what later elements tell */
                if (item.value.size != sizes[at] || ret_fields[at].data)
                        return fail(NULL, MITOME_E_VALUE, "state", NULL);
                ret_fields[at] = item.value;
        }
        for (size_t at = 0; at <= LAST_REQUIRED; at++) {
                if (!ret_fields[at].data)
                        return fail(NULL, MITOME_E_MISSING, "state", NULL);
        }
        return ok();
}

/* Big-endian; 0 for a field that is not there. */
static uint32_t number(slice field)
{
        uint32_t value = 0;
        for (size_t i = 0; field.data && i < field.size; i++)
                value = value << 8 | field.data[i];
        return value;
}

static void take_flags(struct core_state *state, uint8_t flags, uint8_t flags2)
{
        state->pin_set = flags & STATE_PIN_SET;
        state->paired = flags & STATE_PAIRED;
        state->finger_open = flags & STATE_FINGER_OPEN;
        state->personalised = flags & STATE_PERSONALISED;
        state->enterprise = flags & STATE_ENTERPRISE;
        state->certificate = flags & STATE_CERTIFICATE;
        state->always_uv = flags2 & STATE_ALWAYS_UV;
        state->force_pin_change = flags2 & STATE_FORCE_PIN_CHANGE;
        state->enterprise_list = flags2 & STATE_ENTERPRISE_LIST;
        state->enrolled = flags2 & STATE_ENROLLED;
        state->pin_complexity = flags2 & STATE_PIN_COMPLEXITY;
        state->power_cycle_owed = flags2 & STATE_POWER_CYCLE_OWED;
}

/* Class and modality; 0 from an element that does not tell, whose matcher reads fingers. */
static void take_matcher(struct core_state *state, uint32_t matcher)
{
        state->matcher_class = (uint8_t)(matcher >> 8);
        state->modality = (uint8_t)matcher;
}

static mitome_status read_state(slice data, struct core_state *ret)
{
        slice fields[FIELDS] = { 0 };
        MITOME_TRY(read_fields(data, fields));
        /* flags2 and what came with it are there together, or this is an element of before */
        if (fields[FLAGS2].data && (!fields[DISCOVERABLE].data || !fields[UV_COUNT].data))
                return fail(NULL, MITOME_E_MISSING, "state", NULL);
        struct core_state state = {
                .pin_tries = (uint8_t)number(fields[PIN_TRIES]),
                .uv_tries = (uint8_t)number(fields[UV_TRIES]),
                .min_pin_length = (uint8_t)number(fields[MIN_PIN_LENGTH]),
                .room = (uint16_t)number(fields[ROOM]),
                .discoverable = (uint16_t)number(fields[DISCOVERABLE]),
                .uv_count = number(fields[UV_COUNT]),
                .enc_identifier = fields[IDENTIFIER],
                .enc_store_state = fields[STORE_STATE],
        };
        MITOME_TRY(slice_copy(fields[AAGUID], "AAGUID", state.aaguid, sizeof state.aaguid, NULL));
        take_matcher(&state, number(fields[MATCHER]));
        take_flags(&state, (uint8_t)number(fields[FLAGS]), (uint8_t)number(fields[FLAGS2]));
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

void core_fetch_identity(struct core *core, core_next *on_state)
{
        core->on_state = on_state;
        (void)core_data(core); /* no data */
        core_transmit_p1(core, INS_GET_STATE, P1_WITH_IDENTITY, take_state);
}
