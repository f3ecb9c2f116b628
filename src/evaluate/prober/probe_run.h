/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

/* One attempt of one probe: within its limits, with its trace, to its result. What an attempt itself calls is
 * in probe.h. */

#include "probe.h"

#include <jansson.h>

enum {
        PROBE_EXCHANGE_MS = 60000,     /* a message's time */
        PROBE_EXCHANGES_MAX = 1000000, /* of one attempt */
        PROBE_BUDGET_MS = 20 * 60000,  /* of one attempt: then no message is sent any more */
        PROBE_STEPS_FIRST = 96,        /* of the trace that are kept, from its beginning .. */
        PROBE_STEPS_LAST = 32,         /* .. and from its end */
};

struct probe_run_config {
        unsigned exchange_ms, exchanges_max; /* 0: as above */
        uint64_t budget_ms;
        /* Hears how far a long attempt has come; false: the person has had enough. May be NULL. */
        bool (*progress)(void *context, const struct probe *probe, uint64_t done, uint64_t of);
        bool (*stopped)(void *context); /* the same, before each message; may be NULL */
        void (*refused)(void *context, const struct probe *probe); /* probe_tells_refusal; may be NULL */
        void *context;
        const char *target; /* as on the command line, for the replay command; NULL: the target's name */
        /* An earlier attempt that does harm was broken off: what it left is not known, and the verdict says
         * so. Nothing is then more than seen in part. */
        bool again;
};

/* probe_run_attempt tries one probe on a target and gives the run, which is read below. A probe that needs
 * what the target cannot do, or would destroy what may not be destroyed, is not attempted: NOT_TESTABLE.
 * Fails with NO_MEMORY. */
MITOME_CHECKED mitome_status probe_run_attempt(const struct probe *probe, struct target *target,
        const struct probe_run_config *config, struct probe_run **ret, mitome_error *error);

/* probe_run_skip makes a run of a probe that is not attempted: NOT_TESTABLE, and why. */
MITOME_CHECKED mitome_status probe_run_skip(const struct probe *probe, const struct probe_run_config *config,
        const char *why, struct probe_run **ret, mitome_error *error);

enum probe_result probe_run_result(const struct probe_run *run);
const char *probe_run_why(const struct probe_run *run); /* a sentence */

/* probe_run_found gives the value of a fact that was found, as JSON (a view); NULL: it was not. */
const json_t *probe_run_found(const struct probe_run *run, enum level_fact_id fact);

/* probe_run_steps is the trace, as REPORT.md has it (a view). */
const json_t *probe_run_steps(const struct probe_run *run);

/* probe_run_json is the probe's object of REPORT.md, with "found" beside; the caller's. NULL: no memory. */
json_t *probe_run_json(const struct probe_run *run);

void probe_run_free(struct probe_run *run); /* NULL is fine */

const char *probe_result_name(enum probe_result result); /* "holds" .. */
const char *target_trouble_text(enum target_trouble trouble);

#endif
