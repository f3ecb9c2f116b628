/* SPDX-License-Identifier: Apache-2.0 */
#include "status_server.h"

#include "status_text.h"
#include "unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct status_server {
        int listener;
        char *path;
        struct status_source source;
};

mitome_status status_server_open(
        const char *path, const struct status_source *source, struct status_server **ret, mitome_error *error)
{
        struct status_server *server = calloc(1, sizeof *server);
        char *copy = strdup(path);
        mitome_status status = server && copy ? unix_socket_listen(path, &server->listener, error)
                                              : fail(error, MITOME_E_NO_MEMORY, "status", NULL);
        if (failed(status)) {
                free(copy);
                free(server);
                return status;
        }
        fcntl(server->listener, F_SETFL, O_NONBLOCK);
        server->path = copy;
        server->source = *source;
        *ret = server;
        return ok();
}

struct pollfd status_server_watch(const struct status_server *server)
{
        return (struct pollfd){ .fd = server->listener, .events = POLLIN };
}

/* A new socket takes more than an answer has. */
static void answer(const struct status_server *server, int fd)
{
        struct device_state state;
        uint8_t buffer[2 * STATUS_TEXT_MAX];
        writer w = WRITER(buffer);
        slice all;
        if (failed(server->source.read(server->source.context, &state, NULL)))
                return;
        status_json(&state, &w);
        status_text(&state, &w);
        if (!failed(writer_finish(&w, "status", &all, NULL)))
                (void)!send(fd, all.data, all.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* One at a time: each costs the element some commands, and there are hosts waiting for it. */
void status_server_answer(struct status_server *server)
{
        int fd;
        if (unix_socket_accept_now(server->listener, &fd)) {
                answer(server, fd);
                close(fd);
        }
}

void status_server_close(struct status_server *server)
{
        if (!server)
                return;
        close(server->listener);
        unlink(server->path);
        free(server->path);
        free(server);
}

/* ---- the other side ---- */

static bool read_all(int fd, writer *into)
{
        enum { PATIENCE_MS = 10000 };
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        while (into->used < into->capacity && poll(&wait, 1, PATIENCE_MS) == 1) {
                ssize_t count = recv(fd, into->data + into->used, into->capacity - into->used, 0);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return count == 0;
                into->used += (size_t)count;
        }
        return false;
}

bool status_server_ask(const char *path, uint8_t *buffer, size_t capacity, slice *ret_json, slice *ret_text)
{
        int fd;
        writer w = writer_over(buffer, capacity);
        if (failed(unix_socket_connect(path, 0, &fd, NULL)))
                return false;
        bool read = read_all(fd, &w);
        close(fd);
        reader r = reader_over(writer_view(&w), NULL, NULL);
        size_t line = 0;
        while (line < r.rest.size && r.rest.data[line] != '\n')
                line++;
        if (!read || failed(read_bytes(&r, "status", line + 1, ret_json)))
                return false;
        *ret_text = read_rest(&r);
        return true;
}
