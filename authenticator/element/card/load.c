/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "security_domain.h"
#include "tlv.h"

#include <openssl/evp.h>

/* INSTALL [for load] and LOAD (11.5.2.3.1, 11.6). What is delivered has to be, byte for byte, a load file of
 * this build: it brings no code, it says which applet may be installed. */

static uint16_t keep(slice bytes, uint8_t *to, size_t capacity, uint8_t *ret_size)
{
        if (failed(slice_copy(bytes, "field", to, capacity, NULL)))
                return SW_WRONG_DATA;
        *ret_size = (uint8_t)bytes.size;
        return SW_OK;
}

static const EVP_MD *hash_of(size_t size)
{
        return size == 20   ? EVP_sha1()
               : size == 32 ? EVP_sha256()
               : size == 48 ? EVP_sha384()
               : size == 64 ? EVP_sha512()
                            : NULL;
}

/* System parameters (EF) tell memory that is not managed here; they have to be well-formed all the same. */
static uint16_t check_parameters(slice parameters)
{
        slice system, value;
        if (failed(tlv_find_optional(parameters, 0xEF, "parameters", &system, NULL)) ||
                failed(tlv_find_optional(system, 0xC6, "code size", &value, NULL)))
                return SW_WRONG_DATA;
        return SW_OK;
}

/* Where the load file is to belong: to the domain that loads it, or to one that it reaches. */
static uint16_t find_target(
        const struct mitome_element *element, const struct registry_entry *domain, slice aid, uint8_t *ret)
{
        struct registry_entry target = *domain;
        if (aid.size && (!registry_find(element, aid, &target) || target.kind != REGISTRY_DOMAIN))
                return SW_NO_REFERENCE;
        if (!registry_is_below(element, &target, domain->slot) || !registry_is_alive(&target))
                return SW_CONDITIONS;
        *ret = target.slot;
        return SW_OK;
}

uint16_t load_begin(struct mitome_element *element, const struct registry_entry *domain,
        const struct install_fields *fields, bool combined)
{
        struct card_load load = { .open = true, .combined = combined, .channel = element->at };
        struct registry_entry present;
        element->load = (struct card_load){ 0 };
        SW_TRY(domain_may_manage(domain, fields->token));
        SW_TRY(check_parameters(fields->parameters));
        if (fields->third.size && !hash_of(fields->third.size))
                return SW_WRONG_DATA;
        if (fields->first.size < AID_MIN)
                return SW_WRONG_DATA;
        SW_TRY(keep(fields->first, load.aid, sizeof load.aid, &load.aid_size));
        SW_TRY(keep(fields->third, load.hash, sizeof load.hash, &load.hash_size));
        if (registry_find(element, fields->first, &present))
                return SW_CONDITIONS;
        SW_TRY(find_target(element, domain, fields->second, &load.domain));
        element->load = load;
        return SW_OK;
}

static uint16_t check_hash(const struct card_load *load, slice content)
{
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        if (load->hash_size == 0)
                return SW_OK;
        if (EVP_Digest(content.data, content.size, digest, &size, hash_of(load->hash_size), NULL) != 1)
                return SW_UNKNOWN;
        return slice_equal(slice_of(digest, size), slice_of(load->hash, load->hash_size)) ? SW_OK
                                                                                          : SW_WRONG_DATA;
}

/* The whole of what came is C4 and a load file data block, and that is of the native that INSTALL named. No
 * DAP blocks (E2): no domain here verifies any, and one that nobody looks at would only seem to. */
static uint16_t identify(const struct card_load *load, const struct native_file **ret)
{
        uint8_t bytes[LOAD_FILE_MAX];
        struct tlv block;
        reader r = reader_over(slice_of(load->bytes, load->size), NULL, NULL);
        writer w = WRITER(bytes);
        if (failed(tlv_read(&r, "load file", &block)) || block.tag != 0xC4 || r.rest.size)
                return SW_WRONG_DATA;
        SW_TRY(check_hash(load, block.value));
        const struct native_file *native = native_by_aid(slice_of(load->aid, load->aid_size));
        if (!native)
                return SW_WRONG_DATA;
        native_write_load_file(native, &w);
        if (!slice_equal(writer_view(&w), block.value))
                return SW_WRONG_DATA;
        *ret = native;
        return SW_OK;
}

uint16_t load_end(struct mitome_element *element, uint8_t *ret_native, uint8_t *ret_slot)
{
        const struct native_file *native;
        struct registry_entry present,
                entry = { .kind = REGISTRY_LOAD_FILE, .life = LIFE_LOADED, .domain = element->load.domain };
        SW_TRY(identify(&element->load, &native));
        if (registry_load_file(element, native->number, &present))
                return SW_CONDITIONS;
        entry.native = native->number;
        SW_TRY(registry_set_aid(&entry, native->aid));
        SW_TRY(registry_free_slot(element, REGISTRY_ISSUER, &entry.slot));
        SW_TRY(registry_put(element, &entry));
        *ret_native = native->number;
        *ret_slot = entry.slot;
        return SW_OK;
}

static uint16_t take_block(struct mitome_element *element, const struct apdu_command *command)
{
        enum { LAST = 0x80 };
        struct card_load *load = &element->load;
        const struct native_file *native;
        uint8_t number, slot;
        if (command->p1 & ~LAST || command->p2 != load->block)
                return SW_WRONG_P1P2;
        if (command->data.size == 0 || load->complete)
                return SW_WRONG_DATA;
        writer w = WRITER(load->bytes);
        w.used = load->size;
        write_slice(&w, command->data);
        if (w.overflowed)
                return SW_WRONG_DATA; /* longer than any of this build */
        load->size = w.used;
        load->block++;
        if (!(command->p1 & LAST))
                return SW_OK;
        load->complete = true;
        if (load->combined)
                return identify(load, &native);
        SW_TRY(load_end(element, &number, &slot));
        SW_TRY(element_commit(element));
        element->load = (struct card_load){ 0 };
        return SW_OK;
}

uint16_t domain_load(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (!element->load.open || element->load.channel != element->at)
                return SW_CONDITIONS;
        uint16_t sw = take_block(element, command);
        if (sw != SW_OK) {
                element->load = (struct card_load){ 0 };
                return sw;
        }
        write_u8(answer, 0x00); /* no receipt */
        return SW_OK;
}
