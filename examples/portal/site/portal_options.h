/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_OPTIONS_H
#define PORTAL_OPTIONS_H

/* The command line of the program portal. */

#include "bytes.h"

enum { PORTAL_HOST_MAX = 64, PORTAL_URL_MAX = 256 };

struct portal_options {
        const char *folder, *store, *listen, *origin, *rp_id, *certificate, *key, *proxy, *trust, *directory;
        const char *pages, *policies, *clients, *admin_token;
        bool tls, attested, unattested, evaluated, accept_simulation, unlimited, json_log, help;
        /* worked out */
        char host[PORTAL_HOST_MAX]; /* of --listen, numeric */
        uint16_t port;
        char origin_text[PORTAL_URL_MAX]; /* --origin, or https://localhost:PORT */
        char rp_id_text[PORTAL_URL_MAX];  /* --rp-id, or the origin's host */
};

/* portal_options_read; what is wrong stands in *ret_fault, in words. Port 0 is replaced by one that is free
 * now. */
bool portal_options_read(int argc, char **argv, struct portal_options *ret, const char **ret_fault);

void portal_options_help(void);

#endif
