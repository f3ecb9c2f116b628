/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"
#include "digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void reads_big_endian_and_stops_at_the_end(void **state)
{
        (void)state;
        static const uint8_t input[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07 };
        mitome_error error = { 0 };
        reader r = reader_over(SLICE(input), "a clause", &error);
        uint8_t one = 0;
        uint16_t two = 0;
        uint32_t four = 0;
        assert_int_equal(read_u8(&r, "one", &one).code, MITOME_OK);
        assert_int_equal(read_u16(&r, "two", &two).code, MITOME_OK);
        assert_int_equal(read_u32(&r, "four", &four).code, MITOME_OK);
        assert_int_equal(one, 0x01);
        assert_int_equal(two, 0x0203);
        assert_int_equal(four, 0x04050607);
        assert_int_equal(read_end(&r, "input").code, MITOME_OK);
        assert_int_equal(read_u8(&r, "more", &one).code, MITOME_E_INPUT_ENDS);
        assert_int_equal(one, 0x01);
        assert_int_equal(error.at, 7);
        assert_string_equal(error.field, "more");
        assert_string_equal(error.clause, "a clause");
}

static void a_short_read_leaves_the_reader_alone(void **state)
{
        (void)state;
        static const uint8_t input[] = { 0xAA, 0xBB };
        mitome_error error = { 0 };
        reader r = reader_over(SLICE(input), NULL, &error);
        slice part = { 0 };
        assert_int_equal(read_bytes(&r, "three", 3, &part).code, MITOME_E_INPUT_ENDS);
        assert_int_equal(read_bytes(&r, "huge", SIZE_MAX, &part).code, MITOME_E_INPUT_ENDS);
        assert_int_equal(r.rest.size, 2);
        assert_string_equal(error.field, "three"); /* the first cause wins */
        assert_int_equal(read_end(&r, "input").code, MITOME_E_TRAILING_BYTES);
}

static void a_reader_within_counts_in_the_outermost_input(void **state)
{
        (void)state;
        static const uint8_t input[] = { 0, 1, 2, 3, 4, 5 };
        mitome_error error = { 0 };
        reader r = reader_over(SLICE(input), NULL, &error);
        slice part;
        assert_int_equal(read_bytes(&r, "skipped", 2, &part).code, MITOME_OK);
        assert_int_equal(read_bytes(&r, "part", 3, &part).code, MITOME_OK);
        reader inner = reader_within(&r, part);
        uint32_t value;
        assert_int_equal(inner.offset, 2);
        assert_int_equal(read_u32(&inner, "value", &value).code, MITOME_E_INPUT_ENDS);
        assert_int_equal(error.at, 2);
}

static void a_writer_overflows_once_and_for_good(void **state)
{
        (void)state;
        uint8_t buffer[4] = { 0 };
        writer w = WRITER(buffer);
        write_u16(&w, 0x0102);
        write_u32(&w, 0x03040506);
        write_u8(&w, 0x07);
        slice written = { 0 };
        assert_int_equal(writer_finish(&w, "it", &written, NULL).code, MITOME_E_BUFFER_FULL);
        assert_null(written.data);
        assert_memory_equal(buffer, ((uint8_t[]){ 1, 2, 0, 0 }), 4);
}

static void secrets_are_bounded_and_wiped(void **state)
{
        (void)state;
        uint8_t long_key[SECRET_MAX + 1] = { 1 };
        struct secret secret = { 0 };
        assert_int_equal(secret_set(&secret, SLICE(long_key), NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(secret_set(&secret, slice_of(NULL, 0), NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(secret_set(&secret, slice_text("hidden"), NULL).code, MITOME_OK);
        assert_true(secret_equal(secret_view(&secret), slice_text("hidden")));
        assert_false(secret_equal(secret_view(&secret), slice_text("hiddem")));
        assert_false(secret_equal(secret_view(&secret), slice_text("hidde")));
        secret_wipe(&secret);
        static const struct secret nothing;
        assert_memory_equal(&secret, &nothing, sizeof secret);
}

/* RFC 5869, A.1 (its first 32 bytes) and A.3 without salt and info. */
static void hkdf_agrees_with_rfc_5869(void **state)
{
        (void)state;
        uint8_t input[22], salt[13], info[10];
        memset(input, 0x0b, sizeof input);
        for (size_t i = 0; i < sizeof salt; i++)
                salt[i] = (uint8_t)i;
        for (size_t i = 0; i < sizeof info; i++)
                info[i] = (uint8_t)(0xf0 + i);
        static const uint8_t with_salt[] = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
                0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0,
                0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf };
        static const uint8_t without[] = { 0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80,
                0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e, 0xc3, 0x45,
                0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d };
        SECRET(key);
        hkdf_sha256(SLICE(salt), SLICE(input), SLICE(info), &key);
        assert_true(slice_equal(secret_view(&key), SLICE(with_salt)));
        hkdf_sha256(slice_of(NULL, 0), SLICE(input), slice_of(NULL, 0), &key);
        assert_true(slice_equal(secret_view(&key), SLICE(without)));
}

static void explains_what_where_which_clause_and_what_to_do(void **state)
{
        (void)state;
        mitome_error error = { MITOME_E_INPUT_ENDS, 55, "attData.credentialId", "WebAuthn L3 6.5.1" };
        char text[200];
        size_t length = mitome_explain(&error, text, sizeof text);
        assert_string_equal(
                text, "E112 input ends before attData.credentialId at byte 55 (WebAuthn L3 6.5.1)");
        assert_int_equal(length, strlen(text));
        char cut[10];
        assert_int_equal(mitome_explain(&error, cut, sizeof cut), length);
        assert_string_equal(cut, "E112 inpu");
        assert_int_equal(mitome_explain(&error, NULL, 0), length);
}

static void a_view_begins_with_what_it_begins_with(void **state)
{
        (void)state;
        const slice nothing = { 0 };
        assert_true(slice_begins_with(slice_text("prefix"), slice_text("pre")));
        assert_true(slice_begins_with(slice_text("prefix"), slice_text("prefix")));
        assert_true(slice_begins_with(slice_text("prefix"), nothing));
        assert_true(slice_begins_with(nothing, nothing));
        assert_false(slice_begins_with(slice_text("prefix"), slice_text("pro")));
        assert_false(slice_begins_with(slice_text("pre"), slice_text("prefix")));
        assert_false(slice_begins_with(nothing, slice_text("p")));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_view_begins_with_what_it_begins_with),
                cmocka_unit_test(reads_big_endian_and_stops_at_the_end),
                cmocka_unit_test(a_short_read_leaves_the_reader_alone),
                cmocka_unit_test(a_reader_within_counts_in_the_outermost_input),
                cmocka_unit_test(a_writer_overflows_once_and_for_good),
                cmocka_unit_test(secrets_are_bounded_and_wiped),
                cmocka_unit_test(hkdf_agrees_with_rfc_5869),
                cmocka_unit_test(explains_what_where_which_clause_and_what_to_do),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
