/* SPDX-License-Identifier: Apache-2.0 */

/* The core's end of the way to a matcher, against one that says whatever the test puts into its mouth: the
 * reports are queued in the socket before the gate asks. */

#include "matcher_gate.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t set[UNLOCK_SET_SIZE] = { 0x5E }, evidence[UNLOCK_TOKEN_SIZE] = { 0xE1 };
static const uint8_t challenge[UNLOCK_CHALLENGE_SIZE] = { 0xC1 }, hash[SHA256_SIZE] = { 0xA5 };
static const uint8_t entry[UNLOCK_ENTRY_SIZE] = { 0, 0, 0, 1 };

struct rig {
        int matcher; /* the test's end */
        struct matcher_gate *gate;
        struct mitome_gate face;
};

static void say_bytes(struct rig *rig, slice bytes)
{
        assert_int_equal(send(rig->matcher, bytes.data, bytes.size, MSG_NOSIGNAL), bytes.size);
}

static void say(struct rig *rig, const struct gate_report *report)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        slice message = { 0 };
        writer w = WRITER(buffer);
        gate_report_write(&w, report);
        assert_int_equal(writer_finish(&w, "report", &message, NULL).code, MITOME_OK);
        say_bytes(rig, message);
}

static void say_kind(struct rig *rig, unsigned kind)
{
        say(rig, &(struct gate_report){ .kind = (uint8_t)kind });
}

static enum gate_request_kind hear(struct rig *rig)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_request request = { 0 };
        ssize_t size = recv(rig->matcher, buffer, sizeof buffer, MSG_DONTWAIT);
        assert_true(size > 0);
        assert_int_equal(gate_request_read(slice_of(buffer, (size_t)size), &request, NULL).code, MITOME_OK);
        return request.kind;
}

static int set_up(void **state)
{
        int ends[2];
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
                return -1;
        rig->matcher = ends[1];
        say(rig, &(struct gate_report){ .kind = GATE_REPORT_STATUS,
                         .fingers = 1,
                         .set = SLICE(set),
                         .sensor = slice_text("a sensor"),
                         .class = MATCHER_WEAK,
                         .modality = UNLOCK_FACE });
        if (failed(matcher_gate_adopt(ends[0], &rig->gate, NULL)))
                return -1;
        rig->face = matcher_gate(rig->gate);
        *state = rig;
        return hear(rig) == GATE_REQUEST_STATUS ? 0 : -1;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        matcher_gate_close(rig->gate);
        close(rig->matcher);
        free(rig);
        return 0;
}

static mitome_code start(struct rig *rig, mitome_error *error)
{
        const struct mitome_gate_request request = {
                .purpose = MITOME_GATE_VERIFY,
                .command = 0x02,
                .rp_id = slice_text("portal.example.jp"),
                .client_data_hash = SLICE(hash),
                .challenge = SLICE(challenge),
                .entry = SLICE(entry),
        };
        return rig->face.start(rig->face.context, &request, error).code;
}

static struct mitome_gate_event next(struct rig *rig)
{
        struct mitome_gate_event event = { .kind = MITOME_GATE_NOTHING };
        assert_int_equal(rig->face.poll(rig->face.context, 0, &event, NULL).code, MITOME_OK);
        return event;
}

static void events_come_as_they_are_said(void **state)
{
        struct rig *rig = *state;
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(start(rig, NULL), MITOME_OK);
        assert_int_equal(hear(rig), GATE_REQUEST_VERIFY);
        assert_int_equal(next(rig).kind, MITOME_GATE_NOTHING);
        say_kind(rig, MITOME_GATE_AWAITS);
        assert_int_equal(next(rig).kind, MITOME_GATE_AWAITS);
        say(rig, &(struct gate_report){
                         .kind = MITOME_GATE_RETRY, .hint = MITOME_GATE_HINT_CENTRE, .remaining = 2 });
        struct mitome_gate_event event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_RETRY);
        assert_int_equal(event.hint, MITOME_GATE_HINT_CENTRE);
        assert_int_equal(event.remaining, 2);
        assert_false(event.has_evidence);
        assert_int_equal(start(rig, NULL), MITOME_E_GATE_BUSY);
        say(rig, &(struct gate_report){ .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(evidence) });
        event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        assert_true(event.has_evidence);
        assert_memory_equal(event.evidence, evidence, sizeof evidence);
        assert_int_equal(next(rig).kind, MITOME_GATE_NOTHING); /* it is over */
}

static bool is_readable(int fd)
{
        return poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 0) == 1;
}

/* For a loop that waits for others too: there is nothing to watch but while a request runs. */
static void an_event_wakes_whoever_watches(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(matcher_gate_watch(rig->gate), -1);
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(start(rig, NULL), MITOME_OK);
        assert_false(is_readable(matcher_gate_watch(rig->gate)));
        say(rig, &(struct gate_report){ .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(evidence) });
        assert_true(is_readable(matcher_gate_watch(rig->gate)));
        assert_int_equal(next(rig).kind, MITOME_GATE_EVIDENCE);
        assert_int_equal(matcher_gate_watch(rig->gate), -1);
}

/* A request that is heard and cannot be carried out ends at once; the sealed word that nothing was presented
 * comes along. */
static void a_refusal_keeps_its_reason(void **state)
{
        struct rig *rig = *state;
        say(rig, &(struct gate_report){ .kind = GATE_REPORT_REFUSED, .code = MITOME_E_GATE_UNPAIRED });
        assert_int_equal(start(rig, NULL), MITOME_OK);
        struct mitome_gate_event event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_REFUSED);
        assert_int_equal(event.code, MITOME_E_GATE_UNPAIRED);
        assert_false(event.has_evidence);
        assert_int_equal(next(rig).kind, MITOME_GATE_NOTHING);
        assert_int_equal(hear(rig), GATE_REQUEST_VERIFY);

        say(rig, &(struct gate_report){ .kind = GATE_REPORT_DECLINED,
                         .code = MITOME_E_GATE_NO_SENSOR,
                         .evidence = SLICE(evidence) });
        assert_int_equal(start(rig, NULL), MITOME_OK);
        event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_REFUSED);
        assert_int_equal(event.code, MITOME_E_GATE_NO_SENSOR);
        assert_true(event.has_evidence);
        assert_memory_equal(event.evidence, evidence, sizeof evidence);
        assert_int_equal(hear(rig), GATE_REQUEST_VERIFY);

        say_kind(rig, GATE_REPORT_DONE); /* the next one is free to start */
        assert_int_equal(start(rig, NULL), MITOME_OK);
}

/* What was not fetched of a refused request is not the next one's. */
static void an_old_outcome_is_forgotten(void **state)
{
        struct rig *rig = *state;
        say(rig, &(struct gate_report){ .kind = GATE_REPORT_REFUSED, .code = MITOME_E_GATE_UNPAIRED });
        assert_int_equal(start(rig, NULL), MITOME_OK);
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(start(rig, NULL), MITOME_OK);
        assert_int_equal(next(rig).kind, MITOME_GATE_NOTHING);
}

static mitome_code manage(struct rig *rig, enum mitome_gate_purpose purpose)
{
        const struct mitome_gate_request request = {
                .purpose = purpose,
                .command = 0x09,
                .challenge = SLICE(challenge),
                .finger_id = SLICE(set),
                .name = slice_text("thumb"),
        };
        return rig->face.start(rig->face.context, &request, NULL).code;
}

static void the_set_is_managed_without_a_finger(void **state)
{
        struct rig *rig = *state;
        say(rig, &(struct gate_report){ .kind = GATE_REPORT_FINGERS,
                         .listed = 2,
                         .list = { { .id = { 7 }, .name_size = 5, .name = "thumb" }, { .id = { 8 } } } });
        assert_int_equal(manage(rig, MITOME_GATE_LIST), MITOME_OK);
        assert_int_equal(hear(rig), GATE_REQUEST_LIST);
        struct mitome_gate_event event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_DONE);
        assert_int_equal(event.finger_count, 2);
        assert_int_equal(event.fingers[0].id[0], 7);
        assert_int_equal(event.fingers[0].name_size, 5);
        assert_memory_equal(event.fingers[0].name, "thumb", 5);
        assert_int_equal(event.fingers[1].id[0], 8);
        assert_int_equal(event.fingers[1].name_size, 0);

        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(manage(rig, MITOME_GATE_RENAME), MITOME_OK);
        assert_int_equal(hear(rig), GATE_REQUEST_RENAME);
        event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_DONE);
        assert_int_equal(event.finger_count, 0);

        say(rig, &(struct gate_report){ .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(evidence) });
        assert_int_equal(manage(rig, MITOME_GATE_REMOVE), MITOME_OK);
        assert_int_equal(hear(rig), GATE_REQUEST_REMOVE);
        event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
        assert_true(event.has_evidence);

        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(manage(rig, MITOME_GATE_FORGET), MITOME_OK);
        assert_int_equal(hear(rig), GATE_REQUEST_FORGET);
        assert_int_equal(next(rig).kind, MITOME_GATE_DONE);

        say(rig, &(struct gate_report){ .kind = GATE_REPORT_REFUSED, .code = MITOME_E_GATE_UNKNOWN_FINGER });
        assert_int_equal(manage(rig, MITOME_GATE_REMOVE), MITOME_OK);
        event = next(rig);
        assert_int_equal(event.kind, MITOME_GATE_REFUSED);
        assert_int_equal(event.code, MITOME_E_GATE_UNKNOWN_FINGER);
}

/* Nothing is removed by a matcher that does not say so under seal. */
static void an_answer_of_another_purpose_is_broken(void **state)
{
        struct rig *rig = *state;
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(manage(rig, MITOME_GATE_REMOVE), MITOME_E_GATE_MESSAGE);
        assert_int_equal(manage(rig, MITOME_GATE_LIST), MITOME_E_GATE_BROKEN);
}

static void the_set_is_left_alone_while_a_finger_is_awaited(void **state)
{
        struct rig *rig = *state;
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(start(rig, NULL), MITOME_OK);
        for (unsigned purpose = MITOME_GATE_LIST; purpose <= MITOME_GATE_FORGET; purpose++)
                assert_int_equal(manage(rig, (enum mitome_gate_purpose)purpose), MITOME_E_GATE_BUSY);
}

static void cancelling_is_said_once(void **state)
{
        struct rig *rig = *state;
        uint8_t byte;
        rig->face.cancel(rig->face.context); /* nothing runs: nothing is said */
        assert_int_equal(recv(rig->matcher, &byte, 1, MSG_DONTWAIT), -1);
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(start(rig, NULL), MITOME_OK);
        assert_int_equal(hear(rig), GATE_REQUEST_VERIFY);
        rig->face.cancel(rig->face.context);
        rig->face.cancel(rig->face.context);
        assert_int_equal(hear(rig), GATE_REQUEST_CANCEL);
        assert_int_equal(recv(rig->matcher, &byte, 1, MSG_DONTWAIT), -1);
        say(rig, &(struct gate_report){ .kind = MITOME_GATE_ABSENT, .evidence = SLICE(evidence) });
        assert_int_equal(next(rig).kind, MITOME_GATE_ABSENT);
}

static void assert_broken_for_good(struct rig *rig)
{
        struct mitome_gate_event event;
        struct matcher_status status;
        assert_int_equal(rig->face.poll(rig->face.context, 0, &event, NULL).code, MITOME_E_GATE_BROKEN);
        assert_int_equal(start(rig, NULL), MITOME_E_GATE_BROKEN);
        assert_int_equal(matcher_gate_status(rig->gate, &status, NULL).code, MITOME_E_GATE_BROKEN);
}

static void begin(struct rig *rig)
{
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(start(rig, NULL), MITOME_OK);
}

static void a_closed_socket_is_broken(void **state)
{
        struct rig *rig = *state;
        begin(rig);
        shutdown(rig->matcher, SHUT_RDWR);
        assert_int_equal(next(rig).kind, MITOME_GATE_BROKEN);
        assert_broken_for_good(rig);
}

static void nonsense_is_broken(void **state)
{
        struct rig *rig = *state;
        begin(rig);
        say_bytes(rig, slice_text("nonsense"));
        assert_int_equal(next(rig).kind, MITOME_GATE_BROKEN);
        assert_broken_for_good(rig);
}

static void a_datagram_that_is_too_long_is_broken(void **state)
{
        struct rig *rig = *state;
        static uint8_t large[GATE_MESSAGE_MAX + 1];
        begin(rig);
        say_bytes(rig, SLICE(large));
        assert_int_equal(next(rig).kind, MITOME_GATE_BROKEN);
        assert_broken_for_good(rig);
}

static void evidence_of_another_size_is_broken(void **state)
{
        struct rig *rig = *state;
        begin(rig);
        say(rig, &(struct gate_report){
                         .kind = MITOME_GATE_EVIDENCE, .evidence = slice_of(evidence, sizeof evidence - 1) });
        assert_int_equal(next(rig).kind, MITOME_GATE_BROKEN);
        assert_broken_for_good(rig);
}

static void an_answer_where_an_event_should_be_is_broken(void **state)
{
        struct rig *rig = *state;
        begin(rig);
        say_kind(rig, GATE_REPORT_DONE);
        assert_int_equal(next(rig).kind, MITOME_GATE_BROKEN);
        assert_broken_for_good(rig);
}

static void an_event_where_an_answer_should_be_is_broken(void **state)
{
        struct rig *rig = *state;
        say(rig, &(struct gate_report){ .kind = MITOME_GATE_EVIDENCE, .evidence = SLICE(evidence) });
        assert_int_equal(start(rig, NULL), MITOME_E_GATE_MESSAGE);
        assert_broken_for_good(rig);
}

static void a_request_that_cannot_be_said_is_not_sent(void **state)
{
        struct rig *rig = *state;
        uint8_t byte;
        const struct mitome_gate_request request = { .purpose = (enum mitome_gate_purpose)7 },
                                         none = { .purpose = (enum mitome_gate_purpose)0 };
        assert_int_equal(rig->face.start(rig->face.context, &request, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(rig->face.start(rig->face.context, &none, NULL).code, MITOME_E_ARGUMENT);
        assert_int_equal(recv(rig->matcher, &byte, 1, MSG_DONTWAIT), -1);
}

/* The socket is the gate's, also when it fails: no descriptor is left behind. */
static void a_gate_that_does_not_answer_is_no_gate(void **state)
{
        (void)state;
        int ends[2];
        struct matcher_gate *gate = NULL;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        close(ends[1]);
        assert_int_equal(matcher_gate_adopt(ends[0], &gate, NULL).code, MITOME_E_GATE_BROKEN);
        assert_null(gate);
        assert_int_equal(fcntl(ends[0], F_GETFD), -1);
}

static void a_program_that_is_not_there_is_said(void **state)
{
        (void)state;
        struct matcher_gate *gate = NULL;
        const struct matcher_gate_config absent = { .program = "/nonexistent/matcher",
                .state = "/nonexistent" };
        assert_int_equal(matcher_gate_start(&absent, &gate, NULL).code, MITOME_E_PROCESS);
        const struct matcher_gate_config mute = { .program = "/bin/true", .state = "/nonexistent" };
        assert_int_equal(matcher_gate_start(&mute, &gate, NULL).code, MITOME_E_GATE_BROKEN);
        assert_int_equal(matcher_gate_connect("/nonexistent/socket", &gate, NULL).code, MITOME_E_SOCKET);
        char path[300];
        memset(path, 'x', sizeof path - 1);
        path[sizeof path - 1] = '\0';
        assert_int_equal(matcher_gate_connect(path, &gate, NULL).code, MITOME_E_SOCKET);
        assert_null(gate);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_RIG(events_come_as_they_are_said),
                WITH_RIG(an_event_wakes_whoever_watches),
                WITH_RIG(a_refusal_keeps_its_reason),
                WITH_RIG(an_old_outcome_is_forgotten),
                WITH_RIG(the_set_is_managed_without_a_finger),
                WITH_RIG(an_answer_of_another_purpose_is_broken),
                WITH_RIG(the_set_is_left_alone_while_a_finger_is_awaited),
                WITH_RIG(cancelling_is_said_once),
                WITH_RIG(a_closed_socket_is_broken),
                WITH_RIG(nonsense_is_broken),
                WITH_RIG(a_datagram_that_is_too_long_is_broken),
                WITH_RIG(evidence_of_another_size_is_broken),
                WITH_RIG(an_answer_where_an_event_should_be_is_broken),
                WITH_RIG(an_event_where_an_answer_should_be_is_broken),
                WITH_RIG(a_request_that_cannot_be_said_is_not_sent),
                cmocka_unit_test(a_gate_that_does_not_answer_is_no_gate),
                cmocka_unit_test(a_program_that_is_not_there_is_said),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
