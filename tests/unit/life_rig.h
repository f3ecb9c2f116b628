/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFE_RIG_H
#define LIFE_RIG_H

/* A phone as its maker made it, with the JPKI app on it, and a person with a My Number Card, among the
 * parties of tsm_rig; the maker is one of them. What must not fail and does ends the test (abort). */

#include "life_cycle_app.h"
#include "phone_factory.h"
#include "phone_way_local.h"
#include "reset_server.h"
#include "tsm_rig.h"

#define LIFE_RIG_PHONE "MT-1-7001"
#define LIFE_RIG_CARD_PASSWORD "HANAKO12"

struct life_rig {
        struct tsm_rig tsm;
        struct party *maker;
        struct reset_server *server;
        struct push_queue queue;
        struct push push;
        struct factory_element phone, card;
        struct phone_way_local sei_way, sp_way, maker_way;
        const char *folder; /* of the app; NULL: in memory */
        struct mitome_app jpki_app, software;
        struct life_app *app; /* NULL: killed */

        /* the network between the phone and everybody: at the n-th message from life_rig_cut on */
        enum phone_way_fate fate;
        unsigned at, messages;
        bool calls_only; /* commands of a relay are not counted */
        bool was_cut;
};

void life_rig_open(struct life_rig *rig);
void life_rig_close(struct life_rig *rig);

/* life_rig_kill ends the app and takes the element's power away; life_rig_start gives both back. */
void life_rig_kill(struct life_rig *rig);
mitome_status life_rig_start(struct life_rig *rig, mitome_error *error);

void life_rig_cut(struct life_rig *rig, enum phone_way_fate fate, unsigned at, bool calls_only);

/* life_rig_apply has the card sign. */
mitome_status life_rig_apply(
        struct life_rig *rig, enum life_purpose purpose, unsigned kinds, mitome_error *error);

/* life_rig_flush lets everybody send what waits. */
void life_rig_flush(struct life_rig *rig);

/* life_rig_opens tells whether the PIN or password of a kind is this one; it costs a try when it is not. */
bool life_rig_opens(struct life_rig *rig, unsigned kind, const char *secret);

#endif
