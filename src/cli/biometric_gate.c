/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_gate.h"

#include "child_process.h"
#include "matcher_gate.h"
#include "p256.h"
#include "random_system.h"
#include "score_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        PATH_SIZE = 256,
        CHILD_SOCKET = 3, /* where the matcher finds its ends */
        CHILD_SCORES = 4,
        STEP_MS = 500,
        PATIENCE_MS = 60000, /* of one request */
        PRESENT_MS = 20000,
        SENSORS_MAX = 3, /* that break in one step */
};

static const char rp_id[] = "measured.example";
static const uint8_t client_data_hash[SHA256_SIZE] = { 0x4D };

struct biometric_gate {
        struct biometric_source *source;
        char program[PATH_SIZE], state[PATH_SIZE], sensor[PATH_SIZE], log[PATH_SIZE];
        pid_t process;
        struct matcher_gate *matcher;
        struct mitome_gate gate;
        struct score_lines *scores;
        bool wants_scores;
        struct secret scalar, key;
        uint8_t own_point[PAIRING_POINT_SIZE], matcher_point[PAIRING_POINT_SIZE];
        uint32_t entries; /* of a PIN: one before each request, so that no miss makes the next one wait */
        uint32_t ids;
        unsigned count; /* what is enrolled, in the order of the set */
        unsigned enrolled[BIOMETRIC_SET_MAX];
};

/* ---- the process ---- */

/* posix_spawn wants arrays of strings that it may change, and changes none. */
union strings {
        const char *const *constant;
        char *const *variable;
};

static bool set_files(posix_spawn_file_actions_t *files, const char *log, int socket, int scores)
{
        return posix_spawn_file_actions_adddup2(files, socket, CHILD_SOCKET) == 0 &&
               posix_spawn_file_actions_adddup2(files, scores, CHILD_SCORES) == 0 &&
               posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
               posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
               posix_spawn_file_actions_addopen(
                       files, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600) == 0 &&
               posix_spawn_file_actions_addclosefrom_np(files, CHILD_SCORES + 1) == 0;
}

/* A group of its own: what the terminal interrupts is the measurement, which ends its matcher itself. */
static bool set_signals(posix_spawnattr_t *attributes)
{
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        return posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
               posix_spawnattr_setsigmask(attributes, &none) == 0 &&
               posix_spawnattr_setpgroup(attributes, 0) == 0 &&
               posix_spawnattr_setflags(attributes,
                       POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP) == 0;
}

static bool spawn_with(struct biometric_gate *gate, const posix_spawn_file_actions_t *files,
        const posix_spawnattr_t *attributes)
{
        char variable[PATH_SIZE + 32];
        (void)snprintf(variable, sizeof variable, "FP_VIRTUAL_IMAGE=%s", gate->sensor);
        const char *const arguments[] = { gate->program, "--state", gate->state, "--socket", "3",
                gate->wants_scores ? "--scores" : NULL, "4", NULL };
        const char *const environment[] = { variable, "ASAN_OPTIONS=detect_leaks=0", NULL };
        const union strings argv = { .constant = arguments }, envp = { .constant = environment };
        char *const *words = argv.variable;
        if (!words) /* never: for readers that do not see through the union */
                return false;
        return posix_spawn(&gate->process, gate->program, files, attributes, words, envp.variable) == 0;
}

static bool spawn(struct biometric_gate *gate, int socket, int scores)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        if (posix_spawn_file_actions_init(&files) != 0)
                return false;
        if (posix_spawnattr_init(&attributes) != 0) {
                posix_spawn_file_actions_destroy(&files);
                return false;
        }
        bool spawned = set_files(&files, gate->log, socket, scores) && set_signals(&attributes) &&
                       spawn_with(gate, &files, &attributes);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return spawned;
}

/* A descriptor that is in the child's way is moved: it would be closed over. */
static int out_of_the_way(int fd)
{
        if (fd < 0 || fd > CHILD_SCORES)
                return fd;
        int moved = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_SCORES + 1);
        close(fd);
        return moved;
}

static mitome_status start_process(struct biometric_gate *gate, int socket, mitome_error *error)
{
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        int scores = out_of_the_way(ends[1]);
        bool spawned = scores >= 0 && spawn(gate, socket, scores);
        if (scores >= 0)
                close(scores);
        if (!spawned) {
                close(ends[0]);
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        }
        return score_lines_open(ends[0], &gate->scores, error);
}

static mitome_status start_matcher(struct biometric_gate *gate, mitome_error *error)
{
        int ends[2];
        if (access(gate->program, X_OK) != 0)
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        ends[1] = out_of_the_way(ends[1]);
        mitome_status status = start_process(gate, ends[1], error);
        if (ends[1] >= 0)
                close(ends[1]);
        if (failed(status)) {
                close(ends[0]);
                return status;
        }
        MITOME_TRY(matcher_gate_adopt(ends[0], &gate->matcher, error));
        gate->gate = matcher_gate(gate->matcher);
        return ok();
}

static void stop_matcher(struct biometric_gate *gate)
{
        matcher_gate_close(gate->matcher);
        gate->matcher = NULL;
        child_process_stop(gate->process);
        gate->process = 0;
        score_lines_close(gate->scores);
        gate->scores = NULL;
}

static mitome_status pair(struct biometric_gate *gate, mitome_error *error)
{
        const struct mitome_random random = random_system();
        uint8_t confirmation[SHA256_SIZE], expected[SHA256_SIZE];
        MITOME_TRY(p256_generate(&random, &gate->scalar, gate->own_point, error));
        MITOME_TRY(matcher_gate_point(gate->matcher, gate->matcher_point, error));
        MITOME_TRY(matcher_gate_pair(gate->matcher, SLICE(gate->own_point), confirmation, error));
        MITOME_TRY(pairing_derive(secret_view(&gate->scalar), SLICE(gate->matcher_point),
                SLICE(gate->own_point), SLICE(gate->matcher_point), &gate->key, error));
        pairing_confirmation(secret_view(&gate->key), PAIRING_MATCHER, SLICE(gate->own_point),
                SLICE(gate->matcher_point), expected);
        return secret_equal(SLICE(confirmation), SLICE(expected))
                       ? ok()
                       : fail(error, MITOME_E_TOKEN_MAC, "confirmation", NULL);
}

/* ---- one request ---- */

struct request {
        struct mitome_gate_request gate;
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE], entry[UNLOCK_ENTRY_SIZE];
        uint8_t finger_id[GATE_FINGER_ID_SIZE], digest[SHA256_SIZE];
        enum unlock_purpose purpose; /* that evidence must have */
        struct biometric_touch touch;
        struct biometric_record record;
        bool has_ended;
};

static void describe(struct request *request)
{
        uint8_t hash[SHA256_SIZE];
        const slice text = slice_text(rp_id), none = { 0 };
        const bool enrols = request->touch.step.kind == BIOMETRIC_ENROL;
        sha256(&text, 1, hash);
        unlock_digest(enrols ? 0x09 : 0x02, enrols ? none : SLICE(hash),
                enrols ? none : SLICE(client_data_hash), request->digest);
        request->purpose = enrols ? UNLOCK_ENROLLED : UNLOCK_VERIFIED;
        request->gate = (struct mitome_gate_request){
                .purpose = enrols ? MITOME_GATE_ENROL : MITOME_GATE_VERIFY,
                .command = enrols ? 0x09 : 0x02,
                .rp_id = enrols ? none : text,
                .client_data_hash = enrols ? none : SLICE(client_data_hash),
                .challenge = SLICE(request->challenge),
                .entry = SLICE(request->entry),
                .finger_id = enrols ? SLICE(request->finger_id) : none,
                .timeout_ms = PATIENCE_MS,
        };
}

static mitome_status begin(struct biometric_gate *gate, struct request *request, mitome_error *error)
{
        const struct mitome_random random = random_system();
        writer id = WRITER(request->finger_id);
        if (random.fill(random.context, request->challenge, sizeof request->challenge) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, "challenge", NULL);
        write_u32(&id, ++gate->ids);
        describe(request);
        unlock_entry_seal(&(struct unlock_entry){ .entered = ++gate->entries, .number = 1 }, request->purpose,
                SLICE(request->challenge), secret_view(&gate->key), request->entry);
        request->record.enrolled = gate->count;
        return gate->gate.start(gate->gate.context, &request->gate, error);
}

/* Believed is only what is sealed for this very request. */
static mitome_status check_evidence(const struct biometric_gate *gate, const struct request *request,
        const struct mitome_gate_event *event, mitome_error *error)
{
        struct unlock_token token = { 0 };
        MITOME_TRY(unlock_token_open(SLICE(event->evidence), secret_view(&gate->key), &token, error));
        return token.purpose == request->purpose && token.modality == UNLOCK_FINGER &&
                               slice_equal(SLICE(token.challenge), SLICE(request->challenge)) &&
                               slice_equal(SLICE(token.digest), SLICE(request->digest))
                       ? ok()
                       : fail(error, MITOME_E_TOKEN_FORM, "evidence", NULL);
}

/* Lays the next impression of the step, or, when there is none, ends it. */
static mitome_status lay(struct biometric_gate *gate, struct request *request, mitome_error *error)
{
        struct virtual_finger_image image = { 0 };
        bool there = false;
        MITOME_TRY(biometric_source_lay(gate->source, &request->touch, &image, &there, error));
        if (!there) {
                gate->gate.cancel(gate->gate.context);
                return ok();
        }
        request->touch.presentation++;
        request->record.laid++;
        mitome_error cause = { 0 };
        mitome_status status = virtual_finger_present(gate->sensor, &image, PRESENT_MS, &cause);
        /* An image that the sensor does not take is asked for again, or ends the attempt: the gate says so.
         */
        if (!failed(status) || cause.code == MITOME_E_GATE_IMAGE || cause.code == MITOME_E_GATE_SAME)
                return ok();
        return fail(error, cause.code, cause.field, cause.clause);
}

static void take_retry(struct biometric_record *record, enum mitome_gate_hint hint)
{
        if (hint == MITOME_GATE_HINT_SAME)
                record->same++;
        else if (hint == MITOME_GATE_HINT_KNOWN)
                record->known++;
        else
                record->unusable++;
}

static void end(struct request *request, enum biometric_outcome outcome)
{
        request->record.outcome = outcome;
        request->has_ended = true;
}

static mitome_status take_evidence(struct biometric_gate *gate, struct request *request,
        const struct mitome_gate_event *event, mitome_error *error)
{
        const bool enrols = request->touch.step.kind == BIOMETRIC_ENROL;
        MITOME_TRY(check_evidence(gate, request, event, error));
        end(request, enrols ? BIOMETRIC_ENROLLED : BIOMETRIC_MATCH);
        if (enrols)
                gate->enrolled[gate->count++] = request->touch.step.finger;
        return ok();
}

static mitome_status take_event(struct biometric_gate *gate, struct request *request,
        const struct mitome_gate_event *event, mitome_error *error)
{
        const bool enrols = request->touch.step.kind == BIOMETRIC_ENROL;
        switch (event->kind) {
        case MITOME_GATE_AWAITS:
                return lay(gate, request, error);
        case MITOME_GATE_RETRY:
                take_retry(&request->record, event->hint);
                return ok();
        case MITOME_GATE_EVIDENCE:
                return take_evidence(gate, request, event, error);
        case MITOME_GATE_NO_MATCH:
                request->record.same += event->hint == MITOME_GATE_HINT_SAME;
                end(request, event->hint == MITOME_GATE_HINT_SAME ? BIOMETRIC_REPLAY : BIOMETRIC_NO_MATCH);
                return ok();
        case MITOME_GATE_ABSENT:
                end(request, enrols ? BIOMETRIC_NOT_ENROLLED : BIOMETRIC_NOT_ACQUIRED);
                return ok();
        case MITOME_GATE_REFUSED:
                return fail(error, event->code ? event->code : MITOME_E_GATE_BROKEN, "the gate", NULL);
        case MITOME_GATE_BROKEN:
                return fail(error, MITOME_E_GATE_BROKEN, "the gate", NULL);
        default:
                return ok();
        }
}

static mitome_status follow(struct biometric_gate *gate, struct request *request, mitome_error *error)
{
        for (int waited = 0; !request->has_ended && waited < PATIENCE_MS;) {
                struct mitome_gate_event event = { 0 };
                MITOME_TRY(gate->gate.poll(gate->gate.context, STEP_MS, &event, error));
                if (event.kind == MITOME_GATE_NOTHING)
                        waited += STEP_MS;
                else
                        MITOME_TRY(take_event(gate, request, &event, error));
        }
        return request->has_ended ? ok() : fail(error, MITOME_E_GATE_BROKEN, "the gate", NULL);
}

/* ---- the scores ---- */

/* The matcher says them by the place of the template in the set. */
static mitome_status read_scores(
        struct biometric_gate *gate, struct biometric_record *record, mitome_error *error)
{
        struct score_line lines[BIOMETRIC_SET_MAX];
        size_t count = 0;
        if (!gate->wants_scores)
                return ok();
        if (record->outcome != BIOMETRIC_MATCH && record->outcome != BIOMETRIC_NO_MATCH)
                return score_lines_drop(gate->scores, error);
        MITOME_TRY(score_lines_attempt(gate->scores, lines, BIOMETRIC_SET_MAX, &count, error));
        if (count == 0)
                return fail(error, MITOME_E_MEASURE_SCORES, "the matcher", NULL);
        for (size_t i = 0; i < count; i++) {
                if (lines[i].place >= gate->count)
                        return fail(error, MITOME_E_MEASURE_SCORES, "the matcher", NULL);
                record->scores[i] =
                        (struct biometric_score){ gate->enrolled[lines[i].place], lines[i].score };
        }
        record->score_count = count;
        return ok();
}

/* ---- steps ---- */

static mitome_status try_step(struct biometric_gate *gate, struct request *request, mitome_error *error)
{
        MITOME_TRY(begin(gate, request, error));
        return follow(gate, request, error);
}

static bool is_breakdown(mitome_code code)
{
        return code == MITOME_E_GATE_BROKEN || code == MITOME_E_GATE_IDLE || code == MITOME_E_SOCKET;
}

mitome_status biometric_gate_step(struct biometric_gate *gate, unsigned set, size_t index,
        const struct biometric_step *step, struct biometric_record *ret, mitome_error *error)
{
        for (unsigned broken = 0;; broken++) {
                mitome_error cause = { 0 };
                struct request request = {
                        .touch = { .set = set, .index = index, .step = *step, .round = broken },
                        .record = { .set = set, .step = index, .kind = step->kind, .finger = step->finger },
                };
                mitome_status status = try_step(gate, &request, &cause);
                if (!failed(status)) {
                        if (step->kind != BIOMETRIC_ENROL)
                                MITOME_TRY(read_scores(gate, &request.record, error));
                        *ret = request.record;
                        return ok();
                }
                if (!is_breakdown(cause.code) || broken == SENSORS_MAX)
                        return fail(error, cause.code, cause.field, cause.clause);
                MITOME_TRY(biometric_gate_renew(gate, error));
        }
}

/* ---- its life ---- */

static bool make_paths(struct biometric_gate *gate, const struct biometric_gate_config *config)
{
        const struct {
                char *path;
                const char *name;
        } paths[] = { { gate->state, "state" }, { gate->sensor, "finger" }, { gate->log, "log" } };
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
                int length = snprintf(paths[i].path, PATH_SIZE, "%s/%s", config->folder, paths[i].name);
                if (length < 0 || length >= PATH_SIZE)
                        return false;
        }
        int length = snprintf(gate->program, PATH_SIZE, "%s", config->program);
        return length >= 0 && length < PATH_SIZE;
}

static mitome_status open_gate(
        struct biometric_gate *gate, const struct biometric_gate_config *config, mitome_error *error)
{
        if (!make_paths(gate, config))
                return fail(error, MITOME_E_TOO_LONG, "the measurement's folder", NULL);
        gate->source = config->source;
        gate->wants_scores = config->scores;
        MITOME_TRY(start_matcher(gate, error));
        return pair(gate, error);
}

mitome_status biometric_gate_open(
        const struct biometric_gate_config *config, struct biometric_gate **ret, mitome_error *error)
{
        struct biometric_gate *gate = calloc(1, sizeof *gate);
        if (!gate)
                return fail(error, MITOME_E_NO_MEMORY, "matcher", NULL);
        mitome_status status = open_gate(gate, config, error);
        if (failed(status))
                biometric_gate_close(gate);
        else
                *ret = gate;
        return status;
}

mitome_status biometric_gate_renew(struct biometric_gate *gate, mitome_error *error)
{
        stop_matcher(gate);
        return start_matcher(gate, error);
}

void biometric_gate_close(struct biometric_gate *gate)
{
        if (!gate)
                return;
        stop_matcher(gate);
        bytes_wipe(gate, sizeof *gate);
        free(gate);
}
