/* SPDX-License-Identifier: Apache-2.0 */
/* apple, WebAuthn L3 8.8. */
#include "statement_rig.h"
#include "transcribe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct rig rig;
static struct rig_response built;
static struct rig_der leaf, statement;

/* ---- what a phone sends ---- */

struct apple_plan {
        enum rig_key key;
        int64_t algorithm; /* 0: no alg, as the Recommendation has it */
        bool other_key, other_nonce, other_hash;
        const char *before_nonce; /* of the extension, hexadecimal */
        size_t nonce_size;
        const char *after_nonce;
        int extensions;
        bool no_x5c, empty_chain, extra_member, trailing_leaf;
};

static struct apple_plan right(void)
{
        return (struct apple_plan){
                .before_nonce = "3024 a122 0420",
                .nonce_size = 32,
                .after_nonce = "",
                .extensions = 1,
        };
}

/* "SHA-256 hash of nonceToHash", authenticatorData and clientDataHash. */
static void hash_nonce(const struct apple_plan *plan, uint8_t nonce[32])
{
        uint8_t hash[32];
        rig_client_data_hash(&built, hash);
        hash[31] ^= plan->other_hash;
        const slice parts[] = { slice_of(built.auth_data, built.auth_data_size), SLICE(hash) };
        sha256(parts, 2, nonce);
        nonce[0] ^= plan->other_nonce;
}

static void certify(const struct apple_plan *plan)
{
        uint8_t value[128], nonce[32], hex[64];
        writer w = WRITER(value);
        hash_nonce(plan, nonce);
        write_slice(&w, hex_decode(plan->before_nonce, hex, sizeof hex));
        write_slice(&w, slice_of(nonce, plan->nonce_size));
        write_slice(&w, hex_decode(plan->after_nonce, hex, sizeof hex));
        const struct rig_extension_plan extension = {
                .oid = plan->extensions ? "1.2.840.113635.100.8.2" : NULL,
                .value = writer_view(&w),
                .times = plan->extensions,
        };
        EVP_PKEY *other = EVP_EC_gen("P-256");
        rig_certify(&rig, plan->other_key ? other : rig.credential[plan->key], &extension, &leaf);
        EVP_PKEY_free(other);
        if (plan->trailing_leaf)
                leaf.bytes[leaf.size++] = 0;
}

static void build(const struct apple_plan *plan)
{
        struct rig_plan ceremony = rig_registration_plan();
        ceremony.attestation = RIG_SELF; /* makes the credential's key */
        ceremony.key = plan->key;
        rig_build(&rig, &ceremony, &built);
        certify(plan);
        writer w = WRITER(statement.bytes);
        cbor_write_map(&w, (size_t)(1 + (plan->algorithm != 0) + plan->extra_member - plan->no_x5c));
        if (plan->algorithm) {
                cbor_write_string(&w, "alg");
                cbor_write_int(&w, plan->algorithm);
        }
        if (plan->extra_member) {
                cbor_write_string(&w, "sig");
                cbor_write_bytes(&w, (slice){ 0 });
        }
        if (!plan->no_x5c) {
                cbor_write_string(&w, "x5c");
                cbor_write_array(&w, plan->empty_chain ? 0 : 2);
        }
        if (!plan->no_x5c && !plan->empty_chain) {
                cbor_write_bytes(&w, rig_der_view(&leaf));
                cbor_write_bytes(&w, slice_of(rig.ca_der, rig.ca_der_size));
        }
        assert_false(w.overflowed);
        statement.size = w.used;
}

static mitome_status verify(
        const struct apple_plan *plan, struct attestation_result *ret, mitome_error *error)
{
        build(plan);
        return rig_verify(&built, rig_der_view(&statement), &attestation_apple, ret, error);
}

/* ---- accepted ---- */

static void takes_what_a_phone_sends(void **state)
{
        (void)state;
        static const enum rig_key keys[] = { RIG_ES256, RIG_EDDSA, RIG_RS256 };
        for (size_t i = 0; i < COUNT(keys); i++) {
                struct apple_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                plan.key = keys[i];
                assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
                assert_int_equal(result.count, 1);
                assert_string_equal(result.parts[0].format, "apple");
                assert_int_equal(result.parts[0].type, ATTESTATION_X5C);
                assert_int_equal(result.parts[0].algorithm, 0); /* the statement has no signature */
                assert_int_equal(result.parts[0].chain.count, 2);
        }
}

/* The drafts' alg, which is in statements of 2020. */
static void takes_an_alg_that_is_true(void **state)
{
        (void)state;
        struct apple_plan plan = right();
        struct attestation_result result;
        mitome_error error;
        plan.algorithm = COSE_ES256;
        assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
        assert_int_equal(result.parts[0].algorithm, 0);
}

/* ---- one edit away ---- */

#define EDIT(name, edit)                          \
        static void name(struct apple_plan *plan) \
        {                                         \
                edit;                             \
        }
EDIT(other_nonce, plan->other_nonce = true)
EDIT(other_hash, plan->other_hash = true)
EDIT(short_nonce, (plan->before_nonce = "3023 a121 041f", plan->nonce_size = 31))
EDIT(long_nonce, (plan->before_nonce = "3025 a123 0421", plan->after_nonce = "00"))
EDIT(no_extension, plan->extensions = 0)
EDIT(two_extensions, plan->extensions = 2)
EDIT(bare_nonce, plan->before_nonce = "")
EDIT(nonce_in_octets, plan->before_nonce = "0420")
EDIT(nonce_not_explicit, plan->before_nonce = "3022 0420")
EDIT(nonce_implicit, plan->before_nonce = "3022 8120")
EDIT(nonce_of_tag_0, plan->before_nonce = "3024 a022 0420")
EDIT(nonce_of_tag_2, plan->before_nonce = "3024 a222 0420")
EDIT(nonce_as_bits, plan->before_nonce = "3024 a122 0320")
EDIT(nonce_in_set, plan->before_nonce = "3124 a122 0420")
EDIT(behind_explicit, (plan->before_nonce = "3026 a124 0420", plan->after_nonce = "0500"))
EDIT(behind_member, (plan->before_nonce = "3026 a122 0420", plan->after_nonce = "0500"))
EDIT(behind_sequence, plan->after_nonce = "00")
EDIT(ends_early, plan->nonce_size = 31)
EDIT(other_key, plan->other_key = true)
EDIT(other_kind_of_key, (plan->other_key = true, plan->key = RIG_EDDSA))
EDIT(other_alg, plan->algorithm = COSE_RS256)
EDIT(alg_of_same_curve, plan->algorithm = COSE_ESP256)
EDIT(no_x5c, plan->no_x5c = true)
EDIT(alg_alone, (plan->no_x5c = true, plan->algorithm = COSE_ES256))
EDIT(empty_chain, plan->empty_chain = true)
EDIT(extra_member, plan->extra_member = true)
EDIT(trailing_leaf, plan->trailing_leaf = true)

#define NONCE "attStmt.x5c[0] nonce"

static const struct {
        const char *name;
        void (*edit)(struct apple_plan *plan);
        mitome_code code;
        const char *field;
} refusals[] = {
        /* "Verify that nonce equals the value of the extension with OID 1.2.840.113635.100.8.2 in credCert."
         */
        { "nonce", other_nonce, MITOME_E_NONCE_MISMATCH, NONCE },
        { "client data", other_hash, MITOME_E_NONCE_MISMATCH, NONCE },
        { "nonce of 31 bytes", short_nonce, MITOME_E_NONCE_MISMATCH, NONCE },
        { "nonce of 33 bytes", long_nonce, MITOME_E_NONCE_MISMATCH, NONCE },
        { "no extension", no_extension, MITOME_E_LEAF_EXTENSION_MISSING, NONCE },
        { "two extensions", two_extensions, MITOME_E_LEAF_EXTENSION_TWICE, NONCE },
        { "bare nonce", bare_nonce, MITOME_E_DER, NONCE },
        { "nonce in OCTET STRING", nonce_in_octets, MITOME_E_DER, NONCE },
        { "nonce without [1]", nonce_not_explicit, MITOME_E_DER, NONCE },
        { "nonce [1] IMPLICIT", nonce_implicit, MITOME_E_DER, NONCE },
        { "nonce [0]", nonce_of_tag_0, MITOME_E_DER, NONCE },
        { "nonce [2]", nonce_of_tag_2, MITOME_E_DER, NONCE },
        { "nonce BIT STRING", nonce_as_bits, MITOME_E_DER, NONCE },
        { "nonce in SET", nonce_in_set, MITOME_E_DER, NONCE },
        { "behind the nonce", behind_explicit, MITOME_E_DER, NONCE },
        { "behind [1]", behind_member, MITOME_E_DER, NONCE },
        { "behind SEQUENCE", behind_sequence, MITOME_E_DER, NONCE },
        { "ends early", ends_early, MITOME_E_DER, NONCE },
        /* "Verify that the credential public key equals the Subject Public Key of credCert." */
        { "key", other_key, MITOME_E_KEY_MISMATCH, "attStmt.x5c[0] public key" },
        { "key of another kind", other_kind_of_key, MITOME_E_KEY_MISMATCH, "attStmt.x5c[0] public key" },
        /* "Verify that attStmt is valid CBOR conforming to the syntax" */
        { "alg", other_alg, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg" },
        { "alg of the same curve", alg_of_same_curve, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg" },
        { "no x5c", no_x5c, MITOME_E_MISSING, "attStmt.x5c" },
        { "alg alone", alg_alone, MITOME_E_MISSING, "attStmt.x5c" },
        { "x5c empty", empty_chain, MITOME_E_CHAIN_EMPTY, "attStmt.x5c" },
        { "extra member", extra_member, MITOME_E_VALUE, "attStmt" },
        { "byte behind the leaf", trailing_leaf, MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]" },
};

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(refusals); i++) {
                struct apple_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                refusals[i].edit(&plan);
                mitome_status status = verify(&plan, &result, &error);
                if (status.code != refusals[i].code)
                        print_error("%s: %d\n", refusals[i].name, status.code);
                assert_int_equal(status.code, refusals[i].code);
                assert_int_equal(error.code, refusals[i].code);
                assert_string_equal(error.field, refusals[i].field);
                assert_string_equal(error.clause, "WebAuthn L3 8.8");
        }
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        const struct apple_plan plan = right();
        build(&plan);
        rig_check_truncations(&built, rig_der_view(&statement), &attestation_apple);
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
                cmocka_unit_test(takes_what_a_phone_sends),
                cmocka_unit_test(takes_an_alg_that_is_true),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_every_truncation),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
