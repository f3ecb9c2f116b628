/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATUS_SERVER_H
#define STATUS_SERVER_H

/* Where a running authenticator says how it stands: a stream socket of one user (mode 0600). Whoever connects
 * hears a line of JSON, then the text, then the end. */

#include "device_state.h"

#include <poll.h>

struct status_server;

struct status_source {
        void *context;
        mitome_status (*read)(void *context, struct device_state *ret, mitome_error *error);
};

MITOME_CHECKED mitome_status status_server_open(const char *path, const struct status_source *source,
        struct status_server **ret, mitome_error *error);

struct pollfd status_server_watch(const struct status_server *server);

/* status_server_answer answers one who is waiting, if there is one; it never waits itself. */
void status_server_answer(struct status_server *server);

void status_server_close(struct status_server *server);

/* status_server_ask is the other side. `buffer` takes the whole answer. False: nobody answers there. */
bool status_server_ask(const char *path, uint8_t *buffer, size_t capacity, slice *ret_json, slice *ret_text);

#endif
