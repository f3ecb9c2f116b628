/* SPDX-License-Identifier: Apache-2.0 */
/* fido-u2f, WebAuthn L3 8.6. */
#include "statement_rig.h"
#include "transcribe.h"

#include <openssl/core_names.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct rig rig;
static struct rig_response built;
static struct rig_der leaf, statement;

/* ---- what a token sends ---- */

struct u2f_plan {
        enum rig_key key; /* of the credential */
        const char *curve;
        bool rsa_leaf;
        struct rig_extension_plan extension;
        bool zero_aaguid;
        /* what is signed, and how */
        uint8_t reserved, form;
        bool other_rp_id, other_client_data, other_credential_id, other_public_key, other_signer;
        const char *digest;
        bool spoil_signature, trailing_signature;
        /* the statement */
        size_t chain;
        bool no_x5c, no_sig, with_alg, trailing_leaf, short_leaf, trailing_statement;
};

static struct u2f_plan right(void)
{
        return (struct u2f_plan){ .curve = "P-256", .form = 0x04, .digest = "SHA256", .chain = 1 };
}

static slice number_of(EVP_PKEY *key, const char *name, uint8_t buffer[32])
{
        BIGNUM *number = NULL;
        assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
        assert_int_equal(BN_bn2binpad(number, buffer, 32), 32);
        BN_free(number);
        return slice_of(buffer, 32);
}

/* "verificationData = (0x00 || rpIdHash || clientDataHash || credentialId || publicKeyU2F)" */
static slice write_data(const struct u2f_plan *plan, writer *w)
{
        struct authdata data;
        uint8_t hash[32], x[32] = { 0 }, y[32] = { 0 };
        assert_int_equal(
                authdata_read(slice_of(built.auth_data, built.auth_data_size), &data, NULL).code, MITOME_OK);
        rig_client_data_hash(&built, hash);
        write_u8(w, plan->reserved);
        write_slice(w, data.rp_id_hash);
        write_slice(w, SLICE(hash));
        write_slice(w, data.credential_id);
        write_u8(w, plan->form);
        if (plan->key == RIG_ES256) {
                write_slice(w, number_of(rig.credential[RIG_ES256], OSSL_PKEY_PARAM_EC_PUB_X, x));
                write_slice(w, number_of(rig.credential[RIG_ES256], OSSL_PKEY_PARAM_EC_PUB_Y, y));
        }
        w->data[1] ^= plan->other_rp_id;
        w->data[33] ^= plan->other_client_data;
        w->data[65] ^= plan->other_credential_id;
        w->data[w->used - 1] ^= plan->other_public_key;
        assert_false(w->overflowed);
        return writer_view(w);
}

static slice sign(const struct u2f_plan *plan, EVP_PKEY *key, uint8_t *signature, size_t capacity)
{
        uint8_t message[1024];
        writer w = WRITER(message);
        const slice data = write_data(plan, &w);
        size_t size = capacity - 1;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit_ex(context, NULL, plan->digest, NULL, NULL, key, NULL), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &size, data.data, data.size), 1);
        EVP_MD_CTX_free(context);
        signature[size - 1] ^= plan->spoil_signature;
        if (plan->trailing_signature)
                signature[size++] = 0;
        return slice_of(signature, size);
}

static void write_statement(const struct u2f_plan *plan, slice signature)
{
        writer w = WRITER(statement.bytes);
        cbor_write_map(&w, (size_t)(2 + plan->with_alg - plan->no_sig - plan->no_x5c));
        if (plan->with_alg) {
                cbor_write_string(&w, "alg");
                cbor_write_int(&w, COSE_ES256);
        }
        if (!plan->no_sig) {
                cbor_write_string(&w, "sig");
                cbor_write_bytes(&w, signature);
        }
        if (!plan->no_x5c) {
                cbor_write_string(&w, "x5c");
                cbor_write_array(&w, plan->chain);
        }
        for (size_t i = 0; !plan->no_x5c && i < plan->chain; i++)
                cbor_write_bytes(&w, i ? slice_of(rig.ca_der, rig.ca_der_size) : rig_der_view(&leaf));
        if (plan->trailing_statement)
                write_u8(&w, 0);
        assert_false(w.overflowed);
        statement.size = w.used;
}

static void build(const struct u2f_plan *plan)
{
        struct rig_plan ceremony = rig_registration_plan();
        uint8_t signature[1024];
        ceremony.attestation = RIG_SELF; /* makes the credential's key */
        ceremony.key = plan->key;
        if (plan->zero_aaguid)
                memset(ceremony.aaguid, 0, sizeof ceremony.aaguid);
        rig_build(&rig, &ceremony, &built);
        EVP_PKEY *key = plan->rsa_leaf ? EVP_RSA_gen(2048) : EVP_EC_gen(plan->curve);
        EVP_PKEY *other = EVP_EC_gen("P-256");
        rig_certify(&rig, key, &plan->extension, &leaf);
        leaf.bytes[leaf.size] = 0;
        leaf.size = leaf.size + plan->trailing_leaf - plan->short_leaf;
        write_statement(plan, sign(plan, plan->other_signer ? other : key, signature, sizeof signature));
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
}

static mitome_status verify(const struct u2f_plan *plan, struct attestation_result *ret, mitome_error *error)
{
        build(plan);
        return rig_verify(&built, rig_der_view(&statement), &attestation_fido_u2f, ret, error);
}

static mitome_code verify_code(const struct u2f_plan *plan)
{
        struct attestation_result result;
        mitome_error error;
        return verify(plan, &result, &error).code;
}

/* ---- what is right ---- */

/* The AAGUID is not looked at: U2F has none, "the authenticator data ... aaguid" of a platform that converts
 * is zeros, and the Recommendation's test vector has another. */
static void takes_what_a_token_sends(void **state)
{
        (void)state;
        struct u2f_plan plan = right();
        struct attestation_result result;
        mitome_error error;
        for (int zero = 0; zero < 2; zero++) {
                plan.zero_aaguid = zero;
                assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
                assert_int_equal(result.count, 1);
                assert_string_equal(result.parts[0].format, "fido-u2f");
                assert_int_equal(result.parts[0].type, ATTESTATION_X5C);
                assert_int_equal(result.parts[0].algorithm, COSE_ES256);
                assert_int_equal(result.parts[0].chain.count, 1);
                assert_int_equal(result.parts[0].chain.certificates[0].size, leaf.size);
        }
}

/* 8.6 asks of the certificate that its key is on P-256, and nothing else: neither the keyUsage with wrong
 * "unused bits" of early tokens nor basicConstraints matter here. */
static void asks_no_more_of_the_certificate(void **state)
{
        (void)state;
        static const uint8_t odd_usage[] = { 0x03, 0x02, 0x07, 0xFF }, is_ca[] = { 0x30, 0x03, 1, 1, 0xFF };
        const struct rig_extension_plan extensions[] = {
                { "2.5.29.15", SLICE(odd_usage), 1 },
                { "2.5.29.19", SLICE(is_ca), 1 },
                { "1.3.6.1.4.1.45724.2.1.1", SLICE(odd_usage), 2 },
        };
        for (size_t i = 0; i < COUNT(extensions); i++) {
                struct u2f_plan plan = right();
                plan.extension = extensions[i];
                assert_int_equal(verify_code(&plan), MITOME_OK);
        }
}

/* FIDO's server tests: "authData.AAGUID ... is set to 0x00". */
static void refuses_an_aaguid_when_told_to(void **state)
{
        (void)state;
        for (int zero = 0; zero < 2; zero++) {
                struct u2f_plan plan = right();
                struct attestation_result result = { 0 };
                struct authdata data;
                uint8_t hash[32];
                mitome_error error = { 0 };
                plan.zero_aaguid = zero;
                build(&plan);
                rig_client_data_hash(&built, hash);
                const slice auth_data = slice_of(built.auth_data, built.auth_data_size);
                assert_int_equal(authdata_read(auth_data, &data, NULL).code, MITOME_OK);
                const struct attestation_input input = {
                        .statement = cbor_over(rig_der_view(&statement), NULL, &error),
                        .auth_data = auth_data,
                        .data = &data,
                        .client_data_hash = SLICE(hash),
                        .switches = MITOME_SWITCH_U2F_ZERO_AAGUID,
                };
                mitome_status status = attestation_fido_u2f.verify(&input, &result, &error);
                assert_int_equal(status.code, zero ? MITOME_OK : MITOME_E_U2F_AAGUID);
                if (!zero)
                        assert_string_equal(error.field, "aaguid");
        }
}

/* ---- one edit away ---- */

#define EDIT(name, statement)                   \
        static void name(struct u2f_plan *plan) \
        {                                       \
                statement;                      \
        }
EDIT(no_sig, plan->no_sig = true)
EDIT(no_x5c, plan->no_x5c = true)
EDIT(with_alg, plan->with_alg = true)
EDIT(empty_chain, plan->chain = 0)
EDIT(two_certificates, plan->chain = 2)
EDIT(trailing_statement, plan->trailing_statement = true)
EDIT(trailing_leaf, plan->trailing_leaf = true)
EDIT(short_leaf, plan->short_leaf = true)
EDIT(p384_leaf, plan->curve = "P-384")
EDIT(secp256k1_leaf, plan->curve = "secp256k1")
EDIT(rsa_leaf, plan->rsa_leaf = true)
EDIT(p384_credential, plan->key = RIG_ES384)
EDIT(ed25519_credential, plan->key = RIG_EDDSA)
EDIT(rsa_credential, plan->key = RIG_RS256)
EDIT(reserved, plan->reserved = 1)
EDIT(other_rp_id, plan->other_rp_id = true)
EDIT(other_client_data, plan->other_client_data = true)
EDIT(other_credential_id, plan->other_credential_id = true)
EDIT(other_public_key, plan->other_public_key = true)
EDIT(other_form, plan->form = 0x06)
EDIT(other_signer, plan->other_signer = true)
EDIT(other_digest, plan->digest = "SHA384")
EDIT(spoil_signature, plan->spoil_signature = true)
EDIT(trailing_signature, plan->trailing_signature = true)

#define KEY "attStmt.x5c[0] public key"

static const struct {
        const char *name;
        void (*edit)(struct u2f_plan *plan);
        mitome_code code;
        const char *field;
} refusals[] = {
        /* "Verify that attStmt is valid CBOR conforming to the syntax": x5c and sig, and nothing else */
        { "no sig", no_sig, MITOME_E_MISSING, "attStmt.sig" },
        { "no x5c", no_x5c, MITOME_E_MISSING, "attStmt.x5c" },
        { "alg", with_alg, MITOME_E_VALUE, "attStmt" },
        { "byte behind attStmt", trailing_statement, MITOME_E_TRAILING_BYTES, "attStmt" },
        /* "Check that x5c has exactly one element" */
        { "x5c empty", empty_chain, MITOME_E_CHAIN_EMPTY, "attStmt.x5c" },
        { "two certificates", two_certificates, MITOME_E_CHAIN_NOT_ONE, "attStmt.x5c" },
        { "byte behind the leaf", trailing_leaf, MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]" },
        { "leaf ends early", short_leaf, MITOME_E_DER, "attStmt.x5c[0]" },
        /* "If certificate public key is not an Elliptic Curve (EC) public key over the P-256 curve" */
        { "leaf P-384", p384_leaf, MITOME_E_KEY_TYPE, KEY },
        { "leaf secp256k1", secp256k1_leaf, MITOME_E_KEY_TYPE, KEY },
        { "leaf RSA", rsa_leaf, MITOME_E_KEY_TYPE, KEY },
        /* "confirm its size to be of 32 bytes. If size differs or "-2" key is not found" */
        { "credential P-384", p384_credential, MITOME_E_KEY_TYPE, "credentialPublicKey" },
        { "credential Ed25519", ed25519_credential, MITOME_E_KEY_TYPE, "credentialPublicKey" },
        { "credential RSA", rsa_credential, MITOME_E_KEY_TYPE, "credentialPublicKey" },
        /* "Verify the sig using verificationData and the certificate public key" */
        { "first byte", reserved, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "RP ID", other_rp_id, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "client data", other_client_data, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "credential ID", other_credential_id, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "credential key", other_public_key, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "form of the key", other_form, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "signer", other_signer, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "digest", other_digest, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "signature", spoil_signature, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        { "byte behind the signature", trailing_signature, MITOME_E_SIGNATURE_FORM, "attStmt.sig" },
};

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(refusals); i++) {
                struct u2f_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                refusals[i].edit(&plan);
                mitome_status status = verify(&plan, &result, &error);
                if (status.code != refusals[i].code)
                        print_error("%s: %d\n", refusals[i].name, status.code);
                assert_int_equal(status.code, refusals[i].code);
                assert_int_equal(error.code, refusals[i].code);
                assert_string_equal(error.field, refusals[i].field);
                assert_string_equal(error.clause, "WebAuthn L3 8.6");
        }
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        const struct u2f_plan plan = right();
        build(&plan);
        rig_check_truncations(&built, rig_der_view(&statement), &attestation_fido_u2f);
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
                cmocka_unit_test(takes_what_a_token_sends),
                cmocka_unit_test(asks_no_more_of_the_certificate),
                cmocka_unit_test(refuses_an_aaguid_when_told_to),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_every_truncation),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
