/* SPDX-License-Identifier: Apache-2.0 */
/* mitome-jpki, by attestation/format/MITOME-JPKI.md: the statement by itself, and through a registration with
 * an authority behind it. */
#include "authority.h"
#include "random_system.h"
#include "statement_rig.h"

#include <openssl/core_names.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct authority_person taro = {
        .name = "見本 太郎",
        .address = "東京都見本区見本町一丁目1番1号",
        .prefecture = "Tokyo-to",
        .city = "Mihon-ku",
        .gender = "1",
        .birth_year = 1985,
        .birth_month = 7,
        .birth_day = 7,
};

static struct rig rig;
static struct rig_response built;
static struct mitome_random source;
static struct authority *authority;
static EVP_PKEY *person_key, *other_key; /* RSA-2048, P-256 */
static struct authority_certificate person;
static slice device, self_device, spoiled_device; /* packed statements over the same */
static uint8_t device_bytes[4096], self_bytes[512], spoiled_bytes[4096];
static struct rig_der signature, other_leaf;
static uint8_t statement_bytes[8192];

/* ---- a statement ---- */

struct jpki_plan {
        int64_t algorithm;
        bool other_hash, other_signer, spoil_signature, short_signature;
        bool other_leaf; /* the certificate of a P-256 key */
        bool trailing_leaf, empty_chain;
        const slice *device; /* NULL: none */
        bool device_no_map, extra_member, no_alg, no_sig, no_x5c;
};

static struct jpki_plan right(void)
{
        return (struct jpki_plan){ .algorithm = COSE_RS256, .device = &device };
}

static void write_chain(writer *w, const struct jpki_plan *plan)
{
        uint8_t trailing[AUTHORITY_DER_MAX + 1] = { 0 };
        slice leaf =
                plan->other_leaf ? rig_der_view(&other_leaf) : slice_of(person.der.bytes, person.der.size);
        if (plan->trailing_leaf) {
                memcpy(trailing, leaf.data, leaf.size);
                leaf = slice_of(trailing, leaf.size + 1);
        }
        cbor_write_string(w, "x5c");
        cbor_write_array(w, plan->empty_chain ? 0 : 2);
        if (plan->empty_chain)
                return;
        cbor_write_bytes(w, leaf);
        cbor_write_bytes(w, authority_ca(authority, AUTHORITY_USER_VERIFICATION));
}

static slice compose(const struct jpki_plan *plan)
{
        writer w = WRITER(statement_bytes);
        rig_signature(plan->other_signer ? other_key : person_key, &built, plan->other_hash, &signature);
        signature.bytes[100] ^= plan->spoil_signature;
        signature.size -= plan->short_signature;
        size_t members =
                3 + (plan->device != NULL) + plan->extra_member - plan->no_alg - plan->no_sig - plan->no_x5c;
        cbor_write_map(&w, members);
        if (!plan->no_alg) {
                cbor_write_string(&w, "alg");
                cbor_write_int(&w, plan->algorithm);
        }
        if (!plan->no_sig) {
                cbor_write_string(&w, "sig");
                cbor_write_bytes(&w, rig_der_view(&signature));
        }
        if (plan->extra_member) {
                cbor_write_string(&w, "ver");
                cbor_write_int(&w, 1);
        }
        if (!plan->no_x5c)
                write_chain(&w, plan);
        if (plan->device) {
                cbor_write_string(&w, "device");
                if (plan->device_no_map)
                        cbor_write_bytes(&w, *plan->device);
                else
                        write_slice(&w, *plan->device);
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

static mitome_status verify(const struct jpki_plan *plan, struct attestation_result *ret, mitome_error *error)
{
        return rig_verify(&built, compose(plan), &attestation_mitome_jpki, ret, error);
}

/* ---- by itself ---- */

static void gives_the_person_and_the_device(void **state)
{
        (void)state;
        const struct jpki_plan plan = right();
        struct attestation_result result;
        mitome_error error;
        assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
        assert_int_equal(result.count, 2);
        assert_string_equal(result.parts[0].format, "mitome-jpki");
        assert_int_equal(result.parts[0].type, ATTESTATION_JPKI);
        assert_int_equal(result.parts[0].algorithm, COSE_RS256);
        assert_int_equal(result.parts[0].chain.count, 2);
        assert_string_equal(result.parts[1].format, "packed");
        assert_int_equal(result.parts[1].type, ATTESTATION_X5C);
        assert_int_equal(result.parts[1].algorithm, COSE_ES256);
        assert_int_equal(result.parts[1].chain.count, 1);
}

#define EDIT(name, edit)                         \
        static void name(struct jpki_plan *plan) \
        {                                        \
                edit;                            \
        }
static const uint8_t empty_map[] = { 0xA0 }, empty_array[] = { 0x80 };
static const slice no_members = { empty_map, sizeof empty_map };
static const slice no_map = { empty_array, sizeof empty_array };
EDIT(alg_es256, plan->algorithm = COSE_ES256)
EDIT(alg_rs1, plan->algorithm = COSE_RS1)
EDIT(alg_rs512, plan->algorithm = COSE_RS512)
EDIT(alg_ps256, plan->algorithm = COSE_PS256)
EDIT(other_hash, plan->other_hash = true)
EDIT(other_signer, plan->other_signer = true)
EDIT(spoiled, plan->spoil_signature = true)
EDIT(short_signature, plan->short_signature = true)
EDIT(other_leaf_of_its_signer, (plan->other_leaf = true, plan->other_signer = true))
EDIT(trailing_leaf, plan->trailing_leaf = true)
EDIT(empty_chain, plan->empty_chain = true)
EDIT(no_device, plan->device = NULL)
EDIT(device_self, plan->device = &self_device)
EDIT(device_spoiled, plan->device = &spoiled_device)
EDIT(device_bytes_only, plan->device_no_map = true)
EDIT(device_empty, plan->device = &no_members)
EDIT(device_array, plan->device = &no_map)
EDIT(extra_member, plan->extra_member = true)
EDIT(no_alg, plan->no_alg = true)
EDIT(no_sig, plan->no_sig = true)
EDIT(no_x5c, plan->no_x5c = true)

#define J "mitome-jpki 3"
#define P "WebAuthn L3 8.2"

static const struct {
        const char *name;
        void (*edit)(struct jpki_plan *plan);
        mitome_code code;
        const char *field, *clause;
} refusals[] = {
        /* "1. Verify that attStmt is valid CBOR conforming to the syntax" */
        { "no alg", no_alg, MITOME_E_MISSING, "attStmt.alg", J },
        { "no sig", no_sig, MITOME_E_MISSING, "attStmt.sig", J },
        { "no x5c", no_x5c, MITOME_E_MISSING, "attStmt.x5c", J },
        { "no device", no_device, MITOME_E_MISSING, "attStmt.device", J },
        { "extra member", extra_member, MITOME_E_VALUE, "attStmt", J },
        { "x5c empty", empty_chain, MITOME_E_CHAIN_EMPTY, "attStmt.x5c", J },
        { "byte behind the certificate", trailing_leaf, MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]", J },
        /* "2. Verify that alg is -257." */
        { "ES256", alg_es256, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", J },
        { "RS1", alg_rs1, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", J },
        { "RS512", alg_rs512, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", J },
        { "PS256", alg_ps256, MITOME_E_STATEMENT_ALGORITHM, "attStmt.alg", J },
        /* "3. Verify that the public key in certificate is an RSA key" */
        { "P-256", other_leaf_of_its_signer, MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key", J },
        /* "4. Verify that sig is a valid signature" */
        { "client data", other_hash, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", J },
        { "signature", spoiled, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", J },
        { "signature short", short_signature, MITOME_E_SIGNATURE_FORM, "attStmt.sig", J },
        { "signer", other_signer, MITOME_E_SIGNATURE_FORM, "attStmt.sig", J },
        /* "5. Evaluate the verification procedure of the packed format with device" */
        { "device spoiled", device_spoiled, MITOME_E_SIGNATURE_INVALID, "attStmt.sig", P },
        { "device no map", device_bytes_only, MITOME_E_CBOR_TYPE, "attStmt", P },
        { "device an array", device_array, MITOME_E_CBOR_TYPE, "attStmt", P },
        { "device empty", device_empty, MITOME_E_MISSING, "attStmt.alg", P },
        /* "self attestation says nothing of a device" */
        { "device self", device_self, MITOME_E_DEVICE_SELF, "attStmt.device", J },
};

static void refuses_each_edit(void **state)
{
        (void)state;
        for (size_t i = 0; i < COUNT(refusals); i++) {
                struct jpki_plan plan = right();
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

/* "3. ... with a modulus of 2048 bits." A longer one signs as well, and is no user-verification key. */
static void refuses_a_longer_key(void **state)
{
        (void)state;
        struct rig_der certificate;
        struct attestation_result result;
        mitome_error error;
        const struct rig_extension_plan none = { 0 };
        EVP_PKEY *key = EVP_RSA_gen(2304);
        rig_certify(&rig, key, &none, &certificate);
        rig_signature(key, &built, false, &signature);
        EVP_PKEY_free(key);
        writer w = WRITER(statement_bytes);
        cbor_write_map(&w, 4);
        cbor_write_string(&w, "alg");
        cbor_write_int(&w, COSE_RS256);
        cbor_write_string(&w, "sig");
        cbor_write_bytes(&w, rig_der_view(&signature));
        cbor_write_string(&w, "x5c");
        cbor_write_array(&w, 1);
        cbor_write_bytes(&w, rig_der_view(&certificate));
        cbor_write_string(&w, "device");
        write_slice(&w, device);
        assert_int_equal(rig_verify(&built, writer_view(&w), &attestation_mitome_jpki, &result, &error).code,
                MITOME_E_KEY_TYPE);
        assert_string_equal(error.field, "attStmt.x5c[0] public key");
}

static void refuses_every_truncation(void **state)
{
        (void)state;
        const struct jpki_plan plan = right();
        rig_check_truncations(&built, compose(&plan), &attestation_mitome_jpki);
}

/* ---- through a registration ---- */

static mitome_status registers(const char *format, slice statement, const struct mitome_trust *trust,
        bool require_trust, struct mitome_verdict *ret, mitome_error *error)
{
        static uint8_t buffer[MITOME_RP_BUFFER_MAX];
        static struct rig_response response;
        struct rig_plan plan = rig_registration_plan();
        const struct mitome_policy policy = { .require_trust = require_trust };
        const struct mitome_expectation expected = rig_expectation(&rig);
        plan.format = format;
        plan.statement = statement;
        rig_build(&rig, &plan, &response);
        *error = (mitome_error){ 0 };
        return mitome_verify_registration(NULL, &policy, &expected, rig_json(&response), trust, RIG_NOW,
                buffer, sizeof buffer, ret, error);
}

static void believe(struct mitome_trust *trust, bool maker, bool jpki)
{
        if (maker)
                assert_int_equal(
                        mitome_trust_add_anchor(trust, slice_of(rig.ca_der, rig.ca_der_size), NULL).code,
                        MITOME_OK);
        if (jpki)
                assert_int_equal(mitome_trust_add_jpki_anchor(
                                         trust, authority_ca(authority, AUTHORITY_USER_VERIFICATION), NULL)
                                         .code,
                        MITOME_OK);
}

static void add_crl(struct mitome_trust *trust, enum authority_kind kind, int64_t at)
{
        struct authority_der crl;
        assert_int_equal(authority_crl(authority, kind, at, &crl, NULL).code, MITOME_OK);
        assert_int_equal(mitome_trust_add_crl(trust, slice_of(crl.bytes, crl.size), NULL).code, MITOME_OK);
}

static struct mitome_trust *new_trust(bool maker, bool jpki)
{
        struct mitome_trust *trust;
        assert_int_equal(mitome_trust_new(&trust, NULL).code, MITOME_OK);
        believe(trust, maker, jpki);
        return trust;
}

static void a_registration_tells_whose_certificate_it_is(void **state)
{
        (void)state;
        const struct jpki_plan plan = right();
        struct mitome_trust *trust = new_trust(true, true);
        struct mitome_verdict verdict;
        mitome_error error;
        add_crl(trust, AUTHORITY_USER_VERIFICATION, RIG_NOW - 60);
        assert_int_equal(
                registers("mitome-jpki", compose(&plan), trust, true, &verdict, &error).code, MITOME_OK);
        assert_string_equal(verdict.format, "mitome-jpki");
        assert_int_equal(verdict.trust, MITOME_TRUST_VERIFIED);
        assert_true(slice_equal(verdict.certificate.serial, SLICE(person.serial)));
        assert_true(verdict.certificate.issuer.size > 0);
        assert_int_equal(verdict.certificate.subject_common_name.size, 23);
        assert_true(verdict.certificate.not_after > RIG_NOW);
        assert_true(verdict.certificate.phone);
        /* Its views are of the verdict's attestation object. */
        assert_true(slice_contains(verdict.attestation_object, verdict.certificate.serial));
        assert_true(slice_contains(verdict.attestation_object, verdict.certificate.issuer));
        mitome_trust_free(trust);
}

/* The device's path is another than the person's: neither anchor stands for the other. */
static void each_part_has_anchors_of_its_own(void **state)
{
        (void)state;
        const struct jpki_plan plan = right();
        struct mitome_verdict verdict;
        mitome_error error;
        static const struct {
                bool maker, jpki;
        } anchors[] = { { false, false }, { true, false }, { false, true } };
        for (size_t i = 0; i < COUNT(anchors); i++) {
                struct mitome_trust *trust = new_trust(anchors[i].maker, anchors[i].jpki);
                add_crl(trust, AUTHORITY_USER_VERIFICATION, RIG_NOW - 60);
                assert_int_equal(
                        registers("mitome-jpki", compose(&plan), trust, false, &verdict, &error).code,
                        MITOME_OK);
                assert_int_equal(verdict.trust, MITOME_TRUST_UNVERIFIED);
                assert_int_equal(verdict.certificate.serial.size != 0, anchors[i].jpki);
                assert_int_equal(registers("mitome-jpki", compose(&plan), trust, true, &verdict, &error).code,
                        MITOME_E_ATTESTATION_UNTRUSTED);
                mitome_trust_free(trust);
        }
        assert_int_equal(
                registers("mitome-jpki", compose(&plan), NULL, false, &verdict, &error).code, MITOME_OK);
        assert_int_equal(verdict.trust, MITOME_TRUST_UNVERIFIED);
        assert_int_equal(verdict.certificate.serial.size, 0);
}

/* "8. ... stand on no revocation list that is itself valid at the time; a list that is missing or stale
 * refuses", whether trust is required or not. */
static void a_certificate_that_is_not_alive_refuses(void **state)
{
        (void)state;
        const struct jpki_plan plan = right();
        struct mitome_verdict verdict;
        mitome_error error;
        struct mitome_trust *trust = new_trust(true, true);
        assert_int_equal(registers("mitome-jpki", compose(&plan), trust, false, &verdict, &error).code,
                MITOME_E_CRL_MISSING);
        assert_int_equal(verdict.certificate.serial.size, 0);
        add_crl(trust, AUTHORITY_USER_VERIFICATION, RIG_NOW - 86400 * 3);
        assert_int_equal(registers("mitome-jpki", compose(&plan), trust, false, &verdict, &error).code,
                MITOME_E_CRL_STALE);
        mitome_trust_free(trust);

        trust = new_trust(true, true);
        assert_int_equal(
                authority_hold(authority, AUTHORITY_USER_VERIFICATION, &person, RIG_NOW - 90, NULL).code,
                MITOME_OK);
        add_crl(trust, AUTHORITY_USER_VERIFICATION, RIG_NOW - 60);
        assert_int_equal(
                authority_release(authority, AUTHORITY_USER_VERIFICATION, &person, NULL).code, MITOME_OK);
        assert_int_equal(registers("mitome-jpki", compose(&plan), trust, false, &verdict, &error).code,
                MITOME_E_CERTIFICATE_ON_HOLD);
        assert_int_equal(verdict.certificate.serial.size, 0);
        mitome_trust_free(trust);
}

/* "8. Person: certificate must be ... issued by an anchor for such certificates" */
static void a_certificate_of_another_issuer_refuses(void **state)
{
        (void)state;
        const struct jpki_plan plan = right();
        struct mitome_verdict verdict;
        mitome_error error;
        struct mitome_trust *trust = new_trust(true, false);
        assert_int_equal(
                mitome_trust_add_jpki_anchor(trust, authority_ca(authority, AUTHORITY_SIGNING), NULL).code,
                MITOME_OK);
        add_crl(trust, AUTHORITY_SIGNING, RIG_NOW - 60);
        assert_int_equal(registers("mitome-jpki", compose(&plan), trust, false, &verdict, &error).code,
                MITOME_E_CERTIFICATE_ISSUER);
        mitome_trust_free(trust);
}

/* ---- within compound ---- */

static slice compound_of(
        const char *others, slice statement_of_others, size_t count, uint8_t *buffer, size_t capacity)
{
        const struct jpki_plan plan = right();
        const slice statement = compose(&plan);
        writer w = writer_over(buffer, capacity);
        cbor_write_array(&w, 1 + count);
        for (size_t i = 0; i <= count; i++) {
                cbor_write_map(&w, 2);
                cbor_write_string(&w, "fmt");
                cbor_write_string(&w, i ? others : "mitome-jpki");
                cbor_write_string(&w, "attStmt");
                write_slice(&w, i && statement_of_others.size ? statement_of_others : statement);
        }
        assert_false(w.overflowed);
        return writer_view(&w);
}

/* Six containers: the deepest that a registration holds. */
static void stands_within_compound(void **state)
{
        (void)state;
        static uint8_t compound[16384];
        struct mitome_trust *trust = new_trust(true, true);
        struct mitome_verdict verdict;
        mitome_error error;
        add_crl(trust, AUTHORITY_USER_VERIFICATION, RIG_NOW - 60);
        const slice statement = compound_of("packed", device, 1, compound, sizeof compound);
        assert_int_equal(registers("compound", statement, trust, true, &verdict, &error).code, MITOME_OK);
        assert_int_equal(verdict.trust, MITOME_TRUST_VERIFIED);
        assert_true(slice_equal(verdict.certificate.serial, SLICE(person.serial)));
        mitome_trust_free(trust);
}

/* "6. ... one credential, one person." */
static void stands_there_once(void **state)
{
        (void)state;
        static uint8_t compound[16384];
        struct attestation_result result;
        mitome_error error;
        const slice statement = compound_of("mitome-jpki", (slice){ 0 }, 1, compound, sizeof compound);
        assert_int_equal(rig_verify(&built, statement, &attestation_compound, &result, &error).code,
                MITOME_E_SECOND_PERSON);
        assert_string_equal(error.field, "attStmt");
        assert_string_equal(error.clause, J);
}

/* It shows two parts, and all parts of a compound statement have a limit together. */
static void counts_as_two_parts(void **state)
{
        (void)state;
        static uint8_t compound[16384];
        struct attestation_result result;
        mitome_error error;
        slice statement = compound_of("packed", self_device, 2, compound, sizeof compound);
        assert_int_equal(
                rig_verify(&built, statement, &attestation_compound, &result, &error).code, MITOME_OK);
        assert_int_equal(result.count, ATTESTATION_PARTS_MAX);
        statement = compound_of("packed", self_device, 3, compound, sizeof compound);
        assert_int_equal(rig_verify(&built, statement, &attestation_compound, &result, &error).code,
                MITOME_E_TOO_MANY);
        assert_string_equal(error.clause, "WebAuthn L3 8.9");
}

/* ---- the fixture ---- */

static slice keep(slice bytes, uint8_t *buffer, size_t capacity)
{
        assert_int_equal(slice_copy(bytes, "kept", buffer, capacity, NULL).code, MITOME_OK);
        return slice_of(buffer, bytes.size);
}

static void build_devices(void)
{
        struct rig_plan plan = rig_registration_plan();
        plan.attestation = RIG_SELF;
        rig_build(&rig, &plan, &built);
        self_device = keep(rig_statement(&built), self_bytes, sizeof self_bytes);
        plan = rig_registration_plan();
        plan.spoil_signature = true;
        rig_build(&rig, &plan, &built);
        spoiled_device = keep(rig_statement(&built), spoiled_bytes, sizeof spoiled_bytes);
        plan = rig_registration_plan();
        rig_build(&rig, &plan, &built);
        device = keep(rig_statement(&built), device_bytes, sizeof device_bytes);
}

static int open_all(void **state)
{
        (void)state;
        static const uint8_t exponent[] = { 1, 0, 1 };
        const struct rig_extension_plan none = { 0 };
        uint8_t modulus[256];
        BIGNUM *n = NULL;
        rig_open(&rig);
        build_devices();
        source = random_system();
        person_key = EVP_RSA_gen(2048);
        other_key = EVP_EC_gen("P-256");
        rig_certify(&rig, other_key, &none, &other_leaf);
        assert_int_equal(EVP_PKEY_get_bn_param(person_key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
        assert_int_equal(BN_bn2binpad(n, modulus, sizeof modulus), sizeof modulus);
        BN_free(n);
        assert_int_equal(authority_new(&source, RIG_NOW - 86400, &authority, NULL).code, MITOME_OK);
        assert_int_equal(authority_issue(authority, AUTHORITY_USER_VERIFICATION, &taro, SLICE(modulus),
                                 SLICE(exponent), RIG_NOW - 3600, &person, NULL)
                                 .code,
                MITOME_OK);
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        authority_free(authority);
        EVP_PKEY_free(person_key);
        EVP_PKEY_free(other_key);
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(gives_the_person_and_the_device),
                cmocka_unit_test(refuses_each_edit),
                cmocka_unit_test(refuses_a_longer_key),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(a_registration_tells_whose_certificate_it_is),
                cmocka_unit_test(each_part_has_anchors_of_its_own),
                cmocka_unit_test(a_certificate_that_is_not_alive_refuses),
                cmocka_unit_test(a_certificate_of_another_issuer_refuses),
                cmocka_unit_test(stands_within_compound),
                cmocka_unit_test(stands_there_once),
                cmocka_unit_test(counts_as_two_parts),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
