/* SPDX-License-Identifier: Apache-2.0 */

/* Which authentication level the login reached, by which policy, and what keeps it from the next: as the
 * portal judges the session that it has opened. */

#include "story.h"

#define PRINTED(view) (int)(view).size, (const char *)(view).data

static void judge(struct story *story, size_t number, struct level_judgement *judgement)
{
        struct stage *stage = &story->stage;
        const struct level_policy *policy = portal_policy(story->portal.core, number);
        session_judge(story->portal.core, &story->logged_in.session, number, judgement);
        static const slice none = { (const uint8_t *)"no level", 8 };
        slice level = judgement->reached ? policy->levels[judgement->level] : none;
        stage_note(stage, "%.*s: %.*s", PRINTED(policy->id), PRINTED(level));
        for (size_t i = 0; i < judgement->blocker_count; i++) {
                const size_t which = judgement->blockers[i];
                const struct level_requirement *bar = &policy->requirements[which];
                stage_note(stage, "  kept from more by %.*s (%.*s): %s. %.*s", PRINTED(bar->id),
                        PRINTED(bar->section), level_outcome_name(judgement->findings[which].outcome),
                        PRINTED(bar->remedy));
        }
}

mitome_status act_judge(struct story *story, mitome_error *error)
{
        struct level_judgement by_nist, by_plan;
        (void)error;
        judge(story, 0, &by_nist);
        judge(story, 1, &by_plan);
        /* The element is software and says so: more than AAL2 would be a lie, and so would be the plan's
         * chip. */
        bool right = by_nist.reached && by_nist.level == 1 && by_nist.blocker_count && !by_plan.reached;
        stage_check(&story->stage, PORTAL, right,
                "The login's level is judged, and not above what software gives",
                "AAL2 by NIST SP 800-63B-4; the plan's chip is missing");
        return ok();
}
