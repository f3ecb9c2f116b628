/* SPDX-License-Identifier: Apache-2.0 */
#include "phone_within.h"

#include "steady_clock.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BUSY_MS = 20, IDLE_MS = 1000, TICK_MS = 5000, CTAP_RESET = 0x07, CTAP_OK = 0x00 };

static void wake(struct phone_actor *actor)
{
        (void)failed((mitome_status){ eventfd_write(actor->wake, 1) == 0 ? MITOME_OK : MITOME_E_PROCESS });
}

/* ---- what is asked of it ---- */

static void enqueue(struct phone_actor *actor, struct phone_job *job)
{
        job->next = NULL;
        *actor->last = job;
        actor->last = &job->next;
        wake(actor);
}

mitome_status phone_actor_do(struct phone_actor *actor, struct phone_job *job, mitome_error *error)
{
        pthread_mutex_lock(&actor->lock);
        if (actor->ends) {
                pthread_mutex_unlock(&actor->lock);
                return fail(error, MITOME_E_GATE_BROKEN, "phone", NULL);
        }
        enqueue(actor, job);
        while (!job->done)
                pthread_cond_wait(&actor->changed, &actor->lock);
        pthread_mutex_unlock(&actor->lock);
        return failed(job->status) ? fail(error, job->status.code, job->error.field, job->error.clause)
                                   : ok();
}

/* The first that can be done now, taken out of the queue. */
static struct phone_job *next_job(struct phone_actor *actor, bool busy)
{
        pthread_mutex_lock(&actor->lock);
        struct phone_job **at = &actor->first;
        while (*at && busy && !(*at)->anytime)
                at = &(*at)->next;
        struct phone_job *job = *at;
        if (job) {
                *at = job->next;
                if (!job->next)
                        actor->last = at;
        }
        pthread_mutex_unlock(&actor->lock);
        return job;
}

static void finish_job(struct phone_actor *actor, struct phone_job *job, mitome_status status)
{
        pthread_mutex_lock(&actor->lock);
        job->status = status;
        job->done = true;
        pthread_cond_broadcast(&actor->changed);
        pthread_mutex_unlock(&actor->lock);
}

static bool is_busy(const struct phone_actor *actor)
{
        const struct mitome_authenticator *authenticator = actor->life.body.authenticator;
        return authenticator && mitome_authenticator_busy(authenticator);
}

/* After a job that took the element for itself the authenticator is woken. */
static void do_jobs(struct phone_actor *actor)
{
        struct phone_job *job;
        while ((job = next_job(actor, is_busy(actor)))) {
                const bool anytime = job->anytime;
                mitome_status status = job->run(actor, job->context, &job->error);
                if (!anytime) {
                        mitome_status awake = phone_body_wake(&actor->life.body, NULL);
                        if (!failed(status) && failed(awake))
                                status = awake;
                        phone_actor_refresh(actor);
                }
                finish_job(actor, job, status);
        }
}

/* ---- the model ---- */

void phone_actor_refresh(struct phone_actor *actor)
{
        struct phone_model model;
        phone_actor_model(actor, &model);
        if (failed(phone_life_look(&actor->life, &model.state, NULL)))
                model.state = (struct device_state){ 0 };
        model.life_known = !failed(life_cycle_look(actor->life.phone->app, &model.life, NULL));
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++)
                if (failed(phone_life_certificate(
                            &actor->life, (enum register_kind)kind, &model.certificates[kind], NULL)))
                        model.certificates[kind] = (struct phone_life_certificate){ 0 };
        if (!model.state.has_fingers && !model.state.has_matcher)
                model.fingers_known = false;
        pthread_mutex_lock(&actor->lock);
        actor->model = model;
        phone_board_change(actor);
        pthread_mutex_unlock(&actor->lock);
}

void phone_actor_model(struct phone_actor *actor, struct phone_model *ret)
{
        pthread_mutex_lock(&actor->lock);
        *ret = actor->model;
        pthread_mutex_unlock(&actor->lock);
}

/* ---- CTAP of the app's ---- */

mitome_status phone_actor_exchange(struct phone_actor *actor, const struct phone_caller *caller,
        slice request, uint8_t *response, size_t capacity, size_t *ret_size, bool *ret_wants_pin,
        mitome_error *error)
{
        struct phone_exchange exchange = {
                .caller = caller, .request = request, .response = response, .capacity = capacity
        };
        if (request.size == 0)
                return fail(error, MITOME_E_ARGUMENT, "request", NULL);
        pthread_mutex_lock(&actor->lock);
        if (actor->ends || actor->exchange) {
                const bool ends = actor->ends;
                pthread_mutex_unlock(&actor->lock);
                return fail(error, ends ? MITOME_E_GATE_BROKEN : MITOME_E_GATE_BUSY, "phone", NULL);
        }
        actor->exchange = &exchange;
        actor->wants_pin = false;
        exchange.cancelled = actor->errand_runs && actor->errand_cancelled;
        wake(actor);
        while (!exchange.done)
                pthread_cond_wait(&actor->changed, &actor->lock);
        *ret_wants_pin = actor->wants_pin;
        pthread_mutex_unlock(&actor->lock);
        if (exchange.broken)
                return fail(error, MITOME_E_GATE_BROKEN, "phone", NULL);
        *ret_size = exchange.size;
        return ok();
}

static void finish_exchange(struct phone_actor *actor, struct phone_exchange *exchange, bool broken)
{
        pthread_mutex_lock(&actor->lock);
        actor->exchange = NULL;
        exchange->broken = broken;
        exchange->done = true;
        phone_board_rest(actor);
        pthread_mutex_unlock(&actor->lock);
}

/* One step of it. A request that finds the authenticator busy for another host is answered so. */
static void go_on_with_exchange(struct phone_actor *actor)
{
        pthread_mutex_lock(&actor->lock);
        struct phone_exchange *exchange = actor->exchange;
        const bool cancelled = exchange && exchange->cancelled, begins = exchange && !exchange->begun;
        if (exchange)
                exchange->begun = true;
        pthread_mutex_unlock(&actor->lock);
        if (!exchange)
                return;
        struct mitome_authenticator *authenticator = actor->life.body.authenticator;
        if (!authenticator) {
                finish_exchange(actor, exchange, true);
                return;
        }
        bool answered =
                begins && mitome_authenticator_call(authenticator, exchange->request, BUSY_MS,
                                  steady_clock_ms(), exchange->response, exchange->capacity, &exchange->size);
        if (!answered && cancelled)
                mitome_authenticator_call_cancel(authenticator, steady_clock_ms());
        if (!answered)
                answered = mitome_authenticator_call(authenticator, (slice){ 0 }, BUSY_MS, steady_clock_ms(),
                        exchange->response, exchange->capacity, &exchange->size);
        if (answered)
                finish_exchange(actor, exchange, false);
}

/* ---- CTAPHID of others ---- */

static void speak(struct phone_actor *actor, int wait_ms)
{
        uint8_t report[HID_PORT_REPORT_SIZE];
        while (mitome_authenticator_send(actor->life.body.authenticator, wait_ms, steady_clock_ms(), report))
                actor->port.send(actor->port.context, report);
}

static void listen_to_host(struct phone_actor *actor)
{
        uint8_t report[HID_PORT_REPORT_SIZE];
        if (!actor->has_port || !actor->life.body.authenticator)
                return;
        for (int i = 0; i < HID_PORT_TURN; i++) {
                const enum hid_port_event event = actor->port.receive(actor->port.context, report);
                if (event == HID_PORT_GONE) {
                        actor->port.close(actor->port.context);
                        actor->has_port = false;
                        return;
                }
                if (event != HID_PORT_REPORT)
                        break;
                mitome_authenticator_receive(actor->life.body.authenticator, report, steady_clock_ms());
                speak(actor, 0);
        }
        speak(actor, is_busy(actor) ? BUSY_MS : 0);
}

/* ---- what goes by ---- */

static void watch_ctap(void *context, bool request, mitome_slice message)
{
        struct phone_actor *actor = context;
        phone_log_ctap(actor->log, request, message);
        if (message.size == 0)
                return;
        if (request)
                actor->command = message.data[0];
        else if (actor->command == CTAP_RESET && message.data[0] == CTAP_OK)
                actor->was_reset = true;
}

static void watch_apdu(void *context, bool command, mitome_slice apdu)
{
        struct phone_actor *actor = context;
        phone_log_apdu(actor->log, command, apdu);
}

/* authenticatorReset parts element and matcher; what the SP-TSM did for the certificate's holder it does
 * again. */
static void settle(struct phone_actor *actor)
{
        if (!actor->was_reset || is_busy(actor))
                return;
        actor->was_reset = false;
        phone_body_rest(&actor->life.body);
        (void)failed(phone_life_fit(&actor->life, NULL));
        (void)failed(phone_body_wake(&actor->life.body, NULL));
        phone_actor_refresh(actor);
}

/* ---- the actor's thread ---- */

static void await(struct phone_actor *actor)
{
        struct pollfd fds[2 + HID_PORT_WATCH_MAX] = { { .fd = actor->wake, .events = POLLIN } };
        nfds_t count = 1;
        eventfd_t spent;
        pthread_mutex_lock(&actor->lock);
        const bool works = actor->exchange != NULL;
        pthread_mutex_unlock(&actor->lock);
        if (actor->has_port)
                count += actor->port.watch(actor->port.context, fds + count);
        (void)poll(fds, count, works ? 0 : is_busy(actor) ? BUSY_MS : IDLE_MS);
        if (fds[0].revents)
                (void)eventfd_read(actor->wake, &spent);
}

static void tick(struct phone_actor *actor)
{
        const uint64_t now = steady_clock_ms();
        if (is_busy(actor) || now - actor->ticked < TICK_MS)
                return;
        actor->ticked = now;
        (void)failed(phone_life_tick(&actor->life, NULL));
}

static bool ends(struct phone_actor *actor)
{
        pthread_mutex_lock(&actor->lock);
        const bool ending = actor->ends;
        pthread_mutex_unlock(&actor->lock);
        return ending;
}

/* Whoever waits is let go. */
static void dismiss(struct phone_actor *actor)
{
        struct phone_job *job;
        while ((job = next_job(actor, false)))
                finish_job(actor, job, (mitome_status){ MITOME_E_GATE_BROKEN });
        pthread_mutex_lock(&actor->lock);
        struct phone_exchange *exchange = actor->exchange;
        pthread_mutex_unlock(&actor->lock);
        if (exchange)
                finish_exchange(actor, exchange, true);
}

static void *act(void *context)
{
        struct phone_actor *actor = context;
        phone_actor_refresh(actor);
        while (!ends(actor)) {
                await(actor);
                do_jobs(actor);
                listen_to_host(actor);
                go_on_with_exchange(actor);
                phone_board_watch_hand(actor);
                settle(actor);
                tick(actor);
        }
        dismiss(actor);
        return NULL;
}

/* ---- the app's thread ---- */

mitome_status phone_actor_begin(struct phone_actor *actor, const struct phone_errand *errand,
        uint64_t *ret_number, mitome_error *error)
{
        pthread_mutex_lock(&actor->lock);
        const bool free = !actor->errand_runs && !actor->ends;
        if (free) {
                actor->errand = *errand;
                actor->errand_runs = true;
                actor->errand_cancelled = false;
                actor->screen.errand = ++actor->errands;
                *ret_number = actor->errands;
                phone_board_rest(actor);
        }
        pthread_mutex_unlock(&actor->lock);
        return free ? ok() : fail(error, MITOME_E_GATE_BUSY, "phone", NULL);
}

bool phone_actor_cancel(struct phone_actor *actor, uint64_t number)
{
        pthread_mutex_lock(&actor->lock);
        const bool right = actor->errand_runs && number == actor->errands;
        if (right) {
                actor->errand_cancelled = true;
                if (actor->exchange)
                        actor->exchange->cancelled = true;
                pthread_cond_broadcast(&actor->changed);
                wake(actor);
        }
        pthread_mutex_unlock(&actor->lock);
        return right;
}

static void run_errand(struct phone_actor *actor)
{
        mitome_error error = { 0 };
        const struct phone_errand errand = actor->errand;
        mitome_status status = errand.run(errand.context, actor, &error);
        if (errand.done)
                errand.done(errand.context, status, &error);
        pthread_mutex_lock(&actor->lock);
        actor->errand_runs = false;
        actor->screen.last_errand = actor->screen.errand;
        actor->screen.last_code = status.code;
        actor->screen.errand = 0;
        phone_board_rest(actor);
        pthread_mutex_unlock(&actor->lock);
}

static void *run_errands(void *context)
{
        struct phone_actor *actor = context;
        pthread_mutex_lock(&actor->lock);
        while (!actor->ends) {
                if (!actor->errand_runs) {
                        pthread_cond_wait(&actor->changed, &actor->lock);
                        continue;
                }
                pthread_mutex_unlock(&actor->lock);
                run_errand(actor);
                pthread_mutex_lock(&actor->lock);
        }
        pthread_mutex_unlock(&actor->lock);
        return NULL;
}

/* ---- its life ---- */

static void prepare_lock(struct phone_actor *actor)
{
        pthread_condattr_t attributes;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_mutex_init(&actor->lock, NULL);
        pthread_cond_init(&actor->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        actor->last = &actor->first;
        actor->screen.number = 1;
        actor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static mitome_status open_life(struct phone_actor *actor, const struct phone_life_config *config,
        const char *hid, mitome_error *error)
{
        struct phone_life_config own = *config;
        own.presence = phone_board_presence(actor);
        own.trace = (struct mitome_trace){ .context = actor, .ctap = watch_ctap, .apdu = watch_apdu };
        own.transports = MITOME_TRANSPORT_INTERNAL | (hid ? MITOME_TRANSPORT_USB : 0);
        MITOME_TRY(phone_log_open(&actor->log, error));
        MITOME_TRY(phone_life_open(&actor->life, &own, error));
        if (!hid)
                return ok();
        MITOME_TRY(hid_port_open(hid, &actor->port, error));
        actor->has_port = true;
        return ok();
}

/* Signals are for the thread that waits for them. */
static mitome_status start_threads(struct phone_actor *actor, mitome_error *error)
{
        void *(*const works[])(void *) = { act, run_errands };
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        for (size_t i = 0; i < sizeof works / sizeof *works; i++)
                if (pthread_create(&actor->threads[i], NULL, works[i], actor) == 0)
                        actor->thread_count++;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return actor->thread_count == sizeof works / sizeof *works
                       ? ok()
                       : fail(error, MITOME_E_PROCESS, "a thread", NULL);
}

mitome_status phone_actor_open(const struct phone_life_config *config, const char *hid,
        struct phone_actor **ret, mitome_error *error)
{
        struct phone_actor *actor = calloc(1, sizeof *actor);
        if (!actor)
                return fail(error, MITOME_E_NO_MEMORY, "phone", NULL);
        prepare_lock(actor);
        mitome_status status = open_life(actor, config, hid, error);
        actor->screen.told = MITOME_GUIDANCE_NONE; /* of the factory's fingers */
        if (!failed(status))
                status = start_threads(actor, error);
        if (failed(status))
                phone_actor_close(actor);
        else
                *ret = actor;
        return status;
}

void phone_actor_close(struct phone_actor *actor)
{
        if (!actor)
                return;
        pthread_mutex_lock(&actor->lock);
        actor->ends = true;
        actor->errand_cancelled = true;
        pthread_cond_broadcast(&actor->changed);
        wake(actor);
        pthread_mutex_unlock(&actor->lock);
        for (unsigned i = 0; i < actor->thread_count; i++)
                pthread_join(actor->threads[i], NULL);
        if (actor->has_port)
                actor->port.close(actor->port.context);
        if (actor->life.config.folder)
                phone_life_close(&actor->life);
        phone_log_close(actor->log);
        pthread_cond_destroy(&actor->changed);
        pthread_mutex_destroy(&actor->lock);
        close(actor->wake);
        bytes_wipe(&actor->reply, sizeof actor->reply);
        free(actor);
}
