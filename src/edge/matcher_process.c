/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        CHILD_SOCKET = 3, /* where the matcher finds its end */
        CHILD_SCORES = 4,
        OWN_DESCRIPTORS = 10, /* ours are above those numbers: no dup2 of the child's strikes one */
        GOODBYE_MS = 3000,
        WORDS_MAX = 12,
        VARIABLES_MAX = 16,
        END_TEXT_MAX = 96,
};

struct matcher_process {
        char *words[WORDS_MAX], *variables[VARIABLES_MAX]; /* both ended by NULL */
        int scores;                                        /* -1: none */
        int log;                                           /* 0: our own standard error */
        pid_t id;
        const char *killed_for; /* NULL: it ended by itself */
        char end_text[END_TEXT_MAX];
};

/* ---- what is started ---- */

static bool add(char **list, size_t capacity, const char *text)
{
        size_t count = 0;
        while (list[count])
                count++;
        if (count + 1 >= capacity)
                return false;
        list[count] = strdup(text);
        return list[count] != NULL;
}

static bool add_pair(struct matcher_process *process, const char *option, const char *value)
{
        return !value || (add(process->words, WORDS_MAX, option) && add(process->words, WORDS_MAX, value));
}

static bool set_words(struct matcher_process *process, const struct matcher_gate_config *config)
{
        return add(process->words, WORDS_MAX, config->program) &&
               add_pair(process, "--state", config->state) && add_pair(process, "--socket", "3") &&
               add_pair(process, "--sensor", config->sensor) &&
               add_pair(process, "--scores", process->scores >= 0 ? "4" : NULL) &&
               (!config->verbose || add(process->words, WORDS_MAX, "--verbose"));
}

static bool set_variables(struct matcher_process *process, const char *const *environment)
{
        for (size_t i = 0; environment && environment[i]; i++)
                if (!add(process->variables, VARIABLES_MAX, environment[i]))
                        return false;
        return true;
}

static bool keep_scores(struct matcher_process *process, int scores)
{
        process->scores = scores > 0 ? fcntl(scores, F_DUPFD_CLOEXEC, OWN_DESCRIPTORS) : -1;
        return scores <= 0 || process->scores >= 0;
}

mitome_status matcher_process_new(
        const struct matcher_gate_config *config, struct matcher_process **ret, mitome_error *error)
{
        if (access(config->program, X_OK) != 0)
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        struct matcher_process *process = calloc(1, sizeof *process);
        if (!process)
                return fail(error, MITOME_E_NO_MEMORY, "matcher", NULL);
        process->log = config->log;
        if (!keep_scores(process, config->scores) || !set_words(process, config) ||
                !set_variables(process, config->environment)) {
                matcher_process_free(process);
                return fail(error, MITOME_E_NO_MEMORY, "matcher", NULL);
        }
        *ret = process;
        return ok();
}

/* ---- starting ---- */

/* The matcher gets its socket, our standard error to show what a finger is for, and nothing else that is
 * open here. */
static bool set_files(posix_spawn_file_actions_t *files, int socket, int scores, int log)
{
        return (log == 0 || posix_spawn_file_actions_adddup2(files, log, STDERR_FILENO) == 0) &&
               posix_spawn_file_actions_adddup2(files, socket, CHILD_SOCKET) == 0 &&
               (scores < 0 || posix_spawn_file_actions_adddup2(files, scores, CHILD_SCORES) == 0) &&
               posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
               posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
               posix_spawn_file_actions_addclosefrom_np(
                       files, scores < 0 ? CHILD_SOCKET + 1 : CHILD_SCORES + 1) == 0;
}

static bool set_signals(posix_spawnattr_t *attributes)
{
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        return posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
               posix_spawnattr_setsigmask(attributes, &none) == 0 &&
               posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) == 0;
}

static bool spawn(struct matcher_process *process, int socket)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        if (posix_spawn_file_actions_init(&files) != 0)
                return false;
        if (posix_spawnattr_init(&attributes) != 0) {
                posix_spawn_file_actions_destroy(&files);
                return false;
        }
        bool spawned = set_files(&files, socket, process->scores, process->log) && set_signals(&attributes) &&
                       posix_spawn(&process->id, process->words[0], &files, &attributes, process->words,
                               process->variables) == 0;
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return spawned;
}

/* Both ends above the numbers that the child uses: a dup2 onto itself would leave it closed by exec. */
static bool make_ends(int ret_ends[2])
{
        int low[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, low) != 0)
                return false;
        ret_ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, OWN_DESCRIPTORS);
        ret_ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, OWN_DESCRIPTORS);
        close(low[0]);
        close(low[1]);
        if (ret_ends[0] >= 0 && ret_ends[1] >= 0)
                return true;
        for (int i = 0; i < 2; i++)
                if (ret_ends[i] >= 0)
                        close(ret_ends[i]);
        return false;
}

mitome_status matcher_process_start(struct matcher_process *process, int *ret_fd, mitome_error *error)
{
        int ends[2];
        if (process->id)
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        if (!make_ends(ends))
                return fail(error, MITOME_E_SOCKET, "matcher", NULL);
        bool spawned = spawn(process, ends[1]);
        close(ends[1]);
        if (!spawned) {
                close(ends[0]);
                process->id = 0;
                return fail(error, MITOME_E_PROCESS, "matcher", NULL);
        }
        process->killed_for = NULL;
        *ret_fd = ends[0];
        return ok();
}

/* ---- looking at it ---- */

pid_t matcher_process_id(const struct matcher_process *process)
{
        return process->id;
}

size_t matcher_process_bytes(const struct matcher_process *process)
{
        char path[48];
        size_t all = 0, resident = 0;
        if (!process->id)
                return 0;
        snprintf(path, sizeof path, "/proc/%ld/statm", (long)process->id);
        FILE *file = fopen(path, "re");
        if (!file)
                return 0;
        /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
        bool read = fscanf(file, "%zu %zu", &all, &resident) == 2;
        fclose(file);
        return read ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

const char *matcher_process_end_text(const struct matcher_process *process)
{
        return process->end_text;
}

/* ---- its end ---- */

static const char *signal_meaning(const struct matcher_process *process, int number)
{
        if (number == SIGKILL && process->killed_for)
                return process->killed_for;
        if (number == SIGALRM)
                return "hung over a sensor, and ended itself";
        if (number == SIGXCPU)
                return "used up its time of the processor";
        if (number == SIGSYS)
                return "tried something that is forbidden to it, and was ended by the kernel";
        return NULL;
}

static void describe_end(struct matcher_process *process, int status)
{
        int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        const char *meaning = number ? signal_meaning(process, number) : NULL;
        if (meaning)
                snprintf(process->end_text, sizeof process->end_text, "%s", meaning);
        else if (number)
                snprintf(process->end_text, sizeof process->end_text, "was ended by signal %d (%s)", number,
                        sigdescr_np(number) ? sigdescr_np(number) : "unknown");
        else
                snprintf(process->end_text, sizeof process->end_text, "ended with status %d",
                        WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static bool reap(struct matcher_process *process, int options)
{
        int status = 0;
        pid_t ended;
        do
                ended = waitpid(process->id, &status, options);
        while (ended < 0 && errno == EINTR);
        if (ended == 0)
                return false;
        if (ended > 0)
                describe_end(process, status);
        process->id = 0;
        return true;
}

bool matcher_process_look(struct matcher_process *process)
{
        return process->id != 0 && !reap(process, WNOHANG);
}

void matcher_process_kill(struct matcher_process *process, const char *why)
{
        if (!matcher_process_look(process))
                return;
        process->killed_for = why;
        kill(process->id, SIGKILL);
        reap(process, 0);
}

/* The matcher ends by itself when its socket does. */
void matcher_process_leave(struct matcher_process *process)
{
        enum { STEP_MS = 5 };
        for (int waited = 0; waited < GOODBYE_MS; waited += STEP_MS) {
                if (!matcher_process_look(process))
                        return;
                nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
        }
        matcher_process_kill(process, "did not go when it was left, and was ended");
}

void matcher_process_free(struct matcher_process *process)
{
        if (!process)
                return;
        matcher_process_leave(process);
        for (size_t i = 0; i < WORDS_MAX; i++)
                free(process->words[i]);
        for (size_t i = 0; i < VARIABLES_MAX; i++)
                free(process->variables[i]);
        if (process->scores >= 0)
                close(process->scores);
        free(process);
}
