/* SPDX-License-Identifier: Apache-2.0 */
/* authenticatorConfig (CTAP 2.1, 6.11) of the core: who may, and that what the token signed is what the
 * element is given. What it does is the element's (test_fido_pin.c). */
#include "core_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Woverride-init"

enum { CONFIG = 0x0D, ENTERPRISE = 1, ALWAYS_UV = 2, MIN_PIN = 3 };

static const uint8_t param[64] = { 0xA0 };
/* {1: 6, 2: ["example.com"], 3: true} */
static const uint8_t params[] = { 0xA3, 0x01, 0x06, 0x02, 0x81, 0x6B, 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.',
        'c', 'o', 'm', 0x03, 0xF5 };

static int set_up(void **state)
{
        static const struct core_config config = { .transports = MITOME_TRANSPORT_USB };
        *state = core_rig_new(&config);
        return 0;
}

static int tear_down(void **state)
{
        core_rig_free(*state);
        return 0;
}

struct wish {
        int subcommand, param, protocol; /* negative: left out */
        slice params;
};

#define WISH(...)                                                               \
        &(const struct wish)                                                    \
        {                                                                       \
                .subcommand = MIN_PIN, .param = -1, .protocol = -1, __VA_ARGS__ \
        }

static void ask(struct core_rig *rig, const struct wish *wish)
{
        writer *w = core_rig_begin(rig, CONFIG,
                (size_t)(wish->subcommand >= 0) + (wish->params.size > 0) + (wish->protocol >= 0) +
                        (wish->param >= 0));
        if (wish->subcommand >= 0) {
                cbor_write_uint(w, 1);
                cbor_write_uint(w, (uint64_t)wish->subcommand);
        }
        if (wish->params.size) {
                cbor_write_uint(w, 2);
                write_slice(w, wish->params);
        }
        if (wish->protocol >= 0) {
                cbor_write_uint(w, 3);
                cbor_write_uint(w, (uint64_t)wish->protocol);
        }
        if (wish->param >= 0) {
                cbor_write_uint(w, 4);
                cbor_write_bytes(w, slice_of(param, (size_t)wish->param));
        }
        core_rig_go(rig);
}

/* [6.11 4] 32 times FF, 0D, the subcommand, its parameters as they came */
static void expect_message(const struct core_rig *rig, uint8_t subcommand, slice parameters)
{
        uint8_t message[100];
        writer w = WRITER(message);
        for (int i = 0; i < 32; i++)
                write_u8(&w, 0xFF);
        write_u8(&w, 0x0D);
        write_u8(&w, subcommand);
        write_slice(&w, parameters);
        core_rig_same(core_rig_tag(core_rig_expect_apdu(rig, RIG_CONFIGURE), 0x85), message, w.used);
}

/* [6.11 3.4] [6.11 3.5] by both protocols */
static void what_was_signed_is_what_is_done(void **state)
{
        struct core_rig *rig = *state;
        rig->state.flags = RIG_PIN;
        for (int protocol = 1; protocol <= 2; protocol++) {
                for (int subcommand = ENTERPRISE; subcommand <= MIN_PIN; subcommand++) {
                        slice parameters = subcommand == MIN_PIN ? SLICE(params) : (slice){ 0 };
                        ask(rig, WISH(.subcommand = subcommand, .params = parameters, .protocol = protocol,
                                         .param = 16 * protocol));
                        core_rig_answer_state(rig);
                        expect_message(rig, (uint8_t)subcommand, parameters);
                        core_rig_same(core_rig_tag(core_rig_expect_apdu(rig, RIG_CONFIGURE), 0x84), param,
                                (size_t)(16 * protocol));
                        core_rig_respond(rig, (slice){ 0 }, SW_OK);
                        core_rig_expect_status(rig, CTAP2_OK);
                        assert_int_equal(rig->answer.size, 1);
                }
        }
}

/* [6.11 3] an authenticator that nothing protects takes it from anybody; a parameter that comes along counts
 * for nothing. [6.11.2] alwaysUv without a PIN can be switched off again, and only that goes. */
static void who_needs_a_token(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint8_t flags, flags2;
                int subcommand;
                bool needs;
        } cases[] = {
                { 0, 0, MIN_PIN, false },
                { 0, 0, ALWAYS_UV, false },
                { RIG_PIN, 0, MIN_PIN, true },
                { RIG_PIN, 0, ALWAYS_UV, true },
                { RIG_PIN, RIG_ALWAYS_UV, ALWAYS_UV, true },
                { RIG_PAIRED, RIG_ENROLLED, MIN_PIN, true },
                { 0, RIG_ALWAYS_UV, MIN_PIN, true },
                { 0, RIG_ALWAYS_UV, ENTERPRISE, true },
                { 0, RIG_ALWAYS_UV, ALWAYS_UV, false },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                rig->state.flags = cases[i].flags;
                rig->state.flags2 = cases[i].flags2;
                ask(rig, WISH(.subcommand = cases[i].subcommand));
                core_rig_answer_state(rig);
                if (cases[i].needs) {
                        core_rig_expect_status(rig, CTAP2_ERR_PUAT_REQUIRED); /* [6.11 3.1] */
                        continue;
                }
                expect_message(rig, (uint8_t)cases[i].subcommand, (slice){ 0 });
                core_rig_respond(rig, (slice){ 0 }, SW_OK);
                ask(rig, WISH(.subcommand = cases[i].subcommand, .param = 32, .protocol = 2));
                core_rig_answer_state(rig);
                assert_null(core_rig_tag(core_rig_expect_apdu(rig, RIG_CONFIGURE), 0x84).data);
                core_rig_respond(rig, (slice){ 0 }, SW_OK);
                core_rig_expect_status(rig, CTAP2_OK);
        }
}

static void bad_authorisations_are_refused(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                int param, protocol;
                enum ctap_status status;
        } cases[] = {
                { 32, -1, CTAP2_ERR_MISSING_PARAMETER }, /* [6.11 3.2] */
                { 32, 0, CTAP1_ERR_INVALID_PARAMETER },  /* [6.11 3.3] */
                { 32, 3, CTAP1_ERR_INVALID_PARAMETER },  /* [6.11 3.3] */
                { 16, 2, CTAP2_ERR_PIN_AUTH_INVALID },
                { 32, 1, CTAP2_ERR_PIN_AUTH_INVALID },
                { 0, 1, CTAP2_ERR_PIN_AUTH_INVALID },
                { 64, 2, CTAP2_ERR_PIN_AUTH_INVALID },
        };
        rig->state.flags = RIG_PIN;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask(rig, WISH(.param = cases[i].param, .protocol = cases[i].protocol));
                core_rig_answer_state(rig);
                core_rig_expect_status(rig, cases[i].status);
        }
}

static void what_the_element_says_is_told(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint16_t sw;
                enum ctap_status status;
        } cases[] = {
                { SW_SECURITY_STATUS, CTAP2_ERR_PIN_AUTH_INVALID },       /* [6.11 3.4] [6.11 3.5] */
                { SW_CONDITIONS, CTAP2_ERR_NOT_ALLOWED },                 /* [6.11.1] only the station may */
                { SW_FUNCTION_UNSUPPORTED, CTAP1_ERR_INVALID_PARAMETER }, /* [6.11.1] there is no list */
                { SW_PIN_POLICY, CTAP2_ERR_PIN_POLICY_VIOLATION },        /* [6.11.4] shorter than now */
                { SW_UNUSABLE, CTAP2_ERR_PIN_NOT_SET },                   /* [6.11.4] no PIN to be changed */
                { SW_FULL, CTAP2_ERR_KEY_STORE_FULL },                    /* [6.11.4] too many RP IDs */
                { SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER },
                { SW_MEMORY_FAILURE, CTAP1_ERR_OTHER },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask(rig, WISH(.params = SLICE(params)));
                core_rig_answer_state(rig);
                core_rig_expect_apdu(rig, RIG_CONFIGURE);
                core_rig_respond(rig, (slice){ 0 }, cases[i].sw);
                core_rig_expect_status(rig, cases[i].status);
        }
        core_rig_expect_idle(rig);
}

/* [6.11.3] [6.11 1] [6.11 2] the vendor prototype (FF) is not supported */
static void subcommands_are_checked(void **state)
{
        struct core_rig *rig = *state;
        static const int unknown[] = { 0, 4, 5, 254, 255 };
        ask(rig, WISH(.subcommand = -1));
        core_rig_expect_status(rig, CTAP2_ERR_MISSING_PARAMETER);
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
                ask(rig, WISH(.subcommand = unknown[i]));
                core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        }
}

static void requests_are_checked(void **state)
{
        struct core_rig *rig = *state;
        uint8_t whole[200];
        static const uint8_t no_map[] = { 0x81, 0x00 }, unsorted[] = { 0xA2, 0x02, 0x00, 0x01, 0x00 };
        ask(rig, WISH(.params = SLICE(no_map)));
        core_rig_expect_status(rig, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
        ask(rig, WISH(.params = SLICE(unsorted)));
        core_rig_expect_status(rig, CTAP2_ERR_INVALID_CBOR);
        ask(rig, WISH(.params = SLICE(params), .param = 32, .protocol = 2));
        core_rig_answer_state(rig);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        assert_int_equal(
                slice_copy(writer_view(&rig->w), "request", whole, sizeof whole, NULL).code, MITOME_OK);
        for (size_t cut = 1; cut < rig->w.used; cut++) {
                core_rig_bytes(rig, CORE_REQUEST, slice_of(whole, cut));
                core_rig_expect_status(rig, CTAP2_ERR_INVALID_CBOR);
        }
        for (unsigned key = 1; key <= 4; key++) {
                writer *w = core_rig_begin(rig, CONFIG, 1);
                cbor_write_uint(w, key);
                cbor_write_bool(w, true);
                core_rig_go(rig);
                core_rig_expect_status(rig, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(what_was_signed_is_what_is_done),
                TEST(who_needs_a_token),
                TEST(bad_authorisations_are_refused),
                TEST(what_the_element_says_is_told),
                TEST(subcommands_are_checked),
                TEST(requests_are_checked),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
