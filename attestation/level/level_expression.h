/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEVEL_EXPRESSION_H
#define LEVEL_EXPRESSION_H

/* Predicates of policies (policies/FORMAT.md): read once, checked against the facts' types while they are
 * read, then decided as often as one likes, without allocation. */

#include "level_fact.h"

enum {
        LEVEL_NODES_MAX = 32, /* of one predicate: comparisons, and what joins them */
        LEVEL_DEPTH_MAX = 8,  /* parentheses and `not` within each other */
};

enum level_operator {
        LEVEL_AND,      /* of left and right */
        LEVEL_OR,       /* of left and right */
        LEVEL_NOT,      /* of left */
        LEVEL_HOLDS,    /* BOOL: the fact is true */
        LEVEL_EQUAL,    /* COUNT: count. WORD: words, which is one */
        LEVEL_LESS,     /* COUNT, RATE */
        LEVEL_AT_MOST,  /* COUNT, RATE */
        LEVEL_MORE,     /* COUNT */
        LEVEL_AT_LEAST, /* COUNT */
        LEVEL_IN,       /* WORD: one of words */
};

struct level_node {
        enum level_operator operator;
        uint8_t left, right;     /* AND, OR, NOT: indices of nodes before this one */
        enum level_fact_id fact; /* the others: what is compared */
        union {
                uint64_t count;
                slice words; /* as they stand in the policy, "hardware, tee": see level_words_next */
                struct {
                        uint64_t part, whole; /* N/M; 7% is 7/100, 0.002% 2/100000 */
                } rate;
        };
};

/* A predicate: its nodes, each behind those that it joins, so that the last is the whole and whoever walks
 * from the first to the last needs no recursion. Words are views of the policy. */
struct level_expression {
        struct level_node nodes[LEVEL_NODES_MAX];
        size_t count;
};

/* level_expression_read reads a predicate, all of it, from `text`, a reader over the string as it stands in
 * its policy. Refused at the byte where the wrong word begins: a name that is no fact (POLICY_PREDICATE), a
 * comparison that the fact's type does not have, or a word that the fact never is (POLICY_TYPE), what does
 * not read as a predicate (POLICY_EXPRESSION), too many nodes (TOO_MANY), too deep (DEPTH). */
MITOME_CHECKED mitome_status level_expression_read(reader text, struct level_expression *ret);

/* level_count_compares tells whether a comparison of a COUNT holds for a value. */
bool level_count_compares(const struct level_node *node, uint64_t count);

/* level_words_next takes the next of a list of words; false at its end. */
bool level_words_next(slice *list, slice *ret_word);

enum level_outcome {
        LEVEL_SATISFIED,
        LEVEL_PARTLY_OBSERVED,
        LEVEL_DECLARED_ONLY,
        LEVEL_NOT_SATISFIED,
        LEVEL_NOT_TESTABLE,
        LEVEL_OUTCOMES,
};

const char *level_outcome_name(enum level_outcome outcome); /* "partially observed" .. */

/* What a predicate, or a part of it, comes to, and the fact that decided: where it holds the least certain of
 * those that it rests on, where it is not known one that is not known, where it does not hold one that does
 * not; of alternatives the last one, of several otherwise the first. */
struct level_finding {
        enum level_outcome outcome;
        enum level_fact_id fact;
};

/* level_expression_judge decides a predicate; it cannot fail. `confidence` is in percent, for rates. */
struct level_finding level_expression_judge(
        const struct level_expression *expression, const struct level_facts *facts, unsigned confidence);

/* level_node_judge decides one comparison by itself: not AND, OR, NOT. */
struct level_finding level_node_judge(
        const struct level_node *node, const struct level_facts *facts, unsigned confidence);

/* level_expression_findings gives what each node comes to, in the nodes' order. */
void level_expression_findings(const struct level_expression *expression, const struct level_facts *facts,
        unsigned confidence, struct level_finding ret[LEVEL_NODES_MAX]);

#endif
