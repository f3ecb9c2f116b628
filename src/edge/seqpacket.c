/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_port.h"
#include "unix_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOSTS_MAX = 8 };

struct seqpacket {
        int listener;
        int hosts[HOSTS_MAX]; /* -1: none */
        size_t next;          /* whose turn it is to be heard */
        char *path;
};

static size_t watch(void *context, struct pollfd fds[HID_PORT_WATCH_MAX])
{
        const struct seqpacket *port = context;
        size_t count = 0;
        fds[count++] = (struct pollfd){ .fd = port->listener, .events = POLLIN };
        for (size_t i = 0; i < HOSTS_MAX; i++)
                if (port->hosts[i] >= 0)
                        fds[count++] = (struct pollfd){ .fd = port->hosts[i], .events = POLLIN };
        return count;
}

/* The ninth host is sent away. */
static void admit(struct seqpacket *port)
{
        int fd;
        for (int tries = 0; tries < HOSTS_MAX && unix_socket_accept_now(port->listener, &fd); tries++) {
                size_t i = 0;
                while (i < HOSTS_MAX && port->hosts[i] >= 0)
                        i++;
                if (i == HOSTS_MAX)
                        close(fd);
                else
                        port->hosts[i] = fd;
        }
}

static void dismiss(struct seqpacket *port, size_t i)
{
        close(port->hosts[i]);
        port->hosts[i] = -1;
}

/* A packet is a report, with or without the number 0 that hidraw wants before it. */
static bool take_packet(slice packet, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        reader r = reader_over(packet, NULL, NULL);
        uint8_t number = 0;
        if (packet.size == HID_PORT_REPORT_SIZE + 1 && failed(read_u8(&r, "report number", &number)))
                return false;
        return number == 0 && r.rest.size == HID_PORT_REPORT_SIZE &&
               !failed(read_into(&r, "report", ret_report, HID_PORT_REPORT_SIZE));
}

static bool hear(struct seqpacket *port, size_t i, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        for (int tries = 0; tries < HID_PORT_TURN && port->hosts[i] >= 0; tries++) {
                uint8_t packet[HID_PORT_REPORT_SIZE + 2];
                ssize_t count = recv(port->hosts[i], packet, sizeof packet, MSG_DONTWAIT);
                if (count < 0 && (errno == EAGAIN || errno == EINTR))
                        return false;
                if (count <= 0)
                        dismiss(port, i);
                else if (take_packet(slice_of(packet, (size_t)count), ret_report))
                        return true;
        }
        return false;
}

static enum hid_port_event receive(void *context, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        struct seqpacket *port = context;
        admit(port);
        for (size_t tries = 0; tries < HOSTS_MAX; tries++) {
                size_t i = port->next;
                port->next = (port->next + 1) % HOSTS_MAX;
                if (hear(port, i, ret_report))
                        return HID_PORT_REPORT;
        }
        return HID_PORT_NOTHING;
}

static void send_report(void *context, const uint8_t report[HID_PORT_REPORT_SIZE])
{
        struct seqpacket *port = context;
        for (size_t i = 0; i < HOSTS_MAX; i++) {
                if (port->hosts[i] < 0)
                        continue;
                ssize_t count = -1;
                if (hid_port_await(port->hosts[i]))
                        count = send(
                                port->hosts[i], report, HID_PORT_REPORT_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL);
                if (count !=
                        HID_PORT_REPORT_SIZE) /* it does not read: one that lacks a report understands none */
                        dismiss(port, i);
        }
}

static void close_port(void *context)
{
        struct seqpacket *port = context;
        for (size_t i = 0; i < HOSTS_MAX; i++)
                if (port->hosts[i] >= 0)
                        close(port->hosts[i]);
        close(port->listener);
        unlink(port->path);
        free(port->path);
        free(port);
}

mitome_status hid_port_unix(const char *path, struct hid_port *ret, mitome_error *error)
{
        struct seqpacket *port = calloc(1, sizeof *port);
        char *copy = strdup(path);
        mitome_status status = port && copy ? unix_socket_listen_packets(path, &port->listener, error)
                                            : fail(error, MITOME_E_NO_MEMORY, "port", NULL);
        if (failed(status)) {
                free(copy);
                free(port);
                return status;
        }
        port->path = copy;
        for (size_t i = 0; i < HOSTS_MAX; i++)
                port->hosts[i] = -1;
        *ret = (struct hid_port){ port, watch, receive, send_report, close_port };
        return ok();
}
