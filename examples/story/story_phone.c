/* SPDX-License-Identifier: Apache-2.0 */
#include "story_phone.h"

#include "browser_device.h"

/* ---- what passes, watched ---- */

static void watch_apdu(void *context, bool command, mitome_slice apdu)
{
        struct story_phone *phone = context;
        slice data;
        uint16_t sw;
        if (phone->trace.apdu)
                phone->trace.apdu(phone->trace.context, command, apdu);
        if (!command && !failed(apdu_read_response(apdu, &data, &sw, NULL)) && sw != SW_OK)
                phone->last_refusal = sw;
}

static void watch_ctap(void *context, bool request, mitome_slice message)
{
        const struct story_phone *phone = context;
        if (phone->trace.ctap)
                phone->trace.ctap(phone->trace.context, request, message);
}

/* ---- the gate, watched: the hand acts when the sensor lights up ---- */

static void attack_evidence(struct story_phone *phone, struct mitome_gate_event *event)
{
        if (phone->attack == PHONE_REPLAYS_TOKEN && phone->has_recorded) {
                for (size_t i = 0; i < sizeof event->evidence; i++)
                        event->evidence[i] = phone->recorded[i];
        } else if (phone->attack == PHONE_BREAKS_MAC) {
                event->evidence[sizeof event->evidence - 1] ^= 1;
        }
}

static void record_evidence(struct story_phone *phone, const struct mitome_gate_event *event)
{
        for (size_t i = 0; i < sizeof event->evidence; i++)
                phone->recorded[i] = event->evidence[i];
        phone->has_recorded = true;
}

static mitome_status watched_start(
        void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct story_phone *phone = context;
        const struct mitome_gate gate = phone_hand_gate(phone->body.hand);
        struct mitome_gate_request asked = *request;
        if (phone->attack == PHONE_CHANGES_RP_ID && asked.purpose == MITOME_GATE_VERIFY)
                asked.rp_id = slice_text(phone->shown_rp_id);
        phone->last_gate_end = MITOME_GATE_NOTHING;
        phone->said = MITOME_GUIDANCE_TOUCH;
        return gate.start(gate.context, &asked, error);
}

static mitome_status watched_poll(
        void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct story_phone *phone = context;
        const struct mitome_gate gate = phone_hand_gate(phone->body.hand);
        MITOME_TRY(gate.poll(gate.context, wait_ms, ret, error));
        if (ret->kind == MITOME_GATE_AWAITS && phone->touches > 0) {
                phone->touches--;
                MITOME_TRY(phone_hand_lay(phone->body.hand, phone->finger, error));
        }
        if (ret->kind >= MITOME_GATE_EVIDENCE)
                phone->last_gate_end = ret->kind;
        if (ret->kind == MITOME_GATE_EVIDENCE) {
                if (phone->attack == PHONE_HONEST)
                        record_evidence(phone, ret);
                attack_evidence(phone, ret);
        }
        return ok();
}

static void watched_cancel(void *context)
{
        struct story_phone *phone = context;
        const struct mitome_gate gate = phone_hand_gate(phone->body.hand);
        gate.cancel(gate.context);
}

void story_phone_touch(struct story_phone *phone, unsigned finger, unsigned touches)
{
        phone->finger = finger;
        phone->touches = touches;
}

/* ---- the screen ---- */

static void show(void *context, enum mitome_guidance state, unsigned number)
{
        struct story_phone *phone = context;
        phone->said = state;
        phone->said_number = number;
}

void story_phone_screen(
        const struct story_phone *phone, enum mitome_language language, char text[MITOME_GUIDANCE_MAX])
{
        if (failed(mitome_guidance_write(
                    phone->said, language, phone->said_number, text, MITOME_GUIDANCE_MAX, NULL)))
                text[0] = '\0';
}

/* ---- its life ---- */

mitome_status story_phone_make(
        struct story_phone *phone, const struct phone_body_config *config, mitome_error *error)
{
        struct phone_body_config watched = *config;
        *phone = (struct story_phone){ .trace = config->trace };
        watched.presence = (struct mitome_presence){ .context = phone, .tell = show }; /* fingers touch */
        watched.trace = (struct mitome_trace){ .context = phone, .ctap = watch_ctap, .apdu = watch_apdu };
        MITOME_TRY(phone_body_start(&phone->body, &watched, error));
        phone->body.fingers = (struct mitome_gate){ .version = MITOME_GATE_VERSION,
                .context = phone,
                .start = watched_start,
                .poll = watched_poll,
                .cancel = watched_cancel };
        mitome_status status = mitome_enforcer_new(&phone->body.link, &config->software, &phone->jpki, error);
        if (failed(status))
                story_phone_end(phone);
        return status;
}

void story_phone_rest(struct story_phone *phone)
{
        phone_body_rest(&phone->body);
        if (phone->jpki)
                mitome_enforcer_close(phone->jpki);
}

void story_phone_end(struct story_phone *phone)
{
        story_phone_rest(phone);
        mitome_enforcer_free(phone->jpki);
        phone->jpki = NULL;
        phone_body_stop(&phone->body);
}

/* The authenticator goes on between openings: its channel to the element is not the JPKI applet's. */
mitome_status story_phone_open(struct story_phone *phone, fido_dev_t **ret, mitome_error *error)
{
        MITOME_TRY(phone_body_wake(&phone->body, error));
        *ret = browser_device_open(phone->body.authenticator);
        return *ret ? ok() : fail(error, MITOME_E_LINK, "phone", NULL);
}
