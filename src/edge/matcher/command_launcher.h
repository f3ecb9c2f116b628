/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_LAUNCHER_H
#define COMMAND_LAUNCHER_H

/* What starts a sensor's program, and starts it again when it has died: by then the matcher has given up the
 * right to start anything. So a small process does it, which is there from the beginning. It is this very
 * program, executed anew, so that it has no copy of what the matcher holds in memory.
 *
 * The program gets an empty environment, the folder / to work in, a pipe on either side and our standard
 * error, a process group of its own, and no other descriptor. It ends when the launcher does. */

#include "status.h"

#include <sys/types.h>

struct command_launcher {
        pid_t process; /* 0: there is none */
        int fd;
};

/* command_launcher_start starts the launcher of the program `words` (its path and its arguments, ended by
 * NULL). Fails with ARGUMENT unless the path is an absolute one, SENSOR_PROGRAM where it is no program, or
 * PROCESS. */
MITOME_CHECKED mitome_status command_launcher_start(
        char *const *words, struct command_launcher *ret, mitome_error *error);

/* command_launcher_begin ends the program, if there is one, and starts it anew. `ret_in` is what it reads,
 * `ret_out` what it writes; neither blocks, both are the caller's. Fails with SENSOR_PROGRAM. */
MITOME_CHECKED mitome_status command_launcher_begin(
        struct command_launcher *launcher, int *ret_in, int *ret_out, mitome_error *error);

/* command_launcher_end ends the program and whatever it has started. */
void command_launcher_end(struct command_launcher *launcher);

/* command_launcher_stop ends both, and waits. */
void command_launcher_stop(struct command_launcher *launcher);

/* Whoever uses these calls has this at the beginning of its main: it is where the launcher begins. */
bool command_launcher_is_meant(int count, char *const *arguments);
int command_launcher_main(char *const *arguments);

#endif
