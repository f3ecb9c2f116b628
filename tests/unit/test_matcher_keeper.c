/* SPDX-License-Identifier: Apache-2.0 */

/* How the gate keeps a matcher: this program is both the one that keeps, and, when it is started with the
 * matcher's arguments, a matcher that dies as the file `mode` of its folder says, a letter a process. */

#include "matcher_gate.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SOCKET = 3, GROWN = 64 << 20, DEATHS_MAX = 20 };

static const uint8_t evidence[UNLOCK_TOKEN_SIZE] = { 0xE7 }, set[UNLOCK_SET_SIZE] = { 0x5E };
static const uint8_t hash[SHA256_SIZE] = { 1 }, entry[UNLOCK_ENTRY_SIZE] = { 0 };

/* ---- the matcher ---- */

static void answer(const struct gate_report *report)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        slice message = { 0 };
        writer w = WRITER(buffer);
        gate_report_write(&w, report);
        if (failed(writer_finish(&w, "report", &message, NULL)) ||
                send(SOCKET, message.data, message.size, MSG_NOSIGNAL) < 0)
                _exit(3);
}

static void answer_kind(unsigned kind)
{
        answer(&(struct gate_report){ .kind = (uint8_t)kind });
}

static void note_line(const char *folder, const char *name, const void *bytes, size_t size)
{
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *file = fopen(path, "ab");
        if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
                _exit(3);
}

static size_t file_size(const char *folder, const char *name)
{
        char path[128];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

static char mode_of(const char *folder)
{
        char path[128], modes[64] = "";
        snprintf(path, sizeof path, "%s/mode", folder);
        FILE *file = fopen(path, "r");
        size_t size = file ? fread(modes, 1, sizeof modes - 1, file) : 0,
               place = file_size(folder, "starts") - 1;
        if (file)
                fclose(file);
        return size == 0 ? 'g' : modes[place < size ? place : size - 1];
}

/* What a request for a finger comes to. */
static void read_finger(char mode)
{
        if (mode == 'a')
                _exit(1);
        if (mode == 'x')
                (void)raise(SIGSYS);
        answer_kind(GATE_REPORT_DONE);
        if (mode == 'd')
                _exit(1);
        if (mode == 'n')
                (void)!send(SOCKET, "nonsense", 8, 0);
        answer_kind(MITOME_GATE_AWAITS);
        if (mode == 'w')
                _exit(1);
        answer(&(struct gate_report){ .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(evidence) });
}

static void serve(const char *folder, char mode, const struct gate_request *request)
{
        if (request->kind == GATE_REQUEST_STATUS) {
                answer(&(struct gate_report){ .kind = GATE_REPORT_STATUS,
                        .fingers = 1,
                        .set = SLICE(set),
                        .sensor = slice_text("double"),
                        .modality = UNLOCK_FINGER });
        } else if (request->kind == GATE_REQUEST_VERIFY) {
                note_line(folder, "challenges", request->challenge.data, 1);
                read_finger(mode);
        } else {
                answer_kind(GATE_REPORT_DONE);
        }
}

static int be_a_matcher(const char *folder)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_request request = { 0 };
        ssize_t size;
        note_line(folder, "starts", "+", 1);
        char mode = mode_of(folder);
        if (mode == 's')
                return 4;
        char *much = mode == 'l' ? malloc(GROWN) : NULL;
        if (much)
                memset(much, 1, GROWN);
        while ((size = recv(SOCKET, buffer, sizeof buffer, 0)) > 0)
                if (!failed(gate_request_read(slice_of(buffer, (size_t)size), &request, NULL)))
                        serve(folder, mode, &request);
        free(much);
        return 0;
}

/* ---- the rig ---- */

struct rig {
        char folder[64], self[256];
        struct matcher_gate *gate;
        struct mitome_gate face;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        unsigned told;
        char last_told[256];
};

static void on_told(void *context, const char *what)
{
        struct rig *rig = context;
        rig->told++;
        snprintf(rig->last_told, sizeof rig->last_told, "%s", what);
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig || readlink("/proc/self/exe", rig->self, sizeof rig->self - 1) <= 0)
                return -1;
        strcpy(rig->folder, "/tmp/mitome-keeper-XXXXXX");
        *state = rig;
        return mkdtemp(rig->folder) ? 0 : -1;
}

static int tear_down(void **state)
{
        static const char *const names[] = { "mode", "starts", "challenges" };
        struct rig *rig = *state;
        char path[128];
        matcher_gate_close(rig->gate);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                snprintf(path, sizeof path, "%s/%s", rig->folder, names[i]);
                unlink(path);
        }
        int removed = rmdir(rig->folder);
        free(rig);
        return removed;
}

/* Starts with the first letter of `modes`. */
static mitome_code open_gate(struct rig *rig, const char *modes, const struct matcher_gate_config *limits)
{
        struct matcher_gate_config config = *limits;
        config.program = rig->self;
        config.state = rig->folder;
        config.tell = on_told;
        config.context = rig;
        note_line(rig->folder, "mode", modes, strlen(modes));
        mitome_code code = matcher_gate_start(&config, &rig->gate, NULL).code;
        if (code == MITOME_OK)
                rig->face = matcher_gate(rig->gate);
        return code;
}

static const struct matcher_gate_config no_limits = { 0 }, no_rest = { .rest_max_ms = 1 };

static mitome_code start(struct rig *rig)
{
        rig->challenge[0]++;
        const struct mitome_gate_request request = {
                .purpose = MITOME_GATE_VERIFY,
                .command = 0x02,
                .rp_id = slice_text("portal.example.jp"),
                .client_data_hash = SLICE(hash),
                .challenge = SLICE(rig->challenge),
                .entry = SLICE(entry),
        };
        return rig->face.start(rig->face.context, &request, NULL).code;
}

static enum mitome_gate_event_kind next(struct rig *rig)
{
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        for (int i = 0; event.kind == MITOME_GATE_NOTHING && i < 100; i++)
                assert_int_equal(rig->face.poll(rig->face.context, 100, &event, NULL).code, MITOME_OK);
        if (event.kind == MITOME_GATE_EVIDENCE)
                assert_memory_equal(event.evidence, evidence, sizeof evidence);
        return event.kind;
}

static void expect_a_verification(struct rig *rig)
{
        assert_int_equal(start(rig), MITOME_OK);
        assert_int_equal(next(rig), MITOME_GATE_AWAITS);
        assert_int_equal(next(rig), MITOME_GATE_EVIDENCE);
}

static void expect_health(struct rig *rig, unsigned starts, unsigned deaths, unsigned recycled)
{
        struct matcher_health health = matcher_gate_health(rig->gate);
        assert_int_equal(health.starts, starts);
        assert_int_equal(health.deaths, deaths);
        assert_int_equal(health.recycled, recycled);
        assert_int_equal(file_size(rig->folder, "starts"), starts);
}

/* ---- one that dies ---- */

static void one_that_dies_before_its_answer_is_replaced_within_the_request(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "ag", &no_limits), MITOME_OK);
        expect_a_verification(rig);
        expect_health(rig, 2, 1, 0);
        assert_string_equal(matcher_gate_health(rig->gate).last_end, "ended with status 1");
}

static void one_that_dies_before_it_asks_for_a_finger_is_replaced_within_the_request(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "dg", &no_limits), MITOME_OK);
        expect_a_verification(rig);
        expect_health(rig, 2, 1, 0);
        assert_int_equal(file_size(rig->folder, "challenges"), 2); /* the same one: it was not answered */
}

/* Attack: whoever can kill the helper when it has seen a finger that is none of the set must not get another
 * look for the same try. */
static void a_challenge_that_a_finger_was_asked_for_is_shown_to_no_second_helper(void **state)
{
        struct rig *rig = *state;
        char path[128], challenges[8] = "";
        assert_int_equal(open_gate(rig, "wg", &no_limits), MITOME_OK);
        assert_int_equal(start(rig), MITOME_OK);
        assert_int_equal(next(rig), MITOME_GATE_AWAITS);
        assert_int_equal(next(rig), MITOME_GATE_BROKEN);
        expect_health(rig, 1, 1, 0);
        expect_a_verification(rig);
        expect_health(rig, 2, 1, 0);
        snprintf(path, sizeof path, "%s/challenges", rig->folder);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(challenges, 1, sizeof challenges, file), 2);
        fclose(file);
        assert_int_equal(challenges[0], 1);
        assert_int_equal(challenges[1], 2);
}

static void one_that_talks_nonsense_is_ended_and_replaced(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "ng", &no_limits), MITOME_OK);
        expect_a_verification(rig);
        expect_health(rig, 2, 1, 0);
        assert_string_equal(
                matcher_gate_health(rig->gate).last_end, "did not keep to its protocol, and was ended");
}

static void one_that_did_something_forbidden_is_told_of(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "xg", &no_limits), MITOME_OK);
        expect_a_verification(rig);
        assert_non_null(strstr(rig->last_told, "tried something that is forbidden to it"));
}

static void one_that_died_while_nobody_looked_is_replaced(void **state)
{
        struct rig *rig = *state;
        struct matcher_status status;
        assert_int_equal(open_gate(rig, "g", &no_limits), MITOME_OK);
        pid_t first = matcher_gate_process(rig->gate);
        assert_int_equal(kill(first, SIGKILL), 0);
        expect_a_verification(rig);
        assert_int_not_equal(matcher_gate_process(rig->gate), first);
        assert_int_equal(kill(matcher_gate_process(rig->gate), SIGABRT), 0);
        assert_int_equal(matcher_gate_status(rig->gate, &status, NULL).code, MITOME_OK);
        assert_int_equal(status.fingers, 1);
        expect_health(rig, 3, 2, 0);
        assert_string_equal(matcher_gate_health(rig->gate).last_end, "was ended by signal 6 (Aborted)");
}

static void each_death_is_told_once(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "gg", &no_limits), MITOME_OK);
        assert_int_equal(rig->told, 0);
        assert_int_equal(kill(matcher_gate_process(rig->gate), SIGKILL), 0);
        expect_a_verification(rig);
        expect_a_verification(rig);
        assert_int_equal(rig->told, 1);
        assert_string_equal(rig->last_told,
                "the matcher was ended by signal 9 (Killed); another one is started when it is needed");
}

/* ---- one that dies again and again ---- */

static void one_that_dies_again_and_again_rests(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "a", &no_limits), MITOME_OK);
        for (int i = 0; i < 10 && !matcher_gate_health(rig->gate).rests; i++)
                assert_int_equal(start(rig), MITOME_E_GATE_BROKEN);
        assert_true(matcher_gate_health(rig->gate).rests);
        assert_false(matcher_gate_health(rig->gate).lost);
        unsigned starts = matcher_gate_health(rig->gate).starts;
        assert_int_equal(start(rig), MITOME_E_GATE_BROKEN); /* and none was started for this one */
        assert_int_equal(matcher_gate_health(rig->gate).starts, starts);
}

static void and_in_the_end_is_left_alone(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "a", &no_rest), MITOME_OK);
        for (int i = 0; i < DEATHS_MAX && !matcher_gate_health(rig->gate).lost; i++)
                assert_int_equal(start(rig), MITOME_E_GATE_BROKEN);
        assert_true(matcher_gate_health(rig->gate).lost);
        expect_health(rig, DEATHS_MAX, DEATHS_MAX, 0);
        assert_int_equal(start(rig), MITOME_E_GATE_BROKEN);
        expect_health(rig, DEATHS_MAX, DEATHS_MAX, 0);
        assert_int_equal(rig->told, DEATHS_MAX);
        assert_non_null(strstr(rig->last_told, "it died too often in a row"));
}

static void a_finger_that_was_read_forgives_the_deaths_before(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "g", &no_rest), MITOME_OK);
        for (int i = 0; i < DEATHS_MAX + 2; i++) {
                assert_int_equal(kill(matcher_gate_process(rig->gate), SIGKILL), 0);
                expect_a_verification(rig);
        }
        expect_health(rig, DEATHS_MAX + 3, DEATHS_MAX + 2, 0);
}

static void one_that_cannot_even_start_is_no_gate(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(open_gate(rig, "s", &no_limits), MITOME_E_GATE_BROKEN);
        assert_null(rig->gate);
}

/* ---- one that has worked long enough ---- */

static void it_is_replaced_after_so_many_requests(void **state)
{
        struct rig *rig = *state;
        const struct matcher_gate_config limits = { .recycle_requests = 3 };
        assert_int_equal(open_gate(rig, "g", &limits), MITOME_OK);
        for (int i = 0; i < 10; i++)
                expect_a_verification(rig);
        expect_health(rig, 4, 0, 3);
        assert_int_equal(rig->told, 0); /* that is no death */
        assert_int_equal(file_size(rig->folder, "challenges"), 10);
}

static void it_is_replaced_when_it_has_grown(void **state)
{
        struct rig *rig = *state;
        const struct matcher_gate_config limits = { .recycle_bytes = GROWN };
        assert_int_equal(open_gate(rig, "lg", &limits), MITOME_OK);
        pid_t first = matcher_gate_process(rig->gate);
        expect_a_verification(rig);
        pid_t second = matcher_gate_process(rig->gate);
        assert_int_not_equal(first, second);
        expect_a_verification(rig);
        assert_int_equal(matcher_gate_process(rig->gate), second);
        expect_health(rig, 2, 0, 1);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int count, char **arguments)
{
        if (count > 2 && strcmp(arguments[1], "--state") == 0)
                return be_a_matcher(arguments[2]);
        const struct CMUnitTest tests[] = {
                WITH_RIG(one_that_dies_before_its_answer_is_replaced_within_the_request),
                WITH_RIG(one_that_dies_before_it_asks_for_a_finger_is_replaced_within_the_request),
                WITH_RIG(a_challenge_that_a_finger_was_asked_for_is_shown_to_no_second_helper),
                WITH_RIG(one_that_talks_nonsense_is_ended_and_replaced),
                WITH_RIG(one_that_did_something_forbidden_is_told_of),
                WITH_RIG(one_that_died_while_nobody_looked_is_replaced),
                WITH_RIG(each_death_is_told_once),
                WITH_RIG(one_that_dies_again_and_again_rests),
                WITH_RIG(and_in_the_end_is_left_alone),
                WITH_RIG(a_finger_that_was_read_forgives_the_deaths_before),
                WITH_RIG(one_that_cannot_even_start_is_no_gate),
                WITH_RIG(it_is_replaced_after_so_many_requests),
                WITH_RIG(it_is_replaced_when_it_has_grown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
