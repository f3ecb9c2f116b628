/* SPDX-License-Identifier: Apache-2.0 */
/* An element behind a socket: frames, controls, and what happens when one side misbehaves or dies. */
#include "card_link.h"
#include "card_server.h"
#include "child_process.h"
#include "element_rig.h"
#include "frame.h"
#include "random_system.h"
#include "steady_clock.h"
#include "unix_socket.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/mitome-link-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        snprintf(path, sizeof path, "%s/socket", folder);
        return 0;
}

static int remove_folder(void **state)
{
        (void)state;
        unlink(path);
        return rmdir(folder);
}

static void pair_of(int fds[2])
{
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

/* ---- frames ---- */

static void a_frame_comes_out_as_it_went_in(void **state)
{
        static uint8_t payload[MITOME_APDU_MAX], buffer[MITOME_APDU_MAX];
        static const size_t sizes[] = { 1, 2, 255, 256, MITOME_APDU_MAX };
        int fds[2];
        (void)state;
        pair_of(fds);
        for (size_t i = 0; i < sizeof payload; i++)
                payload[i] = (uint8_t)(i * 7);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
                slice sent = slice_of(payload, sizes[i]), got;
                assert_int_equal(frame_send(fds[0], sent, 100, NULL).code, MITOME_OK);
                assert_int_equal(frame_receive(fds[1], buffer, 100, &got, NULL).code, MITOME_OK);
                assert_true(slice_equal(sent, got));
        }
        close(fds[0]);
        close(fds[1]);
}

static void frames_of_no_size_or_too_much_are_not_sent(void **state)
{
        static uint8_t payload[FRAME_MAX + 1];
        uint8_t byte;
        int fds[2];
        (void)state;
        pair_of(fds);
        assert_int_equal(frame_send(fds[0], slice_of(payload, 0), 100, NULL).code, MITOME_E_TOO_LONG);
        assert_int_equal(
                frame_send(fds[0], slice_of(payload, sizeof payload), 100, NULL).code, MITOME_E_TOO_LONG);
        assert_int_equal(recv(fds[1], &byte, 1, MSG_DONTWAIT), -1);
        close(fds[0]);
        close(fds[1]);
}

/* Whatever is missing of a frame: LINK, in time, and the answer is left alone. */
static void a_frame_is_refused_at_every_truncation(void **state)
{
        static const uint8_t frame[] = { 0, 5, 0x00, 0xA4, 0x04, 0x00, 0x00 };
        (void)state;
        for (size_t size = 0; size < sizeof frame; size++)
                for (int closed = 0; closed < 2; closed++) {
                        uint8_t buffer[MITOME_APDU_MAX];
                        slice got = { .size = 99 };
                        mitome_error error = { 0 };
                        int fds[2];
                        pair_of(fds);
                        assert_int_equal(write(fds[0], frame, size), (ssize_t)size);
                        if (closed)
                                shutdown(fds[0], SHUT_WR);
                        assert_int_equal(frame_receive(fds[1], buffer, 20, &got, &error).code, MITOME_E_LINK);
                        assert_int_equal(error.code, MITOME_E_LINK);
                        assert_int_equal(got.size, 99);
                        close(fds[0]);
                        close(fds[1]);
                }
}

/* One that sends a byte now and then would never be silent long enough. */
static void a_frame_that_trickles_is_given_up(void **state)
{
        enum { LIMIT_MS = 300, STEP_MS = 50, BYTES = 100, MUCH_LATER_MS = 2000 };
        uint8_t buffer[MITOME_APDU_MAX];
        slice got;
        int fds[2];
        (void)state;
        pair_of(fds);
        pid_t trickle = fork();
        assert_true(trickle >= 0);
        if (trickle == 0) {
                static const uint8_t head[] = { 0, BYTES };
                bool sent = write(fds[0], head, sizeof head) == sizeof head;
                for (int i = 0; i < BYTES && sent; i++) {
                        sent = write(fds[0], head, 1) == 1;
                        poll(NULL, 0, STEP_MS);
                }
                _exit(0);
        }
        const uint64_t begun = steady_clock_ms();
        assert_int_equal(frame_receive(fds[1], buffer, LIMIT_MS, &got, NULL).code, MITOME_E_LINK);
        assert_in_range(steady_clock_ms() - begun, LIMIT_MS, MUCH_LATER_MS);
        kill(trickle, SIGKILL);
        assert_int_equal(waitpid(trickle, NULL, 0), trickle);
        close(fds[0]);
        close(fds[1]);
}

static void lengths_that_no_frame_has_are_refused(void **state)
{
        static const uint8_t heads[][2] = { { 0, 0 }, { 0x10, 0x01 }, { 0xFF, 0xFF } };
        (void)state;
        for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
                uint8_t buffer[MITOME_APDU_MAX];
                slice got;
                int fds[2];
                pair_of(fds);
                assert_int_equal(write(fds[0], heads[i], 2), 2);
                assert_int_equal(frame_receive(fds[1], buffer, 20, &got, NULL).code, MITOME_E_TOO_LONG);
                close(fds[0]);
                close(fds[1]);
        }
}

/* ---- an element in a process of the test's own, that dies when its client has gone ---- */

static const uint8_t select_fido[] = { 0x00, 0xA4, 0x04, 0x00, 0x08, 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45,
        0x01 };
static const uint8_t get_state[] = { 0x80, 0x10, 0x00, 0x00, 0x00 };

/* Serves `clients` clients, then exits: 0 if each was served to its end. */
static pid_t start_element(int listener, int clients)
{
        pid_t process = fork();
        assert_true(process >= 0);
        if (process)
                return process;
        static struct element_rig rig;
        int fd, wrong = 0;
        element_rig_open(&rig);
        for (int i = 0; i < clients; i++) {
                if (unix_socket_accept(listener, &fd, NULL).code != MITOME_OK)
                        _exit(2);
                wrong += card_server_serve(rig.element, fd, -1, NULL).code != MITOME_OK;
                close(fd);
        }
        element_rig_close(&rig);
        _exit(wrong);
}

static int end_of(pid_t process)
{
        int status;
        assert_int_equal(waitpid(process, &status, 0), process);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static pid_t start(int clients)
{
        int listener;
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_OK);
        pid_t process = start_element(listener, clients);
        close(listener);
        return process;
}

static uint16_t status_of(struct card_link *link, const uint8_t *command, size_t size)
{
        uint8_t response[MITOME_APDU_MAX];
        size_t got = 0;
        struct mitome_link way = card_link(link);
        assert_int_equal(
                way.transmit(way.context, slice_of(command, size), response, sizeof response, &got, NULL)
                        .code,
                MITOME_OK);
        assert_true(got >= 2);
        return (uint16_t)(response[got - 2] << 8 | response[got - 1]);
}

static void the_socket_is_the_owners_alone(void **state)
{
        struct stat status;
        (void)state;
        int listener;
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_OK);
        assert_int_equal(stat(path, &status), 0);
        assert_true(S_ISSOCK(status.st_mode));
        assert_int_equal(status.st_mode & 0777, 0600);
        close(listener);
}

static void a_socket_in_use_is_refused_and_a_dead_one_replaced(void **state)
{
        int listener, second;
        (void)state;
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_OK);
        mitome_error error = { 0 };
        assert_int_equal(unix_socket_listen(path, &second, &error).code, MITOME_E_SOCKET);
        assert_int_equal(error.code, MITOME_E_SOCKET);
        close(listener);
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_OK);
        close(listener);
}

static void a_file_in_the_sockets_place_stays(void **state)
{
        int listener;
        (void)state;
        unlink(path);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs("mine", file);
        fclose(file);
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_E_SOCKET);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, 4);
        unlink(path);
}

static void paths_that_no_address_holds_are_refused(void **state)
{
        char longest[300];
        struct card_link *link;
        int listener;
        (void)state;
        memset(longest, 'x', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        assert_int_equal(unix_socket_listen(longest, &listener, NULL).code, MITOME_E_SOCKET);
        assert_int_equal(unix_socket_listen("", &listener, NULL).code, MITOME_E_SOCKET);
        assert_int_equal(card_link_open(longest, 0, &link, NULL).code, MITOME_E_SOCKET);
}

static void nobody_there_is_told_in_time(void **state)
{
        struct card_link *link;
        mitome_error error = { 0 };
        (void)state;
        unlink(path);
        assert_int_equal(card_link_open(path, 30, &link, &error).code, MITOME_E_LINK);
        assert_int_equal(error.code, MITOME_E_LINK);
}

static void commands_reach_the_element(void **state)
{
        struct card_link *link;
        (void)state;
        pid_t process = start(1);
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_equal(status_of(link, select_fido, sizeof select_fido), 0x9000);
        assert_int_equal(status_of(link, get_state, sizeof get_state), 0x9000);
        card_link_close(link);
        assert_int_equal(end_of(process), 0);
}

/* PROTOCOL.md: nothing is selected after a reset but the card manager, which does not know GET STATE. */
static void a_reset_and_a_new_client_find_nothing_selected(void **state)
{
        struct card_link *link;
        (void)state;
        pid_t process = start(2);
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_equal(status_of(link, select_fido, sizeof select_fido), 0x9000);
        assert_int_equal(card_link_reset(link, NULL).code, MITOME_OK);
        assert_int_not_equal(status_of(link, get_state, sizeof get_state), 0x9000);
        assert_int_equal(status_of(link, select_fido, sizeof select_fido), 0x9000);
        card_link_close(link);
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_not_equal(status_of(link, get_state, sizeof get_state), 0x9000);
        card_link_close(link);
        assert_int_equal(end_of(process), 0);
}

static int raw_client(void)
{
        int fd;
        assert_int_equal(unix_socket_connect(path, 5000, &fd, NULL).code, MITOME_OK);
        return fd;
}

/* vpcd's controls: 04 asks for the ATR, the others are not answered. */
static void the_answer_to_reset_is_given(void **state)
{
        static const uint8_t on = FRAME_POWER_ON, atr = FRAME_ATR, off = FRAME_POWER_OFF;
        uint8_t buffer[MITOME_APDU_MAX];
        slice got;
        (void)state;
        pid_t process = start(1);
        int fd = raw_client();
        assert_int_equal(frame_send(fd, slice_of(&on, 1), 1000, NULL).code, MITOME_OK);
        assert_int_equal(frame_send(fd, slice_of(&atr, 1), 1000, NULL).code, MITOME_OK);
        assert_int_equal(frame_receive(fd, buffer, 1000, &got, NULL).code, MITOME_OK);
        assert_true(slice_equal(got, mitome_element_atr()));
        assert_int_equal(got.data[0], 0x3B); /* ISO 7816-3 8.1: direct convention */
        assert_int_equal(frame_send(fd, slice_of(&off, 1), 1000, NULL).code, MITOME_OK);
        close(fd);
        assert_int_equal(end_of(process), 0);
}

/* A malformed command is answered by a status word; frames that are none end the client, not the element. */
static void nonsense_ends_the_client_and_not_the_element(void **state)
{
        static const uint8_t nonsense[][4] = { { 0, 0, 0, 0 }, { 0xFF, 0xFF, 1, 2 }, { 0x10, 0x01, 1, 2 } };
        static const uint8_t short_apdu[] = { 0x00, 0xA4 };
        struct card_link *link;
        uint8_t byte;
        (void)state;
        pid_t process = start(4);
        for (size_t i = 0; i < 3; i++) {
                int fd = raw_client();
                assert_int_equal(write(fd, nonsense[i], 4), 4);
                /* The end, or a reset where bytes were left unread: never an answer. */
                assert_true(recv(fd, &byte, 1, 0) <= 0);
                close(fd);
        }
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_equal(status_of(link, short_apdu, sizeof short_apdu), 0x6700);
        assert_int_equal(status_of(link, select_fido, sizeof select_fido), 0x9000);
        card_link_close(link);
        assert_int_equal(end_of(process), 0);
}

static mitome_code try(struct card_link *link, const uint8_t *command, size_t size, size_t capacity)
{
        static uint8_t response[MITOME_APDU_MAX];
        size_t got = 99;
        struct mitome_link way = card_link(link);
        mitome_code code =
                way.transmit(way.context, slice_of(command, size), response, capacity, &got, NULL).code;
        assert_true(code == MITOME_OK || got == 99);
        return code;
}

static void what_is_no_apdu_is_not_sent(void **state)
{
        static uint8_t large[MITOME_APDU_MAX + 1];
        struct card_link *link;
        (void)state;
        pid_t process = start(1);
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_equal(try(link, large, 0, MITOME_APDU_MAX), MITOME_E_APDU_LENGTH);
        assert_int_equal(try(link, large, 1, MITOME_APDU_MAX), MITOME_E_APDU_LENGTH); /* a control */
        assert_int_equal(try(link, large, sizeof large, MITOME_APDU_MAX), MITOME_E_APDU_LENGTH);
        assert_int_equal(status_of(link, select_fido, sizeof select_fido), 0x9000);
        card_link_close(link);
        assert_int_equal(end_of(process), 0);
}

/* An answer that does not fit, or comes too late, would be read as the next command's: the link is over. */
static void a_broken_link_stays_broken(void **state)
{
        struct card_link *link;
        (void)state;
        pid_t process = start(1);
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_equal(try(link, select_fido, sizeof select_fido, 1), MITOME_E_BUFFER_FULL);
        assert_int_equal(try(link, select_fido, sizeof select_fido, MITOME_APDU_MAX), MITOME_E_LINK);
        assert_int_equal(card_link_reset(link, NULL).code, MITOME_E_LINK);
        card_link_close(link);
        assert_int_equal(end_of(process), 0);
}

static void count_wait(void *context)
{
        ++*(unsigned *)context;
}

/* Answers one command, a third of a second late. */
static pid_t start_slow_element(int listener)
{
        pid_t process = fork();
        assert_true(process >= 0);
        if (process)
                return process;
        uint8_t buffer[MITOME_APDU_MAX];
        slice got;
        int fd;
        if (unix_socket_accept(listener, &fd, NULL).code != MITOME_OK)
                _exit(2);
        for (int i = 0; i < 2; i++) /* power-on, the command */
                if (frame_receive(fd, buffer, 5000, &got, NULL).code != MITOME_OK)
                        _exit(3);
        poll(NULL, 0, 330);
        _exit(frame_send(fd, slice_of("\x90\x00", 2), 1000, NULL).code != MITOME_OK);
}

/* CTAP 2.1 [11.2.9.1.7]: whoever waits for a slow element can say so meanwhile. */
static void waiting_for_an_answer_is_told(void **state)
{
        struct card_link *link;
        unsigned waits = 0;
        int listener;
        (void)state;
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_OK);
        pid_t element = start_slow_element(listener);
        close(listener);
        assert_int_equal(card_link_open(path, 1000, &link, NULL).code, MITOME_OK);
        card_link_on_wait(link, count_wait, &waits);
        assert_int_equal(status_of(link, get_state, sizeof get_state), 0x9000);
        assert_in_range(waits, 2, 6); /* a busy machine may count fewer */
        card_link_close(link);
        assert_int_equal(end_of(element), 0);
}

static void a_killed_element_is_told_as_such(void **state)
{
        struct card_link *link;
        (void)state;
        pid_t process = start(1);
        assert_int_equal(card_link_open(path, 5000, &link, NULL).code, MITOME_OK);
        assert_int_equal(status_of(link, select_fido, sizeof select_fido), 0x9000);
        kill(process, SIGKILL);
        assert_int_equal(end_of(process), -1);
        assert_int_equal(try(link, get_state, sizeof get_state, MITOME_APDU_MAX), MITOME_E_LINK);
        assert_int_equal(try(link, get_state, sizeof get_state, MITOME_APDU_MAX), MITOME_E_LINK);
        card_link_close(link);
        card_link_close(NULL);
}

/* An answer of one byte is no APDU. */
static void an_answer_without_a_status_word_is_refused(void **state)
{
        struct card_link *link;
        int listener, fd;
        (void)state;
        assert_int_equal(unix_socket_listen(path, &listener, NULL).code, MITOME_OK);
        assert_int_equal(card_link_open(path, 1000, &link, NULL).code, MITOME_OK);
        assert_int_equal(unix_socket_accept(listener, &fd, NULL).code, MITOME_OK);
        static const uint8_t one = 0x90;
        assert_int_equal(frame_send(fd, slice_of(&one, 1), 1000, NULL).code, MITOME_OK);
        assert_int_equal(try(link, get_state, sizeof get_state, MITOME_APDU_MAX), MITOME_E_LINK);
        card_link_close(link);
        close(fd);
        close(listener);
}

/* A state that cannot be written stops the server: the element must be opened again. */
static void a_broken_store_ends_the_server(void **state)
{
        static struct element_rig rig;
        static const uint8_t verify[] = { 0x00, 0x20, 0x00, 0x80, 0x04, '9', '9', '9', '9' };
        uint8_t buffer[MITOME_APDU_MAX];
        int fds[2];
        slice got;
        (void)state;
        element_rig_open(&rig);
        element_rig_personalise(&rig);
        pair_of(fds);
        static const uint8_t select[] = { 0x00, 0xA4, 0x04, 0x0C, 10, 0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01,
                0x00, 0x00, 0x00, 0x01 };
        static const uint8_t select_pin[] = { 0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x18 };
        assert_int_equal(frame_send(fds[0], SLICE(select), 100, NULL).code, MITOME_OK);
        assert_int_equal(frame_send(fds[0], SLICE(select_pin), 100, NULL).code, MITOME_OK);
        assert_int_equal(frame_send(fds[0], slice_of(verify, sizeof verify), 100, NULL).code, MITOME_OK);
        shutdown(fds[0], SHUT_WR); /* whatever happens, the server ends */
        power_cut_arm(&rig.medium, 1, POWER_CUT_BEFORE);
        mitome_error error = { 0 };
        assert_int_equal(card_server_serve(rig.element, fds[1], -1, &error).code, MITOME_E_STORE_BROKEN);
        assert_int_equal(error.code, MITOME_E_STORE_BROKEN);
        for (int i = 0; i < 3; i++)
                assert_int_equal(frame_receive(fds[0], buffer, 100, &got, NULL).code, MITOME_OK);
        static const uint8_t memory_failure[] = { 0x65, 0x81 };
        assert_true(slice_equal(got, SLICE(memory_failure)));
        close(fds[0]);
        close(fds[1]);
        element_rig_close(&rig);
}

/* ---- processes and randomness ---- */

static void programs_are_run_without_a_shell(void **state)
{
        const char *const fine[] = { "/bin/sh", "-c", "exit 0", NULL };
        const char *const wrong[] = { "/bin/sh", "-c", "exit 3", NULL };
        const char *const killed[] = { "/bin/sh", "-c", "kill -9 $$", NULL };
        const char *const literal[] = { "/usr/bin/test", "$HOME", "=", "$HOME", NULL };
        const char *const missing[] = { "/nonexistent/program", NULL };
        const char *const no_program[] = { "/dev/null", NULL };
        (void)state;
        assert_int_equal(child_process_run(fine, NULL).code, MITOME_OK);
        assert_int_equal(child_process_run(literal, NULL).code, MITOME_OK);
        assert_int_equal(child_process_run(wrong, NULL).code, MITOME_E_PROCESS);
        assert_int_equal(child_process_run(killed, NULL).code, MITOME_E_PROCESS);
        assert_int_equal(child_process_run(missing, NULL).code, MITOME_E_PROCESS);
        assert_int_equal(child_process_run(no_program, NULL).code, MITOME_E_PROCESS);
}

static void a_child_inherits_no_descriptor(void **state)
{
        (void)state;
        int fds[2];
        assert_int_equal(pipe(fds), 0); /* not close-on-exec, on purpose */
        char test[64];
        snprintf(test, sizeof test, "test ! -e /proc/self/fd/%d", fds[0]);
        const char *const argv[] = { "/bin/sh", "-c", test, NULL };
        assert_int_equal(child_process_run(argv, NULL).code, MITOME_OK);
        close(fds[0]);
        close(fds[1]);
}

/* SIGTERM first; who does not listen is killed after a second. */
static void a_stopped_child_is_gone(void **state)
{
        const char *const obedient[] = { "/bin/sleep", "100", NULL };
        const char *const stubborn[] = { "/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done", NULL };
        const char *const *const programs[] = { obedient, stubborn };
        (void)state;
        for (int i = 0; i < 2; i++) {
                pid_t process;
                assert_int_equal(child_process_start(programs[i], &process, NULL).code, MITOME_OK);
                poll(NULL, 0, 50);
                child_process_stop(process);
                assert_int_equal(kill(process, 0), -1);
        }
        child_process_stop(0);
}

static void the_kernel_gives_random_bytes(void **state)
{
        uint8_t first[600] = { 0 }, second[600] = { 0 };
        (void)state;
        struct mitome_random random = random_system();
        assert_int_equal(random.fill(random.context, first, sizeof first), 0);
        assert_int_equal(random.fill(random.context, second, sizeof second), 0);
        assert_memory_not_equal(first, second, sizeof first);
        assert_memory_not_equal(first + 500, second + 500, 100); /* to the end */
}

int main(void)
{
        signal(SIGPIPE, SIG_IGN);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_frame_comes_out_as_it_went_in),
                cmocka_unit_test(frames_of_no_size_or_too_much_are_not_sent),
                cmocka_unit_test(a_frame_is_refused_at_every_truncation),
                cmocka_unit_test(a_frame_that_trickles_is_given_up),
                cmocka_unit_test(lengths_that_no_frame_has_are_refused),
                cmocka_unit_test(the_socket_is_the_owners_alone),
                cmocka_unit_test(a_socket_in_use_is_refused_and_a_dead_one_replaced),
                cmocka_unit_test(a_file_in_the_sockets_place_stays),
                cmocka_unit_test(paths_that_no_address_holds_are_refused),
                cmocka_unit_test(nobody_there_is_told_in_time),
                cmocka_unit_test(commands_reach_the_element),
                cmocka_unit_test(a_reset_and_a_new_client_find_nothing_selected),
                cmocka_unit_test(the_answer_to_reset_is_given),
                cmocka_unit_test(nonsense_ends_the_client_and_not_the_element),
                cmocka_unit_test(what_is_no_apdu_is_not_sent),
                cmocka_unit_test(a_broken_link_stays_broken),
                cmocka_unit_test(waiting_for_an_answer_is_told),
                cmocka_unit_test(a_killed_element_is_told_as_such),
                cmocka_unit_test(an_answer_without_a_status_word_is_refused),
                cmocka_unit_test(a_broken_store_ends_the_server),
                cmocka_unit_test(programs_are_run_without_a_shell),
                cmocka_unit_test(a_child_inherits_no_descriptor),
                cmocka_unit_test(a_stopped_child_is_gone),
                cmocka_unit_test(the_kernel_gives_random_bytes),
        };
        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
