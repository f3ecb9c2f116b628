/* SPDX-License-Identifier: Apache-2.0 */
/* authenticatorCredentialManagement over core and element: what a platform sends and is told. */
#include "cose.h"
#include "ctap_rig.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANAGE = 0x0A, PREVIEW = 0x41, MAKE = 0x01, GET_INFO = 0x04 };
enum { METADATA = 1, FIRST_RP, NEXT_RP, FIRST_CREDENTIAL, NEXT_CREDENTIAL, DELETE, UPDATE };
enum { CM = 0x04, BE = 0x08 };

static struct element_rig stencil; /* a plain authenticator with a PIN */

static int make_stencil(void **state)
{
        (void)state;
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' };
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
        assert_int_equal(element_rig_channel(&stencil, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&stencil, 0x80340000, SLICE(pin)), SW_OK);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

struct bench {
        struct ctap_rig ctap;
        struct secret token;
        uint8_t protocol;
};

static int setup(void **state)
{
        struct bench *bench = calloc(1, sizeof *bench);
        assert_non_null(bench);
        element_rig_clone(&stencil, &bench->ctap.element);
        ctap_rig_open(&bench->ctap);
        *state = bench;
        return 0;
}

static int teardown(void **state)
{
        struct bench *bench = *state;
        ctap_rig_close(&bench->ctap);
        free(bench);
        return 0;
}

/* Straight from the element: how a platform gets one is clientPIN's. */
static void get_token(struct bench *bench, uint8_t protocol, uint8_t permissions)
{
        bench->protocol = protocol;
        assert_int_equal(pin_rig_token(&bench->ctap.element, protocol, ELEMENT_RIG_PIN, permissions, NULL,
                                 &bench->token),
                SW_OK);
}

/* A discoverable credential by touch, straight from the element. */
static void make(
        struct bench *bench, const char *rp_id, const char *user, uint8_t ret_id[ELEMENT_RIG_ID_SIZE])
{
        enum { ID_AT = 37 + 16 + 2 };
        struct element_rig *rig = &bench->ctap.element;
        struct element_rig_operation operation = { .command = 0x01, .rp_id = rp_id, .options = 0x01 };
        assert_int_equal(element_rig_begin(rig, &operation), SW_OK);
        assert_int_equal(
                element_rig_make(rig, &operation, (slice){ 0 }, 0x03, 0x07, slice_text(user), (slice){ 0 }),
                SW_OK);
        memcpy(ret_id, element_rig_value(rig, 0x80).data + ID_AT, ELEMENT_RIG_ID_SIZE);
}

/* ---- requests ---- */

enum { HAS_PARAMS = 0x01, HAS_PROTOCOL = 0x02, HAS_PARAM = 0x04, WHOLE = 0x07 };

struct request {
        uint8_t command, subcommand, parts;
        slice params;
        uint64_t protocol; /* 0: the token's */
        slice param;       /* empty: the right one */
};

static uint8_t send(struct bench *bench, const struct request *request)
{
        uint8_t bytes[4096], param[SHA256_SIZE], message[4096];
        bool params = request->params.data && request->parts & HAS_PARAMS;
        bool protocol = request->parts & HAS_PROTOCOL, has_param = request->parts & HAS_PARAM;
        writer w = WRITER(bytes), m = WRITER(message);
        write_u8(&m, request->subcommand);
        write_slice(&m, params ? request->params : (slice){ 0 });
        cbor_write_map(&w, 1u + params + protocol + has_param);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, request->subcommand);
        if (params) {
                cbor_write_uint(&w, 2);
                write_slice(&w, request->params);
        }
        if (protocol) {
                cbor_write_uint(&w, 3);
                cbor_write_uint(&w, request->protocol ? request->protocol : bench->protocol);
        }
        if (has_param) {
                cbor_write_uint(&w, 4);
                cbor_write_bytes(&w, request->param.data ? request->param
                                                         : pin_rig_param(bench->protocol, &bench->token,
                                                                   writer_view(&m), param));
        }
        assert_false(w.overflowed || m.overflowed);
        return ctap_rig_command(&bench->ctap, request->command ? request->command : MANAGE, writer_view(&w));
}

static uint8_t ask(struct bench *bench, uint8_t subcommand, slice params)
{
        bool next = subcommand == NEXT_RP || subcommand == NEXT_CREDENTIAL;
        return send(bench,
                &(struct request){ .subcommand = subcommand, .parts = next ? 0 : WHOLE, .params = params });
}

static slice party_params(const char *rp_id, uint8_t buffer[64])
{
        uint8_t hash[SHA256_SIZE];
        const slice text = slice_text(rp_id);
        writer w = writer_over(buffer, 64);
        sha256(&text, 1, hash);
        cbor_write_map(&w, 1);
        cbor_write_uint(&w, 1);
        cbor_write_bytes(&w, SLICE(hash));
        return writer_view(&w);
}

/* As a browser echoes it, with more members than are needed. */
static slice credential_params(
        const uint8_t id[ELEMENT_RIG_ID_SIZE], const char *user, const char *name, uint8_t buffer[512])
{
        writer w = writer_over(buffer, 512);
        cbor_write_map(&w, user ? 2 : 1);
        cbor_write_uint(&w, 2);
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "id");
        cbor_write_bytes(&w, slice_of(id, ELEMENT_RIG_ID_SIZE));
        cbor_write_string(&w, "type");
        cbor_write_string(&w, "public-key");
        cbor_write_string(&w, "transports");
        cbor_write_array(&w, 1);
        cbor_write_string(&w, "usb");
        if (user) {
                cbor_write_uint(&w, 3);
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "id");
                cbor_write_bytes(&w, slice_text(user));
                cbor_write_string(&w, "name");
                cbor_write_string(&w, name);
        }
        return writer_view(&w);
}

/* ---- what is told ---- */

/* [6.8.2] */
static void metadata_are_told(void **state)
{
        struct bench *bench = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE];
        make(bench, "a.example", "one", id);
        get_token(bench, 2, CM);
        assert_int_equal(ask(bench, METADATA, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(&bench->ctap, 1), 1);
        assert_int_equal(ctap_rig_uint(&bench->ctap, 2), 9999);
        assert_int_equal(bench->ctap.touches, 0);
        assert_int_equal(bench->ctap.element_commands, 1);
}

static void expect_encoded(slice found, const char *head, const char *text)
{
        uint8_t bytes[128];
        writer w = WRITER(bytes);
        cbor_write_map(&w, 1);
        cbor_write_string(&w, head);
        cbor_write_string(&w, text);
        assert_true(slice_equal(found, writer_view(&w)));
}

/* [6.8.3] [6.8.4] [2.2 6.8.4] */
static void lists_are_told_member_by_member(void **state)
{
        struct bench *bench = *state;
        struct ctap_rig *ctap = &bench->ctap;
        uint8_t first[ELEMENT_RIG_ID_SIZE], second[ELEMENT_RIG_ID_SIZE], third[ELEMENT_RIG_ID_SIZE],
                params[64];
        make(bench, "b.example", "one", first);
        make(bench, "a.example", "one", second);
        make(bench, "a.example", "two", third);
        get_token(bench, 2, CM);
        assert_int_equal(ask(bench, FIRST_RP, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(ctap, 5), 2);
        expect_encoded(ctap_rig_member(ctap, 3), "id", "b.example");
        assert_int_equal(ctap_rig_bytes(ctap, 4).size, 32);
        assert_int_equal(ask(bench, NEXT_RP, (slice){ 0 }), CTAP2_OK);
        expect_encoded(ctap_rig_member(ctap, 3), "id", "a.example");
        assert_int_equal(ctap_rig_member(ctap, 5).size, 0);
        assert_int_equal(ask(bench, NEXT_RP, (slice){ 0 }), CTAP2_ERR_NOT_ALLOWED);

        assert_int_equal(ask(bench, FIRST_CREDENTIAL, party_params("a.example", params)), CTAP2_OK);
        static const uint8_t user[] = { 0xA3, 0x62, 'i', 'd', 0x43, 't', 'w', 'o', 0x64, 'n', 'a', 'm', 'e',
                0x66, 'h', 'a', 'n', 'a', 'k', 'o', 0x6B, 'd', 'i', 's', 'p', 'l', 'a', 'y', 'N', 'a', 'm',
                'e', 0x66, 'H', 'a', 'n', 'a', 'k', 'o' };
        assert_true(slice_equal(ctap_rig_member(ctap, 6), SLICE(user)));
        slice descriptor = ctap_rig_member(ctap, 7);
        assert_int_equal(descriptor.size, 1 + 3 + 2 + 32 + 5 + 11);
        assert_memory_equal(descriptor.data + 6, third, sizeof third);
        struct cbor_reader key = cbor_over(ctap_rig_member(ctap, 8), NULL, NULL);
        struct cose_key cose;
        assert_int_equal(cose_key_read(&key, "publicKey", NULL, &cose).code, MITOME_OK);
        assert_int_equal(ctap_rig_uint(ctap, 9), 2);
        assert_int_equal(ctap_rig_uint(ctap, 0x0A), 1);
        assert_int_equal(ctap_rig_member(ctap, 0x0B).size, 0);
        static const uint8_t no[] = { 0xF4 };
        assert_true(slice_equal(ctap_rig_member(ctap, 0x0C), SLICE(no)));
        assert_int_equal(ask(bench, NEXT_CREDENTIAL, (slice){ 0 }), CTAP2_OK);
        assert_memory_equal(ctap_rig_member(ctap, 7).data + 6, second, sizeof second);
        assert_int_equal(ctap_rig_member(ctap, 9).size, 0);
        assert_int_equal(ask(bench, NEXT_CREDENTIAL, (slice){ 0 }), CTAP2_ERR_NOT_ALLOWED);
}

/* [6.8.3 none] [6.8.4 none] [6.8.3 next] */
static void nothing_to_list_is_no_credentials(void **state)
{
        struct bench *bench = *state;
        uint8_t params[64];
        get_token(bench, 2, CM);
        assert_int_equal(ask(bench, FIRST_RP, (slice){ 0 }), CTAP2_ERR_NO_CREDENTIALS);
        assert_int_equal(ask(bench, NEXT_RP, (slice){ 0 }), CTAP2_ERR_NOT_ALLOWED);
        assert_int_equal(
                ask(bench, FIRST_CREDENTIAL, party_params("a.example", params)), CTAP2_ERR_NO_CREDENTIALS);
        assert_int_equal(ask(bench, METADATA, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(&bench->ctap, 1), 0);
}

/* [6.8.5] [6.8.6] [6.8.5 none] [6.8.6 none] [6.8.6 user] [6.8.6 missing] by both protocols and by the command
 * of the preview */
static void credentials_are_renamed_and_deleted(void **state)
{
        struct bench *bench = *state;
        static const uint8_t commands[] = { MANAGE, PREVIEW };
        uint8_t params[512];
        for (uint8_t protocol = 1; protocol <= 2; protocol++)
                for (size_t i = 0; i < sizeof commands; i++) {
                        uint8_t id[ELEMENT_RIG_ID_SIZE];
                        make(bench, "a.example", "one", id);
                        get_token(bench, protocol, CM);
                        struct request request = { .command = commands[i],
                                .subcommand = UPDATE,
                                .parts = WHOLE,
                                .params = credential_params(id, "one", "after", params) };
                        assert_int_equal(send(bench, &request), CTAP2_OK);
                        assert_int_equal(bench->ctap.body.size, 0);
                        request.params = credential_params(id, "two", "after", params);
                        assert_int_equal(send(bench, &request), CTAP1_ERR_INVALID_PARAMETER);
                        request.params = credential_params(id, NULL, NULL, params);
                        assert_int_equal(send(bench, &request), CTAP2_ERR_MISSING_PARAMETER);
                        request.subcommand = DELETE;
                        assert_int_equal(send(bench, &request), CTAP2_OK);
                        assert_int_equal(bench->ctap.body.size, 0);
                        assert_int_equal(send(bench, &request), CTAP2_ERR_NO_CREDENTIALS);
                        request.subcommand = UPDATE;
                        request.params = credential_params(id, "one", "after", params);
                        assert_int_equal(send(bench, &request), CTAP2_ERR_NO_CREDENTIALS);
                }
}

/* ---- what is refused ---- */

static const struct {
        uint8_t subcommand;
        bool params;
} authorised[] = { { METADATA, false }, { FIRST_RP, false }, { FIRST_CREDENTIAL, true }, { DELETE, true },
        { UPDATE, true } };

enum { AUTHORISED = sizeof authorised / sizeof *authorised };

static slice params_of(uint8_t subcommand, uint8_t buffer[512])
{
        static const uint8_t id[ELEMENT_RIG_ID_SIZE] = { 0x1D };
        return subcommand == FIRST_CREDENTIAL ? party_params("a.example", buffer)
                                              : credential_params(id, "one", "name", buffer);
}

/* [6.8.2 no param] [6.8.3 no param] [6.8.4 no param] [6.8.5 no param] [6.8.6 no param]
 * [6.8.2 protocol] [6.8.3 protocol] [6.8.4 protocol] [6.8.5 protocol] [6.8.6 protocol]
 * [6.8.2 verify] [6.8.3 verify] [6.8.4 verify] [6.8.5 verify] [6.8.6 verify] [6.8.4 missing] [6.8.5 missing]
 * [6.8.6 missing] */
static void a_token_is_asked_for_first(void **state)
{
        struct bench *bench = *state;
        uint8_t buffer[512];
        static const uint8_t wrong[32];
        get_token(bench, 2, CM);
        for (size_t i = 0; i < AUTHORISED; i++) {
                struct request request = { .subcommand = authorised[i].subcommand,
                        .parts = HAS_PARAMS,
                        .params = authorised[i].params ? params_of(authorised[i].subcommand, buffer)
                                                       : (slice){ 0 } };
                assert_int_equal(send(bench, &request), CTAP2_ERR_PUAT_REQUIRED);
                request.parts = 0;
                assert_int_equal(send(bench, &request), CTAP2_ERR_PUAT_REQUIRED);
                request.parts = HAS_PARAMS | HAS_PARAM;
                assert_int_equal(send(bench, &request), CTAP2_ERR_MISSING_PARAMETER);
                request.parts = WHOLE;
                request.protocol = 3;
                assert_int_equal(send(bench, &request), CTAP1_ERR_INVALID_PARAMETER);
                request.protocol = 1; /* the other one's form */
                assert_int_equal(send(bench, &request), CTAP2_ERR_PIN_AUTH_INVALID);
                request.protocol = 2;
                request.param = SLICE(wrong);
                assert_int_equal(send(bench, &request), CTAP2_ERR_PIN_AUTH_INVALID);
                request.param = slice_of(wrong, 0);
                assert_int_equal(send(bench, &request), CTAP2_ERR_PIN_AUTH_INVALID);
                if (authorised[i].params) {
                        request = (struct request){ .subcommand = authorised[i].subcommand,
                                .parts = HAS_PROTOCOL | HAS_PARAM };
                        assert_int_equal(send(bench, &request), CTAP2_ERR_MISSING_PARAMETER);
                }
        }
        get_token(bench, 2, BE);
        assert_int_equal(ask(bench, METADATA, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
}

/* [6.8 subCommand] */
static void other_subcommands_are_unknown(void **state)
{
        struct bench *bench = *state;
        static const uint8_t none[] = { 0xA0 }, eight[] = { 0xA1, 0x01, 0x08 }, zero[] = { 0xA1, 0x01, 0x00 };
        static const uint8_t text[] = { 0xA1, 0x01, 0x61, '1' }, many[] = { 0xA1, 0x01, 0x19, 0x01, 0x01 };
        assert_int_equal(ctap_rig_command(&bench->ctap, MANAGE, SLICE(none)), CTAP2_ERR_MISSING_PARAMETER);
        assert_int_equal(ctap_rig_command(&bench->ctap, MANAGE, SLICE(eight)), CTAP2_ERR_INVALID_SUBCOMMAND);
        assert_int_equal(ctap_rig_command(&bench->ctap, MANAGE, SLICE(zero)), CTAP2_ERR_INVALID_SUBCOMMAND);
        assert_int_equal(ctap_rig_command(&bench->ctap, MANAGE, SLICE(many)), CTAP2_ERR_INVALID_SUBCOMMAND);
        assert_int_equal(ctap_rig_command(&bench->ctap, MANAGE, SLICE(text)), CTAP2_ERR_CBOR_UNEXPECTED_TYPE);
        assert_int_equal(ctap_rig_command(&bench->ctap, MANAGE, (slice){ 0 }), CTAP2_ERR_INVALID_CBOR);
}

/* [6.8.4 missing] [6.8.5 missing] [6.8.6 missing] Each type that is not the one, and each missing member, is
 * named so before the element is asked. */
static void malformed_parameters_are_named(void **state)
{
        struct bench *bench = *state;
        static const struct {
                uint8_t subcommand;
                uint8_t bytes[24];
                size_t size;
                uint8_t status;
        } cases[] = {
                { FIRST_CREDENTIAL, { 0xA0 }, 1, CTAP2_ERR_MISSING_PARAMETER },
                { FIRST_CREDENTIAL, { 0xA1, 0x01, 0x60 }, 3, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { FIRST_CREDENTIAL, { 0xA1, 0x01, 0x41, 0x00 }, 4, CTAP1_ERR_INVALID_PARAMETER },
                { FIRST_CREDENTIAL, { 0x80 }, 1, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { DELETE, { 0xA0 }, 1, CTAP2_ERR_MISSING_PARAMETER },
                { DELETE, { 0xA1, 0x02, 0x40 }, 3, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { DELETE, { 0xA1, 0x02, 0xA0 }, 3, CTAP2_ERR_MISSING_PARAMETER },
                { DELETE, { 0xA1, 0x02, 0xA1, 0x62, 'i', 'd', 0x40 }, 7, CTAP2_ERR_MISSING_PARAMETER },
                { DELETE, { 0xA1, 0x02, 0xA1, 0x62, 'i', 'd', 0x60 }, 7, CTAP2_ERR_CBOR_UNEXPECTED_TYPE },
                { UPDATE, { 0xA0 }, 1, CTAP2_ERR_MISSING_PARAMETER },
                { UPDATE, { 0xA1, 0x03, 0xA1, 0x62, 'i', 'd', 0x41, 0x01 }, 8, CTAP2_ERR_MISSING_PARAMETER },
        };
        get_token(bench, 2, CM);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                assert_int_equal(ask(bench, cases[i].subcommand, slice_of(cases[i].bytes, cases[i].size)),
                        cases[i].status);
                assert_int_equal(bench->ctap.element_commands, 0);
        }
}

static void no_part_of_a_request_is_taken(void **state)
{
        struct bench *bench = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], params[512], bytes[1024], param[SHA256_SIZE], message[512];
        make(bench, "a.example", "one", id);
        get_token(bench, 2, CM);
        slice encoded = credential_params(id, NULL, NULL, params);
        writer w = WRITER(bytes), m = WRITER(message);
        write_u8(&m, DELETE);
        write_slice(&m, encoded);
        write_u8(&w, MANAGE);
        cbor_write_map(&w, 4);
        cbor_write_uint(&w, 1);
        cbor_write_uint(&w, DELETE);
        cbor_write_uint(&w, 2);
        write_slice(&w, encoded);
        cbor_write_uint(&w, 3);
        cbor_write_uint(&w, 2);
        cbor_write_uint(&w, 4);
        cbor_write_bytes(&w, pin_rig_param(2, &bench->token, writer_view(&m), param));
        for (size_t size = 1; size < w.used; size++)
                assert_int_not_equal(ctap_rig_request(&bench->ctap, slice_of(bytes, size)), CTAP2_OK);
        assert_int_equal(ctap_rig_request(&bench->ctap, writer_view(&w)), CTAP2_OK);
        write_u8(&w, 0x00); /* trailing bytes */
        assert_int_equal(ctap_rig_request(&bench->ctap, writer_view(&w)), CTAP2_ERR_INVALID_CBOR);
}

/* A message that no element would take is not sent. */
static void long_parameters_are_refused(void **state)
{
        struct bench *bench = *state;
        uint8_t bytes[4096];
        writer w = WRITER(bytes);
        get_token(bench, 2, CM);
        cbor_write_map(&w, 2);
        cbor_write_uint(&w, 1);
        uint8_t hash[32] = { 0 };
        cbor_write_bytes(&w, SLICE(hash));
        cbor_write_uint(&w, 9); /* unknown, and skipped */
        static const uint8_t filling[3100];
        cbor_write_bytes(&w, SLICE(filling));
        assert_int_equal(ask(bench, FIRST_CREDENTIAL, writer_view(&w)), CTAP2_ERR_LIMIT_EXCEEDED);
}

/* ---- sequences ---- */

/* [6.8.3 next] [6.8.4 next] what was begun goes on for 30 s, and ends with another command */
static void lists_end_in_time(void **state)
{
        struct bench *bench = *state;
        uint8_t id[ELEMENT_RIG_ID_SIZE], params[64];
        static const char *const rps[] = { "a.example", "b.example", "c.example" };
        static const uint8_t info[] = { GET_INFO };
        for (size_t i = 0; i < 3; i++)
                make(bench, rps[i], "one", id);
        get_token(bench, 2, CM);
        assert_int_equal(ask(bench, FIRST_RP, (slice){ 0 }), CTAP2_OK);
        bench->ctap.now_ms += 30000;
        assert_int_equal(ask(bench, FIRST_CREDENTIAL, party_params("a.example", params)), CTAP2_OK);
        bench->ctap.now_ms += 30000;
        assert_int_equal(ask(bench, NEXT_RP, (slice){ 0 }), CTAP2_OK);
        bench->ctap.now_ms += 30001;
        assert_int_equal(ask(bench, NEXT_RP, (slice){ 0 }), CTAP2_ERR_NOT_ALLOWED);
        get_token(bench, 2, CM);
        assert_int_equal(ask(bench, FIRST_RP, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(ctap_rig_request(&bench->ctap, SLICE(info)), CTAP2_OK);
        assert_int_equal(ask(bench, NEXT_RP, (slice){ 0 }), CTAP2_ERR_NOT_ALLOWED);
        /* a param with it is not looked at */
        assert_int_equal(ask(bench, FIRST_RP, (slice){ 0 }), CTAP2_OK);
        assert_int_equal(send(bench, &(struct request){ .subcommand = NEXT_RP, .parts = WHOLE }), CTAP2_OK);
        assert_int_equal(
                send(bench, &(struct request){ .subcommand = NEXT_CREDENTIAL }), CTAP2_ERR_NOT_ALLOWED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(metadata_are_told),
                TEST(lists_are_told_member_by_member),
                TEST(nothing_to_list_is_no_credentials),
                TEST(credentials_are_renamed_and_deleted),
                TEST(a_token_is_asked_for_first),
                TEST(other_subcommands_are_unknown),
                TEST(malformed_parameters_are_named),
                TEST(no_part_of_a_request_is_taken),
                TEST(long_parameters_are_refused),
                TEST(lists_end_in_time),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
