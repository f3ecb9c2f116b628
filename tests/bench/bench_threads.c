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

static double work_alone(const struct bench_pair *pair, double seconds)
{
        struct worker worker = { pair->run, pair->states[0], seconds, 0 };
        work(&worker);
        return worker.rate;
}

static double work_both(const struct bench_pair *pair, double seconds)
{
        pthread_t threads[2];
        struct worker workers[2];
        int started = 0;
        for (int i = 0; i < 2; i++)
                workers[i] = (struct worker){ pair->run, pair->states[i], seconds, 0 };
        while (started < 2 && pthread_create(&threads[started], NULL, work, &workers[started]) == 0)
                started++;
        for (int i = 0; i < started; i++)
                pthread_join(threads[i], NULL);
        bool good = started == 2 && workers[0].rate > 0 && workers[1].rate > 0;
        return good ? workers[0].rate + workers[1].rate : 0;
}

bool bench_two_threads(struct bench_pair *pairs, size_t count, double seconds)
{
        double slice = seconds / ROUNDS / 2 / (double)count;
        for (size_t i = 0; i < ROUNDS * count; i++) {
                struct bench_pair *pair = &pairs[i % count];
                double alone = work_alone(pair, slice), both = work_both(pair, slice);
                if (alone <= 0 || both <= 0)
                        return false;
                pair->alone = alone > pair->alone ? alone : pair->alone;
                pair->both = both > pair->both ? both : pair->both;
        }
        return true;
}
