/* SPDX-License-Identifier: Apache-2.0 */
#include "child_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs in the child between fork and exec: async-signal-safe calls only. */
static _Noreturn void become(const char *const *argv, pid_t parent)
{
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
                _exit(127);
        close_range(3, ~0U, 0);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
}

mitome_status child_process_start(const char *const *argv, pid_t *ret, mitome_error *error)
{
        pid_t parent = getpid();
        if (access(argv[0], X_OK) != 0)
                return fail(error, MITOME_E_PROCESS, "the program", NULL);
        pid_t process = fork();
        if (process < 0)
                return fail(error, MITOME_E_PROCESS, "the program", NULL);
        if (process == 0)
                become(argv, parent);
        *ret = process;
        return ok();
}

static int await_end(pid_t process)
{
        int status;
        while (waitpid(process, &status, 0) < 0)
                if (errno != EINTR)
                        return -1;
        return status;
}

mitome_status child_process_run(const char *const *argv, mitome_error *error)
{
        pid_t process;
        MITOME_TRY(child_process_start(argv, &process, error));
        int status = await_end(process);
        return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0
                       ? ok()
                       : fail(error, MITOME_E_PROCESS, "the program", NULL);
}

void child_process_stop(pid_t process)
{
        enum { PATIENCE = 100, STEP_MS = 10 };
        if (process <= 0)
                return;
        kill(process, SIGTERM);
        for (int i = 0; i < PATIENCE; i++) {
                if (waitpid(process, NULL, WNOHANG) != 0)
                        return;
                poll(NULL, 0, STEP_MS);
        }
        kill(process, SIGKILL);
        await_end(process);
}
