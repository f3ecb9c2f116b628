/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_data.h"

#include "element_internal.h"

#include <sodium.h>

/* A verifier: kind (1), salt (16), Argon2id of the secret (32). Whoever holds the opened state holds the keys
 * that the PIN guards; stretching only keeps the PIN itself, which its owner may use elsewhere, from being
 * read off. A card's processor would do less. */
enum {
        SALT_SIZE = crypto_pwhash_argon2id_SALTBYTES,
        HASH_SIZE = 32,
        PASSES = 2,
        MEMORY = 4 * 1024 * 1024,
};

static uint16_t stretch(slice secret, const uint8_t salt[SALT_SIZE], struct secret *ret)
{
        ret->size = HASH_SIZE;
        int result = crypto_pwhash_argon2id(ret->data, HASH_SIZE, (const char *)secret.data, secret.size,
                salt, PASSES, MEMORY, crypto_pwhash_argon2id_ALG_ARGON2ID13);
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
        slice verifier = element_object(element, reference->verifier);
        return verifier.size ? verifier.data[0] : 0;
}

uint16_t reference_put_tries(
        struct mitome_element *element, const struct reference_data *reference, uint8_t tries)
{
        return element_put(element, reference->tries, slice_of(&tries, 1));
}

uint16_t reference_put(struct mitome_element *element, const struct reference_data *reference, slice secret,
        uint8_t kind, uint8_t tries)
{
        uint8_t salt[SALT_SIZE];
        SECRET(hash);
        SECRET(verifier);
        SW_TRY(element_random(element, salt, sizeof salt));
        SW_TRY(stretch(secret, salt, &hash));
        writer w = WRITER(verifier.data);
        write_u8(&w, kind);
        write_slice(&w, SLICE(salt));
        write_slice(&w, secret_view(&hash));
        SW_TRY(element_put(element, reference->verifier, writer_view(&w)));
        return reference_put_tries(element, reference, tries);
}

static uint16_t compare(
        struct mitome_element *element, const struct reference_data *reference, slice secret, bool *ret_equal)
{
        uint8_t kind, salt[SALT_SIZE];
        slice expected;
        SECRET(hash);
        reader r = reader_over(element_object(element, reference->verifier), NULL, NULL);
        if (failed(read_u8(&r, "kind", &kind)) || failed(read_into(&r, "salt", salt, sizeof salt)) ||
                failed(read_bytes(&r, "hash", HASH_SIZE, &expected)))
                return SW_UNUSABLE;
        SW_TRY(stretch(secret, salt, &hash));
        *ret_equal = secret_equal(secret_view(&hash), expected);
        return SW_OK;
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
