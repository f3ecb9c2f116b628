/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "report_text.h"

/* evaluation_junit writes a report (REPORT.md) as JUnit's XML, for continuous integration: a suite of the
 * probes, and one for each policy and level with what SHALL hold there. JUnit knows passed, failed, in error
 * and skipped: what was seen only in part, or is only declared, is skipped and says so. Fails with
 * EVALUATE_REPORT. */
MITOME_CHECKED mitome_status evaluation_junit(
        const json_t *report, struct report_text *out, mitome_error *error);

#endif
