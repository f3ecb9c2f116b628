/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ARGUMENTS = 16, LINE = 256 };

static void run(const char *program, const char *folder, const char *store, uint16_t port, int out)
{
        char listen[32];
        const char *arguments[ARGUMENTS] = { program, "--folder", folder, "--unlimited", "--listen", listen };
        size_t count = 6;
        sigset_t none;
        (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)port);
        if (store) {
                arguments[count++] = "--store";
                arguments[count++] = store;
        }
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive who measures it */
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(out, STDOUT_FILENO) < 0)
                _exit(127);
        (void)execv(program, (char *const *)(const void *)arguments);
        perror(program);
        _exit(127);
}

static bool read_line(FILE *from, struct portal_child *ret)
{
        char line[LINE];
        while (fgets(line, sizeof line, from)) {
                char *url = strstr(line, "http://");
                if (!url)
                        continue;
                url[strcspn(url, " \r\n")] = '\0';
                const char *port = strrchr(url, ':');
                if (strlen(url) >= sizeof ret->origin || !port)
                        return false;
                (void)snprintf(ret->origin, sizeof ret->origin, "%s", url);
                ret->port = (uint16_t)strtoul(port + 1, NULL, 10);
                return ret->port != 0;
        }
        return false;
}

bool portal_child_start(
        const char *program, const char *folder, const char *store, uint16_t port, struct portal_child *ret)
{
        int ways[2];
        *ret = (struct portal_child){ 0 };
        if (pipe(ways) != 0)
                return false;
        ret->pid = fork();
        if (ret->pid == 0) {
                (void)close(ways[0]);
                run(program, folder, store, port, ways[1]);
        }
        (void)close(ways[1]);
        FILE *from = fdopen(ways[0], "r");
        const bool up = ret->pid > 0 && from && read_line(from, ret);
        if (from)
                (void)fclose(from);
        if (!up && ret->pid > 0)
                portal_child_kill(ret);
        return up;
}

static int wait_for(struct portal_child *child)
{
        int status = 0;
        if (child->pid <= 0 || waitpid(child->pid, &status, 0) != child->pid)
                return -1;
        child->pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

int portal_child_end(struct portal_child *child)
{
        if (child->pid > 0)
                (void)kill(child->pid, SIGTERM);
        return wait_for(child);
}

void portal_child_kill(struct portal_child *child)
{
        if (child->pid > 0)
                (void)kill(child->pid, SIGKILL);
        (void)wait_for(child);
}

double portal_child_seconds(const struct portal_child *child)
{
        clockid_t clock;
        struct timespec time;
        if (clock_getcpuclockid(child->pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
                return -1;
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int64_t portal_child_resident(const struct portal_child *child, bool at_most)
{
        char path[64], line[LINE];
        const char *name = at_most ? "VmHWM:" : "VmRSS:";
        int64_t kib = -1;
        (void)snprintf(path, sizeof path, "/proc/%d/status", (int)child->pid);
        FILE *file = fopen(path, "re");
        while (file && fgets(line, sizeof line, file))
                if (strncmp(line, name, strlen(name)) == 0)
                        kib = strtoll(line + strlen(name), NULL, 10);
        if (file)
                (void)fclose(file);
        return kib < 0 ? -1 : kib * 1024;
}
