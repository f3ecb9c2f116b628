/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_gate_soak.h"

#include "bench_gate.h"
#include "bench_memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP = 100, RECYCLE = 40, SLACK = 4096 };

struct soak {
        struct gate_bench bench;
        struct matcher_status status; /* before */
        unsigned processes;           /* that were seen */
        pid_t process;
        uint32_t counter; /* of the last assertion */
        unsigned long wrong;
};

/* What this process has open; a recycled matcher leaves nothing behind. */
static unsigned open_files(void)
{
        DIR *folder = opendir("/proc/self/fd");
        unsigned count = 0;
        while (folder && readdir(folder))
                count++;
        if (folder)
                closedir(folder);
        return count;
}

/* Behind the RP ID's hash: flags (present, verified), then the counter, which rises with each. */
static bool is_next(struct soak *soak)
{
        const slice authdata = gate_bench_authdata(&soak->bench);
        reader r = reader_over(authdata, NULL, NULL);
        slice hash;
        uint8_t flags;
        uint32_t counter;
        if (failed(read_bytes(&r, "rpIdHash", SHA256_SIZE, &hash)) || failed(read_u8(&r, "flags", &flags)) ||
                failed(read_u32(&r, "counter", &counter)))
                return false;
        const bool next = (flags & 0x05) == 0x05 && counter > soak->counter;
        soak->counter = counter;
        return next;
}

static void run(struct soak *soak, unsigned long times)
{
        struct gate_times unused;
        for (unsigned long i = 0; i < times; i++) {
                if (!gate_bench_log_in(&soak->bench, GATE_ES256, false, &unused) || !is_next(soak))
                        soak->wrong++;
                const pid_t process = matcher_gate_process(soak->bench.matcher);
                soak->processes += process != soak->process;
                soak->process = process;
        }
}

/* The pairing, the fingers and their set are those of the first process. */
static bool is_as_before(struct soak *soak)
{
        struct matcher_status now = { 0 };
        return !failed(matcher_gate_status(soak->bench.matcher, &now, NULL)) && now.paired &&
               now.fingers == soak->status.fingers && slice_equal(SLICE(now.set), SLICE(soak->status.set));
}

struct sizes {
        long long blocks, heap, resident, files, medium;
};

static struct sizes take_sizes(const struct soak *soak)
{
        return (struct sizes){
                .blocks = bench_memory_count().live,
                .heap = (long long)bench_memory_heap(),
                .resident = (long long)bench_memory_resident(),
                .files = open_files(),
                .medium = (long long)soak->bench.medium.capacity,
        };
}

/* The medium grows as it likes, and its allocator rounds; blocks and descriptors may not be more by one. */
static bool has_grown(const struct sizes *before, const struct sizes *after, bool counted)
{
        const long long heap = after->heap - before->heap - (after->medium - before->medium);
        if (after->files != before->files)
                return true;
        return counted && (after->blocks > before->blocks || heap > SLACK);
}

static bool judge(struct soak *soak, unsigned long times, const struct sizes *before, bool counted)
{
        const struct sizes after = take_sizes(soak);
        const struct matcher_health health = matcher_gate_health(soak->bench.matcher);
        const bool grown = has_grown(before, &after, counted);
        printf("after %lu logins by finger, with %u matchers (%u replaced, %u died): %lu wrong\n", times,
                soak->processes, health.recycled, health.deaths, soak->wrong);
        printf("in the core's process: %+lld blocks, %+lld bytes of heap (%+lld of them the medium), %+lld resident, %+lld descriptors%s: %s\n",
                after.blocks - before->blocks, after.heap - before->heap, after.medium - before->medium,
                after.resident - before->resident, after.files - before->files,
                counted ? "" : " (blocks not counted)", grown ? "GROWN" : "nothing has grown");
        const bool same = is_as_before(soak);
        printf("pairing, fingers and set %s\n", same ? "are as before" : "ARE OTHERS");
        return soak->wrong == 0 && !grown && same && health.deaths == 0 &&
               health.recycled >= times / RECYCLE && soak->processes > times / RECYCLE;
}

bool gate_soak(const char *matcher, const char *folder, unsigned long times, bool counted)
{
        static struct soak soak;
        const struct gate_bench_config config = {
                .matcher = matcher, .folder = folder, .recycle_requests = RECYCLE
        };
        gate_bench_open(&soak.bench, &config);
        gate_bench_enrol(&soak.bench);
        if (failed(matcher_gate_status(soak.bench.matcher, &soak.status, NULL)))
                return false;
        run(&soak, WARM_UP);
        const struct sizes before = take_sizes(&soak);
        run(&soak, times);
        const bool good = judge(&soak, times, &before, counted);
        gate_bench_close(&soak.bench);
        return good;
}
