/* SPDX-License-Identifier: Apache-2.0 */
#include "web_server.h"

#include "web_cut.h"
#include "web_page.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- slow ones ---- */

/* libmicrohttpd ends connections that are silent; one that says a little again and again is ended here. Its
 * thread then finds it closed. */
static void sweep(struct web *web)
{
        int64_t now = web_now();
        for (struct web_visit *visit = web->visits; visit; visit = visit->next)
                if (atomic_load(&visit->deadline) < now && visit->socket >= 0)
                        (void)shutdown(visit->socket, SHUT_RDWR);
}

static void *run_sweeper(void *context)
{
        struct web *web = context;
        struct timespec next;
        pthread_mutex_lock(&web->mutex);
        while (!web->sweeper_ends) {
                clock_gettime(CLOCK_MONOTONIC, &next);
                next.tv_sec++;
                (void)pthread_cond_timedwait(&web->changed, &web->mutex, &next);
                sweep(web);
        }
        pthread_mutex_unlock(&web->mutex);
        return NULL;
}

/* ---- what the server goes by ---- */

static bool is_loopback(const struct sockaddr *address)
{
        if (address->sa_family == AF_INET) {
                const struct sockaddr_in *four = (const void *)address;
                return ntohl(four->sin_addr.s_addr) >> 24 == 127;
        }
        const struct sockaddr_in6 *six = (const void *)address;
        return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* Nobody else's name, and no number, is promised to be https for a year: on this machine other servers have
 * it, too. */
static bool is_real_name(slice authority)
{
        slice rest = authority, host = web_cut(&rest, ':');
        bool letters = false;
        for (size_t i = 0; i < host.size; i++)
                letters = letters || (host.data[i] | 0x20) >= 'a';
        return letters && web_has(host, '.') && !web_has(host, '[');
}

static mitome_status read_origin(struct web *web, mitome_error *error)
{
        static const char secure[] = "https://", plain[] = "http://";
        slice origin = web->config.public_origin ? slice_text(web->config.public_origin) : (slice){ 0 };
        if (origin.size == 0)
                return ok();
        web->rules.secure = slice_begins_with(origin, slice_text(secure));
        if (!web->rules.secure && !slice_begins_with(origin, slice_text(plain)))
                return fail(error, MITOME_E_ARGUMENT, "public origin", "RFC 6454 6.2");
        web->rules.authority = web_after(origin, web->rules.secure ? sizeof secure - 1 : sizeof plain - 1);
        if (web->rules.authority.size == 0 || web_has(web->rules.authority, '/'))
                return fail(error, MITOME_E_ARGUMENT, "public origin", "RFC 6454 6.2");
        web->strict_transport = web->rules.secure && is_real_name(web->rules.authority);
        return ok();
}

static mitome_status check_config(struct web *web, mitome_error *error)
{
        size_t page = 0;
        const struct web_config *config = &web->config;
        MITOME_TRY(web_table_make(config, &web->table, error));
        MITOME_TRY(read_origin(web, error));
        if (config->pages && !web_page_find(config->pages, "problem", &page))
                return fail(error, MITOME_E_ARGUMENT, "pages without \"problem\"", NULL);
        if (!config->certificate_pem != !config->key_pem)
                return fail(error, MITOME_E_WEB_CERTIFICATE, "certificate", NULL);
        if (config->trusted_proxy)
                web->rules.trusted_proxy = slice_text(config->trusted_proxy);
        return ok();
}

/* ---- libmicrohttpd ---- */

static size_t on_percent(void *context, struct MHD_Connection *connection, char *text)
{
        (void)context;
        (void)connection;
        return strlen(text); /* web_read.c undoes escapes, once */
}

/* Files of the store and letters to others need descriptors, too: connections may not use up those that the
 * process may have. */
static unsigned connections_at_once(void)
{
        enum { OTHERS = 256, LEAST = 64 };
        struct rlimit files;
        if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= WEB_CONNECTIONS + OTHERS)
                return WEB_CONNECTIONS;
        return files.rlim_cur > OTHERS + LEAST ? (unsigned)(files.rlim_cur - OTHERS) : LEAST;
}

/* Strictness is web_read.c's: libmicrohttpd's own answers know nothing of our headers, and 0.9.75 sends some
 * of them twice. */
static struct MHD_Daemon *start(struct web *web, const struct sockaddr *address)
{
        const struct web_config *config = &web->config;
        unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
        struct MHD_OptionItem options[4];
        const unsigned connections = connections_at_once();
        size_t count = 0;
        if (address->sa_family == AF_INET6)
                flags |= MHD_USE_IPv6;
        if (config->certificate_pem) {
                flags |= MHD_USE_TLS;
                options[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
                        (void *)(uintptr_t)config->certificate_pem };
                options[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
                        (void *)(uintptr_t)config->key_pem };
                options[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
                        (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" };
        }
        options[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
        return MHD_start_daemon(flags, 0, NULL, NULL, web_on_request, web, MHD_OPTION_SOCK_ADDR, address,
                MHD_OPTION_THREAD_POOL_SIZE, config->threads ? config->threads : 2u,
                MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                config->trusted_proxy ? connections : (unsigned)WEB_CONNECTIONS_EACH,
                MHD_OPTION_CONNECTION_TIMEOUT, config->patience.idle, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                (size_t)WEB_MEMORY_EACH, MHD_OPTION_NOTIFY_CONNECTION, web_on_connection, web,
                MHD_OPTION_URI_LOG_CALLBACK, web_on_target, web, MHD_OPTION_UNESCAPE_CALLBACK, on_percent,
                NULL, MHD_OPTION_NOTIFY_COMPLETED, web_on_completed, web, MHD_OPTION_ARRAY, options,
                MHD_OPTION_END);
}

static mitome_status start_at(struct web *web, const struct addrinfo *at, mitome_error *error)
{
        web->rules.loopback = is_loopback(at->ai_addr);
        if (!web->config.certificate_pem && !web->rules.loopback)
                return fail(error, MITOME_E_WEB_PLAIN, "what is said here", NULL);
        web->daemon = start(web, at->ai_addr);
        if (!web->daemon)
                return web->config.certificate_pem
                               ? fail(error, MITOME_E_SOCKET, "address to listen on, with that certificate,",
                                         NULL)
                               : fail(error, MITOME_E_SOCKET, "address to listen on", NULL);
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_BIND_PORT);
        web->port = info ? info->port : web->config.port;
        return ok();
}

static mitome_status listen_on(struct web *web, mitome_error *error)
{
        const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                .ai_socktype = SOCK_STREAM };
        struct addrinfo *found = NULL;
        char number[8];
        snprintf(number, sizeof number, "%u", (unsigned)web->config.port);
        if (getaddrinfo(web->config.host ? web->config.host : "127.0.0.1", number, &hints, &found) != 0)
                return fail(error, MITOME_E_SOCKET, "address to listen on", NULL);
        mitome_status status = start_at(web, found, error);
        freeaddrinfo(found);
        return status;
}

/* ---- its life ---- */

static void make_lock(struct web *web)
{
        pthread_condattr_t monotonic_clock;
        pthread_mutex_init(&web->mutex, NULL);
        pthread_condattr_init(&monotonic_clock);
        pthread_condattr_setclock(&monotonic_clock, CLOCK_MONOTONIC);
        pthread_cond_init(&web->changed, &monotonic_clock);
        pthread_condattr_destroy(&monotonic_clock);
}

static void set_patience(struct web_patience *patience)
{
        const struct {
                unsigned *seconds, otherwise;
        } table[] = { { &patience->first, WEB_FIRST_SECONDS }, { &patience->request, WEB_REQUEST_SECONDS },
                { &patience->answer, WEB_ANSWER_SECONDS }, { &patience->next, WEB_NEXT_SECONDS },
                { &patience->idle, WEB_IDLE_SECONDS } };
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
                if (*table[i].seconds == 0)
                        *table[i].seconds = table[i].otherwise;
}

static mitome_status open_all(struct web *web, mitome_error *error)
{
        MITOME_TRY(check_config(web, error));
        if (web->config.static_folder)
                MITOME_TRY(web_static_open(web->config.static_folder, &web->files, error));
        MITOME_TRY(listen_on(web, error));
        web->has_sweeper = pthread_create(&web->sweeper, NULL, run_sweeper, web) == 0;
        return web->has_sweeper ? ok() : fail(error, MITOME_E_NO_MEMORY, "web server", NULL);
}

mitome_status web_open(const struct web_config *config, struct web **ret, mitome_error *error)
{
        struct web *web = calloc(1, sizeof *web);
        if (!web)
                return fail(error, MITOME_E_NO_MEMORY, "web server", NULL);
        web->config = *config;
        set_patience(&web->config.patience);
        make_lock(web);
        mitome_status status = open_all(web, error);
        if (failed(status)) {
                web_close(web);
                return status;
        }
        *ret = web;
        return ok();
}

uint16_t web_port(const struct web *web)
{
        return web->port;
}

/* libmicrohttpd cannot be stopped over a suspended connection: what is in the line is done first, however
 * long that takes; and answers have a while to go out. */
static void let_end(struct web *web)
{
        int64_t until = web_now() + WEB_STOP_SECONDS * 1000;
        pthread_mutex_lock(&web->mutex);
        for (;;) {
                struct timespec next;
                bool working = false;
                for (const struct web_visit *visit = web->visits; visit; visit = visit->next)
                        working = working || atomic_load(&visit->deadline) == INT64_MAX;
                if (!working && (atomic_load(&web->busy) == 0 || web_now() > until))
                        break;
                clock_gettime(CLOCK_MONOTONIC, &next);
                next.tv_nsec += 50000000;
                if (next.tv_nsec >= 1000000000) {
                        next.tv_sec++;
                        next.tv_nsec -= 1000000000;
                }
                (void)pthread_cond_timedwait(&web->changed, &web->mutex, &next);
        }
        pthread_mutex_unlock(&web->mutex);
}

static void end_sweeper(struct web *web)
{
        pthread_mutex_lock(&web->mutex);
        web->sweeper_ends = true;
        pthread_cond_broadcast(&web->changed);
        pthread_mutex_unlock(&web->mutex);
        pthread_join(web->sweeper, NULL);
}

void web_close(struct web *web)
{
        if (!web)
                return;
        atomic_store(&web->stopping, true);
        if (web->daemon) {
                MHD_socket listening = MHD_quiesce_daemon(web->daemon);
                let_end(web);
                if (web->has_sweeper)
                        end_sweeper(web);
                MHD_stop_daemon(web->daemon);
                if (listening != MHD_INVALID_SOCKET)
                        (void)close(listening);
        }
        web_static_free(web->files);
        pthread_cond_destroy(&web->changed);
        pthread_mutex_destroy(&web->mutex);
        free(web);
}
