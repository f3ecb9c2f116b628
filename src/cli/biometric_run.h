/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BIOMETRIC_RUN_H
#define BIOMETRIC_RUN_H

/* A measurement from its first step to its last one: a set at a time, each with a matcher of its own, whose
 * process is renewed now and then. */

#include "biometric_source.h"
#include "biometric_tally.h"

struct biometric_run_config {
        struct biometric_plan plan;
        struct biometric_source *source;
        const char *program; /* path of mitome-matcher */
        unsigned threshold;  /* by which the comparisons are judged */
        const char *out;     /* folder of the journal; NULL: nothing is kept */
        bool resume;
        unsigned part, parts; /* of `parts` processes that share the sets, this is the one with this number,
                                 from 0 */
};

/* biometric_run does the steps that are not in the journal yet. *ret is all that has been measured so far;
 * SIGINT and SIGTERM end it after the step that runs, and *ret_finished is then false. Progress goes to
 * standard error. Fails as biometric_journal_open, biometric_gate_open and biometric_gate_step do. */
MITOME_CHECKED mitome_status biometric_run(const struct biometric_run_config *config,
        struct biometric_tally **ret, bool *ret_finished, mitome_error *error);

#endif
