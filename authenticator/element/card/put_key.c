/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "key_sets.h"
#include "security_domain.h"

/* PUT KEY (11.8): a whole SCP03 set, new or in the place of another. */

enum { ALL_THREE = 0x81, ENCRYPTED_MAX = 32 };

struct new_set {
        uint8_t version;
        struct scp03_keys keys;
        uint8_t check_values[3][KEY_CHECK_SIZE];
};

static void wipe_set(struct new_set *set)
{
        bytes_wipe(set, sizeof *set);
}

/* The two codings that clients use: the cipher text alone, or behind the length of the key that is in it. */
static uint16_t part_key(slice field, uint8_t *ret_size, slice *ret_cipher)
{
        reader r = reader_over(field, NULL, NULL);
        *ret_size = (uint8_t)field.size;
        *ret_cipher = field;
        if (field.size % 16 == 0)
                return SW_OK;
        if (failed(read_u8(&r, "key length", ret_size)))
                return SW_WRONG_DATA;
        *ret_cipher = read_rest(&r);
        size_t padded = (*ret_size + 15U) / 16 * 16;
        return ret_cipher->size == padded ? SW_OK : SW_WRONG_DATA;
}

/* One key: type, cipher text, check value. All three of a set have one size. */
static uint16_t read_key(
        reader *r, slice dek, struct scp03_keys *keys, uint8_t *key, uint8_t ret_check[KEY_CHECK_SIZE])
{
        uint8_t type, size;
        slice field, cipher, check;
        SECRET(plain);
        if (failed(read_u8(r, "type", &type)) || type != KEY_TYPE_AES)
                return SW_WRONG_DATA;
        SW_TRY(domain_read_field(r, &field));
        SW_TRY(domain_read_field(r, &check));
        SW_TRY(part_key(field, &size, &cipher));
        if (cipher.size > ENCRYPTED_MAX || (keys->size && keys->size != size))
                return SW_WRONG_DATA;
        keys->size = size;
        if (!scp03_keys_fit(keys))
                return SW_WRONG_DATA;
        SW_TRY(key_decrypt(dek, cipher, plain.data));
        SW_TRY(key_check_value(slice_of(plain.data, size), ret_check));
        if (!secret_equal(check, slice_of(ret_check, KEY_CHECK_SIZE)))
                return SW_WRONG_DATA;
        return element_sw(slice_copy(slice_of(plain.data, size), "key", key, SCP03_KEY_MAX, NULL));
}

static uint16_t read_set(slice data, slice dek, struct new_set *set)
{
        reader r = reader_over(data, NULL, NULL);
        if (failed(read_u8(&r, "key version", &set->version)) || set->version == 0 ||
                set->version > KEY_VERSION_LAST)
                return SW_WRONG_DATA;
        SW_TRY(read_key(&r, dek, &set->keys, set->keys.enc, set->check_values[0]));
        SW_TRY(read_key(&r, dek, &set->keys, set->keys.mac, set->check_values[1]));
        SW_TRY(read_key(&r, dek, &set->keys, set->keys.dek, set->check_values[2]));
        return r.rest.size ? SW_WRONG_DATA : SW_OK;
}

/* What P1 says of the sets that are there: 00 adds one, another number is the one that is replaced. */
static uint16_t check_place(
        const struct mitome_element *element, uint8_t domain, uint8_t replaced, uint8_t version)
{
        if (replaced && (replaced > KEY_VERSION_LAST || !key_set_exists(element, domain, replaced)))
                return SW_NO_REFERENCE;
        if (replaced != version && key_set_exists(element, domain, version))
                return SW_CONDITIONS;
        return !replaced && key_set_count(element, domain) >= KEY_SETS_MAX ? SW_FULL : SW_OK;
}

/* The former set goes in the same commit, and with it the sessions that it opened elsewhere. The first set of
 * a domain is its independence: from here on the keys above it open nothing of it. */
static uint16_t store_set(struct mitome_element *element, struct registry_entry *domain, uint8_t replaced,
        const struct new_set *set)
{
        if (replaced && replaced != set->version)
                SW_TRY(key_set_delete(element, domain->slot, replaced));
        SW_TRY(key_set_put(element, domain->slot, set->version, &set->keys));
        if (domain->slot != REGISTRY_ISSUER && domain->life == LIFE_SELECTABLE) {
                domain->life = LIFE_PERSONALIZED;
                SW_TRY(registry_put(element, domain));
        }
        SW_TRY(element_commit(element));
        if (replaced)
                channel_end_sessions(element, domain->slot, replaced);
        return SW_OK;
}

/* The DEK is of the set that opened this session. It is gone when this session has replaced it. */
static uint16_t session_dek(struct mitome_element *element, struct scp03_keys *ret)
{
        const struct logical_channel *channel = element_channel(element);
        return key_set_read(element, channel->key_owner, channel->key_version, ret) == SW_OK ? SW_OK
                                                                                             : SW_CONDITIONS;
}

static uint16_t put_key(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        __attribute__((cleanup(wipe_set))) struct new_set set = { 0 };
        __attribute__((cleanup(wipe_set))) struct new_set session = { 0 };
        struct registry_entry domain;
        SW_TRY(domain_acting(element, &domain));
        SW_TRY(session_dek(element, &session.keys));
        SW_TRY(read_set(command->data, slice_of(session.keys.dek, session.keys.size), &set));
        SW_TRY(check_place(element, domain.slot, command->p1, set.version));
        SW_TRY(store_set(element, &domain, command->p1, &set));
        write_u8(answer, set.version);
        for (size_t i = 0; i < 3; i++)
                write_slice(answer, SLICE(set.check_values[i]));
        return SW_OK;
}

uint16_t domain_put_key(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (command->p2 != ALL_THREE) /* keys of a set are never changed one by one */
                return SW_WRONG_P1P2;
        return put_key(element, command, answer);
}
