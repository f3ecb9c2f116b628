/* SPDX-License-Identifier: Apache-2.0 */
#include "status_text.h"

#include "json.h"

#include <stdio.h>

static void write_line(writer *out, const char *line)
{
        write_slice(out, slice_text(line));
        write_u8(out, '\n');
}

/* SAY(out, format, ..) writes a line. */
#define SAY(out, ...)                                             \
        do {                                                      \
                char line_[512];                                  \
                (void)snprintf(line_, sizeof line_, __VA_ARGS__); \
                write_line(out, line_);                           \
        } while (0)

/* ---- what can be wrong ---- */

static bool is_pin_locked(const struct device_state *s)
{
        return s->has_pin && s->pin_tries == 0;
}

static bool must_cycle_power(const struct device_state *s)
{
        return s->owes_power_cycle && s->pin_tries > 0;
}

static bool must_change_pin(const struct device_state *s)
{
        return s->must_change_pin;
}

/* Fingers that were there and open nothing; a phone that never had one is not in trouble. */
static bool are_fingers_closed(const struct device_state *s)
{
        return !s->finger_open && (s->has_fingers || (s->has_matcher && s->uv_tries == 0));
}

static bool is_matcher_lost(const struct device_state *s)
{
        return s->matcher_lost || s->matcher_rests;
}

static bool is_on_hold(const struct device_state *s)
{
        return s->jpki == DEVICE_JPKI_LOCKED;
}

static bool lacks_certificate(const struct device_state *s)
{
        return s->jpki == DEVICE_JPKI_OPEN && ((s->has_user_key && !s->has_user_certificate) ||
                                                      (s->has_signing_key && !s->has_signing_certificate));
}

static bool is_lease_used_up(const struct device_state *s)
{
        return s->jpki == DEVICE_JPKI_OPEN && !s->is_card && s->has_signing_certificate && s->lease == 0;
}

static bool is_password_locked(const struct device_state *s)
{
        return s->jpki == DEVICE_JPKI_OPEN && s->has_signing_certificate && s->password_tries == 0;
}

static bool is_full(const struct device_state *s)
{
        return s->room == 0;
}

static const char *matcher_advice(const struct device_state *s)
{
        return s->matcher_lost
                       ? "none is started any more: see what it died of, and start the authenticator anew"
                       : "none is started for half a minute: use the PIN, or wait";
}

/* Why the fingers open nothing, the first cause. */
static const char *why_closed(const struct device_state *s)
{
        if (!s->has_matcher)
                return "no matcher is paired with the element";
        if (is_pin_locked(s))
                return "the PIN is locked, and a locked PIN closes the fingers too";
        if (s->uv_tries == 0)
                return "too many fingers in a row were not recognised: give the PIN once, then they count again";
        return "the set of fingers was changed by another way than the PIN's: give the PIN once, and they count as they are now";
}

static const char *pin_advice(const struct device_state *s)
{
        return s->personalised
                       ? "only the municipality's counter (the management station) resets it; fingers are closed too"
                       : "only a reset, which erases everything, makes it usable again";
}

static const char *closed_advice(const struct device_state *s)
{
        return why_closed(s);
}

static const struct trouble {
        const char *name;
        bool (*is_there)(const struct device_state *state);
        const char *text;                                        /* ends with : where advice follows */
        const char *(*advice)(const struct device_state *state); /* may be NULL */
} troubles[] = {
        { "pin-locked", is_pin_locked, "The PIN is LOCKED: ", pin_advice },
        { "power-cycle-owed", must_cycle_power,
                "Three wrong PINs in a row: none is taken until the authenticator was switched off and on "
                "(end it and start it again, or take it out of the reader).",
                NULL },
        { "pin-change-forced", must_change_pin,
                "The PIN has to be changed before it opens anything: the management of this authenticator "
                "demands it.",
                NULL },
        { "fingers-closed", are_fingers_closed, "The fingers are CLOSED: ", closed_advice },
        { "matcher-dies", is_matcher_lost,
                "The matcher, which reads fingers, dies again and again: ", matcher_advice },
        { "certificates-on-hold", is_on_hold,
                "The certificates are ON HOLD: the management station has locked their applet. Logins that show a "
                "certificate, and signatures, are refused until it releases it; other logins go on. After a "
                "loss: report to the call centre that the phone was found.",
                NULL },
        { "certificate-missing", lacks_certificate,
                "A key has no certificate: its issuing was not brought to its end. Open the app and go on with it.",
                NULL },
        { "lease-used-up", is_lease_used_up,
                "The lease of the signing key is USED UP: it signs nothing until the management station has seen "
                "that the certificate is alive. Go online with the app.",
                NULL },
        { "password-locked", is_password_locked,
                "The signing password is LOCKED: only the municipality's counter (the management station) resets it.",
                NULL },
        { "full", is_full, "There is no room for another credential: delete one.", NULL },
};

enum { TROUBLES = sizeof troubles / sizeof troubles[0] };

bool status_has_trouble(const struct device_state *state)
{
        for (size_t i = 0; i < TROUBLES; i++)
                if (troubles[i].is_there(state))
                        return true;
        return false;
}

/* As getInfo says it by -257. */
static bool has_certificate_credentials(const struct device_state *s)
{
        return s->enterprise && s->certificate_possible;
}

/* ---- text ---- */

static void say_pin(const struct device_state *s, writer *out)
{
        if (!s->has_pin)
                SAY(out, "PIN: none is set; at least %u characters", s->min_pin);
        else
                SAY(out, "PIN: set, %u %s left%s", s->pin_tries, s->pin_tries == 1 ? "try" : "tries",
                        s->personalised ? " (it is the user-verification PIN of the certificates)" : "");
}

static void say_fingers(const struct device_state *s, writer *out)
{
        if (s->finger_open)
                SAY(out, "Fingers: open, %u %s left", s->uv_tries, s->uv_tries == 1 ? "try" : "tries");
        else if (are_fingers_closed(s))
                SAY(out, "Fingers: closed");
        else
                SAY(out, "Fingers: %s", s->has_matcher ? "none is enrolled" : "there is no matcher");
}

/* How far the matcher is trusted, as its maker's certificate said when it was paired. */
static const char *matcher_class_text(const struct device_state *s)
{
        static const char *const texts[] = {
                "scripted: it compares nothing, for tests",
                "convenience: nobody has tested it, and it opens no person's certificate",
                "weak: it does not open the key of the user-verification certificate, the PIN does",
                "strong",
        };
        return s->matcher_class < sizeof texts / sizeof *texts ? texts[s->matcher_class] : "unknown";
}

static const char *modality_text(const struct device_state *s)
{
        static const char *const texts[] = { "", "fingers", "faces", "irises" };
        return s->matcher_modality < sizeof texts / sizeof *texts ? texts[s->matcher_modality] : "";
}

static void say_matcher(const struct device_state *s, writer *out)
{
        if (s->has_matcher && s->matcher_modality)
                SAY(out, "Matcher: reads %s; class %s", modality_text(s), matcher_class_text(s));
}

static void say_deaths(const struct device_state *s, writer *out)
{
        if (s->matcher_deaths)
                SAY(out, "Matcher's process: %u %s died since the start, the last one %s", s->matcher_deaths,
                        s->matcher_deaths == 1 ? "has" : "have",
                        s->matcher_last_end ? s->matcher_last_end : "left no word");
}

static void say_certificates(const struct device_state *s, writer *out)
{
        if (s->jpki != DEVICE_JPKI_OPEN || (!s->has_user_certificate && !s->has_signing_certificate)) {
                SAY(out, "Certificates: %s", s->jpki == DEVICE_JPKI_LOCKED ? "on hold" : "none");
                return;
        }
        SAY(out, "User verification: %s",
                s->has_user_certificate ? "a certificate and its key" : "no certificate");
        if (!s->has_signing_certificate)
                SAY(out, "Signing: no certificate");
        else if (s->is_card)
                SAY(out, "Signing: a certificate and its key; %d tries of the password left",
                        s->password_tries);
        else
                SAY(out,
                        "Signing: a certificate and its key; lease for %u more signatures; %d tries of the "
                        "password left",
                        s->lease, s->password_tries);
}

void status_text(const struct device_state *state, writer *out)
{
        SAY(out, "%s",
                state->personalised || state->jpki == DEVICE_JPKI_LOCKED
                        ? "An authenticator with its holder's certificates (JPKI)"
                        : "A plain FIDO authenticator");
        say_pin(state, out);
        say_fingers(state, out);
        say_matcher(state, out);
        say_deaths(state, out);
        say_certificates(state, out);
        SAY(out, "Credentials: %u discoverable, room for %u more", state->credentials, state->room);
        if (state->always_uv)
                SAY(out, "Each login verifies the user (alwaysUv)");
        if (state->has_enterprise_list || state->enterprise)
                SAY(out,
                        "Websites that may learn whose certificate it is: on the management station's list, %s%s",
                        state->enterprise ? "switched on" : "switched off",
                        has_certificate_credentials(state)
                                ? "; its key itself may be their credential (RS256)"
                                : "");
        if (!state->has_batch_key)
                SAY(out, "Its maker has not finished it: there is no attestation key");
        for (size_t i = 0; i < TROUBLES; i++)
                if (troubles[i].is_there(state))
                        SAY(out, "! %s%s", troubles[i].text,
                                troubles[i].advice ? troubles[i].advice(state) : "");
}

/* ---- JSON ---- */

static const char *modality_name(const struct device_state *s)
{
        static const char *const names[] = { "none", "finger", "face", "iris" };
        return names[s->matcher_modality < sizeof names / sizeof *names ? s->matcher_modality : 0];
}

static void write_certificates(const struct device_state *s, struct json_writer *json)
{
        static const char *const names[] = {
                [DEVICE_JPKI_NONE] = "none", [DEVICE_JPKI_LOCKED] = "on-hold", [DEVICE_JPKI_OPEN] = "open"
        };
        json_write_open_object(json, "certificates");
        json_write_string(json, "applet", names[s->jpki]);
        json_write_bool(json, "user_verification", s->has_user_certificate);
        json_write_bool(json, "signing", s->has_signing_certificate);
        if (s->jpki == DEVICE_JPKI_OPEN && !s->is_card)
                json_write_int(json, "lease", s->lease);
        if (s->password_tries >= 0)
                json_write_int(json, "password_tries", s->password_tries);
        json_write_close_object(json);
}

void status_json(const struct device_state *state, writer *out)
{
        struct json_writer json = json_into(out);
        json_write_open_object(&json, NULL);
        json_write_bool(&json, "personalised", state->personalised);
        json_write_bool(&json, "pin_set", state->has_pin);
        json_write_int(&json, "pin_tries", state->pin_tries);
        json_write_int(&json, "min_pin_length", state->min_pin);
        json_write_bool(&json, "matcher", state->has_matcher);
        if (state->has_matcher && state->matcher_modality) {
                json_write_int(&json, "matcher_class", state->matcher_class);
                json_write_string(&json, "modality", modality_name(state));
        }
        json_write_bool(&json, "fingers_open", state->finger_open);
        json_write_int(&json, "uv_tries", state->uv_tries);
        json_write_int(&json, "matcher_deaths", state->matcher_deaths);
        if (state->matcher_last_end)
                json_write_string(&json, "matcher_last_end", state->matcher_last_end);
        json_write_int(&json, "credentials", state->credentials);
        json_write_int(&json, "room", state->room);
        json_write_bool(&json, "always_uv", state->always_uv);
        json_write_bool(&json, "enterprise_attestation", state->enterprise);
        json_write_bool(&json, "certificate_credentials", has_certificate_credentials(state));
        write_certificates(state, &json);
        json_write_open_array(&json, "troubles");
        for (size_t i = 0; i < TROUBLES; i++)
                if (troubles[i].is_there(state))
                        json_write_string(&json, NULL, troubles[i].name);
        json_write_close_array(&json);
        json_write_close_object(&json);
        write_u8(out, '\n');
}
