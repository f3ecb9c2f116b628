/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV of cards (ISO 7816-4, 5.2.2). */
#include "tlv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mitome_code read_one(
        const uint8_t *bytes, size_t size, struct tlv *ret, size_t *ret_left, mitome_error *error)
{
        reader r = reader_over(slice_of(bytes, size), "a clause", error);
        mitome_status status = tlv_read(&r, "it", ret);
        *ret_left = r.rest.size;
        return status.code;
}

/* 5.2.2.1: numbers 0 to 30 take one byte, 31 to 127 two, 128 to 16383 three. */
static void takes_tags_of_one_to_three_bytes(void **state)
{
        (void)state;
        static const struct {
                size_t size;
                uint8_t bytes[5];
                uint32_t tag;
        } good[] = {
                { 3, { 0x80, 0x01, 0xAA }, 0x80 }, { 3, { 0xE2, 0x01, 0xAA }, 0xE2 },
                { 3, { 0x01, 0x01, 0xAA }, 0x01 }, { 4, { 0x9F, 0x70, 0x01, 0xAA }, 0x9F70 },
                { 4, { 0x7F, 0x49, 0x01, 0xAA }, 0x7F49 }, { 4, { 0xDF, 0x20, 0x01, 0xAA }, 0xDF20 },
                { 4, { 0x5F, 0x1F, 0x01, 0xAA }, 0x5F1F },         /* 31, the first number of two bytes */
                { 4, { 0x5F, 0x7F, 0x01, 0xAA }, 0x5F7F },         /* 127, the last */
                { 5, { 0x5F, 0x81, 0x00, 0x01, 0xAA }, 0x5F8100 }, /* 128, the first of three */
                { 5, { 0x5F, 0xFF, 0x7F, 0x01, 0xAA }, 0x5FFF7F }, /* 16383, the last */
        };
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
                struct tlv tlv;
                size_t left;
                assert_int_equal(read_one(good[i].bytes, good[i].size, &tlv, &left, NULL), MITOME_OK);
                assert_int_equal(tlv.tag, good[i].tag);
                assert_int_equal(tlv.value.size, 1);
                assert_int_equal(tlv.value.data[0], 0xAA);
                assert_int_equal(left, 0);
                uint8_t buffer[5];
                writer w = WRITER(buffer);
                tlv_write_u8(&w, tlv.tag, 0xAA);
                assert_true(slice_equal(writer_view(&w), slice_of(good[i].bytes, good[i].size)));
        }
}

static void refuses_tags_and_lengths_that_are_not_the_shortest(void **state)
{
        (void)state;
        static const struct {
                size_t size;
                uint8_t bytes[6];
                const char *why;
        } bad[] = {
                { 2, { 0x00, 0x00 }, "'00' is padding, not a tag" },
                { 4, { 0x9F, 0x1E, 0x01, 0xAA }, "30 fits into one byte" },
                { 4, { 0x9F, 0x00, 0x01, 0xAA }, "0 fits into one byte" },
                { 5, { 0x9F, 0x80, 0x20, 0x01, 0xAA }, "the second byte of three is not 80" },
                { 6, { 0x9F, 0x81, 0x81, 0x01, 0x01, 0xAA }, "four bytes" },
                { 4, { 0x80, 0x81, 0x01, 0xAA }, "81 for a length below 128" },
                { 5, { 0x80, 0x82, 0x00, 0x01, 0xAA }, "82 for a length below 256" },
                { 6, { 0x80, 0x83, 0x00, 0x00, 0x01, 0xAA }, "83 is more than cards use here" },
                { 5, { 0x80, 0x80, 0xAA, 0x00, 0x00 }, "indefinite length" },
                { 3, { 0x80, 0xFF, 0xAA }, "FF is reserved" },
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct tlv tlv = { .tag = 0x1234 };
                size_t left;
                mitome_error error = { 0 };
                if (read_one(bad[i].bytes, bad[i].size, &tlv, &left, &error) != MITOME_E_TLV)
                        fail_msg("accepted: %s", bad[i].why);
                assert_int_equal(error.code, MITOME_E_TLV);
                assert_string_equal(error.field, "it");
                assert_int_equal(tlv.tag, 0x1234); /* untouched */
        }
}

/* Length fields of one, two and three bytes, at their edges. */
static void lengths_are_coded_in_their_shortest_form(void **state)
{
        (void)state;
        static const struct {
                size_t value, head;
        } sizes[] = { { 0, 2 }, { 1, 2 }, { 127, 2 }, { 128, 3 }, { 255, 3 }, { 256, 4 }, { 65535, 4 } };
        uint8_t *value = malloc(65536), *buffer = malloc(65540);
        memset(value, 0x5A, 65536);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                writer w = writer_over(buffer, 65540);
                tlv_write(&w, 0x81, slice_of(value, sizes[i].value));
                assert_false(w.overflowed);
                assert_int_equal(w.used, sizes[i].head + sizes[i].value);
                struct tlv tlv;
                size_t left;
                assert_int_equal(read_one(buffer, w.used, &tlv, &left, NULL), MITOME_OK);
                assert_true(slice_equal(tlv.value, slice_of(value, sizes[i].value)));
                assert_int_equal(left, 0);
        }
        writer w = writer_over(buffer, 65540);
        tlv_write(&w, 0x81, slice_of(value, 65536));
        assert_true(w.overflowed);
        free(value);
        free(buffer);
}

/* 80 {01 02} 9F70 {03} 81 {200 bytes} 5F8100 {} */
static size_t make_list(uint8_t *buffer, size_t capacity, size_t ends[4])
{
        uint8_t wide[200];
        memset(wide, 0x77, sizeof wide);
        writer w = writer_over(buffer, capacity);
        tlv_write(&w, 0x80, slice_of("\x01\x02", 2));
        ends[0] = w.used;
        tlv_write_u8(&w, 0x9F70, 3);
        ends[1] = w.used;
        tlv_write(&w, 0x81, SLICE(wide));
        ends[2] = w.used;
        tlv_write(&w, 0x5F8100, slice_of(NULL, 0));
        ends[3] = w.used;
        assert_false(w.overflowed);
        return w.used;
}

static void finds_by_tag(void **state)
{
        (void)state;
        uint8_t buffer[300];
        size_t ends[4];
        slice list = slice_of(buffer, make_list(buffer, sizeof buffer, ends)), value;
        mitome_error error = { 0 };
        assert_int_equal(tlv_find(list, 0x9F70, "it", &value, &error).code, MITOME_OK);
        assert_true(slice_equal(value, slice_of("\x03", 1)));
        assert_int_equal(tlv_find_fixed(list, 0x81, "it", 200, &value, &error).code, MITOME_OK);
        assert_int_equal(value.size, 200);
        assert_int_equal(tlv_find_optional(list, 0x5F8100, "it", &value, &error).code, MITOME_OK);
        assert_int_equal(value.size, 0);
        assert_int_equal(tlv_find_optional(list, 0x82, "it", &value, &error).code, MITOME_OK);
        assert_int_equal(value.size, 0);
        assert_int_equal(error.code, MITOME_OK);
        assert_int_equal(tlv_find(list, 0x82, "it", &value, &error).code, MITOME_E_TLV_MISSING);
        assert_int_equal(tlv_find_fixed(list, 0x81, "it", 199, &value, NULL).code, MITOME_E_VALUE);
        assert_int_equal(tlv_find_fixed(list, 0x82, "it", 1, &value, NULL).code, MITOME_E_TLV_MISSING);
        assert_string_equal(error.field, "it");
        assert_int_equal(tlv_find(slice_of(NULL, 0), 0x80, "it", &value, NULL).code, MITOME_E_TLV_MISSING);
}

static void refuses_a_tag_that_stands_twice(void **state)
{
        (void)state;
        static const uint8_t list[] = { 0x80, 0x01, 0xAA, 0x81, 0x00, 0x80, 0x01, 0xAA };
        slice value = slice_text("before");
        mitome_error error = { 0 };
        assert_int_equal(tlv_find(SLICE(list), 0x80, "it", &value, &error).code, MITOME_E_TLV_TWICE);
        assert_int_equal(tlv_find_optional(SLICE(list), 0x80, "it", &value, NULL).code, MITOME_E_TLV_TWICE);
        assert_int_equal(tlv_find_fixed(SLICE(list), 0x80, "it", 1, &value, NULL).code, MITOME_E_TLV_TWICE);
        assert_int_equal(error.code, MITOME_E_TLV_TWICE);
        assert_true(slice_is(value, "before"));
        assert_int_equal(tlv_find(SLICE(list), 0x81, "it", &value, NULL).code, MITOME_OK);
}

/* Also for a tag that stands before the damage: "the whole list is checked". */
static void every_truncation_is_refused(void **state)
{
        (void)state;
        uint8_t buffer[300];
        size_t ends[4];
        size_t whole = make_list(buffer, sizeof buffer, ends);
        for (size_t size = 1; size < whole; size++) {
                if (size == ends[0] || size == ends[1] || size == ends[2])
                        continue; /* a shorter list */
                uint8_t *cut = malloc(size);
                memcpy(cut, buffer, size);
                slice value;
                mitome_error error = { 0 };
                mitome_code code = tlv_find(slice_of(cut, size), 0x80, "it", &value, &error).code;
                assert_int_equal(code, MITOME_E_INPUT_ENDS);
                assert_int_equal(error.code, code);
                assert_true(error.at <= size);
                assert_int_equal(tlv_find_optional(slice_of(cut, size), 0x99, "it", &value, NULL).code, code);
                free(cut);
        }
}

static void trailing_bytes_are_refused(void **state)
{
        (void)state;
        static const uint8_t list[] = { 0x80, 0x01, 0xAA, 0x00 };
        slice value;
        assert_int_equal(tlv_find(SLICE(list), 0x80, "it", &value, NULL).code, MITOME_E_TLV);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_tags_of_one_to_three_bytes),
                cmocka_unit_test(refuses_tags_and_lengths_that_are_not_the_shortest),
                cmocka_unit_test(lengths_are_coded_in_their_shortest_form),
                cmocka_unit_test(finds_by_tag),
                cmocka_unit_test(refuses_a_tag_that_stands_twice),
                cmocka_unit_test(every_truncation_is_refused),
                cmocka_unit_test(trailing_bytes_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
