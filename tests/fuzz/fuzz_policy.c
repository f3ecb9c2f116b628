/* SPDX-License-Identifier: Apache-2.0 */

/* A policy of anybody's, and the judgement by it: what was read can be judged, and a level that is reached
 * exists. And a predicate by itself, which a policy is a long way round to. */

#include "judge_level.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Facts that are known, not known and of no use, from the input's own bytes. */
static void fill(struct level_facts *facts, const uint8_t *data, size_t size)
{
        static const char *const words[] = { "software", "tee", "finger", "x" };
        for (size_t i = 0; i < LEVEL_FACTS; i++) {
                const unsigned byte = size ? data[i % size] + (unsigned)i : 0;
                struct level_fact *fact = &facts->facts[i];
                fact->obtained = (enum level_obtained)(byte % (LEVEL_UNUSABLE + 1));
                fact->partial = byte & 0x40;
                switch (level_fact_kind((enum level_fact_id)i)->type) {
                case LEVEL_BOOL:
                        fact->yes = byte & 0x20;
                        break;
                case LEVEL_COUNT:
                        fact->count = byte;
                        break;
                case LEVEL_WORD:
                        fact->word = slice_text(words[byte / 8 % 4]);
                        break;
                case LEVEL_RATE:
                        fact->rate.errors = byte / 16;
                        fact->rate.trials = byte * 100;
                        break;
                }
        }
}

/* Nodes join what stands before them, and words are of the text. */
static void check_expression(const struct level_expression *expression, slice text)
{
        if (expression->count == 0 || expression->count > LEVEL_NODES_MAX)
                abort();
        for (size_t i = 0; i < expression->count; i++) {
                const struct level_node *node = &expression->nodes[i];
                const bool joins = node->operator<= LEVEL_NOT;
                if (joins ? node->left >= i || (node->operator!= LEVEL_NOT && node->right >= i)
                          : node->fact >= LEVEL_FACTS)
                        abort();
                const bool has_words =
                        !joins &&
                        node->operator!= LEVEL_HOLDS && level_fact_kind(node->fact)->type == LEVEL_WORD;
                if (has_words && !slice_contains(text, node->words))
                        abort();
        }
}

/* The views of a policy are of its text. */
static void check_read(const struct level_policy *policy, slice json)
{
        for (size_t i = 0; i < policy->requirement_count; i++) {
                const struct level_requirement *requirement = &policy->requirements[i];
                const struct level_expression *expression = &requirement->expression;
                if (!slice_contains(json, requirement->id) || requirement->source.size == 0 ||
                        requirement->level > requirement->until || requirement->until >= policy->level_count)
                        abort();
                check_expression(expression, requirement->predicate);
        }
}

/* More that is judged never lifts a level. */
static void check_judged(const struct level_policy *policy, const struct level_facts *facts)
{
        struct level_judgement none, all;
        level_judge(policy, facts, 0, &none);
        level_judge(policy, facts, LEVEL_SCOPE_ALL, &all);
        if (all.reached && (all.level >= policy->level_count || !none.reached || none.level < all.level))
                abort();
        if (all.has_next != (all.blocker_count > 0) || all.untested_count > 0)
                abort();
        for (size_t i = 0; i < all.blocker_count; i++)
                if (all.blockers[i] >= policy->requirement_count)
                        abort();
}

/* A part that is judged by itself comes to what it comes to in the whole. */
static void predicate(const uint8_t *data, size_t size)
{
        enum { CONFIDENCE = 95 };
        struct level_expression expression;
        struct level_finding findings[LEVEL_NODES_MAX];
        struct level_facts facts;
        mitome_error error = { 0 };
        if (failed(level_expression_read(reader_over(slice_of(data, size), NULL, &error), &expression))) {
                if (error.at > size)
                        abort();
                return;
        }
        check_expression(&expression, slice_of(data, size));
        fill(&facts, data, size);
        level_expression_findings(&expression, &facts, CONFIDENCE, findings);
        const struct level_finding whole = level_expression_judge(&expression, &facts, CONFIDENCE);
        if (findings[expression.count - 1].outcome != whole.outcome || whole.fact >= LEVEL_FACTS)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct level_policy policy;
        struct level_facts facts;
        predicate(data, size);
        if (failed(level_policy_read(slice_of(data, size), &policy, NULL)))
                return 0;
        check_read(&policy, slice_of(data, size));
        fill(&facts, data, size);
        check_judged(&policy, &facts);
        return 0;
}
