/* SPDX-License-Identifier: Apache-2.0 */
#include "device_state.h"

#include "apdu.h"
#include "jpki_card.h"
#include "tlv.h"

#include <mitome/element.h>

static const uint8_t fido_applet[] = { 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45, 0x01 };
static const uint8_t jpki_applet[] = { 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01 };

/* One command without data, whose answer's data view `response`. */
static mitome_status ask(const struct mitome_link *link, const struct apdu_command *command,
        uint8_t response[MITOME_APDU_MAX], slice *ret_data, mitome_error *error)
{
        uint8_t bytes[8];
        writer w = WRITER(bytes);
        uint16_t sw;
        apdu_write_command(&w, command);
        MITOME_TRY(
                jpki_card_exchange(link, writer_view(&w), response, MITOME_APDU_MAX, ret_data, &sw, error));
        return sw == SW_OK ? ok() : fail(error, MITOME_E_APDU_STATUS, sw_text(sw), NULL);
}

/* ---- the FIDO applet: GET STATE, PROTOCOL.md ---- */

/* A number of one or two bytes; 0 where an older element does not say it. */
static mitome_status take_number(slice answer, uint32_t tag, unsigned *ret, mitome_error *error)
{
        slice value;
        MITOME_TRY(tlv_find_optional(answer, tag, "GET STATE", &value, error));
        reader r = reader_over(value, NULL, error);
        *ret = 0;
        if (value.size > 2)
                return fail(error, MITOME_E_VALUE, "GET STATE", NULL);
        while (r.rest.size) {
                uint8_t byte;
                MITOME_TRY(read_u8(&r, "GET STATE", &byte));
                *ret = *ret << 8 | byte;
        }
        return ok();
}

static void take_flags(unsigned flags, unsigned more, struct device_state *state)
{
        state->has_batch_key = flags & 0x01;
        state->has_pin = flags & 0x02;
        state->has_matcher = flags & 0x04;
        state->finger_open = flags & 0x08;
        state->personalised = flags & 0x10;
        state->enterprise = flags & 0x20;
        state->certificate_possible = flags & 0x40;
        state->always_uv = more & 0x01;
        state->must_change_pin = more & 0x02;
        state->has_enterprise_list = more & 0x04;
        state->has_fingers = more & 0x08;
        state->owes_power_cycle = more & 0x20;
}

static mitome_status read_fido(
        const struct mitome_link *link, uint8_t channel, struct device_state *state, mitome_error *error)
{
        const struct apdu_command get_state = { .cla = 0x80 | channel, .ins = 0x10, .expected = 256 };
        uint8_t response[MITOME_APDU_MAX];
        unsigned flags, more, matcher;
        slice answer;
        MITOME_TRY(ask(link, &get_state, response, &answer, error));
        MITOME_TRY(take_number(answer, 0x81, &flags, error));
        MITOME_TRY(take_number(answer, 0x82, &state->pin_tries, error));
        MITOME_TRY(take_number(answer, 0x83, &state->uv_tries, error));
        MITOME_TRY(take_number(answer, 0x84, &state->min_pin, error));
        MITOME_TRY(take_number(answer, 0x85, &state->room, error));
        MITOME_TRY(take_number(answer, 0x86, &more, error));
        MITOME_TRY(take_number(answer, 0x87, &state->credentials, error));
        MITOME_TRY(take_number(answer, 0x8D, &matcher, error));
        state->matcher_class = matcher >> 8;
        state->matcher_modality = matcher & 0xFF;
        take_flags(flags, more, state);
        return ok();
}

/* ---- the JPKI applet ---- */

static mitome_status read_lease(
        const struct mitome_link *link, struct device_state *state, mitome_error *error)
{
        const struct apdu_command get_lease = { .cla = 0x80, .ins = 0x4C, .expected = 256 };
        uint8_t response[MITOME_APDU_MAX];
        slice answer;
        if (state->is_card)
                return ok();
        MITOME_TRY(ask(link, &get_lease, response, &answer, error));
        return take_number(answer, 0x81, &state->lease, error);
}

static mitome_status read_jpki(
        const struct mitome_link *link, struct device_state *state, mitome_error *error)
{
        const struct apdu_command get_data = { .cla = 0x80, .ins = 0xCA, .p2 = 0x01, .expected = 256 };
        uint8_t response[MITOME_APDU_MAX];
        slice answer;
        unsigned personality, there;
        MITOME_TRY(ask(link, &get_data, response, &answer, error));
        MITOME_TRY(take_number(answer, 0x80, &personality, error));
        MITOME_TRY(take_number(answer, 0x83, &there, error));
        state->is_card = personality == 0x01;
        state->has_user_key = there & 0x01;
        state->has_user_certificate = there & 0x02;
        state->has_signing_key = there & 0x04;
        state->has_signing_certificate = there & 0x08;
        MITOME_TRY(read_lease(link, state, error));
        return jpki_card_tries(link, JPKI_SIGNING_PASSWORD, &state->password_tries, error);
}

/* Selected through the enforcer, on a channel of its own; what was selected before goes. */
static mitome_status select_applet(
        struct mitome_enforcer *enforcer, slice aid, bool *ret, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status status = mitome_enforcer_select(enforcer, aid, &cause);
        *ret = !failed(status);
        if (failed(status) && status.code != MITOME_E_APDU_STATUS && status.code != MITOME_E_ACCESS_DENIED)
                return fail(error, status.code, cause.field, cause.clause);
        return ok();
}

/* An applet that is locked is not selected, and neither is one that is not there; but a certificate that the
 * FIDO applet knows of is in one that is there. */
static mitome_status look_into_jpki(
        struct mitome_enforcer *enforcer, struct device_state *state, mitome_error *error)
{
        bool there;
        MITOME_TRY(select_applet(enforcer, SLICE(jpki_applet), &there, error));
        state->jpki = there ? DEVICE_JPKI_OPEN : state->personalised ? DEVICE_JPKI_LOCKED : DEVICE_JPKI_NONE;
        if (!there)
                return ok();
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        return read_jpki(&link, state, error);
}

static mitome_status look_into_fido(
        struct mitome_enforcer *enforcer, struct device_state *state, mitome_error *error)
{
        bool there;
        MITOME_TRY(select_applet(enforcer, SLICE(fido_applet), &there, error));
        if (!there)
                return fail(error, MITOME_E_NOT_AUTHENTICATOR, NULL, NULL);
        const struct mitome_link link = mitome_enforcer_link(enforcer);
        return read_fido(&link, 0, state, error);
}

/* By an enforcer of its own, which ends with it. */
static mitome_status look_as(const struct mitome_link *link, const struct mitome_app *app,
        mitome_status (*look)(struct mitome_enforcer *, struct device_state *, mitome_error *),
        struct device_state *state, mitome_error *error)
{
        struct mitome_enforcer *enforcer;
        MITOME_TRY(mitome_enforcer_new(link, app, &enforcer, error));
        mitome_status status = look(enforcer, state, error);
        mitome_enforcer_free(enforcer);
        return status;
}

mitome_status device_state_read_as(const struct mitome_link *link, int channel,
        const struct device_apps *apps, struct device_state *ret, mitome_error *error)
{
        struct device_state state = { .password_tries = -1 };
        MITOME_TRY(channel < 0 ? look_as(link, &apps->fido, look_into_fido, &state, error)
                               : read_fido(link, (uint8_t)channel, &state, error));
        MITOME_TRY(look_as(link, &apps->jpki, look_into_jpki, &state, error));
        *ret = state;
        return ok();
}

mitome_status device_state_read(const struct mitome_link *link, struct device_state *ret, mitome_error *error)
{
        const struct device_apps apps = { 0 };
        return device_state_read_as(link, -1, &apps, ret, error);
}

mitome_status device_state_read_beside(
        const struct mitome_link *link, uint8_t channel, struct device_state *ret, mitome_error *error)
{
        const struct device_apps apps = { 0 };
        return device_state_read_as(link, channel, &apps, ret, error);
}
