/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LINEUP_H
#define BENCH_LINEUP_H

/* Who is measured, and what is expected of whom. */

#include "bench_cases.h"
#include "bench_round.h"

/* Of each algorithm of a login: */
enum lineup_login {
        LOGIN_RAW,  /* EVP_DigestVerify, kept key */
        LOGIN_BARE, /* less than any library can do: EVP_PKEY_verify of a ready digest; Ed25519: libsodium */
        LOGIN_FIDO2,
        LOGIN_FIDO2_BUILD,
        LOGIN_WARM,  /* ours, a context that has seen the key */
        LOGIN_COLD,  /* ours, a context that has not */
        LOGIN_ALONE, /* ours, no context */
        LOGIN_PARTS,
};
enum { LOGIN_ES256, LOGIN_RS256, LOGIN_EDDSA, LOGIN_ALGORITHMS };

enum lineup_registration {
        REG_NONE,
        REG_SELF_RAW,
        REG_SELF,
        REG_X5C_RAW, /* statement and leaf */
        REG_X5C,
        REG_CHAIN_RAW, /* statement and leaf: the intermediate is remembered */
        REG_CHAIN_RAW_ALL,
        REG_CHAIN,      /* the same leaf, as of one batch */
        REG_CHAIN_COLD, /* another leaf each time, the same intermediate */
        REG_U2F_RAW,
        REG_U2F,
        REG_PARTS,
};

/* Of a login with ES256; the signature of the others, too: */
enum lineup_step {
        STEP_ENVELOPE,
        STEP_CLIENT_DATA,
        STEP_HASHES,
        STEP_AUTH_DATA,
        STEP_KEY,
        STEP_SIGNATURE_ES256,
        STEP_SIGNATURE_RS256,
        STEP_SIGNATURE_EDDSA,
        STEP_LEVEL,           /* beside them: the level */
        STEP_LEVEL_EVALUATED, /* .. with an evaluation statement */
        STEP_LEVEL_RATES,     /* .. whose rates have errors */
        STEP_LEVEL_LARGEST,   /* .. by the largest policy that there can be */
        STEPS,
        STEP_LEVELS = STEPS - STEP_LEVEL,
};

enum { CONTENDERS = LOGIN_ALGORITHMS * LOGIN_PARTS + REG_PARTS + STEPS };

static inline size_t lineup_login(size_t algorithm, enum lineup_login part)
{
        return algorithm * LOGIN_PARTS + part;
}

static inline size_t lineup_registration(enum lineup_registration part)
{
        return LOGIN_ALGORITHMS * LOGIN_PARTS + part;
}

static inline size_t lineup_step(enum lineup_step step)
{
        return LOGIN_ALGORITHMS * LOGIN_PARTS + REG_PARTS + step;
}

/* `who` shall take at most `limit` times what `base` takes. */
struct lineup_target {
        const char *what;
        size_t who, base;
        double limit;
};

struct lineup;
struct lineup *lineup_new(const struct bench_cases *cases);
void lineup_free(struct lineup *lineup);

struct bench_contender *lineup_contenders(struct lineup *lineup); /* CONTENDERS of them */
const struct lineup_target *lineup_targets(size_t *ret_count);

#endif
