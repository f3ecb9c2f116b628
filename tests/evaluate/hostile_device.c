/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile_device.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORT = 64, INIT = 0x86, CBOR = 0x90, CANCEL = 0x91, KEEPALIVE = 0xBB, ERROR = 0xBF };

struct device {
        int fd;
        uint32_t channel, last;
};

static bool send_bytes(const struct device *device, const uint8_t *bytes, size_t size)
{
        return send(device->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static void head(uint8_t report[REPORT], uint32_t channel, uint8_t command, unsigned size)
{
        memset(report, 0, REPORT);
        for (int i = 0; i < 4; i++)
                report[i] = (uint8_t)(channel >> (24 - 8 * i));
        report[4] = command;
        report[5] = (uint8_t)(size >> 8);
        report[6] = (uint8_t)size;
}

/* A message of one packet. */
static bool answer(
        const struct device *device, uint32_t channel, uint8_t command, const void *bytes, size_t size)
{
        uint8_t report[REPORT];
        head(report, channel, command, (unsigned)size);
        if (size)
                memcpy(report + 7, bytes, size);
        return send_bytes(device, report, sizeof report);
}

static bool says_sound(const struct device *device)
{
        /* { 1: ["FIDO_2_1"], 3: 16 bytes } */
        static const uint8_t info[] = { 0x00, 0xA2, 0x01, 0x81, 0x68, 'F', 'I', 'D', 'O', '_', '2', '_', '1',
                0x03, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
        return answer(device, device->channel, CBOR, info, sizeof info);
}

/* Until the other end has gone, or says something. */
static bool has_gone(const struct device *device, int wait_ms)
{
        struct pollfd wait = { .fd = device->fd, .events = POLLIN };
        return poll(&wait, 1, wait_ms) != 0;
}

static bool misbehave(const struct device *device, enum hostile_way way)
{
        static const uint8_t bad[] = { 0x00, 0xBF, 0xFF, 0xFF }, busy = 0x06, works = 1, awaits = 2;
        const uint32_t channel = device->channel;
        uint8_t report[REPORT];
        switch (way) {
        case HOSTILE_HANGS:
        case HOSTILE_LATE: /* until the cancel */
                return true;
        case HOSTILE_KEEPS_ALIVE:
        case HOSTILE_AWAITS_USER:
                while (!has_gone(device, 10))
                        answer(device, channel, KEEPALIVE, way == HOSTILE_KEEPS_ALIVE ? &works : &awaits, 1);
                return true;
        case HOSTILE_BAD_CBOR:
                return answer(device, channel, CBOR, bad, sizeof bad);
        case HOSTILE_NO_STATUS:
                return answer(device, channel, CBOR, NULL, 0);
        case HOSTILE_OTHER_CHANNEL:
                while (answer(device, channel ^ 1, CBOR, bad, sizeof bad))
                        ;
                return false;
        case HOSTILE_HUGE:
                head(report, channel, CBOR, 0xFFFF);
                for (uint8_t sequence = 0; send_bytes(device, report, sizeof report); sequence++)
                        head(report, channel, sequence & 0x7F, 0);
                return false;
        case HOSTILE_FLOODS:
                while (answer(device, channel, KEEPALIVE, &works, 1))
                        ;
                return false;
        case HOSTILE_WRONG_ORDER:
                head(report, channel, CBOR, 100);
                send_bytes(device, report, sizeof report);
                head(report, channel, 1, 0);
                return send_bytes(device, report, sizeof report);
        case HOSTILE_ERROR:
                return answer(device, channel, ERROR, &busy, 1);
        case HOSTILE_SHORT_REPORT:
                return send_bytes(device, bad, sizeof bad);
        case HOSTILE_HANGS_UP:
                head(report, channel, CBOR, 100);
                send_bytes(device, report, sizeof report);
                return false;
        default:
                _exit(0);
        }
}

static bool serve_report(struct device *device, const uint8_t report[REPORT])
{
        static const uint8_t late[] = { 0x00, 0xBF };
        uint8_t given[17];
        switch (report[4]) {
        case INIT:
                device->channel = ++device->last;
                memcpy(given, report + 7, 8);
                memset(given + 8, 0, sizeof given - 8);
                for (int i = 0; i < 4; i++)
                        given[8 + i] = (uint8_t)(device->channel >> (24 - 8 * i));
                given[12] = 2;
                return answer(device, 0xFFFFFFFF, INIT, given, sizeof given);
        case CANCEL:
                for (int i = 0; i < 3; i++)
                        answer(device, device->channel, CBOR, late, sizeof late);
                return true;
        case CBOR:
                return report[7] == HOSTILE_COMMAND ? misbehave(device, (enum hostile_way)report[8])
                                                    : says_sound(device);
        default:
                return true;
        }
}

static void serve(int listener)
{
        struct device device = { 0 };
        for (;;) {
                uint8_t report[REPORT];
                device.fd = accept(listener, NULL, NULL);
                if (device.fd < 0)
                        _exit(1);
                while (recv(device.fd, report, sizeof report, 0) == REPORT && serve_report(&device, report))
                        ;
                close(device.fd);
        }
}

pid_t hostile_device_start(const char *path)
{
        enum { BACKLOG = 4 };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
                listen(listener, BACKLOG) != 0)
                abort();
        pid_t process = fork();
        if (process == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(listener);
        }
        close(listener);
        return process;
}

void hostile_device_stop(pid_t process)
{
        kill(process, SIGKILL);
        waitpid(process, NULL, 0);
}
