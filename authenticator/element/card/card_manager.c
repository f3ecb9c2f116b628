/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"

/* The issuer's security domain: routes commands to the applet that is selected and opens SCP03 for it. */

enum {
        CLA_ISO = 0x00,
        CLA_PROPRIETARY = 0x80,
        CLA_SECURE_MESSAGING = 0x04,
        CLA_CHANNEL = 0x03,
        INS_SELECT = 0xA4,
        INS_INITIALIZE_UPDATE = 0x50,
        INS_EXTERNAL_AUTHENTICATE = 0x82,
        SELECT_BY_NAME = 0x04,
        KEY_VERSION = 0x01,
        SEQUENCE_LAST = 0xFFFFFF, /* three bytes */
        /* what is left of a response when SCP03 has taken its share */
        ANSWER_MAX = MITOME_APDU_MAX - SCP03_OVERHEAD - 2,
};

static const uint8_t manager_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00 };

static const struct applet manager = { .name = "card manager", .aid = { manager_aid, sizeof manager_aid } };

static const struct applet *const applets[] = { &manager, &jpki_applet, &fido_applet, &ara_applet };

/* ---- selection ---- */

static void select_applet(struct mitome_element *element, const struct applet *applet)
{
        scp03_close(&element->channel);
        if (element->selected && element->selected->forget)
                element->selected->forget(element);
        element->selected = applet;
}

void card_manager_reset(struct mitome_element *element)
{
        select_applet(element, &manager);
        element->fido.wrong_in_a_row = 0;
}

static uint16_t select_by_name(struct mitome_element *element, const struct apdu_command *command)
{
        if (command->p2 != 0x00 && command->p2 != 0x0C)
                return SW_WRONG_P1P2;
        for (size_t i = 0; i < sizeof applets / sizeof *applets; i++) {
                if (slice_equal(applets[i]->aid, command->data)) {
                        select_applet(element, applets[i]);
                        return SW_OK;
                }
        }
        return SW_NOT_FOUND;
}

/* ---- opening SCP03 ---- */

/* The keys, and the i that is offered with them. The first elements had AES-128 only and did not store i. */
static uint16_t read_keys(const struct mitome_element *element, struct scp03_keys *ret, uint8_t *ret_i)
{
        enum { FIRST_FORM = 3 * 16, FIRST_I = 0x70 };
        reader r = reader_over(element_object(element, OBJECT_CARD_KEYS), NULL, NULL);
        *ret_i = FIRST_I;
        if (r.rest.size != FIRST_FORM && failed(read_u8(&r, "i", ret_i)))
                return SW_UNKNOWN;
        ret->size = (uint8_t)(r.rest.size / 3);
        if (!scp03_keys_fit(ret) || failed(read_into(&r, "ENC", ret->enc, ret->size)) ||
                failed(read_into(&r, "MAC", ret->mac, ret->size)) ||
                failed(read_into(&r, "DEK", ret->dek, ret->size)) || failed(read_end(&r, "keys")))
                return SW_UNKNOWN;
        return SW_OK;
}

/* A sequence number is spent before it is answered, whatever comes of the session: no card challenge is ever
 * given twice (Amendment D, 6.2.2.1). */
static uint16_t next_sequence(struct mitome_element *element, uint32_t *ret)
{
        uint8_t bytes[4];
        uint32_t last = element_number(element, OBJECT_SCP03_SEQUENCE);
        if (last >= SEQUENCE_LAST)
                return SW_CONDITIONS;
        writer w = WRITER(bytes);
        write_u32(&w, last + 1);
        SW_TRY(element_put(element, OBJECT_SCP03_SEQUENCE, SLICE(bytes)));
        SW_TRY(element_commit(element));
        *ret = last + 1;
        return SW_OK;
}

static uint16_t offer_session(struct mitome_element *element, const struct scp03_keys *keys,
        struct scp03_offer *offer, slice host_challenge, writer *answer)
{
        uint8_t challenge[SCP03_S16];
        size_t size = scp03_size(offer->i);
        if (host_challenge.size != size)
                return SW_WRONG_LENGTH;
        if (offer->i & SCP03_I_PSEUDO_RANDOM)
                SW_TRY(next_sequence(element, &offer->sequence));
        else
                SW_TRY(element_random(element, challenge, size));
        offer->challenge = slice_of(challenge, size);
        return element_sw(
                scp03_card_initialize(&element->channel, keys, offer, host_challenge, answer, NULL));
}

static uint16_t initialize_update(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        scp03_close(&element->channel);
        if (command->p1 != 0 && command->p1 != KEY_VERSION)
                return SW_NO_REFERENCE;
        if (command->p2 != 0)
                return SW_WRONG_P1P2;
        struct scp03_keys keys;
        struct scp03_offer offer = { .key_version = KEY_VERSION, .aid = element->selected->aid };
        uint16_t sw = read_keys(element, &keys, &offer.i);
        if (sw == SW_OK)
                sw = offer_session(element, &keys, &offer, command->data, answer);
        bytes_wipe(&keys, sizeof keys);
        return sw;
}

static uint16_t channel_sw(mitome_status status)
{
        static const struct {
                mitome_code code;
                uint16_t sw;
        } of_code[] = {
                { MITOME_OK, SW_OK },
                { MITOME_E_CHANNEL_CRYPTOGRAM, 0x6300 }, /* GPC_SPE_034 11.1.3, authentication failed */
                { MITOME_E_CHANNEL_LEVEL, SW_WRONG_P1P2 },
                { MITOME_E_CHANNEL_CLOSED, SW_SECURITY_STATUS },
        };
        for (size_t i = 0; i < sizeof of_code / sizeof *of_code; i++)
                if (of_code[i].code == status.code)
                        return of_code[i].sw;
        return SW_SECURE_MESSAGING;
}

static uint16_t external_authenticate(struct mitome_element *element, const struct apdu_command *command)
{
        if (!element->channel.began) {
                scp03_close(&element->channel);
                return SW_CONDITIONS;
        }
        return channel_sw(scp03_card_authenticate(&element->channel, command, NULL));
}

/* ---- routing ---- */

static const struct command common[] = {
        { CLA_PROPRIETARY, INS_INITIALIZE_UPDATE, COMMAND_OPEN, initialize_update },
};

/* One that has the INS but another class tells by 6E00, no such INS by 6D00. */
static uint16_t find_command(const struct command *commands, size_t count, const struct apdu_command *command,
        const struct command **ret)
{
        uint16_t sw = SW_WRONG_INS;
        for (size_t i = 0; i < count; i++) {
                if (commands[i].ins != command->ins)
                        continue;
                if (commands[i].cla == (command->cla & ~CLA_SECURE_MESSAGING)) {
                        *ret = &commands[i];
                        return SW_OK;
                }
                sw = SW_WRONG_CLA;
        }
        return sw;
}

static uint16_t route(
        struct mitome_element *element, const struct apdu_command *command, uint8_t level, writer *answer)
{
        const struct applet *applet = element->selected;
        const struct command *found;
        if ((command->cla & CLA_PROPRIETARY) == CLA_ISO && command->ins == INS_SELECT &&
                command->p1 == SELECT_BY_NAME)
                return select_by_name(element, command);
        if (find_command(common, sizeof common / sizeof *common, command, &found) == SW_OK)
                return found->run(element, command, answer);
        SW_TRY(find_command(applet->commands, applet->count, command, &found));
        if ((level & found->level) != found->level)
                return SW_SECURITY_STATUS;
        if (applet->zero_parameters && (command->p1 || command->p2))
                return SW_WRONG_P1P2;
        return found->run(element, command, answer);
}

/* Only the basic logical channel, and of the classes of ISO 7816-4 5.4.1 the first interindustry and its
 * proprietary twin. */
static uint16_t check_class(uint8_t cla)
{
        if (cla & ~(CLA_PROPRIETARY | CLA_SECURE_MESSAGING | CLA_CHANNEL))
                return SW_WRONG_CLA;
        return cla & CLA_CHANNEL ? SW_CHANNEL_UNSUPPORTED : SW_OK;
}

static uint16_t carry_out(
        struct mitome_element *element, const struct apdu_command *command, writer *answer, bool *ret_secured)
{
        *ret_secured = false;
        SW_TRY(check_class(command->cla));
        if (!(command->cla & CLA_SECURE_MESSAGING))
                return route(element, command, 0, answer);
        if (command->cla == (CLA_PROPRIETARY | CLA_SECURE_MESSAGING) &&
                command->ins == INS_EXTERNAL_AUTHENTICATE)
                return external_authenticate(element, command);
        struct apdu_command plain;
        SW_TRY(channel_sw(scp03_card_unwrap(
                &element->channel, command, element->plain, sizeof element->plain, &plain, NULL)));
        *ret_secured = true;
        return route(element, &plain, element->channel.level, answer);
}

static void respond(struct mitome_element *element, slice data, uint16_t sw, bool secured, writer *response)
{
        /* A selection inside the channel has ended it; its answer goes out bare. */
        if (secured && element->channel.open) {
                if (!failed(scp03_card_wrap(&element->channel, data, sw, response, NULL)))
                        return;
                scp03_close(&element->channel);
                *response = writer_over(response->data, response->capacity);
                data = (slice){ 0 };
                sw = SW_UNKNOWN;
        }
        write_slice(response, data);
        write_u16(response, sw);
}

void card_manager_process(struct mitome_element *element, slice bytes, writer *response)
{
        struct apdu_command command;
        bool secured = false;
        writer answer = writer_over(element->answer, ANSWER_MAX);
        uint16_t sw = SW_WRONG_LENGTH;
        if (bytes.size <= MITOME_APDU_MAX && !failed(apdu_read_command(bytes, &command, NULL)))
                sw = carry_out(element, &command, &answer, &secured);
        if (sw == SW_OK && answer.overflowed)
                sw = SW_UNKNOWN;
        respond(element, sw == SW_OK ? writer_view(&answer) : (slice){ 0 }, sw, secured, response);
}
