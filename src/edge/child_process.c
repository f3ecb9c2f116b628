/* SPDX-License-Identifier: Apache-2.0 */
#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = CHILD_PROCESS_DESCRIPTOR };

/* Runs in the child between fork and exec: async-signal-safe calls only. */
static _Noreturn void become(const char *const *argv, pid_t parent, int descriptor, int log)
{
        sigset_t none;
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
                _exit(127);
        if (log >= 0 && dup2(log, STDERR_FILENO) < 0)
                _exit(127);
        if (descriptor == FIRST) /* dup2 would leave it to be closed by exec */
                fcntl(descriptor, F_SETFD, 0);
        else if (descriptor >= 0 && dup2(descriptor, FIRST) < 0)
                _exit(127);
        close_range(descriptor >= 0 ? FIRST + 1 : FIRST, ~0U, 0);
        sigemptyset(&none); /* what we block for our own signal descriptor, it decides for itself */
        sigprocmask(SIG_SETMASK, &none, NULL);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
}

mitome_status child_process_start_logged(
        const char *const *argv, int descriptor, int log, pid_t *ret, mitome_error *error)
{
        pid_t parent = getpid();
        if (access(argv[0], X_OK) != 0)
                return fail(error, MITOME_E_PROCESS, "the program", NULL);
        pid_t process = fork();
        if (process < 0)
                return fail(error, MITOME_E_PROCESS, "the program", NULL);
        if (process == 0)
                become(argv, parent, descriptor, log);
        *ret = process;
        return ok();
}

mitome_status child_process_start_with(
        const char *const *argv, int descriptor, pid_t *ret, mitome_error *error)
{
        return child_process_start_logged(argv, descriptor, -1, ret, error);
}

mitome_status child_process_start(const char *const *argv, pid_t *ret, mitome_error *error)
{
        return child_process_start_with(argv, -1, ret, error);
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
