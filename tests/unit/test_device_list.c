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
        return sql_open(NULL, DEVICE_LIST_SCHEMA, 1, &store, NULL).code == MITOME_OK &&
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

static void the_letter_is_answered_by_model_or_with_all(void **state)
{
        (void)state;
        uint8_t bytes[4096];
        writer w = WRITER(bytes);
        assert_int_equal(device_list_answer(store, slice_of("\xA0", 1), &w, NULL).code, MITOME_OK);
        assert_int_equal(bytes[0], 0x84);
        w = WRITER(bytes);
        assert_int_equal(
                device_list_answer(store, slice_of("\xA1\x01\x64MT-1", 7), &w, NULL).code, MITOME_OK);
        assert_int_equal(bytes[0], 0x81);
        assert_int_equal(bytes[1], 0xA5);
        w = WRITER(bytes);
        assert_int_equal(
                device_list_answer(store, slice_of("\xA1\x01\x64XX-1", 7), &w, NULL).code, MITOME_OK);
        assert_int_equal(bytes[0], 0x80);
        static const struct {
                const char *bytes;
                size_t size;
        } odd[] = { { "", 0 },
                { "\xA1\x02\x61"
                  "A",
                        4 },
                { "\xA1\x01\x01", 3 }, { "\xA0\x00", 2 }, { "\x80", 1 } };
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
                w = WRITER(bytes);
                assert_int_not_equal(
                        device_list_answer(store, slice_of(odd[i].bytes, odd[i].size), &w, NULL).code,
                        MITOME_OK);
        }
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
                WITH_STORE(the_letter_is_answered_by_model_or_with_all),
                WITH_STORE(the_page_says_it_in_both_languages),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
