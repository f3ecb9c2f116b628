/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_host.h"
#include "hostile_device.h"
#include "probing.h"
#include "random_system.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* Targets that hang, lie, flood and die: each is a finding, and the prober goes on. */

static char folder[64], name[96];
static enum hostile_way way;

static int make_folder(void **state)
{
        (void)state;
        snprintf(folder, sizeof folder, "/tmp/hostile-XXXXXX");
        return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
        (void)state;
        return rmdir(folder);
}

/* ---- two probes: one that provokes, and one that sees whether somebody is still there ---- */

static void provoke(struct probe_run *run, struct target *target)
{
        const uint8_t message[] = { HOSTILE_COMMAND, (uint8_t)way };
        (void)target;
        if (probe_ctap(run, SLICE(message), NULL) >= 0)
                probe_end(run, PROBE_HOLDS, "It answered.");
}

static void greet(struct probe_run *run, struct target *target)
{
        static const uint8_t get_info[] = { 0x04 };
        (void)target;
        if (probe_ctap(run, SLICE(get_info), NULL) == 0)
                probe_end(run, PROBE_HOLDS, "It answered.");
}

#define WORDS                                                                                        \
        .title = "t", .title_ja = "t", .attack = "a", .attack_ja = "a", .must = "m", .must_ja = "m", \
        .responsible = "element"

static const struct probe provoking = { .id = "P97", WORDS, .needs = TARGET_CTAP, .attempt = provoke };
static const struct probe greeting = { .id = "P98", WORDS, .needs = TARGET_CTAP, .attempt = greet };
static const struct probe *const both[] = { &provoking, &greeting, NULL };

/* ---- running them ---- */

static json_t *run_on(unsigned exchange_ms)
{
        struct target target;
        mitome_error error = { 0 };
        struct probing_result result;
        const struct target_config config = { .name = name };
        const struct probing_config run = { .target = &config,
                .probes = both,
                .version = "0",
                .at = "2026-11-22T10:00:00Z",
                .limits = { .exchange_ms = exchange_ms } };
        assert_false(failed(target_open(&config, &target, &error)));
        assert_false(failed(probing_run(&run, &target, &result, &error)));
        assert_true(result.finished);
        assert_string_equal(json_string_value(json_object_get(result.target, "aaguid")),
                "01020304-0506-0708-090a-0b0c0d0e0f10");
        if (target.close)
                target.close(target.context);
        json_decref(result.target);
        return result.probes;
}

static const char *member(const json_t *probes, size_t number, const char *of)
{
        return json_string_value(json_object_get(json_array_get(probes, number), of));
}

static json_t *attack(enum hostile_way how, unsigned exchange_ms)
{
        static unsigned count;
        char path[80];
        snprintf(path, sizeof path, "%s/%u", folder, count++);
        snprintf(name, sizeof name, "unix:%s", path);
        way = how;
        pid_t device = hostile_device_start(path);
        json_t *probes = run_on(exchange_ms);
        hostile_device_stop(device);
        unlink(path);
        assert_int_equal(json_array_size(probes), 2);
        return probes;
}

/* Those that answer something are seen at once; the time limit is of those that never would. */
enum { NEVER_MS = 300, LONG_MS = 60000 };

static const struct {
        enum hostile_way way;
        unsigned exchange_ms;
        enum target_trouble trouble;
} expected[] = {
        { HOSTILE_HANGS, NEVER_MS, TARGET_SILENT },
        { HOSTILE_KEEPS_ALIVE, NEVER_MS, TARGET_SILENT },
        { HOSTILE_AWAITS_USER, NEVER_MS, TARGET_SILENT },
        { HOSTILE_NO_STATUS, LONG_MS, TARGET_GARBLED },
        { HOSTILE_OTHER_CHANNEL, LONG_MS, TARGET_FLOODED },
        { HOSTILE_HUGE, LONG_MS, TARGET_GARBLED },
        { HOSTILE_FLOODS, LONG_MS, TARGET_FLOODED },
        { HOSTILE_WRONG_ORDER, LONG_MS, TARGET_GARBLED },
        { HOSTILE_ERROR, LONG_MS, TARGET_GARBLED },
        { HOSTILE_SHORT_REPORT, LONG_MS, TARGET_GARBLED },
        { HOSTILE_HANGS_UP, LONG_MS, TARGET_DIED },
        { HOSTILE_LATE, NEVER_MS, TARGET_SILENT },
};

static void each_trouble_is_a_finding_and_the_next_probe_is_tried(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
                json_t *probes = attack(expected[i].way, expected[i].exchange_ms);
                print_message("%d: %s\n", expected[i].way, member(probes, 0, "why"));
                assert_string_equal(member(probes, 0, "result"), "target failed");
                assert_non_null(strstr(member(probes, 0, "why"), target_trouble_text(expected[i].trouble)));
                assert_string_equal(member(probes, 1, "result"), "holds");
                json_decref(probes);
        }
}

static void an_answer_that_is_no_cbor_is_a_lie(void **state)
{
        (void)state;
        json_t *probes = attack(HOSTILE_BAD_CBOR, LONG_MS);
        assert_string_equal(member(probes, 0, "result"), "target failed");
        assert_non_null(strstr(member(probes, 0, "why"), "no CBOR"));
        assert_string_equal(member(probes, 1, "result"), "holds");
        json_decref(probes);
}

/* ---- the person has had enough ---- */

static unsigned questions, enough;

static bool has_had_enough(void *context)
{
        (void)context;
        return questions++ >= enough;
}

/* How a message to it ends, when the person has had enough from the `until`-th question on. */
static enum target_trouble interrupt(enum hostile_way how, unsigned until, unsigned limit_ms)
{
        const uint8_t message[] = { HOSTILE_COMMAND, (uint8_t)how };
        uint8_t response[8192];
        char path[80];
        size_t size;
        struct target target;
        const struct target_config config = { .name = name, .stopped = has_had_enough };
        snprintf(path, sizeof path, "%s/interrupted", folder);
        snprintf(name, sizeof name, "unix:%s", path);
        pid_t device = hostile_device_start(path);
        questions = 0;
        enough = until;
        assert_false(failed(target_open(&config, &target, NULL)));
        const enum target_trouble trouble =
                target.exchange(target.context, SLICE(message), limit_ms, response, sizeof response, &size);
        target.close(target.context);
        hostile_device_stop(device);
        unlink(path);
        return trouble;
}

static void a_wait_for_a_touch_is_cancelled_by_who_has_had_enough(void **state)
{
        enum { AT_ONCE = 0, MEANWHILE = 3, FOR_EVER_MS = 24 * 3600 * 1000 };
        (void)state;
        assert_int_equal(interrupt(HOSTILE_AWAITS_USER, MEANWHILE, FOR_EVER_MS), TARGET_ANSWERED);
        assert_int_equal(questions, MEANWHILE + 1);
        /* what works is let come to its end, and what is put back afterwards, too */
        assert_int_equal(interrupt(HOSTILE_KEEPS_ALIVE, MEANWHILE, NEVER_MS), TARGET_SILENT);
        assert_int_equal(questions, 1);
        assert_int_equal(interrupt(HOSTILE_AWAITS_USER, AT_ONCE, NEVER_MS), TARGET_SILENT);
        assert_int_equal(questions, 1);
}

/* At the other end of a terminal: gives a channel, and never reads again. */
static void be_deaf(int terminal)
{
        enum { NUMBERED = 65, NONCE = 8, NONCE_AT = 7 };
        static const uint8_t channel[] = { 0, 0, 0, 1, 2 };
        uint8_t asked[NUMBERED], answer[64] = { 0xFF, 0xFF, 0xFF, 0xFF, 0x86, 0, 17 };
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (size_t have = 0; have < sizeof asked;) {
                ssize_t count = read(terminal, asked + have, sizeof asked - have);
                if (count <= 0)
                        _exit(1);
                have += (size_t)count;
        }
        memcpy(answer + NONCE_AT, asked + 1 + NONCE_AT, NONCE);
        memcpy(answer + NONCE_AT + NONCE, channel, sizeof channel);
        if (write(terminal, answer, sizeof answer) != sizeof answer)
                _exit(1);
        for (;;)
                pause();
}

/* `line` is the terminal's, which `name` is then. */
static pid_t start_deaf(const char *kind, int *ret_line)
{
        struct termios raw;
        int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
        snprintf(name, sizeof name, "%s:%s", kind, ptsname(terminal));
        *ret_line = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        assert_int_equal(tcgetattr(*ret_line, &raw), 0);
        cfmakeraw(&raw);
        assert_int_equal(tcsetattr(*ret_line, TCSANOW, &raw), 0);
        pid_t device = fork();
        if (device == 0)
                be_deaf(terminal);
        close(terminal);
        return device;
}

/* The terminal is full, and the cancel is for nobody. */
static void one_that_does_not_read_is_not_waited_for(void **state)
{
        enum { SHORT_MS = 1 };
        static uint8_t much[1024], response[64];
        const struct mitome_random random = random_system();
        struct hid_host *host;
        enum hid_host_end end;
        size_t size;
        (void)state;
        int line;
        pid_t device = start_deaf("pty", &line);
        assert_false(failed(hid_host_open_within(name, &random, LONG_MS, &host, &end, NULL)));
        while (write(line, much, sizeof much) > 0)
                ;
        while (write(line, much, 1) > 0)
                ;
        assert_true(failed(hid_host_exchange_within(
                host, SLICE(much), SHORT_MS, response, sizeof response, &size, &end, NULL)));
        assert_int_equal(end, HID_HOST_SILENT);
        hid_host_cancel(host); /* comes back */
        hid_host_close(host);
        hostile_device_stop(device);
        close(line);
}

static bool is_simulated(const char *kind)
{
        struct target target;
        int line;
        pid_t device = start_deaf(kind, &line);
        const struct target_config config = { .name = name };
        assert_false(failed(target_open(&config, &target, NULL)));
        const bool simulated = target.simulated;
        target.close(target.context);
        hostile_device_stop(device);
        close(line);
        return simulated;
}

/* What comes by a terminal is one, also where it is called a HID device: the kernel does not list it as such.
 */
static void a_terminal_is_no_hardware_by_any_name(void **state)
{
        (void)state;
        assert_true(is_simulated("hid"));
        assert_true(is_simulated("pty"));
}

static void one_that_is_gone_for_good_is_not_tested_any_further(void **state)
{
        (void)state;
        json_t *probes = attack(HOSTILE_DIES, LONG_MS);
        assert_string_equal(member(probes, 0, "result"), "target failed");
        assert_string_equal(member(probes, 1, "result"), "not testable here");
        assert_string_equal(member(probes, 1, "why"), "The target no longer answers.");
        json_decref(probes);
}

/* It listens, its queue is full, and it takes nobody out of it. */
static void one_that_takes_nobody_in_is_not_waited_for(void **state)
{
        enum { QUEUE = 8 };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct target target;
        char path[80];
        int before[QUEUE];
        const struct target_config config = { .name = name };
        (void)state;
        snprintf(path, sizeof path, "%s/full", folder);
        snprintf(name, sizeof name, "unix:%s", path);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(listener, 0), 0);
        for (int i = 0; i < QUEUE; i++) {
                before[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                (void)connect(before[i], (const struct sockaddr *)&address, sizeof address);
        }
        assert_int_equal(target_open(&config, &target, NULL).code, MITOME_E_SOCKET); /* comes back */
        for (int i = 0; i < QUEUE; i++)
                close(before[i]);
        close(listener);
        unlink(path);
}

static void nobody_there_is_no_target(void **state)
{
        struct target target;
        mitome_error error = { 0 };
        const struct target_config config = { .name = "unix:/nonexistent/socket" };
        (void)state;
        assert_int_equal(target_open(&config, &target, &error).code, MITOME_E_SOCKET);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_trouble_is_a_finding_and_the_next_probe_is_tried),
                cmocka_unit_test(an_answer_that_is_no_cbor_is_a_lie),
                cmocka_unit_test(a_wait_for_a_touch_is_cancelled_by_who_has_had_enough),
                cmocka_unit_test(one_that_does_not_read_is_not_waited_for),
                cmocka_unit_test(a_terminal_is_no_hardware_by_any_name),
                cmocka_unit_test(one_that_is_gone_for_good_is_not_tested_any_further),
                cmocka_unit_test(one_that_takes_nobody_in_is_not_waited_for),
                cmocka_unit_test(nobody_there_is_no_target),
        };
        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
