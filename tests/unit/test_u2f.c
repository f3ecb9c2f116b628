/* SPDX-License-Identifier: Apache-2.0 */
/* CTAP1 over core and element: the request APDUs that hosts write, and their status words. */
#include "ctap_rig.h"
#include "pin_rig.h"
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REGISTER = 0x01, AUTHENTICATE = 0x02, VERSION = 0x03 };
enum { SIGN = 0x03, CHECK = 0x07, SIGN_UNTOUCHED = 0x08 };
enum { HANDLE_SIZE = ELEMENT_RIG_ID_SIZE, HANDLE_AT = 1 + 65 + 1, NOT_ALLOWED = 0x6986 };

static const uint8_t challenge[32] = { 0xC4 }, application[32] = { 0xA9 }, other_application[32] = { 0xAA };
static struct element_rig stencil; /* a plain authenticator without a PIN */

static int make_stencil(void **state)
{
        (void)state;
        element_rig_open(&stencil);
        element_rig_store_batch_key(&stencil);
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

static uint16_t exchange(
        struct ctap_rig *rig, uint8_t ins, uint8_t p1, slice data, size_t expected, bool extended)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        apdu_write_command(
                &w, &(struct apdu_command){
                            .ins = ins, .p1 = p1, .data = data, .expected = expected, .extended = extended });
        assert_false(w.overflowed);
        return ctap_rig_u2f(rig, writer_view(&w));
}

static uint16_t enrol(struct ctap_rig *rig, uint8_t ret_handle[HANDLE_SIZE])
{
        uint8_t bytes[64];
        writer w = WRITER(bytes);
        write_slice(&w, SLICE(challenge));
        write_slice(&w, SLICE(application));
        uint16_t sw = exchange(rig, REGISTER, 0, writer_view(&w), 65536, true);
        if (sw == SW_OK && ret_handle)
                memcpy(ret_handle, rig->body.data + HANDLE_AT, HANDLE_SIZE);
        return sw;
}

static slice authentication(const uint8_t app[32], slice handle, uint8_t buffer[512])
{
        writer w = writer_over(buffer, 512);
        write_slice(&w, SLICE(challenge));
        write_slice(&w, slice_of(app, 32));
        write_u8(&w, (uint8_t)handle.size);
        write_slice(&w, handle);
        return writer_view(&w);
}

static uint16_t authenticate(struct ctap_rig *rig, uint8_t control, const uint8_t app[32], slice handle)
{
        uint8_t bytes[512];
        return exchange(rig, AUTHENTICATE, control, authentication(app, handle, bytes), 65536, true);
}

/* ---- the three commands ---- */

/* [10.1] As hosts write it: with Le or without, extended with an Lc of nothing, short. */
static void the_version_is_told(void **state)
{
        struct ctap_rig *rig = *state;
        static const struct {
                uint8_t bytes[10];
                size_t size;
        } ways[] = {
                { { 0, VERSION, 0, 0 }, 4 },
                { { 0, VERSION, 0, 0, 0 }, 5 },
                { { 0, VERSION, 0, 0, 0, 0, 0 }, 7 },
                { { 0, VERSION, 0, 0, 0, 0, 0, 0, 0 }, 9 },
        };
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                assert_int_equal(ctap_rig_u2f(rig, slice_of(ways[i].bytes, ways[i].size)), SW_OK);
                assert_true(slice_is(rig->body, "U2F_V2"));
                assert_int_equal(rig->touches, 0);
        }
        const uint8_t data[] = { 1, 2, 3 };
        assert_int_equal(exchange(rig, VERSION, 0, SLICE(data), 65536, true), SW_WRONG_LENGTH);
}

static void a_touch_registers_and_signs(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t handle[HANDLE_SIZE];
        assert_int_equal(enrol(rig, handle), SW_OK);
        assert_int_equal(rig->touches, 1);
        assert_int_equal(rig->touch.why, CORE_PROMPT_U2F_REGISTER);
        assert_in_range(rig->touch.timeout_ms, 1, 2000);
        assert_int_equal(rig->body.data[0], 0x05);
        assert_int_equal(authenticate(rig, SIGN, application, SLICE(handle)), SW_OK);
        assert_int_equal(rig->touches, 1);
        assert_int_equal(rig->touch.why, CORE_PROMPT_U2F_LOGIN);
        assert_int_equal(rig->body.data[0], 0x01);
        assert_in_range(rig->body.size, 5 + 60, 5 + 72);
        assert_int_equal(authenticate(rig, SIGN_UNTOUCHED, application, SLICE(handle)), SW_OK);
        assert_int_equal(rig->touches, 0);
        assert_int_equal(rig->body.data[0], 0x00);
        assert_int_equal(authenticate(rig, CHECK, application, SLICE(handle)), SW_CONDITIONS);
        assert_int_equal(rig->touches, 0);
}

/* Short APDUs are understood too, and P1 of a registration may be what old hosts write. */
static void short_requests_are_taken(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t bytes[64], buffer[512], handle[HANDLE_SIZE];
        writer w = WRITER(bytes);
        write_slice(&w, SLICE(challenge));
        write_slice(&w, SLICE(application));
        static const uint8_t p1s[] = { 0x00, 0x03, 0x83 };
        for (size_t i = 0; i < sizeof p1s; i++) {
                assert_int_equal(exchange(rig, REGISTER, p1s[i], writer_view(&w), 256, false), SW_OK);
                memcpy(handle, rig->body.data + HANDLE_AT, HANDLE_SIZE);
        }
        assert_int_equal(exchange(rig, AUTHENTICATE, SIGN, authentication(application, SLICE(handle), buffer),
                                 0, false),
                SW_OK);
}

/* Hosts ask again until the touch has come. */
static void without_a_touch_the_host_asks_again(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t handle[HANDLE_SIZE];
        static const enum core_event_kind users[] = { CORE_TOUCH_TIMEOUT, CORE_NOT_TOUCHED };
        uint16_t room = element_rig_state(&rig->element).room;
        for (size_t i = 0; i < 2; i++) {
                rig->user = users[i];
                assert_int_equal(enrol(rig, NULL), SW_CONDITIONS);
                assert_int_equal(rig->body.size, 0);
        }
        assert_int_equal(element_rig_state(&rig->element).room, room);
        rig->user = CORE_TOUCHED;
        assert_int_equal(enrol(rig, handle), SW_OK);
        rig->user = CORE_TOUCH_TIMEOUT;
        assert_int_equal(authenticate(rig, SIGN, application, SLICE(handle)), SW_CONDITIONS);
        assert_int_equal(rig->touches, 1);
        rig->user = CORE_TOUCHED;
        assert_int_equal(authenticate(rig, SIGN, application, SLICE(handle)), SW_OK);
}

/* Nobody is asked for a touch for what is not here. */
static void foreign_handles_are_wrong_data(void **state)
{
        struct ctap_rig *rig = *state;
        static const uint8_t controls[] = { SIGN, CHECK, SIGN_UNTOUCHED };
        uint8_t handle[HANDLE_SIZE], longest[255] = { 0 };
        assert_int_equal(enrol(rig, handle), SW_OK);
        for (size_t i = 0; i < sizeof controls; i++) {
                assert_int_equal(
                        authenticate(rig, controls[i], other_application, SLICE(handle)), SW_WRONG_DATA);
                assert_int_equal(
                        authenticate(rig, controls[i], application, slice_of(handle, 16)), SW_WRONG_DATA);
                assert_int_equal(
                        authenticate(rig, controls[i], application, slice_of(handle, 0)), SW_WRONG_DATA);
                assert_int_equal(authenticate(rig, controls[i], application, SLICE(longest)), SW_WRONG_DATA);
                handle[0] ^= 0x40;
                assert_int_equal(authenticate(rig, controls[i], application, SLICE(handle)), SW_WRONG_DATA);
                handle[0] ^= 0x40;
                assert_int_equal(rig->touches, 0);
        }
}

/* ---- malformed ---- */

static void wrong_heads_are_refused(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t handle[HANDLE_SIZE];
        const uint8_t data[] = { 'a', 'b', 'c' };
        uint8_t bytes[16];
        assert_int_equal(enrol(rig, handle), SW_OK);
        writer w = WRITER(bytes);
        apdu_write_command(&w, &(struct apdu_command){ .cla = 1, .ins = VERSION, .data = SLICE(data) });
        assert_int_equal(ctap_rig_u2f(rig, writer_view(&w)), SW_WRONG_CLA);
        for (unsigned ins = 0; ins <= 0xFF; ins++)
                if (ins < REGISTER || ins > VERSION)
                        assert_int_equal(
                                exchange(rig, (uint8_t)ins, 0, (slice){ 0 }, 0, false), SW_WRONG_INS);
        for (unsigned control = 0; control <= 0xFF; control++)
                if (control != SIGN && control != CHECK && control != SIGN_UNTOUCHED)
                        assert_int_equal(authenticate(rig, (uint8_t)control, application, SLICE(handle)),
                                SW_WRONG_P1P2);
}

static void wrong_lengths_are_refused(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t handle[HANDLE_SIZE], buffer[512];
        assert_int_equal(enrol(rig, handle), SW_OK);
        slice whole = authentication(application, SLICE(handle), buffer);
        for (size_t size = 0; size <= whole.size; size++) {
                slice part = slice_of(buffer, size);
                assert_int_equal(
                        exchange(rig, REGISTER, 0, part, 65536, true), size == 64 ? SW_OK : SW_WRONG_LENGTH);
                assert_int_equal(exchange(rig, AUTHENTICATE, CHECK, part, 65536, true),
                        size == whole.size ? SW_CONDITIONS : SW_WRONG_LENGTH);
        }
        buffer[whole.size] = 0; /* one byte more than the key handle's length says */
        assert_int_equal(exchange(rig, AUTHENTICATE, CHECK, slice_of(buffer, whole.size + 1), 65536, true),
                SW_WRONG_LENGTH);
}

/* The APDU itself, cut off anywhere, or longer than it says. */
static void no_part_of_an_apdu_is_taken(void **state)
{
        struct ctap_rig *rig = *state;
        uint8_t handle[HANDLE_SIZE], buffer[512], bytes[512];
        assert_int_equal(enrol(rig, handle), SW_OK);
        writer w = WRITER(bytes);
        apdu_write_command(&w, &(struct apdu_command){ .ins = AUTHENTICATE,
                                       .p1 = SIGN,
                                       .data = authentication(application, SLICE(handle), buffer),
                                       .expected = 65536,
                                       .extended = true });
        for (size_t size = 0; size < w.used; size++) {
                bool without_le = size == w.used - 2;
                assert_int_equal(ctap_rig_u2f(rig, slice_of(bytes, size)) == SW_OK, without_le);
                assert_int_equal(rig->touches, without_le);
        }
        write_u8(&w, 0x00);
        assert_int_equal(ctap_rig_u2f(rig, writer_view(&w)), SW_WRONG_LENGTH);
        /* Lc of nothing, and what is neither that nor anything else */
        static const uint8_t odd[][10] = { { 0, VERSION, 0, 0, 0, 0, 0, 0 }, { 0, VERSION, 0, 0, 0, 0, 1 } };
        assert_int_equal(ctap_rig_u2f(rig, slice_of(odd[0], 8)), SW_WRONG_LENGTH);
        assert_int_equal(ctap_rig_u2f(rig, slice_of(odd[0], 6)), SW_WRONG_LENGTH);
        assert_int_equal(ctap_rig_u2f(rig, slice_of(odd[1], 7)), SW_OK); /* Le is 1, and nobody counts */
}

/* ---- alwaysUv ---- */

/* [7.2.4] */
static void always_uv_allows_nothing(void **state)
{
        struct ctap_rig *rig = *state;
        const uint8_t pin[] = { 0x80, 4, '1', '2', '3', '4' }, toggle[] = { 0x02 };
        uint8_t handle[HANDLE_SIZE];
        SECRET(token);
        assert_int_equal(enrol(rig, handle), SW_OK);
        assert_int_equal(element_rig_channel(&rig->element, element_rig_fido, &element_rig_keys), SW_OK);
        assert_int_equal(element_rig_secured(&rig->element, 0x80340000, SLICE(pin)), SW_OK);
        assert_int_equal(element_rig_select(&rig->element, element_rig_fido), SW_OK);
        assert_int_equal(pin_rig_token(&rig->element, 2, ELEMENT_RIG_PIN, 0x20, NULL, &token), SW_OK);
        assert_int_equal(pin_rig_configure(&rig->element, 2, &token, SLICE(toggle)), SW_OK);
        assert_int_equal(enrol(rig, NULL), NOT_ALLOWED);
        assert_int_equal(exchange(rig, VERSION, 0, (slice){ 0 }, 65536, true), NOT_ALLOWED);
        assert_int_equal(authenticate(rig, SIGN, application, SLICE(handle)), NOT_ALLOWED);
        assert_int_equal(authenticate(rig, CHECK, application, SLICE(handle)), NOT_ALLOWED);
        assert_int_equal(authenticate(rig, SIGN_UNTOUCHED, application, SLICE(handle)), NOT_ALLOWED);
        assert_int_equal(rig->touches, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_version_is_told),
                TEST(a_touch_registers_and_signs),
                TEST(short_requests_are_taken),
                TEST(without_a_touch_the_host_asks_again),
                TEST(foreign_handles_are_wrong_data),
                TEST(wrong_heads_are_refused),
                TEST(wrong_lengths_are_refused),
                TEST(no_part_of_an_apdu_is_taken),
                TEST(always_uv_allows_nothing),
        };
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
