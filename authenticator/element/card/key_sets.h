/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KEY_SETS_H
#define KEY_SETS_H

/* The SCP03 key sets of security domains. Each has a version, a sequence counter of its own, and tries: a
 * wrong host costs one, which is written down before anything is compared; with none left the set is closed
 * for good, the issuer's too. A domain without any is opened with the keys of the one above it. */

#include "scp03.h"
#include "store.h"

#include <mitome/element.h>

struct mitome_element;

enum {
        KEY_SET_TRIES = 10,
        KEY_SETS_MAX = 8, /* of one domain */
        KEY_VERSION_FACTORY = 0x01,
        KEY_VERSION_LAST = 0x7F,
        KEY_TYPE_AES = 0x88,
        KEY_CHECK_SIZE = 3,
        KEY_SEQUENCE_LAST = 0xFFFFFF,
};

/* key_set_found puts the issuer's first set of a new element, with the sequence number that was used last. */
MITOME_CHECKED mitome_status key_set_found(
        struct store *store, const struct scp03_keys *keys, uint32_t sequence, mitome_error *error);

/* key_set_read gives the keys: 6A88 when there are none. Wipe them. */
uint16_t key_set_read(
        const struct mitome_element *element, uint8_t domain, uint8_t version, struct scp03_keys *ret);

bool key_set_exists(const struct mitome_element *element, uint8_t domain, uint8_t version);

/* key_set_next gives the lowest version that is at least `from`; false: there is none. */
bool key_set_next(const struct mitome_element *element, uint8_t domain, unsigned from, uint8_t *ret);
size_t key_set_count(const struct mitome_element *element, uint8_t domain);

/* key_set_first is what version 00 stands for: the lowest that is not closed. 6A88: none, 6983: all closed.
 */
uint16_t key_set_first(const struct mitome_element *element, uint8_t domain, uint8_t *ret);

/* key_set_owner is the domain whose keys open sessions with `domain`: itself, or the next above with any. */
uint8_t key_set_owner(const struct mitome_element *element, uint8_t domain);

/* These prepare; the command commits. */
uint16_t key_set_put(
        struct mitome_element *element, uint8_t domain, uint8_t version, const struct scp03_keys *keys);
uint16_t key_set_delete(struct mitome_element *element, uint8_t domain, uint8_t version);
uint16_t key_set_delete_all(struct mitome_element *element, uint8_t domain);

uint8_t key_set_tries(const struct mitome_element *element, uint8_t domain, uint8_t version);
uint16_t key_set_put_tries(struct mitome_element *element, uint8_t domain, uint8_t version, uint8_t tries);
uint32_t key_set_sequence(const struct mitome_element *element, uint8_t domain, uint8_t version);
uint16_t key_set_put_sequence(
        struct mitome_element *element, uint8_t domain, uint8_t version, uint32_t sequence);

/* key_check_value is the first three bytes of AES(key, 01 x 16); key_decrypt undoes AES-CBC with ICV 0 by the
 * DEK (GPC_SPE_014 4.1.4 and 6.2.8). */
uint16_t key_check_value(slice key, uint8_t ret[KEY_CHECK_SIZE]);
uint16_t key_decrypt(slice dek, slice cipher, uint8_t *ret);

#endif
