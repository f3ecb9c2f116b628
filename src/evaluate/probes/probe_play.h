/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_PLAY_H
#define PROBE_PLAY_H

/* Probes of the certificate's life: each has a world of its own (world.h), with all parties, a person with a
 * card, and a phone with both certificates that logs in at a portal. Its messages are letters, relays and
 * APDUs of that world; the trace says what was done and what came of it. */

#include "probe.h"

#include "play_steps.h"

/* What a probe does there, with its verdict. A failure is one of the world, not a finding on the target. */
typedef mitome_status probe_story(struct probe_run *run, struct play *play, mitome_error *error);

/* probe_play makes the world, plays, and takes it away again. `setting`: what a hold by telephone ends in. */
void probe_play(struct probe_run *run, int setting, probe_story *story);

/* probe_play_control ends a story in which what is good was not taken (`what`): what is refused there says
 * nothing, and the verdict is "not testable". */
MITOME_CHECKED mitome_status probe_play_control(const char *what, mitome_error *error);

/* probe_play_visit goes to the portal with a phone and its PIN, which knows what `news` says; *ret is its
 * answer, OK where it lets in, and CARD_SIGNATURE where the phone gave nothing. `what` is for the trace. */
MITOME_CHECKED mitome_status probe_play_visit(struct probe_run *run, struct play *play, const char *what,
        struct world_phone *phone, const struct relying_party_news *news, mitome_code *ret,
        mitome_error *error);

/* probe_play_serial is the number of a living certificate of the first person's, on the card or in the phone.
 */
MITOME_CHECKED mitome_status probe_play_serial(struct play *play, enum register_place place,
        enum register_kind kind, uint8_t ret[REGISTER_SERIAL_MAX], slice *ret_serial, mitome_error *error);

/* probe_play_tell has a clerk say something about a certificate: "hold", "release", "revoke". *ret is OK, or
 * the code by which the authority refuses. */
MITOME_CHECKED mitome_status probe_play_tell(struct probe_run *run, struct play *play, enum world_party who,
        const char *what, enum register_kind kind, slice serial, mitome_code *ret, mitome_error *error);

/* What was shown of one demand, over several attempts. */
struct probe_score {
        unsigned tries, wrong;
        char first[96]; /* the first that went wrong */
};

/* probe_score_add counts an attempt; probe_score_holds: all were made, and none went wrong. */
void probe_score_add(struct probe_score *score, bool right, const char *what);
bool probe_score_holds(const struct probe_score *score, unsigned tries);

#endif
