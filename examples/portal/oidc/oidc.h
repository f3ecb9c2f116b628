/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_H
#define OIDC_H

/* OpenID Connect over the portal's sessions: any web application can use the portal as its login
 * (docs/oidc.md), and nginx can ask who is there (docs/nginx.md).
 *
 * Authorization code with PKCE (S256), and nothing else: no implicit or hybrid flow, no refresh tokens, no
 * request objects. What a client learns of a person is a pseudonym of its own, when he logged in, by what and
 * to which level. The serial number of his certificate is never passed on: only accredited verifiers may keep
 * it.
 *
 * What is decided is in oidc_authorize.h, oidc_exchange.h and oidc_leave.h, without HTTP; oidc_web.c is the
 * routes. All of it is called from the thread that owns the portal's store. */

#include "oidc_clients.h"
#include "oidc_key.h"
#include "portal_core.h"

struct web_page_set;
struct web_route_set;

struct oidc_config {
        struct portal *portal;            /* its store has the step oidc_schema_step (oidc_store.h) */
        const char *issuer;               /* the portal's origin, "https://login.example" */
        const char *folder;               /* where the keys are */
        const char *clients;              /* path of the clients file; NULL: nobody */
        const struct web_page_set *pages; /* with "consent" and "leave"; NULL in what has no HTTP */
};

struct oidc;

/* oidc_open reads the clients file and the keys: what oidc_clients_read and oidc_keys_open say; ARGUMENT for
 * an issuer that is no origin. All that the configuration points to must live until oidc_close. */
MITOME_CHECKED mitome_status oidc_open(
        const struct oidc_config *config, struct oidc **ret, mitome_error *error);
void oidc_close(struct oidc *oidc);

/* oidc_routes is what the server serves of it. */
void oidc_routes(struct oidc *oidc, struct web_route_set *ret);

/* oidc_discovery and oidc_key_set are /.well-known/openid-configuration and /oidc/jwks; they never change. */
slice oidc_discovery(const struct oidc *oidc);
slice oidc_key_set(const struct oidc *oidc);

#endif
