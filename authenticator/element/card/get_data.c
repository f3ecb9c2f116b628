/* SPDX-License-Identifier: Apache-2.0 */
#include "contents.h"
#include "element_internal.h"
#include "key_sets.h"
#include "security_domain.h"
#include "tlv.h"

/* GET DATA (11.3): open to everybody, and therefore nothing in it tells one element from another but what its
 * issuer has stored. */

typedef uint16_t getter(const struct mitome_element *element, const struct registry_entry *domain, writer *w);

static uint16_t get_stored(
        const struct mitome_element *element, const struct registry_entry *domain, uint8_t tag, writer *w)
{
        uint32_t object = domain_data(domain->slot, tag);
        if (!element_has(element, object))
                return SW_NO_REFERENCE;
        tlv_write(w, tag, element_object(element, object));
        return SW_OK;
}

static uint16_t get_issuer_number(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        return get_stored(element, domain, 0x42, w);
}

static uint16_t get_image_number(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        return get_stored(element, domain, 0x45, w);
}

static uint16_t get_recognition(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        uint8_t bytes[96];
        writer inner = WRITER(bytes);
        domain_write_recognition(element, domain, &inner);
        tlv_write(w, 0x66, writer_view(&inner));
        return SW_OK;
}

/* C0: key identifier, version, and for each component type and length (table 11-28). */
static uint16_t get_key_information(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        uint8_t bytes[KEY_SETS_MAX * 3 * 6], version;
        writer inner = WRITER(bytes);
        for (unsigned from = 0; key_set_next(element, domain->slot, from, &version); from = version + 1U) {
                struct scp03_keys keys;
                SW_TRY(key_set_read(element, domain->slot, version, &keys));
                for (uint8_t identifier = 1; identifier <= 3; identifier++) {
                        const uint8_t key[] = { identifier, version, KEY_TYPE_AES, keys.size };
                        tlv_write(&inner, 0xC0, SLICE(key));
                }
                bytes_wipe(&keys, sizeof keys);
        }
        tlv_write(w, 0xE0, writer_view(&inner));
        return SW_OK;
}

/* The counter of the set that version 00 stands for. */
static uint16_t get_sequence(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        uint8_t version, owner = key_set_owner(element, domain->slot);
        SW_TRY(key_set_first(element, owner, &version));
        uint32_t sequence = key_set_sequence(element, owner, version);
        const uint8_t bytes[] = { (uint8_t)(sequence >> 16), (uint8_t)(sequence >> 8), (uint8_t)sequence };
        tlv_write(w, 0xC1, SLICE(bytes));
        return SW_OK;
}

/* The production data of a chip: there is no chip, no maker and no serial number. */
static uint16_t get_production(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        static const uint8_t none[42];
        (void)element;
        if (domain->slot != REGISTRY_ISSUER)
                return SW_NO_REFERENCE;
        tlv_write(w, 0x9F7F, SLICE(none));
        return SW_OK;
}

/* What a holder has left in the FIDO applet, for the issuer, who has no keys to it: sealed, or anybody could
 * tell a used phone from a new one, and whoever relays could tell the issuer what is not so. */
static uint16_t get_holder(
        const struct mitome_element *element, const struct registry_entry *domain, writer *w)
{
        const uint8_t left[] = { contents_of_holder(element) };
        if (domain->slot != REGISTRY_ISSUER)
                return SW_NO_REFERENCE;
        tlv_write(w, 0xDF4D, SLICE(left));
        return SW_OK;
}

static const struct {
        uint16_t tag;
        getter *get;
        bool sealed; /* in a session of level 33 only */
} objects[] = {
        { 0x0042, get_issuer_number },
        { 0x0045, get_image_number },
        { 0x0066, get_recognition },
        { 0x00C1, get_sequence },
        { 0x00E0, get_key_information },
        { 0x9F7F, get_production },
        { 0xDF4D, get_holder, true },
};

uint16_t domain_get_data(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct registry_entry domain;
        uint16_t tag = (uint16_t)(command->p1 << 8 | command->p2);
        SW_TRY(domain_acting(element, &domain));
        for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
                if (objects[i].tag == tag)
                        return objects[i].sealed && !element_is_sealed(element)
                                       ? SW_CONDITIONS
                                       : objects[i].get(element, &domain, answer);
        return SW_NO_REFERENCE;
}
