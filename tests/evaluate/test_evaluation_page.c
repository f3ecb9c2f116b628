/* SPDX-License-Identifier: Apache-2.0 */
/* docs/evaluation.md, in both languages, has the catalogue of probes: each as it is, and no other. */
#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
        const char *path;
        bool japanese;
} pages[] = { { EVALUATION_PAGE, false }, { EVALUATION_PAGE_JA, true } };

static char *read_page(const char *path)
{
        FILE *file = fopen(path, "rb");
        char *text = calloc(1, 1 << 18);
        assert_non_null(file);
        assert_non_null(text);
        assert_true(fread(text, 1, (1 << 18) - 1, file) > 1000);
        (void)fclose(file);
        return text;
}

static void row_of(const struct probe *probe, bool japanese, char *row, size_t capacity)
{
        const char *title = japanese ? probe->title_ja : probe->title;
        const char *attack = japanese ? probe->attack_ja : probe->attack;
        const char *break_ = probe->destructive ? (japanese ? " (破壊的)" : " (destructive)") : "";
        int size = snprintf(row, capacity, "| %s %s%s | %s | %s |\n", probe->id, title, break_, attack,
                probe->responsible);
        assert_true(size > 0 && (size_t)size < capacity);
}

static void the_page_has_each_probe_and_no_other(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
                char *page = read_page(pages[i].path);
                size_t rows = 0, probes = 0, missing = 0;
                char row[2048];
                for (; probe_catalogue[probes]; probes++) {
                        row_of(probe_catalogue[probes], pages[i].japanese, row, sizeof row);
                        if (!strstr(page, row)) {
                                (void)printf("%s lacks: %s", pages[i].path, row);
                                missing++;
                        }
                }
                for (const char *at = page; (at = strstr(at, "\n| P")); at++)
                        rows += at[4] >= '0' && at[4] <= '9';
                assert_int_equal(missing, 0);
                assert_int_equal(rows, probes);
                free(page);
        }
}

/* A row must not break the table that it stands in. */
static void a_probe_says_nothing_that_breaks_a_table(void **state)
{
        (void)state;
        for (size_t i = 0; probe_catalogue[i]; i++) {
                const char *texts[] = { probe_catalogue[i]->title, probe_catalogue[i]->title_ja,
                        probe_catalogue[i]->attack, probe_catalogue[i]->attack_ja, probe_catalogue[i]->must,
                        probe_catalogue[i]->must_ja, probe_catalogue[i]->harm ? probe_catalogue[i]->harm : "",
                        probe_catalogue[i]->harm_ja ? probe_catalogue[i]->harm_ja : "" };
                for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
                        assert_int_equal(strcspn(texts[j], "|\n<"), strlen(texts[j]));
        }
}

/* Whoever gives leave is told what for, in either language: also of a probe that tries something without. */
static void harm_is_said_before_it_is_done(void **state)
{
        static const char *const harmful[] = { "P07", "P10", "P16", "P24" };
        struct target target = { .abilities = (1U << TARGET_ABILITIES) - 1 };
        size_t count = 0;
        (void)state;
        for (size_t i = 0; probe_catalogue[i]; i++) {
                const struct probe *probe = probe_catalogue[i];
                assert_int_equal(!probe->harm, !probe->harm_ja);
                assert_true(!probe->destructive || probe->harm);
                target.may_destroy = false;
                assert_false(probe_harms(probe, &target));
                target.may_destroy = true;
                assert_int_equal(probe_harms(probe, &target), probe->harm != NULL);
                count += probe->harm != NULL;
        }
        assert_int_equal(count, sizeof harmful / sizeof *harmful);
        for (size_t i = 0; i < count; i++)
                assert_non_null(probe_find(harmful[i])->harm);
        target.abilities = 0; /* what is not tried does no harm */
        assert_false(probe_harms(probe_find("P07"), &target));
}

/* Not a test: the rows, for the page. */
static int print_rows(bool japanese)
{
        char row[2048];
        for (size_t i = 0; probe_catalogue[i]; i++) {
                row_of(probe_catalogue[i], japanese, row, sizeof row);
                (void)fputs(row, stdout);
        }
        return 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_page_has_each_probe_and_no_other),
                cmocka_unit_test(a_probe_says_nothing_that_breaks_a_table),
                cmocka_unit_test(harm_is_said_before_it_is_done),
        };
        if (argc == 2)
                return print_rows(strcmp(argv[1], "ja") == 0);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
