/* SPDX-License-Identifier: Apache-2.0 */
/* The FIDO applet by its APDUs. Quotations are of PROTOCOL.md. */
#include "authdata.h"
#include "element_rig.h"
#include "fido_applet.h"
#include "p256.h"
#include "pin_rig.h"
#include "store.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t get_state = 0x80100000, key_agreement = 0x80120000, get_pin_token = 0x80140000,
                      begin = 0x80200000, make_credential = 0x80240000, get_assertion = 0x80260000,
                      confirm = 0x802A0000, check = 0x802C0000, abandon = 0x802E0000,
                      store_batch_key = 0x80300000, pair = 0x80320000, set_pin = 0x80340000,
                      confirm_pairing = 0x803C0000;

enum { ROOM = FIDO_CREDENTIALS_MAX };
enum { MAKE = 0x01, GET = 0x02, CLIENT_PIN = 0x06, BIO = 0x09, PRESENCE = 0x01, BUILT_IN = 0x02 };
enum { DISCOVERABLE = 0x01, PRESENT = 0x02, ES256 = 0x07, EDDSA = 0x08 };
enum { HAS_BATCH_KEY = 0x01, HAS_PIN = 0x02, IS_PAIRED = 0x04, FINGER_OPEN = 0x08, IS_PERSONALISED = 0x10 };

static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp", other_rp_id[] = "elsewhere.example";
static struct element_rig stencil; /* personalised, paired, one finger confirmed */

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))
#define USER slice_text("user-1")

/* ---- set-up ---- */

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_pair(&stencil, NULL);
        assert_sw(element_rig_enrol(&stencil, ELEMENT_RIG_PIN), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int set_up(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_clone(&stencil, rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        *state = rig;
        return 0;
}

static int set_up_new(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        element_rig_open(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        element_rig_close(*state);
        free(*state);
        return 0;
}

static struct element_rig_operation operation_of(uint8_t command, uint8_t options)
{
        return (struct element_rig_operation){
                .command = command, .rp_id = rp_id, .client_data_hash = { 0xCD }, .options = options
        };
}

/* Begins an operation by finger and seals the token for it. */
static void begin_sealed(
        struct element_rig *rig, struct element_rig_operation *operation, uint8_t token[UNLOCK_TOKEN_SIZE])
{
        assert_sw(element_rig_begin(rig, operation), SW_OK);
        element_rig_seal(rig, operation, UNLOCK_VERIFIED, token);
}

static void power_cycle(struct element_rig *rig)
{
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
}

static struct authdata authdata_of(const struct element_rig *rig)
{
        struct authdata data;
        assert_int_equal(authdata_read(element_rig_value(rig, 0x81), &data, NULL).code, MITOME_OK);
        return data;
}

/* ---- GET STATE ---- */

static void a_new_element_is_a_plain_one(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t zeros[16];
        struct element_rig_state s = element_rig_state(rig);
        assert_int_equal(s.flags, 0);
        assert_int_equal(s.pin_tries, 8);
        assert_int_equal(s.uv_tries, 5);
        assert_int_equal(s.min_pin_length, 4);
        assert_int_equal(s.room, ROOM);
        assert_true(slice_equal(element_rig_value(rig, 0x80), SLICE(zeros)));
        assert_sw(element_rig_command(rig, get_state, slice_text("x")), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, get_state | 0x01, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, begin | 0x0100, nothing), SW_WRONG_P1P2);
}

static void the_state_tells_what_is_there(void **state)
{
        struct element_rig *rig = *state;
        struct element_rig_state s = element_rig_state(rig);
        assert_int_equal(s.flags, HAS_BATCH_KEY | HAS_PIN | IS_PAIRED | FINGER_OPEN | IS_PERSONALISED);
        assert_int_equal(s.pin_tries, 3);
        assert_true(slice_equal(element_rig_value(rig, 0x80), SLICE(element_rig_aaguid)));
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_register(rig, rp_id, 0, id), SW_OK);
        assert_int_equal(element_rig_state(rig).room, ROOM - 1);
        element_rig_pair(rig, NULL); /* "Ends the former pairing and closes the finger path." */
        assert_int_equal(element_rig_state(rig).flags, HAS_BATCH_KEY | HAS_PIN | IS_PAIRED | IS_PERSONALISED);
}

/* ---- the PIN ---- */

static uint16_t management_pin(struct element_rig *rig, const char *pin)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text(pin));
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        uint16_t sw = element_rig_secured(rig, set_pin, writer_view(&w));
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        return sw;
}

/* SET PIN: "4 code points to 63 bytes; exactly 4 digits once JPKI certificates are there. Full tries." */
static void the_pin_has_a_form(void **state)
{
        struct element_rig *rig = *state;
        static const char *const bad[] = { "", "123", "\xE3\x81\x82\xE3\x81\x82\xE3\x81\x82", "123\xFF",
                "0123456789012345678901234567890123456789012345678901234567890123" };
        SECRET(token);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                assert_sw(management_pin(rig, bad[i]), SW_WRONG_DATA);
        assert_int_equal(element_rig_state(rig).flags, 0);
        static const uint8_t with_zero[] = { 0x80, 5, '1', '2', '3', '4', 0 };
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, set_pin, SLICE(with_zero)), SW_WRONG_DATA);
        assert_sw(element_rig_secured(rig, set_pin, nothing), SW_WRONG_DATA);
        assert_sw(management_pin(rig, "a long passphrase"), SW_OK);
        assert_int_equal(element_rig_state(rig).flags, HAS_PIN);
        assert_int_equal(element_rig_state(rig).pin_tries, 8);
        assert_sw(element_rig_pin_token(rig, "a long passphrase", &token), SW_OK);
}

static void a_personalised_pin_is_four_digits(void **state)
{
        struct element_rig *rig = *state;
        static const char *const bad[] = { "12345", "123", "abcd", "12 4" };
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                assert_sw(management_pin(rig, bad[i]), SW_WRONG_DATA);
        assert_sw(management_pin(rig, "8765"), SW_OK);
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, "8765", &token), SW_PIN_CHANGE_FIRST); /* it replaced another */
        assert_sw(pin_rig_change(rig, 2, "8765", "5678"), SW_OK);
        assert_sw(element_rig_pin_token(rig, "5678", &token), SW_OK);
}

/* Personalisation takes a PIN that is not four digits away, and tries that are too many. */
static void personalisation_narrows_the_pin(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        for (int digits = 0; digits < 2; digits++) {
                assert_sw(management_pin(rig, digits ? "4321" : "a long passphrase"), SW_OK);
                assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C7);
                element_rig_generate(rig, 0x97); /* which the certificate is of */
                element_rig_certify(rig, 0x000A, 1200);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
                struct element_rig_state s = element_rig_state(rig);
                assert_int_equal(s.flags, digits ? HAS_PIN | IS_PERSONALISED : IS_PERSONALISED);
                assert_int_equal(s.pin_tries, 3);
                if (digits)
                        assert_sw(element_rig_pin_token(rig, "4321", &token), SW_OK);
                assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
                assert_sw(element_rig_secured(rig, 0x800E0097, nothing), SW_OK); /* and it is gone again */
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        }
}

/* "6984 no PIN set · 6A88 no key agreement (no try)" */
static void a_token_needs_pin_and_agreement(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(stencil.batch_point + 1, 32));
        tlv_write(&w, 0x81, slice_of(stencil.batch_point + 33, 32));
        tlv_write(&w, 0x82, slice_of(stencil.batch_point, 32));
        assert_sw(element_rig_pin_token(rig, "1234", &token), SW_UNUSABLE);
        assert_sw(management_pin(rig, "1234"), SW_OK);
        assert_sw(element_rig_command(rig, get_pin_token, writer_view(&w)), SW_NO_REFERENCE);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_command(rig, get_pin_token, writer_view(&w)), SW_NO_REFERENCE);
        assert_int_equal(element_rig_state(rig).pin_tries, 8); /* none was a try */
        assert_sw(element_rig_command(rig, key_agreement, slice_text("x")), SW_WRONG_DATA);
}

/* [6.5.6 ecdh] "6A80 point off the curve": and no try is spent. */
static void a_point_off_the_curve_is_no_try(void **state)
{
        struct element_rig *rig = *state;
        uint8_t x[32] = { 5 }, encrypted[32] = { 0 }, bytes[128];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(x));
        tlv_write(&w, 0x81, SLICE(x));
        tlv_write(&w, 0x82, SLICE(encrypted));
        slice data = writer_view(&w);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        assert_sw(element_rig_command(rig, get_pin_token, data), SW_WRONG_DATA);
        for (size_t size = 0; size < data.size; size++)
                assert_sw(element_rig_command(rig, get_pin_token, slice_of(bytes, size)), SW_WRONG_DATA);
        assert_int_equal(element_rig_state(rig).pin_tries, 3);
}

/* [6.5.6 initialize] [6.5.6 regenerate] "New after each reset and after a wrong PIN." */
static void key_agreement_is_renewed(void **state)
{
        struct element_rig *rig = *state;
        uint8_t x[32];
        SECRET(token);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        memcpy(x, element_rig_value(rig, 0x80).data, sizeof x);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        assert_memory_equal(x, element_rig_value(rig, 0x80).data, sizeof x);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C2);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        assert_memory_not_equal(x, element_rig_value(rig, 0x80).data, sizeof x);
        memcpy(x, element_rig_value(rig, 0x80).data, sizeof x);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_command(rig, key_agreement, nothing), SW_OK);
        assert_memory_not_equal(x, element_rig_value(rig, 0x80).data, sizeof x);
}

/* [6.5.2.2] "63Cx wrong, x tries left · 6983 blocked"; "Success gives back the tries of the PIN and of the
 * finger." */
static void wrong_pins_count(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C2);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C1);
        assert_int_equal(element_rig_state(rig).uv_tries, 4);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        struct element_rig_state s = element_rig_state(rig);
        assert_int_equal(s.pin_tries, 3);
        assert_int_equal(s.uv_tries, 5);
        for (unsigned left = 2; left + 1 > 0; left--)
                assert_sw(element_rig_pin_token(rig, "0000", &token), SW_TRIES_LEFT | left);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_BLOCKED);
        power_cycle(rig);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_BLOCKED);
        assert_int_equal(element_rig_state(rig).pin_tries, 0);
}

/* [6.5.2.2] "Three wrong PINs in a row without a reset: 6985 until a reset" */
static void three_wrong_pins_want_a_reset(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(management_pin(rig, "1234"), SW_OK);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C7);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C6);
        assert_sw(element_rig_pin_token(rig, "1234", &token), SW_OK); /* a row is broken */
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C7);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C6);
        assert_sw(element_rig_pin_token(rig, "0000", &token), SW_CONDITIONS);
        assert_sw(element_rig_pin_token(rig, "1234", &token), SW_CONDITIONS);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK); /* a selection is no reset */
        assert_sw(element_rig_pin_token(rig, "1234", &token), SW_CONDITIONS);
        assert_int_equal(element_rig_state(rig).pin_tries, 5);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, "1234", &token), SW_OK);
        assert_int_equal(element_rig_state(rig).pin_tries, 8);
}

/* "The try is written down before the comparison": eight guesses need eight tries, whoever pulls the plug. */
static void power_cycling_wins_no_pin_try(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        for (unsigned left = 2; left + 1 > 0; left--) {
                assert_sw(element_rig_pin_token(rig, "0000", &token), SW_TRIES_LEFT | left);
                power_cycle(rig);
        }
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_BLOCKED);
}

static void a_cut_after_the_debit_costs_the_try(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        power_cut_arm(&rig->medium, 1, POWER_CUT_AFTER);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_MEMORY_FAILURE);
        power_cut_on(&rig->medium);
        power_cycle(rig);
        assert_int_equal(element_rig_state(rig).pin_tries, 2);
        assert_int_equal(token.size, 0);
}

/* "PIN 0018 is the element's one user-verification PIN: the FIDO applet's tokens and this applet's VERIFY
 * spend the same tries." */
static void both_applets_spend_the_same_tries(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200080, slice_text("0000")), 0x63C2);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, "0000", &token), 0x63C1);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200080, nothing), 0x63C1);
        assert_sw(element_rig_command(rig, 0x00200080, slice_text("0000")), 0x63C0);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_BLOCKED);
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, 0);
}

/* ---- BEGIN ---- */

static uint16_t begin_with(struct element_rig *rig, const char *hex)
{
        uint8_t bytes[256];
        size_t size = strlen(hex) / 2;
        for (size_t i = 0; i < size; i++) {
                char digits[3] = { hex[2 * i], hex[2 * i + 1], 0 };
                bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
        return element_rig_command(rig, begin, slice_of(bytes, size));
}

#define HEX32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* "unknown, missing or doubled tags are refused with 6A80" */
static void begin_is_strict(void **state)
{
        struct element_rig *rig = *state;
        static const char whole[] = "8001028120" HEX32 "8220" HEX32 "830100";
        static const char *const bad[] = {
                "", "8120" HEX32 "8220" HEX32 "830100", /* no command */
                "8001028220" HEX32 "830100",            /* no RP ID */
                "8001028120" HEX32 "830100",            /* no client data */
                "8001028120" HEX32 "8220" HEX32,        /* no options */
                "800102800102"
                "8120" HEX32 "8220" HEX32 "830100",                 /* doubled */
                "8001028120" HEX32 "8220" HEX32 "830100860100",     /* unknown */
                "8001028120" HEX32 "8220" HEX32 "83020000",         /* two bytes of options */
                "8001028120" HEX32 "8220" HEX32 "830104",           /* an unknown option */
                "8001028120" HEX32 "8220" HEX32 "830100850101",     /* a message with an assertion */
                "8001028120" HEX32 "8220" HEX32 "8301028420" HEX32, /* PIN and finger */
                "8001028121" HEX32 "008220" HEX32 "830100",         /* 33 bytes */
                "8001098301008420" HEX32,                           /* no message */
                "8001098301008420" HEX32 "850101",                  /* a message that is none */
                "8001098301008420" HEX32 "85020102",                /* of another subcommand */
                "8001098301008420" HEX32 "85020201",                /* of another modality */
                "8001098301028420" HEX32 "85020101",                /* an option of another command */
                "8001098120" HEX32 "8301008420" HEX32 "85020101",   /* an RP ID with an enrolment */
        };
        assert_sw(begin_with(rig, whole), SW_OK);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                assert_sw(begin_with(rig, bad[i]), SW_WRONG_DATA);
        for (size_t size = 0; size + 2 < sizeof whole; size += 2) {
                char cut[sizeof whole] = { 0 };
                memcpy(cut, whole, size);
                assert_sw(begin_with(rig, cut), SW_WRONG_DATA);
        }
}

/* "6A81 another command: documents are not signed by finger, whoever asks." */
static void documents_are_no_operation(void **state)
{
        struct element_rig *rig = *state;
        unsigned replaces = rig->medium.writes;
        for (unsigned command = 0; command <= 0xFF; command++) {
                if (command == MAKE || command == GET || command == BIO || command == CLIENT_PIN)
                        continue;
                struct element_rig_operation operation = operation_of((uint8_t)command, BUILT_IN);
                assert_sw(element_rig_begin(rig, &operation), SW_FUNCTION_UNSUPPORTED);
        }
        assert_int_equal(rig->medium.writes, replaces);
}

/* "6984 no matcher paired, or (not for 09) no confirmed set" */
static void the_finger_path_must_be_open(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        struct element_rig_operation bio = { .command = BIO, .pin = &token };
        element_rig_personalise(rig);
        assert_sw(element_rig_begin(rig, &operation), SW_UNUSABLE);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &bio), SW_UNUSABLE);
        element_rig_pair(rig, NULL);
        assert_sw(element_rig_begin(rig, &operation), SW_UNUSABLE);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &bio), SW_OK);
}

/* [6.5.3.1] "one UV try is debited, durably, before the challenge goes out. 6983 no UV tries left" */
static void each_challenge_costs_a_try(void **state)
{
        struct element_rig *rig = *state;
        uint8_t last[UNLOCK_CHALLENGE_SIZE] = { 0 };
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        for (unsigned left = 4; left + 1 > 0; left--) {
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                assert_memory_not_equal(last, operation.challenge, sizeof last);
                memcpy(last, operation.challenge, sizeof last);
                power_cycle(rig);
                assert_int_equal(element_rig_state(rig).uv_tries, left);
        }
        assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED); /* the sixth */
        power_cycle(rig);
        assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED);
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, 0);
        operation.options = PRESENCE; /* without a finger it goes on */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        operation.options = BUILT_IN;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
}

static void a_cut_debit_gives_no_challenge(void **state)
{
        struct element_rig *rig = *state;
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        power_cut_arm(&rig->medium, 1, POWER_CUT_AFTER);
        assert_sw(element_rig_begin(rig, &operation), SW_MEMORY_FAILURE);
        assert_int_equal(rig->data.size, 0);
        power_cut_on(&rig->medium);
        power_cycle(rig);
        assert_int_equal(element_rig_state(rig).uv_tries, 4);
}

/* "6983 ... or the PIN is blocked": locked means locked, and the finger closed too. */
static void a_blocked_pin_closes_the_finger(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        SECRET(pin_token);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        begin_sealed(rig, &operation, token); /* before */
        for (int i = 0; i < 3; i++)
                (void)element_rig_pin_token(rig, "0000", &pin_token);
        assert_sw(
                element_rig_get(rig, SLICE(token), 0, nothing), SW_BLOCKED); /* the right finger, too late */
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_CONDITIONS);
        assert_sw(element_rig_begin(rig, &operation), SW_BLOCKED);
        assert_int_equal(element_rig_state(rig).uv_tries, 4);
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, 0);
}

/* "6982 pinUvAuthParam wrong, or missing for 09" */
static void the_param_must_be_of_the_token(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        SECRET(forged);
        struct element_rig_operation operation = operation_of(GET, PRESENCE), bio = { .command = BIO };
        forged.size = 32;
        operation.pin = &forged;
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS); /* there is no token */
        assert_sw(element_rig_begin(rig, &bio), SW_SECURITY_STATUS);       /* missing */
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        assert_sw(element_rig_begin(rig, &bio), SW_SECURITY_STATUS);
        bio.pin = &forged;
        assert_sw(element_rig_begin(rig, &bio), SW_SECURITY_STATUS);
        for (size_t at = 0; at < 32; at++) {
                forged = token;
                forged.data[at] ^= 0x80;
                assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        }
        operation.pin = &token;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
}

/* [6.5.6 resetPinUvAuthToken] "The token ends with a reset, a selection, the next token, and after the one
 * operation it was used for" */
static void a_pin_token_ends(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        SECRET(next);
        struct element_rig_operation operation = operation_of(GET, PRESENCE);
        operation.pin = &token;
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &next), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        operation.pin = &next;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, nothing), SW_NO_REFERENCE); /* used */
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &next), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS); /* a former one is forgotten */
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &next), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_command(rig, abandon, nothing), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
}

/* A new PIN ends what the former one opened. */
static void a_new_pin_ends_the_token(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[16];
        SECRET(token);
        struct element_rig_operation operation = operation_of(GET, PRESENCE);
        operation.pin = &token;
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_text("7777"));
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        assert_sw(element_rig_secured(rig, set_pin, writer_view(&w)), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
}

/* ---- MAKE CREDENTIAL ---- */

static void verify_attestation(const struct element_rig *rig, const struct element_rig_operation *operation,
        uint8_t flags, int64_t algorithm)
{
        struct authdata data;
        uint8_t hash[SHA256_SIZE];
        const slice text = slice_text(operation->rp_id);
        slice authdata = element_rig_value(rig, 0x80);
        sha256(&text, 1, hash);
        assert_int_equal(authdata_read(authdata, &data, NULL).code, MITOME_OK);
        assert_true(slice_equal(data.rp_id_hash, SLICE(hash)));
        assert_int_equal(data.flags, flags | AUTHDATA_AT); /* no BE, BS, ED */
        assert_int_equal(data.sign_count, 0);
        assert_true(slice_equal(data.aaguid, SLICE(element_rig_aaguid)));
        assert_int_equal(data.credential_id.size, 32);
        assert_int_equal(data.public_key.algorithm, algorithm);
        const struct cose_key batch = { .algorithm = COSE_ES256,
                .x = slice_of(rig->batch_point + 1, 32),
                .y = slice_of(rig->batch_point + 33, 32) };
        const slice parts[] = { authdata, SLICE(operation->client_data_hash) };
        assert_int_equal(
                cose_verify(NULL, &batch, parts, 2, element_rig_value(rig, 0x81), "sig", NULL, NULL).code,
                MITOME_OK);
        assert_int_equal(element_rig_value(rig, 0x82).data[0], 0x30);
}

static void credentials_are_made_by_finger(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        static const struct {
                uint8_t algorithm;
                int64_t cose;
        } algorithms[] = { { ES256, COSE_ES256 }, { EDDSA, COSE_EDDSA } };
        for (size_t i = 0; i < 2; i++) {
                struct element_rig_operation operation = operation_of(MAKE, PRESENCE | BUILT_IN);
                begin_sealed(rig, &operation, token);
                assert_int_equal(element_rig_state(rig).uv_tries, 4);
                assert_sw(element_rig_make(
                                  rig, &operation, SLICE(token), 0, algorithms[i].algorithm, USER, nothing),
                        SW_OK);
                verify_attestation(rig, &operation, AUTHDATA_UP | AUTHDATA_UV, algorithms[i].cose);
                assert_int_equal(element_rig_state(rig).uv_tries, 5); /* "gives back all UV tries" */
        }
        assert_int_equal(element_rig_state(rig).room, ROOM - 2);
}

/* "UV is set when the token, or the PIN token of BEGIN, said so; UP when a finger was presented or option 02
 * is given." */
static void flags_tell_what_was_done(void **state)
{
        struct element_rig *rig = *state;
        uint8_t unlock[UNLOCK_TOKEN_SIZE];
        SECRET(token);
        struct element_rig_operation operation = operation_of(MAKE, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT, ES256, USER, nothing), SW_OK);
        verify_attestation(rig, &operation, AUTHDATA_UP, COSE_ES256);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
        operation.pin = &token;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT | DISCOVERABLE, ES256, USER, nothing),
                SW_OK);
        verify_attestation(rig, &operation, AUTHDATA_UP | AUTHDATA_UV, COSE_ES256);
        operation = operation_of(GET, 0); /* neither was asked: a silent assertion */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, 0, nothing), SW_OK);
        assert_int_equal(authdata_of(rig).flags, 0);
        operation.options = BUILT_IN;
        begin_sealed(rig, &operation, unlock);
        assert_sw(element_rig_get(rig, SLICE(unlock), 0, nothing), SW_OK);
        assert_int_equal(authdata_of(rig).flags, AUTHDATA_UP | AUTHDATA_UV);
}

/* Presence that BEGIN announced must be there. */
static void presence_that_was_asked_is_needed(void **state)
{
        struct element_rig *rig = *state;
        struct element_rig_operation operation = operation_of(MAKE, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, 0, ES256, USER, nothing), SW_CONDITIONS);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT, ES256, USER, nothing), SW_OK);
        operation.command = GET;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, 0, nothing), SW_CONDITIONS);
}

/* "6985 no such operation begun" */
static void nothing_is_done_that_was_not_begun(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = operation_of(MAKE, BUILT_IN);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT, ES256, USER, nothing), SW_CONDITIONS);
        assert_sw(element_rig_get(rig, nothing, PRESENT, nothing), SW_CONDITIONS);
        assert_sw(element_rig_command(rig, confirm, nothing), SW_CONDITIONS);
        assert_sw(element_rig_command(rig, check, nothing), SW_CONDITIONS);
        assert_sw(element_rig_command(rig, abandon, nothing), SW_CONDITIONS);
        begin_sealed(rig, &operation, token);
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_CONDITIONS);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, nothing), SW_OK);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, nothing), SW_CONDITIONS);
}

static void no_batch_key_no_credential(void **state)
{
        struct element_rig *rig = *state;
        struct element_rig_operation operation = operation_of(MAKE, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT, ES256, USER, nothing), SW_CONDITIONS);
}

/* "An element without JPKI certificates is a plain FIDO authenticator." */
static void a_plain_element_registers_too(void **state)
{
        struct element_rig *rig = *state;
        element_rig_store_batch_key(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        struct element_rig_operation operation = operation_of(MAKE, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT | DISCOVERABLE, ES256, USER, nothing),
                SW_OK);
        verify_attestation(rig, &operation, AUTHDATA_UP, COSE_ES256);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_UNUSABLE); /* no finger path */
        operation.command = GET;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, nothing), SW_OK);
}

static void make_data(writer *w, slice token, const char *rp, size_t user_size, size_t name_size,
        uint8_t options, uint8_t algorithm)
{
        static const uint8_t text[100] = { 'u' };
        uint8_t name[100];
        memset(name, 'n', sizeof name);
        tlv_write(w, 0x80, token);
        tlv_write(w, 0x81, slice_text(rp));
        tlv_write(w, 0x82, slice_of(text, user_size));
        tlv_write(w, 0x83, slice_of(name, name_size));
        tlv_write(w, 0x84, slice_of(name, name_size));
        tlv_write_u8(w, 0x85, options);
        tlv_write_u8(w, 0x86, algorithm);
}

/* 6A80 spends nothing: the challenge is still open after all of these. */
static void make_credential_is_strict(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                const char *rp;
                size_t user, name;
                uint8_t options, algorithm;
        } bad[] = {
                { other_rp_id, 6, 6, 0, ES256 }, /* "hashes to BEGIN's rpIdHash" */
                { "", 6, 6, 0, ES256 },
                { rp_id, 0, 6, 0, ES256 },
                { rp_id, 65, 6, 0, ES256 },
                { rp_id, 6, 65, 0, ES256 },
                { rp_id, 6, 6, 0x08, ES256 },
                { rp_id, 6, 6, 0, 0x0B },
                { rp_id, 6, 6, 0, 0 },
        };
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[600];
        struct element_rig_operation operation = operation_of(MAKE, BUILT_IN);
        begin_sealed(rig, &operation, token);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                writer w = WRITER(bytes);
                make_data(&w, SLICE(token), bad[i].rp, bad[i].user, bad[i].name, bad[i].options,
                        bad[i].algorithm);
                assert_sw(element_rig_command(rig, make_credential, writer_view(&w)), SW_WRONG_DATA);
        }
        writer w = WRITER(bytes);
        make_data(&w, SLICE(token), rp_id, 64, 64, DISCOVERABLE, ES256);
        slice whole = writer_view(&w);
        for (size_t size = 0; size < whole.size; size++)
                assert_sw(element_rig_command(rig, make_credential, slice_of(bytes, size)), SW_WRONG_DATA);
        tlv_write(&w, 0x87, slice_of(bytes, 31));
        assert_sw(element_rig_command(rig, make_credential, writer_view(&w)), SW_WRONG_DATA);
        assert_sw(element_rig_make(rig, &operation, nothing, PRESENT, ES256, USER, nothing),
                SW_WRONG_DATA); /* no token */
        w = WRITER(bytes);
        make_data(&w, SLICE(token), rp_id, 64, 64, DISCOVERABLE, ES256);
        bytes[2 + UNLOCK_TOKEN_SIZE + 2 + sizeof rp_id - 1 + 2 + 64 + 2] = 0xFF; /* a name that is no text */
        assert_sw(element_rig_command(rig, make_credential, whole), SW_WRONG_DATA);
        bytes[2 + UNLOCK_TOKEN_SIZE + 2 + sizeof rp_id - 1 + 2 + 64 + 2] = 'n';
        assert_sw(element_rig_command(rig, make_credential, whole), SW_OK);
        operation.options = 0;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), PRESENT, ES256, USER, nothing),
                SW_WRONG_DATA); /* a token that was not asked */
}

/* [6.1.2 12] "6A89 a credential of the list exists": of this RP ID, and only when the user has shown up. */
static void excluded_credentials_are_told(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], other_id[ELEMENT_RIG_ID_SIZE], token[UNLOCK_TOKEN_SIZE], bytes[800];
        assert_sw(element_rig_register(rig, rp_id, 0, id), SW_OK);
        assert_sw(element_rig_register(rig, other_rp_id, 0, other_id), SW_OK);
        struct element_rig_operation operation = operation_of(MAKE, BUILT_IN);
        begin_sealed(rig, &operation, token);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, SLICE(id)), SW_EXISTS);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, nothing), SW_CONDITIONS);
        assert_int_equal(element_rig_state(rig).uv_tries, 5); /* the finger was the right one */
        assert_int_equal(element_rig_state(rig).room, ROOM - 2);
        begin_sealed(rig, &operation, token);
        writer w = WRITER(bytes);
        make_data(&w, SLICE(token), rp_id, 6, 6, 0, ES256);
        tlv_write(&w, 0x87, SLICE(other_id));
        tlv_write(&w, 0x87, SLICE(id)); /* the second of the list */
        assert_sw(element_rig_command(rig, make_credential, writer_view(&w)), SW_EXISTS);
        begin_sealed(rig, &operation, token);
        assert_sw(element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, SLICE(other_id)), SW_OK);
        begin_sealed(rig, &operation, token);
        token[UNLOCK_TOKEN_SIZE - 1] ^= 1; /* without the user nobody learns what is here */
        assert_sw(element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, SLICE(id)), SW_TOKEN_MAC);
}

/* [6.1.2 17] [6.1.2 17.1] [6.1.2 17.2] [6.1.2 17.3] [6.1.2 18] "A discoverable credential of the same RP ID
 * and user id is replaced in the same transaction." */
static void a_discoverable_credential_is_replaced(void **state)
{
        struct element_rig *rig = *state;
        uint8_t first[ELEMENT_RIG_ID_SIZE], second[ELEMENT_RIG_ID_SIZE], plain[ELEMENT_RIG_ID_SIZE],
                elsewhere[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, first), SW_OK);
        assert_sw(element_rig_register(rig, other_rp_id, DISCOVERABLE, elsewhere), SW_OK);
        assert_sw(element_rig_register(rig, rp_id, 0, plain), SW_OK);
        unsigned replaces = rig->medium.writes;
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, second), SW_OK);
        assert_int_equal(rig->medium.writes, replaces + 3); /* debit, its return, and one for all */
        assert_int_equal(element_rig_state(rig).room, ROOM - 3);
        assert_sw(element_rig_log_in(rig, rp_id, SLICE(first)), SW_NO_REFERENCE);
        assert_sw(element_rig_log_in(rig, rp_id, SLICE(plain)), SW_OK);
        assert_sw(element_rig_log_in(rig, other_rp_id, SLICE(elsewhere)), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        assert_true(slice_equal(element_rig_value(rig, 0x80), SLICE(second)));
}

/* Credentials behind the element's back, after the first, from a record with another id each. */
static void fill(struct element_rig *rig, uint8_t *record, size_t size, uint32_t count)
{
        struct store *store;
        element_rig_off(rig);
        assert_int_equal(store_open(&rig->config, &store, NULL).code, MITOME_OK);
        for (uint32_t i = 1; i <= count; i++) {
                writer id = writer_over(record + 4, 4);
                write_u32(&id, i);
                assert_int_equal(
                        store_put(store, 0x01000000 + i, slice_of(record, size), NULL).code, MITOME_OK);
        }
        assert_int_equal(store_commit(store, NULL).code, MITOME_OK);
        store_close(store);
        power_cycle(rig);
}

/* [6.1.2 17.4] "6A84 full" */
static void a_full_element_says_so(void **state)
{
        struct element_rig *rig = *state;
        uint8_t record[512];
        struct element_rig_operation operation = operation_of(MAKE, 0);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, DISCOVERABLE, ES256, USER, nothing), SW_OK);
        slice stored = element_rig_stored(rig, 0x01000000, record, sizeof record);
        record[40] = 0x77; /* of the RP ID's hash: somebody else's */
        fill(rig, record, stored.size, ROOM - 1);
        assert_int_equal(element_rig_state(rig).room, 0);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(rig, &operation, nothing, 0, ES256, USER, nothing), SW_FULL);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_make(
                          rig, &operation, nothing, DISCOVERABLE, ES256, slice_text("user-2"), nothing),
                SW_FULL);
        assert_sw(element_rig_begin(rig, &operation), SW_OK); /* one goes, one comes */
        assert_sw(element_rig_make(rig, &operation, nothing, DISCOVERABLE, ES256, USER, nothing), SW_OK);
        assert_int_equal(element_rig_state(rig).room, 0);
}

/* ---- GET ASSERTION ---- */

/* [6.2.2 13] */
static void assertions_verify(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t algorithms[] = { ES256, EDDSA };
        for (size_t i = 0; i < 2; i++) {
                uint8_t authdata[256], token[UNLOCK_TOKEN_SIZE];
                struct authdata made;
                struct element_rig_operation operation = operation_of(MAKE, 0);
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                assert_sw(element_rig_make(
                                  rig, &operation, nothing, DISCOVERABLE, algorithms[i], USER, nothing),
                        SW_OK);
                slice view = element_rig_value(rig, 0x80);
                memcpy(authdata, view.data, view.size);
                assert_int_equal(authdata_read(slice_of(authdata, view.size), &made, NULL).code, MITOME_OK);
                operation = operation_of(GET, BUILT_IN);
                begin_sealed(rig, &operation, token);
                assert_sw(element_rig_get(rig, SLICE(token), 0, made.credential_id), SW_OK);
                assert_true(slice_equal(element_rig_value(rig, 0x80), made.credential_id));
                assert_true(slice_equal(element_rig_value(rig, 0x83), USER));
                const slice parts[] = { element_rig_value(rig, 0x81), SLICE(operation.client_data_hash) };
                assert_int_equal(cose_verify(NULL, &made.public_key, parts, 2, element_rig_value(rig, 0x82),
                                         "sig", NULL, NULL)
                                         .code,
                        MITOME_OK);
                assert_true(slice_equal(authdata_of(rig).rp_id_hash, made.rp_id_hash));
                assert_int_equal(authdata_of(rig).flags, AUTHDATA_UP | AUTHDATA_UV);
                assert_int_equal(parts[0].size, 37);
        }
}

static bool has(const struct element_rig *rig, uint32_t tag)
{
        slice value;
        assert_int_equal(tlv_find_optional(rig->data, tag, "answer", &value, NULL).code, MITOME_OK);
        return value.data != NULL;
}

/* [6.2.2 12.3] "84 user name and 85 display name (both only for a discoverable credential and after user
 * verification)" */
static void names_are_told_to_who_verified(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], plain[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        assert_sw(element_rig_register(rig, rp_id, 0, plain), SW_OK);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        assert_true(slice_equal(element_rig_value(rig, 0x80), SLICE(id)));
        assert_true(slice_is(element_rig_value(rig, 0x84), "hanako"));
        assert_true(slice_is(element_rig_value(rig, 0x85), "Hanako"));
        assert_sw(element_rig_log_in(rig, rp_id, SLICE(plain)), SW_OK);
        assert_false(has(rig, 0x84) || has(rig, 0x85));
        struct element_rig_operation operation = operation_of(GET, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, nothing), SW_OK);
        assert_true(has(rig, 0x83));
        assert_false(has(rig, 0x84) || has(rig, 0x85));
}

/* [6.2.2 7.3] "none: the newest discoverable credential of the RP ID"; "6A88 no such credential" */
static void credentials_of_others_are_not_found(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], plain[ELEMENT_RIG_ID_SIZE], unknown[ELEMENT_RIG_ID_SIZE] = { 1 };
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        assert_sw(element_rig_register(rig, other_rp_id, 0, plain), SW_OK);
        assert_sw(element_rig_log_in(rig, other_rp_id, SLICE(id)), SW_NO_REFERENCE);
        assert_sw(element_rig_log_in(rig, other_rp_id, nothing), SW_NO_REFERENCE); /* not discoverable */
        assert_sw(element_rig_log_in(rig, rp_id, SLICE(plain)), SW_NO_REFERENCE);
        assert_sw(element_rig_log_in(rig, rp_id, SLICE(unknown)), SW_NO_REFERENCE);
        assert_sw(element_rig_log_in(rig, "third.example", nothing), SW_NO_REFERENCE);
        assert_sw(element_rig_log_in(rig, other_rp_id, SLICE(plain)), SW_OK);
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[300];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        begin_sealed(rig, &operation, token);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(token));
        tlv_write_u8(&w, 0x85, 0);
        tlv_write(&w, 0x87, SLICE(unknown));
        tlv_write(&w, 0x87, SLICE(plain));
        tlv_write(&w, 0x87, SLICE(id));
        slice data = writer_view(&w);
        static const size_t whole_at[] = { 2 + UNLOCK_TOKEN_SIZE + 3, 2 + UNLOCK_TOKEN_SIZE + 3 + 34,
                2 + UNLOCK_TOKEN_SIZE + 3 + 68 };
        for (size_t size = 0; size < data.size; size++) {
                bool whole = size == whole_at[0] || size == whole_at[1] || size == whole_at[2];
                if (!whole)
                        assert_sw(element_rig_command(rig, get_assertion, slice_of(bytes, size)),
                                SW_WRONG_DATA);
        }
        assert_sw(element_rig_command(rig, get_assertion, data), SW_OK);
        assert_true(slice_equal(element_rig_value(rig, 0x80), SLICE(id)));
}

static void get_assertion_is_strict(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        begin_sealed(rig, &operation, token);
        assert_sw(element_rig_get(rig, nothing, 0, nothing), SW_WRONG_DATA); /* the token is missing */
        assert_sw(element_rig_get(rig, SLICE(token), 0x01, nothing), SW_WRONG_DATA);
        assert_sw(element_rig_get(rig, slice_of(token, 115), 0, nothing), SW_WRONG_DATA);
        assert_sw(element_rig_get(rig, SLICE(token), 0, slice_of(token, 31)), SW_WRONG_DATA);
        operation.options = 0;
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_WRONG_DATA); /* not asked */
}

static uint32_t count_of_login(struct element_rig *rig, const uint8_t *id)
{
        struct element_rig_operation operation = operation_of(GET, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, slice_of(id, ELEMENT_RIG_ID_SIZE)), SW_OK);
        return authdata_of(rig).sign_count;
}

/* Counters are per credential and reserved in blocks: one login in 64 writes, and a power cut jumps up. */
static void signature_counters_only_rise(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], other[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_register(rig, rp_id, 0, id), SW_OK);
        assert_sw(element_rig_register(rig, rp_id, 0, other), SW_OK);
        unsigned replaces = rig->medium.writes;
        for (uint32_t i = 1; i <= 64; i++)
                assert_int_equal(count_of_login(rig, id), i);
        assert_int_equal(rig->medium.writes, replaces + 1);
        assert_int_equal(count_of_login(rig, id), 65);
        assert_int_equal(rig->medium.writes, replaces + 2);
        assert_int_equal(count_of_login(rig, other), 1);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(count_of_login(rig, id), 66);
        power_cycle(rig);
        assert_int_equal(count_of_login(rig, id), 129);
        assert_int_equal(count_of_login(rig, other), 65);
        power_cut_arm(&rig->medium, 1, POWER_CUT_AFTER);
        power_cycle(rig);
        struct element_rig_operation operation = operation_of(GET, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, SLICE(id)), SW_MEMORY_FAILURE);
        power_cut_on(&rig->medium);
        power_cycle(rig);
        assert_int_equal(count_of_login(rig, id), 257);
}

/* A counter at its end refuses; it does not start again. */
static void a_counter_does_not_wrap(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t end[] = { 0xFF, 0xFF, 0xFF, 0xC0 };
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(element_rig_register(rig, rp_id, 0, id), SW_OK);
        element_rig_off(rig);
        element_rig_store(rig, 0x02000000, SLICE(end));
        power_cycle(rig);
        struct element_rig_operation operation = operation_of(GET, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_get(rig, nothing, PRESENT, SLICE(id)), SW_CONDITIONS);
}

/* ---- unlock tokens: "Checked in this order; the challenge is spent by the first check" ---- */

/* Tries a token that must be refused; afterwards the right one is refused as well, and one try is gone. */
static void assert_refused(struct element_rig *rig, struct element_rig_operation *operation,
        const uint8_t bad[UNLOCK_TOKEN_SIZE], uint16_t wanted)
{
        uint8_t good[UNLOCK_TOKEN_SIZE];
        element_rig_seal(rig, operation, UNLOCK_VERIFIED, good);
        assert_sw(element_rig_get(rig, slice_of(bad, UNLOCK_TOKEN_SIZE), 0, nothing), wanted);
        assert_int_equal(rig->data.size, 0);
        assert_sw(element_rig_get(rig, SLICE(good), 0, nothing), SW_CONDITIONS); /* spent */
}

static void give_tries_back(struct element_rig *rig)
{
        SECRET(token);
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, &token), SW_OK);
}

/* "6601 MAC": each of its bytes, and each byte under it. */
static void each_byte_of_a_token_is_under_the_mac(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        for (size_t at = 0; at < UNLOCK_TOKEN_SIZE; at++) {
                give_tries_back(rig);
                begin_sealed(rig, &operation, token);
                token[at] ^= 0x01;
                assert_refused(rig, &operation, token, SW_TOKEN_MAC);
                assert_int_equal(element_rig_state(rig).uv_tries, 4);
        }
        rig->pairing_key.data[0] ^= 1; /* another matcher's */
        begin_sealed(rig, &operation, token);
        rig->pairing_key.data[0] ^= 1;
        assert_refused(rig, &operation, token, SW_TOKEN_MAC);
}

static void seal_bytes(const struct element_rig *rig, uint8_t *bytes)
{
        const slice part = slice_of(bytes, UNLOCK_TOKEN_SIZE - SHA256_SIZE);
        hmac_sha256(secret_view(&rig->pairing_key), &part, 1, bytes + UNLOCK_TOKEN_SIZE - SHA256_SIZE);
}

/* "6605 version, purpose, modality" */
static void the_form_of_a_token_is_checked(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                size_t at;
                uint8_t value;
        } bad[] = { { 0, 0 }, { 0, 2 }, { 1, 0 }, { 1, UNLOCK_ENROLLED }, { 1, UNLOCK_ABSENT }, { 1, 4 },
                { 2, 0 }, { 2, 4 }, { 3, 1 } };
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                give_tries_back(rig);
                begin_sealed(rig, &operation, token);
                token[bad[i].at] = bad[i].value;
                seal_bytes(rig, token);
                assert_refused(rig, &operation, token, SW_TOKEN_FORM);
        }
}

/* "6602 the challenge is not the open one" */
static void a_token_is_good_for_one_challenge(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], used[UNLOCK_TOKEN_SIZE], token[UNLOCK_TOKEN_SIZE];
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        begin_sealed(rig, &operation, used);
        assert_sw(element_rig_get(rig, SLICE(used), 0, nothing), SW_OK);
        assert_sw(element_rig_get(rig, SLICE(used), 0, nothing), SW_CONDITIONS); /* replayed at once */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_refused(rig, &operation, used, SW_TOKEN_CHALLENGE); /* replayed in another operation */
        begin_sealed(rig, &operation, token);
        assert_sw(element_rig_begin(rig, &operation), SW_OK); /* "a former one is forgotten" */
        assert_refused(rig, &operation, token, SW_TOKEN_CHALLENGE);
        begin_sealed(rig, &operation, token);
        mitome_element_reset(rig->element);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_CONDITIONS); /* after a reset */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_refused(rig, &operation, token, SW_TOKEN_CHALLENGE);
        give_tries_back(rig);
        begin_sealed(rig, &operation, token);
        power_cycle(rig);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_refused(rig, &operation, token, SW_TOKEN_CHALLENGE); /* after a power cut */
}

/* "6603 the digest is of another operation" */
static void a_token_is_good_for_one_operation(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (int i = 0; i < 4; i++) {
                give_tries_back(rig);
                struct element_rig_operation operation = operation_of(GET, BUILT_IN);
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                struct element_rig_operation other = operation;
                if (i == 0)
                        other.rp_id = other_rp_id;
                else if (i == 1)
                        other.client_data_hash[31] ^= 1;
                else if (i == 2)
                        other.command = MAKE;
                else
                        other.command = BIO; /* and the hashes are zeros */
                element_rig_seal(rig, &other, UNLOCK_VERIFIED, token);
                assert_refused(rig, &operation, token, SW_TOKEN_OPERATION);
                assert_int_equal(element_rig_state(rig).uv_tries, 4);
        }
}

/* "6604 the set is not the confirmed one" */
static void a_changed_set_is_closed(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        rig->set[15] ^= 1; /* somebody else's finger came in, without the PIN */
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_refused(rig, &operation, token, SW_TOKEN_SET);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK); /* the PIN confirms the new one */
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_NO_REFERENCE);
}

/* The same tokens in MAKE CREDENTIAL. */
static void make_credential_checks_tokens_alike(void **state)
{
        struct element_rig *rig = *state;
        static const uint16_t wanted[] = { SW_TOKEN_MAC, SW_TOKEN_FORM, SW_TOKEN_CHALLENGE,
                SW_TOKEN_OPERATION, SW_TOKEN_SET };
        uint8_t token[UNLOCK_TOKEN_SIZE];
        for (size_t i = 0; i < 5; i++) {
                struct element_rig_operation operation = operation_of(MAKE, BUILT_IN);
                give_tries_back(rig);
                begin_sealed(rig, &operation, token);
                static const size_t at[] = { 115, 1, 4, 36, 68 };
                token[at[i]] ^= 0x03;
                if (i)
                        seal_bytes(rig, token);
                assert_sw(
                        element_rig_make(rig, &operation, SLICE(token), 0, ES256, USER, nothing), wanted[i]);
                assert_int_equal(element_rig_state(rig).room, ROOM);
                assert_int_equal(element_rig_state(rig).uv_tries, 4);
        }
}

/* ---- enrolment ---- */

static uint16_t with_token(struct element_rig *rig, uint32_t head, const uint8_t token[UNLOCK_TOKEN_SIZE])
{
        uint8_t bytes[UNLOCK_TOKEN_SIZE + 2];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(token, UNLOCK_TOKEN_SIZE));
        return element_rig_command(rig, head, writer_view(&w));
}

static void begin_enrolment(
        struct element_rig *rig, struct element_rig_operation *operation, struct secret *token)
{
        *operation = (struct element_rig_operation){ .command = BIO, .pin = token };
        assert_sw(element_rig_pin_token(rig, ELEMENT_RIG_PIN, token), SW_OK);
        assert_sw(element_rig_begin(rig, operation), SW_OK);
}

static uint16_t check_with(struct element_rig *rig, const struct secret *token, uint8_t subcommand)
{
        const uint8_t message[] = { 0x01, subcommand, 0xA1, 0x02, 0x41, 0x00 };
        const slice part = SLICE(message);
        uint8_t param[SHA256_SIZE], bytes[64];
        hmac_sha256(secret_view(token), &part, 1, param);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x84, SLICE(param));
        tlv_write(&w, 0x85, part);
        return element_rig_command(rig, check, writer_view(&w));
}

/* CHECK: "6982 wrong · 6985 no enrolment begun"; "fingers .. take none" of the token's permissions */
static void captures_are_checked(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        SECRET(pin_token);
        SECRET(forged);
        struct element_rig_operation operation;
        forged.size = 32;
        assert_sw(check_with(rig, &forged, 0x02), SW_CONDITIONS);
        begin_enrolment(rig, &operation, &pin_token);
        assert_sw(check_with(rig, &pin_token, 0x02), SW_OK);
        assert_sw(check_with(rig, &forged, 0x02), SW_SECURITY_STATUS);
        assert_sw(check_with(rig, &pin_token, 0x01), SW_WRONG_DATA); /* of another subcommand */
        assert_sw(element_rig_command(rig, check, nothing), SW_WRONG_DATA);
        assert_sw(check_with(rig, &pin_token, 0x02), SW_OK); /* the enrolment goes on */
        element_rig_seal(rig, &operation, UNLOCK_ENROLLED, token);
        assert_sw(with_token(rig, confirm, token), SW_OK);
        assert_sw(check_with(rig, &pin_token, 0x02), SW_CONDITIONS);
        assert_sw(element_rig_begin(rig, &operation), SW_OK); /* the next finger, by the same token */
}

/* CONFIRM ENROLMENT: "unlock token of purpose "enrolled"" */
static void a_confirmation_is_checked(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                size_t at;
                uint8_t flip;
                uint16_t wanted;
        } bad[] = {
                { 115, 1, SW_TOKEN_MAC },
                { 1, UNLOCK_ENROLLED ^ UNLOCK_VERIFIED, SW_TOKEN_FORM },
                { 4, 1, SW_TOKEN_CHALLENGE },
                { 36, 1, SW_TOKEN_OPERATION },
        };
        uint8_t token[UNLOCK_TOKEN_SIZE], set[16], stored[16];
        SECRET(pin_token);
        struct element_rig_operation operation;
        memcpy(set, rig->set, sizeof set);
        rig->set[3] = 0x99;
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                begin_enrolment(rig, &operation, &pin_token);
                element_rig_seal(rig, &operation, UNLOCK_ENROLLED, token);
                token[bad[i].at] ^= bad[i].flip;
                if (bad[i].wanted != SW_TOKEN_MAC)
                        seal_bytes(rig, token);
                assert_sw(element_rig_command(rig, confirm, nothing), SW_WRONG_DATA);
                assert_sw(with_token(rig, confirm, token), bad[i].wanted);
                assert_sw(with_token(rig, confirm, token), SW_CONDITIONS);
                assert_true(slice_equal(element_rig_stored(rig, 0x0031, stored, sizeof stored), SLICE(set)));
        }
        begin_enrolment(rig, &operation, &pin_token);
        element_rig_seal(rig, &operation, UNLOCK_ENROLLED, token);
        assert_sw(with_token(rig, confirm, token), SW_OK);
        assert_true(slice_equal(element_rig_stored(rig, 0x0031, stored, sizeof stored), SLICE(rig->set)));
}

/* The tries of the finger are no matter of enrolment: it costs none, and is possible when none are left. */
static void enrolment_spends_no_try(void **state)
{
        struct element_rig *rig = *state;
        SECRET(pin_token);
        struct element_rig_operation operation;
        begin_enrolment(rig, &operation, &pin_token);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
}

/* ---- ABANDON ---- */

/* [6.5.3.1] "the debit of the open challenge is then refunded, durably" */
static void an_absent_finger_costs_nothing(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_int_equal(element_rig_state(rig).uv_tries, 4);
        element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
        assert_sw(with_token(rig, abandon, token), SW_OK);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
        assert_sw(with_token(rig, abandon, token), SW_CONDITIONS); /* once */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(with_token(rig, abandon, token), SW_TOKEN_CHALLENGE); /* replayed */
        assert_int_equal(element_rig_state(rig).uv_tries, 4);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_command(rig, abandon, nothing), SW_OK); /* "Data: nothing": no refund */
        assert_int_equal(element_rig_state(rig).uv_tries, 3);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        give_tries_back(rig); /* a refund on top would be one too many */
        element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
        assert_sw(with_token(rig, abandon, token), SW_OK);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
        power_cycle(rig);
        assert_int_equal(element_rig_state(rig).uv_tries, 5);
}

/* "The operation is over either way." */
static void a_refund_is_the_matchers_to_give(void **state)
{
        struct element_rig *rig = *state;
        static const struct {
                size_t at;
                uint8_t flip;
                uint16_t wanted;
        } bad[] = {
                { 115, 1, SW_TOKEN_MAC },
                { 1, UNLOCK_ABSENT ^ UNLOCK_VERIFIED, SW_TOKEN_FORM },
                { 4, 1, SW_TOKEN_CHALLENGE },
                { 36, 1, SW_TOKEN_OPERATION },
        };
        uint8_t token[UNLOCK_TOKEN_SIZE], verified[UNLOCK_TOKEN_SIZE];
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                struct element_rig_operation operation = operation_of(GET, BUILT_IN);
                give_tries_back(rig);
                begin_sealed(rig, &operation, verified);
                element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
                token[bad[i].at] ^= bad[i].flip;
                if (bad[i].wanted != SW_TOKEN_MAC)
                        seal_bytes(rig, token);
                assert_sw(with_token(rig, abandon, token), bad[i].wanted);
                assert_int_equal(element_rig_state(rig).uv_tries, 4);
                assert_sw(element_rig_get(rig, SLICE(verified), 0, nothing), SW_CONDITIONS);
        }
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        assert_sw(element_rig_command(rig, abandon, slice_text("x")), SW_WRONG_DATA);
        assert_sw(element_rig_command(rig, abandon, nothing), SW_CONDITIONS); /* over */
}

/* ---- management ---- */

/* STORE BATCH KEY: "Once: 6985 when there is one." */
static void the_batch_key_is_stored_once(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[2048], certificate[1024];
        struct element_rig other = { 0 };
        element_rig_open(&other);
        element_rig_store_batch_key(&other);
        /* From there: the certificate as stored, behind its tag and length. */
        slice list = element_rig_stored(&other, 0x0011, certificate, sizeof certificate), x509;
        assert_int_equal(tlv_find(list, 0x82, "certificate", &x509, NULL).code, MITOME_OK);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        for (int i = 0; i < 7; i++) {
                SECRET(key);
                key = other.batch_key;
                slice aaguid = SLICE(element_rig_aaguid), cut = x509;
                if (i == 0)
                        key.data[31] ^= 1; /* not the certificate's */
                if (i == 1)
                        memset(key.data, 0xFF, 32); /* not of the group */
                if (i == 2)
                        key.size = 31;
                if (i == 3)
                        aaguid.size = 15;
                if (i == 4)
                        cut.size--;
                writer w = WRITER(bytes);
                tlv_write(&w, 0x80, aaguid);
                tlv_write(&w, 0x81, secret_view(&key));
                if (i != 5)
                        tlv_write(&w, 0x82, cut);
                uint16_t sw = element_rig_secured(rig, store_batch_key, writer_view(&w));
                assert_sw(sw, i == 6 ? SW_OK : SW_WRONG_DATA);
                if (i == 6)
                        assert_sw(element_rig_secured(rig, store_batch_key, writer_view(&w)), SW_CONDITIONS);
        }
        element_rig_close(&other);
}

/* "3584 bytes in all, else 6A84": and the key that came along is not there either, also after the next write.
 */
static void too_many_certificates_leave_nothing(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t filler[1100] = { 0x30 };
        uint8_t bytes[4000], certificate[1024], key[64];
        slice list = element_rig_stored(&stencil, 0x0011, certificate, sizeof certificate);
        slice stored = element_rig_stored(&stencil, 0x0010, key, sizeof key);
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(stored.data, 16));
        tlv_write(&w, 0x81, slice_of(stored.data + 16, 32));
        write_slice(&w, list);
        for (int i = 0; i < 3; i++)
                tlv_write(&w, 0x82, SLICE(filler));
        assert_false(w.overflowed);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, store_batch_key, writer_view(&w)), SW_FULL);
        assert_sw(management_pin(rig, "1234"), SW_OK);
        assert_int_equal(element_rig_state(rig).flags, HAS_PIN);
}

/* PAIR: a point that is none is refused, and the former pairing stands. */
static void pairing_wants_a_point(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[80], point[65];
        memcpy(point, rig->batch_point, sizeof point);
        for (int i = 0; i < 4; i++) {
                writer w = WRITER(bytes);
                if (i == 0)
                        point[64] ^= 1; /* off the curve */
                if (i == 1)
                        memset(point, 0, sizeof point);
                if (i == 2)
                        point[0] = 0x02;
                element_rig_write_matcher(rig, slice_of(point, i == 3 ? 64 : 65), &w);
                assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
                assert_sw(element_rig_secured(rig, pair, writer_view(&w)), SW_WRONG_DATA);
                assert_sw(element_rig_secured(rig, pair, nothing), SW_WRONG_DATA);
                memcpy(point, rig->batch_point, sizeof point);
        }
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_NO_REFERENCE); /* the finger was good */
}

/* PAIR, over the open channel: the matcher's key, its point and the element's. */
static void begin_pairing(
        struct element_rig *rig, struct secret *ret_key, uint8_t ret_point[65], uint8_t ret_own[65])
{
        SECRET(scalar);
        uint8_t bytes[80];
        writer w = WRITER(bytes);
        assert_int_equal(p256_generate(&rig->random, &scalar, ret_point, NULL).code, MITOME_OK);
        element_rig_write_matcher(rig, slice_of(ret_point, 65), &w);
        assert_sw(element_rig_secured(rig, pair, writer_view(&w)), SW_OK);
        memcpy(ret_own, element_rig_value(rig, 0x80).data, 65);
        assert_int_equal(pairing_derive(secret_view(&scalar), slice_of(ret_own, 65), slice_of(ret_own, 65),
                                 slice_of(ret_point, 65), ret_key, NULL)
                                 .code,
                MITOME_OK);
}

static void confirmation(const struct secret *key, enum pairing_end end, const uint8_t own[65],
        const uint8_t point[65], uint8_t ret[SHA256_SIZE])
{
        pairing_confirmation(secret_view(key), end, slice_of(own, 65), slice_of(point, 65), ret);
}

static uint16_t send_confirmation(struct element_rig *rig, const uint8_t mac[SHA256_SIZE])
{
        uint8_t bytes[40];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(mac, SHA256_SIZE));
        return element_rig_secured(rig, confirm_pairing, writer_view(&w));
}

/* CONFIRM PAIRING: "6601 another MAC: the pairing that waited is forgotten, the former stands · 6985 none
 * waits" */
static void a_pairing_wants_its_confirmation(void **state)
{
        struct element_rig *rig = *state;
        uint8_t point[65], own[65], mac[SHA256_SIZE], expected[SHA256_SIZE];
        SECRET(key);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        memset(mac, 0, sizeof mac);
        assert_sw(send_confirmation(rig, mac), SW_CONDITIONS);
        for (int i = 0; i < 6; i++) {
                begin_pairing(rig, &key, point, own);
                confirmation(i == 0 ? &rig->pairing_key : &key, i == 1 ? PAIRING_ELEMENT : PAIRING_MATCHER,
                        i == 2 ? point : own, i == 2 ? own : point, mac);
                mac[31] ^= i == 3;
                assert_sw(element_rig_secured(rig, confirm_pairing, nothing), SW_WRONG_DATA);
                if (i == 4) { /* a selection forgets what waited */
                        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
                        assert_sw(send_confirmation(rig, mac), SW_CONDITIONS);
                        continue;
                }
                if (i == 5) { /* the matcher was swapped: another's answer does not fit */
                        struct secret other = { 0 };
                        uint8_t other_point[65], other_own[65];
                        begin_pairing(rig, &other, other_point, other_own);
                        secret_wipe(&other);
                }
                assert_sw(send_confirmation(rig, mac), SW_TOKEN_MAC);
                assert_sw(send_confirmation(rig, mac), SW_CONDITIONS); /* one attempt */
        }
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, FINGER_OPEN);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_NO_REFERENCE); /* the former finger is good */
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        begin_pairing(rig, &key, point, own);
        confirmation(&key, PAIRING_MATCHER, own, point, mac);
        assert_sw(send_confirmation(rig, mac), SW_OK);
        confirmation(&key, PAIRING_ELEMENT, own, point, expected);
        assert_memory_equal(element_rig_value(rig, 0x80).data, expected, sizeof expected);
        assert_sw(send_confirmation(rig, mac), SW_CONDITIONS); /* replayed */
        assert_int_equal(element_rig_state(rig).flags & FINGER_OPEN, 0);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        assert_sw(element_rig_begin(rig, &operation), SW_UNUSABLE);
}

static void a_new_pairing_ends_the_former(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE];
        struct secret former = rig->pairing_key;
        element_rig_pair(rig, NULL);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        assert_sw(element_rig_begin(rig, &operation), SW_UNUSABLE); /* no finger is confirmed */
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        rig->pairing_key = former;
        element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_TOKEN_MAC);
        secret_wipe(&former);
}

/* An operation that was begun for the former matcher is over. */
static void pairing_ends_the_operation(void **state)
{
        struct element_rig *rig = *state;
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[70], point[65], own[65], mac[SHA256_SIZE];
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        writer w = WRITER(bytes);
        SECRET(key);
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        begin_sealed(rig, &operation, token);
        begin_pairing(rig, &key, point, own);
        confirmation(&key, PAIRING_MATCHER, own, point, mac);
        tlv_write(&w, 0x80, SLICE(mac));
        assert_sw(element_rig_secured(rig, confirm_pairing, writer_view(&w)), SW_OK);
        assert_sw(element_rig_get(rig, SLICE(token), 0, nothing), SW_CONDITIONS);
}

/* ---- no key material in any answer ---- */

enum { HIDDEN = 5 };

struct hidden {
        uint8_t bytes[48];
        size_t size;
};

static void hide(struct element_rig *rig, uint32_t object, size_t from, size_t size, struct hidden *ret)
{
        uint8_t buffer[1024];
        slice stored = element_rig_stored(rig, object, buffer, sizeof buffer);
        assert_true(stored.size >= from + size && size <= sizeof ret->bytes);
        memcpy(ret->bytes, stored.data + from, size);
        ret->size = size;
}

static void search_all_commands(struct element_rig *rig, const struct hidden *hidden)
{
        static const uint16_t parameters[] = { 0x0000, 0x0001, 0x0080, 0x0100, 0xFFFF };
        static const uint8_t classes[] = { 0x00, 0x80 };
        static const uint8_t options[] = { 0x85, 0x01, 0x02 };
        for (unsigned i = 0; i < 4 * 256 * sizeof parameters / sizeof *parameters; i++) {
                uint8_t ins = (uint8_t)(i >> 2);
                uint32_t head = (uint32_t)classes[i & 1] << 24 | (uint32_t)ins << 16 | parameters[i >> 10];
                if (head == 0x80180000 && i & 2)
                        continue; /* RESET: then there is nothing left to look for */
                element_rig_command(rig, head, i & 2 ? SLICE(options) : nothing);
                for (size_t n = 0; n < HIDDEN; n++)
                        assert_null(
                                memmem(rig->response, rig->data.size + 2, hidden[n].bytes, hidden[n].size));
        }
}

static void no_key_is_in_any_answer(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], token[UNLOCK_TOKEN_SIZE];
        struct hidden hidden[HIDDEN];
        SECRET(pin_token);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        hide(rig, 0x01000000, 68, 32, &hidden[0]); /* the credential's key */
        hide(rig, 0x0010, 16, 32, &hidden[1]);     /* the batch key */
        hide(rig, 0x0030, 0, 32, &hidden[2]);      /* the pairing key */
        hide(rig, 0x0020, 17, 32, &hidden[3]);     /* the PIN's verifier */
        hide(rig, 0x04000100, 1, 48, &hidden[4]);  /* the card's keys */
        assert_memory_equal(hidden[1].bytes, rig->batch_key.data, 32);
        assert_memory_equal(hidden[2].bytes, rig->pairing_key.data, 32);
        search_all_commands(rig, hidden);
        struct element_rig_operation operation = operation_of(GET, BUILT_IN);
        begin_sealed(rig, &operation, token);
        search_all_commands(rig, hidden);
        begin_enrolment(rig, &operation, &pin_token);
        search_all_commands(rig, hidden);
        operation = operation_of(GET, PRESENCE);
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        search_all_commands(rig, hidden); /* one of them logs in */
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        search_all_commands(rig, hidden);
        for (size_t n = 0; n < HIDDEN; n++)
                assert_null(memmem(rig->medium.image, rig->medium.size, hidden[n].bytes, hidden[n].size));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_NEW(name) cmocka_unit_test_setup_teardown(name, set_up_new, tear_down)
        const struct CMUnitTest tests[] = {
                TEST_NEW(a_new_element_is_a_plain_one),
                TEST(the_state_tells_what_is_there),
                TEST_NEW(the_pin_has_a_form),
                TEST(a_personalised_pin_is_four_digits),
                TEST_NEW(personalisation_narrows_the_pin),
                TEST_NEW(a_token_needs_pin_and_agreement),
                TEST(a_point_off_the_curve_is_no_try),
                TEST(key_agreement_is_renewed),
                TEST(wrong_pins_count),
                TEST_NEW(three_wrong_pins_want_a_reset),
                TEST(power_cycling_wins_no_pin_try),
                TEST(a_cut_after_the_debit_costs_the_try),
                TEST(both_applets_spend_the_same_tries),
                TEST(begin_is_strict),
                TEST(documents_are_no_operation),
                TEST_NEW(the_finger_path_must_be_open),
                TEST(each_challenge_costs_a_try),
                TEST(a_cut_debit_gives_no_challenge),
                TEST(a_blocked_pin_closes_the_finger),
                TEST(the_param_must_be_of_the_token),
                TEST(a_pin_token_ends),
                TEST(a_new_pin_ends_the_token),
                TEST(credentials_are_made_by_finger),
                TEST(flags_tell_what_was_done),
                TEST(presence_that_was_asked_is_needed),
                TEST(nothing_is_done_that_was_not_begun),
                TEST_NEW(no_batch_key_no_credential),
                TEST_NEW(a_plain_element_registers_too),
                TEST(make_credential_is_strict),
                TEST(excluded_credentials_are_told),
                TEST(a_discoverable_credential_is_replaced),
                TEST(a_full_element_says_so),
                TEST(assertions_verify),
                TEST(names_are_told_to_who_verified),
                TEST(credentials_of_others_are_not_found),
                TEST(get_assertion_is_strict),
                TEST(signature_counters_only_rise),
                TEST(a_counter_does_not_wrap),
                TEST(each_byte_of_a_token_is_under_the_mac),
                TEST(the_form_of_a_token_is_checked),
                TEST(a_token_is_good_for_one_challenge),
                TEST(a_token_is_good_for_one_operation),
                TEST(a_changed_set_is_closed),
                TEST(make_credential_checks_tokens_alike),
                TEST(captures_are_checked),
                TEST(a_confirmation_is_checked),
                TEST(enrolment_spends_no_try),
                TEST(an_absent_finger_costs_nothing),
                TEST(a_refund_is_the_matchers_to_give),
                TEST_NEW(the_batch_key_is_stored_once),
                TEST_NEW(too_many_certificates_leave_nothing),
                TEST(pairing_wants_a_point),
                TEST(a_pairing_wants_its_confirmation),
                TEST(a_new_pairing_ends_the_former),
                TEST(pairing_ends_the_operation),
                TEST(no_key_is_in_any_answer),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
