/* SPDX-License-Identifier: Apache-2.0 */
#include "advisor.h"

#include "binomial.h"
#include "change_search.h"

#include <stdlib.h>

_Static_assert((int)CHANGE_STEPS_MAX >= (int)LEVEL_NODES_MAX, "a predicate is a rule");
_Static_assert((int)CHANGE_VARIABLES_MAX >= (int)LEVEL_FACTS, "each fact may be a variable");

/* A fact's values fall into classes, between which no predicate of the policy can tell. Those of numbers are
 * the stretches between the figures that it is compared with. */
struct figures {
        size_t count;
        union {
                uint64_t counts[CHANGE_CLASSES_MAX]; /* where a class begins that is not the first */
                struct {
                        double rate;
                        bool behind; /* it begins behind the rate, not at it */
                } rates[CHANGE_CLASSES_MAX];
                slice words[CHANGE_CLASSES_MAX]; /* a class each; one more is all others */
        };
};

struct advising {
        struct change_problem problem;
        struct change_answer answer;
        struct figures figures[LEVEL_FACTS];
        bool used[LEVEL_FACTS]; /* variables are the facts themselves */
};

static bool is_comparison(const struct level_node *node)
{
        return node->operator!= LEVEL_AND && node->operator!= LEVEL_OR && node->operator!= LEVEL_NOT;
}

static bool is_known(const struct level_fact *fact)
{
        return fact->obtained != LEVEL_UNKNOWN && fact->obtained != LEVEL_UNUSABLE;
}

/* ---- figures ---- */

static bool add_count(struct figures *figures, uint64_t begin)
{
        size_t place = 0;
        while (place < figures->count && figures->counts[place] < begin)
                place++;
        if (begin == 0 || (place < figures->count && figures->counts[place] == begin))
                return true;
        if (figures->count + 1 >= CHANGE_CLASSES_MAX)
                return false;
        for (size_t i = figures->count++; i > place; i--)
                figures->counts[i] = figures->counts[i - 1];
        figures->counts[place] = begin;
        return true;
}

static bool add_behind(struct figures *figures, uint64_t last)
{
        return last == UINT64_MAX || add_count(figures, last + 1);
}

static bool add_rate(struct figures *figures, double rate, bool behind)
{
        size_t place = 0;
        while (place < figures->count &&
                (figures->rates[place].rate < rate ||
                        (figures->rates[place].rate == rate && !figures->rates[place].behind && behind)))
                place++;
        if (place < figures->count && figures->rates[place].rate == rate &&
                figures->rates[place].behind == behind)
                return true;
        if (figures->count + 1 >= CHANGE_CLASSES_MAX)
                return false;
        for (size_t i = figures->count++; i > place; i--)
                figures->rates[i] = figures->rates[i - 1];
        figures->rates[place].rate = rate;
        figures->rates[place].behind = behind;
        return true;
}

static bool add_words(struct figures *figures, slice list)
{
        for (slice word; level_words_next(&list, &word);) {
                size_t i = 0;
                while (i < figures->count && !slice_equal(figures->words[i], word))
                        i++;
                if (i < figures->count)
                        continue;
                if (figures->count + 1 >= CHANGE_CLASSES_MAX)
                        return false;
                figures->words[figures->count++] = word;
        }
        return true;
}

static double rate_of(const struct level_node *node)
{
        return (double)node->rate.part / (double)node->rate.whole;
}

static bool add_figures(struct figures *figures, const struct level_node *node)
{
        const enum level_operator op = node->operator;
        switch (level_fact_kind(node->fact)->type) {
        case LEVEL_BOOL:
                return true;
        case LEVEL_WORD:
                return add_words(figures, node->words);
        case LEVEL_RATE:
                return add_rate(figures, rate_of(node), op == LEVEL_AT_MOST);
        case LEVEL_COUNT:
                break;
        }
        bool begins = op == LEVEL_LESS || op == LEVEL_AT_LEAST || op == LEVEL_EQUAL;
        bool ends = op == LEVEL_AT_MOST || op == LEVEL_MORE || op == LEVEL_EQUAL;
        return (!begins || add_count(figures, node->count)) && (!ends || add_behind(figures, node->count));
}

/* ---- which class a value is of, and which classes a comparison is true of ---- */

static size_t class_of_rate(const struct figures *figures, double rate)
{
        size_t class = 0;
        while (class < figures->count && (figures->rates[class].behind ? rate > figures->rates[class].rate
                                                                       : rate >= figures->rates[class].rate))
                class ++;
        return class;
}

static int class_now(const struct figures *figures, enum level_fact_id id, const struct level_facts *facts,
        unsigned confidence)
{
        const struct level_fact *fact = &facts->facts[id];
        size_t class = 0;
        if (!is_known(fact))
                return CHANGE_UNKNOWN;
        switch (level_fact_kind(id)->type) {
        case LEVEL_BOOL:
                return fact->yes;
        case LEVEL_COUNT:
                while (class < figures->count && figures->counts[class] <= fact->count)
                        class ++;
                break;
        case LEVEL_RATE:
                class = class_of_rate(
                        figures, binomial_upper(fact->rate.errors, fact->rate.trials, confidence / 100.0));
                break;
        case LEVEL_WORD:
                while (class < figures->count && !slice_equal(figures->words[class], fact->word))
                        class ++;
                break;
        }
        return (int)class;
}

static bool is_true_of_word(const struct level_node *node, const struct figures *figures, size_t class)
{
        slice list = node->words;
        for (slice word; class < figures->count && level_words_next(&list, &word);)
                if (slice_equal(word, figures->words[class]))
                        return true;
        return false;
}

/* All classes before the one that begins at the limit itself. */
static bool is_true_of_rate(const struct level_node *node, const struct figures *figures, size_t class)
{
        const bool behind = node->operator== LEVEL_AT_MOST;
        for (size_t i = 0; i < class; i++)
                if (figures->rates[i].rate == rate_of(node) && figures->rates[i].behind == behind)
                        return false;
        return true;
}

static bool is_true_of(const struct level_node *node, const struct figures *figures, size_t class)
{
        switch (level_fact_kind(node->fact)->type) {
        case LEVEL_BOOL:
                return class == 1;
        case LEVEL_COUNT:
                return level_count_compares(node, class ? figures->counts[class - 1] : 0);
        case LEVEL_RATE:
                return is_true_of_rate(node, figures, class);
        case LEVEL_WORD:
                break;
        }
        return is_true_of_word(node, figures, class);
}

/* ---- the problem ---- */

static struct change_step step_of(const struct advising *a, const struct level_node *node)
{
        struct change_step step = { .operator= CHANGE_IS, .variable = (uint8_t)node->fact };
        if (!is_comparison(node)) {
                step.operator= node->operator== LEVEL_AND ? CHANGE_AND
                : node->operator== LEVEL_OR               ? CHANGE_OR
                                                          : CHANGE_NOT;
                step.variable = 0;
                step.left = node->left;
                step.right = node->operator== LEVEL_NOT ? node->left : node->right;
                return step;
        }
        for (size_t class = 0; class < a->problem.variables[node->fact].classes; class ++)
                if (is_true_of(node, &a->figures[node->fact], class))
                        step.truth |= (uint64_t)1 << class;
        return step;
}

static mitome_status gather(
        struct advising *a, const struct advisor_rule *rules, size_t count, mitome_error *error)
{
        for (size_t r = 0; r < count; r++)
                for (size_t i = 0; i < rules[r].predicate->count; i++) {
                        const struct level_node *node = &rules[r].predicate->nodes[i];
                        if (!is_comparison(node))
                                continue;
                        a->used[node->fact] = true;
                        if (!add_figures(&a->figures[node->fact], node))
                                return fail(error, MITOME_E_TOO_MANY, "predicates", NULL);
                }
        return ok();
}

/* A measured rate whose bound is too wide is not known to be bad, as long as the limit is within the bounds.
 */
static bool is_refuted(
        const struct level_fact *fact, const struct advisor_change *change, unsigned confidence)
{
        return binomial_lower(fact->rate.errors, fact->rate.trials, confidence / 100.0) >= change->rate;
}

/* Without its sensor, or its PIN, it would be another device: many a requirement is met by what is not there.
 */
static bool is_path(enum level_fact_id id)
{
        return id == LEVEL_UV_OFFERED || id == LEVEL_PIN_OFFERED;
}

/* Of two sets of the same size, the one that only shows what nobody has looked at. */
static unsigned weight_of(enum level_fact_id id, const struct level_facts *facts)
{
        return is_path(id) ? CHANGE_WEIGHT_MAX : is_known(&facts->facts[id]);
}

static void make_variables(struct advising *a, const struct level_facts *facts, unsigned confidence)
{
        a->problem.variable_count = LEVEL_FACTS;
        for (size_t id = 0; id < LEVEL_FACTS; id++) {
                struct change_variable *variable = &a->problem.variables[id];
                *variable = (struct change_variable){ .classes = 1 };
                if (!a->used[id])
                        continue;
                bool is_bool = level_fact_kind((enum level_fact_id)id)->type == LEVEL_BOOL;
                variable->classes = is_bool ? 2 : (unsigned)a->figures[id].count + 1;
                variable->now = class_now(&a->figures[id], (enum level_fact_id)id, facts, confidence);
                variable->weight = weight_of((enum level_fact_id)id, facts);
                variable->fixed = is_path((enum level_fact_id)id) && is_known(&facts->facts[id]);
        }
}

static void make_rules(struct advising *a, const struct advisor_rule *rules, size_t count)
{
        a->problem.rule_count = count;
        for (size_t r = 0; r < count; r++) {
                struct change_rule *rule = &a->problem.rules[r];
                rule->must_hold = rules[r].must_be_known;
                rule->count = rules[r].predicate->count;
                for (size_t i = 0; i < rule->count; i++)
                        rule->steps[i] = step_of(a, &rules[r].predicate->nodes[i]);
        }
}

/* ---- the answer ---- */

/* Classes around the one that was taken that would do as well, as a stretch. */
static void find_stretch(const struct advising *a, size_t id, size_t *ret_first, size_t *ret_last)
{
        const uint64_t accepted = a->answer.accepted[id];
        size_t first = (size_t)a->answer.value[id], last = first;
        while (first > 0 && accepted >> (first - 1) & 1)
                first--;
        while (last + 1 < a->problem.variables[id].classes && accepted >> (last + 1) & 1)
                last++;
        *ret_first = first;
        *ret_last = last;
}

static void take_words(const struct advising *a, size_t id, struct advisor_change *change)
{
        const struct figures *figures = &a->figures[id];
        for (size_t i = 0; i < figures->count && change->word_count < ADVISOR_WORDS_MAX; i++)
                if (a->answer.accepted[id] >> i & 1)
                        change->words[change->word_count++] = figures->words[i];
        change->other_word = a->answer.accepted[id] >> figures->count & 1;
}

static void take_value(const struct advising *a, size_t id, struct advisor_change *change)
{
        const struct figures *figures = &a->figures[id];
        size_t first, last;
        find_stretch(a, id, &first, &last);
        switch (level_fact_kind((enum level_fact_id)id)->type) {
        case LEVEL_BOOL:
                change->yes = a->answer.value[id] == 1;
                break;
        case LEVEL_COUNT:
                change->least = first ? figures->counts[first - 1] : 0;
                change->most = last < figures->count ? figures->counts[last] - 1 : UINT64_MAX;
                break;
        case LEVEL_RATE:
                change->rate_from = first ? figures->rates[first - 1].rate : 0;
                change->rate = last < figures->count ? figures->rates[last].rate : 2;
                break;
        case LEVEL_WORD:
                take_words(a, id, change);
                break;
        }
}

static bool speaks_of(const struct level_expression *predicate, enum level_fact_id fact)
{
        for (size_t i = 0; i < predicate->count; i++)
                if (is_comparison(&predicate->nodes[i]) && predicate->nodes[i].fact == fact)
                        return true;
        return false;
}

/* Whoever must mend the first requirement that speaks of it and is not as it must be now. */
static const char *responsible_for(
        const struct advising *a, const struct advisor_rule *rules, size_t count, enum level_fact_id fact)
{
        int now[CHANGE_VARIABLES_MAX];
        for (size_t v = 0; v < a->problem.variable_count; v++)
                now[v] = a->problem.variables[v].now;
        for (size_t r = 0; r < count; r++)
                if (speaks_of(rules[r].predicate, fact) && change_rule_value(&a->problem.rules[r], now) < 2)
                        return rules[r].responsible;
        return "";
}

static void publish(const struct advising *a, const struct advisor_rule *rules, size_t count,
        const struct level_facts *facts, unsigned confidence, struct advice *ret)
{
        *ret = (struct advice){ .found = a->answer.found, .least = a->answer.least };
        for (size_t id = 0; a->answer.found && id < LEVEL_FACTS; id++) {
                if (!a->answer.changed[id])
                        continue;
                struct advisor_change *change = &ret->changes[ret->count++];
                change->fact = (enum level_fact_id)id;
                change->responsible = responsible_for(a, rules, count, change->fact);
                take_value(a, id, change);
                const struct level_fact *fact = &facts->facts[id];
                change->show = !is_known(fact) || (level_fact_kind(change->fact)->type == LEVEL_RATE &&
                                                          !is_refuted(fact, change, confidence));
        }
}

/* A path is added or taken away only where nothing else helps. */
static void search(struct advising *a)
{
        change_search(&a->problem, ADVISOR_STATES_MAX, &a->answer);
        if (a->answer.found)
                return;
        a->problem.variables[LEVEL_UV_OFFERED].fixed = a->problem.variables[LEVEL_PIN_OFFERED].fixed = false;
        change_search(&a->problem, ADVISOR_STATES_MAX, &a->answer);
}

mitome_status advisor_find(const struct advisor_rule *rules, size_t count, const struct level_facts *facts,
        unsigned confidence, struct advice *ret, mitome_error *error)
{
        if (count > CHANGE_RULES_MAX)
                return fail(error, MITOME_E_TOO_MANY, "requirements", NULL);
        struct advising *a = calloc(1, sizeof *a);
        if (!a)
                return fail(error, MITOME_E_NO_MEMORY, "advice", NULL);
        mitome_status status = gather(a, rules, count, error);
        if (!failed(status)) {
                make_variables(a, facts, confidence);
                make_rules(a, rules, count);
                search(a);
                publish(a, rules, count, facts, confidence, ret);
        }
        free(a);
        return status;
}
