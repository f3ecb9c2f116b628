/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_REQUEST_H
#define OIDC_REQUEST_H

/* An authorization request (OpenID Connect Core 3.1.2.1), read from a query. */

#include "oidc_clients.h"
#include "oidc_store.h"

enum oidc_field {
        OIDC_CLIENT_ID,
        OIDC_REDIRECT_URI,
        OIDC_STATE,
        OIDC_RESPONSE_TYPE,
        OIDC_SCOPE,
        OIDC_NONCE,
        OIDC_CODE_CHALLENGE,
        OIDC_CODE_CHALLENGE_METHOD,
        OIDC_ACR_VALUES,
        OIDC_ID_TOKEN_HINT,
        OIDC_MAX_AGE,
        OIDC_PROMPT,
        OIDC_UI_LOCALES,
        OIDC_AFTER, /* ours: not before this time the person has to have logged in; see oidc_authorize.h */
        OIDC_RESPONSE_MODE,
        OIDC_REQUEST_OBJECT, /* what follows is refused */
        OIDC_REQUEST_URI,
        OIDC_REGISTRATION,
        OIDC_FIELDS
};

enum oidc_prompt { OIDC_PROMPT_NONE = 1, OIDC_PROMPT_LOGIN = 2, OIDC_PROMPT_CONSENT = 4 };

enum { OIDC_QUERY_MAX = 4096 };

struct oidc_request {
        const struct oidc_client *client;
        slice said[OIDC_FIELDS]; /* data NULL: it was not */
        uint8_t challenge[OIDC_CHALLENGE_SIZE];
        unsigned prompt;
        int64_t max_age, after; /* -1: not said */
        uint8_t text[OIDC_QUERY_MAX];
        size_t used;
};

/* oidc_request_begin finds out who asks, and where the answer goes: WEB_FORM, OIDC_CLIENT, OIDC_REDIRECT.
 * When it fails nobody may be sent anywhere. *ret must not be moved. */
MITOME_CHECKED mitome_status oidc_request_begin(
        const struct oidc_clients *clients, slice query, struct oidc_request *ret, mitome_error *error);

/* oidc_request_read reads the rest: OIDC_REQUEST; *ret_refusal is then what the client is told
 * ("invalid_request", RFC 6749 4.1.2.1). */
MITOME_CHECKED mitome_status oidc_request_read(
        slice query, struct oidc_request *request, const char **ret_refusal, mitome_error *error);

/* oidc_request_write writes the request as a path and a query of ours again, with other prompts, and `after`
 * unless it is -1. */
void oidc_request_write(const struct oidc_request *request, unsigned prompt, int64_t after, writer *w);

#endif
