/* SPDX-License-Identifier: Apache-2.0 */

/* Codes as pictures. */

#include "qr_svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t room[QR_SVG_PATH_MAX + 512];
static const char address[] = "https://portal.example/phone/ABCD2345";

enum { SIDE = 64 };

/* Paints a path of "Mx yhNv1h-Nz" into modules. */
static void paint(slice path, bool modules[SIDE][SIDE])
{
        const char *at = (const char *)path.data, *end = at + path.size;
        while (at < end) {
                char *next;
                assert_int_equal(*at, 'M');
                const long x = strtol(at + 1, &next, 10);
                const long y = strtol(next + 1, &next, 10);
                assert_int_equal(*next, 'h');
                const long run = strtol(next + 1, &next, 10);
                assert_true(x >= QR_SVG_QUIET && y >= QR_SVG_QUIET && run > 0 && x + run < SIDE && y < SIDE);
                for (long i = 0; i < run; i++)
                        modules[y][x + i] = true;
                assert_memory_equal(next, "v1h-", 4);
                assert_int_equal(strtol(next + 4, &next, 10), run);
                assert_int_equal(*next, 'z');
                at = next + 1;
        }
}

/* The three corners that every code has: a dark frame of 7, a light one, a dark square of 3. */
static bool is_finder(bool modules[SIDE][SIDE], int x, int y)
{
        for (int i = 0; i < 7; i++)
                for (int j = 0; j < 7; j++) {
                        const int out = abs(i - 3) > abs(j - 3) ? abs(i - 3) : abs(j - 3);
                        if (modules[y + i][x + j] != (out != 2))
                                return false;
                }
        return true;
}

static void a_code_has_its_corners_and_its_quiet_zone(void **state)
{
        (void)state;
        static bool modules[SIDE][SIDE];
        writer out = WRITER(room);
        unsigned size = 0;
        assert_int_equal(qr_svg_path(slice_text(address), &out, &size, NULL).code, MITOME_OK);
        paint(writer_view(&out), modules);
        const int last = (int)size - QR_SVG_QUIET - 7;
        assert_int_equal((size - 2 * QR_SVG_QUIET - 17) % 4, 0); /* 17 + 4 * version */
        assert_true(is_finder(modules, QR_SVG_QUIET, QR_SVG_QUIET));
        assert_true(is_finder(modules, last, QR_SVG_QUIET));
        assert_true(is_finder(modules, QR_SVG_QUIET, last));
        assert_false(is_finder(modules, last, last));
}

static void a_whole_file_has_no_style_and_no_script(void **state)
{
        (void)state;
        writer out = WRITER(room);
        assert_int_equal(qr_svg_write(slice_text(address), &out, NULL).code, MITOME_OK);
        write_u8(&out, 0);
        const char *text = (const char *)room;
        assert_memory_equal(text, "<svg xmlns=", 11);
        assert_null(strstr(text, "style"));
        assert_null(strstr(text, "script"));
        assert_null(strstr(text, "portal.example"));
        assert_string_equal(text + strlen(text) - 10, "\"/></svg>\n");
}

static void attack_a_text_that_breaks_out_of_the_picture(void **state)
{
        (void)state;
        writer out = WRITER(room);
        assert_int_equal(
                qr_svg_write(slice_text("\"/><script>alert(1)</script>"), &out, NULL).code, MITOME_OK);
        write_u8(&out, 0);
        assert_null(strstr((const char *)room, "script"));
}

static void what_is_no_text_is_refused(void **state)
{
        (void)state;
        static const uint8_t with_nul[] = { 'a', 0, 'b' };
        static uint8_t long_text[QR_SVG_TEXT_MAX + 1];
        uint8_t small[64];
        unsigned size = 77;
        memset(long_text, 'a', sizeof long_text);
        writer out = WRITER(room), little = WRITER(small);
        assert_int_equal(qr_svg_path(slice_of(NULL, 0), &out, &size, NULL).code, MITOME_E_VALUE);
        assert_int_equal(qr_svg_path(SLICE(with_nul), &out, &size, NULL).code, MITOME_E_VALUE);
        assert_int_equal(qr_svg_path(SLICE(long_text), &out, &size, NULL).code, MITOME_E_TOO_LONG);
        assert_int_equal(qr_svg_path(slice_text(address), &little, &size, NULL).code, MITOME_E_BUFFER_FULL);
        assert_int_equal(size, 77);
        out = WRITER(room);
        assert_int_equal(
                qr_svg_path(slice_of(long_text, QR_SVG_TEXT_MAX), &out, &size, NULL).code, MITOME_OK);
}

static void without_the_library_there_is_none(void **state)
{
        (void)state;
        writer out = WRITER(room);
        unsigned size = 0;
        assert_int_equal(qr_svg_path(slice_text(address), &out, &size, NULL).code, MITOME_E_NOT_BUILT);
        assert_int_equal(qr_svg_write(slice_text(address), &out, NULL).code, MITOME_E_NOT_BUILT);
}

int main(void)
{
        const struct CMUnitTest present[] = {
                cmocka_unit_test(a_code_has_its_corners_and_its_quiet_zone),
                cmocka_unit_test(a_whole_file_has_no_style_and_no_script),
                cmocka_unit_test(attack_a_text_that_breaks_out_of_the_picture),
                cmocka_unit_test(what_is_no_text_is_refused),
        };
        const struct CMUnitTest absent[] = { cmocka_unit_test(without_the_library_there_is_none) };
        return qr_svg_is_there() ? cmocka_run_group_tests(present, NULL, NULL)
                                 : cmocka_run_group_tests(absent, NULL, NULL);
}
