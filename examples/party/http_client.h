/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

/* POSTs by libcurl, bounded in size and time; connections are kept. Several threads may use one client. */

#include "bytes.h"

struct http_client;

MITOME_CHECKED mitome_status http_client_open(long timeout_ms, struct http_client **ret, mitome_error *error);
void http_client_close(struct http_client *client);

/* http_client_post posts `body` as CBOR to base + path, and gives the answer's status and body. UNREACHABLE
 * when there is none, or one over `capacity`. No redirect is followed and no proxy used. */
MITOME_CHECKED mitome_status http_client_post(struct http_client *client, const char *base, const char *path,
        slice body, uint8_t *buffer, size_t capacity, long *ret_status, slice *ret_answer,
        mitome_error *error);

#endif
