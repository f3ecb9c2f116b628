/* SPDX-License-Identifier: Apache-2.0 */
/* A program without PostgreSQL says so, and keeps its stores in files. */
#include "sql_store.h"

#include <mitome/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_an_address_of_a_database_that_is_not_built_in_is_refused(void **state)
{
        static const char *const addresses[] = { "postgres://portal@db/portal", "postgresql:///portal" };
        struct sql_store *store;
        (void)state;
        for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
                mitome_error error = { 0 };
                assert_int_equal(
                        sql_open(addresses[i], SQL_SCHEMA(1, ""), &store, &error).code, MITOME_E_SQL_ABSENT);
                assert_string_equal(error.field, "PostgreSQL");
        }
        assert_int_equal(sql_open(NULL, SQL_SCHEMA(1, "CREATE TABLE a (b)"), &store, NULL).code, MITOME_OK);
        sql_close(store);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_address_of_a_database_that_is_not_built_in_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
