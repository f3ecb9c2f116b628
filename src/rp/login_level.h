/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGIN_LEVEL_H
#define LOGIN_LEVEL_H

/* A login's evidence as facts of a level policy. */

#include "aaguid_word.h"
#include "judge_level.h"
#include "metadata_statement.h"

#include <mitome/evaluation.h>
#include <mitome/level.h>

/* login_level_take_model takes what a maker's statement declares into evidence whose attestation is trusted:
 * of a model that was found by the attestation key (it has no AAGUID), or whose AAGUID that key has signed.
 * Of another it takes nothing. `aaguid` may be empty, where it is not known. */
void login_level_take_model(struct mitome_level_evidence *evidence, const struct mitome_metadata_entry *model,
        slice format, slice aaguid);

void login_level_facts(const struct mitome_level_evidence *evidence, struct level_facts *ret);

/* login_level_judge judges what one login shows. */
void login_level_judge(const struct level_policy *policy, const struct mitome_level_evidence *evidence,
        struct level_judgement *ret);

/* A level that is demanded by its name; `field` is for errors. */
struct login_demand {
        slice level;
        const char *field;
};

struct login_judgement {
        struct level_judgement judged;
        enum mitome_level_factor step_up; /* as in struct mitome_level_judgement */
};

/* login_level_demand is mitome_level_demand by a policy of this room's. */
MITOME_CHECKED mitome_status login_level_demand(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct login_demand *demanded,
        struct login_judgement *ret, mitome_error *error);

/* The same two with an evaluation (mitome_level_judge_evaluated, mitome_level_demand_evaluated). The status
 * of the first tells why the statement does not count; *ret is the judgement in each case. */
MITOME_CHECKED mitome_status login_level_judge_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        struct level_judgement *ret, mitome_error *error);
MITOME_CHECKED mitome_status login_level_demand_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        const struct login_demand *demanded, struct login_judgement *ret, mitome_error *error);

#endif
