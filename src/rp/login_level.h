/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGIN_LEVEL_H
#define LOGIN_LEVEL_H

/* A login's evidence as facts of a level policy. */

#include "judge_level.h"
#include "metadata_statement.h"

#include <mitome/evaluation.h>
#include <mitome/level.h>

/* login_level_model takes what a maker's statement declares into the evidence. Only for a model that was
 * attested. */
void login_level_model(struct mitome_level_evidence *evidence, const struct metadata_statement *statement,
        unsigned certification_level);

void login_level_facts(const struct mitome_level_evidence *evidence, struct level_facts *ret);

/* login_level_judge judges what one login shows. */
void login_level_judge(const struct level_policy *policy, const struct mitome_level_evidence *evidence,
        struct level_judgement *ret);

/* login_level_demand is mitome_level_demand by a policy of this room's; `field` is for errors. */
MITOME_CHECKED mitome_status login_level_demand(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, slice level, const char *field,
        struct level_judgement *ret, mitome_error *error);

/* The same two with an evaluation beside, which is believed and about this model; NULL: none. Then what a
 * policy asks of the device must be known, too. */
void login_level_judge_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation,
        struct level_judgement *ret);
MITOME_CHECKED mitome_status login_level_demand_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, slice level,
        const char *field, struct level_judgement *ret, mitome_error *error);

#endif
