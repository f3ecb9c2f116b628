/* SPDX-License-Identifier: Apache-2.0 */
#include "hid_port.h"
#include "steady_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { WRITTEN_SIZE = HID_PORT_REPORT_SIZE + 1, NAME_MAX_SIZE = 64, PATIENCE_MS = 500 };

struct pty {
        int master;
        int slave;   /* held open: the terminal's settings stay, and nothing hangs up between two hosts */
        int closing; /* an inotify descriptor: a host has closed the terminal; -1: none to be had */
        char name[NAME_MAX_SIZE];
        char *path;
        uint8_t written[WRITTEN_SIZE]; /* of the report that is coming in */
        size_t used;
        uint64_t began_ms;
};

/* Bytes as they are, and a read of a host waits for a whole report. */
static bool make_raw(int fd)
{
        struct termios settings;
        if (tcgetattr(fd, &settings) != 0)
                return false;
        cfmakeraw(&settings);
        settings.c_cc[VMIN] = HID_PORT_REPORT_SIZE;
        settings.c_cc[VTIME] = 0;
        return tcsetattr(fd, TCSANOW, &settings) == 0;
}

static size_t watch(void *context, struct pollfd fds[HID_PORT_WATCH_MAX])
{
        const struct pty *pty = context;
        fds[0] = (struct pollfd){ .fd = pty->master, .events = POLLIN };
        return 1;
}

/* What a host did not read before it closed is not for the next one. The kernel notes a closing before the
 * next host's first write, so it is enough to look before a report is handed on. */
static void forget_former_host(struct pty *pty)
{
        char events[16 * (sizeof(struct inotify_event) + NAME_MAX_SIZE)];
        bool closed = false;
        while (pty->closing >= 0 && read(pty->closing, events, sizeof events) > 0)
                closed = true;
        if (!closed)
                return;
        tcflush(pty->slave, TCIFLUSH);
        (void)make_raw(pty->slave); /* it may have left other settings */
}

static enum hid_port_event receive(void *context, uint8_t ret_report[HID_PORT_REPORT_SIZE])
{
        struct pty *pty = context;
        const uint64_t now = steady_clock_ms();
        if (pty->used && now - pty->began_ms > PATIENCE_MS) /* its host died over it */
                pty->used = 0;
        while (pty->used < WRITTEN_SIZE) {
                ssize_t count = read(pty->master, pty->written + pty->used, WRITTEN_SIZE - pty->used);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return count < 0 && errno == EAGAIN ? HID_PORT_NOTHING : HID_PORT_GONE;
                if (pty->used == 0)
                        pty->began_ms = now;
                pty->used += (size_t)count;
        }
        pty->used = 0;
        forget_former_host(pty);
        reader r = reader_over(SLICE(pty->written), NULL, NULL);
        uint8_t number;
        if (failed(read_u8(&r, "report number", &number)) || number != 0 ||
                failed(read_into(&r, "report", ret_report, HID_PORT_REPORT_SIZE)))
                return HID_PORT_NOTHING;
        return HID_PORT_REPORT;
}

static void send_report(void *context, const uint8_t report[HID_PORT_REPORT_SIZE])
{
        const struct pty *pty = context;
        reader r = reader_over(slice_of(report, HID_PORT_REPORT_SIZE), NULL, NULL);
        while (r.rest.size) {
                slice sent;
                ssize_t count = write(pty->master, r.rest.data, r.rest.size);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0 && errno == EAGAIN && hid_port_await(pty->master))
                        continue;
                if (count <= 0 || failed(read_bytes(&r, "report", (size_t)count, &sent)))
                        break;
        }
        if (r.rest.size) /* nobody reads; half a report would put all later ones out of step */
                tcflush(pty->slave, TCIFLUSH);
}

/* A link to a terminal may be replaced: it is one of ours that was left behind. */
static bool clear_link(const char *path)
{
        static const char terminals[] = "/dev/pts/";
        char target[sizeof terminals] = { 0 };
        if (readlink(path, target, sizeof target - 1) < 0)
                return errno == ENOENT;
        return strcmp(target, terminals) == 0 && unlink(path) == 0;
}

static void unlink_own(const struct pty *pty)
{
        char target[NAME_MAX_SIZE] = { 0 };
        if (pty->path && readlink(pty->path, target, sizeof target - 1) > 0 && strcmp(target, pty->name) == 0)
                unlink(pty->path);
}

static void close_if(int fd)
{
        if (fd >= 0)
                close(fd);
}

static void close_port(void *context)
{
        struct pty *pty = context;
        unlink_own(pty);
        close_if(pty->closing);
        close_if(pty->slave);
        close_if(pty->master);
        free(pty->path);
        bytes_wipe(pty, sizeof *pty);
        free(pty);
}

static bool open_terminal(struct pty *pty)
{
        pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (pty->master < 0 || grantpt(pty->master) != 0 || unlockpt(pty->master) != 0 ||
                ptsname_r(pty->master, pty->name, sizeof pty->name) != 0)
                return false;
        pty->slave = open(pty->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (pty->slave < 0 || !make_raw(pty->slave))
                return false;
        (void)chmod(pty->name, S_IRUSR | S_IWUSR); /* it would be writable for the group tty, for `write` */
        pty->closing = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (pty->closing >= 0)
                (void)inotify_add_watch(pty->closing, pty->name, IN_CLOSE);
        return true;
}

mitome_status hid_port_pty(const char *path, struct hid_port *ret, mitome_error *error)
{
        struct pty *pty = calloc(1, sizeof *pty);
        if (!pty)
                return fail(error, MITOME_E_NO_MEMORY, "port", NULL);
        pty->master = pty->slave = pty->closing = -1;
        mitome_status status = ok();
        if (!open_terminal(pty))
                status = fail(error, MITOME_E_HID_PTY, NULL, NULL);
        else if (!clear_link(path) || symlink(pty->name, path) != 0)
                status = fail(error, MITOME_E_SOCKET, "the link to the terminal", NULL);
        else if (!(pty->path = strdup(path)))
                status = fail(error, MITOME_E_NO_MEMORY, "port", NULL);
        if (failed(status))
                close_port(pty);
        else
                *ret = (struct hid_port){ pty, watch, receive, send_report, close_port };
        return status;
}
