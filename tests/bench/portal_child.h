/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_CHILD_H
#define PORTAL_CHILD_H

/* The portal's program as a child: started, measured, ended or killed. */

#include "bytes.h"

#include <sys/types.h>

enum { PORTAL_CHILD_ORIGIN = 96 };

struct portal_child {
        pid_t pid;
        char origin[PORTAL_CHILD_ORIGIN]; /* as the program's line has it */
        uint16_t port;
};

/* portal_child_start runs `program` with a folder, and a store when it is not NULL, without limits by
 * network, and waits for its line. A port of 0 is any. False: it did not come up; what it says of that goes
 * to standard error. */
bool portal_child_start(
        const char *program, const char *folder, const char *store, uint16_t port, struct portal_child *ret);

/* portal_child_end ends it in order (SIGTERM), portal_child_kill does not (SIGKILL). Its exit status, or the
 * signal. */
int portal_child_end(struct portal_child *child);
void portal_child_kill(struct portal_child *child);

/* Seconds of processor time so far, all threads; resident memory in bytes, now and at most; -1: not known. */
double portal_child_seconds(const struct portal_child *child);
int64_t portal_child_resident(const struct portal_child *child, bool at_most);

#endif
