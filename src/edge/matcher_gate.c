/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher_gate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
        ANSWER_LIMIT_MS = 10000,   /* of an answer that needs no finger */
        WIND_DOWN_LIMIT_MS = 5000, /* of a cancelled request that nobody polls any more */
        VERIFY_LIMIT_MS = 30000,   /* the matcher's own limits */
        ENROL_LIMIT_MS = 120000,
        GRACE_MS =
                20000, /* what it may take longer than its limit: the last comparison, closing the sensor */
};

/* How a matcher that died is replaced: at once the first time, then after twice as long each time, until it
 * has brought a request to its end again. A request waits for the shorter ones. */
enum {
        REST_FIRST_MS = 100,
        REST_WAITED_MS = 1000,
        DEATHS_MAX = 20, /* in a row: then it is left alone */
};

struct purpose;

/* The process behind the gate, where it is ours. */
struct keeper {
        struct matcher_process *process; /* NULL: somebody else's; this gate breaks with it */
        unsigned recycle_requests;
        size_t recycle_bytes;
        int64_t rest_max_ms;
        void (*tell)(void *context, const char *what);
        void *context;
        unsigned requests; /* that this process was given */
        unsigned deaths;   /* in a row */
        int64_t died_ms;
        struct matcher_health health;
};

struct matcher_gate {
        int fd; /* -1: nobody is there */
        struct keeper keeper;
        bool runs, cancelled;
        bool asked; /* the running request may have been shown a finger */
        const struct purpose *purpose;
        uint8_t request[GATE_MESSAGE_MAX]; /* the running one, as it was sent */
        size_t request_size;
        uint32_t limit_ms;
        int64_t deadline_ms;
        bool has_outcome; /* of a request that ended with its answer */
        struct mitome_gate_event outcome;
};

static int64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- ending it ---- */

static void hang_up(struct matcher_gate *gate)
{
        if (gate->fd >= 0)
                close(gate->fd);
        gate->fd = -1;
        gate->runs = false;
}

static bool is_lost(const struct keeper *keeper)
{
        return keeper->deaths >= DEATHS_MAX;
}

static void tell_death(struct keeper *keeper)
{
        static const char *const after[] = {
                "another one is started when it is needed",
                "it died too often in a row, and is left alone until this program is started anew",
        };
        char text[256];
        snprintf(text, sizeof text, "the matcher %s; %s", matcher_process_end_text(keeper->process),
                after[is_lost(keeper)]);
        if (keeper->tell)
                keeper->tell(keeper->context, text);
}

static void note_death(struct keeper *keeper)
{
        keeper->deaths++;
        keeper->health.deaths++;
        keeper->died_ms = now_ms();
        keeper->health.last_end = matcher_process_end_text(keeper->process);
        tell_death(keeper);
}

/* `why` NULL: it went by itself, and its own end says why. One that is ended is ended before its socket is
 * closed: it would go by itself over that, and `why` would be lost. */
static void bury(struct matcher_gate *gate, const char *why)
{
        struct matcher_process *process = gate->keeper.process;
        if (process && why)
                matcher_process_kill(process, why);
        hang_up(gate);
        if (!process)
                return;
        if (!why)
                matcher_process_leave(process);
        note_death(&gate->keeper);
}

/* A matcher that is gone, silent, or does not keep to the protocol, is not asked again. */
static mitome_status give_up(
        struct matcher_gate *gate, mitome_code code, const char *why, mitome_error *error)
{
        bury(gate, why);
        return fail(error, code, "matcher", NULL);
}

static mitome_status give_up_gone(struct matcher_gate *gate, mitome_error *error)
{
        return give_up(gate, MITOME_E_GATE_BROKEN, NULL, error);
}

static mitome_status give_up_silent(struct matcher_gate *gate, mitome_error *error)
{
        return give_up(gate, MITOME_E_GATE_BROKEN, "did not answer, and was ended", error);
}

static mitome_status give_up_nonsense(struct matcher_gate *gate, mitome_error *error)
{
        return give_up(gate, MITOME_E_GATE_MESSAGE, "did not keep to its protocol, and was ended", error);
}

/* ---- one datagram ---- */

static mitome_status write_request(
        const struct gate_request *request, writer *into, slice *ret, mitome_error *error)
{
        gate_request_write(into, request);
        return writer_finish(into, "gate request", ret, error);
}

static mitome_status send_message(struct matcher_gate *gate, slice message, mitome_error *error)
{
        if (gate->fd < 0)
                return fail(error, MITOME_E_GATE_BROKEN, "matcher", NULL);
        ssize_t sent = send(gate->fd, message.data, message.size, MSG_NOSIGNAL);
        return sent == (ssize_t)message.size ? ok() : give_up_gone(gate, error);
}

/* Waits for a datagram; *ret_there is false when none came in time. */
static mitome_status await_datagram(
        struct matcher_gate *gate, int64_t until_ms, bool *ret_there, mitome_error *error)
{
        struct pollfd socket = { .fd = gate->fd, .events = POLLIN };
        for (;;) {
                int64_t left = until_ms - now_ms();
                int count = poll(&socket, 1, left < 0 ? 0 : (int)left);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return give_up_gone(gate, error);
                *ret_there = count > 0;
                return ok();
        }
}

/* Views of the report point into `buffer`. */
static mitome_status receive_report(struct matcher_gate *gate, uint8_t buffer[GATE_MESSAGE_MAX],
        struct gate_report *ret, mitome_error *error)
{
        ssize_t count = recv(gate->fd, buffer, GATE_MESSAGE_MAX, MSG_TRUNC);
        if (count <= 0)
                return give_up_gone(gate, error);
        if (count > GATE_MESSAGE_MAX || failed(gate_report_read(slice_of(buffer, (size_t)count), ret, NULL)))
                return give_up_nonsense(gate, error);
        return ok();
}

/* Asks, and takes the one report that answers. */
static mitome_status converse(struct matcher_gate *gate, slice message, uint8_t buffer[GATE_MESSAGE_MAX],
        struct gate_report *ret, mitome_error *error)
{
        bool there = false;
        MITOME_TRY(send_message(gate, message, error));
        MITOME_TRY(await_datagram(gate, now_ms() + ANSWER_LIMIT_MS, &there, error));
        if (!there)
                return give_up_silent(gate, error);
        return receive_report(gate, buffer, ret, error);
}

/* A report has a code and no words: what its message is about. The matcher itself has said it more exactly.
 */
static const char *subject_of(mitome_code code)
{
        static const struct {
                mitome_code code;
                const char *subject;
        } subjects[] = {
                { MITOME_E_GATE_SENSOR_KIND, "--sensor" },
                { MITOME_E_VALUE, "--sensor" },
                { MITOME_E_FILE_READ, "what --sensor names" },
                { MITOME_E_SENSOR_SCRIPT, "the file" },
                { MITOME_E_SENSOR_PROGRAM, "the program" },
                { MITOME_E_SENSOR_LINE, "something" },
                { MITOME_E_SENSOR_SILENT, "the sensor's program" },
                { MITOME_E_SENSOR_SERVICE, "it cannot be used" },
        };
        for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
                if (subjects[i].code == code)
                        return subjects[i].subject;
        return "what the matcher was asked";
}

static mitome_status ask(struct matcher_gate *gate, const struct gate_request *request,
        enum gate_report_kind wanted, uint8_t buffer[GATE_MESSAGE_MAX], struct gate_report *ret,
        mitome_error *error)
{
        uint8_t written[GATE_MESSAGE_MAX];
        slice message;
        writer w = WRITER(written);
        struct gate_report report = { 0 };
        MITOME_TRY(write_request(request, &w, &message, error));
        MITOME_TRY(converse(gate, message, buffer, &report, error));
        if (report.kind == GATE_REPORT_REFUSED)
                return fail(error, (mitome_code)report.code, subject_of((mitome_code)report.code), NULL);
        if (report.kind != wanted)
                return give_up_nonsense(gate, error);
        *ret = report;
        return ok();
}

/* ---- keeping one alive ---- */

static mitome_status copy_status(
        const struct gate_report *report, struct matcher_status *ret, mitome_error *error)
{
        struct matcher_status status = { .paired = report->paired,
                .fingers = report->fingers,
                .class = report->class,
                .modality = report->modality };
        MITOME_TRY(slice_copy(
                report->sensor, "sensor", (uint8_t *)status.sensor, sizeof status.sensor - 1, error));
        MITOME_TRY(slice_copy(report->set, "set", status.set, sizeof status.set, error));
        *ret = status;
        return ok();
}

static mitome_status read_status(struct matcher_gate *gate, struct matcher_status *ret, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_STATUS };
        struct gate_report report = { 0 };
        MITOME_TRY(ask(gate, &request, GATE_REPORT_STATUS, buffer, &report, error));
        return copy_status(&report, ret, error);
}

/* A matcher is there once it has answered a first time. One that says itself why it cannot be is at its end,
 * too: what is wrong with its state or its sensor may be over at the next try. */
static mitome_status start_process(struct matcher_gate *gate, mitome_error *error)
{
        struct keeper *keeper = &gate->keeper;
        struct matcher_status status;
        MITOME_TRY(matcher_process_start(keeper->process, &gate->fd, error));
        keeper->requests = 0;
        keeper->health.starts++;
        mitome_status greeted = read_status(gate, &status, error);
        if (failed(greeted) && gate->fd >= 0)
                bury(gate, NULL);
        return greeted;
}

static int64_t rest_of(const struct keeper *keeper)
{
        int64_t rest = REST_FIRST_MS;
        if (keeper->deaths < 2)
                return 0;
        for (unsigned i = 2; i < keeper->deaths && rest < keeper->rest_max_ms; i++)
                rest *= 2;
        return rest < keeper->rest_max_ms ? rest : keeper->rest_max_ms;
}

static int64_t rest_left(const struct keeper *keeper)
{
        return keeper->died_ms + rest_of(keeper) - now_ms();
}

/* So that a request finds a matcher. */
static mitome_status revive(struct matcher_gate *gate, mitome_error *error)
{
        const struct keeper *keeper = &gate->keeper;
        if (gate->fd >= 0)
                return ok();
        if (!keeper->process || is_lost(keeper) || rest_left(keeper) > REST_WAITED_MS)
                return fail(error, MITOME_E_GATE_BROKEN, "matcher", NULL);
        int64_t rest = rest_left(keeper);
        if (rest > 0)
                nanosleep(
                        &(struct timespec){ .tv_sec = rest / 1000, .tv_nsec = rest % 1000 * 1000000 }, NULL);
        return start_process(gate, error);
}

static bool is_worn(const struct keeper *keeper)
{
        return keeper->requests >= keeper->recycle_requests ||
               matcher_process_bytes(keeper->process) >= keeper->recycle_bytes;
}

/* Before a request: one that died unseen is noticed, one that has worked long enough goes. */
static void inspect(struct matcher_gate *gate)
{
        struct keeper *keeper = &gate->keeper;
        if (!keeper->process || gate->fd < 0)
                return;
        if (!matcher_process_look(keeper->process)) {
                bury(gate, NULL);
        } else if (is_worn(keeper)) {
                hang_up(gate);
                matcher_process_leave(keeper->process);
                keeper->health.recycled++;
        }
}

static mitome_status make_ready(struct matcher_gate *gate, mitome_error *error)
{
        inspect(gate);
        MITOME_TRY(revive(gate, error));
        gate->keeper.requests++;
        return ok();
}

/* Whether what has just failed may be tried once more: the matcher died, and another one may be had. */
static bool has_died(const struct matcher_gate *gate)
{
        return gate->fd < 0 && gate->keeper.process;
}

static void note_success(struct matcher_gate *gate)
{
        gate->keeper.deaths = 0;
}

/* ---- struct mitome_gate ---- */

static void cancel(void *context)
{
        struct matcher_gate *gate = context;
        if (!gate->runs || gate->cancelled)
                return;
        uint8_t written[GATE_MESSAGE_MAX];
        slice message;
        writer w = WRITER(written);
        gate->cancelled = true;
        if (!failed(write_request(&(struct gate_request){ .kind = GATE_REQUEST_CANCEL }, &w, &message, NULL)))
                (void)failed(send_message(gate, message, NULL));
}

static mitome_status copy_event(
        const struct gate_report *report, struct mitome_gate_event *ret, mitome_error *error)
{
        struct mitome_gate_event event = {
                .kind = (enum mitome_gate_event_kind)report->kind,
                .hint = (enum mitome_gate_hint)report->hint,
                .remaining = report->remaining,
                .has_evidence = report->evidence.size == sizeof event.evidence,
                .code = (mitome_code)report->code,
                .finger_count = report->listed,
        };
        for (size_t i = 0; i < report->listed; i++)
                event.fingers[i] = report->list[i];
        MITOME_TRY(slice_copy(report->evidence, "evidence", event.evidence, sizeof event.evidence, error));
        *ret = event;
        return ok();
}

static mitome_status take_event(struct matcher_gate *gate, struct mitome_gate_event *ret, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_report report = { 0 };
        MITOME_TRY(receive_report(gate, buffer, &report, error));
        if (report.kind > MITOME_GATE_DISMISSED)
                return give_up_nonsense(gate, error); /* an answer that nobody waits for */
        gate->asked = true;
        if (gate_is_final(report.kind))
                gate->runs = false;
        if (gate_is_final(report.kind) && report.kind != MITOME_GATE_BROKEN)
                note_success(gate);
        return copy_event(&report, ret, error);
}

static mitome_status next_event(
        struct matcher_gate *gate, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        int64_t until = now_ms() + (wait_ms < 0 ? 0 : wait_ms);
        bool there = false;
        MITOME_TRY(
                await_datagram(gate, until < gate->deadline_ms ? until : gate->deadline_ms, &there, error));
        if (there)
                return take_event(gate, ret, error);
        if (now_ms() >= gate->deadline_ms)
                return give_up_silent(gate, error);
        *ret = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
        return ok();
}

static mitome_status say_again(struct matcher_gate *gate, mitome_error *error);

/* A matcher that died before it asked for a finger has compared nothing and answered no challenge: another
 * one is given the same request, and nobody need know. Once a finger was asked for, the challenge is spent.
 */
static void replace_or_break(struct matcher_gate *gate, struct mitome_gate_event *ret)
{
        bool again = has_died(gate) && !gate->asked && !gate->cancelled;
        gate->asked = true; /* once */
        *ret = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
        if (!again || failed(say_again(gate, NULL)))
                ret->kind = MITOME_GATE_BROKEN;
}

static mitome_status poll_event(
        void *context, int wait_ms, struct mitome_gate_event *ret, mitome_error *error)
{
        struct matcher_gate *gate = context;
        if (gate->has_outcome) {
                gate->has_outcome = false;
                *ret = gate->outcome;
                return ok();
        }
        if (!gate->runs) {
                if (gate->fd < 0 && !gate->keeper.process)
                        return fail(error, MITOME_E_GATE_BROKEN, "matcher", NULL);
                *ret = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
                return ok();
        }
        if (failed(next_event(gate, wait_ms, ret, NULL)))
                replace_or_break(gate, ret);
        return ok();
}

/* A request that was cancelled, by one who then went away: its end is waited for here. */
static void wind_down(struct matcher_gate *gate)
{
        struct mitome_gate_event event;
        if (!gate->cancelled)
                return;
        int64_t until = now_ms() + WIND_DOWN_LIMIT_MS;
        while (gate->runs && now_ms() < until)
                if (failed(next_event(gate, 100, &event, NULL)))
                        return;
}

/* How the purposes of a request are said, and which answer each gets when nothing is in its way. */
static const struct purpose {
        enum gate_request_kind kind;
        uint8_t answer;
        uint32_t limit_ms; /* of what goes on after the answer; 0: nothing does */
} purposes[] = {
        [MITOME_GATE_VERIFY] = { GATE_REQUEST_VERIFY, GATE_REPORT_DONE, VERIFY_LIMIT_MS },
        [MITOME_GATE_ENROL] = { GATE_REQUEST_ENROL, GATE_REPORT_DONE, ENROL_LIMIT_MS },
        [MITOME_GATE_LIST] = { GATE_REQUEST_LIST, GATE_REPORT_FINGERS, 0 },
        [MITOME_GATE_RENAME] = { GATE_REQUEST_RENAME, GATE_REPORT_DONE, 0 },
        [MITOME_GATE_REMOVE] = { GATE_REQUEST_REMOVE, MITOME_GATE_EVIDENCE, 0 },
        [MITOME_GATE_FORGET] = { GATE_REQUEST_FORGET, GATE_REPORT_DONE, 0 },
};

/* The one event of a request that ended with its answer. */
static mitome_status keep_outcome(
        struct matcher_gate *gate, const struct gate_report *report, mitome_error *error)
{
        MITOME_TRY(copy_event(report, &gate->outcome, error));
        gate->outcome.kind = report->kind == MITOME_GATE_EVIDENCE ? MITOME_GATE_EVIDENCE
                             : report->code                       ? MITOME_GATE_REFUSED
                                                                  : MITOME_GATE_DONE;
        gate->has_outcome = true;
        return ok();
}

/* Says the request that is kept, and takes its answer. */
static mitome_status begin(struct matcher_gate *gate, mitome_error *error)
{
        const struct purpose *purpose = gate->purpose;
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_report report = { 0 };
        MITOME_TRY(converse(gate, slice_of(gate->request, gate->request_size), buffer, &report, error));
        if (report.kind == GATE_REPORT_REFUSED || report.kind == GATE_REPORT_DECLINED)
                return keep_outcome(gate, &report, error);
        if (report.kind != purpose->answer)
                return give_up_nonsense(gate, error);
        if (!purpose->limit_ms)
                return keep_outcome(gate, &report, error);
        gate->runs = true;
        gate->cancelled = false;
        gate->deadline_ms = now_ms() + gate->limit_ms + GRACE_MS;
        return ok();
}

static mitome_status say_again(struct matcher_gate *gate, mitome_error *error)
{
        MITOME_TRY(make_ready(gate, error));
        return begin(gate, error);
}

/* One that dies of the request before it answers is followed by another, once. */
static mitome_status say(struct matcher_gate *gate, mitome_error *error)
{
        mitome_error first = { 0 };
        MITOME_TRY(make_ready(gate, error));
        gate->asked = false;
        mitome_status status = begin(gate, &first);
        if (failed(status) && has_died(gate))
                return say_again(gate, error);
        return failed(status) ? fail(error, first.code, first.field, first.clause) : status;
}

static uint32_t limit_of(const struct gate_request *request, const struct purpose *purpose)
{
        return request->timeout_ms ? request->timeout_ms : purpose->limit_ms;
}

static mitome_status start(void *context, const struct mitome_gate_request *request, mitome_error *error)
{
        struct matcher_gate *gate = context;
        if (request->purpose < MITOME_GATE_VERIFY || request->purpose > MITOME_GATE_FORGET)
                return fail(error, MITOME_E_ARGUMENT, "purpose", NULL);
        const struct purpose *purpose = &purposes[request->purpose];
        wind_down(gate);
        if (gate->runs)
                return fail(error, MITOME_E_GATE_BUSY, "gate", NULL);
        gate->has_outcome = false;
        const struct gate_request message = {
                .kind = purpose->kind,
                .command = request->command,
                .rp_id = request->rp_id,
                .client_data_hash = request->client_data_hash,
                .challenge = request->challenge,
                .timeout_ms =
                        request->timeout_ms < GATE_TIMEOUT_MAX_MS ? request->timeout_ms : GATE_TIMEOUT_MAX_MS,
                .finger_id = request->finger_id,
                .name = request->name,
                .entry = request->entry,
        };
        slice written;
        writer w = WRITER(gate->request);
        MITOME_TRY(write_request(&message, &w, &written, error));
        gate->request_size = written.size;
        gate->purpose = purpose;
        gate->limit_ms = limit_of(&message, purpose);
        return say(gate, error);
}

struct mitome_gate matcher_gate(struct matcher_gate *gate)
{
        return (struct mitome_gate){
                .version = MITOME_GATE_VERSION,
                .context = gate,
                .start = start,
                .poll = poll_event,
                .cancel = cancel,
        };
}

/* ---- asking ---- */

static mitome_status ask_idle(struct matcher_gate *gate, const struct gate_request *request,
        enum gate_report_kind wanted, uint8_t buffer[GATE_MESSAGE_MAX], struct gate_report *ret,
        mitome_error *error)
{
        wind_down(gate);
        if (gate->runs)
                return fail(error, MITOME_E_GATE_BUSY, "gate", NULL);
        mitome_error first = { 0 };
        MITOME_TRY(make_ready(gate, error));
        mitome_status status = ask(gate, request, wanted, buffer, ret, &first);
        if (failed(status) && has_died(gate)) {
                MITOME_TRY(make_ready(gate, error));
                return ask(gate, request, wanted, buffer, ret, error);
        }
        return failed(status) ? fail(error, first.code, first.field, first.clause) : status;
}

mitome_status matcher_gate_status(struct matcher_gate *gate, struct matcher_status *ret, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_STATUS };
        struct gate_report report = { 0 };
        MITOME_TRY(ask_idle(gate, &request, GATE_REPORT_STATUS, buffer, &report, error));
        return copy_status(&report, ret, error);
}

mitome_status matcher_gate_point(
        struct matcher_gate *gate, uint8_t ret_point[PAIRING_POINT_SIZE], mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_POINT };
        struct gate_report report = { 0 };
        MITOME_TRY(ask_idle(gate, &request, GATE_REPORT_POINT, buffer, &report, error));
        return slice_copy(report.point, "point", ret_point, PAIRING_POINT_SIZE, error);
}

mitome_status matcher_gate_pair(struct matcher_gate *gate, slice element_point,
        uint8_t ret_confirmation[SHA256_SIZE], mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_PAIR, .element_point = element_point };
        struct gate_report report = { 0 };
        MITOME_TRY(ask_idle(gate, &request, GATE_REPORT_PAIRED, buffer, &report, error));
        return slice_copy(report.confirmation, "confirmation", ret_confirmation, SHA256_SIZE, error);
}

mitome_status matcher_gate_certificate(struct matcher_gate *gate,
        uint8_t ret_certificate[GATE_CERTIFICATE_MAX], size_t *ret_size, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_CERTIFICATE };
        struct gate_report report = { 0 };
        MITOME_TRY(ask_idle(gate, &request, GATE_REPORT_CERTIFICATE, buffer, &report, error));
        MITOME_TRY(
                slice_copy(report.certificate, "certificate", ret_certificate, GATE_CERTIFICATE_MAX, error));
        *ret_size = report.certificate.size;
        return ok();
}

mitome_status matcher_gate_certify(struct matcher_gate *gate, slice certificate, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_CERTIFY, .certificate = certificate };
        struct gate_report report = { 0 };
        if (certificate.size == 0 || certificate.size > GATE_CERTIFICATE_MAX)
                return fail(error, MITOME_E_ARGUMENT, "certificate", NULL);
        return ask_idle(gate, &request, GATE_REPORT_DONE, buffer, &report, error);
}

/* ---- opening and closing ---- */

static mitome_status gate_new(int fd, struct matcher_gate **ret, mitome_error *error)
{
        struct matcher_gate *gate = malloc(sizeof *gate);
        if (!gate) {
                if (fd >= 0)
                        close(fd);
                return fail(error, MITOME_E_NO_MEMORY, "gate", NULL);
        }
        *gate = (struct matcher_gate){ .fd = fd };
        *ret = gate;
        return ok();
}

mitome_status matcher_gate_adopt(int fd, struct matcher_gate **ret, mitome_error *error)
{
        struct matcher_gate *gate = NULL;
        struct matcher_status status;
        MITOME_TRY(gate_new(fd, &gate, error));
        mitome_status greeted = read_status(gate, &status, error);
        if (failed(greeted))
                matcher_gate_close(gate);
        else
                *ret = gate;
        return greeted;
}

mitome_status matcher_gate_connect(const char *path, struct matcher_gate **ret, mitome_error *error)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (failed(slice_copy(slice_text(path), "matcher", (uint8_t *)address.sun_path,
                    sizeof address.sun_path - 1, NULL)))
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
                close(fd);
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        }
        return matcher_gate_adopt(fd, ret, error);
}

/* Of its first start the caller hears as the outcome. */
static mitome_status keep_process(
        struct matcher_gate *gate, const struct matcher_gate_config *config, mitome_error *error)
{
        MITOME_TRY(matcher_process_new(config, &gate->keeper.process, error));
        gate->keeper.recycle_requests =
                config->recycle_requests ? config->recycle_requests : MATCHER_REQUESTS;
        gate->keeper.recycle_bytes = config->recycle_bytes ? config->recycle_bytes : MATCHER_BYTES;
        gate->keeper.rest_max_ms = config->rest_max_ms ? config->rest_max_ms : MATCHER_REST_MS;
        MITOME_TRY(start_process(gate, error));
        gate->keeper.tell = config->tell;
        gate->keeper.context = config->context;
        return ok();
}

mitome_status matcher_gate_start(
        const struct matcher_gate_config *config, struct matcher_gate **ret, mitome_error *error)
{
        struct matcher_gate *gate = NULL;
        MITOME_TRY(gate_new(-1, &gate, error));
        mitome_status status = keep_process(gate, config, error);
        if (failed(status))
                matcher_gate_close(gate);
        else
                *ret = gate;
        return status;
}

pid_t matcher_gate_process(const struct matcher_gate *gate)
{
        return gate->keeper.process ? matcher_process_id(gate->keeper.process) : 0;
}

int matcher_gate_watch(const struct matcher_gate *gate)
{
        return gate->runs ? gate->fd : -1;
}

struct matcher_health matcher_gate_health(const struct matcher_gate *gate)
{
        const struct keeper *keeper = &gate->keeper;
        struct matcher_health health = keeper->health;
        health.lost = is_lost(keeper);
        health.rests = gate->fd < 0 && keeper->process && !health.lost && rest_left(keeper) > REST_WAITED_MS;
        return health;
}

void matcher_gate_close(struct matcher_gate *gate)
{
        if (!gate)
                return;
        hang_up(gate);
        matcher_process_free(gate->keeper.process);
        free(gate);
}
