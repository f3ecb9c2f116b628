/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_evaluation.h"

#include "evaluation_statement.h"

static bool is_about(slice statement, slice aaguid)
{
        struct evaluation_statement read;
        return !failed(evaluation_statement_read(statement, &read, NULL)) &&
               slice_equal(read.said.aaguid, aaguid);
}

mitome_status portal_evaluation_find(const struct portal_snapshot *snapshot, slice aaguid, int64_t now,
        bool accept_simulated, struct mitome_evaluation *ret, mitome_error *error)
{
        const struct mitome_evaluation_expectation expected = { .aaguid = aaguid,
                .accept_simulated = accept_simulated };
        mitome_error why = { .code = MITOME_E_MISSING, .at = MITOME_NOWHERE, .field = "evaluations" };
        bool found = false;
        for (size_t i = 0; i < snapshot->evaluation_count; i++) {
                struct mitome_evaluation one;
                mitome_error own = { .at = MITOME_NOWHERE };
                if (!is_about(snapshot->evaluations[i], aaguid))
                        continue;
                if (failed(mitome_verify_evaluation(NULL, snapshot->evaluations[i], &expected,
                            snapshot->evaluators, now, &one, &own))) {
                        why = own;
                        continue;
                }
                if (!found || one.at > ret->at)
                        *ret = one;
                found = true;
        }
        return found ? ok() : fail(error, why.code, why.field, why.clause);
}
