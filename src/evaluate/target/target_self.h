/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARGET_SELF_H
#define TARGET_SELF_H

/* This project's own authenticator as a target, with everything in hand (specimen.h): "self". With
 * "self:no-anchor" its element has no anchor, as `mitome authenticator` runs it without a second place to
 * keep one: what an old copy of its storage then gives back is what the probes show. */

#include "target.h"

/* target_self_open makes a new specimen in a folder of its own, personalised for an invented person, with one
 * finger enrolled where a matcher with the virtual sensor was built. Fails as specimen_open does, with
 * EVALUATE_TARGET for "self" with something else behind it. */
MITOME_CHECKED mitome_status target_self_open(
        const struct target_config *config, struct target *ret, mitome_error *error);

#endif
