/* SPDX-License-Identifier: Apache-2.0 */
#include "web_talk.h"

#include "soft_passkey.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void web_talk_begin(struct web_talk *ret, const char *origin, uint16_t port)
{
        memset(ret, 0, sizeof *ret);
        ret->origin = origin;
        ret->port = port;
        ret->fd = -1;
}

bool web_talk_connect(struct web_talk *talk, bool blocking)
{
        const int one = 1;
        const struct sockaddr_in to = { .sin_family = AF_INET,
                .sin_port = htons(talk->port),
                .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
        web_talk_hang_up(talk);
        talk->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (talk->fd < 0)
                return false;
        if (connect(talk->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
                web_talk_hang_up(talk);
                return false;
        }
        (void)setsockopt(talk->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (!blocking)
                (void)fcntl(talk->fd, F_SETFL, O_NONBLOCK);
        return true;
}

void web_talk_hang_up(struct web_talk *talk)
{
        if (talk->fd >= 0)
                (void)close(talk->fd);
        talk->fd = -1;
        talk->have = talk->out_size = talk->out_sent = 0;
}

/* ---- requests ---- */

static void put(writer *w, const char *text)
{
        write_slice(w, slice_text(text));
}

static void put_cookies(const struct web_visitor *visitor, writer *w)
{
        if (!visitor->session[0])
                return;
        put(w, "Cookie: session=");
        put(w, visitor->session);
        if (visitor->device[0]) {
                put(w, "; device=");
                put(w, visitor->device);
        }
        put(w, "\r\n");
}

void web_talk_compose(struct web_talk *talk, const char *path, slice body)
{
        char size[64];
        writer w = WRITER(talk->out);
        put(&w, body.data ? "POST " : "GET ");
        put(&w, path);
        put(&w, " HTTP/1.1\r\nHost: ");
        put(&w, strstr(talk->origin, "://") + 3);
        put(&w, "\r\nOrigin: ");
        put(&w, talk->origin);
        put(&w, "\r\n");
        put_cookies(&talk->visitor, &w);
        if (body.data) {
                (void)snprintf(size, sizeof size, "Content-Length: %zu\r\n", body.size);
                put(&w, "X-CSRF: ");
                put(&w, talk->visitor.csrf);
                put(&w, "\r\nContent-Type: application/json\r\n");
                put(&w, size);
        }
        put(&w, "\r\n");
        write_slice(&w, body);
        if (w.overflowed)
                abort();
        talk->out_size = w.used;
        talk->out_sent = 0;
}

/* ---- answers ---- */

static slice find_header(slice head, const char *name)
{
        const char *at = (const char *)head.data, *end = at + head.size;
        const size_t size = strlen(name);
        while (at < end) {
                const char *line_end = memchr(at, '\n', (size_t)(end - at));
                if (!line_end)
                        break;
                if ((size_t)(line_end - at) > size && strncasecmp(at, name, size) == 0)
                        return slice_of(at + size, (size_t)(line_end - at) - size);
                at = line_end + 1;
        }
        return slice_of(NULL, 0);
}

static void keep_cookie(slice head, const char *start, char to[WEB_TALK_COOKIE])
{
        const slice line = find_header(head, start);
        size_t size = 0;
        while (size < line.size && line.data[size] != ';' && line.data[size] != '\r')
                size++;
        if (size == 0 || size >= WEB_TALK_COOKIE)
                return;
        memcpy(to, line.data, size);
        to[size] = '\0';
}

static void keep_csrf(struct web_visitor *visitor, slice body)
{
        const slice csrf = soft_member(body, "csrf");
        if (csrf.size == 0 || csrf.size >= sizeof visitor->csrf)
                return;
        memcpy(visitor->csrf, csrf.data, csrf.size);
        visitor->csrf[csrf.size] = '\0';
}

int web_talk_parse(struct web_talk *talk, struct web_reply *ret)
{
        const uint8_t *end = memmem(talk->in, talk->have, "\r\n\r\n", 4);
        if (!end)
                return talk->have == sizeof talk->in ? -1 : 0;
        const size_t head_size = (size_t)(end - talk->in) + 4;
        const slice head = slice_of(talk->in, head_size);
        if (head.size < 12 || memcmp(head.data, "HTTP/1.1 ", 9) != 0)
                return -1;
        const slice length = find_header(head, "Content-Length:");
        const size_t body = length.size ? strtoul((const char *)length.data, NULL, 10) : 0;
        if (head_size + body > sizeof talk->in)
                return -1;
        if (head_size + body > talk->have)
                return 0;
        *ret = (struct web_reply){ .status = (int)strtol((const char *)head.data + 9, NULL, 10),
                .head = head,
                .body = slice_of(talk->in + head_size, body),
                .whole = head_size + body };
        keep_cookie(head, "Set-Cookie: session=", talk->visitor.session);
        keep_cookie(head, "Set-Cookie: device=", talk->visitor.device);
        keep_csrf(&talk->visitor, ret->body);
        return 1;
}

void web_talk_consume(struct web_talk *talk, const struct web_reply *reply)
{
        memmove(talk->in, talk->in + reply->whole, talk->have - reply->whole);
        talk->have -= reply->whole;
}

/* ---- one after the other ---- */

static bool send_all(struct web_talk *talk)
{
        while (talk->out_sent < talk->out_size) {
                const ssize_t sent = send(
                        talk->fd, talk->out + talk->out_sent, talk->out_size - talk->out_sent, MSG_NOSIGNAL);
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return false;
                talk->out_sent += (size_t)sent;
        }
        return true;
}

static bool receive_one(struct web_talk *talk, struct web_reply *ret)
{
        for (;;) {
                const int whole = web_talk_parse(talk, ret);
                if (whole)
                        return whole > 0;
                const ssize_t got = recv(talk->fd, talk->in + talk->have, sizeof talk->in - talk->have, 0);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        return false;
                talk->have += (size_t)got;
        }
}

int web_talk_do(struct web_talk *talk, const char *path, slice body, struct web_reply *ret)
{
        talk->have = 0;
        if (talk->fd < 0 && !web_talk_connect(talk, true))
                return 0;
        web_talk_compose(talk, path, body);
        if (!send_all(talk) || !receive_one(talk, ret)) {
                web_talk_hang_up(talk);
                return 0;
        }
        return ret->status;
}

int web_talk_visit(struct web_talk *talk)
{
        struct web_reply reply = { 0 };
        talk->visitor = (struct web_visitor){ 0 };
        return web_talk_do(talk, "/api/session", slice_of(NULL, 0), &reply);
}
