/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_XCCDF_H
#define REPORT_XCCDF_H

#include "report_text.h"

/* evaluation_xccdf writes a report (REPORT.md) as an XCCDF 1.2 Benchmark with one TestResult: a group a
 * policy, a rule a requirement, a profile a policy and level, which selects what belongs to it. What the
 * outcomes become is in docs/report-forms.md. XCCDF demands a score; the one given is 0 of 0 in a system of
 * our own that says that there is none. Fails with EVALUATE_REPORT. */
MITOME_CHECKED mitome_status evaluation_xccdf(
        const json_t *report, struct report_text *out, mitome_error *error);

#endif
