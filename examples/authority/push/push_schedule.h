/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUSH_SCHEDULE_H
#define PUSH_SCHEDULE_H

/* When a phone is woken again. Pure: what came of the attempts, the time and some chance in, the next time
 * out.
 *
 *   taken by the service      asked, not confirmed: again after 10 min, 20, 40 .. a day
 *   later                     again after 10 s, 20, 40 .. an hour, and not before the service wants it
 *   refused                   again after an hour, doubling to a day: somebody has to mend it
 *   token gone                not again, until the phone has another token
 *
 * There is no phase "done": only the element's receipt ends it, and then the wake is ended by whoever has
 * seen that (push_registry_end). Waits are lengthened by up to a quarter by chance, so that phones that
 * failed together do not come back together. */

#include "push.h"

enum push_phase {
        PUSH_PHASE_DUE,    /* nobody has taken it yet */
        PUSH_PHASE_ASKED,  /* the service took it, at least once; not confirmed */
        PUSH_PHASE_NO_WAY, /* no token, or a dead one: waits until the phone comes by itself */
};

enum {
        PUSH_ASK_AGAIN_S = 600,
        PUSH_ASK_AGAIN_MOST_S = 86400,
        PUSH_LATER_S = 10,
        PUSH_LATER_MOST_S = 3600,
        PUSH_REFUSED_S = 3600,
        PUSH_REFUSED_MOST_S = 86400,
        PUSH_RETRY_AFTER_MOST_S = 86400, /* a service that wants more gets this */
        PUSH_ROW_MOST = 64,              /* of one outcome, as far as is counted */
};

struct push_plan {
        enum push_phase phase;
        enum push_outcome last; /* what the last attempt brought; counts when `row` does */
        uint32_t row;           /* attempts in a row that brought this */
        uint32_t attempts;
        int64_t next_at;
};

/* push_plan_begin is a plan that is due now; without a token: no way. */
struct push_plan push_plan_begin(bool has_token, int64_t now);

/* push_plan_note is the plan after an attempt at `now`; `chance` is random. */
struct push_plan push_plan_note(const struct push_plan *plan, enum push_outcome outcome, int64_t retry_after,
        int64_t now, uint32_t chance);

/* push_plan_token is the plan when the phone has another token: due now, whatever was before. */
struct push_plan push_plan_token(const struct push_plan *plan, int64_t now);

/* push_plan_due tells whether it is time. A clock that was set back does not silence it: a time that lies
 * further ahead than any wait is no wait. */
bool push_plan_due(const struct push_plan *plan, int64_t now);

#endif
