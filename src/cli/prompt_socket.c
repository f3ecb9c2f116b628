/* SPDX-License-Identifier: Apache-2.0 */
#include "prompt.h"

#include "json.h"
#include "unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENERS_MAX = PROMPT_WATCH_MAX - 1, ANSWER_MAX = 32, TURN = 8 * ANSWER_MAX, LINE_MAX_SIZE = 8192 };

/* Who hears the prompts, and what he has said of his next line. */
struct peer {
        int fd; /* -1: none */
        char line[ANSWER_MAX];
        size_t used;
};

struct prompt_socket {
        char *path;
        int listener;
        unsigned asked;                  /* the number of the prompt that stands; 0: none does */
        uint8_t standing[LINE_MAX_SIZE]; /* its line, for whoever comes later */
        slice line;
        struct peer peers[LISTENERS_MAX];
};

static void dismiss(struct peer *peer)
{
        close(peer->fd);
        *peer = (struct peer){ .fd = -1 };
}

/* Whoever does not read for so long that a line does not fit is sent away. */
static void tell(struct peer *peer, slice line)
{
        if (peer->fd >= 0 &&
                send(peer->fd, line.data, line.size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)line.size)
                dismiss(peer);
}

static void tell_all(struct prompt_socket *socket, slice line)
{
        for (size_t i = 0; i < LISTENERS_MAX; i++)
                tell(&socket->peers[i], line);
}

static void write_text(struct json_writer *json, const char *name, slice text)
{
        if (text.size)
                json_write_text(json, name, text);
}

static slice compose(struct prompt_socket *socket, const struct prompt_text *text)
{
        writer w = WRITER(socket->standing);
        struct json_writer json = json_into(&w);
        slice line = { 0 };
        json_write_open_object(&json, NULL);
        json_write_int(&json, "prompt", text->number);
        json_write_string(&json, "reason", text->reason);
        json_write_string(&json, "title", text->title);
        json_write_string(&json, "text", text->body);
        json_write_bool(&json, "finger", text->finger);
        write_text(&json, "rp_id", text->prompt->rp_id);
        write_text(&json, "user_name", text->prompt->user_name);
        json_write_int(&json, "timeout_ms", text->prompt->timeout_ms);
        json_write_close_object(&json);
        write_u8(&w, '\n');
        return failed(writer_finish(&w, "prompt", &line, NULL)) ? (slice){ 0 } : line;
}

static void ask(void *context, const struct prompt_text *text)
{
        struct prompt_socket *socket = context;
        socket->asked = text->number;
        socket->line = compose(socket, text);
        tell_all(socket, socket->line);
}

static void tell_of_finger(void *context, const struct prompt_told *told)
{
        uint8_t bytes[1024];
        writer w = WRITER(bytes);
        struct json_writer json = json_into(&w);
        slice line;
        json_write_open_object(&json, NULL);
        json_write_string(&json, "told", told->name);
        json_write_int(&json, "number", told->number);
        json_write_string(&json, "text", told->text);
        json_write_close_object(&json);
        write_u8(&w, '\n');
        if (!failed(writer_finish(&w, "told", &line, NULL)))
                tell_all(context, line);
}

static void end(void *context)
{
        struct prompt_socket *socket = context;
        char line[32];
        if (!socket->asked)
                return;
        int size = snprintf(line, sizeof line, "{\"ended\":%u}\n", socket->asked);
        socket->asked = 0;
        tell_all(socket, slice_of(line, (size_t)size));
}

/* Whoever comes while a prompt stands hears it, too. */
static void admit(struct prompt_socket *socket)
{
        int fd;
        for (int tries = 0; tries < LISTENERS_MAX && unix_socket_accept_now(socket->listener, &fd); tries++) {
                size_t i = 0;
                while (i < LISTENERS_MAX && socket->peers[i].fd >= 0)
                        i++;
                if (i == LISTENERS_MAX) {
                        close(fd);
                        continue;
                }
                socket->peers[i] = (struct peer){ .fd = fd };
                if (socket->asked)
                        tell(&socket->peers[i], socket->line);
        }
}

/* `yes N` and `no N`, and N is the prompt that stands: an answer that comes too late is none. */
static enum mitome_presence_answer understand(const struct prompt_socket *socket, const struct peer *peer)
{
        char yes[ANSWER_MAX], no[ANSWER_MAX];
        const slice line = slice_of(peer->line, peer->used);
        snprintf(yes, sizeof yes, "yes %u", socket->asked);
        snprintf(no, sizeof no, "no %u", socket->asked);
        if (!socket->asked)
                return MITOME_PRESENCE_NOTHING;
        return slice_is(line, yes)  ? MITOME_PRESENCE_TOUCHED
               : slice_is(line, no) ? MITOME_PRESENCE_DECLINED
                                    : MITOME_PRESENCE_NOTHING;
}

/* One who never stops talking is heard so far, and again when the others have had their turn. */
static enum mitome_presence_answer hear_peer(const struct prompt_socket *socket, struct peer *peer)
{
        enum mitome_presence_answer answer = MITOME_PRESENCE_NOTHING;
        for (int i = 0; i < TURN && peer->fd >= 0 && answer == MITOME_PRESENCE_NOTHING; i++) {
                char c;
                ssize_t count = recv(peer->fd, &c, 1, MSG_DONTWAIT);
                if (count < 0 && (errno == EAGAIN || errno == EINTR))
                        break;
                if (count <= 0 || peer->used == sizeof peer->line) { /* gone, or no line of ours */
                        dismiss(peer);
                } else if (c == '\n') {
                        answer = understand(socket, peer);
                        peer->used = 0;
                } else {
                        peer->line[peer->used++] = c;
                }
        }
        return answer;
}

static enum mitome_presence_answer hear(void *context)
{
        struct prompt_socket *socket = context;
        enum mitome_presence_answer answer = MITOME_PRESENCE_NOTHING;
        admit(socket);
        for (size_t i = 0; i < LISTENERS_MAX && answer == MITOME_PRESENCE_NOTHING; i++)
                answer = hear_peer(socket, &socket->peers[i]);
        return answer;
}

static size_t watch(void *context, struct pollfd fds[PROMPT_WATCH_MAX])
{
        const struct prompt_socket *socket = context;
        size_t count = 0;
        fds[count++] = (struct pollfd){ .fd = socket->listener, .events = POLLIN };
        for (size_t i = 0; i < LISTENERS_MAX; i++)
                if (socket->peers[i].fd >= 0)
                        fds[count++] = (struct pollfd){ .fd = socket->peers[i].fd, .events = POLLIN };
        return count;
}

static void close_way(void *context)
{
        struct prompt_socket *socket = context;
        for (size_t i = 0; i < LISTENERS_MAX; i++)
                if (socket->peers[i].fd >= 0)
                        close(socket->peers[i].fd);
        close(socket->listener);
        unlink(socket->path);
        free(socket->path);
        free(socket);
}

mitome_status prompt_by_socket(const char *path, struct prompt_way *ret, mitome_error *error)
{
        struct prompt_socket *way = calloc(1, sizeof *way);
        char *copy = strdup(path);
        mitome_status status = way && copy ? unix_socket_listen(path, &way->listener, error)
                                           : fail(error, MITOME_E_NO_MEMORY, "prompts", NULL);
        if (failed(status)) {
                free(copy);
                free(way);
                return status;
        }
        fcntl(way->listener, F_SETFL, O_NONBLOCK);
        way->path = copy;
        for (size_t i = 0; i < LISTENERS_MAX; i++)
                way->peers[i].fd = -1;
        *ret = (struct prompt_way){ way, ask, hear, tell_of_finger, end, close_way, watch };
        return ok();
}
