/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Probes of the element's management and of who reaches its applets. */

static struct probe_rig rig;

static void the_management_channel_takes_nothing_weaker(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P16"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_CHANNEL_NO_DOWNGRADE));
}

/* Each costs tries of the key set, and the end gives them back: else the tenth time would close it. */
static void probing_the_channel_does_not_wear_it_out(void **state)
{
        (void)state;
        for (int i = 0; i < 4; i++)
                probe_rig_expect(&rig, probe_rig_find("P16"), PROBE_HOLDS);
}

static void without_the_keys_only_a_part_is_tried(void **state)
{
        const struct scp03_keys *keys = rig.target.keys;
        (void)state;
        rig.target.keys = NULL;
        probe_rig_expect(&rig, probe_rig_find("P16"), PROBE_PARTLY);
        rig.target.keys = keys;
        assert_true(probe_rig_bool(&rig, LEVEL_CHANNEL_NO_DOWNGRADE));
        assert_true(probe_rig_partial(&rig, LEVEL_CHANNEL_NO_DOWNGRADE));
        assert_non_null(strstr(probe_run_why(rig.run), "keys"));
}

/* ---- an element that answers something else ---- */

static struct {
        struct target real;
        uint8_t header[4];
        uint16_t sw; /* its answer to a command that begins like that */
        uint8_t stored[256];
        size_t stored_size;
        unsigned deleted;
} between;

static enum target_trouble apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        enum { STORE = 0xF0, DELETE = 0xF1, DATA = 5 };
        const enum target_trouble trouble = between.real.apdu(context, command, response, capacity, ret_size);
        if (trouble != TARGET_ANSWERED || !slice_begins_with(command, SLICE(between.header)))
                return trouble;
        if (command.size > DATA && command.data[DATA] == STORE && command.size <= sizeof between.stored)
                memcpy(between.stored, command.data, between.stored_size = command.size);
        between.deleted += command.size > DATA && command.data[DATA] == DELETE;
        response[0] = (uint8_t)(between.sw >> 8);
        response[1] = (uint8_t)between.sw;
        *ret_size = 2;
        return trouble;
}

static void answer(uint32_t header, uint16_t sw)
{
        between.real = rig.target;
        between.sw = sw;
        between.stored_size = between.deleted = 0;
        for (unsigned i = 0; i < sizeof between.header; i++)
                between.header[i] = (uint8_t)(header >> (24 - 8 * i));
        rig.target.apdu = apdu;
}

static void answer_truly(void)
{
        rig.target = between.real;
}

/* It may look at the form of the data first, or have another reason: no cry, and no "holds" either. */
static void an_answer_that_says_nothing_is_no_refusal(void **state)
{
        static const struct {
                uint32_t header;
                uint16_t sw;
                enum probe_result result;
        } cases[] = {
                { 0x80E40000, 0x6A80, PROBE_PARTLY }, /* DELETE */
                { 0x80D87F81, 0x6700, PROBE_PARTLY }, /* PUT KEY */
                { 0x80E40000, 0x6D00, PROBE_HOLDS }, { 0x80E40000, 0x6A88, PROBE_BROKEN },
                { 0x843C0000, 0x6985, PROBE_PARTLY }, /* CONFIRM PAIRING, in a session */
                { 0x84820300, 0x6985, PROBE_PARTLY }, /* EXTERNAL AUTHENTICATE: none opens at that level */
        };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                answer(cases[i].header, cases[i].sw);
                probe_rig_expect(&rig, probe_rig_find("P16"), cases[i].result);
                answer_truly();
                assert_int_equal(
                        probe_rig_bool(&rig, LEVEL_CHANNEL_NO_DOWNGRADE), cases[i].result != PROBE_BROKEN);
                assert_int_equal(
                        probe_rig_partial(&rig, LEVEL_CHANNEL_NO_DOWNGRADE), cases[i].result == PROBE_PARTLY);
        }
}

/* ---- an element whose challenge does not change ---- */

static struct {
        struct target real;
        int i;      /* what it says of its sessions; -1: the truth */
        bool moves; /* the challenge, with a session that is opened */
        unsigned begun;
        uint8_t command[64], said[64]; /* the first one */
        size_t command_size, said_size;
} stuck;

static enum target_trouble stuck_apdu(
        void *context, slice command, uint8_t *response, size_t capacity, size_t *ret_size)
{
        enum { INITIALIZE_UPDATE = 0x50, EXTERNAL_AUTHENTICATE = 0x82, I_AT = 12, DONE = 0x90 };
        const bool begins = command.data[1] == INITIALIZE_UPDATE;
        stuck.begun += begins;
        if (begins && stuck.said_size > 0 &&
                slice_equal(command, slice_of(stuck.command, stuck.command_size))) {
                memcpy(response, stuck.said, *ret_size = stuck.said_size);
                return TARGET_ANSWERED;
        }
        const enum target_trouble trouble =
                stuck.real.apdu(stuck.real.context, command, response, capacity, ret_size);
        const bool done = trouble == TARGET_ANSWERED && response[*ret_size - 2] == DONE;
        (void)context;
        if (begins && done && stuck.i >= 0)
                response[I_AT] = (uint8_t)stuck.i;
        if (begins && done && stuck.command_size == 0 && *ret_size <= sizeof stuck.said &&
                command.size <= sizeof stuck.command) {
                memcpy(stuck.command, command.data, stuck.command_size = command.size);
                memcpy(stuck.said, response, stuck.said_size = *ret_size);
        }
        if (command.data[1] == EXTERNAL_AUTHENTICATE && done && stuck.moves)
                stuck.said_size = 0;
        return trouble;
}

static void expect_stuck(bool knows_keys, int i, bool moves, enum probe_result result)
{
        assert_true(rig.target.restart(rig.target.context));
        memset(&stuck, 0, sizeof stuck);
        stuck.real = rig.target;
        stuck.i = i;
        stuck.moves = moves;
        rig.target.apdu = stuck_apdu;
        rig.target.may_destroy = true;
        if (!knows_keys)
                rig.target.keys = NULL;
        probe_rig_expect(&rig, probe_rig_find("P16"), result);
        rig.target = stuck.real;
        assert_int_equal(probe_rig_bool(&rig, LEVEL_CHANNEL_NO_DOWNGRADE), result != PROBE_BROKEN);
}

static void a_challenge_that_stays_the_same_is_seen(void **state)
{
        (void)state;
        expect_stuck(true, -1, false, PROBE_BROKEN);
        expect_stuck(false, 0x60, false, PROBE_BROKEN);
}

/* It is drawn from a counter, which moves on with a session that is opened, and not before. */
static void a_challenge_that_waits_for_a_session_is_sound(void **state)
{
        (void)state;
        expect_stuck(true, -1, true, PROBE_HOLDS);
        expect_stuck(false, 0x70, true, PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_CHANNEL_NO_DOWNGRADE));
}

/* The tries of a foreign element's keys may be few, for ever, and nobody can give them back here. */
static void without_leave_no_session_is_begun_that_cannot_be_opened(void **state)
{
        (void)state;
        memset(&stuck, 0, sizeof stuck);
        stuck.real = rig.target;
        rig.target.apdu = stuck_apdu;
        rig.target.keys = NULL;
        probe_rig_expect(&rig, probe_rig_find("P16"), PROBE_PARTLY);
        rig.target = stuck.real;
        assert_int_equal(stuck.begun, 0);
}

/* ---- who reaches the applets ---- */

static void only_a_listed_app_reaches_the_applets(void **state)
{
        (void)state;
        probe_rig_expect(&rig, probe_rig_find("P17"), PROBE_HOLDS);
        assert_true(probe_rig_bool(&rig, LEVEL_ACCESS_ENFORCED));
        assert_false(probe_rig_partial(&rig, LEVEL_ACCESS_ENFORCED));
}

/* Its rules are read, and who keeps them there is another. */
static void of_a_foreign_element_only_the_rules_are_seen(void **state)
{
        (void)state;
        rig.target.abilities &= ~(unsigned)TARGET_LIFE;
        probe_rig_expect(&rig, probe_rig_find("P17"), PROBE_PARTLY);
        rig.target.abilities |= TARGET_LIFE;
        assert_true(probe_rig_partial(&rig, LEVEL_ACCESS_ENFORCED));
}

/* Where nobody comes through, that a stranger does not says nothing. */
static void where_the_listed_app_is_not_let_in_nothing_is_shown(void **state)
{
        (void)state;
        answer(0x00700000, 0x6F00); /* MANAGE CHANNEL, of which the enforcer has need */
        probe_rig_try(&rig, probe_rig_find("P17"));
        answer_truly();
        assert_int_equal(probe_run_result(rig.run), PROBE_PARTLY);
        assert_true(probe_rig_partial(&rig, LEVEL_ACCESS_ENFORCED));
}

/* The rule names an app that nobody has, so that it would do no harm if it stayed; and it is taken back. */
static void a_rule_that_was_taken_does_no_harm_and_is_taken_back(void **state)
{
        static const uint8_t nowhere[] = { 0xF0, 'n', 'o', 'b', 'o', 'd', 'y' };
        enum { HASH = 0xC1, HASH_SIZE = 0x20 };
        bool names_app = false, names_applet = false;
        (void)state;
        answer(0x80E29000, 0x9000);
        probe_rig_expect(&rig, probe_rig_find("P17"), PROBE_BROKEN);
        answer_truly();
        assert_false(probe_rig_bool(&rig, LEVEL_ACCESS_ENFORCED));
        assert_int_equal(between.deleted, 1);
        for (size_t i = 0; i + sizeof nowhere <= between.stored_size; i++) {
                names_app |= between.stored[i] == HASH && between.stored[i + 1] == HASH_SIZE;
                names_applet |= memcmp(between.stored + i, nowhere, sizeof nowhere) == 0;
        }
        assert_true(names_app && names_applet);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_management_channel_takes_nothing_weaker),
                cmocka_unit_test(probing_the_channel_does_not_wear_it_out),
                cmocka_unit_test(without_the_keys_only_a_part_is_tried),
                cmocka_unit_test(an_answer_that_says_nothing_is_no_refusal),
                cmocka_unit_test(a_challenge_that_stays_the_same_is_seen),
                cmocka_unit_test(a_challenge_that_waits_for_a_session_is_sound),
                cmocka_unit_test(without_leave_no_session_is_begun_that_cannot_be_opened),
                cmocka_unit_test(only_a_listed_app_reaches_the_applets),
                cmocka_unit_test(of_a_foreign_element_only_the_rules_are_seen),
                cmocka_unit_test(where_the_listed_app_is_not_let_in_nothing_is_shown),
                cmocka_unit_test(a_rule_that_was_taken_does_no_harm_and_is_taken_back),
        };
        probe_rig_open(&rig, 0);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        probe_rig_close(&rig);
        return failures;
}
