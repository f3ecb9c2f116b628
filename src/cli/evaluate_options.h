/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATE_OPTIONS_H
#define EVALUATE_OPTIONS_H

/* What `mitome evaluate` was told. */

#include "evaluation_report.h"
#include "judge_level.h"
#include "probe.h"

enum { EVALUATE_POLICIES_MAX = 16, EVALUATE_EVIDENCE_MAX = 64, EVALUATE_PROBES_MAX = 64 };

struct evaluate_options {
        const char *target, *out, *replay, *render, *matcher, *at;
        bool destructive, simulated, resume, list, help, japanese, ask_pin;
        bool keys; /* the target is "hid:": which there are */
        const char *pin_file;
        const char *policies[EVALUATE_POLICIES_MAX];
        size_t policy_count;
        const char *requirements[EVALUATE_POLICIES_MAX]; /* POLICY:LEVEL */
        size_t requirement_count;
        const char *evidence[EVALUATE_EVIDENCE_MAX];
        size_t evidence_count;
        unsigned measure;                                    /* fingers; 0: nothing is measured */
        const struct probe *probes[EVALUATE_PROBES_MAX + 1]; /* ended by NULL; none: all */
        size_t probe_count;
};

/* evaluate_options_read says on stderr what is wrong, if anything is: false. */
bool evaluate_options_read(int argc, char **argv, struct evaluate_options *ret);

extern const char evaluate_usage[];

#endif
