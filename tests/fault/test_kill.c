/* SPDX-License-Identifier: Apache-2.0 */
/* The real program with its element as a process of its own, killed (SIGKILL) at each system call by which an
 * operation changes a file: before it, in the middle of a write, after it; now all at once, now the element
 * alone, now the program alone. Then it is started again. What was answered holds, what was not is as it was
 * or whole, whoever has learnt that a PIN is wrong has paid for it, and nobody is left behind. */
#include "child_process.h"
#include "ctap_host.h"
#include "kill_here.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DONE = 0x00, PIN_INVALID = 0x31, PIN_AUTH_BLOCKED = 0x34 };
enum { MC = 0x01, GA = 0x02, CM = 0x04, LBW = 0x10 };
enum { PATH = 128, STEP_MS = 5, PATIENCE_MS = 20000 };

static const char pin[] = "1234", next[] = "5678", wrong[] = "0000";
static const char *const sites[2] = { "a.example", "b.example" };
/* An array, and the first half of its hash behind it. */
static const uint8_t some_blobs[] = { 0x81, 0x01, 0xAC, 0x38, 0x78, 0x3F, 0x6A, 0x3B, 0x2F, 0xE3, 0xB5, 0x79,
        0x71, 0x8D, 0x6B, 0xA8, 0x49, 0x3A };

/* ---- the program ---- */

struct kit {
        char work[PATH], folder[PATH + 16], made[PATH + 16], person[PATH + 16], socket[PATH + 16],
                target[PATH + 32], plan[PATH + 16];
        struct kill_here *here;
        pid_t program;
        uint8_t ids[2][CTAP_HOST_ID_SIZE]; /* of the credentials in `made` */
};

static struct kit kit;

static void run(const char *const *argv)
{
        mitome_error error = { 0 };
        assert_int_equal(child_process_run(argv, &error).code, MITOME_OK);
}

static void copy(const char *from, const char *to)
{
        run((const char *[]){ "/bin/rm", "-rf", to, NULL });
        run((const char *[]){ "/bin/cp", "-a", from, to, NULL });
}

static _Noreturn void become(bool finger, bool demo)
{
        const char *argv[16] = { getenv("MITOME_KILLED"), "authenticator", "--state", kit.folder, "--hid",
                kit.target, "--touch", "auto" };
        int count = 8, log = open("/dev/null", O_RDWR);
        if (finger) {
                argv[count++] = "--matcher";
                argv[count++] = getenv("MITOME_MATCHER");
        }
        if (demo)
                argv[count++] = "--provision-demo";
        dup2(log, STDIN_FILENO);
        if (!getenv("MITOME_KILL_LOUD"))
                dup2(log, STDERR_FILENO);
        kit.here->program = getpid();
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
}

static void launch(bool finger, bool demo)
{
        kit.program = fork();
        assert_true(kit.program >= 0);
        if (kit.program == 0)
                become(finger, demo);
}

/* Whether it came up: a platform has a channel then. */
static bool reach(struct ctap_host *host)
{
        for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
                siginfo_t end = { 0 };
                if (ctap_host_open(host, kit.target))
                        return true;
                assert_int_equal(waitid(P_PID, (id_t)kit.program, &end, WEXITED | WNOHANG | WNOWAIT), 0);
                if (end.si_pid)
                        return false;
                poll(NULL, 0, STEP_MS);
        }
        fail_msg("it does not come up");
        return false;
}

static void start(struct ctap_host *host, bool finger)
{
        launch(finger, false);
        assert_true(reach(host));
}

/* The program has ended or will; whatever it had started comes to us (we are a subreaper) and must end, too.
 * Gives the program's status. */
static int await_end(void)
{
        int status = 0, ended = -1;
        const pid_t program = kit.program;
        for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
                pid_t process;
                while ((process = waitpid(-1, &status, WNOHANG)) > 0)
                        if (process == program)
                                ended = status;
                if (process < 0 && errno == ECHILD) {
                        kit.program = 0;
                        return ended;
                }
                poll(NULL, 0, STEP_MS);
        }
        fail_msg("somebody is left behind");
        return -1;
}

static void stop(struct ctap_host *host)
{
        ctap_host_close(host);
        assert_int_equal(kill(kit.program, SIGTERM), 0);
        assert_int_equal(await_end(), 0);
        assert_int_not_equal(access(kit.socket, F_OK), 0);
}

/* After a test that failed. */
static int clear(void **state)
{
        (void)state;
        kit.here->armed = 0;
        if (kit.program > 0)
                kill(kit.program, SIGKILL);
        while (wait(NULL) > 0)
                ;
        return 0;
}

/* ---- an operation, whole and killed ---- */

struct known {
        int status; /* the operation's answer */
        unsigned tries, existing, room;
};

struct operation {
        bool finger;
        const char *from; /* the folder it begins with */
        void (*prepare)(struct ctap_host *host, struct known *known);
        int (*operate)(struct ctap_host *host);
        void (*check)(struct ctap_host *host, const struct known *known);
};

static void arm(unsigned at, enum kill_moment moment, enum kill_whom whom)
{
        kit.here->calls = kit.here->writes = 0;
        kit.here->done = 0;
        kit.here->at = at;
        kit.here->moment = (int)moment;
        kit.here->whom = (int)whom;
        kit.here->armed = 1;
}

/* A program whose element has died says so and goes, and takes its socket along; systemd starts both again.
 */
static void expect_dead(enum kill_whom whom)
{
        int status = await_end();
        if (WIFSIGNALED(status)) {
                assert_int_equal(WTERMSIG(status), SIGKILL);
                return;
        }
        assert_int_equal(whom, KILL_SELF);
        assert_int_equal(WEXITSTATUS(status), 2);
        assert_int_not_equal(access(kit.socket, F_OK), 0);
}

static void one_run(
        const struct operation *operation, unsigned at, enum kill_moment moment, enum kill_whom whom)
{
        struct known known = { 0 };
        struct ctap_host host;
        copy(operation->from, kit.folder);
        start(&host, operation->finger);
        if (operation->prepare)
                operation->prepare(&host, &known);
        arm(at, moment, whom);
        known.status = operation->operate(&host);
        if (at) {
                ctap_host_close(&host);
                expect_dead(whom);
                assert_int_equal(kit.here->done, 1);
        }
        kit.here->armed = 0;
        if (at)
                start(&host, operation->finger);
        operation->check(&host, &known);
        stop(&host);
}

/* Gives the number of calls that changed a file. */
static unsigned sweep(const struct operation *operation)
{
        one_run(operation, 0, KILL_BEFORE, KILL_ALL);
        const unsigned calls = kit.here->calls, writes = kit.here->writes;
        unsigned runs = 0;
        for (unsigned at = 1; at <= calls; at++)
                /* a matcher takes a second to start */
                for (int moment = operation->finger ? KILL_AFTER : KILL_BEFORE; moment <= KILL_AFTER;
                        moment++)
                        if (moment != KILL_TORN || writes >> (at - 1) & 1)
                                one_run(operation, at, (enum kill_moment)moment, runs++ % 3);
        return calls;
}

/* ---- what is done ---- */

static void note_tries(struct ctap_host *host, struct known *known)
{
        known->tries = ctap_host_retries(host, false);
}

static int guess(struct ctap_host *host)
{
        return ctap_host_get_token(host, wrong, GA, sites[0]);
}

static void check_guess(struct ctap_host *host, const struct known *known)
{
        unsigned left = ctap_host_retries(host, false);
        if (known->status == PIN_INVALID)
                assert_int_equal(left, known->tries - 1);
        assert_in_range(left, known->tries - 1, known->tries);
        assert_int_equal(ctap_host_get_token(host, pin, GA, sites[0]), DONE);
        assert_int_equal(ctap_host_retries(host, false), 8);
}

static void a_wrong_pin(void **state)
{
        (void)state;
        assert_int_equal(
                sweep(&(struct operation){
                        .from = kit.made, .prepare = note_tries, .operate = guess, .check = check_guess }),
                1);
}

/* Blocked is blocked, with the right PIN as well, and nothing is written: a kill that waits for a write waits
 * for ever. Only starting anew ends it, with the tries that were left. */
static void nothing_is_burnt_while_blocked(void **state)
{
        (void)state;
        struct ctap_host host;
        copy(kit.made, kit.folder);
        start(&host, false);
        assert_int_equal(guess(&host), PIN_INVALID);
        assert_int_equal(guess(&host), PIN_INVALID);
        assert_int_equal(guess(&host), PIN_AUTH_BLOCKED);
        arm(1, KILL_BEFORE, KILL_ALL);
        assert_int_equal(guess(&host), PIN_AUTH_BLOCKED);
        assert_int_equal(ctap_host_get_token(&host, pin, GA, sites[0]), PIN_AUTH_BLOCKED);
        assert_int_equal(ctap_host_change_pin(&host, wrong, next), PIN_AUTH_BLOCKED);
        assert_int_equal(kit.here->calls, 0);
        kit.here->armed = 0;
        ctap_host_close(&host);
        assert_int_equal(kill(kit.program, SIGKILL), 0);
        assert_true(WIFSIGNALED(await_end()));
        start(&host, false);
        assert_int_equal(ctap_host_retries(&host, false), 5);
        assert_int_equal(ctap_host_get_token(&host, pin, GA, sites[0]), DONE);
        stop(&host);
}

static int change(struct ctap_host *host)
{
        return ctap_host_change_pin(host, pin, next);
}

static void check_change(struct ctap_host *host, const struct known *known)
{
        bool changed = ctap_host_get_token(host, next, GA, sites[0]) == DONE;
        if (known->status == DONE)
                assert_true(changed);
        if (!changed)
                assert_int_equal(ctap_host_get_token(host, pin, GA, sites[0]), DONE);
        assert_int_equal(ctap_host_retries(host, false), 8);
        assert_int_equal(ctap_host_login(host, sites[0], SLICE(kit.ids[0])), DONE);
}

static void another_pin(void **state)
{
        (void)state;
        assert_in_range(
                sweep(&(struct operation){ .from = kit.made, .operate = change, .check = check_change }), 3,
                32);
}

static void prepare_deletion(struct ctap_host *host, struct known *known)
{
        assert_int_equal(ctap_host_get_token(host, pin, CM, NULL), DONE);
        assert_int_equal(ctap_host_count(host, &known->existing, &known->room), DONE);
        assert_int_equal(known->existing, 2);
}

static int delete_one(struct ctap_host *host)
{
        return ctap_host_delete(host, SLICE(kit.ids[0]));
}

static void check_deletion(struct ctap_host *host, const struct known *known)
{
        unsigned existing, room;
        assert_int_equal(ctap_host_get_token(host, pin, CM, NULL), DONE);
        assert_int_equal(ctap_host_count(host, &existing, &room), DONE);
        assert_in_range(existing, 1, known->status == DONE ? 1 : 2);
        assert_int_equal(existing + room, known->existing + known->room);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(ctap_host_get_token(host, pin, GA, sites[i]), DONE);
                bool is_there = ctap_host_login(host, sites[i], SLICE(kit.ids[i])) == DONE;
                assert_int_equal(is_there, i == 1 || existing == 2);
        }
}

static void a_deletion(void **state)
{
        (void)state;
        assert_in_range(sweep(&(struct operation){ .from = kit.made,
                                .prepare = prepare_deletion,
                                .operate = delete_one,
                                .check = check_deletion }),
                1, 32);
}

static int reset(struct ctap_host *host)
{
        return ctap_host_request(host, 0x07, (slice){ 0 });
}

/* Everything or nothing: PIN, credentials, and what websites laid into the large-blob array. */
static void check_reset(struct ctap_host *host, const struct known *known)
{
        static const uint8_t other[] = "9999";
        bool gone = ctap_host_change_pin(host, NULL, (const char *)other) == DONE;
        if (known->status == DONE)
                assert_true(gone);
        assert_int_equal(ctap_host_get_token(host, gone ? (const char *)other : pin, GA, sites[0]), DONE);
        assert_int_equal(ctap_host_login(host, sites[0], SLICE(kit.ids[0])) == DONE, !gone);
        assert_int_equal(slice_equal(ctap_host_blobs(host), SLICE(some_blobs)), !gone);
}

static void a_reset(void **state)
{
        (void)state;
        assert_in_range(
                sweep(&(struct operation){ .from = kit.made, .operate = reset, .check = check_reset }), 1,
                32);
}

/* ---- the first start ---- */

/* Half an authenticator is none: the next start makes it whole, with its attestation. */
static void check_new(bool finger)
{
        struct ctap_host host;
        uint8_t id[CTAP_HOST_ID_SIZE];
        start(&host, finger);
        assert_int_equal(ctap_host_make(&host, sites[0], id), DONE);
        slice statement = ctap_host_member(&host, 3);
        assert_int_equal(statement.data[0], 0xA3); /* alg, sig, x5c */
        assert_int_equal(ctap_host_login(&host, sites[0], SLICE(id)), DONE);
        stop(&host);
}

/* Whether it died: it has no such call any more, else. */
static bool begin_and_die(unsigned at, enum kill_moment moment)
{
        struct ctap_host host;
        run((const char *[]){ "/bin/rm", "-rf", kit.folder, NULL });
        arm(at, moment, KILL_ALL);
        launch(false, false);
        bool came_up = reach(&host);
        kit.here->armed = 0;
        if (came_up)
                stop(&host);
        else
                assert_true(WIFSIGNALED(await_end()));
        return !came_up;
}

static void a_first_start(void **state)
{
        (void)state;
        const bool finger = getenv("MITOME_MATCHER") != NULL;
        unsigned at = 1;
        for (; begin_and_die(at, KILL_AFTER); at++) {
                check_new(finger && at == 2);
                if (begin_and_die(at, KILL_TORN))
                        check_new(false);
        }
        assert_in_range(at, 3, 32);
}

/* ---- a finger ---- */

static void note_fingers(struct ctap_host *host, struct known *known)
{
        known->tries = ctap_host_retries(host, true);
}

static int log_in_by_finger(struct ctap_host *host)
{
        return ctap_host_get_token(host, NULL, GA, sites[0]);
}

static void check_finger(struct ctap_host *host, const struct known *known)
{
        assert_in_range(ctap_host_retries(host, true), known->tries - 1, known->tries);
        assert_int_equal(ctap_host_retries(host, false), 3);
        assert_int_equal(log_in_by_finger(host), DONE);
        assert_int_equal(ctap_host_retries(host, true), known->tries);
}

static void a_finger(void **state)
{
        (void)state;
        if (!getenv("MITOME_MATCHER"))
                skip();
        assert_in_range(sweep(&(struct operation){ .finger = true,
                                .from = kit.person,
                                .prepare = note_fingers,
                                .operate = log_in_by_finger,
                                .check = check_finger }),
                1, 4);
}

/* ---- all together ---- */

static void share_plan(void)
{
        int fd = open(kit.plan, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, sizeof *kit.here), 0);
        kit.here = mmap(NULL, sizeof *kit.here, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(kit.here, MAP_FAILED);
        close(fd);
        setenv("MITOME_KILL_HERE", kit.plan, 1);
}

/* PIN, two discoverable credentials, large blobs. */
static void make_template(void)
{
        struct ctap_host host;
        launch(false, false);
        assert_true(reach(&host));
        assert_int_equal(ctap_host_change_pin(&host, NULL, pin), DONE);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(ctap_host_get_token(&host, pin, MC, sites[i]), DONE);
                assert_int_equal(ctap_host_make(&host, sites[i], kit.ids[i]), DONE);
        }
        assert_int_equal(ctap_host_get_token(&host, pin, LBW, NULL), DONE);
        assert_int_equal(ctap_host_write_blobs(&host, SLICE(some_blobs)), DONE);
        stop(&host);
        copy(kit.folder, kit.made);
        run((const char *[]){ "/bin/rm", "-rf", kit.folder, NULL });
}

static void make_person(void)
{
        struct ctap_host host;
        launch(true, true);
        assert_true(reach(&host));
        stop(&host);
        copy(kit.folder, kit.person);
}

static int set_up(void **state)
{
        (void)state;
        snprintf(kit.work, sizeof kit.work, "/tmp/kill-XXXXXX");
        assert_non_null(mkdtemp(kit.work));
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        snprintf(kit.folder, sizeof kit.folder, "%s/state", kit.work);
        snprintf(kit.made, sizeof kit.made, "%s/made", kit.work);
        snprintf(kit.person, sizeof kit.person, "%s/person", kit.work);
        snprintf(kit.socket, sizeof kit.socket, "%s/socket", kit.work);
        snprintf(kit.target, sizeof kit.target, "unix:%s", kit.socket);
        snprintf(kit.plan, sizeof kit.plan, "%s/plan", kit.work);
        share_plan();
        make_template();
        if (getenv("MITOME_MATCHER"))
                make_person();
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        run((const char *[]){ "/bin/rm", "-rf", kit.work, NULL });
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(a_wrong_pin, clear),
                cmocka_unit_test_teardown(nothing_is_burnt_while_blocked, clear),
                cmocka_unit_test_teardown(another_pin, clear),
                cmocka_unit_test_teardown(a_deletion, clear),
                cmocka_unit_test_teardown(a_reset, clear),
                cmocka_unit_test_teardown(a_first_start, clear),
                cmocka_unit_test_teardown(a_finger, clear),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
