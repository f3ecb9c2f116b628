/* SPDX-License-Identifier: Apache-2.0 */

/* An intruder in the real helper: loaded before it (LD_PRELOAD), this takes the place of recv, and so is run
 * with each request, when the helper is sealed. PROBE says what it tries; what came of it goes to standard
 * error. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t recv(int fd, void *buffer, size_t size, int flags);

static void try_network(void)
{
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        fprintf(stderr, "probe: network %d\n", fd < 0 ? errno : 0);
}

static void try_exec(void)
{
        execl("/bin/sh", "sh", "-c", "echo probe: a shell 0 >&2", (char *)NULL);
        fprintf(stderr, "probe: exec %d\n", errno);
}

static void try_ptrace(void)
{
        fprintf(stderr, "probe: ptrace %d\n", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? errno : 0);
}

static void try_child(void)
{
        pid_t child = fork();
        if (child == 0)
                _exit(0);
        fprintf(stderr, "probe: child %d\n", child < 0 ? errno : 0);
}

__attribute__((visibility("default"))) ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
        static const struct {
                const char *name;
                void (*try)(void);
        } probes[] = { { "network", try_network }, { "exec", try_exec }, { "ptrace", try_ptrace },
                { "child", try_child } };
        const char *wanted = getenv("PROBE");
        for (size_t i = 0; wanted && i < sizeof probes / sizeof *probes; i++)
                if (strcmp(probes[i].name, wanted) == 0)
                        probes[i].try();
        return recvfrom(fd, buffer, size, flags, NULL, NULL);
}
