/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFUSED_H
#define REFUSED_H

#include <mitome/rp.h>

/* verdict_is_refusal tells whether a ceremony ended in a refusal: the step that failed is the last. What such
 * a verdict holds was read and not believed; nothing may be made of it. */
static inline bool verdict_is_refusal(const struct mitome_verdict *verdict)
{
        return verdict->step_count && verdict->steps[verdict->step_count - 1].outcome == MITOME_STEP_FAILED;
}

#endif
