/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_H
#define SERVICE_H

/* HTTP around a party:
 *
 *   POST /letter              a letter; 200 with its answer
 *   POST /phone/KIND          what a phone says; 200 with the answer, 403 with { 1: code } when it is refused
 *   POST /relay/IDENTITY      one step of a relay (relay_message.h)
 *   GET, POST /..             pages of the party's own
 *
 * Plain HTTP: letters carry signatures and relayed commands SCP03; a real deployment puts TLS in front, which
 * keeps outsiders from reading what letters say. One lock around the party (service_lock.h); everything that
 * an outsider can send is bounded.
 *
 * Whoever knows a phone's identity can begin a relay for it, but neither read nor change what is carried to
 * the element; and as long as the phone answers, he does not end its relay: he waits, and is told that
 * nothing is to be had (503). A relay is proven when the TSM has opened a secure channel in it: then an
 * element with the right keys is at the other end. One that is not proven has three seconds for a command,
 * and makes room when all are used. So whoever opens very many connections can still delay a phone, and keep
 * out one that is not quick: a deployment limits that by who may connect at all. */

#include "party.h"
#include "phone_way.h"
#include "service_lock.h"

enum {
        SERVICE_CONNECTIONS = 128,
        SERVICE_CONNECTIONS_EACH = 64, /* from one address */
        SERVICE_SECONDS = 20,          /* that a connection may be silent */
        SERVICE_BODY_MAX = 32768,      /* of a request */
        SERVICE_RELAYS = 32, /* under way at once; the next waits 5 s for one that is silent, or is refused */
        SERVICE_RELAY_SECONDS = 30, /* that a phone may take for one command, if nothing else is said */
};

/* What a page is asked. */
struct service_asked {
        slice path; /* what follows the page's own path, and a '?' with what follows it; percent-encoding is
                       not undone */
        slice body; /* of a POST; else empty */
};

/* A page, found by the longest path that begins the request's. */
struct service_page {
        const char *path;                                   /* "/crl/", "/ocsp" */
        enum { SERVICE_GET = 1, SERVICE_POST = 2 } methods; /* or both */
        const char *media_type;
        /* handle writes *ret_body by malloc; the service frees it. A failure is 404 (FILE_READ, VALUE), 400
         * (a body that cannot be read) or 500. */
        mitome_status (*handle)(void *context, const struct service_asked *asked, uint8_t **ret_body,
                size_t *ret_size, mitome_error *error);
};

/* What is behind the addresses; what is NULL is not there. Copied; contexts must outlive the service. */
struct service_parts {
        struct party *party;
        struct party_desks desks;
        struct phone_desks phone;
        struct phone_relay relay;
        unsigned relay_seconds; /* that a phone may take for one command; 0: SERVICE_RELAY_SECONDS */
        const struct service_page *pages;
        size_t page_count;
        void *page_context;
        /* tick is the party's own work, once a second, with the lock held; after party_flush. */
        mitome_status (*tick)(void *context, mitome_error *error);
        void *tick_context;
};

struct service;

/* service_open listens on `host` (a numeric address; NULL: 127.0.0.1) and `port` (0: any) and serves until it
 * is closed. The party must have been opened with service_lock_post(lock). Fails with SOCKET, NO_MEMORY. */
MITOME_CHECKED mitome_status service_open(const struct service_parts *parts, struct service_lock *lock,
        const char *host, uint16_t port, struct service **ret, mitome_error *error);
uint16_t service_port(const struct service *service);

/* service_close ends relays, waits for requests that are under way, and lets the port go. The lock must not
 * be held. */
void service_close(struct service *service);

#endif
