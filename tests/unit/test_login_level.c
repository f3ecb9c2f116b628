/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_statement.h"

#include <mitome/evaluation.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mitome_slice view(const char *text)
{
        return (mitome_slice){ (const uint8_t *)text, strlen(text) };
}

static bool is(mitome_slice bytes, const char *text)
{
        return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

#define REQUIREMENT(id, level, predicate)                                                                    \
        "{\"id\":\"" id "\",\"level\":\"" level "\",\"source\":\"s\",\"section\":\"1\",\"text\":\"t \\\"" id \
        "\\\"\",\"responsible\":\"relying party\",\"predicate\":\"" predicate "\"}"

/* One factor, two, and hardware. */
static const char three_levels[] =
        "{\"id\":\"p\",\"title\":\"T\",\"title_ja\":\"\xE9\xA1\x8C\",\"levels\":[\"one\",\"two\",\"three\"],"
        "\"requirements\":[" REQUIREMENT("FRESH", "one", "login.challenge_bits >= 64") "," REQUIREMENT(
                "UV", "two", "login.user_verified") "," REQUIREMENT("MULTI", "two",
                "login.verification_told or model.every_path_verifies") "," REQUIREMENT("BOUND", "three",
                "login.origin_bound and not login.cross_device") "," REQUIREMENT("KEY", "three",
                "model.key_protection = secure_element and key.strength_bits >= 112") ","
                                                                                      "{\"id\":\"TRIES\",\"level\":\"two\",\"scope\":[\"device\"],\"source\":\"s\",\"section\":\"2\","
                                                                                      "\"predicate\":\"pin.tries <= 10\"},"
                                                                                      "{\"id\":\"LIKE\",\"level\":\"one\",\"keyword\":\"SHOULD\",\"source\":\"s\",\"section\":\"3\","
                                                                                      "\"predicate\":\"login.certificate_alive\"}]}";

static struct mitome_level_policy *policy_of(const char *json)
{
        struct mitome_level_policy *policy = NULL;
        mitome_error error = { 0 };
        char *copy = strdup(json); /* the policy keeps its own */
        assert_non_null(copy);
        mitome_status status = mitome_level_policy_read(view(copy), &policy, &error);
        memset(copy, 'x', strlen(copy));
        free(copy);
        assert_int_equal(status.code, MITOME_OK);
        return policy;
}

enum { UP = 0x01, UV = 0x04, BE = 0x08, ES256 = -7 };

static const struct metadata_statement chip = { .key_protection = METADATA_HARDWARE | METADATA_SECURE_ELEMENT,
        .matcher_protection = METADATA_ON_CHIP,
        .weakest_path = METADATA_PATH_PASSCODE };
static const struct metadata_statement weak = { .key_protection = METADATA_SOFTWARE,
        .matcher_protection = METADATA_SOFTWARE,
        .weakest_path = METADATA_PATH_PRESENCE };

/* ---- what a ceremony proves ---- */

static void a_login_proves_what_was_signed(void **state)
{
        (void)state;
        const struct mitome_metadata_entry model = { .statement = &chip, .certification_level = 5 };
        struct mitome_verdict verdict = { .flags = UP | UV | BE, .algorithm = ES256 };
        struct mitome_level_context known = { .challenge_bits = 128,
                .trust = MITOME_TRUST_VERIFIED,
                .format = view("packed"),
                .model = &model,
                .certificate_bound = true };
        struct mitome_level_evidence e;
        mitome_level_evidence_of(&verdict, &known, &e);
        assert_true(e.user_present && e.user_verified && e.backup_eligible && e.origin_bound &&
                    e.attestation_trusted && e.certificate_alive && e.model_known && e.every_path_verifies);
        assert_false(e.cross_device);
        assert_true(e.certificate_bound);
        assert_int_equal(e.verified_by, MITOME_FACTOR_UNTOLD);
        assert_false(e.tells_verification);
        assert_int_equal(e.challenge_bits, 128);
        assert_int_equal(e.key_bits, 128);
        assert_int_equal(e.key_protection, MITOME_KEY_PROTECTION_SECURE_ELEMENT);
        assert_int_equal(e.matcher_protection, MITOME_MATCHER_ON_CHIP);
        assert_int_equal(e.certification_level, 5);

        verdict.extensions.verified_by = MITOME_VERIFIED_BY_NOTHING;
        mitome_level_evidence_of(&verdict, &known, &e);
        assert_int_equal(e.verified_by, MITOME_FACTOR_UNTOLD);
        assert_true(e.tells_verification); /* that it verified nobody */
        static const struct {
                enum mitome_verified_by told;
                enum mitome_level_factor factor;
        } rows[] = {
                { MITOME_VERIFIED_BY_PIN, MITOME_FACTOR_PIN },
                { MITOME_VERIFIED_BY_FACE, MITOME_FACTOR_FACE },
                { MITOME_VERIFIED_BY_IRIS, MITOME_FACTOR_IRIS },
                { MITOME_VERIFIED_BY_FINGER, MITOME_FACTOR_FINGER },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                verdict.extensions.verified_by = rows[i].told;
                mitome_level_evidence_of(&verdict, &known, &e);
                assert_int_equal(e.verified_by, rows[i].factor);
                assert_true(e.tells_verification);
        }
        verdict.flags = UP; /* the flag and what is told beside it contradict each other */
        mitome_level_evidence_of(&verdict, &known, &e);
        assert_false(e.user_verified);
        assert_int_equal(e.verified_by, MITOME_FACTOR_UNTOLD);
        known.cross_device = true;
        known.certificate_bound = false;
        mitome_level_evidence_of(&verdict, &known, &e);
        assert_true(e.cross_device);
        assert_false(e.origin_bound || e.certificate_bound || e.certificate_alive);
}

/* Anybody can claim a model, and write into an extension what he likes. */
static void without_attestation_a_model_is_only_claimed(void **state)
{
        (void)state;
        static const enum mitome_trust_result results[] = { MITOME_TRUST_NONE, MITOME_TRUST_SELF,
                MITOME_TRUST_UNVERIFIED };
        static const uint8_t no_model[MITOME_LEVEL_AAGUID_SIZE] = { 0 };
        const struct mitome_metadata_entry model = { .statement = &chip, .certification_level = 5 };
        for (size_t i = 0; i < 3; i++)
                for (int registration = 0; registration < 2; registration++) {
                        const struct mitome_verdict verdict = { .flags = UP | UV,
                                .algorithm = ES256,
                                .format = registration ? "packed" : NULL,
                                .trust = registration ? results[i] : MITOME_TRUST_NONE,
                                .metadata = registration ? &model : NULL,
                                .extensions = { .verified_by = MITOME_VERIFIED_BY_PIN } };
                        /* What is known beside a registration does not enter. */
                        const struct mitome_level_context known = { .challenge_bits = 128,
                                .trust = registration ? MITOME_TRUST_VERIFIED : results[i],
                                .aaguid = view("0123456789abcdef"),
                                .format = view("packed"),
                                .model = &model,
                                .certificate_bound = registration };
                        struct mitome_level_evidence e;
                        mitome_level_evidence_of(&verdict, &known, &e);
                        assert_false(e.attestation_trusted || e.model_known || e.verified_by ||
                                     e.tells_verification || e.every_path_verifies || e.certificate_alive);
                        assert_memory_equal(e.aaguid, no_model, sizeof no_model);
                        assert_int_equal(e.key_protection, MITOME_KEY_PROTECTION_UNKNOWN);
                        assert_int_equal(e.certification_level, 0);
                }
}

/* What is known of a model counts for the one that this credential's attestation has shown, and for no other:
 * neither by what a caller looked up, nor in evidence that somebody made by hand. */
static void a_model_counts_where_it_was_attested(void **state)
{
        (void)state;
        const mitome_slice ours = view("0123456789abcdef"), other = view("fedcba9876543210");
        const struct {
                mitome_slice entry, attested;
                bool counts;
        } rows[] = {
                { ours, ours, true },
                { ours, other, false },
                { { NULL, 0 }, ours, true }, /* U2F: found by its key */
                { { NULL, 0 }, { NULL, 0 }, true },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                const struct mitome_metadata_entry model = { .aaguid = rows[i].entry, .statement = &chip };
                const struct mitome_verdict verdict = { .flags = UP | UV, .algorithm = ES256 };
                const struct mitome_level_context known = { .trust = MITOME_TRUST_VERIFIED,
                        .aaguid = rows[i].attested,
                        .format = view("packed"),
                        .model = &model };
                struct mitome_level_evidence e;
                mitome_level_evidence_of(&verdict, &known, &e);
                assert_int_equal(e.model_known, rows[i].counts);
                if (rows[i].attested.size)
                        assert_memory_equal(e.aaguid, rows[i].attested.data, sizeof e.aaguid);
        }
        struct mitome_level_policy *policy = policy_of(three_levels);
        struct mitome_level_evidence claimed = { .user_present = true,
                .user_verified = true,
                .challenge_bits = 128,
                .origin_bound = true,
                .key_bits = 128,
                .model_known = true,
                .every_path_verifies = true,
                .key_protection = MITOME_KEY_PROTECTION_SECURE_ELEMENT };
        struct mitome_level_judgement j;
        mitome_level_judge(policy, &claimed, &j);
        assert_int_equal(j.level, 0);
        claimed.attestation_trusted = true;
        mitome_level_judge(policy, &claimed, &j);
        assert_int_equal(j.level, 2);
        mitome_level_policy_free(policy);
}

/* An evaluation is of an AAGUID that the attestation key has signed. A fido-u2f statement signs none; those
 * of Android, TPMs and Apple certify the credential's key, and whoever may use that signs authenticator data
 * of his own making: an app would choose the model that it is taken for. */
static void attack_claiming_an_evaluated_model_by_an_app(void **state)
{
        (void)state;
        static const uint8_t no_model[MITOME_LEVEL_AAGUID_SIZE] = { 0 };
        static const struct {
                const char *format;
                bool names;
        } rows[] = {
                { "packed", true },
                { "mitome-jpki", true },
                { "fido-u2f", false },
                { "android-key", false },
                { "tpm", false },
                { "apple", false },
                { "compound", false },
                { "none", false },
        };
        const mitome_slice aaguid = view("0123456789abcdef");
        const struct mitome_metadata_entry model = {
                .aaguid = aaguid, .statement = &chip, .certification_level = 5
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                for (int registration = 0; registration < 2; registration++) {
                        const struct mitome_verdict verdict = { .flags = UP | UV,
                                .algorithm = ES256,
                                .format = registration ? rows[i].format : NULL,
                                .trust = registration ? MITOME_TRUST_VERIFIED : MITOME_TRUST_NONE,
                                .aaguid = registration ? aaguid : (mitome_slice){ NULL, 0 },
                                .metadata = registration ? &model : NULL,
                                .extensions = { .verified_by = MITOME_VERIFIED_BY_PIN } };
                        struct mitome_level_context known = { 0 };
                        struct mitome_level_evidence e;
                        if (!registration)
                                known = (struct mitome_level_context){ .trust = MITOME_TRUST_VERIFIED,
                                        .aaguid = aaguid,
                                        .format = view(rows[i].format),
                                        .model = &model };
                        mitome_level_evidence_of(&verdict, &known, &e);
                        assert_memory_equal(
                                e.aaguid, rows[i].names ? aaguid.data : no_model, sizeof no_model);
                        assert_int_equal(e.model_known, rows[i].names);
                        assert_int_equal(e.certification_level, rows[i].names ? 5 : 0);
                        assert_int_equal(
                                e.verified_by, rows[i].names ? MITOME_FACTOR_PIN : MITOME_FACTOR_UNTOLD);
                        assert_int_equal(e.tells_verification, rows[i].names);
                }
        /* Of whom it is not told how it was attested nothing is known. */
        const struct mitome_level_context untold = {
                .trust = MITOME_TRUST_VERIFIED, .aaguid = aaguid, .model = &model
        };
        const struct mitome_verdict login = {
                .flags = UP | UV, .algorithm = ES256, .extensions = { .verified_by = MITOME_VERIFIED_BY_PIN }
        };
        struct mitome_level_evidence e;
        mitome_level_evidence_of(&login, &untold, &e);
        assert_memory_equal(e.aaguid, no_model, sizeof no_model);
        assert_false(e.model_known || e.verified_by != MITOME_FACTOR_UNTOLD);
}

/* WebAuthn L3 8.6: a U2F key signs challenge, RP ID and public key when it registers, and no flags: whoever
 * hands its answer on writes them. Its logins are signed whole, and its model is found by the attestation
 * key. */
static void attack_writing_the_flags_of_a_u2f_registration(void **state)
{
        (void)state;
        static const char *const formats[] = { NULL, "fido-u2f", "compound" }; /* NULL: a login */
        const struct mitome_metadata_entry model = { .statement = &chip };
        for (size_t i = 0; i < 3; i++) {
                const struct mitome_verdict verdict = { .flags = UP | UV,
                        .algorithm = ES256,
                        .format = formats[i],
                        .flags_unsigned = formats[i] != NULL,
                        .trust = formats[i] ? MITOME_TRUST_VERIFIED : MITOME_TRUST_NONE,
                        .metadata = formats[i] ? &model : NULL };
                const struct mitome_level_context known = {
                        .trust = MITOME_TRUST_VERIFIED, .format = view("fido-u2f"), .model = &model
                };
                struct mitome_level_evidence e;
                mitome_level_evidence_of(&verdict, &known, &e);
                assert_true(e.user_present && e.attestation_trusted && e.model_known);
                assert_int_equal(e.user_verified, !formats[i]);
                assert_int_equal(e.backup_eligible, formats[i] != NULL);
        }
}

/* That the attestation was verified tells nothing of a sensor; the maker's statement may, and that is a
 * declaration. */
static void a_sensor_is_known_where_the_statement_tells_of_it(void **state)
{
        (void)state;
        static const char policy_json[] = "{\"id\":\"p\",\"levels\":[\"one\"],\"requirements\":[" REQUIREMENT(
                "SENSOR", "one", "model.sensor_known") "]}";
        struct mitome_level_policy *policy = policy_of(policy_json);
        static const struct {
                bool biometric, trusted;
                enum metadata_modality modality;
                enum mitome_level_outcome outcome;
        } rows[] = {
                { true, true, METADATA_FINGER, MITOME_LEVEL_DECLARED_ONLY },
                { true, false, METADATA_FINGER, MITOME_LEVEL_NOT_TESTABLE },
                { true, true, METADATA_MODALITY_UNKNOWN, MITOME_LEVEL_NOT_TESTABLE },
                { false, true, METADATA_MODALITY_UNKNOWN, MITOME_LEVEL_NOT_TESTABLE },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct metadata_statement statement = chip;
                const struct mitome_metadata_entry model = { .statement = &statement };
                const struct mitome_verdict verdict = { .flags = UP | UV, .algorithm = ES256 };
                const struct mitome_level_context known = {
                        .trust = rows[i].trusted ? MITOME_TRUST_VERIFIED : MITOME_TRUST_UNVERIFIED,
                        .model = &model
                };
                struct mitome_level_evidence evidence;
                struct mitome_level_judgement j;
                statement.methods.biometric = rows[i].biometric;
                statement.methods.modality = rows[i].modality;
                mitome_level_evidence_of(&verdict, &known, &evidence);
                mitome_level_judge(policy, &evidence, &j);
                assert_int_equal(j.reasons[0].outcome, rows[i].outcome);
        }
        mitome_level_policy_free(policy);
}

static void a_registration_brings_its_own(void **state)
{
        (void)state;
        const struct mitome_metadata_entry model = { .statement = &weak };
        const struct mitome_verdict verdict = { .flags = UP,
                .algorithm = ES256,
                .format = "mitome-jpki",
                .trust = MITOME_TRUST_VERIFIED,
                .metadata = &model,
                .certificate = { .serial = view("\x01") } };
        const struct mitome_level_context known = { .challenge_bits = 64 };
        struct mitome_level_evidence e;
        mitome_level_evidence_of(&verdict, &known, &e);
        assert_true(e.attestation_trusted && e.certificate_alive && e.model_known);
        assert_false(e.every_path_verifies || e.user_verified);
        assert_int_equal(e.key_protection, MITOME_KEY_PROTECTION_SOFTWARE);
        assert_int_equal(e.matcher_protection, MITOME_MATCHER_SOFTWARE);
}

static void of_several_protections_the_worst_counts(void **state)
{
        (void)state;
        static const struct {
                unsigned key, matcher;
                enum mitome_key_protection key_protection;
                enum mitome_matcher_protection matcher_protection;
        } rows[] = {
                { METADATA_HARDWARE, 0, MITOME_KEY_PROTECTION_HARDWARE, MITOME_MATCHER_UNKNOWN },
                { METADATA_HARDWARE | METADATA_TEE, METADATA_TEE, MITOME_KEY_PROTECTION_TEE,
                        MITOME_MATCHER_TEE },
                { METADATA_HARDWARE | METADATA_SECURE_ELEMENT, METADATA_ON_CHIP,
                        MITOME_KEY_PROTECTION_SECURE_ELEMENT, MITOME_MATCHER_ON_CHIP },
                { METADATA_SOFTWARE | METADATA_SECURE_ELEMENT, METADATA_SOFTWARE | METADATA_ON_CHIP,
                        MITOME_KEY_PROTECTION_SOFTWARE, MITOME_MATCHER_SOFTWARE },
                { METADATA_TEE | METADATA_SECURE_ELEMENT | METADATA_HARDWARE, METADATA_TEE | METADATA_ON_CHIP,
                        MITOME_KEY_PROTECTION_TEE, MITOME_MATCHER_TEE },
                { METADATA_REMOTE_HANDLE, 0, MITOME_KEY_PROTECTION_UNKNOWN, MITOME_MATCHER_UNKNOWN },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                const struct metadata_statement statement = { .key_protection = rows[i].key,
                        .matcher_protection = rows[i].matcher };
                const struct mitome_metadata_entry model = { .statement = &statement };
                const struct mitome_level_context known = { .trust = MITOME_TRUST_VERIFIED, .model = &model };
                const struct mitome_verdict verdict = { .flags = UP };
                struct mitome_level_evidence e;
                mitome_level_evidence_of(&verdict, &known, &e);
                assert_int_equal(e.key_protection, rows[i].key_protection);
                assert_int_equal(e.matcher_protection, rows[i].matcher_protection);
        }
}

static void the_strength_is_that_of_the_key(void **state)
{
        (void)state;
        static const struct {
                int64_t algorithm;
                unsigned bits;
        } rows[] = {
                { -7, 128 },
                { -35, 192 },
                { -36, 256 },
                { -8, 128 },
                { -257, 112 },
                { -65535, 0 }, /* SHA-1 */
                { 4711, 0 },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                const struct mitome_verdict verdict = { .algorithm = rows[i].algorithm };
                const struct mitome_level_context known = { 0 };
                struct mitome_level_evidence e;
                mitome_level_evidence_of(&verdict, &known, &e);
                assert_int_equal(e.key_bits, rows[i].bits);
        }
}

/* ---- policies ---- */

static void a_policy_tells_what_stands_in_it(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = policy_of(three_levels);
        const struct mitome_level_description d = mitome_level_describe(policy);
        assert_true(is(d.id, "p") && is(d.title, "T") && is(d.title_ja, "\xE9\xA1\x8C"));
        assert_int_equal(d.confidence, 95);
        assert_int_equal(d.level_count, 3);
        assert_int_equal(d.requirement_count, 7);
        assert_false(d.provisional);
        assert_true(is(mitome_level_name(policy, 0), "one") && is(mitome_level_name(policy, 2), "three"));
        assert_int_equal(mitome_level_name(policy, 3).size, 0);
        struct mitome_level_requirement r;
        assert_true(mitome_level_requirement_at(policy, 3, &r));
        assert_true(is(r.id, "BOUND") && is(r.topic, "BOUND") && is(r.source, "s") && is(r.section, "1"));
        assert_true(is(r.text, "t \\\"BOUND\\\""));
        assert_true(is(r.predicate, "login.origin_bound and not login.cross_device"));
        assert_true(is(r.responsible, "relying party") && r.shall && !r.verified);
        assert_int_equal(r.level, 2);
        assert_int_equal(r.until, 2);
        assert_true(mitome_level_requirement_at(policy, 6, &r) && !r.shall);
        assert_false(mitome_level_requirement_at(policy, 7, &r));
        mitome_level_policy_free(policy);
        mitome_level_policy_free(NULL);
}

static void a_wrong_policy_gives_none(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = NULL;
        mitome_error error = { 0 };
        static const char wrong[] = "{\"id\":\"p\",\"levels\":[\"one\"],\"requirements\":[" REQUIREMENT(
                "A", "one", "login.user_is_nice") "]}";
        assert_int_equal(
                mitome_level_policy_read(view(wrong), &policy, &error).code, MITOME_E_POLICY_PREDICATE);
        assert_int_equal(error.at, strstr(wrong, "login.user_is_nice") - wrong);
        assert_null(policy);
        assert_int_not_equal(
                mitome_level_policy_read((mitome_slice){ NULL, 0 }, &policy, NULL).code, MITOME_OK);
}

/* ---- demanding ---- */

static const struct mitome_level_evidence chip_login = { .user_present = true,
        .user_verified = true,
        .challenge_bits = 128,
        .origin_bound = true,
        .attestation_trusted = true,
        .key_bits = 128,
        .model_known = true,
        .every_path_verifies = true,
        .key_protection = MITOME_KEY_PROTECTION_SECURE_ELEMENT };

static void the_judgement_names_all_that_keeps_from_more(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = policy_of(three_levels);
        struct mitome_level_evidence crossed = chip_login;
        struct mitome_level_judgement j;
        mitome_level_judge(policy, &chip_login, &j);
        assert_true(j.reached && !j.has_next);
        assert_int_equal(j.level, 2);
        assert_int_equal(j.blocker_count, 0);
        assert_int_equal(j.reason_count, 7);
        /* no login counts PIN tries: it bars nothing, and is not forgotten */
        assert_int_equal(j.untested_count, 1);
        assert_int_equal(j.untested[0], 5);
        assert_int_equal(j.reasons[5].outcome, MITOME_LEVEL_NOT_TESTABLE);
        assert_string_equal(j.reasons[5].fact, "pin.tries");
        assert_string_equal(mitome_level_outcome_name(j.reasons[5].outcome), "not testable here");
        assert_int_equal(j.reasons[1].outcome, MITOME_LEVEL_SATISFIED);
        assert_int_equal(j.reasons[2].outcome, MITOME_LEVEL_DECLARED_ONLY);
        assert_int_equal(j.reasons[4].outcome, MITOME_LEVEL_PARTLY_OBSERVED);
        assert_string_equal(j.reasons[4].fact, "model.key_protection");
        /* SHOULD: reported, and keeps from nothing */
        assert_int_equal(j.reasons[6].outcome, MITOME_LEVEL_NOT_SATISFIED);

        crossed.origin_bound = false;
        crossed.cross_device = true;
        crossed.key_protection = MITOME_KEY_PROTECTION_TEE;
        mitome_level_judge(policy, &crossed, &j);
        assert_true(j.reached && j.has_next);
        assert_int_equal(j.level, 1);
        assert_int_equal(j.next, 2);
        assert_int_equal(j.blocker_count, 2);
        assert_int_equal(j.blockers[0], 3);
        assert_int_equal(j.blockers[1], 4);

        mitome_level_judge(policy, &(const struct mitome_level_evidence){ 0 }, &j);
        assert_true(!j.reached && j.has_next);
        assert_int_equal(j.next, 0);
        assert_int_equal(j.untested_count, 0);
        mitome_level_policy_free(policy);
}

/* No login counts a PIN's tries, but what a maker declares of them counts against his model. */
static void too_many_tries_declared_bar_at_the_login(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = policy_of(three_levels);
        static const struct {
                uint32_t tries;
                bool said, reached;
                enum mitome_level_outcome outcome;
        } rows[] = {
                { 0, false, true, MITOME_LEVEL_NOT_TESTABLE },
                { 10, true, true, MITOME_LEVEL_DECLARED_ONLY },
                { 11, true, false, MITOME_LEVEL_NOT_SATISFIED },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct metadata_statement statement = chip;
                const struct mitome_metadata_entry model = { .statement = &statement };
                const struct mitome_verdict verdict = { .flags = UP | UV, .algorithm = ES256 };
                const struct mitome_level_context known = {
                        .challenge_bits = 128, .trust = MITOME_TRUST_VERIFIED, .model = &model
                };
                struct mitome_level_evidence evidence;
                struct mitome_level_judgement j;
                statement.methods.passcode = true;
                statement.methods.code_tries =
                        (struct metadata_number){ .said = rows[i].said, .value = rows[i].tries };
                mitome_level_evidence_of(&verdict, &known, &evidence);
                assert_true(evidence.limits.pin_offered);
                const mitome_code code = mitome_level_demand(policy, &evidence, "two", &j, NULL).code;
                assert_int_equal(code, rows[i].reached ? MITOME_OK : MITOME_E_LEVEL_NOT_REACHED);
                assert_int_equal(j.reasons[5].outcome, rows[i].outcome);
        }
        mitome_level_policy_free(policy);
}

static void a_level_is_demanded_by_its_name(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = policy_of(three_levels);
        struct mitome_level_judgement j;
        static const char *const levels[] = { "one", "two", "three" };
        mitome_error error = { 0 };
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(
                        mitome_level_demand(policy, &chip_login, levels[i], &j, NULL).code, MITOME_OK);
        assert_int_equal(
                mitome_level_demand(policy, &chip_login, "four", &j, &error).code, MITOME_E_POLICY_LEVEL);
        assert_string_equal(error.field, "level");
        assert_int_equal(j.level, 2); /* the judgement stands all the same */
        assert_int_equal(mitome_level_demand(policy, &chip_login, "", &j, NULL).code, MITOME_E_POLICY_LEVEL);
        mitome_level_policy_free(policy);
}

/* Step-up is answered where a further factor is what is missing, and where that is so, it helps. */
static void step_up_is_told_from_what_it_cannot_mend(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = policy_of(three_levels);
        struct mitome_level_judgement j;
        struct mitome_level_evidence touched = chip_login, finger = chip_login, stale = chip_login,
                                     soft = chip_login;
        touched.user_verified = false;
        finger.every_path_verifies = false; /* it may have been no more than a touch */
        finger.tells_verification = true;
        stale.user_verified = false;
        stale.challenge_bits = 0;
        soft.user_verified = false;
        soft.key_protection = MITOME_KEY_PROTECTION_SOFTWARE;
        const struct {
                struct mitome_level_evidence *evidence;
                const char *level;
                mitome_code code;
        } rows[] = {
                { &touched, "one", MITOME_OK },
                { &touched, "two", MITOME_E_LEVEL_STEP_UP },
                { &touched, "three", MITOME_E_LEVEL_STEP_UP },
                { &finger, "two", MITOME_E_LEVEL_STEP_UP },
                { &stale, "one", MITOME_E_LEVEL_NOT_REACHED },
                { &stale, "two", MITOME_E_LEVEL_NOT_REACHED },
                { &soft, "two", MITOME_E_LEVEL_STEP_UP },
                { &soft, "three", MITOME_E_LEVEL_NOT_REACHED },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct mitome_level_evidence after = *rows[i].evidence;
                mitome_error error = { 0 };
                assert_int_equal(
                        mitome_level_demand(policy, rows[i].evidence, rows[i].level, &j, &error).code,
                        rows[i].code);
                assert_int_equal(error.code, rows[i].code);
                assert_int_equal(j.step_up,
                        rows[i].code == MITOME_E_LEVEL_STEP_UP ? MITOME_FACTOR_PIN : MITOME_FACTOR_UNTOLD);
                mitome_level_step_up(&after, MITOME_FACTOR_PIN);
                const mitome_code then = mitome_level_demand(policy, &after, rows[i].level, &j, NULL).code;
                assert_int_equal(then, rows[i].code == MITOME_E_LEVEL_NOT_REACHED ? rows[i].code : MITOME_OK);
        }
        /* What was judged is the login as it was, not as it might be. */
        assert_int_equal(mitome_level_demand(policy, &touched, "two", &j, NULL).code, MITOME_E_LEVEL_STEP_UP);
        assert_int_equal(j.level, 0);
        assert_int_equal(j.reasons[1].outcome, MITOME_LEVEL_NOT_SATISFIED);
        mitome_level_policy_free(policy);
}

/* Which factor helps is told: a finger may want the PIN, or no less than the password of the signing
 * certificate. A PIN that the next login could not show is offered to nobody. */
static void the_factor_that_helps_is_named(void **state)
{
        (void)state;
        static const char json[] =
                "{\"id\":\"p\",\"levels\":[\"any\",\"known\",\"signed\"],\"requirements\":[" REQUIREMENT(
                        "UV", "any", "login.user_verified") "," REQUIREMENT("PIN", "known",
                        "login.verified_by in (pin, password)") "," REQUIREMENT("PW", "signed",
                        "login.verified_by = password and login.certificate_bound") "]}";
        struct mitome_level_policy *policy = policy_of(json);
        static const struct {
                bool verified, trusted, tells, bound;
                enum mitome_level_factor by;
                const char *level;
                mitome_code code;
                enum mitome_level_factor helps;
        } rows[] = {
                { true, true, true, true, MITOME_FACTOR_FINGER, "any", MITOME_OK, MITOME_FACTOR_UNTOLD },
                { true, true, true, true, MITOME_FACTOR_FINGER, "known", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PIN },
                { true, true, true, true, MITOME_FACTOR_FINGER, "signed", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PASSWORD },
                { true, true, true, true, MITOME_FACTOR_PIN, "known", MITOME_OK, MITOME_FACTOR_UNTOLD },
                { true, true, true, true, MITOME_FACTOR_PIN, "signed", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PASSWORD },
                { true, true, true, true, MITOME_FACTOR_PASSWORD, "signed", MITOME_OK, MITOME_FACTOR_UNTOLD },
                { true, true, true, false, MITOME_FACTOR_FINGER, "signed", MITOME_E_LEVEL_NOT_REACHED,
                        MITOME_FACTOR_UNTOLD },
                /* It told that it verified nobody: it will tell of the PIN. */
                { false, true, true, true, MITOME_FACTOR_UNTOLD, "known", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PIN },
                /* One that never tells: that it verified the user is a flag's word, by what it did is
                   nobody's. */
                { false, true, false, true, MITOME_FACTOR_UNTOLD, "any", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PIN },
                { false, true, false, true, MITOME_FACTOR_UNTOLD, "known", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PASSWORD },
                { true, true, false, true, MITOME_FACTOR_UNTOLD, "known", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PASSWORD },
                /* What an authenticator tells that nobody vouches for counts at no login: its PIN cannot
                   help. */
                { false, false, true, true, MITOME_FACTOR_UNTOLD, "any", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PIN },
                { true, false, true, true, MITOME_FACTOR_UNTOLD, "known", MITOME_E_LEVEL_STEP_UP,
                        MITOME_FACTOR_PASSWORD },
        };
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct mitome_level_evidence login = { .user_verified = rows[i].verified,
                        .verified_by = rows[i].by,
                        .tells_verification = rows[i].tells,
                        .attestation_trusted = rows[i].trusted,
                        .certificate_bound = rows[i].bound,
                        .certificate_alive = rows[i].bound };
                struct mitome_level_judgement j;
                assert_int_equal(
                        mitome_level_demand(policy, &login, rows[i].level, &j, NULL).code, rows[i].code);
                assert_int_equal(j.step_up, rows[i].helps);
                if (rows[i].code != MITOME_E_LEVEL_STEP_UP)
                        continue;
                mitome_level_step_up(&login, j.step_up);
                assert_int_equal(
                        mitome_level_demand(policy, &login, rows[i].level, &j, NULL).code, MITOME_OK);
        }
        static const char by_pin[] = "{\"id\":\"p\",\"levels\":[\"pin\"],\"requirements\":[" REQUIREMENT(
                "PIN", "pin", "login.verified_by = pin") "]}";
        struct mitome_level_policy *narrow = policy_of(by_pin);
        for (int tells = 0; tells < 2; tells++) {
                const struct mitome_level_evidence login = {
                        .user_verified = true, .attestation_trusted = true, .tells_verification = tells
                };
                struct mitome_level_judgement j;
                assert_int_equal(mitome_level_demand(narrow, &login, "pin", &j, NULL).code,
                        tells ? MITOME_E_LEVEL_STEP_UP : MITOME_E_LEVEL_NOT_REACHED);
                assert_int_equal(j.step_up, tells ? MITOME_FACTOR_PIN : MITOME_FACTOR_UNTOLD);
        }
        mitome_level_policy_free(narrow);
        /* A weaker factor takes nothing from a stronger one. */
        struct mitome_level_evidence login = { .verified_by = MITOME_FACTOR_PASSWORD };
        mitome_level_step_up(&login, MITOME_FACTOR_FINGER);
        assert_true(login.user_verified && login.verified_by == MITOME_FACTOR_PASSWORD);
        mitome_level_policy_free(policy);
}

static void the_scopes_that_were_judged_are_told(void **state)
{
        (void)state;
        struct mitome_level_policy *policy = policy_of(three_levels);
        struct mitome_level_judgement j;
        struct mitome_level_requirement r;
        mitome_level_judge(policy, &chip_login, &j);
        assert_int_equal(j.scopes, MITOME_LEVEL_SCOPE_LOGIN);
        assert_true(mitome_level_requirement_at(policy, j.untested[0], &r));
        assert_int_equal(r.scopes, MITOME_LEVEL_SCOPE_DEVICE);
        mitome_level_judge_evaluated(policy, &chip_login, NULL, 0, &j);
        assert_int_equal(j.scopes, MITOME_LEVEL_SCOPE_LOGIN | MITOME_LEVEL_SCOPE_DEVICE);
        mitome_level_policy_free(policy);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_login_proves_what_was_signed),
                cmocka_unit_test(without_attestation_a_model_is_only_claimed),
                cmocka_unit_test(a_model_counts_where_it_was_attested),
                cmocka_unit_test(attack_claiming_an_evaluated_model_by_an_app),
                cmocka_unit_test(attack_writing_the_flags_of_a_u2f_registration),
                cmocka_unit_test(a_sensor_is_known_where_the_statement_tells_of_it),
                cmocka_unit_test(a_registration_brings_its_own),
                cmocka_unit_test(of_several_protections_the_worst_counts),
                cmocka_unit_test(the_strength_is_that_of_the_key),
                cmocka_unit_test(a_policy_tells_what_stands_in_it),
                cmocka_unit_test(a_wrong_policy_gives_none),
                cmocka_unit_test(the_judgement_names_all_that_keeps_from_more),
                cmocka_unit_test(too_many_tries_declared_bar_at_the_login),
                cmocka_unit_test(a_level_is_demanded_by_its_name),
                cmocka_unit_test(step_up_is_told_from_what_it_cannot_mend),
                cmocka_unit_test(the_factor_that_helps_is_named),
                cmocka_unit_test(the_scopes_that_were_judged_are_told),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
