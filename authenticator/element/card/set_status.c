/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "key_sets.h"
#include "security_domain.h"

/* SET STATUS (11.10): the life of the card, of a domain, of an application. */

enum { OF_CARD = 0x80, OF_APPLICATION = 0x40, OF_DOMAIN_AND_ITS_OWN = 0x60, LOCK = 0x80 };

/* Figure 5-1. A step that is not here does not exist. */
static const struct {
        uint8_t from, to;
        uint32_t privilege; /* 0: the issuer's domain alone */
} card_steps[] = {
        { CARD_OP_READY, CARD_INITIALIZED, 0 },
        { CARD_INITIALIZED, CARD_SECURED, 0 },
        { CARD_SECURED, CARD_LOCKED, PRIVILEGE_CARD_LOCK },
        { CARD_LOCKED, CARD_SECURED, PRIVILEGE_CARD_LOCK },
        { CARD_OP_READY, CARD_TERMINATED, PRIVILEGE_TERMINATE },
        { CARD_INITIALIZED, CARD_TERMINATED, PRIVILEGE_TERMINATE },
        { CARD_SECURED, CARD_TERMINATED, PRIVILEGE_TERMINATE },
        { CARD_LOCKED, CARD_TERMINATED, PRIVILEGE_TERMINATE },
};

static bool may_step(const struct registry_entry *domain, uint8_t from, uint8_t to)
{
        for (size_t i = 0; i < sizeof card_steps / sizeof *card_steps; i++)
                if (card_steps[i].from == from && card_steps[i].to == to)
                        return card_steps[i].privilege ? domain_has(domain, card_steps[i].privilege)
                                                       : domain->slot == REGISTRY_ISSUER;
        return false;
}

static uint16_t set_card(struct mitome_element *element, const struct registry_entry *domain, uint8_t life)
{
        struct registry_entry issuer;
        if (!registry_read(element, REGISTRY_ISSUER, &issuer) || !may_step(domain, issuer.life, life))
                return SW_CONDITIONS;
        issuer.life = life;
        SW_TRY(registry_put(element, &issuer));
        return element_commit(element);
}

static uint16_t lock(struct mitome_element *element, struct registry_entry entry)
{
        if (entry.life == LIFE_LOCKED)
                return SW_OK;
        entry.former = entry.life;
        entry.life = LIFE_LOCKED;
        return registry_put(element, &entry);
}

static uint16_t unlock(struct mitome_element *element, struct registry_entry entry)
{
        if (entry.life != LIFE_LOCKED)
                return SW_OK;
        entry.life = entry.former;
        entry.former = 0;
        return registry_put(element, &entry);
}

/* Table 11-5: a domain is PERSONALIZED when it has keys of its own. */
static uint16_t personalise(struct mitome_element *element, struct registry_entry entry)
{
        uint8_t version;
        if (entry.kind != REGISTRY_DOMAIN || entry.life != LIFE_SELECTABLE ||
                !key_set_next(element, entry.slot, 0, &version))
                return SW_CONDITIONS;
        entry.life = LIFE_PERSONALIZED;
        return registry_put(element, &entry);
}

static uint16_t set_application(struct mitome_element *element, const struct registry_entry *domain,
        const struct registry_entry *entry, uint8_t life)
{
        bool itself = entry->slot == domain->slot;
        if (life & LOCK)
                return entry->life == LIFE_LOCKED ? SW_CONDITIONS : lock(element, *entry);
        if (entry->life == LIFE_LOCKED) /* it has no session to unlock itself in */
                return itself ? SW_CONDITIONS : unlock(element, *entry);
        return life == LIFE_PERSONALIZED ? personalise(element, *entry) : SW_CONDITIONS;
}

/* A domain with all that is associated with it, at any depth. */
static uint16_t set_tree(struct mitome_element *element, const struct registry_entry *root, uint8_t life)
{
        struct registry_entry entry;
        if (root->kind != REGISTRY_DOMAIN)
                return SW_CONDITIONS;
        for (unsigned from = REGISTRY_ISSUER + 1; registry_next(element, from, &entry);
                from = entry.slot + 1U) {
                if (entry.kind == REGISTRY_LOAD_FILE || !registry_is_below(element, &entry, root->slot))
                        continue;
                SW_TRY(life & LOCK ? lock(element, entry) : unlock(element, entry));
        }
        return SW_OK;
}

uint16_t domain_set_status(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct registry_entry domain, entry;
        (void)answer;
        SW_TRY(domain_acting(element, &domain));
        if (command->p1 == OF_CARD)
                return set_card(element, &domain, command->p2);
        if (command->p1 != OF_APPLICATION && command->p1 != OF_DOMAIN_AND_ITS_OWN)
                return SW_WRONG_P1P2;
        if (card_life(element) > CARD_SECURED)
                return SW_CONDITIONS;
        if (!registry_find(element, command->data, &entry) || entry.kind == REGISTRY_LOAD_FILE ||
                entry.slot == REGISTRY_ISSUER)
                return SW_NO_REFERENCE;
        if (!domain_reaches(element, &domain, &entry, PRIVILEGE_GLOBAL_LOCK))
                return SW_CONDITIONS;
        SW_TRY(command->p1 == OF_APPLICATION ? set_application(element, &domain, &entry, command->p2)
                                             : set_tree(element, &entry, command->p2));
        return element_commit(element);
}
