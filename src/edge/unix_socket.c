/* SPDX-License-Identifier: Apache-2.0 */
#include "unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { RETRY_MS = 10 };

static mitome_status refused(mitome_error *error)
{
        return fail(error, MITOME_E_SOCKET, "the socket", NULL);
}

static bool address_of(const char *path, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        int size = snprintf(ret->sun_path, sizeof ret->sun_path, "%s", path);
        return size > 0 && (size_t)size < sizeof ret->sun_path;
}

static int connected(const struct sockaddr_un *address, int type)
{
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
                close(fd);
                fd = -1;
        }
        return fd;
}

/* Somebody listens there, for streams or for packets. */
static bool is_in_use(const struct sockaddr_un *address)
{
        int fd = connected(address, SOCK_STREAM);
        if (fd < 0)
                fd = connected(address, SOCK_SEQPACKET);
        if (fd >= 0)
                close(fd);
        return fd >= 0;
}

/* Makes room for the socket: a dead one of ours may go, anything else stays. */
static bool clear_path(const char *path, const struct sockaddr_un *address)
{
        struct stat status;
        if (lstat(path, &status) != 0)
                return true;
        if (!S_ISSOCK(status.st_mode) || status.st_uid != geteuid())
                return false;
        return !is_in_use(address) && unlink(path) == 0;
}

static mitome_status listen_for(const char *path, int type, int *ret_fd, mitome_error *error)
{
        struct sockaddr_un address;
        if (!address_of(path, &address) || !clear_path(path, &address))
                return refused(error);
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return refused(error);
        mode_t before = umask(0177);
        bool bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
        umask(before);
        if (!bound || listen(fd, 1) != 0) {
                close(fd);
                return refused(error);
        }
        *ret_fd = fd;
        return ok();
}

mitome_status unix_socket_listen(const char *path, int *ret_fd, mitome_error *error)
{
        return listen_for(path, SOCK_STREAM, ret_fd, error);
}

mitome_status unix_socket_listen_packets(const char *path, int *ret_fd, mitome_error *error)
{
        return listen_for(path, SOCK_SEQPACKET | SOCK_NONBLOCK, ret_fd, error);
}

static bool is_ours(int fd)
{
        struct ucred peer;
        socklen_t size = sizeof peer;
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

mitome_status unix_socket_accept(int listener, int *ret_fd, mitome_error *error)
{
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                if (fd < 0)
                        return refused(error);
                if (is_ours(fd)) {
                        *ret_fd = fd;
                        return ok();
                }
                close(fd);
        }
}

bool unix_socket_accept_now(int listener, int *ret_fd)
{
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
                        return false;
                if (fd >= 0 && is_ours(fd)) {
                        *ret_fd = fd;
                        return true;
                }
                if (fd >= 0)
                        close(fd);
        }
}

mitome_status unix_socket_connect(const char *path, int timeout_ms, int *ret_fd, mitome_error *error)
{
        struct sockaddr_un address;
        if (!address_of(path, &address))
                return refused(error);
        for (int waited = 0; waited <= timeout_ms; waited += RETRY_MS) {
                int fd = connected(&address, SOCK_STREAM);
                if (fd >= 0) {
                        *ret_fd = fd;
                        return ok();
                }
                poll(NULL, 0, RETRY_MS);
        }
        return fail(error, MITOME_E_LINK, "element", NULL);
}
