/* SPDX-License-Identifier: Apache-2.0 */
/* WebAuthn L3 7.2: valid logins, and each step's refusal one edit away from one. */
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
        struct mitome_credential record;
        struct mitome_verdict verdict;
        mitome_error error;
};

static struct run fresh(void)
{
        return (struct run){ .expected = rig_expectation(&rig), .record = rig_record(&rig, &built) };
}

static mitome_status verify_json(struct run *run, slice json)
{
        run->error = (mitome_error){ 0 };
        return mitome_verify_authentication(NULL, &run->policy, &run->expected, json, &run->record, NULL,
                RIG_NOW, buffer, sizeof buffer, &run->verdict, &run->error);
}

typedef void edit_plan(struct rig_plan *plan, struct run *run);

/* Edits the plan, builds, and edits what the relying party holds against it. */
static mitome_status verify_edited(struct run *run, edit_plan *edit)
{
        struct rig_plan plan = rig_authentication_plan();
        *run = fresh();
        edit(&plan, run);
        rig_build(&rig, &plan, &built);
        if (run->record.public_key.size)
                run->record.public_key = slice_of(built.public_key, built.public_key_size);
        return verify_json(run, rig_json(&built));
}

#define EDIT(name, statement)                                    \
        static void name(struct rig_plan *plan, struct run *run) \
        {                                                        \
                (void)plan;                                      \
                (void)run;                                       \
                statement;                                       \
        }

static const slice tops[] = { { (const uint8_t *)"https://top.example", 19 } };
static const int64_t rs256_only[] = { COSE_RS256 };
static const uint8_t extension[] = { 0xA1, 0x61, 'x', 0x01 };
static const uint8_t handle[] = { 'u', 's', 'e', 'r' };
static const slice other_credentials[] = { { handle, sizeof handle } };
static slice allowed_credentials[2];

/* ---- what is accepted ---- */

EDIT(nothing, (void)0)
EDIT(eddsa, plan->key = RIG_EDDSA)
EDIT(rs256, plan->key = RIG_RS256)
EDIT(uv_clear, plan->flags &= (uint8_t)~AUTHDATA_UV)
EDIT(uv_required, run->policy.require_user_verification = true)
EDIT(cross_allowed, (plan->client_members = ",\"crossOrigin\":true", run->policy.allow_cross_origin = true))
EDIT(top_allowed, (plan->client_members = ",\"topOrigin\":\"https://top.example\"",
                          run->policy.allow_cross_origin = true, run->policy.top_origins = tops,
                          run->policy.top_origin_count = 1))
EDIT(eligible, (plan->flags |= AUTHDATA_BE, run->record.backup_eligible = true))
EDIT(backed_up, (plan->flags |= AUTHDATA_BE | AUTHDATA_BS, run->record.backup_eligible = true))
EDIT(eligibility_unknown, (plan->flags |= AUTHDATA_BE, run->record.backup_eligible_unknown = true))
EDIT(with_extensions, (plan->flags |= AUTHDATA_ED, plan->extensions = SLICE(extension)))
EDIT(with_attested_data, plan->flags |= AUTHDATA_AT)
EDIT(no_handle, plan->user_handle = NULL)
EDIT(handle_null, plan->user_handle = "null")
EDIT(handle_unknown, plan->user_handle = "\"dXNlcg\"")
EDIT(handle_right, (plan->user_handle = "\"dXNlcg\"", run->record.user_handle = SLICE(handle)))
EDIT(handle_absent, run->record.user_handle = SLICE(handle))
EDIT(allowed,
        (run->expected.allowed_credentials = allowed_credentials, run->expected.allowed_credential_count = 2))
EDIT(byte_order_mark, plan->before_client_data = "\xEF\xBB\xBF")
EDIT(unknown_members, (plan->inner_members = ",\"x\":{}", plan->outer_members = ",\"y\":[0.5]"))
EDIT(trust_not_asked, run->policy.require_trust = true)

static void accepts_each_of_these(void **state)
{
        (void)state;
        static edit_plan *const edits[] = { nothing, eddsa, rs256, uv_clear, uv_required, cross_allowed,
                top_allowed, eligible, backed_up, eligibility_unknown, with_extensions, with_attested_data,
                no_handle, handle_null, handle_unknown, handle_right, handle_absent, allowed, byte_order_mark,
                unknown_members, trust_not_asked };
        for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
                struct run run;
                mitome_status status = verify_edited(&run, edits[i]);
                if (failed(status))
                        print_error("edit %zu: %d %s\n", i, status.code, run.error.field);
                assert_int_equal(status.code, MITOME_OK);
                assert_false(run.verdict.clone_suspected);
        }
}

static void tells_what_it_found(void **state)
{
        (void)state;
        struct run run;
        uint8_t hash[SHA256_SIZE];
        assert_int_equal(verify_edited(&run, handle_unknown).code, MITOME_OK);
        assert_int_equal(run.verdict.flags, AUTHDATA_UP | AUTHDATA_UV);
        assert_int_equal(run.verdict.sign_count, 7);
        assert_int_equal(run.verdict.algorithm, COSE_ES256);
        assert_true(slice_equal(run.verdict.credential_id, SLICE(rig.credential_id)));
        assert_true(slice_equal(run.verdict.user_handle, SLICE(handle)));
        assert_true(slice_equal(run.verdict.auth_data, slice_of(built.auth_data, built.auth_data_size)));
        const slice client_data = slice_of(built.client_data, built.client_data_size);
        sha256(&client_data, 1, hash);
        assert_memory_equal(run.verdict.client_data_hash, hash, sizeof hash);
}

/* #22: "If authData.signCount is nonzero or credentialRecord.signCount is nonzero" and not greater: "a
 * signal, but not proof". */
static void a_counter_that_did_not_grow_is_a_finding(void **state)
{
        (void)state;
        static const struct {
                uint32_t stored, sent;
                bool suspected;
        } cases[] = { { 0, 0, false }, { 0, 1, false }, { 1, 2, false }, { 1, 1, true }, { 2, 1, true },
                { 1, 0, true }, { UINT32_MAX - 1, UINT32_MAX, false }, { UINT32_MAX, 0, true } };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct rig_plan plan = rig_authentication_plan();
                plan.sign_count = cases[i].sent;
                rig_build(&rig, &plan, &built);
                struct run run = fresh();
                run.record.sign_count = cases[i].stored;
                assert_int_equal(verify_json(&run, rig_json(&built)).code, MITOME_OK);
                assert_int_equal(run.verdict.clone_suspected, cases[i].suspected);
                assert_int_equal(run.verdict.sign_count, cases[i].sent);
        }
}

/* ---- what is refused ---- */

EDIT(not_allowed,
        (run->expected.allowed_credentials = other_credentials, run->expected.allowed_credential_count = 1))
EDIT(none_allowed,
        (run->expected.allowed_credentials = other_credentials, run->expected.allowed_credential_count = 0))
EDIT(record_other, run->record.id = SLICE(handle))
EDIT(record_empty, run->record.id = slice_of(NULL, 0))
EDIT(both_ids_empty, (plan->id = "", plan->raw_id = "", run->record.id = slice_of(NULL, 0)))
EDIT(id_other, plan->id = "wMHCww")
EDIT(raw_id_other, plan->raw_id = "wMHCww")
EDIT(handle_wrong, (plan->user_handle = "\"dXNlcw\"", run->record.user_handle = SLICE(handle)))
EDIT(handle_prefix, (plan->user_handle = "\"dXNl\"", run->record.user_handle = SLICE(handle)))
EDIT(handle_number, plan->user_handle = "7")
EDIT(handle_long, plan->user_handle = "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                      "AAAAAAAAAAAAAAAAAAAA\"")
EDIT(type_create, plan->type = "webauthn.create")
EDIT(challenge_shorter, plan->challenge = "AQgPFh0kKzI5QEdOVVxjaQ")
EDIT(challenge_padded, plan->challenge = "AQgPFh0kKzI5QEdOVVxjaQ==")
EDIT(origin_dot, plan->origin = "https://example.org.")
EDIT(origin_slash, plan->origin = "https://example.org/")
EDIT(origin_case, plan->origin = "https://EXAMPLE.org")
EDIT(origin_suffix, plan->origin = "https://example.org.evil.example")
EDIT(origin_prefix, plan->origin = "https://notexample.org")
EDIT(cross_origin, plan->client_members = ",\"crossOrigin\":true")
EDIT(top_origin, plan->client_members = ",\"crossOrigin\":false,\"topOrigin\":\"https://top.example\"")
EDIT(top_origin_unlisted, (plan->client_members = ",\"topOrigin\":\"https://top.example.\"",
                                  run->policy.allow_cross_origin = true, run->policy.top_origins = tops,
                                  run->policy.top_origin_count = 1))
EDIT(rp_id_other, plan->rp_id = "example.com")
EDIT(up_clear, plan->flags &= (uint8_t)~AUTHDATA_UP)
EDIT(uv_missing, (plan->flags &= (uint8_t)~AUTHDATA_UV, run->policy.require_user_verification = true))
EDIT(bs_without_be, plan->flags |= AUTHDATA_BS)
EDIT(be_gained, plan->flags |= AUTHDATA_BE)
EDIT(be_lost, run->record.backup_eligible = true)
EDIT(algorithm_not_listed, (run->policy.algorithms = rs256_only, run->policy.algorithm_count = 1))
EDIT(signature_spoiled, plan->spoil_signature = true)
EDIT(signature_trailing, plan->trailing_signature = true)
EDIT(signature_trailing_eddsa, (plan->trailing_signature = true, plan->key = RIG_EDDSA))
EDIT(signature_trailing_rs256, (plan->trailing_signature = true, plan->key = RIG_RS256))
EDIT(signature_foreign, plan->foreign_signer = true)
EDIT(signature_foreign_eddsa, (plan->foreign_signer = true, plan->key = RIG_EDDSA))
EDIT(signature_foreign_rs256, (plan->foreign_signer = true, plan->key = RIG_RS256))
EDIT(client_data_not_signed, plan->sign_other_hash = true)
EDIT(key_unknown, plan->key = RIG_HSS_LMS)
EDIT(trailing_auth_data, plan->trailing_auth_data = true)
EDIT(json_trailing, plan->after_json = "{}")
EDIT(json_duplicate, plan->inner_members = ",\"signature\":\"AA\"")
EDIT(client_json_duplicate, plan->client_members = ",\"challenge\":\"AA\"")
EDIT(certificate_without_trust, run->record.certificate_serial = SLICE(handle))
EDIT(issuer_without_trust, run->record.certificate_issuer = SLICE(handle))
EDIT(short_challenge, run->expected.challenge.size = 15)

#define STEP(number) "WebAuthn L3 7.2 #" number

static const struct {
        const char *name;
        edit_plan *edit;
        mitome_code code;
        const char *clause; /* NULL: none */
} refusals[] = {
        { "not in allowCredentials", not_allowed, MITOME_E_CREDENTIAL_NOT_ALLOWED, STEP("5") },
        { "allowCredentials empty", none_allowed, MITOME_E_CREDENTIAL_NOT_ALLOWED, STEP("5") },
        { "record of another", record_other, MITOME_E_CREDENTIAL_ID_MISMATCH, STEP("6") },
        { "record without ID", record_empty, MITOME_E_CREDENTIAL_ID_MISMATCH, STEP("6") },
        { "no ID anywhere", both_ids_empty, MITOME_E_CREDENTIAL_ID_MISMATCH, STEP("6") },
        { "id other", id_other, MITOME_E_CREDENTIAL_ID_MISMATCH, "WebAuthn L3 5.1" },
        { "rawId other", raw_id_other, MITOME_E_CREDENTIAL_ID_MISMATCH, "WebAuthn L3 5.1" },
        { "user handle", handle_wrong, MITOME_E_USER_HANDLE_MISMATCH, STEP("6") },
        { "user handle prefix", handle_prefix, MITOME_E_USER_HANDLE_MISMATCH, STEP("6") },
        { "user handle number", handle_number, MITOME_E_JSON_TYPE, "WebAuthn L3 5.1" },
        { "user handle of 66", handle_long, MITOME_E_TOO_LONG, "WebAuthn L3 5.1" },
        { "type create", type_create, MITOME_E_CLIENT_DATA_TYPE, STEP("10") },
        { "challenge shorter", challenge_shorter, MITOME_E_CHALLENGE_MISMATCH, STEP("11") },
        { "challenge padded", challenge_padded, MITOME_E_BASE64URL, STEP("9") },
        { "origin dot", origin_dot, MITOME_E_ORIGIN_UNEXPECTED, STEP("12") },
        { "origin slash", origin_slash, MITOME_E_ORIGIN_UNEXPECTED, STEP("12") },
        { "origin case", origin_case, MITOME_E_ORIGIN_UNEXPECTED, STEP("12") },
        { "origin suffix", origin_suffix, MITOME_E_ORIGIN_UNEXPECTED, STEP("12") },
        { "origin prefix", origin_prefix, MITOME_E_ORIGIN_UNEXPECTED, STEP("12") },
        { "crossOrigin", cross_origin, MITOME_E_CROSS_ORIGIN, STEP("13") },
        { "topOrigin", top_origin, MITOME_E_TOP_ORIGIN, STEP("14") },
        { "topOrigin unlisted", top_origin_unlisted, MITOME_E_TOP_ORIGIN, STEP("14") },
        { "RP ID", rp_id_other, MITOME_E_RP_ID_HASH, STEP("15") },
        { "UP clear", up_clear, MITOME_E_USER_NOT_PRESENT, STEP("16") },
        { "UV clear", uv_missing, MITOME_E_USER_NOT_VERIFIED, STEP("17") },
        /* #18: "If the BE bit ... is not set, verify that the BS bit is not set." */
        { "BS without BE", bs_without_be, MITOME_E_VALUE, "WebAuthn L3 6.1.3" },
        { "BE gained", be_gained, MITOME_E_BACKUP_ELIGIBILITY, STEP("19") },
        { "BE lost", be_lost, MITOME_E_BACKUP_ELIGIBILITY, STEP("19") },
        { "algorithm not listed", algorithm_not_listed, MITOME_E_ALGORITHM_NOT_ALLOWED, STEP("21") },
        { "signature", signature_spoiled, MITOME_E_SIGNATURE_INVALID, STEP("21") },
        { "byte behind DER", signature_trailing, MITOME_E_SIGNATURE_FORM, STEP("21") },
        { "byte behind EdDSA", signature_trailing_eddsa, MITOME_E_SIGNATURE_FORM, STEP("21") },
        { "byte behind RS256", signature_trailing_rs256, MITOME_E_SIGNATURE_FORM, STEP("21") },
        { "signer", signature_foreign, MITOME_E_SIGNATURE_INVALID, STEP("21") },
        { "signer EdDSA", signature_foreign_eddsa, MITOME_E_SIGNATURE_INVALID, STEP("21") },
        { "signer RS256", signature_foreign_rs256, MITOME_E_SIGNATURE_INVALID, STEP("21") },
        { "client data not signed", client_data_not_signed, MITOME_E_SIGNATURE_INVALID, STEP("21") },
        { "key HSS-LMS", key_unknown, MITOME_E_ALGORITHM_UNSUPPORTED, STEP("21") },
        { "byte behind authData", trailing_auth_data, MITOME_E_TRAILING_BYTES, "WebAuthn L3 6.1" },
        { "bytes behind the JSON", json_trailing, MITOME_E_TRAILING_BYTES, "WebAuthn L3 5.1" },
        { "signature twice", json_duplicate, MITOME_E_JSON_DUPLICATE_NAME, "WebAuthn L3 5.1" },
        { "challenge twice", client_json_duplicate, MITOME_E_JSON_DUPLICATE_NAME, STEP("9") },
        { "certificate bound, no trust", certificate_without_trust, MITOME_E_CRL_MISSING, NULL },
        { "issuer bound, no trust", issuer_without_trust, MITOME_E_CRL_MISSING, NULL },
        { "expected challenge short", short_challenge, MITOME_E_ARGUMENT, "WebAuthn L3 13.4.3" },
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

/* 5.4.3: "A user handle is an opaque byte sequence with a maximum size of 64 bytes", and not empty: what some
 * write where there is none is none. */
static void an_empty_user_handle_is_none(void **state)
{
        (void)state;
        struct rig_plan plan = rig_authentication_plan();
        struct run run = fresh();
        plan.user_handle = "\"\"";
        rig_build(&rig, &plan, &built);
        run.record = rig_record(&rig, &built);
        run.record.user_handle = SLICE(handle);
        assert_int_equal(verify_json(&run, rig_json(&built)).code, MITOME_OK);
        assert_int_equal(run.verdict.user_handle.size, 0);
        run.expected.user_unidentified = true;
        assert_int_equal(verify_json(&run, rig_json(&built)).code, MITOME_E_MISSING);
        assert_string_equal(run.error.field, "response.userHandle");
        /* the same from bytes, of which a decoder may say that there were some */
        const struct mitome_response response = {
                .credential_id = run.record.id,
                .client_data = slice_of(built.client_data, built.client_data_size),
                .auth_data = slice_of(built.auth_data, built.auth_data_size),
                .signature = slice_of(built.signature, built.signature_size),
                .has_user_handle = true,
        };
        for (int asked = 0; asked < 2; asked++) {
                run.expected.user_unidentified = asked;
                assert_int_equal(
                        mitome_verify_authentication_bytes(NULL, &run.policy, &run.expected, &response,
                                &run.record, NULL, RIG_NOW, buffer, sizeof buffer, &run.verdict, NULL)
                                .code,
                        asked ? MITOME_E_MISSING : MITOME_OK);
        }
}

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
                struct run run;
                mitome_status status = verify_edited(&run, refusals[i].edit);
                check_refusal(refusals[i].name, &run, status, refusals[i].code, refusals[i].clause);
        }
}

/* The record's key is the relying party's own, but it may come from a database that others can write. */
static void refuses_damaged_records(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
        struct run run = fresh();
        for (size_t size = 0; size < built.public_key_size; size++) {
                run.record.public_key.size = size;
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal("key cut", &run, status, MITOME_E_INPUT_ENDS, STEP("21"));
        }
        built.public_key[built.public_key_size] = 0;
        run.record.public_key.size = built.public_key_size + 1;
        mitome_status status = verify_json(&run, rig_json(&built));
        check_refusal("key and more", &run, status, MITOME_E_TRAILING_BYTES, STEP("21"));
}

/* ---- every truncation, every changed byte ---- */

static void refuses_every_truncated_json(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
        struct run run = fresh();
        for (size_t size = 0; size < built.json_size; size++) {
                mitome_status status = verify_json(&run, slice_of(built.json, size));
                check_refusal("JSON cut", &run, status, MITOME_E_INPUT_ENDS, "WebAuthn L3 5.1");
        }
}

static void refuses_every_truncated_part(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
        const struct rig_response whole = built;
        struct run run = fresh();
        for (size_t size = 0; size < whole.client_data_size; size++) {
                built.client_data_size = size;
                rig_wrap(&rig, &plan, &built);
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal("client data cut", &run, status, MITOME_E_INPUT_ENDS, STEP("9"));
        }
        built.client_data_size = whole.client_data_size;
        for (size_t size = 0; size < whole.auth_data_size; size++) {
                built.auth_data_size = size;
                rig_wrap(&rig, &plan, &built);
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal("authData cut", &run, status, MITOME_E_INPUT_ENDS, "WebAuthn L3 6.1");
        }
        built.auth_data_size = whole.auth_data_size;
        for (size_t size = 0; size < whole.signature_size; size++) {
                built.signature_size = size;
                rig_wrap(&rig, &plan, &built);
                mitome_status status = verify_json(&run, rig_json(&built));
                check_refusal("signature cut", &run, status, MITOME_E_SIGNATURE_FORM, STEP("21"));
        }
}

static bool same_verdict(const struct mitome_verdict *a, const struct mitome_verdict *b)
{
        return a->flags == b->flags && a->sign_count == b->sign_count &&
               slice_equal(a->credential_id, b->credential_id) && a->algorithm == b->algorithm &&
               a->trust == b->trust && a->clone_suspected == b->clone_suspected &&
               slice_equal(a->user_handle, b->user_handle) && slice_equal(a->auth_data, b->auth_data) &&
               memcmp(a->client_data_hash, b->client_data_hash, sizeof a->client_data_hash) == 0;
}

/* Changes one byte of the JSON in every way of a list and counts what still passes: only changes that say the
 * same (white space, an escape, a member that is not needed) may, and the verdict is then the same. */
static void a_changed_byte_is_refused_or_without_effect(void **state)
{
        (void)state;
        static const uint8_t changes[] = { 0x01, 0x02, 0x20, 0x80, 0xFF };
        static uint8_t kept[MITOME_RP_BUFFER_MAX], json[32768];
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
        struct run run = fresh();
        assert_int_equal(verify_json(&run, rig_json(&built)).code, MITOME_OK);
        memcpy(kept, buffer, sizeof kept);
        struct mitome_verdict verdict = run.verdict;
        struct mitome_slice *views[] = { &verdict.credential_id, &verdict.auth_data };
        for (size_t i = 0; i < 2; i++)
                views[i]->data = kept + (views[i]->data - buffer);
        size_t passed = 0;
        for (size_t i = 0; i < built.json_size * sizeof changes; i++) {
                memcpy(json, built.json, built.json_size);
                json[i / sizeof changes] ^= changes[i % sizeof changes];
                if (failed(verify_json(&run, slice_of(json, built.json_size))))
                        continue;
                assert_true(same_verdict(&run.verdict, &verdict));
                passed++;
        }
        /* the names "clientExtensionResults" and what little else is not looked at */
        assert_in_range(passed, 1, 5 * 24);
}

/* What is signed, bit by bit, below the JSON: no change passes at all. */
static void no_signed_bit_may_change(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
        struct run run = fresh();
        const struct {
                uint8_t *bytes;
                size_t size;
        } parts[] = { { built.auth_data, built.auth_data_size }, { built.signature, built.signature_size },
                { built.client_data, built.client_data_size } };
        for (size_t i = 0; i < 3; i++)
                for (size_t bit = 0; bit < parts[i].size * 8; bit++) {
                        parts[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                        rig_wrap(&rig, &plan, &built);
                        assert_int_not_equal(verify_json(&run, rig_json(&built)).code, MITOME_OK);
                        parts[i].bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                }
        rig_wrap(&rig, &plan, &built);
        assert_int_equal(verify_json(&run, rig_json(&built)).code, MITOME_OK);
}

static void keeps_to_its_buffer(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
        struct run run = fresh();
        bool fits = false;
        for (size_t capacity = 0; capacity < 2048; capacity += 13) {
                run.error = (mitome_error){ 0 };
                memset(buffer, 0xEE, sizeof buffer);
                mitome_status status =
                        mitome_verify_authentication(NULL, &run.policy, &run.expected, rig_json(&built),
                                &run.record, NULL, RIG_NOW, buffer, capacity, &run.verdict, &run.error);
                assert_int_equal(
                        status.code, fits || status.code == MITOME_OK ? MITOME_OK : MITOME_E_BUFFER_FULL);
                fits = status.code == MITOME_OK;
                assert_int_equal(buffer[capacity], 0xEE);
        }
        assert_true(fits);
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        allowed_credentials[0] = SLICE(handle);
        allowed_credentials[1] = SLICE(rig.credential_id);
        const struct rig_plan plan = rig_authentication_plan();
        rig_build(&rig, &plan, &built);
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
                cmocka_unit_test(accepts_each_of_these),
                cmocka_unit_test(tells_what_it_found),
                cmocka_unit_test(a_counter_that_did_not_grow_is_a_finding),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(an_empty_user_handle_is_none),
                cmocka_unit_test(refuses_damaged_records),
                cmocka_unit_test(refuses_every_truncated_json),
                cmocka_unit_test(refuses_every_truncated_part),
                cmocka_unit_test(a_changed_byte_is_refused_or_without_effect),
                cmocka_unit_test(no_signed_bit_may_change),
                cmocka_unit_test(keeps_to_its_buffer),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
