/* SPDX-License-Identifier: Apache-2.0 */
#include "biometric_journal.h"
#include "bytes.h"
#include "score_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct biometric_plan plan = { .fingers = 5, .attempts = 2, .set_size = 3 };
static const char head[] = "mitome biometric journal 1 fingers 5 attempts 2 set 3 source grown:1\n";

static void put(int fd, const void *bytes, size_t size)
{
        if (write(fd, bytes, size) != (ssize_t)size)
                abort();
}

/* What was taken is counted: no step twice, and no more comparisons than a step can have. */
static void check(const struct biometric_tally *tally, const struct biometric_journal *journal)
{
        uint64_t done = 0;
        struct biometric_step step;
        for (unsigned set = 0; set < biometric_plan_sets(&plan); set++)
                for (size_t i = 0; biometric_plan_step(&plan, set, i, &step); i++)
                        done += biometric_journal_has(journal, set, i);
        if (done != tally->steps || tally->steps > biometric_plan_steps(&plan) ||
                tally->impostor.errors > tally->impostor.trials ||
                tally->genuine.errors > tally->genuine.trials)
                abort();
}

static void read_journal(const uint8_t *data, size_t size)
{
        char path[64];
        struct biometric_tally *tally = NULL;
        struct biometric_journal *journal = NULL;
        int fd = memfd_create("journal", MFD_CLOEXEC);
        if (fd < 0)
                abort();
        put(fd, head, sizeof head - 1);
        put(fd, data, size);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        const struct biometric_journal_config config = {
                .path = path, .plan = &plan, .source = "grown:1", .resume = true
        };
        if (!failed(biometric_tally_new(&plan, 60, &tally, NULL)) &&
                !failed(biometric_journal_open(&config, tally, &journal, NULL)))
                check(tally, journal);
        biometric_journal_close(journal);
        biometric_tally_free(tally);
        close(fd);
}

static void read_scores(const uint8_t *data, size_t size)
{
        struct score_lines *lines = NULL;
        struct score_line scores[3];
        size_t count = 0;
        int ends[2];
        if (pipe(ends) != 0)
                abort();
        put(ends[1], data, size);
        close(ends[1]);
        if (failed(score_lines_open(ends[0], &lines, NULL)))
                return;
        while (!failed(score_lines_attempt(lines, scores, 3, &count, NULL)))
                if (count < 1 || count > 3)
                        abort();
        score_lines_close(lines);
}

/* A journal and a matcher's lines, both of somebody else's making. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum { PIPE_MAX = 32768 };
        if (size > PIPE_MAX)
                return 0;
        read_journal(data, size);
        read_scores(data, size);
        return 0;
}
