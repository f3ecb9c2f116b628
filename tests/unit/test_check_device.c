/* SPDX-License-Identifier: Apache-2.0 */

/* `mitome check-device` as a clerk runs it: the program before a phone that answers at a socket, and by
 * files. */

#include "counter_rig.h"
#include "unix_socket.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ERASE_ALL = 0x00, PATH_SIZE = 512, OUTPUT_SIZE = 16384 };

static char program[PATH_SIZE]; /* absolute: it is run elsewhere */
static struct counter_rig stencil, phone;
static struct mitome_trust *makers;
static char folder[64], output[OUTPUT_SIZE];

#define assert_ok(status) assert_int_equal((status).code, MITOME_OK)
#define assert_says(text) assert_non_null(strstr(output, text))

static char *path_of(const char *name, char path[PATH_SIZE])
{
        (void)snprintf(path, PATH_SIZE, "%s/%s", folder, name);
        return path;
}

static void write_file(const char *name, slice content)
{
        char path[PATH_SIZE];
        FILE *file = fopen(path_of(name, path), "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(content.data, 1, content.size, file), content.size);
        assert_int_equal(fclose(file), 0);
}

static int make_stencil(void **state)
{
        (void)state;
        (void)snprintf(folder, sizeof folder, "/tmp/mitome-counter-XXXXXX");
        assert_non_null(mkdtemp(folder));
        counter_rig_make(&stencil, &makers);
        write_file("maker.der", slice_of(stencil.rig.device_ca, stencil.rig.device_ca_size));
        return 0;
}

static int drop_stencil(void **state)
{
        char command[PATH_SIZE];
        (void)state;
        counter_rig_close(&stencil);
        mitome_trust_free(makers);
        (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
        return system(command);
}

static int set_up(void **state)
{
        (void)state;
        counter_rig_clone(&stencil, &phone);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        counter_rig_close(&phone);
        return 0;
}

/* run gives the exit status, and what was printed in `output`. */
static int run(const char *arguments)
{
        char command[2048];
        (void)snprintf(
                command, sizeof command, "cd '%s' && '%s' check-device %s 2>&1", folder, program, arguments);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        size_t size = fread(output, 1, sizeof output - 1, pipe);
        output[size] = '\0';
        int status = pclose(pipe);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

/* The phone's app answers one counter, in a process of its own. */
static int run_with_phone(const char *arguments)
{
        char path[PATH_SIZE];
        int listener, line;
        assert_ok(unix_socket_listen(path_of("phone.sock", path), &listener, NULL));
        pid_t app = fork();
        assert_true(app >= 0);
        if (app == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                alarm(30); /* for a program that never comes */
                bool served = unix_socket_accept(listener, &line, NULL).code == MITOME_OK &&
                              counter_port_serve(&phone.port, line, NULL).code == MITOME_E_LINK;
                _exit(served ? 0 : 1);
        }
        int result = run(arguments);
        close(listener);
        int ended;
        assert_int_equal(waitpid(app, &ended, 0), app);
        assert_int_equal(ended, 0); /* the counter hung up */
        unlink(path);
        return result;
}

#define PHONE "--identity '" ELEMENT_RIG_IDENTITY "' --maker-ca maker.der "
#define LINE PHONE "--phone unix:phone.sock "

static void a_phone_on_the_line(void **state)
{
        (void)state;
        assert_int_equal(run_with_phone(LINE), 0);
        assert_says("NEVER PROVISIONED");
        assert_says("搭載されたことはありません");
        counter_rig_provision(&phone);
        assert_int_equal(run_with_phone(LINE "--language en"), 1);
        assert_says("A CERTIFICATE IS IN THIS PHONE");
        assert_null(strstr(output, "端末"));
        counter_rig_erase(&phone, ERASE_ALL);
        assert_int_equal(run_with_phone(LINE "--json"), 0);
        assert_says("\"verdict\": \"erased\"");
        assert_says("\"with_authority\": false");
}

static void another_phone_than_the_one_in_the_hand(void **state)
{
        (void)state;
        assert_int_equal(
                run_with_phone("--identity 'MT-1 0002' --maker-ca maker.der --phone unix:phone.sock"), 1);
        assert_says("CANNOT BE TOLD");
}

/* One who is no phone of this maker answers: nothing but a socket. */
static void a_line_that_nobody_answers(void **state)
{
        (void)state;
        assert_int_equal(run(LINE), 2);
        assert_says("mitome check-device: E");
}

static void answer_question(const char *question, const char *name, enum evidence_kind kind)
{
        char path[PATH_SIZE];
        char digits[3] = { 0 };
        uint8_t nonce[COUNTER_NONCE_SIZE], bytes[EVIDENCE_MAX];
        size_t size = 0;
        const struct counter_phone seen = counter_rig_phone(&phone);
        FILE *file = fopen(path_of(question, path), "r");
        assert_non_null(file);
        for (size_t i = 0; i < sizeof nonce; i++) {
                assert_int_equal(fread(digits, 1, 2, file), 2);
                nonce[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
        assert_int_equal(fclose(file), 0);
        assert_ok(seen.fetch(&phone, kind, SLICE(nonce), bytes, &size, NULL));
        write_file(name, slice_of(bytes, size));
}

#define FILES PHONE "--nonce question --evidence statement receipt --json"

static void by_files_and_only_once(void **state)
{
        (void)state;
        counter_rig_provision(&phone);
        counter_rig_erase(&phone, ERASE_ALL);
        assert_int_equal(run("--identity X --nonce-out question"), 0);
        assert_int_equal(run("--identity X --nonce-out question"), 2); /* it is not written over */
        answer_question("question", "statement", EVIDENCE_STATEMENT);
        answer_question("question", "receipt", EVIDENCE_RECEIPT);
        assert_int_equal(run(FILES), 0);
        assert_says("\"verdict\": \"erased\"");
        assert_int_equal(run(FILES), 2); /* the question is spent */
        /* the same answers to the next question */
        assert_int_equal(run("--identity X --nonce-out question"), 0);
        assert_int_equal(run(FILES), 1);
        assert_says("\"verdict\": \"cannot-be-told\"");
        assert_int_equal(run(PHONE "--nonce question --evidence receipt --json"), 1);
        assert_int_equal(run("--identity X --nonce-out question"), 2); /* and is still open */
        char path[PATH_SIZE];
        assert_int_equal(unlink(path_of("question", path)), 0);
}

static void an_old_question(void **state)
{
        static const char *const questions[] = {
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n1700000000\n", /* 2023 */
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n99999999999\n",
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e\n1700000000\n",
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                "",
                "\n\n",
        };
        (void)state;
        write_file("statement", slice_text("x"));
        for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
                write_file("question", slice_text(questions[i]));
                assert_int_equal(run(PHONE "--nonce question --evidence statement"), 2);
                assert_says("E1287");
        }
}

static void what_is_asked_wrongly(void **state)
{
        static const char *const wrong[] = { "", "--identity X",
                "--phone unix:phone.sock --maker-ca maker.der", "--identity X --phone unix:phone.sock",
                LINE "--nonce question --evidence statement", PHONE "--nonce question",
                PHONE "--evidence statement", LINE "--authority shop", LINE "--directory d.json",
                LINE "--language fr", LINE "surplus", "--identity X --maker-ca maker.der --phone tcp:1",
                "--identity X --maker-ca absent --phone unix:a",
                "--identity '' --maker-ca maker.der --phone unix:phone.sock" };
        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                assert_int_equal(run(wrong[i]), 2);
        assert_int_equal(run("--help"), 0);
        assert_says("usage: mitome check-device");
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(a_phone_on_the_line),
                TEST(another_phone_than_the_one_in_the_hand),
                TEST(a_line_that_nobody_answers),
                TEST(by_files_and_only_once),
                TEST(an_old_question),
                TEST(what_is_asked_wrongly),
        };
        char *path = argc == 2 ? realpath(argv[1], NULL) : NULL;
        if (!path)
                return 2;
        (void)snprintf(program, sizeof program, "%s", path);
        free(path);
        signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, make_stencil, drop_stencil);
}
