/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_CHANNEL_H
#define LOGICAL_CHANNEL_H

/* Four logical channels: each has its own selection and its own SCP03 session. */

#include "apdu.h"
#include "native.h"
#include "registry.h"
#include "scp03.h"

struct mitome_element;

enum { CHANNELS_MAX = 4 };

struct logical_channel {
        bool open;
        const struct applet *selected;
        uint8_t slot; /* of what is selected, in the registry */
        struct scp03_session session;
        uint8_t key_owner, key_version; /* whose keys the session was begun with */

        uint8_t personalising;          /* slot of INSTALL [for personalization]; 0: none */
        uint8_t store_block;            /* number of the next STORE DATA */
        uint8_t status_p1, status_from; /* where GET STATUS goes on; P1 00: nowhere */
};

/* A LOAD that has begun. It belongs to one session. */
struct card_load {
        bool open;
        bool combined; /* with the installation that ends it (GPC_SPE_034 11.5.2.2, P2 01) */
        bool complete; /* combined, and all blocks are here */
        uint8_t channel, domain, block;
        uint8_t hash_size, aid_size;
        uint8_t hash[64], aid[AID_MAX];
        size_t size;
        uint8_t bytes[LOAD_FILE_MAX + 4]; /* with tag and length */
};

/* element_channel is the channel of the command that is being carried out. */
struct logical_channel *element_channel(struct mitome_element *element);

/* channel_reset closes all channels but the basic one, which gets what is selected after a reset. */
void channel_reset(struct mitome_element *element);

/* channel_end_session closes the session of a channel, and what hangs on it. */
void channel_end_session(struct mitome_element *element, uint8_t number);

/* channel_end_sessions closes those that a key set opened, on all channels but the current one. */
void channel_end_sessions(struct mitome_element *element, uint8_t owner, uint8_t version);

/* channel_forget_content ends what was begun with entries of the registry: one of them is gone. */
void channel_forget_content(struct mitome_element *element);

/* channel_is_selected tells whether something is selected on any channel. */
bool channel_is_selected(const struct mitome_element *element, uint8_t slot);

/* Commands that are everybody's: SELECT by name, MANAGE CHANNEL, INITIALIZE UPDATE, EXTERNAL AUTHENTICATE. */
uint16_t channel_select(struct mitome_element *element, const struct apdu_command *command, writer *answer);
uint16_t channel_manage(struct mitome_element *element, const struct apdu_command *command, writer *answer);
uint16_t session_initialize(
        struct mitome_element *element, const struct apdu_command *command, writer *answer);
uint16_t session_authenticate(struct mitome_element *element, const struct apdu_command *command);

/* session_stands tells whether the open session is of the keys that speak for what is selected now. */
bool session_stands(struct mitome_element *element);

/* session_sw says what an error of the channel is answered with. */
uint16_t session_sw(mitome_status status);

#endif
