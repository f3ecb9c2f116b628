/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "key_sets.h"
#include "security_domain.h"
#include "tlv.h"

/* INSTALL (11.5), by what it is for. */

enum {
        FOR_LOAD = 0x02,
        FOR_INSTALL = 0x04,
        FOR_MAKE_SELECTABLE = 0x08,
        FOR_INSTALL_AND_MAKE_SELECTABLE = 0x0C,
        FOR_ALL = 0x0E,
        FOR_EXTRADITION = 0x10,
        FOR_PERSONALIZATION = 0x20,
        FOR_REGISTRY_UPDATE = 0x40,
        COMBINED_BEGINS = 0x01,
        COMBINED_ENDS = 0x03,
        DOMAINS_MAX = 16,
};

static uint16_t read_fields(slice data, bool for_load, struct install_fields *ret)
{
        reader r = reader_over(data, NULL, NULL);
        SW_TRY(domain_read_field(&r, &ret->first));
        SW_TRY(domain_read_field(&r, &ret->second));
        SW_TRY(domain_read_field(&r, &ret->third));
        if (!for_load)
                SW_TRY(domain_read_field(&r, &ret->privileges));
        SW_TRY(domain_read_field(&r, &ret->parameters));
        SW_TRY(domain_read_field(&r, &ret->token));
        return r.rest.size ? SW_WRONG_DATA : SW_OK;
}

/* One byte, as of old, or three. */
static uint16_t read_privileges(slice bytes, uint32_t *ret)
{
        reader r = reader_over(bytes, NULL, NULL);
        uint8_t first, second = 0, third = 0;
        if ((bytes.size != 1 && bytes.size != 3) || failed(read_u8(&r, "privileges", &first)))
                return SW_WRONG_DATA;
        if (bytes.size == 3 &&
                (failed(read_u8(&r, "privileges", &second)) || failed(read_u8(&r, "privileges", &third))))
                return SW_WRONG_DATA;
        *ret = (uint32_t)first << 16 | (uint32_t)second << 8 | third;
        return SW_OK;
}

/* Only one is selected after a reset. */
static bool is_place_taken(const struct mitome_element *element, uint8_t slot, uint32_t privileges)
{
        struct registry_entry entry;
        if (!(privileges & PRIVILEGE_CARD_RESET))
                return false;
        for (unsigned from = REGISTRY_ISSUER + 1; registry_next(element, from, &entry);
                from = entry.slot + 1U)
                if (entry.slot != slot && entry.privileges & PRIVILEGE_CARD_RESET)
                        return true;
        return false;
}

/* ---- [for install]: 11.5.2.3.2 ---- */

/* C9 of a domain: nothing, or 81 02 03 i, how it speaks SCP03. */
static uint16_t read_protocol(slice options, uint8_t *scp_i)
{
        slice value;
        if (options.size == 0)
                return SW_OK;
        if (failed(tlv_find_fixed(options, 0x81, "SCP", 2, &value, NULL)) || options.size != 4 ||
                value.data[0] != 0x03 || !scp03_knows(value.data[1]))
                return SW_WRONG_DATA;
        *scp_i = value.data[1];
        return SW_OK;
}

static uint16_t read_parameters(slice parameters, struct registry_entry *entry)
{
        slice options, system;
        if (failed(tlv_find_optional(parameters, 0xC9, "parameters", &options, NULL)) ||
                failed(tlv_find_optional(parameters, 0xEF, "parameters", &system, NULL)))
                return SW_WRONG_DATA;
        return entry->kind == REGISTRY_DOMAIN ? read_protocol(options, &entry->scp_i) : SW_OK;
}

static size_t count_domains(const struct mitome_element *element)
{
        struct registry_entry entry;
        size_t count = 0;
        for (unsigned from = 0; registry_next(element, from, &entry); from = entry.slot + 1U)
                count += entry.kind == REGISTRY_DOMAIN;
        return count;
}

/* Applets of this build keep one set of objects each, so that there is one instance of each; domains there
 * may be many. */
static uint16_t check_room(const struct mitome_element *element, const struct registry_entry *entry)
{
        struct registry_entry other;
        if (registry_find(element, registry_aid(entry), &other))
                return SW_CONDITIONS;
        if (entry->kind == REGISTRY_DOMAIN)
                return count_domains(element) < DOMAINS_MAX ? SW_OK : SW_FULL;
        return registry_instance(element, entry->native, &other) ? SW_CONDITIONS : SW_OK;
}

/* `native` and what comes of the fields: an entry that nobody has stored yet. */
static uint16_t make_entry(const struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields, const struct native_file *native, struct registry_entry *ret)
{
        struct registry_entry entry = { .kind = REGISTRY_APPLICATION,
                .life = LIFE_INSTALLED,
                .native = native->number,
                .domain = domain->slot,
                .scp_i = domain->scp_i };
        if (native->number == NATIVE_DOMAIN)
                entry.kind = REGISTRY_DOMAIN;
        if (!slice_equal(native->module, fields->second))
                return SW_NO_REFERENCE;
        SW_TRY(registry_set_aid(&entry, fields->third.size ? fields->third : fields->second));
        SW_TRY(read_privileges(fields->privileges, &entry.privileges));
        SW_TRY(domain_may_grant(domain, entry.kind, entry.privileges));
        SW_TRY(read_parameters(fields->parameters, &entry));
        SW_TRY(check_room(element, &entry));
        if (is_place_taken(element, entry.slot, entry.privileges))
                return SW_CONDITIONS;
        *ret = entry;
        return SW_OK;
}

static uint16_t install(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields, bool selectable)
{
        struct registry_entry file, entry;
        SW_TRY(domain_may_manage(domain, fields->token));
        if (!registry_find(element, fields->first, &file) || file.kind != REGISTRY_LOAD_FILE)
                return SW_NO_REFERENCE;
        if (!domain_reaches(element, domain, &file, PRIVILEGE_GLOBAL_REGISTRY) &&
                file.native != NATIVE_DOMAIN)
                return SW_CONDITIONS;
        SW_TRY(make_entry(element, domain, fields, native_numbered(file.native), &entry));
        if (selectable)
                entry.life = LIFE_SELECTABLE;
        SW_TRY(registry_free_slot(element, REGISTRY_ISSUER, &entry.slot));
        SW_TRY(registry_put(element, &entry));
        return element_commit(element);
}

static uint16_t install_only(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        return install(element, domain, fields, false);
}

static uint16_t install_selectable(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        return install(element, domain, fields, true);
}

/* ---- what changes an entry ---- */

static uint16_t find_application(const struct mitome_element *element, const struct registry_entry *domain,
        slice aid, struct registry_entry *ret)
{
        if (!registry_find(element, aid, ret) || ret->kind == REGISTRY_LOAD_FILE ||
                ret->slot == REGISTRY_ISSUER)
                return SW_NO_REFERENCE;
        return registry_is_below(element, ret, domain->slot) && ret->slot != domain->slot ? SW_OK
                                                                                          : SW_CONDITIONS;
}

static uint16_t make_selectable(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        struct registry_entry entry;
        uint32_t privileges;
        SW_TRY(domain_may_manage(domain, fields->token));
        if (fields->first.size || fields->second.size)
                return SW_WRONG_DATA;
        SW_TRY(find_application(element, domain, fields->third, &entry));
        SW_TRY(read_privileges(fields->privileges, &privileges));
        if (privileges & ~(uint32_t)PRIVILEGE_CARD_RESET && privileges != entry.privileges)
                return SW_WRONG_DATA;
        if (entry.life != LIFE_INSTALLED || is_place_taken(element, entry.slot, privileges))
                return SW_CONDITIONS;
        entry.life = LIFE_SELECTABLE;
        entry.privileges |= privileges;
        SW_TRY(registry_put(element, &entry));
        return element_commit(element);
}

/* Extradition is given away, never taken: it is asked of the domain that the object is associated with
 * directly. What an issuer has handed over it can delete, but not open again. */
static uint16_t check_extradition(const struct mitome_element *element, const struct registry_entry *domain,
        const struct registry_entry *entry, const struct registry_entry *target)
{
        if (entry->domain != domain->slot || entry->slot == REGISTRY_ISSUER ||
                target->kind != REGISTRY_DOMAIN || !registry_is_alive(target))
                return SW_CONDITIONS;
        if (!registry_is_below(element, target, domain->slot))
                return SW_CONDITIONS;
        /* no circles: a domain does not go below itself */
        return registry_is_below(element, target, entry->slot) ? SW_CONDITIONS : SW_OK;
}

static uint16_t extradite(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        struct registry_entry entry, target;
        SW_TRY(domain_may_manage(domain, fields->token));
        if (fields->second.size || fields->privileges.size)
                return SW_WRONG_DATA;
        if (!registry_find(element, fields->first, &target) || !registry_find(element, fields->third, &entry))
                return SW_NO_REFERENCE;
        SW_TRY(check_extradition(element, domain, &entry, &target));
        entry.domain = target.slot;
        SW_TRY(registry_put(element, &entry));
        return element_commit(element);
}

static uint16_t update_registry(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        struct registry_entry entry, target;
        SW_TRY(domain_may_manage(domain, fields->token));
        if (fields->second.size)
                return SW_WRONG_DATA;
        SW_TRY(find_application(element, domain, fields->third, &entry));
        if (fields->privileges.size) {
                SW_TRY(read_privileges(fields->privileges, &entry.privileges));
                SW_TRY(domain_may_grant(domain, entry.kind, entry.privileges));
                if (is_place_taken(element, entry.slot, entry.privileges))
                        return SW_CONDITIONS;
        }
        if (fields->first.size) {
                if (!registry_find(element, fields->first, &target))
                        return SW_NO_REFERENCE;
                if (target.slot != entry.domain)
                        SW_TRY(check_extradition(element, domain, &entry, &target));
                entry.domain = target.slot;
        }
        SW_TRY(registry_put(element, &entry));
        return element_commit(element);
}

/* The STORE DATA commands that follow go to the application: its domain speaks for it. No authority over
 * others is needed. */
static uint16_t personalise(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        struct registry_entry entry;
        if (fields->first.size || fields->second.size || fields->privileges.size || fields->parameters.size ||
                fields->token.size)
                return SW_WRONG_DATA;
        if (!registry_find(element, fields->third, &entry) || entry.kind == REGISTRY_LOAD_FILE)
                return SW_NO_REFERENCE;
        if (entry.domain != domain->slot || entry.slot == domain->slot || !registry_is_alive(&entry))
                return SW_CONDITIONS;
        element_channel(element)->personalising = entry.slot;
        element_channel(element)->store_block = 0;
        return SW_OK;
}

/* ---- [for load, install and make selectable]: 11.5.2.2 ---- */

/* The end of a combined one: load file and instance come to be in one commit. */
static uint16_t end_combined(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields)
{
        struct card_load *load = &element->load;
        struct registry_entry entry;
        uint8_t native, slot;
        if (!load->open || !load->combined || !load->complete || load->channel != element->at)
                return SW_CONDITIONS;
        SW_TRY(domain_may_manage(domain, fields->token));
        if (!slice_equal(fields->first, slice_of(load->aid, load->aid_size)))
                return SW_NO_REFERENCE;
        SW_TRY(load_end(element, &native, &slot));
        SW_TRY(make_entry(element, domain, fields, native_numbered(native), &entry));
        entry.life = LIFE_SELECTABLE;
        SW_TRY(registry_free_slot(element, slot, &entry.slot));
        SW_TRY(registry_put(element, &entry));
        return element_commit(element);
}

static uint16_t combined(struct mitome_element *element, const struct registry_entry *domain,
        const struct apdu_command *command)
{
        struct install_fields fields = { 0 };
        if (command->p2 != COMBINED_BEGINS && command->p2 != COMBINED_ENDS)
                return SW_WRONG_P1P2;
        SW_TRY(read_fields(command->data, command->p2 == COMBINED_BEGINS, &fields));
        if (command->p2 == COMBINED_BEGINS)
                return load_begin(element, domain, &fields, true);
        uint16_t sw = end_combined(element, domain, &fields);
        element->load = (struct card_load){ 0 };
        return sw;
}

/* ---- the command ---- */

static const struct {
        uint8_t p1;
        uint16_t (*run)(struct mitome_element *element, const struct registry_entry *domain,
                const struct install_fields *fields);
} purposes[] = {
        { FOR_INSTALL, install_only },
        { FOR_MAKE_SELECTABLE, make_selectable },
        { FOR_INSTALL_AND_MAKE_SELECTABLE, install_selectable },
        { FOR_EXTRADITION, extradite },
        { FOR_PERSONALIZATION, personalise },
        { FOR_REGISTRY_UPDATE, update_registry },
};

static uint16_t run(struct mitome_element *element, const struct registry_entry *domain,
        const struct apdu_command *command)
{
        struct install_fields fields = { 0 };
        if (command->p1 == FOR_ALL)
                return combined(element, domain, command);
        if (command->p2 != 0)
                return SW_WRONG_P1P2;
        element->load = (struct card_load){ 0 };
        if (command->p1 == FOR_LOAD) {
                SW_TRY(read_fields(command->data, true, &fields));
                return load_begin(element, domain, &fields, false);
        }
        for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++) {
                if (purposes[i].p1 == command->p1) {
                        SW_TRY(read_fields(command->data, false, &fields));
                        return purposes[i].run(element, domain, &fields);
                }
        }
        return SW_WRONG_P1P2;
}

uint16_t domain_install(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct registry_entry domain;
        SW_TRY(domain_acting(element, &domain));
        element_channel(element)->personalising = 0;
        SW_TRY(run(element, &domain, command));
        write_u8(answer, 0x00); /* no receipt */
        return SW_OK;
}
