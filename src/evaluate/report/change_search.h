/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANGE_SEARCH_H
#define CHANGE_SEARCH_H

/* The smallest set of changes that makes a list of rules hold: an exact search, by branch and bound, over
 * variables that have a few classes each. What the classes stand for is the caller's (advisor.h). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        CHANGE_VARIABLES_MAX = 96,
        CHANGE_CLASSES_MAX = 64,
        CHANGE_STEPS_MAX = 32,
        CHANGE_RULES_MAX = 64,
        CHANGE_UNKNOWN = -1, /* the class of a variable that nobody knows */
        CHANGE_COST = 1000,  /* of each change; weights only decide between sets of one size */
        CHANGE_WEIGHT_MAX = 9,
};

enum change_operator { CHANGE_IS, CHANGE_NOT, CHANGE_AND, CHANGE_OR };

/* A part of a rule, behind the parts that it joins; the last is the whole. */
struct change_step {
        enum change_operator operator;
        uint8_t left, right; /* NOT, AND, OR: indices of steps before this one */
        uint8_t variable;    /* IS */
        uint64_t truth;      /* IS: bits, the classes of which it is true */
};

struct change_rule {
        struct change_step steps[CHANGE_STEPS_MAX];
        size_t count;
        bool must_hold; /* else it is enough that it is not known to fail */
};

struct change_variable {
        int now;          /* its class, or CHANGE_UNKNOWN */
        unsigned classes; /* 1 to CHANGE_CLASSES_MAX */
        unsigned weight;  /* 0 to CHANGE_WEIGHT_MAX: of two sets of one size, the lighter is taken */
        bool fixed;       /* it stays what it is */
};

struct change_problem {
        struct change_variable variables[CHANGE_VARIABLES_MAX];
        size_t variable_count;
        struct change_rule rules[CHANGE_RULES_MAX];
        size_t rule_count;
};

struct change_answer {
        bool found; /* there is a set of changes (perhaps none) after which all rules are as they must be */
        bool least; /* none is smaller: the search came to its end. With !found: there is none at all */
        bool changed[CHANGE_VARIABLES_MAX];
        int value[CHANGE_VARIABLES_MAX];         /* the class of each then */
        uint64_t accepted[CHANGE_VARIABLES_MAX]; /* of each that changes, the classes that would do as well,
                                                    the others being as they are in `value` */
        size_t count;
};

/* change_search looks at no more than `limit` states for each group of variables that rules connect. */
void change_search(const struct change_problem *problem, uint64_t limit, struct change_answer *ret);

/* change_rule_value decides a rule: 0 it fails, 1 it is not known, 2 it holds. */
int change_rule_value(const struct change_rule *rule, const int *values);

#endif
