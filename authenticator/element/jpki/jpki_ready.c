/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* Parsing a key costs as much as a tenth of a signature, and OpenSSL makes its blinding at the first one: so
 * a key stays parsed until its selection ends. With the five numbers of the CRT, and blinding, which is on
 * unless somebody turns it off. */

static EVP_PKEY *parse_key(slice der)
{
        const unsigned char *at = der.data;
        return d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)der.size);
}

uint16_t jpki_ready_key(struct mitome_element *element, enum jpki_ef ef, EVP_PKEY **ret)
{
        EVP_PKEY **place = &element->jpki_ready.keys[ef == JPKI_AUTH_KEY ? 0 : 1];
        if (!*place) {
                slice der = element_object(element, jpki_object(ef));
                if (der.size == 0)
                        return SW_NO_REFERENCE;
                *place = parse_key(der);
        }
        *ret = *place;
        return *place ? SW_OK : SW_UNKNOWN;
}

/* OpenSSL clears the private numbers as it frees them. */
void jpki_drop_keys(struct mitome_element *element)
{
        for (size_t i = 0; i < JPKI_KITS; i++)
                EVP_PKEY_free(element->jpki_ready.keys[i]);
        element->jpki_ready = (struct jpki_ready){ 0 };
}

static bool sign_parts(
        EVP_MD_CTX *context, EVP_PKEY *key, const slice *parts, size_t count, writer *signature)
{
        size_t size = (size_t)EVP_PKEY_get_size(key);
        uint8_t *space = write_space(signature, size);
        bool done = space && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1;
        for (size_t i = 0; done && i < count; i++)
                done = EVP_DigestSignUpdate(context, parts[i].data, parts[i].size) == 1;
        return done && EVP_DigestSignFinal(context, space, &size) == 1;
}

uint16_t jpki_user_verification_sign(
        struct mitome_element *element, const slice *parts, size_t count, writer *signature)
{
        EVP_PKEY *key;
        SW_TRY(jpki_ready_key(element, JPKI_AUTH_KEY, &key));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool done = context && sign_parts(context, key, parts, count, signature);
        EVP_MD_CTX_free(context);
        return done ? SW_OK : SW_UNKNOWN;
}
