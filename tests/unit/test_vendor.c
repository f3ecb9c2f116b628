/* SPDX-License-Identifier: Apache-2.0 */
/* The vendor command over core and element: whom it is for, what it brings, and what it refuses. */
#include "cbor.h"
#include "ctap_rig.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VENDOR = 0x4D, READ = 1, SIGN = 2, RECEIPT = 3, ACKNOWLEDGE = 4, STATEMENT = 5 };
enum { SIGN_CERTIFICATE = 0x0001, AUTH_CERTIFICATE = 0x000A, AUTH_CA = 0x000B, PADDED = 64 };

static struct element_rig stencil; /* personalised as a phone, a device key, three leases */
static const uint8_t nonce[16] = { 0x4E, 0x01 };

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_personalise(&stencil);
        element_rig_make_device(&stencil);
        element_rig_lease(&stencil, 3);
        return 0;
}

static int drop_stencil(void **state)
{
        (void)state;
        element_rig_close(&stencil);
        return 0;
}

static int setup(void **state)
{
        struct ctap_rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        element_rig_clone(&stencil, &rig->element);
        ctap_rig_open(rig);
        rig->caller = CORE_CALLER_APP;
        *state = rig;
        return 0;
}

static int teardown(void **state)
{
        ctap_rig_close(*state);
        free(*state);
        return 0;
}

/* ---- requests ---- */

enum { FIELDS = 11 };

/* The members by their keys, encoded; empty ones are left out. */
struct request {
        uint8_t bytes[1024];
        writer w;
        slice members[FIELDS + 1];
};

static void start(struct request *request, uint64_t subcommand)
{
        *request = (struct request){ 0 };
        request->w = WRITER(request->bytes);
        size_t at = request->w.used;
        cbor_write_uint(&request->w, subcommand);
        request->members[1] = slice_of(request->bytes + at, request->w.used - at);
}

static void set_uint(struct request *request, size_t key, uint64_t value)
{
        size_t at = request->w.used;
        cbor_write_uint(&request->w, value);
        request->members[key] = slice_of(request->bytes + at, request->w.used - at);
}

static void set_bytes(struct request *request, size_t key, slice value)
{
        size_t at = request->w.used;
        cbor_write_bytes(&request->w, value);
        request->members[key] = slice_of(request->bytes + at, request->w.used - at);
}

static void set_point(struct request *request, const struct pin_rig *pin)
{
        size_t at = request->w.used;
        writer *w = &request->w;
        cbor_write_map(w, 5);
        cbor_write_int(w, 1);
        cbor_write_int(w, 2);
        cbor_write_int(w, 3);
        cbor_write_int(w, -25);
        cbor_write_int(w, -1);
        cbor_write_int(w, 1);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, slice_of(pin->point + 1, 32));
        cbor_write_int(w, -3);
        cbor_write_bytes(w, slice_of(pin->point + 33, 32));
        request->members[3] = slice_of(request->bytes + at, w->used - at);
}

static slice encode(const struct request *request, uint8_t buffer[1024])
{
        size_t count = 0;
        writer w = writer_over(buffer, 1024);
        for (size_t key = 1; key <= FIELDS; key++)
                count += request->members[key].size > 0;
        cbor_write_map(&w, count);
        for (size_t key = 1; key <= FIELDS; key++)
                if (request->members[key].size) {
                        cbor_write_uint(&w, key);
                        write_slice(&w, request->members[key]);
                }
        assert_false(w.overflowed);
        return writer_view(&w);
}

static uint8_t send(struct ctap_rig *rig, const struct request *request)
{
        uint8_t buffer[1024];
        return ctap_rig_command(rig, VENDOR, encode(request, buffer));
}

/* Members 2 to 5: `use` is what the secret is for. */
static void prove(
        struct ctap_rig *rig, struct request *request, uint8_t ins, uint8_t protocol, slice secret, slice use)
{
        uint8_t sealed_bytes[96], message[256], param[SHA256_SIZE];
        struct pin_rig pin;
        writer sealed = WRITER(sealed_bytes), m = WRITER(message);
        assert_int_equal(pin_rig_agree(&rig->element, protocol, &pin), SW_OK);
        pin_rig_encrypt(&pin, secret, &sealed);
        write_u8(&m, ins);
        write_slice(&m, writer_view(&sealed));
        write_slice(&m, use);
        set_uint(request, 2, protocol);
        set_point(request, &pin);
        set_bytes(request, 4, writer_view(&sealed));
        set_bytes(request, 5, pin_rig_param(protocol, &pin.hmac, writer_view(&m), param));
}

static slice padded(const char *password, uint8_t buffer[PADDED])
{
        writer w = writer_over(buffer, PADDED);
        write_slice(&w, slice_text(password));
        while (w.used < PADDED)
                write_u8(&w, 0);
        return writer_view(&w);
}

static void prepare_document(
        struct ctap_rig *rig, struct request *request, const char *password, uint8_t protocol)
{
        uint8_t hash[SHA256_SIZE], buffer[PADDED];
        const slice text = slice_text("document");
        sha256(&text, 1, hash);
        start(request, SIGN);
        prove(rig, request, 0x56, protocol, padded(password, buffer), SLICE(hash));
        set_bytes(request, 6, SLICE(hash));
}

static uint8_t sign(struct ctap_rig *rig, const char *password, uint8_t protocol)
{
        struct request request;
        prepare_document(rig, &request, password, protocol);
        return send(rig, &request);
}

static void prepare_reading(struct ctap_rig *rig, struct request *request, uint16_t file, slice secret)
{
        const uint8_t use[] = { (uint8_t)(file >> 8), (uint8_t)file, 0, 0 };
        start(request, READ);
        set_uint(request, 7, file);
        if (secret.size)
                prove(rig, request, 0x58, 2, secret, SLICE(use));
}

static uint8_t read_file(struct ctap_rig *rig, uint16_t file, slice secret)
{
        struct request request;
        prepare_reading(rig, &request, file, secret);
        return send(rig, &request);
}

/* ---- whom it is for ---- */

/* To whoever comes by HID or NFC the command is not there, whatever he writes. */
static void only_checked_apps_have_it(void **state)
{
        struct ctap_rig *rig = *state;
        static const enum core_caller callers[] = { CORE_CALLER_HID, CORE_CALLER_NFC };
        static const uint8_t nonsense[] = { 0xFF };
        struct request request;
        for (size_t i = 0; i < 2; i++) {
                rig->caller = callers[i];
                assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, 2), CTAP1_ERR_INVALID_COMMAND);
                assert_int_equal(read_file(rig, AUTH_CA, (slice){ 0 }), CTAP1_ERR_INVALID_COMMAND);
                start(&request, RECEIPT);
                assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_COMMAND);
                start(&request, STATEMENT);
                set_bytes(&request, 9, SLICE(nonce));
                assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_COMMAND);
                assert_int_equal(ctap_rig_command(rig, VENDOR, SLICE(nonsense)), CTAP1_ERR_INVALID_COMMAND);
                assert_int_equal(rig->element_commands, 0);
                assert_int_equal(rig->touches, 0);
        }
        rig->caller = CORE_CALLER_APP;
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, 2), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(rig, 2), 2); /* nothing was spent before */
}

/* ---- what it brings ---- */

static void documents_are_signed(void **state)
{
        struct ctap_rig *rig = *state;
        for (uint8_t protocol = 1; protocol <= 2; protocol++) {
                assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, protocol), CTAP2_OK);
                assert_int_equal(ctap_rig_bytes(rig, 1).size, 256);
                assert_int_equal(ctap_rig_uint(rig, 2), 3u - protocol);
                assert_int_equal(rig->touches, 0); /* the password is the holder's will */
        }
        assert_int_equal(sign(rig, "WRONG1", 2), CTAP2_ERR_PIN_INVALID);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, 2), CTAP2_OK);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, 2), CTAP2_ERR_NOT_ALLOWED); /* no lease is left */
}

static void a_locked_password_is_blocked(void **state)
{
        struct ctap_rig *rig = *state;
        for (int i = 0; i < 4; i++)
                assert_int_equal(sign(rig, "WRONG1", 2), CTAP2_ERR_PIN_INVALID);
        assert_int_equal(sign(rig, "WRONG1", 2), CTAP2_ERR_PIN_BLOCKED);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, 2), CTAP2_ERR_PIN_BLOCKED);
}

static void certificates_are_read(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t buffer[4096], password[PADDED], hash[SHA256_SIZE];
        const slice pin = slice_text(ELEMENT_RIG_PIN);
        sha256(&pin, 1, hash);
        assert_int_equal(read_file(rig, AUTH_CA, (slice){ 0 }), CTAP2_OK);
        slice stored = element_rig_stored(&rig->element, 0x0100 + AUTH_CA, buffer, sizeof buffer);
        assert_true(slice_equal(ctap_rig_bytes(rig, 1), stored));
        assert_int_equal(ctap_rig_uint(rig, 2), stored.size);
        assert_int_equal(read_file(rig, SIGN_CERTIFICATE, padded(ELEMENT_RIG_PASSWORD, password)), CTAP2_OK);
        stored = element_rig_stored(&rig->element, 0x0100 + SIGN_CERTIFICATE, buffer, sizeof buffer);
        assert_true(slice_equal(ctap_rig_bytes(rig, 1), stored));
        assert_int_equal(read_file(rig, AUTH_CERTIFICATE, slice_of(hash, 16)), CTAP2_OK);
        stored = element_rig_stored(&rig->element, 0x0100 + AUTH_CERTIFICATE, buffer, sizeof buffer);
        assert_true(slice_equal(ctap_rig_bytes(rig, 1), stored));
        assert_int_equal(read_file(rig, SIGN_CERTIFICATE, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
        assert_int_equal(read_file(rig, AUTH_CERTIFICATE, (slice){ 0 }), CTAP2_ERR_PIN_AUTH_INVALID);
        assert_int_equal(read_file(rig, 0x0002, (slice){ 0 }), CTAP2_ERR_NO_CREDENTIALS);
        assert_int_equal(read_file(rig, 0x0017, (slice){ 0 }), CTAP2_ERR_NO_CREDENTIALS);
        hash[0] ^= 1;
        assert_int_equal(read_file(rig, AUTH_CERTIFICATE, slice_of(hash, 16)), CTAP2_ERR_PIN_INVALID);
        assert_int_equal(element_rig_state(&rig->element).pin_tries, 2);
}

static void offsets_are_bytes_of_the_file(void **state)
{
        struct ctap_rig *rig = *state;
        struct request request;
        uint8_t buffer[4096];
        slice stored = element_rig_stored(&rig->element, 0x0100 + AUTH_CA, buffer, sizeof buffer);
        start(&request, READ);
        set_uint(&request, 7, AUTH_CA);
        set_uint(&request, 8, 300);
        assert_int_equal(send(rig, &request), CTAP2_OK);
        slice part = ctap_rig_bytes(rig, 1);
        assert_int_equal(part.size, stored.size - 300);
        assert_memory_equal(part.data, stored.data + 300, part.size);
        set_uint(&request, 8, stored.size);
        assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_PARAMETER);
}

/* A receipt of a reset is fetched and acknowledged; a statement is given; both want a touch. */
static void evidence_wants_a_touch(void **state)
{
        struct ctap_rig *rig = *state;
        struct request request;
        static const uint8_t touched[] = { 0x85, 1, 0x02 };
        uint8_t digest[SHA256_SIZE];
        start(&request, RECEIPT);
        assert_int_equal(send(rig, &request), CTAP2_ERR_NO_CREDENTIALS);
        start(&request, STATEMENT);
        set_bytes(&request, 9, SLICE(nonce));
        assert_int_equal(send(rig, &request), CTAP2_OK);
        assert_int_equal(rig->touches, 1);
        assert_int_equal(rig->touch.why, CORE_PROMPT_VENDOR);
        assert_true(ctap_rig_bytes(rig, 1).size > 64);
        rig->user = CORE_NOT_TOUCHED;
        assert_int_equal(send(rig, &request), CTAP2_ERR_OPERATION_DENIED);
        rig->user = CORE_TOUCH_TIMEOUT;
        assert_int_equal(send(rig, &request), CTAP2_ERR_USER_ACTION_TIMEOUT);
        rig->user = CORE_TOUCHED;

        assert_int_equal(element_rig_command(&rig->element, 0x80180000, SLICE(touched)), SW_OK);
        start(&request, RECEIPT);
        set_bytes(&request, 9, SLICE(nonce));
        assert_int_equal(send(rig, &request), CTAP2_OK);
        assert_int_equal(rig->touches, 1);
        assert_true(ctap_rig_bytes(rig, 1).size > 64);
        assert_int_equal(ctap_rig_uint(rig, 2), 1);
        assert_int_equal(ctap_rig_uint(rig, 4), 1);
        memcpy(digest, ctap_rig_bytes(rig, 3).data, sizeof digest);
        start(&request, ACKNOWLEDGE);
        set_uint(&request, 10, 1);
        digest[0] ^= 1;
        set_bytes(&request, 11, SLICE(digest));
        assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_PARAMETER);
        digest[0] ^= 1;
        set_bytes(&request, 11, SLICE(digest));
        assert_int_equal(send(rig, &request), CTAP2_OK);
        assert_int_equal(rig->body.size, 0);
        assert_int_equal(rig->touches, 0);
        assert_int_equal(send(rig, &request), CTAP2_ERR_NO_CREDENTIALS);
}

/* ---- what it refuses ---- */

static void members_are_those_of_the_subcommand(void **state)
{
        struct ctap_rig *rig = *state;
        struct request request;
        uint8_t some[SHA256_SIZE] = { 0 };
        static const uint8_t none[] = { 0xA0 };
        assert_int_equal(ctap_rig_command(rig, VENDOR, SLICE(none)), CTAP2_ERR_MISSING_PARAMETER);
        for (uint64_t subcommand = 0; subcommand < 0x100; subcommand++) {
                if (subcommand >= READ && subcommand <= STATEMENT)
                        continue;
                start(&request, subcommand);
                assert_int_equal(send(rig, &request), CTAP2_ERR_INVALID_SUBCOMMAND);
        }
        /* each that is needed, left out */
        for (size_t key = 2; key <= 6; key++) {
                prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
                request.members[key] = (slice){ 0 };
                assert_int_equal(send(rig, &request), CTAP2_ERR_MISSING_PARAMETER);
                assert_int_equal(rig->element_commands, 0);
        }
        for (size_t key = 2; key <= 5; key++) {
                uint8_t password[PADDED];
                prepare_reading(rig, &request, SIGN_CERTIFICATE, padded(ELEMENT_RIG_PASSWORD, password));
                request.members[key] = (slice){ 0 };
                assert_int_equal(send(rig, &request), CTAP2_ERR_MISSING_PARAMETER);
        }
        start(&request, READ);
        assert_int_equal(send(rig, &request), CTAP2_ERR_MISSING_PARAMETER);
        start(&request, STATEMENT);
        assert_int_equal(send(rig, &request), CTAP2_ERR_MISSING_PARAMETER);
        start(&request, ACKNOWLEDGE);
        set_uint(&request, 10, 1);
        assert_int_equal(send(rig, &request), CTAP2_ERR_MISSING_PARAMETER);
        /* each that is not taken */
        for (size_t key = 7; key <= FIELDS; key++) {
                prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
                if (key == 9 || key == 11)
                        set_bytes(&request, key, SLICE(some));
                else
                        set_uint(&request, key, 1);
                assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_PARAMETER);
                assert_int_equal(rig->element_commands, 0);
        }
}

/* No pinUvAuthToken has a place in it: not as secretAuth either. */
static void no_token_signs(void **state)
{
        struct ctap_rig *rig = *state;
        struct request request;
        uint8_t hash[SHA256_SIZE], param[SHA256_SIZE];
        const slice text = slice_text("document");
        SECRET(token);
        sha256(&text, 1, hash);
        assert_int_equal(pin_rig_token(&rig->element, 2, ELEMENT_RIG_PIN, 0x3F, "a.example", &token), SW_OK);
        prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
        set_bytes(&request, 5, pin_rig_param(2, &token, SLICE(hash), param));
        assert_int_equal(send(rig, &request), CTAP2_ERR_PIN_AUTH_INVALID);
        assert_int_equal(sign(rig, ELEMENT_RIG_PASSWORD, 2), CTAP2_OK);
        assert_int_equal(ctap_rig_uint(rig, 2), 2);
}

static void proofs_have_their_protocols_form(void **state)
{
        struct ctap_rig *rig = *state;
        struct request request;
        uint8_t some[33] = { 0 };
        prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
        set_uint(&request, 2, 3);
        assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_PARAMETER);
        set_uint(&request, 2, 1);
        assert_int_equal(send(rig, &request), CTAP2_ERR_PIN_AUTH_INVALID);
        prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
        set_bytes(&request, 5, SLICE(some));
        assert_int_equal(send(rig, &request), CTAP2_ERR_LIMIT_EXCEEDED);
        prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
        set_bytes(&request, 4, slice_of(some, 15));
        assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_PARAMETER);
        start(&request, STATEMENT);
        set_bytes(&request, 9, slice_of(some, 15));
        assert_int_equal(send(rig, &request), CTAP1_ERR_INVALID_PARAMETER);
}

static void no_part_of_a_request_is_taken(void **state)
{
        struct ctap_rig *rig = *state;
        struct request request;
        uint8_t buffer[1024];
        prepare_document(rig, &request, ELEMENT_RIG_PASSWORD, 2);
        slice whole = encode(&request, buffer);
        for (size_t size = 0; size < whole.size; size++) {
                assert_int_not_equal(ctap_rig_command(rig, VENDOR, slice_of(buffer, size)), CTAP2_OK);
                assert_int_equal(rig->element_commands, 0);
        }
        buffer[whole.size] = 0;
        assert_int_equal(
                ctap_rig_command(rig, VENDOR, slice_of(buffer, whole.size + 1)), CTAP2_ERR_INVALID_CBOR);
        assert_int_equal(ctap_rig_command(rig, VENDOR, whole), CTAP2_OK);
        assert_int_equal(ctap_rig_command(rig, VENDOR, whole), CTAP2_ERR_PIN_AUTH_INVALID); /* once */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(only_checked_apps_have_it),
                TEST(documents_are_signed),
                TEST(a_locked_password_is_blocked),
                TEST(certificates_are_read),
                TEST(offsets_are_bytes_of_the_file),
                TEST(evidence_wants_a_touch),
                TEST(members_are_those_of_the_subcommand),
                TEST(no_token_signs),
                TEST(proofs_have_their_protocols_form),
                TEST(no_part_of_a_request_is_taken),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
