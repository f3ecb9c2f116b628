/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_LEVEL_H
#define JUDGE_LEVEL_H

/* Facts, held against an authentication-level policy. Policies are data (policies/FORMAT.md). There is no
 * score: each requirement has its own outcome, and the level is the highest one that nothing keeps from. */

#include "level_expression.h"

enum { LEVEL_REQUIREMENTS_MAX = 64, LEVEL_LEVELS_MAX = 8 };

/* Where it must be known whether a requirement holds (FORMAT.md, Scopes). */
enum level_scope {
        LEVEL_SCOPE_LOGIN = 1 << 0,
        LEVEL_SCOPE_DEVICE = 1 << 1,
        LEVEL_SCOPE_SERVICE = 1 << 2,
        LEVEL_SCOPES = 3,
        LEVEL_SCOPE_ALL = (1 << LEVEL_SCOPES) - 1,
};

const char *level_scope_name(unsigned number); /* "login", "device", "service"; NULL beyond */

/* Texts are JSON strings as they stand in the policy, escapes and all; ids, topic and predicate have none. */
struct level_requirement {
        slice id, topic, source, section, text, text_ja, responsible, remedy, remedy_ja;
        slice predicate;
        struct level_expression expression; /* of the predicate */
        size_t level, until;                /* indices of the first and the last level that it counts for */
        unsigned scopes;                    /* enum level_scope */
        bool shall;                         /* else SHOULD */
        bool verified;                      /* the source's wording was confirmed */
};

/* A policy that was read: views into its JSON. */
struct level_policy {
        slice id, title, title_ja, note, note_ja;
        bool provisional;               /* no authority has published it as it stands here */
        unsigned confidence;            /* percent: 80, 90, 95, 99 */
        slice levels[LEVEL_LEVELS_MAX]; /* the lowest first */
        size_t level_count;
        struct level_requirement requirements[LEVEL_REQUIREMENTS_MAX];
        size_t requirement_count;
};

struct level_judgement {
        unsigned scopes; /* that were judged */
        bool reached;    /* a level at all */
        size_t level;    /* index of the highest level reached */
        bool has_next;   /* there is a higher one */
        size_t next;     /* its index */
        /* Indices of all requirements that keep from `next`, in the policy's order. */
        uint8_t blockers[LEVEL_REQUIREMENTS_MAX];
        size_t blocker_count;
        /* Indices of what the level reached demands and what could not be tested: beyond the judged scopes.
         */
        uint8_t untested[LEVEL_REQUIREMENTS_MAX];
        size_t untested_count;
        /* The level rests on wording that nobody confirmed: it has no confirmed SHALL of its own, or nothing
         * confirmed keeps from the next. It is never shown without saying so (FORMAT.md, Unconfirmed). */
        bool unconfirmed;
        struct level_finding findings[LEVEL_REQUIREMENTS_MAX];
};

/* level_policy_read refuses, at the byte where the wrong text begins, an unknown member (POLICY_MEMBER), a
 * level or scope that there is not (POLICY_LEVEL, VALUE), a level that stands twice, an id that is empty or
 * has an escape, an unknown keyword, responsible party or confidence (VALUE), and predicates as
 * level_expression_read does; at the byte where the requirement begins, an id that stands twice
 * (POLICY_ID_TWICE) and a requirement without id, level, predicate, source or section (MISSING). The views of
 * *ret point into `json`; *ret is large (some 80 KiB), and as much again is needed while it is read: not for
 * small stacks. */
MITOME_CHECKED mitome_status level_policy_read(slice json, struct level_policy *ret, mitome_error *error);

/* level_judge decides; it cannot fail. `scopes`: those that the facts are meant to be complete for. */
void level_judge(const struct level_policy *policy, const struct level_facts *facts, unsigned scopes,
        struct level_judgement *ret);

/* level_reaches tells whether `level`, or one above it, is reached, and looks no further than it must. */
bool level_reaches(
        const struct level_policy *policy, const struct level_facts *facts, unsigned scopes, size_t level);

/* level_find gives the index of a level, or level_count. */
size_t level_find(const struct level_policy *policy, slice name);

/* level_is_barred tells whether a requirement of this outcome keeps from a level (its index). */
bool level_is_barred(const struct level_requirement *requirement, enum level_outcome outcome, size_t level,
        unsigned scopes);

#endif
