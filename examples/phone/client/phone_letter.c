/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_letter.h"

#include <curl/curl.h>
#include <stdio.h>

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
        writer *out = context;
        write_slice(out, slice_of(bytes, one * count));
        return out->overflowed ? 0 : one * count;
}

static void set_options(CURL *handle, const struct phone_letter *letter, const char *url,
        struct curl_slist *headers, writer *out)
{
        curl_easy_setopt(handle, CURLOPT_URL, url);
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)PHONE_LETTER_TIMEOUT_MS);
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_bytes);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, out);
        if (letter->ca_file)
                curl_easy_setopt(handle, CURLOPT_CAINFO, letter->ca_file);
        if (!letter->body.data)
                return;
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, (const char *)letter->body.data);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)letter->body.size);
}

static mitome_status perform(
        CURL *handle, const writer *out, long *ret_status, slice *ret_answer, mitome_error *error)
{
        long status = 0;
        CURLcode result = curl_easy_perform(handle);
        if (result == CURLE_OK)
                result = curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        if (result != CURLE_OK)
                return fail(error, MITOME_E_UNREACHABLE, curl_easy_strerror(result), NULL);
        *ret_status = status;
        *ret_answer = writer_view(out);
        return ok();
}

mitome_status phone_letter_send(const struct phone_letter *letter, uint8_t *buffer, size_t capacity,
        long *ret_status, slice *ret_answer, mitome_error *error)
{
        char url[PHONE_LETTER_URL_MAX];
        writer out = writer_over(buffer, capacity);
        int length = snprintf(url, sizeof url, "%s%s%s", letter->origin, letter->path, letter->code);
        if (length < 0 || length >= PHONE_LETTER_URL_MAX)
                return fail(error, MITOME_E_TOO_LONG, "address", NULL);
        CURL *handle = curl_easy_init();
        struct curl_slist *type = curl_slist_append(NULL, "Content-Type: application/json");
        struct curl_slist *headers = type ? curl_slist_append(type, "Expect:") : NULL;
        mitome_status status = handle && headers ? ok() : fail(error, MITOME_E_NO_MEMORY, "libcurl", NULL);
        if (!failed(status)) {
                set_options(handle, letter, url, headers, &out);
                status = perform(handle, &out, ret_status, ret_answer, error);
        }
        curl_slist_free_all(type);
        curl_easy_cleanup(handle);
        return status;
}
