/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include "refusal.h"
#include "relay_message.h"
#include "relay_station.h"

#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TARGET_MAX = 4096, REQUEST_SECONDS = 30, MEMORY_EACH = 32768 };

struct service {
        struct service_parts parts;
        struct service_lock *lock;
        struct MHD_Daemon *daemon;
        struct relay_station *station;
        uint16_t port;
        pthread_t ticker;
        pthread_mutex_t mutex;
        pthread_cond_t stopped;
        bool has_ticker, stopping;
};

/* One request, from its first line on. */
struct exchange {
        char target[TARGET_MAX]; /* path and query as they were sent */
        bool target_too_long, begun, too_long;
        time_t since;
        size_t size;
        uint8_t body[SERVICE_BODY_MAX];
};

/* What is answered: `bytes` by malloc, or NULL and a line of text. */
struct reply {
        unsigned status;
        const char *type;
        uint8_t *bytes;
        size_t size;
};

static const char cbor_type[] = "application/cbor", text_type[] = "text/plain; charset=utf-8";

static time_t monotonic(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec;
}

/* ---- replies ---- */

static void reply_bytes(struct reply *reply, unsigned status, const char *type, slice bytes)
{
        uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
        *reply = (struct reply){ MHD_HTTP_INTERNAL_SERVER_ERROR, text_type, NULL, 0 };
        if (!copy || failed(slice_copy(bytes, "reply", copy, bytes.size, NULL))) {
                free(copy);
                return;
        }
        *reply = (struct reply){ status, type, copy, bytes.size };
}

static void reply_refusal(struct reply *reply, mitome_code code)
{
        uint8_t bytes[REFUSAL_SIZE];
        reply_bytes(reply, MHD_HTTP_FORBIDDEN, cbor_type, refusal_write(code, bytes));
}

static void reply_error(struct reply *reply, unsigned status, const mitome_error *error)
{
        char line[512];
        (void)mitome_explain(error, line, sizeof line - 1);
        reply_bytes(reply, status, text_type, slice_text(line));
}

/* Nothing of the party's own troubles is anybody's fault who asks. */
static unsigned status_of(mitome_code code)
{
        static const struct {
                mitome_code code;
                unsigned status;
        } table[] = {
                { MITOME_E_LETTER_SENDER, MHD_HTTP_FORBIDDEN },
                { MITOME_E_LETTER_ADDRESSEE, MHD_HTTP_FORBIDDEN },
                { MITOME_E_LETTER_TIME, MHD_HTTP_FORBIDDEN },
                { MITOME_E_SIGNATURE_INVALID, MHD_HTTP_FORBIDDEN },
                { MITOME_E_FILE_READ, MHD_HTTP_NOT_FOUND },
                { MITOME_E_SQL_FAILED, MHD_HTTP_INTERNAL_SERVER_ERROR },
                { MITOME_E_SQL_CONSTRAINT, MHD_HTTP_INTERNAL_SERVER_ERROR },
                { MITOME_E_NO_MEMORY, MHD_HTTP_INTERNAL_SERVER_ERROR },
                { MITOME_E_NO_RANDOMNESS, MHD_HTTP_INTERNAL_SERVER_ERROR },
                { MITOME_E_CRYPTO_FAILED, MHD_HTTP_INTERNAL_SERVER_ERROR },
        };
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                if (table[i].code == code)
                        return table[i].status;
        return MHD_HTTP_BAD_REQUEST;
}

/* ---- what can be asked ---- */

/* Leaves the lock; what was done is told when it is on the disk, a refusal, too. */
static mitome_status tell(struct service *service, mitome_status status, mitome_error *error)
{
        mitome_error cause = { 0 };
        mitome_status told = service_lock_tell(service->lock, &cause);
        if (!failed(told))
                return status;
        *error = cause;
        return told;
}

static void on_letter(struct service *service, slice rest, slice body, struct reply *reply)
{
        uint8_t bytes[LETTER_MAX];
        writer out = WRITER(bytes);
        mitome_error error = { 0 };
        (void)rest;
        service_lock_take(service->lock);
        mitome_status status = party_receive(service->parts.party, &service->parts.desks, body, &out, &error);
        status = tell(service, status, &error);
        if (failed(status))
                reply_error(reply, status_of(status.code), &error);
        else
                reply_bytes(reply, MHD_HTTP_OK, cbor_type, writer_view(&out));
}

static void on_phone(struct service *service, slice rest, slice body, struct reply *reply)
{
        uint8_t bytes[PHONE_ANSWER_MAX];
        writer out = WRITER(bytes);
        mitome_error error = { 0 };
        service_lock_take(service->lock);
        mitome_status status = phone_desks_answer(&service->parts.phone, rest, body, &out, &error);
        status = tell(service, status, &error);
        if (!failed(status))
                reply_bytes(reply, MHD_HTTP_OK, cbor_type, writer_view(&out));
        else if (status_of(status.code) == MHD_HTTP_INTERNAL_SERVER_ERROR)
                reply_error(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, &error);
        else
                reply_refusal(reply, status.code);
        bytes_wipe(bytes, sizeof bytes); /* temporary secrets go this way */
}

static void on_relay(struct service *service, slice rest, slice body, struct reply *reply)
{
        uint8_t apdu[MITOME_APDU_MAX], bytes[RELAY_MESSAGE_MAX];
        struct relay_message message, next;
        writer out = WRITER(bytes);
        mitome_error error = { 0 };
        mitome_status status = relay_message_read(body, &message, &error);
        if (!failed(status))
                status = relay_station_step(service->station, rest, &message, apdu, &next, &error);
        if (status.code == MITOME_E_UNREACHABLE || status.code == MITOME_E_FULL) {
                reply_error(reply, MHD_HTTP_SERVICE_UNAVAILABLE, &error);
        } else if (failed(status)) {
                reply_refusal(reply, status.code);
        } else {
                relay_message_write(&out, &next);
                reply_bytes(reply, MHD_HTTP_OK, cbor_type, writer_view(&out));
        }
}

static const struct service_page *find_page(const struct service *service, slice target)
{
        const struct service_page *found = NULL;
        for (size_t i = 0; i < service->parts.page_count; i++) {
                const struct service_page *page = &service->parts.pages[i];
                if (slice_begins_with(target, slice_text(page->path)) &&
                        (!found || strlen(page->path) > strlen(found->path)))
                        found = page;
        }
        return found;
}

static void on_page(struct service *service, const struct service_page *page, slice target, slice body,
        struct reply *reply)
{
        reader r = reader_over(target, NULL, NULL);
        slice own;
        struct service_asked asked = { .body = body };
        mitome_error error = { 0 };
        uint8_t *bytes = NULL;
        size_t size = 0;
        if (failed(read_bytes(&r, "path", strlen(page->path), &own)))
                return;
        asked.path = read_rest(&r);
        service_lock_take(service->lock);
        mitome_status status = page->handle(service->parts.page_context, &asked, &bytes, &size, &error);
        mitome_status told = tell(service, status, &error);
        if (!failed(status) && failed(told)) {
                bytes_wipe(bytes, size);
                free(bytes);
        }
        status = told;
        if (!failed(status))
                *reply = (struct reply){ MHD_HTTP_OK, page->media_type, bytes, size };
        else
                reply_error(reply,
                        status.code == MITOME_E_VALUE ? MHD_HTTP_NOT_FOUND : status_of(status.code), &error);
}

/* ---- finding it ---- */

static const struct {
        const char *path;
        bool whole; /* the path ends there */
        void (*handle)(struct service *service, slice rest, slice body, struct reply *reply);
} routes[] = { { "/letter", true, on_letter }, { "/phone/", false, on_phone },
        { "/relay/", false, on_relay } };
enum { ROUTES = sizeof routes / sizeof *routes };

static bool is_there(const struct service *service, size_t route)
{
        return routes[route].handle == on_phone   ? service->parts.phone.count > 0
               : routes[route].handle == on_relay ? service->parts.relay.serve != NULL
                                                  : true;
}

static bool try_routes(
        struct service *service, const char *method, slice target, slice body, struct reply *reply)
{
        for (size_t i = 0; i < ROUTES; i++) {
                reader r = reader_over(target, NULL, NULL);
                slice own, rest;
                if (failed(read_bytes(&r, "path", strlen(routes[i].path), &own)) ||
                        !slice_is(own, routes[i].path))
                        continue;
                rest = read_rest(&r);
                if ((routes[i].whole && rest.size > 0) || !is_there(service, i))
                        continue;
                if (strcmp(method, MHD_HTTP_METHOD_POST) != 0)
                        *reply = (struct reply){ MHD_HTTP_METHOD_NOT_ALLOWED, text_type, NULL, 0 };
                else
                        routes[i].handle(service, rest, body, reply);
                return true;
        }
        return false;
}

static void dispatch(
        struct service *service, const char *method, const struct exchange *exchange, struct reply *reply)
{
        slice target = slice_text(exchange->target), body = slice_of(exchange->body, exchange->size);
        bool gets = strcmp(method, MHD_HTTP_METHOD_GET) == 0,
             posts = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
        *reply = (struct reply){ MHD_HTTP_NOT_FOUND, text_type, NULL, 0 };
        if (exchange->target_too_long) {
                reply->status = MHD_HTTP_URI_TOO_LONG;
                return;
        }
        if (exchange->too_long) {
                reply->status = MHD_HTTP_CONTENT_TOO_LARGE;
                return;
        }
        if (try_routes(service, method, target, body, reply))
                return;
        const struct service_page *page = find_page(service, target);
        if (page && ((gets && page->methods & SERVICE_GET) || (posts && page->methods & SERVICE_POST)))
                on_page(service, page, target, body, reply);
        else if (page)
                reply->status = MHD_HTTP_METHOD_NOT_ALLOWED;
}

/* ---- libmicrohttpd ---- */

static void *on_target(void *context, const char *uri, struct MHD_Connection *connection)
{
        struct exchange *exchange = calloc(1, sizeof *exchange);
        (void)context;
        (void)connection;
        if (!exchange)
                return NULL;
        int length = snprintf(exchange->target, sizeof exchange->target, "%s", uri);
        exchange->target_too_long = length < 0 || (size_t)length >= sizeof exchange->target;
        exchange->since = monotonic();
        return exchange;
}

static void on_completed(
        void *context, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode how)
{
        struct exchange *exchange = *request;
        (void)context;
        (void)connection;
        (void)how;
        if (exchange)
                bytes_wipe(exchange, sizeof *exchange);
        free(exchange);
        *request = NULL;
}

/* What is undone twice would not be what was sent: pages get it as it came. */
static size_t on_percent(void *context, struct MHD_Connection *connection, char *text)
{
        (void)context;
        (void)connection;
        return strlen(text);
}

static void take_upload(struct exchange *exchange, slice part)
{
        if (exchange->too_long || part.size > sizeof exchange->body - exchange->size) {
                exchange->too_long = true;
                return;
        }
        exchange->too_long = failed(slice_copy(
                part, "body", exchange->body + exchange->size, sizeof exchange->body - exchange->size, NULL));
        exchange->size += part.size;
}

static void end_reply(void *context)
{
        struct reply *reply = context;
        if (reply->bytes)
                bytes_wipe(reply->bytes, reply->size);
        free(reply->bytes);
        free(reply);
}

/* A reply is wiped when it has gone: temporary secrets are among them. */
static struct MHD_Response *make_response(const struct reply *reply)
{
        static char nothing[1];
        struct reply *kept = malloc(sizeof *kept);
        if (!kept)
                return NULL;
        *kept = *reply;
        struct MHD_Response *response =
                MHD_create_response_from_buffer_with_free_callback_cls(reply->bytes ? reply->size : 0,
                        reply->bytes ? (void *)reply->bytes : nothing, end_reply, kept);
        if (!response)
                free(kept);
        return response;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct reply *reply)
{
        struct MHD_Response *response = make_response(reply);
        if (!response) {
                if (reply->bytes)
                        bytes_wipe(reply->bytes, reply->size);
                free(reply->bytes);
                return MHD_NO;
        }
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
        MHD_destroy_response(response);
        return queued;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size, void **request)
{
        struct exchange *exchange = *request;
        struct reply reply;
        (void)url;
        (void)version;
        if (!exchange || monotonic() - exchange->since > REQUEST_SECONDS)
                return MHD_NO; /* too slow altogether: the connection ends */
        if (!exchange->begun) {
                exchange->begun = true;
                return MHD_YES;
        }
        if (*upload_size > 0) {
                take_upload(exchange, slice_of(upload, *upload_size));
                *upload_size = 0;
                return MHD_YES;
        }
        dispatch(context, method, exchange, &reply);
        return send_reply(connection, &reply);
}

static mitome_status resolve(const char *host, uint16_t port, struct addrinfo **ret, mitome_error *error)
{
        const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                .ai_socktype = SOCK_STREAM };
        char number[8];
        snprintf(number, sizeof number, "%u", (unsigned)port);
        return getaddrinfo(host ? host : "127.0.0.1", number, &hints, ret) == 0
                       ? ok()
                       : fail(error, MITOME_E_SOCKET, "address to listen on", NULL);
}

static mitome_status listen_on(struct service *service, const char *host, uint16_t port, mitome_error *error)
{
        struct addrinfo *address = NULL;
        MITOME_TRY(resolve(host, port, &address, error));
        unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
                         MHD_USE_ITC | (address->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0u);
        service->daemon = MHD_start_daemon(flags, port, NULL, NULL, on_request, service, MHD_OPTION_SOCK_ADDR,
                address->ai_addr, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVICE_CONNECTIONS,
                MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)SERVICE_CONNECTIONS_EACH,
                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SERVICE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                (size_t)MEMORY_EACH, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
                MHD_OPTION_UNESCAPE_CALLBACK, on_percent, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                NULL, MHD_OPTION_END);
        freeaddrinfo(address);
        const union MHD_DaemonInfo *info =
                service->daemon ? MHD_get_daemon_info(service->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
        if (!info)
                return fail(error, MITOME_E_SOCKET, "address to listen on", NULL);
        service->port = info->port;
        return ok();
}

/* ---- every second ---- */

static void tick(struct service *service)
{
        size_t left;
        service_lock_take(service->lock);
        (void)failed(party_flush(service->parts.party, &left, NULL)); /* what failed is tried again */
        if (service->parts.tick)
                (void)failed(service->parts.tick(service->parts.tick_context, NULL));
        (void)failed(service_lock_tell(service->lock, NULL)); /* whoever asks next is told so */
}

static void *run_ticker(void *context)
{
        struct service *service = context;
        struct timespec next;
        clock_gettime(CLOCK_MONOTONIC, &next);
        pthread_mutex_lock(&service->mutex);
        while (!service->stopping) {
                next.tv_sec++;
                if (pthread_cond_timedwait(&service->stopped, &service->mutex, &next) == 0)
                        continue;
                pthread_mutex_unlock(&service->mutex);
                tick(service);
                clock_gettime(CLOCK_MONOTONIC, &next);
                pthread_mutex_lock(&service->mutex);
        }
        pthread_mutex_unlock(&service->mutex);
        return NULL;
}

/* ---- opening ---- */

static void make_condition(struct service *service)
{
        pthread_condattr_t monotonic_clock;
        pthread_mutex_init(&service->mutex, NULL);
        pthread_condattr_init(&monotonic_clock);
        pthread_condattr_setclock(&monotonic_clock, CLOCK_MONOTONIC);
        pthread_cond_init(&service->stopped, &monotonic_clock);
        pthread_condattr_destroy(&monotonic_clock);
}

mitome_status service_open(const struct service_parts *parts, struct service_lock *lock, const char *host,
        uint16_t port, struct service **ret, mitome_error *error)
{
        struct service *service = calloc(1, sizeof *service);
        if (!service)
                return fail(error, MITOME_E_NO_MEMORY, "service", NULL);
        service->parts = *parts;
        service->lock = lock;
        make_condition(service);
        mitome_status status = parts->party ? service_lock_ease(lock, parts->party, error) : ok();
        if (!failed(status) && parts->relay.serve)
                status = relay_station_open(&parts->relay,
                        parts->relay_seconds ? parts->relay_seconds : SERVICE_RELAY_SECONDS, lock,
                        parts->party, &service->station, error);
        if (!failed(status))
                status = listen_on(service, host, port, error);
        if (!failed(status)) {
                service->has_ticker = pthread_create(&service->ticker, NULL, run_ticker, service) == 0;
                if (!service->has_ticker)
                        status = fail(error, MITOME_E_NO_MEMORY, "service", NULL);
        }
        if (failed(status)) {
                service_close(service);
                return status;
        }
        *ret = service;
        return ok();
}

uint16_t service_port(const struct service *service)
{
        return service->port;
}

void service_close(struct service *service)
{
        if (!service)
                return;
        pthread_mutex_lock(&service->mutex);
        service->stopping = true;
        pthread_cond_broadcast(&service->stopped);
        pthread_mutex_unlock(&service->mutex);
        if (service->has_ticker)
                pthread_join(service->ticker, NULL);
        relay_station_stop(service->station);
        if (service->daemon)
                MHD_stop_daemon(service->daemon);
        relay_station_free(service->station);
        if (service->parts.party)
                service_lock_ease_no_more(service->lock, service->parts.party);
        pthread_cond_destroy(&service->stopped);
        pthread_mutex_destroy(&service->mutex);
        free(service);
}
