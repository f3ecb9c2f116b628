/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CUT_FLOWS_H
#define CUT_FLOWS_H

/* What people do with their phones, for cut_world_sweep. */

#include "cut_world.h"

/* cut_flow_issue begins with phones that are empty; the others after cut_world_settle_in. */
extern const struct cut_flow cut_flow_issue;

enum cut_flow_number {
        CUT_FLOW_RENEW,
        CUT_FLOW_MODEL_CHANGE,
        CUT_FLOW_RESET_PIN,
        CUT_FLOW_RESET_PASSWORD,
        CUT_FLOW_LEASE,         /* all signatures but a few are made: a new lease */
        CUT_FLOW_LEASE_OF_HELD, /* on hold: none; released: a new one */
        CUT_FLOW_REVOKE_HERE,
        CUT_FLOW_REMOTE_ERASE,
        CUT_FLOW_FACTORY_RESET,
        CUT_FLOW_TRANSFER,         /* revoked from afar, sold, and its buyer applies: all of hers is there */
        CUT_FLOW_SOLD_AFTER_RESET, /* nothing of hers is there any more */
        CUT_FLOW_HOLD_AND_RELEASE,
        CUT_FLOW_HOLD_AND_ISSUE,  /* no release by telephone: a new certificate */
        CUT_FLOW_CARD_GIVEN_BACK, /* what hangs from it goes, and the phone is erased */
        CUT_FLOW_ACCOUNT,         /* at a portal, from the old phone's certificate to the new one's */
        CUT_FLOW_COUNTER,
        CUT_FLOWS
};
extern const struct cut_flow *const cut_flows[CUT_FLOWS];

/* cut_flows_clerk.c, cut_flows_holder.c */
extern const struct cut_flow cut_flow_hold_and_release, cut_flow_hold_and_issue, cut_flow_card_given_back,
        cut_flow_reset_password, cut_flow_lease, cut_flow_lease_of_held, cut_flow_transfer,
        cut_flow_sold_after_reset, cut_flow_account;

#endif
