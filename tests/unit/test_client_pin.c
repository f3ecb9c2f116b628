/* SPDX-License-Identifier: Apache-2.0 */
/* authenticatorClientPIN of the core: what goes to the element, and how its answers are told. The element's
 * side, which decides and counts, is in test_fido_pin.c and test_fido_token.c. */
#include "core_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#pragma GCC diagnostic ignored "-Woverride-init"

enum { ABSENT = -1 };
enum { GET_RETRIES = 1, AGREEMENT, SET_PIN, CHANGE, PIN_TOKEN, UV_TOKEN, UV_RETRIES, WITH_PERMISSIONS = 9 };
enum { MC = 1, GA = 2, CM = 4, BE = 8, LBW = 16, ACFG = 32, PCMR = 64 };

static const uint8_t x[32] = { 0xF1 }, y[32] = { 0xF2 }, filler[128] = { 0xF3 };
static const uint8_t challenge[32] = { 0xE0 };

/* Sizes; ABSENT: the member is left out. */
struct ask {
        int subcommand, protocol, param, new_pin, hash;
        bool key;
        int64_t permissions;
        const char *rp_id;
        int kty, alg, crv;
        size_t x_size;
};

/* changePIN with everything that it wants, by protocol 2 */
#define ASK(...)                                                                                      \
        &(const struct ask)                                                                           \
        {                                                                                             \
                .protocol = 2, .param = ABSENT, .new_pin = ABSENT, .hash = ABSENT, .permissions = -1, \
                .kty = 2, .alg = -25, .crv = 1, .x_size = 32, __VA_ARGS__                             \
        }

static void write_key(writer *w, const struct ask *ask)
{
        cbor_write_uint(w, 3);
        cbor_write_map(w, 5);
        cbor_write_int(w, 1);
        cbor_write_int(w, ask->kty);
        cbor_write_int(w, 3);
        cbor_write_int(w, ask->alg);
        cbor_write_int(w, -1);
        cbor_write_int(w, ask->crv);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, slice_of(ask->x_size == 32 ? x : filler, ask->x_size));
        cbor_write_int(w, -3);
        cbor_write_bytes(w, SLICE(y));
}

static void write_sized(writer *w, unsigned key, int size)
{
        if (size == ABSENT)
                return;
        cbor_write_uint(w, key);
        cbor_write_bytes(w, slice_of(filler, (size_t)size));
}

static void ask_pin(struct core_rig *rig, const struct ask *ask)
{
        size_t pairs = (ask->protocol != ABSENT) + (ask->subcommand != ABSENT) + (size_t)ask->key +
                       (ask->param != ABSENT) + (ask->new_pin != ABSENT) + (ask->hash != ABSENT) +
                       (ask->permissions >= 0) + (ask->rp_id != NULL);
        writer *w = core_rig_begin(rig, 0x06, pairs);
        if (ask->protocol != ABSENT) {
                cbor_write_uint(w, 1);
                cbor_write_uint(w, (uint64_t)ask->protocol);
        }
        if (ask->subcommand != ABSENT) {
                cbor_write_uint(w, 2);
                cbor_write_uint(w, (uint64_t)ask->subcommand);
        }
        if (ask->key)
                write_key(w, ask);
        write_sized(w, 4, ask->param);
        write_sized(w, 5, ask->new_pin);
        write_sized(w, 6, ask->hash);
        if (ask->permissions >= 0) {
                cbor_write_uint(w, 9);
                cbor_write_uint(w, (uint64_t)ask->permissions);
        }
        if (ask->rp_id) {
                cbor_write_uint(w, 10);
                cbor_write_string(w, ask->rp_id);
        }
        core_rig_go(rig);
}

static int set_up(void **state)
{
        static const struct core_config config = {
                .now_ms = 1000, .transports = MITOME_TRANSPORT_USB, .blobs = true
        };
        *state = core_rig_new(&config);
        return 0;
}

static int tear_down(void **state)
{
        core_rig_free(*state);
        return 0;
}

static void send_token(struct core_rig *rig, size_t size)
{
        uint8_t bytes[100];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, slice_of(filler, size));
        core_rig_respond(rig, writer_view(&w), SW_OK);
}

/* ---- retries ---- */

/* [6.5.5.2] */
static void pin_retries_are_told(void **state)
{
        struct core_rig *rig = *state;
        struct cbor_reader r;
        bool owed = false;
        rig->state.flags = RIG_PIN;
        ask_pin(rig, ASK(.subcommand = GET_RETRIES, .protocol = ABSENT));
        core_rig_answer_state(rig);
        assert_int_equal(core_rig_number_of(rig, 3), 3);
        assert_false(core_rig_member(rig, 4, &r));

        rig->state.flags2 = RIG_CYCLE_OWED;
        ask_pin(rig, ASK(.subcommand = GET_RETRIES));
        core_rig_answer_state(rig);
        assert_true(core_rig_member(rig, 4, &r));
        assert_int_equal(cbor_read_bool(&r, "powerCycleState", &owed).code, MITOME_OK);
        assert_true(owed);
}

/* Another implementation crashed here. */
static void there_are_no_retries_without_a_pin(void **state)
{
        struct core_rig *rig = *state;
        ask_pin(rig, ASK(.subcommand = GET_RETRIES));
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_ERR_PIN_NOT_SET);
}

/* [6.5.5.3] */
static void uv_retries_are_told(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint8_t flags, pin_tries, uv_tries;
                int told;
        } cases[] = {
                { RIG_PAIRED, 3, 5, 5 }, { RIG_PAIRED | RIG_PIN, 3, 0, 0 },
                { RIG_PAIRED | RIG_PIN, 0, 5, 0 }, /* locked: the finger is closed too */
                { RIG_PAIRED, 0, 5, 5 },           /* no PIN that could be locked */
                { RIG_PIN, 3, 5, ABSENT },         /* no matcher */
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                rig->state.flags = cases[i].flags;
                rig->state.pin_tries = cases[i].pin_tries;
                rig->state.uv_tries = cases[i].uv_tries;
                ask_pin(rig, ASK(.subcommand = UV_RETRIES, .protocol = ABSENT));
                core_rig_answer_state(rig);
                if (cases[i].told == ABSENT)
                        core_rig_expect_status(rig, CTAP2_ERR_INVALID_SUBCOMMAND);
                else
                        assert_int_equal(core_rig_number_of(rig, 5), cases[i].told);
        }
}

/* ---- key agreement ---- */

/* [6.5.5.4 5] by either protocol; the COSE key as 6.5.6 has it */
static void key_agreement_is_carried(void **state)
{
        struct core_rig *rig = *state;
        for (int protocol = 1; protocol <= 2; protocol++) {
                ask_pin(rig, ASK(.subcommand = AGREEMENT, .protocol = protocol));
                assert_int_equal(core_rig_expect_apdu(rig, RIG_KEY_AGREEMENT).size, 0);
                uint8_t data[80], bytes[100];
                writer w = WRITER(data), expected = WRITER(bytes);
                tlv_write(&w, 0x80, SLICE(x));
                tlv_write(&w, 0x81, SLICE(y));
                core_rig_respond(rig, writer_view(&w), SW_OK);
                write_u8(&expected, 0);
                cbor_write_map(&expected, 1);
                cbor_write_uint(&expected, 1);
                static const uint8_t head[] = { 0xA5, 0x01, 0x02, 0x03, 0x38, 0x18, 0x20, 0x01, 0x21 };
                write_slice(&expected, SLICE(head));
                cbor_write_bytes(&expected, SLICE(x));
                write_u8(&expected, 0x22);
                cbor_write_bytes(&expected, SLICE(y));
                core_rig_same(rig->answer, bytes, expected.used);
        }
}

static void broken_key_agreements_are_not_carried(void **state)
{
        struct core_rig *rig = *state;
        ask_pin(rig, ASK(.subcommand = AGREEMENT));
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        ask_pin(rig, ASK(.subcommand = AGREEMENT));
        core_rig_respond(rig, (slice){ 0 }, SW_UNKNOWN);
        core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        core_rig_expect_idle(rig);
}

/* ---- mandatory parameters and protocols, for every subcommand ---- */

#define FOR_SET .key = true, .param = 32, .new_pin = 80
#define FOR_CHANGE FOR_SET, .hash = 32
#define FOR_TOKEN .key = true, .hash = 32
#define FOR_UV .key = true, .permissions = GA, .rp_id = "example.com"

/* [6.5.5.4 3] [6.5.5.5 1] [6.5.5.6 1] [6.5.5.7.1 1] [6.5.5.7.2 1] [6.5.5.7.3 1] */
static void missing_parameters_are_named(void **state)
{
        struct core_rig *rig = *state;
        const struct ask *const cases[] = {
                ASK(.subcommand = ABSENT),
                ASK(.subcommand = AGREEMENT, .protocol = ABSENT),
                ASK(.subcommand = SET_PIN, FOR_SET, .protocol = ABSENT),
                ASK(.subcommand = SET_PIN, FOR_SET, .key = false),
                ASK(.subcommand = SET_PIN, FOR_SET, .param = ABSENT),
                ASK(.subcommand = SET_PIN, FOR_SET, .new_pin = ABSENT),
                ASK(.subcommand = CHANGE, FOR_CHANGE, .protocol = ABSENT),
                ASK(.subcommand = CHANGE, FOR_CHANGE, .key = false),
                ASK(.subcommand = CHANGE, FOR_CHANGE, .param = ABSENT),
                ASK(.subcommand = CHANGE, FOR_CHANGE, .new_pin = ABSENT),
                ASK(.subcommand = CHANGE, FOR_CHANGE, .hash = ABSENT),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .protocol = ABSENT),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .key = false),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .hash = ABSENT),
                ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = GA, .protocol = ABSENT),
                ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = GA, .key = false),
                ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = GA, .hash = ABSENT),
                ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN),
                ASK(.subcommand = UV_TOKEN, FOR_UV, .protocol = ABSENT),
                ASK(.subcommand = UV_TOKEN, FOR_UV, .key = false),
                ASK(.subcommand = UV_TOKEN, FOR_UV, .permissions = -1),
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask_pin(rig, cases[i]);
                core_rig_expect_status(rig, CTAP2_ERR_MISSING_PARAMETER);
        }
}

/* [6.5.5.4 4] [6.5.5.5 2] [6.5.5.6 2] [6.5.5.7.1 2] [6.5.5.7.2 2] [6.5.5.7.3 2] */
static void unknown_protocols_are_refused(void **state)
{
        struct core_rig *rig = *state;
        static const int unknown[] = { 0, 3, 255, 65537 };
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
                const struct ask *const cases[] = {
                        ASK(.subcommand = AGREEMENT, .protocol = unknown[i]),
                        ASK(.subcommand = SET_PIN, FOR_SET, .protocol = unknown[i]),
                        ASK(.subcommand = CHANGE, FOR_CHANGE, .protocol = unknown[i]),
                        ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .protocol = unknown[i]),
                        ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = CM,
                                .protocol = unknown[i]),
                        ASK(.subcommand = UV_TOKEN, FOR_UV, .protocol = unknown[i]),
                };
                for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
                        ask_pin(rig, cases[k]);
                        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
                }
        }
}

static void unknown_subcommands_are_refused(void **state)
{
        struct core_rig *rig = *state;
        static const int unknown[] = { 0, 8, 10, 11, 255, 65545 };
        for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
                ask_pin(rig, ASK(.subcommand = unknown[i]));
                core_rig_expect_status(rig, CTAP2_ERR_INVALID_SUBCOMMAND);
        }
}

/* A platform key of another type, algorithm, curve or length. Whether the point is on the curve, the element
 * sees. */
static void strange_keys_are_refused(void **state)
{
        struct core_rig *rig = *state;
        const struct ask *const cases[] = {
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .kty = 1),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .alg = -7),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .crv = 2),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .x_size = 0),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .x_size = 31),
                ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .x_size = 33),
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask_pin(rig, cases[i]);
                core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        }
}

/* ---- setPIN, changePIN ---- */

static void expect_point(slice data)
{
        core_rig_same(core_rig_tag(data, 0x80), x, sizeof x);
        core_rig_same(core_rig_tag(data, 0x81), y, sizeof y);
}

static void expect_protocol(slice data, int protocol)
{
        const uint8_t one = 1;
        core_rig_same(core_rig_tag(data, 0x88), &one, protocol == 1);
}

/* [6.5.5.5 12] */
static void a_pin_is_set(void **state)
{
        struct core_rig *rig = *state;
        for (int protocol = 1; protocol <= 2; protocol++) {
                int param = 16 * protocol, new_pin = 48 + 16 * protocol;
                ask_pin(rig, ASK(.subcommand = SET_PIN, .key = true, .protocol = protocol, .param = param,
                                     .new_pin = new_pin));
                slice data = core_rig_expect_apdu(rig, RIG_CHANGE_PIN);
                expect_point(data);
                assert_null(core_rig_tag(data, 0x82).data);
                core_rig_same(core_rig_tag(data, 0x83), filler, (size_t)new_pin);
                core_rig_same(core_rig_tag(data, 0x84), filler, (size_t)param);
                expect_protocol(data, protocol);
                core_rig_respond(rig, (slice){ 0 }, SW_OK);
                core_rig_expect_status(rig, CTAP2_OK);
                assert_int_equal(rig->answer.size, 1);
        }
}

/* A pinHashEnc that comes along with setPIN is not one: the element would take it for changePIN. */
static void set_pin_never_changes(void **state)
{
        struct core_rig *rig = *state;
        ask_pin(rig, ASK(.subcommand = SET_PIN, FOR_SET, .hash = 32));
        assert_null(core_rig_tag(core_rig_expect_apdu(rig, RIG_CHANGE_PIN), 0x82).data);
        core_rig_respond(rig, (slice){ 0 }, SW_CONDITIONS);
        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID); /* [6.5.5.5 3] */
}

/* [6.5.5.6 21] */
static void a_pin_is_changed(void **state)
{
        struct core_rig *rig = *state;
        for (int protocol = 1; protocol <= 2; protocol++) {
                ask_pin(rig,
                        ASK(.subcommand = CHANGE, .key = true, .protocol = protocol, .param = 16 * protocol,
                                .new_pin = 48 + 16 * protocol, .hash = 16 * protocol));
                slice data = core_rig_expect_apdu(rig, RIG_CHANGE_PIN);
                expect_point(data);
                core_rig_same(core_rig_tag(data, 0x82), filler, (size_t)(16 * protocol));
                expect_protocol(data, protocol);
                core_rig_respond(rig, (slice){ 0 }, SW_OK);
                core_rig_expect_status(rig, CTAP2_OK);
        }
}

static void what_the_element_says_of_a_new_pin_is_told(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                int subcommand;
                uint16_t sw;
                enum ctap_status status;
        } cases[] = {
                { SET_PIN, SW_CONDITIONS, CTAP2_ERR_PIN_AUTH_INVALID },      /* [6.5.5.5 3] */
                { SET_PIN, SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER },     /* [6.5.5.5 4] [6.5.5.5 7] */
                { SET_PIN, SW_SECURITY_STATUS, CTAP2_ERR_PIN_AUTH_INVALID }, /* [6.5.5.5 5.1] */
                { SET_PIN, SW_PIN_POLICY, CTAP2_ERR_PIN_POLICY_VIOLATION },  /* [6.5.5.5 9] [6.5.5.5 10] */
                { SET_PIN, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
                { CHANGE, SW_UNUSABLE, CTAP2_ERR_PIN_NOT_SET },
                { CHANGE, SW_BLOCKED, CTAP2_ERR_PIN_BLOCKED },              /* [6.5.5.6 3] */
                { CHANGE, SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER },     /* [6.5.5.6 4] [6.5.5.6 10] */
                { CHANGE, SW_SECURITY_STATUS, CTAP2_ERR_PIN_AUTH_INVALID }, /* [6.5.5.6 5.1] */
                { CHANGE, SW_TRIES_LEFT | 0, CTAP2_ERR_PIN_BLOCKED },       /* [6.5.5.6 7.1.2] */
                { CHANGE, SW_CONDITIONS, CTAP2_ERR_PIN_AUTH_BLOCKED },      /* [6.5.5.6 7.1.2] */
                { CHANGE, SW_TRIES_LEFT | 2, CTAP2_ERR_PIN_INVALID },       /* [6.5.5.6 7.1.2] */
                { CHANGE, SW_PIN_POLICY, CTAP2_ERR_PIN_POLICY_VIOLATION },  /* [6.5.5.6 12] [6.5.5.6 13] */
                { CHANGE, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
                { CHANGE, SW_MEMORY_FAILURE, CTAP1_ERR_OTHER },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask_pin(rig, ASK(.subcommand = cases[i].subcommand, FOR_CHANGE));
                core_rig_expect_apdu(rig, RIG_CHANGE_PIN);
                core_rig_respond(rig, (slice){ 0 }, cases[i].sw);
                core_rig_expect_status(rig, cases[i].status);
        }
        core_rig_expect_idle(rig);
}

/* [6.5.6] [6.5.7] [6.5.5.7.2 9] Wrong-length hashes and parameters, and one protocol's in the other's place:
 * nothing reaches the element, no try is spent. */
static void wrong_sizes_cost_no_try(void **state)
{
        struct core_rig *rig = *state;
        static const int sizes[] = { 0, 1, 15, 16, 17, 31, 32, 33, 48, 64, 100 };
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                for (int protocol = 1; protocol <= 2; protocol++) {
                        if (sizes[i] == 16 * protocol)
                                continue;
                        ask_pin(rig, ASK(.subcommand = PIN_TOKEN, .key = true, .hash = sizes[i],
                                             .protocol = protocol));
                        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER); /* [6.5.5.7.1 9] */
                        ask_pin(rig, ASK(.subcommand = CHANGE, FOR_CHANGE, .protocol = protocol,
                                             .param = 16 * protocol, .hash = sizes[i]));
                        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER); /* [6.5.5.6 7] */
                        ask_pin(rig, ASK(.subcommand = CHANGE, FOR_CHANGE, .protocol = protocol,
                                             .param = sizes[i]));
                        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID); /* [6.5.5.6 5.1] */
                        ask_pin(rig,
                                ASK(.subcommand = SET_PIN, FOR_SET, .protocol = protocol, .param = sizes[i]));
                        core_rig_expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID); /* [6.5.5.5 5.1] */
                }
        }
}

/* ---- tokens by PIN ---- */

/* [6.5.5.7.1 15] */
static void a_pin_token_is_carried(void **state)
{
        struct core_rig *rig = *state;
        for (int protocol = 1; protocol <= 2; protocol++) {
                ask_pin(rig, ASK(.subcommand = PIN_TOKEN, .key = true, .hash = 16 * protocol,
                                     .protocol = protocol));
                slice data = core_rig_expect_apdu(rig, RIG_PIN_TOKEN);
                expect_point(data);
                core_rig_same(core_rig_tag(data, 0x82), filler, (size_t)(16 * protocol));
                assert_null(core_rig_tag(data, 0x83).data);
                assert_null(core_rig_tag(data, 0x84).data);
                expect_protocol(data, protocol);
                send_token(rig, protocol == 1 ? 32 : 48);
                core_rig_same(core_rig_bytes_of(rig, 2), filler, protocol == 1 ? 32 : 48);
        }
}

/* A token of the other protocol's size is none. */
static void tokens_have_their_protocols_size(void **state)
{
        struct core_rig *rig = *state;
        for (int protocol = 1; protocol <= 2; protocol++) {
                ask_pin(rig, ASK(.subcommand = PIN_TOKEN, .key = true, .hash = 16 * protocol,
                                     .protocol = protocol));
                send_token(rig, protocol == 1 ? 48 : 32);
                core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        }
}

/* [6.5.5.7.1 3] [6.5.5.7.1 4] */
static void the_old_subcommand_knows_no_permissions(void **state)
{
        struct core_rig *rig = *state;
        ask_pin(rig, ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .permissions = MC));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        ask_pin(rig, ASK(.subcommand = PIN_TOKEN, FOR_TOKEN, .rp_id = "example.com"));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
}

/* [6.5.5.7.2 17] */
static void permissions_are_carried(void **state)
{
        struct core_rig *rig = *state;
        rig->state.flags = RIG_PIN | RIG_PAIRED;
        static const struct {
                int64_t asked;
                uint8_t carried;
        } cases[] = {
                { MC | GA, MC | GA },
                { CM, CM },
                { BE | LBW | ACFG, BE | LBW | ACFG },
                { 0x80 | GA, GA }, /* [6.5.5.7.2 15] undefined ones are ignored */
                { 0xFFFFFF00 | GA, GA },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                ask_pin(rig, ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = cases[i].asked,
                                     .rp_id = "example.com"));
                core_rig_answer_state(rig);
                slice data = core_rig_expect_apdu(rig, RIG_PIN_TOKEN);
                core_rig_same(core_rig_tag(data, 0x83), &cases[i].carried, 1);
                core_rig_same(core_rig_tag(data, 0x84), "example.com", 11); /* [6.5.5.7.2 16] */
                send_token(rig, 48);
                core_rig_expect_status(rig, CTAP2_OK);
        }
}

/* [6.5.5.7.2 12] pcmr is for no relying party, and has no time */
static void the_persistent_token_is_carried(void **state)
{
        struct core_rig *rig = *state;
        const uint8_t pcmr = PCMR;
        ask_pin(rig,
                ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = PCMR, .rp_id = "example.com"));
        core_rig_answer_state(rig);
        slice data = core_rig_expect_apdu(rig, RIG_PIN_TOKEN);
        core_rig_same(core_rig_tag(data, 0x83), &pcmr, 1);
        assert_null(core_rig_tag(data, 0x84).data);
        send_token(rig, 48);
        core_rig_expect_status(rig, CTAP2_OK);
        rig->now_ms += 100 * 60000;
        core_rig_expect_idle(rig); /* nothing is forgotten */
}

/* [6.5.5.7.2 3] [6.5.5.7.2 4] */
static void permissions_are_refused(void **state)
{
        struct core_rig *rig = *state;
        rig->state.flags = RIG_PIN; /* no matcher: there is no bioEnroll */
        ask_pin(rig, ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = 0));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        ask_pin(rig, ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = 0x80));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        static const int64_t unauthorised[] = { BE, BE | CM, PCMR | CM, PCMR | GA };
        for (size_t i = 0; i < sizeof unauthorised / sizeof *unauthorised; i++) {
                ask_pin(rig, ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = unauthorised[i],
                                     .rp_id = "example.com"));
                core_rig_answer_state(rig);
                core_rig_expect_status(rig, CTAP2_ERR_UNAUTHORIZED_PERMISSION);
        }
}

/* [6.5.5.7.2 4] lbw where there are no large blobs */
static void without_a_place_for_blobs_there_is_no_lbw(void **state)
{
        static const struct core_config config = { .transports = MITOME_TRANSPORT_USB };
        struct core_rig *rig = core_rig_new(&config);
        (void)state;
        ask_pin(rig, ASK(.subcommand = WITH_PERMISSIONS, FOR_TOKEN, .permissions = LBW));
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_ERR_UNAUTHORIZED_PERMISSION);
        core_rig_free(rig);
}

static void what_the_element_says_of_a_pin_is_told(void **state)
{
        struct core_rig *rig = *state;
        rig->state.flags = RIG_PIN;
        static const struct {
                int subcommand;
                uint16_t sw;
                enum ctap_status status;
        } cases[] = {
                { PIN_TOKEN, SW_UNUSABLE, CTAP2_ERR_PIN_NOT_SET },
                { PIN_TOKEN, SW_BLOCKED, CTAP2_ERR_PIN_BLOCKED },          /* [6.5.5.7.1 5] */
                { PIN_TOKEN, SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER }, /* [6.5.5.7.1 6] */
                { PIN_TOKEN, SW_TRIES_LEFT | 0, CTAP2_ERR_PIN_BLOCKED },   /* [6.5.5.7.1 9.1.2] */
                { PIN_TOKEN, SW_CONDITIONS, CTAP2_ERR_PIN_AUTH_BLOCKED },  /* [6.5.5.7.1 9.1.2] */
                { PIN_TOKEN, SW_TRIES_LEFT | 1, CTAP2_ERR_PIN_INVALID },   /* [6.5.5.7.1 9.1.2] */
                { PIN_TOKEN, SW_TRIES_LEFT | 7, CTAP2_ERR_PIN_INVALID },   /* [6.5.5.7.1 9.1.2] */
                { PIN_TOKEN, SW_PIN_CHANGE_FIRST, CTAP2_ERR_PIN_INVALID }, /* [6.5.5.7.1 11] */
                { PIN_TOKEN, SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
                { PIN_TOKEN, SW_MEMORY_FAILURE, CTAP1_ERR_OTHER },
                { WITH_PERMISSIONS, SW_BLOCKED, CTAP2_ERR_PIN_BLOCKED },          /* [6.5.5.7.2 5] */
                { WITH_PERMISSIONS, SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER }, /* [6.5.5.7.2 6] */
                { WITH_PERMISSIONS, SW_TRIES_LEFT | 1, CTAP2_ERR_PIN_INVALID },   /* [6.5.5.7.2 9.1.2] */
                { WITH_PERMISSIONS, SW_CONDITIONS, CTAP2_ERR_PIN_AUTH_BLOCKED },  /* [6.5.5.7.2 9.1.2] */
                { WITH_PERMISSIONS, SW_PIN_CHANGE_FIRST,
                        CTAP2_ERR_PIN_POLICY_VIOLATION }, /* [6.5.5.7.2 11] */
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                bool with = cases[i].subcommand == WITH_PERMISSIONS;
                ask_pin(rig,
                        ASK(.subcommand = cases[i].subcommand, FOR_TOKEN, .permissions = with ? CM : -1));
                if (with)
                        core_rig_answer_state(rig);
                core_rig_expect_apdu(rig, RIG_PIN_TOKEN);
                core_rig_respond(rig, (slice){ 0 }, cases[i].sw);
                core_rig_expect_status(rig, cases[i].status);
        }
        core_rig_expect_idle(rig);
}

/* ---- a token by finger ---- */

static void lead_to_gate(struct core_rig *rig, const struct ask *ask)
{
        rig->state.flags = RIG_PIN | RIG_PAIRED | RIG_OPEN;
        rig->state.flags2 = RIG_ENROLLED;
        ask_pin(rig, ask);
        core_rig_answer_state(rig);
        core_rig_expect_apdu(rig, RIG_BEGIN);
        uint8_t bytes[40];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(challenge));
        core_rig_respond(rig, writer_view(&w), SW_OK);
        core_rig_expect(rig, CORE_GATE_START);
}

/* [6.5.5.7.3 9] [6.5.5.7.3 16] */
static void a_finger_gives_a_token(void **state)
{
        struct core_rig *rig = *state;
        static const uint8_t stands_for[32] = { [31] = MC | GA };
        uint8_t evidence[MITOME_GATE_EVIDENCE_SIZE];
        memset(evidence, 0x70 + MITOME_GATE_EVIDENCE, sizeof evidence);
        for (int protocol = 1; protocol <= 2; protocol++) {
                lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV, .permissions = MC | GA | 0x80,
                                          .protocol = protocol));
                const struct mitome_gate_request *request = &rig->action.request;
                assert_int_equal(request->purpose, MITOME_GATE_VERIFY);
                assert_int_equal(request->command, 0x06);
                core_rig_same(request->rp_id, "example.com", 11);
                core_rig_same(request->client_data_hash, stands_for, 32);
                core_rig_same(request->challenge, challenge, 32);
                core_rig_gate(rig, MITOME_GATE_AWAITS, false);
                core_rig_gate(rig, MITOME_GATE_RETRY, false);
                core_rig_gate(rig, MITOME_GATE_EVIDENCE, true);
                slice data = core_rig_expect_apdu(rig, RIG_UV_TOKEN);
                expect_point(data);
                core_rig_same(core_rig_tag(data, 0x82), evidence, sizeof evidence);
                expect_protocol(data, protocol);
                send_token(rig, protocol == 1 ? 32 : 48);
                core_rig_same(core_rig_bytes_of(rig, 2), filler, protocol == 1 ? 32 : 48);
        }
        core_rig_expect_idle(rig);
}

static void what_a_finger_token_is_for_is_announced(void **state)
{
        struct core_rig *rig = *state;
        const uint8_t command = 0x06, uv = 0x02, permissions = CM | LBW;
        rig->state.flags = RIG_PIN | RIG_PAIRED | RIG_OPEN;
        ask_pin(rig, ASK(.subcommand = UV_TOKEN, FOR_UV, .permissions = CM | LBW, .rp_id = NULL));
        core_rig_answer_state(rig);
        slice data = core_rig_expect_apdu(rig, RIG_BEGIN);
        core_rig_same(core_rig_tag(data, 0x80), &command, 1);
        core_rig_same(core_rig_tag(data, 0x83), &uv, 1);
        core_rig_same(core_rig_tag(data, 0x86), &permissions, 1);
        assert_null(core_rig_tag(data, 0x87).data);
        core_rig_respond(rig, (slice){ 0 }, SW_BLOCKED);
        core_rig_expect_status(rig, CTAP2_ERR_UV_BLOCKED);
}

/* [6.5.5.7.3 8] */
static void who_would_not_lay_a_finger_gets_no_token(void **state)
{
        struct core_rig *rig = *state;
        lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV));
        core_rig_gate(rig, MITOME_GATE_DISMISSED, true);
        assert_true(core_rig_expect_apdu(rig, RIG_ABANDON).size > 0); /* nothing was presented */
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect_status(rig, CTAP2_ERR_OPERATION_DENIED);
        core_rig_expect_idle(rig);
}

/* [6.5.5.7.3 10.2] [6.5.5.7.3 10.3] [6.5.5.7.3 6] one capture a request: the platform asks again */
static void fingers_that_give_no_token(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint8_t uv_tries;
                enum ctap_status status;
        } cases[] = { { 4, CTAP2_ERR_UV_INVALID }, { 0, CTAP2_ERR_UV_BLOCKED } };
        for (size_t i = 0; i < 2; i++) {
                rig->state.uv_tries = 5;
                lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV));
                core_rig_gate(rig, MITOME_GATE_NO_MATCH, false);
                assert_int_equal(core_rig_expect_apdu(rig, RIG_ABANDON).size, 0);
                core_rig_respond(rig, (slice){ 0 }, SW_OK);
                rig->state.uv_tries = cases[i].uv_tries;
                core_rig_answer_state(rig);
                core_rig_expect_status(rig, cases[i].status); /* [6.5.5.7.3 10.3] [6.5.5.7.3 10.2] */
                assert_int_equal(rig->action.guidance.state, MITOME_GUIDANCE_NOT_RECOGNISED);
                assert_int_equal(rig->action.guidance.number, cases[i].uv_tries);
        }
        rig->state.uv_tries = 5;
        lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV));
        core_rig_gate(rig, MITOME_GATE_BROKEN, false);
        core_rig_expect_apdu(rig, RIG_ABANDON);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect_status(rig, CTAP1_ERR_OTHER);
        core_rig_expect_idle(rig);
}

/* [6.5.5.7.3 10.1] A finger that was never presented must not cost a UV retry. */
static void a_finger_never_presented_costs_nothing(void **state)
{
        struct core_rig *rig = *state;
        lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV));
        core_rig_gate(rig, MITOME_GATE_ABSENT, true);
        assert_int_equal(core_rig_tag(core_rig_expect_apdu(rig, RIG_ABANDON), 0x80).size, 116);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect_status(rig, CTAP2_ERR_USER_ACTION_TIMEOUT);

        lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV));
        core_rig_event(rig, CORE_CANCEL);
        core_rig_expect(rig, CORE_GATE_CANCEL);
        core_rig_gate(rig, MITOME_GATE_ABSENT, true);
        assert_int_equal(core_rig_tag(core_rig_expect_apdu(rig, RIG_ABANDON), 0x80).size, 116);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        core_rig_expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        core_rig_expect_idle(rig);
}

static void what_the_element_says_of_a_finger_is_told(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint16_t sw;
                enum ctap_status status;
        } cases[] = {
                { SW_TOKEN_MAC, CTAP2_ERR_UV_INVALID },
                { SW_TOKEN_CHALLENGE, CTAP2_ERR_UV_INVALID },
                { SW_TOKEN_SET, CTAP2_ERR_PUAT_REQUIRED },
                { SW_NO_REFERENCE, CTAP2_ERR_PIN_AUTH_INVALID },
                { SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER },
                { SW_BLOCKED, CTAP2_ERR_PIN_BLOCKED },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                lead_to_gate(rig, ASK(.subcommand = UV_TOKEN, FOR_UV));
                core_rig_gate(rig, MITOME_GATE_EVIDENCE, true);
                core_rig_expect_apdu(rig, RIG_UV_TOKEN);
                core_rig_respond(rig, (slice){ 0 }, cases[i].sw);
                core_rig_expect_status(rig, cases[i].status);
                core_rig_expect_idle(rig);
        }
}

/* [6.5.5.7.3 3] [6.5.5.7.3 4] [6.5.5.7.3 5] [6.5.5.7.3 7] */
static void finger_tokens_are_refused(void **state)
{
        struct core_rig *rig = *state;
        static const struct {
                uint8_t flags, uv_tries, pin_tries;
                int64_t permissions;
                enum ctap_status status;
        } cases[] = {
                { RIG_PIN, 5, 3, GA, CTAP2_ERR_INVALID_SUBCOMMAND }, /* no matcher */
                { RIG_PIN | RIG_PAIRED | RIG_OPEN, 5, 3, BE, CTAP2_ERR_UNAUTHORIZED_PERMISSION },
                { RIG_PIN | RIG_PAIRED | RIG_OPEN, 5, 3, ACFG | CM, CTAP2_ERR_UNAUTHORIZED_PERMISSION },
                { RIG_PIN | RIG_PAIRED | RIG_OPEN, 5, 3, PCMR | CM, CTAP2_ERR_UNAUTHORIZED_PERMISSION },
                { RIG_PIN | RIG_PAIRED, 5, 3, GA, CTAP2_ERR_NOT_ALLOWED }, /* no set that a PIN confirmed */
                { RIG_PIN | RIG_PAIRED, 0, 3, GA, CTAP2_ERR_UV_BLOCKED },
                { RIG_PIN | RIG_PAIRED, 5, 0, GA, CTAP2_ERR_UV_BLOCKED }, /* locked: the finger too */
        };
        ask_pin(rig, ASK(.subcommand = UV_TOKEN, FOR_UV, .permissions = 0));
        core_rig_expect_status(rig, CTAP1_ERR_INVALID_PARAMETER);
        rig->state.flags = RIG_PIN | RIG_PAIRED | RIG_OPEN;
        ask_pin(rig, ASK(.subcommand = UV_TOKEN, FOR_UV, .rp_id = NULL)); /* nobody could be shown whose */
        core_rig_answer_state(rig);
        core_rig_expect_status(rig, CTAP2_ERR_MISSING_PARAMETER);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                rig->state.flags = cases[i].flags;
                rig->state.uv_tries = cases[i].uv_tries;
                rig->state.pin_tries = cases[i].pin_tries;
                ask_pin(rig, ASK(.subcommand = UV_TOKEN, FOR_UV, .permissions = cases[i].permissions));
                core_rig_answer_state(rig);
                core_rig_expect_status(rig, cases[i].status);
        }
}

/* ---- bytes ---- */

static void every_truncation_is_refused(void **state)
{
        struct core_rig *rig = *state;
        uint8_t whole[600];
        ask_pin(rig, ASK(.subcommand = CHANGE, FOR_CHANGE, .permissions = MC, .rp_id = "example.com"));
        core_rig_expect_apdu(rig, RIG_CHANGE_PIN);
        core_rig_respond(rig, (slice){ 0 }, SW_OK);
        size_t size = rig->w.used;
        assert_int_equal(
                slice_copy(writer_view(&rig->w), "request", whole, sizeof whole, NULL).code, MITOME_OK);
        for (size_t cut = 1; cut < size; cut++) {
                core_rig_bytes(rig, CORE_REQUEST, slice_of(whole, cut));
                core_rig_expect(rig, CORE_REPLY);
                assert_int_not_equal(rig->answer.data[0], CTAP2_OK);
        }
        whole[size] = 0;
        core_rig_bytes(rig, CORE_REQUEST, slice_of(whole, size + 1));
        core_rig_expect_status(rig, CTAP2_ERR_INVALID_CBOR);
}

static void types_are_checked(void **state)
{
        struct core_rig *rig = *state;
        static const unsigned keys[] = { 1, 2, 3, 4, 5, 6, 9, 10 };
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
                writer *w = core_rig_begin(rig, 0x06, 1);
                cbor_write_uint(w, keys[i]);
                cbor_write_bool(w, true);
                core_rig_go(rig);
                core_rig_expect_status(rig, CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(pin_retries_are_told),
                TEST(there_are_no_retries_without_a_pin),
                TEST(uv_retries_are_told),
                TEST(key_agreement_is_carried),
                TEST(broken_key_agreements_are_not_carried),
                TEST(missing_parameters_are_named),
                TEST(unknown_protocols_are_refused),
                TEST(unknown_subcommands_are_refused),
                TEST(strange_keys_are_refused),
                TEST(a_pin_is_set),
                TEST(set_pin_never_changes),
                TEST(a_pin_is_changed),
                TEST(what_the_element_says_of_a_new_pin_is_told),
                TEST(wrong_sizes_cost_no_try),
                TEST(a_pin_token_is_carried),
                TEST(tokens_have_their_protocols_size),
                TEST(the_old_subcommand_knows_no_permissions),
                TEST(permissions_are_carried),
                TEST(the_persistent_token_is_carried),
                TEST(permissions_are_refused),
                TEST(without_a_place_for_blobs_there_is_no_lbw),
                TEST(what_the_element_says_of_a_pin_is_told),
                TEST(a_finger_gives_a_token),
                TEST(what_a_finger_token_is_for_is_announced),
                TEST(fingers_that_give_no_token),
                TEST(who_would_not_lay_a_finger_gets_no_token),
                TEST(a_finger_never_presented_costs_nothing),
                TEST(what_the_element_says_of_a_finger_is_told),
                TEST(finger_tokens_are_refused),
                TEST(every_truncation_is_refused),
                TEST(types_are_checked),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
