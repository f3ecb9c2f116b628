/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "key_sets.h"
#include "security_domain.h"
#include "tlv.h"

/* STORE DATA (11.11): to the domain itself, or to the application that INSTALL [for personalization] named.
 */

enum { LAST = 0x80, FORMAT = 0x18, FORMAT_TLV = 0x10, VALUE_MAX = 16, INS_STORE_DATA = 0xE2 };

static uint16_t put_value(
        struct mitome_element *element, const struct registry_entry *domain, const struct tlv *tlv)
{
        if ((tlv->tag != 0x42 && tlv->tag != 0x45) || tlv->value.size == 0 || tlv->value.size > VALUE_MAX)
                return SW_WRONG_DATA;
        return element_put(element, domain_data(domain->slot, (uint8_t)tlv->tag), tlv->value);
}

/* Each command holds whole values, in BER-TLV. */
static uint16_t store_own(struct mitome_element *element, const struct registry_entry *domain,
        const struct apdu_command *command)
{
        reader r = reader_over(command->data, NULL, NULL);
        uint8_t format = command->p1 & FORMAT;
        struct tlv tlv;
        if (command->p1 & ~(LAST | FORMAT) || (format != 0 && format != FORMAT_TLV))
                return SW_WRONG_P1P2;
        if (r.rest.size == 0)
                return SW_WRONG_DATA;
        while (r.rest.size) {
                if (failed(tlv_read(&r, "value", &tlv)))
                        return SW_WRONG_DATA;
                SW_TRY(put_value(element, domain, &tlv));
        }
        return element_commit(element);
}

/* The application sees the command as if it had come through its own session, whose keys are the same. */
static uint16_t pass_on(
        struct mitome_element *element, uint8_t slot, const struct apdu_command *command, writer *answer)
{
        const struct logical_channel *channel = element_channel(element);
        struct registry_entry entry;
        if (!registry_read(element, slot, &entry) || !registry_is_alive(&entry) ||
                key_set_owner(element, registry_domain_behind(&entry)) != channel->key_owner)
                return SW_CONDITIONS;
        const struct applet *applet = native_numbered(entry.native)->applet;
        if (entry.kind == REGISTRY_DOMAIN)
                return store_own(element, &entry, command);
        for (size_t i = 0; i < applet->count; i++) {
                const struct command *found = &applet->commands[i];
                if (found->cla != 0x80 || found->ins != INS_STORE_DATA)
                        continue;
                if ((channel->session.level & found->level) != (unsigned)found->level)
                        return SW_SECURITY_STATUS;
                return found->run(element, command, answer);
        }
        return SW_CONDITIONS; /* it is not personalised in this way */
}

uint16_t domain_store_data(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct logical_channel *channel = element_channel(element);
        struct registry_entry domain;
        SW_TRY(domain_acting(element, &domain));
        if (command->p2 != channel->store_block)
                return SW_WRONG_P1P2;
        uint16_t sw = channel->personalising ? pass_on(element, channel->personalising, command, answer)
                                             : store_own(element, &domain, command);
        channel->store_block++;
        if (sw != SW_OK || command->p1 & LAST) {
                channel->personalising = 0;
                channel->store_block = 0;
        }
        return sw;
}
