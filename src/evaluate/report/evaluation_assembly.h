/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATION_ASSEMBLY_H
#define EVALUATION_ASSEMBLY_H

/* A report while it is made: what was found and given goes in (evaluation_intake.c), its evidence gets its
 * order and names (evidence_order.c), and is judged and written down (evaluation_report.c). */

#include "evaluation_policy.h"
#include "evaluation_record.h"
#include "evaluation_report.h"

enum { ASSEMBLY_POLICIES_MAX = 32 };

/* Everything that a report is made of, while it is made. */
struct assembling {
        const struct evaluation_input *input;
        struct evaluation_record record;
        json_t *target, *probes;
        size_t *places; /* of each piece of evidence, in the order of the report */
        struct evaluation_findings findings;
        struct evaluation_policy *policies[ASSEMBLY_POLICIES_MAX];
        size_t policy_count;
        const char *wrong;
};

mitome_status assembly_no_memory(mitome_error *error);

/* assembly_take takes time, target, probes and evidence files into the record; *probes get their facts'
 * names. Fails as evaluation_report does. */
MITOME_CHECKED mitome_status assembly_take(struct assembling *a, mitome_error *error);

/* evidence_order gives each piece its place, and claims and probes the places of theirs. evidence_order_name
 * is a place's name ("E01"); evidence_order_json all of them, in order. */
MITOME_CHECKED mitome_status evidence_order(struct assembling *a, mitome_error *error);
json_t *evidence_order_name(size_t place);
json_t *evidence_order_json(const struct assembling *a);

#endif
