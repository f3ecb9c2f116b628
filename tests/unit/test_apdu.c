/* SPDX-License-Identifier: Apache-2.0 */
/* Command and response APDUs (ISO 7816-4, 5.1 to 5.3). */
#include "apdu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LARGEST_DATA = 65535, LARGEST = 4 + 3 + LARGEST_DATA + 2 };

/* The seven forms of ISO 7816-4, 5.1, table 2 and figure 3. */
static const struct form {
        const char *name;
        size_t size;
        uint8_t bytes[16];
        size_t data_at, data_size, expected;
        bool extended;
} forms[] = {
        { "1", 4, { 0x80, 0x12, 0x01, 0x02 }, 0, 0, 0, false },
        { "2S", 5, { 0x80, 0x12, 0x01, 0x02, 0x20 }, 0, 0, 32, false },
        { "2S, all", 5, { 0x80, 0x12, 0x01, 0x02, 0x00 }, 0, 0, 256, false },
        { "3S", 8, { 0x80, 0x12, 0x01, 0x02, 0x03, 0xA1, 0xA2, 0xA3 }, 5, 3, 0, false },
        { "4S", 9, { 0x80, 0x12, 0x01, 0x02, 0x03, 0xA1, 0xA2, 0xA3, 0x10 }, 5, 3, 16, false },
        { "4S, all", 9, { 0x80, 0x12, 0x01, 0x02, 0x03, 0xA1, 0xA2, 0xA3, 0x00 }, 5, 3, 256, false },
        { "2E", 7, { 0x80, 0x12, 0x01, 0x02, 0x00, 0x01, 0x02 }, 0, 0, 258, true },
        { "2E, all", 7, { 0x80, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00 }, 0, 0, 65536, true },
        { "3E", 9, { 0x80, 0x12, 0x01, 0x02, 0x00, 0x00, 0x02, 0xA1, 0xA2 }, 7, 2, 0, true },
        { "4E", 11, { 0x80, 0x12, 0x01, 0x02, 0x00, 0x00, 0x02, 0xA1, 0xA2, 0x00, 0x05 }, 7, 2, 5, true },
        { "4E, all", 11, { 0x80, 0x12, 0x01, 0x02, 0x00, 0x00, 0x02, 0xA1, 0xA2, 0x00, 0x00 }, 7, 2, 65536,
                true },
};

enum { FORMS = sizeof forms / sizeof forms[0] };

static void takes_all_seven_forms(void **state)
{
        (void)state;
        for (size_t i = 0; i < FORMS; i++) {
                const struct form *form = &forms[i];
                struct apdu_command command;
                mitome_error error = { 0 };
                slice input = slice_of(form->bytes, form->size);
                assert_int_equal(apdu_read_command(input, &command, &error).code, MITOME_OK);
                assert_int_equal(error.code, MITOME_OK);
                assert_int_equal(command.cla, 0x80);
                assert_int_equal(command.ins, 0x12);
                assert_int_equal(command.p1, 0x01);
                assert_int_equal(command.p2, 0x02);
                assert_int_equal(command.expected, form->expected);
                assert_int_equal(command.extended, form->extended);
                assert_true(
                        slice_equal(command.data, slice_of(form->bytes + form->data_at, form->data_size)));
        }
}

static void writes_what_it_reads(void **state)
{
        (void)state;
        for (size_t i = 0; i < FORMS; i++) {
                struct apdu_command command;
                uint8_t buffer[16];
                writer w = WRITER(buffer);
                slice input = slice_of(forms[i].bytes, forms[i].size);
                assert_int_equal(apdu_read_command(input, &command, NULL).code, MITOME_OK);
                apdu_write_command(&w, &command);
                assert_true(slice_equal(writer_view(&w), input));
        }
}

/* What is left of a command may be a command of another form; the decoder must then agree with the encoder
 * and must not see what was cut off. Nothing else may pass. */
static void every_truncation_is_refused_or_another_command(void **state)
{
        (void)state;
        for (size_t i = 0; i < FORMS; i++) {
                for (size_t size = 0; size < forms[i].size; size++) {
                        uint8_t *cut = malloc(size ? size : 1); /* so that a sanitizer sees a byte too far */
                        memcpy(cut, forms[i].bytes, size);
                        struct apdu_command command;
                        mitome_error error = { 0 };
                        mitome_status status = apdu_read_command(slice_of(cut, size), &command, &error);
                        if (failed(status)) {
                                assert_int_equal(error.code, status.code);
                                assert_true(status.code == MITOME_E_APDU_LENGTH ||
                                            status.code == MITOME_E_INPUT_ENDS);
                                assert_true(error.at <= size);
                                assert_non_null(error.field);
                                assert_non_null(error.clause);
                        } else {
                                uint8_t buffer[16];
                                writer w = WRITER(buffer);
                                apdu_write_command(&w, &command);
                                assert_true(slice_equal(writer_view(&w), slice_of(cut, size)));
                        }
                        assert_true(failed(status) ==
                                    !(size == 4 || size == 5 || (size == 7 && forms[i].extended) ||
                                            (size == forms[i].data_at + forms[i].data_size &&
                                                    forms[i].data_size)));
                        free(cut);
                }
        }
}

static void lengths_that_disagree_are_refused(void **state)
{
        (void)state;
        static const struct {
                size_t size;
                uint8_t bytes[16];
        } bad[] = {
                { 6, { 0x00, 0xA4, 0x04, 0x00, 0x00, 0x00 } },             /* Lc 00 is no short Lc */
                { 6, { 0x00, 0xA4, 0x04, 0x00, 0x02, 0xA1 } },             /* a byte too few */
                { 9, { 0x00, 0xA4, 0x04, 0x00, 0x01, 0xA1, 0x00, 0x00 } }, /* short Lc, extended Le */
                { 9, { 0x00, 0xA4, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05 } },
                { 8, { 0x00, 0xA4, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00 } },       /* extended Lc 0000 */
                { 9, { 0x00, 0xA4, 0x04, 0x00, 0x00, 0x00, 0x01, 0xA1, 0x00 } }, /* extended Lc, short Le */
                { 11, { 0x00, 0xA4, 0x04, 0x00, 0x00, 0x00, 0x01, 0xA1, 0x00, 0x00,
                              0x00 } },                                    /* a byte behind Le */
                { 8, { 0x00, 0xA4, 0x04, 0x00, 0x00, 0x00, 0x02, 0xA1 } }, /* a byte too few */
        };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct apdu_command command = { .cla = 0x55 };
                mitome_error error = { 0 };
                assert_int_equal(
                        apdu_read_command(slice_of(bad[i].bytes, bad[i].size), &command, &error).code,
                        MITOME_E_APDU_LENGTH);
                assert_int_equal(error.code, MITOME_E_APDU_LENGTH);
                assert_string_equal(error.clause, "ISO 7816-4 5.2");
                assert_int_equal(command.cla, 0x55); /* untouched */
        }
}

static void the_coding_grows_with_the_lengths(void **state)
{
        (void)state;
        static const struct {
                size_t data, expected, size;
        } sizes[] = {
                { 0, 0, 4 },
                { 0, 256, 5 },
                { 0, 257, 7 },
                { 255, 0, 5 + 255 },
                { 255, 256, 5 + 255 + 1 },
                { 255, 257, 7 + 255 + 2 },
                { 256, 0, 7 + 256 },
                { 256, 1, 7 + 256 + 2 },
                { LARGEST_DATA, 65536, LARGEST },
        };
        uint8_t *data = calloc(1, LARGEST_DATA), *buffer = malloc(LARGEST);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                struct apdu_command command = {
                        .ins = 0xA4, .data = slice_of(data, sizes[i].data), .expected = sizes[i].expected
                };
                struct apdu_command again;
                writer w = writer_over(buffer, LARGEST);
                apdu_write_command(&w, &command);
                assert_false(w.overflowed);
                assert_int_equal(w.used, sizes[i].size);
                assert_int_equal(apdu_read_command(writer_view(&w), &again, NULL).code, MITOME_OK);
                assert_int_equal(again.data.size, sizes[i].data);
                assert_int_equal(again.expected, sizes[i].expected);
        }
        free(data);
        free(buffer);
}

static void what_no_length_can_say_is_not_written(void **state)
{
        (void)state;
        uint8_t *data = calloc(1, LARGEST_DATA + 1), *buffer = malloc(LARGEST + 1);
        struct apdu_command too_much = { .data = slice_of(data, LARGEST_DATA + 1) };
        writer w = writer_over(buffer, LARGEST + 1);
        apdu_write_command(&w, &too_much);
        assert_true(w.overflowed);
        struct apdu_command wants_too_much = { .expected = 65537 };
        w = writer_over(buffer, LARGEST + 1);
        apdu_write_command(&w, &wants_too_much);
        assert_true(w.overflowed);
        w = writer_over(buffer, 4);
        apdu_write_command(&w, &(struct apdu_command){ .expected = 1 });
        assert_true(w.overflowed);
        free(data);
        free(buffer);
}

static void parts_responses(void **state)
{
        (void)state;
        static const uint8_t response[] = { 0xA1, 0xA2, 0x63, 0xC2 };
        slice data = { 0 };
        uint16_t sw = 0;
        assert_int_equal(apdu_read_response(SLICE(response), &data, &sw, NULL).code, MITOME_OK);
        assert_true(slice_equal(data, slice_of(response, 2)));
        assert_int_equal(sw, 0x63C2);
        assert_int_equal(apdu_read_response(slice_of(response + 2, 2), &data, &sw, NULL).code, MITOME_OK);
        assert_int_equal(data.size, 0);
        for (size_t size = 0; size < 2; size++) {
                mitome_error error = { 0 };
                sw = 0x1234;
                assert_int_equal(apdu_read_response(slice_of(response, size), &data, &sw, &error).code,
                        MITOME_E_APDU_LENGTH);
                assert_int_equal(error.at, size);
                assert_int_equal(sw, 0x1234);
        }
}

static void every_status_word_has_its_own_words(void **state)
{
        (void)state;
        static const uint16_t words[] = { SW_OK, SW_TRIES_LEFT, SW_MEMORY_FAILURE, SW_TOKEN_MAC,
                SW_TOKEN_CHALLENGE, SW_TOKEN_OPERATION, SW_TOKEN_SET, SW_TOKEN_FORM, SW_WRONG_LENGTH,
                SW_CHANNEL_UNSUPPORTED, SW_WRONG_FILE_TYPE, SW_SECURITY_STATUS, SW_BLOCKED, SW_UNUSABLE,
                SW_CONDITIONS, SW_NO_CURRENT_FILE, SW_SECURE_MESSAGING, SW_WRONG_DATA,
                SW_FUNCTION_UNSUPPORTED, SW_NOT_FOUND, SW_FULL, SW_WRONG_P1P2, SW_NO_REFERENCE, SW_EXISTS,
                SW_OFFSET, SW_WRONG_INS, SW_WRONG_CLA, SW_UNKNOWN };
        size_t count = sizeof words / sizeof words[0];
        for (size_t i = 0; i < count; i++) {
                assert_string_not_equal(sw_text(words[i]), "status word");
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(sw_text(words[i]), sw_text(words[k]));
        }
        assert_string_equal(sw_text(SW_SECURITY_STATUS), "security status not satisfied");
        assert_string_equal(sw_text(0x63CF), sw_text(0x63C0));
        assert_string_equal(sw_text(0x6301), "status word");
        assert_string_equal(sw_text(0x1234), "status word");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_all_seven_forms),
                cmocka_unit_test(writes_what_it_reads),
                cmocka_unit_test(every_truncation_is_refused_or_another_command),
                cmocka_unit_test(lengths_that_disagree_are_refused),
                cmocka_unit_test(the_coding_grows_with_the_lengths),
                cmocka_unit_test(what_no_length_can_say_is_not_written),
                cmocka_unit_test(parts_responses),
                cmocka_unit_test(every_status_word_has_its_own_words),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
