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

/* A statement may name several: software anywhere makes it software, else the most exact word counts. */
static enum mitome_key_protection key_protection_of(unsigned bits)
{
        if (bits & METADATA_SOFTWARE)
                return MITOME_KEY_PROTECTION_SOFTWARE;
        if (bits & METADATA_SECURE_ELEMENT)
                return MITOME_KEY_PROTECTION_SECURE_ELEMENT;
        if (bits & METADATA_TEE)
                return MITOME_KEY_PROTECTION_TEE;
        return bits & METADATA_HARDWARE ? MITOME_KEY_PROTECTION_HARDWARE : MITOME_KEY_PROTECTION_UNKNOWN;
}

static enum mitome_matcher_protection matcher_protection_of(unsigned bits)
{
        if (bits & METADATA_SOFTWARE)
                return MITOME_MATCHER_SOFTWARE;
        if (bits & METADATA_TEE)
                return MITOME_MATCHER_TEE;
        return bits & METADATA_ON_CHIP ? MITOME_MATCHER_ON_CHIP : MITOME_MATCHER_UNKNOWN;
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

void login_level_model(struct mitome_level_evidence *evidence, const struct metadata_statement *statement,
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

void mitome_level_evidence_of(const struct mitome_verdict *verdict, const struct mitome_level_context *known,
        struct mitome_level_evidence *ret)
{
        const bool registered = verdict->format != NULL;
        const bool trusted = (registered ? verdict->trust : known->trust) == MITOME_TRUST_VERIFIED;
        const struct mitome_metadata_entry *model = registered ? verdict->metadata : known->model;
        *ret = (struct mitome_level_evidence){
                .user_present = verdict->flags & AUTHDATA_UP,
                .user_verified = verdict->flags & AUTHDATA_UV,
                .verification_told = trusted && verdict->extensions.verified_by >= MITOME_VERIFIED_BY_PIN,
                .challenge_bits = known->challenge_bits,
                .origin_bound = !known->cross_device,
                .attestation_trusted = trusted,
                .certificate_alive =
                        registered ? verdict->certificate.serial.size > 0 : known->certificate_bound,
                .backup_eligible = verdict->flags & AUTHDATA_BE,
                .cross_device = known->cross_device,
                .key_bits = strength_of(verdict->algorithm),
        };
        if (trusted && model && model->statement)
                login_level_model(ret, model->statement, model->certification_level);
}

void mitome_level_step_up(struct mitome_level_evidence *evidence)
{
        evidence->user_verified = true;
        evidence->verification_told = true;
}

/* ---- as facts ---- */

static void observe(struct level_facts *facts, enum level_fact_id id, bool yes)
{
        facts->facts[id] = (struct level_fact){ .obtained = LEVEL_OBSERVED, .yes = yes };
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
        static const char *const modalities[] = { NULL, "finger", "face", "iris", "voice" };
        declare(facts, LEVEL_PIN_OFFERED, limits->pin_offered);
        declare(facts, LEVEL_PIN_DIGITS_ONLY, limits->pin_digits_only);
        declare(facts, LEVEL_UV_OFFERED, limits->biometric_offered);
        declare_word(facts, LEVEL_UV_MODALITY, modalities[limits->modality]);
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
        take_limits(&evidence->limits, facts);
}

void login_level_facts(const struct mitome_level_evidence *evidence, struct level_facts *ret)
{
        *ret = (struct level_facts){ 0 };
        observe(ret, LEVEL_LOGIN_USER_PRESENT, evidence->user_present);
        observe(ret, LEVEL_LOGIN_USER_VERIFIED, evidence->user_verified);
        observe(ret, LEVEL_LOGIN_VERIFICATION_TOLD, evidence->verification_told);
        observe(ret, LEVEL_LOGIN_ORIGIN_BOUND, evidence->origin_bound);
        observe(ret, LEVEL_LOGIN_ATTESTATION_TRUSTED, evidence->attestation_trusted);
        observe(ret, LEVEL_LOGIN_CERTIFICATE_ALIVE, evidence->certificate_alive);
        observe(ret, LEVEL_LOGIN_BACKUP_ELIGIBLE, evidence->backup_eligible);
        observe(ret, LEVEL_LOGIN_CROSS_DEVICE, evidence->cross_device);
        observe(ret, LEVEL_KEY_SYNCABLE, evidence->backup_eligible);
        ret->facts[LEVEL_LOGIN_CHALLENGE_BITS] =
                (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = evidence->challenge_bits };
        if (evidence->key_bits)
                ret->facts[LEVEL_KEY_STRENGTH_BITS] =
                        (struct level_fact){ .obtained = LEVEL_OBSERVED, .count = evidence->key_bits };
        /* What sensor there is follows from what model it is: attested, and described. */
        ret->facts[LEVEL_MODEL_SENSOR_KNOWN] = (struct level_fact){ .obtained = LEVEL_ATTESTED,
                .yes = evidence->attestation_trusted && evidence->model_known };
        if (evidence->model_known)
                take_model(evidence, ret);
}

/* ---- judging ---- */

void login_level_judge_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation,
        struct level_judgement *ret)
{
        const unsigned scopes = LEVEL_SCOPE_LOGIN | (evaluation ? LEVEL_SCOPE_DEVICE : 0);
        struct level_facts facts;
        login_level_facts(evidence, &facts);
        if (evaluation && evidence->attestation_trusted) /* else nobody knows what model it is */
                evaluation_add_facts(evaluation, &facts);
        level_judge(policy, &facts, scopes, ret);
}

mitome_status login_level_demand_evaluated(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, const struct mitome_evaluation *evaluation, slice level,
        const char *field, struct level_judgement *ret, mitome_error *error)
{
        const size_t wanted = level_find(policy, level);
        struct mitome_level_evidence more = *evidence;
        struct level_judgement lifted;
        login_level_judge_evaluated(policy, evidence, evaluation, ret);
        if (wanted == policy->level_count)
                return fail(error, MITOME_E_POLICY_LEVEL, field, NULL);
        if (ret->reached && ret->level >= wanted)
                return ok();
        mitome_level_step_up(&more);
        login_level_judge_evaluated(policy, &more, evaluation, &lifted);
        return fail(error,
                lifted.reached && lifted.level >= wanted ? MITOME_E_LEVEL_STEP_UP
                                                         : MITOME_E_LEVEL_NOT_REACHED,
                field, NULL);
}

void login_level_judge(const struct level_policy *policy, const struct mitome_level_evidence *evidence,
        struct level_judgement *ret)
{
        login_level_judge_evaluated(policy, evidence, NULL, ret);
}

mitome_status login_level_demand(const struct level_policy *policy,
        const struct mitome_level_evidence *evidence, slice level, const char *field,
        struct level_judgement *ret, mitome_error *error)
{
        return login_level_demand_evaluated(policy, evidence, NULL, level, field, ret, error);
}
