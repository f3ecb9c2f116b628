/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_STORE_H
#define OIDC_STORE_H

/* What of OpenID Connect is remembered: codes, access tokens, and which client a person has agreed to. Codes
 * and tokens are 32 random bytes, of which the store has the digest. */

#include "oidc_clients.h"
#include "oidc_text.h"
#include "sql_store.h"

enum {
        OIDC_SUBJECT_SIZE = 16,
        OIDC_CODE_S = 60,    /* RFC 6749 4.1.2: ten minutes at most */
        OIDC_ACCESS_S = 600, /* the access token opens /oidc/userinfo, and nothing else */
        OIDC_LEVEL_MAX = 64, /* the name of a level */
        OIDC_ACR_MAX = 128,
        OIDC_AMR_MAX = 64,
        OIDC_NONCE_MAX = 256,
        OIDC_CHALLENGE_SIZE = 32, /* RFC 7636: SHA-256 */
};

/* The tables; a step of the portal's schema. */
extern const char oidc_schema_step[];

/* Somebody who is logged in, as the portal's sessions know him. Views. */
struct oidc_login {
        int64_t account, session;
        int64_t authenticated; /* when */
        slice level, acr;
        slice amr; /* RFC 8176, divided by blanks */
};

/* What a login is to a client. Views. */
struct oidc_grant {
        slice client, redirect_uri, nonce; /* nonce.data NULL: there is none */
        uint8_t challenge[OIDC_CHALLENGE_SIZE];
        uint8_t subject[OIDC_SUBJECT_SIZE];
        struct oidc_login login;
};

/* The same, out of the store; `grant` views the rest. Must not be moved. */
struct oidc_granted {
        struct oidc_grant grant;
        uint8_t text[OIDC_ID_MAX + OIDC_URI_MAX + OIDC_NONCE_MAX + OIDC_LEVEL_MAX + OIDC_ACR_MAX +
                     OIDC_AMR_MAX];
};

/* oidc_keep_code keeps a code, and sweeps what has expired. */
MITOME_CHECKED mitome_status oidc_keep_code(struct sql_store *store, slice code,
        const struct oidc_grant *grant, int64_t now, mitome_error *error);

/* oidc_spend_code spends a code by being called: what does not fit afterwards does not give it back. A code
 * that was spent before ends the access token that it gave. OIDC_CODE: unknown, expired, or spent. */
MITOME_CHECKED mitome_status oidc_spend_code(
        struct sql_store *store, slice code, int64_t now, struct oidc_granted *ret, mitome_error *error);

/* oidc_keep_token keeps the access token that a code gave. */
MITOME_CHECKED mitome_status oidc_keep_token(struct sql_store *store, slice token, slice code,
        const struct oidc_grant *grant, int64_t now, mitome_error *error);

/* oidc_find_token: OIDC_TOKEN when it is unknown, expired or ended. `nonce` and `redirect_uri` are not kept.
 */
MITOME_CHECKED mitome_status oidc_find_token(
        struct sql_store *store, slice token, int64_t now, struct oidc_granted *ret, mitome_error *error);

/* oidc_end_session ends the codes and access tokens that a session gave. */
MITOME_CHECKED mitome_status oidc_end_session(struct sql_store *store, int64_t session, mitome_error *error);

MITOME_CHECKED mitome_status oidc_has_consent(
        struct sql_store *store, int64_t account, slice client, bool *ret, mitome_error *error);
MITOME_CHECKED mitome_status oidc_keep_consent(
        struct sql_store *store, int64_t account, slice client, int64_t now, mitome_error *error);

#endif
