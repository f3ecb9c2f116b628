/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_SARIF_H
#define REPORT_SARIF_H

#include "report_text.h"

/* evaluation_sarif writes a report (REPORT.md) as SARIF 2.1.0: a rule a probe and a requirement, a result for
 * each, policies as taxonomies of their requirements. Fails with EVALUATE_REPORT. */
MITOME_CHECKED mitome_status evaluation_sarif(
        const json_t *report, struct report_text *out, mitome_error *error);

#endif
