/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_LEVEL_H
#define JUDGE_LEVEL_H

/* What one login proves, held against an authentication-level policy. Policies are data (policies/FORMAT.md);
 * a predicate is a name from a table here. There is no score: each requirement has its own outcome, and the
 * level is the highest one of which nothing that SHALL hold is missing. */

#include "bytes.h"

enum { LEVEL_REQUIREMENTS_MAX = 48, LEVEL_LEVELS_MAX = 8 };

/* The facts of a login. What a maker declares is marked by where it comes from, the metadata statement. */
struct level_evidence {
        bool user_present, user_verified; /* flags UP, UV of the signed authData */
        bool challenge_fresh;             /* the challenge was this ceremony's, of at least 16 bytes */
        bool origin_bound;                /* origin and RP ID hash were the expected ones */
        bool attestation_trusted;         /* the registration's path ended in an anchor */
        bool certificate_alive; /* a person's certificate is bound, has not expired and is on no list
                                   now */
        bool backup_eligible;   /* flag BE */
        bool metadata_known;    /* a metadata statement of the model is at hand; else the rest is not known */
        bool verification_told; /* how this user was verified is in the signed authData (mitome-jpki) */
        bool declared_every_path_verifies; /* its weakest path verifies the user */
        bool declared_hardware_key;        /* keyProtection: hardware, TEE or secure element */
};

enum level_outcome { LEVEL_SATISFIED, LEVEL_DECLARED, LEVEL_NOT_SATISFIED, LEVEL_NOT_TESTABLE };

struct level_requirement {
        slice id, source, section, text, remedy; /* JSON strings as they stand in the policy */
        size_t level;                            /* index of the level that it belongs to */
        bool shall;                              /* else SHOULD */
        bool verified;                           /* the source's wording was confirmed */
        const struct level_predicate *predicate;
};

/* A policy that was read: views into its JSON. */
struct level_policy {
        slice id, title;
        slice levels[LEVEL_LEVELS_MAX]; /* the lowest first */
        size_t level_count;
        struct level_requirement requirements[LEVEL_REQUIREMENTS_MAX];
        size_t requirement_count;
};

struct level_judgement {
        bool reached; /* a level at all */
        size_t level; /* index of the highest level reached */
        bool barred;  /* there is a higher level, and a requirement that keeps from it */
        size_t bar;   /* index of that requirement */
        enum level_outcome outcomes[LEVEL_REQUIREMENTS_MAX];
};

/* level_policy_read refuses an unknown member, predicate or level (POLICY_PREDICATE, POLICY_MEMBER,
 * POLICY_LEVEL), an id that stands twice (POLICY_ID_TWICE), an id or level that is empty or has an escape, a
 * level that stands twice (VALUE) and a requirement without source or section (MISSING): at the byte where
 * the wrong text begins, or, for what is missing or twice, where its requirement does. The views of *ret
 * point into `json`; *ret is large (5 KiB): not for small stacks. */
MITOME_CHECKED mitome_status level_policy_read(slice json, struct level_policy *ret, mitome_error *error);

/* level_judge decides; it cannot fail. */
void level_judge(const struct level_policy *policy, const struct level_evidence *evidence,
        struct level_judgement *ret);

const char *level_outcome_name(enum level_outcome outcome);

#endif
