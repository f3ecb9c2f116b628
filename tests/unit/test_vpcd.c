/* SPDX-License-Identifier: Apache-2.0 */
/* An element in a virtual reader, which is the test: it listens, frames, resets, goes away, speaks nonsense.
 */
#include "element_rig.h"
#include "frame.h"
#include "vpcd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- addresses ---- */

static void addresses_are_parted(void **state)
{
        static const struct {
                const char *text, *host, *port;
        } good[] = {
                { "127.0.0.1:35963", "127.0.0.1", "35963" },
                { "localhost:1", "localhost", "1" },
                { "[::1]:65535", "::1", "65535" },
                { "[a]:1", "a", "1" },
        };
        (void)state;
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
                struct vpcd_address address;
                assert_int_equal(vpcd_parse(good[i].text, &address, NULL).code, MITOME_OK);
                assert_string_equal(address.host, good[i].host);
                assert_string_equal(address.port, good[i].port);
        }
}

static void what_is_no_address_is_refused(void **state)
{
        static const char *const bad[] = { "", ":", "host", "host:", ":1", "host:0", "host:65536",
                "host:100000", "host:-1", "host:+1", "host: 1", "host:1 ", "host:1x", "host:0x10", "::1:1",
                "[]:1", "[:1", "a:b:1", "host:000000001" };
        struct vpcd_address address = { .host = "untouched" };
        char longest[300];
        (void)state;
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                mitome_error error = { 0 };
                assert_int_equal(vpcd_parse(bad[i], &address, &error).code, MITOME_E_VALUE);
                assert_int_equal(error.code, MITOME_E_VALUE);
        }
        memset(longest, 'h', sizeof longest);
        memcpy(longest + sizeof longest - 3, ":1", 3);
        assert_int_equal(vpcd_parse(longest, &address, NULL).code, MITOME_E_VALUE);
        assert_string_equal(address.host, "untouched");
}

/* ---- a reader of the test's own, and an element in a process of its own ---- */

struct reader_rig {
        int listener, card, stop; /* writing to `stop` ends the element */
        pid_t process;
        int told; /* what the element tells: a byte an event */
        struct vpcd_address address;
};

static void tell(const void *context, enum vpcd_event event)
{
        const uint8_t byte = (uint8_t)event;
        if (write(*(const int *)context, &byte, 1) != 1)
                _exit(3);
}

static void run_element(const struct reader_rig *rig, int stop, int told)
{
        static struct element_rig element;
        const struct vpcd_watch watch = { .context = &told, .tell = tell };
        alarm(60);
        element_rig_open(&element);
        mitome_status status = vpcd_serve(element.element, &rig->address, stop, &watch, NULL);
        element_rig_close(&element);
        _exit(status.code == MITOME_OK ? 0 : 1);
}

static int listen_on(struct reader_rig *rig, uint16_t port)
{
        const int yes = 1;
        struct sockaddr_in address = {
                .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
        };
        socklen_t size = sizeof address;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        snprintf(rig->address.host, sizeof rig->address.host, "127.0.0.1");
        snprintf(rig->address.port, sizeof rig->address.port, "%u", (unsigned)ntohs(address.sin_port));
        return fd;
}

static uint16_t port_of(const struct reader_rig *rig)
{
        return (uint16_t)strtoul(rig->address.port, NULL, 10);
}

static void expect_event(const struct reader_rig *rig, enum vpcd_event event)
{
        struct pollfd wait = { .fd = rig->told, .events = POLLIN };
        uint8_t byte;
        assert_int_equal(poll(&wait, 1, 20000), 1);
        assert_int_equal(read(rig->told, &byte, 1), 1);
        assert_int_equal(byte, event);
}

static void take_card(struct reader_rig *rig)
{
        rig->card = accept(rig->listener, NULL, NULL);
        assert_true(rig->card >= 0);
        expect_event(rig, VPCD_INSERTED);
}

static void start(struct reader_rig *rig)
{
        int stop[2], told[2];
        assert_int_equal(pipe(stop), 0);
        assert_int_equal(pipe(told), 0);
        rig->process = fork();
        assert_true(rig->process >= 0);
        if (rig->process == 0) {
                close(rig->listener);
                close(stop[1]);
                run_element(rig, stop[0], told[1]);
        }
        close(stop[0]);
        close(told[1]);
        rig->stop = stop[1];
        rig->told = told[0];
}

static int set_up(void **state)
{
        struct reader_rig *rig = calloc(1, sizeof *rig);
        if (!rig)
                return -1;
        rig->listener = listen_on(rig, 0);
        start(rig);
        take_card(rig);
        *state = rig;
        return 0;
}

static int end_of(struct reader_rig *rig)
{
        int status;
        assert_int_equal(write(rig->stop, "x", 1), 1);
        assert_int_equal(waitpid(rig->process, &status, 0), rig->process);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int tear_down(void **state)
{
        struct reader_rig *rig = *state;
        int result = end_of(rig);
        close(rig->card);
        close(rig->listener);
        close(rig->stop);
        close(rig->told);
        free(rig);
        return result;
}

static const uint8_t select_fido[] = { 0x00, 0xA4, 0x04, 0x00, 0x08, 0xF0, 0x4D, 0x49, 0x54, 0x4F, 0x4D, 0x45,
        0x01 };
static const uint8_t get_state[] = { 0x80, 0x10, 0x00, 0x00, 0x00 };

static uint16_t status_of(int card, const uint8_t *command, size_t size)
{
        static uint8_t buffer[MITOME_APDU_MAX];
        slice answer;
        assert_int_equal(frame_send(card, slice_of(command, size), 1000, NULL).code, MITOME_OK);
        assert_int_equal(frame_receive(card, buffer, 10000, &answer, NULL).code, MITOME_OK);
        assert_true(answer.size >= 2);
        return (uint16_t)(answer.data[answer.size - 2] << 8 | answer.data[answer.size - 1]);
}

static void control(int card, enum frame_control code)
{
        const uint8_t byte = (uint8_t)code;
        assert_int_equal(frame_send(card, slice_of(&byte, 1), 1000, NULL).code, MITOME_OK);
}

static void controls_and_commands_are_told_apart(void **state)
{
        const struct reader_rig *rig = *state;
        static const enum frame_control resets[] = { FRAME_POWER_OFF, FRAME_POWER_ON, FRAME_RESET };
        uint8_t buffer[MITOME_APDU_MAX];
        slice answer;
        control(rig->card, FRAME_POWER_ON);
        control(rig->card, FRAME_ATR);
        assert_int_equal(frame_receive(rig->card, buffer, 1000, &answer, NULL).code, MITOME_OK);
        assert_true(slice_equal(answer, mitome_element_atr()));
        for (size_t i = 0; i < sizeof resets / sizeof resets[0]; i++) {
                assert_int_equal(status_of(rig->card, select_fido, sizeof select_fido), 0x9000);
                assert_int_equal(status_of(rig->card, get_state, sizeof get_state), 0x9000);
                control(rig->card, resets[i]); /* is not answered: the next answer is the next command's */
                assert_int_not_equal(status_of(rig->card, get_state, sizeof get_state), 0x9000);
        }
}

static void a_reader_that_goes_is_awaited(void **state)
{
        struct reader_rig *rig = *state;
        uint16_t port = port_of(rig);
        assert_int_equal(status_of(rig->card, select_fido, sizeof select_fido), 0x9000);
        close(rig->listener); /* first, or it would be in the next reader already */
        close(rig->card);
        expect_event(rig, VPCD_REMOVED);
        expect_event(rig, VPCD_WAITS);
        rig->listener = listen_on(rig, port);
        take_card(rig);
        assert_int_not_equal(status_of(rig->card, get_state, sizeof get_state), 0x9000); /* a new session */
        assert_int_equal(status_of(rig->card, select_fido, sizeof select_fido), 0x9000);
}

/* Frames that are none: never an answer, and the element comes back. */
static void nonsense_ends_the_session_and_not_the_element(void **state)
{
        static const uint8_t nonsense[][4] = { { 0, 0, 0, 0 }, { 0xFF, 0xFF, 1, 2 }, { 0x10, 0x01, 1, 2 } };
        struct reader_rig *rig = *state;
        uint8_t byte;
        for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
                assert_int_equal(write(rig->card, nonsense[i], 4), 4);
                assert_true(recv(rig->card, &byte, 1, 0) <= 0);
                close(rig->card);
                expect_event(rig, VPCD_REMOVED);
                take_card(rig);
        }
        /* An unknown control resets, and is not answered. */
        control(rig->card, (enum frame_control)0x7F);
        assert_int_equal(status_of(rig->card, select_fido, sizeof select_fido), 0x9000);
        /* What is shorter than a command is one, and wrong. */
        assert_int_equal(status_of(rig->card, select_fido, 2), 0x6700);
}

static uint64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* vpcd sends length and payload in two writes, and its socket waits for the acknowledgement in between:
 * delayed ones are 40 ms each. The best of the rounds, so that a busy machine does not fail it. */
static void segments_are_acknowledged_at_once(void **state)
{
        enum { ROUNDS = 20, COMMANDS = 10 };
        const struct reader_rig *rig = *state;
        const uint8_t head[] = { 0, sizeof get_state };
        uint8_t buffer[MITOME_APDU_MAX];
        uint64_t best = UINT64_MAX;
        slice answer;
        assert_int_equal(status_of(rig->card, select_fido, sizeof select_fido), 0x9000);
        for (int round = 0; round < ROUNDS; round++) {
                uint64_t began = now_ms();
                for (int i = 0; i < COMMANDS; i++) {
                        assert_int_equal(write(rig->card, head, sizeof head), sizeof head);
                        assert_int_equal(write(rig->card, get_state, sizeof get_state), sizeof get_state);
                        assert_int_equal(
                                frame_receive(rig->card, buffer, 10000, &answer, NULL).code, MITOME_OK);
                }
                uint64_t took = now_ms() - began;
                best = took < best ? took : best;
        }
        assert_true(best < COMMANDS * 20);
}

/* ---- beginning and ending ---- */

static void it_waits_for_a_reader_and_stops_when_told(void **state)
{
        struct reader_rig rig = { 0 };
        (void)state;
        int port = listen_on(&rig, 0);
        close(port); /* nobody listens there now */
        rig.listener = -1;
        start(&rig);
        expect_event(&rig, VPCD_WAITS);
        assert_int_equal(end_of(&rig), 0);
        close(rig.stop);
        close(rig.told);
}

static void a_host_that_is_none_is_told(void **state)
{
        static struct element_rig element;
        struct vpcd_address address;
        mitome_error error = { 0 };
        (void)state;
        assert_int_equal(vpcd_parse("999.999.999.999:1", &address, NULL).code, MITOME_OK);
        element_rig_open(&element);
        mitome_code code = vpcd_serve(element.element, &address, -1, NULL, &error).code;
        element_rig_close(&element);
        assert_int_equal(code, MITOME_E_SOCKET);
        assert_int_equal(error.code, MITOME_E_SOCKET);
}

#define IN_READER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses_are_parted),
                cmocka_unit_test(what_is_no_address_is_refused),
                IN_READER(controls_and_commands_are_told_apart),
                IN_READER(a_reader_that_goes_is_awaited),
                IN_READER(nonsense_ends_the_session_and_not_the_element),
                IN_READER(segments_are_acknowledged_at_once),
                cmocka_unit_test(it_waits_for_a_reader_and_stops_when_told),
                cmocka_unit_test(a_host_that_is_none_is_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
