/* SPDX-License-Identifier: Apache-2.0 */
/* The power is cut at every write of what CTAP's clientPIN and authenticatorConfig change in the element:
 * PIN, tries, minimum length, settings, persistent token. What was answered 9000 holds; what was not is
 * either as it was or whole; and no guess at the PIN is free, however it was cut. */
#include "element_internal.h"
#include "pin_rig.h"
#include "power_sweep.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GA = 0x02, ACFG = 0x20, PCMR = 0x40 };
enum { ALWAYS_UV = 0x01, MUST_CHANGE = 0x02, PERSISTENT = 0x10, PIN_SET = 0x02, FINGER_OPEN = 0x08 };

static const uint32_t get_state = 0x80100000, reset = 0x80180000;
static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp", pin[] = "1234", next[] = "5678", wrong[] = "0000";
static struct element_rig fresh, plain, person; /* no PIN; PIN, persistent token; personalised, a finger */

static int make_stencils(void **state)
{
        (void)state;
        SECRET(token);
        element_rig_open(&fresh);
        element_rig_store_batch_key(&fresh);
        element_rig_clone(&fresh, &plain);
        assert_int_equal(element_rig_select(&plain, element_rig_fido), SW_OK);
        assert_int_equal(pin_rig_change(&plain, 2, NULL, pin), SW_OK);
        assert_int_equal(pin_rig_token(&plain, 2, pin, PCMR, NULL, &token), SW_OK);
        element_rig_open(&person);
        element_rig_personalise(&person);
        element_rig_pair(&person, NULL);
        assert_int_equal(element_rig_enrol(&person, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencils(void **state)
{
        (void)state;
        element_rig_close(&fresh);
        element_rig_close(&plain);
        element_rig_close(&person);
        return 0;
}

static bool open_applet(struct element_rig *rig)
{
        return element_rig_select(rig, element_rig_fido) == SW_OK;
}

static uint8_t state_byte(struct element_rig *rig, uint32_t tag)
{
        assert_true(open_applet(rig));
        assert_int_equal(element_rig_command(rig, get_state, nothing), SW_OK);
        return element_rig_value(rig, tag).data[0];
}

static uint8_t tries(struct element_rig *rig)
{
        return state_byte(rig, 0x82);
}

/* Whether it is the PIN: asked last, since a right one gives the tries back. */
static bool is_pin(struct element_rig *rig, const char *text)
{
        SECRET(token);
        assert_true(open_applet(rig));
        return pin_rig_token(rig, 2, text, GA, rp_id, &token) == SW_OK;
}

struct known {
        bool done;
        uint16_t sw;
        uint8_t tries; /* before */
        struct secret token;
};

/* ---- setPIN, changePIN ---- */

static void set_pin(struct element_rig *rig, void *context)
{
        struct known *known = context;
        known->done = open_applet(rig) && pin_rig_change(rig, 2, NULL, pin) == SW_OK;
}

static void check_set(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        bool is_set = state_byte(rig, 0x81) & PIN_SET;
        assert_int_equal(state_byte(rig, 0x86), 0);
        assert_int_equal(tries(rig), 8);
        if (known->done || cut->at == 0)
                assert_true(is_set);
        assert_int_equal(is_pin(rig, pin), is_set);
        assert_int_equal(pin_rig_change(rig, 2, NULL, next), is_set ? SW_CONDITIONS : SW_OK);
}

static void a_first_pin(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(
                power_sweep(&fresh, &(struct power_sweep){ set_pin, check_set, &known, sizeof known }), 1);
}

static void change_pin(struct element_rig *rig, void *context)
{
        struct known *known = context;
        known->done = open_applet(rig) && pin_rig_change(rig, 1, pin, next) == SW_OK;
}

/* The former with the token that it stands for, or the new one without. */
static void check_change(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        bool persistent = state_byte(rig, 0x86) & PERSISTENT, changed = is_pin(rig, next);
        if (known->done || cut->at == 0)
                assert_true(changed);
        assert_int_equal(persistent, !changed);
        if (!changed)
                assert_true(is_pin(rig, pin));
        assert_int_equal(tries(rig), 8);
}

static void another_pin(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(
                power_sweep(&plain, &(struct power_sweep){ change_pin, check_change, &known, sizeof known }),
                3); /* the try, the tries again, the PIN */
}

/* A PIN that is refused for its form gives the tries back, and is not there. */
static void change_to_less(struct element_rig *rig, void *context)
{
        struct known *known = context;
        known->sw = open_applet(rig) ? pin_rig_change(rig, 2, pin, "123") : 0;
}

static void check_less(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        uint8_t left = tries(rig);
        if (known->sw == SW_PIN_POLICY || cut->at == 0)
                assert_int_equal(left, 8);
        assert_true(left >= 7);
        assert_int_equal(state_byte(rig, 0x86), PERSISTENT);
        assert_true(is_pin(rig, pin));
}

static void a_pin_that_is_refused(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(power_sweep(&plain,
                                 &(struct power_sweep){ change_to_less, check_less, &known, sizeof known }),
                2);
}

/* ---- guesses ---- */

/* Three ways to guess; `sw` is what the guesser learns. */
static uint16_t guess(struct element_rig *rig, unsigned way)
{
        SECRET(token);
        if (way < 2)
                return open_applet(rig) ? pin_rig_change(rig, (uint8_t)(1 + way), wrong, next) : 0;
        if (way < 4)
                return open_applet(rig) ? pin_rig_token(rig, (uint8_t)(way - 1), wrong, GA, rp_id, &token)
                                        : 0;
        if (element_rig_select(rig, element_rig_jpki) != SW_OK ||
                element_rig_select_file(rig, 0x0018) != SW_OK)
                return 0;
        return element_rig_command(rig, 0x00200080, slice_text(wrong));
}

static bool is_told(uint16_t sw)
{
        return (sw & 0xFFF0) == SW_TRIES_LEFT;
}

/* Every guess at every way, cut at its one write, before, during and after: whoever has learnt that it was
 * wrong has paid, and none costs more than one. Until nothing is left: then nothing is learnt. */
static void no_guess_is_free(void **state)
{
        (void)state;
        static const enum power_cut_moment moments[] = { POWER_CUT_BEFORE, POWER_CUT_TORN, POWER_CUT_AFTER };
        for (unsigned way = 0; way < 5; way++)
                for (unsigned moment = 0; moment < 4; moment++) {
                        struct element_rig rig;
                        unsigned told = 0, cuts = 0;
                        element_rig_clone(&person, &rig);
                        for (uint8_t left = tries(&rig); left > 0;) {
                                if (moment < 3 && cuts < 6)
                                        power_cut_arm(&rig.medium, 1, moments[moment]);
                                cuts++;
                                uint16_t sw = guess(&rig, way);
                                bool cut = rig.medium.off;
                                element_rig_off(&rig);
                                power_cut_on(&rig.medium);
                                element_rig_cycle(&rig);
                                uint8_t now = tries(&rig);
                                assert_true(now == left || now + 1 == left);
                                if (cut)
                                        assert_false(is_told(sw));
                                if (is_told(sw))
                                        assert_int_equal(now, left - 1);
                                told += is_told(sw);
                                left = now;
                        }
                        assert_true(told <= 3);
                        assert_int_not_equal(is_told(guess(&rig, way)), true);
                        assert_false(state_byte(&rig, 0x81) & FINGER_OPEN);
                        assert_false(is_pin(&rig, ELEMENT_RIG_PIN)); /* locked is locked */
                        element_rig_close(&rig);
                }
}

/* Nothing is burnt while it is blocked or while a power cycle is owed: not even a write is tried. */
static void nothing_is_burnt(void **state)
{
        (void)state;
        struct element_rig rig;
        element_rig_clone(&plain, &rig);
        for (int i = 0; i < 3; i++)
                (void)guess(&rig, 1);
        unsigned writes = rig.medium.writes;
        for (unsigned way = 0; way < 5; way++) {
                power_cut_arm(&rig.medium, 1, POWER_CUT_AFTER);
                assert_int_equal(guess(&rig, way), SW_CONDITIONS);
                assert_false(rig.medium.off);
        }
        assert_int_equal(rig.medium.writes, writes);
        power_cut_arm(&rig.medium, 0, POWER_CUT_BEFORE);
        element_rig_cycle(&rig);
        assert_int_equal(tries(&rig), 5);
        assert_true(is_pin(&rig, pin));
        element_rig_close(&rig);
}

/* ---- authenticatorConfig ---- */

/* Minimum, list, policy and the forced change are one: all or nothing, the persistent token with them. */
static void configure(struct element_rig *rig, void *context)
{
        static const uint8_t all[] = { 0x03, 0xA4, 0x01, 0x06, 0x02, 0x81, 0x61, 'a', 0x03, 0xF5, 0x04,
                0xF5 };
        struct known *known = context;
        SECRET(token);
        known->done = open_applet(rig) && pin_rig_token(rig, 2, pin, ACFG, NULL, &token) == SW_OK &&
                      pin_rig_configure(rig, 2, &token, SLICE(all)) == SW_OK;
}

static void check_configured(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        enum { COMPLEX = 0x40 };
        uint8_t flags = state_byte(rig, 0x86), hash[SHA256_SIZE];
        bool is_done = state_byte(rig, 0x84) == 6;
        const slice text = slice_text("a");
        sha256(&text, 1, hash);
        if (known->done || cut->at == 0)
                assert_true(is_done);
        assert_int_equal(flags, is_done ? MUST_CHANGE | COMPLEX : PERSISTENT);
        assert_int_equal(fido_min_pin_lists(rig->element, SLICE(hash)), is_done);
        assert_int_equal(is_pin(rig, pin), !is_done);
        assert_int_equal(rig->sw, is_done ? SW_PIN_CHANGE_FIRST : SW_OK);
}

static void a_configuration(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(power_sweep(&plain,
                                 &(struct power_sweep){ configure, check_configured, &known, sizeof known }),
                3);
}

static void toggle(struct element_rig *rig, void *context)
{
        static const uint8_t always_uv[] = { 0x02 };
        struct known *known = context;
        known->done = open_applet(rig) && pin_rig_configure(rig, 2, NULL, SLICE(always_uv)) == SW_OK;
}

static void check_toggled(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        uint8_t flags = state_byte(rig, 0x86);
        assert_true(flags == 0 || flags == ALWAYS_UV);
        if (known->done || cut->at == 0)
                assert_int_equal(flags, ALWAYS_UV);
}

static void a_toggle(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(
                power_sweep(&fresh, &(struct power_sweep){ toggle, check_toggled, &known, sizeof known }), 1);
}

/* ---- the persistent token ---- */

static void take_persistent(struct element_rig *rig, void *context)
{
        struct known *known = context;
        known->done = open_applet(rig) &&
                      pin_rig_token(rig, 2, ELEMENT_RIG_PIN, PCMR, NULL, &known->token) == SW_OK;
}

/* Who was given it has it: the element made it durable first. */
static void check_persistent(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        const struct known *known = context;
        bool persistent = state_byte(rig, 0x86) & PERSISTENT;
        SECRET(again);
        if (known->done || cut->at == 0)
                assert_true(persistent);
        assert_int_equal(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, PCMR, NULL, &again), SW_OK);
        if (known->done)
                assert_true(slice_equal(secret_view(&known->token), secret_view(&again)));
}

static void a_persistent_token(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(power_sweep(&person, &(struct power_sweep){ take_persistent, check_persistent,
                                                      &known, sizeof known }),
                3);
}

/* ---- reset ---- */

static void erase(struct element_rig *rig, void *context)
{
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        struct known *known = context;
        known->done = open_applet(rig) && element_rig_command(rig, reset, SLICE(touched)) == SW_OK;
}

static void check_erased(struct element_rig *rig, const struct power_sweep_cut *cut, void *context)
{
        static const uint32_t objects[] = { OBJECT_PIN, OBJECT_PIN_FACTS, OBJECT_PERSISTENT_TOKEN,
                OBJECT_DEVICE_IDENTIFIER };
        const struct known *known = context;
        uint8_t bytes[256];
        bool is_gone = !(state_byte(rig, 0x81) & PIN_SET);
        if (known->done || cut->at == 0)
                assert_true(is_gone);
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                assert_int_equal(element_rig_stored(rig, objects[i], bytes, sizeof bytes).size == 0, is_gone);
}

static void a_reset(void **state)
{
        (void)state;
        const struct known known = { 0 };
        assert_int_equal(
                power_sweep(&plain, &(struct power_sweep){ erase, check_erased, &known, sizeof known }), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_first_pin),
                cmocka_unit_test(another_pin),
                cmocka_unit_test(a_pin_that_is_refused),
                cmocka_unit_test(no_guess_is_free),
                cmocka_unit_test(nothing_is_burnt),
                cmocka_unit_test(a_configuration),
                cmocka_unit_test(a_toggle),
                cmocka_unit_test(a_persistent_token),
                cmocka_unit_test(a_reset),
        };
        return cmocka_run_group_tests(tests, make_stencils, drop_stencils);
}
