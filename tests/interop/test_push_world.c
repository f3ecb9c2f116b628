/* SPDX-License-Identifier: Apache-2.0 */

/* Remote erasure by push, with all parties (対策1-2): the new phone's certificate ends the old one's, and the
 * old phone is woken to erase itself. Whatever becomes of the push, nothing is called done without the
 * receipt. */

#include "random_system.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_ok(expression)                                                                           \
        do {                                                                                            \
                mitome_status status_ = (expression);                                                   \
                if (failed(status_))                                                                    \
                        fail_msg(#expression ": E%d %s", status_.code, error.field ? error.field : ""); \
        } while (0)

enum { DAY = 86400 };

struct scene {
        struct world world;
        struct world_person *hanako;
        struct world_phone *old, *current;
        mitome_error error;
};

/* Both certificates are in the old phone, and then in the new one. */
static int change_phones(void **state)
{
        static struct scene scene;
        const struct world_config config = { .random = random_system(), .now = 1800000000 };
        struct world *world = &scene.world;
        struct life_state end;
        scene = (struct scene){ 0 };
        mitome_error error = { 0 };
        assert_ok(world_open(world, &config, &error));
        assert_ok(world_person_make(world, 0, &scene.hanako, &error));
        assert_ok(world_phone_make(world, 0, &scene.old, &error));
        assert_ok(world_phone_make(world, 1, &scene.current, &error));
        assert_ok(world_apply(world, scene.old, scene.hanako, LIFE_ISSUE, LIFE_BOTH, &end, &error));
        assert_int_equal(end.order, LIFE_ORDER_DONE);
        scene.old->silent = true; /* in a drawer */
        assert_ok(world_apply(world, scene.current, scene.hanako, LIFE_ISSUE, LIFE_BOTH, &end, &error));
        assert_int_equal(end.order, LIFE_ORDER_DONE);
        assert_ok(world_settle(world, 5, &error));
        *state = &scene;
        return 0;
}

static int end_world(void **state)
{
        struct scene *scene = *state;
        world_close(&scene->world);
        return 0;
}

static struct push_wake wake_of_old(struct scene *scene)
{
        struct push_wake wake = { 0 };
        mitome_error error = { 0 };
        assert_ok(push_registry_look(party_store(scene->world.parties[WORLD_SP_TSM]),
                slice_text(scene->old->identity), &wake, &error));
        return wake;
}

static void later(struct scene *scene, int64_t seconds)
{
        mitome_error error = { 0 };
        scene->world.now += seconds;
        assert_ok(sp_tsm_tick(scene->world.sp_tsm, &error));
}

static unsigned certificates_in(struct world_phone *phone)
{
        struct life_state now = { 0 };
        mitome_error error = { 0 };
        assert_ok(life_cycle_look(phone->app, &now, &error));
        return now.present;
}

/* The old phone is found, hears of it, and erases itself. */
static void wake_and_erase(struct scene *scene)
{
        mitome_error error = { 0 };
        bool woken = false;
        unsigned receipts = 0;
        scene->old->silent = false;
        assert_ok(life_cycle_poll(scene->old->app, &woken, &error));
        assert_true(woken);
        assert_ok(world_settle(&scene->world, 5, &error));
        assert_ok(life_cycle_deliver(scene->old->app, &receipts, &error));
        assert_ok(world_settle(&scene->world, 5, &error));
        assert_int_equal(certificates_in(scene->old), 0);
        assert_false(wake_of_old(scene).exists);
}

static void the_old_phone_is_woken_and_only_its_receipt_ends_it(void **state)
{
        struct scene *scene = *state;
        assert_int_equal(wake_of_old(scene).plan.phase, PUSH_PHASE_ASKED);
        wake_and_erase(scene);
        const int64_t now = scene->world.now;
        later(scene, 30 * DAY); /* and nobody is woken any more */
        assert_false(wake_of_old(scene).exists);
        assert_true(scene->world.now > now);
        assert_int_equal(certificates_in(scene->current), LIFE_BOTH);
}

static void a_phone_in_a_drawer_stays_asked_for_a_year(void **state)
{
        struct scene *scene = *state;
        for (int week = 0; week < 52; week++) {
                later(scene, 7 * DAY);
                assert_int_equal(wake_of_old(scene).plan.phase, PUSH_PHASE_ASKED);
        }
        assert_true(wake_of_old(scene).plan.attempts >= 50);
        scene->old->silent = false;
        assert_int_equal(certificates_in(scene->old), LIFE_BOTH); /* as ever: asking is not erasing */
        wake_and_erase(scene);
}

/* Its app was deleted: nobody can be asked any more, until the phone comes by itself. */
static void a_phone_without_its_app_is_beyond_reach_and_is_said_to_be(void **state)
{
        struct scene *scene = *state;
        struct sql_store *store = party_store(scene->world.parties[WORLD_SP_TSM]);
        mitome_error error = { 0 };
        assert_ok(sql_do(store, "DELETE FROM push_item", NULL, 0, NULL, &error));
        assert_ok(sql_do(store,
                "DELETE FROM push_box WHERE token = (SELECT token FROM push_token WHERE identity = ?)",
                SQL_VALUES(SQL_STR(scene->old->identity)), NULL, &error));
        later(scene, DAY);
        assert_true(wake_of_old(scene).exists);
        assert_int_equal(wake_of_old(scene).plan.phase, PUSH_PHASE_NO_WAY);
        later(scene, 300 * DAY);
        assert_int_equal(wake_of_old(scene).plan.phase, PUSH_PHASE_NO_WAY);
        scene->old->silent = false;
        assert_int_equal(certificates_in(scene->old), LIFE_BOTH);
}

/* ---- twice ---- */

struct mail {
        char token[PUSH_BOX_TOKEN_SIZE + 1];
        struct push_message message;
};

/* What waits in the old phone's box. */
static void keep_mail(struct scene *scene, struct mail *ret)
{
        struct sql_query query = { 0 };
        mitome_error error = { 0 };
        *ret = (struct mail){ .message.kind = PUSH_WAKE };
        assert_ok(sql_ask(party_store(scene->world.parties[WORLD_SP_TSM]),
                "SELECT push_item.token, push_item.id FROM push_item JOIN push_token USING (token) WHERE "
                "identity = ?",
                SQL_VALUES(SQL_STR(scene->old->identity)), &query, &error));
        assert_true(sql_next(&query));
        assert_ok(slice_copy(
                sql_bytes(&query, 0), "token", (uint8_t *)ret->token, PUSH_BOX_TOKEN_SIZE, &error));
        assert_ok(slice_copy(sql_bytes(&query, 1), "id", ret->message.id, sizeof ret->message.id, &error));
        assert_ok(sql_end(&query));
}

static int64_t count(struct scene *scene, enum world_party who, const char *sql)
{
        struct sql_query query = { 0 };
        mitome_error error = { 0 };
        int64_t rows = -1;
        assert_ok(sql_ask(party_store(scene->world.parties[who]), sql,
                SQL_VALUES(SQL_STR(scene->old->identity)), &query, &error));
        if (sql_next(&query))
                rows = sql_integer(&query, 0);
        assert_ok(sql_end(&query));
        return rows;
}

static int64_t receipts_of_old(struct scene *scene)
{
        return count(scene, WORLD_AUTHORITY, "SELECT count(*) FROM receipt WHERE identity = ?");
}

static int64_t orders_of_old(struct scene *scene)
{
        return count(scene, WORLD_SP_TSM, "SELECT count(*) FROM order_ WHERE identity = ?");
}

/* The push is tried again and again while the phone is away, and the service delivers the same message once
 * more when all is over: the erasure is one, and so is its receipt. */
static void a_push_that_comes_twice_erases_once(void **state)
{
        struct scene *scene = *state;
        struct mail mail;
        mitome_error error = { 0 };
        enum push_outcome outcome = PUSH_REFUSED;
        int64_t wait = 0;
        bool woken = false;
        unsigned delivered = 0;
        later(scene, DAY);
        later(scene, DAY);
        keep_mail(scene, &mail);
        wake_and_erase(scene);
        const int64_t receipts = receipts_of_old(scene), orders = orders_of_old(scene);
        assert_int_equal(receipts, 1);
        assert_ok(scene->world.push.send(
                scene->world.push.context, slice_text(mail.token), &mail.message, &outcome, &wait, &error));
        assert_int_equal(outcome, PUSH_ACCEPTED);
        assert_ok(life_cycle_poll(scene->old->app, &woken, &error));
        assert_true(woken); /* and finds nothing to do */
        assert_ok(life_cycle_deliver(scene->old->app, &delivered, &error));
        assert_int_equal(delivered, 0);
        assert_ok(world_settle(&scene->world, 5, &error));
        assert_int_equal(receipts_of_old(scene), receipts);
        assert_int_equal(orders_of_old(scene), orders);
        assert_ok(life_cycle_poll(scene->old->app, &woken, &error));
        assert_false(woken); /* it was seen */
        assert_int_equal(certificates_in(scene->old), 0);
        assert_int_equal(certificates_in(scene->current), LIFE_BOTH);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, change_phones, end_world)
        const struct CMUnitTest tests[] = {
                WITH(the_old_phone_is_woken_and_only_its_receipt_ends_it),
                WITH(a_phone_in_a_drawer_stays_asked_for_a_year),
                WITH(a_phone_without_its_app_is_beyond_reach_and_is_said_to_be),
                WITH(a_push_that_comes_twice_erases_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
