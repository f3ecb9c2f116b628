/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_cases.h"

#include "authdata.h"
#include "json.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool right)
{
        if (!right)
                abort();
}

/* ---- the root, and the rig's CA as an intermediate under it ---- */

static void set_name(X509 *certificate, const char *common_name)
{
        X509_NAME *name = X509_get_subject_name(certificate);
        must(X509_NAME_add_entry_by_txt(
                     name, "O", MBSTRING_UTF8, (const unsigned char *)"JPKI-TEST", -1, -1, 0) == 1);
        must(X509_NAME_add_entry_by_txt(
                     name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1);
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        must(extension && X509_add_ext(certificate, extension, -1) == 1);
        X509_EXTENSION_free(extension);
}

static X509 *new_ca(const char *common_name, EVP_PKEY *key, long serial, X509 *issuer, EVP_PKEY *issuer_key)
{
        X509 *ca = X509_new();
        must(ca && X509_set_version(ca, 2) == 1);
        must(ASN1_INTEGER_set(X509_get_serialNumber(ca), serial) == 1);
        must(ASN1_TIME_set_string(X509_getm_notBefore(ca), "20240101000000Z") == 1);
        must(ASN1_TIME_set_string(X509_getm_notAfter(ca), "20380101000000Z") == 1);
        must(X509_set_pubkey(ca, key) == 1);
        set_name(ca, common_name);
        X509 *above = issuer ? issuer : ca;
        must(X509_set_issuer_name(ca, X509_get_subject_name(above)) == 1);
        add_extension(ca, above, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(ca, above, NID_key_usage, "critical,keyCertSign,cRLSign");
        add_extension(ca, above, NID_subject_key_identifier, "hash");
        if (issuer)
                add_extension(ca, above, NID_authority_key_identifier, "keyid:always");
        must(X509_sign(ca, issuer_key ? issuer_key : key, EVP_sha256()) > 0);
        return ca;
}

static size_t to_der(X509 *certificate, uint8_t *buffer, size_t capacity)
{
        int size = i2d_X509(certificate, NULL);
        must(size > 0 && (size_t)size <= capacity);
        must(i2d_X509(certificate, &buffer) == size);
        return (size_t)size;
}

static void make_authorities(struct bench_cases *cases)
{
        cases->root_key = EVP_EC_gen("P-256");
        must(cases->root_key != NULL);
        cases->root = new_ca("Bench attestation root", cases->root_key, 1, NULL, NULL);
        cases->root_der_size = to_der(cases->root, cases->root_der, sizeof cases->root_der);
        X509_free(cases->rig.ca);
        cases->rig.ca = new_ca("Bench attestation CA", cases->rig.ca_key, 2, cases->root, cases->root_key);
        cases->rig.ca_der_size = to_der(cases->rig.ca, cases->rig.ca_der, sizeof cases->rig.ca_der);
}

/* The rig with the root in its CA's place, for leaves that stand directly under it. */
static struct rig under_root(const struct bench_cases *cases)
{
        struct rig rig = cases->rig;
        rig.ca = cases->root;
        rig.ca_key = cases->root_key;
        return rig;
}

/* ---- plans ---- */

static struct rig_plan plan_of(enum bench_case_id id)
{
        static const enum rig_key login_keys[] = { RIG_ES256, RIG_RS256, RIG_EDDSA };
        bool login = id <= CASE_LOGIN_EDDSA;
        struct rig_plan plan = login ? rig_authentication_plan() : rig_registration_plan();
        plan.outer_members = ",\"authenticatorAttachment\":\"platform\"";
        if (login) {
                plan.key = login_keys[id];
                plan.user_handle = "\"dXNlci0wMTIzNDU2Nzg5YWI\"";
                return plan;
        }
        plan.inner_members = ",\"transports\":[\"internal\",\"hybrid\"],\"publicKeyAlgorithm\":-7";
        if (id == CASE_NONE) {
                plan.format = "none";
                plan.attestation = RIG_NO_STATEMENT;
        }
        if (id == CASE_SELF)
                plan.attestation = RIG_SELF;
        return plan;
}

/* ---- statements that the rig does not make ---- */

static slice signature_of(const struct rig_response *response)
{
        return slice_of(response->signature, response->signature_size);
}

static slice leaf_of(const struct rig_response *response)
{
        return slice_of(response->leaf, response->leaf_size);
}

static void seal_with(
        const struct rig *rig, struct rig_plan *plan, writer *statement, struct rig_response *ret)
{
        must(!statement->overflowed);
        /* Sealing signs again and makes another leaf; the statement has the ones from before, and so must
         * *ret, for the raw operations. */
        struct rig_response *kept = malloc(sizeof *kept);
        must(kept != NULL);
        *kept = *ret;
        plan->statement = writer_view(statement);
        rig_seal(rig, plan, ret);
        memcpy(ret->signature, kept->signature, sizeof kept->signature);
        ret->signature_size = kept->signature_size;
        memcpy(ret->leaf, kept->leaf, sizeof kept->leaf);
        ret->leaf_size = kept->leaf_size;
        free(kept);
}

static void build_chain(const struct bench_cases *cases, struct rig_plan *plan, struct rig_response *ret)
{
        uint8_t buffer[8192];
        writer w = WRITER(buffer);
        rig_build(&cases->rig, plan, ret);
        cbor_write_map(&w, 3);
        cbor_write_string(&w, "alg");
        cbor_write_int(&w, COSE_ES256);
        cbor_write_string(&w, "sig");
        cbor_write_bytes(&w, signature_of(ret));
        cbor_write_string(&w, "x5c");
        cbor_write_array(&w, 2);
        cbor_write_bytes(&w, leaf_of(ret));
        cbor_write_bytes(&w, slice_of(cases->rig.ca_der, cases->rig.ca_der_size));
        seal_with(&cases->rig, plan, &w, ret);
}

/* 0x00, rpIdHash, clientDataHash, credentialId and the point. */
slice bench_u2f_message(const struct rig_response *response, uint8_t *buffer, size_t capacity)
{
        const slice client_data = slice_of(response->client_data, response->client_data_size);
        const slice whole = slice_of(response->auth_data, response->auth_data_size);
        uint8_t hash[SHA256_SIZE];
        struct authdata data;
        mitome_error error = { 0 };
        sha256(&client_data, 1, hash);
        must(!failed(authdata_read(whole, &data, &error)));
        writer w = writer_over(buffer, capacity);
        write_u8(&w, 0);
        write_slice(&w, data.rp_id_hash);
        write_slice(&w, SLICE(hash));
        write_slice(&w, data.credential_id);
        write_u8(&w, 4);
        write_slice(&w, data.public_key.x);
        write_slice(&w, data.public_key.y);
        must(!w.overflowed);
        return writer_view(&w);
}

static void build_u2f(const struct rig *rig, struct rig_plan *plan, struct rig_response *ret)
{
        uint8_t message[512], buffer[4096];
        memset(plan->aaguid, 0, sizeof plan->aaguid);
        plan->leaf.aaguid_extension = RIG_ABSENT;
        plan->format = "fido-u2f";
        plan->flags &= (uint8_t)~AUTHDATA_UV;
        rig_build(rig, plan, ret);
        const slice signed_bytes = bench_u2f_message(ret, message, sizeof message);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        ret->signature_size = sizeof ret->signature;
        must(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, rig->attestation[RIG_ES256]) == 1);
        must(EVP_DigestSign(context, ret->signature, &ret->signature_size, signed_bytes.data,
                     signed_bytes.size) == 1);
        EVP_MD_CTX_free(context);
        writer w = WRITER(buffer);
        cbor_write_map(&w, 2);
        cbor_write_string(&w, "sig");
        cbor_write_bytes(&w, signature_of(ret));
        cbor_write_string(&w, "x5c");
        cbor_write_array(&w, 1);
        cbor_write_bytes(&w, leaf_of(ret));
        seal_with(rig, plan, &w, ret);
}

void bench_case_build(const struct bench_cases *cases, enum bench_case_id id, struct bench_case *ret)
{
        static const char *const names[CASES] = {
                [CASE_LOGIN_ES256] = "login ES256",
                [CASE_LOGIN_RS256] = "login RS256",
                [CASE_LOGIN_EDDSA] = "login Ed25519",
                [CASE_NONE] = "registration none",
                [CASE_SELF] = "registration packed self",
                [CASE_X5C] = "registration packed x5c",
                [CASE_X5C_CHAIN] = "registration packed x5c with intermediate",
                [CASE_U2F] = "registration fido-u2f",
        };
        struct rig_plan plan = plan_of(id);
        const struct rig direct = under_root(cases);
        ret->name = names[id];
        ret->registration = plan.registration;
        ret->trusted = id >= CASE_X5C;
        ret->key = plan.key;
        if (id == CASE_X5C_CHAIN)
                build_chain(cases, &plan, &ret->response);
        else if (id == CASE_U2F)
                build_u2f(&direct, &plan, &ret->response);
        else
                rig_build(&direct, &plan, &ret->response);
}

void bench_cases_open(struct bench_cases *cases)
{
        *cases = (struct bench_cases){ 0 };
        rig_open(&cases->rig);
        make_authorities(cases);
        cases->list = calloc(CASES, sizeof *cases->list);
        must(cases->list != NULL);
        for (int i = 0; i < CASES; i++)
                bench_case_build(cases, (enum bench_case_id)i, &cases->list[i]);
}

void bench_cases_close(struct bench_cases *cases)
{
        free(cases->list);
        X509_free(cases->root);
        EVP_PKEY_free(cases->root_key);
        rig_close(&cases->rig);
}

/* ---- writing them down ---- */

static bool write_case(const struct bench_cases *cases, const struct bench_case *one, FILE *file)
{
        static uint8_t line[65536];
        char pem[4096];
        BIO *bio = BIO_new(BIO_s_mem());
        must(bio && PEM_write_bio_X509(bio, cases->root) == 1);
        int size = BIO_read(bio, pem, sizeof pem - 1);
        BIO_free(bio);
        must(size > 0);
        pem[size] = '\0';
        writer w = WRITER(line);
        struct json_writer json = json_into(&w);
        json_write_open_object(&json, NULL);
        json_write_string(&json, "name", one->name);
        json_write_string(&json, "kind", one->registration ? "registration" : "authentication");
        json_write_string(&json, "rp_id", "example.org");
        json_write_string(&json, "origin", "https://example.org");
        json_write_base64url(&json, "challenge_b64url", SLICE(cases->rig.challenge));
        write_slice(&w, slice_text(",\"response\":"));
        write_slice(&w, rig_json(&one->response));
        json_write_base64url(&json, "credential_public_key_b64url",
                slice_of(one->response.public_key, one->response.public_key_size));
        if (one->trusted)
                json_write_string(&json, "root_pem", pem);
        json_write_close_object(&json);
        write_u8(&w, '\n');
        return !w.overflowed && fwrite(line, 1, w.used, file) == w.used;
}

bool bench_cases_write(const struct bench_cases *cases, const char *path)
{
        FILE *file = fopen(path, "w");
        if (!file)
                return false;
        bool good = true;
        for (int i = 0; i < CASES; i++)
                good = good && write_case(cases, &cases->list[i], file);
        return fclose(file) == 0 && good;
}
