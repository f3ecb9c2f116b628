/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POST_HTTP_H
#define POST_HTTP_H

/* Letters over HTTP, to the addresses of the directory. */

#include "party.h"

struct post_http;

/* post_http_open; one letter may take `timeout_ms` (0: 10 s). It may be used by several threads. */
MITOME_CHECKED mitome_status post_http_open(long timeout_ms, struct post_http **ret, mitome_error *error);
struct post post_http(struct post_http *http);
void post_http_close(struct post_http *http);

#endif
