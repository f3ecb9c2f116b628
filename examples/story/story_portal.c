/* SPDX-License-Identifier: Apache-2.0 */

/* Before fido.h, which has macros of the same names. */
#include "web_client_parts.h"

#include "small_file.h"
#include "story_portal.h"

#include <stdio.h>

static mitome_status open_party(
        struct story_portal *portal, const struct story_portal_config *config, mitome_error *error)
{
        const struct party_config party = { .name = PARTY_PORTAL,
                .schema = portal_schema,
                .schema_version = PORTAL_SCHEMA_VERSION,
                .directory = &portal->nobody,
                .clock = config->clock,
                .random = config->random };
        return party_open(&party, &portal->party, error);
}

static mitome_status read_policies(struct story_portal *portal, const char *folder,
        slice ret[STORY_PORTAL_POLICIES], mitome_error *error)
{
        static const char *const names[STORY_PORTAL_POLICIES] = { "nist-800-63b-4", "first-summary" };
        for (size_t i = 0; i < STORY_PORTAL_POLICIES; i++) {
                char path[512];
                const int length = snprintf(path, sizeof path, "%s/%s.json", folder, names[i]);
                if (length < 0 || (size_t)length >= sizeof path)
                        return fail(error, MITOME_E_TOO_LONG, "the folder of --policies", NULL);
                MITOME_TRY(small_file_read(path, "the folder of --policies", portal->policies[i],
                        sizeof portal->policies[i], &ret[i], error));
        }
        return ok();
}

static mitome_status open_core(
        struct story_portal *portal, const struct story_portal_config *config, mitome_error *error)
{
        struct portal_config core = { .party = portal->party,
                .rp_id = config->rp_id,
                .origins = config->origins,
                .origin_count = 1,
                .masters = { .count = 1 },
                .attestation = PORTAL_ATTESTED,
                .trust = portal->trust,
                .policy_count = STORY_PORTAL_POLICIES };
        MITOME_TRY(read_policies(portal, config->policies, core.policies, error));
        if (config->random.fill(config->random.context, core.masters.bytes[0], PORTAL_MASTER_SIZE) != 0)
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        mitome_status status = portal_core_open(&core, &portal->core, error);
        bytes_wipe(&core.masters, sizeof core.masters);
        MITOME_TRY(status);
        return session_begin(portal->core, &portal->visitor, portal->cookie, error);
}

mitome_status story_portal_open(
        struct story_portal *portal, const struct story_portal_config *config, mitome_error *error)
{
        *portal = (struct story_portal){ 0 };
        mitome_status status = open_party(portal, config, error);
        if (!failed(status))
                status = portal_trust_of(config->trust, &portal->trust, error);
        if (!failed(status))
                status = open_core(portal, config, error);
        if (failed(status))
                story_portal_close(portal);
        return status;
}

void story_portal_close(struct story_portal *portal)
{
        portal_core_close(portal->core);
        party_close(portal->party);
        portal_trust_close(portal->trust);
        *portal = (struct story_portal){ 0 };
}

mitome_status story_portal_ask(
        struct story_portal *portal, const char *user, struct browser_request *ret, mitome_error *error)
{
        struct client_options options;
        writer arena = WRITER(portal->arena);
        slice json;
        if (user) {
                MITOME_TRY(ceremony_creation_options(portal->core, &portal->visitor, slice_text(user),
                        portal->options, sizeof portal->options, &json, error));
                MITOME_TRY(client_read_creation(json, &arena, &options, error));
        } else {
                MITOME_TRY(ceremony_request_options(portal->core, &portal->visitor, portal->options,
                        sizeof portal->options, &json, error));
                MITOME_TRY(client_read_request(json, &arena, &options, error));
        }
        ret->challenge = options.challenge;
        ret->user_id = options.user_id;
        ret->user_name = user;
        ret->discoverable = options.resident_key == CLIENT_REQUIRED;
        return ok();
}

mitome_status story_portal_log_in(
        struct story_portal *portal, slice response_json, struct ceremony_logged_in *ret, mitome_error *error)
{
        const struct ceremony_attempt attempt = { .json = response_json, .network = slice_text("127.0.0.1") };
        return ceremony_login(portal->core, &portal->visitor, &attempt, ret, error);
}
