/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_round.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MIN = 5, ROUNDS_MAX = 100000 };
static const double batch_nanoseconds = 8e6;

static double nanoseconds(clockid_t clock)
{
        struct timespec now;
        clock_gettime(clock, &now);
        return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double bench_now(void)
{
        return nanoseconds(CLOCK_MONOTONIC) / 1e9;
}

static bool run_batch(const struct bench_contender *contender, uint64_t batch, double *ret)
{
        double began = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        bool good = true;
        for (uint64_t i = 0; i < batch && good; i++)
                good = contender->run(contender->state);
        *ret = (nanoseconds(CLOCK_THREAD_CPUTIME_ID) - began) / (double)batch;
        return good;
}

/* Warms up, and finds how many operations make a round. */
static bool prepare(struct bench_contender *contender)
{
        double each;
        if (!run_batch(contender, 1, &each) || !run_batch(contender, 50, &each))
                return false;
        /* a clock that has not moved must not make a round without end */
        contender->batch =
                each < batch_nanoseconds ? (uint64_t)(batch_nanoseconds / (each < 10 ? 10 : each)) + 1 : 1;
        contender->rounds = calloc(ROUNDS_MAX, sizeof *contender->rounds);
        return contender->rounds != NULL;
}

size_t bench_measure(struct bench_contender *contenders, size_t count, double seconds,
        const struct bench_contender **ret_failed)
{
        for (size_t i = 0; i < count; i++)
                if (!contenders[i].missing && !prepare(&contenders[i])) {
                        *ret_failed = &contenders[i];
                        return 0;
                }
        double end = bench_now() + seconds;
        size_t round = 0;
        while (round < ROUNDS_MAX && (round < ROUNDS_MIN || bench_now() < end)) {
                /* each round begins elsewhere, so that nobody has always the same neighbour's caches */
                for (size_t i = 0; i < count; i++) {
                        struct bench_contender *contender = &contenders[(i + round) % count];
                        if (contender->missing)
                                continue;
                        if (!run_batch(contender, contender->batch, &contender->rounds[round])) {
                                *ret_failed = contender;
                                return 0;
                        }
                }
                round++;
        }
        return round;
}

static int compare(const void *left, const void *right)
{
        double a = *(const double *)left, b = *(const double *)right;
        return (a > b) - (a < b);
}

double bench_middle(double *values, size_t count)
{
        qsort(values, count, sizeof *values, compare);
        return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double bench_median_ratio(
        const struct bench_contender *contender, const struct bench_contender *base, size_t rounds)
{
        double *values = calloc(rounds, sizeof *values);
        if (!values)
                abort();
        for (size_t i = 0; i < rounds; i++)
                values[i] = contender->rounds[i] / (base ? base->rounds[i] : 1);
        double middle = bench_middle(values, rounds);
        free(values);
        return middle;
}

double bench_median(const struct bench_contender *contender, size_t rounds)
{
        return bench_median_ratio(contender, NULL, rounds);
}
