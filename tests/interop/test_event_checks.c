/* SPDX-License-Identifier: Apache-2.0 */

/* What phone_events looks for is found where it is: worlds that are wrong, each in one way, and the check
 * that has to see it. And a table of events that is none is not read. */

#include "play_judge.h"

#include "random_system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_ok(expression)                                                                           \
        do {                                                                                            \
                mitome_status status_ = (expression);                                                   \
                if (failed(status_))                                                                    \
                        fail_msg(#expression ": E%d %s", status_.code, error.field ? error.field : ""); \
        } while (0)

static int begin_with(void **state, int setting)
{
        const struct mitome_random random = random_system();
        struct play *play = calloc(1, sizeof *play);
        mitome_error error = { 0 };
        assert_non_null(play);
        assert_ok(play_begin(play, &random, setting, &error));
        *state = play;
        return 0;
}

static int begin(void **state)
{
        return begin_with(state, REGISTER_REISSUE);
}

static int begin_with_release(void **state)
{
        return begin_with(state, REGISTER_RELEASE);
}

static int end(void **state)
{
        struct play *play = *state;
        world_close(&play->world);
        free(play);
        return 0;
}

static void step(struct play *play, enum event_step what)
{
        mitome_error error = { 0 };
        assert_ok(play_step(play, what, &error));
}

static void change(struct play *play, enum world_party who, const char *sql)
{
        mitome_error error = { 0 };
        int64_t changed = 0;
        assert_ok(sql_do(party_store(play->world.parties[who]), sql, NULL, 0, &changed, &error));
        if (strncmp(sql, "UPDATE", 6) == 0)
                assert_true(changed > 0);
}

/* All that the table can forbid is forbidden. */
static struct event_outcome judge(struct play *play)
{
        struct phone_event event = { .forbidden_count = EVENT_FORBIDDEN };
        struct event_outcome outcome = { 0 };
        mitome_error error = { 0 };
        for (unsigned i = 0; i < EVENT_FORBIDDEN; i++)
                event.forbidden[i] = (enum event_forbidden)i;
        assert_ok(play_judge(play, &event, &outcome, &error));
        return outcome;
}

/* ---- a world in which nothing is wrong ---- */

static void where_nothing_happened_nothing_is_found(void **state)
{
        const struct event_outcome outcome = judge(*state);
        assert_int_equal(outcome.user_verification, EVENT_UNCHANGED);
        assert_int_equal(outcome.signing, EVENT_UNCHANGED);
        assert_int_equal(outcome.element, EVENT_ELEMENT_UNCHANGED);
        assert_false(outcome.broken[EVENT_TWO_LIVE]);
        assert_false(outcome.broken[EVENT_ANY_CHANGE]);
        assert_false(outcome.broken[EVENT_CLAIM_OF_ERASURE]);
        /* and these are found, since nobody did anything about them */
        assert_true(outcome.broken[EVENT_LOGIN_BY_OLD]);
        assert_true(outcome.broken[EVENT_KEY_LEFT]);
        assert_true(outcome.broken[EVENT_UNSUPPORTED_PHONE]);
        assert_true(outcome.broken[EVENT_LOGIN_WHILE_HELD]);
}

/* ---- worlds that are wrong ---- */

/* An authority whose store forgot that a person has one certificate of a kind. */
static void two_phones_that_log_in_are_two_live_certificates(void **state)
{
        struct play *play = *state;
        step(play, EVENT_PHONE_IS_SILENT);
        step(play, EVENT_APPLY_ON_NEW_PHONE);
        struct event_outcome outcome = judge(play);
        assert_int_equal(outcome.user_verification, EVENT_REPLACED);
        assert_false(outcome.broken[EVENT_TWO_LIVE]);
        assert_false(outcome.broken[EVENT_LOGIN_BY_OLD]);
        change(play, WORLD_AUTHORITY, "DROP INDEX certificate_live");
        for (unsigned kind = 1; kind <= REGISTER_KINDS; kind++) {
                change(play, WORLD_AUTHORITY,
                        kind == REGISTER_SIGNING
                                ? "UPDATE certificate SET status = 0, reason = NULL, at = NULL WHERE place = 2 "
                                  "AND status = 2 AND kind = 1"
                                : "UPDATE certificate SET status = 0, reason = NULL, at = NULL WHERE place = 2 "
                                  "AND status = 2 AND kind = 2");
                outcome = judge(play);
                assert_true(outcome.broken[EVENT_TWO_LIVE]);
                assert_true(outcome.broken[EVENT_LOGIN_BY_OLD]);
                assert_int_equal(outcome.signing, EVENT_CERTIFICATES);
        }
        assert_int_equal(outcome.user_verification, EVENT_CERTIFICATES);
}

/* All is as it was, but for what the parties wrote down. */
static void what_was_done_and_undone_is_a_change(void **state)
{
        struct play *play = *state;
        step(play, EVENT_HOLD_BY_TELEPHONE);
        step(play, EVENT_RELEASE_BY_TELEPHONE);
        const struct event_outcome outcome = judge(play);
        assert_int_equal(outcome.user_verification, EVENT_UNCHANGED);
        assert_int_equal(outcome.signing, EVENT_UNCHANGED);
        assert_int_equal(outcome.element, EVENT_ELEMENT_UNCHANGED);
        assert_true(outcome.broken[EVENT_ANY_CHANGE]);
}

static void an_order_that_appears_is_a_change(void **state)
{
        struct play *play = *state;
        change(play, WORLD_SP_TSM, "UPDATE order_ SET state = 5");
        assert_true(judge(play).broken[EVENT_ANY_CHANGE]);
}

static void an_applet_that_is_thought_to_be_gone_is_a_change(void **state)
{
        struct play *play = *state;
        change(play, WORLD_SEI_TSM, "UPDATE element SET state = state + 1");
        assert_true(judge(play).broken[EVENT_ANY_CHANGE]);
}

/* A TSM that calls an erasure done because it was asked for. */
static void a_done_without_a_receipt_is_a_claim(void **state)
{
        struct play *play = *state;
        step(play, EVENT_PHONE_IS_SILENT);
        step(play, EVENT_REVOKE_BY_CARD);
        struct event_outcome outcome = judge(play);
        assert_int_equal(outcome.element, EVENT_ASKED);
        assert_false(outcome.broken[EVENT_CLAIM_OF_ERASURE]);
        change(play, WORLD_SP_TSM, "UPDATE order_ SET state = 4 WHERE purpose >= 5");
        outcome = judge(play);
        assert_true(outcome.broken[EVENT_CLAIM_OF_ERASURE]);
        assert_true(outcome.broken[EVENT_KEY_LEFT]);
}

/* An authority that says it has a receipt of a phone whose keys are there. */
static void a_receipt_for_what_is_still_there_is_a_claim(void **state)
{
        struct play *play = *state;
        change(play, WORLD_AUTHORITY, "INSERT INTO receipt VALUES ('MIHON-0001', 1, zeroblob(32), 0)");
        assert_true(judge(play).broken[EVENT_CLAIM_OF_ERASURE]);
}

/* An authority that says yes to the call centre and forgets it. */
static void a_hold_that_is_forgotten_lets_somebody_log_in(void **state)
{
        struct play *play = *state;
        change(play, WORLD_AUTHORITY,
                "CREATE TRIGGER forget AFTER UPDATE OF status ON certificate WHEN new.status = 1 BEGIN UPDATE "
                "certificate SET status = 0, reason = NULL, at = NULL WHERE number = new.number; END");
        step(play, EVENT_HOLD_BY_TELEPHONE);
        assert_true(judge(play).broken[EVENT_LOGIN_WHILE_HELD]);
}

static void a_hold_that_holds_lets_nobody_log_in(void **state)
{
        struct play *play = *state;
        step(play, EVENT_HOLD_BY_TELEPHONE);
        const struct event_outcome outcome = judge(play);
        assert_false(outcome.broken[EVENT_LOGIN_WHILE_HELD]);
        assert_false(outcome.broken[EVENT_LOGIN_BY_OLD]);
        assert_int_equal(outcome.user_verification, EVENT_CERTIFICATES); /* no row ends so */
}

static enum phone_way_fate lose(void *context, const char *kind, unsigned number)
{
        (void)context;
        (void)kind;
        (void)number;
        return PHONE_WAY_DROP;
}

/* The keys are gone, and who deletes applets cannot be reached. */
static void an_applet_that_is_left_is_not_erased(void **state)
{
        struct play *play = *state;
        mitome_error error = { 0 };
        const struct phone_way_local way = play->old->sei_tsm;
        play->old->sei_tsm.fate = lose;
        (void)failed(play_step(play, EVENT_REVOKE_HERE, &error));
        (void)failed(play_step(play, EVENT_OLD_PHONE_ONLINE, &error));
        play->old->sei_tsm.fate = way.fate;
        struct event_outcome outcome = judge(play);
        assert_int_equal(outcome.user_verification, EVENT_REVOKED);
        assert_int_equal(outcome.element, EVENT_ELEMENTS);
        assert_false(outcome.broken[EVENT_KEY_LEFT]);
        step(play, EVENT_OLD_PHONE_ONLINE); /* and then he can */
        assert_int_equal(judge(play).element, EVENT_ERASED);
}

/* Somebody was let in after all. */
static void a_certificate_in_a_refused_phone_is_found(void **state)
{
        struct play *play = *state;
        step(play, EVENT_APPLY_ON_NEW_PHONE);
        play->refused = true;
        assert_true(judge(play).broken[EVENT_UNSUPPORTED_PHONE]);
}

static void a_row_that_comes_out_otherwise_is_not_right(void **state)
{
        const struct event_outcome right = { EVENT_REPLACED, EVENT_REPLACED, EVENT_ERASED, { false } };
        struct phone_event event = { .play_count = 1,
                .plays = { { .settings = { true, true },
                        .user_verification = EVENT_REPLACED,
                        .signing = EVENT_REPLACED,
                        .element = EVENT_ERASED } },
                .forbidden_count = 1,
                .forbidden = { EVENT_KEY_LEFT } };
        struct event_outcome wrong[] = { right, right, right, right };
        const char *word;
        (void)state;
        wrong[0].user_verification = EVENT_REVOKED;
        wrong[1].signing = EVENT_REVOKED;
        wrong[2].element = EVENT_ASKED;
        wrong[3].broken[EVENT_KEY_LEFT] = true;
        assert_true(event_is_right(&event, EVENT_ENDS_BY_REISSUE, &right, &word));
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                assert_false(event_is_right(&event, EVENT_ENDS_BY_RELEASE, &wrong[i], &word));
}

/* ---- what stands behind the checks ---- */

static void a_portal_lets_in_who_has_the_pin_and_nobody_else(void **state)
{
        struct play *play = *state;
        struct visit visit;
        mitome_error error = { 0 };
        assert_ok(relying_party_visit(&play->world, play->old, "0000", (slice){ 0 }, &visit, &error));
        assert_false(visit.answered);
        assert_int_not_equal(visit.answer, MITOME_OK);
        assert_ok(relying_party_visit(&play->world, play->old, WORLD_PIN, (slice){ 0 }, &visit, &error));
        assert_int_equal(visit.answer, MITOME_OK);
        play->world.now += 2 * 86400; /* its list is of the day before yesterday */
        assert_ok(relying_party_visit(&play->world, play->old, WORLD_PIN, play->list, &visit, &error));
        assert_true(visit.answered);
        assert_int_equal(visit.answer, MITOME_E_CRL_STALE);
}

static void the_responder_knows_whom_it_never_certified(void **state)
{
        static const uint8_t nobody[10] = { 1, 2, 3 };
        struct play *play = *state;
        enum ca_state known = CA_GOOD;
        mitome_error error = { 0 };
        assert_ok(relying_party_ask(&play->world, REGISTER_SIGNING, SLICE(nobody), &known, &error));
        assert_int_equal(known, CA_UNKNOWN);
        assert_ok(relying_party_ask(&play->world, REGISTER_SIGNING,
                play_serial(play, REGISTER_USER_VERIFICATION), &known, &error));
        assert_int_equal(known, CA_UNKNOWN); /* another CA's number */
}

/* ---- the table ---- */

static mitome_code read_text(const char *text)
{
        static struct event_table table;
        char path[] = "/tmp/mitome-events-XXXXXX";
        int file = mkstemp(path);
        assert_true(file >= 0);
        assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
        assert_int_equal(close(file), 0);
        mitome_code code = event_table_read(path, &table, NULL).code;
        assert_int_equal(unlink(path), 0);
        return code;
}

#define PLAY(settings, steps, must) \
        "{\"hold-ends-by\": " settings ", \"steps\": " steps ", \"must\": " must "}"
#define EVENT(plays, must_not)                                                                               \
        "{\"about\": \"\", \"events\": [{\"event\": \"e\", \"ja\": \"j\", \"en\": \"e\", \"plays\": [" plays \
        "], \"must_not\": " must_not "}]}"
#define BOTH "[\"re-issue\", \"release\"]"
#define SIM "[\"change-sim\"]"
#define MUST "{\"user-verification\": \"unchanged\", \"signing\": \"unchanged\", \"element\": \"unchanged\"}"
#define NOT "[\"any-change\"]"

static void a_table_that_is_none_is_not_read(void **state)
{
        static const struct {
                const char *text;
                mitome_code code;
        } cases[] = {
                { EVENT(PLAY(BOTH, SIM, MUST), NOT), MITOME_OK },
                { EVENT(PLAY("[\"re-issue\"]", SIM, MUST) ", " PLAY("[\"release\"]", SIM, MUST), NOT),
                        MITOME_OK },
                { EVENT(PLAY("[\"re-issue\"]", SIM, MUST), NOT), MITOME_E_MISSING },
                { EVENT(PLAY(BOTH, SIM, MUST) ", " PLAY("[\"release\"]", SIM, MUST), NOT), MITOME_E_VALUE },
                { EVENT(PLAY("[\"re-issue\", \"re-issue\"]", SIM, MUST), NOT), MITOME_E_VALUE },
                { EVENT(PLAY(BOTH, "[]", MUST), NOT), MITOME_E_MISSING },
                { EVENT(PLAY(BOTH, "[\"sing\"]", MUST), NOT), MITOME_E_VALUE },
                { EVENT(PLAY(BOTH, SIM, "{}"), NOT), MITOME_E_MISSING },
                { EVENT(PLAY(BOTH, SIM, MUST), "[]"), MITOME_E_MISSING },
                { EVENT("", NOT), MITOME_E_MISSING },
                { "{\"events\": []}", MITOME_E_MISSING },
                { "{\"events\": [", MITOME_E_JSON_SYNTAX },
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                if (read_text(cases[i].text) != cases[i].code)
                        fail_msg("%zu: E%d: %s", i, (int)read_text(cases[i].text), cases[i].text);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)
        const struct CMUnitTest tests[] = {
                IN_A_WORLD(where_nothing_happened_nothing_is_found),
                IN_A_WORLD(two_phones_that_log_in_are_two_live_certificates),
                cmocka_unit_test_setup_teardown(
                        what_was_done_and_undone_is_a_change, begin_with_release, end),
                IN_A_WORLD(an_order_that_appears_is_a_change),
                IN_A_WORLD(an_applet_that_is_thought_to_be_gone_is_a_change),
                IN_A_WORLD(a_done_without_a_receipt_is_a_claim),
                IN_A_WORLD(a_receipt_for_what_is_still_there_is_a_claim),
                IN_A_WORLD(a_hold_that_is_forgotten_lets_somebody_log_in),
                IN_A_WORLD(a_hold_that_holds_lets_nobody_log_in),
                IN_A_WORLD(an_applet_that_is_left_is_not_erased),
                IN_A_WORLD(a_certificate_in_a_refused_phone_is_found),
                cmocka_unit_test(a_row_that_comes_out_otherwise_is_not_right),
                IN_A_WORLD(a_portal_lets_in_who_has_the_pin_and_nobody_else),
                IN_A_WORLD(the_responder_knows_whom_it_never_certified),
                cmocka_unit_test(a_table_that_is_none_is_not_read),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
