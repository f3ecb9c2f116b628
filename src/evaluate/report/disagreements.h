/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISAGREEMENTS_H
#define DISAGREEMENTS_H

/* Where policies judge one device differently: the same topic, the same facts, another outcome. */

#include "evaluation_policy.h"

/* disagreements_find gives `disagreements` of REPORT.md, by topic; NULL: there is no memory. Requirements
 * take part when another policy's on the topic speaks of one of their facts and comes to something else: it
 * holds, it does not, it is not known. */
json_t *disagreements_find(
        struct evaluation_policy *const *policies, size_t count, const struct evaluation_findings *findings);

#endif
