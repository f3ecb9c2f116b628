/* SPDX-License-Identifier: Apache-2.0 */
#include "element_certificate.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                          \
        do {                                                                                     \
                if (!(condition)) {                                                              \
                        fprintf(stderr, "element_certificate.c:%d: %s\n", __LINE__, #condition); \
                        abort();                                                                 \
                }                                                                                \
        } while (0)

enum { KEY_MAX = 1400, KEYS = 2 };

slice element_certificate_key(unsigned which)
{
        static uint8_t keys[KEYS][KEY_MAX];
        static size_t sizes[KEYS];
        MUST(which < KEYS);
        if (sizes[which] == 0) {
                EVP_PKEY *key = EVP_RSA_gen(2048);
                MUST(key && i2d_PrivateKey(key, NULL) <= KEY_MAX);
                unsigned char *at = keys[which];
                sizes[which] = (size_t)i2d_PrivateKey(key, &at);
                EVP_PKEY_free(key);
        }
        return slice_of(keys[which], sizes[which]);
}

static EVP_PKEY *parse_key(slice der)
{
        const unsigned char *at = der.data;
        EVP_PKEY *key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
        MUST(key);
        return key;
}

/* A comment of `size` letters makes it as long as it has to be. */
static void pad(X509 *x509, size_t size)
{
        char text[ELEMENT_CERTIFICATE_MAX] = { 0 };
        MUST(size < sizeof text);
        for (size_t i = 0; i < size; i++)
                text[i] = 'x';
        X509_EXTENSION *comment = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, text);
        MUST(comment && X509_add_ext(x509, comment, -1) == 1);
        X509_EXTENSION_free(comment);
}

static size_t make(EVP_PKEY *key, uint32_t serial, size_t padding, uint8_t *buffer)
{
        X509 *x509 = X509_new();
        MUST(x509 && X509_set_version(x509, X509_VERSION_3) == 1);
        X509_NAME *name = X509_get_subject_name(x509);
        MUST(X509_NAME_add_entry_by_txt(
                     name, "CN", MBSTRING_UTF8, (const unsigned char *)"Mitome test", -1, -1, 0) == 1 &&
                X509_set_issuer_name(x509, name) == 1 &&
                ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial) == 1 &&
                ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "20250101000000Z") == 1 &&
                ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "20300101000000Z") == 1 &&
                X509_set_pubkey(x509, key) == 1);
        pad(x509, padding);
        MUST(X509_sign(x509, key, EVP_sha256()) > 0);
        MUST(i2d_X509(x509, NULL) <= ELEMENT_CERTIFICATE_MAX);
        unsigned char *at = buffer;
        size_t size = (size_t)i2d_X509(x509, &at);
        X509_free(x509);
        return size;
}

slice element_certificate(slice key, uint32_t serial, size_t size, uint8_t *buffer)
{
        enum { PADDING = 300 }; /* with this much, the lengths of lengths are what they stay */
        EVP_PKEY *parsed = parse_key(key);
        size_t with_some = make(parsed, serial, PADDING, buffer);
        MUST(size >= with_some && make(parsed, serial, PADDING + size - with_some, buffer) == size);
        EVP_PKEY_free(parsed);
        return slice_of(buffer, size);
}
