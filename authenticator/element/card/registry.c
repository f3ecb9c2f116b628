/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include "element_internal.h"

enum { FORM = 1, FIXED_SIZE = 11, ENTRY_MAX = FIXED_SIZE + AID_MAX };

static const uint8_t issuer_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };

static uint32_t object_of(unsigned slot)
{
        return OBJECT_REGISTRY + slot;
}

static slice encode(const struct registry_entry *entry, uint8_t buffer[ENTRY_MAX])
{
        writer w = writer_over(buffer, ENTRY_MAX);
        write_u8(&w, FORM);
        write_u8(&w, entry->kind);
        write_u8(&w, entry->life);
        write_u8(&w, entry->former);
        write_u8(&w, entry->native);
        write_u8(&w, entry->domain);
        write_u8(&w, entry->scp_i);
        write_u32(&w, entry->privileges);
        write_slice(&w, registry_aid(entry));
        return writer_view(&w);
}

static mitome_status decode(slice bytes, struct registry_entry *ret)
{
        struct registry_entry entry = *ret;
        uint8_t form;
        reader r = reader_over(bytes, NULL, NULL);
        MITOME_TRY(read_u8(&r, "form", &form));
        MITOME_TRY(read_u8(&r, "kind", &entry.kind));
        MITOME_TRY(read_u8(&r, "life", &entry.life));
        MITOME_TRY(read_u8(&r, "former", &entry.former));
        MITOME_TRY(read_u8(&r, "native", &entry.native));
        MITOME_TRY(read_u8(&r, "domain", &entry.domain));
        MITOME_TRY(read_u8(&r, "i", &entry.scp_i));
        MITOME_TRY(read_u32(&r, "privileges", &entry.privileges));
        slice aid = read_rest(&r);
        MITOME_TRY(slice_copy(aid, "AID", entry.aid, sizeof entry.aid, NULL));
        entry.aid_size = (uint8_t)aid.size;
        *ret = entry;
        return form == FORM ? ok() : fail(NULL, MITOME_E_STORE_FOREIGN, "registry", NULL);
}

/* ---- a new element ---- */

static mitome_status found(struct store *store, const struct registry_entry *entry, mitome_error *error)
{
        uint8_t bytes[ENTRY_MAX];
        return store_put(store, object_of(entry->slot), encode(entry, bytes), error);
}

static mitome_status found_native(
        struct store *store, const struct native_file *native, uint8_t *slot, mitome_error *error)
{
        struct registry_entry entry = {
                .slot = (*slot)++,
                .kind = REGISTRY_LOAD_FILE,
                .life = LIFE_LOADED,
                .native = native->number,
        };
        if (registry_set_aid(&entry, native->aid) != SW_OK)
                return fail(error, MITOME_E_ARGUMENT, "AID", NULL);
        MITOME_TRY(found(store, &entry, error));
        if (native->number == NATIVE_DOMAIN)
                return ok();
        entry.slot = (*slot)++;
        entry.kind = REGISTRY_APPLICATION;
        entry.life = LIFE_SELECTABLE;
        if (registry_set_aid(&entry, native->module) != SW_OK)
                return fail(error, MITOME_E_ARGUMENT, "AID", NULL);
        return found(store, &entry, error);
}

mitome_status registry_found(struct store *store, uint8_t scp_i, mitome_error *error)
{
        const struct native_file *native;
        struct registry_entry issuer = {
                .slot = REGISTRY_ISSUER,
                .kind = REGISTRY_DOMAIN,
                .life = CARD_OP_READY,
                .native = NATIVE_DOMAIN,
                .domain = REGISTRY_ISSUER,
                .scp_i = scp_i,
                .privileges = PRIVILEGES_ISSUER,
        };
        uint8_t slot = REGISTRY_ISSUER + 1;
        if (registry_set_aid(&issuer, SLICE(issuer_aid)) != SW_OK)
                return fail(error, MITOME_E_ARGUMENT, "AID", NULL);
        MITOME_TRY(found(store, &issuer, error));
        for (size_t i = 0; (native = native_at(i)); i++)
                MITOME_TRY(found_native(store, native, &slot, error));
        return ok();
}

/* ---- reading ---- */

bool registry_read(const struct mitome_element *element, unsigned slot, struct registry_entry *ret)
{
        if (slot >= REGISTRY_MAX || !element_has(element, object_of(slot)))
                return false;
        struct registry_entry entry = { .slot = (uint8_t)slot };
        if (failed(decode(element_object(element, object_of(slot)), &entry)))
                return false;
        *ret = entry;
        return true;
}

bool registry_next(const struct mitome_element *element, unsigned from, struct registry_entry *ret)
{
        uint32_t id;
        return from < REGISTRY_MAX &&
               store_next(element->store, object_of(from), object_of(REGISTRY_MAX - 1), &id) &&
               registry_read(element, id - OBJECT_REGISTRY, ret);
}

bool registry_find(const struct mitome_element *element, slice aid, struct registry_entry *ret)
{
        struct registry_entry entry;
        for (unsigned from = 0; registry_next(element, from, &entry); from = entry.slot + 1U) {
                if (slice_equal(registry_aid(&entry), aid)) {
                        *ret = entry;
                        return true;
                }
        }
        return false;
}

static bool find_native(
        const struct mitome_element *element, uint8_t native, bool load_file, struct registry_entry *ret)
{
        struct registry_entry entry;
        for (unsigned from = REGISTRY_ISSUER + 1; registry_next(element, from, &entry);
                from = entry.slot + 1U) {
                if (entry.native == native && (entry.kind == REGISTRY_LOAD_FILE) == load_file) {
                        *ret = entry;
                        return true;
                }
        }
        return false;
}

bool registry_instance(const struct mitome_element *element, uint8_t native, struct registry_entry *ret)
{
        return find_native(element, native, false, ret);
}

bool registry_load_file(const struct mitome_element *element, uint8_t native, struct registry_entry *ret)
{
        return find_native(element, native, true, ret);
}

slice registry_aid(const struct registry_entry *entry)
{
        return slice_of(entry->aid, entry->aid_size);
}

bool registry_is_below(const struct mitome_element *element, const struct registry_entry *entry, uint8_t slot)
{
        struct registry_entry at = *entry;
        for (int depth = 0; depth < REGISTRY_MAX; depth++) {
                if (at.slot == slot || at.domain == slot)
                        return true;
                if (at.slot == REGISTRY_ISSUER || !registry_read(element, at.domain, &at))
                        return false;
        }
        return false;
}

uint8_t registry_domain_behind(const struct registry_entry *entry)
{
        return entry->kind == REGISTRY_DOMAIN ? entry->slot : entry->domain;
}

bool registry_is_alive(const struct registry_entry *entry)
{
        if (entry->slot == REGISTRY_ISSUER)
                return entry->life != CARD_TERMINATED;
        return entry->kind != REGISTRY_LOAD_FILE && entry->life != LIFE_INSTALLED &&
               entry->life != LIFE_LOCKED;
}

uint8_t card_life(const struct mitome_element *element)
{
        struct registry_entry issuer;
        return registry_read(element, REGISTRY_ISSUER, &issuer) ? issuer.life : CARD_TERMINATED;
}

/* ---- changing ---- */

uint16_t registry_set_aid(struct registry_entry *entry, slice aid)
{
        if (aid.size < AID_MIN || failed(slice_copy(aid, "AID", entry->aid, sizeof entry->aid, NULL)))
                return SW_WRONG_DATA;
        entry->aid_size = (uint8_t)aid.size;
        return SW_OK;
}

uint16_t registry_free_slot(const struct mitome_element *element, uint8_t after, uint8_t *ret)
{
        for (unsigned slot = after + 1U; slot < REGISTRY_MAX; slot++) {
                if (!element_has(element, object_of(slot))) {
                        *ret = (uint8_t)slot;
                        return SW_OK;
                }
        }
        return SW_FULL;
}

uint16_t registry_put(struct mitome_element *element, const struct registry_entry *entry)
{
        uint8_t bytes[ENTRY_MAX];
        return element_put(element, object_of(entry->slot), encode(entry, bytes));
}

uint16_t registry_delete(struct mitome_element *element, uint8_t slot)
{
        return element_delete(element, object_of(slot));
}
