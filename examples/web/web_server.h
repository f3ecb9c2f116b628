/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

/* The server's own structures: for web_listen.c, web_visit.c and web_send.c. */

#include "web_answer.h"
#include "web_find.h"
#include "web_read.h"
#include "web_static.h"
#include "work_line.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
        WEB_BODY_HERE = 4096,      /* bodies up to that need no memory of their own */
        WEB_DISCARD_MAX = 1 << 18, /* of a body that is refused: longer, and the connection ends */
        WEB_MEMORY_EACH = 16384,   /* libmicrohttpd's, of a connection: bounds its headers */
        WEB_PEER_TEXT = 64,
        WEB_STOP_SECONDS = 5, /* that answers may take to go out when the server ends */
};

struct web {
        struct web_config config;
        struct web_rules rules;
        struct web_table table;
        bool strict_transport;
        struct web_static *files;
        struct MHD_Daemon *daemon;
        uint16_t port;
        atomic_bool stopping;
        atomic_uint busy; /* requests between their headers and the end of their answers */
        pthread_t sweeper;
        bool has_sweeper;
        pthread_mutex_t mutex; /* of what follows */
        pthread_cond_t changed;
        bool sweeper_ends;
        struct web_visit *visits;
};

enum web_stage {
        WEB_AWAITED,  /* nothing of a request yet */
        WEB_BEGUN,    /* its first line is there */
        WEB_READING,  /* its body */
        WEB_REFUSING, /* its body, which nobody wants; the answer is there */
        WEB_WORKING,  /* suspended; another thread has all of it */
        WEB_READY,    /* the answer is there */
};

/* One connection with the one request that it has at a time: memory is taken once a connection. */
struct web_visit {
        struct web *web;
        struct web_visit *next, *before; /* the web's mutex */
        struct MHD_Connection *connection;
        int socket;
        _Atomic int64_t deadline; /* in milliseconds of the monotonic clock; INT64_MAX: none */
        char peer[WEB_PEER_TEXT];
        /* the request */
        enum web_stage stage;
        bool counted, target_too_long, closes, run_failed;
        struct web_head head;
        struct web_request request;
        const struct web_route *route;
        const struct web_static_file *file;
        void *route_context;
        uint8_t *body;
        size_t body_size, body_length;
        struct work work;
        size_t target_size;
        struct web_answer answer;
        uint8_t target[WEB_TARGET_MAX + 1];
        uint8_t store[WEB_STORE_SIZE];
        uint8_t body_here[WEB_BODY_HERE];
};

int64_t web_now(void);

/* What libmicrohttpd calls. */
void web_on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
        enum MHD_ConnectionNotificationCode what);
void *web_on_target(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result web_on_request(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size, void **request);
void web_on_completed(void *context, struct MHD_Connection *connection, void **request,
        enum MHD_RequestTerminationCode how);

/* web_send gives the visit's answer to libmicrohttpd. */
enum MHD_Result web_send(struct web_visit *visit);

#endif
