/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_FINGER_H
#define PROBE_FINGER_H

/* What probes of the biometric path share: fingers are laid, enrolled, listed and taken out as a platform
 * does it, with a token or without. */

#include "probe_platform.h"

enum { PROBE_FINGER_IDS = 10, PROBE_FINGER_ID_MAX = 32 };

struct probe_fingers {
        size_t count;
        struct {
                uint8_t bytes[PROBE_FINGER_ID_MAX];
                size_t size;
        } ids[PROBE_FINGER_IDS];
};

/* probe_finger_open is platform_open, and sees to it that the target's PIN opens and its holder's finger is
 * recognised: else what is refused later says nothing. False: the verdict has been given. */
bool probe_finger_open(struct platform *platform, struct probe_run *run, struct target *target);

/* probe_finger_token lays a finger for a token. The holder lays his again, as people do, up to three times;
 * all others are laid once. */
int probe_finger_token(
        struct platform *platform, enum target_finger whose, uint8_t permissions, const char *rp_id);

/* probe_finger_try lays a finger for a token for a login at a name of our own, which is thrown away. The
 * status byte: 0 where it is recognised. */
int probe_finger_try(struct platform *platform, enum target_finger whose);

/* What the answer to a finger says. Whoever was not recognised may have been missed, by a matcher that has
 * his finger: that says nothing of a path that should be closed. */
enum probe_finger_answer {
        PROBE_FINGER_TAKEN,
        PROBE_FINGER_STRANGE, /* compared, and not recognised (UV_INVALID) */
        PROBE_FINGER_CLOSED,  /* refused whoever it is: PUAT_REQUIRED, UV_BLOCKED, NOT_ALLOWED */
        PROBE_FINGER_UNTOLD,  /* nobody was seen, or anything else: not tried */
};
enum probe_finger_answer probe_finger_answer_of(int status);

/* probe_finger_pin enters the PIN, so that the biometric path is open again. */
int probe_finger_pin(struct platform *platform);

/* probe_finger_enrol enrols, by platform->token where there is one (else nothing is sent in its place).
 * *ret_added: it was told that the finger is enrolled. */
int probe_finger_enrol(struct platform *platform, enum target_finger whose, bool *ret_added);

/* probe_finger_list needs a token for it; none enrolled is no failure. probe_finger_remove takes one out. */
int probe_finger_list(struct platform *platform, struct probe_fingers *ret);
int probe_finger_remove(struct platform *platform, const struct probe_fingers *fingers, size_t number);

/* probe_finger_manage gets a token by PIN for what is above. */
int probe_finger_manage(struct platform *platform);

/* probe_finger_all gets that token and lists: what it has in fact, whatever it answered to an enrolment.
 * probe_finger_remove_new takes out whatever is not among `before`. */
int probe_finger_all(struct platform *platform, struct probe_fingers *ret);
int probe_finger_remove_new(struct platform *platform, const struct probe_fingers *before);

#endif
