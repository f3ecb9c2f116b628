/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_VAULT_H
#define KEY_VAULT_H

/* Key sets of elements at rest: sealed (XChaCha20-Poly1305) by a key that lies in a file beside the store,
 * and bound to what they are for. Whoever has both has the keys: a file is no HSM, which a real manager of
 * elements would have. Also: key sets in letters, sealed to a party. */

#include "party.h"
#include "tsm_channel.h"

enum {
        KEY_VAULT_SEALED_MAX = 256, /* a sealed set */
        KEY_VAULT_PLAIN_MAX = 3 * SCP03_KEY_MAX,
};

struct key_vault {
        uint8_t key[32];
        struct mitome_random random;
};

/* key_vault_open reads the key from `path`, or makes the file (mode 0600; FILE_MODE when others may read it);
 * NULL: a new key, which is nowhere else. Wipe it with key_vault_close. */
MITOME_CHECKED mitome_status key_vault_open(
        const char *path, const struct mitome_random *random, struct key_vault *ret, mitome_error *error);
void key_vault_close(struct key_vault *vault);

/* key_vault_seal seals a set for `use` (whose it is, and which); key_vault_unseal opens it: STORE_SEAL
 * when it was changed, or is for something else. Wipe the set. */
MITOME_CHECKED mitome_status key_vault_seal(const struct key_vault *vault, slice use,
        const struct tsm_key_set *set, writer *out, mitome_error *error);
MITOME_CHECKED mitome_status key_vault_unseal(
        const struct key_vault *vault, slice use, slice sealed, struct tsm_key_set *ret, mitome_error *error);

/* key_vault_write_set writes ENC||MAC||DEK; key_vault_read_set reads them for a version (1..7F). VALUE. */
void key_vault_write_set(const struct tsm_key_set *set, writer *out);
MITOME_CHECKED mitome_status key_vault_read_set(
        uint64_t version, slice keys, struct tsm_key_set *ret, mitome_error *error);

/* key_set_seal_to seals ENC||MAC||DEK to a party (party_seal); party_unseal and key_vault_read_set open it.
 */
MITOME_CHECKED mitome_status key_set_seal_to(
        const uint8_t key[LETTER_KEY_SIZE], const struct tsm_key_set *set, writer *out, mitome_error *error);

#endif
