/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata_rig.h"

#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool condition, const char *what)
{
        if (!condition) {
                fprintf(stderr, "metadata rig: %s failed\n", what);
                abort();
        }
}

static char *encode(slice bytes, int variant)
{
        size_t size = sodium_base64_encoded_len(bytes.size, variant);
        char *text = malloc(size);
        must(text != NULL, "memory");
        return sodium_bin2base64(text, size, bytes.data, bytes.size, variant);
}

char *rig_base64(slice bytes)
{
        return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}

char *rig_base64url(slice bytes)
{
        return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* asprintf that frees its first argument, so that texts grow. */
__attribute__((format(printf, 2, 3))) static char *grow(char *before, const char *format, ...)
{
        char *after;
        va_list arguments;
        va_start(arguments, format);
        must(vasprintf(&after, format, arguments) >= 0, "memory");
        va_end(arguments);
        free(before);
        return after;
}

static char *make_header(const struct rig_blob_plan *plan)
{
        char *header = grow(NULL, "{\"kid\":\"x\"");
        if (plan->alg)
                header = grow(header, "%s,\"alg\":\"%s\"", header, plan->alg);
        if (plan->typ)
                header = grow(header, "%s,\"typ\":\"%s\"", header, plan->typ);
        if (!plan->no_x5c) {
                header = grow(header, "%s,\"x5c\":[", header);
                for (size_t i = 0; i < plan->chain_size; i++) {
                        char *certificate = rig_base64(plan->chain[i]);
                        header = grow(header, "%s%s\"%s\"", header, i ? "," : "", certificate);
                        free(certificate);
                }
                header = grow(header, "%s]", header);
        }
        return grow(header, "%s%s}", header, plan->more ? plan->more : "");
}

/* DER to r and s (RFC 7518 3.4). */
static size_t make_raw(uint8_t *signature, size_t size, EVP_PKEY *key)
{
        const unsigned char *at = signature;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
        int number = (EVP_PKEY_get_bits(key) + 7) / 8;
        must(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, number) == number &&
                        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + number, number) == number,
                "raw signature");
        ECDSA_SIG_free(pair);
        return 2 * (size_t)number;
}

static char *sign(const struct rig_blob_plan *plan, const char *text)
{
        uint8_t signature[1024];
        size_t size = sizeof signature;
        const char *as = plan->signed_as ? plan->signed_as : plan->alg ? plan->alg : "ES256";
        char name[16];
        unsigned mac_size = 0;
        EVP_PKEY_CTX *context = NULL;
        if (strcmp(as, "none") == 0)
                return rig_base64url((slice){ 0 });
        must(strlen(as) == 5, "algorithm");
        snprintf(name, sizeof name, "SHA%s", as + 2);
        if (as[0] == 'H') {
                must(HMAC(EVP_get_digestbyname(name), plan->chain[0].data, (int)plan->chain[0].size,
                             (const uint8_t *)text, strlen(text), signature, &mac_size) != NULL,
                        "MAC");
                return rig_base64url(slice_of(signature, mac_size));
        }
        EVP_MD_CTX *digest = EVP_MD_CTX_new();
        must(EVP_DigestSignInit_ex(digest, &context, name, NULL, NULL, plan->key, NULL) == 1, "signing");
        if (as[0] == 'P')
                must(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                                EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1,
                        "PSS");
        must(EVP_DigestSign(digest, signature, &size, (const uint8_t *)text, strlen(text)) == 1, "signing");
        EVP_MD_CTX_free(digest);
        if (as[0] == 'E' && !plan->der_signature)
                size = make_raw(signature, size, plan->key);
        return rig_base64url(slice_of(signature, size));
}

char *rig_blob(const struct rig_blob_plan *plan)
{
        char *json = make_header(plan);
        char *header = rig_base64url(slice_text(json));
        char *payload = rig_base64url(slice_text(plan->payload));
        char *text = grow(NULL, "%s.%s", header, payload);
        char *signature = sign(plan, text);
        text = grow(text, "%s.%s", text, signature);
        free(json);
        free(header);
        free(payload);
        free(signature);
        return text;
}
