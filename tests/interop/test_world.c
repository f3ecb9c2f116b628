/* SPDX-License-Identifier: Apache-2.0 */

/* All parties in one process: what every other test of the life cycle stands upon. */

#include "world.h"

#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_ok(expression)                                                                           \
        do {                                                                                            \
                mitome_status status_ = (expression);                                                   \
                if (failed(status_))                                                                    \
                        fail_msg(#expression ": E%d %s", status_.code, error.field ? error.field : ""); \
        } while (0)

static void a_person_applies_and_both_certificates_are_in_the_phone(void **state)
{
        static struct world world;
        const struct world_config config = { .random = random_system(), .now = 1800000000 };
        struct world_person *person;
        struct world_phone *phone;
        struct life_state end;
        mitome_error error = { 0 };
        (void)state;
        assert_ok(world_open(&world, &config, &error));
        assert_ok(world_person_make(&world, 0, &person, &error));
        assert_ok(world_phone_make(&world, 0, &phone, &error));
        assert_ok(world_apply(&world, phone, person, LIFE_ISSUE, LIFE_BOTH, &end, &error));
        assert_int_equal(end.order, LIFE_ORDER_DONE);
        assert_int_equal(end.present, LIFE_BOTH);
        assert_int_equal(end.phase, LIFE_USE);
        world_close(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_person_applies_and_both_certificates_are_in_the_phone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
