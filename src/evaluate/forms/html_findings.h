/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_FINDINGS_H
#define HTML_FINDINGS_H

#include "html_put.h"

enum {
        HTML_STEPS_MAX = 64,  /* of a probe that are shown; more are in report.json */
        HTML_BYTES_MAX = 1024 /* hexadecimal digits of a message that are shown */
};

/* html_bytes writes hexadecimal, the beginning of it where it is long. */
void html_bytes(const struct html *html, const char *hex);

/* What was tried and what was found. */
void html_probes(const struct html *html);
void html_facts(const struct html *html);
void html_evidence(const struct html *html);

#endif
