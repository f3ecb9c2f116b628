/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "security_domain.h"

/* What OPEN is in GlobalPlatform: takes a command off its logical channel and its secure channel, asks the
 * life of the card, and hands it to what is selected there. */

enum {
        CLA_ISO = 0x00,
        CLA_PROPRIETARY = 0x80,
        CLA_SECURE_MESSAGING = 0x04,
        CLA_CHANNEL = 0x03,
        CLA_FURTHER_CHANNELS = 0x40, /* 4 to 19, which do not exist */
        CLA_INVALID = 0xFF,
        INS_SELECT = 0xA4,
        INS_MANAGE_CHANNEL = 0x70,
        INS_INITIALIZE_UPDATE = 0x50,
        INS_EXTERNAL_AUTHENTICATE = 0x82,
        INS_GET_DATA = 0xCA,
        SELECT_BY_NAME = 0x04,
        /* what is left of a response when SCP03 has taken its share */
        ANSWER_MAX = MITOME_APDU_MAX - SCP03_OVERHEAD - 2,
};

void card_manager_reset(struct mitome_element *element)
{
        channel_reset(element);
        element->fido.wrong_in_a_row = 0;
}

/* ---- routing ---- */

/* One that has the INS but another class tells by 6E00, no such INS by 6D00. */
static uint16_t find_command(
        const struct applet *applet, const struct apdu_command *command, const struct command **ret)
{
        uint16_t sw = SW_WRONG_INS;
        for (size_t i = 0; i < applet->count; i++) {
                if (applet->commands[i].ins != command->ins)
                        continue;
                if (applet->commands[i].cla == command->cla) {
                        *ret = &applet->commands[i];
                        return SW_OK;
                }
                sw = SW_WRONG_CLA;
        }
        return sw;
}

/* Commands that are the card's, whatever is selected. */
static domain_handler *find_common(const struct apdu_command *command)
{
        if (command->ins == INS_SELECT && command->cla == CLA_ISO && command->p1 == SELECT_BY_NAME)
                return channel_select;
        if (command->ins == INS_MANAGE_CHANNEL && command->cla == CLA_ISO)
                return channel_manage;
        return command->ins == INS_INITIALIZE_UPDATE && command->cla == CLA_PROPRIETARY ? session_initialize
                                                                                        : NULL;
}

/* What the selected application's own life, and the card's, allow (5.1.1, 5.3.1, table 11-1). */
static uint16_t check_life(const struct mitome_element *element, const struct logical_channel *channel,
        const struct apdu_command *command, bool common)
{
        struct registry_entry entry;
        if (!registry_read(element, channel->slot, &entry) || !registry_is_alive(&entry))
                return SW_CONDITIONS;
        if (card_life(element) != CARD_LOCKED)
                return SW_OK;
        return entry.slot == REGISTRY_ISSUER && (common || domain_works_when_locked(command)) ? SW_OK
                                                                                              : SW_CONDITIONS;
}

/* A protected command is for who speaks for the domain now: keys that were its own when the session began may
 * no longer be. */
static uint16_t check_level(struct mitome_element *element, const struct command *command)
{
        uint8_t level = (uint8_t)command->level;
        if (level == COMMAND_OPEN)
                return SW_OK;
        if (!element->secured || (element_channel(element)->session.level & level) != level)
                return SW_SECURITY_STATUS;
        if (session_stands(element))
                return SW_OK;
        channel_end_session(element, element->at);
        return SW_SECURITY_STATUS;
}

bool element_is_sealed(struct mitome_element *element)
{
        return element->secured && element_channel(element)->session.level == SCP03_LEVEL_ALL &&
               session_stands(element);
}

static uint16_t route(struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        const struct logical_channel *channel = element_channel(element);
        const struct command *found;
        domain_handler *common = find_common(command);
        if (common == channel_select || common == channel_manage)
                return common(element, command, answer);
        SW_TRY(check_life(element, channel, command, common != NULL));
        if (common)
                return common(element, command, answer);
        SW_TRY(find_command(channel->selected, command, &found));
        SW_TRY(check_level(element, found));
        if (channel->selected->zero_parameters && (command->p1 > found->p1_max || command->p2))
                return SW_WRONG_P1P2;
        return found->run(element, command, answer);
}

/* "TERMINATED: only GET DATA" (5.1.1.5), of the issuer's domain. */
static uint16_t route_terminated(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        if (command->ins != INS_GET_DATA || (command->cla & CLA_SECURE_MESSAGING) ||
                element_channel(element)->slot != REGISTRY_ISSUER)
                return SW_CONDITIONS;
        return domain_get_data(element, command, answer);
}

/* ---- channels ---- */

/* The classes of ISO 7816-4 5.4.1: the first interindustry one and its proprietary twin, with the logical
 * channel in the last two bits. From here on the class is that of the basic channel: so it is MACed, too
 * (Amendment D, 6.2.4). */
static uint16_t take_channel(struct mitome_element *element, struct apdu_command *command)
{
        if (command->cla != CLA_INVALID && command->cla & CLA_FURTHER_CHANNELS)
                return SW_CHANNEL_UNSUPPORTED;
        if (command->cla & ~(CLA_PROPRIETARY | CLA_SECURE_MESSAGING | CLA_CHANNEL))
                return SW_WRONG_CLA;
        uint8_t number = command->cla & CLA_CHANNEL;
        if (!element->channels[number].open)
                return SW_CHANNEL_UNSUPPORTED;
        element->at = number;
        command->cla &= (uint8_t)~CLA_CHANNEL;
        return SW_OK;
}

static uint16_t carry_out(struct mitome_element *element, struct apdu_command *command, writer *answer)
{
        struct apdu_command plain;
        SW_TRY(take_channel(element, command));
        if (card_life(element) == CARD_TERMINATED)
                return route_terminated(element, command, answer);
        if (!(command->cla & CLA_SECURE_MESSAGING))
                return route(element, command, answer);
        if (command->cla == (CLA_PROPRIETARY | CLA_SECURE_MESSAGING) &&
                command->ins == INS_EXTERNAL_AUTHENTICATE)
                return session_authenticate(element, command);
        mitome_status status = scp03_card_unwrap(&element_channel(element)->session, command, element->plain,
                sizeof element->plain, &plain, NULL);
        if (failed(status))
                channel_end_session(element, element->at);
        SW_TRY(session_sw(status));
        plain.cla &= (uint8_t)~CLA_SECURE_MESSAGING;
        element->secured = true;
        return route(element, &plain, answer);
}

static void respond(struct mitome_element *element, slice data, uint16_t sw, writer *response)
{
        struct scp03_session *session = &element_channel(element)->session;
        /* What ended the session is answered bare. */
        if (element->secured && session->open) {
                if (!failed(scp03_card_wrap(session, data, sw, response, NULL)))
                        return;
                channel_end_session(element, element->at);
                *response = writer_over(response->data, response->capacity);
                data = (slice){ 0 };
                sw = SW_UNKNOWN;
        }
        write_slice(response, data);
        write_u16(response, sw);
}

/* Warnings that come with what was asked for. */
static bool carries_data(uint16_t sw)
{
        return sw == SW_OK || sw == SW_CARD_LOCKED || sw == SW_MORE_DATA;
}

void card_manager_process(struct mitome_element *element, slice bytes, writer *response)
{
        struct apdu_command command;
        writer answer = writer_over(element->answer, ANSWER_MAX);
        uint16_t sw = SW_WRONG_LENGTH;
        element->secured = false;
        if (bytes.size <= MITOME_APDU_MAX && !failed(apdu_read_command(bytes, &command, NULL)))
                sw = carry_out(element, &command, &answer);
        if (carries_data(sw) && answer.overflowed)
                sw = SW_UNKNOWN;
        respond(element, carries_data(sw) ? writer_view(&answer) : (slice){ 0 }, sw, response);
}
