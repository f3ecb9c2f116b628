/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

/* The report for people: one HTML file that needs nothing else, in English and Japanese (report.html, and
 * report.html#ja), without a script, for screen and paper. It is well-formed XML, too. */

#include "report_text.h"

/* evaluation_html adds the page to `out`. Fails with EVALUATE_REPORT for what is not as REPORT.md has it. */
MITOME_CHECKED mitome_status evaluation_html(
        const json_t *report, struct report_text *out, mitome_error *error);

#endif
