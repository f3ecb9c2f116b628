/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation statements, attestation/level/EVALUATION-STATEMENT.md. */
#include "cose.h"
#include "evaluation_statement.h"
#include "print_place.h"

static void print_policy(const struct print_place *place, const struct mitome_evaluation_policy *policy)
{
        print_name(place, "policy");
        print_text(place->out, policy->id);
        fputs(policy->level.size ? " reaches " : " reaches no level", place->out);
        if (policy->level.size)
                print_text(place->out, policy->level);
        fputs(", SHA-256 ", place->out);
        print_hex(place->out, policy->sha256, SIZE_MAX);
        fputc('\n', place->out);
}

static void print_value(FILE *out, const struct level_fact *fact, enum level_type type)
{
        switch (type) {
        case LEVEL_BOOL:
                fputs(fact->yes ? "yes" : "no", out);
                return;
        case LEVEL_COUNT:
                fprintf(out, "%llu", (unsigned long long)fact->count);
                return;
        case LEVEL_WORD:
                print_text(out, fact->word);
                return;
        case LEVEL_RATE:
                fprintf(out, "%llu in %llu", (unsigned long long)fact->rate.errors,
                        (unsigned long long)fact->rate.trials);
                return;
        }
}

static void print_facts(const struct print_place *place, const struct mitome_evaluation *said)
{
        struct level_facts facts;
        evaluation_facts(said, &facts);
        for (size_t id = 0; id < LEVEL_FACTS; id++) {
                const struct level_fact *fact = &facts.facts[id];
                const struct level_fact_kind *kind = level_fact_kind((enum level_fact_id)id);
                if (fact->obtained == LEVEL_UNKNOWN)
                        continue;
                print_name(place, "fact");
                fprintf(place->out, "%s: ", kind->name);
                print_value(place->out, fact, kind->type);
                fprintf(place->out, "%s%s\n", fact->partial ? ", in part" : "",
                        fact->obtained == LEVEL_DECLARED ? ", as declared to the evaluator" : "");
        }
}

mitome_status print_evaluation_statement(const struct print_place *place, slice cose)
{
        struct evaluation_statement statement;
        mitome_error inner = { 0 };
        MITOME_TRY(print_relay(place, evaluation_statement_read(cose, &statement, &inner), &inner));
        const struct mitome_evaluation *said = &statement.said;
        print_aaguid_line(place, "model", said->aaguid);
        print_text_line(place, "build", said->build);
        print_line(place, "element", said->simulated ? "simulated, in software" : "not simulated");
        print_time_line(place, "evaluated", said->at);
        print_time_line(place, "expires", said->expires);
        print_hex_line(place, "report", said->report);
        for (size_t i = 0; i < said->policy_count; i++)
                print_policy(place, &said->policies[i]);
        print_facts(place, said);
        print_line(place, "signature", "%s, %zu bytes, not checked", cose_algorithm_name(statement.algorithm),
                statement.sign1.signature.size);
        for (size_t i = 0; i < statement.sign1.chain_count; i++) {
                fprintf(place->out, "%*sx5chain[%zu]\n", place->indent, "", i);
                print_part(place, print_certificate, statement.sign1.chain[i],
                        place->at + statement.sign1.chain_at[i]);
        }
        return ok();
}
