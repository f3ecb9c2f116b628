/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATION_REPORT_H
#define EVALUATION_REPORT_H

/* report.json (REPORT.md): from what was found and what was given, judged by each policy. It reads no clock
 * and draws nothing, and it sorts what it is given: the same inputs, in whatever order, give the same bytes.
 */

#include "bytes.h"

#include <jansson.h>

/* A policy file's bytes: its SHA-256 is its version. */
struct evaluation_policy_file {
        const char *name; /* for complaints */
        slice json;
};

struct evaluation_input {
        const char *version; /* of this program */
        const char *at; /* RFC 3339, UTC: "2026-11-22T10:00:00Z"; evidence that ended before is not given */
        const json_t *target; /* as in REPORT.md, with "get_info" (hex of the CBOR) beside */
        const json_t *probes; /* the objects of REPORT.md, with "found" beside; NULL: nothing was probed */
        const char *const *evidence; /* files of --evidence */
        size_t evidence_count;
        const struct evaluation_policy_file *policies;
        size_t policy_count;
        bool services; /* the parties around it were in hand, too: scope `service` is judged beside `device`
                        */
};

/* evaluation_report gives the report; the caller drops it with json_decref. Fails with EVALUATE_EVIDENCE and
 * FILE_READ for an evidence file (*ret_wrong then names the file, else NULL; both places are the inputs'
 * strings), as level_policy_read does for a policy (*ret_wrong names it), with EVALUATE_REPORT for a target
 * or a probe that is not as REPORT.md has it, with NO_MEMORY. */
MITOME_CHECKED mitome_status evaluation_report(
        const struct evaluation_input *input, json_t **ret, const char **ret_wrong, mitome_error *error);

#endif
