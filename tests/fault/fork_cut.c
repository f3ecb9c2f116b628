/* SPDX-License-Identifier: Apache-2.0 */
#include "fork_cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long one child may take: it hangs, or it is lost in a loop. */
enum { CHILD_S = 60 };

static bool ended_well(pid_t child)
{
        int status;
        return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The parent has no wish to see what stands in buffers printed twice. */
static pid_t split(void)
{
        (void)fflush(NULL);
        pid_t child = fork();
        if (child < 0)
                abort();
        return child;
}

bool fork_cut_begin(struct fork_cut *cut, enum cut_what what, unsigned stride)
{
        void *shared =
                mmap(NULL, sizeof *cut->count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                abort();
        *cut = (struct fork_cut){ .count = shared, .what = what, .stride = stride, .armed = true };
        pid_t child = split();
        if (child == 0)
                return true;
        if (!ended_well(child))
                cut->count->failures++;
        cut->armed = false;
        return false;
}

unsigned fork_cut_here(struct fork_cut *cut, enum cut_what what, unsigned ways)
{
        if (!cut->armed || cut->what != what)
                return 0;
        unsigned point = ++cut->count->points, first = 1, last = ways;
        if (point % cut->stride != 0)
                return 0;
        if (cut->stride > 1)
                first = last = 1 + point / cut->stride % ways;
        for (unsigned how = first; how <= last; how++) {
                cut->count->cuts++;
                pid_t child = split();
                if (child == 0) {
                        alarm(CHILD_S);
                        cut->armed = false;
                        cut->child = true;
                        cut->at = point;
                        cut->how = how;
                        return how;
                }
                if (!ended_well(child)) {
                        cut->count->failures++;
                        (void)fprintf(stderr, "cut at %u, way %u: not recovered\n", point, how);
                }
        }
        return 0;
}

void fork_cut_end(struct fork_cut *cut, bool good)
{
        (void)cut;
        (void)fflush(NULL);
        _exit(good ? 0 : 1);
}

unsigned fork_cut_stride(unsigned usual)
{
        return getenv("MITOME_EVERY_CUT") ? 1 : usual;
}
