/* SPDX-License-Identifier: Apache-2.0 */
#include "push_schedule.h"

/* How long is waited after an outcome: the first time, and at most. */
static const struct push_wait {
        int64_t first, most;
} waits[] = {
        [PUSH_ACCEPTED] = { PUSH_ASK_AGAIN_S, PUSH_ASK_AGAIN_MOST_S },
        [PUSH_LATER] = { PUSH_LATER_S, PUSH_LATER_MOST_S },
        [PUSH_TOKEN_GONE] = { 0, 0 },
        [PUSH_REFUSED] = { PUSH_REFUSED_S, PUSH_REFUSED_MOST_S },
};

/* No wait of push_plan_note is longer: the longest, a quarter by chance. */
enum { WAIT_MOST = PUSH_RETRY_AFTER_MOST_S + PUSH_RETRY_AFTER_MOST_S / 4 };

static int64_t least(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static int64_t doubled(const struct push_wait *wait, uint32_t row)
{
        int64_t seconds = wait->first;
        for (uint32_t i = 1; i < row && seconds < wait->most; i++)
                seconds *= 2;
        return least(seconds, wait->most);
}

static int64_t lengthened(int64_t seconds, uint32_t chance)
{
        return seconds + seconds / 4 * (int64_t)(chance % 1024) / 1024;
}

static enum push_phase phase_after(enum push_phase before, enum push_outcome outcome)
{
        if (outcome == PUSH_TOKEN_GONE)
                return PUSH_PHASE_NO_WAY;
        return outcome == PUSH_ACCEPTED ? PUSH_PHASE_ASKED : before;
}

static uint32_t one_more(uint32_t count)
{
        return count < UINT32_MAX ? count + 1 : count;
}

struct push_plan push_plan_begin(bool has_token, int64_t now)
{
        return (struct push_plan){
                .phase = has_token ? PUSH_PHASE_DUE : PUSH_PHASE_NO_WAY,
                .next_at = now,
        };
}

struct push_plan push_plan_note(const struct push_plan *plan, enum push_outcome outcome, int64_t retry_after,
        int64_t now, uint32_t chance)
{
        struct push_plan next = *plan;
        const bool again = plan->row && plan->last == outcome;
        next.phase = phase_after(plan->phase, outcome);
        next.last = outcome;
        next.row = again ? (uint32_t)least(plan->row + 1, PUSH_ROW_MOST) : 1;
        next.attempts = one_more(plan->attempts);
        int64_t seconds = doubled(&waits[outcome], next.row);
        if (outcome == PUSH_LATER && retry_after > seconds)
                seconds = least(retry_after, PUSH_RETRY_AFTER_MOST_S);
        next.next_at = now + lengthened(seconds, chance);
        return next;
}

struct push_plan push_plan_token(const struct push_plan *plan, int64_t now)
{
        struct push_plan next = *plan;
        next.phase = plan->phase == PUSH_PHASE_NO_WAY ? PUSH_PHASE_DUE : plan->phase;
        next.row = 0;
        next.next_at = now;
        return next;
}

bool push_plan_due(const struct push_plan *plan, int64_t now)
{
        if (plan->phase == PUSH_PHASE_NO_WAY)
                return false;
        return plan->next_at <= now || plan->next_at - now > WAIT_MOST;
}
