/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include "ctap_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What the probes of the gate and of guessing say where the sound authenticator is made to look unsound, or
 * an unsound one sound: somebody stands before it who changes its answers, spares its power, or has had
 * enough. */

enum way {
        HONEST,
        /* finger */
        DEAD_SENSOR,   /* no finger is ever recognised */
        NOBODY_LAYS,   /* strangers are answered as if nobody had been there */
        MISS_IS_QUIET, /* a finger that is not taken is answered so */
        PIN_NOT_TAKEN, /* the element refuses VERIFY */
        /* PIN */
        WRONG_IS_QUIET,     /* a wrong PIN is answered as if nobody had been there */
        LOCK_IS_QUIET,      /* .. the lock, as an unknown error */
        LOCK_ENDS,          /* with the power */
        PAUSES_IN_WORDS,    /* after a wrong one it says that it takes none before a power cycle, and does */
        COUNTER_LIES,       /* it says that it has two tries more */
        CHOICE_IS_QUIET,    /* a new PIN is answered with an unknown error */
        FIRST_CHOICE_QUIET, /* .. the first one */
        NEVER_CUT,          /* its storage is not where the power is cut */
        FEW_TRIES,          /* it has two, it says */
};

enum { PIN_RETRIES = 1, CHANGE_PIN = 4, UV_TOKEN = 6, PIN_TOKEN = 9 };

static struct between {
        struct target real;
        enum way way;
        enum target_finger whose;
        unsigned changes, wrong; /* of the PIN: changes that were asked for, and what was refused */
        unsigned left;           /* of a person's three tries */
        bool locked;
} between;

static struct probe_rig rig;

/* ---- who stands before it ---- */

static void change_finger(uint8_t *response, size_t *ret_size)
{
        const bool missed = response[0] == CTAP2_ERR_UV_INVALID;
        if (between.way == DEAD_SENSOR && response[0] == CTAP2_OK)
                probe_rig_say(response, ret_size, CTAP2_ERR_UV_INVALID);
        if (between.way == NOBODY_LAYS && between.whose == TARGET_FINGER_STRANGER)
                probe_rig_say(response, ret_size, CTAP2_ERR_USER_ACTION_TIMEOUT);
        if (between.way == MISS_IS_QUIET && missed)
                probe_rig_say(response, ret_size, CTAP2_ERR_USER_ACTION_TIMEOUT);
}

static void change_pin(uint8_t *response, size_t *ret_size)
{
        const uint8_t status = response[0];
        between.wrong += status != CTAP2_OK;
        between.left = status == CTAP2_OK ? 3 : between.left - 1;
        between.locked = between.locked || status == CTAP2_ERR_PIN_BLOCKED;
        if (between.way == WRONG_IS_QUIET && status == CTAP2_ERR_PIN_INVALID)
                probe_rig_say(response, ret_size, CTAP2_ERR_USER_ACTION_TIMEOUT);
        if (between.way == LOCK_IS_QUIET && status == CTAP2_ERR_PIN_BLOCKED)
                probe_rig_say(response, ret_size, CTAP1_ERR_OTHER);
        if (between.way == PAUSES_IN_WORDS && status == CTAP2_ERR_PIN_INVALID)
                probe_rig_say(response, ret_size, CTAP2_ERR_PIN_AUTH_BLOCKED);
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        const unsigned asked = probe_rig_pin_subcommand(request);
        const bool choice = asked == CHANGE_PIN;
        between.changes += choice;
        if ((between.way == CHOICE_IS_QUIET && choice) ||
                (between.way == FIRST_CHOICE_QUIET && choice && between.changes == 1)) {
                probe_rig_say(response, ret_size, CTAP1_ERR_OTHER);
                return TARGET_ANSWERED;
        }
        const enum target_trouble trouble =
                between.real.exchange(context, request, limit_ms, response, capacity, ret_size);
        if (trouble != TARGET_ANSWERED)
                return trouble;
        if (asked == UV_TOKEN)
                change_finger(response, ret_size);
        if (asked == PIN_TOKEN)
                change_pin(response, ret_size);
        if (asked == PIN_RETRIES && between.way == COUNTER_LIES && *ret_size > 3)
                response[3] += 2; /* 00 A? 03 nn */
        if (asked == PIN_RETRIES && between.way == FEW_TRIES && *ret_size > 3)
                response[3] = 2;
        return trouble;
}

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        const enum target_trouble trouble = between.real.apdu(context, command, response, capacity, ret_size);
        if (between.way == PIN_NOT_TAKEN && command.size > 1 && command.data[1] == 0x20 &&
                command.data[0] == 0x00) {
                response[0] = 0x69;
                response[1] = 0x84;
                *ret_size = 2;
        }
        return trouble;
}

static void finger(void *context, enum target_finger whose)
{
        between.whose = whose;
        between.real.finger(context, whose);
}

static bool power_cycle(void *context)
{
        if (between.way != LOCK_ENDS || !between.locked)
                return between.real.power_cycle(context);
        between.locked = false;
        return between.real.restart(context);
}

static void cut(void *context, unsigned write, unsigned torn)
{
        if (between.way != NEVER_CUT)
                between.real.cut(context, write, torn);
}

static void come_between(enum way way)
{
        assert_true(between.real.restart(between.real.context));
        between.way = way;
        between.whose = TARGET_FINGER_HOLDER;
        between.changes = between.wrong = 0;
        between.left = 3;
        between.locked = false;
        rig.target = between.real;
        rig.target.exchange = exchange;
        rig.target.apdu = apdu;
        rig.target.finger = finger;
        rig.target.power_cycle = power_cycle;
        rig.target.cut = cut;
}

/* ---- guessing ---- */

static void only_what_was_tried_holds(void **state)
{
        (void)state;
        come_between(HONEST);
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_HOLDS);
        assert_false(probe_rig_partial(&rig, LEVEL_PIN_TRIES_HOLD));
        assert_false(probe_rig_partial(&rig, LEVEL_PIN_TRIES));
        assert_false(probe_rig_partial(&rig, LEVEL_PIN_LENGTH_LEAST));
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_DIGITS_ONLY)); /* some letters are not all */
        come_between(NEVER_CUT);
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES_HOLD));
        come_between(COUNTER_LIES);
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_TRIES), 3);
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES_HOLD));
}

static void a_quiet_answer_is_no_guess(void **state)
{
        (void)state;
        come_between(WRONG_IS_QUIET);
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_null(probe_run_found(rig.run, LEVEL_PIN_TRIES));
        assert_null(probe_run_found(rig.run, LEVEL_PIN_TRIES_HOLD));
        come_between(LOCK_IS_QUIET);
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES));
}

static void a_lock_that_ends_is_none(void **state)
{
        static const enum way ways[] = { LOCK_ENDS, PAUSES_IN_WORDS };
        (void)state;
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                come_between(ways[i]);
                rig.target.abilities &= ~(unsigned)TARGET_MEDIUM;
                probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_BROKEN);
                assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_TRIES), 0);
        }
}

static void only_the_policy_refuses_a_pin(void **state)
{
        (void)state;
        come_between(CHOICE_IS_QUIET);
        rig.target.abilities &= ~(unsigned)TARGET_MEDIUM;
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_null(probe_run_found(rig.run, LEVEL_PIN_LENGTH_LEAST));
        assert_null(probe_run_found(rig.run, LEVEL_PIN_DIGITS_ONLY));
        assert_null(probe_run_found(rig.run, LEVEL_PIN_BLOCKLIST));
        come_between(FIRST_CHOICE_QUIET);
        rig.target.abilities &= ~(unsigned)TARGET_MEDIUM;
        probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
        assert_int_equal(probe_rig_count(&rig, LEVEL_PIN_LENGTH_LEAST), 4);
        assert_true(probe_rig_partial(&rig, LEVEL_PIN_LENGTH_LEAST));
}

/* Somebody's own key, of which nobody said that it may be locked. */
static void two_tries_are_not_spent_to_look(void **state)
{
        static const struct {
                enum way way;
                unsigned wrong;
        } rows[] = { { HONEST, 2 }, { FEW_TRIES, 0 } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                come_between(rows[i].way);
                rig.target.restart = NULL;
                rig.target.abilities &= ~(unsigned)TARGET_MEDIUM;
                probe_rig_expect(&rig, probe_rig_find("P07"), PROBE_PARTLY);
                assert_int_equal(between.wrong, rows[i].wrong);
                assert_int_equal(between.changes, 0);
                assert_int_equal(probe_rig_told(&rig, LEVEL_PIN_TRIES), rows[i].wrong > 0);
                if (rows[i].wrong)
                        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES));
                else
                        assert_non_null(strstr(probe_run_why(rig.run), "No wrong PIN was given"));
        }
}

/* ---- whoever has had enough ---- */

static bool has_patience(void *context, const struct probe *probe, uint64_t done, uint64_t of)
{
        unsigned *left = context;
        (void)probe;
        (void)done;
        (void)of;
        return *left > 0 && (*left)--;
}

static void try_for(const char *id, unsigned patience)
{
        const struct probe_run_config config = { .progress = has_patience, .context = &patience };
        probe_run_free(rig.run);
        rig.run = NULL;
        assert_false(failed(probe_run_attempt(probe_rig_find(id), &rig.target, &config, &rig.run, NULL)));
        if (probe_run_result(rig.run) != PROBE_PARTLY)
                fail_msg("%s, ended early: %s (%s)", id, probe_result_name(probe_run_result(rig.run)),
                        probe_run_why(rig.run));
}

/* Wherever it is broken off: nothing holds, and nobody is blamed. */
static void an_early_end_is_no_end(void **state)
{
        static const unsigned patience[] = { 0, 1, 8, 12, 18, 20, 21 };
        (void)state;
        for (size_t i = 0; i < sizeof patience / sizeof *patience; i++) {
                come_between(HONEST);
                try_for("P07", patience[i]);
                if (probe_run_found(rig.run, LEVEL_PIN_TRIES_HOLD))
                        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES_HOLD));
                if (probe_run_found(rig.run, LEVEL_PIN_TRIES))
                        assert_true(probe_rig_partial(&rig, LEVEL_PIN_TRIES));
        }
}

static bool is_stopped(void *context)
{
        unsigned *left = context;
        return *left == 0 || !(*left)--;
}

/* Somebody's own key has all its tries again, and the PIN that it had, wherever the probe was broken off. */
static void who_breaks_it_off_gets_his_tries_back(void **state)
{
        unsigned wrong = 0;
        (void)state;
        for (unsigned patience = 3; patience < 16; patience++) {
                unsigned left = patience;
                const struct probe_run_config config = { .stopped = is_stopped, .context = &left };
                come_between(HONEST);
                rig.target.restart = NULL;
                rig.target.abilities &= ~(unsigned)TARGET_MEDIUM;
                probe_run_free(rig.run);
                rig.run = NULL;
                assert_false(failed(
                        probe_run_attempt(probe_rig_find("P07"), &rig.target, &config, &rig.run, NULL)));
                assert_int_equal(probe_run_result(rig.run), PROBE_PARTLY);
                wrong += between.wrong;
                assert_int_equal(between.left, 3);
        }
        assert_true(wrong > 0); /* some were broken off behind a wrong one */
}

/* ---- fingers ---- */

static void skip_without_finger(void)
{
        if (!(between.real.abilities & TARGET_FINGER))
                skip();
}

static void a_dead_sensor_refuses_nobody(void **state)
{
        static const char *const ids[] = { "P02", "P06" };
        (void)state;
        skip_without_finger();
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
                come_between(DEAD_SENSOR);
                probe_rig_expect(&rig, probe_rig_find(ids[i]), PROBE_NOT_TESTABLE);
                assert_null(probe_run_found(rig.run, LEVEL_UV_TRIES));
                assert_null(probe_run_found(rig.run, LEVEL_UV_INJECTION_REFUSED));
        }
}

static void where_no_stranger_lay_none_was_refused(void **state)
{
        (void)state;
        skip_without_finger();
        come_between(NOBODY_LAYS);
        probe_rig_expect(&rig, probe_rig_find("P06"), PROBE_PARTLY);
        assert_null(probe_run_found(rig.run, LEVEL_UV_TRIES));
        assert_null(probe_run_found(rig.run, LEVEL_UV_TRIES_HOLD));
        come_between(HONEST);
        try_for("P06", 2);
        assert_null(probe_run_found(rig.run, LEVEL_UV_TRIES));
        assert_null(probe_run_found(rig.run, LEVEL_UV_TRIES_HOLD));
}

static void evidence_that_nobody_refused_was_not_tried(void **state)
{
        (void)state;
        skip_without_finger();
        come_between(MISS_IS_QUIET);
        probe_rig_expect(&rig, probe_rig_find("P02"), PROBE_PARTLY);
        assert_null(probe_run_found(rig.run, LEVEL_UV_INJECTION_REFUSED));
        come_between(MISS_IS_QUIET);
        probe_rig_expect(&rig, probe_rig_find("P01"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_OP_EVIDENCE_ONCE));
        come_between(HONEST);
        try_for("P02", 3);
        assert_true(probe_rig_partial(&rig, LEVEL_UV_INJECTION_REFUSED));
}

static void a_pin_that_is_not_taken_opens_nothing(void **state)
{
        (void)state;
        skip_without_finger();
        come_between(PIN_NOT_TAKEN);
        probe_rig_expect(&rig, probe_rig_find("P03"), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_SIGN_FINGER_REFUSED));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_was_tried_holds),
                cmocka_unit_test(a_quiet_answer_is_no_guess),
                cmocka_unit_test(a_lock_that_ends_is_none),
                cmocka_unit_test(only_the_policy_refuses_a_pin),
                cmocka_unit_test(two_tries_are_not_spent_to_look),
                cmocka_unit_test(an_early_end_is_no_end),
                cmocka_unit_test(who_breaks_it_off_gets_his_tries_back),
                cmocka_unit_test(a_dead_sensor_refuses_nobody),
                cmocka_unit_test(where_no_stranger_lay_none_was_refused),
                cmocka_unit_test(evidence_that_nobody_refused_was_not_tried),
                cmocka_unit_test(a_pin_that_is_not_taken_opens_nothing),
        };
        probe_rig_open(&rig, 0);
        between.real = rig.target;
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        rig.target = between.real;
        probe_rig_close(&rig);
        return failures;
}
