/* SPDX-License-Identifier: Apache-2.0 */
#include "status_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A phone with which nothing is wrong. */
static const struct device_state sound = {
        .has_batch_key = true,
        .has_pin = true,
        .has_matcher = true,
        .has_fingers = true,
        .finger_open = true,
        .personalised = true,
        .pin_tries = 3,
        .uv_tries = 5,
        .min_pin = 4,
        .credentials = 2,
        .room = 9998,
        .jpki = DEVICE_JPKI_OPEN,
        .has_user_key = true,
        .has_user_certificate = true,
        .has_signing_key = true,
        .has_signing_certificate = true,
        .password_tries = 5,
        .lease = 12,
};

static char text[STATUS_TEXT_MAX], json[STATUS_TEXT_MAX];

static void write_both(const struct device_state *state)
{
        writer text_out = writer_over((uint8_t *)text, sizeof text - 1);
        writer json_out = writer_over((uint8_t *)json, sizeof json - 1);
        status_text(state, &text_out);
        status_json(state, &json_out);
        assert_false(text_out.overflowed || json_out.overflowed);
        text[text_out.used] = '\0';
        json[json_out.used] = '\0';
}

/* Exactly this is wrong with it, and the words for it are there. */
static void assert_trouble(const struct device_state *state, const char *name, const char *words)
{
        char list[128];
        write_both(state);
        snprintf(list, sizeof list, "\"troubles\":[\"%s\"]", name);
        assert_true(status_has_trouble(state));
        assert_non_null(strstr(json, list));
        assert_non_null(strstr(text, "\n! "));
        assert_non_null(strstr(text, words));
}

static void nothing_is_wrong_with_a_sound_one(void **unused)
{
        (void)unused;
        write_both(&sound);
        assert_false(status_has_trouble(&sound));
        assert_non_null(strstr(json, "\"troubles\":[]"));
        assert_null(strstr(text, "!"));
        assert_non_null(strstr(text, "lease for 12 more signatures"));
        assert_non_null(strstr(text, "3 tries left"));
        const struct device_state fresh = { .has_batch_key = true,
                .has_matcher = true,
                .pin_tries = 8,
                .uv_tries = 5,
                .min_pin = 4,
                .room = 10000,
                .password_tries = -1 };
        write_both(&fresh);
        assert_false(status_has_trouble(&fresh));
        assert_non_null(strstr(text, "A plain FIDO authenticator"));
        assert_non_null(strstr(text, "none is enrolled"));
        assert_non_null(strstr(text, "Certificates: none"));
}

/* As it was paired; an element that does not tell is not guessed at. */
static void how_far_the_matcher_is_trusted_is_said(void **unused)
{
        static const struct {
                unsigned class, modality;
                const char *words, *json;
        } cases[] = {
                { 3, 1, "Matcher: reads fingers; class strong\n",
                        "\"matcher_class\":3,\"modality\":\"finger\"" },
                { 2, 2, "Matcher: reads faces; class weak: ", "\"matcher_class\":2,\"modality\":\"face\"" },
                { 1, 3, "Matcher: reads irises; class convenience: ",
                        "\"matcher_class\":1,\"modality\":\"iris\"" },
                { 0, 1, "class scripted: it compares nothing", "\"matcher_class\":0" },
                { 9, 9, "class unknown", "\"modality\":\"none\"" },
        };
        struct device_state state = sound;
        (void)unused;
        write_both(&state);
        assert_null(strstr(text, "Matcher:"));
        assert_null(strstr(json, "matcher_class"));
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                state.matcher_class = cases[i].class;
                state.matcher_modality = cases[i].modality;
                write_both(&state);
                assert_non_null(strstr(text, cases[i].words));
                assert_non_null(strstr(json, cases[i].json));
        }
        state.has_matcher = false;
        write_both(&state);
        assert_null(strstr(text, "Matcher:"));
}

static void a_locked_pin_says_who_helps(void **unused)
{
        struct device_state state = sound;
        (void)unused;
        state.pin_tries = 0;
        state.finger_open = false;
        write_both(&state);
        assert_non_null(strstr(json, "\"troubles\":[\"pin-locked\",\"fingers-closed\"]"));
        assert_non_null(strstr(text, "municipality's counter"));
        assert_non_null(strstr(text, "a locked PIN closes the fingers too"));
        state.personalised = false;
        write_both(&state);
        assert_non_null(strstr(text, "only a reset, which erases everything"));
}

static void what_ctap_cannot_say_is_said(void **unused)
{
        struct device_state state = sound;
        (void)unused;
        state.jpki = DEVICE_JPKI_LOCKED;
        assert_trouble(&state, "certificates-on-hold", "ON HOLD");
        state = sound;
        state.lease = 0;
        assert_trouble(&state, "lease-used-up", "USED UP");
        state.is_card = true; /* the plastic card needs none */
        assert_false(status_has_trouble(&state));
        state = sound;
        state.password_tries = 0;
        assert_trouble(&state, "password-locked", "signing password is LOCKED");
        state = sound;
        state.has_user_certificate = false;
        assert_trouble(&state, "certificate-missing", "has no certificate");
}

static void what_keeps_the_pin_from_working_is_said(void **unused)
{
        struct device_state state = sound;
        (void)unused;
        state.owes_power_cycle = true;
        assert_trouble(&state, "power-cycle-owed", "Three wrong PINs in a row");
        state = sound;
        state.must_change_pin = true;
        assert_trouble(&state, "pin-change-forced", "has to be changed");
        state = sound;
        state.room = 0;
        assert_trouble(&state, "full", "no room");
}

static void who_learns_of_the_certificate_is_said(void **unused)
{
        struct device_state state = sound;
        (void)unused;
        state.certificate_possible = true; /* no list, nobody */
        write_both(&state);
        assert_null(strstr(text, "Websites"));
        assert_non_null(strstr(json, "\"certificate_credentials\":false"));
        state.has_enterprise_list = true;
        write_both(&state);
        assert_non_null(strstr(text, "list, switched off\n"));
        state.enterprise = true;
        write_both(&state);
        assert_non_null(strstr(text, "list, switched on; its key itself may be their credential (RS256)\n"));
        assert_non_null(strstr(json, "\"enterprise_attestation\":true,\"certificate_credentials\":true"));
        state.certificate_possible = false;
        write_both(&state);
        assert_non_null(strstr(text, "list, switched on\n"));
        assert_non_null(strstr(json, "\"certificate_credentials\":false"));
}

static void closed_fingers_say_why(void **unused)
{
        struct device_state state = sound;
        (void)unused;
        state.finger_open = false;
        state.uv_tries = 0;
        assert_trouble(&state, "fingers-closed", "too many fingers in a row");
        state.uv_tries = 5;
        assert_trouble(&state, "fingers-closed", "give the PIN once, and they count as they are now");
        state.has_matcher = false;
        assert_trouble(&state, "fingers-closed", "no matcher is paired");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_wrong_with_a_sound_one),
                cmocka_unit_test(how_far_the_matcher_is_trusted_is_said),
                cmocka_unit_test(a_locked_pin_says_who_helps),
                cmocka_unit_test(what_ctap_cannot_say_is_said),
                cmocka_unit_test(what_keeps_the_pin_from_working_is_said),
                cmocka_unit_test(who_learns_of_the_certificate_is_said),
                cmocka_unit_test(closed_fingers_say_why),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
