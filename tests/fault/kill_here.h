/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KILL_HERE_H
#define KILL_HERE_H

/* The program under test dies where its test wants it to: kill_here.c stands between the program and the
 * system calls that change files (the linker's --wrap) and counts them, in all processes of the program
 * together, in a page that the test shares with them: the file that the environment's MITOME_KILL_HERE names.
 * The kill is SIGKILL and hits at once: nothing is flushed, nothing is said. */

#include <stdatomic.h>

enum kill_moment { KILL_BEFORE, KILL_TORN, KILL_AFTER };

/* Whom it hits: everybody, the process that made the call, or the one that started it. */
enum kill_whom { KILL_ALL, KILL_SELF, KILL_PARENT };

struct kill_here {
        atomic_int armed;
        atomic_uint calls;  /* since the test armed it */
        atomic_uint writes; /* of these: a bit each, so that only these are torn */
        atomic_uint at;     /* from 1; 0: nobody dies */
        atomic_int moment, whom;
        atomic_int program; /* process id of the program, whose child the element is */
        atomic_int done;
};

#endif
