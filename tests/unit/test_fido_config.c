/* SPDX-License-Identifier: Apache-2.0 */
/* CONFIGURE (authenticatorConfig), what it changes, what GET STATE tells of it, and the persistent token with
 * what it shows. Quotations are of PROTOCOL.md. */
#include "element_internal.h"
#include "pin_rig.h"
#include "tlv.h"
#include "user_pin.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GET = 0x02, CLIENT_PIN = 0x06, PRESENCE = 0x01, BUILT_IN = 0x02, DISCOVERABLE = 0x01, PRESENT = 0x02 };
enum { MC = 0x01, GA = 0x02, CM = 0x04, BE = 0x08, LBW = 0x10, ACFG = 0x20, PCMR = 0x40 };
enum {
        ALWAYS_UV = 0x01,
        MUST_CHANGE = 0x02,
        LIST = 0x04,
        ENROLLED = 0x08,
        PERSISTENT = 0x10,
        CYCLE_OWED = 0x20,
        COMPLEX = 0x40
};

static const uint32_t get_state = 0x80100000, get_state_with_identifiers = 0x80100100, configure = 0x801E0000,
                      reset = 0x80180000, forget_token = 0x801A0000, get_uv_token = 0x80160000;
static const slice nothing = { 0 };
static const char rp_id[] = "login.example.go.jp";
static const uint8_t enterprise[] = { 0x01 }, toggle[] = { 0x02 }, touched[] = { 0x85, 1, 0x02 };
static struct element_rig plain, person; /* one with PIN 1234; personalised, paired, one finger */

#define assert_sw(call, wanted) assert_int_equal((call), (wanted))
#define EACH_PROTOCOL(name) for (uint8_t name = 1; name <= 2; name++)

static int make_stencils(void **state)
{
        (void)state;
        element_rig_open(&plain);
        element_rig_store_batch_key(&plain);
        assert_sw(element_rig_select(&plain, element_rig_fido), SW_OK);
        assert_sw(pin_rig_change(&plain, 2, NULL, "1234"), SW_OK);
        element_rig_open(&person);
        element_rig_personalise(&person);
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

static int set_up_new(void **state)
{
        struct element_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
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

static uint8_t state_byte(struct element_rig *rig, uint32_t tag)
{
        assert_sw(element_rig_command(rig, get_state, nothing), SW_OK);
        return element_rig_value(rig, tag).data[0];
}

static uint8_t flags(struct element_rig *rig)
{
        return state_byte(rig, 0x86);
}

static uint8_t minimum(struct element_rig *rig)
{
        return state_byte(rig, 0x84);
}

/* A subcommand with a new token for it. */
static uint16_t configure_by(struct element_rig *rig, uint8_t protocol, const char *pin, slice subcommand)
{
        SECRET(token);
        if (pin_rig_token(rig, protocol, pin, ACFG, NULL, &token) != SW_OK)
                return rig->sw;
        return pin_rig_configure(rig, protocol, &token, subcommand);
}

static uint16_t ask_pin(struct element_rig *rig, const char *pin)
{
        SECRET(token);
        return pin_rig_token(rig, 2, pin, GA, rp_id, &token);
}

static void write_list(struct element_rig *rig, uint8_t on)
{
        const uint8_t list[] = { 0x80, 1, on, 0x81, 1, 'a' };
        assert_sw(element_rig_channel(rig, element_rig_fido, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x803A0000, SLICE(list)), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
}

/* ---- who may ---- */

/* [6.11 3.4] [6.11 3.5] "6982 when it is missing or wrong": no token, another permission, another
 * message, another protocol's form, a token that has ended */
static void a_protected_one_wants_a_token(void **state)
{
        struct element_rig *rig = *state;
        unsigned writes = rig->medium.writes;
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(toggle)), SW_SECURITY_STATUS);
        assert_int_equal(rig->medium.writes, writes);
        EACH_PROTOCOL(protocol)
        for (int permissions = 1; permissions <= 0x3F; permissions++) {
                SECRET(token);
                assert_sw(pin_rig_token(rig, protocol, "1234", permissions, rp_id, &token), SW_OK);
                uint8_t before = flags(rig);
                assert_sw(pin_rig_configure(rig, (uint8_t)(3 - protocol), &token, SLICE(toggle)),
                        SW_SECURITY_STATUS);
                bool may = permissions & ACFG;
                assert_sw(pin_rig_configure(rig, protocol, &token, SLICE(toggle)),
                        may ? SW_OK : SW_SECURITY_STATUS);
                assert_int_equal(flags(rig), may ? before ^ ALWAYS_UV : before);
                token.data[31] ^= 1;
                assert_sw(pin_rig_configure(rig, protocol, &token, SLICE(toggle)), SW_SECURITY_STATUS);
                token.data[31] ^= 1;
                assert_sw(element_rig_command(rig, forget_token, nothing), SW_OK);
                assert_sw(pin_rig_configure(rig, protocol, &token, SLICE(toggle)), SW_SECURITY_STATUS);
        }
        SECRET(legacy);
        assert_sw(pin_rig_token(rig, 2, "1234", -1, NULL, &legacy), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, &legacy, SLICE(toggle)), SW_SECURITY_STATUS);
        SECRET(persistent);
        assert_sw(pin_rig_token(rig, 2, "1234", PCMR, NULL, &persistent), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, &persistent, SLICE(toggle)), SW_SECURITY_STATUS);
}

/* What one parameter authenticates stands for that message: another subcommand, other parameters. */
static void a_parameter_stands_for_its_message(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[128], message[64], param[SHA256_SIZE];
        SECRET(token);
        assert_sw(pin_rig_token(rig, 2, "1234", ACFG, NULL, &token), SW_OK);
        memset(message, 0xFF, sizeof message);
        message[32] = 0x0D;
        message[33] = 0x02;
        (void)pin_rig_param(2, &token, slice_of(message, 34), param);
        for (unsigned number = 0; number <= 0xFF; number++) {
                writer w = WRITER(bytes);
                message[33] = (uint8_t)number;
                tlv_write(&w, 0x84, SLICE(param));
                tlv_write(&w, 0x85, slice_of(message, 34));
                if (number == 0x02)
                        continue;
                /* [6.11 2] "6A81 other subcommands" */
                assert_sw(element_rig_command(rig, configure, writer_view(&w)),
                        number == 0x01 || number == 0x03 ? SW_SECURITY_STATUS : SW_FUNCTION_UNSUPPORTED);
        }
        message[33] = 0x02;
        for (size_t i = 0; i < 33; i++) { /* another command's words */
                writer w = WRITER(bytes);
                message[i] ^= 0x01;
                tlv_write(&w, 0x84, pin_rig_param(2, &token, slice_of(message, 34), param));
                tlv_write(&w, 0x85, slice_of(message, 34));
                assert_sw(element_rig_command(rig, configure, writer_view(&w)), SW_WRONG_DATA);
                message[i] ^= 0x01;
        }
        for (size_t size = 0; size < 34; size++) {
                writer w = WRITER(bytes);
                tlv_write(&w, 0x84, pin_rig_param(2, &token, slice_of(message, size), param));
                tlv_write(&w, 0x85, slice_of(message, size));
                assert_sw(element_rig_command(rig, configure, writer_view(&w)), SW_WRONG_DATA);
        }
        assert_int_equal(flags(rig), 0);
}

/* [6.11 3] "84 is not looked at where there is neither PIN nor confirmed set, and, for 02, also not
 * where alwaysUv is on" */
static void an_unprotected_one_does_without(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t raise[] = { 0x03, 0xA1, 0x01, 0x06 }, higher[] = { 0x03, 0xA1, 0x01, 0x07 };
        SECRET(token);
        token.size = 32;
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(raise)), SW_OK);
        assert_int_equal(minimum(rig), 6);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(toggle)), SW_OK);
        assert_int_equal(flags(rig), ALWAYS_UV);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(higher)), SW_SECURITY_STATUS);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(higher)), SW_SECURITY_STATUS);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(enterprise)), SW_SECURITY_STATUS);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(toggle)), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(higher)), SW_OK); /* not looked at */
        assert_int_equal(minimum(rig), 7);
        assert_sw(pin_rig_change(rig, 2, NULL, "123456"), SW_PIN_POLICY);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234567"), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(toggle)), SW_SECURITY_STATUS);
        assert_sw(configure_by(rig, 1, "1234567", SLICE(toggle)), SW_OK);
}

/* Locked means locked. */
static void a_blocked_pin_configures_nothing(void **state)
{
        struct element_rig *rig = *state;
        SECRET(token);
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, ACFG, NULL, &token), SW_OK);
        for (int i = 0; i < 3; i++)
                assert_sw(ask_pin(rig, "0000"), 0x63C2 - i);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(toggle)), SW_BLOCKED);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(toggle)), SW_BLOCKED);
        assert_int_equal(flags(rig) & ALWAYS_UV, 0);
}

/* ---- 01 and 02 ---- */

/* [6.11.1] "9000 it is on · 6985 it is off: only SET ENTERPRISE LIST switches it on · 6A81 no list" */
static void only_the_station_switches_enterprise_on(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(configure_by(rig, 2, "1234", SLICE(enterprise)), SW_FUNCTION_UNSUPPORTED);
        write_list(rig, 0);
        assert_int_equal(flags(rig), LIST);
        assert_sw(configure_by(rig, 2, "1234", SLICE(enterprise)), SW_CONDITIONS);
        assert_int_equal(state_byte(rig, 0x81) & 0x20, 0);
        write_list(rig, 1);
        assert_sw(configure_by(rig, 1, "1234", SLICE(enterprise)), SW_OK);
        assert_int_equal(state_byte(rig, 0x81) & 0x20, 0x20);
}

/* [6.11.2] [7.2] it stands over power cycles and other PINs, and ends with a reset */
static void always_uv_is_kept(void **state)
{
        struct element_rig *rig = *state;
        assert_sw(configure_by(rig, 2, "1234", SLICE(toggle)), SW_OK);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(flags(rig), ALWAYS_UV);
        assert_sw(pin_rig_change(rig, 2, "1234", "5678"), SW_OK);
        assert_int_equal(flags(rig), ALWAYS_UV);
        assert_sw(configure_by(rig, 1, "5678", SLICE(toggle)), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(configure_by(rig, 1, "5678", SLICE(toggle)), SW_OK);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_int_equal(flags(rig), 0);
}

/* A fault of others: alwaysUv that drifts with what is registered, deleted or renamed. */
static void always_uv_does_not_drift(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        for (uint8_t wanted = 0; wanted < 2; wanted++) {
                assert_int_equal(flags(rig) & ALWAYS_UV, wanted);
                assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
                assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
                assert_sw(element_rig_register(rig, "other.example", 0, id), SW_OK);
                assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
                assert_sw(ask_pin(rig, "0000"), 0x63C2);
                assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_OK);
                write_list(rig, 1);
                assert_int_equal(flags(rig) & ALWAYS_UV, wanted);
                if (!wanted)
                        assert_sw(configure_by(rig, 2, ELEMENT_RIG_PIN, SLICE(toggle)), SW_OK);
        }
}

/* ---- 03 setMinPINLength ---- */

#define PARAMS(...) (const uint8_t[]){ 0x03, __VA_ARGS__ }, sizeof((const uint8_t[]){ 0x03, __VA_ARGS__ })

/* [6.11.4 newMinPINLength] [6.11.4] it only grows, up to 63; [6.11.4] what is malformed is 6A80 */
static void the_minimum_only_grows(void **state)
{
        struct element_rig *rig = *state;
        const struct {
                const uint8_t *bytes;
                size_t size;
                uint16_t sw;
                uint8_t minimum;
        } steps[] = {
                { PARAMS(0xA1, 0x01, 0x03), SW_PIN_POLICY, 4 },
                { PARAMS(0xA1, 0x01, 0x00), SW_PIN_POLICY, 4 },
                { PARAMS(0xA1, 0x01, 0x18, 0x40), SW_PIN_POLICY, 4 },
                { PARAMS(0xA1, 0x01, 0x19, 0x01, 0x04), SW_PIN_POLICY, 4 }, /* 260 is not 4 */
                { PARAMS(0xA1, 0x01, 0x1A, 0xFF, 0xFF, 0xFF, 0xFF), SW_PIN_POLICY, 4 },
                { PARAMS(0xA1, 0x01, 0x1B, 0, 0, 0, 1, 0, 0, 0, 4), SW_WRONG_DATA, 4 },
                { PARAMS(0xA1, 0x01, 0x20), SW_WRONG_DATA, 4 },             /* -1 */
                { PARAMS(0xA1, 0x01, 0x18, 0x08), SW_WRONG_DATA, 4 },       /* not the shortest form */
                { PARAMS(0xA1, 0x01, 0x41, 0x08), SW_WRONG_DATA, 4 },       /* a byte string */
                { PARAMS(0xA2, 0x03, 0xF4, 0x01, 0x08), SW_WRONG_DATA, 4 }, /* keys out of order */
                { PARAMS(0xA2, 0x01, 0x08, 0x01, 0x08), SW_WRONG_DATA, 4 }, /* a key twice */
                { PARAMS(0xBF, 0x01, 0x08, 0xFF), SW_WRONG_DATA, 4 },       /* an indefinite length */
                { PARAMS(0xA1, 0x01), SW_WRONG_DATA, 4 },
                { PARAMS(0xA1, 0x01, 0x08, 0x00), SW_WRONG_DATA, 4 }, /* something behind it */
                { PARAMS(0x81, 0x08), SW_WRONG_DATA, 4 },
                { PARAMS(0xA1, 0x03, 0x01), SW_WRONG_DATA, 4 }, /* no boolean */
                { PARAMS(0xA1, 0x02, 0x61, 'a'), SW_WRONG_DATA, 4 },
                { PARAMS(0xA1, 0x02, 0x81, 0x41, 'a'), SW_WRONG_DATA, 4 },
                { PARAMS(0xA1, 0x02, 0x81, 0x62, 0xC0, 0x80), SW_WRONG_DATA, 4 },
                { PARAMS(0xA1, 0x01, 0x04), SW_OK, 4 },
                { PARAMS(0xA0), SW_OK, 4 },
                { PARAMS(0xA2, 0x01, 0x04, 0x09, 0x07), SW_OK, 4 }, /* a member of a later version */
                { PARAMS(0xA2, 0x01, 0x04, 0x61, 'x', 0x07), SW_OK, 4 },
                { (const uint8_t[]){ 0x03 }, 1, SW_OK, 4 },
        };
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                uint16_t sw = configure_by(rig, 2, "1234", slice_of(steps[i].bytes, steps[i].size));
                if (sw != steps[i].sw)
                        fail_msg("step %zu: %04X", i, sw);
                assert_int_equal(minimum(rig), steps[i].minimum);
                assert_int_equal(flags(rig), 0);
        }
        static const uint8_t to_8[] = { 0x03, 0xA1, 0x01, 0x08 }, to_7[] = { 0x03, 0xA1, 0x01, 0x07 },
                             to_63[] = { 0x03, 0xA1, 0x01, 0x18, 0x3F };
        assert_sw(pin_rig_change(rig, 2, "1234", "a rather long PIN"), SW_OK);
        assert_sw(configure_by(rig, 2, "a rather long PIN", SLICE(to_8)), SW_OK);
        assert_sw(configure_by(rig, 2, "a rather long PIN", SLICE(to_7)), SW_PIN_POLICY);
        assert_int_equal(minimum(rig), 8);
        assert_int_equal(flags(rig), 0); /* this one is long enough */
        assert_sw(pin_rig_change(rig, 2, "a rather long PIN", "seven.."), SW_PIN_POLICY);
        assert_sw(pin_rig_change(rig, 2, "a rather long PIN", "eight..."), SW_OK);
        assert_sw(configure_by(rig, 1, "eight...", SLICE(to_63)), SW_OK);
        assert_int_equal(minimum(rig), 63);
        assert_int_equal(flags(rig), MUST_CHANGE);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_int_equal(minimum(rig), 4);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        assert_int_equal(flags(rig), 0);
}

/* [6.11.4 force] [6.11.4 tokens] [6.11.4] code points are counted, not bytes; [6.11.4] the tokens end
 */
static void a_short_pin_has_to_be_changed(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t to_6[] = { 0x03, 0xA1, 0x01, 0x06 };
        static const char five[] =
                "\xE3\x81\x82\xE3\x81\x84\xE3\x81\x86\xE3\x81\x88\xE3\x81\x8A"; /* 15 bytes */
        SECRET(token);
        SECRET(persistent);
        assert_sw(pin_rig_change(rig, 2, "1234", five), SW_OK);
        assert_sw(pin_rig_token(rig, 2, five, PCMR, NULL, &persistent), SW_OK);
        assert_sw(pin_rig_token(rig, 2, five, ACFG, NULL, &token), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(to_6)), SW_OK);
        assert_int_equal(flags(rig), MUST_CHANGE);
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(toggle)), SW_SECURITY_STATUS);
        EACH_PROTOCOL(protocol)
        {
                assert_sw(pin_rig_token(rig, protocol, five, GA, rp_id, &token), SW_PIN_CHANGE_FIRST);
                assert_sw(pin_rig_change(rig, protocol, five, five), SW_PIN_POLICY);
        }
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(flags(rig), MUST_CHANGE);
        assert_sw(pin_rig_change(rig, 2, five, "123456"), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(ask_pin(rig, "123456"), SW_OK);
}

/* [6.11.4 forceChangePin] [6.11.4] "6984 a change is forced and there is no PIN" */
static void a_change_is_forced(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t force[] = { 0x03, 0xA1, 0x03, 0xF5 }, no_force[] = { 0x03, 0xA1, 0x03, 0xF4 };
        SECRET(token);
        assert_sw(configure_by(rig, 2, "1234", SLICE(no_force)), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(pin_rig_token(rig, 1, "1234", ACFG | LBW, NULL, &token), SW_OK);
        assert_sw(pin_rig_configure(rig, 1, &token, SLICE(force)), SW_OK);
        assert_sw(pin_rig_configure(rig, 1, &token, SLICE(no_force)), SW_SECURITY_STATUS);
        assert_int_equal(flags(rig), MUST_CHANGE);
        assert_int_equal(minimum(rig), 4);
        assert_sw(ask_pin(rig, "1234"), SW_PIN_CHANGE_FIRST);
        assert_sw(pin_rig_change(rig, 2, "1234", "1234"), SW_PIN_POLICY);
        assert_sw(pin_rig_change(rig, 2, "1234", "1235"), SW_OK);
        assert_sw(ask_pin(rig, "1235"), SW_OK);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_sw(pin_rig_configure(rig, 2, NULL, SLICE(force)), SW_UNUSABLE);
        assert_int_equal(flags(rig), 0);
}

/* The finger is no PIN: it opens what it opens while a change is forced. */
static void a_forced_change_leaves_the_finger(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t force[] = { 0x03, 0xA1, 0x03, 0xF5 };
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_sw(configure_by(rig, 2, ELEMENT_RIG_PIN, SLICE(force)), SW_OK);
        assert_int_equal(flags(rig), MUST_CHANGE | ENROLLED);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        assert_sw(element_rig_enrol(rig, ELEMENT_RIG_PIN), SW_PIN_CHANGE_FIRST);
        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "8642"), SW_OK);
        assert_int_equal(flags(rig), ENROLLED);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
}

static slice list_of(unsigned count, writer *w)
{
        write_u8(w, 0x03);
        write_u8(w, 0xA1);
        write_u8(w, 0x02);
        write_u8(w, (uint8_t)(0x80 | count));
        for (unsigned i = 0; i < count; i++) {
                write_u8(w, 0x68);
                write_slice(w, slice_text("rp.test"));
                write_u8(w, (uint8_t)('0' + i));
        }
        return writer_view(w);
}

static bool is_listed(const struct element_rig *rig, const char *rp)
{
        uint8_t hash[SHA256_SIZE];
        const slice text = slice_text(rp);
        sha256(&text, 1, hash);
        return fido_min_pin_lists(rig->element, SLICE(hash));
}

/* [6.11.4 minPinLengthRPIDs] [6.11.4] [7.4] up to eight, the whole list anew; "6A84 more RP IDs" */
static void relying_parties_learn_the_minimum(void **state)
{
        struct element_rig *rig = *state;
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        assert_false(is_listed(rig, "rp.test0"));
        assert_sw(configure_by(rig, 2, "1234", list_of(8, &w)), SW_OK);
        assert_true(is_listed(rig, "rp.test0"));
        assert_true(is_listed(rig, "rp.test7"));
        assert_false(is_listed(rig, "rp.test8"));
        assert_false(is_listed(rig, "rp.test"));
        assert_false(is_listed(rig, ""));
        w = WRITER(bytes);
        assert_sw(configure_by(rig, 2, "1234", list_of(9, &w)), SW_FULL);
        assert_true(is_listed(rig, "rp.test7")); /* nothing has changed */
        w = WRITER(bytes);
        assert_sw(configure_by(rig, 2, "1234", list_of(1, &w)), SW_OK);
        assert_true(is_listed(rig, "rp.test0"));
        assert_false(is_listed(rig, "rp.test7"));
        static const uint8_t only_length[] = { 0x03, 0xA1, 0x01, 0x04 };
        assert_sw(configure_by(rig, 2, "1234", SLICE(only_length)), SW_OK);
        assert_true(is_listed(rig, "rp.test0")); /* a list that is not there changes none */
        element_rig_cycle(rig);
        assert_true(is_listed(rig, "rp.test0"));
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        w = WRITER(bytes);
        assert_sw(configure_by(rig, 2, "1234", list_of(0, &w)), SW_OK);
        assert_false(is_listed(rig, "rp.test0"));
        w = WRITER(bytes);
        assert_sw(configure_by(rig, 2, "1234", list_of(8, &w)), SW_OK);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_false(is_listed(rig, "rp.test0"));
}

/* Eight of the longest RP IDs are sendable; the message has a maximum. */
static void the_longest_list_is_taken(void **state)
{
        struct element_rig *rig = *state;
        static uint8_t message[3100];
        writer w = WRITER(message);
        write_slice(&w, slice_of((const uint8_t[]){ 0x03, 0xA1, 0x02, 0x88 }, 4));
        for (unsigned i = 0; i < 8; i++) {
                write_u8(&w, 0x78);
                write_u8(&w, 255);
                for (int j = 0; j < 255; j++)
                        write_u8(&w, (uint8_t)('a' + i));
        }
        assert_sw(configure_by(rig, 2, "1234", writer_view(&w)), SW_OK);
        message[5] = 254; /* one too short: what follows is no RP ID */
        assert_sw(configure_by(rig, 2, "1234", writer_view(&w)), SW_WRONG_DATA);
        w.used = 3050;
        assert_sw(configure_by(rig, 2, "1234", writer_view(&w)), SW_WRONG_DATA);
}

/* [2.2 6.11.4 pinComplexityPolicy] once on it stays on; a PIN that may be too simple has to be changed */
static void simple_pins_are_refused_where_asked(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t complex[] = { 0x03, 0xA1, 0x04, 0xF5 }, simple[] = { 0x03, 0xA1, 0x04, 0xF4 };
        static const char *const runs[] = { "0000", "1234", "4321", "abcdefgh",
                "\xE3\x81\x82\xE3\x81\x82\xE3\x81\x82\xE3\x81\x82",
                "\xE3\x81\x82\xE3\x81\x83\xE3\x81\x84\xE3\x81\x85",
                "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80" };
        static const char *const others[] = { "1357", "1235", "0001", "1233", "1212", "abce", "2580" };
        assert_sw(pin_rig_change(rig, 2, "1234", "0000"), SW_OK); /* it is a matter of taste */
        assert_sw(configure_by(rig, 2, "0000", SLICE(simple)), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(configure_by(rig, 2, "0000", SLICE(complex)), SW_OK);
        assert_int_equal(flags(rig), COMPLEX | MUST_CHANGE);
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
                assert_sw(pin_rig_change(rig, 2, "0000", runs[i]), SW_PIN_POLICY);
        const char *now = "0000";
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                assert_sw(pin_rig_change(rig, 2, now, others[i]), SW_OK);
                now = others[i];
        }
        assert_int_equal(flags(rig), COMPLEX);
        assert_sw(configure_by(rig, 2, now, SLICE(simple)), SW_OK);
        assert_sw(configure_by(rig, 2, now, SLICE(complex)), SW_OK); /* again: nothing is to be changed */
        assert_sw(configure_by(rig, 2, now, SLICE(toggle)), SW_OK);
        assert_int_equal(flags(rig), COMPLEX | ALWAYS_UV);
        assert_sw(configure_by(rig, 2, now, SLICE(toggle)), SW_OK);
        assert_int_equal(flags(rig), COMPLEX);
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
}

/* "where JPKI certificates are, another than 4, or 04": the user-verification PIN is the law's */
static void a_persons_pin_keeps_its_form(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t same[] = { 0x03, 0xA1, 0x01, 0x04 }, more[] = { 0x03, 0xA1, 0x01, 0x05 },
                             complex[] = { 0x03, 0xA1, 0x04, 0xF5 };
        assert_sw(configure_by(rig, 2, ELEMENT_RIG_PIN, SLICE(same)), SW_OK);
        assert_sw(configure_by(rig, 2, ELEMENT_RIG_PIN, SLICE(more)), SW_PIN_POLICY);
        assert_sw(configure_by(rig, 2, ELEMENT_RIG_PIN, SLICE(complex)), SW_PIN_POLICY);
        assert_int_equal(minimum(rig), 4);
        assert_int_equal(flags(rig), ENROLLED);
        assert_sw(configure_by(rig, 2, ELEMENT_RIG_PIN, SLICE(toggle)), SW_OK);
}

/* A minimum that its holder had raised does not stand when the element becomes a person's, nor is it
 * forgotten when that is over. */
static void personalisation_overrides_the_minimum(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t to_6[] = { 0x03, 0xA1, 0x01, 0x06 };
        assert_sw(configure_by(rig, 2, "1234", SLICE(to_6)), SW_OK);
        assert_int_equal(flags(rig), MUST_CHANGE);
        assert_sw(pin_rig_change(rig, 2, "1234", "654321"), SW_OK);
        element_rig_generate(rig, 0x97);
        element_rig_certify(rig, 0x000A, 1200);
        assert_sw(element_rig_secured(rig, 0x802C0098, slice_text("8642")), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(minimum(rig), 4);
        assert_int_equal(flags(rig), 0);
        assert_sw(ask_pin(rig, "8642"), SW_OK);
        assert_sw(element_rig_channel(rig, element_rig_jpki, &element_rig_keys), SW_OK);
        assert_sw(element_rig_secured(rig, 0x800E0097, nothing), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(minimum(rig), 6);
}

/* A PIN that was set before its length was written down counts as the shortest. */
static void a_pin_of_former_times_counts_as_short(void **state)
{
        struct element_rig *rig = *state;
        static const uint8_t to_5[] = { 0x03, 0xA1, 0x01, 0x05 };
        uint8_t bytes[8];
        assert_sw(pin_rig_change(rig, 2, "1234", "a rather long PIN"), SW_OK);
        assert_int_equal(element_rig_stored(rig, OBJECT_PIN_FACTS, bytes, sizeof bytes).size, 2);
        element_rig_off(rig);
        element_rig_store(rig, OBJECT_PIN_FACTS, nothing);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_sw(configure_by(rig, 2, "a rather long PIN", SLICE(to_5)), SW_OK);
        assert_int_equal(flags(rig), MUST_CHANGE);
        assert_sw(pin_rig_change(rig, 2, "a rather long PIN", "12345"), SW_OK);
        assert_int_equal(flags(rig), 0);
}

/* ---- GET STATE ---- */

static uint32_t uv_count(struct element_rig *rig)
{
        uint32_t count;
        assert_sw(element_rig_command(rig, get_state, nothing), SW_OK);
        slice value = element_rig_value(rig, 0x8A);
        reader r = reader_over(value, NULL, NULL);
        assert_int_equal(value.size, 4);
        assert_false(failed(read_u32(&r, "count", &count)));
        return count;
}

/* [2.2 6.4 0x17] "8A captures since the PIN was entered last": also failed ones; any entering of the PIN ends
 * them */
static void captures_are_counted(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_int_equal(uv_count(rig), 0);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        for (uint32_t i = 2; i < 6; i++) {
                assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
                assert_int_equal(uv_count(rig), i);
        }
        struct element_rig_operation operation = { .command = GET, .rp_id = rp_id, .options = BUILT_IN };
        assert_sw(element_rig_begin(rig, &operation), SW_OK); /* and nothing comes of it */
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(uv_count(rig), 6);
        assert_sw(element_rig_begin(rig, &operation), SW_OK); /* a finger that was never presented is none */
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[128];
        writer w = WRITER(bytes);
        element_rig_seal(rig, &operation, UNLOCK_ABSENT, token);
        tlv_write(&w, 0x80, SLICE(token));
        assert_int_equal(uv_count(rig), 7);
        assert_sw(element_rig_command(rig, 0x802E0000, writer_view(&w)), SW_OK);
        assert_int_equal(uv_count(rig), 6);
        assert_sw(ask_pin(rig, "0000"), 0x63C2);
        assert_int_equal(uv_count(rig), 6);
        assert_sw(ask_pin(rig, ELEMENT_RIG_PIN), SW_OK);
        assert_int_equal(uv_count(rig), 0);
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_jpki), SW_OK);
        assert_sw(element_rig_select_file(rig, 0x0018), SW_OK);
        assert_sw(element_rig_command(rig, 0x00200080, slice_text(ELEMENT_RIG_PIN)), SW_OK);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(uv_count(rig), 0);
}

static unsigned discoverable(struct element_rig *rig)
{
        assert_sw(element_rig_command(rig, get_state, nothing), SW_OK);
        slice value = element_rig_value(rig, 0x87);
        return (unsigned)value.data[0] << 8 | value.data[1];
}

static void discoverable_ones_are_counted(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        assert_int_equal(discoverable(rig), 0);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id),
                SW_OK); /* of the same user: in its place */
        assert_sw(element_rig_register(rig, rp_id, 0, id), SW_OK);
        assert_sw(element_rig_register(rig, "other.example", DISCOVERABLE, id), SW_OK);
        assert_int_equal(discoverable(rig), 2);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        assert_int_equal(discoverable(rig), 2); /* before anything is looked for, and then */
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        assert_int_equal(discoverable(rig), 2);
}

static void the_state_is_asked_in_two_ways(void **state)
{
        struct element_rig *rig = *state;
        for (uint32_t p1 = 2; p1 <= 0xFF; p1++)
                assert_sw(element_rig_command(rig, get_state | p1 << 8, nothing), SW_WRONG_P1P2);
        for (uint32_t p2 = 1; p2 <= 0xFF; p2++)
                assert_sw(element_rig_command(rig, get_state_with_identifiers | p2, nothing), SW_WRONG_P1P2);
        assert_sw(element_rig_command(rig, get_state_with_identifiers, slice_text("x")), SW_WRONG_DATA);
        /* no other command takes a P1 */
        static const uint32_t heads[] = { 0x80120100, 0x80140100, 0x80180100, 0x801A0100, 0x801C0100,
                0x801E0100 };
        for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
                assert_sw(element_rig_command(rig, heads[i], nothing), SW_WRONG_P1P2);
}

/* ---- the persistent token ---- */

static bool answers_identifiers(struct element_rig *rig)
{
        slice value;
        assert_sw(element_rig_command(rig, get_state_with_identifiers, nothing), SW_OK);
        assert_false(failed(tlv_find_optional(rig->data, 0x8B, "encIdentifier", &value, NULL)));
        bool first = value.data != NULL;
        assert_false(failed(tlv_find_optional(rig->data, 0x8C, "encCredStoreState", &value, NULL)));
        assert_int_equal(first, value.data != NULL);
        return first;
}

/* As a platform decrypts a member of getInfo. */
static void decrypt(slice sealed, const char *name, const struct secret *token, uint8_t ret[16])
{
        int size = 0;
        SECRET(key);
        assert_int_equal(sealed.size, 32);
        hkdf_sha256((slice){ 0 }, secret_view(token), slice_text(name), &key);
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        assert_int_equal(EVP_DecryptInit_ex(context, EVP_aes_128_cbc(), NULL, key.data, sealed.data), 1);
        assert_int_equal(EVP_CIPHER_CTX_set_padding(context, 0), 1);
        assert_int_equal(EVP_DecryptUpdate(context, ret, &size, sealed.data + 16, 16), 1);
        assert_int_equal(size, 16);
        EVP_CIPHER_CTX_free(context);
}

struct shown {
        uint8_t identifier[16], state[16];
};

static struct shown look(struct element_rig *rig, const struct secret *token)
{
        struct shown shown;
        uint8_t first[32];
        assert_true(answers_identifiers(rig));
        memcpy(first, element_rig_value(rig, 0x8B).data, sizeof first);
        decrypt(element_rig_value(rig, 0x8B), "encIdentifier", token, shown.identifier);
        decrypt(element_rig_value(rig, 0x8C), "encCredStoreState", token, shown.state);
        assert_true(answers_identifiers(rig)); /* [2.2 6.4 0x19] with another IV each time */
        assert_memory_not_equal(first, element_rig_value(rig, 0x8B).data, 16);
        assert_memory_not_equal(first, element_rig_value(rig, 0x8B).data + 16, 16);
        return shown;
}

/* [2.2 6.5.2.1] one value, whoever asks, by whichever protocol, over power cycles */
static void a_persistent_token_stands(void **state)
{
        struct element_rig *rig = *state;
        SECRET(first);
        assert_int_equal(flags(rig), 0);
        assert_false(answers_identifiers(rig));
        assert_sw(pin_rig_token(rig, 2, "1234", PCMR, NULL, &first), SW_OK);
        assert_int_equal(flags(rig), PERSISTENT);
        for (int i = 0; i < 4; i++) {
                SECRET(again);
                assert_sw(
                        pin_rig_token(rig, (uint8_t)(1 + i % 2), "1234", PCMR, i < 2 ? NULL : rp_id, &again),
                        SW_OK);
                assert_true(slice_equal(secret_view(&first), secret_view(&again)));
                element_rig_cycle(rig);
                assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        }
        unsigned writes = rig->medium.writes;
        SECRET(again);
        assert_sw(pin_rig_token(rig, 2, "1234", PCMR, NULL, &again), SW_OK);
        assert_true(rig->medium.writes <= writes + 2); /* the try, and the tries again: it is there already */
        assert_sw(pin_rig_change(rig, 2, "1234", "5678"), SW_OK);
        assert_int_equal(flags(rig), 0);
        assert_false(answers_identifiers(rig));
        assert_sw(pin_rig_token(rig, 2, "5678", PCMR, NULL, &again), SW_OK);
        assert_false(slice_equal(secret_view(&first), secret_view(&again)));
}

static bool authorises(const struct element_rig *rig, uint8_t protocol, const struct secret *token)
{
        static const uint8_t message[] = { 0x02 };
        uint8_t param[SHA256_SIZE];
        slice mac = pin_rig_param(protocol, token, SLICE(message), param);
        bool right = fido_persistent_authorises(rig->element, SLICE(message), mac);
        static const uint8_t other[] = { 0x04 };
        assert_false(fido_persistent_authorises(rig->element, SLICE(other), mac));
        assert_false(fido_persistent_authorises(rig->element, SLICE(message), slice_of(param, mac.size - 1)));
        assert_false(fido_persistent_authorises(rig->element, SLICE(message), nothing));
        return right;
}

/* [2.2 6.8] it is taken in the form of a protocol that it was asked for by, and for nothing else; it
 * begins and ends no other token */
static void a_persistent_token_only_reads(void **state)
{
        struct element_rig *rig = *state;
        SECRET(persistent);
        SECRET(token);
        struct element_rig_operation operation = { .command = GET,
                .rp_id = rp_id,
                .client_data_hash = { 0xCD },
                .options = PRESENCE,
                .pin = &token };
        assert_sw(pin_rig_token(rig, 2, "1234", GA | ACFG, rp_id, &token), SW_OK);
        assert_sw(pin_rig_token(rig, 1, "1234", PCMR, NULL, &persistent), SW_OK);
        assert_true(authorises(rig, 1, &persistent));
        assert_false(authorises(rig, 2, &persistent));
        assert_false(authorises(rig, 1, &token));
        assert_sw(pin_rig_configure(rig, 2, &token, SLICE(toggle)), SW_OK); /* the other one is still there */
        assert_sw(element_rig_begin(rig, &operation), SW_OK);
        operation.pin = &persistent;
        assert_sw(element_rig_begin(rig, &operation), SW_SECURITY_STATUS);
        assert_sw(pin_rig_configure(rig, 1, &persistent, SLICE(toggle)), SW_SECURITY_STATUS);
        assert_sw(pin_rig_token(rig, 2, "1234", PCMR, NULL, &persistent), SW_OK);
        assert_true(authorises(rig, 1, &persistent));
        assert_true(authorises(rig, 2, &persistent));
        assert_sw(element_rig_command(rig, forget_token, nothing), SW_OK);
        assert_true(authorises(rig, 2, &persistent));
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_false(authorises(rig, 1, &persistent));
        assert_false(authorises(rig, 2, &persistent));
}

/* [6.5.5.7.3 3] by finger, too */
static void a_finger_gets_one(void **state)
{
        struct element_rig *rig = *state;
        struct pin_rig exchange;
        uint8_t token[UNLOCK_TOKEN_SIZE], bytes[256];
        EACH_PROTOCOL(protocol)
        {
                SECRET(value);
                struct element_rig_operation operation = {
                        .command = CLIENT_PIN, .options = BUILT_IN, .permissions = PCMR
                };
                writer w = WRITER(bytes);
                assert_sw(pin_rig_agree(rig, protocol, &exchange), SW_OK);
                assert_sw(element_rig_begin(rig, &operation), SW_OK);
                element_rig_seal(rig, &operation, UNLOCK_VERIFIED, token);
                pin_rig_write_agreement(&w, &exchange);
                tlv_write(&w, 0x82, SLICE(token));
                assert_sw(element_rig_command(rig, get_uv_token, writer_view(&w)), SW_OK);
                pin_rig_decrypt(&exchange, element_rig_value(rig, 0x80), &value);
                assert_int_equal(value.size, 32);
                assert_true(authorises(rig, protocol, &value));
                operation.permissions = PCMR | CM;
                assert_sw(element_rig_begin(rig, &operation), SW_WRONG_DATA);
        }
}

/* [2.2 6.4 0x19] the device stays itself until a reset; [2.3 6.4 0x1E] the state changes with the
 * discoverable credentials, and with nothing else */
static void its_holder_knows_the_device(void **state)
{
        struct element_rig *rig = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        SECRET(token);
        assert_sw(pin_rig_token(rig, 2, ELEMENT_RIG_PIN, PCMR, NULL, &token), SW_OK);
        struct shown first = look(rig, &token), now;
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK);
        now = look(rig, &token);
        assert_memory_equal(first.identifier, now.identifier, 16);
        assert_memory_not_equal(first.state, now.state, 16);
        struct shown before = now;
        assert_sw(element_rig_log_in(rig, rp_id, nothing), SW_OK);
        assert_sw(element_rig_register(rig, "other.example", 0, id), SW_OK);
        element_rig_cycle(rig);
        assert_sw(element_rig_select(rig, element_rig_fido), SW_OK);
        now = look(rig, &token);
        assert_memory_equal(before.state, now.state, 16);
        assert_sw(element_rig_register(rig, rp_id, DISCOVERABLE, id), SW_OK); /* in the place of the former */
        now = look(rig, &token);
        assert_memory_not_equal(before.state, now.state, 16);
        before = now;
        /* another PIN, another token: the same device in the same state */
        assert_sw(pin_rig_change(rig, 2, ELEMENT_RIG_PIN, "8642"), SW_OK);
        assert_sw(element_rig_register(rig, "third.example", DISCOVERABLE, id), SW_OK);
        SECRET(next);
        assert_sw(pin_rig_token(rig, 2, "8642", PCMR, NULL, &next), SW_OK);
        now = look(rig, &next);
        assert_memory_equal(first.identifier, now.identifier, 16);
        assert_memory_not_equal(before.state, now.state, 16); /* what was made in between is noticed */
        assert_sw(element_rig_command(rig, reset, SLICE(touched)), SW_OK);
        assert_false(answers_identifiers(rig));
        assert_sw(pin_rig_change(rig, 2, NULL, "1234"), SW_OK);
        assert_sw(pin_rig_token(rig, 2, "1234", PCMR, NULL, &token), SW_OK);
        now = look(rig, &token);
        assert_memory_not_equal(first.identifier, now.identifier, 16); /* a new owner's is another one */
        assert_memory_not_equal(first.state, now.state, 16);
}

#define NEW(name) cmocka_unit_test_setup_teardown(name, set_up_new, tear_down)
#define PLAIN(name) cmocka_unit_test_setup_teardown(name, set_up_plain, tear_down)
#define PERSON(name) cmocka_unit_test_setup_teardown(name, set_up_person, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                PLAIN(a_protected_one_wants_a_token),
                PLAIN(a_parameter_stands_for_its_message),
                NEW(an_unprotected_one_does_without),
                PERSON(a_blocked_pin_configures_nothing),
                PLAIN(only_the_station_switches_enterprise_on),
                PLAIN(always_uv_is_kept),
                PERSON(always_uv_does_not_drift),
                PLAIN(the_minimum_only_grows),
                PLAIN(a_short_pin_has_to_be_changed),
                PLAIN(a_change_is_forced),
                PERSON(a_forced_change_leaves_the_finger),
                PLAIN(relying_parties_learn_the_minimum),
                PLAIN(the_longest_list_is_taken),
                PLAIN(simple_pins_are_refused_where_asked),
                PERSON(a_persons_pin_keeps_its_form),
                PLAIN(personalisation_overrides_the_minimum),
                PLAIN(a_pin_of_former_times_counts_as_short),
                PERSON(captures_are_counted),
                PERSON(discoverable_ones_are_counted),
                PLAIN(the_state_is_asked_in_two_ways),
                PLAIN(a_persistent_token_stands),
                PLAIN(a_persistent_token_only_reads),
                PERSON(a_finger_gets_one),
                PERSON(its_holder_knows_the_device),
        };
        return cmocka_run_group_tests(tests, make_stencils, drop_stencils);
}
