/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_welch.h"

#include "bench_round.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <time.h>
#endif

enum { BATCH = 2000, CROPS = 20, CLASSES = 2, ENOUGH = 500 };

const double welch_suspected = 4.5, welch_shown = 10;

/* ---- time ---- */

static uint64_t ticks(void)
{
#if defined(__x86_64__)
        unsigned processor;
        _mm_lfence();
        uint64_t now = __rdtscp(&processor);
        _mm_lfence();
        return now;
#else
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

/* ---- chance: splitmix64; what is tested keeps its own ---- */

static uint64_t draw(uint64_t *seed)
{
        uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        return z ^ (z >> 31);
}

/* ---- statistics ---- */

/* Welford's running mean and sum of squares of both classes. */
struct test {
        double count[CLASSES], mean[CLASSES], squares[CLASSES];
};

static void take(struct test *test, int class, double value)
{
        double before = value - test->mean[class];
        test->count[class]++;
        test->mean[class] += before / test->count[class];
        test->squares[class] += before * (value - test->mean[class]);
}

static double t_of(const struct test *test)
{
        double spread = 0;
        for (int class = 0; class < CLASSES; class ++) {
                if (test->count[class] < ENOUGH)
                        return 0;
                spread += test->squares[class] / (test->count[class] - 1) / test->count[class];
        }
        return spread > 0 ? fabs(test->mean[0] - test->mean[1]) / sqrt(spread) : 0;
}

/* ---- measuring ---- */

struct measuring {
        const struct welch_subject *subject;
        uint64_t seed;
        uint8_t inputs[BATCH][WELCH_INPUT_MAX];
        int classes[BATCH];
        double times[BATCH];
        double limits[CROPS];
        struct test tests[1 + CROPS];
};

/* All inputs lie ready before the first is used, so that both classes find the same caches. */
static void prepare_batch(struct measuring *measuring)
{
        const struct welch_subject *subject = measuring->subject;
        uint8_t random[WELCH_INPUT_MAX];
        for (int i = 0; i < BATCH; i++) {
                for (size_t at = 0; at < sizeof random; at++)
                        random[at] = (uint8_t)(draw(&measuring->seed) >> 56);
                measuring->classes[i] = (int)(draw(&measuring->seed) >> 63);
                subject->prepare(subject->state, measuring->classes[i] == 0, random, measuring->inputs[i]);
        }
}

static void run_batch(struct measuring *measuring)
{
        const struct welch_subject *subject = measuring->subject;
        for (int i = 0; i < BATCH; i++) {
                if (subject->settle)
                        subject->settle(subject->state);
                uint64_t began = ticks();
                subject->run(subject->state, measuring->inputs[i]);
                measuring->times[i] = (double)(ticks() - began);
        }
}

static int compare(const void *left, const void *right)
{
        double a = *(const double *)left, b = *(const double *)right;
        return (a > b) - (a < b);
}

/* The first batch only says where to crop: denser towards the short times, which other work disturbs least.
 */
static void set_limits(struct measuring *measuring)
{
        double sorted[BATCH];
        memcpy(sorted, measuring->times, sizeof sorted);
        qsort(sorted, BATCH, sizeof *sorted, compare);
        for (int i = 0; i < CROPS; i++) {
                double part = 1 - pow(0.5, 10.0 * (i + 1) / CROPS);
                measuring->limits[i] = sorted[(size_t)(part * (BATCH - 1))];
        }
}

static void take_batch(struct measuring *measuring)
{
        for (int i = 0; i < BATCH; i++) {
                take(&measuring->tests[0], measuring->classes[i], measuring->times[i]);
                for (int crop = 0; crop < CROPS; crop++)
                        if (measuring->times[i] < measuring->limits[crop])
                                take(&measuring->tests[1 + crop], measuring->classes[i], measuring->times[i]);
        }
}

static struct welch_verdict judge(const struct measuring *measuring)
{
        struct welch_verdict verdict = { 0 };
        for (int i = 0; i < 1 + CROPS; i++) {
                const struct test *test = &measuring->tests[i];
                if (t_of(test) <= verdict.t)
                        continue;
                verdict.t = t_of(test);
                verdict.difference = test->mean[0] - test->mean[1];
        }
        verdict.measurements = (uint64_t)(measuring->tests[0].count[0] + measuring->tests[0].count[1]);
        return verdict;
}

struct welch_verdict welch_measure(const struct welch_subject *subject, double seconds, uint64_t seed)
{
        struct measuring *measuring = calloc(1, sizeof *measuring);
        if (!measuring || subject->input_size > WELCH_INPUT_MAX)
                abort();
        measuring->subject = subject;
        measuring->seed = seed;
        double end = bench_now() + seconds;
        for (int batch = 0; batch < 2 || bench_now() < end; batch++) {
                prepare_batch(measuring);
                run_batch(measuring);
                if (batch == 0)
                        set_limits(measuring);
                else
                        take_batch(measuring);
        }
        struct welch_verdict verdict = judge(measuring);
        free(measuring);
        return verdict;
}
