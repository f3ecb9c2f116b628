/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_CLIENTS_H
#define OIDC_CLIENTS_H

/* The applications that may use the portal as their login: a file that its operator writes (docs/oidc.md).
 *
 *   { "clients": [ { "id": "wiki", "name": { "en": "Wiki", "ja": "ウィキ" }, "secret_sha256": HEX,
 *       "redirect_uris": [ .. ], "post_logout_redirect_uris": [ .. ], "sector": "wiki.example" } .. ] }
 *
 * One without a secret is a public client: an app, which could keep none. Of a secret the file has the
 * digest: a secret is 16 random bytes or more, so that nobody finds it by trying. Clients of one sector get
 * the same pseudonym of a person; where none is said it is the host of the redirect URIs (OpenID Connect
 * Core 8.1). */

#include "digest.h"

enum {
        OIDC_CLIENTS_MAX = 64,
        OIDC_URIS_MAX = 8,
        OIDC_ID_MAX = 64,
        OIDC_URI_MAX = 512,
        OIDC_NAME_MAX = 96,
        OIDC_SECTOR_MAX = 128,
        OIDC_CLIENTS_TEXT = 65536,
};

enum oidc_language { OIDC_EN, OIDC_JA, OIDC_LANGUAGES };

struct oidc_uris {
        slice list[OIDC_URIS_MAX];
        size_t count;
};

struct oidc_client {
        slice id, name[OIDC_LANGUAGES], sector;
        bool has_secret;
        bool no_cross_device;        /* no login by another device is told to it, whatever its request says */
        uint8_t secret[SHA256_SIZE]; /* its digest */
        struct oidc_uris redirects, after_logout;
};

struct oidc_clients {
        uint8_t text[OIDC_CLIENTS_TEXT];
        size_t used;
        struct oidc_client list[OIDC_CLIENTS_MAX];
        size_t count;
};

/* oidc_clients_read reads the file's text. *ret is large, holds what its views point to and must not be
 * moved; it is of no use after a failure. An id that stands twice, a member that is not known or missing, and
 * text that is too long are OIDC_CLIENT_FORM; JSON_*; OIDC_REDIRECT_FORM: a redirect URI that is neither
 * https nor http on loopback, or has a fragment, a user or characters that no URI has; OIDC_SECTOR: redirect
 * URIs of several hosts, and no sector. */
MITOME_CHECKED mitome_status oidc_clients_read(slice json, struct oidc_clients *ret, mitome_error *error);

/* oidc_client_find; NULL: there is none. */
const struct oidc_client *oidc_client_find(const struct oidc_clients *clients, slice id);

/* oidc_uri_listed compares character by character (RFC 9700 2.1). */
bool oidc_uri_listed(const struct oidc_uris *uris, slice uri);

/* oidc_uri_host is what stands between "://" and the port or path. */
slice oidc_uri_host(slice uri);

/* oidc_uri_origin is scheme, host and port. */
slice oidc_uri_origin(slice uri);

#endif
