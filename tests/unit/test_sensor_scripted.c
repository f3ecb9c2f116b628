/* SPDX-License-Identifier: Apache-2.0 */

/* The scripted sensor does what its script says, and says that it is one. */

#include "matcher_class.h"
#include "sensor_rig.h"
#include "sensor_scripted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 5000, NEVER_MS = 60, DIES_WITH = 70 };

static int set_up(void **state)
{
        struct sensor_rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        sensor_rig_open(rig);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct sensor_rig *rig = *state;
        sensor_rig_close(rig);
        free(rig);
        return 0;
}

static mitome_code open_with(struct sensor_rig *rig, const char *text, mitome_error *error)
{
        char *path = sensor_rig_write(rig, "script", text, 0600);
        const struct sensor_config config = { .argument = path, .folder = rig->folder };
        mitome_status status = sensor_scripted_open(&config, &rig->sensor, error);
        g_free(path);
        return status.code;
}

static void play(struct sensor_rig *rig, const char *text)
{
        assert_int_equal(open_with(rig, text, NULL), MITOME_OK);
}

static void expect_verification(struct sensor_rig *rig, enum sensor_outcome outcome)
{
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, outcome);
}

static void it_calls_itself_scripted(void **state)
{
        struct sensor_rig *rig = *state;
        const struct sensor_config config = { .argument = NULL };
        assert_int_equal(sensor_scripted_open(&config, &rig->sensor, NULL).code, MITOME_OK);
        assert_string_equal(rig->sensor.name, "scripted");
        assert_int_equal(rig->sensor.class, MATCHER_SCRIPTED);
        assert_int_equal(rig->sensor.version, SENSOR_VERSION);
        assert_int_equal(rig->sensor.modality, UNLOCK_FINGER);
        /* Without a script every finger matches; a bench may ask as often as it likes. */
        for (int i = 0; i < 1000; i++)
                expect_verification(rig, SENSOR_MATCH);
        assert_int_equal(rig->ready, 1);
        rig->set.count = 0;
        expect_verification(rig, SENSOR_NO_MATCH);
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_ENROLLED);
        assert_int_equal(rig->samples, rig->sensor.samples);
        assert_int_equal(rig->ready, rig->sensor.samples);
        assert_int_equal(rig->remaining, 0);
        assert_memory_equal(rig->kept, "scripted", rig->kept_size);
}

static void it_does_line_by_line_what_the_script_says(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig,
                "MATCH # the first\n\n  MISS\nRETRY centre\nRETRY same\nMATCH\nSAME\nDISMISS\nWAIT 5\nBROKEN\n");
        for (int round = 0; round < 2; round++) {
                expect_verification(rig, SENSOR_MATCH);
                expect_verification(rig, SENSOR_NO_MATCH);
                expect_verification(rig, SENSOR_MATCH);
                assert_int_equal(rig->retries, 2);
                assert_int_equal(rig->ready, 3);
                assert_int_equal(rig->hint, MITOME_GATE_HINT_SAME);
                expect_verification(rig, SENSOR_SAME);
                expect_verification(rig, SENSOR_DISMISSED);
                expect_verification(rig, SENSOR_BROKEN);
        }
}

static void enrolments_have_lines_of_their_own(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, "MISS\nENROL SAMPLE\nENROL RETRY known\nENROL GROW 1\nENROL SAMPLE\nENROL SAMPLE\n"
                  "ENROL SAMPLE\nENROL SAMPLE\nENROL BROKEN\n");
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_ENROLLED);
        assert_int_equal(rig->samples, 5);
        assert_int_equal(rig->retries, 1);
        assert_int_equal(rig->hint, MITOME_GATE_HINT_KNOWN);
        expect_verification(rig, SENSOR_NO_MATCH);
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_BROKEN);
        assert_int_equal(rig->kept_size, 0);
}

static void what_waits_can_be_cancelled_and_a_hang_cannot(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, "ABSENT\nRETRY lift\nMATCH\nMATCH\nHANG\n");
        rig->cancel_at = EVENT_READY;
        expect_verification(rig, SENSOR_CANCELLED); /* before a line was taken */
        rig->cancel_at = EVENT_NOTHING;
        sensor_rig_verify(rig, NEVER_MS);
        assert_int_equal(rig->ended, 0);
        struct sensor_watcher nobody = { 0 };
        assert_int_equal(
                rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, NULL).code, MITOME_E_GATE_BUSY);
        rig->sensor.cancel(rig->sensor.context);
        rig->sensor.cancel(rig->sensor.context);
        sensor_rig_wait(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        rig->sensor.cancel(rig->sensor.context); /* nothing runs */
        rig->cancel_at = EVENT_RETRY;
        expect_verification(rig, SENSOR_CANCELLED);
        rig->cancel_at = EVENT_SAMPLE;
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_CANCELLED);
        assert_int_equal(rig->samples, 1);
        rig->cancel_at = EVENT_NOTHING;
        expect_verification(rig, SENSOR_MATCH);
        expect_verification(rig, SENSOR_MATCH);
        sensor_rig_verify(rig, NEVER_MS);
        rig->sensor.cancel(rig->sensor.context);
        sensor_rig_wait(rig, NEVER_MS);
        assert_int_equal(rig->ended, 0);
}

static void survey_is(struct sensor_rig *rig, uint8_t value)
{
        uint8_t survey[SENSOR_SURVEY_SIZE], expected[SENSOR_SURVEY_SIZE];
        memset(expected, value, sizeof expected);
        assert_int_equal(rig->sensor.list(rig->sensor.context, &rig->set, survey, NULL).code, MITOME_OK);
        assert_memory_equal(survey, expected, sizeof expected);
}

static void what_the_device_keeps_changes_where_the_script_says(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, "MATCH\nSURVEY 7\nMATCH\nSURVEY 8\nSURVEY 9\nMODALITY iris\n");
        assert_int_equal(rig->sensor.modality, UNLOCK_IRIS);
        survey_is(rig, 0);
        expect_verification(rig, SENSOR_MATCH);
        survey_is(rig, 7);
        expect_verification(rig, SENSOR_MATCH);
        survey_is(rig, 9);
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &rig->fingers[0], NULL).code, MITOME_OK);
}

static void an_overheated_sensor_stays_so_and_its_successor_goes_on(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, "OVERHEAT\nMISS\n");
        expect_verification(rig, SENSOR_BROKEN);
        expect_verification(rig, SENSOR_BROKEN);
        assert_int_equal(rig->ready, 0);
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->outcome, SENSOR_BROKEN);
        rig->sensor.close(rig->sensor.context);
        play(rig, "OVERHEAT\nMISS\n");
        expect_verification(rig, SENSOR_NO_MATCH);
        rig->sensor.close(rig->sensor.context);
        play(rig, "OVERHEAT\nMISS\n"); /* that one ended as processes do: the script begins again */
        expect_verification(rig, SENSOR_BROKEN);
}

static void the_process_dies_where_the_script_says(void **state)
{
        struct sensor_rig *rig = *state;
        int status;
        pid_t process = fork();
        assert_true(process >= 0);
        if (process == 0) {
                play(rig, "MISS\nDIE\nMATCH\n");
                expect_verification(rig, SENSOR_NO_MATCH);
                sensor_rig_verify(rig, PATIENCE_MS);
                _exit(0);
        }
        assert_int_equal(waitpid(process, &status, 0), process);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DIES_WITH);
        play(rig, "MISS\nDIE\nMATCH\n");
        expect_verification(rig, SENSOR_MATCH);
        /* A place that the script does not have any more. */
        rig->sensor.close(rig->sensor.context);
        g_free(sensor_rig_write(rig, "script-position", "2 0\n", 0600));
        play(rig, "MISS\nSAME\n");
        expect_verification(rig, SENSOR_NO_MATCH);
}

static void lines_that_are_none_are_refused_where_they_stand(void **state)
{
        static const char *const texts[] = { "MATCH\nMATCHES\n", "MATCH\nRETRY\n", "MATCH\nRETRY softly\n",
                "MATCH\nMATCH 5\n", "MATCH\nWAIT\n", "MATCH\nWAIT 600001\n", "MATCH\nWAIT -1\n",
                "MATCH\nGROW 1 2\n", "MATCH\nSAMPLE\n", "MATCH\nENROL MATCH\n", "MATCH\nENROL SURVEY 1\n",
                "MATCH\nENROL\n", "MATCH\nMODALITY\n", "MATCH\nMODALITY ear\n", "MATCH\nSURVEY 256\n",
                "MATCH\nmatch\n", "MATCH\nMODALITY face iris\n", "MATCH\nWAIT 99999999999\n" };
        struct sensor_rig *rig = *state;
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                mitome_error error = { 0 };
                assert_int_equal(open_with(rig, texts[i], &error), MITOME_E_SENSOR_SCRIPT);
                assert_int_equal(error.at, strlen("MATCH\n"));
        }
        /* Nothing that takes a touch: it would never end. */
        assert_int_equal(open_with(rig, "WAIT 1\n", NULL), MITOME_E_SENSOR_SCRIPT);
        assert_int_equal(open_with(rig, "SURVEY 1\n", NULL), MITOME_E_SENSOR_SCRIPT);
        assert_int_equal(open_with(rig, "ENROL GROW 1\n", NULL), MITOME_E_SENSOR_SCRIPT);
        GString *many = g_string_new(NULL);
        for (int i = 0; i < 1025; i++)
                g_string_append(many, "MATCH\n");
        assert_int_equal(open_with(rig, many->str, NULL), MITOME_E_SENSOR_SCRIPT);
        g_string_free(many, TRUE);
        const struct sensor_config config = { .argument = "/nonexistent/script" };
        assert_int_equal(sensor_scripted_open(&config, &rig->sensor, NULL).code, MITOME_E_FILE_READ);
        assert_null(rig->sensor.close);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(it_calls_itself_scripted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(it_does_line_by_line_what_the_script_says, set_up, tear_down),
                cmocka_unit_test_setup_teardown(enrolments_have_lines_of_their_own, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        what_waits_can_be_cancelled_and_a_hang_cannot, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        what_the_device_keeps_changes_where_the_script_says, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        an_overheated_sensor_stays_so_and_its_successor_goes_on, set_up, tear_down),
                cmocka_unit_test_setup_teardown(the_process_dies_where_the_script_says, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        lines_that_are_none_are_refused_where_they_stand, set_up, tear_down),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
