/* SPDX-License-Identifier: Apache-2.0 */
#include "push_fcm.h"

#include "fcm_form.h"

#include <curl/curl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum { TIMEOUT_MS = 8000, CONNECT_MS = 4000 };

struct push_fcm {
        struct push_fcm_config config;
        struct fcm_account account;
        struct fcm_bearer bearer;
        CURL *curl;
        char url[FCM_URL_MAX + FCM_PROJECT_MAX + 64];
};

/* ---- one request ---- */

struct exchange {
        const char *url;
        slice body;
        struct curl_slist *headers;
        bool local_only;
        char answer[FCM_ANSWER_MAX];
        size_t size;
        int64_t retry_after;
        int64_t now;
};

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
        struct exchange *exchange = context;
        const size_t size = one * count, room = sizeof exchange->answer - exchange->size;
        if (failed(slice_copy(slice_of(bytes, size), "answer",
                    (uint8_t *)exchange->answer + (sizeof exchange->answer - room), room, NULL)))
                return 0;
        exchange->size += size;
        return size;
}

/* RFC 9110 10.2.3: seconds, or a date. */
static int64_t seconds_of(const char *text, int64_t now)
{
        char *end;
        if (*text >= '0' && *text <= '9') {
                const long long seconds = strtoll(text, &end, 10);
                return *end == '\0' && seconds < INT32_MAX ? seconds : 0;
        }
        const time_t date = curl_getdate(text, NULL);
        return date > now ? (int64_t)date - now : 0;
}

static size_t on_header(char *bytes, size_t one, size_t count, void *context)
{
        struct exchange *exchange = context;
        static const char name[] = "Retry-After:";
        char line[128];
        const size_t size = one * count;
        if (size < sizeof name || size >= sizeof line || strncasecmp(bytes, name, sizeof name - 1) != 0)
                return size;
        (void)snprintf(line, sizeof line, "%.*s", (int)(size - (sizeof name - 1)), bytes + sizeof name - 1);
        line[strcspn(line, "\r\n")] = '\0';
        exchange->retry_after = seconds_of(line + strspn(line, " \t"), exchange->now);
        return size;
}

static bool is_this_machine(const struct curl_sockaddr *address)
{
        if (address->family == AF_INET) {
                const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&address->addr;
                return ntohl(in->sin_addr.s_addr) >> 24 == 127;
        }
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&address->addr;
        return address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* An access token does not go over plain http to another machine, whatever a name resolves to. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
        const struct exchange *exchange = context;
        (void)purpose;
        if (exchange->local_only && !is_this_machine(address))
                return CURL_SOCKET_BAD;
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode set_numbers(CURL *curl, const struct push_fcm *fcm, const struct exchange *exchange)
{
        const struct {
                CURLoption option;
                long value;
        } numbers[] = {
                { CURLOPT_NOSIGNAL, 1 },
                { CURLOPT_FOLLOWLOCATION, 0 },
                { CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS },
                { CURLOPT_TIMEOUT_MS, fcm->config.timeout_ms ? fcm->config.timeout_ms : TIMEOUT_MS },
                { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
                { CURLOPT_POST, 1 },
                { CURLOPT_POSTFIELDSIZE, (long)exchange->body.size },
                { CURLOPT_MAXFILESIZE, FCM_ANSWER_MAX },
        };
        CURLcode code = CURLE_OK;
        for (size_t i = 0; code == CURLE_OK && i < sizeof numbers / sizeof numbers[0]; i++)
                code = curl_easy_setopt(curl, numbers[i].option, numbers[i].value);
        return code;
}

static CURLcode set_pointers(CURL *curl, const struct push_fcm *fcm, struct exchange *exchange)
{
        const struct {
                CURLoption option;
                const void *value;
        } pointers[] = {
                { CURLOPT_URL, exchange->url },
                { CURLOPT_PROTOCOLS_STR, exchange->local_only ? "http" : "https" },
                { CURLOPT_HTTPHEADER, exchange->headers }, { CURLOPT_POSTFIELDS, exchange->body.data },
                { CURLOPT_WRITEDATA, exchange }, { CURLOPT_HEADERDATA, exchange },
                { CURLOPT_OPENSOCKETDATA, exchange }, { CURLOPT_CAINFO, fcm->config.ca_file },
                { CURLOPT_PROXY, exchange->local_only ? "" : NULL }, /* NULL: the environment's */
        };
        CURLcode code = CURLE_OK;
        for (size_t i = 0; code == CURLE_OK && i < sizeof pointers / sizeof pointers[0]; i++)
                if (pointers[i].value)
                        code = curl_easy_setopt(curl, pointers[i].option, pointers[i].value);
        if (code == CURLE_OK)
                code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
        if (code == CURLE_OK)
                code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        return code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket) : code;
}

static bool is_plain(const char *url)
{
        return strncmp(url, "http://", 7) == 0;
}

/* An answer that broke off, or is too long, is none: its status is not believed either. */
static mitome_status perform(
        struct push_fcm *fcm, struct exchange *exchange, struct fcm_answer *ret, mitome_error *error)
{
        long status = 0;
        exchange->local_only = is_plain(exchange->url);
        exchange->now = fcm->config.clock.now(fcm->config.clock.context);
        curl_easy_reset(fcm->curl);
        if (set_numbers(fcm->curl, fcm, exchange) != CURLE_OK ||
                set_pointers(fcm->curl, fcm, exchange) != CURLE_OK)
                return fail(error, MITOME_E_NO_MEMORY, "request to the push service", NULL);
        if (curl_easy_perform(fcm->curl) == CURLE_OK)
                (void)curl_easy_getinfo(fcm->curl, CURLINFO_RESPONSE_CODE, &status);
        *ret = (struct fcm_answer){ .status = status };
        if (status) {
                ret->retry_after = exchange->retry_after;
                ret->body = slice_of(exchange->answer, exchange->size);
        }
        return ok();
}

static bool add_header(struct exchange *exchange, const char *line)
{
        struct curl_slist *longer = curl_slist_append(exchange->headers, line);
        if (longer)
                exchange->headers = longer;
        return longer;
}

/* ---- the access token ---- */

static mitome_status ask_bearer(
        struct push_fcm *fcm, int64_t *ret_retry_after, enum fcm_verdict *ret, mitome_error *error)
{
        uint8_t form[FCM_ASSERTION_MAX + 256];
        writer out = WRITER(form);
        struct exchange exchange = { .url = fcm->account.token_uri };
        struct fcm_answer answer = { 0 };
        const int64_t now = fcm->config.clock.now(fcm->config.clock.context);
        MITOME_TRY(fcm_assertion_write(&fcm->account, now, &out, error));
        MITOME_TRY(writer_finish(&out, "assertion", &exchange.body, error));
        if (!add_header(&exchange, "Content-Type: application/x-www-form-urlencoded"))
                return fail(error, MITOME_E_NO_MEMORY, "header", NULL);
        mitome_status status = perform(fcm, &exchange, &answer, error);
        curl_slist_free_all(exchange.headers);
        bytes_wipe(form, sizeof form);
        if (!failed(status)) {
                *ret = fcm_read_bearer(&answer, now, &fcm->bearer);
                *ret_retry_after = answer.retry_after;
        }
        bytes_wipe(exchange.answer, sizeof exchange.answer);
        return status;
}

static bool has_bearer(const struct push_fcm *fcm)
{
        const int64_t now = fcm->config.clock.now(fcm->config.clock.context);
        /* Not one that seems to be good for longer than any: the clock was set back. */
        return fcm->bearer.until > now && fcm->bearer.until - now <= 86400;
}

/* ---- a message ---- */

static mitome_status post_message(struct push_fcm *fcm, slice body, int64_t *ret_retry_after,
        enum fcm_verdict *ret, mitome_error *error)
{
        struct exchange exchange = { .url = fcm->url, .body = body };
        struct fcm_answer answer = { 0 };
        char line[FCM_BEARER_MAX + 32];
        (void)snprintf(line, sizeof line, "Authorization: Bearer %s", fcm->bearer.text);
        mitome_status status;
        if (add_header(&exchange, "Content-Type: application/json; charset=UTF-8") &&
                add_header(&exchange, line))
                status = perform(fcm, &exchange, &answer, error);
        else
                status = fail(error, MITOME_E_NO_MEMORY, "header", NULL);
        curl_slist_free_all(exchange.headers);
        bytes_wipe(line, sizeof line);
        MITOME_TRY(status);
        *ret = fcm_read_send(&fcm->account, &answer);
        *ret_retry_after = answer.retry_after || answer.status != 429 ? answer.retry_after : FCM_QUOTA_S;
        return ok();
}

/* With the access token in hand, or with a new one; one that the service no longer takes is renewed once. */
static mitome_status send_body(struct push_fcm *fcm, slice body, int64_t *ret_retry_after,
        enum fcm_verdict *ret, mitome_error *error)
{
        enum fcm_verdict verdict = FCM_UNAUTHORIZED;
        for (int attempt = 0; verdict == FCM_UNAUTHORIZED && attempt < 2; attempt++) {
                if (attempt > 0 || !has_bearer(fcm)) {
                        MITOME_TRY(ask_bearer(fcm, ret_retry_after, &verdict, error));
                        if (verdict != FCM_DONE)
                                break;
                }
                MITOME_TRY(post_message(fcm, body, ret_retry_after, &verdict, error));
        }
        if (verdict == FCM_UNAUTHORIZED)
                fcm->bearer.until = 0;
        *ret = verdict;
        return ok();
}

static mitome_status fcm_send(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        static const enum push_outcome outcomes[] = {
                [FCM_DONE] = PUSH_ACCEPTED,
                [FCM_LATER] = PUSH_LATER,
                [FCM_GONE] = PUSH_TOKEN_GONE,
                [FCM_UNAUTHORIZED] = PUSH_REFUSED,
                [FCM_REFUSED] = PUSH_REFUSED,
        };
        uint8_t json[FCM_BODY_MAX];
        writer out = WRITER(json);
        slice body;
        int64_t retry_after = 0;
        enum fcm_verdict verdict = FCM_LATER;
        MITOME_TRY(fcm_message_write(token, message, &out, error));
        MITOME_TRY(writer_finish(&out, "message", &body, error));
        MITOME_TRY(send_body(context, body, &retry_after, &verdict, error));
        *ret = outcomes[verdict];
        *ret_retry_after = *ret == PUSH_LATER ? retry_after : 0;
        return ok();
}

struct push push_fcm(struct push_fcm *fcm)
{
        return (struct push){ .context = fcm, .send = fcm_send };
}

/* ---- opening ---- */

static mitome_status read_file(
        const char *path, uint8_t *buffer, size_t capacity, slice *ret, mitome_error *error)
{
        struct stat facts;
        FILE *file = fopen(path, "rbe");
        if (!file)
                return fail(error, MITOME_E_FILE_READ, "service account", NULL);
        const bool known = fstat(fileno(file), &facts) == 0 && S_ISREG(facts.st_mode);
        const bool ours = known && (facts.st_mode & 077) == 0;
        const size_t size = ours ? fread(buffer, 1, capacity, file) : 0;
        const bool whole = ours && !ferror(file) && fgetc(file) == EOF;
        (void)fclose(file);
        if (known && !ours)
                return fail(error, MITOME_E_FILE_MODE, "service account", NULL);
        if (!known || (!whole && size < capacity))
                return fail(error, MITOME_E_FILE_READ, "service account", NULL);
        *ret = slice_of(buffer, size);
        return whole ? ok() : fail(error, MITOME_E_TOO_LONG, "service account", NULL);
}

static mitome_status read_account(const char *path, struct fcm_account *ret, mitome_error *error)
{
        uint8_t buffer[FCM_ACCOUNT_MAX];
        slice json;
        mitome_status status = read_file(path, buffer, sizeof buffer, &json, error);
        if (!failed(status))
                status = fcm_account_read(json, ret, error);
        bytes_wipe(buffer, sizeof buffer);
        return status;
}

static bool is_address(const char *url)
{
        return strlen(url) <= FCM_URL_MAX && (is_plain(url) || strncmp(url, "https://", 8) == 0);
}

static mitome_status set_up(struct push_fcm *fcm, mitome_error *error)
{
        const char *service = fcm->config.service ? fcm->config.service : PUSH_FCM_SERVICE;
        MITOME_TRY(read_account(fcm->config.account_file, &fcm->account, error));
        if (!is_address(service))
                return fail(error, MITOME_E_VALUE, "push service", NULL);
        if (!is_address(fcm->account.token_uri))
                return fail(error, MITOME_E_VALUE, "token_uri", NULL);
        (void)snprintf(
                fcm->url, sizeof fcm->url, "%s/v1/projects/%s/messages:send", service, fcm->account.project);
        fcm->curl = curl_easy_init();
        return fcm->curl ? ok() : fail(error, MITOME_E_NO_MEMORY, "push service", NULL);
}

mitome_status push_fcm_open(const struct push_fcm_config *config, struct push_fcm **ret, mitome_error *error)
{
        struct push_fcm *fcm = calloc(1, sizeof *fcm);
        if (!fcm)
                return fail(error, MITOME_E_NO_MEMORY, "push service", NULL);
        fcm->config = *config;
        mitome_status status = set_up(fcm, error);
        if (failed(status)) {
                push_fcm_close(fcm);
                return status;
        }
        *ret = fcm;
        return ok();
}

void push_fcm_close(struct push_fcm *fcm)
{
        if (!fcm)
                return;
        curl_easy_cleanup(fcm->curl);
        fcm_account_free(&fcm->account);
        bytes_wipe(fcm, sizeof *fcm);
        free(fcm);
}
