/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_BROWSER_H
#define PORTAL_BROWSER_H

/* The program portal, started for a test, and browsers before it that have a passkey of software
 * (ceremony_rig.h). Whatever the API answers is held against openapi.json on the way. Failures of the rig end
 * the test. */

#include "ceremony_rig.h"

#include <curl/curl.h>
#include <jansson.h>
#include <sys/types.h>

struct portal_server {
        pid_t process;
        char folder[64], trust[96], token_file[128];
        char origin[128];  /* as pages say it */
        char address[128]; /* where it listens, "http://127.0.0.1:PORT" */
        json_t *openapi;
        json_t *seen; /* names of operations that were answered with 200 */
};

/* `options` are more words for its command line, ended by NULL; NULL: none. With MITOME_STORE its store is
 * there. portal_server_beside starts another one beside it: the same store, keys, origin and passkeys. */
void portal_server_start(struct portal_server *server, const char *const *options);
void portal_server_beside(struct portal_server *server, const struct portal_server *first);
void portal_server_stop(struct portal_server *server);

struct portal_browser {
        struct portal_server *server;
        CURL *curl;
        struct rig rig;    /* its passkey */
        char user[128];    /* its user handle, as a JSON value */
        uint32_t count;    /* its signature counter */
        char csrf[64];     /* of the session, as far as it knows */
        const char *from;  /* the Origin that it sends; NULL: none */
        long status;       /* of the last answer */
        char head[8192];   /* its headers */
        char text[131072]; /* its body */
};

/* `passkey` makes its credential's id another one than other browsers'. */
void portal_browser_open(struct portal_browser *browser, struct portal_server *server, uint8_t passkey);
void portal_browser_close(struct portal_browser *browser);

/* portal_browser_get and _post ask, and give the answer's JSON (a new reference; NULL: it has none). A post
 * takes its body over, and sends the token that the last session told. */
json_t *portal_browser_get(struct portal_browser *browser, const char *path);
json_t *portal_browser_post(struct portal_browser *browser, const char *path, json_t *body);

/* portal_browser_cookie is a cookie's value, "" for none. */
void portal_browser_cookie(struct portal_browser *browser, const char *name, char *ret, size_t capacity);

/* portal_browser_meet asks for the session, and remembers its token. */
void portal_browser_meet(struct portal_browser *browser);

/* portal_browser_make is what the passkey answers to creation options, _sign to request options. */
json_t *portal_browser_make(struct portal_browser *browser, json_t *options);
json_t *portal_browser_sign(struct portal_browser *browser, json_t *options);

/* The whole way: status of the last step. */
long portal_browser_register(struct portal_browser *browser, const char *name);
long portal_browser_log_in(struct portal_browser *browser);

#endif
