/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_report.h"
#include "det_chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct biometric_plan plan = { .fingers = 4, .attempts = 1, .set_size = 2 };
static const struct biometric_origin origin = { "grown:1", "mitome biometric measure", true };

static struct biometric_tally *new_tally(void)
{
        struct biometric_tally *tally = NULL;
        assert_int_equal(biometric_tally_new(&plan, 60, &tally, NULL).code, MITOME_OK);
        return tally;
}

static void take(struct biometric_tally *tally, struct biometric_record record)
{
        record.laid += record.laid == 0;
        biometric_tally_take(tally, &record);
}

static void are(struct biometric_rate rate, uint64_t errors, uint64_t trials)
{
        assert_int_equal(rate.errors, errors);
        assert_int_equal(rate.trials, trials);
}

/* Finger 2 is taken for finger 0, and finger 1 not for itself. */
static void fill(struct biometric_tally *tally)
{
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_ENROL,
                            .finger = 0,
                            .outcome = BIOMETRIC_ENROLLED,
                            .laid = 6,
                            .unusable = 1 });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_IMPOSTOR,
                            .finger = 1,
                            .outcome = BIOMETRIC_NO_MATCH,
                            .enrolled = 1,
                            .score_count = 1,
                            .scores = { { 0, 59 } } });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_ENROL,
                            .finger = 1,
                            .outcome = BIOMETRIC_ENROLLED,
                            .enrolled = 1,
                            .laid = 7,
                            .known = 2 });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_GENUINE,
                            .finger = 0,
                            .outcome = BIOMETRIC_MATCH,
                            .enrolled = 2,
                            .score_count = 2,
                            .scores = { { 0, 300 }, { 1, 12 } } });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_GENUINE,
                            .finger = 1,
                            .outcome = BIOMETRIC_NO_MATCH,
                            .enrolled = 2,
                            .score_count = 2,
                            .scores = { { 0, 0 }, { 1, 55 } } });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_IMPOSTOR,
                            .finger = 2,
                            .outcome = BIOMETRIC_MATCH,
                            .enrolled = 2,
                            .score_count = 2,
                            .scores = { { 0, 60 }, { 1, 41 } } });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_IMPOSTOR,
                            .finger = 3,
                            .outcome = BIOMETRIC_NOT_ACQUIRED,
                            .enrolled = 2,
                            .laid = 3,
                            .unusable = 3 });
}

static void comparisons_and_attempts_are_counted_apart(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        fill(tally);
        are(tally->impostor, 1, 3);
        are(tally->genuine, 1, 2);
        are(tally->again, 0, 2);
        are(tally->impostor_attempts, 1, 2);
        are(tally->full_set_attempts, 1, 1);
        are(tally->genuine_attempts, 1, 2);
        are(tally->enrolments, 0, 2);
        are(tally->samples, 1, 13);
        are(tally->captures, 3, 7);
        are(tally->known, 2, 7);
        assert_int_equal(tally->unexplained, 0);
        assert_int_equal(tally->withheld, 0);
        assert_int_equal(tally->steps, 7);
        biometric_tally_free(tally);
}

static void other_thresholds_err_otherwise(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        fill(tally);
        are(biometric_tally_fmr(tally, 40), 3, 3);
        are(biometric_tally_fmr(tally, 50), 2, 3);
        are(biometric_tally_fmr(tally, 60), 1, 3);
        are(biometric_tally_fmr(tally, 61), 0, 3);
        are(biometric_tally_fnmr(tally, 55), 0, 2);
        are(biometric_tally_fnmr(tally, 56), 1, 2);
        are(biometric_tally_fnmr(tally, 301), 2, 2);
        biometric_tally_free(tally);
}

static void the_worst_are_known(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        fill(tally);
        assert_int_equal(tally->fingers[0].highest_as_lamb, 60);
        assert_int_equal(tally->fingers[0].imitated, 1);
        assert_int_equal(tally->fingers[2].highest_as_wolf, 60);
        assert_int_equal(tally->fingers[2].imitates, 1);
        assert_int_equal(tally->fingers[1].lowest_genuine, 55);
        assert_int_equal(tally->fingers[1].missed, 1);
        assert_false(tally->fingers[3].has_genuine);
        biometric_tally_free(tally);
}

/* An answer that is not what scores and threshold say is no error of the fingers, and must be seen. */
static void an_answer_against_its_scores_is_noticed(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_IMPOSTOR,
                            .finger = 2,
                            .outcome = BIOMETRIC_MATCH,
                            .enrolled = 1,
                            .score_count = 1,
                            .scores = { { 0, 59 } } });
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_GENUINE,
                            .finger = 0,
                            .outcome = BIOMETRIC_NO_MATCH,
                            .enrolled = 1,
                            .score_count = 1,
                            .scores = { { 0, 60 } } });
        assert_int_equal(tally->unexplained, 1);
        assert_int_equal(tally->withheld, 1);
        biometric_tally_free(tally);
}

static void a_sample_refused_as_a_replay_keeps_its_holder_out(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        take(tally, (struct biometric_record){
                            .kind = BIOMETRIC_GENUINE, .finger = 0, .outcome = BIOMETRIC_REPLAY, .same = 1 });
        are(tally->genuine_attempts, 1, 1);
        are(tally->genuine, 0, 0);
        assert_int_equal(tally->same, 1);
        biometric_tally_free(tally);
}

static void without_scores_answers_count(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        take(tally, (struct biometric_record){ .kind = BIOMETRIC_IMPOSTOR,
                            .finger = 2,
                            .outcome = BIOMETRIC_NO_MATCH,
                            .enrolled = 2 });
        take(tally,
                (struct biometric_record){
                        .kind = BIOMETRIC_IMPOSTOR, .finger = 3, .outcome = BIOMETRIC_MATCH, .enrolled = 2 });
        assert_false(tally->has_scores);
        are(tally->impostor, 1, 4);
        biometric_tally_free(tally);
}

/* ---- reports ---- */

static char text[BIOMETRIC_REPORT_MAX + 1];

static void write_with(const struct biometric_tally *tally,
        void (*write)(const struct biometric_tally *, const struct biometric_origin *, writer *))
{
        static uint8_t bytes[BIOMETRIC_REPORT_MAX];
        writer out = WRITER(bytes);
        slice written;
        write(tally, &origin, &out);
        assert_int_equal(writer_finish(&out, "report", &written, NULL).code, MITOME_OK);
        memcpy(text, written.data, written.size);
        text[written.size] = '\0';
}

static void has(const char *part)
{
        if (!strstr(text, part))
                fail_msg("no %s in %s", part, text);
}

static void chart(const struct biometric_tally *tally, const struct biometric_origin *from, writer *out)
{
        (void)from;
        det_chart_write(tally, out);
}

static void reports_say_what_was_counted(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        fill(tally);
        write_with(tally, biometric_report_json);
        has("\"fmr\":{\"trials\":3,\"errors\":1,\"rate\":0.333333,");
        has("\"upper_95\":0.86465"); /* 1 in 3 */
        has("\"fnmr\":{\"trials\":2,\"errors\":1,");
        has("\"complete\":false");
        has("\"impostor_scores\":[[41,1],[59,1],[60,1]]");
        has("\"lambs\":[{\"finger\":0,\"score\":60,\"errors\":1},{\"finger\":1,\"score\":41,\"errors\":0}]");
        has("\"goats\":[{\"finger\":1,\"score\":55,\"errors\":1},{\"finger\":0,");
        has("\"trials_95\":47437");
        has("grown by a program");
        write_with(tally, biometric_report_text);
        has("1 / 3 = 33.3333 %");
        has("NOT COMPLETE");
        has("with 1 false match (80");
        write_with(tally, chart);
        has("</svg>");
        biometric_tally_free(tally);
}

/* Nothing measured is nothing shown, not a rate of nought. */
static void an_empty_measurement_shows_nothing(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        write_with(tally, biometric_report_json);
        has("\"fmr\":{\"trials\":0,\"errors\":0,\"lower_95\":0,\"upper_80\":1,\"upper_90\":1,\"upper_95\":1}");
        has("\"met_95\":false");
        assert_null(strstr(text, "\"met_95\":true"));
        write_with(tally, biometric_report_text);
        assert_null(strstr(text, "nan"));
        write_with(tally, chart);
        assert_null(strstr(text, "nan"));
        biometric_tally_free(tally);
}

/* The largest plan, every score seen: the buffers hold it. */
static void the_largest_report_fits(void **state)
{
        struct biometric_tally *tally = new_tally();
        (void)state;
        for (unsigned i = 0; i < BIOMETRIC_SCORES; i++)
                tally->impostor_scores[i] = tally->genuine_scores[i] = UINT64_C(99999999999999);
        tally->impostor = tally->genuine = (struct biometric_rate){ UINT64_C(99999999999999), 1 };
        write_with(tally, biometric_report_json);
        write_with(tally, biometric_report_text);
        write_with(tally, chart);
        has("</svg>");
        biometric_tally_free(tally);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(comparisons_and_attempts_are_counted_apart),
                cmocka_unit_test(other_thresholds_err_otherwise),
                cmocka_unit_test(the_worst_are_known),
                cmocka_unit_test(an_answer_against_its_scores_is_noticed),
                cmocka_unit_test(a_sample_refused_as_a_replay_keeps_its_holder_out),
                cmocka_unit_test(without_scores_answers_count),
                cmocka_unit_test(reports_say_what_was_counted),
                cmocka_unit_test(an_empty_measurement_shows_nothing),
                cmocka_unit_test(the_largest_report_fits),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
