/* SPDX-License-Identifier: Apache-2.0 */
/* android-key, WebAuthn L3 8.4, and the KeyDescription that it rests on, 8.4.1. */
#include "key_description.h"
#include "statement_rig.h"
#include "transcribe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct rig rig;
static struct rig_response built;
static struct rig_der leaf, signature, description, statement;

/* ---- what a phone sends ---- */

struct android_plan {
        enum rig_key key;
        uint32_t version;
        uint8_t level, keymaster_level;
        const char *software, *tee; /* contents of the lists, hexadecimal */
        const char *whole;          /* in place of the description */
        bool other_challenge, short_challenge;
        bool trailing_member; /* within the SEQUENCE */
        int extensions;       /* how often the extension stands in the leaf */
        bool other_leaf_key;  /* of the leaf, not of the credential; it signs */
        bool other_signer, other_hash, trailing_signature;
        int64_t algorithm; /* 0: that of the key */
        bool empty_chain, trailing_leaf, extra_member, no_x5c, no_sig, no_alg;
};

#define PURPOSE "a105 3103 020102"
#define ORIGIN "bf853e03 020100"
/* creationDateTime [701], attestationApplicationId [709] */
#define SOFTWARE "bf853d08 0206018de7d1c000 bf85450a 0408 3006310431023000"
/* algorithm [2], keySize [3], digest [5], ecCurve [10], noAuthRequired [503], rollbackResistant [703],
 * rootOfTrust [704], osVersion [705] */
#define REST                                                                                           \
        "a203020103 a30402020100 a5053103020104 aa03020101 bf837702 0500 bf853f02 0500 bf854011 300f " \
        "0404 00000000 0101ff 0a0100 0401 00 bf854105 02030222e0"

static struct android_plan right(void)
{
        return (struct android_plan){
                .key = RIG_ES256,
                .version = 4,
                .level = 1,
                .keymaster_level = 1,
                .software = SOFTWARE,
                .tee = PURPOSE REST ORIGIN,
                .extensions = 1,
        };
}

static void put_tag(writer *w, uint8_t tag, slice content)
{
        rig_der_write(w, slice_of(&tag, 1), content);
}

static void put_number(writer *w, uint8_t tag, uint32_t number)
{
        uint8_t bytes[4] = { 0, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };
        size_t zeros = number > 0x7FFF ? 0 : number > 0x7F ? 2 : 3;
        put_tag(w, tag, slice_of(bytes + zeros, 4 - zeros));
}

static void put_list(writer *w, const char *hex)
{
        uint8_t buffer[512];
        put_tag(w, 0x30, hex_decode(hex, buffer, sizeof buffer));
}

static void describe(const struct android_plan *plan)
{
        uint8_t content[2048], hash[32];
        writer w = WRITER(content);
        writer whole = WRITER(description.bytes);
        rig_client_data_hash(&built, hash);
        hash[0] ^= plan->other_challenge;
        put_number(&w, 0x02, plan->version);
        put_number(&w, 0x0A, plan->level);
        put_number(&w, 0x02, plan->version);
        put_number(&w, 0x0A, plan->keymaster_level);
        put_tag(&w, 0x04, slice_of(hash, plan->short_challenge ? 31 : 32));
        put_tag(&w, 0x04, (slice){ 0 });
        put_list(&w, plan->software);
        put_list(&w, plan->tee);
        if (plan->trailing_member)
                put_number(&w, 0x02, 0);
        put_tag(&whole, 0x30, writer_view(&w));
        if (plan->whole) {
                uint8_t buffer[512];
                whole = WRITER(description.bytes);
                write_slice(&whole, hex_decode(plan->whole, buffer, sizeof buffer));
        }
        description.size = whole.used;
}

static void write_statement(const struct android_plan *plan, int64_t algorithm)
{
        writer w = WRITER(statement.bytes);
        cbor_write_map(&w, (size_t)(3 + plan->extra_member - plan->no_alg - plan->no_sig - plan->no_x5c));
        if (!plan->no_alg) {
                cbor_write_string(&w, "alg");
                cbor_write_int(&w, algorithm);
        }
        if (!plan->no_sig) {
                cbor_write_string(&w, "sig");
                cbor_write_bytes(&w, rig_der_view(&signature));
        }
        if (plan->extra_member) {
                cbor_write_string(&w, "ver");
                cbor_write_int(&w, 1);
        }
        if (!plan->no_x5c) {
                cbor_write_string(&w, "x5c");
                cbor_write_array(&w, plan->empty_chain ? 0 : 2);
                if (!plan->empty_chain) {
                        cbor_write_bytes(&w, rig_der_view(&leaf));
                        cbor_write_bytes(&w, slice_of(rig.ca_der, rig.ca_der_size));
                }
        }
        assert_false(w.overflowed);
        statement.size = w.used;
}

static void build(const struct android_plan *plan)
{
        static const int64_t algorithms[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };
        struct rig_plan ceremony = rig_registration_plan();
        ceremony.attestation = RIG_SELF; /* makes the credential's key */
        ceremony.key = plan->key;
        rig_build(&rig, &ceremony, &built);
        describe(plan);
        const struct rig_extension_plan extension = {
                .oid = plan->extensions ? "1.3.6.1.4.1.11129.2.1.17" : NULL,
                .value = rig_der_view(&description),
                .times = plan->extensions,
        };
        EVP_PKEY *other = EVP_EC_gen("P-256");
        EVP_PKEY *own = rig.credential[plan->key];
        EVP_PKEY *certified = plan->other_leaf_key ? other : own;
        rig_certify(&rig, certified, &extension, &leaf);
        if (plan->trailing_leaf)
                leaf.bytes[leaf.size++] = 0;
        rig_signature(plan->other_signer ? other : certified, &built, plan->other_hash, &signature);
        if (plan->trailing_signature)
                signature.bytes[signature.size++] = 0;
        EVP_PKEY_free(other);
        write_statement(plan, plan->algorithm ? plan->algorithm : algorithms[plan->key]);
}

static mitome_status verify(
        const struct android_plan *plan, struct attestation_result *ret, mitome_error *error)
{
        build(plan);
        return rig_verify(&built, rig_der_view(&statement), &attestation_android_key, ret, error);
}

/* ---- accepted ---- */

static void takes_each_key_and_says_what_it_is(void **state)
{
        (void)state;
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256 };
        static const int64_t algorithms[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };
        for (size_t i = 0; i < COUNT(keys); i++) {
                struct android_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                plan.key = keys[i];
                assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
                assert_int_equal(result.count, 1);
                assert_string_equal(result.parts[0].format, "android-key");
                assert_int_equal(result.parts[0].type, ATTESTATION_X5C);
                assert_int_equal(result.parts[0].algorithm, algorithms[i]);
                assert_int_equal(result.parts[0].chain.count, 2);
        }
}

static void takes_each_version(void **state)
{
        (void)state;
        static const uint32_t versions[] = { 1, 2, 3, 4, 41, 100, 200, 300, 400, 500 };
        for (size_t i = 0; i < COUNT(versions); i++) {
                struct android_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                plan.version = versions[i];
                assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
        }
}

/* "otherwise use the union of teeEnforced and softwareEnforced" */
static void takes_the_union_of_both_lists(void **state)
{
        (void)state;
        static const struct {
                const char *name, *software, *tee;
        } lists[] = {
                { "all in software", SOFTWARE PURPOSE ORIGIN, "" },
                { "all in hardware", "", PURPOSE ORIGIN },
                { "one in each", ORIGIN, PURPOSE REST },
                { "in both", PURPOSE ORIGIN, PURPOSE ORIGIN },
                { "in another order", SOFTWARE, ORIGIN REST PURPOSE },
                { "signs and verifies", SOFTWARE, "a108 3106 020102 020103" ORIGIN },
                { "signs and verifies, not sorted", SOFTWARE, "a108 3106 020103 020102" ORIGIN },
                { "signs in one, verifies in the other", "a105 3103 020103", PURPOSE ORIGIN },
                { "unknown tags", "bf8f7f01 00 a1053103020102 bfffffff7f00", "be00" ORIGIN },
                /* 16.1.14, the Recommendation's own test vector */
                { "lists that say nothing", "", "" },
        };
        for (size_t i = 0; i < COUNT(lists); i++) {
                struct android_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                plan.software = lists[i].software;
                plan.tee = lists[i].tee;
                mitome_status status = verify(&plan, &result, &error);
                if (failed(status))
                        print_error("%s: %d\n", lists[i].name, status.code);
                assert_int_equal(status.code, MITOME_OK);
        }
}

/* "use only the teeEnforced authorization list if the RP wants to accept only keys from a trusted execution
 * environment" */
static void a_switch_wants_it_from_the_tee(void **state)
{
        (void)state;
        static const struct {
                const char *software, *tee;
                mitome_code code;
        } lists[] = {
                { SOFTWARE, PURPOSE REST ORIGIN, MITOME_OK }, { PURPOSE ORIGIN, PURPOSE ORIGIN, MITOME_OK },
                { SOFTWARE PURPOSE ORIGIN, "", MITOME_E_KEY_ORIGIN },
                { ORIGIN, PURPOSE REST, MITOME_E_KEY_ORIGIN }, { PURPOSE, ORIGIN REST, MITOME_E_KEY_PURPOSE },
                { "", "", MITOME_E_KEY_ORIGIN },
                { "bf853e03 020102", PURPOSE ORIGIN, MITOME_E_KEY_ORIGIN }, /* imported, says the software */
        };
        for (size_t i = 0; i < COUNT(lists); i++) {
                struct android_plan plan = right();
                struct attestation_result result = { 0 };
                struct authdata data;
                uint8_t hash[32];
                mitome_error error = { 0 };
                plan.software = lists[i].software;
                plan.tee = lists[i].tee;
                build(&plan);
                rig_client_data_hash(&built, hash);
                const slice auth_data = slice_of(built.auth_data, built.auth_data_size);
                assert_int_equal(authdata_read(auth_data, &data, NULL).code, MITOME_OK);
                const struct attestation_input input = {
                        .statement = cbor_over(rig_der_view(&statement), NULL, &error),
                        .auth_data = auth_data,
                        .data = &data,
                        .client_data_hash = SLICE(hash),
                        .switches = MITOME_SWITCH_ANDROID_TEE,
                };
                mitome_status status = attestation_android_key.verify(&input, &result, &error);
                assert_int_equal(status.code, lists[i].code);
                if (lists[i].code != MITOME_OK)
                        assert_string_equal(error.clause, "WebAuthn L3 8.4");
        }
}

/* ---- one edit away ---- */

#define EDIT(name, edit)                            \
        static void name(struct android_plan *plan) \
        {                                           \
                edit;                               \
        }
EDIT(other_signer, plan->other_signer = true)
EDIT(other_hash, plan->other_hash = true)
EDIT(trailing_signature, plan->trailing_signature = true)
EDIT(other_leaf_key, plan->other_leaf_key = true)
EDIT(alg_of_another_key, plan->algorithm = COSE_RS256)
EDIT(alg_unknown, plan->algorithm = -65536)
EDIT(alg_none, plan->algorithm = -1)
EDIT(no_extension, plan->extensions = 0)
EDIT(two_extensions, plan->extensions = 2)
EDIT(empty_extension, plan->whole = "")
EDIT(extension_no_sequence, plan->whole = "0400")
EDIT(extension_trailing, plan->whole = "3000 00")
EDIT(extension_empty_sequence, plan->whole = "3000")
EDIT(other_challenge, plan->other_challenge = true)
EDIT(short_challenge, plan->short_challenge = true)
EDIT(trailing_member, plan->trailing_member = true)
EDIT(level_unknown, plan->level = 3)
EDIT(keymaster_level_unknown, plan->keymaster_level = 3)
EDIT(all_in_software, plan->software = "bf845802 0500")
EDIT(all_in_tee, plan->tee = PURPOSE "bf845802 0500" ORIGIN)
EDIT(all_alone, (plan->software = "bf845802 0500", plan->tee = ""))
EDIT(all_with_content, plan->tee = PURPOSE "bf845803 050100" ORIGIN)
EDIT(all_no_null, plan->tee = PURPOSE "bf845803 0101ff" ORIGIN)
EDIT(imported, plan->tee = PURPOSE "bf853e03 020102")
EDIT(derived, plan->tee = PURPOSE "bf853e03 020101")
EDIT(imported_in_tee, (plan->tee = PURPOSE "bf853e03 020102", plan->software = ORIGIN))
EDIT(imported_in_software, (plan->software = "bf853e03 020102", plan->tee = PURPOSE ORIGIN))
EDIT(origin_missing, plan->tee = PURPOSE REST)
EDIT(origin_twice, plan->tee = PURPOSE ORIGIN ORIGIN)
EDIT(origin_trailing, plan->tee = PURPOSE "bf853e06 020100 020100")
EDIT(origin_negative, plan->tee = PURPOSE "bf853e03 0201ff")
EDIT(origin_enumerated, plan->tee = PURPOSE "bf853e03 0a0100")
EDIT(origin_implicit, plan->tee = PURPOSE "9f853e01 00")
EDIT(purpose_missing, plan->tee = REST ORIGIN)
EDIT(purpose_empty, plan->tee = "a102 3100" ORIGIN)
EDIT(purpose_verify, plan->tee = "a105 3103 020103" ORIGIN)
EDIT(purpose_decrypt, plan->tee = "a105 3103 020101" ORIGIN)
EDIT(purpose_decrypt_too, plan->tee = "a108 3106 020101 020102" ORIGIN)
EDIT(purpose_decrypt_elsewhere, plan->software = "a105 3103 020101")
EDIT(purpose_attests_too, plan->tee = "a108 3106 020102 020107" ORIGIN)
EDIT(purpose_out_of_range, plan->tee = "a108 3106 020102 020120" ORIGIN)
EDIT(purpose_twice, plan->tee = PURPOSE PURPOSE ORIGIN)
EDIT(purpose_no_set, plan->tee = "a103 020102" ORIGIN)
EDIT(purpose_trailing, plan->tee = "a106 3103 020102 00" ORIGIN)
EDIT(list_no_explicit, plan->tee = PURPOSE ORIGIN "020100")
EDIT(only_software_facts, plan->tee = "")
EDIT(empty_chain, plan->empty_chain = true)
EDIT(trailing_leaf, plan->trailing_leaf = true)
EDIT(extra_member, plan->extra_member = true)
EDIT(no_alg, plan->no_alg = true)
EDIT(no_sig, plan->no_sig = true)
EDIT(no_x5c, plan->no_x5c = true)

#define L "WebAuthn L3 8.4"
#define D "WebAuthn L3 8.4.1"
#define KEY "attStmt.x5c[0] public key"
#define EXTENSION "attStmt.x5c[0] KeyDescription"
#define ALL "AuthorizationList.allApplications"
#define FROM "AuthorizationList.origin"
#define USE "AuthorizationList.purpose"

static const struct {
        const char *name;
        void (*edit)(struct android_plan *plan);
        mitome_code code;
        const char *field, *clause;
} refusals[] = {
        /* "Verify that sig is a valid signature ... with the algorithm specified in alg." */
        { "signer", other_signer, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", L },
        { "client data", other_hash, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", L },
        { "byte behind sig", trailing_signature, MITOME_E_SIGNATURE_FORM, "attStmt.sig", L },
        { "alg of another key", alg_of_another_key, MITOME_E_KEY_TYPE, KEY, L },
        { "alg unknown", alg_unknown, MITOME_E_ALGORITHM_UNSUPPORTED, KEY, L },
        { "alg is none", alg_none, MITOME_E_ALGORITHM_UNSUPPORTED, KEY, L },
        /* "Verify that the public key in the first certificate in x5c matches the credentialPublicKey" */
        { "key", other_leaf_key, MITOME_E_KEY_MISMATCH, KEY, L },
        /* 8.4.1: the extension */
        { "no extension", no_extension, MITOME_E_LEAF_EXTENSION_MISSING, EXTENSION, L },
        { "two extensions", two_extensions, MITOME_E_LEAF_EXTENSION_TWICE, EXTENSION, L },
        { "extension empty", empty_extension, MITOME_E_INPUT_ENDS, "KeyDescription", D },
        { "extension no SEQUENCE", extension_no_sequence, MITOME_E_DER, "KeyDescription", D },
        { "byte behind extension", extension_trailing, MITOME_E_TRAILING_BYTES, "KeyDescription", D },
        { "extension without members", extension_empty_sequence, MITOME_E_INPUT_ENDS, "attestationVersion",
                D },
        { "member too many", trailing_member, MITOME_E_TRAILING_BYTES, "KeyDescription", D },
        { "level", level_unknown, MITOME_E_VALUE, "attestationSecurityLevel", D },
        { "Keymaster's level", keymaster_level_unknown, MITOME_E_VALUE, "keymasterSecurityLevel", D },
        /* "Verify that the attestationChallenge field ... is identical to clientDataHash." */
        { "challenge", other_challenge, MITOME_E_KEY_CHALLENGE, "attestationChallenge", L },
        { "challenge short", short_challenge, MITOME_E_KEY_CHALLENGE, "attestationChallenge", L },
        /* "The AuthorizationList.allApplications field is not present on either authorization list" */
        { "allApplications, software", all_in_software, MITOME_E_KEY_ALL_APPLICATIONS, ALL, L },
        { "allApplications, hardware", all_in_tee, MITOME_E_KEY_ALL_APPLICATIONS, ALL, L },
        { "allApplications alone", all_alone, MITOME_E_KEY_ALL_APPLICATIONS, ALL, L },
        { "allApplications with content", all_with_content, MITOME_E_DER, ALL, D },
        { "allApplications no NULL", all_no_null, MITOME_E_DER, ALL, D },
        /* "The value in the AuthorizationList.origin field is equal to KM_ORIGIN_GENERATED." */
        { "imported", imported, MITOME_E_KEY_ORIGIN, FROM, L },
        { "derived", derived, MITOME_E_KEY_ORIGIN, FROM, L },
        { "imported, says the hardware", imported_in_tee, MITOME_E_KEY_ORIGIN, FROM, L },
        { "imported, says the software", imported_in_software, MITOME_E_KEY_ORIGIN, FROM, L },
        { "no origin", origin_missing, MITOME_E_KEY_ORIGIN, FROM, L },
        { "only other facts", only_software_facts, MITOME_E_KEY_ORIGIN, FROM, L },
        { "origin twice", origin_twice, MITOME_E_KEY_FIELD_TWICE, FROM, D },
        { "two origins", origin_trailing, MITOME_E_TRAILING_BYTES, FROM, D },
        { "origin negative", origin_negative, MITOME_E_DER, FROM, D },
        { "origin ENUMERATED", origin_enumerated, MITOME_E_DER, FROM, D },
        { "origin IMPLICIT", origin_implicit, MITOME_E_DER, "AuthorizationList", D },
        /* "The value in the AuthorizationList.purpose field is equal to KM_PURPOSE_SIGN." */
        { "no purpose", purpose_missing, MITOME_E_KEY_PURPOSE, USE, L },
        { "purpose empty", purpose_empty, MITOME_E_KEY_PURPOSE, USE, L },
        { "verifies", purpose_verify, MITOME_E_KEY_PURPOSE, USE, L },
        { "decrypts", purpose_decrypt, MITOME_E_KEY_PURPOSE, USE, L },
        { "signs and decrypts", purpose_decrypt_too, MITOME_E_KEY_PURPOSE, USE, L },
        { "decrypts, says the software", purpose_decrypt_elsewhere, MITOME_E_KEY_PURPOSE, USE, L },
        { "signs and attests", purpose_attests_too, MITOME_E_KEY_PURPOSE, USE, L },
        { "purpose 32", purpose_out_of_range, MITOME_E_VALUE, USE, D },
        { "purpose twice", purpose_twice, MITOME_E_KEY_FIELD_TWICE, USE, D },
        { "purpose no SET", purpose_no_set, MITOME_E_DER, USE, D },
        { "byte behind purpose", purpose_trailing, MITOME_E_TRAILING_BYTES, USE, D },
        { "member not EXPLICIT", list_no_explicit, MITOME_E_DER, "AuthorizationList", D },
        /* "Verify that attStmt is valid CBOR conforming to the syntax defined above" */
        { "x5c empty", empty_chain, MITOME_E_CHAIN_EMPTY, "attStmt.x5c", L },
        { "byte behind the leaf", trailing_leaf, MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]", L },
        { "extra member", extra_member, MITOME_E_VALUE, "attStmt", L },
        { "no alg", no_alg, MITOME_E_MISSING, "attStmt.alg", L },
        { "no sig", no_sig, MITOME_E_MISSING, "attStmt.sig", L },
        { "no x5c", no_x5c, MITOME_E_MISSING, "attStmt.x5c", L },
};

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(refusals); i++) {
                struct android_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                refusals[i].edit(&plan);
                mitome_status status = verify(&plan, &result, &error);
                if (status.code != refusals[i].code)
                        print_error("%s: %d %s\n", refusals[i].name, status.code, error.field);
                assert_int_equal(status.code, refusals[i].code);
                assert_int_equal(error.code, refusals[i].code);
                assert_string_equal(error.field, refusals[i].field);
                assert_string_equal(error.clause, refusals[i].clause);
        }
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        const struct android_plan plan = right();
        build(&plan);
        rig_check_truncations(&built, rig_der_view(&statement), &attestation_android_key);
}

/* ---- the description by itself ---- */

static void a_description_gives_its_facts(void **state)
{
        (void)state;
        struct android_plan plan = right();
        struct key_description key;
        uint8_t hash[32];
        plan.version = 300;
        plan.keymaster_level = 2;
        plan.tee = "a108 3106 020102 020103" ORIGIN;
        build(&plan);
        rig_client_data_hash(&built, hash);
        assert_int_equal(key_description_read(rig_der_view(&description), &key, NULL).code, MITOME_OK);
        assert_int_equal(key.attestation_version, 300);
        assert_int_equal(key.attestation_level, KEY_LEVEL_TEE);
        assert_int_equal(key.keymaster_version, 300);
        assert_int_equal(key.keymaster_level, KEY_LEVEL_STRONGBOX);
        assert_true(slice_equal(key.challenge, SLICE(hash)));
        assert_int_equal(key.unique_id.size, 0);
        assert_true(!key.software.empty && !key.software.has_origin && !key.software.all_applications);
        assert_int_equal(key.software.purposes, 0);
        assert_true(!key.hardware.empty && key.hardware.has_origin);
        assert_int_equal(key.hardware.origin, KEY_ORIGIN_GENERATED);
        assert_int_equal(key.hardware.purposes, 1U << KEY_PURPOSE_SIGN | 1U << KEY_PURPOSE_VERIFY);
}

static void a_description_is_refused_at_every_truncation(void **state)
{
        (void)state;
        const struct android_plan plan = right();
        build(&plan);
        for (size_t size = 0; size < description.size; size++) {
                struct key_description key;
                mitome_error error = { 0 };
                const slice cut = exact_copy(slice_of(description.bytes, size));
                assert_int_equal(key_description_read(cut, &key, &error).code, MITOME_E_INPUT_ENDS);
                assert_in_range(error.at, 0, size);
                exact_free(cut);
        }
}

/* Each byte changed: what is still read has its views within the input. */
static void a_changed_description_is_read_within_its_bytes(void **state)
{
        (void)state;
        const struct android_plan plan = right();
        size_t refused = 0;
        build(&plan);
        for (size_t i = 0; i < description.size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        struct key_description key;
                        description.bytes[i] ^= (uint8_t)(1U << bit);
                        const slice copy = exact_copy(rig_der_view(&description));
                        if (failed(key_description_read(copy, &key, NULL)))
                                refused++;
                        else
                                assert_true(slice_contains(copy, key.challenge));
                        exact_free(copy);
                        description.bytes[i] ^= (uint8_t)(1U << bit);
                }
        assert_in_range(refused, description.size, description.size * 8);
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
                cmocka_unit_test(takes_each_key_and_says_what_it_is),
                cmocka_unit_test(takes_each_version),
                cmocka_unit_test(takes_the_union_of_both_lists),
                cmocka_unit_test(a_switch_wants_it_from_the_tee),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(a_description_gives_its_facts),
                cmocka_unit_test(a_description_is_refused_at_every_truncation),
                cmocka_unit_test(a_changed_description_is_read_within_its_bytes),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
