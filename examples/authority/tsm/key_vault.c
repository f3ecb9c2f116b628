/* SPDX-License-Identifier: Apache-2.0 */
#include "key_vault.h"

#include "key_file.h"
#include "seal_box.h"

#include <sodium.h>

enum {
        FORM = 1,                          /* of what is sealed */
        SET_MAX = 2 + KEY_VAULT_PLAIN_MAX, /* version, size, the keys */
};

/* ---- the key of the vault ---- */

static mitome_status find_key(const char *path, struct key_vault *vault, mitome_error *error)
{
        if (path)
                return key_file_keep(path, sizeof vault->key, &vault->random, vault->key, error);
        return vault->random.fill(vault->random.context, vault->key, sizeof vault->key) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
}

mitome_status key_vault_open(
        const char *path, const struct mitome_random *random, struct key_vault *ret, mitome_error *error)
{
        struct key_vault vault = { .random = *random };
        if (sodium_init() < 0)
                return fail(error, MITOME_E_CRYPTO_FAILED, "the key file", NULL);
        mitome_status status = find_key(path, &vault, error);
        if (!failed(status))
                *ret = vault;
        bytes_wipe(&vault, sizeof vault);
        return status;
}

void key_vault_close(struct key_vault *vault)
{
        bytes_wipe(vault, sizeof *vault);
}

/* ---- sets ---- */

void key_vault_write_set(const struct tsm_key_set *set, writer *out)
{
        write_slice(out, slice_of(set->keys.enc, set->keys.size));
        write_slice(out, slice_of(set->keys.mac, set->keys.size));
        write_slice(out, slice_of(set->keys.dek, set->keys.size));
}

mitome_status key_vault_read_set(uint64_t version, slice keys, struct tsm_key_set *ret, mitome_error *error)
{
        struct tsm_key_set set = { .version = (uint8_t)version, .keys.size = (uint8_t)(keys.size / 3) };
        reader r = reader_over(keys, NULL, error);
        if (version < 1 || version > 0x7F || keys.size % 3 || keys.size > KEY_VAULT_PLAIN_MAX ||
                !scp03_keys_fit(&set.keys))
                return fail(error, MITOME_E_VALUE, "the key set", NULL);
        mitome_status status = read_into(&r, "key", set.keys.enc, set.keys.size);
        if (!failed(status))
                status = read_into(&r, "key", set.keys.mac, set.keys.size);
        if (!failed(status))
                status = read_into(&r, "key", set.keys.dek, set.keys.size);
        if (!failed(status))
                *ret = set;
        bytes_wipe(&set, sizeof set);
        return status;
}

/* Sealed: form (1) || the sealed version (1), ENC || MAC || DEK. */
mitome_status key_vault_seal(const struct key_vault *vault, slice use, const struct tsm_key_set *set,
        writer *out, mitome_error *error)
{
        uint8_t plain[SET_MAX];
        writer w = WRITER(plain);
        write_u8(&w, set->version);
        key_vault_write_set(set, &w);
        write_u8(out, FORM);
        mitome_status status = seal_box_close(vault->key, &vault->random, use, writer_view(&w), out, error);
        bytes_wipe(plain, sizeof plain);
        return status;
}

mitome_status key_vault_unseal(
        const struct key_vault *vault, slice use, slice sealed, struct tsm_key_set *ret, mitome_error *error)
{
        uint8_t plain[SET_MAX], form = 0, version = 0;
        size_t size;
        reader r = reader_over(sealed, NULL, NULL);
        if (failed(read_u8(&r, "sealed keys", &form)) || form != FORM ||
                !seal_box_open(vault->key, use, read_rest(&r), plain, sizeof plain, &size))
                return fail(error, MITOME_E_STORE_SEAL, "the sealed keys", NULL);
        r = reader_over(slice_of(plain, size), NULL, error);
        mitome_status status = read_u8(&r, "version", &version);
        if (!failed(status))
                status = key_vault_read_set(version, read_rest(&r), ret, error);
        bytes_wipe(plain, sizeof plain);
        return status;
}

mitome_status key_set_seal_to(
        const uint8_t key[LETTER_KEY_SIZE], const struct tsm_key_set *set, writer *out, mitome_error *error)
{
        uint8_t plain[KEY_VAULT_PLAIN_MAX];
        writer w = WRITER(plain);
        key_vault_write_set(set, &w);
        mitome_status status = party_seal(key, writer_view(&w), out, error);
        bytes_wipe(plain, sizeof plain);
        return status;
}
