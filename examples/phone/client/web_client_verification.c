/* SPDX-License-Identifier: Apache-2.0 */
/* How the holder is verified: by finger first, then by PIN. */
#include "web_client_parts.h"

enum { PERMISSION_MAKE = 0x01, PERMISSION_GET = 0x02 };
enum { PUAT_REQUIRED = 0x36, UV_BLOCKED = 0x3C, UV_INVALID = 0x3F };

/* Whoever has a PIN or a finger is verified whenever the page does not mind: a new credential is not made
 * without, and a login is worth more with it. */
static bool is_verified(const struct client_ceremony *c)
{
        const struct client_device *device = &c->talk.device;
        bool can = device->uv || device->pin;
        if (c->options.user_verification == CLIENT_REQUIRED || device->always_uv)
                return true;
        if (c->options.creates && !device->uv_not_needed)
                return can;
        return can && c->options.user_verification == CLIENT_PREFERRED;
}

static mitome_status by_pin(struct client_ceremony *c, mitome_error *error)
{
        uint8_t param[CLIENT_PIN_PARAM_SIZE];
        const uint8_t permission = c->options.creates ? PERMISSION_MAKE : PERMISSION_GET;
        MITOME_TRY(client_pin_param(&c->talk, permission, c->options.rp_id, param, error));
        mitome_status status = client_send(c, CLIENT_VERIFY_PIN, param, error);
        bytes_wipe(param, sizeof param);
        return status;
}

/* Whether the PIN is the way on, after what the finger came to. */
static bool pin_is_next(const struct client_talk *talk)
{
        return talk->wants_pin || talk->status == UV_BLOCKED || talk->status == UV_INVALID ||
               talk->status == PUAT_REQUIRED || talk->status == CLIENT_UNSUPPORTED_OPTION;
}

static mitome_status by_finger_or_pin(struct client_ceremony *c, mitome_error *error)
{
        struct client_talk *talk = &c->talk;
        if (!talk->device.uv)
                return by_pin(c, error);
        for (unsigned fingers = 0; fingers < WEB_CLIENT_FINGERS; fingers++) {
                MITOME_TRY(client_send(c, CLIENT_VERIFY_FINGER, NULL, error));
                if (talk->wants_pin || talk->status != UV_INVALID)
                        break;
        }
        return pin_is_next(talk) && talk->device.pin ? by_pin(c, error) : ok();
}

mitome_status client_verify(struct client_ceremony *c, mitome_error *error)
{
        if (is_verified(c))
                MITOME_TRY(by_finger_or_pin(c, error));
        else
                MITOME_TRY(client_send(c, CLIENT_VERIFY_NOT, NULL, error));
        if (c->talk.status != 0)
                return fail(error, MITOME_E_CTAP_STATUS, "request", NULL);
        return ok();
}
