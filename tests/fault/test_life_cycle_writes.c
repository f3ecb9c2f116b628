/* SPDX-License-Identifier: Apache-2.0 */

/* Each flow of the life cycle with the disk of one party, or the phone's own, full or torn at one of its
 * writes, and with the power of the elements gone at one of theirs: opened again, everybody goes on. */

#include "cut_flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cut_world world;

static void sweep(const struct cut_flow *flow, enum cut_what what, const char *part, unsigned stride)
{
        struct fork_cut_count count;
        assert_true(cut_world_sweep(&world, flow, what, part, stride, &count));
        print_message("  %s%s: %u of %u\n", flow->name, part ? part : "", count.cuts, count.points);
        assert_true(count.points > 0);
}

/* Whose writes are cut in which flow, and every how many of them; all with MITOME_EVERY_CUT. */
static const struct store {
        enum cut_flow_number flow;
        const char *part;
        unsigned stride;
} stores[] = {
        { CUT_FLOW_RENEW, "/sp-tsm/", 41 },
        { CUT_FLOW_RENEW, "/authority/", 31 },
        { CUT_FLOW_MODEL_CHANGE, "/sp-tsm/", 97 },
        { CUT_FLOW_MODEL_CHANGE, "/authority/", 61 },
        { CUT_FLOW_MODEL_CHANGE, "/sei-tsm/", 53 },
        { CUT_FLOW_MODEL_CHANGE, "/MIHON-0003/", 7 },
        { CUT_FLOW_RESET_PIN, "/sp-tsm/", 13 },
        { CUT_FLOW_RESET_PIN, "/authority/", 7 },
        { CUT_FLOW_RESET_PIN, "/MIHON-0001/", 1 },
        { CUT_FLOW_RESET_PASSWORD, "/sp-tsm/", 29 },
        { CUT_FLOW_LEASE, "/sp-tsm/", 3 },
        { CUT_FLOW_LEASE_OF_HELD, "/sp-tsm/", 7 },
        { CUT_FLOW_REVOKE_HERE, "/sp-tsm/", 17 },
        { CUT_FLOW_REVOKE_HERE, "/authority/", 11 },
        { CUT_FLOW_REVOKE_HERE, "/sei-tsm/", 5 },
        { CUT_FLOW_REMOTE_ERASE, "/sp-tsm/", 23 },
        { CUT_FLOW_REMOTE_ERASE, "/authority/", 11 },
        { CUT_FLOW_REMOTE_ERASE, "/sei-tsm/", 5 },
        { CUT_FLOW_FACTORY_RESET, "/maker/", 7 },
        { CUT_FLOW_FACTORY_RESET, "/sei-tsm/", 7 },
        { CUT_FLOW_FACTORY_RESET, "/authority/", 7 },
        { CUT_FLOW_FACTORY_RESET, "/sp-tsm/", 7 },
        { CUT_FLOW_TRANSFER, "/sp-tsm/", 101 },
        { CUT_FLOW_TRANSFER, "/sei-tsm/", 13 },
        { CUT_FLOW_TRANSFER, "/authority/", 53 },
        { CUT_FLOW_SOLD_AFTER_RESET, "/sp-tsm/", 97 },
        { CUT_FLOW_SOLD_AFTER_RESET, "/sei-tsm/", 41 },
        { CUT_FLOW_HOLD_AND_RELEASE, "/call-centre/", 11 },
        { CUT_FLOW_HOLD_AND_RELEASE, "/authority/", 5 },
        { CUT_FLOW_HOLD_AND_ISSUE, "/call-centre/", 11 },
        { CUT_FLOW_HOLD_AND_ISSUE, "/sp-tsm/", 103 },
        { CUT_FLOW_HOLD_AND_ISSUE, "/authority/", 61 },
        { CUT_FLOW_CARD_GIVEN_BACK, "/municipality/", 3 },
        { CUT_FLOW_CARD_GIVEN_BACK, "/authority/", 7 },
        { CUT_FLOW_CARD_GIVEN_BACK, "/sp-tsm/", 19 },
        { CUT_FLOW_ACCOUNT, "/portal/", 3 },
        { CUT_FLOW_ACCOUNT, "/authority/", 3 },
        { CUT_FLOW_COUNTER, "/shop/", 3 },
        { CUT_FLOW_COUNTER, "/authority/", 7 },
        { CUT_FLOW_COUNTER, "/sp-tsm/", 5 },
};

static void an_issue_comes_through_whichever_write_fails(void **state)
{
        (void)state;
        sweep(&cut_flow_issue, CUT_STORE, "/sp-tsm/", 61);
        sweep(&cut_flow_issue, CUT_STORE, "/authority/", 41);
        sweep(&cut_flow_issue, CUT_STORE, "/sei-tsm/", 37);
        sweep(&cut_flow_issue, CUT_STORE, "/MIHON-0001/", 5);
        sweep(&cut_flow_issue, CUT_ELEMENT, NULL, 5);
        cut_world_settle_in(&world);
}

static void every_flow_comes_through_whichever_write_of_a_party_fails(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
                sweep(cut_flows[stores[i].flow], CUT_STORE, stores[i].part, stores[i].stride);
}

static void every_flow_comes_through_whenever_an_elements_power_fails(void **state)
{
        static const unsigned strides[CUT_FLOWS] = {
                [CUT_FLOW_RENEW] = 5,
                [CUT_FLOW_MODEL_CHANGE] = 9,
                [CUT_FLOW_RESET_PIN] = 2,
                [CUT_FLOW_RESET_PASSWORD] = 3,
                [CUT_FLOW_LEASE] = 1,
                [CUT_FLOW_LEASE_OF_HELD] = 1,
                [CUT_FLOW_TRANSFER] = 13,
                [CUT_FLOW_SOLD_AFTER_RESET] = 13,
                [CUT_FLOW_HOLD_AND_ISSUE] = 11,
                [CUT_FLOW_CARD_GIVEN_BACK] = 1,
                [CUT_FLOW_REVOKE_HERE] = 1,
                [CUT_FLOW_REMOTE_ERASE] = 1,
                [CUT_FLOW_FACTORY_RESET] = 1,
                [CUT_FLOW_COUNTER] = 1,
        };
        (void)state;
        for (unsigned i = 0; i < CUT_FLOWS; i++)
                if (strides[i])
                        sweep(cut_flows[i], CUT_ELEMENT, NULL, strides[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_issue_comes_through_whichever_write_fails),
                cmocka_unit_test(every_flow_comes_through_whichever_write_of_a_party_fails),
                cmocka_unit_test(every_flow_comes_through_whenever_an_elements_power_fails),
        };
        cut_world_open(&world);
        int failures = cmocka_run_group_tests(tests, NULL, NULL);
        cut_world_close(&world);
        return failures;
}
