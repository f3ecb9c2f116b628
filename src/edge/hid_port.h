/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HID_PORT_H
#define HID_PORT_H

/* Where the reports of a CTAPHID device go in and out on this machine: a kernel device, a terminal, a socket.
 * A port never waits for its host, but a short moment for room to send. */

#include "bytes.h"

#include <poll.h>

enum { HID_PORT_REPORT_SIZE = 64, HID_PORT_WATCH_MAX = 12, HID_PORT_SEND_MS = 500, HID_PORT_TURN = 64 };

enum hid_port_event {
        HID_PORT_NOTHING,
        HID_PORT_REPORT,      /* the host sent one */
        HID_PORT_POWER_CYCLE, /* the host asks that the device be unplugged and plugged in again (udp only) */
        HID_PORT_GONE,        /* the port is broken: close it */
};

struct hid_port {
        void *context;
        /* watch says which descriptors to poll before the next receive, and returns their number. */
        size_t (*watch)(void *context, struct pollfd fds[HID_PORT_WATCH_MAX]);
        /* receive takes the next report if there is one now. Call it until it gives NOTHING, but not more
         * than HID_PORT_TURN times: a host that never stops sending must not keep others from being heard.
         */
        enum hid_port_event (*receive)(void *context, uint8_t ret_report[HID_PORT_REPORT_SIZE]);
        /* send gives the host one report. One that nobody takes for HID_PORT_SEND_MS, or for which there is
         * no host, is dropped, as a device's unread reports are. */
        void (*send)(void *context, const uint8_t report[HID_PORT_REPORT_SIZE]);
        void (*close)(void *context);
};

/* hid_port_open opens the port that `text` names: uhid, pty:PATH, unix:PATH or udp:PORT. Fails with HID_PORT
 * for another text, and as its kind below does. */
MITOME_CHECKED mitome_status hid_port_open(const char *text, struct hid_port *ret, mitome_error *error);

/* hid_port_uhid makes a HID device in the kernel: any client on this machine finds it. Fails with HID_UHID.
 */
MITOME_CHECKED mitome_status hid_port_uhid(struct hid_port *ret, mitome_error *error);

/* hid_port_pty makes a terminal and a link to it at `path`: libfido2 takes it for a device file. Hosts write
 * 65 bytes (report number 0, then the report) and read 64, as with hidraw. A former link at `path` is
 * replaced, anything else is left alone (SOCKET). Fails with HID_PTY. */
MITOME_CHECKED mitome_status hid_port_pty(const char *path, struct hid_port *ret, mitome_error *error);

/* hid_port_unix listens on a SOCK_SEQPACKET socket (mode 0600, own user only): a packet a report, with or
 * without report number 0 before it. Up to eight hosts at once, which all hear each report, as all readers of
 * a hidraw device do. Fails with SOCKET. */
MITOME_CHECKED mitome_status hid_port_unix(const char *path, struct hid_port *ret, mitome_error *error);

/* hid_port_udp listens on 127.0.0.1, a datagram a report, and answers on each channel whoever spoke last
 * there: for tests, since any user of this machine may send. Fails with SOCKET or VALUE. */
MITOME_CHECKED mitome_status hid_port_udp(const char *port, struct hid_port *ret, mitome_error *error);

/* hid_port_await waits until `fd` takes something, for at most HID_PORT_SEND_MS. */
bool hid_port_await(int fd);

/* The report that ports by datagrams take for a power cycle. */
extern const uint8_t hid_port_power_cycle[HID_PORT_REPORT_SIZE];

#endif
