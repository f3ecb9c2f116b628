/* SPDX-License-Identifier: Apache-2.0 */

/* The journal of a measurement, and the lines in which the matcher says its scores. */

#include "biometric_journal.h"
#include "score_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct biometric_plan plan = { .fingers = 4, .attempts = 1, .set_size = 2 };

struct rig {
        char folder[64], path[96];
        struct biometric_tally *tally;
        struct biometric_journal *journal;
};

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        strcpy(rig->folder, "/tmp/mitome-journal-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        snprintf(rig->path, sizeof rig->path, "%s/journal", rig->folder);
        *state = rig;
        return 0;
}

static void leave(struct rig *rig)
{
        biometric_journal_close(rig->journal);
        biometric_tally_free(rig->tally);
        rig->journal = NULL;
        rig->tally = NULL;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        leave(rig);
        unlink(rig->path);
        rmdir(rig->folder);
        free(rig);
        return 0;
}

static mitome_code open_as(struct rig *rig, const struct biometric_plan *of, const char *source, bool resume)
{
        const struct biometric_journal_config config = {
                .path = rig->path, .plan = of, .source = source, .resume = resume
        };
        mitome_error error = { 0 };
        leave(rig);
        assert_int_equal(biometric_tally_new(of, 60, &rig->tally, NULL).code, MITOME_OK);
        mitome_status status = biometric_journal_open(&config, rig->tally, &rig->journal, &error);
        assert_int_equal(status.code, error.code);
        return status.code;
}

static mitome_code resume(struct rig *rig)
{
        return open_as(rig, &plan, "grown:1", true);
}

static void append_text(struct rig *rig, const char *text, size_t size)
{
        FILE *file = fopen(rig->path, "ab");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

/* The first steps of the plan's first set. */
static void do_two(struct rig *rig)
{
        const struct biometric_record enrolled = {
                .kind = BIOMETRIC_ENROL, .outcome = BIOMETRIC_ENROLLED, .laid = 6, .unusable = 1
        };
        const struct biometric_record attempt = { .step = 1,
                .kind = BIOMETRIC_IMPOSTOR,
                .finger = 1,
                .outcome = BIOMETRIC_MATCH,
                .enrolled = 1,
                .laid = 1,
                .score_count = 1,
                .scores = { { 0, 61 } } };
        assert_int_equal(open_as(rig, &plan, "grown:1", false), MITOME_OK);
        assert_int_equal(biometric_journal_add(rig->journal, &enrolled, NULL).code, MITOME_OK);
        assert_int_equal(biometric_journal_add(rig->journal, &attempt, NULL).code, MITOME_OK);
        leave(rig);
}

static void check_two(struct rig *rig)
{
        assert_int_equal(rig->tally->steps, 2);
        assert_int_equal(rig->tally->impostor.errors, 1);
        assert_int_equal(rig->tally->samples.trials, 6);
        assert_true(biometric_journal_has(rig->journal, 0, 0));
        assert_true(biometric_journal_has(rig->journal, 0, 1));
        assert_false(biometric_journal_has(rig->journal, 0, 2));
        assert_false(biometric_journal_has(rig->journal, 1, 0));
        assert_false(biometric_journal_has(rig->journal, 9, 0));
        assert_false(biometric_journal_has(rig->journal, 0, 99));
}

static void what_was_done_is_known_again(void **state)
{
        struct rig *rig = *state;
        do_two(rig);
        assert_int_equal(resume(rig), MITOME_OK);
        check_two(rig);
}

static void a_measurement_is_not_begun_over_another(void **state)
{
        struct rig *rig = *state;
        do_two(rig);
        assert_int_equal(open_as(rig, &plan, "grown:1", false), MITOME_E_MEASURE_EXISTS);
        assert_int_equal(open_as(rig, &plan, "grown:2", true), MITOME_E_MEASURE_OTHER);
        const struct biometric_plan other = { .fingers = 5, .attempts = 1, .set_size = 2 };
        assert_int_equal(open_as(rig, &other, "grown:1", true), MITOME_E_MEASURE_OTHER);
        assert_int_equal(resume(rig), MITOME_OK);
        check_two(rig);
}

/* Wherever a kill cuts the last line, what was whole before it stays, and the step is to be done again. */
static void a_line_cut_anywhere_is_no_line(void **state)
{
        static const char line[] = "enrol 0 2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores";
        struct rig *rig = *state;
        do_two(rig);
        for (size_t size = 1; size < sizeof line; size++) {
                append_text(rig, line, size);
                assert_int_equal(resume(rig), MITOME_OK);
                check_two(rig);
        }
        append_text(rig, line, sizeof line - 1);
        append_text(rig, "\n", 1);
        assert_int_equal(resume(rig), MITOME_OK);
        assert_int_equal(rig->tally->steps, 3);
        assert_true(biometric_journal_has(rig->journal, 0, 2));
}

static void what_no_measurement_wrote_is_refused(void **state)
{
        static const char *const lines[] = {
                "\n",
                "enrol\n",
                "enrol 0 0 0 enrolled enrolled 0 laid 5 unusable 0 same 0 known 0 scores\n", /* twice */
                "genuine 0 2 1 match enrolled 1 laid 1 unusable 0 same 0 known 0 scores\n", /* another kind */
                "enrol 0 2 0 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores\n", /* another finger
                                                                                              */
                "enrol 7 0 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores\n", /* no such set */
                "enrol 0 999 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores\n", /* no such step
                                                                                                */
                "enrol 0 2 4 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores\n", /* no such finger
                                                                                              */
                "enrol 0 -2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores\n",
                "enrol 0 2 1 enroled enrolled 1 laid 5 unusable 0 same 0 known 0 scores\n",
                "enrol 0 2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 scores\n",
                "enrol 0 2 1 enrolled enrolled 1 laid 99999999999999999999 unusable 0 same 0 known 0 scores\n",
                "enrol 0 2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores 0\n",
                "enrol 0 2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores 9:1\n",
                "enrol 0 2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores 0:\n",
                "enrol 0 2 1 enrolled enrolled 3 laid 5 unusable 0 same 0 known 0 scores\n", /* more than a
                                                                                                set */
                "impostor 0 5 2 match enrolled 0 laid 1 unusable 0 same 0 known 0 scores\n",
                "genuine 0 3 0 match enrolled 0 laid 1 unusable 0 same 0 known 0 scores\n", /* with nobody */
                ("enrol 0 2 1 enrolled enrolled 1 laid 5 unusable 0 same 0 known 0 scores 0:1 0:1 0:1 0:1 0:1 0:1 0:1 0:1 "
                 "0:1 0:1 0:1\n"),
        };
        struct rig *rig = *state;
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
                unlink(rig->path);
                do_two(rig);
                append_text(rig, lines[i], strlen(lines[i]));
                assert_int_equal(resume(rig), MITOME_E_MEASURE_JOURNAL);
        }
}

static void bytes_that_are_no_text_are_refused(void **state)
{
        struct rig *rig = *state;
        char line[2000];
        do_two(rig);
        append_text(rig, "\0\n", 2);
        assert_int_equal(resume(rig), MITOME_E_MEASURE_JOURNAL);
        unlink(rig->path);
        do_two(rig);
        memset(line, 'x', sizeof line);
        line[sizeof line - 1] = '\n';
        append_text(rig, line, sizeof line);
        assert_int_equal(resume(rig), MITOME_E_MEASURE_JOURNAL);
}

static void a_folder_that_is_not_there_holds_no_journal(void **state)
{
        struct rig *rig = *state;
        char path[96];
        memcpy(path, rig->path, sizeof path);
        snprintf(rig->path, sizeof rig->path, "%s/nowhere/journal", rig->folder);
        assert_int_equal(resume(rig), MITOME_E_FILE_WRITE);
        memcpy(rig->path, path, sizeof path);
}

/* ---- score lines ---- */

static struct score_lines *lines_of(const char *text)
{
        int ends[2];
        struct score_lines *lines = NULL;
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
        close(ends[1]);
        assert_int_equal(score_lines_open(ends[0], &lines, NULL).code, MITOME_OK);
        return lines;
}

static void attempts_are_read_one_by_one(void **state)
{
        struct score_lines *lines = lines_of(
                "comparison 0 17\ncomparison 1 300\nlibfprint 41000 39000\nattempt\nattempt\ncomparison 0 5\nattempt\n");
        struct score_line scores[4];
        size_t count = 0;
        (void)state;
        assert_int_equal(score_lines_attempt(lines, scores, 4, &count, NULL).code, MITOME_OK);
        assert_int_equal(count, 2);
        assert_int_equal(scores[1].place, 1);
        assert_int_equal(scores[1].score, 300);
        assert_int_equal(score_lines_attempt(lines, scores, 4, &count, NULL).code, MITOME_OK);
        assert_int_equal(count, 1); /* the attempt that compared nothing is passed over */
        assert_int_equal(scores[0].score, 5);
        assert_int_equal(score_lines_attempt(lines, scores, 4, &count, NULL).code, MITOME_E_MEASURE_SCORES);
        score_lines_close(lines);
}

static void what_was_dropped_is_not_the_next_attempts(void **state)
{
        struct score_lines *lines = lines_of("comparison 0 17\nattempt\n");
        struct score_line scores[4];
        size_t count = 0;
        (void)state;
        assert_int_equal(score_lines_drop(lines, NULL).code, MITOME_OK);
        assert_int_equal(score_lines_attempt(lines, scores, 4, &count, NULL).code, MITOME_E_MEASURE_SCORES);
        score_lines_close(lines);
}

static void other_lines_are_refused(void **state)
{
        static const char *const wrong[] = {
                "",
                "attempt\n",
                "comparison 0 1\n",
                "comparison 0\nattempt\n",
                "comparison 0 1 2\nattempt\n",
                "comparison 0 -1\nattempt\n",
                "comparison  0 1\nattempt\n",
                "comparison 0 12345678\nattempt\n",
                "comparison x 1\nattempt\n",
                "COMPARISON 0 1\nattempt\n",
                "\nattempt\n",
                "comparison 0 1\ncomparison 1 1\ncomparison 2 1\nattempt\n", /* more than asked for */
                "comparison 0 1 ....................................................................\nattempt\n",
        };
        struct score_line scores[2];
        size_t count = 0;
        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                struct score_lines *lines = lines_of(wrong[i]);
                assert_int_equal(
                        score_lines_attempt(lines, scores, 2, &count, NULL).code, MITOME_E_MEASURE_SCORES);
                score_lines_close(lines);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_was_done_is_known_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_measurement_is_not_begun_over_another, set_up, tear_down),
                cmocka_unit_test_setup_teardown(a_line_cut_anywhere_is_no_line, set_up, tear_down),
                cmocka_unit_test_setup_teardown(what_no_measurement_wrote_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(bytes_that_are_no_text_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        a_folder_that_is_not_there_holds_no_journal, set_up, tear_down),
                cmocka_unit_test(attempts_are_read_one_by_one),
                cmocka_unit_test(what_was_dropped_is_not_the_next_attempts),
                cmocka_unit_test(other_lines_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
