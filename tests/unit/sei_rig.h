/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SEI_RIG_H
#define SEI_RIG_H

/* A maker, a SEI-TSM, somebody who stands for the SP-TSM and only keeps what is handed over to him, and a
 * phone with a real element that relays. What must not fail and does ends the test (abort). */

#include "key_vault.h"
#include "phone_factory.h"
#include "phone_way_local.h"
#include "post_local.h"
#include "reset_server.h"
#include "sei_orders.h"
#include "sei_tsm.h"

#define SEI_RIG_PHONE "MT-1-0001"

/* How the phone's link fails, at the n-th command from sei_rig_cut on. */
enum sei_rig_cut { SEI_RIG_WHOLE, SEI_RIG_LOSES_COMMAND, SEI_RIG_LOSES_ANSWER };

struct sei_rig {
        struct post_local network;
        struct party *maker, *sei_party, *provider;
        struct party_desks maker_desks, sei_desks, provider_desks;
        struct sei_tsm *sei;
        struct reset_server *server;
        const char *folder; /* of the SEI-TSM; NULL: in memory */
        int64_t now;
        struct mitome_random random;

        struct factory_element phone;
        struct mitome_link link; /* the phone's, which may be cut */
        enum sei_rig_cut cut;
        unsigned left; /* commands until it is */
        unsigned commands;
        bool gone;                                                /* a link that has failed fails for good */
        void (*at_command)(struct sei_rig *rig, unsigned number); /* may be NULL */

        unsigned handed; /* how often something was handed over */
        struct tsm_key_set first;
};

/* sei_rig_open makes all of it, without a phone; sei_rig_phone has the maker make the phone. */
void sei_rig_open(struct sei_rig *rig);
void sei_rig_phone(struct sei_rig *rig, const char *identity);
void sei_rig_end_phone(struct sei_rig *rig);
void sei_rig_close(struct sei_rig *rig);

/* sei_rig_start opens the SEI-TSM; sei_rig_stop closes it. */
mitome_status sei_rig_start(struct sei_rig *rig, mitome_error *error);
void sei_rig_stop(struct sei_rig *rig);

/* sei_rig_ask has a party send a letter to the SEI-TSM; sei_rig_identity is the body {1 identity}. */
mitome_status sei_rig_ask(struct party *from, const char *kind, slice body, mitome_code *ret_refusal);
slice sei_rig_identity(const char *identity, uint8_t buffer[80]);
/* With how long it stands, 0: not said; the first says the longest for what is to be installed. */
mitome_code sei_rig_prepare(struct sei_rig *rig, uint64_t wanted, slice app);
mitome_code sei_rig_prepare_for(struct sei_rig *rig, uint64_t wanted, slice app, int64_t seconds);

void sei_rig_cut(struct sei_rig *rig, enum sei_rig_cut cut, unsigned at);

/* sei_rig_serve is a visit of the phone; afterwards the link is whole again. */
mitome_status sei_rig_serve(struct sei_rig *rig, mitome_error *error);
enum sei_tsm_state sei_rig_state(struct sei_rig *rig);

/* sei_rig_settle lets both send what waits, minutes later: a wish still stands. */
void sei_rig_settle(struct sei_rig *rig);

/* sei_rig_own opens a channel to an applet as the provider, by what was handed over. */
mitome_status sei_rig_own(struct sei_rig *rig, enum tsm_applet applet, struct tsm_channel *ret);

/* sei_rig_look tells what the card has, by the issuer's keys. */
struct tsm_entry sei_rig_look(struct sei_rig *rig, enum tsm_applet applet);

/* sei_rig_plain sends one command without a session; the data go to `buffer`. */
uint16_t sei_rig_plain(struct sei_rig *rig, enum tsm_applet applet, const struct apdu_command *command,
        uint8_t buffer[TSM_WIRE_MAX], slice *ret);

#endif
