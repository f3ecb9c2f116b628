/* SPDX-License-Identifier: Apache-2.0 */

/* Sensors that are programs: shell scripts that behave in each way that a program can, and the example. */

#include "command_launcher.h"
#include "matcher_class.h"
#include "sensor_command.h"
#include "sensor_rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, FACE = 96 };

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

#define HELLO "echo mitome-sensor 1 shell face convenience 2\n"

/* Opens the sensor of a script. In it D is the rig's folder. */
static mitome_code open_script(struct sensor_rig *rig, const char *script)
{
        char *text = g_strdup_printf("#!/bin/sh\nD='%s'\n%s", rig->folder, script);
        char *path = sensor_rig_write(rig, "program", text, 0700);
        const struct sensor_config config = { .argument = path, .folder = rig->folder };
        mitome_status status = sensor_command_open(&config, &rig->sensor, NULL);
        g_free(path);
        g_free(text);
        return status.code;
}

static void play(struct sensor_rig *rig, const char *script)
{
        assert_int_equal(open_script(rig, script), MITOME_OK);
}

static void expect_verification(struct sensor_rig *rig, enum sensor_outcome outcome)
{
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, outcome);
}

static void expect_enrolment(struct sensor_rig *rig, enum sensor_outcome outcome)
{
        sensor_rig_enrol(rig, PATIENCE_MS);
        assert_int_equal(rig->ended, 1);
        assert_int_equal(rig->outcome, outcome);
}

/* Counts the starts of a script: its first line is this. */
#define COUNT "echo start >>$D/starts\n"

static size_t starts(const struct sensor_rig *rig)
{
        char *path = g_build_filename(rig->folder, "starts", NULL);
        char *text = NULL;
        size_t count = 0;
        if (g_file_get_contents(path, &text, &count, NULL))
                g_free(text);
        g_free(path);
        return count / strlen("start\n");
}

/* A program that does everything as it should; it keeps what it is told in `heard`. */
#define GOOD                                                                                        \
        COUNT HELLO "while read -r word id kept; do echo $word $id $kept >>$D/heard\n"              \
                    "case $word in\n"                                                               \
                    "finger) known=$id ;;\n"                                                        \
                    "enrol) echo ready; echo sample 1; echo ready; echo retry centre; echo ready\n" \
                    "echo sample 0; echo enrolled c0ffee ;;\n"                                      \
                    "verify) echo ready; echo match $known ;;\n"                                    \
                    "list) echo survey "                                                            \
                    "1111111111111111111111111111111111111111111111111111111111111111 ;;\n"         \
                    "remove) echo removed ;;\n"                                                     \
                    "esac; done\n"

static void a_program_enrols_verifies_lists_and_removes(void **state)
{
        struct sensor_rig *rig = *state;
        uint8_t storage[8], survey[SENSOR_SURVEY_SIZE], expected[SENSOR_SURVEY_SIZE];
        play(rig, GOOD);
        assert_string_equal(rig->sensor.name, "shell");
        assert_int_equal(rig->sensor.modality, UNLOCK_FACE);
        assert_int_equal(rig->sensor.class, MATCHER_CONVENIENCE);
        assert_int_equal(rig->sensor.samples, 2);
        rig->lists_at_end = true;
        expect_enrolment(rig, SENSOR_ENROLLED);
        assert_int_equal(rig->listed, MITOME_OK);
        assert_int_equal(rig->ready, 3);
        assert_int_equal(rig->samples, 2);
        assert_int_equal(rig->hint, MITOME_GATE_HINT_CENTRE);
        assert_int_equal(rig->kept_size, 3);
        assert_memory_equal(rig->kept, "\xC0\xFF\xEE", 3);
        rig->lists_at_end = false;
        sensor_rig_keep(rig, 0, storage);
        expect_verification(rig, SENSOR_MATCH);
        memset(expected, 0x11, sizeof expected);
        assert_int_equal(rig->sensor.list(rig->sensor.context, &rig->set, survey, NULL).code, MITOME_OK);
        assert_memory_equal(survey, expected, sizeof expected);
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &rig->fingers[0], NULL).code, MITOME_OK);
        rig->sensor.close(rig->sensor.context);
        rig->sensor.close = NULL;

        char *path = g_build_filename(rig->folder, "heard", NULL), *heard = NULL;
        assert_true(g_file_get_contents(path, &heard, NULL, NULL));
        assert_string_equal(heard, "finger 71717171717171717171717171717171 -\n"
                                   "enrol 72727272727272727272727272727272\n"
                                   "finger 71717171717171717171717171717171 c0ffee\n"
                                   "list\n"
                                   "finger 71717171717171717171717171717171 c0ffee\n"
                                   "verify\n"
                                   "finger 71717171717171717171717171717171 c0ffee\n"
                                   "list\n"
                                   "finger 71717171717171717171717171717171 c0ffee\n"
                                   "remove 71717171717171717171717171717171\n");
        assert_int_equal(starts(rig), 1);
        g_free(heard);
        g_free(path);
}

static void the_largest_set_passes_through_the_pipe(void **state)
{
        struct sensor_rig *rig = *state;
        static uint8_t large[SENSOR_KEPT_MAX];
        play(rig, HELLO "n=0; while read -r word id kept; do case $word in\n"
                        "finger) n=$((n + ${#kept})) ;;\n"
                        "verify) echo ready; [ $n = 262144 ] && echo match $id$first || echo no-match ;;\n"
                        "esac; [ $word = finger ] && first=71717171717171717171717171717171; done\n");
        rig->fingers[0].kept = rig->fingers[1].kept = SLICE(large);
        rig->set.count = 2;
        expect_verification(rig, SENSOR_MATCH);
}

/* The number that the program has written into a file. */
static pid_t process_of(const struct sensor_rig *rig, const char *name)
{
        char *path = g_build_filename(rig->folder, name, NULL), *text = NULL;
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        pid_t process = (pid_t)strtol(text, NULL, 10);
        assert_true(process > 1);
        g_free(text);
        g_free(path);
        return process;
}

static void a_program_is_given_nothing_but_its_pipes(void **state)
{
        struct sensor_rig *rig = *state;
        struct rlimit before, bounded;
        assert_int_equal(setenv("MITOME_TEST_LEAK", "1", 1), 0);
        assert_int_equal(getrlimit(RLIMIT_CPU, &before), 0);
        bounded = before;
        bounded.rlim_cur = 1234; /* what the matcher may compute is not the program's limit */
        assert_int_equal(setrlimit(RLIMIT_CPU, &bounded), 0);
        play(rig,
                "cat /proc/$$/environ >$D/environment; echo $$ >$D/pid; pwd >$D/place; [ $(ulimit -t) != 1234 ]\necho $? >$D/time\n" HELLO
                "read -r word\n");
        assert_int_equal(unsetenv("MITOME_TEST_LEAK"), 0);
        assert_int_equal(setrlimit(RLIMIT_CPU, &before), 0);
        static const char *const names[] = { "environment", "place", "time" };
        static const char *const texts[] = { "", "/\n", "0\n" };
        for (size_t i = 0; i < 3; i++) {
                char *path = g_build_filename(rig->folder, names[i], NULL), *text = NULL;
                assert_true(g_file_get_contents(path, &text, NULL, NULL));
                assert_string_equal(text, texts[i]);
                g_free(text);
                g_free(path);
        }
        /* Its three, and the script that the shell reads. */
        char *folder = g_strdup_printf("/proc/%d/fd", (int)process_of(rig, "pid"));
        GDir *files = g_dir_open(folder, 0, NULL);
        assert_non_null(files);
        for (const char *name; (name = g_dir_read_name(files));)
                assert_true(g_str_equal(name, "0") || g_str_equal(name, "1") || g_str_equal(name, "2") ||
                            g_str_equal(name, "10"));
        g_dir_close(files);
        g_free(folder);
}

static void no_shell_reads_its_words(void **state)
{
        struct sensor_rig *rig = *state;
        char *path = sensor_rig_write(
                rig, "program", "#!/bin/sh\necho $# \"$1\" >\"${0%/*}/words\"\n" HELLO "cat\n", 0700);
        char *argument = g_strdup_printf("%s $(id);*", path);
        const struct sensor_config config = { .argument = argument };
        assert_int_equal(sensor_command_open(&config, &rig->sensor, NULL).code, MITOME_OK);
        char *words = g_build_filename(rig->folder, "words", NULL), *text = NULL;
        assert_true(g_file_get_contents(words, &text, NULL, NULL));
        assert_string_equal(text, "1 $(id);*\n");
        g_free(text);
        g_free(words);
        g_free(argument);
        g_free(path);
}

static void a_program_does_not_raise_its_own_class(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, "echo mitome-sensor 1 liar iris strong 2; cat >/dev/null\n");
        assert_int_equal(rig->sensor.class, MATCHER_CONVENIENCE);
        rig->sensor.close(rig->sensor.context);
        play(rig, "echo mitome-sensor 1 honest iris scripted 2; cat >/dev/null\n");
        assert_int_equal(rig->sensor.class, MATCHER_SCRIPTED);
}

static void what_is_no_sensor_is_not_opened(void **state)
{
        struct sensor_rig *rig = *state;
        static const struct {
                const char *script;
                mitome_code code;
        } cases[] = {
                { "exit 1\n", MITOME_E_SENSOR_PROGRAM },
                { "echo hello\ncat\n", MITOME_E_SENSOR_LINE },
                { "echo mitome-sensor 2 shell face convenience 2\ncat\n", MITOME_E_SENSOR_LINE },
                { "echo ready\ncat\n", MITOME_E_SENSOR_LINE },
        };
        for (size_t i = 0; i < 4; i++) {
                assert_int_equal(open_script(rig, cases[i].script), cases[i].code);
                assert_null(rig->sensor.close);
        }
        static const char *const arguments[] = { "", "relative/path", "/nonexistent/program" };
        static const mitome_code codes[] = { MITOME_E_VALUE, MITOME_E_VALUE, MITOME_E_SENSOR_PROGRAM };
        for (size_t i = 0; i < 3; i++) {
                const struct sensor_config config = { .argument = arguments[i] };
                assert_int_equal(sensor_command_open(&config, &rig->sensor, NULL).code, codes[i]);
        }
        /* A file that is executable and no program. */
        char *path = sensor_rig_write(rig, "text",
                "\x7F"
                "ELF is how those begin",
                0700);
        const struct sensor_config config = { .argument = path };
        assert_int_equal(sensor_command_open(&config, &rig->sensor, NULL).code, MITOME_E_SENSOR_PROGRAM);
        g_free(path);
}

static void a_silent_program_is_not_waited_for_for_ever(void **state)
{
        struct sensor_rig *rig = *state;
        assert_int_equal(open_script(rig, "cat\n"), MITOME_E_SENSOR_SILENT);
        play(rig, HELLO "cat >/dev/null\n");
        uint8_t survey[SENSOR_SURVEY_SIZE];
        assert_int_equal(
                rig->sensor.list(rig->sensor.context, &rig->set, survey, NULL).code, MITOME_E_SENSOR_SILENT);
}

/* Each of these says what it must not; what it is asked then ends broken, and the next one finds a new
 * program. */
static void a_program_that_lies_about_the_order_ends_broken(void **state)
{
        struct sensor_rig *rig = *state;
        static const char *const answers[] = {
                "echo ready; echo match 00000000000000000000000000000000", /* a finger that is not of the set
                                                                            */
                "echo ready; echo ready",
                "echo ready; echo sample 1",
                "echo ready; echo enrolled -",
                "echo ready; echo cancelled", /* nobody cancelled: it would give a try back */
                "echo ready; echo survey -",
                "echo ready; echo retry centre; echo match 71717171717171717171717171717171",
                "echo ready; echo match 71717171717171717171717171717171; echo ready; echo no-match",
                "echo ready; echo nonsense",
                "echo ready; head -c 140000 /dev/zero | tr '\\0' a; echo",
        };
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                /* One write, so that what comes too much comes with it. */
                char *script = g_strdup_printf(HELLO
                        "while read -r word id kept; do case $word in verify) answer=$(%s; echo .); "
                        "printf %%s \"${answer%%.}\" ;; esac; done\n",
                        answers[i]);
                play(rig, script);
                expect_verification(rig, SENSOR_BROKEN);
                rig->sensor.close(rig->sensor.context);
                rig->sensor.close = NULL;
                g_free(script);
        }
}

static void half_a_line_is_none(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, HELLO "while read -r word rest; do case $word in\n"
                        "verify) printf 'ready\\nno-match'; exit ;; esac; done\n");
        expect_verification(rig, SENSOR_BROKEN);
        assert_int_equal(rig->ready, 1);
}

static void enrolled_before_its_last_sample_is_broken(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, HELLO "while read -r word rest; do case $word in\n"
                        "enrol) echo ready; echo sample 1; echo enrolled c0ffee ;; esac; done\n");
        expect_enrolment(rig, SENSOR_BROKEN);
        assert_int_equal(rig->kept_size, 0);
}

static void what_is_said_between_requests_is_not_taken_for_an_answer(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT HELLO "while read -r word rest; do case $word in\n"
                              "verify) echo ready; echo no-match; sleep 0.1; echo ready\n"
                              "echo match 71717171717171717171717171717171 ;; esac; done\n");
        expect_verification(rig, SENSOR_NO_MATCH);
        sensor_rig_wait(rig, 1500);
        expect_verification(rig, SENSOR_NO_MATCH);
        assert_int_equal(starts(rig), 2);
}

static void a_program_that_dies_before_it_asked_is_started_again_unnoticed(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT HELLO "while read -r word id kept; do case $word in\n"
                              "verify) [ $(wc -l <$D/starts) = 1 ] && exit 3\n"
                              "echo ready; echo match 71717171717171717171717171717171 ;; esac; done\n");
        expect_verification(rig, SENSOR_MATCH);
        assert_int_equal(starts(rig), 2);
        assert_int_equal(rig->ready, 1);
}

static void a_program_that_dies_while_a_finger_is_there_breaks_the_request(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT HELLO "while read -r word id kept; do case $word in\n"
                              "verify) echo ready; [ $(wc -l <$D/starts) = 1 ] && kill -9 $$\n"
                              "echo match 71717171717171717171717171717171 ;; esac; done\n");
        expect_verification(rig, SENSOR_BROKEN);
        expect_verification(rig, SENSOR_MATCH);
        assert_int_equal(starts(rig), 2);
}

static void a_program_that_always_dies_is_not_started_for_ever(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT HELLO "while read -r word rest; do [ $word = verify ] && exit 1; done\n");
        expect_verification(rig, SENSOR_BROKEN);
        assert_int_equal(starts(rig), 2);
}

static void a_program_that_died_in_between_is_started_with_the_next_request(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT HELLO
                "[ $(wc -l <$D/starts) = 1 ] && exit 0\nwhile read -r word id kept; do case $word in\n"
                "verify) echo ready; echo match 71717171717171717171717171717171 ;; esac; done\n");
        sensor_rig_wait(rig, 300);
        expect_verification(rig, SENSOR_MATCH);
        assert_int_equal(starts(rig), 2);
}

static void another_sensor_does_not_come_back_in_its_place(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT "[ $(wc -l <$D/starts) = 1 ] && echo mitome-sensor 1 shell face convenience 2\n"
                        "[ $(wc -l <$D/starts) = 2 ] && echo mitome-sensor 1 shell iris convenience 2\n"
                        "read -r line\n");
        expect_verification(rig, SENSOR_BROKEN);
}

static void a_cancelled_request_ends(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, HELLO "while read -r word id kept; do case $word in\n"
                        "verify|enrol) echo ready ;; cancel) echo cancelled ;; esac; done\n");
        rig->cancel_at = EVENT_READY;
        expect_verification(rig, SENSOR_CANCELLED);
        expect_enrolment(rig, SENSOR_CANCELLED);
        rig->sensor.cancel(rig->sensor.context); /* nothing runs: it hears nothing */
        expect_verification(rig, SENSOR_CANCELLED);
        assert_int_equal(rig->ready, 1);
}

static void a_match_that_crosses_a_cancel_counts(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, HELLO "while read -r word id kept; do case $word in verify) echo ready ;;\n"
                        "cancel) echo no-match ;; esac; done\n");
        rig->cancel_at = EVENT_READY;
        expect_verification(rig, SENSOR_NO_MATCH);
}

static void wait_no_longer(struct sensor_rig *rig)
{
        g_main_loop_quit(rig->loop);
}

static void a_program_that_does_not_heed_a_cancel_is_ended_as_broken(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, COUNT HELLO
                "while read -r word id kept; do case $word in verify) echo ready; sleep 60 & wait ;; esac; done\n");
        rig->cancel_at = EVENT_READY;
        expect_verification(rig, SENSOR_BROKEN); /* whether it compared something nobody knows */
        rig->cancel_at = EVENT_NOTHING;
        rig->on_ready = wait_no_longer;
        sensor_rig_verify(rig, PATIENCE_MS);
        assert_int_equal(rig->ready, 1);
        assert_int_equal(starts(rig), 2);
        struct sensor_watcher nobody = { 0 };
        assert_int_equal(
                rig->sensor.verify(rig->sensor.context, &rig->set, &nobody, NULL).code, MITOME_E_GATE_BUSY);
}

static bool is_alive(pid_t process)
{
        return kill(process, 0) == 0;
}

static void nothing_of_it_is_left_when_the_sensor_is_closed(void **state)
{
        struct sensor_rig *rig = *state;
        play(rig, "sleep 1000 & echo $! >$D/child\n" HELLO "cat >/dev/null\n");
        pid_t child = process_of(rig, "child");
        assert_true(is_alive(child));
        rig->sensor.close(rig->sensor.context);
        rig->sensor.close = NULL;
        for (int i = 0; i < 200 && is_alive(child); i++)
                usleep(10000);
        /* Where nobody reaps orphans it stays as what has no memory and no files. */
        char *status = g_strdup_printf("/proc/%d/stat", (int)child), *line = NULL;
        if (g_file_get_contents(status, &line, NULL, NULL))
                assert_non_null(strstr(line, ") Z "));
        g_free(line);
        g_free(status);
}

/* ---- the example ---- */

/* A face is a dozen blots, the same ones whenever it is the same face; a look at it is moved, lit and noisy.
 */
static uint32_t draw(uint64_t *seed)
{
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        return (uint32_t)(*seed >> 33);
}

static void paint(unsigned face, unsigned look, uint8_t grey[FACE * FACE])
{
        uint64_t of_face = face, of_look = 1000 * face + look + 7;
        static int level[FACE * FACE];
        int move_x = (int)(draw(&of_look) % 3) - 1, move_y = (int)(draw(&of_look) % 3) - 1;
        int light = (int)(draw(&of_look) % 30) - 15;
        memset(level, 0, sizeof level);
        draw(&of_face);
        for (int blot = 0; blot < 12; blot++) {
                int x = (int)(draw(&of_face) % FACE) + move_x, y = (int)(draw(&of_face) % FACE) + move_y;
                int size = 60 + (int)(draw(&of_face) % 200), depth = (int)(draw(&of_face) % 200) - 100;
                for (int at = 0; at < FACE * FACE; at++) {
                        int dx = at % FACE - x, dy = at / FACE - y, distance = dx * dx + dy * dy;
                        level[at] += depth * size / (size + distance);
                }
        }
        for (int at = 0; at < FACE * FACE; at++) {
                int value = 128 + level[at] + light + (int)(draw(&of_look) % 13) - 6;
                grey[at] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
}

struct looks {
        unsigned face, look;
        bool again; /* the very picture of before */
        bool blank;
};

static void show_face(struct sensor_rig *rig)
{
        struct looks *looks = rig->test;
        uint8_t grey[FACE * FACE];
        char *path = g_build_filename(rig->folder, "picture.new", NULL);
        char *final = g_build_filename(rig->folder, "picture", NULL);
        paint(looks->face, looks->look, grey);
        if (looks->blank)
                memset(grey, 100, sizeof grey);
        looks->blank = false;
        looks->look += !looks->again;
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "P5\n%d %d\n255\n", FACE, FACE);
        assert_int_equal(fwrite(grey, 1, sizeof grey, file), sizeof grey);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(rename(path, final), 0);
        g_free(path);
        g_free(final);
}

static void the_example_knows_faces(void **state)
{
        struct sensor_rig *rig = *state;
        struct looks looks = { .face = 1, .blank = true };
        uint8_t storage[2048], survey[SENSOR_SURVEY_SIZE], zeros[SENSOR_SURVEY_SIZE] = { 0 };
        if (access("/usr/bin/python3", X_OK) != 0)
                skip();
        char *argument = g_strdup_printf("%s %s/picture", getenv("MITOME_FACE_SENSOR"), rig->folder);
        const struct sensor_config config = { .argument = argument };
        assert_int_equal(sensor_command_open(&config, &rig->sensor, NULL).code, MITOME_OK);
        g_free(argument);
        assert_string_equal(rig->sensor.name, "face-example");
        rig->on_ready = show_face;
        rig->test = &looks;
        rig->set.count = 0;
        expect_enrolment(rig, SENSOR_ENROLLED);
        assert_int_equal(rig->hint, MITOME_GATE_HINT_POOR);
        assert_int_equal(rig->samples, 3);
        assert_true(rig->kept_size <= sizeof storage);
        sensor_rig_keep(rig, 0, storage);
        rig->set.count = 1;
        for (int i = 0; i < 5; i++)
                expect_verification(rig, SENSOR_MATCH);
        for (unsigned other = 2; other < 12; other++) {
                looks.face = other;
                expect_verification(rig, SENSOR_NO_MATCH);
        }
        looks = (struct looks){ .face = 1, .look = 2 }; /* the enrolment's last picture: a replay */
        looks.look = 3;
        expect_verification(rig, SENSOR_SAME);
        assert_int_equal(rig->sensor.list(rig->sensor.context, &rig->set, survey, NULL).code, MITOME_OK);
        assert_memory_equal(survey, zeros, sizeof zeros);
        rig->on_ready = NULL;
        rig->cancel_at = EVENT_READY;
        expect_verification(rig, SENSOR_CANCELLED);
        assert_int_equal(rig->sensor.remove(rig->sensor.context, &rig->fingers[0], NULL).code, MITOME_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int count, char **arguments)
{
        if (command_launcher_is_meant(count, arguments))
                return command_launcher_main(arguments);
        const struct CMUnitTest tests[] = {
                TEST(a_program_enrols_verifies_lists_and_removes),
                TEST(the_largest_set_passes_through_the_pipe),
                TEST(a_program_is_given_nothing_but_its_pipes),
                TEST(no_shell_reads_its_words),
                TEST(a_program_does_not_raise_its_own_class),
                TEST(what_is_no_sensor_is_not_opened),
                TEST(a_silent_program_is_not_waited_for_for_ever),
                TEST(a_program_that_lies_about_the_order_ends_broken),
                TEST(half_a_line_is_none),
                TEST(enrolled_before_its_last_sample_is_broken),
                TEST(what_is_said_between_requests_is_not_taken_for_an_answer),
                TEST(a_program_that_dies_before_it_asked_is_started_again_unnoticed),
                TEST(a_program_that_dies_while_a_finger_is_there_breaks_the_request),
                TEST(a_program_that_always_dies_is_not_started_for_ever),
                TEST(a_program_that_died_in_between_is_started_with_the_next_request),
                TEST(another_sensor_does_not_come_back_in_its_place),
                TEST(a_cancelled_request_ends),
                TEST(a_match_that_crosses_a_cancel_counts),
                TEST(a_program_that_does_not_heed_a_cancel_is_ended_as_broken),
                TEST(nothing_of_it_is_left_when_the_sensor_is_closed),
                TEST(the_example_knows_faces),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
