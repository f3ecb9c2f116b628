/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGISTRY_H
#define REGISTRY_H

/* The GlobalPlatform registry: load files, security domains and applications, one object each, and where each
 * stands in its life. The issuer's security domain has slot 0, and its life is the card's. */

#include "native.h"
#include "store.h"

struct mitome_element;

enum {
        REGISTRY_ISSUER = 0,
        REGISTRY_MAX = 64, /* entries */
        AID_MIN = 5,
        AID_MAX = 16,
};

enum registry_kind { REGISTRY_LOAD_FILE = 1, REGISTRY_APPLICATION = 2, REGISTRY_DOMAIN = 3 };

/* Life cycles (GPC_SPE_034, tables 11-3 to 11-6). */
enum life_cycle {
        LIFE_LOADED = 0x01, /* load files */
        LIFE_INSTALLED = 0x03,
        LIFE_SELECTABLE = 0x07,
        LIFE_PERSONALIZED = 0x0F, /* security domains */
        LIFE_LOCKED = 0x83,
        CARD_OP_READY = 0x01,
        CARD_INITIALIZED = 0x07,
        CARD_SECURED = 0x0F,
        CARD_LOCKED = 0x7F,
        CARD_TERMINATED = 0xFF,
};

/* Privileges (table 6-1), three bytes. Those that are not here do not exist on this card. */
enum privilege {
        PRIVILEGE_DOMAIN = 0x800000,
        PRIVILEGE_DELEGATED = 0x200000, /* recorded; there are no tokens, so that it permits nothing */
        PRIVILEGE_CARD_LOCK = 0x100000,
        PRIVILEGE_TERMINATE = 0x080000,
        PRIVILEGE_CARD_RESET = 0x040000, /* selected after a reset */
        PRIVILEGE_AUTHORISED = 0x004000,
        PRIVILEGE_GLOBAL_DELETE = 0x001000,
        PRIVILEGE_GLOBAL_LOCK = 0x000800,
        PRIVILEGE_GLOBAL_REGISTRY = 0x000400,
        PRIVILEGES_ISSUER = 0x9C5C00,
        PRIVILEGES_DOMAIN_ONLY = 0xB85C00, /* what an application cannot have */
        PRIVILEGES_KNOWN = 0xBC5C00,
};

struct registry_entry {
        uint8_t slot;
        uint8_t kind;   /* enum registry_kind */
        uint8_t life;   /* enum life_cycle */
        uint8_t former; /* what a LOCKED one comes back to */
        uint8_t native; /* enum native: of which load file it is */
        uint8_t domain; /* slot of the security domain that it is associated with */
        uint8_t scp_i;  /* of a domain: what its SCP03 offers */
        uint32_t privileges;
        uint8_t aid_size;
        uint8_t aid[AID_MAX];
};

/* registry_found puts the entries of a new element: the issuer's domain, all load files of this build and one
 * instance of each applet. Nothing is committed. */
MITOME_CHECKED mitome_status registry_found(struct store *store, uint8_t scp_i, mitome_error *error);

/* What is read is what was committed last. */
bool registry_read(const struct mitome_element *element, unsigned slot, struct registry_entry *ret);

/* registry_next gives the first entry from slot `from` on. */
bool registry_next(const struct mitome_element *element, unsigned from, struct registry_entry *ret);

/* registry_find gives the entry with exactly this AID; load files included. */
bool registry_find(const struct mitome_element *element, slice aid, struct registry_entry *ret);

/* registry_instance gives an instance of a native applet. */
bool registry_instance(const struct mitome_element *element, uint8_t native, struct registry_entry *ret);

/* registry_load_file gives the load file of a native. */
bool registry_load_file(const struct mitome_element *element, uint8_t native, struct registry_entry *ret);

slice registry_aid(const struct registry_entry *entry);

/* registry_set_aid takes 5 to 16 bytes, else 6A80. */
uint16_t registry_set_aid(struct registry_entry *entry, slice aid);

/* registry_free_slot finds a free one after `after`, or 6A84. */
uint16_t registry_free_slot(const struct mitome_element *element, uint8_t after, uint8_t *ret);

/* These prepare; the command commits. */
uint16_t registry_put(struct mitome_element *element, const struct registry_entry *entry);
uint16_t registry_delete(struct mitome_element *element, uint8_t slot);

/* registry_is_below tells whether an entry is the domain in `slot` itself, or associated with it, directly or
 * by way of other domains. */
bool registry_is_below(
        const struct mitome_element *element, const struct registry_entry *entry, uint8_t slot);

/* registry_domain_behind is the slot of the domain whose services an entry uses: a domain its own. */
uint8_t registry_domain_behind(const struct registry_entry *entry);

/* registry_is_alive: an application or domain that commands may reach. */
bool registry_is_alive(const struct registry_entry *entry);

uint8_t card_life(const struct mitome_element *element);

#endif
