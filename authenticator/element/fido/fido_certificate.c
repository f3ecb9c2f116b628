/* SPDX-License-Identifier: Apache-2.0 */
#include "fido_certificate.h"

#include "digest.h"
#include "element_internal.h"
#include "registry.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

static slice certificate(const struct mitome_element *element)
{
        return element_object(element, jpki_object(JPKI_AUTH_CERTIFICATE));
}

bool fido_certificate_usable(const struct mitome_element *element)
{
        struct registry_entry jpki;
        return certificate(element).size && element_has(element, jpki_object(JPKI_AUTH_KEY)) &&
               registry_instance(element, NATIVE_JPKI, &jpki) && registry_is_alive(&jpki);
}

bool fido_certificate_possible(const struct mitome_element *element)
{
        return fido_certificate_usable(element) && jpki_signs_no_host_hash(element);
}

static bool write_number(const EVP_PKEY *key, const char *name, size_t max, writer *w, slice *ret)
{
        BIGNUM *number = NULL;
        uint8_t *start = NULL;
        bool read = EVP_PKEY_get_bn_param(key, name, &number) == 1;
        size_t size = read ? (size_t)BN_num_bytes(number) : 0;
        if (size > 0 && size <= max)
                start = write_space(w, size);
        if (start)
                *ret = slice_of(start, (size_t)BN_bn2bin(number, start));
        BN_free(number);
        return start;
}

uint16_t fido_certificate_public_key(struct mitome_element *element, struct public_key *ret)
{
        enum { MODULUS_SIZE = 256, EXPONENT_MAX = 4 };
        EVP_PKEY *key; /* lent */
        struct cose_key cose = { .algorithm = COSE_RS256 };
        writer w = WRITER(ret->bytes);
        SW_TRY(jpki_ready_key(element, JPKI_AUTH_KEY, &key));
        if (!write_number(key, OSSL_PKEY_PARAM_RSA_N, MODULUS_SIZE, &w, &cose.n) ||
                !write_number(key, OSSL_PKEY_PARAM_RSA_E, EXPONENT_MAX, &w, &cose.e))
                return SW_UNKNOWN;
        ret->cose = cose;
        return SW_OK;
}

/* The same certificate, written anew, is another one: its number in the row is part of it. */
void fido_certificate_binding(const struct mitome_element *element, uint8_t ret[FIDO_HASH_SIZE])
{
        uint8_t generation[4];
        writer w = WRITER(generation);
        write_u32(&w, jpki_generation(element));
        const slice parts[] = { slice_text("mitome certificate credential 1"), SLICE(generation),
                certificate(element) };
        sha256(parts, sizeof parts / sizeof *parts, ret);
}

bool fido_certificate_ended(const struct mitome_element *element, const struct fido_credential *credential)
{
        uint8_t binding[FIDO_HASH_SIZE];
        if (credential->algorithm != SIGNING_RS256)
                return false;
        fido_certificate_binding(element, binding);
        return !fido_certificate_possible(element) || !slice_equal(SLICE(binding), credential->key);
}
