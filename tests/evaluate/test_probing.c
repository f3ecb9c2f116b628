/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile_device.h"
#include "probing.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The journal of a run: whoever is killed has lost the probe that ran, and nothing else. */

static char folder[64], journal[96], name[96];
static pid_t device;
static const char *pin;
static bool deadly, stops, may_destroy;
static unsigned attempts, kept, said[3];

/* ---- three probes, of which the second may be the end ---- */

static void greet(struct probe_run *run, struct target *target)
{
        static const uint8_t get_info[] = { 0x04 };
        (void)target;
        attempts++;
        probe_fact_count(run, LEVEL_PIN_TRIES, 3, false);
        if (probe_ctap(run, SLICE(get_info), NULL) == 0)
                probe_end(run, PROBE_HOLDS, "It answered.");
}

static void end_here(void)
{
        if (deadly)
                raise(SIGKILL);
}

static void die(struct probe_run *run, struct target *target)
{
        greet(run, target);
        end_here();
}

#define WORDS                                                                                        \
        .title = "t", .title_ja = "t", .attack = "a", .attack_ja = "a", .must = "m", .must_ja = "m", \
        .responsible = "element", .needs = TARGET_CTAP

static const struct probe first = { .id = "P96", WORDS, .attempt = greet };
static const struct probe second = { .id = "P97", WORDS, .harm = "h", .harm_ja = "h", .attempt = die };
static const struct probe third = { .id = "P98", WORDS, .attempt = greet };
static const struct probe *const all[] = { &first, &second, &third, NULL };

/* ---- a run ---- */

static void count_kept(void *context, size_t number, size_t of, const struct probe *probe,
        const json_t *result, bool was_kept)
{
        (void)context;
        (void)number;
        (void)probe;
        (void)result;
        assert_true(of >= 1 && of <= 3);
        kept += was_kept;
}

static void count_said(void *context, const struct probe *probe, enum probing_event event)
{
        (void)context;
        assert_true(!probe == (event == PROBING_PIN_UNUSED));
        said[event]++;
}

static bool has_stopped(void *context)
{
        (void)context;
        return stops && attempts > 0;
}

static const struct probe *const *chosen = all;

static mitome_status run_all(
        bool resume, const char *version, struct probing_result *ret, mitome_error *error)
{
        struct target target;
        const struct target_config config = { .name = name, .pin = pin, .may_destroy = may_destroy };
        const struct probing_config run = { .target = &config,
                .probes = chosen,
                .folder = folder,
                .resume = resume,
                .version = version,
                .at = resume ? "2027-01-01T00:00:00Z" : "2026-11-22T10:00:00Z",
                .watch = { .ended = count_kept, .said = count_said, .stopped = has_stopped } };
        attempts = kept = said[0] = said[1] = said[2] = 0;
        assert_false(failed(target_open(&config, &target, NULL)));
        mitome_status status = probing_run(&run, &target, ret, error);
        if (target.close)
                target.close(target.context);
        return status;
}

static void expect_whole(unsigned were_kept)
{
        struct probing_result result;
        mitome_error error = { 0 };
        mitome_status status = run_all(true, "1", &result, &error);
        if (failed(status))
                fail_msg("%d: %s", status.code, error.field);
        assert_int_equal(kept, were_kept);
        assert_int_equal(attempts, 3 - were_kept);
        assert_int_equal(json_array_size(result.probes), 3);
        for (size_t i = 0; i < 3; i++) {
                const json_t *probe = json_array_get(result.probes, i);
                assert_string_equal(json_string_value(json_object_get(probe, "id")), all[i]->id);
                assert_string_equal(json_string_value(json_object_get(probe, "result")), "holds");
                assert_int_equal(json_array_size(json_object_get(probe, "found")), 1);
        }
        if (were_kept) /* it bears the time at which it began */
                assert_string_equal(result.at, "2026-11-22T10:00:00Z");
        probing_result_drop(&result);
}

static void run_until_killed(void)
{
        int status;
        pid_t child = fork();
        if (child == 0) {
                struct probing_result result;
                deadly = true;
                (void)failed(run_all(false, "1", &result, NULL));
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_killed_run_has_lost_the_probe_that_ran(void **state)
{
        (void)state;
        run_until_killed();
        expect_whole(1);
        expect_whole(3);
}

static size_t size_of_journal(void)
{
        struct stat file;
        assert_int_equal(stat(journal, &file), 0);
        return (size_t)file.st_size;
}

/* As a kill, or a power cut, leaves it at any byte. */
static void a_journal_cut_at_any_byte_is_gone_on_with(void **state)
{
        static char text[16384];
        struct probing_result result;
        (void)state;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        const size_t size = size_of_journal();
        int fd = open(journal, O_RDWR | O_CLOEXEC);
        assert_true(size < sizeof text && pread(fd, text, size, 0) == (ssize_t)size);
        for (size_t cut = 0; cut <= size; cut++) {
                unsigned lines = 0;
                for (size_t i = 0; i < cut; i++)
                        lines += text[i] == '\n';
                assert_int_equal(ftruncate(fd, 0), 0);
                assert_int_equal(pwrite(fd, text, cut, 0), cut);
                expect_whole(lines > 0 ? lines - 1 : 0);
        }
        close(fd);
}

static void write_journal(const char *text)
{
        FILE *file = fopen(journal, "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void a_journal_of_something_else_is_refused(void **state)
{
        static const char *const others[] = {
                "{}\n",
                "[]\n",
                "not JSON\n",
                "{\"mitome_journal\": 2}\n",
                "\n",
                "{\"mitome_journal\":1,\"version\":\"1\",\"target\":\"self\",\"aaguid\":\"\",\"destructive\":false,\"at\":\"\"}\n",
        };
        struct probing_result result;
        (void)state;
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                mitome_error error = { 0 };
                write_journal(others[i]);
                assert_int_equal(run_all(true, "1", &result, &error).code, MITOME_E_EVALUATE_JOURNAL);
        }
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        assert_int_equal(run_all(true, "2", &result, NULL).code, MITOME_E_EVALUATE_JOURNAL);
        expect_whole(3);
}

/* Keys of one maker may differ in nothing else. */
static void a_journal_of_another_firmware_is_refused(void **state)
{
        static const char *const others[][2] = {
                { "\"firmware\":0", "\"firmware\":1" },
                { "\"versions\":[\"FIDO_2_1\"]", "\"versions\":[\"FIDO_2_0\"]" },
                { "\"extensions\":[]", "\"extensions\":[\"credProtect\"]" },
        };
        static char bytes[16384], changed[16384];
        struct probing_result result;
        (void)state;
        unlink(journal);
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        FILE *file = fopen(journal, "re");
        assert_non_null(file);
        bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
        fclose(file);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
                const char *found = strstr(bytes, others[i][0]);
                assert_non_null(found);
                snprintf(changed, sizeof changed, "%.*s%s%s", (int)(found - bytes), bytes, others[i][1],
                        found + strlen(others[i][0]));
                write_journal(changed);
                assert_int_equal(run_all(true, "1", &result, NULL).code, MITOME_E_EVALUATE_JOURNAL);
        }
        write_journal(bytes);
        expect_whole(3);
}

static void one_line_of_nonsense_is_not_passed_over(void **state)
{
        struct probing_result result;
        (void)state;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        FILE *file = fopen(journal, "ae");
        fputs("{\"id\": \"P99\"}\n", file);
        fclose(file);
        assert_int_equal(run_all(true, "1", &result, NULL).code, MITOME_E_EVALUATE_JOURNAL);
}

static void a_run_that_is_broken_off_is_gone_on_with(void **state)
{
        struct probing_result result;
        (void)state;
        stops = true;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        assert_false(result.finished);
        assert_int_equal(json_array_size(result.probes), 0);
        probing_result_drop(&result);
        stops = false;
        expect_whole(0);
}

static bool gives_pin, gives_element_pin; /* who replays what was found */

static mitome_code find(const char *where, const char *version, const char *id, json_t **ret)
{
        struct target target;
        const struct target_config config = { .name = name, .pin = pin, .may_destroy = may_destroy };
        const struct probing_config run = { .target = &config,
                .folder = where,
                .version = version,
                .at = "",
                .watch = { .said = count_said } };
        assert_false(failed(target_open(&config, &target, NULL)));
        const mitome_code code = probing_find(&run, &target, id, ret, NULL).code;
        gives_pin = target.pin != NULL;
        gives_element_pin = !target.element_refused_pin;
        target.close(target.context);
        return code;
}

static void a_probe_is_found_again_by_its_id(void **state)
{
        json_t *found = NULL;
        struct probing_result result;
        (void)state;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        assert_int_equal(find(folder, "1", "P97", &found), MITOME_OK);
        assert_string_equal(json_string_value(json_object_get(found, "why")), "It answered.");
        json_decref(found);
        assert_int_equal(find(folder, "1", "P01", &found), MITOME_E_EVALUATE_PROBE);
        assert_int_equal(find("/nonexistent", "1", "P01", &found), MITOME_E_FILE_READ);
}

/* What is compared with a record must be what was recorded. */
static void a_record_of_something_else_is_not_found(void **state)
{
        json_t *found = NULL;
        struct probing_result result;
        (void)state;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        assert_int_equal(find(folder, "2", "P97", &found), MITOME_E_EVALUATE_JOURNAL);
        may_destroy = true;
        assert_int_equal(find(folder, "1", "P97", &found), MITOME_E_EVALUATE_JOURNAL);
        may_destroy = false;
        assert_int_equal(find(folder, "1", "P97", &found), MITOME_OK);
        json_decref(found);
        write_journal("");
        assert_int_equal(find(folder, "1", "P97", &found), MITOME_E_EVALUATE_JOURNAL);
}

/* ---- harm that was begun ---- */

static void kill_in_the_middle_of_harm(void)
{
        int status;
        may_destroy = true;
        pid_t child = fork();
        if (child == 0) {
                struct probing_result result;
                deadly = true;
                (void)failed(run_all(false, "1", &result, NULL));
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static const char *text(const json_t *object, const char *member)
{
        const char *value = json_string_value(json_object_get(object, member));
        return value ? value : "";
}

static void expect_told(const json_t *probe, const char *id, const char *result)
{
        assert_string_equal(text(probe, "id"), id);
        assert_string_equal(text(probe, "result"), result);
        assert_non_null(strstr(text(probe, "why"), "was broken off"));
}

static void harm_that_was_broken_off_is_told(void **state)
{
        struct probing_result result;
        (void)state;
        kill_in_the_middle_of_harm();
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 2); /* it is tried again, and what it finds is in part */
        const json_t *probe = json_array_get(result.probes, 1);
        expect_told(probe, "P97", "partly");
        json_t *found = NULL; /* who replays it has to know */
        assert_int_equal(find(folder, "1", "P97", &found), MITOME_OK);
        assert_true(json_is_true(json_object_get(found, PROBING_AGAIN)));
        json_decref(found);
        assert_int_equal(find(folder, "1", all[0]->id, &found), MITOME_OK);
        assert_true(json_is_false(json_object_get(found, PROBING_AGAIN)));
        json_decref(found);
        assert_non_null(strstr(text(probe, "replay"), "--replay P97 --destructive "));
        assert_true(
                json_is_true(json_object_get(json_array_get(json_object_get(probe, "found"), 0), "partial")));
        assert_string_equal(text(json_array_get(result.probes, 0), "result"), "holds");
        probing_result_drop(&result);
        assert_false(failed(run_all(true, "1", &result, NULL))); /* and stands so in the journal */
        assert_int_equal(attempts, 0);
        expect_told(json_array_get(result.probes, 1), "P97", "partly");
        probing_result_drop(&result);
        may_destroy = false;
}

static void harm_that_the_person_broke_off_is_told(void **state)
{
        struct probing_result result;
        const struct probe *const only[] = { &second, NULL };
        (void)state;
        may_destroy = stops = true;
        chosen = only;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        assert_false(result.finished);
        assert_int_equal(said[PROBING_BROKEN_OFF], 1);
        probing_result_drop(&result);
        stops = false;
        assert_false(failed(run_all(true, "1", &result, NULL)));
        expect_told(json_array_get(result.probes, 0), "P97", "partly");
        probing_result_drop(&result);
        may_destroy = false;
        chosen = all;
}

static void harm_of_a_probe_that_is_not_asked_for_again_is_told(void **state)
{
        struct probing_result result;
        (void)state;
        may_destroy = true;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        FILE *file = fopen(journal, "ae");
        fputs("{\"id\": \"P07\", \"result\": \"" PROBING_BEGUN "\"}\n", file);
        fputs("{\"id\": \"P05\", \"result\": \"holds\", \"pin_known\": false, \"again\": true}\n", file);
        fclose(file);
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(json_array_size(result.probes), 5);
        const json_t *other = json_array_get(result.probes, 3); /* nor is what was found forgotten */
        assert_string_equal(text(other, "id"), "P05");
        assert_string_equal(text(other, "result"), "holds");
        assert_int_equal(json_object_size(other), 2); /* the notes are the journal's alone */
        expect_told(json_array_get(result.probes, 4), "P07", "not testable here");
        probing_result_drop(&result);
        json_t *found = NULL;
        assert_int_equal(find(folder, "1", "P07", &found), MITOME_E_EVALUATE_PROBE);
        may_destroy = false;
}

/* ---- the PIN ---- */

static void want_pin(struct probe_run *run, struct target *target)
{
        attempts++;
        probe_end(run, target->pin ? PROBE_HOLDS : PROBE_NOT_TESTABLE, "Its PIN is%s known.",
                target->pin ? "" : " not");
}

static unsigned given; /* to how many attempts that would spend a try on it */

static void lose_pin(struct probe_run *run, struct target *target)
{
        attempts++;
        given += target->pin != NULL;
        target->pin = NULL; /* as where the target refuses it */
        probe_tells_refusal(run);
        end_here();
        probe_end(run, PROBE_TARGET_FAILED, "It fails, and is reached anew.");
}

static const struct probe wanting = { .id = "P95", WORDS, .attempt = want_pin };
static const struct probe losing = { .id = "P94", WORDS, .attempt = lose_pin };

static void expect_result(const struct probing_result *result, size_t number, const char *wanted)
{
        assert_string_equal(text(json_array_get(result->probes, number), "result"), wanted);
}

static void what_needed_the_pin_is_tried_again_with_it(void **state)
{
        static const struct probe *const some[] = { &first, &wanting, &third, NULL };
        struct probing_result result;
        (void)state;
        chosen = some;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        expect_result(&result, 1, "not testable here");
        probing_result_drop(&result);
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 0); /* nothing is known that was not known then */
        probing_result_drop(&result);
        pin = "1234";
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 1);
        assert_int_equal(kept, 2);
        expect_result(&result, 1, "holds");
        assert_null(json_object_get(json_array_get(result.probes, 1), "pin_known"));
        probing_result_drop(&result);
        pin = NULL; /* what was found with it stands */
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 0);
        expect_result(&result, 1, "holds");
        probing_result_drop(&result);
        chosen = all;
}

static void a_pin_that_was_refused_stays_unknown(void **state)
{
        static const struct probe *const some[] = { &losing, &wanting, &third, NULL };
        struct probing_result result;
        (void)state;
        chosen = some;
        pin = "1234";
        assert_false(failed(run_all(false, "1", &result, NULL)));
        expect_result(&result, 0, "target failed");
        expect_result(&result, 1, "not testable here");
        assert_int_equal(said[PROBING_PIN_REFUSED], 1);
        probing_result_drop(&result);
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 0); /* it would be refused again, and cost another try */
        probing_result_drop(&result);
        pin = NULL;
        chosen = all;
}

/* Broken off while it is refused, so that no probe's result says it. */
static void a_pin_that_was_refused_is_not_tried_again_in_its_folder(void **state)
{
        static const struct probe *const some[] = { &losing, &wanting, NULL };
        struct probing_result result;
        char line[4096];
        (void)state;
        chosen = some;
        pin = "1234";
        stops = true;
        given = 0;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        assert_false(result.finished);
        assert_int_equal(attempts, 1);
        assert_int_equal(given, 1);
        assert_int_equal(said[PROBING_PIN_UNUSED], 0);
        probing_result_drop(&result);
        stops = false;
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 2);
        assert_int_equal(given, 1);
        assert_int_equal(said[PROBING_PIN_UNUSED], 1);
        assert_int_equal(json_array_size(result.probes), 2); /* the line is of no probe */
        expect_result(&result, 1, "not testable here");
        probing_result_drop(&result);
        json_t *found = NULL; /* nor by who replays it */
        assert_int_equal(find(folder, "1", "P95", &found), MITOME_OK);
        json_decref(found);
        assert_false(gives_pin);
        assert_true(gives_element_pin);
        assert_int_equal(said[PROBING_PIN_UNUSED], 2);
        FILE *file = fopen(journal, "re");
        while (fgets(line, sizeof line, file))
                assert_null(strstr(line, pin));
        fclose(file);
        given = 0; /* begun anew it is given again */
        assert_false(failed(run_all(false, "1", &result, NULL)));
        assert_int_equal(given, 1);
        assert_int_equal(said[PROBING_PIN_UNUSED], 0);
        probing_result_drop(&result);
        pin = NULL;
        chosen = all;
}

static void show_element(struct probe_run *run, struct target *target)
{
        attempts++;
        given += !target->element_refused_pin;
        target->element_refused_pin = true; /* as where its JPKI applet refuses it */
        probe_tells_refusal(run);
        end_here();
        probe_end(run, PROBE_HOLDS, "It refuses.");
}

static void nor_is_one_that_the_element_refused(void **state)
{
        static const struct probe showing = { .id = "P92", WORDS, .attempt = show_element };
        static const struct probe again = { .id = "P91", WORDS, .attempt = show_element };
        static const struct probe *const one[] = { &showing, NULL }, *const other[] = { &again, NULL };
        struct probing_result result;
        (void)state;
        pin = "1234";
        given = 0;
        chosen = one;
        assert_false(failed(run_all(false, "1", &result, NULL)));
        probing_result_drop(&result);
        chosen = other;
        assert_false(failed(run_all(true, "1", &result, NULL)));
        assert_int_equal(attempts, 1);
        assert_int_equal(given, 1);
        assert_int_equal(said[PROBING_PIN_UNUSED], 0); /* the target itself may take it */
        probing_result_drop(&result);
        json_t *found = NULL;
        assert_int_equal(find(folder, "1", "P91", &found), MITOME_OK);
        json_decref(found);
        assert_true(gives_pin);
        assert_false(gives_element_pin);
        pin = NULL;
        chosen = all;
}

/* The moment after the refusal: its probe has no result yet. */
static void nor_when_it_was_killed_right_after_the_refusal(void **state)
{
        static const struct probe showing = { .id = "P92", WORDS, .attempt = show_element };
        static const struct probe *const target[] = { &losing, NULL }, *const element[] = { &showing, NULL };
        struct probing_result result;
        (void)state;
        pin = "1234";
        chosen = target;
        given = 0;
        run_until_killed();
        assert_false(failed(run_all(true, "1", &result, NULL)));
        probing_result_drop(&result);
        assert_int_equal(attempts, 1);
        assert_int_equal(given, 0);
        assert_int_equal(said[PROBING_PIN_UNUSED], 1);
        chosen = element;
        run_until_killed();
        assert_false(failed(run_all(true, "1", &result, NULL)));
        probing_result_drop(&result);
        assert_int_equal(attempts, 1);
        assert_int_equal(given, 0);
        assert_int_equal(said[PROBING_PIN_UNUSED], 0);
        pin = NULL;
        chosen = all;
}

/* ---- a probe's time ---- */

static unsigned sent_after;

/* It never asks how far it has come. */
static void go_on_for_ever(struct probe_run *run, struct target *target)
{
        static const uint8_t get_info[] = { 0x04 };
        (void)target;
        while (probe_ctap(run, SLICE(get_info), NULL) == 0)
                attempts++;
        probe_puts_back(run);
        for (sent_after = 0; probe_ctap(run, SLICE(get_info), NULL) == 0;)
                sent_after++;
}

static bool has_had_enough(void *context)
{
        const unsigned *after = context;
        return attempts >= *after;
}

/* Also where the probe never asks. */
static void who_has_had_enough_waits_for_one_message(void **state)
{
        const struct probe endless = { .id = "P93", WORDS, .attempt = go_on_for_ever };
        unsigned after = 5;
        const struct probe_run_config limits = { .stopped = has_had_enough, .context = &after };
        const struct target_config config = { .name = name };
        struct target target;
        struct probe_run *run;
        (void)state;
        attempts = 0;
        assert_false(failed(target_open(&config, &target, NULL)));
        assert_false(failed(probe_run_attempt(&endless, &target, &limits, &run, NULL)));
        target.close(target.context);
        assert_int_equal(attempts, after);
        assert_int_equal(sent_after, 64);
        assert_string_equal(probe_run_why(run), "It was broken off.");
        probe_run_free(run);
}

static void who_does_not_end_is_ended_and_may_put_back(void **state)
{
        const struct probe endless = { .id = "P93", WORDS, .attempt = go_on_for_ever };
        const struct probe_run_config limits = { .budget_ms = 50 };
        const struct target_config config = { .name = name };
        struct target target;
        struct probe_run *run;
        (void)state;
        assert_false(failed(target_open(&config, &target, NULL)));
        assert_false(failed(probe_run_attempt(&endless, &target, &limits, &run, NULL)));
        target.close(target.context);
        assert_int_equal(probe_run_result(run), PROBE_PARTLY);
        assert_non_null(strstr(probe_run_why(run), "It was ended: it may take"));
        assert_int_equal(sent_after, 64);
        probe_run_free(run);
}

static int begin(void **state)
{
        char path[80];
        (void)state;
        /* in memory, where there is such a place: each line is waited for until it lies on the disk */
        snprintf(folder, sizeof folder, "%s/probing-XXXXXX",
                access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder))
                return -1;
        snprintf(path, sizeof path, "%s/device", folder);
        snprintf(name, sizeof name, "unix:%s", path);
        snprintf(journal, sizeof journal, "%s/%s", folder, PROBING_JOURNAL);
        device = hostile_device_start(path);
        return 0;
}

static int finish(void **state)
{
        char path[80];
        (void)state;
        hostile_device_stop(device);
        snprintf(path, sizeof path, "%s/device", folder);
        unlink(path);
        unlink(journal);
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_killed_run_has_lost_the_probe_that_ran),
                cmocka_unit_test(a_journal_cut_at_any_byte_is_gone_on_with),
                cmocka_unit_test(a_journal_of_something_else_is_refused),
                cmocka_unit_test(a_journal_of_another_firmware_is_refused),
                cmocka_unit_test(one_line_of_nonsense_is_not_passed_over),
                cmocka_unit_test(a_run_that_is_broken_off_is_gone_on_with),
                cmocka_unit_test(a_probe_is_found_again_by_its_id),
                cmocka_unit_test(a_record_of_something_else_is_not_found),
                cmocka_unit_test(harm_that_was_broken_off_is_told),
                cmocka_unit_test(harm_that_the_person_broke_off_is_told),
                cmocka_unit_test(harm_of_a_probe_that_is_not_asked_for_again_is_told),
                cmocka_unit_test(what_needed_the_pin_is_tried_again_with_it),
                cmocka_unit_test(a_pin_that_was_refused_stays_unknown),
                cmocka_unit_test(a_pin_that_was_refused_is_not_tried_again_in_its_folder),
                cmocka_unit_test(nor_is_one_that_the_element_refused),
                cmocka_unit_test(nor_when_it_was_killed_right_after_the_refusal),
                cmocka_unit_test(who_has_had_enough_waits_for_one_message),
                cmocka_unit_test(who_does_not_end_is_ended_and_may_put_back),
        };
        return cmocka_run_group_tests(tests, begin, finish);
}
