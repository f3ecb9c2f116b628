/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_READ_H
#define WEB_READ_H

/* The head of a request, strictly: what a browser never sends is refused, so that two readers of the same
 * bytes (a proxy and this server) do not understand them in two ways. No I/O. */

#include "web.h"

/* What came in. */
struct web_head {
        slice method, target; /* "GET", "/path?query" */
        struct web_pair headers[WEB_HEADERS];
        size_t header_count;
        bool too_many; /* there were more headers */
        slice peer;    /* numeric address of the connection's other end */
        bool tls;
};

/* What the server goes by. */
struct web_rules {
        slice authority; /* of the public origin, "login.example:8443"; empty: there is none */
        bool loopback;   /* listens on loopback: its names are answered, too */
        bool secure;     /* the public origin is https */
        slice trusted_proxy;
};

enum { WEB_STORE_SIZE = WEB_TARGET_MAX + 256 };

/* web_read_head reads all but the body; the path's escapes are undone into `store`. *ret_length is the
 * body's. A failure (WEB_REQUEST, TOO_LONG) says in *ret_status what HTTP calls it. A method that is neither
 * GET, HEAD nor POST is ret->method 0: the router refuses it, who knows what is allowed. */
MITOME_CHECKED mitome_status web_read_head(const struct web_head *head, const struct web_rules *rules,
        writer *store, struct web_request *ret, uint64_t *ret_length, unsigned *ret_status,
        mitome_error *error);

#endif
