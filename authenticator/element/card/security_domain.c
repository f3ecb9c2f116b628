/* SPDX-License-Identifier: Apache-2.0 */
#include "security_domain.h"

#include "element_internal.h"
#include "tlv.h"

/* ---- who asks ---- */

uint16_t domain_acting(struct mitome_element *element, struct registry_entry *ret)
{
        struct registry_entry entry;
        if (!registry_read(element, element_channel(element)->slot, &entry) || entry.kind != REGISTRY_DOMAIN)
                return SW_CONDITIONS;
        *ret = entry;
        return SW_OK;
}

bool domain_has(const struct registry_entry *domain, uint32_t privileges)
{
        return (domain->privileges & privileges) == privileges;
}

uint16_t domain_may_manage(const struct registry_entry *domain, slice token)
{
        return domain_has(domain, PRIVILEGE_AUTHORISED) && token.size == 0 ? SW_OK : SW_CONDITIONS;
}

bool domain_reaches(const struct mitome_element *element, const struct registry_entry *domain,
        const struct registry_entry *entry, uint32_t global)
{
        return domain_has(domain, global) || registry_is_below(element, entry, domain->slot);
}

/* To be a domain, and to be selected after a reset, is no power over others: anybody who installs may give
 * it. All else is handed down only by who has it. */
uint16_t domain_may_grant(const struct registry_entry *domain, uint8_t kind, uint32_t privileges)
{
        uint32_t free = PRIVILEGE_DOMAIN | PRIVILEGE_CARD_RESET | PRIVILEGE_DELEGATED;
        bool is_domain = kind == REGISTRY_DOMAIN;
        if (privileges & ~(uint32_t)PRIVILEGES_KNOWN || !domain_has(domain, privileges & ~free))
                return SW_WRONG_DATA;
        if (is_domain != ((privileges & PRIVILEGE_DOMAIN) != 0))
                return SW_WRONG_DATA;
        return !is_domain && privileges & PRIVILEGES_DOMAIN_ONLY ? SW_WRONG_DATA : SW_OK;
}

/* ---- fields ---- */

uint16_t domain_read_field(reader *r, slice *ret)
{
        uint8_t size;
        if (failed(read_u8(r, "length", &size)))
                return SW_WRONG_DATA;
        if (size >= 0x80 && (size != 0x81 || failed(read_u8(r, "length", &size)) || size < 0x80))
                return SW_WRONG_DATA;
        return failed(read_bytes(r, "field", size, ret)) ? SW_WRONG_DATA : SW_OK;
}

uint32_t domain_data(uint8_t slot, uint8_t tag)
{
        return OBJECT_DOMAIN_DATA + ((uint32_t)slot << 8) + tag;
}

/* {globalPlatform} is 1.2.840.114283: card recognition data 1; version 2.3.1 of the specification; 3, for who
 * gives the card its identity; secure channel protocol 3 and its options. */
void domain_write_recognition(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        static const uint8_t recognition[] = { 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x01 };
        static const uint8_t version[] = { 0x06, 0x0A, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02, 0x02, 0x03,
                0x01 };
        static const uint8_t identity[] = { 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x03 };
        const uint8_t protocol[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03,
                domain->scp_i };
        uint8_t bytes[64];
        writer inner = WRITER(bytes);
        (void)element;
        write_slice(&inner, SLICE(recognition));
        tlv_write(&inner, 0x60, SLICE(version));
        tlv_write(&inner, 0x63, SLICE(identity));
        tlv_write(&inner, 0x64, SLICE(protocol));
        tlv_write(w, 0x73, writer_view(&inner));
}

/* ---- commands ---- */

enum {
        INS_PUT_KEY = 0xD8,
        INS_STORE_DATA = 0xE2,
        INS_DELETE = 0xE4,
        INS_INSTALL = 0xE6,
        INS_LOAD = 0xE8,
        INS_SET_STATUS = 0xF0,
        INS_GET_STATUS = 0xF2,
        INS_GET_DATA = 0xCA,
};

static const struct command commands[] = {
        { 0x80, INS_GET_DATA, COMMAND_OPEN, domain_get_data },
        { 0x00, INS_GET_DATA, COMMAND_OPEN, domain_get_data },
        { 0x80, INS_GET_STATUS, COMMAND_MANAGED, domain_get_status },
        { 0x80, INS_SET_STATUS, COMMAND_MANAGED, domain_set_status },
        { 0x80, INS_PUT_KEY, COMMAND_MANAGED, domain_put_key },
        { 0x80, INS_STORE_DATA, COMMAND_MANAGED, domain_store_data },
        { 0x80, INS_INSTALL, COMMAND_MANAGED, domain_install },
        { 0x80, INS_LOAD, COMMAND_MANAGED, domain_load },
        { 0x80, INS_DELETE, COMMAND_MANAGED, domain_delete },
};

/* Table 11-1: what is left in the state CARD_LOCKED. */
bool domain_works_when_locked(const struct apdu_command *command)
{
        return command->ins == INS_GET_DATA || command->ins == INS_GET_STATUS ||
               command->ins == INS_SET_STATUS;
}

const struct applet security_domain = {
        .name = "security domain",
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
        .multi_selectable = true,
};
