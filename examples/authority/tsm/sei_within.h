/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEI_WITHIN_H
#define SEI_WITHIN_H

/* What the files of the SEI-TSM's orders share; sei_orders.h is what others see of it. */

#include "key_vault.h"
#include "sei_orders.h"

enum {
        SEI_HASH_SIZE = 32,
        SEI_HASHES_MAX = SEI_TSM_APPS_MAX * SEI_HASH_SIZE,
        SEI_KEYS_MAX = KEY_VAULT_SEALED_MAX
};

/* What an order wants; a setting back is a deletion that takes the FIDO applet's content along. */
enum sei_wanted { WANT_DELETED, WANT_INSTALLED, WANT_RESET };

struct sei_tsm {
        struct party *party;
        struct key_vault vault;
};

/* One phone's row, and the order that is open for it. */
struct sei_file {
        char text[SEI_TSM_IDENTITY_MAX + 1];
        slice identity; /* views text */
        struct tsm_key_set issuer, first;
        bool has_first, handed;
        enum sei_tsm_state state;
        uint8_t apps[SEI_HASHES_MAX]; /* that the rules let in now */
        size_t apps_size;

        int64_t order; /* 0: none is open */
        enum sei_wanted wanted;
        uint8_t letter[LETTER_DIGEST_SIZE];
        uint8_t new_apps[SEI_HASHES_MAX];
        size_t new_apps_size;
};

/* sei_seal seals a set of keys for one phone and one use ("issuer", "first"). */
MITOME_CHECKED mitome_status sei_seal(struct sei_tsm *tsm, slice identity, const char *what,
        const struct tsm_key_set *set, uint8_t buffer[SEI_KEYS_MAX], slice *ret, mitome_error *error);

/* sei_open_file reads what is known of a phone, and the order that is open for it; SEI_UNKNOWN. Whatever it
 * returns: sei_file_wipe at the end. */
MITOME_CHECKED mitome_status sei_open_file(
        struct sei_tsm *tsm, slice identity, struct sei_file *file, mitome_error *error);
MITOME_CHECKED mitome_status sei_load_element(
        struct sei_tsm *tsm, struct sei_file *file, mitome_error *error);
MITOME_CHECKED mitome_status sei_load_order(struct sei_tsm *tsm, struct sei_file *file, mitome_error *error);
void sei_file_wipe(struct sei_file *file);

/* sei_state_of is how it stands with a phone, as others are told. */
enum sei_tsm_state sei_state_of(const struct sei_file *file);

/* What an order is called in the journal. */
extern const char *const sei_order_names[];

/* sei_decide writes a decision about a phone down; letter: the digest of the one that asked, or NULL. */
MITOME_CHECKED mitome_status sei_decide(struct sei_tsm *tsm, const struct sei_file *file, const char *what,
        const char *outcome, const uint8_t *letter, mitome_error *error);

/* sei_register_in is sei_tsm_register within a transaction. */
MITOME_CHECKED mitome_status sei_register_in(struct sei_tsm *tsm, slice identity,
        const struct tsm_key_set *issuer, const uint8_t *letter, mitome_error *error);

#endif
