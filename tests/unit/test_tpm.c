/* SPDX-License-Identifier: Apache-2.0 */
/* tpm, WebAuthn L3 8.3 and 8.3.1, and the two structures of [TPMv2-Part2] in it. The TPM is of the test's
 * own: it writes pubArea and certInfo as a plan says and signs with a key that its maker's CA has certified.
 */
#include "aik_certificate.h"
#include "statement_rig.h"
#include "tpm_structures.h"
#include "transcribe.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the plan ---- */

enum aik { AIK_P256, AIK_P384, AIK_RSA, AIKS };

/* TPMT_PUBLIC. What a scheme or algorithm has behind it stands in hexadecimal. */
struct public_plan {
        uint16_t type; /* 0: that of the credential's key */
        uint16_t name_algorithm;
        size_t policy_size;
        const char *symmetric, *scheme, *kdf;
        uint16_t key_bits, curve; /* 0: the key's */
        uint32_t exponent;
        bool other_key, strip_zeros, long_number;
        bool trailing;
};

/* TPMS_ATTEST. */
struct attest_plan {
        uint32_t magic;
        uint16_t type;
        size_t signer_size, name_size; /* name_size 0: that of the name */
        uint16_t name_algorithm;       /* 0: that of pubArea */
        int64_t extra_algorithm;       /* 0: that of the statement */
        bool other_auth_data, other_client_data, short_extra_data, long_extra_data, other_name;
        bool trailing;
};

enum names { NAMES_ONE_RDN, NAMES_THREE_RDNS, NAMES_BESIDE_OTHERS, NAMES_ELSEWHERE, NAMES_TWO_DIRECTORIES };

struct certificate_plan {
        long version; /* X509_VERSION_3 */
        const char *subject;
        enum names names;
        const char *maker, *model, *firmware; /* NULL: absent */
        const char *second_maker;
        int string_type; /* of the three */
        bool not_critical, no_names, two_names, trailing_names;
        const char *purpose, *second_purpose; /* NULL: no extKeyUsage */
        bool trailing_purpose, two_purposes;
        const char *constraints;
        int aaguids; /* how many AAGUID extensions */
        bool other_aaguid, critical_aaguid;
};

struct tpm_plan {
        enum rig_key key; /* of the credential */
        enum aik aik;
        int64_t algorithm;
        struct public_plan public;
        struct attest_plan attest;
        struct certificate_plan certificate;
        bool other_signer, sign_other, spoil_signature, trailing_signature;
        /* the statement */
        unsigned without; /* bits of members[] */
        const char *ver, *extra_member;
        bool empty_chain, trailing_leaf, swapped, trailing_statement;
};

static struct tpm_plan right(void)
{
        return (struct tpm_plan){
                .algorithm = COSE_ES256,
                .public = { .name_algorithm = TPM_ALG_SHA256,
                        .symmetric = "0010",
                        .scheme = "0010",
                        .kdf = "0010" },
                .attest = { .magic = 0xFF544347, .type = 0x8017, .signer_size = 34 },
                .certificate = { .version = X509_VERSION_3,
                        .maker = "id:4D544D45",
                        .model = "Software TPM",
                        .firmware = "id:00010002",
                        .string_type = MBSTRING_UTF8,
                        .purpose = "2.23.133.8.3",
                        .constraints = "CA:FALSE",
                        .aaguids = 1 },
                .ver = "2.0",
        };
}

/* ---- the TPM ---- */

static struct rig rig;
static struct rig_response built;
static EVP_PKEY *aik_keys[AIKS];
static struct {
        struct rig_der public, attest, leaf, signature, statement;
} tpm;

static const EVP_MD *digest_of(int64_t algorithm)
{
        switch (algorithm) {
        case COSE_RS1:
                return EVP_sha1();
        case COSE_ES384:
        case COSE_RS384:
        case COSE_PS384:
                return EVP_sha384();
        case COSE_RS512:
        case COSE_PS512:
                return EVP_sha512();
        default:
                return EVP_sha256();
        }
}

static const EVP_MD *name_digest(uint16_t algorithm)
{
        return algorithm == TPM_ALG_SHA1     ? EVP_sha1()
               : algorithm == TPM_ALG_SHA384 ? EVP_sha384()
               : algorithm == TPM_ALG_SHA512 ? EVP_sha512()
                                             : EVP_sha256();
}

static slice hash(const EVP_MD *type, slice message, uint8_t *digest)
{
        unsigned size;
        assert_int_equal(EVP_Digest(message.data, message.size, digest, &size, type, NULL), 1);
        return slice_of(digest, size);
}

static void write_hex(writer *w, const char *hex)
{
        uint8_t buffer[64];
        write_slice(w, hex_decode(hex, buffer, sizeof buffer));
}

static void write_sized(writer *w, slice bytes)
{
        write_u16(w, (uint16_t)bytes.size);
        write_slice(w, bytes);
}

static void write_zeros(writer *w, size_t size)
{
        static const uint8_t zeros[128];
        write_sized(w, slice_of(zeros, size));
}

static void write_number(
        writer *w, const struct public_plan *plan, EVP_PKEY *key, const char *name, size_t size)
{
        BIGNUM *number = NULL;
        uint8_t bytes[514];
        assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
        if (plan->strip_zeros)
                size = (size_t)BN_num_bytes(number);
        size += plan->long_number;
        assert_int_equal(BN_bn2binpad(number, bytes, (int)size), size);
        BN_free(number);
        bytes[size - 1] ^= plan->other_key;
        write_sized(w, slice_of(bytes, size));
}

static void write_public(const struct tpm_plan *plan)
{
        const struct public_plan *public = &plan->public;
        EVP_PKEY *key = rig.credential[plan->key];
        bool rsa = plan->key == RIG_RS256, p384 = plan->key == RIG_ES384;
        writer w = WRITER(tpm.public.bytes);
        write_u16(&w, public->type ? public->type : rsa ? TPM_ALG_RSA : TPM_ALG_ECC);
        write_u16(&w, public->name_algorithm);
        write_u32(&w, 0x00060472);
        write_zeros(&w, public->policy_size);
        write_hex(&w, public->symmetric);
        write_hex(&w, public->scheme);
        if (rsa) {
                write_u16(&w, public->key_bits ? public->key_bits : 2048);
                write_u32(&w, public->exponent);
                write_number(&w, public, key, OSSL_PKEY_PARAM_RSA_N, 256);
        } else {
                write_u16(&w, public->curve ? public->curve : p384 ? TPM_ECC_NIST_P384 : TPM_ECC_NIST_P256);
                write_hex(&w, public->kdf);
                write_number(&w, public, key, OSSL_PKEY_PARAM_EC_PUB_X, p384 ? 48 : 32);
                write_number(&w, public, key, OSSL_PKEY_PARAM_EC_PUB_Y, p384 ? 48 : 32);
        }
        if (public->trailing)
                write_u8(&w, 0);
        assert_false(w.overflowed);
        tpm.public.size = w.used;
}

/* "Concatenate authenticatorData and clientDataHash to form attToBeSigned." */
static slice extra_data(const struct tpm_plan *plan, uint8_t buffer[80])
{
        uint8_t message[4096], client_data_hash[32];
        writer w = WRITER(message);
        const int64_t other = plan->attest.extra_algorithm;
        rig_client_data_hash(&built, client_data_hash);
        client_data_hash[31] ^= plan->attest.other_client_data;
        write_slice(&w, slice_of(built.auth_data, built.auth_data_size));
        write_slice(&w, SLICE(client_data_hash));
        message[0] ^= plan->attest.other_auth_data;
        memset(buffer, 0, 80);
        slice digest = hash(digest_of(other ? other : plan->algorithm), writer_view(&w), buffer);
        digest.size = digest.size + plan->attest.long_extra_data - plan->attest.short_extra_data;
        return digest;
}

/* [TPMv2-Part1] 16: nameAlg || H(pubArea) */
static slice name_of_public(const struct tpm_plan *plan, uint8_t buffer[80])
{
        const uint16_t other = plan->attest.name_algorithm, name_algorithm = plan->public.name_algorithm;
        writer w = writer_over(buffer, 80);
        write_u16(&w, other ? other : name_algorithm);
        const slice digest = hash(name_digest(name_algorithm), rig_der_view(&tpm.public), buffer + 2);
        buffer[2] ^= plan->attest.other_name;
        return slice_of(buffer, plan->attest.name_size ? plan->attest.name_size : 2 + digest.size);
}

static void write_attest(const struct tpm_plan *plan)
{
        uint8_t extra[80], name[80] = { 0 };
        writer w = WRITER(tpm.attest.bytes);
        write_u32(&w, plan->attest.magic);
        write_u16(&w, plan->attest.type);
        write_zeros(&w, plan->attest.signer_size);
        write_sized(&w, extra_data(plan, extra));
        write_u64(&w, 123456789);
        write_u32(&w, 5);
        write_u32(&w, 6);
        write_u8(&w, 1);
        write_u64(&w, 0x0001000200030004);
        write_sized(&w, name_of_public(plan, name));
        write_zeros(&w, 34);
        if (plan->attest.trailing)
                write_u8(&w, 0);
        assert_false(w.overflowed);
        tpm.attest.size = w.used;
}

static void sign(const struct tpm_plan *plan, EVP_PKEY *key)
{
        EVP_PKEY_CTX *padding;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const struct rig_der *message = plan->sign_other ? &tpm.public : &tpm.attest;
        bool pss = plan->algorithm == COSE_PS256 || plan->algorithm == COSE_PS384 ||
                   plan->algorithm == COSE_PS512;
        tpm.signature.size = sizeof tpm.signature.bytes - 1;
        assert_int_equal(EVP_DigestSignInit(context, &padding, digest_of(plan->algorithm), NULL, key), 1);
        if (pss) {
                assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING), 1);
                assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST), 1);
        }
        assert_int_equal(EVP_DigestSign(context, tpm.signature.bytes, &tpm.signature.size, message->bytes,
                                 message->size),
                1);
        EVP_MD_CTX_free(context);
        tpm.signature.bytes[tpm.signature.size - 1] ^= plan->spoil_signature;
        if (plan->trailing_signature)
                tpm.signature.bytes[tpm.signature.size++] = 0;
}

/* ---- its certificate ---- */

static void add_extension(X509 *certificate, const char *oid, bool critical, slice value, int times)
{
        ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
        ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
        assert_int_equal(ASN1_OCTET_STRING_set(content, value.data, (int)value.size), 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, type, critical, content);
        for (int i = 0; i < times; i++)
                assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(content);
        ASN1_OBJECT_free(type);
}

static void name_add(X509_NAME *name, const char *oid, int type, const char *text, int set)
{
        if (text)
                assert_int_equal(
                        X509_NAME_add_entry_by_txt(name, oid, type, (const unsigned char *)text, -1, -1, set),
                        1);
}

static void push_name(GENERAL_NAMES *names, int type, void *value)
{
        GENERAL_NAME *name = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(name, type, value);
        assert_true(sk_GENERAL_NAME_push(names, name) > 0);
}

static void push_text(GENERAL_NAMES *names, const char *text)
{
        ASN1_IA5STRING *value = ASN1_IA5STRING_new();
        assert_int_equal(ASN1_STRING_set(value, text, -1), 1);
        push_name(names, GEN_DNS, value);
}

static void push_device(GENERAL_NAMES *names, const struct certificate_plan *plan)
{
        const int set = plan->names == NAMES_THREE_RDNS ? 0 : -1;
        X509_NAME *directory = X509_NAME_new();
        name_add(directory, "2.23.133.2.3", plan->string_type, plan->firmware, 0);
        name_add(directory, "2.23.133.2.2", plan->string_type, plan->model, set);
        name_add(directory, "2.23.133.2.1", plan->string_type, plan->maker, set);
        name_add(directory, "2.23.133.2.1", plan->string_type, plan->second_maker, set);
        push_name(names, GEN_DIRNAME, directory);
}

static void add_names(X509 *certificate, const struct certificate_plan *plan)
{
        GENERAL_NAMES *names = GENERAL_NAMES_new();
        uint8_t value[1024], *end = value;
        if (plan->names == NAMES_BESIDE_OTHERS || plan->names == NAMES_ELSEWHERE)
                push_text(names, "tpm.example.org");
        for (int i = 0; i < (plan->names == NAMES_TWO_DIRECTORIES ? 2 : 1); i++)
                if (plan->names != NAMES_ELSEWHERE)
                        push_device(names, plan);
        size_t size = (size_t)i2d_GENERAL_NAMES(names, &end);
        GENERAL_NAMES_free(names);
        value[size] = 0;
        add_extension(certificate, "2.5.29.17", !plan->not_critical,
                slice_of(value, size + plan->trailing_names), plan->two_names ? 2 : 1);
}

static void add_purposes(X509 *certificate, const struct certificate_plan *plan)
{
        EXTENDED_KEY_USAGE *purposes = EXTENDED_KEY_USAGE_new();
        uint8_t value[128], *end = value;
        if (plan->second_purpose)
                sk_ASN1_OBJECT_push(purposes, OBJ_txt2obj(plan->second_purpose, 1));
        sk_ASN1_OBJECT_push(purposes, OBJ_txt2obj(plan->purpose, 1));
        size_t size = (size_t)i2d_EXTENDED_KEY_USAGE(purposes, &end);
        EXTENDED_KEY_USAGE_free(purposes);
        value[size] = 0;
        add_extension(certificate, "2.5.29.37", false, slice_of(value, size + plan->trailing_purpose),
                plan->two_purposes ? 2 : 1);
}

static void add_constraints(X509 *certificate, const char *text)
{
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, text);
        assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
        X509_EXTENSION_free(extension);
}

static void add_aaguids(X509 *certificate, const struct certificate_plan *plan, const uint8_t aaguid[16])
{
        uint8_t value[18] = { 0x04, 16 };
        memcpy(value + 2, aaguid, 16);
        value[17] ^= plan->other_aaguid;
        add_extension(
                certificate, "1.3.6.1.4.1.45724.1.1.4", plan->critical_aaguid, SLICE(value), plan->aaguids);
}

static void certify(const struct certificate_plan *plan, EVP_PKEY *key, const uint8_t aaguid[16])
{
        X509 *certificate = X509_new();
        assert_int_equal(X509_set_version(certificate, plan->version), 1);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 99);
        ASN1_TIME_set(X509_getm_notBefore(certificate), RIG_NOW - 86400);
        ASN1_TIME_set(X509_getm_notAfter(certificate), RIG_NOW + 86400);
        name_add(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, plan->subject, 0);
        X509_set_issuer_name(certificate, X509_get_subject_name(rig.ca));
        assert_int_equal(X509_set_pubkey(certificate, key), 1);
        if (!plan->no_names)
                add_names(certificate, plan);
        if (plan->purpose)
                add_purposes(certificate, plan);
        if (plan->constraints)
                add_constraints(certificate, plan->constraints);
        add_aaguids(certificate, plan, aaguid);
        assert_true(X509_sign(certificate, rig.ca_key, EVP_sha256()) > 0);
        uint8_t *end = tpm.leaf.bytes;
        assert_in_range(i2d_X509(certificate, NULL), 1, sizeof tpm.leaf.bytes - 1);
        tpm.leaf.size = (size_t)i2d_X509(certificate, &end);
        X509_free(certificate);
}

/* ---- the statement ---- */

enum { ALG = 1, SIG = 2, VER = 4, X5C = 8, PUB_AREA = 16, CERT_INFO = 32, MEMBERS = 6 };

static void write_member(writer *w, const struct tpm_plan *plan, unsigned member)
{
        static const char *const names[] = { "alg", "sig", "ver", "x5c", "pubArea", "certInfo" };
        const struct rig_der *public = plan->swapped ? &tpm.attest : &tpm.public,
                             *attest = plan->swapped ? &tpm.public : &tpm.attest;
        if (plan->without & 1U << member)
                return;
        cbor_write_string(w, names[member]);
        switch (1 << member) {
        case ALG:
                cbor_write_int(w, plan->algorithm);
                break;
        case SIG:
                cbor_write_bytes(w, rig_der_view(&tpm.signature));
                break;
        case VER:
                cbor_write_string(w, plan->ver);
                break;
        case X5C:
                cbor_write_array(w, plan->empty_chain ? 0 : 2);
                if (plan->empty_chain)
                        break;
                cbor_write_bytes(w, rig_der_view(&tpm.leaf));
                cbor_write_bytes(w, slice_of(rig.ca_der, rig.ca_der_size));
                break;
        case PUB_AREA:
                cbor_write_bytes(w, rig_der_view(public));
                break;
        default:
                cbor_write_bytes(w, rig_der_view(attest));
        }
}

static void write_statement(const struct tpm_plan *plan)
{
        size_t count = MEMBERS;
        writer w = WRITER(tpm.statement.bytes);
        for (unsigned member = 0; member < MEMBERS; member++)
                count -= plan->without >> member & 1;
        cbor_write_map(&w, count + (plan->extra_member != NULL));
        for (unsigned member = 0; member < MEMBERS; member++)
                write_member(&w, plan, member);
        if (plan->extra_member) {
                cbor_write_string(&w, plan->extra_member);
                cbor_write_bytes(&w, (slice){ 0 });
        }
        if (plan->trailing_statement)
                write_u8(&w, 0);
        assert_false(w.overflowed);
        tpm.statement.size = w.used;
}

static EVP_PKEY *aik_key(enum aik aik)
{
        static const char *const curves[] = { [AIK_P256] = "P-256", [AIK_P384] = "P-384" };
        if (!aik_keys[aik])
                aik_keys[aik] = aik == AIK_RSA ? EVP_RSA_gen(2048) : EVP_EC_gen(curves[aik]);
        assert_non_null(aik_keys[aik]);
        return aik_keys[aik];
}

static void build(const struct tpm_plan *plan)
{
        struct rig_plan ceremony = rig_registration_plan();
        ceremony.attestation = RIG_SELF; /* makes the credential's key */
        ceremony.key = plan->key;
        rig_build(&rig, &ceremony, &built);
        write_public(plan);
        write_attest(plan);
        EVP_PKEY *other = EVP_EC_gen("P-256");
        sign(plan, plan->other_signer ? other : aik_key(plan->aik));
        EVP_PKEY_free(other);
        certify(&plan->certificate, aik_key(plan->aik), ceremony.aaguid);
        if (plan->trailing_leaf)
                tpm.leaf.bytes[tpm.leaf.size++] = 0;
        write_statement(plan);
}

static mitome_status verify(const struct tpm_plan *plan, struct attestation_result *ret, mitome_error *error)
{
        build(plan);
        return rig_verify(&built, rig_der_view(&tpm.statement), &attestation_tpm, ret, error);
}

static mitome_code verify_code(const struct tpm_plan *plan)
{
        struct attestation_result result;
        mitome_error error;
        mitome_code code = verify(plan, &result, &error).code;
        if (code != MITOME_OK)
                print_error("%d: %s\n", code, error.field);
        return code;
}

/* ---- what is right ---- */

static void takes_every_pair_of_keys(void **state)
{
        (void)state;
        static const enum rig_key keys[] = { RIG_ES256, RIG_RS256, RIG_ES384 };
        static const struct {
                enum aik aik;
                int64_t algorithm;
        } aiks[] = {
                { AIK_P256, COSE_ES256 },
                { AIK_P256, COSE_ESP256 },
                { AIK_P384, COSE_ES384 },
                { AIK_RSA, COSE_RS1 },
                { AIK_RSA, COSE_RS256 },
                { AIK_RSA, COSE_RS384 },
                { AIK_RSA, COSE_RS512 },
                { AIK_RSA, COSE_PS256 },
                { AIK_RSA, COSE_PS512 },
        };
        for (size_t i = 0; i < COUNT(keys) * COUNT(aiks); i++) {
                struct tpm_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                plan.key = keys[i % COUNT(keys)];
                plan.aik = aiks[i / COUNT(keys)].aik;
                plan.algorithm = aiks[i / COUNT(keys)].algorithm;
                assert_int_equal(verify(&plan, &result, &error).code, MITOME_OK);
                assert_int_equal(result.count, 1);
                assert_string_equal(result.parts[0].format, "tpm");
                assert_int_equal(result.parts[0].type, ATTESTATION_X5C);
                assert_int_equal(result.parts[0].algorithm, plan.algorithm);
                assert_int_equal(result.parts[0].chain.count, 2);
                assert_int_equal(result.parts[0].chain.certificates[0].size, tpm.leaf.size);
        }
}

/* "using the nameAlg in the pubArea" */
static void takes_every_name_algorithm(void **state)
{
        (void)state;
        static const uint16_t algorithms[] = { TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512 };
        for (size_t i = 0; i < COUNT(algorithms); i++) {
                struct tpm_plan plan = right();
                plan.public.name_algorithm = algorithms[i];
                assert_int_equal(verify_code(&plan), MITOME_OK);
        }
}

/* [TPMv2-Part2] 12.2.3: whatever TPMS_RSA_PARMS and TPMS_ECC_PARMS may hold. */
static void takes_every_scheme(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                const char *symmetric, *scheme, *kdf;
        } cases[] = {
                { RIG_RS256, "0010", "0014 000B", "" },               /* RSASSA, SHA-256 */
                { RIG_RS256, "0010", "0016 000D", "" },               /* RSAPSS, SHA-512 */
                { RIG_RS256, "0010", "0015", "" },                    /* RSAES */
                { RIG_RS256, "0010", "0017 0004", "" },               /* OAEP, SHA-1 */
                { RIG_RS256, "0006 0080 0043", "0010", "" },          /* AES-128 CFB */
                { RIG_ES256, "0010", "0018 000B", "0010" },           /* ECDSA, SHA-256 */
                { RIG_ES256, "0010", "001A 000B 0001", "0010" },      /* ECDAA, SHA-256, count */
                { RIG_ES256, "0010", "0019 000B", "0020 000B" },      /* ECDH with a KDF */
                { RIG_ES256, "0010", "001B 000B", "0022 0004" },      /* SM2's scheme */
                { RIG_ES256, "0010", "001C 000B", "0007 000B" },      /* ECSCHNORR, MGF1 */
                { RIG_ES256, "0010", "001D 000B", "0021 000C" },      /* ECMQV, KDF2 */
                { RIG_ES256, "0026 0100 0043", "0010", "0010" },      /* CAMELLIA-256 CFB */
                { RIG_ES256, "0003 0080 0043", "0010", "0010" },      /* TDES */
                { RIG_ES384, "0013 0080 0043", "0018 000C", "0010" }, /* SM4 */
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct tpm_plan plan = right();
                plan.key = cases[i].key;
                plan.public.symmetric = cases[i].symmetric;
                plan.public.scheme = cases[i].scheme;
                plan.public.kdf = cases[i].kdf;
                plan.public.policy_size = i % 2 ? 32 : 64;
                assert_int_equal(verify_code(&plan), MITOME_OK);
        }
}

/* "When zero, indicates that the exponent is the default of 2^16 + 1". */
static void takes_an_exponent_that_is_told(void **state)
{
        (void)state;
        struct tpm_plan plan = right();
        plan.key = RIG_RS256;
        plan.public.exponent = 65537;
        assert_int_equal(verify_code(&plan), MITOME_OK);
}

/* Older TPMs leave zeros in front of a coordinate out; the rig's key has one. */
static void takes_a_short_coordinate(void **state)
{
        (void)state;
        struct tpm_plan plan = right();
        struct tpm_public public;
        for (int strip = 0; strip < 2; strip++) {
                plan.public.strip_zeros = strip;
                assert_int_equal(verify_code(&plan), MITOME_OK);
                reader r = reader_over(rig_der_view(&tpm.public), NULL, NULL);
                assert_int_equal(tpm_public_read(&r, &public).code, MITOME_OK);
                assert_int_equal(public.x.size, strip ? 31 : 32);
        }
}

/* "qualifiedSigner, clockInfo and firmwareVersion are ignored" */
static void ignores_the_signer(void **state)
{
        (void)state;
        static const size_t sizes[] = { 0, 1, 34, 66 };
        for (size_t i = 0; i < COUNT(sizes); i++) {
                struct tpm_plan plan = right();
                plan.attest.signer_size = sizes[i];
                assert_int_equal(verify_code(&plan), MITOME_OK);
        }
}

#define EDIT(name, statement)                   \
        static void name(struct tpm_plan *plan) \
        {                                       \
                statement;                      \
        }

/* [TPMv2-EK-Profile] 3.2.9, 3.1.2: the attributes' string types, and one RDN or several. */
EDIT(three_rdns, plan->certificate.names = NAMES_THREE_RDNS)
EDIT(beside_others, plan->certificate.names = NAMES_BESIDE_OTHERS)
EDIT(printable, plan->certificate.string_type = V_ASN1_PRINTABLESTRING)
EDIT(bmp, plan->certificate.string_type = MBSTRING_ASC)
EDIT(lower_case, plan->certificate.maker = "id:4d544d45")
EDIT(of_the_vector, plan->certificate.maker = "id:00000000")
EDIT(of_fido, plan->certificate.maker = "id:FFFFF1D0")
EDIT(two_kinds, plan->certificate.second_purpose = "1.3.6.1.4.1.311.21.36")
EDIT(no_aaguid, plan->certificate.aaguids = 0)

static void takes_certificates_of_every_make(void **state)
{
        (void)state;
        static void (*const edits[])(struct tpm_plan *) = { three_rdns, beside_others, printable, bmp,
                lower_case, of_the_vector, of_fido, two_kinds, no_aaguid };
        for (size_t i = 0; i < COUNT(edits); i++) {
                struct tpm_plan plan = right();
                edits[i](&plan);
                assert_int_equal(verify_code(&plan), MITOME_OK);
        }
}

/* 3.1.2: "This value MUST be the vendor ID defined in the TCG Vendor ID Registry". */
static void asks_the_registry_when_told_to(void **state)
{
        (void)state;
        static const struct {
                const char *maker;
                mitome_code code;
        } cases[] = {
                { "id:4E544300", MITOME_OK },
                { "id:4e544300", MITOME_OK },
                { "id:414D4400", MITOME_OK },
                { "id:57454300", MITOME_OK },
                { "id:00000000", MITOME_E_AIK_DEVICE_VALUE },
                { "id:FFFFF1D0", MITOME_E_AIK_DEVICE_VALUE },
                { "id:4D544D45", MITOME_E_AIK_DEVICE_VALUE },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct tpm_plan plan = right();
                mitome_error error = { 0 };
                plan.certificate.maker = cases[i].maker;
                assert_int_equal(verify_code(&plan), MITOME_OK);
                const unsigned char *end = tpm.leaf.bytes;
                X509 *aik = d2i_X509(NULL, &end, (long)tpm.leaf.size);
                assert_int_equal(aik_certificate_check(aik, MITOME_SWITCH_TPM_MANUFACTURER, &error).code,
                        cases[i].code);
                X509_free(aik);
        }
}

/* ---- one edit away ---- */

EDIT(no_alg, plan->without = ALG)
EDIT(no_sig, plan->without = SIG)
EDIT(no_ver, plan->without = VER)
EDIT(no_x5c, plan->without = X5C)
EDIT(no_pub_area, plan->without = PUB_AREA)
EDIT(no_cert_info, plan->without = CERT_INFO)
EDIT(extra_member, plan->extra_member = "ecdaaKeyId")
EDIT(ver_1, plan->ver = "1.2")
EDIT(ver_long, plan->ver = "2.00")
EDIT(ver_empty, plan->ver = "")
EDIT(trailing_statement, plan->trailing_statement = true)
EDIT(empty_chain, plan->empty_chain = true)
EDIT(trailing_leaf, plan->trailing_leaf = true)
EDIT(swapped, plan->swapped = true)

EDIT(other_coordinate, plan->public.other_key = true)
EDIT(other_modulus, (plan->key = RIG_RS256, plan->public.other_key = true))
EDIT(exponent_3, (plan->key = RIG_RS256, plan->public.exponent = 3))
EDIT(other_curve, plan->public.curve = TPM_ECC_NIST_P384)
EDIT(keyed_hash, plan->public.type = 0x0008)
EDIT(symmetric_cipher, plan->public.type = 0x0025)
EDIT(rsa_as_ecc, (plan->key = RIG_RS256, plan->public.type = TPM_ALG_ECC))
EDIT(ecc_as_rsa, plan->public.type = TPM_ALG_RSA)
EDIT(name_sha3, plan->public.name_algorithm = 0x0027)
EDIT(name_null, plan->public.name_algorithm = TPM_ALG_NULL)
EDIT(long_policy, plan->public.policy_size = 65)
EDIT(symmetric_xor, plan->public.symmetric = "000A 000B")
EDIT(symmetric_bare, plan->public.symmetric = "0006")
EDIT(scheme_hmac, plan->public.scheme = "0005 000B")
EDIT(rsa_scheme_ecdsa, (plan->key = RIG_RS256, plan->public.scheme = "0018 000B"))
EDIT(ecc_scheme_rsassa, plan->public.scheme = "0014 000B")
EDIT(bare_rsassa, (plan->key = RIG_RS256, plan->public.scheme = "0014"))
EDIT(bare_ecdsa, plan->public.scheme = "0018")
EDIT(null_with_hash, plan->public.scheme = "0010 000B")
EDIT(curve_p192, plan->public.curve = 0x0001)
EDIT(curve_sm2, plan->public.curve = 0x0020)
EDIT(kdf_ecdsa, plan->public.kdf = "0018 000B")
EDIT(bare_kdf, plan->public.kdf = "0020")
EDIT(key_bits, (plan->key = RIG_RS256, plan->public.key_bits = 3072))
EDIT(long_modulus, (plan->key = RIG_RS256, plan->public.long_number = true))
EDIT(long_coordinate, plan->public.long_number = true)
EDIT(trailing_public, plan->public.trailing = true)

EDIT(magic, plan->attest.magic = 0xFF544348)
EDIT(type_quote, plan->attest.type = 0x8018)
EDIT(type_creation, plan->attest.type = 0x801A)
EDIT(long_signer, plan->attest.signer_size = 67)
EDIT(other_auth_data, plan->attest.other_auth_data = true)
EDIT(other_client_data, plan->attest.other_client_data = true)
EDIT(short_extra_data, plan->attest.short_extra_data = true)
EDIT(long_extra_data, plan->attest.long_extra_data = true)
EDIT(extra_sha1, plan->attest.extra_algorithm = COSE_RS1)
EDIT(extra_sha256,
        (plan->aik = AIK_RSA, plan->algorithm = COSE_RS1, plan->attest.extra_algorithm = COSE_RS256))
EDIT(other_name, plan->attest.other_name = true)
EDIT(other_name_algorithm, plan->attest.name_algorithm = TPM_ALG_SHA384)
EDIT(short_name, plan->attest.name_size = 33)
EDIT(name_of_handle, plan->attest.name_size = 4)
EDIT(long_name, plan->attest.name_size = 67)
EDIT(trailing_attest, plan->attest.trailing = true)

EDIT(alg_eddsa, plan->algorithm = COSE_EDDSA)
EDIT(alg_unknown, plan->algorithm = -65534)
EDIT(alg_of_another_key, (plan->aik = AIK_RSA, plan->algorithm = COSE_ES256))
EDIT(es256_with_p384, plan->aik = AIK_P384)
EDIT(spoil_signature, plan->spoil_signature = true)
EDIT(trailing_signature, plan->trailing_signature = true)
EDIT(other_signer, plan->other_signer = true)
EDIT(sign_other, plan->sign_other = true)

EDIT(version_1, plan->certificate.version = X509_VERSION_1)
EDIT(version_2, plan->certificate.version = X509_VERSION_2)
EDIT(with_subject, plan->certificate.subject = "TPM")
EDIT(no_names, plan->certificate.no_names = true)
EDIT(two_names, plan->certificate.two_names = true)
EDIT(not_critical, plan->certificate.not_critical = true)
EDIT(trailing_names, plan->certificate.trailing_names = true)
EDIT(no_directory, plan->certificate.names = NAMES_ELSEWHERE)
EDIT(two_directories, plan->certificate.names = NAMES_TWO_DIRECTORIES)
EDIT(no_maker, plan->certificate.maker = NULL)
EDIT(no_model, plan->certificate.model = NULL)
EDIT(no_firmware, plan->certificate.firmware = NULL)
EDIT(two_makers, plan->certificate.second_maker = "id:4E544300")
EDIT(maker_without_id, plan->certificate.maker = "4D544D45")
EDIT(maker_upper_id, plan->certificate.maker = "ID:4D544D45")
EDIT(maker_short, plan->certificate.maker = "id:4D544D4")
EDIT(maker_long, plan->certificate.maker = "id:4D544D450")
EDIT(maker_no_hex, plan->certificate.maker = "id:4D544D4G")
EDIT(maker_no_digit, plan->certificate.maker = "id:4D544D4/")
EDIT(maker_at, plan->certificate.maker = "id:4D544D4@")
EDIT(maker_grave, plan->certificate.maker = "id:4D544D4`")
EDIT(maker_two, plan->certificate.maker = "id")
EDIT(no_purposes, plan->certificate.purpose = NULL)
EDIT(other_purpose, plan->certificate.purpose = "2.23.133.8.1")
EDIT(two_purpose_lists, plan->certificate.two_purposes = true)
EDIT(trailing_purpose, plan->certificate.trailing_purpose = true)
EDIT(is_ca, plan->certificate.constraints = "CA:TRUE")
EDIT(no_constraints, plan->certificate.constraints = NULL)
EDIT(other_aaguid, plan->certificate.other_aaguid = true)
EDIT(critical_aaguid, plan->certificate.critical_aaguid = true)
EDIT(two_aaguids, plan->certificate.aaguids = 2)

struct refusal {
        const char *name;
        void (*edit)(struct tpm_plan *plan);
        mitome_code code;
        const char *field;
};

static void check_refusals(const struct refusal *refusals, size_t count, const char *clause)
{
        for (size_t i = 0; i < count; i++) {
                struct tpm_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                refusals[i].edit(&plan);
                mitome_status status = verify(&plan, &result, &error);
                if (status.code != refusals[i].code || strcmp(error.field, refusals[i].field) != 0)
                        print_error("%s: %d, %s\n", refusals[i].name, status.code, error.field);
                assert_int_equal(status.code, refusals[i].code);
                assert_int_equal(error.code, refusals[i].code);
                assert_string_equal(error.field, refusals[i].field);
                assert_string_equal(error.clause, clause);
        }
}

static void refuses_each_edit_of_the_statement(void **state)
{
        (void)state;
        static const struct refusal refusals[] = {
                /* "Verify that attStmt is valid CBOR conforming to the syntax" */
                { "no alg", no_alg, MITOME_E_MISSING, "attStmt.alg" },
                { "no sig", no_sig, MITOME_E_MISSING, "attStmt.sig" },
                { "no ver", no_ver, MITOME_E_MISSING, "attStmt.ver" },
                { "no pubArea", no_pub_area, MITOME_E_MISSING, "attStmt.pubArea" },
                { "no certInfo", no_cert_info, MITOME_E_MISSING, "attStmt.certInfo" },
                { "another member", extra_member, MITOME_E_VALUE, "attStmt" },
                { "byte behind attStmt", trailing_statement, MITOME_E_TRAILING_BYTES, "attStmt" },
                /* "ver: "2.0"" */
                { "version 1.2", ver_1, MITOME_E_VALUE, "attStmt.ver" },
                { "version 2.00", ver_long, MITOME_E_VALUE, "attStmt.ver" },
                { "version of no characters", ver_empty, MITOME_E_VALUE, "attStmt.ver" },
                /* "Verify that x5c is present." */
                { "no x5c", no_x5c, MITOME_E_MISSING, "attStmt.x5c" },
                { "x5c empty", empty_chain, MITOME_E_CHAIN_EMPTY, "attStmt.x5c" },
                { "byte behind the leaf", trailing_leaf, MITOME_E_TRAILING_BYTES, "attStmt.x5c[0]" },
                { "pubArea and certInfo swapped", swapped, MITOME_E_TPM_ALGORITHM, "pubArea.type" },
                /* "a valid signature over certInfo using the attestation public key in aikCert with the
                 * algorithm specified in alg" */
                { "alg EdDSA", alg_eddsa, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg" },
                { "alg unknown", alg_unknown, MITOME_E_ALGORITHM_UNSUPPORTED, "attStmt.alg" },
                { "ES256 with RSA", alg_of_another_key, MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key" },
                { "ES256 with P-384", es256_with_p384, MITOME_E_KEY_TYPE, "attStmt.x5c[0] public key" },
                { "signature", spoil_signature, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
                { "byte behind the signature", trailing_signature, MITOME_E_SIGNATURE_FORM, "attStmt.sig" },
                { "signer", other_signer, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
                { "signature over pubArea", sign_other, MITOME_E_SIGNATURE_INVALID, "attStmt.sig" },
        };
        check_refusals(refusals, COUNT(refusals), "WebAuthn L3 8.3");
}

/* Where a member is missing, the random bytes of a key take its place: which refusal they meet differs from
 * key to key, that they meet one does not. */
static void refuses_a_key_read_as_something_else(void **state)
{
        (void)state;
        static void (*const edits[])(struct tpm_plan *) = { ecc_as_rsa, bare_kdf };
        for (size_t i = 0; i < COUNT(edits); i++) {
                struct tpm_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                edits[i](&plan);
                assert_int_not_equal(verify(&plan, &result, &error).code, MITOME_OK);
                assert_string_equal(error.clause, "WebAuthn L3 8.3");
        }
}

static void refuses_each_edit_of_the_public_area(void **state)
{
        (void)state;
        static const struct refusal refusals[] = {
                /* "the public key specified by the parameters and unique fields of pubArea is identical to
                 * the credentialPublicKey" */
                { "y", other_coordinate, MITOME_E_KEY_MISMATCH, "attStmt.pubArea" },
                { "modulus", other_modulus, MITOME_E_KEY_MISMATCH, "attStmt.pubArea" },
                { "exponent", exponent_3, MITOME_E_KEY_MISMATCH, "attStmt.pubArea" },
                { "curve", other_curve, MITOME_E_KEY_MISMATCH, "attStmt.pubArea" },
                { "scheme NULL with a hash", null_with_hash, MITOME_E_TPM_ALGORITHM,
                        "pubArea.parameters.curveID" },
                /* [TPMv2-Part2] 12.2.4 */
                { "type KEYEDHASH", keyed_hash, MITOME_E_TPM_ALGORITHM, "pubArea.type" },
                { "type SYMCIPHER", symmetric_cipher, MITOME_E_TPM_ALGORITHM, "pubArea.type" },
                { "RSA key as ECC", rsa_as_ecc, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.curveID" },
                { "nameAlg SHA3-256", name_sha3, MITOME_E_TPM_ALGORITHM, "pubArea.nameAlg" },
                { "nameAlg NULL", name_null, MITOME_E_TPM_ALGORITHM, "pubArea.nameAlg" },
                { "authPolicy of 65 bytes", long_policy, MITOME_E_TOO_LONG, "pubArea.authPolicy" },
                { "symmetric XOR", symmetric_xor, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.symmetric" },
                { "symmetric without keyBits", symmetric_bare, MITOME_E_TPM_ALGORITHM,
                        "pubArea.parameters.curveID" },
                { "scheme HMAC", scheme_hmac, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.scheme" },
                { "RSA with ECDSA", rsa_scheme_ecdsa, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.scheme" },
                { "ECC with RSASSA", ecc_scheme_rsassa, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.scheme" },
                { "RSASSA without hashAlg", bare_rsassa, MITOME_E_TOO_LONG, "pubArea.unique" },
                { "ECDSA without hashAlg", bare_ecdsa, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.curveID" },
                { "P-192", curve_p192, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.curveID" },
                { "SM2's curve", curve_sm2, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.curveID" },
                { "kdf ECDSA", kdf_ecdsa, MITOME_E_TPM_ALGORITHM, "pubArea.parameters.kdf" },
                { "keyBits", key_bits, MITOME_E_VALUE, "pubArea.unique" },
                { "modulus of 257 bytes", long_modulus, MITOME_E_VALUE, "pubArea.unique" },
                { "x of 33 bytes", long_coordinate, MITOME_E_TOO_LONG, "pubArea.unique.x" },
                { "byte behind pubArea", trailing_public, MITOME_E_TRAILING_BYTES, "pubArea" },
        };
        check_refusals(refusals, COUNT(refusals), "WebAuthn L3 8.3");
}

static void refuses_each_edit_of_the_certification(void **state)
{
        (void)state;
        static const struct refusal refusals[] = {
                /* "Verify that magic is set to TPM_GENERATED_VALUE." */
                { "magic", magic, MITOME_E_TPM_MAGIC, "certInfo.magic" },
                /* "Verify that type is set to TPM_ST_ATTEST_CERTIFY." */
                { "type QUOTE", type_quote, MITOME_E_TPM_ATTEST_TYPE, "certInfo.type" },
                { "type CREATION", type_creation, MITOME_E_TPM_ATTEST_TYPE, "certInfo.type" },
                { "qualifiedSigner of 67 bytes", long_signer, MITOME_E_TOO_LONG, "certInfo.qualifiedSigner" },
                /* "extraData is set to the hash of attToBeSigned using the hash algorithm employed in "alg"."
                 */
                { "authenticatorData", other_auth_data, MITOME_E_NONCE_MISMATCH, "certInfo.extraData" },
                { "clientDataHash", other_client_data, MITOME_E_NONCE_MISMATCH, "certInfo.extraData" },
                { "extraData ends early", short_extra_data, MITOME_E_NONCE_MISMATCH, "certInfo.extraData" },
                { "extraData too long", long_extra_data, MITOME_E_NONCE_MISMATCH, "certInfo.extraData" },
                { "SHA-1 for ES256", extra_sha1, MITOME_E_NONCE_MISMATCH, "certInfo.extraData" },
                { "SHA-256 for RS1", extra_sha256, MITOME_E_NONCE_MISMATCH, "certInfo.extraData" },
                /* "whose name field contains a valid Name for pubArea" */
                { "name", other_name, MITOME_E_TPM_NAME, "certInfo.attested.name" },
                { "name's nameAlg", other_name_algorithm, MITOME_E_TPM_NAME, "certInfo.attested.name" },
                { "name ends early", short_name, MITOME_E_TPM_NAME, "certInfo.attested.name" },
                { "name of a handle", name_of_handle, MITOME_E_TPM_NAME, "certInfo.attested.name" },
                { "name of 67 bytes", long_name, MITOME_E_TOO_LONG, "certInfo.attested.name" },
                { "byte behind certInfo", trailing_attest, MITOME_E_TRAILING_BYTES, "certInfo" },
        };
        check_refusals(refusals, COUNT(refusals), "WebAuthn L3 8.3");
}

#define NAMES "attStmt.x5c[0] subjectAltName"
#define MAKER NAMES " tpmManufacturer"
#define PURPOSE "attStmt.x5c[0] extKeyUsage"

static void refuses_each_edit_of_the_certificate(void **state)
{
        (void)state;
        static const struct refusal refusals[] = {
                /* "Version MUST be set to 3." */
                { "version 1", version_1, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]" },
                { "version 2", version_2, MITOME_E_LEAF_VERSION, "attStmt.x5c[0]" },
                /* "Subject field MUST be set to empty." */
                { "subject", with_subject, MITOME_E_LEAF_SUBJECT, "attStmt.x5c[0] subject" },
                /* "The Subject Alternative Name extension MUST be set as defined in [TPMv2-EK-Profile]
                 * section 3.2.9." */
                { "no subjectAltName", no_names, MITOME_E_LEAF_EXTENSION_MISSING, NAMES },
                { "two subjectAltNames", two_names, MITOME_E_LEAF_EXTENSION_TWICE, NAMES },
                { "subjectAltName not critical", not_critical, MITOME_E_LEAF_NOT_CRITICAL, NAMES },
                { "byte behind subjectAltName", trailing_names, MITOME_E_DER, NAMES },
                { "no directoryName", no_directory, MITOME_E_AIK_DEVICE, NAMES " directoryName" },
                { "two directoryNames", two_directories, MITOME_E_AIK_DEVICE, NAMES " directoryName" },
                { "no manufacturer", no_maker, MITOME_E_AIK_DEVICE, MAKER },
                { "no model", no_model, MITOME_E_AIK_DEVICE, NAMES " tpmModel" },
                { "no version", no_firmware, MITOME_E_AIK_DEVICE, NAMES " tpmVersion" },
                { "two manufacturers", two_makers, MITOME_E_AIK_DEVICE, MAKER },
                { "manufacturer without id:", maker_without_id, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer with ID:", maker_upper_id, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer of 7 digits", maker_short, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer of 9 digits", maker_long, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer with G", maker_no_hex, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer with /", maker_no_digit, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer with @", maker_at, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer with `", maker_grave, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                { "manufacturer of two characters", maker_two, MITOME_E_AIK_DEVICE_VALUE, MAKER },
                /* "The Extended Key Usage extension MUST contain the OID 2.23.133.8.3" */
                { "no extKeyUsage", no_purposes, MITOME_E_LEAF_EXTENSION_MISSING, PURPOSE },
                { "another purpose", other_purpose, MITOME_E_AIK_PURPOSE, PURPOSE },
                { "two extKeyUsages", two_purpose_lists, MITOME_E_LEAF_EXTENSION_TWICE, PURPOSE },
                { "byte behind extKeyUsage", trailing_purpose, MITOME_E_DER, PURPOSE },
                /* "The Basic Constraints extension MUST have the CA component set to false." */
                { "CA", is_ca, MITOME_E_LEAF_CONSTRAINTS, "attStmt.x5c[0] basicConstraints" },
                { "no basicConstraints", no_constraints, MITOME_E_LEAF_CONSTRAINTS,
                        "attStmt.x5c[0] basicConstraints" },
        };
        check_refusals(refusals, COUNT(refusals), "WebAuthn L3 8.3.1");
}

/* "If aikCert contains an extension with OID 1.3.6.1.4.1.45724.1.1.4 (id-fido-gen-ce-aaguid) verify that the
 * value of this extension matches the aaguid in authenticatorData." */
static void refuses_another_aaguid(void **state)
{
        (void)state;
        static const char field[] = "attStmt.x5c[0] id-fido-gen-ce-aaguid";
        static const struct refusal refusals[] = {
                { "AAGUID", other_aaguid, MITOME_E_LEAF_AAGUID, field },
                { "AAGUID twice", two_aaguids, MITOME_E_LEAF_EXTENSION_TWICE, field },
        };
        static const struct refusal critical = { "AAGUID critical", critical_aaguid,
                MITOME_E_LEAF_AAGUID_CRITICAL, field };
        check_refusals(refusals, COUNT(refusals), "WebAuthn L3 8.3");
        check_refusals(&critical, 1, "WebAuthn L3 8.2.1");
}

/* A credential of a kind that no TPM has. */
static void refuses_a_credential_of_another_kind(void **state)
{
        (void)state;
        struct tpm_plan plan = right();
        struct attestation_result result;
        mitome_error error;
        build(&plan);
        const struct rig_der statement = tpm.statement;
        struct rig_plan ceremony = rig_registration_plan();
        ceremony.attestation = RIG_SELF;
        ceremony.key = RIG_EDDSA;
        rig_build(&rig, &ceremony, &built);
        assert_int_equal(rig_verify(&built, rig_der_view(&statement), &attestation_tpm, &result, &error).code,
                MITOME_E_KEY_MISMATCH);
        assert_string_equal(error.field, "attStmt.pubArea");
}

/* ---- parts ---- */

static void refuses_every_truncation(void **state)
{
        (void)state;
        static const enum rig_key keys[] = { RIG_ES256, RIG_RS256 };
        for (size_t i = 0; i < COUNT(keys); i++) {
                struct tpm_plan plan = right();
                plan.key = keys[i];
                build(&plan);
                rig_check_truncations(&built, rig_der_view(&tpm.statement), &attestation_tpm);
        }
}

static mitome_status read_public(slice bytes, mitome_error *error)
{
        struct tpm_public public;
        const slice copy = exact_copy(bytes);
        *error = (mitome_error){ 0 };
        reader r = reader_over(copy, "clause", error);
        mitome_status status = tpm_public_read(&r, &public);
        exact_free(copy);
        return status;
}

static mitome_status read_attest(slice bytes, mitome_error *error)
{
        struct tpm_attest attest;
        const slice copy = exact_copy(bytes);
        *error = (mitome_error){ 0 };
        reader r = reader_over(copy, "clause", error);
        mitome_status status = tpm_attest_read(&r, &attest);
        exact_free(copy);
        return status;
}

static void check_truncations(
        const struct rig_der *structure, mitome_status (*read)(slice bytes, mitome_error *error))
{
        mitome_error error;
        for (size_t size = 0; size < structure->size; size++) {
                assert_int_equal(read(slice_of(structure->bytes, size), &error).code, MITOME_E_INPUT_ENDS);
                assert_in_range(error.at, 0, size);
        }
        assert_int_equal(read(rig_der_view(structure), &error).code, MITOME_OK);
}

/* [TPMv2-Part2]: no field of either structure may be left out. */
static void structures_end_where_they_end(void **state)
{
        (void)state;
        static const struct {
                enum rig_key key;
                const char *symmetric, *scheme, *kdf;
        } cases[] = {
                { RIG_ES256, "0010", "0010", "0010" },
                { RIG_ES256, "0006 0080 0043", "001A 000B 0001", "0020 000B" },
                { RIG_RS256, "0006 0080 0043", "0014 000B", "" },
        };
        for (size_t i = 0; i < COUNT(cases); i++) {
                struct tpm_plan plan = right();
                plan.key = cases[i].key;
                plan.public.symmetric = cases[i].symmetric;
                plan.public.scheme = cases[i].scheme;
                plan.public.kdf = cases[i].kdf;
                build(&plan);
                check_truncations(&tpm.public, read_public);
                check_truncations(&tpm.attest, read_attest);
        }
}

static void reads_what_was_written(void **state)
{
        (void)state;
        struct tpm_plan plan = right();
        struct tpm_public public;
        struct tpm_attest attest;
        plan.key = RIG_RS256;
        plan.public.scheme = "0014 000B";
        plan.public.policy_size = 32;
        build(&plan);
        reader r = reader_over(rig_der_view(&tpm.public), NULL, NULL);
        assert_int_equal(tpm_public_read(&r, &public).code, MITOME_OK);
        assert_int_equal(public.type, TPM_ALG_RSA);
        assert_int_equal(public.name_algorithm, TPM_ALG_SHA256);
        assert_int_equal(public.attributes, 0x00060472);
        assert_int_equal(public.policy.size, 32);
        assert_int_equal(public.symmetric, TPM_ALG_NULL);
        assert_int_equal(public.scheme, TPM_ALG_RSASSA);
        assert_int_equal(public.scheme_hash, TPM_ALG_SHA256);
        assert_int_equal(public.key_bits, 2048);
        assert_int_equal(public.exponent, TPM_EXPONENT);
        assert_int_equal(public.modulus.size, 256);
        assert_true(slice_equal(public.whole, rig_der_view(&tpm.public)));
        r = reader_over(rig_der_view(&tpm.attest), NULL, NULL);
        assert_int_equal(tpm_attest_read(&r, &attest).code, MITOME_OK);
        assert_int_equal(attest.qualified_signer.size, 34);
        assert_int_equal(attest.extra_data.size, 32);
        assert_int_equal(attest.clock, 123456789);
        assert_int_equal(attest.reset_count, 5);
        assert_int_equal(attest.restart_count, 6);
        assert_int_equal(attest.safe, 1);
        assert_true(attest.firmware_version == 0x0001000200030004);
        assert_int_equal(attest.name.size, 34);
        assert_int_equal(attest.qualified_name.size, 34);
}

/* [TPMv2-Part2] 12.2.4 of a key on P-521, which the rig has no credential of. */
static void reads_p521(void **state)
{
        (void)state;
        struct tpm_public public;
        uint8_t bytes[256];
        writer w = WRITER(bytes);
        write_hex(&w, "0023 000D 00060472 0000 0010 0018 000D 0005 0010");
        write_zeros(&w, 66);
        write_zeros(&w, 66);
        reader r = reader_over(writer_view(&w), NULL, NULL);
        assert_int_equal(tpm_public_read(&r, &public).code, MITOME_OK);
        assert_int_equal(public.curve, TPM_ECC_NIST_P521);
        assert_int_equal(public.x.size, 66);
        assert_int_equal(public.y.size, 66);
}

/* Each byte of both structures is signed, or its hash is. */
static void refuses_every_changed_byte(void **state)
{
        (void)state;
        const struct tpm_plan plan = right();
        assert_int_equal(verify_code(&plan), MITOME_OK);
        const struct rig_der whole = tpm.statement;
        struct rig_der *parts[] = { &tpm.public, &tpm.attest, &tpm.signature };
        for (size_t part = 0; part < COUNT(parts); part++)
                for (size_t i = 0; i < parts[part]->size; i++) {
                        struct attestation_result result;
                        mitome_error error;
                        parts[part]->bytes[i] ^= 0x01;
                        write_statement(&plan);
                        parts[part]->bytes[i] ^= 0x01;
                        assert_int_equal(tpm.statement.size, whole.size);
                        assert_int_not_equal(rig_verify(&built, rig_der_view(&tpm.statement),
                                                     &attestation_tpm, &result, &error)
                                                     .code,
                                MITOME_OK);
                }
}

/* Parts of two right statements, one beside the other. */
static void refuses_parts_of_another_statement(void **state)
{
        (void)state;
        static const mitome_code codes[] = { MITOME_E_KEY_MISMATCH, MITOME_E_NONCE_MISMATCH,
                MITOME_E_SIGNATURE_INVALID };
        struct rig_der *parts[] = { &tpm.public, &tpm.attest, &tpm.signature };
        for (size_t part = 0; part < COUNT(parts); part++) {
                struct tpm_plan plan = right();
                struct attestation_result result;
                mitome_error error;
                plan.key = RIG_ES384;
                build(&plan);
                const struct rig_der foreign = *parts[part];
                plan.key = RIG_ES256;
                build(&plan);
                *parts[part] = foreign;
                write_statement(&plan);
                assert_int_equal(
                        rig_verify(&built, rig_der_view(&tpm.statement), &attestation_tpm, &result, &error)
                                .code,
                        codes[part]);
        }
}

/* ---- the rig ---- */

/* A key whose x begins with a zero: one in 256 does. */
static EVP_PKEY *key_with_short_x(void)
{
        for (;;) {
                BIGNUM *x = NULL, *y = NULL;
                EVP_PKEY *key = EVP_EC_gen("P-256");
                assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x), 1);
                assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y), 1);
                bool found = BN_num_bytes(x) == 31 && BN_num_bytes(y) == 32;
                BN_free(x);
                BN_free(y);
                if (found)
                        return key;
                EVP_PKEY_free(key);
        }
}

static int open_all(void **state)
{
        (void)state;
        rig_open(&rig);
        rig.credential[RIG_ES256] = key_with_short_x();
        return 0;
}

static int close_all(void **state)
{
        (void)state;
        for (size_t i = 0; i < AIKS; i++)
                EVP_PKEY_free(aik_keys[i]);
        rig_close(&rig);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_every_pair_of_keys),
                cmocka_unit_test(takes_every_name_algorithm),
                cmocka_unit_test(takes_every_scheme),
                cmocka_unit_test(takes_an_exponent_that_is_told),
                cmocka_unit_test(takes_a_short_coordinate),
                cmocka_unit_test(ignores_the_signer),
                cmocka_unit_test(takes_certificates_of_every_make),
                cmocka_unit_test(asks_the_registry_when_told_to),
                cmocka_unit_test(refuses_each_edit_of_the_statement),
                cmocka_unit_test(refuses_each_edit_of_the_public_area),
                cmocka_unit_test(refuses_a_key_read_as_something_else),
                cmocka_unit_test(refuses_each_edit_of_the_certification),
                cmocka_unit_test(refuses_each_edit_of_the_certificate),
                cmocka_unit_test(refuses_another_aaguid),
                cmocka_unit_test(refuses_a_credential_of_another_kind),
                cmocka_unit_test(refuses_every_truncation),
                cmocka_unit_test(structures_end_where_they_end),
                cmocka_unit_test(reads_what_was_written),
                cmocka_unit_test(reads_p521),
                cmocka_unit_test(refuses_every_changed_byte),
                cmocka_unit_test(refuses_parts_of_another_statement),
        };
        return cmocka_run_group_tests(tests, open_all, close_all);
}
