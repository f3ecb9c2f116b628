/* SPDX-License-Identifier: Apache-2.0 */

/* The parties each behind a service of their own, in threads of their own, and a phone that reaches its TSMs
 * over HTTP: a whole application, with nothing between the parties but sockets. */

#include "world.h"

#include "phone_way_http.h"
#include "post_http.h"
#include "random_system.h"
#include "service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#undef fail /* the one of status.h is meant */

/* Who is behind a service; the others only ask. */
static const enum world_party served[] = { WORLD_AUTHORITY, WORLD_SEI_TSM, WORLD_SP_TSM };
enum { SERVED = sizeof served / sizeof *served };

/* Until the services are there, letters go by the network in one thread, which holds all locks. */
struct country {
        struct world world;
        struct service_lock locks[WORLD_PARTIES];
        struct service *services[WORLD_PARTIES];
        struct post_http *http;
        bool over_http;
        unsigned letters; /* over HTTP */
        struct phone_way_http *sei_tsm, *sp_tsm;
        struct life_app *app;
};

static bool is_served(enum world_party who)
{
        for (size_t i = 0; i < SERVED; i++)
                if (served[i] == who)
                        return true;
        return false;
}

static mitome_status deliver(void *context, const struct directory_entry *to, slice letter, uint8_t *answer,
        size_t capacity, size_t *ret_size, mitome_error *error)
{
        struct country *country = context;
        const struct post post =
                country->over_http ? post_http(country->http) : post_local(&country->world.network);
        if (country->over_http)
                __atomic_add_fetch(&country->letters, 1, __ATOMIC_RELAXED);
        return post.deliver(post.context, to, letter, answer, capacity, ret_size, error);
}

static struct post post_of(void *context, enum world_party who)
{
        struct country *country = context;
        return is_served(who) ? service_lock_post(&country->locks[who]) : (struct post){ country, deliver };
}

/* ---- time ---- */

static void take_locks(struct country *country)
{
        for (size_t i = 0; i < SERVED; i++)
                service_lock_take(&country->locks[served[i]]);
}

static void leave_locks(struct country *country)
{
        for (size_t i = SERVED; i-- > 0;)
                service_lock_leave(&country->locks[served[i]]);
}

/* A second goes by for everybody at once, sooner than it does outside, where the services tick. */
static void pass_time(struct country *country)
{
        const struct timespec pause = { 0, 200000000 };
        nanosleep(&pause, NULL);
        take_locks(country);
        country->world.now++;
        leave_locks(country);
}

/* The app's clock is read in this thread, which alone writes it. */
static int64_t read_clock(void *context)
{
        const struct world *world = context;
        return world->now;
}

/* ---- the services ---- */

static mitome_status tick_sei(void *context, mitome_error *error)
{
        return sei_tsm_tick(context, error);
}

static mitome_status tick_sp(void *context, mitome_error *error)
{
        return sp_tsm_tick(context, error);
}

static void open_service(struct country *country, enum world_party who, struct service_parts *parts)
{
        struct directory *directory = &country->world.network.directory;
        parts->party = country->world.parties[who];
        parts->desks = country->world.desks[who];
        assert_int_equal(
                service_open(parts, &country->locks[who], NULL, 0, &country->services[who], NULL).code,
                MITOME_OK);
        for (size_t i = 0; i < directory->count; i++)
                if (strcmp(directory->entries[i].name, party_name(parts->party)) == 0)
                        snprintf(directory->entries[i].url, sizeof directory->entries[i].url,
                                "http://127.0.0.1:%u", (unsigned)service_port(country->services[who]));
}

/* All addresses are known before anybody may use them: nobody's lock is let go until then. */
static void open_services(struct country *country, const struct world_phone *phone)
{
        struct world *world = &country->world;
        struct service_parts authority = { .tick = NULL };
        struct service_parts sei_tsm = { .phone = phone->sei_tsm.desks,
                .relay = phone->sei_tsm.relay,
                .tick = tick_sei,
                .tick_context = world->sei_tsm };
        struct service_parts sp_tsm = { .phone = phone->sp_tsm.desks,
                .relay = phone->sp_tsm.relay,
                .tick = tick_sp,
                .tick_context = world->sp_tsm };
        assert_int_equal(post_http_open(0, &country->http, NULL).code, MITOME_OK);
        open_service(country, WORLD_AUTHORITY, &authority);
        open_service(country, WORLD_SEI_TSM, &sei_tsm);
        open_service(country, WORLD_SP_TSM, &sp_tsm);
        country->over_http = true;
        leave_locks(country);
}

static void open_app(struct country *country, struct world_phone *phone)
{
        const struct directory *directory = &country->world.network.directory;
        const struct directory_entry *sei = directory_find(directory, slice_text(PARTY_SEI_TSM)),
                                     *sp = directory_find(directory, slice_text(PARTY_SP_TSM));
        assert_int_equal(phone_way_http_open(sei->url, 0, &country->sei_tsm, NULL).code, MITOME_OK);
        assert_int_equal(phone_way_http_open(sp->url, 0, &country->sp_tsm, NULL).code, MITOME_OK);
        const struct life_config config = { .identity = phone->identity,
                .platform = phone->element.link,
                .app = country->world.app,
                .software = country->world.platform,
                .sei_tsm = phone_way_http(country->sei_tsm),
                .sp_tsm = phone_way_http(country->sp_tsm),
                .clock = { &country->world, read_clock },
                .random = country->world.config.random };
        assert_int_equal(life_cycle_open(&config, &country->app, NULL).code, MITOME_OK);
}

static void close_all(struct country *country)
{
        life_cycle_close(country->app);
        for (size_t i = 0; i < SERVED; i++)
                service_close(country->services[served[i]]);
        phone_way_http_close(country->sei_tsm);
        phone_way_http_close(country->sp_tsm);
        take_locks(country);
        country->over_http = false;
        world_close(&country->world);
        leave_locks(country);
        for (size_t i = 0; i < SERVED; i++)
                service_lock_end(&country->locks[served[i]]);
        post_http_close(country->http);
        free(country);
}

/* ---- */

static void choose(struct life_app *app, const struct life_state *state)
{
        if (state->to_choose & LIFE_USER_VERIFICATION)
                assert_int_equal(
                        life_cycle_choose(app, LIFE_USER_VERIFICATION, slice_text(WORLD_PIN), NULL).code,
                        MITOME_OK);
        if (state->to_choose & LIFE_SIGNING)
                assert_int_equal(life_cycle_choose(app, LIFE_SIGNING, slice_text(WORLD_PASSWORD), NULL).code,
                        MITOME_OK);
}

static void test_an_application_goes_over_sockets_from_end_to_end(void **state)
{
        struct country *country = calloc(1, sizeof *country);
        struct world *world = &country->world;
        const struct world_config config = {
                .random = random_system(), .now = 1800000000, .post = post_of, .post_context = country
        };
        struct world_person *person;
        struct world_phone *phone;
        struct life_state end = { 0 };
        (void)state;
        for (size_t i = 0; i < SERVED; i++)
                assert_int_equal(
                        service_lock_init(&country->locks[served[i]], (struct post){ country, deliver }, NULL)
                                .code,
                        MITOME_OK);
        take_locks(country);
        assert_int_equal(world_open(world, &config, NULL).code, MITOME_OK);
        assert_int_equal(world_person_make(world, 0, &person, NULL).code, MITOME_OK);
        assert_int_equal(world_phone_make(world, 0, &phone, NULL).code, MITOME_OK);
        life_cycle_close(phone->app);
        phone->app = NULL;
        open_services(country, phone);
        open_app(country, phone);
        const struct life_application application = { .purpose = LIFE_ISSUE,
                .kinds = LIFE_BOTH,
                .card = &person->card.link,
                .card_password = slice_text(WORLD_CARD_PASSWORD),
                .touched = true };
        assert_int_equal(life_cycle_apply(country->app, &application, NULL).code, MITOME_OK);
        for (int turn = 0; turn < 100 && end.order != LIFE_ORDER_DONE; turn++) {
                assert_int_equal(life_cycle_run(country->app, &end, NULL).code, MITOME_OK);
                choose(country->app, &end);
                pass_time(country);
                assert_int_not_equal(end.order, LIFE_ORDER_GIVEN_UP);
        }
        assert_int_equal(end.order, LIFE_ORDER_DONE);
        assert_int_equal(end.present, LIFE_BOTH);
        assert_int_equal(end.phase, LIFE_USE);
        assert_true(__atomic_load_n(&country->letters, __ATOMIC_RELAXED) >= 4);
        close_all(country);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_application_goes_over_sockets_from_end_to_end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
