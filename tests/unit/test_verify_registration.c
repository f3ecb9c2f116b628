/* SPDX-License-Identifier: Apache-2.0 */
/* WebAuthn L3 7.1: valid registrations, and each step's refusal one edit away from one. */
#include "authdata.h"
#include "ceremony_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct rig rig;
static struct rig_response built;
static uint8_t buffer[MITOME_RP_BUFFER_MAX];

struct run {
        struct mitome_policy policy;
        struct mitome_expectation expected;
        struct mitome_trust *trust;
        int64_t now;
        struct mitome_verdict verdict;
        mitome_error error;
};

static struct run fresh(void)
{
        return (struct run){ .expected = rig_expectation(&rig), .now = RIG_NOW };
}

static mitome_status verify_json(struct run *run, slice json)
{
        run->error = (mitome_error){ 0 };
        return mitome_verify_registration(NULL, &run->policy, &run->expected, json, run->trust, run->now,
                buffer, sizeof buffer, &run->verdict, &run->error);
}

static mitome_status verify_plan(struct run *run, const struct rig_plan *plan)
{
        rig_build(&rig, plan, &built);
        return verify_json(run, rig_json(&built));
}

static struct mitome_trust *trust_in_ca(void)
{
        struct mitome_trust *trust = NULL;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        assert_int_equal(
                mitome_trust_add_anchor(trust, slice_of(rig.ca_der, rig.ca_der_size), NULL).code, MITOME_OK);
        return trust;
}

/* ---- what is accepted ---- */

static void accepts_every_key_and_attestation(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                int64_t algorithm;
        } keys[] = { { RIG_ES256, COSE_ES256 }, { RIG_EDDSA, COSE_EDDSA }, { RIG_RS256, COSE_RS256 } };
        static const struct {
                enum rig_attestation attestation;
                const char *format;
                enum mitome_trust_result trust;
        } kinds[] = { { RIG_CHAIN, "packed", MITOME_TRUST_VERIFIED },
                { RIG_SELF, "packed", MITOME_TRUST_SELF }, { RIG_NO_STATEMENT, "none", MITOME_TRUST_NONE } };
        struct run run = fresh();
        run.trust = trust_in_ca();
        for (size_t i = 0; i < 9; i++) {
                struct rig_plan plan = rig_registration_plan();
                plan.key = keys[i / 3].key;
                plan.attestation = kinds[i % 3].attestation;
                plan.format = kinds[i % 3].format;
                assert_int_equal(verify_plan(&run, &plan).code, MITOME_OK);
                assert_int_equal(run.verdict.algorithm, keys[i / 3].algorithm);
                assert_string_equal(run.verdict.format, kinds[i % 3].format);
                assert_int_equal(run.verdict.trust, kinds[i % 3].trust);
        }
        mitome_trust_free(run.trust);
}

static void tells_what_it_found(void **state)
{
        (void)state;
        struct run run = fresh();
        struct rig_plan plan = rig_registration_plan();
        plan.sign_count = 0x01020304;
        uint8_t hash[SHA256_SIZE];
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_OK);
        assert_int_equal(run.verdict.flags, AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT);
        assert_int_equal(run.verdict.sign_count, 0x01020304);
        assert_true(slice_equal(run.verdict.aaguid, SLICE(plan.aaguid)));
        assert_true(slice_equal(run.verdict.credential_id, SLICE(rig.credential_id)));
        assert_true(slice_equal(run.verdict.public_key, slice_of(built.public_key, built.public_key_size)));
        assert_true(slice_equal(run.verdict.auth_data, slice_of(built.auth_data, built.auth_data_size)));
        assert_true(slice_equal(run.verdict.attestation_object, slice_of(built.object, built.object_size)));
        const slice client_data = slice_of(built.client_data, built.client_data_size);
        sha256(&client_data, 1, hash);
        assert_memory_equal(run.verdict.client_data_hash, hash, sizeof hash);
        assert_true(slice_contains(SLICE(buffer), run.verdict.public_key));
        assert_true(slice_contains(SLICE(buffer), run.verdict.credential_id));
}

#define EDIT(name, statement)                                    \
        static void name(struct rig_plan *plan, struct run *run) \
        {                                                        \
                (void)plan;                                      \
                (void)run;                                       \
                statement;                                       \
        }

static const slice tops[] = { { (const uint8_t *)"https://top.example", 19 } };
static const int64_t es256_only[] = { COSE_ES256 };
static const int64_t two_algorithms[] = { COSE_EDDSA, COSE_ES256 };
static const uint8_t extension[] = { 0xA1, 0x61, 'x', 0x01 };

EDIT(nothing, (void)0)
EDIT(uv_required, run->policy.require_user_verification = true)
EDIT(uv_clear, plan->flags &= (uint8_t)~AUTHDATA_UV)
EDIT(conditional, (plan->flags &= (uint8_t)~AUTHDATA_UP, run->expected.conditional_mediation = true))
EDIT(backed_up, plan->flags |= AUTHDATA_BE | AUTHDATA_BS)
EDIT(eligible, plan->flags |= AUTHDATA_BE)
EDIT(reserved_flags, plan->flags |= AUTHDATA_RESERVED)
EDIT(cross_allowed, (plan->client_members = ",\"crossOrigin\":true", run->policy.allow_cross_origin = true))
EDIT(top_allowed, (plan->client_members = ",\"crossOrigin\":true,\"topOrigin\":\"https://top.example\"",
                          run->policy.allow_cross_origin = true, run->policy.top_origins = tops,
                          run->policy.top_origin_count = 1))
EDIT(byte_order_mark, plan->before_client_data = "\xEF\xBB\xBF")
EDIT(unknown_members, (plan->client_members = ",\"futureMember\":{\"a\":[1.5e3,null]}",
                              plan->inner_members = ",\"transports\":[\"usb\"],\"publicKeyAlgorithm\":-7",
                              plan->outer_members = ",\"authenticatorAttachment\":null,\"x\":1"))
EDIT(white_space_behind, plan->after_json = "\r\n\t ")
EDIT(listed_algorithm, (run->policy.algorithms = two_algorithms, run->policy.algorithm_count = 2))
EDIT(longest_id, plan->credential_id_size = 1023)
EDIT(with_extensions, (plan->flags |= AUTHDATA_ED, plan->extensions = SLICE(extension)))
EDIT(count_zero, plan->sign_count = 0)

static void accepts_each_of_these(void **state)
{
        (void)state;
        static void (*const edits[])(struct rig_plan *, struct run *) = { nothing, uv_required, uv_clear,
                conditional, backed_up, eligible, reserved_flags, cross_allowed, top_allowed, byte_order_mark,
                unknown_members, white_space_behind, listed_algorithm, longest_id, with_extensions,
                count_zero };
        for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                struct run run = fresh();
                edits[i](&plan, &run);
                mitome_status status = verify_plan(&run, &plan);
                if (failed(status))
                        print_error("edit %zu: %d %s\n", i, status.code, run.error.field);
                assert_int_equal(status.code, MITOME_OK);
                assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED); /* no anchors */
        }
}

/* ---- what is refused ---- */

EDIT(type_get, plan->type = "webauthn.get")
EDIT(type_case, plan->type = "WebAuthn.create")
EDIT(type_empty, plan->type = "")
EDIT(challenge_other, plan->challenge = "AAgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o")
EDIT(challenge_loose_bits, plan->challenge = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09p")
EDIT(challenge_padded, plan->challenge = "AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o=")
EDIT(challenge_shorter, plan->challenge = "AQgPFh0kKzI5QEdOVVxjaQ")
EDIT(challenge_empty, plan->challenge = "")
EDIT(origin_dot, plan->origin = "https://example.org.")
EDIT(origin_slash, plan->origin = "https://example.org/")
EDIT(origin_case, plan->origin = "https://Example.org")
EDIT(origin_scheme, plan->origin = "http://example.org")
EDIT(origin_port, plan->origin = "https://example.org:443")
EDIT(origin_suffix, plan->origin = "https://example.org.evil.example")
EDIT(origin_prefix, plan->origin = "https://example.or")
EDIT(origin_subdomain, plan->origin = "https://www.example.org")
EDIT(origin_user, plan->origin = "https://example.org@evil.example")
EDIT(origin_control, plan->origin = "https://example.org\x01")
EDIT(origin_empty, plan->origin = "")
EDIT(cross_origin, plan->client_members = ",\"crossOrigin\":true")
EDIT(top_origin, plan->client_members = ",\"topOrigin\":\"https://top.example\"")
EDIT(top_origin_unlisted, (plan->client_members = ",\"crossOrigin\":true,\"topOrigin\":\"https://other\"",
                                  run->policy.allow_cross_origin = true, run->policy.top_origins = tops,
                                  run->policy.top_origin_count = 1))
EDIT(top_origin_no_list,
        (plan->client_members = ",\"crossOrigin\":true,\"topOrigin\":\"https://top.example\"",
                run->policy.allow_cross_origin = true))
EDIT(top_origin_not_allowed, (plan->client_members = ",\"topOrigin\":\"https://top.example\"",
                                     run->policy.top_origins = tops, run->policy.top_origin_count = 1))
EDIT(rp_id_other, plan->rp_id = "example.com")
EDIT(rp_id_case, plan->rp_id = "Example.org")
EDIT(rp_id_parent, plan->rp_id = "org")
EDIT(up_clear, plan->flags &= (uint8_t)~AUTHDATA_UP)
EDIT(uv_missing, (plan->flags &= (uint8_t)~AUTHDATA_UV, run->policy.require_user_verification = true))
EDIT(bs_without_be, plan->flags |= AUTHDATA_BS)
EDIT(no_credential, plan->flags &= (uint8_t)~AUTHDATA_AT)
EDIT(extension_flag_alone, plan->flags |= AUTHDATA_ED)
EDIT(trailing_auth_data, plan->trailing_auth_data = true)
EDIT(algorithm_not_listed,
        (plan->key = RIG_RS256, run->policy.algorithms = es256_only, run->policy.algorithm_count = 1))
EDIT(algorithm_empty_list, (run->policy.algorithms = es256_only, run->policy.algorithm_count = 0))
EDIT(algorithm_unknown, plan->key = RIG_HSS_LMS)
EDIT(id_too_long, plan->credential_id_size = 1024)
EDIT(id_empty, plan->credential_id_size = 0)
EDIT(id_other, plan->id = "wMHCww")
EDIT(raw_id_other, plan->raw_id = "wMHCww")
EDIT(both_ids_other, (plan->id = "wMHCww", plan->raw_id = "wMHCww"))
EDIT(id_padded, plan->id = "wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t8=")
EDIT(credential_type, plan->credential_type = "publickey")
EDIT(format_unknown, plan->format = "packed2")
EDIT(format_case, plan->format = "Packed")
EDIT(format_tpm, plan->format = "tpm")
EDIT(format_long, plan->format = "a-format-name-of-thirty-three-chr")
EDIT(none_with_statement, plan->format = "none")
EDIT(signature_spoiled, plan->spoil_signature = true)
EDIT(client_data_not_signed, plan->sign_other_hash = true)
EDIT(object_trailing, plan->trailing_object = true)
EDIT(object_duplicate, plan->duplicate_key = true)
EDIT(json_trailing, plan->after_json = "x")
EDIT(json_duplicate, plan->outer_members = ",\"id\":\"AA\"")
EDIT(json_duplicate_inner, plan->inner_members = ",\"attestationObject\":\"AA\"")
EDIT(json_duplicate_unknown, plan->inner_members = ",\"x\":1,\"x\":2")
EDIT(extensions_twice, plan->outer_members = ",\"clientExtensionResults\":{}")
EDIT(client_json_array, plan->client_json = "[]")
EDIT(client_json_duplicate, plan->client_members = ",\"origin\":\"https://example.org\"")
EDIT(client_json_trailing, plan->after_client_data = "{}")
EDIT(client_json_utf8, plan->client_members = ",\"x\":\"\xE3\x81\"")
EDIT(trust_required, run->policy.require_trust = true)
EDIT(trust_required_self, (run->policy.require_trust = true, plan->attestation = RIG_SELF))
EDIT(trust_required_none,
        (run->policy.require_trust = true, plan->attestation = RIG_NO_STATEMENT, plan->format = "none"))
EDIT(short_challenge, run->expected.challenge.size = 15)
EDIT(no_challenge, (run->expected.challenge.size = 0, run->policy.allow_short_challenge = true))
EDIT(no_rp_id, run->expected.rp_id.size = 0)
EDIT(no_origins, run->expected.origin_count = 0)

#define STEP(number) "WebAuthn L3 7.1 #" number

static const struct {
        const char *name;
        void (*edit)(struct rig_plan *plan, struct run *run);
        mitome_code code;
        const char *clause; /* NULL: none */
} refusals[] = {
        { "type get", type_get, MITOME_E_CLIENT_DATA_TYPE, STEP("7") },
        { "type case", type_case, MITOME_E_CLIENT_DATA_TYPE, STEP("7") },
        { "type empty", type_empty, MITOME_E_CLIENT_DATA_TYPE, STEP("7") },
        { "challenge other", challenge_other, MITOME_E_CHALLENGE_MISMATCH, STEP("8") },
        { "challenge with loose bits", challenge_loose_bits, MITOME_E_BASE64URL, STEP("6") },
        { "challenge padded", challenge_padded, MITOME_E_BASE64URL, STEP("6") },
        { "challenge shorter", challenge_shorter, MITOME_E_CHALLENGE_MISMATCH, STEP("8") },
        { "challenge empty", challenge_empty, MITOME_E_CHALLENGE_MISMATCH, STEP("8") },
        { "origin dot", origin_dot, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin slash", origin_slash, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin case", origin_case, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin scheme", origin_scheme, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin port", origin_port, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin suffix", origin_suffix, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin prefix", origin_prefix, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin subdomain", origin_subdomain, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin user", origin_user, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin control", origin_control, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "origin empty", origin_empty, MITOME_E_ORIGIN_UNEXPECTED, STEP("9") },
        { "crossOrigin", cross_origin, MITOME_E_CROSS_ORIGIN, STEP("10") },
        { "topOrigin", top_origin, MITOME_E_TOP_ORIGIN, STEP("11") },
        { "topOrigin unlisted", top_origin_unlisted, MITOME_E_TOP_ORIGIN, STEP("11") },
        { "topOrigin without list", top_origin_no_list, MITOME_E_TOP_ORIGIN, STEP("11") },
        { "topOrigin not allowed", top_origin_not_allowed, MITOME_E_TOP_ORIGIN, STEP("11") },
        { "RP ID other", rp_id_other, MITOME_E_RP_ID_HASH, STEP("14") },
        { "RP ID case", rp_id_case, MITOME_E_RP_ID_HASH, STEP("14") },
        { "RP ID parent", rp_id_parent, MITOME_E_RP_ID_HASH, STEP("14") },
        { "UP clear", up_clear, MITOME_E_USER_NOT_PRESENT, STEP("15") },
        { "UV clear", uv_missing, MITOME_E_USER_NOT_VERIFIED, STEP("16") },
        /* #17: "If the BE bit ... is not set, verify that the BS bit is not set." */
        { "BS without BE", bs_without_be, MITOME_E_VALUE, "WebAuthn L3 6.1.3" },
        { "no attested data", no_credential, MITOME_E_NO_CREDENTIAL_DATA, STEP("13") },
        { "ED without extensions", extension_flag_alone, MITOME_E_INPUT_ENDS, "WebAuthn L3 6.1" },
        { "byte behind authData", trailing_auth_data, MITOME_E_TRAILING_BYTES, "WebAuthn L3 6.1" },
        { "algorithm not listed", algorithm_not_listed, MITOME_E_ALGORITHM_NOT_ALLOWED, STEP("20") },
        { "algorithm list empty", algorithm_empty_list, MITOME_E_ALGORITHM_NOT_ALLOWED, STEP("20") },
        { "algorithm HSS-LMS", algorithm_unknown, MITOME_E_ALGORITHM_UNSUPPORTED, "WebAuthn L3 6.1" },
        /* #25: "Verify that the credentialId is <= 1023 bytes." */
        { "ID of 1024", id_too_long, MITOME_E_TOO_LONG, "WebAuthn L3 5.1" },
        { "ID empty", id_empty, MITOME_E_TOO_LONG, "WebAuthn L3 6.1" },
        { "id other", id_other, MITOME_E_CREDENTIAL_ID_MISMATCH, "WebAuthn L3 5.1" },
        { "rawId other", raw_id_other, MITOME_E_CREDENTIAL_ID_MISMATCH, "WebAuthn L3 5.1" },
        { "both IDs other", both_ids_other, MITOME_E_CREDENTIAL_ID_MISMATCH, "WebAuthn L3 5.1" },
        { "id padded", id_padded, MITOME_E_BASE64URL, "WebAuthn L3 5.1" },
        { "credential type", credential_type, MITOME_E_VALUE, "WebAuthn L3 5.1" },
        { "format unknown", format_unknown, MITOME_E_FORMAT_UNSUPPORTED, STEP("21") },
        { "format case", format_case, MITOME_E_FORMAT_UNSUPPORTED, STEP("21") },
        { "format tpm", format_tpm, MITOME_E_MISSING, "WebAuthn L3 8.3" },
        { "format too long", format_long, MITOME_E_TOO_LONG, STEP("13") },
        { "none with statement", none_with_statement, MITOME_E_STATEMENT_NOT_EMPTY, "WebAuthn L3 8.7" },
        { "signature", signature_spoiled, MITOME_E_SIGNATURE_INVALID, "WebAuthn L3 8.2" },
        { "client data not signed", client_data_not_signed, MITOME_E_SIGNATURE_INVALID, "WebAuthn L3 8.2" },
        { "byte behind the object", object_trailing, MITOME_E_TRAILING_BYTES, STEP("13") },
        { "authData twice", object_duplicate, MITOME_E_TOO_MANY, STEP("13") },
        { "byte behind the JSON", json_trailing, MITOME_E_TRAILING_BYTES, "WebAuthn L3 5.1" },
        { "id twice", json_duplicate, MITOME_E_JSON_DUPLICATE_NAME, "WebAuthn L3 5.1" },
        { "attestationObject twice", json_duplicate_inner, MITOME_E_JSON_DUPLICATE_NAME, "WebAuthn L3 5.1" },
        { "unknown twice", json_duplicate_unknown, MITOME_E_JSON_DUPLICATE_NAME, "WebAuthn L3 5.1" },
        { "extension results twice", extensions_twice, MITOME_E_JSON_DUPLICATE_NAME, "WebAuthn L3 5.1" },
        { "client data array", client_json_array, MITOME_E_JSON_TYPE, STEP("6") },
        { "origin twice", client_json_duplicate, MITOME_E_JSON_DUPLICATE_NAME, STEP("6") },
        { "bytes behind client data", client_json_trailing, MITOME_E_TRAILING_BYTES, STEP("6") },
        { "client data not UTF-8", client_json_utf8, MITOME_E_UTF8, STEP("6") },
        { "no anchor, trust required", trust_required, MITOME_E_ATTESTATION_UNTRUSTED, STEP("24") },
        { "self, trust required", trust_required_self, MITOME_E_ATTESTATION_UNTRUSTED, STEP("24") },
        { "none, trust required", trust_required_none, MITOME_E_ATTESTATION_UNTRUSTED, STEP("24") },
        { "expected challenge short", short_challenge, MITOME_E_ARGUMENT, "WebAuthn L3 13.4.3" },
        { "expected challenge empty", no_challenge, MITOME_E_ARGUMENT, "WebAuthn L3 13.4.3" },
        { "no RP ID expected", no_rp_id, MITOME_E_ARGUMENT, NULL },
        { "no origin expected", no_origins, MITOME_E_ARGUMENT, NULL },
};

static void check_refusal(
        const char *name, const struct run *run, mitome_status status, mitome_code code, const char *clause)
{
        if (status.code != code || !run->error.clause != !clause ||
                (clause && strcmp(run->error.clause, clause) != 0))
                print_error("%s: %d %s (%s)\n", name, status.code, run->error.field, run->error.clause);
        assert_int_equal(status.code, code);
        assert_int_equal(run->error.code, code);
        assert_non_null(run->error.field);
        if (clause)
                assert_string_equal(run->error.clause, clause);
        else
                assert_null(run->error.clause);
}

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                struct run run = fresh();
                refusals[i].edit(&plan, &run);
                mitome_status status = verify_plan(&run, &plan);
                check_refusal(refusals[i].name, &run, status, refusals[i].code, refusals[i].clause);
        }
}

/* 6.1: attested credential data without the flag that announces it is bytes too many. */
static void refuses_data_without_its_flag(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        plan.format = "none";
        plan.attestation = RIG_NO_STATEMENT;
        rig_build(&rig, &plan, &built);
        built.auth_data[32] &= (uint8_t)~AUTHDATA_AT;
        rig_seal(&rig, &plan, &built);
        mitome_status status = verify_json(&run, rig_json(&built));
        check_refusal("AT clear", &run, status, MITOME_E_TRAILING_BYTES, "WebAuthn L3 6.1");
}

/* A refusal says what was known by then. */
static void a_refusal_holds_what_was_known(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        plan.format = "android-safetynet";
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_E_FORMAT_ENDED);
        assert_string_equal(run.verdict.format, "android-safetynet");
        assert_int_equal(run.verdict.flags, plan.flags);
        assert_int_equal(run.verdict.algorithm, COSE_ES256);
        plan.type = "webauthn.get";
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_E_CLIENT_DATA_TYPE);
        assert_null(run.verdict.format);
        assert_int_equal(run.verdict.flags, 0);
}

/* ---- malformed credential keys inside an otherwise right registration ---- */

static void refuses_bad_keys(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        uint8_t key[640];
        size_t changed = 0;
        plan.format = "none";
        plan.attestation = RIG_NO_STATEMENT;
        rig_build(&rig, &plan, &built);
        for (size_t i = 0; i < built.public_key_size; i++) {
                struct rig_response *other = &built;
                struct rig_plan edited = plan;
                rig_build(&rig, &plan, other);
                size_t size = other->public_key_size;
                memcpy(key, other->public_key, size);
                key[i] ^= 0x01;
                edited.public_key = slice_of(key, size);
                changed += failed(verify_plan(&run, &edited));
        }
        /* x and y: a changed coordinate is off the curve; all else is structure */
        assert_int_equal(changed, built.public_key_size);
}

/* ---- truncation, buffers ---- */

static void refuses_every_truncated_json(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        rig_build(&rig, &plan, &built);
        for (size_t size = 0; size < built.json_size; size++) {
                mitome_status status = verify_json(&run, slice_of(built.json, size));
                check_refusal("JSON cut", &run, status, MITOME_E_INPUT_ENDS, "WebAuthn L3 5.1");
                assert_in_range(run.error.at, 0, size);
        }
}

static void refuses_every_truncated_object(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        rig_build(&rig, &plan, &built);
        size_t whole = built.object_size;
        for (size_t size = 0; size < whole; size++) {
                built.object_size = size;
                rig_wrap(&rig, &plan, &built);
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal("object cut", &run, status, MITOME_E_INPUT_ENDS, STEP("13"));
        }
}

static void refuses_every_truncated_auth_data(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        plan.format = "none";
        plan.attestation = RIG_NO_STATEMENT;
        rig_build(&rig, &plan, &built);
        size_t whole = built.auth_data_size;
        for (size_t size = 0; size < whole; size++) {
                built.auth_data_size = size;
                rig_seal(&rig, &plan, &built);
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal("authData cut", &run, status, MITOME_E_INPUT_ENDS, "WebAuthn L3 6.1");
        }
        built.auth_data_size = whole;
        rig_seal(&rig, &plan, &built);
        assert_int_equal(verify_json(&run, rig_json(&built)).code, MITOME_OK);
}

static void keeps_to_its_buffer(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        rig_build(&rig, &plan, &built);
        bool fits = false;
        for (size_t capacity = 0; capacity < 8192; capacity += 61) {
                run.error = (mitome_error){ 0 };
                memset(buffer, 0xEE, sizeof buffer);
                mitome_status status = mitome_verify_registration(NULL, &run.policy, &run.expected,
                        rig_json(&built), NULL, run.now, buffer, capacity, &run.verdict, &run.error);
                assert_int_equal(
                        status.code, fits || status.code == MITOME_OK ? MITOME_OK : MITOME_E_BUFFER_FULL);
                fits = status.code == MITOME_OK;
                assert_int_equal(buffer[capacity], 0xEE);
        }
        assert_true(fits);
}

/* Objects with other members (6.5.4). */
static void refuses_other_objects(void **state)
{
        (void)state;
        static const struct {
                const char *bytes;
                size_t size;
                mitome_code code;
        } cases[] = {
                { "\xA0", 1, MITOME_E_MISSING },
                { "\x80", 1, MITOME_E_CBOR_TYPE },
                { "\xA1\x63"
                  "fmt\x64"
                  "none",
                        10, MITOME_E_MISSING },
                { "\xA2\x63"
                  "fmt\x64"
                  "none\x67"
                  "attStmt\xA0",
                        19, MITOME_E_MISSING },
                { "\xA1\x63"
                  "fmu\x64"
                  "none",
                        10, MITOME_E_VALUE },
                { "\xA1\x67"
                  "attStmt\xA0",
                        10, MITOME_E_MISSING },
                { "\xA1\x01\x64"
                  "none",
                        7, MITOME_E_VALUE },
                { "\xA1\x63"
                  "fmt\x44"
                  "none",
                        10, MITOME_E_CBOR_TYPE },
                { "\xBF\x63"
                  "fmt\x64"
                  "none\xFF",
                        11, MITOME_E_CBOR_UNSUPPORTED },
                { "\xA2\x63"
                  "fmt\x64"
                  "none\x63"
                  "fmt\x64"
                  "none",
                        19, MITOME_E_CBOR_DUPLICATE_KEY },
                { "\xA4", 1, MITOME_E_TOO_MANY },
        };
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        rig_build(&rig, &plan, &built);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                memcpy(built.object, cases[i].bytes, cases[i].size);
                built.object_size = cases[i].size;
                rig_wrap(&rig, &plan, &built);
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal(cases[i].bytes, &run, status, cases[i].code, STEP("13"));
        }
}

/* ---- trust: 7.1 #23, #24 ---- */

static void a_path_to_an_anchor_is_verified(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        run.trust = trust_in_ca();
        run.policy.require_trust = true;
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_VERIFIED);
        plan.attestation = RIG_SELF;
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_E_ATTESTATION_UNTRUSTED);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_SELF);
        mitome_trust_free(run.trust);
}

static void an_empty_snapshot_anchors_nothing(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        assert_int_equal(mitome_trust_new(&run.trust, NULL).code, MITOME_OK);
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
        run.policy.require_trust = true;
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_E_ATTESTATION_UNTRUSTED);
        assert_string_equal(run.error.field, "attStmt.x5c");
        mitome_trust_free(run.trust);
}

/* A leaf that is not valid now proves nothing: refused where trust is demanded, "unverified" where it is not.
 */
static void a_leaf_out_of_date_is_refused(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct run run = fresh();
        run.trust = trust_in_ca();
        plan.leaf.not_after = RIG_NOW - 1;
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_OK);
        assert_int_equal(run.verdict.trust, MITOME_TRUST_UNVERIFIED);
        run.policy.require_trust = true;
        mitome_status status = verify_plan(&run, &plan);
        check_refusal("expired", &run, status, MITOME_E_CERTIFICATE_EXPIRED, "RFC 5280 4.1.2.5");
        plan = rig_registration_plan();
        plan.leaf.not_before = RIG_NOW + 1;
        status = verify_plan(&run, &plan);
        check_refusal("not yet valid", &run, status, MITOME_E_CERTIFICATE_NOT_YET_VALID, "RFC 5280 4.1.2.5");
        plan = rig_registration_plan();
        plan.leaf.not_before = RIG_NOW;
        assert_int_equal(verify_plan(&run, &plan).code, MITOME_OK);
        mitome_trust_free(run.trust);
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(accepts_every_key_and_attestation),
                cmocka_unit_test(tells_what_it_found),
                cmocka_unit_test(accepts_each_of_these),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_data_without_its_flag),
                cmocka_unit_test(a_refusal_holds_what_was_known),
                cmocka_unit_test(refuses_bad_keys),
                cmocka_unit_test(refuses_every_truncated_json),
                cmocka_unit_test(refuses_every_truncated_object),
                cmocka_unit_test(refuses_every_truncated_auth_data),
                cmocka_unit_test(keeps_to_its_buffer),
                cmocka_unit_test(refuses_other_objects),
                cmocka_unit_test(a_path_to_an_anchor_is_verified),
                cmocka_unit_test(an_empty_snapshot_anchors_nothing),
                cmocka_unit_test(a_leaf_out_of_date_is_refused),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
