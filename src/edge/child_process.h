/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILD_PROCESS_H
#define CHILD_PROCESS_H

/* A program that is started, and stopped again: no shell in between, no descriptors but the three standard
 * ones. */

#include "status.h"

#include <sys/types.h>

/* child_process_start runs program argv[0] (a path) with our environment. It dies with us. Fails with
 * PROCESS. */
MITOME_CHECKED mitome_status child_process_start(const char *const *argv, pid_t *ret, mitome_error *error);

/* child_process_start_with also gives it one open descriptor, which is its number CHILD_PROCESS_DESCRIPTOR;
 * ours stays open. */
enum { CHILD_PROCESS_DESCRIPTOR = 3 };
MITOME_CHECKED mitome_status child_process_start_with(
        const char *const *argv, int descriptor, pid_t *ret, mitome_error *error);

/* child_process_start_logged also gives it `log` as its standard error (-1: ours). */
MITOME_CHECKED mitome_status child_process_start_logged(
        const char *const *argv, int descriptor, int log, pid_t *ret, mitome_error *error);

/* child_process_run waits for its end; fails with PROCESS unless it exits with 0. */
MITOME_CHECKED mitome_status child_process_run(const char *const *argv, mitome_error *error);

/* child_process_stop asks it to end (SIGTERM), insists after a second, and waits. 0 is no process. */
void child_process_stop(pid_t process);

#endif
