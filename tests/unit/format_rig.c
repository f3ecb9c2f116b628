/* SPDX-License-Identifier: Apache-2.0 */
#include "format_rig.h"

#include "transcribe.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(bool right, const char *what)
{
        if (right)
                return;
        fprintf(stderr, "format rig: %s failed\n", what);
        abort();
}

static const struct {
        const char *name;
        enum rig_attestation attestation; /* what the ceremony rig makes of it */
        bool chain;
} formats_known[RIG_FORMATS] = {
        [RIG_FORMAT_NONE] = { "none", RIG_NO_STATEMENT, false },
        [RIG_FORMAT_SELF] = { "packed", RIG_SELF, false },
        [RIG_FORMAT_PACKED] = { "packed", RIG_CHAIN, true },
        [RIG_FORMAT_U2F] = { "fido-u2f", RIG_CHAIN, true },
        [RIG_FORMAT_TPM] = { "tpm", RIG_CHAIN, true },
        [RIG_FORMAT_ANDROID] = { "android-key", RIG_CHAIN, true },
        [RIG_FORMAT_APPLE] = { "apple", RIG_CHAIN, true },
        [RIG_FORMAT_JPKI] = { "mitome-jpki", RIG_CHAIN, true },
        [RIG_FORMAT_COMPOUND] = { "compound", RIG_CHAIN, false },
};

void format_rig_open(struct format_rig *formats)
{
        *formats = (struct format_rig){ 0 };
        rig_open(&formats->rig);
        formats->aik = EVP_EC_gen("P-256");
        formats->person = EVP_RSA_gen(2048);
        must(formats->aik && formats->person, "keys");
}

void format_rig_close(struct format_rig *formats)
{
        EVP_PKEY_free(formats->aik);
        EVP_PKEY_free(formats->person);
        rig_close(&formats->rig);
}

const char *format_rig_name(enum rig_format format)
{
        return formats_known[format].name;
}

bool format_rig_chain(enum rig_format format)
{
        return formats_known[format].chain;
}

/* ---- pieces ---- */

static slice auth_data_of(const struct rig_response *response)
{
        return slice_of(response->auth_data, response->auth_data_size);
}

static slice number_of(const EVP_PKEY *key, const char *name, uint8_t *buffer, size_t size)
{
        BIGNUM *number = NULL;
        must(EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
                        BN_bn2binpad(number, buffer, (int)size) == (int)size,
                "number");
        BN_free(number);
        return slice_of(buffer, size);
}

/* By P-256 with SHA-256, or RSA-2048 with PKCS#1 v1.5. */
static void sign_bytes(EVP_PKEY *key, slice message, struct rig_der *ret)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        ret->size = sizeof ret->bytes;
        must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                        EVP_DigestSign(context, ret->bytes, &ret->size, message.data, message.size) == 1,
                "signature");
        EVP_MD_CTX_free(context);
}

static EVP_PKEY *credential_key(const struct format_rig *formats)
{
        EVP_PKEY *key = formats->rig.credential[formats->key];
        must(key != NULL, "a credential");
        return key;
}

static int64_t credential_algorithm(const struct format_rig *formats)
{
        return formats->key == RIG_RS256 ? COSE_RS256 : formats->key == RIG_EDDSA ? COSE_EDDSA : COSE_ES256;
}

static EVP_PKEY *attestation_key(struct format_rig *formats)
{
        EVP_PKEY **key = &formats->rig.attestation[RIG_ES256];
        if (!*key)
                *key = EVP_EC_gen("P-256");
        must(*key != NULL, "key");
        return *key;
}

static void write_bytes(writer *w, const char *name, slice bytes)
{
        cbor_write_string(w, name);
        cbor_write_bytes(w, bytes);
}

static void write_chain(writer *w, slice leaf)
{
        cbor_write_string(w, "x5c");
        cbor_write_array(w, 1);
        cbor_write_bytes(w, leaf);
}

static void write_alg(writer *w, int64_t algorithm)
{
        cbor_write_string(w, "alg");
        cbor_write_int(w, algorithm);
}

/* ---- certificates with more than one extension ---- */

static void add_raw(X509 *certificate, const char *oid, bool critical, slice value)
{
        ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
        ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
        must(ASN1_OCTET_STRING_set(content, value.data, (int)value.size) == 1, "value");
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, type, critical, content);
        must(X509_add_ext(certificate, extension, -1) == 1, "extension");
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(content);
        ASN1_OBJECT_free(type);
}

static void name_device(X509 *certificate)
{
        static const char *const fields[][2] = { { "2.23.133.2.1", "id:4D544D45" },
                { "2.23.133.2.2", "Software TPM" }, { "2.23.133.2.3", "id:00010002" } };
        GENERAL_NAMES *names = GENERAL_NAMES_new();
        GENERAL_NAME *name = GENERAL_NAME_new();
        X509_NAME *directory = X509_NAME_new();
        uint8_t value[512], *end = value;
        for (size_t i = 0; i < 3; i++)
                must(X509_NAME_add_entry_by_txt(directory, fields[i][0], MBSTRING_UTF8,
                             (const unsigned char *)fields[i][1], -1, -1, 0) == 1,
                        "device");
        GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
        must(sk_GENERAL_NAME_push(names, name) > 0, "name");
        const size_t size = (size_t)i2d_GENERAL_NAMES(names, &end);
        add_raw(certificate, "2.5.29.17", true, slice_of(value, size));
        GENERAL_NAMES_free(names);
}

/* WebAuthn L3 8.3.1. */
static void certify_aik(struct format_rig *formats, struct rig_der *ret)
{
        static const uint8_t purpose[] = { 0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x03 };
        static const uint8_t no_ca[] = { 0x30, 0x00 };
        const struct rig *rig = &formats->rig;
        X509 *certificate = X509_new();
        X509_set_version(certificate, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 99);
        ASN1_TIME_set(X509_getm_notBefore(certificate), RIG_NOW - 86400);
        ASN1_TIME_set(X509_getm_notAfter(certificate), RIG_NOW + 86400);
        X509_set_issuer_name(certificate, X509_get_subject_name(rig->ca));
        X509_set_pubkey(certificate, formats->aik);
        name_device(certificate);
        add_raw(certificate, "2.5.29.37", false, SLICE(purpose));
        add_raw(certificate, "2.5.29.19", false, SLICE(no_ca));
        must(X509_sign(certificate, rig->ca_key, EVP_sha256()) > 0, "certificate");
        uint8_t *end = ret->bytes;
        const int size = i2d_X509(certificate, NULL);
        must(size > 0 && (size_t)size <= sizeof ret->bytes, "DER");
        ret->size = (size_t)i2d_X509(certificate, &end);
        X509_free(certificate);
}

/* ---- formats ---- */

static void state_none(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        (void)formats;
        (void)response;
        cbor_write_map(w, 0);
}

static void state_self(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        struct rig_der signature;
        rig_signature(credential_key(formats), response, false, &signature);
        cbor_write_map(w, 2);
        write_alg(w, credential_algorithm(formats));
        write_bytes(w, "sig", rig_der_view(&signature));
}

/* The leaf is the ceremony rig's: it is made only when that builds a chain itself. */
static void state_packed(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        struct rig_der signature;
        rig_signature(attestation_key(formats), response, false, &signature);
        cbor_write_map(w, 3);
        write_alg(w, COSE_ES256);
        write_bytes(w, "sig", rig_der_view(&signature));
        write_chain(w, slice_of(response->leaf, response->leaf_size));
}

/* WebAuthn L3 8.6 */
static void state_u2f(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        static const struct rig_extension_plan none = { 0 };
        struct rig_der leaf, signature;
        struct authdata data;
        uint8_t message[2048], hash[32], x[32], y[32];
        writer m = WRITER(message);
        const EVP_PKEY *key = credential_key(formats);
        must(!failed(authdata_read(auth_data_of(response), &data, NULL)), "authenticator data");
        rig_client_data_hash(response, hash);
        write_u8(&m, 0x00);
        write_slice(&m, data.rp_id_hash);
        write_slice(&m, SLICE(hash));
        write_slice(&m, data.credential_id);
        write_u8(&m, 0x04);
        write_slice(&m, number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, x, 32));
        write_slice(&m, number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, y, 32));
        sign_bytes(attestation_key(formats), writer_view(&m), &signature);
        rig_certify(&formats->rig, attestation_key(formats), &none, &leaf);
        cbor_write_map(w, 2);
        write_bytes(w, "sig", rig_der_view(&signature));
        write_chain(w, rig_der_view(&leaf));
}

/* [TPMv2-Part2] TPMT_PUBLIC of a P-256 key without restrictions. */
static slice tpm_public(struct format_rig *formats, writer *w)
{
        static const uint8_t head[] = { 0x00, 0x23, 0x00, 0x0B, 0x00, 0x06, 0x04, 0x72, 0x00, 0x00, 0x00,
                0x10, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10 };
        uint8_t number[32];
        write_slice(w, SLICE(head));
        write_u16(w, 32);
        write_slice(w, number_of(credential_key(formats), OSSL_PKEY_PARAM_EC_PUB_X, number, 32));
        write_u16(w, 32);
        write_slice(w, number_of(credential_key(formats), OSSL_PKEY_PARAM_EC_PUB_Y, number, 32));
        return writer_view(w);
}

/* TPMS_ATTEST with TPMS_CERTIFY_INFO. */
static slice tpm_attest(const struct rig_response *response, slice public, writer *w)
{
        static const uint8_t zeros[34];
        uint8_t client_data_hash[32], digest[32];
        rig_client_data_hash(response, client_data_hash);
        const slice signed_parts[] = { auth_data_of(response), SLICE(client_data_hash) };
        write_u32(w, 0xFF544347);
        write_u16(w, 0x8017);
        write_u16(w, sizeof zeros);
        write_slice(w, SLICE(zeros));
        sha256(signed_parts, 2, digest);
        write_u16(w, sizeof digest);
        write_slice(w, SLICE(digest));
        write_slice(w, slice_of(zeros, 17)); /* clockInfo */
        write_u64(w, 1);                     /* firmwareVersion */
        sha256(&public, 1, digest);
        write_u16(w, 34);
        write_u16(w, 0x000B);
        write_slice(w, SLICE(digest));
        write_u16(w, 34);
        write_slice(w, SLICE(zeros));
        return writer_view(w);
}

static void state_tpm(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        struct rig_der leaf, signature;
        uint8_t public_bytes[256], attest_bytes[512];
        writer p = WRITER(public_bytes), a = WRITER(attest_bytes);
        const slice public = tpm_public(formats, &p), attest = tpm_attest(response, public, &a);
        sign_bytes(formats->aik, attest, &signature);
        certify_aik(formats, &leaf);
        cbor_write_map(w, 6);
        write_alg(w, COSE_ES256);
        write_bytes(w, "sig", rig_der_view(&signature));
        cbor_write_string(w, "ver");
        cbor_write_string(w, "2.0");
        write_chain(w, rig_der_view(&leaf));
        write_bytes(w, "pubArea", public);
        write_bytes(w, "certInfo", attest);
}

/* WebAuthn L3 8.4.1: version 4, TrustedEnvironment, the challenge, no uniqueId, nothing in software; purpose
 * SIGN and origin GENERATED in the TEE. */
static void state_android(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        static const uint8_t before[] = { 0x30, 0x49, 0x02, 0x01, 0x04, 0x0A, 0x01, 0x01, 0x02, 0x01, 0x04,
                0x0A, 0x01, 0x01, 0x04, 0x20 };
        static const uint8_t behind[] = { 0x04, 0x00, 0x30, 0x00, 0x30, 0x0E, 0xA1, 0x05, 0x31, 0x03, 0x02,
                0x01, 0x02, 0xBF, 0x85, 0x3E, 0x03, 0x02, 0x01, 0x00 };
        uint8_t description[128], hash[32];
        struct rig_der leaf, signature;
        writer d = WRITER(description);
        rig_client_data_hash(response, hash);
        write_slice(&d, SLICE(before));
        write_slice(&d, SLICE(hash));
        write_slice(&d, SLICE(behind));
        description[1] = (uint8_t)(d.used - 2);
        const struct rig_extension_plan extension = { "1.3.6.1.4.1.11129.2.1.17", writer_view(&d), 1 };
        rig_certify(&formats->rig, credential_key(formats), &extension, &leaf);
        rig_signature(credential_key(formats), response, false, &signature);
        cbor_write_map(w, 3);
        write_alg(w, credential_algorithm(formats));
        write_bytes(w, "sig", rig_der_view(&signature));
        write_chain(w, rig_der_view(&leaf));
}

/* WebAuthn L3 8.8 */
static void state_apple(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        uint8_t value[38] = { 0x30, 0x24, 0xA1, 0x22, 0x04, 0x20 }, hash[32];
        struct rig_der leaf;
        rig_client_data_hash(response, hash);
        const slice parts[] = { auth_data_of(response), SLICE(hash) };
        sha256(parts, 2, value + 6);
        const struct rig_extension_plan extension = { "1.2.840.113635.100.8.2", SLICE(value), 1 };
        rig_certify(&formats->rig, credential_key(formats), &extension, &leaf);
        cbor_write_map(w, 1);
        write_chain(w, rig_der_view(&leaf));
}

/* MITOME-JPKI.md 1; the person's certificate is not of the JPKI's profile, which only an anchor for it asks.
 */
static void state_jpki(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        static const struct rig_extension_plan none = { 0 };
        struct rig_der leaf, signature;
        rig_certify(&formats->rig, formats->person, &none, &leaf);
        rig_signature(formats->person, response, false, &signature);
        cbor_write_map(w, 4);
        write_alg(w, COSE_RS256);
        write_bytes(w, "sig", rig_der_view(&signature));
        write_chain(w, rig_der_view(&leaf));
        cbor_write_string(w, "device");
        state_packed(formats, response, w);
}

static void state_compound(struct format_rig *formats, const struct rig_response *response, writer *w)
{
        static const enum rig_format parts[] = { RIG_FORMAT_PACKED, RIG_FORMAT_SELF };
        cbor_write_array(w, 2);
        for (size_t i = 0; i < 2; i++) {
                cbor_write_map(w, 2);
                cbor_write_string(w, "fmt");
                cbor_write_string(w, format_rig_name(parts[i]));
                cbor_write_string(w, "attStmt");
                format_rig_state(formats, parts[i], response, w);
        }
}

void format_rig_state(
        struct format_rig *formats, enum rig_format format, const struct rig_response *response, writer *w)
{
        static void (*const state[RIG_FORMATS])(
                struct format_rig *, const struct rig_response *, writer *) = {
                [RIG_FORMAT_NONE] = state_none,
                [RIG_FORMAT_SELF] = state_self,
                [RIG_FORMAT_PACKED] = state_packed,
                [RIG_FORMAT_U2F] = state_u2f,
                [RIG_FORMAT_TPM] = state_tpm,
                [RIG_FORMAT_ANDROID] = state_android,
                [RIG_FORMAT_APPLE] = state_apple,
                [RIG_FORMAT_JPKI] = state_jpki,
                [RIG_FORMAT_COMPOUND] = state_compound,
        };
        state[format](formats, response, w);
        must(!w->overflowed, "statement");
}

void format_rig_build(struct format_rig *formats, enum rig_format format, const struct rig_plan *plan,
        struct rig_response *ret)
{
        static uint8_t statement[12288];
        struct rig_plan edited = *plan;
        writer w = WRITER(statement);
        formats->key = plan->key;
        edited.attestation = RIG_SELF; /* makes the credential's key */
        edited.statement = (slice){ 0 };
        rig_build(&formats->rig, &edited, ret);
        edited.attestation = formats_known[format].attestation;
        edited.format = formats_known[format].name;
        (void)attestation_key(formats);
        rig_seal(&formats->rig, &edited, ret); /* makes the leaf */
        format_rig_state(formats, format, ret, &w);
        edited.statement = writer_view(&w);
        rig_seal(&formats->rig, &edited, ret);
}
