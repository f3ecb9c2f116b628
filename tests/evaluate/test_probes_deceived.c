/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include "ctap_status.h"
#include "pin_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* What P22, P23 and P24 say where the sound authenticator is made to look unsound, or an unsound one sound:
 * somebody stands before it who changes its answers, moves no clock, or finds nothing. */

enum way {
        HONEST,
        COUNTERS_LIE,     /* what it says of its tries goes up and down */
        PINS_FOR_EVER,    /* .. and what it says is as it should be */
        REOPENS,          /* a wrong PIN gives a finger back */
        NOBODY_LAYS,      /* strangers are answered as if nobody had been there */
        SAYS_NO_COUNT,    /* it does not say how many tries are left */
        SHUT_IN_WORDS,    /* it says that it is shut, and opens to its holder */
        WANTS_POWER,      /* each wrong PIN is the third in a row */
        MISSES_ONCE,      /* after a time the finger is missed at first */
        NOBODY_COMES,     /* after a time nobody is there */
        TIME_STANDS,      /* its clocks cannot be moved */
        TIME_IS_FORGOTTEN /* .. or are, and it does not care */
};

enum { PIN_RETRIES = 1, UV_TOKEN = 6, UV_RETRIES = 7, PIN_TOKEN = 9, ANSWER_MAX = 512 };

static struct between {
        struct target real;
        enum way way;
        enum target_finger whose;
        unsigned calls;
        bool wrong_pin, passed, blind;
        const char *finds;
        uint8_t opened[ANSWER_MAX]; /* the last token by finger */
        size_t opened_size;
} between;

static struct probe_rig rig;

/* ---- who stands before it ---- */

static void change_finger(uint8_t *response, size_t *ret_size)
{
        const bool stranger = between.whose == TARGET_FINGER_STRANGER_ONCE,
                   shut = response[0] == CTAP2_ERR_UV_BLOCKED, opened = response[0] == CTAP2_OK;
        if (opened && *ret_size <= ANSWER_MAX)
                memcpy(between.opened, response, between.opened_size = *ret_size);
        if (between.way == REOPENS && shut && between.wrong_pin)
                probe_rig_say(response, ret_size, CTAP2_ERR_UV_INVALID);
        if (between.way == NOBODY_LAYS && stranger)
                probe_rig_say(response, ret_size, CTAP2_ERR_USER_ACTION_TIMEOUT);
        if (between.way == SHUT_IN_WORDS && shut && !stranger)
                memcpy(response, between.opened, *ret_size = between.opened_size);
        if (between.way == MISSES_ONCE && opened && between.passed)
                probe_rig_say(response, ret_size, CTAP2_ERR_UV_INVALID);
        if (between.way == NOBODY_COMES && between.passed)
                probe_rig_say(response, ret_size, CTAP2_ERR_USER_ACTION_TIMEOUT);
        between.wrong_pin = false;
        between.passed = between.passed && between.way == NOBODY_COMES;
}

static void change_pin(uint8_t *response, size_t *ret_size)
{
        const bool wrong = response[0] != CTAP2_OK;
        between.passed = false;
        between.wrong_pin = wrong;
        if (between.way == PINS_FOR_EVER && wrong)
                probe_rig_say(response, ret_size, CTAP2_ERR_PIN_INVALID);
        if (between.way == WANTS_POWER && response[0] == CTAP2_ERR_PIN_INVALID)
                probe_rig_say(response, ret_size, CTAP2_ERR_PIN_AUTH_BLOCKED);
}

static void change_count(unsigned asked, uint8_t *response, size_t *ret_size)
{
        const uint8_t said[] = { CTAP2_OK, 0xA1, asked == PIN_RETRIES ? 3 : 5,
                (uint8_t)(between.way == COUNTERS_LIE ? ++between.calls % 16 : 3) };
        if (between.way == SAYS_NO_COUNT)
                probe_rig_say(response, ret_size, CTAP2_ERR_INVALID_SUBCOMMAND);
        if (between.way == COUNTERS_LIE || between.way == PINS_FOR_EVER)
                memcpy(response, said, *ret_size = sizeof said);
}

static enum target_trouble exchange(
        void *context, slice request, unsigned limit_ms, uint8_t *response, size_t capacity, size_t *ret_size)
{
        const enum target_trouble trouble =
                between.real.exchange(context, request, limit_ms, response, capacity, ret_size);
        if (trouble != TARGET_ANSWERED)
                return trouble;
        const unsigned asked = probe_rig_pin_subcommand(request);
        if (asked == UV_TOKEN)
                change_finger(response, ret_size);
        if (asked == PIN_TOKEN)
                change_pin(response, ret_size);
        if (asked == PIN_RETRIES || asked == UV_RETRIES)
                change_count(asked, response, ret_size);
        return trouble;
}

static void finger(void *context, enum target_finger whose)
{
        between.whose = whose;
        between.real.finger(context, whose);
}

static bool pass(void *context, uint64_t seconds, bool reboot)
{
        between.passed = true;
        if (between.way == TIME_STANDS || between.way == TIME_IS_FORGOTTEN)
                return between.way == TIME_IS_FORGOTTEN;
        return between.real.pass(context, seconds, reboot);
}

/* Finds what stands for the PIN, or nothing whatever is there. */
static bool search(void *context, slice pattern, const char **ret_where)
{
        uint8_t hash[PIN_PROTOCOL_HASH];
        pin_protocol_hash(slice_text(between.real.pin), hash);
        if (between.blind)
                return false;
        if (between.finds && slice_equal(pattern, SLICE(hash))) {
                *ret_where = between.finds;
                return true;
        }
        return between.real.search(context, pattern, ret_where);
}

static void come_between(enum way way)
{
        const struct target real = between.real;
        assert_true(real.restart(real.context));
        between = (struct between){ .real = real, .way = way };
        rig.target = real;
        rig.target.exchange = exchange;
        rig.target.finger = finger;
        rig.target.pass = pass;
        rig.target.search = search;
}

static bool is_known(enum level_fact_id fact)
{
        return probe_run_found(rig.run, fact) != NULL;
}

/* ---- P24 ---- */

static void guesses_are_counted_whatever_it_says_of_them(void **state)
{
        (void)state;
        come_between(COUNTERS_LIE);
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_HOLDS);
        come_between(PINS_FOR_EVER);
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_BROKEN);
        assert_non_null(strstr(probe_run_why(rig.run), "PINs"));
}

static void a_path_that_opens_the_other_is_found(void **state)
{
        (void)state;
        come_between(REOPENS);
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_BROKEN);
        assert_false(probe_rig_bool(&rig, LEVEL_UV_TRIES_HOLD));
}

static void what_is_shut_in_words_only_is_found(void **state)
{
        (void)state;
        come_between(SHUT_IN_WORDS);
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_BROKEN);
        assert_non_null(strstr(probe_run_why(rig.run), "to a finger"));
}

static void guesses_that_nobody_looked_at_are_no_guesses(void **state)
{
        (void)state;
        come_between(NOBODY_LAYS);
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_PARTLY);
        assert_false(is_known(LEVEL_UV_TRIES_HOLD));
}

static void a_pin_that_waits_for_its_power_is_not_used_up(void **state)
{
        (void)state;
        come_between(WANTS_POWER);
        rig.target.abilities &= ~(unsigned)TARGET_POWER;
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_PARTLY);
        assert_non_null(strstr(probe_run_why(rig.run), "power"));
}

static void what_cannot_be_made_anew_is_tried_in_part(void **state)
{
        (void)state;
        come_between(HONEST);
        rig.target.restart = NULL;
        rig.target.may_destroy = true;
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_PARTLY);
        come_between(SAYS_NO_COUNT);
        rig.target.restart = NULL;
        rig.target.may_destroy = true;
        probe_rig_expect(&rig, probe_rig_find("P24"), PROBE_PARTLY);
        come_between(COUNTERS_LIE); /* and it says of itself what it likes */
        rig.target.restart = NULL;
        rig.target.may_destroy = true;
        probe_rig_try(&rig, probe_rig_find("P24"));
        assert_int_not_equal(probe_run_result(rig.run), PROBE_HOLDS);
}

/* ---- P23 ---- */

static void a_finger_that_was_missed_ends_nothing(void **state)
{
        (void)state;
        come_between(MISSES_ONCE);
        probe_rig_try(&rig, probe_rig_find("P23"));
        const uint64_t hours = probe_rig_count(&rig, LEVEL_UV_PIN_HOURS);
        come_between(HONEST);
        probe_rig_try(&rig, probe_rig_find("P23"));
        assert_int_equal(hours, probe_rig_count(&rig, LEVEL_UV_PIN_HOURS));
}

static void who_does_not_come_tells_nothing_of_time(void **state)
{
        (void)state;
        come_between(NOBODY_COMES);
        probe_rig_expect(&rig, probe_rig_find("P23"), PROBE_PARTLY);
        assert_false(is_known(LEVEL_UV_IDLE_HOURS));
        assert_false(is_known(LEVEL_UV_PIN_HOURS));
}

static void where_no_time_goes_by_nothing_is_said_of_it(void **state)
{
        (void)state;
        come_between(TIME_STANDS);
        probe_rig_expect(&rig, probe_rig_find("P23"), PROBE_PARTLY);
        assert_false(is_known(LEVEL_UV_PIN_HOURS));
        come_between(TIME_IS_FORGOTTEN);
        probe_rig_expect(&rig, probe_rig_find("P23"), PROBE_BROKEN);
        assert_int_equal(probe_rig_count(&rig, LEVEL_UV_PIN_HOURS), 0);
}

/* ---- P22 ---- */

static void what_stands_for_the_pin_is_looked_for(void **state)
{
        (void)state;
        if (!(between.real.abilities & TARGET_PEEK))
                skip();
        come_between(HONEST);
        between.finds = "a log";
        probe_rig_expect(&rig, probe_rig_find("P22"), PROBE_BROKEN);
        assert_false(probe_rig_bool(&rig, LEVEL_OP_SECRETS_WIPED));
        assert_false(probe_rig_partial(&rig, LEVEL_OP_SECRETS_WIPED));
}

static void a_search_that_sees_nothing_says_nothing(void **state)
{
        (void)state;
        if (!(between.real.abilities & TARGET_PEEK))
                skip();
        come_between(HONEST);
        between.blind = true;
        probe_rig_expect(&rig, probe_rig_find("P22"), PROBE_PARTLY);
        assert_false(is_known(LEVEL_OP_SECRETS_WIPED));
}

static void what_was_not_looked_for_makes_it_a_part(void **state)
{
        (void)state;
        if (!(between.real.abilities & TARGET_PEEK))
                skip();
        come_between(HONEST);
        rig.target.restart = NULL; /* no new PIN is set there */
        probe_rig_expect(&rig, probe_rig_find("P22"), PROBE_PARTLY);
        assert_true(probe_rig_bool(&rig, LEVEL_OP_SECRETS_WIPED));
        assert_true(probe_rig_partial(&rig, LEVEL_OP_SECRETS_WIPED));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(guesses_are_counted_whatever_it_says_of_them),
                cmocka_unit_test(a_path_that_opens_the_other_is_found),
                cmocka_unit_test(what_is_shut_in_words_only_is_found),
                cmocka_unit_test(guesses_that_nobody_looked_at_are_no_guesses),
                cmocka_unit_test(a_pin_that_waits_for_its_power_is_not_used_up),
                cmocka_unit_test(what_cannot_be_made_anew_is_tried_in_part),
                cmocka_unit_test(a_finger_that_was_missed_ends_nothing),
                cmocka_unit_test(who_does_not_come_tells_nothing_of_time),
                cmocka_unit_test(where_no_time_goes_by_nothing_is_said_of_it),
                cmocka_unit_test(what_stands_for_the_pin_is_looked_for),
                cmocka_unit_test(a_search_that_sees_nothing_says_nothing),
                cmocka_unit_test(what_was_not_looked_for_makes_it_a_part),
        };
        if (!probe_rig_open(&rig, TARGET_FINGER))
                return 1;
        between.real = rig.target;
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        rig.target = between.real;
        probe_rig_close(&rig);
        return failures;
}
