/* SPDX-License-Identifier: Apache-2.0 */
#include "frame.h"
#include "steady_clock.h"
#include "vpcd.h"

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 5000 };

static int listener;
static char where[32];
static uint8_t buffer[VPCD_COMMAND_MAX];
static unsigned told[3];

static void count(const void *context, enum vpcd_event event)
{
        (void)context;
        told[event]++;
}

/* A reader on a port of its own. */
static int listen_somewhere(void **state)
{
        struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof here;
        (void)state;
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (listener < 0 || bind(listener, (const struct sockaddr *)&here, sizeof here) != 0 ||
                listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&here, &size) != 0)
                return -1;
        snprintf(where, sizeof where, "127.0.0.1:%u", ntohs(here.sin_port));
        told[VPCD_WAITS] = told[VPCD_INSERTED] = told[VPCD_REMOVED] = 0;
        return 0;
}

static int close_listener(void **state)
{
        (void)state;
        if (listener >= 0)
                close(listener);
        return 0;
}

static struct vpcd_slot *open_slot(void)
{
        struct vpcd_address address;
        struct vpcd_slot *slot;
        const struct vpcd_watch watch = { .tell = count };
        assert_int_equal(vpcd_parse(where, &address, NULL).code, MITOME_OK);
        assert_int_equal(vpcd_slot_open(&address, &watch, &slot, NULL).code, MITOME_OK);
        assert_int_equal(vpcd_slot_watch(slot), -1);
        return slot;
}

static enum vpcd_slot_event receive(struct vpcd_slot *slot, slice *ret_command)
{
        struct pollfd wait = { .fd = vpcd_slot_watch(slot), .events = POLLIN };
        poll(&wait, 1, wait.fd >= 0 ? WAIT_MS : VPCD_RETRY_MS + 20);
        return vpcd_slot_receive(slot, buffer, ret_command);
}

/* The connection is the slot's; the other end is the reader's. */
static int insert(struct vpcd_slot *slot)
{
        slice command;
        assert_int_equal(receive(slot, &command), VPCD_SLOT_NOTHING);
        int host = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(host >= 0 && vpcd_slot_watch(slot) >= 0);
        return host;
}

static void tell_card(int host, const void *bytes, size_t size)
{
        assert_int_equal(frame_send(host, slice_of(bytes, size), WAIT_MS, NULL).code, MITOME_OK);
}

/* Where it takes long to find out that nobody answers, that does not fill the program's time. */
static void a_reader_that_is_silent_is_asked_seldom(void **state)
{
        enum { QUEUE = 4, SOME_MS = 1500 };
        int queue[QUEUE];
        slice command;
        struct sockaddr_in here;
        socklen_t size = sizeof here;
        (void)state;
        assert_int_equal(getsockname(listener, (struct sockaddr *)&here, &size), 0);
        for (int i = 0; i < QUEUE; i++) { /* whoever comes now is not answered */
                queue[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                (void)!connect(queue[i], (const struct sockaddr *)&here, sizeof here);
        }
        struct vpcd_slot *slot = open_slot();
        uint64_t begun = steady_clock_ms();
        assert_int_equal(receive(slot, &command), VPCD_SLOT_NOTHING);
        assert_int_equal(vpcd_slot_watch(slot), -1);
        assert_in_range(steady_clock_ms() - begun, SOME_MS, 2 * WAIT_MS);
        begun = steady_clock_ms();
        for (int i = 0; i < QUEUE; i++)
                assert_int_equal(receive(slot, &command), VPCD_SLOT_NOTHING);
        assert_in_range(steady_clock_ms() - begun, 0, SOME_MS);
        for (int i = 0; i < QUEUE; i++)
                close(queue[i]);
        vpcd_slot_close(slot);
}

static void controls_and_commands_are_told_apart(void **state)
{
        static const uint8_t on = FRAME_POWER_ON, off = FRAME_POWER_OFF, reset = FRAME_RESET, atr = FRAME_ATR;
        static const uint8_t command_bytes[] = { 0x00, 0xA4, 0x04, 0x00 };
        uint8_t answer[MITOME_APDU_MAX];
        slice command, heard;
        (void)state;
        struct vpcd_slot *slot = open_slot();
        int host = insert(slot);
        tell_card(host, &on, 1);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_POWER_ON);
        tell_card(host, &atr, 1);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_NOTHING);
        assert_int_equal(frame_receive(host, answer, WAIT_MS, &heard, NULL).code, MITOME_OK);
        assert_true(slice_equal(heard, mitome_element_atr()));
        tell_card(host, command_bytes, sizeof command_bytes);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_COMMAND);
        assert_true(slice_equal(command, SLICE(command_bytes)));
        vpcd_slot_answer(slot, slice_text("\x90\x01"));
        assert_int_equal(frame_receive(host, answer, WAIT_MS, &heard, NULL).code, MITOME_OK);
        assert_true(slice_is(heard, "\x90\x01"));
        tell_card(host, &reset, 1);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_RESET);
        tell_card(host, &off, 1);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_RESET);
        close(host);
        vpcd_slot_close(slot);
}

/* CTAP's messages are longer than the element's commands. */
static void a_long_command_comes_whole_and_a_longer_one_ends_the_connection(void **state)
{
        static uint8_t bytes[2 + VPCD_COMMAND_MAX + 1];
        slice command;
        (void)state;
        struct vpcd_slot *slot = open_slot();
        int host = insert(slot);
        bytes[0] = VPCD_COMMAND_MAX >> 8;
        bytes[1] = VPCD_COMMAND_MAX & 0xFF;
        assert_int_equal(send(host, bytes, 2 + VPCD_COMMAND_MAX, 0), 2 + VPCD_COMMAND_MAX);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_COMMAND);
        assert_int_equal(command.size, VPCD_COMMAND_MAX);
        bytes[1]++;
        assert_int_equal(send(host, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_RESET);
        assert_int_equal(vpcd_slot_watch(slot), -1);
        close(host);
        vpcd_slot_close(slot);
}

static void a_reader_that_goes_and_comes_back_is_found_again(void **state)
{
        slice command;
        (void)state;
        struct vpcd_slot *slot = open_slot();
        int host = insert(slot);
        close(host);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_RESET);
        assert_int_equal(told[VPCD_REMOVED], 1);
        close(insert(slot));
        assert_int_equal(told[VPCD_INSERTED], 2);
        assert_int_equal(receive(slot, &command), VPCD_SLOT_RESET);
        close(listener);
        listener = -1;
        for (int i = 0; i < 3; i++)
                assert_int_equal(receive(slot, &command), VPCD_SLOT_NOTHING);
        assert_int_equal(told[VPCD_WAITS], 1);          /* said once */
        vpcd_slot_answer(slot, slice_text("\x90\x01")); /* to nobody */
        vpcd_slot_close(slot);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        a_reader_that_is_silent_is_asked_seldom, listen_somewhere, close_listener),
                cmocka_unit_test_setup_teardown(
                        controls_and_commands_are_told_apart, listen_somewhere, close_listener),
                cmocka_unit_test_setup_teardown(
                        a_long_command_comes_whole_and_a_longer_one_ends_the_connection, listen_somewhere,
                        close_listener),
                cmocka_unit_test_setup_teardown(
                        a_reader_that_goes_and_comes_back_is_found_again, listen_somewhere, close_listener),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
