/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_EXCHANGE_H
#define OIDC_EXCHANGE_H

/* What clients ask without a browser: a code becomes tokens (RFC 6749 4.1.3, OpenID Connect Core 3.1.3), and
 * an access token says once more who it is of (5.3). */

#include "oidc.h"

enum { OIDC_REPLY_MAX = 4096, OIDC_ID_TOKEN_S = 300 };

/* An answer in JSON. */
struct oidc_reply {
        unsigned status;
        const char *authenticate; /* WWW-Authenticate; NULL: none */
        mitome_code code;         /* why it is a refusal; MITOME_OK: it is none */
        uint8_t buffer[OIDC_REPLY_MAX];
        slice body; /* of the above */
};

/* oidc_exchange answers /oidc/token: the Authorization header (may be empty) and the form. It fails only when
 * the store, memory or randomness does; what it refuses it has remembered as well (a code is spent). */
MITOME_CHECKED mitome_status oidc_exchange(
        struct oidc *oidc, slice authorization, slice form, struct oidc_reply *ret, mitome_error *error);

/* oidc_userinfo answers /oidc/userinfo. */
MITOME_CHECKED mitome_status oidc_userinfo(
        struct oidc *oidc, slice authorization, struct oidc_reply *ret, mitome_error *error);

#endif
