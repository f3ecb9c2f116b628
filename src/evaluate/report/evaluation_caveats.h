/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVALUATION_CAVEATS_H
#define EVALUATION_CAVEATS_H

/* What has to be said beside a result, whatever it is. */

#include "evaluation_policy.h"
#include "evaluation_record.h"

/* evaluation_caveats_add adds, to what was noted on the way: that the element is software; that bounds hold
 * for independent trials; what is only declared; what was declared otherwise than it was observed; sources
 * that differ; what cannot be used; what was not run, failed or was not testable. Claims are sorted. */
void evaluation_caveats_add(struct evaluation_record *record, const struct evaluation_findings *findings,
        const json_t *target, const json_t *probes);

/* evaluation_caveats_sort brings them into an order of their own. */
void evaluation_caveats_sort(struct evaluation_record *record);

#endif
