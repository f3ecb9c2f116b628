/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "evidence.h"
#include "key_sets.h"
#include "security_domain.h"
#include "tlv.h"

/* DELETE (11.2): an application with all that it keeps, a load file, a domain, a key set. */

enum { WITH_RELATED = 0x80 };

static uint16_t delete_instance(struct mitome_element *element, const struct registry_entry *entry)
{
        const struct native_file *native = native_numbered(entry->native);
        if (channel_is_selected(element, entry->slot))
                return SW_CONDITIONS;
        if (!native)
                return SW_UNKNOWN;
        SW_TRY(receipt_record_deletion(element, native->applet));
        if (native->applet->erase)
                SW_TRY(native->applet->erase(element));
        return registry_delete(element, entry->slot);
}

/* A domain goes when nothing is associated with it any more. */
static uint16_t delete_domain(struct mitome_element *element, const struct registry_entry *entry)
{
        struct registry_entry other;
        if (entry->slot == REGISTRY_ISSUER || channel_is_selected(element, entry->slot))
                return SW_CONDITIONS;
        for (unsigned from = 0; registry_next(element, from, &other); from = other.slot + 1U)
                if (other.domain == entry->slot)
                        return SW_CONDITIONS;
        SW_TRY(key_set_delete_all(element, entry->slot));
        SW_TRY(element_erase(element, domain_data(entry->slot, 0), domain_data(entry->slot, 0xFF)));
        return registry_delete(element, entry->slot);
}

/* The load file of domains stays: nothing could be told from another that replaced it. */
static uint16_t delete_load_file(struct mitome_element *element, const struct registry_entry *domain,
        const struct registry_entry *entry, bool related)
{
        struct registry_entry instance;
        if (entry->native == NATIVE_DOMAIN)
                return SW_CONDITIONS;
        if (registry_instance(element, entry->native, &instance)) {
                if (!related || !domain_reaches(element, domain, &instance, PRIVILEGE_GLOBAL_DELETE))
                        return SW_CONDITIONS;
                SW_TRY(delete_instance(element, &instance));
        }
        return registry_delete(element, entry->slot);
}

static uint16_t delete_content(struct mitome_element *element, const struct registry_entry *domain,
        const struct apdu_command *command, slice aid)
{
        struct registry_entry entry;
        bool related = command->p2 == WITH_RELATED;
        slice token;
        if (failed(tlv_find_optional(command->data, 0x9E, "token", &token, NULL)))
                return SW_WRONG_DATA;
        SW_TRY(domain_may_manage(domain, token));
        if (!registry_find(element, aid, &entry))
                return SW_NO_REFERENCE;
        if (!domain_reaches(element, domain, &entry, PRIVILEGE_GLOBAL_DELETE) || entry.slot == domain->slot)
                return SW_CONDITIONS;
        if (entry.kind == REGISTRY_LOAD_FILE)
                SW_TRY(delete_load_file(element, domain, &entry, related));
        else
                SW_TRY(entry.kind == REGISTRY_DOMAIN ? delete_domain(element, &entry)
                                                     : delete_instance(element, &entry));
        SW_TRY(element_commit(element));
        channel_forget_content(element);
        return SW_OK;
}

/* A set of the domain's own. The last one stays, else the keys above would open the domain again. */
static uint16_t delete_key_set(
        struct mitome_element *element, const struct registry_entry *domain, slice version, slice identifier)
{
        if (version.size != 1 || identifier.size) /* keys of a set do not go one by one */
                return SW_WRONG_DATA;
        uint8_t number = version.data[0];
        if (number == 0 || number > KEY_VERSION_LAST || !key_set_exists(element, domain->slot, number))
                return SW_NO_REFERENCE;
        if (key_set_count(element, domain->slot) < 2)
                return SW_CONDITIONS;
        SW_TRY(key_set_delete(element, domain->slot, number));
        SW_TRY(element_commit(element));
        channel_end_sessions(element, domain->slot, number);
        return SW_OK;
}

static uint16_t run(struct mitome_element *element, const struct apdu_command *command)
{
        struct registry_entry domain;
        slice aid, identifier, version;
        if (command->p1 != 0 || (command->p2 != 0 && command->p2 != WITH_RELATED))
                return SW_WRONG_P1P2;
        SW_TRY(domain_acting(element, &domain));
        if (failed(tlv_find_optional(command->data, 0x4F, "AID", &aid, NULL)) ||
                failed(tlv_find_optional(command->data, 0xD0, "key identifier", &identifier, NULL)) ||
                failed(tlv_find_optional(command->data, 0xD2, "key version", &version, NULL)))
                return SW_WRONG_DATA;
        if (!aid.size)
                return delete_key_set(element, &domain, version, identifier);
        return version.size || identifier.size ? SW_WRONG_DATA
                                               : delete_content(element, &domain, command, aid);
}

uint16_t domain_delete(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        SW_TRY(run(element, command));
        write_u8(answer, 0x00); /* no receipt of GlobalPlatform's; ours is evidence/receipts.c */
        return SW_OK;
}
