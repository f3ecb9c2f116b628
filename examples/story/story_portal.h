/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORY_PORTAL_H
#define STORY_PORTAL_H

/* The relying party of the first story: the portal's core (examples/portal/core) with a store in memory,
 * asked by one browser, whose cookie is always that of a visitor: each login opens a session of its own. */

#include "browser.h"
#include "credential.h"
#include "portal_ceremony.h"

enum { STORY_PORTAL_POLICIES = 2, STORY_PORTAL_POLICY_MAX = 65536 };

struct story_portal {
        struct party *party;
        struct directory nobody; /* it asks no other party */
        struct portal_trust *trust;
        struct portal *core;
        struct session visitor;
        char cookie[SESSION_COOKIE_SIZE];
        uint8_t policies[STORY_PORTAL_POLICIES][STORY_PORTAL_POLICY_MAX];
        uint8_t options[CEREMONY_OPTIONS_MAX], arena[CEREMONY_OPTIONS_MAX];
};

struct story_portal_config {
        const char *rp_id;
        const char *const *origins; /* one, which outlives the portal */
        const char *policies;       /* the folder of the level policies; the portal's level is by NIST's */
        const struct portal_trust_parts *trust;
        struct party_clock clock;
        struct mitome_random random;
};

MITOME_CHECKED mitome_status story_portal_open(
        struct story_portal *portal, const struct story_portal_config *config, mitome_error *error);
void story_portal_close(struct story_portal *portal);

/* story_portal_ask has the portal ask for a new passkey of `user`, or (NULL) for a login, and reads the
 * options as a browser does: fills in challenge, user and discoverable. The views are good until it asks
 * again. */
MITOME_CHECKED mitome_status story_portal_ask(
        struct story_portal *portal, const char *user, struct browser_request *ret, mitome_error *error);

/* story_portal_log_in sends an answer, as the portal's page does. */
MITOME_CHECKED mitome_status story_portal_log_in(struct story_portal *portal, slice response_json,
        struct ceremony_logged_in *ret, mitome_error *error);

#endif
