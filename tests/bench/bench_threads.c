/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_threads.h"

#include <pthread.h>

enum { ROUNDS = 20, AT_ONCE = 16 };

struct worker {
        bench_operation *run;
        void *state;
        double seconds;
        double rate; /* operations a second; 0: one failed */
};

static void *work(void *argument)
{
        struct worker *worker = argument;
        double began = bench_now(), now = began;
        unsigned long done = 0;
        while (now - began < worker->seconds) {
                for (int i = 0; i < AT_ONCE; i++)
                        if (!worker->run(worker->state)) {
                                worker->rate = 0;
                                return NULL;
                        }
                done += AT_ONCE;
                now = bench_now();
        }
        worker->rate = (double)done / (now - began);
        return NULL;
}

static bool run_both(struct worker workers[2])
{
        pthread_t threads[2];
        int started = 0;
        while (started < 2 && pthread_create(&threads[started], NULL, work, &workers[started]) == 0)
                started++;
        for (int i = 0; i < started; i++)
                pthread_join(threads[i], NULL);
        return started == 2 && workers[0].rate > 0 && workers[1].rate > 0;
}

double bench_two_threads(bench_operation *run, void *first, void *second, double seconds)
{
        double best_alone = 0, best_both = 0;
        for (int i = 0; i < ROUNDS; i++) {
                struct worker alone = { run, first, seconds / ROUNDS / 2, 0 };
                struct worker both[2] = { alone, alone };
                both[1].state = second;
                work(&alone);
                if (alone.rate <= 0 || !run_both(both))
                        return 0;
                double sum = both[0].rate + both[1].rate;
                best_alone = alone.rate > best_alone ? alone.rate : best_alone;
                best_both = sum > best_both ? sum : best_both;
        }
        return best_both / best_alone;
}
