/* SPDX-License-Identifier: Apache-2.0 */
#include "post_http.h"

#include "http_client.h"

#include <stdlib.h>

enum { LETTER_MS = 10000, OK_STATUS = 200 };

struct post_http {
        struct http_client *client;
};

mitome_status post_http_open(long timeout_ms, struct post_http **ret, mitome_error *error)
{
        struct post_http *http = calloc(1, sizeof *http);
        if (!http)
                return fail(error, MITOME_E_NO_MEMORY, "post", NULL);
        mitome_status status =
                http_client_open(timeout_ms > 0 ? timeout_ms : LETTER_MS, &http->client, error);
        if (failed(status)) {
                free(http);
                return status;
        }
        *ret = http;
        return ok();
}

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct post_http *http = context;
        long status = 0;
        slice got;
        if (!to->url[0])
                return fail(error, MITOME_E_UNREACHABLE, "addressee without an address", NULL);
        MITOME_TRY(http_client_post(
                http->client, to->url, "/letter", letter, answer, capacity, &status, &got, error));
        if (status != OK_STATUS)
                return fail(error, MITOME_E_UNREACHABLE, "addressee", NULL);
        *ret_size = got.size;
        return ok();
}

struct post post_http(struct post_http *http)
{
        return (struct post){ .context = http, .deliver = deliver };
}

void post_http_close(struct post_http *http)
{
        if (!http)
                return;
        http_client_close(http->client);
        free(http);
}
