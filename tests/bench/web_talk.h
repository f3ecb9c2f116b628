/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_TALK_H
#define WEB_TALK_H

/* A browser as far as a portal's JSON API needs one: requests over a connection that is kept, answers, the
 * cookies and the CSRF token of one session. Nothing waits here but web_talk_do. */

#include "bytes.h"

enum { WEB_TALK_IN = 65536, WEB_TALK_OUT = 16384, WEB_TALK_COOKIE = 160, WEB_TALK_CSRF = 64 };

struct web_visitor {
        char session[WEB_TALK_COOKIE], device[WEB_TALK_COOKIE]; /* values; "": none */
        char csrf[WEB_TALK_CSRF];
};

struct web_talk {
        const char *origin; /* "http://localhost:8080" */
        uint16_t port;
        int fd; /* -1: not connected */
        struct web_visitor visitor;
        uint8_t in[WEB_TALK_IN], out[WEB_TALK_OUT];
        size_t have, out_size, out_sent;
};

struct web_reply {
        int status;
        slice head, body;
        size_t whole; /* bytes of `in` that it took */
};

void web_talk_begin(struct web_talk *ret, const char *origin, uint16_t port);
/* web_talk_connect connects to 127.0.0.1, non-blocking or not. False: nobody is there. */
bool web_talk_connect(struct web_talk *talk, bool blocking);
void web_talk_hang_up(struct web_talk *talk);

/* web_talk_compose puts a request into `out`; a body NULL: GET. */
void web_talk_compose(struct web_talk *talk, const char *path, slice body);

/* web_talk_parse looks whether `in` has a whole answer: 1, 0 (not yet), -1 (no HTTP). It takes over cookies.
 */
int web_talk_parse(struct web_talk *talk, struct web_reply *ret);
/* web_talk_consume drops the answer. */
void web_talk_consume(struct web_talk *talk, const struct web_reply *reply);

/* web_talk_do sends a request and waits for its answer (connecting, if need be): its status, 0 when there was
 * none. The answer stays in `in` until the next. */
int web_talk_do(struct web_talk *talk, const char *path, slice body, struct web_reply *ret);

/* web_talk_visit begins anew as a visitor: GET /api/session. */
int web_talk_visit(struct web_talk *talk);

#endif
