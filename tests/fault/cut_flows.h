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
        CUT_FLOW_REVOKE_HERE,
        CUT_FLOW_REMOTE_ERASE,
        CUT_FLOW_FACTORY_RESET,
        CUT_FLOW_HOLD_AND_RELEASE,
        CUT_FLOW_COUNTER,
        CUT_FLOWS
};
extern const struct cut_flow cut_flows[CUT_FLOWS];

#endif
