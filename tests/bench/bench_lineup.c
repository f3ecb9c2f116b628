/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_lineup.h"

#include "bench_fido2.h"
#include "bench_level.h"
#include "bench_ours.h"
#include "bench_raw.h"
#include "bench_steps.h"

#include <stdlib.h>

enum { RAWS = 12, OURS = 16, SUMS = 8 };

struct lineup {
        struct bench_contender contenders[CONTENDERS];
        struct fido2 *fido2[LOGIN_ALGORITHMS];
        struct raw_signature *raws[RAWS];
        struct ours *ours[OURS];
        struct steps *steps[LOGIN_ALGORITHMS];
        struct judged *judged[STEP_LEVELS];
        struct raw_sum sums[SUMS];
        size_t raw_count, ours_count, sum_count;
};

static void must(bool right)
{
        if (!right)
                abort();
}

static struct raw_signature *keep_raw(struct lineup *lineup, struct raw_signature *raw)
{
        must(lineup->raw_count < RAWS);
        return lineup->raws[lineup->raw_count++] = raw;
}

static struct ours *keep_ours(struct lineup *lineup, struct ours *ours)
{
        must(lineup->ours_count < OURS);
        return lineup->ours[lineup->ours_count++] = ours;
}

/* ---- logins ---- */

static const char *const login_groups[] = { "login ES256", "login RS256", "login Ed25519" };
static const enum bench_case_id login_cases[] = { CASE_LOGIN_ES256, CASE_LOGIN_RS256, CASE_LOGIN_EDDSA };

static void put_login(
        struct lineup *lineup, size_t algorithm, enum lineup_login part, struct bench_contender contender)
{
        contender.group = login_groups[algorithm];
        lineup->contenders[lineup_login(algorithm, part)] = contender;
}

static void put_others(struct lineup *lineup, size_t algorithm, const struct bench_case *one, EVP_PKEY *key)
{
        struct raw_signature *raw = keep_raw(lineup, raw_of_login(one, key));
        struct fido2 *fido2 = lineup->fido2[algorithm] = fido2_new(one, key);
        const char *missing = fido2 ? NULL : "built without libfido2";
        put_login(lineup, algorithm, LOGIN_RAW,
                (struct bench_contender){
                        .name = "raw: OpenSSL EVP_DigestVerify, kept key", .run = raw_evp, .state = raw });
        if (one->key == RIG_EDDSA)
                put_login(lineup, algorithm, LOGIN_BARE,
                        (struct bench_contender){
                                .name = "bare: libsodium", .run = raw_sodium, .state = raw });
        else
                put_login(lineup, algorithm, LOGIN_BARE,
                        (struct bench_contender){
                                .name = "bare: OpenSSL EVP_PKEY_verify, kept context, ready digest",
                                .run = raw_kept,
                                .state = raw });
        put_login(lineup, algorithm, LOGIN_FIDO2,
                (struct bench_contender){ .name = "libfido2 fido_assert_verify, ready object",
                        .run = fido2_verify,
                        .state = fido2,
                        .missing = missing });
        put_login(lineup, algorithm, LOGIN_FIDO2_BUILD,
                (struct bench_contender){ .name = "libfido2, object built each time",
                        .run = fido2_build,
                        .state = fido2,
                        .missing = missing });
}

static void put_logins(struct lineup *lineup, const struct bench_cases *cases, size_t algorithm)
{
        enum bench_case_id id = login_cases[algorithm];
        const struct bench_case *one = &cases->list[id];
        put_others(lineup, algorithm, one, cases->rig.credential[one->key]);
        put_login(lineup, algorithm, LOGIN_WARM,
                (struct bench_contender){ .name = "mitome, warm key",
                        .run = ours_run,
                        .state = keep_ours(lineup, ours_new(cases, one, OURS_CONTEXT)) });
        put_login(lineup, algorithm, LOGIN_COLD,
                (struct bench_contender){ .name = "mitome, cold key",
                        .run = ours_run,
                        .state = keep_ours(lineup, ours_new_cold(cases, id)) });
        put_login(lineup, algorithm, LOGIN_ALONE,
                (struct bench_contender){ .name = "mitome, without a context",
                        .run = ours_run,
                        .state = keep_ours(lineup, ours_new(cases, one, OURS_NO_CONTEXT)) });
}

/* ---- registrations ---- */

static void put_raw(struct lineup *lineup, enum lineup_registration part, const char *group, const char *name,
        struct raw_sum sum)
{
        must(lineup->sum_count < SUMS);
        struct raw_sum *kept = &lineup->sums[lineup->sum_count++];
        *kept = sum;
        lineup->contenders[lineup_registration(part)] =
                (struct bench_contender){ .group = group, .name = name, .run = raw_all, .state = kept };
}

/* A case that this library does not know yet is left out, not measured as a refusal. */
static void put_registration(struct lineup *lineup, const struct bench_cases *cases,
        enum lineup_registration part, enum bench_case_id id)
{
        mitome_error error = { 0 };
        struct ours *ours = keep_ours(lineup, ours_new(cases, &cases->list[id], OURS_CONTEXT));
        bool known = ours_code(ours, &error) != MITOME_E_FORMAT_UNSUPPORTED;
        lineup->contenders[lineup_registration(part)] = (struct bench_contender){
                .group = cases->list[id].name,
                .name = "mitome",
                .run = ours_run,
                .state = ours,
                .missing = known ? NULL : "format not supported",
        };
}

static slice leaf_of(const struct bench_case *one)
{
        return slice_of(one->response.leaf, one->response.leaf_size);
}

static void put_certified(struct lineup *lineup, const struct bench_cases *cases)
{
        EVP_PKEY *batch = cases->rig.attestation[RIG_ES256];
        const struct bench_case *x5c = &cases->list[CASE_X5C], *chain = &cases->list[CASE_X5C_CHAIN],
                                *u2f = &cases->list[CASE_U2F];
        struct raw_signature *statement = keep_raw(lineup, raw_of_login(chain, batch));
        struct raw_signature *leaf = keep_raw(lineup, raw_of_certificate(leaf_of(chain), cases->rig.ca_key));
        struct raw_signature *between = keep_raw(lineup,
                raw_of_certificate(slice_of(cases->rig.ca_der, cases->rig.ca_der_size), cases->root_key));
        put_raw(lineup, REG_X5C_RAW, x5c->name, "raw: statement + leaf",
                (struct raw_sum){
                        { keep_raw(lineup, raw_of_login(x5c, batch)),
                                keep_raw(lineup, raw_of_certificate(leaf_of(x5c), cases->root_key)) },
                        2 });
        put_raw(lineup, REG_CHAIN_RAW, chain->name, "raw: statement + leaf",
                (struct raw_sum){ { statement, leaf }, 2 });
        put_raw(lineup, REG_CHAIN_RAW_ALL, chain->name, "raw: statement + leaf + intermediate",
                (struct raw_sum){ { statement, leaf, between }, 3 });
        put_raw(lineup, REG_U2F_RAW, u2f->name, "raw: statement + leaf",
                (struct raw_sum){
                        { keep_raw(lineup, raw_of_u2f(u2f, batch)),
                                keep_raw(lineup, raw_of_certificate(leaf_of(u2f), cases->root_key)) },
                        2 });
}

static void put_registrations(struct lineup *lineup, const struct bench_cases *cases)
{
        const struct bench_case *self = &cases->list[CASE_SELF];
        put_raw(lineup, REG_SELF_RAW, self->name, "raw: statement",
                (struct raw_sum){
                        { keep_raw(lineup, raw_of_login(self, cases->rig.credential[RIG_ES256])) }, 1 });
        put_certified(lineup, cases);
        put_registration(lineup, cases, REG_NONE, CASE_NONE);
        put_registration(lineup, cases, REG_SELF, CASE_SELF);
        put_registration(lineup, cases, REG_X5C, CASE_X5C);
        put_registration(lineup, cases, REG_CHAIN, CASE_X5C_CHAIN);
        lineup->contenders[lineup_registration(REG_CHAIN_COLD)] =
                (struct bench_contender){ .group = cases->list[CASE_X5C_CHAIN].name,
                        .name = "mitome, another leaf each time",
                        .run = ours_run,
                        .state = keep_ours(lineup, ours_new_cold(cases, CASE_X5C_CHAIN)) };
        put_registration(lineup, cases, REG_U2F, CASE_U2F);
}

/* ---- the steps of a login ---- */

static void put_steps(struct lineup *lineup, const struct bench_cases *cases)
{
        static const struct {
                const char *name;
                bench_operation *run;
                size_t algorithm;
        } table[STEP_LEVEL] = {
                [STEP_ENVELOPE] = { "JSON and base64url of the response", steps_envelope, LOGIN_ES256 },
                [STEP_CLIENT_DATA] = { "clientDataJSON", steps_client_data, LOGIN_ES256 },
                [STEP_HASHES] = { "SHA-256 of clientDataJSON and of the RP ID", steps_hashes, LOGIN_ES256 },
                [STEP_AUTH_DATA] = { "authenticatorData", steps_auth_data, LOGIN_ES256 },
                [STEP_KEY] = { "COSE_Key to views", steps_key, LOGIN_ES256 },
                [STEP_SIGNATURE_ES256] = { "cose_verify ES256, warm", steps_signature, LOGIN_ES256 },
                [STEP_SIGNATURE_RS256] = { "cose_verify RS256, warm", steps_signature, LOGIN_RS256 },
                [STEP_SIGNATURE_EDDSA] = { "cose_verify Ed25519, warm", steps_signature, LOGIN_EDDSA },
        };
        for (size_t i = 0; i < LOGIN_ALGORITHMS; i++)
                lineup->steps[i] = steps_new(&cases->list[login_cases[i]]);
        for (size_t i = 0; i < STEP_LEVEL; i++)
                lineup->contenders[lineup_step((enum lineup_step)i)] = (struct bench_contender){
                        .group = "steps of a login",
                        .name = table[i].name,
                        .run = table[i].run,
                        .state = lineup->steps[table[i].algorithm],
                };
}

static void put_levels(struct lineup *lineup)
{
        static const char policy[] = "nist-800-63b-4";
        static const char *const names[STEP_LEVELS] = { "its level by NIST SP 800-63B-4",
                ".. with an evaluation statement", ".. whose rates have errors",
                "its level, 64 requirements, and whether step-up would do" };
        lineup->judged[0] = judged_new_shipped(policy);
        lineup->judged[1] = judged_new_evaluated(policy, false);
        lineup->judged[2] = judged_new_evaluated(policy, true);
        lineup->judged[3] = judged_new_largest();
        for (size_t i = 0; i < STEP_LEVELS; i++)
                lineup->contenders[lineup_step((enum lineup_step)(STEP_LEVEL + i))] =
                        (struct bench_contender){ .group = "steps of a login",
                                .name = names[i],
                                .run = judged_run,
                                .state = lineup->judged[i] };
}

/* ---- the line-up ---- */

struct lineup *lineup_new(const struct bench_cases *cases)
{
        struct lineup *lineup = calloc(1, sizeof *lineup);
        must(lineup != NULL);
        for (size_t i = 0; i < LOGIN_ALGORITHMS; i++)
                put_logins(lineup, cases, i);
        put_registrations(lineup, cases);
        put_steps(lineup, cases);
        put_levels(lineup);
        return lineup;
}

void lineup_free(struct lineup *lineup)
{
        if (!lineup)
                return;
        for (size_t i = 0; i < CONTENDERS; i++)
                free(lineup->contenders[i].rounds);
        for (size_t i = 0; i < LOGIN_ALGORITHMS; i++) {
                fido2_free(lineup->fido2[i]);
                steps_free(lineup->steps[i]);
        }
        for (size_t i = 0; i < STEP_LEVELS; i++)
                judged_free(lineup->judged[i]);
        for (size_t i = 0; i < lineup->raw_count; i++)
                raw_free(lineup->raws[i]);
        for (size_t i = 0; i < lineup->ours_count; i++)
                ours_free(lineup->ours[i]);
        free(lineup);
}

struct bench_contender *lineup_contenders(struct lineup *lineup)
{
        return lineup->contenders;
}

#define LOGIN(algorithm, part) ((algorithm)*LOGIN_PARTS + (part))
#define REGISTRATION(part) (LOGIN_ALGORITHMS * LOGIN_PARTS + (part))
#define STEP(step) (LOGIN_ALGORITHMS * LOGIN_PARTS + REG_PARTS + (step))

const struct lineup_target *lineup_targets(size_t *ret_count)
{
        static const struct lineup_target targets[] = {
                { "ES256 warm key : raw", LOGIN(LOGIN_ES256, LOGIN_WARM), LOGIN(LOGIN_ES256, LOGIN_RAW),
                        1.10 },
                { "RS256 warm key : raw", LOGIN(LOGIN_RS256, LOGIN_WARM), LOGIN(LOGIN_RS256, LOGIN_RAW),
                        1.25 },
                { "Ed25519 warm key : raw", LOGIN(LOGIN_EDDSA, LOGIN_WARM), LOGIN(LOGIN_EDDSA, LOGIN_RAW),
                        0.65 },
                { "ES256 cold key : raw", LOGIN(LOGIN_ES256, LOGIN_COLD), LOGIN(LOGIN_ES256, LOGIN_RAW),
                        1.35 },
                { "RS256 cold key : raw", LOGIN(LOGIN_RS256, LOGIN_COLD), LOGIN(LOGIN_RS256, LOGIN_RAW),
                        1.35 },
                { "Ed25519 cold key : raw", LOGIN(LOGIN_EDDSA, LOGIN_COLD), LOGIN(LOGIN_EDDSA, LOGIN_RAW),
                        1.35 },
                { "ES256 warm key : libfido2", LOGIN(LOGIN_ES256, LOGIN_WARM),
                        LOGIN(LOGIN_ES256, LOGIN_FIDO2), 1 },
                { "RS256 warm key : libfido2", LOGIN(LOGIN_RS256, LOGIN_WARM),
                        LOGIN(LOGIN_RS256, LOGIN_FIDO2), 1 },
                { "Ed25519 warm key : libfido2", LOGIN(LOGIN_EDDSA, LOGIN_WARM),
                        LOGIN(LOGIN_EDDSA, LOGIN_FIDO2), 1 },
                { "ES256 cold key : libfido2", LOGIN(LOGIN_ES256, LOGIN_COLD),
                        LOGIN(LOGIN_ES256, LOGIN_FIDO2), 1 },
                { "RS256 cold key : libfido2", LOGIN(LOGIN_RS256, LOGIN_COLD),
                        LOGIN(LOGIN_RS256, LOGIN_FIDO2), 1 },
                { "Ed25519 cold key : libfido2", LOGIN(LOGIN_EDDSA, LOGIN_COLD),
                        LOGIN(LOGIN_EDDSA, LOGIN_FIDO2), 1 },
                { "packed self : raw", REGISTRATION(REG_SELF), REGISTRATION(REG_SELF_RAW), 1.3 },
                { "packed x5c : raw", REGISTRATION(REG_X5C), REGISTRATION(REG_X5C_RAW), 1.3 },
                { "packed x5c, intermediate : raw", REGISTRATION(REG_CHAIN), REGISTRATION(REG_CHAIN_RAW),
                        1.3 },
                { "packed x5c, intermediate, other leaves : raw", REGISTRATION(REG_CHAIN_COLD),
                        REGISTRATION(REG_CHAIN_RAW), 1.3 },
                { "fido-u2f : raw", REGISTRATION(REG_U2F), REGISTRATION(REG_U2F_RAW), 1.3 },
                /* 5 us where the signature takes 64. */
                { "a login's level : raw ES256", STEP(STEP_LEVEL), LOGIN(LOGIN_ES256, LOGIN_RAW), 0.08 },
                { "a login's level, evaluated : raw ES256", STEP(STEP_LEVEL_EVALUATED),
                        LOGIN(LOGIN_ES256, LOGIN_RAW), 0.08 },
                { "a login's level, evaluated, rates with errors : raw ES256", STEP(STEP_LEVEL_RATES),
                        LOGIN(LOGIN_ES256, LOGIN_RAW), 0.08 },
        };
        *ret_count = sizeof targets / sizeof targets[0];
        return targets;
}
