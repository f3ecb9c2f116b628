/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOAD_LANES_H
#define LOAD_LANES_H

/* Logins of many browsers at once, each on a connection that is kept: the options, a signature, the answer.
 * One thread. At a rate, what counts is the time since a login was due, not since a connection was free for
 * it: a portal that stalls does not slow the question down. */

#include "soft_passkey.h"
#include "web_talk.h"

struct load_plan {
        const struct soft_site *site;
        uint16_t port;
        struct soft_passkey *passkey; /* whoever logs in is set by portal_rows_be */
        uint64_t people;              /* 0: the passkey's own account alone */
        size_t lanes;
        double seconds; /* measured, after the warming up */
        double warming;
        double rate;                  /* logins a second, at random; 0: as many as there go */
        void (*mark)(void *context);  /* called when the measuring begins, and when it ends */
        void (*probe)(void *context); /* called beside the logins, a few times in a hundred; may be NULL */
        void *context;
};

struct load_result {
        uint64_t logins, refused, broken; /* broken: connections */
        double seconds;
        double p50, p99, most; /* milliseconds */
};

/* load_run: false when nobody answers at all. */
bool load_run(const struct load_plan *plan, struct load_result *ret);

#endif
