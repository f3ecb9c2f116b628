/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_clock.h"

#include "cross_device.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct portal_clock {
        struct portal_clock_config config;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t turn;
        bool ending, working; /* under the lock */
        mitome_code told;     /* of the folder, last */
        struct work work;
};

/* One failure does not keep the rest from being done; whatever failed is tried again in a second. */
static mitome_status do_work(void *context, mitome_error *error)
{
        const struct portal_clock *clock = context;
        struct party *party = portal_party(clock->config.portal);
        MITOME_TRY(portal_tick(clock->config.portal, error));
        MITOME_TRY(cross_device_sweep(party, error));
        return document_sweep(clock->config.desk, error);
}

static void work_done(void *context, mitome_status status)
{
        struct portal_clock *clock = context;
        (void)failed(status);
        (void)pthread_mutex_lock(&clock->lock);
        clock->working = false;
        (void)pthread_cond_signal(&clock->turn);
        (void)pthread_mutex_unlock(&clock->lock);
}

static void wait_a_second(struct portal_clock *clock)
{
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        while (!clock->ending && pthread_cond_timedwait(&clock->turn, &clock->lock, &until) == 0)
                ;
}

static void look_whom_to_believe(struct portal_clock *clock)
{
        mitome_error error = { 0 };
        if (!clock->config.trust)
                return;
        const mitome_status status = portal_trust_again(clock->config.trust, NULL, &error);
        if (clock->config.tell && status.code != clock->told)
                clock->config.tell(&error);
        clock->told = status.code;
}

/* A folder that cannot be read whole leaves the snapshot in its place: its lists become stale, and then the
 * logins that rest on them are refused. */
static void *run(void *context)
{
        struct portal_clock *clock = context;
        (void)pthread_mutex_lock(&clock->lock);
        while (!clock->ending) {
                clock->working = true;
                (void)pthread_mutex_unlock(&clock->lock);
                look_whom_to_believe(clock);
                work_line_put(clock->config.line, &clock->work, false);
                (void)pthread_mutex_lock(&clock->lock);
                while (clock->working)
                        (void)pthread_cond_wait(&clock->turn, &clock->lock);
                wait_a_second(clock);
        }
        (void)pthread_mutex_unlock(&clock->lock);
        return NULL;
}

static bool begin(struct portal_clock *clock)
{
        pthread_condattr_t attributes;
        if (pthread_mutex_init(&clock->lock, NULL) != 0)
                return false;
        if (pthread_condattr_init(&attributes) != 0)
                return false;
        const bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                          pthread_cond_init(&clock->turn, &attributes) == 0;
        (void)pthread_condattr_destroy(&attributes);
        return made && pthread_create(&clock->thread, NULL, run, clock) == 0;
}

mitome_status portal_clock_open(
        const struct portal_clock_config *config, struct portal_clock **ret, mitome_error *error)
{
        struct portal_clock *clock = calloc(1, sizeof *clock);
        if (!clock)
                return fail(error, MITOME_E_NO_MEMORY, "clock", NULL);
        clock->config = *config;
        clock->work = (struct work){ .run = do_work, .done = work_done, .context = clock };
        if (!begin(clock)) {
                free(clock);
                return fail(error, MITOME_E_PROCESS, "thread", NULL);
        }
        *ret = clock;
        return ok();
}

void portal_clock_close(struct portal_clock *clock)
{
        if (!clock)
                return;
        (void)pthread_mutex_lock(&clock->lock);
        clock->ending = true;
        (void)pthread_cond_signal(&clock->turn);
        (void)pthread_mutex_unlock(&clock->lock);
        (void)pthread_join(clock->thread, NULL);
        (void)pthread_cond_destroy(&clock->turn);
        (void)pthread_mutex_destroy(&clock->lock);
        free(clock);
}
