/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "security_domain.h"
#include "tlv.h"

struct logical_channel *element_channel(struct mitome_element *element)
{
        return &element->channels[element->at];
}

/* ---- sessions and selections ---- */

void channel_end_session(struct mitome_element *element, uint8_t number)
{
        struct logical_channel *channel = &element->channels[number];
        scp03_close(&channel->session);
        channel->personalising = 0;
        channel->store_block = 0;
        channel->status_p1 = 0;
        if (element->load.open && element->load.channel == number)
                element->load = (struct card_load){ 0 };
}

void channel_end_sessions(struct mitome_element *element, uint8_t owner, uint8_t version)
{
        for (int i = 0; i < CHANNELS_MAX; i++)
                if (i != element->at && element->channels[i].key_owner == owner &&
                        element->channels[i].key_version == version)
                        channel_end_session(element, (uint8_t)i);
}

void channel_forget_content(struct mitome_element *element)
{
        for (int i = 0; i < CHANNELS_MAX; i++) {
                element->channels[i].personalising = 0;
                element->channels[i].status_p1 = 0;
        }
        element->load = (struct card_load){ 0 };
}

bool channel_is_selected(const struct mitome_element *element, uint8_t slot)
{
        for (int i = 0; i < CHANNELS_MAX; i++)
                if (element->channels[i].open && element->channels[i].selected &&
                        element->channels[i].slot == slot)
                        return true;
        return false;
}

static void deselect(struct mitome_element *element, uint8_t number)
{
        struct logical_channel *channel = &element->channels[number];
        uint8_t before = element->at;
        channel_end_session(element, number);
        element->at = number;
        if (channel->selected && channel->selected->forget)
                channel->selected->forget(element);
        element->at = before;
        channel->selected = NULL;
}

static void select_entry(struct mitome_element *element, uint8_t number, const struct registry_entry *entry)
{
        const struct native_file *native = native_numbered(entry->native);
        deselect(element, number);
        element->channels[number].open = true;
        element->channels[number].slot = entry->slot;
        element->channels[number].selected = native ? native->applet : &security_domain;
}

/* The issuer's domain; a damaged registry cannot hide it. */
static void select_issuer(struct mitome_element *element, uint8_t number)
{
        select_entry(element, number,
                &(struct registry_entry){ .slot = REGISTRY_ISSUER, .native = NATIVE_DOMAIN });
}

/* "Card Reset: the application is selected after a reset" (table 6-1); the issuer's domain, if there is none
 * that can be. */
static bool find_default(const struct mitome_element *element, struct registry_entry *ret)
{
        if (card_life(element) > CARD_SECURED)
                return false;
        struct registry_entry entry;
        for (unsigned from = REGISTRY_ISSUER + 1; registry_next(element, from, &entry);
                from = entry.slot + 1U) {
                if (entry.privileges & PRIVILEGE_CARD_RESET && registry_is_alive(&entry)) {
                        *ret = entry;
                        return true;
                }
        }
        return false;
}

void channel_reset(struct mitome_element *element)
{
        struct registry_entry first;
        for (int i = 0; i < CHANNELS_MAX; i++) {
                deselect(element, (uint8_t)i);
                element->channels[i].open = false;
        }
        element->at = 0;
        if (find_default(element, &first))
                select_entry(element, 0, &first);
        else
                select_issuer(element, 0);
}

/* ---- SELECT by name: 11.9 ---- */

static bool is_selectable(const struct mitome_element *element, const struct registry_entry *entry)
{
        if (card_life(element) == CARD_LOCKED && entry->slot != REGISTRY_ISSUER)
                return false;
        return registry_is_alive(entry);
}

/* The first from slot `from` on whose AID begins with `name`, or is it. */
static bool find_named(const struct mitome_element *element, unsigned from, slice name, bool whole,
        struct registry_entry *ret)
{
        struct registry_entry entry;
        for (; registry_next(element, from, &entry); from = entry.slot + 1U) {
                if (slice_begins_with(slice_of(entry.aid, entry.aid_size), name) &&
                        (!whole || entry.aid_size == name.size) && is_selectable(element, &entry)) {
                        *ret = entry;
                        return true;
                }
        }
        return false;
}

static bool find_selected(struct mitome_element *element, slice name, bool next, struct registry_entry *ret)
{
        if (next)
                return find_named(element, element_channel(element)->slot + 1U, name, false, ret);
        if (name.size == 0)
                return registry_read(element, REGISTRY_ISSUER, ret);
        return find_named(element, 0, name, true, ret) || find_named(element, 0, name, false, ret);
}

/* One that keeps state between commands is selected once only. */
static bool is_taken(const struct mitome_element *element, const struct registry_entry *entry)
{
        const struct native_file *native = native_numbered(entry->native);
        if (native && native->applet->multi_selectable)
                return false;
        for (int i = 0; i < CHANNELS_MAX; i++)
                if (i != element->at && element->channels[i].open && element->channels[i].slot == entry->slot)
                        return true;
        return false;
}

/* File control information, table 11-81. */
static void write_control_information(
        const struct mitome_element *element, const struct registry_entry *entry, writer *answer)
{
        uint8_t bytes[128], proprietary[96];
        writer w = WRITER(bytes), p = WRITER(proprietary);
        tlv_write(&w, 0x84, registry_aid(entry));
        if (entry->kind == REGISTRY_DOMAIN)
                domain_write_recognition(element, entry, &p);
        tlv_write_u8(&p, 0x9F65, 0xFF); /* bytes of a command's data */
        tlv_write(&w, 0xA5, writer_view(&p));
        tlv_write(answer, 0x6F, writer_view(&w));
}

uint16_t channel_select(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum { NEXT = 0x02, NO_ANSWER = 0x0C };
        struct registry_entry entry;
        if (command->p2 & ~(NEXT | NO_ANSWER) || (command->p2 & NO_ANSWER) % NO_ANSWER)
                return SW_WRONG_P1P2;
        if (!find_selected(element, command->data, command->p2 & NEXT, &entry))
                return SW_NOT_FOUND;
        if (is_taken(element, &entry))
                return SW_CONDITIONS;
        select_entry(element, element->at, &entry);
        if (!(command->p2 & NO_ANSWER))
                write_control_information(element, &entry, answer);
        return card_life(element) == CARD_LOCKED ? SW_CARD_LOCKED : SW_OK;
}

/* ---- MANAGE CHANNEL: 11.7 ---- */

static uint16_t open_channel(struct mitome_element *element, writer *answer)
{
        if (card_life(element) == CARD_LOCKED)
                return SW_FUNCTION_UNSUPPORTED;
        for (int i = 1; i < CHANNELS_MAX; i++) {
                if (!element->channels[i].open) {
                        select_issuer(element, (uint8_t)i);
                        write_u8(answer, (uint8_t)i);
                        return SW_OK;
                }
        }
        return SW_FUNCTION_UNSUPPORTED;
}

static uint16_t close_channel(struct mitome_element *element, uint8_t number)
{
        if (number == 0 || number >= CHANNELS_MAX)
                return SW_WRONG_P1P2;
        if (!element->channels[number].open)
                return SW_ALREADY_CLOSED;
        deselect(element, number);
        element->channels[number].open = false;
        return SW_OK;
}

uint16_t channel_manage(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        enum { OPEN = 0x00, CLOSE = 0x80 };
        if (command->data.size)
                return SW_WRONG_LENGTH;
        if (command->p1 == CLOSE)
                return close_channel(element, command->p2);
        return command->p1 == OPEN && command->p2 == 0 ? open_channel(element, answer) : SW_WRONG_P1P2;
}
