/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINGER_REPORT_H
#define FINGER_REPORT_H

/* What `mitome finger` prints: for people in their language, or one line of JSON. */

#include "finger_client.h"

struct finger_report {
        bool json;
        enum mitome_language language;
};

/* finger_report_guide says one sentence on standard error: while something goes on. */
void finger_report_guide(const struct finger_report *report, enum mitome_guidance state, unsigned number);

/* The others print what the program was asked for, on standard output. Names are somebody else's text: shown
 * harmless. */
void finger_report_list(
        const struct finger_report *report, const struct mitome_gate_finger *fingers, size_t count);
void finger_report_finger(const struct finger_report *report, const struct mitome_gate_finger *finger);
void finger_report_state(const struct finger_report *report, const struct finger_state *state);
void finger_report_verdict(
        const struct finger_report *report, enum mitome_guidance said, const struct finger_state *state);

#endif
