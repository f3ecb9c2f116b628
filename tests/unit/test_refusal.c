/* SPDX-License-Identifier: Apache-2.0 */

/* Why a party refuses: one number, and nothing beside it. */

#include "refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
        static const mitome_code codes[] = { MITOME_E_LETTER_TWICE, MITOME_E_REFUSED,
                (mitome_code)INT16_MAX };
        (void)state;
        for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
                uint8_t buffer[REFUSAL_SIZE];
                mitome_code code = MITOME_OK;
                assert_int_equal(refusal_read(refusal_write(codes[i], buffer), &code, NULL).code, MITOME_OK);
                assert_int_equal(code, codes[i]);
        }
}

static void what_gives_no_reason_is_refused(void **state)
{
        static const struct {
                const char *bytes;
                size_t size;
        } odd[] = {
                { "\xA1\x01\x00", 3 }, /* OK is no reason */
                { "\xA0", 1 },
                { "\xA1\x02\x05", 3 },
                { "\xA1\x61\x31\x05", 4 },
        };
        static const struct {
                const char *bytes;
                size_t size;
        } broken[] = {
                { "", 0 }, { "\x05", 1 }, { "\xA1\x01", 2 }, { "\xA1\x01\x20", 3 }, /* less than nothing */
                { "\xA1\x01\x19\x80\x00", 5 },                                      /* more than a code is */
                { "\xA1\x01\x18\x05", 4 },     /* longer than it need be */
                { "\xA1\x01\x05\x00", 4 },     /* something behind */
                { "\xA2\x01\x05\x02\x05", 5 }, /* something beside */
                { "\xBF\x01\x05\xFF", 4 },     /* of no length */
        };
        (void)state;
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
                mitome_code code = MITOME_E_VALUE;
                assert_int_equal(refusal_read(slice_of(odd[i].bytes, odd[i].size), &code, NULL).code,
                        MITOME_E_LETTER_FORM);
                assert_int_equal(code, MITOME_E_VALUE);
        }
        for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
                mitome_code code = MITOME_E_VALUE;
                assert_int_not_equal(
                        refusal_read(slice_of(broken[i].bytes, broken[i].size), &code, NULL).code, MITOME_OK);
                assert_int_equal(code, MITOME_E_VALUE);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_written_is_read),
                cmocka_unit_test(what_gives_no_reason_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
