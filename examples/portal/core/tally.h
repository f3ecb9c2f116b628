/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALLY_H
#define TALLY_H

/* Figures for the administrator, without persons: how often what was done, or refused and why. They are added
 * up in memory and written by portal_tick: what was counted in the last second before a crash is lost. */

#include "portal_core.h"

enum tally_what {
        TALLY_REGISTRATION,
        TALLY_LOGIN,
        TALLY_PHONE_LOGIN, /* cross-device */
        TALLY_DOCUMENT,
        TALLY_CLIENT_LOGIN, /* OIDC: a code was redeemed */
        TALLY_MOVE,         /* an account taken to a new phone */
        TALLY_WHATS
};
const char *tally_name(enum tally_what what); /* "registration" */

void tally_done(struct portal *portal, enum tally_what what);

/* tally_refuse counts a refusal and writes it into the journal, "refused", with code and name and nothing of
 * a person. */
MITOME_CHECKED mitome_status tally_refuse(
        struct portal *portal, enum tally_what what, mitome_code code, mitome_error *error);

enum { TALLY_REASONS_MAX = 64 };
struct tally_reason {
        enum tally_what what;
        mitome_code code;
        int64_t count;
};
struct tally_figures {
        int64_t done[TALLY_WHATS];                      /* ever */
        struct tally_reason refused[TALLY_REASONS_MAX]; /* the most frequent first */
        size_t refused_count;
        int64_t accounts, credentials;    /* ever */
        int64_t sessions;                 /* now */
        int64_t last_minute[TALLY_WHATS]; /* of this portal */
};
MITOME_CHECKED mitome_status tally_read(
        struct portal *portal, struct tally_figures *ret, mitome_error *error);

#endif
