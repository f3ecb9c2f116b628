/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        CHILD_SOCKET = 3,          /* where the matcher finds its end */
        ANSWER_LIMIT_MS = 10000,   /* of an answer that needs no finger */
        WIND_DOWN_LIMIT_MS = 5000, /* of a cancelled request that nobody polls any more */
        VERIFY_LIMIT_MS = 30000,   /* the matcher's own limits */
        ENROL_LIMIT_MS = 120000,
        GRACE_MS =
                20000, /* what it may take longer than its limit: the last comparison, closing the sensor */
        GOODBYE_MS = 3000,
};

struct matcher_gate {
        int fd; /* -1 once the gate is broken */
        pid_t process;
        bool runs, cancelled;
        int64_t deadline_ms; /* of the running request */
        bool has_outcome;    /* of a request that ended with its answer */
        struct mitome_gate_event outcome;
};

static int64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- ending it ---- */

static bool reap(struct matcher_gate *gate, int options)
{
        pid_t ended;
        do
                ended = waitpid(gate->process, NULL, options);
        while (ended < 0 && errno == EINTR);
        if (ended != 0)
                gate->process = 0;
        return ended != 0;
}

/* The matcher ends by itself when its socket does. */
static void end_process(struct matcher_gate *gate)
{
        if (gate->process == 0)
                return;
        for (int waited = 0; waited < GOODBYE_MS; waited += 10) {
                if (reap(gate, WNOHANG))
                        return;
                nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        }
        kill(gate->process, SIGKILL);
        reap(gate, 0);
}

static void hang_up(struct matcher_gate *gate)
{
        if (gate->fd >= 0)
                close(gate->fd);
        gate->fd = -1;
        gate->runs = false;
}

/* A matcher that does not keep to the protocol is not asked again. */
static mitome_status give_up(struct matcher_gate *gate, mitome_code code, mitome_error *error)
{
        hang_up(gate);
        if (gate->process != 0) {
                kill(gate->process, SIGKILL);
                reap(gate, 0);
        }
        return fail(error, code, "matcher", NULL);
}

/* ---- one datagram ---- */

static mitome_status send_request(
        struct matcher_gate *gate, const struct gate_request *request, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        slice message;
        writer w = WRITER(buffer);
        gate_request_write(&w, request);
        MITOME_TRY(writer_finish(&w, "gate request", &message, error));
        if (gate->fd < 0)
                return fail(error, MITOME_E_GATE_BROKEN, "matcher", NULL);
        ssize_t sent = send(gate->fd, message.data, message.size, MSG_NOSIGNAL);
        return sent == (ssize_t)message.size ? ok() : give_up(gate, MITOME_E_GATE_BROKEN, error);
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
                        return give_up(gate, MITOME_E_GATE_BROKEN, error);
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
                return give_up(gate, MITOME_E_GATE_BROKEN, error);
        if (count > GATE_MESSAGE_MAX || failed(gate_report_read(slice_of(buffer, (size_t)count), ret, NULL)))
                return give_up(gate, MITOME_E_GATE_MESSAGE, error);
        return ok();
}

/* Asks, and takes the one report that answers. */
static mitome_status converse(struct matcher_gate *gate, const struct gate_request *request,
        uint8_t buffer[GATE_MESSAGE_MAX], struct gate_report *ret, mitome_error *error)
{
        bool there = false;
        MITOME_TRY(send_request(gate, request, error));
        MITOME_TRY(await_datagram(gate, now_ms() + ANSWER_LIMIT_MS, &there, error));
        if (!there)
                return give_up(gate, MITOME_E_GATE_BROKEN, error);
        return receive_report(gate, buffer, ret, error);
}

static mitome_status ask(struct matcher_gate *gate, const struct gate_request *request,
        enum gate_report_kind wanted, uint8_t buffer[GATE_MESSAGE_MAX], struct gate_report *ret,
        mitome_error *error)
{
        struct gate_report report = { 0 };
        MITOME_TRY(converse(gate, request, buffer, &report, error));
        if (report.kind == GATE_REPORT_REFUSED)
                return fail(error, (mitome_code)report.code, "gate request", NULL);
        if (report.kind != wanted)
                return give_up(gate, MITOME_E_GATE_MESSAGE, error);
        *ret = report;
        return ok();
}

/* ---- struct mitome_gate ---- */

static void cancel(void *context)
{
        struct matcher_gate *gate = context;
        if (!gate->runs || gate->cancelled)
                return;
        gate->cancelled = true;
        (void)failed(send_request(gate, &(struct gate_request){ .kind = GATE_REQUEST_CANCEL }, NULL));
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
                return give_up(gate, MITOME_E_GATE_MESSAGE, error); /* an answer that nobody waits for */
        if (gate_is_final(report.kind))
                gate->runs = false;
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
                return give_up(gate, MITOME_E_GATE_BROKEN, error);
        *ret = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
        return ok();
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
                if (gate->fd < 0)
                        return fail(error, MITOME_E_GATE_BROKEN, "matcher", NULL);
                *ret = (struct mitome_gate_event){ .kind = MITOME_GATE_NOTHING };
                return ok();
        }
        if (failed(next_event(gate, wait_ms, ret, NULL)))
                *ret = (struct mitome_gate_event){ .kind = MITOME_GATE_BROKEN };
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

static mitome_status begin(struct matcher_gate *gate, const struct gate_request *request,
        const struct purpose *purpose, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        struct gate_report report = { 0 };
        MITOME_TRY(converse(gate, request, buffer, &report, error));
        if (report.kind == GATE_REPORT_REFUSED || report.kind == GATE_REPORT_DECLINED)
                return keep_outcome(gate, &report, error);
        if (report.kind != purpose->answer)
                return give_up(gate, MITOME_E_GATE_MESSAGE, error);
        if (!purpose->limit_ms)
                return keep_outcome(gate, &report, error);
        gate->runs = true;
        gate->cancelled = false;
        gate->deadline_ms =
                now_ms() + (request->timeout_ms ? request->timeout_ms : purpose->limit_ms) + GRACE_MS;
        return ok();
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
        return begin(gate, &message, purpose, error);
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
        return ask(gate, request, wanted, buffer, ret, error);
}

mitome_status matcher_gate_status(struct matcher_gate *gate, struct matcher_status *ret, mitome_error *error)
{
        uint8_t buffer[GATE_MESSAGE_MAX];
        const struct gate_request request = { .kind = GATE_REQUEST_STATUS };
        struct gate_report report = { 0 };
        MITOME_TRY(ask_idle(gate, &request, GATE_REPORT_STATUS, buffer, &report, error));
        struct matcher_status status = { .paired = report.paired,
                .fingers = report.fingers,
                .class = report.class,
                .modality = report.modality };
        MITOME_TRY(slice_copy(
                report.sensor, "sensor", (uint8_t *)status.sensor, sizeof status.sensor - 1, error));
        MITOME_TRY(slice_copy(report.set, "set", status.set, sizeof status.set, error));
        *ret = status;
        return ok();
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
                close(fd);
                return fail(error, MITOME_E_NO_MEMORY, "gate", NULL);
        }
        *gate = (struct matcher_gate){ .fd = fd };
        *ret = gate;
        return ok();
}

/* The gate is there once the matcher has answered a first time. */
static mitome_status greet(struct matcher_gate *gate, struct matcher_gate **ret, mitome_error *error)
{
        struct matcher_status status;
        mitome_status greeted = matcher_gate_status(gate, &status, error);
        if (failed(greeted))
                matcher_gate_close(gate);
        else
                *ret = gate;
        return greeted;
}

mitome_status matcher_gate_adopt(int fd, struct matcher_gate **ret, mitome_error *error)
{
        struct matcher_gate *gate = NULL;
        MITOME_TRY(gate_new(fd, &gate, error));
        return greet(gate, ret, error);
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

/* The matcher gets its socket, our standard error to show what a finger is for, and nothing else that is
 * open here. */
static bool set_files(posix_spawn_file_actions_t *files, int socket)
{
        return posix_spawn_file_actions_adddup2(files, socket, CHILD_SOCKET) == 0 &&
               posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
               posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
               posix_spawn_file_actions_addclosefrom_np(files, CHILD_SOCKET + 1) == 0;
}

static bool set_signals(posix_spawnattr_t *attributes)
{
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        return posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
               posix_spawnattr_setsigmask(attributes, &none) == 0 &&
               posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0;
}

/* posix_spawn wants arrays of strings that it may change, and changes none. */
union strings {
        const char *const *constant;
        char *const *variable;
};

static bool spawn_with(const struct matcher_gate_config *config, const posix_spawn_file_actions_t *files,
        const posix_spawnattr_t *attributes, pid_t *ret_process)
{
        static const char *const nothing[] = { NULL };
        const char *const arguments[] = { config->program, "--state", config->state, "--socket", "3",
                config->sensor ? "--sensor" : NULL, config->sensor, NULL };
        const union strings argv = { .constant = arguments };
        const union strings envp = { .constant = config->environment ? config->environment : nothing };
        char *const *words = argv.variable;
        if (!words) /* never: for readers that do not see through the union */
                return false;
        return posix_spawn(ret_process, config->program, files, attributes, words, envp.variable) == 0;
}

static bool spawn(const struct matcher_gate_config *config, int socket, pid_t *ret_process)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        if (posix_spawn_file_actions_init(&files) != 0)
                return false;
        if (posix_spawnattr_init(&attributes) != 0) {
                posix_spawn_file_actions_destroy(&files);
                return false;
        }
        bool spawned = set_files(&files, socket) && set_signals(&attributes) &&
                       spawn_with(config, &files, &attributes, ret_process);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return spawned;
}

mitome_status matcher_gate_start(
        const struct matcher_gate_config *config, struct matcher_gate **ret, mitome_error *error)
{
        int ends[2];
        pid_t process = 0;
        struct matcher_gate *gate = NULL;
        if (access(config->program, X_OK) != 0)
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        bool spawned = spawn(config, ends[1], &process);
        close(ends[1]);
        if (!spawned) {
                close(ends[0]);
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        }
        mitome_status status = gate_new(ends[0], &gate, error);
        if (failed(status)) { /* its socket is closed, so it ends */
                end_process(&(struct matcher_gate){ .process = process });
                return status;
        }
        gate->process = process;
        return greet(gate, ret, error);
}

pid_t matcher_gate_process(const struct matcher_gate *gate)
{
        return gate->process;
}

void matcher_gate_close(struct matcher_gate *gate)
{
        if (!gate)
                return;
        hang_up(gate);
        end_process(gate);
        free(gate);
}
