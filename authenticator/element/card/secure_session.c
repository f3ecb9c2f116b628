/* SPDX-License-Identifier: Apache-2.0 */
#include "element_internal.h"
#include "key_sets.h"

/* Opening SCP03 with the keys of the security domain that stands behind what is selected. */

static uint16_t choose_set(
        const struct mitome_element *element, uint8_t owner, uint8_t wanted, uint8_t *ret_version)
{
        if (wanted == 0)
                return key_set_first(element, owner, ret_version);
        if (wanted > KEY_VERSION_LAST || !key_set_exists(element, owner, wanted))
                return SW_NO_REFERENCE;
        *ret_version = wanted;
        return key_set_tries(element, owner, wanted) ? SW_OK : SW_BLOCKED;
}

/* A sequence number is spent before it is answered, whatever comes of the session: no card challenge is ever
 * given twice (Amendment D, 6.2.2.1). */
static uint16_t next_sequence(struct mitome_element *element, uint8_t owner, uint8_t version, uint32_t *ret)
{
        uint32_t last = key_set_sequence(element, owner, version);
        if (last >= KEY_SEQUENCE_LAST)
                return SW_CONDITIONS;
        SW_TRY(key_set_put_sequence(element, owner, version, last + 1));
        SW_TRY(element_commit(element));
        *ret = last + 1;
        return SW_OK;
}

static uint16_t begin(
        struct mitome_element *element, struct scp03_offer offer, slice host_challenge, writer *answer)
{
        uint8_t challenge[SCP03_S16];
        struct logical_channel *channel = element_channel(element);
        struct scp03_keys keys;
        if (offer.i & SCP03_I_PSEUDO_RANDOM)
                SW_TRY(next_sequence(element, channel->key_owner, offer.key_version, &offer.sequence));
        else
                SW_TRY(element_random(element, challenge, scp03_size(offer.i)));
        offer.challenge = slice_of(challenge, scp03_size(offer.i));
        SW_TRY(key_set_read(element, channel->key_owner, offer.key_version, &keys));
        mitome_status status =
                scp03_card_initialize(&channel->session, &keys, &offer, host_challenge, answer, NULL);
        bytes_wipe(&keys, sizeof keys);
        return element_sw(status);
}

/* The domain whose keys speak for what is selected on a channel. A locked one lends its keys to nobody: its
 * applications are not reached by them, and domains without keys neither. */
static bool find_speaker(const struct mitome_element *element, const struct logical_channel *channel,
        struct registry_entry *ret_domain, uint8_t *ret_owner)
{
        struct registry_entry entry, owner;
        if (!registry_read(element, channel->slot, &entry) ||
                !registry_read(element, registry_domain_behind(&entry), ret_domain) ||
                !registry_is_alive(ret_domain))
                return false;
        *ret_owner = key_set_owner(element, ret_domain->slot);
        return registry_read(element, *ret_owner, &owner) && registry_is_alive(&owner);
}

uint16_t session_initialize(
        struct mitome_element *element, const struct apdu_command *command, writer *answer)
{
        struct logical_channel *channel = element_channel(element);
        struct registry_entry entry, domain;
        channel_end_session(element, element->at);
        if (!registry_read(element, channel->slot, &entry) ||
                !find_speaker(element, channel, &domain, &channel->key_owner))
                return SW_CONDITIONS;
        SW_TRY(choose_set(element, channel->key_owner, command->p1, &channel->key_version));
        if (command->p2 != 0)
                return SW_WRONG_P1P2;
        if (command->data.size != scp03_size(domain.scp_i))
                return SW_WRONG_LENGTH;
        struct scp03_offer offer = {
                .key_version = channel->key_version, .i = domain.scp_i, .aid = registry_aid(&entry)
        };
        return begin(element, offer, command->data, answer);
}

uint16_t session_sw(mitome_status status)
{
        static const struct {
                mitome_code code;
                uint16_t sw;
        } of_code[] = {
                { MITOME_OK, SW_OK },
                { MITOME_E_CHANNEL_CRYPTOGRAM, SW_AUTHENTICATION_FAILED },
                { MITOME_E_CHANNEL_LEVEL, SW_WRONG_P1P2 },
                { MITOME_E_CHANNEL_CLOSED, SW_SECURITY_STATUS },
        };
        for (size_t i = 0; i < sizeof of_code / sizeof *of_code; i++)
                if (of_code[i].code == status.code)
                        return of_code[i].sw;
        return SW_SECURE_MESSAGING;
}

static uint16_t set_tries(struct mitome_element *element, uint8_t tries)
{
        const struct logical_channel *channel = element_channel(element);
        if (key_set_tries(element, channel->key_owner, channel->key_version) == tries)
                return SW_OK;
        SW_TRY(key_set_put_tries(element, channel->key_owner, channel->key_version, tries));
        return element_commit(element);
}

/* The try is written down before the cryptogram is compared. A level that was not offered is not a guess at
 * the keys, nothing was compared. */
static uint16_t authenticate(struct mitome_element *element, const struct apdu_command *command)
{
        struct logical_channel *channel = element_channel(element);
        uint8_t tries = key_set_tries(element, channel->key_owner, channel->key_version);
        if (tries == 0)
                return SW_BLOCKED;
        SW_TRY(set_tries(element, tries - 1));
        mitome_status status = scp03_card_authenticate(&channel->session, command, NULL);
        if (status.code == MITOME_E_CHANNEL_LEVEL)
                SW_TRY(set_tries(element, tries));
        SW_TRY(session_sw(status));
        return set_tries(element, KEY_SET_TRIES);
}

uint16_t session_authenticate(struct mitome_element *element, const struct apdu_command *command)
{
        uint16_t sw =
                element_channel(element)->session.began ? authenticate(element, command) : SW_CONDITIONS;
        if (sw != SW_OK)
                channel_end_session(element, element->at);
        return sw;
}

bool session_stands(struct mitome_element *element)
{
        const struct logical_channel *channel = element_channel(element);
        struct registry_entry domain;
        uint8_t owner;
        return channel->session.open && find_speaker(element, channel, &domain, &owner) &&
               owner == channel->key_owner;
}
