/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_OSCAL_H
#define REPORT_OSCAL_H

#include "report_text.h"

/* evaluation_oscal writes a report (REPORT.md) as OSCAL assessment results: an observation a probe (TEST) and
 * a piece of evidence (EXAMINE), a finding a requirement. OSCAL knows two states: what was not seen whole to
 * hold is not-satisfied, with the reason "other" where it was not seen to fail, either. UUIDs come of the
 * report's content. Fails with EVALUATE_REPORT. */
MITOME_CHECKED mitome_status evaluation_oscal(
        const json_t *report, struct report_text *out, mitome_error *error);

#endif
