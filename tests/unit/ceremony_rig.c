/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony_rig.h"

#include "authdata.h"
#include "json.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE = 1704067200, AFTER = 2145916800 }; /* 2024-01-01, 2038-01-01 */

static void must(bool right)
{
        if (!right)
                abort();
}

static EVP_PKEY *new_key(enum rig_key key)
{
        switch (key) {
        case RIG_ES256:
        case RIG_HSS_LMS:
                return EVP_EC_gen("P-256");
        case RIG_EDDSA:
                return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        case RIG_RS256:
                return EVP_RSA_gen(2048);
        case RIG_ES384:
                return EVP_EC_gen("P-384");
        default:
                return NULL;
        }
}

static EVP_PKEY *key_of(EVP_PKEY **keys, enum rig_key key)
{
        if (!keys[key])
                keys[key] = new_key(key);
        must(keys[key] != NULL);
        return keys[key];
}

static int64_t algorithm_of(enum rig_key key)
{
        static const int64_t algorithms[] = { COSE_ES256, COSE_EDDSA, COSE_RS256, COSE_ES384, -46 };
        return algorithms[key];
}

/* ---- certificates ---- */

static void name_add(X509_NAME *name, const char *key, const char *text)
{
        if (text)
                must(X509_NAME_add_entry_by_txt(
                             name, key, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1);
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        must(extension && X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
}

static X509 *new_certificate(int version, int64_t not_before, int64_t not_after, EVP_PKEY *key)
{
        static long serial = 1;
        X509 *certificate = X509_new();
        must(certificate && X509_set_version(certificate, version - 1) == 1);
        must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++) == 1);
        must(ASN1_TIME_set(X509_getm_notBefore(certificate), not_before) != NULL);
        must(ASN1_TIME_set(X509_getm_notAfter(certificate), not_after) != NULL);
        must(X509_set_pubkey(certificate, key) == 1);
        return certificate;
}

static size_t to_der(X509 *certificate, uint8_t *buffer, size_t capacity)
{
        int size = i2d_X509(certificate, NULL);
        must(size > 0 && (size_t)size <= capacity);
        must(i2d_X509(certificate, &buffer) == size);
        return (size_t)size;
}

static void make_ca(struct rig *rig)
{
        rig->ca_key = new_key(RIG_ES256);
        rig->ca = new_certificate(3, BEFORE, AFTER, rig->ca_key);
        X509_NAME *name = X509_get_subject_name(rig->ca);
        name_add(name, "C", "JP");
        name_add(name, "O", "JPKI-TEST");
        name_add(name, "CN", "Rig attestation CA");
        must(X509_set_issuer_name(rig->ca, name) == 1);
        add_extension(rig->ca, rig->ca, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(rig->ca, rig->ca, NID_key_usage, "critical,keyCertSign,cRLSign");
        add_extension(rig->ca, rig->ca, NID_subject_key_identifier, "hash");
        must(X509_sign(rig->ca, rig->ca_key, EVP_sha256()) > 0);
        rig->ca_der_size = to_der(rig->ca, rig->ca_der, sizeof rig->ca_der);
}

static void add_aaguid(X509 *leaf, const struct rig_leaf *plan)
{
        uint8_t wrapped[18] = { 0x04, 16 };
        memcpy(wrapped + 2, plan->extension_aaguid, 16);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        bool bare = plan->aaguid_extension == RIG_NOT_WRAPPED;
        must(ASN1_OCTET_STRING_set(value, bare ? plan->extension_aaguid : wrapped, bare ? 16 : 18) == 1);
        ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.45724.1.1.4", 1);
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, plan->extension_critical, value);
        for (int i = 0; i < (plan->aaguid_extension == RIG_TWICE ? 2 : 1); i++)
                must(X509_add_ext(leaf, extension, -1) == 1);
        X509_EXTENSION_free(extension);
        ASN1_OBJECT_free(oid);
        ASN1_OCTET_STRING_free(value);
}

static void make_leaf(const struct rig *rig, const struct rig_leaf *plan, struct rig_response *response)
{
        X509 *leaf = new_certificate(
                plan->version, plan->not_before, plan->not_after, key_of(rig->attestation, plan->key));
        X509_NAME *name = X509_get_subject_name(leaf);
        name_add(name, "C", plan->country);
        name_add(name, "O", plan->organization);
        name_add(name, "OU", plan->unit);
        name_add(name, "OU", plan->second_unit);
        name_add(name, "CN", plan->name);
        must(X509_set_issuer_name(leaf, X509_get_subject_name(rig->ca)) == 1);
        if (plan->version == 3)
                add_extension(leaf, rig->ca, NID_authority_key_identifier, "keyid:always");
        if (plan->constraints != RIG_NO_CONSTRAINTS)
                add_extension(leaf, rig->ca, NID_basic_constraints,
                        plan->constraints == RIG_IS_CA ? "critical,CA:TRUE" : "critical,CA:FALSE");
        if (plan->aaguid_extension != RIG_ABSENT)
                add_aaguid(leaf, plan);
        must(X509_sign(leaf, rig->ca_key, EVP_sha256()) > 0);
        response->leaf_size = to_der(leaf, response->leaf, sizeof response->leaf - 1);
        if (plan->trailing_byte)
                response->leaf[response->leaf_size++] = 0;
        X509_free(leaf);
}

/* ---- the rig ---- */

void rig_open(struct rig *rig)
{
        *rig = (struct rig){ 0 };
        rig->credential = calloc(RIG_KEYS, sizeof *rig->credential);
        rig->attestation = calloc(RIG_KEYS, sizeof *rig->attestation);
        must(rig->credential && rig->attestation);
        make_ca(rig);
        for (size_t i = 0; i < sizeof rig->challenge; i++) {
                rig->challenge[i] = (uint8_t)(i * 7 + 1);
                rig->credential_id[i] = (uint8_t)(0xC0 ^ i);
        }
}

void rig_close(struct rig *rig)
{
        for (int i = 0; i < RIG_KEYS; i++) {
                EVP_PKEY_free(rig->credential[i]);
                EVP_PKEY_free(rig->attestation[i]);
        }
        free(rig->credential);
        free(rig->attestation);
        EVP_PKEY_free(rig->ca_key);
        X509_free(rig->ca);
}

struct rig_plan rig_registration_plan(void)
{
        static const uint8_t aaguid[16] = "mitome batch 001";
        struct rig_plan plan = {
                .registration = true,
                .type = "webauthn.create",
                .origin = "https://example.org",
                .client_members = ",\"crossOrigin\":false",
                .rp_id = "example.org",
                .flags = AUTHDATA_UP | AUTHDATA_UV | AUTHDATA_AT,
                .sign_count = 1,
                .key = RIG_ES256,
                .credential_id_size = 32,
                .format = "packed",
                .attestation = RIG_CHAIN,
                .chain_repeat = 1,
                .credential_type = "public-key",
                .leaf = { .key = RIG_ES256,
                        .version = 3,
                        .country = "JP",
                        .organization = "Mitome Test",
                        .unit = "Authenticator Attestation",
                        .name = "Batch 1",
                        .aaguid_extension = RIG_WRAPPED,
                        .not_before = BEFORE,
                        .not_after = AFTER },
        };
        memcpy(plan.aaguid, aaguid, 16);
        memcpy(plan.leaf.extension_aaguid, aaguid, 16);
        return plan;
}

struct rig_plan rig_authentication_plan(void)
{
        struct rig_plan plan = rig_registration_plan();
        plan.registration = false;
        plan.type = "webauthn.get";
        plan.flags = AUTHDATA_UP | AUTHDATA_UV;
        plan.sign_count = 7;
        return plan;
}

/* ---- building ---- */

static void write_text(writer *w, const char *text)
{
        if (text)
                write_slice(w, slice_text(text));
}

static size_t finish(const writer *w)
{
        must(!w->overflowed);
        return w->used;
}

static void write_number(writer *w, const EVP_PKEY *key, const char *name, int size)
{
        BIGNUM *number = NULL;
        uint8_t bytes[512];
        must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
        int used = size ? size : BN_num_bytes(number);
        must(BN_bn2binpad(number, bytes, used) == used);
        BN_free(number);
        cbor_write_bytes(w, slice_of(bytes, (size_t)used));
}

static void write_ec(writer *w, const EVP_PKEY *key, int64_t algorithm, int64_t curve, int size)
{
        cbor_write_map(w, 5);
        cbor_write_int(w, 1);
        cbor_write_int(w, 2);
        cbor_write_int(w, 3);
        cbor_write_int(w, algorithm);
        cbor_write_int(w, -1);
        cbor_write_int(w, curve);
        cbor_write_int(w, -2);
        write_number(w, key, OSSL_PKEY_PARAM_EC_PUB_X, size);
        cbor_write_int(w, -3);
        write_number(w, key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
}

static void write_rsa(writer *w, const EVP_PKEY *key)
{
        cbor_write_map(w, 4);
        cbor_write_int(w, 1);
        cbor_write_int(w, 3);
        cbor_write_int(w, 3);
        cbor_write_int(w, COSE_RS256);
        cbor_write_int(w, -1);
        write_number(w, key, OSSL_PKEY_PARAM_RSA_N, 0);
        cbor_write_int(w, -2);
        write_number(w, key, OSSL_PKEY_PARAM_RSA_E, 0);
}

static void write_ed25519(writer *w, const EVP_PKEY *key)
{
        uint8_t bytes[32];
        size_t size = sizeof bytes;
        must(EVP_PKEY_get_raw_public_key(key, bytes, &size) == 1);
        cbor_write_map(w, 4);
        cbor_write_int(w, 1);
        cbor_write_int(w, 1);
        cbor_write_int(w, 3);
        cbor_write_int(w, COSE_EDDSA);
        cbor_write_int(w, -1);
        cbor_write_int(w, 6);
        cbor_write_int(w, -2);
        cbor_write_bytes(w, SLICE(bytes));
}

static void build_public_key(
        const struct rig *rig, const struct rig_plan *plan, struct rig_response *response)
{
        const EVP_PKEY *key = key_of(rig->credential, plan->key);
        writer w = WRITER(response->public_key);
        if (plan->public_key.size)
                write_slice(&w, plan->public_key);
        else if (plan->key == RIG_RS256)
                write_rsa(&w, key);
        else if (plan->key == RIG_EDDSA)
                write_ed25519(&w, key);
        else
                write_ec(&w, key, algorithm_of(plan->key), plan->key == RIG_ES384 ? 2 : 1,
                        plan->key == RIG_ES384 ? 48 : 32);
        response->public_key_size = finish(&w);
}

static void build_client_data(
        const struct rig *rig, const struct rig_plan *plan, struct rig_response *response)
{
        writer w = WRITER(response->client_data);
        struct json_writer json = json_into(&w);
        write_text(&w, plan->before_client_data);
        if (plan->client_json) {
                write_text(&w, plan->client_json);
        } else {
                json_write_open_object(&json, NULL);
                json_write_string(&json, "type", plan->type);
                if (plan->challenge)
                        json_write_string(&json, "challenge", plan->challenge);
                else
                        json_write_base64url(&json, "challenge", SLICE(rig->challenge));
                json_write_string(&json, "origin", plan->origin);
                write_text(&w, plan->client_members);
                json_write_close_object(&json);
        }
        write_text(&w, plan->after_client_data);
        response->client_data_size = finish(&w);
}

static slice credential_id(const struct rig *rig, const struct rig_plan *plan, uint8_t buffer[2048])
{
        memset(buffer, 0, 2048);
        memcpy(buffer, rig->credential_id, sizeof rig->credential_id);
        return slice_of(buffer, plan->credential_id_size);
}

static void build_auth_data(const struct rig *rig, const struct rig_plan *plan, struct rig_response *response)
{
        uint8_t hash[SHA256_SIZE], id[2048];
        const slice rp_id = slice_text(plan->rp_id);
        sha256(&rp_id, 1, hash);
        const struct authdata data = {
                .rp_id_hash = SLICE(hash),
                .flags = plan->flags,
                .sign_count = plan->sign_count,
                .aaguid = SLICE(plan->aaguid),
                .credential_id = credential_id(rig, plan, id),
                .public_key_bytes = slice_of(response->public_key, response->public_key_size),
                .extensions = plan->extensions,
        };
        writer w = WRITER(response->auth_data);
        authdata_write(&w, &data);
        if (plan->trailing_auth_data)
                write_u8(&w, 0);
        response->auth_data_size = finish(&w);
}

static void sign(const struct rig_plan *plan, EVP_PKEY *key, struct rig_response *response)
{
        const slice client_data = slice_of(response->client_data, response->client_data_size);
        uint8_t hash[SHA256_SIZE], message[8192];
        sha256(&client_data, 1, hash);
        hash[0] ^= plan->sign_other_hash;
        writer w = WRITER(message);
        write_slice(&w, slice_of(response->auth_data, response->auth_data_size));
        write_slice(&w, SLICE(hash));
        size_t size = sizeof response->signature - 1;
        const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        must(EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1);
        must(EVP_DigestSign(context, response->signature, &size, message, finish(&w)) == 1);
        EVP_MD_CTX_free(context);
        response->signature[size - 1] ^= plan->spoil_signature;
        if (plan->trailing_signature)
                response->signature[size++] = 0;
        response->signature_size = size;
}

static EVP_PKEY *signer(const struct rig *rig, const struct rig_plan *plan)
{
        bool chain = plan->registration && plan->attestation == RIG_CHAIN;
        bool attestation = chain != plan->foreign_signer;
        enum rig_key key = chain ? plan->leaf.key : plan->key;
        return key_of(attestation ? rig->attestation : rig->credential, key);
}

static void write_statement(writer *w, const struct rig_plan *plan, const struct rig_response *response)
{
        bool chain = plan->attestation == RIG_CHAIN;
        int64_t algorithm = algorithm_of(chain ? plan->leaf.key : plan->key);
        if (plan->statement.size) {
                write_slice(w, plan->statement);
                return;
        }
        if (plan->attestation == RIG_NO_STATEMENT) {
                cbor_write_map(w, 0);
                return;
        }
        cbor_write_map(w, chain ? 3 : 2);
        cbor_write_string(w, "alg");
        cbor_write_int(w, plan->statement_algorithm ? plan->statement_algorithm : algorithm);
        cbor_write_string(w, "sig");
        cbor_write_bytes(w, slice_of(response->signature, response->signature_size));
        if (!chain)
                return;
        cbor_write_string(w, "x5c");
        cbor_write_array(w, plan->empty_chain ? 0 : plan->chain_repeat);
        for (size_t i = 0; !plan->empty_chain && i < plan->chain_repeat; i++)
                cbor_write_bytes(w, slice_of(response->leaf, response->leaf_size));
}

static void build_object(const struct rig_plan *plan, struct rig_response *response)
{
        const slice auth_data = slice_of(response->auth_data, response->auth_data_size);
        writer w = WRITER(response->object);
        cbor_write_map(&w, plan->duplicate_key ? 4 : 3);
        cbor_write_string(&w, "fmt");
        cbor_write_string(&w, plan->format);
        cbor_write_string(&w, "attStmt");
        write_statement(&w, plan, response);
        for (int i = 0; i < (plan->duplicate_key ? 2 : 1); i++) {
                cbor_write_string(&w, "authData");
                cbor_write_bytes(&w, auth_data);
        }
        if (plan->trailing_object)
                write_u8(&w, 0);
        response->object_size = finish(&w);
}

static void write_id(struct json_writer *json, const char *name, const char *text, slice credential)
{
        if (text)
                json_write_string(json, name, text);
        else
                json_write_base64url(json, name, credential);
}

static void write_inner(struct json_writer *json, const struct rig_plan *plan, struct rig_response *response)
{
        writer *w = json->out;
        json_write_open_object(json, "response");
        json_write_base64url(
                json, "clientDataJSON", slice_of(response->client_data, response->client_data_size));
        if (plan->registration) {
                json_write_base64url(
                        json, "attestationObject", slice_of(response->object, response->object_size));
        } else {
                json_write_base64url(
                        json, "authenticatorData", slice_of(response->auth_data, response->auth_data_size));
                json_write_base64url(
                        json, "signature", slice_of(response->signature, response->signature_size));
                write_text(w, plan->user_handle ? ",\"userHandle\":" : NULL);
                write_text(w, plan->user_handle);
        }
        write_text(w, plan->inner_members);
        json_write_close_object(json);
}

void rig_wrap(const struct rig *rig, const struct rig_plan *plan, struct rig_response *response)
{
        uint8_t buffer[2048];
        const slice credential = credential_id(rig, plan, buffer);
        writer w = WRITER(response->json);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        write_id(&json, "id", plan->id, credential);
        write_id(&json, "rawId", plan->raw_id, credential);
        write_inner(&json, plan, response);
        json_write_open_object(&json, "clientExtensionResults");
        json_write_close_object(&json);
        json_write_string(&json, "type", plan->credential_type);
        write_text(&w, plan->outer_members);
        json_write_close_object(&json);
        write_text(&w, plan->after_json);
        response->json_size = finish(&w);
}

void rig_seal(const struct rig *rig, const struct rig_plan *plan, struct rig_response *response)
{
        sign(plan, signer(rig, plan), response);
        if (plan->registration && plan->attestation == RIG_CHAIN)
                make_leaf(rig, &plan->leaf, response);
        if (plan->registration)
                build_object(plan, response);
        rig_wrap(rig, plan, response);
}

void rig_build(const struct rig *rig, const struct rig_plan *plan, struct rig_response *ret)
{
        build_public_key(rig, plan, ret);
        build_client_data(rig, plan, ret);
        build_auth_data(rig, plan, ret);
        rig_seal(rig, plan, ret);
}

mitome_slice rig_json(const struct rig_response *response)
{
        return slice_of(response->json, response->json_size);
}

struct mitome_expectation rig_expectation(const struct rig *rig)
{
        static slice origin;
        origin = slice_text("https://example.org");
        return (struct mitome_expectation){
                .rp_id = slice_text("example.org"),
                .origins = &origin,
                .origin_count = 1,
                .challenge = SLICE(rig->challenge),
        };
}

struct mitome_credential rig_record(const struct rig *rig, const struct rig_response *response)
{
        return (struct mitome_credential){
                .id = SLICE(rig->credential_id),
                .public_key = slice_of(response->public_key, response->public_key_size),
                .sign_count = 1,
        };
}
