/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_data.h"

#include "element_internal.h"

#include <sodium.h>

/* A verifier: 80 + version (1), kind (1), salt (16), Argon2id of the secret (32). Those of version 1 have no
 * first byte: their kinds are below 80. Whoever holds the opened state holds the keys that the PIN guards;
 * stretching only keeps the PIN itself, which its owner may use elsewhere, from being read off. A card's
 * processor would do less. Memory is what a small element has, passes make up for it: the first version's
 * 4 MiB were more than all the rest of it. */
enum {
        VERSION_MARK = 0x80,
        VERSION_FIRST = 1,
        VERSION_NOW = 2,
        SALT_SIZE = crypto_pwhash_argon2id_SALTBYTES,
        HASH_SIZE = 32,
};

static const struct {
        uint8_t passes;
        size_t memory;
} costs[] = {
        [VERSION_FIRST] = { 2, 4096 * 1024 },
        [VERSION_NOW] = { 16, 256 * 1024 },
};

struct verifier {
        uint8_t version, kind, salt[SALT_SIZE];
        slice hash;
};

static bool read_verifier(
        const struct mitome_element *element, const struct reference_data *reference, struct verifier *ret)
{
        struct verifier verifier = { .version = VERSION_FIRST };
        reader r = reader_over(element_object(element, reference->verifier), NULL, NULL);
        if (failed(read_u8(&r, "kind", &verifier.kind)))
                return false;
        if (verifier.kind & VERSION_MARK) {
                verifier.version = verifier.kind & (VERSION_MARK - 1);
                if (verifier.version != VERSION_NOW || failed(read_u8(&r, "kind", &verifier.kind)))
                        return false;
        }
        if (failed(read_into(&r, "salt", verifier.salt, SALT_SIZE)) ||
                failed(read_bytes(&r, "hash", HASH_SIZE, &verifier.hash)) || failed(read_end(&r, "verifier")))
                return false;
        *ret = verifier;
        return true;
}

static uint16_t stretch(slice secret, uint8_t version, const uint8_t salt[SALT_SIZE], struct secret *ret)
{
        ret->size = HASH_SIZE;
        int result = crypto_pwhash_argon2id(ret->data, HASH_SIZE, (const char *)secret.data, secret.size,
                salt, costs[version].passes, costs[version].memory, crypto_pwhash_argon2id_ALG_ARGON2ID13);
        return result == 0 ? SW_OK : SW_UNKNOWN;
}

bool reference_is_set(const struct mitome_element *element, const struct reference_data *reference)
{
        return element_has(element, reference->verifier);
}

uint8_t reference_tries(const struct mitome_element *element, const struct reference_data *reference)
{
        return (uint8_t)element_number(element, reference->tries);
}

uint8_t reference_kind(const struct mitome_element *element, const struct reference_data *reference)
{
        struct verifier verifier;
        return read_verifier(element, reference, &verifier) ? verifier.kind : 0;
}

uint16_t reference_put_tries(
        struct mitome_element *element, const struct reference_data *reference, uint8_t tries)
{
        return element_put(element, reference->tries, slice_of(&tries, 1));
}

static uint16_t put_verifier(
        struct mitome_element *element, const struct reference_data *reference, slice secret, uint8_t kind)
{
        uint8_t salt[SALT_SIZE];
        SECRET(hash);
        SECRET(verifier);
        SW_TRY(element_random(element, salt, sizeof salt));
        SW_TRY(stretch(secret, VERSION_NOW, salt, &hash));
        writer w = WRITER(verifier.data);
        write_u8(&w, VERSION_MARK | VERSION_NOW);
        write_u8(&w, kind);
        write_slice(&w, SLICE(salt));
        write_slice(&w, secret_view(&hash));
        return element_put(element, reference->verifier, writer_view(&w));
}

uint16_t reference_put(struct mitome_element *element, const struct reference_data *reference, slice secret,
        uint8_t kind, uint8_t tries)
{
        SW_TRY(put_verifier(element, reference, secret, kind));
        return reference_put_tries(element, reference, tries);
}

static uint16_t compare(
        struct mitome_element *element, const struct reference_data *reference, slice secret, bool *ret_equal)
{
        struct verifier verifier;
        SECRET(hash);
        if (!read_verifier(element, reference, &verifier))
                return SW_UNUSABLE;
        SW_TRY(stretch(secret, verifier.version, verifier.salt, &hash));
        *ret_equal = secret_equal(secret_view(&hash), verifier.hash);
        if (*ret_equal && verifier.version != VERSION_NOW)
                return put_verifier(element, reference, secret, verifier.kind);
        return SW_OK;
}

uint16_t reference_equals(
        struct mitome_element *element, const struct reference_data *reference, slice secret, bool *ret_equal)
{
        return compare(element, reference, secret, ret_equal);
}

uint16_t reference_check(
        struct mitome_element *element, const struct reference_data *reference, slice secret, uint8_t tries)
{
        bool equal = false;
        uint8_t left = (uint8_t)(tries - 1);
        SW_TRY(reference_put_tries(element, reference, left));
        SW_TRY(element_commit(element));
        SW_TRY(compare(element, reference, secret, &equal));
        return equal ? SW_OK : SW_TRIES_LEFT | left;
}
