/* SPDX-License-Identifier: Apache-2.0 */
#include "tpm_structures.h"

/* The longest digest, SHA-512's; a name is nameAlg and a digest, and TPM2B_DATA may be as long; moduli as
 * long as a COSE key's. */
enum { DIGEST_MAX = 64, NAME_MAX = 2 + DIGEST_MAX, MODULUS_MAX = 512 };

/* TPM2B_*: "the size of the buffer", two bytes, and as many bytes. */
static mitome_status read_sized(reader *r, const char *field, size_t max, slice *ret)
{
        const reader start = *r;
        uint16_t size;
        MITOME_TRY(read_u16(r, field, &size));
        if (size > max)
                return reader_fail(&start, MITOME_E_TOO_LONG, field);
        return read_bytes(r, field, size, ret);
}

/* ---- algorithms that may stand somewhere, and what follows them there ---- */

struct choice {
        uint16_t algorithm;
        uint8_t details; /* how many numbers of two bytes follow */
};

/* Takes an algorithm that is one of `choices`, and its details; *ret_first is the first of these, or 0. */
static mitome_status read_choice(reader *r, const char *field, const struct choice *choices, size_t count,
        uint16_t *ret, uint16_t *ret_first)
{
        const reader start = *r;
        uint16_t algorithm, detail, first = 0;
        MITOME_TRY(read_u16(r, field, &algorithm));
        for (size_t i = 0; i < count; i++) {
                if (choices[i].algorithm != algorithm)
                        continue;
                for (unsigned n = 0; n < choices[i].details; n++) {
                        MITOME_TRY(read_u16(r, field, &detail));
                        first = n ? first : detail;
                }
                *ret = algorithm;
                *ret_first = first;
                return ok();
        }
        return reader_fail(&start, MITOME_E_TPM_ALGORITHM, field);
}

#define READ_CHOICE(r, field, choices, ret, ret_first) \
        read_choice((r), (field), (choices), sizeof(choices) / sizeof(choices)[0], (ret), (ret_first))

/* The hash of an object's name. */
static const struct choice name_algorithms[] = {
        { TPM_ALG_SHA1, 0 },
        { TPM_ALG_SHA256, 0 },
        { TPM_ALG_SHA384, 0 },
        { TPM_ALG_SHA512, 0 },
};

/* TPMT_SYM_DEF_OBJECT: keyBits and mode. */
static const struct choice symmetrics[] = {
        { TPM_ALG_NULL, 0 },
        { TPM_ALG_TDES, 2 },
        { TPM_ALG_AES, 2 },
        { TPM_ALG_SM4, 2 },
        { TPM_ALG_CAMELLIA, 2 },
};

/* TPMT_RSA_SCHEME: hashAlg, but for RSAES. */
static const struct choice rsa_schemes[] = {
        { TPM_ALG_NULL, 0 },
        { TPM_ALG_RSASSA, 1 },
        { TPM_ALG_RSAES, 0 },
        { TPM_ALG_RSAPSS, 1 },
        { TPM_ALG_OAEP, 1 },
};

/* TPMT_ECC_SCHEME: hashAlg; ECDAA has a count behind it. */
static const struct choice ecc_schemes[] = {
        { TPM_ALG_NULL, 0 },
        { TPM_ALG_ECDSA, 1 },
        { TPM_ALG_ECDH, 1 },
        { TPM_ALG_ECDAA, 2 },
        { TPM_ALG_SM2, 1 },
        { TPM_ALG_ECSCHNORR, 1 },
        { TPM_ALG_ECMQV, 1 },
};

/* TPMT_KDF_SCHEME: hashAlg. */
static const struct choice kdfs[] = {
        { TPM_ALG_NULL, 0 },
        { TPM_ALG_MGF1, 1 },
        { TPM_ALG_KDF1_SP800_56A, 1 },
        { TPM_ALG_KDF2, 1 },
        { TPM_ALG_KDF1_SP800_108, 1 },
};

static const struct choice curves[] = {
        { TPM_ECC_NIST_P256, 0 },
        { TPM_ECC_NIST_P384, 0 },
        { TPM_ECC_NIST_P521, 0 },
};

static const struct choice types[] = { { TPM_ALG_RSA, 0 }, { TPM_ALG_ECC, 0 } };

static size_t field_size(uint16_t curve)
{
        return curve == TPM_ECC_NIST_P256 ? 32 : curve == TPM_ECC_NIST_P384 ? 48 : 66;
}

/* ---- TPMT_PUBLIC ---- */

/* TPMS_RSA_PARMS behind symmetric, and TPM2B_PUBLIC_KEY_RSA. */
static mitome_status read_rsa(reader *r, struct tpm_public *key)
{
        MITOME_TRY(READ_CHOICE(r, "pubArea.parameters.scheme", rsa_schemes, &key->scheme, &key->scheme_hash));
        MITOME_TRY(read_u16(r, "pubArea.parameters.keyBits", &key->key_bits));
        MITOME_TRY(read_u32(r, "pubArea.parameters.exponent", &key->exponent));
        const reader unique = *r;
        MITOME_TRY(read_sized(r, "pubArea.unique", MODULUS_MAX, &key->modulus));
        if (key->modulus.size * 8 != key->key_bits)
                return reader_fail(&unique, MITOME_E_VALUE, "pubArea.unique");
        if (key->exponent == 0)
                key->exponent = TPM_EXPONENT;
        return ok();
}

/* TPMS_ECC_PARMS behind symmetric, and TPMS_ECC_POINT. */
static mitome_status read_ecc(reader *r, struct tpm_public *key)
{
        uint16_t kdf, detail;
        MITOME_TRY(READ_CHOICE(r, "pubArea.parameters.scheme", ecc_schemes, &key->scheme, &key->scheme_hash));
        MITOME_TRY(READ_CHOICE(r, "pubArea.parameters.curveID", curves, &key->curve, &detail));
        MITOME_TRY(READ_CHOICE(r, "pubArea.parameters.kdf", kdfs, &kdf, &detail));
        MITOME_TRY(read_sized(r, "pubArea.unique.x", field_size(key->curve), &key->x));
        return read_sized(r, "pubArea.unique.y", field_size(key->curve), &key->y);
}

mitome_status tpm_public_read(reader *r, struct tpm_public *ret)
{
        struct tpm_public key = { .whole = r->rest };
        uint16_t detail;
        MITOME_TRY(READ_CHOICE(r, "pubArea.type", types, &key.type, &detail));
        MITOME_TRY(READ_CHOICE(r, "pubArea.nameAlg", name_algorithms, &key.name_algorithm, &detail));
        MITOME_TRY(read_u32(r, "pubArea.objectAttributes", &key.attributes));
        MITOME_TRY(read_sized(r, "pubArea.authPolicy", DIGEST_MAX, &key.policy));
        MITOME_TRY(READ_CHOICE(r, "pubArea.parameters.symmetric", symmetrics, &key.symmetric, &detail));
        MITOME_TRY(key.type == TPM_ALG_RSA ? read_rsa(r, &key) : read_ecc(r, &key));
        MITOME_TRY(read_end(r, "pubArea"));
        *ret = key;
        return ok();
}

/* ---- TPMS_ATTEST ---- */

#define TPM_GENERATED_VALUE UINT32_C(0xFF544347)
enum { TPM_ST_ATTEST_CERTIFY = 0x8017 };

static mitome_status read_kind(reader *r)
{
        const reader start = *r;
        uint32_t magic;
        uint16_t type;
        /* WebAuthn L3 8.3: "Verify that magic is set to TPM_GENERATED_VALUE." */
        MITOME_TRY(read_u32(r, "certInfo.magic", &magic));
        if (magic != TPM_GENERATED_VALUE)
                return reader_fail(&start, MITOME_E_TPM_MAGIC, "certInfo.magic");
        const reader before_type = *r;
        /* "Verify that type is set to TPM_ST_ATTEST_CERTIFY." */
        MITOME_TRY(read_u16(r, "certInfo.type", &type));
        if (type != TPM_ST_ATTEST_CERTIFY)
                return reader_fail(&before_type, MITOME_E_TPM_ATTEST_TYPE, "certInfo.type");
        return ok();
}

/* TPMS_CLOCK_INFO. Its "safe" is not held to be 0 or 1: "these fields MAY be obfuscated", and in the test
 * vector of the Recommendation it is neither. */
static mitome_status read_clock(reader *r, struct tpm_attest *attest)
{
        MITOME_TRY(read_u64(r, "certInfo.clockInfo", &attest->clock));
        MITOME_TRY(read_u32(r, "certInfo.clockInfo", &attest->reset_count));
        MITOME_TRY(read_u32(r, "certInfo.clockInfo", &attest->restart_count));
        return read_u8(r, "certInfo.clockInfo", &attest->safe);
}

mitome_status tpm_attest_read(reader *r, struct tpm_attest *ret)
{
        struct tpm_attest attest = { 0 };
        MITOME_TRY(read_kind(r));
        MITOME_TRY(read_sized(r, "certInfo.qualifiedSigner", NAME_MAX, &attest.qualified_signer));
        MITOME_TRY(read_sized(r, "certInfo.extraData", NAME_MAX, &attest.extra_data));
        MITOME_TRY(read_clock(r, &attest));
        MITOME_TRY(read_u64(r, "certInfo.firmwareVersion", &attest.firmware_version));
        /* "attested contains a TPMS_CERTIFY_INFO structure": the type says so. */
        MITOME_TRY(read_sized(r, "certInfo.attested.name", NAME_MAX, &attest.name));
        MITOME_TRY(read_sized(r, "certInfo.attested.qualifiedName", NAME_MAX, &attest.qualified_name));
        MITOME_TRY(read_end(r, "certInfo"));
        *ret = attest;
        return ok();
}
