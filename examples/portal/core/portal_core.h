/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTAL_CORE_H
#define PORTAL_CORE_H

/* The relying party without HTTP: accounts (account.h), their passkeys (credential.h), the two ceremonies
 * (portal_ceremony.h), sessions (session.h), limits (portal_limits.h) and figures (tally.h). All of it is
 * called from the one thread that owns the party's store. Each function that writes does so in a transaction
 * of its own, or in a savepoint where one is open. A refusal is remembered, too (the challenge is spent, the
 * failure counted, the journal written): whoever calls commits what is open around it, whether it was a
 * refusal or not, and rolls back only when the store failed (portal_is_store_failure). */

#include "login_level.h"
#include "party.h"
#include "portal_trust.h"

#include <mitome/challenge.h>
#include <mitome/rp.h>

struct portal;

/* ---- opening ---- */

enum {
        PORTAL_POLICIES = 4,
        PORTAL_ORIGINS = 8,
        PORTAL_MASTER_SIZE = 32,
        PORTAL_CEREMONY_SECONDS = 300, /* WebAuthn L3 15.1 */
};

/* What everything secret here is derived from: 32 random bytes in a file of mode 0600, the same one for all
 * portals that share a store. To change it, put the new one first and leave the old one behind it for a day:
 * challenges of both are taken, and forms that were open are to be sent again. */
struct portal_masters {
        uint8_t bytes[2][PORTAL_MASTER_SIZE];
        size_t count;
};
MITOME_CHECKED mitome_status portal_master_keep(const char *path, const struct mitome_random *random,
        struct portal_masters *ret, mitome_error *error);

enum portal_attestation {
        PORTAL_ATTESTED,   /* only models that lead to an anchor, or persons (mitome-jpki) */
        PORTAL_UNATTESTED, /* self attestation, none and unknown makers, too: they reach less */
};

/* Copied; party, texts and policies must outlive the portal. */
struct portal_config {
        struct party *party; /* store (opened with portal_schema), clock, randomness, journal */
        const char *rp_id, *rp_name;
        const char *const *origins; /* the first is the portal's own */
        size_t origin_count;
        struct portal_masters masters;
        enum portal_attestation attestation;
        const struct portal_trust *trust; /* whom it believes; NULL: nobody */
        slice policies[PORTAL_POLICIES]; /* JSON (attestation/level/policies); the first says level and acr */
        size_t policy_count;
        /* A level is reached only by a model of which an evaluator whom `trust` believes has found what the
         * policy asks of the device; else what it asks of the login is enough. Of software, too, where
         * simulations are accepted. */
        bool demand_evaluated, accept_simulated;
        bool unlimited; /* for measurements: no limits by network (portal_limits.h) */
};

/* The portal's tables, those of account.h among them: what party_open is given. */
extern const char portal_schema[];
enum { PORTAL_SCHEMA_VERSION = 1 };

/* portal_core_open reads the policies (errors of level_policy_read), and refuses what is no configuration
 * (ARGUMENT). */
MITOME_CHECKED mitome_status portal_core_open(
        const struct portal_config *config, struct portal **ret, mitome_error *error);
void portal_core_close(struct portal *portal);

/* portal_tick is its own work, once a second: writes figures, forgets what is over. */
MITOME_CHECKED mitome_status portal_tick(struct portal *portal, mitome_error *error);

struct party *portal_party(struct portal *portal);
const struct portal_config *portal_configuration(const struct portal *portal);
int64_t portal_now(const struct portal *portal);
MITOME_CHECKED mitome_status portal_draw(
        struct portal *portal, uint8_t *bytes, size_t size, mitome_error *error); /* random bytes */
/* portal_believe gives the snapshot to use now, or NULL; it is good until it is given back. */
const struct portal_snapshot *portal_believe(const struct portal *portal);
void portal_believe_no_more(const struct portal *portal, const struct portal_snapshot *snapshot);
/* portal_policy is one of the level policies, or NULL. */
const struct level_policy *portal_policy(const struct portal *portal, size_t number);

/* portal_derive makes a key for a purpose ("oidc cookie") from the first master. Wipe it. */
void portal_derive(const struct portal *portal, const char *purpose, struct secret *ret_key);

/* portal_is_store_failure tells failures of the machine (store, memory, randomness) from refusals. */
bool portal_is_store_failure(mitome_code code);

#endif
