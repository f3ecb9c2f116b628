/* SPDX-License-Identifier: Apache-2.0 */
/* The CTAP 2 core against scripted answers of the element and events of the gate. core_model.h watches every
 * action. */
#include "cbor.h"
#include "core.h"
#include "core_model.h"
#include "ctap_status.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* WISH and its like give defaults first and what a test wants after. */
#pragma GCC diagnostic ignored "-Woverride-init"

enum { GET_STATE = 0x10, KEY_AGREEMENT = 0x12, GET_PIN_TOKEN = 0x14, BEGIN = 0x20, MAKE = 0x24, GET = 0x26 };
enum { AUTHORISE = 0x28, CONFIRM = 0x2A, CHECK = 0x2C, ABANDON = 0x2E };
enum { BATCH = 0x01, PIN = 0x02, PAIRED = 0x04, OPEN = 0x08, ENTERPRISE = 0x20, CERTIFICATE = 0x40 };

static const uint8_t client_data_hash[32] = { 0xC0, 0xC1, 0xC2 };
static const uint8_t challenge[32] = { 0xE0, 0xE1, 0xE2 };
static const uint8_t param[32] = { 0xA0, 0xA1 };
static const uint8_t credential_id[32] = { 0x1D, 0x1D };
static const uint8_t other_id[32] = { 0x2D };
static const uint8_t authdata[] = { 0xAD, 0xAD, 0xAD };
static const uint8_t signature[] = { 0x51, 0x51 };
static const char rp_id[] = "login.example.go.jp";

struct rig {
        struct core *core;
        struct core_model model;
        struct core_action action;
        uint8_t reply[8192]; /* a copy, as the caller's next step ends the view */
        slice reply_view;
        uint64_t now_ms;
};

/* ---- driving ---- */

static void step(struct rig *rig, struct core_event event)
{
        event.now_ms = rig->now_ms;
        core_model_event(&rig->model, &event);
        core_step(rig->core, &event, &rig->action);
        core_model_action(&rig->model, &rig->action);
        if (rig->action.kind == CORE_REPLY) {
                assert_true(rig->action.bytes.size <= sizeof rig->reply);
                memcpy(rig->reply, rig->action.bytes.data, rig->action.bytes.size);
                rig->reply_view = slice_of(rig->reply, rig->action.bytes.size);
        }
}

/* Bytes in memory of their own size, so that a sanitizer sees a read beyond them. */
static void step_bytes(struct rig *rig, enum core_event_kind kind, slice bytes)
{
        uint8_t *copy = malloc(bytes.size + (bytes.size == 0));
        if (bytes.size)
                memcpy(copy, bytes.data, bytes.size);
        step(rig, (struct core_event){ .kind = kind, .bytes = slice_of(copy, bytes.size) });
        free(copy);
}

static void request(struct rig *rig, slice message)
{
        step_bytes(rig, CORE_REQUEST, message);
}

static void respond(struct rig *rig, slice data, uint16_t sw)
{
        uint8_t bytes[5000];
        writer w = WRITER(bytes);
        write_slice(&w, data);
        write_u16(&w, sw);
        assert_false(w.overflowed);
        step_bytes(rig, CORE_RESPONSE, writer_view(&w));
}

static void respond_sw(struct rig *rig, uint16_t sw)
{
        respond(rig, (slice){ 0 }, sw);
}

static void gate(struct rig *rig, struct mitome_gate_event event)
{
        struct mitome_gate_event *copy = malloc(sizeof event);
        *copy = event;
        step(rig, (struct core_event){ .kind = CORE_GATE, .gate = copy });
        free(copy);
}

static void gate_kind(struct rig *rig, enum mitome_gate_event_kind kind)
{
        gate(rig, (struct mitome_gate_event){ .kind = kind });
}

static void gate_evidence(struct rig *rig, enum mitome_gate_event_kind kind)
{
        struct mitome_gate_event event = { .kind = kind, .has_evidence = true };
        memset(event.evidence, 0x70 + (int)kind, sizeof event.evidence);
        gate(rig, event);
}

static void event(struct rig *rig, enum core_event_kind kind)
{
        step(rig, (struct core_event){ .kind = kind });
}

/* ---- expecting ---- */

static void expect(const struct rig *rig, enum core_action_kind kind)
{
        assert_int_equal(rig->action.kind, kind);
}

static void expect_status(const struct rig *rig, enum ctap_status status)
{
        expect(rig, CORE_REPLY);
        assert_int_equal(rig->action.bytes.data[0], status);
}

/* The data field of the command that the core sends. */
static slice expect_apdu(const struct rig *rig, uint8_t ins)
{
        struct apdu_command command;
        expect(rig, CORE_TRANSMIT);
        assert_int_equal(apdu_read_command(rig->action.bytes, &command, NULL).code, MITOME_OK);
        assert_int_equal(command.ins, ins);
        return command.data;
}

static slice tag(slice data, uint32_t tag)
{
        slice value;
        assert_int_equal(tlv_find_optional(data, tag, "tag", &value, NULL).code, MITOME_OK);
        return value;
}

static void expect_bytes(slice value, const void *bytes, size_t size)
{
        assert_int_equal(value.size, size);
        assert_memory_equal(value.data, bytes, size);
}

static void expect_u8(slice value, uint8_t byte)
{
        expect_bytes(value, &byte, 1);
}

/* ---- the element's answers ---- */

static void answer_state_full(struct rig *rig, uint8_t flags, uint8_t pin_tries, uint8_t uv_tries)
{
        static const uint8_t aaguid[16] = { 0xAA, 0x01 };
        static const uint8_t room[2] = { 0x01, 0x02 };
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(aaguid));
        tlv_write_u8(&w, 0x81, flags);
        tlv_write_u8(&w, 0x82, pin_tries);
        tlv_write_u8(&w, 0x83, uv_tries);
        tlv_write_u8(&w, 0x84, 4);
        tlv_write(&w, 0x85, SLICE(room));
        expect_apdu(rig, GET_STATE);
        respond(rig, writer_view(&w), SW_OK);
}

static void answer_state(struct rig *rig, uint8_t flags)
{
        answer_state_full(rig, flags, 3, 5);
}

static void answer_challenge(struct rig *rig)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(challenge));
        expect_apdu(rig, BEGIN);
        respond(rig, writer_view(&w), SW_OK);
}

static void answer_credential(struct rig *rig)
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(authdata));
        tlv_write(&w, 0x81, SLICE(signature));
        tlv_write(&w, 0x82, slice_text("batch"));
        tlv_write(&w, 0x82, slice_text("ca"));
        expect_apdu(rig, MAKE);
        respond(rig, writer_view(&w), SW_OK);
}

static void answer_assertion(struct rig *rig, bool with_names)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(credential_id));
        tlv_write(&w, 0x81, SLICE(authdata));
        tlv_write(&w, 0x82, SLICE(signature));
        tlv_write(&w, 0x83, slice_text("user"));
        if (with_names) {
                tlv_write(&w, 0x84, slice_text("hanako"));
                tlv_write(&w, 0x85, slice_text("Hanako"));
        }
        expect_apdu(rig, GET);
        respond(rig, writer_view(&w), SW_OK);
}

/* ---- requests ---- */

enum { ABSENT = -1 };

enum { CORE_TEST_IDS = 70 };

struct wish {
        int uv, up, rk; /* ABSENT, 0, 1 */
        int algorithm;
        int param_size; /* ABSENT: no pinUvAuthParam */
        int protocol;   /* ABSENT, or its number */
        const uint8_t *ids[CORE_TEST_IDS];
        size_t id_count, id_size;
        const char *id_type;
        bool extensions, no_user, no_rp_id, empty_list;
        size_t name_size;
        unsigned enterprise; /* 0: not asked */
        uint8_t bytes[4096];
};

#define WISH(...)                                                                                \
        &(struct wish)                                                                           \
        {                                                                                        \
                .uv = ABSENT, .up = ABSENT, .rk = ABSENT, .algorithm = -7, .param_size = ABSENT, \
                .protocol = ABSENT, .id_size = 32, .id_type = "public-key", __VA_ARGS__          \
        }

static void write_ids(writer *w, const struct wish *wish)
{
        cbor_write_array(w, wish->id_count);
        for (size_t i = 0; i < wish->id_count; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "id");
                cbor_write_bytes(w, slice_of(wish->ids[i], wish->id_size));
                cbor_write_string(w, "type");
                cbor_write_string(w, wish->id_type);
        }
}

static void write_options(writer *w, const struct wish *wish)
{
        const struct {
                const char *name;
                int value;
        } options[] = { { "rk", wish->rk }, { "up", wish->up }, { "uv", wish->uv } };
        size_t count = 0;
        for (size_t i = 0; i < 3; i++)
                count += options[i].value != ABSENT;
        cbor_write_map(w, count);
        for (size_t i = 0; i < 3; i++) {
                if (options[i].value == ABSENT)
                        continue;
                cbor_write_string(w, options[i].name);
                cbor_write_bool(w, options[i].value != 0);
        }
}

static bool has_options(const struct wish *wish)
{
        return wish->rk != ABSENT || wish->up != ABSENT || wish->uv != ABSENT;
}

static void write_extension(writer *w, const char *name)
{
        cbor_write_map(w, 1);
        cbor_write_string(w, name);
        cbor_write_bool(w, true);
}

static void write_user(writer *w, const struct wish *wish)
{
        static char name[1000];
        memset(name, 'n', sizeof name);
        cbor_write_map(w, wish->name_size ? 2 : 1);
        cbor_write_string(w, "id");
        cbor_write_bytes(w, slice_text("user"));
        if (wish->name_size) {
                cbor_write_string(w, "name");
                cbor_write_text(w, slice_of(name, wish->name_size));
        }
}

static slice make(struct wish *wish)
{
        writer w = WRITER(wish->bytes);
        bool list = wish->id_count || wish->empty_list;
        write_u8(&w, 0x01);
        cbor_write_map(&w, 3u + !wish->no_user + list + wish->extensions + has_options(wish) +
                                   (wish->param_size != ABSENT) + (wish->protocol != ABSENT) +
                                   (wish->enterprise > 0));
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 1);
        cbor_write_string(&w, wish->no_rp_id ? "no" : "id");
        cbor_write_string(&w, rp_id);
        if (!wish->no_user) {
                cbor_write_uint(&w, 3);
                write_user(&w, wish);
        }
        cbor_write_uint(&w, 4);
        cbor_write_array(&w, 2);
        for (int i = 0; i < 2; i++) { /* an algorithm that nobody has stands first */
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "alg");
                cbor_write_int(&w, i ? wish->algorithm : -65535);
                cbor_write_string(&w, "type");
                cbor_write_string(&w, "public-key");
        }
        if (list) {
                cbor_write_uint(&w, 5);
                write_ids(&w, wish);
        }
        if (wish->extensions) {
                cbor_write_uint(&w, 6);
                write_extension(&w, "hmac-secret");
        }
        if (has_options(wish)) {
                cbor_write_uint(&w, 7);
                write_options(&w, wish);
        }
        if (wish->param_size != ABSENT) {
                cbor_write_uint(&w, 8);
                cbor_write_bytes(&w, slice_of(param, (size_t)wish->param_size));
        }
        if (wish->protocol != ABSENT) {
                cbor_write_uint(&w, 9);
                cbor_write_uint(&w, (uint64_t)wish->protocol);
        }
        if (wish->enterprise) {
                cbor_write_uint(&w, 10);
                cbor_write_uint(&w, wish->enterprise);
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

static slice get(struct wish *wish)
{
        writer w = WRITER(wish->bytes);
        bool list = wish->id_count || wish->empty_list;
        write_u8(&w, 0x02);
        cbor_write_map(&w, 2u + list + wish->extensions + has_options(wish) + (wish->param_size != ABSENT) +
                                   (wish->protocol != ABSENT));
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rp_id);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        if (list) {
                cbor_write_uint(&w, 3);
                write_ids(&w, wish);
        }
        if (wish->extensions) {
                cbor_write_uint(&w, 4);
                write_extension(&w, "largeBlobKey");
        }
        if (has_options(wish)) {
                cbor_write_uint(&w, 5);
                write_options(&w, wish);
        }
        if (wish->param_size != ABSENT) {
                cbor_write_uint(&w, 6);
                cbor_write_bytes(&w, slice_of(param, (size_t)wish->param_size));
        }
        if (wish->protocol != ABSENT) {
                cbor_write_uint(&w, 7);
                cbor_write_uint(&w, (uint64_t)wish->protocol);
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

static const uint8_t get_info[] = { 0x04 };

/* A bioEnrollment request with authorisation. */
struct bio {
        uint8_t command;
        int modality, subcommand; /* ABSENT: left out */
        const uint8_t *template_id;
        size_t template_size;
        const char *name;    /* of the finger */
        uint32_t timeout_ms; /* written on four bytes, as libfido2 does; 0: left out */
        int protocol, param_size;
        uint8_t bytes[2048];
};

#define BIO(...)                                                                                      \
        &(struct bio)                                                                                 \
        {                                                                                             \
                .command = 0x40, .modality = 1, .protocol = 2, .param_size = 32, .template_size = 16, \
                __VA_ARGS__                                                                           \
        }

static slice bio(struct bio *bio)
{
        writer w = WRITER(bio->bytes);
        bool params = bio->template_id || bio->name || bio->timeout_ms;
        write_u8(&w, bio->command);
        cbor_write_map(&w, (size_t)(bio->modality != ABSENT) + (bio->subcommand != ABSENT) + params +
                                   (bio->protocol != ABSENT) + (bio->param_size != ABSENT));
        if (bio->modality != ABSENT) {
                cbor_write_uint(&w, 1);
                cbor_write_uint(&w, (uint64_t)bio->modality);
        }
        if (bio->subcommand != ABSENT) {
                cbor_write_uint(&w, 2);
                cbor_write_uint(&w, (uint64_t)bio->subcommand);
        }
        if (params) {
                cbor_write_uint(&w, 3);
                cbor_write_map(&w,
                        (size_t)(bio->template_id != NULL) + (bio->name != NULL) + (bio->timeout_ms != 0));
        }
        if (bio->template_id) {
                cbor_write_uint(&w, 1);
                cbor_write_bytes(&w, slice_of(bio->template_id, bio->template_size));
        }
        if (bio->name) {
                cbor_write_uint(&w, 2);
                cbor_write_string(&w, bio->name);
        }
        if (bio->timeout_ms) {
                cbor_write_uint(&w, 3);
                write_u8(&w, 0x1A);
                write_u32(&w, bio->timeout_ms);
        }
        if (bio->protocol != ABSENT) {
                cbor_write_uint(&w, 4);
                cbor_write_uint(&w, (uint64_t)bio->protocol);
        }
        if (bio->param_size != ABSENT) {
                cbor_write_uint(&w, 5);
                cbor_write_bytes(&w, slice_of(param, (size_t)bio->param_size));
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

struct pin {
        int protocol, subcommand;
        bool key, permissions;
        int hash_size;
        int alg;
        uint8_t bytes[256];
};

#define PIN_REQUEST(...)                                                                              \
        &(struct pin)                                                                                 \
        {                                                                                             \
                .protocol = 2, .subcommand = 5, .key = true, .hash_size = 32, .alg = -25, __VA_ARGS__ \
        }

static slice pin(struct pin *pin)
{
        static const uint8_t x[32] = { 0xF1 }, y[32] = { 0xF2 }, hash[64] = { 0xF3 };
        writer w = WRITER(pin->bytes);
        write_u8(&w, 0x06);
        cbor_write_map(&w, (size_t)(pin->protocol != ABSENT) + (pin->subcommand != ABSENT) + pin->key +
                                   (pin->hash_size != ABSENT) + pin->permissions);
        if (pin->protocol != ABSENT) {
                cbor_write_uint(&w, 1);
                cbor_write_uint(&w, (uint64_t)pin->protocol);
        }
        if (pin->subcommand != ABSENT) {
                cbor_write_uint(&w, 2);
                cbor_write_uint(&w, (uint64_t)pin->subcommand);
        }
        if (pin->key) {
                cbor_write_uint(&w, 3);
                cbor_write_map(&w, 5);
                cbor_write_int(&w, 1);
                cbor_write_int(&w, 2);
                cbor_write_int(&w, 3);
                cbor_write_int(&w, pin->alg);
                cbor_write_int(&w, -1);
                cbor_write_int(&w, 1);
                cbor_write_int(&w, -2);
                cbor_write_bytes(&w, SLICE(x));
                cbor_write_int(&w, -3);
                cbor_write_bytes(&w, SLICE(y));
        }
        if (pin->hash_size != ABSENT) {
                cbor_write_uint(&w, 6);
                cbor_write_bytes(&w, slice_of(hash, (size_t)pin->hash_size));
        }
        if (pin->permissions) {
                cbor_write_uint(&w, 9);
                cbor_write_uint(&w, 1);
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* ---- rigs ---- */

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_int_equal(
                core_new(&(struct core_config){ .transports = MITOME_TRANSPORT_USB }, &rig->core, NULL).code,
                MITOME_OK);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        core_free(rig->core);
        free(rig);
        return 0;
}

/* After whatever happened a plain request is answered as if nothing had: nothing hangs over. */
static void expect_idle(struct rig *rig)
{
        request(rig, SLICE(get_info));
        answer_state(rig, BATCH);
        expect_status(rig, CTAP2_OK);
        assert_false(rig->model.begun || rig->model.gate_runs);
}

/* ---- getInfo, 6.4 ---- */

/* ---- the machine ---- */

/* [8.1] */
static void unknown_commands_are_refused(void **state)
{
        struct rig *rig = *state;
        static const uint8_t known[] = { 0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D,
                0x40, 0x41, 0x50, 0x51, 0x52, 0x53 };
        for (unsigned command = 0; command < 256; command++) {
                const uint8_t message[] = { (uint8_t)command, 0xA0 };
                if (memchr(known, (int)command, sizeof known))
                        continue;
                request(rig, SLICE(message));
                expect_status(rig, CTAP1_ERR_INVALID_COMMAND);
        }
        expect_idle(rig);
}

/* [8.2 0x39] */
static void requests_of_no_or_too_many_bytes_are_refused(void **state)
{
        struct rig *rig = *state;
        static uint8_t message[CORE_MESSAGE_MAX + 1] = { 0x04 };
        request(rig, (slice){ 0 });
        expect_status(rig, CTAP1_ERR_INVALID_LENGTH);
        request(rig, SLICE(message));
        expect_status(rig, CTAP2_ERR_REQUEST_TOO_LARGE);
        request(rig, slice_of(message, CORE_MESSAGE_MAX)); /* fits; getInfo takes no input */
        expect_status(rig, CTAP1_ERR_INVALID_LENGTH);
}

static void an_element_that_fails_is_told_as_other(void **state)
{
        struct rig *rig = *state;
        request(rig, SLICE(get_info));
        event(rig, CORE_LINK_BROKEN);
        expect_status(rig, CTAP1_ERR_OTHER);
        request(rig, SLICE(get_info));
        step_bytes(rig, CORE_RESPONSE, slice_of("\x90", 1));
        expect_status(rig, CTAP1_ERR_OTHER);
        request(rig, SLICE(get_info));
        respond_sw(rig, SW_OK); /* none of its members */
        expect_status(rig, CTAP1_ERR_OTHER);
        request(rig, SLICE(get_info));
        respond_sw(rig, SW_WRONG_INS);
        expect_status(rig, CTAP1_ERR_OTHER);
        expect_idle(rig);
}

/* ---- makeCredential, 6.1.2 ---- */

static void expect_begin(const struct rig *rig, uint8_t command, uint8_t options)
{
        slice data = expect_apdu(rig, BEGIN);
        expect_u8(tag(data, 0x80), command);
        assert_int_equal(tag(data, 0x81).size, 32);
        expect_bytes(tag(data, 0x82), client_data_hash, 32);
        expect_u8(tag(data, 0x83), options);
}

static void expect_gate_verifies(const struct rig *rig, uint8_t command)
{
        const struct mitome_gate_request *asked = &rig->action.request;
        expect(rig, CORE_GATE_START);
        assert_int_equal(asked->purpose, MITOME_GATE_VERIFY);
        assert_int_equal(asked->command, command);
        expect_bytes(asked->rp_id, rp_id, sizeof rp_id - 1);
        expect_bytes(asked->client_data_hash, client_data_hash, 32);
        expect_bytes(asked->challenge, challenge, 32);
        assert_true(asked->timeout_ms >= 10000);
}

static void expect_token(slice data)
{
        slice token = tag(data, 0x80);
        assert_int_equal(token.size, MITOME_GATE_EVIDENCE_SIZE);
        for (size_t i = 0; i < token.size; i++)
                assert_int_equal(token.data[i], 0x70 + MITOME_GATE_EVIDENCE);
}

/* [6.1.2 11.2.1] [6.1.2 11.2.2] [6.1.2 11.2.4] */
static void make_with_a_finger(void **state)
{
        struct rig *rig = *state;
        request(rig, make(WISH(.uv = 1, .rk = 1, .name_size = 6, .ids = { other_id }, .id_count = 1,
                             .extensions = true)));
        answer_state(rig, BATCH | PIN | PAIRED | OPEN);
        expect_begin(rig, 0x01, 0x03);
        assert_null(tag(expect_apdu(rig, BEGIN), 0x84).data);
        answer_challenge(rig);
        expect_gate_verifies(rig, 0x01);
        gate_kind(rig, MITOME_GATE_NOTHING);
        expect(rig, CORE_GATE_POLL);
        gate_kind(rig, MITOME_GATE_AWAITS);
        expect(rig, CORE_GATE_POLL);
        gate_kind(rig, MITOME_GATE_RETRY);
        expect(rig, CORE_GATE_POLL);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);

        slice data = expect_apdu(rig, MAKE);
        expect_token(data);
        expect_bytes(tag(data, 0x81), rp_id, sizeof rp_id - 1);
        expect_bytes(tag(data, 0x82), "user", 4);
        expect_bytes(tag(data, 0x83), "nnnnnn", 6);
        assert_int_equal(tag(data, 0x84).size, 0);
        expect_u8(tag(data, 0x85), 0x01); /* discoverable; the finger is the presence */
        expect_u8(tag(data, 0x86), 0x07);
        expect_bytes(tag(data, 0x87), other_id, 32);
        answer_credential(rig);

        /* {1: "packed", 2: authData, 3: {"alg": -7, "sig": .., "x5c": [..]}} */
        static const uint8_t wanted[] = { 0x00, 0xA3, 0x01, 0x66, 'p', 'a', 'c', 'k', 'e', 'd', 0x02, 0x43,
                0xAD, 0xAD, 0xAD, 0x03, 0xA3, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x42, 0x51,
                0x51, 0x63, 'x', '5', 'c', 0x82, 0x45, 'b', 'a', 't', 'c', 'h', 0x42, 'c', 'a' };
        expect(rig, CORE_REPLY);
        expect_bytes(rig->reply_view, wanted, sizeof wanted);
        expect_idle(rig);
}

/* [6.1.2 14.2] */
static void make_with_a_pin_and_a_touch(void **state)
{
        struct rig *rig = *state;
        request(rig, make(WISH(.uv = 1, .param_size = 32, .protocol = 2, .algorithm = -8)));
        answer_state(rig, BATCH | PIN);
        expect_begin(rig, 0x01, 0x01); /* [6.1.2 5.2] with a pinUvAuthParam "uv" counts as false */
        expect_bytes(tag(expect_apdu(rig, BEGIN), 0x84), param, 32);
        respond_sw(rig, SW_OK);
        expect(rig, CORE_TOUCH);
        expect_bytes(rig->action.touch.rp_id, rp_id, sizeof rp_id - 1);
        event(rig, CORE_TOUCHED);
        slice data = expect_apdu(rig, MAKE);
        assert_null(tag(data, 0x80).data);
        expect_u8(tag(data, 0x85), 0x02);
        expect_u8(tag(data, 0x86), 0x08);
        answer_credential(rig);
        expect_status(rig, CTAP2_OK);
}

static void make_with_a_touch_alone(void **state)
{
        struct rig *rig = *state;
        request(rig, make(WISH(.up = 1)));
        answer_state(rig, BATCH);
        expect_begin(rig, 0x01, 0x01);
        respond_sw(rig, SW_OK);
        expect(rig, CORE_TOUCH);
        event(rig, CORE_TOUCHED);
        expect_u8(tag(expect_apdu(rig, MAKE), 0x85), 0x02);
        answer_credential(rig);
        expect_status(rig, CTAP2_OK);
}

/* [6.1] */
static void names_are_cut_at_a_character(void **state)
{
        struct rig *rig = *state;
        request(rig, make(WISH(.name_size = 500)));
        answer_state(rig, BATCH);
        respond_sw(rig, SW_OK);
        event(rig, CORE_TOUCHED);
        assert_int_equal(tag(expect_apdu(rig, MAKE), 0x83).size, 64);
        event(rig, CORE_LINK_BROKEN);
        expect_status(rig, CTAP1_ERR_OTHER);

        /* 63 letters, then one of three bytes that would end at 66 */
        struct wish *wish = WISH(.name_size = 66);
        slice message = make(wish);
        for (size_t i = 0; i + 66 <= message.size; i++) {
                if (memcmp(wish->bytes + i, "nnnn", 4) == 0) {
                        memcpy(wish->bytes + i + 63, "\xE8\xAA\x8D", 3);
                        break;
                }
        }
        request(rig, message);
        answer_state(rig, BATCH);
        respond_sw(rig, SW_OK);
        event(rig, CORE_TOUCHED);
        assert_int_equal(tag(expect_apdu(rig, MAKE), 0x83).size, 63);
        event(rig, CORE_LINK_BROKEN);
}

/* [6.1.2 2] [6.1.2 3] [6.1.2 8.1] [6.1.2 8.2] [6.1.2 9] [6.1.2 11.2.3.2] [6.1.2 11.2.3.3] Refusals before the
 * element is asked to do anything. Each step's number stands with its case. */
static void make_refuses(void **state)
{
        struct rig *rig = *state;
        const uint8_t finger = BATCH | PIN | PAIRED | OPEN;
        const struct {
                const char *step;
                struct wish *wish;
                uint8_t flags, pin_tries, uv_tries;
                enum ctap_status status;
        } cases[] = {
                /* [6.1.2 2] [6.1.2 2.1] */
                { "2.1", WISH(.param_size = 32, .protocol = 3), PIN, 3, 5, CTAP1_ERR_INVALID_PARAMETER },
                { "2.1", WISH(.param_size = 32, .protocol = 0), PIN, 3, 5, CTAP1_ERR_INVALID_PARAMETER },
                /* [6.1.2 2.2] */
                { "2.2", WISH(.param_size = 32), PIN, 3, 5, CTAP2_ERR_MISSING_PARAMETER },
                /* [6.1.2 3.2] */
                { "3.2", WISH(.algorithm = -257), 0, 3, 5, CTAP2_ERR_UNSUPPORTED_ALGORITHM },
                /* [6.1.2 5.3.1] */
                { "5.3.1", WISH(.uv = 1), PIN, 3, 5, CTAP2_ERR_INVALID_OPTION },
                { "5.3.1", WISH(.uv = 1), PIN, 0, 0, CTAP2_ERR_INVALID_OPTION },
                /* [6.1.2 5.3.2] */
                { "5.3.2", WISH(.uv = 1), PIN | PAIRED, 3, 5, CTAP2_ERR_INVALID_OPTION },
                /* [6.1.2 11.2.3] [6.1.2 11.2.3.3] enabled, and no try is left */
                { "11.2.3", WISH(.uv = 1), PIN | PAIRED, 3, 0, CTAP2_ERR_PUAT_REQUIRED },
                { "11.2.3", WISH(.uv = 1), PIN | PAIRED, 0, 5, CTAP2_ERR_PIN_BLOCKED },
                { "11.2.3", WISH(.uv = 1), PAIRED, 0, 0, CTAP2_ERR_PIN_BLOCKED },
                /* [6.1.2 5.6] */
                { "5.6.1", WISH(.up = 0), 0, 3, 5, CTAP2_ERR_INVALID_OPTION },
                { "5.6.1", WISH(.up = 0, .uv = 1), finger, 3, 5, CTAP2_ERR_INVALID_OPTION },
                /* [6.1.2 7] [6.1.2 8.1] [6.1.2 8.2] */
                { "7.1.1", WISH(.rk = 1), PIN, 3, 5, CTAP2_ERR_PUAT_REQUIRED },
                { "7.1.1", WISH(.rk = 1, .uv = 0), finger, 3, 5, CTAP2_ERR_PUAT_REQUIRED },
                { "7.1.2", WISH(.rk = 1), PAIRED | OPEN, 3, 5, CTAP2_ERR_OPERATION_DENIED },
                /* [6.1.2 9] [6.1.2 9.1] */
                { "9.1", WISH(.enterprise = 1), 0, 3, 5, CTAP1_ERR_INVALID_PARAMETER },
                { "9.1", WISH(.enterprise = 3), CERTIFICATE, 3, 5, CTAP1_ERR_INVALID_PARAMETER },
                /* [6.1.2 9.2.1] */
                { "9.2.1", WISH(.enterprise = 3), ENTERPRISE, 3, 5, CTAP2_ERR_INVALID_OPTION },
                { "3.2, RS256 for whom", WISH(.enterprise = 1, .algorithm = -257), ENTERPRISE, 3, 5,
                        CTAP2_ERR_UNSUPPORTED_ALGORITHM },
                { "3.2, RS256 unasked", WISH(.algorithm = -257), ENTERPRISE | CERTIFICATE, 3, 5,
                        CTAP2_ERR_UNSUPPORTED_ALGORITHM },
                /* [6.1.2 11.1.1] */
                { "11.1.1", WISH(.param_size = 16, .protocol = 2), PIN, 3, 5, CTAP2_ERR_PIN_AUTH_INVALID },
                { "11.1.1", WISH(.param_size = 32, .protocol = 1), PIN, 3, 5, CTAP2_ERR_PIN_AUTH_INVALID },
                /* in order: an earlier step decides */
                { "2 before 3", WISH(.param_size = 32, .algorithm = -257), PIN, 3, 5,
                        CTAP2_ERR_MISSING_PARAMETER },
                { "3 before 5", WISH(.up = 0, .algorithm = -257), 0, 3, 5, CTAP2_ERR_UNSUPPORTED_ALGORITHM },
                { "5 before 7", WISH(.up = 0, .rk = 1), PIN, 3, 5, CTAP2_ERR_INVALID_OPTION },
                { "7 before 9", WISH(.enterprise = 1, .rk = 1), PIN, 3, 5, CTAP2_ERR_PUAT_REQUIRED },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                request(rig, make(cases[i].wish));
                answer_state_full(rig, cases[i].flags, cases[i].pin_tries, cases[i].uv_tries);
                if (rig->action.kind != CORE_REPLY || rig->action.bytes.data[0] != cases[i].status)
                        fail_msg("step %s (case %zu)", cases[i].step, i);
        }
        expect_idle(rig);
}

/* What the element answers for enterprise attestation: 81 and 82 of the person, 83 and 84 of the device. */
static void enterprise_statements_are_whole(void **state)
{
        struct rig *rig = *state;
        static const uint16_t parts[] = { 0x0F, 0x0E, 0x0D, 0x0B, 0x07, 0x03 }; /* of which 81, 82, 83, 84 */
        static const enum ctap_status wanted[] = { CTAP2_OK, CTAP1_ERR_OTHER, CTAP1_ERR_OTHER, CTAP2_OK,
                CTAP1_ERR_OTHER, CTAP2_OK };
        for (size_t i = 0; i < 6; i++) {
                uint8_t bytes[64];
                writer w = WRITER(bytes);
                tlv_write(&w, 0x80, SLICE(authdata));
                for (unsigned tag_at = 0; tag_at < 4; tag_at++)
                        if (parts[i] & 1u << tag_at)
                                tlv_write(&w, 0x81 + tag_at, SLICE(signature));
                /* [6.1.2 9.2.2] platform-managed counts as vendor-facilitated */
                request(rig, make(WISH(.enterprise = 1 + (unsigned)i % 2, .algorithm = -257)));
                answer_state(rig, ENTERPRISE | CERTIFICATE);
                respond_sw(rig, SW_OK); /* begun */
                event(rig, CORE_TOUCHED);
                slice data = expect_apdu(rig, MAKE);
                expect_u8(tag(data, 0x85), 0x06);
                expect_u8(tag(data, 0x86), 0x09);
                respond(rig, writer_view(&w), SW_OK);
                expect_status(rig, wanted[i]); /* without 83 it is a packed one, whatever else is there */
                if (wanted[i] == CTAP2_OK)     /* [6.1.2 9.2.3] {.., 4: true} tells that it was given */
                        assert_int_equal(rig->reply[1], i == 0 ? 0xA4 : 0xA3);
                if (i == 0)
                        assert_memory_equal(rig->reply + rig->reply_view.size - 2, "\x04\xF5", 2);
        }
        request(rig, make(WISH(.enterprise = 1, .algorithm = -257)));
        answer_state(rig, ENTERPRISE | CERTIFICATE);
        respond_sw(rig, SW_OK);
        event(rig, CORE_TOUCHED);
        respond_sw(rig, SW_FUNCTION_UNSUPPORTED); /* the relying party is not on the list */
        expect_status(rig, CTAP2_ERR_UNSUPPORTED_ALGORITHM);
}

/* [6.1.2 1.1] [6.2.2 1.1] 1: a zero-length pinUvAuthParam: touch, then PIN_NOT_SET or PIN_INVALID. */
static void selection_asks_for_a_touch(void **state)
{
        struct rig *rig = *state;
        for (int i = 0; i < 2; i++) {
                struct wish *wish = WISH(.param_size = 0, .protocol = 2);
                slice message = i ? get(wish) : make(wish);
                request(rig, message);
                answer_state(rig, PIN);
                expect(rig, CORE_TOUCH);
                event(rig, CORE_TOUCHED);
                expect_status(rig, CTAP2_ERR_PIN_INVALID);
                request(rig, message);
                answer_state(rig, 0);
                event(rig, CORE_TOUCHED);
                expect_status(rig, CTAP2_ERR_PIN_NOT_SET);
                request(rig, message);
                answer_state(rig, PIN);
                event(rig, CORE_NOT_TOUCHED);
                expect_status(rig, CTAP2_ERR_OPERATION_DENIED);
                request(rig, message);
                answer_state(rig, PIN);
                event(rig, CORE_CANCEL);
                expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        }
}

/* [8.2] */
static void malformed_requests_are_refused(void **state)
{
        struct rig *rig = *state;
        request(rig, make(WISH(.no_user = true)));
        expect_status(rig, CTAP2_ERR_MISSING_PARAMETER);
        request(rig, make(WISH(.no_rp_id = true)));
        expect_status(rig, CTAP2_ERR_MISSING_PARAMETER);
        static const struct {
                const char *bytes;
                size_t size;
                enum ctap_status status;
        } cases[] = {
                { "\x01", 1, CTAP2_ERR_INVALID_CBOR },
                { "\x02\x80", 2, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\x02\xA0", 2, CTAP2_ERR_MISSING_PARAMETER },
                { "\x02\xA0\x00", 3, CTAP2_ERR_MISSING_PARAMETER },
                { "\x02\xBF\xFF", 3, CTAP2_ERR_INVALID_CBOR },                             /* indefinite */
                { "\x02\xB8\x01\x01\x61\x61", 6, CTAP2_ERR_INVALID_CBOR },                 /* long count */
                { "\x02\xA2\x01\x61\x61\x01\x61\x61", 8, CTAP2_ERR_INVALID_CBOR },         /* doubled key */
                { "\x02\xA2\x02\x61\x61\x01\x61\x61", 8, CTAP2_ERR_CBOR_UNEXPECTED_TYPE }, /* hash: text */
                { "\x02\xA1\x01\x41\x61", 5, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },             /* rpId: bytes */
                { "\x02\xA1\x01\x60", 4, CTAP1_ERR_INVALID_PARAMETER },                    /* rpId: empty */
                { "\x02\xA1\x01\x61\xFF", 5, CTAP2_ERR_INVALID_CBOR },                     /* not UTF-8 */
                { "\x02\xA1\x01\x78\xFE", 5, CTAP2_ERR_INVALID_CBOR },                     /* ends early */
                { "\x02\xA2\x01\x61\x61\x02\x41\x00", 8, CTAP1_ERR_INVALID_PARAMETER },    /* hash: 1 byte */
                { "\x02\xA1\xF9\x00\x00\x00", 6, CTAP2_ERR_INVALID_CBOR },                 /* float as key */
                { "\x06\xA1\x02\x63pin", 7, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\x06\xA0", 2, CTAP2_ERR_MISSING_PARAMETER },
                { "\x40\xA1\x03\x80", 4, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { "\x40\xA1\x03\xA1\x03\x1A\x00\x00", 8, CTAP2_ERR_INVALID_CBOR },
                { "\x40\xA1\x03\xA1\x03\x19\x00\x01", 8, CTAP2_ERR_INVALID_CBOR }, /* only four bytes pass */
                { "\x40\xA1\x03\xA1\x03\x1B\0\0\0\0\0\0\0\x01", 14, CTAP2_ERR_INVALID_CBOR },
                { "\x40\xA1\x03\xA1\x03\x61\x61", 7, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                request(rig, slice_of(cases[i].bytes, cases[i].size));
                if (rig->action.kind != CORE_REPLY || rig->action.bytes.data[0] != cases[i].status)
                        fail_msg("case %zu: %02x", i,
                                rig->action.kind == CORE_REPLY ? rig->action.bytes.data[0] : 0xFFu);
        }
        /* 253 characters of an RP ID pass, 254 do not */
        for (size_t size = 253; size <= 254; size++) {
                uint8_t bytes[400];
                static uint8_t text[254];
                memset(text, 'a', sizeof text);
                writer w = WRITER(bytes);
                write_u8(&w, 0x02);
                cbor_write_map(&w, 2);
                cbor_write_uint(&w, 1);
                cbor_write_text(&w, slice_of(text, size));
                cbor_write_uint(&w, 2);
                cbor_write_bytes(&w, SLICE(client_data_hash));
                request(rig, writer_view(&w));
                if (size == 253)
                        event(rig, CORE_LINK_BROKEN);
                expect_status(rig, size == 253 ? CTAP1_ERR_OTHER : CTAP2_ERR_LIMIT_EXCEEDED);
        }
        expect_idle(rig);
}

/* [8 unknown] keys that nobody knows must be ignored. */
static void unknown_members_are_ignored(void **state)
{
        struct rig *rig = *state;
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_u8(&w, 0x02);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_string(&w, rp_id);
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(client_data_hash));
        cbor_write_uint(&w, 5);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "up");
        cbor_write_bool(&w, false);
        cbor_write_string(&w, "later");
        cbor_write_array(&w, 0);
        cbor_write_uint(&w, 99);
        cbor_write_map(&w, 0);
        request(rig, writer_view(&w));
        answer_state(rig, 0);
        expect_begin(rig, 0x02, 0x00);
        event(rig, CORE_LINK_BROKEN);
}

/* ---- getAssertion, 6.2.2 ---- */

/* [6.2.2 6.2.1] [6.2.2 6.2.2] [6.2.2 6.2.4] */
static void get_with_a_finger(void **state)
{
        struct rig *rig = *state;
        request(rig, get(WISH(.uv = 1, .ids = { credential_id, other_id }, .id_count = 2)));
        answer_state(rig, BATCH | PIN | PAIRED | OPEN);
        expect_begin(rig, 0x02, 0x03);
        answer_challenge(rig);
        expect_gate_verifies(rig, 0x02);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        slice data = expect_apdu(rig, GET);
        expect_token(data);
        expect_u8(tag(data, 0x85), 0x00);
        answer_assertion(rig, true);
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_u8(&w, 0);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, SLICE(credential_id));
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        cbor_write_uint(&w, 2);
        cbor_write_bytes(&w, SLICE(authdata));
        cbor_write_uint(&w, 3);
        cbor_write_bytes(&w, SLICE(signature));
        cbor_write_uint(&w, 4);
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, slice_text("user"));
        cbor_write_string(&w, "name");
        cbor_write_string(&w, "hanako");
        cbor_write_string(&w, "displayName");
        cbor_write_string(&w, "Hanako");
        expect_bytes(rig->reply_view, bytes, w.used);
        expect_idle(rig);
}

/* [6.2.2 9.2] */
static void get_with_a_touch_or_silently(void **state)
{
        struct rig *rig = *state;
        request(rig, get(WISH()));
        answer_state(rig, PIN); /* getAssertion needs no user verification */
        expect_begin(rig, 0x02, 0x01);
        respond_sw(rig, SW_OK);
        expect(rig, CORE_TOUCH);
        event(rig, CORE_TOUCHED);
        slice data = expect_apdu(rig, GET);
        expect_u8(tag(data, 0x85), 0x02);
        assert_null(tag(data, 0x87).data);
        answer_assertion(rig, false);
        expect_status(rig, CTAP2_OK);

        request(rig, get(WISH(.up = 0, .ids = { credential_id }, .id_count = 1, .empty_list = true)));
        answer_state(rig, PIN);
        expect_begin(rig, 0x02, 0x00);
        respond_sw(rig, SW_OK);
        data = expect_apdu(rig, GET);
        expect_u8(tag(data, 0x85), 0x00);
        expect_bytes(tag(data, 0x87), credential_id, 32);
        answer_assertion(rig, false);
        expect_status(rig, CTAP2_OK);

        request(rig, get(WISH(.empty_list = true))); /* an empty list is no list */
        answer_state(rig, PIN);
        respond_sw(rig, SW_OK);
        event(rig, CORE_TOUCHED);
        expect_apdu(rig, GET);
        respond_sw(rig, SW_NO_REFERENCE);
        expect_status(rig, CTAP2_ERR_NO_CREDENTIALS);
}

/* [6.2.2 2] */
static void get_refuses(void **state)
{
        struct rig *rig = *state;
        const struct {
                const char *step;
                struct wish *wish;
                uint8_t flags, pin_tries, uv_tries;
                enum ctap_status status;
        } cases[] = {
                /* [6.2.2 2] [6.2.2 2.1] */
                { "2.1", WISH(.param_size = 32, .protocol = 3), PIN, 3, 5, CTAP1_ERR_INVALID_PARAMETER },
                /* [6.2.2 2.2] */
                { "2.2", WISH(.param_size = 32), PIN, 3, 5, CTAP2_ERR_MISSING_PARAMETER },
                /* [6.2.2 4.3.1] */
                { "4.3.1", WISH(.uv = 1), PIN, 3, 5, CTAP2_ERR_INVALID_OPTION },
                /* [6.2.2 4.3.2] */
                { "4.3.2", WISH(.uv = 1), PIN | PAIRED, 3, 5, CTAP2_ERR_INVALID_OPTION },
                /* [6.2.2 6.2.3] */
                { "6.2.3", WISH(.uv = 1), PIN | PAIRED, 3, 0, CTAP2_ERR_PUAT_REQUIRED },
                { "6.2.3", WISH(.uv = 1), PIN | PAIRED, 0, 0, CTAP2_ERR_PIN_BLOCKED },
                /* [6.2.2 4.4] */
                { "4.4.1", WISH(.rk = 1), PIN, 3, 5, CTAP2_ERR_UNSUPPORTED_OPTION },
                { "4.4.1", WISH(.rk = 0), PIN, 3, 5, CTAP2_ERR_UNSUPPORTED_OPTION },
                /* [6.2.2 6.1.1] */
                { "6.1.1", WISH(.param_size = 31, .protocol = 2), PIN, 3, 5, CTAP2_ERR_PIN_AUTH_INVALID },
                { "6.1.1", WISH(.param_size = 32, .protocol = 1), PIN, 3, 5, CTAP2_ERR_PIN_AUTH_INVALID },
                /* [6.2.2 7.1] ids of another length or type cannot be ours, and do not mean "any" */
                { "7.1", WISH(.ids = { credential_id }, .id_count = 1, .id_size = 31), 0, 3, 5,
                        CTAP2_ERR_NO_CREDENTIALS },
                { "7.1", WISH(.ids = { credential_id }, .id_count = 1, .id_type = "other"), 0, 3, 5,
                        CTAP2_ERR_NO_CREDENTIALS },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                request(rig, get(cases[i].wish));
                answer_state_full(rig, cases[i].flags, cases[i].pin_tries, cases[i].uv_tries);
                if (rig->action.kind != CORE_REPLY || rig->action.bytes.data[0] != cases[i].status)
                        fail_msg("step %s (case %zu)", cases[i].step, i);
        }
        expect_idle(rig);
}

/* ---- what the gate reports ---- */

/* A login up to the moment when a finger is awaited. */
static void await_finger(struct rig *rig)
{
        request(rig, get(WISH(.uv = 1)));
        answer_state(rig, PIN | PAIRED | OPEN);
        answer_challenge(rig);
        expect(rig, CORE_GATE_START);
}

static void expect_abandon(struct rig *rig, bool with_evidence)
{
        slice data = expect_apdu(rig, ABANDON);
        if (with_evidence)
                assert_int_equal(tag(data, 0x80).size, MITOME_GATE_EVIDENCE_SIZE);
        else
                assert_int_equal(data.size, 0);
        respond_sw(rig, SW_OK);
}

static void a_mismatch_costs_a_try(void **state)
{
        struct rig *rig = *state;
        static const struct {
                uint8_t flags, pin_tries, uv_tries;
                enum ctap_status status;
        } cases[] = {
                { PIN, 3, 4, CTAP2_ERR_PUAT_REQUIRED }, /* [6.2.2 6.2.3.2] the PIN can do it */
                { PIN, 3, 0, CTAP2_ERR_PUAT_REQUIRED },
                { PIN, 0, 4, CTAP2_ERR_PIN_BLOCKED }, /* [6.2.2 6.2.3.3] */
                { 0, 3, 0, CTAP2_ERR_PIN_BLOCKED },
                { 0, 3, 4,
                        CTAP2_ERR_OPERATION_DENIED }, /* [6.2.2 6.2.3.4] [6.1.2 11.2.3.4] no PIN is there */
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                await_finger(rig);
                gate_kind(rig, MITOME_GATE_NO_MATCH);
                expect_abandon(rig, false); /* nothing that could refund it */
                answer_state_full(rig, cases[i].flags | PAIRED, cases[i].pin_tries, cases[i].uv_tries);
                expect_status(rig, cases[i].status);
        }
        /* [6.1.2 11.2.3.4] [6.2.2 6.2.3.4] no PIN either: denied */
        for (int makes = 0; makes < 2; makes++) {
                struct wish *wish = WISH(.uv = 1);
                request(rig, makes ? make(wish) : get(wish));
                answer_state(rig, BATCH | PAIRED | OPEN);
                answer_challenge(rig);
                gate_kind(rig, MITOME_GATE_NO_MATCH);
                expect_abandon(rig, false);
                answer_state_full(rig, PAIRED, 0, 4);
                expect_status(rig, CTAP2_ERR_OPERATION_DENIED);
        }
        assert_int_equal(rig->model.got, 0);
        expect_idle(rig);
}

/* ---- [6.5.3.1 maxUvAttemptsForInternalRetries] the user may try again within the request ---- */

/* The next BEGIN, with the same words, and a challenge that no capture before had. */
static void await_another(struct rig *rig, uint8_t tries)
{
        uint8_t other[sizeof challenge], bytes[64];
        writer w = WRITER(bytes);
        gate_kind(rig, MITOME_GATE_NO_MATCH);
        expect_abandon(rig, false);
        answer_state_full(rig, PIN | PAIRED | OPEN, 3, tries);
        assert_int_equal(rig->action.guidance.state, MITOME_GUIDANCE_NOT_RECOGNISED);
        assert_int_equal(rig->action.guidance.number, tries);
        memset(other, tries, sizeof other);
        expect_u8(tag(expect_apdu(rig, BEGIN), 0x83), 0x03);
        tlv_write(&w, 0x80, SLICE(other));
        respond(rig, writer_view(&w), SW_OK);
        expect(rig, CORE_GATE_START);
        assert_int_equal(rig->action.request.purpose, MITOME_GATE_VERIFY);
        expect_bytes(rig->action.request.challenge, other, sizeof other);
}

static void a_finger_may_be_laid_again_each_time_for_a_try_and_a_challenge(void **state)
{
        struct rig *rig = *state;
        await_finger(rig);
        await_another(rig, 4);
        await_another(rig, 3);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        slice data = expect_apdu(rig, GET);
        assert_int_equal(tag(data, 0x80).size, MITOME_GATE_EVIDENCE_SIZE);
        answer_assertion(rig, true);
        expect_status(rig, CTAP2_OK);
        assert_int_equal(rig->model.captures, 3);
        expect_idle(rig);
}

/* Also where tries would be left: then the platform is told. The next request counts anew. */
static void after_three_captures_the_platform_is_told(void **state)
{
        struct rig *rig = *state;
        for (int requests = 0; requests < 2; requests++) {
                await_finger(rig);
                await_another(rig, 9);
                await_another(rig, 8);
                gate_kind(rig, MITOME_GATE_NO_MATCH);
                expect_abandon(rig, false);
                answer_state_full(rig, PIN | PAIRED | OPEN, 3, 7);
                expect_status(rig, CTAP2_ERR_PUAT_REQUIRED);
                assert_int_equal(rig->action.guidance.state, MITOME_GUIDANCE_NOT_RECOGNISED);
                assert_int_equal(rig->action.guidance.number, 7);
                assert_int_equal(rig->model.captures, 3);
        }
        expect_idle(rig);
}

/* No tries, no PIN tries, or the set was changed meanwhile: the path is closed, and nobody is asked again. */
static void no_finger_is_asked_for_once_the_path_is_closed(void **state)
{
        struct rig *rig = *state;
        static const struct {
                uint8_t flags, pin_tries, uv_tries;
                enum ctap_status status;
                enum mitome_guidance said;
        } cases[] = {
                { PIN | PAIRED, 3, 0, CTAP2_ERR_PUAT_REQUIRED,
                        MITOME_GUIDANCE_NOT_RECOGNISED }, /* of 0: closed */
                { PIN | PAIRED, 0, 4, CTAP2_ERR_PIN_BLOCKED, MITOME_GUIDANCE_PIN_LOCKED },
                { PIN | PAIRED, 3, 4, CTAP2_ERR_PUAT_REQUIRED, MITOME_GUIDANCE_NOT_RECOGNISED },
                { PAIRED, 3, 0, CTAP2_ERR_PIN_BLOCKED, MITOME_GUIDANCE_NOT_RECOGNISED },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                await_finger(rig);
                await_another(rig, 1);
                gate_kind(rig, MITOME_GATE_NO_MATCH);
                expect_abandon(rig, false);
                answer_state_full(rig, cases[i].flags, cases[i].pin_tries, cases[i].uv_tries);
                expect_status(rig, cases[i].status);
                assert_int_equal(rig->action.guidance.state, cases[i].said);
        }
        expect_idle(rig);
}

/* What was given back is the last try only: those of the captures that were compared are spent. */
static void a_further_try_ends_as_the_first_may(void **state)
{
        struct rig *rig = *state;
        await_finger(rig);
        await_another(rig, 4);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_USER_ACTION_TIMEOUT);
        await_finger(rig);
        await_another(rig, 4);
        event(rig, CORE_CANCEL);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        await_finger(rig);
        gate_kind(rig, MITOME_GATE_NO_MATCH); /* cancelled between the two */
        event(rig, CORE_CANCEL);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        await_finger(rig);
        gate_kind(rig, MITOME_GATE_NO_MATCH);
        expect_abandon(rig, false);
        answer_state_full(rig, PIN | PAIRED | OPEN, 3, 1);
        expect_apdu(rig, BEGIN);
        respond_sw(rig, SW_BLOCKED); /* the element does not give a challenge any more */
        expect_status(rig, CTAP2_ERR_UV_BLOCKED);
        expect_idle(rig);
}

/* The matcher's time for a finger is over, or it waits after misses: nothing was compared, the try comes
 * back, and the PIN can do it instead. */
static void a_matcher_that_wants_the_pin_leaves_the_pin(void **state)
{
        struct rig *rig = *state;
        static const mitome_code codes[] = { MITOME_E_GATE_PIN_DUE, MITOME_E_GATE_WAIT,
                MITOME_E_GATE_NO_FINGER, MITOME_E_GATE_NO_SENSOR };
        for (size_t i = 0; i < 4; i++) {
                struct mitome_gate_event refused = {
                        .kind = MITOME_GATE_REFUSED, .code = codes[i], .has_evidence = true
                };
                await_finger(rig);
                gate(rig, refused);
                expect_abandon(rig, true);
                expect_status(rig, i < 3 ? CTAP2_ERR_PUAT_REQUIRED : CTAP1_ERR_OTHER);
        }
        expect_idle(rig);
}

/* What the element says of its PIN reaches the gate as it is, beside its own challenge and no other. */
static void the_elements_word_reaches_the_gate(void **state)
{
        struct rig *rig = *state;
        static const size_t sizes[] = { 40, 0, 40, 39, 41 };
        uint8_t entry[41], bytes[128];
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                memset(entry, 0xE0 + (int)i, sizeof entry);
                request(rig, get(WISH(.uv = 1)));
                answer_state(rig, PIN | PAIRED | OPEN);
                writer w = WRITER(bytes);
                tlv_write(&w, 0x80, SLICE(challenge));
                if (sizes[i])
                        tlv_write(&w, 0x81, slice_of(entry, sizes[i]));
                expect_apdu(rig, BEGIN);
                respond(rig, writer_view(&w), SW_OK);
                if (i < 3) {
                        expect(rig, CORE_GATE_START);
                        expect_bytes(rig->action.request.entry, entry, sizes[i]); /* not the former one */
                        gate_evidence(rig, MITOME_GATE_ABSENT);
                }
                expect_abandon(rig, i < 3);
                expect_status(rig, i < 3 ? CTAP2_ERR_USER_ACTION_TIMEOUT : CTAP1_ERR_OTHER);
        }
        expect_idle(rig);
}

/* Who says no has done something: that is no timeout. */
static void who_would_not_lay_a_finger_has_denied(void **state)
{
        struct rig *rig = *state;
        await_finger(rig);
        gate_evidence(rig, MITOME_GATE_DISMISSED);
        expect_abandon(rig, true); /* and nothing was presented: the try comes back */
        expect_status(rig, CTAP2_ERR_OPERATION_DENIED);
        await_finger(rig);
        event(rig, CORE_CANCEL);
        gate_evidence(rig, MITOME_GATE_DISMISSED); /* the host was faster */
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        expect_idle(rig);
}

static void absence_gives_the_try_back(void **state)
{
        struct rig *rig = *state;
        await_finger(rig);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_USER_ACTION_TIMEOUT);
        await_finger(rig);
        gate_kind(rig, MITOME_GATE_ABSENT); /* a gate that has no evidence of it */
        expect_abandon(rig, false);
        expect_status(rig, CTAP2_ERR_USER_ACTION_TIMEOUT);
        expect_idle(rig);
}

/* [11.2.9.1.5 status] */
static void cancelling_ends_the_gate_first(void **state)
{
        struct rig *rig = *state;
        await_finger(rig);
        event(rig, CORE_CANCEL);
        expect(rig, CORE_GATE_CANCEL);
        gate_kind(rig, MITOME_GATE_AWAITS); /* was on its way */
        expect(rig, CORE_GATE_POLL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);

        /* A match that comes after the host has cancelled signs nothing. */
        await_finger(rig);
        event(rig, CORE_CANCEL);
        event(rig, CORE_CANCEL);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        expect_abandon(rig, false);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        assert_int_equal(rig->model.got, 0);

        await_finger(rig);
        event(rig, CORE_CANCEL);
        gate_kind(rig, MITOME_GATE_BROKEN);
        expect_apdu(rig, ABANDON);
        event(rig, CORE_LINK_BROKEN);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        expect_idle(rig);
}

static void a_broken_gate_is_told_as_other(void **state)
{
        struct rig *rig = *state;
        await_finger(rig);
        gate_kind(rig, MITOME_GATE_BROKEN);
        expect_abandon(rig, false);
        expect_status(rig, CTAP1_ERR_OTHER);
        await_finger(rig);
        gate_kind(rig, MITOME_GATE_EVIDENCE); /* "done", and nothing to show for it */
        expect_abandon(rig, false);
        expect_status(rig, CTAP1_ERR_OTHER);
        expect_idle(rig);
}

static void presence_can_be_declined(void **state)
{
        struct rig *rig = *state;
        request(rig, make(WISH()));
        answer_state(rig, 0);
        respond_sw(rig, SW_OK);
        event(rig, CORE_NOT_TOUCHED);
        expect_abandon(rig, false);
        expect_status(rig, CTAP2_ERR_OPERATION_DENIED); /* [6.1.2 14.2.1] */
        request(rig, make(WISH()));
        answer_state(rig, 0);
        respond_sw(rig, SW_OK);
        event(rig, CORE_CANCEL);
        expect_abandon(rig, false);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        assert_int_equal(rig->model.made, 0);
        expect_idle(rig);
}

/* ---- what the element answers ---- */

static void begin_refusals_are_told(void **state)
{
        struct rig *rig = *state;
        static const struct {
                uint16_t sw;
                enum ctap_status status;
        } cases[] = {
                { SW_SECURITY_STATUS, CTAP2_ERR_PIN_AUTH_INVALID }, /* 11.1.1 / 6.1.1 */
                { SW_BLOCKED, CTAP2_ERR_UV_BLOCKED },
                { SW_UNUSABLE, CTAP2_ERR_INVALID_OPTION },
                { SW_MEMORY_FAILURE, CTAP1_ERR_OTHER },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                request(rig, make(WISH(.uv = 1)));
                answer_state(rig, PIN | PAIRED | OPEN);
                expect_apdu(rig, BEGIN);
                respond_sw(rig, cases[i].sw);
                expect_status(rig, cases[i].status);
        }
        request(rig, make(WISH(.uv = 1))); /* no challenge in the answer */
        answer_state(rig, PIN | PAIRED | OPEN);
        respond_sw(rig, SW_OK);
        expect_abandon(rig, false);
        expect_status(rig, CTAP1_ERR_OTHER);
        expect_idle(rig);
}

/* [6.1.2 17.4] */
static void operation_refusals_are_told(void **state)
{
        struct rig *rig = *state;
        static const struct {
                uint16_t sw;
                enum ctap_status status;
        } cases[] = {
                { SW_TOKEN_MAC, CTAP2_ERR_UV_INVALID },
                { SW_TOKEN_CHALLENGE, CTAP2_ERR_UV_INVALID },
                { SW_TOKEN_OPERATION, CTAP2_ERR_UV_INVALID },
                { SW_TOKEN_FORM, CTAP2_ERR_UV_INVALID },
                { SW_TOKEN_SET, CTAP2_ERR_PUAT_REQUIRED },
                { SW_EXISTS, CTAP2_ERR_CREDENTIAL_EXCLUDED },
                { SW_NO_REFERENCE, CTAP2_ERR_NO_CREDENTIALS },
                { SW_FULL, CTAP2_ERR_KEY_STORE_FULL }, /* [6.1.2 17.4] */
                { SW_CONDITIONS, CTAP2_ERR_NOT_ALLOWED },
                { SW_WRONG_DATA, CTAP1_ERR_INVALID_PARAMETER },
                { SW_MEMORY_FAILURE, CTAP1_ERR_OTHER },
                { SW_UNKNOWN, CTAP1_ERR_OTHER },
        };
        for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
                struct wish *wish = WISH(.uv = 1);
                request(rig, i % 2 ? make(wish) : get(wish));
                answer_state(rig, PIN | PAIRED | OPEN);
                answer_challenge(rig);
                gate_evidence(rig, MITOME_GATE_EVIDENCE);
                expect_apdu(rig, i % 2 ? MAKE : GET);
                respond_sw(rig, cases[i / 2].sw);
                expect_status(rig, cases[i / 2].status);
                bool changed = cases[i / 2].sw == SW_TOKEN_SET; /* then the user is told what to do */
                assert_int_equal(rig->action.guidance.state,
                        changed ? MITOME_GUIDANCE_NEW_FINGER : MITOME_GUIDANCE_NONE);
        }
        expect_idle(rig);
}

static void answers_without_their_members_are_told_as_other(void **state)
{
        struct rig *rig = *state;
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(authdata));
        tlv_write(&w, 0x81, SLICE(signature));
        slice no_certificate = writer_view(&w);
        tlv_write(&w, 0x82, slice_text("batch"));
        slice whole = writer_view(&w);
        for (size_t size = 0; size < whole.size; size++) { /* every truncation */
                request(rig, make(WISH()));
                answer_state(rig, 0);
                respond_sw(rig, SW_OK);
                event(rig, CORE_TOUCHED);
                respond(rig, slice_of(whole.data, size), SW_OK);
                expect_status(rig, CTAP1_ERR_OTHER);
                request(rig, get(WISH()));
                answer_state(rig, 0);
                respond_sw(rig, SW_OK);
                event(rig, CORE_TOUCHED);
                respond(rig, slice_of(whole.data, size), SW_OK);
                expect_status(rig, CTAP1_ERR_OTHER);
        }
        assert_true(no_certificate.size < whole.size);
        expect_idle(rig);
}

/* A chain of certificates as long as the element can give goes out whole. */
static void long_certificates_fit(void **state)
{
        struct rig *rig = *state;
        static uint8_t certificate[3900], bytes[4200];
        writer w = WRITER(bytes);
        tlv_write(&w, 0x80, SLICE(authdata));
        tlv_write(&w, 0x81, SLICE(signature));
        tlv_write(&w, 0x82, SLICE(certificate));
        request(rig, make(WISH()));
        answer_state(rig, 0);
        respond_sw(rig, SW_OK);
        event(rig, CORE_TOUCHED);
        respond(rig, writer_view(&w), SW_OK);
        expect_status(rig, CTAP2_OK);
        assert_true(rig->reply_view.size > sizeof certificate);
}

/* ---- clientPIN, 6.5.5 ---- */

/* ---- bioEnrollment, 6.7 ---- */

static const uint8_t *template_id(const struct rig *rig)
{
        assert_true(rig->reply_view.size > 5 + 16);
        assert_memory_equal(rig->reply, "\x00\xA3\x04\x50", 4);
        return rig->reply + 4;
}

/* {4: templateId, 5: status, 6: remaining}, or without the first. */
static void expect_sample(const struct rig *rig, bool begins, uint8_t status, uint8_t remaining)
{
        const uint8_t tail[] = { 0x05, status, 0x06, remaining };
        expect_status(rig, CTAP2_OK);
        size_t size = rig->reply_view.size;
        assert_int_equal(size, begins ? 4 + 16 + 4 : 2 + 4);
        assert_memory_equal(rig->reply + size - 4, tail, 4);
        assert_int_equal(rig->reply[1], begins ? 0xA3 : 0xA2);
}

static void gate_sample(
        struct rig *rig, enum mitome_gate_event_kind kind, uint8_t remaining, enum mitome_gate_hint hint)
{
        gate(rig, (struct mitome_gate_event){ .kind = kind, .remaining = remaining, .hint = hint });
}

/* An enrolment up to its first sample; its template id. */
static void begin_enrolment(struct rig *rig, uint8_t ret_id[16])
{
        request(rig, bio(BIO(.subcommand = 1, .timeout_ms = 10000)));
        answer_state(rig, PIN | PAIRED);
        slice data = expect_apdu(rig, BEGIN);
        expect_u8(tag(data, 0x80), 0x09);
        assert_null(tag(data, 0x81).data);
        expect_bytes(tag(data, 0x84), param, 32);
        /* authenticated is fingerprint (0x01) || subCommand || subCommandParams, as they came */
        expect_bytes(tag(data, 0x85), "\x01\x01\xA1\x03\x1A\x00\x00\x27\x10", 9);
        answer_challenge(rig);
        expect(rig, CORE_GATE_START);
        assert_int_equal(rig->action.request.purpose, MITOME_GATE_ENROL);
        assert_int_equal(rig->action.request.command, 0x09);
        expect_bytes(rig->action.request.challenge, challenge, 32);
        gate_kind(rig, MITOME_GATE_AWAITS);
        expect(rig, CORE_GATE_POLL);
        gate_sample(rig, MITOME_GATE_SAMPLE, 4, MITOME_GATE_HINT_NONE);
        expect_sample(rig, true, 0x00, 4);
        memcpy(ret_id, template_id(rig), 16);
}

static void next_sample(struct rig *rig, const uint8_t id[16])
{
        request(rig, bio(BIO(.subcommand = 2, .template_id = id, .timeout_ms = 10000)));
        answer_state(rig, PIN | PAIRED);
        slice message = tag(expect_apdu(rig, CHECK), 0x85);
        assert_int_equal(message.size, 2 + 1 + 18 + 6);
        expect_bytes(slice_of(message.data, 3), "\x01\x02\xA2", 3);
        expect_bytes(tag(expect_apdu(rig, CHECK), 0x84), param, 32);
        respond_sw(rig, SW_OK);
        expect(rig, CORE_GATE_POLL);
}

/* [6.7.4 lastEnrollSampleStatus] [6.7.4 remainingSamples] [6.7.4 8] [6.7.4 9] [6.7.4] */
static void a_finger_is_enrolled(void **state)
{
        struct rig *rig = *state;
        uint8_t id[16];
        begin_enrolment(rig, id);
        next_sample(rig, id);
        gate_sample(rig, MITOME_GATE_SAMPLE, 3, MITOME_GATE_HINT_NONE);
        expect_sample(rig, false, 0x00, 3);
        static const struct {
                enum mitome_gate_hint hint;
                uint8_t status;
        } hints[] = {
                { MITOME_GATE_HINT_NONE, 0x07 },
                { MITOME_GATE_HINT_TOO_SHORT, 0x09 },
                { MITOME_GATE_HINT_CENTRE, 0x08 },
                { MITOME_GATE_HINT_LIFT, 0x0E },
                { MITOME_GATE_HINT_GENERAL, 0x07 },
                { MITOME_GATE_HINT_SAME, 0x0A },
                { MITOME_GATE_HINT_KNOWN, 0x0B },
                { MITOME_GATE_HINT_POOR, 0x07 },
                { (enum mitome_gate_hint)99, 0x07 },
        };
        for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
                next_sample(rig, id);
                gate_sample(rig, MITOME_GATE_RETRY, 0, hints[i].hint);
                expect_sample(rig, false, hints[i].status, 3);
        }
        /* getInfo between two samples disturbs nothing */
        request(rig, SLICE(get_info));
        answer_state(rig, PIN | PAIRED);
        expect_status(rig, CTAP2_OK);
        assert_true(rig->model.gate_runs);

        next_sample(rig, id);
        gate_sample(rig, MITOME_GATE_SAMPLE, 0, MITOME_GATE_HINT_NONE);
        expect(rig, CORE_GATE_POLL);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        expect_token(expect_apdu(rig, CONFIRM));
        respond_sw(rig, SW_OK);
        expect_sample(rig, false, 0x00, 0);
        expect_idle(rig);

        request(rig, bio(BIO(.subcommand = 2, .template_id = id))); /* it is over */
        answer_state(rig, PIN | PAIRED | OPEN);
        expect_status(rig, CTAP2_ERR_INVALID_OPTION);
}

/* A gate that needs but one sample; the number of 6.7, not of its preview. */
static void one_sample_may_do(void **state)
{
        struct rig *rig = *state;
        request(rig, bio(BIO(.command = 0x09, .subcommand = 1)));
        answer_state(rig, PIN | PAIRED);
        expect_bytes(tag(expect_apdu(rig, BEGIN), 0x85), "\x01\x01", 2);
        answer_challenge(rig);
        gate_sample(rig, MITOME_GATE_RETRY, 0, MITOME_GATE_HINT_LIFT); /* how many remain is not known yet */
        expect(rig, CORE_GATE_POLL);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        expect_apdu(rig, CONFIRM);
        respond_sw(rig, SW_OK);
        expect_sample(rig, true, 0x00, 0);

        request(rig, bio(BIO(.command = 0x09, .subcommand = 1)));
        answer_state(rig, PIN | PAIRED);
        answer_challenge(rig);
        gate_sample(rig, MITOME_GATE_RETRY, 5, MITOME_GATE_HINT_LIFT); /* a gate that says it at once */
        expect_sample(rig, true, 0x0E, 5);
        request(rig, bio(BIO(.subcommand = 3, .protocol = ABSENT, .param_size = ABSENT)));
        answer_state(rig, PIN | PAIRED);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_OK);
        expect_idle(rig);
}

static void enrolment_ends_badly(void **state)
{
        struct rig *rig = *state;
        static const struct {
                enum mitome_gate_event_kind kind;
                bool evidence;
                uint8_t remaining;
                enum ctap_status status;
        } cases[] = {
                { MITOME_GATE_ABSENT, true, 0, CTAP2_ERR_USER_ACTION_TIMEOUT },
                { MITOME_GATE_ABSENT, false, 0, CTAP2_ERR_USER_ACTION_TIMEOUT },
                { MITOME_GATE_BROKEN, false, 0, CTAP1_ERR_OTHER },
                { MITOME_GATE_DISMISSED, true, 0, CTAP2_ERR_OPERATION_DENIED },
                { MITOME_GATE_NO_MATCH, false, 0, CTAP1_ERR_OTHER },
                { MITOME_GATE_EVIDENCE, false, 0, CTAP1_ERR_OTHER }, /* without evidence */
        };
        uint8_t id[16];
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                begin_enrolment(rig, id);
                next_sample(rig, id);
                if (cases[i].evidence)
                        gate_evidence(rig, cases[i].kind);
                else
                        gate_kind(rig, cases[i].kind);
                expect_abandon(rig, cases[i].evidence);
                expect_status(rig, cases[i].status);
        }
        begin_enrolment(rig, id); /* a gate that wants more samples than were promised */
        next_sample(rig, id);
        gate_sample(rig, MITOME_GATE_SAMPLE, 21, MITOME_GATE_HINT_NONE);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP1_ERR_OTHER);

        begin_enrolment(rig, id); /* the element does not accept the evidence */
        next_sample(rig, id);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        respond_sw(rig, SW_TOKEN_MAC);
        expect_status(rig, CTAP2_ERR_UV_INVALID);
        assert_int_equal(rig->model.confirmed, 0);
        expect_idle(rig);
}

static void a_sample_can_be_cancelled(void **state)
{
        struct rig *rig = *state;
        uint8_t id[16];
        begin_enrolment(rig, id);
        next_sample(rig, id);
        event(rig, CORE_CANCEL);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        expect_idle(rig);
}

static void captures_need_authorisation(void **state)
{
        struct rig *rig = *state;
        uint8_t id[16];
        static const uint8_t wrong[17] = { 1 };
        begin_enrolment(rig, id);
        const struct {
                struct bio *bio;
                enum ctap_status status;
        } cases[] = {
                { BIO(.subcommand = 2, .template_id = id, .param_size = ABSENT), CTAP2_ERR_PUAT_REQUIRED },
                { BIO(.subcommand = 2, .template_id = id, .protocol = ABSENT), CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 2, .template_id = id, .protocol = 1), CTAP2_ERR_PIN_AUTH_INVALID },
                { BIO(.subcommand = 2, .template_id = id, .protocol = 3), CTAP1_ERR_INVALID_PARAMETER },
                { BIO(.subcommand = 2, .template_id = id, .param_size = 16), CTAP2_ERR_PIN_AUTH_INVALID },
                { BIO(.subcommand = 2), CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 2, .template_id = wrong), CTAP2_ERR_INVALID_OPTION },
                { BIO(.subcommand = 2, .template_id = wrong, .template_size = 17), CTAP2_ERR_INVALID_OPTION },
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                request(rig, bio(cases[i].bio));
                answer_state(rig, PIN | PAIRED);
                expect_status(rig, cases[i].status);
        }
        request(rig, bio(BIO(.subcommand = 2, .template_id = id)));
        answer_state(rig, PIN | PAIRED);
        expect_apdu(rig, CHECK);
        respond_sw(rig, SW_SECURITY_STATUS);
        expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        next_sample(rig, id); /* none of that has ended it */
        gate_sample(rig, MITOME_GATE_SAMPLE, 3, MITOME_GATE_HINT_NONE);
        expect_sample(rig, false, 0x00, 3);

        request(rig, bio(BIO(.subcommand = 2, .template_id = id))); /* the element knows of no enrolment */
        answer_state(rig, PIN | PAIRED);
        respond_sw(rig, SW_CONDITIONS);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_NOT_ALLOWED);
        expect_idle(rig);
}

static void enrolments_are_refused(void **state)
{
        struct rig *rig = *state;
        static const uint8_t id[16] = { 7 };
        const struct {
                struct bio *bio;
                uint8_t flags;
                enum ctap_status status;
        } cases[] = {
                { BIO(.subcommand = 1), PIN, CTAP1_ERR_INVALID_COMMAND }, /* [6.7.1] no sensor */
                /* [6.7.4 1] [6.7.6 1] [6.7.7 1] [6.7.8 1] */
                { BIO(.subcommand = 1, .param_size = ABSENT), PIN | PAIRED, CTAP2_ERR_PUAT_REQUIRED },
                { BIO(.subcommand = 2, .param_size = ABSENT), PIN | PAIRED, CTAP2_ERR_PUAT_REQUIRED },
                { BIO(.subcommand = 4, .param_size = ABSENT), PIN | PAIRED, CTAP2_ERR_PUAT_REQUIRED },
                { BIO(.subcommand = 5, .param_size = ABSENT), PIN | PAIRED, CTAP2_ERR_PUAT_REQUIRED },
                { BIO(.subcommand = 6, .param_size = ABSENT), PIN | PAIRED, CTAP2_ERR_PUAT_REQUIRED },
                /* [6.7.4 2] [6.7.6 2] [6.7.7 2] [6.7.8 2] */
                { BIO(.subcommand = 1, .protocol = ABSENT), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 4, .protocol = ABSENT), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 1, .modality = ABSENT), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                /* [6.7 subCommand] */
                { BIO(.subcommand = ABSENT), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 5, .template_id = id), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 5, .name = "thumb"), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                { BIO(.subcommand = 6), PIN | PAIRED, CTAP2_ERR_MISSING_PARAMETER },
                /* [6.7.4 3] */
                { BIO(.subcommand = 1, .protocol = 3), PIN | PAIRED, CTAP1_ERR_INVALID_PARAMETER },
                { BIO(.subcommand = 6, .template_id = id, .protocol = 0), PIN | PAIRED,
                        CTAP1_ERR_INVALID_PARAMETER }, /* [6.7.8 3] */
                { BIO(.subcommand = 4, .protocol = 3), PIN | PAIRED,
                        CTAP1_ERR_INVALID_PARAMETER }, /* [6.7.6 3] */
                { BIO(.subcommand = 5, .template_id = id, .name = "thumb", .protocol = 3), PIN | PAIRED,
                        CTAP1_ERR_INVALID_PARAMETER }, /* [6.7.7 3] */
                /* [6.7.4 4] a parameter of another protocol's size */
                { BIO(.subcommand = 1, .protocol = 1), PIN | PAIRED, CTAP2_ERR_PIN_AUTH_INVALID },
                { BIO(.subcommand = 4, .param_size = 16), PIN | PAIRED, CTAP2_ERR_PIN_AUTH_INVALID },
                { BIO(.subcommand = 1, .param_size = 0), PIN | PAIRED, CTAP2_ERR_PIN_AUTH_INVALID },
                /* [6.7 modality] */
                { BIO(.subcommand = 1, .modality = 2), PIN | PAIRED, CTAP1_ERR_INVALID_PARAMETER },
                /* [6.7 subCommand] */
                { BIO(.subcommand = 8), PIN | PAIRED, CTAP2_ERR_INVALID_SUBCOMMAND },
                { BIO(.subcommand = 0), PIN | PAIRED, CTAP2_ERR_INVALID_SUBCOMMAND },
                { BIO(.subcommand = 9, .modality = ABSENT), PIN | PAIRED, CTAP2_ERR_INVALID_SUBCOMMAND },
                /* [6.7.7 length] one byte more than maxTemplateFriendlyName */
                { BIO(.subcommand = 5, .template_id = id,
                          .name = "0123456789012345678901234567890123456789"
                                  "0123456789012345678901234"),
                        PIN | PAIRED, CTAP1_ERR_INVALID_LENGTH },
                { BIO(.subcommand = 3), PIN | PAIRED, CTAP2_OK }, /* [6.7.5] nothing to cancel is fine */
        };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                request(rig, bio(cases[i].bio));
                answer_state(rig, cases[i].flags);
                expect_status(rig, cases[i].status);
        }
        request(rig, bio(BIO(.subcommand = 1)));
        answer_state(rig, PIN | PAIRED);
        respond_sw(rig, SW_SECURITY_STATUS);
        expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        request(rig, bio(BIO(.subcommand = 1)));
        answer_state(rig, PIN | PAIRED);
        respond_sw(rig, SW_OK); /* no challenge */
        expect_abandon(rig, false);
        expect_status(rig, CTAP1_ERR_OTHER);
        expect_idle(rig);
}

/* ---- the fingers that are there ---- */

static const uint8_t thumb[16] = { 0x71 }, index_finger[16] = { 0x1D };

/* Up to AUTHORISE, whose message is fingerprint (0x01) || subCommand || subCommandParams. */
static slice authorised_message(struct rig *rig, struct bio *request_of_it)
{
        request(rig, bio(request_of_it));
        answer_state(rig, PIN | PAIRED);
        slice data = expect_apdu(rig, AUTHORISE);
        expect_u8(tag(data, 0x83), 0x08);
        expect_bytes(tag(data, 0x84), param, (size_t)request_of_it->param_size);
        return tag(data, 0x85);
}

static void fingers_are_enumerated(void **state)
{
        struct rig *rig = *state;
        /* [6.7.6] {7: [{1: id, 2: name}, {1: id, 2: ""}]} */
        static const uint8_t head[] = { 0x00, 0xA1, 0x07, 0x82, 0xA2, 0x01, 0x50, 0x71 },
                             name[] = { 0x02, 0x65, 't', 'h', 'u', 'm', 'b', 0xA2, 0x01, 0x50, 0x1D };
        struct mitome_gate_event fingers = { .kind = MITOME_GATE_DONE, .finger_count = 2 };
        memcpy(fingers.fingers[0].id, thumb, sizeof thumb);
        memcpy(fingers.fingers[0].name, "thumb", 5);
        fingers.fingers[0].name_size = 5;
        memcpy(fingers.fingers[1].id, index_finger, sizeof index_finger);
        for (int preview = 0; preview < 2; preview++) {
                expect_bytes(authorised_message(rig, BIO(.command = preview ? 0x40 : 0x09, .subcommand = 4)),
                        "\x01\x04", 2);
                respond_sw(rig, SW_OK);
                expect(rig, CORE_GATE_START);
                assert_int_equal(rig->action.request.purpose, MITOME_GATE_LIST);
                gate_kind(rig, MITOME_GATE_NOTHING);
                expect(rig, CORE_GATE_POLL);
                gate(rig, fingers);
                expect_status(rig, CTAP2_OK);
                assert_int_equal(rig->reply_view.size, sizeof head + 15 + sizeof name + 15 + 2);
                assert_memory_equal(rig->reply, head, sizeof head);
                assert_memory_equal(rig->reply + sizeof head + 15, name, sizeof name);
                expect_idle(rig);
        }
        authorised_message(rig, BIO(.subcommand = 4, .protocol = 1, .param_size = 16));
        respond_sw(rig, SW_OK);
        gate(rig, (struct mitome_gate_event){ .kind = MITOME_GATE_DONE }); /* [6.7.6 none] */
        expect_status(rig, CTAP2_ERR_INVALID_OPTION);
        authorised_message(rig, BIO(.subcommand = 4));
        respond_sw(rig, SW_SECURITY_STATUS); /* [6.7.6 4] [6.7.6 5] nobody is told of them without a token */
        expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        authorised_message(rig, BIO(.subcommand = 4));
        respond_sw(rig, SW_OK);
        gate(rig, (struct mitome_gate_event){ .kind = MITOME_GATE_DONE, .finger_count = 99 });
        expect_status(rig, CTAP2_OK); /* of a gate that has more than it can have, no more than that */
        expect_idle(rig);
}

static void refuse_by_gate(struct rig *rig, mitome_code code)
{
        gate(rig, (struct mitome_gate_event){ .kind = MITOME_GATE_REFUSED, .code = code });
}

static void a_finger_gets_a_name(void **state)
{
        struct rig *rig = *state;
        for (int preview = 0; preview < 2; preview++) {
                slice message = authorised_message(rig, BIO(.command = preview ? 0x40 : 0x09, .subcommand = 5,
                                                                .template_id = thumb, .name = "thumb"));
                assert_int_equal(message.size, 2 + 1 + 18 + 7);
                expect_bytes(slice_of(message.data, 5), "\x01\x05\xA2\x01\x50", 5);
                respond_sw(rig, SW_OK);
                expect(rig, CORE_GATE_START);
                assert_int_equal(rig->action.request.purpose, MITOME_GATE_RENAME);
                expect_bytes(rig->action.request.finger_id, thumb, sizeof thumb);
                expect_bytes(rig->action.request.name, "thumb", 5);
                gate_kind(rig, MITOME_GATE_DONE);
                expect_status(rig, CTAP2_OK);
                assert_int_equal(rig->reply_view.size, 1);
        }
        /* [6.7.7] as long as it may be */
        struct bio *longest = BIO(.subcommand = 5, .template_id = thumb,
                .name = "0123456789012345678901234567890123456789012345678901234567890123");
        authorised_message(rig, longest);
        respond_sw(rig, SW_OK);
        gate_kind(rig, MITOME_GATE_DONE);
        expect_status(rig, CTAP2_OK);
        authorised_message(rig, longest);
        respond_sw(rig, SW_OK);
        refuse_by_gate(rig, MITOME_E_GATE_UNKNOWN_FINGER); /* [6.7.7 unknown] no such templateId */
        expect_status(rig, CTAP2_ERR_INVALID_OPTION);
        authorised_message(rig, longest);
        respond_sw(rig, SW_SECURITY_STATUS); /* [6.7.7 4] [6.7.7 5] */
        expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        authorised_message(rig, longest);
        respond_sw(rig, SW_OK);
        gate_kind(rig, MITOME_GATE_BROKEN);
        expect_status(rig, CTAP1_ERR_OTHER);
        expect_idle(rig);
}

static void begin_removal(struct rig *rig, uint8_t command)
{
        request(rig, bio(BIO(.command = command, .subcommand = 6, .template_id = thumb)));
        answer_state(rig, PIN | PAIRED | OPEN);
        slice data = expect_apdu(rig, BEGIN);
        expect_u8(tag(data, 0x80), 0x09);
        expect_bytes(slice_of(tag(data, 0x85).data, 5), "\x01\x06\xA1\x01\x50", 5);
        answer_challenge(rig);
        expect(rig, CORE_GATE_START);
        assert_int_equal(rig->action.request.purpose, MITOME_GATE_REMOVE);
        expect_bytes(rig->action.request.finger_id, thumb, sizeof thumb);
        expect_bytes(rig->action.request.challenge, challenge, 32);
}

static void a_finger_is_removed(void **state)
{
        struct rig *rig = *state;
        for (int preview = 0; preview < 2; preview++) { /* [6.7.8] */
                begin_removal(rig, preview ? 0x40 : 0x09);
                gate_evidence(rig, MITOME_GATE_EVIDENCE);
                expect_token(expect_apdu(rig, CONFIRM));
                respond_sw(rig, SW_OK);
                expect_status(rig, CTAP2_OK);
                assert_int_equal(rig->reply_view.size, 1);
                expect_idle(rig);
        }
        begin_removal(rig, 0x09);
        refuse_by_gate(rig, MITOME_E_GATE_UNKNOWN_FINGER); /* [6.7.8 unknown] no such templateId */
        expect_abandon(rig, false);
        expect_status(rig, CTAP2_ERR_INVALID_OPTION);
        begin_removal(rig, 0x09); /* the element does not take the new set: no finger opens any more */
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        respond_sw(rig, SW_TOKEN_OPERATION);
        expect_status(rig, CTAP2_ERR_UV_INVALID);
        begin_removal(rig, 0x09);
        gate_kind(rig, MITOME_GATE_EVIDENCE); /* a removal that nobody vouches for */
        expect_abandon(rig, false);
        expect_status(rig, CTAP1_ERR_OTHER);
        expect_idle(rig);
}

/* [6.7.4 7] */
static void a_full_set_takes_no_more(void **state)
{
        struct rig *rig = *state;
        request(rig, bio(BIO(.subcommand = 1)));
        answer_state(rig, PIN | PAIRED | OPEN);
        answer_challenge(rig);
        expect(rig, CORE_GATE_START);
        refuse_by_gate(rig, MITOME_E_GATE_FULL);
        expect_abandon(rig, false);
        expect_status(rig, CTAP2_ERR_FP_DATABASE_FULL);
        expect_idle(rig);
}

/* [6.7.4 6] also by the requests that only look at fingers, once they are allowed; a refused one ends nothing
 */
static void an_enrolment_gives_way(void **state)
{
        struct rig *rig = *state;
        uint8_t id[16];
        begin_enrolment(rig, id);
        authorised_message(rig, BIO(.subcommand = 4));
        respond_sw(rig, SW_SECURITY_STATUS);
        expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        next_sample(rig, id);
        gate_sample(rig, MITOME_GATE_SAMPLE, 3, MITOME_GATE_HINT_NONE);
        authorised_message(rig, BIO(.subcommand = 4));
        respond_sw(rig, SW_OK);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect(rig, CORE_GATE_START);
        assert_int_equal(rig->action.request.purpose, MITOME_GATE_LIST);
        gate_kind(rig, MITOME_GATE_DONE);
        expect_status(rig, CTAP2_ERR_INVALID_OPTION);
        begin_enrolment(rig, id);
        request(rig, bio(BIO(.subcommand = 1)));
        answer_state(rig, PIN | PAIRED);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_apdu(rig, BEGIN);
        respond_sw(rig, SW_SECURITY_STATUS);
        expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
        expect_idle(rig);
}

static void pass_time(struct rig *rig, uint64_t ms)
{
        rig->now_ms += ms;
        gate_kind(rig, MITOME_GATE_NOTHING);
}

/* [6.7.4 timeoutMilliseconds] timeoutMilliseconds: the host is told that nobody came, and may ask again */
static void a_sample_is_awaited_as_long_as_the_host_says(void **state)
{
        struct rig *rig = *state;
        uint8_t id[16];
        begin_enrolment(rig, id);
        next_sample(rig, id); /* 10 s */
        pass_time(rig, 9999);
        expect(rig, CORE_GATE_POLL);
        pass_time(rig, 1);
        expect_sample(rig, false, 0x0D, 4);
        assert_true(rig->model.gate_runs);
        next_sample(rig, id);
        pass_time(rig, 9999);
        gate_sample(rig, MITOME_GATE_SAMPLE, 3, MITOME_GATE_HINT_NONE);
        expect_sample(rig, false, 0x00, 3);
        request(rig,
                bio(BIO(.subcommand = 2, .template_id = id))); /* without one: as long as the gate does */
        answer_state(rig, PIN | PAIRED);
        respond_sw(rig, SW_OK);
        pass_time(rig, 100000);
        expect(rig, CORE_GATE_POLL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_USER_ACTION_TIMEOUT);

        /* The first sample: a gate that says how many it wants is answered for .. */
        request(rig, bio(BIO(.subcommand = 1, .timeout_ms = 10000)));
        answer_state(rig, PIN | PAIRED);
        answer_challenge(rig);
        gate_sample(rig, MITOME_GATE_AWAITS, 5, MITOME_GATE_HINT_NONE);
        expect(rig, CORE_GATE_POLL);
        pass_time(rig, 10000);
        expect_sample(rig, true, 0x0D, 5);
        /* .. and one that does not, not. */
        request(rig, bio(BIO(.subcommand = 1, .timeout_ms = 10000)));
        answer_state(rig, PIN | PAIRED);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        answer_challenge(rig);
        pass_time(rig, 10000);
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP2_ERR_USER_ACTION_TIMEOUT);
        expect_idle(rig);
}

/* More parameters than any subcommand has. */
static void endless_parameters_are_refused(void **state)
{
        struct rig *rig = *state;
        static char name[1100];
        memset(name, 'n', sizeof name - 1);
        request(rig, bio(BIO(.subcommand = 6, .template_id = thumb, .name = name)));
        answer_state(rig, PIN | PAIRED);
        expect_status(rig, CTAP2_ERR_LIMIT_EXCEEDED);
        expect_idle(rig);
}

static void the_sensor_is_described(void **state)
{
        struct rig *rig = *state;
        static const uint8_t ask_modality[] = { 0x40, 0xA1, 0x06, 0xF5 };
        request(rig, SLICE(ask_modality));
        answer_state(rig, PIN | PAIRED);
        expect_bytes(rig->reply_view, "\x00\xA1\x01\x01", 4); /* [6.7.2] */
        request(rig, bio(BIO(.subcommand = 7, .protocol = ABSENT, .param_size = ABSENT)));
        answer_state(rig, PIN | PAIRED);
        expect_bytes(rig->reply_view, "\x00\xA3\x02\x01\x03\x14\x08\x18\x40", 9); /* [6.7.3] */
}

/* Whatever else is begun while a finger is being enrolled ends the enrolment first. */
static void another_operation_ends_the_enrolment(void **state)
{
        struct rig *rig = *state;
        uint8_t id[16];
        struct wish *wish = WISH(.uv = 1);
        for (int i = 0; i < 4; i++) {
                slice messages[] = { make(wish), (slice){ 0 }, pin(PIN_REQUEST()),
                        bio(BIO(.subcommand = 1)) };
                static const uint8_t after[] = { BEGIN, BEGIN, GET_PIN_TOKEN, BEGIN };
                begin_enrolment(rig, id);
                request(rig, i == 1 ? get(wish) : messages[i]);
                if (i != 2)
                        answer_state(rig, PIN | PAIRED | OPEN);
                expect(rig, CORE_GATE_CANCEL);
                gate_kind(rig, MITOME_GATE_NOTHING);
                expect(rig, CORE_GATE_POLL);
                gate_evidence(rig, MITOME_GATE_ABSENT);
                expect_abandon(rig, true);
                expect_apdu(rig, after[i]);
                respond_sw(rig, SW_SECURITY_STATUS);
                expect_status(rig, CTAP2_ERR_PIN_AUTH_INVALID);
                expect_idle(rig);
        }
        begin_enrolment(rig, id); /* a request that cannot be read ends nothing */
        request(rig, slice_of("\x02\xA0", 2));
        expect_status(rig, CTAP2_ERR_MISSING_PARAMETER);
        next_sample(rig, id);
        gate_evidence(rig, MITOME_GATE_EVIDENCE);
        respond_sw(rig, SW_OK);
        expect_sample(rig, false, 0x00, 0);
}

/* ---- every truncation and every changed byte of valid requests ---- */

/* Goes on in the way that gets farthest, until the reply. */
static void go_on(struct rig *rig)
{
        for (int steps = 0; rig->action.kind != CORE_REPLY; steps++) {
                assert_true(steps < 20);
                if (rig->action.kind == CORE_TOUCH) {
                        event(rig, CORE_TOUCHED);
                        continue;
                }
                if (rig->action.kind != CORE_TRANSMIT) {
                        gate_evidence(rig, MITOME_GATE_EVIDENCE);
                        continue;
                }
                struct apdu_command command;
                assert_int_equal(apdu_read_command(rig->action.bytes, &command, NULL).code, MITOME_OK);
                switch (command.ins) {
                case GET_STATE:
                        answer_state(rig, BATCH | PIN | PAIRED | OPEN);
                        break;
                case BEGIN:
                        answer_challenge(rig);
                        break;
                case MAKE:
                        answer_credential(rig);
                        break;
                case GET:
                        answer_assertion(rig, true);
                        break;
                default:
                        respond_sw(rig, SW_OK);
                }
        }
}

static void bad_bytes_never_do_harm(void **state)
{
        struct rig *rig = *state;
        slice messages[] = {
                make(WISH(.uv = 1, .rk = 1, .ids = { credential_id }, .id_count = 1, .extensions = true,
                        .name_size = 5)),
                make(WISH(.param_size = 32, .protocol = 2)),
                get(WISH(.uv = 1, .ids = { credential_id }, .id_count = 1, .extensions = true)),
                get(WISH(.param_size = 32, .protocol = 2, .up = 1)),
                pin(PIN_REQUEST()),
                bio(BIO(.subcommand = 1, .timeout_ms = 10000)),
                bio(BIO(.subcommand = 2, .template_id = credential_id, .timeout_ms = 10000)),
        };
        for (size_t m = 0; m < sizeof messages / sizeof *messages; m++) {
                slice message = messages[m];
                request(rig, message);
                assert_int_equal(rig->action.kind, CORE_TRANSMIT); /* it is valid */
                go_on(rig);
                for (size_t size = 0; size < message.size; size++) {
                        request(rig, slice_of(message.data, size));
                        expect(rig, CORE_REPLY); /* refused before anybody is asked anything */
                        assert_int_not_equal(rig->action.bytes.data[0], CTAP2_OK);
                }
                uint8_t changed[512];
                assert_true(message.size < sizeof changed);
                memcpy(changed, message.data, message.size);
                changed[message.size] = 0; /* one byte behind the end */
                request(rig, slice_of(changed, message.size + 1));
                expect_status(rig, CTAP2_ERR_INVALID_CBOR);
                for (size_t at = 0; at < message.size; at++) {
                        for (unsigned bit = 0; bit < 8; bit++) {
                                changed[at] = (uint8_t)(message.data[at] ^ 1u << bit);
                                request(rig, slice_of(changed, message.size));
                                go_on(rig); /* core_model watches */
                        }
                        changed[at] = message.data[at];
                }
        }
        expect_idle(rig);
}

/* ---- events that do not fit ---- */

/* Each of the states in which the core waits for something. */
static void lead_to(struct rig *rig, unsigned place)
{
        uint8_t id[16];
        switch (place) {
        case 0: /* nothing */
                break;
        case 1: /* GET STATE */
                request(rig, get(WISH(.uv = 1)));
                break;
        case 2: /* BEGIN */
                request(rig, get(WISH(.uv = 1)));
                answer_state(rig, PIN | PAIRED | OPEN);
                break;
        case 3: /* finger */
                await_finger(rig);
                break;
        case 4: /* GET ASSERTION */
                await_finger(rig);
                gate_evidence(rig, MITOME_GATE_EVIDENCE);
                break;
        case 5: /* touch */
                request(rig, get(WISH()));
                answer_state(rig, 0);
                respond_sw(rig, SW_OK);
                break;
        case 6: /* the gate's end after a cancel */
                await_finger(rig);
                event(rig, CORE_CANCEL);
                break;
        case 7: /* ABANDON */
                await_finger(rig);
                gate_kind(rig, MITOME_GATE_NO_MATCH);
                break;
        case 8: /* between two samples */
                begin_enrolment(rig, id);
                break;
        case 9: /* CHECK */
                begin_enrolment(rig, id);
                request(rig, bio(BIO(.subcommand = 2, .template_id = id)));
                answer_state(rig, PIN | PAIRED);
                break;
        case 10: /* a sample */
                begin_enrolment(rig, id);
                next_sample(rig, id);
                break;
        case 11: /* CONFIRM ENROLMENT */
                begin_enrolment(rig, id);
                next_sample(rig, id);
                gate_evidence(rig, MITOME_GATE_EVIDENCE);
                break;
        default: /* PIN token */
                request(rig, pin(PIN_REQUEST()));
                break;
        }
}

enum { PLACES = 13 };

static void any_event(struct rig *rig, unsigned kind)
{
        static const struct mitome_gate_event present = { .kind = MITOME_GATE_EVIDENCE,
                .has_evidence = true };
        static const struct mitome_gate_event strange = { .kind = (enum mitome_gate_event_kind)77 };
        const struct core_event events[] = {
                { .kind = CORE_REQUEST, .bytes = SLICE(get_info) },
                { .kind = CORE_REQUEST },
                { .kind = CORE_CANCEL },
                { .kind = CORE_RESPONSE, .bytes = slice_of("\x90\x00", 2) },
                { .kind = CORE_RESPONSE, .bytes = slice_of("\x6F\x00", 2) },
                { .kind = CORE_RESPONSE },
                { .kind = CORE_LINK_BROKEN },
                { .kind = CORE_GATE, .gate = &present },
                { .kind = CORE_GATE, .gate = &strange },
                { .kind = CORE_GATE },
                { .kind = CORE_TOUCHED },
                { .kind = CORE_NOT_TOUCHED },
                { .kind = (enum core_event_kind)99 },
        };
        step(rig, events[kind]);
}

enum { EVENTS = 13 };

static void every_event_fits_somehow(void **state)
{
        struct rig *rig = *state;
        for (unsigned place = 0; place < PLACES; place++) {
                for (unsigned first = 0; first < EVENTS; first++) {
                        for (unsigned second = 0; second < EVENTS; second++) {
                                lead_to(rig, place);
                                any_event(rig, first);
                                any_event(rig, second);
                                go_on(rig);
                                if (rig->model.gate_runs) { /* an enrolment that was left alone */
                                        event(rig, CORE_LINK_BROKEN);
                                        go_on(rig);
                                }
                                expect_idle(rig);
                        }
                }
        }
}

static void misfits_are_told(void **state)
{
        struct rig *rig = *state;
        event(rig, CORE_TOUCHED);
        expect_status(rig, CTAP1_ERR_INVALID_COMMAND);
        event(rig, CORE_CANCEL);
        expect_status(rig, CTAP2_ERR_KEEPALIVE_CANCEL);
        await_finger(rig);
        request(rig, SLICE(get_info));
        expect(rig, CORE_GATE_CANCEL);
        gate_evidence(rig, MITOME_GATE_ABSENT);
        expect_abandon(rig, true);
        expect_status(rig, CTAP1_ERR_CHANNEL_BUSY);
        expect_idle(rig);
}

/* core.h: the same events give the same actions. */
static void runs_can_be_replayed(void **state)
{
        struct rig *rig = *state;
        struct rig again = { 0 };
        assert_int_equal(
                core_new(&(struct core_config){ .transports = MITOME_TRANSPORT_USB }, &again.core, NULL).code,
                MITOME_OK);
        for (unsigned place = 0; place < PLACES; place++) {
                for (unsigned kind = 0; kind < EVENTS; kind++) {
                        lead_to(rig, place);
                        any_event(rig, kind);
                        lead_to(&again, place);
                        any_event(&again, kind);
                        assert_int_equal(rig->action.kind, again.action.kind);
                        if (rig->action.bytes.size)
                                expect_bytes(
                                        rig->action.bytes, again.action.bytes.data, again.action.bytes.size);
                        go_on(rig);
                        go_on(&again);
                        expect_bytes(rig->reply_view, again.reply, again.reply_view.size);
                        if (rig->model.gate_runs) {
                                event(rig, CORE_LINK_BROKEN);
                                go_on(rig);
                                event(&again, CORE_LINK_BROKEN);
                                go_on(&again);
                        }
                }
        }
        core_free(again.core);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(unknown_commands_are_refused),
                TEST(requests_of_no_or_too_many_bytes_are_refused),
                TEST(an_element_that_fails_is_told_as_other),
                TEST(make_with_a_finger),
                TEST(make_with_a_pin_and_a_touch),
                TEST(make_with_a_touch_alone),
                TEST(names_are_cut_at_a_character),
                TEST(make_refuses),
                TEST(enterprise_statements_are_whole),
                TEST(selection_asks_for_a_touch),
                TEST(malformed_requests_are_refused),
                TEST(unknown_members_are_ignored),
                TEST(get_with_a_finger),
                TEST(get_with_a_touch_or_silently),
                TEST(get_refuses),
                TEST(a_mismatch_costs_a_try),
                TEST(a_finger_may_be_laid_again_each_time_for_a_try_and_a_challenge),
                TEST(after_three_captures_the_platform_is_told),
                TEST(no_finger_is_asked_for_once_the_path_is_closed),
                TEST(a_further_try_ends_as_the_first_may),
                TEST(who_would_not_lay_a_finger_has_denied),
                TEST(a_matcher_that_wants_the_pin_leaves_the_pin),
                TEST(the_elements_word_reaches_the_gate),
                TEST(absence_gives_the_try_back),
                TEST(cancelling_ends_the_gate_first),
                TEST(a_broken_gate_is_told_as_other),
                TEST(presence_can_be_declined),
                TEST(begin_refusals_are_told),
                TEST(operation_refusals_are_told),
                TEST(answers_without_their_members_are_told_as_other),
                TEST(long_certificates_fit),
                TEST(a_finger_is_enrolled),
                TEST(one_sample_may_do),
                TEST(enrolment_ends_badly),
                TEST(a_sample_can_be_cancelled),
                TEST(captures_need_authorisation),
                TEST(enrolments_are_refused),
                TEST(fingers_are_enumerated),
                TEST(a_finger_gets_a_name),
                TEST(a_finger_is_removed),
                TEST(a_full_set_takes_no_more),
                TEST(an_enrolment_gives_way),
                TEST(a_sample_is_awaited_as_long_as_the_host_says),
                TEST(endless_parameters_are_refused),
                TEST(the_sensor_is_described),
                TEST(another_operation_ends_the_enrolment),
                TEST(bad_bytes_never_do_harm),
                TEST(every_event_fits_somehow),
                TEST(misfits_are_told),
                TEST(runs_can_be_replayed),
        };
        return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
