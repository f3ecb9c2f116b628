/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TPM_STRUCTURES_H
#define TPM_STRUCTURES_H

/* The two structures of a TPM that a tpm statement carries: TPMT_PUBLIC and TPMS_ATTEST of "Trusted Platform
 * Module Library, Part 2: Structures". Both are read to their last byte; all views point into the input. */

#include "bytes.h"

/* TPM_ALG_ID, as the TCG Algorithm Registry numbers them: those that may stand in the public area of an RSA
 * or an elliptic key. */
enum {
        TPM_ALG_RSA = 0x0001,
        TPM_ALG_TDES = 0x0003,
        TPM_ALG_SHA1 = 0x0004,
        TPM_ALG_AES = 0x0006,
        TPM_ALG_MGF1 = 0x0007,
        TPM_ALG_SHA256 = 0x000B,
        TPM_ALG_SHA384 = 0x000C,
        TPM_ALG_SHA512 = 0x000D,
        TPM_ALG_NULL = 0x0010,
        TPM_ALG_SM4 = 0x0013,
        TPM_ALG_RSASSA = 0x0014,
        TPM_ALG_RSAES = 0x0015,
        TPM_ALG_RSAPSS = 0x0016,
        TPM_ALG_OAEP = 0x0017,
        TPM_ALG_ECDSA = 0x0018,
        TPM_ALG_ECDH = 0x0019,
        TPM_ALG_ECDAA = 0x001A,
        TPM_ALG_SM2 = 0x001B,
        TPM_ALG_ECSCHNORR = 0x001C,
        TPM_ALG_ECMQV = 0x001D,
        TPM_ALG_KDF1_SP800_56A = 0x0020,
        TPM_ALG_KDF2 = 0x0021,
        TPM_ALG_KDF1_SP800_108 = 0x0022,
        TPM_ALG_ECC = 0x0023,
        TPM_ALG_CAMELLIA = 0x0026,
};

/* TPM_ECC_CURVE: those that a COSE algorithm has. */
enum { TPM_ECC_NIST_P256 = 0x0003, TPM_ECC_NIST_P384 = 0x0004, TPM_ECC_NIST_P521 = 0x0005 };

enum { TPM_EXPONENT = 65537 }; /* what an exponent of 0 stands for (TPMS_RSA_PARMS) */

/* TPMT_PUBLIC ([TPMv2-Part2] 12.2.4) of an RSA or an elliptic key. */
struct tpm_public {
        slice whole;             /* what the object's name is the hash of */
        uint16_t type;           /* TPM_ALG_RSA or TPM_ALG_ECC */
        uint16_t name_algorithm; /* TPM_ALG_SHA1, ..SHA512 */
        uint32_t attributes;     /* TPMA_OBJECT */
        slice policy;            /* may be empty */
        uint16_t symmetric;      /* TPM_ALG_NULL but for a key that holds others */
        uint16_t scheme;         /* TPM_ALG_NULL: the caller chooses for each signature */
        uint16_t scheme_hash;    /* 0: the scheme has none */
        /* TPM_ALG_RSA */
        uint16_t key_bits;
        uint32_t exponent; /* never 0 */
        slice modulus;     /* exactly key_bits long */
        /* TPM_ALG_ECC */
        uint16_t curve; /* TPM_ECC_NIST_P256, ..P521 */
        slice x, y;     /* at most as long as the curve's field; older TPMs leave zeros in front out */
};

/* tpm_public_read takes one TPMT_PUBLIC and nothing behind it: INPUT_ENDS, TRAILING_BYTES, TOO_LONG for a
 * buffer over its type's limit, TPM_ALGORITHM for an algorithm or a curve that is not known at its place,
 * VALUE for a modulus that is not of keyBits. */
MITOME_CHECKED mitome_status tpm_public_read(reader *r, struct tpm_public *ret);

/* TPMS_ATTEST ([TPMv2-Part2] 10.12.8) that holds a TPMS_CERTIFY_INFO (10.12.3). */
struct tpm_attest {
        slice qualified_signer;
        slice extra_data;
        uint64_t clock;
        uint32_t reset_count, restart_count;
        uint8_t safe;
        uint64_t firmware_version;
        slice name, qualified_name; /* of the key that is certified */
};

/* tpm_attest_read takes one TPMS_ATTEST and nothing behind it: INPUT_ENDS, TRAILING_BYTES, TOO_LONG,
 * TPM_MAGIC, TPM_ATTEST_TYPE. */
MITOME_CHECKED mitome_status tpm_attest_read(reader *r, struct tpm_attest *ret);

#endif
