/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OIDC_LEAVE_H
#define OIDC_LEAVE_H

/* Logging out at a client's wish (OpenID Connect RP-Initiated Logout 1.0), and who is there, for a web server
 * that asks (nginx auth_request). */

#include "oidc_authorize.h"

/* A request to log out. */
struct oidc_leaving {
        const struct oidc_client *client; /* NULL: who asks is not known */
        bool sure;                        /* the client named the person who is here: no question is due */
        char location[OIDC_LOCATION_MAX]; /* where to go afterwards: an address of the client's, or "/" */
};

/* oidc_leave: WEB_FORM, OIDC_HINT, OIDC_CLIENT (none, or another one than the ID token's), OIDC_REDIRECT (an
 * address that is not the client's, or of nobody): nobody may be sent anywhere. `login` may be NULL. */
MITOME_CHECKED mitome_status oidc_leave(struct oidc *oidc, slice query, const struct oidc_login *login,
        struct oidc_leaving *ret, mitome_error *error);

/* oidc_leave_read reads the same from "next", a path of ours: OIDC_RETURN. */
MITOME_CHECKED mitome_status oidc_leave_read(struct oidc *oidc, slice next, const struct oidc_login *login,
        struct oidc_leaving *ret, mitome_error *error);

/* What nginx is told: 200 and who it is, 401 when nobody is logged in, 403 when the login is of another level
 * than is asked for. */
struct oidc_presence {
        unsigned status;
        char subject[OIDC_SUBJECT_SIZE * 2]; /* the pseudonym for this site */
        char level[OIDC_LEVEL_MAX + 1], acr[OIDC_ACR_MAX + 1];
};

/* oidc_check answers /auth/check?level=..&acr=..: lists, of which one has to be reached; a login with another
 * device, which can be phished, by its whole acr only. WEB_FORM, SQL_*. */
MITOME_CHECKED mitome_status oidc_check(struct oidc *oidc, slice query, const struct oidc_login *login,
        struct oidc_presence *ret, mitome_error *error);

/* oidc_return answers /auth/return?to=PATH: to PATH, all that stands there, when somebody is logged in, else
 * to the login, and back. OIDC_RETURN. */
MITOME_CHECKED mitome_status oidc_return(slice query, const struct oidc_login *login,
        char ret_location[OIDC_LOCATION_MAX], mitome_error *error);

#endif
