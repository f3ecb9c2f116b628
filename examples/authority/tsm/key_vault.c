/* SPDX-License-Identifier: Apache-2.0 */
#include "key_vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
        FORM = 1,                          /* of what is sealed */
        HEAD_SIZE = 1 + NONCE_SIZE,        /* form, nonce */
        SET_MAX = 2 + KEY_VAULT_PLAIN_MAX, /* version, size, the keys */
};

/* ---- the key of the vault ---- */

static mitome_status read_key(int fd, struct key_vault *vault, mitome_error *error)
{
        struct stat about;
        uint8_t more;
        if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
                return fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        if (about.st_mode & 077)
                return fail(error, MITOME_E_FILE_MODE, "the key file", NULL);
        if (read(fd, vault->key, sizeof vault->key) != (ssize_t)sizeof vault->key || read(fd, &more, 1) != 0)
                return fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        return ok();
}

static mitome_status draw_key(struct key_vault *vault, mitome_error *error)
{
        return vault->random.fill(vault->random.context, vault->key, sizeof vault->key) == 0
                       ? ok()
                       : fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
}

/* Written beside and renamed: nobody finds half a key. */
static mitome_status make_file(const char *path, struct key_vault *vault, mitome_error *error)
{
        char beside[4096] = { 0 };
        writer w = writer_over((uint8_t *)beside, sizeof beside - 1);
        slice name;
        write_slice(&w, slice_text(path));
        write_slice(&w, slice_of(".new", 5));
        MITOME_TRY(writer_finish(&w, "the key file", &name, error));
        MITOME_TRY(draw_key(vault, error));
        (void)unlink(beside);
        int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        bool good = fd >= 0 && write(fd, vault->key, sizeof vault->key) == (ssize_t)sizeof vault->key &&
                    fsync(fd) == 0;
        if (fd >= 0)
                good = close(fd) == 0 && good;
        good = good && rename(beside, path) == 0;
        return good ? ok() : fail(error, MITOME_E_FILE_WRITE, "the key file", NULL);
}

static mitome_status find_key(const char *path, struct key_vault *vault, mitome_error *error)
{
        if (!path)
                return draw_key(vault, error);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? make_file(path, vault, error)
                                       : fail(error, MITOME_E_FILE_READ, "the key file", NULL);
        mitome_status status = read_key(fd, vault, error);
        close(fd);
        return status;
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

/* Sealed: form (1) || nonce || version (1), ENC || MAC || DEK. */
mitome_status key_vault_seal(const struct key_vault *vault, slice use, const struct tsm_key_set *set,
        writer *out, mitome_error *error)
{
        uint8_t plain[SET_MAX], nonce[NONCE_SIZE];
        writer w = WRITER(plain);
        slice written;
        write_u8(&w, set->version);
        key_vault_write_set(set, &w);
        if (vault->random.fill(vault->random.context, nonce, sizeof nonce) != 0) {
                bytes_wipe(plain, sizeof plain);
                return fail(error, MITOME_E_NO_RANDOMNESS, NULL, NULL);
        }
        write_u8(out, FORM);
        write_slice(out, SLICE(nonce));
        uint8_t *sealed = write_space(out, w.used + TAG_SIZE);
        if (sealed)
                crypto_aead_xchacha20poly1305_ietf_encrypt(
                        sealed, NULL, plain, w.used, use.data, use.size, NULL, nonce, vault->key);
        bytes_wipe(plain, sizeof plain);
        return writer_finish(out, "sealed keys", &written, error);
}

mitome_status key_vault_unseal(
        const struct key_vault *vault, slice use, slice sealed, struct tsm_key_set *ret, mitome_error *error)
{
        uint8_t plain[SET_MAX], form, version = 0;
        slice nonce, rest;
        unsigned long long size = 0;
        reader r = reader_over(sealed, NULL, error);
        if (sealed.size < HEAD_SIZE + TAG_SIZE + 1 || sealed.size > HEAD_SIZE + TAG_SIZE + SET_MAX)
                return fail(error, MITOME_E_STORE_SEAL, "the sealed keys", NULL);
        MITOME_TRY(read_u8(&r, "sealed keys", &form));
        MITOME_TRY(read_bytes(&r, "sealed keys", NONCE_SIZE, &nonce));
        rest = read_rest(&r);
        if (form != FORM || crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, rest.data,
                                    rest.size, use.data, use.size, nonce.data, vault->key) != 0)
                return fail(error, MITOME_E_STORE_SEAL, "the sealed keys", NULL);
        r = reader_over(slice_of(plain, (size_t)size), NULL, error);
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
