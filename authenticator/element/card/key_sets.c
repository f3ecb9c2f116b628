/* SPDX-License-Identifier: Apache-2.0 */
#include "key_sets.h"

#include "element_internal.h"
#include "registry.h"

#include <openssl/evp.h>

enum part { PART_KEYS = 0, PART_SEQUENCE = 1, PART_TRIES = 2, KEYS_MAX = 1 + 3 * 32, BLOCK = 16 };

static uint32_t object_of(uint8_t domain, unsigned version, enum part part)
{
        return OBJECT_KEY_SET | (uint32_t)domain << 16 | (uint32_t)version << 8 | (uint32_t)part;
}

static slice encode(const struct scp03_keys *keys, uint8_t buffer[KEYS_MAX])
{
        writer w = writer_over(buffer, KEYS_MAX);
        write_u8(&w, keys->size);
        write_slice(&w, slice_of(keys->enc, keys->size));
        write_slice(&w, slice_of(keys->mac, keys->size));
        write_slice(&w, slice_of(keys->dek, keys->size));
        return writer_view(&w);
}

static slice encode_sequence(uint32_t sequence, uint8_t buffer[4])
{
        writer w = writer_over(buffer, 4);
        write_u32(&w, sequence);
        return writer_view(&w);
}

mitome_status key_set_found(
        struct store *store, const struct scp03_keys *keys, uint32_t sequence, mitome_error *error)
{
        static const uint8_t tries[] = { KEY_SET_TRIES };
        uint8_t bytes[KEYS_MAX], number[4];
        mitome_status status = store_put(store, object_of(REGISTRY_ISSUER, KEY_VERSION_FACTORY, PART_KEYS),
                encode(keys, bytes), error);
        bytes_wipe(bytes, sizeof bytes);
        MITOME_TRY(status);
        MITOME_TRY(store_put(store, object_of(REGISTRY_ISSUER, KEY_VERSION_FACTORY, PART_SEQUENCE),
                encode_sequence(sequence, number), error));
        return store_put(
                store, object_of(REGISTRY_ISSUER, KEY_VERSION_FACTORY, PART_TRIES), SLICE(tries), error);
}

/* ---- reading ---- */

static mitome_status decode(slice bytes, struct scp03_keys *ret)
{
        reader r = reader_over(bytes, NULL, NULL);
        MITOME_TRY(read_u8(&r, "size", &ret->size));
        if (ret->size > sizeof ret->enc)
                return fail(NULL, MITOME_E_VALUE, "size", NULL);
        MITOME_TRY(read_into(&r, "ENC", ret->enc, ret->size));
        MITOME_TRY(read_into(&r, "MAC", ret->mac, ret->size));
        MITOME_TRY(read_into(&r, "DEK", ret->dek, ret->size));
        return read_end(&r, "key set");
}

uint16_t key_set_read(
        const struct mitome_element *element, uint8_t domain, uint8_t version, struct scp03_keys *ret)
{
        *ret = (struct scp03_keys){ 0 };
        if (!key_set_exists(element, domain, version))
                return SW_NO_REFERENCE;
        slice bytes = element_object(element, object_of(domain, version, PART_KEYS));
        return failed(decode(bytes, ret)) ? SW_UNKNOWN : SW_OK;
}

bool key_set_exists(const struct mitome_element *element, uint8_t domain, uint8_t version)
{
        return element_has(element, object_of(domain, version, PART_KEYS));
}

bool key_set_next(const struct mitome_element *element, uint8_t domain, unsigned from, uint8_t *ret)
{
        uint32_t id;
        if (from > KEY_VERSION_LAST || !store_next(element->store, object_of(domain, from, PART_KEYS),
                                               object_of(domain, KEY_VERSION_LAST, PART_KEYS), &id))
                return false;
        *ret = (uint8_t)(id >> 8);
        return true;
}

size_t key_set_count(const struct mitome_element *element, uint8_t domain)
{
        size_t count = 0;
        uint8_t version;
        for (unsigned from = 0; key_set_next(element, domain, from, &version); from = version + 1U)
                count++;
        return count;
}

uint16_t key_set_first(const struct mitome_element *element, uint8_t domain, uint8_t *ret)
{
        uint8_t version;
        uint16_t sw = SW_NO_REFERENCE;
        for (unsigned from = 0; key_set_next(element, domain, from, &version); from = version + 1U) {
                sw = SW_BLOCKED;
                if (key_set_tries(element, domain, version)) {
                        *ret = version;
                        return SW_OK;
                }
        }
        return sw;
}

uint8_t key_set_owner(const struct mitome_element *element, uint8_t domain)
{
        struct registry_entry entry;
        uint8_t version, at = domain;
        for (int depth = 0; depth < REGISTRY_MAX && at != REGISTRY_ISSUER; depth++) {
                if (key_set_next(element, at, 0, &version) || !registry_read(element, at, &entry))
                        return at;
                at = entry.domain;
        }
        return at;
}

uint8_t key_set_tries(const struct mitome_element *element, uint8_t domain, uint8_t version)
{
        return (uint8_t)element_number(element, object_of(domain, version, PART_TRIES));
}

uint32_t key_set_sequence(const struct mitome_element *element, uint8_t domain, uint8_t version)
{
        return element_number(element, object_of(domain, version, PART_SEQUENCE));
}

/* ---- changing ---- */

uint16_t key_set_put_tries(struct mitome_element *element, uint8_t domain, uint8_t version, uint8_t tries)
{
        return element_put(element, object_of(domain, version, PART_TRIES), slice_of(&tries, 1));
}

uint16_t key_set_put_sequence(
        struct mitome_element *element, uint8_t domain, uint8_t version, uint32_t sequence)
{
        uint8_t bytes[4];
        return element_put(
                element, object_of(domain, version, PART_SEQUENCE), encode_sequence(sequence, bytes));
}

/* Keys that come back, to open a closed set again for one, go on where their numbers were: from 0 on, every
 * session that was ever overheard could be played to the card again. DEK takes no part in a session. */
static uint32_t sequence_of(
        const struct mitome_element *element, uint8_t domain, const struct scp03_keys *keys)
{
        uint32_t last = 0, sequence;
        uint8_t version;
        struct scp03_keys other;
        for (unsigned from = 0; key_set_next(element, domain, from, &version); from = version + 1U) {
                sequence = key_set_sequence(element, domain, version);
                if (sequence > last && key_set_read(element, domain, version, &other) == SW_OK &&
                        secret_equal(slice_of(other.enc, other.size), slice_of(keys->enc, keys->size)) &&
                        secret_equal(slice_of(other.mac, other.size), slice_of(keys->mac, keys->size)))
                        last = sequence;
        }
        bytes_wipe(&other, sizeof other);
        return last;
}

uint16_t key_set_put(
        struct mitome_element *element, uint8_t domain, uint8_t version, const struct scp03_keys *keys)
{
        uint8_t bytes[KEYS_MAX];
        uint16_t sw = element_put(element, object_of(domain, version, PART_KEYS), encode(keys, bytes));
        bytes_wipe(bytes, sizeof bytes);
        SW_TRY(sw);
        SW_TRY(key_set_put_sequence(element, domain, version, sequence_of(element, domain, keys)));
        return key_set_put_tries(element, domain, version, KEY_SET_TRIES);
}

uint16_t key_set_delete(struct mitome_element *element, uint8_t domain, uint8_t version)
{
        return element_erase(
                element, object_of(domain, version, PART_KEYS), object_of(domain, version, PART_KEYS) | 0xFF);
}

uint16_t key_set_delete_all(struct mitome_element *element, uint8_t domain)
{
        return element_erase(
                element, object_of(domain, 0, PART_KEYS), object_of(domain, 0xFF, PART_KEYS) | 0xFF);
}

/* ---- AES as PUT KEY uses it ---- */

static const EVP_CIPHER *cbc_of(size_t key_size)
{
        if (key_size == 16)
                return EVP_aes_128_cbc();
        return key_size == 24 ? EVP_aes_192_cbc() : key_size == 32 ? EVP_aes_256_cbc() : NULL;
}

/* One pass of CBC with ICV 0: of one block, it is the block cipher itself. */
static uint16_t cbc(slice key, int encrypt, slice in, uint8_t *out)
{
        static const uint8_t zeros[BLOCK];
        const EVP_CIPHER *cipher = cbc_of(key.size);
        int size = 0;
        if (!cipher || in.size == 0 || in.size % BLOCK)
                return SW_WRONG_DATA;
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        bool good = context && EVP_CipherInit_ex(context, cipher, NULL, key.data, zeros, encrypt) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                    EVP_CipherUpdate(context, out, &size, in.data, (int)in.size) == 1 &&
                    (size_t)size == in.size;
        EVP_CIPHER_CTX_free(context);
        return good ? SW_OK : SW_UNKNOWN;
}

uint16_t key_check_value(slice key, uint8_t ret[KEY_CHECK_SIZE])
{
        uint8_t ones[BLOCK], block[BLOCK];
        writer w = WRITER(ones);
        while (w.used < sizeof ones)
                write_u8(&w, 0x01);
        SW_TRY(cbc(key, 1, SLICE(ones), block));
        return element_sw(slice_copy(slice_of(block, KEY_CHECK_SIZE), "KCV", ret, KEY_CHECK_SIZE, NULL));
}

uint16_t key_decrypt(slice dek, slice cipher, uint8_t *ret)
{
        return cbc(dek, 0, cipher, ret);
}
