/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "security_domain.h"
#include "tlv.h"

/* GET STATUS (11.4): the registry as far as the domain reaches, in pieces that fit a short answer. */

enum {
        OF_ISSUER = 0x80,
        OF_APPLICATIONS = 0x40,
        OF_LOAD_FILES = 0x20,
        OF_MODULES = 0x10,
        TAGS_MAX = 16,
        /* what a short answer carries when it is encrypted (239 + 1 of padding) and MACed (8) */
        SHORT_ROOM = 239,
        EXTENDED_ROOM = 2048,
};

struct question {
        uint8_t p1;
        slice aid;  /* or its beginning; empty: all */
        slice tags; /* empty: all */
};

static bool is_asked_for(const struct question *question, const struct registry_entry *entry)
{
        bool issuer = entry->slot == REGISTRY_ISSUER, file = entry->kind == REGISTRY_LOAD_FILE;
        if (question->p1 == OF_ISSUER ? !issuer : issuer)
                return false;
        if ((question->p1 == OF_LOAD_FILES || question->p1 == OF_MODULES) != file && !issuer)
                return false;
        return question->aid.size <= entry->aid_size &&
               slice_equal(slice_of(entry->aid, question->aid.size), question->aid);
}

/* The list of 5C has tags of one and two bytes. */
static bool is_tag_wanted(const struct question *question, uint32_t tag)
{
        reader r = reader_over(question->tags, NULL, NULL);
        uint8_t first, second;
        if (question->tags.size == 0)
                return true;
        while (!failed(read_u8(&r, "tag", &first))) {
                uint32_t wanted = first;
                if ((first & 0x1F) == 0x1F && !failed(read_u8(&r, "tag", &second)))
                        wanted = (uint32_t)first << 8 | second;
                if (wanted == tag)
                        return true;
        }
        return false;
}

static void write_field(const struct question *question, uint32_t tag, slice value, writer *w)
{
        if (is_tag_wanted(question, tag))
                tlv_write(w, tag, value);
}

static void write_aid_of(const struct mitome_element *element, const struct question *question, uint32_t tag,
        unsigned slot, writer *w)
{
        struct registry_entry entry;
        if (registry_read(element, slot, &entry))
                write_field(question, tag, registry_aid(&entry), w);
}

static void write_load_file(const struct question *question, const struct native_file *native, writer *w)
{
        const uint8_t version[] = { native->major, native->minor };
        write_field(question, 0xCE, SLICE(version), w);
        if (question->p1 == OF_MODULES)
                write_field(question, 0x84, native->module, w);
}

/* Table 11-36. */
static slice describe(const struct mitome_element *element, const struct question *question,
        const struct registry_entry *entry, uint8_t *buffer, size_t capacity)
{
        const uint8_t privileges[] = { (uint8_t)(entry->privileges >> 16), (uint8_t)(entry->privileges >> 8),
                (uint8_t)entry->privileges };
        const struct native_file *native = native_numbered(entry->native);
        bool file = entry->kind == REGISTRY_LOAD_FILE;
        writer w = writer_over(buffer, capacity);
        write_field(question, 0x4F, registry_aid(entry), &w);
        write_field(question, 0x9F70, slice_of(&entry->life, 1), &w);
        if (!file)
                write_field(question, 0xC5, SLICE(privileges), &w);
        if (native && !file && entry->slot != REGISTRY_ISSUER)
                write_field(question, 0xC4, native->aid, &w);
        write_aid_of(element, question, 0xCC, entry->domain, &w);
        if (native && file)
                write_load_file(question, native, &w);
        return writer_view(&w);
}

static uint16_t read_question(const struct apdu_command *command, struct question *ret)
{
        static const uint8_t whats[] = { OF_ISSUER, OF_APPLICATIONS, OF_LOAD_FILES, OF_MODULES };
        bool known = false;
        for (size_t i = 0; i < sizeof whats; i++)
                known |= whats[i] == command->p1;
        if (!known || (command->p2 & ~1) != 0x02) /* the older form of the answer is not spoken */
                return SW_WRONG_P1P2;
        ret->p1 = command->p1;
        if (failed(tlv_find(command->data, 0x4F, "AID", &ret->aid, NULL)) ||
                failed(tlv_find_optional(command->data, 0x5C, "tags", &ret->tags, NULL)))
                return SW_WRONG_DATA;
        return ret->aid.size <= AID_MAX && ret->tags.size <= TAGS_MAX ? SW_OK : SW_WRONG_DATA;
}

/* Writes entries from slot `from` on while they fit; *ret_next is the first that did not. */
static uint16_t list(const struct mitome_element *element, const struct registry_entry *domain,
        const struct question *question, unsigned from, size_t room, writer *answer, uint8_t *ret_next)
{
        struct registry_entry entry;
        uint8_t bytes[128];
        for (; registry_next(element, from, &entry); from = entry.slot + 1U) {
                if (!is_asked_for(question, &entry) ||
                        !domain_reaches(element, domain, &entry, PRIVILEGE_GLOBAL_REGISTRY))
                        continue;
                slice described = describe(element, question, &entry, bytes, sizeof bytes);
                if (answer->used && answer->used + described.size + 2 > room) {
                        *ret_next = entry.slot;
                        return SW_MORE_DATA;
                }
                tlv_write(answer, 0xE3, described);
        }
        return answer->used ? SW_OK : SW_NO_REFERENCE;
}

uint16_t domain_get_status(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct logical_channel *channel = element_channel(element);
        struct registry_entry domain;
        struct question question = { 0 };
        uint8_t from = 0, next = 0;
        SW_TRY(read_question(command, &question));
        SW_TRY(domain_acting(element, &domain));
        if (command->p2 & 1) {
                if (channel->status_p1 != command->p1)
                        return SW_CONDITIONS;
                from = channel->status_from;
        }
        channel->status_p1 = 0;
        size_t room = command->extended ? EXTENDED_ROOM : SHORT_ROOM;
        uint16_t sw = list(element, &domain, &question, from, room, answer, &next);
        if (sw == SW_MORE_DATA) {
                channel->status_p1 = command->p1;
                channel->status_from = next;
        }
        return sw;
}
