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
        mitome_error why = { .at = MITOME_NOWHERE };
        mitome_status status = fail(&why, MITOME_E_MISSING, "evaluations", NULL);
        for (size_t i = 0; failed(status) && i < snapshot->evaluation_count; i++) {
                if (!is_about(snapshot->evaluations[i], aaguid))
                        continue;
                why = (mitome_error){ .at = MITOME_NOWHERE };
                status = mitome_verify_evaluation(
                        NULL, snapshot->evaluations[i], &expected, snapshot->evaluators, now, ret, &why);
        }
        if (failed(status))
                error_record(error, status.code, why.at, why.field, why.clause);
        return status;
}
