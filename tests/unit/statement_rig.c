/* SPDX-License-Identifier: Apache-2.0 */
#include "statement_rig.h"

#include "transcribe.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(bool right, const char *what)
{
        if (right)
                return;
        fprintf(stderr, "statement rig: %s failed\n", what);
        abort();
}

slice rig_der_view(const struct rig_der *der)
{
        return slice_of(der->bytes, der->size);
}

static void add_extension(X509 *certificate, const struct rig_extension_plan *plan)
{
        ASN1_OBJECT *oid = OBJ_txt2obj(plan->oid, 1);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        must(ASN1_OCTET_STRING_set(value, plan->value.data, (int)plan->value.size) == 1, "value");
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
        for (int i = 0; i < plan->times; i++)
                must(X509_add_ext(certificate, extension, -1) == 1, "extension");
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(oid);
}

void rig_certify(
        const struct rig *rig, EVP_PKEY *key, const struct rig_extension_plan *extension, struct rig_der *ret)
{
        X509 *certificate = X509_new();
        must(X509_set_version(certificate, X509_VERSION_3) == 1, "version");
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 77);
        ASN1_TIME_set(X509_getm_notBefore(certificate), RIG_NOW - 86400);
        ASN1_TIME_set(X509_getm_notAfter(certificate), RIG_NOW + 86400);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                (const unsigned char *)"Statement rig", -1, -1, 0);
        X509_set_issuer_name(certificate, X509_get_subject_name(rig->ca));
        must(X509_set_pubkey(certificate, key) == 1, "public key");
        if (extension->oid)
                add_extension(certificate, extension);
        must(X509_sign(certificate, rig->ca_key, EVP_sha256()) > 0, "certificate");
        uint8_t *end = ret->bytes;
        int size = i2d_X509(certificate, NULL);
        must(size > 0 && (size_t)size <= sizeof ret->bytes, "DER");
        ret->size = (size_t)i2d_X509(certificate, &end);
        X509_free(certificate);
}

void rig_client_data_hash(const struct rig_response *response, uint8_t ret[32])
{
        const slice client_data = slice_of(response->client_data, response->client_data_size);
        sha256(&client_data, 1, ret);
}

void rig_signature(EVP_PKEY *key, const struct rig_response *response, bool other_hash, struct rig_der *ret)
{
        uint8_t hash[32], message[8192];
        writer w = WRITER(message);
        rig_client_data_hash(response, hash);
        hash[31] ^= other_hash;
        write_slice(&w, slice_of(response->auth_data, response->auth_data_size));
        write_slice(&w, SLICE(hash));
        ret->size = sizeof ret->bytes;
        const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        must(EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1, "signature");
        must(EVP_DigestSign(context, ret->bytes, &ret->size, message, w.used) == 1, "signature");
        EVP_MD_CTX_free(context);
}

slice rig_statement(const struct rig_response *response)
{
        struct cbor_reader r = cbor_over(slice_of(response->object, response->object_size), NULL, NULL);
        struct cbor_members map;
        struct cbor_key key;
        slice item = { 0 };
        bool more;
        r.deeper = ATTESTATION_DEEPER;
        must(!failed(cbor_open_map(&r, "o", 4, &map)) && !failed(cbor_next_key(&r, &map, &key, &more)) &&
                        !failed(cbor_skip(&r, "fmt")) && !failed(cbor_next_key(&r, &map, &key, &more)) &&
                        !failed(cbor_read_item(&r, "attStmt", &item)),
                "attestation object");
        return item;
}

mitome_status rig_verify(const struct rig_response *response, slice statement,
        const struct attestation_format *format, struct attestation_result *ret, mitome_error *error)
{
        struct authdata data;
        uint8_t hash[SHA256_SIZE];
        const slice auth_data = slice_of(response->auth_data, response->auth_data_size);
        rig_client_data_hash(response, hash);
        must(!failed(authdata_read(auth_data, &data, NULL)), "authenticator data");
        const slice copy = exact_copy(statement);
        *error = (mitome_error){ 0 };
        struct attestation_input input = {
                .statement = cbor_over(copy, "outer clause", error),
                .auth_data = auth_data,
                .data = &data,
                .client_data_hash = SLICE(hash),
        };
        input.statement.depth = 1; /* within the attestation object */
        input.statement.deeper = ATTESTATION_DEEPER;
        *ret = (struct attestation_result){ 0 };
        mitome_status status = format->verify(&input, ret, error);
        exact_free(copy);
        must(!failed(status) || ret->count == 0, "an untouched result");
        must(!failed(status) || (error->field && error->clause), "field and clause of a refusal");
        return status;
}

void rig_check_truncations(
        const struct rig_response *response, slice statement, const struct attestation_format *format)
{
        for (size_t size = 0; size < statement.size; size++) {
                struct attestation_result result;
                mitome_error error;
                mitome_status status =
                        rig_verify(response, slice_of(statement.data, size), format, &result, &error);
                must(status.code == MITOME_E_INPUT_ENDS && error.at <= size, "truncation");
        }
}

void rig_der_write(writer *w, slice tag, slice content)
{
        write_slice(w, tag);
        if (content.size > 0xFF) {
                write_u8(w, 0x82);
                write_u16(w, (uint16_t)content.size);
        } else {
                if (content.size > 0x7F)
                        write_u8(w, 0x81);
                write_u8(w, (uint8_t)content.size);
        }
        write_slice(w, content);
}
