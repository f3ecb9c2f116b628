/* SPDX-License-Identifier: Apache-2.0 */
/* CHANGE PIN, setPIN and changePIN of CTAP: by both PIN/UV auth protocols, what they cost, what they end, and
 * what somebody gets who knows no PIN. Quotations are of PROTOCOL.md. */
#include "element_internal.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAKE = 0x01, GET = 0x02, PRESENCE = 0x01, GA = 0x02, BE = 0x08, LBW = 0x10, ACFG = 0x20, PCMR = 0x40 };
enum {
        PIN_SET = 0x02,
        FINGER_OPEN = 0x08,
        IS_PERSONALISED = 0x10,
        CYCLE_OWED = 0x20,
        MUST_CHANGE = 0x02,
        PERSISTENT = 0x10
};

static const uint32_t get_state = 0x80100000, key_agreement = 0x80120000, get_pin_token = 0x80140000,
                      change_pin = 0x801C0000, authorise = 0x80280000, set_pin = 0x80340000,
                      reset = 0x80180000;
static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp";
static struct element_rig plain, person; /* a new one with a batch key; personalised, paired, one finger */

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))
#define EACH_PROTOCOL(name) for (uint8_t name = 1; name <= 2; name++)

static int make_stencils(void **state)
{
        (void)state;
        element_rig_open(&plain);
        element_rig_store_batch_key(&plain);
        element_rig_open(&person);
        element_rig_personalise(&person);
        element_rig_make_device(&person);
        element_rig_pair(&person, NULL);
        assert_sw(element_rig_enrol(&person, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencils(void **state)
{
        (void)state;
        element_rig_close(&plain);
        element_rig_close(&person);
        return 0;
}

static struct element_rig *clone_of(const struct element_rig *stencil)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        element_rig_clone(stencil, rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        return rig;
}

static int set_up_plain(void **state)
{
        *state = clone_of(&plain);
        return 0;
}

static int set_up_person(void **state)
{
        *state = clone_of(&person);
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

static uint8_t more_flags(struct element_rig *rig)
{
        assert_sw(element_rig_command(rig, get_state, nothing), SW_OK);
        return element_rig_value(rig, 0x86).data[0];
}

static uint8_t pin_tries(struct element_rig *rig)
{
        return element_rig_state(rig).pin_tries;
}

static bool opens(struct element_rig *rig, const char *pin)
{
        SECRET(token);
        return pin_rig_token(rig, 2, pin, GA, rp_id, &token) == SW_OK;
}

static void power_cycle(struct element_rig *rig)
{
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
}

static void set_by_station(struct element_rig *rig, const char *pin)
{
        uint8_t bytes[80];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(pin));
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, set_pin, writer_view(&w)), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
}

static uint16_t verify(struct element_rig *rig, const char *pin)
{
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        uint16_t sw = element_rig_command(rig, 0x00200080, slice_text(pin));
        return sw;
}

/* ---- setPIN ---- */

/* [6.5.6 kdf] [6.5.7 kdf] [6.5.6 encrypt] [6.5.7 encrypt] [6.5.6 getPublicKey] [6.5.5.5 5] [6.5.5.5 7] by
 * either protocol; a token is had by either afterwards */
static void a_first_pin_is_set(void **state)
{
        (void)state;
        EACH_PROTOCOL(protocol)
        {
                struct element_rig *rig = clone_of(&plain);
                SECRET(token);
                assert_int_equal(element_rig_state(rig).flags & PIN_SET, 0);
                assert_sw(pin_rig_token(rig, protocol, "1234", -1, NULL, &token), SW_UNUSABLE);
                assert_sw(pin_rig_change(rig, protocol, NULL, "1234"), SW_OK);
                assert_int_equal(rig->data.size, 0);
                assert_int_equal(element_rig_state(rig).flags & PIN_SET, PIN_SET);
                assert_int_equal(pin_tries(rig), 8);
                assert_int_equal(more_flags(rig), 0);
                EACH_PROTOCOL(other)
                assert_sw(pin_rig_token(rig, other, "1234", -1, NULL, &token), SW_OK);
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_true(opens(rig, "1234"));
                element_rig_close(rig);
                free(rig);
        }
}

/* [6.5.5.5 3] "setPIN: 6985 there is a PIN", and nothing has happened to it */
static void a_pin_is_not_set_twice(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        unsigned writes = rig->medium.writes;
        EACH_PROTOCOL(protocol)
        assert_sw(pin_rig_change(rig, protocol, NULL, "5678"), SW_CONDITIONS);
        assert_int_equal(rig->medium.writes, writes);
        assert_int_equal(pin_tries(rig), 8);
        assert_true(opens(rig, "1234"));
}

/* "or the JPKI applet has key or certificate of user verification, whose PIN the management station sets":
 * with a PIN of his own anybody could sign with key 0017. */
static void nobody_sets_the_pin_of_a_persons_key(void **state)
{
        struct element_rig *rig = *state;
        element_rig_generate(rig, 0x97);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_CONDITIONS);
        element_rig_generate(rig, 0x97);
        element_rig_certify(rig, 0x000A, 1200);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_CONDITIONS);
        assert_int_equal(element_rig_state(rig).flags & PIN_SET, 0);
        set_by_station(rig, "1234");
        assert_true(opens(rig, "1234")); /* nobody had one before: nothing is to be changed first */
}

static const struct {
        const char *text;
        size_t size;
} against_policy[] = {
        { "", 0 },
        { "123", 3 },
        { "\xE3\x81\x82\xE3\x81\x82\xE3\x81\x82", 9 }, /* three characters in nine bytes */
        { "123\xFF", 4 },
        { "12\xC0\xB4\x35", 5 }, /* an overlong form */
        { "123\xE3\x81", 5 },    /* a torn character */
        { "12\0\0"
          "34",
                6 },
        { "\0"
          "1234",
                5 },
        { "0123456789012345678901234567890123456789012345678901234567890123", 64 },
};

/* [6.5.5.5 9] [6.5.1] "6607 .. fewer code points than the minimum, more than 63 bytes, 00 within,
 * not UTF-8" */
static void a_first_pin_keeps_to_the_policy(void **state)
{
        struct element_rig *rig = *state;
        EACH_PROTOCOL(protocol)
        for (size_t i = 0; i < sizeof against_policy / sizeof *against_policy; i++)
                assert_sw(pin_rig_change_to(rig, protocol, NULL,
                                  slice_of(against_policy[i].text, against_policy[i].size)),
                        SW_PIN_POLICY);
        assert_int_equal(element_rig_state(rig).flags & PIN_SET, 0);
        static const char longest[] = "012345678901234567890123456789012345678901234567890123456789012";
        assert_int_equal(sizeof longest - 1, 63);
        assert_sw(pin_rig_change(rig, 1, NULL, longest), SW_OK);
        assert_true(opens(rig, longest));
        assert_sw(pin_rig_change(rig, 2, longest, "\xE3\x81\x82\xE3\x81\x84\xE3\x81\x86\xE3\x81\x88"), SW_OK);
        assert_true(opens(rig, "\xE3\x81\x82\xE3\x81\x84\xE3\x81\x86\xE3\x81\x88"));
}

/* ---- changePIN ---- */

/* [6.5.5.6 5] [6.5.5.6 10] [6.5.5.6 19] */
static void a_pin_is_changed(void **state)
{
        (void)state;
        EACH_PROTOCOL(protocol)
        {
                struct element_rig *rig = clone_of(&person);
                SECRET(token);
                assert_sw(pin_rig_token(rig, 2, "0000", GA, rp_id, &token), 0x63C2);
                assert_sw(pin_rig_change(rig, protocol, ELEMENT_RIG_PIN, "8642"), SW_OK);
                assert_int_equal(pin_tries(rig), 3);
                /* the JPKI applet's PIN is this one */
                assert_sw(verify(rig, "8642"), SW_OK);
                assert_sw(verify(rig, ELEMENT_RIG_PIN), 0x63C2);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_int_equal(pin_tries(rig), 2);
                assert_true(opens(rig, "8642"));
                /* the same again is a change, too, where none is forced */
                assert_sw(pin_rig_change(rig, protocol, "8642", "8642"), SW_OK);
                element_rig_close(rig);
                free(rig);
        }
}

/* [6.5.5.6] */
static void there_must_be_a_pin_to_change(void **state)
{
        struct element_rig *rig = *state;
        EACH_PROTOCOL(protocol)
        assert_sw(pin_rig_change(rig, protocol, "1234", "5678"), SW_UNUSABLE);
        assert_int_equal(element_rig_state(rig).flags & PIN_SET, 0);
}

/* [6.5.5.6 12] a right PIN gives back the tries, also where the new one is refused */
static void a_changed_pin_keeps_to_the_policy(void **state)
{
        struct element_rig *rig = *state;
        static const char *const not_four_digits[] = { "12345", "abcd", "12 4",
                "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x93\xEF\xBC\x94" };
        SECRET(token);
        EACH_PROTOCOL(protocol)
        {
                assert_sw(pin_rig_token(rig, 2, "0000", GA, rp_id, &token), 0x63C2);
                for (size_t i = 0; i < sizeof against_policy / sizeof *against_policy; i++)
                        assert_sw(pin_rig_change_to(rig, protocol, ELEMENT_RIG_PIN,
                                          slice_of(against_policy[i].text, against_policy[i].size)),
                                SW_PIN_POLICY);
                for (size_t i = 0; i < sizeof not_four_digits / sizeof *not_four_digits; i++)
                        assert_sw(pin_rig_change(rig, protocol, ELEMENT_RIG_PIN, not_four_digits[i]),
                                SW_PIN_POLICY);
                assert_int_equal(pin_tries(rig), 3);
        }
        assert_true(opens(rig, ELEMENT_RIG_PIN));
}

/* While a certificate is renewed its key is there without one, and its PIN keeps the form. */
static void a_key_without_certificate_keeps_its_pin(void **state)
{
        struct element_rig *rig = *state;
        element_rig_generate(rig, 0x97);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(element_rig_state(rig).flags & IS_PERSONALISED, 0);
        EACH_PROTOCOL(protocol)
        assert_sw(pin_rig_change(rig, protocol, ELEMENT_RIG_PIN, "a long passphrase"), SW_PIN_POLICY);
        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "8642"), SW_OK);
        element_rig_generate(rig, 0x97);
        element_rig_certify(rig, 0x000A, 1200);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_true(opens(rig, "8642"));
}

/* "Confirmed fingers stay when a PIN is changed", and end when the station sets one, whose holder has then to
 * change it to another. [6.5.5.6 13] */
static void who_changes_the_pin_keeps_the_fingers(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "8642"), SW_OK);
        assert_true(element_rig_state(rig).flags & FINGER_OPEN);
        assert_sw(element_rig_register(rig, rp_id, 0x01, id), SW_OK);
        set_by_station(rig, "1111");
        assert_false(element_rig_state(rig).flags & FINGER_OPEN);
        assert_int_equal(more_flags(rig) & MUST_CHANGE, MUST_CHANGE);
        EACH_PROTOCOL(protocol)
        {
                assert_sw(pin_rig_token(rig, protocol, "1111", BE, NULL, &token), SW_PIN_CHANGE_FIRST);
                assert_sw(pin_rig_token(rig, protocol, "1111", -1, NULL, &token), SW_PIN_CHANGE_FIRST);
                assert_sw(pin_rig_token(rig, protocol, "1111", PCMR, NULL, &token), SW_PIN_CHANGE_FIRST);
                assert_sw(pin_rig_token(rig, protocol, "0000", BE, NULL, &token), 0x63C2); /* still counted */
                assert_sw(pin_rig_change(rig, protocol, "1111", "1111"), SW_PIN_POLICY);   /* another one */
        }
        assert_int_equal(pin_tries(rig), 3);
        power_cycle(rig);
        assert_int_equal(more_flags(rig) & MUST_CHANGE, MUST_CHANGE);
        assert_sw(pin_rig_change(rig, 1, "1111", "2468"), SW_OK);
        assert_int_equal(more_flags(rig) & MUST_CHANGE, 0);
        assert_sw(element_rig_enrol(rig, "2468"), SW_OK);
}

/* ---- what a wrong PIN costs: "a wrong former PIN costs the same try" ---- */

/* [6.5.2.2] [6.5.5.6 7.1] [6.5.5.6 6] the three in a row and the tries in all are counted over changePIN,
 * getPinToken and VERIFY together; nothing is burnt while a power cycle is owed, nor when it is blocked */
static void one_counter_whichever_path(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        assert_sw(pin_rig_change(rig, 1, "0000", "5678"), 0x63C7);
        assert_sw(pin_rig_token(rig, 2, "0000", GA, rp_id, &token), 0x63C6);
        assert_sw(pin_rig_change(rig, 2, "0000", "5678"), SW_CONDITIONS);
        assert_int_equal(pin_tries(rig), 5);
        assert_int_equal(more_flags(rig) & CYCLE_OWED, CYCLE_OWED);
        unsigned writes = rig->medium.writes;
        for (int i = 0; i < 20; i++) {
                EACH_PROTOCOL(protocol)
                {
                        assert_sw(pin_rig_change(rig, protocol, "1234", "5678"), SW_CONDITIONS);
                        assert_sw(pin_rig_change(rig, protocol, "0000", "5678"), SW_CONDITIONS);
                        assert_sw(pin_rig_token(rig, protocol, "1234", GA, rp_id, &token), SW_CONDITIONS);
                        assert_sw(pin_rig_token(rig, protocol, "0000", GA, rp_id, &token), SW_CONDITIONS);
                }
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK); /* no power cycle */
        }
        assert_int_equal(rig->medium.writes, writes);
        power_cycle(rig);
        assert_int_equal(more_flags(rig) & CYCLE_OWED, 0);
        assert_int_equal(pin_tries(rig), 5);
        assert_sw(pin_rig_change(rig, 1, "0000", "5678"), 0x63C4);
        assert_sw(pin_rig_change(rig, 1, "0000", "5678"), 0x63C3);
        assert_sw(pin_rig_change(rig, 1, "0000", "5678"), SW_CONDITIONS);
        power_cycle(rig);
        assert_sw(pin_rig_change(rig, 2, "0000", "5678"), 0x63C1);
        assert_sw(pin_rig_change(rig, 2, "0000", "5678"), 0x63C0);
        writes = rig->medium.writes;
        EACH_PROTOCOL(protocol)
        {
                assert_sw(pin_rig_change(rig, protocol, "1234", "5678"), SW_BLOCKED);
                assert_sw(pin_rig_change(rig, protocol, NULL, "5678"), SW_BLOCKED);
                assert_sw(pin_rig_token(rig, protocol, "1234", GA, rp_id, &token), SW_BLOCKED);
        }
        assert_int_equal(rig->medium.writes, writes);
        power_cycle(rig);
        assert_sw(pin_rig_change(rig, 2, "1234", "5678"), SW_BLOCKED);
        assert_int_equal(pin_tries(rig), 0);
}

static void one_counter_with_jpki(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(verify(rig, "0000"), 0x63C2);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(pin_rig_change(rig, 2, "0000", "5678"), 0x63C1);
        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "5678"), SW_OK);
        assert_int_equal(pin_tries(rig), 3);
        assert_sw(pin_rig_change(rig, 2, "0000", "5678"), 0x63C2);
        assert_sw(verify(rig, "0000"), 0x63C1);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(pin_rig_change(rig, 1, "0000", "5678"), 0x63C0);
        assert_sw(verify(rig, "5678"), SW_UNUSABLE);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_false(element_rig_state(rig).flags & FINGER_OPEN);
        assert_sw(pin_rig_change(rig, 1, "5678", "5678"), SW_BLOCKED);
        assert_sw(pin_rig_token(rig, 2, "5678", GA, rp_id, &token), SW_BLOCKED);
}

/* ---- what somebody tries by way of the JPKI applet ---- */

static uint16_t change_by_jpki(struct element_rig *rig, const char *former, const char *next)
{
        uint16_t sw = verify(rig, former);
        return sw == SW_OK ? element_rig_command(rig, 0x00240180, slice_text(next)) : sw;
}

static bool opens_key(struct element_rig *rig, const char *pin)
{
        static const uint8_t message[] = { 'm' };
        assert_sw(verify(rig, pin), SW_OK);
        uint16_t sw = element_rig_command(rig, 0x802A0397, SLICE(message));
        assert_true(sw == SW_OK || sw == SW_SECURITY_STATUS);
        return sw == SW_OK;
}

/* [6.5.5.6 13] who has to choose another PIN does not get around it by choosing the same one there */
static void a_forced_change_is_one_in_jpki_too(void **state)
{
        struct element_rig *rig = *state;
        set_by_station(rig, "4321");
        assert_int_equal(more_flags(rig) & MUST_CHANGE, MUST_CHANGE);
        assert_false(opens_key(rig, "4321"));
        assert_sw(change_by_jpki(rig, "4321", "4321"), SW_WRONG_DATA);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(more_flags(rig) & MUST_CHANGE, MUST_CHANGE);
        assert_false(opens(rig, "4321"));
        assert_sw(change_by_jpki(rig, "4321", "5678"), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(more_flags(rig) & MUST_CHANGE, 0);
        assert_true(opens(rig, "5678"));
        assert_true(opens_key(rig, "5678"));
        assert_sw(change_by_jpki(rig, "5678", "5678"), SW_OK); /* where nothing is forced it may stay */
}

/* [6.5.5.6 12] [2.2 6.11.4 pinComplexityPolicy] nor by choosing one that CTAP refuses */
static void a_policy_holds_in_jpki_too(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t complex_pins[] = { 0x03, 0xA1, 0x04, 0xF5 },
                             longer_pins[] = { 0x03, 0xA1, 0x01, 0x05 };
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(complex_pins)), SW_OK);
        assert_sw(pin_rig_change(rig, 2, NULL, "1357"), SW_OK);
        assert_sw(change_by_jpki(rig, "1357", "1111"), SW_WRONG_DATA);
        assert_sw(change_by_jpki(rig, "1357", "4321"), SW_WRONG_DATA);
        assert_sw(change_by_jpki(rig, "1357", "2580"), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        SECRET(token);
        assert_sw(pin_rig_token(rig, 2, "2580", ACFG, NULL, &token), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(longer_pins)), SW_OK);
        assert_sw(change_by_jpki(rig, "2580", "1470"), SW_WRONG_DATA); /* four digits are too few now */
}

/* A fault of others: tries that a host burns while a power cycle is owed. [6.5.5.7.1 9.1.2] the row is one,
 * and so is its end, by whichever path the PINs came. */
static void no_applet_burns_tries_while_a_power_cycle_is_owed(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        assert_sw(pin_rig_token(rig, 2, "0000", GA, rp_id, &token), 0x63C7);
        assert_sw(verify(rig, "0000"), 0x63C6);
        assert_sw(verify(rig, "0000"), 0x63C5);
        for (int guess = 0; guess < 10; guess++)
                assert_sw(verify(rig, guess ? "0000" : "1234"), SW_CONDITIONS);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(pin_tries(rig), 5);
        assert_int_equal(more_flags(rig) & CYCLE_OWED, CYCLE_OWED);
        assert_sw(pin_rig_change(rig, 2, "1234", "5678"), SW_CONDITIONS);
        power_cycle(rig);
        assert_sw(verify(rig, "1234"), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(pin_tries(rig), 8);
}

/* A fault of others: a command between two guesses that gives the tries, or the place in the row, back. */
static void no_other_command_gives_tries_back(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t nonsense[] = { 0x9F, 0x7E, 0x00 }, options[] = { 0x85, 1, 0x00 },
                             operation[] = { 0x80, 1, 0x02, 0x83, 1, 0x01 };
        const slice data[] = { nothing, SLICE(nonsense), SLICE(options), SLICE(operation) };
        SECRET(token);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        for (uint8_t guess = 1; guess <= 2; guess++) {
                assert_sw(pin_rig_token(rig, guess, "0000", GA, rp_id, &token), 0x63C8 - guess);
                for (uint32_t ins = 0; ins <= 0xFF; ins++)
                        for (size_t i = 0; i < sizeof data / sizeof *data; i++)
                                for (uint32_t p1 = 0; p1 < 2; p1++)
                                        (void)element_rig_command(
                                                rig, 0x80000000 | ins << 16 | p1 << 8, data[i]);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                assert_int_equal(pin_tries(rig), 8 - guess);
        }
        assert_sw(pin_rig_token(rig, 2, "0000", GA, rp_id, &token), SW_CONDITIONS);
        assert_int_equal(pin_tries(rig), 5);
        assert_sw(pin_rig_token(rig, 2, "1234", GA, rp_id, &token), SW_CONDITIONS);
}

/* A fault of others: a PIN alone that is taken for a touch. */
static void a_pin_is_no_touch(void **state)
{
        struct element_rig *rig = *state;
        enum { DISCOVERABLE = 0x01, PRESENT = 0x02, ES256 = 0x07, UP = 0x01, UV = 0x04, FLAGS_AT = 32 };
        for (uint8_t touched = 0; touched < 2; touched++) {
                SECRET(token);
                struct element_rig_operation operation = { .command = MAKE,
                        .rp_id = rp_id,
                        .client_data_hash = { 0xCD },
                        .options = PRESENCE,
                        .pin = &token };
                assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, 0x01, rp_id, &token), SW_OK);
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                assert_sw(element_rig_make(rig, &operation, nothing,
                                  touched ? DISCOVERABLE | PRESENT : DISCOVERABLE, ES256, slice_text("user"),
                                  nothing),
                        touched ? SW_OK : SW_CONDITIONS);
                if (touched)
                        assert_int_equal(element_rig_value(rig, 0x80).data[FLAGS_AT] & (UP | UV), UP | UV);
        }
}

/* A reset takes the debt of a power cycle away with the PIN. */
static void a_reset_owes_no_power_cycle(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        for (int i = 0; i < 3; i++)
                (void)pin_rig_change(rig, 2, "0000", "5678");
        assert_int_equal(more_flags(rig) & CYCLE_OWED, CYCLE_OWED);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_int_equal(more_flags(rig), 0);
        assert_sw(pin_rig_change(rig, 2, NULL, "5678"), SW_OK);
}

/* ---- who knows no PIN ---- */

/* [6.5.5.5 5] [6.5.5.6 5] "6982 another pinUvAuthParam (no try)": each byte of what it covers, and
 * of itself, of either protocol's */
static void what_is_not_authenticated_costs_nothing(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        EACH_PROTOCOL(protocol)
        {
                struct pin_rig exchange;
                uint8_t bytes[512], padded[64] = "5678";
                writer w = WRITER(bytes);
                assert_sw(pin_rig_agree(rig, protocol, &exchange), SW_OK);
                pin_rig_compose(&exchange, "1234", SLICE(padded), &w);
                enum { AGREEMENT_SIZE = 34 + 34 + 3 };
                unsigned writes = rig->medium.writes;
                for (size_t i = AGREEMENT_SIZE; i < w.used; i++) {
                        bytes[i] ^= 0x01;
                        uint16_t sw = element_rig_command(rig, change_pin, writer_view(&w));
                        if (sw != SW_SECURITY_STATUS && sw != SW_WRONG_DATA)
                                fail_msg("byte %zu of protocol %u: %04X", i, protocol, sw);
                        bytes[i] ^= 0x01;
                }
                assert_int_equal(rig->medium.writes, writes);
                assert_int_equal(pin_tries(rig), 8);
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), SW_OK);
                assert_sw(pin_rig_change(rig, 2, "5678", "1234"), SW_OK);
        }
}

/* [6.5.6 verify] [6.5.7 verify] The keys of one exchange, of one protocol and of one use are not those of
 * another. */
static void parameters_are_of_their_protocol(void **state)
{
        struct element_rig *rig = *state;
        struct pin_rig one, two, mixed;
        uint8_t bytes[512], padded[64] = "5678";
        assert_sw(pin_rig_agree(rig, 1, &one), SW_OK);
        assert_sw(pin_rig_agree(rig, 2, &two), SW_OK);
        const struct {
                uint8_t protocol;
                const struct secret *aes, *hmac;
                const uint8_t *point;
                uint16_t sw;
        } cases[] = {
                { 2, &two.aes, &two.aes, two.point, SW_SECURITY_STATUS },
                { 2, &two.aes, &one.hmac, two.point, SW_SECURITY_STATUS },
                { 2, &two.aes, &two.hmac, one.point, SW_SECURITY_STATUS },
                { 1, &one.aes, &two.hmac, one.point, SW_SECURITY_STATUS },
                { 1, &two.aes, &two.hmac, two.point, SW_SECURITY_STATUS },
                { 1, &two.hmac, &one.hmac, one.point, SW_PIN_POLICY }, /* decrypts to no PIN */
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                writer w = WRITER(bytes);
                mixed = (struct pin_rig){
                        .protocol = cases[i].protocol, .aes = *cases[i].aes, .hmac = *cases[i].hmac
                };
                memcpy(mixed.point, cases[i].point, sizeof mixed.point);
                pin_rig_compose(&mixed, NULL, SLICE(padded), &w);
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), cases[i].sw);
        }
        assert_int_equal(element_rig_state(rig).flags & PIN_SET, 0);
}

/* A protocol's name exchanged on the way: its form does not fit, or its parameter is another. */
static void no_downgrade(void **state)
{
        struct element_rig *rig = *state;
        enum { AT_PROTOCOL = 34 + 34 + 2 };
        uint8_t bytes[512], padded[64] = "5678";
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        EACH_PROTOCOL(protocol)
        for (unsigned named = 0; named <= 0xFF; named++) {
                struct pin_rig exchange;
                writer w = WRITER(bytes);
                if (named == protocol)
                        continue;
                assert_sw(pin_rig_agree(rig, protocol, &exchange), SW_OK);
                pin_rig_compose(&exchange, "1234", SLICE(padded), &w);
                assert_int_equal(bytes[AT_PROTOCOL], protocol);
                bytes[AT_PROTOCOL] = (uint8_t)named;
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)),
                        named == 1 || named == 2 ? SW_SECURITY_STATUS : SW_WRONG_DATA);
        }
        assert_int_equal(pin_tries(rig), 8);
        /* without its name it is 2 */
        struct pin_rig exchange;
        writer w = WRITER(bytes);
        assert_sw(pin_rig_agree(rig, 2, &exchange), SW_OK);
        pin_rig_compose(&exchange, "1234", SLICE(padded), &w);
        memmove(bytes + AT_PROTOCOL - 2, bytes + AT_PROTOCOL + 1, w.used - AT_PROTOCOL - 1);
        assert_sw(element_rig_command(rig, change_pin, slice_of(bytes, w.used - 3)), SW_OK);
}

/* [6.5.6 decrypt] [6.5.7 decrypt] [6.5.6] every truncation, a point off the curve, fields twice, other sizes:
 * 6A80 and no try */
static void malformed_requests_are_no_try(void **state)
{
        struct element_rig *rig = *state;
        static const size_t sizes[] = { 0, 16, 32, 48, 63, 65, 80, 96, 112 };
        uint8_t bytes[512], padded[128] = "5678";
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        unsigned writes = rig->medium.writes;
        EACH_PROTOCOL(protocol)
        {
                struct pin_rig exchange;
                writer w = WRITER(bytes);
                assert_sw(pin_rig_agree(rig, protocol, &exchange), SW_OK);
                pin_rig_compose(&exchange, "1234", slice_of(padded, 64), &w);
                size_t hash = protocol == 1 ? 18 : 34;
                for (size_t size = 0; size < w.used; size++) /* without its last field it is a setPIN */
                        assert_sw(element_rig_command(rig, change_pin, slice_of(bytes, size)),
                                size == w.used - hash ? SW_CONDITIONS : SW_WRONG_DATA);
                tlv_write_u8(&w, 0x88, protocol);
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), SW_WRONG_DATA); /* twice */
                for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                        if (sizes[i] % 16)
                                continue; /* cannot be encrypted */
                        w = WRITER(bytes);
                        pin_rig_compose(&exchange, "1234", slice_of(padded, sizes[i]), &w);
                        assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), SW_WRONG_DATA);
                }
                w = WRITER(bytes);
                exchange.point[64] ^= 1; /* off the curve */
                pin_rig_compose(&exchange, "1234", slice_of(padded, 64), &w);
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), SW_WRONG_DATA);
                memset(exchange.point + 1, 0, 64);
                w = WRITER(bytes);
                pin_rig_compose(&exchange, "1234", slice_of(padded, 64), &w);
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), SW_WRONG_DATA);
        }
        assert_int_equal(rig->medium.writes, writes);
        assert_int_equal(pin_tries(rig), 8);
}

/* A hash of another length than 16, encrypted as it should be, is no try. */
static void wrong_length_hashes_are_no_try(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t hash[64] = { 1 };
        uint8_t bytes[512], encrypted[96];
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        unsigned writes = rig->medium.writes;
        EACH_PROTOCOL(protocol)
        for (size_t size = 0; size <= sizeof hash; size += 16) {
                struct pin_rig exchange;
                writer w = WRITER(bytes), e = WRITER(encrypted);
                if (size == 16)
                        continue;
                assert_sw(pin_rig_agree(rig, protocol, &exchange), SW_OK);
                pin_rig_encrypt(&exchange, slice_of(hash, size), &e);
                pin_rig_write_agreement(&w, &exchange);
                tlv_write(&w, 0x82, writer_view(&e));
                assert_sw(element_rig_command(rig, get_pin_token, writer_view(&w)), SW_WRONG_DATA);
        }
        assert_int_equal(rig->medium.writes, writes);
        assert_int_equal(pin_tries(rig), 8);
}

/* [6.5.6 regenerate] [6.5.5.6 7.1] "6A88": the key agreement ends with a wrong PIN; whoever goes on with it
 * guesses nothing
 */
static void a_wrong_pin_ends_the_agreement(void **state)
{
        struct element_rig *rig = *state;
        struct pin_rig exchange;
        uint8_t bytes[512], right[512], padded[64] = "5678";
        writer w = WRITER(bytes), r = WRITER(right);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        assert_sw(pin_rig_agree(rig, 2, &exchange), SW_OK);
        pin_rig_compose(&exchange, "0000", SLICE(padded), &w);
        pin_rig_compose(&exchange, "1234", SLICE(padded), &r);
        assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), 0x63C7);
        for (int i = 0; i < 10; i++) {
                assert_sw(element_rig_command(rig, change_pin, writer_view(&w)), SW_NO_REFERENCE);
                assert_sw(element_rig_command(rig, change_pin, writer_view(&r)), SW_NO_REFERENCE);
        }
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        assert_sw(element_rig_command(rig, change_pin, writer_view(&r)), SW_SECURITY_STATUS); /* a new key */
        assert_int_equal(pin_tries(rig), 7);
}

/* ---- what a change ends ---- */

static uint16_t begin_by(struct element_rig *rig, const struct secret *token)
{
        struct element_rig_operation operation = { .command = GET,
                .rp_id = rp_id,
                .client_data_hash = { 0xCD },
                .options = PRESENCE,
                .pin = token };
        return element_rig_begin(rig, &operation);
}

/* "Tokens end, the persistent one too, and what JPKI's VERIFY opened." */
static void a_change_ends_what_the_former_opened(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        SECRET(persistent);
        EACH_PROTOCOL(protocol)
        {
                assert_sw(pin_rig_token(rig, protocol, ELEMENT_RIG_PIN, PCMR, NULL, &persistent), SW_OK);
                assert_int_equal(more_flags(rig) & PERSISTENT, PERSISTENT);
                assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
                assert_sw(begin_by(rig, &token), SW_OK);
                assert_sw(pin_rig_change(rig, protocol, ELEMENT_RIG_PIN, ELEMENT_RIG_PIN), SW_OK);
                assert_sw(element_rig_get(rig, nothing, 0x02, nothing), SW_CONDITIONS);
                assert_sw(begin_by(rig, &token), SW_SECURITY_STATUS);
                assert_int_equal(more_flags(rig) & PERSISTENT, 0);
        }
        /* a refused one ends nothing */
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, PCMR, NULL, &persistent), SW_OK);
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "123"), SW_PIN_POLICY);
        assert_sw(pin_rig_change(rig, 2, "0000", "5678"), 0x63C2);
        assert_int_equal(more_flags(rig) & PERSISTENT, PERSISTENT);
        assert_sw(begin_by(rig, &token), SW_OK);
}

/* ---- tokens of one protocol are not taken in the other's form ---- */

static uint16_t ask(struct element_rig *rig, slice param)
{
        static const uint8_t message[] = { 0x01, 0x04 };
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        tlv_write_u8(&w, 0x83, BE);
        tlv_write(&w, 0x84, param);
        tlv_write(&w, 0x85, SLICE(message));
        return element_rig_command(rig, authorise, writer_view(&w));
}

/* [6.5.6] [6.5.7] */
static void a_token_has_one_form(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t message[] = { 0x01, 0x04 };
        uint8_t mac[SHA256_SIZE];
        EACH_PROTOCOL(protocol)
        {
                SECRET(token);
                assert_sw(pin_rig_token(rig, protocol, ELEMENT_RIG_PIN, BE | ACFG, NULL, &token), SW_OK);
                assert_int_equal(token.size, 32);
                (void)pin_rig_param(2, &token, SLICE(message), mac);
                for (size_t size = 0; size <= sizeof mac; size++) {
                        bool right = size == (protocol == 1 ? 16 : 32);
                        assert_sw(ask(rig, slice_of(mac, size)), right ? SW_OK
                                                                 : size >= 16 && size <= 32
                                                                         ? SW_SECURITY_STATUS
                                                                         : SW_WRONG_DATA);
                }
        }
}

/* ---- without randomness ---- */

struct scarce {
        struct mitome_random real;
        unsigned left; /* how often there is some */
};

static int fill_while_it_lasts(void *context, uint8_t *bytes, size_t size)
{
        struct scarce *scarce = context;
        if (scarce->left == 0)
                return -1;
        scarce->left--;
        return scarce->real.fill(scarce->real.context, bytes, size);
}

/* With randomness for `left` fillings; what is refused then has changed nothing, and gives the try back or
 * not, but no more. */
static uint16_t send_with_little(struct element_rig *rig, uint32_t head, slice data, unsigned left)
{
        struct scarce scarce = { .real = rig->element->random, .left = left };
        rig->element->random = (struct mitome_random){ .context = &scarce, .fill = fill_while_it_lasts };
        uint16_t sw = element_rig_command(rig, head, data);
        rig->element->random = scarce.real;
        return sw;
}

static void without_randomness_nothing_changes(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[512], padded[64] = "5678";
        struct pin_rig exchange;
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        assert_sw(send_with_little(rig, key_agreement, nothing, 0), SW_OK); /* it is there */
        power_cycle(rig);
        assert_sw(send_with_little(rig, key_agreement, nothing, 0), SW_UNKNOWN);
        uint16_t sw = 0;
        for (unsigned left = 0; sw != SW_OK; left++) {
                writer w = WRITER(bytes);
                assert_true(left < 8);
                assert_sw(pin_rig_agree(rig, 2, &exchange), SW_OK);
                pin_rig_compose(&exchange, "1234", SLICE(padded), &w);
                sw = send_with_little(rig, change_pin, writer_view(&w), left);
                assert_true(sw == SW_OK || sw == SW_UNKNOWN);
                assert_int_equal(opens(rig, "1234"), sw != SW_OK);
                assert_int_equal(pin_tries(rig), sw == SW_OK ? 7 : 8);
        }
        assert_true(opens(rig, "5678"));
        sw = 0;
        for (unsigned left = 0; sw != SW_OK; left++) {
                uint8_t hash[SHA256_SIZE], encrypted[32];
                const slice text = slice_text("5678");
                writer w = WRITER(bytes), e = WRITER(encrypted);
                assert_true(left < 8);
                assert_sw(pin_rig_agree(rig, 2, &exchange), SW_OK);
                sha256(&text, 1, hash);
                pin_rig_encrypt(&exchange, slice_of(hash, 16), &e);
                pin_rig_write_agreement(&w, &exchange);
                tlv_write(&w, 0x82, writer_view(&e));
                tlv_write_u8(&w, 0x83, PCMR);
                sw = send_with_little(rig, get_pin_token, writer_view(&w), left);
                assert_true(sw == SW_OK || sw == SW_UNKNOWN);
                assert_int_equal(pin_tries(rig), 8);
                assert_int_equal(more_flags(rig) & PERSISTENT, sw == SW_OK ? PERSISTENT : 0);
        }
        assert_sw(send_with_little(rig, get_state | 0x0100, nothing, 0), SW_UNKNOWN);
        assert_sw(send_with_little(rig, get_state | 0x0100, nothing, 1), SW_UNKNOWN);
        assert_sw(send_with_little(rig, get_state | 0x0100, nothing, 2), SW_OK);
}

/* ---- memory ---- */

static bool holds(const struct element_rig *rig, slice what)
{
        slice all = slice_of(rig->element, sizeof *rig->element);
        return memmem(all.data, all.size, what.data, what.size) != NULL;
}

/* Neither the PIN, nor its hash, nor what encrypted them is left in the element's memory after a command. */
static void nothing_of_the_pin_stays_in_memory(void **state)
{
        struct element_rig *rig = *state;
        static const char pin[] = "a PIN to look for", next[] = "another to look for";
        const slice texts[] = { slice_text(pin), slice_text(next) };
        uint8_t hashes[2][SHA256_SIZE];
        for (int i = 0; i < 2; i++)
                sha256(&texts[i], 1, hashes[i]);
        for (int step = 0; step < 5; step++) {
                SECRET(token);
                EACH_PROTOCOL(protocol)
                {
                        uint16_t sw =
                                step == 0   ? pin_rig_change(rig, protocol, NULL, pin)
                                : step == 1 ? pin_rig_token(rig, protocol, pin, -1, NULL, &token)
                                : step == 2 ? pin_rig_change(rig, protocol, next, pin)
                                : step == 3 ? pin_rig_change(rig, protocol, pin, "123")
                                            : pin_rig_change(rig, protocol, protocol == 1 ? pin : next, next);
                        (void)sw;
                        for (int i = 0; i < 2; i++) {
                                assert_false(holds(rig, texts[i]));
                                assert_false(holds(rig, slice_of(hashes[i], 16)));
                        }
                }
        }
        assert_true(opens(rig, next));
        assert_false(memmem(rig->medium.image, rig->medium.size, pin, strlen(pin)));
}

/* By the other two ways a PIN comes, and in plain text: from the station and from the JPKI applet's host. */
static void nothing_of_a_plain_pin_stays_in_memory(void **state)
{
        struct element_rig *rig = *state;
        static const char pin[] = "a PIN to look for", wrong[] = "one to guess with";
        const slice texts[] = { slice_text(pin), slice_text(wrong) };
        for (int step = 0; step < 3; step++) {
                if (step == 0)
                        set_by_station(rig, pin);
                else
                        assert_sw(verify(rig, step == 1 ? wrong : pin), step == 1 ? 0x63C7 : SW_OK);
                for (size_t i = 0; i < 2; i++) {
                        uint8_t hash[SHA256_SIZE];
                        sha256(&texts[i], 1, hash);
                        assert_false(holds(rig, texts[i]));
                        assert_false(holds(rig, slice_of(hash, 16)));
                }
        }
}

/* A token is in the element as long as it lives, whichever way it ends. */
static void nothing_of_a_dead_token_stays_in_memory(void **state)
{
        struct element_rig *rig = *state;
        static const uint32_t forget_token = 0x801A0000;
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        for (int end = 0; end < 6; end++) {
                SECRET(token);
                SECRET(next);
                assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, GA, rp_id, &token), SW_OK);
                assert_true(holds(rig, secret_view(&token)));
                struct element_rig_operation operation = {
                        .command = GET, .rp_id = rp_id, .options = PRESENCE, .pin = &token
                };
                if (end == 0)
                        assert_sw(element_rig_command(rig, forget_token, nothing), SW_OK);
                else if (end == 1)
                        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                else if (end == 2)
                        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, GA, rp_id, &next), SW_OK);
                else if (end == 3)
                        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, ELEMENT_RIG_PIN), SW_OK);
                else if (end == 4) {
                        assert_sw(element_rig_begin(rig, &operation), SW_OK);
                        assert_sw(element_rig_get(rig, nothing, 0x02, nothing), SW_NO_REFERENCE);
                } else
                        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
                assert_false(holds(rig, secret_view(&token)));
        }
}

#define PLAIN(name) cmocka_unit_test_setup_teardown(name, set_up_plain, tear_down)
#define PERSON(name) cmocka_unit_test_setup_teardown(name, set_up_person, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_first_pin_is_set),
                PLAIN(a_pin_is_not_set_twice),
                PLAIN(nobody_sets_the_pin_of_a_persons_key),
                PLAIN(a_first_pin_keeps_to_the_policy),
                cmocka_unit_test(a_pin_is_changed),
                PLAIN(there_must_be_a_pin_to_change),
                PERSON(a_changed_pin_keeps_to_the_policy),
                PERSON(a_key_without_certificate_keeps_its_pin),
                PERSON(who_changes_the_pin_keeps_the_fingers),
                PLAIN(one_counter_whichever_path),
                PERSON(one_counter_with_jpki),
                PERSON(a_forced_change_is_one_in_jpki_too),
                PLAIN(a_policy_holds_in_jpki_too),
                PLAIN(no_applet_burns_tries_while_a_power_cycle_is_owed),
                PLAIN(no_other_command_gives_tries_back),
                PERSON(a_pin_is_no_touch),
                PLAIN(a_reset_owes_no_power_cycle),
                PLAIN(what_is_not_authenticated_costs_nothing),
                PLAIN(parameters_are_of_their_protocol),
                PLAIN(no_downgrade),
                PLAIN(malformed_requests_are_no_try),
                PLAIN(wrong_length_hashes_are_no_try),
                PLAIN(a_wrong_pin_ends_the_agreement),
                PERSON(a_change_ends_what_the_former_opened),
                PERSON(a_token_has_one_form),
                PLAIN(without_randomness_nothing_changes),
                PLAIN(nothing_of_the_pin_stays_in_memory),
                PLAIN(nothing_of_a_plain_pin_stays_in_memory),
                PERSON(nothing_of_a_dead_token_stays_in_memory),
        };
        return cmocka_run_group_tests(tests, make_stencils, drop_stencils);
}
