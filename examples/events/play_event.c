/* SPDX-License-Identifier: Apache-2.0 */
#include "play_event.h"

#include "play_judge.h"

#include <stdlib.h>

static const int setting_of[EVENT_SETTINGS] = {
        [EVENT_ENDS_BY_REISSUE] = REGISTER_REISSUE,
        [EVENT_ENDS_BY_RELEASE] = REGISTER_RELEASE,
};

static mitome_status run(struct play *play, const struct phone_event *event, enum event_setting setting,
        const struct mitome_random *random, struct event_outcome *ret, mitome_error *error)
{
        const struct event_play *what = event_play_of(event, setting);
        MITOME_TRY(play_begin(play, random, setting_of[setting], error));
        for (size_t i = 0; i < what->step_count; i++)
                MITOME_TRY(play_step(play, what->steps[i], error));
        return play_judge(play, event, ret, error);
}

mitome_status play_event(const struct phone_event *event, enum event_setting setting,
        const struct mitome_random *random, struct event_outcome *ret, mitome_error *error)
{
        struct event_outcome outcome = { 0 };
        struct play *play = calloc(1, sizeof *play);
        if (!play)
                return fail(error, MITOME_E_NO_MEMORY, "event", NULL);
        mitome_status status = run(play, event, setting, random, &outcome, error);
        world_close(&play->world);
        free(play);
        if (!failed(status))
                *ret = outcome;
        return status;
}

bool event_is_right(const struct phone_event *event, enum event_setting setting,
        const struct event_outcome *outcome, const char **ret_wrong)
{
        const struct event_play *must = event_play_of(event, setting);
        *ret_wrong = outcome->user_verification != must->user_verification ? "user-verification"
                     : outcome->signing != must->signing                   ? "signing"
                     : outcome->element != must->element                   ? "element"
                                                                           : NULL;
        for (size_t i = 0; i < event->forbidden_count; i++)
                if (outcome->broken[event->forbidden[i]])
                        *ret_wrong = event_forbidden_names[event->forbidden[i]];
        return !*ret_wrong;
}
