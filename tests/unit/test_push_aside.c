/* SPDX-License-Identifier: Apache-2.0 */

/* A push service that hangs, and a party that does not. */

#include "push_aside.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { MANY = PUSH_ASIDE_JOBS + 6 };

/* A service that answers when it is let. */
struct gate {
        pthread_mutex_t mutex;
        pthread_cond_t changed;
        bool open;
        size_t sent;
        enum push_outcome outcome;
        int64_t retry_after;
        mitome_code code;
};

static mitome_status gate_send(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        struct gate *gate = context;
        (void)error;
        assert_true(slice_is(token, "token-1"));
        assert_string_equal(message->kind, "wake");
        pthread_mutex_lock(&gate->mutex);
        gate->sent++;
        while (!gate->open)
                pthread_cond_wait(&gate->changed, &gate->mutex);
        pthread_mutex_unlock(&gate->mutex);
        *ret = gate->outcome;
        *ret_retry_after = gate->retry_after;
        return (mitome_status){ gate->code };
}

static void open_gate(struct gate *gate)
{
        pthread_mutex_lock(&gate->mutex);
        gate->open = true;
        pthread_cond_broadcast(&gate->changed);
        pthread_mutex_unlock(&gate->mutex);
}

struct rig {
        struct gate gate;
        struct push_aside *aside;
        struct push push;
};

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        pthread_mutex_init(&rig->gate.mutex, NULL);
        pthread_cond_init(&rig->gate.changed, NULL);
        rig->gate.code = MITOME_OK;
        const struct push inner = { .context = &rig->gate, .send = gate_send };
        assert_int_equal(push_aside_open(inner, &rig->aside, NULL).code, MITOME_OK);
        rig->push = push_aside(rig->aside);
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        open_gate(&rig->gate);
        push_aside_close(rig->aside);
        pthread_cond_destroy(&rig->gate.changed);
        pthread_mutex_destroy(&rig->gate.mutex);
        free(rig);
        return 0;
}

static mitome_code send_one(struct rig *rig, uint8_t id, enum push_outcome *ret, int64_t *ret_retry_after)
{
        struct push_message message = { .kind = PUSH_WAKE };
        memset(message.id, id, sizeof message.id);
        *ret = PUSH_REFUSED;
        *ret_retry_after = -1;
        return rig->push.send(rig->push.context, slice_text("token-1"), &message, ret, ret_retry_after, NULL)
                .code;
}

/* As a schedule would, only faster: until it says something else than "later, no time named". */
static mitome_code ask_until_told(
        struct rig *rig, uint8_t id, enum push_outcome *ret, int64_t *ret_retry_after)
{
        mitome_code code = MITOME_OK;
        for (int i = 0; i < 5000; i++) {
                code = send_one(rig, id, ret, ret_retry_after);
                if (code != MITOME_OK || *ret != PUSH_LATER || *ret_retry_after != 0)
                        break;
                (void)poll(NULL, 0, 1);
        }
        return code;
}

static size_t sent_by(struct rig *rig)
{
        pthread_mutex_lock(&rig->gate.mutex);
        const size_t sent = rig->gate.sent;
        pthread_mutex_unlock(&rig->gate.mutex);
        return sent;
}

static void a_service_that_hangs_holds_nobody_up(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome;
        int64_t retry_after;
        for (int i = 0; i < 100; i++) { /* would never come back, were it the service's time */
                assert_int_equal(send_one(rig, 1, &outcome, &retry_after), MITOME_OK);
                assert_int_equal(outcome, PUSH_LATER);
                assert_int_equal(retry_after, 0);
        }
        open_gate(&rig->gate);
        assert_int_equal(ask_until_told(rig, 1, &outcome, &retry_after), MITOME_OK);
        assert_int_equal(outcome, PUSH_ACCEPTED);
        assert_int_equal(sent_by(rig), 1); /* asked for a hundred times, sent once */
}

static void what_came_of_it_is_told_once_and_then_it_is_sent_again(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome;
        int64_t retry_after;
        rig->gate.outcome = PUSH_LATER;
        rig->gate.retry_after = 90;
        open_gate(&rig->gate);
        assert_int_equal(ask_until_told(rig, 1, &outcome, &retry_after), MITOME_OK);
        assert_int_equal(outcome, PUSH_LATER);
        assert_int_equal(retry_after, 90);
        assert_int_equal(ask_until_told(rig, 1, &outcome, &retry_after), MITOME_OK);
        assert_int_equal(retry_after, 90);
        assert_int_equal(sent_by(rig), 2);
}

static void more_than_there_is_room_for_are_later_and_none_is_lost(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome;
        int64_t retry_after;
        for (unsigned id = 0; id < MANY; id++) {
                assert_int_equal(send_one(rig, (uint8_t)id, &outcome, &retry_after), MITOME_OK);
                assert_int_equal(outcome, PUSH_LATER);
        }
        open_gate(&rig->gate);
        for (unsigned id = 0; id < MANY; id++) {
                assert_int_equal(ask_until_told(rig, (uint8_t)id, &outcome, &retry_after), MITOME_OK);
                assert_int_equal(outcome, PUSH_ACCEPTED);
        }
        assert_true(sent_by(rig) >= MANY);
}

static void ends_that_nobody_asks_for_make_room(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome;
        int64_t retry_after;
        open_gate(&rig->gate);
        for (unsigned id = 0; id < 200; id++) {
                (void)send_one(rig, (uint8_t)id, &outcome, &retry_after);
                for (int i = 0; i < 5000 && sent_by(rig) <= id; i++)
                        (void)poll(NULL, 0, 1);
                assert_int_equal(sent_by(rig), id + 1);
        }
}

static void a_failure_of_ours_is_told_as_such(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome;
        int64_t retry_after;
        rig->gate.code = MITOME_E_CRYPTO_FAILED;
        open_gate(&rig->gate);
        assert_int_equal(ask_until_told(rig, 1, &outcome, &retry_after), MITOME_E_CRYPTO_FAILED);
}

static void what_is_no_token_is_refused_at_once(void **state)
{
        struct rig *rig = *state;
        struct push_message message = { .kind = PUSH_WAKE };
        enum push_outcome outcome;
        int64_t retry_after;
        assert_int_equal(rig->push
                                 .send(rig->push.context, slice_text("two words"), &message, &outcome,
                                         &retry_after, NULL)
                                 .code,
                MITOME_E_VALUE);
        message.kind = "NO";
        assert_int_equal(rig->push
                                 .send(rig->push.context, slice_text("token-1"), &message, &outcome,
                                         &retry_after, NULL)
                                 .code,
                MITOME_E_VALUE);
        assert_int_equal(sent_by(rig), 0);
}

static void closing_does_not_wait_for_what_has_not_begun(void **state)
{
        struct rig *rig = *state;
        enum push_outcome outcome;
        int64_t retry_after;
        for (uint8_t id = 0; id < 10; id++)
                (void)send_one(rig, id, &outcome, &retry_after);
        for (int i = 0; i < 5000 && sent_by(rig) == 0; i++)
                (void)poll(NULL, 0, 1);
        assert_int_equal(sent_by(rig), 1); /* the other nine are dropped by tear_down */
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                WITH(a_service_that_hangs_holds_nobody_up),
                WITH(what_came_of_it_is_told_once_and_then_it_is_sent_again),
                WITH(more_than_there_is_room_for_are_later_and_none_is_lost),
                WITH(ends_that_nobody_asks_for_make_room),
                WITH(a_failure_of_ours_is_told_as_such),
                WITH(what_is_no_token_is_refused_at_once),
                WITH(closing_does_not_wait_for_what_has_not_begun),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
