/* SPDX-License-Identifier: Apache-2.0 */
#include "vpcd.h"

#include "card_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RETRY_MS = 200, PORT_LAST = 65535 };

/* ---- the address ---- */

static mitome_status not_an_address(mitome_error *error)
{
        return fail(error, MITOME_E_VALUE, "the reader's HOST:PORT", NULL);
}

static bool is_port(const char *text)
{
        unsigned long number = 0;
        size_t digits = strspn(text, "0123456789");
        for (size_t i = 0; i < digits && i < VPCD_PORT_MAX; i++)
                number = number * 10 + (unsigned long)(text[i] - '0');
        return digits > 0 && digits < VPCD_PORT_MAX && text[digits] == '\0' && number > 0 &&
               number <= PORT_LAST;
}

mitome_status vpcd_parse(const char *text, struct vpcd_address *ret, mitome_error *error)
{
        struct vpcd_address address;
        const char *colon = strrchr(text, ':');
        if (!colon || !is_port(colon + 1))
                return not_an_address(error);
        size_t size = (size_t)(colon - text);
        if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
                text++;
                size -= 2;
        } else if (memchr(text, ':', size)) { /* which colon parts host and port? */
                return not_an_address(error);
        }
        if (size == 0 || size >= sizeof address.host || memchr(text, '[', size) || memchr(text, ']', size))
                return not_an_address(error);
        snprintf(address.host, sizeof address.host, "%.*s", (int)size, text);
        snprintf(address.port, sizeof address.port, "%s", colon + 1);
        *ret = address;
        return ok();
}

/* ---- the connection ---- */

/* True when `stop` came within the time. */
static bool stops(int stop, int wait_ms)
{
        struct pollfd wait = { .fd = stop, .events = POLLIN };
        int count;
        do
                count = poll(&wait, 1, wait_ms);
        while (count < 0 && errno == EINTR);
        return count != 0;
}

/* A reader is on this machine or beside it: a connection that is not there within moments is not there. */
static int connected(const struct addrinfo *to, int stop)
{
        const int yes = 1;
        int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -1;
        int result = connect(fd, to->ai_addr, to->ai_addrlen);
        if (result != 0 && errno == EINPROGRESS) {
                enum { CONNECT_MS = 2000 };
                struct pollfd wait[] = { { .fd = fd, .events = POLLOUT }, { .fd = stop, .events = POLLIN } };
                int cause = 0;
                socklen_t size = sizeof cause;
                if (poll(wait, 2, CONNECT_MS) > 0 && wait[0].revents &&
                        getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size) == 0 && cause == 0)
                        result = 0;
        }
        if (result != 0) {
                close(fd);
                return -1;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        return fd;
}

mitome_status vpcd_connect(const struct vpcd_address *address, int stop, int *ret_fd, mitome_error *error)
{
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
        struct addrinfo *list = NULL;
        int fd = -1;
        int answer = getaddrinfo(address->host, address->port, &hints, &list);
        if (answer != 0 && answer != EAI_AGAIN)
                return fail(error, MITOME_E_SOCKET, "the reader's host", NULL);
        for (const struct addrinfo *to = list; to && fd < 0; to = to->ai_next)
                fd = connected(to, stop);
        if (list)
                freeaddrinfo(list);
        *ret_fd = fd;
        return ok();
}

static void tell(const struct vpcd_watch *watch, enum vpcd_event event)
{
        if (watch && watch->tell)
                watch->tell(watch->context, event);
}

mitome_status vpcd_serve(struct mitome_element *element, const struct vpcd_address *address, int stop,
        const struct vpcd_watch *watch, mitome_error *error)
{
        mitome_status status = ok();
        bool waiting = false;
        int pause = 0;
        while (!failed(status) && !stops(stop, pause)) {
                int fd;
                pause = RETRY_MS;
                MITOME_TRY(vpcd_connect(address, stop, &fd, error));
                if (fd < 0) {
                        if (!waiting)
                                tell(watch, VPCD_WAITS);
                        waiting = true;
                        continue;
                }
                waiting = false;
                tell(watch, VPCD_INSERTED);
                status = card_server_serve(element, fd, stop, error);
                close(fd);
                tell(watch, VPCD_REMOVED);
        }
        return status;
}
