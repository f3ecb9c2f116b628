/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAY_JUDGE_H
#define PLAY_JUDGE_H

/* What came of an event: seen by trying. Every phone logs in and signs, the authority's responder is asked
 * about the first certificates, a counter looks into the old phone; the parties' stores are asked only for
 * what they claim. */

#include "play_event.h"
#include "play_steps.h"

struct play_sight {
        struct visit visit;
        struct contract contract;
};

struct play_scene {
        uint8_t trace[SHA256_SIZE];
        enum ca_state state[REGISTER_KINDS + 1]; /* of what was in the old phone at first */
        struct play_sight phones[WORLD_PHONES];  /* by whoever has it and knows what opens it */
        struct counter_report look;              /* the old phone's */
        bool has_applet;                         /* its element knows the JPKI applet */
};

MITOME_CHECKED mitome_status play_see(struct play *play, struct play_scene *ret, mitome_error *error);

/* play_judge says what came of it, and what of that the event forbids. */
MITOME_CHECKED mitome_status play_judge(
        struct play *play, const struct phone_event *event, struct event_outcome *ret, mitome_error *error);

#endif
