/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of a uhid device, played by the other end of a socket: open("/dev/uhid") gives this end.
 */
#include "hid_port.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/uhid.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { REPORT = HID_PORT_REPORT_SIZE };

static int ends[2]; /* the kernel's, the port's: negative, there is none */

/* The linker gives the port these in the place of the C library's: the same, by its two names. */
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);

static int open_device(const char *path, int flags, int mode)
{
        if (strcmp(path, "/dev/uhid") != 0)
                return __real_open64(path, flags, mode); /* what a tool that watches the test writes */
        assert_int_equal(flags & O_ACCMODE, O_RDWR);
        assert_true(flags & O_NONBLOCK && flags & O_CLOEXEC);
        if (ends[1] < 0)
                errno = EACCES;
        return ends[1];
}

static int mode_of(int flags, va_list more)
{
        return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0;
}

int __wrap_open(const char *path, int flags, ...)
{
        va_list more;
        va_start(more, flags);
        int mode = mode_of(flags, more);
        va_end(more);
        return open_device(path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...)
{
        va_list more;
        va_start(more, flags);
        int mode = mode_of(flags, more);
        va_end(more);
        return open_device(path, flags, mode);
}

static struct uhid_event event; /* what the kernel heard, or says */

static void hear(uint32_t type)
{
        assert_int_equal(recv(ends[0], &event, sizeof event, MSG_DONTWAIT), sizeof event);
        assert_int_equal(event.type, type);
}

static void say(void)
{
        assert_int_equal(send(ends[0], &event, sizeof event, 0), sizeof event);
}

static int set_up(void **state)
{
        struct hid_port *port = calloc(1, sizeof *port);
        assert_non_null(port);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(hid_port_uhid(port, NULL).code, MITOME_OK);
        *state = port;
        return 0;
}

static int tear_down(void **state)
{
        struct hid_port *port = *state;
        port->close(port->context);
        free(port);
        close(ends[0]);
        return 0;
}

/* [11.2.8.2] the report descriptor as the specification prints it, of a device on USB that says what it is */
static void the_kernel_is_told_what_it_is(void **state)
{
        static const uint8_t descriptor[] = { 0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x20, 0x15,
                0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02, 0x09, 0x21, 0x15, 0x00, 0x26,
                0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xC0 };
        const struct uhid_create2_req *create = &event.u.create2;
        (void)state;
        hear(UHID_CREATE2);
        assert_int_equal(create->bus, BUS_USB);
        assert_int_equal(create->rd_size, sizeof descriptor);
        assert_memory_equal(create->rd_data, descriptor, sizeof descriptor);
        assert_non_null(strstr((const char *)create->name, "Mitome"));
}

static void write_output(uint8_t type, uint8_t number, size_t size)
{
        event = (struct uhid_event){ .type = UHID_OUTPUT };
        event.u.output.rtype = type;
        event.u.output.size = (uint16_t)size;
        for (size_t i = 0; i < sizeof event.u.output.data; i++)
                event.u.output.data[i] = (uint8_t)i;
        event.u.output.data[0] = number;
        say();
}

/* hidraw writes the report number in front, other drivers do not. */
static void reports_go_both_ways(void **state)
{
        struct hid_port *port = *state;
        uint8_t report[REPORT], sent[REPORT];
        hear(UHID_CREATE2);
        assert_int_equal(port->receive(port->context, report), HID_PORT_NOTHING);
        write_output(UHID_OUTPUT_REPORT, 0, REPORT + 1);
        assert_int_equal(port->receive(port->context, report), HID_PORT_REPORT);
        for (size_t i = 0; i < REPORT; i++)
                assert_int_equal(report[i], i + 1);
        write_output(UHID_OUTPUT_REPORT, 0xEE, REPORT);
        assert_int_equal(port->receive(port->context, report), HID_PORT_REPORT);
        assert_int_equal(report[0], 0xEE);
        assert_int_equal(report[REPORT - 1], REPORT - 1);
        memset(sent, 0x5A, sizeof sent);
        port->send(port->context, sent);
        hear(UHID_INPUT2);
        assert_int_equal(event.u.input2.size, REPORT);
        assert_memory_equal(event.u.input2.data, sent, REPORT);
}

static void what_is_no_report_is_passed_over(void **state)
{
        struct hid_port *port = *state;
        uint8_t report[REPORT];
        hear(UHID_CREATE2);
        write_output(UHID_OUTPUT_REPORT, 1, REPORT + 1); /* another report's number */
        write_output(UHID_OUTPUT_REPORT, 0, REPORT - 1);
        write_output(UHID_OUTPUT_REPORT, 0, REPORT + 2);
        write_output(UHID_OUTPUT_REPORT, 0, 0);
        write_output(UHID_OUTPUT_REPORT, 0, UINT16_MAX); /* more than there is room for */
        write_output(UHID_FEATURE_REPORT, 0, REPORT + 1);
        event = (struct uhid_event){ .type = UHID_START };
        say();
        assert_int_equal(port->receive(port->context, report), HID_PORT_NOTHING);
}

/* The kernel waits for an answer to each. */
static void there_are_no_feature_reports(void **state)
{
        struct hid_port *port = *state;
        uint8_t report[REPORT];
        hear(UHID_CREATE2);
        event = (struct uhid_event){ .type = UHID_GET_REPORT };
        event.u.get_report.id = 7;
        say();
        event = (struct uhid_event){ .type = UHID_SET_REPORT };
        event.u.set_report.id = 8;
        say();
        assert_int_equal(port->receive(port->context, report), HID_PORT_NOTHING);
        hear(UHID_GET_REPORT_REPLY);
        assert_int_equal(event.u.get_report_reply.id, 7);
        assert_int_equal(event.u.get_report_reply.err, EIO);
        hear(UHID_SET_REPORT_REPLY);
        assert_int_equal(event.u.set_report_reply.id, 8);
        assert_int_equal(event.u.set_report_reply.err, EIO);
}

static void its_end_takes_the_device_away(void **state)
{
        struct hid_port *port = *state;
        uint8_t report[REPORT];
        hear(UHID_CREATE2);
        assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
        assert_int_equal(port->receive(port->context, report), HID_PORT_GONE);
        port->close(port->context);
        hear(UHID_DESTROY);
        close(ends[0]);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(hid_port_uhid(port, NULL).code, MITOME_OK); /* for the end of the test */
}

static void without_uhid_there_is_none(void **state)
{
        struct hid_port port;
        (void)state;
        ends[1] = -1;
        assert_int_equal(hid_port_uhid(&port, NULL).code, MITOME_E_HID_UHID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_kernel_is_told_what_it_is),
                TEST(reports_go_both_ways),
                TEST(what_is_no_report_is_passed_over),
                TEST(there_are_no_feature_reports),
                TEST(its_end_takes_the_device_away),
                cmocka_unit_test(without_uhid_there_is_none),
        };
        return cmocka_run_group_tests_name("hid_uhid", tests, NULL, NULL);
}
