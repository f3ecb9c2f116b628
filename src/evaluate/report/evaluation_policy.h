/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATION_POLICY_H
#define EVALUATION_POLICY_H

/* One policy, judged by the facts of an evaluation. */

#include "fact_claims.h"
#include "judge_level.h"

#include <jansson.h>

/* What policies are judged by. */
struct evaluation_findings {
        struct level_facts facts;
        const struct fact_claim *chosen[LEVEL_FACTS]; /* the claim behind each, or NULL */
        unsigned scopes;                              /* enum level_scope: what is judged */
};

struct evaluation_policy {
        slice json;
        struct level_policy policy; /* views `json` */
        struct level_judgement judgement;
        json_t *texts; /* the same once more, escapes undone */
        char sha256[65];
};

/* evaluation_policy_open reads and judges; close it with evaluation_policy_close. */
MITOME_CHECKED mitome_status evaluation_policy_open(slice json, const struct evaluation_findings *findings,
        struct evaluation_policy **ret, mitome_error *error);
void evaluation_policy_close(struct evaluation_policy *policy);

/* evaluation_policy_json is its object of REPORT.md. */
MITOME_CHECKED mitome_status evaluation_policy_json(const struct evaluation_policy *policy,
        const struct evaluation_findings *findings, json_t **ret, mitome_error *error);

/* evaluation_policy_id gives its id; evaluation_policy_text a text of a requirement ("" if it has none). They
 * live as long as the policy. */
const char *evaluation_policy_id(const struct evaluation_policy *policy);
const char *evaluation_policy_text(
        const struct evaluation_policy *policy, size_t requirement, const char *name);

/* evaluation_facts_of lists the facts that a predicate speaks of, each once, in its order. */
size_t evaluation_facts_of(
        const struct level_expression *expression, enum level_fact_id ret[LEVEL_NODES_MAX]);

#endif
