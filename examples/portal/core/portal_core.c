/* SPDX-License-Identifier: Apache-2.0 */
#include "portal_internal.h"

#include "account_tables.h"
#include "key_file.h"
#include "trust.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Spent challenges are ordered by their end, which is sealed into them: adding is at the end of the table,
 * and so is forgetting at its beginning. */
const char portal_schema[] = ACCOUNT_TABLES
        "CREATE TABLE portal_spent (expires INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (expires, id)) "
        "WITHOUT ROWID;"
        "CREATE TABLE portal_session (number INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, account INTEGER "
        "NOT NULL, credential INTEGER NOT NULL, epoch INTEGER NOT NULL, opened INTEGER NOT NULL, authenticated "
        "INTEGER NOT NULL, seen INTEGER NOT NULL, ends INTEGER NOT NULL, level TEXT NOT NULL, amr INTEGER NOT "
        "NULL, evidence INTEGER NOT NULL, crossed INTEGER NOT NULL);"
        "CREATE TABLE portal_lock (place BLOB PRIMARY KEY, failures INTEGER NOT NULL, since INTEGER NOT NULL);"
        "CREATE INDEX portal_lock_since ON portal_lock (since);"
        "CREATE TABLE portal_tally (what INTEGER NOT NULL, code INTEGER NOT NULL, times INTEGER NOT NULL, "
        "PRIMARY KEY (what, code)) WITHOUT ROWID;";

/* ---- keys ---- */

static mitome_status keep_one(
        const char *path, const struct mitome_random *random, uint8_t *ret, mitome_error *error)
{
        return key_file_keep(path, PORTAL_MASTER_SIZE, random, ret, error);
}

mitome_status portal_master_keep(
        const char *path, const struct mitome_random *random, struct portal_masters *ret, mitome_error *error)
{
        char former[PATH_MAX];
        const int length = snprintf(former, sizeof former, "%s.old", path);
        if (length < 0 || length >= PATH_MAX)
                return fail(error, MITOME_E_TOO_LONG, "key file", NULL);
        MITOME_TRY(keep_one(path, random, ret->bytes[0], error));
        ret->count = 1;
        if (access(former, F_OK) != 0)
                return ok();
        MITOME_TRY(keep_one(former, random, ret->bytes[1], error));
        ret->count = 2;
        return ok();
}

static void derive(
        const struct portal_masters *masters, size_t number, const char *purpose, struct secret *ret_key)
{
        hkdf_sha256(slice_of(NULL, 0), SLICE(masters->bytes[number]), slice_text(purpose), ret_key);
}

void portal_derive(const struct portal *portal, const char *purpose, struct secret *ret_key)
{
        derive(&portal->config.masters, 0, purpose, ret_key);
}

/* The purpose names the unit of the challenges' ends: a portal that counts in seconds would see none of these
 * end, and take one again when it is forgotten as spent. */
static void derive_all(struct portal *portal)
{
        const struct portal_masters *masters = &portal->config.masters;
        for (size_t i = 0; i < masters->count; i++) {
                SECRET(key);
                derive(masters, i, "mitome portal: challenges, in milliseconds", &key);
                writer w = WRITER(portal->challenge_keys[i].bytes);
                write_slice(&w, secret_view(&key));
        }
        portal_derive(portal, "mitome portal: forms", &portal->csrf_key);
        portal_derive(portal, "mitome portal: browsers", &portal->device_key);
        portal_derive(portal, "mitome portal: lock-out", &portal->lockout_key);
        portal_derive(portal, "mitome portal: user handles", &portal->handle_key);
}

void portal_mac(const struct secret *key, const slice *parts, size_t count, uint8_t ret_mac[PORTAL_MAC_SIZE])
{
        crypto_generichash_state state;
        (void)crypto_generichash_init(&state, key->data, key->size, PORTAL_MAC_SIZE);
        for (size_t i = 0; i < count; i++)
                (void)crypto_generichash_update(&state, parts[i].data, parts[i].size);
        (void)crypto_generichash_final(&state, ret_mac, PORTAL_MAC_SIZE);
        bytes_wipe(&state, sizeof state);
}

slice portal_number(int64_t number, uint8_t buffer[8])
{
        writer w = writer_over(buffer, 8);
        write_u64(&w, (uint64_t)number);
        return writer_view(&w);
}

/* ---- opening ---- */

static mitome_status check_config(const struct portal_config *config, mitome_error *error)
{
        const struct {
                const char *field;
                bool right;
        } rules[] = {
                { "party", config->party != NULL },
                { "rp_id", config->rp_id && *config->rp_id },
                { "origins", config->origin_count > 0 && config->origin_count <= PORTAL_ORIGINS },
                { "masters", config->masters.count > 0 && config->masters.count <= 2 },
                { "policies", config->policy_count > 0 && config->policy_count <= PORTAL_POLICIES },
        };
        for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                if (!rules[i].right)
                        return fail(error, MITOME_E_ARGUMENT, rules[i].field, NULL);
        return ok();
}

static mitome_status set_up(struct portal *portal, mitome_error *error)
{
        const struct portal_config *config = &portal->config;
        portal->rp_id = slice_text(config->rp_id);
        portal->rp_name = config->rp_name ? slice_text(config->rp_name) : slice_of(NULL, 0);
        for (size_t i = 0; i < config->origin_count; i++)
                portal->origins[i] = slice_text(config->origins[i]);
        for (size_t i = 0; i < config->policy_count; i++) {
                MITOME_TRY(level_policy_read(config->policies[i], &portal->policies[i], error));
                for (size_t j = 0; j < portal->policies[i].level_count; j++)
                        if (portal->policies[i].levels[j].size >= SESSION_LEVEL_MAX)
                                return fail(error, MITOME_E_TOO_LONG, "policy.levels", NULL);
        }
        derive_all(portal);
        MITOME_TRY(portal_draw(portal, portal->bucket_key, sizeof portal->bucket_key, error));
        return mitome_context_new(&portal->context, error);
}

mitome_status portal_core_open(const struct portal_config *config, struct portal **ret, mitome_error *error)
{
        MITOME_TRY(check_config(config, error));
        struct portal *portal = calloc(1, sizeof *portal);
        if (!portal || pthread_mutex_init(&portal->buckets_lock, NULL) != 0) {
                free(portal);
                return fail(error, MITOME_E_NO_MEMORY, "portal", NULL);
        }
        portal->config = *config;
        mitome_status status = set_up(portal, error);
        if (failed(status)) {
                portal_core_close(portal);
                return status;
        }
        *ret = portal;
        return ok();
}

void portal_core_close(struct portal *portal)
{
        if (!portal)
                return;
        mitome_context_free(portal->context);
        (void)pthread_mutex_destroy(&portal->buckets_lock);
        bytes_wipe(portal, sizeof *portal);
        free(portal);
}

/* ---- what it is ---- */

struct party *portal_party(struct portal *portal)
{
        return portal->config.party;
}

const struct portal_config *portal_configuration(const struct portal *portal)
{
        return &portal->config;
}

int64_t portal_now(const struct portal *portal)
{
        return party_now(portal->config.party);
}

int64_t portal_milliseconds(void)
{
        struct timespec now = { 0 };
        (void)clock_gettime(CLOCK_REALTIME, &now);
        return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

mitome_status portal_draw(struct portal *portal, uint8_t *bytes, size_t size, mitome_error *error)
{
        const struct mitome_random *random = party_random(portal->config.party);
        return random->fill(random->context, bytes, size) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, "portal", NULL);
}

const struct portal_snapshot *portal_believe(const struct portal *portal)
{
        return portal->config.trust ? portal_trust_take(portal->config.trust) : NULL;
}

void portal_believe_no_more(const struct portal *portal, const struct portal_snapshot *snapshot)
{
        if (snapshot)
                portal_trust_give_back(portal->config.trust, snapshot);
}

mitome_code portal_certificate_status(
        const struct portal *portal, slice issuer, slice serial, int64_t not_after)
{
        const struct portal_snapshot *belief = portal_believe(portal);
        const int64_t now = portal_now(portal);
        mitome_code code = MITOME_E_CRL_MISSING;
        if (belief)
                code = trust_check_serial(belief->trust, issuer, serial, now, NULL).code;
        portal_believe_no_more(portal, belief);
        return code == MITOME_OK && not_after <= now ? MITOME_E_CERTIFICATE_EXPIRED : code;
}

const struct level_policy *portal_policy(const struct portal *portal, size_t number)
{
        return number < portal->config.policy_count ? &portal->policies[number] : NULL;
}

/* ---- what is kept of a refusal ---- */

bool portal_is_store_failure(mitome_code code)
{
        static const mitome_code failures[] = { MITOME_E_SQL_FAILED, MITOME_E_SQL_CONSTRAINT,
                MITOME_E_SQL_AGAIN, MITOME_E_SQL_UNKNOWN, MITOME_E_NO_MEMORY, MITOME_E_NO_RANDOMNESS,
                MITOME_E_CHALLENGE_UNDECIDED, MITOME_E_CRYPTO_FAILED };
        for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
                if (code == failures[i])
                        return true;
        return false;
}

mitome_status portal_settle(
        struct portal *portal, enum tally_what what, mitome_status so_far, mitome_error *error)
{
        struct sql_store *store = party_store(portal->config.party);
        if (!failed(so_far))
                return sql_commit(store, error);
        if (portal_is_store_failure(so_far.code)) {
                sql_rollback(store);
                return so_far;
        }
        mitome_error unkept = { 0 };
        mitome_status kept = sql_settle(store, tally_refuse(portal, what, so_far.code, &unkept), &unkept);
        if (!failed(kept))
                return so_far;
        if (error)
                *error = unkept;
        return kept;
}

/* ---- its own work ---- */

static mitome_status sweep(struct portal *portal, mitome_error *error)
{
        enum { EVERY = 10 };
        const int64_t now = portal_now(portal);
        MITOME_TRY(tally_flush(portal, error));
        if (now >= portal->swept && now - portal->swept < EVERY)
                return ok();
        portal->swept = now;
        MITOME_TRY(ceremony_sweep(portal, error));
        MITOME_TRY(session_sweep(portal, error));
        return lockout_sweep(portal, error);
}

mitome_status portal_tick(struct portal *portal, mitome_error *error)
{
        struct sql_store *store = party_store(portal->config.party);
        MITOME_TRY(sql_begin(store, error));
        return sql_settle(store, sweep(portal, error), error);
}
