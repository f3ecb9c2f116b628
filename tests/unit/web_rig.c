/* SPDX-License-Identifier: Apache-2.0 */
#include "web_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int web_rig_connect(uint16_t port)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
        const struct timeval patience = { .tv_sec = 60 };
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_true(s >= 0);
        assert_int_equal(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
        assert_int_equal(connect(s, (const struct sockaddr *)&address, sizeof address), 0);
        return s;
}

void web_rig_say_bytes(int s, const void *bytes, size_t size)
{
        const char *at = bytes;
        while (size) {
                ssize_t sent = send(s, at, size, MSG_NOSIGNAL);
                if (sent <= 0)
                        return; /* ended at the other side: what it said is looked at */
                at += sent;
                size -= (size_t)sent;
        }
}

void web_rig_say(int s, const char *text)
{
        web_rig_say_bytes(s, text, strlen(text));
}

static const char *find_header(const struct web_rig_answer *answer, const char *name)
{
        const char *line = answer->text;
        size_t size = strlen(name);
        while ((line = strstr(line, "\r\n"))) {
                line += 2;
                if (line[0] == '\r')
                        return NULL;
                if (strncasecmp(line, name, size) == 0 && line[size] == ':')
                        return line + size + 2;
        }
        return NULL;
}

/* Byte by byte up to the blank line, so that nothing of the next answer is taken. */
static bool hear_head(int s, struct web_rig_answer *ret)
{
        while (ret->size < 4 || memcmp(ret->text + ret->size - 4, "\r\n\r\n", 4) != 0) {
                if (ret->size + 1 >= sizeof ret->text || recv(s, ret->text + ret->size, 1, 0) != 1)
                        return false;
                ret->text[++ret->size] = '\0';
        }
        return true;
}

bool web_rig_hear(int s, bool head, struct web_rig_answer *ret)
{
        *ret = (struct web_rig_answer){ 0 };
        if (!hear_head(s, ret)) {
                ret->closed = true;
                return false;
        }
        const char *length = find_header(ret, "content-length");
        size_t left = length && !head ? strtoul(length, NULL, 10) : 0;
        ret->status = (unsigned)strtoul(ret->text + strlen("HTTP/1.1 "), NULL, 10);
        ret->body = ret->text + ret->size;
        while (left && ret->size + left < sizeof ret->text) {
                ssize_t got = recv(s, ret->text + ret->size, left, 0);
                if (got <= 0)
                        return false;
                ret->size += (size_t)got;
                left -= (size_t)got;
        }
        ret->text[ret->size] = '\0';
        return left == 0;
}

bool web_rig_ended(int s)
{
        char rest[4096];
        ssize_t got = recv(s, rest, sizeof rest, 0);
        return got == 0 || (got < 0);
}

void web_rig_ask(uint16_t port, const char *text, struct web_rig_answer *ret)
{
        int s = web_rig_connect(port);
        web_rig_say(s, text);
        bool whole = web_rig_hear(s, strncmp(text, "HEAD", 4) == 0, ret);
        if (!whole)
                ret->status = 0;
        else if (web_rig_has(ret, "Connection: close"))
                ret->closed = web_rig_ended(s);
        close(s);
}

bool web_rig_has(const struct web_rig_answer *answer, const char *line)
{
        char wanted[2048];
        snprintf(wanted, sizeof wanted, "\r\n%s\r\n", line);
        const char *end = strstr(answer->text, "\r\n\r\n"), *at = strstr(answer->text, wanted);
        return at && end && at <= end;
}
