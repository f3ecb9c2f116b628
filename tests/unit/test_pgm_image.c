/* SPDX-License-Identifier: Apache-2.0 */
#include "pgm_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char good[] = "P5 # a comment\n3\t2\n255\nABCDEF";

static mitome_code read_text(const char *text, size_t size)
{
        struct virtual_finger_image image;
        mitome_error error = { 0 };
        mitome_status status = pgm_image_read(slice_of(text, size), &image, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static void an_image_is_read_where_it_stands(void **state)
{
        struct virtual_finger_image image;
        (void)state;
        assert_int_equal(pgm_image_read(slice_of(good, sizeof good - 1), &image, NULL).code, MITOME_OK);
        assert_int_equal(image.width, 3);
        assert_int_equal(image.height, 2);
        assert_true(slice_is(image.grey, "ABCDEF"));
}

static void every_truncation_and_more_is_refused(void **state)
{
        (void)state;
        for (size_t size = 0; size < sizeof good - 1; size++)
                assert_int_equal(read_text(good, size), MITOME_E_IMAGE_FILE);
        assert_int_equal(read_text(good, sizeof good), MITOME_E_IMAGE_FILE); /* one byte too many */
}

static void what_is_no_such_image_is_refused(void **state)
{
        static const char *const wrong[] = {
                "P2 3 2 255 ABCDEF",         /* text */
                "P6 3 2 255 ABCDEF",         /* colour */
                "P5 0 2 255 ",               /* no pixels */
                "P5 3 2 65535 ABCDEFABCDEF", /* two bytes a pixel */
                "P5 3 2 254 ABCDEF",         /* another white */
                "P5 1001 1 255 A",           /* wider than any sensor */
                "P5 99999999999999999999 1 255 ",
                "P5 -3 2 255 ABCDEF",
                "P5 3x2 255 ABCDEF",
                "P5 3 2 255",
                "P5 # no end of the comment",
        };
        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                assert_int_equal(read_text(wrong[i], strlen(wrong[i])), MITOME_E_IMAGE_FILE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_is_read_where_it_stands),
                cmocka_unit_test(every_truncation_and_more_is_refused),
                cmocka_unit_test(what_is_no_such_image_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
