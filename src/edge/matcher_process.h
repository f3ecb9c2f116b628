/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MATCHER_PROCESS_H
#define MATCHER_PROCESS_H

/* The process that mitome-matcher is: started, watched, ended, started again. It speaks on a socket without a
 * name (matcher_gate.h says what), and has nothing else that is open here but our standard error. */

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct matcher_process;

struct matcher_gate_config {
        const char *program; /* path of mitome-matcher */
        const char *state;   /* folder of the matcher's state */
        const char *sensor;  /* KIND[:ARGUMENT] of --sensor; NULL: its own default */
        /* The whole environment of the matcher, NAME=VALUE, ended by NULL; NULL is the empty one.
         * FP_VIRTUAL_IMAGE=PATH gives it the virtual sensor, fed on that socket (virtual_finger.h). */
        const char *const *environment;
        int scores;   /* a descriptor for --scores; 0: none */
        int log;      /* a descriptor for its standard error, which stays open; 0: ours */
        bool verbose; /* its sensor's messages on standard error */
        /* It is replaced, between two requests, after so many of them or once it has so many bytes resident;
         * 0: MATCHER_REQUESTS, MATCHER_BYTES. */
        unsigned recycle_requests;
        size_t recycle_bytes;
        unsigned rest_max_ms; /* between two deaths, at most; 0: MATCHER_REST_MS */
        /* Hears, once for each, what a matcher died of, as a line of text without its end; may be NULL. */
        void (*tell)(void *context, const char *what);
        void *context;
};

/* Libfprint gets slower and hotter in long use, and what leaks in the code of others is gone with it. */
enum { MATCHER_REQUESTS = 200, MATCHER_BYTES = 256 << 20, MATCHER_REST_MS = 30000 };

/* matcher_process_new copies what `config` says of program, arguments and environment; nothing runs yet.
 * Fails with PROCESS where there is no such program, or NO_MEMORY. */
MITOME_CHECKED mitome_status matcher_process_new(
        const struct matcher_gate_config *config, struct matcher_process **ret, mitome_error *error);

/* matcher_process_start starts it; *ret_fd is our end of the socket. Fails with SOCKET or PROCESS. */
MITOME_CHECKED mitome_status matcher_process_start(
        struct matcher_process *process, int *ret_fd, mitome_error *error);

/* matcher_process_id is 0 while none runs; a process that has ended is none from matcher_process_look on. */
pid_t matcher_process_id(const struct matcher_process *process);

/* matcher_process_look tells, without waiting, whether it still runs. */
bool matcher_process_look(struct matcher_process *process);

/* matcher_process_bytes is what it has resident; 0 where nobody can tell. */
size_t matcher_process_bytes(const struct matcher_process *process);

/* How the last one ended: "was killed by signal 9 (Killed)", "did something that is forbidden to it" ..;
 * empty before the first end. */
const char *matcher_process_end_text(const struct matcher_process *process);

/* matcher_process_leave waits for the end of one whose socket was closed, at most three seconds;
 * matcher_process_kill does not ask, and `why` becomes the end's text where it had not ended before. */
void matcher_process_leave(struct matcher_process *process);
void matcher_process_kill(struct matcher_process *process, const char *why);

/* matcher_process_free ends it first (leave); NULL is fine. */
void matcher_process_free(struct matcher_process *process);

#endif
