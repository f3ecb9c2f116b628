/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence files: what each kind says, what counts as not given, and what is refused. */
#include "evidence_file.h"

#include "binomial.h"
#include "evidence_document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char statement[] =
        "{\"aaguid\": \"00112233-4455-6677-8899-aabbccddeeff\", \"isKeyRestricted\": true, \"keyProtection\": [\"hardware\", \"secure_element\"], \"matcherProtection\": [\"on_chip\"], \"userVerificationDetails\": [[{\"userVerificationMethod\": \"passcode_external\", \"caDesc\": {\"base\": 10, \"minLength\": 4, \"maxRetries\": 3, \"blockSlowdown\": 0}}], [{\"userVerificationMethod\": \"fingerprint_internal\", \"baDesc\": {\"selfAttestedFRR\": 0.1, \"maxRetries\": 5, \"blockSlowdown\": 30}}]]}";
static const char measurement[] =
        "{\"source\": \"grown:1\", \"synthetic\": true, \"complete\": false, \"fmr\": {\"trials\": 30135, \"errors\": 2, \"rate\": 6.6e-05}, \"fnmr\": {\"trials\": 492, \"errors\": 9}, \"thresholds\": [{\"threshold\": 40, \"fmr\": {\"trials\": 1000, \"errors\": 1}, \"fnmr\": {\"trials\": 1000, \"errors\": 30}}]}";
#define AAGUID_LINE "\"aaguid_b64url\": \"ABEiM0RVZneImaq7zN3u_w\", "
#define TOLD "\"extensions\": {\"mitome-jpki\": \"finger\"}, "
#define MODEL "\"metadata\": {\"certification_level\": 1}}\n"
static const char logins[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": \"verified\", \"fmt\": \"mitome-jpki\", " AAGUID_LINE
                TOLD MODEL
        "\n{\"ok\": false, \"code\": 302, \"flags\": null, \"trust\": null, \"extensions\": {}}\n";
static const char by_app[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": \"verified\", \"fmt\": \"android-key\", " AAGUID_LINE
                TOLD MODEL;
static const char by_u2f[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": \"verified\", \"fmt\": \"fido-u2f\", " AAGUID_LINE
                TOLD MODEL;
static const char by_u2f_within[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"flags_unsigned\": true, \"trust\": \"verified\", \"fmt\": \"compound\", " AAGUID_LINE
                TOLD MODEL;
static const char cleared[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 1, \"trust\": \"verified\", \"fmt\": \"packed\", " AAGUID_LINE
                TOLD MODEL;
static const char untrusted[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": \"unverified\", \"fmt\": \"packed\", " AAGUID_LINE
                TOLD MODEL;
static const char told_login[] = "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": null, " TOLD MODEL;
static const char plain_login[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": null, \"extensions\": {\"mitome-jpki\": \"none\"}}\n";
static const char other_login[] =
        "{\"ok\": true, \"code\": 0, \"flags\": 5, \"trust\": \"verified\", \"aaguid_b64url\": \"_xEiM0RVZneImaq7zN3u_w\", " TOLD
                MODEL;

/* ---- documents, by name ---- */

static const struct {
        const char *name, *content;
} documents[] = { { "statement.json", statement }, { "report.json", measurement }, { "logins.jsonl", logins },
        { "untrusted.jsonl", untrusted }, { "told.jsonl", told_login }, { "plain.jsonl", plain_login },
        { "app.jsonl", by_app }, { "u2f.jsonl", by_u2f }, { "other.jsonl", other_login },
        { "within.jsonl", by_u2f_within }, { "cleared.jsonl", cleared }, { "folder/cc.pdf", "abc" },
        { "refused.jsonl", "{\"ok\": false, \"code\": 302}\n" }, { "none.jsonl", "[]\n" },
        { "several.json",
                "{\"aaguid\": \"00112233-4455-6677-8899-aabbccddeeff\", \"keyProtection\": [\"secure_element\", \"tee\", \"hardware\"], \"matcherProtection\": [\"on_chip\", \"software\"], \"userVerificationDetails\": [[{\"userVerificationMethod\": \"eyeprint_internal\"}], [{\"userVerificationMethod\": \"faceprint_internal\"}], [{\"userVerificationMethod\": \"fingerprint_internal\"}]]}" },
        { "palm.json",
                "{\"aaguid\": \"00112233-4455-6677-8899-aabbccddeeff\", \"keyProtection\": [\"remote_handle\"], \"userVerificationDetails\": [[{\"userVerificationMethod\": \"fingerprint_internal\"}], [{\"userVerificationMethod\": \"handprint_internal\", \"baDesc\": {\"maxRetries\": 5}}]]}" },
        { "half.json",
                "{\"fmr\": {\"errors\": 3, \"trials\": 2}, \"fnmr\": {\"errors\": 0, \"trials\": 1}}" } };

static bool read_document(void *context, const char *path, uint8_t **ret_bytes, slice *ret)
{
        (void)context;
        for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
                if (strcmp(documents[i].name, path) == 0) {
                        const size_t size = strlen(documents[i].content);
                        *ret_bytes = malloc(size);
                        assert_non_null(*ret_bytes);
                        *ret = slice_of(*ret_bytes, size);
                        return slice_copy(slice_text(documents[i].content), NULL, *ret_bytes, size, NULL)
                                       .code == MITOME_OK;
                }
        return false;
}

static const struct evidence_documents shelf = { .read = read_document };

static struct evaluation_record record;

static mitome_code read_file(const char *json, mitome_error *error)
{
        evaluation_record_clear(&record);
        evaluation_record_begin(&record);
        snprintf(record.day, sizeof record.day, "2026-11-22");
        snprintf(record.aaguid, sizeof record.aaguid, "00112233445566778899aabbccddeeff");
        return evidence_file_read(slice_text(json), "/somewhere/evidence.json", &shelf, &record, error).code;
}

/* One item by itself. */
static void read_item(const char *item)
{
        char json[2048];
        snprintf(json, sizeof json, "{\"mitome_evidence\": 1, \"items\": [%s]}", item);
        mitome_error error = { 0 };
        if (read_file(json, &error) != MITOME_OK)
                fail_msg("%s: %u at %zu", json, (unsigned)error.code, error.at);
        assert_false(record.failed);
}

static const struct fact_claim *claimed(enum level_fact_id fact)
{
        for (size_t i = 0; i < record.claims.count; i++)
                if (record.claims.claims[i].fact == fact)
                        return &record.claims.claims[i];
        return NULL;
}

static void assert_count(enum level_fact_id fact, enum level_obtained obtained, uint64_t count)
{
        assert_non_null(claimed(fact));
        assert_int_equal(claimed(fact)->value.obtained, obtained);
        assert_int_equal(claimed(fact)->value.count, count);
}

static void assert_unusable(enum level_fact_id fact, const char *why)
{
        assert_non_null(claimed(fact));
        assert_int_equal(claimed(fact)->value.obtained, LEVEL_UNUSABLE);
        assert_string_equal(claimed(fact)->why, why);
        assert_true(*claimed(fact)->why_ja != '\0');
}

static bool has_caveat(const char *id)
{
        size_t i;
        const json_t *caveat;
        json_array_foreach(record.caveats, i,
                caveat) if (strcmp(json_string_value(json_object_get(caveat, "id")), id) == 0) return true;
        return false;
}

/* ---- what each kind says ---- */

static void certifications_are_declared(void **state)
{
        (void)state;
        read_item(
                "{\"kind\": \"common-criteria\", \"certificate\": \"CC-1\", \"by\": \"the maker\", \"ava_van\": 5, \"expires\": \"2026-11-22\"}");
        assert_count(LEVEL_MODEL_AVA_VAN, LEVEL_DECLARED, 5);
        assert_string_equal(
                claimed(LEVEL_MODEL_AVA_VAN)->from, "Common Criteria certificate CC-1 (the maker)");
        read_item("{\"kind\": \"emv\", \"expires\": \"2027-01-01\"}");
        assert_true(claimed(LEVEL_MODEL_EMV)->value.yes);
        read_item("{\"kind\": \"fips-140\", \"overall\": 2, \"physical\": 3}");
        assert_count(LEVEL_MODEL_FIPS_OVERALL, LEVEL_DECLARED, 2);
        assert_count(LEVEL_MODEL_FIPS_PHYSICAL, LEVEL_DECLARED, 3);
        read_item("{\"kind\": \"fido\", \"level\": \"L3+\"}");
        assert_count(LEVEL_MODEL_FIDO_LEVEL, LEVEL_DECLARED, 6);
        read_item("{\"kind\": \"fido-biometric\", \"level\": 2}");
        assert_count(LEVEL_MODEL_FIDO_BIOMETRIC, LEVEL_DECLARED, 2);
        assert_int_equal(json_array_size(record.caveats), 0);
}

static void a_metadata_statement_declares(void **state)
{
        (void)state;
        read_item("{\"kind\": \"metadata\", \"document\": \"statement.json\"}");
        assert_string_equal(claimed(LEVEL_MODEL_KEY_PROTECTION)->word, "secure_element");
        assert_string_equal(claimed(LEVEL_MODEL_MATCHER_PROTECTION)->word, "on_chip");
        assert_true(claimed(LEVEL_MODEL_EVERY_PATH_VERIFIES)->value.yes);
        assert_true(claimed(LEVEL_MODEL_KEY_RESTRICTED)->value.yes);
        assert_count(LEVEL_PIN_LENGTH_LEAST, LEVEL_DECLARED, 4);
        assert_count(LEVEL_PIN_TRIES, LEVEL_DECLARED, 3);
        assert_count(LEVEL_UV_TRIES, LEVEL_DECLARED, 5);
        assert_count(LEVEL_UV_WAIT_SECONDS, LEVEL_DECLARED, 30);
        assert_true(claimed(LEVEL_PIN_DIGITS_ONLY)->value.yes);
        assert_string_equal(claimed(LEVEL_UV_MODALITY)->word, "finger");
}

/* Nobody knows in which of several places the key is, and which of several readers ran. */
static void of_several_that_a_statement_names_the_worst_counts(void **state)
{
        (void)state;
        read_item("{\"kind\": \"metadata\", \"document\": \"several.json\"}");
        assert_string_equal(claimed(LEVEL_MODEL_KEY_PROTECTION)->word, "tee");
        assert_string_equal(claimed(LEVEL_MODEL_MATCHER_PROTECTION)->word, "software");
        assert_string_equal(claimed(LEVEL_UV_MODALITY)->word, "face");
        read_item("{\"kind\": \"metadata\", \"document\": \"palm.json\"}");
        assert_true(claimed(LEVEL_UV_OFFERED)->value.yes);
        assert_null(claimed(LEVEL_UV_MODALITY));
        assert_count(LEVEL_UV_TRIES, LEVEL_DECLARED, 5);
        assert_null(claimed(LEVEL_MODEL_KEY_PROTECTION)); /* the relying party keeps it: nobody knows how */
}

static void a_measurement_is_measured(void **state)
{
        (void)state;
        read_item("{\"kind\": \"measurement\", \"document\": \"report.json\"}");
        assert_int_equal(claimed(LEVEL_UV_FMR)->value.obtained, LEVEL_MEASURED);
        assert_int_equal(claimed(LEVEL_UV_FMR)->value.rate.errors, 2);
        assert_int_equal(claimed(LEVEL_UV_FMR)->value.rate.trials, 30135);
        assert_int_equal(claimed(LEVEL_UV_FNMR)->value.rate.trials, 492);
        assert_true(has_caveat("synthetic") && has_caveat("measurement_incomplete"));
        const json_t *point = json_array_get(json_object_get(record.det, "points"), 0);
        assert_int_equal(json_integer_value(json_object_get(point, "threshold")), 40);
        assert_string_equal(json_string_value(json_object_get(point, "fmr")), "0.001");
        assert_string_equal(json_string_value(json_object_get(point, "fnmr")), "0.03");
}

/* The worst by its bound: two of 100 are worse than none of 10 only in the plain rate. */
static void of_presentation_attacks_the_worst_species_counts(void **state)
{
        (void)state;
        read_item(
                "{\"kind\": \"presentation-attacks\", \"by\": \"the laboratory\", \"document\": \"folder/cc.pdf\", \"species\": [{\"name\": \"gelatine\", \"errors\": 2, \"trials\": 100}, {\"name\": \"paper\", \"errors\": 0, \"trials\": 10}]}");
        assert_true(binomial_upper(0, 10, 0.95) > binomial_upper(2, 100, 0.95));
        assert_int_equal(claimed(LEVEL_UV_IAPAR)->value.obtained, LEVEL_MEASURED);
        assert_int_equal(claimed(LEVEL_UV_IAPAR)->value.rate.trials, 10);
        assert_string_equal(claimed(LEVEL_UV_IAPAR)->from, "presentation attacks (the laboratory): paper");
}

/* A login that was refused is none of the device's. */
static void logins_are_observed(void **state)
{
        (void)state;
        read_item("{\"kind\": \"logins\", \"document\": \"logins.jsonl\"}");
        assert_int_equal(claimed(LEVEL_LOGIN_USER_VERIFIED)->value.obtained, LEVEL_OBSERVED);
        assert_true(claimed(LEVEL_LOGIN_USER_VERIFIED)->value.yes &&
                    claimed(LEVEL_LOGIN_USER_PRESENT)->value.yes);
        assert_false(
                claimed(LEVEL_LOGIN_BACKUP_ELIGIBLE)->value.yes || claimed(LEVEL_KEY_SYNCABLE)->value.yes);
        assert_true(claimed(LEVEL_LOGIN_ATTESTATION_TRUSTED)->value.yes &&
                    claimed(LEVEL_LOGIN_VERIFICATION_TOLD)->value.yes);
        assert_string_equal(claimed(LEVEL_LOGIN_VERIFIED_BY)->word, "finger");
        assert_count(LEVEL_MODEL_FIDO_LEVEL, LEVEL_DECLARED, 1);
        size_t count = 0;
        for (size_t i = 0; i < record.claims.count; i++)
                count += record.claims.claims[i].fact == LEVEL_LOGIN_USER_PRESENT;
        assert_int_equal(count, 1);
}

/* What its lines do not show is not taken from them: by which origin and way a login came; whose word it is,
 * without a trusted attestation by whose key the model is named (WebAuthn L3 8.6: nor was a flag signed), and
 * then what model it is; and of a login alone, whether its word counts. */
static void logins_say_no_more_than_they_show(void **state)
{
        static const struct {
                const char *item;
                bool trust, told, says_told, nobodys_flags;
        } table[] = { { "{\"kind\": \"logins\", \"document\": \"logins.jsonl\"}", true, true, true },
                { "{\"kind\": \"logins\", \"document\": \"untrusted.jsonl\"}", true, false, true },
                { "{\"kind\": \"logins\", \"document\": \"app.jsonl\"}", true, false, true },
                { "{\"kind\": \"logins\", \"document\": \"u2f.jsonl\"}", true, false, true, true },
                { "{\"kind\": \"logins\", \"document\": \"within.jsonl\"}", true, false, true, true },
                { "{\"kind\": \"logins\", \"document\": \"told.jsonl\"}", false, false, false },
                { "{\"kind\": \"logins\", \"document\": \"plain.jsonl\"}", false, false, true } };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                read_item(table[i].item);
                assert_non_null(claimed(LEVEL_LOGIN_USER_PRESENT));
                assert_int_equal(claimed(LEVEL_LOGIN_USER_VERIFIED) == NULL, table[i].nobodys_flags);
                assert_int_equal(claimed(LEVEL_LOGIN_BACKUP_ELIGIBLE) == NULL, table[i].nobodys_flags);
                assert_int_equal(claimed(LEVEL_KEY_SYNCABLE) == NULL, table[i].nobodys_flags);
                assert_null(claimed(LEVEL_LOGIN_ORIGIN_BOUND));
                assert_int_equal(claimed(LEVEL_LOGIN_ATTESTATION_TRUSTED) != NULL, table[i].trust);
                assert_int_equal(claimed(LEVEL_LOGIN_VERIFICATION_TOLD) != NULL, table[i].says_told);
                if (table[i].says_told)
                        assert_int_equal(claimed(LEVEL_LOGIN_VERIFICATION_TOLD)->value.yes, table[i].told);
                assert_int_equal(claimed(LEVEL_LOGIN_VERIFIED_BY) != NULL, table[i].told);
                assert_int_equal(claimed(LEVEL_MODEL_FIDO_LEVEL) != NULL, table[i].told);
        }
        read_item("{\"kind\": \"logins\", \"document\": \"cleared.jsonl\"}");
        assert_false(claimed(LEVEL_LOGIN_USER_VERIFIED)->value.yes);
        assert_false(claimed(LEVEL_LOGIN_VERIFICATION_TOLD)->value.yes);
        assert_null(
                claimed(LEVEL_LOGIN_VERIFIED_BY)); /* of a factor beside a cleared flag nothing is taken */
        read_item("{\"kind\": \"logins\", \"document\": \"other.jsonl\"}");
        assert_int_equal(record.claims.count, 0);
        assert_string_equal(json_string_value(json_object_get(json_array_get(record.evidence, 1), "unused")),
                "a login of it is of another model");
}

/* Who saw it, and where it is written down: without both it is somebody's word. */
static void what_nobody_stands_for_is_declared(void **state)
{
        static const struct {
                const char *more;
                enum level_obtained obtained;
        } table[] = { { "\"by\": \"N. N.\", \"document\": \"folder/cc.pdf\", ", LEVEL_OBSERVED },
                { "\"by\": \"N. N.\", ", LEVEL_DECLARED },
                { "\"document\": \"folder/cc.pdf\", ", LEVEL_DECLARED },
                { "\"by\": \"\", \"document\": \"folder/cc.pdf\", ", LEVEL_DECLARED },
                { "\"by\": \"  \", \"document\": \"folder/cc.pdf\", ", LEVEL_DECLARED },
                { "\"by\": \"\\u3000\\t\\u200b\", \"document\": \"folder/cc.pdf\", ", LEVEL_DECLARED },
                { "\"by\": \"\\u3000\\u5c71\", \"document\": \"folder/cc.pdf\", ", LEVEL_OBSERVED },
                { "\"by\": \"N. N.\", \"document\": \"\", ", LEVEL_DECLARED }, { "", LEVEL_DECLARED },
                { "\"by\": \"N. N.\", \"document\": \"lost.pdf\", ", LEVEL_UNUSABLE } };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                char item[256];
                snprintf(item, sizeof item,
                        "{\"kind\": \"facts\", %s\"obtained\": \"observed\", \"facts\": {\"uv.local\": true}}",
                        table[i].more);
                read_item(item);
                assert_int_equal(claimed(LEVEL_UV_LOCAL)->value.obtained, table[i].obtained);
                assert_int_equal(has_caveat("evidence_declared"), table[i].obtained == LEVEL_DECLARED);
        }
        read_item(
                "{\"kind\": \"presentation-attacks\", \"species\": [{\"name\": \"paper\", \"errors\": 0, \"trials\": 10}]}");
        assert_int_equal(claimed(LEVEL_UV_IAPAR)->value.obtained, LEVEL_DECLARED);
        assert_true(has_caveat("evidence_declared"));
        read_item("{\"kind\": \"facts\", \"facts\": {\"uv.local\": true}}");
        assert_false(has_caveat("evidence_declared"));
}

static void facts_may_be_given_one_by_one(void **state)
{
        (void)state;
        read_item(
                "{\"kind\": \"facts\", \"what\": \"laboratory\", \"by\": \"N. N.\", \"document\": \"folder/cc.pdf\", \"obtained\": \"observed\", \"partial\": true, \"facts\": {\"pin.tries\": 3, \"uv.local\": true, \"uv.modality\": \"face\", \"uv.fnmr\": {\"errors\": 1, \"trials\": 59}}}");
        assert_count(LEVEL_PIN_TRIES, LEVEL_OBSERVED, 3);
        assert_true(claimed(LEVEL_PIN_TRIES)->value.partial);
        assert_string_equal(claimed(LEVEL_UV_MODALITY)->word, "face");
        assert_int_equal(claimed(LEVEL_UV_FNMR)->value.rate.trials, 59);
        assert_string_equal(claimed(LEVEL_UV_LOCAL)->from, "laboratory (N. N.)");
}

static void documents_are_attached_by_digest_and_without_their_place(void **state)
{
        (void)state;
        read_item(
                "{\"kind\": \"document\", \"what\": \"receipt\", \"document\": \"folder/cc.pdf\", \"sha256\": \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}");
        assert_int_equal(json_array_size(record.evidence), 2);
        assert_string_equal(json_string_value(json_object_get(json_array_get(record.evidence, 0), "what")),
                "evidence file evidence.json");
        const json_t *one = json_array_get(record.evidence, 1);
        assert_string_equal(json_string_value(json_object_get(one, "what")), "receipt: cc.pdf");
        assert_string_equal(json_string_value(json_object_get(one, "sha256")),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_null(json_object_get(one, "unused"));
        assert_int_equal(record.claims.count, 0);
}

/* ---- what counts as not given ---- */

static void what_has_ended_counts_as_not_given(void **state)
{
        (void)state;
        read_item(
                "{\"kind\": \"common-criteria\", \"ava_van\": 5, \"expires\": \"2026-11-21\", \"document\": \"folder/cc.pdf\"}");
        assert_unusable(LEVEL_MODEL_AVA_VAN, "it ended on 2026-11-21");
        assert_string_equal(json_string_value(json_object_get(json_array_get(record.evidence, 1), "unused")),
                "it ended on 2026-11-21");
        assert_true(has_caveat("evidence_unused"));
        read_item("{\"kind\": \"emv\"}");
        assert_unusable(LEVEL_MODEL_EMV, "its end of validity is not given");
        static const char *const days[] = { "5", "\"2027\"", "\"2027-13-01\"", "\"2027-01-32\"",
                "\"2027-01-01x\"", "\"2027/01/01\"" };
        for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
                char item[128];
                snprintf(item, sizeof item, "{\"kind\": \"emv\", \"expires\": %s}", days[i]);
                read_item(item);
                assert_unusable(LEVEL_MODEL_EMV, "its `expires` is no day as \"2027-01-15\" is one");
        }
}

static void a_document_that_does_not_fit_counts_as_not_given(void **state)
{
        (void)state;
        read_item(
                "{\"kind\": \"common-criteria\", \"ava_van\": 5, \"document\": \"folder/cc.pdf\", \"sha256\": \"00\"}");
        assert_unusable(LEVEL_MODEL_AVA_VAN, "its document has another SHA-256 than the one given");
        read_item("{\"kind\": \"common-criteria\", \"ava_van\": 5, \"document\": \"lost.pdf\"}");
        assert_unusable(LEVEL_MODEL_AVA_VAN, "its document cannot be read");
        read_item("{\"kind\": \"measurement\"}");
        assert_unusable(LEVEL_UV_FMR, "its document is not named");
        assert_unusable(LEVEL_UV_FNMR, "its document is not named");
        static const char *const reports[] = { "folder/cc.pdf", "half.json", "statement.json" };
        for (size_t i = 0; i < 3; i++) {
                char item[128];
                snprintf(item, sizeof item, "{\"kind\": \"measurement\", \"document\": \"%s\"}", reports[i]);
                read_item(item);
                assert_unusable(LEVEL_UV_FMR, "it is no report of mitome biometric measure");
                assert_null(record.det);
        }
        static const struct {
                const char *item, *why;
        } silent[] = { { "{\"kind\": \"metadata\", \"document\": \"report.json\"}",
                               "it is no metadata statement that can be read" },
                { "{\"kind\": \"logins\", \"document\": \"none.jsonl\"}",
                        "a line of it is none of mitome verify" },
                { "{\"kind\": \"logins\", \"document\": \"refused.jsonl\"}",
                        "none of its logins was accepted" } };
        for (size_t i = 0; i < 3; i++) {
                read_item(silent[i].item);
                assert_int_equal(record.claims.count, 0);
                assert_string_equal(
                        json_string_value(json_object_get(json_array_get(record.evidence, 1), "unused")),
                        silent[i].why);
                assert_true(has_caveat("evidence_unused"));
        }
}

/* More than an evaluation statement can carry is no measurement of that program. */
static void a_measurement_of_too_great_numbers_counts_as_not_given(void **state)
{
        static const struct {
                const char *trials;
                bool read;
        } rows[] = { { "4294967295", true }, { "4294967296", false } };
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                char text[256];
                const char *why_ja;
                snprintf(text, sizeof text,
                        "{\"fmr\": {\"errors\": 0, \"trials\": %s}, \"fnmr\": {\"errors\": 0, \"trials\": 1}}",
                        rows[i].trials);
                evaluation_record_clear(&record);
                evaluation_record_begin(&record);
                const char *why = evidence_measurement(&record, slice_text(text), "m", 0, &why_ja);
                assert_int_equal(why == NULL, rows[i].read);
                assert_int_equal(record.claims.count, rows[i].read ? 2 : 0);
        }
}

/* No longer than that program writes one: the curve of another would fill the report. */
static void an_endless_measurement_counts_as_not_given(void **state)
{
        enum { SIZE = 1 << 19 };
        static const char point[] =
                "{\"threshold\": 1, \"fmr\": {\"errors\": 0, \"trials\": 1}, \"fnmr\": {\"errors\": 0, \"trials\": 1}}";
        char *all = malloc(SIZE);
        const char *why_ja;
        (void)state;
        assert_non_null(all);
        size_t used = (size_t)snprintf(all, SIZE,
                "{\"fmr\": {\"errors\": 0, \"trials\": 1}, \"fnmr\": {\"errors\": 0, \"trials\": 1}, \"thresholds\": [%s",
                point);
        const size_t one = used;
        while (used < 300000)
                used += (size_t)snprintf(all + used, SIZE - used, ",%s", point);
        used += (size_t)snprintf(all + used, SIZE - used, "]}");
        evaluation_record_clear(&record);
        evaluation_record_begin(&record);
        assert_string_equal(evidence_measurement(&record, slice_of(all, used), "m", 0, &why_ja),
                "it is no report of mitome biometric measure");
        assert_null(record.det);
        snprintf(all + one, SIZE - one, "]}");
        assert_null(evidence_measurement(&record, slice_of(all, one + 2), "m", 0, &why_ja));
        assert_non_null(record.det);
        free(all);
}

static void a_flood_of_logins_counts_as_not_given(void **state)
{
        enum { LINES = 257 };
        static const char line[] = "{\"ok\": true, \"code\": 0, \"flags\": 5}\n";
        const size_t size = sizeof line - 1;
        char *all = malloc(LINES * size + 1);
        (void)state;
        assert_non_null(all);
        for (size_t i = 0; i < LINES; i++)
                memcpy(all + i * size, line, sizeof line);
        const char *why_ja;
        evaluation_record_clear(&record);
        evaluation_record_begin(&record);
        assert_string_equal(evidence_logins(&record, slice_of(all, LINES * size), "l", 0, &why_ja),
                "it has more than 256 logins");
        assert_int_equal(record.claims.count, 0);
        assert_null(evidence_logins(&record, slice_of(all, (LINES - 1) * size), "l", 0, &why_ja));
        assert_int_equal(record.claims.code, MITOME_OK);
        free(all);
}

/* What is said of a model counts for a device that is known to be this model: another one, one that has told
 * none and one that has told zeros are not. */
static void a_statement_about_another_model_counts_as_not_given(void **state)
{
        static const char *const items[] = {
                "{\"kind\": \"metadata\", \"document\": \"statement.json\"}",
                "{\"kind\": \"common-criteria\", \"ava_van\": 5, \"document\": \"folder/cc.pdf\", \"aaguid\": \"00112233-4455-6677-8899-AABBCCDDEEFF\"}"
        };
        static const struct {
                const char *aaguid, *why;
        } table[] = { { "ffffffffffffffffffffffffffffffff", "it is about another model" },
                { "", "the device has not told which model it is" },
                { "00000000000000000000000000000000", "the device has not told which model it is" },
                { "00112233445566778899aabbccddeeff", NULL } };
        (void)state;
        for (size_t i = 0; i < 2 * sizeof table / sizeof table[0]; i++) {
                const char *why = table[i / 2].why;
                char json[256];
                snprintf(json, sizeof json, "{\"mitome_evidence\": 1, \"items\": [%s]}", items[i % 2]);
                evaluation_record_clear(&record);
                evaluation_record_begin(&record);
                snprintf(record.aaguid, sizeof record.aaguid, "%s", table[i / 2].aaguid);
                assert_int_equal(evidence_file_read(slice_text(json), "e.json", &shelf, &record, NULL).code,
                        MITOME_OK);
                const json_t *unused = json_object_get(json_array_get(record.evidence, 1), "unused");
                if (why)
                        assert_string_equal(json_string_value(unused), why);
                else
                        assert_null(unused);
                const enum level_fact_id fact = i % 2 ? LEVEL_MODEL_AVA_VAN : LEVEL_MODEL_KEY_PROTECTION;
                assert_int_equal(
                        claimed(fact) && claimed(fact)->value.obtained == LEVEL_DECLARED, why == NULL);
        }
        static const char *const odd[] = { "5", "\"\"", "\"0011\"", "\"00112233445566778899aabbccddeeff00\"",
                "null" };
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
                char item[128];
                snprintf(item, sizeof item, "{\"kind\": \"common-criteria\", \"ava_van\": 5, \"aaguid\": %s}",
                        odd[i]);
                read_item(item);
                assert_unusable(LEVEL_MODEL_AVA_VAN, "it is about another model");
        }
}

static void a_value_of_another_type_costs_its_fact_alone(void **state)
{
        static const struct {
                const char *facts, *why;
        } table[] = { { "\"pin.tries\": \"five\"", "a number is wanted, not \"five\"" },
                { "\"pin.tries\": -1", "a number is wanted, not -1" },
                { "\"pin.tries\": 3.5", "a number is wanted, not 3.5" },
                { "\"pin.tries\": null", "a number is wanted, not null" },
                { "\"pin.tries\": 99999999999999999999", "a number is wanted, not \"99999999999999999999\"" },
                { "\"pin.tries\": 4294967296", "a number is wanted (4294967295 at most), not 4294967296" },
                { "\"pin.tries\": [1]", "a number is wanted, not [1]" } };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                char item[256];
                snprintf(item, sizeof item, "{\"kind\": \"facts\", \"facts\": {%s, \"uv.local\": true}}",
                        table[i].facts);
                read_item(item);
                assert_unusable(LEVEL_PIN_TRIES, table[i].why);
                assert_true(claimed(LEVEL_UV_LOCAL)->value.yes);
        }
        read_item(
                "{\"kind\": \"facts\", \"facts\": {\"uv.local\": 1, \"uv.modality\": \"tail\", \"uv.fmr\": {\"errors\": 2, \"trials\": 1}, \"uv.fnmr\": {\"errors\": 0, \"trials\": 0}}}");
        assert_unusable(LEVEL_UV_LOCAL, "true or false is wanted, not 1");
        assert_unusable(LEVEL_UV_MODALITY, "a word of this fact is wanted, not \"tail\"");
        assert_unusable(LEVEL_UV_FMR,
                "{\"errors\", \"trials\"} is wanted, no more errors than trials, not {\"errors\":2,\"trials\":1}");
        assert_int_equal(claimed(LEVEL_UV_FNMR)->value.obtained, LEVEL_UNUSABLE);
        /* No more than an evaluation statement can carry, and that. */
        read_item(
                "{\"kind\": \"facts\", \"facts\": {\"pin.tries\": 4294967295, \"uv.fmr\": {\"errors\": 0, \"trials\": 4294967295}, \"uv.fnmr\": {\"errors\": 0, \"trials\": 4294967296}}}");
        assert_int_equal(claimed(LEVEL_PIN_TRIES)->value.count, UINT32_MAX);
        assert_int_equal(claimed(LEVEL_UV_FMR)->value.rate.trials, UINT32_MAX);
        assert_unusable(LEVEL_UV_FNMR,
                "{\"errors\", \"trials\"} is wanted, no more errors than trials, not {\"errors\":0,\"trials\":4294967296}");
        read_item("{\"kind\": \"fido\", \"level\": \"L4\"}");
        assert_unusable(LEVEL_MODEL_FIDO_LEVEL, "\"none\" or \"L1\" to \"L3+\" is wanted");
        static const char *const species[] = { "[]", "{}", "[{\"name\": \"a\", \"errors\": 1}]",
                "[{\"name\": 1, \"errors\": 0, \"trials\": 1}]",
                "[{\"name\": \"a\", \"errors\": 2, \"trials\": 1}]",
                "[{\"name\": \"a\", \"errors\": 0, \"trials\": 1, \"more\": 1}]" };
        for (size_t i = 0; i < sizeof species / sizeof species[0]; i++) {
                char item[256];
                snprintf(item, sizeof item, "{\"kind\": \"presentation-attacks\", \"species\": %s}",
                        species[i]);
                read_item(item);
                assert_unusable(LEVEL_UV_IAPAR,
                        "a list of {\"name\", \"errors\", \"trials\"} is wanted, no more errors than trials");
        }
}

/* Cut between characters, so that a report is a text whatever is given. */
static void a_long_value_is_shown_as_text(void **state)
{
        char item[512] = "{\"kind\": \"facts\", \"facts\": {\"pin.tries\": \"";
        (void)state;
        for (size_t i = 0; i < 60; i++)
                strcat(item, "指");
        strcat(item, "\"}}");
        read_item(item);
        const char *why = claimed(LEVEL_PIN_TRIES)->why;
        assert_true(slice_is_utf8(slice_text(why)) && strlen(why) < 100);
        assert_true(slice_is_utf8(slice_text(claimed(LEVEL_PIN_TRIES)->why_ja)));
}

/* ---- what is refused, and where ---- */

static void what_is_not_in_the_form_is_refused_at_its_place(void **state)
{
        static const struct {
                const char *json;
                mitome_code code;
                unsigned line, column;
        } table[] = {
                { "{\"mitome_evidence\": 1,\n \"colour\": 1}", MITOME_E_EVALUATE_EVIDENCE, 2, 3 },
                { "{\"mitome_evidence\": 2}", MITOME_E_EVALUATE_EVIDENCE, 1, 21 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"tea\"}]}", MITOME_E_EVALUATE_EVIDENCE,
                        2, 11 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"emv\", \"taste\": 1}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 18 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"emv\", \"ava_van\": 1}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 18 },
                { "{\"mitome_evidence\": 1, \"items\": [\n\n{\"kind\": \"facts\", \"facts\": {\"pin.colour\": 1}}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 3, 30 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"facts\", \"what\": \"P07\"}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 27 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"facts\", \"what\": \"getInfo\"}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 27 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"facts\", \"what\": \"trace of P07\"}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 27 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"facts\", \"what\": \"a\\u0000b\"}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 27 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"document\", \"document\": \"folder/cc.pdf\\u0000\"}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 34 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"kind\": \"journal\", \"document\": \"folder/cc.pdf\", \"journals\": [\"a\\u0000\"]}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 63 },
                { "{\"mitome_evidence\": 1, \"items\": [\n{\"what\": \"指\", \"kind\": \"facts\", \"obtained\": \"guessed\"}]}",
                        MITOME_E_EVALUATE_EVIDENCE, 2, 45 },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                mitome_error error = { 0 };
                unsigned line, column;
                assert_int_equal(read_file(table[i].json, &error), table[i].code);
                evidence_file_place(slice_text(table[i].json), error.at, &line, &column);
                if (line != table[i].line || column != table[i].column)
                        fail_msg("%s: %u:%u", table[i].json, line, column);
        }
}

static void what_is_not_json_or_not_whole_is_refused(void **state)
{
        static const struct {
                const char *json;
                mitome_code code;
        } table[] = {
                { "", MITOME_E_INPUT_ENDS },
                { "[]", MITOME_E_JSON_TYPE },
                { "{\"items\": []}", MITOME_E_MISSING },
                { "{\"mitome_evidence\": 1}", MITOME_E_MISSING },
                { "{\"mitome_evidence\": \"1\"}", MITOME_E_JSON_TYPE },
                { "{\"mitome_evidence\": 1, \"items\": {}}", MITOME_E_JSON_TYPE },
                { "{\"mitome_evidence\": 1, \"items\": [{}]}", MITOME_E_MISSING },
                { "{\"mitome_evidence\": 1, \"items\": [{\"kind\": 1}]}", MITOME_E_JSON_TYPE },
                { "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"what\": 1}]}",
                        MITOME_E_JSON_TYPE },
                { "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"facts\", \"partial\": 1}]}",
                        MITOME_E_JSON_TYPE },
                { "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"facts\", \"facts\": 1}]}",
                        MITOME_E_JSON_TYPE },
                { "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"kind\": \"emv\"}]}",
                        MITOME_E_JSON_DUPLICATE_NAME },
                { "{\"mitome_evidence\": 1} x", MITOME_E_TRAILING_BYTES },
        };
        (void)state;
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                if (read_file(table[i].json, NULL) != table[i].code)
                        fail_msg("%s: %u", table[i].json, (unsigned)read_file(table[i].json, NULL));
        char *long_name = malloc(4096);
        assert_non_null(long_name);
        size_t used = (size_t)snprintf(
                long_name, 4096, "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\", \"what\": \"");
        memset(long_name + used, 'a', 200);
        snprintf(long_name + used + 200, 16, "\"}]}");
        assert_int_equal(read_file(long_name, NULL), MITOME_E_TOO_LONG);
        used = (size_t)snprintf(long_name, 4096, "{\"mitome_evidence\": 1, \"items\": [{\"kind\": \"emv\"}");
        for (size_t i = 0; i < 128; i++)
                used += (size_t)snprintf(long_name + used, 4096 - used, ",{\"kind\": \"emv\"}");
        snprintf(long_name + used, 4096 - used, "]}");
        assert_int_equal(read_file(long_name, NULL), MITOME_E_TOO_MANY);
        free(long_name);
}

static int clear(void **state)
{
        (void)state;
        evaluation_record_clear(&record);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(certifications_are_declared),
                cmocka_unit_test(a_metadata_statement_declares),
                cmocka_unit_test(of_several_that_a_statement_names_the_worst_counts),
                cmocka_unit_test(a_measurement_is_measured),
                cmocka_unit_test(of_presentation_attacks_the_worst_species_counts),
                cmocka_unit_test(logins_are_observed),
                cmocka_unit_test(logins_say_no_more_than_they_show),
                cmocka_unit_test(what_nobody_stands_for_is_declared),
                cmocka_unit_test(facts_may_be_given_one_by_one),
                cmocka_unit_test(documents_are_attached_by_digest_and_without_their_place),
                cmocka_unit_test(what_has_ended_counts_as_not_given),
                cmocka_unit_test(a_document_that_does_not_fit_counts_as_not_given),
                cmocka_unit_test(an_endless_measurement_counts_as_not_given),
                cmocka_unit_test(a_measurement_of_too_great_numbers_counts_as_not_given),
                cmocka_unit_test(a_flood_of_logins_counts_as_not_given),
                cmocka_unit_test(a_statement_about_another_model_counts_as_not_given),
                cmocka_unit_test(a_value_of_another_type_costs_its_fact_alone),
                cmocka_unit_test(a_long_value_is_shown_as_text),
                cmocka_unit_test(what_is_not_in_the_form_is_refused_at_its_place),
                cmocka_unit_test(what_is_not_json_or_not_whole_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, clear);
}
