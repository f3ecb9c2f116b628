/* SPDX-License-Identifier: Apache-2.0 */

/* Attacks on the helper process that reads fingers, and on what is around it: the real mitome-matcher with
 * the virtual sensor and fingers that were grown here. The core is a process of its own (this program once
 * more, by `--core`), so that its memory can be searched for what it must never have. */

#include "grow_finger.h"
#include "matcher_gate.h"
#include "matcher_state.h"
#include "p256.h"
#include "random_system.h"
#include "storage_file.h"
#include "virtual_finger.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
        STAGES = 5,
        STEP_MS = 200,
        SETTLED_MS = 300,
        SEARCHED_MAX = 200 << 20,
        PATIENCE_MS = 20000,
        NOBODY = 65534
};

static const char rp_id[] = "portal.example.jp";
static const uint8_t client_data_hash[SHA256_SIZE] = { 0xC1, 0x1E };

/* ---- the core's process ----
 *
 * It does what it is told on its standard input, a struct order a time, and says on its standard output what
 * came of it. It never sees an image, and no key of the element's. */

enum order_kind { ORDER_POINT, ORDER_PAIR, ORDER_REQUEST, ORDER_POLL, ORDER_STATUS, ORDER_PROCESS };

struct order {
        enum order_kind kind;
        enum mitome_gate_purpose purpose;
        uint8_t point[PAIRING_POINT_SIZE];
        uint8_t challenge[UNLOCK_CHALLENGE_SIZE];
        uint8_t entry[UNLOCK_ENTRY_SIZE];
        uint8_t finger_id[GATE_FINGER_ID_SIZE];
};

struct answer {
        mitome_code code;
        uint8_t point[PAIRING_POINT_SIZE];
        uint8_t confirmation[SHA256_SIZE];
        struct mitome_gate_event event;
        struct matcher_status status;
        pid_t process;
        struct matcher_health health;
        char last_end[128];
};

static struct mitome_gate_request request_of(const struct order *order)
{
        struct mitome_gate_request request = {
                .purpose = order->purpose,
                .command = order->purpose == MITOME_GATE_VERIFY ? 0x02 : 0x09,
                .challenge = SLICE(order->challenge),
                .entry = SLICE(order->entry),
                .timeout_ms = PATIENCE_MS,
        };
        if (order->purpose == MITOME_GATE_ENROL)
                request.finger_id = SLICE(order->finger_id);
        if (order->purpose == MITOME_GATE_VERIFY) {
                request.rp_id = slice_text(rp_id);
                request.client_data_hash = SLICE(client_data_hash);
        }
        return request;
}

static void obey(struct matcher_gate *matcher, const struct order *order, struct answer *answer)
{
        const struct mitome_gate gate = matcher_gate(matcher);
        const struct mitome_gate_request request = request_of(order);
        if (order->kind == ORDER_POINT)
                answer->code = matcher_gate_point(matcher, answer->point, NULL).code;
        else if (order->kind == ORDER_PAIR)
                answer->code =
                        matcher_gate_pair(matcher, SLICE(order->point), answer->confirmation, NULL).code;
        else if (order->kind == ORDER_REQUEST)
                answer->code = gate.start(gate.context, &request, NULL).code;
        else if (order->kind == ORDER_POLL)
                answer->code = gate.poll(gate.context, STEP_MS, &answer->event, NULL).code;
        else if (order->kind == ORDER_STATUS)
                answer->code = matcher_gate_status(matcher, &answer->status, NULL).code;
        answer->process = matcher_gate_process(matcher);
        answer->health = matcher_gate_health(matcher);
        if (answer->health.last_end)
                snprintf(answer->last_end, sizeof answer->last_end, "%s", answer->health.last_end);
}

static void tell(void *context, const char *what)
{
        (void)context;
        fprintf(stderr, "core: %s\n", what);
}

/* --core STATE ENVIRONMENT SENSOR RECYCLE */
static int be_the_core(char **words)
{
        const char *const environment[] = { words[3], "ASAN_OPTIONS=detect_leaks=0", NULL };
        const struct matcher_gate_config config = {
                .program = getenv("MITOME_MATCHER"),
                .state = words[2],
                .environment = environment,
                .sensor = words[4][0] ? words[4] : NULL,
                .verbose = true,
                .recycle_requests = (unsigned)strtoul(words[5], NULL, 10),
                .tell = tell,
        };
        struct matcher_gate *matcher = NULL;
        struct order order;
        struct answer first = { .code = matcher_gate_start(&config, &matcher, NULL).code };
        if (write(STDOUT_FILENO, &first, sizeof first) != (ssize_t)sizeof first || !matcher)
                return 1;
        while (read(STDIN_FILENO, &order, sizeof order) == (ssize_t)sizeof order) {
                struct answer answer = { .code = MITOME_OK };
                obey(matcher, &order, &answer);
                if (write(STDOUT_FILENO, &answer, sizeof answer) != (ssize_t)sizeof answer)
                        break;
        }
        matcher_gate_close(matcher);
        return 0;
}

/* ---- the rig: the element, the finger, and whoever attacks ---- */

struct rig {
        char folder[64], state[96], sensor[96], variable[128], log[96], self[256];
        char kind[160], recycle[16]; /* of --sensor; of the core */
        pid_t core;
        int to_core, from_core;
        struct secret element_scalar, key;
        uint8_t element_point[PAIRING_POINT_SIZE], matcher_point[PAIRING_POINT_SIZE];
        struct finger finger[2];
        uint64_t touches;
        uint32_t challenges;
        uint32_t entries; /* how often the PIN was entered */
        struct order order;
        uint8_t images[STAGES + 1][FINGER_SIZE]; /* the first that were laid */
        size_t image_count;
};

static void run_core(struct rig *rig, int in, int out)
{
        int log = open(rig->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        const struct rlimit cores = { RLIM_INFINITY, RLIM_INFINITY };
        (void)setrlimit(RLIMIT_CORE, &cores); /* to have one to search */
        if (log < 0 || chdir(rig->folder) != 0 || dup2(in, STDIN_FILENO) < 0 ||
                dup2(out, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
                _exit(127);
        execl(rig->self, rig->self, "--core", rig->state, rig->variable, rig->kind, rig->recycle,
                (char *)NULL);
        _exit(127);
}

static void hear(struct rig *rig, struct answer *ret)
{
        size_t have = 0;
        while (have < sizeof *ret) {
                ssize_t count = read(rig->from_core, (char *)ret + have, sizeof *ret - have);
                assert_true(count > 0);
                have += (size_t)count;
        }
}

static void start_core(struct rig *rig)
{
        int in[2], out[2];
        struct answer first;
        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        rig->core = fork();
        if (rig->core == 0)
                run_core(rig, in[0], out[1]);
        assert_true(rig->core > 0);
        close(in[0]);
        close(out[1]);
        rig->to_core = in[1];
        rig->from_core = out[0];
        hear(rig, &first);
        assert_int_equal(first.code, MITOME_OK);
}

static void stop_core(struct rig *rig)
{
        if (!rig->core)
                return;
        close(rig->to_core);
        close(rig->from_core);
        waitpid(rig->core, NULL, 0);
        rig->core = 0;
}

static struct answer ask(struct rig *rig, enum order_kind kind)
{
        struct answer answer;
        rig->order.kind = kind;
        assert_int_equal(write(rig->to_core, &rig->order, sizeof rig->order), sizeof rig->order);
        hear(rig, &answer);
        return answer;
}

static void pair(struct rig *rig)
{
        const struct mitome_random random = random_system();
        assert_int_equal(
                p256_generate(&random, &rig->element_scalar, rig->element_point, NULL).code, MITOME_OK);
        struct answer answer = ask(rig, ORDER_POINT);
        memcpy(rig->matcher_point, answer.point, sizeof answer.point);
        memcpy(rig->order.point, rig->element_point, sizeof rig->element_point);
        assert_int_equal(ask(rig, ORDER_PAIR).code, MITOME_OK);
        assert_int_equal(pairing_derive(secret_view(&rig->element_scalar), SLICE(rig->matcher_point),
                                 SLICE(rig->element_point), SLICE(rig->matcher_point), &rig->key, NULL)
                                 .code,
                MITOME_OK);
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        if (!rig || readlink("/proc/self/exe", rig->self, sizeof rig->self - 1) <= 0)
                return -1;
        strcpy(rig->folder, "/tmp/mitome-helper-XXXXXX");
        if (!mkdtemp(rig->folder))
                return -1;
        snprintf(rig->state, sizeof rig->state, "%s/state", rig->folder);
        snprintf(rig->sensor, sizeof rig->sensor, "%s/image", rig->folder);
        snprintf(rig->variable, sizeof rig->variable, "FP_VIRTUAL_IMAGE=%s", rig->sensor);
        snprintf(rig->log, sizeof rig->log, "%s/log", rig->folder);
        snprintf(rig->recycle, sizeof rig->recycle, "0");
        for (unsigned i = 0; i < 2; i++)
                if (failed(finger_grow(100 + i, &rig->finger[i], NULL)))
                        return -1;
        rig->touches = 7000;
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        char command[128];
        if (!rig)
                return 0;
        stop_core(rig);
        snprintf(command, sizeof command, "rm -rf '%s'", rig->folder);
        int removed = system(command);
        free(rig);
        return removed;
}

/* ---- steps ---- */

/* The element's part: a new challenge, and its word on its PIN. */
static mitome_code start(struct rig *rig, enum mitome_gate_purpose purpose)
{
        const struct mitome_random random = random_system();
        assert_int_equal(random.fill(random.context, rig->order.challenge, sizeof rig->order.challenge), 0);
        rig->order.purpose = purpose;
        rig->order.finger_id[0]++;
        unlock_entry_seal(&(struct unlock_entry){ .entered = rig->entries, .number = ++rig->challenges },
                purpose == MITOME_GATE_ENROL ? UNLOCK_ENROLLED : UNLOCK_VERIFIED, SLICE(rig->order.challenge),
                secret_view(&rig->key), rig->order.entry);
        return ask(rig, ORDER_REQUEST).code;
}

static void enter_pin(struct rig *rig)
{
        rig->entries++;
}

static struct mitome_gate_event happening(struct rig *rig)
{
        struct answer answer = { 0 };
        for (int waited = 0; waited < 2 * PATIENCE_MS; waited += STEP_MS) {
                answer = ask(rig, ORDER_POLL);
                assert_int_equal(answer.code, MITOME_OK);
                if (answer.event.kind != MITOME_GATE_NOTHING)
                        break;
        }
        return answer.event;
}

static struct mitome_gate_event expect(struct rig *rig, enum mitome_gate_event_kind kind)
{
        struct mitome_gate_event event = happening(rig);
        assert_int_equal(event.kind, kind);
        return event;
}

/* No two touches are the same one. */
static mitome_code lay(struct rig *rig, unsigned finger)
{
        static uint8_t image[FINGER_SIZE];
        struct finger_touch touch = finger_usual_touch(rig->touches++);
        const struct virtual_finger_image virtual = {
                .width = FINGER_WIDTH, .height = FINGER_HEIGHT, .grey = SLICE(image)
        };
        finger_press(&rig->finger[finger], &touch, image);
        if (rig->image_count < sizeof rig->images / sizeof *rig->images)
                memcpy(rig->images[rig->image_count++], image, sizeof image);
        return virtual_finger_present(rig->sensor, &virtual, 15000, NULL).code;
}

/* Samples that the matcher does not like are laid again. */
static void enrol(struct rig *rig, unsigned finger)
{
        enter_pin(rig);
        assert_int_equal(start(rig, MITOME_GATE_ENROL), MITOME_OK);
        struct mitome_gate_event event = { 0 };
        for (int i = 0; i < 8 * STAGES && event.kind != MITOME_GATE_EVIDENCE; i++) {
                event = happening(rig);
                if (event.kind == MITOME_GATE_AWAITS)
                        assert_int_equal(lay(rig, finger), MITOME_OK);
                else
                        assert_true(event.kind == MITOME_GATE_SAMPLE || event.kind == MITOME_GATE_RETRY ||
                                    event.kind == MITOME_GATE_EVIDENCE);
        }
        assert_int_equal(event.kind, MITOME_GATE_EVIDENCE);
}

static bool opens(struct rig *rig, const struct mitome_gate_event *event)
{
        struct unlock_token token;
        if (event->kind != MITOME_GATE_EVIDENCE ||
                failed(unlock_token_open(SLICE(event->evidence), secret_view(&rig->key), &token, NULL)))
                return false;
        assert_int_equal(token.purpose, UNLOCK_VERIFIED);
        assert_memory_equal(token.challenge, rig->order.challenge, sizeof token.challenge);
        return true;
}

/* A finger of the set, until it was readable. */
static struct mitome_gate_event verify(struct rig *rig, unsigned finger)
{
        assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
        struct mitome_gate_event event = happening(rig);
        for (int i = 0; i < 20 && !MITOME_GATE_IS_FINAL(event.kind); i++) {
                if (event.kind == MITOME_GATE_AWAITS)
                        assert_int_equal(lay(rig, finger), MITOME_OK);
                event = happening(rig);
        }
        return event;
}

static void expect_the_finger_to_open(struct rig *rig)
{
        struct mitome_gate_event event = verify(rig, 0);
        for (int i = 0; i < 3 && event.kind == MITOME_GATE_NO_MATCH; i++) /* a bad touch may miss */
                event = verify(rig, 0);
        assert_true(opens(rig, &event));
}

static int set_up_with_a_finger(void **state)
{
        if (set_up(state) != 0)
                return -1;
        struct rig *rig = *state;
        start_core(rig);
        pair(rig);
        enrol(rig, 0);
        return 0;
}

static void pause_ms(long ms)
{
        nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* ---- the process ---- */

/* The number behind `name` in /proc/PID/status; -1: there is none. */
static long status_number(const char *path, const char *name, int base)
{
        char line[256];
        long number = -1;
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file))
                if (strncmp(line, name, strlen(name)) == 0)
                        number = strtol(line + strlen(name), NULL, base);
        fclose(file);
        return number;
}

static void expect_sealed_threads(pid_t process)
{
        char folder[64], path[400];
        snprintf(folder, sizeof folder, "/proc/%ld/task", (long)process);
        DIR *tasks = opendir(folder);
        assert_non_null(tasks);
        int threads = 0;
        for (const struct dirent *task; (task = readdir(tasks));) {
                if (!isdigit((unsigned char)task->d_name[0]))
                        continue;
                snprintf(path, sizeof path, "%s/%s/status", folder, task->d_name);
                assert_int_equal(status_number(path, "Seccomp:", 10), 2); /* filtered */
                assert_int_equal(status_number(path, "NoNewPrivs:", 10), 1);
                threads++;
        }
        closedir(tasks);
        assert_true(threads > 0);
}

static void the_helper_is_sealed_with_every_thread(void **state)
{
        struct rig *rig = *state;
        char path[64];
        pid_t process = ask(rig, ORDER_STATUS).process;
        expect_sealed_threads(process);
        expect_the_finger_to_open(rig); /* libfprint's own threads have come */
        expect_sealed_threads(process);
        snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
        assert_int_equal(status_number(path, "Umask:", 8), 077);
        assert_int_equal(status_number(path, "CoreDumping:", 10), 0);
        struct rlimit limit;
        assert_int_equal(prlimit(process, RLIMIT_CORE, NULL, &limit), 0);
        assert_int_equal(limit.rlim_max, 0);
        assert_int_equal(prlimit(process, RLIMIT_NOFILE, NULL, &limit), 0);
        assert_true(limit.rlim_cur <= 64);
        assert_int_equal(prlimit(process, RLIMIT_CPU, NULL, &limit), 0);
        assert_true(limit.rlim_cur <= 600);
}

/* ---- attack: somebody has got into the helper ---- */

/* What a helper with an intruder in it died of at its first request, NULL if it lives; *ret_log is what the
 * intruder said. */
static const char *intrude(struct rig *rig, const char *probe, char log[512])
{
        static char end[128];
        char preload[300], variable[32], state[128];
        const char *const environment[] = { preload, variable,
                "ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0", NULL };
        snprintf(preload, sizeof preload, "LD_PRELOAD=%s", getenv("MITOME_HELPER_PROBE"));
        snprintf(variable, sizeof variable, "PROBE=%s", probe);
        snprintf(state, sizeof state, "%s/intruded", rig->folder);
        const struct matcher_gate_config config = { .program = getenv("MITOME_MATCHER"),
                .state = state,
                .sensor = "scripted",
                .environment = environment };
        struct matcher_process *process = NULL;
        int fd = -1, terminal = dup(STDERR_FILENO), file = open(rig->log, O_RDWR | O_CREAT | O_TRUNC, 0600);
        uint8_t buffer[GATE_MESSAGE_MAX];
        slice message = { 0 };
        writer w = WRITER(buffer);
        gate_request_write(&w, &(struct gate_request){ .kind = GATE_REQUEST_STATUS });
        assert_int_equal(writer_finish(&w, "request", &message, NULL).code, MITOME_OK);
        assert_int_equal(matcher_process_new(&config, &process, NULL).code, MITOME_OK);
        assert_true(terminal >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
        mitome_status started = matcher_process_start(process, &fd, NULL);
        assert_true(dup2(terminal, STDERR_FILENO) >= 0);
        assert_int_equal(started.code, MITOME_OK);
        assert_int_equal(send(fd, message.data, message.size, 0), message.size);
        bool answered = recv(fd, buffer, sizeof buffer, 0) > 0;
        close(fd);
        matcher_process_leave(process);
        snprintf(end, sizeof end, "%s", matcher_process_end_text(process));
        matcher_process_free(process);
        ssize_t size = pread(file, log, 511, 0);
        log[size < 0 ? 0 : size] = '\0';
        close(file);
        close(terminal);
        return answered ? NULL : end;
}

static void network_exec_and_ptrace_are_refused_in_the_real_helper(void **state)
{
        static const char forbidden[] =
                "tried something that is forbidden to it, and was ended by the kernel";
        struct rig *rig = *state;
        char log[512], expected[64];
        if (!getenv("MITOME_HELPER_PROBE"))
                skip();
        assert_null(intrude(rig, "nothing", log)); /* the probe itself harms nothing */
        assert_null(strstr(log, "probe"));
        assert_null(intrude(rig, "network", log));
        snprintf(expected, sizeof expected, "probe: network %d\n", EACCES);
        assert_non_null(strstr(log, expected));
        assert_null(intrude(rig, "child", log));
        snprintf(expected, sizeof expected, "probe: child %d\n", EPERM);
        assert_non_null(strstr(log, expected));
        const char *end = intrude(rig, "exec", log);
        assert_non_null(end);
        assert_string_equal(end, forbidden);
        assert_null(strstr(log, "probe"));
        end = intrude(rig, "ptrace", log);
        assert_non_null(end);
        assert_string_equal(end, forbidden);
        assert_null(strstr(log, "probe"));
}

/* ---- attack: the helper is killed ---- */

/* Whether the token got out or not: there is none that opens another challenge, none is given twice, and the
 * next finger opens. */
static void the_helper_is_killed_between_match_and_token(void **state)
{
        struct rig *rig = *state;
        static const long moments[] = { 0, 5, 15, 30, 60, 120 };
        struct matcher_status before = ask(rig, ORDER_STATUS).status;
        for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
                assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
                expect(rig, MITOME_GATE_AWAITS);
                pid_t process = ask(rig, ORDER_PROCESS).process;
                assert_int_equal(lay(rig, 0), MITOME_OK);
                pause_ms(moments[i]);
                assert_int_equal(kill(process, SIGKILL), 0);
                struct mitome_gate_event event = happening(rig);
                while (!MITOME_GATE_IS_FINAL(event.kind))
                        event = happening(rig);
                if (event.kind == MITOME_GATE_EVIDENCE)
                        assert_true(opens(rig, &event));
                else
                        assert_true(event.kind == MITOME_GATE_BROKEN || event.kind == MITOME_GATE_NO_MATCH);
                struct answer after = ask(rig, ORDER_POLL);
                assert_int_equal(after.code, MITOME_OK);
                assert_int_equal(after.event.kind, MITOME_GATE_NOTHING); /* nothing follows */
                enter_pin(rig);
                expect_the_finger_to_open(rig);
        }
        struct matcher_status after = ask(rig, ORDER_STATUS).status;
        assert_true(after.paired);
        assert_int_equal(after.fingers, before.fingers);
        assert_memory_equal(after.set, before.set, sizeof after.set);
}

/* Stopped after the image came, so that no answer can have gone: certainly between the two. */
static void the_helper_is_stopped_with_the_image_and_killed(void **state)
{
        struct rig *rig = *state;
        assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
        pid_t process = ask(rig, ORDER_PROCESS).process;
        assert_int_equal(kill(process, SIGSTOP), 0);
        pid_t hand = fork();
        if (hand == 0)
                _exit(lay(rig, 0) == MITOME_OK);
        pause_ms(100);
        assert_int_equal(kill(process, SIGKILL), 0);
        assert_int_equal(waitpid(hand, NULL, 0), hand);
        rig->touches++;
        expect(rig, MITOME_GATE_BROKEN);
        struct answer answer = ask(rig, ORDER_STATUS);
        assert_int_equal(answer.code, MITOME_OK);
        assert_int_not_equal(answer.process, process);
        assert_string_equal(answer.last_end, "was ended by signal 9 (Killed)");
        expect_the_finger_to_open(rig);
}

/* Five fingers that are none of the set, the helper killed after each: the sixth is not even read. */
static void a_6th_try_by_restart(void **state)
{
        struct rig *rig = *state;
        for (int i = 0; i < 5; i++) {
                struct mitome_gate_event event = verify(rig, 1);
                assert_int_equal(event.kind, MITOME_GATE_NO_MATCH);
                if (i % 2)
                        assert_int_equal(kill(ask(rig, ORDER_PROCESS).process, SIGKILL), 0);
                else {
                        stop_core(rig);
                        start_core(rig);
                }
        }
        assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
        struct mitome_gate_event event = expect(rig, MITOME_GATE_REFUSED);
        assert_int_equal(event.code, MITOME_E_GATE_WAIT);
        assert_true(event.has_evidence); /* nothing was presented: the element gives its try back */
        enter_pin(rig);
        expect_the_finger_to_open(rig);
}

/* Killed while a finger that is none is compared: that one counts, too. */
static void a_miss_is_not_undone_by_a_kill(void **state)
{
        struct rig *rig = *state;
        for (int i = 0; i < 5; i++) {
                assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
                expect(rig, MITOME_GATE_AWAITS);
                pid_t process = ask(rig, ORDER_PROCESS).process;
                assert_int_equal(lay(rig, 1), MITOME_OK);
                assert_int_equal(kill(process, SIGKILL), 0);
                struct mitome_gate_event event = happening(rig);
                while (!MITOME_GATE_IS_FINAL(event.kind))
                        event = happening(rig);
                assert_true(event.kind == MITOME_GATE_BROKEN || event.kind == MITOME_GATE_NO_MATCH);
                stop_core(rig); /* no rests between deaths for this one */
                start_core(rig);
        }
        assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
        assert_int_equal(expect(rig, MITOME_GATE_REFUSED).code, MITOME_E_GATE_WAIT);
}

/* ---- replaced without anybody noticing ---- */

static void a_recycled_helper_is_not_noticed(void **state)
{
        if (set_up(state) != 0)
                fail();
        struct rig *rig = *state;
        snprintf(rig->recycle, sizeof rig->recycle, "2");
        start_core(rig);
        pair(rig);
        enrol(rig, 0);
        struct answer before = ask(rig, ORDER_STATUS);
        for (int i = 0; i < 5; i++)
                expect_the_finger_to_open(rig);
        struct answer after = ask(rig, ORDER_STATUS);
        assert_int_not_equal(before.process, after.process);
        assert_true(after.health.recycled >= 2);
        assert_int_equal(after.health.deaths, 0);
        assert_true(after.status.paired);
        assert_int_equal(after.status.fingers, before.status.fingers);
        assert_memory_equal(after.status.set, before.status.set, sizeof after.status.set);
}

/* ---- attack: another user of this machine ---- */

static int connect_to(const char *path, int type)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
                return fd;
        if (fd >= 0)
                close(fd);
        return -1;
}

/* Runs `trial` as another user; true when it says 0. */
static bool as_nobody(int (*trial)(struct rig *), struct rig *rig)
{
        int status;
        pid_t child = fork();
        if (child == 0) {
                if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
                        _exit(99);
                _exit(trial(rig));
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_not_equal(WEXITSTATUS(status), 99);
        return WEXITSTATUS(status) == 0;
}

static int reach_the_sensor(struct rig *rig)
{
        return connect_to(rig->sensor, SOCK_STREAM) >= 0 ? 0 : 1;
}

static int inject_an_image(struct rig *rig)
{
        return lay(rig, 0) == MITOME_OK ? 0 : 1;
}

static int read_the_state(struct rig *rig)
{
        char path[160];
        snprintf(path, sizeof path, "%s/state", rig->state);
        return open(path, O_RDONLY | O_CLOEXEC) >= 0 || opendir(rig->state) ? 0 : 1;
}

/* False: there is no such file. */
static bool expect_owner_only(const char *path)
{
        struct stat status;
        if (lstat(path, &status) != 0) {
                assert_int_equal(errno, ENOENT);
                return false;
        }
        assert_int_equal(status.st_uid, geteuid());
        if (status.st_mode & 077)
                fprintf(stderr, "%s has mode %o\n", path, (unsigned)status.st_mode);
        assert_int_equal(status.st_mode & 077, 0);
        return true;
}

/* Every socket, file and folder of the helper is its user's alone, also where the folder around it is not. */
static void sockets_and_files_are_their_owners_alone(void **state)
{
        struct rig *rig = *state;
        char path[400];
        bool state_is_there = false;
        assert_true(expect_owner_only(rig->state));
        assert_true(expect_owner_only(rig->sensor));
        DIR *folder = opendir(rig->state);
        assert_non_null(folder);
        for (const struct dirent *entry; (entry = readdir(folder));) {
                snprintf(path, sizeof path, "%s/%s", rig->state, entry->d_name);
                /* A file that is being replaced has another name a moment later. */
                if (strcmp(entry->d_name, "..") != 0 && expect_owner_only(path) &&
                        strcmp(entry->d_name, "state") == 0)
                        state_is_there = true;
        }
        closedir(folder);
        assert_true(state_is_there);
}

static void an_image_is_injected_by_another_local_user(void **state)
{
        struct rig *rig = *state;
        if (geteuid() != 0) {
                fputs("skipped: only root can be another user\n", stderr);
                skip();
        }
        assert_int_equal(chmod(rig->folder, 0755), 0);
        assert_false(as_nobody(read_the_state, rig));
        assert_int_equal(start(rig, MITOME_GATE_VERIFY), MITOME_OK);
        expect(rig, MITOME_GATE_AWAITS);
        assert_false(as_nobody(reach_the_sensor, rig)); /* its mode */

        assert_int_equal(chmod(rig->sensor, 0777), 0);
        assert_true(as_nobody(reach_the_sensor, rig)); /* whoever has opened it to all .. */
        assert_false(as_nobody(inject_an_image, rig)); /* .. finds that the helper asks who it is */
        rig->touches++;
        struct answer answer = ask(rig, ORDER_POLL);
        assert_int_equal(answer.event.kind, MITOME_GATE_NOTHING); /* and nobody noticed */
        assert_int_equal(lay(rig, 0), MITOME_OK);                 /* the user's own finger does */
        struct mitome_gate_event event = happening(rig);
        while (!MITOME_GATE_IS_FINAL(event.kind)) {
                if (event.kind == MITOME_GATE_AWAITS)
                        lay(rig, 0);
                event = happening(rig);
        }
        assert_true(event.kind == MITOME_GATE_EVIDENCE || event.kind == MITOME_GATE_NO_MATCH);
        assert_int_equal(chmod(rig->folder, 0700), 0);
}

/* A matcher that listens answers its own user only. */
static int ask_a_listening_matcher(struct rig *rig)
{
        char path[128];
        struct matcher_gate *gate = NULL;
        snprintf(path, sizeof path, "%s/listening", rig->folder);
        mitome_status status = matcher_gate_connect(path, &gate, NULL);
        matcher_gate_close(gate);
        return status.code == MITOME_OK ? 0 : 1;
}

static void a_listening_helper_is_asked_by_another_local_user(void **state)
{
        struct rig *rig = *state;
        char path[128];
        if (geteuid() != 0) {
                fputs("skipped: only root can be another user\n", stderr);
                skip();
        }
        stop_core(rig);
        snprintf(path, sizeof path, "%s/listening", rig->folder);
        pid_t process = fork();
        if (process == 0) {
                const char *program = getenv("MITOME_MATCHER");
                execl(program, program, "--state", rig->state, "--socket", path, (char *)NULL);
                _exit(127);
        }
        for (int i = 0; i < 500 && access(path, F_OK) != 0; i++)
                pause_ms(20);
        assert_true(expect_owner_only(path));
        assert_int_equal(chmod(rig->folder, 0755), 0);
        assert_int_equal(chmod(path, 0777), 0);
        assert_false(as_nobody(ask_a_listening_matcher, rig));
        assert_int_equal(ask_a_listening_matcher(rig), 0); /* it has noticed nothing */
        assert_int_equal(kill(process, SIGTERM), 0);
        assert_int_equal(waitpid(process, NULL, 0), process);
}

/* ---- what may be found where ----
 *
 * What is searched for: pieces of the images, of what is kept of the finger, and the keys. */

enum { NEEDLE = 20, NEEDLES_MAX = 4096 };
static const unsigned long long SHADOW = 1ULL << 30; /* larger is only what an address sanitizer maps */

struct needle {
        const char *what;
        uint8_t bytes[NEEDLE];
};

struct hay {
        struct needle needles[NEEDLES_MAX];
        size_t count;
        uint8_t first[1 << 13]; /* a bit for each pair of bytes that a needle begins with */
};

/* Pieces that could be anything are none: zeros, a ramp, white paper. */
static bool is_telling(const uint8_t *bytes)
{
        bool seen[256] = { false };
        unsigned different = 0;
        for (size_t i = 0; i < NEEDLE; i++) {
                different += !seen[bytes[i]];
                seen[bytes[i]] = true;
        }
        return different >= 12;
}

static void add_needle(struct hay *hay, const char *what, const uint8_t *bytes)
{
        if (hay->count == NEEDLES_MAX || !is_telling(bytes))
                return;
        struct needle *needle = &hay->needles[hay->count++];
        needle->what = what;
        memcpy(needle->bytes, bytes, NEEDLE);
        unsigned pair = (unsigned)bytes[0] << 8 | bytes[1];
        hay->first[pair >> 3] |= (uint8_t)(1U << (pair & 7));
}

static void add_pieces(struct hay *hay, const char *what, const uint8_t *bytes, size_t size, size_t step)
{
        for (size_t at = 0; at + NEEDLE <= size; at += step)
                add_needle(hay, what, bytes + at);
}

/* What is found in `bytes`, or NULL. */
static const char *search(const struct hay *hay, const uint8_t *bytes, size_t size)
{
        for (size_t at = 0; at + NEEDLE <= size; at++) {
                unsigned pair = (unsigned)bytes[at] << 8 | bytes[at + 1];
                if (!(hay->first[pair >> 3] >> (pair & 7) & 1))
                        continue;
                for (size_t i = 0; i < hay->count; i++) {
                        const uint8_t *needle = hay->needles[i].bytes;
                        if (needle[0] == bytes[at] && needle[1] == bytes[at + 1] &&
                                memcmp(needle, bytes + at, NEEDLE) == 0)
                                return hay->needles[i].what;
                }
        }
        return NULL;
}

/* Also as hexadecimal digits, in which a log would have them. */
static const char *search_text(const struct hay *hay, uint8_t *text, size_t size)
{
        static const char digits[] = "0123456789abcdef";
        static uint8_t bytes[1 << 22];
        const char *found = search(hay, text, size);
        for (size_t shift = 0; shift < 2 && !found; shift++) {
                size_t count = 0;
                for (size_t at = shift; at + 1 < size && count < sizeof bytes; at += 2) {
                        const char *high = strchr(digits, tolower(text[at])),
                                   *low = strchr(digits, tolower(text[at + 1]));
                        bytes[count++] =
                                high && low ? (uint8_t)((high - digits) << 4 | (low - digits)) : (uint8_t)0;
                }
                found = search(hay, bytes, count);
        }
        return found;
}

static uint8_t *read_whole(const char *path, size_t *ret_size)
{
        struct stat status;
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fstat(fileno(file), &status), 0);
        uint8_t *bytes = malloc((size_t)status.st_size + 1);
        assert_non_null(bytes);
        *ret_size = fread(bytes, 1, (size_t)status.st_size, file);
        fclose(file);
        return bytes;
}

/* All that can be read of a process's memory, into a file: a core dump without the process's help. */
static bool dump_memory(pid_t process, const char *path)
{
        char maps_path[64], mem_path[64], line[512];
        snprintf(maps_path, sizeof maps_path, "/proc/%ld/maps", (long)process);
        snprintf(mem_path, sizeof mem_path, "/proc/%ld/mem", (long)process);
        FILE *maps = fopen(maps_path, "r"), *out = fopen(path, "wb");
        int memory = open(mem_path, O_RDONLY | O_CLOEXEC);
        static uint8_t page[1 << 16];
        size_t all = 0;
        while (maps && out && memory >= 0 && fgets(line, sizeof line, maps)) {
                unsigned long long from, to;
                char may_read;
                if (sscanf(line, "%llx-%llx %c", &from, &to, &may_read) != 3 || may_read != 'r')
                        continue;
                if (to - from > SHADOW)
                        continue;
                for (; from < to; from += sizeof page) {
                        size_t want = to - from < sizeof page ? (size_t)(to - from) : sizeof page;
                        ssize_t count = pread(memory, page, want, (off_t)from);
                        if (count <= 0)
                                break;
                        all += fwrite(page, 1, (size_t)count, out);
                }
        }
        if (maps)
                fclose(maps);
        if (out)
                fclose(out);
        if (memory >= 0)
                close(memory);
        return all > 0;
}

/* What the test knows: the images that it laid, and, by the sealed state, all that the helper keeps. */
static void collect(struct rig *rig, struct hay *hay)
{
        struct storage_file *file = NULL;
        struct matcher_state *state = NULL;
        SECRET(storage_key);
        storage_key.size = MITOME_STORAGE_KEY_SIZE;
        for (size_t i = 0; i < rig->image_count; i++)
                add_pieces(hay, "a piece of an image", rig->images[i], FINGER_SIZE, 997);
        assert_int_equal(storage_file_open(rig->state, &file, NULL).code, MITOME_OK);
        assert_int_equal(storage_file_key(file, storage_key.data, NULL).code, MITOME_OK);
        const struct mitome_storage storage = storage_file(file);
        assert_int_equal(
                matcher_state_open(&storage, secret_view(&storage_key), &state, NULL).code, MITOME_OK);
        assert_int_equal(state->finger_count, 1);
        add_pieces(hay, "a piece of a template", state->fingers[0].data, state->fingers[0].size, 61);
        add_needle(hay, "the matcher's private key", state->scalar.data);
        add_needle(hay, "the pairing key", rig->key.data);
        add_needle(hay, "the key that seals the state", storage_key.data);
        matcher_state_free(state);
        storage_file_close(file);
}

static void expect_nothing(const struct hay *hay, const char *path, bool text)
{
        size_t size = 0;
        uint8_t *bytes = read_whole(path, &size);
        const char *found = text ? search_text(hay, bytes, size) : search(hay, bytes, size);
        free(bytes);
        if (found)
                fprintf(stderr, "%s has %s\n", path, found);
        assert_null(found);
}

static bool has(const char *path, const struct hay *hay)
{
        size_t size = 0;
        uint8_t *bytes = read_whole(path, &size);
        const char *found = search(hay, bytes, size);
        free(bytes);
        return found != NULL;
}

/* The file that the kernel has written for a process that was aborted, if it does that here. */
static bool find_core(const struct rig *rig, pid_t process, char path[128])
{
        snprintf(path, 128, "%s/core", rig->folder);
        if (access(path, F_OK) == 0)
                return true;
        snprintf(path, 128, "%s/core.%ld", rig->folder, (long)process);
        return access(path, F_OK) == 0;
}

/* Enrols, verifies, looks at all memory of both processes and lets them crash. */
static void memory_and_core_dump_are_searched_for_templates_images_and_keys(void **state)
{
        struct rig *rig = *state;
        static struct hay hay, control;
        char core_dump[128], helper_dump[128], core_file[128];
        snprintf(core_dump, sizeof core_dump, "%s/core.memory", rig->folder);
        snprintf(helper_dump, sizeof helper_dump, "%s/helper.memory", rig->folder);
        expect_the_finger_to_open(rig);
        pid_t helper = ask(rig, ORDER_STATUS).process, core = rig->core;
        assert_true(dump_memory(core, core_dump));
        bool helper_read = dump_memory(helper, helper_dump); /* for root alone: it is not dumpable */
        assert_true(helper_read || geteuid() != 0);
        struct stat size;
        assert_int_equal(stat(core_dump, &size), 0);
        if (size.st_size > SEARCHED_MAX) {
                fputs("skipped: an address sanitizer makes it too much to search\n", stderr);
                skip();
        }

        /* Neither leaves a dump of the helper. The helper first, so that none could hide the other. */
        assert_int_equal(kill(helper, SIGABRT), 0);
        assert_string_equal(ask(rig, ORDER_STATUS).last_end, "was ended by signal 6 (Aborted)");
        assert_false(find_core(rig, helper, core_file));
        assert_int_equal(kill(core, SIGABRT), 0);
        stop_core(rig);
        pause_ms(500); /* its helper goes with it */

        collect(rig, &hay);
        assert_true(hay.count > 300);
        expect_nothing(&hay, core_dump, false);
        if (find_core(rig, core, core_file))
                expect_nothing(&hay, core_file, false);
        else
                fputs("no core file is written here; the memory was read instead\n", stderr);

        /* That the search finds what is there: the challenge in the core, the template in the helper. */
        control.count = 0;
        add_needle(&control, "the challenge", rig->order.challenge);
        assert_true(has(core_dump, &control));
        if (helper_read)
                assert_true(has(helper_dump, &hay));
}

/* What the helper has compared is gone when it says what came of it; also what GLib and libfprint had of it.
 */
static void the_helpers_memory_is_searched_for_images_afterwards(void **state)
{
        struct rig *rig = *state;
        static struct hay hay;
        char dump[128];
        snprintf(dump, sizeof dump, "%s/helper.memory", rig->folder);
        expect_the_finger_to_open(rig);
        pid_t helper = ask(rig, ORDER_STATUS).process;
        pause_ms(SETTLED_MS);
        if (!dump_memory(helper, dump) && geteuid() != 0) {
                fputs("skipped: only root may read the helper's memory\n", stderr);
                skip();
        }
        stop_core(rig);
        struct stat size;
        if (stat(dump, &size) != 0 || size.st_size > SEARCHED_MAX) {
                fputs("skipped: an address sanitizer makes it too much to search\n", stderr);
                skip();
        }
        hay.count = 0;
        for (size_t i = 0; i < rig->image_count; i++)
                add_pieces(&hay, "a piece of an image", rig->images[i], FINGER_SIZE, 997);
        assert_true(hay.count > 100);
        expect_nothing(&hay, dump, false);
}

/* The helper's own messages, with --verbose libfprint's as well, and the core's. */
static void log_files_are_searched_likewise(void **state)
{
        struct rig *rig = *state;
        static struct hay hay;
        expect_the_finger_to_open(rig);
        assert_int_equal(verify(rig, 1).kind, MITOME_GATE_NO_MATCH);
        stop_core(rig);
        collect(rig, &hay);
        struct stat log;
        assert_int_equal(stat(rig->log, &log), 0);
        assert_true(log.st_size > 100);
        expect_nothing(&hay, rig->log, true);
}

/* What lies in the folder is sealed; beside it lies the key, and only there. */
static void files_at_rest_are_searched_likewise(void **state)
{
        struct rig *rig = *state;
        static struct hay hay;
        char path[400];
        expect_the_finger_to_open(rig);
        stop_core(rig);
        collect(rig, &hay);
        DIR *folder = opendir(rig->state);
        assert_non_null(folder);
        int files = 0;
        for (const struct dirent *entry; (entry = readdir(folder));) {
                struct stat status;
                snprintf(path, sizeof path, "%s/%s", rig->state, entry->d_name);
                assert_int_equal(lstat(path, &status), 0);
                if (!S_ISREG(status.st_mode) || strcmp(entry->d_name, "key") == 0)
                        continue;
                expect_nothing(&hay, path, false);
                files++;
        }
        closedir(folder);
        assert_true(files >= 2);
}

#define WITH_FINGER(test) cmocka_unit_test_setup_teardown(test, set_up_with_a_finger, tear_down)

int main(int count, char **arguments)
{
        if (count == 6 && strcmp(arguments[1], "--core") == 0)
                return be_the_core(arguments);
        if (!getenv("MITOME_MATCHER")) {
                fputs("skipped: MITOME_MATCHER does not name the matcher\n", stderr);
                return 77;
        }
        signal(SIGPIPE, SIG_IGN);
        const struct CMUnitTest one_after_the_other[] = {
                cmocka_unit_test(the_helper_is_sealed_with_every_thread),
                cmocka_unit_test(sockets_and_files_are_their_owners_alone),
                cmocka_unit_test(the_helper_is_killed_between_match_and_token),
                cmocka_unit_test(the_helper_is_stopped_with_the_image_and_killed),
                cmocka_unit_test(an_image_is_injected_by_another_local_user),
                cmocka_unit_test(network_exec_and_ptrace_are_refused_in_the_real_helper),
        };
        const struct CMUnitTest each_by_itself[] = {
                WITH_FINGER(a_6th_try_by_restart),
                WITH_FINGER(a_miss_is_not_undone_by_a_kill),
                cmocka_unit_test_setup_teardown(a_recycled_helper_is_not_noticed, NULL, tear_down),
                WITH_FINGER(a_listening_helper_is_asked_by_another_local_user),
                WITH_FINGER(the_helpers_memory_is_searched_for_images_afterwards),
                WITH_FINGER(memory_and_core_dump_are_searched_for_templates_images_and_keys),
                WITH_FINGER(log_files_are_searched_likewise),
                WITH_FINGER(files_at_rest_are_searched_likewise),
        };
        return cmocka_run_group_tests(one_after_the_other, set_up_with_a_finger, tear_down) +
               cmocka_run_group_tests(each_by_itself, NULL, NULL);
}
