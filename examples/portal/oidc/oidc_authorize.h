/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_AUTHORIZE_H
#define OIDC_AUTHORIZE_H

/* Where a browser that came with an authorization request is sent next: to the client with a code or a
 * refusal, to the portal's login, or to the page that asks for consent.
 *
 * Nothing is remembered of a request that waits for a login: it goes along as "next", a path of ours. When a
 * login has to be a new one (prompt=login, max_age, acr_values that are not reached), "after" goes along,
 * too: the time that it has to be of. A client that depends on it looks at auth_time (OpenID Connect
 * Core 3.1.2.1): whoever sits before the browser could always change a request. */

#include "oidc.h"
#include "oidc_request.h"

enum { OIDC_LOCATION_MAX = 4096, OIDC_AFTER_S = 600 };

/* oidc_authorize: `login` is NULL when nobody is logged in. WEB_FORM, OIDC_CLIENT, OIDC_REDIRECT: nobody may
 * be sent anywhere; OIDC_REQUEST: the request is too long to go along; SQL_*. */
MITOME_CHECKED mitome_status oidc_authorize(struct oidc *oidc, slice query, const struct oidc_login *login,
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error);

/* oidc_consent_read reads the request that a person is asked about, from "next": OIDC_RETURN, and what
 * oidc_authorize says. */
MITOME_CHECKED mitome_status oidc_consent_read(
        struct oidc *oidc, slice next, struct oidc_request *ret, mitome_error *error);

/* oidc_consent_answer keeps a yes, once and for all, and gives where to go: back to the request, or to the
 * client with its refusal. Either is in the journal. The yes of a login that this client may not be told of
 * is nobody's: it is not kept, and the request decides. */
MITOME_CHECKED mitome_status oidc_consent_answer(struct oidc *oidc, const struct oidc_request *request,
        const struct oidc_login *login, bool agreed, char ret_location[OIDC_LOCATION_MAX],
        mitome_error *error);

/* oidc_check_local: OIDC_RETURN unless `path` is a path (and query) of this origin, and cannot be read as
 * anything else. */
MITOME_CHECKED mitome_status oidc_check_local(slice path, mitome_error *error);

/* oidc_write_next writes "PAGE?next=PATH". */
MITOME_CHECKED mitome_status oidc_write_next(
        const char *page, slice path, char ret_location[OIDC_LOCATION_MAX], mitome_error *error);

#endif
