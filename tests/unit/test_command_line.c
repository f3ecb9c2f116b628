/* SPDX-License-Identifier: Apache-2.0 */

/* The lines that a sensor's program says. */

#include "command_line.h"
#include "matcher_class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct command_line read_well(const char *text)
{
        struct command_line line = { 0 };
        assert_int_equal(command_line_read(slice_text(text), &line, NULL).code, MITOME_OK);
        return line;
}

static void each_line_is_read(void **state)
{
        (void)state;
        struct command_line line = read_well("mitome-sensor 1 Iris-9 iris convenience 3");
        assert_int_equal(line.word, COMMAND_SENSOR);
        assert_true(slice_is(line.name, "Iris-9"));
        assert_int_equal(line.modality, UNLOCK_IRIS);
        assert_int_equal(line.class, MATCHER_CONVENIENCE);
        assert_int_equal(line.number, 3);
        assert_int_equal(read_well("ready").word, COMMAND_READY);
        line = read_well("sample 0");
        assert_int_equal(line.word, COMMAND_SAMPLE);
        assert_int_equal(line.number, 0);
        assert_int_equal(read_well("retry known").hint, MITOME_GATE_HINT_KNOWN);
        line = read_well("match 00112233445566778899aabbccddeeff");
        assert_int_equal(line.word, COMMAND_MATCH);
        assert_int_equal(line.id[1], 0x11);
        assert_int_equal(line.id[15], 0xFF);
        assert_int_equal(read_well("no-match").word, COMMAND_NO_MATCH);
        assert_int_equal(read_well("same").word, COMMAND_SAME);
        line = read_well("enrolled c0ffee");
        assert_int_equal(line.word, COMMAND_ENROLLED);
        assert_true(slice_is(line.hex, "c0ffee"));
        assert_int_equal(read_well("enrolled -").hex.size, 0);
        assert_int_equal(read_well("cancelled").word, COMMAND_CANCELLED);
        assert_int_equal(read_well("dismissed").word, COMMAND_DISMISSED);
        assert_int_equal(read_well("broken").word, COMMAND_BROKEN);
        line = read_well("survey 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        assert_int_equal(line.survey[31], 31);
        line = read_well("survey -");
        static const uint8_t zeros[SENSOR_SURVEY_SIZE];
        assert_memory_equal(line.survey, zeros, sizeof zeros);
        assert_int_equal(read_well("removed").word, COMMAND_REMOVED);
}

static void lines_that_are_none_are_refused(void **state)
{
        static const char *const texts[] = { "", " ", "ready ", " ready", "ready now", "Ready", "ready\r",
                "ready\t", "sample", "sample ", "sample  1", "sample 21", "sample -1", "sample 1 2",
                "sample 0x1", "retry", "retry hard", "match", "match 00112233445566778899aabbccddee",
                "match 00112233445566778899aabbccddeeff00", "match 00112233445566778899AABBCCDDEEFF",
                "match 0011223344556677 8899aabbccddeeff", "enrolled", "enrolled abc", "enrolled ",
                "survey 00", "survey", "no-match 1", "mitome-sensor 2 a face weak 3",
                "mitome-sensor 1 a face weak 0", "mitome-sensor 1 a face weak 21",
                "mitome-sensor 1 a ear weak 3", "mitome-sensor 1 a face best 3",
                "mitome-sensor 1 a face weak", "mitome-sensor 1  face weak 3",
                "mitome-sensor 1 a face weak 3 4",
                "mitome-sensor 1 abcdefghijklmnopqrstuvwxyz0123456 face weak 3", "\xC3\xA9", "ready\x7F" };
        (void)state;
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                struct command_line line = { .number = 77 };
                mitome_status status = command_line_read(slice_text(texts[i]), &line, NULL);
                if (status.code != MITOME_E_SENSOR_LINE || line.number != 77)
                        fail_msg("\"%s\" was read", texts[i]);
        }
        struct command_line line;
        assert_int_equal(command_line_read(slice_of("ready\0", 6), &line, NULL).code, MITOME_E_SENSOR_LINE);
}

static void what_is_kept_is_bounded(void **state)
{
        (void)state;
        static char text[9 + 2 * SENSOR_KEPT_MAX + 3] = "enrolled ";
        struct command_line line = { 0 };
        memset(text + 9, 'a', 2 * SENSOR_KEPT_MAX + 2);
        assert_int_equal(
                command_line_read(slice_of(text, 9 + 2 * SENSOR_KEPT_MAX), &line, NULL).code, MITOME_OK);
        assert_int_equal(line.hex.size, 2 * SENSOR_KEPT_MAX);
        assert_int_equal(command_line_read(slice_of(text, 9 + 2 * SENSOR_KEPT_MAX + 2), &line, NULL).code,
                MITOME_E_SENSOR_LINE);
}

static void digits_become_bytes_and_bytes_digits(void **state)
{
        static const uint8_t bytes[] = { 0x00, 0x9A, 0xFF };
        uint8_t back[3], text[16];
        slice written;
        (void)state;
        writer w = WRITER(text);
        command_hex_write(&w, SLICE(bytes));
        assert_int_equal(writer_finish(&w, "text", &written, NULL).code, MITOME_OK);
        assert_true(slice_is(written, "009aff"));
        assert_int_equal(command_hex_read(written, back, sizeof back, NULL).code, MITOME_OK);
        assert_memory_equal(back, bytes, sizeof bytes);
        assert_int_equal(command_hex_read(written, back, 2, NULL).code, MITOME_E_SENSOR_LINE);
        assert_int_equal(command_hex_read(slice_text("0g"), back, 1, NULL).code, MITOME_E_SENSOR_LINE);
        w = WRITER(text);
        command_hex_write(&w, slice_of(NULL, 0));
        assert_true(slice_is(writer_view(&w), "-"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_line_is_read),
                cmocka_unit_test(lines_that_are_none_are_refused),
                cmocka_unit_test(what_is_kept_is_bounded),
                cmocka_unit_test(digits_become_bytes_and_bytes_digits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
