/* SPDX-License-Identifier: Apache-2.0 */

/* When phones are woken, whose token it is, and the box that an app polls. */

#include "cbor.h"
#include "push_queue.h"
#include "push_registry.h"
#include "sql_cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1763700000, DAY = 86400 };

static void must(mitome_status status)
{
        assert_int_equal(status.code, MITOME_OK);
}

/* Numbers that are told apart, and nothing more. */
static int count_up(void *context, uint8_t *bytes, size_t size)
{
        uint8_t *next = context;
        for (size_t i = 0; i < size; i++)
                bytes[i] = *next;
        *next += 1;
        return 0;
}

static int no_bytes(void *context, uint8_t *bytes, size_t size)
{
        (void)context, (void)bytes, (void)size;
        return -1;
}

/* A service that plays what it is told, and keeps what it was sent. */
struct service {
        enum push_outcome plays[64];
        int64_t retry_after;
        size_t sent;
        char tokens[64][PUSH_TOKEN_MAX + 1];
        uint8_t ids[64][PUSH_ID_SIZE];
        void (*meanwhile)(void *context); /* while a request is under way */
        void *meanwhile_context;
};

static mitome_status service_send(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        struct service *service = context;
        (void)error;
        assert_true(service->sent < 64);
        (void)snprintf(service->tokens[service->sent], sizeof service->tokens[0], "%.*s", (int)token.size,
                (const char *)token.data);
        memcpy(service->ids[service->sent], message->id, PUSH_ID_SIZE);
        assert_string_equal(message->kind, "wake");
        *ret = service->plays[service->sent++];
        *ret_retry_after = service->retry_after;
        if (service->meanwhile)
                service->meanwhile(service->meanwhile_context);
        return ok();
}

struct rig {
        struct sql_store *store;
        uint8_t next;
        struct mitome_random random;
        struct service service;
        struct push push;
        int64_t now;
};

static int64_t rig_now(void *context)
{
        const struct rig *rig = context;
        return rig->now;
}

static int set_up(void **state)
{
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        must(sql_open(NULL, SQL_SCHEMA(1, PUSH_REGISTRY_SCHEMA PUSH_QUEUE_SCHEMA), &rig->store, NULL));
        rig->random = (struct mitome_random){ .context = &rig->next, .fill = count_up };
        rig->push = (struct push){ .context = &rig->service, .send = service_send };
        rig->now = NOW;
        *state = rig;
        return 0;
}

static int tear_down(void **state)
{
        struct rig *rig = *state;
        sql_close(rig->store);
        free(rig);
        return 0;
}

static const slice old_phone = { (const uint8_t *)"MTM-0001", 8 };
static const slice new_phone = { (const uint8_t *)"MTM-0002", 8 };

static void give_token(struct rig *rig, slice identity, const char *token)
{
        must(push_registry_name(rig->store, identity, slice_text(token), rig->now, NULL));
}

static struct push_wake look(struct rig *rig, slice identity)
{
        struct push_wake wake = { 0 };
        must(push_registry_look(rig->store, identity, &wake, NULL));
        return wake;
}

static size_t round_of(struct rig *rig)
{
        size_t sent = 0;
        must(push_registry_round(rig->store, &rig->push, rig->now, &rig->random, 8, &sent, NULL));
        return sent;
}

static void wake(struct rig *rig, slice identity)
{
        must(push_registry_wake(rig->store, identity, rig->now, &rig->random, NULL));
}

/* ---- schedule ---- */

static void accepted_is_asked_and_never_done(void **state)
{
        (void)state;
        struct push_plan plan = push_plan_begin(true, NOW);
        static const int64_t waits[] = { 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, DAY, DAY, DAY };
        int64_t now = NOW;
        for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
                assert_true(push_plan_due(&plan, now));
                plan = push_plan_note(&plan, PUSH_ACCEPTED, 0, now, 0);
                assert_int_equal(plan.phase, PUSH_PHASE_ASKED);
                assert_int_equal(plan.next_at - now, waits[i]);
                assert_false(push_plan_due(&plan, plan.next_at - 1));
                now = plan.next_at;
        }
        assert_int_equal(plan.attempts, sizeof waits / sizeof waits[0]);
}

static void later_backs_off_to_an_hour(void **state)
{
        (void)state;
        struct push_plan plan = push_plan_begin(true, NOW);
        static const int64_t waits[] = { 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600 };
        for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
                plan = push_plan_note(&plan, PUSH_LATER, 0, NOW, 0);
                assert_int_equal(plan.phase, PUSH_PHASE_DUE);
                assert_int_equal(plan.next_at - NOW, waits[i]);
        }
        for (size_t i = 0; i < 200; i++) /* however long it goes on, nothing overflows */
                plan = push_plan_note(&plan, PUSH_LATER, 0, NOW, UINT32_MAX);
        assert_int_equal(plan.row, PUSH_ROW_MOST);
        assert_true(plan.next_at - NOW >= 3600 && plan.next_at - NOW <= 4500);
}

static void a_service_that_asks_to_wait_is_waited_for_but_a_day_at_most(void **state)
{
        (void)state;
        const struct push_plan begun = push_plan_begin(true, NOW);
        assert_int_equal(push_plan_note(&begun, PUSH_LATER, 120, NOW, 0).next_at, NOW + 120);
        assert_int_equal(push_plan_note(&begun, PUSH_LATER, 5, NOW, 0).next_at, NOW + 10);
        assert_int_equal(push_plan_note(&begun, PUSH_LATER, INT64_MAX, NOW, 0).next_at, NOW + DAY);
        assert_int_equal(push_plan_note(&begun, PUSH_LATER, -7, NOW, 0).next_at, NOW + 10);
        /* Of an acceptance it is no word. */
        assert_int_equal(push_plan_note(&begun, PUSH_ACCEPTED, 99999, NOW, 0).next_at, NOW + 600);
}

static void a_failure_after_acceptance_stays_asked(void **state)
{
        (void)state;
        struct push_plan plan = push_plan_begin(true, NOW);
        plan = push_plan_note(&plan, PUSH_ACCEPTED, 0, NOW, 0);
        plan = push_plan_note(&plan, PUSH_LATER, 0, NOW, 0);
        assert_int_equal(plan.phase, PUSH_PHASE_ASKED);
        assert_int_equal(plan.row, 1);
        plan = push_plan_note(&plan, PUSH_REFUSED, 0, NOW, 0);
        assert_int_equal(plan.next_at, NOW + 3600);
        plan = push_plan_note(&plan, PUSH_TOKEN_GONE, 0, NOW, 0);
        assert_int_equal(plan.phase, PUSH_PHASE_NO_WAY);
        assert_false(push_plan_due(&plan, NOW + 400 * DAY));
        plan = push_plan_token(&plan, NOW + 5);
        assert_int_equal(plan.phase, PUSH_PHASE_DUE);
        assert_true(push_plan_due(&plan, NOW + 5));
}

static void chance_lengthens_by_a_quarter_at_most(void **state)
{
        (void)state;
        const struct push_plan begun = push_plan_begin(true, NOW);
        for (uint32_t chance = 0; chance < 3000; chance++) {
                const int64_t wait = push_plan_note(&begun, PUSH_ACCEPTED, 0, NOW, chance).next_at - NOW;
                assert_true(wait >= 600 && wait < 750);
        }
        assert_int_not_equal(push_plan_note(&begun, PUSH_ACCEPTED, 0, NOW, 1000).next_at,
                push_plan_note(&begun, PUSH_ACCEPTED, 0, NOW, 0).next_at);
}

static void a_clock_that_was_set_back_does_not_silence_it(void **state)
{
        (void)state;
        struct push_plan plan = push_plan_begin(true, NOW);
        plan = push_plan_note(&plan, PUSH_ACCEPTED, 0, NOW, 0);
        assert_false(push_plan_due(&plan, NOW - 3600));
        assert_true(push_plan_due(&plan, NOW - 30 * DAY));
}

/* ---- whose token ---- */

/* Who may name one is the SP-TSM's to see (test_sp_orders.c: attack_naming_a_token_for_a_new_phone). */
static void a_wake_that_waits_is_due_when_its_phone_names_a_token(void **state)
{
        struct rig *rig = *state;
        wake(rig, old_phone);
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_NO_WAY);
        assert_int_equal(round_of(rig), 0);
        give_token(rig, new_phone, "of-another");
        assert_int_equal(round_of(rig), 0);
        give_token(rig, old_phone, "token-1");
        assert_int_equal(round_of(rig), 1);
        assert_string_equal(rig->service.tokens[0], "token-1");
        give_token(rig, old_phone, "token-2"); /* in place of the first */
        wake(rig, old_phone);
        assert_int_equal(round_of(rig), 1);
        assert_string_equal(rig->service.tokens[1], "token-2");
}

/* He names the victim's token as that of his own phone: the victim keeps hers. */
static void attack_taking_a_token_away_by_registering_it_for_another_phone(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "shared");
        give_token(rig, new_phone, "shared");
        wake(rig, old_phone);
        assert_int_equal(round_of(rig), 1);
        assert_string_equal(rig->service.tokens[0], "shared");
}

static void the_old_phones_token_stays_when_the_new_phone_names_its_own(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "old");
        give_token(rig, new_phone, "new");
        wake(rig, old_phone);
        assert_int_equal(round_of(rig), 1);
        assert_string_equal(rig->service.tokens[0], "old");
        must(push_registry_forget(rig->store, old_phone, NULL));
        wake(rig, old_phone);
        assert_int_equal(round_of(rig), 0);
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_NO_WAY);
}

static void what_is_no_token_and_no_identity_is_refused(void **state)
{
        struct rig *rig = *state;
        static const char *const bad[] = { "", "two words", "quote\"", "back\\slash", "line\n", "\x7f",
                "\xe3\x81\x82" };
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(
                        push_registry_name(rig->store, old_phone, slice_text(bad[i]), NOW, NULL).code,
                        MITOME_E_VALUE);
        char longer[PUSH_TOKEN_MAX + 2];
        memset(longer, 'a', sizeof longer);
        assert_int_equal(
                push_registry_name(rig->store, old_phone, SLICE(longer), NOW, NULL).code, MITOME_E_TOO_LONG);
        must(push_registry_name(rig->store, old_phone, slice_of(longer, PUSH_TOKEN_MAX), NOW, NULL));
        assert_int_equal(push_registry_wake(rig->store, slice_of(NULL, 0), NOW, &rig->random, NULL).code,
                MITOME_E_VALUE);
        assert_int_equal(push_registry_wake(
                                 rig->store, slice_of(longer, PUSH_IDENTITY_MAX + 1), NOW, &rig->random, NULL)
                                 .code,
                MITOME_E_TOO_LONG);
        const struct mitome_random dry = { .fill = no_bytes };
        assert_int_equal(
                push_registry_wake(rig->store, old_phone, NOW, &dry, NULL).code, MITOME_E_NO_RANDOMNESS);
        assert_false(look(rig, old_phone).exists);
}

/* ---- rounds ---- */

static void asked_is_not_confirmed_and_goes_on_until_it_is_ended(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "token-1");
        wake(rig, old_phone);
        rig->service.plays[0] = PUSH_LATER;
        rig->service.plays[1] = PUSH_ACCEPTED;
        rig->service.plays[2] = PUSH_ACCEPTED;
        assert_int_equal(round_of(rig), 1);
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_DUE);
        assert_int_equal(look(rig, old_phone).asked_at, 0);
        rig->now += 20;
        assert_int_equal(round_of(rig), 1);
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_ASKED);
        assert_int_equal(look(rig, old_phone).asked_at, NOW + 20);
        assert_int_equal(round_of(rig), 0);
        rig->now += 1000;
        assert_int_equal(round_of(rig), 1);
        assert_int_equal(look(rig, old_phone).asked_at, NOW + 20); /* when it was first taken */
        assert_memory_equal(rig->service.ids[0], rig->service.ids[1], PUSH_ID_SIZE);
        assert_memory_equal(rig->service.ids[0], rig->service.ids[2], PUSH_ID_SIZE);
        must(push_registry_end(rig->store, old_phone, NULL));
        rig->now += 10 * DAY;
        assert_int_equal(round_of(rig), 0);
        assert_false(look(rig, old_phone).exists);
}

static void a_second_wake_is_the_first_one_hastened(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "token-1");
        wake(rig, old_phone);
        assert_int_equal(round_of(rig), 1);
        rig->now += 5;
        wake(rig, old_phone);
        assert_int_equal(round_of(rig), 1);
        assert_memory_equal(rig->service.ids[0], rig->service.ids[1], PUSH_ID_SIZE);
        assert_int_equal(look(rig, old_phone).since, NOW);
}

static void a_dead_token_waits_for_the_next_one(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "dead");
        wake(rig, old_phone);
        rig->service.plays[0] = PUSH_TOKEN_GONE;
        assert_int_equal(round_of(rig), 1);
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_NO_WAY);
        rig->now += 30 * DAY;
        assert_int_equal(round_of(rig), 0);
        wake(rig, old_phone); /* asking again does not bring it to life */
        assert_int_equal(round_of(rig), 0);
        give_token(rig, old_phone, "alive");
        assert_int_equal(round_of(rig), 1);
        assert_string_equal(rig->service.tokens[1], "alive");
}

static void replace_token(void *context)
{
        struct rig *rig = context;
        rig->service.meanwhile = NULL;
        give_token(rig, old_phone, "newer");
}

static void end_wake(void *context)
{
        struct rig *rig = context;
        must(push_registry_end(rig->store, old_phone, NULL));
}

static void what_came_of_a_replaced_token_is_not_laid_to_the_new_one(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "older");
        wake(rig, old_phone);
        rig->service.plays[0] = PUSH_TOKEN_GONE;
        rig->service.meanwhile = replace_token;
        rig->service.meanwhile_context = rig;
        assert_int_equal(round_of(rig), 2); /* and at once the new one */
        assert_string_equal(rig->service.tokens[1], "newer");
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_ASKED);
}

static void a_wake_that_ends_while_it_is_sent_stays_ended(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "token-1");
        wake(rig, old_phone);
        rig->service.meanwhile = end_wake;
        rig->service.meanwhile_context = rig;
        assert_int_equal(round_of(rig), 1);
        assert_false(look(rig, old_phone).exists);
}

static void a_round_is_bounded_and_takes_the_oldest_first(void **state)
{
        struct rig *rig = *state;
        char identity[16];
        for (int i = 0; i < 12; i++) {
                (void)snprintf(identity, sizeof identity, "MTM-%04d", 20 - i);
                rig->now = NOW + i;
                give_token(rig, slice_text(identity), identity);
                wake(rig, slice_text(identity));
        }
        rig->now = NOW + 100;
        assert_int_equal(round_of(rig), 8);
        assert_string_equal(rig->service.tokens[0], "MTM-0020");
        assert_string_equal(rig->service.tokens[7], "MTM-0013");
        assert_int_equal(round_of(rig), 4);
}

static void die(void *context)
{
        (void)context;
        _exit(0);
}

static void open_rig(struct rig *rig, const char *path)
{
        rig->random = (struct mitome_random){ .context = &rig->next, .fill = count_up };
        rig->push = (struct push){ .context = &rig->service, .send = service_send };
        rig->now = NOW;
        must(sql_open(path, SQL_SCHEMA(1, PUSH_REGISTRY_SCHEMA), &rig->store, NULL));
}

static void remove_store(const char *folder, const char *path)
{
        static const char *const ends[] = { "", "-wal", "-shm" };
        char name[80];
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
                (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
                (void)unlink(name);
        }
        assert_int_equal(rmdir(folder), 0);
}

/* Whoever is killed after the service took it and before that was noted sends it again, as the same one. */
static void killed_between_sending_and_noting_sends_the_same_id_again(void **state)
{
        (void)state;
        char folder[] = "/tmp/test-push-XXXXXX", path[64];
        static struct rig first, second;
        uint8_t id[PUSH_ID_SIZE];
        int how = -1;
        assert_non_null(mkdtemp(folder));
        (void)snprintf(path, sizeof path, "%s/push.db", folder);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                first.next = 7;
                open_rig(&first, path);
                give_token(&first, old_phone, "token-1");
                wake(&first, old_phone);
                first.service.meanwhile = die;
                round_of(&first);
                _exit(1);
        }
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
        open_rig(&second, path);
        assert_int_equal(round_of(&second), 1);
        memset(id, 7, sizeof id);
        assert_memory_equal(second.service.ids[0], id, sizeof id);
        assert_int_equal(look(&second, old_phone).plan.phase, PUSH_PHASE_ASKED);
        sql_close(second.store);
        remove_store(folder, path);
}

/* ---- every write ---- */

enum step { NAMED, WOKEN, SENT, GONE, NAMED_AGAIN, SENT_AGAIN, ENDED, STEPS };

static mitome_status take_step(struct rig *rig, enum step step)
{
        const char *token = step == NAMED_AGAIN ? "new" : "old";
        switch (step) {
        case NAMED:
        case NAMED_AGAIN:
                return push_registry_name(rig->store, old_phone, slice_text(token), rig->now, NULL);
        case WOKEN:
                return push_registry_wake(rig->store, old_phone, rig->now, &rig->random, NULL);
        case SENT:
        case GONE:
        case SENT_AGAIN:
                rig->now += DAY;
                rig->service.plays[rig->service.sent] = step == GONE ? PUSH_TOKEN_GONE : PUSH_ACCEPTED;
                return push_registry_round(rig->store, &rig->push, rig->now, &rig->random, 1, NULL, NULL);
        default:
                return push_registry_end(rig->store, old_phone, NULL);
        }
}

/* How far it came. */
static enum step go_on(struct rig *rig, enum step from)
{
        enum step step = from;
        while (step < STEPS && !failed(take_step(rig, step)))
                step++;
        return step;
}

/* What was said to be done stands; the step that was cut is done again, and the rest. */
static void check_step(struct rig *rig, enum step done)
{
        const struct push_wake wake = look(rig, old_phone);
        if (done > WOKEN && done < ENDED)
                assert_true(wake.exists);
        if (done > SENT && wake.exists)
                assert_int_not_equal(wake.asked_at, 0);
        if (done > ENDED)
                assert_false(wake.exists);
        if (done <= SENT && rig->service.sent == 0)
                assert_int_equal(wake.asked_at, 0); /* nothing is called asked that was not sent */
        assert_int_equal(go_on(rig, done), STEPS);
        assert_false(look(rig, old_phone).exists);
        assert_string_equal(rig->service.tokens[rig->service.sent - 1], "new");
}

static bool cut_registry_at(unsigned n, enum sql_cut_how how)
{
        char folder[] = "/tmp/test-push-XXXXXX", path[64];
        struct rig *rig = calloc(1, sizeof *rig);
        assert_non_null(rig);
        assert_non_null(mkdtemp(folder));
        (void)snprintf(path, sizeof path, "%s/push.db", folder);
        open_rig(rig, path);
        sql_cut_arm(folder, n, how);
        const enum step done = go_on(rig, NAMED);
        sql_close(rig->store); /* without power */
        const bool was_cut = sql_cut_on();
        must(sql_open(path, SQL_SCHEMA(1, PUSH_REGISTRY_SCHEMA), &rig->store, NULL));
        check_step(rig, done);
        sql_close(rig->store);
        remove_store(folder, path);
        free(rig);
        return was_cut;
}

static void cut_at_every_write_no_wake_is_lost_and_none_is_called_asked(void **state)
{
        enum { MOST = 200 };
        (void)state;
        static const enum sql_cut_how hows[] = { SQL_CUT_FAILS, SQL_CUT_TORN };
        for (size_t i = 0; i < 2; i++) {
                unsigned n = 1;
                while (n < MOST && cut_registry_at(n, hows[i]))
                        n++;
                assert_true(n > 10 && n < MOST);
        }
}

/* A failure of ours leaves the wake as it was. */
static mitome_status broken_send(void *context, slice token, const struct push_message *message,
        enum push_outcome *ret, int64_t *ret_retry_after, mitome_error *error)
{
        (void)context, (void)token, (void)message, (void)ret, (void)ret_retry_after;
        return fail_at(error, MITOME_E_NO_MEMORY, MITOME_NOWHERE, "push", NULL);
}

static void a_failure_of_ours_leaves_the_wake_as_it_was(void **state)
{
        struct rig *rig = *state;
        give_token(rig, old_phone, "token-1");
        wake(rig, old_phone);
        const struct push broken = { .send = broken_send };
        assert_int_equal(push_registry_round(rig->store, &broken, NOW, &rig->random, 8, NULL, NULL).code,
                MITOME_E_NO_MEMORY);
        assert_int_equal(look(rig, old_phone).plan.attempts, 0);
        assert_int_equal(round_of(rig), 1);
}

/* ---- the box that an app polls ---- */

static struct push_queue queue_of(struct rig *rig)
{
        return (struct push_queue){
                .store = rig->store, .clock = { .context = rig, .now = rig_now }, .random = rig->random
        };
}

static void register_box(struct push_queue *queue, char token[PUSH_BOX_TOKEN_SIZE + 1])
{
        uint8_t buffer[128];
        writer answer = WRITER(buffer);
        static const uint8_t empty[] = { 0xa0 };
        must(push_queue_register(queue, SLICE(empty), &answer, NULL));
        struct cbor_reader r = cbor_over(writer_view(&answer), NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        bool more = false;
        slice text;
        must(cbor_open_map(&r, "answer", 1, &map));
        must(cbor_next_key(&r, &map, &key, &more));
        assert_true(more && key.number == 1);
        must(cbor_read_text(&r, "token", 64, &text));
        assert_int_equal(text.size, PUSH_BOX_TOKEN_SIZE);
        (void)snprintf(token, PUSH_BOX_TOKEN_SIZE + 1, "%.*s", (int)text.size, (const char *)text.data);
}

/* Polls with the ids that were seen; gives how many wait, and the first one's id. */
static mitome_status poll_box(struct push_queue *queue, const char *token, const uint8_t *seen,
        size_t seen_count, size_t *ret_count, uint8_t ret_first[PUSH_ID_SIZE])
{
        uint8_t body_buffer[512], buffer[1024];
        writer body = WRITER(body_buffer), answer = WRITER(buffer);
        cbor_write_map(&body, seen ? 2 : 1);
        cbor_write_uint(&body, 1);
        cbor_write_string(&body, token);
        if (seen) {
                cbor_write_uint(&body, 2);
                cbor_write_array(&body, seen_count);
                for (size_t i = 0; i < seen_count; i++)
                        cbor_write_bytes(&body, slice_of(seen + i * PUSH_ID_SIZE, PUSH_ID_SIZE));
        }
        MITOME_TRY(push_queue_poll(queue, writer_view(&body), &answer, NULL));
        struct cbor_reader r = cbor_over(writer_view(&answer), NULL, NULL);
        struct cbor_members map, array, item;
        struct cbor_key key;
        bool more = false;
        size_t count = 0;
        slice text, id;
        MITOME_TRY(cbor_open_map(&r, "answer", 1, &map));
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_open_array(&r, "items", PUSH_BOX_ITEMS, &array));
        while (cbor_next_element(&r, &array)) {
                MITOME_TRY(cbor_open_map(&r, "item", 2, &item));
                MITOME_TRY(cbor_next_key(&r, &item, &key, &more));
                MITOME_TRY(cbor_read_text(&r, "kind", 16, &text));
                assert_true(slice_is(text, "wake"));
                MITOME_TRY(cbor_next_key(&r, &item, &key, &more));
                MITOME_TRY(cbor_read_fixed(&r, "id", PUSH_ID_SIZE, &id));
                MITOME_TRY(cbor_next_key(&r, &item, &key, &more));
                if (count++ == 0)
                        memcpy(ret_first, id.data, PUSH_ID_SIZE);
        }
        MITOME_TRY(cbor_next_key(&r, &map, &key, &more));
        MITOME_TRY(cbor_end(&r, "answer"));
        *ret_count = count;
        return ok();
}

static enum push_outcome send_to(struct push_queue *queue, const char *token, uint8_t id)
{
        const struct push push = push_queue(queue);
        struct push_message message = { .kind = PUSH_WAKE };
        memset(message.id, id, sizeof message.id);
        enum push_outcome outcome = PUSH_REFUSED;
        int64_t retry_after = -1;
        must(push.send(push.context, slice_text(token), &message, &outcome, &retry_after, NULL));
        assert_int_equal(retry_after, 0);
        return outcome;
}

static void a_message_waits_in_the_box_until_it_was_seen(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        char token[PUSH_BOX_TOKEN_SIZE + 1];
        uint8_t first[PUSH_ID_SIZE] = { 0 };
        size_t count = 9;
        register_box(&queue, token);
        must(poll_box(&queue, token, NULL, 0, &count, first));
        assert_int_equal(count, 0);
        assert_int_equal(send_to(&queue, token, 1), PUSH_ACCEPTED);
        assert_int_equal(send_to(&queue, token, 1), PUSH_ACCEPTED); /* twice is once */
        must(poll_box(&queue, token, NULL, 0, &count, first));
        assert_int_equal(count, 1);
        must(poll_box(&queue, token, NULL, 0, &count, first)); /* the answer was lost: it is still there */
        assert_int_equal(count, 1);
        must(poll_box(&queue, token, first, 1, &count, first));
        assert_int_equal(count, 0);
        must(poll_box(&queue, token, first, 1, &count, first)); /* seen twice harms nobody */
        assert_int_equal(count, 0);
}

static void a_token_without_a_box_is_gone(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        size_t count = 0;
        uint8_t first[PUSH_ID_SIZE];
        assert_int_equal(send_to(&queue, "nobodys", 1), PUSH_TOKEN_GONE);
        assert_int_equal(poll_box(&queue, "nobodys", NULL, 0, &count, first).code, MITOME_E_PUSH_BOX_UNKNOWN);
}

static void a_full_box_asks_to_come_later(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        char token[PUSH_BOX_TOKEN_SIZE + 1];
        uint8_t first[PUSH_ID_SIZE];
        size_t count = 0;
        register_box(&queue, token);
        for (unsigned i = 0; i < PUSH_BOX_ITEMS; i++)
                assert_int_equal(send_to(&queue, token, (uint8_t)i), PUSH_ACCEPTED);
        assert_int_equal(send_to(&queue, token, 99), PUSH_LATER);
        must(poll_box(&queue, token, NULL, 0, &count, first));
        assert_int_equal(count, PUSH_BOX_ITEMS);
}

static void attack_emptying_the_box_of_another_app(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        char mine[PUSH_BOX_TOKEN_SIZE + 1], theirs[PUSH_BOX_TOKEN_SIZE + 1];
        uint8_t first[PUSH_ID_SIZE], id[PUSH_ID_SIZE];
        size_t count = 0;
        memset(id, 5, sizeof id);
        register_box(&queue, mine);
        register_box(&queue, theirs);
        assert_string_not_equal(mine, theirs);
        assert_int_equal(send_to(&queue, theirs, 5), PUSH_ACCEPTED);
        must(poll_box(&queue, mine, id, 1, &count, first)); /* "I have seen" what is not mine */
        assert_int_equal(count, 0);
        must(poll_box(&queue, theirs, NULL, 0, &count, first));
        assert_int_equal(count, 1);
}

static void attack_filling_the_store_with_boxes(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        queue.boxes_most = 3;
        char kept[PUSH_BOX_TOKEN_SIZE + 1], token[PUSH_BOX_TOKEN_SIZE + 1];
        uint8_t first[PUSH_ID_SIZE], buffer[128];
        size_t count = 0;
        static const uint8_t empty[] = { 0xa0 };
        writer answer = WRITER(buffer);
        register_box(&queue, kept);
        must(poll_box(&queue, kept, NULL, 0, &count, first));
        register_box(&queue, token);
        register_box(&queue, token);
        assert_int_equal(push_queue_register(&queue, SLICE(empty), &answer, NULL).code, MITOME_E_FULL);
        rig->now = NOW + DAY + 1; /* boxes that nobody ever asked for go, the one in use stays */
        register_box(&queue, token);
        must(poll_box(&queue, kept, NULL, 0, &count, first));
        rig->now += 269 * DAY;
        must(push_queue_sweep(&queue, NULL));
        must(poll_box(&queue, kept, NULL, 0, &count, first));
        rig->now += 271 * DAY;
        must(push_queue_sweep(&queue, NULL));
        assert_int_equal(poll_box(&queue, kept, NULL, 0, &count, first).code, MITOME_E_PUSH_BOX_UNKNOWN);
}

static void words_that_are_none_are_refused(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        uint8_t buffer[128];
        static const struct {
                const char *bytes;
                size_t size;
                mitome_code code;
        } polls[] = {
                { "", 0, MITOME_E_INPUT_ENDS },
                { "\xa0", 1, MITOME_E_MISSING },
                { "\xa1\x02\x80", 3, MITOME_E_MISSING },
                { "\xa1\x01\x41x", 4, MITOME_E_CBOR_TYPE },
                { "\xa1\x01\x61x\x00", 5, MITOME_E_TRAILING_BYTES },
                { "\xa1\x03\x61x", 4, MITOME_E_VALUE },
                { "\xa1\x61z\x61x", 5, MITOME_E_VALUE },
                { "\xa2\x01\x61x\x02\x81\x41x", 8, MITOME_E_VALUE },
        };
        for (size_t i = 0; i < sizeof polls / sizeof polls[0]; i++) {
                writer answer = WRITER(buffer);
                assert_int_equal(
                        push_queue_poll(&queue, slice_of(polls[i].bytes, polls[i].size), &answer, NULL).code,
                        polls[i].code);
        }
        uint8_t longer[PUSH_POLL_MAX + 1] = { 0xa0 };
        writer answer = WRITER(buffer);
        assert_int_equal(push_queue_poll(&queue, SLICE(longer), &answer, NULL).code, MITOME_E_TOO_LONG);
        assert_int_equal(push_queue_register(&queue, slice_text("\xa1\x01\x01"), &answer, NULL).code,
                MITOME_E_TOO_MANY);
        queue.random.fill = no_bytes;
        assert_int_equal(
                push_queue_register(&queue, slice_text("\xa0"), &answer, NULL).code, MITOME_E_NO_RANDOMNESS);
}

/* From the order to the app, through registry and box, as the TSM runs it. */
static void a_wake_reaches_the_app_through_the_box(void **state)
{
        struct rig *rig = *state;
        struct push_queue queue = queue_of(rig);
        char token[PUSH_BOX_TOKEN_SIZE + 1];
        uint8_t first[PUSH_ID_SIZE];
        size_t count = 0;
        register_box(&queue, token);
        give_token(rig, old_phone, token);
        wake(rig, old_phone);
        rig->push = push_queue(&queue);
        assert_int_equal(round_of(rig), 1);
        assert_int_equal(look(rig, old_phone).plan.phase, PUSH_PHASE_ASKED);
        must(poll_box(&queue, token, NULL, 0, &count, first));
        assert_int_equal(count, 1);
        must(poll_box(&queue, token, first, 1, &count, first));
        rig->now += DAY; /* seen is not done: it is asked again */
        assert_int_equal(round_of(rig), 1);
        must(poll_box(&queue, token, NULL, 0, &count, first));
        assert_int_equal(count, 1);
        must(push_registry_end(rig->store, old_phone, NULL));
        assert_int_equal(round_of(rig), 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(accepted_is_asked_and_never_done),
                cmocka_unit_test(later_backs_off_to_an_hour),
                cmocka_unit_test(a_service_that_asks_to_wait_is_waited_for_but_a_day_at_most),
                cmocka_unit_test(a_failure_after_acceptance_stays_asked),
                cmocka_unit_test(chance_lengthens_by_a_quarter_at_most),
                cmocka_unit_test(a_clock_that_was_set_back_does_not_silence_it),
                WITH(a_wake_that_waits_is_due_when_its_phone_names_a_token),
                WITH(attack_taking_a_token_away_by_registering_it_for_another_phone),
                WITH(the_old_phones_token_stays_when_the_new_phone_names_its_own),
                WITH(what_is_no_token_and_no_identity_is_refused),
                WITH(asked_is_not_confirmed_and_goes_on_until_it_is_ended),
                WITH(a_second_wake_is_the_first_one_hastened),
                WITH(a_dead_token_waits_for_the_next_one),
                WITH(what_came_of_a_replaced_token_is_not_laid_to_the_new_one),
                WITH(a_wake_that_ends_while_it_is_sent_stays_ended),
                WITH(a_round_is_bounded_and_takes_the_oldest_first),
                cmocka_unit_test(killed_between_sending_and_noting_sends_the_same_id_again),
                cmocka_unit_test(cut_at_every_write_no_wake_is_lost_and_none_is_called_asked),
                WITH(a_failure_of_ours_leaves_the_wake_as_it_was),
                WITH(a_message_waits_in_the_box_until_it_was_seen),
                WITH(a_token_without_a_box_is_gone),
                WITH(a_full_box_asks_to_come_later),
                WITH(attack_emptying_the_box_of_another_app),
                WITH(attack_filling_the_store_with_boxes),
                WITH(words_that_are_none_are_refused),
                WITH(a_wake_reaches_the_app_through_the_box),
        };
        sql_cut_begin();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
