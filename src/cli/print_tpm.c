/* SPDX-License-Identifier: Apache-2.0 */
/* TPMT_PUBLIC and TPMS_ATTEST, "Trusted Platform Module Library, Part 2: Structures". */
#include "print_place.h"
#include "tpm_structures.h"

static const char clause[] = "WebAuthn L3 8.3";

static const struct {
        uint16_t number;
        const char *name;
} algorithms[] = {
        { TPM_ALG_RSA, "TPM_ALG_RSA" },
        { TPM_ALG_TDES, "TPM_ALG_TDES" },
        { TPM_ALG_SHA1, "TPM_ALG_SHA1" },
        { TPM_ALG_AES, "TPM_ALG_AES" },
        { TPM_ALG_MGF1, "TPM_ALG_MGF1" },
        { TPM_ALG_SHA256, "TPM_ALG_SHA256" },
        { TPM_ALG_SHA384, "TPM_ALG_SHA384" },
        { TPM_ALG_SHA512, "TPM_ALG_SHA512" },
        { TPM_ALG_NULL, "TPM_ALG_NULL" },
        { TPM_ALG_SM4, "TPM_ALG_SM4" },
        { TPM_ALG_RSASSA, "TPM_ALG_RSASSA" },
        { TPM_ALG_RSAES, "TPM_ALG_RSAES" },
        { TPM_ALG_RSAPSS, "TPM_ALG_RSAPSS" },
        { TPM_ALG_OAEP, "TPM_ALG_OAEP" },
        { TPM_ALG_ECDSA, "TPM_ALG_ECDSA" },
        { TPM_ALG_ECDH, "TPM_ALG_ECDH" },
        { TPM_ALG_ECDAA, "TPM_ALG_ECDAA" },
        { TPM_ALG_SM2, "TPM_ALG_SM2" },
        { TPM_ALG_ECSCHNORR, "TPM_ALG_ECSCHNORR" },
        { TPM_ALG_ECMQV, "TPM_ALG_ECMQV" },
        { TPM_ALG_ECC, "TPM_ALG_ECC" },
        { TPM_ALG_CAMELLIA, "TPM_ALG_CAMELLIA" },
};

static void print_algorithm_line(const struct print_place *place, const char *name, uint16_t number)
{
        for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
                if (algorithms[i].number == number) {
                        print_line(place, name, "%s (0x%04x)", algorithms[i].name, number);
                        return;
                }
        print_line(place, name, "0x%04x", number);
}

/* TPMA_OBJECT, 8.3: by bit. */
static void print_attributes(const struct print_place *place, uint32_t attributes)
{
        static const char *const names[32] = {
                [1] = "fixedTPM",
                [2] = "stClear",
                [4] = "fixedParent",
                [5] = "sensitiveDataOrigin",
                [6] = "userWithAuth",
                [7] = "adminWithPolicy",
                [8] = "firmwareLimited",
                [9] = "svnLimited",
                [10] = "noDA",
                [11] = "encryptedDuplication",
                [16] = "restricted",
                [17] = "decrypt",
                [18] = "sign",
                [19] = "x509sign",
        };
        const char *separator = " ";
        print_name(place, "attributes");
        fprintf(place->out, "0x%08x:", attributes);
        for (unsigned bit = 0; bit < 32; bit++) {
                if (!(attributes & UINT32_C(1) << bit))
                        continue;
                if (names[bit])
                        fprintf(place->out, "%s%s", separator, names[bit]);
                else
                        fprintf(place->out, "%sreserved bit %u", separator, bit);
                separator = ", ";
        }
        fputc('\n', place->out);
}

static void print_curve(const struct print_place *place, uint16_t curve)
{
        static const char *const names[] = { [TPM_ECC_NIST_P256] = "TPM_ECC_NIST_P256",
                [TPM_ECC_NIST_P384] = "TPM_ECC_NIST_P384",
                [TPM_ECC_NIST_P521] = "TPM_ECC_NIST_P521" };
        /* tpm_public_read knows no other. */
        print_line(place, "curveID", "%s (0x%04x)", names[curve], curve);
}

mitome_status print_tpm_public(const struct print_place *place, slice bytes)
{
        reader r = print_reader(place, bytes, clause);
        struct tpm_public key;
        MITOME_TRY(tpm_public_read(&r, &key));
        print_algorithm_line(place, "type", key.type);
        print_algorithm_line(place, "nameAlg", key.name_algorithm);
        print_attributes(place, key.attributes);
        print_bytes_line(place, "authPolicy", key.policy);
        print_algorithm_line(place, "symmetric", key.symmetric);
        print_algorithm_line(place, "scheme", key.scheme);
        if (key.scheme_hash)
                print_algorithm_line(place, "scheme hash", key.scheme_hash);
        if (key.type == TPM_ALG_RSA) {
                print_line(place, "keyBits", "%u", key.key_bits);
                print_line(place, "exponent", "%u", key.exponent);
                print_hex_line(place, "unique n", key.modulus);
        } else {
                print_curve(place, key.curve);
                print_hex_line(place, "unique x", key.x);
                print_hex_line(place, "unique y", key.y);
        }
        return ok();
}

mitome_status print_tpm_attest(const struct print_place *place, slice bytes)
{
        reader r = print_reader(place, bytes, clause);
        struct tpm_attest attest;
        MITOME_TRY(tpm_attest_read(&r, &attest));
        print_line(place, "magic", "TPM_GENERATED_VALUE (0xff544347)");
        print_line(place, "type", "TPM_ST_ATTEST_CERTIFY (0x8017)");
        print_bytes_line(place, "qualifiedSigner", attest.qualified_signer);
        print_bytes_line(place, "extraData", attest.extra_data);
        print_line(place, "clock", "%llu ms, resets %u, restarts %u, safe %u",
                (unsigned long long)attest.clock, attest.reset_count, attest.restart_count, attest.safe);
        print_line(place, "firmwareVersion", "0x%016llx", (unsigned long long)attest.firmware_version);
        print_bytes_line(place, "name", attest.name);
        print_bytes_line(place, "qualifiedName", attest.qualified_name);
        return ok();
}
