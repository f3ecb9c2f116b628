/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PRINT_H
#define BENCH_PRINT_H

#include "bench_round.h"

/* What a run found beside the rounds. Negative: not measured. */
struct bench_findings {
        size_t rounds;
        double raw_threads, our_threads; /* how many times as much two threads do */
        bool counted;                    /* allocations could be counted */
        uint64_t grown_over;             /* verifications between the two looks at the heap */
        int64_t grown_blocks, grown_bytes, grown_resident;
        struct bench_cost {
                double openssl, others; /* allocations a ceremony */
        } * costs;                      /* one a contender; of ours only */
};

enum bench_format { BENCH_TABLE, BENCH_JSON };

struct lineup;
void bench_print(const struct bench_findings *findings, struct lineup *lineup, enum bench_format format);

#endif
