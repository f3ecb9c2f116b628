/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_port.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

/* Ports as their hosts meet them: another end of a socket or a terminal, in this process. */

enum { REPORT = HID_PORT_REPORT_SIZE, WAIT_MS = 5000, PATH_SIZE = 64 };

static char folder[] = "/tmp/mitome-port-XXXXXX";
static uint8_t report[REPORT], sent[REPORT + 1];

static void path_of(const char *name, char path[PATH_SIZE])
{
        snprintf(path, PATH_SIZE, "%s/%s", folder, name);
}

static void fill(uint8_t *bytes, size_t size, uint8_t first)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)(first + i);
}

static struct hid_port open_port(const char *text)
{
        struct hid_port port;
        assert_int_equal(hid_port_open(text, &port, NULL).code, MITOME_OK);
        return port;
}

static void close_port(struct hid_port *port)
{
        port->close(port->context);
}

/* Polls what the port says that it waits for, then takes what came. */
static enum hid_port_event receive(struct hid_port *port)
{
        struct pollfd fds[HID_PORT_WATCH_MAX];
        size_t count = port->watch(port->context, fds);
        assert_in_range(count, 1, HID_PORT_WATCH_MAX);
        assert_true(poll(fds, count, WAIT_MS) >= 0);
        return port->receive(port->context, report);
}

static enum hid_port_event receive_report(struct hid_port *port)
{
        enum hid_port_event event = HID_PORT_NOTHING;
        for (int i = 0; i < 20 && event == HID_PORT_NOTHING; i++) /* the first may be somebody who comes */
                event = receive(port);
        return event;
}

static void only_four_kinds_have_names(void **state)
{
        static const char *const wrong[] = { "", "usb", "pty", "pty:", "unix:", "udp:", "uhid:", "uhidx",
                "tcp:1", "PTY:/tmp/x" };
        (void)state;
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                struct hid_port port;
                assert_int_equal(hid_port_open(wrong[i], &port, NULL).code, MITOME_E_HID_PORT);
        }
}

/* ---- udp ---- */

static int udp_host(uint16_t *ret_port)
{
        struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof here;
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&here, sizeof here) == 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
        *ret_port = ntohs(here.sin_port);
        return fd;
}

/* A port number that was free a moment ago. */
static struct hid_port open_udp(uint16_t *ret_number)
{
        char text[16];
        close(udp_host(ret_number));
        snprintf(text, sizeof text, "udp:%u", *ret_number);
        return open_port(text);
}

static void send_to(int fd, uint16_t port, const void *bytes, size_t size)
{
        const struct sockaddr_in to = {
                .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)
        };
        assert_int_equal(sendto(fd, bytes, size, 0, (const struct sockaddr *)&to, sizeof to), (ssize_t)size);
}

static void a_datagram_is_a_report_and_its_sender_is_answered(void **state)
{
        (void)state;
        uint16_t number, own;
        struct hid_port port = open_udp(&number);
        int host = udp_host(&own);
        fill(sent, REPORT, 1);
        send_to(host, number, sent, REPORT - 1); /* neither of these is a report */
        send_to(host, number, sent, REPORT + 1);
        send_to(host, number, sent, REPORT);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        assert_memory_equal(report, sent, REPORT);
        assert_int_equal(port.receive(port.context, report), HID_PORT_NOTHING);
        report[REPORT - 1] ^= 0xFF; /* on the same channel */
        port.send(port.context, report);
        assert_int_equal(recv(host, sent, sizeof sent, 0), REPORT);
        assert_memory_equal(sent, report, REPORT);
        close(host);
        close_port(&port);
}

/* Two hosts, and a third who wants to hear what is not for him: he gets what is said on his own channel. */
static void an_answer_goes_to_who_spoke_on_its_channel(void **state)
{
        enum { HOSTS = 3 };
        int hosts[HOSTS];
        uint16_t number, own;
        (void)state;
        struct hid_port port = open_udp(&number);
        for (uint8_t i = 0; i < HOSTS; i++) {
                hosts[i] = udp_host(&own);
                fill(sent, REPORT, i); /* the first four bytes are the channel */
                send_to(hosts[i], number, sent, REPORT);
                assert_int_equal(receive(&port), HID_PORT_REPORT);
        }
        for (uint8_t i = 0; i < HOSTS; i++) {
                fill(report, REPORT, i);
                port.send(port.context, report);
                assert_int_equal(recv(hosts[i], sent, sizeof sent, MSG_DONTWAIT), REPORT);
                assert_memory_equal(sent, report, REPORT);
        }
        fill(report, REPORT, HOSTS); /* a channel on which nobody spoke */
        port.send(port.context, report);
        for (uint8_t i = 0; i < HOSTS; i++) {
                assert_int_equal(recv(hosts[i], sent, sizeof sent, MSG_DONTWAIT), -1);
                close(hosts[i]);
        }
        close_port(&port);
}

/* More hosts than are remembered: the one that was silent longest is forgotten, and nobody gets his answers.
 */
static void many_senders_push_out_the_silent_ones_alone(void **state)
{
        enum { MANY = 100 };
        uint16_t number, own;
        (void)state;
        struct hid_port port = open_udp(&number);
        int host = udp_host(&own), crowd = udp_host(&own);
        for (uint8_t i = 0; i < MANY; i++) {
                fill(sent, REPORT, 200);
                send_to(host, number, sent, REPORT);
                assert_int_equal(receive(&port), HID_PORT_REPORT);
                fill(sent, REPORT, i);
                send_to(crowd, number, sent, REPORT);
                assert_int_equal(receive(&port), HID_PORT_REPORT);
        }
        fill(report, REPORT, 0);
        port.send(port.context, report);
        assert_int_equal(recv(crowd, sent, sizeof sent, MSG_DONTWAIT), -1);
        assert_int_equal(recv(host, sent, sizeof sent, MSG_DONTWAIT), -1);
        fill(report, REPORT, 200);
        port.send(port.context, report);
        assert_int_equal(recv(host, sent, sizeof sent, MSG_DONTWAIT), REPORT);
        close(host);
        close(crowd);
        close_port(&port);
}

/* Whoever sends what is no report does not keep the port to himself. */
static void a_flood_of_nonsense_is_not_heard_to_its_end(void **state)
{
        uint16_t number, own;
        (void)state;
        struct hid_port port = open_udp(&number);
        int host = udp_host(&own);
        for (int i = 0; i < HID_PORT_TURN; i++)
                send_to(host, number, sent, 1);
        send_to(host, number, sent, REPORT);
        assert_int_equal(receive(&port), HID_PORT_NOTHING);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        close(host);
        close_port(&port);
}

static void the_simulators_datagram_is_a_power_cycle(void **state)
{
        static const uint8_t magic[REPORT] = { 0xac, 0x10, 0x52, 0xca, 0x95, 0xe5, 0x69, 0xde, 0x69, 0xe0,
                0x2e, 0xbf, 0xf3, 0x33, 0x48, 0x5f, 0x13, 0xf9, 0xb2, 0xda, 0x34, 0xc5, 0xa8, 0xa3, 0x40,
                0x52, 0x66, 0x97, 0xa9, 0xab, 0x2e, 0x0b, 0x39, 0x4d, 0x8d, 0x04, 0x97, 0x3c, 0x13, 0x40,
                0x05, 0xbe, 0x1a, 0x01, 0x40, 0xbf, 0xf6, 0x04, 0x5b, 0xb2, 0x6e, 0xb7, 0x7a, 0x73, 0xea,
                0xa4, 0x78, 0x13, 0xf6, 0xb4, 0x9a, 0x72, 0x50, 0xdc };
        uint8_t other[REPORT];
        uint16_t number, own;
        (void)state;
        struct hid_port port = open_udp(&number);
        int host = udp_host(&own);
        send_to(host, number, magic, REPORT);
        assert_int_equal(receive(&port), HID_PORT_POWER_CYCLE);
        for (size_t i = 0; i < REPORT; i++) /* but no other one */
                other[i] = magic[i];
        other[REPORT - 1] ^= 1;
        send_to(host, number, other, REPORT);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        close(host);
        close_port(&port);
}

static void a_port_number_is_checked_and_taken_once(void **state)
{
        static const char *const wrong[] = { "udp:0", "udp:65536", "udp:123456", "udp:80x", "udp:-1",
                "udp: 80" };
        (void)state;
        struct hid_port port, second;
        uint16_t number;
        char text[16];
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                assert_int_equal(hid_port_open(wrong[i], &port, NULL).code, MITOME_E_VALUE);
        port = open_udp(&number);
        snprintf(text, sizeof text, "udp:%u", number);
        assert_int_equal(hid_port_open(text, &second, NULL).code, MITOME_E_SOCKET);
        port.send(port.context, report); /* nobody has spoken yet: it goes nowhere */
        close_port(&port);
}

/* ---- unix ---- */

static int unix_host(const char *path)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };
        struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
        snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return fd;
}

static struct hid_port open_unix(char path[PATH_SIZE])
{
        char text[PATH_SIZE + 8];
        path_of("socket", path);
        snprintf(text, sizeof text, "unix:%s", path);
        return open_port(text);
}

static void packets_are_reports_with_or_without_a_number(void **state)
{
        char path[PATH_SIZE];
        uint8_t numbered[REPORT + 1] = { 0 }, wrong[REPORT + 1] = { 1 };
        struct stat status;
        (void)state;
        struct hid_port port = open_unix(path);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        int host = unix_host(path);
        fill(numbered + 1, REPORT, 3);
        send(host, wrong, sizeof wrong, 0);      /* another report number */
        send(host, numbered + 1, REPORT - 1, 0); /* too short */
        send(host, numbered, sizeof numbered, 0);
        assert_int_equal(receive_report(&port), HID_PORT_REPORT);
        assert_memory_equal(report, numbered + 1, REPORT);
        send(host, numbered + 1, REPORT, 0);
        assert_int_equal(receive_report(&port), HID_PORT_REPORT);
        assert_memory_equal(report, numbered + 1, REPORT);
        close(host);
        close_port(&port);
        assert_int_equal(stat(path, &status), -1);
}

static void a_flood_of_packets_is_not_heard_to_its_end(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct hid_port port = open_unix(path);
        int flood = unix_host(path), host = unix_host(path);
        assert_int_equal(receive(&port), HID_PORT_NOTHING);
        for (int i = 0; i < HID_PORT_TURN; i++)
                assert_int_equal(send(flood, sent, 1, 0), 1);
        fill(sent, REPORT, 9);
        assert_int_equal(send(flood, sent, REPORT, 0), REPORT);
        fill(sent, REPORT, 7);
        assert_int_equal(send(host, sent, REPORT, 0), REPORT);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        assert_int_equal(report[0], 7); /* the other host's turn came first */
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        assert_int_equal(report[0], 9);
        close(flood);
        close(host);
        close_port(&port);
}

static void every_host_hears_each_report_and_a_ninth_is_sent_away(void **state)
{
        enum { HOSTS = 8 };
        char path[PATH_SIZE];
        int hosts[HOSTS], ninth;
        (void)state;
        struct hid_port port = open_unix(path);
        for (size_t i = 0; i < HOSTS; i++) {
                hosts[i] = unix_host(path);
                assert_int_equal(receive(&port), HID_PORT_NOTHING);
        }
        ninth = unix_host(path);
        assert_int_equal(receive(&port), HID_PORT_NOTHING);
        assert_int_equal(recv(ninth, sent, sizeof sent, 0), 0);
        fill(report, REPORT, 5);
        port.send(port.context, report);
        for (size_t i = 0; i < HOSTS; i++)
                assert_int_equal(recv(hosts[i], sent, sizeof sent, 0), REPORT);
        for (size_t i = 0; i < HOSTS; i++)
                close(hosts[i]);
        close(ninth);
        port.send(port.context, report); /* to nobody */
        close_port(&port);
}

/* Whoever does not read loses the port, and nobody else does. */
static void a_host_that_does_not_read_is_sent_away(void **state)
{
        char path[PATH_SIZE];
        int small = 1;
        (void)state;
        struct hid_port port = open_unix(path);
        int deaf = unix_host(path);
        setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        assert_int_equal(receive(&port), HID_PORT_NOTHING);
        struct pollfd fds[HID_PORT_WATCH_MAX];
        for (int i = 0; i < 5000 && port.watch(port.context, fds) == 2; i++)
                port.send(port.context, report);
        assert_int_equal(port.watch(port.context, fds), 1);
        int host = unix_host(path);
        send(host, report, REPORT, 0);
        assert_int_equal(receive_report(&port), HID_PORT_REPORT);
        close(deaf);
        close(host);
        close_port(&port);
}

/* ---- pty ---- */

static struct hid_port open_pty(char path[PATH_SIZE])
{
        char text[PATH_SIZE + 8];
        path_of("terminal", path);
        snprintf(text, sizeof text, "pty:%s", path);
        return open_port(text);
}

static int terminal_host(const char *path)
{
        int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

static void write_report(int host, uint8_t number, uint8_t first)
{
        uint8_t bytes[REPORT + 1] = { number };
        fill(bytes + 1, REPORT, first);
        assert_int_equal(write(host, bytes, sizeof bytes), sizeof bytes);
}

static bool has_input(int host)
{
        struct pollfd ready = { .fd = host, .events = POLLIN };
        return poll(&ready, 1, 100) == 1;
}

/* All 256 values go through as they are: nothing is echoed, translated or taken for a control character. */
static void a_terminal_carries_any_bytes(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct hid_port port = open_pty(path);
        int host = terminal_host(path);
        for (unsigned first = 0; first < 256; first += REPORT) {
                write_report(host, 0, (uint8_t)first);
                assert_int_equal(receive(&port), HID_PORT_REPORT);
                fill(sent, REPORT, (uint8_t)first);
                assert_memory_equal(report, sent, REPORT);
                assert_false(has_input(host));
                port.send(port.context, report);
                assert_int_equal(read(host, sent, REPORT), REPORT);
                assert_memory_equal(report, sent, REPORT);
        }
        close(host);
        close_port(&port);
        assert_int_equal(access(path, F_OK), -1);
}

static void another_report_number_is_nobodys(void **state)
{
        char path[PATH_SIZE];
        (void)state;
        struct hid_port port = open_pty(path);
        int host = terminal_host(path);
        write_report(host, 7, 0);
        assert_int_equal(receive(&port), HID_PORT_NOTHING);
        write_report(host, 0, 0);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        close(host);
        close_port(&port);
}

/* What a host left unread, and the settings that it changed, do not meet the next one. */
static void a_new_host_finds_nothing_of_the_former(void **state)
{
        char path[PATH_SIZE];
        struct termios settings;
        (void)state;
        struct hid_port port = open_pty(path);
        int host = terminal_host(path);
        write_report(host, 0, 1);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        port.send(port.context, report);
        assert_int_equal(tcgetattr(host, &settings), 0);
        settings.c_cc[VMIN] = 1;
        assert_int_equal(tcsetattr(host, TCSANOW, &settings), 0);
        close(host); /* without reading */
        host = terminal_host(path);
        write_report(host, 0, 2);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        fill(sent, REPORT, 2);
        assert_memory_equal(report, sent, REPORT);
        assert_false(has_input(host));
        assert_int_equal(tcgetattr(host, &settings), 0);
        assert_int_equal(settings.c_cc[VMIN], REPORT);
        port.send(port.context, report);
        assert_int_equal(read(host, sent, REPORT), REPORT);
        close(host);
        close_port(&port);
}

static void half_a_report_of_a_host_that_died_is_forgotten(void **state)
{
        enum { LONGER_MS = 600 };
        char path[PATH_SIZE];
        (void)state;
        struct hid_port port = open_pty(path);
        int host = terminal_host(path);
        assert_int_equal(write(host, "half", 4), 4);
        assert_int_equal(receive(&port), HID_PORT_NOTHING);
        close(host);
        poll(NULL, 0, LONGER_MS);
        host = terminal_host(path);
        write_report(host, 0, 4);
        assert_int_equal(receive(&port), HID_PORT_REPORT);
        fill(sent, REPORT, 4);
        assert_memory_equal(report, sent, REPORT);
        close(host);
        close_port(&port);
}

static void a_former_link_is_replaced_and_nothing_else_is(void **state)
{
        char path[PATH_SIZE];
        struct hid_port port;
        char text[PATH_SIZE + 8];
        (void)state;
        path_of("terminal", path);
        snprintf(text, sizeof text, "pty:%s", path);
        assert_int_equal(symlink("/dev/pts/9999", path), 0);
        port = open_port(text);
        close_port(&port);
        assert_int_equal(symlink("/etc/passwd", path), 0);
        assert_int_equal(hid_port_open(text, &port, NULL).code, MITOME_E_SOCKET);
        assert_int_equal(unlink(path), 0);
        int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        close(file);
        assert_int_equal(hid_port_open(text, &port, NULL).code, MITOME_E_SOCKET);
        assert_int_equal(unlink(path), 0);
}

static int make_folder(void **state)
{
        (void)state;
        return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
        (void)state;
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_four_kinds_have_names),
                cmocka_unit_test(a_datagram_is_a_report_and_its_sender_is_answered),
                cmocka_unit_test(an_answer_goes_to_who_spoke_on_its_channel),
                cmocka_unit_test(many_senders_push_out_the_silent_ones_alone),
                cmocka_unit_test(a_flood_of_nonsense_is_not_heard_to_its_end),
                cmocka_unit_test(a_flood_of_packets_is_not_heard_to_its_end),
                cmocka_unit_test(the_simulators_datagram_is_a_power_cycle),
                cmocka_unit_test(a_port_number_is_checked_and_taken_once),
                cmocka_unit_test(packets_are_reports_with_or_without_a_number),
                cmocka_unit_test(every_host_hears_each_report_and_a_ninth_is_sent_away),
                cmocka_unit_test(a_host_that_does_not_read_is_sent_away),
                cmocka_unit_test(a_terminal_carries_any_bytes),
                cmocka_unit_test(another_report_number_is_nobodys),
                cmocka_unit_test(a_new_host_finds_nothing_of_the_former),
                cmocka_unit_test(half_a_report_of_a_host_that_died_is_forgotten),
                cmocka_unit_test(a_former_link_is_replaced_and_nothing_else_is),
        };
        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
