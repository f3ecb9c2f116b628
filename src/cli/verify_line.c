/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_line.h"

#include "cose.h"
#include "login_level.h"
#include "verify_case.h"

#include <mitome/rp.h>

#include <stdlib.h>
#include <time.h>

enum { VERDICT_SIZE = 1 << 17, UNKNOWN_MAX = 256, LEVEL_SAYS_MAX = 8192 };

struct verify_worker {
        const struct verify_rules *rules;
        struct mitome_context *context;
        uint8_t *space; /* what a line decodes to */
        size_t space_size;
        struct verify_case c;
        struct mitome_verdict verdict;
        struct login_judgement judgement;
        bool judged;            /* there is a judgement */
        mitome_code evaluation; /* with --evaluation: whether the statement counted, or why not */
        uint8_t buffer[MITOME_RP_BUFFER_MAX];
        uint8_t out[VERDICT_SIZE];
};

struct verify_worker *verify_worker_new(const struct verify_rules *rules)
{
        struct verify_worker *worker = calloc(1, sizeof *worker);
        if (!worker || failed(mitome_context_new(&worker->context, NULL))) {
                free(worker);
                return NULL;
        }
        worker->rules = rules;
        return worker;
}

void verify_worker_free(struct verify_worker *worker)
{
        if (!worker)
                return;
        mitome_context_free(worker->context);
        free(worker->space);
        free(worker);
}

/* ---- the ceremony ---- */

static struct mitome_policy policy_of(const struct verify_case *c)
{
        const struct verify_policy *p = &c->policy;
        return (struct mitome_policy){
                .require_user_verification = p->user_verification_required,
                .allow_cross_origin = p->allow_cross_origin,
                /* "With root_pem the path must end there" */
                .require_trust = p->trust_required || c->has_root,
                .ignore_metadata_roots = c->has_root,
                .algorithms = p->has_algorithms ? p->algorithms.items : NULL,
                .algorithm_count = p->algorithms.count,
                .top_origins = p->top_origins.items,
                .top_origin_count = p->top_origins.count,
                .allow_short_challenge = true,
                .switches = p->switches,
        };
}

/* A list of allowed origins stands in the place of the case's one origin; an empty list of credentials, as in
 * WebAuthn, names none and so allows any. */
static struct mitome_expectation expectation_of(const struct verify_case *c)
{
        const struct verify_policy *p = &c->policy;
        bool named = p->has_credentials && p->credentials.count;
        return (struct mitome_expectation){
                .rp_id = c->rp_id,
                .origins = p->has_origins ? p->origins.items : &c->origin,
                .origin_count = p->has_origins ? p->origins.count : 1,
                .challenge = c->challenge,
                .conditional_mediation = p->conditional,
                .allowed_credentials = named ? p->credentials.items : NULL,
                .allowed_credential_count = p->credentials.count,
                .app_id = p->app_id,
        };
}

/* A case carries the credential's key and not its record: the record is taken to be of the credential that
 * the response names. */
static mitome_status response_id(slice response, writer *arena, slice *ret, mitome_error *error)
{
        const struct json_field fields[] = {
                { "rawId", "rawId", json_field_base64url, .required = true, .max = 1023, .bytes = ret },
        };
        const struct json_object object = { .field = "response", .fields = fields, .count = 1 };
        struct json_reader r = json_over(response, "WebAuthn L3 5.1", error);
        return json_object_read(&r, arena, &object);
}

static mitome_status verify_login(struct verify_worker *w, const struct mitome_trust *trust, int64_t now,
        writer *arena, mitome_error *error)
{
        const struct verify_case *c = &w->c;
        const struct mitome_policy policy = policy_of(c);
        const struct mitome_expectation expected = expectation_of(c);
        struct mitome_credential record = {
                .public_key = c->public_key,
                .sign_count = (uint32_t)c->policy.stored_sign_count,
                .backup_eligible = c->policy.stored_be,
                .backup_eligible_unknown = !c->policy.has_stored_be,
                .user_handle = c->policy.user_handle,
        };
        if (c->public_key.size == 0)
                return fail(error, MITOME_E_MISSING, "credential_public_key_b64url", NULL);
        MITOME_TRY(response_id(c->response, arena, &record.id, error));
        return mitome_verify_authentication(w->context, &policy, &expected, c->response, &record, trust, now,
                w->buffer, sizeof w->buffer, &w->verdict, error);
}

static mitome_status verify_new_credential(
        struct verify_worker *w, const struct mitome_trust *trust, int64_t now, mitome_error *error)
{
        const struct mitome_policy policy = policy_of(&w->c);
        const struct mitome_expectation expected = expectation_of(&w->c);
        return mitome_verify_registration(w->context, &policy, &expected, w->c.response, trust, now,
                w->buffer, sizeof w->buffer, &w->verdict, error);
}

/* ---- the level ---- */

/* What an evaluator says of the model that the attestation has shown, to be believed at the time of the case.
 */
static mitome_status find_evaluation(const struct verify_worker *w,
        const struct mitome_level_evidence *evidence, int64_t now, struct mitome_evaluation *space,
        const struct mitome_evaluation **ret, mitome_error *error)
{
        const struct mitome_evaluation_expectation expected = { .aaguid = SLICE(evidence->aaguid),
                .accept_simulated = w->rules->accept_simulation };
        if (!evidence->attestation_trusted)
                return fail(error, MITOME_E_ATTESTATION_UNTRUSTED, "the registration", NULL);
        MITOME_TRY(mitome_verify_evaluation(
                w->context, w->rules->evaluation, &expected, w->rules->evaluators, now, space, error));
        *ret = space;
        return ok();
}

/* The device is judged, too: with what the statement says of it, or, where that does not count, with nothing.
 * Where an evaluation or a level is demanded, a statement that does not count is the refusal. */
static mitome_status judge_evaluated(struct verify_worker *w, const struct mitome_level_evidence *evidence,
        int64_t now, mitome_error *error)
{
        const struct login_demand demanded = { w->c.policy.level, "policy.level" };
        const struct mitome_evaluation *evaluation = NULL;
        struct mitome_evaluation space;
        mitome_error why = { .at = MITOME_NOWHERE };
        const mitome_status found = find_evaluation(w, evidence, now, &space, &evaluation, &why);
        w->evaluation = found.code;
        if (w->c.policy.has_level && !failed(found))
                return login_level_demand_evaluated(
                        w->rules->levels, evidence, evaluation, now, &demanded, &w->judgement, error);
        const mitome_status counts = login_level_judge_evaluated(
                w->rules->levels, evidence, evaluation, now, &w->judgement.judged, NULL);
        if (!failed(found))
                return counts; /* what is believed of this model now counts */
        if (!w->rules->require_evaluation && !w->c.policy.has_level)
                return ok();
        *error = why;
        return found;
}

/* What this one ceremony shows. A login shows nothing of the authenticator: that was the registration's. That
 * the challenge was drawn for it and is used once, only who drew it can say. */
static mitome_status judge(struct verify_worker *w, int64_t now, mitome_error *error)
{
        const struct level_policy *levels = w->rules->levels;
        const struct login_demand demanded = { w->c.policy.level, "policy.level" };
        const struct mitome_level_context known = {
                .challenge_bits = w->rules->fresh ? (unsigned)w->c.challenge.size * 8 : 0
        };
        struct mitome_level_evidence evidence;
        if (!levels)
                return w->c.policy.has_level ? fail(error, MITOME_E_POLICY_UNSUPPORTED, "policy.level", NULL)
                                             : ok();
        mitome_level_evidence_of(&w->verdict, &known, &evidence);
        w->judged = true;
        if (w->rules->evaluation.size)
                return judge_evaluated(w, &evidence, now, error);
        if (w->c.policy.has_level)
                return login_level_demand(levels, &evidence, &demanded, &w->judgement, error);
        login_level_judge(levels, &evidence, &w->judgement.judged);
        return ok();
}

/* ---- one case ---- */

static mitome_status verify_with(
        struct verify_worker *w, const struct mitome_trust *trust, writer *arena, mitome_error *error)
{
        int64_t now = w->c.has_time ? w->c.at_time : (int64_t)time(NULL);
        if (slice_is(w->c.kind, "registration"))
                MITOME_TRY(verify_new_credential(w, trust, now, error));
        else if (slice_is(w->c.kind, "authentication"))
                MITOME_TRY(verify_login(w, trust, now, arena, error));
        else
                return fail(error, MITOME_E_VALUE, "kind", NULL);
        return judge(w, now, error);
}

static mitome_status verify_case(struct verify_worker *w, slice line, writer *arena, mitome_error *error)
{
        const struct verify_trust *trust = w->rules->trust;
        struct mitome_trust *own = NULL;
        MITOME_TRY(verify_case_read(line, arena, &w->c, error));
        const struct case_list *crls = &w->c.policy.crls;
        if (w->c.has_root || crls->count)
                MITOME_TRY(verify_trust_for_case(
                        trust, w->c.has_root ? &w->c.root_pem : NULL, crls->items, crls->count, &own, error));
        mitome_status status = verify_with(w, own ? own : verify_trust_snapshot(trust), arena, error);
        mitome_trust_free(own);
        return status;
}

/* ---- the verdict ---- */

static void write_string_or_null(struct json_writer *w, const char *name, const char *text)
{
        if (text)
                json_write_string(w, name, text);
        else
                json_write_null(w, name);
}

static void write_int_if(struct json_writer *w, const char *name, bool known, int64_t value)
{
        if (known)
                json_write_int(w, name, value);
        else
                json_write_null(w, name);
}

static void write_bytes_if(struct json_writer *w, const char *name, slice bytes)
{
        if (bytes.size)
                json_write_base64url(w, name, bytes);
        else
                json_write_null(w, name);
}

/* Known once the path was assessed: in what was accepted, and in what was refused for want of trust or of a
 * level. */
static const char *trust_name(const struct mitome_verdict *verdict, mitome_code code, bool judged)
{
        static const char *const names[] = {
                [MITOME_TRUST_NONE] = "none",
                [MITOME_TRUST_SELF] = "self",
                [MITOME_TRUST_UNVERIFIED] = "unverified",
                [MITOME_TRUST_VERIFIED] = "verified",
        };
        bool assessed =
                verdict->format && (code == MITOME_OK || code == MITOME_E_ATTESTATION_UNTRUSTED || judged);
        return assessed ? names[verdict->trust] : NULL;
}

static void write_finding(
        struct json_writer *w, const struct mitome_verdict *verdict, mitome_code code, bool judged)
{
        bool read = verdict->auth_data.size != 0;
        write_string_or_null(w, "fmt", verdict->format);
        write_string_or_null(w, "alg", cose_algorithm_name(verdict->algorithm));
        write_string_or_null(w, "trust", trust_name(verdict, code, judged));
        write_int_if(w, "sign_count", read, verdict->sign_count);
        write_int_if(w, "flags", read, verdict->flags);
        if (verdict->flags_unsigned)
                json_write_bool(w, "flags_unsigned", true);
        json_write_bool(w, "clone_suspected", verdict->clone_suspected);
        write_bytes_if(w, "credential_id_b64url", verdict->credential_id);
        write_bytes_if(w, "aaguid_b64url", verdict->aaguid);
        write_bytes_if(w, "user_handle_b64url", verdict->user_handle);
}

/* Where an extension brought something. */
static void write_extensions(struct json_writer *w, const struct mitome_extensions *e)
{
        static const char *const verified_by[] = { "", "none", "pin", "finger", "face", "iris" };
        json_write_open_object(w, "extensions");
        if (e->cred_protect)
                json_write_int(w, "credProtect", e->cred_protect);
        if (e->cred_blob_stored)
                json_write_bool(w, "credBlob", true);
        if (e->cred_blob.size)
                json_write_base64url(w, "getCredBlob", e->cred_blob);
        if (e->has_min_pin_length)
                json_write_int(w, "minPinLength", e->min_pin_length);
        if (e->hmac_secret)
                json_write_bool(w, "hmac-secret", true);
        if (e->verified_by)
                json_write_string(w, "mitome-jpki", verified_by[e->verified_by]);
        if (e->has_app_id)
                json_write_bool(w, "appid", e->app_id);
        if (e->has_app_id_exclude)
                json_write_bool(w, "appidExclude", e->app_id_exclude);
        if (e->has_discoverable)
                json_write_bool(w, "credProps.rk", e->discoverable);
        if (e->has_prf)
                json_write_bool(w, "prf", e->prf_enabled || e->prf_first.size); /* never what it is */
        if (e->has_large_blob)
                json_write_bool(w, "largeBlob",
                        e->large_blob_supported || e->large_blob_written || e->large_blob.size);
        json_write_close_object(w);
}

static void write_model(struct json_writer *w, const struct mitome_metadata_entry *model)
{
        if (!model)
                return;
        json_write_open_object(w, "metadata");
        json_write_text(w, "description", model->description);
        json_write_string(w, "status", mitome_metadata_status_name(model->status));
        json_write_int(w, "certification_level", model->certification_level);
        json_write_close_object(w);
}

static void write_requirements(struct json_writer *w, const char *name, const struct level_policy *levels,
        const uint8_t *which, size_t count)
{
        json_write_open_array(w, name);
        for (size_t i = 0; i < count; i++)
                json_write_text(w, NULL, levels->requirements[which[i]].id);
        json_write_close_array(w);
}

/* "AAL2, login; of the device: PINTRY, FMR not tested", as FORMAT.md has it. */
static void write_level_says(
        struct json_writer *w, const struct level_policy *levels, const struct level_judgement *judgement)
{
        uint8_t text[LEVEL_SAYS_MAX];
        writer out = WRITER(text);
        bool first = true;
        write_slice(&out, judgement->reached ? levels->levels[judgement->level] : slice_text("no level"));
        if (judgement->unconfirmed)
                write_slice(&out, slice_text(" (unconfirmed)"));
        for (unsigned i = 0; i < LEVEL_SCOPES; i++)
                if (judgement->scopes & 1u << i) {
                        write_slice(&out, slice_text(first ? ", " : " and "));
                        write_slice(&out, slice_text(level_scope_name(i)));
                        first = false;
                }
        for (unsigned i = 0; i < LEVEL_SCOPES; i++) {
                first = true;
                for (size_t n = 0; n < judgement->untested_count; n++) {
                        const struct level_requirement *asked = &levels->requirements[judgement->untested[n]];
                        if (!(asked->scopes & ~judgement->scopes & 1u << i))
                                continue;
                        write_slice(&out, slice_text(first ? "; of the " : ", "));
                        if (first)
                                write_slice(&out, slice_text(level_scope_name(i)));
                        write_slice(&out, slice_text(first ? ": " : ""));
                        write_slice(&out, asked->id);
                        first = false;
                }
                if (!first)
                        write_slice(&out, slice_text(" not tested"));
        }
        if (out.overflowed)
                json_write_null(w, "level_says");
        else
                json_write_text(w, "level_says", writer_view(&out));
}

static void write_level(struct json_writer *w, const struct verify_worker *worker)
{
        static const char *const factors[] = { NULL, NULL, NULL, NULL, "pin", "password" };
        const struct level_policy *levels = worker->rules->levels;
        const struct level_judgement *judgement = &worker->judgement.judged;
        if (!worker->judged)
                return;
        json_write_text(w, "level_policy", levels->id);
        if (judgement->reached)
                json_write_text(w, "level", levels->levels[judgement->level]);
        else
                json_write_null(w, "level");
        json_write_bool(w, "level_unconfirmed", judgement->unconfirmed);
        json_write_open_array(w, "level_scopes");
        for (unsigned i = 0; i < LEVEL_SCOPES; i++)
                if (judgement->scopes & 1u << i)
                        json_write_string(w, NULL, level_scope_name(i));
        json_write_close_array(w);
        write_level_says(w, levels, judgement);
        if (worker->rules->evaluation.size)
                json_write_int(w, "level_evaluation_code", worker->evaluation);
        if (factors[worker->judgement.step_up])
                json_write_string(w, "level_step_up", factors[worker->judgement.step_up]);
        json_write_open_array(w, "level_reasons");
        for (size_t i = 0; i < levels->requirement_count; i++) {
                json_write_open_object(w, NULL);
                json_write_text(w, "id", levels->requirements[i].id);
                json_write_string(w, "outcome", level_outcome_name(judgement->findings[i].outcome));
                json_write_string(w, "fact", level_fact_kind(judgement->findings[i].fact)->name);
                json_write_close_object(w);
        }
        json_write_close_array(w);
        write_requirements(w, "level_next_needs", levels, judgement->blockers, judgement->blocker_count);
        write_requirements(w, "level_not_tested", levels, judgement->untested, judgement->untested_count);
}

static void write_steps(struct json_writer *w, const struct mitome_verdict *verdict)
{
        static const char *const outcomes[] = {
                [MITOME_STEP_PASSED] = "passed",
                [MITOME_STEP_FAILED] = "failed",
                [MITOME_STEP_NOT_ASKED] = "not asked",
        };
        json_write_open_array(w, "steps");
        for (size_t i = 0; i < verdict->step_count; i++) {
                json_write_open_object(w, NULL);
                json_write_string(w, "clause", verdict->steps[i].clause);
                json_write_string(w, "outcome", outcomes[verdict->steps[i].outcome]);
                json_write_close_object(w);
        }
        json_write_close_array(w);
}

/* False when it does not fit. */
static bool write_verdict(
        struct verify_worker *worker, mitome_status status, const mitome_error *error, slice *ret)
{
        char message[1024];
        const struct verify_case *c = &worker->c;
        bool accepted = !failed(status);
        mitome_explain(error, message, sizeof message);
        writer out = WRITER(worker->out);
        struct json_writer w = json_into(&out);
        json_write_open_object(&w, NULL);
        if (c->has_name)
                json_write_text(&w, "name", c->name);
        else
                json_write_null(&w, "name");
        json_write_bool(&w, "ok", accepted);
        json_write_int(&w, "code", status.code);
        write_string_or_null(&w, "clause", accepted ? NULL : error->clause);
        write_string_or_null(&w, "field", accepted ? NULL : error->field);
        write_int_if(&w, "at", !accepted && error->at != MITOME_NOWHERE, (int64_t)error->at);
        json_write_string(&w, "message", message);
        if (c->unknown.data)
                json_write_text(&w, "unknown",
                        slice_of(c->unknown.data,
                                c->unknown.size < UNKNOWN_MAX ? c->unknown.size : UNKNOWN_MAX));
        write_finding(&w, &worker->verdict, status.code, worker->judged);
        write_extensions(&w, &worker->verdict.extensions);
        write_model(&w, worker->verdict.metadata);
        write_level(&w, worker);
        if (worker->rules->report)
                write_steps(&w, &worker->verdict);
        json_write_close_object(&w);
        *ret = writer_view(&out);
        return !out.overflowed;
}

/* Decoded, nothing is longer than it was, and lists are decoded twice; each element is rounded up by two
 * bytes. */
static bool make_space(struct verify_worker *worker, size_t line_size)
{
        size_t size = 2 * line_size + 8 * CASE_LIST_MAX;
        if (size <= worker->space_size)
                return true;
        free(worker->space);
        worker->space = malloc(size);
        worker->space_size = worker->space ? size : 0;
        return worker->space;
}

bool verify_line(struct verify_worker *worker, slice line, slice *ret)
{
        mitome_error error = { 0 };
        mitome_status status;
        worker->c = (struct verify_case){ 0 };
        worker->verdict = (struct mitome_verdict){ 0 };
        worker->judgement = (struct login_judgement){ 0 };
        worker->judged = false;
        if (line.size > VERIFY_LINE_MAX) {
                status = fail(&error, MITOME_E_TOO_LONG, "case", NULL);
        } else if (!make_space(worker, line.size)) {
                status = fail(&error, MITOME_E_NO_MEMORY, "case", NULL);
        } else {
                writer arena = writer_over(worker->space, worker->space_size);
                status = verify_case(worker, line, &arena, &error);
        }
        if (!write_verdict(worker, status, &error, ret)) { /* a model's name may have any length */
                error = (mitome_error){ 0 };
                status = fail(&error, MITOME_E_BUFFER_FULL, "verdict", NULL);
                worker->c = (struct verify_case){ .name = worker->c.name, .has_name = worker->c.has_name };
                worker->verdict = (struct mitome_verdict){ 0 };
                worker->judged = false;
                (void)write_verdict(worker, status, &error, ret);
        }
        return !failed(status);
}
