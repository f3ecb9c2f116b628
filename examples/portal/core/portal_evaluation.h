/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_EVALUATION_H
#define PORTAL_EVALUATION_H

/* What evaluators say of models (attestation/level/EVALUATION-STATEMENT.md), as a portal demands it. */

#include "portal_trust.h"

#include <mitome/evaluation.h>

/* portal_evaluation_find gives what is to be believed of a model (16 bytes) at `now`: each time anew, so that
 * a statement whose time is over, and one of an evaluator who was revoked, counts no more. Of several the
 * newest: what was found since is not passed over. MISSING: there is no statement about it; else why one that
 * there is does not count. Views of *ret are the snapshot's. */
MITOME_CHECKED mitome_status portal_evaluation_find(const struct portal_snapshot *snapshot, slice aaguid,
        int64_t now, bool accept_simulated, struct mitome_evaluation *ret, mitome_error *error);

#endif
