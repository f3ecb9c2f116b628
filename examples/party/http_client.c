/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEPT_MAX = 16, URL_MAX = 512, CONNECT_MS = 5000 };

/* Handles that nobody uses at the moment; each keeps its connections. */
struct http_client {
        pthread_mutex_t mutex;
        size_t count;
        CURL *kept[KEPT_MAX];
        long timeout_ms;
        struct curl_slist *headers;
};

mitome_status http_client_open(long timeout_ms, struct http_client **ret, mitome_error *error)
{
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return fail(error, MITOME_E_NO_MEMORY, "libcurl", NULL);
        struct http_client *client = calloc(1, sizeof *client);
        /* No "Expect: 100-continue": it would cost a round trip for each larger body. */
        struct curl_slist *type = curl_slist_append(NULL, "Content-Type: application/cbor");
        struct curl_slist *headers = curl_slist_append(type, "Expect:");
        if (!client || !type || !headers) {
                curl_slist_free_all(type);
                free(client);
                return fail(error, MITOME_E_NO_MEMORY, "libcurl", NULL);
        }
        client->timeout_ms = timeout_ms;
        client->headers = headers;
        pthread_mutex_init(&client->mutex, NULL);
        *ret = client;
        return ok();
}

void http_client_close(struct http_client *client)
{
        if (!client)
                return;
        while (client->count > 0)
                curl_easy_cleanup(client->kept[--client->count]);
        curl_slist_free_all(client->headers);
        pthread_mutex_destroy(&client->mutex);
        free(client);
}

static CURL *take_handle(struct http_client *client)
{
        pthread_mutex_lock(&client->mutex);
        CURL *handle = client->count > 0 ? client->kept[--client->count] : NULL;
        pthread_mutex_unlock(&client->mutex);
        return handle ? handle : curl_easy_init();
}

static void put_handle(struct http_client *client, CURL *handle)
{
        pthread_mutex_lock(&client->mutex);
        bool kept = client->count < KEPT_MAX;
        if (kept)
                client->kept[client->count++] = handle;
        pthread_mutex_unlock(&client->mutex);
        if (!kept)
                curl_easy_cleanup(handle);
}

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
        writer *out = context;
        write_slice(out, slice_of(bytes, one * count));
        return out->overflowed ? 0 : one * count;
}

static void set_options(
        const struct http_client *client, CURL *handle, const char *url, slice body, writer *out)
{
        curl_easy_reset(handle); /* keeps the connections */
        curl_easy_setopt(handle, CURLOPT_URL, url);
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, client->timeout_ms);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, client->headers);
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.size ? (const char *)body.data : "");
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, out);
}

mitome_status http_client_post(struct http_client *client, const char *base, const char *path, slice body,
        uint8_t *buffer, size_t capacity, long *ret_status, slice *ret_answer, mitome_error *error)
{
        char url[URL_MAX];
        writer out = writer_over(buffer, capacity);
        long status = 0;
        int length = snprintf(url, sizeof url, "%s%s", base, path);
        if (length < 0 || length >= URL_MAX)
                return fail(error, MITOME_E_TOO_LONG, "address", NULL);
        CURL *handle = take_handle(client);
        if (!handle)
                return fail(error, MITOME_E_NO_MEMORY, "libcurl", NULL);
        set_options(client, handle, url, body, &out);
        CURLcode result = curl_easy_perform(handle);
        if (result == CURLE_OK)
                result = curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        put_handle(client, handle);
        if (result != CURLE_OK)
                return fail(error, MITOME_E_UNREACHABLE, curl_easy_strerror(result), NULL);
        *ret_status = status;
        *ret_answer = writer_view(&out);
        return ok();
}
