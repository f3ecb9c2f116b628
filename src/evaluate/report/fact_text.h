/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACT_TEXT_H
#define FACT_TEXT_H

/* Facts in words, and in a report. */

#include "level_fact.h"
#include "report_text.h"

/* fact_is_known tells whether a fact can decide anything. */
bool fact_is_known(const struct level_fact *fact);

/* fact_text_value says a fact's value: "4", "yes", "finger", "2 errors in 30,135 trials (at most 0.000208917
 * at 95 %)", "not known". */
void fact_text_value(struct report_text *out, enum level_fact_id id, const struct level_fact *fact,
        unsigned confidence, bool ja);

/* fact_type_name is "bool", "count", "word" or "rate". */
const char *fact_type_name(enum level_type type);

/* fact_json_value is a fact's `value` in a report; null for what is not known. NULL: there is no memory. */
json_t *fact_json_value(enum level_fact_id id, const struct level_fact *fact);

/* fact_text_string takes what was written as a JSON string; NULL when the writing failed. */
json_t *fact_text_string(struct report_text *out);

#endif
