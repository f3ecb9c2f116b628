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

static mitome_status find_u8(slice data, uint32_t tag, const char *field, uint8_t *ret)
{
        slice value;
        MITOME_TRY(tlv_find_fixed(data, tag, field, 1, &value, NULL));
        *ret = value.data[0];
        return ok();
}

static mitome_status find_u16(slice data, uint32_t tag, const char *field, uint16_t *ret)
{
        slice value;
        MITOME_TRY(tlv_find_fixed(data, tag, field, 2, &value, NULL));
        reader r = reader_over(value, NULL, NULL);
        return read_u16(&r, field, ret);
}

static mitome_status find_u32(slice data, uint32_t tag, const char *field, uint32_t *ret)
{
        slice value;
        MITOME_TRY(tlv_find_fixed(data, tag, field, 4, &value, NULL));
        reader r = reader_over(value, NULL, NULL);
        return read_u32(&r, field, ret);
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

/* What elements before this version do not tell. */
static mitome_status read_newer(slice data, struct core_state *state, uint8_t *ret_flags2)
{
        slice value;
        MITOME_TRY(tlv_find_optional(data, 0x86, "flags2", &value, NULL));
        *ret_flags2 = 0;
        if (!value.data)
                return ok();
        MITOME_TRY(find_u8(data, 0x86, "flags2", ret_flags2));
        MITOME_TRY(find_u16(data, 0x87, "discoverable credentials", &state->discoverable));
        return find_u32(data, 0x8A, "UV count", &state->uv_count);
}

static mitome_status read_state(slice data, struct core_state *ret)
{
        struct core_state state = { 0 };
        uint8_t flags, flags2;
        slice aaguid;
        MITOME_TRY(tlv_find_fixed(data, 0x80, "AAGUID", sizeof state.aaguid, &aaguid, NULL));
        MITOME_TRY(slice_copy(aaguid, "AAGUID", state.aaguid, sizeof state.aaguid, NULL));
        MITOME_TRY(find_u8(data, 0x81, "flags", &flags));
        MITOME_TRY(find_u8(data, 0x82, "PIN tries", &state.pin_tries));
        MITOME_TRY(find_u8(data, 0x83, "UV tries", &state.uv_tries));
        MITOME_TRY(find_u8(data, 0x84, "minimum PIN length", &state.min_pin_length));
        MITOME_TRY(find_u16(data, 0x85, "room", &state.room));
        MITOME_TRY(read_newer(data, &state, &flags2));
        MITOME_TRY(tlv_find_optional(data, 0x8B, "encIdentifier", &state.enc_identifier, NULL));
        MITOME_TRY(tlv_find_optional(data, 0x8C, "encCredStoreState", &state.enc_store_state, NULL));
        take_flags(&state, flags, flags2);
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
