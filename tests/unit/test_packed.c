/* SPDX-License-Identifier: Apache-2.0 */
/* The packed and none formats by themselves, WebAuthn L3 8.2, 8.2.1, 8.7. */
#include "attestation_format.h"
#include "ceremony_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct rig rig;
static struct rig_response built;

/* The parts of an attestation object, without checking what the format checks. */
static slice statement_of(struct rig_response *response, struct cbor_reader *ret)
{
        struct cbor_reader r =
                cbor_over(slice_of(response->object, response->object_size), "outer clause", NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice item;
        bool more;
        assert_int_equal(cbor_open_map(&r, "o", 4, &map).code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_int_equal(cbor_skip(&r, "fmt").code, MITOME_OK);
        assert_int_equal(cbor_next_key(&r, &map, &key, &more).code, MITOME_OK);
        assert_int_equal(cbor_read_item(&r, "attStmt", &item).code, MITOME_OK);
        *ret = cbor_within(&r, item);
        return item;
}

static mitome_status verify_statement(struct cbor_reader statement, const struct attestation_format *format,
        struct attestation_result *ret, mitome_error *error)
{
        struct authdata data;
        uint8_t hash[SHA256_SIZE];
        const slice auth_data = slice_of(built.auth_data, built.auth_data_size);
        const slice client_data = slice_of(built.client_data, built.client_data_size);
        sha256(&client_data, 1, hash);
        assert_int_equal(authdata_read(auth_data, &data, NULL).code, MITOME_OK);
        *error = (mitome_error){ 0 };
        statement.bytes.error = error;
        const struct attestation_input input = {
                .statement = statement,
                .auth_data = auth_data,
                .data = &data,
                .client_data_hash = SLICE(hash),
        };
        *ret = (struct attestation_result){ 0 };
        return format->verify(&input, ret, error);
}

static mitome_status verify_plan(const struct rig_plan *plan, const struct attestation_format *format,
        struct attestation_result *ret, mitome_error *error)
{
        struct cbor_reader statement;
        rig_build(&rig, plan, &built);
        statement_of(&built, &statement);
        return verify_statement(statement, format, ret, error);
}

/* 8.2: x5c, with each key an attestation certificate may hold; 6.5.2 signature forms. */
static void takes_a_chain(void **state)
{
        (void)state;
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256 };
        static const int64_t algorithms[] = { COSE_ES256, COSE_EDDSA, COSE_RS256 };
        for (size_t i = 0; i < 3; i++) {
                struct rig_plan plan = rig_registration_plan();
                struct attestation_result result;
                mitome_error error;
                plan.leaf.key = keys[i];
                assert_int_equal(verify_plan(&plan, &attestation_packed, &result, &error).code, MITOME_OK);
                assert_int_equal(result.parts[0].type, ATTESTATION_X5C);
                assert_int_equal(result.parts[0].algorithm, algorithms[i]);
                assert_int_equal(result.parts[0].chain.count, 1);
                assert_true(slice_equal(
                        result.parts[0].chain.certificates[0], slice_of(built.leaf, built.leaf_size)));
        }
}

static void takes_the_longest_chain(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct attestation_result result;
        mitome_error error;
        plan.chain_repeat = ATTESTATION_CHAIN_MAX;
        assert_int_equal(verify_plan(&plan, &attestation_packed, &result, &error).code, MITOME_OK);
        assert_int_equal(result.parts[0].chain.count, ATTESTATION_CHAIN_MAX);
        plan.chain_repeat = ATTESTATION_CHAIN_MAX + 1;
        assert_int_equal(verify_plan(&plan, &attestation_packed, &result, &error).code, MITOME_E_TOO_MANY);
        assert_string_equal(error.field, "attStmt.x5c");
}

static void takes_self_attestation(void **state)
{
        (void)state;
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256 };
        for (size_t i = 0; i < 3; i++) {
                struct rig_plan plan = rig_registration_plan();
                struct attestation_result result;
                mitome_error error;
                plan.attestation = RIG_SELF;
                plan.key = keys[i];
                assert_int_equal(verify_plan(&plan, &attestation_packed, &result, &error).code, MITOME_OK);
                assert_int_equal(result.parts[0].type, ATTESTATION_SELF);
                assert_int_equal(result.parts[0].chain.count, 0);
        }
}

/* "If attestnCert contains an extension": without one there is nothing to compare (8.2.1 asks for it only
 * where a root serves several models, which the relying party may not know). */
static void takes_a_leaf_without_aaguid(void **state)
{
        (void)state;
        struct rig_plan plan = rig_registration_plan();
        struct attestation_result result;
        mitome_error error;
        plan.leaf.aaguid_extension = RIG_ABSENT;
        assert_int_equal(verify_plan(&plan, &attestation_packed, &result, &error).code, MITOME_OK);
}

/* ---- one edit away ---- */

#define EDIT(name, statement)                   \
        static void name(struct rig_plan *plan) \
        {                                       \
                statement;                      \
        }
EDIT(spoil_signature, plan->spoil_signature = true)
EDIT(trailing_signature, plan->trailing_signature = true)
EDIT(foreign_key, plan->foreign_signer = true)
EDIT(other_hash, plan->sign_other_hash = true)
EDIT(empty_chain, plan->empty_chain = true)
EDIT(other_algorithm, plan->statement_algorithm = COSE_RS256)
EDIT(unsupported_algorithm, plan->statement_algorithm = -46)
EDIT(sha1_algorithm, (plan->leaf.key = RIG_RS256, plan->statement_algorithm = COSE_RS1))
EDIT(p384_leaf, (plan->leaf.key = RIG_ES384, plan->statement_algorithm = COSE_ES256))
EDIT(rsa_leaf, (plan->leaf.key = RIG_RS256, plan->statement_algorithm = COSE_EDDSA))
EDIT(version_1, plan->leaf.version = 1)
EDIT(version_2, plan->leaf.version = 2)
EDIT(no_country, plan->leaf.country = NULL)
EDIT(lower_country, plan->leaf.country = "jp")
EDIT(no_organization, plan->leaf.organization = NULL)
EDIT(no_unit, plan->leaf.unit = NULL)
EDIT(other_unit, plan->leaf.unit = "authenticator attestation")
EDIT(two_units, plan->leaf.second_unit = "Authenticator Attestation")
EDIT(no_name, plan->leaf.name = NULL)
EDIT(is_ca, plan->leaf.constraints = RIG_IS_CA)
EDIT(no_constraints, plan->leaf.constraints = RIG_NO_CONSTRAINTS)
EDIT(other_aaguid, plan->leaf.extension_aaguid[15] ^= 1)
EDIT(bare_aaguid, plan->leaf.aaguid_extension = RIG_NOT_WRAPPED)
EDIT(two_aaguids, plan->leaf.aaguid_extension = RIG_TWICE)
EDIT(critical_aaguid, plan->leaf.extension_critical = true)
EDIT(trailing_leaf, plan->leaf.trailing_byte = true)
EDIT(self_other_algorithm, (plan->attestation = RIG_SELF, plan->statement_algorithm = COSE_EDDSA))
EDIT(self_spoiled, (plan->attestation = RIG_SELF, plan->spoil_signature = true))
EDIT(self_by_another, (plan->attestation = RIG_SELF, plan->foreign_signer = true))

static const struct {
        const char *name;
        void (*edit)(struct rig_plan *plan);
        mitome_code code;
        const char *field;
        const char *clause;
} refusals[] = {
        { "signature", spoil_signature, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
        { "byte behind", trailing_signature, MITOME_E_SIGNATURE_FORM, "attStmt.sig", "WebAuthn L3 8.2" },
        { "signer", foreign_key, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
        { "client data", other_hash, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
        { "x5c empty", empty_chain, MITOME_E_CHAIN_EMPTY, "attStmt.x5c", "WebAuthn L3 8.2" },
        { "alg of another key", other_algorithm, MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key",
                "WebAuthn L3 8.2" },
        { "alg RS1", sha1_algorithm, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg", "WebAuthn L3 8.2" },
        { "alg unsupported", unsupported_algorithm, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg",
                "WebAuthn L3 8.2" },
        { "ES256 with P-384", p384_leaf, MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key", "WebAuthn L3 8.2" },
        { "EdDSA with RSA", rsa_leaf, MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key", "WebAuthn L3 8.2" },
        { "version 1", version_1, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]", "WebAuthn L3 8.2.1" },
        { "version 2", version_2, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]", "WebAuthn L3 8.2.1" },
        { "no C", no_country, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject C", "WebAuthn L3 8.2.1" },
        { "C jp", lower_country, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject C", "WebAuthn L3 8.2.1" },
        { "no O", no_organization, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject O", "WebAuthn L3 8.2.1" },
        { "no OU", no_unit, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject OU", "WebAuthn L3 8.2.1" },
        { "OU case", other_unit, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject OU", "WebAuthn L3 8.2.1" },
        { "OU twice", two_units, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject OU", "WebAuthn L3 8.2.1" },
        { "no CN", no_name, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject CN", "WebAuthn L3 8.2.1" },
        { "CA", is_ca, MITOME_E_LEAF_CONSTRAINTS, "attStmt.x5c[0] basicConstraints", "WebAuthn L3 8.2.1" },
        { "no basicConstraints", no_constraints, MITOME_E_LEAF_CONSTRAINTS, "attStmt.x5c[0] basicConstraints",
                "WebAuthn L3 8.2.1" },
        { "AAGUID", other_aaguid, MITOME_E_LEAF_AAGUID, "attStmt.x5c[0] id-fido-gen-ce-aaguid",
                "WebAuthn L3 8.2" },
        { "AAGUID in one OCTET STRING", bare_aaguid, MITOME_E_LEAF_AAGUID,
                "attStmt.x5c[0] id-fido-gen-ce-aaguid", "WebAuthn L3 8.2" },
        { "AAGUID twice", two_aaguids, MITOME_E_LEAF_EXTENSION_TWICE, "attStmt.x5c[0] id-fido-gen-ce-aaguid",
                "WebAuthn L3 8.2" },
        { "AAGUID critical", critical_aaguid, MITOME_E_LEAF_AAGUID_CRITICAL,
                "attStmt.x5c[0] id-fido-gen-ce-aaguid", "WebAuthn L3 8.2.1" },
        { "byte behind the leaf", trailing_leaf, MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]",
                "WebAuthn L3 8.2" },
        { "self: alg", self_other_algorithm, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", "WebAuthn L3 8.2" },
        { "self: signature", self_spoiled, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
        { "self: signer", self_by_another, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", "WebAuthn L3 8.2" },
};

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
                struct rig_plan plan = rig_registration_plan();
                struct attestation_result result;
                mitome_error error;
                refusals[i].edit(&plan);
                mitome_status status = verify_plan(&plan, &attestation_packed, &result, &error);
                if (status.code != refusals[i].code)
                        print_error("%s: %d\n", refusals[i].name, status.code);
                assert_int_equal(status.code, refusals[i].code);
                assert_int_equal(error.code, refusals[i].code);
                assert_string_equal(error.field, refusals[i].field);
                assert_string_equal(error.clause, refusals[i].clause);
                assert_int_equal(result.count, 0); /* left alone */
        }
}

#define CBOR(...)                                                                          \
        {                                                                                  \
                (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
        }

/* "Verify that attStmt is valid CBOR conforming to the syntax" */
static void refuses_what_is_no_statement(void **state)
{
        (void)state;
        const struct {
                slice statement;
                mitome_code code;
        } cases[] = {
                { CBOR(0xA0), MITOME_E_MISSING },
                { CBOR(0x80), MITOME_E_CBOR_TYPE },
                { CBOR(0xA1, 0x63, 'a', 'l', 'g', 0x26), MITOME_E_MISSING },
                { CBOR(0xA1, 0x63, 's', 'i', 'g', 0x41, 0), MITOME_E_MISSING },
                { CBOR(0xA2, 0x63, 'a', 'l', 'g', 0x26, 0x63, 'a', 'l', 'g', 0x26),
                        MITOME_E_CBOR_DUPLICATE_KEY },
                { CBOR(0xA2, 0x63, 's', 'i', 'g', 0x41, 0, 0x63, 'a', 'l', 'g', 0x26),
                        MITOME_E_CBOR_KEY_ORDER },
                { CBOR(0xA2, 0x63, 'a', 'l', 'g', 0x38, 0x06, 0x63, 's', 'i', 'g', 0x41, 0),
                        MITOME_E_CBOR_NOT_CANONICAL },
                { CBOR(0xA2, 0x63, 'a', 'l', 'g', 0x61, '7', 0x63, 's', 'i', 'g', 0x41, 0),
                        MITOME_E_CBOR_TYPE },
                { CBOR(0xA2, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x61, '0'), MITOME_E_CBOR_TYPE },
                { CBOR(0xA3, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x41, 0, 0x63, 'v', 'e', 'r', 1),
                        MITOME_E_VALUE },
                { CBOR(0xA3, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x41, 0, 0x63, 'x', '5', 'c',
                          0x41, 0),
                        MITOME_E_CBOR_TYPE },
                { CBOR(0xA3, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x41, 0, 0x63, 'x', '5', 'c',
                          0x81, 0x61, 'a'),
                        MITOME_E_CBOR_TYPE },
                { CBOR(0xA3, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x41, 0, 0x63, 'x', '5', 'c',
                          0x81, 0x41, 0x30),
                        MITOME_E_DER },
                { CBOR(0xA2, 0x63, 'a', 'l', 'g', 0x26, 0x63, 's', 'i', 'g', 0x40), MITOME_E_SIGNATURE_FORM },
                { CBOR(0xA0, 0x00), MITOME_E_TRAILING_BYTES },
        };
        const struct rig_plan plan = rig_registration_plan();
        rig_build(&rig, &plan, &built);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct attestation_result result;
                mitome_error error;
                mitome_status status = verify_statement(
                        cbor_over(cases[i].statement, NULL, NULL), &attestation_packed, &result, &error);
                if (status.code != cases[i].code)
                        print_error("statement %zu: %d\n", i, status.code);
                assert_int_equal(status.code, cases[i].code);
                assert_string_equal(error.clause, "WebAuthn L3 8.2");
        }
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct cbor_reader statement;
        rig_build(&rig, &plan, &built);
        const slice whole = statement_of(&built, &statement);
        for (size_t size = 0; size < whole.size; size++) {
                struct attestation_result result;
                mitome_error error;
                mitome_status status = verify_statement(cbor_over(slice_of(whole.data, size), NULL, NULL),
                        &attestation_packed, &result, &error);
                assert_int_equal(status.code, MITOME_E_INPUT_ENDS);
                assert_in_range(error.at, 0, size);
        }
}

/* A certificate that ends early, or any byte of it changed: the signature covers no certificate, so a change
 * may pass here (the path catches it); it must never crash. */
static void survives_every_changed_leaf(void **state)
{
        (void)state;
        const struct rig_plan plan = rig_registration_plan();
        struct cbor_reader statement;
        rig_build(&rig, &plan, &built);
        const slice whole = statement_of(&built, &statement);
        static uint8_t copy[4096];
        assert_in_range(whole.size, 1, sizeof copy);
        size_t leaf_at = whole.size - built.leaf_size, refused = 0;
        for (size_t i = leaf_at; i < whole.size; i++) {
                struct attestation_result result;
                mitome_error error;
                memcpy(copy, whole.data, whole.size);
                copy[i] ^= 0x01;
                refused += verify_statement(cbor_over(slice_of(copy, whole.size), NULL, NULL),
                                   &attestation_packed, &result, &error)
                                   .code != MITOME_OK;
        }
        assert_in_range(refused, built.leaf_size / 4, built.leaf_size);
}

/* 8.7: "attStmt: emptyMap" */
static void none_is_empty(void **state)
{
        (void)state;
        const struct {
                slice statement;
                mitome_code code;
        } cases[] = {
                { CBOR(0xA0), MITOME_OK },
                { CBOR(0xA1, 0x63, 'a', 'l', 'g', 0x26), MITOME_E_STATEMENT_NOT_EMPTY },
                { CBOR(0x80), MITOME_E_CBOR_TYPE },
                { CBOR(0xF6), MITOME_E_CBOR_TYPE },
                { CBOR(0xA0, 0xA0), MITOME_E_TRAILING_BYTES },
                { CBOR(0xBF, 0xFF), MITOME_E_CBOR_UNSUPPORTED },
        };
        const struct rig_plan plan = rig_registration_plan();
        rig_build(&rig, &plan, &built);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct attestation_result result;
                mitome_error error;
                assert_int_equal(verify_statement(cbor_over(cases[i].statement, NULL, NULL),
                                         &attestation_none, &result, &error)
                                         .code,
                        cases[i].code);
                assert_int_equal(result.count, cases[i].code == MITOME_OK ? 1 : 0);
                if (cases[i].code != MITOME_OK)
                        assert_string_equal(error.clause, "WebAuthn L3 8.7");
        }
}

/* 8.1: "MUST match ... in a case-sensitive fashion" */
static void finds_formats_by_exact_name(void **state)
{
        (void)state;
        static const struct {
                const char *name;
                const struct attestation_format *format;
                const char *field;
        } cases[] = {
                { "packed", &attestation_packed, NULL },
                { "none", &attestation_none, NULL },
                { "tpm", &attestation_tpm, NULL },
                { "fido-u2f", &attestation_fido_u2f, NULL },
                { "TPM", NULL, "fmt, a name that is not known" },
                { "compound", &attestation_compound, NULL },
                { "Packed", NULL, "fmt, a name that is not known" },
                { "packed2", NULL, "fmt, a name that is not known" },
                { "pack", NULL, "fmt, a name that is not known" },
                { "", NULL, "fmt, a name that is not known" },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                const struct attestation_format *format = NULL;
                const char *name = "unset";
                mitome_error error = { 0 };
                mitome_status status = attestation_format_find(
                        slice_text(cases[i].name), "WebAuthn L3 7.1 #21", &name, &format, &error);
                assert_ptr_equal(format, cases[i].format);
                assert_int_equal(status.code, cases[i].format ? MITOME_OK : MITOME_E_FORMAT_UNSUPPORTED);
                if (cases[i].field) {
                        assert_string_equal(error.field, cases[i].field);
                        assert_string_equal(error.clause, "WebAuthn L3 7.1 #21");
                }
        }
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
                cmocka_unit_test(takes_a_chain),
                cmocka_unit_test(takes_the_longest_chain),
                cmocka_unit_test(takes_self_attestation),
                cmocka_unit_test(takes_a_leaf_without_aaguid),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_what_is_no_statement),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(survives_every_changed_leaf),
                cmocka_unit_test(none_is_empty),
                cmocka_unit_test(finds_formats_by_exact_name),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
