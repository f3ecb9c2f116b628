/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_assembly.h"

#include "disagreements.h"
#include "evaluation_caveats.h"
#include "evaluation_statement.h"
#include "fact_text.h"
#include "guess_budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE_CONFIDENCE = 95 };

mitome_status assembly_no_memory(mitome_error *error)
{
        return fail(error, MITOME_E_NO_MEMORY, "report", NULL);
}

static void put(json_t *object, const char *name, json_t *value)
{
        json_object_set_new(object, name, value);
}

/* ---- facts ---- */

/* The evidence of all who say so in the same way, the one that counts first. */
static json_t *fact_evidence(const struct assembling *a, const struct fact_claim *chosen)
{
        const struct fact_claims *claims = &a->record.claims;
        json_t *names = json_array();
        size_t last = FACT_NO_EVIDENCE;
        for (const struct fact_claim *claim = chosen; claim < claims->claims + claims->count; claim++) {
                if (claim->fact != chosen->fact || claim->value.obtained != chosen->value.obtained ||
                        !fact_claims_agree(claim, chosen))
                        break;
                if (claim->evidence == FACT_NO_EVIDENCE || claim->evidence == last)
                        continue;
                last = claim->evidence;
                json_array_append_new(names, evidence_order_name(last));
        }
        return names;
}

static json_t *fact_json(const struct assembling *a, const struct fact_claim *claim)
{
        const struct level_fact_kind *kind = level_fact_kind(claim->fact);
        const struct level_fact *fact = &a->findings.facts.facts[claim->fact];
        json_t *json =
                json_pack("{s:s, s:s}", "name", kind->name, "obtained", level_obtained_name(fact->obtained));
        if (fact->obtained == LEVEL_UNUSABLE) {
                put(json, "why", json_string(claim->why));
                put(json, "why_ja", json_string(claim->why_ja));
        }
        json_t *rest = json_pack("{s:b, s:s, s:o, s:s, s:o, s:s, s:s}", "partial", fact->partial, "type",
                fact_type_name(kind->type), "value", fact_json_value(claim->fact, fact), "from", claim->from,
                "evidence", fact_evidence(a, claim), "text", kind->text, "text_ja", kind->text_ja);
        if (!json || !rest || json_object_update(json, rest) != 0) {
                json_decref(json);
                json = NULL;
        }
        json_decref(rest);
        /* No bound without what it rests on. */
        if (json && kind->type == LEVEL_RATE && fact_is_known(fact))
                put(json, "caveats", json_pack("[s]", "independence"));
        return json;
}

static json_t *facts_json(const struct assembling *a)
{
        json_t *facts = json_array();
        for (size_t id = 0; id < LEVEL_FACTS; id++)
                if (a->findings.chosen[id] &&
                        json_array_append_new(facts, fact_json(a, a->findings.chosen[id])) != 0) {
                        json_decref(facts);
                        return NULL;
                }
        return facts;
}

static void choose(struct assembling *a)
{
        fact_claims_sort(&a->record.claims);
        fact_claims_settle(&a->record.claims, &a->findings.facts, a->findings.chosen);
}

static const char counted_from[] = "uv.fmr, uv.tries";

/* What is known of comparisons, taken together by as many as a transaction has tries: N comparisons are
 * N / tries transactions, of which no more were accepted than comparisons were. What was measured of whole
 * transactions counts before that, however short, where this bears it out; else it is one more source beside
 * it, as what is only said of them is. */
static void count_transactions(struct assembling *a)
{
        const struct fact_claim *fmr = a->findings.chosen[LEVEL_UV_FMR];
        const struct fact_claim *said = a->findings.chosen[LEVEL_UV_FAR];
        const struct level_fact *tries = &a->findings.facts.facts[LEVEL_UV_TRIES];
        if (!fmr || !fact_is_known(&fmr->value) || !fact_is_known(tries) || tries->count == 0 ||
                fmr->value.rate.trials < tries->count)
                return;
        struct fact_claim far = { .fact = LEVEL_UV_FAR, .value = fmr->value, .evidence = fmr->evidence };
        const uint64_t transactions = fmr->value.rate.trials / tries->count;
        far.value.rate.trials = transactions;
        far.value.rate.errors = fmr->value.rate.errors < transactions ? fmr->value.rate.errors : transactions;
        far.value.partial = far.value.partial || tries->partial;
        if (tries->obtained == LEVEL_DECLARED || tries->obtained == LEVEL_ATTESTED)
                far.value.obtained = tries->obtained;
        (void)snprintf(far.from, sizeof far.from, "%s", counted_from);
        if (said && fact_claims_seen_whole(said) && fact_claims_agree(said, &far))
                return;
        fact_claims_add(&a->record.claims, &far);
        choose(a);
        if (a->record.claims.code != MITOME_OK ||
                strcmp(a->findings.chosen[LEVEL_UV_FAR]->from, counted_from) != 0)
                return;
        evaluation_record_caveat(&a->record, "transactions",
                "The false acceptance rate of transactions (uv.far) was counted from comparisons, as many for "
                "each as it takes tries, with one finger enrolled: with more of them it is higher.",
                "取引単位の他人受入率(uv.far)は照合の結果から、一取引の試行回数分の照合を一取引として数えた。登録"
                "された指が一本の場合の率で、複数を登録すれば高くなる。");
}

/* What hardware alone can make true is true of no program, whoever says so. */
static void drop_hardware(struct assembling *a)
{
        if (!json_is_true(json_object_get(a->target, "simulated")))
                return;
        for (size_t i = 0; i < a->record.claims.count; i++) {
                struct fact_claim *claim = &a->record.claims.claims[i];
                struct level_fact said = claim->value;
                if (level_fact_kind(claim->fact)->type == LEVEL_WORD)
                        said.word = slice_text(claim->word);
                if (!fact_is_known(&said) || !evaluation_speaks_for_hardware(claim->fact, &said))
                        continue;
                claim->value = (struct level_fact){ .obtained = LEVEL_UNUSABLE };
                claim->word[0] = '\0';
                (void)snprintf(claim->why, sizeof claim->why,
                        "the target is a simulation, of which nothing is true that hardware alone can make true");
                (void)snprintf(claim->why_ja, sizeof claim->why_ja,
                        "対象は模擬であり、ハードウェアだけが実現できることはどれも当てはまらない");
        }
}

static mitome_status settle(struct assembling *a, mitome_error *error)
{
        drop_hardware(a);
        fact_claims_drop_disputed(&a->record.claims);
        choose(a);
        count_transactions(a);
        a->findings.scopes = LEVEL_SCOPE_DEVICE | (a->input->services ? LEVEL_SCOPE_SERVICE : 0);
        return a->record.claims.code == MITOME_OK ? ok() : fail(error, a->record.claims.code, "facts", NULL);
}

/* ---- policies ---- */

static int compare_policies(const void *left, const void *right)
{
        struct evaluation_policy *const *one = left, *const *other = right;
        int order = strcmp(evaluation_policy_id(*one), evaluation_policy_id(*other));
        return order ? order : strcmp((*one)->sha256, (*other)->sha256);
}

/* The same one twice is one; another one of the same name is refused: nobody could tell them apart. */
static mitome_status drop_twins(struct assembling *a, mitome_error *error)
{
        size_t kept = 0;
        qsort(a->policies, a->policy_count, sizeof a->policies[0], compare_policies);
        for (size_t i = 0; i < a->policy_count; i++) {
                struct evaluation_policy *policy = a->policies[i];
                bool known = kept && strcmp(evaluation_policy_id(a->policies[kept - 1]),
                                             evaluation_policy_id(policy)) == 0;
                if (known && compare_policies(&a->policies[kept - 1], &policy) != 0)
                        return fail(error, MITOME_E_POLICY_ID_TWICE, "policy", NULL);
                if (known)
                        evaluation_policy_close(policy);
                else
                        a->policies[kept++] = policy;
        }
        a->policy_count = kept;
        return ok();
}

static mitome_status take_policies(struct assembling *a, mitome_error *error)
{
        if (a->input->policy_count > ASSEMBLY_POLICIES_MAX)
                return fail(error, MITOME_E_TOO_MANY, "policies", NULL);
        for (size_t i = 0; i < a->input->policy_count; i++) {
                const struct evaluation_policy_file *file = &a->input->policies[i];
                a->wrong = file->name;
                MITOME_TRY(evaluation_policy_open(
                        file->json, &a->findings, &a->policies[a->policy_count], error));
                a->policy_count++;
        }
        a->wrong = NULL;
        return drop_twins(a, error);
}

static mitome_status policies_json(struct assembling *a, json_t *policies, mitome_error *error)
{
        for (size_t i = 0; i < a->policy_count; i++) {
                json_t *one = NULL;
                MITOME_TRY(evaluation_policy_json(a->policies[i], &a->findings, &one, error));
                if (json_array_append_new(policies, one) != 0)
                        return assembly_no_memory(error);
        }
        return ok();
}

/* ---- the report ---- */

static json_t *budget_json(const struct assembling *a)
{
        const struct guess_budget budget = guess_budget_of(&a->findings.facts, RATE_CONFIDENCE);
        return budget.count ? guess_budget_json(&budget) : json_null();
}

static mitome_status assemble(struct assembling *a, json_t **ret, mitome_error *error)
{
        json_t *policies = json_array();
        mitome_status status = policies_json(a, policies, error);
        if (failed(status)) {
                json_decref(policies);
                return status;
        }
        evaluation_caveats_add(&a->record, &a->findings, a->target, a->probes);
        evaluation_caveats_sort(&a->record);
        if (a->record.failed) { /* a report without what has to be said beside it is none */
                json_decref(policies);
                return assembly_no_memory(error);
        }
        *ret = json_pack("{s:i, s:{s:s, s:s}, s:s, s:O, s:O, s:o, s:o, s:O, s:o, s:o, s:o, s:O?}",
                "mitome_report", 1, "tool", "name", "mitome", "version", a->input->version, "at",
                a->input->at, "target", a->target, "caveats", a->record.caveats, "evidence",
                evidence_order_json(a), "facts", facts_json(a), "probes", a->probes, "policies", policies,
                "disagreements", disagreements_find(a->policies, a->policy_count, &a->findings),
                "guess_budget", budget_json(a), "det", a->record.det);
        return *ret ? ok() : assembly_no_memory(error);
}

static mitome_status make(struct assembling *a, json_t **ret, mitome_error *error)
{
        MITOME_TRY(assembly_take(a, error));
        MITOME_TRY(evidence_order(a, error));
        MITOME_TRY(settle(a, error));
        MITOME_TRY(take_policies(a, error));
        MITOME_TRY(assemble(a, ret, error));
        return ok();
}

mitome_status evaluation_report(
        const struct evaluation_input *input, json_t **ret, const char **ret_wrong, mitome_error *error)
{
        struct assembling *a = calloc(1, sizeof *a);
        if (!a)
                return assembly_no_memory(error);
        a->input = input;
        a->probes = json_array();
        evaluation_record_begin(&a->record);
        mitome_status status =
                a->record.failed || !a->probes ? assembly_no_memory(error) : make(a, ret, error);
        *ret_wrong = failed(status) ? a->wrong : NULL;
        for (size_t i = 0; i < a->policy_count; i++)
                evaluation_policy_close(a->policies[i]);
        evaluation_record_clear(&a->record);
        json_decref(a->target);
        json_decref(a->probes);
        free(a->places);
        free(a);
        return status;
}
