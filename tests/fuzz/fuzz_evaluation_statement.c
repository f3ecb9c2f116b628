/* SPDX-License-Identifier: Apache-2.0 */

/* An evaluation statement: what is read lies in the input, what the form promises holds, its facts are of
 * their types and of no login, and written again it is the same. */

#include "evaluation_statement.h"

#include "cose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
        if (!good)
                abort();
}

static void check_inside(slice input, slice part)
{
        check(!part.size || slice_contains(input, part));
}

static void check_facts(slice input, const struct mitome_evaluation *said)
{
        struct level_facts facts;
        evaluation_facts(said, &facts);
        for (size_t id = 0; id < LEVEL_FACTS; id++) {
                const struct level_fact *fact = &facts.facts[id];
                const struct level_fact_kind *kind = level_fact_kind((enum level_fact_id)id);
                if (fact->obtained == LEVEL_UNKNOWN)
                        continue;
                check(fact->obtained == LEVEL_DECLARED || fact->obtained == LEVEL_ATTESTED);
                check(evaluation_may_say(slice_text(kind->name)));
                if (kind->type == LEVEL_WORD) {
                        check_inside(input, fact->word);
                        check(level_fact_takes((enum level_fact_id)id, fact->word));
                }
                if (kind->type == LEVEL_RATE)
                        check(fact->rate.trials && fact->rate.errors <= fact->rate.trials);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static uint8_t again[MITOME_EVALUATION_MAX];
        const slice input = slice_of(data, size);
        struct evaluation_statement statement;
        mitome_error error = { 0 };
        if (evaluation_statement_read(input, &statement, &error).code != MITOME_OK) {
                check(error.field && error.clause && error.at <= size);
                return 0;
        }
        const struct mitome_evaluation *said = &statement.said;
        check(statement.algorithm == COSE_ES256 || statement.algorithm == COSE_EDDSA);
        check(statement.sign1.chain_count && statement.sign1.chain_count <= COSE_SIGN1_CHAIN_MAX);
        check(said->policy_count <= MITOME_EVALUATION_POLICIES_MAX && said->expires > said->at);
        check_inside(input, said->report);
        check_inside(input, said->aaguid);
        check_inside(input, said->build);
        check(said->fact_count <= MITOME_EVALUATION_FACTS_MAX);
        check(said->report.size == 32 && said->aaguid.size == 16 && said->build.size);
        for (size_t i = 0; i < said->policy_count; i++) {
                check_inside(input, said->policies[i].id);
                check_inside(input, said->policies[i].level);
                check(said->policies[i].id.size && said->policies[i].sha256.size == 32);
        }
        check_facts(input, said);
        writer w = WRITER(again);
        evaluation_statement_write(&w, statement.algorithm, statement.sign1.chain,
                statement.sign1.chain_count, statement.sign1.payload, statement.sign1.signature);
        check(slice_equal(writer_view(&w), input));
        return 0;
}
