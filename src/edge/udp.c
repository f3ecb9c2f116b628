/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_LAST = 65535, PORT_DIGITS = 5, CHANNEL_SIZE = 4, HOSTS_MAX = 32 };

/* Who spoke last on a channel of CTAPHID: what is said there is for nobody else. */
struct host {
        uint8_t channel[CHANNEL_SIZE];
        uint64_t heard; /* 0: nobody yet */
        struct sockaddr_in address;
};

struct udp {
        int fd;
        uint64_t count; /* of reports */
        struct host hosts[HOSTS_MAX];
};

/* What simulators of other authenticators take for a power cycle. It cannot be a report of a client that
 * keeps to CTAPHID: its channel was never given. */
const uint8_t hid_port_power_cycle[HID_PORT_REPORT_SIZE] = { 0xac, 0x10, 0x52, 0xca, 0x95, 0xe5, 0x69, 0xde,
        0x69, 0xe0, 0x2e, 0xbf, 0xf3, 0x33, 0x48, 0x5f, 0x13, 0xf9, 0xb2, 0xda, 0x34, 0xc5, 0xa8, 0xa3, 0x40,
        0x52, 0x66, 0x97, 0xa9, 0xab, 0x2e, 0x0b, 0x39, 0x4d, 0x8d, 0x04, 0x97, 0x3c, 0x13, 0x40, 0x05, 0xbe,
        0x1a, 0x01, 0x40, 0xbf, 0xf6, 0x04, 0x5b, 0xb2, 0x6e, 0xb7, 0x7a, 0x73, 0xea, 0xa4, 0x78, 0x13, 0xf6,
        0xb4, 0x9a, 0x72, 0x50, 0xdc };

static size_t watch(void *context, struct pollfd fds[HID_PORT_WATCH_MAX])
{
        const struct udp *udp = context;
        fds[0] = (struct pollfd){ .fd = udp->fd, .events = POLLIN };
        return 1;
}

static slice channel_of(const uint8_t report[HID_PORT_REPORT_SIZE])
{
        return slice_of(report, CHANNEL_SIZE);
}

/* The channel's place, or the one of the channel that was silent longest. */
static struct host *place_of(struct udp *udp, slice channel)
{
        struct host *place = &udp->hosts[0];
        for (size_t i = 0; i < HOSTS_MAX; i++) {
                struct host *host = &udp->hosts[i];
                if (host->heard && slice_equal(channel, SLICE(host->channel)))
                        return host;
                if (host->heard < place->heard)
                        place = host;
        }
        return place;
}

static void note_host(struct udp *udp, slice channel, const struct sockaddr_in *from)
{
        struct host *host = place_of(udp, channel);
        *host = (struct host){ .heard = ++udp->count, .address = *from };
        (void)failed(slice_copy(channel, "channel", host->channel, sizeof host->channel, NULL));
}

/* A datagram of another size is nobody's report. Whoever sends many of them is not heard to the end. */
static enum hid_port_event receive(void *context, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        struct udp *udp = context;
        for (int tries = 0; tries < HID_PORT_TURN; tries++) {
                uint8_t datagram[HID_PORT_REPORT_SIZE + 1];
                struct sockaddr_in from = { 0 };
                socklen_t size = sizeof from;
                ssize_t count = recvfrom(
                        udp->fd, datagram, sizeof datagram, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
                if (count < 0 && errno != EINTR && errno != ECONNREFUSED)
                        return errno == EAGAIN ? HID_PORT_NOTHING : HID_PORT_GONE;
                if (count != HID_PORT_REPORT_SIZE || size != sizeof from)
                        continue;
                const slice report = slice_of(datagram, HID_PORT_REPORT_SIZE);
                if (slice_equal(report, SLICE(hid_port_power_cycle)))
                        return HID_PORT_POWER_CYCLE;
                note_host(udp, channel_of(datagram), &from);
                if (!failed(slice_copy(report, "report", ret_report, HID_PORT_REPORT_SIZE, NULL)))
                        return HID_PORT_REPORT;
        }
        return HID_PORT_NOTHING;
}

static void send_report(void *context, const uint8_t report[HID_PORT_REPORT_SIZE])
{
        struct udp *udp = context;
        const struct host *host = place_of(udp, channel_of(report));
        const bool known = host->heard && slice_equal(channel_of(report), SLICE(host->channel));
        if (known && hid_port_await(udp->fd))
                (void)!sendto(udp->fd, report, HID_PORT_REPORT_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL,
                        (const struct sockaddr *)&host->address, sizeof host->address);
}

static void close_port(void *context)
{
        struct udp *udp = context;
        close(udp->fd);
        free(udp);
}

static bool parse_port(const char *text, in_port_t *ret)
{
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > PORT_DIGITS || text[digits] != '\0')
                return false;
        unsigned long number = strtoul(text, NULL, 10);
        *ret = htons((in_port_t)number);
        return number > 0 && number <= PORT_LAST;
}

mitome_status hid_port_udp(const char *port, struct hid_port *ret, mitome_error *error)
{
        struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        if (!parse_port(port, &here.sin_port))
                return fail(error, MITOME_E_VALUE, "the port of --hid", NULL);
        struct udp *udp = calloc(1, sizeof *udp);
        if (!udp)
                return fail(error, MITOME_E_NO_MEMORY, "port", NULL);
        udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (udp->fd < 0 || bind(udp->fd, (const struct sockaddr *)&here, sizeof here) != 0) {
                if (udp->fd >= 0)
                        close(udp->fd);
                free(udp);
                return fail(error, MITOME_E_SOCKET, "the port of --hid", NULL);
        }
        *ret = (struct hid_port){ udp, watch, receive, send_report, close_port };
        return ok();
}
