/* SPDX-License-Identifier: Apache-2.0 */
#include "change_search.h"

enum { FAILS, NOT_KNOWN, HOLDS };

enum standing {
        FREE,    /* may be changed */
        CHANGED, /* was, further up */
        KEPT,    /* stays: it is fixed, or every set that changes it was looked at, further up */
};

struct search {
        const struct change_problem *problem;
        struct change_answer *answer;
        size_t group[CHANGE_VARIABLES_MAX];
        enum standing standing[CHANGE_VARIABLES_MAX];
        int value[CHANGE_VARIABLES_MAX];
        /* of the group that is being searched: */
        size_t current;
        uint64_t left;
        unsigned cost, best_cost;
        bool found;
        int best[CHANGE_VARIABLES_MAX];
};

/* ---- rules ---- */

static int step_value(const struct change_step *step, const int *done, const int *values)
{
        int left = done[step->left], right = done[step->right];
        switch (step->operator) {
        case CHANGE_NOT:
                return HOLDS - left;
        case CHANGE_AND:
                return left < right ? left : right;
        case CHANGE_OR:
                return left > right ? left : right;
        case CHANGE_IS:
                break;
        }
        int now = values[step->variable];
        return now == CHANGE_UNKNOWN ? NOT_KNOWN : step->truth >> now & 1 ? HOLDS : FAILS;
}

int change_rule_value(const struct change_rule *rule, const int *values)
{
        int done[CHANGE_STEPS_MAX] = { 0 };
        for (size_t i = 0; i < rule->count; i++)
                done[i] = step_value(&rule->steps[i], done, values);
        return rule->count ? done[rule->count - 1] : HOLDS;
}

static bool is_met(const struct change_rule *rule, const int *values)
{
        return change_rule_value(rule, values) >= (rule->must_hold ? HOLDS : NOT_KNOWN);
}

/* ---- groups: variables that share a rule, directly or by others ---- */

static void join(struct search *s, size_t one, size_t other)
{
        size_t from = s->group[one], to = s->group[other];
        for (size_t v = 0; v < s->problem->variable_count; v++)
                if (s->group[v] == from)
                        s->group[v] = to;
}

/* The variables of a rule are all of one group: that of the first. */
static bool group_of(const struct search *s, const struct change_rule *rule, size_t *ret)
{
        for (size_t i = 0; i < rule->count; i++)
                if (rule->steps[i].operator== CHANGE_IS) {
                        *ret = s->group[rule->steps[i].variable];
                        return true;
                }
        return false;
}

static void make_groups(struct search *s)
{
        for (size_t v = 0; v < s->problem->variable_count; v++)
                s->group[v] = v;
        for (size_t r = 0; r < s->problem->rule_count; r++) {
                const struct change_rule *rule = &s->problem->rules[r];
                size_t first = CHANGE_VARIABLES_MAX;
                for (size_t i = 0; i < rule->count; i++) {
                        if (rule->steps[i].operator!= CHANGE_IS)
                                continue;
                        if (first == CHANGE_VARIABLES_MAX)
                                first = rule->steps[i].variable;
                        join(s, rule->steps[i].variable, first);
                }
        }
}

/* ---- what is left to do ---- */

struct outlook {
        bool done, hopeless;
        unsigned least;                 /* what the rules that are not met cost at least */
        const struct change_rule *rule; /* the one of them with the fewest variables to change */
};

static size_t count_free(const struct search *s, const struct change_rule *rule, unsigned *ret_weight,
        const bool *claimed, bool *ret_claimed)
{
        bool seen[CHANGE_VARIABLES_MAX] = { false };
        size_t count = 0;
        *ret_weight = CHANGE_WEIGHT_MAX;
        *ret_claimed = false;
        for (size_t i = 0; i < rule->count; i++) {
                size_t v = rule->steps[i].variable;
                if (rule->steps[i].operator!= CHANGE_IS || seen[v] || s->standing[v] != FREE)
                        continue;
                seen[v] = true;
                count++;
                *ret_claimed = *ret_claimed || claimed[v];
                if (s->problem->variables[v].weight < *ret_weight)
                        *ret_weight = s->problem->variables[v].weight;
        }
        return count;
}

/* Rules that are not met and share no variable that may still be changed take a change each: no set can cost
 * less, whatever it is. */
static struct outlook look_ahead(const struct search *s)
{
        struct outlook outlook = { .done = true };
        bool claimed[CHANGE_VARIABLES_MAX] = { false };
        size_t fewest = SIZE_MAX;
        for (size_t r = 0; r < s->problem->rule_count; r++) {
                const struct change_rule *rule = &s->problem->rules[r];
                size_t group;
                unsigned weight;
                bool shared;
                if (!group_of(s, rule, &group) || group != s->current || is_met(rule, s->value))
                        continue;
                size_t count = count_free(s, rule, &weight, claimed, &shared);
                outlook.done = false;
                outlook.hopeless = outlook.hopeless || count == 0;
                if (count < fewest) {
                        fewest = count;
                        outlook.rule = rule;
                }
                if (shared)
                        continue;
                outlook.least += CHANGE_COST + weight;
                for (size_t i = 0; i < rule->count; i++)
                        if (rule->steps[i].operator== CHANGE_IS)
                                claimed[rule->steps[i].variable] = true;
        }
        return outlook;
}

/* ---- the search ---- */

/* The next variable of a rule that may be changed: the lightest, of these the first. */
static size_t next_free(const struct search *s, const struct change_rule *rule)
{
        size_t best = CHANGE_VARIABLES_MAX;
        for (size_t i = 0; i < rule->count; i++) {
                size_t v = rule->steps[i].variable;
                if (rule->steps[i].operator!= CHANGE_IS || s->standing[v] != FREE)
                        continue;
                if (best == CHANGE_VARIABLES_MAX ||
                        s->problem->variables[v].weight < s->problem->variables[best].weight)
                        best = v;
        }
        return best;
}

static void keep_best(struct search *s)
{
        s->found = true;
        s->best_cost = s->cost;
        for (size_t v = 0; v < s->problem->variable_count; v++)
                s->best[v] = s->value[v];
}

static void look(struct search *s);

/* The classes of a variable, the nearest to what it is first; of one that nobody knows the lowest. */
static void try_classes(struct search *s, size_t v)
{
        const struct change_variable *variable = &s->problem->variables[v];
        const int now = variable->now, classes = (int)variable->classes;
        s->standing[v] = CHANGED;
        s->cost += CHANGE_COST + variable->weight;
        for (int distance = 0; distance < classes && s->cost < s->best_cost; distance++) {
                const int sides[] = { now - distance, now + distance };
                if (now == CHANGE_UNKNOWN) {
                        s->value[v] = distance;
                        look(s);
                        continue;
                }
                for (size_t side = 0; distance > 0 && side < 2; side++) {
                        s->value[v] = sides[side];
                        if (sides[side] >= 0 && sides[side] < classes)
                                look(s);
                }
        }
        s->value[v] = now;
        s->cost -= CHANGE_COST + variable->weight;
}

/* A rule that is not met wants one of its variables changed that was not. They are taken in turn: with the
 * first changed; with the first kept and the second changed; and so on. So no set is met twice, and none is
 * missed. */
static void look(struct search *s)
{
        size_t kept[CHANGE_STEPS_MAX], count = 0;
        if (s->left == 0)
                return;
        s->left--;
        const struct outlook outlook = look_ahead(s);
        if (outlook.done && s->cost < s->best_cost)
                keep_best(s);
        if (outlook.done || outlook.hopeless || s->cost + outlook.least >= s->best_cost)
                return;
        for (size_t v; (v = next_free(s, outlook.rule)) != CHANGE_VARIABLES_MAX;) {
                try_classes(s, v);
                s->standing[v] = KEPT;
                kept[count++] = v;
        }
        while (count > 0)
                s->standing[kept[--count]] = FREE;
}

static void search_group(struct search *s, size_t group, uint64_t limit)
{
        s->current = group;
        s->left = limit;
        s->cost = 0;
        s->best_cost = UINT32_MAX;
        s->found = false;
        look(s);
        s->answer->least = s->answer->least && s->left > 0;
        s->answer->found = s->answer->found && s->found;
        for (size_t v = 0; s->found && v < s->problem->variable_count; v++)
                if (s->group[v] == group)
                        s->answer->value[v] = s->best[v];
}

static bool meets_all(const struct change_problem *problem, const int *values)
{
        for (size_t r = 0; r < problem->rule_count; r++)
                if (!is_met(&problem->rules[r], values))
                        return false;
        return true;
}

static void find_accepted(const struct change_problem *problem, struct change_answer *answer, size_t v)
{
        const int taken = answer->value[v];
        for (unsigned class = 0; class < problem->variables[v].classes; class ++) {
                answer->value[v] = (int)class;
                if (meets_all(problem, answer->value))
                        answer->accepted[v] |= (uint64_t)1 << class;
        }
        answer->value[v] = taken;
}

void change_search(const struct change_problem *problem, uint64_t limit, struct change_answer *ret)
{
        struct search s = { .problem = problem, .answer = ret };
        *ret = (struct change_answer){ .found = true, .least = true };
        for (size_t v = 0; v < problem->variable_count; v++) {
                s.value[v] = ret->value[v] = problem->variables[v].now;
                s.standing[v] = problem->variables[v].fixed ? KEPT : FREE;
        }
        make_groups(&s);
        for (size_t v = 0; v < problem->variable_count; v++)
                if (s.group[v] == v)
                        search_group(&s, v, limit);
        for (size_t v = 0; ret->found && v < problem->variable_count; v++) {
                ret->changed[v] = ret->value[v] != problem->variables[v].now;
                ret->count += ret->changed[v];
                if (ret->changed[v])
                        find_accepted(problem, ret, v);
        }
}
