/* SPDX-License-Identifier: Apache-2.0 */

/* What the fuzzer of journals (tests/fuzz/fuzz_journal.c, which is linked in) once stopped at. */

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try(slice input)
{
        assert_int_equal(LLVMFuzzerTestOneInput(input.data, input.size), 0);
}

/* Nothing is changed here. The journals that were called right were not: a letter was taken that its writer
 * had written down as an act, not as asking, and that is rightly a fault. */
static void test_a_journal_to_which_nothing_is_done_is_sound(void **state)
{
        static const uint8_t input[] = { 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x2C, 0x80 };
        (void)state;
        try(SLICE(input));
}

static void test_one_changed_byte_is_found_wherever_it_is(void **state)
{
        (void)state;
        for (uint16_t place = 0; place < 400; place++) {
                const uint8_t input[] = { 1, (uint8_t)(place >> 8), (uint8_t)place, 0x80 };
                try(SLICE(input));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_journal_to_which_nothing_is_done_is_sound),
                cmocka_unit_test(test_one_changed_byte_is_found_wherever_it_is),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
