/* SPDX-License-Identifier: Apache-2.0 */
#include "web_server.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t web_now(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_deadline(struct web_visit *visit, int64_t seconds)
{
        atomic_store(&visit->deadline, web_now() + seconds * 1000);
}

/* ---- connections ---- */

static void name_peer(struct web_visit *visit)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(visit->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        socklen_t size = info && info->client_addr && info->client_addr->sa_family == AF_INET6
                                 ? sizeof(struct sockaddr_in6)
                                 : sizeof(struct sockaddr_in);
        if (!info || !info->client_addr ||
                getnameinfo(info->client_addr, size, visit->peer, sizeof visit->peer, NULL, 0,
                        NI_NUMERICHOST) != 0)
                visit->peer[0] = '\0';
}

static void begin_visit(struct web *web, struct MHD_Connection *connection, void **socket_context)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct web_visit *visit = malloc(sizeof *visit);
        *socket_context = visit;
        if (!visit)
                return;
        visit->web = web;
        visit->connection = connection;
        visit->socket = info ? info->connect_fd : -1;
        visit->stage = WEB_AWAITED;
        visit->counted = false;
        visit->body = NULL;
        visit->body_size = visit->target_size = 0;
        web_answer_start(&visit->answer, web->config.pages);
        name_peer(visit);
        atomic_init(&visit->deadline, web_now() + web->config.patience.first * INT64_C(1000));
        pthread_mutex_lock(&web->mutex);
        visit->before = NULL;
        visit->next = web->visits;
        if (visit->next)
                visit->next->before = visit;
        web->visits = visit;
        pthread_mutex_unlock(&web->mutex);
}

/* After this the socket's number may be another's: so nobody may find it any more. */
static void end_visit(struct web_visit *visit)
{
        struct web *web = visit->web;
        pthread_mutex_lock(&web->mutex);
        if (visit->next)
                visit->next->before = visit->before;
        if (visit->before)
                visit->before->next = visit->next;
        else
                web->visits = visit->next;
        pthread_mutex_unlock(&web->mutex);
        free(visit);
}

void web_on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
        enum MHD_ConnectionNotificationCode what)
{
        if (what == MHD_CONNECTION_NOTIFY_STARTED)
                begin_visit(context, connection, socket_context);
        else if (*socket_context)
                end_visit(*socket_context);
}

/* ---- one request ---- */

static struct web_visit *visit_of(struct MHD_Connection *connection)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        return info ? info->socket_context : NULL;
}

static void forget_request(struct web_visit *visit)
{
        if (visit->body)
                bytes_wipe(visit->body, visit->body_size);
        if (visit->body && visit->body != visit->body_here)
                free(visit->body);
        bytes_wipe(visit->target, visit->target_size);
        web_answer_end(&visit->answer);
        visit->body = NULL;
        visit->body_size = visit->target_size = 0;
        visit->stage = WEB_AWAITED;
}

static void count_out(struct web_visit *visit)
{
        struct web *web = visit->web;
        if (!visit->counted)
                return;
        visit->counted = false;
        if (atomic_fetch_sub(&web->busy, 1) != 1 || !atomic_load(&web->stopping))
                return;
        pthread_mutex_lock(&web->mutex);
        pthread_cond_broadcast(&web->changed);
        pthread_mutex_unlock(&web->mutex);
}

void *web_on_target(void *context, const char *uri, struct MHD_Connection *connection)
{
        struct web_visit *visit = visit_of(connection);
        (void)context;
        if (!visit)
                return NULL;
        slice target = slice_text(uri);
        visit->target_too_long = failed(slice_copy(target, "target", visit->target, WEB_TARGET_MAX, NULL));
        visit->target_size = visit->target_too_long ? 0 : target.size;
        visit->stage = WEB_BEGUN;
        visit->closes = visit->run_failed = false;
        visit->route = NULL;
        visit->file = NULL;
        visit->body_length = 0;
        return visit;
}

void web_on_completed(
        void *context, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode how)
{
        struct web_visit *visit = *request;
        (void)context;
        (void)connection;
        (void)how;
        if (!visit)
                return;
        count_out(visit);
        forget_request(visit);
        set_deadline(visit, visit->web->config.patience.next);
        *request = NULL;
}

static enum MHD_Result take_pair(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
        const char *value, size_t value_size)
{
        struct web_head *head = context;
        (void)kind;
        if (head->header_count == WEB_HEADERS) {
                head->too_many = true;
                return MHD_NO;
        }
        head->headers[head->header_count++] =
                (struct web_pair){ slice_of(name, name_size), slice_of(value ? value : "", value_size) };
        return MHD_YES;
}

/* ---- refusals ---- */

static enum MHD_Result refuse(struct web_visit *visit, unsigned status, mitome_code code, const char *where)
{
        web_problem(&visit->answer, &visit->request, status, code, where);
        /* A short body is read to its end first: who still sends would not see the answer. */
        bool reads = !visit->closes && visit->body_length > 0 && visit->body_length <= WEB_DISCARD_MAX;
        visit->stage = WEB_REFUSING;
        if (reads || (visit->body_length == 0 && !visit->closes))
                return MHD_YES;
        visit->closes = true;
        return web_send(visit);
}

static enum MHD_Result refuse_method(struct web_visit *visit, unsigned methods)
{
        web_set_header(&visit->answer, "Allow",
                methods == WEB_GET    ? "GET, HEAD"
                : methods == WEB_POST ? "POST"
                                      : "GET, HEAD, POST");
        return refuse(visit, 405, MITOME_E_WEB_METHOD, "path");
}

/* ---- the head ---- */

static bool read_head(struct web_visit *visit, const char *method, mitome_error *error, unsigned *ret_status)
{
        struct web_head *head = &visit->head;
        writer store = WRITER(visit->store);
        uint64_t length = 0;
        head->method = slice_text(method);
        head->target = slice_of(visit->target, visit->target_size);
        head->header_count = 0;
        head->too_many = false;
        head->peer = slice_text(visit->peer);
        head->tls = visit->web->config.certificate_pem != NULL;
        visit->request = (struct web_request){ 0 };
        (void)MHD_get_connection_values_n(visit->connection, MHD_HEADER_KIND, take_pair, head);
        if (visit->target_too_long) {
                *ret_status = 414;
                return !failed(fail(error, MITOME_E_TOO_LONG, "path and query", NULL));
        }
        if (failed(web_read_head(
                    head, &visit->web->rules, &store, &visit->request, &length, ret_status, error)))
                return false;
        visit->body_length = length < SIZE_MAX ? (size_t)length : SIZE_MAX;
        return true;
}

static enum MHD_Result take_body(struct web_visit *visit)
{
        const struct web_route *route = visit->route;
        if (visit->body_length > route->body_max)
                return refuse(visit, 413, MITOME_E_TOO_LONG, "body");
        if (route->body_type && !slice_is(visit->request.body_type, route->body_type))
                return refuse(visit, 415, MITOME_E_WEB_BODY_TYPE, "body");
        visit->body = visit->body_length <= WEB_BODY_HERE ? visit->body_here : malloc(visit->body_length);
        if (!visit->body)
                return refuse(visit, 503, MITOME_E_NO_MEMORY, "body");
        visit->stage = WEB_READING;
        return MHD_YES;
}

static enum MHD_Result take_head(struct web_visit *visit, const char *method)
{
        struct web *web = visit->web;
        mitome_error error = { 0 };
        unsigned status = 400, methods = 0;
        visit->counted = true;
        atomic_fetch_add(&web->busy, 1);
        set_deadline(visit, web->config.patience.request);
        if (!read_head(visit, method, &error, &status)) {
                visit->closes = true;
                return refuse(visit, status, error.code, error.field);
        }
        if (atomic_load(&web->stopping))
                return refuse(visit, 503, MITOME_E_WEB_BUSY, "request");
        visit->file = web_static_find(web->files, visit->request.path);
        const struct web_entry *entry = visit->file ? NULL : web_find(&web->table, &visit->request, &methods);
        if (entry) {
                visit->route = entry->route;
                visit->route_context = entry->context;
        }
        if (visit->file && visit->request.method != WEB_GET) {
                visit->file = NULL;
                return refuse_method(visit, WEB_GET);
        }
        if (!visit->file && !visit->route)
                return methods ? refuse_method(visit, methods)
                               : refuse(visit, 404, MITOME_E_WEB_NOT_FOUND, "path");
        if (visit->request.method == WEB_POST)
                return take_body(visit);
        visit->stage = WEB_READING;
        return MHD_YES;
}

/* ---- the body ---- */

static void take_upload(struct web_visit *visit, slice part)
{
        if (visit->stage != WEB_READING || !visit->body)
                return;
        writer w = { .data = visit->body, .capacity = visit->body_length, .used = visit->body_size };
        write_slice(&w, part);
        visit->body_size = w.used;
}

/* ---- the work ---- */

/* What the store cannot do is tried again with its whole batch (SQL_AGAIN), or leaves nothing behind. */
static mitome_status run_handler(void *context, mitome_error *error)
{
        struct web_visit *visit = context;
        web_answer_end(&visit->answer);
        visit->run_failed = false;
        visit->route->handle(visit->route_context, &visit->request, &visit->answer);
        visit->run_failed = visit->answer.undone || visit->answer.broken ||
                            (visit->answer.status >= 500 && visit->answer.code != MITOME_OK);
        if (!visit->run_failed)
                return ok();
        return fail(error, visit->answer.code ? visit->answer.code : MITOME_E_WEB_BUSY, "request", NULL);
}

/* What was to be told is not so when it did not come to the disk. */
static void end_work(void *context, mitome_status status)
{
        struct web_visit *visit = context;
        if (failed(status) && !visit->run_failed) {
                web_answer_end(&visit->answer);
                web_problem(&visit->answer, &visit->request, 503, status.code, "request");
        }
        visit->stage = WEB_READY;
        set_deadline(visit, visit->web->config.patience.answer);
        MHD_resume_connection(visit->connection);
}

static enum MHD_Result begin_work(struct web_visit *visit)
{
        visit->stage = WEB_WORKING;
        visit->work = (struct work){ .run = run_handler, .done = end_work, .context = visit };
        atomic_store(&visit->deadline, INT64_MAX);
        MHD_suspend_connection(visit->connection);
        work_line_put(visit->web->config.line, &visit->work, visit->route->where == WEB_ERRAND);
        return MHD_YES;
}

static enum MHD_Result work_on(struct web_visit *visit)
{
        visit->request.body = slice_of(visit->body, visit->body_size);
        if (visit->file) {
                web_static_answer(visit->file, &visit->request, &visit->answer);
                return web_send(visit);
        }
        if (visit->route->where != WEB_HERE)
                return begin_work(visit);
        visit->route->handle(visit->route_context, &visit->request, &visit->answer);
        return web_send(visit);
}

enum MHD_Result web_on_request(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size, void **request)
{
        struct web_visit *visit = *request;
        (void)context;
        (void)connection;
        (void)url;
        (void)version;
        if (!visit)
                return MHD_NO;
        if (visit->stage == WEB_BEGUN)
                return take_head(visit, method);
        if (*upload_size > 0) {
                take_upload(visit, slice_of(upload, *upload_size));
                *upload_size = 0;
                return MHD_YES;
        }
        switch (visit->stage) {
        case WEB_READING:
                return work_on(visit);
        case WEB_REFUSING:
        case WEB_READY:
                return web_send(visit);
        case WEB_WORKING: /* called once more before it is suspended */
                return MHD_YES;
        default:
                return MHD_NO;
        }
}
