/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_ADMIN_H
#define PORTAL_ADMIN_H

/* Who runs the portal sees its figures. He logs in with a token that the portal writes into a file of mode
 * 0600; it is good once, and the next one is written then. One administrator at a time, of this process. All
 * of it may be called from any thread. */

#include "bytes.h"

enum {
        ADMIN_TOKEN_SIZE = 44, /* characters with the terminator: 256 bits */
        ADMIN_SECONDS = 8 * 3600,
        ADMIN_IDLE = 900,
};

struct admin_desk;

/* admin_open writes the first token to `path`. FILE_WRITE, NO_RANDOMNESS. */
MITOME_CHECKED mitome_status admin_open(
        const char *path, const struct mitome_random *random, struct admin_desk **ret, mitome_error *error);
void admin_close(struct admin_desk *desk);

/* admin_log_in takes the token and gives a cookie; a former administrator is out. ADMIN_TOKEN when it is not
 * the one in the file. */
MITOME_CHECKED mitome_status admin_log_in(struct admin_desk *desk, slice token, int64_t now,
        char ret_cookie[ADMIN_TOKEN_SIZE], mitome_error *error);

/* admin_check: SESSION_NONE when it is not the administrator's cookie, SESSION_OVER when its time is over. */
MITOME_CHECKED mitome_status admin_check(
        struct admin_desk *desk, slice cookie, int64_t now, mitome_error *error);

#endif
