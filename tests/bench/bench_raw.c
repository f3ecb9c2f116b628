/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_raw.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void must(bool right)
{
        if (!right)
                abort();
}

static void prepare_context(struct raw_signature *raw)
{
        const slice message = slice_of(raw->message, raw->message_size);
        sha256(&message, 1, raw->hash);
        raw->context = EVP_PKEY_CTX_new_from_pkey(NULL, raw->key, NULL);
        must(raw->context && EVP_PKEY_verify_init(raw->context) == 1);
        must(EVP_PKEY_CTX_set_signature_md(raw->context, raw->digest) == 1);
}

static struct raw_signature *raw_new(EVP_PKEY *key, slice message, slice signature)
{
        struct raw_signature *raw = calloc(1, sizeof *raw);
        must(raw != NULL);
        raw->key = key;
        must(EVP_PKEY_up_ref(key) == 1);
        must(message.size <= sizeof raw->message && signature.size <= sizeof raw->signature);
        memcpy(raw->message, message.data, message.size);
        raw->message_size = message.size;
        memcpy(raw->signature, signature.data, signature.size);
        raw->signature_size = signature.size;
        size_t size = sizeof raw->public_key;
        if (EVP_PKEY_is_a(key, "ED25519")) {
                must(EVP_PKEY_get_raw_public_key(key, raw->public_key, &size) == 1);
        } else {
                raw->digest = EVP_sha256();
                prepare_context(raw);
        }
        return raw;
}

void raw_free(struct raw_signature *raw)
{
        if (!raw)
                return;
        EVP_PKEY_CTX_free(raw->context);
        EVP_PKEY_free(raw->key);
        free(raw);
}

static slice signature_of(const struct bench_case *one)
{
        return slice_of(one->response.signature, one->response.signature_size);
}

struct raw_signature *raw_of_login(const struct bench_case *one, EVP_PKEY *key)
{
        const struct rig_response *response = &one->response;
        const slice client_data = slice_of(response->client_data, response->client_data_size);
        uint8_t hash[SHA256_SIZE], message[1024];
        sha256(&client_data, 1, hash);
        writer w = WRITER(message);
        write_slice(&w, slice_of(response->auth_data, response->auth_data_size));
        write_slice(&w, SLICE(hash));
        must(!w.overflowed);
        return raw_new(key, writer_view(&w), signature_of(one));
}

struct raw_signature *raw_of_u2f(const struct bench_case *one, EVP_PKEY *key)
{
        uint8_t message[512];
        return raw_new(key, bench_u2f_message(&one->response, message, sizeof message), signature_of(one));
}

struct raw_signature *raw_of_certificate(slice der, EVP_PKEY *issuer_key)
{
        const unsigned char *at = der.data;
        const ASN1_BIT_STRING *signature;
        unsigned char *message = NULL;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
        must(certificate != NULL);
        X509_get0_signature(&signature, NULL, certificate);
        int size = i2d_re_X509_tbs(certificate, &message);
        must(size > 0);
        struct raw_signature *raw = raw_new(issuer_key, slice_of(message, (size_t)size),
                slice_of(ASN1_STRING_get0_data(signature), (size_t)ASN1_STRING_length(signature)));
        OPENSSL_free(message);
        X509_free(certificate);
        return raw;
}

bool raw_evp(void *state)
{
        const struct raw_signature *raw = state;
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool valid = context && EVP_DigestVerifyInit(context, NULL, raw->digest, NULL, raw->key) == 1 &&
                     EVP_DigestVerify(context, raw->signature, raw->signature_size, raw->message,
                             raw->message_size) == 1;
        EVP_MD_CTX_free(context);
        return valid;
}

bool raw_kept(void *state)
{
        const struct raw_signature *raw = state;
        return EVP_PKEY_verify(
                       raw->context, raw->signature, raw->signature_size, raw->hash, sizeof raw->hash) == 1;
}

bool raw_sodium(void *state)
{
        const struct raw_signature *raw = state;
        return crypto_sign_verify_detached(
                       raw->signature, raw->message, raw->message_size, raw->public_key) == 0;
}

bool raw_all(void *state)
{
        const struct raw_sum *sum = state;
        bool valid = sum->count > 0;
        for (size_t i = 0; i < sum->count; i++)
                valid = raw_evp(sum->list[i]) && valid;
        return valid;
}
