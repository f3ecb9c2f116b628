/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PHONE_WAY_HTTP_H
#define PHONE_WAY_HTTP_H

/* A phone's way to a TSM at an address. */

#include "phone_way.h"

struct phone_way_http;

/* phone_way_http_open; `url` as "http://127.0.0.1:8700"; one request may take `timeout_ms` (0: 60 s, since
 * a TSM asks others before it answers). */
MITOME_CHECKED mitome_status phone_way_http_open(
        const char *url, long timeout_ms, struct phone_way_http **ret, mitome_error *error);
struct phone_way phone_way_http(struct phone_way_http *http);
void phone_way_http_close(struct phone_way_http *http);

#endif
