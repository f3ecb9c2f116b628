/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_RIG_H
#define WEB_RIG_H

/* A client that says exactly the bytes it is given, and may stop in the middle of them. */

#include "web.h"

#include <stdbool.h>

enum { WEB_RIG_ANSWER = 65536 };

struct web_rig_answer {
        unsigned status;
        size_t size; /* of text */
        char text[WEB_RIG_ANSWER];
        const char *body; /* in text */
        bool closed;      /* the connection was ended behind it */
};

/* web_rig_connect to 127.0.0.1; fails the test when it cannot. */
int web_rig_connect(uint16_t port);
void web_rig_say(int socket, const char *text);
void web_rig_say_bytes(int socket, const void *bytes, size_t size);
/* web_rig_hear reads one answer by its Content-Length (of a HEAD: none); false: the connection ended before.
 */
bool web_rig_hear(int socket, bool head, struct web_rig_answer *ret);
/* web_rig_ended tells whether nothing more comes: waits for the end of the connection. */
bool web_rig_ended(int socket);

/* web_rig_ask connects, says it, hears and leaves. Its status is 0 when no answer came. */
void web_rig_ask(uint16_t port, const char *text, struct web_rig_answer *ret);

/* web_rig_has tells whether the answer's head has that line ("Name: value", exactly). */
bool web_rig_has(const struct web_rig_answer *answer, const char *line);

#endif
