/* SPDX-License-Identifier: Apache-2.0 */

/* The list of models that a certificate can be put into. */

#include "device_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1800000000 };

static struct sql_store *store;

static int open_store(void **state)
{
        (void)state;
        return sql_open(NULL, SQL_SCHEMA(1, DEVICE_LIST_SCHEMA), &store, NULL).code == MITOME_OK &&
                               device_list_fill(store, NOW, NULL).code == MITOME_OK
                       ? 0
                       : -1;
}

static int close_store(void **state)
{
        (void)state;
        sql_close(store);
        return 0;
}

static bool supports(const char *model, int64_t now)
{
        bool supported;
        assert_int_equal(
                device_list_supports(store, slice_text(model), now, &supported, NULL).code, MITOME_OK);
        return supported;
}

static void a_model_without_a_gp_se_is_not_supported(void **state)
{
        (void)state;
        assert_true(supports("MT-1", NOW));
        assert_false(supports("NE-1", NOW));
        assert_false(supports("NE-1", NOW - 1));
        assert_false(supports("", NOW));
        assert_false(supports("MT-1' OR '1", NOW));
        assert_false(supports("XX-1", NOW));
}

static void support_begins_and_ends(void **state)
{
        (void)state;
        assert_false(supports("MT-2", NOW - 1));
        assert_true(supports("MT-2", NOW));
        assert_false(supports("MT-0", NOW));
        const struct device_model again = { "MT-0", "Mitome example maker", "Software model 0", true, NOW,
                0 };
        assert_int_equal(device_list_put(store, &again, NULL).code, MITOME_OK);
        assert_true(supports("MT-0", NOW));
        assert_int_equal(device_list_fill(store, NOW, NULL).code, MITOME_OK); /* what is there stays */
        assert_true(supports("MT-0", NOW));
}

/* What would be more than text in a page, or no model at all. */
static void what_cannot_stand_in_the_list_is_refused(void **state)
{
        (void)state;
        static const struct device_model models[] = {
                { "", "M", "N", true, 1, 0 },
                { "MT 1", "M", "N", true, 1, 0 },
                { "<b>", "M", "N", true, 1, 0 },
                { "MT-9", "<script>", "N", true, 1, 0 },
                { "MT-9", "M", "a&b", true, 1, 0 },
                { "MT-9", "M", "a\nb", true, 1, 0 },
                { "MT-9", "M", "", true, 1, 0 },
                { "MT-9", "M", "\xFF", true, 1, 0 },
                { "MT-9", "M", "N", false, 1, 0 }, /* without an element it cannot be supported for ever */
                { "MT-9", "M", "N", true, 2, 1 },
        };
        for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
                assert_int_equal(device_list_put(store, &models[i], NULL).code, MITOME_E_VALUE);
        for (int i = 0;; i++) {
                char name[16];
                snprintf(name, sizeof name, "M-%d", i);
                const struct device_model model = { name, "M", "N", true, 1, 0 };
                mitome_status status = device_list_put(store, &model, NULL);
                if (status.code == MITOME_OK)
                        continue;
                assert_int_equal(status.code, MITOME_E_TOO_MANY);
                assert_int_equal(i, DEVICE_LIST_MAX - 4);
                break;
        }
}

#define LINE "AB-1\tA maker\tA model\t"

static void a_file_takes_the_place_of_the_list(void **state)
{
        (void)state;
        static const char text[] = "# models\n"
                                   "AB-1\t見本製作所\tA model\tyes\t2027-01-15\n"
                                   "\n"
                                   "AB-2\tA maker\tA model\tyes\t2020-01-01\t2027-01-16\n"
                                   "AB-3\tA maker\tA model\tno\t2020-01-01\t2020-01-01";
        assert_int_equal(device_list_load(store, slice_text(text), NULL).code, MITOME_OK);
        assert_false(supports("MT-1", NOW)); /* which is on it no more */
        assert_true(supports("AB-1", NOW));
        assert_true(supports("AB-2", NOW));
        assert_false(supports("AB-3", NOW));
        assert_true(supports("AB-1", 1799938800)); /* that day begins in Japan */
        assert_false(supports("AB-1", 1799938799));
        assert_false(supports("AB-2", 1799938800 + 86400));
        assert_int_equal(device_list_load(store, (slice){ 0 }, NULL).code, MITOME_OK);
        assert_false(supports("AB-1", NOW));
}

static void a_file_with_anything_odd_in_it_changes_nothing(void **state)
{
        (void)state;
        static const char *const odd[] = { LINE "yes", LINE "yes\t2027-01-15\t2028-01-15\tmore",
                LINE "YES\t2027-01-15", LINE "yes\t2027-02-30", LINE "yes\t2027-1-15",
                LINE "yes\t2027-01-15 ", LINE "yes\t", LINE "no\t2027-01-15",
                LINE "yes\t2027-01-15\t2026-01-15", LINE "yes\t2027-01-15\r",
                "AB 1\tA maker\tA model\tyes\t2027-01-15", "\tA maker\tA model\tyes\t2027-01-15",
                "AB-1\tA <maker>\tA model\tyes\t2027-01-15", "AB-1\tA maker\t\xFF\tyes\t2027-01-15",
                "AB-1\tA maker of a name that is longer than any name of a maker that is ever heard of\tA "
                "model\tyes\t2027-01-15",
                LINE "yes\t2027-01-15\n" LINE "yes\t2027-01-16", "no table at all" };
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
                assert_int_equal(device_list_load(store, slice_text(odd[i]), NULL).code, MITOME_E_VALUE);
                assert_true(supports("MT-1", NOW));
                assert_false(supports("AB-1", NOW + 86400));
        }
        assert_int_equal(device_list_load(store, slice_of("AB-1\0\tA\tA\tyes\t2027-01-15", 25), NULL).code,
                MITOME_E_VALUE);
        static char many[(DEVICE_LIST_MAX + 1) * 40];
        size_t used = 0;
        for (int i = 0; i <= DEVICE_LIST_MAX; i++)
                used += (size_t)snprintf(
                        many + used, sizeof many - used, "AB-%d\tA maker\tA model\tyes\t2020-01-01\n", i);
        assert_int_equal(device_list_load(store, slice_of(many, used), NULL).code, MITOME_E_TOO_MANY);
        assert_true(supports("MT-1", NOW));
}

static void the_page_says_it_in_both_languages(void **state)
{
        (void)state;
        static char page[8192];
        writer w = writer_over((uint8_t *)page, sizeof page - 1);
        assert_int_equal(device_list_page(store, NOW, &w, NULL).code, MITOME_OK);
        assert_non_null(strstr(page,
                "<td>MT-1</td><td>Mitome example maker</td><td>Software model 1</td><td>あり yes</td>"
                "<td>対応 supported</td>"));
        assert_non_null(strstr(page, "<td>なし no</td><td>非対応 not supported</td>"));
        w = writer_over((uint8_t *)page, 64);
        assert_int_equal(device_list_page(store, NOW, &w, NULL).code, MITOME_E_BUFFER_FULL);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_STORE(a_model_without_a_gp_se_is_not_supported),
                WITH_STORE(support_begins_and_ends),
                WITH_STORE(what_cannot_stand_in_the_list_is_refused),
                WITH_STORE(a_file_takes_the_place_of_the_list),
                WITH_STORE(a_file_with_anything_odd_in_it_changes_nothing),
                WITH_STORE(the_page_says_it_in_both_languages),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
