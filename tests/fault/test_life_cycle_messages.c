/* SPDX-License-Identifier: Apache-2.0 */

/* Each flow of the life cycle with one letter between parties, one word of a phone, or one command of a relay
 * lost on its way there or back, doubled, or late, or answered by another's key or with an older answer: what
 * was asked for comes to be, and nothing before that must not. */

#include "cut_flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct cut_world world;

static void sweep(const struct cut_flow *flow, enum cut_what what, unsigned stride)
{
        struct fork_cut_count count;
        assert_true(cut_world_sweep(&world, flow, what, NULL, stride, &count));
        print_message("  %s: %u of %u\n", flow->name, count.cuts, count.points);
        assert_true(count.points > 0);
}

/* Every how many points a flow is cut; all of them with MITOME_EVERY_CUT. */
static const struct strides {
        unsigned letters, words, commands;
} strides[CUT_FLOWS] = {
        [CUT_FLOW_RENEW] = { 3, 2, 29 },
        [CUT_FLOW_MODEL_CHANGE] = { 4, 3, 47 },
        [CUT_FLOW_RESET_PIN] = { 1, 1, 5 },
        [CUT_FLOW_RESET_PASSWORD] = { 2, 3, 7 },
        [CUT_FLOW_LEASE] = { 1, 1, 5 },
        [CUT_FLOW_LEASE_OF_HELD] = { 1, 1, 7 },
        [CUT_FLOW_REVOKE_HERE] = { 1, 1, 5 },
        [CUT_FLOW_REMOTE_ERASE] = { 1, 1, 5 },
        [CUT_FLOW_FACTORY_RESET] = { 1, 1, 5 },
        [CUT_FLOW_TRANSFER] = { 3, 5, 47 },
        [CUT_FLOW_SOLD_AFTER_RESET] = { 3, 5, 47 },
        [CUT_FLOW_HOLD_AND_RELEASE] = { 1, 0, 0 },
        [CUT_FLOW_HOLD_AND_ISSUE] = { 3, 5, 31 },
        [CUT_FLOW_CARD_GIVEN_BACK] = { 1, 2, 7 },
        [CUT_FLOW_ACCOUNT] = { 1, 0, 0 },
        [CUT_FLOW_COUNTER] = { 1, 0, 0 },
};

static void an_issue_comes_through_whatever_is_lost(void **state)
{
        (void)state;
        sweep(&cut_flow_issue, CUT_LETTER, 2);
        sweep(&cut_flow_issue, CUT_WORD, 2);
        sweep(&cut_flow_issue, CUT_APDU, 23);
        cut_world_settle_in(&world);
}

static void every_flow_comes_through_whatever_letter_is_lost_doubled_or_late(void **state)
{
        (void)state;
        for (unsigned i = 0; i < CUT_FLOWS; i++)
                sweep(cut_flows[i], CUT_LETTER, strides[i].letters);
}

static void every_flow_comes_through_when_an_answer_is_anothers_or_an_older_one(void **state)
{
        (void)state;
        for (unsigned i = 0; i < CUT_FLOWS; i++)
                sweep(cut_flows[i], CUT_ANSWER, strides[i].letters);
}

static void every_flow_comes_through_whatever_word_of_the_phone_is_lost_or_doubled(void **state)
{
        (void)state;
        for (unsigned i = 0; i < CUT_FLOWS; i++)
                if (strides[i].words)
                        sweep(cut_flows[i], CUT_WORD, strides[i].words);
}

static void every_flow_comes_through_whatever_command_of_the_relay_is_lost(void **state)
{
        (void)state;
        for (unsigned i = 0; i < CUT_FLOWS; i++)
                if (strides[i].commands)
                        sweep(cut_flows[i], CUT_APDU, strides[i].commands);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_issue_comes_through_whatever_is_lost),
                cmocka_unit_test(every_flow_comes_through_whatever_letter_is_lost_doubled_or_late),
                cmocka_unit_test(every_flow_comes_through_when_an_answer_is_anothers_or_an_older_one),
                cmocka_unit_test(every_flow_comes_through_whatever_word_of_the_phone_is_lost_or_doubled),
                cmocka_unit_test(every_flow_comes_through_whatever_command_of_the_relay_is_lost),
        };
        cut_world_open(&world);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        cut_world_close(&world);
        return failures;
}
