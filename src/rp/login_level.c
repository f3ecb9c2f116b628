/* SPDX-License-Identifier: Apache-2.0 */
#include "login_level.h"

#include "authdata.h"
#include "cose.h"
#include "evaluation_statement.h"

/* ---- what a ceremony proves ---- */

/* NIST SP 800-57 part 1, table 2. Of RSA only that it has 2048 bits at least (cose_key_parse). */
static unsigned strength_of(int64_t algorithm)
{
        static const unsigned bits[COSE_FORMS] = {
                [COSE_FORM_P256] = 128,
                [COSE_FORM_P384] = 192,
                [COSE_FORM_P521] = 256,
                [COSE_FORM_SECP256K1] = 128,
                [COSE_FORM_ED25519] = 128,
                [COSE_FORM_ED448] = 224,
                [COSE_FORM_RSA] = 112,
                [COSE_FORM_ML_DSA_44] = 128,
                [COSE_FORM_ML_DSA_65] = 192,
                [COSE_FORM_ML_DSA_87] = 256,
        };
        enum cose_form form;
        return cose_algorithm_form(algorithm, &form) && !cose_algorithm_is_broken(algorithm) ? bits[form] : 0;
}

static enum mitome_key_protection key_protection_of(unsigned bits)
{
        static const enum mitome_key_protection known[] = {
                [METADATA_SOFTWARE] = MITOME_KEY_PROTECTION_SOFTWARE,
                [METADATA_HARDWARE] = MITOME_KEY_PROTECTION_HARDWARE,
                [METADATA_TEE] = MITOME_KEY_PROTECTION_TEE,
                [METADATA_SECURE_ELEMENT] = MITOME_KEY_PROTECTION_SECURE_ELEMENT,
                [METADATA_ON_CHIP] = MITOME_KEY_PROTECTION_UNKNOWN,
        };
        return known[metadata_worst_protection(bits)];
}

static enum mitome_matcher_protection matcher_protection_of(unsigned bits)
{
        static const enum mitome_matcher_protection known[] = {
                [METADATA_SOFTWARE] = MITOME_MATCHER_SOFTWARE,
                [METADATA_TEE] = MITOME_MATCHER_TEE,
                [METADATA_ON_CHIP] = MITOME_MATCHER_ON_CHIP,
        };
        return known[metadata_worst_protection(
                bits & ~(unsigned)(METADATA_HARDWARE | METADATA_SECURE_ELEMENT))];
}

/* Both count modalities in one order. */
_Static_assert((int)MITOME_MODALITY_FINGER == (int)METADATA_FINGER &&
                       (int)MITOME_MODALITY_VOICE == (int)METADATA_VOICE,
        "level.h and metadata_statement.h differ");

static struct mitome_level_limits limits_of(const struct metadata_methods *methods)
{
        return (struct mitome_level_limits){ .pin_offered = methods->passcode,
                .pin_digits_only = methods->digits_only,
                .biometric_offered = methods->biometric,
                .modality = (enum mitome_modality)methods->modality,
                .pin_length_said = methods->length_least.said,
                .pin_tries_said = methods->code_tries.said,
                .biometric_tries_said = methods->biometric_tries.said,
                .wait_said = methods->wait_seconds.said,
                .pin_length_least = methods->length_least.value,
                .pin_tries = methods->code_tries.value,
                .biometric_tries = methods->biometric_tries.value,
                .wait_seconds = methods->wait_seconds.value };
}

static void declare_model(struct mitome_level_evidence *evidence, const struct metadata_statement *statement,
        unsigned certification_level)
{
        evidence->model_known = true;
        evidence->every_path_verifies = statement->weakest_path >= METADATA_PATH_PASSCODE;
        evidence->key_protection = key_protection_of(statement->key_protection);
        evidence->matcher_protection = matcher_protection_of(statement->matcher_protection);
        evidence->certification_level = certification_level;
        evidence->key_restricted = statement->key_restricted;
        evidence->limits = limits_of(&statement->methods);
}

/* A model without an AAGUID was found by the attestation key. */
static bool is_shown(const struct mitome_metadata_entry *model, slice format, slice aaguid)
{
        if (!model->aaguid.size)
                return true;
        return aaguid_word(format) == AAGUID_SIGNED && (!aaguid.size || slice_equal(model->aaguid, aaguid));
}

void login_level_take_model(struct mitome_level_evidence *evidence, const struct mitome_metadata_entry *model,
        slice format, slice aaguid)
{
        if (evidence->attestation_trusted && model && model->statement && is_shown(model, format, aaguid))
                declare_model(evidence, model->statement, model->certification_level);
}

static enum mitome_level_factor factor_of(enum mitome_verified_by told)
{
        static const enum mitome_level_factor factors[] = { [MITOME_VERIFIED_BY_PIN] = MITOME_FACTOR_PIN,
                [MITOME_VERIFIED_BY_FINGER] = MITOME_FACTOR_FINGER,
                [MITOME_VERIFIED_BY_FACE] = MITOME_FACTOR_FACE,
                [MITOME_VERIFIED_BY_IRIS] = MITOME_FACTOR_IRIS };
        return factors[told];
}

void mitome_level_evidence_of(const struct mitome_verdict *verdict, const struct mitome_level_context *known,
        struct mitome_level_evidence *ret)
{
        const bool registered = verdict->format != NULL;
        const bool trusted = (registered ? verdict->trust : known->trust) == MITOME_TRUST_VERIFIED;
        const bool bound = registered ? verdict->certificate.serial.size > 0 : known->certificate_bound;
        const struct mitome_metadata_entry *model = registered ? verdict->metadata : known->model;
        const slice aaguid = registered ? verdict->aaguid : known->aaguid;
        const slice format = registered ? slice_text(verdict->format) : known->format;
        const enum aaguid_word word = aaguid_word(format);
        const bool said = !(registered && verdict->flags_unsigned);
        *ret = (struct mitome_level_evidence){
                .user_present = verdict->flags & AUTHDATA_UP,
                /* WebAuthn L3 8.6: what a U2F key signs at registration has no flags in it; the worse counts
                 */
                .user_verified = verdict->flags & AUTHDATA_UV && said,
                .challenge_bits = known->challenge_bits,
                .origin_bound = !known->cross_device,
                .attestation_trusted = trusted,
                .certificate_bound = bound,
                .certificate_alive = bound, /* the ceremony was refused otherwise */
                .backup_eligible = verdict->flags & AUTHDATA_BE || !said,
                .cross_device = known->cross_device,
                .key_bits = strength_of(verdict->algorithm),
        };
        login_level_take_model(ret, model, format, aaguid);
        /* Whoever lets another sign the AAGUID lets him sign an extension, too. */
        if (!trusted || word != AAGUID_SIGNED)
                return;
        if (ret->user_verified) /* an extension that contradicts the flag tells of nothing */
                ret->verified_by = factor_of(verdict->extensions.verified_by);
        ret->tells_verification = verdict->extensions.verified_by != MITOME_VERIFIED_UNTOLD;
        if (aaguid.size == sizeof ret->aaguid) {
                writer w = WRITER(ret->aaguid);
                write_slice(&w, aaguid);
        }
}

void mitome_level_step_up(struct mitome_level_evidence *evidence, enum mitome_level_factor factor)
{
        evidence->user_verified = true;
        if (factor > evidence->verified_by)
                evidence->verified_by = factor;
}

/* ---- as facts ---- */

static void observe(struct level_facts *facts, enum level_fact_id id, bool yes)
{
        facts->facts[id] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = yes };
}

/* Untold it is not known; that it is not told is. */
static void observe_verification(struct level_facts *facts, enum mitome_level_factor factor)
{
        static const char *const words[] = { NULL, "finger", "face", "iris", "pin", "password" };
        observe(facts, LEVEL_LOGIN_VERIFICATION_TOLD, factor != MITOME_FACTOR_UNTOLD);
        if (words[factor])
                facts->facts[LEVEL_LOGIN_VERIFIED_BY] =
                        (struct level_fact){ .obtained = LEVEL_OBSERVED, .word = slice_text(words[factor]) };
}

static void declare_word(struct level_facts *facts, enum level_fact_id id, const char *word)
{
        if (word)
                facts->facts[id] =
                        (struct level_fact){ .obtained = LEVEL_DECLARED, .word = slice_text(word) };
}

static void declare(struct level_facts *facts, enum level_fact_id id, bool said)
{
        if (said)
                facts->facts[id] = (struct level_fact){ .obtained = LEVEL_DECLARED, .yes = true };
}

static void declare_count(struct level_facts *facts, enum level_fact_id id, bool said, uint64_t count)
{
        if (said)
                facts->facts[id] = (struct level_fact){ .obtained = LEVEL_DECLARED, .count = count };
}

static void take_limits(const struct mitome_level_limits *limits, struct level_facts *facts)
{
        declare(facts, LEVEL_PIN_OFFERED, limits->pin_offered);
        declare(facts, LEVEL_PIN_DIGITS_ONLY, limits->pin_digits_only);
        declare(facts, LEVEL_UV_OFFERED, limits->biometric_offered);
        declare_word(
                facts, LEVEL_UV_MODALITY, metadata_modality_word((enum metadata_modality)limits->modality));
        declare_count(facts, LEVEL_PIN_LENGTH_LEAST, limits->pin_length_said, limits->pin_length_least);
        declare_count(facts, LEVEL_PIN_TRIES, limits->pin_tries_said, limits->pin_tries);
        declare_count(facts, LEVEL_UV_TRIES, limits->biometric_tries_said, limits->biometric_tries);
        declare_count(facts, LEVEL_UV_WAIT_SECONDS, limits->wait_said, limits->wait_seconds);
}

static void take_model(const struct mitome_level_evidence *evidence, struct level_facts *facts)
{
        static const char *const keys[] = { NULL, "software", "hardware", "tee", "secure_element" };
        static const char *const matchers[] = { NULL, "software", "tee", "on_chip" };
        facts->facts[LEVEL_MODEL_EVERY_PATH_VERIFIES] =
                (struct level_fact){ .obtained = LEVEL_DECLARED, .yes = evidence->every_path_verifies };
        declare_count(facts, LEVEL_MODEL_FIDO_LEVEL, evidence->certification_level > 0,
                evidence->certification_level);
        declare_word(facts, LEVEL_MODEL_KEY_PROTECTION, keys[evidence->key_protection]);
        declare_word(facts, LEVEL_MODEL_MATCHER_PROTECTION, matchers[evidence->matcher_protection]);
        declare(facts, LEVEL_MODEL_KEY_RESTRICTED, evidence->key_restricted);
        /* That a model was attested says what it is, and not what its sensor is: its maker's statement does.
         */
        declare(facts, LEVEL_MODEL_SENSOR_KNOWN,
                evidence->limits.biometric_offered && evidence->limits.modality != MITOME_MODALITY_UNKNOWN);
        take_limits(&evidence->limits, facts);
}

void login_level_facts(const struct mitome_level_evidence *evidence, struct level_facts *ret)
{
        *ret = (struct level_facts){ 0 };
        observe(ret, LEVEL_LOGIN_USER_PRESENT, evidence->user_present);
        observe(ret, LEVEL_LOGIN_USER_VERIFIED, evidence->user_verified);
        observe_verification(ret, evidence->verified_by);
        observe(ret, LEVEL_LOGIN_ORIGIN_BOUND, evidence->origin_bound);
        observe(ret, LEVEL_LOGIN_ATTESTATION_TRUSTED, evidence->attestation_trusted);
        observe(ret, LEVEL_LOGIN_CERTIFICATE_BOUND, evidence->certificate_bound);
        observe(ret, LEVEL_LOGIN_CERTIFICATE_ALIVE, evidence->certificate_alive);
        observe(ret, LEVEL_LOGIN_BACKUP_ELIGIBLE, evidence->backup_eligible);
        observe(ret, LEVEL_LOGIN_CROSS_DEVICE, evidence->cross_device);
        observe(ret, LEVEL_KEY_SYNCABLE, evidence->backup_eligible);
        ret->facts[LEVEL_LOGIN_CHALLENGE_BITS] =
                (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = evidence->challenge_bits };
        if (evidence->key_bits)
                ret->facts[LEVEL_KEY_STRENGTH_BITS] =
                        (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = evidence->key_bits };
        /* Anybody can claim a model. */
        if (evidence->model_known && evidence->attestation_trusted)
                take_model(evidence, ret);
}

/* ---- judging ---- */

/* Whether a believed statement is about this login, here and now; else why not. */
static mitome_status check_evaluation(const struct mitome_level_evidence *evidence,
        const struct mitome_evaluation *evaluation, int64_t now, mitome_error *error)
{
        static const char clause[] = "EVALUATION-STATEMENT.md 5";
        if (!evidence->attestation_trusted)
                return fail(error, MITOME_E_ATTESTATION_UNTRUSTED, "the registration", clause);
        if (!evaluation)
                return fail(error, MITOME_E_MISSING, "the evaluation statement", clause);
        if (!slice_equal(evaluation->aaguid, SLICE(evidence->aaguid)))
                return fail(error, MITOME_E_EVALUATION_OTHER, "payload.aaguid", clause);
        return evaluation_check_time(evaluation, now, error);
}

enum { ALONE = LEVEL_SCOPE_LOGIN, EVALUATED = LEVEL_SCOPE_LOGIN | LEVEL_SCOPE_DEVICE };

static mitome_status evaluated_facts(const struct mitome_level_evidence *evidence,
        const struct mitome_evaluation *evaluation, int64_t now, struct level_facts *ret, mitome_error *error)
{
        const mitome_status status = check_evaluation(evidence, evaluation, now, error);
        login_level_facts(evidence, ret);
        if (!failed(status))
                evaluation_add_facts(evaluation, ret);
        return status;
}

/* Which factor would lift the login, as the next one can show it. By what an authenticator verified counts
 * only of one that is attested and tells it; the password of the signing certificate is seen by whoever takes
 * the signature. */
static enum mitome_level_factor find_step_up(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct level_facts *facts, unsigned scopes,
        size_t wanted)
{
        static const enum mitome_level_factor factors[] = { MITOME_FACTOR_PIN, MITOME_FACTOR_PASSWORD };
        for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
                const bool told = (evidence->attestation_trusted && evidence->tells_verification) ||
                                  factors[i] == MITOME_FACTOR_PASSWORD;
                struct mitome_level_evidence more = *evidence;
                struct level_facts lifted = *facts;
                mitome_level_step_up(&more, told ? factors[i] : MITOME_FACTOR_UNTOLD);
                observe(&lifted, LEVEL_LOGIN_USER_VERIFIED, more.user_verified);
                observe_verification(&lifted, more.verified_by);
                if (level_reaches(policy, &lifted, scopes, wanted))
                        return factors[i];
        }
        return MITOME_FACTOR_UNTOLD;
}

static mitome_status demand(const struct level_policy *policy, const struct mitome_level_evidence *evidence,
        const struct level_facts *facts, const struct login_demand *demanded, struct login_judgement *ret,
        mitome_error *error)
{
        const size_t wanted = level_find(policy, demanded->level);
        if (wanted == policy->level_count)
                return fail(error, MITOME_E_POLICY_LEVEL, demanded->field, NULL);
        if (ret->judged.reached && ret->judged.level >= wanted)
                return ok();
        ret->step_up = find_step_up(policy, evidence, facts, ret->judged.scopes, wanted);
        return fail(error,
                ret->step_up != MITOME_FACTOR_UNTOLD ? MITOME_E_LEVEL_STEP_UP : MITOME_E_LEVEL_NOT_REACHED,
                demanded->field, NULL);
}

void login_level_judge(const struct level_policy *policy, const struct mitome_level_evidence *evidence,
        struct level_judgement *ret)
{
        struct level_facts facts;
        login_level_facts(evidence, &facts);
        level_judge(policy, &facts, ALONE, ret);
}

mitome_status login_level_demand(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct login_demand *demanded,
        struct login_judgement *ret, mitome_error *error)
{
        struct level_facts facts;
        login_level_facts(evidence, &facts);
        *ret = (struct login_judgement){ 0 };
        level_judge(policy, &facts, ALONE, &ret->judged);
        return demand(policy, evidence, &facts, demanded, ret, error);
}

mitome_status login_level_judge_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        struct level_judgement *ret, mitome_error *error)
{
        struct level_facts facts;
        const mitome_status status = evaluated_facts(evidence, evaluation, now, &facts, error);
        level_judge(policy, &facts, EVALUATED, ret);
        return status;
}

mitome_status login_level_demand_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, int64_t now,
        const struct login_demand *demanded, struct login_judgement *ret, mitome_error *error)
{
        struct level_facts facts;
        const mitome_status status = evaluated_facts(evidence, evaluation, now, &facts, error);
        *ret = (struct login_judgement){ 0 };
        level_judge(policy, &facts, EVALUATED, &ret->judged);
        MITOME_TRY(status);
        return demand(policy, evidence, &facts, demanded, ret, error);
}
