/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_RIG_H
#define REPORT_RIG_H

/* The sample report (report_page.json, by MITOME_REPORT_PAGE), and what is done to reports by
 * those who test a form of it: every value of it replaced, one at a time. */

#include <jansson.h>
#include <stdbool.h>

/* report_rig_sample gives a new copy. */
json_t *report_rig_sample(void);

/* report_rig_each replaces each value of a report in turn by `with` (strings only, if so asked), calls `work`
 * with the whole, and puts the value back. Gives how many there were. */
size_t report_rig_each(json_t *report, json_t *with, bool strings_only,
        void (*work)(const json_t *report, const char *member));

/* report_rig_without does the same, but takes each member out of its object. */
size_t report_rig_without(json_t *report, void (*work)(const json_t *report, const char *member));

#endif
