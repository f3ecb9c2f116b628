/* SPDX-License-Identifier: Apache-2.0 */
#include "evaluation_report.h"

#include "disagreements.h"
#include "evaluation_caveats.h"
#include "evidence_file.h"
#include "evidence_folder.h"
#include "fact_text.h"
#include "get_info_facts.h"
#include "guess_budget.h"
#include "hex_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLICIES_MAX = 32, RATE_CONFIDENCE = 95, GET_INFO_MAX = 8192 };

/* Everything that a report is made of, while it is made. */
struct assembling {
        const struct evaluation_input *input;
        struct evaluation_record record;
        json_t *target, *probes;
        size_t *places; /* of each piece of evidence, in the order of the report */
        struct evaluation_findings findings;
        struct evaluation_policy *policies[POLICIES_MAX];
        size_t policy_count;
        const char *wrong;
};

static mitome_status unlike(const char *field, mitome_error *error)
{
        return fail(error, MITOME_E_EVALUATE_REPORT, field, "src/evaluate/report/REPORT.md");
}

static mitome_status no_memory(mitome_error *error)
{
        return fail(error, MITOME_E_NO_MEMORY, "report", NULL);
}

/* ---- when ---- */

static int number_at(const char *text, size_t from, size_t count)
{
        int number = 0;
        for (size_t i = from; i < from + count; i++)
                number = 10 * number + (text[i] - '0');
        return number;
}

static mitome_status take_time(struct assembling *a, mitome_error *error)
{
        static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
        const char *at = a->input->at;
        for (size_t i = 0; i < sizeof shape; i++)
                if (shape[i] == 'd' ? at[i] < '0' || at[i] > '9' : at[i] != shape[i])
                        return unlike("at", error);
        struct tm parts = { .tm_year = number_at(at, 0, 4) - 1900,
                .tm_mon = number_at(at, 5, 2) - 1,
                .tm_mday = number_at(at, 8, 2),
                .tm_hour = number_at(at, 11, 2),
                .tm_min = number_at(at, 14, 2),
                .tm_sec = number_at(at, 17, 2) };
        (void)snprintf(a->record.day, sizeof a->record.day, "%.*s", EVALUATION_DAY_SIZE - 1, at);
        a->record.now = timegm(&parts);
        return ok();
}

/* ---- the target ---- */

static mitome_status take_get_info(struct assembling *a, const json_t *hex, mitome_error *error)
{
        uint8_t bytes[GET_INFO_MAX];
        slice info;
        if (!json_is_string(hex) ||
                failed(hex_text_decode(slice_of(json_string_value(hex), json_string_length(hex)), "get_info",
                        bytes, sizeof bytes, &info, NULL)))
                return unlike("get_info", error);
        size_t evidence = evaluation_record_evidence(&a->record, "getInfo", LEVEL_OBSERVED, info, true);
        if (failed(get_info_facts(info, &a->record, evidence, a->target, NULL)))
                evaluation_record_caveat(&a->record, "get_info_unreadable",
                        "What the device says of itself (getInfo) does not read as CTAP has it: nothing was taken "
                        "from it.",
                        "機器の自己申告(getInfo)はCTAPの形式で読み取れず、何も採用していない。");
        return ok();
}

static void put(json_t *object, const char *name, json_t *value)
{
        json_object_set_new(object, name, value);
}

/* Its members in REPORT.md's order. */
static mitome_status describe_target(struct assembling *a, mitome_error *error)
{
        static const char *const lists[] = { "versions", "transports", "abilities" };
        const json_t *aaguid = json_object_get(a->target, "aaguid");
        const json_t *simulated = json_object_get(a->target, "simulated");
        if (!json_is_string(json_object_get(a->target, "name")))
                return unlike("target.name", error);
        if (!json_is_string(json_object_get(a->target, "kind")))
                return unlike("target.kind", error);
        if (!json_is_boolean(simulated))
                return unlike("target.simulated", error);
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
                if (!json_object_get(a->target, lists[i]))
                        put(a->target, lists[i], json_array());
                if (!json_is_array(json_object_get(a->target, lists[i])))
                        return unlike("target", error);
        }
        json_t *ordered = json_pack("{s:O, s:O, s:O?, s:O, s:O, s:O, s:O}", "name",
                json_object_get(a->target, "name"), "kind", json_object_get(a->target, "kind"), "aaguid",
                aaguid, "versions", json_object_get(a->target, "versions"), "transports",
                json_object_get(a->target, "transports"), "simulated", simulated, "abilities",
                json_object_get(a->target, "abilities"));
        json_decref(a->target);
        a->target = ordered;
        return ordered ? ok() : no_memory(error);
}

/* Written in groups or not, in small letters or not. */
static void keep_model(struct assembling *a, const char *aaguid)
{
        size_t used = 0;
        for (; aaguid && *aaguid && used < sizeof a->record.aaguid - 1; aaguid++)
                if (*aaguid != '-')
                        a->record.aaguid[used++] =
                                *aaguid >= 'A' && *aaguid <= 'F' ? (char)(*aaguid - 'A' + 'a') : *aaguid;
        a->record.aaguid[used] = '\0';
}

static mitome_status take_target(struct assembling *a, mitome_error *error)
{
        const json_t *hex = json_object_get(a->input->target, "get_info");
        a->target = json_copy((json_t *)(uintptr_t)a->input->target);
        if (!json_is_object(a->target))
                return unlike("target", error);
        json_object_del(a->target, "get_info");
        if (json_is_null(json_object_get(a->target, "aaguid")))
                json_object_del(a->target, "aaguid");
        if (hex && !json_is_null(hex))
                MITOME_TRY(take_get_info(a, hex, error));
        MITOME_TRY(describe_target(a, error));
        keep_model(a, json_string_value(json_object_get(a->target, "aaguid")));
        return ok();
}

/* ---- probes ---- */

static bool find_obtained(const char *name, enum level_obtained *ret)
{
        for (int i = LEVEL_DECLARED; i <= LEVEL_OBSERVED; i++)
                if (name && strcmp(level_obtained_name((enum level_obtained)i), name) == 0) {
                        *ret = (enum level_obtained)i;
                        return true;
                }
        return false;
}

static mitome_status take_found(
        struct assembling *a, const json_t *found, const char *from, size_t evidence, mitome_error *error)
{
        const char *name = json_string_value(json_object_get(found, "name"));
        const json_t *partial = json_object_get(found, "partial"), *value = json_object_get(found, "value");
        enum level_obtained obtained = LEVEL_UNKNOWN;
        const enum level_fact_id fact = name ? level_fact_find(slice_text(name)) : LEVEL_FACTS;
        if (fact == LEVEL_FACTS || !value || !json_is_boolean(partial) ||
                !find_obtained(json_string_value(json_object_get(found, "obtained")), &obtained))
                return unlike("probes.found", error);
        evaluation_record_given(&a->record, fact, obtained, json_is_true(partial), value, from, evidence);
        return ok();
}

/* What it sent and saw is its evidence; an attempt that could not begin has none. */
static size_t trace_evidence(struct assembling *a, const json_t *probe, const char *id)
{
        char what[64];
        const json_t *steps = json_object_get(probe, "steps");
        char *text = json_array_size(steps) ? json_dumps(steps, JSON_COMPACT) : NULL;
        if (!text)
                return FACT_NO_EVIDENCE;
        (void)snprintf(what, sizeof what, "trace of %s", id);
        size_t evidence =
                evaluation_record_evidence(&a->record, what, LEVEL_OBSERVED, slice_text(text), false);
        free(text);
        return evidence;
}

static mitome_status take_probe(struct assembling *a, const json_t *given, mitome_error *error)
{
        size_t i;
        const json_t *found;
        const char *id = json_string_value(json_object_get(given, "id"));
        if (!id || strlen(id) > 16 || !json_is_string(json_object_get(given, "result")))
                return unlike("probes", error);
        json_t *probe = json_copy((json_t *)(uintptr_t)given);
        if (!probe || json_array_append_new(a->probes, probe) != 0)
                return no_memory(error);
        size_t evidence = trace_evidence(a, given, id);
        /* Its place until the evidence has its names. */
        put(probe, "evidence",
                evidence == FACT_NO_EVIDENCE ? json_null() : json_integer((json_int_t)evidence));
        json_t *names = json_array();
        json_array_foreach(json_object_get(given, "found"), i, found)
        {
                json_array_append(names, json_object_get(found, "name"));
                mitome_status status = take_found(a, found, id, evidence, error);
                if (failed(status)) {
                        json_decref(names);
                        return status;
                }
        }
        json_object_del(probe, "found");
        put(probe, "facts", names);
        return ok();
}

static int compare_probes(const void *left, const void *right)
{
        json_t *const *one = left, *const *other = right;
        return strcmp(json_string_value(json_object_get(*one, "id")),
                json_string_value(json_object_get(*other, "id")));
}

static mitome_status take_probes(struct assembling *a, mitome_error *error)
{
        size_t i;
        const json_t *probe;
        if (a->input->probes && !json_is_array(a->input->probes))
                return unlike("probes", error);
        size_t count = json_array_size(a->input->probes);
        const json_t **sorted = calloc(count + 1, sizeof(const json_t *));
        if (!sorted)
                return no_memory(error);
        json_array_foreach(a->input->probes, i, probe) sorted[i] = probe;
        mitome_status status = ok();
        for (i = 0; i < count && !failed(status); i++)
                if (!json_is_string(json_object_get(sorted[i], "id")))
                        status = unlike("probes", error);
        if (!failed(status))
                qsort(sorted, count, sizeof *sorted, compare_probes);
        for (i = 0; i < count && !failed(status); i++)
                status = i && compare_probes(&sorted[i - 1], &sorted[i]) == 0
                                 ? unlike("probes.id", error)
                                 : take_probe(a, sorted[i], error);
        free(sorted);
        return status;
}

/* ---- evidence files ---- */

static mitome_status take_evidence(struct assembling *a, mitome_error *error)
{
        for (size_t i = 0; i < a->input->evidence_count; i++) {
                a->wrong = a->input->evidence[i];
                MITOME_TRY(evidence_folder_read(a->wrong, &a->record, error));
        }
        a->wrong = NULL;
        return ok();
}

/* ---- order ---- */

static const char *member(const json_t *of, const char *name)
{
        const char *text = json_string_value(json_object_get(of, name));
        return text ? text : "";
}

/* getInfo, then what the probes saw, then what was given. */
static int rank_of(const json_t *evidence)
{
        const char *what = member(evidence, "what");
        return strcmp(what, "getInfo") == 0                           ? 0
               : strncmp(what, "trace of ", strlen("trace of ")) == 0 ? 1
                                                                      : 2;
}

struct piece {
        const json_t *evidence;
        size_t index; /* as it came */
};

static int compare_evidence(const void *left, const void *right)
{
        static const char *const members[] = { "what", "sha256", "obtained", "unused" };
        const json_t *one = ((const struct piece *)left)->evidence;
        const json_t *other = ((const struct piece *)right)->evidence;
        if (rank_of(one) != rank_of(other))
                return rank_of(one) - rank_of(other);
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
                int order = strcmp(member(one, members[i]), member(other, members[i]));
                if (order)
                        return order;
        }
        return 0;
}

/* places[i] is where the i-th piece stands among all that differ: two that are the same share a place. */
static mitome_status order_evidence(struct assembling *a, mitome_error *error)
{
        const size_t count = json_array_size(a->record.evidence);
        struct piece *pieces = calloc(count + 1, sizeof *pieces);
        a->places = calloc(count + 1, sizeof *a->places);
        if (!a->places || !pieces) {
                free(pieces);
                return no_memory(error);
        }
        for (size_t i = 0; i < count; i++)
                pieces[i] = (struct piece){ json_array_get(a->record.evidence, i), i };
        qsort(pieces, count, sizeof *pieces, compare_evidence);
        for (size_t i = 0, place = 0; i < count; i++) {
                place += i && compare_evidence(&pieces[i - 1], &pieces[i]) != 0;
                a->places[pieces[i].index] = place;
        }
        free(pieces);
        for (size_t i = 0; i < a->record.claims.count; i++) {
                struct fact_claim *claim = &a->record.claims.claims[i];
                if (claim->evidence != FACT_NO_EVIDENCE)
                        claim->evidence = a->places[claim->evidence];
        }
        return ok();
}

static json_t *evidence_name(size_t place)
{
        char name[24];
        (void)snprintf(name, sizeof name, "E%02zu", place + 1);
        return json_string(name);
}

static json_t *evidence_json(const struct assembling *a)
{
        const size_t count = json_array_size(a->record.evidence);
        json_t *ordered = json_array();
        for (size_t place = 0; place < count; place++)
                for (size_t i = 0; i < count; i++) {
                        if (a->places[i] != place)
                                continue;
                        json_t *one = json_object();
                        put(one, "id", evidence_name(place));
                        json_object_update(one, json_array_get(a->record.evidence, i));
                        json_array_append_new(ordered, one);
                        break;
                }
        return ordered;
}

static void name_traces(struct assembling *a)
{
        size_t i;
        json_t *probe;
        json_array_foreach(a->probes, i, probe)
        {
                const json_t *evidence = json_object_get(probe, "evidence");
                if (json_is_integer(evidence))
                        put(probe, "evidence", evidence_name(a->places[json_integer_value(evidence)]));
        }
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
                json_array_append_new(names, evidence_name(last));
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

/* What is known of comparisons, taken together by as many as a transaction has tries: N comparisons are
 * N / tries transactions, of which no more were accepted than comparisons were. What was measured of whole
 * transactions counts before that, however short. */
static void count_transactions(struct assembling *a)
{
        const struct fact_claim *fmr = a->findings.chosen[LEVEL_UV_FMR];
        const struct level_fact *tries = &a->findings.facts.facts[LEVEL_UV_TRIES];
        if (a->findings.chosen[LEVEL_UV_FAR] || !fmr || !fact_is_known(&fmr->value) ||
                !fact_is_known(tries) || tries->count == 0 || fmr->value.rate.trials < tries->count)
                return;
        struct fact_claim far = { .fact = LEVEL_UV_FAR, .value = fmr->value, .evidence = fmr->evidence };
        const uint64_t transactions = fmr->value.rate.trials / tries->count;
        far.value.rate.trials = transactions;
        far.value.rate.errors = fmr->value.rate.errors < transactions ? fmr->value.rate.errors : transactions;
        far.value.partial = far.value.partial || tries->partial;
        if (tries->obtained == LEVEL_DECLARED || tries->obtained == LEVEL_ATTESTED)
                far.value.obtained = tries->obtained;
        (void)snprintf(far.from, sizeof far.from, "uv.fmr, uv.tries");
        fact_claims_add(&a->record.claims, &far);
        evaluation_record_caveat(&a->record, "transactions",
                "The false acceptance rate of transactions (uv.far) was counted from comparisons, as many for "
                "each as it takes tries, with one finger enrolled: with more of them it is higher.",
                "取引単位の他人受入率(uv.far)は照合の結果から、一取引の試行回数分の照合を一取引として数えた。登録"
                "された指が一本の場合の率で、複数を登録すれば高くなる。");
        choose(a);
}

static void settle(struct assembling *a)
{
        choose(a);
        count_transactions(a);
        a->findings.scopes = LEVEL_SCOPE_DEVICE | (a->input->services ? LEVEL_SCOPE_SERVICE : 0);
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
        if (a->input->policy_count > POLICIES_MAX)
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
                        return no_memory(error);
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
                return no_memory(error);
        }
        *ret = json_pack("{s:i, s:{s:s, s:s}, s:s, s:O, s:O, s:o, s:o, s:O, s:o, s:o, s:o, s:O?}",
                "mitome_report", 1, "tool", "name", "mitome", "version", a->input->version, "at",
                a->input->at, "target", a->target, "caveats", a->record.caveats, "evidence", evidence_json(a),
                "facts", facts_json(a), "probes", a->probes, "policies", policies, "disagreements",
                disagreements_find(a->policies, a->policy_count, &a->findings), "guess_budget",
                budget_json(a), "det", a->record.det);
        return *ret ? ok() : no_memory(error);
}

static mitome_status make(struct assembling *a, json_t **ret, mitome_error *error)
{
        MITOME_TRY(take_time(a, error));
        MITOME_TRY(take_target(a, error));
        MITOME_TRY(take_probes(a, error));
        MITOME_TRY(take_evidence(a, error));
        if (a->record.failed)
                return no_memory(error);
        if (a->record.claims.code != MITOME_OK)
                return fail(error, a->record.claims.code, "facts", NULL);
        MITOME_TRY(order_evidence(a, error));
        name_traces(a);
        settle(a);
        MITOME_TRY(take_policies(a, error));
        MITOME_TRY(assemble(a, ret, error));
        return ok();
}

mitome_status evaluation_report(
        const struct evaluation_input *input, json_t **ret, const char **ret_wrong, mitome_error *error)
{
        struct assembling *a = calloc(1, sizeof *a);
        if (!a)
                return no_memory(error);
        a->input = input;
        a->probes = json_array();
        evaluation_record_begin(&a->record);
        mitome_status status = a->record.failed || !a->probes ? no_memory(error) : make(a, ret, error);
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

mitome_status evaluation_report_text(const json_t *report, char **ret, mitome_error *error)
{
        char *text = json_dumps(report, JSON_INDENT(2));
        size_t size = text ? strlen(text) : 0;
        char *ended = text ? realloc(text, size + 2) : NULL;
        if (!ended) {
                free(text);
                return no_memory(error);
        }
        ended[size] = '\n';
        ended[size + 1] = '\0';
        *ret = ended;
        return ok();
}
