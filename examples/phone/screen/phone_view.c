/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_view.h"

#include "phone_within.h"

#include <sodium.h>

static const char *const states[] = { [PHONE_RESTS] = "rests",
        [PHONE_WORKS] = "works",
        [PHONE_FINGER] = "finger",
        [PHONE_TOUCH] = "touch",
        [PHONE_QUESTION] = "question" };

static const char *const questions[] = { [0] = "",
        [PHONE_ASKS_PIN] = "pin",
        [PHONE_ASKS_PASSWORD] = "password",
        [PHONE_ASKS_CONSENT] = "consent" };

static const char *const reasons[] = { [0] = "",
        [MITOME_PROMPT_REGISTER] = "register",
        [MITOME_PROMPT_LOGIN] = "login",
        [MITOME_PROMPT_SELECT] = "select",
        [MITOME_PROMPT_RESET] = "reset",
        [MITOME_PROMPT_U2F_REGISTER] = "register",
        [MITOME_PROMPT_U2F_LOGIN] = "login",
        [MITOME_PROMPT_VENDOR] = "vendor",
        [MITOME_PROMPT_PIN] = "token",
        [MITOME_PROMPT_ENROL] = "enrol" };

static const char *const statuses[] = { [REGISTER_GOOD] = "good",
        [REGISTER_HOLD] = "hold",
        [REGISTER_REVOKED] = "revoked",
        [REGISTER_UNKNOWN] = "unknown" };

/* Texts of websites, which are not always UTF-8: then nothing is shown. */
static void set_text(json_t *object, const char *name, const char *text)
{
        json_t *value = json_string(text);
        json_object_set_new(object, name, value ? value : json_string(""));
}

static void set_told(json_t *object, const struct phone_screen *screen, enum mitome_language language)
{
        char text[MITOME_GUIDANCE_MAX] = "";
        const char *name = mitome_guidance_name(screen->told);
        (void)failed(
                mitome_guidance_write(screen->told, language, screen->told_number, text, sizeof text, NULL));
        set_text(object, "told", screen->told && name ? name : "");
        set_text(object, "told_text", text);
}

static void set_end(json_t *object, const struct phone_screen *screen)
{
        const mitome_error error = { .code = screen->last_code, .field = "this" };
        char text[PHONE_TEXT_MAX] = "";
        if (screen->last_code)
                mitome_explain(&error, text, sizeof text);
        set_text(object, "last_text", text);
}

json_t *phone_view_screen(struct phone_actor *actor, enum mitome_language language)
{
        struct phone_screen screen;
        phone_actor_screen(actor, &screen);
        json_t *object = json_pack("{s:I, s:s, s:i, s:s, s:s, s:i, s:I, s:I, s:i}", "number",
                (json_int_t)screen.number, "state", states[screen.state], "prompt", (int)screen.prompt,
                "reason", reasons[screen.reason], "question", questions[screen.question], "tries",
                (int)screen.tries, "errand", (json_int_t)screen.errand, "last_errand",
                (json_int_t)screen.last_errand, "last_code", (int)screen.last_code);
        if (!object)
                return NULL;
        set_text(object, "origin", screen.origin);
        set_text(object, "rp_id", screen.rp_id);
        set_text(object, "user_name", screen.user_name);
        set_text(object, "word", screen.word);
        set_text(object, "text", screen.text);
        set_text(object, "two_digits", screen.two_digits);
        set_told(object, &screen, language);
        set_end(object, &screen);
        return object;
}

/* ---- state ---- */

static json_t *view_certificate(
        const struct phone_life_certificate *certificate, const char *kind, bool inside)
{
        char serial[2 * REGISTER_SERIAL_MAX + 1];
        sodium_bin2hex(serial, sizeof serial, certificate->serial, certificate->serial_size);
        return json_pack("{s:s, s:b, s:s, s:s}", "kind", kind, "there", certificate->there && inside,
                "status", statuses[certificate->status], "serial", serial);
}

static json_t *view_fingers(const struct phone_model *model)
{
        json_t *fingers = json_array();
        for (size_t i = 0; model->fingers_known && i < model->finger_count; i++) {
                const struct mitome_gate_finger *finger = &model->fingers[i];
                char id[2 * MITOME_GATE_FINGER_ID_SIZE + 1];
                sodium_bin2hex(id, sizeof id, finger->id, sizeof finger->id);
                json_t *item = json_pack("{s:s}", "id", id);
                json_t *name = json_stringn((const char *)finger->name, finger->name_size);
                json_object_set_new(item, "name", name ? name : json_string(""));
                json_array_append_new(fingers, item);
        }
        return fingers;
}

static json_t *view_hand(void)
{
        json_t *hand = json_array();
        for (size_t i = 0; i < PHONE_HAND_FINGERS; i++)
                json_array_append_new(hand, json_pack("{s:s, s:b}", "word", phone_fingers[i].word, "stranger",
                                                    (int)phone_fingers[i].stranger));
        return hand;
}

json_t *phone_view_state(struct phone_actor *actor, const char *pairing_secret)
{
        struct phone_model model;
        phone_actor_model(actor, &model);
        const struct device_state *state = &model.state;
        return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:b, s:b, s:i, s:[o, o], s:b, s:o, s:o, s:s?}",
                "person", PHONE_LIFE_PERSON, "phase", (int)model.life.phase, "pin_tries",
                (int)state->pin_tries, "password_tries", state->password_tries, "lease", (int)state->lease,
                "credentials", (int)state->credentials, "finger_open", (int)state->finger_open, "has_pin",
                (int)state->has_pin, "has_matcher", (int)state->has_matcher, "to_choose",
                (int)model.life.to_choose, "certificates",
                view_certificate(&model.certificates[REGISTER_USER_VERIFICATION], "user-verification",
                        state->has_user_certificate),
                view_certificate(
                        &model.certificates[REGISTER_SIGNING], "signing", state->has_signing_certificate),
                "fingers_known", (int)model.fingers_known, "fingers", view_fingers(&model), "hand",
                view_hand(), "pairing_secret", pairing_secret);
}

json_t *phone_view_log(struct phone_actor *actor, uint64_t after)
{
        return json_pack("{s:o}", "lines", phone_log_read(actor->log, after));
}

mitome_status phone_view_wish(struct phone_actor *actor, slice name, slice id, slice text,
        uint64_t *ret_number, mitome_error *error)
{
        for (unsigned wish = 0; wish < PHONE_WISHES; wish++)
                if (slice_is(name, phone_wish_names[wish]))
                        return phone_wish(actor, (enum phone_wish)wish, id, text, ret_number, error);
        return fail(error, MITOME_E_ARGUMENT, "wish", NULL);
}
